/** From measured numbers to what a network trains on: shuffle, split, standardise. */

import {
  checkKind,
  checkNumbers,
  checkOptions,
  checkWithin,
  describeNumber,
  describeValue,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkRows, checkStates } from "./check.ts";

/** The way from measured numbers to what a network trains on, and back. */
export interface Representation {
  /** Rows as a tensor, [rows, features] in float32. */
  apply(rows: readonly ArrayLike<number>[]): Tensor;
  /** Rows in their original unit. */
  invert(represented: Tensor): Float64Array[];
}

/**
 * One mean and one standard deviation for all features.
 *
 * @example new Standardization(100, 20).apply([[100, 140]]); // tensor([[0, 2]])
 */
export class Standardization implements Representation {
  /** What is subtracted. */
  readonly mean: number;
  /** What is divided by. */
  readonly standardDeviation: number;

  /**
   * From known statistics; `Standardization.of` computes them.
   *
   * @throws ArgumentError unless both are finite and the deviation is above 0
   */
  constructor(mean: number, standardDeviation: number) {
    if (!(Number.isFinite(mean) && Number.isFinite(standardDeviation) && standardDeviation > 0)) {
      throw new ArgumentError(
        "Standardization",
        `mean ${describeNumber(mean)} and standard deviation ${describeNumber(standardDeviation)} cannot standardise anything.`,
        "give at least two finite values that differ.",
      );
    }
    this.mean = mean;
    this.standardDeviation = standardDeviation;
  }

  /** The mean of all values of all rows, and their sample standard deviation. */
  static of(rows: readonly ArrayLike<number>[]): Standardization {
    checkRows("Standardization.of", rows);
    let sum = 0;
    let count = 0;
    for (const row of rows) {
      for (let i = 0; i < row.length; i++) sum += row[i];
      count += row.length;
    }
    const mean = sum / count;
    let squares = 0;
    for (const row of rows) for (let i = 0; i < row.length; i++) squares += (row[i] - mean) * (row[i] - mean);
    return new Standardization(mean, Math.sqrt(squares / (count - 1)));
  }

  /**
   * Rows as a tensor of mean 0 and standard deviation 1, [rows, features] in float32.
   *
   * @throws ShapeError when rows differ in length
   */
  apply(rows: readonly ArrayLike<number>[]): Tensor {
    const features = checkRows("Standardization", rows);
    const values = new Float32Array(rows.length * features);
    rows.forEach((row, r) => {
      for (let i = 0; i < features; i++)
        values[r * features + i] = (row[i] - this.mean) / this.standardDeviation;
    });
    return tensor(values, [rows.length, features]);
  }

  /** As `invert`, in recorded operations: what wishes of guided samples are functions of. [rows, features] → the same. */
  decode(standardized: Tensor): Tensor {
    checkStates("Standardization.decode", "the argument", standardized);
    return standardized.mul(this.standardDeviation).add(this.mean);
  }

  /** Rows in their original unit. */
  invert(standardized: Tensor): Float64Array[] {
    if (!isTensor(standardized) || standardized.rank !== 2) {
      throw new ShapeError(
        "Standardization.invert",
        `takes rows as a tensor [rows, features]; got ${describeValue(standardized)}.`,
        "one row is a batch too: unsqueeze(0) it.",
      );
    }
    const [rows, features] = standardized.shape;
    const values = standardized.toTypedArray();
    return Array.from({ length: rows }, (_, r) =>
      Float64Array.from(
        { length: features },
        (_, i) => values[r * features + i] * this.standardDeviation + this.mean,
      ),
    );
  }
}

/**
 * One mean and one standard deviation for each feature: of properties in different units.
 *
 * @example new FeatureStandardization([100, 10], [20, 1]).apply([[140, 11]]); // tensor([[2, 1]])
 */
export class FeatureStandardization implements Representation {
  /** What is subtracted, [features] */
  readonly means: Float64Array;
  /** What is divided by, [features] */
  readonly standardDeviations: Float64Array;

  /**
   * From known statistics; `FeatureStandardization.of` computes them.
   *
   * @throws ShapeError for lists of different lengths, ArgumentError unless all are finite and the deviations above 0
   */
  constructor(means: ArrayLike<number>, standardDeviations: ArrayLike<number>) {
    checkNumbers("FeatureStandardization", "means", means);
    checkNumbers("FeatureStandardization", "standardDeviations", standardDeviations);
    this.means = Float64Array.from(means);
    this.standardDeviations = Float64Array.from(standardDeviations);
    const [count, deviations] = [this.means.length, this.standardDeviations.length];
    if (count === 0 || count !== deviations) {
      throw new ShapeError(
        "FeatureStandardization",
        `got ${count} means, ${deviations} standard deviations.`,
      );
    }
    // Throws for those that cannot standardise.
    this.means.forEach((mean, i) => void new Standardization(mean, this.standardDeviations[i]));
  }

