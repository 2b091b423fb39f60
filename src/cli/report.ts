/** What the report of `halograd run` states. It holds no times, so that it is the same file whenever it is made. */

import {
  defaultSampling,
  formatScore,
  type Population,
  type PredictionError,
  type ScoreRow,
  SIGNIFICANCE,
  type Training,
  titleOf,
  verdict,
} from "../curves/index.ts";
import { widthsOf } from "../curves/model.ts";
import { MOST_SCORED } from "../curves/scores.ts";
import { BATCH, BATCHES, EPOCHS } from "../curves/training.ts";
import { ResidualDenoiser, Standardization } from "../diffusion/index.ts";
import { backendName } from "../kernels/index.ts";
import type { ReportContents, ReportFigures } from "../plot/index.ts";
import type { RunOptions } from "./run.ts";
import { version } from "./version.ts";

/** What a run has computed. */
export interface RunResults {
  readonly population: Population;
  readonly training: Training;
  readonly figures: ReportFigures;
  readonly errors: readonly PredictionError[];
  readonly scores: readonly ScoreRow[] | undefined;
  /** Samples in the figure of the sampling. */
  readonly shown: number;
}

/** The contents of the report. */
export function reportContents(values: RunOptions, results: RunResults): ReportContents {
  const { population, training, figures, errors, scores, shown } = results;
  const { seed, count, samples } = values;
  const { radii } = population;
  const { model, trained, losses } = training;
  const { learningRate } = model.training;
  const usual = defaultSampling(model);
  const { sampler = usual.sampler, steps = usual.steps } = values;
  const own = sampler === usual.sampler ? "" : ` --sampler ${sampler}`;
  const network = networkWords(values, training);
  return {
    figures,
    data: {
      galaxies: count,
      training: trained,
      radii: radii.length,
      radiusRange: [radii[0], radii[radii.length - 1]],
      ...network.representation,
    },
    model: network.model,
    training: {
      learningRate,
      epochs: losses.map(({ epoch }) => epoch),
      train: losses.map(({ train }) => train),
      valid: losses.map(({ valid }) => valid),
      ...network.training,
    },
    predictionErrors: errors,
    sampling: { steps, samples: shown, sampler },
    ...(scores !== undefined && { evaluation: evaluationWords(samples, scores) }),
    configuration: {
      "halograd version": version(),
      backend: backendName(),
      seed,
      galaxies: count,
      ...network.configuration,
      "learning rate": learningRate,
      "noise schedule": "linear",
      "curves in samples.csv": samples,
      "sampling steps": steps,
      ...(sampler !== "euler" && { sampler }),
    },
    command:
      `halograd run --seed ${seed} --count ${count} ${network.options} \\\n` +
      `  --learning-rate ${learningRate} --samples ${samples} --steps ${steps}${own} --backend ${backendName()}${scores === undefined ? "" : " --evaluate"}`,
  };
}

/** What differs from network to network. */
function networkWords(
  { epochs = EPOCHS, batches = BATCHES, conditions }: RunOptions,
  { model, trained, losses }: Training,
) {
  const { network, standardization } = model;
  const parameters = network.parameters().reduce((sum, { size }) => sum + size, 0);
  if (network instanceof ResidualDenoiser || !(standardization instanceof Standardization)) {
    const { features, width, blocks } = (network as ResidualDenoiser).sizes;
    const size = Math.min(BATCH, trained);
    return {
      representation: { components: features },
      model: { width, blocks, conditions, parameters },
      training: { batches: { size, done: losses.map(({ epoch }) => Math.round((epoch * trained) / size)) } },
      configuration: {
        network: "residual",
        batches,
        "curves in a batch": size,
        ...(conditions.length > 0 && { conditions: conditions.join(", ") }),
        optimiser: "AdamW",
      },
      options: `--network residual --batches ${batches}${conditions.length > 0 ? ` --conditions ${conditions.join()}` : ""}`,
    };
  }
  const widths = widthsOf(network);
  const { mean, standardDeviation } = standardization;
  return {
    representation: { mean, standardDeviation },
    model: { layers: [...widths, ...widths.toReversed().slice(1)], parameters },
    training: {},
    configuration: { epochs, optimiser: "Adam" },
    options: `--epochs ${epochs}`,
  };
}

function evaluationWords(samples: number, scores: readonly ScoreRow[]) {
  return {
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
  };
}
