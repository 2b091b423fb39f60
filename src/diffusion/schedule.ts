/** Noise schedules: how much of the data (α) and of the noise (σ) a time t holds, x_t = α(t) x₀ + σ(t) ε. */

import { checkNumber, checkOptions, checkWithin, describeNumber } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import type { Expression } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { derivativeOf } from "../ops/differentiation.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { operands } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { evaluate } from "../tensor/own-operation.ts";
import { checkSchedule, checkTime } from "./check.ts";

/**
 * α and σ as expressions of time, which runs from 0 (data) to 1 (noise). All else follows from the two: their
 * derivatives ({@link derivativeOf}), times of a given share of noise ({@link timeOfNoiseShare}), and the flow.
 */
export interface NoiseSchedule {
  /** Under which it is stored and shown. */
  readonly name: string;
  /** How much of the data is left at time t. */
  readonly alpha: Expression;
  /** How much noise there is at time t. */
  readonly sigma: Expression;
}

/** α = 1 − t, σ = t: the straight line from data to noise. The reference post's `a` is this t. */
export const linearSchedule: NoiseSchedule = {
  name: "linear",
  alpha: (m, t) => m.sub(m.constant(1), t),
  sigma: (_, t) => t,
};

/** α = cos(π t/2), σ = sin(π t/2): a quarter circle, so that α² + σ² = 1 (Nichol & Dhariwal 2021, arXiv:2102.09672, without their offset). */
export const cosineNoiseSchedule: NoiseSchedule = {
  name: "cosine",
  alpha: (m, t) => m.cos(m.mul(t, m.constant(Math.PI / 2))),
  sigma: (m, t) => m.sin(m.mul(t, m.constant(Math.PI / 2))),
};

/**
 * The variance-preserving schedule of DDPM with continuous time: α = exp(−½ ∫β dt), σ = √(1 − α²), where β(t) grows
 * evenly from β(0) to β(1) (Song et al. 2021, arXiv:2011.13456, eq. 33). A little of the data is left at t = 1:
 * α(1) = 0.0066 with the defaults.
 *
 * @param options.from β(0), the rate at which noise comes in at first; default 0.1
 * @param options.to β(1); default 20
 */
export function variancePreservingSchedule(options: { from?: number; to?: number } = {}): NoiseSchedule {
  checkOptions("variancePreservingSchedule", options, ["from", "to"]);
  const { from = 0.1, to = 20 } = options;
  if (!(Number.isFinite(from) && Number.isFinite(to) && from > 0 && to >= from && to < Infinity)) {
    throw new ArgumentError(
      "variancePreservingSchedule",
      `got rates from ${describeNumber(from)} to ${describeNumber(to)}, but 0 < from ≤ to < ∞ must hold.`,
    );
  }
  // ln α = −½ ∫β = −½ (from t + (to − from) t²/2)
  const logAlpha: Expression = (m, t) =>
    m.mul(t, m.add(m.constant(-from / 2), m.mul(m.constant((from - to) / 4), t)));
  return {
    name: "variance-preserving",
    alpha: (m, t) => m.exp(logAlpha(m, t)),
    // √(1 − α²) without the cancellation near t = 0
    sigma: (m, t) => m.sqrt(m.neg(m.expm1(m.mul(m.constant(2), logAlpha(m, t))))),
  };
}

/** The amounts of data and noise at a time. */
export interface ScheduleValues {
  /** How much of the data. */
  readonly alpha: number;
  /** How much of the noise. */
  readonly sigma: number;
}

/**
 * α and σ at a time, as numbers.
 *
 * @throws ArgumentError for what is no schedule, and a time that is not from 0 to 1
 * @example console.log(scheduleAt(linearSchedule, 0.25)); // { alpha: 0.75, sigma: 0.25 }
 */
export function scheduleAt(schedule: NoiseSchedule, t: number): ScheduleValues {
  return valuesAt("scheduleAt", schedule, t);
}

