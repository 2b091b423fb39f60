/**
 * The ONNX form of every operation. An elementwise one is composed from its expression, read in an arithmetic whose values are those of
 * the graph; the others stand in a table.
 */

import { ArgumentError } from "../basics/errors.ts";
import type { Span } from "../basics/shape.ts";
import type { Arithmetic, Dtype, Expression } from "../kernels/index.ts";
import { isForgetful, type Operation } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { type Graph, type NodeAttributes, type Size, TYPES, type Value } from "./graph.ts";

/** What is put into a graph: a recorded operation, or a composite that has a form as a whole. */
export type Exported = Operation | WholeOperation;

interface WholeOperation {
  readonly name: string;
  readonly form: Form;
}

/** One application of an operation, as it is put into a graph. */
export interface Application {
  readonly operation: Exported;
  readonly inputs: readonly Value[];
  readonly shapes: readonly (readonly Size[])[];
  readonly attributes: object;
  /** The output's. */
  readonly shape: readonly Size[];
  /** The output's. */
  readonly dtype: Dtype;
  /** How many rows the graph is run on, as a list of one. */
  readonly rows: () => Value;
}

/**
 * Puts an application into the graph.
 *
 * @throws ArgumentError for an operation that has no form
 */
export function addApplication(graph: Graph, application: Application): Value {
  const { operation, inputs } = application;
  if ("form" in operation) return operation.form(graph, inputs, application);
  if (operation.value !== undefined) return addElementwise(graph, operation.value, application);
  // By their names only where they are the engine's: an operation of a user may be called "sum" too.
  const form =
    isForgetful(operation) && Object.hasOwn(FORMS, operation.name) ? FORMS[operation.name] : undefined;
  if (form === undefined) {
    throw new ArgumentError(
      "exportOnnx",
      `the operation ${operation.name} has no ONNX form.`,
      "write it as an expression, with unary() to quaternary(), or with operations that have one.",
    );
  }
  return form(graph, inputs, application);
}

/** A call of a composite operation that ONNX has as a whole; undefined where it is exported as what it is composed of. */
export function wholeCall(
  name: string,
  operands: readonly Tensor[],
  settings: readonly unknown[],
): { readonly operation: WholeOperation; readonly attributes: object } | undefined {
  // onnxruntime has these of float32 only.
  if (!Object.hasOwn(WHOLE, name) || operands.some(({ dtype }) => dtype !== "float32")) return undefined;
  const { operation, attributesOf } = WHOLE[name];
  const attributes = attributesOf(operands, settings);
  return attributes && { operation, attributes };
}

interface ConvolutionAttributes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

/** Convolutions, and pooling of images in batches, by the names of composites. */
const WHOLE: Readonly<
  Record<
    string,
    {
      readonly operation: WholeOperation;
      attributesOf(
        operands: readonly Tensor[],
        settings: readonly unknown[],
      ): ConvolutionAttributes | undefined;
    }
  >
> = {
  conv1d: { operation: { name: "conv1d", form: windowed("Conv") }, attributesOf: ofConvolution },
  conv2d: { operation: { name: "conv2d", form: windowed("Conv") }, attributesOf: ofConvolution },
  maxPool: { operation: { name: "maxPool", form: windowed("MaxPool") }, attributesOf: ofPooling },
  averagePool: {
    operation: { name: "averagePool", form: windowed("AveragePool", { count_include_pad: 1 }) },
    // AveragePool has dilations from a later operator set on.
    attributesOf: (operands, settings) => {
      const attributes = ofPooling(operands, settings);
      return attributes?.dilations.every((each) => each === 1) ? attributes : undefined;
    },
  },
};

function ofConvolution([, weight]: readonly Tensor[], [options]: readonly unknown[]): ConvolutionAttributes {
  return windowAttributes(weight.shape.slice(2), options, 1);
}

function ofPooling(
  [x]: readonly Tensor[],
  [sizes, options]: readonly unknown[],
): ConvolutionAttributes | undefined {
  if (!Array.isArray(sizes) || x.rank !== sizes.length + 2) return undefined;
  const attributes = windowAttributes(sizes, options, sizes);
  // onnxruntime wants an element of x in every window.
  return attributes.padding.every((width, i) => width < sizes[i]) ? attributes : undefined;
}

