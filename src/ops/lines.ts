/** The lines of an array along one axis: what operations that go along an axis loop over. */

import type { Shape } from "../basics/shape.ts";
import type { Operand } from "../kernels/index.ts";

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
