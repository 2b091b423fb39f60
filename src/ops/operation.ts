/**
 * One operation, one record: this file says what a record holds and what applying it does. An operation
 * computes its output; where an operand is being differentiated, it also leaves a Node behind that remembers
 * operation, operands and output. The nodes, linked through their inputs, are the tape.
 */

import { type Dtype, type Expression, type Operand, Storage } from "../kernels/index.ts";
import { describeValue } from "../tensor/check.ts";
import { ArgumentError, attributedTo, DtypeError, TapeError } from "../tensor/errors.ts";
import { contiguousStrides, type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** Settings of one application that are not differentiated: axes, shapes, indices. */
export type Attributes = object;

/**
 * The record of an operation.
 *
 * A new one needs `name`, `shape`, `compute` and `gradient`; `apply(record, inputs, attributes)` runs it.
 */
export interface Operation<A extends Attributes = Attributes> {
  /** What the tape and errors call it. */
  readonly name: string;
  /** The output's shape. Throws where shapes or attributes do not fit: this is the operation's shape rule. */
  shape(inputs: readonly Tensor[], attributes: A): Shape;
  /** Stores the value: `output` is contiguous memory of the output's shape. */
  compute(output: Operand, shape: Shape, inputs: readonly Tensor[], attributes: A): void;
  /** The value as an expression, of an operation that is elementwise. */
  readonly value?: Expression;
  /** Where the output can share the input's memory: its strides and offset. Null: compute it. */
  view?(input: Tensor, shape: Shape, attributes: A): Pick<Operand, "offset" | "strides"> | null;
  /**
   * The gradient rule, written with other operations: the cotangent of input `index` from that of the output
   * (the vector-Jacobian product). Null where the input has no influence that could be differentiated.
   */
  gradient?(cotangent: Tensor, node: Node<A>, index: number): Tensor | null;
  /** The element type of the output, where it is not that of the operands. */
  dtype?(attributes: A): Dtype;
  /** Which values the gradient rule reads, and which must thus not change in place before; numbers are operands. */
  readonly saves: "nothing" | "inputs" | "output" | "both" | readonly number[];
  /** Where it can be tested: operands drawn as described, and attributes. */
  readonly examples: readonly Example<A>[];
  /**
   * How calls are drawn in tests of random expressions. An elementwise operation needs none: its other operands are
   * whatever broadcasts. Null where it cannot stand in any expression.
   */
  readonly calls?: Calls | null;
}

/** An argument that is no tensor: a number, an axis, a shape, a range, options. Undefined is one that is left out. */
export type Setting =
  | number
  | boolean
  | null
  | undefined
  | readonly Setting[]
  | { readonly [name: string]: Setting };

/** Where random decisions come from. */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
}

/**
 * The values that an argument may take. A list holds them all, and options have such a list each. What depends on the
 * shape of the first operand has a name: an axis, counted from either end; axes, one or several or left out; the place of a new
 * axis; an order of all axes; ranges, one argument for each axis; a shape of the same size; a shape to broadcast to.
 * A function draws anything else, from that shape and the arguments before.
 */
export type Domain =
  | "axis"
  | "axes"
  | "new axis"
  | "permutation"
  | "ranges"
  | "shape of the same size"
  | "broadcast shape"
  | readonly Setting[]
  | { readonly [option: string]: readonly Setting[] }
  | ((dice: Dice, shape: Shape, before: readonly Setting[]) => Setting);

/** How calls are drawn, on a first operand of any shape. A call that the operation refuses is drawn again. */
export interface Calls {
  /** The domains of the arguments after the tensors. */
  readonly settings?: readonly Domain[];
  /** How many of them a call needs; others are left out at times, from the end. Default 0. */
  readonly required?: number;
  /** Shapes of the operands after the first; null where none fit. */
  others?(shape: Shape, settings: readonly Setting[], dice: Dice): readonly Shape[] | null;
  /** Whether the tensors go in as one list. Default false. */
  readonly takesList?: boolean;
  /** Results below are drawn again: there the function bends too sharply to be compared with differences. */
  readonly lowest?: number;
}

