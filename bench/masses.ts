/**
 * Calibration of `halograd decompose` and of `halograd infer --population`: parameters drawn from the priors, galaxies simulated with them,
 * and how often the posterior's intervals hold what was drawn.
 * `node .build/bench/masses.js [CASES] [FAMILY or POPULATION] [FIGURE.svg]`
 */

import { writeFileSync } from "node:fs";
import { Deviations } from "../src/curves/deviations.ts";
import {
  decomposeGalaxy,
  ERROR_SPREAD,
  finish,
  inferGalaxy,
  POPULATIONS,
  type PopulationName,
  quantiles,
  TYPICAL_DEVIATION,
} from "../src/curves/index.ts";
import { curveOf, describePopulation, type Galaxy } from "../src/curves/population.ts";
import { drawGalaxy, type HaloFamily, logSpacedRadii, massModel } from "../src/galaxy/index.ts";
import { Random } from "../src/index.ts";
import type { Observations } from "../src/io/index.ts";
import { exp, log } from "../src/kernels/math.ts";
import { figure, okabeIto, scale } from "../src/plot/index.ts";
import { END_SHARES, Tally } from "./coverage.ts";

const [cases = "1000", prior = "nfw", path] = process.argv.slice(2);
const BINS = 20;
const random = new Random(2026);
const tally = new Tally();
const curves = new Tally();
const ranks: number[] = [];
const seconds: number[] = [];
let [converged, done] = [0, 0];
const population = POPULATIONS.find((name) => name === prior);
for (let i = 0; i < Number(cases); i++) {
  const own = random.fork(i);
  const found = population === undefined ? decomposed(own) : inferred(population, own);
  if (found === undefined) continue;
  const { draws, truth, rHat, effectiveCount } = found;
  if (rHat <= 1.01 && effectiveCount >= 400) converged++;
  tally.add(
    draws.map((own) => quantiles(own, END_SHARES)),
    truth,
  );
  // One parameter a galaxy: the ranks of one galaxy's are not independent.
  const p = own.fork("rank").integer(draws.length);
  ranks.push(draws[p].filter((value) => value < truth[p]).length / draws[p].length);
  if (++done % 50 === 0)
    console.log(`${done} galaxies, ${seconds.reduce((a, b) => a + b, 0).toFixed(0)} s of CPU`);
}
console.log(
  `${done} galaxies of ${prior}, ${converged} converged (R-hat ≤ 1.01, 400 independent draws or more)`,
);
const [middle, most] = quantiles(seconds, [0.5, 0.95]);
console.log(`CPU a galaxy: median ${middle.toFixed(2)} s, 95 %: ${most.toFixed(2)} s`);
tally.print("parameters");
if (population !== undefined) curves.print("velocities");
const counts = new Float64Array(BINS);
for (const rank of ranks) counts[Math.min(BINS - 1, Math.floor(rank * BINS))]++;
const expected = done / BINS;
const chiSquared = counts.reduce(
  (sum, count) => sum + ((count - expected) * (count - expected)) / expected,
  0,
);
console.log(
  `ranks of the truth: χ² ${chiSquared.toFixed(1)} of ${BINS - 1} ± ${Math.sqrt(2 * (BINS - 1)).toFixed(1)}`,
);
if (path !== undefined) writeFileSync(path, ranksFigure());

/** Draws of each parameter, and what it was. */
interface Found {
  readonly draws: readonly Float64Array[];
  readonly truth: ArrayLike<number>;
  readonly rHat: number;
  readonly effectiveCount: number;
}

function timed<Result>(work: () => Result): Result {
  const began = process.cpuUsage();
  const result = work();
  seconds.push(process.cpuUsage(began).user / 1e6);
  return result;
}

function decomposed(own: Random): Found | undefined {
  const simulated = simulate(own);
  if (simulated === undefined) return undefined;
  const { quantities, ...found } = timed(() =>
    finish(decomposeGalaxy(simulated.galaxy, prior as HaloFamily, { random: own.fork("posterior") })),
  );
  const draws = quantities.filter(({ isDerived }) => !isDerived).map((one) => one.draws);
  return { ...found, draws, truth: simulated.truth };
}

/**
 * A galaxy of a population with deviations and a factor of the errors of their priors, as `inferGalaxy` takes them: 5 to 40 points between
 * 0.2 and 30 kpc, errors from 2 % to 20 km/s.
 */
