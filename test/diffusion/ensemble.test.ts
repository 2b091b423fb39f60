import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { ensemblePosterior, finish } from "../../src/diffusion/index.ts";
import { Random } from "../../src/index.ts";

const LOG_TWO_PI = Math.log(2 * Math.PI);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("an ensemble's posterior", () => {
  it("is the exact one of linear measurements, with its evidence", () => {
    // x = z₁ + z₂ = 3 ± 0.2 and y = z₁ − z₂ = −1 ± 0.1, where z₁, z₂ are standard normal: x and y are independent, of variance 2.
    const term = (value: number, measured: number, error: number) =>
      -0.5 * ((value - measured) / error) ** 2 - Math.log(error) - 0.5 * LOG_TWO_PI;
    const { draws, logEvidence, logEvidenceError, rHat, effectiveCount, evaluations } = finish(
      ensemblePosterior(([a, b]) => term(a + b, 3, 0.2) + term(a - b, -1, 0.1), 2, { random: new Random(1) }),
    );
    expect(rHat).toBeLessThan(1.011);
    expect(effectiveCount).toBeGreaterThan(399);
    // The chains end when they are good enough, on ellipses of the Gaussian that the posterior is.
    expect(evaluations).toBeLessThan(50_000);
    const sums = draws.map(([a, b]) => a + b);
    const differences = draws.map(([a, b]) => a - b);
    for (const [values, measured, error] of [
      [sums, 3, 0.2],
      [differences, -1, 0.1],
    ] as const) {
      const variance = 1 / (1 / 2 + 1 / error ** 2);
      const mean = (variance * measured) / error ** 2;
      const found = meanOf(values);
      const scatter = Math.sqrt(variance);
      expect(Math.abs(found - mean)).toBeLessThan(0.2 * scatter);
      const spread = Math.sqrt(meanOf(values.map((value) => (value - found) ** 2)));
      expect(spread / scatter).toBeGreaterThan(0.9);
      expect(spread / scatter).toBeLessThan(1.1);
    }
    const exact = [
      [3, 0.2],
      [-1, 0.1],
    ].reduce((sum, [measured, error]) => {
      const variance = 2 + error * error;
      return sum - (0.5 * measured * measured) / variance - 0.5 * Math.log(variance) - 0.5 * LOG_TWO_PI;
    }, 0);
    expect(logEvidenceError).toBeLessThan(0.2);
    expect(Math.abs(logEvidence - exact)).toBeLessThan(4 * logEvidenceError);
  });

  it("is exact far out in the prior too, where the ellipses are far from it", () => {
    // Measured as 6 ± 0.5 each, where N(0, 1) was expected: 4.8 ± √0.2.
    const far = (point: Float64Array): number => point.reduce((sum, z) => sum - 2 * (z - 6) ** 2, 0);
    const { draws } = finish(
      ensemblePosterior(far, 3, { random: new Random(8), effectiveCount: 6000, moves: 20_000 }),
    );
    for (const p of [0, 1, 2]) {
      const values = draws.map((draw) => draw[p]);
      const mean = meanOf(values);
      expect(Math.abs(mean - 4.8)).toBeLessThan(0.04);
      const spread = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
      expect(Math.abs(spread / Math.sqrt(0.2) - 1)).toBeLessThan(0.06);
    }
  });

  it("finds both of two narrow peaks, and how much each holds", () => {
    const peak = (z: number, middle: number) => Math.exp(-0.5 * ((z - middle) / 0.05) ** 2);
    const { draws } = finish(
      ensemblePosterior(([z]) => Math.log(peak(z, 1.5) + 3 * peak(z, -1.5)), 1, { random: new Random(2) }),
    );
    const share = meanOf(draws.map(([z]) => Number(z < 0)));
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.9);
  });

  it("stays where the likelihood is above 0, however little of the prior that is", () => {
    const { draws } = finish(
      ensemblePosterior(([a, b]) => (a > 1.5 && b > 1 ? 0 : -Infinity), 2, { random: new Random(3) }),
    );
    expect(draws.every(([a, b]) => a > 1.5 && b > 1)).toBe(true);
    expect(draws.some(([a]) => a > 2.2)).toBe(true);
  });

  it("is the same for the same stream, and another for another", () => {
    const run = (seed: number) =>
      finish(ensemblePosterior(([z]) => -0.5 * (z - 1) ** 2, 1, { random: new Random(seed) })).draws.map(
        ([z]) => z,
      );
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });

  it("says how far it has come, forward only, and can be left", () => {
    let last = 0;
    for (const { done, total, evaluations } of ensemblePosterior(([z]) => -50 * (z - 1) ** 2, 1, {
      random: new Random(6),
    })) {
      expect(done / total).toBeGreaterThanOrEqual(last);
      expect(done / total).toBeLessThanOrEqual(1);
      expect(evaluations).toBeGreaterThan(0);
      last = done / total;
    }
    expect(last).toBeGreaterThan(0);
  });

  it("refuses options out of range, and a likelihood that is nowhere above 0", () => {
    const random = new Random(7);
    const flat = () => 0;
    for (const options of [
      { random, chains: 1 },
      { random, particles: 64, chains: 65 },
      { random, particles: 10 },
      { random, moves: 3 },
      { random, step: 1 },
      {},
    ]) {
      expect(() => finish(ensemblePosterior(flat, 2, options as never))).toThrow(ArgumentError);
    }
    expect(() => finish(ensemblePosterior(() => -Infinity, 2, { random }))).toThrow(ArgumentError);
    expect(() => finish(ensemblePosterior(() => Number.NaN, 2, { random }))).toThrow(ArgumentError);
  });
});
