/** What a model does, as plain numbers for the figures of `halograd/plot`: noise, predictions, and the way from noise to curve. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { indexSelect } from "../ops/indexing.ts";
import type { Tensor } from "../ops/tensor.ts";
import type {
  NoiseOptions,
  PredictionCase,
  PredictionsOptions,
  SamplingOptions,
  Snapshot,
} from "../plot/index.ts";
import { normal } from "../tensor/construction.ts";
import { checkUnseen } from "./check.ts";
import { mix, predictions } from "./denoising.ts";
import { checkModel, featuresOf, type Model } from "./model.ts";
import { defaultSampling, type SamplerChoice, samplingSteps } from "./sampling.ts";

/**
 * A curve under growing noise: what `noiseFigure` takes.
 *
 * @param unseen curves, as {@link unseenCurves} gives them, of which one of middling speed is shown; [curves, features]
 * @param random draws the noise, from streams forked from it
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * noiseFigure(illustrateNoise(model, unseenCurves(model, galaxies), random)); // "<svg …"
 */
export function illustrateNoise(model: Model, unseen: Tensor, random: Random): NoiseOptions {
  checkIllustrated("illustrateNoise", model, unseen, random);
  const { radii, standardization } = model;
  const chosen = spreadByVelocity(unseen, 1);
  const noise = normal(chosen.shape, random.fork("figures").fork("noise"));
  const noisy = [0.1, 0.3, 0.5, 0.7, 1].map((amount) => ({
    amount,
    curve: standardization.invert(mix(chosen, noise, amount))[0],
  }));
  return { radii, clean: standardization.invert(chosen)[0], noisy };
}

/**
 * What the network makes of noisy curves: what `predictionsFigure` takes.
 *
 * @param unseen curves, as {@link unseenCurves} gives them, of which a slow, a medium and a fast one are shown; [curves, features]
 * @param random draws the noise, from streams forked from it
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * predictionsFigure(illustratePredictions(model, unseenCurves(model, galaxies), random)); // "<svg …"
 */
export function illustratePredictions(model: Model, unseen: Tensor, random: Random): PredictionsOptions {
  checkIllustrated("illustratePredictions", model, unseen, random);
  const chosen = spreadByVelocity(unseen, 3);
  const names = chosen.shape[0] === 3 ? ["slow", "medium", "fast"] : undefined;
  const data = model.standardization.invert(chosen);
  const cases = predictions(model, chosen, random).flatMap(({ amount, noisy, prediction }) =>
    data.map((curve, i): PredictionCase => {
      const galaxy = names?.[i] ?? `galaxy ${i + 1}`;
      return { amount, data: curve, noisy: noisy[i], prediction: prediction[i], galaxy };
    }),
  );
  return { radii: model.radii, cases };
}

/**
 * The first samples of {@link sampleCurves} on their way from noise: what `samplingFigure` takes.
 *
 * @param options.samples how many; default 5
 * @throws ArgumentError for settings that make no sense
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * samplingFigure(illustrateSampling(model, { steps: 10, random })) // "<svg …"
 */
export function illustrateSampling(
  model: Model,
  options: SamplerChoice & { readonly samples?: number | undefined },
): SamplingOptions {
  const where = "illustrateSampling";
  checkModel(where, model);
  checkOptions(where, options ?? {}, ["samples", "sampler", "steps", "random"]);
  const { samples = 5, ...choice } = options ?? {};
  const { steps = defaultSampling(model).steps } = choice;
  checkCount(where, "samples", samples);
  checkCount(where, "steps", steps);
  // The reference post's steps 0, 10, 20 and 30 of 31; of other numbers the start, the end, and thirds between.
  const shown = new Set([0, 1, 2, 3].map((third) => Math.round((third * (steps - 1)) / 3)));
  const snapshots = Array.from({ length: samples }, (): Snapshot[] => []);
  for (const { done: step, state, prediction } of samplingSteps(model, { ...choice, count: samples })) {
    if (!shown.has(step)) continue;
    prediction.forEach((curve, i) => {
      snapshots[i].push({ step, state: state[i], prediction: curve });
    });
  }
  return { radii: model.radii, samples: snapshots.map((list) => ({ snapshots: list })) };
}

function checkIllustrated(where: string, model: Model, unseen: Tensor, random: Random): void {
  checkModel(where, model);
  checkUnseen(where, unseen, featuresOf(model));
  checkRandom(where, random);
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
