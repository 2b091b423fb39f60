/** Guidance by a function: exact where normal distributions tell the answer, as biased as derived where it is not corrected. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  ancestralSampler,
  cosineNoiseSchedule,
  type Denoiser,
  eulerSampler,
  finish,
  functionGuidedDenoiser,
  GaussianModel,
  heunSampler,
  LogPrincipalComponents,
  type NoiseSchedule,
  ResidualDenoiser,
  Standardization,
  uniformGrid,
} from "../../src/diffusion/index.ts";
import { ArgumentError, grad, normal, Random, ShapeError, type Tensor, tensor } from "../../src/index.ts";
import { noise64 } from "./distributions.ts";

const double = (rows: number[][]): Tensor =>
  tensor(Float64Array.from(rows.flat()), [rows.length, rows[0].length], { dtype: "float64" });
const largest = (x: Tensor): number => x.abs().max().item();

/** As of `GaussianModel`, whose eigenvalues a posterior may bring to −10⁻¹² of the largest and below by rounding. */
function posteriorMean(
  x: Tensor,
  t: number,
  mean: number[],
  covariance: number[][],
  schedule: NoiseSchedule | undefined,
): Tensor {
  const ridge = covariance.map((row, i) => row.map((v, j) => v + (i === j ? 1e-12 : 0)));
  return new GaussianModel(mean, ridge).denoiser(schedule)(x, t);
}

