/**
 * The first stage: a function runs eagerly once, and what it does is written down. Later calls do not run the function itself, so
 * whatever they could not repeat is refused here: looking at a value, a random number drawn by the host, a tape that is left open.
 */

import { TraceError } from "../basics/errors.ts";
import type { Random } from "../basics/random.ts";
import { isContiguous, type Shape, sameShape, sizeOf } from "../basics/shape.ts";
import {
  type Draw,
  type FloatArray,
  type Operand,
  Storage,
  type Watcher,
  withWatcher,
} from "../kernels/index.ts";
import { type Application, type HostWork, type KernelCall, settings } from "../kernels/watch.ts";
import { makeTensor } from "../ops/operands.ts";
import { type Node, observer } from "../ops/operation.ts";
import { copyElements } from "../ops/spans.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Copies, isCyclic, isKnown, isRebuilt, replaced, tensorsOf } from "./arguments.ts";
import {
  type Access,
  type Buffer,
  isEqual,
  type OperationStatement,
  type Source,
  type Statement,
  type View,
  type WorkStatement,
} from "./program.ts";

/** What a function did in one call, and what it gave. */
export interface Trace {
  readonly statements: readonly Statement[];
  /** The result, with places where tensors were. */
  readonly result: unknown;
  readonly results: readonly Result[];
  /** The gradients that were replaced, and what they are at the end. */
  readonly gradients: ReadonlyMap<Tensor, View | null>;
  readonly conditions: Conditions;
  /** Buffers have numbers below this. */
  readonly bufferCount: number;
  /** Why it cannot be compiled; null where it can. */
  readonly refusal: string | null;
}

/** A tensor of the result: one that was there before, an argument, or memory of the call. */
type Result =
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "view"; readonly view: View; readonly node: Node | null };

/** What must be as it was for a program to be valid. */
interface Conditions {
  /** Values of the host. */
  readonly values: readonly { readonly read: () => unknown; readonly value: unknown }[];
  /** Whether tensors that were there before are being differentiated. */
  readonly differentiated: ReadonlyMap<Tensor, boolean>;
  /** Whether tensors have a gradient when the call begins. */
  readonly hasGradient: ReadonlyMap<Tensor, boolean>;
}

/**
 * Runs a function on arguments, and returns what it gave and what it did.
 *
 * @throws TraceError where it looks at a value
 */
export function trace(
  f: (...given: never[]) => unknown,
  given: readonly unknown[],
): { readonly value: unknown; readonly trace: Trace } {
  const tensors = tensorsOf(given);
  const tracer = new Tracer(tensors);
  // Stand-ins have memory of their own: what the function reads of an argument is not to be taken for what it knows anyway.
  const stands = tensors.map((tensor, i) => (isKnown(tensor) ? tensor : tracer.standIn(tensor, i)));
  const originals = new Map(stands.map((stand, i) => [stand, tensors[i]]));
  const original = (tensor: Tensor): Tensor => originals.get(tensor) ?? tracer.original(tensor, tensors);
  const copies = new Copies();
  let next = 0;
  const args = given.map((argument) =>
    replaced(
      argument,
      () => stands[next++],
      (branch, copy) => copies.add(branch, copy),
    ),
  );
  try {
    const value = withWatcher(tracer, () => f(...(args as never[])));
    if (copies.areChanged) tracer.refuse("changes an array or an object that it is called with");
    const trace = tracer.finish(value, stands);
    return { value: replaced(value, original), trace };
  } finally {
    copies.writeBack(original);
    for (const [i, tensor] of tensors.entries()) tracer.writeBack(stands[i], tensor);
    tracer.restoreGradients(tensors);
  }
}

/** The part of a tensor that is, of its copy side by side, the one with this layout. */
export function viewOfCopy(of: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  if (offset === 0 && sameShape(shape, of.shape) && isContiguous(shape, strides)) return of;
  if (isContiguous(of.shape, of.strides)) return makeTensor(of.storage, shape, strides, of.offset + offset);
  return makeTensor(Storage.of(of.toTypedArray<FloatArray>()), shape, strides, offset);
}

