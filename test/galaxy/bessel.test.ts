import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { discShape, i0e, i1e, k0e, k1e } from "../../src/galaxy/index.ts";
import golden from "../golden/bessel.json" with { type: "json" };
import { logUniform, peak, relativeError } from "./helpers.ts";

// Measured against 50-digit values at 3000 points from 1e-300 to 1e5: the four functions 1.0e-15, discShape 1.5e-15. The
// golden values themselves are rounded to 1.1e-16. What is asked for is 1e-12.
const TOLERANCE = 2e-15;

describe("the scaled Bessel functions", () => {
  test.each([
    ["i0e", i0e, golden.i0e],
    ["i1e", i1e, golden.i1e],
    ["k0e", k0e, golden.k0e],
    ["k1e", k1e, golden.k1e],
    ["discShape", discShape, golden.disc],
  ] as const)("%s agrees with 60-digit arithmetic from 1e-8 to 1e3", (_, f, expected) => {
    expect(expected.length).toBeGreaterThan(200);
    golden.x.forEach((y, j) => {
      expect(relativeError(f(y), expected[j]), `y = ${y}`).toBeLessThan(TOLERANCE);
    });
  });

  // Four factors of 9e-16 at most and three roundings.
  test.prop([logUniform(1e-300, 1e300)])("satisfy the Wronskian I0 K1 + I1 K0 = 1/y (DLMF 10.28.2)", (y) => {
    expect(relativeError(y * (i0e(y) * k1e(y) + i1e(y) * k0e(y)), 1)).toBeLessThan(4e-15);
  });

  // Next terms of the expansions: of relative size y ln y below 1e-16, and 1/(8y) above 1e16.
  test.prop([logUniform(1e-300, 1e-19)])("follow their limits as y → 0", (y) => {
    expect(relativeError(i0e(y), 1)).toBeLessThan(TOLERANCE);
    expect(relativeError(i1e(y), y / 2)).toBeLessThan(TOLERANCE);
    expect(relativeError(k0e(y), Math.log(2 / y) - 0.5772156649015329)).toBeLessThan(TOLERANCE);
    expect(relativeError(k1e(y), 1 / y)).toBeLessThan(TOLERANCE);
  });

  test.prop([logUniform(1e16, 1e300)])("follow their limits as y → ∞", (y) => {
    for (const f of [i0e, i1e])
      expect(relativeError(f(y) * Math.sqrt(2 * Math.PI) * Math.sqrt(y), 1)).toBeLessThan(TOLERANCE);
    for (const f of [k0e, k1e])
      expect(relativeError(f(y) * Math.sqrt(y), Math.sqrt(Math.PI / 2))).toBeLessThan(TOLERANCE);
  });

  test("have their values at the centre, and finite ones at the ends of float64", () => {
    expect([i0e(0), i1e(0), discShape(0)]).toEqual([1, 0, 0]);
    for (const y of [Number.MIN_VALUE, Number.MAX_VALUE]) {
      for (const f of [i0e, i1e, k0e, discShape]) expect(f(y)).toBeLessThan(1000);
      for (const f of [i0e, i1e, k0e, k1e, discShape]) expect(f(y)).toBeGreaterThanOrEqual(0);
    }
  });

  test.each([
    ["i0e", i0e, [-1, -Infinity, Infinity, NaN]],
    ["i1e", i1e, [-1, -Infinity, Infinity, NaN]],
    ["k0e", k0e, [-1, 0, -0, Infinity, NaN]],
    ["k1e", k1e, [-1, 0, -0, Infinity, NaN]],
    ["discShape", discShape, [-1, -1e-300, Infinity, NaN]],
  ] as const)("%s refuses an argument outside its domain and says which", (name, f, arguments_) => {
    for (const y of arguments_) {
      expect(() => f(y)).toThrow(ArgumentError);
      expect(() => f(y)).toThrow(`${name}: got y = ${y}, but y must be a finite number`);
    }
  });
});

describe("the shape of the disc's curve", () => {
  // d ln f / d ln y falls from 2 at the centre to −1 far out (and dips a little below −1 where the quadrupole fades).
  test.prop([fc.oneof(logUniform(1e-8, 1e3), fc.constantFrom(1, 22)), logUniform(1e-12, 1e-2)])(
    "is smooth: no step shows where one method hands over to the next",
    (y, step) => {
      const [before, after] = [y * (1 - step), y * (1 + step)];
      const logarithmicChange = Math.log(after / before);
      const change = discShape(after) / discShape(before) - 1;
      expect(change).toBeLessThan(Math.expm1(2 * logarithmicChange) + 2 * TOLERANCE);
      expect(change).toBeGreaterThan(Math.expm1(-1.3 * logarithmicChange) - 2 * TOLERANCE);
    },
  );

  test.prop([logUniform(1e-150, 1e-9)])("rises as y² (ln(2/y) − γ − 1/2) from the centre", (y) => {
    const law = y * y * (Math.log(2 / y) - 0.5772156649015329 - 0.5);
    expect(relativeError(discShape(y), law)).toBeLessThan(TOLERANCE);
  });

  // The next term, 675/(128 y⁴), is 5e-16 at y = 1e4.
  test.prop([logUniform(1e4, 1e300)])(
    "falls as that of a point mass with the disc's quadrupole far out",
    (y) => {
      expect(relativeError(discShape(y), (0.25 / y) * (1 + 1.125 / y / y))).toBeLessThan(TOLERANCE);
    },
  );

  // Five-point derivative with step 1e-3: truncation about 1e-12, rounding about 1e-12 in the place of the peak.
  test("peaks at 2.15005354514 scale lengths, where v² = 0.387045402976 G M/R_d", () => {
    const y = peak(discShape, 0.5, 2);
    expect(Math.abs(2 * y - 2.15005354514)).toBeLessThan(1e-10);
    expect(Math.abs(2 * discShape(y) - 0.387045402976)).toBeLessThan(1e-12);
  });
});
