/** The functions that make tensors: from values, of one value, evenly spaced, at random. */

import { checkCount, checkNumber, checkOptions, describeValue } from "../basics/check.ts";
import { checkDtype } from "../basics/dtype.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkFills, checkFlat, flattenNested, type NestedValues, shapeOfNested } from "../basics/nested.ts";
import type { Random } from "../basics/random.ts";
import { checkShape, contiguousStrides, type Shape, sizeOf } from "../basics/shape.ts";
import { type Dtype, type FloatArray, Storage } from "../kernels/index.ts";
import { isTensor, notAnOperand, operand } from "../ops/operands.ts";
import { normal as normalDraw, uniform as uniformDraw } from "../ops/random.ts";
import type { Tensor } from "../ops/tensor.ts";
import { makeTensor } from "./tensor.ts";

/** Options of every function that makes a tensor. */
export interface TensorOptions {
  /** Record operations on it, to differentiate by it. Default false. */
  readonly requiresGrad?: boolean;
  /** "float32" (the default), or "float64" for checks at higher precision. */
  readonly dtype?: Dtype;
}

/**
 * A tensor from a number, nested arrays, or flat values with a shape.
 *
 * ```ts
 * tensor([[1, 2], [3, 4]]);                     // shape [2, 2]
 * tensor(new Float32Array([1, 2, 3, 4]), [2, 2]); // the same; typed arrays are copied
 * tensor(0.5, { requiresGrad: true });          // a scalar to differentiate by
 * ```
 *
 * Integers are exact up to 2²⁴ in float32; larger ones round, from typed arrays too.
 *
 * @throws ShapeError when rows differ in length, or the values do not fill the shape
 */
export function tensor(values: ArrayLike<number>, shape: Shape, options?: TensorOptions): Tensor;
/** The same from nested arrays, whose shape is seen. Last, so that compilers say of this one what does not fit. */
export function tensor(values: NestedValues, options?: TensorOptions): Tensor;
export function tensor(
  values: NestedValues | ArrayLike<number>,
  shapeOrOptions?: Shape | TensorOptions,
  maybeOptions?: TensorOptions,
): Tensor {
  const hasShape = Array.isArray(shapeOrOptions) || ArrayBuffer.isView(shapeOrOptions);
  const options = hasShape || shapeOrOptions === undefined ? maybeOptions : (shapeOrOptions as TensorOptions);
  if (shapeOrOptions !== undefined && !hasShape) {
    checkOptions("tensor", shapeOrOptions, OPTIONS);
    if (maybeOptions !== undefined) throw twoOptions();
  }
  if (isTensor(values)) throw alreadyTensor();
  if (typeof values === "object" && values !== null && "storage" in values)
    throw notAnOperand("tensor", values);
  if (!ArrayBuffer.isView(values) && !hasShape) {
    const shape = shapeOfNested("tensor", values as NestedValues);
    return create("tensor", shape, options, (data) =>
      flattenNested("tensor", values as NestedValues, shape, data),
    );
  }
  const flat = values as ArrayLike<number>;
  checkFlat("tensor", flat);
  const shape = hasShape ? checkShape("tensor", shapeOrOptions as Shape) : [flat.length];
  checkFills("tensor", flat, shape);
  return create("tensor", shape, options, (data) => {
    if (ArrayBuffer.isView(flat)) data.set(flat);
    else flattenNested("tensor", Array.isArray(flat) ? flat : Array.from(flat), [flat.length], data);
  });
}

/** Zeros. @example zeros([2], { requiresGrad: true }).requiresGrad; // true */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return create("zeros", checkShape("zeros", shape, options), options);
}

/** Ones. @example ones([2, 2]); // tensor([[1, 1], [1, 1]]) */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return create("ones", checkShape("ones", shape, options), options, (data) => data.fill(1));
}

/** One value everywhere. @example full([2], 7); // tensor([7, 7]) */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  const checked = checkShape("full", shape);
  checkNumber("full", "value", value);
  return create("full", checked, options, (data) => data.fill(value));
}

/** Zeros of the shape and dtype of another tensor. @example zerosLike(tensor([5, 6])); // tensor([0, 0]) */
export function zerosLike(other: Tensor, options?: TensorOptions): Tensor {
  const { shape, dtype } = operand("zerosLike", other);
  return create("zerosLike", shape, options, undefined, dtype);
}

/** Ones of the shape and dtype of another tensor. @example onesLike(tensor([5, 6])); // tensor([1, 1]) */
export function onesLike(other: Tensor, options?: TensorOptions): Tensor {
  const { shape, dtype } = operand("onesLike", other);
  return create("onesLike", shape, options, (data) => data.fill(1), dtype);
}

/** The identity matrix of `size` rows. @example eye(2); // tensor([[1, 0], [0, 1]]) */
export function eye(size: number, options?: TensorOptions): Tensor {
  return create("eye", checkShape("eye", [size, size]), options, (data) => {
    for (let i = 0; i < size; i++) data[i * size + i] = 1;
  });
}

