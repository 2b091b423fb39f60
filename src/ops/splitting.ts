/** Operations that give several tensors: the parts of one along an axis. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, AxisError } from "../basics/errors.ts";
import { normalizeAxis, type Shape, showShape } from "../basics/shape.ts";
import { operand } from "./operands.ts";
import { takeSpans } from "./spans.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Parts along an axis (the first by default): of `sizes` entries each, the last one perhaps smaller, or of the sizes of a list.
 * @throws AxisError where the sizes of a list do not add up to the axis
 * @example split(tensor([1, 2, 3]), [1, 2])[1]; // tensor([2, 3])
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const input = operand("split", x);
  const along = normalizeAxis("split", axis, input.rank);
  let start = 0;
  return partSizes(input.shape, along, sizes).map((count) => {
    start += count;
    return part(input, along, start - count, count);
  });
}

/**
 * The entries of an axis (the first by default), each without it.
 * @example unbind(tensor([[1, 2], [3, 4]]), 1)[0]; // tensor([1, 3])
 */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  const input = operand("unbind", x);
  const along = normalizeAxis("unbind", axis, input.rank);
  return Array.from({ length: input.shape[along] }, (_, i) => part(input, along, i, 1).squeeze(along));
}

function part(x: Tensor, axis: number, start: number, count: number): Tensor {
  return takeSpans(
    x,
    x.shape.map((size, i) => (i === axis ? { start, step: 1, count } : { start: 0, step: 1, count: size })),
  );
}

function partSizes(shape: Shape, axis: number, sizes: number | readonly number[]): readonly number[] {
  const size = shape[axis];
  if (Number.isInteger(sizes) && (sizes as number) > 0) {
    const each = sizes as number;
    // Of nothing there is one part, which is empty.
    return Array.from({ length: Math.max(1, Math.ceil(size / each)) }, (_, i) =>
      Math.min(each, size - i * each),
    );
  }
  if (!Array.isArray(sizes) || !sizes.every((count) => Number.isInteger(count) && count >= 0)) {
    throw new ArgumentError(
      "split",
      `sizes are a whole number of at least 1, or a list of whole numbers of at least 0; got ${Array.isArray(sizes) ? showShape(sizes) : describeValue(sizes)}.`,
      "write split(x, 2) for parts of two entries each.",
    );
  }
  const total = sizes.reduce((sum, count) => sum + count, 0);
  if (total === size) return sizes;
  throw new AxisError(
    "split",
    `sizes ${showShape(sizes)} add up to ${total}; axis ${axis} of ${showShape(shape)} has ${size}.`,
  );
}
