/** The figure of scores. */
import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { type ScoresOptions, scoresFigure } from "../../src/plot/index.ts";
import { parseSvg } from "./parse-svg.ts";

const options: ScoresOptions = {
  sets: ["post & co", "ours"],
  scores: [
    { title: "1-NN", baseline: 0.49, values: [0.77, 0.51], apart: [true, false], decimals: 2 },
    { title: "roughness [km/s]", baseline: 0.38, values: [0.51, 0.39], apart: [true, false], decimals: 2 },
  ],
};

describe("scoresFigure", () => {
  const svg = scoresFigure(options);
  const elements = parseSvg(svg);

  test("can be rendered, and fills the markers of those that were told apart", () => {
    expect(new Resvg(svg, { font: { loadSystemFonts: false } }).height).toBeGreaterThan(100);
    const fills = elements
      .filter(({ name, attributes }) => name === "circle" || attributes["stroke-width"] === "2")
      .map(({ attributes }) => attributes.fill === "#ffffff");
    // In the legend two markers, filled, and the signs of both; then a filled and a hollow one for each score.
    expect(fills).toEqual([false, false, false, true, false, true, false, true]);
  });

  test("says on its face what filled means, and shades the side that is worse", () => {
    const words = (svg: string): string[] =>
      parseSvg(svg).flatMap(({ name, text }) => (name === "text" ? [text] : []));
    expect(words(svg)).toContain("told apart");
    expect(words(svg)).not.toContain("worse than the same distribution");
    const worse = (["higher", "lower", "either"] as const).map((worse) => ({ ...options.scores[0], worse }));
    const shaded = scoresFigure({ ...options, scores: worse, significance: 0.05 });
    expect(words(shaded)).toContain("told apart (p < 0.05)");
    expect(words(shaded)).toContain("worse than the same distribution");
    const rects = parseSvg(shaded).filter(({ name }) => name === "rect");
    const frames = rects.filter(({ attributes }) => attributes.fill === "none");
    const line = Number(
      parseSvg(shaded)
        .filter(({ attributes }) => attributes["stroke-dasharray"] !== undefined)[1]
        .attributes.d.slice(1)
        .split(" ")[0],
    );
    const [start, end] = [Number(frames[0].attributes.x), Number(frames[0].attributes.x) + 420];
    const shades = rects
      .filter(({ attributes }) => attributes.fill === "#eeeeee" && Number(attributes.height) > 12)
      .map(({ attributes: { x, width } }) => [Number(x), Number(x) + Number(width)]);
    const sides = [
      [line, end],
      [start, line],
      [start, line],
      [line, end],
    ];
    expect(shades).toHaveLength(4);
    sides.flat().forEach((side, i) => void expect(shades.flat()[i]).toBeCloseTo(side, 1));
  });

  test("tells in its description what it shows", () => {
    const description = elements.find(({ name }) => name === "desc")?.text;
    expect(description).toContain("1-NN: post & co 0.77, ours 0.51 (same distribution 0.49)");
  });

  const [score] = options.scores;
  test.each([
    ["no sets", { sets: [], scores: [{ ...score, values: [], apart: [] }] }, ArgumentError],
    ["no scores", { sets: ["a"], scores: [] }, ArgumentError],
    ["a value too few", { ...options, scores: [{ ...score, values: [1] }] }, ShapeError],
    ["a value that is NaN", { ...options, scores: [{ ...score, values: [1, Number.NaN] }] }, ArgumentError],
    [
      "a baseline that is infinite",
      { ...options, scores: [{ ...score, baseline: Infinity }] },
      ArgumentError,
    ],
  ])("refuses %s", (_, wrong, kind) => {
    expect(() => scoresFigure(wrong)).toThrow(kind);
  });
});
