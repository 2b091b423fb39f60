/** Wishes for curves: 0 where they are fulfilled, in tolerances where they are not, and with gradients that lead there. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { flatWish, peakWish, pointsWish } from "../../src/diffusion/index.ts";
import { ArgumentError, grad, type HalogradError, ShapeError, type Tensor, tensor } from "../../src/index.ts";

const positions = Array.from({ length: 50 }, (_, i) => 0.1 * 500 ** (i / 49));
const curve = (of: (position: number) => number): Tensor =>
  tensor(positions.map(of), [1, positions.length], { dtype: "float64" });
const at = fc.double({ min: 0.2, max: 40, noNaN: true });
const level = fc.double({ min: 10, max: 500, noNaN: true });
const tolerance = fc.double({ min: 0.01, max: 1, noNaN: true });

describe("the wish for flat curves", () => {
  test.prop([at, level, tolerance, fc.double({ min: -1, max: 1, noNaN: true })])(
    "is fulfilled by a constant beyond the place, whatever comes before",
    (from, v, tolerated, slope) => {
      const wish = flatWish(positions, from, tolerated);
      const bent = curve((r) => (r < from ? v * (r / from) ** slope : v));
      expect(wish(bent).item()).toBeLessThan(1e-5 / tolerated);
    },
  );

  it("is the standard deviation of ln(value), in tolerances", () => {
    const alternating = tensor([5, 7 * Math.exp(0.03), 7 / Math.exp(0.03)], [1, 3], {
      dtype: "float64",
    });
    expect(flatWish([1, 2, 4], 1.5)(alternating).item()).toBeCloseTo(3, 6);
    expect(flatWish([1, 2, 4], 2, 0.06)(alternating).item()).toBeCloseTo(0.5, 6);
  });
});

describe("the wish for a peak", () => {
  test.prop([fc.integer({ min: 5, max: 44 }), level, tolerance])(
    "is fulfilled by a curve that is greatest there, and counts in ln(position) elsewhere",
    (peak, v, tolerated) => {
      const sharp = curve((r) => v * Math.exp(-Math.abs(Math.log(r / positions[peak]))));
      expect(peakWish(positions, positions[peak], tolerated)(sharp).item()).toBeCloseTo(0, 5);
      const asked = positions[peak] * Math.exp(0.2);
      expect(peakWish(positions, asked, tolerated)(sharp).item()).toBeCloseTo(-0.2 / tolerated, 4);
    },
  );
});

describe("the wish for points", () => {
  test.prop([
    fc.array(at, { minLength: 1, maxLength: 4 }),
    level,
    fc.double({ min: -50, max: 50, noNaN: true }),
    tolerance,
  ])("is how far a straight line in ln(position) is from each, in its error", (where, v, slope, error) => {
    const line = (r: number): number => v + slope * Math.log(r);
    const offs = where.map((_, i) => i - 1.5);
    const points = {
      positions: where,
      values: where.map((r, i) => line(r) - offs[i] * error),
      errors: where.map(() => error),
    };
    const found = pointsWish(positions, points)(curve(line)).toArray() as number[][];
    offs.forEach((off, i) => void expect(found[0][i]).toBeCloseTo(off, 6));
  });

  it("takes the first and the last position", () => {
    const ends = { positions: [1, 4], values: [10, 30], errors: [1, 2] };
    expect(pointsWish([1, 2, 4], ends)(tensor([[11, 0, 26]])).toArray()).toEqual([[1, -2]]);
  });
});

it("a step down the gradient of any wish lessens it, and a fulfilled one has a finite gradient", () => {
  const bump = curve((r) => 100 + 20 * Math.sin(2 * Math.log(r)));
  const wishes = [
    flatWish(positions, 5),
    peakWish(positions, 3),
    pointsWish(positions, { positions: [2, 9], values: [90, 130], errors: [3, 4] }),
  ];
  for (const wish of wishes) {
    const loss = (v: Tensor): Tensor => wish(v).square().sum();
    const slope = grad(loss)(bump);
    const before = loss(bump).item();
    const step = (1e-3 * before) / slope.square().sum().item();
    expect(loss(bump.sub(slope.mul(step))).item() / before).toBeCloseTo(1 - 1e-3, 5);
  }
  const still = grad((v: Tensor) => flatWish(positions, 5)(v).sum())(curve(() => 1));
  expect([...still.toTypedArray()].every(Number.isFinite)).toBe(true);
});

describe("refuses", () => {
  const near = { positions: [2], values: [10], errors: [1] };
  it.each<[string, () => unknown, typeof HalogradError, RegExp]>([
    [
      "a place beyond all positions but one",
      () => flatWish([1, 2, 4], 3),
      ArgumentError,
      /fewer than two of the 3/,
    ],
    [
      "a place that is no number",
      () => flatWish([1, 2, 4], Number.NaN),
      ArgumentError,
      /at or beyond the number NaN/,
    ],
    ["a peak outside of the positions", () => peakWish([1, 2], 3), ArgumentError, /3 is not within .*1 to 2/],
    ["positions that do not grow", () => peakWish([1, 1], 1), ArgumentError, /position 1 is the number 1/],
    [
      "a position of 0",
      () => flatWish([0, 1, 2], 1),
      ArgumentError,
      /position 0 is the number 0; .* above 0/,
    ],
    ["a single position", () => pointsWish([1], near), ArgumentError, /two or more positions; got 1/],
    ["a tolerance of 0", () => flatWish([1, 2], 1, 0), ArgumentError, /tolerance is the number 0/],
    ["an error below 0", () => pointsWish([1, 4], { ...near, errors: [-1] }), ArgumentError, /tolerance is/],
    ["a point outside", () => pointsWish([3, 4], near), ArgumentError, /2 is not within/],
    [
      "no points",
      () => pointsWish([1, 4], { positions: [], values: [], errors: [] }),
      ArgumentError,
      /no points/,
    ],
    [
      "lists that differ",
      () => pointsWish([1, 4], { ...near, values: [] }),
      ShapeError,
      /1 positions, 0 values/,
    ],
  ])("%s", (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
