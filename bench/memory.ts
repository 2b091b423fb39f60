/**
 * Memory over a training of 100,000 steps that never yields to the event loop, so that nothing which waits for it
 * (finalisers, timers) can help: heap, arrays outside of it and WebAssembly memory at eleven points. Fails when they grow.
 *
 *     npm run test:memory                        # wasm and compiled 100,000 steps, typescript 20,000
 *     npm run test:memory -- typescript 100000   # one of them, as many steps as wanted
 */

import { normal, Random, useBackend } from "halograd";
import { compile } from "halograd/compile";
import { DenoisingAutoencoder, denoisingLoss } from "halograd/diffusion";
import { Adam, cosineSchedule, Scheduler } from "halograd/optim";

/** 100 forgotten numbers in each of 1,000 steps; a step allocates some 100 kB. */
const ALLOWED_GROWTH = 400_000;
const POINTS = 10;
/** A tenth of the main job's batch: as many tensors a step, a tenth of the arithmetic. */
const CURVES = 80;

/** Linear memory is in none of Node's figures, and the engine keeps its own to itself: noted as it is made. */
const linear: WebAssembly.Memory[] = [];
const Memory = WebAssembly.Memory;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    linear.push(this);
  }
};

/** A backend, or "compiled", which is WebAssembly with compiled steps. */
type Way = "wasm" | "compiled" | "typescript";

interface Reading {
  readonly heap: number;
  readonly external: number;
  readonly wasm: number;
}

function read(): Reading {
  if (globalThis.gc === undefined)
    throw new Error("run it with node --expose-gc, as npm run test:memory does");
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const wasm = linear.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { heap: heapUsed, external, wasm };
}

/** Trains the reference network and prints the readings. @returns whether memory stayed flat */
function train(way: Way, steps: number): boolean {
  const backend = way === "compiled" ? "wasm" : way;
  if (useBackend(backend) !== backend) throw new Error(`the backend ${backend} does not run here`);
  const random = new Random(1);
  const model = new DenoisingAutoencoder(random);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.001 });
  const scheduler = new Scheduler(optimizer, cosineSchedule({ from: 0.001, steps }));
  const clean = normal([CURVES, 50], random);
  const start = performance.now();
  const readings: Reading[] = [];
  const descend = (): void => {
    optimizer.zeroGrad();
    denoisingLoss(model, clean, random).backward();
    optimizer.step();
    scheduler.step();
  };
  const descendOnce = way === "compiled" ? compile(descend) : descend;
  console.log(`${way}, ${steps} steps\n    step   heap kB  external kB  wasm kB  seconds`);
  for (let step = 0; step <= steps; step++) {
    if (step % (steps / POINTS) === 0) {
      const reading = read();
      readings.push(reading);
      const kilobytes = [reading.heap, reading.external, reading.wasm].map((bytes) =>
        (bytes / 1000).toFixed(0),
      );
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(
        `${String(step).padStart(8)}${kilobytes.map((text, i) => text.padStart([10, 13, 9][i])).join("")}${seconds.padStart(9)}`,
      );
    }
    descendOnce();
  }
  // Before the first tenth kernels are compiled and caches filled.
  const total = ({ heap, external, wasm }: Reading): number => heap + external + wasm;
  const growth = total(readings[POINTS]) - total(readings[1]);
  const isFlat = growth < ALLOWED_GROWTH;
  const rate = (growth / (steps * (1 - 1 / POINTS)) || 0).toFixed(2);
  console.log(
    `${isFlat ? "flat" : "GROWS"}: ${(growth / 1000).toFixed(0)} kB from step ${steps / POINTS} to ${steps}, ${rate} bytes a step\n`,
  );
  return isFlat;
}

const [way, steps] = process.argv.slice(2);
const jobs: [Way, number][] =
  way === "wasm" || way === "compiled" || way === "typescript"
    ? [[way, Number(steps ?? 100_000)]]
    : [
        ["wasm", 100_000],
        ["compiled", 100_000],
        ["typescript", 20_000],
      ];
// Not every(): the second is told of as well when the first fails.
if (jobs.map((job) => train(...job)).includes(false)) process.exitCode = 1;
