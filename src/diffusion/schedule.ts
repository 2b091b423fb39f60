/** Noise schedules: how much of the data (α) and of the noise (σ) a time t holds, x_t = α(t) x₀ + σ(t) ε. */

import type { Expression } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { evaluate } from "../ops/elementwise-record.ts";
import { operands } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { ShapeError } from "../tensor/errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";

/** α and σ as expressions of time, which runs from 0 (data) to 1 (noise). */
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

/** α and σ at a time, as numbers. */
export function scheduleAt(schedule: NoiseSchedule, t: number): { alpha: number; sigma: number } {
  return { alpha: schedule.alpha(numbers, t), sigma: schedule.sigma(numbers, t) };
}

/**
 * Mixes clean data with noise: α(t) x₀ + σ(t) ε.
 *
 * @param clean [batch, features]
 * @param noise [batch, features], standard normal
 * @param t [batch, 1], or a scalar for all
 */
export function addNoise(schedule: NoiseSchedule, clean: Tensor, noise: Tensor, t: Tensor): Tensor {
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
