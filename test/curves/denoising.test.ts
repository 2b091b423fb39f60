/** Denoising, and the excess of a model's loss over the best possible one. */

import { describe, expect, it } from "vitest";
import {
  denoiseCurves,
  measureExcess,
  predictCurves,
  rootMeanSquare,
  unseenCurves,
} from "../../src/curves/index.ts";
import { Random } from "../../src/index.ts";
import { autoencoder, galaxies, residual } from "./models.ts";

const [plain, told] = [autoencoder(), residual()];

describe.each([
  ["autoencoder", plain],
  ["residual network", told],
] as const)("predictions of the %s", (_, model) => {
  const off = (amount: number) => {
    const { noisy, prediction } = predictCurves(model, galaxies, { amount, random: new Random(1) });
    return [noisy, prediction].map((curves) => rootMeanSquare(curves, galaxies.curves));
  };

  it("start from the curves themselves, and are nearer to them than much noise", () => {
    const [few, some, most] = [0, 0.2, 0.9].map(off);
    expect(few[0]).toBeLessThan(2); // km/s: what ten components do not hold
    expect(few[0]).toBeLessThan(some[0]);
    expect(some[0]).toBeLessThan(most[0]);
    expect(most[1]).toBeLessThan(most[0]);
  });

  it("have the same noise for the same stream, whatever the amount: at 1 there is nothing else", () => {
    const noise = (curves: Float64Array[]) =>
      predictCurves(model, { radii: galaxies.radii, curves }, { amount: 1, random: new Random(1) }).noisy;
    expect(noise(galaxies.curves.slice(0, 2))).toEqual(noise(galaxies.curves.slice(2, 4)));
  });
});

describe("denoised curves", () => {
  it("of the autoencoder are its answers, to curves at rounded radii as well", () => {
    const rounded = { ...galaxies, radii: galaxies.radii.map((radius) => Number(radius.toPrecision(4))) };
    const { standardization, network } = plain;
    const expected = standardization.invert(network.forward(standardization.apply(galaxies.curves)));
    expect(denoiseCurves(plain, rounded)).toEqual(expected);
  });

  it("of the residual network depend on the noise that it takes them to have, and hardly differ for little", () => {
    const [little, much] = [0.01, 0.5].map((noise) => denoiseCurves(told, galaxies, { noise }));
    expect(rootMeanSquare(little, galaxies.curves)).toBeLessThan(rootMeanSquare(much, galaxies.curves));
    expect(rootMeanSquare(little, galaxies.curves)).toBeLessThan(20);
  });

  it("are compared with as many", () => {
    expect(rootMeanSquare([[3, 4]], [[0, 0]])).toBeCloseTo(Math.sqrt(12.5), 12);
  });
});

describe("the excess of a loss", () => {
  it("is above 0 where the best loss is known, and untold where too few galaxies are alike", () => {
    const levels = measureExcess(told, unseenCurves(told, galaxies), new Random(1));
    expect(levels.map(({ amount }) => amount)).toEqual([0.1, 0.3, 0.5, 0.7, 0.9]);
    expect(levels[0].best).toBe(null);
    for (const { loss, best, excess } of levels) {
      expect(best === null).toBe(excess === null);
      if (best !== null) expect(excess).toBe(loss / best - 1);
    }
    expect(levels[4].excess).toBeGreaterThan(0);
  });
});