describe("a guess guided by a function", () => {
  test.prop([
    fc.integer({ min: 0, max: 10_000 }),
    fc.double({ min: 0.02, max: 0.95, noNaN: true }),
    fc.double({ min: -3, max: 1, noNaN: true }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(undefined, cosineNoiseSchedule),
  ])(
    "is the exact posterior mean of normal data, for any tolerance of any linear wishes",
    (seed, t, power, count, schedule) => {
      const random = new Random(seed);
      const draw = (rows: number): number[][] =>
        Array.from({ length: rows }, () => Array.from({ length: 3 }, () => random.normal()));
      const [[mean], directions, root] = [draw(1), draw(count), draw(3)];
      const wanted = directions.map(() => random.normal());
      const s = directions.map(() => 10 ** power * random.uniform(0.3, 3));
      const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
      const prior = root.map((row) => root.map((other) => dot(row, other)));
      // Conditioning on one y = a·x₀ + s ε after the other: m + Σa (y − a·m)/(aᵀΣa + s²), Σ − Σa aᵀΣ/(aᵀΣa + s²).
      let [m, sigma] = [mean, prior];
      directions.forEach((a, k) => {
        const sigmaA = sigma.map((row) => dot(row, a));
        const variance = dot(sigmaA, a) + s[k] ** 2;
        const off = wanted[k] - dot(m, a);
        m = m.map((v, i) => v + (sigmaA[i] * off) / variance);
        sigma = sigma.map((row, i) => row.map((v, j) => v - (sigmaA[i] * sigmaA[j]) / variance));
      });
      const guided = functionGuidedDenoiser(
        new GaussianModel(mean, prior).denoiser(schedule),
        (x) =>
          x
            .matmul(double(directions).transpose())
            .sub(double([wanted]))
            .div(double([s])),
        { ...(schedule && { schedule }) },
      );
      const x = noise64(8, 3, seed);
      const exact = posteriorMean(x, t, m, sigma, schedule);
      expect(largest(guided(x, t).sub(exact))).toBeLessThan(1e-6 * (1 + largest(exact)));
    },
  );

  it("counts the squares times the scale: 4 is half the tolerance", () => {
    const model = new GaussianModel([0.3], [[2]]).denoiser();
    const wish = (s: number) => (x: Tensor) => x.sub(1).div(s);
    const x = noise64(5, 1, 1);
    const [a, b] = [
      functionGuidedDenoiser(model, wish(0.5), { scale: 4 }),
      functionGuidedDenoiser(model, wish(0.25)),
    ];
    expect(largest(a(x, 0.4).sub(b(x, 0.4)))).toBeLessThan(1e-12);
  });

  it("is the unguided one where nothing is left to be wished, outside the interval, and at the ends of time", () => {
    const model = new GaussianModel([0.3], [[2]]).denoiser();
    const x = noise64(5, 1, 1);
    const wish = (x0: Tensor): Tensor => x0.sub(1);
    const at = (t: number, loss: (x: Tensor) => Tensor, interval?: [number, number]): number =>
      largest(functionGuidedDenoiser(model, loss, interval && { interval })(x, t).sub(model(x, t)));
    expect(at(0.5, (x0) => x0.mul(0))).toBe(0);
    expect(at(0.5, (x0) => x0.sub(model(x, 0.5)))).toBeLessThan(1e-12);
    expect([0, 0.3, 0.99, 0.995, 1].map((t) => at(t, wish) > 0)).toEqual([false, true, true, false, false]);
    expect([0.3, 0.5, 0.7].map((t) => at(t, wish, [0.4, 0.6]) > 0)).toEqual([false, true, false]);
  });

  it("is left alone where a denoiser is so wrong that a pull would lead further away", () => {
    const wrong: Denoiser = (x) => x.neg();
    const x = double([[1], [-2]]);
    const loss = (x0: Tensor): Tensor => x0.sub(5);
    expect(functionGuidedDenoiser(wrong, loss)(x, 0.5).toArray()).toEqual([[-1], [2]]);
    expect(functionGuidedDenoiser(wrong, loss, { corrected: false })(x, 0.5).toArray()).not.toEqual([
      [-1],
      [2],
    ]);
  });
});

describe("samples guided by a function", () => {
  // Data N(0, 1), the wish √w (x₀ − y). Corrected, the flow is that of N(y w/(1 + w), 1/(1 + w)). Without correction, with
  // tan θ = t/(1 − t) and u = x/√((1 − t)² + t²), it is du/dθ = w sin θ (u cos θ − y), from θ = π/2 to 0: the end is
  // normal, of standard deviation e^(−w/2) and mean y w e^(−w/2) ∫₀¹ e^(w c²/2) dc, with c = cos θ.
  const [w, y] = [2.5, 1.7];
  const standard = new GaussianModel([0], [[1]]).denoiser();
  const loss = (x: Tensor): Tensor => x.sub(y).mul(Math.sqrt(w));
  const starts = double([[0], [1]]);
  const ends = (corrected: boolean): [mean: number, deviation: number] => {
    const guided = functionGuidedDenoiser(standard, loss, { corrected, interval: [0, 1] });
    const [[zero], [one]] = finish(heunSampler(guided, starts, { grid: uniformGrid(400) })).toArray<
      number[][]
    >();
    return [zero, one - zero];
  };

  it("have the posterior's mean and width", () => {
    const [mean, deviation] = ends(true);
    expect(mean).toBeCloseTo((y * w) / (1 + w), 2);
    expect(deviation).toBeCloseTo(1 / Math.sqrt(1 + w), 2);
  });

  it("without the correction overshoot and are too narrow, by as much as derived", () => {
    let integral = 0;
    for (let i = 0; i < 1000; i++) integral += Math.exp((w * ((i + 0.5) / 1000) ** 2) / 2) / 1000;
    const [mean, deviation] = ends(false);
    expect(mean).toBeCloseTo(y * w * Math.exp(-w / 2) * integral, 2);
    expect(deviation).toBeCloseTo(Math.exp(-w / 2), 2);
  });

  it("stay within the tightest of tolerances, with any sampler", () => {
    const guided = functionGuidedDenoiser(standard, (x) => x.sub(y).div(1e-3));
    for (const sampler of [eulerSampler, heunSampler, ancestralSampler]) {
      const samples = finish(sampler(guided, noise64(50, 1, 3), { random: new Random(4) }));
      expect(largest(samples.sub(y)), sampler.name).toBeLessThan(0.01);
    }
  });

  it("come from a network as well, whose weights get no gradients", () => {
    const model = new ResidualDenoiser({ features: 2, width: 16, blocks: 1 }, new Random(1));
    const wish = (x: Tensor): Tensor => x.sum(1, { keepdim: true }).sub(3).div(0.05);
    const start = normal([20, 2], new Random(2));
    const sums = (denoiser: Denoiser): Tensor => finish(heunSampler(denoiser, start)).sum(1);
    expect(largest(sums(functionGuidedDenoiser(model.denoiser(), wish)).sub(3))).toBeLessThan(0.3);
    expect(largest(sums(model.denoiser()).sub(3))).toBeGreaterThan(1);
    expect(model.parameters().every((parameter) => parameter.grad === null)).toBe(true);
  });
});

describe("guidance by a function refuses", () => {
  const standard = new GaussianModel([0], [[1]]).denoiser();
  const x = normal([3, 1], new Random(1));
  it.each([
    [
      "one number for all rows",
      (x0: Tensor) => x0.sum(),
      ShapeError,
      /wishes of 3 rows are \[\], not \[3, wishes\]/,
    ],
    [
      "one number a row, but no column",
      (x0: Tensor) => x0.sum(1),
      ShapeError,
      /are \[3\], not \[3, wishes\]/,
    ],
    ["NaN", (x0: Tensor) => x0.mul(Number.NaN), ArgumentError, /a wish is NaN/],
  ])("%s", (_, loss, kind, message) => {
    const call = () => functionGuidedDenoiser(standard, loss as (x: Tensor) => Tensor)(x, 0.5);
    expect(call).toThrow(kind as never);
    expect(call).toThrow(message as RegExp);
  });

  it("settings that make no sense, at the call itself", () => {
    const loss = (x0: Tensor): Tensor => x0.square().sum(1);
    for (const scale of [0, -1, Number.NaN, Infinity]) {
      expect(() => functionGuidedDenoiser(standard, loss, { scale })).toThrow(/scale/);
    }
    expect(() => functionGuidedDenoiser(standard, loss, { interval: [0.5, 2] })).toThrow(ArgumentError);
    expect(() => functionGuidedDenoiser(standard, undefined as never)).toThrow(/both functions/);
    expect(() => functionGuidedDenoiser(standard, loss, { weight: 1 } as never)).toThrow(
      /no option "weight"/,
    );
  });
});

describe("decoding in recorded operations", () => {
  const rows = Array.from({ length: 12 }, (_, r) => [1, 2, 3, 4].map((i) => 2 + Math.sin(r * i) + i));
  it.each([
    ["a standardisation", Standardization.of(rows)],
    ["principal components", LogPrincipalComponents.of(rows, { components: 3 })],
  ])("is the inverse of %s, and has its derivative", (_, representation) => {
    const x = representation.apply(rows).to("float64");
    const values = (at: Tensor): number[][] => representation.invert(at).map((row) => [...row]);
    values(x).forEach((row, r) => {
      row.forEach((value, i) => {
        expect(representation.decode(x).toArray<number[][]>()[r][i]).toBeCloseTo(value, 10);
      });
    });
    const slope = grad((at: Tensor) => representation.decode(at).sum())(x).toArray<number[][]>()[0][0];
    const step = double(
      x.toArray<number[][]>().map((row, r) => row.map((_v, i) => (r + i === 0 ? 1e-6 : 0))),
    );
    const sum = (list: number[][]): number => list.flat().reduce((total, value) => total + value, 0);
    expect((sum(values(x.add(step))) - sum(values(x.sub(step)))) / 2e-6).toBeCloseTo(slope, 5);
  });
});
