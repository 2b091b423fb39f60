/** Shapes, strides and axes: the arithmetic of where elements are, and the messages when it does not work out. */

import { sizeOf } from "../kernels/walk.ts";
import { describeValue, few, isPlainObject } from "./check.ts";
import { ArgumentError, AxisError, ShapeError } from "./errors.ts";

export { sizeOf };

/** The number of elements along each axis; `[]` for a scalar. */
export type Shape = readonly number[];

/** A shape as people write it: `[3, 4]`. */
export function showShape(shape: Shape): string {
  return `[${few(shape)}]`;
}

/** Strides of a row-major array without gaps. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether elements lie row-major without gaps (strides of axes of size 1 do not matter). */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return sizeOf(shape) === 0;
    stride *= shape[axis];
  }
  return true;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A shape given by a user, checked: whole, not negative, not absurdly large. The result is a copy, which stays as it is
 * when the user changes the array.
 *
 * @param next the argument after it: another size, where sizes are given one by one
 */
export function checkShape(where: string, shape: Shape, next?: unknown): Shape {
  const isShape =
    Array.isArray(shape) &&
    shape.every((size) => Number.isInteger(size) && size >= 0) &&
    sizeOf(shape) <= LARGEST;
  if (!isShape) throw notAShape(where, shape, next);
  return shape.slice();
}

const LARGEST = 2 ** 31;

/** The error for a shape that is none, with the sizes that were meant. */
export function notAShape(where: string, shape: unknown, next?: unknown): ShapeError {
  if (!Array.isArray(shape)) {
    const sizes = [shape, next].filter((size) => typeof size === "number");
    return new ShapeError(
      where,
      `a shape is an array of whole numbers; got ${describeValue(shape)}.`,
      `put all sizes into one array: ${where}(${showShape(sizes.length > 0 ? sizes : [2, 3])}); [] is the shape of a scalar.`,
    );
  }
  if (shape.every((size) => Number.isInteger(size) && size >= 0))
    return new ShapeError(where, `${showShape(shape)} has ${sizeOf(shape)} elements; the limit is 2^31.`);
  return new ShapeError(
    where,
    `[${few(shape.map(showSize))}] is not a shape: every size is a whole number, 0 or more.`,
    `write the sizes as numbers, such as ${where}([2, 3]).`,
  );
}

/** A size as a message shows it: text in quotes, so that "2" and 2 differ. */
function showSize(size: unknown): string {
  return typeof size === "number" ? `${size}` : typeof size === "string" ? `"${size}"` : describeValue(size);
}

/**
 * The shape that both broadcast to, by NumPy's rule: aligned at the last axis, sizes are equal or one
 * of them is 1 (or missing).
 *
 * @throws ShapeError where two sizes differ and neither is 1
 */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b) || b.length === 0) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let axis = 1; axis <= rank; axis++) {
    const sizeA = a[a.length - axis] ?? 1;
    const sizeB = b[b.length - axis] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) throw noBroadcast(where, a, b, axis);
    shape[rank - axis] = sizeA === 1 ? sizeB : sizeA;
  }
  return shape;
}

function noBroadcast(where: string, a: Shape, b: Shape, axis: number): ShapeError {
  const [sizeA, sizeB] = [a, b].map((shape) => shape[shape.length - axis]);
  return new ShapeError(
    where,
    `shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ` +
      `counted from the last axis, axis -${axis} has sizes ${sizeA} and ${sizeB}, which must be equal or 1.`,
    "reshape or transpose one of them, or insert an axis of size 1 with unsqueeze().",
  );
}

/** Strides that read an array of `shape` as if it had the (broadcast) shape `target`: 0 where it repeats. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): readonly number[] {
  if (sameShape(shape, target)) return strides;
  const missing = target.length - shape.length;
  return target.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing],
  );
}

/**
 * The axis counted from the front: -1 is the last.
 *
 * @param options the names of those that the function takes after its axis
 */
export function normalizeAxis(
  where: string,
  axis: number,
  rank: number,
  options?: readonly string[],
): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw notAnAxis(where, axis, rank, options);
  return axis < 0 ? axis + rank : axis;
}

function notAnAxis(where: string, axis: unknown, rank: number, options: readonly string[] = []): AxisError {
  const isNumber = typeof axis === "number";
  const problem = !isNumber
    ? `an axis is a whole number; got ${describeValue(axis)}.`
    : rank === 0
      ? `a scalar has no axis ${axis}.`
      : `axis ${axis} is outside a tensor of ${rank} axes: it must be a whole number from ${-rank} to ${rank - 1}.`;
  const named = isPlainObject(axis)
    ? Object.entries(axis).find(([name]) => /^(ax[ei]|dim)/.test(name))
    : null;
  const fix = named
    ? `write the axis itself: ${JSON.stringify(named[1])}.`
    : named === undefined && options.length > 0
      ? `options come after the axis, which may be undefined: { ${options.join(", ")} }.`
      : where === "max" || where === "min"
        ? `element by element: ${where}imum(x, ${isNumber ? axis : "y"}).`
        : isNumber
          ? undefined
          : "count axes from 0, or from the last with -1.";
  return new AxisError(where, problem, fix);
}

