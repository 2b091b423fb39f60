/**
 * Points of measured galaxies held out and predicted: `halograd infer` beside a spline, a flat continuation and a direct
 * fit of disc and halo. Galaxies of SPARC (Lelli, McGaugh & Schombert 2016, AJ 152, 157) with quality 1 or 2 and an
 * inclination of 30° or more. `node .build/bench/sparc.js MODEL MASS_MODELS GALAXIES [FIGURE.svg [DEVIATION]]`
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  finish,
  inferCurves,
  intervalsOf,
  type Posterior,
  quantiles,
  readModel,
  TYPICAL_DEVIATION,
} from "../src/curves/index.ts";
import { fitGalaxy, rotationCurves } from "../src/galaxy/index.ts";
import { Random } from "../src/index.ts";
import { type Observations, parseSparcCurves, parseSparcGalaxies } from "../src/io/index.ts";
import { type InferredGalaxy, inferredGalaxiesFigure } from "../src/plot/index.ts";
import { END_SHARES, Tally, telling } from "./coverage.ts";

const [modelPath, curvesPath, galaxiesPath, figurePath, deviation = TYPICAL_DEVIATION] =
  process.argv.slice(2);
const HELD_OUT = 0.3;
const LEAST_POINTS = 8;
/** In the figure: from dwarfs to giants, with gas, bulges, and one whose disc is out of equilibrium. */
const SHOWN = [
  ...["DDO154", "IC2574", "NGC3109", "UGC05986", "NGC2403", "NGC3198"],
  ...["NGC6503", "NGC5055", "NGC2903", "NGC2841", "NGC7331", "UGC02953"],
];

const model = readModel(readFileSync(modelPath), modelPath);
const clean = new Set(
  parseSparcGalaxies(readFileSync(galaxiesPath, "utf8"), galaxiesPath)
    .filter(({ quality, inclination }) => quality < 3 && inclination >= 30)
    .map(({ name }) => name),
);
const galaxies = parseSparcCurves(readFileSync(curvesPath, "utf8"), curvesPath)
  .filter(({ name }) => clean.has(name))
  .map((curve) => ({ name: curve.name, all: pick(curve, (i) => isKnown(curve.radii[i])) }))
  .filter(({ all }) => all.radii.length >= LEAST_POINTS);
const random = new Random(2016);
console.log(
  `${galaxies.length} galaxies of ${clean.size} clean ones with ${LEAST_POINTS} points or more in 0.1–50 kpc`,
);

/** A galaxy, parted. */
interface Case {
  readonly name: string;
  readonly seen: Observations;
  readonly heldOut: Observations;
}

