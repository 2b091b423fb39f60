/** Predictive scores of Bayesian models, from draws of one posterior: how well each point would have been foretold by the others. */

import { checkArray, checkNumbers } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { exp, log, log1p } from "../kernels/math.ts";

/** How well a model foretells points. */
export interface LeaveOneOut {
  /** Σ ln p(point | all others): higher is better. Differences of models on the same points count, by their standard errors. */
  readonly score: number;
  /** Of each point. */
  readonly scores: Float64Array;
  /** Points whose weights have so heavy a tail (k̂ > 0.7) that their scores are not to be trusted. */
  readonly doubtful: number;
}

/**
 * Leave-one-out cross-validation by Pareto-smoothed importance sampling: no model is fitted anew.
 *
 * @param logLikelihoods ln p(point | draw): a row a draw, a number a point
 * @throws ArgumentError for fewer than 100 draws, and what is no finite number; ShapeError for rows that differ in length
 * @example leaveOneOut(Array.from({ length: 100 }, () => [-1, -2])).score // -3
 * @see Vehtari, Gelman & Gabry (2017), Statistics and Computing 27, 1413; Zhang & Stephens (2009), Technometrics 51, 316
 */
export function leaveOneOut(logLikelihoods: readonly ArrayLike<number>[]): LeaveOneOut {
  checkArray("leaveOneOut", "logLikelihoods", logLikelihoods, "rows, one for each draw");
  const draws = logLikelihoods.length;
  if (draws < 100) throw new ArgumentError("leaveOneOut", `got ${draws} draws.`, "pass 100 or more.");
  for (const [d, row] of logLikelihoods.entries()) {
    checkNumbers("leaveOneOut", `logLikelihoods[${d}]`, row);
    if (row.length === logLikelihoods[0].length) continue;
    const problem = `row ${d} has ${row.length} points, row 0 has ${logLikelihoods[0].length}.`;
    throw new ShapeError("leaveOneOut", problem, "give each draw's of all points.");
  }
  if (logLikelihoods[0].length === 0) throw new ArgumentError("leaveOneOut", "there are no points.");
  let doubtful = 0;
  const scores = Float64Array.from(logLikelihoods[0], (_, point) => {
    const terms = Float64Array.from(logLikelihoods, (row) => row[point]);
    const weights = terms.map((term) => -term);
    if (smoothTail(weights) > 0.7) doubtful++;
    return logSum(weights.map((weight, d) => weight + terms[d])) - logSum(weights);
  });
  return { score: scores.reduce((sum, score) => sum + score, 0), scores, doubtful };
}

/** Replaces the largest of some ln weights by the quantiles of a generalised Pareto distribution that fits them; its shape k̂. */
function smoothTail(weights: Float64Array): number {
  const draws = weights.length;
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => weights[a] - weights[b] || a - b);
  const tail = Math.ceil(Math.min(0.2 * draws, 3 * Math.sqrt(draws)));
  const most = weights[order[draws - 1]];
  const cut = exp(weights[order[draws - tail - 1]] - most);
  const over = Float64Array.from(order.subarray(draws - tail), (i) => exp(weights[i] - most) - cut);
  if (!(over[0] >= 0 && over[tail - 1] > 1e-12)) return -Infinity; // all alike
  const { shape, scale } = fitPareto(over);
  for (let i = 0; i < tail; i++) {
    const share = (i + 0.5) / tail;
    const rest = log1p(-share);
    const excess = Math.abs(shape) < 1e-9 ? -scale * rest : (scale * (exp(-shape * rest) - 1)) / shape;
    // None above the largest that was drawn.
    weights[order[draws - tail + i]] = Math.min(0, log(cut + excess)) + most;
  }
  return shape;
}

/** Shape and scale of a generalised Pareto distribution, by Zhang & Stephens' mean over a profile of likelihoods; values sorted. */
function fitPareto(values: Float64Array): { shape: number; scale: number } {
  const n = values.length;
  const candidates = 30 + Math.floor(Math.sqrt(n));
  const quarter = Math.max(values[Math.floor(n / 4 + 0.5) - 1], 1e-300);
  const rates = Float64Array.from(
    { length: candidates },
    (_, i) => 1 / values[n - 1] + (1 - Math.sqrt(candidates / (i + 0.5))) / (3 * quarter),
  );
  const shapeAt = (rate: number): number => values.reduce((sum, value) => sum + log1p(-rate * value), 0) / n;
  const heights = rates.map((rate) => {
    const shape = shapeAt(rate);
    return n * (log(-rate / shape) - shape - 1);
  });
  const total = logSum(heights);
  const rate = rates.reduce((sum, one, i) => sum + one * exp(heights[i] - total), 0);
  const shape = shapeAt(rate);
  // Drawn a little towards 1/2, as if by ten values more.
  return { shape: (n * shape + 5) / (n + 10), scale: -shape / rate };
}

/** ln Σ e^x. */
function logSum(values: Float64Array): number {
  const most = values.reduce((greatest, value) => Math.max(greatest, value), -Infinity);
  return most + log(values.reduce((sum, value) => sum + exp(value - most), 0));
}