/** What a call may have of each; undefined is as good as nothing. */
type WindowOptions = {
  readonly [name in "stride" | "padding" | "dilation"]?: number | readonly number[] | undefined;
} & { readonly groups?: number | undefined };

/** The settings of windows with a number for each axis. What is no setting is refused when the operation is called. */
function windowAttributes(
  sizes: readonly number[],
  options: unknown,
  stride: number | readonly number[],
): ConvolutionAttributes {
  const given = (options ?? {}) as WindowOptions;
  const each = (value: number | readonly number[]): readonly number[] =>
    Array.isArray(value) ? value : sizes.map(() => value as number);
  return {
    sizes,
    strides: each(given.stride ?? stride),
    padding: each(given.padding ?? 0),
    dilations: each(given.dilation ?? 1),
    groups: given.groups ?? 1,
  };
}

/* @__NO_SIDE_EFFECTS__ */ function windowed(type: string, more: NodeAttributes = {}): Form {
  return (graph, inputs, { attributes }) => {
    const { sizes, strides, padding, dilations, groups } = attributes as ConvolutionAttributes;
    return graph.node(type, inputs, {
      ...{ kernel_shape: sizes, strides, pads: [...padding, ...padding] },
      ...(type !== "AveragePool" && { dilations }),
      ...(type === "Conv" && { group: groups }),
      ...more,
    });
  };
}

function addElementwise(graph: Graph, value: Expression, application: Application): Value {
  const { inputs, shapes, shape, dtype } = application;
  const result = value(arithmeticIn(graph, dtype), ...inputs);
  const used = value(dependence, ...inputs.map((_, i) => new Set([i])));
  // What the expression leaves aside may still be what the others are repeated to.
  const isWhole = shape.every((size, axis) =>
    [...used].some((i) => isSame(shapes[i][axis - shape.length + shapes[i].length] ?? 1, size)),
  );
  return isWhole ? result : expanded(graph, result, application);
}

/** Expressions read for the operands that they depend on. */
const dependence: Arithmetic<Set<number>> = /* @__PURE__ */ new Proxy({} as Arithmetic<Set<number>>, {
  get:
    (_, word) =>
    (...values: Set<number>[]) =>
      word === "constant" ? new Set() : new Set(values.flatMap((value) => [...value])),
});

/** Expressions read as nodes. */
function arithmeticIn(graph: Graph, dtype: Dtype): Arithmetic<Value> {
  const unary =
    (type: string) =>
    (a: Value): Value =>
      graph.node(type, [a]);
  const binary =
    (type: string) =>
    (a: Value, b: Value): Value =>
      graph.node(type, [a, b]);
  const constant = (value: number): Value =>
    graph.constant([], dtype === "float64" ? Float64Array.of(value) : Float32Array.of(value));
  const [add, sub, mul, div] = ["Add", "Sub", "Mul", "Div"].map(binary);
  const [exp, log] = ["Exp", "Log"].map(unary);
  const number = (truth: Value): Value => graph.node("Cast", [truth], { to: TYPES[dtype] });
  const choose = (truth: Value, a: Value, b: Value): Value => graph.node("Where", [truth, a, b]);
  const isEqual = binary("Equal");
  const one = constant(1);
  return {
    constant,
    ...{ add, sub, mul, div, exp, log },
    neg: unary("Neg"),
    abs: unary("Abs"),
    sqrt: unary("Sqrt"),
    sin: unary("Sin"),
    cos: unary("Cos"),
    tanh: unary("Tanh"),
    erf: unary("Erf"),
    erfc: (a) => sub(one, unary("Erf")(a)),
    maximum: binary("Max"),
    minimum: binary("Min"),
    pow: binary("Pow"),
    less: (a, b) => number(graph.node("Less", [a, b])),
    equal: (a, b) => number(isEqual(a, b)),
    where: (condition, a, b) => choose(graph.node("Cast", [condition], { to: TYPES.bool }), a, b),
    // ONNX has neither of the next two. What rounding took from 1 + a, the quotient gives back (Kahan; Higham 2002, section 1.14.1).
    log1p: (a) => {
      const sum = add(one, a);
      const corrected = mul(log(sum), div(a, sub(sum, one)));
      return choose(isEqual(sum, one), a, choose(isEqual(sum, a), log(sum), corrected));
    },
    expm1: (a) => {
      const power = exp(a);
      const less = sub(power, one);
      const corrected = mul(less, div(a, log(power)));
      const isFar = graph.node("Or", [isEqual(less, constant(-1)), isEqual(less, power)]);
      return choose(isEqual(power, one), a, choose(isFar, less, corrected));
    },
  };
}

