/**
 * The class behind every tensor: a view of flat memory, and its place on the tape. What a tensor offers is written down in
 * ops/tensor.ts; here the operations become its methods.
 */

import { type BackwardOptions, backward } from "../autograd/backward.ts";
import { checkCotangent } from "../autograd/cotangents.ts";
import { setLastLandmark } from "../basics/call-site.ts";
import { describeValue } from "../basics/check.ts";
import { ArgumentError, AxisError, attributedTo, ShapeError, TapeError } from "../basics/errors.ts";
import { formatElements } from "../basics/format.ts";
import { type NestedArray, toNested } from "../basics/nested.ts";
import {
  broadcastShapes,
  broadcastStrides,
  isContiguous,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "../basics/shape.ts";
import {
  type Dtype,
  type FloatArray,
  forEachIndex,
  mergeAxes,
  type Storage,
  watcher,
} from "../kernels/index.ts";
import * as elementwise from "../ops/elementwise.ts";
import * as indexing from "../ops/indexing.ts";
import * as layout from "../ops/layout.ts";
import * as linear from "../ops/linear.ts";
import * as losses from "../ops/losses.ts";
import { operands, scalarTensor, setTensorFactory, zeroTensor } from "../ops/operands.ts";
import { isRecording, Node } from "../ops/operation.ts";
import * as reductions from "../ops/reductions.ts";
import { copyElements } from "../ops/spans.ts";
import type { FunctionsOnly, Tensor } from "../ops/tensor.ts";
import { changeInPlace } from "../ops/writes.ts";

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
    if (watcher !== null) watcher.tensor(this);
    if (IN_TESTS_OF_BUN) showElements(this.self());
  }

  get data(): FloatArray {
    this.storage.isShown = true;
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
    if (watcher !== null) this.#grad = watcher.gradient(this, this.#grad);
    return this.#grad;
  }
  set grad(gradient: Tensor | null) {
    if (gradient !== null) checkCotangent("grad", gradient, this.self(), "gradient");
    if (watcher !== null) watcher.setGradient(this, gradient);
    this.#grad = gradient;
  }

  get isLeaf(): boolean {
    this.#look();
    return this.node === null || this.node.operation === null;
  }
  get requiresGrad(): boolean {
    this.#look();
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
    if (watcher !== null) watcher.requireGradient(this);
    // The same node again when it is switched back on, so that what was recorded before still leads here; what was
    // recorded meanwhile does not know of it.
    this.#leaf ??= new Node(null, [], [], {}, this.self());
    this.node = value ? this.#leaf : null;
  }
  get isFrozen(): boolean {
    this.#look();
    return this.node === null && this.#leaf !== undefined;
  }

  /** Tells who watches that somebody asks whether this is being differentiated. */
  #look(): void {
    if (watcher !== null) watcher.operands([this]);
  }

  backward(cotangent?: Tensor | BackwardOptions, options?: BackwardOptions): void {
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
    const strides = broadcastStrides(given.shape, given.strides, this.shape);
    changeInPlace("assign", [this.self()], [given], () =>
      copyElements(this.shape, this, { storage: given.storage, offset: given.offset, strides }),
    );
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
    return this.storage.data[this.offset];
  }
  toArray<T extends NestedArray = NestedArray>(): T {
    return toNested(this.shape, this.strides, this.offset, this.storage.data) as T;
  }
  toTypedArray<T extends FloatArray = Float32Array>(): T {
    const { shape, strides, offset, size } = this;
    if (isContiguous(shape, strides)) return this.storage.data.slice(offset, offset + size) as T;
    const copy = zeroTensor(shape, this.dtype);
    copyElements(shape, copy, this);
    return copy.storage.data as T;
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
        Array.isArray(wrong)
          ? "at(0, 1) is one element; slice([0, 1]) is a range."
          : "slice() takes ranges and null.",
      );
    }
    try {
      return layout.slice(this.self(), ...indices);
    } catch (error) {
      throw attributedTo("at", error);
    }
  }
  /** Libraries that compare iterate over what has this, so a scalar has not. */
  get [Symbol.iterator](): (() => IterableIterator<Tensor>) | undefined {
    return this.rank === 0 ? undefined : this.#rows;
  }
  *#rows(): IterableIterator<Tensor> {
    for (let i = 0; i < this.shape[0]; i++) yield this.at(i);
  }

  toString(): string {
    const elements = formatElements(
      this.shape,
      this.strides,
      this.offset,
      this.storage.data,
      "tensor(".length,
    );
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
    throw new ArgumentError(
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
    showElements(this.self());
    return this.shape === undefined ? "Tensor" : `Tensor ${showShape(this.shape)}`;
  }
  toJSON(): NestedArray {
    return this.toArray();
  }

  /** This object by its full contract: the methods that are operations come from the records below. */
  private self(): Tensor {
    return this as unknown as Tensor;
  }
}

