/** Splitting and standardising: nothing is lost, nothing leaks, and the way back is the way there. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  addNoise,
  FeatureStandardization,
  linearSchedule,
  Standardization,
  scheduleAt,
  splitDataset,
} from "../../src/diffusion/index.ts";
import { ArgumentError, Random, ShapeError, type Tensor, tensor } from "../../src/index.ts";

const rowsOf = (count: number, features: number): number[][] =>
  Array.from({ length: count }, (_, r) =>
    Array.from({ length: features }, (_, i) => 10 * r + i + Math.sin(r * i)),
  );
const aSplit = fc.record({
  count: fc.integer({ min: 5, max: 60 }),
  features: fc.integer({ min: 2, max: 5 }),
  seed: fc.integer({ min: 0, max: 1000 }),
  validFraction: fc.constantFrom(0.2, 0.3, 0.5),
});
const values = (x: Tensor): number[] => [...x.toTypedArray()];

describe("splitDataset", () => {
  test.prop([aSplit])(
    "puts every row into exactly one part, of the size that was asked for",
    ({ count, features, seed, validFraction }) => {
      const rows = rowsOf(count, features);
      const { train, valid, standardization } = splitDataset(rows, new Random(seed), { validFraction });
      expect(valid.shape).toEqual([Math.round(count * validFraction), features]);
      expect(train.shape).toEqual([count - valid.shape[0], features]);
      const back = [...standardization.invert(train), ...standardization.invert(valid)].map(
        (row) => Math.round(row[0] / 10) + 0,
      );
      expect(back.sort((a, b) => a - b)).toEqual(rows.map((_, r) => r));
    },
  );

  test.prop([aSplit])(
    "standardises by the training part: its mean is 0 and its sample standard deviation 1",
    ({ count, features, seed, validFraction }) => {
      const { train } = splitDataset(rowsOf(count, features), new Random(seed), { validFraction });
      const list = values(train);
      const mean = list.reduce((a, b) => a + b, 0) / list.length;
      const variance = list.reduce((a, b) => a + (b - mean) ** 2, 0) / (list.length - 1);
      // Elements are rounded to float32, 2⁻²⁴ of sizes up to 2.
      expect(Math.abs(mean)).toBeLessThan(2 ** -22);
      expect(Math.abs(variance - 1)).toBeLessThan(2 ** -20);
    },
  );

  test.prop([aSplit, fc.double({ min: -1e3, max: 1e3, noNaN: true })])(
    "lets nothing of the validation part leak into training",
    ({ count, features, seed, validFraction }, change) => {
      const rows = rowsOf(count, features);
      const first = splitDataset(rows, new Random(seed), { validFraction });
      // The rows set aside, recognised by their size, are changed; the training part must not notice.
      const aside = new Set(
        first.standardization.invert(first.valid).map((row) => Math.round(row[0] / 10) + 0),
      );
      const changed = rows.map((row, r) => (aside.has(r) ? row.map((value) => value * 3 + change) : row));
      const second = splitDataset(changed, new Random(seed), { validFraction });
      expect(second.standardization).toEqual(first.standardization);
      expect(values(second.train)).toEqual(values(first.train));
    },
  );

  it("is decided by the seed, shuffles, and leaves the rows as they were", () => {
    const rows = rowsOf(20, 2);
    const split = (seed: number): number[] => values(splitDataset(rows, new Random(seed)).train);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    expect(rows).toEqual(rowsOf(20, 2));
  });

  it.each([
    ["too few rows", rowsOf(2, 3), 0.2],
    ["nothing to validate on", rowsOf(20, 3), 0],
    ["nothing to train on", rowsOf(20, 3), 1],
    ["a fraction that is none", rowsOf(20, 3), NaN],
  ])("refuses %s", (_, rows, validFraction) => {
    expect(() => splitDataset(rows, new Random(1), { validFraction })).toThrow(ArgumentError);
  });
});

describe("Standardization", () => {
  test.prop([fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 6, maxLength: 6 })])(
    "is undone by its inverse, to float32's precision",
    (flat) => {
      fc.pre(Math.max(...flat) - Math.min(...flat) > 1);
      const rows = [flat.slice(0, 3), flat.slice(3)];
      const standardization = Standardization.of(rows);
      const back = standardization.invert(standardization.apply(rows));
      rows.forEach((row, r) => {
        row.forEach((value, i) => {
          // Half a unit of a standardised value, which is at most √6, in the unit of the data.
          expect(Math.abs(back[r][i] - value)).toBeLessThan(4 * 2 ** -24 * standardization.standardDeviation);
        });
      });
    },
  );

  it("keeps its precision where the mean is far larger than the spread", () => {
    const { mean, standardDeviation } = Standardization.of([[1e8 + 1, 1e8 + 2, 1e8 + 3]]);
    expect([mean, standardDeviation]).toEqual([1e8 + 2, 1]);
  });

  it.each([
    ["nothing", [] as number[][]],
    ["a single value", [[1]]],
    [
      "values that do not differ",
      [
        [2, 2],
        [2, 2],
      ],
    ],
    [
      "what is not finite",
      [
        [1, NaN],
        [2, 3],
      ],
    ],
  ])("refuses %s", (_, rows) => {
    expect(() => Standardization.of(rows)).toThrow(ArgumentError);
  });

  it("refuses rows of different lengths, naming the row", () => {
    expect(() => new Standardization(0, 1).apply([[1, 2], [3]])).toThrow(ShapeError);
    expect(() => new Standardization(0, 1).apply([[1, 2], [3]])).toThrow(/row 1 has 1 values, row 0 has 2/);
  });
});

describe("the linear schedule", () => {
  test.prop([fc.double({ min: 0, max: 1, noNaN: true })])("is the straight line from data to noise", (t) => {
    expect(scheduleAt(linearSchedule, t)).toEqual({ alpha: 1 - t, sigma: t });
  });

  it("mixes each row by a time of its own, and is pure data at 0 and pure noise at 1", () => {
    const clean = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const noise = tensor([
      [8, 8],
      [8, 8],
      [8, 8],
    ]);
    const mixed = addNoise(linearSchedule, clean, noise, tensor([[0], [0.5], [1]]));
    expect(mixed.toArray()).toEqual([
      [1, 2],
      [5.5, 6],
      [8, 8],
    ]);
    expect(addNoise(linearSchedule, clean, noise, tensor(0.5)).at(0).toArray()).toEqual([4.5, 5]);
  });
});

describe("standardising each feature by itself", () => {
  test.prop([aSplit])(
    "gives each mean 0 and sample standard deviation 1, and the way back gives the rows",
    ({ count, features, seed }) => {
      const random = new Random(seed);
      const rows = Array.from({ length: count }, () =>
        Array.from({ length: features }, (_, i) => random.normal(10 ** i, 10 ** -i)),
      );
      const each = FeatureStandardization.of(rows);
      const x = each.apply(rows);
      for (let i = 0; i < features; i++) {
        const list = values(x.slice(null, [i, i + 1]));
        const mean = list.reduce((a, b) => a + b, 0) / count;
        expect(Math.abs(mean)).toBeLessThan(2 ** -20);
        const variance = list.reduce((a, b) => a + (b - mean) ** 2, 0) / (count - 1);
        expect(Math.abs(variance - 1)).toBeLessThan(2 ** -19);
      }
      each.invert(x).forEach((row, r) => {
        row.forEach((value, i) => {
          expect(Math.abs(value - rows[r][i])).toBeLessThan(10 ** -i * 1e-5);
        });
      });
    },
  );

  it("refuses what cannot be standardised", () => {
    const rows = [
      [1, 2],
      [1, 3],
    ];
    expect(() => FeatureStandardization.of(rows)).toThrow(ArgumentError);
    expect(() => new FeatureStandardization([1, 2], [1])).toThrow(ShapeError);
    expect(() => new FeatureStandardization([], [])).toThrow(ShapeError);
    const each = new FeatureStandardization([1, 2], [1, 1]);
    expect(() => each.apply([[1, 2, 3]])).toThrow(/rows have 3 values, not 2/);
    expect(() => each.invert(tensor([[1, 2, 3]]))).toThrow(/\[rows, 2\]/);
  });
});