/** As {@link scheduleAt}, for any function that is given a schedule and a time. */
function valuesAt(where: string, schedule: NoiseSchedule, t: number): ScheduleValues {
  checkSchedule(where, schedule);
  checkTime(where, t);
  const [alpha, sigma] = [schedule.alpha(numbers, t), schedule.sigma(numbers, t)];
  checkNumber(where, "what alpha returns for a number", alpha);
  checkNumber(where, "what sigma returns for a number", sigma);
  return { alpha, sigma };
}

/**
 * α′ and σ′ at a time, as numbers.
 *
 * @throws ArgumentError as {@link scheduleAt}
 * @example console.log(scheduleSlopeAt(linearSchedule, 0.25)); // { alpha: -1, sigma: 1 }
 */
export function scheduleSlopeAt(schedule: NoiseSchedule, t: number): ScheduleValues {
  valuesAt("scheduleSlopeAt", schedule, t); // refuses what has none
  return { alpha: derivativeOf(schedule.alpha)(numbers, t), sigma: derivativeOf(schedule.sigma)(numbers, t) };
}

/**
 * The share of noise σ/(α + σ), which grows from 0 for data to 1 for noise. Divided by α + σ, the state of every
 * schedule is that of the linear one at this time: (1 − τ) x₀ + τ ε. So samplers are written once, for straight lines.
 *
 * @example console.log(noiseShareAt(cosineNoiseSchedule, 0.5)); // 0.5
 */
export function noiseShareAt(schedule: NoiseSchedule, t: number): number {
  const { alpha, sigma } = valuesAt("noiseShareAt", schedule, t);
  return sigma / (alpha + sigma);
}

/**
 * The time at which the share of noise σ/(α + σ) is `share`, by bisection to the last bit; in [0, 1].
 *
 * @example console.log(timeOfNoiseShare(cosineNoiseSchedule, 0.25).toFixed(3)); // 0.205
 */
export function timeOfNoiseShare(schedule: NoiseSchedule, share: number): number {
  checkSchedule("timeOfNoiseShare", schedule);
  checkWithin("timeOfNoiseShare", "share", share, { least: 0, most: 1 });
  if (schedule === linearSchedule) return share;
  let [low, high] = [0, 1];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return noiseShareAt(schedule, high) <= share ? high : low;
    if (noiseShareAt(schedule, middle) <= share) low = middle;
    else high = middle;
  }
}

/**
 * Mixes clean data with noise: α(t) x₀ + σ(t) ε.
 *
 * @param clean [batch, features]
 * @param noise [batch, features], standard normal
 * @param t [batch, 1], or a scalar for all
 * @example addNoise(linearSchedule, tensor([[2, 4]]), tensor([[0, 1]]), tensor(0.5)); // tensor([[1.0000, 2.5000]])
 */
export function addNoise(schedule: NoiseSchedule, clean: Tensor, noise: Tensor, t: Tensor): Tensor {
  checkSchedule("addNoise", schedule);
  [clean, noise, t] = operands("addNoise", [clean, noise, t]);
  const wanted = clean.shape.map((size, axis) => (axis === 0 ? size : 1));
  if (t.rank !== 0 && !sameShape(t.shape, wanted)) {
    throw new ShapeError(
      "addNoise",
      `t ${showShape(t.shape)} does not go with ${showShape(clean.shape)}: it is a time for each row, ${showShape(wanted)}, or one for all, [].`,
      "reshape it: one time for each feature is no noise level of a row.",
    );
  }
  if (!sameShape(clean.shape, noise.shape)) {
    throw new ShapeError(
      "addNoise",
      `noise ${showShape(noise.shape)} does not have the shape of the data, ${showShape(clean.shape)}.`,
      "draw normal(clean.shape, random).",
    );
  }
  return linearCombination(evaluate(schedule.alpha, t), clean, evaluate(schedule.sigma, t), noise);
}
