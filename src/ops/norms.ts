/** Norms of any order. */

import { checkNumber, checkOptions } from "../basics/check.ts";
import { normalizeAxes } from "../basics/shape.ts";
import { composite, inFloat64 } from "./composite.ts";
import { where } from "./elementwise.ts";
import { withRecording } from "./operation.ts";
import { type Axes, REDUCE_OPTIONS, type ReduceOptions, reducedShape } from "./reduction-record.ts";
import { norm } from "./reductions.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The norm of order p over axes (all by default): (Σ |x|ᵖ)^(1/p). Infinity is the largest |x|, −Infinity the smallest, 0 the number
 * of elements other than 0, which has no slope. The Euclidean one is `norm`. Where an element is 0, its gradient is 0.
 *
 * The element that counts most is taken out first, the largest or, where p is negative, the smallest other than 0, so that powers
 * neither overflow nor vanish.
 * @example vectorNorm(tensor([3, -4]), 1); // tensor(7)
 */
export const vectorNorm: (x: Tensor, p: number, axes?: Axes, options?: ReduceOptions) => Tensor = composite(
  "vectorNorm",
  (x: Tensor, p: number, axes?: Axes, options: ReduceOptions = {}) => {
    checkNumber("vectorNorm", "p", p);
    checkOptions("vectorNorm", options, REDUCE_OPTIONS);
    axes = normalizeAxes("vectorNorm", axes, x.rank, REDUCE_OPTIONS);
    const { keepdim = false } = options;
    if (p === 2) return norm(x, axes, { keepdim });
    const size = x.abs();
    if (p === Infinity) return size.max(axes, { keepdim });
    if (p === -Infinity) return size.min(axes, { keepdim });
    if (p === 0) return where(size.detach().equal(0), size, 1).sum(axes, { keepdim });
    if (p === 1) return size.sum(axes, { keepdim });
    const none = p < 0 ? Infinity : 0;
    const root = inFloat64(size, (size) => {
      const isZero = size.detach().equal(0);
      const scale = withRecording(false, () => {
        const sizes = where(isZero, none, size.detach());
        if (x.size === 0) return sizes.sum(axes, { keepdim: true }).add(1);
        const most = p < 0 ? sizes.min(axes, { keepdim: true }) : sizes.max(axes, { keepdim: true });
        // Of infinite elements the norm is infinite, which the quotient ∞/∞ would not be.
        return where(most.equal(0).add(most.equal(Infinity)), 1, most);
      });
      const part = where(isZero, 1, size.div(scale)).pow(p);
      const total = where(isZero, none, part).sum(axes, { keepdim: true });
      const isNone = total.detach().equal(0);
      return where(isNone, none, where(isNone, 1, total).pow(1 / p)).mul(scale);
    });
    return keepdim ? root : root.reshape(reducedShape("vectorNorm", x.shape, axes, false));
  },
  [
    { shapes: [[3, 4]], kinks: [0], call: (x) => vectorNorm(x, 3) },
    { shapes: [[3, 4]], kinks: [0], call: (x) => vectorNorm(x, 1.5, 1, { keepdim: true }) },
    { shapes: [[3, 4]], kinks: [0], call: (x) => vectorNorm(x, 1, 0) },
  ],
  { settings: [[1, 3, 1.5], "axes"], required: 1, lowest: 0.1 },
);
