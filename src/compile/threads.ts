/**
 * Threads that share the steps of programs. The thread that calls a program runs it; where a step can be shared out, it publishes the
 * step's chunks, and whoever is there takes one after the other: workers that are awake, and the caller itself. It waits for chunks
 * that were taken, and for nobody else, so a worker that starts late, sleeps or has ended costs no more than its help.
 *
 * Workers have the memory of the programs, the modules, and words by which they agree (`Word`). They are made of a source text,
 * since a file of their own would be lost in most bundles. They do not keep a process from ending, and end with it.
 */

import { type Matmul, matmulModule } from "../kernels/wasm/matmul.ts";
import { createMemory, type Memory } from "../kernels/wasm/memory.ts";
import { type FillRandom, normalPair, randomModule, uniformPair } from "../kernels/wasm/random.ts";

/** What threads share out: how many chunks, and how many of its sums are made in the order of the chunks. */
export interface SharedStep {
  readonly count: number;
  readonly sections: number;
}

/** A program's share in the threads. */
export interface Team {
  /** What its module imports as `TEAM`: `share(step)`, `turn(section, chunk)` and `pass(section, chunk)`. */
  readonly imports: Record<string, (...operands: number[]) => void>;
  /** Hands over the functions that do a chunk of a step, for this thread. */
  begin(steps: readonly ChunkFunction[]): void;
  /** How many threads are there to share its steps. */
  readonly size: number;
  /** Lets workers forget the program. */
  release(): void;
}

/** Does a chunk in the memory of a thread, which lies so many bytes behind that of the first one. */
type ChunkFunction = (own: number, chunk: number) => void;

/** The name of a module's imports by which threads take turns. */
export const TEAM = "team";

/** The most threads that a program may have. */
export const MOST_THREADS = 64;

/** Where the words are by which threads agree, each group on cache lines of its own. */
const Word = {
  /** The step that is shared out, and in the low 12 bits how many of its chunks nobody has taken. */
  job: 0,
  /** How many chunks are done, of how many, and which is the first. */
  done: 32,
  count: 33,
  first: 34,
  /** How many workers sleep until the job is another one. */
  sleepers: 64,
  /** How many workers wait for a rescue: see `Helper`. */
  requests: 96,
  /** Of the first worker; the others' follow at distances of `perWorker`. */
  workers: 128,
  perWorker: 32,
  /** Of a worker's words: messages that were sent to it, whether it is there, its request, which rescue that asks for, chunks done. */
  mail: 0,
  ready: 1,
  request: 2,
  rescue: 3,
  chunks: 4,
  /** For each sum that is made in the order of chunks: the chunk whose turn it is. */
  turns: 128 + 32 * 64,
} as const;

const CHUNK_BITS = 12;
const MOST_CHUNKS = 0xfff;
const MOST_STEPS = 0xfffff;
const MOST_SECTIONS = 4096;
/** Numbers of a request: its result, and its operands. */
const REQUEST_NUMBERS = 64;
const WORDS = Word.turns + MOST_SECTIONS;
/** Looking at a word so often takes some 50 µs: as long as falling asleep and waking up. */
const LOOKS = 20_000;

/** What a program tells of itself to be shared. */
interface Shared {
  readonly module: WebAssembly.Module;
  readonly threads: number;
  readonly stride: number;
  readonly steps: readonly SharedStep[];
  readonly rescues: readonly ((...operands: number[]) => number)[];
}

/** The workers of this thread, the memory that they share, and kernels over its addresses. */
export class Crew {
  readonly memory: Memory;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #kernels: Record<string, WebAssembly.Module>;
  readonly #multiply: Matmul;
  readonly #random: { readonly uniform: FillRandom; readonly normal: FillRandom };
  readonly #workers: (Port | null)[] = [];
  readonly #canWait: boolean;
  #stepCount = 0;
  #mails = 0;
  /** Of the program that runs. */
  #rescues: Shared["rescues"] = [];
  /** Why there are no more workers. */
  #refusal: string | null = null;