/** Sorted distinct axes counted from the front; all of them when none is given. */
export function normalizeAxes(
  where: string,
  axes: number | readonly number[] | undefined | null,
  rank: number,
  options?: readonly string[],
): number[] {
  if (axes === undefined || axes === null) return Array.from({ length: rank }, (_, axis) => axis);
  const list = Array.isArray(axes) ? axes : [axes];
  const normal = list.map((axis) => normalizeAxis(where, axis, rank, options)).sort((a, b) => a - b);
  if (new Set(normal).size !== normal.length) {
    throw new AxisError(where, `axes ${showShape(list)} name the same axis twice.`);
  }
  return normal;
}

/** A target shape with at most one -1 (or undefined) filled in from the number of elements. */
export function inferShape(where: string, shape: Shape, size: number): Shape {
  const unknown = shape.filter((s) => s === -1).length;
  if (unknown > 1) throw new ShapeError(where, `${showShape(shape)} leaves more than one size open (-1).`);
  const known = sizeOf(shape.filter((s) => s !== -1));
  const full = shape.map((s) => (s === -1 ? size / known : s));
  if (unknown === 1 && size % known !== 0) {
    throw new ShapeError(where, `${size} elements do not fill ${showShape(shape)} evenly.`);
  }
  const checked = checkShape(where, full);
  if (sizeOf(full) !== size) {
    throw new ShapeError(
      where,
      `${size} elements cannot take the shape ${showShape(full)}, which holds ${sizeOf(full)}.`,
      "the product of the sizes must stay the same; one size may be -1 to be computed.",
    );
  }
  return checked;
}

/** Strides of the same elements in another shape without moving them, or null where they must be copied. */
export function reshapeStrides(shape: Shape, strides: readonly number[], target: Shape): number[] | null {
  if (isContiguous(shape, strides)) return contiguousStrides(target);
  // Walk both shapes from the left in groups of equal size; within a group the old axes must be dense.
  const result = new Array<number>(target.length).fill(0);
  const old = shape.map((size, axis) => ({ size, stride: strides[axis] })).filter(({ size }) => size !== 1);
  let from = 0;
  let to = 0;
  while (from < old.length) {
    const firstTo = to;
    let oldSize = old[from].size;
    let newSize = 1;
    let lastOld = from;
    while (newSize !== oldSize) {
      if (newSize < oldSize) newSize *= target[to++];
      else {
        if (old[lastOld].stride !== old[lastOld + 1].stride * old[lastOld + 1].size) return null;
        oldSize *= old[++lastOld].size;
      }
    }
    let stride = old[lastOld].stride;
    for (let axis = to - 1; axis >= firstTo; axis--) {
      result[axis] = stride;
      stride *= target[axis];
    }
    from = lastOld + 1;
  }
  return result;
}

/** A permutation of the axes, checked. */
export function checkPermutation(where: string, axes: readonly number[], rank: number): number[] {
  const normal = Array.isArray(axes) ? axes.map((axis) => normalizeAxis(where, axis, rank)) : [];
  if (!Array.isArray(axes) || normal.length !== rank || new Set(normal).size !== rank)
    throw notAnOrder(where, axes, rank);
  return normal;
}

function notAnOrder(where: string, axes: unknown, rank: number): AxisError {
  if (Array.isArray(axes))
    return new AxisError(
      where,
      `${showShape(axes)} is not an order of the ${rank} axes: each is named once.`,
    );
  return new AxisError(
    where,
    `an order of axes is an array; got ${describeValue(axes)}.`,
    `name all ${rank} axes, such as ${where}([${Array.from({ length: rank }, (_, i) => rank - 1 - i).join(", ")}]).`,
  );
}

/** What to take along one axis: everything, one index (the axis goes away), or `[start, stop, step]`. */
export type Range =
  | null
  | undefined
  | number
  | readonly [(number | null)?, (number | null)?, (number | null)?];

/** A range along an axis of known size: `count` elements from `start` in steps of `step`. */
export interface Span {
  /** The first index. */
  readonly start: number;
  /** From one index to the next; negative walks backwards. */
  readonly step: number;
  /** How many indices. */
  readonly count: number;
}

/**
 * Resolves a `[start, stop, step]` range by Python's rules: negative indices count from the end, `stop` is
 * left out, what lies beyond is cut off, and a negative step walks backwards.
 */
export function resolveRange(where: string, range: Exclude<Range, number>, size: number): Span {
  if (range !== null && range !== undefined && !Array.isArray(range)) {
    throw new ArgumentError(
      where,
      `a range is null, an index, or [start, stop, step]; got ${describeValue(range)}.`,
      "write [1, 4] for the indices 1 to 3, and null for all.",
    );
  }
  const [start = null, stop = null, stride = null] = range ?? [];
  const step = stride ?? 1;
  for (const value of [start, stop, step]) {
    if (value !== null && !Number.isInteger(value)) {
      throw new ArgumentError(where, `a range is made of whole numbers; got [${start}, ${stop}, ${step}].`);
    }
  }
  if (step === 0)
    throw new ArgumentError(where, "the step of a range cannot be 0.", "use a step of 1 or -1.");
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const [first, end] = step > 0 ? [lowest, highest] : [highest, lowest];
  const clip = (index: number): number =>
    Math.min(Math.max(index < 0 ? index + size : index, lowest), highest);
  const from = start === null ? first : clip(start);
  const to = stop === null ? end : clip(stop);
  return { start: from, step, count: Math.max(0, Math.ceil((to - from) / step)) };
}
