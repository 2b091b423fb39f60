/** Reductions from a fold: an author writes how an element joins the total, and what the gradient is. */

import { checkOptions } from "../basics/check.ts";
import type { Calls } from "../basics/domains.ts";
import { ShapeError } from "../basics/errors.ts";
import { contiguousStrides, normalizeAxes, type Shape, showShape, sizeOf } from "../basics/shape.ts";
import { backend, type Expression, type ReduceKernel, readAs } from "../kernels/index.ts";
import { operand } from "./operands.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** One axis, several, or (left out) all. Negative axes count from the last. */
export type Axes = number | readonly number[];

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced axes with size 1, so that the result broadcasts against the operand. Default false. */
  readonly keepdim?: boolean;
}

/** What a reduction is called with, axes counted from the front. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

/** What is written of a reduction. */
export interface Reduction {
  name: string;
  /** How an element joins the total; or in its place the kernel, where no fold will do. */
  fold?: Expression;
  kernel?: ReduceKernel;
  initial: number;
  /** Divides by the number of elements, before the result is rounded. */
  divides?: boolean;
  reads: Operation["reads"];
  /** Left out: the gradient stops here. */
  gradient?: NonNullable<Operation<ReduceAttributes>["gradient"]>;
}

/** A reduction over any axes, in one sweep. */
/* @__NO_SIDE_EFFECTS__ */ export function reduction(
  record: Reduction,
): (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor {
  const { name, fold, initial, divides = false, reads, gradient } = record;
  let { kernel } = record;
  const operation: Operation<ReduceAttributes> = {
    name,
    shape([x], { axes, keepdim }) {
      const shape = reducedShape(name, x.shape, axes, keepdim);
      // Nothing of nothing is an empty result; only an element of the result needs elements to come from.
      if (Math.abs(initial) === Infinity && x.size === 0 && sizeOf(shape) > 0)
        throw noElements(name, x.shape);
      return shape;
    },
    compute(output, _shape, [x], { axes }) {
      kernel ??= backend.reduce(fold!, 1, initial);
      const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
      const shape = order.map((axis) => x.shape[axis]);
      const strides = order.map((axis) => x.strides[axis]);
      const kept = shape.slice(0, shape.length - axes.length);
      const { storage, offset } = x;
      const target = readAs(output, { strides: contiguousStrides(kept) });
      const divisor = divides ? x.size / sizeOf(kept) : 1;
      kernel(shape, axes.length, target, [{ storage, offset, strides }], divisor);
    },
    // With the reduced axes as axes of one, the cotangent broadcasts against the operand; a scalar does as it is.
    gradient:
      gradient &&
      ((cotangent, node, index) => {
        const kept = keptShape(node.inputs![0].shape, node.attributes.axes);
        return gradient(cotangent.rank === 0 ? cotangent : cotangent.reshape(kept), node, index);
      }),
    reads,
    examples: [
      { shapes: [[2, 3, 4]], attributes: { axes: [0, 1, 2], keepdim: false } },
      { shapes: [[2, 3, 4]], attributes: { axes: [0], keepdim: false } },
      { shapes: [[2, 3, 4]], attributes: { axes: [0, 2], keepdim: true } },
      { shapes: [[2, 3, 4]], attributes: { axes: [2], keepdim: false } },
    ],
    calls: REDUCTION_CALLS,
  };
  return recordOf((x: Tensor, axes?: Axes, options?: ReduceOptions) => {
    const input = operand(name, x);
    if (options !== undefined) checkOptions(name, options, REDUCE_OPTIONS);
    return apply(operation, [input], {
      axes: normalizeAxes(name, axes, input.rank, REDUCE_OPTIONS),
      keepdim: options?.keepdim ?? false,
    });
  }, operation);
}

/** How reductions are called. */
export const REDUCTION_CALLS: Calls = { settings: ["axes", { keepdim: [false, true] }] };

/** The options of reductions. */
export const REDUCE_OPTIONS: readonly string[] = ["keepdim"];

/** The error for an extremum of nothing. */
export function noElements(name: string, shape: Shape): ShapeError {
  return new ShapeError(
    name,
    `${showShape(shape)} has no elements to choose from.`,
    "make sure that there is one along each reduced axis, or leave empty tensors out.",
  );
}

/** The shape with the reduced axes as axes of one. */
export const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** The shape of the result. */
export function reducedShape(where: string, shape: Shape, axes: Axes | undefined, keepdim: boolean): Shape {
  const reduced = normalizeAxes(where, axes, shape.length);
  return keepdim ? keptShape(shape, reduced) : shape.filter((_, axis) => !reduced.includes(axis));
}

/** How many elements become one. */
export function reducedCount(
  where: string,
  x: Tensor,
  axes: Axes | undefined,
  options: readonly string[],
): number {
  return sizeOf(normalizeAxes(where, axes, x.rank, options).map((axis) => x.shape[axis]));
}
