/** The denoising objective, and the loop that trains on it. */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { showShape } from "../basics/shape.ts";
import { Module } from "../nn/module.ts";
import { mseLoss } from "../ops/losses.ts";
import { isTensor, operand, withoutTemporaries } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Adam, AdamW } from "../optim/adam.ts";
import { Optimizer } from "../optim/optimizer.ts";
import { SGD } from "../optim/sgd.ts";
import { normal, uniform } from "../tensor/construction.ts";
import { DenoisingAutoencoder } from "./autoencoder.ts";
import { checkSchedule } from "./check.ts";
import { compiled } from "./compiled.ts";
import { addNoise, linearSchedule, type NoiseSchedule } from "./schedule.ts";

/** The losses of one pass over the data. */
export interface EpochLosses {
  /** 0, 1, … */
  readonly epoch: number;
  /** Mean squared error of the guesses from noisy curves. */
  readonly train: number;
  /** The same on the validation part, from clean curves, after the epoch's update. */
  readonly valid: number;
}

/** What to train, on what, and how. */
export interface TrainingOptions {
  /** Guesses clean curves from noisy ones. */
  readonly model: Module;
  /** Made with the model's parameters. */
  readonly optimizer: Optimizer;
  /** [curves, features], standardised */
  readonly train: Tensor;
  /** [curves, features], standardised */
  readonly valid: Tensor;
  /** Draws the noise and its amounts. */
  readonly random: Random;
  /** How many passes over the training part, a step each. */
  readonly epochs: number;
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
  /** The epoch to begin with, of a training that goes on; default 0. */
  readonly firstEpoch?: number;
  /** How many threads share the work, with the same bits for any number; default 1. */
  readonly threads?: number;
}

/**
 * How far guesses of clean curves from noisy ones are off: the mean squared error, with an amount of noise drawn
 * uniformly from [0, 1) for each curve.
 *
 * @param clean [batch, features]
 * @example
 * const random = new Random(0);
 * const model = new DenoisingAutoencoder(random, [3, 2]);
 * denoisingLoss(model, normal([8, 3], random), random).backward();
 */
export function denoisingLoss(
  model: Module,
  clean: Tensor,
  random: Random,
  schedule: NoiseSchedule = linearSchedule,
): Tensor {
  clean = operand("denoisingLoss", clean);
  if (clean.rank !== 2) {
    throw new ShapeError(
      "denoisingLoss",
      `takes curves as [batch, features]; got ${showShape(clean.shape)}.`,
      "one curve is a batch too: unsqueeze(0) it.",
    );
  }
  if (!(model instanceof Module))
    throw new ArgumentError("denoisingLoss", `model is ${describeValue(model)}, no Module.`);
  checkRandom("denoisingLoss", random);
  checkSchedule("denoisingLoss", schedule);
  const mix = (): Tensor => {
    const t = uniform([clean.shape[0], 1], random);
    return addNoise(schedule, clean, normal(clean.shape, random), t);
  };
  // Nobody reads the noise again, unless the curves themselves are differentiated by.
  const noisy = clean.requiresGrad ? mix() : withoutTemporaries(mix);
  return mseLoss(model.forward(noisy), clean);
}

/**
 * Trains with the whole training part as one batch, an epoch for each step of the iteration. As a generator it can
 * be followed by a progress bar, paused by a browser between frames, and left early.
 *
 * ```ts
 * const random = new Random(0);
 * const model = new DenoisingAutoencoder(random, [3, 2]);
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
 * const [train, valid] = [normal([8, 3], random), normal([2, 3], random)];
 * for (const losses of trainDenoiser({ model, optimizer, train, valid, random, epochs: 5 })) {
 *   console.log(losses.epoch, losses.train, losses.valid);
 * }
 * ```
 *
 * @throws ArgumentError, at the call itself, for what is missing or of another kind
 */
export function trainDenoiser(options: TrainingOptions): Generator<EpochLosses, void, void> {
  const where = "trainDenoiser";
  checkOptions(where, options ?? {}, [
    "model",
    "optimizer",
    "train",
    "valid",
    "random",
    "epochs",
    "schedule",
    "firstEpoch",
    "threads",
    "standardization", // of a Dataset that is spread in
  ]);
  const { model, optimizer, train, valid, random, epochs } = options ?? {};
  for (const [name, value, kind] of [
    ["model", model, Module],
    ["optimizer", optimizer, Optimizer],
  ] as const) {
    if (value instanceof kind) continue;
    throw new ArgumentError(
      where,
      `${name} is ${describeValue(value)}, no ${kind.name}.`,
      `pass { ${name}: … }.`,
    );
  }
  for (const [name, value] of [
    ["train", train],
    ["valid", valid],
  ] as const) {
    if (isTensor(value)) continue;
    throw new ArgumentError(
      where,
      `${name} is ${describeValue(value)}, not a tensor of curves.`,
      "splitDataset(rows, random) makes both of rows.",
    );
  }
  checkRandom(where, random);
  checkCount(where, "epochs", epochs, 0);
  checkCount(where, "firstEpoch", options.firstEpoch ?? 0, 0);
  checkCount(where, "threads", options.threads ?? 1);
  if (options.schedule !== undefined) checkSchedule(where, options.schedule);
  return epochsOf(options);
}

function* epochsOf(options: TrainingOptions): Generator<EpochLosses, void, void> {
  const { model, optimizer, train, valid, random, epochs, schedule = linearSchedule } = options;
  const { firstEpoch = 0 } = options;
  // An optimiser of somebody else's may look at values, as networks may.
  const isOwn = OPTIMIZERS.has(optimizer.constructor) && !Object.hasOwn(optimizer, "step");
  const wrap = (f: (curves: Tensor) => Tensor): typeof f =>
    isOwn ? compiled(model, DenoisingAutoencoder, f, options.threads ?? 1) : f;
  const step = wrap((curves) => {
    optimizer.zeroGrad();
    const loss = denoisingLoss(model, curves, random, schedule);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const validate = wrap((curves) => noGrad(() => mseLoss(model.forward(curves), curves)));
  for (let epoch = firstEpoch; epoch < epochs; epoch++) {
    yield { epoch, train: step(train).item(), valid: validate(valid).item() };
  }
}

const OPTIMIZERS: ReadonlySet<unknown> = /* @__PURE__ */ new Set([Adam, AdamW, SGD]);
