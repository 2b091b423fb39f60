/** Elements in order: their places, and themselves. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { AxisError, ShapeError } from "../basics/errors.ts";
import { normalizeAxis, showShape } from "../basics/shape.ts";
import { forEachIndex } from "../kernels/index.ts";
import { composite } from "./composite.ts";
import { gather } from "./gathering.ts";
import { linesAlong } from "./lines.ts";
import { operand } from "./operands.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** From the largest to the smallest. Default false. */
  readonly descending?: boolean;
}

const SORT_OPTIONS = ["descending"];
const TOPK_OPTIONS = ["smallest"];

/** Options of `topk`. */
export interface TopkOptions {
  /** The smallest instead. Default false. */
  readonly smallest?: boolean;
}

/**
 * The indices that sort along an axis (the last by default), as numbers; not differentiable. Equal elements keep their order, and
 * NaN counts as the largest.
 * @example argsort(tensor([3, 1, 2])); // tensor([1, 2, 0])
 */
export const argsort: (x: Tensor, axis?: number, options?: SortOptions) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ axis: number; descending: boolean }> = {
    name: "argsort",
    shape([x], { axis }) {
      if (x.shape[axis] <= 2 ** 24) return x.shape;
      throw new ShapeError(
        "argsort",
        `an index up to ${x.shape[axis]} is not exact in float32 (limit 2^24).`,
      );
    },
    compute(output, shape, [x], { axis, descending }) {
      const [source, target] = [x.storage.data, output.storage.data];
      const [step, outStep, size] = [x.strides[axis], output.strides[axis], shape[axis]];
      const line = new Float64Array(size);
      const order = new Uint32Array(size);
      const sign = descending ? -1 : 1;
      const compare = (i: number, j: number): number => {
        const [a, b] = [line[i], line[j]];
        // NaN is neither above nor below; it belongs behind everything.
        const way = a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));
        return way === 0 ? i - j : sign * way;
      };
      forEachIndex(linesAlong(axis, shape, x, output), ([from, to]) => {
        for (let i = 0; i < size; i++) {
          line[i] = source[from + i * step];
          order[i] = i;
        }
        order.sort(compare);
        for (let i = 0; i < size; i++) target[to + i * outStep] = order[i];
      });
    },
    reads: "nothing",
    examples: [{ shapes: [[3, 4]], attributes: { axis: 1, descending: false } }],
    calls: { settings: ["axis", { descending: [false, true] }] },
  };
  return recordOf((x: Tensor, axis = -1, options: SortOptions = {}) => {
    const input = operand("argsort", x);
    checkOptions("argsort", options, SORT_OPTIONS);
    const { descending = false } = options;
    const along = normalizeAxis("argsort", axis, input.rank, SORT_OPTIONS);
    return apply(operation, [input], { axis: along, descending });
  }, operation);
})();

/**
 * The elements in order along an axis (the last by default), NaN as the largest. The gradient goes back to where each came from.
 * @example sort(tensor([3, 1, 2]), 0, { descending: true }); // tensor([3, 2, 1])
 */
export const sort: (x: Tensor, axis?: number, options?: SortOptions) => Tensor = composite(
  "sort",
  (x: Tensor, axis = -1, options: SortOptions = {}) => {
    checkOptions("sort", options, SORT_OPTIONS);
    axis = normalizeAxis("sort", axis, x.rank, SORT_OPTIONS);
    return gather(x, axis, argsort(x.detach(), axis, options));
  },
  [{ shapes: [[3, 4]], call: (x) => sort(x, 0) }],
  { settings: ["axis", { descending: [false, true] }] },
);

/**
 * The `count` largest elements along an axis (the last by default), the largest first, and their indices as numbers, which are not
 * differentiable.
 * @throws AxisError where the axis has fewer
 * @example topk(tensor([3, 1, 2]), 2).values; // tensor([3, 2])
 */
export function topk(
  x: Tensor,
  count: number,
  axis = -1,
  options: TopkOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const input = operand("topk", x);
  checkOptions("topk", options, TOPK_OPTIONS);
  checkCount("topk", "the number of elements", count, 0);
  const along = normalizeAxis("topk", axis, input.rank, TOPK_OPTIONS);
  if (count > input.shape[along]) {
    throw new AxisError(
      "topk",
      `${count} elements of axis ${along} of ${showShape(input.shape)}, which has ${input.shape[along]}.`,
    );
  }
  const order = argsort(input.detach(), along, { descending: !options.smallest });
  const indices = order.slice(...order.shape.map((_, i) => (i === along ? ([0, count] as const) : null)));
  return { values: gather(input, along, indices), indices };
}