/**
 * Makes a tensor comparable to libraries, which look at own enumerable properties: its shape and elements, not its memory,
 * layout and past. They ask for the tag, the constructor or (Jest) whether it is a matcher first, which is when this is
 * done: for every tensor it would take as long as an operation of scalars.
 */
function showElements(tensor: Tensor): void {
  if (!Object.hasOwn(tensor, "storage") || !Object.isExtensible(tensor) || "elements" in tensor) return;
  const hidden = { enumerable: false };
  Object.defineProperties(tensor, {
    storage: hidden,
    strides: hidden,
    offset: hidden,
    node: hidden,
    elements: { get: () => tensor.toTypedArray(), enumerable: true, configurable: true },
  });
}

/** Bun's `expect` compares natively, and asks for nothing first. */
const IN_TESTS_OF_BUN: boolean = /* @__PURE__ */ (() => {
  const { Bun } = globalThis as { Bun?: { env?: { NODE_ENV?: string } } };
  return Bun?.env?.NODE_ENV === "test";
})();

for (const [asked, answer] of [
  ["constructor", TensorClass],
  ["asymmetricMatch", undefined],
] as const) {
  Object.defineProperty(TensorClass.prototype, asked, {
    get(this: Tensor) {
      showElements(this);
      return answer;
    },
    configurable: true,
  });
}

/** Operations that are no methods, and how to write them. */
export const FUNCTIONS_ONLY: Record<FunctionsOnly, string> & Record<string, string | undefined> = {
  where: "where(condition, x, y)",
  linearCombination: "linearCombination(a, x, b, y)",
};

for (const operations of [elementwise, reductions, layout, linear, losses, indexing]) {
  for (const [name, operation] of Object.entries(operations) as [
    string,
    (...values: unknown[]) => Tensor,
  ][]) {
    Object.defineProperty(TensorClass.prototype, name, {
      value: FUNCTIONS_ONLY[name]
        ? () => refuseMethod(name)
        : methodOf(operation, operations === elementwise ? operation.length : 0),
      writable: true,
      configurable: true,
    });
  }
}

/** @throws ArgumentError with the way out, for those who do not compile */
function refuseMethod(name: string): never {
  throw new ArgumentError(
    name,
    "is no method, since a reader could not tell which operand the receiver is.",
    `import { ${name} } from "halograd", and write ${FUNCTIONS_ONLY[name]}.`,
  );
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

/** A tensor over given memory. */
export function makeTensor(
  storage: Storage,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Tensor {
  return new TensorClass(storage, shape, strides, offset) as unknown as Tensor;
}
setTensorFactory(makeTensor);
setLastLandmark(() => new Error().stack ?? "");

/** Whether an element lies in several places, as after `expand` and `unfold`. */
function overlaps({ shape, strides, size }: Tensor): boolean {
  let reach = 0;
  const step = (axis: number): number => Math.abs(strides[axis]);
  for (const axis of [...shape.keys()].sort((a, b) => step(a) - step(b))) {
    // Steps that lead out of what the shorter ones reach meet no place twice. Others may not either: then the places are counted.
    if (shape[axis] > 1 && step(axis) <= reach) {
      const places = new Set<number>();
      forEachIndex(mergeAxes(shape, [{ offset: 0, strides }]), ([place]) => places.add(place));
      return places.size < size;
    }
    reach += step(axis) * (shape[axis] - 1);
  }
  return false;
}

/** @throws TapeError where writing into the tensor would falsify what the tape knows of it, or what it shares */
export function checkWritable(where: string, tensor: Tensor): void {
  if (!isContiguous(tensor.shape, tensor.strides) && overlaps(tensor)) {
    throw new ShapeError(where, "an element lies in many places, as after expand().", "clone() it first.");
  }
  if (tensor.node === null || (tensor.isLeaf && !isRecording())) return;
  throw new TapeError(
    where,
    tensor.isLeaf
      ? "a leaf that requires gradients cannot be changed in place while operations are recorded."
      : "a recorded value cannot be changed in place: its past would no longer explain it.",
    tensor.isLeaf ? "wrap the change in noGrad(() => …)." : "change a detach().clone() of it.",
  );
}
