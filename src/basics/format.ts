/** Tensors as text: aligned columns, long axes cut in the middle, the same digits for all elements. */

import type { FloatArray } from "../kernels/types.ts";
import { type Shape, sizeOf } from "./shape.ts";

/** An axis longer than this shows its first and last EDGE entries only, once the tensor is large. */
const LARGE = 200;
const EDGE = 3;

/** Elements in brackets, one row a line. */
export function formatElements(
  shape: Shape,
  strides: readonly number[],
  offset: number,
  data: FloatArray,
  indent = 0,
): string {
  const isCut = sizeOf(shape) > LARGE;
  const indices = (size: number): number[] =>
    isCut && size > 2 * EDGE + 1
      ? [0, 1, 2, -1, size - 3, size - 2, size - 1]
      : Array.from({ length: size }, (_, i) => i);
  const shown: number[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) shown.push(data[at]);
    else for (const i of indices(shape[axis])) if (i >= 0) collect(axis + 1, at + i * strides[axis]);
  };
  collect(0, offset);
  const format = numberFormat(shown);
  const width = shown.reduce((widest, value) => Math.max(widest, format(value).length), 0);

  const visit = (axis: number, at: number, depth: number): string => {
    if (axis === shape.length) return format(data[at]).padStart(width);
    const parts = indices(shape[axis]).map((i) =>
      i < 0 ? "…" : visit(axis + 1, at + i * strides[axis], depth + 1),
    );
    const isLast = axis === shape.length - 1;
    const blankLines = "\n".repeat(Math.max(1, shape.length - 1 - axis));
    return `[${parts.join(isLast ? ", " : `,${blankLines}${" ".repeat(depth + 1)}`)}]`;
  };
  return visit(0, offset, indent);
}

/** One notation for all: whole numbers plain, else four decimals, else scientific where magnitudes ask for it. */
function numberFormat(values: readonly number[]): (value: number) => string {
  const finite = values.filter((value) => Number.isFinite(value));
  const magnitudes = finite.map(Math.abs).filter((value) => value > 0);
  // Not Math.max(...magnitudes): as arguments, the elements of a large tensor would overflow the stack.
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = magnitudes.reduce((a, b) => Math.min(a, b), Infinity);
  const special = (value: number): string =>
    Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  const format = finite.every((value) => Number.isInteger(value) && Math.abs(value) < 1e8)
    ? (value: number) => `${Object.is(value, -0) ? "-0" : value}`
    : largest >= 1e6 || smallest < 1e-4
      ? (value: number) => value.toExponential(4)
      : (value: number) => value.toFixed(4);
  return (value) => (Number.isFinite(value) ? format(value) : special(value));
}
