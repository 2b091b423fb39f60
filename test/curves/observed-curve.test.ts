/** Measured points beside curves that are known: likelihoods, p-values and velocities against what their definitions give. */

import { describe, expect, it } from "vitest";
import { Deviations } from "../../src/curves/deviations.ts";
import {
  type CurveAt,
  ERROR_SPREAD,
  endsOf,
  noiseOf,
  ObservedCurve,
  type SmoothCurves,
  TYPICAL_DEVIATION,
} from "../../src/curves/observed-curve.ts";
import { Random } from "../../src/index.ts";
import { cholesky, solveFactored, solveLower } from "../../src/kernels/cholesky.ts";
import { messagesOf } from "../messages.ts";

/** Curves a + b ln R: a row has both. */
const curves: SmoothCurves = {
  width: 2,
  range: [0.1, 50],
  at: (radii): CurveAt => {
    const logs = Array.from(radii, Math.log);
    return (rows, offset, out) => {
      logs.forEach((log, i) => {
        out[i] = rows[offset] + rows[offset + 1] * log;
      });
    };
  },
};
const points = {
  radii: Float64Array.of(4, 1, 12, 30),
  velocities: Float64Array.of(104, 65, 131, 155),
  errors: Float64Array.of(3, 8, 5, 2),
};
const all = [0, Infinity] as const;
const observed = new ObservedCurve("test", curves, points, all);
const [a, b] = [70, 24];
const row = Float64Array.of(-1, a, b);
const speeds = Array.from(points.radii, (radius) => a + b * Math.log(radius));
/** A stream all of whose draws are 0. */
const still = { normal: () => 0, fork: () => still } as unknown as Random;

describe("noise", () => {
  it("has a size and a factor that are log-normal about their medians", () => {
    const noise = noiseOf("test", { deviation: { median: 0.1, spread: 0.5 }, errorSpread: 0.3 });
    expect([noise.latents, noise.typical]).toEqual([2, 0.1]);
    expect(noise.sizeOf([9, 2, 3], 1)).toBeCloseTo(0.1 * Math.exp(1), 14);
    expect(noise.errorScaleOf([9, 2, 3], 1)).toBeCloseTo(Math.exp(0.9), 14);
  });

  it("has what is not told by default, and nothing of what is to be 0", () => {
    const usual = noiseOf("test", {});
    expect([usual.latents, usual.typical]).toEqual([2, TYPICAL_DEVIATION]);
    expect(usual.sizeOf([1, 1], 0)).toBeCloseTo(TYPICAL_DEVIATION * Math.E, 14);
    expect(usual.errorScaleOf([1, 1], 0)).toBeCloseTo(Math.exp(ERROR_SPREAD), 14);
    const smooth = noiseOf("test", { deviation: { median: 0 }, errorSpread: 0.3 });
    expect([smooth.latents, smooth.sizeOf([5], 0)]).toEqual([1, 0]);
    expect(smooth.errorScaleOf([5], 0)).toBeCloseTo(Math.exp(1.5), 14);
    const stated = noiseOf("test", { errorSpread: 0 });
    expect([stated.latents, stated.errorScaleOf([5], 0)]).toEqual([1, 1]);
    expect(noiseOf("test", { deviation: { median: 0 }, errorSpread: 0 }).latents).toBe(0);
  });
});

describe("a likelihood", () => {
  const gaussian = (covariance: number[][], off: number[]): number => {
    const factor = cholesky(covariance)!;
    const white = solveLower(factor, off);
    return factor.reduce(
      (sum, own, i) => sum - Math.log(own[i]) - 0.5 * white[i] ** 2 - 0.5 * Math.log(2 * Math.PI),
      0,
    );
  };
  const correlation = (i: number, j: number): number => {
    const distance = Math.sqrt(3) * Math.abs(Math.log(points.radii[i] / points.radii[j]));
    return (1 + distance) * Math.exp(-distance);
  };

  it.each([
    [0, 1],
    [0, 1.7],
    [0.08, 1],
    [0.08, 1.7],
  ])(
    "is that of a normal distribution of the velocities, with deviations of %d and errors %d times as wide",
    (size, scale) => {
      const off = speeds.map((speed, i) => points.velocities[i] - speed);
      const covariance = speeds.map((own, i) =>
        speeds.map(
          (other, j) =>
            size * size * own * other * correlation(i, j) + (i === j ? (scale * points.errors[i]) ** 2 : 0),
        ),
      );
      expect(observed.logLikelihood(row, 1, size, scale)).toBeCloseTo(gaussian(covariance, off), 9);
    },
  );

  it("keeps its digits where the product of all speeds is beyond all numbers", () => {
    const count = 300;
    const radii = Float64Array.from({ length: count }, (_, i) => 0.1 + ((37 * i) % count) / 6);
    for (const speed of [300, 0.003]) {
      const velocities = new Float64Array(count).fill(speed);
      const errors = velocities.map((velocity) => Math.max(velocity / 10, 0.01));
      const own = new ObservedCurve("test", curves, { radii, velocities, errors }, all);
      const relative = errors.map((error) => error / speed);
      const deviations = new Deviations(radii).logLikelihood(new Float64Array(count), relative, 0.05);
      const expected = deviations - count * (Math.log(speed) + 0.5 * Math.log(2 * Math.PI));
      expect(own.logLikelihood([speed, 0], 0, 0.05, 1) / expected).toBeCloseTo(1, 12);
    }
  });
});

