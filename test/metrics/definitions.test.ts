/** Scores where their definitions have edges: ties, p-values against a count of all cases, what is refused and in which words. */

import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import {
  classifierAccuracy,
  energyDistance,
  maximumMeanDiscrepancy,
  medianScore,
  memorisation,
  nearestNeighbourAccuracy,
  precisionRecall,
  randomLabels,
  type Score,
  twoSamples,
} from "../../src/metrics/index.ts";
import { permutationPValue, upperTail } from "../../src/metrics/two-samples.ts";

type Curves = number[][];
const drawn = (random: Random, count: number, shift = 0, points = 3): Curves =>
  Array.from({ length: count }, () => Array.from({ length: points }, () => random.normal(shift)));
/** Whole numbers, so that many distances are equal. */
const onGrid = (random: Random, count: number): Curves =>
  Array.from({ length: count }, () => [random.integer(4), random.integer(4)]);
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);

describe("balls", () => {
  it.each([1, 2, 3])("hold all at the distance of the neighbour number %i, ties included", (k) => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(seed);
      const [real, fake] = [onGrid(random, 9), onGrid(random, 7)];
      const reach = (set: Curves): number[] =>
        set.map((x) => set.map((y) => distance(x, y)).sort((a, b) => a - b)[k]);
      const [ofReal, ofFake] = [reach(real), reach(fake)];
      const inside = real.map((x, i) => fake.filter((y) => distance(x, y) <= ofReal[i]).length);
      const found = precisionRecall(twoSamples(real, fake), { k });
      const precise = fake.filter((y) => real.some((x, i) => distance(x, y) <= ofReal[i])).length;
      const recalled = real.filter((x) => fake.some((y, j) => distance(x, y) <= ofFake[j])).length;
      expect(found.precision.value).toBe(precise / 7);
      expect(found.recall.value).toBe(recalled / 9);
      expect(found.density.value).toBeCloseTo(inside.reduce((a, b) => a + b) / (k * 7), 12);
      expect(found.coverage.value).toBe(inside.filter((count) => count > 0).length / 9);
    }
  });

  it("are walked to the end where all of the other kind are nearer", () => {
    const near = Array.from({ length: 150 }, (_, i) => [i / 1000]);
    const far = Array.from({ length: 70 }, (_, i) => [100 + 30 * i]);
    const { density, coverage } = precisionRecall(twoSamples([...far, [0.0005]], near), { k: 1 });
    // The one real curve among the others reaches to 100; each far one, 30 away from the next, to nobody.
    expect(density.value).toBe(1);
    expect(coverage.value).toBeCloseTo(1 / 71, 12);
  });
});

