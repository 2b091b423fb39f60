/** Posteriors through a sampler's latents, against those that are known in closed form. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  chainDiagnostics,
  ellipticalSlice,
  finish,
  GaussianProposal,
  heunSampler,
  importanceResample,
  type LogLikelihood,
  type PosteriorChains,
  temperedPosterior,
  uniformGrid,
} from "../../src/diffusion/index.ts";
import { ArgumentError, normal, Random, ShapeError, type Tensor, tensor } from "../../src/index.ts";
import { COVARIANCE, gaussian, MEAN } from "./distributions.ts";

/** What is seen of a point x: x₀ + x₁/2, with this value and standard error. */
const SEEN = { direction: [1, 0.5], value: 2, error: 0.2 };

/** From latents to points, by the flow of the exact model. */
const decode = (latents: Tensor): Tensor =>
  finish(heunSampler(gaussian.denoiser(), latents.to("float64"), { grid: uniformGrid(15) }));

const heightOf = (x: ArrayLike<number>, at: number): number => {
  const projected = SEEN.direction[0] * x[at] + SEEN.direction[1] * x[at + 1];
  return -(((projected - SEEN.value) / SEEN.error) ** 2) / 2;
};

const likelihood: LogLikelihood = (latents) => {
  const points = decode(latents).toTypedArray();
  return Float64Array.from({ length: latents.shape[0] }, (_, row) => heightOf(points, 2 * row));
};

/** Mean and covariance of x given what is seen: Kalman's gain K = Σ a / (aᵀ Σ a + s²). */
const exact = (() => {
  const { direction: a, value, error } = SEEN;
  const spread = COVARIANCE.map((row) => row[0] * a[0] + row[1] * a[1]);
  const variance = spread[0] * a[0] + spread[1] * a[1] + error ** 2;
  const surprise = value - a[0] * MEAN[0] - a[1] * MEAN[1];
  return {
    mean: MEAN.map((mean, i) => mean + (spread[i] / variance) * surprise),
    covariance: COVARIANCE.map((row, i) => row.map((c, j) => c - (spread[i] * spread[j]) / variance)),
  };
})();

function expectExact({ states }: PosteriorChains, rows = [0, states[0].length / 2]): void {
  const latents = states.flatMap((state) => Array.from(state.subarray(2 * rows[0], 2 * rows[1])));
  const points = decode(tensor(latents, [latents.length / 2, 2])).toTypedArray();
  const count = points.length / 2;
  const mean = [0, 1].map((i) => {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += points[2 * row + i] / count;
    return sum;
  });
  const covariance = [0, 1].map((i) =>
    [0, 1].map((j) => {
      let sum = 0;
      for (let row = 0; row < count; row++) {
        sum += ((points[2 * row + i] - mean[i]) * (points[2 * row + j] - mean[j])) / count;
      }
      return sum;
    }),
  );
  // Some thousand independent draws: means are known to 0.01, variances to 2 %.
  mean.forEach((value, i) => {
    expect(Math.abs(value - exact.mean[i])).toBeLessThan(0.03);
  });
  covariance.flat().forEach((value, k) => {
    expect(Math.abs(value - exact.covariance.flat()[k])).toBeLessThan(0.02);
  });
}

