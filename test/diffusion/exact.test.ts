/** The exact models against their definitions, and likelihoods along the flow against the exact ones. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  cosineNoiseSchedule,
  EmpiricalModel,
  type ExactModel,
  GaussianMixtureModel,
  GaussianModel,
  linearSchedule,
  logLikelihood,
  type NoiseSchedule,
  scheduleAt,
  symmetricEigen,
  variancePreservingSchedule,
} from "../../src/diffusion/index.ts";
import { ArgumentError, grad, normal, Random, ShapeError, type Tensor, tensor } from "../../src/index.ts";
import { COVARIANCE, distance, gaussian, MEAN, mixture, noise64 } from "./distributions.ts";

const float64 = { dtype: "float64" } as const;
const empirical = new EmpiricalModel(noise64(40, 2, 11));
const models: Record<string, ExactModel> = { gaussian, mixture, empirical };
const schedules = [linearSchedule, cosineNoiseSchedule, variancePreservingSchedule()];
const aTime = fc.double({ min: 0.05, max: 0.99, noNaN: true });

describe.each(Object.entries(models))("the denoiser of the %s model", (_, model) => {
  test.prop([fc.constantFrom(...schedules), aTime, fc.integer({ min: 0, max: 1000 })])(
    "is what Tweedie's formula makes of its density: α x̂₀ = x + σ² ∇ ln p(x)",
    (schedule, t, seed) => {
      const x = noise64(4, 2, seed);
      const { alpha, sigma } = scheduleAt(schedule, t);
      const score = grad((state: Tensor) => model.logDensity(state, t, schedule).sum())(x);
      const expected = x.add(score.mul(sigma ** 2)).div(alpha);
      // Where α is small, 1/α amplifies the rounding of both sides.
      expect(distance(model.denoiser(schedule)(x, t), expected)).toBeLessThan(1e-12 / alpha);
    },
  );

  it("computes in float64 for states in float32", () => {
    const x = normal([4, 2], new Random(1));
    const guess = model.denoiser()(x, 0.3);
    expect(guess.dtype).toBe("float32");
    expect(distance(guess.to("float64"), model.denoiser()(x.to("float64"), 0.3))).toBeLessThan(2 ** -23);
  });
});

describe("the Gaussian model", () => {
  it("is the formula x̂₀ = μ + α Σ S⁻¹ (x − α μ), S = α² Σ + σ² I", () => {
    const t = 0.4;
    const [alpha, sigma] = [1 - t, t];
    const [[a, b], [, d]] = COVARIANCE;
    const [s11, s12, s22] = [alpha ** 2 * a + sigma ** 2, alpha ** 2 * b, alpha ** 2 * d + sigma ** 2];
    const determinant = s11 * s22 - s12 ** 2;
    const x = [0.3, -2];
    const r = x.map((value, i) => value - alpha * MEAN[i]);
    const u = [(s22 * r[0] - s12 * r[1]) / determinant, (s11 * r[1] - s12 * r[0]) / determinant];
    const expected = [MEAN[0] + alpha * (a * u[0] + b * u[1]), MEAN[1] + alpha * (b * u[0] + d * u[1])];
    const [guess] = gaussian
      .denoiser()(tensor([x], float64), t)
      .toArray<number[][]>();
    expect(guess[0]).toBeCloseTo(expected[0], 13);
    expect(guess[1]).toBeCloseTo(expected[1], 13);
  });

  it("knows directions without any spread, and keeps the data at t = 0", () => {
    const flat = new GaussianModel(
      [1, 1],
      [
        [1, 1],
        [1, 1],
      ],
    );
    const x = tensor([[3, 1]], float64);
    // Of (2, 0) about the mean, the part along (1, 1) is (1, 1).
    expect(distance(flat.denoiser()(x, 0), tensor([[2, 2]], float64))).toBeLessThan(1e-14);
  });

  it("refuses what is no covariance", () => {
    const negative = [
      [1, 2],
      [2, 1],
    ];
    expect(() => new GaussianModel([0, 0], negative)).toThrow(ArgumentError);
    expect(() => new GaussianModel([0], negative)).toThrow(ShapeError);
  });

  it("moves samples there and back", () => {
    const x = noise64(5, 2, 2);
    for (const schedule of schedules) {
      const there = gaussian.transport(x, 1, 0.2, schedule);
      expect(distance(gaussian.transport(there, 0.2, 1, schedule), x)).toBeLessThan(1e-12);
    }
  });
});

describe("a mixture", () => {
  it("of one component is that component", () => {
    const single = new GaussianMixtureModel([{ weight: 3, model: gaussian }]);
    const x = noise64(5, 2, 2);
    expect(distance(single.denoiser()(x, 0.3), gaussian.denoiser()(x, 0.3))).toBeLessThan(1e-14);
    expect(distance(single.logDensity(x, 0.3), gaussian.logDensity(x, 0.3))).toBeLessThan(1e-13);
  });

  it("refuses weights and sizes that do not fit", () => {
    const other = new GaussianModel([0], [[1]]);
    expect(() => new GaussianMixtureModel([])).toThrow(ArgumentError);
    expect(() => new GaussianMixtureModel([{ weight: 0, model: gaussian }])).toThrow(ArgumentError);
    const mixed = [gaussian, other].map((model) => ({ weight: 1, model }));
    expect(() => new GaussianMixtureModel(mixed)).toThrow(ShapeError);
  });
});

describe("the empirical model", () => {
  const points = [
    [0, 0],
    [1, 0],
    [3, 4],
  ];
  const model = new EmpiricalModel(tensor(points, float64));

  it("weights the points by how probable they make the state", () => {
    const [t, x] = [0.6, [0.5, 0.2]];
    const weights = points.map((p) =>
      Math.exp(-((x[0] - (1 - t) * p[0]) ** 2 + (x[1] - (1 - t) * p[1]) ** 2) / (2 * t ** 2)),
    );
    const total = weights.reduce((a, b) => a + b);
    const expected = [0, 1].map((i) => points.reduce((sum, p, k) => sum + (weights[k] / total) * p[i], 0));
    const [guess] = model
      .denoiser()(tensor([x], float64), t)
      .toArray<number[][]>();
    expect(guess[0]).toBeCloseTo(expected[0], 14);
    expect(guess[1]).toBeCloseTo(expected[1], 14);
    const squares = weights.reduce((sum, w) => sum + (w / total) ** 2, 0);
    expect(model.effectiveCount(tensor([x]), t).item()).toBeCloseTo(1 / squares, 6);
    // Each point is a normal distribution of two dimensions now.
    const density = total / points.length / (2 * Math.PI * t ** 2);
    expect(model.logDensity(tensor([x], float64), t).item()).toBeCloseTo(Math.log(density), 12);
  });

  it("stays finite for little noise, down to none: the nearest point, or the mean of several", () => {
    const x = tensor(
      [
        [0.9, 0.1],
        [0.5, 0],
        [400, 400],
      ],
      float64,
    );
    for (const t of [1e-8, 0]) {
      const guess = model.denoiser()(x, t).toArray<number[][]>();
      expect(guess[0]).toEqual([1, 0]);
      expect(guess[1][0]).toBeCloseTo(t === 0 ? 0.5 : guess[1][0], 12);
      expect(guess[2]).toEqual([3, 4]);
    }
    expect(() => new EmpiricalModel(tensor([1, 2]))).toThrow(ShapeError);
  });
});

describe("likelihood", () => {
  it.each<[string, ExactModel, NoiseSchedule]>([
    ["a normal distribution", gaussian, linearSchedule],
    ["a mixture", mixture, linearSchedule],
    ["a mixture with the cosine schedule", mixture, cosineNoiseSchedule],
  ])("of %s, by the trace along the flow, is the exact one", (_, model, schedule) => {
    const grid = Array.from({ length: 101 }, (_, i) => 0.01 + 0.99 * ((100 - i) / 100) ** 2);
    const x = noise64(5, 2, 4);
    const found = logLikelihood(model.denoiser(schedule), x, { grid, schedule });
    expect(distance(found, model.logDensity(x, 0.01, schedule))).toBeLessThan(1e-6);
  });

  it("by its own grid is good to 0.001", () => {
    const x = noise64(5, 2, 4);
    const found = logLikelihood(mixture.denoiser(), x);
    expect(distance(found, mixture.logDensity(x, 0.001))).toBeLessThan(1e-3);
  });

  it("refuses to start without noise", () => {
    expect(() => logLikelihood(mixture.denoiser(), noise64(1, 2, 1), { grid: [1, 0] })).toThrow(/above 0/);
  });
});

describe("symmetricEigen", () => {
  const aMatrix = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 12 }))
    .map(([size, seed, rank]) => {
      const factor = noise64(size, Math.max(1, rank), seed);
      return factor.matmul(factor.transpose()).toArray<number[][]>();
    });

  test.prop([aMatrix])(
    "takes a matrix apart into orthonormal directions and puts it together again",
    (matrix) => {
      const { values, vectors } = symmetricEigen(matrix);
      const scale = Math.max(...matrix.flat().map(Math.abs));
      matrix.forEach((row, i) => {
        row.forEach((value, j) => {
          const again = vectors.reduce((sum, vector, k) => sum + values[k] * vector[i] * vector[j], 0);
          const product = vectors[i].reduce((sum, component, k) => sum + component * vectors[j][k], 0);
          expect(Math.abs(again - value)).toBeLessThan(1e-13 * scale);
          expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-13);
        });
      });
      for (let k = 1; k < values.length; k++) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
      for (const vector of vectors) {
        const largest = Math.max(...vector.map(Math.abs));
        expect(Math.max(...vector)).toBeGreaterThan(largest * (1 - 1e-9));
      }
    },
  );

  it("refuses what is not square or not finite", () => {
    expect(() => symmetricEigen([[1, 2]])).toThrow(ShapeError);
    expect(() => symmetricEigen([])).toThrow(ShapeError);
    expect(() => symmetricEigen([[NaN]])).toThrow(ArgumentError);
    const partly = [
      [1, 0],
      [0, Infinity],
    ];
    expect(() => symmetricEigen(partly)).toThrow(ArgumentError);
  });
});
