/** Populations: what is drawn, in which steps, and galaxies as tables. */

import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  finish,
  formatGalaxies,
  generatePopulation,
  type PopulationProgress,
  parseGalaxies,
} from "../../src/curves/index.ts";
import { extendedRotationCurves, rotationCurves, samplePopulation } from "../../src/galaxy/index.ts";
import { ArgumentError, Random } from "../../src/index.ts";
import { any } from "./models.ts";

const random = new Random(3);

describe("a population", () => {
  it("holds the galaxies of the stream, and the curve of each from physics", () => {
    const { galaxies, radii, curves } = finish(generatePopulation({ count: 5, random }));
    expect(galaxies).toEqual(samplePopulation({ count: 5, random: random.fork("galaxies") }));
    const { velocities } = rotationCurves(
      samplePopulation({ count: 5, random: random.fork("galaxies") }),
      radii,
    );
    expect(curves.flatMap((curve) => [...curve])).toEqual([...velocities]);
  });

  it("begins with the same galaxies for every count", () => {
    const of = (count: number) => finish(generatePopulation({ count, random, population: "extended" }));
    expect(of(4).galaxies.slice(0, 2)).toEqual(of(2).galaxies);
    const [galaxy] = of(1).galaxies;
    expect([...of(1).curves[0]]).toEqual([...extendedRotationCurves([any(galaxy)]).velocities]);
  });

  it("tells after each curve how many there are, so that it can be left", () => {
    const seen: PopulationProgress[] = [];
    for (const progress of generatePopulation({ count: 1000, random })) if (seen.push(progress) === 3) break;
    expect(seen.map(({ done, total }) => [done, total])).toEqual([1, 2, 3].map((done) => [done, 1000]));
    // What there is by then is what a smaller count gives, and stays.
    expect(seen[1].population).toEqual(finish(generatePopulation({ count: 2, random })));
  });

  it.each([
    [() => generatePopulation(any({ count: 5 })), /generatePopulation: needs a random stream/],
    [() => generatePopulation({ count: 0, random }), /count/],
    [() => generatePopulation({ count: 1.5, random, population: "extended" }), /count/],
    [
      () => generatePopulation(any({ random, population: "extend" })),
      /extend.*\n.*did you mean "extended"\?/,
    ],
    [() => generatePopulation(any({ random, seed: 1 })), /no option "seed"/],
  ])("is refused, at the call itself, with a clear message: %s", (call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

describe("a table of galaxies", () => {
  it.each(["standard", "extended"] as const)("of the %s population reads back to the bit", (population) => {
    const { galaxies } = finish(generatePopulation({ count: 8, population, random }));
    expect(parseGalaxies(formatGalaxies(galaxies), "galaxies.csv", galaxies)).toEqual(galaxies);
  });

  const [galaxy] = samplePopulation({ count: 1, random });
  it.each([
    [
      "of another number of curves",
      formatGalaxies([galaxy]),
      [1, 2],
      /1 galaxies do not belong to the 2 curves/,
    ],
    [
      "with a mass of 0",
      formatGalaxies([{ ...galaxy, haloMass: 0 }]),
      undefined,
      /: its 1 galaxies have values that are not above 0/,
    ],
    ["with other columns", "mass\n1\n", undefined, /the first row must be disc_mass \[Msun\],/],
  ])("%s is refused", (_, text, curves, message) => {
    expect(() => parseGalaxies(text, "g.csv", curves)).toThrow(FormatError);
    expect(() => parseGalaxies(text, "g.csv", curves)).toThrow(message);
  });

  it("holds galaxies of one population only", () => {
    const wide = finish(generatePopulation({ count: 1, population: "extended", random })).galaxies;
    expect(() => formatGalaxies([galaxy, ...wide])).toThrow(ArgumentError);
  });
});
