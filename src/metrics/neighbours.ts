/** Scores by nearest neighbours: the 1-NN test, precision, recall, density and coverage, and memorisation. */

import { checkArray, checkOptions, describeNumber } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { median } from "./numbers.ts";
import {
  checkScored,
  checkSets,
  type Labels,
  permutationTest,
  type Score,
  type TwoSamples,
  twoSamples,
  upperTail,
} from "./two-samples.ts";

/**
 * The 1-NN two-sample test: each curve is given the label of its nearest neighbour among all others; the score is the
 * share that this gets right. About 0.5 for two equally large sets of one distribution, 1 for sets that keep apart, and below 0.5 when
 * each fake curve is a copy of a real one.
 *
 * @param relabelled for the p-value of an accuracy this high; default none
 * @example nearestNeighbourAccuracy(twoSamples([[0], [1]], [[8], [9]])).value // 1
 * @see Lopez-Paz & Oquab (2017), "Revisiting classifier two-sample tests", arXiv:1610.06545
 * @see Xu et al. (2018), "An empirical study on evaluation metrics of generative adversarial networks", arXiv:1806.07755
 */
export function nearestNeighbourAccuracy(samples: TwoSamples, relabelled: readonly Labels[] = []): Score {
  checkScored("nearestNeighbourAccuracy", samples, relabelled);
  const { curves, labels } = samples;
  const nearest = curves.map((_, i) => samples.neighbours(i, 1)[0]);
  const accuracy = (one: Labels): number => {
    let right = 0;
    for (let i = 0; i < nearest.length; i++) if (one[i] === one[nearest[i]]) right++;
    return right / nearest.length;
  };
  return permutationTest(accuracy, labels, relabelled, "great");
}

/** The four scores of {@link precisionRecall}. */
export interface PrecisionRecall {
  /** Share of fake curves that lie among the real ones: inside the ball of some real curve. In [0, 1]. */
  readonly precision: Score;
  /** Share of real curves that lie among the fake ones: inside the ball of some fake curve. In [0, 1]. */
  readonly recall: Score;
  /** Balls of real curves that a fake curve lies in, over k: precision that outliers cannot raise. About 1, from 0 upwards. */
  readonly density: Score;
  /** Share of real curves with a fake curve in their ball: recall that outliers cannot raise. In [0, 1], about 1 − 2^−k at best. */
  readonly coverage: Score;
}

/**
 * Precision, recall, density and coverage. The ball of a curve reaches to its k-th nearest neighbour in its own set.
 *
 * @param options.k default 5; less than the curves of each set
 * @param options.relabelled for the p-values: of a density this far from its mean, and of the others this small; default none
 * @throws ArgumentError for a k that is not a whole number ≥ 1 and below the size of both sets
 * @example
 * const samples = twoSamples([[0], [1], [2]], [[0.5], [1.5], [9]]);
 * precisionRecall(samples, { k: 1 }).precision.value // 0.66…: 9 is far from the data
 * @see Kynkäänniemi et al. (2019), "Improved precision and recall metric for assessing generative models", arXiv:1904.06991
 * @see Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative models", arXiv:2002.09797
 */
export function precisionRecall(
  samples: TwoSamples,
  options: { readonly k?: number; readonly relabelled?: readonly Labels[] } = {},
): PrecisionRecall {
  checkOptions("precisionRecall", options, ["k", "relabelled"]);
  const { k = 5, relabelled = [] } = options;
  checkScored("precisionRecall", samples, relabelled);
  const { realCount, fakeCount, labels } = samples;
  if (!Number.isInteger(k) || k < 1 || k >= Math.min(realCount, fakeCount)) {
    throw new ArgumentError(
      "precisionRecall",
      `k is ${describeNumber(k)}, but it must be a whole number from 1 to ${Math.min(realCount, fakeCount) - 1}`,
      "leave it out for 5, and pass sets of more curves than that.",
    );
  }
  // The four belong together; each relabelling is walked once.
  const known = new Map<Labels, Shares>();
  const shares = (one: Labels): Shares => {
    const found = known.get(one) ?? ballShares(samples, one, k);
    known.set(one, found);
    return found;
  };
  const test = (name: keyof Shares, tail: "small" | "both"): Score =>
    permutationTest((one) => shares(one)[name], labels, relabelled, tail);
  return {
    precision: test("precision", "small"),
    recall: test("recall", "small"),
    density: test("density", "both"),
    coverage: test("coverage", "small"),
  };
}

type Shares = Record<"precision" | "recall" | "density" | "coverage", number>;

/**
 * Each curve's neighbours are walked outwards until k of its own kind are met: those of the other kind on the way lie in its ball. With mixed
 * sets some 2k steps are enough.
 */
