/** Elements moved, repeated and left out in other ways, all composed of slices, joins and choices. */

import { checkNumber, describeValue } from "../basics/check.ts";
import { ArgumentError, AxisError, ShapeError } from "../basics/errors.ts";
import { checkShape, normalizeAxis, type Shape, type Span, showShape } from "../basics/shape.ts";
import { composite, shorthand } from "./composite.ts";
import { where } from "./elementwise.ts";
import { concat } from "./joining.ts";
import { operand, scalarTensor, zeroTensor } from "./operands.ts";
import { of } from "./operation.ts";
import { placeSpans, takeSpans } from "./spans.ts";
import type { Tensor } from "./tensor.ts";

/** How many elements are put before and after those of an axis. */
export type Padding = readonly [before: number, after: number];

/**
 * A border of `value` (0 by default) around the elements. One pair of widths for each of the last axes; axes before these stay as
 * they are, so that `[[1, 1], [2, 2]]` pads images in any batch.
 * @throws ArgumentError for widths that are not whole numbers of at least 0, ShapeError for more pairs than axes
 * @example pad(tensor([[1, 2]]), [[0, 1], [1, 0]]); // tensor([[0, 1, 2], [0, 0, 0]])
 */
export const pad: (x: Tensor, widths: readonly Padding[], value?: number) => Tensor = composite(
  "pad",
  (x: Tensor, widths: readonly Padding[], value = 0) => {
    checkNumber("pad", "value", value);
    const pairs = checkWidths(x.shape, widths);
    const shape = x.shape.map((size, axis) => pairs[axis][0] + size + pairs[axis][1]);
    const spans = x.shape.map((count, axis): Span => ({ start: pairs[axis][0], step: 1, count }));
    const placed = placeSpans([x], [spans], shape);
    if (value === 0) return placed;
    const isInside = placeSpans([one(x).expand(x.shape)], [spans], shape);
    return where(isInside, placed, value);
  },
  [
    { shapes: [[2, 3]], call: (x) => pad(x, [[1, 2]]) },
    { shapes: [[2, 3]], call: (x) => pad(x, [[0, 1], [2, 0]], 0.5) }, // biome-ignore format: one line.
  ],
  {
    settings: [(dice, shape) => shape.map(() => [dice.integer(0, 2), dice.integer(0, 2)]), [0, -1.5]],
    required: 1,
  },
);

/**
 * The whole repeated so many times along each axis; more numbers than axes put new axes in front. (`expand` repeats without
 * copying, axes of size 1 only.)
 * @example repeat(tensor([1, 2]), [2, 2]); // tensor([[1, 2, 1, 2], [1, 2, 1, 2]])
 */
export const repeat: (x: Tensor, times: readonly number[]) => Tensor = shorthand(
  (x: Tensor, times: readonly number[]) => {
    x = operand("repeat", x);
    const counts = checkShape("repeat", times);
    const added = counts.length - x.rank;
    if (added < 0) {
      throw new ShapeError(
        "repeat",
        `${counts.length} numbers for the ${x.rank} axes of ${showShape(x.shape)}.`,
        "give one for each axis; 1 leaves it as it is.",
      );
    }
    const shape = [...new Array<number>(added).fill(1), ...x.shape];
    return x
      .reshape(shape.flatMap((size) => [1, size]))
      .expand(shape.flatMap((size, axis) => [counts[axis], size]))
      .reshape(shape.map((size, axis) => counts[axis] * size));
  },
  { settings: [(dice, shape) => [1, ...shape].map(() => dice.integer(1, 2))], required: 1 },
);

/**
 * Elements moved on by `shift` places along an axis; what leaves at the end comes in again at the start. Several shifts, one for each
 * of several axes, are applied together.
 * @example roll(tensor([1, 2, 3]), 1, 0); // tensor([3, 1, 2])
 */
export const roll: (
  x: Tensor,
  shift: number | readonly number[],
  axis: number | readonly number[],
) => Tensor = shorthand(
  (x: Tensor, shift: number | readonly number[], axis: number | readonly number[]) => {
    x = operand("roll", x);
    const [shifts, axes] = [[shift].flat(), [axis].flat()] as [number[], number[]];
    if (shifts.length !== axes.length) {
      throw new ArgumentError(
        "roll",
        `got ${shifts.length} shifts for ${axes.length} axes.`,
        "give one for each.",
      );
    }
    return axes.reduce((moved, each, i) => rollAlong(moved, shifts[i], each), x);
  },
  { settings: [[1, -2, 5], "axis"], required: 2 },
);

function rollAlong(x: Tensor, shift: number, axis: number): Tensor {
  const along = normalizeAxis("roll", axis, x.rank);
  if (!Number.isInteger(shift))
    throw new ArgumentError("roll", `a shift is a whole number; got ${describeValue(shift)}.`);
  const size = x.shape[along];
  const start = size === 0 ? 0 : ((shift % size) + size) % size;
  if (start === 0) return x;
  const part = (from: number, count: number): Tensor =>
    takeSpans(
      x,
      x.shape.map((length, i) =>
        i === along ? { start: from, step: 1, count } : { start: 0, step: 1, count: length },
      ),
    );
  return concat([part(size - start, start), part(0, size - start)], along);
}

