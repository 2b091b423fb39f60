/** `halograd run`: the whole job. What the other commands do one by one, in one go, and the report. */

import { join } from "node:path";
import { measureExcess } from "../curves/excess.ts";
import {
  drawCurves,
  drawLoss,
  drawNoise,
  drawPredictions,
  drawSampling,
  measurePredictions,
  SHOWN_SAMPLES,
  unseenCurves,
} from "../curves/illustrations.ts";
import { networkOf, widthsOf } from "../curves/model.ts";
import { SIGNIFICANCE } from "../curves/names.ts";
import { samplerName } from "../curves/sampling.ts";
import {
  choose,
  FEWEST_CURVES,
  formatScore,
  type ScoreRow,
  scoreCurves,
  titleOf,
  verdict,
} from "../curves/scores.ts";
import { DenoisingAutoencoder, Standardization } from "../diffusion/index.ts";
import { backendName } from "../kernels/index.ts";
import { type ReportContents, type ReportFigures, report } from "../plot/index.ts";
import { Random } from "../tensor/random.ts";
import { UsageError } from "./arguments.ts";
import type { ConditionName } from "./condition-names.ts";
import type { Context, Outcome } from "./context.ts";
import { scoresResult, scoreTable } from "./evaluate.ts";
import { FIGURES, type FigureName, figureFile } from "./figure-names.ts";
import {
  curveOf,
  drawGalaxies,
  galaxyRow,
  generatePopulation,
  POPULATION_FILES,
  type Population,
  populationFiles,
} from "./generate.ts";
import type { NetworkName } from "./network-names.ts";
import { OutputFolder, tellOutcome } from "./output.ts";
import type { PopulationName } from "./population-names.ts";
import { SAMPLE_FILES, type Samples, sampleCurves, sampleFiles } from "./sample.ts";
import type { SamplerName } from "./sampler-names.ts";
import { duration } from "./terminal.ts";
import {
  prepareTraining,
  splitFor,
  TRAINING_FILES,
  type Training,
  trainingFiles,
  trainingResult,
  wayOn,
} from "./train.ts";
import { version } from "./version.ts";

/** The values of the command's options. */
export interface RunOptions {
  readonly seed: number;
  readonly count: number;
  readonly population: PopulationName;
  readonly network: NetworkName;
  readonly epochs: number;
  readonly batches: number;
  /** Default: the network's. */
  readonly learningRate: number | undefined;
  /** What the residual network is told of each galaxy. */
  readonly conditions: readonly ConditionName[];
  readonly samples: number;
  /** Default: the network's. */
  readonly sampler: SamplerName | undefined;
  readonly steps: number;
  readonly evaluate: boolean;
  readonly out: string;
  readonly force: boolean;
}

