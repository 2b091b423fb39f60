/**
 * How far a float32 result may be from the exact one: a running error analysis along the operations that are applied. Each
 * value carries a bound of its error, and an operation makes a bound for its result from those of its operands.
 *
 * Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3 (running error analysis).
 */

import { checkReturned, vjp } from "../autograd/functional.ts";
import { checkKind } from "../basics/check.ts";
import { broadcastStrides, contiguousStrides, type Shape, sizeOf } from "../basics/shape.ts";
import { type Arithmetic, Storage } from "../kernels/index.ts";
import * as math from "../kernels/math.ts";
import { listOf, operands } from "../ops/operands.ts";
import { type Attributes, apply, type Operation, withObserver } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";

/** Half a unit in the last place of float32. */
const UNIT = 2 ** -24;
/** What rounding to a subnormal number may add. */
const TINY = 2 ** -149;
/** Errors of the functions, such as exp, in units. */
const FUNCTION_UNITS = 4;

/** A float64 value, and how far a float32 computation of it may be off. */
interface Bounded {
  readonly value: number;
  readonly error: number;
}

/**
 * The value of a function in float64, and for each element a bound of the error that its evaluation in float32 makes. The inputs
 * are taken as exact.
 *
 * Elementwise operations are followed step by step through their expressions, whatever the size of the errors; a choice that
 * rounding could turn counts with the distance of the two sides. Other operations are taken as linear at the operands: errors
 * pass through the absolute Jacobian, so to first order, and as many roundings as there are terms in an element are added, each of
 * the size of all terms together.
 *
 * ```ts
 * const x = tensor([0.1, 0.2, 0.3]);
 * const { value, bound } = errorBound((x) => x.exp().sum(), [x]);
 * Math.abs(x.exp().sum().item() - value.item()) <= bound.item(); // true
 * ```
 *
 * @param f written with tensor operations; constants in it must be numbers or float64
 * @throws ArgumentError for what is no function, no list of tensors, or does not return a tensor
 */
export function errorBound(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): { readonly value: Tensor; readonly bound: Tensor } {
  checkKind("errorBound", "what is evaluated", f, "function", "write errorBound((x) => x.exp(), [x]).");
  const list = operands("errorBound", listOf("errorBound", inputs, "write errorBound(f, [x])."));
  const errors = new WeakMap<Storage, Storage>();
  const doubles = list.map((input) => input.detach().to("float64"));
  for (const { storage } of doubles) errors.set(storage, Storage.of(new Float64Array(storage.size)));
  const errorsOf = (x: Tensor): Storage => {
    let found = errors.get(x.storage);
    if (found === undefined) {
      // What no operation made is a number among the operands, which float32 rounds.
      found = Storage.of(Float64Array.from(x.storage.data, (value) => Math.abs(value - Math.fround(value))));
      errors.set(x.storage, found);
    }
    return found;
  };
  let isInside = false;
  const follow = (
    operation: Operation,
    operands: readonly Tensor[],
    output: Tensor,
    attributes: Attributes,
  ): void => {
    // A view has the errors of what it views, and a draw has none.
    if (isInside || operands.length === 0 || operands.some(({ storage }) => storage === output.storage))
      return;
    isInside = true;
    try {
      const made =
        operation.value === undefined
          ? throughJacobian(
              operation,
              operands,
              attributes,
              output,
              operands.map((x) => elementsOf(x, errorsOf(x))),
            )
          : throughExpression(operation, operands, output.shape, operands.map(errorsOf));
      errorsOf(output).data.set(made, output.offset);
    } finally {
      isInside = false;
    }
  };
  const value = withObserver(follow, () => f(...doubles));
  checkReturned("errorBound", value);
  const bound = tensor(elementsOf(value, errorsOf(value)), value.shape, { dtype: "float64" });
  return { value: value.detach(), bound };
}

/** The errors of a tensor's elements, in row-major order. */
function elementsOf(x: Tensor, errors: Storage): Float64Array {
  return Float64Array.from(placesOf(x.shape, x.strides, x.offset), (at) => errors.data[at]);
}

function throughExpression(
  { value }: Operation,
  operands: readonly Tensor[],
  shape: Shape,
  errors: readonly Storage[],
): Float64Array {
  const places = operands.map((x) => placesOf(shape, broadcastStrides(x.shape, x.strides, shape), x.offset));
  return Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) =>
      value!(
        bounded,
        ...operands.map((x, k): Bounded => {
          const at = places[k][i];
          return { value: x.storage.data[at], error: errors[k].data[at] };
        }),
      ).error,
  );
}

function throughJacobian(
  operation: Operation,
  operands: readonly Tensor[],
  attributes: Attributes,
  output: Tensor,
  errors: readonly Float64Array[],
): Float64Array {
  const bounds = new Float64Array(output.size);
  // Without a rule, nothing is known; a copy of another dtype or an index is never what is asked about.
  if (operation.gradient === undefined) return bounds.fill(Infinity);
  const points = operands.map((x) => x.detach());
  const [, pullback] = vjp((inner: readonly Tensor[]) => apply(operation, inner, attributes), points);
  const elements = points.map((x) => x.toTypedArray<Float64Array>());
  const cotangent = new Float64Array(output.size);
  for (let k = 0; k < output.size; k++) {
    cotangent.fill(0);
    cotangent[k] = 1;
    const rows = pullback(tensor(cotangent, output.shape, { dtype: "float64" }));
    let passed = 0;
    let magnitude = 0;
    let terms = 0;
    let isCopy = true;
    for (const [i, row] of rows.entries()) {
      for (const [j, slope] of row.toTypedArray().entries()) {
        if (slope === 0) continue;
        passed += Math.abs(slope) * errors[i][j];
        magnitude += Math.abs(slope * elements[i][j]);
        isCopy = terms++ === 0 && slope === 1;
      }
    }
    // A single term with the slope 1 is a copy, which rounds nothing.
    bounds[k] = passed + (isCopy ? 0 : (terms + 2) * (UNIT * (magnitude + passed) + TINY));
  }
  return bounds;
}

