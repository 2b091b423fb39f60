/**
 * What a measured rotation curve has and no curve of a smooth model: spiral arms, bars, warps, gas that streams. It shows
 * in many neighbouring points at once, so it is taken as a smooth function of ln R: with V the model's curve,
 *
 *   v(R) = V(R) · (1 + g(R)),  g ~ Gaussian process with covariance size² · k(Δ ln R),
 *
 * k that of Matérn with ν = 3/2 (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, eq. 4.17).
 *
 * Such a g and its slope, from one radius to the next, are a Markov process: a Kalman filter has the exact likelihood in time that grows as
 * the number of points, where a factor of their covariance takes its cube (Särkkä & Solin 2019, Applied Stochastic Differential Equations,
 * chapter 12).
 */

import type { Random } from "../basics/random.ts";
import { exp, log } from "../kernels/math.ts";

/**
 * Deviations that are this far apart in ln R, a factor of e in radius, are correlated by 0.48. Chosen by the points of SPARC
 * that are seen, not by those held out: with 0.25, 0.5 or 1.5 they are less probable, whatever the curve.
 */
const CORRELATION_LENGTH = 1;

/** Deviations at the radii of measured points, and from there at any others. */
export class Deviations {
  readonly #points: MaternProcess;
  /** Through points and targets. */
  readonly #all: MaternProcess;
  readonly #count: number;

  /**
   * @param radii of the points, kpc
   * @param targets radii at which to draw the deviations, kpc
   */
  constructor(radii: ArrayLike<number>, targets: ArrayLike<number> = []) {
    this.#count = radii.length;
    this.#points = new MaternProcess(radii);
    this.#all =
      targets.length === 0 ? this.#points : new MaternProcess([...Array.from(radii), ...Array.from(targets)]);
  }

  /**
   * ln of the likelihood of what was measured, over the model's velocities, minus 1.
   *
   * @param residuals v/V − 1 of each point
   * @param errors of these, standard deviations
   * @param size standard deviation of the deviations
   */
  logLikelihood(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number): number {
    const { chiSquared, logDeterminant } = this.#points.filter(residuals, errors, size);
    return -0.5 * (chiSquared + logDeterminant);
  }

  /** The square of the residuals' length, in units of what errors and deviations make of it: χ² with one degree of freedom a point. */
  chiSquared(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number): number {
    return this.#points.filter(residuals, errors, size).chiSquared;
  }

  /** Deviations at the targets, drawn given the residuals of the points. */
  draw(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number, random: Random): Float64Array {
    return this.#all.draw(residuals, errors, size, random).subarray(this.#count);
  }
}

/**
 * The process along growing radii. Its state is g and g′ over √3/length, in units of the size: both have variance 1, and are
 * independent, before anything is known.
 */
class MaternProcess {
  /** Which radius comes when. */
  readonly #order: Uint32Array;
  /** A row a step, to the radius of that place from the one before: what it keeps of the state, and the covariance of what it adds. */
  readonly #steps: Float64Array;
  /** A row a place: mean and covariance of the state given the points up to it. */
  readonly #known: Float64Array;

