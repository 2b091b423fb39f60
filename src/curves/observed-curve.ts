/** A measured galaxy beside smooth curves, whatever these come from: how probable a curve makes its points, and the galaxy's velocities given one. */

import { checkNumbers, checkOptions, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import type { Random } from "../basics/random.ts";
import { HALF_LOG_TWO_PI } from "../galaxy/mass-model.ts";
import type { Observations } from "../io/index.ts";
import { cholesky, solveLower } from "../kernels/cholesky.ts";
import { cbrt, exp, log } from "../kernels/math.ts";
import { median as medianOf } from "../metrics/index.ts";
import { upperTail } from "../metrics/two-samples.ts";
import { checkMeasured } from "./check.ts";
import { Deviations } from "./deviations.ts";

/** How far galaxies' curves deviate from any curve of the model: a standard deviation, as a share of the velocity. */
export interface TypicalDeviation {
  /** Half the galaxies deviate less. 0: none does. */
  readonly median: number;
  /** Standard deviation of its natural logarithm; default 1. */
  readonly spread?: number | undefined;
}

/** What a galaxy's points may have that no smooth curve has. */
export interface ObservationNoise {
  /** Default: a median of {@link TYPICAL_DEVIATION}. With a median of 0, galaxies' curves are smooth. */
  readonly deviation?: TypicalDeviation | undefined;
  /**
   * How far stated errors may be from the scatter of a galaxy's points: all of its errors are multiplied by one factor, log-normal with a
   * median of 1, and this is the standard deviation of its natural logarithm. Default: {@link ERROR_SPREAD}. 0: errors are as stated.
   */
  readonly errorSpread?: number | undefined;
}

/** Half the galaxies of SPARC deviate less than some such share of their velocity from curves of the extended population. */
export const TYPICAL_DEVIATION = 0.05;

/**
 * Stated errors of a galaxy are off by some such factor e^±0.7: those of SPARC are twice the scatter of its points about smooth curves.
 * Chosen by points held out (docs/inference.md).
 */
export const ERROR_SPREAD = 0.7;

/** The size of a galaxy's deviations and the factor of its errors, functions of latents that are standard normal under the prior. */
export interface Noise {
  /** How many of the two are inferred. */
  readonly latents: number;
  /** The median of the size. */
  readonly typical: number;
  /** @param from the place of the first latent */
  sizeOf(latents: ArrayLike<number>, from: number): number;
  /** @param from the place of the first latent */
  errorScaleOf(latents: ArrayLike<number>, from: number): number;
}

/** @throws ArgumentError for options that make no sense */
export function noiseOf(
  where: string,
  { deviation = { median: TYPICAL_DEVIATION }, errorSpread = ERROR_SPREAD }: ObservationNoise,
): Noise {
  checkOptions(`${where}.deviation`, deviation, ["median", "spread"]);
  const { median, spread = 1 } = deviation;
  checkWithin(where, "the median of the deviation", median, { least: 0, most: 10 });
  checkWithin(where, "the spread of the deviation", spread, { least: 0, most: 10 });
  checkWithin(where, "the spread of the errors", errorSpread, { least: 0, most: 10 });
  const ofErrors = median > 0 ? 1 : 0;
  return {
    latents: ofErrors + (errorSpread > 0 ? 1 : 0),
    typical: median,
    sizeOf: (latents, from) => (median > 0 ? median * exp(spread * latents[from]) : 0),
    errorScaleOf: (latents, from) => (errorSpread > 0 ? exp(errorSpread * latents[from + ofErrors]) : 1),
  };
}

/** Velocities, km/s, of the smooth curve that the row of numbers at `offset` stands for, at radii that were fixed, into `out`. */
export type CurveAt = (rows: ArrayLike<number>, offset: number, out: Float64Array) => void;

/** Smooth curves, each of which a row of numbers stands for. */
export interface SmoothCurves {
  /** Numbers of a row. */
  readonly width: number;
  /** The first and the last radius that they are known at, kpc. */
  readonly range: readonly [first: number, last: number];
  /** Works out what rows have in common. */
  at(radii: ArrayLike<number>): CurveAt;
}

/** What was measured of a galaxy, beside smooth curves: Gaussian errors in km/s, and smooth deviations. */
export class ObservedCurve {
  readonly #curves: SmoothCurves;
  readonly #at: CurveAt;
  readonly #deviations: Deviations;
  /** Of the curve that is looked at: its velocities, and what was measured in units of them. */
  readonly #speeds: Float64Array;
  readonly #residuals: Float64Array;
  readonly #relativeErrors: Float64Array;
  /** Σ ln(error). */
  readonly #logErrors: number;
  /** What it is conditioned on. */
  readonly observations: Observations;
  /** Points at other radii. */
  readonly leftOut: number;

  /** @param range of the radii, kpc: points beyond it are left out */
  constructor(
    where: string,
    curves: SmoothCurves,
    all: Observations,
    [least, greatest]: readonly [least: number, greatest: number],
  ) {
    checkMeasured(where, all);
    const isWithin = (_: number, i: number): boolean => all.radii[i] >= least && all.radii[i] <= greatest;
    const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).filter(isWithin);
    const observations = { radii: of(all.radii), velocities: of(all.velocities), errors: of(all.errors) };
    const count = observations.radii.length;
    this.leftOut = all.radii.length - count;
    if (count === 0) {
      const [first, last] = endsOf(all.radii);
      const isModel = curves.range[1] < Infinity;
      throw new ArgumentError(
        where,
        `no point lies ${greatest === Infinity ? `beyond ${least}` : `within ${least} to ${greatest}`} kpc: ${first === last ? "it is at" : "they are at"} ${first}${first === last ? "" : ` to ${last}`} kpc`,
        `check that radii are in kpc${isModel ? "; a model knows curves at its own radii only" : ""}`,
      );
    }
    this.#curves = curves;
    this.observations = observations;
    this.#at = curves.at(observations.radii);
    this.#deviations = new Deviations(observations.radii);
    this.#logErrors = observations.errors.reduce((sum, error) => sum + log(error), 0);
    this.#speeds = new Float64Array(count);
    this.#residuals = new Float64Array(count);
    this.#relativeErrors = new Float64Array(count);
  }

  /** Σ ((velocity − median)/error)² over the points. @param curves velocities at the points, [samples][points] */
  chiSquared(curves: readonly Float64Array[]): number {
    const { velocities, errors } = this.observations;
    return velocities.reduce((sum, velocity, i) => {
      const off = (velocity - medianOf(curves.map((curve) => curve[i]))) / errors[i];
      return sum + off * off;
    }, 0);
  }

  /**
   * The share of the draws of which new points would lie farther off. What is drawn is χ² with a degree of freedom for each point,
   * whose tail is that of a normal distribution of its cube root (Wilson & Hilferty 1931, PNAS 17, 684).
   */
  predictiveP(rows: Float64Array, sizes: Float64Array, errorScales: Float64Array): number {
    const { radii } = this.observations;
    const [count, spread] = [radii.length, 2 / (9 * radii.length)];
    const tails = Array.from(sizes, (size, row) => {
      this.#compare(rows, row * this.#curves.width, errorScales[row]);
      const chiSquared = this.#deviations.chiSquared(this.#residuals, this.#relativeErrors, size);
      return upperTail((cbrt(chiSquared / count) - 1 + spread) / Math.sqrt(spread));
    });
    return tails.reduce((sum, tail) => sum + tail, 0) / tails.length;
  }

  /**
   * Where the points stand among those that galaxies of the prior would give: by the Mahalanobis distance of level, slope and
   * curvature of ln(velocity), fitted with the weights of the errors.
   *
   * @param rows draws of the prior
   * @param sizes of their deviations, one for each draw that counts
   */
  priorP(rows: Float64Array, sizes: Float64Array, random: Random): number {
    const { radii, velocities, errors } = this.observations;
    const { width } = this.#curves;
    const deviations = new Deviations([], radii);
    const places = Float64Array.from(radii, log);
    const middle = places.reduce((sum, place) => sum + place, 0) / places.length;
    const order = Math.min(3, new Set(places).size);
    const powers = Array.from(places, (place) => {
      const off = place - middle;
      return [1, off, off * off].slice(0, order);
    });
    const weights = velocities.map((velocity, i) => {
      const relative = errors[i] / Math.max(velocity, errors[i]);
      return 1 / (relative * relative + 0.0025);
    });
    const normal = symmetric(order, (p, q) =>
      powers.reduce((sum, own, i) => sum + weights[i] * own[p] * own[q], 0),
    );
    const factor = cholesky(normal);
    if (factor === undefined) return 1;
    // L⁻¹ of the weighted sums: as good as the coefficients, since the distance does not depend on the basis.
    const shapeOf = (speeds: ArrayLike<number>): Float64Array => {
      const logs = Float64Array.from(speeds, (speed, i) => log(Math.max(speed, errors[i] / 2)));
      const sums = Float64Array.from({ length: order }, (_, p) =>
        powers.reduce((sum, own, i) => sum + weights[i] * own[p] * logs[i], 0),
      );
      return solveLower(factor, sums);
    };
    const shapes = Array.from(sizes, (size, row) => {
      const stream = random.fork(row);
      const drawn = size === 0 ? undefined : deviations.draw([], [], size, stream);
      this.#at(rows, row * width, this.#speeds);
      const speeds = this.#speeds.map(
        (speed, i) => speed * (1 + (drawn?.[i] ?? 0)) + stream.normal(0, errors[i]),
      );
      return shapeOf(speeds);
    });
    const mean = Float64Array.from({ length: order }, (_, p) =>
      shapes.reduce((sum, shape) => sum + shape[p] / shapes.length, 0),
    );
    const spread = cholesky(
      symmetric(order, (p, q) =>
        shapes.reduce((sum, shape) => sum + ((shape[p] - mean[p]) * (shape[q] - mean[q])) / shapes.length, 0),
      ),
    );
    if (spread === undefined) return 1;
    const distance = (shape: Float64Array): number =>
      solveLower(
        spread,
        shape.map((value, p) => value - mean[p]),
      ).reduce((sum, x) => sum + x * x, 0);
    const own = distance(shapeOf(velocities));
    return (1 + shapes.filter((shape) => distance(shape) >= own).length) / (1 + shapes.length);
  }

  /** ln, of the row at `offset`, with deviations of that size, and errors that many times as wide as stated. */
  logLikelihood(rows: ArrayLike<number>, offset: number, size: number, errorScale: number): number {
    const { velocities, errors } = this.observations;
    if (size > 0) {
      const scale = this.#compare(rows, offset, errorScale);
      // In velocities, not in shares of them, which change with the curve.
      const relative = this.#deviations.logLikelihood(this.#residuals, this.#relativeErrors, size);
      return relative - scale - errors.length * HALF_LOG_TWO_PI;
    }
    this.#at(rows, offset, this.#speeds);
    let sum = 0;
    for (let i = 0; i < velocities.length; i++) {
      const difference = (velocities[i] - this.#speeds[i]) / errors[i];
      sum -= difference * difference;
    }
    const scaled = errors.length * (log(errorScale) + HALF_LOG_TWO_PI);
    return sum / 2 / (errorScale * errorScale) - scaled - this.#logErrors;
  }

  /** Velocities of rows with deviations of given sizes and scaled errors, which go through the observations: [rows][radii]. */
  velocitiesAt(
    radii: ArrayLike<number>,
    rows: Float64Array,
    sizes: Float64Array,
    errorScales: Float64Array,
    random: Random,
  ): Float64Array[] {
    const { width, range } = this.#curves;
    checkNumbers("velocitiesAt", "radii", radii, { least: range[0], most: range[1] });
    const at = this.#curves.at(radii);
    const deviations = new Deviations(this.observations.radii, radii);
    return Array.from(sizes, (size, row) => {
      const smooth = new Float64Array(radii.length);
      at(rows, row * width, smooth);
      if (size === 0) return smooth;
      this.#compare(rows, row * width, errorScales[row]);
      const drawn = deviations.draw(this.#residuals, this.#relativeErrors, size, random.fork(row));
      return smooth.map((velocity, i) => velocity * Math.max(0, 1 + drawn[i]));
    });
  }

  /** What was measured, in units of the curve of a row. @returns Σ ln(velocity) of the curve */
  #compare(rows: ArrayLike<number>, offset: number, errorScale: number): number {
    const { velocities, errors } = this.observations;
    const [speeds, residuals, relativeErrors] = [this.#speeds, this.#residuals, this.#relativeErrors];
    this.#at(rows, offset, speeds);
    let [sum, product] = [0, 1];
    for (let i = 0; i < speeds.length; i++) {
      const scale = 1 / speeds[i];
      residuals[i] = velocities[i] * scale - 1;
      relativeErrors[i] = errorScale * errors[i] * scale;
      // One logarithm for many points.
      product *= speeds[i];
      if (product > 1e200 || product < 1e-200) {
        sum += log(product);
        product = 1;
      }
    }
    return sum + log(product);
  }
}

/** The least and the greatest of radii, of which there may be more than a call takes arguments. */
export function endsOf(radii: ArrayLike<number>): readonly [least: number, greatest: number] {
  const all = Float64Array.from(radii);
  return [
    all.reduce((end, radius) => Math.min(end, radius), Infinity),
    all.reduce((end, radius) => Math.max(end, radius), -Infinity),
  ];
}

/** The lower triangle of a matrix, row by row. */
function symmetric(size: number, at: (row: number, column: number) => number): Float64Array[] {
  return Array.from({ length: size }, (_, p) => Float64Array.from({ length: p + 1 }, (_, q) => at(p, q)));
}
