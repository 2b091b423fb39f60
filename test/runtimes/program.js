/**
 * The program that every runtime runs: the main job in short, once with each backend, on nothing but the public API of
 * the installed package. It prints, or in a browser posts, a digest of each stage, so that a difference shows
 * where it began.
 */

import { backendName, normal, Random, useBackend } from "halograd";
import { compile } from "halograd/compile";
import {
  DenoisingAutoencoder,
  denoisingLoss,
  eulerSampler,
  finish,
  Standardization,
} from "halograd/diffusion";
import { rotationCurves, samplePopulation } from "halograd/galaxy";
import { Module } from "halograd/nn";
import { Adam } from "halograd/optim";

const STEPS = 200;
const SAMPLES = 1000;

const results = [];
for (const backend of ["wasm", "typescript"]) results.push(await run(backend));
if (typeof document === "undefined") console.log(JSON.stringify(results));
else await fetch("/result", { method: "POST", body: JSON.stringify(results) });

async function run(backend) {
  if (useBackend(backend) !== backend) throw new Error(`${backend} does not run here: got ${backendName()}`);
  const start = performance.now();
  const random = new Random(0);

  const galaxies = samplePopulation({ count: 1000, random: random.fork("galaxies") });
  const { radii, velocities } = rotationCurves(galaxies);
  const curves = galaxies.map((_, i) => velocities.subarray(i * radii.length, (i + 1) * radii.length));
  random.fork("split").shuffle(curves);
  const clean = Standardization.of(curves).apply(curves.slice(200)); // [800, 50]

  const model = new DenoisingAutoencoder(random.fork("weights"));
  if (!(model instanceof Module)) throw new Error("halograd/nn was loaded twice");
  train(model, clean, random.fork("training"), (step) => step);
  const weights = digestOf(model);
  const again = new DenoisingAutoencoder(random.fork("weights"));
  train(again, clean, random.fork("training"), compile);
  if (digestOf(again) !== weights) throw new Error("compiled steps give other weights");
  // The other backend knows no threads.
  const shared = new DenoisingAutoencoder(random.fork("weights"));
  const threads = backend === "wasm" ? await trainOnTwo(shared, clean, random.fork("training")) : 1;
  if (backend === "wasm" && digestOf(shared) !== weights) throw new Error("two threads give other weights");

  const from = normal([SAMPLES, radii.length], random.fork("samples"));
  const samples = finish(eulerSampler((x) => model.forward(x), from));
  return {
    backend,
    curves: digest([velocities]),
    weights,
    samples: digest([samples.toTypedArray()]),
    threads,
    seconds: (performance.now() - start) / 1000,
  };
}

/** Trains a model, in steps that are wrapped as asked. */
function train(model, clean, noise, wrap) {
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const step = wrap(() => {
    optimizer.zeroGrad();
    denoisingLoss(model, clean, noise).backward();
    optimizer.step();
  });
  for (let i = 0; i < STEPS; i++) step();
}

/** Trains a model on two threads, and returns how many there were: the second one starts between two steps, where it does. */
async function trainOnTwo(model, clean, noise) {
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const loss = () => {
    optimizer.zeroGrad();
    denoisingLoss(model, clean, noise).backward();
    optimizer.step();
  };
  const step = compile(loss, { threads: 2 });
  const threads = () => step.explain().programs[0]?.threads ?? 1;
  for (let i = 0; i < STEPS; i++) {
    step();
    for (let waited = 0; i === 5 && waited < 100 && mayStart(step.explain()) && threads() < 2; waited++)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return threads();
}

function mayStart({ threads, programs }) {
  return threads.refusal === null && programs.length > 0;
}

function digestOf(model) {
  return digest(model.parameters().map((weights) => weights.toTypedArray()));
}

/** FNV-1a with 64 bits over the bytes of finite floats, low byte first. */
function digest(arrays) {
  let hash = 0xcbf29ce484222325n;
  for (const array of arrays) {
    if (!array.every(Number.isFinite)) throw new Error("a result is not finite");
    for (const word of new Uint32Array(array.buffer, array.byteOffset, array.byteLength / 4)) {
      for (let shift = 0; shift < 32; shift += 8)
        hash = BigInt.asUintN(64, (hash ^ BigInt((word >>> shift) & 255)) * 0x100000001b3n);
    }
  }
  return hash.toString(16).padStart(16, "0");
}
