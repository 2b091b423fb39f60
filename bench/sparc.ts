/**
 * Points of measured galaxies held out and predicted: `halograd infer` beside linear interpolation in ln R, a spline, a flat
 * continuation and a direct fit of disc and halo. Points between others are held out in several ways, since one way differs from the
 * next by more than methods do. Galaxies of SPARC (Lelli, McGaugh & Schombert 2016, AJ 152, 157) with quality 1 or 2 and an
 * inclination of 30° or more. `node .build/bench/sparc.js MODEL MASS_MODELS GALAXIES`, where a population's name stands for a model that
 * needs none; options are listed below.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import {
  ERROR_SPREAD,
  finish,
  inferCurves,
  inferGalaxy,
  intervalsOf,
  POPULATIONS,
  type Posterior,
  quantiles,
  readModel,
  TYPICAL_DEVIATION,
} from "../src/curves/index.ts";
import { fitGalaxy, logSpacedRadii, rotationCurves } from "../src/galaxy/index.ts";
import { Random } from "../src/index.ts";
import { type Observations, parseSparcCurves, parseSparcGalaxies } from "../src/io/index.ts";
import { type InferredGalaxy, inferredGalaxiesFigure } from "../src/plot/index.ts";
import { END_SHARES, Tally, telling } from "./coverage.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** How points are held out: the first words of {@link WAYS}. */
    ways: { type: "string", default: "outer,every,random" },
    /** Of random points. */
    splits: { type: "string", default: "20" },
    /** Splits take turns at the galaxies: of 2, each takes every other one. */
    turns: { type: "string", default: "1" },
    /** Splits whose galaxies are inferred together: with many chains in a batch, each takes less time. */
    together: { type: "string", default: "1" },
    seed: { type: "string", default: "2016" },
    /** Of a population: where its chains end, quicker than by default. */
    "r-hat": { type: "string", default: "1.05" },
    "effective-count": { type: "string", default: "100" },
    /** These four as of `inferCurves`. */
    "error-spread": { type: "string", default: String(ERROR_SPREAD) },
    bank: { type: "string", default: "60000" },
    chains: { type: "string", default: "32" },
    transitions: { type: "string", default: "12" },
    /** Where the figure of outer points is written; default: nowhere. */
    figure: { type: "string", default: "" },
  },
});
const [modelPath, curvesPath, galaxiesPath] = positionals;
const [splits, turns, together, seed, errorSpread, bank, chains, transitions] = [
  ...([options.splits, options.turns, options.together, options.seed, options["error-spread"]] as const),
  ...([options.bank, options.chains, options.transitions] as const),
].map(Number);
const HELD_OUT = 0.3;
const LEAST_POINTS = 8;
const COVERAGE = "coverage, %";
/** In the figure: from dwarfs to giants, with gas, bulges, and one whose disc is out of equilibrium. */
const SHOWN = [
  ...["DDO154", "IC2574", "NGC3109", "UGC05986", "NGC2403", "NGC3198"],
  ...["NGC6503", "NGC5055", "NGC2903", "NGC2841", "NGC7331", "UGC02953"],
];

const population = POPULATIONS.find((name) => name === modelPath);
const model =
  population === undefined ? readModel(readFileSync(modelPath), modelPath) : { radii: logSpacedRadii() };
const clean = new Set(
  parseSparcGalaxies(readFileSync(galaxiesPath, "utf8"), galaxiesPath)
    .filter(({ quality, inclination }) => quality < 3 && inclination >= 30)
    .map(({ name }) => name),
);
const galaxies = parseSparcCurves(readFileSync(curvesPath, "utf8"), curvesPath)
  .filter(({ name }) => clean.has(name))
  .map((curve) => ({ name: curve.name, all: pick(curve, (i) => isKnown(curve.radii[i])) }))
  .filter(({ all }) => all.radii.length >= LEAST_POINTS);
const random = new Random(seed);
console.log(
  `${galaxies.length} galaxies of ${clean.size} clean ones with ${LEAST_POINTS} points or more in 0.1–50 kpc`,
);

