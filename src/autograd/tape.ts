/**
 * The tape: every recorded operation is a node that knows its operands, so a result leads to all that it was
 * computed from. This file lists that past in order and describes it; backward.ts walks it.
 */

import { synchronous } from "../basics/check.ts";
import { TapeError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import type { Node } from "../ops/operation.ts";
import { isRecording, withRecording } from "../ops/recording.ts";
import type { Tensor } from "../ops/tensor.ts";

/**
 * All nodes that `root` was computed from, itself included, in the order in which they were recorded: every
 * node stands after its operands. Works without recursion, so that no chain is too long.
 *
 * @throws TapeError when nothing is recorded for `root`
 */
export function tape(root: Tensor): Node[] {
  root = operand("tape", root);
  if (root.node === null) throw notRecorded("tape");
  return past(root.node).sort((a, b) => a.id - b.id);
}

let nextMark = 1;

/**
 * A node and everything before it, in no particular order. An operand is always recorded before its result, so
 * sorted by id they are in a topological order.
 */
export function past(root: Node): Node[] {
  const mark = nextMark++;
  root.mark = mark;
  const found = [root];
  for (let i = 0; i < found.length; i++) {
    const { length } = found[i].sources;
    for (let k = 0; k < length; k++) {
      const source = found[i].source(k);
      if (source !== null && source.mark !== mark) {
        source.mark = mark;
        found.push(source);
      }
    }
  }
  return found;
}

/** One line about a node: `%3 = softmax/exp(%2) → [3, 4]`. */
export function describeNode(node: Node): string {
  const name = node.operation?.name ?? "leaf";
  const label = node.scope === "" ? name : `${node.scope}/${name}`;
  const inputs = node.inputs?.map((input, index) =>
    node.source(index) !== null
      ? `%${input.node!.id}`
      : input.rank === 0
        ? `${input.item()}`
        : `constant${showShape(input.shape)}`,
  ) ?? ["freed"];
  return `%${node.id} = ${label}${node.operation ? `(${inputs.join(", ")})` : ""} → ${showShape(node.output.shape)}`;
}

/** The tape of `root` as text, a line for each node. */
export function listTape(root: Tensor): string {
  return tape(root).map(describeNode).join("\n");
}

/**
 * Runs `body` without recording: what it computes has no past, and leaves may be changed in place.
 *
 * @throws ArgumentError when `body` is async or a generator: recording would be off for whatever runs in between, or on
 */
export function noGrad<T>(body: () => T): T {
  return withRecording(false, () => synchronous("noGrad", body));
}

/** Runs `body` with recording, also inside `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  return withRecording(true, () => synchronous("enableGrad", body));
}

/** Whether operations on tensors that require gradients are being recorded. */
export function isGradEnabled(): boolean {
  return isRecording();
}

export function notRecorded(where: string): TapeError {
  return new TapeError(
    where,
    "nothing is recorded for this tensor: none of its operands requires gradients, or it was computed inside noGrad().",
    "create the leaves with { requiresGrad: true } before computing.",
  );
}
