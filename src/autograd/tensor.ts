/**
 * The class behind every tensor, and the functions that make tensors from values. What a tensor offers is
 * written down in ops/tensor.ts; here the operations become its methods.
 */

import { type Dtype, type FloatArray, Storage } from "../kernels/index.ts";
import * as elementwise from "../ops/elementwise.ts";
import { checkWritable } from "../ops/elementwise-record.ts";
import * as indexing from "../ops/indexing.ts";
import * as layout from "../ops/layout.ts";
import * as linear from "../ops/linear.ts";
import * as losses from "../ops/losses.ts";
import {
  isRecording,
  isTensor,
  Node,
  operand,
  operands,
  scalarTensor,
  setTensorFactory,
  upcomingId,
  zeroTensor,
} from "../ops/operation.ts";
import { normal as normalDraw, uniform as uniformDraw } from "../ops/random.ts";
import * as reductions from "../ops/reductions.ts";
import { copyElements } from "../ops/spans.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkCount, checkNumber, checkOptions, describeValue } from "../tensor/check.ts";
import { checkDtype } from "../tensor/dtype.ts";
import {
  ArgumentError,
  AxisError,
  attributedTo,
  DtypeError,
  ShapeError,
  TapeError,
} from "../tensor/errors.ts";
import { formatElements } from "../tensor/format.ts";
import { flattenNested, type NestedArray, shapeOfNested, toNested } from "../tensor/nested.ts";
import type { Random } from "../tensor/random.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  isContiguous,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "../tensor/shape.ts";
import { type BackwardOptions, backward, checkCotangent } from "./backward.ts";

/** Options of every function that makes a tensor. */
export interface TensorOptions {
  /** Record operations on it, to differentiate by it. Default false. */
  readonly requiresGrad?: boolean;
  /** "float32" (the default), or "float64" for checks at higher precision. */
  readonly dtype?: Dtype;
}

class TensorClass {
  readonly storage: Storage;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  node: Node | null = null;
  #grad: Tensor | null = null;
  #leaf: Node | undefined;

  constructor(storage: Storage, shape: Shape, strides: readonly number[], offset: number) {
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
  }

  get data(): FloatArray {
    return this.storage.data;
  }
  get dtype(): Dtype {
    return this.storage.dtype;
  }
  get size(): number {
    return sizeOf(this.shape);
  }
  get rank(): number {
    return this.shape.length;
  }
  get length(): number {
    if (this.shape.length === 0)
      throw new AxisError("length", "a scalar has no length.", "use item() for its value.");
    return this.shape[0];
  }

  get grad(): Tensor | null {
    return this.#grad;
  }
  set grad(gradient: Tensor | null) {
    if (gradient !== null) checkCotangent("grad", gradient, this.self(), "gradient");
    this.#grad = gradient;
  }

  get isLeaf(): boolean {
    return this.node === null || this.node.operation === null;
  }
  get requiresGrad(): boolean {
    return this.node !== null;
  }
  set requiresGrad(value: boolean) {
    if (value === this.requiresGrad) return;
    if (!this.isLeaf) {
      throw new TapeError(
        "requiresGrad",
        `a result of ${this.node!.operation!.name} cannot stop requiring gradients.`,
        "use detach() for the same elements without a past.",
      );
    }
    // The same node again when it is switched back on, so that what was recorded before still leads here; what was
    // recorded meanwhile does not.
    if (this.#leaf === undefined) {
      this.#leaf = new Node(null, [], {}, this.self());
    } else {
      this.#leaf.pauses ??= [];
      this.#leaf.pauses.push(upcomingId());
    }
    this.node = value ? this.#leaf : null;
  }
  get isFrozen(): boolean {
    return this.node === null && this.#leaf !== undefined;
  }

