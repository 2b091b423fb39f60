/**
 * The tape: every recorded operation is a node that knows its operands, so a result leads to all that it was
 * computed from. This file lists that past in order and describes it; backward.ts walks it.
 */

import type { Node } from "../ops/operation.ts";
import { isRecording, operand, withRecording } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { describeValue } from "../tensor/check.ts";
import { ArgumentError, TapeError } from "../tensor/errors.ts";
import { showShape } from "../tensor/shape.ts";

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

/**
 * The node of an operand, if it was recorded then: an operand that required gradients only later, or was frozen at that
 * time, has none here.
 */
export function sourceOf(node: Node, index: number): Node | null {
  const source = node.inputs![index].node;
  if (source === null || source.id >= node.id) return null;
  return source.pauses !== null && wasFrozen(source.pauses, node.id) ? null : source;
}

/** Whether a time lies in one of the pauses: after an odd number of their ends. */
function wasFrozen(pauses: readonly number[], id: number): boolean {
  return pauses.filter((end) => end <= id).length % 2 === 1;
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
    const inputs = found[i].inputs;
    if (inputs === null) continue;
    for (let k = 0; k < inputs.length; k++) {
      const source = sourceOf(found[i], k);
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
    sourceOf(node, index)
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

/**
 * Runs a function within a setting, unless it would outlive it.
 *
 * @throws ArgumentError when the function returns a promise or a generator: what they still do would happen outside
 */
export function synchronous<T>(where: string, body: () => T): T {
  if (typeof body !== "function") {
    throw new ArgumentError(
      where,
      `takes a function; got ${describeValue(body)}.`,
      `write ${where}(() => …).`,
    );
  }
  const result: unknown = body();
  if (typeof result !== "object" || result === null) return result as T;
  if (typeof (result as { then?: unknown }).then === "function") {
    // Nobody will wait for it any more; without a handler, a later rejection would end the process.
    (result as PromiseLike<unknown>).then(undefined, () => {});
    throw new ArgumentError(
      where,
      "the function returned a promise; the setting holds only until its first await.",
      `await first, and wrap the synchronous part in ${where}().`,
    );
  }
  if (/Generator\]$/.test(Object.prototype.toString.call(result))) {
    throw new ArgumentError(
      where,
      "the function returned a generator, which runs only when it is iterated over, outside of the setting.",
      `iterate inside, or wrap what happens between two yields in ${where}().`,
    );
  }
  return result as T;
}
