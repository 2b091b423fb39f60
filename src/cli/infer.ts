/** `halograd infer`: the whole rotation curve of a measured galaxy, as probable curves of a model. */

import { Random } from "../basics/random.ts";
import {
  INTERVAL_SHARES,
  inferCurves,
  intervalsOf,
  type Model,
  type Posterior,
  parametersOf,
  quantiles,
  SPARC_DEVIATION,
} from "../curves/index.ts";
import { GALAXY_COLUMNS } from "../curves/population.ts";
import { FIT_PARAMETERS, type FitParameter } from "../galaxy/index.ts";
import {
  findSparcGalaxy,
  formatCsv,
  type Observations,
  parseObservations,
  parseSparcCurves,
} from "../io/index.ts";
import { FileError, readTextFile } from "../node/files.ts";
import { inferenceFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readModelFile } from "./input.ts";
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
  /** Default: `out/model.safetensors`. */
  readonly model: string | undefined;
  readonly deviation: number | undefined;
  readonly seed: number | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The columns of the intervals. */
const SHARE_NAMES = ["2.5 %", "16 %", "25 %", "50 %", "75 %", "84 %", "97.5 %"];

/** Where the bank is not enough, chains, and states of each, a quarter of which is left out: half a minute with the bank. */
const CHAINS = 64;
const TRANSITIONS = 120;
const BANK = 50_000;

/** The command. */
export async function infer(values: InferOptions, context: Context): Promise<Outcome> {
  const { name, observations } = readObservations(values);
  const model = readModelOrTell(values.model);
  const { deviation = values.sparc === undefined ? 0 : SPARC_DEVIATION, seed = model.training.seed } = values;
  const steps = inferCurves(model, [observations], {
    random: new Random(seed).fork("inference"),
    deviation: { median: deviation },
    chains: CHAINS,
    transitions: TRANSITIONS,
    bank: BANK,
  });
  const output = new OutputFolder(values.out, { names: INFERENCE_FILES, force: values.force });
  const { result } = await follow(
    steps,
    "posterior",
    1,
    ({ evaluations }) => [`${evaluations} curves tried`],
    context,
  );
  const posterior = result?.[0];
  if (posterior === undefined) {
    tellOutcome(context, output, false);
    return { complete: false, result: output.result() };
  }
  const parameters = parametersOf(model, posterior);
  output.write(inferenceFiles(model, observations, posterior, parameters, name));
  tellParameters(context, posterior, parameters, deviation > 0);
  tellOutcome(context, output, true);
  return { complete: true, result: { ...output.result(), ...resultOf(name, posterior, parameters, seed) } };
}

/**
 * The galaxy that the options name.
 *
 * @throws UsageError unless it is either a table of its own or a galaxy of SPARC
 */
function readObservations({ data, sparc, galaxy }: InferOptions): {
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
    return { name: "", observations: parseObservations(readTextFile(data), data) };
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

/** The model; the fix of a missing one is to train one, of the network that can do this. */
function readModelOrTell(path: string | undefined): Model {
  const standard = "out/model.safetensors";
  try {
    return readModelFile(path ?? standard);
  } catch (error) {
    if (path !== undefined || !(error instanceof FileError) || error.code !== "ENOENT") throw error;
    const fix =
      "halograd run --network residual --count 12500 makes it in two minutes; --model FILE names another";
    throw new FileError(standard, error.code, error.problem, fix);
  }
}

/** Quantiles of each parameter over the galaxies that fit the posterior's curves best. */
type Parameters = Readonly<Record<FitParameter, number[]>>;

function inferenceFiles(
  { radii }: Model,
  observations: Observations,
  posterior: Posterior,
  parameters: Parameters,
  name: string,
): OutputFile[] {
  const { curves } = posterior;
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

/** A line for each parameter: median, and the ends of the interval of 68 %. */
function tellParameters(
  { terminal }: Context,
  { curves, deviations, rHat, effectiveCount }: Posterior,
  parameters: Parameters,
  hasDeviations: boolean,
): void {
  terminal.say(
    `${curves.length} curves, worth ${effectiveCount.toFixed(0)} independent ones (R-hat ${rHat.toFixed(2)})`,
  );
  if (rHat > 1.2) terminal.say("  the chains have hardly met: take the intervals as rough");
  for (const parameter of FIT_PARAMETERS) {
    const [, low, , middle, , high] = parameters[parameter].map((value) =>
      String(Number(value.toPrecision(3))),
    );
    terminal.say(`  ${COLUMNS[parameter]}  ${middle}  (68 %: ${low} to ${high})`);
  }
  if (!hasDeviations) return;
  const [low, middle, high] = quantiles(deviations, [0.16, 0.5, 0.84]).map((share) =>
    (100 * share).toFixed(1),
  );
  terminal.say(
    `  deviations from curves of the model  ${middle} % of the velocity  (68 %: ${low} to ${high})`,
  );
}

function resultOf(
  galaxy: string,
  { curves, deviations, rHat, effectiveCount }: Posterior,
  parameters: Parameters,
  seed: number | bigint,
): Record<string, unknown> {
  return {
    ...(galaxy !== "" && { galaxy }),
    seed,
    samples: curves.length,
    rHat,
    effectiveCount,
    quantiles: INTERVAL_SHARES,
    parameters,
    deviations: quantiles(deviations, INTERVAL_SHARES),
  };
}