type Form = (graph: Graph, inputs: readonly Value[], application: Application) => Value;

/** Axes as reductions take them; a list without any means none, and not all. */
function reduction(type: string): Form {
  return (graph, [x], { attributes }) => {
    const { axes, keepdim } = attributes as { axes: readonly number[]; keepdim: boolean };
    const settings = { keepdims: keepdim ? 1 : 0, noop_with_empty_axes: 1 };
    return graph.node(type, [x, graph.integers(axes)], settings);
  };
}

function indexOf(type: string): Form {
  return (graph, [x], { attributes, dtype }) => {
    const { axes, keepdim } = attributes as { axes: readonly number[]; keepdim: boolean };
    const index = graph.node(type, [x], { axis: axes[0], keepdims: keepdim ? 1 : 0 });
    return graph.node("Cast", [index], { to: TYPES[dtype] });
  };
}

const sum = /* @__PURE__ */ reduction("ReduceSum");
const largest = /* @__PURE__ */ reduction("ReduceMax");
const smallest = /* @__PURE__ */ reduction("ReduceMin");
function loss(graph: Graph, _: readonly Value[], application: Application): Value {
  const { attributes, shapes } = application;
  const { element, divides } = attributes as { element: Expression; divides: boolean };
  const elements = addElementwise(graph, element, { ...application, shape: shapes[0] });
  const axes = graph.integers([...shapes[0].keys()]);
  const settings = { keepdims: 0, noop_with_empty_axes: 1 };
  return graph.node(divides ? "ReduceMean" : "ReduceSum", [elements, axes], settings);
}
/** 1 for what is not 0. */
const truths = (graph: Graph, x: Value, { dtype }: Application): Value =>
  graph.node("Cast", [graph.node("Cast", [x], { to: TYPES.bool })], { to: TYPES[dtype] });
const numberOf = (graph: Graph, value: number, dtype: Dtype): Value =>
  graph.constant([], dtype === "float64" ? Float64Array.of(value) : Float32Array.of(value));