/** The command. Each part is written when it is done, so that nothing done is lost. */
export async function run(values: RunOptions, context: Context): Promise<Outcome> {
  const { terminal } = context;
  if (values.evaluate && values.samples < FEWEST_CURVES) {
    throw new UsageError(
      "halograd run",
      `--evaluate needs ${FEWEST_CURVES} samples or more, but --samples is ${values.samples}`,
      `give --samples ${FEWEST_CURVES} or leave --evaluate out`,
    );
  }
  if (values.population === "standard" && values.conditions.includes("bulge-fraction")) {
    throw new UsageError(
      "halograd run",
      "the galaxies of the standard population have no bulge, whose fraction --conditions names",
      "add --population extended, or leave bulge-fraction out",
    );
  }
  const output = new OutputFolder(values.out, {
    names: [
      ...POPULATION_FILES,
      ...TRAINING_FILES,
      ...SAMPLE_FILES,
      ...FIGURES.map(figureFile),
      "report.html",
    ],
    force: values.force,
  });
  const seconds: Record<string, number> = {};
  const timed = async <T>(stage: string, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    seconds[stage] = (performance.now() - start) / 1000;
    return result;
  };

  const population = await timed("generate", () => generatePopulation(values, context));
  if (population === undefined) {
    tellOutcome(context, output, false);
    return { complete: false, result: output.result() };
  }
  output.write(populationFiles(population));
  terminal.say(
    `${values.count} galaxies, seed ${values.seed}: curves at ${population.radii.length} radii (${duration(seconds.generate)})`,
  );

  const training = await timed("train", () =>
    prepareTraining(
      { ...population, galaxies: population.galaxies.map(galaxyRow) },
      values,
      "curves.csv",
    )(context),
  );
  const { model, losses } = training;
  const result = { seed: values.seed, galaxies: values.count, seconds };
  if (losses.length === 0) {
    tellOutcome(context, output, false);
    return { complete: false, result: { ...output.result(), ...result } };
  }
  output.write(trainingFiles(training));
  const { epochs } = model.training;
  terminal.say(`${epochs} epoch${epochs === 1 ? "" : "s"} (${duration(seconds.train)})`);

  const none: Samples = { curves: [], complete: false };
  const samples = training.complete
    ? await timed("sample", () => sampleCurves(model, { ...values, count: values.samples }, context))
    : none;
  if (samples.curves.length > 0) {
    output.write(sampleFiles(model, samples));
    terminal.say(`${samples.curves.length} samples in ${values.steps} steps (${duration(seconds.sample)})`);
  }

  const unseen = unseenCurves(model, population, "curves.csv");
  const discMasses = population.galaxies.map(({ discMass }) => discMass);
  const figures = await timed("plot", () => ({
    curves: drawCurves(population, discMasses),
    noise: drawNoise(model, unseen, values.seed),
    loss: drawLoss(losses),
    predictions: drawPredictions(model, unseen, values.seed),
    ...(samples.complete && { sampling: drawSampling(model, values) }),
  }));
  output.write(Object.entries(figures).map(([name, svg]) => [figureFile(name as FigureName), svg] as const));
  const errors = measurePredictions(model, unseen, values.seed);
  const isStandard = values.population === "standard";
  // The best loss is known for the standard population alone: of ten parameters too few simulated galaxies are alike.
  const excess =
    isStandard && networkOf(model) === "residual" ? measureExcess(model, unseen, values.seed) : undefined;
  for (const { amount, loss, excess: part } of excess ?? []) {
    const share = part === null ? "" : `, ${(100 * part).toFixed(1)} % above the best possible`;
    terminal.say(`noise ${amount}: loss ${loss.toFixed(4)}${share}`);
  }
  const scores =
    values.evaluate && samples.complete
      ? await timed("evaluate", () => scoreSamples(samples, population, values, context))
      : undefined;
  if (scores !== undefined) {
    for (const line of scoreTable(scores, ["samples"])) terminal.say(line);
    terminal.say(`scored against fresh galaxies (${duration(seconds.evaluate)})`);
  }
  // The report tells the story of the post: its galaxies, its network and its sampler.
  const { network, standardization } = model;
  const isPost =
    isStandard &&
    network instanceof DenoisingAutoencoder &&
    standardization instanceof Standardization &&
    samplerName(model, values.sampler) === "euler";
  if (figures.sampling !== undefined && isPost) {
    const drawn = { ...figures, sampling: figures.sampling };
    const page = report(
      reportContents(values, population, training, { network, standardization }, drawn, errors, scores),
    );
    output.write([["report.html", page]]);
  }

  const complete = samples.complete && (!values.evaluate || scores !== undefined);
  tellOutcome(context, output, complete, wayOn(training, values.out));
  const page = isPost ? "report.html" : "figures/sampling.svg";
  if (complete) terminal.say(`Now open ${terminal.bold(join(values.out, page))}`);
  return {
    complete,
    result: {
      ...output.result(),
      ...result,
      ...trainingResult(training),
      samples: samples.curves.length,
      steps: values.steps,
      predictionErrors: errors,
      ...(excess && { excess }),
      ...(scores !== undefined && { scores: scoresResult(scores, 0) }),
    },
  };
}

