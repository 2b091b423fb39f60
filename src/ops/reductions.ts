/** Reductions over any axes, and what is composed of them: sum, mean, variance, softmax, layer norm and more. */

import { checkNumber, checkOptions } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { contiguousStrides, normalizeAxes, normalizeAxis, showShape, sizeOf } from "../basics/shape.ts";
import { forEachIndex, readAs } from "../kernels/index.ts";
import { composite, inFloat64 } from "./composite.ts";
import { clamp, linearCombination, where } from "./elementwise.ts";
import { linesAlong } from "./lines.ts";
import { operand } from "./operands.ts";
import { apply, neverComputed, type Operation, of, recordOf, withRecording } from "./operation.ts";
import {
  type Axes,
  keptShape,
  noElements,
  REDUCE_OPTIONS,
  REDUCTION_CALLS,
  type ReduceAttributes,
  type ReduceOptions,
  type Reduction,
  reducedCount,
  reducedShape,
  reduction,
} from "./reduction-record.ts";
import type { Tensor } from "./tensor.ts";

export type { Axes, ReduceOptions } from "./reduction-record.ts";

/** What sums have in common. */
const SUM: Omit<Reduction, "initial"> = {
  name: "sum",
  fold: (m, total, x) => m.add(total, x),
  reads: "nothing",
  gradient: (cotangent, node) => cotangent.expand(node.inputs![0].shape),
};

/**
 * The sum over axes (all by default), added in float64 in row-major order.
 *
 * Its gradient is the cotangent, repeated along the summed axes.
 * @example sum(tensor([[1, 2], [3, 4]]), 0); // tensor([4, 6])
 */
export const sum: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  ...SUM,
  initial: 0,
});

/** Σ x². Not exported: `norm` and `variance` know how to keep squares in range. */
const sumOfSquares = reduction({
  name: "sumOfSquares",
  fold: (m, total, x) => m.add(total, m.mul(x, x)),
  initial: 0,
  reads: "inputs",
  gradient: (cotangent, node) => node.inputs![0].mul(cotangent.mul(2)),
});

/**
 * The sum less 1. Of exponentials the largest of which is 1 it keeps the digits of the others, which are added by themselves: beside
 * 1 they may be nothing.
 */
function sumBeyondOne(x: Tensor, axes: Axes, isAtLeastOne = false): Tensor {
  const beyond = onesBeyondOne(x.detach(), axes, { keepdim: true });
  return sumWithoutOnes(x, axes, { keepdim: true }).add(isAtLeastOne ? beyond.maximum(0) : beyond);
}

/** The sum of what is not 1. What is gets the gradient too: a sum of all is its only use. */
const sumWithoutOnes = reduction({
  ...SUM,
  name: "sumWithoutOnes",
  fold: (m, total, x) => m.add(total, m.where(m.equal(x, m.constant(1)), m.constant(0), x)),
  initial: 0,
});

/** How many elements are 1, less one. */
const onesBeyondOne = reduction({
  name: "onesBeyondOne",
  fold: (m, total, x) => m.add(total, m.equal(x, m.constant(1))),
  initial: -1,
  reads: "nothing",
});

/**
 * The mean over axes (all by default): added and divided in float64, and rounded once. That of no elements is NaN.
 * @example mean(tensor([[1, 3], [5, 7]]), 1); // tensor([2, 6])
 */
export const mean: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  ...SUM,
  name: "mean",
  initial: 0,
  divides: true,
  gradient: (cotangent, { inputs, output }) => {
    const { shape, size } = inputs![0];
    return cotangent.div(size / output.size).expand(shape);
  },
});

/**
 * The largest element over axes. Several largest share the gradient equally. NaN wins, and takes the gradient.
 * @example max(tensor([[1, 5], [7, 2]]), 1); // tensor([5, 7])
 */
export const max: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  name: "max",
  fold: (m, largest, x) => m.maximum(largest, x),
  initial: -Infinity,
  reads: "both",
  gradient: extremumGradient,
});

/**
 * The smallest element over axes. Several smallest share the gradient equally. NaN wins, and takes the gradient.
 * @example min(tensor([[1, 5], [7, 2]]), 1); // tensor([1, 2])
 */
