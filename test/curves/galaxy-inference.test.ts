/** Measured galaxies inferred in the parameters of a population, against sums over many galaxies of the prior. */

import { describe, expect, it } from "vitest";
import {
  finish,
  type GalaxyInferenceOptions,
  inferGalaxy,
  parametersAtBounds,
  parametersOf,
  propertiesOf,
} from "../../src/curves/index.ts";
import { curveOf } from "../../src/curves/population.ts";
import {
  drawGalaxy,
  EXTENDED_POPULATION,
  type ExtendedGalaxyParameters,
  STANDARD_POPULATION,
} from "../../src/galaxy/index.ts";
import { Random } from "../../src/index.ts";
import { parseObservations } from "../../src/io/index.ts";
import { cholesky, solveLower } from "../../src/kernels/cholesky.ts";
import { any } from "./models.ts";

const points = parseObservations("radius,velocity,error\n2,95,15\n8,140,15\n60,150,20\n", "galaxy.csv");
const quick = { rHat: 1.05, effectiveCount: 100 };
const infer = (
  more: Partial<GalaxyInferenceOptions> = {},
  population: "standard" | "extended" = "standard",
) => finish(inferGalaxy(population, points, { random: new Random(1), ...quick, ...more }));

describe("the posterior of a galaxy", () => {
  it.each([
    ["curves of the population alone", 0, 0],
    ["deviations and a factor of the errors", 0.05, 0.7],
  ])("is what weighted galaxies of the prior say, with %s", (_, median, errorSpread) => {
    const posterior = infer({ deviation: { median }, errorSpread, rHat: 1.01, effectiveCount: 400 });
    expect(posterior.rHat).toBeLessThanOrEqual(1.01);
    expect(posterior.effectiveCount).toBeGreaterThanOrEqual(400);
    const { radii, velocities, errors } = points;
    const random = new Random(4);
    const weighted = Array.from({ length: 20_000 }, (_, i) => {
      const stream = random.fork(i);
      const galaxy = drawGalaxy(STANDARD_POPULATION, stream);
      const curve = curveOf(galaxy, radii);
      const [size, factor] = [median * Math.exp(stream.normal()), Math.exp(errorSpread * stream.normal())];
      const root = cholesky(
        Array.from(radii, (a, i) =>
          Float64Array.from(radii.slice(0, i + 1), (b, j) => {
            const apart = Math.sqrt(3) * Math.abs(Math.log(a / b));
            const shared = size * size * curve[i] * curve[j] * (1 + apart) * Math.exp(-apart);
            return shared + (i === j ? (factor * errors[i]) ** 2 : 0);
          }),
        ),
      )!;
      const white = solveLower(
        root,
        velocities.map((v, i) => v - curve[i]),
      );
      const weight = white.reduce((product, x, i) => (product * Math.exp((-x * x) / 2)) / root[i][i], 1);
      return { weight: weight * (2 * Math.PI) ** (-radii.length / 2), logMass: Math.log10(galaxy.haloMass) };
    });
    const all = weighted.reduce((sum, { weight }) => sum + weight, 0);
    const expected = weighted.reduce((sum, { weight, logMass }) => sum + weight * logMass, 0) / all;
    const masses = posterior.galaxies.map(({ haloMass }) => Math.log10(haloMass));
    const mean = masses.reduce((sum, value) => sum + value, 0) / masses.length;
    const spread = Math.sqrt(masses.reduce((sum, value) => sum + (value - mean) ** 2, 0) / masses.length);
    expect(Math.abs(mean - expected)).toBeLessThan(0.2 * spread);
    const evidence = Math.log(all / weighted.length);
    expect(Math.abs(posterior.logEvidence - evidence)).toBeLessThan(5 * posterior.logEvidenceError + 0.1);
  });

  it("takes points at any radius, and its curves reach them; others are left out where they are told to be", () => {
    const all = infer();
    expect([all.leftOut, all.points.radii.length]).toEqual([0, 3]);
    expect([all.radii[0], all.radii[49]]).toEqual([0.1, 60]);
    expect(all.curves[0]).toHaveLength(50);
    const some = infer({ radiusRange: [1, 50] });
    expect([some.leftOut, some.radii[49]]).toEqual([1, 50]);
  });

  it("has a galaxy for each curve, whose parameters are told as they are", () => {
    const posterior = infer({}, "extended");
    const { galaxies, smoothCurves, curves, radii } = posterior;
    expect(galaxies).toHaveLength(curves.length);
    const exact = curveOf(galaxies[7], radii, EXTENDED_POPULATION);
    smoothCurves[7].forEach((v, j) => {
      expect(Math.abs(v / exact[j] - 1)).toBeLessThan(1e-8);
    });
    const parameters = parametersOf(posterior, posterior);
    expect(Object.keys(parameters)).toHaveLength(10);
    const middle = (galaxies as ExtendedGalaxyParameters[])
      .map(({ gasMass }) => gasMass)
      .sort((a, b) => a - b)[galaxies.length >> 1];
    expect(parameters.gasMass![3] / middle).toBeCloseTo(1, 1);
    expect(parametersAtBounds(posterior, posterior).haloMass).toBe(0);
    expect(propertiesOf(posterior, posterior).enclosedMass[3]).toBeGreaterThan(1e11);
  });

  it("is found among more points than a call takes arguments, and told step by step on the way", () => {
    const count = 130_000;
    const many = {
      radii: Float64Array.from({ length: count }, (_, i) => 1 + i / 10_000),
      velocities: new Float64Array(count).fill(120),
      errors: new Float64Array(count).fill(500),
    };
    const quiet = { deviation: { median: 0 }, errorSpread: 0, particles: 64 };
    const steps = inferGalaxy("standard", many, { random: new Random(1), ...quiet });
    const first = steps.next();
    const second = steps.next();
    expect(first.done || second.done).toBe(false);
    // One sweep of 64 points, and not a stage of 16.
    expect([first.value, second.value]).toMatchObject([{ evaluations: 128 }, { evaluations: 192 }]);
    expect(() => inferGalaxy("standard", many, { random: new Random(1), radiusRange: [100, 200] })).toThrow(
      /they are at 1 to 13\.9999 kpc/,
    );
  }, 120_000);

  it("is the same for the same stream", () => {
    expect(infer().curves).toEqual(infer().curves);
  });

  it("is refused at the call itself", () => {
    const call =
      (galaxy: object, more: object = {}, population: unknown = "standard") =>
      () =>
        inferGalaxy(any(population), any({ ...points, ...galaxy }), any({ random: new Random(1), ...more }));
    expect(call({}, {}, "extnded")).toThrow(/^inferGalaxy: the population .*\n.*did you mean "extended"/);
    expect(call({ velocities: [9, 9, -9] })).toThrow(/the velocity at 60 kpc is -9 km\/s/);
    expect(call({ errors: [9, 9, 0.001] })).toThrow(/no velocity is measured to 0\.01 km\/s/);
    expect(call({}, { radiusRange: [100, 200] })).toThrow(/no point lies within 100 to 200 kpc/);
    expect(call({}, { radiusRange: [100, Infinity] })).toThrow(
      /no point lies beyond 100 kpc: they are at 2 to 60 kpc\n.*radii are in kpc$/,
    );
    expect(call({}, { deviation: { median: 1e200 } })).toThrow(/the median of the deviation is 1e\+200/);
    expect(call({}, { radiusRange: [8, 2] })).toThrow(/nothing lies in it/);
    expect(call({}, { walkers: 4 })).toThrow(/there is no walkers|walkers/);
    expect(call({}, { chains: 1 })).toThrow(/chains/);
  });
});
