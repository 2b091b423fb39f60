/** Elementwise kernels and reductions over strided operands: index bookkeeping around the compiled loops. */

import type { Expression, Expressions } from "../arithmetic.ts";
import type { ElementwiseKernel, Operand, ReduceKernel } from "../backend.ts";
import type { FloatArray } from "../types.ts";
import { type Axes, forEachIndex, mergeAxes } from "../walk.ts";
import { compileFold, compileLoop, compileSingle, type Fold, type Loop } from "./loops.ts";

/** A kernel that computes every index of a shape, innermost axis in one loop. */
export function elementwise(expressions: Expressions, operandCount: number): ElementwiseKernel {
  const loopFor = oncePerType<Loop>(() => compileLoop(expressions, operandCount));
  let single: ReturnType<typeof compileSingle> | undefined;
  return (shape, outputs, operands) => {
    if (isSingle(shape)) {
      single ??= compileSingle(expressions, operandCount);
      single(outputs, operands);
      return;
    }
    const loop = loopFor(outputs[0].storage.data);
    const outputArrays = outputs.map(dataOf);
    const operandArrays = operands.map(dataOf);
    const axes = mergeAxes(shape, [...outputs, ...operands]);
    forEachRun(axes, axes.sizes.length - 1, (count, starts, steps) =>
      loop(count, outputArrays, operandArrays, starts, steps),
    );
  };
}

/**
 * A kernel that folds over the trailing axes with a float64 accumulator, elements in row-major order.
 * Where the innermost reduced axis is far apart in memory but a kept axis is dense (the sum over rows),
 * whole rows are folded into a row of accumulators: the same order for every output, without the jumps.
 */
export function reduce(fold: Expression, operandCount: number, initial: number): ReduceKernel {
  const foldFor = oncePerType<Fold>(() => compileFold(fold, operandCount));
  const rowLoopFor = oncePerType<Loop>(() =>
    compileLoop((m, ...values) => [fold(m, ...values)], operandCount + 1),
  );
  return (shape, reducedRank, output, operands) => {
    const keptRank = shape.length - reducedRank;
    const kept = shape.slice(0, keptRank);
    const reduced = shape.slice(keptRank);
    const keptCount = kept.reduce((product, size) => product * size, 1);
    const arrays = operands.map(dataOf);
    const keptAxes = mergeAxes(kept, [
      output,
      ...operands.map((operand) => ({ ...operand, strides: operand.strides.slice(0, keptRank) })),
    ]);
    const reducedAxes = mergeAxes(
      reduced,
      operands.map((operand) => ({ ...operand, offset: 0, strides: operand.strides.slice(keptRank) })),
    );
    const { offset } = output;
    const out = output.storage.data;

    const isRowwise = keptAxes.sizes.length === 1 && keptCount > 1 && jumps(reducedAxes) > jumps(keptAxes);
    if (isRowwise) {
      const rowLoop = rowLoopFor(out);
      const accumulators = new Float64Array(keptCount).fill(initial);
      const steps = [1, 1, ...keptAxes.steps.map((axisSteps) => axisSteps[0]).slice(1)];
      const starts = new Array<number>(operands.length + 2).fill(0);
      forEachIndex(reducedAxes, (shifts) => {
        for (let i = 0; i < operands.length; i++) starts[i + 2] = operands[i].offset + shifts[i];
        rowLoop(keptCount, [accumulators], [accumulators, ...arrays], starts, steps);
      });
      out.set(accumulators, offset);
      return;
    }
    const foldLoop = foldFor(out);
    const starts = new Array<number>(operands.length);
    forEachIndex(keptAxes, (keptStarts) => {
      let accumulator = initial;
      forEachRun(reducedAxes, reducedAxes.sizes.length - 1, (count, shifts, steps) => {
        for (let i = 0; i < operands.length; i++) starts[i] = keptStarts[i + 1] + shifts[i];
        accumulator = foldLoop(accumulator, count, arrays, starts, steps);
      });
      out[keptStarts[0]] = accumulator;
    });
  };
}

function isSingle(shape: readonly number[]): boolean {
  for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== 1) return false;
  return true;
}

const dataOf = (operand: Operand): FloatArray => operand.storage.data;

/** As forEachIndex, with the axis that follows handed over as one run of `count` elements. */
function forEachRun(
  axes: Axes,
  rank: number,
  visit: (count: number, starts: readonly number[], steps: readonly number[]) => void,
): void {
  const count = rank < 0 ? 1 : axes.sizes[rank];
  const steps = axes.steps.map((operandSteps) => (rank < 0 ? 0 : operandSteps[rank]));
  forEachIndex(axes, (starts) => visit(count, starts, steps), rank);
}

/** How far apart neighbours on the innermost axis are, summed over the operands. */
function jumps(axes: Axes): number {
  const last = axes.sizes.length - 1;
  return last < 0 ? 0 : axes.steps.reduce((sum, steps) => sum + Math.abs(steps[last]), 0);
}

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