export const min: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = reduction({
  name: "min",
  fold: (m, smallest, x) => m.minimum(smallest, x),
  initial: Infinity,
  reads: "both",
  gradient: extremumGradient,
});

const SPREAD_OPTIONS = ["correction", "keepdim"];
// The root of a sum of squares has no slope at 0, and bends ever more towards it.
const ROOT_LOWEST = 0.1;

/**
 * The variance over axes: Σ(x − mean)² / (n − correction), correction 1 by default.
 * @example variance(tensor([1, 3])); // tensor(2)
 */
export const variance: (x: Tensor, axes?: Axes, options?: ReduceOptions & { correction?: number }) => Tensor =
  composite(
    "variance",
    (x: Tensor, axes?: Axes, options: ReduceOptions & { correction?: number } = {}) => {
      checkOptions("variance", options, SPREAD_OPTIONS);
      const { correction = 1 } = options;
      checkNumber("variance", "correction", correction);
      const degrees = reducedCount("variance", x, axes, SPREAD_OPTIONS) - correction;
      if (!(degrees > 0)) {
        throw new ArgumentError(
          "variance",
          `${degrees + correction} elements with correction ${correction} leave nothing to divide by.`,
          "give more elements, or { correction: 0 } for the variance of a whole population.",
        );
      }
      const { keepdim = false } = options;
      return inFloat64(x, (x) =>
        sumOfSquares(x.sub(mean(x, axes, { keepdim: true })), axes, { keepdim }).div(degrees),
      );
    },
    [{ shapes: [[3, 4]], call: (x) => variance(x, 1) }],
    { settings: ["axes", { correction: [1, 0, 0.5], keepdim: [false, true] }] },
  );

/**
 * The standard deviation over axes: the root of the variance. Where all elements are equal, its gradient is 0.
 * @example std(tensor([1, 5]), 0, { correction: 0 }); // tensor(2)
 */
export const std: (x: Tensor, axes?: Axes, options?: ReduceOptions & { correction?: number }) => Tensor =
  composite(
    "std",
    (x: Tensor, axes?: Axes, options: ReduceOptions & { correction?: number } = {}) =>
      inUnits(x, axes, (x) => rootOrNone(variance(x, axes, options))),
    [{ shapes: [[3, 4]], call: (x) => std(x, 1, { correction: 0 }) }],
    { settings: ["axes", { correction: [1, 0, 0.5], keepdim: [false, true] }], lowest: ROOT_LOWEST },
  );

/**
 * The Euclidean norm over axes (all by default): √Σ x². Where it is 0 it has no slope, and its gradient is 0.
 *
 * The largest element is taken out first, so that squares neither overflow nor vanish.
 * @example norm(tensor([[3, 4]]), 1); // tensor([5])
 */
export const norm: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = composite(
  "norm",
  (x: Tensor, axes?: Axes, options?: ReduceOptions) => {
    checkOptions("norm", options, REDUCE_OPTIONS);
    axes = normalizeAxes("norm", axes, x.rank, REDUCE_OPTIONS);
    const root = inFloat64(x, (x) => {
      const scale = withRecording(false, () => {
        const largest = steadyMax(x.abs(), axes);
        return where(largest.equal(0), 1, largest);
      });
      return rootOrNone(sumOfSquares(x.div(scale), axes, { keepdim: true })).mul(scale);
    });
    return options?.keepdim ? root : root.reshape(reducedShape("norm", x.shape, axes, false));
  },
  [
    { shapes: [[3, 4]], call: (x) => norm(x) },
    { shapes: [[3, 4]], call: (x) => norm(x, 1, { keepdim: true }) },
  ],
  { settings: ["axes", { keepdim: [false, true] }], lowest: ROOT_LOWEST },
);

/**
 * ln Σ eˣ over axes, with the largest element taken out first so that nothing overflows.
 * @example logsumexp(tensor([0, 0])); // tensor(0.6931)
 */
