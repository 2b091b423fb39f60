/** Figures of mass models. */

import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { Random } from "../../src/index.ts";
import { accelerationFigure, cornerFigure, decompositionFigure } from "../../src/plot/index.ts";
import { parseSvg } from "./parse-svg.ts";

const textOf = (svg: string): string =>
  parseSvg(svg)
    .map(({ text }) => text)
    .join(" ");
const points = (d: string) =>
  [...d.matchAll(/[ML]?(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe("the parts of a galaxy", () => {
  const observations = { radii: [2, 5, 9], velocities: [80, 110, 115], errors: [4, 3, 4] };
  const quantiles = (speeds: readonly number[]) => speeds.map((v) => [v - 8, v - 4, v, v + 4, v + 8]);
  const galaxy = {
    name: "NGC <1>",
    halo: "Burkert",
    observations,
    total: quantiles([80, 109, 114]),
    parts: { halo: quantiles([40, 80, 100]), disc: quantiles([70, 75, 50]), gas: quantiles([-60, 10, 20]) },
  };

  test("are shown with their names, and those that it has not are left out", () => {
    const text = textOf(decompositionFigure(galaxy));
    for (const words of ["NGC <1>", "Burkert halo", "disc", "gas", "all", "observed", "3 observed points"])
      expect(text).toContain(words);
    expect(text).not.toContain("bulge");
  });

  test("reach below 0 where the gas pulls outwards", () => {
    const ticks = (svg: string) =>
      parseSvg(svg)
        .filter(({ name }) => name === "text")
        .map(({ text }) => text);
    expect(ticks(decompositionFigure(galaxy)).some((text) => text.startsWith("−"))).toBe(true);
    const { halo, disc } = galaxy.parts;
    expect(
      ticks(decompositionFigure({ ...galaxy, parts: { halo, disc } })).some((text) => text.startsWith("−")),
    ).toBe(false);
  });
});

describe("a corner plot", () => {
  const random = new Random(1);
  const first = Array.from({ length: 4000 }, () => random.normal());
  const second = first.map((value) => 100 + 10 * (0.8 * value + 0.6 * random.normal()));
  const svg = cornerFigure("A posterior", [
    { label: "*a*", draws: first },
    { label: "*b* [kpc]", draws: second },
  ]);
  const elements = parseSvg(svg);

  test("has a panel for each parameter and pair, and an axis for each column and row but the first", () => {
    const frames = elements.filter(({ name, attributes }) => name === "rect" && attributes.width === "118");
    expect(frames.length).toBe(3);
    const labels = elements.filter(({ name }) => name === "text").map(({ text }) => text);
    expect(labels.filter((text) => text === "b [kpc]").length).toBe(2);
    expect(labels.filter((text) => text === "a").length).toBe(1);
    expect(textOf(svg)).toMatch(/Medians: a [−-]?0?\.?\d*.*, b \[kpc\] (99|100)/);
  });

  test("draws closed lines within which 68 and 95 % of the draws lie", () => {
    const panel = elements
      .filter(({ name, attributes }) => name === "rect" && attributes.width === "118")
      .map(({ attributes }) => ({ left: Number(attributes.x), top: Number(attributes.y) }))
      .filter(({ left }, _, all) => left === Math.min(...all.map((frame) => frame.left)))
      .sort((a, b) => b.top - a.top)[0];
    const inPanel = ([x, y]: number[]) =>
      x >= panel.left && x <= panel.left + 118 && y >= panel.top && y <= panel.top + 118;
    for (const [width, share] of [
      ["0.8", 0.95],
      ["1.6", 0.68],
    ] as const) {
      const lines = elements
        .filter(({ name, attributes }) => name === "path" && attributes["stroke-width"] === width)
        .map(({ attributes }) => points(attributes.d))
        .filter((line) => line.every(inPanel) && line.length > 8);
      expect(lines.length).toBe(1);
      const [line] = lines;
      expect(line[0]).toEqual(line[line.length - 1]);
      // Against the area of the ellipse that holds as much of a normal distribution: in units of the panel's scales.
      const area = Math.abs(
        line.reduce((sum, [x, y], i) => {
          const [u, v] = line[(i + 1) % line.length];
          return sum + (x * v - u * y) / 2;
        }, 0),
      );
      const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
      const span = (list: readonly number[]) => {
        const order = sorted(list);
        const [low, high] = [0.003, 0.997].map((s) => order[Math.round(s * (order.length - 1))]);
        return (high - low) * 1.24;
      };
      const perUnit = (118 / span(first)) * (118 / span(second));
      const ellipse = Math.PI * -2 * Math.log(1 - share) * 1 * 10 * 0.6;
      expect(area / (ellipse * perUnit)).toBeGreaterThan(0.85);
      expect(area / (ellipse * perUnit)).toBeLessThan(1.35);
    }
  });

  test("refuses too few draws, lists that differ, and what is no number", () => {
    expect(() => cornerFigure("", [])).toThrow(ArgumentError);
    expect(() => cornerFigure(5 as never, [])).toThrow(/^cornerFigure: title is text; got the number 5/);
    expect(() => cornerFigure("", [{ label: "a", draws: [1, 2] }])).toThrow(ArgumentError);
    expect(() =>
      cornerFigure("", [
        { label: "a", draws: first },
        { label: "b", draws: first.slice(1) },
      ]),
    ).toThrow(ShapeError);
    expect(() => cornerFigure("", [{ label: "a", draws: first.map(() => Number.NaN) }])).toThrow(
      ArgumentError,
    );
  });

  test("leaves out draws that lie far from all others", () => {
    for (const far of [1e6, -1e6]) {
      const drawn = (draws: readonly number[]) => [far, ...draws.slice(1)];
      const both = [first, second].map((draws, i) => ({ label: `${i}`, draws: drawn(draws) }));
      for (const parameters of [
        both,
        [both[0], { label: "1", draws: second }],
        [{ label: "0", draws: first }, both[1]],
      ])
        expect(parseSvg(cornerFigure("", parameters)).length).toBeGreaterThan(100);
    }
  });

  test("shows a parameter that never moves", () => {
    const still = cornerFigure("", [
      { label: "a", draws: first },
      { label: "b", draws: first.map(() => 3) },
    ]);
    expect(parseSvg(still).length).toBeGreaterThan(10);
  });
});

describe("accelerations", () => {
  test("are points on log axes with the line of equality, and a relation where one is given", () => {
    const data = { visible: [1e-12, 1e-10], observed: [1e-11, 2e-10], galaxies: 1 };
    expect(textOf(accelerationFigure(data))).toContain("2 points of 1 galaxies");
    const relation = { label: "a relation", at: (g: number) => 10 * g };
    const middles = (svg: string) =>
      parseSvg(svg)
        .filter(({ name, attributes: a }) => name === "path" && a.fill === "none" && a.d.length > 400)
        .map(({ attributes: a }) => points(a.d)[30]);
    expect(middles(accelerationFigure(data))).toHaveLength(1);
    const [equal, tenfold] = middles(accelerationFigure({ ...data, relation }));
    const ticks = parseSvg(accelerationFigure({ ...data, relation })).filter(
      ({ text, attributes: a }) => a["text-anchor"] === "end" && /^10−\d+$/.test(text),
    );
    const decade = Number(ticks[0].attributes.y) - Number(ticks[1].attributes.y);
    expect(tenfold[0]).toBe(equal[0]);
    expect(equal[1] - tenfold[1]).toBeCloseTo(decade, 0);
    expect(textOf(accelerationFigure({ ...data, relation }))).toContain("a relation");
    expect(() => accelerationFigure({ ...data, observed: [0, 1e-10] })).toThrow(ArgumentError);
    expect(() => accelerationFigure({ ...data, observed: [1e-10] })).toThrow(ShapeError);
  });
});
