/** Learning-rate schedules: the rate at a step, as plain functions, and a scheduler that applies one. */

import { checkCount, checkNumber, checkOptions, describeOther, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { changeOnHost } from "../kernels/index.ts";
import { cos, pow } from "../kernels/math.ts";
import { tensor } from "../tensor/construction.ts";
import { checkAtLeast, Optimizer } from "./optimizer.ts";
import { type SavedTensor, SCHEDULER, type StateDictionary, savedTensors } from "./saved-state.ts";

/** The learning rate at step 0, 1, 2, … */
export type Schedule = (step: number) => number;

/** Half a cosine from `from` to `to` over `steps` steps, and back up after (Loshchilov & Hutter 2017, arXiv:1608.03983). */
export function cosineSchedule(options: { from: number; to?: number; steps: number }): Schedule {
  checkSettings("cosineSchedule", options, ["from", "steps"], ["to"]);
  const { from, to = 0, steps } = options;
  checkSteps("cosineSchedule", steps);
  return (step) => halfCosine(from, to, (Math.PI * step) / steps);
}

/** From `from` at angle 0 to `to` at π, both exactly, and never beyond them. */
function halfCosine(from: number, to: number, angle: number): number {
  const share = (1 + cos(angle)) / 2;
  const rate = share === 1 ? from : to + (from - to) * share;
  return Math.min(Math.max(rate, Math.min(from, to)), Math.max(from, to));
}

/** The rate times `factor` after every `every` steps. */
export function stepSchedule(options: { from: number; every: number; factor?: number }): Schedule {
  checkSettings("stepSchedule", options, ["from", "every"], ["factor"]);
  const { from, every, factor = 0.1 } = options;
  checkSteps("stepSchedule", every);
  const rates = [from];
  return (step) => {
    const drops = Math.max(0, Math.floor(step / every));
    // Product by product while the list is short, of the same bits whatever step was asked for before.
    const known = Math.min(drops, 1000);
    while (rates.length <= known) rates.push(rates[rates.length - 1] * factor);
    return rates[known] * pow(factor, drops - known);
  };
}

/** The rate times `factor` at every step: from · factorⁿ. */
export function exponentialSchedule(options: { from: number; factor: number }): Schedule {
  checkSettings("exponentialSchedule", options, ["from", "factor"], []);
  const { from, factor } = options;
  return (step) => from * pow(factor, step);
}

/**
 * Half a cosine from `from` to `to` over `steps` steps, then from the start again, each period `growth` times as long as the one
 * before (Loshchilov & Hutter 2017, arXiv:1608.03983).
 */
export function cosineRestartsSchedule(options: {
  from: number;
  to?: number;
  steps: number;
  growth?: number;
}): Schedule {
  checkSettings("cosineRestartsSchedule", options, ["from", "steps"], ["to", "growth"]);
  const { from, to = 0, steps, growth = 1 } = options;
  checkSteps("cosineRestartsSchedule", steps);
  if (!(Number.isInteger(growth) && growth >= 1))
    throw new ArgumentError(
      "cosineRestartsSchedule",
      `growth is a whole number of at least 1; got ${growth}.`,
    );
  return (step) => {
    let [start, length] = [growth === 1 ? Math.floor(step / steps) * steps : 0, steps];
    // Periods that grow are few.
    while (growth > 1 && step >= start + length) [start, length] = [start + length, length * growth];
    return halfCosine(from, to, (Math.PI * (step - start)) / length);
  };
}

/**
 * Another schedule after `steps` steps in which the rate rises evenly to its first value, from `startFactor` times that (0 by
 * default).
 *
 * ```ts
 * const rate = warmUpSchedule({ steps: 4, schedule: cosineSchedule({ from: 0.1, steps: 100 }) });
 * [rate(0), rate(2), rate(4)]; // [0, 0.05, 0.1]
 * ```
 */
export function warmUpSchedule(options: {
  steps: number;
  startFactor?: number;
  schedule: Schedule;
}): Schedule {
  checkOptions("warmUpSchedule", options, ["steps", "startFactor", "schedule"]);
  const { schedule, ...numbers } = options ?? {};
  checkSettings("warmUpSchedule", numbers, ["steps"], ["startFactor"]);
  const { steps, startFactor = 0 } = numbers;
  checkSteps("warmUpSchedule", steps);
  checkSchedule("warmUpSchedule", schedule);
  return (step) =>
    step < steps ? schedule(0) * (startFactor + ((1 - startFactor) * step) / steps) : schedule(step - steps);
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
  return (step) =>
    step <= top
      ? halfCosine(peak * startFactor, peak, Math.PI * (top > 0 ? step / top : 1))
      : halfCosine(peak, peak * endFactor, Math.PI * Math.min(1, (step - top) / (last - top)));
}

/**
 * Sets an optimiser's learning rate by a schedule: step 0 at once, the next at each `step()`.
 *
 * ```ts
 * const optimizer = new SGD([tensor(1, { requiresGrad: true })], { learningRate: 0.01 });
 * const scheduler = new Scheduler(optimizer, cosineSchedule({ from: 0.01, steps: 2000 }));
 * // in the loop, after optimizer.step():
 * scheduler.step();
 * // What to save, and to load into both again:
 * const state = new Map([...optimizer.stateDictionary(), ...scheduler.stateDictionary()]);
 * optimizer.loadStateDictionary(state);
 * scheduler.loadStateDictionary(state);
 * ```
 */
export class Scheduler {
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  #step = 0;

  /** Sets the rate of step 0 at once. */
  constructor(optimizer: Optimizer, schedule: Schedule) {
    checkOptimizer("Scheduler", optimizer, "schedule");
    checkSchedule("Scheduler", schedule);
    this.#optimizer = optimizer;
    this.#schedule = schedule;
    optimizer.learningRate = schedule(0);
  }

  /** Moves on to the next step's rate. */
  step(): void {
    const moveOn = (): void => {
      this.#optimizer.learningRate = this.#schedule(++this.#step);
    };
    changeOnHost(moveOn, this, true);
  }

  /** Where it stands: under a name of its own, so that one dictionary, and one file, can hold the optimiser's state too. */
  stateDictionary(): StateDictionary {
    return stateOf({ step: this.#step });
  }

  /**
   * Goes on where `stateDictionary()` was taken, with the rate of that step. What else is in the dictionary is not looked at.
   *
   * @throws ArgumentError where no scheduler's state is in it; nothing is changed then
   */
  loadStateDictionary(state: ReadonlyMap<string, SavedTensor>): void {
    const [step] = numbersIn("Scheduler.loadStateDictionary", state, ["step"]);
    checkCount("Scheduler.loadStateDictionary", "step", step, 0);
    this.#step = step;
    this.#optimizer.learningRate = this.#schedule(step);
  }
}

/** Options of PlateauScheduler. */
export interface PlateauOptions {
  /** What the rate is multiplied with. Default 0.1. */
  readonly factor?: number;
  /** How many steps without improvement are let pass. Default 10. */
  readonly patience?: number;
  /** An improvement is a loss below the best by more than this part of it. Default 1e-4. */
  readonly threshold?: number;
  /** The rate stays at least as high. Default 0. */
  readonly lowest?: number;
}

/**
 * Lowers an optimiser's learning rate where the loss has stopped falling. As in PyTorch's `ReduceLROnPlateau`.
 *
 * ```ts
 * const optimizer = new SGD([tensor(1, { requiresGrad: true })], { learningRate: 0.1 });
 * const scheduler = new PlateauScheduler(optimizer, { patience: 1, factor: 0.5 });
 * for (const loss of [3, 2, 2, 2]) scheduler.step(loss);
 * optimizer.learningRate; // 0.05
 * ```
 */
export class PlateauScheduler {
  readonly #optimizer: Optimizer;
  readonly #options: Required<PlateauOptions>;
  #best = Infinity;
  #waited = 0;

  /** Leaves the rate as it is until `step` says otherwise. */
  constructor(optimizer: Optimizer, options: PlateauOptions = {}) {
    checkOptimizer("PlateauScheduler", optimizer, "options");
    checkSettings("PlateauScheduler", options, [], ["factor", "patience", "threshold", "lowest"]);
    const { factor = 0.1, patience = 10, threshold = 1e-4, lowest = 0 } = options;
    checkAtLeast("PlateauScheduler", "factor", factor, 0, 1);
    checkCount("PlateauScheduler", "patience", patience, 0);
    checkAtLeast("PlateauScheduler", "threshold", threshold, 0, 1);
    checkAtLeast("PlateauScheduler", "lowest", lowest, 0);
    this.#optimizer = optimizer;
    this.#options = { factor, patience, threshold, lowest };
  }

  /** Takes note of the loss, of an epoch for example, and lowers the rate where it is time. A loss of NaN is no improvement. */
  step(loss: number): void {
    checkNumber("PlateauScheduler.step", "the loss", loss);
    changeOnHost(() => this.#take(loss), [this, loss]);
  }

  #take(loss: number): void {
    const { factor, patience, threshold, lowest } = this.#options;
    const improvement = this.#best === Infinity ? 0 : threshold * Math.abs(this.#best);
    if (loss < this.#best - improvement) [this.#best, this.#waited] = [loss, 0];
    else this.#waited++;
    if (this.#waited <= patience) return;
    const rate = this.#optimizer.learningRate;
    this.#optimizer.learningRate = Math.min(rate, Math.max(rate * factor, lowest));
    this.#waited = 0;
  }

  /** The best loss so far, and how long it has been the best; the rate is part of the optimiser's state. */
  stateDictionary(): StateDictionary {
    return stateOf({ best: this.#best, waited: this.#waited });
  }

  /**
   * Goes on where `stateDictionary()` was taken. What else is in the dictionary is not looked at.
   *
   * @throws ArgumentError where no such scheduler's state is in it; nothing is changed then
   */
  loadStateDictionary(state: ReadonlyMap<string, SavedTensor>): void {
    const [best, waited] = numbersIn("PlateauScheduler.loadStateDictionary", state, ["best", "waited"]);
    checkCount("PlateauScheduler.loadStateDictionary", "waited", waited, 0);
    [this.#best, this.#waited] = [best, waited];
  }
}

function stateOf(numbers: Readonly<Record<string, number>>): StateDictionary {
  return new Map(
    Object.entries(numbers).map(([name, value]) => [SCHEDULER + name, tensor(value, { dtype: "float64" })]),
  );
}

function numbersIn(
  where: string,
  state: ReadonlyMap<string, SavedTensor>,
  names: readonly string[],
): number[] {
  const values = savedTensors(where, state);
  return names.map((name) => {
    const value = values.get(SCHEDULER + name);
    if (value?.size === 1) return value.item();
    throw new ArgumentError(
      where,
      `missing ${SCHEDULER}${name}.`,
      "load what stateDictionary() of a scheduler of this kind returned.",
    );
  });
}

function checkOptimizer(where: string, optimizer: unknown, rest: string): void {
  if (optimizer instanceof Optimizer) return;
  throw new ArgumentError(
    where,
    `takes an optimiser first; got ${describeOther(optimizer, "step", "zeroGrad")}.`,
    `write new ${where}(optimizer, ${rest}).`,
  );
}

function checkSchedule(where: string, schedule: unknown): void {
  if (typeof schedule === "function") return;
  throw new ArgumentError(
    where,
    `a schedule is a function of the step; got ${describeValue(schedule)}.`,
    "use cosineSchedule({ from, steps }), or (step) => 0.1.",
  );
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
