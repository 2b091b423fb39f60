/** Learning-rate schedules: the rate at a step, as plain functions, and a scheduler that applies one. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { onHost } from "../kernels/index.ts";
import { cos } from "../kernels/math.ts";
import { Optimizer } from "./optimizer.ts";

/** The learning rate at step 0, 1, 2, … */
export type Schedule = (step: number) => number;

/** Half a cosine from `from` to `to` over `steps` steps, and back up after (Loshchilov & Hutter 2017, arXiv:1608.03983). */
export function cosineSchedule(options: { from: number; to?: number; steps: number }): Schedule {
  checkSettings("cosineSchedule", options, ["from", "steps"], ["to"]);
  const { from, to = 0, steps } = options;
  checkSteps("cosineSchedule", steps);
  return (step) => to + ((from - to) * (1 + cos((Math.PI * step) / steps))) / 2;
}

/** The rate times `factor` after every `every` steps. */
export function stepSchedule(options: { from: number; every: number; factor?: number }): Schedule {
  checkSettings("stepSchedule", options, ["from", "every"], ["factor"]);
  const { from, every, factor = 0.1 } = options;
  checkSteps("stepSchedule", every);
  let [drops, rate] = [0, from];
  return (step) => {
    const wanted = Math.floor(step / every);
    // From where the last call came to, so that a step late in a training costs what an early one does.
    if (!(wanted >= drops)) [drops, rate] = [0, from];
    for (; drops < wanted; drops++) rate *= factor;
    return rate;
  };
}

/**
 * Up from peak/25 to the peak in the first 30 % of the steps, then down to peak/250000, both in half cosines
 * (Smith & Topin 2019, arXiv:1708.07120; the defaults are PyTorch's).
 */
export function oneCycleSchedule(options: {
  peak: number;
  steps: number;
  warmUp?: number;
  startFactor?: number;
  endFactor?: number;
}): Schedule {
  checkSettings("oneCycleSchedule", options, ["peak", "steps"], ["warmUp", "startFactor", "endFactor"]);
  const { peak, steps, warmUp = 0.3, startFactor = 1 / 25, endFactor = 1 / 250000 } = options;
  checkSteps("oneCycleSchedule", steps);
  if (!(warmUp >= 0 && warmUp <= 1)) {
    throw new ArgumentError(
      "oneCycleSchedule",
      `warmUp is ${warmUp}, but must be from 0 to 1.`,
      "it is the part of the steps in which the rate rises, 0.3 by default.",
    );
  }
  const top = warmUp * steps - 1;
  const last = steps - 1;
  const between = (from: number, to: number, part: number): number =>
    to + ((from - to) * (1 + cos(Math.PI * part))) / 2;
  return (step) =>
    step <= top
      ? between(peak * startFactor, peak, top > 0 ? step / top : 1)
      : between(peak, peak * endFactor, Math.min(1, (step - top) / (last - top)));
}

/**
 * Sets an optimiser's learning rate by a schedule: step 0 at once, the next at each `step()`.
 *
 * ```ts
 * const optimizer = new SGD([tensor(1, { requiresGrad: true })], { learningRate: 0.01 });
 * const scheduler = new Scheduler(optimizer, cosineSchedule({ from: 0.01, steps: 2000 }));
 * // in the loop, after optimizer.step():
 * scheduler.step();
 * ```
 */
export class Scheduler {
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  #step = 0;

  /** Sets the rate of step 0 at once. */
  constructor(optimizer: Optimizer, schedule: Schedule) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ArgumentError(
        "Scheduler",
        `takes an optimiser first; got ${describeValue(optimizer)}.`,
        "write new Scheduler(optimizer, schedule).",
      );
    }
    if (typeof schedule !== "function") {
      throw new ArgumentError(
        "Scheduler",
        `a schedule is a function of the step; got ${describeValue(schedule)}.`,
        "use cosineSchedule({ from, steps }), or (step) => 0.1.",
      );
    }
    this.#optimizer = optimizer;
    this.#schedule = schedule;
    optimizer.learningRate = schedule(0);
  }

  /** Moves on to the next step's rate. */
  step(): void {
    const moveOn = (): number[] => {
      this.#optimizer.learningRate = this.#schedule(++this.#step);
      return [];
    };
    onHost(moveOn, [], this, true);
  }
}

/** Options that are all numbers, some of which cannot be left out. */
function checkSettings(
  where: string,
  options: object,
  needed: readonly string[],
  others: readonly string[],
): void {
  checkOptions(where, options ?? {}, [...needed, ...others]);
  for (const name of [...needed, ...others]) {
    const value = (options as Record<string, unknown> | undefined)?.[name];
    if (value === undefined && others.includes(name)) continue;
    if (typeof value === "number" && Number.isFinite(value)) continue;
    throw new ArgumentError(
      where,
      `${name} is ${describeValue(value)}, but must be a finite number.`,
      `write ${where}({ ${needed.join(": …, ")}: … }).`,
    );
  }
}

function checkSteps(where: string, steps: number): void {
  if (Number.isInteger(steps) && steps > 0) return;
  throw new ArgumentError(where, `needs a whole positive number of steps; got ${steps}.`);
}