describe("ellipticalSlice", () => {
  const random = new Random(5);

  it("samples the posterior of a Gaussian seen with an error, by its exact mean and covariance", () => {
    const start = normal([100, 2], random.fork("start"));
    const { states, evaluations } = finish(ellipticalSlice(likelihood, start, { random, transitions: 120 }));
    expect(evaluations).toBeGreaterThan(100 * 120);
    expectExact({ states: states.slice(20), logLikelihoods: [], evaluations });
  });

  it("samples the same posterior along ellipses of any Gaussian, even a poor one", () => {
    const start = normal([100, 2], random.fork("start"));
    const proposal = new GaussianProposal([0, 1, 2, -1, 1, 1, 0.5, 0], 2);
    const proposals = Array.from({ length: 100 }, () => proposal);
    const { states } = finish(ellipticalSlice(likelihood, start, { random, transitions: 120, proposals }));
    expectExact({ states: states.slice(20), logLikelihoods: [], evaluations: 0 });
  });

  it("gives a chain the same states whatever the others are", () => {
    const start = normal([6, 2], random.fork("few"));
    const all = finish(ellipticalSlice(likelihood, start, { random, transitions: 5 }));
    const some = finish(ellipticalSlice(likelihood, start.slice([0, 2]), { random, transitions: 5 }));
    some.states.forEach((state, i) => {
      expect(Array.from(all.states[i].subarray(0, 4))).toEqual(Array.from(state));
    });
  });

  it("returns the heights of the states it returns", () => {
    const start = normal([3, 2], random.fork("heights"));
    const { states, logLikelihoods } = finish(ellipticalSlice(likelihood, start, { random, transitions: 4 }));
    states.forEach((state, i) => {
      const again = likelihood(tensor(state, [3, 2]), new Uint32Array(3));
      expect(Array.from(logLikelihoods[i])).toEqual(Array.from(again));
    });
  });

  it("refuses starts without a way on, likelihoods of another length and starts that are no rows", () => {
    const start = normal([3, 2], random.fork("refused"));
    const run = (height: LogLikelihood, from = start) => finish(ellipticalSlice(height, from, { random }));
    expect(() => run(() => [0, -Infinity, 0])).toThrow(/start of chain 1 is -Infinity/);
    expect(() => run(() => [0, 0, Number.NaN])).toThrow(/start of chain 2 is NaN/);
    expect(() => run(() => [0, 0])).toThrow(ShapeError);
    expect(() => run(likelihood, normal([2], random))).toThrow(/ellipticalSlice: .*\[chains, features\]/);
    expect(() => run(likelihood, normal([0, 2], random))).toThrow(ShapeError);
    expect(() => run(likelihood, [[1, 2]] as unknown as Tensor)).toThrow(ShapeError);
  });

  it("leaves the start as it was, whatever the likelihood does to its rows", () => {
    const start = normal([3, 2], random.fork("kept"));
    const before = [...start.toTypedArray()];
    const { states } = finish(
      ellipticalSlice(
        (latents) => {
          const rows = latents.toTypedArray();
          const heights = Float64Array.from({ length: latents.shape[0] }, (_, row) => -(rows[2 * row] ** 2));
          rows.fill(1e3);
          return heights;
        },
        start,
        { random, transitions: 5 },
      ),
    );
    expect([...start.toTypedArray()]).toEqual(before);
    for (const state of states) for (const value of state) expect(Math.abs(value)).toBeLessThan(100);
  });
});

describe("a proposal", () => {
  const points = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 12, maxLength: 40 });

  test.prop([points])(
    "is a fifth wider than its points, and as correlated as their number allows",
    (values) => {
      const count = Math.floor(values.length / 2);
      const rows = values.slice(0, 2 * count);
      const column = (i: number) => rows.filter((_, at) => at % 2 === i);
      const means = [0, 1].map((i) => column(i).reduce((sum, value) => sum + value, 0) / count);
      const covariance = (i: number, j: number) =>
        column(i).reduce((sum, value, k) => sum + (value - means[i]) * (column(j)[k] - means[j]), 0) /
        (count - 1);
      const { mean, factor } = new GaussianProposal(rows, 2);
      const near = (actual: number, expected: number) =>
        expect(Math.abs(actual - expected)).toBeLessThan(1e-8 + 1e-9 * Math.abs(expected));
      means.forEach((value, i) => {
        near(mean[i], value);
      });
      near(factor[0][0] ** 2, 1.44 * covariance(0, 0));
      near(factor[1][0] ** 2 + factor[1][1] ** 2, 1.44 * covariance(1, 1));
      near(factor[0][0] * factor[1][0], (1 - (2 / count) ** 2) * 1.44 * covariance(0, 1));
    },
  );

  test.prop([
    points,
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.double({ min: -2, max: 2, noNaN: true }),
  ])("is compared with the prior by both densities, at any row", (values, x, y) => {
    const proposal = new GaussianProposal(values.slice(0, 2 * Math.floor(values.length / 2)), 2);
    const [[a], [b, c]] = proposal.factor;
    fc.pre(a > 0.1 && c > 0.1);
    const [u, v] = [x - proposal.mean[0], y - proposal.mean[1]];
    const solved = [u / a, (v - (b * u) / a) / c];
    const expected = (solved[0] ** 2 + solved[1] ** 2 - x * x - y * y) / 2;
    const ratio = proposal.logPriorRatio([99, 99, x, y], 2);
    expect(Math.abs(ratio - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)));
  });

  it("needs two points, and finite ones", () => {
    expect(() => new GaussianProposal([1, 2], 2)).toThrow(/GaussianProposal: .*the number of points/);
    expect(() => new GaussianProposal([1, 2, Number.NaN, 4], 2)).toThrow(
      /GaussianProposal: points\[2\] is NaN/,
    );
  });
});

