/** Settings strictly between the ends of their range, against the formulas of their sources in plain numbers. */

import { describe, expect, it } from "vitest";
import {
  ancestralSampler,
  churnSampler,
  cosineNoiseSchedule,
  type Denoiser,
  finish,
  guidedDenoiser,
  linearSchedule,
} from "../../src/diffusion/index.ts";
import { ancestralWeights } from "../../src/diffusion/samplers.ts";
import { scheduleAt } from "../../src/diffusion/schedule.ts";
import { normal, Random, tensor } from "../../src/index.ts";
import { assertClose } from "../../src/testing/index.ts";

const between = [0.1, 0.25, 0.5, 0.75, 0.9];

describe("the noise of an ancestral step", () => {
  it.each(between)("is η times that of DDPM, for η = %d (Song, Meng & Ermon 2021, eq. 16)", (eta) => {
    for (const schedule of [linearSchedule, cosineNoiseSchedule]) {
      for (const [t, s] of [
        [0.95, 0.8],
        [0.6, 0.1],
        [0.3, 0.29],
      ]) {
        const [now, next] = [t, s].map((at) => scheduleAt(schedule, at));
        // In variances of a path of unit variance: ᾱ = α²/(α² + σ²).
        const [a, b] = [now, next].map(({ alpha, sigma }) => alpha ** 2 / (alpha ** 2 + sigma ** 2));
        const unit = eta * Math.sqrt((1 - b) / (1 - a)) * Math.sqrt(1 - a / b);
        const { noise } = ancestralWeights(now, next, eta);
        expect(noise / Math.hypot(next.alpha, next.sigma)).toBeCloseTo(unit, 12);
      }
    }
  });

  it.each(between)("reaches the samples: they mix state, guess and noise as η = %d says", (eta) => {
    const guess = tensor([[0.5, -1]], { dtype: "float64" });
    const denoiser: Denoiser = (x) => x.mul(0).add(guess);
    const start = normal([1, 2], new Random(1)).to("float64");
    const grid = [0.9, 0.4, 0.2];
    const found = finish(
      ancestralSampler(denoiser, start, { grid, stochasticity: eta, random: new Random(2) }),
    );
    const [stream] = new Random(2).split(1);
    let [x, step] = [start.toArray<number[][]>()[0], 0];
    for (const [t, s] of [
      [0.9, 0.4],
      [0.4, 0.2],
    ]) {
      const weights = ancestralWeights(scheduleAt(linearSchedule, t), scheduleAt(linearSchedule, s), eta);
      const z = normal([1, 2], stream.fork(step++)).toArray<number[][]>()[0];
      x = x.map(
        (value, i) =>
          weights.state * value + weights.prediction * guess.at(0, i).item() + weights.noise * z[i],
      );
    }
    assertClose(found, tensor([x], { dtype: "float64" }), { relative: 1e-12, absolute: 1e-12 });
  });
});

describe("churn", () => {
  const settings = [
    { churn: 1, noiseScale: 1 },
    { churn: 1, noiseScale: 0.5 },
    { churn: 0.3, noiseScale: 1.007 },
    { churn: 3, noiseScale: 1 },
  ];
  it.each(settings)(
    "raises the noise before a step by what $churn over the steps says, at scale $noiseScale",
    ({ churn, noiseScale }) => {
      const seen: { x: number; t: number }[] = [];
      const denoiser: Denoiser = (x, t) => {
        seen.push({ x: x.item(), t });
        return x.mul(0);
      };
      const grid = [0.8, 0.4, 0.2, 0.1];
      const start = tensor([[1.25]], { dtype: "float64" });
      const range = [0.5, 2] as const;
      const states = [
        ...churnSampler(denoiser, start, { grid, churn, noiseScale, range, random: new Random(3) }),
      ];
      const [stream] = new Random(3).split(1);
      const gamma = Math.min(churn / 3, Math.SQRT2 - 1);
      // Karras et al. 2022, algorithm 2, in units of the data: σ̂ = (1 + γ) σ, x̂ = x + √(σ̂² − σ²) S_noise ε. 4 is out of the range.
      expect([states[0].t, states[0].state.item()]).toEqual([0.8, 1.25]);
      const sigma = 0.4 / 0.6;
      const grown = (1 + gamma) * sigma;
      expect(states[1].t).toBeCloseTo(grown / (1 + grown), 12);
      // With a guess of 0 Heun's first step goes to 1.25 · 0.4/0.8.
      const epsilon = normal([1, 1], stream.fork(1)).item();
      const data = (1.25 * 0.5) / 0.6 + noiseScale * Math.sqrt(grown ** 2 - sigma ** 2) * epsilon;
      expect(states[1].state.item()).toBeCloseTo(data / (1 + grown), 12);
      // 0.2 / 0.8 is below the range again.
      expect(states[2].t).toBe(0.2);
      expect(seen.length).toBeGreaterThan(states.length);
    },
  );
});

describe("guidance", () => {
  const denoiser = (x: ReturnType<typeof tensor>, _t: number, condition?: ReturnType<typeof tensor>) =>
    condition === undefined ? x.mul(0.5) : x.mul(0.5).add(condition);
  it.each([...between, 1.5, -0.5])("at weight %d goes that part of the way to the condition", (weight) => {
    const guided = guidedDenoiser(denoiser, tensor([[2]]), weight);
    expect(guided(tensor([[3]]), 0.5).item()).toBeCloseTo(1.5 + weight * 2, 5);
  });

  it.each([
    [0.1, 1],
    [0.25, 0.5],
    [0.5, 0.5],
    [0.75, 0.5],
    [0.8, 1],
  ])("holds within its interval, both ends included: at t = %d the weight is %d", (t, weight) => {
    const guided = guidedDenoiser(denoiser, tensor([[2]]), 0.5, { interval: [0.25, 0.75] });
    expect(guided(tensor([[3]]), t).item()).toBeCloseTo(1.5 + weight * 2, 5);
  });
});
