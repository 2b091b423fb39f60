/** Walking through several layouts of one shape at once: the one loop over indices that everything shares. */

import type { Operand } from "./backend.ts";

/** Sizes of the axes, outermost first, and for each operand its start and its step along every axis. */
export interface Axes {
  readonly sizes: readonly number[];
  readonly starts: readonly number[];
  /** steps[operand][axis] */
  readonly steps: readonly (readonly number[])[];
}

/** The same elements in the same order with as few axes as possible: size-1 axes dropped, dense pairs joined. */
export function mergeAxes(
  shape: readonly number[],
  operands: readonly Pick<Operand, "offset" | "strides">[],
): Axes {
  const sizes: number[] = [];
  const steps: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const last = sizes.length - 1;
    const joins =
      last >= 0 && operands.every((operand, i) => steps[i][last] === operand.strides[axis] * shape[axis]);
    if (joins) {
      sizes[last] *= shape[axis];
      for (let i = 0; i < operands.length; i++) steps[i][last] = operands[i].strides[axis];
    } else {
      sizes.push(shape[axis]);
      for (let i = 0; i < operands.length; i++) steps[i].push(operands[i].strides[axis]);
    }
  }
  return { sizes, starts: operands.map((operand) => operand.offset), steps };
}

/**
 * Calls `visit` with every operand's place for each index of the first `rank` axes (all by default), in row-major order.
 * The array of places is the same one at each call.
 */
export function forEachIndex(
  axes: Axes,
  visit: (places: readonly number[]) => void,
  rank: number = axes.sizes.length,
): void {
  const { sizes, steps } = axes;
  if (sizes.includes(0)) return;
  const starts = axes.starts.slice();
  const index = new Array<number>(Math.max(rank, 0)).fill(0);
  for (;;) {
    visit(starts);
    let axis = rank - 1;
    for (; axis >= 0; axis--) {
      for (let i = 0; i < starts.length; i++) starts[i] += steps[i][axis];
      if (++index[axis] < sizes[axis]) break;
      for (let i = 0; i < starts.length; i++) starts[i] -= steps[i][axis] * sizes[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** How many elements a shape holds. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}
