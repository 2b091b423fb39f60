/** `halograd infer`: the whole rotation curves of measured galaxies, as probable curves of a model. */

import { Random } from "../basics/random.ts";
import {
  type CurveProperty,
  ERROR_SPREAD,
  INTERVAL_SHARES,
  intervalsOf,
  type Model,
  type Posterior,
  parametersAtBounds,
  parametersOf,
  propertiesOf,
  quantiles,
  readModel,
  TYPICAL_DEVIATION,
} from "../curves/index.ts";
import { inferWithBank, type SharedBank, sharedBank } from "../curves/inference.ts";
import { describePopulation, GALAXY_COLUMNS, populationName } from "../curves/population.ts";
import { retold } from "../diffusion/progress.ts";
import { FIT_PARAMETERS, type FitParameter, isExtendedPopulation } from "../galaxy/index.ts";
import { formatCsv } from "../io/index.ts";
import { exp } from "../kernels/math.ts";
import { median } from "../metrics/index.ts";
import { FileError } from "../node/files.ts";
import { inferenceFigure } from "../plot/index.ts";
import { type BatchOptions, type Work, type Worked, type WorkStep, workOn } from "./batch.ts";
import type { Context, Outcome } from "./context.ts";
import { type GalaxyOptions, type MeasuredGalaxy, readMeasuredGalaxies } from "./galaxies.ts";
import { type ModelFile, readModelFile } from "./input.ts";
import { inFloat32, type OutputFile, table } from "./output.ts";
import type { Sources } from "./provenance.ts";

/** The files of an inference. */
const INFERENCE_FILES: readonly string[] = [
  "posterior.csv",
  "intervals.csv",
  "parameters.csv",
  "figures/inference.svg",
];

/** Of several: a row a galaxy. */
const SUMMARY = "summary.csv";

/** What decides an inference, beside galaxy and model. */
interface Settings {
  /** Points at other radii are left out; default: the model's range. */
  readonly rMin: number | undefined;
  readonly rMax: number | undefined;
  /** These five as of the library. */
  readonly deviation: number | undefined;
  readonly errorSpread: number | undefined;
  readonly bank: number | undefined;
  readonly chains: number | undefined;
  readonly transitions: number | undefined;
}

/** The values of the command's options. */
export interface InferOptions extends Settings, GalaxyOptions, BatchOptions {
  /** Default: the model's. */
  readonly seed: number | undefined;
  /** Default: `out/model.safetensors`. */
  readonly model: string | undefined;
}

/** The command. */
export async function infer(
  values: InferOptions,
  context: Context,
  files: readonly string[],
): Promise<Outcome> {
  const { sources } = context;
  const galaxies = readMeasuredGalaxies("halograd infer", files, values, false, sources);
  const { model, bytes, described } = readModelOrTell(values.model, sources);
  const { rMin, rMax, bank, chains, transitions } = values;
  const { deviation = TYPICAL_DEVIATION, errorSpread = ERROR_SPREAD, seed = model.training.seed } = values;
  const settings = { rMin, rMax, deviation, errorSpread, bank, chains, transitions, seed };
  sources.seed = seed;
  const { file, sha256 } = described;
  const { results, ...outcome } = await workOn(
    galaxies,
    {
      command: "infer",
      title: "posterior",
      options: values,
      origin: { model: sha256, ...settings, seed: plainSeed(seed) },
      setup: { bytes, path: String(file), settings, bank: sharedBank(model, bank) },
      work: workOf,
      names: INFERENCE_FILES,
      tables: [SUMMARY],
      tablesOf: (results) => [[SUMMARY, summaryTable(results)]],
      tell: (results) => (galaxies.isOne ? tellOne(context, results[0]) : tellMany(context, results)),
    },
    context,
  );
  const told = galaxies.isOne ? results[0] : { galaxies: results };
  return { ...outcome, result: { ...outcome.result, model: described, ...told } };
}

/** What the work on galaxies is made with. */
interface InferenceSetup {
  readonly bytes: Uint8Array;
  /** What to call the model in errors. */
  readonly path: string;
  readonly settings: Settings & {
    readonly deviation: number;
    readonly errorSpread: number;
    readonly seed: number | bigint;
  };
  readonly bank: SharedBank;
}