/**
 * start, start + step, … below `stop` (above it where the step is negative). With one argument: 0, 1, … below it. The ends
 * are compared in float64; rounding to float32 may bring the last element up to `stop`.
 * @example arange(2, 5); // tensor([2, 3, 4])
 */
export function arange(start: number, stop?: number, step = 1, options?: TensorOptions): Tensor {
  const numbers = Object.entries({ start, stop: stop ?? 0, step });
  for (const [name, value] of numbers)
    checkNumber("arange", name, value, "options come last: arange(0, 5, 1, options).");
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  let count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(count)) {
    throw new ArgumentError(
      "arange",
      `from ${from} to ${to} in steps of ${step} never ends.`,
      "use finite bounds and a step other than 0.",
    );
  }
  // The quotient is rounded: it is the elements themselves that decide which of them is the last.
  const isBefore = (i: number): boolean => (step > 0 ? from + i * step < to : from + i * step > to);
  if (count > 0 && !isBefore(count - 1)) count--;
  else if (isBefore(count)) count++;
  return create("arange", checkShape("arange", [count]), options, (data) => {
    for (let i = 0; i < count; i++) data[i] = from + i * step;
  });
}

/**
 * `count` values evenly spaced from `start` to `stop`, both included exactly. One value is `start`.
 * @example linspace(0, 4, 3); // tensor([0, 2, 4])
 */
export function linspace(start: number, stop: number, count: number, options?: TensorOptions): Tensor {
  checkNumber("linspace", "start", start);
  checkNumber("linspace", "stop", stop);
  checkCount("linspace", "count", count, 0);
  return create("linspace", checkShape("linspace", [count]), options, (data) => {
    const last = count - 1;
    // Where the width or a multiple of it is no float, all is reckoned 2³³ times smaller.
    const scale = Number.isFinite((stop - start) * last) ? 1 : 2 ** -33;
    const width = stop * scale - start * scale;
    for (let i = 0; i < last; i++) data[i] = i === 0 ? start : (start * scale + (width * i) / last) / scale;
    if (count > 0) data[last] = count === 1 ? start : stop;
  });
}

/** Standard normal numbers of a shape, N(0, 1), from a stream. @example normal([2, 3], new Random(1)).shape; // [2, 3] */
export function normal(shape: Shape, random: Random, options?: TensorOptions): Tensor {
  checkDraw("normal", shape, options, "mul(deviation).add(mean)");
  return withOptions("normal", normalDraw(shape, random), options);
}

/**
 * Uniform numbers in [0, 1) of a shape, multiples of 2⁻²⁴, from a stream.
 * @example uniform([2], new Random(1)).shape; // [2]
 */
export function uniform(shape: Shape, random: Random, options?: TensorOptions): Tensor {
  checkDraw("uniform", shape, options, "mul(high - low).add(low)");
  return withOptions("uniform", uniformDraw(shape, random), options);
}

/** Options of a draw; other libraries take the range of the numbers in their place. */
function checkDraw(where: string, shape: unknown, options: unknown, scaling: string): void {
  if (typeof options === "number") {
    throw new ArgumentError(
      where,
      `options are an object; got ${describeValue(options)}.`,
      `scale what is drawn: ${where}(shape, random).${scaling}.`,
    );
  }
  // What is third after sizes one by one is no options: the shape's own message says so.
  if (Array.isArray(shape)) checkOptions(where, options, OPTIONS);
}

/** A new tensor, drawn in float32, with the options of tensors. */
function withOptions(where: string, drawn: Tensor, options: TensorOptions = {}): Tensor {
  const { dtype = "float32", requiresGrad = false } = options;
  const made = checkDtype(where, dtype) === drawn.dtype ? drawn : drawn.to(dtype);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}

const OPTIONS: readonly (keyof TensorOptions)[] = ["requiresGrad", "dtype"];

/** A tensor of zeros, which `fill` may write over. @param dtype where the options tell none */
export function create(
  where: string,
  shape: Shape,
  options: TensorOptions | undefined,
  fill?: (data: FloatArray) => void,
  dtype: Dtype = "float32",
): Tensor {
  checkOptions(where, options, OPTIONS);
  const storage = Storage.allocate(sizeOf(shape), checkDtype(where, options?.dtype ?? dtype));
  fill?.(storage.data);
  const created = makeTensor(storage, shape, contiguousStrides(shape), 0);
  if (options?.requiresGrad) created.requiresGrad = true;
  return created;
}

function alreadyTensor(): ArgumentError {
  return new ArgumentError(
    "tensor",
    "got a tensor.",
    "use clone() for a copy, or detach() for a view without a past.",
  );
}

function twoOptions(): ArgumentError {
  return new ArgumentError(
    "tensor",
    "got options twice.",
    "write tensor(values, options) or tensor(values, shape, options).",
  );
}
