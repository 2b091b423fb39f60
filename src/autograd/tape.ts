/**
 * The tape: every recorded operation is a node that knows its operands, so a result leads to all that it was
 * computed from. This file lists and describes that past; backward.ts walks it.
 */

import { describeValue, few, synchronous } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import { isRecording, Node, withRecording } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { past } from "./backward.ts";
import { notRecorded } from "./errors.ts";

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

/** One line about a node: `%3 = softmax/exp(%2) → [3, 4]`. */
export function describeNode(node: Node): string {
  if (!(node instanceof Node)) {
    const problem = `takes a node of the tape; got ${describeValue(node)}.`;
    throw new ArgumentError("describeNode", problem, "write describeNode(x.node); listTape(x) lists all.");
  }
  const name = node.operation?.name ?? "leaf";
  const label = node.scope === "" ? name : `${node.scope}/${name}`;
  const inputs = node.inputs?.map((input, index) =>
    node.source(index) !== null
      ? `%${input.node!.id}`
      : input.rank === 0
        ? `${input.item()}`
        : `constant${showShape(input.shape)}`,
  ) ?? ["freed"];
  return `%${node.id} = ${label}${node.operation ? `(${few(inputs)})` : ""} → ${showShape(node.output.shape)}`;
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