/** By the names of records. */
const FORMS: Readonly<Record<string, Form>> = {
  reshape: (graph, [x], application) =>
    graph.node("Reshape", [x, shapeOf(graph, application)], { allowzero: 1 }),
  permute: (graph, [x], { attributes, shape }) =>
    shape.length < 2
      ? x
      : graph.node("Transpose", [x], { perm: (attributes as { axes: readonly number[] }).axes }),
  expand: (graph, [x], application) => expanded(graph, x, application),
  clone: (_, [x]) => x,
  balance: (_, [x]) => x,
  anchor: (_, [largest]) => largest,
  to: (graph, [x], { dtype }) => graph.node("Cast", [x], { to: TYPES[dtype] }),
  slice: (graph, [x], { attributes, shapes: [sizes] }) => {
    const { spans } = attributes as { spans: readonly Span[] };
    const cut = [...spans.keys()].filter((axis) => {
      const { step, count } = spans[axis];
      return step !== 1 || (count !== Infinity && count !== sizes[axis]);
    });
    if (cut.length === 0) return x;
    const lists = [
      cut.map((axis) => spans[axis].start),
      // Below the first element an end counts from the last one: −1 would be the end itself.
      cut.map((axis) => {
        const { start, step, count } = spans[axis];
        const end = start + step * count;
        return end < 0 ? -(2 ** 31) : end;
      }),
      cut,
      cut.map((axis) => spans[axis].step),
    ];
    return graph.node("Slice", [x, ...lists.map((list) => graph.integers(list))]);
  },
  placeSlice: (graph, inputs, { attributes, shape, shapes, dtype }) => {
    const { places } = attributes as { places: readonly (readonly Span[])[] };
    if (places.every((spans) => spans.every(({ step }) => step === 1))) {
      const padded = inputs.map((part, i) => {
        const before = places[i].map(({ start }) => start);
        const after = before.map((start, axis) => {
          const [whole, own] = [shape[axis], shapes[i][axis]];
          return isSame(whole, own) ? 0 : known(whole) - start - known(own);
        });
        return graph.node("Pad", [part, graph.integers([...before, ...after])]);
      });
      return padded.reduce((total, part) => graph.node("Add", [total, part]));
    }
    const sizes = shape.map(known);
    const size = sizes.reduce((a, b) => a * b, 1);
    let total = graph.constant([size], dtype === "float64" ? new Float64Array(size) : new Float32Array(size));
    inputs.forEach((part, i) => {
      const count = shapes[i].map(known).reduce((a, b) => a * b, 1);
      const flat = graph.node("Reshape", [part, graph.integers([count])]);
      const at = graph.integers(flatPlaces(places[i], sizes));
      total = graph.node("ScatterElements", [total, at, flat], { axis: 0, reduction: "add" });
    });
    return graph.node("Reshape", [total, graph.integers(sizes)], { allowzero: 1 });
  },
  matmul: (graph, [a, b]) => graph.node("MatMul", [a, b]),
  linear: (graph, [x, weight, bias], { attributes, shape, dtype }) => {
    const { activation } = attributes as { activation?: Expression };
    const columns = graph.node("Transpose", [weight], { perm: [1, 0] });
    const product = graph.node("MatMul", [x, columns]);
    const value =
      shape.length === 2
        ? graph.node("Gemm", bias === undefined ? [x, weight] : [x, weight, bias], { transB: 1 })
        : bias === undefined
          ? product
          : graph.node("Add", [product, bias]);
    return activation === undefined ? value : activation(arithmeticIn(graph, dtype), value);
  },
  sum,
  sumOfSquares: (graph, [x], application) => sum(graph, [graph.node("Mul", [x, x])], application),
  sumWithoutOnes: (graph, [x], application) => {
    const [zero, one] = [0, 1].map((value) => numberOf(graph, value, application.dtype));
    return sum(graph, [graph.node("Where", [graph.node("Equal", [x, one]), zero, x])], application);
  },
  onesBeyondOne: (graph, [x], application) => {
    const one = numberOf(graph, 1, application.dtype);
    const ones = graph.node("Cast", [graph.node("Equal", [x, one])], { to: TYPES[application.dtype] });
    return graph.node("Sub", [sum(graph, [ones], application), one]);
  },
  mean: /* @__PURE__ */ reduction("ReduceMean"),
  prod: /* @__PURE__ */ reduction("ReduceProd"),
  max: largest,
  min: smallest,
  argmax: /* @__PURE__ */ indexOf("ArgMax"),
  argmin: /* @__PURE__ */ indexOf("ArgMin"),
  cumsum: (graph, [x], { attributes }) => {
    const { axis } = attributes as { axis: number };
    return graph.node("CumSum", [x, graph.constant([], BigInt64Array.of(BigInt(axis)))]);
  },
  concat: (graph, inputs, { attributes }) =>
    graph.node("Concat", inputs, { axis: (attributes as { axis: number }).axis }),
  indexSelect: (graph, [x, places], { attributes }) => {
    const { axis, indices } = attributes as ListAttributes;
    return graph.node("Gather", [x, listOf(graph, places, indices)], { axis });
  },
  indexAdd: (graph, [x, places], application) => {
    const { axis, indices } = application.attributes as ListAttributes;
    const shape = application.shapes[0];
    const along = graph.integers(shape.map((_, i) => (i === axis ? -1 : 1)));
    const list = graph.node("Reshape", [listOf(graph, places, indices), along]);
    return addedAt(graph, x, axis, expanded(graph, list, { ...application, shape }), application);
  },
  any: (graph, [x], application) => largest(graph, [truths(graph, x, application)], application),
  all: (graph, [x], application) => smallest(graph, [truths(graph, x, application)], application),
  log2: (graph, [x], { dtype }) =>
    graph.node("Div", [graph.node("Log", [x]), numberOf(graph, Math.LN2, dtype)]),
  log10: (graph, [x], { dtype }) =>
    graph.node("Div", [graph.node("Log", [x]), numberOf(graph, Math.LN10, dtype)]),
  floor: (graph, [x]) => graph.node("Floor", [x]),
  ceil: (graph, [x]) => graph.node("Ceil", [x]),
  round: (graph, [x]) => graph.node("Round", [x]),
  remainder: (graph, [x, y], { dtype }) => {
    const m = arithmeticIn(graph, dtype);
    // As in C: exact, with the sign of x.
    const rest = graph.node("Mod", [x, y], { fmod: 1 });
    const zero = m.constant(0);
    const isKept = m.equal(m.less(rest, zero), m.less(y, zero));
    const nothing = m.where(m.less(y, zero), m.constant(-0), zero);
    return m.where(m.equal(rest, zero), nothing, m.where(isKept, rest, m.add(rest, y)));
  },
  gather: (graph, [x, places], application) => {
    const [axis, at] = indicesOf(graph, places, application, application.shape);
    return graph.node("GatherElements", [x, at], { axis });
  },
  scatterAdd: (graph, [x, places], application) => {
    const [axis, at] = indicesOf(graph, places, application, application.shapes[0]);
    return addedAt(graph, x, axis, at, application);
  },
  argsort: (graph, [x], application) => {
    const { axis, descending } = application.attributes as { axis: number; descending: boolean };
    // NaN counts as the largest, which ONNX leaves open. (Beside infinities it should come behind them, and comes among them.)
    const infinity = numberOf(graph, Infinity, application.dtype);
    const comparable = graph.node("Where", [graph.node("IsNaN", [x]), infinity, x]);
    const count = shapeOf(graph, { shape: [application.shape[axis]], rows: application.rows });
    const settings = { axis, largest: descending ? 1 : 0, sorted: 1 };
    const places = graph.node("TopK", [comparable, count], settings, 1);
    return graph.node("Cast", [places], { to: TYPES[application.dtype] });
  },
  recurrence: (graph, [a, b], application) => {
    const { axis } = application.attributes as { axis: number };
    // In float64, as the engine does.
    const lists = [a, b].map((list) => graph.node("Cast", [list], { to: TYPES.float64 }));
    const shape = application.shape.filter((_, i) => i !== axis);
    const initial = expanded(graph, numberOf(graph, 1, "float64"), { ...application, shape });
    const result = graph.scan(initial, lists, axis, "float64", (before, [factor, term]) =>
      graph.node("Add", [graph.node("Mul", [factor, before]), term]),
    );
    return graph.node("Cast", [result], { to: TYPES[application.dtype] });
  },
  unfold: (graph, [x], { attributes, shape }) => {
    const { sizes, strides, dilations } = attributes as WindowAttributes;
    const leading = shape.length - 2 * sizes.length;
    // Each axis becomes two, windows and their places, one behind the other.
    const parts = sizes.reduce((whole, size, i) => {
      const count = known(shape[leading + i]);
      const places = windowPlaces(count, size, strides[i], dilations[i]);
      const list = graph.constant([count, size], BigInt64Array.from(places, BigInt));
      return graph.node("Gather", [whole, list], { axis: leading + 2 * i });
    }, x);
    const order = [0, 1].flatMap((part) => sizes.map((_, i) => leading + 2 * i + part));
    return graph.node("Transpose", [parts], { perm: [...Array(leading).keys(), ...order] });
  },
  fold: (graph, [x], application) => {
    const { sizes, strides, dilations } = application.attributes as WindowAttributes;
    const [from, shape] = [application.shapes[0], application.shape];
    const leading = shape.length - sizes.length;
    const whole = shape.slice(leading).map(known);
    // The place of each element of a window in the flat whole.
    let places = [0];
    sizes.forEach((size, i) => {
      const count = known(from[leading + i]);
      const along = windowPlaces(count, size, strides[i], dilations[i]);
      places = places.flatMap((place) => along.map((at) => place * whole[i] + at));
    });
    // They come in the order of [count, size] for each axis, and x has all counts first.
    const order = sizes.flatMap((_, i) => [leading + i, leading + sizes.length + i]);
    const turned = graph.node("Transpose", [x], { perm: [...Array(leading).keys(), ...order] });
    const flat = (count: number): Value => shapeOf(graph, { ...application, shape: [...shape.slice(0, leading), count] }); // biome-ignore format: one line.
    const elements = graph.node("Reshape", [turned, flat(places.length)], { allowzero: 1 });
    const at = graph.node("Expand", [graph.integers(places), flat(places.length)]);
    const zeros = graph.node("Expand", [numberOf(graph, 0, application.dtype), flat(whole.reduce((a, b) => a * b, 1))]); // biome-ignore format: one line.
    const sums = graph.node("ScatterElements", [zeros, at, elements], { axis: leading, reduction: "add" });
    return graph.node("Reshape", [sums, shapeOf(graph, application)], { allowzero: 1 });
  },
  mseLoss: loss,
  absoluteError: loss,
  huberError: loss,
  normal: refuseDraw,
  uniform: refuseDraw,
  solve: /* @__PURE__ */ refuseMatrices("systems of linear equations"),
  cholesky: /* @__PURE__ */ refuseMatrices("factors of matrices"),
};

