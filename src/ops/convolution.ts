/**
 * Windows that slide over the last axes, and what is composed on them: convolutions, which are one matrix product, and pooling.
 */

import { checkCount, checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { type Shape, showShape, sizeOf } from "../basics/shape.ts";
import { backend, type ElementwiseKernel, type Operand, readAs } from "../kernels/index.ts";
import { type Padding, pad } from "./arranging.ts";
import { composite } from "./composite.ts";
import { linear, matmul } from "./linear.ts";
import { operand } from "./operands.ts";
import { apply, type Operation, of, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** How windows lie: one number for all axes, or one for each. */
export interface WindowOptions {
  /** From one window to the next. Default 1; for pooling, the size of a window. */
  readonly stride?: number | readonly number[];
  /** Elements between neighbours of a window, 1 for none. Default 1. */
  readonly dilation?: number | readonly number[];
}

/** How windows of a pooling lie. */
export interface PoolingOptions extends WindowOptions {
  /** Places that are put before and after each axis: zeros for a mean, and never the largest. Default 0. */
  readonly padding?: number | readonly number[];
}

/** How windows of a convolution lie, and which channels it joins. */
export interface ConvolutionOptions extends WindowOptions {
  /** Zeros that are put before and after each axis. Default 0. */
  readonly padding?: number | readonly number[];
  /** How many groups the channels are split into, each with filters of its own: as many as `in` for a depthwise convolution. Default 1. */
  readonly groups?: number;
}

interface WindowAttributes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The whole that windows were taken from. */
interface FoldAttributes extends WindowAttributes {
  readonly whole: readonly number[];
}

const windows: Operation<WindowAttributes> = {
  name: "unfold",
  shape([x], { sizes, strides, dilations }) {
    const leading = x.rank - sizes.length;
    const counts = sizes.map((size, i) => {
      const rest = x.shape[leading + i] - dilations[i] * (size - 1) - 1;
      if (rest >= 0) return Math.floor(rest / strides[i]) + 1;
      throw new ShapeError(
        "unfold",
        `a window of ${showShape(sizes)}${dilations.some((each) => each > 1) ? `, spread by ${showShape(dilations)},` : ""} is larger than the last axes of ${showShape(x.shape)}.`,
        "pad the axes, or make the window smaller.",
      );
    });
    return [...x.shape.slice(0, leading), ...counts, ...sizes];
  },
  // The same elements again, at other steps: nothing is copied.
  view: (x, shape, attributes) => windowLayout(x, shape.length, attributes),
  compute() {
    throw new Error("a view is never computed");
  },
  gradient: (cotangent, { inputs, attributes }) =>
    fold(cotangent, { ...attributes, whole: inputs![0].shape.slice(-attributes.sizes.length) }),
  reads: "nothing",
  examples: [
    { shapes: [[3, 6]], attributes: { sizes: [3], strides: [2], dilations: [1] } },
    { shapes: [[4, 5]], attributes: { sizes: [2, 2], strides: [1, 1], dilations: [2, 1] } },
  ],
  calls: {
    settings: [
      (dice, shape) => shape.slice(-1).map((size) => dice.integer(1, Math.max(size, 1))),
      { stride: [1, 2] },
    ],
    required: 1,
  },
};

/** The transpose of taking windows: what each place of a window holds is added where it was taken from, a sweep for each place. */
const folding: Operation<FoldAttributes> = {
  name: "fold",
  shape: ([x], { sizes, whole }) => [...x.shape.slice(0, x.rank - 2 * sizes.length), ...whole],
  compute(output, shape, [x], { sizes, strides, dilations }) {
    addKernel ??= backend.elementwise((m, total, part) => [m.add(total, part)], 2);
    const [axes, leading] = [sizes.length, shape.length - sizes.length];
    const counts = x.shape.slice(0, leading + axes);
    const sums = readAs(output, {});
    // Touched, so that no backend takes it for memory that the first part fills without reading it.
    if (sums.storage.size > 0) sums.storage.set(sums.offset, 0);
    if (x.size === 0) return;
    for (let tap = 0; tap < sizeOf(sizes); tap++) {
      let [rest, from, to] = [tap, x.offset, sums.offset];
      for (let i = axes - 1; i >= 0; i--) {
        const at = rest % sizes[i];
        rest = (rest - at) / sizes[i];
        from += at * x.strides[leading + axes + i];
        to += at * dilations[i] * sums.strides[leading + i];
      }
      const target = {
        storage: sums.storage,
        offset: to,
        strides: sums.strides.map((stride, axis) =>
          axis < leading ? stride : stride * strides[axis - leading],
        ),
      };
      const part = { storage: x.storage, offset: from, strides: x.strides.slice(0, leading + axes) };
      addKernel(counts, [target], [target, part]);
    }
  },
  gradient: (cotangent, { attributes: { sizes, strides, dilations } }) =>
    apply(windows, [cotangent], { sizes, strides, dilations }),
  reads: "nothing",
  examples: [
    { shapes: [[2, 2, 3]], attributes: { sizes: [3], strides: [2], dilations: [1], whole: [6] } },
    {
      shapes: [[3, 3, 2, 2]],
      attributes: { sizes: [2, 2], strides: [1, 1], dilations: [1, 1], whole: [4, 4] },
    },
  ],
  calls: null,
};

let addKernel: ElementwiseKernel | undefined;

const fold: (x: Tensor, attributes: FoldAttributes) => Tensor = /* @__PURE__ */ (() =>
  recordOf((x: Tensor, attributes: FoldAttributes) => apply(folding, [x], attributes), folding))();

/**
 * Windows of `sizes` over the last axes, as many as sizes are given: [..., length] → [..., windows, size], and for two axes
 * [..., height, width] → [..., rows, columns, height′, width′]. A view. Its gradient adds the windows up where they overlap.
 * @throws ShapeError where a window is larger than the axes
 * @example unfold(tensor([1, 2, 3, 4]), [2], { stride: 2 }); // tensor([[1, 2], [3, 4]])
 */
export const unfold: (x: Tensor, sizes: readonly number[], options?: WindowOptions) => Tensor =
  /* @__PURE__ */ (() =>
    recordOf((x: Tensor, sizes: readonly number[], options?: WindowOptions) => {
      const input = operand("unfold", x);
      checkOptions("unfold", options, ["stride", "dilation"]);
      return apply(windows, [input], windowsOf("unfold", input.shape, sizes, options, 1));
    }, windows))();

/**
 * The convolution along one axis as networks have it (the filter is not reversed): [batch, in, length] and a weight
 * [out, in / groups, size] → [batch, out, length′], plus a bias [out].
 * @throws ShapeError where the shapes do not fit
 * @example conv1d(tensor([[[1, 2, 3]]]), tensor([[[1, 10]]])); // tensor([[[21, 32]]])
 */
export const conv1d: (x: Tensor, weight: Tensor, bias?: Tensor, options?: ConvolutionOptions) => Tensor =
  composite(
    "conv1d",
    (x: Tensor, weight: Tensor, bias?: Tensor, options?: ConvolutionOptions) =>
      convolution("conv1d", x, weight, bias, options, 1),
    [
      {
        shapes: of([2, 2, 5], [3, 2, 2], [3]),
        call: (x, weight, bias) => conv1d(x, weight, bias, { stride: 2, padding: 1 }),
      },
      {
        shapes: of([2, 2, 5], [3, 2, 2]),
        call: (x, weight) => conv1d(x, weight, undefined, { dilation: 2 }),
      },
      {
        shapes: of([2, 4, 3], [6, 2, 2], [6]),
        call: (x, weight, bias) => conv1d(x, weight, bias, { groups: 2 }),
      },
    ],
    {
      settings: [{ stride: [1, 2], padding: [0, 1] }],
      others: (shape, _, dice) => (shape.length === 3 ? [[2, shape[1], dice.integer(1, 2)], [2]] : null),
    },
  );

/**
 * The convolution over images as networks have it (the filter is not reversed): [batch, in, height, width] and a weight
 * [out, in / groups, height′, width′] → [batch, out, rows, columns], plus a bias [out].
 * @throws ShapeError where the shapes do not fit
 * @example conv2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2]), undefined, { padding: 1 }).at(0, 0, 1); // tensor([2, 4, 2])
 */
export const conv2d: (x: Tensor, weight: Tensor, bias?: Tensor, options?: ConvolutionOptions) => Tensor =
  composite(
    "conv2d",
    (x: Tensor, weight: Tensor, bias?: Tensor, options?: ConvolutionOptions) =>
      convolution("conv2d", x, weight, bias, options, 2),
    [
      {
        shapes: of([2, 2, 4, 3], [2, 2, 2, 2], [2]),
        call: (x, weight, bias) => conv2d(x, weight, bias, { stride: [2, 1], padding: 1 }),
      },
      { shapes: of([1, 2, 3, 3], [2, 2, 2, 2]), call: (x, weight) => conv2d(x, weight) },
      {
        shapes: of([2, 3, 3, 3], [3, 1, 2, 2]),
        call: (x, weight) => conv2d(x, weight, undefined, { groups: 3, padding: [1, 0] }),
      },
    ],
    // Random expressions seldom have four axes.
    { others: () => null },
  );

/**
 * The largest element of each window over the last axes, as many as sizes are given: `maxPool(images, [2, 2])` halves height and width.
 * Several largest share the gradient.
 * @example maxPool(tensor([1, 5, 2, 3]), [2]); // tensor([5, 3])
 */
export const maxPool: (x: Tensor, sizes: readonly number[], options?: PoolingOptions) => Tensor = pooling(
  "maxPool",
  -Infinity,
  (windows, axes) => windows.max(axes),
);

/**
 * The mean of each window over the last axes, as many as sizes are given; padding counts as zeros.
 * @example averagePool(tensor([1, 5, 2, 3]), [2]); // tensor([3.0000, 2.5000])
 */
export const averagePool: (x: Tensor, sizes: readonly number[], options?: PoolingOptions) => Tensor = pooling(
  "averagePool",
  0,
  (windows, axes) => windows.mean(axes),
);

/* @__NO_SIDE_EFFECTS__ */ function pooling(
  name: string,
  border: number,
  reduce: (windows: Tensor, axes: readonly number[]) => Tensor,
): (x: Tensor, sizes: readonly number[], options?: PoolingOptions) => Tensor {
  const f: (x: Tensor, sizes: readonly number[], options?: PoolingOptions) => Tensor = composite(
    name,
    (x: Tensor, sizes: readonly number[], options?: PoolingOptions) => {
      checkOptions(name, options, ["stride", "padding", "dilation"]);
      const attributes = windowsOf(name, x.shape, sizes, options, sizes);
      checkBorder(name, attributes, options?.padding ?? 0);
      const padded = withBorder(name, x, options?.padding, sizes.length, border);
      const parts = apply(windows, [padded], attributes);
      return reduce(
        parts,
        sizes.map((_, i) => i - sizes.length),
      );
    },
    [
      { shapes: [[2, 6]], call: (x) => f(x, [2]) },
      { shapes: [[2, 4, 4]], call: (x) => f(x, [2, 3], { stride: 1, padding: 1 }) },
    ],
    {
      settings: [
        (dice, shape) => shape.slice(-1).map((size) => dice.integer(1, Math.max(size, 1))),
        { stride: [1, 2] },
      ],
      required: 1,
    },
  );
  return f;
}

/** Windows as rows, times the weight: one product of matrices for all places and all examples, for each group of channels. */
function convolution(
  name: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvolutionOptions = {},
  axes: number,
): Tensor {
  checkOptions(name, options, ["stride", "padding", "dilation", "groups"]);
  const { groups = 1 } = options;
  checkCount(name, "groups, the number of parts of the channels,", groups);
  checkChannels(name, x.shape, weight.shape, groups, axes);
  const [out, channels, ...sizes] = weight.shape;
  if (bias !== undefined && (bias.rank !== 1 || bias.shape[0] !== out))
    throw new ShapeError(
      name,
      `bias ${showShape(bias.shape)} does not fit weight ${showShape(weight.shape)}: it is [${out}].`,
    );
  const padded = withBorder(name, x, options.padding, axes, 0);
  const parts = apply(windows, [padded], windowsOf(name, padded.shape, sizes, options, 1));
  const batch = x.shape[0];
  const counts = parts.shape.slice(2, 2 + axes);
  const [rows, taps] = [batch * sizeOf(counts), channels * sizeOf(sizes)];
  const places = counts.map((_, i) => 2 + i);
  const behind = sizes.map((_, i) => 2 + axes + i);
  if (groups === 1) {
    // [batch, in, ...places, ...sizes] → [batch, ...places, in, ...sizes]
    const turned = parts.permute([0, ...places, 1, ...behind]).reshape([rows, taps]);
    const products = linear(turned, weight.reshape([out, taps]), bias);
    return products.reshape([batch, ...counts, out]).permute([0, 1 + axes, ...counts.map((_, i) => 1 + i)]);
  }
  // [batch, groups, in / groups, ...places, ...sizes] → [groups, batch, ...places, in / groups, ...sizes]
  const turned = parts
    .reshape([batch, groups, channels, ...counts, ...sizes])
    .permute([1, 0, ...places.map((axis) => axis + 1), 2, ...behind.map((axis) => axis + 1)])
    .reshape([groups, rows, taps]);
  const products = matmul(turned, weight.reshape([groups, out / groups, taps]).transpose());
  const joined = products
    .reshape([groups, batch, ...counts, out / groups])
    .permute([1, 0, 2 + axes, ...places])
    .reshape([batch, out, ...counts]);
  return bias === undefined ? joined : joined.add(bias.reshape([out, ...counts.map(() => 1)]));
}

function checkChannels(name: string, x: Shape, weight: Shape, groups: number, axes: number): void {
  const [out, channels] = weight;
  if (x.length === axes + 2 && weight.length === axes + 2 && x[1] === channels * groups && out % groups === 0)
    return;
  const [places, sizes] = axes === 1 ? ["length", "size"] : ["height, width", "height, width"];
  const rule =
    groups === 1
      ? `x is [batch, in, ${places}], the weight [out, in, ${sizes}]`
      : `in ${groups} groups, x is [batch, in, ${places}], the weight [out, in / ${groups}, ${sizes}], and out a multiple of ${groups}`;
  throw new ShapeError(
    name,
    `x ${showShape(x)} and weight ${showShape(weight)} do not fit: ${rule}.`,
    x.length === axes + 1 ? "unsqueeze(0) makes a batch of one." : undefined,
  );
}

function withBorder(
  name: string,
  x: Tensor,
  padding: number | readonly number[] | undefined,
  axes: number,
  value: number,
): Tensor {
  const widths = forEachAxis(name, "padding", padding ?? 0, axes, 0).map((width): Padding => [width, width]);
  return widths.every(([width]) => width === 0) ? x : pad(x, widths, value);
}

/** @throws ArgumentError where a window can lie on padding alone, which has no largest element, and no mean */
function checkBorder(
  name: string,
  { sizes, dilations }: WindowAttributes,
  padding: number | readonly number[],
): void {
  const widths = forEachAxis(name, "padding", padding, sizes.length, 0);
  const reaches = sizes.map((size, i) => (size - 1) * dilations[i] + 1);
  const axis = widths.findIndex((width, i) => width >= reaches[i]);
  if (axis < 0) return;
  const problem = `padding of ${widths[axis]} leaves windows that reach over ${reaches[axis]} with nothing but padding.`;
  throw new ArgumentError(name, problem, `pad by at most ${reaches[axis] - 1}, or call pad() first.`);
}

function windowsOf(
  name: string,
  shape: Shape,
  sizes: readonly number[],
  options: WindowOptions = {},
  stride: number | readonly number[],
): WindowAttributes {
  if (!Array.isArray(sizes) || sizes.length === 0 || sizes.length > shape.length) {
    throw new ArgumentError(
      name,
      `the sizes of a window are a list, one for each of the last axes of ${showShape(shape)}; got ${Array.isArray(sizes) ? showShape(sizes) : describeValue(sizes)}.`,
      "write [3] for one axis, [3, 3] for images.",
    );
  }
  const each = (what: string, given: number | readonly number[]): readonly number[] =>
    forEachAxis(name, what, given, sizes.length, 1);
  return {
    sizes: each("the size of a window", sizes),
    strides: each("stride", options.stride ?? stride),
    dilations: each("dilation", options.dilation ?? 1),
  };
}

/** One number for each axis, from one for all or from a list. */
function forEachAxis(
  name: string,
  what: string,
  given: number | readonly number[],
  axes: number,
  least: number,
): readonly number[] {
  const list = typeof given === "number" ? new Array<number>(axes).fill(given) : given;
  if (
    Array.isArray(list) &&
    list.length === axes &&
    list.every((each) => Number.isInteger(each) && each >= least)
  )
    return list;
  throw new ArgumentError(
    name,
    `${what} is a whole number of at least ${least}, or one for each of ${axes} axes; got ${Array.isArray(given) ? `[${given.join(", ")}]` : describeValue(given)}.`,
  );
}

/** Where the elements of windows lie: along both kinds of axes at steps of the whole. */
function windowLayout(
  x: Tensor,
  rank: number,
  { sizes, strides, dilations }: WindowAttributes,
): Pick<Operand, "offset" | "strides"> {
  const leading = rank - 2 * sizes.length;
  const last = x.strides.slice(leading);
  return {
    offset: x.offset,
    strides: [
      ...x.strides.slice(0, leading),
      ...last.map((stride, i) => stride * strides[i]),
      ...last.map((stride, i) => stride * dilations[i]),
    ],
  };
}