function inferred(name: PopulationName, own: Random): Found | undefined {
  const stream = own.fork("truth");
  const description = describePopulation(name);
  const galaxy = drawGalaxy(description, stream);
  const count = 5 + stream.integer(36);
  const radii = logSpacedRadii(count, stream.uniform(0.2, 1.5), stream.uniform(5, 30));
  const [size, factor] = [TYPICAL_DEVIATION * exp(stream.normal()), exp(ERROR_SPREAD * stream.normal())];
  const places = logSpacedRadii();
  const deviations = new Deviations([], [...radii, ...places]).draw([], [], size, stream);
  const seen = (at: Float64Array, from: number): Float64Array =>
    curveOf(galaxy, at, description).map((v, i) => v * Math.max(0, 1 + deviations[from + i]));
  const share = exp(stream.uniform(log(0.02), log(0.2)));
  const floor = stream.uniform(0.05, 2);
  const exact = seen(radii, 0);
  const errors = exact.map((v) => Math.min(20, Math.max(share * v, floor)));
  const velocities = exact.map((v, i) => v + errors[i] * factor * stream.normal());
  // A speed below 0 would be refused: such a galaxy is not measured.
  if (velocities.some((v) => v < 0)) return undefined;
  const measured: Observations = { radii, velocities, errors };
  const posterior = timed(() => finish(inferGalaxy(name, measured, { random: own.fork("posterior") })));
  const drawn = posterior.velocitiesAt(places);
  curves.add(
    Array.from(places, (_, j) =>
      quantiles(
        drawn.map((curve) => curve[j]),
        END_SHARES,
      ),
    ),
    seen(places, count),
  );
  const names = Object.keys(galaxy) as (keyof Galaxy)[];
  return {
    draws: names.map((key) => Float64Array.from(posterior.galaxies, (one) => one[key])),
    truth: names.map((key) => galaxy[key]),
    rHat: posterior.rHat,
    effectiveCount: posterior.effectiveCount,
  };
}

/** A galaxy of the priors: 5 to 40 points between 0.2 and 30 kpc, errors from 2 % to 20 km/s, or none where nothing could orbit. */
function simulate(own: Random) {
  const stream = own.fork("truth");
  const count = 5 + stream.integer(36);
  const radii = logSpacedRadii(count, stream.uniform(0.2, 1.5), stream.uniform(5, 30));
  const size = stream.uniform(20, 250);
  const length = stream.uniform(0.5, 5);
  // Contributions of about the shape that discs, gas and bulges have.
  const disc = radii.map((r) => (size * r) / length / (0.3 + (r / length) * Math.sqrt(1 + r / length)));
  const gas = radii.map((r) => (0.5 * size * r) / (r + 3 * length) - 2);
  const hasBulge = stream.uniform() < 0.3;
  const measured = {
    radii,
    velocities: radii.map(() => 1),
    errors: radii.map(() => 1),
    disc,
    gas,
    ...(hasBulge && { bulge: radii.map((r) => size / Math.sqrt(1 + r)) }),
    distance: 10,
    distanceError: stream.uniform(0.3, 3),
    inclination: stream.uniform(35, 85),
    inclinationError: stream.uniform(1, 8),
  };
  const model = massModel(measured, prior as HaloFamily);
  const z = new Float64Array(model.parameters.length);
  stream.fillNormal(z);
  const parts = model.curvesOf(z);
  const truth = model.valuesOf(z);
  const scaleOfErrors = truth[truth.length - 1];
  const share = exp(stream.uniform(Math.log(0.02), Math.log(0.2)));
  const floor = stream.uniform(0.5, 20);
  const squares = parts.halo.map((halo, i) => halo + parts.disc[i] + parts.gas[i] + (parts.bulge[i] ?? 0));
  if (squares.some((value) => !(value > 0))) return undefined;
  const errors = squares.map((value) => Math.min(20, Math.max(share * Math.sqrt(value), 0.1 * floor)));
  const velocities = squares.map(
    (value, i) => Math.sqrt(value) + errors[i] * scaleOfErrors * stream.normal(),
  );
  // A speed below 0 would be refused: such a galaxy is not measured. Rare, since errors are small beside speeds.
  if (velocities.some((value) => value < 0)) return undefined;
  return { truth, galaxy: { ...measured, velocities, errors } };
}

function ranksFigure(): string {
  const x = Array.from({ length: BINS }, (_, b) => [b / BINS, (b + 1) / BINS]).flat();
  const y = [...counts].flatMap((count) => [count, count]);
  return figure({
    title: "Ranks of the truth among posterior draws",
    description: `Counts of ${done} simulated galaxies in ${BINS} bins of the rank; flat but for noise where the posterior is right.`,
    x: { label: "Rank of the truth", scale: scale(0, 1) },
    y: { label: "Galaxies", scale: scale(0, Math.max(...counts)) },
    rows: [
      [
        {
          marks: [
            { kind: "line", x, y, color: okabeIto.blue, width: 2, label: "found" },
            {
              kind: "line",
              x: [0, 1],
              y: [expected, expected],
              color: okabeIto.black,
              dash: "5 3",
              label: "expected",
            },
          ],
        },
      ],
    ],
  });
}
