/** Time grids: where a sampler stops on its way from noise (1) to data (0). Any grid serves any sampler and schedule. */

import { checkOptions, describeNumber, describeValue, LONGEST } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { exp, log, pow } from "../kernels/math.ts";
import { checkSchedule } from "./check.ts";
import { linearSchedule, type NoiseSchedule, timeOfNoiseShare } from "./schedule.ts";

/** Times 1, …, 1/steps, 0 with even spacing. */
export function uniformGrid(steps: number): number[] {
  checkSteps("uniformGrid", steps);
  return Array.from({ length: steps + 1 }, (_, i) => (steps - i) / steps);
}

/** Settings of grids that are laid out in σ/α, the ratio of noise to data. */
export interface RatioGridOptions {
  /** σ/α of the last time before 0; default 0.002. */
  readonly least?: number;
  /** σ/α that the first step starts from; default 80. The first time itself is 1, pure noise, which differs little. */
  readonly greatest?: number;
  /** The schedule that turns σ/α into times; default `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
}

/**
 * The grid of Karras et al. (2022, arXiv:2206.00364, eq. 5): σ/α falls evenly in its ρ-th root, so that steps are
 * shortest near the data.
 *
 * @param options.rho how strongly steps shorten; default 7
 * @example
 * console.log(karrasGrid(4, { greatest: 10 }).map((t) => t.toFixed(3)).join(", ")); // 1.000, 0.606, 0.106, 0.002, 0.000
 */
export function karrasGrid(
  steps: number,
  options: RatioGridOptions & { readonly rho?: number } = {},
): number[] {
  checkOptions("karrasGrid", options, [...RATIO_OPTIONS, "rho"]);
  const { rho = 7 } = options;
  if (!(Number.isFinite(rho) && rho > 0))
    throw new ArgumentError("karrasGrid", `rho is ${describeNumber(rho)}; it must be above 0.`);
  return ratioGrid("karrasGrid", steps, options, (greatest, least, part) => {
    const [from, to] = [pow(greatest, 1 / rho), pow(least, 1 / rho)];
    return pow(from + part * (to - from), rho);
  });
}

/**
 * σ/α falls by the same factor in each step: even in the logarithm of the signal-to-noise ratio. The steps before `greatest` and behind
 * `least` do not shorten with their number, so that the error of a sampler ends at what they leave.
 *
 * @example
 * const grid = logarithmicGrid(4, { least: 0.1, greatest: 10 });
 * console.log(grid.map((t) => t.toFixed(3)).join(", ")); // 1.000, 0.683, 0.317, 0.091, 0.000
 */
export function logarithmicGrid(steps: number, options: RatioGridOptions = {}): number[] {
  checkOptions("logarithmicGrid", options, RATIO_OPTIONS);
  return ratioGrid("logarithmicGrid", steps, options, (greatest, least, part) =>
    exp(log(greatest) + part * log(least / greatest)),
  );
}

const RATIO_OPTIONS: readonly (keyof RatioGridOptions)[] = ["least", "greatest", "schedule"];

function ratioGrid(
  where: string,
  steps: number,
  options: RatioGridOptions,
  ratioAt: (greatest: number, least: number, part: number) => number,
): number[] {
  const { least = 0.002, greatest = 80, schedule = linearSchedule } = options;
  checkSteps(where, steps);
  checkSchedule(where, schedule);
  if (
    !(
      Number.isFinite(least) &&
      Number.isFinite(greatest) &&
      least > 0 &&
      greatest > least &&
      greatest < Infinity
    )
  ) {
    throw new ArgumentError(
      where,
      `got σ/α from ${describeNumber(greatest)} to ${describeNumber(least)}, but 0 < least < greatest < ∞ must hold.`,
    );
  }
  const grid = [1];
  for (let i = 1; i < steps; i++) {
    const ratio = ratioAt(greatest, least, i / (steps - 1));
    grid.push(timeOfNoiseShare(schedule, ratio / (1 + ratio)));
  }
  grid.push(0);
  checkGrid(where, grid);
  return grid;
}

/** @throws ArgumentError unless there are two times or more that fall from at most 1 to at least 0 */
export function checkGrid(where: string, grid: readonly number[]): void {
  if (!Array.isArray(grid)) {
    throw new ArgumentError(
      where,
      `a grid is an array of times; got ${describeValue(grid)}.`,
      "use uniformGrid(31).",
    );
  }
  const falls = grid.every((t, i) => Number.isFinite(t) && t >= 0 && t <= 1 && (i === 0 || t < grid[i - 1]));
  if (grid.length >= 2 && falls) return;
  throw new ArgumentError(
    where,
    `a grid is at least two times that fall from at most 1 to at least 0; got [${grid.map(describeNumber).join(", ")}].`,
  );
}

function checkSteps(where: string, steps: number): void {
  if (Number.isInteger(steps) && steps >= 1 && steps < LONGEST) return;
  throw new ArgumentError(where, `needs a whole positive number of steps; got ${describeNumber(steps)}.`);
}
