/** Descriptions of populations: as files, and what galaxies follow from them. */

import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import {
  drawGalaxy,
  EXTENDED_POPULATION,
  fitGalaxy,
  formatPopulation,
  nfwHalo,
  parsePopulation,
  rotationCurves,
  STANDARD_POPULATION,
  sampleExtendedPopulation,
  samplePopulation,
} from "../../src/galaxy/index.ts";

describe("a population as text", () => {
  it.each([
    STANDARD_POPULATION,
    EXTENDED_POPULATION,
    { ...EXTENDED_POPULATION, name: "a-1_b", hubbleConstant: 67.4, discMass: [8.5, 9] as const },
  ])("reads back as it was: $name", (population) => {
    const text = formatPopulation(population);
    expect(parsePopulation(text, "x.json")).toEqual(population);
    expect(text.split("\n").length).toBe(Object.keys(population).length + 3);
  });

  it("is the same whatever the order of its fields", () => {
    const turned = (value: object): object => Object.fromEntries(Object.entries(value).reverse());
    const text = JSON.stringify(
      turned({ ...STANDARD_POPULATION, haloMass: turned(STANDARD_POPULATION.haloMass) }),
    );
    expect(formatPopulation(parsePopulation(text, "x.json"))).toBe(formatPopulation(STANDARD_POPULATION));
  });

  const edited = (changes: object): string => JSON.stringify({ ...EXTENDED_POPULATION, ...changes });
  it.each([
    ["", /x\.json: this is no JSON/],
    ["[]", /is an object of fields/],
    ["null", /is an object of fields/],
    [edited({ hubble: 70 }), /there is no field "hubble"\n.*hubbleConstant/],
    [edited({ toString: 1 }), /there is no field "toString"/],
    [edited({ coreRadius: undefined }), /coreRadius is missing, and gas, bulge and core go together/],
    [edited({ haloMass: undefined }), /haloMass is missing\n/],
    [edited({ name: "a b" }), /name is "a b"\n.*letters/],
    [edited({ hubbleConstant: "70" }), /hubbleConstant is "70"\n.*a number from 10 to 1000/],
    [edited({ overdensity: 0 }), /overdensity is 0\n/],
    [edited({ discMass: [12, 9] }), /discMass is \[12,9\]\n.*\[least, greatest\] of log10 solar masses/],
    [edited({ discMass: [9, 9] }), /discMass is \[9,9\]/],
    [edited({ coreStrength: [0, 2] }), /coreStrength is \[0,2\]\n.*from 0 to 1/],
    [edited({ gasSize: 1 }), /no field "gasSize"/],
    [edited({ gasScaleLength: { mean: 0.3 } }), /gasScaleLength is .*\n.*an object with mean, scatter/],
    [
      edited({ haloMass: { ...EXTENDED_POPULATION.haloMass, scatter: -1 } }),
      /haloMass is .*\n.*an object whose scatter is a number from 0 to 3/,
    ],
    [
      edited({ haloMass: { ...EXTENDED_POPULATION.haloMass, tilt: 1 } }),
      /haloMass is .*\n.*an object with slope/,
    ],
    [
      edited({ haloMass: { ...EXTENDED_POPULATION.haloMass, intercept: 25 } }),
      /haloMass reaches 10\^23\.1 .* beyond 10\^3 to 10\^18/,
    ],
  ])("is refused with the field that is wrong: %j", (text, message) => {
    expect(() => parsePopulation(text, "x.json")).toThrow(FormatError);
    expect(() => parsePopulation(text, "x.json")).toThrow(message);
  });
});

describe("galaxies of a population", () => {
  it("are those of the functions for the two that are there", () => {
    const random = new Random(7);
    const [standard] = samplePopulation({ count: 1, random });
    const [extended] = sampleExtendedPopulation({ count: 1, random });
    expect(drawGalaxy(STANDARD_POPULATION, random.fork(0))).toEqual(standard);
    expect(drawGalaxy(EXTENDED_POPULATION, random.fork(0))).toEqual(extended);
  });

  it("follow its relations, and haloes its Hubble constant and overdensity", () => {
    const population = {
      ...STANDARD_POPULATION,
      name: "own",
      hubbleConstant: 50,
      overdensity: 100,
      discMass: [10, 10 + 1e-9] as const,
      haloMass: { slope: 1, pivot: 10, intercept: 12, scatter: 0 },
      concentration: { slope: -1, pivot: 12, intercept: 1, scatter: 0 },
    };
    const galaxy = drawGalaxy(population, new Random(1));
    expect(galaxy.haloMass).toBeCloseTo(1e12, -4);
    // Per h = 0.5 the halo has half its mass.
    expect(galaxy.concentration).toBeCloseTo(20, 6);
    const { mass, concentration } = { mass: galaxy.haloMass, concentration: galaxy.concentration };
    const own = nfwHalo({ mass, concentration, cosmology: population });
    const enclosed = own.virialRadius ** 3 * 100 * 50 ** 2;
    const standard = nfwHalo({ mass, concentration });
    expect(enclosed / (standard.virialRadius ** 3 * 200 * 70 ** 2)).toBeCloseTo(1, 12);
    // A fit that counts masses the same way finds them again; another one does not.
    const { radii, velocities } = rotationCurves([galaxy], undefined, population);
    expect(fitGalaxy(radii, velocities, { cosmology: population }).galaxy.haloMass / mass).toBeCloseTo(1, 6);
    expect(fitGalaxy(radii, velocities).galaxy.haloMass / mass).toBeLessThan(0.95);
  });
});
