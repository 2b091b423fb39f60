/** Arguments and results of compiled functions: trees of tensors, numbers and whatever else, seen as a list of their tensors. */

import { describeValue, isPlainObject } from "../basics/check.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/** The tensors of a tree in order; the same one twice counts twice. */
export function tensorsOf(tree: unknown): Tensor[] {
  if (isTensor(tree)) return [tree];
  if (Array.isArray(tree)) return tree.flatMap(tensorsOf);
  return isPlain(tree) ? Object.values(tree).flatMap(tensorsOf) : [];
}

/** The tree with its tensors replaced, each of which is known by its number. `copied` is told of each array and object. */
export function replaced(
  tree: unknown,
  other: (tensor: Tensor, index: number) => unknown,
  copied: (branch: object, copy: object) => void = () => {},
): unknown {
  let next = 0;
  const build = (branch: unknown): unknown => {
    if (isTensor(branch)) return other(branch, next++);
    if (!Array.isArray(branch) && !isPlain(branch)) return branch;
    const copy = Array.isArray(branch)
      ? branch.map(build)
      : Object.fromEntries(Object.entries(branch).map(([name, value]) => [name, build(value)]));
    if (!hasNamesOnly(branch))
      for (const name of Reflect.ownKeys(branch))
        if (!(name in copy))
          Object.defineProperty(copy, name, Object.getOwnPropertyDescriptor(branch, name)!);
    copied(branch, copy);
    return copy;
  };
  return build(tree);
}

interface Copy {
  readonly branch: object;
  readonly copy: object;
  /** What it held when it was made. */
  readonly before: object;
}

/** Copies of the arrays and objects of arguments, to give what a function changes in them to the arguments themselves. */
export class Copies {
  readonly #all: Copy[] = [];

  add(branch: object, copy: object): void {
    this.#all.push({ branch, copy, before: { ...copy } });
  }

  get #changed(): Copy[] {
    return this.#all.filter(({ copy, before }) => {
      const [now, then] = [Object.entries(copy), Object.entries(before)];
      return (
        now.length !== then.length ||
        now.some(([name, value], i) => name !== then[i][0] || value !== then[i][1])
      );
    });
  }

  get areChanged(): boolean {
    return this.#changed.length > 0;
  }

  /** Changes the arguments as their copies were, with other tensors in the place of those that the function had. */
  writeBack(original: (tensor: Tensor) => Tensor): void {
    for (const { branch, copy } of this.#changed) {
      for (const name of Object.keys(branch))
        if (!(name in copy)) delete (branch as Record<string, unknown>)[name];
      for (const [name, value] of Object.entries(copy)) {
        const known = this.#all.find((other) => other.copy === value)?.branch;
        (branch as Record<string, unknown>)[name] = known ?? replaced(value, original);
      }
      if (Array.isArray(branch)) branch.length = (copy as unknown[]).length;
    }
  }
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

/** Whether an array has its elements and nothing else, and an object no symbols. */
function hasNamesOnly(tree: object): boolean {
  if (Array.isArray(tree) && Object.keys(tree).length !== tree.length) return false;
  return Object.getOwnPropertySymbols(tree).length === 0;
}

/** Whether a result can be made again from its parts, with other tensors. What is no array or plain object is handed on as it is. */
export function isRebuilt(tree: unknown): boolean {
  if (isTensor(tree) || !(Array.isArray(tree) || isPlain(tree))) return true;
  return hasNamesOnly(tree) && Object.values(tree).every(isRebuilt);
}

/** Why a function of such arguments cannot be compiled: something in them may change without becoming another object. */
export function changeableIn(tree: unknown): string | null {
  if (isTensor(tree)) return null;
  if (Array.isArray(tree) || isPlain(tree)) {
    if (!hasNamesOnly(tree))
      return "is called with an array that has holes or names beside its elements, or with symbols for names";
    return Object.values(tree).reduce<string | null>((found, value) => found ?? changeableIn(value), null);
  }
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
  return Object.is(tree, -0) ? "-0" : `${typeof tree} ${String(tree)}`;
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
