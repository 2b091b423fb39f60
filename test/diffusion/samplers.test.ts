/** Samplers against theory: orders of convergence, moments without chance, seeded noise, and what they refuse. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  adamsBashforth2Sampler,
  ancestralSampler,
  churnSampler,
  cosineNoiseSchedule,
  dpmSolver2MSampler,
  eulerSampler,
  finish,
  heunSampler,
  karrasGrid,
  linearSchedule,
  logarithmicGrid,
  midpointSampler,
  type NoiseSchedule,
  rungeKutta4Sampler,
  type Sampler,
  scheduleAt,
  uniformGrid,
  variancePreservingSchedule,
} from "../../src/diffusion/index.ts";
import { ancestralWeights } from "../../src/diffusion/samplers.ts";
import { ArgumentError, normal, Random, type Tensor, tensor } from "../../src/index.ts";
import { COVARIANCE, distance, gaussian, MEAN, mixture, noise64, orderOf } from "./distributions.ts";

const deterministic: Record<string, Sampler> = {
  eulerSampler,
  heunSampler,
  midpointSampler,
  adamsBashforth2Sampler,
  dpmSolver2MSampler,
  rungeKutta4Sampler,
};
const stochastic: Record<string, Sampler> = { ancestralSampler, churnSampler };
const all = Object.entries({ ...deterministic, ...stochastic });
const variancePreserving = variancePreservingSchedule();
const schedules = [linearSchedule, cosineNoiseSchedule, variancePreserving];

describe("orders of convergence on a mixture, in float64", () => {
  const start = noise64(8, 2, 3);
  const exact = new Map(
    schedules.map((schedule) => {
      const end = finish(
        rungeKutta4Sampler(mixture.denoiser(schedule), start, {
          grid: uniformGrid(1024),
          schedule,
        }),
      );
      return [schedule, end] as const;
    }),
  );
  const errors = (sampler: Sampler, counts: readonly number[], schedule: NoiseSchedule): number[] =>
    counts.map((steps) =>
      distance(
        finish(sampler(mixture.denoiser(schedule), start, { grid: uniformGrid(steps), schedule })),
        exact.get(schedule)!,
      ),
    );

  it.each([
    ["eulerSampler", 1, linearSchedule],
    ["heunSampler", 2, linearSchedule],
    ["midpointSampler", 2, linearSchedule],
    ["adamsBashforth2Sampler", 2, linearSchedule],
    ["rungeKutta4Sampler", 4, linearSchedule],
    ["eulerSampler", 1, cosineNoiseSchedule],
    ["heunSampler", 2, cosineNoiseSchedule],
    ["midpointSampler", 2, cosineNoiseSchedule],
    ["adamsBashforth2Sampler", 2, cosineNoiseSchedule],
    ["rungeKutta4Sampler", 4, cosineNoiseSchedule],
  ])("%s has order %d, its last step included, for the schedule $name", (name, order, schedule) => {
    const counts = order === 4 ? [32, 64, 128] : [64, 128, 256];
    expect(Math.abs(orderOf(errors(deterministic[name], counts, schedule)) - order)).toBeLessThan(0.1);
  });

  it("is 2 for DPM-Solver++(2M) on grids even in the logarithm of the signal-to-noise ratio", () => {
    // From σ/α = 20 to 0.05, so that no step is infinite in the logarithm.
    const gridOf = (steps: number): number[] =>
      Array.from({ length: steps + 1 }, (_, i) => {
        const ratio = 20 * 0.0025 ** (i / steps);
        return ratio / (1 + ratio);
      });
    const end = finish(rungeKutta4Sampler(mixture.denoiser(), start, { grid: gridOf(1024) }));
    const found = [32, 64, 128].map((steps) =>
      distance(finish(dpmSolver2MSampler(mixture.denoiser(), start, { grid: gridOf(steps) })), end),
    );
    expect(Math.abs(orderOf(found) - 2)).toBeLessThan(0.1);
  });

  it("is 2 for DPM-Solver++(2M) on logarithmic grids, until what their ends leave, which is less the farther they are", () => {
    const onGrids = (counts: readonly number[], options: object): number[] =>
      counts.map((steps) => {
        const grid = logarithmicGrid(steps, options);
        const end = finish(dpmSolver2MSampler(mixture.denoiser(), start, { grid }));
        return distance(end, exact.get(linearSchedule)!);
      });
    const far = onGrids([128, 256, 512], { least: 1e-5, greatest: 1e5 });
    expect(Math.abs(orderOf(far) - 2)).toBeLessThan(0.1);
    const [early, late] = onGrids([256, 512], {});
    expect(early).toBeLessThan(far[1]);
    expect(late).toBeGreaterThan(early / 2);
    expect(late).toBeLessThan(1e-4);
  });

  it("is approached by DPM-Solver++(2M) on even grids, whose last steps stay long for it", () => {
    const order = orderOf(errors(dpmSolver2MSampler, [64, 128, 256, 512], linearSchedule));
    expect(order).toBeGreaterThan(1.5);
    expect(order).toBeLessThan(2.1);
  });

  it.each(Object.entries(deterministic))("%s solves the same flow on Karras' grid", (_, sampler) => {
    const end = finish(sampler(mixture.denoiser(), start, { grid: karrasGrid(200) }));
    expect(distance(end, exact.get(linearSchedule)!)).toBeLessThan(0.01);
  });

  it.each(Object.entries(deterministic))(
    "%s comes to the same samples by the variance-preserving schedule",
    (_, sampler) => {
      const schedule = variancePreserving;
      const end = finish(sampler(mixture.denoiser(schedule), start, { grid: uniformGrid(200), schedule }));
      expect(distance(end, exact.get(schedule)!)).toBeLessThan(0.01);
    },
  );
});

describe("on a normal distribution", () => {
  it("the flow ends where the exact map says", () => {
    const start = noise64(6, 2, 5);
    for (const schedule of schedules) {
      const end = finish(
        rungeKutta4Sampler(gaussian.denoiser(schedule), start, {
          grid: uniformGrid(400),
          schedule,
        }),
      );
      expect(distance(end, gaussian.transport(start, 1, 0, schedule))).toBeLessThan(1e-7);
    }
  });

  it("midpoint shows order 3, by accident", () => {
    const start = noise64(6, 2, 5);
    const errors = [32, 64, 128].map((steps) =>
      distance(
        finish(midpointSampler(gaussian.denoiser(), start, { grid: uniformGrid(steps) })),
        gaussian.transport(start, 1, 0),
      ),
    );
    expect(Math.abs(orderOf(errors) - 3)).toBeLessThan(0.1);
  });

  it("31 steps of Euler lose several times more of the spread than Heun's", () => {
    // Of a component with 6.5 times the spread of the noise, as the first one of standardised rotation curves has.
    const spread = 6.5;
    const wide = mixtureOfOne(spread);
    const lost = (sampler: Sampler): number =>
      1 - finish(sampler(wide, tensor([[1]], { dtype: "float64" }))).item() / spread;
    expect(lost(eulerSampler)).toBeGreaterThan(0.08);
    expect(lost(eulerSampler)).toBeLessThan(0.1);
    expect(Math.abs(lost(heunSampler))).toBeLessThan(0.01);
  });

  /** E[x₀ | x] for N(0, spread²). */
  function mixtureOfOne(spread: number) {
    return (x: Tensor, t: number): Tensor =>
      x.mul(((1 - t) * spread ** 2) / (((1 - t) * spread) ** 2 + t ** 2));
  }
});

