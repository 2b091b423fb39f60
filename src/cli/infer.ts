/** `halograd infer`: the whole rotation curve of a measured galaxy, as probable curves of a model. */

import { Random } from "../basics/random.ts";
import {
  ERROR_SPREAD,
  INTERVAL_SHARES,
  inferCurves,
  intervalsOf,
  type Model,
  type Posterior,
  parametersAtBounds,
  parametersOf,
  quantiles,
  TYPICAL_DEVIATION,
} from "../curves/index.ts";
import { GALAXY_COLUMNS } from "../curves/population.ts";
import { FIT_PARAMETERS, type FitParameter } from "../galaxy/index.ts";
import {
  findSparcGalaxy,
  formatCsv,
  type ObservationColumns,
  type Observations,
  parseObservations,
  parseSparcCurves,
} from "../io/index.ts";
import { exp } from "../kernels/math.ts";
import { median } from "../metrics/index.ts";
import { FileError, readTextFile, sourceOf } from "../node/files.ts";
import { inferenceFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { type ModelFile, readDescribedModel } from "./input.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** The files of an inference. */
const INFERENCE_FILES: readonly string[] = [
  "posterior.csv",
  "intervals.csv",
  "parameters.csv",
  "figures/inference.svg",
];

/** The values of the command's options. */
export interface InferOptions {
  readonly data: string | undefined;
  readonly sparc: string | undefined;
  readonly galaxy: string | undefined;
  /** As of `parseObservations`. */
  readonly columns: ObservationColumns;
  readonly distance: number | undefined;
  /** Default: `out/model.safetensors`. */
  readonly model: string | undefined;
  /** Points at other radii are left out; default: the model's range. */
  readonly rMin: number | undefined;
  readonly rMax: number | undefined;
  /** These five as of the library. */
  readonly deviation: number | undefined;
  readonly errorSpread: number | undefined;
  readonly bank: number | undefined;
  readonly chains: number | undefined;
  readonly transitions: number | undefined;
  readonly seed: number | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The columns of the intervals. */
const SHARE_NAMES = ["2.5 %", "16 %", "25 %", "50 %", "75 %", "84 %", "97.5 %"];

/** The command. */
export function infer(values: InferOptions, context: Context): Outcome {
  const { name, observations } = readObservations(values);
  const { model, described } = readModelOrTell(values.model);
  const { radii } = model;
  const { rMin = radii[0], rMax = radii[radii.length - 1], bank, chains, transitions } = values;
  const { deviation = TYPICAL_DEVIATION, errorSpread = ERROR_SPREAD, seed = model.training.seed } = values;
  const steps = inferCurves(model, [observations], {
    random: new Random(seed),
    deviation: { median: deviation },
    errorSpread,
    radiusRange: [rMin, rMax],
    bank,
    chains,
    transitions,
  });
  const output = new OutputFolder(values.out, { names: INFERENCE_FILES, force: values.force });
  const { result, last } = follow(
    steps,
    "posterior",
    ({ evaluations }) => [`${evaluations} curves tried`],
    context,
  );
  const complete = result !== undefined;
  const posterior = (result ?? last?.posteriors)?.[0];
  if (posterior === undefined) {
    tellOutcome(context, output, false);
    return { complete: false, result: output.result() };
  }
  const parameters = parametersOf(model, posterior);
  const warnings = warningsOf(model, posterior);
  output.write(inferenceFiles(model, posterior, parameters, name));
  tellPosterior(context, posterior, parameters, { deviation, errorSpread });
  for (const [problem, fix] of warnings) context.terminal.say(`warning: ${problem}\n  ${fix}`);
  tellOutcome(context, output, complete);
  return {
    complete,
    result: {
      ...output.result(),
      model: described,
      ...resultOf(name, posterior, parameters, seed),
      ...{ deviation, errorSpread, warnings: warnings.map(([problem]) => problem) },
    },
  };
}

/**
 * The galaxy that the options name.
 *
 * @throws UsageError unless it is either a table of its own or a galaxy of SPARC
 */
function readObservations({ data, sparc, galaxy, columns, distance }: InferOptions): {
  name: string;
  observations: Observations;
} {
  const refuse = (problem: string, fix: string): never => {
    throw new UsageError("halograd infer", problem, fix);
  };
  if (data !== undefined) {
    if (sparc !== undefined || galaxy !== undefined) {
      refuse("--data names one galaxy, --sparc another", "give --data, or --sparc with --galaxy");
    }
    const observations = parseObservations(readTextFile(data), sourceOf(data), { columns, distance });
    return { name: "", observations };
  }
  if (sparc === undefined) {
    return refuse(
      "there is no galaxy",
      "give --data galaxy.csv, or --sparc MassModels_Lelli2016c.mrt --galaxy NGC2403",
    );
  }
  if (galaxy === undefined) return refuse("--sparc holds many galaxies", "choose one: --galaxy NGC2403");
  const found = findSparcGalaxy(parseSparcCurves(readTextFile(sparc), sparc), galaxy, sparc);
  return { name: found.name, observations: found };
}

const STANDARD_MODEL = "out/model.safetensors";

/** The model; the fix of one that is missing, and was not asked for, is to train one, of the network that can do this. */
function readModelOrTell(path: string | undefined): ModelFile {
  try {
    return readDescribedModel(path ?? STANDARD_MODEL);
  } catch (error) {
    if (path !== undefined || !(error instanceof FileError) || error.code !== "ENOENT") throw error;
    const fix =
      "halograd run --network residual --count 12500 makes it in two minutes; --model FILE names another";
    throw new FileError(STANDARD_MODEL, error.code, error.problem, fix);
  }
}

/** Quantiles of each parameter over the galaxies that fit the posterior's curves best. */
type Parameters = Readonly<Record<FitParameter, number[]>>;

function inferenceFiles(
  { radii }: Model,
  posterior: Posterior,
  parameters: Parameters,
  name: string,
): OutputFile[] {
  const { curves, points: observations } = posterior;
  const intervals = intervalsOf(posterior);
  const header = ["radius [kpc]", ...SHARE_NAMES.map((share) => `${share} [km/s]`)];
  const columns = FIT_PARAMETERS.map((parameter) => COLUMNS[parameter]);
  return [
    ["posterior.csv", formatCsv(radii, curves)],
    [
      "intervals.csv",
      formatCsv(
        header,
        Array.from(radii, (radius, j) => [radius, ...intervals[j]]),
      ),
    ],
    [
      "parameters.csv",
      formatCsv(
        ["quantile", ...columns],
        INTERVAL_SHARES.map((share, s) => [
          share,
          ...FIT_PARAMETERS.map((parameter) => parameters[parameter][s]),
        ]),
      ),
    ],
    ["figures/inference.svg", inferenceFigure({ name, radii, intervals, observations })],
  ];
}

const COLUMNS = Object.fromEntries(
  FIT_PARAMETERS.map((parameter, i) => [parameter, GALAXY_COLUMNS[i]]),
) as Record<FitParameter, string>;

/** What was found: points and fit, then a line for each parameter, with its median and the ends of the interval of 68 %. */
function tellPosterior(
  { terminal }: Context,
  posterior: Posterior,
  parameters: Parameters,
  { deviation, errorSpread }: { readonly deviation: number; readonly errorSpread: number },
): void {
  const { curves, rHat, effectiveCount, points, leftOut, chiSquared } = posterior;
  const count = points.radii.length;
  const left =
    leftOut === 0 ? "" : `, ${leftOut} left out beyond ${points.radii[0]} to ${points.radii[count - 1]} kpc`;
  terminal.say(`${count} point${count === 1 ? "" : "s"}${left}`);
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
    `${curves.length} curves, worth ${effectiveCount.toFixed(0)} independent ones (R-hat ${rHat.toFixed(2)})`,
  );
  terminal.say(
    `chi squared of the median curve ${chiSquared.toFixed(1)}; p of points farther off: ${posterior.predictiveP.toFixed(3)} under the posterior, ${posterior.priorP.toFixed(3)} among the model's galaxies`,
  );
  for (const parameter of FIT_PARAMETERS) {
    const [, low, , middle, , high] = parameters[parameter].map(short);
    terminal.say(`  ${COLUMNS[parameter]}  ${middle}  (68 %: ${low} to ${high})`);
  }
  const tellFound = (what: string, values: ArrayLike<number>, unit: string, write = short): void => {
    const [low, middle, high] = quantiles(values, [0.16, 0.5, 0.84]).map(write);
    terminal.say(`  ${what}  ${middle}${unit}  (68 %: ${low} to ${high})`);
  };
  const percent = (share: number): string => (100 * share).toFixed(1);
  if (deviation > 0) tellFound("deviations found", posterior.deviations, " % of the velocity", percent);
  if (errorSpread > 0) tellFound("errors found", posterior.errorScales, " times those stated");
}

/** What is doubtful about a posterior, and what to do about it. */
function warningsOf(model: Model, posterior: Posterior): [problem: string, fix: string][] {
  const { rHat, effectiveCount, points, leftOut, predictiveP, priorP, deviations, errorScales } = posterior;
  const warnings: [string, string][] = [];
  const { population } = model.training;
  if (priorP < RARE) {
    warnings.push([
      `the model has hardly seen galaxies like this one (fewer than ${(100 * priorP).toFixed(1)} in 100 of its own are as far off)`,
      population === "extended"
        ? "check the units; what no galaxy of the extended population is like, no posterior of it can tell"
        : `its population is ${population ?? "unknown"}: train one on halograd generate --population extended, and check the units`,
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
      `${COLUMNS[parameter as FitParameter]} ends on a bound of the fit in ${(100 * share).toFixed(0)} % of the curves: they do not tell it`,
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

function resultOf(
  galaxy: string,
  posterior: Posterior,
  parameters: Parameters,
  seed: number | bigint,
): Record<string, unknown> {
  const { curves, points, leftOut, rHat, effectiveCount, chiSquared, predictiveP, priorP } = posterior;
  return {
    ...(galaxy !== "" && { galaxy }),
    seed,
    points: points.radii.length,
    leftOut,
    samples: curves.length,
    rHat,
    effectiveCount,
    chiSquared,
    predictiveP,
    priorP,
    quantiles: INTERVAL_SHARES,
    parameters,
    deviations: quantiles(posterior.deviations, INTERVAL_SHARES),
    errorScales: quantiles(posterior.errorScales, INTERVAL_SHARES),
  };
}
