/** Populations: what is drawn, in which steps, and galaxies as tables. */

import { describe, expect, it } from "vitest";
import {
  finish,
  formatGalaxies,
  generatePopulation,
  type PopulationProgress,
  parseGalaxies,
} from "../../src/curves/index.ts";
import { extendedRotationCurves, rotationCurves, samplePopulation } from "../../src/galaxy/index.ts";
import { Random } from "../../src/index.ts";
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
});

describe("a table of galaxies", () => {
  it.each(["standard", "extended"] as const)("of the %s population reads back to the bit", (population) => {
    const { galaxies } = finish(generatePopulation({ count: 8, population, random }));
    expect(parseGalaxies(formatGalaxies(galaxies), "galaxies.csv", galaxies)).toEqual(galaxies);
  });
});
