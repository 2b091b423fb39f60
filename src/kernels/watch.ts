/**
 * Who watches a whole computation from below: every kernel that runs, and all that the host does in between. The compiler does, to
 * run the same again later without the host. While nobody watches, each place costs one comparison.
 */

import type { Expression, Expressions } from "./arithmetic.ts";
import type { Operand } from "./backend.ts";
import type { Storage } from "./storage.ts";
import type { Draw } from "./typescript/random.ts";

/** Sees what a computation consists of, in order. */
export interface Watcher {
  /** A kernel is about to run. Nothing that happens inside of it is reported. */
  kernel(call: KernelCall): void;
  /** An operation computes its output; `compute` runs kernels, or is code of its own that reads and writes elements. */
  operation(application: Application, compute: () => void): void;
  /** Tensors are handed to an operation, which asks whether they are being differentiated. */
  operands(tensors: readonly object[]): void;
  /** A tensor was made. */
  tensor(tensor: object): void;
  /** Memory was made. */
  storage(storage: Storage): void;
  /** The host reads or writes elements, outside of all kernels. */
  touch(storage: Storage): void;
  /** Counter blocks of a stream were reserved. */
  draw(random: object, blocks: number, draw: Draw): void;
  /** The gradient of a tensor is about to be read; it returns what stands in for it. */
  gradient<T extends Operand | null>(tensor: object, gradient: T): T;
  /** The gradient of a tensor was replaced. */
  setGradient(tensor: object, gradient: Operand | null): void;
  /** A tensor starts or stops to require gradients. */
  requireGradient(tensor: object): void;
  /** The host reads a value that decides what is computed: a mode, a rate. `setAt` is the count of `settings` when it was set. */
  condition(read: () => unknown, setAt: number): void;
  /** Work of the host that belongs to every run: see `onHost`. */
  host<T extends Operand>(
    work: HostWork<T>,
    reads: readonly T[],
    fixed: unknown,
    mayThrow: boolean,
  ): readonly number[];
  /** Elements that decide what an operation does, such as its indices, are read as a list, which goes into its attributes. */
  read<T>(what: string, tensor: Operand, read: () => T): T;
  /** Numbers, perhaps those that such work returned, go into a kernel as these scalars. */
  scalars(numbers: readonly number[], storages: readonly Storage[]): void;
  /** Something happened that cannot be repeated. */
  refuse(reason: string): void;
}

/** One call of a kernel, with the kernel itself to call it again with other operands. */
export type KernelCall = ElementwiseCall | ReduceCall | MatmulCall | FillCall;

/** An elementwise kernel: `outputs[k]` gets result k of the expressions. */
export interface ElementwiseCall {
  readonly kind: "elementwise";
  /** The expressions, by which equal kernels are known. */
  readonly key: Expressions;
  readonly shape: readonly number[];
  readonly outputs: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly run: (call: ElementwiseCall) => void;
}

/** A fold over the last `reducedRank` axes. */
export interface ReduceCall {
  readonly kind: "reduce";
  /** The fold, by which equal kernels are known. */
  readonly key: Expression;
  readonly initial: number;
  readonly shape: readonly number[];
  readonly reducedRank: number;
  readonly divisor: number;
  readonly outputs: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly run: (call: ReduceCall) => void;
}

/** A matrix product; the operands are a, b and perhaps the bias. */
export interface MatmulCall {
  readonly kind: "matmul";
  readonly shape: readonly [m: number, n: number, k: number];
  /** The activation. */
  readonly key: Expression | undefined;
  readonly outputs: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly run: (call: MatmulCall) => void;
}

/** Random numbers of a reservation. */
export interface FillCall {
  readonly kind: "normal" | "uniform";
  readonly draw: Draw;
  readonly outputs: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly run: (call: FillCall) => void;
}

/** An operation that is applied: enough to compute it again. */
export interface Application {
  readonly operation: {
    readonly name: string;
    compute(output: Operand, shape: readonly number[], inputs: readonly never[], attributes: never): void;
  };
  readonly output: Operand;
  readonly shape: readonly number[];
  readonly inputs: readonly Operand[];
  readonly attributes: object;
}

/** Work of the host: numbers from what it reads. */
export type HostWork<T extends Operand = Operand> = (reads: readonly T[]) => readonly number[];

/** Who watches; null: nobody. */
export let watcher: Watcher | null = null;

/** Runs `body` with another watcher, or with none. */
export function withWatcher<T>(other: Watcher | null, body: () => T): T {
  const before = watcher;
  watcher = other;
  try {
    return body();
  } finally {
    watcher = before;
  }
}

/** Runs a kernel, which is reported before it runs; what happens inside of it is not. */
export function runWatched(call: KernelCall): void {
  const before = watcher!;
  withWatcher(null, () => {
    before.kernel(call);
    runAgain(call);
  });
}

/** Runs the kernel of a call. */
export function runAgain(call: KernelCall): void {
  (call.run as (call: KernelCall) => void)(call);
}

/**
 * Work of the host that is done in every step and is no computation with tensors: a counter, a rate, a norm that decides on a
 * factor. A compiled step does it too, so it must be written to be run again: what it reads of tensors is handed to it, and
 * all else that it uses are the same objects at each step.
 *
 * @param fixed what else it uses, whose state it moves on: a step is compiled only where this is the same each time
 * @param mayThrow whether it may end the step by an error, as all work is taken to that reads tensors; other work is done as early as
 *   its order among all work allows
 */
export function onHost<T extends Operand>(
  work: HostWork<T>,
  reads: readonly T[],
  fixed: unknown,
  mayThrow = false,
): readonly number[] {
  return watcher === null ? work(reads) : watcher.host(work, reads, fixed, mayThrow);
}

/** Such work that only changes something: it sets a rate or a mode, or moves a schedule on. */
export function changeOnHost(change: () => void, fixed: unknown, mayThrow = false): void {
  const work = (): number[] => {
    change();
    return [];
  };
  onHost(work, [], fixed, mayThrow);
}

/** Reads elements of a tensor that decide what an operation does, such as its indices: no later step may do the same, and none is compiled. */
export function readOnHost<T>(what: string, tensor: Operand, read: () => T): T {
  return watcher === null ? read() : watcher.read(what, tensor, () => withWatcher(null, read));
}

/** Reads a value of the host that decides what is computed; a compiled step is valid only while it stays the same. */
export function conditionOf<T>(read: () => T): T {
  watcher?.condition(read, 0);
  return read();
}

/** How often values of the host were set: the clock that tells whether one was set in the middle of a step. */
export let settings = 0;

/** A value of the host that decides what is computed, and that work of the host may move on. */
export class HostValue<T> {
  #value: T;
  #setAt = 0;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    watcher?.condition(() => this.#value, this.#setAt);
    return this.#value;
  }
  set value(value: T) {
    this.#value = value;
    this.#setAt = ++settings;
  }
}