  /** The mean of each feature, and its sample standard deviation. */
  static of(rows: readonly ArrayLike<number>[]): FeatureStandardization {
    const features = checkRows("FeatureStandardization.of", rows);
    const each = Array.from({ length: features }, (_, i) => Standardization.of(rows.map((row) => [row[i]])));
    return new FeatureStandardization(
      each.map(({ mean }) => mean),
      each.map(({ standardDeviation }) => standardDeviation),
    );
  }

  /**
   * Rows as a tensor, each feature of mean 0 and standard deviation 1, [rows, features] in float32.
   *
   * @throws ShapeError for rows of another length
   */
  apply(rows: readonly ArrayLike<number>[]): Tensor {
    const features = this.means.length;
    const found = checkRows("FeatureStandardization", rows);
    if (found !== features) {
      throw new ShapeError("FeatureStandardization", `rows have ${found} values, not ${features}.`);
    }
    const values = rows.flatMap((row) =>
      Array.from(this.means, (mean, i) => (row[i] - mean) / this.standardDeviations[i]),
    );
    return tensor(Float32Array.from(values), [rows.length, features]);
  }

  /** Rows in their original units. */
  invert(standardized: Tensor): Float64Array[] {
    const features = this.means.length;
    if (!isTensor(standardized) || standardized.rank !== 2 || standardized.shape[1] !== features) {
      throw new ShapeError(
        "FeatureStandardization.invert",
        `takes rows as a tensor [rows, ${features}]; got ${describeValue(standardized)}.`,
        "one row is a batch too: unsqueeze(0) it.",
      );
    }
    const values = standardized.toTypedArray();
    return Array.from({ length: standardized.shape[0] }, (_, r) =>
      this.means.map((mean, i) => values[r * features + i] * this.standardDeviations[i] + mean),
    );
  }
}

/** Training and validation data, standardised by the statistics of the training part. */
export interface Dataset<Standard extends Representation = Standardization> {
  /** [curves, features] */
  readonly train: Tensor;
  /** [curves, features] */
  readonly valid: Tensor;
  /** The training part's statistics, to turn results back into the data's unit. */
  readonly standardization: Standard;
}

/**
 * Shuffles the rows, sets some aside for validation, and standardises both parts by the mean and the standard
 * deviation of the training part, so that nothing of the validation part leaks into training.
 *
 * @param options.validFraction the part set aside; default 0.2
 * @throws ShapeError when rows differ in length, ArgumentError when there are too few
 * @example
 * const rows = Array.from({ length: 10 }, (_, i) => [i, 2 * i]);
 * const { train, valid, standardization } = splitDataset(rows, new Random(0));
 * console.log(train.shape, valid.shape, standardization.mean); // [8, 2] [2, 2] 6.75
 */
export function splitDataset(
  rows: readonly ArrayLike<number>[],
  random: Random,
  options?: { validFraction?: number },
): Dataset;
/**
 * The same with another representation than `Standardization`.
 *
 * @param options.represent makes it from the rows of the training part
 */
export function splitDataset<Standard extends Representation>(
  rows: readonly ArrayLike<number>[],
  random: Random,
  options: { validFraction?: number; represent: (rows: readonly ArrayLike<number>[]) => Standard },
): Dataset<Standard>;
export function splitDataset(
  rows: readonly ArrayLike<number>[],
  random: Random,
  options: {
    validFraction?: number;
    represent?: (rows: readonly ArrayLike<number>[]) => Representation;
  } = {},
): Dataset<Representation> {
  checkRows("splitDataset", rows);
  checkRandom("splitDataset", random);
  checkOptions("splitDataset", options, ["validFraction", "represent"]);
  const { validFraction = 0.2, represent = (part) => Standardization.of(part) } = options;
  checkWithin("splitDataset", "validFraction", validFraction);
  checkKind("splitDataset", "represent", represent, "function");
  const validCount = Math.round(rows.length * validFraction);
  if (!(validFraction > 0 && validFraction < 1) || validCount < 1 || rows.length - validCount < 2) {
    throw new ArgumentError(
      "splitDataset",
      `${rows.length} rows with a fraction of ${validFraction} set aside leave too few to train or validate on.`,
      "give at least 5 rows and a fraction such as 0.2.",
    );
  }
  const shuffled = Array.from(random.permutation(rows.length), (i) => rows[i]);
  const train = shuffled.slice(validCount);
  const valid = shuffled.slice(0, validCount);
  const standardization = represent(train);
  if (typeof standardization?.apply !== "function") {
    throw new ArgumentError(
      "splitDataset",
      `represent returned ${describeValue(standardization)}, no representation.`,
      "return one, such as Standardization.of(rows).",
    );
  }
  return { train: standardization.apply(train), valid: standardization.apply(valid), standardization };
}
