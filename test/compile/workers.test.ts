/** Workers that do not come, or go: the calling thread does all, and says why. */

import { afterEach, expect, it, vi } from "vitest";
import { digestOf } from "./batches.ts";

interface Worker {
  terminate(): Promise<number>;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** A function for two threads, of a fresh engine, and what it has to give. */
async function setUp() {
  const { normal, Random, useBackend } = await import("../../src/index.ts");
  const { compile } = await import("../../src/compile/index.ts");
  useBackend("wasm");
  const random = new Random(1);
  const [x, weights] = [normal([3000, 32], random), normal([32, 16], random)];
  const f = () => x.matmul(weights).silu().matmul(weights.transpose());
  const compiled = compile(f, { threads: 2 });
  const expected = digestOf(f());
  const call = (times: number): void => {
    for (let i = 0; i < times; i++) expect(digestOf(compiled())).toBe(expected);
  };
  const threads = () => compiled.explain().programs[0].threads;
  const untilThere = async (): Promise<void> => {
    for (call(3); threads() < 2; call(1)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { call, threads, untilThere, refusal: () => compiled.explain().threads.refusal };
}

/** The workers that are made from here on; of the end of those that go silently, nobody hears. */
function watchWorkers(isSilent: boolean): Worker[] {
  const made: Worker[] = [];
  const listened = new Set<Worker>();
  const threads = process.getBuiltinModule("node:worker_threads");
  class Watched extends threads.Worker {
    constructor(...given: ConstructorParameters<typeof threads.Worker>) {
      super(...given);
      made.push(this);
    }
    override on(...given: Parameters<InstanceType<typeof threads.Worker>["on"]>): this {
      // The first to listen is the engine, later ones are who ends it.
      const isFirst = given[0] === "exit" && !listened.has(this);
      if (isFirst) listened.add(this);
      return isFirst && isSilent ? this : super.on(...given);
    }
  }
  vi.spyOn(process, "getBuiltinModule").mockReturnValue({ ...threads, Worker: Watched } as never);
  return made;
}

it.each([
  [true, 2, null],
  [false, 1, "a worker has ended"],
])("a worker that has ended is not waited for (silently: %s)", async (isSilent, left, reason) => {
  const made = watchWorkers(isSilent);
  const { call, threads, untilThere, refusal } = await setUp();
  await untilThere();
  expect(refusal()).toBe(null);
  await made[0].terminate();
  call(20);
  expect(threads()).toBe(left);
  expect(refusal()).toBe(reason);
});

it.each([
  ["without shared memory", () => vi.stubGlobal("SharedArrayBuffer", undefined), "cross-origin isolated"],
  [
    "in a page that is not isolated",
    () => {
      vi.stubGlobal("crossOriginIsolated", false);
      vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    },
    "cross-origin isolated",
  ],
  [
    "without workers",
    () => void vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never),
    "it has none that can be made of a text",
  ],
  [
    "where workers are refused",
    () => {
      class Worker {
        constructor() {
          throw new Error("no permission");
        }
      }
      vi.spyOn(process, "getBuiltinModule").mockReturnValue({ Worker } as never);
    },
    "no permission",
  ],
])("%s one thread does all", async (_, prepare, reason) => {
  prepare();
  const { call, threads, refusal } = await setUp();
  call(5);
  expect(threads()).toBe(1);
  expect(refusal()).toContain(reason);
});
