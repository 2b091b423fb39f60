/** Updates in place: how optimisers step. */

import { ShapeError } from "../basics/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../basics/shape.ts";
import {
  type Arithmetic,
  backend,
  type ElementwiseKernel,
  type Operand,
  Storage,
  updateOf,
  watcher,
} from "../kernels/index.ts";
import { broadcastOperand } from "../ops/elementwise-record.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor, TensorLike } from "../ops/tensor.ts";
import { changeInPlace } from "../ops/writes.ts";
import { checkWritable } from "../tensor/tensor.ts";

/**
 * An update in place: result k of `values` is written into operand k. It is how optimisers step: not
 * differentiable, and refused for values whose computation is on a tape. Numbers go in as float64; those that differ
 * from step to step come as the list that `onHost` returned.
 */
export function inPlace(record: {
  readonly name: string;
  /** How many of the first operands are written. */
  readonly writes: number;
  /** What is written; and behind it where float32 may not do, see `updateOf`. */
  readonly values: <V>(m: Arithmetic<V>, ...operands: V[]) => V[];
}): (...operands: (TensorLike | readonly number[])[]) => void {
  const { name, writes } = record;
  const values = updateOf(record.values, writes);
  let kernel: ElementwiseKernel | undefined;
  return (...given) => {
    const targets = given.slice(0, writes) as Tensor[];
    const { shape } = targets[0];
    for (const target of targets) checkWritable(name, target);
    const operandsOf = given.flatMap((value, k): Operand | Operand[] => {
      if (!isTensor(value)) return scalars(typeof value === "number" ? [value] : value, shape);
      const fits =
        sameShape(value.shape, shape) ||
        (k >= writes && sameShape(broadcastShapes(name, value.shape, shape), shape));
      if (!fits)
        throw new ShapeError(
          name,
          `operand ${k} of shape ${showShape(value.shape)} does not fit the updated ${showShape(shape)}.`,
        );
      return broadcastOperand(value, shape);
    });
    kernel ??= backend.elementwise(values, operandsOf.length);
    const read = given.filter((value) => isTensor(value));
    changeInPlace(name, targets, read, () => kernel!(shape, targets, operandsOf));
  };
}

/** Numbers as operands, each repeated to the shape. */
function scalars(numbers: readonly number[], shape: Shape): Operand[] {
  const strides = shape.map(() => 0);
  const storages = numbers.map((value) => Storage.of(Float64Array.of(value)));
  if (watcher !== null) watcher.scalars(numbers, storages);
  return storages.map((storage) => ({ storage, offset: 0, strides }));
}

/** factor · x; a factor of 0 leaves nothing of an infinity either, where 0 · ∞ would be NaN. */
export function times<V>(m: Arithmetic<V>, factor: V, x: V): V {
  return m.where(factor, m.mul(factor, x), m.constant(0));
}

/** The gradient with an L2 penalty. */
export function penalised<V>(m: Arithmetic<V>, gradient: V, penalty: V, parameter: V): V {
  return m.add(gradient, times(m, penalty, parameter));
}

/**
 * a ← keep · a + take · b, which add up to 1. Both rounded do not quite, and what is always the same would drift: so it is a step from the
 * one that more is left of.
 */
export function blendInPlace(name: string): (a: Tensor, b: Tensor, take: number) => void {
  const fromA = inPlace({
    name,
    writes: 1,
    values: (m, a, b, take) => {
      const step = m.sub(b, a);
      return [m.add(a, m.mul(take, step)), isLarge(m, step)];
    },
  });
  const fromB = inPlace({
    name,
    writes: 1,
    values: (m, a, b, keep) => {
      const step = m.sub(b, a);
      return [m.sub(b, times(m, keep, step)), isLarge(m, step)];
    },
  });
  return (a, b, take) => (take > 0.5 ? fromB(a, b, 1 - take) : fromA(a, b, take));
}

/** Whether a number is so large that a product with it, a sum or its square may be beyond the range of float32. */
export function isLarge<V>(m: Arithmetic<V>, x: V): V {
  return m.less(m.constant(2 ** 60), m.abs(x));
}

/** Whether the root of a running mean of squares is so large that its square may be beyond that range, or what is lost of it counts. */
export function isFar<V>(m: Arithmetic<V>, root: V): V[] {
  return [m.less(m.constant(2 ** 60), root), m.less(root, m.constant(2 ** -50))];
}