export const logsumexp: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor = composite(
  "logsumexp",
  (x: Tensor, axes?: Axes, options: ReduceOptions = {}) => {
    checkOptions("logsumexp", options, REDUCE_OPTIONS);
    axes = normalizeAxes("logsumexp", axes, x.rank, REDUCE_OPTIONS);
    const largest = largestOf(x, axes);
    const shifted = balanced(x, largest, axes).sub(steady(largest));
    // Where all elements are −∞, the largest says so alone.
    const result = sumBeyondOne(shifted.exp(), axes, x.size > 0)
      .log1p()
      .add(anchored(largest, x, axes));
    return options.keepdim ? result : result.reshape(reducedShape("logsumexp", x.shape, axes, false));
  },
  [{ shapes: [[3, 4]], call: (x) => logsumexp(x, 1) }],
  REDUCTION_CALLS,
);

/** eˣ / Σ eˣ along an axis (the last by default). @example softmax(tensor([1, 1]), 0); // tensor([0.5000, 0.5000]) */
export const softmax: (x: Tensor, axis?: number) => Tensor = composite(
  "softmax",
  (x: Tensor, axis = -1) => {
    axis = normalizeAxis("softmax", axis, x.rank);
    const largest = steadyMax(x, axis);
    const weights = balanced(x, largest, [axis]).sub(largest).exp();
    return weights.div(sum(weights, axis, { keepdim: true }));
  },
  [{ shapes: [[3, 4]], call: (x) => softmax(x, 0) }],
  { settings: ["axis"] },
);

/**
 * ln softmax along an axis (the last by default), without ever forming the ratio.
 * @example logSoftmax(tensor([1, 1])); // tensor([-0.6931, -0.6931])
 */
export const logSoftmax: (x: Tensor, axis?: number) => Tensor = composite(
  "logSoftmax",
  (x: Tensor, axis = -1) => {
    axis = normalizeAxis("logSoftmax", axis, x.rank);
    const largest = steadyMax(x, axis);
    const shifted = balanced(x, largest, [axis]).sub(largest);
    return shifted.sub(sumBeyondOne(shifted.exp(), axis).log1p());
  },
  [{ shapes: [[3, 4]], call: (x) => logSoftmax(x) }],
  { settings: ["axis"] },
);

/**
 * Layer normalisation along the last axis: (x − mean) / √(variance + epsilon) · weight + bias.
 *
 * Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450.
 *
 * `weight` and `bias` have the shape [features] (1 and 0 when left out); `epsilon` is 1e-5 by default.
 * @example layerNorm(tensor([1, 3]), tensor([10, 20])); // tensor([-10.0000, 19.9999])
 */
export const layerNorm: (x: Tensor, weight?: Tensor, bias?: Tensor, epsilon?: number) => Tensor = composite(
  "layerNorm",
  (x: Tensor, weight?: Tensor, bias?: Tensor, epsilon = 1e-5) => {
    checkNumber("layerNorm", "epsilon", epsilon);
    for (const parameter of [weight, bias]) {
      if (parameter !== undefined && (parameter.rank !== 1 || parameter.size !== x.shape[x.rank - 1])) {
        throw new ShapeError(
          "layerNorm",
          `weight and bias have the shape of the last axis of ${showShape(x.shape)}; got ${showShape(parameter.shape)}.`,
        );
      }
    }
    return inFloat64(x, (wide) => {
      // Beside squares that need a unit of their own, epsilon is nothing; it keeps equal elements at 0.
      const unit = x.dtype === "float64" ? unitOf(x, -1).maximum(1) : null;
      const least = unit === null ? epsilon : where(unit.equal(1), epsilon, 2 ** -1000);
      const values = unit === null ? wide : wide.div(unit);
      const centred = values.sub(mean(values, -1, { keepdim: true }));
      const variance = sumOfSquares(centred, -1, { keepdim: true }).div(x.shape[x.rank - 1]);
      const normal = centred.mul(variance.add(least).rsqrt());
      if (weight === undefined && bias === undefined) return normal;
      return linearCombination(normal, weight?.to("float64") ?? 1, bias?.to("float64") ?? 0, 1);
    });
  },
  [
    { shapes: of([3, 4], [4], [4]), call: (x, weight, bias) => layerNorm(x, weight, bias) },
    { shapes: [[3, 4]], call: (x) => layerNorm(x) },
  ],
  { settings: [[1e-5, 0.1]], others: (shape) => [shape.slice(-1), shape.slice(-1)] },
);

/**
 * Running totals along an axis. Its gradient is the running total from the other end.
 * @example cumsum(tensor([1, 2, 3]), 0); // tensor([1, 3, 6])
 */