function ballShares(samples: TwoSamples, labels: Labels, k: number): Shares {
  const { curves, distances } = samples;
  const total = curves.length;
  const inBall = new Uint8Array(total); // of any curve of the other kind
  const sizes = [0, 0];
  let inside = 0; // pairs of a fake curve in a real one's ball
  let covered = 0;
  for (let i = 0; i < total; i++) {
    const own = labels[i];
    sizes[own]++;
    let order = samples.neighbours(i, FIRST_NEIGHBOURS);
    let radius = Infinity;
    let met = 0;
    let others = 0;
    for (let place = 0; place < total - 1; place++) {
      if (place >= order.length) order = samples.neighbours(i, total - 1);
      const j = order[place];
      const distance = distances[i * total + j];
      if (distance > radius) break;
      if (labels[j] === own) {
        if (++met === k) radius = distance; // and on through those at the same distance
      } else {
        inBall[j] = 1;
        others++;
      }
    }
    if (own === 0) {
      inside += others;
      if (others > 0) covered++;
    }
  }
  let precise = 0;
  let recalled = 0;
  for (let i = 0; i < total; i++) {
    if (inBall[i] === 1 && labels[i] === 1) precise++;
    if (inBall[i] === 1 && labels[i] === 0) recalled++;
  }
  return {
    precision: precise / sizes[1],
    recall: recalled / sizes[0],
    density: inside / (k * sizes[1]),
    coverage: covered / sizes[0],
  };
}

/** Enough for k = 5 among mixed sets: longer walks happen once in 10¹¹. */
const FIRST_NEIGHBOURS = 64;

/** What {@link memorisation} finds. */
export interface Memorisation extends Score {
  /** Median distance from a sample to its nearest training curve, in the unit of the curves. */
  readonly toTraining: number;
  /** The same to its nearest unseen curve. */
  readonly toUnseen: number;
}

/**
 * Nearest-neighbour memorisation: the share of samples that lie nearer to a training curve than to any unseen curve of the same
 * distribution, with as many of the one as of the other (ties count half). About 0.5 for a model that has learned the distribution, good or bad;
 * 1 for one that repeats its training curves. The p-value is that of a share this high when which curves were the training ones is
 * drawn at random from both sets (in the normal approximation). Samples are no fair coins: those with the same nearest curve fall together.
 *
 * @param training curves that the model was trained on
 * @param unseen as many curves that it was not trained on: held out, or fresh
 * @throws ShapeError when they are not equally many, or lengths differ
 * @example memorisation([[1], [5]], [[1], [5]], [[2], [4]]).value // 1: copies
 * @see Meehan, Chaudhuri & Dasgupta (2020), "A non-parametric test to detect data-copying in generative models", arXiv:2004.05675
 * @see Alaa et al. (2022), "How faithful is your synthetic data?", arXiv:2102.08921 (authenticity)
 */
export function memorisation(
  samples: readonly ArrayLike<number>[],
  training: readonly ArrayLike<number>[],
  unseen: readonly ArrayLike<number>[],
): Memorisation {
  for (const [name, curves] of Object.entries({ samples, training, unseen }))
    checkArray("memorisation", name, curves, "curves");
  if (training.length !== unseen.length) {
    throw new ShapeError(
      "memorisation",
      `got ${training.length} training curves and ${unseen.length} unseen ones`,
      "pass as many of each: the larger set would be nearer by its size alone.",
    );
  }
  checkSets("memorisation", { training, unseen, samples });
  const { realCount, fakeCount, distances } = twoSamples([...training, ...unseen], samples);
  const half = training.length;
  const [toTraining, toUnseen] = [new Float64Array(fakeCount), new Float64Array(fakeCount)];
  let nearer = 0;
  const samplesOf = new Float64Array(realCount); // whose nearest curve this is
  for (let i = 0; i < fakeCount; i++) {
    const row = distances.subarray((realCount + i) * (realCount + fakeCount)).subarray(0, realCount);
    toTraining[i] = row.subarray(0, half).reduce((least, d) => Math.min(least, d), Infinity);
    toUnseen[i] = row.subarray(half).reduce((least, d) => Math.min(least, d), Infinity);
    const share = toTraining[i] < toUnseen[i] ? 1 : toTraining[i] === toUnseen[i] ? 0.5 : 0;
    nearer += share;
    if (share > 0) samplesOf[row.indexOf(toTraining[i])] += share;
    if (share < 1) samplesOf[half + row.subarray(half).indexOf(toUnseen[i])] += 1 - share;
  }
  const value = nearer / fakeCount;
  // A random half of a finite population of N numbers with the variance s² sums to a variance of N s²/4.
  const mean = fakeCount / realCount;
  const squares = samplesOf.reduce((sum, count) => sum + (count - mean) * (count - mean), 0);
  const deviation = Math.sqrt((realCount * squares) / (4 * (realCount - 1)));
  return {
    value,
    pValue: deviation > 0 ? upperTail((nearer - fakeCount / 2) / deviation) : 0.5,
    toTraining: median(toTraining),
    toUnseen: median(toUnseen),
  };
}