describe("p-values", () => {
  it("count the relabellings that are as extreme, the true one included", () => {
    expect(permutationPValue(3, [1, 2, 3, 4], "great")).toBe(3 / 5);
    expect(permutationPValue(3, [1, 2, 3, 4], "small")).toBe(4 / 5);
    // The mean of all is 2.6: 1 and 5 are further from it than 3 is, and 2.2 as far.
    expect(permutationPValue(3, [1, 2.2, 1.8, 5], "both")).toBe(5 / 5);
    expect(permutationPValue(5, [1, 2.2, 1.8, 3], "both")).toBe(1 / 5);
    expect(permutationPValue(1, [], "both")).toBe(1);
    // The last bits do not decide.
    expect(permutationPValue(0.3, [0.1 + 0.2, 0.3 - 1e-16, 0], "great")).toBe(3 / 4);
  });

  it("take the upper tail of the normal distribution", () => {
    expect(upperTail(0)).toBe(0.5);
    expect(upperTail(1.6448536269514722)).toBeCloseTo(0.05, 12);
    expect(upperTail(-1)).toBeCloseTo(1 - upperTail(1), 12);
  });

  it("of every score are what the same labels give when each is scored as the true one", () => {
    const random = new Random(1);
    const [real, fake] = [drawn(random, 7), drawn(random, 5, 0.8)];
    const labels = randomLabels({ realCount: 7, fakeCount: 5 }, random, 40);
    const all = [...real, ...fake];
    const scores: Record<string, (real: Curves, fake: Curves, labels: Uint8Array[]) => Score> = {
      mmd: (a, b, of) => maximumMeanDiscrepancy(twoSamples(a, b), of),
      energy: (a, b, of) => energyDistance(twoSamples(a, b), of),
      neighbour: (a, b, of) => nearestNeighbourAccuracy(twoSamples(a, b), of),
    };
    for (const [name, score] of Object.entries(scores)) {
      const { value, pValue } = score(real, fake, labels);
      const others = labels.map((one) => {
        const [a, b] = [0, 1].map((label) => all.filter((_, i) => one[i] === label));
        return score(a, b, []).value;
      });
      const asGreat = others.filter((other) => other >= value - 1e-9).length;
      expect(pValue, name).toBeCloseTo((1 + asGreat) / 41, 12);
    }
    for (const [name, tail] of [
      ["precision", "small"],
      ["recall", "small"],
      ["density", "both"],
      ["coverage", "small"],
    ] as const) {
      const found = precisionRecall(twoSamples(real, fake), { k: 2, relabelled: labels })[name];
      const others = labels.map((one) => {
        const [a, b] = [0, 1].map((label) => all.filter((_, i) => one[i] === label));
        return precisionRecall(twoSamples(a, b), { k: 2 })[name].value;
      });
      expect(found.pValue, name).toBe(permutationPValue(found.value, others, tail));
    }
    const [a, b] = [real, fake].map((set) => set.map(([first]) => first));
    const values = [...a, ...b];
    const middle = (list: number[]): number => {
      const sorted = list.toSorted((p, q) => p - q);
      return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
    };
    const apart = (one: ArrayLike<number>): number =>
      Math.abs(middle(values.filter((_, i) => one[i] === 1)) - middle(values.filter((_, i) => one[i] === 0)));
    const truth = new Uint8Array(12).fill(1, 7);
    expect(medianScore(a, b, labels).pValue).toBe(
      permutationPValue(apart(truth), labels.map(apart), "great"),
    );
  });

  it("of memorisation have the variance of all halves that could have been the training curves", () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const [training, unseen] = [onGrid(random, 4), onGrid(random, 4)];
      const samples = onGrid(random, 9);
      const curves = [...training, ...unseen];
      // For each curve, of how many samples it is the nearest one, as the score counts: the first of its half, ties as halves.
      const owned = new Array<number>(8).fill(0);
      let nearer = 0;
      for (const sample of samples) {
        const to = curves.map((curve) => distance(sample, curve));
        const [own, other] = [Math.min(...to.slice(0, 4)), Math.min(...to.slice(4))];
        const share = own < other ? 1 : own === other ? 0.5 : 0;
        nearer += share;
        if (share > 0) owned[to.slice(0, 4).indexOf(own)] += share;
        if (share < 1) owned[4 + to.slice(4).indexOf(other)] += 1 - share;
      }
      const halves = Array.from({ length: 256 }, (_, bits) =>
        [...Array(8).keys()].filter((i) => (bits >> i) & 1),
      )
        .filter((half) => half.length === 4)
        .map((half) => half.reduce((sum, i) => sum + owned[i], 0));
      const mean = halves.reduce((a, b) => a + b) / halves.length;
      const variance = halves.reduce((sum, value) => sum + (value - mean) ** 2, 0) / halves.length;
      const found = memorisation(samples, training, unseen);
      expect(found.value).toBeCloseTo(nearer / 9, 12);
      const z = (nearer - 4.5) / Math.sqrt(variance);
      expect(found.pValue).toBeCloseTo(variance > 0 ? upperTail(z) : 0.5, 12);
    }
  });

  it("of memorisation are a half where every curve is as near as any other", () => {
    expect(memorisation([[0], [0]], [[1], [1]], [[-1], [-1]])).toMatchObject({
      value: 0.5,
      toTraining: 1,
      toUnseen: 1,
    });
  });
});

