/** Products over axes. Their gradients are right at zeros too, at a cost that grows as the number of elements does. */

import { normalizeAxis, sizeOf } from "../basics/shape.ts";
import { forEachIndex, mergeAxes, type ReduceKernel } from "../kernels/index.ts";
import { composite, inFloat64, interceptor } from "./composite.ts";
import { concat } from "./joining.ts";
import { linesAlong } from "./lines.ts";
import { scalarTensor } from "./operands.ts";
import { apply, isRecording, type Operation, of, recordOf } from "./operation.ts";
import { type Axes, type ReduceOptions, reduction } from "./reduction-record.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The product over axes (all by default), multiplied in float64, of whatever size its parts are. The gradient of an element is the
 * product of all others. Of no elements it is 1.
 * @example prod(tensor([[1, 2], [3, 4]]), 1); // tensor([2, 12])
 */
export const prod: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  name: "prod",
  kernel: multiply,
  initial: 1,
  reads: "inputs",
  // A part of the product may be beyond float32 where the whole is not.
  gradient: (cotangent, { inputs, attributes: { axes } }) =>
    inFloat64(inputs![0], (x) => cotangent.to("float64").mul(productOfOthers(x, axes))),
});

/** A product of any size, `part` · 2^(300 · `steps`): powers of 2 are taken out while it is made, which rounds nothing. */
class Product {
  part = 1;
  steps = 0;

  multiply(x: number): void {
    this.part = this.#inside(this.part * this.#inside(x));
  }

  /** The number, made smaller or larger until it is an ordinary one; 0 and what is not finite are left. */
  #inside(x: number): number {
    while (Math.abs(x) > 1 / SMALL && Math.abs(x) < Infinity) {
      x *= SMALL;
      this.steps++;
    }
    while (Math.abs(x) < SMALL && x !== 0) {
      x /= SMALL;
      this.steps--;
    }
    return x;
  }

  /** The product, times another one. */
  times({ part, steps }: Product): number {
    let value = this.part * part;
    steps += this.steps;
    for (; steps > 0 && Math.abs(value) < Infinity; steps--) value /= SMALL;
    for (; steps < 0 && value !== 0; steps++) value *= SMALL;
    return value;
  }
}

const SMALL = 2 ** -300;
const ONE = /* @__PURE__ */ new Product();

function multiply(...[shape, reducedRank, output, [x]]: Parameters<ReduceKernel>): void {
  const keptRank = shape.length - reducedRank;
  const [source, target] = [x.storage.data, output.storage.data];
  const inner = mergeAxes(shape.slice(keptRank), [{ offset: 0, strides: x.strides.slice(keptRank) }]);
  const outer = mergeAxes(shape.slice(0, keptRank), [
    { ...x, strides: x.strides.slice(0, keptRank) },
    output,
  ]);
  forEachIndex(outer, ([from, to]) => {
    const product = new Product();
    forEachIndex(inner, ([at]) => product.multiply(source[from + at]));
    target[to] = product.times(ONE);
  });
}

/**
 * Running products along an axis.
 * @example cumprod(tensor([1, 2, 3]), 0); // tensor([1, 2, 6])
 */
export const cumprod: (x: Tensor, axis: number) => Tensor = composite(
  "cumprod",
  (x: Tensor, axis: number) => {
    const along = normalizeAxis("cumprod", axis, x.rank);
    return inFloat64(x, (x) => recur(x, scalarTensor(0, x.dtype).expand(x.shape), along));
  },
  [{ shapes: [[3, 4]], call: (x) => cumprod(x, 1) }],
  { settings: ["axis"], required: 1 },
);

/**
 * The linear recurrence yᵢ = aᵢ yᵢ₋₁ + bᵢ along an axis, y₋₁ being 1.
 *
 * It is its own transpose. With ȳ the cotangent of y, λᵢ = ȳᵢ + aᵢ₊₁ λᵢ₊₁ from the end is that of bᵢ, and λᵢ yᵢ₋₁ that of aᵢ: no
 * quotient of products, which would be 0/0 at zeros.
 */
