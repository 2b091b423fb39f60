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

  test("puts each marker on the middle of its strip, as far along as its value is between the ticks", () => {
    const strips = elements.filter(({ attributes: a }) => a.fill === "none");
    expect(strips).toHaveLength(2);
    const texts = elements.filter(({ attributes: a }) => a["font-size"] === "10");
    const lines = elements.filter(({ attributes: a }) => a["stroke-dasharray"] !== undefined);
    const markers = elements.filter(({ attributes: a }) => a["stroke-width"] === "2");
    for (const [s, { attributes: frame }] of strips.entries()) {
      const [top, bottom] = [Number(frame.y), Number(frame.y) + Number(frame.height)];
      const ticks = texts
        .map(({ text, attributes: a }) => ({ value: Number(text), x: Number(a.x), y: Number(a.y) }))
        .filter(({ y }) => y > bottom && y < bottom + 20);
      const [first, last] = [ticks[0], ticks[ticks.length - 1]];
      const at = (value: number): number =>
        first.x + ((value - first.value) / (last.value - first.value)) * (last.x - first.x);
      const places = markers
        .map(({ name, attributes: a }) =>
          name === "circle"
            ? [Number(a.cx), Number(a.cy)]
            : [Number(a.x) + Number(a.width) / 2, Number(a.y) + Number(a.height) / 2],
        )
        .filter(([, y]) => y > top && y < bottom);
      const { values, baseline } = options.scores[s];
      expect(places).toHaveLength(values.length);
      for (const [i, [x, y]] of places.entries()) {
        expect(x).toBeCloseTo(at(values[i]), 1);
        expect(y).toBeCloseTo((top + bottom) / 2, 2);
      }
      const [x, y] = lines[s + 1].attributes.d.slice(1).split(/[ v]/).map(Number);
      expect([x, y]).toEqual([expect.closeTo(at(baseline), 1), top]);
      // Markers differ in shape and colour, in the legend as on the strips.
      expect(markers[2 + 2 + 2 * s].attributes.stroke).toBe(markers[0].attributes.stroke);
      expect(markers[2 + 2 + 2 * s + 1].name).toBe(markers[1].name);
    }
    expect(lines).toHaveLength(3);
  });

  test("tells in its description what it shows", () => {
    const description = elements.find(({ name }) => name === "desc")?.text;
    expect(elements.find(({ name }) => name === "title")?.text).toBe("How the samples compare with the data");
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
