/** Sampling: by every sampler, under conditions, as wished; and what curves are on their way. */

import { describe, expect, it } from "vitest";
import {
  defaultSampling,
  finish,
  illustrateNoise,
  illustratePredictions,
  illustrateSampling,
  type Model,
  measurePredictions,
  measureWishes,
  SAMPLERS,
  type SamplingOptions,
  sampleCurves,
  samplingSteps,
  unseenCurves,
} from "../../src/curves/index.ts";
import { eulerSampler, uniformGrid } from "../../src/diffusion/index.ts";
import { normal, Random } from "../../src/index.ts";
import { parseObservations } from "../../src/io/index.ts";
import { median } from "../../src/metrics/index.ts";
import { autoencoder, galaxies, residual } from "./models.ts";

const plain = autoencoder();
const told = residual(["disc-mass", "halo-mass"]);
const random = new Random(2);
const sample = (model: Model, options: Partial<SamplingOptions> = {}) =>
  finish(sampleCurves(model, { count: 4, steps: 6, random, ...options }));

describe("samples", () => {
  it("of the autoencoder are what Euler's sampler makes of the stream's noise", () => {
    const noise = normal([4, 50], new Random(2).fork("samples"));
    const end = finish(eulerSampler((x) => plain.network.forward(x), noise, { grid: uniformGrid(6) }));
    expect(sample(plain)).toEqual(plain.standardization.invert(end));
  });

  it.each(SAMPLERS)("of %s are positive curves, the first ones the same for every count", (sampler) => {
    const few = sample(told, { sampler, count: 2 });
    expect(sample(told, { sampler, count: 3 }).slice(0, 2)).toEqual(few);
    for (const curve of few) expect(Math.min(...curve)).toBeGreaterThan(0);
  });

  it("differ from sampler to sampler; each network has its own", () => {
    const all = SAMPLERS.map((sampler) => sample(told, { sampler, count: 1 })[0].join());
    expect(new Set(all).size).toBe(SAMPLERS.length);
    expect([plain, told].map(defaultSampling)).toEqual([
      { sampler: "euler", steps: 31 },
      { sampler: "adams-bashforth", steps: 16 },
    ]);
    expect(sample(told)).toEqual(sample(told, { sampler: "adams-bashforth" }));
  });

  it.each(SAMPLERS)(
    "of %s are where watched steps end, from noise to what the last guess says",
    (sampler) => {
      const options = { sampler, count: 3, steps: 6, condition: { "disc-mass": 11 }, guidance: 1.5, random };
      const steps = samplingSteps(told, options);
      const shares: number[] = [];
      let step = steps.next();
      for (; !step.done; step = steps.next()) {
        const { done, total, t, state, prediction } = step.value;
        expect([done, total, state.length, prediction.length]).toEqual([shares.length, 6, 3, 3]);
        shares.push(t);
      }
      expect(shares[0]).toBe(1);
      expect(shares).toEqual(shares.toSorted((a, b) => b - a));
      expect(step.value).toEqual(sample(told, options));
    },
  );

  it("come some at a time, so that a loop can be left with those that are there", () => {
    const seen: number[] = [];
    for (const { done, total, curves } of sampleCurves(told, { count: 300, steps: 2, random })) {
      expect([total, curves.length]).toEqual([300, done]);
      seen.push(done);
      if (done > 200) break;
    }
    expect(seen).toEqual([128, 256]);
  });

  it("follow what is asked for, in any order, and how much it counts", () => {
    const condition = { "disc-mass": 11, "halo-mass": 12.5 };
    const heavy = sample(told, { condition });
    expect(heavy).not.toEqual(sample(told));
    expect(sample(told, { condition: { "halo-mass": 12.5, "disc-mass": 11 } })).toEqual(heavy);
    expect(sample(told, { condition: { "disc-mass": 11 } })).not.toEqual(heavy);
    expect(sample(told, { condition, guidance: 1 })).toEqual(heavy);
    expect(sample(told, { condition, guidance: 2 })).not.toEqual(heavy);
    expect(sample(told, { condition, guidance: 0 })).toEqual(sample(told));
  });

  it.each([
    ["flat", { flat: 10 }],
    ["peak", { peak: 5 }],
    ["points", { points: parseObservations("radius,velocity,error\n3,150,4\n40,130,4\n", "points") }],
  ] as const)("come nearer to the wish %s, and nearest with little tolerance", (wish, wishes) => {
    const off = (curves: readonly Float64Array[]) => measureWishes(told.radii, curves, wishes)[0];
    const options = { count: 12, steps: 16, wishes };
    const [before, after, near] = [{ count: 12, steps: 16 }, options, { ...options, tolerance: 0.3 }].map(
      (each) => off(sample(told, each)).medianOff,
    );
    expect(off([told.radii]).wish).toBe(wish);
    expect(after).toBeLessThan(before / 2);
    expect(near).toBeLessThan(after);
  });

  it("follow a condition and several wishes together", () => {
    const wishes = { flat: 20, peak: 8 };
    const both = sample(told, { condition: { "disc-mass": 10.5 }, wishes });
    expect(both).not.toEqual(sample(told, { wishes }));
    expect(measureWishes(told.radii, both, wishes).map(({ wish }) => wish)).toEqual(["flat", "peak"]);
    const [twice, once] = [2, 1].map((t) => measureWishes(told.radii, both, wishes, t)[1].medianOff);
    expect(twice).toBeCloseTo(once / 2, 12);
  });
});

describe("what is shown of a model", () => {
  it("on the way from noise are the first samples, at four steps", () => {
    const { radii, samples } = illustrateSampling(told, { samples: 2, steps: 31, random });
    expect(radii).toEqual(told.radii);
    for (const { snapshots } of samples) expect(snapshots.map(({ step }) => step)).toEqual([0, 10, 20, 30]);
    const ends = samples.map(({ snapshots }) => snapshots[3].prediction);
    const curves = sample(told, { count: 2, steps: 31 });
    // The last step goes on from the last state, nearly all the way to the prediction from it.
    ends.forEach((end, i) => {
      const off = Array.from(end, (v, j) => Math.abs(Math.log(v / curves[i][j])));
      expect(Math.max(...off)).toBeLessThan(0.05);
    });
  });

  it("of curves under noise is one that it was not trained on, and its predictions of three", () => {
    const unseen = unseenCurves(plain, galaxies);
    const { clean, noisy } = illustrateNoise(plain, unseen, random);
    const rows = plain.standardization.invert(unseen);
    expect(rows).toContainEqual(clean);
    expect(noisy.map(({ amount }) => amount)).toEqual([0.1, 0.3, 0.5, 0.7, 1]);
    const { cases } = illustratePredictions(plain, unseen, random);
    expect(cases.slice(0, 3).map(({ galaxy }) => galaxy)).toEqual(["slow", "medium", "fast"]);
    const speeds = cases.slice(0, 3).map(({ data }) => median(Array.from(data)));
    expect(speeds).toEqual(speeds.toSorted((a, b) => a - b));
  });

  it("in numbers, its predictions are nearer to the truth than strong noise", () => {
    const errors = measurePredictions(told, unseenCurves(told, galaxies), random);
    expect(errors.map(({ amount }) => amount)).toEqual([0.1, 0.2, 0.5, 0.7, 0.9]);
    const { noisy, prediction } = errors[4];
    expect(prediction).toBeLessThan(noisy);
  });
});
