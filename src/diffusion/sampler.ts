/** Samplers: from noise to data, along a grid of times, guided by a denoiser's guess of the clean data. */

import { noGrad } from "../autograd/tape.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { isTensor } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkOptions, describeValue } from "../tensor/check.ts";
import { ArgumentError, DtypeError, ShapeError } from "../tensor/errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { linearSchedule, type NoiseSchedule, scheduleAt } from "./schedule.ts";

/** The guess x̂₀ of the clean data behind x at time t. A network that is not told t ignores it. */
export type Denoiser = (x: Tensor, t: number) => Tensor;

/** What a sampler tells after each evaluation of the denoiser. */
export interface SamplerStep {
  /** 0, 1, …: how many steps were taken before. */
  readonly step: number;
  /** The time of the state. */
  readonly t: number;
  /** The state that the denoiser saw. [batch, features] */
  readonly state: Tensor;
  /** Its guess of the clean data. [batch, features] */
  readonly prediction: Tensor;
}

/** Settings that samplers share. */
export interface SamplerOptions {
  /** Times from 1 (noise) down to 0 (data). Default: `uniformGrid(31)`. */
  readonly grid?: readonly number[];
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
  /** Called after each evaluation of the denoiser. */
  readonly onStep?: (step: SamplerStep) => void;
}

/** Times 1, …, 1/steps, 0 with even spacing. */
export function uniformGrid(steps: number): number[] {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new ArgumentError("uniformGrid", `needs a whole positive number of steps; got ${steps}.`);
  }
  return Array.from({ length: steps + 1 }, (_, i) => (steps - i) / steps);
}

/**
 * Euler's method on the flow dx/dt = α′(t) x̂₀ + σ′(t) ε̂ with ε̂ = (x − α x̂₀)/σ held fixed over each step (DDIM:
 * Song, Meng & Ermon 2021, arXiv:2010.02502): from t to s, x ← α(s) x̂₀ + σ(s) ε̂.
 *
 * With the linear schedule and an even grid of N steps this is x ← (1 − m) x + m x̂₀ with m = 1/(N − i), the
 * reference post's sampler.
 *
 * @param start standard normal noise, [batch, features]
 * @returns the samples, [batch, features]
 */
export function eulerSampler(denoiser: Denoiser, start: Tensor, options: SamplerOptions = {}): Tensor {
  const where = "eulerSampler";
  checkOptions(where, options, ["grid", "schedule", "onStep"]);
  if (typeof denoiser !== "function") {
    throw new ArgumentError(
      where,
      `a denoiser is a function of x and t; got ${describeValue(denoiser)}.`,
      "of a module: (x) => model.forward(x).",
    );
  }
  if (!isTensor(start)) {
    throw new DtypeError(
      where,
      `starts from a tensor of noise; got ${describeValue(start)}.`,
      "draw normal([10, 50], random).",
    );
  }
  const { grid = uniformGrid(31), schedule = linearSchedule, onStep } = options;
  checkGrid(where, grid);
  return noGrad(() => {
    let x = start;
    for (let step = 0; step + 1 < grid.length; step++) {
      const now = scheduleAt(schedule, grid[step]);
      const next = scheduleAt(schedule, grid[step + 1]);
      const prediction = denoiser(x, grid[step]);
      if (!isTensor(prediction) || !sameShape(prediction.shape, x.shape)) {
        throw new ShapeError(
          where,
          `the denoiser returned ${describeValue(prediction)} for ${showShape(x.shape)}: a guess has the shape of the state.`,
          "return a tensor of the shape of x.",
        );
      }
      onStep?.({ step, t: grid[step], state: x, prediction });
      const keep = next.sigma / now.sigma;
      x = linearCombination(keep, x, next.alpha - now.alpha * keep, prediction);
    }
    return x;
  });
}

function checkGrid(where: string, grid: readonly number[]): void {
  if (!Array.isArray(grid)) {
    throw new ArgumentError(
      where,
      `a grid is an array of times; got ${describeValue(grid)}.`,
      "use uniformGrid(31).",
    );
  }
  const falls = grid.every((t, i) => t >= 0 && t <= 1 && (i === 0 || t < grid[i - 1]));
  if (grid.length >= 2 && falls) return;
  throw new ArgumentError(
    where,
    `a grid is at least two times that fall from at most 1 to at least 0; got [${grid.join(", ")}].`,
  );
}
