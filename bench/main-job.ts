/**
 * The main job from process start to samples, ours against PyTorch with one thread, in turn, several rounds:
 * `npm run bench:main-job -- [rounds] [epochs]`. Only the ratio means anything on a shared machine.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rotationCurves, samplePopulation } from "../src/galaxy/index.ts";
import { Random } from "../src/index.ts";
import { formatCsv } from "../src/io/index.ts";

interface Outcome {
  readonly name: string;
  readonly stepMilliseconds: number;
  readonly train: number;
  readonly valid: number;
}

const [rounds = 3, epochs = 2001] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "halograd-bench-"));
const curves = join(folder, "curves.csv");
const { radii, velocities } = rotationCurves(samplePopulation({ random: new Random(0) }));
writeFileSync(
  curves,
  formatCsv(
    radii,
    Array.from({ length: velocities.length / radii.length }, (_, i) =>
      velocities.subarray(i * radii.length, (i + 1) * radii.length),
    ),
  ),
);

const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import torch"]).status === 0,
);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const contenders = [
  { label: "halograd", command: process.execPath, script: here("contenders/main-job.js") },
  ...(python
    ? [{ label: "PyTorch", command: python, script: here("../../bench/contenders/main_job.py") }]
    : []),
];
if (contenders.length < 2)
  console.log("PyTorch is missing (Debian: python3-torch libopenblas0-pthread); ours runs alone.");

console.log(`${cpus()[0].model}, Node ${process.versions.node}, ${epochs} epochs, ${rounds} rounds in turn`);
const seconds = new Map<string, number[]>();
const steps = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  for (const { label, command, script } of contenders) {
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(command, [script, curves, String(epochs)], {
      encoding: "utf8",
      env: { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" },
    });
    const elapsed = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`${label} failed:\n${stderr}`);
    const outcome = JSON.parse(stdout) as Outcome;
    seconds.set(label, [...(seconds.get(label) ?? []), elapsed]);
    steps.set(label, [...(steps.get(label) ?? []), outcome.stepMilliseconds]);
    console.log(
      `${outcome.name.padEnd(16)} ${elapsed.toFixed(2)} s, ${outcome.stepMilliseconds.toFixed(2)} ms an epoch, train ${outcome.train.toFixed(3)}, valid ${outcome.valid.toFixed(3)}`,
    );
  }
}
rmSync(folder, { recursive: true });

console.log("\n                 process, best   median    epoch, best   median");
for (const { label } of contenders) {
  const [process_, epoch] = [seconds.get(label)!, steps.get(label)!];
  console.log(
    `${label.padEnd(16)} ${best(process_).toFixed(2).padStart(11)} s ${median(process_).toFixed(2).padStart(6)} s ${best(epoch).toFixed(2).padStart(11)} ms ${median(epoch).toFixed(2).padStart(5)} ms`,
  );
}
if (contenders.length === 2) {
  const ratio = (of: (values: number[]) => number, from: Map<string, number[]>): string =>
    (of(from.get("halograd")!) / of(from.get("PyTorch")!)).toFixed(2);
  console.log(
    `ours / PyTorch   ${ratio(best, seconds).padStart(11)}   ${ratio(median, seconds).padStart(6)}   ${ratio(best, steps).padStart(11)}    ${ratio(median, steps).padStart(5)}`,
  );
}

function best(values: readonly number[]): number {
  return Math.min(...values);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