/**
 * The lower triangle of matrices: elements above the diagonal are 0. `diagonal` moves the boundary: 1 keeps one diagonal more.
 * @example tril(tensor([[1, 2], [3, 4]])); // tensor([[1, 0], [3, 4]])
 */
export const tril: (x: Tensor, diagonal?: number) => Tensor = triangle(
  "tril",
  (column, row) => column <= row,
);

/**
 * The upper triangle of matrices: elements below the diagonal are 0. `diagonal` moves the boundary: 1 leaves out one diagonal more.
 * @example triu(tensor([[1, 2], [3, 4]]), 1); // tensor([[0, 2], [0, 0]])
 */
export const triu: (x: Tensor, diagonal?: number) => Tensor = triangle(
  "triu",
  (column, row) => column >= row,
);

/* @__NO_SIDE_EFFECTS__ */ function triangle(
  name: string,
  isKept: (column: number, row: number) => boolean,
): (x: Tensor, diagonal?: number) => Tensor {
  const f: (x: Tensor, diagonal?: number) => Tensor = composite(
    name,
    (x: Tensor, diagonal = 0) => {
      const [rows, columns] = checkMatrix(name, x.shape);
      checkOffset(name, diagonal);
      const mask = zeroTensor([rows, columns], x.dtype);
      const { data } = mask.storage;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) data[i * columns + j] = isKept(j - diagonal, i) ? 1 : 0;
      // A choice, and not a product: what is left out may be infinite.
      return where(mask, x, 0);
    },
    [{ shapes: [[2, 3, 4]], call: (x) => f(x, 1) }],
    { settings: [[0, 1, -1]] },
  );
  return f;
}

/**
 * The diagonal of matrices, [..., n, m] → [..., k]; `offset` 1 is the one above, −1 the one below. A view where memory allows.
 * @example diagonal(tensor([[1, 2], [3, 4]])); // tensor([1, 4])
 */
export const diagonal: (x: Tensor, offset?: number) => Tensor = shorthand(
  (x: Tensor, offset = 0) => {
    x = operand("diagonal", x);
    const [rows, columns] = checkMatrix("diagonal", x.shape);
    checkOffset("diagonal", offset);
    const count = Math.max(0, Math.min(rows + Math.min(offset, 0), columns - Math.max(offset, 0)));
    const start = count === 0 ? 0 : offset >= 0 ? offset : -offset * columns;
    const leading = x.shape.slice(0, -2);
    return takeSpans(x.reshape([...leading, rows * columns]), [
      ...leading.map((size): Span => ({ start: 0, step: 1, count: size })),
      { start, step: columns + 1, count },
    ]);
  },
  { settings: [[0, 1, -1]] },
);

/**
 * All products of the elements of two vectors: [n] and [m] → [n, m].
 * @example outer(tensor([1, 2]), tensor([3, 4])); // tensor([[3, 4], [6, 8]])
 */
export const outer: (x: Tensor, y: Tensor) => Tensor = composite(
  "outer",
  (x: Tensor, y: Tensor) => {
    if (x.rank !== 1 || y.rank !== 1) {
      throw new ShapeError(
        "outer",
        `takes two vectors; got ${showShape(x.shape)} and ${showShape(y.shape)}.`,
        "flatten() them first; of batches, x.unsqueeze(-1).mul(y.unsqueeze(-2)).",
      );
    }
    return x.unsqueeze(1).mul(y);
  },
  [{ shapes: of([3], [4]), call: (x, y) => outer(x, y) }],
  { others: (shape, _, dice) => (shape.length === 1 ? [[dice.integer(1, 3)]] : null) },
);

const one = ({ dtype }: Tensor): Tensor => scalarTensor(1, dtype);

function checkWidths(shape: Shape, widths: readonly Padding[]): Padding[] {
  const isWidth = (width: unknown): boolean => Number.isInteger(width) && (width as number) >= 0;
  const isPair = (pair: unknown): boolean => Array.isArray(pair) && pair.length === 2 && pair.every(isWidth);
  if (!Array.isArray(widths) || !widths.every(isPair)) {
    throw new ArgumentError(
      "pad",
      `widths are pairs of whole numbers of at least 0; got ${Array.isArray(widths) ? `[${widths.map((pair) => (Array.isArray(pair) ? `[${pair.join(", ")}]` : describeValue(pair))).join(", ")}]` : describeValue(widths)}.`,
      "write [[before, after], …], a pair for each of the last axes.",
    );
  }
  if (widths.length > shape.length)
    throw new ShapeError(
      "pad",
      `${widths.length} pairs of widths for the ${shape.length} axes of ${showShape(shape)}.`,
    );
  return [...new Array<Padding>(shape.length - widths.length).fill([0, 0]), ...widths];
}

function checkMatrix(name: string, shape: Shape): readonly number[] {
  if (shape.length >= 2) return shape.slice(-2);
  throw new AxisError(name, `takes matrices, at least two axes; got ${showShape(shape)}.`);
}

function checkOffset(name: string, offset: number): void {
  if (Number.isInteger(offset)) return;
  throw new ArgumentError(
    name,
    `the number of the diagonal is whole; got ${describeValue(offset)}.`,
    "0 is the main one.",
  );
}
