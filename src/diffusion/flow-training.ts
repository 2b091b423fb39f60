/** Training of a `ResidualDenoiser` by flow matching, and the measure of how far a denoiser is from the best possible. */

import { noGrad } from "../autograd/tape.ts";
import {
  checkCount,
  checkKind,
  checkNumber,
  checkNumbers,
  checkOptions,
  checkWithin,
  describeValue,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { showShape } from "../basics/shape.ts";
import { indexSelect } from "../ops/indexing.ts";
import { mseLoss } from "../ops/losses.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { AdamW } from "../optim/adam.ts";
import {
  float64,
  joinedStates,
  partOfState,
  type SavedTensor,
  type StateDictionary,
  savedTensors,
  streamFrom,
  streamState,
} from "../optim/saved-state.ts";
import { cosineSchedule, type Schedule } from "../optim/schedules.ts";
import { WeightAverage } from "../optim/weights.ts";
import { arange, normal, tensor, uniform } from "../tensor/construction.ts";
import { checkDenoiser, checkStates } from "./check.ts";
import { compiled } from "./compiled.ts";
import type { ConditionalDenoiser } from "./denoiser.ts";
import { predictionTarget } from "./predictions.ts";
import { ResidualDenoiser } from "./residual-denoiser.ts";
import { addNoise, linearSchedule } from "./schedule.ts";

/** The amounts of noise at which denoisers are compared. */
export const NOISE_LEVELS: readonly number[] = [0.1, 0.3, 0.5, 0.7, 0.9];

/** How a training goes on. */
export interface FlowProgress {
  /** Steps that were done. */
  readonly step: number;
  /** Mean squared error of the predicted flow, over the batches since the last report. */
  readonly train: number;
  /** The same on the validation part with the averaged weights, over times in [0, 1); the same noise at each report. */
  readonly valid: number;
  /**
   * All that the steps after this one depend on, beside options and data: weights, their averages, optimiser and streams. To be called
   * before the next step is asked for; a training with the same options goes on from it, see `state`.
   */
  stateDictionary(): StateDictionary;
}

/** What to train, on what, and how. */
export interface FlowTrainingOptions {
  /** What is trained. */
  readonly model: ResidualDenoiser;
  /** [rows, features], of mean 0 and standard deviation 1 */
  readonly train: Tensor;
  /** [rows, features] */
  readonly valid: Tensor;
  /** Where batches, times and noise come from. */
  readonly random: Random;
  /** Properties of each row, standardised, [rows, conditions]: for a model with conditions. */
  readonly conditions?: { readonly train: Tensor; readonly valid: Tensor };
  /**
   * How often a row is told nothing, so that the model learns to do without (guidance); default 0.1. The other rows are told
   * some of their properties, one to all of them equally often, so that any subset can be asked for.
   */
  readonly dropCondition?: number;
  /** Batches; default 6000. */
  readonly steps?: number;
  /** Rows in a batch; default 256, at most all. */
  readonly batchSize?: number;
  /** Of the first step, from where it falls to 0 as half a cosine, or of each step 0, 1, …; default 0.004. */
  readonly learningRate?: number | Schedule;
  /** Of AdamW; default 0.01. */
  readonly weightDecay?: number;
  /** Of the average of the weights; default 1 − 10/steps, at most 0.999. */
  readonly averageDecay?: number;
  /** Steps from one report to the next; default 100. */
  readonly reportEvery?: number;
  /** How many threads share the work, with the same bits for any number; default 1. */
  readonly threads?: number;
  /** Goes on from where `stateDictionary()` of a report was taken, of a training with the same options; the model gets its weights. */
  readonly state?: ReadonlyMap<string, SavedTensor>;
}

/**
 * Trains by flow matching (Lipman et al. 2023, arXiv:2210.02747): batches in random order, times spread evenly over
 * each batch, AdamW with a learning rate that falls to 0. When it ends, or is left early, the model has the
 * running average of its weights. As a generator it can be followed by a progress bar, paused and left.
 *
 * ```ts
 * const random = new Random(0);
 * const model = new ResidualDenoiser({ features: 3, width: 16 }, random);
 * const [train, valid] = [normal([64, 3], random), normal([16, 3], random)];
 * for (const { step, train: loss } of trainFlow({ model, train, valid, random, steps: 20, reportEvery: 10 })) {
 *   console.log(step, loss);
 * }
 * ```
 */
export function trainFlow(options: FlowTrainingOptions): Generator<FlowProgress, void, void> {
  checkTraining(options);
  return reportsOf(options);
}

function* reportsOf(options: FlowTrainingOptions): Generator<FlowProgress, void, void> {
  const { model, train, valid, random, conditions, steps = 6000, reportEvery = 100 } = options;
  const { learningRate = 0.004, weightDecay = 0.01, dropCondition = 0.1 } = options;
  const { averageDecay = Math.max(0, Math.min(0.999, 1 - 10 / steps)) } = options;
  const batchSize = Math.min(options.batchSize ?? 256, train.shape[0]);
  const rate =
    typeof learningRate === "number" ? cosineSchedule({ from: learningRate, steps }) : learningRate;
  const optimizer = new AdamW(model.parameters(), { learningRate: rate(0), weightDecay });
  const average = new WeightAverage(model.parameters(), { decay: averageDecay });
  const saved = options.state && savedTensors("trainFlow", options.state);
  const streamOf = (name: string): Random =>
    saved === undefined ? random.fork(name) : streamFrom(`trainFlow: ${name}`, partOfState(saved, name));
  const [order, noise, measuring] = [streamOf("order"), streamOf("noise"), random.fork("validation")];
  let first = 0;
  let place = 0;
  if (saved !== undefined) {
    [first, place] = positionIn(saved, steps, train.shape[0]);
    model.loadStateDictionary(partOfState(saved, "model"));
    optimizer.loadStateDictionary(partOfState(saved, "optimizer"));
    average.loadStateDictionary(partOfState(saved, "average"));
  }
  // A permutation is drawn again from where its stream was before.
  let shuffled = streamState(order);
  let rows: Uint32Array = order.permutation(train.shape[0]);
  const stateAfter = (step: number): StateDictionary =>
    joinedStates({
      model: model.stateDictionary(),
      optimizer: optimizer.stateDictionary(),
      average: average.stateDictionary(),
      order: shuffled,
      noise: streamState(noise),
      position: new Map([
        ["step", float64([step])],
        ["row", float64([place])],
      ]),
    });
  let [sum, count] = [0, 0];
  const step = (clean: Tensor, told: ToldConditions | undefined): Tensor => {
    optimizer.zeroGrad();
    const loss = flowLoss(model, clean, noise, told);
    loss.backward();
    optimizer.step();
    average.update();
    return loss;
  };
  const trainOn = compiled(model, ResidualDenoiser, step, options.threads ?? 1);
  try {
    for (let done = first; done < steps; done++) {
      if (place + batchSize > rows.length) {
        shuffled = streamState(order);
        [rows, place] = [order.permutation(rows.length), 0];
      }
      const chosen = [...rows.subarray(place, place + batchSize)];
      place += batchSize;
      optimizer.learningRate = rate(done);
      const told = conditions && tell(indexSelect(conditions.train, 0, chosen), dropCondition, noise);
      sum += trainOn(indexSelect(train, 0, chosen), told).item();
      count++;
      if ((done + 1) % reportEvery !== 0 && done + 1 < steps) continue;
      // A stream of the same state at each report.
      const again = measuring.fork(0);
      const withValid = conditions && tell(conditions.valid, dropCondition, again.fork("known"));
      const validLoss = average.during(() => noGrad(() => flowLoss(model, valid, again, withValid)).item());
      yield new Report(done + 1, sum / count, validLoss, stateAfter);
      [sum, count] = [0, 0];
    }
  } finally {
    noGrad(() => {
      for (const [i, value] of average.values().entries()) model.parameters()[i].assign(value);
    });
  }
}

/** A report that can be copied to other threads: its method stays behind. */
class Report implements FlowProgress {
  readonly step: number;
  readonly train: number;
  readonly valid: number;
  readonly #stateAfter: (step: number) => StateDictionary;

  constructor(step: number, train: number, valid: number, stateAfter: (step: number) => StateDictionary) {
    this.step = step;
    this.train = train;
    this.valid = valid;
    this.#stateAfter = stateAfter;
  }

  stateDictionary(): StateDictionary {
    return this.#stateAfter(this.step);
  }
}

/** How many steps were done, and how many rows of the permutation. @throws ArgumentError for numbers that cannot be */
function positionIn(state: StateDictionary, steps: number, rows: number): [step: number, row: number] {
  const read = (name: string, most: number): number => {
    const value = state.get(`position.${name}`);
    const number = value?.size === 1 ? value.item() : Number.NaN;
    if (Number.isInteger(number) && number >= 0 && number <= most) return number;
    throw new ArgumentError(
      "trainFlow",
      `the state's ${name} is ${number}, not a whole number up to ${most}.`,
    );
  };
  return [read("step", steps), read("row", rows)];
}

/** What a model is told of a batch in training: properties, and which of them count. */
export interface ToldConditions {
  /** [batch, conditions] */
  readonly condition: Tensor;
  /** As of `ResidualDenoiser.forward`; default: all of them. */
  readonly known?: Tensor;
}

/** Withholds everything in a share `drop` of the rows, and in the others all but a random subset of a random size. */
function tell(condition: Tensor, drop: number, random: Random): ToldConditions {
  const [rows, properties] = condition.shape;
  const draws = uniform([rows, properties + 2], random).toTypedArray();
  const known = new Float32Array(rows * properties);
  for (let r = 0; r < rows; r++) {
    const [isTold, size, ...places] = draws.subarray(r * (properties + 2), (r + 1) * (properties + 2));
    let wanted = isTold < drop ? 0 : 1 + Math.floor(size * properties);
    // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): every subset of that size is as likely.
    places.forEach((place, j) => {
      if (place * (properties - j) >= wanted) return;
      known[r * properties + j] = 1;
      wanted--;
    });
  }
  return { condition, known: tensor(known, [rows, properties]) };
}

/**
 * The mean squared error of the predicted flow. Row i of n gets a time from the i-th of n equal parts of [0, 1): as
 * many low as high ones in every batch.
 *
 * @param clean [batch, features]
 * @example
 * const random = new Random(0);
 * const model = new ResidualDenoiser({ features: 3, width: 16 }, random);
 * flowLoss(model, normal([64, 3], random), random).backward();
 */
export function flowLoss(
  model: ResidualDenoiser,
  clean: Tensor,
  random: Random,
  told: ToldConditions | undefined = undefined,
): Tensor {
  const where = "flowLoss";
  if (!(model instanceof ResidualDenoiser))
    throw new ArgumentError(where, `model is ${describeValue(model)}, no ResidualDenoiser.`);
  checkStates(where, "clean", clean);
  checkRandom(where, random);
  if (told !== undefined) checkOptions(`${where}.told`, told, ["condition", "known"]);
  const batch = clean.shape[0];
  const t = uniform([batch, 1], random).add(arange(batch).unsqueeze(1)).div(batch);
  const noise = normal(clean.shape, random);
  const x = addNoise(linearSchedule, clean, noise, t);
  const flow = model.forward(x, t, told?.condition, told?.known);
  return mseLoss(flow, predictionTarget("flow", linearSchedule, clean, noise, t));
}

/**
 * The mean squared error of a denoiser's guesses at each level of noise of the linear schedule. With the same stream
 * two denoisers are measured on the same noise: the error of an exact model's denoiser is the least possible, and what
 * another has more is its excess.
 *
 * @param clean [batch, features]
 * @param options.levels default `NOISE_LEVELS`
 * @returns one for each level
 * @example
 * const clean = normal([1000, 1], new Random(1));
 * const best = denoisingErrors(new GaussianModel([0], [[1]]).denoiser(), clean, new Random(2), { levels: [0.1, 0.5] });
 * const none = denoisingErrors((x) => x, clean, new Random(2), { levels: [0.1, 0.5] });
 * console.log(best[0].toFixed(4), none[0].toFixed(4)); // 0.0129 0.0203
 */
export function denoisingErrors(
  denoiser: ConditionalDenoiser,
  clean: Tensor,
  random: Random,
  options: { readonly levels?: readonly number[]; readonly condition?: Tensor } = {},
): number[] {
  const where = "denoisingErrors";
  checkOptions(where, options, ["levels", "condition"]);
  const { levels = NOISE_LEVELS, condition } = options;
  checkDenoiser(where, denoiser);
  checkStates(where, "clean", clean);
  checkRandom(where, random);
  checkNumbers(where, "levels", levels, { least: 0, most: 1 });
  if (condition !== undefined && !isTensor(condition))
    throw new ArgumentError(where, `condition is ${describeValue(condition)}, not a tensor.`);
  return noGrad(() =>
    Array.from(levels, (level, i) => {
      const noise = normal(clean.shape, random.fork(i));
      const guess = denoiser(addNoise(linearSchedule, clean, noise, tensor(level)), level, condition);
      return mseLoss(guess, clean).item();
    }),
  );
}

/** @throws ArgumentError and ShapeError, at the call itself, for what is missing or does not fit */
function checkTraining(options: FlowTrainingOptions): void {
  const where = "trainFlow";
  checkOptions(where, options ?? {}, OPTIONS);
  const { model, train, valid, random, conditions, dropCondition = 0.1 } = options ?? {};
  if (!(model instanceof ResidualDenoiser)) {
    throw new ArgumentError(where, `model is ${describeValue(model)}, no ResidualDenoiser.`);
  }
  const { features, conditions: wanted } = model.sizes;
  const check = (name: string, value: Tensor, rows: number | undefined, columns: number): void => {
    if (!isTensor(value)) throw new ArgumentError(where, `${name} is ${describeValue(value)}, not a tensor.`);
    const fits =
      value.rank === 2 && value.shape[1] === columns && (rows ?? value.shape[0]) === value.shape[0];
    if (fits && value.shape[0] > 0) return;
    throw new ShapeError(where, `${name} is ${showShape(value.shape)}, not [${rows ?? "rows"}, ${columns}].`);
  };
  check("train", train, undefined, features);
  check("valid", valid, undefined, features);
  if (conditions !== undefined) {
    checkKind(where, "conditions", conditions, "object", "give { train, valid }.");
    check("conditions.train", conditions.train, train.shape[0], wanted);
    check("conditions.valid", conditions.valid, valid.shape[0], wanted);
  }
  checkRandom(where, random);
  for (const name of ["steps", "batchSize", "reportEvery", "threads"] as const)
    checkCount(where, name, options[name] ?? 1);
  checkWithin(where, "dropCondition", dropCondition, { least: 0, most: 1 });
  const { learningRate } = options;
  if (learningRate !== undefined && typeof learningRate !== "function")
    checkNumber(where, "learningRate", learningRate);
  if (options.state !== undefined) savedTensors(where, options.state);
}

const OPTIONS: readonly (keyof FlowTrainingOptions)[] = [
  "threads",
  "model",
  "train",
  "valid",
  "random",
  "conditions",
  "dropCondition",
  "steps",
  "batchSize",
  "learningRate",
  "weightDecay",
  "averageDecay",
  "reportEvery",
  "state",
];
