/** `compile`: a function of tensors that is watched in its first calls, and runs as one piece of WebAssembly after. */

import { checkCount, checkOptions, describeValue, synchronous } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { backendName, wasmInUse, watcher } from "../kernels/index.ts";
import type { WasmBackend } from "../kernels/wasm/index.ts";
import { isRecording, observer } from "../ops/operation.ts";
import { changeableIn, isCyclic, signatureOf, tensorsOf } from "./arguments.ts";
import { block } from "./block.ts";
import type { Engine } from "./emit.ts";
import { type Explanation, explain } from "./explain.ts";
import { fuse } from "./fuse.ts";
import { isShared, lower, type Phase } from "./lower.ts";
import { plan } from "./plan.ts";
import { type Buffer, differenceOf, isEqual } from "./program.ts";
import { Executable } from "./run.ts";
import { share } from "./share.ts";
import { gradientsOf, simplify } from "./simplify.ts";
import { Crew, crewHere, MOST_THREADS } from "./threads.ts";
import { type Trace, trace } from "./trace.ts";

/** How a function is compiled. */
export interface CompileOptions {
  /** How many threads share its work, this one included; default 1. */
  readonly threads?: number;
}

/** A function that compiles itself: called like the one that it was made of. */
export interface Compiled<A extends readonly unknown[], R> {
  (...given: A): R;
  /** What has become of the function so far. */
  explain(): Explanation;
}

/**
 * The function as one piece of WebAssembly: the same bits as when it runs eagerly, in less time.
 *
 * The first calls run the function itself and are watched, until two of them have done the same. Later calls run what was
 * compiled from them, and not the function. Tensors that are passed in, also in arrays and plain objects, may differ in
 * their elements. Where they differ in shape or dtype, where numbers and other arguments differ, and where a leaf starts or
 * stops to require gradients, the function is watched again; a few versions are kept. Objects of classes are known by what
 * they are. Tensors that the function reads otherwise are known by reference: what is assigned to them between calls counts.
 * Streams of random numbers, optimisers and schedulers move on as they would.
 *
 * Whatever else the function does on the host, such as counting or printing, later calls do not do. What cannot be compiled runs
 * eagerly in each call, and so does everything on the TypeScript backend; `explain()` says why.
 *
 * Several threads give the same bits as one. They are workers over shared memory, which start with the first large program and end with
 * the process. Where there is no shared memory, as in a page that is not cross-origin isolated, one thread does all.
 *
 * @throws ArgumentError for a count of threads that is none
 * @throws TraceError, when it is called, where the function looks at a value: `item()`, `toArray()`, `data`
 * @example
 * const weight = tensor([1, 2], { requiresGrad: true });
 * const optimizer = new SGD([weight], { learningRate: 0.5 });
 * const step = compile((x: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = weight.mul(x).sum();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for (let i = 0; i < 4; i++) step(tensor([1, 1]));
 * console.log(weight.toArray()); // [-1, 0]
 */
