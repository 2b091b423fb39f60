/**
 * Backward: from the result to the leaves, one contribution at a time.
 *
 * Every node receives the cotangent of its output, the seed times d(root)/d(output), as the sum of contributions, one for
 * each use of that output. Nodes are visited in the reverse of the order in which they were recorded, so all
 * uses of a value have contributed before it is passed on to its own operands.
 */

import {
  checkSaved,
  isForgetful,
  isTensor,
  type Node,
  operand,
  scalarTensor,
  withRecording,
} from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkOptions, describeValue } from "../tensor/check.ts";
import { DtypeError, ShapeError, TapeError } from "../tensor/errors.ts";
import { isContiguous, sameShape, showShape } from "../tensor/shape.ts";
import { enterBackward, isDetectingAnomaly } from "./anomaly.ts";
import { notRecorded, past, sourceOf } from "./tape.ts";

/** Options of backward passes. */
export interface BackwardOptions {
  /** Keep the tape, to go backward through it again. Default: the value of createGraph. */
  readonly retainGraph?: boolean;
  /** Record the backward pass as well, so that gradients can be differentiated. Default false. */
  readonly createGraph?: boolean;
}

/** One step of backward: what one use of a value adds to that value's cotangent. */
export interface Contribution {
  /** The operation whose gradient rule was applied. */
  readonly node: Node;
  /** Which of its operands the contribution is for. */
  readonly index: number;
  /** The node of that operand. */
  readonly target: Node;
  /** The cotangent of the operation's output, complete by now. */
  readonly cotangent: Tensor;
  /** What is added. */
  readonly contribution: Tensor;
  /** What earlier contributions had added up to; null when this is the first. */
  readonly before: Tensor | null;
  /** The sum of the contributions to the operand so far, this one included. */
  readonly total: Tensor;
}

/** Adds the gradients of `root` to the `grad` of its leaves: see `Tensor.backward`. */
export function backward(root: Tensor, cotangent?: Tensor, options: BackwardOptions = {}): void {
  const walk = startWalk("backward", root, cotangent, options);
  withRecording(walk.createGraph, () => {
    for (const node of walk.order) {
      contributeAll(walk, node);
      finish(walk, node);
    }
  });
  free(walk);
}

/**
 * Backward in slow motion: performs one contribution at each step of the iteration and tells what was added
 * where. When it has run to its end, `grad` of the leaves is what `backward` would have made it.
 *
 * ```ts
 * const x = tensor(2, { requiresGrad: true });
 * for (const { node, target, contribution } of backwardSteps(x.mul(x))) {
 *   console.log(`${describeNode(node)} adds ${contribution} to %${target.id}`);
 * }
 * ```
 */
export function* backwardSteps(
  root: Tensor,
  cotangent?: Tensor,
  options: BackwardOptions = {},
): Generator<Contribution, void, void> {
  const walk = { ...startWalk("backwardSteps", root, cotangent, options), discards: false };
  for (const node of walk.order) {
    checkTurn(walk, node);
    const inputs = node.inputs!;
    for (let index = 0; index < inputs.length; index++) {
      const target = sourceOf(node, index);
      if (target === null) continue;
      const before = target.cotangent;
      const { cotangent } = node;
      const contribution = withRecording(walk.createGraph, () => contribute(walk, node, index, target));
      if (contribution === null) continue;
      yield { node, index, target, cotangent: cotangent!, contribution, before, total: target.cotangent! };
      checkTurn(walk, node);
    }
    withRecording(walk.createGraph, () => finish(walk, node));
  }
  free(walk);
}

/** The gradients of `root` by the given tensors, without touching any `grad`; null where there is no path. */
export function gradientsOf(
  where: string,
  root: Tensor,
  by: readonly Tensor[],
  cotangent?: Tensor,
  options: BackwardOptions = {},
): (Tensor | null)[] {
  const walk = startWalk(where, root, cotangent, options);
  const wanted = new Map(by.map((tensor) => [tensor.node, null as Tensor | null]));
  withRecording(walk.createGraph, () => {
    for (const node of walk.order) {
      contributeAll(walk, node);
      if (wanted.has(node) && node.cotangent !== null) wanted.set(node, own(walk, node.cotangent));
      drop(walk, node);
    }
  });
  free(walk);
  return by.map(({ node }) => wanted.get(node) ?? null);
}