/** One way to call an operation in a test: operands of these shapes, elements drawn from the interval. */
export interface Example<A extends Attributes = Attributes> {
  /** One for each operand. */
  readonly shapes: readonly Shape[];
  /** What `apply` is called with. */
  readonly attributes: A;
  /**
   * The open interval for each operand in which the operation is defined and has a derivative: [0, Infinity] for a
   * logarithm. All finite numbers where not given.
   */
  readonly intervals?: readonly (readonly [number, number])[];
  /** Operands at which there is no derivative: a kink, a jump, a pole. */
  readonly kinks?: readonly number[];
}

/** One application of an operation: an entry of the tape. A leaf's node has no operation. */
export class Node<A extends Attributes = Attributes> {
  /** Counts nodes in the order of their recording. */
  readonly id: number = nextId++;
  /** The record; null for a leaf. */
  readonly operation: Operation<A> | null;
  /** What the operation was called with beside its operands. */
  readonly attributes: A;
  /** The value. */
  readonly output: Tensor;
  /** The operands; null once the tape was freed. */
  inputs: readonly Tensor[] | null;
  /** The composite operation in whose course this ran, such as "softmax"; "" outside. */
  readonly scope: string = scope;
  /** Sum of the versions of the saved values when they were recorded; more now means changed in place. */
  readonly savedVersion: number;
  /** Where the operation was called, when `detectAnomaly` asks for it. */
  readonly callSite: string | null = callSites ? callSite() : null;
  /** Set by `retainGrad()`. */
  retainsGrad = false;
  /** Of a leaf: the ids between which it was frozen (from, to, from, to …); null for one that never was. */
  pauses: number[] | null = null;
  /** The traversal that saw this node last. */
  mark = 0;
  /** The backward walk that uses this node. */
  walk = 0;
  /** The sum of the contributions to the output's cotangent so far, during that walk. */
  cotangent: Tensor | null = null;
  /** Whether that walk made the sum itself, and may thus add to it in place. */
  ownsCotangent = false;

  /** Operations are recorded by `apply`, which makes the nodes. */
  constructor(operation: Operation<A> | null, inputs: readonly Tensor[], attributes: A, output: Tensor) {
    this.operation = operation;
    this.inputs = inputs;
    this.attributes = attributes;
    this.output = output;
    this.savedVersion = operation === null ? 0 : versionOfSaved(operation, inputs, output);
  }
}

/** The id that the next node gets: what is recorded later has this id or a larger one. */
export function upcomingId(): number {
  return nextId;
}

let nextId = 0;
let recording = true;
let scope = "";
let callSites = false;
let observe:
  | ((operation: Operation, inputs: readonly Tensor[], output: Tensor, attributes: Attributes) => void)
  | null = null;
let makeTensor: (storage: Storage, shape: Shape, strides: readonly number[], offset: number) => Tensor;

/** The class of tensors announces itself here; operations stand below it. */
export function setTensorFactory(factory: typeof makeTensor): void {
  makeTensor = factory;
}

/** Applies an operation: checks, computes, and records it when an operand is being differentiated. */
export function apply<A extends Attributes>(
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  const shape = operation.shape(inputs, attributes);
  const layout = operation.view?.(inputs[0], shape, attributes);
  let output: Tensor;
  if (layout) {
    output = makeTensor(inputs[0].storage, shape, layout.strides, layout.offset);
  } else {
    const dtype = operation.dtype?.(attributes) ?? (inputs.length > 0 ? inputs[0].dtype : "float32");
    output = zeroTensor(shape, dtype);
    operation.compute(output, shape, inputs, attributes);
  }
  if (recording && operation.gradient !== undefined) {
    for (let i = 0; i < inputs.length; i++) {
      if (inputs[i].node !== null) {
        output.node = new Node<A>(operation, inputs, attributes, output) as unknown as Node;
        break;
      }
    }
  }
  if (observe !== null) observe(operation as unknown as Operation, inputs, output, attributes);
  return output;
}