/** Works on a galaxy; the same whatever others there are. */
export function workOf({ bytes, path, settings, bank }: InferenceSetup): Work<InferenceResult> {
  const model = readModel(bytes, path);
  const { radii } = model;
  const { rMin = radii[0], rMax = radii[radii.length - 1], deviation, errorSpread } = settings;
  const { seed, chains, transitions } = settings;
  return (galaxy) => {
    const steps = inferWithBank(
      model,
      [galaxy.measured],
      {
        random: new Random(seed),
        deviation: { median: deviation },
        errorSpread,
        radiusRange: [rMin, rMax],
        ...{ bank: settings.bank, chains, transitions },
      },
      bank,
    );
    const workedOut = (posterior: Posterior): Worked<InferenceResult> => {
      const result = resultOf(model, galaxy, posterior, settings);
      return { result, files: inferenceFiles(model, posterior, result, galaxy.name) };
    };
    return (function* () {
      const [posterior] = yield* retold(
        steps,
        (step): WorkStep<InferenceResult> => ({
          done: step.done,
          total: step.total,
          doing: `${step.evaluations} curves tried`,
          get sofar() {
            const [posterior] = step.posteriors ?? [];
            return posterior && workedOut(posterior);
          },
        }),
      );
      return workedOut(posterior);
    })();
  };
}

const STANDARD_MODEL = "out/model.safetensors";

/** The model; the fix of one that is missing, and was not asked for, is to train one, of the network that can do this. */
function readModelOrTell(path: string | undefined, sources: Sources): ModelFile {
  try {
    return readModelFile(path ?? STANDARD_MODEL, sources);
  } catch (error) {
    if (path !== undefined || !(error instanceof FileError) || error.code !== "ENOENT") throw error;
    const fix =
      "halograd run --network residual --count 12500 makes it in two minutes; --model FILE names another";
    throw new FileError(STANDARD_MODEL, error.code, error.problem, fix);
  }
}

function inferenceFiles(
  { radii }: Model,
  posterior: Posterior,
  result: InferenceResult,
  name: string,
): OutputFile[] {
  const { curves, points: observations } = posterior;
  const intervals = intervalsOf(posterior);
  const quantities = quantitiesOf(result);
  return [
    ["posterior.csv", formatCsv(radii, inFloat32(curves))],
    [
      "intervals.csv",
      formatCsv(
        ["radius [kpc]", ...SHARE_NAMES.map((share) => `${share} [km/s]`)],
        Array.from(radii, (radius, j) => [radius, ...intervals[j]]),
      ),
    ],
    [
      "parameters.csv",
      formatCsv(
        ["quantile", ...quantities.map(([column]) => column)],
        INTERVAL_SHARES.map((share, s) => [share, ...quantities.map(([, values]) => values[s])]),
      ),
    ],
    ["figures/inference.svg", inferenceFigure({ name, radii, intervals, observations })],
  ];
}

/** The columns of the intervals. */
const SHARE_NAMES = ["2.5 %", "16 %", "25 %", "50 %", "75 %", "84 %", "97.5 %"];

/** What was found of one: points and fit, then a line for each quantity, with its median and the ends of the interval of 68 %. */
function tellOne({ terminal }: Context, result: InferenceResult): void {
  const { samples, rHat, effectiveCount, points, leftOut, range, chiSquared, predictiveP, priorP } = result;
  const { deviation, errorSpread } = result;
  const left = leftOut === 0 ? "" : `, ${leftOut} left out beyond ${range[0]} to ${range[1]} kpc`;
  terminal.say(`${points} point${points === 1 ? "" : "s"}${left}`);
  terminal.say(
    deviation === 0
      ? "deviations from curves of the model: none, by --deviation 0"
      : `deviations from curves of the model: typically ${short(100 * deviation)} % of the velocity, by --deviation`,
  );
  terminal.say(
    errorSpread === 0
      ? "errors: as stated, by --error-spread 0"
      : `errors: as stated, up to a common factor, typically ${short(exp(errorSpread))} either way, by --error-spread`,
  );
  terminal.say(
    `${samples} curves, worth ${effectiveCount.toFixed(0)} independent ones (R-hat ${rHat.toFixed(2)})`,
  );
  terminal.say(
    `chi squared of the median curve ${chiSquared.toFixed(1)}; p of points farther off: ${predictiveP.toFixed(3)} under the posterior, ${priorP.toFixed(3)} among the model's galaxies`,
  );
  const tell = (what: string, values: readonly number[], unit = "", write = short): void => {
    const [, low, , middle, , high] = values.map(write);
    terminal.say(`  ${what}  ${middle}${unit}  (68 %: ${low} to ${high})`);
  };
  const percent = (share: number): string => (100 * share).toFixed(1);
  for (const [column, values] of quantitiesOf(result)) tell(column, values);
  if (deviation > 0) tell("deviations found", result.deviations, " % of the velocity", percent);
  if (errorSpread > 0) tell("errors found", result.errorScales, " times those stated");
  result.warnings.forEach((problem, i) => {
    terminal.say(`warning: ${problem}\n  ${result.advice[i]}`);
  });
}

