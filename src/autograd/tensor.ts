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
import { isTensor, Node, operands, scalarTensor, setTensorFactory, zeroTensor } from "../ops/operation.ts";
import { normal as normalDraw, uniform as uniformDraw } from "../ops/random.ts";
import * as reductions from "../ops/reductions.ts";
import { copyElements } from "../ops/spans.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkDtype } from "../tensor/dtype.ts";
import { ArgumentError, AxisError, DtypeError, ShapeError, TapeError } from "../tensor/errors.ts";
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
import { type BackwardOptions, backward } from "./backward.ts";

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
  grad: Tensor | null = null;
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
    // The same node again when it is switched back on, so that what was recorded meanwhile still leads here.
    this.#leaf ??= new Node(null, [], {}, this.self());
    this.node = value ? this.#leaf : null;
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
  clone(): Tensor {
    return this.to(this.dtype);
  }
  to(dtype: Dtype): Tensor {
    const copy = zeroTensor(this.shape, checkDtype("to", dtype));
    copyElements(this.shape, copy, this);
    return copy;
  }
  assign(values: Tensor | number): Tensor {
    checkWritable("assign", this.self());
    const [given] =
      typeof values === "number" ? [scalarTensor(values, this.dtype)] : operands("assign", [values]);
    if (!sameShape(broadcastShapes("assign", given.shape, this.shape), this.shape)) {
      throw new ShapeError(
        "assign",
        `values of shape ${showShape(given.shape)} do not fit into ${showShape(this.shape)}.`,
      );
    }
    // A view of the memory that is written would change while it is read.
    const source = given.storage === this.storage ? given.clone() : given;
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
    const copy = isContiguous(shape, strides) ? this.data.slice(offset, offset + size) : this.clone().data;
    return copy as T;
  }
  at(...indices: number[]): Tensor {
    if (indices.length > this.rank) {
      throw new AxisError(
        "at",
        `${indices.length} indices for the ${this.rank} axes of ${showShape(this.shape)}.`,
      );
    }
    return layout.slice(this.self(), ...indices);
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
  maybeOptions: TensorOptions = {},
): Tensor {
  const isFlat = Array.isArray(shapeOrOptions);
  const options = isFlat ? maybeOptions : ((shapeOrOptions ?? {}) as TensorOptions);
  if (ArrayBuffer.isView(values) || isFlat) {
    const flat = values as ArrayLike<number>;
    if (typeof flat !== "object" || flat === null || typeof flat.length !== "number") {
      throw new DtypeError("tensor", "a shape was given, so the values must be a flat array.");
    }
    const shape = isFlat ? checkShape("tensor", shapeOrOptions as Shape) : [flat.length];
    if (sizeOf(shape) !== flat.length) {
      throw new ShapeError(
        "tensor",
        `${flat.length} values do not fill the shape ${showShape(shape)}, which holds ${sizeOf(shape)}.`,
      );
    }
    return create(shape, options, (data) => {
      if (ArrayBuffer.isView(flat)) data.set(flat);
      else flattenNested("tensor", flat as number[], [flat.length], data);
    });
  }
  if (isTensor(values)) {
    throw new DtypeError(
      "tensor",
      "got a tensor.",
      "use clone() for a copy, or detach() for a view without a past.",
    );
  }
  const shape = shapeOfNested(values as NestedArray);
  return create(shape, options, (data) => flattenNested("tensor", values as NestedArray, shape, data));
}

/** Zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return create(checkShape("zeros", shape), options, () => {});
}

/** Ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** One value everywhere. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  return create(checkShape("full", shape), options, (data) => data.fill(value));
}

/** Zeros of the shape and dtype of another tensor. */
export function zerosLike(other: Tensor, options: TensorOptions = {}): Tensor {
  return zeros(other.shape, { dtype: other.dtype, ...options });
}

/** Ones of the shape and dtype of another tensor. */
export function onesLike(other: Tensor, options: TensorOptions = {}): Tensor {
  return ones(other.shape, { dtype: other.dtype, ...options });
}

/** The identity matrix of `size` rows. */
export function eye(size: number, options: TensorOptions = {}): Tensor {
  return create(checkShape("eye", [size, size]), options, (data) => {
    for (let i = 0; i < size; i++) data[i * size + i] = 1;
  });
}

/** start, start + step, … below `stop`. With one argument: 0, 1, … below it. */
export function arange(start: number, stop?: number, step = 1, options: TensorOptions = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(count)) {
    throw new ArgumentError(
      "arange",
      `from ${from} to ${to} in steps of ${step} never ends.`,
      "use finite bounds and a step other than 0.",
    );
  }
  return create([count], options, (data) => {
    for (let i = 0; i < count; i++) data[i] = from + i * step;
  });
}

/** `count` values evenly spaced from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, options: TensorOptions = {}): Tensor {
  return create(checkShape("linspace", [count]), options, (data) => {
    for (let i = 0; i < count; i++)
      data[i] = count === 1 ? start : start + ((stop - start) * i) / (count - 1);
  });
}

function create(shape: Shape, options: TensorOptions, fill: (data: FloatArray) => void): Tensor {
  const storage = Storage.allocate(sizeOf(shape), checkDtype("tensor", options.dtype ?? "float32"));
  fill(storage.data);
  const created = makeTensor(storage, shape, contiguousStrides(shape), 0);
  if (options.requiresGrad) created.requiresGrad = true;
  return created;
}

/** Standard normal numbers of a shape, N(0, 1), from a stream. */
export function normal(shape: Shape, random: Random): Tensor {
  return normalDraw(shape, random);
}

/** Uniform numbers in [0, 1) of a shape, multiples of 2⁻²⁴, from a stream. */
export function uniform(shape: Shape, random: Random): Tensor {
  return uniformDraw(shape, random);
}