/** Where the elements of a view begin and end in its memory. */
export function extentOf({ shape, strides, offset }: Omit<View, "buffer">): [first: number, end: number] {
  let [first, end] = [offset, offset + 1];
  for (const [axis, size] of shape.entries()) {
    const step = (size - 1) * strides[axis];
    if (step < 0) first += step;
    else end += step;
  }
  return sizeOf(shape) === 0 ? [0, 0] : [first, end];
}

class Tracer implements Watcher {
  readonly #statements: Statement[] = [];
  readonly #buffers = new Map<Storage, Buffer>();
  /** Memory and tensors made in the call. */
  readonly #made = new Set<Storage>();
  readonly #tensors = new Set<object>();
  /** The memory of arguments; of stand-ins the argument that each stands for. */
  readonly #given: ReadonlySet<Storage>;
  readonly #standIns = new Set<object>();
  readonly #arguments = new Map<Storage, number>();
  /** The gradients that were there, by the memory of their copies. */
  readonly #entryGradients = new Map<
    Storage,
    { readonly of: Tensor; readonly gradient: Tensor; readonly copy: Tensor }
  >();
  readonly #gradientMemory = new Set<Storage>();
  readonly #works = new Map<readonly number[], number>();
  readonly #numbers = new Map<Storage, Source>();
  readonly #draws = new Map<Draw, number>();
  readonly #written = new Set<Buffer>();
  readonly #gradients = new Map<Tensor, Tensor | null>();
  readonly #values: Conditions["values"][number][] = [];
  readonly #differentiated = new Map<Tensor, boolean>();
  readonly #hasGradient = new Map<Tensor, boolean>();
  /** The operations that compute now, the innermost last. */
  readonly #computing: { readsElements: boolean }[] = [];
  /** The count of settings when the call began. */
  readonly #startedAt = settings;
  #bufferCount = 0;
  #workCount = 0;
  #drawCount = 0;
  #refusal: string | null = null;
  /** Whether the function uses an argument by another name as well. */
  #knowsArgument = false;

  constructor(given: readonly Tensor[]) {
    this.#given = new Set(given.filter((tensor) => !isKnown(tensor)).map(({ storage }) => storage));
    if (given.some(({ node }) => node !== null && node.operation !== null))
      this.refuse("is called with a tensor that is being differentiated outside");
  }

  /** A tensor that a function gets in place of an argument: the same elements under another name. */
  standIn(tensor: Tensor, index: number): Tensor {
    const [first, end] = extentOf(tensor);
    const storage = Storage.of(tensor.storage.data.subarray(first, end));
    const standIn = makeTensor(storage, tensor.shape, tensor.strides, tensor.offset - first);
    this.#arguments.set(storage, index);
    this.#standIns.add(standIn);
    return standIn;
  }

