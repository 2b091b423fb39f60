/** Arrays as nested lists and operations by index: slow, obvious, and written without the engine. */

import { fc } from "@fast-check/vitest";
import type { NestedArray } from "../../src/index.ts";

export type Index = readonly number[];

/** Elements of a shape as a function of the index, written out as nested arrays. */
export function build(shape: Index, element: (index: Index) => number): NestedArray {
  const visit = (index: Index): NestedArray =>
    index.length === shape.length
      ? element(index)
      : Array.from({ length: shape[index.length] }, (_, i) => visit([...index, i]));
  return visit([]);
}

/** The element of nested arrays at an index. */
export function read(values: NestedArray, index: Index): number {
  return index.reduce<NestedArray>((part, i) => (part as NestedArray[])[i], values) as number;
}

/** All indices of a shape in row-major order. */
export function indices(shape: Index): Index[] {
  return shape.reduce<Index[]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

/** Small shapes, scalars and empty axes among them. */
export const aShape = (options: { minRank?: number; maxRank?: number } = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 4 }), { minLength: options.minRank ?? 0, maxLength: options.maxRank ?? 4 });

/** Whole numbers: float32 adds and multiplies a few of them exactly, so results can be compared by `toEqual`. */
export const elements = (shape: Index): fc.Arbitrary<NestedArray> => {
  const count = indices(shape).length;
  return fc
    .array(fc.integer({ min: -9, max: 9 }), { minLength: count, maxLength: count })
    .map((flat) => build(shape, (index) => flat[index.reduce((at, i, axis) => at * shape[axis] + i, 0)]));
};

/** A shape and its elements. */
export const anArray = (
  options: { minRank?: number; maxRank?: number } = {},
): fc.Arbitrary<{ shape: number[]; values: NestedArray }> =>
  aShape(options).chain((shape) => elements(shape).map((values) => ({ shape, values })));

/** An axis of a shape, counted from either end. */
export const anAxis = (rank: number): fc.Arbitrary<number> => fc.integer({ min: -rank, max: rank - 1 });

/** The index that a negative or positive axis means. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
