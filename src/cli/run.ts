/** `halograd run`: the whole job. What the other commands do one by one, in one go, and the report. */

import { join } from "node:path";
import { Random } from "../basics/random.ts";
import {
  type ConditionName,
  illustrateNoise,
  illustratePredictions,
  illustrateSampling,
  measureExcess,
  measurePredictions,
  type NetworkName,
  type PopulationName,
  type SamplerName,
  scoreSamples,
  unseenCurves,
} from "../curves/index.ts";
import { networkOf } from "../curves/model.ts";
import { FEWEST_CURVES } from "../curves/scores.ts";
import { duration } from "../node/terminal.ts";
import { curvesFigure, noiseFigure, predictionsFigure, report, samplingFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import type { Context, Outcome } from "./context.ts";
import { followScores, scoresResult, scoreTable } from "./evaluate.ts";
import { generateGalaxies, POPULATION_FILES, populationFiles } from "./generate.ts";
import { FIGURES, type FigureName, figureFile, OutputFolder, tellOutcome } from "./output.ts";
import { reportContents } from "./report.ts";
import { prepareSampling, SAMPLE_FILES, type Samples, sampleFiles } from "./sample.ts";
import {
  drawLoss,
  isComplete,
  prepareTraining,
  TRAINING_FILES,
  trainingFiles,
  trainingResult,
  wayOn,
} from "./train.ts";

/** The values of the command's options. */
export interface RunOptions {
  readonly seed: number;
  readonly count: number;
  readonly population: PopulationName;
  readonly network: NetworkName;
  /** Of the autoencoder; default 2001. */
  readonly epochs: number | undefined;
  /** Of the residual network; default 6000. */
  readonly batches: number | undefined;
  /** Default: the network's. */
  readonly learningRate: number | undefined;
  /** What the residual network is conditioned on. */
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
export function run(values: RunOptions, context: Context): Outcome {
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
  const timed = <T>(stage: string, work: () => T): T => {
    const start = performance.now();
    const result = work();
    seconds[stage] = (performance.now() - start) / 1000;
    return result;
  };

  const population = timed("generate", () => generateGalaxies(values, context));
  if (population !== undefined) output.write(populationFiles(population));
  if (population?.galaxies.length !== values.count) {
    tellOutcome(context, output, false);
    return { complete: false, result: output.result() };
  }
  terminal.say(
    `${values.count} galaxies, seed ${values.seed}: curves at ${population.radii.length} radii (${duration(seconds.generate)})`,
  );

  const training = timed("train", () => prepareTraining(population, values, "curves.csv")(context));
  const result = { seed: values.seed, galaxies: values.count, seconds };
  if (training === undefined) {
    tellOutcome(context, output, false);
    return { complete: false, result: { ...output.result(), ...result } };
  }
  const { model, losses } = training;
  output.write(trainingFiles(training));
  const { epochs } = model.training;
  terminal.say(`${epochs} epoch${epochs === 1 ? "" : "s"} (${duration(seconds.train)})`);

  const none: Samples = { curves: [], complete: false };
  const { sampler, steps, samples: count, seed } = values;
  const random = new Random(seed);
  const samples = isComplete(training)
    ? timed("sample", () => prepareSampling(model, { count, sampler, steps, random })(context))
    : none;
  if (samples.curves.length > 0) {
    output.write(sampleFiles(model, samples));
    terminal.say(`${samples.curves.length} samples in ${steps} steps (${duration(seconds.sample)})`);
  }

  const unseen = unseenCurves(model, population, "curves.csv");
  const { radii, curves } = population;
  const discMasses = population.galaxies.map(({ discMass }) => discMass);
  const shown = Math.min(SHOWN_SAMPLES, count);
  const figures = timed("plot", () => ({
    curves: curvesFigure({ radii, curves, discMasses }),
    noise: noiseFigure(illustrateNoise(model, unseen, random)),
    loss: drawLoss(losses, model),
    predictions: predictionsFigure(illustratePredictions(model, unseen, random)),
    ...(samples.complete && {
      sampling: samplingFigure(illustrateSampling(model, { samples: shown, sampler, steps, random })),
    }),
  }));
  output.write(Object.entries(figures).map(([name, svg]) => [figureFile(name as FigureName), svg] as const));
  const errors = measurePredictions(model, unseen, random);
  const isStandard = values.population === "standard";
  // The best loss is known for the standard population alone: of ten parameters too few simulated galaxies are alike.
  const excess =
    isStandard && networkOf(model) === "residual" ? measureExcess(model, unseen, random) : undefined;
  for (const { amount, loss, excess: part } of excess ?? []) {
    const share = part === null ? "" : `, ${(100 * part).toFixed(1)} % above the best possible`;
    terminal.say(`noise ${amount}: loss ${loss.toFixed(4)}${share}`);
  }
  const scores =
    values.evaluate && samples.complete
      ? timed("evaluate", () => {
          const fresh = { population: values.population, random };
          const scored = followScores(scoreSamples(model, samples.curves, population, fresh), context);
          return scored?.complete ? scored.rows : undefined;
        })
      : undefined;
  if (scores !== undefined) {
    for (const line of scoreTable(scores, ["samples"])) terminal.say(line);
    terminal.say(`scored against fresh galaxies (${duration(seconds.evaluate)})`);
  }
  // The report tells of discs and halos, which is not all that the extended population is made of.
  if (figures.sampling !== undefined && isStandard) {
    const drawn = { ...figures, sampling: figures.sampling };
    const contents = reportContents(values, { population, training, figures: drawn, errors, scores, shown });
    output.write([["report.html", report(contents)]]);
  }

  const complete = samples.complete && (!values.evaluate || scores !== undefined);
  tellOutcome(context, output, complete, wayOn(training, values.out));
  const page = isStandard ? "report.html" : "figures/sampling.svg";
  if (complete) terminal.say(`Now open ${terminal.bold(join(values.out, page))}`);
  return {
    complete,
    result: {
      ...output.result(),
      ...result,
      ...trainingResult(training),
      samples: samples.curves.length,
      steps,
      predictionErrors: errors,
      ...(excess && { excess }),
      ...(scores !== undefined && { scores: scoresResult(scores, 0) }),
    },
  };
}

/** Rows of the figure of the sampling, at most. */
const SHOWN_SAMPLES = 5;