describe("temperedPosterior", () => {
  const random = new Random(8);
  const bank = normal([500, 2], random.fork("bank"));
  const bankLogLikelihoods = [likelihood(bank, new Uint32Array(500)), new Float64Array(500)];

  it("samples several posteriors at once, the one without observations as the prior", () => {
    const both: LogLikelihood = (latents, chains) =>
      Float64Array.from(likelihood(latents, chains), (height, row) => (chains[row] < 64 ? height : 0));
    const result = finish(
      temperedPosterior(both, { random, bank, bankLogLikelihoods, chains: 64, transitions: 80 }),
    );
    expectExact(result, [0, 64]);
    expect(result.evaluations).toBeLessThan(18_000);
    const prior = result.states.flatMap((state) => Array.from(state.subarray(128)));
    const square = prior.reduce((sum, z) => sum + z * z, 0) / prior.length;
    expect(Math.abs(square - 1)).toBeLessThan(0.05);
  });

  it("tells how far it is: from 0 to 1, never back in the last part, whatever the number of posteriors", () => {
    const steps = temperedPosterior(
      (latents, chains) =>
        Float64Array.from(likelihood(latents, chains), (height, row) => (chains[row] < 8 ? height : 0)),
      { random, bank, bankLogLikelihoods, chains: 8, transitions: 10 },
    );
    const shares: number[] = [];
    for (let step = steps.next(); !step.done; step = steps.next()) shares.push(step.value.share!);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    expect(shares[shares.length - 1]).toBeGreaterThan(0.9);
    const last = shares.slice(shares.findLastIndex((share) => share <= 0.5));
    expect(last.length).toBeGreaterThan(10);
    expect(last).toEqual([...last].sort((a, b) => a - b));
  });

  it("is calibrated: intervals hold the truth as often as they say, over 400 simulated cases", () => {
    const [cases, chains] = [400, 16];
    const truths = normal([cases, 2], random.fork("truths"));
    const seen = decode(truths).toTypedArray();
    const noise = normal([cases], random.fork("noise")).toTypedArray();
    // Each sees its own direction, with its own error.
    const heights = (points: ArrayLike<number>, row: number, i: number): number => {
      const [a, b, error] = [Math.cos(i), Math.sin(i), 0.05 + (i % 7) / 5];
      const difference = a * (points[2 * row] - seen[2 * i]) + b * (points[2 * row + 1] - seen[2 * i + 1]);
      return -((difference / error - noise[i]) ** 2) / 2;
    };
    const drawn = decode(bank).toTypedArray();
    const { states } = finish(
      temperedPosterior(
        (latents, rows) => {
          const points = decode(latents).toTypedArray();
          return Float64Array.from(rows, (chain, row) => heights(points, row, Math.floor(chain / chains)));
        },
        {
          random,
          bank,
          bankLogLikelihoods: Array.from({ length: cases }, (_, i) =>
            Float64Array.from({ length: 500 }, (_, row) => heights(drawn, row, i)),
          ),
          chains,
          transitions: 14,
        },
      ),
    );
    const z = truths.toTypedArray();
    for (const [level, within] of [0.5, 0.68, 0.95].map((level) => [level, 0] as [number, number])) {
      let inside = within;
      for (let i = 0; i < 2 * cases; i++) {
        const [c, f] = [Math.floor(i / 2), i % 2];
        const samples = states
          .slice(2)
          .flatMap((state) => Array.from({ length: chains }, (_, j) => state[2 * (c * chains + j) + f]))
          .sort((a, b) => a - b);
        const low = samples[Math.floor(((1 - level) / 2) * samples.length)];
        const high = samples[Math.ceil(((1 + level) / 2) * samples.length) - 1];
        if (z[i] >= low && z[i] <= high) inside++;
      }
      // 800 latents, in pairs: a standard error of 2 points.
      expect(Math.abs(inside / (2 * cases) - level)).toBeLessThan(0.05);
    }
  });

  it("finds a posterior that no draw of the bank is near to", () => {
    // N(5, 0.01²) of the first latent: 5 σ away in the prior.
    const narrow: LogLikelihood = (latents) => {
      const z = latents.toTypedArray();
      return Float64Array.from(
        { length: latents.shape[0] },
        (_, row) => -(((z[2 * row] - 5) / 0.01) ** 2) / 2,
      );
    };
    const heights = [narrow(bank, new Uint32Array(500))];
    const { states } = finish(
      temperedPosterior(narrow, { random, bank, bankLogLikelihoods: heights, chains: 32, transitions: 60 }),
    );
    const first = states.slice(20).flatMap((state) => Array.from(state).filter((_, i) => i % 2 === 0));
    const mean = first.reduce((sum, z) => sum + z, 0) / first.length;
    const deviation = Math.sqrt(first.reduce((sum, z) => sum + (z - mean) ** 2, 0) / first.length);
    expect(Math.abs(mean - 5 / (1 + 0.01 ** 2))).toBeLessThan(0.002);
    expect(Math.abs(deviation - 0.01)).toBeLessThan(0.002);
  });
});

