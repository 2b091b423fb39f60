/** Inference of measured galaxies: posteriors that go through the points, their intervals and parameters, and mistakes. */

import { describe, expect, it } from "vitest";
import {
  finish,
  INTERVAL_SHARES,
  inferCurves,
  intervalsOf,
  type Posterior,
  parametersOf,
} from "../../src/curves/index.ts";
import { ArgumentError, Random } from "../../src/index.ts";
import { parseObservations } from "../../src/io/index.ts";
import { any, autoencoder, quickModel } from "./models.ts";

const model = quickModel();
const points = parseObservations("radius,velocity,error\n2,95,15\n8,140,15\n", "galaxy.csv");
const options = { bank: 12_000, chains: 8, transitions: 8 };
const infer = (seed: number, more: object = {}): Posterior[] =>
  finish(inferCurves(model, [points], { random: new Random(seed), ...options, ...more }));
const [posterior] = infer(1);

describe("a posterior", () => {
  it("has curves of the model that go near the points, and is the same for the same stream", () => {
    const { curves, smoothCurves, effectiveCount, rHat, velocitiesAt } = posterior;
    expect([curves[0].length, rHat]).toEqual([50, 1]);
    expect(effectiveCount).toBeGreaterThan(200);
    expect(infer(1)[0].curves).toEqual(curves);
    expect(infer(2)[0].curves).not.toEqual(curves);
    // Without deviations a galaxy's curve is the model's, to the rounding of the way there.
    for (const [j, v] of curves[0].entries()) expect(v).toBeCloseTo(smoothCurves[0][j], 2);
    const at8 = velocitiesAt([8]).map(([v]) => v);
    expect(Math.abs(at8.reduce((sum, v) => sum + v, 0) / at8.length - 140)).toBeLessThan(15);
  });

  it("has intervals at each radius, which grow with the share and are narrow near the points", () => {
    const intervals = intervalsOf(posterior);
    expect([intervals.length, intervals[0].length]).toEqual([50, INTERVAL_SHARES.length]);
    for (const own of intervals) expect(own).toEqual(own.toSorted((a, b) => a - b));
    const width = (radius: number) => {
      const own = intervals[model.radii.findIndex((r) => r >= radius)];
      return (own[6] - own[0]) / own[3];
    };
    expect(width(8)).toBeLessThan(width(45));
  });

  it("has parameters of disc and halo that fit its curves, in growing quantiles", () => {
    const parameters = parametersOf(model, {
      ...posterior,
      smoothCurves: posterior.smoothCurves.slice(0, 20),
    });
    expect(Object.keys(parameters)).toEqual(["discMass", "discScaleLength", "haloMass", "concentration"]);
    for (const own of Object.values(parameters)) expect(own).toEqual(own.toSorted((a, b) => a - b));
  });

  it("has deviations from the model's curves where such are expected", () => {
    expect([...posterior.deviations].every((size) => size === 0)).toBe(true);
    const [deviating] = infer(1, { deviation: { median: 0.05 } });
    expect(Math.min(...deviating.deviations)).toBeGreaterThan(0);
    expect(deviating.curves[0]).not.toEqual(deviating.smoothCurves[0]);
  });

  it("comes with many others, by chains where the bank is too small, and tells how far it is", () => {
    const precise = parseObservations(
      "radius,velocity,error\n1,60,1\n3,110,1\n9,150,1\n30,160,1\n",
      "precise",
    );
    const work = inferCurves(model, [points, precise], { random: new Random(1), ...options, bank: 4000 });
    const seen: number[] = [];
    let step = work.next();
    for (; !step.done; step = work.next()) {
      expect(step.value.total).toBe(1);
      seen.push(step.value.done);
    }
    expect(step.value).toHaveLength(2);
    expect(step.value[1].rHat).not.toBe(1);
    expect(seen.at(-1)).toBeGreaterThan(0.9);
    expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  });

  it.each([
    [
      "of the autoencoder",
      () => inferCurves(autoencoder(), [points], { random: new Random(1) }),
      /is an autoencoder.*\n.*residual/,
    ],
    [
      "far away",
      () => inferCurves(model, [{ ...points, radii: Float64Array.of(2, 500) }], { random: new Random(1) }),
      /at 500 kpc.*0\.1 to 50 kpc/,
    ],
    ["without a stream", () => inferCurves(model, [points], any({})), /needs a random stream/],
    [
      "with options that are none",
      () => inferCurves(model, [points], any({ random: new Random(1), banks: 1 })),
      /did you mean bank\?/,
    ],
  ])("%s is refused at the call itself", (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});