/** Where in memory the elements of a layout are, in row-major order. */
function placesOf(shape: Shape, strides: readonly number[], offset: number): number[] {
  const own = contiguousStrides(shape);
  return Array.from({ length: sizeOf(shape) }, (_, flat) =>
    shape.reduce((at, size, axis) => at + (Math.floor(flat / own[axis]) % size) * strides[axis], offset),
  );
}

function rounded(value: number, error: number, units = 1): Bounded {
  const bound = error + units * UNIT * (Math.abs(value) + error) + TINY;
  // Where an operand may be anything, so may the result, 0 · ∞ included.
  return { value, error: Number.isNaN(bound) ? Infinity : bound };
}

/** 1 or 0, and an error of 1 where rounding may turn the answer. */
const decided = (isTrue: boolean, isCertain: boolean): Bounded => ({
  value: isTrue ? 1 : 0,
  error: isCertain ? 0 : 1,
});

/** Expressions read for their rounding errors. */
const bounded: Arithmetic<Bounded> = {
  constant: (value) => ({ value, error: Math.abs(value - Math.fround(value)) }),
  add: (a, b) => rounded(a.value + b.value, a.error + b.error),
  sub: (a, b) => rounded(a.value - b.value, a.error + b.error),
  mul: (a, b) =>
    rounded(a.value * b.value, Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error),
  div: (a, b) => {
    const value = a.value / b.value;
    return rounded(value, (a.error + Math.abs(value) * b.error) / Math.max(Math.abs(b.value) - b.error, 0));
  },
  neg: (a) => ({ value: -a.value, error: a.error }),
  abs: (a) => ({ value: Math.abs(a.value), error: a.error }),
  sqrt: (a) => {
    const value = Math.sqrt(a.value);
    const [low, high] = [Math.max(a.value - a.error, 0), a.value + a.error].map(Math.sqrt);
    return rounded(value, Math.max(value - low, high - value));
  },
  maximum: (a, b) => ({ value: Math.max(a.value, b.value), error: Math.max(a.error, b.error) }),
  minimum: (a, b) => ({ value: Math.min(a.value, b.value), error: Math.max(a.error, b.error) }),
  less: (a, b) =>
    decided(a.value < b.value, Math.abs(a.value - b.value) > a.error + b.error || a.error + b.error === 0),
  equal: (a, b) =>
    decided(a.value === b.value, Math.abs(a.value - b.value) > a.error + b.error || a.error + b.error === 0),
  where: (condition, a, b) => {
    const taken = condition.value !== 0 ? a : b;
    const isCertain = condition.error === 0 || Math.abs(condition.value) > condition.error;
    const error = isCertain ? taken.error : Math.max(a.error, b.error) + Math.abs(a.value - b.value);
    return { value: taken.value, error };
  },
  exp: (a) => rounded(math.exp(a.value), math.exp(a.value) * math.expm1(a.error), FUNCTION_UNITS),
  log: (a) => rounded(math.log(a.value), a.error / Math.max(a.value - a.error, 0), FUNCTION_UNITS),
  log1p: (a) => rounded(math.log1p(a.value), a.error / Math.max(1 + a.value - a.error, 0), FUNCTION_UNITS),
  expm1: (a) => rounded(math.expm1(a.value), math.exp(a.value) * math.expm1(a.error), FUNCTION_UNITS),
  sin: (a) => rounded(math.sin(a.value), a.error, FUNCTION_UNITS),
  cos: (a) => rounded(math.cos(a.value), a.error, FUNCTION_UNITS),
  tanh: (a) => rounded(math.tanh(a.value), a.error, FUNCTION_UNITS),
  erf: (a) => rounded(math.erf(a.value), 1.13 * a.error, FUNCTION_UNITS),
  erfc: (a) => {
    const steepest = Math.max(Math.abs(a.value) - a.error, 0);
    return rounded(math.erfc(a.value), 1.13 * math.exp(-steepest * steepest) * a.error, FUNCTION_UNITS);
  },
  pow: (a, b) => {
    const [value, size] = [math.pow(a.value, b.value), Math.abs(a.value)];
    const isAcross = a.error > size;
    // The largest and the smallest power are those of the ends.
    const ends = [isAcross ? 0 : size - a.error, size + a.error]
      .flatMap((base) => [b.value - b.error, b.value + b.error].map((exponent) => math.pow(base, exponent)))
      .map((end) => (isAcross ? end + Math.abs(value) : Math.abs(end - Math.abs(value))));
    return rounded(value, a.error === 0 && b.error === 0 ? 0 : Math.max(...ends), FUNCTION_UNITS);
  },
};
