/** What a network may predict, and the way from one to another. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  addNoise,
  type ConditionalDenoiser,
  convertPrediction,
  cosineNoiseSchedule,
  denoiserFrom,
  guidedDenoiser,
  linearSchedule,
  PREDICTION_KINDS,
  predictionTarget,
  scheduleAt,
  variancePreservingSchedule,
} from "../../src/diffusion/index.ts";
import { ArgumentError, type Tensor, tensor } from "../../src/index.ts";
import { distance, noise64 } from "./distributions.ts";

const aCase = {
  schedule: fc.constantFrom(linearSchedule, cosineNoiseSchedule, variancePreservingSchedule()),
  from: fc.constantFrom(...PREDICTION_KINDS),
  to: fc.constantFrom(...PREDICTION_KINDS),
  t: fc.double({ min: 0.02, max: 0.98, noNaN: true }),
  seed: fc.integer({ min: 0, max: 1000 }),
};

/** Data, noise and what is made of them at a time. */
function state({ schedule, t, seed }: { schedule: typeof linearSchedule; t: number; seed: number }) {
  const [clean, noise] = [noise64(3, 2, seed), noise64(3, 2, seed + 5000)];
  const time = tensor(t, { dtype: "float64" });
  const target = (kind: (typeof PREDICTION_KINDS)[number]): Tensor =>
    predictionTarget(kind, schedule, clean, noise, time);
  return { clean, noise, x: addNoise(schedule, clean, noise, time), target };
}

describe("predictions", () => {
  test.prop([fc.record(aCase)])("turn into each other exactly", (one) => {
    const { x, target } = state(one);
    const { from, to, schedule, t } = one;
    const converted = convertPrediction(target(from), x, t, { from, to, schedule });
    // Rounding, amplified by 1/α ≤ 150 at most.
    expect(distance(converted, target(to))).toBeLessThan(1e-11);
  });

  test.prop([fc.record(aCase)])("come back from a conversion there and back", (one) => {
    const { x } = state(one);
    const { from, to, schedule, t, seed } = one;
    const guess = noise64(3, 2, seed + 9000);
    const there = convertPrediction(guess, x, t, { from, to, schedule });
    const back = convertPrediction(there, x, t, { from: to, to: from, schedule });
    expect(distance(back, guess)).toBeLessThan(1e-9);
  });

  test.prop([fc.record(aCase)])("of the linear schedule are the well-known ones", ({ t, seed }) => {
    const { clean, noise, x, target } = state({ schedule: linearSchedule, t, seed });
    expect(distance(target("flow"), noise.sub(clean))).toBeLessThan(1e-15);
    expect(distance(target("velocity"), noise.mul(1 - t).sub(clean.mul(t)))).toBeLessThan(1e-15);
    const guess = convertPrediction(target("flow"), x, t, { from: "flow", to: "clean" });
    expect(distance(guess, x.sub(target("flow").mul(t)))).toBeLessThan(1e-14);
  });

  it("are refused where they determine nothing, and hold to the ends where they do", () => {
    const { x } = state({ schedule: linearSchedule, t: 0.5, seed: 1 });
    const to = (from: "clean" | "noise" | "flow", kind: "clean" | "noise", t: number) =>
      convertPrediction(x, x, t, { from, to: kind });
    expect(() => to("clean", "noise", 0)).toThrow(ArgumentError);
    expect(() => to("noise", "clean", 1)).toThrow(/does not determine "clean"/);
    expect(distance(to("flow", "clean", 0), x)).toBe(0);
    expect(distance(to("flow", "clean", 1), x.mul(0))).toBe(0);
  });

  it("make a denoiser of a network of any kind", () => {
    for (const predicts of PREDICTION_KINDS) {
      const { clean, x, target } = state({ schedule: cosineNoiseSchedule, t: 0.4, seed: 7 });
      const denoise = denoiserFrom(() => target(predicts), { predicts, schedule: cosineNoiseSchedule });
      expect(distance(denoise(x, 0.4), clean)).toBeLessThan(1e-14);
    }
    expect(scheduleAt(cosineNoiseSchedule, 0.4).alpha).toBeGreaterThan(0);
  });
});

describe("guidance", () => {
  const denoiser: ConditionalDenoiser = (x, t, condition) => x.mul(t).add(condition ?? 10);
  const [x, condition] = [tensor([[1], [2]]), tensor([[3], [4]])];

  it.each([
    [0, [[10.5], [11]]],
    [1, [[3.5], [5]]],
    [2, [[-3.5], [-1]]],
  ])("of weight %d goes from the guess without a condition to that with it, and on", (weight, expected) => {
    expect(guidedDenoiser(denoiser, condition, weight)(x, 0.5).toArray()).toEqual(expected);
  });
});
