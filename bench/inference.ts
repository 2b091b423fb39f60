/**
 * Calibration of `halograd infer` on galaxies whose truth is known: coverage of its intervals, their width beside that
 * of the exact posterior, ranks of the truth. `node .build/bench/inference.js MODEL`; options are listed below.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { finish, inferCurves, quantiles, readModel } from "../src/curves/index.ts";
import { cubicWeights, decoderOf } from "../src/curves/inference.ts";
import { importanceResample } from "../src/diffusion/index.ts";
import { rotationCurves, samplePopulation } from "../src/galaxy/index.ts";
import { normal, Random } from "../src/index.ts";
import type { Observations } from "../src/io/index.ts";
import { exp, log } from "../src/kernels/math.ts";
import { figure, okabeIto, scale } from "../src/plot/index.ts";
import { END_SHARES, LEVELS, Tally, telling } from "./coverage.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Galaxies, of which the model's posterior is of the first. */
    cases: { type: "string", default: "1000" },
    inferred: { type: "string" },
    /** As of `inferCurves`. The errors of the simulated points are as stated, whatever this is. */
    "error-spread": { type: "string", default: "0" },
    bank: { type: "string", default: "200000" },
    /** Of the exact posterior: galaxies that are looked through, and how many must share in it, else it is too rough to be compared with. */
    draws: { type: "string", default: "200000" },
    sharing: { type: "string", default: "100" },
    /** 3 to 30 points with errors of 2 % instead of 3 to 20 points with errors of 3 to 20 km/s. */
    precise: { type: "boolean", default: false },
    /** Where the figure of ranks is written; default: nowhere. */
    figure: { type: "string", default: "" },
  },
});
const [path = "out/model.safetensors"] = positionals;
const cases = Number(options.cases);
const inferred = Math.min(cases, Number(options.inferred ?? cases));
const [errorSpread, draws, sharing] = [options["error-spread"], options.draws, options.sharing].map(Number);
const GROUP = 250; // galaxies at once, which share a bank
const BINS = 20; // of ranks

const random = new Random(2026);
const model = readModel(readFileSync(path), path);
const truth = rotationCurves(samplePopulation({ count: cases, random: random.fork("truth") }), model.radii);
const radiiCount = model.radii.length;
const truths = Array.from({ length: cases }, (_, i) =>
  truth.velocities.subarray(i * radiiCount, (i + 1) * radiiCount),
);
const galaxies = samplePopulation({ count: cases, random: random.fork("truth") });
const observations = galaxies.map((galaxy, i) => observe(galaxy, random.fork("observations").fork(i)));