  constructor(memory: Memory) {
    this.memory = memory;
    const shared = new SharedArrayBuffer(4 * WORDS + 8 * REQUEST_NUMBERS * MOST_THREADS);
    this.#words = new Int32Array(shared, 0, WORDS);
    this.#numbers = new Float64Array(shared, 4 * WORDS);
    this.#canWait = canWait(this.#words);
    const pages = memory.sharedPages;
    const modules = {
      matmul: matmulModule(pages),
      normal: randomModule(normalPair, pages),
      uniform: randomModule(uniformPair, pages),
    };
    this.#kernels = Object.fromEntries(
      Object.entries(modules).map(([name, bytes]) => [name, new WebAssembly.Module(bytes)]),
    );
    const kernelOf = <K>(name: string, exported: string): K =>
      new WebAssembly.Instance(this.#kernels[name], { halograd: { memory: memory.memory } }).exports[
        exported
      ] as K;
    this.#multiply = kernelOf("matmul", "matmul");
    this.#random = { normal: kernelOf("normal", "fill"), uniform: kernelOf("uniform", "fill") };
  }

  multiply(): Matmul {
    return this.#multiply;
  }

  random(): { readonly uniform: FillRandom; readonly normal: FillRandom } {
    return this.#random;
  }

  /** Why a program of several threads may have to do with one; null where they are there, or on their way. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** How many chunks each worker has done. */
  get chunks(): readonly number[] {
    return this.#workers.map((_, i) => this.#words[Word.workers + Word.perWorker * i + Word.chunks]);
  }

  /** Makes workers for a program, and sends it to them. */
  team({ module, threads, stride, steps, rescues }: Shared): Team {
    while (this.#refusal === null && this.#workers.length < threads - 1) this.#hire();
    const first = this.#stepCount + 1;
    // A number that was given twice would let a worker do the steps of another program.
    if (first + steps.length > MOST_STEPS) this.#refusal = "there have been too many programs";
    else this.#stepCount += steps.length;
    const ids = steps.map((_, i) => first + i);
    const members = this.#refusal === null ? this.#workers.slice(0, threads - 1).map((_, i) => i) : [];
    for (const i of members) this.#send(i, { module, ids, own: (i + 1) * stride, rescues: rescues.length });
    const words = this.#words;
    let run: readonly ChunkFunction[] = [];
    return {
      imports: {
        share: (step) => {
          this.#rescues = rescues;
          this.#share(ids[step], steps[step], run[step], members);
        },
        turn: (section, chunk) => {
          if (section < MOST_SECTIONS) this.#waitFor(Word.turns + section, chunk);
        },
        pass: (section, chunk) => {
          if (section >= MOST_SECTIONS) return;
          Atomics.store(words, Word.turns + section, chunk + 1);
          Atomics.notify(words, Word.turns + section);
        },
      },
      begin: (functions) => {
        run = functions;
      },
      get size() {
        return 1 + members.filter((i) => isReady(words, i)).length;
      },
      release: () => {
        for (const i of members) this.#send(i, { ids });
      },
    };
  }

  /** Does the chunks of a step with whoever is there. */
  #share(id: number, { count, sections }: SharedStep, run: ChunkFunction, members: readonly number[]): void {
    const words = this.#words;
    words.fill(0, Word.turns, Word.turns + Math.min(sections, MOST_SECTIONS));
    // One thread does the chunks in order anyway, also where there are more sums than words for their turns.
    if (sections > MOST_SECTIONS || !members.some((i) => isReady(words, i))) {
      for (let chunk = 0; chunk < count; chunk++) run(0, chunk);
      return;
    }
    for (let first = 0; first < count; first += MOST_CHUNKS) {
      const chunks = Math.min(MOST_CHUNKS, count - first);
      words[Word.first] = first;
      words[Word.count] = chunks;
      words[Word.done] = 0;
      Atomics.store(words, Word.job, (id << CHUNK_BITS) | chunks);
      if (Atomics.load(words, Word.sleepers) > 0) Atomics.notify(words, Word.job);
      for (;;) {
        const job = Atomics.load(words, Word.job);
        const left = job & MOST_CHUNKS;
        if (left === 0) break;
        if (Atomics.compareExchange(words, Word.job, job, job - 1) !== job) continue;
        run(0, first + chunks - left);
        Atomics.add(words, Word.done, 1);
        this.#serve();
      }
      this.#waitFor(Word.done, chunks);
    }
  }

  /** Waits until a word counts up to a value. */
  #waitFor(word: number, value: number): void {
    const words = this.#words;
    for (let looks = 0; ; looks++) {
      const seen = Atomics.load(words, word);
      if (seen >= value) return;
      this.#serve();
      // Not for long: nobody wakes this thread to serve.
      if (looks > LOOKS && this.#canWait) Atomics.wait(words, word, seen, 0.2);
    }
  }

  /** Computes for workers what lanes cannot: it takes functions of the host, which workers do not have. */
  #serve(): void {
    const words = this.#words;
    if (Atomics.load(words, Word.requests) === 0) return;
    for (let i = 0; i < this.#workers.length; i++) {
      const at = Word.workers + Word.perWorker * i;
      if (Atomics.load(words, at + Word.request) !== 1) continue;
      const rescue = this.#rescues[words[at + Word.rescue]];
      const numbers = this.#numbers.subarray(REQUEST_NUMBERS * i, REQUEST_NUMBERS * (i + 1));
      numbers[0] = rescue(...numbers.subarray(1));
      Atomics.sub(words, Word.requests, 1);
      Atomics.store(words, at + Word.request, 0);
      Atomics.notify(words, at + Word.request);
    }
  }

  /** Makes a worker, which is there when it says so. */
  #hire(): void {
    const i = this.#workers.length;
    const lose = (reason: string): void => {
      this.#workers[i] = null;
      this.#refusal ??= reason;
      Atomics.store(this.#words, Word.workers + Word.perWorker * i + Word.ready, 0);
    };
    try {
      this.#workers.push(makeWorker(lose));
    } catch (error) {
      this.#refusal = `the platform refuses workers: ${(error as Error).message}`;
      return;
    }
    const { memory } = this.memory;
    this.#send(i, { start: i, words: this.#words, numbers: this.#numbers, memory, kernels: this.#kernels });
  }

  #send(i: number, message: object): void {
    const worker = this.#workers[i];
    if (worker === null) return;
    const words = this.#words;
    Atomics.add(words, Word.workers + Word.perWorker * i + Word.mail, 1);
    try {
      worker.postMessage(message);
    } catch (error) {
      this.#workers[i] = null;
      this.#refusal ??= `the platform does not share memory: ${(error as Error).message}`;
    }
    // A job of another number and without chunks: whoever sleeps looks whether it was sent something.
    Atomics.store(words, Word.job, (++this.#mails & MOST_STEPS) << CHUNK_BITS);
    Atomics.notify(words, Word.job);
  }
}

