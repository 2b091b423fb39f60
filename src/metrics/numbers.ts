/** Scores of single curves: their roughness, and whether two sets differ in a number that each curve has. */

import { checkList, checkNumbers, checkWithin, describeNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkLabels, type Labels, permutationTest, type Score } from "./two-samples.ts";

/**
 * The roughness of a curve: the mean absolute second difference |v(i−1) − 2 v(i) + v(i+1)| along its points, in its unit; 0 for a
 * straight line. Rotation curves of the default population have a median of 0.37 km/s, and what is
 * above that is noise that a model left.
 *
 * @param curve three or more points
 * @throws ArgumentError for fewer
 * @example roughness([0, 1, 2, 4]) // 0.5
 */
export function roughness(curve: ArrayLike<number>): number {
  checkNumbers("roughness", "curve", curve);
  if (curve.length < 3) {
    throw new ArgumentError(
      "roughness",
      `got ${curve.length} points, but second differences need three`,
      "pass longer curves.",
    );
  }
  let sum = 0;
  for (let i = 1; i < curve.length - 1; i++) sum += Math.abs(curve[i - 1] - 2 * curve[i] + curve[i + 1]);
  return sum / (curve.length - 2);
}

/**
 * Whether the medians of a number that each curve has (its roughness, the residual of a fit) differ between two sets. The value is the
 * median of the fake ones, in their unit; the p-value that of |median of fake − median of real|.
 *
 * @param relabelled made for sets of these sizes; default none
 * @param share another quantile in the place of the median, such as 0.95 for the tail; default 0.5
 * @example medianScore([1, 2, 3], [4, 5, 9]).value // 5
 */
export function medianScore(
  real: ArrayLike<number>,
  fake: ArrayLike<number>,
  relabelled: readonly Labels[] = [],
  share = 0.5,
): Score {
  for (const [name, values] of Object.entries({ real, fake })) checkSome("medianScore", name, values);
  checkWithin("medianScore", "share", share, { least: 0, most: 1 });
  checkLabels("medianScore", relabelled, { realCount: real.length, fakeCount: fake.length });
  const total = real.length + fake.length;
  const values = new Float64Array(total);
  values.set(real);
  values.set(fake, real.length);
  // Sorted once: a labelling's medians are then met on one walk.
  const order = Uint32Array.from({ length: total }, (_, i) => i).sort(
    (a, b) => values[a] - values[b] || a - b,
  );
  const difference = (labels: Labels): number => {
    const halves: [number[], number[]] = [[], []];
    for (const i of order) halves[labels[i]].push(values[i]);
    return Math.abs(quantileOf(halves[1], share) - quantileOf(halves[0], share));
  };
  const labels = new Uint8Array(total).fill(1, real.length);
  const { pValue } = permutationTest(difference, labels, relabelled, "great");
  return { value: quantileOf(Float64Array.from(fake).sort(), share), pValue };
}

/**
 * The middle number, or the mean of the two middle ones.
 *
 * @throws ArgumentError for no numbers, and for what is none, NaN too
 */
export function median(values: ArrayLike<number>): number {
  checkSome("median", "values", values);
  return middle(Float64Array.from(values).sort());
}

/** @throws ArgumentError unless there are numbers, which may be infinite */
function checkSome(where: string, name: string, values: ArrayLike<number>): void {
  checkList(where, name, values);
  if (values.length === 0) throw new ArgumentError(where, `got no numbers for ${name}.`);
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === "number" && !Number.isNaN(values[i])) continue;
    throw new ArgumentError(where, `${name}[${i}] is ${describeNumber(values[i])}.`, "leave it out.");
  }
}

/** Of sorted numbers, by linear interpolation. */
function quantileOf(sorted: ArrayLike<number>, share: number): number {
  if (share === 0.5) return middle(sorted); // to the last digit what median gives
  const place = share * (sorted.length - 1);
  const [below, above] = [Math.floor(place), Math.ceil(place)];
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

function middle(sorted: ArrayLike<number>): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
