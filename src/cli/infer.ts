/** `halograd infer`: the whole rotation curves of measured galaxies, as probable curves of a model. */

import { Random } from "../basics/random.ts";
import {
  type CurveProperty,
  ERROR_SPREAD,
  formatGalaxies,
  type Galaxy,
  type GalaxyPosterior,
  type GalaxyQuantiles,
  INTERVAL_SHARES,
  type InferenceProgress,
  inferGalaxy,
  intervalsOf,
  type PopulationChoice,
  type Posterior,
  parametersAtBounds,
  parametersOf,
  propertiesOf,
  quantiles,
  readModel,
  TYPICAL_DEVIATION,
} from "../curves/index.ts";
import { inferWithBank, type SharedBank, sharedBank } from "../curves/inference.ts";
import { COLUMN_OF, describePopulation, populationName } from "../curves/population.ts";
import { retold } from "../diffusion/progress.ts";
import { type ExtendedGalaxyParameters, type FitParameter, isExtendedPopulation } from "../galaxy/index.ts";
import { formatCsv, type Observations } from "../io/index.ts";
import { exp, log10 } from "../kernels/math.ts";
import { median } from "../metrics/index.ts";
import { FileError } from "../node/files.ts";
import { cornerFigure, inferenceFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import { type BatchOptions, type Work, type Worked, type WorkStep, workOn } from "./batch.ts";
import type { Context, Outcome } from "./context.ts";
import { type GalaxyOptions, type MeasuredGalaxy, readMeasuredGalaxies } from "./galaxies.ts";
import { type ModelFile, readModelFile, readPopulation } from "./input.ts";
import { inFloat32, type OutputFile, table } from "./output.ts";
import type { Sources } from "./provenance.ts";

/** The files of an inference. */
const INFERENCE_FILES: readonly string[] = [
  "posterior.csv",
  "intervals.csv",
  "parameters.csv",
  "figures/inference.svg",
];
/** And of one in the parameters of a population. */
const PHYSICAL_FILES: readonly string[] = ["galaxies.csv", "figures/corner.svg"];

/** Of several: a row a galaxy. */
const SUMMARY = "summary.csv";

/** What decides an inference, beside galaxy and model. */
interface Settings {
  /** Points at other radii are left out; default: the model's range, with a population none. */
  readonly rMin: number | undefined;
  readonly rMax: number | undefined;
  /** These five as of the library. */
  readonly deviation: number | undefined;
  readonly errorSpread: number | undefined;
  readonly bank: number | undefined;
  readonly chains: number | undefined;
  readonly transitions: number | undefined;
  /** Of `inferGalaxy`. */
  readonly moves: number | undefined;
}

/** The values of the command's options. */
export interface InferOptions extends Settings, GalaxyOptions, BatchOptions {
  /** Default: the model's, with a population 0. */
  readonly seed: number | undefined;
  /** Default: `out/model.safetensors`. */
  readonly model: string | undefined;
  /** Instead of a model: a population that is there, or a file. */
  readonly population: string | undefined;
}

/** The command. */
export async function infer(
  values: InferOptions,
  context: Context,
  files: readonly string[],
): Promise<Outcome> {
  const { sources } = context;
  const { population, rMin, rMax, bank, chains, transitions, moves } = values;
  checkPrior(values);
  const galaxies = readMeasuredGalaxies("halograd infer", files, values, false, sources);
  const prior = population === undefined ? modelPrior(values, sources) : populationPrior(population, sources);
  const { deviation = TYPICAL_DEVIATION, errorSpread = ERROR_SPREAD, seed = prior.seed } = values;
  const settings = { rMin, rMax, deviation, errorSpread, bank, chains, transitions, moves, seed };
  sources.seed = seed;
  const { results, ...outcome } = await workOn(
    galaxies,
    {
      command: "infer",
      title: "posterior",
      options: values,
      origin: { ...prior.origin, ...settings, seed: plainSeed(seed) },
      setup: { prior: prior.setup, settings },
      work: workOf,
      names: population === undefined ? INFERENCE_FILES : [...INFERENCE_FILES, ...PHYSICAL_FILES],
      tables: [SUMMARY],
      tablesOf: (results) => [[SUMMARY, summaryTable(results)]],
      tell: (results) => (galaxies.isOne ? tellOne(context, results[0]) : tellMany(context, results)),
    },
    context,
  );
  const told = galaxies.isOne ? results[0] : { galaxies: results };
  return { ...outcome, result: { ...outcome.result, ...prior.told, ...told } };
}

/** @throws UsageError for a model and a population at once, and options of the one that is not asked */
function checkPrior({ population, model, ...settings }: InferOptions): void {
  if (population === undefined) return;
  for (const name of ["bank", "chains", "transitions"] as const) {
    if (settings[name] === undefined) continue;
    throw new UsageError(
      `--${name}`,
      "it applies to models only",
      "leave it out; --moves bounds the chains of a population",
    );
  }
  if (model !== undefined)
    throw new UsageError(
      "--population",
      "--model is given too, and the prior is one or the other",
      "leave one out",
    );
}

/** What galaxies are inferred as. */
interface Prior {
  /** As work is made with it. */
  readonly setup: InferenceSetup["prior"];
  /** The default of the command's. */
  readonly seed: number | bigint;
  /** As it decides results. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** As `--json` tells it. */
  readonly told: Readonly<Record<string, unknown>>;
}

function modelPrior({ model: path, bank }: InferOptions, sources: Sources): Prior {
  const { model, bytes, described } = readModelOrTell(path, sources);
  const { file, sha256 } = described;
  return {
    setup: { bytes, path: String(file), bank: sharedBank(model, bank) },
    seed: model.training.seed,
    origin: { model: sha256 },
    told: { model: described },
  };
}

function populationPrior(choice: string, sources: Sources): Prior {
  const population = readPopulation(choice, sources);
  return { setup: { population }, seed: 0, origin: { population }, told: { population } };
}

/** What the work on galaxies is made with. */
interface InferenceSetup {
  readonly prior:
    | { readonly population: PopulationChoice }
    | {
        readonly bytes: Uint8Array;
        /** What to call the model in errors. */
        readonly path: string;
        readonly bank: SharedBank;
      };
  readonly settings: Settings & {
    readonly deviation: number;
    readonly errorSpread: number;
    readonly seed: number | bigint;
  };
}

/** Works on a galaxy; the same whatever others there are. */
export function workOf({ prior, settings }: InferenceSetup): Work<InferenceResult> {
  const how = "population" in prior ? byPopulation(prior.population, settings) : byModel(prior, settings);
  return (galaxy) => {
    const steps = how.infer(galaxy.measured);
    const workedOut = (posterior: Posterior): Worked<InferenceResult> => {
      const result = resultOf(how.population, galaxy, posterior, settings);
      return { result, files: inferenceFiles(posterior, result, galaxy.name) };
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

/** What posteriors are found with. */
interface Inferring {
  /** Of the prior; undefined where that is not known. */
  readonly population: PopulationChoice | undefined;
  infer(galaxy: Observations): Generator<InferenceProgress, readonly Posterior[], void>;
}

function byModel(
  { bytes, path, bank: shared }: Extract<InferenceSetup["prior"], { bytes: unknown }>,
  { seed, rMin, rMax, deviation, errorSpread, bank, chains, transitions }: InferenceSetup["settings"],
): Inferring {
  const model = readModel(bytes, path);
  const { radii } = model;
  const radiusRange = [rMin ?? radii[0], rMax ?? radii[radii.length - 1]] as const;
  const settings = { deviation: { median: deviation }, errorSpread, radiusRange, bank, chains, transitions };
  return {
    population: model.training.population,
    infer: (galaxy) => inferWithBank(model, [galaxy], { random: new Random(seed), ...settings }, shared),
  };
}

function byPopulation(
  population: PopulationChoice,
  { seed, rMin, rMax, deviation, errorSpread, moves }: InferenceSetup["settings"],
): Inferring {
  const radiusRange = [rMin ?? 0, rMax ?? Infinity] as const;
  const settings = { deviation: { median: deviation }, errorSpread, radiusRange, moves };
  return {
    population,
    infer: (galaxy) => {
      const steps = inferGalaxy(population, galaxy, { random: new Random(seed), ...settings });
      return (function* () {
        return [yield* steps];
      })();
    },
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

function inferenceFiles(posterior: Posterior, result: InferenceResult, name: string): OutputFile[] {
  const { radii, curves, points: observations, galaxies } = posterior;
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
    ...(galaxies === undefined
      ? []
      : ([
          ["galaxies.csv", formatGalaxies(galaxies)],
          [
            "figures/corner.svg",
            cornerFigure(`Posterior of ${name}, solar masses and kpc`, cornerOf(galaxies)),
          ],
        ] as const)),
  ];
}

/** The parameters as a corner plot has them: as logarithms of solar masses and kpc, but for the strength of a core, from 0 to 1. */
function cornerOf(galaxies: readonly Galaxy[]): { label: string; draws: Float64Array }[] {
  return (Object.keys(galaxies[0]) as (keyof Galaxy)[]).map((name) => {
    const values = Float64Array.from(galaxies, (galaxy) => galaxy[name]);
    const label = SYMBOLS[name];
    return label === "core" ? { label, draws: values } : { label: `log ${label}`, draws: values.map(log10) };
  });
}

/** Short, since ten stand side by side. */
const SYMBOLS: Readonly<Record<keyof ExtendedGalaxyParameters, string>> = {
  discMass: "*M*_{disc}",
  discScaleLength: "*R*_{disc}",
  haloMass: "*M*_{halo}",
  concentration: "*c*",
  gasMass: "*M*_{gas}",
  gasScaleLength: "*R*_{gas}",
  bulgeMass: "*M*_{bulge}",
  bulgeScaleLength: "*R*_{bulge}",
  coreRadius: "*R*_{core}",
  coreStrength: "core",
};

/** The columns of the intervals. */
const SHARE_NAMES = ["2.5 %", "16 %", "25 %", "50 %", "75 %", "84 %", "97.5 %"];

/** What was found of one: points and fit, then a line for each quantity, with its median and the ends of the interval of 68 %. */
function tellOne({ terminal }: Context, result: InferenceResult): void {
  const { samples, rHat, effectiveCount, points, leftOut, range, chiSquared, predictiveP, priorP } = result;
  const { deviation, errorSpread, logEvidence, logEvidenceError } = result;
  const left = leftOut === 0 ? "" : `, ${leftOut} left out beyond ${range[0]} to ${range[1]} kpc`;
  terminal.say(`${points} point${points === 1 ? "" : "s"}${left}`);
  terminal.say(
    deviation === 0
      ? "deviations from smooth curves: none, by --deviation 0"
      : `deviations from smooth curves: typically ${short(100 * deviation)} % of the velocity, by --deviation`,
  );
  terminal.say(
    errorSpread === 0
      ? "errors: as stated, by --error-spread 0"
      : `errors: as stated, up to a common factor, typically ${short(exp(errorSpread))} either way, by --error-spread`,
  );
  terminal.say(
    `${samples} curves, worth ${effectiveCount.toFixed(0)} independent ones (R-hat ${rHat.toFixed(2)})`,
  );
  if (logEvidence !== undefined)
    terminal.say(`ln evidence ${logEvidence.toFixed(1)} ± ${(logEvidenceError ?? 0).toFixed(1)}`);
  terminal.say(
    `chi squared of the median curve ${chiSquared.toFixed(1)}; p of points farther off: ${predictiveP.toFixed(3)} under the posterior, ${priorP.toFixed(3)} among galaxies of the prior`,
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
      ...(result.logEvidence !== undefined && { ln_evidence: result.logEvidence }),
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
    ...(Object.entries(parameters) as [keyof Galaxy, readonly number[]][]).map(
      ([name, values]) => [COLUMN_OF[name], values] as const,
    ),
    ["peak_velocity [km/s]", properties.peakVelocity],
    ["peak_radius [kpc]", properties.peakRadius],
    ["mass_within_last_point [Msun]", properties.enclosedMass],
  ];
}

/**
 * What is doubtful about a posterior, and what to do about it.
 *
 * @param population of the prior, which is the population itself where the posterior has galaxies
 */
function warningsOf(
  population: PopulationChoice | undefined,
  posterior: Posterior,
): [problem: string, fix: string][] {
  const { rHat, effectiveCount, points, leftOut, predictiveP, priorP, deviations, errorScales } = posterior;
  const warnings: [string, string][] = [];
  const isPhysical = posterior.galaxies !== undefined;
  const prior = isPhysical ? "the population" : "the model";
  if (priorP < RARE) {
    warnings.push([
      `${prior} has hardly ${isPhysical ? "any" : "seen"} galaxies like this one (fewer than ${(100 * priorP).toFixed(1)} in 100 of its own are as far off)`,
      population !== undefined && isExtendedPopulation(describePopulation(population))
        ? `check the units; the posterior cannot describe galaxies that the ${populationName(population)} population does not contain`
        : isPhysical
          ? "take --population extended, and check the units"
          : `its population is ${population === undefined ? "unknown" : populationName(population)}: train one on halograd generate --population extended, and check the units`,
    ]);
  }
  if (predictiveP < RARE) {
    warnings.push([
      `no curve of ${prior} goes through these points within their errors (p ${predictiveP.toFixed(4)})`,
      "check the errors, and that all points are one galaxy's; or allow for more with --deviation",
    ]);
  }
  if (median(deviations) > MUCH) {
    warnings.push([
      `the galaxy is off the curves of ${prior} by ${(100 * median(deviations)).toFixed(0)} % of its velocity`,
      "take the parameters as rough: they are of a curve that is not the galaxy's",
    ]);
  }
  if (median(errorScales) > WIDE) {
    warnings.push([
      `the points scatter as if their errors were ${short(median(errorScales))} times as wide as stated`,
      "check that errors are standard errors in km/s, and that all points are one galaxy's",
    ]);
  }
  const [greatest, least] = isPhysical ? PHYSICAL_ENDS : [1.05, FEW];
  if (rHat > greatest || effectiveCount < least) {
    warnings.push([
      `the chains have not converged (R-hat ${rHat.toFixed(3)}, should be below ${greatest}; ${effectiveCount.toFixed(0)} independent curves): take the intervals as rough`,
      isPhysical
        ? "give more --moves"
        : "give more --transitions or --chains, or a larger --bank; each takes longer in proportion",
    ]);
  }
  const relative = median(points.errors.map((error, i) => error / Math.max(points.velocities[i], error)));
  if (relative < 0.002) {
    warnings.push([
      `the errors are ${short(100 * relative)} % of the velocities, less than the curves of ${prior} hold to`,
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
    warnings.push([`${leftOut} of the points lie at radii that are left out`, "check that radii are in kpc"]);
  }
  const shares = parametersAtBounds({ radii: posterior.radii, training: { population } }, posterior);
  for (const [parameter, share] of Object.entries(shares)) {
    if (share < MANY) continue;
    warnings.push([
      `${COLUMN_OF[parameter as FitParameter]} ends on a bound of the fit in ${(100 * share).toFixed(0)} % of the curves: they do not tell it`,
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

/** R̂ and effective draws at which `inferGalaxy` is done. */
const PHYSICAL_ENDS = [1.01, 400] as const;

/** Three digits; masses as astronomers write them. */
const short = (value: number): string =>
  value >= 1e6 ? value.toExponential(2).replace("e+", "e") : String(Number(value.toPrecision(3)));

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
  /** Of a population, with its standard error. */
  readonly logEvidence?: number;
  readonly logEvidenceError?: number;
  readonly chiSquared: number;
  readonly predictiveP: number;
  readonly priorP: number;
  readonly quantiles: readonly number[];
  /** Of the posterior's galaxies, or of those that fit its curves best. */
  readonly parameters: GalaxyQuantiles;
  readonly properties: Quantiles<CurveProperty>;
  readonly deviations: readonly number[];
  readonly errorScales: readonly number[];
  readonly deviation: number;
  readonly errorSpread: number;
  readonly warnings: readonly string[];
  /** What to do about each. */
  readonly advice: readonly string[];
}

function evidenceOf(posterior: Posterior): Pick<InferenceResult, "logEvidence" | "logEvidenceError"> {
  if (posterior.galaxies === undefined) return {};
  const { logEvidence, logEvidenceError } = posterior as GalaxyPosterior;
  return { logEvidence, logEvidenceError };
}

/** JSON has no bigint, as the seeds of forked streams are. */
const plainSeed = (seed: number | bigint): number | string =>
  typeof seed === "bigint" ? String(seed) : seed;

function resultOf(
  population: PopulationChoice | undefined,
  { name, row }: MeasuredGalaxy,
  posterior: Posterior,
  { seed, deviation, errorSpread }: InferenceSetup["settings"],
): InferenceResult {
  const { curves, points, leftOut, rHat, effectiveCount, chiSquared, predictiveP, priorP } = posterior;
  const model = { radii: posterior.radii, training: { population } };
  const warnings = warningsOf(population, posterior);
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
    ...evidenceOf(posterior),
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
