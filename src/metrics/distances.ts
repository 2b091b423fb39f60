/** Scores by the distances between all curves: the maximum mean discrepancy and the energy distance. */

import { exp } from "../kernels/math.ts";
import { checkScored, type Labels, permutationPValue, type Score, type TwoSamples } from "./two-samples.ts";

/**
 * The unbiased estimate of the squared maximum mean discrepancy,
 *
 *   MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y),
 *
 * over pairs of different curves, with the mean of five Gaussian kernels k = exp(−d²/(2 (2^j σ)²)), j = −2 … 2, where σ is the
 * median distance of all curves. Between the two distributions it is 0 exactly when they are the same, and at most 2; the
 * estimate scatters around that, so it is as often below 0 as above for equal ones.
 *
 * @param relabelled for the p-value, as {@link randomLabels} makes them; default none. Each costs (curves)²/8 operations
 * @example maximumMeanDiscrepancy(twoSamples([[0], [1]], [[0], [1]])).value // −0.54…: unbiased, so below 0 here
 * @see Gretton et al. (2012), "A kernel two-sample test", JMLR 13, equation 3
 */
export function maximumMeanDiscrepancy(samples: TwoSamples, relabelled: readonly Labels[] = []): Score {
  checkScored("maximumMeanDiscrepancy", samples, relabelled);
  const { distances, realCount: m, fakeCount: n } = samples;
  const kernel = gaussianKernels(distances, m + n);
  const value = ({ real, fake, between }: Sums): number =>
    (2 * real) / (m * (m - 1)) + (2 * fake) / (n * (n - 1)) - (2 * between) / (m * n);
  return pairScore(kernel, samples, relabelled, value);
}

/**
 * The energy distance,
 *
 *   E = 2 E d(x, y) − E d(x, x') − E d(y, y'),
 *
 * over all pairs, those of a curve with itself included, and d the root mean square difference. In the unit of the curves;
 * 0 or more, and 0 only for equal sets. Two sets of n and m curves from one distribution have (1/n + 1/m) E d(x, x') on average.
 *
 * @param relabelled as for {@link maximumMeanDiscrepancy}
 * @example energyDistance(twoSamples([[0], [1]], [[0], [1]])).value // 0
 * @see Székely & Rizzo (2013), "Energy statistics", J. Statistical Planning and Inference 143, 1249
 */
export function energyDistance(samples: TwoSamples, relabelled: readonly Labels[] = []): Score {
  checkScored("energyDistance", samples, relabelled);
  const { distances, realCount: m, fakeCount: n } = samples;
  const value = ({ real, fake, between }: Sums): number =>
    (2 * between) / (m * n) - (2 * real) / (m * m) - (2 * fake) / (n * n);
  return pairScore(distances, samples, relabelled, value);
}

/** Sums of a matrix over the pairs of different curves, each pair once. */
interface Sums {
  readonly real: number;
  readonly fake: number;
  readonly between: number;
}

/**
 * A score of the sums, for the true labels and the relabellings. Only the pairs of two fake curves are added up for each: with the sums
 * of the rows and of everything the others follow, as rows of fake curves = 2 fake + between.
 */
function pairScore(
  matrix: Float64Array,
  { realCount, fakeCount, labels }: TwoSamples,
  relabelled: readonly Labels[],
  score: (sums: Sums) => number,
): Score {
  const total = realCount + fakeCount;
  const rows = new Float64Array(total);
  let all = 0;
  for (let i = 0; i < total; i++) {
    for (let j = 0; j < total; j++) if (j !== i) rows[i] += matrix[i * total + j];
    all += rows[i] / 2;
  }
  const chosen = new Uint32Array(fakeCount);
  const scoreOf = (one: Labels): number => {
    let size = 0;
    for (let i = 0; i < total; i++) if (one[i] === 1) chosen[size++] = i;
    let fake = 0;
    let fakeRows = 0;
    for (let a = 0; a < size; a++) {
      const row = chosen[a] * total;
      let sum = 0;
      for (let b = 0; b < a; b++) sum += matrix[row + chosen[b]];
      fake += sum;
      fakeRows += rows[chosen[a]];
    }
    const between = fakeRows - 2 * fake;
    return score({ real: all - fake - between, fake, between });
  };
  const value = scoreOf(labels);
  return { value, pValue: permutationPValue(value, relabelled.map(scoreOf), "great") };
}

/** The mean of the five kernels: one exponential for the widest, and as the widths double, fourth powers for the others. */
function gaussianKernels(distances: Float64Array, total: number): Float64Array {
  const width = 4 * medianDistance(distances, total);
  const kernel = new Float64Array(total * total);
  for (let i = 0; i < total; i++) {
    kernel[i * total + i] = 1;
    for (let j = 0; j < i; j++) {
      const d = distances[i * total + j] / width;
      let one = exp((-d * d) / 2);
      let sum = one;
      for (let scale = 1; scale < 5; scale++) {
        one *= one;
        one *= one;
        sum += one;
      }
      kernel[i * total + j] = sum / 5;
      kernel[j * total + i] = sum / 5;
    }
  }
  return kernel;
}

/** The median over pairs of different curves, that of up to a million evenly chosen ones; 1 when it is 0. */
function medianDistance(distances: Float64Array, total: number): number {
  const pairs = (total * (total - 1)) / 2;
  const stride = Math.ceil(pairs / 1e6);
  const chosen: number[] = [];
  let pair = 0;
  for (let i = 0; i < total; i++) {
    for (let j = 0; j < i; j++) if (pair++ % stride === 0) chosen.push(distances[i * total + j]);
  }
  const sorted = Float64Array.from(chosen).sort();
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return median > 0 ? median : 1;
}
