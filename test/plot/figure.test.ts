import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { type FigureOptions, figure, type Panel } from "../../src/plot/figure.ts";
import { okabeIto, viridis } from "../../src/plot/palette.ts";
import { scale } from "../../src/plot/scale.ts";
import { drawnPoints, frames, parseSvg, pathPoints } from "./parse-svg.ts";

const axes = {
  title: "Test",
  description: "For a test.",
  x: { label: "*x*", scale: scale(0, 10) },
  y: { label: "*y*", scale: scale(0.01, 100, { kind: "log" }) },
};
const points = (x: number[], y: number[]): Panel => ({
  marks: [{ kind: "points", x, y, color: okabeIto.blue }],
});
const draw = (rows: Panel[][], more: Partial<FigureOptions> = {}): string =>
  figure({ ...axes, rows, ...more });

describe("A figure", () => {
  test("puts the ends of the axes into the corners of the frame, and log values evenly between", () => {
    const elements = parseSvg(draw([[points([0, 5, 10], [0.01, 1, 100])]]));
    const [frame] = frames(elements);
    const circles = elements
      .filter(({ name }) => name === "circle")
      .map(({ attributes: a }) => [+a.cx, +a.cy]);
    expect(circles[0]).toEqual([frame.x, frame.y + frame.height]);
    expect(circles[1]).toEqual([frame.x + frame.width / 2, frame.y + frame.height / 2]);
    expect(circles[2]).toEqual([frame.x + frame.width, frame.y]);
  });

  test("aligns its panels and labels the ticks at the left and below only", () => {
    const panel = points([5], [1]);
    const elements = parseSvg(
      draw(
        [
          [panel, panel, panel],
          [panel, panel],
        ],
        { panelWidth: 100, panelHeight: 80 },
      ),
    );
    const all = frames(elements);
    expect(all.map(({ x }) => x)).toEqual([0, 1, 2, 0, 1].map((c) => all[c].x));
    expect(new Set(all.map(({ y }) => y)).size).toBe(2);
    const count = (text: string): number =>
      elements.filter((e) => e.name === "text" && e.text === text).length;
    expect(count("0.01")).toBe(2); // both rows
    expect(count("4")).toBe(3); // two in the last row, one below the panel that has none beneath
  });

  test("draws lines, markers and bands in the legend, once for each label, above the panels", () => {
    const panel: Panel = {
      marks: [
        { kind: "band", x: [0, 9], low: [1, 1], high: [2, 3], color: okabeIto.green, label: "spread" },
        { kind: "line", x: [0, 9], y: [1, 2], color: okabeIto.black, dash: "4 3", label: "model" },
        {
          kind: "points",
          x: [1],
          y: [2],
          color: okabeIto.blue,
          marker: "square",
          hollow: true,
          label: "data",
        },
      ],
    };
    const svg = draw([[panel, panel]]);
    const elements = parseSvg(svg);
    for (const name of ["spread", "model", "data"]) {
      const entries = elements.filter((e) => e.name === "text" && e.text === name);
      expect(entries).toHaveLength(1);
      expect(Number(entries[0].attributes.y)).toBeLessThan(frames(elements)[0].y);
    }
    expect(svg.match(/stroke-dasharray="4 3"/g)).toHaveLength(3);
  });

  test("breaks a long legend into lines within the figure", () => {
    const marks = Array.from({ length: 12 }, (_, i) => ({
      ...points([1], [1]).marks[0],
      label: `entry number ${i}`,
    }));
    const elements = parseSvg(draw([[{ marks }]], { panelWidth: 300 }));
    const width = Number(elements[0].attributes.width);
    for (const { x, y } of drawnPoints(elements)) {
      expect(x).toBeLessThanOrEqual(width);
      expect(y).toBeGreaterThanOrEqual(0);
    }
  });

  test("leaves room for tick labels between rows only where the next one is shorter", () => {
    const panel = points([5], [1]);
    const gap = (next: Panel[]): number => {
      const all = frames(parseSvg(draw([[panel, panel], next], { panelWidth: 80, panelHeight: 80 })));
      return all[2].y - all[0].y - 80;
    };
    expect(gap([panel]) - gap([panel, panel])).toBe(20);
    const [{ y: first }, { y: second }] = frames(
      parseSvg(draw([[panel], [panel, panel]], { panelHeight: 80 })),
    );
    expect(second - first - 80).toBe(gap([panel, panel]));
  });

  test("says which value of which mark cannot be drawn", () => {
    const band = { kind: "band", x: [1, 2], low: [1, 1], high: [2, 2], color: okabeIto.blue } as const;
    const line = { kind: "line", x: [1, 2], y: [1, 1], color: okabeIto.blue } as const;
    const wrong: [Panel["marks"][number], RegExp][] = [
      [{ ...band, low: [1] }, /^figure: low of a mark has 1 values, x has 2\n/],
      [{ ...band, high: [1] }, /^figure: high of a mark has 1 values, x has 2\n/],
      [{ ...line, y: [1] }, /^figure: y of a mark has 1 values, x has 2\n/],
      [{ ...line, kind: "points", y: [1] }, /^figure: y of a mark has 1 values, x has 2\n/],
      [{ ...line, x: [1, 11] }, /^figure: x = 11 lies outside its axis, which runs from 0 to 10\n/],
      [{ ...line, y: [1, 101] }, /^figure: y = 101 lies outside its axis, which runs from 0.01 to 100\n/],
      [{ ...line, x: [1, Number.NaN] }, /^figure: got x = NaN, but only finite numbers/],
      [{ ...band, opacity: 2 }, /opacity/],
      [{ ...band, low: 5 as never }, /low/],
      [{ ...band, high: undefined as never }, /high/],
    ];
    for (const [mark, message] of wrong) expect(() => draw([[{ marks: [mark] }]])).toThrow(message);
  });

  test("shows points alone as three in the legend, and one on a line", () => {
    const line = { kind: "line", x: [1], y: [1], color: okabeIto.blue, label: "a" } as const;
    const dots = { ...line, kind: "points" } as const;
    const count = (marks: Panel["marks"]): number =>
      parseSvg(draw([[{ marks }]])).filter(({ name }) => name === "circle").length;
    expect([count([dots]), count([line, dots]), count([line])]).toEqual([1 + 3, 1 + 1, 0]);
  });

  test("closes a band along its upper edge", () => {
    const mark = {
      kind: "band",
      x: [0, 10],
      low: [0.01, 0.01],
      high: [1, 100],
      color: okabeIto.blue,
    } as const;
    const elements = parseSvg(draw([[{ marks: [mark] }]]));
    const [band] = elements.filter((e) => e.attributes["fill-opacity"] !== undefined);
    const [frame] = frames(elements);
    expect(pathPoints(band.attributes.d)).toEqual([
      { x: frame.x, y: frame.y + frame.height },
      { x: frame.x + frame.width, y: frame.y + frame.height },
      { x: frame.x + frame.width, y: frame.y },
      { x: frame.x, y: frame.y + frame.height / 2 },
    ]);
  });

  test("escapes its title and description, and names itself an image", () => {
    const svg = draw([[points([1], [1])]], { title: 'a < b & "c"', description: "</desc><script>" });
    expect(svg).toContain('role="img"');
    expect(svg).toContain(
      "<title>a &lt; b &amp; &quot;c&quot;</title><desc>&lt;/desc&gt;&lt;script&gt;</desc>",
    );
  });

  test.each([
    ["no rows", () => draw([]), ArgumentError],
    ["an empty row", () => draw([[]]), ArgumentError],
    [
      "axes for another number of columns",
      () => draw([[points([1], [1]), points([1], [1])]], { x: [{ label: "", scale: scale(0, 10) }] }),
      ShapeError,
    ],
    ["a value outside its axis", () => draw([[points([11], [1])]]), ArgumentError],
    ["zero on a log axis", () => draw([[points([1], [0])]]), ArgumentError],
    ["NaN", () => draw([[points([Number.NaN], [1])]]), ArgumentError],
    ["lists of different lengths", () => draw([[points([1, 2], [1])]]), ShapeError],
    ["a mark without points", () => draw([[points([], [])]]), ArgumentError],
    ["row titles for other rows", () => draw([[points([1], [1])]], { rowTitles: ["a", "b"] }), ShapeError],
  ])("refuses %s", (_, make, kind) => {
    expect(make).toThrow(kind);
  });
});

/** Relative luminance by WCAG 2.1. */
function luminance(color: string): number {
  const channels = [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe("Colours", () => {
  test("of viridis grow lighter all the way, and stop at the ends", () => {
    for (let i = 1; i <= 50; i++)
      expect(luminance(viridis(i / 50))).toBeGreaterThan(luminance(viridis((i - 1) / 50)));
    expect([viridis(-1), viridis(0.5), viridis(2)]).toEqual(["#440154", "#21918c", "#fde725"]);
  });

  test("that share a panel differ in grey", () => {
    for (const [a, b] of [
      ["black", "vermillion"],
      ["vermillion", "skyBlue"],
      ["blue", "orange"],
    ] as const) {
      const [dark, light] = [luminance(okabeIto[a]), luminance(okabeIto[b])].sort((x, y) => x - y);
      expect((light + 0.05) / (dark + 0.05)).toBeGreaterThan(1.5);
    }
  });
});
