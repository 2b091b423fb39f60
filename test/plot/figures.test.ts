import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import {
  curvesFigure,
  lossFigure,
  noiseFigure,
  predictionsFigure,
  samplingFigure,
} from "../../src/plot/index.ts";
import { drawnPoints, frames, parseSvg, pathPoints } from "./parse-svg.ts";
import {
  curve,
  curves,
  epochs,
  masses,
  noisy,
  radii,
  sampleFigures,
  train,
  valid,
} from "./sample-figures.ts";

const log = sampleFigures();
const linear = sampleFigures("linear");
const all = [
  ...Object.entries(log),
  ...Object.entries(linear).map(([name, svg]) => [`${name} (linear)`, svg]),
  ["one curve", curvesFigure({ radii: [1], curves: [[100]] })],
  ["constant losses", lossFigure({ epochs: [3], train: [0.5], valid: [0.5] })],
  [
    "nine amounts",
    noiseFigure({ radii, clean: curve(9), noisy: Array(9).fill({ amount: 0, curve: curve(9) }) }),
  ],
] as [string, string][];

describe.each(all)("The figure of %s", (_, svg) => {
  const elements = parseSvg(svg);

  test("is well-formed and can be rendered", () => {
    const { width, height } = elements[0].attributes;
    const image = new Resvg(svg, { font: { loadSystemFonts: false } });
    expect([image.width, image.height]).toEqual([Number(width), Number(height)]);
  });

  test("draws everything within its viewBox", () => {
    const [, , width, height] = elements[0].attributes.viewBox.split(" ").map(Number);
    for (const { x, y } of drawnPoints(elements)) {
      expect(x >= 0 && x <= width && y >= 0 && y <= height, `(${x}, ${y})`).toBe(true);
    }
  });

  test("holds no number that is none, no id that could collide, and no style that could leak", () => {
    expect(svg.match(/NaN|undefined|Infinity|null|\[object/)?.[0]).toBe(undefined);
    expect(svg.match(/ id=| class=|<style|<script|href/)?.[0]).toBe(undefined);
    expect(svg.replace(/<desc>.*<\/desc>/, "").match(/\d\.\d{3}/)?.[0]).toBe(undefined);
  });

  test("tells its title, its content and its units to those who cannot see it", () => {
    expect(elements[0].attributes.role).toBe("img");
    expect(elements[1].name).toBe("title");
    expect(elements[2].name).toBe("desc");
    expect(elements[2].text.length).toBeGreaterThan(60);
    const labels = elements.filter(({ name }) => name === "text").map(({ text }) => text);
    const axes = labels.includes("Epoch")
      ? ["Epoch", "Mean squared error"]
      : ["Radius R [kpc]", "Circular velocity v [km s−1]"];
    expect(labels).toEqual(expect.arrayContaining(axes));
  });

  test("keeps the legend off the data", () => {
    const top = Math.min(...frames(elements).map(({ y }) => y));
    const names =
      /^(true curve|prediction|noisy input|clean curve|noisy curve|state|final curve|training|validation)/;
    for (const { name, text, attributes } of elements) {
      if (name === "text" && names.test(text)) expect(Number(attributes.y)).toBeLessThan(top);
    }
  });
});

describe("Figures", () => {
  test("are the same bytes for the same numbers, in arrays of any kind", () => {
    expect(sampleFigures()).toEqual(log);
    const rows = [curve(100), curve(200)].map((row) => row.map(Math.fround));
    const typed = rows.map((row) => Float32Array.from(row));
    expect(curvesFigure({ radii: Float64Array.from(radii), curves: typed })).toBe(
      curvesFigure({ radii, curves: rows }),
    );
  });

  test("stay small: 1000 curves below 1 MB, the others below 150 kB", () => {
    for (const { curves, ...others } of [log, linear]) {
      expect(curves.length).toBeLessThan(1e6);
      for (const svg of Object.values(others)) expect(svg.length).toBeLessThan(150e3);
    }
  });

  test("place panels as rows and columns", () => {
    const shape = (svg: string): [number, number] => {
      const all = frames(parseSvg(svg));
      return [new Set(all.map(({ y }) => y)).size, new Set(all.map(({ x }) => x)).size];
    };
    expect(shape(log.noise)).toEqual([1, 5]);
    expect(shape(log.predictions)).toEqual([2, 5]);
    expect(shape(log.sampling)).toEqual([5, 4]);
  });

  test("by default space log-spaced radii evenly, and on request show them to scale", () => {
    const x = (svg: string): number[] => {
      const [line] = parseSvg(svg).filter(({ attributes }) => attributes["stroke-width"] === "0.7");
      return pathPoints(line.attributes.d).map((p) => p.x);
    };
    const [even, true_] = [x(log.curves), x(linear.curves)];
    const step = (even[49] - even[0]) / 49;
    // Coordinates of curves have one decimal, so a step is off by at most 0.1.
    for (let i = 1; i < 50; i++) expect(Math.abs(even[i] - even[i - 1] - step)).toBeLessThan(0.11);
    for (let i = 0; i < 50; i++) {
      const expected = true_[0] + ((true_[49] - true_[0]) * (radii[i] - 0.1)) / 49.9;
      expect(Math.abs(true_[i] - expected)).toBeLessThan(0.11);
    }
  });

  test("draw one line for each of 1000 curves, the heavier discs lighter", () => {
    const lines = parseSvg(log.curves).filter(({ attributes }) => attributes["stroke-width"] === "0.7");
    expect(lines).toHaveLength(curves.length);
    const lightest = masses.indexOf(Math.min(...masses));
    expect(lines[lightest].attributes.stroke).toBe("#440154");
  });

  test("show a spike of a single epoch in the loss", () => {
    const spiked = train.map((loss, i) => (i === 1234 ? 50 : loss));
    const elements = parseSvg(lossFigure({ epochs, train: spiked, valid }));
    const [frame] = frames(elements);
    const line = elements.find(({ attributes: a }) => a["stroke-width"] === "1" && a.d.length > 500);
    const highest = pathPoints(line?.attributes.d ?? "").reduce((a, b) => (b.y < a.y ? b : a));
    expect(highest.y).toBeCloseTo(frame.y, 1); // 50 is the round end of the axis
    expect(highest.x).toBeCloseTo(frame.x + (1234 / 2000) * frame.width, 1);
  });

  test("end sampling with the curve given as final, else with the last prediction", () => {
    const snapshots = [{ step: 0, state: noisy(curve(100), 1), prediction: curve(100) }];
    const figureWith = (final?: number[]): string =>
      samplingFigure({ radii, samples: [{ snapshots, ...(final && { final }) }] });
    expect(figureWith(curve(100))).toBe(figureWith());
    expect(figureWith(curve(120))).not.toBe(figureWith());
  });

  test("give one sample a higher panel than each of several", () => {
    const snapshots = [{ step: 0, state: curve(90), prediction: curve(100) }];
    const height = (count: number): number =>
      frames(parseSvg(samplingFigure({ radii, samples: Array(count).fill({ snapshots }) })))[0].height;
    expect([height(1), height(2), height(5)]).toEqual([200, 130, 130]);
  });

  test("on a linear axis begin at the centre where the radii come near it, and at the first radius elsewhere", () => {
    const ticks = (from: number): string[] => {
      const near = radii.map((_, i) => from + i);
      return parseSvg(curvesFigure({ radii: near, curves: [curve(100)], scale: "linear" }))
        .filter(({ name, attributes: a }) => name === "text" && a["text-anchor"] === "middle")
        .map(({ text }) => text);
    };
    expect(ticks(1)).toContain("0");
    expect(ticks(40)).not.toContain("0");
  });

  test("write amounts of noise with a decimal, 0 and 1 too", () => {
    const noisyAt = [0, 0.25, 1].map((amount) => ({ amount, curve: noisy(curve(90), amount) }));
    const svg = noiseFigure({ radii, clean: curve(90), noisy: noisyAt });
    const words = parseSvg(svg).flatMap(({ name, text }) => (name === "text" ? [text] : []));
    expect(words).toEqual(expect.arrayContaining(["a = 0.0", "a = 0.25", "a = 1.0"]));
  });

  test("carry the names of galaxies escaped", () => {
    expect(log.predictions).toContain(">A &amp; B</text>");
    expect(log.predictions).toContain(">&lt;C&gt;</text>");
  });
});

const clean = curve(100);
const short = clean.slice(1);
const broken = clean.with(7, Number.NaN);
const one = { amount: 0.5, data: clean, noisy: clean, prediction: clean };
const shot = { step: 0, state: clean, prediction: clean };

test.each([
  ["no curves", () => curvesFigure({ radii, curves: [] }), ArgumentError, "curves is empty"],
  ["no radii", () => curvesFigure({ radii: [], curves: [[]] }), ArgumentError, "radii is empty"],
  [
    "no list at all",
    () => curvesFigure({ radii: undefined as unknown as number[], curves }),
    ArgumentError,
    "radii are a list of numbers; got undefined",
  ],
  [
    "a curve that is too short",
    () => curvesFigure({ radii, curves: [clean, short] }),
    ShapeError,
    "curves[1] has 49 values, but radii has 50",
  ],
  ["NaN in a curve", () => curvesFigure({ radii, curves: [broken] }), ArgumentError, "curves[0][7] is NaN"],
  [
    "an infinite mass",
    () => curvesFigure({ radii, curves: [clean], discMasses: [Infinity] }),
    ArgumentError,
    "discMasses[0]",
  ],
  [
    "a mass of zero",
    () => curvesFigure({ radii, curves: [clean], discMasses: [0] }),
    ArgumentError,
    "discMasses[0] is 0",
  ],
  [
    "too few masses",
    () => curvesFigure({ radii, curves: [clean, clean], discMasses: [1] }),
    ShapeError,
    "curves has 2",
  ],
  [
    "radii that fall",
    () => noiseFigure({ radii: radii.toReversed(), clean, noisy: [{ amount: 1, curve: clean }] }),
    ArgumentError,
    "must grow",
  ],
  [
    "the centre on a log axis",
    () => curvesFigure({ radii: [0, 1], curves: [[0, 9]] }),
    ArgumentError,
    'scale: "linear"',
  ],
  [
    "an unknown scale",
    () => curvesFigure({ radii, curves, scale: "cube" as "log" }),
    ArgumentError,
    '"cube"',
  ],
  [
    "too few losses",
    () => lossFigure({ epochs, train, valid: [1] }),
    ShapeError,
    "valid has 1 values, but epochs has 2001",
  ],
  [
    "a loss of zero",
    () => lossFigure({ epochs: [0, 1], train: [1, 0], valid: [1, 1] }),
    ArgumentError,
    "train[1] is 0",
  ],
  [
    "a loss that diverged",
    () => lossFigure({ epochs: [0], train: [Infinity], valid: [1] }),
    ArgumentError,
    "train[0]",
  ],
  [
    "an amount above 1",
    () => noiseFigure({ radii, clean, noisy: [{ amount: 2, curve: clean }] }),
    ArgumentError,
    "[0, 1]",
  ],
  [
    "an amount of NaN",
    () => noiseFigure({ radii, clean, noisy: [{ amount: Number.NaN, curve: clean }] }),
    ArgumentError,
    "NaN",
  ],
  ["no noisy curves", () => noiseFigure({ radii, clean, noisy: [] }), ArgumentError, "noisy is empty"],
  [
    "NaN in a prediction",
    () => predictionsFigure({ radii, cases: [{ ...one, prediction: broken }] }),
    ArgumentError,
    "cases[0].prediction[7]",
  ],
  [
    "a case given twice",
    () => predictionsFigure({ radii, cases: [one, one] }),
    ArgumentError,
    "has 2 cases with a = 0.5",
  ],
  ["no samples", () => samplingFigure({ radii, samples: [] }), ArgumentError, "samples is empty"],
  [
    "no snapshots",
    () => samplingFigure({ radii, samples: [{ snapshots: [] }] }),
    ArgumentError,
    "snapshots is empty",
  ],
  [
    "a short state",
    () => samplingFigure({ radii, samples: [{ snapshots: [{ ...shot, state: short }] }] }),
    ShapeError,
    "state",
  ],
  [
    "samples with different steps",
    () => samplingFigure({ radii, samples: [{ snapshots: [shot] }, { snapshots: [{ ...shot, step: 10 }] }] }),
    ArgumentError,
    "sample 1 has the steps 10",
  ],
] as [string, () => string, typeof ArgumentError, string][])(
  "Figures refuse %s, and say where",
  (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  },
);