  backward(cotangent?: Tensor, options?: BackwardOptions): void {
    backward(this.self(), cotangent, options);
  }
  retainGrad(): Tensor {
    if (this.node === null) throw new TapeError("retainGrad", "nothing is recorded for this tensor.");
    this.node.retainsGrad = true;
    return this.self();
  }
  detach(): Tensor {
    return makeTensor(this.storage, this.shape, this.strides, this.offset);
  }
  assign(values: Tensor | number): Tensor {
    checkWritable("assign", this.self());
    const [given] =
      typeof values === "number" ? [scalarTensor(values, this.dtype)] : operands("assign", [values]);
    if (given.node !== null && isRecording()) {
      throw new TapeError(
        "assign",
        "the values are recorded, and assigning is not: their gradient would end here without a word.",
        "assign(values.detach()) where that is meant, or compute with the values themselves.",
      );
    }
    if (!sameShape(broadcastShapes("assign", given.shape, this.shape), this.shape)) {
      throw new ShapeError(
        "assign",
        `values of shape ${showShape(given.shape)} do not fit into ${showShape(this.shape)}.`,
      );
    }
    // A view of the memory that is written would change while it is read.
    const source = given.storage === this.storage ? given.detach().clone() : given;
    const strides = broadcastStrides(source.shape, source.strides, this.shape);
    copyElements(this.shape, this, { storage: source.storage, offset: source.offset, strides });
    this.storage.version++;
    return this.self();
  }

  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(
        "item",
        `${showShape(this.shape)} has ${this.size} elements, not one.`,
        "reduce it first (sum, mean), choose one with at(…), or take them all with toArray().",
      );
    }
    return this.data[this.offset];
  }
  toArray<T extends NestedArray = NestedArray>(): T {
    return toNested(this.shape, this.strides, this.offset, this.data) as T;
  }
  toTypedArray<T extends FloatArray = Float32Array>(): T {
    const { shape, strides, offset, size } = this;
    if (isContiguous(shape, strides)) return this.data.slice(offset, offset + size) as T;
    const copy = zeroTensor(shape, this.dtype);
    copyElements(shape, copy, this);
    return copy.data as T;
  }
  at(...indices: number[]): Tensor {
    if (indices.length > this.rank) {
      throw new AxisError(
        "at",
        `${indices.length} indices for the ${this.rank} axes of ${showShape(this.shape)}.`,
      );
    }
    const place = indices.findIndex((index) => typeof index !== "number");
    if (place !== -1) {
      const wrong: unknown = indices[place];
      throw new AxisError(
        "at",
        `an index is a whole number; got ${describeValue(wrong)}.`,
        Array.isArray(wrong) ? "at(0, 1) is one element; slice([0, 1]) is a range." : undefined,
      );
    }
    try {
      return layout.slice(this.self(), ...indices);
    } catch (error) {
      throw attributedTo("at", error);
    }
  }
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.rank === 0)
      throw new AxisError("iteration", "a scalar has nothing to iterate over.", "use item().");
    for (let i = 0; i < this.shape[0]; i++) yield this.at(i);
  }

  toString(): string {
    const elements = formatElements(this.shape, this.strides, this.offset, this.data, "tensor(".length);
    const notes = [
      this.size > 1 || this.rank > 1 ? `shape ${showShape(this.shape)}` : "",
      this.dtype === "float32" ? "" : this.dtype,
      this.node === null ? "" : this.isLeaf ? "requiresGrad" : `from ${this.node.operation!.name}`,
    ];
    return `tensor(${[elements, ...notes.filter((note) => note !== "")].join(", ")})`;
  }
  /** Text in a template or with String(…); in a computation a tensor would turn into NaN or text without a word. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new DtypeError(
      "tensor",
      `JavaScript's operators (+, *, <, == …) do not compute with tensors; got one of shape ${showShape(this.shape)}.`,
      "write x.add(y), x.mul(y), x.less(y), x.equal(y); item() is the number in a scalar, String(x) its text.",
    );
  }
  /** What Node's, Deno's and Bun's consoles print. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
  /** What a browser's console shows before it is opened. */
  get [Symbol.toStringTag](): string {
    return `Tensor ${showShape(this.shape)}`;
  }
  toJSON(): NestedArray {
    return this.toArray();
  }

  /** This object by its full contract: the methods that are operations come from the records below. */
  private self(): Tensor {
    return this as unknown as Tensor;
  }
}

for (const operations of [elementwise, reductions, layout, linear, losses, indexing]) {
  for (const [name, operation] of Object.entries(operations) as [
    string,
    (...values: unknown[]) => Tensor,
  ][]) {
    Object.defineProperty(TensorClass.prototype, name, {
      value: methodOf(operation, operations === elementwise ? operation.length : 0),
      writable: true,
      configurable: true,
    });
  }
}