export function compile<A extends readonly unknown[], R>(
  f: (...given: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  if (typeof f !== "function") {
    throw new ArgumentError(
      "compile",
      `takes a function; got ${describeValue(f)}.`,
      "write compile((x) => …).",
    );
  }
  checkOptions("compile", options, ["threads"]);
  const { threads = 1 } = options;
  checkCount("compile", "threads", threads);
  const body = (...given: A): R => synchronous("compile", () => f(...given));
  const family = new Family(body as (...given: never[]) => unknown, Math.min(threads, MOST_THREADS));
  const call = (...given: A): R => family.call(given) as R;
  return Object.assign(call, { explain: () => explain(family) });
}

/** The programs of one function. */
class Family {
  readonly #f: (...given: never[]) => unknown;
  /** How many threads were asked for. */
  readonly threads: number;
  readonly #members = new Map<string, Member>();
  /** How many calls ran eagerly, were watched, and ran a program. */
  readonly calls: { eager: number; watched: number; compiled: number } = {
    eager: 0,
    watched: 0,
    compiled: 0,
  };
  /** Why the last call that ran eagerly did. */
  reason: string | null = null;

  constructor(f: (...given: never[]) => unknown, threads: number) {
    this.#f = f;
    this.threads = threads;
  }

  /** The programs, the latest last. */
  get programs(): readonly Executable[] {
    return [...this.#members.values()].flatMap(({ programs }) => programs);
  }

  call(given: readonly unknown[]): unknown {
    const backend = wasmInUse();
    // Watched by somebody else: part of a larger function that is being traced, or looked through for the first NaN.
    if (watcher !== null) return this.#f(...(given as never[]));
    if (observer !== null) return this.#eager(given, "somebody watches each operation (detectAnomaly)");
    if (backend === null) return this.#eager(given, `the backend is ${backendName()}`);
    if (isCyclic(given)) return this.#eager(given, "is called with an object that refers to itself");
    const signature = `${isRecording() ? "" : "noGrad "}${signatureOf(given)}`;
    let member = this.#members.get(signature);
    if (member === undefined) {
      member = new Member();
      member.refusal = changeableIn(given);
      this.#members.set(signature, member);
      this.#forget();
    }
    const tensors = tensorsOf(given);
    const program = member.programs.find((program) => program.holds());
    if (program !== undefined) {
      if (!program.accepts(tensors)) return this.#eager(given, "arguments share memory");
      this.calls.compiled++;
      return program.call(tensors);
    }
    if (member.refusal !== null) return this.#eager(given, member.refusal);
    if (new Set(tensors.map(({ storage }) => storage)).size < tensors.length)
      return this.#eager(given, "arguments share memory");
    this.calls.watched++;
    const { value, trace: seen } = trace(this.#f, given);
    member.learn(seen, backend, this.threads);
    return value;
  }

  #eager(given: readonly unknown[], reason: string): unknown {
    this.reason = reason;
    this.calls.eager++;
    return this.#f(...(given as never[]));
  }

  /** Keeps the latest signatures only. */
  #forget(): void {
    if (this.#members.size <= MOST_SIGNATURES) return;
    const [[oldest, member]] = this.#members;
    this.#members.delete(oldest);
    for (const program of member.programs) program.release();
  }
}

const MOST_SIGNATURES = 8;
const MOST_PROGRAMS = 4;
/** So many calls may differ from the one before. */
const MOST_TRACES = 8;

/** The calls of one signature. */
class Member {
  readonly programs: Executable[] = [];
  /** Why calls run eagerly from now on. */
  refusal: string | null = null;
  #previous: Trace | null = null;
  #attempts = 0;

  /** Makes a program of a call, if the one before did the same. */
  learn(seen: Trace, backend: WasmBackend, threads: number): void {
    const previous = this.#previous;
    this.#previous = seen;
    this.refusal = seen.refusal;
    if (this.refusal !== null || previous === null) return;
    const difference = tracesDiffer(previous, seen);
    if (difference !== null) {
      if (++this.#attempts === MOST_TRACES)
        this.refusal = `each call differs from the one before: ${difference}`;
      return;
    }
    this.#previous = null;
    if (this.programs.length === MOST_PROGRAMS) this.programs.shift()!.release();
    const program = programOf(seen, backend, threads);
    if (typeof program === "string") this.refusal = program;
    else this.programs.push(program);
    if (++this.#attempts === 2 * MOST_TRACES) this.refusal = "what it depends on changes again and again";
  }
}

/** The first difference of two calls, in words. */
function tracesDiffer(before: Trace, after: Trace): string | null {
  const difference = differenceOf(before.statements, after.statements);
  if (difference !== null) return difference;
  // An array of numbers that each call makes is another one each time, and whoever gets it may change it.
  if (!isEqual(before.result, after.result, false)) return "it returns something else";
  const [one, other] = [before, after].map(({ results, gradients }) => [
    results.map((made) => ({ ...made, node: "node" in made && made.node !== null })),
    [...gradients],
  ]);
  return isEqual(one, other) ? null : "it returns another tensor, or leaves other gradients";
}

/** Makes a program of a trace, stage by stage. */
function programOf(trace: Trace, backend: WasmBackend, threads: number): Executable | string {
  const kept = new Set<Buffer>();
  for (const made of trace.results) if (made.kind === "view") kept.add(made.view.buffer);
  for (const gradient of gradientsOf(trace)) kept.add(gradient.buffer);
  const statements = fuse(simplify(trace), kept);
  const draws = trace.statements.filter(({ kind }) => kind === "draw").length;
  const lowered = lower(statements, trace.bufferCount);
  const phasesFor = (threads: number): Phase[] => {
    const blocks = block(lowered.phases, kept, lowered.bufferCount, threads);
    return threads === 1 ? blocks.phases : share(blocks.phases, blocks.bufferCount, threads);
  };
  const makeFor = (threads: number, phases: readonly Phase[], engine: Engine): Executable | string =>
    Executable.make({ trace, statements, phases, plan: plan(phases, kept, draws, threads) }, engine);
  if (threads > 1) {
    const phases = phasesFor(threads);
    const crew = phases.some(({ instructions }) => instructions.some(isShared)) ? crewHere() : null;
    const program = crew instanceof Crew ? makeFor(threads, phases, crew) : null;
    if (program instanceof Executable) return program;
  }
  return makeFor(1, phasesFor(1), backend);
}
