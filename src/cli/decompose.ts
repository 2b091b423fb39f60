/** `halograd decompose`: how much of measured galaxies is gas, stars and halo, for haloes of several families. */

import { Random } from "../basics/random.ts";
import { type Decomposition, decomposeGalaxy, quantiles, squaredOf } from "../curves/index.ts";
import { retold } from "../diffusion/progress.ts";
import { acceleration, HALO_PROFILES, type HaloFamily, radialAcceleration } from "../galaxy/index.ts";
import { formatName } from "../io/csv.ts";
import {
  findSparcGalaxy,
  parseSparcCurves,
  parseSparcGalaxies,
  type SparcCurve,
  type SparcGalaxy,
} from "../io/index.ts";
import { log10 } from "../kernels/math.ts";
import { median } from "../metrics/index.ts";
import { readTextFile } from "../node/files.ts";
import { accelerationFigure, cornerFigure, decompositionFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** The files of one galaxy. */
const ONE: readonly string[] = ["masses.csv", "draws.csv", "figures/decomposition.svg", "figures/corner.svg"];
/** The files of several. */
const MANY: readonly string[] = ["masses.csv", "accelerations.csv", "figures/accelerations.svg"];

/** The values of the command's options. */
export interface DecomposeOptions {
  readonly sparc: string | undefined;
  readonly galaxies: string | undefined;
  readonly galaxy: string | undefined;
  readonly halo: readonly HaloFamily[];
  readonly discRatio: number | undefined;
  readonly bulgeRatio: number | undefined;
  readonly ratioScatter: number | undefined;
  readonly moves: number | undefined;
  readonly seed: number;
  readonly out: string;
  readonly force: boolean;
}

/** What came of one family, without its draws. */
interface Summary
  extends Omit<
    Decomposition,
    "quantities" | "curves" | "predictiveScores" | "doubtfulPoints" | "evaluations"
  > {
  /** Each at the shares of {@link SHARES}. */
  readonly quantities: readonly { readonly title: string; readonly quantiles: readonly number[] }[];
}

/** A point's accelerations, m/s². */
interface Acceleration {
  /** Of gas and stars: the median over the draws of the best family. */
  readonly visible: number;
  readonly observed: number;
  /** Whether its velocity is known well enough to tell. */
  readonly isPrecise: boolean;
}

/** A galaxy, and what came of each family, the one that foretells its points best first. The draws of many would fill the memory. */
interface Result {
  readonly curve: SparcCurve;
  readonly row: SparcGalaxy | undefined;
  readonly families: readonly Summary[];
  readonly accelerations: readonly Acceleration[];
}

/** The command. */
export function decompose(values: DecomposeOptions, context: Context): Outcome {
  const { sparc, galaxy } = values;
  if (sparc === undefined) {
    const fix = "give --sparc MassModels_Lelli2016c.mrt, as published at zenodo.org/records/16284118";
    throw new UsageError("halograd decompose", "there is no table of measured curves", fix);
  }
  const curves = parseSparcCurves(readTextFile(sparc), sparc);
  const rows = rowsOf(values);
  const chosen = galaxy === undefined ? curves : [findSparcGalaxy(curves, galaxy, sparc)];
  const output = new OutputFolder(values.out, {
    names: galaxy === undefined ? MANY : ONE,
    force: values.force,
  });
  const results: Result[] = [];
  let draws: Decomposition | undefined;
  const { result } = follow(
    decomposeAll(chosen, rows, values, (done, best) => {
      results.push(done);
      draws = best;
    }),
    galaxy === undefined ? "galaxies" : "posterior",
    ({ doing }) => [doing],
    context,
  );
  const complete = result !== undefined;
  if (draws !== undefined) {
    const telling = galaxy === undefined ? relationOf(results) : undefined;
    output.write(telling === undefined ? filesOfOne(results[0], draws) : filesOfMany(results, telling));
    tell(context, results, telling);
  }
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), seed: values.seed, galaxies: results.map(summaryOf) } };
}

/** The rows of the table of galaxies by name; none without the table. */
function rowsOf({ galaxies }: DecomposeOptions): Map<string, SparcGalaxy> {
  if (galaxies === undefined) return new Map();
  const list = parseSparcGalaxies(readTextFile(galaxies), galaxies);
  return new Map(list.map((row) => [row.name, row]));
}

