/** Inference of measured galaxies: posteriors that go through the points, their intervals and parameters, and mistakes. */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  finish,
  INTERVAL_SHARES,
  type InferenceProgress,
  inferCurves,
  intervalsOf,
  type Posterior,
  parametersAtBounds,
  parametersOf,
} from "../../src/curves/index.ts";
import { Random } from "../../src/index.ts";
import { parseObservations, parseSparcCurves } from "../../src/io/index.ts";
import { quickModel } from "./models.ts";

const model = quickModel();
const points = parseObservations("radius,velocity,error\n2,95,15\n8,140,15\n", "galaxy.csv");
const options = { bank: 12_000, chains: 8, transitions: 8, deviation: { median: 0 }, errorSpread: 0 };
const infer = (seed: number, more: object = {}): Posterior[] =>
  finish(inferCurves(model, [points], { random: new Random(seed), ...options, ...more }));
const [posterior] = infer(1);

const folder = process.env.HALOGRAD_SPARC ?? "../shared/sparc";
const isPublished = existsSync(`${folder}/MassModels_Lelli2016c.mrt`);
it.skipIf(!isPublished)(
  `all galaxies of SPARC can be inferred${isPublished ? "" : " (skipped: set HALOGRAD_SPARC to the folder with its files)"}`,
  () => {
    const galaxies = parseSparcCurves(
      readFileSync(`${folder}/MassModels_Lelli2016c.mrt`, "utf8"),
      "models.mrt",
    );
    const sweep = { random: new Random(1), bank: 500, chains: 2, transitions: 5 };
    const posteriors = finish(inferCurves(model, galaxies, sweep));
    expect(posteriors).toHaveLength(175);
    posteriors.forEach(({ curves, leftOut, points, chiSquared, predictiveP, priorP }, g) => {
      const { radii } = galaxies[g];
      expect(leftOut).toBe(radii.filter((radius) => radius < 0.1 || radius > 50).length);
      expect(leftOut + points.radii.length).toBe(radii.length);
      expect(curves.every((curve) => curve.every((v) => Number.isFinite(v) && v >= 0))).toBe(true);
      for (const value of [chiSquared, predictiveP, priorP]) expect(value).toBeGreaterThanOrEqual(0);
      for (const p of [predictiveP, priorP]) expect(p).toBeLessThanOrEqual(1);
    });
    expect(posteriors.filter(({ leftOut }) => leftOut > 0)).toHaveLength(18);
  },
  300_000,
);

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

  it("leaves out points beyond the model's radii, or others, and counts them", () => {
    const wide = parseObservations("radius,velocity,error\n0.01,5,9\n2,95,15\n8,140,15\n70,150,9\n", "wide");
    const random = new Random(1);
    const [all] = finish(inferCurves(model, [wide], { random, ...options }));
    expect([all.leftOut, all.points.radii.length]).toEqual([2, 2]);
    expect(all.curves).toEqual(posterior.curves);
    const [near] = finish(inferCurves(model, [wide], { random, ...options, radiusRange: [0, 5] }));
    expect([near.leftOut, near.points.radii.length]).toEqual([3, 1]);
  });

  it("is worth at most as many independent curves as it has", () => {
    expect(posterior.effectiveCount).toBeLessThanOrEqual(posterior.curves.length);
    expect(posterior.effectiveCount).toBeGreaterThan(200);
  });

  it("tells how well the points fit its curves, and the model", () => {
    const { chiSquared, predictiveP, priorP } = posterior;
    expect(chiSquared).toBeLessThan(2);
    for (const p of [predictiveP, priorP]) {
      expect(p).toBeGreaterThan(0.05);
      expect(p).toBeLessThanOrEqual(1);
    }
    const of = (text: string, deviation: number): Posterior => {
      const random = new Random(1);
      const galaxy = parseObservations(`radius,velocity,error\n${text}`, "odd");
      return finish(
        inferCurves(model, [galaxy], { random, ...options, deviation: { median: deviation } }),
      )[0];
    };
    // A step that no curve of a model has: not within 2 km/s; deviations allow for it.
    const step = "1,100,2\n1.1,160,2\n1.2,100,2\n1.3,160,2\n1.4,100,2\n";
    expect(of(step, 0).predictiveP).toBeLessThan(1e-6);
    expect(of("2,95,15\n8,140,15\n", 0).predictiveP).toBe(predictiveP);
    // A galaxy ten times as fast as any, and one that falls off.
    expect(of("1,1500,5\n3,1600,5\n9,1700,5\n", 0.05).priorP).toBeLessThan(0.01);
    expect(of("1,300,5\n5,60,5\n20,5,2\n", 0.05).priorP).toBeLessThan(0.01);
  });

  it("has what is known by then where its work is left early, or nothing while that is too little", () => {
    const precise = parseObservations(
      "radius,velocity,error\n1,60,1\n3,110,1\n9,150,1\n30,160,1\n",
      "precise",
    );
    const work = inferCurves(model, [points, precise], {
      random: new Random(1),
      ...options,
      bank: 4000,
      transitions: 16,
    });
    const first = work.next().value as InferenceProgress;
    expect(first.posteriors).toBe(undefined);
    let kept: readonly Posterior[] | undefined;
    for (const progress of work) {
      // Near its end, when chains have some states.
      if (progress.done < 0.9) continue;
      kept = progress.posteriors;
      break;
    }
    expect(kept).toHaveLength(2);
    for (const { curves, effectiveCount } of kept!) {
      expect(effectiveCount).toBeGreaterThan(1);
      expect(effectiveCount).toBeLessThanOrEqual(curves.length);
    }
  });

  it("tells in how many of its fits a parameter is on a bound", () => {
    const shares = parametersAtBounds(model, {
      ...posterior,
      smoothCurves: posterior.smoothCurves.slice(0, 20),
    });
    for (const share of Object.values(shares)) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    const straight = model.radii.map((radius) => 3 * radius);
    expect(
      Math.max(...Object.values(parametersAtBounds(model, { ...posterior, smoothCurves: [straight] }))),
    ).toBe(1);
  });

  it("has deviations from the model's curves unless there are to be none", () => {
    const [standard] = finish(
      inferCurves(model, [points], {
        random: new Random(1),
        ...options,
        ...{ deviation: undefined, errorSpread: undefined },
      }),
    );
    expect(Math.min(...standard.deviations)).toBeGreaterThan(0);
    expect(new Set(standard.errorScales).size).toBeGreaterThan(100);
    expect([...posterior.deviations].every((size) => size === 0)).toBe(true);
    const [deviating] = infer(1, { deviation: { median: 0.05 } });
    expect(Math.min(...deviating.deviations)).toBeGreaterThan(0);
    expect(deviating.curves[0]).not.toEqual(deviating.smoothCurves[0]);
  });

  it.each([0, 0.05])("finds by which factor stated errors are off, with deviations of %d", (median) => {
    // Twelve points about one of the model's curves, 6 km/s off it in the root mean square.
    const curve = posterior.smoothCurves[0];
    const places = Array.from({ length: 12 }, (_, i) => 15 + 3 * i);
    const scalesFor = (error: number, errorSpread?: number): number[] => {
      const galaxy = {
        radii: Float64Array.from(places, (j) => model.radii[j]),
        velocities: Float64Array.from(places, (j, i) => curve[j] + 6 * Math.SQRT2 * Math.sin(2.5 * i)),
        errors: new Float64Array(places.length).fill(error),
      };
      const random = new Random(1);
      const [own] = finish(
        inferCurves(model, [galaxy], { random, ...options, errorSpread, deviation: { median } }),
      );
      return [...own.errorScales].sort((a, b) => a - b);
    };
    const middle = (values: number[]): number => values[values.length >> 1];
    expect(Math.abs(Math.log(middle(scalesFor(6))))).toBeLessThan(0.4);
    expect(middle(scalesFor(24))).toBeLessThan(0.5);
    expect(middle(scalesFor(2))).toBeGreaterThan(1.8);
    // Without knowing better, the prior holds them near 1; with a spread of 0 they are as stated.
    expect(middle(scalesFor(24, 0.1))).toBeGreaterThan(0.8);
    expect(new Set(scalesFor(24, 0))).toEqual(new Set([1]));
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
});
