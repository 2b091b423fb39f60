/** Updates in place: how optimisers step. */

import { ShapeError } from "../basics/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../basics/shape.ts";
import {
  type Arithmetic,
  backend,
  type ElementwiseKernel,
  type Operand,
  Storage,
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
  readonly values: <V>(m: Arithmetic<V>, ...operands: V[]) => V[];
}): (...operands: (TensorLike | readonly number[])[]) => void {
  const { name, writes, values } = record;
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

/** The gradient with an L2 penalty. Without one an infinite parameter leaves it alone, where 0 · ∞ would make it NaN. */
export function penalised<V>(m: Arithmetic<V>, gradient: V, penalty: V, parameter: V): V {
  return m.add(gradient, m.where(penalty, m.mul(penalty, parameter), m.constant(0)));
}