/** Of several: how well the chains mixed, and each kind of warning once. */
function tellMany({ terminal }: Context, results: readonly InferenceResult[]): void {
  const middle = (of: (result: InferenceResult) => number): number => median(results.map(of));
  terminal.say(
    `${results.length} galaxies, medians: ${middle(({ points }) => points)} points, R-hat ${middle(({ rHat }) => rHat).toFixed(2)}, ${middle(({ effectiveCount }) => effectiveCount).toFixed(0)} independent curves`,
  );
  const kinds = new Map<string, { readonly problem: string; readonly names: string[] }>();
  for (const { galaxy, warnings, advice } of results) {
    warnings.forEach((problem, i) => {
      const kind = kinds.get(advice[i]) ?? { problem, names: [] };
      kind.names.push(galaxy);
      kinds.set(advice[i], kind);
    });
  }
  for (const [fix, { problem, names }] of kinds) {
    const others = names.length === 1 ? "" : `; ${names.length - 1} more are like it`;
    terminal.say(`warning: ${names[0]}: ${problem}${others}\n  ${fix}`);
  }
}

/** A row a galaxy: medians, and the ends of the interval of 68 %. */
function summaryTable(results: readonly InferenceResult[]): string {
  const rows = results.map(
    (result): Record<string, string | number> => ({
      galaxy: result.galaxy,
      ...(result.quality !== undefined && {
        "distance [Mpc]": result.distance ?? "",
        "inclination [deg]": result.inclination ?? "",
        quality: result.quality,
      }),
      points: result.points,
      left_out: result.leftOut,
      chi_squared: result.chiSquared,
      predictive_p: result.predictiveP,
      prior_p: result.priorP,
      r_hat: result.rHat,
      effective_count: result.effectiveCount,
      warnings: result.warnings.length,
      ...Object.fromEntries(
        [
          ...quantitiesOf(result),
          ["deviation", result.deviations] as const,
          ["error_scale", result.errorScales] as const,
        ].flatMap(([column, [, low, , middle, , high]]) => [
          [column, middle],
          [`${column} 16 %`, low],
          [`${column} 84 %`, high],
        ]),
      ),
    }),
  );
  return table(Object.keys(rows[0]), rows.map(Object.values));
}

/** Quantiles of each quantity, under the names of columns. */
function quantitiesOf({
  parameters,
  properties,
}: Pick<InferenceResult, "parameters" | "properties">): (readonly [
  column: string,
  values: readonly number[],
])[] {
  return [
    ...FIT_PARAMETERS.map((name, i) => [GALAXY_COLUMNS[i], parameters[name]] as const),
    ["peak_velocity [km/s]", properties.peakVelocity],
    ["peak_radius [kpc]", properties.peakRadius],
    ["mass_within_last_point [Msun]", properties.enclosedMass],
  ];
}

/** What is doubtful about a posterior, and what to do about it. */
function warningsOf(model: Model, posterior: Posterior): [problem: string, fix: string][] {
  const { rHat, effectiveCount, points, leftOut, predictiveP, priorP, deviations, errorScales } = posterior;
  const warnings: [string, string][] = [];
  const { population } = model.training;
  if (priorP < RARE) {
    warnings.push([
      `the model has hardly seen galaxies like this one (fewer than ${(100 * priorP).toFixed(1)} in 100 of its own are as far off)`,
      population !== undefined && isExtendedPopulation(describePopulation(population))
        ? `check the units; what no galaxy of the ${populationName(population)} population is like, no posterior of it can tell`
        : `its population is ${population === undefined ? "unknown" : populationName(population)}: train one on halograd generate --population extended, and check the units`,
    ]);
  }
  if (predictiveP < RARE) {
    warnings.push([
      `no curve of the model goes through these points within their errors (p ${predictiveP.toFixed(4)})`,
      "check the errors, and that all points are one galaxy's; or allow for more with --deviation",
    ]);
  }
  if (median(deviations) > MUCH) {
    warnings.push([
      `the galaxy is off the model's curves by ${(100 * median(deviations)).toFixed(0)} % of its velocity`,
      "take the parameters as rough: they are of a curve that is not the galaxy's",
    ]);
  }
  if (median(errorScales) > WIDE) {
    warnings.push([
      `the points scatter as if their errors were ${short(median(errorScales))} times as wide as stated`,
      "check that errors are standard errors in km/s, and that all points are one galaxy's",
    ]);
  }
  if (rHat > 1.05 || effectiveCount < FEW) {
    warnings.push([
      `the chains have not converged (R-hat ${rHat.toFixed(2)}, should be below 1.05; ${effectiveCount.toFixed(0)} independent curves): take the intervals as rough`,
      "give more --transitions or --chains, or a larger --bank; each takes longer in proportion",
    ]);
  }
  const relative = median(points.errors.map((error, i) => error / Math.max(points.velocities[i], error)));
  if (relative < 0.002) {
    warnings.push([
      `the errors are ${short(100 * relative)} % of the velocities, less than the model's own curves hold to`,
      "check that errors are standard errors in km/s; with --deviation they matter little",
    ]);
  }
  if (relative > 0.5) {
    warnings.push([
      `the errors are ${short(100 * relative)} % of the velocities: such points say little`,
      "check that errors are standard errors in km/s, not variances or shares in percent",
    ]);
  }
  const different = new Set(
    Array.from(points.radii, (r, i) => [r, points.velocities[i], points.errors[i]].join()),
  );
  if (different.size < points.radii.length) {
    warnings.push([
      `${points.radii.length - different.size} of the points are copies of others, and count as measurements of their own`,
      "leave copies out",
    ]);
  }
  if (leftOut > points.radii.length) {
    warnings.push([
      `${leftOut} of the points lie at other radii than the model has`,
      "check that radii are in kpc",
    ]);
  }
  for (const [parameter, share] of Object.entries(parametersAtBounds(model, posterior))) {
    if (share < MANY) continue;
    warnings.push([
      `${GALAXY_COLUMNS[FIT_PARAMETERS.indexOf(parameter as FitParameter)]} ends on a bound of the fit in ${(100 * share).toFixed(0)} % of the curves: they do not tell it`,
      "take its quantiles as a limit, not as a value",
    ]);
  }
  return warnings;
}

