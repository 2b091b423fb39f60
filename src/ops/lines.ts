/** The lines of an array along one axis: what operations that go along an axis loop over. */

import type { Shape } from "../basics/shape.ts";
import { type Axes, mergeAxes, type Operand } from "../kernels/index.ts";

/** Where each line along `axis` begins, in every layout, for `forEachIndex`. */
export function linesAlong(
  axis: number,
  shape: Shape,
  ...layouts: readonly Pick<Operand, "offset" | "strides">[]
): { sizes: number[]; starts: number[]; steps: (readonly number[])[] } {
  return {
    sizes: shape.map((size, i) => (i === axis ? 1 : size)),
    starts: layouts.map(({ offset }) => offset),
    steps: layouts.map(({ strides }) => strides),
  };
}

/**
 * The elements of one entry of `axis`, for `forEachIndex`, and the innermost of them as a run of `count` elements. Where
 * the entries are closer together in memory than those elements are, a run is one element, and the loop over entries
 * goes inside: memory is read in order either way, which is four times as fast.
 */
export function entryAlong(
  axis: number,
  shape: Shape,
  x: Operand,
  output: Operand,
): { axes: Axes; rank: number; count: number; run: number; outRun: number } {
  const axes = mergeAxes(shape.with(axis, shape[axis] === 0 ? 0 : 1), [x, output]);
  const last = axes.sizes.length - 1;
  const isInner = last >= 0 && Math.abs(axes.steps[0][last]) < Math.abs(x.strides[axis]);
  const [run, outRun] = isInner ? axes.steps.map((steps) => steps[last]) : [0, 0];
  return { axes, rank: isInner ? last : last + 1, count: isInner ? axes.sizes[last] : 1, run, outRun };
}
