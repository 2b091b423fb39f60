/**
 * Contenders: what a library must offer to be measured, in this process or in another. Timing in JavaScript is done
 * by the `benchmark` package.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import Benchmark from "benchmark";
import {
  type Curves,
  type Digest,
  digestOf,
  type NetworkTask,
  type Operation,
  type Task,
  TRIAL_TAIL,
} from "./tasks.ts";

/** Done at once, or promised by libraries that compute later. */
type Now<T> = T | Promise<T>;

/** A task with its inputs in place. */
export interface Prepared {
  /** What is timed. When it returns (or its promise resolves) the result has been computed. */
  run(): Now<unknown>;
  /** True when `run` returns a promise. */
  asynchronous?: boolean;
  /** One result, read out: to be checked, not timed. */
  result(): Now<ArrayLike<number>>;
  /** Times are multiplied by this: for a roof that does another amount of work than the task. Default 1. */
  scale?: number;
  /** Gives back what the library cannot collect by itself. */
  dispose?(): void;
}

/** A network in training, the clean curves on the library's side already. */
export interface Trainer {
  /** True when `step` and `sample` return promises. */
  asynchronous?: boolean;
  /** One step; returns the loss. */
  step(): Now<number>;
  /** The loss on the validation part, from clean curves. */
  valid(): Now<number>;
  /** New curves from noise, computed but not read out. */
  sample(curves: number, steps: number): Now<unknown>;
  /** The last samples, read out. */
  samples(): Now<ArrayLike<number>>;
  dispose?(): void;
}

/** A library as the benchmark uses it. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** Null for what it cannot do, or what would be no use to measure. */
  operation?(task: Operation): Prepared | null;
  trainer?(curves: Curves, batch: number, widths: readonly number[]): Trainer;
}

/** A library that takes part, wherever it runs. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** The digest of its result; null when it does not take part in this task. */
  prepare(task: Task): Promise<Digest | null>;
  /** Seconds of single runs, from turns of about `seconds` in all. */
  sample(seconds: number): Promise<number[]>;
  /** Forgets the task. */
  release(): Promise<void>;
  close(): void;
}

/** Milliseconds of runs before the first sample, so that the engine has compiled what it will. */
const WARM_UP = 300;

/** Seconds that a sample lasts at least: long for the clock, short enough to fall between two disturbances. */
const SAMPLE = 0.002;

/** A library in this process. */
export class LocalContender implements Contender {
  readonly name: string;
  readonly version: string;
  readonly #library: Library;
  readonly #curves: Curves;
  #prepared: Prepared | null = null;
  #count = 1;

  constructor(library: Library, curves: Curves) {
    this.name = library.name;
    this.version = library.version;
    this.#library = library;
    this.#curves = curves;
  }

  async prepare(task: Task): Promise<Digest | null> {
    const isNetwork = task.kind === "training-step" || task.kind === "sampling";
    this.#prepared = isNetwork
      ? prepareNetwork(this.#library, task, this.#curves)
      : (this.#library.operation?.(task) ?? null);
    if (this.#prepared === null) return null;
    const start = performance.now();
    const digest = digestOf(await this.#prepared.result());
    const warm = performance.now();
    let runs = 0;
    while (performance.now() - start < WARM_UP) {
      await this.#prepared.run();
      runs++;
    }
    // Known from here, not from a first run alone: that may have been disturbed.
    this.#count = Math.max(1, Math.ceil((1000 * SAMPLE * runs) / (performance.now() - warm)));
    return digest;
  }

  async sample(seconds: number): Promise<number[]> {
    const prepared = this.#prepared!;
    const { times, count } = await sample(prepared, seconds, this.#count);
    this.#count = count;
    return times.map((time) => time * (prepared.scale ?? 1));
  }

  async release(): Promise<void> {
    this.#prepared?.dispose?.();
    this.#prepared = null;
  }

  close(): void {}
}

function prepareNetwork(library: Library, task: NetworkTask, curves: Curves): Prepared | null {
  if (library.trainer === undefined) return null;
  if (task.kind === "sampling") {
    const trainer = library.trainer(curves, 1, task.widths);
    const run = () => trainer.sample(task.curves, task.steps);
    return {
      run,
      asynchronous: trainer.asynchronous ?? false,
      async result() {
        await run();
        return trainer.samples();
      },
      dispose: () => trainer.dispose?.(),
    };
  }
  const trainer = library.trainer(curves, task.batch, task.widths);
  return {
    run: () => trainer.step(),
    asynchronous: trainer.asynchronous ?? false,
    async result() {
      const losses: number[] = [];
      for (let step = 0; step < task.trial; step++) losses.push(await trainer.step());
      return losses.slice(-TRIAL_TAIL);
    },
    dispose: () => trainer.dispose?.(),
  };
}

/** Seconds of single runs, by `benchmark`. `count` is how many runs a sample has, known from an earlier turn. */
function sample(prepared: Prepared, seconds: number, count: number): Promise<Sampled> {
  const options: Benchmark.Options = {
    maxTime: seconds,
    minTime: Math.min(SAMPLE, seconds),
    minSamples: 1,
    initCount: count,
    delay: 0,
  };
  return new Promise((resolve, reject) => {
    const finish = (bench: Benchmark): void => {
      if (bench.error !== undefined) reject(bench.error);
      else resolve({ times: bench.stats.sample, count: bench.count });
    };
    if (prepared.asynchronous) {
      const run = (deferred: Benchmark.Deferred): void => {
        (prepared.run() as Promise<unknown>).then(() => deferred.resolve(), reject);
      };
      const bench = new Benchmark("", run, { ...options, defer: true });
      bench.on("complete", () => finish(bench)).run({ async: true });
    } else {
      finish(new Benchmark("", () => prepared.run(), options).run({ async: false }));
    }
  });
}

interface Sampled {
  readonly times: number[];
  readonly count: number;
}

/** What is sent to a contender in another process, one JSON text a line. */
export type Request =
  | { readonly command: "prepare"; readonly task: Task }
  | { readonly command: "sample"; readonly seconds: number }
  | { readonly command: "release" };

/** A library in another process: contenders/serve.ts on another Node, or contenders/pytorch.py. */
export class RemoteContender implements Contender {
  readonly name: string;
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, hello: Hello) {
    this.#child = child;
    this.#lines = lines;
    this.name = hello.name;
    this.version = hello.version;
  }

  /** Starts the process and waits for its first line: `{"name", "version"}`. */
  static async start(command: string, args: readonly string[]): Promise<RemoteContender> {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: singleThread() });
    let complaint = "";
    child.stderr.on("data", (text) => {
      complaint = `${complaint}${text}`.slice(-2000);
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done) throw new Error(complaint.trim().split("\n").at(-1) ?? "it ended at once");
    return new RemoteContender(child, lines, JSON.parse(value));
  }

  prepare(task: Task): Promise<Digest | null> {
    return this.#ask({ command: "prepare", task });
  }

  sample(seconds: number): Promise<number[]> {
    return this.#ask({ command: "sample", seconds });
  }

  release(): Promise<void> {
    return this.#ask({ command: "release" });
  }

  close(): void {
    this.#child.stdin?.end();
  }

  async #ask<T>(request: Request): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended`);
    const answer = JSON.parse(value) as { result: T } | { error: string };
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }
}

interface Hello {
  readonly name: string;
  readonly version: string;
}

/** The environment in which numeric libraries of other languages use one thread. */
export function singleThread(): NodeJS.ProcessEnv {
  return { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
}
