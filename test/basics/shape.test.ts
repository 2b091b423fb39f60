/** The arithmetic of shapes and strides against its definition: where an element is. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { ArgumentError, AxisError, ShapeError } from "../../src/basics/errors.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  inferShape,
  isContiguous,
  normalizeAxes,
  normalizeAxis,
  reshapeStrides,
  resolveRange,
  sizeOf,
} from "../../src/basics/shape.ts";
import { aShape, type Index, indices } from "../ops/naive.ts";

const at = (index: Index, strides: Index): number =>
  index.reduce((sum, i, axis) => sum + i * strides[axis], 0);
/** Where the elements are, in row-major order. */
const places = (shape: Index, strides: Index): number[] => indices(shape).map((index) => at(index, strides));

/** Shapes of one size: the same prime factors, grouped in two ways, with axes of size 1 between. */
const twoShapesOfOneSize = fc
  .tuple(
    fc.array(fc.constantFrom(2, 3, 2), { maxLength: 4 }),
    fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  )
  .map(([factors, ...cuts]) =>
    cuts.map((cut) => {
      const shape: number[] = [1];
      factors.forEach((factor, i) => {
        if (cut[2 * i]) shape.push(1);
        if (cut[2 * i + 1]) shape.push(factor);
        else shape[shape.length - 1] *= factor;
      });
      return shape;
    }),
  );

describe("strides", () => {
  test.prop([aShape()])("of a contiguous array count its elements in row-major order", (shape) => {
    expect(places(shape, contiguousStrides(shape))).toEqual(
      Array.from({ length: sizeOf(shape) }, (_, i) => i),
    );
    expect(isContiguous(shape, contiguousStrides(shape))).toBe(true);
  });

  test.prop([aShape(), fc.array(fc.integer({ min: -3, max: 30 }), { minLength: 4, maxLength: 4 })])(
    "are contiguous exactly when elements follow each other from 0",
    (shape, strides) => {
      const own = strides.slice(0, shape.length);
      const inOrder = places(shape, own).every((place, i) => place === i);
      expect(isContiguous(shape, own)).toBe(inOrder);
    },
  );

  test.prop([twoShapesOfOneSize, fc.nat({ max: 5 }), fc.boolean()])(
    "of a reshaped view reach the same elements in the same order; null only where no strides could",
    ([from, to], swap, spread) => {
      const strides = contiguousStrides(from).map((stride) => (spread ? 2 * stride : stride));
      const i = swap % from.length;
      const j = (swap + 1) % from.length;
      const [shape, own] = [from.slice(), strides.slice()];
      [shape[i], shape[j]] = [shape[j], shape[i]];
      [own[i], own[j]] = [own[j], own[i]];
      const reshaped = reshapeStrides(shape, own, to);
      const wanted = places(shape, own);
      if (reshaped !== null) {
        expect(places(to, reshaped)).toEqual(wanted);
        return;
      }
      // No strides do it: the only candidates are the distances to the next element along each axis.
      const candidate = to.map((size, axis) =>
        size === 1 ? 0 : wanted[sizeOf(to.slice(axis + 1))] - wanted[0],
      );
      expect(places(to, candidate)).not.toEqual(wanted);
    },
  );

  it("of a broadcast operand are 0 where it repeats", () => {
    expect(broadcastStrides([3, 1], [5, 7], [2, 3, 4])).toEqual([0, 5, 0]);
  });
});

describe("broadcastShapes", () => {
  test.prop([aShape(), aShape()])("is symmetric, and says what it refuses", (a, b) => {
    let shape: Index;
    try {
      shape = broadcastShapes("add", a, b);
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      expect(() => broadcastShapes("add", b, a)).toThrow(ShapeError);
      return;
    }
    expect(broadcastShapes("add", b, a)).toEqual(shape);
    expect(broadcastShapes("add", shape, a)).toEqual(shape);
  });
});

describe("inferShape", () => {
  test.prop([aShape().filter((shape) => shape.length > 0 && !shape.includes(0)), fc.nat()])(
    "fills in the one size that is left open",
    (shape, open) => {
      expect(inferShape("reshape", shape.with(open % shape.length, -1), sizeOf(shape))).toEqual(shape);
    },
  );
});

describe("resolveRange", () => {
  const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: null });
  test.prop([bound, bound, fc.integer({ min: -3, max: 3 }).filter((step) => step !== 0), fc.nat({ max: 6 })])(
    "stays inside the axis",
    (start, stop, step, size) => {
      const span = resolveRange("slice", [start, stop, step], size);
      for (let i = 0; i < span.count; i++) {
        const index = span.start + i * span.step;
        expect(index >= 0 && index < size).toBe(true);
      }
      // One more step would pass the stop or the end.
      const next = span.start + span.count * span.step;
      const limit = stop === null ? (step > 0 ? size : -1) : stop < 0 ? stop + size : stop;
      expect(step > 0 ? next >= Math.min(limit, size) : next <= Math.max(limit, -1)).toBe(true);
    },
  );
});

describe("a wrong", () => {
  const cases: [
    what: string,
    call: () => unknown,
    error: abstract new (...rest: never[]) => Error,
    words: RegExp,
  ][] = [
    [
      "shape: negative sizes",
      () => checkShape("zeros", [2, -1]),
      ShapeError,
      /zeros: \[2, -1\] is not a shape/,
    ],
    ["shape: fractional sizes", () => checkShape("zeros", [1.5]), ShapeError, /whole number/],
    [
      "shape: too large for memory",
      () => checkShape("zeros", [2 ** 20, 2 ** 12]),
      ShapeError,
      /limit is 2\^31/,
    ],
    ["axis: beyond the last", () => normalizeAxis("sum", 2, 2), AxisError, /sum: axis 2 .* -2 to 1/],
    ["axis: fractional", () => normalizeAxis("sum", 0.5, 2), AxisError, /0\.5/],
    ["axis: any, of a scalar", () => normalizeAxis("sum", 0, 0), AxisError, /scalar/],
    ["axis: one named twice", () => normalizeAxes("sum", [0, -2], 2), AxisError, /twice/],
    ["target shape: two open sizes", () => inferShape("reshape", [-1, -1], 4), ShapeError, /more than one/],
    [
      "target shape: does not divide",
      () => inferShape("reshape", [3, -1], 4),
      ShapeError,
      /4 elements do not fill \[3, -1\]/,
    ],
    [
      "target shape: another size",
      () => inferShape("reshape", [3], 4),
      ShapeError,
      /4 elements .* \[3\].*holds 3/,
    ],
    ["range: step 0", () => resolveRange("slice", [0, 1, 0], 4), ArgumentError, /step/],
    ["range: fractional", () => resolveRange("slice", [0.5], 4), ArgumentError, /whole numbers/],
  ];
  it.each(cases)("%s is refused", (_, call, error, words) => {
    expect(call).toThrow(error);
    expect(call).toThrow(words);
  });
});
