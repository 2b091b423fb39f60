/** Whether two tensors have the same elements: exactly, or within a tolerance. */

import { checkNumber, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { sameShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import type { Tensor, TensorLike } from "../ops/tensor.ts";

/** How far elements may be apart: |a − b| ≤ absolute + relative · |b|. */
export interface Tolerance {
  /** As a part of the expected magnitude. Default 1e-5. */
  readonly relative?: number;
  /** Default 1e-8. */
  readonly absolute?: number;
}

/**
 * Whether two tensors have the same shape, dtype and elements. NaN is the same as NaN, and 0 as −0. The tape, layout in
 * memory and gradients do not matter.
 *
 * ```ts
 * equals(tensor([1, 2]).add(1), tensor([2, 3])); // true
 * ```
 */
export function equals(a: TensorLike, b: TensorLike): boolean {
  const [x, y] = [operand("equals", a), operand("equals", b)];
  return x.dtype === y.dtype && sameShape(x.shape, y.shape) && differences(x, y, 0, 0).next().done === true;
}

/**
 * Whether two tensors have the same shape, and elements within a tolerance of those of `b`. NaN is close to NaN, and an
 * infinity to itself. Dtypes may differ.
 *
 * ```ts
 * allClose(tensor([0.1]).mul(3), tensor([0.3]), { relative: 1e-6 }); // true
 * ```
 *
 * @throws ArgumentError for a tolerance that is negative or NaN
 */
export function allClose(a: TensorLike, b: TensorLike, tolerance?: Tolerance): boolean {
  const [x, y] = [operand("allClose", a), operand("allClose", b)];
  const { relative, absolute } = checkTolerance("allClose", tolerance);
  return sameShape(x.shape, y.shape) && differences(x, y, relative, absolute).next().done === true;
}

/** A tolerance with its defaults. @throws ArgumentError where it is none */
export function checkTolerance(where: string, tolerance: Tolerance | undefined): Required<Tolerance> {
  checkOptions(where, tolerance, ["relative", "absolute"]);
  const { relative = 1e-5, absolute = 1e-8 } = tolerance ?? {};
  for (const [name, value] of Object.entries({ relative, absolute })) {
    checkNumber(where, name, value);
    if (!(value >= 0)) throw new ArgumentError(where, `${name} is at least 0; got ${value}.`);
  }
  return { relative, absolute };
}

/** An element that differs: its place in row-major order, and both values. */
export type Difference = readonly [place: number, actual: number, expected: number];

/** The elements of tensors of one shape that differ by more than a tolerance, in row-major order. */
export function* differences(
  a: Tensor,
  b: Tensor,
  relative: number,
  absolute: number,
): Generator<Difference> {
  const [actual, expected] = [a.toTypedArray(), b.toTypedArray()];
  for (let i = 0; i < actual.length; i++) {
    const [x, y] = [actual[i], expected[i]];
    const isSame = x === y || (Number.isNaN(x) && Number.isNaN(y));
    // Infinity is within no tolerance of what is finite, nor the other way round.
    const isClose = Number.isFinite(y) && Math.abs(x - y) <= absolute + relative * Math.abs(y);
    if (!isSame && !isClose) yield [i, x, y];
  }
}
