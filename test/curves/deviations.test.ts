/** Smooth deviations from a model's curve against the normal distributions that they are, and quantiles of few draws. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/basics/random.ts";
import { Deviations } from "../../src/curves/deviations.ts";
import { quantiles } from "../../src/curves/posterior.ts";
import { cholesky, solveLower } from "../../src/kernels/cholesky.ts";
import { exp, log } from "../../src/kernels/math.ts";

const radius = fc.double({ min: 0.1, max: 50, noNaN: true });
const size = fc.double({ min: 0.01, max: 0.3, noNaN: true });
const residual = fc.double({ min: -0.3, max: 0.3, noNaN: true });
const error = fc.double({ min: 0.01, max: 0.3, noNaN: true });

/** Matérn's correlation with ν = 3/2 and a length of 1 in ln(radius). */
function correlation(a: number, b: number): number {
  const distance = Math.sqrt(3) * Math.abs(Math.log(a / b));
  return (1 + distance) * Math.exp(-distance);
}

describe("deviations from a curve", () => {
  test.prop([radius, radius, size, residual, residual, error, error])(
    "are as probable as a normal distribution of two numbers says",
    (r1, r2, s, y1, y2, e1, e2) => {
      const [a, c] = [s * s + e1 * e1, s * s + e2 * e2];
      const b = s * s * correlation(r1, r2);
      const determinant = a * c - b * b;
      const expected =
        -(c * y1 * y1 - 2 * b * y1 * y2 + a * y2 * y2) / determinant / 2 - Math.log(determinant) / 2;
      const actual = new Deviations([r1, r2]).logLikelihood([y1, y2], [e1, e2], s);
      expect(Math.abs(actual - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
    },
  );

  const point = fc.tuple(radius, residual, error);
  test.prop([fc.array(point, { minLength: 1, maxLength: 30 }), size])(
    "are as probable, and as far off, as the factor of their covariance says",
    (points, s) => {
      const radii = points.map(([r]) => r);
      const residuals = points.map(([, y]) => y);
      const errors = points.map(([, , e]) => e);
      const covariance = radii.map((a, i) =>
        Float64Array.from(radii.slice(0, i + 1), (b, j) => {
          const distance = (Math.sqrt(3) * Math.abs(log(a) - log(b))) / 1;
          return s * s * ((1 + distance) * exp(-distance)) + (i === j ? errors[i] * errors[i] : 0);
        }),
      );
      const factor = cholesky(covariance)!;
      const white = solveLower(factor, residuals);
      const deviations = new Deviations(radii);
      // Twice, and something else between: what is kept must not reach from one call to the next.
      for (const scale of [1, 3, 1]) {
        const actual = deviations.logLikelihood(residuals, errors, scale * s);
        if (scale !== 1) continue;
        const chiSquared = white.reduce((sum, x) => sum + x * x, 0);
        const expected = factor.reduce((sum, row, i) => sum - log(row[i]), -chiSquared / 2);
        expect(Math.abs(actual - expected)).toBeLessThan(1e-9 * (1 + chiSquared + Math.abs(expected)));
        const found = deviations.chiSquared(residuals, errors, s);
        expect(Math.abs(found - chiSquared)).toBeLessThan(1e-9 * (1 + chiSquared));
      }
    },
  );

  it.each([
    ["radii in any order", [3, 9, 1], [2, 25, 5]],
    ["radii far apart, and hardly apart", [1, 1e-9, 1e9], [1e9, 1 + 1e-9, 1e30, 1.2]],
    ["a target at a point", [2, 8, 4], [8, 8.1]],
    ["no points", [], [4, 1, 9]],
  ])("are what normal draws make of the exact mean and covariance, of %s", (_, radii, targets) => {
    const s = 0.1;
    const residuals = radii.map((_, i) => 0.2 - 0.15 * i);
    const errors = radii.map((_, i) => 0.02 + 0.04 * i);
    const deviations = new Deviations(radii, targets);
    /** All draws of the stream are 0, but one. */
    const drawOf = (one: number): Float64Array => {
      let next = 0;
      const random = { normal: () => (next++ === one ? 1 : 0) };
      return deviations.draw(residuals, errors, s, random as Random).slice();
    };
    const mean = drawOf(-1);
    const draws = Array.from({ length: 2 * (radii.length + targets.length) }, (_, one) =>
      drawOf(one).map((value, i) => value - mean[i]),
    );
    const factor = cholesky(
      radii.map((a, i) =>
        Float64Array.from(
          radii.slice(0, i + 1),
          (b, j) => s * s * correlation(a, b) + (i === j ? errors[i] ** 2 : 0),
        ),
      ),
    )!;
    const halves = targets.map((target) =>
      solveLower(
        factor,
        radii.map((own) => s * s * correlation(own, target)),
      ),
    );
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const white = solveLower(factor, residuals);
    targets.forEach((a, i) => {
      expect(Math.abs(mean[i] - dot(halves[i], white))).toBeLessThan(1e-9);
      targets.forEach((b, j) => {
        const expected = s * s * correlation(a, b) - dot(halves[i], halves[j]);
        const found = draws.reduce((sum, row) => sum + row[i] * row[j], 0);
        expect(Math.abs(found - expected)).toBeLessThan(1e-9 * s * s);
      });
    });
  });

  test.prop([radius, size, residual, fc.integer()])(
    "go through points without error, at radii asked for twice too",
    (r, s, y, seed) => {
      const [first, second] = new Deviations([r], [r, r]).draw([y], [1e-6], s, new Random(seed));
      expect(Math.abs(first - y)).toBeLessThan(1e-3 * s);
      expect(Math.abs(second - first)).toBeLessThan(1e-3 * s);
    },
  );
});

describe("quantiles of samples", () => {
  test.prop([
    fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), {
      minLength: 2,
      maxLength: 50,
    }),
  ])("grow with the share, from the least to the greatest sample", (samples) => {
    const found = quantiles(samples, [0, 0.1, 0.5, 0.9, 1]);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect([found[0], found[4]]).toEqual([Math.min(...samples), Math.max(...samples)]);
  });

  it("interpolate between samples", () => {
    expect(quantiles([3, 1, 2], [0.25, 0.375, 0.5, 0.75])).toEqual([1, 1.5, 2, 3]);
  });

  it("hold one more draw as often as they say, however few draws there are", () => {
    const random = new Random(7);
    const trials = 20_000;
    for (const count of [9, 40]) {
      let inside = 0;
      for (let i = 0; i < trials; i++) {
        const draws = Array.from({ length: count }, () => random.normal());
        const [low, high] = quantiles(draws, [0.1, 0.9]);
        const truth = random.normal();
        if (truth >= low && truth <= high) inside++;
      }
      expect(Math.abs(inside / trials - 0.8)).toBeLessThan(0.015);
    }
  });

  test.prop([fc.integer({ min: 2, max: 100 })])("are wider the fewer draws samples are worth", (worth) => {
    const samples = Array.from({ length: 200 }, (_, i) => i);
    const [[low, middle, high], [lowest, , highest]] = [
      quantiles(samples, [0.16, 0.5, 0.84], worth + 1),
      quantiles(samples, [0.16, 0.5, 0.84], worth),
    ];
    expect(middle).toBeCloseTo(99.5, 9);
    expect(lowest).toBeLessThanOrEqual(low);
    expect(highest).toBeGreaterThanOrEqual(high);
  });
});
