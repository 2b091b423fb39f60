/** Guidance by a user's function: samples for which a loss of the clean data is small, its gradient taken through the denoiser. */

import { vjp } from "../autograd/functional.ts";
import { noGrad } from "../autograd/tape.ts";
import { isTensor } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkOptions, describeValue } from "../tensor/check.ts";
import { ArgumentError, ShapeError } from "../tensor/errors.ts";
import { showShape } from "../tensor/shape.ts";
import { checkInterval, type Denoiser } from "./denoiser.ts";
import { linearSchedule, type NoiseSchedule, scheduleAt } from "./schedule.ts";

/**
 * How far data are from what is wanted: [batch, features] → [batch], each at least 0 and 0 where all is as wanted, made of
 * recorded operations. It is read as −ln of a likelihood: ½ ((f(x₀) − wanted)/tolerance)² asks for f within its tolerance.
 */
export type GuidanceLoss = (clean: Tensor) => Tensor;

/** Settings of `lossGuidedDenoiser`. */
export interface LossGuidanceOptions {
  /** The loss is multiplied by this, > 0; default 1. 4 halves the tolerance. */
  readonly scale?: number;
  /** False leaves out the share of the loss that noise alone explains; default true. See `lossGuidedDenoiser`. */
  readonly corrected?: boolean;
  /** The times at which to guide; default [0, 0.99]. At pure noise no guess depends on the state, and there is no gradient. */
  readonly interval?: readonly [least: number, greatest: number];
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
}

/**
 * A denoiser whose guesses lean towards data of a small loss; any sampler takes it. Each guess costs one backward pass.
 *
 * From x̂₀ = (x + σ² ∇ ln p_t(x))/α (Tweedie), a factor exp(−L) on the data moves the guess by −(σ²/α) ∇ₓ L. With g = ∇L at the
 * guess and J = ∂x̂₀/∂x this is −C g, where C = (σ²/α) Jᵀ is the covariance of the data given x. So far this is
 * diffusion posterior sampling (Chung et al. 2023, arXiv:2209.14687; universal guidance, Bansal et al. 2023, arXiv:2302.07121),
 * which judges the guess as if it were the data. But the data lie around the guess with covariance C, so that
 * f = √(2L) has the variance gᵀ C g/(2L) on top of its tolerance of 1, and the pull has to be
 *
 *     x̂₀ − C g/(1 + gᵀ C g/(2L)).
 *
 * For normal data and a loss ½((a·x₀ − y)/s)² this is the exact posterior mean, C a (y − a·x̂₀)/(s² + aᵀ C a), for every s;
 * for others it is a Gauss–Newton step, never longer than the one that brings f to 0, and so stable for the tightest of tolerances. Without the correction, a
 * standard normal x₀ with the loss w (x₀ − y)²/2 ends with the variance e⁻ʷ in place of 1/(1 + w). A sum of many squares is
 * treated as one: where their variances differ much the result is approximate.
 *
 * @throws ArgumentError for settings that make no sense; when called, ShapeError for a loss that is not [batch],
 *   ArgumentError for one that is negative or no number
 * @example
 * const denoiser = new GaussianModel([0], [[1]]).denoiser();
 * const near2 = lossGuidedDenoiser(denoiser, (x) => x.sub(2).square().sum(1).div(2 * 0.1 ** 2));
 * heunSampler(near2, normal([4, 1], new Random(1))); // all within some 0.1 of 2
 */
export function lossGuidedDenoiser(
  denoiser: Denoiser,
  loss: GuidanceLoss,
  options: LossGuidanceOptions = {},
): Denoiser {
  const where = "lossGuidedDenoiser";
  checkOptions(where, options, ["scale", "corrected", "interval", "schedule"]);
  const { scale = 1, corrected = true, interval = [0, 0.99], schedule = linearSchedule } = options;
  const [least, greatest] = checkInterval(where, interval);
  if (typeof denoiser !== "function" || typeof loss !== "function") {
    throw new ArgumentError(where, "takes a denoiser and a loss, both functions.");
  }
  if (!(scale > 0 && scale < Infinity)) {
    throw new ArgumentError(where, `scale is ${describeValue(scale)}; it must be a number above 0.`);
  }
  return (x, t) => {
    const { alpha, sigma } = scheduleAt(schedule, t);
    if (t < least || t > greatest || alpha === 0 || sigma === 0) return denoiser(x, t);
    return noGrad(() => {
      const [guess, throughDenoiser] = vjp((state: Tensor) => denoiser(state, t), x);
      const [losses, throughLoss] = vjp((clean: Tensor) => loss(clean).mul(scale), guess);
      checkLosses(where, losses, guess.shape[0]);
      const gradient = throughLoss(); // [batch, features]
      const pull = throughDenoiser(gradient).mul((sigma * sigma) / alpha); // C g
      if (!corrected) return guess.sub(pull);
      // A denoiser that is learned may have a C that is no covariance: where the pull would not lessen the loss, there is none.
      const spread = gradient.mul(pull).sum(1).relu(); // [batch], gᵀ C g
      const twice = losses.mul(2);
      const share = twice.div(twice.add(spread).add(TINY)).mul(spread.greater(0));
      return guess.sub(pull.mul(share.unsqueeze(1)));
    });
  };
}

/** So that a loss of exactly 0 divides to 0. */
const TINY = 1e-30;

function checkLosses(where: string, losses: Tensor, rows: number): void {
  if (!isTensor(losses) || losses.rank !== 1 || losses.shape[0] !== rows) {
    throw new ShapeError(
      where,
      `the loss of ${rows} rows is ${isTensor(losses) ? showShape(losses.shape) : describeValue(losses)}, not [${rows}].`,
      "give one number a row: end the loss with sum(1).",
    );
  }
  const wrong = losses.toTypedArray().find((value) => !(value >= 0));
  if (wrong === undefined) return;
  throw new ArgumentError(
    where,
    `a loss is ${wrong}, but must be at least 0.`,
    "square what is to vanish, as ½ ((f − wanted)/tolerance)².",
  );
}