interface ListAttributes {
  readonly axis: number;
  /** Undefined where they are an input. */
  readonly indices?: ArrayLike<number>;
}

interface WindowAttributes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Where the elements of all windows along an axis lie. */
const windowPlaces = (count: number, size: number, stride: number, dilation: number): number[] =>
  Array.from({ length: count * size }, (_, i) => Math.floor(i / size) * stride + (i % size) * dilation);

function refuseMatrices(what: string): Form {
  return (_graph, _inputs, { operation }) => {
    throw new ArgumentError(
      "exportOnnx",
      `the operation ${operation.name} has no ONNX form: ONNX has no ${what}.`,
      "compute it outside, and make the result an input.",
    );
  };
}

function refuseDraw(): never {
  throw new ArgumentError(
    "exportOnnx",
    "random numbers are drawn, and those of ONNX are others.",
    "make the noise an input; of a module with Dropout, call eval() first.",
  );
}

/** Whole numbers, which are an input or stand in the attributes. */
function listOf(graph: Graph, places: Value | undefined, indices: ArrayLike<number> | undefined): Value {
  return places === undefined
    ? graph.integers(Array.from(indices!))
    : graph.node("Cast", [places], { to: TYPES.int64 });
}

/** Indices of elements, the same for each entry of the axes before them, repeated to a shape. */
function indicesOf(
  graph: Graph,
  places: Value | undefined,
  application: Application,
  shape: readonly Size[],
): readonly [axis: number, at: Value] {
  const { axis, indices, indexShape } = application.attributes as ListAttributes & {
    indexShape: readonly number[];
  };
  if (places !== undefined) return [axis, listOf(graph, places, indices)];
  const list = graph.constant(indexShape, BigInt64Array.from(Array.from(indices!), BigInt));
  return [axis, expanded(graph, list, { ...application, shape })];
}