interface Walk {
  readonly id: number;
  /** Nodes from the root to the leaves. */
  readonly order: readonly Node[];
  readonly createGraph: boolean;
  readonly retainGraph: boolean;
  /** Whether cotangents are seen by this file only, so that they can be discarded when they have been passed on. */
  readonly discards: boolean;
}

let nextWalk = 1;

function startWalk(
  where: string,
  root: Tensor,
  cotangent: Tensor | undefined,
  options: BackwardOptions,
): Walk {
  root = operand(where, root);
  checkOptions(where, options, ["retainGraph", "createGraph"]);
  if (root.node === null) throw notRecorded(where);
  if (cotangent === undefined && root.size !== 1) {
    throw new TapeError(
      where,
      `the gradient of a tensor of shape ${showShape(root.shape)} needs a cotangent to start from: only a scalar has a gradient by itself.`,
      "reduce it first (sum, mean), or give a cotangent of the same shape.",
    );
  }
  if (cotangent !== undefined) checkCotangent(where, cotangent, root);
  const createGraph = options.createGraph ?? false;
  const walk: Walk = {
    id: nextWalk++,
    order: newestFirst(past(root.node)),
    createGraph,
    retainGraph: options.retainGraph ?? createGraph,
    discards: !createGraph && !isDetectingAnomaly(),
  };
  for (const node of walk.order) {
    if (node.inputs === null) throw freed(where, node);
    node.walk = walk.id;
    node.cotangent = null;
    node.ownsCotangent = false;
  }
  root.node.cotangent = cotangent ?? scalarTensor(1, root.dtype).expand(root.shape);
  keepForever(root.node.cotangent);
  return walk;
}

/**
 * Results by falling id, then the leaves, which hand nothing on. The results of a chain come sorted, and the check costs a
 * fraction of the sort's.
 */
function newestFirst(nodes: readonly Node[]): Node[] {
  const order: Node[] = [];
  const leaves: Node[] = [];
  let isSorted = true;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    if (node.operation === null) {
      leaves.push(node);
    } else {
      if (order.length > 0 && order[order.length - 1].id < node.id) isSorted = false;
      order.push(node);
    }
  }
  if (!isSorted) order.sort((a, b) => b.id - a.id);
  for (let i = 0; i < leaves.length; i++) order.push(leaves[i]);
  return order;
}

/** A cotangent given by a user: a tensor of the shape and dtype of the value that it belongs to. */
export function checkCotangent(where: string, cotangent: unknown, of: Tensor, name = "cotangent"): void {
  if (!isTensor(cotangent)) {
    throw new DtypeError(
      where,
      `the ${name} is a tensor of shape ${showShape(of.shape)}; got ${describeValue(cotangent)}.`,
      name === "gradient"
        ? "null forgets a gradient."
        : isOptions(cotangent)
          ? `options come second: ${where}(undefined, { ${Object.keys(cotangent)[0] ?? ""}: … }).`
          : "leave it out for a scalar, or wrap values with tensor(…).",
    );
  }
  if (!sameShape(cotangent.shape, of.shape)) {
    throw new ShapeError(
      where,
      `the ${name} ${showShape(cotangent.shape)} does not have the shape of the ${name === "gradient" ? "tensor" : "result"}, ${showShape(of.shape)}.`,
      "reshape() or expand() it on purpose.",
    );
  }
  if (cotangent.dtype !== of.dtype) {
    throw new DtypeError(
      where,
      `the ${name} is ${cotangent.dtype} and the ${name === "gradient" ? "tensor" : "result"} ${of.dtype}; they must be the same.`,
      `convert it with .to("${of.dtype}").`,
    );
  }
}

function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function contributeAll(walk: Walk, node: Node): void {
  const inputs = node.inputs!;
  for (let index = 0; index < inputs.length; index++) {
    const target = sourceOf(node, index);
    if (target !== null) contribute(walk, node, index, target);
  }
}

