/** Derivatives of functions: grad, valueAndGrad, vjp, jvp, hvp. They nest, and take trees of tensors. */

import { describeValue, few } from "../basics/check.ts";
import { ArgumentError, ShapeError, TapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { isTensor, scalarTensor, zeroTensor } from "../ops/operands.ts";
import { isRecording, type Node } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { gradientsOf, past } from "./backward.ts";
import { checkCotangent } from "./cotangents.ts";
import { enableGrad, isGradEnabled } from "./tape.ts";
import { type Tree, type TreeOf, treeLeaves, treePaths, treeWith } from "./tree.ts";

/** A function of a tensor (or a tree of them) and of anything else, to a tensor. */
export type TensorFunction<T, Rest extends unknown[]> = (x: T, ...rest: Rest) => Tensor;

/**
 * The gradient of a scalar function by its first argument, as a function: `grad(f)(x)`. Nests: `grad(grad(f))`.
 *
 * ```ts
 * grad((w) => w.square().sum())(tensor([1, 2])); // tensor([2, 4])
 * const line = (p: { w: Tensor; b: Tensor }) => p.w.mul(3).add(p.b).square();
 * grad(line)({ w: tensor(1), b: tensor(2) }); // { w: tensor(30), b: tensor(10) }
 * ```
 *
 * Where f uses other tensors that are being differentiated, the gradient is recorded too, so that it can be
 * differentiated by them; call it in `noGrad` where that is not wanted.
 *
 * @throws TapeError when f does not return a scalar, ArgumentError when it returns no tensor
 */
export function grad<Rest extends unknown[]>(
  f: TensorFunction<Tensor, Rest>,
): (x: Tensor, ...rest: Rest) => Tensor;
/** The same by every tensor of a tree, such as an object of parameters: of an interface or a class, with fields left out. */
export function grad<T extends object, Rest extends unknown[]>(
  f: TensorFunction<T, Rest>,
): (x: T & TreeOf<T>, ...rest: Rest) => T;
export function grad<Rest extends unknown[]>(
  f: TensorFunction<never, Rest>,
  ...more: unknown[]
): (x: never, ...rest: Rest) => unknown {
  checkAlone("grad", more);
  const both = gradientWithValue("grad", f);
  return (x, ...rest) => both(x, ...rest)[1];
}

/** As `grad`, but returns `[f(x), gradient]`. */
export function valueAndGrad<Rest extends unknown[]>(
  f: TensorFunction<Tensor, Rest>,
): (x: Tensor, ...rest: Rest) => [value: Tensor, gradient: Tensor];
/** The same by every tensor of a tree, such as an object of parameters. */
export function valueAndGrad<T extends object, Rest extends unknown[]>(
  f: TensorFunction<T, Rest>,
): (x: T & TreeOf<T>, ...rest: Rest) => [value: Tensor, gradient: T];
export function valueAndGrad<Rest extends unknown[]>(
  f: TensorFunction<never, Rest>,
  ...more: unknown[]
): (x: never, ...rest: Rest) => [Tensor, unknown] {
  checkAlone("valueAndGrad", more);
  return gradientWithValue("valueAndGrad", f);
}

/** @throws ArgumentError where a function that gives a function is called at once, `grad(f, x)` */
export function checkAlone(where: string, [x]: readonly unknown[]): void {
  if (typeof x === "object")
    throw new ArgumentError(where, "takes the function alone.", `write ${where}(f)(x).`);
}

/** @throws ArgumentError where a function that is called at once is called as if it gave one, `hessian(f)(x)` */
export function checkGiven(where: string, x: unknown): void {
  if (x === undefined)
    throw new ArgumentError(
      where,
      "got a function, and nothing to differentiate it by.",
      `write ${where}(f, x${where === "jvp" || where === "hvp" ? ", direction" : ""}).`,
    );
}

/** The gradient of a scalar function as a function that gives the value too; errors are of `where`. */
export function gradientWithValue<Rest extends unknown[]>(
  where: string,
  f: TensorFunction<never, Rest>,
): (x: never, ...rest: Rest) => [Tensor, unknown] {
  checkFunction(where, f);
  return (x, ...rest) => {
    const [value, pullback] = pullbackOf(where, (inner: Tree) => f(inner as never, ...rest), x as Tree);
    if (value.size !== 1) {
      throw new TapeError(
        where,
        `the function returned ${showShape(value.shape)}, but only a scalar has a gradient.`,
        "end it with sum() or mean(), or use vjp() with a cotangent.",
      );
    }
    return [value, pullback()];
  };
}

/**
 * The value of f at x, and the function that takes a cotangent of that value to the cotangent of x
 * (the vector-Jacobian product); without an argument it starts from ones.
 * @example vjp((x) => x.square(), tensor([1, 2]))[1](tensor([1, 10])); // tensor([2, 40])
 */
export function vjp<T extends object>(
  f: (x: T) => Tensor,
  x: T & TreeOf<T>,
): [value: Tensor, pullback: (cotangent?: Tensor) => T] {
  checkGiven("vjp", x);
  return pullbackOf("vjp", f as never, x as Tree) as unknown as [Tensor, (cotangent?: Tensor) => T];
}

/** As `vjp`, under another name in errors. */
export function pullbackOf<T extends Tree>(
  where: string,
  f: (x: T) => Tensor,
  x: T,
): [value: Tensor, pullback: (cotangent?: Tensor) => T] {
  checkFunction(where, f);
  const wasRecording = isGradEnabled();
  return enableGrad(() => {
    const inner = treeLeaves(where, x).map(freshInput);
    const value: unknown = f(treeWith(x, inner));
    checkReturned(where, value);
    const own = new Set(inner.map((input) => input.node));
    const before = value.node === null ? [] : past(value.node);
    checkUse(where, x, before, own);
    // Someone further out can differentiate again only if the tape goes on beyond our own inputs (and noGrad is off).
    const reachesOuterLeaf = wasRecording && before.some((node) => node.operation === null && !own.has(node));
    const pullback = (cotangent: Tensor = scalarTensor(1, value.dtype).expand(value.shape)): T => {
      checkCotangent(where, cotangent, value);
      const options = { createGraph: reachesOuterLeaf || cotangent.requiresGrad, retainGraph: true };
      const gradients = value.node === null ? [] : gradientsOf(where, value, inner, cotangent, options);
      return treeWith(
        x,
        inner.map((input, i) => gradients[i] ?? zeroTensor(input.shape, input.dtype)),
      );
    };
    return [reachesOuterLeaf ? value : value.detach(), pullback];
  });
}

/**
 * The value of f at x, and its derivative in the direction `tangent` (the Jacobian-vector product).
 *
 * The vjp is linear in its cotangent u, and ⟨vjp(u), tangent⟩ = ⟨u, jvp(tangent)⟩, so its derivative by u
 * is the jvp: two backward passes, and no second set of rules.
 * @example jvp((x) => x.square(), tensor([1, 2]), tensor([1, 10]))[1]; // tensor([2, 40])
 */
export function jvp<T extends object>(
  f: (x: T) => Tensor,
  x: T & TreeOf<T>,
  tangent: T,
): [value: Tensor, derivative: Tensor] {
  checkGiven("jvp", tangent);
  const directions = directionsOf("jvp", x as Tree, tangent as Tree);
  const [value, pullback] = pullbackOf("jvp", f as never, x as Tree);
  const slope = grad((u: Tensor) => innerProduct("jvp", pullback(u), directions));
  const derivative = slope(zeroTensor(value.shape, value.dtype));
  // On the tape stays what is differentiated outside, by x or by the tangent.
  const isOutside =
    value.node !== null || (isRecording() && directions.some(({ requiresGrad }) => requiresGrad));
  return [value, isOutside ? derivative : derivative.detach()];
}

/**
 * The Hessian of a scalar function times a direction: the gradient of ⟨∇f(x), direction⟩.
 * @example hvp((x) => x.pow(3).sum(), tensor([1, 2]), tensor([1, 0])); // tensor([6, 0])
 */
export function hvp<T extends object>(f: (x: T) => Tensor, x: T & TreeOf<T>, direction: T): T {
  checkFunction("hvp", f);
  checkGiven("hvp", direction);
  const directions = directionsOf("hvp", x as Tree, direction as Tree);
  const gradientOf = (scalar: TensorFunction<T, []>) => (at: T) =>
    gradientWithValue("hvp", scalar as TensorFunction<never, []>)(at as never)[1] as T;
  const gradient = gradientOf(f);
  return gradientOf((inner) => innerProduct("hvp", gradient(inner) as Tree, directions))(x);
}

function innerProduct(where: string, a: Tree, directions: readonly Tensor[]): Tensor {
  return treeLeaves(where, a)
    .map((leaf, i) => leaf.mul(directions[i]).sum())
    .reduce((total, term) => total.add(term));
}

/** The tensors of a direction in the order of those of x, whose names they have. */
function directionsOf(where: string, x: Tree, direction: Tree): Tensor[] {
  const [leaves, others] = [x, direction].map((tree) => {
    const tensors = treeLeaves(where, tree);
    return new Map(treePaths([tree]).map(({ path }, i) => [path.replace(/^input 0\.?/, ""), tensors[i]]));
  });
  const found = Array.from(leaves.keys(), (path) => others.get(path));
  const fits = Array.from(leaves.values()).every(
    ({ shape }, i) => found[i] !== undefined && sameShape(shape, found[i].shape),
  );
  if (fits && leaves.size === others.size) return found as Tensor[];
  const shown = [leaves, others].map((all) =>
    few(Array.from(all, ([path, { shape }]) => `${path === "" ? "" : `${path} `}${showShape(shape)}`)),
  );
  throw new ShapeError(
    where,
    `the direction must have the structure and shapes of x: ${shown.join(" against ")}.`,
  );
}

function checkFunction(where: string, f: unknown): void {
  if (typeof f === "function") return;
  throw new ArgumentError(
    where,
    `takes a function that returns a tensor; got ${describeValue(f)}.`,
    `write ${where}((x) => x.square().sum()${where === "grad" || where === "valueAndGrad" ? ")(x)" : ", x)"}.`,
  );
}

/** @throws TapeError where f leaves its argument alone and uses the very tensors that it was called with: their gradient would be 0 */
function checkUse(where: string, x: Tree, past: readonly Node[], own: ReadonlySet<Node | null>): void {
  if (past.some((node) => own.has(node))) return;
  const given = new Set(treeLeaves(where, x).map(({ node }) => node));
  if (!past.some((node) => given.has(node))) return;
  throw new TapeError(
    where,
    "the function does not use its argument, but the tensors themselves that it is called with.",
    "compute with the argument; of a module, functionalCall(module, parameters, x).",
  );
}

/** @throws ArgumentError unless what a function returned is a tensor */
export function checkReturned(where: string, value: unknown): asserts value is Tensor {
  if (isTensor(value)) return;
  throw new ArgumentError(
    where,
    `the function returned ${describeValue(value)}, not a tensor.`,
    "return the tensor itself: item() leaves the tape, and an async function returns before it has computed.",
  );
}

/** The same value as a place of its own on the tape, still connected to where it came from. */
function freshInput(x: Tensor): Tensor {
  if (x.requiresGrad) return x.reshape(x.shape);
  const leaf = x.detach();
  leaf.requiresGrad = true;
  return leaf;
}
