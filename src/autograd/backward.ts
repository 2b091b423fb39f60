/**
 * Backward: from the result to the leaves, one contribution at a time.
 *
 * Every node receives the cotangent of its output, the seed times d(root)/d(output), as the sum of contributions, one for
 * each use of that output. Nodes are visited in the reverse of the order in which they were recorded, so all
 * uses of a value have contributed before it is passed on to its own operands.
 */

import { checkOptions, isPlainObject } from "../basics/check.ts";
import { sameShape } from "../basics/shape.ts";
import { operand, scalarTensor } from "../ops/operands.ts";
import { applyRule, type Node, withRecording } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Cotangents, checkCotangent } from "./cotangents.ts";
import { freed, misshapen, notRecorded, notScalar } from "./errors.ts";

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
export function backward(
  root: Tensor,
  cotangent?: Tensor | BackwardOptions,
  options?: BackwardOptions,
): void {
  const walk = startWalk("backward", root, cotangent, options);
  withRecording(walk.createGraph, () => {
    for (const node of walk.order) {
      for (let index = 0; index < node.sources.length; index++) contribute(walk, node, index);
      accumulate(walk, node);
    }
  });
  finish(walk);
}

/** Applies the gradient rule for one operand, adds the result to that operand's cotangent, and returns it. */
function contribute(walk: Walk, node: Node, index: number): Tensor | null {
  const { cotangents, members } = walk;
  const target = targetOf(walk, node, index);
  const cotangent = cotangents.of(node);
  if (target === null || cotangent === null) return null;
  const { operation, attributes } = node;
  // Of a part, such as a row: added with the others, see Cotangents. Who watches gets to see each by itself.
  const spans = (members === null && operation!.part?.(attributes, node.output.shape)) || null;
  if (spans !== null) {
    cotangents.addPart(target, spans, node);
    return null;
  }
  const contribution = applyRule(node, cotangent, index);
  if (contribution === null) return null;
  if (!sameShape(contribution.shape, target.output.shape)) throw misshapen(node, index, contribution);
  cotangents.add(target, contribution, node);
  return contribution;
}

/** Leaves, and values that asked for it, get their gradient when all has gone well; the rest of the tape lets go. */
function accumulate({ cotangents, gradients }: Walk, node: Node): void {
  const cotangent = cotangents.of(node);
  const { output } = node;
  if (cotangent !== null && (node.operation === null || node.retainsGrad)) {
    checkCotangent("grad", cotangent, output, "gradient");
    gradients.push([output, output.grad === null ? cotangents.own(cotangent) : output.grad.add(cotangent)]);
  }
  cotangents.drop(node);
}

/**
 * Backward in slow motion: one contribution at each step of the iteration. At its end, `grad` of the leaves is what `backward`
 * would have made it. Until then, and where the iteration is left early or fails, no `grad` changes, and the tape is kept.
 * Leaves that are frozen or unfrozen on the way count as they did when it began.
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
  cotangent?: Tensor | BackwardOptions,
  options?: BackwardOptions,
): Generator<Contribution, void, void> {
  const walk = startWalk("backwardSteps", root, cotangent, options, true);
  const { cotangents, createGraph } = walk;
  for (const node of walk.order) {
    for (let index = 0; index < node.sources.length; index++) {
      const target = targetOf(walk, node, index);
      if (target === null) continue;
      const before = cotangents.of(target);
      const contribution = withRecording(createGraph, () => contribute(walk, node, index));
      if (contribution === null) continue;
      const cotangent = cotangents.of(node)!;
      yield { node, index, target, cotangent, contribution, before, total: cotangents.of(target)! };
    }
    withRecording(createGraph, () => accumulate(walk, node));
  }
  finish(walk);
}

/** The gradients of `root` by the given tensors, without touching any `grad`; null where there is no path. */
export function gradientsOf(
  where: string,
  root: Tensor,
  by: readonly Tensor[],
  cotangent?: Tensor,
  options?: BackwardOptions,
): (Tensor | null)[] {
  const walk = startWalk(where, root, cotangent, options);
  const wanted = new Map(by.map((tensor) => [tensor.node, null as Tensor | null]));
  withRecording(walk.createGraph, () => {
    for (const node of walk.order) {
      for (let index = 0; index < node.sources.length; index++) contribute(walk, node, index);
      const total = walk.cotangents.of(node);
      if (total !== null && wanted.has(node)) wanted.set(node, walk.cotangents.own(total));
      walk.cotangents.drop(node);
    }
  });
  finish(walk);
  return by.map(({ node }) => wanted.get(node) ?? null);
}