export const cumsum: (x: Tensor, axis: number) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ axis: number }> = {
    name: "cumsum",
    shape: ([x]) => x.shape,
    compute(output, shape, [x], { axis }) {
      const [source, target] = [x.storage.data, output.storage.data];
      const [step, outStep] = [x.strides[axis], output.strides[axis]];
      forEachIndex(linesAlong(axis, shape, x, output), ([from, to]) => {
        let total = 0;
        for (let i = 0; i < shape[axis]; i++) {
          total += source[from + i * step];
          target[to + i * outStep] = total;
        }
      });
    },
    gradient: (cotangent, node) =>
      cotangent.flip(node.attributes.axis).cumsum(node.attributes.axis).flip(node.attributes.axis),
    reads: "nothing",
    examples: [
      { shapes: [[3, 5]], attributes: { axis: 1 } },
      { shapes: [[3, 2, 2]], attributes: { axis: 0 } },
    ],
    calls: { settings: ["axis"], required: 1 },
  };
  return recordOf((x: Tensor, axis: number) => {
    const input = operand("cumsum", x);
    return apply(operation, [input], { axis: normalizeAxis("cumsum", axis, input.rank) });
  }, operation);
})();

/**
 * The index of the largest element along an axis (the first of several), as numbers; not differentiable.
 * @example argmax(tensor([[1, 3, 2]]), 1); // tensor([1])
 */