const recurrence: Operation<{ axis: number }> = {
  name: "recurrence",
  shape: ([a]) => a.shape,
  compute(output, shape, [a, b], { axis }) {
    const [factors, terms, target] = [a.storage.data, b.storage.data, output.storage.data];
    const [aStep, bStep, step] = [a.strides[axis], b.strides[axis], output.strides[axis]];
    forEachIndex(linesAlong(axis, shape, a, b, output), ([aStart, bStart, start]) => {
      let y = 1;
      for (let i = 0; i < shape[axis]; i++) {
        y = factors[aStart + i * aStep] * y + terms[bStart + i * bStep];
        target[start + i * step] = y;
      }
    });
  },
  gradient(cotangent, { inputs, output, attributes: { axis } }, index) {
    const [a] = inputs!;
    const [factors, terms] = [shifted(a, axis, 0, -1), cotangent].map((x) => x.flip(axis));
    const multiplier = recur(factors, terms, axis).flip(axis);
    return index === 1 ? multiplier : multiplier.mul(shifted(output, axis, 1, 1));
  },
  reads: [[0, -1], [0]],
  examples: [
    { shapes: of([3, 4], [3, 4]), attributes: { axis: 1 } },
    { shapes: of([3, 2], [3, 2]), attributes: { axis: 0 } },
  ],
  calls: null,
};

const recur: (a: Tensor, b: Tensor, axis: number) => Tensor = /* @__PURE__ */ (() =>
  recordOf((a: Tensor, b: Tensor, axis: number) => apply(recurrence, [a, b], { axis }), recurrence))();

/**
 * For each element the product of all others over the axes: that of those before times that of those behind. Where it is
 * differentiated in turn, or written down as a graph, the parts have to lie in the range of float64.
 */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  const turned = x.permute(order);
  const kept = turned.shape.slice(0, order.length - axes.length);
  const lines = turned.reshape([sizeOf(kept), sizeOf(axes.map((axis) => x.shape[axis]))]);
  const others =
    isRecording() || interceptor !== null
      ? shifted(cumprod(lines, 1), 1, 1, 1).mul(shifted(cumprod(lines.flip(1), 1).flip(1), 1, 1, -1))
      : apply(othersOfLines, [lines], {});
  return others.reshape(turned.shape).permute(order.map((_, axis) => order.indexOf(axis)));
}

const othersOfLines: Operation = {
  name: "productOfOthers",
  shape: ([lines]) => lines.shape,
  compute(output, [count, length], [{ storage, offset, strides }]) {
    const [source, target] = [storage.data, output.storage.data];
    for (let i = 0; i < count; i++) {
      const at = (k: number): number => source[offset + i * strides[0] + k * strides[1]];
      const before = [new Product()];
      for (let k = 0; k + 1 < length; k++) {
        const next = Object.assign(new Product(), before[k]);
        next.multiply(at(k));
        before.push(next);
      }
      const behind = new Product();
      for (let k = length - 1; k >= 0; k--) {
        target[output.offset + i * length + k] = before[k].times(behind);
        behind.multiply(at(k));
      }
    }
  },
  reads: "nothing",
  examples: [],
  calls: null,
};

/** The entries along an axis moved one place on (1) or back (−1), with `edge` where one comes in. */
function shifted(x: Tensor, axis: number, edge: number, way: 1 | -1): Tensor {
  const size = x.shape[axis];
  if (size === 0) return x;
  const rest = x.slice(
    ...x.shape.map((_, i) =>
      i !== axis ? null : way === 1 ? ([0, size - 1] as const) : ([1, size] as const),
    ),
  );
  const border = scalarTensor(edge, x.dtype).expand(x.shape.with(axis, 1));
  return concat(way === 1 ? [border, rest] : [rest, border], axis);
}