describe("DDPM", () => {
  /** Mean and covariance of its samples: each step is an affine map and new noise, so both follow without chance. */
  function moments(steps: number, schedule: NoiseSchedule): { mean: number[]; covariance: number[][] } {
    const grid = uniformGrid(steps);
    const denoise = gaussian.denoiser(schedule);
    let mean = [0, 0];
    let covariance = [
      [1, 0],
      [0, 1],
    ];
    for (let i = 0; i < steps; i++) {
      const weights = ancestralWeights(scheduleAt(schedule, grid[i]), scheduleAt(schedule, grid[i + 1]), 1);
      const [origin, ...columns] = denoise(
        tensor(
          [
            [0, 0],
            [1, 0],
            [0, 1],
          ],
          { dtype: "float64" },
        ),
        grid[i],
      ).toArray<number[][]>();
      const map = [0, 1].map((row) =>
        columns.map(
          (column, c) => (row === c ? weights.state : 0) + weights.prediction * (column[row] - origin[row]),
        ),
      );
      mean = map.map((row, r) => row[0] * mean[0] + row[1] * mean[1] + weights.prediction * origin[r]);
      const half = map.map((row) => [0, 1].map((c) => row[0] * covariance[0][c] + row[1] * covariance[1][c]));
      covariance = half.map((row, r) =>
        map.map((other, c) => row[0] * other[0] + row[1] * other[1] + (r === c ? weights.noise ** 2 : 0)),
      );
    }
    return { mean, covariance };
  }

  it.each(schedules)(
    "has the mean and covariance of the data, up to the order 1, for the schedule $name",
    (schedule) => {
      const errors = [128, 256, 512].map((steps) => {
        const { mean, covariance } = moments(steps, schedule);
        return {
          mean: Math.max(...mean.map((value, i) => Math.abs(value - MEAN[i]))),
          covariance: Math.max(
            ...covariance.flat().map((value, i) => Math.abs(value - COVARIANCE.flat()[i])),
          ),
        };
      });
      expect(errors[2].covariance).toBeLessThan(0.02);
      expect(errors[2].mean).toBeLessThan(0.01);
      expect(Math.abs(orderOf(errors.map(({ covariance }) => covariance)) - 1)).toBeLessThan(0.1);
    },
  );

  it("takes the steps whose moments these are, with noise from its stream", () => {
    const [start, grid] = [noise64(3, 2, 1), uniformGrid(5)];
    const [stream] = new Random(9).split(1);
    let expected = start;
    for (let i = 0; i < 5; i++) {
      const weights = ancestralWeights(
        scheduleAt(linearSchedule, grid[i]),
        scheduleAt(linearSchedule, grid[i + 1]),
        1,
      );
      const noise = normal([3, 2], stream.fork(i)).to("float64");
      expected = expected
        .mul(weights.state)
        .add(gaussian.denoiser()(expected, grid[i]).mul(weights.prediction))
        .add(noise.mul(weights.noise));
    }
    const samples = finish(ancestralSampler(gaussian.denoiser(), start, { grid, random: new Random(9) }));
    expect(distance(samples, expected)).toBeLessThan(1e-14);
  });

  it("is Euler's method without stochasticity", () => {
    const start = noise64(3, 2, 1);
    const still = finish(
      ancestralSampler(mixture.denoiser(), start, { stochasticity: 0, random: new Random(1) }),
    );
    expect(distance(still, finish(eulerSampler(mixture.denoiser(), start)))).toBeLessThan(1e-14);
  });

  test.prop([fc.double({ min: 0.05, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })])(
    "keeps the variance of pure noise and of a known signal, whatever the stochasticity",
    (t, stochasticity) => {
      const [now, next] = [scheduleAt(linearSchedule, t), scheduleAt(linearSchedule, t * 0.8)];
      const { state, prediction, noise } = ancestralWeights(now, next, stochasticity);
      expect(state * now.alpha + prediction).toBeCloseTo(next.alpha, 12);
      expect((state * now.sigma) ** 2 + noise ** 2).toBeCloseTo(next.sigma ** 2, 12);
    },
  );
});

