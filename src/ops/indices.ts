/** Whole numbers that say which entries of an axis are meant. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, AxisError, ShapeError } from "../basics/errors.ts";
import { readOnHost } from "../kernels/index.ts";
import { isTensor } from "./operands.ts";
import type { Tensor } from "./tensor.ts";

/** Whole numbers: an array, a typed array, or a tensor of one axis. */
export type Indices = ArrayLike<number> | Tensor;

/**
 * A list of indices into an axis of `size`, counted from its start.
 *
 * @throws AxisError for one outside, ArgumentError for what is no whole number, ShapeError for a tensor of several axes
 */
export function checkIndices(where: string, indices: Indices, size: number): Int32Array {
  if (isTensor(indices) && indices.rank !== 1) {
    throw new ShapeError(
      where,
      `indices have one axis; got ${describeValue(indices)}.`,
      "flatten() them, and reshape the result.",
    );
  }
  return isTensor(indices)
    ? readIndices(where, indices, size)
    : wholeNumbers(where, listOfIndices(where, indices), size);
}

/** The elements of a tensor as such a list. */
export function readIndices(where: string, indices: Tensor, size: number, least?: number): Int32Array {
  const read = (): Int32Array => wholeNumbers(where, indices.toTypedArray(), size, least);
  return readOnHost(`the indices of ${where}`, indices, read);
}

/** The same list. @throws ArgumentError for anything that is none */
export function listOfIndices(where: string, indices: ArrayLike<number>): ArrayLike<number> {
  if (!Array.isArray(indices) && !ArrayBuffer.isView(indices)) {
    throw new ArgumentError(
      where,
      `indices are a list of whole numbers; got ${describeValue(indices)}.`,
      typeof indices === "number"
        ? "one index is a list too: [0]."
        : "give an array, a typed array or a tensor.",
    );
  }
  return indices;
}

/** The same for the elements of a tensor of any shape, in row-major order; with a `least` of 0, negative ones are refused. */
export function wholeNumbers(
  where: string,
  given: ArrayLike<number>,
  size: number,
  least: number = -size,
): Int32Array {
  const list = new Int32Array(given.length);
  for (let i = 0; i < list.length; i++) {
    const index = given[i];
    if (!(Number.isInteger(index) && index >= least && index < size))
      throw notAnIndex(where, index, size, least);
    list[i] = index < 0 ? index + size : index;
  }
  return list;
}

function notAnIndex(where: string, index: unknown, size: number, least: number): ArgumentError | AxisError {
  if (!Number.isInteger(index))
    return new ArgumentError(where, `an index is a whole number; got ${describeValue(index)}.`);
  return new AxisError(
    where,
    size === 0
      ? `index ${index} is outside an axis without entries.`
      : `index ${index} is outside an axis of ${size}: it must be from ${least} to ${size - 1}.`,
  );
}