/** Applies the gradient rule for one operand, adds the result to that operand's cotangent, and returns it. */
function contribute(walk: Walk, node: Node, index: number, target: Node): Tensor | null {
  const { cotangent, operation } = node;
  checkTurn(walk, target);
  if (cotangent === null) return null;
  checkSaved(node);
  const contribution = isDetectingAnomaly()
    ? enterBackward(node, () => operation!.gradient!(cotangent, node, index))
    : operation!.gradient!(cotangent, node, index);
  if (contribution === null) return null;
  if (!sameShape(contribution.shape, target.output.shape)) {
    throw new ShapeError(
      operation!.name,
      `its gradient rule gives ${showShape(contribution.shape)} for operand ${index} of shape ${showShape(target.output.shape)}.`,
      "a gradient has the shape of its operand; sum over the axes that were broadcast (sumTo).",
    );
  }
  // Single numbers take no memory worth giving up. One number repeated does not count as single: a sum with it has elements.
  const isSingle = contribution.storage.size === 1 && cotangent.storage.size === 1 && contribution.size === 1;
  if (isSingle && walk.discards && target.ownsCotangent) {
    // In place: a fifth of the time of a graph of scalars that use one parameter again and again.
    const sum = target.cotangent!.storage;
    sum.set(0, sum.get(0) + contribution.storage.get(0));
    return contribution;
  }
  if (!walk.discards || isSingle) {
    target.ownsCotangent = target.cotangent !== null;
    target.cotangent = target.cotangent === null ? contribution : target.cotangent.add(contribution);
    return contribution;
  }
  if (!isForgetful(operation!)) {
    keepForever(cotangent);
    keepForever(contribution);
  }
  if (target.cotangent === null) {
    target.cotangent = contribution;
    contribution.storage.holders++;
  } else {
    const total = target.cotangent.add(contribution);
    total.storage.holders++;
    contribution.storage.holders++;
    release(contribution);
    release(target.cotangent);
    target.cotangent = total;
  }
  return contribution;
}

// A cotangent's memory is given up as soon as no node of the walk has it any more, be it under another shape: a rule may
// hand the cotangent on as it is, or a view of it. What came from outside, or may be known outside, is kept.
function keepForever({ storage }: Tensor): void {
  storage.holders = FOREVER;
}

/** More than a walk can release; a whole number, as a field that once held Infinity costs an object in every storage. */
const FOREVER = 2 ** 30 - 1;

function release({ storage }: Tensor): void {
  if (--storage.holders === 0 && storage.size > 1) storage.discard();
}

/** The node has passed its cotangent on. */
function drop(walk: Walk, node: Node): void {
  if (walk.discards && node.cotangent !== null) release(node.cotangent);
  node.cotangent = null;
}

/** Leaves, and values that asked for it, keep their gradient; the rest of the tape lets go. */
function finish(walk: Walk, node: Node): void {
  const { cotangent, output } = node;
  if (cotangent !== null && (node.operation === null || node.retainsGrad)) {
    output.grad = output.grad === null ? own(walk, cotangent) : output.grad.add(cotangent);
  }
  drop(walk, node);
}

/** In memory of its own: a cotangent may be shared with other leaves, or be a view of the user's tensor. */
function own(walk: Walk, cotangent: Tensor): Tensor {
  const { storage } = cotangent;
  if (
    walk.discards &&
    storage.holders === 1 &&
    storage.size === cotangent.size &&
    isContiguous(cotangent.shape, cotangent.strides)
  ) {
    keepForever(cotangent);
    return cotangent;
  }
  return withRecording(walk.createGraph, () => cotangent.clone());
}

/** Lets go of what the tape holds, once the whole walk has succeeded. */
function free(walk: Walk): void {
  if (walk.retainGraph) return;
  for (const node of walk.order) if (node.operation !== null) node.inputs = null;
}

function freed(where: string, node: Node): TapeError {
  return new TapeError(
    where,
    `the tape was freed by an earlier backward pass (at ${node.operation!.name}).`,
    "compute the result again, or keep the tape with backward(undefined, { retainGraph: true }).",
  );
}

/** A walk that was left for a while must not go on with what another has made of the nodes meanwhile. */
function checkTurn(walk: Walk, node: Node): void {
  if (node.walk === walk.id) return;
  throw new TapeError(
    "backwardSteps",
    `another backward pass went through the same tape meanwhile (at ${node.operation?.name ?? "a leaf"}).`,
    "finish one iteration before starting the next.",
  );
}