interface Walk {
  /** Nodes from the root to the leaves. */
  readonly order: readonly Node[];
  readonly cotangents: Cotangents;
  readonly createGraph: boolean;
  readonly retainGraph: boolean;
  /** The nodes, where somebody looks at every contribution, and may freeze or unfreeze leaves in between. */
  readonly members: ReadonlySet<Node> | null;
  /** What is to be stored at the end. */
  readonly gradients: [Tensor, Tensor][];
}

function startWalk(
  where: string,
  root: Tensor,
  given: Tensor | BackwardOptions | undefined,
  options: BackwardOptions | undefined,
  isStepped = false,
): Walk {
  root = operand(where, root);
  const isOptions = options === undefined && isPlainObject(given);
  if (isOptions) options = given as BackwardOptions;
  const cotangent = isOptions ? undefined : (given as Tensor | undefined);
  if (options !== undefined) checkOptions(where, options, ["retainGraph", "createGraph"]);
  if (root.node === null) throw notRecorded(where);
  if (cotangent !== undefined) checkCotangent(where, cotangent, root);
  else if (root.size !== 1) throw notScalar(where, root);
  const { createGraph = false, retainGraph = createGraph } = options ?? {};
  const order = newestFirst(past(root.node));
  for (const node of order) if (node.inputs === null) throw freed(where, node);
  const cotangents = new Cotangents(order, !createGraph && !isStepped);
  cotangents.seed(root.node, cotangent ?? scalarTensor(1, root.dtype).expand(root.shape));
  const members = isStepped ? new Set(order) : null;
  return { order, cotangents, createGraph, retainGraph, members, gradients: [] };
}

/** The node of an operand, if it takes part in the walk. */
function targetOf({ members }: Walk, node: Node, index: number): Node | null {
  const source = members === null ? node.source(index) : node.sources[index];
  return source !== null && (members?.has(source) ?? true) ? source : null;
}

/**
 * A node and everything before it, in no particular order. An operand is always recorded before its result, so
 * sorted by id they are in a topological order. Works without recursion, so that no chain is too long.
 */
export function past(root: Node): Node[] {
  const mark = nextMark++;
  root.mark = mark;
  const found = [root];
  for (let i = 0; i < found.length; i++) {
    const { length } = found[i].sources;
    for (let k = 0; k < length; k++) {
      const source = found[i].source(k);
      if (source === null || source.mark === mark) continue;
      source.mark = mark;
      found.push(source);
    }
  }
  return found;
}

let nextMark = 1;

/** Results by falling id, then the leaves, which hand nothing on. Chains come sorted; to see that costs less than a sort. */
function newestFirst(nodes: readonly Node[]): Node[] {
  const results = nodes.filter(({ operation }) => operation !== null);
  if (results.some(({ id }, i) => i > 0 && id > results[i - 1].id)) results.sort((a, b) => b.id - a.id);
  return results.concat(nodes.filter(({ operation }) => operation === null));
}

/** Stores gradients and lets go of what the tape holds, once the whole walk has succeeded. */
function finish(walk: Walk): void {
  for (const [output, gradient] of walk.gradients) output.grad = gradient;
  if (walk.retainGraph) return;
  for (const node of walk.order) {
    if (node.operation === null) continue;
    node.inputs = null;
    node.sources = NONE;
  }
}

const NONE: readonly null[] = [];
