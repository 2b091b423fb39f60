/** Figures of inferred galaxies and of wishes, and what the losses say of their validation. */

import { describe, expect, test } from "vitest";
import {
  type InferredGalaxy,
  inferenceFigure,
  inferredGalaxiesFigure,
  lossFigure,
  wishesFigure,
} from "../../src/plot/index.ts";
import { parseSvg } from "./parse-svg.ts";
import { curve, radii } from "./sample-figures.ts";

const textOf = (svg: string): string =>
  parseSvg(svg)
    .map(({ text }) => text)
    .join(" ");
const observations = { radii: [2, 8], velocities: [95, 140], errors: [15, 10] };
const galaxy: InferredGalaxy = {
  name: "NGC 1",
  radii,
  intervals: curve(200).map((v) => [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3].map((share) => share * v)),
  observations,
};

describe("an inferred galaxy", () => {
  test("is shown by its name, with bands, median and points", () => {
    const text = textOf(inferenceFigure(galaxy));
    for (const words of ["of NGC 1", "2 observed points", "95 %", "68 %", "median", "observed"])
      expect(text).toContain(words);
    expect(text).not.toContain("held out");
    expect(textOf(inferenceFigure({ ...galaxy, name: "" }))).not.toContain(" of NGC");
  });

  test("beside others is in units of its fastest point, held-out points included", () => {
    const heldOut = { radii: [20], velocities: [155.4], errors: [9] };
    const text = textOf(inferredGalaxiesFigure([galaxy, { ...galaxy, name: "NGC 2", heldOut }], 2));
    for (const words of ["NGC 1: 140", "NGC 2: 155", "held out"]) expect(text).toContain(words);
  });

  test("is refused with velocities that are no numbers", () => {
    const intervals = galaxy.intervals.map((own) => own.map(() => Number.NaN));
    expect(() => inferenceFigure({ ...galaxy, intervals })).toThrow(Error);
  });
});

describe("curves under wishes", () => {
  const curves = { radii, plain: [curve(150)], guided: [curve(200), curve(210)] };
  test("are shown over those without, with each wish", () => {
    const wished = { wishes: ["flat=10", "peak=5"], flat: 10, peak: 5, points: observations };
    const text = textOf(wishesFigure({ ...curves, ...wished }));
    for (const words of [
      "2 curves sampled under flat=10, peak=5, over 1 from the same noise",
      "with the wishes",
      "flat beyond 10 kpc",
      "fastest at 5 kpc",
      "wished points",
    ])
      expect(text).toContain(words);
  });

  test("name only what was wished", () => {
    const text = textOf(wishesFigure({ ...curves, wishes: ["peak=5"], peak: 5 }));
    expect(text).toContain("with the wish");
    for (const words of ["with the wishes", "flat beyond", "wished points"])
      expect(text).not.toContain(words);
  });
});

test("losses say what the validation's input was", () => {
  const losses = { epochs: [0, 1], train: [1, 0.5], valid: [1, 0.4] };
  expect(textOf(lossFigure(losses))).not.toContain("validation (");
  expect(textOf(lossFigure({ ...losses, validInput: "clean" }))).toContain("validation (clean input)");
  expect(textOf(lossFigure({ ...losses, validInput: "noisy" }))).toContain("validation (noisy input)");
});
