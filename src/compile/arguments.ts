/** Arguments and results of compiled functions: trees of tensors, numbers and whatever else, seen as a list of their tensors. */

import { describeValue, isPlainObject } from "../basics/check.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/** The tensors of a tree in order; the same one twice counts twice. */
export function tensorsOf(tree: unknown): Tensor[] {
  if (isTensor(tree)) return [tree];
  return Array.isArray(tree) || isPlain(tree) ? Object.values(tree).flatMap(tensorsOf) : [];
}

/** The tree with its tensors replaced, each of which is known by its number. */
export function replaced(tree: unknown, other: (tensor: Tensor, index: number) => unknown): unknown {
  let next = 0;
  const build = (branch: unknown): unknown => {
    if (isTensor(branch)) return other(branch, next++);
    if (Array.isArray(branch)) return branch.map(build);
    if (!isPlain(branch)) return branch;
    return Object.fromEntries(Object.entries(branch).map(([name, value]) => [name, build(value)]));
  };
  return build(tree);
}

/** Whether a tree has itself among its branches. */
export function isCyclic(tree: unknown, above: readonly unknown[] = []): boolean {
  if (isTensor(tree) || !(Array.isArray(tree) || isPlain(tree))) return false;
  return above.includes(tree) || Object.values(tree).some((branch) => isCyclic(branch, [...above, tree]));
}

/** Whether an argument counts by what it is, and not by its elements only: it is, or was, a leaf that is differentiated by. */
export function isKnown({ node, isFrozen, grad }: Tensor): boolean {
  return node !== null || isFrozen || grad !== null;
}

/** Why a function of such arguments cannot be compiled: something in them may change without becoming another object. */
export function changeableIn(tree: unknown): string | null {
  if (isTensor(tree)) return null;
  if (Array.isArray(tree) || isPlain(tree))
    return Object.values(tree).reduce<string | null>((found, value) => found ?? changeableIn(value), null);
  const isCollection = [Map, Set, Date, ArrayBuffer].some((kind) => tree instanceof kind);
  if (!isCollection && !ArrayBuffer.isView(tree)) return null;
  return `is called with ${describeValue(tree)}, which may change: pass tensors, numbers, arrays and plain objects`;
}

/**
 * What two calls have in common that run the same program: a text in which tensors count by shape, layout and dtype, those that
 * are being differentiated by what they are, numbers and text by their value, and all else by what it is.
 */
export function signatureOf(tree: unknown): string {
  if (isTensor(tree)) {
    const { shape, strides, dtype } = tree;
    return `${dtype}[${shape}/${strides}]${isKnown(tree) ? `@${identityOf(tree)}` : ""}`;
  }
  if (Array.isArray(tree)) return `[${tree.map(signatureOf).join()}]`;
  if (isPlain(tree))
    return `{${Object.entries(tree)
      .map(([name, value]) => `${JSON.stringify(name)}:${signatureOf(value)}`)
      .join()}}`;
  if ((typeof tree === "object" && tree !== null) || typeof tree === "function")
    return `@${identityOf(tree)}`;
  if (typeof tree === "symbol") return `@${identityOf(symbols.get(tree) ?? remembered(tree))}`;
  if (typeof tree === "string") return JSON.stringify(tree);
  return Object.is(tree, -0) ? "-0" : `${typeof tree === "bigint" ? "n" : ""}${String(tree)}`;
}

export const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && isPlainObject(value);

const symbols = /* @__PURE__ */ new Map<symbol, object>();

function remembered(symbol: symbol): object {
  const object = {};
  symbols.set(symbol, object);
  return object;
}

const identities = /* @__PURE__ */ new WeakMap<object, number>();
let identityCount = 0;

/** A number for each object. */
function identityOf(value: object): number {
  let identity = identities.get(value);
  if (identity === undefined) {
    identity = identityCount++;
    identities.set(value, identity);
  }
  return identity;
}
