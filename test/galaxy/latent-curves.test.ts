/** Galaxies of latents: what a latent is of a galaxy, and their curves from tables against those that are computed. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/basics/random.ts";
import {
  drawGalaxy,
  EXTENDED_POPULATION,
  type ExtendedGalaxyParameters,
  extendedRotationCurves,
  type GalaxyParameters,
  type GalaxyPopulation,
  isExtendedPopulation,
  rotationCurves,
  STANDARD_POPULATION,
} from "../../src/galaxy/index.ts";
import { latentCurves } from "../../src/galaxy/latent-curves.ts";
import { galaxyOf, latentCount, latentNumbers } from "../../src/galaxy/scaling.ts";
import { logUniform } from "./helpers.ts";

const logsOf = (population: GalaxyPopulation, latents: number[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(galaxyOf(population, latentNumbers(latents, 0))).map(([key, value]) => [
      key,
      key === "coreStrength" ? value : Math.log10(value),
    ]),
  );

describe("a galaxy of latents", () => {
  const middle = (logDiscMass: number): Record<string, number> => {
    const logHaloMass = 12 + 0.5 * (logDiscMass - 10.7);
    const logScaleLength = 0.5 + 0.3 * (logDiscMass - 10.7);
    return {
      discMass: logDiscMass,
      discScaleLength: logScaleLength,
      haloMass: logHaloMass,
      concentration: 0.905 - 0.101 * (logHaloMass + Math.log10(0.7) - 12),
      gasMass: 9.05 + 0.54 * (logDiscMass - 9),
      gasScaleLength: logScaleLength + 0.3,
      bulgeMass: logDiscMass - 1.5,
      bulgeScaleLength: logScaleLength - 1,
      coreRadius: logScaleLength + 0.468,
      coreStrength: 0.5,
    };
  };
  const expectClose = (found: Record<string, number>, expected: Record<string, number>): void => {
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) expect(found[key], key).toBeCloseTo(value, 12);
  };

  it("is in the middle of the population where all are 0", () => {
    const latents = new Array(10).fill(0);
    expectClose(logsOf(EXTENDED_POPULATION, latents), middle(9.5));
    const { discMass, discScaleLength, haloMass, concentration } = middle(9.5);
    const standard = { ...EXTENDED_POPULATION, gasMass: undefined };
    delete (standard as Partial<typeof standard>).gasMass;
    expectClose(logsOf(standard as GalaxyPopulation, latents), {
      discMass,
      discScaleLength,
      haloMass,
      concentration,
    });
  });

  // The distribution function of the standard normal at 1.
  const one = 0.8413447460685429;
  it.each([
    ["discScaleLength", 0.4, ["discScaleLength", "gasScaleLength", "bulgeScaleLength", "coreRadius"]],
    ["haloMass", 0.4, ["haloMass"]],
    ["concentration", 0.22, ["concentration"]],
    ["gasMass", 0.35, ["gasMass"]],
    ["gasScaleLength", 0.2, ["gasScaleLength"]],
    ["bulgeMass", 3 * (one - 0.5), ["bulgeMass"]],
    ["bulgeScaleLength", 0.25, ["bulgeScaleLength"]],
    ["coreRadius", 0.2, ["coreRadius"]],
    ["coreStrength", one - 0.5, ["coreStrength"]],
  ])("has a scatter more of %s where that latent is 1", (name, scatter, moved) => {
    const latents = Object.keys(middle(9.5)).map((key) => (key === name ? 1 : 0));
    const expected = middle(9.5);
    for (const key of moved) expected[key] += scatter;
    if (name === "haloMass") expected.concentration -= 0.101 * 0.4;
    expectClose(logsOf(EXTENDED_POPULATION, latents), expected);
  });

  it("has a disc of the share of all that its first latent leaves below", () => {
    const latents = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expectClose(logsOf(EXTENDED_POPULATION, latents), middle(7 + 5 * one));
  });

  it("takes them from where it is told to, each as a normal number or a share of a range", () => {
    const numbers = latentNumbers([9, 9, 1, 1, 1, 1], 2);
    expect(numbers.normal()).toBe(1);
    expect(numbers.normal(5, 2)).toBe(7);
    expect(numbers.uniform()).toBeCloseTo(one, 12);
    expect(numbers.uniform(-1, 3)).toBeCloseTo(4 * one - 1, 12);
  });

  it.each([STANDARD_POPULATION, EXTENDED_POPULATION])(
    "is as $name ones are drawn, where latents are standard normal",
    (population) => {
      const width = latentCount(population);
      const rows = new Float64Array(4000 * width);
      new Random(2).fillNormal(rows);
      const logsOf = (galaxies: readonly GalaxyParameters[]): number[][] =>
        Object.keys(galaxies[0]).map((key) =>
          galaxies.map((galaxy) => Math.log(galaxy[key as keyof GalaxyParameters])).sort((a, b) => a - b),
        );
      const [found, drawn] = [
        Array.from({ length: 4000 }, (_, i) => galaxyOf(population, latentNumbers(rows, i * width))),
        Array.from({ length: 4000 }, (_, i) => drawGalaxy(population, new Random(3).fork(i))),
      ].map(logsOf);
      expect(found).toHaveLength(width);
      found.forEach((own, p) => {
        // The greatest distance of the two distributions (Kolmogorov and Smirnov): 1.95 √(2/4000) is exceeded by one in a thousand.
        let below = 0;
        const distances = own.map((value, i) => {
          while (drawn[p][below] <= value) below++;
          return Math.abs(below - i - 0.5) / 4000;
        });
        const most = Math.max(...distances);
        expect(most).toBeLessThan(1.95 * Math.sqrt(2 / 4000));
      });
    },
  );
});

describe("curves of latents", () => {
  const latent = fc.double({ min: -6, max: 6, noNaN: true });
  const exactOf = (population: GalaxyPopulation, galaxy: GalaxyParameters, radii: number[]): Float64Array =>
    isExtendedPopulation(population)
      ? extendedRotationCurves([galaxy as ExtendedGalaxyParameters], radii, population).velocities
      : rotationCurves([galaxy], radii, population).velocities;

  test.prop([
    fc.constantFrom(STANDARD_POPULATION, EXTENDED_POPULATION),
    fc.array(latent, { minLength: 12, maxLength: 12 }),
    fc.integer({ min: 0, max: 2 }),
    fc.array(logUniform(1e-6, 1e6), { minLength: 1, maxLength: 20 }),
  ])("are those of their galaxies, far from the usual ones too", (population, latents, offset, radii) => {
    const found = new Float64Array(radii.length);
    latentCurves(population, radii)(latents, offset, found);
    const exact = exactOf(population, galaxyOf(population, latentNumbers(latents, offset)), radii);
    found.forEach((v, i) => {
      expect(Math.abs(v / exact[i] - 1)).toBeLessThan(1e-8);
    });
  });

  it("go on where the tables of discs, haloes and cores end", () => {
    const radii = Array.from({ length: 400 }, (_, i) => Math.exp(-16 + 0.08 * i));
    const latents = new Array(10).fill(0);
    const found = new Float64Array(400);
    for (const population of [STANDARD_POPULATION, EXTENDED_POPULATION]) {
      latentCurves(population, radii)(latents, 0, found);
      const exact = exactOf(population, galaxyOf(population, latentNumbers(latents, 0)), radii);
      for (let i = 0; i < 400; i++) expect(Math.abs(found[i] / exact[i] - 1)).toBeLessThan(1e-8);
    }
  });
});