/** Zeros of the output's shape with elements added at indices along an axis. */
function addedAt(graph: Graph, x: Value, axis: number, at: Value, application: Application): Value {
  const zeros = expanded(graph, numberOf(graph, 0, application.dtype), application);
  return graph.node("ScatterElements", [zeros, at, x], { axis, reduction: "add" });
}

/** A value repeated to the shape of the output. */
function expanded(graph: Graph, value: Value, application: Application): Value {
  return graph.node("Expand", [value, shapeOf(graph, application)]);
}

/** The output's shape as a list in the graph. */
function shapeOf(graph: Graph, { shape, rows }: Pick<Application, "shape" | "rows">): Value {
  if (shape.every((size) => typeof size === "number")) return graph.integers(shape.map(known));
  const sizes = shape.map((size) =>
    typeof size === "number"
      ? graph.integers([size])
      : size.rows === 1
        ? rows()
        : graph.node("Mul", [rows(), graph.integers([size.rows])]),
  );
  return graph.node("Concat", sizes, { axis: 0 });
}

/** @throws ArgumentError for a size that follows the number of rows */
function known(size: Size): number {
  if (typeof size === "number") return size;
  throw new ArgumentError(
    "exportOnnx",
    "a part of a tensor is put in a place that depends on the number of rows, which has no ONNX form.",
    "write it with concat() or where().",
  );
}

const isSame = (a: Size, b: Size): boolean =>
  typeof a === "number" || typeof b === "number" ? a === b : a.rows === b.rows;

/** The places of a part's elements, in row-major order, in the flat elements of the whole. */
function flatPlaces(spans: readonly Span[], sizes: readonly number[]): number[] {
  let places = [0];
  spans.forEach(({ start, step, count }, axis) => {
    places = places.flatMap((place) =>
      Array.from({ length: count }, (_, i) => place * sizes[axis] + start + i * step),
    );
  });
  return places;
}
