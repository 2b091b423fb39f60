/** The five figures, from what a run computes or what its files hold. */

import { noGrad } from "../autograd/tape.ts";
import { normal, tensor } from "../autograd/tensor.ts";
import { rootMeanSquare } from "../cli/denoise.ts";
import { samplingNoise } from "../cli/sample.ts";
import type { SamplerName } from "../cli/sampler-names.ts";
import { splitCurves, splitLogCurves } from "../cli/train.ts";
import {
  addNoise,
  type EpochLosses,
  LogPrincipalComponents,
  linearSchedule,
  Standardization,
  uniformGrid,
} from "../diffusion/index.ts";
import type { Curves } from "../io/index.ts";
import { indexSelect } from "../ops/indexing.ts";
import type { Tensor } from "../ops/tensor.ts";
import {
  curvesFigure,
  lossFigure,
  noiseFigure,
  type PredictionCase,
  predictionsFigure,
  type Snapshot,
  samplingFigure,
} from "../plot/index.ts";
import { Random } from "../tensor/random.ts";
import { denoiserOf, featuresOf, type Model } from "./model.ts";
import { samplerOf } from "./sampling.ts";

/** The figure of all curves, coloured by the mass of the disc where it is known. */
export function drawCurves({ radii, curves }: Curves, discMasses: readonly number[] | undefined): string {
  return curvesFigure({ radii, curves, ...(discMasses && { discMasses }) });
}

/** The figure of the losses. */
export function drawLoss(losses: readonly EpochLosses[]): string {
  return lossFigure({
    epochs: losses.map(({ epoch }) => epoch),
    train: losses.map(({ train }) => train),
    valid: losses.map(({ valid }) => valid),
  });
}

/** The figure of a curve under growing noise. */
export function drawNoise(model: Model, unseen: Tensor, seed: number): string {
  const chosen = spreadByVelocity(unseen, 1);
  const noise = normal(chosen.shape, new Random(seed).fork("figures").fork("noise"));
  const noisy = [0.1, 0.3, 0.5, 0.7, 1].map((amount) => ({
    amount,
    curve: model.standardization.invert(mix(chosen, noise, amount))[0],
  }));
  return noiseFigure({ radii: model.radii, clean: model.standardization.invert(chosen)[0], noisy });
}

/** The amounts of noise at which predictions are shown and measured. */
const AMOUNTS: readonly number[] = [0.1, 0.2, 0.5, 0.7, 0.9];

/** The figure of what the network makes of noisy curves that it was not trained on. */
export function drawPredictions(model: Model, unseen: Tensor, seed: number): string {
  const chosen = spreadByVelocity(unseen, 3);
  const names = chosen.shape[0] === 3 ? ["slow", "medium", "fast"] : undefined;
  const data = model.standardization.invert(chosen);
  const cases = predictions(model, chosen, seed).flatMap(({ amount, noisy, prediction }) =>
    data.map((curve, i): PredictionCase => {
      const galaxy = names?.[i] ?? `galaxy ${i + 1}`;
      return { amount, data: curve, noisy: noisy[i], prediction: prediction[i], galaxy };
    }),
  );
  return predictionsFigure({ radii: model.radii, cases });
}

/** How far noisy curves and predictions are from the true curves, km/s. */
export function measurePredictions(
  model: Model,
  unseen: Tensor,
  seed: number,
): { amount: number; noisy: number; prediction: number }[] {
  const truth = model.standardization.invert(unseen);
  return predictions(model, unseen, seed).map(({ amount, noisy, prediction }) => ({
    amount,
    noisy: rootMeanSquare(noisy, truth),
    prediction: rootMeanSquare(prediction, truth),
  }));
}

/** The figure of curves on their way from noise: the first samples of samples.csv. */
export function drawSampling(
  model: Model,
  options: {
    readonly samples: number;
    readonly sampler: SamplerName | undefined;
    readonly steps: number;
    readonly seed: number;
  },
): string {
  const { samples, steps, seed } = options;
  // The reference post's steps 0, 10, 20 and 30 of 31; of other numbers the start, the end, and thirds between.
  const shown = new Set([0, 1, 2, 3].map((third) => Math.round((third * (steps - 1)) / 3)));
  const snapshots = Array.from({ length: Math.min(SHOWN_SAMPLES, samples) }, (): Snapshot[] => []);
  const start = normal([snapshots.length, featuresOf(model)], samplingNoise(seed));
  const sampling = samplerOf(model, options)(denoiserOf(model), start, { grid: uniformGrid(steps) });
  for (const { step, state, prediction } of sampling) {
    if (!shown.has(step)) continue;
    const states = model.standardization.invert(state);
    model.standardization.invert(prediction).forEach((curve, i) => {
      snapshots[i].push({ step, state: states[i], prediction: curve });
    });
  }
  return samplingFigure({ radii: model.radii, samples: snapshots.map((list) => ({ snapshots: list })) });
}

/** Rows of the figure of the sampling, at most. */
export const SHOWN_SAMPLES = 5;

/**
 * Curves that the model was not trained on, standardised as it wants them: the validation part of the data it was
 * trained on, or all of other data. Which it is shows in the statistics, which are those of the training part.
 */
export function unseenCurves(model: Model, curves: Curves, source: string): Tensor {
  const { standardization, training } = model;
  if (curves.curves.length === training.curves) {
    const split = standardization instanceof Standardization ? splitCurves : splitLogCurves;
    const { valid, standardization: own } = split(curves, training.seed, source);
    if (statisticsOf(own).every((value, i) => value === statisticsOf(standardization)[i])) return valid;
  }
  return standardization.apply(curves.curves);
}

/** Numbers that no two training parts share. */
function statisticsOf(standardization: Model["standardization"]): readonly number[] {
  return standardization instanceof LogPrincipalComponents
    ? [...standardization.mean, ...standardization.scales]
    : [standardization.mean, standardization.standardDeviation];
}

/** Noisy versions of curves, and what the network makes of them, km/s. */
function predictions(
  model: Model,
  clean: Tensor,
  seed: number,
): { amount: number; noisy: Float64Array[]; prediction: Float64Array[] }[] {
  const { standardization } = model;
  const denoiser = denoiserOf(model);
  const random = new Random(seed).fork("figures").fork("predictions");
  return AMOUNTS.map((amount) => {
    const noisy = mix(clean, normal(clean.shape, random), amount);
    const prediction = noGrad(() => denoiser(noisy, amount));
    return {
      amount,
      noisy: standardization.invert(noisy),
      prediction: standardization.invert(prediction),
    };
  });
}

function mix(clean: Tensor, noise: Tensor, amount: number): Tensor {
  return addNoise(linearSchedule, clean, noise, tensor(amount));
}

/** Up to `count` rows, in even steps from slow to fast galaxies. */
function spreadByVelocity(curves: Tensor, count: number): Tensor {
  const speeds = curves.mean(1).toTypedArray();
  const sorted = Array.from(speeds.keys()).sort((a, b) => speeds[a] - speeds[b]);
  const places = Math.min(count, sorted.length);
  const chosen = Array.from(
    { length: places },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / places)],
  );
  return indexSelect(curves, 0, chosen);
}
