/** What the galaxy tests share: a measure of error, a source of numbers of every size, and a finder of peaks. */
import { fc } from "@fast-check/vitest";

export function relativeError(actual: number, expected: number): number {
  return Math.abs(actual / expected - 1);
}

/** Numbers whose logarithm is spread evenly from `low` to `high`. */
export function logUniform(low: number, high: number): fc.Arbitrary<number> {
  return fc
    .double({ min: Math.log(low), max: Math.log(high), noNaN: true })
    .map((x) => Math.min(high, Math.max(low, Math.exp(x))));
}

/** Where the smooth `f` is highest: bisection on the sign of its five-point derivative. */
export function peak(f: (x: number) => number, low: number, high: number): number {
  const h = 1e-3;
  const slope = (x: number): number => 8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h));
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}
