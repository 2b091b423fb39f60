/** What is true of elements, as 1 or 0. Not differentiable: the gradient stops here. */

import type { Unary } from "./elementwise.ts";
import { unary } from "./elementwise-record.ts";
import { type Axes, type ReduceOptions, reduction } from "./reduction-record.ts";
import type { Tensor } from "./tensor.ts";

/** 1 where x is NaN, else 0. */
const isNotANumber: Unary = unary({ name: "isNaN", value: (m, x) => m.sub(m.constant(1), m.equal(x, x)) });

/** 1 where x is neither infinite nor NaN, else 0. */
const isFiniteNumber: Unary = unary({
  name: "isFinite",
  value: (m, x) => m.less(m.abs(x), m.constant(Infinity)),
});

/**
 * 1 where any element over axes (all by default) is not 0, NaN included, else 0. Of no elements it is 0.
 * @example any(tensor([[0, 0], [0, 2]]), 1); // tensor([0, 1])
 */
export const any: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  name: "any",
  fold: (m, found, x) => m.maximum(found, m.sub(m.constant(1), m.equal(x, m.constant(0)))),
  initial: 0,
  reads: "nothing",
});

/**
 * 1 where all elements over axes (all by default) are other than 0, NaN included, else 0. Of no elements it is 1.
 * @example all(tensor([[0, 1], [1, 2]]), 1); // tensor([0, 1])
 */
export const all: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  name: "all",
  fold: (m, found, x) => m.minimum(found, m.sub(m.constant(1), m.equal(x, m.constant(0)))),
  initial: 1,
  reads: "nothing",
});

// Under names of their own here, so that no line of this file takes them for the global functions.
export { isFiniteNumber as isFinite, isNotANumber as isNaN };
