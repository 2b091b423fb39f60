/** Programs of several threads: the same bits as eagerly, however many there are, and whatever becomes of them. */

import { test as property } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BATCH_LIMITS } from "../../src/compile/block.ts";
import { compile } from "../../src/compile/index.ts";
import { TASK_LIMITS } from "../../src/compile/share.ts";
import { type Crew, crewHere } from "../../src/compile/threads.ts";
import { normal, Random, type Tensor, useBackend } from "../../src/index.ts";
import { digestOf, onLayer, PROGRAMS, run as runBatch } from "./batches.ts";
import { batches, features, graph, run, runLayers } from "./programs.ts";

// Whatever threads can share they do.
const usual = { ...BATCH_LIMITS, ...TASK_LIMITS };
Object.assign(BATCH_LIMITS, { leastWork: 0, fewestOrdered: 1100 });
Object.assign(TASK_LIMITS, { least: 0, leastTask: 1 });
afterAll(() => {
  for (const limits of [BATCH_LIMITS, TASK_LIMITS] as Record<string, number>[])
    for (const name in limits) limits[name] = usual[name as keyof typeof usual];
});

useBackend("wasm");

/** How many programs are drawn: as in programs.test.ts, two fifths of it. */
const COUNT = Number(process.env.HALOGRAD_PROGRAMS ?? 150);
const TIMEOUT = 1000 * COUNT;

/** Compiles for so many threads. */
const by = (threads: number): typeof compile => ((f) => compile(f, { threads })) as typeof compile;

const crew = (): Crew => crewHere() as Crew;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Calls a compiled function until all its threads are there. */
async function untilThere(f: ReturnType<typeof compile>, threads: number): Promise<void> {
  while (f.explain().programs.at(-1)?.threads !== threads) {
    expect(f.explain().threads.refusal).toBeNull();
    f();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeAll(async () => {
  const x = normal([64, 8], new Random(1));
  await untilThere(
    compile(() => x.matmul(x.transpose()).exp(), { threads: 3 }),
    3,
  );
});

describe("several threads", () => {
  for (const [title, program] of Object.entries(PROGRAMS)) {
    it(`give the bits of eager code: ${title}`, () => {
      const f = onLayer(program);
      const expected = runBatch(f);
      for (const threads of [2, 3]) {
        const compiled = by(threads)(f);
        expect(runBatch(compiled), `${threads} threads`).toEqual(expected);
        const { calls, programs } = compiled.explain();
        expect(calls.compiled, String(compiled.explain())).toBe(2);
        expect(programs[0].listing.join("; ")).toMatch(/shared by threads/);
      }
    });
  }

  it("all take part", async () => {
    const x = normal([400, 8], new Random(1));
    const f = by(3)(() => x.matmul(x.transpose()).exp());
    await untilThere(f, 3);
    while (Math.min(...crew().chunks.slice(0, 2)) === 0) f();
  });
});

describe("workers", () => {
  const random = new Random(2);
  const batch = normal([1200, 6], random).mul(1e6);
  const weights = normal([6, 5], random);

  it("ask for what lanes cannot compute", () => {
    // Sines of numbers so large are for the host.
    const f = (x: Tensor): Tensor =>
      x
        .matmul(weights)
        .sin()
        .add(x.sum(1, { keepdim: true }).cos());
    const compiled = by(3)(f);
    const before = crew().chunks;
    for (let i = 0; i < 20; i++) expect(digestOf(compiled(batch))).toBe(digestOf(f(batch)));
    expect(sum(crew().chunks)).toBeGreaterThan(sum(before));
  });

  it("work for several functions in turn, and forget those that are gone", async () => {
    const makers = [1, 2, 3].map((factor) => (x: Tensor) => x.matmul(weights).mul(factor).relu());
    const functions = makers.map((f) => by(2)(f));
    const { byteLength } = crew().memory.memory.buffer;
    for (let rows = 1100; rows < 1130; rows++) {
      const x = batch.slice([0, rows]);
      for (let i = 0; i < 3; i++)
        for (const [k, f] of functions.entries()) expect(digestOf(f(x))).toBe(digestOf(makers[k](x)));
      if (rows % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(crew().memory.memory.buffer.byteLength).toBe(byteLength);
    for (const f of functions) expect(f.explain().programs.length).toBeLessThanOrEqual(8);
  });

  it("keep what eager operations read and change between calls", () => {
    const make = (wrap: typeof compile): string[] => {
      const state = normal([1200, 5], new Random(3));
      const step = wrap((x: Tensor) => {
        state.assign(state.mul(0.5).add(x.matmul(weights)));
        return state.sum(0);
      });
      const seen: string[] = [];
      for (let i = 0; i < 8; i++) {
        const result = step(batch);
        if (i % 2 === 1) state.slice([0, 7]).assign(result.mul(1e-3));
        if (i % 3 === 2) seen.push(digestOf(state.add(state)), digestOf(state.transpose().matmul(state)));
        seen.push(digestOf(result.div(3)));
      }
      return seen;
    };
    expect(make(by(2))).toEqual(make((<F>(f: F) => f) as unknown as typeof compile));
  });

  it("take no more memory in many steps than in few", () => {
    const x = batch.slice([0, 1100]);
    const step = compile(() => x.matmul(weights).silu().sum(), { threads: 2 });
    const heapAfter = (steps: number): number => {
      for (let i = 0; i < steps; i++) step();
      return process.memoryUsage().heapUsed;
    };
    heapAfter(500);
    const [{ byteLength }, before] = [crew().memory.memory.buffer, heapAfter(500)];
    const after = heapAfter(3000);
    expect(crew().memory.memory.buffer.byteLength).toBe(byteLength);
    expect(after - before).toBeLessThan(20e6);
  });
});

describe("a random program over a large batch", () => {
  property.prop([batches], { numRuns: Math.ceil(COUNT / 15) })(
    "leaves the same bits behind with any number of threads",
    (drawn) => {
      const expected = runLayers(drawn, null);
      for (const threads of [2, 3]) expect(runLayers(drawn, by(threads))).toBe(expected);
    },
    TIMEOUT,
  );
});

describe("a random program", () => {
  property.prop([graph(), features], { numRuns: Math.ceil(COUNT / 2.5) })(
    "leaves the same bits behind with any number of threads",
    (drawn, wanted) => {
      const expected = run(drawn, wanted, 6, null);
      for (const threads of [2, 3]) expect(run(drawn, wanted, 6, by(threads))).toEqual(expected);
    },
    TIMEOUT,
  );
});
