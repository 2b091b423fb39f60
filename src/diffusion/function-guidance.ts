/** Guidance by a user's function: samples that are as wanted within tolerances, by gradients through the denoiser. */

import { vjp } from "../autograd/functional.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkSchedule } from "./check.ts";
import { checkInterval, type Denoiser } from "./denoiser.ts";
import { symmetricEigen } from "./eigen.ts";
import { linearSchedule, type NoiseSchedule, scheduleAt } from "./schedule.ts";

/**
 * How far data are from what is wanted, in tolerances: [batch, features] → [batch, wishes], made of recorded operations. A wish
 * is (f(x₀) − wanted)/tolerance, and all together count as the likelihood exp(−½ Σ wish²). A score S that is at most 0 is the
 * wish √(−2S).
 */
export type Wishes = (clean: Tensor) => Tensor;

/** Settings of `functionGuidedDenoiser`. */
export interface FunctionGuidanceOptions {
  /** ½ Σ wish² is multiplied by this, > 0; default 1. 4 halves the tolerances. */
  readonly scale?: number;
  /** False takes the guess for the data, as the sources do; default true. See `functionGuidedDenoiser`. */
  readonly corrected?: boolean;
  /** The times at which to guide; default [0, 0.99]. At pure noise no guess depends on the state, and there is no gradient. */
  readonly interval?: readonly [least: number, greatest: number];
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
}

/**
 * A denoiser whose guesses lean towards what is wanted; any sampler takes it. Each guess costs a backward pass for each wish.
 *
 * From x̂₀ = (x + σ² ∇ ln p_t(x))/α (Tweedie), a factor exp(−½|r|²) on the data, r the wishes, moves the guess by
 * −(σ²/α) ∇ₓ ½|r|². With G = ∂r/∂x₀ at the guess and J = ∂x̂₀/∂x this is −C Gᵀ r, where C = (σ²/α) Jᵀ is the covariance of the
 * data given x. So far this is diffusion posterior sampling (Chung et al. 2023, arXiv:2209.14687; as universal guidance, Bansal et
 * al. 2023, arXiv:2302.07121), which judges the guess as if it were the data. But the data lie around it with covariance C
 * (what loss-guided diffusion, Song et al. 2023, samples), so that r has the covariance I + G C Gᵀ and not I:
 *
 *     x̂₀ − C Gᵀ (I + G C Gᵀ)⁻¹ r.
 *
 * For normal data and linear wishes this is the exact posterior mean, for every tolerance; for others it is a Gauss–Newton step,
 * which brings r at most to 0, and so is stable for the tightest of tolerances. Without the correction, a standard
 * normal x₀ with the wish √w (x₀ − y) ends with the variance e⁻ʷ in place of 1/(1 + w).
 *
 * @throws ArgumentError for settings that make no sense; when called, ShapeError for wishes that are not [batch, wishes],
 *   ArgumentError for one that is no finite number
 * @example
 * const denoiser = new GaussianModel([0], [[1]]).denoiser();
 * const near2 = functionGuidedDenoiser(denoiser, (x) => x.sub(2).div(0.1));
 * finish(heunSampler(near2, normal([4, 1], new Random(1)))); // all within some 0.1 of 2
 */
export function functionGuidedDenoiser(
  denoiser: Denoiser,
  wishes: Wishes,
  options: FunctionGuidanceOptions = {},
): Denoiser {
  const where = "functionGuidedDenoiser";
  checkOptions(where, options, ["scale", "corrected", "interval", "schedule"]);
  const { scale = 1, corrected = true, interval = [0, 0.99], schedule = linearSchedule } = options;
  const [least, greatest] = checkInterval(where, interval);
  if (typeof denoiser !== "function" || typeof wishes !== "function") {
    throw new ArgumentError(where, "takes a denoiser and wishes, both functions.");
  }
  checkSchedule(where, schedule);
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw new ArgumentError(where, `scale is ${describeValue(scale)}; it must be a number above 0.`);
  }
  return (x, t) => {
    const { alpha, sigma } = scheduleAt(schedule, t);
    if (t < least || t > greatest || alpha === 0 || sigma === 0) return denoiser(x, t);
    return noGrad(() => {
      const [guess, throughDenoiser] = vjp((state: Tensor) => denoiser(state, t), x);
      const [off, throughWishes] = vjp((clean: Tensor) => {
        const own = wishes(clean);
        checkWishes(where, own, guess.shape[0]);
        return own.mul(Math.sqrt(scale));
      }, guess);
      checkFinite(where, off);
      const covary = (gradient: Tensor): Tensor => throughDenoiser(gradient).mul((sigma * sigma) / alpha); // C g
      if (!corrected) return guess.sub(covary(throughWishes(off)));
      const one = (i: number): Tensor => {
        const direction = off.mul(0);
        direction.slice(null, i).assign(1);
        return direction;
      };
      const gradients = Array.from({ length: off.shape[1] }, (_, i) => throughWishes(one(i))); // G, each [batch, features]
      const pulls = gradients.map(covary); // C Gᵀ
      const spread = gradients.map((g) => pulls.map((p) => g.mul(p).sum(1).toTypedArray())); // G C Gᵀ
      const amounts = explained(off, spread);
      return pulls.reduce((state, p, i) => state.sub(p.mul(amounts.slice(null, [i, i + 1]))), guess);
    });
  };
}

/**
 * (I + V)⁻¹ r of each row, in the basis of V's eigenvectors. A denoiser that is learned may have a V that is no covariance:
 * in directions in which a pull would not lessen r, V ≤ 0, there is none.
 *
 * @param off r, [batch, wishes]
 * @param spread V, [wishes][wishes][batch]
 */
function explained(off: Tensor, spread: readonly (readonly ArrayLike<number>[])[]): Tensor {
  const [rows, count] = off.shape;
  const values = off.toTypedArray();
  const amounts = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const covariance = spread.map((list, i) => list.map((value, j) => (value[row] + spread[j][i][row]) / 2));
    const { values: variances, vectors } = symmetricEigen(covariance);
    vectors.forEach((vector, k) => {
      if (!(variances[k] > 0)) return;
      let along = 0;
      for (let i = 0; i < count; i++) along += vector[i] * values[row * count + i];
      for (let i = 0; i < count; i++) amounts[row * count + i] += (vector[i] * along) / (1 + variances[k]);
    });
  }
  return tensor(amounts, [rows, count], { dtype: off.dtype });
}

function checkWishes(where: string, off: Tensor, rows: number): void {
  if (!isTensor(off) || off.rank !== 2 || off.shape[0] !== rows || off.shape[1] === 0) {
    throw new ShapeError(
      where,
      `the wishes of ${rows} rows are ${isTensor(off) ? showShape(off.shape) : describeValue(off)}, not [${rows}, wishes].`,
      "give a column a wish: a sum over features with { keepdim: true } is one.",
    );
  }
}

function checkFinite(where: string, off: Tensor): void {
  const wrong = off.toTypedArray().find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new ArgumentError(
    where,
    `a wish is ${wrong}, no finite number.`,
    "keep functions away from where they end, such as log and sqrt at 0.",
  );
}
