import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { scale } from "../../src/plot/scale.ts";

/** Two ends of any size from 1e-12 to 1e12, in order. */
const magnitude = fc.tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -12, max: 11 }));
const positive = magnitude.map(([mantissa, exponent]) => mantissa * 10 ** exponent);
const real = fc.oneof(
  positive,
  positive.map((x) => -x),
  fc.constant(0),
);
const ordered = ([a, b]: [number, number]): [number, number] => (a <= b ? [a, b] : [b, a]);
const cases = fc.oneof(
  fc.record({ kind: fc.constant("linear" as const), ends: fc.tuple(real, real).map(ordered) }),
  fc.record({ kind: fc.constant("log" as const), ends: fc.tuple(positive, positive).map(ordered) }),
);
const options = fc.record({ ticks: fc.integer({ min: 5, max: 10 }), nice: fc.boolean() });

/** A label read back as a number. */
function parsed(label: string): number {
  const power = /^(?:(.*)×)?10\^\{(.*)\}$/.exec(label.replaceAll("−", "-"));
  return power === null ? Number(label.replaceAll("−", "-")) : Number(`${power[1] ?? 1}e${power[2]}`);
}

describe("Every scale", () => {
  test.prop([cases, options])(
    "covers its data, from 0 to 1, and grows with the value",
    ({ kind, ends }, opts) => {
      const axis = scale(...ends, { kind, ...opts });
      expect(axis.from).toBeLessThanOrEqual(ends[0]);
      expect(axis.to).toBeGreaterThanOrEqual(ends[1]);
      // log10 has an error below 1 ulp; the quotient of two differences adds a few more
      expect(axis.at(axis.from)).toBeCloseTo(0, 9);
      expect(axis.at(axis.to)).toBeCloseTo(1, 9);
      let last = -1e-9;
      for (let i = 0; i <= 20; i++) {
        const at = axis.at(axis.from + (i / 20) * (axis.to - axis.from));
        expect(at).toBeGreaterThanOrEqual(last);
        last = at;
      }
    },
  );

  test.prop([cases, options])(
    "labels a readable number of ticks, in order, with their values",
    ({ kind, ends }, o) => {
      const { ticks, minorTicks, from, to } = scale(...ends, { kind, ...o });
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(o.ticks + 1);
      expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
      ticks.forEach(({ value, label }, i) => {
        if (i > 0) expect(value).toBeGreaterThan(ticks[i - 1].value);
        expect(value).toBeGreaterThanOrEqual(from);
        expect(value).toBeLessThanOrEqual(to);
        // Ticks at the very ends are moved onto them, by up to 1e-9 of the axis.
        expect(Math.abs(parsed(label) - value)).toBeLessThanOrEqual(2e-9 * (to - from));
      });
      for (const value of minorTicks) {
        expect(value).toBeGreaterThanOrEqual(from);
        expect(value).toBeLessThanOrEqual(to);
        expect(ticks.some((tick) => tick.value === value)).toBe(false);
      }
    },
  );

  test.prop([fc.tuple(real, real).map(ordered), options])(
    "steps by 1, 2 or 5 times a power of ten if linear",
    (ends, o) => {
      const values = scale(...ends, { ...o, nice: true }).ticks.map(({ label }) => parsed(label));
      for (let i = 1; i < values.length; i++) {
        const [digits] = (values[i] - values[i - 1]).toExponential(4).split("e");
        const size = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
        // The difference of labels far from zero has lost digits.
        if (values[i] - values[i - 1] > 1e-9 * size) expect([1, 2, 5, 10]).toContain(Number(digits));
      }
    },
  );
});

test.each([
  ["the velocities of a figure", 0, 1359, { ticks: 7 }, "0 200 400 600 800 1000 1200 1400"],
  ["velocities with noise", -158.2, 526.3, {}, "−200 0 200 400"],
  ["epochs", 0, 2000, { nice: false }, "0 500 1000 1500 2000"],
  ["radii on a log axis", 0.1, 50, { kind: "log", nice: false, ticks: 4 }, "0.1 1 10"],
  ["losses", 0.0213, 1.09, { kind: "log", ticks: 8 }, "0.02 0.05 0.1 0.2 0.5 1 2"],
  ["disc masses", 1.01e9, 9.9e11, { kind: "log", ticks: 5 }, "10^{9} 10^{10} 10^{11} 10^{12}"],
  ["many decades", 1e-12, 1, { kind: "log", ticks: 5 }, "10^{−12} 10^{−9} 10^{−6} 10^{−3} 10^{0}"],
  ["less than a decade", 3.1, 3.4, { kind: "log" }, "3.0 3.2 3.4 3.6 3.8 4.0"],
  ["large numbers", 0, 3e7, { ticks: 3 }, "0 10^{7} 2×10^{7} 3×10^{7}"],
  ["tenths", 0, 0.5, { ticks: 5 }, "0 0.1 0.2 0.3 0.4 0.5"],
  ["a single value", 5, 5, { ticks: 5 }, "4.6 4.8 5.0 5.2 5.4"],
] as const)("The ticks for %s are those that a person would choose", (_, from, to, opts, labels) => {
  const shown = scale(from, to, opts).ticks.map(({ label }) => label);
  expect(shown.join(" ")).toBe(labels);
});

test("Minor ticks of a log axis are the other multiples of each power of ten", () => {
  const { minorTicks } = scale(1, 100, { kind: "log", ticks: 4 });
  expect(minorTicks).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 20, 30, 40, 50, 60, 70, 80, 90]);
});

test.each([
  [1, 5, 5],
  [2, 4, 10],
  [5, 5, 25],
])("Minor ticks cut a linear step of %i into %i parts, each a round number", (step, parts, end) => {
  const { minorTicks } = scale(0, end, { ticks: 5 });
  expect(minorTicks.slice(0, parts - 1)).toEqual(
    Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * step) / parts),
  );
});

test("A log axis shows equal ratios as equal lengths", () => {
  const { at } = scale(0.1, 1000, { kind: "log" });
  expect(at(10) - at(1)).toBeCloseTo(at(500) - at(50), 12);
});

test.each([
  ["NaN", () => scale(Number.NaN, 1)],
  ["infinity", () => scale(0, Infinity)],
  ["ends in the wrong order", () => scale(2, 1)],
  ["zero on a log axis", () => scale(0, 1, { kind: "log" })],
  ["an unknown kind", () => scale(0, 1, { kind: "sqrt" as "log" })],
  ["one tick", () => scale(0, 1, { ticks: 1 })],
])("A scale refuses %s", (_, make) => {
  expect(make).toThrow(ArgumentError);
});

test("A scale takes numbers of up to 1e300, and no greater ones", () => {
  expect(scale(-1e300, 1e300).at(0)).toBeCloseTo(0.5, 9);
  for (const [from, to] of [
    [-1.1e300, 0],
    [0, 1.1e300],
    [1, 0],
    [Number.NaN, 1],
  ])
    expect(() => scale(from, to)).toThrow(/^scale: /);
});
