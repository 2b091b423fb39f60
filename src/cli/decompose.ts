/** `halograd decompose`: how much of measured galaxies is gas, stars and halo, for haloes of several families. */

import { Random } from "../basics/random.ts";
import { type Decomposition, decomposeGalaxy, quantiles, squaredOf } from "../curves/index.ts";
import { retold } from "../diffusion/progress.ts";
import { acceleration, HALO_PROFILES, type HaloFamily, radialAcceleration } from "../galaxy/index.ts";
import type { Observations } from "../io/index.ts";
import { log10 } from "../kernels/math.ts";
import { median } from "../metrics/index.ts";
import { accelerationFigure, cornerFigure, decompositionFigure } from "../plot/index.ts";
import { type BatchOptions, type Work, workOn } from "./batch.ts";
import type { Context, Outcome } from "./context.ts";
import { type GalaxyOptions, type MeasuredGalaxy, readMeasuredGalaxies } from "./galaxies.ts";
import { type OutputFile, table } from "./output.ts";

/** The files of one galaxy. */
const ONE: readonly string[] = ["masses.csv", "draws.csv", "figures/decomposition.svg", "figures/corner.svg"];
/** The files of several. */
const MANY: readonly string[] = ["masses.csv", "accelerations.csv", "figures/accelerations.svg"];

/** What decides a decomposition, beside the galaxy. */
interface Settings {
  readonly halo: readonly HaloFamily[];
  readonly discRatio: number | undefined;
  readonly bulgeRatio: number | undefined;
  readonly ratioScatter: number | undefined;
  readonly moves: number | undefined;
  readonly seed: number;
}

/** The values of the command's options. */
export interface DecomposeOptions extends Settings, GalaxyOptions, BatchOptions {}

/** What came of one family, without its draws. */
interface Summary {
  readonly halo: HaloFamily;
  readonly predictiveScore: number;
  readonly chiSquared: number;
  readonly logEvidence: number;
  readonly logEvidenceError: number;
  readonly rHat: number;
  readonly effectiveCount: number;
  /** Each at the shares of {@link SHARES}. */
  readonly quantities: Readonly<Record<string, readonly number[]>>;
}

/** A point's accelerations, m/s². */
interface Acceleration {
  /** Of gas and stars: the median over the draws of the best family. */
  readonly visible: number;
  readonly observed: number;
  /** Whether its velocity is known well enough to tell. */
  readonly isPrecise: boolean;
}

/** What came of a galaxy, as `--json` and `result.json` tell it; the family that foretells its points best first. */
interface Result {
  readonly galaxy: string;
  readonly points: number;
  /** What was measured besides the curve. */
  readonly parts: readonly string[];
  /** What the table of galaxies tells: degrees, and 1 to 3. */
  readonly inclination?: number | undefined;
  readonly quality?: number | undefined;
  readonly families: readonly Summary[];
  readonly accelerations: readonly Acceleration[];
}

/** The command. */
export async function decompose(
  values: DecomposeOptions,
  context: Context,
  files: readonly string[],
): Promise<Outcome> {
  const galaxies = readMeasuredGalaxies("halograd decompose", files, values, true, context.sources);
  const { halo, discRatio, bulgeRatio, ratioScatter, moves, seed } = values;
  const setup: Settings = { halo, discRatio, bulgeRatio, ratioScatter, moves, seed };
  const { results, ...outcome } = await workOn(
    galaxies,
    {
      command: "decompose",
      title: "posterior",
      options: values,
      origin: { ...setup },
      setup,
      work: workOf,
      names: ONE,
      tables: MANY,
      tablesOf: filesOfMany,
      tell: (results) => tell(context, results, galaxies.isOne),
    },
    context,
  );
  return { ...outcome, result: { ...outcome.result, seed, galaxies: results } };
}

/** Works on a galaxy with each family; the same whatever others there are. */
export function workOf(settings: Settings): Work<Result> {
  const { halo, moves, discRatio, bulgeRatio, ratioScatter, seed } = settings;
  const random = new Random(seed);
  return function* (galaxy) {
    const { name, measured, row } = galaxy;
    const families: Decomposition[] = [];
    for (const [h, family] of halo.entries()) {
      const work = decomposeGalaxy(measured, family, {
        // Its own stream: the same whatever else is asked for.
        random: random.fork(name).fork(family),
        moves,
        priors: { discRatio, bulgeRatio, ratioScatter },
        luminosity: row?.luminosity,
        hydrogenMass: row?.hydrogenMass,
      });
      families.push(
        yield* retold(work, ({ done, total }) => ({
          done: h + done / total,
          total: halo.length,
          doing: `${name}, ${HALO_PROFILES[family].title}`,
        })),
      );
    }
    families.sort((a, b) => b.predictiveScore - a.predictiveScore);
    const [best] = families;
    const result: Result = {
      galaxy: name,
      points: measured.radii.length,
      parts: PARTS.filter((part) => hasPart(measured[part])),
      ...(row && { inclination: row.inclination, quality: row.quality }),
      families: families.map(summarised),
      accelerations: accelerationsOf(measured, best),
    };
    return { result, files: filesOf(galaxy, result, best) };
  };
}

