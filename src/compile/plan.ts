/**
 * The next stage gives every buffer its place in memory. What is there between calls has a place of its own; temporaries share
 * places, as soon as nobody reads them any more. Each thread has memory of its own for what it alone works with.
 */

import { scratchBytes } from "../kernels/wasm/matmul.ts";
import { RANDOM_SCRATCH_BYTES } from "../kernels/wasm/random.ts";
import { type Instruction, instructionsOf, type Phase, type Step } from "./lower.ts";
import type { Buffer, Statement } from "./program.ts";

/** Where everything is, in bytes from the beginning of the memory that is reserved. */
export interface Plan {
  readonly bytes: number;
  /** Of the buffers that are in memory. */
  readonly places: ReadonlyMap<Buffer, number>;
  /** Of the words of each draw: key and counter. */
  readonly draws: number;
  /** Of what kernels use for themselves, of the first thread. */
  readonly scratch: number;
  /** Of the tables of loops and folds, and of those of the first thread by itself. */
  readonly tables: number;
  readonly ownTables: number;
  /** Buffers that each thread has for itself: their places are those of the first one. */
  readonly own: ReadonlySet<Buffer>;
  readonly threads: number;
  /** From the memory of one thread to that of the next. */
  readonly stride: number;
  /** How much the temporaries would take without sharing, and how much they do. */
  readonly temporaryBytes: { readonly apart: number; readonly shared: number };
}

/** The plan of a program whose results are in some of its buffers. */
export function plan(
  phases: readonly Phase[],
  kept: ReadonlySet<Buffer>,
  drawCount: number,
  threads: number,
): Plan {
  const places = new Map<Buffer, number>();
  let end = 0;
  const take = (bytes: number): number => {
    const address = end;
    end += (bytes + 15) & -16;
    return address;
  };
  const program = phases.flatMap(({ instructions, host }): (Step | Statement)[] =>
    host === null ? [...instructions] : [...instructions, host],
  );
  const lives = livesOf(program);
  const isLasting = (buffer: Buffer): boolean => buffer.source.kind !== "temporary" || kept.has(buffer);
  for (const buffer of [...kept, ...lives.keys()])
    if (isLasting(buffer) && isInMemory(buffer) && !places.has(buffer))
      places.set(buffer, take(4 * buffer.size));
  const steps = phases.flatMap(({ instructions }) => instructions);
  const tableBytesOf = (isOwn: boolean): number =>
    steps
      .filter((step) => isOwn === (step.kind === "blocks" && step.isShared))
      .flatMap(instructionsOf)
      .reduce((bytes, instruction) => bytes + tableBytes(instruction), 0);
  const draws = take(16 * drawCount);
  const tables = take(tableBytesOf(false));
  const own = new Set(
    steps.flatMap((step) => (step.kind === "blocks" && step.isShared ? [...step.locals] : [])),
  );
  const temporaries = [...lives].filter(([buffer]) => !isLasting(buffer) && isInMemory(buffer));
  const share = (isOwn: boolean): number => {
    const start = end;
    end += shareMemory(
      temporaries.filter(([buffer]) => own.has(buffer) === isOwn),
      start,
      places,
    );
    return end - start;
  };
  let shared = share(false);
  if (threads > 1) end = (end + LINE - 1) & -LINE;
  const ownStart = end;
  const ownTables = take(tableBytesOf(true));
  const scratch = take(Math.max(0, ...steps.flatMap(instructionsOf).map(scratchOf)));
  shared += threads * share(true);
  const stride = threads > 1 ? (end - ownStart + LINE - 1) & -LINE : 0;
  const apart = temporaries.reduce((bytes, [{ size }]) => bytes + 4 * size, 0);
  const bytes = end + (threads - 1) * stride;
  const temporaryBytes = { apart, shared };
  return { bytes, places, draws, scratch, tables, ownTables, own, threads, stride, temporaryBytes };
}

/** What threads write lies so far apart that no two of them write to one line of a cache, nor to two that are fetched together. */
const LINE = 128;

/** Whether a buffer is in the memory of WebAssembly; others are storages of the host. */
export function isInMemory({ dtype, size, source: { kind } }: Buffer): boolean {
  return dtype === "float32" || (size === 1 && (kind === "number" || kind === "constant"));
}

interface Life {
  first: number;
  last: number;
}

/** From when to when each buffer is used, both included. */
function livesOf(steps: readonly (Step | Statement)[]): Map<Buffer, Life> {
  const lives = new Map<Buffer, Life>();
  const use = (buffer: Buffer, at: number): void => {
    const life = lives.get(buffer);
    if (life === undefined) lives.set(buffer, { first: at, last: at });
    else [life.first, life.last] = [Math.min(life.first, at), Math.max(life.last, at)];
  };
  let at = 0;
  for (const step of steps) {
    if (step.kind !== "blocks") {
      // Tasks are done at the same time.
      for (const instruction of step.kind === "tasks" ? step.tasks : [step])
        for (const buffer of buffersOf(instruction)) use(buffer, at);
      at++;
      continue;
    }
    // What lives from block to block does so in all of the body; the rest is one more block.
    const end = at + step.body.length - 1;
    for (const list of [step.body, step.rest]) {
      for (const [i, instruction] of list.entries())
        for (const buffer of buffersOf(instruction))
          for (const place of step.locals.has(buffer) ? [at + i] : [at, end]) use(buffer, place);
    }
    at = end + 1;
  }
  return lives;
}

function buffersOf(step: Instruction | Statement): Buffer[] {
  const outputs = step.outputs.map(({ buffer }) => buffer);
  const operands = step.operands.map(({ buffer }) => buffer);
  if (step.kind !== "fold") return [...outputs, ...operands];
  const isAround = step.part === "start" || step.part === "finish";
  return [...outputs, step.accumulators, ...(isAround ? [] : operands)];
}

/** Puts buffers into memory from `start` on, each where there is room for its whole life; returns how many bytes that takes. */
function shareMemory(
  temporaries: readonly (readonly [Buffer, Life])[],
  start: number,
  places: Map<Buffer, number>,
): number {
  const placed: { life: Life; address: number; end: number }[] = [];
  let most = start;
  for (const [buffer, life] of temporaries) {
    const bytes = (4 * buffer.size + 15) & -16;
    const others = placed
      .filter((other) => other.life.first <= life.last && life.first <= other.life.last)
      .sort((a, b) => a.address - b.address);
    let address = start;
    for (const other of others) {
      if (address + bytes <= other.address) break;
      address = Math.max(address, other.end);
    }
    places.set(buffer, address);
    placed.push({ life, address, end: address + bytes });
    most = Math.max(most, address + bytes);
  }
  return most - start;
}

/** The bytes of an instruction's tables. A fold of columns has two: for eight rows at a time, and for the rest. */
function tableBytes(step: Instruction | Statement): number {
  if (step.kind === "loop") return 8 * (step.outputs.length + step.operands.length);
  return step.kind === "fold" ? (step.over === "columns" ? 2 : 1) * 8 * (1 + step.operands.length) : 0;
}

function scratchOf(step: Instruction | Statement): number {
  if (step.kind === "product") return scratchBytes(step.m, step.n, step.k);
  return step.kind === "fill" ? RANDOM_SCRATCH_BYTES : 0;
}
