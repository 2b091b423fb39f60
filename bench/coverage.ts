/** What the measurements of inference share: how often intervals hold, and what is told of long work. */

import type { Progress } from "../src/curves/index.ts";

/** Of the intervals. */
export const LEVELS: readonly number[] = [0.5, 0.68, 0.95];

/** The quantiles at the ends of each interval, two a level. */
export const END_SHARES: readonly number[] = LEVELS.flatMap((level) => [(1 - level) / 2, (1 + level) / 2]);

/** How often truths lie inside intervals. */
export class Tally {
  count = 0;
  readonly #inside: number[] = LEVELS.map(() => 0);
  readonly #shares: number[][] = LEVELS.map(() => []);
  #points = 0;

  /**
   * One galaxy.
   *
   * @param ends quantiles of each value at {@link END_SHARES}, [values][2 · levels]
   */
  add(ends: readonly (readonly number[])[], truth: ArrayLike<number>): void {
    this.count++;
    this.#points += ends.length;
    LEVELS.forEach((_, l) => {
      const inside = ends.filter((own, j) => truth[j] >= own[2 * l] && truth[j] <= own[2 * l + 1]).length;
      this.#inside[l] += inside;
      this.#shares[l].push(inside / ends.length);
    });
  }

  /** Of each interval, %: the mean over galaxies. */
  means(): number[] {
    return this.#shares.map((own) => (100 * own.reduce((sum, share) => sum + share, 0)) / own.length);
  }

  /** Means over galaxies with their standard errors, since the radii of one are not independent. */
  print(name: string): void {
    const parts = LEVELS.map((level, l) => {
      const shares = this.#shares[l];
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
      const [percent, error] = [100 * mean, 100 * Math.sqrt(variance / shares.length)];
      const ofPoints = (100 * this.#inside[l]) / this.#points;
      return `${100 * level} %: ${percent.toFixed(1)} ± ${error.toFixed(1)} (of all points ${ofPoints.toFixed(1)})`;
    });
    console.log(`coverage of ${name}: ${parts.join(", ")}`);
  }
}

/** The same steps, and every 20 s on stderr how far they are: not all of a step, since what a step has so far takes long to work out. */
export function* telling<Step extends Progress, Result>(
  steps: Generator<Step, Result, void>,
): Generator<Step, Result, void> {
  let told = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    yield step.value;
    if (performance.now() - told < 20_000) continue;
    told = performance.now();
    process.stderr.write(`${((100 * step.value.done) / step.value.total).toFixed(0)} %\n`);
  }
}
