/**
 * The main job as a whole process, figures left out: reads the curves, trains, samples, prints one line of JSON.
 * `node main-job.js <curves.csv> <epochs> <backend>`. Its twin in PyTorch is main_job.py.
 */

import { readFileSync } from "node:fs";
import { normal, Random, useBackend } from "halograd";
import { DenoisingAutoencoder, eulerSampler, finish, splitDataset, trainDenoiser } from "halograd/diffusion";
import { parseCurves } from "halograd/io";
import { Adam } from "halograd/optim";
import type { MainJob } from "../processes.ts";

const [path, epochCount, backend] = process.argv.slice(2);
const epochs = Number(epochCount);
useBackend(backend === "wasm" ? "wasm" : "typescript");
const random = new Random(0);
const data = splitDataset(parseCurves(readFileSync(path, "utf8"), path).curves, random.fork("split"));
const model = new DenoisingAutoencoder(random.fork("weights"));
const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });

const ready = performance.now();
let last = { train: Number.NaN, valid: Number.NaN };
for (const losses of trainDenoiser({ model, optimizer, ...data, random: random.fork("training"), epochs }))
  last = losses;
const trained = performance.now();
finish(eulerSampler((x) => model.forward(x), normal([5, 50], random.fork("samples"))));
const outcome: MainJob = {
  name: "halograd",
  stepMilliseconds: (trained - ready) / epochs,
  sampleMilliseconds: performance.now() - trained,
  train: last.train,
  valid: last.valid,
};
console.log(JSON.stringify(outcome));
