/** The extended population: the bulge against its formula, and what is drawn against the relations it is drawn from. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import {
  circularVelocity,
  EXTENDED_POPULATION,
  extendedGalaxyComponents,
  extendedRotationCurves,
  GRAVITATIONAL_CONSTANT,
  hernquistBulge,
  nfwHalo,
  sampleExtendedPopulation,
} from "../../src/galaxy/index.ts";
import { logUniform, relativeError } from "./helpers.ts";

describe("a Hernquist bulge", () => {
  const mass = logUniform(1e5, 1e12);
  const scaleLength = logUniform(0.01, 10);

  test.prop([mass, scaleLength, logUniform(1e-4, 1e4)])("has v² = G M R/(R + a)²", (m, a, radius) => {
    const expected = (GRAVITATIONAL_CONSTANT * m * radius) / (radius + a) ** 2;
    const bulge = hernquistBulge({ mass: m, scaleLength: a });
    expect(relativeError(bulge.velocitySquared(radius), expected)).toBeLessThan(1e-14);
  });

  test.prop([mass, scaleLength, logUniform(0.01, 100)])("is fastest at its scale length", (m, a, ratio) => {
    const bulge = hernquistBulge({ mass: m, scaleLength: a });
    expect(bulge.velocitySquared(ratio * a)).toBeLessThanOrEqual(bulge.velocitySquared(a) * (1 + 1e-14));
  });

  it("is a point mass from afar, holds half its mass inside (1 + √2) a, and nothing at the centre", () => {
    const bulge = hernquistBulge({ mass: 1e10, scaleLength: 0.5 });
    const massInside = (radius: number) => (bulge.velocitySquared(radius) * radius) / GRAVITATIONAL_CONSTANT;
    expect(massInside(1e9)).toBeCloseTo(1e10, -2);
    expect(massInside(0.5 * (1 + Math.SQRT2))).toBeCloseTo(5e9, -1);
    expect(bulge.velocitySquared(0)).toBe(0);
    expect(Math.sqrt(bulge.velocitySquared(0.5))).toBeCloseTo(146.6458, 3);
  });

  it("refuses masses and lengths that are not above 0", () => {
    expect(() => hernquistBulge({ mass: 0, scaleLength: 1 })).toThrow(ArgumentError);
    expect(() => hernquistBulge({ mass: 1, scaleLength: Number.NaN })).toThrow(/scaleLength = NaN/);
  });
});

describe("a halo with a core", () => {
  const halo = fc.record({ mass: logUniform(1e8, 1e14), concentration: logUniform(2, 40) });
  const core = fc.record({
    coreRadius: logUniform(0.1, 20),
    coreStrength: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  test.prop([halo, core, logUniform(0.01, 100)])(
    "holds tanh(R/r)ⁿ of the mass of one with a cusp",
    (nfw, { coreRadius, coreStrength }, radius) => {
      const squared = nfwHalo({ ...nfw, coreRadius, coreStrength }).velocitySquared(radius);
      const share = Math.tanh(radius / coreRadius) ** coreStrength;
      expect(relativeError(squared, share * nfwHalo(nfw).velocitySquared(radius))).toBeLessThan(1e-13);
    },
  );

  it("of full strength has a constant density in the middle: v grows as R, as √R with a cusp", () => {
    const slope = (coreStrength: number) => {
      const { velocitySquared } = nfwHalo({ mass: 1e11, concentration: 10, coreRadius: 3, coreStrength });
      return Math.log2(velocitySquared(0.002) / velocitySquared(0.001)) / 2;
    };
    expect(slope(1)).toBeCloseTo(1, 3);
    expect(slope(0)).toBeCloseTo(0.5, 3);
  });

  it.each([
    [{ coreStrength: 0.5 }, /coreRadius = NaN/],
    [{ coreStrength: 1.5, coreRadius: 1 }, /coreStrength = 1\.5/],
    [{ coreStrength: Number.NaN, coreRadius: 1 }, /coreStrength = NaN/],
    [{ coreStrength: 1, coreRadius: 0 }, /coreRadius = 0/],
  ])("refuses %j", (options, message) => {
    expect(() => nfwHalo({ mass: 1e11, concentration: 10, ...options })).toThrow(message);
  });
});

describe("the extended population", () => {
  const galaxies = sampleExtendedPopulation({ count: 4000, random: new Random(4) });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values: number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

  it("has discs from dwarfs to giants", () => {
    const logs = galaxies.map(({ discMass }) => Math.log10(discMass));
    const [least, greatest] = EXTENDED_POPULATION.discMass;
    expect(Math.min(...logs)).toBeGreaterThan(least);
    expect(Math.max(...logs)).toBeLessThan(greatest);
    expect(Math.abs(mean(logs) - (least + greatest) / 2)).toBeLessThan(0.1);
  });

  it.each([
    ["haloMass", EXTENDED_POPULATION.haloMass],
    ["gasMass", EXTENDED_POPULATION.gasMass],
  ] as const)("scatters %s about its relation", (key, { slope, pivot, intercept, scatter }) => {
    const rest = galaxies.map(
      (galaxy) => Math.log10(galaxy[key]) - slope * (Math.log10(galaxy.discMass) - pivot) - intercept,
    );
    expect(Math.abs(mean(rest))).toBeLessThan((5 * scatter) / Math.sqrt(4000));
    expect(Math.abs(spread(rest) / scatter - 1)).toBeLessThan(0.06);
  });

  it("has cores of every strength, as wide as the stars", () => {
    expect(Math.abs(mean(galaxies.map(({ coreStrength }) => coreStrength)) - 0.5)).toBeLessThan(0.03);
    const logs = galaxies.map(({ coreRadius, discScaleLength }) => Math.log10(coreRadius / discScaleLength));
    expect(Math.abs(mean(logs) - EXTENDED_POPULATION.coreRadius.mean)).toBeLessThan(0.02);
    expect(Math.abs(spread(logs) / EXTENDED_POPULATION.coreRadius.scatter - 1)).toBeLessThan(0.06);
  });

  it("has the same galaxy i whatever the count", () => {
    const few = sampleExtendedPopulation({ count: 3, random: new Random(4) });
    expect(few).toEqual(galaxies.slice(0, 3));
  });

  test.prop([fc.integer({ min: 0, max: 3999 })])("adds the squares of disc, halo, gas and bulge", (i) => {
    const radii = [0.1, 1, 10, 50];
    const parts = Object.values(extendedGalaxyComponents(galaxies[i]));
    expect(parts.length).toBe(4);
    const squares = parts.map((part) => circularVelocity([part], radii));
    extendedRotationCurves([galaxies[i]], radii).velocities.forEach((velocity, r) => {
      const sum = squares.reduce((total, own) => total + own[r] ** 2, 0);
      expect(relativeError(velocity ** 2, sum)).toBeLessThan(1e-13);
    });
  });
});