describe("options are refused, with the numbers that were given:", () => {
  const samples = twoSamples(drawn(new Random(2), 8), drawn(new Random(3), 9));
  const random = new Random(4);
  it.each([
    [{ folds: 1 }, /1 folds and 100 epochs do not work with 8 curves/],
    [{ folds: 2.5 }, /2\.5 folds/],
    [{ epochs: 0 }, /5 folds and 0 epochs/],
    [{ epochs: 1.5 }, /1\.5 epochs/],
    [{ folds: 9 }, /9 folds .* 8 curves/],
  ])("%j of the classifier", (options, words) => {
    expect(() => classifierAccuracy(samples, { random, ...options })).toThrow(ArgumentError);
    expect(() => classifierAccuracy(samples, { random, ...options })).toThrow(words);
  });

  it("and as many folds as curves, two folds, one epoch are not", () => {
    for (const options of [{ folds: 8 }, { folds: 2 }, { epochs: 1 }])
      expect(classifierAccuracy(samples, { random, epochs: 2, ...options }).value).toBeGreaterThanOrEqual(0);
  });

  it.each([-1, 0.5, Number.NaN])("%d relabellings", (count) => {
    expect(() => randomLabels(samples, random, count)).toThrow(/^randomLabels: count is/);
  });

  it("no relabellings are none, and 499 where nothing is said", () => {
    expect(randomLabels(samples, random, 0)).toEqual([]);
    expect(randomLabels(samples, random)).toHaveLength(499);
  });

  it.each([0, 8, 2.5])("k = %d of sets of 8 and 9", (k) => {
    expect(() => precisionRecall(samples, { k })).toThrow(
      `k is ${k}, but it must be a whole number from 1 to 7`,
    );
  });

  it("k of 1 and of 7 are not, and 5 is what it is without", () => {
    for (const k of [1, 7]) expect(precisionRecall(samples, { k }).precision.value).toBeLessThanOrEqual(1);
    expect(precisionRecall(samples)).toEqual(precisionRecall(samples, { k: 5 }));
  });

  it("training and unseen curves of other counts", () => {
    expect(() => memorisation([[1], [2]], [[1], [2], [3]], [[3], [4]])).toThrow(ShapeError);
    expect(() => memorisation([[1], [2]], [[1], [2], [3]], [[3], [4]])).toThrow(
      /got 3 training curves and 2 unseen ones/,
    );
  });
});

describe("the classifier", () => {
  it("judges each curve once, by weights that its seed decides, whatever the sizes of the sets", () => {
    const samples = twoSamples(drawn(new Random(5), 11, 1), drawn(new Random(6), 14));
    const found = classifierAccuracy(samples, { random: new Random(7), folds: 3, epochs: 5 });
    expect(Number.isInteger(Math.round(found.value * 22 * 1e9) / 1e9)).toBe(true);
    expect(classifierAccuracy(samples, { random: new Random(7), folds: 3, epochs: 5 })).toEqual(found);
    expect(found.pValue).toBeCloseTo(upperTail((found.value - 0.5) * 2 * Math.sqrt(22)), 12);
  });

  it("learns from all batches", () => {
    // The sign of a product tells the sets apart, which a part of the curves shows less well.
    const set = (seed: number, sign: number): Curves => {
      const random = new Random(seed);
      return Array.from({ length: 240 }, () => {
        const [a, b] = [random.normal(), random.normal()];
        return [a, sign * Math.abs(b) * Math.sign(a)];
      });
    };
    const found = classifierAccuracy(twoSamples(set(8, 1), set(9, -1)), { random: new Random(10) });
    expect(found.value).toBeGreaterThan(0.97);
  });

  it("is told nothing by a point that is the same for all curves", () => {
    const real = drawn(new Random(11), 20).map(([a]) => [a, 5]);
    const fake = drawn(new Random(12), 20, 6).map(([a]) => [a, 5]);
    expect(classifierAccuracy(twoSamples(real, fake), { random: new Random(13) }).value).toBe(1);
  });
});
