/**
 * The main job as a whole process for a library of bench/peers: `node peer-main-job.js <module> <variant> <curves>
 * <epochs>` trains with both losses each epoch, samples 5 curves in 31 steps, and prints one line of JSON.
 */

import type { MainJob } from "../processes.ts";
import { WIDTHS } from "../tasks.ts";
import { loadPeer, readCurves } from "./peer.ts";

const [module, variant, path, epochCount] = process.argv.slice(2);
const epochs = Number(epochCount);
const library = await loadPeer(module, variant);
const trainer = library.trainer!(readCurves(path), 800, WIDTHS);

const ready = performance.now();
let [train, valid] = [Number.NaN, Number.NaN];
for (let epoch = 0; epoch < epochs; epoch++) {
  train = await trainer.step();
  valid = await trainer.valid();
}
const trained = performance.now();
await trainer.sample(5, 31);
await trainer.samples();
const outcome: MainJob = {
  name: library.name,
  stepMilliseconds: (trained - ready) / epochs,
  sampleMilliseconds: performance.now() - trained,
  train,
  valid,
};
console.log(JSON.stringify(outcome));
process.exit();
