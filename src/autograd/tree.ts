/** Tensors in nested arrays and objects, treated as one value: parameters by name, a list of inputs. */

import { describeValue, isBuiltIn, isPlainObject } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/** A tensor, or arrays and plain objects of them. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** The tensors of a tree, in order: arrays by index, objects by insertion. */
export function treeLeaves(where: string, tree: Tree): Tensor[] {
  if (isTensor(tree)) return [tree];
  // Of a Map or a module the entries are not what Object.values finds.
  const isPlain = typeof tree === "object" && tree !== null && (Array.isArray(tree) || isPlainObject(tree));
  if (!isPlain) {
    throw new ArgumentError(
      where,
      `expected tensors, or arrays and plain objects of them; got ${describeValue(tree)}.`,
      isBuiltIn(tree, "Map") ? "convert it with Object.fromEntries(…)." : "wrap values with tensor(…).",
    );
  }
  return Object.values(tree).flatMap((branch) => treeLeaves(where, branch));
}

/** The tree's structure around other tensors, given in the order of `treeLeaves`. */
export function treeWith<T extends Tree>(tree: T, leaves: readonly Tensor[]): T {
  let next = 0;
  const build = (branch: Tree): Tree => {
    if (isTensor(branch)) return leaves[next++];
    if (Array.isArray(branch)) return branch.map(build);
    return Object.fromEntries(Object.entries(branch).map(([name, value]) => [name, build(value)]));
  };
  return build(tree) as T;
}

/** Where each leaf of a list of inputs is, in the order of `treeLeaves`: "input 0", "input 1.layers.0.weight". */
export function treePaths(inputs: readonly Tree[]): { readonly input: number; readonly path: string }[] {
  const below = (branch: Tree, path: string): string[] =>
    isTensor(branch)
      ? [path]
      : Object.entries(branch).flatMap(([name, next]) => below(next as Tree, `${path}.${name}`));
  return inputs.flatMap((tree, input) => below(tree, `input ${input}`).map((path) => ({ input, path })));
}