describe("points", () => {
  it("are as far from the median of curves as their errors say", () => {
    const above = Float64Array.from(speeds, (speed) => speed + 50);
    const three = [Float64Array.from(speeds), above, Float64Array.from(speeds, (speed) => speed - 1)];
    const expected = speeds.reduce(
      (sum, speed, i) => sum + ((points.velocities[i] - speed) / points.errors[i]) ** 2,
      0,
    );
    expect(observed.chiSquared(three)).toBeCloseTo(expected, 9);
  });

  it("are left out beyond a range, its ends included", () => {
    const within = new ObservedCurve("test", curves, points, [4, 12]);
    expect(within.leftOut).toBe(2);
    expect([...within.observations.radii]).toEqual([4, 12]);
    expect([...within.observations.velocities]).toEqual([104, 131]);
    expect([...within.observations.errors]).toEqual([3, 5]);
    expect(observed.leftOut).toBe(0);
  });

  it("are refused where none is left", () => {
    const range =
      (own: readonly [number, number], more: Partial<SmoothCurves> = {}, radii = points.radii) =>
      () =>
        new ObservedCurve("test", { ...curves, ...more }, { ...points, radii }, own);
    expect(
      messagesOf({
        "points outside of a model": range([40, 50]),
        "points inside of a radius": range([40, Infinity]),
        "points of a population": range([40, Infinity], { range: [0, Infinity] }),
        "points at one radius": range([40, 50], {}, new Float64Array(4).fill(2)),
      }),
    ).toMatchInlineSnapshot(`
      "
      points outside of a model
        ArgumentError: test: no point lies within 40 to 50 kpc: they are at 1 to 30 kpc
        Fix: check that radii are in kpc; a model knows curves at its own radii only
      points inside of a radius
        ArgumentError: test: no point lies beyond 40 kpc: they are at 1 to 30 kpc
        Fix: check that radii are in kpc; a model knows curves at its own radii only
      points of a population
        ArgumentError: test: no point lies beyond 40 kpc: they are at 1 to 30 kpc
        Fix: check that radii are in kpc
      points at one radius
        ArgumentError: test: no point lies within 40 to 50 kpc: it is at 2 kpc
        Fix: check that radii are in kpc; a model knows curves at its own radii only
      "
    `);
  });
});

describe("the posterior predictive p-value", () => {
  it("is the mean tail of χ², here of two points", () => {
    const two = {
      radii: Float64Array.of(1, Math.E),
      velocities: Float64Array.of(a + 3, a + b - 8),
      errors: Float64Array.of(3, 4),
    };
    const own = new ObservedCurve("test", curves, two, all);
    const rows = Float64Array.of(a, b, a + 3, b, a + 3, b - 11);
    const found = own.predictiveP(rows, new Float64Array(3), Float64Array.of(1, 2, 1));
    // Of two degrees of freedom the tail is exp(−χ²/2). χ² is 1 + 4, (121/16)/4 and 0.
    const expected = (Math.exp(-5 / 2) + Math.exp(-121 / 16 / 8) + 1) / 3;
    expect(Math.abs(found - expected)).toBeLessThan(0.01);
  });

  it("allows for deviations", () => {
    const sizes = Float64Array.of(0.2);
    const rows = Float64Array.of(a - 20, b);
    const ones = Float64Array.of(1);
    expect(observed.predictiveP(rows, sizes, ones)).toBeGreaterThan(0.3);
    expect(observed.predictiveP(rows, new Float64Array(1), ones)).toBeLessThan(1e-6);
  });
});