/** A tensor of zeros in memory of its own. */
export function zeroTensor(shape: Shape, dtype: Dtype): Tensor {
  const strides = shape.length === 0 ? NO_STRIDES : contiguousStrides(shape);
  const storage = Storage.allocate(sizeOf(shape), dtype);
  if (temporaries !== null) temporaries.push(storage);
  return makeTensor(storage, shape, strides, 0);
}

let temporaries: Storage[] | null = null;

/**
 * Runs `body` without recording and gives up the memory of all tensors made on the way but the result's. For the
 * engine's own code only, which knows that it keeps none of them.
 */
export function withoutTemporaries(body: () => Tensor): Tensor {
  const before = temporaries;
  temporaries = [];
  try {
    const result = withRecording(false, body);
    for (const storage of temporaries) if (storage !== result.storage) storage.discard();
    before?.push(result.storage);
    return result;
  } finally {
    temporaries = before;
  }
}

const NO_STRIDES: readonly number[] = [];

/** A scalar that is not recorded. */
export function scalarTensor(value: number, dtype: Dtype): Tensor {
  const tensor = zeroTensor([], dtype);
  tensor.storage.set(0, value);
  return tensor;
}

/**
 * The operands as tensors of one dtype; numbers become scalars of it.
 *
 * @throws DtypeError when dtypes are mixed or an operand is no tensor and no number
 */
export function operands(where: string, values: readonly TensorLike[]): readonly Tensor[] {
  let dtype: Dtype | undefined;
  let numbers = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") {
      numbers++;
      continue;
    }
    if (!isTensor(value)) {
      throw new DtypeError(
        where,
        `got ${describeValue(value)} where a tensor or number is needed.`,
        "wrap values with tensor(…).",
      );
    }
    dtype ??= value.dtype;
    if (value.dtype !== dtype) {
      throw new DtypeError(
        where,
        `operands have dtypes ${dtype} and ${value.dtype}; they must be the same.`,
        `convert one with .to("${dtype}").`,
      );
    }
  }
  if (numbers === 0) return values as readonly Tensor[];
  const tensors = new Array<Tensor>(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    tensors[i] = typeof value === "number" ? scalarTensor(value, dtype ?? "float32") : value;
  }
  return tensors;
}

/** A single operand: see `operands`. */
export function operand(where: string, value: TensorLike): Tensor {
  return isTensor(value) ? value : operands(where, [value])[0];
}

/**
 * The elements of a list of operands or parameters.
 *
 * @throws ArgumentError for what is no list: a tensor can be iterated over, but is one operand and not its rows
 */
export function listOf<T = Tensor>(where: string, values: Iterable<T>, fix: string): T[] {
  const isList = typeof values === "object" && values !== null && Symbol.iterator in values;
  if (isList && !isTensor(values)) return [...values];
  throw new ArgumentError(where, `takes a list of tensors; got ${describeValue(values)}.`, fix);
}

