/** The figure of error against evaluations. */
import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { convergenceFigure } from "../../src/plot/index.ts";
import { parseSvg } from "./parse-svg.ts";

const series = ["Euler", "Heun", "DDPM"].map((name, i) => ({
  name,
  evaluations: [8, 16, 32],
  errors: [0.1, 0.05, 0.025].map((error) => error ** (i + 1)),
}));

describe("convergenceFigure", () => {
  const svg = convergenceFigure({
    panels: [
      { title: "one", series },
      { title: "other", series: series.slice(1) },
    ],
  });

  test("is well-formed, can be rendered, and names each method once in its legend", () => {
    expect(() => parseSvg(svg)).not.toThrow();
    expect(new Resvg(svg, { font: { loadSystemFonts: false } }).width).toBeGreaterThan(600);
    for (const { name } of series) expect(svg.split(`>${name}<`)).toHaveLength(2);
  });

  test("tells its methods apart by marker, dash and filling, beside their colours", () => {
    const many = Array.from({ length: 8 }, (_, i) => ({ ...series[0], name: `${i}` }));
    const all = parseSvg(convergenceFigure({ panels: [{ title: "", series: many }] }));
    const lines = all.filter(({ attributes: a }) => a["stroke-width"] === "1.3").slice(-8);
    expect(lines.map(({ attributes: a }) => a["stroke-dasharray"])).toEqual(
      [0, 0, 1, 1, 0, 0, 1, 1].map((dashed) => (dashed ? "5 3" : undefined)),
    );
    expect(new Set(lines.map(({ attributes: a }) => a.stroke)).size).toBe(8);
    const marks = all.filter(({ name, attributes: a }) => name === "circle" || a.width === "5.5");
    expect(marks.slice(-8).map(({ name }) => name)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => (i % 2 === 0 ? "circle" : "rect")),
    );
    const groups = all.filter(({ name, attributes: a }) => name === "g" && a.fill?.startsWith("#"));
    expect(groups.slice(-8).map(({ attributes: a }) => a.fill === "#ffffff")).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => i >= 4),
    );
  });

  test("tells in its description what it shows", () => {
    expect(svg).toContain("Errors of Euler, Heun, DDPM for 8 to 32 evaluations");
    expect(svg).toContain("that of DDPM.");
  });

  test.each([
    ["no panels", [], ArgumentError],
    ["a panel without methods", [{ title: "", series: [] }], ArgumentError],
    ["an error of 0", [{ title: "", series: [{ ...series[0], errors: [1, 0, 1] }] }], ArgumentError],
    ["lists of different lengths", [{ title: "", series: [{ ...series[0], errors: [1] }] }], ShapeError],
    [
      "more methods than can be told apart",
      [{ title: "", series: Array.from({ length: 9 }, (_, i) => ({ ...series[0], name: `${i}` })) }],
      ArgumentError,
    ],
  ])("refuses %s", (_, panels, kind) => {
    expect(() => convergenceFigure({ panels })).toThrow(kind);
  });
});
