/** Conditions: the properties that galaxies have, and what a model keeps of those that it was trained on. */

import { expect, it } from "vitest";
import { describeConditions, propertiesOf } from "../../src/curves/conditions.ts";
import { finish, generatePopulation } from "../../src/curves/index.ts";
import { CONDITIONS } from "../../src/curves/names.ts";
import { FeatureStandardization, splitDataset } from "../../src/diffusion/index.ts";
import { Random } from "../../src/index.ts";
import { messagesOf } from "../messages.ts";
import { any, galaxies } from "./models.ts";

const [galaxy] = finish(
  generatePopulation({ count: 1, population: "extended", random: new Random(1) }),
).galaxies;

it("the properties of a galaxy are logarithms, in the order that is asked for", () => {
  const own = {
    ...galaxy,
    discMass: 3e10,
    discScaleLength: 2,
    haloMass: 1e12,
    concentration: 10,
    bulgeMass: 1e10,
  };
  const [row] = propertiesOf([own], CONDITIONS);
  [Math.log10(3e10), Math.log10(2), 12, 1, Math.log10(0.25)].forEach((expected, i) => {
    expect(row[i]).toBeCloseTo(expected, 12);
  });
  expect(propertiesOf([own], ["concentration", "halo-mass"])[0].map((x) => Math.round(x))).toEqual([1, 12]);
});

it("a galaxy without a property is refused", () => {
  const of = (changes: object, name: string) => () =>
    propertiesOf([galaxy, any({ ...galaxy, ...changes })], [any(name)]);
  const [plain] = galaxies.galaxies;
  expect(
    messagesOf({
      "no bulge": of({ bulgeMass: 0 }, "bulge-fraction"),
      "a galaxy of the standard population": () =>
        propertiesOf([galaxy, plain], ["disc-mass", "bulge-fraction"]),
      "no disc": of({ discMass: 0 }, "disc-mass"),
      "a concentration below 0": of({ concentration: -1 }, "concentration"),
    }),
  ).toMatchInlineSnapshot(`
    "
    no bulge
      ArgumentError: trainModel: galaxy 2 has no bulge, whose fraction would be the condition bulge-fraction
      Fix: take galaxies of the population "extended"
    a galaxy of the standard population
      ArgumentError: trainModel: galaxy 2 has no bulge, whose fraction would be the condition bulge-fraction
      Fix: take galaxies of the population "extended"
    no disc
      ArgumentError: trainModel: disc-mass of galaxy 2 is 0; it must be a finite number above 0.
    a concentration below 0
      ArgumentError: trainModel: concentration of galaxy 2 is -1; it must be a finite number above 0.
    "
  `);
});

it("a model keeps mean, deviation and range of the part that it was trained on", () => {
  const rows = Array.from({ length: 20 }, (_, i) => [i * i, 100 - i]);
  const split = splitDataset(rows, new Random(1), { represent: (train) => FeatureStandardization.of(train) });
  const kept = split.standardization.invert(split.train);
  describeConditions(["disc-mass", "halo-mass"], split).forEach((told, i) => {
    const values = kept.map((row) => row[i]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    expect(told.name).toBe(["disc-mass", "halo-mass"][i]);
    expect([told.least, told.greatest]).toEqual([Math.min(...values), Math.max(...values)]);
    expect(told.mean).toBeCloseTo(mean, 4);
    expect(told.standardDeviation / Math.sqrt(variance)).toBeCloseTo(1, 4);
  });
});