for (const way of ["outer", "random"] as const) {
  const cases = galaxies.map(({ name, all }, g): Case => {
    const count = Math.max(1, Math.round(HELD_OUT * all.radii.length));
    const places = Array.from(all.radii.keys());
    const order = way === "random" ? random.fork("held out").fork(g).shuffle(places) : places.reverse();
    const held = new Set(order.slice(0, count));
    return { name, seen: pick(all, (i) => !held.has(i)), heldOut: pick(all, (i) => held.has(i)) };
  });
  const began = performance.now();
  const steps = inferCurves(
    model,
    cases.map(({ seen }) => seen),
    {
      random: random.fork("infer").fork(way),
      deviation: { median: Number(deviation) },
      chains: 32,
      transitions: 12,
      bank: 60_000,
    },
  );
  const posteriors = finish(telling(steps));
  console.log(`\n${way} ${100 * HELD_OUT} % held out, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  tellCoverage(cases, posteriors);
  tellErrors(cases, posteriors);
  if (way === "outer" && figurePath !== undefined) draw(cases, posteriors);
}

function isKnown(radius: number): boolean {
  return radius >= model.radii[0] && radius <= model.radii[model.radii.length - 1];
}

function pick({ radii, velocities, errors }: Observations, isWanted: (i: number) => boolean): Observations {
  const of = (values: Float64Array): Float64Array => values.filter((_, i) => isWanted(i));
  return { radii: of(radii), velocities: of(velocities), errors: of(errors) };
}

/** Predicted measurements, [samples][points]: a curve, and the errors of the points. */
function predicted({ heldOut }: Case, posterior: Posterior, stream: Random): Float64Array[] {
  return posterior
    .velocitiesAt(heldOut.radii)
    .map((curve) => curve.map((velocity, i) => velocity + stream.normal(0, heldOut.errors[i])));
}

function tellCoverage(cases: readonly Case[], posteriors: readonly Posterior[]): void {
  const tally = new Tally();
  cases.forEach((one, c) => {
    const samples = predicted(one, posteriors[c], random.fork("noise").fork(c));
    const { velocities } = one.heldOut;
    const ends = Array.from(velocities, (_, i) =>
      quantiles(
        samples.map((row) => row[i]),
        END_SHARES,
        posteriors[c].effectiveCount,
      ),
    );
    tally.add(ends, velocities);
  });
  tally.print("points held out");
  const middle = (values: number[]): string => quantiles(values, [0.5])[0].toFixed(2);
  console.log(
    `R-hat: median ${middle(posteriors.map(({ rHat }) => rHat))}; effective samples: median ` +
      `${middle(posteriors.map(({ effectiveCount }) => effectiveCount))}; by chains ` +
      `${posteriors.filter(({ rHat }) => rHat !== 1).length}; deviations: median ` +
      `${middle(posteriors.map(({ deviations }) => 100 * quantiles(deviations, [0.5])[0]))} %`,
  );
}

function tellErrors(cases: readonly Case[], posteriors: readonly Posterior[]): void {
  const methods: Readonly<Record<string, (one: Case, c: number) => ArrayLike<number>>> = {
    "posterior median": ({ heldOut }, c) => medians(heldOut.radii, posteriors[c]),
    "cubic spline": ({ seen, heldOut }) => spline(seen, heldOut.radii),
    "flat continuation": ({ seen, heldOut }) => Array.from(heldOut.radii, (radius) => flat(seen, radius)),
    "fit of disc and halo": ({ seen, heldOut }) => {
      const { galaxy } = fitGalaxy(seen.radii, seen.velocities, { errors: seen.errors });
      return rotationCurves([galaxy], heldOut.radii).velocities;
    },
  };
  for (const [name, predict] of Object.entries(methods)) {
    let [sum, points] = [0, 0];
    const own = cases.map((one, c) => {
      const guess = predict(one, c);
      const squares = one.heldOut.velocities.reduce((total, v, i) => total + (v - guess[i]) ** 2, 0);
      sum += squares;
      points += guess.length;
      return Math.sqrt(squares / guess.length);
    });
    const [middle, high] = quantiles(own, [0.5, 0.9]).map((error) => error.toFixed(2));
    const mean = own.reduce((total, error) => total + error, 0) / own.length;
    console.log(
      `${name.padEnd(22)} rms of all points ${Math.sqrt(sum / points).toFixed(2)} km/s; of a galaxy: ` +
        `mean ${mean.toFixed(2)}, median ${middle}, 9 of 10 below ${high}`,
    );
  }
}

function medians(radii: Float64Array, posterior: Posterior): number[] {
  const velocities = posterior.velocitiesAt(radii);
  return Array.from(radii, (_, i) => {
    const column = velocities.map((row) => row[i]);
    return quantiles(column, [0.5])[0];
  });
}

/** The velocity of the last point inside the radius, or of the first point. */
function flat({ radii, velocities }: Observations, radius: number): number {
  const last = radii.findLastIndex((own) => own <= radius);
  return velocities[Math.max(0, last)];
}

/** The natural cubic spline, which goes on straight beyond its ends. Points at the same radius are averaged. */
function spline(seen: Observations, at: Float64Array): number[] {
  const x = [...new Set(seen.radii)];
  const y = x.map((radius) => {
    const same = seen.velocities.filter((_, i) => seen.radii[i] === radius);
    return same.reduce((sum, v) => sum + v, 0) / same.length;
  });
  const n = x.length - 1;
  const h = x.slice(1).map((right, i) => right - x[i]);
  // Second derivatives m: h_{i−1} m_{i−1} + 2 (h_{i−1} + h_i) m_i + h_i m_{i+1} = 6 Δ(slope), by elimination.
  const m = new Array<number>(n + 1).fill(0);
  const [upper, right] = [new Array<number>(n + 1).fill(0), new Array<number>(n + 1).fill(0)];
  for (let i = 1; i < n; i++) {
    const pivot = 2 * (h[i - 1] + h[i]) - h[i - 1] * upper[i - 1];
    upper[i] = h[i] / pivot;
    const bend = 6 * ((y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1]);
    right[i] = (bend - h[i - 1] * right[i - 1]) / pivot;
  }
  for (let i = n - 1; i > 0; i--) m[i] = right[i] - upper[i] * m[i + 1];
  return Array.from(at, (radius) => {
    const above = x.findIndex((node) => node >= radius);
    const i = Math.min(n - 1, Math.max(0, (above < 0 ? n : above) - 1));
    const inside = Math.min(x[n], Math.max(x[0], radius));
    const t = inside - x[i];
    const slope = (y[i + 1] - y[i]) / h[i] - (h[i] * (2 * m[i] + m[i + 1])) / 6;
    const rate = (m[i + 1] - m[i]) / h[i];
    const value = y[i] + t * (slope + t * (m[i] / 2 + (t * rate) / 6));
    return value + (radius - inside) * (slope + t * (m[i] + (t * rate) / 2));
  });
}

function draw(cases: readonly Case[], posteriors: readonly Posterior[]): void {
  const shown = SHOWN.flatMap((name): InferredGalaxy[] => {
    const c = cases.findIndex((one) => one.name === name);
    if (c < 0) return [];
    const { seen, heldOut } = cases[c];
    const intervals = intervalsOf(posteriors[c]);
    return [{ name, radii: model.radii, intervals, observations: seen, heldOut }];
  });
  mkdirSync(dirname(figurePath), { recursive: true });
  writeFileSync(figurePath, inferredGalaxiesFigure(shown, 4));
}
