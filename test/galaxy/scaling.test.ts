/** Descriptions of populations: as files, and what galaxies follow from them. */

import { describe, expect, it } from "vitest";
import { Random } from "../../src/basics/random.ts";
import {
  drawGalaxy,
  EXTENDED_POPULATION,
  fitGalaxy,
  formatPopulation,
  isExtendedPopulation,
  nfwHalo,
  parsePopulation,
  rotationCurves,
  STANDARD_POPULATION,
  sampleExtendedPopulation,
  samplePopulation,
} from "../../src/galaxy/index.ts";
import { messagesOf } from "../messages.ts";

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

  it("is refused with the field that is wrong, and what belongs there", () => {
    const parse = (text: string) => () => parsePopulation(text, "x.json");
    const edited = (changes: object) => parse(JSON.stringify({ ...EXTENDED_POPULATION, ...changes }));
    const halo = (changes: object) => edited({ haloMass: { ...EXTENDED_POPULATION.haloMass, ...changes } });
    const core = (coreRadius: unknown) => edited({ coreRadius });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(
      messagesOf({
        "a text of nothing": parse(""),
        "a list": parse("[]"),
        "nothing at all": parse("null"),
        "a number": parse("5"),
        "a field that there is not": edited({ hubble: 70 }),
        "a field that every object has": edited({ toString: 1 }),
        "a name of a hundred letters": edited({ ["a".repeat(100)]: 1 }),
        "a part of the extension alone": parse(
          JSON.stringify({ ...STANDARD_POPULATION, coreStrength: [0, 1] }),
        ),
        "no core": edited({ coreRadius: undefined }),
        "no halo": edited({ haloMass: undefined }),
        "a name with a blank": edited({ name: "a b" }),
        "a name of no letters": edited({ name: "" }),
        "a name of 61 letters": edited({ name: "a".repeat(61) }),
        "a number as text": edited({ hubbleConstant: "70" }),
        "a universe that hardly grows": edited({ hubbleConstant: 9.9 }),
        "a universe that grows too fast": edited({ hubbleConstant: 1001 }),
        "haloes thinner than the universe": edited({ overdensity: 0 }),
        "a range backwards": edited({ discMass: [12, 9] }),
        "a range of one": edited({ discMass: [9, 9] }),
        "a range of three": edited({ discMass: [8, 9, 10] }),
        "a range with text": edited({ discMass: [8, "9"] }),
        "a range of nothing": edited({ discMass: null }),
        "a range that is an object": edited({ discMass: { 0: 8, 1: 9, length: 2 } }),
        "strengths beyond 1": edited({ coreStrength: [0, 2] }),
        "bulges of 10⁶ discs": edited({ bulgeMass: [-3, 6] }),
        "half a ratio": edited({ gasScaleLength: { mean: 0.3 } }),
        "a ratio of text": core("0.468"),
        "no ratio": core(null),
        "a ratio as a list": core([0.468, 0.2]),
        "a ratio with a name": core({ mean: 0.468, scatter: 0.2, name: "core" }),
        "a mean that is text": core({ mean: "0", scatter: 0.2 }),
        "a scatter below 0": halo({ scatter: -1 }),
        "a steep slope": halo({ slope: 11 }),
        "a pivot of nothing": halo({ pivot: null }),
        "an intercept far beyond": halo({ intercept: 31 }),
        "two that are wrong": halo({ slope: 11, scatter: 4 }),
        "a tilt": halo({ tilt: 1 }),
        "haloes that are too heavy": halo({ intercept: 25 }),
        "haloes that are too light": halo({ intercept: 0 }),
        "discs that are too large": edited({
          discScaleLength: { ...EXTENDED_POPULATION.discScaleLength, intercept: 4 },
        }),
        "haloes that are too dense": edited({
          concentration: { ...EXTENDED_POPULATION.concentration, intercept: 4 },
        }),
        "too much gas": edited({ gasMass: { ...EXTENDED_POPULATION.gasMass, intercept: 18 } }),
        "no source": () => parsePopulation("{}", undefined as never),
        "no population to write": () => formatPopulation(undefined as never),
        "a field that JSON has not": () =>
          formatPopulation({ ...STANDARD_POPULATION, hubbleConstant: Number.NaN }),
        "a field that JSON cannot have": () =>
          formatPopulation({ ...STANDARD_POPULATION, discMass: circle as never }),
        "no population to draw of": () => drawGalaxy({} as never, new Random(1)),
        "no stream to draw from": () => drawGalaxy(STANDARD_POPULATION, undefined as never),
        "no population to ask about": () => isExtendedPopulation(5 as never),
      }),
    ).toMatchInlineSnapshot(`
      "
      a text of nothing
        FormatError: x.json: this is no JSON: Unexpected end of JSON input
        Fix: begin with what halograd population standard prints
      a list
        FormatError: x.json: a population is an object of fields
        Fix: begin with what halograd population standard prints
      nothing at all
        FormatError: x.json: a population is an object of fields
        Fix: begin with what halograd population standard prints
      a number
        FormatError: x.json: a population is an object of fields
        Fix: begin with what halograd population standard prints
      a field that there is not
        FormatError: x.json: there is no field "hubble"
        Fix: there are name, hubbleConstant, overdensity, discMass, discScaleLength, haloMass, concentration, gasMass, gasScaleLength, bulgeMass, bulgeScaleLength, coreRadius, coreStrength
      a field that every object has
        FormatError: x.json: there is no field "toString"
        Fix: there are name, hubbleConstant, overdensity, discMass, discScaleLength, haloMass, concentration, gasMass, gasScaleLength, bulgeMass, bulgeScaleLength, coreRadius, coreStrength
      a name of a hundred letters
        FormatError: x.json: there is no field "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
        Fix: there are name, hubbleConstant, overdensity, discMass, discScaleLength, haloMass, concentration, gasMass, gasScaleLength, bulgeMass, bulgeScaleLength, coreRadius, coreStrength
      a part of the extension alone
        FormatError: x.json: gasMass is missing, and gas, bulge and core go together
        Fix: begin with what halograd population standard prints
      no core
        FormatError: x.json: coreRadius is missing, and gas, bulge and core go together
        Fix: begin with what halograd population standard prints
      no halo
        FormatError: x.json: haloMass is missing
        Fix: begin with what halograd population standard prints
      a name with a blank
        FormatError: x.json: name is "a b"
        Fix: it is a text of letters, digits, "-" and "_"
      a name of no letters
        FormatError: x.json: name is ""
        Fix: it is a text of letters, digits, "-" and "_"
      a name of 61 letters
        FormatError: x.json: name is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
        Fix: it is a text of letters, digits, "-" and "_"
      a number as text
        FormatError: x.json: hubbleConstant is "70"
        Fix: it is a number from 10 to 1000
      a universe that hardly grows
        FormatError: x.json: hubbleConstant is 9.9
        Fix: it is a number from 10 to 1000
      a universe that grows too fast
        FormatError: x.json: hubbleConstant is 1001
        Fix: it is a number from 10 to 1000
      haloes thinner than the universe
        FormatError: x.json: overdensity is 0
        Fix: it is a number from 1 to 100000
      a range backwards
        FormatError: x.json: discMass is [12,9]
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      a range of one
        FormatError: x.json: discMass is [9,9]
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      a range of three
        FormatError: x.json: discMass is [8,9,10]
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      a range with text
        FormatError: x.json: discMass is [8,"9"]
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      a range of nothing
        FormatError: x.json: discMass is null
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      a range that is an object
        FormatError: x.json: discMass is {"0":8,"1":9,"length":2}
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      strengths beyond 1
        FormatError: x.json: coreStrength is [0,2]
        Fix: it is [least, greatest] of strengths, from 0 to 1
      bulges of 10⁶ discs
        FormatError: x.json: bulgeMass is [-3,6]
        Fix: it is [least, greatest] of log10 of masses over the disc's, from -10 to 5
      half a ratio
        FormatError: x.json: gasScaleLength is {"mean":0.3}
        Fix: it is an object with mean, scatter
      a ratio of text
        FormatError: x.json: coreRadius is "0.468"
        Fix: it is an object with mean, scatter
      no ratio
        FormatError: x.json: coreRadius is null
        Fix: it is an object with mean, scatter
      a ratio as a list
        FormatError: x.json: coreRadius is [0.468,0.2]
        Fix: it is an object with mean, scatter
      a ratio with a name
        FormatError: x.json: coreRadius is {"mean":0.468,"scatter":0.2,"name":"core"}
        Fix: it is an object with mean, scatter
      a mean that is text
        FormatError: x.json: coreRadius is {"mean":"0","scatter":0.2}
        Fix: it is an object whose mean is a number from -5 to 5
      a scatter below 0
        FormatError: x.json: haloMass is {"slope":0.5,"pivot":10.7,"intercept":12,"scatter":-1}
        Fix: it is an object whose scatter is a number from 0 to 3
      a steep slope
        FormatError: x.json: haloMass is {"slope":11,"pivot":10.7,"intercept":12,"scatter":0.4}
        Fix: it is an object whose slope is a number from -10 to 10
      a pivot of nothing
        FormatError: x.json: haloMass is {"slope":0.5,"pivot":null,"intercept":12,"scatter":0.4}
        Fix: it is an object whose pivot is a number from -30 to 30
      an intercept far beyond
        FormatError: x.json: haloMass is {"slope":0.5,"pivot":10.7,"intercept":31,"scatter":0.4}
        Fix: it is an object whose intercept is a number from -30 to 30
      two that are wrong
        FormatError: x.json: haloMass is {"slope":11,"pivot":10.7,"intercept":12,"scatter":4}
        Fix: it is an object whose slope is a number from -10 to 10
      a tilt
        FormatError: x.json: haloMass is {"slope":0.5,"pivot":10.7,"intercept":12,"scatter":0.4,"tilt…
        Fix: it is an object with slope, pivot, intercept, scatter
      haloes that are too heavy
        FormatError: x.json: haloMass reaches 10^23.1 for discs of 10^7 to 10^12 solar masses, beyond 10^3 to 10^18
        Fix: check its slope, pivot and intercept, all of log10
      haloes that are too light
        FormatError: x.json: haloMass reaches 10^-1.85 for discs of 10^7 to 10^12 solar masses, beyond 10^3 to 10^18
        Fix: check its slope, pivot and intercept, all of log10
      discs that are too large
        FormatError: x.json: discScaleLength reaches 10^4.39 for discs of 10^7 to 10^12 solar masses, beyond 10^-4 to 10^4
        Fix: check its slope, pivot and intercept, all of log10
      haloes that are too dense
        FormatError: x.json: concentration reaches 10^4.19 for discs of 10^7 to 10^12 solar masses, beyond 10^-2 to 10^4
        Fix: check its slope, pivot and intercept, all of log10
      too much gas
        FormatError: x.json: gasMass reaches 10^16.9 for discs of 10^7 to 10^12 solar masses, beyond 10^-5 to 10^16
        Fix: check its slope, pivot and intercept, all of log10
      no source
        ArgumentError: parsePopulation: source is text; got undefined.
        Fix: say what to call it in errors, such as its path.
      no population to write
        FormatError: formatPopulation: a population is an object of fields
        Fix: begin with what halograd population standard prints
      a field that JSON has not
        FormatError: formatPopulation: hubbleConstant is NaN
        Fix: it is a number from 10 to 1000
      a field that JSON cannot have
        FormatError: formatPopulation: discMass is an object with self
        Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
      no population to draw of
        FormatError: drawGalaxy: name is missing
        Fix: begin with what halograd population standard prints
      no stream to draw from
        ArgumentError: drawGalaxy: needs a random stream; got undefined.
        Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
      no population to ask about
        ArgumentError: isExtendedPopulation: a population is an object; got the number 5.
        Fix: STANDARD_POPULATION is one.
      "
    `);
  });

  it("may go to the ends of what fields are", () => {
    const free = { slope: 0, pivot: 0, intercept: 1, scatter: 0 };
    const widest = {
      ...EXTENDED_POPULATION,
      name: "a".repeat(60),
      hubbleConstant: 10,
      overdensity: 100_000,
      discMass: [0, 16] as const,
      discScaleLength: { ...free, pivot: 30, intercept: -4, scatter: 3 },
      haloMass: { ...free, pivot: -30, intercept: 18 },
      concentration: { ...free, intercept: -2 },
      gasMass: { slope: -1, pivot: 0, intercept: 11, scatter: 3 },
      gasScaleLength: { mean: -5, scatter: 0 },
      bulgeMass: [-10, 5] as const,
      coreRadius: { mean: 5, scatter: 3 },
    };
    const other = {
      ...widest,
      hubbleConstant: 1000,
      overdensity: 1,
      discScaleLength: { ...free, intercept: 4 },
      haloMass: { ...free, intercept: 3 },
      concentration: { ...free, intercept: 4 },
      gasMass: { ...free, slope: 10 / 16, intercept: -5 },
    };
    for (const population of [widest, other])
      expect(parsePopulation(formatPopulation(population), "x.json")).toEqual(population);
  });

  it("is written to be read and edited by people", () => {
    expect(formatPopulation(STANDARD_POPULATION)).toMatchInlineSnapshot(`
      "{
        "name": "standard",
        "hubbleConstant": 70,
        "overdensity": 200,
        "discMass": [9, 12],
        "discScaleLength": { "slope": 0.3, "pivot": 10.7, "intercept": 0.5, "scatter": 0.4 },
        "haloMass": { "slope": 0.75, "pivot": 10.7, "intercept": 12, "scatter": 0.25 },
        "concentration": { "slope": -0.101, "pivot": 12, "intercept": 0.905, "scatter": 0.11 }
      }
      "
    `);
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