describe("importanceResample", () => {
  test.prop([
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 0, max: 1000 }),
  ])("takes each row as often as its weight says, but for less than one", (weights, count, seed) => {
    weights[0] += 0.1;
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const { rows, effectiveCount } = importanceResample(weights.map(Math.log), count, new Random(seed));
    weights.forEach((weight, row) => {
      const times = rows.filter((drawn) => drawn === row).length;
      expect(Math.abs(times - (count * weight) / sum)).toBeLessThan(1 + 1e-9);
    });
    const squares = weights.reduce((total, weight) => total + weight ** 2, 0);
    expect(effectiveCount).toBeCloseTo(sum ** 2 / squares, 9);
  });

  it("refuses weights that are all zero, and NaN", () => {
    const resample = (weights: number[]) => importanceResample(weights, 2, new Random(1));
    expect(() => resample([-Infinity, -Infinity])).toThrow(ArgumentError);
    expect(() => resample([])).toThrow(ArgumentError);
    expect(() => resample([0, Number.NaN])).toThrow(/weight 1 is NaN/);
  });
});

describe("chainDiagnostics", () => {
  const drawn = (count: number, length: number, shift = 0) =>
    Array.from({ length: count }, (_, c) => {
      const chain = new Float64Array(length);
      new Random(3).fork(c).fillNormal(chain);
      return chain.map((value) => value + shift * c);
    });

  it("is the root of the pooled variance over that within, of half chains", () => {
    // Halves [1, 2], [1, 2], [3, 4], [3, 4]: within 1/2, of the means 4/3, pooled 1/4 + 4/3.
    const { rHat } = chainDiagnostics([
      [1, 2, 1, 2],
      [3, 4, 3, 4],
    ]);
    expect(rHat).toBeCloseTo(Math.sqrt((1 / 4 + 4 / 3) / (1 / 2)), 12);
  });

  it("counts independent draws as what they are", () => {
    const { rHat, effectiveCount } = chainDiagnostics(drawn(8, 250));
    expect(rHat).toBeLessThan(1.01);
    expect(effectiveCount).toBeGreaterThan(1500);
    expect(effectiveCount).toBeLessThan(2500);
  });

  it("counts a chain that repeats every state ten times as a tenth", () => {
    const slow = drawn(8, 100).map((chain) =>
      Float64Array.from({ length: 1000 }, (_, i) => chain[Math.floor(i / 10)]),
    );
    const { effectiveCount } = chainDiagnostics(slow);
    expect(effectiveCount).toBeGreaterThan(550);
    expect(effectiveCount).toBeLessThan(1100);
  });

  it("tells chains that stand at different places, and chains that drift", () => {
    expect(chainDiagnostics(drawn(4, 100, 1)).rHat).toBeGreaterThan(1.3);
    const drifting = drawn(4, 100).map((chain) => chain.map((value, i) => value + i / 20));
    expect(chainDiagnostics(drifting).rHat).toBeGreaterThan(1.3);
  });

  it("refuses chains that are too short or differ in length", () => {
    expect(() => chainDiagnostics([[1, 2, 3]])).toThrow(ArgumentError);
    expect(() => chainDiagnostics([[1, 2, 3, 4], [1]])).toThrow(ShapeError);
  });
});