describe("the prior predictive p-value", () => {
  const random = new Random(3);
  const count = 200;
  const rows = Float64Array.from({ length: 2 * count }, (_, i) =>
    i % 2 === 0 ? random.uniform(50, 90) : random.uniform(10, 40),
  );
  /** Coefficients of 1, ln R and ln² R that fit ln(velocity) best, with the weights of the errors. */
  const coefficientsOf = (
    { radii, velocities, errors }: typeof points,
    own: ArrayLike<number>,
    order: number,
  ): Float64Array => {
    const places = Array.from(radii, Math.log);
    const weights = Array.from(
      velocities,
      (velocity, i) => 1 / ((errors[i] / Math.max(velocity, errors[i])) ** 2 + 0.0025),
    );
    const sum = (of: (i: number) => number): number =>
      places.reduce((total, _, i) => total + weights[i] * of(i), 0);
    const orders = Array.from({ length: order }, (_, p) => p);
    const factor = cholesky(orders.map((p) => orders.map((q) => sum((i) => places[i] ** (p + q)))))!;
    return solveFactored(
      factor,
      orders.map((p) => sum((i) => places[i] ** p * Math.log(Math.max(own[i], errors[i] / 2)))),
    );
  };
  const expectedP = (data: typeof points, order: number): number => {
    const found = Array.from({ length: count }, (_, r) =>
      coefficientsOf(
        data,
        Array.from(data.radii, (radius) => rows[2 * r] + rows[2 * r + 1] * Math.log(radius)),
        order,
      ),
    );
    const orders = Array.from({ length: order }, (_, p) => p);
    const mean = orders.map((p) => found.reduce((total, own) => total + own[p], 0) / count);
    const covariance = orders.map((p) =>
      orders.map(
        (q) => found.reduce((total, own) => total + (own[p] - mean[p]) * (own[q] - mean[q]), 0) / count,
      ),
    );
    const factor = cholesky(covariance)!;
    const distanceOf = (own: Float64Array): number =>
      solveLower(
        factor,
        own.map((value, p) => value - mean[p]),
      ).reduce((total, x) => total + x * x, 0);
    const limit = distanceOf(coefficientsOf(data, data.velocities, order));
    return (1 + found.filter((own) => distanceOf(own) >= limit).length) / (1 + count);
  };

  it.each([
    ["one point", 1],
    ["two points", 2],
    ["four points", 4],
  ])(
    "is the share of galaxies that are farther from the mean in level, slope and curvature, of %s",
    (_, size) => {
      const data = {
        radii: points.radii.slice(0, size),
        velocities: points.velocities.slice(0, size),
        errors: points.errors.slice(0, size),
      };
      const own = new ObservedCurve("test", curves, data, all);
      // Without errors that are drawn, four points of these curves are of two numbers, and of curvature by the logarithm alone.
      const expected = expectedP(data, Math.min(3, size));
      expect(expected).toBeGreaterThan(0.01);
      expect(own.priorP(rows, new Float64Array(count), still)).toBeCloseTo(expected, 12);
    },
  );

  it("counts points that stand still at half their error, and radii that are twice there once", () => {
    const data = {
      radii: Float64Array.of(1, 1, 9),
      velocities: Float64Array.of(0, 3, 80),
      errors: Float64Array.of(12, 9, 20),
    };
    const own = new ObservedCurve("test", curves, data, all);
    expect(own.priorP(rows, new Float64Array(count), still)).toBeCloseTo(expectedP(data, 2), 12);
  });

  it("draws errors and deviations, which let more pass", () => {
    const far = { ...points, velocities: points.velocities.map((velocity) => velocity * 1.9) };
    const own = new ObservedCurve("test", curves, far, all);
    const [none, some] = [0, 0.5].map((size) =>
      own.priorP(rows, new Float64Array(count).fill(size), new Random(1)),
    );
    expect(none).toBeLessThan(0.02);
    expect(some).toBeGreaterThan(0.05);
    expect(own.priorP(rows, new Float64Array(count), still)).toBeLessThanOrEqual(none);
  });

  it("is 1 where galaxies do not differ", () => {
    const same = Float64Array.from(rows, (_, i) => (i % 2 === 0 ? a : b));
    expect(observed.priorP(same, new Float64Array(count), still)).toBe(1);
  });
});

describe("velocities of a posterior", () => {
  const sizes = Float64Array.of(0, 0.1);
  const rows = Float64Array.of(a, b, a + 5, b);
  const scales = Float64Array.of(1, 2);

  it("are the curve itself without deviations, and else the curve with those that points leave", () => {
    const radii = [2, 20, 7];
    const [smooth, deviating] = observed.velocitiesAt(radii, rows, sizes, scales, still);
    const curve = (row: number): number[] =>
      radii.map((radius) => rows[2 * row] + rows[2 * row + 1] * Math.log(radius));
    curve(0).forEach((speed, i) => {
      expect(smooth[i]).toBeCloseTo(speed, 10);
    });
    const own = speeds.map((speed) => speed + 5);
    const residuals = own.map((speed, i) => points.velocities[i] / speed - 1);
    const errors = own.map((speed, i) => (2 * points.errors[i]) / speed);
    const drawn = new Deviations(points.radii, radii).draw(residuals, errors, 0.1, still);
    curve(1).forEach((speed, i) => {
      expect(deviating[i]).toBeCloseTo(speed * (1 + drawn[i]), 10);
    });
  });

  it("have a stream for each row, and are never below 0", () => {
    const both = Float64Array.of(a, b, a, b);
    const [first, second] = observed.velocitiesAt(
      [5],
      both,
      Float64Array.of(0.1, 0.1),
      scales,
      new Random(1),
    );
    expect(first).not.toEqual(second);
    const wild = observed.velocitiesAt(
      [50],
      new Float64Array(200).fill(30),
      new Float64Array(100).fill(3),
      new Float64Array(100).fill(1),
      new Random(1),
    );
    expect(Math.min(...wild.map(([speed]) => speed))).toBe(0);
  });
});

it("radii end at the least and the greatest, in any order", () => {
  expect(endsOf([3, 1, 2])).toEqual([1, 3]);
});