/** The function with `this` as its first operand; one or two operands are handed over without a list, which takes time. */
function methodOf(
  operation: (...values: unknown[]) => Tensor,
  arity: number,
): (this: Tensor, ...rest: unknown[]) => Tensor {
  switch (arity) {
    case 1:
      return function (this: Tensor) {
        return operation(this);
      };
    case 2:
      return function (this: Tensor, y: unknown) {
        return operation(this, y);
      };
    default:
      return function (this: Tensor, ...rest: unknown[]) {
        return operation(this, ...rest);
      };
  }
}

function makeTensor(storage: Storage, shape: Shape, strides: readonly number[], offset: number): Tensor {
  return new TensorClass(storage, shape, strides, offset) as unknown as Tensor;
}
setTensorFactory(makeTensor);

/**
 * A tensor from a number, nested arrays, or flat values with a shape.
 *
 * ```ts
 * tensor([[1, 2], [3, 4]]);                     // shape [2, 2]
 * tensor(new Float32Array([1, 2, 3, 4]), [2, 2]); // the same; typed arrays are copied
 * tensor(0.5, { requiresGrad: true });          // a scalar to differentiate by
 * ```
 *
 * @throws ShapeError when rows differ in length, or the values do not fill the shape
 */
export function tensor(values: NestedArray | FloatArray, options?: TensorOptions): Tensor;
/** The same from flat values in row-major order. */
export function tensor(values: ArrayLike<number>, shape: Shape, options?: TensorOptions): Tensor;
export function tensor(
  values: NestedArray | ArrayLike<number>,
  shapeOrOptions?: Shape | TensorOptions,
  maybeOptions?: TensorOptions,
): Tensor {
  const isFlat = Array.isArray(shapeOrOptions);
  if (shapeOrOptions !== undefined && !isFlat) {
    checkOptions("tensor", shapeOrOptions, OPTIONS);
    if (maybeOptions !== undefined) throw twoOptions();
  }
  const options = (isFlat || shapeOrOptions === undefined ? maybeOptions : shapeOrOptions) as TensorOptions;
  if (isTensor(values)) {
    throw new DtypeError(
      "tensor",
      "got a tensor.",
      "use clone() for a copy, or detach() for a view without a past.",
    );
  }
  if (ArrayBuffer.isView(values) || isFlat) {
    const flat = values as ArrayLike<number>;
    if (typeof flat !== "object" || flat === null || typeof flat.length !== "number") {
      throw new DtypeError(
        "tensor",
        `a shape was given, so the values must be a flat array of numbers; got ${describeValue(values)}.`,
        "full(shape, value) repeats a number.",
      );
    }
    if (/^Big/.test(Object.prototype.toString.call(flat).slice(8))) {
      throw new DtypeError(
        "tensor",
        `got ${describeValue(values)}.`,
        "convert its elements with Float64Array.from(values, Number).",
      );
    }
    const shape = isFlat ? checkShape("tensor", shapeOrOptions as Shape) : [flat.length];
    if (Array.isArray(flat) && flat.some(Array.isArray)) {
      throw new ShapeError(
        "tensor",
        `a shape ${showShape(shape)} was given, so the values must be a flat array; got one with arrays in it.`,
        "leave the shape out for nested arrays, or flatten them with values.flat(Infinity).",
      );
    }
    if (sizeOf(shape) !== flat.length) {
      throw new ShapeError(
        "tensor",
        `${flat.length} values do not fill the shape ${showShape(shape)}, which holds ${sizeOf(shape)}.`,
        "the product of the sizes is the number of values.",
      );
    }
    return create("tensor", shape, options, (data) => {
      if (ArrayBuffer.isView(flat)) data.set(flat);
      else flattenNested("tensor", flat as number[], [flat.length], data);
    });
  }
  const shape = shapeOfNested(values as NestedArray);
  return create("tensor", shape, options, (data) =>
    flattenNested("tensor", values as NestedArray, shape, data),
  );
}

/** Zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return create("zeros", checkShape("zeros", shape), options, () => {});
}

/** Ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return create("ones", checkShape("ones", shape), options, (data) => data.fill(1));
}

/** One value everywhere. */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  const checked = checkShape("full", shape);
  checkNumber("full", "value", value);
  return create("full", checked, options, (data) => data.fill(value));
}

/** Zeros of the shape and dtype of another tensor. */
export function zerosLike(other: Tensor, options?: TensorOptions): Tensor {
  const { shape, dtype } = operand("zerosLike", other);
  checkOptions("zerosLike", options, OPTIONS);
  return zeros(shape, { dtype, ...options });
}

/** Ones of the shape and dtype of another tensor. */
export function onesLike(other: Tensor, options?: TensorOptions): Tensor {
  const { shape, dtype } = operand("onesLike", other);
  checkOptions("onesLike", options, OPTIONS);
  return ones(shape, { dtype, ...options });
}

/** The identity matrix of `size` rows. */
export function eye(size: number, options?: TensorOptions): Tensor {
  return create("eye", checkShape("eye", [size, size]), options, (data) => {
    for (let i = 0; i < size; i++) data[i * size + i] = 1;
  });
}

/** start, start + step, … below `stop`. With one argument: 0, 1, … below it. */
export function arange(start: number, stop?: number, step = 1, options?: TensorOptions): Tensor {
  for (const [name, value] of [
    ["start", start],
    ["stop", stop ?? 0],
    ["step", step],
  ] as const) {
    if (typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value)) {
      throw new ArgumentError(
        "arange",
        `${name} is a number; got ${describeValue(value)}.`,
        "options come last: arange(0, 5, 1, options).",
      );
    }
    checkNumber("arange", name, value);
  }
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(count)) {
    throw new ArgumentError(
      "arange",
      `from ${from} to ${to} in steps of ${step} never ends.`,
      "use finite bounds and a step other than 0.",
    );
  }
  return create("arange", checkShape("arange", [count]), options, (data) => {
    for (let i = 0; i < count; i++) data[i] = from + i * step;
  });
}

/** `count` values evenly spaced from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, options?: TensorOptions): Tensor {
  checkNumber("linspace", "start", start);
  checkNumber("linspace", "stop", stop);
  checkCount("linspace", "count", count, 0);
  return create("linspace", checkShape("linspace", [count]), options, (data) => {
    for (let i = 0; i < count; i++)
      data[i] = count === 1 ? start : start + ((stop - start) * i) / (count - 1);
  });
}

/** Standard normal numbers of a shape, N(0, 1), from a stream. */
export function normal(shape: Shape, random: Random, options?: TensorOptions): Tensor {
  checkOptions("normal", options, OPTIONS);
  return withOptions("normal", normalDraw(shape, random), options);
}

/** Uniform numbers in [0, 1) of a shape, multiples of 2⁻²⁴, from a stream. */
export function uniform(shape: Shape, random: Random, options?: TensorOptions): Tensor {
  checkOptions("uniform", options, OPTIONS);
  return withOptions("uniform", uniformDraw(shape, random), options);
}

/** A new tensor, drawn in float32, with the options of tensors. */
function withOptions(where: string, drawn: Tensor, options: TensorOptions = {}): Tensor {
  const { dtype = "float32", requiresGrad = false } = options;
  const made = checkDtype(where, dtype) === drawn.dtype ? drawn : drawn.to(dtype);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}

const OPTIONS: readonly (keyof TensorOptions)[] = ["requiresGrad", "dtype"];

function create(
  where: string,
  shape: Shape,
  options: TensorOptions | undefined,
  fill: (data: FloatArray) => void,
): Tensor {
  checkOptions(where, options, OPTIONS);
  const storage = Storage.allocate(sizeOf(shape), checkDtype(where, options?.dtype ?? "float32"));
  fill(storage.data);
  const created = makeTensor(storage, shape, contiguousStrides(shape), 0);
  if (options?.requiresGrad) created.requiresGrad = true;
  return created;
}

function twoOptions(): ArgumentError {
  return new ArgumentError(
    "tensor",
    "got options twice.",
    "write tensor(values, options) or tensor(values, shape, options).",
  );
}