const PARTS = ["gas", "disc", "bulge"] as const;

const hasPart = (list: Float64Array | undefined): boolean => list?.some((value) => value !== 0) ?? false;

function summarised(one: Decomposition): Summary {
  const { family, predictiveScore, chiSquared, logEvidence, logEvidenceError, rHat, effectiveCount } = one;
  return {
    ...{ halo: family, predictiveScore, chiSquared, logEvidence, logEvidenceError, rHat, effectiveCount },
    quantities: Object.fromEntries(
      one.quantities.map(({ title, draws }) => [title, quantiles(draws, SHARES)]),
    ),
  };
}

const SHARES = [0.025, 0.16, 0.5, 0.84, 0.975];

function massesTable(results: readonly Result[]): string {
  return table(
    ["galaxy", "halo", "quantity", "2.5 %", "16 %", "median", "84 %", "97.5 %"],
    results.flatMap(({ galaxy, families }) =>
      families.flatMap((one) => [
        ...Object.entries(one.quantities).map(([title, found]) => [galaxy, one.halo, title, ...found]),
        ...(
          [
            ["chi squared of the best draw", one.chiSquared],
            ["predictive score", one.predictiveScore],
            ["ln evidence", one.logEvidence],
            ["R-hat", one.rHat],
            ["effective draws", one.effectiveCount],
          ] as const
        ).map(([name, value]) => [galaxy, one.halo, name, "", "", value, "", ""]),
      ]),
    ),
  );
}

function filesOf({ name, measured }: MeasuredGalaxy, result: Result, best: Decomposition): OutputFile[] {
  const quantity = best.quantities;
  const { radii, velocities, errors } = measured;
  const speedsOf = (of: (draw: (typeof best.curves)[number], i: number) => number): number[][] =>
    Array.from(radii, (_, i) =>
      quantiles(
        best.curves.map((draw) => signedRoot(of(draw, i))),
        SHARES,
      ),
    );
  return [
    ["masses.csv", massesTable([result])],
    [
      "draws.csv",
      table(
        quantity.map(({ title }) => title),
        Array.from(quantity[0].draws, (_, d) => quantity.map(({ draws }) => draws[d])),
      ),
    ],
    [
      "figures/decomposition.svg",
      decompositionFigure({
        name,
        halo: HALO_PROFILES[best.family].title,
        observations: { radii, velocities, errors },
        total: speedsOf(squaredOf),
        parts: {
          halo: speedsOf((draw, i) => draw.halo[i]),
          ...(hasPart(measured.disc) && { disc: speedsOf((draw, i) => draw.disc[i]) }),
          ...(hasPart(measured.bulge) && { bulge: speedsOf((draw, i) => draw.bulge[i]) }),
          ...(hasPart(measured.gas) && { gas: speedsOf((draw, i) => draw.gas[i]) }),
        },
      }),
    ],
    [
      "figures/corner.svg",
      cornerFigure(
        `Posterior of ${name} with a ${HALO_PROFILES[best.family].title} halo`,
        quantity
          .filter(({ isDerived }) => !isDerived)
          .map(({ title, draws }) => ({
            label: title
              .replace("M200", "*M*_{200}")
              .replace("c200", "*c*_{200}")
              .replace("log10", "log_{10}"),
            draws,
          })),
      ),
    ],
  ];
}

/** A velocity of its square; below 0 where the square is. */
function signedRoot(squared: number): number {
  return squared < 0 ? -Math.sqrt(-squared) : Math.sqrt(squared);
}

/** Points with smaller errors than this tell an acceleration, as McGaugh, Lelli & Schombert (2016) chose them. */
const MOST_ERROR = 0.1;
/** Degrees; seen from above, little of the rotation is along the line of sight. */
const LEAST_INCLINATION = 30;

/** Those of the points where both are above 0. The parts are as they are seen at the stated radii. */
function accelerationsOf({ radii, velocities, errors }: Observations, best: Decomposition): Acceleration[] {
  return Array.from(radii, (radius, i) => ({
    visible: acceleration(
      median(best.curves.map((draw) => draw.gas[i] + draw.disc[i] + draw.bulge[i])),
      radius,
    ),
    observed: acceleration(velocities[i] * velocities[i], radius),
    isPrecise: errors[i] < MOST_ERROR * velocities[i],
  })).filter(({ visible, observed }) => visible > 0 && observed > 0);
}