describe("churn", () => {
  it("is Heun's method without churn", () => {
    const start = noise64(3, 2, 1);
    const still = finish(churnSampler(mixture.denoiser(), start, { churn: 0, random: new Random(1) }));
    expect(still.toArray()).toEqual(finish(heunSampler(mixture.denoiser(), start)).toArray());
  });

  it("keeps the distribution: mean and covariance of many samples are those of the data", () => {
    const count = 20_000;
    const samples = finish(
      churnSampler(gaussian.denoiser(), normal([count, 2], new Random(1)), {
        churn: 20,
        random: new Random(2),
      }),
    ).toArray<number[][]>();
    const mean = [0, 1].map((i) => samples.reduce((sum, row) => sum + row[i], 0) / count);
    for (const i of [0, 1]) {
      // Five standard errors, √(0.6/20000), and the error of 31 steps.
      expect(Math.abs(mean[i] - MEAN[i])).toBeLessThan(0.03);
      for (const j of [0, 1]) {
        const product =
          samples.reduce((sum, row) => sum + (row[i] - mean[i]) * (row[j] - mean[j]), 0) / count;
        expect(Math.abs(product - COVARIANCE[i][j])).toBeLessThan(0.05);
      }
    }
  });
});

describe("every sampler", () => {
  const grid = uniformGrid(4);

  it.each(all)(
    "%s gives the same first samples whatever the size of the batch, and repeats with its seed",
    (_, sampler) => {
      const start = normal([6, 2], new Random(1));
      const run = (x: Tensor, seed = 3): unknown =>
        finish(sampler(mixture.denoiser(), x, { grid, random: new Random(seed) })).toArray();
      const whole = run(start) as number[][];
      expect(run(start)).toEqual(whole);
      expect(run(start.slice([0, 2]).clone())).toEqual(whole.slice(0, 2));
    },
  );

  it.each(Object.entries(stochastic))("%s draws anew at each call, and needs a stream", (_, sampler) => {
    const start = normal([2, 2], new Random(1));
    const random = new Random(3);
    const run = (): unknown => finish(sampler(mixture.denoiser(), start, { random })).toArray();
    expect(run()).not.toEqual(run());
    expect(() => sampler(mixture.denoiser(), start)).toThrow(/needs a random stream/);
  });

  it.each(all)("%s yields one state for each step, at the times of the grid", (_, sampler) => {
    const steps = [...sampler(mixture.denoiser(), noise64(1, 2, 1), { grid, random: new Random(3) })];
    expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    // Churn goes back a little in time before a step.
    steps.forEach(({ t }, i) => {
      expect(t).toBeGreaterThanOrEqual(grid[i]);
      expect(t).toBeLessThan(sampler === churnSampler ? 1.01 : grid[i] + 1e-9);
    });
  });

  it.each(all)("%s never asks for a guess at t = 0, where there is nothing to guess", (_, sampler) => {
    const times: number[] = [];
    const denoise = mixture.denoiser();
    finish(
      sampler(
        (x, t) => {
          times.push(t);
          return denoise(x, t);
        },
        noise64(1, 2, 1),
        { grid, random: new Random(3) },
      ),
    );
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  it.each(all)("%s refuses grids that double a time", (_, sampler) => {
    const options = { grid: [1, 0.5, 0.5, 0], random: new Random(1) };
    expect(() => sampler(mixture.denoiser(), noise64(1, 2, 1), options)).toThrow(ArgumentError);
  });

  it("refuses settings without a meaning", () => {
    const start = noise64(1, 2, 1);
    const random = new Random(1);
    expect(() => ancestralSampler(mixture.denoiser(), start, { random, stochasticity: 2 })).toThrow(
      ArgumentError,
    );
    expect(() => churnSampler(mixture.denoiser(), start, { random, churn: -1 })).toThrow(ArgumentError);
  });
});
