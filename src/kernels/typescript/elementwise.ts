/** Elementwise kernels and reductions over strided operands: index bookkeeping around the compiled loops. */

import type { Expression, Expressions } from "../arithmetic.ts";
import { type ElementwiseKernel, type Operand, type ReduceKernel, readAs } from "../backend.ts";
import { Storage } from "../storage.ts";
import type { FloatArray } from "../types.ts";
import { forEachIndex, mergeAxes, sizeOf } from "../walk.ts";
import { compileLoop, compileSingle, type Loop } from "./loops.ts";

/** A kernel that computes every index of a shape, innermost axis in one loop. One that folds may carry a total through it. */
export function elementwise(
  expressions: Expressions,
  operandCount: number,
  folds = false,
): ElementwiseKernel {
  const loopFor = oncePerType<Loop>(() => compileLoop(expressions, operandCount));
  const carryFor = oncePerType<Loop>(() => compileLoop(expressions, operandCount, true));
  let single: ReturnType<typeof compileSingle> | undefined;
  return (shape, outputs, operands) => {
    if (isSingle(shape)) {
      single ??= compileSingle(expressions, operandCount);
      single(outputs, operands);
      return;
    }
    const outputArrays = outputs.map(dataOf);
    const operandArrays = operands.map(dataOf);
    const axes = mergeAxes(shape, [...outputs, ...operands]);
    const last = axes.sizes.length - 1;
    const steps = axes.steps.map((each) => each[last]);
    const loop = (folds && steps[0] === 0 ? carryFor : loopFor)(operandArrays[operandCount - 1]);
    forEachIndex(axes, (starts) => loop(axes.sizes[last], outputArrays, operandArrays, starts, steps), last);
  };
}

/**
 * A kernel that folds over the trailing axes, in float64 and in row-major order: an elementwise kernel that updates totals
 * which stand still along those axes. Where neighbours along a kept axis are closer together in memory (the sum over rows),
 * the kept axes go inside: the same order for every total, without the jumps.
 */
export function reduce(fold: Expression, operandCount: number, initial: number): ReduceKernel {
  const update = elementwise((m, ...values) => [fold(m, ...values)], operandCount + 1, true);
  return (shape, reducedRank, output, operands, divisor = 1) => {
    const keptRank = shape.length - reducedRank;
    const kept = shape.slice(0, keptRank);
    const totals = new Float64Array(sizeOf(kept)).fill(initial);
    const strides = shape.map((_, axis) => (axis < keptRank ? sizeOf(kept.slice(axis + 1)) : 0));
    const all: Operand[] = [{ storage: Storage.of(totals), offset: 0, strides }, ...operands];
    const isInside = jump(shape, keptRank, shape.length, operands) > jump(shape, 0, keptRank, operands);
    const order = <T>(axes: readonly T[]): T[] =>
      isInside && totals.length > 1 ? [...axes.slice(keptRank), ...axes.slice(0, keptRank)] : [...axes];
    const turned = all.map((operand) => readAs(operand, { strides: order(operand.strides) }));
    update(order(shape), turned.slice(0, 1), turned);
    if (divisor !== 1) for (let i = 0; i < totals.length; i++) totals[i] /= divisor;
    output.storage.data.set(totals, output.offset);
  };
}

/** How far apart neighbours are along the innermost of some axes, summed over the operands. */
function jump(shape: readonly number[], from: number, to: number, operands: readonly Operand[]): number {
  let axis = to - 1;
  while (axis >= from && shape[axis] === 1) axis--;
  return axis < from ? 0 : operands.reduce((sum, { strides }) => sum + Math.abs(strides[axis]), 0);
}

function isSingle(shape: readonly number[]): boolean {
  for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== 1) return false;
  return true;
}

const dataOf = (operand: Operand): FloatArray => operand.storage.data;

/** One compiled loop for each array type, so that each sees a single type and stays fast. */
function oncePerType<T>(compile: () => T): (array: FloatArray) => T {
  let single: T | undefined;
  let double: T | undefined;
  return (array) => {
    if (array instanceof Float32Array) {
      single ??= compile();
      return single;
    }
    double ??= compile();
    return double;
  };
}
