/** The classifier two-sample test: a small network is trained to tell the sets apart, and judged on curves it has not seen. */

import { noGrad } from "../autograd/tape.ts";
import { checkOptions, describeNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { Linear } from "../nn/linear.ts";
import { silu, softplus } from "../ops/elementwise.ts";
import { indexSelect } from "../ops/indexing.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Adam } from "../optim/adam.ts";
import { tensor } from "../tensor/construction.ts";
import { checkScored, type Score, type TwoSamples, upperTail } from "./two-samples.ts";

/** Options of {@link classifierAccuracy}. */
export interface ClassifierOptions {
  /** Draws the folds, the weights and the order of the curves. */
  readonly random: Random;
  /** Parts of the cross-validation; default 5. */
  readonly folds?: number;
  /** Passes over the training part of each fold; default 100. */
  readonly epochs?: number;
}

/**
 * The classifier two-sample test: a network of one hidden layer (32 SiLU) learns to tell fake from real curves on four fifths of
 * them, and is judged on the rest, five times over. The score is the share of curves that it gets right: about 0.5 for
 * one distribution, 1 for sets that can be told apart always. Each curve is judged once, by a network that has not seen it; the
 * p-value takes the judgements for fair coins (in the normal approximation). Sets of different size are cut to the smaller.
 *
 * Curves are standardised point by point; Adam follows the cross-entropy in batches of 128, its learning rate falling evenly from 0.1 to
 * 0. For twice 1000 curves of 50 points that takes 1 to 2 s.
 *
 * @throws ArgumentError for fewer curves than folds, or options that are not whole numbers above 0 (folds: above 1)
 * @example
 * const sets = twoSamples([[0], [1], [2], [3], [4]], [[90], [91], [92], [93], [94]]);
 * classifierAccuracy(sets, { random: new Random(0) }).value // 1
 * @see Lopez-Paz & Oquab (2017), "Revisiting classifier two-sample tests", arXiv:1610.06545
 */
export function classifierAccuracy(samples: TwoSamples, options: ClassifierOptions): Score {
  checkOptions("classifierAccuracy", options ?? {}, ["random", "folds", "epochs"]);
  const { random, folds = 5, epochs = 100 } = options ?? {};
  checkScored("classifierAccuracy", samples);
  checkRandom("classifierAccuracy", random);
  const { realCount, fakeCount } = samples;
  const count = Math.min(realCount, fakeCount);
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!whole(folds, 2) || !whole(epochs, 1) || count < folds) {
    throw new ArgumentError(
      "classifierAccuracy",
      `${describeNumber(folds)} folds and ${describeNumber(epochs)} epochs do not work with ${count} curves of each set`,
      "use two or more folds, one or more epochs, and at least as many curves as folds.",
    );
  }
  const split = random.fork("folds");
  const real = split.permutation(realCount).subarray(0, count);
  const fake = split.permutation(fakeCount).subarray(0, count);
  // Each fold holds as many real as fake curves, so that there is nothing to be gained from counting.
  const foldOf = (f: number): number[] => {
    const of = (list: Uint32Array, offset: number): number[] =>
      Array.from(
        list.subarray(Math.floor((f * count) / folds), Math.floor(((f + 1) * count) / folds)),
        (i) => i + offset,
      );
    return [...of(real, 0), ...of(fake, realCount)];
  };
  const parts = Array.from({ length: folds }, (_, f) => foldOf(f));
  const inputs = standardised(samples.curves);
  const targets = tensor(Float32Array.from(samples.labels), [samples.labels.length, 1]);
  let right = 0;
  for (let f = 0; f < folds; f++) {
    const training = parts.filter((_, other) => other !== f).flat();
    const classify = train(inputs, targets, training, epochs, random.fork(f));
    const guesses = noGrad(() => classify(indexSelect(inputs, 0, parts[f])).toTypedArray());
    parts[f].forEach((i, place) => {
      if (guesses[place] > 0 === (samples.labels[i] === 1)) right++;
    });
  }
  const value = right / (2 * count);
  return { value, pValue: upperTail((value - 0.5) * 2 * Math.sqrt(2 * count)) };
}

const HIDDEN = 32;
const BATCH = 128;
const LEARNING_RATE = 0.1;

/** A function from curves [batch, points] to the log odds of being fake [batch, 1]. */
function train(
  inputs: Tensor,
  targets: Tensor,
  training: readonly number[],
  epochs: number,
  random: Random,
): (x: Tensor) => Tensor {
  const hidden = new Linear(inputs.shape[1], HIDDEN, random);
  const output = new Linear(HIDDEN, 1, random);
  const classify = (x: Tensor): Tensor => output.forward(hidden.forward(x, silu));
  const optimizer = new Adam([...hidden.parameters(), ...output.parameters()], {
    learningRate: LEARNING_RATE,
  });
  const steps = epochs * Math.ceil(training.length / BATCH);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.shuffle([...training]);
    for (let start = 0; start < order.length; start += BATCH) {
      const batch = order.slice(start, start + BATCH);
      optimizer.learningRate = LEARNING_RATE * (1 - step++ / steps);
      optimizer.zeroGrad();
      const logits = classify(indexSelect(inputs, 0, batch));
      // Cross-entropy of log odds z and label y: ln(1 + e^z) − y z.
      softplus(logits)
        .sub(logits.mul(indexSelect(targets, 0, batch)))
        .mean()
        .backward();
      optimizer.step();
    }
  }
  return classify;
}

/** Each point with mean 0 and standard deviation 1 over all curves: [curves, points]. */
function standardised(curves: readonly ArrayLike<number>[]): Tensor {
  const points = curves[0].length;
  const values = new Float32Array(curves.length * points);
  for (let k = 0; k < points; k++) {
    const mean = curves.reduce((sum, curve) => sum + curve[k], 0) / curves.length;
    const variance =
      curves.reduce((sum, curve) => sum + (curve[k] - mean) * (curve[k] - mean), 0) / curves.length;
    const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
    curves.forEach((curve, i) => {
      values[i * points + k] = (curve[k] - mean) * scale;
    });
  }
  return tensor(values, [curves.length, points]);
}
