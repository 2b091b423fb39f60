/** Nested arrays in and out: `[[1, 2], [3, 4]]` ⇄ shape [2, 2] and flat elements. */

import type { FloatArray } from "../kernels/types.ts";
import { describeValue } from "./check.ts";
import { ArgumentError, ShapeError } from "./errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "./shape.ts";

/** A number, or arrays of them, all of one length at each depth. */
export type NestedArray = number | readonly NestedArray[];

/** What a tensor can be made of: the same, where rows may be typed arrays. */
export type NestedValues = number | NumericArray | readonly NestedValues[];

/** A typed array whose elements are numbers. */
export type NumericArray =
  | FloatArray
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Arrays, and typed arrays of numbers. */
function isRow(value: unknown): value is readonly NestedValues[] {
  return (
    Array.isArray(value) ||
    (ArrayBuffer.isView(value) && !NOT_NUMBERS.test(String(Object.prototype.toString.call(value))))
  );
}

const NOT_NUMBERS = /Big|DataView/;

/**
 * The shape of a nested array, as its first rows have it.
 *
 * @throws ShapeError when there is no end of rows in rows, or of elements
 */
export function shapeOfNested(where: string, values: NestedValues): Shape {
  const shape: number[] = [];
  let first: NestedValues | undefined = values;
  while (isRow(first)) {
    if (shape.push(first.length) > DEEPEST) {
      throw new ShapeError(
        where,
        `the nested array has more than ${DEEPEST} axes; does it contain itself?`,
        "an array of arrays of numbers makes a matrix.",
      );
    }
    first = first[0] as NestedValues | undefined;
  }
  return checkShape(where, shape);
}

const DEEPEST = 1000;

/** Writes a nested array of a known shape into flat memory. */
export function flattenNested(where: string, values: NestedValues, shape: Shape, out: FloatArray): void {
  let next = 0;
  const last = shape.length - 1;
  const index = shape.map(() => 0);
  // The path is made when there is something to say of it: for each element it would cost seven times what the rest does.
  const path = (axis: number): string =>
    `values${index
      .slice(0, axis)
      .map((i) => `[${i}]`)
      .join("")}`;
  const visit = (value: NestedValues, axis: number): void => {
    if (!isRow(value)) throw ragged(where, `${path(axis)} is ${describeValue(value)}`, axis, shape);
    if (value.length !== shape[axis]) throw ragged(where, `${path(axis)} has ${value.length}`, axis, shape);
    for (let i = 0; i < value.length; i++) {
      index[axis] = i;
      if (axis < last) visit(value[i], axis + 1);
      else {
        const element = value[i];
        if (typeof element !== "number") throw notANumber(where, element, path(axis + 1), shape);
        out[next++] = element;
      }
    }
  };
  if (last >= 0) visit(values, 0);
  else if (typeof values === "number") out[0] = values;
  else throw notANumber(where, values, path(0), shape);
}

/** @throws ArgumentError unless the values are a flat array of numbers, typed or not */
export function checkFlat(where: string, values: ArrayLike<number>): void {
  if (typeof values !== "object" || values === null || typeof values.length !== "number") {
    throw new ArgumentError(
      where,
      `the values must be a flat array of numbers; got ${describeValue(values)}.`,
      "full(shape, value) repeats a number.",
    );
  }
  if (/^Big/.test(Object.prototype.toString.call(values).slice(8))) {
    throw new ArgumentError(
      where,
      `got ${describeValue(values)}.`,
      "convert its elements with Float64Array.from(values, Number).",
    );
  }
}

/** @throws ShapeError unless flat values are as many as the shape holds */
export function checkFills(where: string, values: ArrayLike<number>, shape: Shape): void {
  if (Array.isArray(values) && values.some(Array.isArray)) {
    throw new ShapeError(
      where,
      `a shape ${showShape(shape)} was given, so the values must be a flat array; got one with arrays in it.`,
      "leave the shape out for nested arrays, or flatten them with values.flat(Infinity).",
    );
  }
  if (sizeOf(shape) !== values.length) {
    throw new ShapeError(
      where,
      `${values.length} values do not fill the shape ${showShape(shape)}, which holds ${sizeOf(shape)}.`,
      "the product of the sizes is the number of values.",
    );
  }
}

/** Flat memory as nested arrays. */
export function toNested(
  shape: Shape,
  strides: readonly number[],
  offset: number,
  data: FloatArray,
): NestedArray {
  const visit = (axis: number, at: number): NestedArray => {
    if (axis === shape.length) return data[at];
    const list = new Array<NestedArray>(shape[axis]);
    const step = strides[axis];
    const isLast = axis === shape.length - 1;
    for (let i = 0; i < list.length; i++) {
      list[i] = isLast ? data[at + i * step] : visit(axis + 1, at + i * step);
    }
    return list;
  };
  return visit(0, offset);
}

function ragged(where: string, found: string, axis: number, shape: Shape): ShapeError {
  return new ShapeError(
    where,
    `the nested array is ragged: ${found}, but its neighbours on axis ${axis} have ${shape[axis]} elements.`,
    "make all rows equally long, pad them, or build one tensor for each row.",
  );
}

function notANumber(where: string, value: unknown, path: string, shape: Shape): Error {
  if (isRow(value)) {
    return new ShapeError(
      where,
      `the nested array is ragged: ${path} is an array of ${value.length}, where the first row has a number (shape ${showShape(shape)}).`,
      "make all rows equally deep.",
    );
  }
  const isTensor = typeof value === "object" && value !== null && "storage" in value;
  return new ArgumentError(
    where,
    `${path} is ${describeValue(value)}; only numbers can be elements.`,
    isTensor
      ? "join tensors with stack([…]) or concat([…])."
      : /Boolean|Big/.test(Object.prototype.toString.call(value))
        ? "convert elements with Number(…)."
        : typeof value === "object" && value !== null
          ? "spread what can be iterated over: [...values]; a buffer needs a view: new Float32Array(buffer)."
          : undefined,
  );
}
