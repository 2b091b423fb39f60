import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { thinLine } from "../../src/plot/thin.ts";

const lines = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 300 });

test.prop([lines, fc.integer({ min: 1, max: 50 })])(
  "Thinning keeps first, last, lowest and highest of each pixel column, in order",
  (y, columns) => {
    const x = y.map((_, i) => i);
    const kept = thinLine(x, y, columns);
    const column = (i: number): number => (y.length === 1 ? 0 : Math.floor((i / (y.length - 1)) * columns));
    for (let c = 0; c <= columns; c++) {
      const all = x.filter((i) => column(i) === c);
      const some = kept.filter((i) => column(i) === c);
      if (all.length === 0) continue;
      expect([some[0], some.at(-1)]).toEqual([all[0], all.at(-1)]);
      expect(Math.min(...some.map((i) => y[i]))).toBe(Math.min(...all.map((i) => y[i])));
      expect(Math.max(...some.map((i) => y[i]))).toBe(Math.max(...all.map((i) => y[i])));
      expect(some.length).toBeLessThanOrEqual(4);
    }
    expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
  },
);

test("A spike of one point among a hundred thousand survives thinning", () => {
  const y = new Float64Array(100_000).fill(0.1);
  y[54_321] = 7;
  const kept = thinLine(
    y.map((_, i) => i),
    y,
    500,
  );
  expect(kept).toContain(54_321);
  expect(kept.length).toBeLessThanOrEqual(4 * 501);
});

test("Thinning refuses lists that are empty, unequal or not finite", () => {
  expect(() => thinLine([], [], 10)).toThrow(ArgumentError);
  expect(() => thinLine([1, 2], [1], 10)).toThrow(ShapeError);
  expect(() => thinLine([1, 2], [1, Number.NaN], 10)).toThrow(ArgumentError);
  expect(() => thinLine([1, 2], [1], 10)).toThrow(/^thinLine: y has 1 values, but x has 2\n/);
  expect(() => thinLine(5 as never, [1], 10)).toThrow(/^thinLine: x .*\n.*pass x as an array/);
  for (const columns of [0, -1, Number.NaN])
    expect(() => thinLine([1, 2], [1, 2], columns)).toThrow(/^thinLine: columns/);
});
