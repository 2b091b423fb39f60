/** What a model sees behind noisy curves, and how far that is from the truth. */

import { noGrad } from "../autograd/tape.ts";
import { checkArray, checkKind, checkNumbers, checkOptions, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { addNoise, LogPrincipalComponents, linearSchedule, Standardization } from "../diffusion/index.ts";
import type { Curves } from "../io/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, tensor } from "../tensor/construction.ts";
import { checkAboveZero, checkFinite, checkUnseen } from "./check.ts";
import { checkModel, denoiserOf, featuresOf, type Model, requireModelRadii } from "./model.ts";

/** Settings of {@link denoiseCurves}. */
export interface DenoisingOptions {
  /** The share of noise that a residual network takes the curves to have, above 0 and below 1; default 0.1. */
  readonly noise?: number | undefined;
  /** What to call the curves in errors, usually their path; default "denoiseCurves". */
  readonly source?: string | undefined;
}

/**
 * The clean curves that a model guesses behind noisy ones.
 *
 * @param noisy km/s, at the radii of the model
 * @returns km/s
 * @throws FormatError for curves at other radii, and for velocities that are not above 0, where the model knows their logarithms;
 *   ArgumentError for a share of noise that is none, or one for an autoencoder, which is not told
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 10, random }));
 * const noisy = galaxies.curves.map((curve) => curve.map((velocity) => velocity + random.normal(0, 10)));
 * rootMeanSquare(denoiseCurves(model, { radii: galaxies.radii, curves: noisy }), galaxies.curves) // km/s
 */
export function denoiseCurves(model: Model, noisy: Curves, options: DenoisingOptions = {}): Float64Array[] {
  checkOptions("denoiseCurves", options, ["noise", "source"]);
  const { noise = 0.1, source = "denoiseCurves" } = options;
  checkWithin("denoiseCurves", "the share of noise", noise, { above: 0, below: 1 });
  checkKind("denoiseCurves", "source", source, "text", "say what to call the curves in errors.");
  checkModel("denoiseCurves", model);
  const { standardization } = model;
  if (options.noise !== undefined && standardization instanceof Standardization) {
    throw new ArgumentError(
      "denoiseCurves",
      "the model is an autoencoder, which is not told the share of noise",
      "leave noise out, or use a residual network",
    );
  }
  requireModelRadii(model, noisy, source);
  const isTold = standardization instanceof LogPrincipalComponents;
  if (isTold) {
    const fix = "leave the curve out, or use an autoencoder";
    checkAboveZero(source, noisy.curves, "the model knows their logarithms", fix);
  }
  const state = standardization.apply(noisy.curves);
  // A state at time t has the share 1 − t of the data. The post's network is given curves as they are.
  const scaled = isTold ? state.mul(1 - noise) : state;
  const clean = standardization.invert(noGrad(() => denoiserOf(model)(scaled, noise)));
  checkFinite("denoiseCurves", clean);
  return clean;
}

/** What a model makes of noisy curves; all are km/s, a row a curve. */
export interface NoisyCurves {
  /** The curves with noise. */
  readonly noisy: readonly Float64Array[];
  /** The network's guess of the clean ones. */
  readonly prediction: readonly Float64Array[];
}

/**
 * Mixes curves with noise, x = (1 − a) x₀ + a ε in the network's numbers, and asks the network for the clean ones. With the same
 * stream the noise is the same, so that amounts can be compared.
 *
 * @param clean km/s, at the radii of the model
 * @param options.amount the share of noise a, from 0 to 1
 * @param options.random draws the noise, from a stream forked from it
 * @throws FormatError for curves at other radii, and for velocities that are not above 0, where the model knows their logarithms;
 *   ArgumentError for a share of noise that is none
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 10, random }));
 * const { noisy, prediction } = predictCurves(model, galaxies, { amount: 0.3, random });
 * const [before, after] = [noisy, prediction].map((curves) => rootMeanSquare(curves, galaxies.curves));
 * console.log(`${before.toFixed(0)} km/s from the truth, and ${after.toFixed(0)} after`);
 */
export function predictCurves(
  model: Model,
  clean: Curves,
  options: { readonly amount: number; readonly random: Random },
): NoisyCurves {
  const where = "predictCurves";
  checkOptions(where, options ?? {}, ["amount", "random"]);
  const { amount, random } = options ?? {};
  checkWithin(where, "the share of noise", amount, { least: 0, most: 1 });
  checkRandom(where, random);
  checkModel(where, model);
  requireModelRadii(model, clean, where);
  if (model.standardization instanceof LogPrincipalComponents) {
    const fix = "leave the curve out, or use an autoencoder";
    checkAboveZero(where, clean.curves, "the model knows their logarithms", fix);
  }
  return predictAt(model, model.standardization.apply(clean.curves), amount, random.fork("noise"));
}

/** @param clean [curves, features] */
function predictAt(model: Model, clean: Tensor, amount: number, stream: Random): NoisyCurves {
  const noisy = mix(clean, normal(clean.shape, stream), amount);
  const prediction = noGrad(() => denoiserOf(model)(noisy, amount));
  return {
    noisy: model.standardization.invert(noisy),
    prediction: model.standardization.invert(prediction),
  };
}

/**
 * The distance of two sets of curves: root mean square over all of them and all radii.
 *
 * @throws ArgumentError for sets of different sizes
 * @example rootMeanSquare([[3, 4]], [[0, 0]]) // 3.54
 */
export function rootMeanSquare(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  for (const [name, set] of [
    ["the first set", a],
    ["the second set", b],
  ] as const) {
    checkArray("rootMeanSquare", name, set, "curves");
    for (const [i, curve] of set.entries())
      checkNumbers("rootMeanSquare", `curve ${i + 1} of ${name}`, curve);
  }
  const doFit = a.length === b.length && a.every((curve, i) => curve.length === b[i].length);
  if (!doFit || a.every((curve) => curve.length === 0)) {
    throw new ArgumentError("rootMeanSquare", `sets of ${a.length} and ${b.length} curves do not fit.`);
  }
  let sum = 0;
  let count = 0;
  a.forEach((curve, i) => {
    for (let j = 0; j < curve.length; j++) sum += (curve[j] - b[i][j]) * (curve[j] - b[i][j]);
    count += curve.length;
  });
  return Math.sqrt(sum / count);
}

/** How far noisy curves and predictions are from the true curves at an amount of noise. */
export interface PredictionError {
  /** The share of noise, from 0 to 1. */
  readonly amount: number;
  /** Of the noisy curves, km/s rms. */
  readonly noisy: number;
  /** Of the predictions, km/s rms. */
  readonly prediction: number;
}

/**
 * How far a model's predictions are from curves that it was not trained on, at five amounts of noise.
 *
 * @param unseen as {@link unseenCurves} gives them, [curves, features]
 * @param random draws the noise, from streams forked from it
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * for (const { amount, noisy, prediction } of measurePredictions(model, unseenCurves(model, galaxies), random))
 *   console.log(amount, noisy, prediction);
 */
export function measurePredictions(model: Model, unseen: Tensor, random: Random): PredictionError[] {
  checkModel("measurePredictions", model);
  checkUnseen("measurePredictions", unseen, featuresOf(model));
  checkRandom("measurePredictions", random);
  const truth = model.standardization.invert(unseen);
  return predictions(model, unseen, random).map(({ amount, noisy, prediction }) => ({
    amount,
    noisy: rootMeanSquare(noisy, truth),
    prediction: rootMeanSquare(prediction, truth),
  }));
}

/** The amounts of noise at which predictions are shown and measured. */
const AMOUNTS: readonly number[] = [0.1, 0.2, 0.5, 0.7, 0.9];

/** Noisy versions of curves, and what the network makes of them, km/s. */
export function predictions(
  model: Model,
  clean: Tensor,
  random: Random,
): (NoisyCurves & { readonly amount: number })[] {
  const stream = random.fork("figures").fork("predictions");
  return AMOUNTS.map((amount) => ({ amount, ...predictAt(model, clean, amount, stream) }));
}

/** Curves with an amount of noise, in the network's numbers. */
export function mix(clean: Tensor, noise: Tensor, amount: number): Tensor {
  return addNoise(linearSchedule, clean, noise, tensor(amount));
}
