/**
 * What a measured rotation curve has and no curve of a smooth model: spiral arms, bars, warps, gas that streams. It shows
 * in many neighbouring points at once, so it is taken as a smooth function of ln R: with V the model's curve,
 *
 *   v(R) = V(R) · (1 + g(R)),  g ~ Gaussian process with covariance size² · k(Δ ln R),
 *
 * k that of Matérn with ν = 3/2 (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, eq. 4.17).
 */

import type { Random } from "../basics/random.ts";
import { cholesky, solveLower } from "../kernels/cholesky.ts";
import { exp, log } from "../kernels/math.ts";

/**
 * Deviations that are this far apart in ln R, a factor of e in radius, are correlated by 0.48. Chosen by the points of SPARC
 * that are seen, not by those held out: with 0.25, 0.5 or 1.5 they are less probable, whatever the curve.
 */
const CORRELATION_LENGTH = 1;

/** Beside the variance of 1 of radii where nothing was measured: what keeps radii that coincide apart. */
const JITTER = 1e-9;

/** Deviations at the radii of measured points, and from there at any others. */
export class Deviations {
  /** Correlations of points and targets, the lower triangle. */
  readonly #correlations: Float64Array[];
  readonly #targets: number;

  /**
   * @param radii of the points, kpc
   * @param targets radii to tell the deviations at, kpc
   */
  constructor(radii: ArrayLike<number>, targets: ArrayLike<number> = []) {
    const places = [...Array.from(radii, log), ...Array.from(targets, log)];
    this.#targets = targets.length;
    this.#correlations = places.map((place, i) =>
      Float64Array.from({ length: i + 1 }, (_, j) => {
        const distance = (Math.sqrt(3) * Math.abs(place - places[j])) / CORRELATION_LENGTH;
        return (1 + distance) * exp(-distance) + (i === j && i >= radii.length ? JITTER : 0);
      }),
    );
  }

  /**
   * ln of the likelihood of what was measured, over the model's velocities, minus 1.
   *
   * @param residuals v/V − 1 of each point
   * @param errors of these, standard deviations
   * @param size standard deviation of the deviations
   */
  logLikelihood(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number): number {
    const factor = this.#factor(residuals.length, errors, size);
    if (factor === undefined) return -Infinity;
    return solveLower(factor, residuals).reduce((sum, x, i) => sum - (x * x) / 2 - log(factor[i][i]), 0);
  }

  /** The square of the residuals' length, in units of what errors and deviations make of it: χ² with one degree of freedom a point. */
  chiSquared(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number): number {
    const factor = this.#factor(residuals.length, errors, size);
    return factor === undefined ? Infinity : solveLower(factor, residuals).reduce((sum, x) => sum + x * x, 0);
  }

  /** Deviations at the targets, drawn given the residuals of the points. */
  draw(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number, random: Random): Float64Array {
    const points = residuals.length;
    const factor = this.#factor(points + this.#targets, errors, size);
    if (factor === undefined) return new Float64Array(this.#targets);
    const rest = new Float64Array(this.#targets);
    random.fillNormal(rest);
    // All together are factor · x with x normal; the residuals say what the first x are.
    const x = [...solveLower(factor, residuals), ...rest];
    return Float64Array.from(factor.slice(points), (row) =>
      row.reduce((sum, value, k) => sum + value * x[k], 0),
    );
  }

  /** The Cholesky factor of the covariance of the first `count`. */
  #factor(count: number, errors: ArrayLike<number>, size: number): Float64Array[] | undefined {
    return cholesky(
      this.#correlations.slice(0, count).map((correlations, i) => {
        const row = correlations.map((value) => size * size * value);
        if (i < errors.length) row[i] += errors[i] * errors[i];
        return row;
      }),
    );
  }
}