  /** Notes that an argument was changed where a function wrote into what stands for it. */
  writeBack(standIn: Tensor, argument: Tensor): void {
    const buffer = this.#buffers.get(standIn.storage);
    if (standIn !== argument && buffer !== undefined && this.#written.has(buffer))
      argument.storage.markChanged();
  }

  kernel(call: KernelCall): void {
    const operands = call.operands.map((operand) => this.#access(operand));
    const outputs = call.outputs.map((output) => this.#access(output, true));
    const draw = "draw" in call ? (this.#draws.get(call.draw) ?? -1) : -1;
    this.#statements.push({ kind: "kernel", call, outputs, operands, draw });
  }

  operation({ operation, output, shape, inputs, attributes }: Application, compute: () => void): void {
    const start = this.#statements.length;
    const frame = { readsElements: false };
    this.#computing.push(frame);
    try {
      compute();
    } finally {
      this.#computing.pop();
    }
    if (!frame.readsElements) return;
    // It has code of its own, which runs as a whole; the kernels that it called are part of it.
    for (const statement of this.#statements.splice(start))
      if (statement.kind !== "kernel" && statement.kind !== "operation")
        this.refuse(`applies ${operation.name}, which works on the host in a way that cannot be repeated`);
    const operands = inputs.map((input) => this.#view(input as Tensor));
    const { size, dtype } = output.storage;
    const buffer: Buffer = { id: this.#bufferCount++, size, dtype, source: { kind: "temporary" } };
    this.#buffers.set(output.storage, buffer);
    const result = { ...this.#access(output, true), shape };
    const statement: OperationStatement = {
      kind: "operation",
      operation,
      attributes,
      gradients: this.#replacedGradients(),
      index: this.#workCount,
      outputs: [result],
      operands,
    };
    this.#statements.push(statement);
  }

  operands(tensors: readonly object[]): void {
    for (const tensor of tensors as readonly Tensor[]) this.#depend(tensor);
  }

  tensor(tensor: object): void {
    this.#tensors.add(tensor);
  }

  storage(storage: Storage): void {
    this.#made.add(storage);
  }

  touch(storage: Storage): void {
    const isFresh = this.#made.has(storage) && !this.#buffers.has(storage);
    if (isFresh) return;
    const frame = this.#computing.at(-1);
    if (frame !== undefined) frame.readsElements = true;
    else if (observer !== null) this.refuse("watches each operation (detectAnomaly)");
    // What cannot be compiled anyway may look at what it likes.
    else if (this.#refusal === null) throw looked();
  }

  draw(random: object, blocks: number, draw: Draw): void {
    this.#draws.set(draw, this.#drawCount);
    const index = this.#drawCount++;
    this.#statements.push({
      kind: "draw",
      random: random as Random,
      blocks,
      index,
      outputs: [],
      operands: [],
    });
  }

  gradient<T extends Operand | null>(of: object, gradient: T): T {
    const tensor = of as Tensor;
    if (this.#tensors.has(tensor) || this.#hasGradient.has(tensor) || this.#gradients.has(tensor))
      return gradient;
    this.#depend(tensor);
    this.#hasGradient.set(tensor, gradient !== null);
    if (gradient === null) return gradient;
    return withWatcher(null, () => {
      const own = gradient as unknown as Tensor;
      const { storage, shape, strides, size } = own;
      const isShared =
        this.#gradientMemory.has(storage) || this.#given.has(storage) || this.#buffers.has(storage);
      if (isShared || storage.size !== size || storage === tensor.storage) this.refuse(SHARED_GRADIENT);
      if (own.node !== null) this.refuse("uses a gradient that is being differentiated");
      this.#gradientMemory.add(storage);
      if (this.#refusal !== null) return gradient;
      // The same elements under another name, side by side: what is read as a gradient is not to be taken for what the function
      // knows anyway.
      const copy = isContiguous(shape, strides)
        ? makeTensor(Storage.of(storage.data.subarray()), shape, strides, 0)
        : own.detach().clone();
      this.#entryGradients.set(copy.storage, { of: tensor, gradient: own, copy });
      return copy as unknown as T;
    });
  }

  /** What a tensor is that the function got as a copy, or made of one. */
  original(tensor: Tensor, given: readonly Tensor[]): Tensor {
    const { storage, shape, strides, offset, node } = tensor;
    const index = this.#arguments.get(storage);
    const entry = this.#entryGradients.get(storage);
    if (index === undefined && entry === undefined) return tensor;
    if (entry?.copy === tensor) return entry.gradient;
    const original =
      index === undefined
        ? viewOfCopy(entry!.gradient.detach(), shape, strides, offset)
        : makeTensor(given[index].storage, shape, strides, offset + extentOf(given[index])[0]);
    original.node = node;
    return original;
  }

  /** Gives tensors the gradients themselves, with what the function wrote into their copies. */
  restoreGradients(given: readonly Tensor[]): void {
    for (const [storage, { of, gradient, copy }] of this.#entryGradients) {
      const buffer = this.#buffers.get(storage);
      if (buffer !== undefined && this.#written.has(buffer)) {
        if (!isContiguous(gradient.shape, gradient.strides)) copyElements(gradient.shape, gradient, copy);
        gradient.storage.markChanged();
      }
      if (of.grad === copy) of.grad = gradient;
    }
    for (const [of, gradient] of this.#gradients)
      if (gradient !== null && of.grad === gradient) of.grad = this.original(gradient, given);
  }

  setGradient(of: object, gradient: Operand | null): void {
    const tensor = of as Tensor;
    if (this.#tensors.has(tensor)) return;
    if (this.#standIns.has(tensor)) throw changesArgument("grad");
    this.#depend(tensor);
    this.#gradients.set(tensor, gradient as Tensor | null);
  }

  requireGradient(tensor: object): void {
    if (this.#standIns.has(tensor)) throw changesArgument("requiresGrad");
    if (!this.#tensors.has(tensor)) this.refuse("starts or stops to differentiate by a tensor from outside");
  }

  condition(read: () => unknown, setAt: number): void {
    // What it was when the call began does not tell what it is in the middle of the next one.
    if (setAt > this.#startedAt) this.refuse("reads a rate or a count that it has moved on before");
    this.#values.push({ read, value: read() });
  }

  host<T extends Operand>(
    work: HostWork<T>,
    reads: readonly T[],
    fixed: unknown,
    mayThrow: boolean,
  ): readonly number[] {
    const statement: WorkStatement = {
      kind: "work",
      work: work as unknown as HostWork<Tensor>,
      fixed,
      mayThrow: mayThrow || reads.length > 0,
      gradients: this.#replacedGradients(),
      index: this.#workCount++,
      outputs: [],
      operands: reads.map((tensor) => this.#view(tensor as unknown as Tensor)),
    };
    const numbers = withWatcher(null, () => work(reads));
    this.#works.set(numbers, statement.index);
    this.#statements.push(statement);
    return numbers;
  }

  scalars(numbers: readonly number[], storages: readonly Storage[]): void {
    const work = this.#works.get(numbers);
    if (work === undefined) return;
    for (const [index, storage] of storages.entries())
      this.#numbers.set(storage, { kind: "number", work, index });
  }

  read<T>(what: string, _tensor: Operand, read: () => T): T {
    this.refuse(`reads ${what} on the host`);
    return read();
  }

  refuse(reason: string): void {
    this.#refusal ??= reason;
  }

  /** What the function did, once it has returned. */
  finish(value: unknown, stands: readonly Tensor[]): Trace {
    if (isCyclic(value)) {
      const problem = "the function returns an object that refers to itself.";
      throw new TraceError("compile", problem, "return the tensors that it has.");
    }
    const resultOf = (tensor: Tensor): Result => {
      const index = stands.indexOf(tensor);
      if (index >= 0) return { kind: "argument", index };
      if (!this.#tensors.has(tensor)) return { kind: "tensor", tensor };
      const { node } = tensor;
      if (node !== null && (node.operation === null || node.inputs !== null))
        this.refuse(
          "returns a tensor that can still be differentiated: return x.detach(), or go backward inside",
        );
      if (tensor.grad !== null)
        this.refuse("returns a tensor with a gradient of its own: return the gradient");
      return { kind: "view", view: this.#view(tensor), node };
    };
    if (!isRebuilt(value))
      this.refuse(
        "returns an array that has holes or names beside its elements, or an object with symbols for names",
      );
    const known = new Map<Tensor, Result>();
    const results = tensorsOf(value).map((tensor): Result => {
      const result = known.get(tensor) ?? resultOf(tensor);
      known.set(tensor, result);
      return result;
    });
    this.#checkDraws();
    this.#checkShown();
    for (const { storage } of this.#hasGradient.keys())
      if (this.#gradientMemory.has(storage)) this.refuse(SHARED_GRADIENT);
    for (const gradient of this.#gradients.values())
      if (gradient !== null && gradient.node !== null)
        this.refuse("leaves a gradient that can still be differentiated: detach it");
    return {
      statements: this.#statements,
      result: replaced(value, (_, i) => holeAt(i)),
      results,
      gradients: this.#replacedGradients(),
      conditions: {
        values: this.#values,
        differentiated: this.#differentiated,
        hasGradient: this.#hasGradient,
      },
      bufferCount: this.#bufferCount,
      refusal: this.#refusal,
    };
  }

  /** Numbers that no kernel has drawn the host has, whatever it does with them. */
  #checkDraws(): void {
    const drawn = this.#statements.flatMap((statement) =>
      statement.kind === "kernel" ? [statement.draw] : [],
    );
    if (new Set(drawn.filter((draw) => draw >= 0)).size < this.#drawCount)
      this.refuse("draws random numbers on the host, or asks for the state of a stream");
  }

  /** Memory of the call whose array the function has had: it must be what a kernel found in it, and nothing else. */
  #checkShown(): void {
    for (const [storage, buffer] of this.#buffers) {
      if (!storage.isShown || !this.#made.has(storage)) continue;
      const { source } = buffer;
      const isSame =
        source.kind === "constant" &&
        !this.#written.has(buffer) &&
        withWatcher(null, () => isEqual(source.values, storage.data));
      if (!isSame) this.refuse("reads or writes the array of a tensor that changes in the call");
    }
  }

  /** The gradients that the function has replaced so far. */
  #replacedGradients(): Map<Tensor, View | null> {
    return new Map(
      Array.from(this.#gradients, ([tensor, gradient]) => [
        tensor,
        gradient === null ? null : this.#view(gradient),
      ]),
    );
  }

  /** Notes that the course of the function depends on whether a tensor from outside is being differentiated. */
  #depend(tensor: Tensor): void {
    if (this.#tensors.has(tensor) || this.#differentiated.has(tensor)) return;
    if (tensor.node !== null && tensor.node.operation !== null)
      this.refuse("uses a tensor that is being differentiated outside");
    this.#differentiated.set(tensor, tensor.node !== null);
  }

  #view(tensor: Tensor): View {
    return { ...this.#access(tensor), shape: tensor.shape };
  }

  #access({ storage, offset, strides }: Operand, isWritten = false): Access {
    let buffer = this.#buffers.get(storage);
    if (buffer === undefined) {
      const { size, dtype } = storage;
      buffer = { id: this.#bufferCount++, size, dtype, source: this.#sourceOf(storage, isWritten) };
      this.#buffers.set(storage, buffer);
    }
    if (isWritten) this.#written.add(buffer);
    if (isWritten && buffer.source.kind === "constant" && buffer.dtype === "float64")
      this.refuse("changes a float64 tensor in place that it makes from numbers");
    const { kind } = buffer.source;
    if (kind === "argument" || kind === "captured") this.#checkGiven(buffer);
    return { buffer, offset, strides };
  }

  /** A stand-in must not hide a change of the argument that the function also knows by another name. */
  #checkGiven({ source }: Buffer): void {
    if (source.kind === "captured" && this.#given.has(source.storage)) this.#knowsArgument = true;
    if (!this.#knowsArgument) return;
    for (const { source } of this.#written) {
      const isGiven =
        source.kind === "argument" || (source.kind === "captured" && this.#given.has(source.storage));
      if (isGiven) throw sharedArgument();
    }
  }

  /** Where memory comes from that a kernel meets for the first time. */
  #sourceOf(storage: Storage, isWritten: boolean): Source {
    const argument = this.#arguments.get(storage);
    if (argument !== undefined) return { kind: "argument", index: argument };
    const of = this.#entryGradients.get(storage);
    if (of !== undefined) return { kind: "gradient", of: of.of };
    const number = this.#numbers.get(storage);
    if (number !== undefined) return number;
    if (this.#gradientMemory.has(storage)) this.refuse(SHARED_GRADIENT);
    if (!this.#made.has(storage)) return { kind: "captured", storage };
    if (isWritten && storage.isUntouched) return { kind: "temporary" };
    return withWatcher(null, () => {
      // A scalar is a number as long as nobody asks for its array.
      if (storage.size > 1) return { kind: "constant", values: storage.data.slice() };
      const List = storage.dtype === "float32" ? Float32Array : Float64Array;
      return { kind: "constant", values: List.of(...(storage.size === 1 ? [storage.get(0)] : [])) };
    });
  }
}

const SHARED_GRADIENT = "uses a gradient that shares memory with another tensor";

function changesArgument(what: string): TraceError {
  return new TraceError(
    "compile",
    `the function sets ${what} of an argument, which it knows by a copy while it is being traced.`,
    "set it before the call, or use x.detach() inside.",
  );
}

function sharedArgument(): TraceError {
  return new TraceError(
    "compile",
    "the function changes an argument in place that it also uses by another name.",
    "use it by one of them: pass it, or read it from outside.",
  );
}

/** Where a tensor stood in a result. */
export class Hole {
  /** Which of the tensors. */
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

const holes: Hole[] = [];

/** The same hole for the same place, so that results can be compared. */
function holeAt(index: number): Hole {
  holes[index] ??= new Hole(index);
  return holes[index];
}

function looked(): TraceError {
  return new TraceError(
    "compile",
    "the function looks at a value while it is being traced (item(), toArray(), data, a condition on it): later calls run without the function, and would not.",
    "return the tensor and look at it outside, choose with where(…), or leave the function uncompiled.",
  );
}