export const argmax: (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor = indexOfExtremum(
  "argmax",
  (a, b) => a > b,
);

/**
 * The index of the smallest element along an axis (the first of several), as numbers; not differentiable.
 * @example argmin(tensor([[1, 3, 2]]), 1); // tensor([0])
 */
export const argmin: (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor = indexOfExtremum(
  "argmin",
  (a, b) => a < b,
);

/** The cotangent, divided among the elements that equal the extremum. */
function extremumGradient(
  cotangent: Tensor,
  {
    inputs,
    output,
    attributes,
  }: { inputs: readonly Tensor[] | null; output: Tensor; attributes: ReduceAttributes },
): Tensor {
  const [x] = inputs!;
  const extremum = output.detach().reshape(keptShape(x.shape, attributes.axes));
  const values = x.detach();
  // A NaN equals nothing; there is one only where it has become the extremum.
  const chosen = values.equal(extremum).maximum(values.notEqual(values));
  // A choice, and not a product: what was not chosen gets 0 even from an infinite cotangent.
  return where(chosen, cotangent.div(sum(chosen, attributes.axes, { keepdim: true })), 0);
}

/* @__NO_SIDE_EFFECTS__ */ function indexOfExtremum(
  name: string,
  isBetter: (candidate: number, best: number) => boolean,
): (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor {
  const operation: Operation<ReduceAttributes> = {
    name,
    shape: ([x], { axes, keepdim }) => {
      const count = sizeOf(axes.map((axis) => x.shape[axis]));
      const shape = reducedShape(name, x.shape, axes, keepdim);
      if (count === 0 && sizeOf(shape) > 0) throw noElements(name, x.shape);
      if (count > 2 ** 24)
        throw new ShapeError(name, `an index up to ${count} is not exact in float32 (limit 2^24).`);
      return shape;
    },
    compute(output, _shape, [x], { axes }) {
      const [axis] = axes;
      const kept = keptShape(x.shape, axes);
      const [source, target] = [x.storage.data, output.storage.data];
      const to = readAs(output, { strides: contiguousStrides(kept) });
      forEachIndex(linesAlong(axis, x.shape, x, to), ([from, at]) => {
        let best = 0;
        let bestValue = source[from];
        for (let i = 1; i < x.shape[axis]; i++) {
          const value = source[from + i * x.strides[axis]];
          if (isBetter(value, bestValue) || (Number.isNaN(value) && !Number.isNaN(bestValue))) {
            best = i;
            bestValue = value;
          }
        }
        target[at] = best;
      });
    },
    reads: "nothing",
    examples: [{ shapes: [[3, 4]], attributes: { axes: [1], keepdim: false } }],
    calls: { settings: ["axis", { keepdim: [false, true] }] },
  };
  return recordOf((x: Tensor, axis?: number, options: ReduceOptions = {}) => {
    const input = operand(name, x);
    checkOptions(name, options, REDUCE_OPTIONS);
    const { keepdim = false } = options;
    if (axis !== undefined)
      return apply(operation, [input], {
        axes: [normalizeAxis(name, axis, input.rank, REDUCE_OPTIONS)],
        keepdim,
      });
    const index = apply(operation, [input.reshape([-1])], { axes: [0], keepdim: false });
    return keepdim ? index.reshape(input.shape.map(() => 1)) : index;
  }, operation);
}

/** What grows as its operand does, computed in float64; of a float64 tensor in units in which squares are ordinary numbers. */
function inUnits(x: Tensor, axes: Axes | undefined, compose: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== "float64") return inFloat64(x, compose);
  const unit = unitOf(x, axes);
  const result = compose(x.div(unit));
  return result.mul(unit.reshape(result.shape));
}

/** 1 where the squares of elements over axes are ordinary numbers of float64, otherwise a power of 2 in which they are. Not recorded. */
function unitOf(x: Tensor, axes?: Axes): Tensor {
  return withRecording(false, () => {
    const largest = largestOf(x.detach().abs(), axes);
    const isSmall = largest.less(2 ** -400).mul(largest.greater(0));
    return where(largest.greater(2 ** 500), 2 ** 600, where(isSmall, 2 ** -600, 1));
  });
}

/** √x, and where x is 0 a root without a slope: the true one is infinite, and infinity times 0 is NaN. */
function rootOrNone(x: Tensor): Tensor {
  const isNone = x.detach().equal(0);
  return where(isNone, 0, where(isNone, 1, x).sqrt());
}

/** The largest element, not recorded: a shift of the exponent changes no value, and so has no gradient. */
function largestOf(x: Tensor, axes?: Axes): Tensor {
  return withRecording(false, () =>
    x.size === 0 ? x.detach().sum(axes, { keepdim: true }) : max(x.detach(), axes, { keepdim: true }),
  );
}

/** Made finite: beside an infinite element, what the others add is nothing, and not ∞ − ∞. */
function steady(largest: Tensor): Tensor {
  const limit = largest.dtype === "float32" ? LARGEST_FLOAT32 : Number.MAX_VALUE;
  return clamp(largest, -limit, limit);
}

const steadyMax = (x: Tensor, axes?: Axes): Tensor => steady(largestOf(x, axes));

/**
 * x itself. Where a shift of all elements changes nothing, their gradients add up to 0. That of an element that is larger than all
 * others is taken from theirs: as computed, it may be a difference of numbers next to 1, or of infinities.
 */
const balanced = /* @__PURE__ */ unchanged("balance", (cotangent, [x, largest], axes) => {
  const chosen = onlyLargest(x, largest, axes);
  return where(chosen, where(chosen, 0, cotangent).sum(axes, { keepdim: true }).neg(), cotangent);
});

/** The largest elements, as they are. To one that is larger than all others goes the gradient that `balanced` takes away. */
const anchored = /* @__PURE__ */ unchanged("anchor", (cotangent, [largest, x], axes) =>
  where(onlyLargest(x, largest, axes), cotangent, 0),
);

/** A view of the first operand, with the gradient of the one that is x. */
/* @__NO_SIDE_EFFECTS__ */ function unchanged(
  name: string,
  gradient: (cotangent: Tensor, inputs: readonly Tensor[], axes: readonly number[]) => Tensor,
): (value: Tensor, other: Tensor, axes: readonly number[]) => Tensor {
  const operation: Operation<{ axes: readonly number[] }> = {
    name,
    shape: ([value]) => value.shape,
    view: (value) => value,
    compute: neverComputed,
    gradient: (cotangent, { inputs, attributes }) => gradient(cotangent, inputs!, attributes.axes),
    reads: "inputs",
  };
  return recordOf((value, other, axes) => apply(operation, [value, other], { axes }), operation);
}

/** 1 for an element that is larger than all others along the axes. */
function onlyLargest(x: Tensor, largest: Tensor, axes: readonly number[]): Tensor {
  return withRecording(false, () => {
    const isLargest = x.equal(largest);
    return isLargest.mul(isLargest.sum(axes, { keepdim: true }).equal(1));
  });
}

const LARGEST_FLOAT32 = 2 ** 128 - 2 ** 104;