interface Step {
  readonly done: number;
  readonly total: number;
  readonly doing: string;
}

/** All galaxies, each with each family; `take` is given what came of one, and its best family with all draws. */
function* decomposeAll(
  chosen: readonly SparcCurve[],
  rows: ReadonlyMap<string, SparcGalaxy>,
  values: DecomposeOptions,
  take: (result: Result, best: Decomposition) => void,
): Generator<Step, true, void> {
  const random = new Random(values.seed);
  const { halo, moves, discRatio, bulgeRatio, ratioScatter } = values;
  const total = chosen.length * halo.length;
  for (const [c, curve] of chosen.entries()) {
    const row = rows.get(curve.name);
    const families: Decomposition[] = [];
    for (const [h, family] of halo.entries()) {
      const before = c * halo.length + h;
      const work = decomposeGalaxy(
        {
          ...curve,
          ...(row !== undefined && {
            distanceError: row.distanceError,
            inclination: row.inclination,
            inclinationError: row.inclinationError,
          }),
        },
        family,
        {
          // Its own stream: the same whatever else is asked for.
          random: random.fork(curve.name).fork(family),
          moves,
          priors: { discRatio, bulgeRatio, ratioScatter },
          luminosity: row?.luminosity,
          hydrogenMass: row?.hydrogenMass,
        },
      );
      families.push(
        yield* retold(
          work,
          (step): Step => ({
            done: before + step.done / step.total,
            total,
            doing: `${curve.name}, ${HALO_PROFILES[family].title}`,
          }),
        ),
      );
    }
    families.sort((a, b) => b.predictiveScore - a.predictiveScore);
    const [best] = families;
    take(
      { curve, row, families: families.map(summarised), accelerations: accelerationsOf(curve, best) },
      best,
    );
  }
  return true;
}

function summarised(one: Decomposition): Summary {
  const { quantities, curves, predictiveScores, doubtfulPoints, evaluations, ...kept } = one;
  return {
    ...kept,
    quantities: quantities.map(({ title, draws }) => ({ title, quantiles: quantiles(draws, SHARES) })),
  };
}

/** A table with texts among its numbers. */
function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [header, ...rows].map((cells) =>
    cells
      .map((cell) => (typeof cell === "number" ? String(Number(cell.toPrecision(7))) : formatName(cell)))
      .join(),
  );
  return `${lines.join("\n")}\n`;
}

const SHARES = [0.025, 0.16, 0.5, 0.84, 0.975];

function massesTable(results: readonly Result[]): string {
  return table(
    ["galaxy", "halo", "quantity", "2.5 %", "16 %", "median", "84 %", "97.5 %"],
    results.flatMap(({ curve, families }) =>
      families.flatMap((one) => [
        ...one.quantities.map(({ title, quantiles }) => [curve.name, one.family, title, ...quantiles]),
        ...(
          [
            ["chi squared of the best draw", one.chiSquared],
            ["predictive score", one.predictiveScore],
            ["ln evidence", one.logEvidence],
            ["R-hat", one.rHat],
            ["effective draws", one.effectiveCount],
          ] as const
        ).map(([name, value]) => [curve.name, one.family, name, "", "", value, "", ""]),
      ]),
    ),
  );
}