function isReady(words: Int32Array, i: number): boolean {
  return Atomics.load(words, Word.workers + Word.perWorker * i + Word.ready) === 1;
}

/** Why there are fewer threads than asked for; null where there are as many, or on their way, or none was needed yet. */
export function crewRefusal(): string | null {
  return crew instanceof Crew ? crew.refusal : (crew ?? null);
}

let crew: Crew | string | undefined;

/** The workers of this thread; in words why it cannot have any. */
export function crewHere(): Crew | string {
  crew ??= makeCrew();
  return crew;
}

function makeCrew(): Crew | string {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === "undefined" || (nodeThreads() === null && crossOriginIsolated === false))
    return "there is no shared memory here: a page needs to be cross-origin isolated";
  try {
    const memory = createMemory(true);
    return memory === null ? "there is no memory to share" : new Crew(memory);
  } catch (error) {
    return `the platform refuses shared memory: ${(error as Error).message}`;
  }
}

/** Whether this thread may wait: that of a page may not. */
function canWait(words: Int32Array): boolean {
  try {
    Atomics.wait(words, Word.job, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** A worker, as far as it is needed. */
interface Port {
  postMessage(message: object): void;
}

interface NodeWorker extends Port {
  on(event: "error" | "exit", listen: (error: unknown) => void): void;
  unref(): void;
}

interface NodeThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

interface WebWorker extends Port {
  onerror: ((event: { readonly message?: string; preventDefault(): void }) => void) | null;
}

/** `node:worker_threads` of Node, Deno and Bun; null in browsers. */
function nodeThreads(): NodeThreads | null {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => NodeThreads | undefined };
  };
  return process?.getBuiltinModule?.("node:worker_threads") ?? null;
}

/** A worker that helps; `lose` is called where it does not start, or ends. */
function makeWorker(lose: (reason: string) => void): Port {
  const threads = nodeThreads();
  if (threads !== null) {
    const worker = new threads.Worker(HELPER, { eval: true, execArgv: [] });
    worker.on("error", (error) => lose(`a worker failed: ${(error as Error).message}`));
    worker.on("exit", () => lose("a worker has ended"));
    worker.unref();
    return worker;
  }
  const { Worker, URL, Blob } = globalThis as unknown as {
    Worker?: new (url: string) => WebWorker;
    URL: { createObjectURL(blob: object): string };
    Blob: new (parts: string[], options: object) => object;
  };
  if (Worker === undefined) throw new Error("it has none that can be made of a text");
  const worker = new Worker(URL.createObjectURL(new Blob([HELPER], { type: "text/javascript" })));
  worker.onerror = (event) => {
    event.preventDefault();
    lose(`a worker failed: ${event.message ?? "the page's policy refuses it"}`);
  };
  return worker;
}

/**
 * What a worker does. It waits for messages where there are any, and else for a job: it looks for a while, and then sleeps. A lane that has
 * to be rescued is written down, with the number of the function, for the thread that runs the program.
 */
const HELPER = /* @__PURE__ */ (() => `"use strict";
const steps = new Map();
let received = 0;
let words, numbers, memory, kernels, at, first;

function receive(message) {
  received++;
  if (message.start !== undefined) {
    ({ words, numbers, memory } = message);
    at = ${Word.workers} + ${Word.perWorker} * message.start;
    first = ${REQUEST_NUMBERS} * message.start;
    const kernel = (name) => new WebAssembly.Instance(message.kernels[name], { halograd: { memory } }).exports;
    kernels = {
      memory,
      matmul: kernel("matmul").matmul,
      normal: kernel("normal").fill,
      uniform: kernel("uniform").fill,
    };
  } else if (message.module !== undefined) {
    const { module, ids, own } = message;
    const rescues = {};
    for (let i = 0; i < message.rescues; i++) rescues[i] = (...operands) => rescued(i, operands);
    const { exports } = new WebAssembly.Instance(module, { halograd: kernels, rescues, team });
    ids.forEach((id, i) => steps.set(id, (chunk) => exports["step" + i](own, chunk)));
    Atomics.store(words, at + ${Word.ready}, 1);
  } else {
    for (const id of message.ids) steps.delete(id);
  }
  help();
}

function help() {
  for (let looks = 0; ; ) {
    // In this order: the job changes after a message was sent, so that a sleep begins with neither or ends with both.
    const job = Atomics.load(words, ${Word.job});
    if (Atomics.load(words, at + ${Word.mail}) !== received) return;
    const left = job & ${MOST_CHUNKS};
    const step = left === 0 ? undefined : steps.get(job >>> ${CHUNK_BITS});
    if (step === undefined) {
      if (++looks < ${LOOKS}) continue;
      looks = 0;
      Atomics.add(words, ${Word.sleepers}, 1);
      Atomics.wait(words, ${Word.job}, job);
      Atomics.sub(words, ${Word.sleepers}, 1);
    } else if (Atomics.compareExchange(words, ${Word.job}, job, job - 1) === job) {
      looks = 0;
      step(words[${Word.first}] + words[${Word.count}] - left);
      words[at + ${Word.chunks}]++;
      Atomics.add(words, ${Word.done}, 1);
      Atomics.notify(words, ${Word.done});
    }
  }
}

const team = {
  share() {},
  turn(section, chunk) {
    for (let looks = 0; ; looks++) {
      const seen = Atomics.load(words, ${Word.turns} + section);
      if (seen >= chunk) return;
      if (looks > ${LOOKS}) Atomics.wait(words, ${Word.turns} + section, seen, 1);
    }
  },
  pass(section, chunk) {
    Atomics.store(words, ${Word.turns} + section, chunk + 1);
    Atomics.notify(words, ${Word.turns} + section);
  },
};

function rescued(rescue, operands) {
  operands.forEach((operand, i) => { numbers[first + 1 + i] = operand; });
  words[at + ${Word.rescue}] = rescue;
  Atomics.store(words, at + ${Word.request}, 1);
  Atomics.add(words, ${Word.requests}, 1);
  while (Atomics.load(words, at + ${Word.request}) === 1) Atomics.wait(words, at + ${Word.request}, 1);
  return numbers[first];
}

const port = globalThis.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
if (port) port.on("message", receive);
else globalThis.onmessage = ({ data }) => receive(data);
`)();
