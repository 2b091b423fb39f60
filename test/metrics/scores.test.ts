/** The scores of two sets: each against its definition written out, and under the laws that all of them share. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import {
  classifierAccuracy,
  energyDistance,
  maximumMeanDiscrepancy,
  median,
  medianScore,
  memorisation,
  nearestNeighbourAccuracy,
  precisionRecall,
  randomLabels,
  roughness,
  twoSamples,
} from "../../src/metrics/index.ts";

type Curves = number[][];
const drawn = (random: Random, count: number, shift = 0, points = 3): Curves =>
  Array.from({ length: count }, () => Array.from({ length: points }, () => random.normal(shift)));
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const pairs = (a: Curves, b: Curves): number[] => a.flatMap((x) => b.map((y) => distance(x, y)));
const ordered = (a: Curves): number[] =>
  a.flatMap((x, i) => a.flatMap((y, j) => (i === j ? [] : [distance(x, y)])));
const seeds = fc.integer({ min: 0, max: 1e6 });
const sizes = fc.integer({ min: 6, max: 12 });

describe("scores agree with their definitions", () => {
  test.prop([seeds, sizes, sizes])("MMD² and energy distance", (seed, m, n) => {
    const random = new Random(seed);
    const [real, fake] = [drawn(random, m), drawn(random, n, 0.5)];
    const samples = twoSamples(real, fake);
    const all = [...real, ...fake];
    const width = median(all.flatMap((x, i) => all.slice(i + 1).map((y) => distance(x, y))));
    const kernel = (d: number): number =>
      mean([-2, -1, 0, 1, 2].map((j) => Math.exp(-(d ** 2) / (2 * (2 ** j * width) ** 2))));
    const of = (list: number[]): number => mean(list.map(kernel));
    const expected = of(ordered(real)) + of(ordered(fake)) - 2 * of(pairs(real, fake));
    expect(maximumMeanDiscrepancy(samples).value).toBeCloseTo(expected, 10);
    const energy = 2 * mean(pairs(real, fake)) - mean(pairs(real, real)) - mean(pairs(fake, fake));
    expect(energyDistance(samples).value).toBeCloseTo(energy, 10);
  });

  test.prop([seeds, sizes, sizes, fc.integer({ min: 1, max: 5 })])(
    "1-NN, precision, recall, density and coverage",
    (seed, m, n, k) => {
      const random = new Random(seed);
      const [real, fake] = [drawn(random, m), drawn(random, n, 0.7)];
      const samples = twoSamples(real, fake);
      const all = [...real, ...fake];
      const label = (i: number): boolean => i >= m;
      const right = all.filter((x, i) => {
        const others = all.map((y, j) => (i === j ? Infinity : distance(x, y)));
        return label(others.indexOf(Math.min(...others))) === label(i);
      });
      expect(nearestNeighbourAccuracy(samples).value).toBeCloseTo(right.length / all.length, 12);
      const reach = (set: Curves): number[] =>
        set.map((x) => set.map((y) => distance(x, y)).sort((a, b) => a - b)[k]);
      const [realReach, fakeReach] = [reach(real), reach(fake)];
      const within = fake.map((y) => real.filter((x, i) => distance(x, y) <= realReach[i]).length);
      const found = precisionRecall(samples, { k });
      expect(found.precision.value).toBeCloseTo(within.filter((count) => count > 0).length / n, 12);
      expect(found.density.value).toBeCloseTo(within.reduce((a, b) => a + b, 0) / (k * n), 12);
      const recalled = real.filter((x) => fake.some((y, j) => distance(x, y) <= fakeReach[j]));
      expect(found.recall.value).toBeCloseTo(recalled.length / m, 12);
      const covered = real.filter((x, i) => fake.some((y) => distance(x, y) <= realReach[i]));
      expect(found.coverage.value).toBeCloseTo(covered.length / m, 12);
    },
  );

  test.prop([fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 3, maxLength: 9 })], {
    examples: [[[-0, 0, 0, 0]]],
  })("roughness and medians", (curve) => {
    const seconds = curve.slice(2).map((_, i) => Math.abs(curve[i] - 2 * curve[i + 1] + curve[i + 2]));
    expect(roughness(curve)).toBeCloseTo(mean(seconds), 10);
    expect(roughness(curve.map((value, i) => value + 3 * i - 1))).toBeCloseTo(roughness(curve), 10);
    const sorted = [...curve].sort((a, b) => a - b);
    const middle =
      (sorted[Math.floor((curve.length - 1) / 2)] + sorted[Math.ceil((curve.length - 1) / 2)]) / 2;
    expect(median(curve)).toBeCloseTo(middle, 12);
    expect(medianScore([0, 0], curve).value).toBeCloseTo(middle, 12);
    // Other shares, such as the ends; −0 is 0 there.
    expect(medianScore([0, 0], curve, [], 1).value + 0).toBe(sorted.at(-1)! + 0);
    expect(medianScore([0, 0], curve, [], 0).value + 0).toBe(sorted[0] + 0);
  });
});

describe("p-values", () => {
  const tests = (real: Curves, fake: Curves, random: Random): Record<string, number> => {
    const samples = twoSamples(real, fake);
    const labels = randomLabels({ realCount: real.length, fakeCount: fake.length }, random, 99);
    const balls = precisionRecall(samples, { relabelled: labels, k: 3 });
    return {
      mmd: maximumMeanDiscrepancy(samples, labels).pValue,
      energy: energyDistance(samples, labels).pValue,
      neighbour: nearestNeighbourAccuracy(samples, labels).pValue,
      coverage: balls.coverage.pValue,
      roughness: medianScore(real.map(roughness), fake.map(roughness), labels).pValue,
    };
  };

  it("of equal distributions are below 0.1 about one time in ten", () => {
    const random = new Random(1);
    const runs = Array.from({ length: 200 }, (_, i) =>
      tests(drawn(random, 20), drawn(random, 20), random.fork(i)),
    );
    for (const name of Object.keys(runs[0])) {
      const share = runs.filter((run) => run[name] <= 0.1).length / runs.length;
      expect(share, name).toBeLessThan(0.18);
      // Shares of few curves come in steps, so that these p-values are rarely this small.
      expect(share, name).toBeGreaterThan(name === "coverage" ? 0 : 0.03);
    }
  });

  it("tell other distributions apart", () => {
    const random = new Random(2);
    const shifted = tests(drawn(random, 40), drawn(random, 40, 2), random);
    for (const name of ["mmd", "energy", "neighbour", "coverage"]) expect(shifted[name], name).toBe(0.01);
    const rough = drawn(random, 40).map((curve) => curve.map((value) => 5 * value));
    expect(tests(drawn(random, 40), rough, random).roughness).toBe(0.01);
  });

  it("are 1 without relabellings", () => {
    const random = new Random(3);
    expect(energyDistance(twoSamples(drawn(random, 5), drawn(random, 5))).pValue).toBe(1);
  });

  it("come from relabellings that keep the sizes of the sets", () => {
    const labels = randomLabels({ realCount: 4, fakeCount: 7 }, new Random(4), 20);
    expect(labels).toHaveLength(20);
    for (const one of labels)
      expect([one.length, one.reduce((sum, label) => sum + label, 0)]).toEqual([11, 7]);
    expect(new Set(labels.map((one) => one.join(""))).size).toBeGreaterThan(10);
  });
});

describe("the classifier", () => {
  it("is right half of the time for one distribution, and nearly always for two that keep apart", () => {
    const random = new Random(5);
    const equal = classifierAccuracy(twoSamples(drawn(random, 100), drawn(random, 100)), { random });
    expect(Math.abs(equal.value - 0.5)).toBeLessThan(0.12);
    expect(equal.pValue).toBeGreaterThan(0.01);
    const apart = classifierAccuracy(twoSamples(drawn(random, 100), drawn(random, 130, 4)), { random });
    expect(apart.value).toBeGreaterThan(0.95);
    expect(apart.pValue).toBeLessThan(1e-6);
  });

  it("needs more curves than folds", () => {
    const samples = twoSamples(drawn(new Random(6), 4), drawn(new Random(7), 4));
    expect(() => classifierAccuracy(samples, { random: new Random(0) })).toThrow(ArgumentError);
  });
});

describe("memorisation", () => {
  it("is 1 for copies of the training curves, with a small p-value, and 0 for copies of the others", () => {
    const random = new Random(8);
    const [training, unseen] = [drawn(random, 30), drawn(random, 30)];
    expect(memorisation(training, training, unseen).value).toBe(1);
    expect(memorisation(training, training, unseen).pValue).toBeLessThan(1e-4);
    expect(memorisation(unseen, training, unseen)).toMatchObject({ value: 0, toUnseen: 0 });
    expect(memorisation([[0], [0]], [[1], [3]], [[-1], [-3]]).value).toBe(0.5); // a tie counts half
  });

  it("has p-values below 0.1 one time in ten for honest samples, also when they crowd around few curves", () => {
    const random = new Random(9);
    const small = Array.from({ length: 400 }, () => {
      // Many samples and few curves to be near to: as coins the samples would be far too sure.
      const found = memorisation(drawn(random, 100, 0, 2), drawn(random, 8, 0, 2), drawn(random, 8, 0, 2));
      return found.pValue <= 0.1;
    }).filter(Boolean).length;
    expect(small / 400).toBeGreaterThan(0.05);
    expect(small / 400).toBeLessThan(0.15);
  });

  it("needs as many unseen as training curves", () => {
    expect(() => memorisation([[1]], [[1], [2]], [[3]])).toThrow(ShapeError);
  });
});

describe("two sets", () => {
  it("list the neighbours of each curve, nearest first, however many are asked for", () => {
    const random = new Random(10);
    const [real, fake] = [drawn(random, 200), drawn(random, 120)];
    const samples = twoSamples(real, fake);
    const all = [...real, ...fake];
    for (const count of [1, 5, 300]) {
      const expected = all
        .map((curve, j) => ({ j, d: distance(all[7], curve) }))
        .filter(({ j }) => j !== 7)
        .sort((a, b) => a.d - b.d);
      const found = samples.neighbours(7, count);
      expect([...found.subarray(0, count)]).toEqual(expected.slice(0, count).map(({ j }) => j));
    }
  });

  it.each<[string, Curves, Curves, typeof ArgumentError]>([
    [
      "one curve",
      [[1, 2]],
      [
        [1, 2],
        [3, 4],
      ],
      ArgumentError,
    ],
    ["curves of no points", [[], []], [[], []], ArgumentError],
    [
      "curves of other lengths",
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      ShapeError,
    ],
    [
      "NaN",
      [
        [1, 2],
        [3, Number.NaN],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      ArgumentError,
    ],
  ])("refuse %s", (_, real, fake, kind) => {
    expect(() => twoSamples(real, fake)).toThrow(kind);
  });

  it.each([0, 1.5, 6])("refuse k = %s neighbours of six curves", (k) => {
    const random = new Random(11);
    expect(() => precisionRecall(twoSamples(drawn(random, 6), drawn(random, 6)), { k })).toThrow(
      ArgumentError,
    );
  });

  it("refuse the roughness of two points", () => expect(() => roughness([1, 2])).toThrow(ArgumentError));
});
