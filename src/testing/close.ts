/** An assertion for tests: tensors agree within a tolerance, or the message says where they first do not. */

import { AssertionError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import type { TensorLike } from "../ops/tensor.ts";
import { checkTolerance, differences, type Tolerance } from "../tensor/comparison.ts";
import { unravel } from "./check.ts";

/**
 * Throws unless tensors have the same shape, and elements within |actual − expected| ≤ absolute + relative · |expected|.
 * NaN is close to NaN, and an infinity to itself. Both tolerances of 0 ask for the same elements.
 *
 * ```ts
 * assertClose(tensor([0.1]).mul(3), tensor([0.3]), { relative: 1e-6 });
 * ```
 *
 * @throws AssertionError naming the first element that differs, and how many do
 */
export function assertClose(actual: TensorLike, expected: TensorLike, tolerance?: Tolerance): void {
  const [x, y] = [operand("assertClose", actual), operand("assertClose", expected)];
  const { relative, absolute } = checkTolerance("assertClose", tolerance);
  if (!sameShape(x.shape, y.shape)) {
    throw new AssertionError(
      "assertClose",
      `the shape is ${showShape(x.shape)}, expected ${showShape(y.shape)}.`,
    );
  }
  const found = [...differences(x, y, relative, absolute)];
  if (found.length === 0) return;
  const [place, value, wanted] = found[0];
  throw new AssertionError(
    "assertClose",
    `element ${showShape(unravel(place, x.shape))} is ${value}, expected ${wanted}: ` +
      `they differ by ${Math.abs(value - wanted)}, allowed is ${absolute + relative * Math.abs(wanted)} ` +
      `(relative ${relative}, absolute ${absolute}). ${found.length} of ${x.size} elements differ.`,
  );
}