  constructor(radii: ArrayLike<number>) {
    const places = Array.from(radii, log);
    this.#order = Uint32Array.from(places.keys()).sort((a, b) => places[a] - places[b]);
    this.#steps = new Float64Array(6 * places.length);
    this.#known = new Float64Array(5 * places.length);
    for (let i = 0; i < places.length; i++) {
      // Nothing is kept from before the first.
      const apart = i === 0 ? Infinity : places[this.#order[i]] - places[this.#order[i - 1]];
      this.#steps.set(stepOf((Math.sqrt(3) * apart) / CORRELATION_LENGTH), 6 * i);
    }
  }

  /** @param errors of the first radii; the others were not measured */
  filter(
    residuals: ArrayLike<number>,
    errors: ArrayLike<number>,
    size: number,
  ): { readonly chiSquared: number; readonly logDeterminant: number } {
    const [order, steps, known, variance] = [this.#order, this.#steps, this.#known, size * size];
    let [chiSquared, logDeterminant] = [0, 0];
    let [g, slope, vg, vgs, vs] = [0, 0, 0, 0, 0];
    for (let i = 0; i < order.length; i++) {
      const at = 6 * i;
      const [phi11, phi12, phi22] = [steps[at], steps[at + 1], steps[at + 2]];
      [g, slope] = [phi11 * g + phi12 * slope, phi22 * slope - phi12 * g];
      // Φ P Φᵀ + Q with Φ = [[phi11, phi12], [−phi12, phi22]].
      const [ag, as] = [phi11 * vg + phi12 * vgs, phi11 * vgs + phi12 * vs];
      const [bg, bs] = [phi22 * vgs - phi12 * vg, phi22 * vs - phi12 * vgs];
      vg = ag * phi11 + as * phi12 + variance * steps[at + 3];
      vgs = as * phi22 - ag * phi12 + variance * steps[at + 4];
      vs = bs * phi22 - bg * phi12 + variance * steps[at + 5];
      const point = order[i];
      if (point < errors.length) {
        const noise = errors[point] * errors[point];
        const total = vg + noise;
        const off = residuals[point] - g;
        chiSquared += (off * off) / total;
        logDeterminant += log(total);
        g += (vg / total) * off;
        slope += (vgs / total) * off;
        vs -= (vgs * vgs) / total;
        vgs *= noise / total;
        vg *= noise / total;
      }
      known[5 * i] = g;
      known[5 * i + 1] = slope;
      known[5 * i + 2] = vg;
      known[5 * i + 3] = vgs;
      known[5 * i + 4] = vs;
    }
    return { chiSquared, logDeterminant };
  }

  /** At all radii: the last state first, then each given the one after it. */
  draw(residuals: ArrayLike<number>, errors: ArrayLike<number>, size: number, random: Random): Float64Array {
    this.filter(residuals, errors, size);
    const [order, steps, known, variance] = [this.#order, this.#steps, this.#known, size * size];
    const drawn = new Float64Array(order.length);
    let [g, slope] = [0, 0];
    for (let i = order.length - 1; i >= 0; i--) {
      let [mg, ms, vg, vgs, vs] = known.subarray(5 * i, 5 * i + 5);
      if (i + 1 < order.length) {
        const [phi11, phi12, phi22, qg, qgs, qs] = steps.subarray(6 * i + 6, 6 * i + 12);
        // What the step would lead to: its covariance with the state before it, and its own.
        const [ag, as] = [phi11 * vg + phi12 * vgs, phi22 * vgs - phi12 * vg];
        const [bg, bs] = [phi11 * vgs + phi12 * vs, phi22 * vs - phi12 * vgs];
        const ng = phi11 * ag + phi12 * bg + variance * qg;
        const ngs = phi11 * as + phi12 * bs + variance * qgs;
        const ns = phi22 * bs - phi12 * as + variance * qs;
        const determinant = ng * ns - ngs * ngs;
        // Else the step adds nothing to a state that is known: it stands.
        if (determinant > 0) {
          const [wg, ws] = [(ag * ns - as * ngs) / determinant, (as * ng - ag * ngs) / determinant];
          const [ug, us] = [(bg * ns - bs * ngs) / determinant, (bs * ng - bg * ngs) / determinant];
          const [og, os] = [g - phi11 * mg - phi12 * ms, slope + phi12 * mg - phi22 * ms];
          [mg, ms] = [mg + wg * og + ws * os, ms + ug * og + us * os];
          [vg, vgs, vs] = [vg - wg * ag - ws * as, vgs - wg * bg - ws * bs, vs - ug * bg - us * bs];
        }
      }
      const spread = Math.sqrt(Math.max(0, vg));
      const lean = spread > 0 ? vgs / spread : 0;
      const first = random.normal();
      g = mg + spread * first;
      slope = ms + lean * first + Math.sqrt(Math.max(0, vs - lean * lean)) * random.normal();
      drawn[order[i]] = g;
    }
    return drawn;
  }
}

/** A step of √3/length · Δ = u: e^−u (1 + u), e^−u u and e^−u (1 − u), then 1 − Φ Φᵀ, which is a sum of positive terms where u is small. */
function stepOf(u: number): number[] {
  if (u > 40) return [0, 0, 0, 1, 0, 1]; // 2e-16 of it is kept
  const decay = exp(-u);
  let [term, tail] = [2 * u * u, 0]; // Σ (2u)^k / k! from k = 3 on
  for (let k = 3; term > 1e-17 * tail; k++) {
    term *= (2 * u) / k;
    tail += term;
  }
  const squared = decay * decay;
  return [
    ...[decay * (1 + u), decay * u, decay * (1 - u)],
    ...[squared * tail, 2 * u * u * squared, squared * (4 * u + tail)],
  ];
}