function filesOfOne(result: Result, best: Decomposition): OutputFile[] {
  const { curve } = result;
  const quantity = best.quantities;
  const { radii, velocities, errors } = curve;
  const speedsOf = (of: (draw: (typeof best.curves)[number], i: number) => number): number[][] =>
    Array.from(radii, (_, i) =>
      quantiles(
        best.curves.map((draw) => signedRoot(of(draw, i))),
        SHARES,
      ),
    );
  const has = (list: Float64Array): boolean => list.some((value) => value !== 0);
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
        name: curve.name,
        halo: HALO_PROFILES[best.family].title,
        observations: { radii, velocities, errors },
        total: speedsOf(squaredOf),
        parts: {
          halo: speedsOf((draw, i) => draw.halo[i]),
          ...(has(curve.disc) && { disc: speedsOf((draw, i) => draw.disc[i]) }),
          ...(has(curve.bulge) && { bulge: speedsOf((draw, i) => draw.bulge[i]) }),
          ...(has(curve.gas) && { gas: speedsOf((draw, i) => draw.gas[i]) }),
        },
      }),
    ],
    [
      "figures/corner.svg",
      cornerFigure(
        `Posterior of ${curve.name} with a ${HALO_PROFILES[best.family].title} halo`,
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
function accelerationsOf({ radii, velocities, errors }: SparcCurve, best: Decomposition): Acceleration[] {
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
    ({ row }) => row === undefined || (row.quality < 3 && row.inclination >= LEAST_INCLINATION),
  );
  const points = good.flatMap(({ accelerations }) => accelerations.filter(({ isPrecise }) => isPrecise));
  return {
    visible: points.map(({ visible }) => visible),
    observed: points.map(({ observed }) => observed),
    galaxies: good.length,
  };
}

function filesOfMany(results: readonly Result[], telling: Relation): OutputFile[] {
  const points = results.flatMap(({ curve, accelerations }) =>
    accelerations.map(({ visible, observed }) => [curve.name, visible, observed]),
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
function tell({ terminal }: Context, results: readonly Result[], telling: Relation | undefined): void {
  if (telling === undefined) {
    const [{ curve, families }] = results;
    terminal.say(
      `${curve.name}: ${curve.radii.length} points; the score is ln p of each point given the others, higher is better`,
    );
    for (const one of families) {
      terminal.say(
        `  ${HALO_PROFILES[one.family].title.padEnd(17)}  score ${one.predictiveScore.toFixed(1)}  chi squared ${one.chiSquared.toFixed(1)}  ln evidence ${one.logEvidence.toFixed(1)} ± ${one.logEvidenceError.toFixed(1)}  R-hat ${one.rHat.toFixed(3)}  ${one.effectiveCount.toFixed(0)} independent draws`,
      );
    }
    const [best] = families;
    terminal.say(`with the ${HALO_PROFILES[best.family].title} halo (median; 68 %):`);
    for (const { title, quantiles } of best.quantities) {
      const [, ...values] = quantiles;
      // As many decimals as show the interval with two digits.
      const decimals = Math.max(0, 1 - Math.floor(log10(Math.max(values[2] - values[0], 1e-9))));
      const [low, middle, high] = values.map((value) =>
        Math.abs(value) >= 1e5 ? value.toExponential(2) : value.toFixed(decimals),
      );
      terminal.say(`  ${title}  ${middle}  (${low} to ${high})`);
    }
  } else {
    const { visible, observed, galaxies } = telling;
    if (visible.length > 0) {
      const residuals = visible.map((g, i) => log10(observed[i] / radialAcceleration(g)));
      const middle = median(residuals);
      const scatter = 1.4826 * median(residuals.map((value) => Math.abs(value - middle)));
      terminal.say(
        `${visible.length} points of ${galaxies} galaxies follow the radial acceleration relation with a scatter of ${scatter.toFixed(3)} dex, ${middle.toFixed(3)} dex from that of McGaugh et al. (2016)`,
      );
    }
    const best = new Map<string, number>();
    for (const { families } of results) best.set(families[0].family, (best.get(families[0].family) ?? 0) + 1);
    terminal.say(`best score: ${[...best].map(([family, count]) => `${family} in ${count}`).join(", ")}`);
  }
  const all = results.flatMap(({ curve, families }) => families.map((one) => ({ name: curve.name, one })));
  const bad = all.filter(({ one }) => one.rHat > 1.01 || one.effectiveCount < 400);
  if (bad.length > 0) {
    const names = bad
      .slice(0, 5)
      .map(({ name, one }) => `${name} with ${one.family} (R-hat ${one.rHat.toFixed(3)})`);
    terminal.say(
      `warning: ${bad.length} of ${all.length} posteriors have not converged: ${names.join(", ")}${bad.length > 5 ? ", …" : ""}\n  give more --moves`,
    );
  }
}

function summaryOf({ curve, families }: Result): Record<string, unknown> {
  return {
    galaxy: curve.name,
    families: families.map((one) => ({
      halo: one.family,
      predictiveScore: one.predictiveScore,
      chiSquared: one.chiSquared,
      logEvidence: one.logEvidence,
      rHat: one.rHat,
      effectiveCount: one.effectiveCount,
      quantities: Object.fromEntries(one.quantities.map(({ title, quantiles }) => [title, quantiles])),
    })),
  };
}
