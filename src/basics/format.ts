/** Tensors as text: aligned columns, long axes cut in the middle, the same digits for all elements. */

import type { FloatArray } from "../kernels/types.ts";
import { type Shape, sizeOf } from "./shape.ts";

/** A tensor of more elements shows the first and last entries of its axes only. */
const LARGE = 200;
/** So many of them at either end; fewer, of the outer axes first, while more than MOST elements would be shown. */
const EDGES = [3, 1, 0];
const MOST = 500;

/** Elements in brackets, one row a line. */
export function formatElements(
  shape: Shape,
  strides: readonly number[],
  offset: number,
  data: FloatArray,
  indent = 0,
): string {
  const indices = entriesShown(shape);
  const shown: number[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) shown.push(data[at]);
    else for (const i of indices[axis]) if (i >= 0) collect(axis + 1, at + i * strides[axis]);
  };
  collect(0, offset);
  const format = numberFormat(shown);
  const width = shown.reduce((widest, value) => Math.max(widest, format(value).length), 0);

  const visit = (axis: number, at: number, depth: number): string => {
    if (axis === shape.length) return format(data[at]).padStart(width);
    const parts = indices[axis].map((i) =>
      i < 0 ? "…" : visit(axis + 1, at + i * strides[axis], depth + 1),
    );
    // Of a single part there is nothing to separate, and n axes of size 1 would make n long separators.
    if (parts.length === 1) return `[${parts[0]}]`;
    const isLast = axis === shape.length - 1;
    const blankLines = "\n".repeat(Math.max(1, shape.length - 1 - axis));
    return `[${parts.join(isLast ? ", " : `,${blankLines}${" ".repeat(depth + 1)}`)}]`;
  };
  return visit(0, offset, indent);
}

/** For each axis the indices that are shown; -1 stands for those left out between them. */
function entriesShown(shape: Shape): number[][] {
  // Nothing is shown of an axis without entries and those after it; what it stands in can be long all the same.
  const filled = shape.includes(0) ? shape.slice(0, shape.indexOf(0)) : shape;
  const isCut = sizeOf(filled) > LARGE;
  const edges = shape.map(() => 0);
  const count = (size: number, axis: number): number =>
    isCut && size > 2 * EDGES[edges[axis]] + 1 ? Math.max(2 * EDGES[edges[axis]], 1) : size;
  const isTooMuch = (): boolean => sizeOf(filled.map(count)) > MOST;
  for (let axis = 0; axis < filled.length && isTooMuch(); axis++) {
    while (edges[axis] < EDGES.length - 1 && isTooMuch()) edges[axis]++;
  }
  return shape.map((size, axis) => {
    const shown = axis < filled.length ? count(size, axis) : 0;
    if (shown === 0) return [];
    if (shown === size) return Array.from({ length: size }, (_, i) => i);
    const before = Array.from({ length: Math.ceil(shown / 2) }, (_, i) => i);
    const after = Array.from({ length: Math.floor(shown / 2) }, (_, i) => size - Math.floor(shown / 2) + i);
    return [...before, -1, ...after];
  });
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