/** Accelerations of the galaxies and points that tell them. */
interface Relation {
  readonly visible: readonly number[];
  readonly observed: readonly number[];
  readonly galaxies: number;
}

function relationOf(results: readonly Result[]): Relation {
  const good = results.filter(
    ({ quality = 1, inclination = 90 }) => quality < 3 && inclination >= LEAST_INCLINATION,
  );
  const points = good.flatMap(({ accelerations }) => accelerations.filter(({ isPrecise }) => isPrecise));
  return {
    visible: points.map(({ visible }) => visible),
    observed: points.map(({ observed }) => observed),
    galaxies: good.length,
  };
}

function filesOfMany(results: readonly Result[]): OutputFile[] {
  const telling = relationOf(results);
  const points = results.flatMap(({ galaxy, accelerations }) =>
    accelerations.map(({ visible, observed }) => [galaxy, visible, observed]),
  );
  const files: OutputFile[] = [
    ["masses.csv", massesTable(results)],
    ["accelerations.csv", table(["galaxy", "gas and stars [m/s^2]", "observed [m/s^2]"], points)],
  ];
  if (telling.visible.length > 0) {
    const relation = { label: "relation of McGaugh et al. 2016", at: (g: number) => radialAcceleration(g) };
    files.push(["figures/accelerations.svg", accelerationFigure({ ...telling, relation })]);
  }
  return files;
}

/** One galaxy: a table of families and the quantities of the best. Several: a line each, and the relation of accelerations. */
function tell({ terminal }: Context, results: readonly Result[], isOne: boolean): void {
  if (isOne) {
    const [{ galaxy, points, parts, families }] = results;
    terminal.say(
      `${galaxy}: ${points} points with ${[...parts, "halo"].join(", ")}; the score is ln p of each point given the others, higher is better`,
    );
    for (const one of families) {
      terminal.say(
        `  ${HALO_PROFILES[one.halo].title.padEnd(17)}  score ${one.predictiveScore.toFixed(1)}  chi squared ${one.chiSquared.toFixed(1)}  ln evidence ${one.logEvidence.toFixed(1)} ± ${one.logEvidenceError.toFixed(1)}  R-hat ${one.rHat.toFixed(3)}  ${one.effectiveCount.toFixed(0)} independent draws`,
      );
    }
    const [best] = families;
    terminal.say(`with the ${HALO_PROFILES[best.halo].title} halo (median; 68 %):`);
    for (const [title, [, ...values]] of Object.entries(best.quantities)) {
      // As many decimals as show the interval with two digits.
      const decimals = Math.max(0, 1 - Math.floor(log10(Math.max(values[2] - values[0], 1e-9))));
      const [low, middle, high] = values.map((value) =>
        Math.abs(value) >= 1e5 ? value.toExponential(2) : value.toFixed(decimals),
      );
      terminal.say(`  ${title}  ${middle}  (${low} to ${high})`);
    }
  } else {
    const { visible, observed, galaxies } = relationOf(results);
    if (visible.length > 0) {
      const residuals = visible.map((g, i) => log10(observed[i] / radialAcceleration(g)));
      const middle = median(residuals);
      const scatter = 1.4826 * median(residuals.map((value) => Math.abs(value - middle)));
      terminal.say(
        `${visible.length} points of ${galaxies} galaxies follow the radial acceleration relation with a scatter of ${scatter.toFixed(3)} dex, ${middle.toFixed(3)} dex from that of McGaugh et al. (2016)`,
      );
    }
    const best = new Map<string, number>();
    for (const { families } of results) best.set(families[0].halo, (best.get(families[0].halo) ?? 0) + 1);
    terminal.say(`best score: ${[...best].map(([family, count]) => `${family} in ${count}`).join(", ")}`);
  }
  const all = results.flatMap(({ galaxy, families }) => families.map((one) => ({ name: galaxy, one })));
  const bad = all.filter(({ one }) => one.rHat > 1.01 || one.effectiveCount < 400);
  if (bad.length > 0) {
    const names = bad
      .slice(0, 5)
      .map(({ name, one }) => `${name} with ${one.halo} (R-hat ${one.rHat.toFixed(3)})`);
    terminal.say(
      `warning: ${bad.length} of ${all.length} posteriors have not converged: ${names.join(", ")}${bad.length > 5 ? ", …" : ""}\n  give more --moves`,
    );
  }
}
