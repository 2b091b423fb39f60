/** Tensors in nested arrays and objects, treated as one value: parameters by name, a list of inputs. */

import { describeValue, isBuiltIn, isPlainObject, isTensorLike } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/** A tensor, or arrays and objects of them. Fields may be left out. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree | null | undefined };

/**
 * T where it is a tree, whether an interface, a class or a type literal declares it. A field that is no tensor comes out as
 * `never`, so that the compiler names it.
 */
export type TreeOf<T> = T extends Tensor | null | undefined | ((...arguments_: never[]) => unknown)
  ? T
  : T extends object
    ? { readonly [Name in keyof T]: TreeOf<T[Name]> }
    : never;

/** The tensors of a tree, in order: arrays by index, objects by insertion. @param above the branches that it lies in */
export function treeLeaves(where: string, tree: Tree, above: Set<unknown> = new Set()): Tensor[] {
  if (isTensor(tree)) return [tree];
  if (!isBranch(tree)) {
    throw new ArgumentError(
      where,
      `expected tensors, or arrays and objects of them; got ${describeValue(tree)}.`,
      adviceFor(tree),
    );
  }
  if (above.has(tree))
    throw new ArgumentError(
      where,
      `got ${describeValue(tree)} that contains itself.`,
      "pass its tensors alone.",
    );
  above.add(tree);
  const leaves = Object.values(tree).flatMap((branch) =>
    isAbsent(branch) ? [] : treeLeaves(where, branch, above),
  );
  above.delete(tree);
  return leaves;
}

/** The tree's structure around other tensors, given in the order of `treeLeaves`. */
export function treeWith<T extends Tree>(tree: T, leaves: readonly Tensor[]): T {
  let next = 0;
  const build = (branch: Tree | null | undefined): Tree | null | undefined => {
    if (isAbsent(branch)) return branch;
    if (isTensor(branch)) return leaves[next++];
    if (Array.isArray(branch)) return branch.map(build) as Tree;
    const fields = Object.fromEntries(Object.entries(branch).map(([name, value]) => [name, build(value)]));
    // An instance of a class keeps its methods, which then work on the other tensors.
    return isPlainObject(branch)
      ? fields
      : Object.assign(Object.create(Object.getPrototypeOf(branch)), fields);
  };
  return build(tree) as T;
}

/** Where each leaf of a list of inputs is, in the order of `treeLeaves`: "input 0", "input 1.layers.0.weight". */
export function treePaths(inputs: readonly Tree[]): { readonly input: number; readonly path: string }[] {
  const below = (branch: Tree, path: string): string[] =>
    isTensor(branch)
      ? [path]
      : Object.entries(branch).flatMap(([name, next]) =>
          isAbsent(next) ? [] : below(next as Tree, `${path}.${name}`),
        );
  return inputs.flatMap((tree, input) => below(tree, `input ${input}`).map((path) => ({ input, path })));
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Whether the fields of a value are all that it holds: not so of a Map, of a module, or of what keeps its state private. */
function isBranch(value: unknown): value is object {
  if (Array.isArray(value) || isPlainObject(value)) return true;
  if (isTensorLike(value)) return false;
  const isInstance = Object.prototype.toString.call(value) === "[object Object]";
  return isInstance && !isModule(value) && Object.keys(value as object).length > 0;
}

function isModule(value: unknown): boolean {
  return typeof (value as { namedParameters?: unknown })?.namedParameters === "function";
}

function adviceFor(value: unknown): string {
  if (isBuiltIn(value, "Map")) return "convert it with Object.fromEntries(…).";
  if (isModule(value))
    return "give its parameters, Object.fromEntries(module.namedParameters()), and use functionalCall(module, parameters, x) inside.";
  if (typeof value === "function")
    return "make it a method: a function in a field keeps to the object that it was made for.";
  return "wrap values with tensor(…).";
}