/** Whether a value is a tensor: `instanceof` for something that is made by functions. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && (value as Partial<Tensor>).storage instanceof Storage;
}

/** Whether operations on differentiated tensors are being recorded. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `body` with recording on or off. */
export function withRecording<T>(on: boolean, body: () => T): T {
  const before = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Runs `body` as part of a composite operation: what it records carries the composite's name. */
export function withScope<T>(name: string, body: () => T): T {
  const before = scope;
  scope = before === "" ? name : `${before}/${name}`;
  try {
    return body();
  } finally {
    scope = before;
  }
}

/** How a composite operation can be called in a test: operands of these shapes. */
export interface CompositeExample {
  readonly shapes: readonly Shape[];
  readonly intervals?: readonly (readonly [number, number])[];
  readonly kinks?: readonly number[];
  call(...operands: Tensor[]): Tensor;
}

/** The function with its record attached, where tests, pages and compilers find it: `silu.operation`. */
export function recordOf<F, A extends Attributes>(
  f: F,
  operation: Operation<A>,
): F & { operation: Operation<A> } {
  forgetful.add(operation);
  return Object.assign(f as F & object, { operation });
}

const forgetful = new WeakSet<object>();

/**
 * Whether the operation's gradient rule is known to keep no tensor that it sees or makes. True for the engine's own and
 * for those made of expressions; a rule that a user wrote may keep anything.
 */
export function isForgetful(operation: Operation): boolean {
  return forgetful.has(operation);
}

/**
 * An operation that is written with others; what it records carries its name, and so do errors from inside. It has as many
 * operands as the longest of its examples; those that the shortest leaves out may be undefined. Settings follow.
 */
/* @__NO_SIDE_EFFECTS__ */ export function composite<F extends (...operands: never[]) => Tensor>(
  name: string,
  compose: F,
  examples: readonly CompositeExample[],
  calls: Calls,
): F & { examples: readonly CompositeExample[]; calls: Calls } {
  const counts = examples.map(({ shapes }) => shapes.length);
  const [required, arity] = [Math.min(...counts), Math.max(...counts)];
  const scoped = (...values: never[]): Tensor => {
    try {
      const given = Array.from({ length: arity }, (_, i): TensorLike | undefined => values[i]);
      const isGiven = (value: TensorLike | undefined, i: number): boolean =>
        i < required || value !== undefined;
      const present = operands(name, given.filter(isGiven) as TensorLike[]).values();
      const inputs = given.map((value, i) => (isGiven(value, i) ? present.next().value : undefined));
      return withScope(name, () => compose(...(inputs as never[]), ...values.slice(arity)));
    } catch (error) {
      throw attributedTo(name, error);
    }
  };
  return Object.assign(scoped as F, { examples, calls });
}

/** Another way to write recorded operations, which has neither a record nor a name on the tape. */
/* @__NO_SIDE_EFFECTS__ */ export function spelling<F extends (...operands: never[]) => Tensor>(
  f: F,
  calls: Calls,
): F & { calls: Calls } {
  return Object.assign(f, { calls });
}

/** Lets `observer` see every application while `body` runs; call sites are kept on the nodes meanwhile. */
export function withObserver<T>(observer: NonNullable<typeof observe>, body: () => T): T {
  const before = { observe, callSites };
  observe = observer;
  callSites = true;
  try {
    return body();
  } finally {
    ({ observe, callSites } = before);
  }
}

/** Throws when a value that this node's gradient rule reads was changed in place since. */
export function checkSaved(node: Node): void {
  const { operation, inputs, output } = node;
  if (operation === null || inputs === null) return;
  if (versionOfSaved(operation, inputs, output) !== node.savedVersion) {
    throw new TapeError(
      operation.name,
      "a value that its gradient needs was changed in place after it was computed " +
        `(operands ${inputs.map((input) => `[${input.shape.join(", ")}]`).join(", ")}).`,
      "change it after backward(), or change a clone().",
    );
  }
}

function versionOfSaved<A extends Attributes>(
  operation: Operation<A>,
  inputs: readonly Tensor[],
  output: Tensor,
): number {
  const { saves } = operation;
  let version = saves === "output" || saves === "both" ? output.storage.version : 0;
  if (typeof saves !== "string") {
    for (let i = 0; i < saves.length; i++) version += inputs[saves[i]].storage.version;
  } else if (saves === "inputs" || saves === "both") {
    for (let i = 0; i < inputs.length; i++) version += inputs[i].storage.version;
  }
  return version;
}

/** The innermost caller outside this engine's own files, from the stack: "fit (file:///home/me/fit.ts:12:31)". */
export function callSite(): string {
  const limits = Error as { stackTraceLimit?: number };
  const before = limits.stackTraceLimit;
  // V8 keeps 10 frames, fewer than an operation inside composites has of the engine's own.
  limits.stackTraceLimit = 100;
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  if (before !== undefined) limits.stackTraceLimit = before;
  const outside = lines.find(
    (line) => !OWN_FILES.some((folder) => line.includes(folder)) && !line.endsWith("<anonymous>)"),
  );
  return (outside ?? "unknown place").trim().replace(/^at /, "");
}

/** The folder that holds ops/, as stacks write it: some leave out the scheme, some do not escape blanks. */
const ownFolder = new URL("..", import.meta.url).pathname;
const OWN_FILES = [ownFolder, decodeURI(ownFolder)];