/** At most this many samples are scored: the time grows with the square. */
const MOST_SCORED = 1000;

/** Scores samples against galaxies of other seeds, and asks whether they copy what the network was trained on. */
async function scoreSamples(
  samples: Samples,
  population: Population,
  { seed, network, population: name }: RunOptions,
  context: Context,
): Promise<ScoreRow[] | undefined> {
  const random = new Random(seed).fork("evaluate");
  const size = Math.min(samples.curves.length, MOST_SCORED);
  const { radii } = population;
  const freshCurves = (stream: string): Float64Array[] =>
    drawGalaxies(name, { count: size, random: random.fork(stream) }).map((galaxy) => curveOf(galaxy, radii));
  const fresh = freshCurves("fresh galaxies");
  const { train, valid, standardization } = splitFor(network)(population, seed, "curves.csv");
  const trained = standardization.invert(train);
  const heldOut = standardization.invert(valid);
  const known = [
    { name: "held out", unseen: heldOut },
    { name: "fresh", unseen: fresh },
  ].map(({ name, unseen }) => {
    const most = Math.min(trained.length, unseen.length);
    return { name, training: choose(trained, most, random.fork(name)), unseen: unseen.slice(0, most) };
  });
  return scoreCurves(
    {
      radii,
      real: fresh,
      fakes: [{ name: "samples", curves: samples.curves.slice(0, size) }],
      baseline: { real: fresh, fake: freshCurves("more fresh galaxies") },
      known,
    },
    random.fork("scores"),
    context,
  );
}

/** What the report states. It holds no times, so that it is the same file whenever it is made. */
function reportContents(
  values: RunOptions,
  { radii }: Population,
  { model, trained, losses }: Training,
  { network, standardization }: { network: DenoisingAutoencoder; standardization: Standardization },
  figures: ReportFigures,
  predictionErrors: NonNullable<ReportContents["predictionErrors"]>,
  scores: readonly ScoreRow[] | undefined,
): ReportContents {
  const { seed, count, epochs, samples, steps } = values;
  const { learningRate } = model.training;
  const widths = widthsOf(network);
  return {
    figures,
    data: {
      galaxies: count,
      training: trained,
      radii: radii.length,
      radiusRange: [radii[0], radii[radii.length - 1]],
      mean: standardization.mean,
      standardDeviation: standardization.standardDeviation,
    },
    model: {
      layers: [...widths, ...widths.toReversed().slice(1)],
      parameters: network.parameters().reduce((sum, { size }) => sum + size, 0),
    },
    training: {
      learningRate,
      epochs: losses.map(({ epoch }) => epoch),
      train: losses.map(({ train }) => train),
      valid: losses.map(({ valid }) => valid),
    },
    predictionErrors,
    sampling: { steps, samples: Math.min(samples, SHOWN_SAMPLES) },
    ...(scores !== undefined && {
      evaluation: {
        curves: Math.min(samples, MOST_SCORED),
        significance: SIGNIFICANCE,
        scores: scores.map(({ score, baseline, values: [value] }) => ({
          name: titleOf(score),
          value: formatScore(score, value.value),
          baseline: formatScore(score, baseline),
          verdict: verdict(score, value),
          definition: score.definition,
          source: score.source,
        })),
      },
    }),
    configuration: {
      "halograd version": version(),
      backend: backendName(),
      seed,
      galaxies: count,
      epochs,
      optimiser: "Adam",
      "learning rate": learningRate,
      "noise schedule": "linear",
      "curves in samples.csv": samples,
      "sampling steps": steps,
    },
    command:
      `halograd run --seed ${seed} --count ${count} --epochs ${epochs} \\\n` +
      `  --learning-rate ${learningRate} --samples ${samples} --steps ${steps} --backend ${backendName()}${scores === undefined ? "" : " --evaluate"}`,
  };
}