/** A galaxy, parted. */
interface Case {
  readonly name: string;
  readonly seen: Observations;
  readonly heldOut: Observations;
}

/** How points are held out: the places of one galaxy's, of which there are `count`, in split number `split`. */
const WAYS: Readonly<Record<string, (count: number, split: number, galaxy: number) => number[]>> = {
  "outer 30 %": (count) => Array.from({ length: held(count) }, (_, i) => count - 1 - i),
  "every third, between others": (count, split) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => i > 0 && i < count - 1 && i % 3 === split % 3),
  "random 30 %": (count, split, galaxy) =>
    random
      .fork("held out")
      .fork(split)
      .fork(galaxy)
      .shuffle(Array.from({ length: count }, (_, i) => i))
      .slice(0, held(count)),
};
const SPLITS: Readonly<Record<string, number>> = {
  "outer 30 %": 1,
  "every third, between others": Math.min(3, splits),
  "random 30 %": splits,
};

for (const [way, placesOf] of Object.entries(WAYS)) {
  if (!options.ways.split(",").some((first) => way.startsWith(first))) continue;
  const rows = new Map<string, number[][]>();
  let inferred: Posterior[] = [];
  for (let split = 0; split < SPLITS[way]; split++) {
    if (split % together === 0) {
      const group = Array.from({ length: Math.min(together, SPLITS[way] - split) }, (_, i) => split + i);
      const began = performance.now();
      inferred = inferAll(
        group.flatMap((one) => casesOf(placesOf, one)),
        random.fork("infer").fork(way).fork(split),
      );
      console.log(`\nsplits ${group.join(", ")}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
    const cases = casesOf(placesOf, split);
    const posteriors = inferred.splice(0, cases.length);
    console.log(`\n${way} held out, split ${split}`);
    const own = new Map(errorsOf(cases, posteriors));
    // By the same points: a difference varies less from split to split than either error does.
    const [ours, line] = [own.get("posterior median")!, own.get("linear in ln R")!];
    own.set(
      "posterior − linear",
      ours.map((error, k) => error - line[k]),
    );
    own.set(COVERAGE, coverageOf(cases, posteriors));
    for (const [name, values] of own) {
      console.log(`  ${name}: ${values.map((value) => value.toFixed(3)).join(", ")}`);
      rows.set(name, [...(rows.get(name) ?? []), values]);
    }
    if (way === "outer 30 %" && options.figure !== "") draw(cases, posteriors);
  }
  tellSpread(way, rows);
}

function casesOf(placesOf: (typeof WAYS)[string], split: number): Case[] {
  return galaxies.flatMap(({ name, all }, g): Case[] => {
    if ((g + split) % turns !== 0) return [];
    const apart = new Set(placesOf(all.radii.length, split, g));
    return [{ name, seen: pick(all, (i) => !apart.has(i)), heldOut: pick(all, (i) => apart.has(i)) }];
  });
}

function inferAll(cases: readonly Case[], stream: Random): Posterior[] {
  const seen = cases.map((one) => one.seen);
  const deviation = { median: TYPICAL_DEVIATION };
  if (!("standardization" in model)) {
    const ends = { rHat: Number(options["r-hat"]), effectiveCount: Number(options["effective-count"]) };
    const settings = { deviation, errorSpread, particles: 128, ...ends };
    return seen.map((one, g) =>
      finish(inferGalaxy(population!, one, { random: stream.fork(g), ...settings })),
    );
  }
  const settings = { random: stream, deviation, errorSpread, bank, chains, transitions };
  return finish(telling(inferCurves(model, seen, settings)));
}

function held(count: number): number {
  return Math.max(1, Math.round(HELD_OUT * count));
}

function isKnown(radius: number): boolean {
  return radius >= model.radii[0] && radius <= model.radii[model.radii.length - 1];
}

function pick({ radii, velocities, errors }: Observations, isWanted: (i: number) => boolean): Observations {
  const of = (values: Float64Array): Float64Array => values.filter((_, i) => isWanted(i));
  return { radii: of(radii), velocities: of(velocities), errors: of(errors) };
}

/** Predicted measurements, [samples][points]: a curve, and the scaled errors of the points. */
function predicted({ heldOut }: Case, posterior: Posterior, stream: Random): Float64Array[] {
  const { errorScales } = posterior;
  return posterior
    .velocitiesAt(heldOut.radii)
    .map((curve, row) => curve.map((v, i) => v + stream.normal(0, errorScales[row] * heldOut.errors[i])));
}

/** How often points lie inside of each interval, %, as means over galaxies. */
function coverageOf(cases: readonly Case[], posteriors: readonly Posterior[]): number[] {
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
      `${middle(posteriors.map(({ deviations }) => 100 * quantiles(deviations, [0.5])[0]))} %; ` +
      `error scales: median ${middle(posteriors.map(({ errorScales }) => quantiles(errorScales, [0.5])[0]))}`,
  );
  return tally.means();
}

/** Of each method: the root mean square of all points, and over galaxies the mean and the median of each one's, km/s. */
function errorsOf(cases: readonly Case[], posteriors: readonly Posterior[]): [string, number[]][] {
  const methods: Readonly<Record<string, (one: Case, c: number) => ArrayLike<number>>> = {
    "posterior median": ({ heldOut }, c) => medians(heldOut.radii, posteriors[c]),
    "linear in ln R": ({ seen, heldOut }) => Array.from(heldOut.radii, (radius) => linear(seen, radius)),
    "cubic spline": ({ seen, heldOut }) => spline(seen, heldOut.radii),
    "flat continuation": ({ seen, heldOut }) => Array.from(heldOut.radii, (radius) => flat(seen, radius)),
    "fit of disc and halo": ({ seen, heldOut }) => {
      const { galaxy } = fitGalaxy(seen.radii, seen.velocities, { errors: seen.errors });
      return rotationCurves([galaxy], heldOut.radii).velocities;
    },
  };
  return Object.entries(methods).map(([name, predict]) => {
    let [sum, points] = [0, 0];
    const own = cases.map((one, c) => {
      const guess = predict(one, c);
      const squares = one.heldOut.velocities.reduce((total, v, i) => total + (v - guess[i]) ** 2, 0);
      sum += squares;
      points += guess.length;
      return Math.sqrt(squares / guess.length);
    });
    const mean = own.reduce((total, error) => total + error, 0) / own.length;
    return [name, [Math.sqrt(sum / points), mean, quantiles(own, [0.5])[0]]];
  });
}

/** Means over the splits, and their standard deviations: by so much one split differs from the next. */
function tellSpread(way: string, rows: ReadonlyMap<string, readonly number[][]>): void {
  console.log(
    `\n${way}: km/s; all points, mean and median over galaxies, each with its spread over the splits; coverage of 50, 68 and 95 %`,
  );
  for (const [name, splits] of rows) {
    const cells = [0, 1, 2].map((k) => {
      const values = splits.map((row) => row[k]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance =
        values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
      return `${mean.toFixed(2)} ± ${Math.sqrt(variance).toFixed(2)}`;
    });
    console.log(`  ${name.padEnd(22)} ${cells.join("   ")}`);
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

/** Straight lines over ln R between points; flat beyond them. */
function linear({ radii, velocities }: Observations, radius: number): number {
  const above = radii.findIndex((own) => own >= radius);
  if (above <= 0) return velocities[above < 0 ? radii.length - 1 : 0];
  const [from, to] = [radii[above - 1], radii[above]];
  const share = to === from ? 0 : Math.log(radius / from) / Math.log(to / from);
  return velocities[above - 1] + share * (velocities[above] - velocities[above - 1]);
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
  mkdirSync(dirname(options.figure), { recursive: true });
  writeFileSync(options.figure, inferredGalaxiesFigure(shown, 4));
}