console.log(`${cases} galaxies, ${model.radii.length} radii each; model ${path}`);
if (inferred > 0) accuracyOfDecoder();
const began = performance.now();
const ours = new Tally();
const ranks: number[] = [];
const widths = new Map<number, number[]>();
const diagnostics: { rHat: number; effectiveCount: number }[] = [];
for (let first = 0; first < inferred; first += GROUP) {
  const group = observations.slice(first, Math.min(inferred, first + GROUP));
  const posteriors = finish(
    telling(
      inferCurves(model, group, {
        random: random.fork("infer").fork(first),
        deviation: { median: 0 }, // simulated galaxies are curves of the population
        chains: 48,
        transitions: 40,
        bank: Number(options.bank),
        errorSpread,
      }),
    ),
  );
  const chained = posteriors.filter(({ rHat }) => rHat !== 1).length;
  console.log(
    `${first + group.length} galaxies, ${chained} of the last ${group.length} by chains, ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  posteriors.forEach((posterior, g) => {
    diagnostics.push(posterior);
    const ends = endsOf((j) => posterior.curves.map((curve) => curve[j]), posterior.effectiveCount);
    ours.add(ends, truths[first + g]);
    widths.set(first + g, widthsOf(ends));
    // One radius a galaxy: ranks at neighbouring radii are not independent.
    const j = random
      .fork("rank")
      .fork(first + g)
      .integer(radiiCount);
    const below = posterior.curves.filter((curve) => curve[j] < truths[first + g][j]).length;
    ranks.push((below + 0.5) / (posterior.curves.length + 1));
  });
}
if (inferred > 0) tellModels((performance.now() - began) / 1000);
compareWithExact();

function tellModels(seconds: number): void {
  ours.print("the model's posterior");
  const below = diagnostics.filter(({ rHat }) => rHat < 1.05).length;
  console.log(
    `R-hat: median ${median(diagnostics.map(({ rHat }) => rHat)).toFixed(3)}, ` +
      `${((100 * below) / diagnostics.length).toFixed(1)} % below 1.05; ` +
      `effective samples: median ${median(diagnostics.map(({ effectiveCount }) => effectiveCount)).toFixed(0)}; ` +
      `${seconds.toFixed(0)} s, ${((1000 * seconds) / diagnostics.length).toFixed(0)} ms a galaxy`,
  );
  uniformity();
  if (options.figure === "") return;
  mkdirSync(dirname(options.figure), { recursive: true });
  writeFileSync(options.figure, rankFigure());
}

/** 3 to 20 points over a random part of the radii, errors of 3 to 20 km/s; "precise": 3 to 30 points, errors of 2 %. */
function observe(galaxy: (typeof galaxies)[number], stream: Random): Observations {
  const isPrecise = options.precise;
  const count = 3 + stream.integer(isPrecise ? 28 : 18);
  const [a, b] = [stream.uniform(log(0.1), log(50)), stream.uniform(log(0.1), log(50))];
  const [least, greatest] = [Math.min(a, b), Math.max(a, b)];
  const radii = Float64Array.from({ length: count }, () => exp(stream.uniform(least, greatest))).sort();
  const typical = exp(stream.uniform(log(3), log(20)));
  const exact = rotationCurves([galaxy], radii).velocities;
  const errors = exact.map((v) => (isPrecise ? 0.02 * v : typical * exp(stream.normal(0, 0.3))));
  // A speed below 0 is drawn again, since inference refuses it: of the 1000 galaxies' points, errors of up to 40 km/s make a few.
  const measured = (v: number, error: number): number => {
    for (;;) {
      const velocity = v + stream.normal(0, error);
      if (velocity >= 0) return velocity;
    }
  };
  return { radii, errors, velocities: exact.map((v, i) => measured(v, errors[i])) };
}

/** What the decoder's few steps miss, beside 200 of them. */
function accuracyOfDecoder(): void {
  const latents = normal([1000, 10], random.fork("decoder"));
  const of = (steps: number | undefined) =>
    model.standardization.invert(decoderOf(model, steps)(latents)).map((curve) => curve.map(log));
  const fine = of(200);
  for (const steps of [10, 20, 40]) {
    const errors = of(steps).flatMap((curve, i) => Array.from(curve, (v, j) => Math.abs(v - fine[i][j])));
    const [middle, most] = quantiles(errors, [0.5, 0.99]).map((error) => (100 * error).toFixed(3));
    console.log(`decoder with ${steps} evaluations: off by ${middle} % (median), ${most} % (99 of 100)`);
  }
}

/** Quantiles at the ends of the intervals, [radii][2 · levels]. */
function endsOf(samplesAt: (j: number) => number[], worth: number): number[][] {
  return Array.from({ length: radiiCount }, (_, j) => quantiles(samplesAt(j), END_SHARES, worth));
}

/** Mean over the radii, of each interval. */
function widthsOf(ends: number[][]): number[] {
  return LEVELS.map((_, l) => ends.reduce((sum, own) => sum + own[2 * l + 1] - own[2 * l], 0) / ends.length);
}

function compareWithExact(): void {
  const bank = rotationCurves(
    samplePopulation({ count: draws, random: random.fork("physics") }),
    model.radii,
  );
  const logs = Float32Array.from(bank.velocities, log);
  const stream = random.fork("error scales");
  const errorScales = Float64Array.from({ length: draws }, () => exp(errorSpread * stream.normal()));
  const exact = new Tally();
  const ratios: number[][] = LEVELS.map(() => []);
  observations.forEach((seen, i) => {
    const stream = random.fork("draw").fork(i);
    const { rows, effectiveCount } = importanceResample(
      physicsLogLikelihoods(seen, logs, errorScales),
      2000,
      stream,
    );
    if (effectiveCount < sharing) return;
    const drawn = Array.from(rows);
    const ends = endsOf((j) => drawn.map((row) => bank.velocities[row * radiiCount + j]), effectiveCount);
    exact.add(ends, truths[i]);
    const own = widths.get(i);
    widthsOf(ends).forEach((width, l) => {
      if (own !== undefined) ratios[l].push(own[l] / width);
    });
  });
  exact.print(`exact posterior, of the ${exact.count} galaxies in which ${sharing} or more draws share`);
  if (widths.size === 0) return;
  LEVELS.forEach((level, l) => {
    const [low, middle, high] = quantiles(ratios[l], [0.16, 0.5, 0.84]).map((ratio) => ratio.toFixed(3));
    console.log(
      `  width of ${100 * level} %: ours / exact ${middle} (68 % of galaxies in ${low} to ${high})`,
    );
  });
}

/** Of the rows of ln(velocity) of the bank; −∞ where it is e⁶⁰ below the greatest and more. */
function physicsLogLikelihoods(
  { radii, velocities, errors }: Observations,
  logs: Float32Array,
  errorScales: Float64Array,
): Float64Array {
  const nodes = Float64Array.from(model.radii, log);
  const places = Array.from(radii, (radius) => cubicWeights(nodes, log(radius)));
  const values = new Float64Array(draws);
  let greatest = -Infinity;
  for (let row = 0; row < draws; row++) {
    const errorScale = errorScales[row];
    let sum = -places.length * log(errorScale);
    for (let i = 0; i < places.length && sum > greatest - 60; i++) {
      const { first, weights: w } = places[i];
      const at = row * radiiCount + first;
      const v = exp(w[0] * logs[at] + w[1] * logs[at + 1] + w[2] * logs[at + 2] + w[3] * logs[at + 3]);
      const difference = (velocities[i] - v) / (errorScale * errors[i]);
      sum -= (difference * difference) / 2;
    }
    values[row] = sum;
    if (sum > greatest) greatest = sum;
  }
  return values.map((value) => (value < greatest - 60 ? -Infinity : value));
}

function histogram(): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const rank of ranks) counts[Math.min(BINS - 1, Math.floor(rank * BINS))]++;
  return counts;
}

/** χ² of the ranks against even ones: 19 is expected, 30.1 exceeded once in 20 times. */
function uniformity(): void {
  const expected = ranks.length / BINS;
  const chi = histogram().reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  console.log(`ranks of the truth, ${BINS} bins: chi squared ${chi.toFixed(1)} (even ranks: 19 ± 6)`);
}

function rankFigure(): string {
  const counts = histogram();
  const edges = counts.flatMap((_, i) => [i / BINS, (i + 1) / BINS]);
  const expected = ranks.length / BINS;
  const spread = 1.96 * Math.sqrt(expected * (1 - 1 / BINS));
  const flat = (value: number) => [value, value];
  return figure({
    title: "Ranks of the truth among posterior samples",
    description: `A histogram of ${ranks.length} ranks in ${BINS} bins; even when posteriors are calibrated.`,
    x: { label: "Rank of the truth among samples", scale: scale(0, 1) },
    y: { label: "Galaxies", scale: scale(0, 1.15 * Math.max(...counts, expected + spread)) },
    rows: [
      [
        {
          marks: [
            {
              kind: "band",
              x: [0, 1],
              low: flat(expected - spread),
              high: flat(expected + spread),
              color: okabeIto.skyBlue,
              label: "95 % of even ranks",
            },
            {
              kind: "line",
              x: edges,
              y: counts.flatMap((count) => [count, count]),
              color: okabeIto.black,
              label: "simulated galaxies",
            },
          ],
        },
      ],
    ],
    panelHeight: 240,
  });
}

function median(values: number[]): number {
  return quantiles(values, [0.5])[0];
}