/** A p-value of the two checks, a deviation, a factor of the errors, effective draws, and a share of fits on a bound, from which on the user is warned. */
const RARE = 0.01;
const MUCH = 0.15;
const WIDE = 2;
const FEW = 100;
const MANY = 0.05;

const short = (value: number): string => String(Number(value.toPrecision(3)));

/** Quantiles of {@link INTERVAL_SHARES}. */
type Quantiles<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** What came of a galaxy, as `--json` and `result.json` tell it. */
interface InferenceResult {
  readonly galaxy: string;
  /** What the table of galaxies tells: Mpc, degrees, and 1 to 3. */
  readonly distance?: number;
  readonly inclination?: number;
  readonly quality?: number;
  readonly seed: string | number;
  readonly points: number;
  /** The first and the last of the radii that were used, kpc. */
  readonly range: readonly [first: number, last: number];
  readonly leftOut: number;
  readonly samples: number;
  readonly rHat: number;
  readonly effectiveCount: number;
  readonly chiSquared: number;
  readonly predictiveP: number;
  readonly priorP: number;
  readonly quantiles: readonly number[];
  /** Of the galaxies that fit the posterior's curves best. */
  readonly parameters: Quantiles<FitParameter>;
  readonly properties: Quantiles<CurveProperty>;
  readonly deviations: readonly number[];
  readonly errorScales: readonly number[];
  readonly deviation: number;
  readonly errorSpread: number;
  readonly warnings: readonly string[];
  /** What to do about each. */
  readonly advice: readonly string[];
}

/** JSON has no bigint, as the seeds of forked streams are. */
const plainSeed = (seed: number | bigint): number | string =>
  typeof seed === "bigint" ? String(seed) : seed;

function resultOf(
  model: Model,
  { name, row }: MeasuredGalaxy,
  posterior: Posterior,
  { seed, deviation, errorSpread }: InferenceSetup["settings"],
): InferenceResult {
  const { curves, points, leftOut, rHat, effectiveCount, chiSquared, predictiveP, priorP } = posterior;
  const warnings = warningsOf(model, posterior);
  return {
    galaxy: name,
    ...(row && { distance: row.distance, inclination: row.inclination, quality: row.quality }),
    seed: plainSeed(seed),
    points: points.radii.length,
    range: [points.radii[0], points.radii[points.radii.length - 1]],
    leftOut,
    samples: curves.length,
    rHat,
    effectiveCount,
    chiSquared,
    predictiveP,
    priorP,
    quantiles: INTERVAL_SHARES,
    parameters: parametersOf(model, posterior),
    properties: propertiesOf(model, posterior),
    deviations: quantiles(posterior.deviations, INTERVAL_SHARES),
    errorScales: quantiles(posterior.errorScales, INTERVAL_SHARES),
    deviation,
    errorSpread,
    warnings: warnings.map(([problem]) => problem),
    advice: warnings.map(([, fix]) => fix),
  };
}
