import { deepStrictEqual } from "node:assert";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import { cos, log, sin } from "../../src/kernels/math.ts";
import { type Draw, normalAt, threefry2x32, uniformAt } from "../../src/kernels/typescript/random.ts";

const seed = fc.maxSafeInteger();
const word = fc.integer({ min: 0, max: 0xffffffff });
const aDraw: fc.Arbitrary<Draw> = fc.record({ key: fc.tuple(word, word), counter: fc.tuple(word, word) });

describe("threefry2x32", () => {
  // The kat_vectors file of Random123, lines "threefry2x32 20": counter, key, result.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("gives Random123's known answer at counter %j and key %j", (counter, key, answer) => {
    const out = new Uint32Array(2);
    threefry2x32(key[0], key[1], counter[0], counter[1], out);
    expect([...out]).toEqual(answer);
    const pair: [number, number] = [0, 0];
    threefry2x32(key[0], key[1], counter[0], counter[1], pair);
    expect(pair).toEqual(answer);
  });
});

describe("filling from a reservation", () => {
  test.prop([aDraw, fc.integer({ min: 0, max: 40 })])(
    "each element is what the definition says",
    (draw, count) => {
      const uniform = new Float32Array(count);
      const normal = new Float64Array(count);
      uniformAt(draw, uniform);
      normalAt(draw, normal);
      for (let i = 0; i < count; i++) {
        const w = new Uint32Array(2);
        threefry2x32(draw.key[0], draw.key[1], draw.counter[0] + (i >> 1), draw.counter[1], w);
        expect(uniform[i]).toBe((w[i & 1] >>> 8) / 2 ** 24);
        const radius = Math.sqrt(-2 * log(((w[0] >>> 8) + 1) / 2 ** 24));
        const angle = 2 * Math.PI * ((w[1] >>> 8) / 2 ** 24);
        // The definition's angle carries the rounding of 2π, up to 4.5e−16 for a radius of at most 5.8.
        expect(Math.abs(normal[i] - radius * (i & 1 ? sin(angle) : cos(angle)))).toBeLessThan(6e-15);
      }
    },
  );

  test.prop([aDraw, fc.integer({ min: 0, max: 2600 }), fc.integer({ min: 0, max: 2600 })], { numRuns: 20 })(
    "a shorter array gets the first elements of a longer one, and float32 the float64 values rounded",
    (draw, a, b) => {
      for (const fill of [uniformAt, normalAt]) {
        const short = new Float32Array(Math.min(a, b));
        const long = new Float64Array(Math.max(a, b));
        fill(draw, short);
        fill(draw, long);
        expect(short).toEqual(new Float32Array(long.subarray(0, short.length)));
      }
    },
  );

  test.prop([aDraw, fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 0, max: 1500 })], { numRuns: 20 })(
    "a part that starts at a later block is that part of the whole",
    (draw, blocks, rest) => {
      for (const fill of [uniformAt, normalAt]) {
        const whole = new Float32Array(2 * blocks + rest);
        const part = new Float32Array(rest);
        fill(draw, whole);
        fill({ key: draw.key, counter: [(draw.counter[0] + blocks) >>> 0, draw.counter[1]] }, part);
        expect(part).toEqual(whole.subarray(2 * blocks));
      }
    },
  );

  test.prop([seed, fc.integer({ min: 0, max: 99 })])(
    "fillUniform and fillNormal draw, then fill",
    (s, count) => {
      const [a, b] = [new Random(s), new Random(s)];
      const [x, y] = [new Float32Array(count), new Float32Array(count)];
      a.fillUniform(x);
      uniformAt(b.draw(Math.ceil(count / 2)), y);
      expect(x).toEqual(y);
      a.fillNormal(x);
      normalAt(b.draw(Math.ceil(count / 2)), y);
      expect(x).toEqual(y);
      expect(a.state()).toEqual(b.state());
    },
  );

  // Made from the definitions with 60-digit arithmetic (mpmath), apart from this code; the last values are float64.
  test("the first numbers of seed 42 never change", () => {
    const x = new Float32Array(4);
    new Random(42).fillNormal(x);
    expect([...x]).toEqual([1.2040926218032837, 0.5033683180809021, 0.8080103993415833, -1.9872409105300903]);
    expect(new Random(42).uniform()).toBe(0.42672756361231334);
    expect(new Random(42).normal()).toBeCloseTo(1.0550640762716699, 14);
  });

  // Made from the definition of Threefry in another language.
  test("the streams that seed 42 gives by name never change", () => {
    const random = new Random(42);
    expect(random.fork("dropout").state().key).toEqual([406965614, 4079934865]);
    expect(random.fork(-7).state().key).toEqual([258844024, 45344593]);
    expect(random.split(2)[1].state().key).toEqual([430176367, 3485206521]);
  });
});

describe("distributions", () => {
  const count = 400_000;
  const normals = (fill: (random: Random, out: Float64Array) => void) => {
    const out = new Float64Array(count);
    fill(new Random(2024), out);
    return out;
  };
  // Standard errors of the mean, variance, skewness and kurtosis of n normal numbers: √(1/n), √(2/n), √(6/n), √(24/n).
  test.each([
    ["fillNormal", normals((random, out) => random.fillNormal(out))],
    ["normal", normals((random, out) => out.set(out.map(() => random.normal())))],
  ])("%s has the first four moments of a normal distribution within four standard errors", (_, x) => {
    const moment = (k: number) => x.reduce((sum, value) => sum + value ** k, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
    // both members of a pair, and neighbours across pairs, are uncorrelated
    for (const parity of [0, 1]) {
      let product = 0;
      for (let i = parity; i + 1 < count; i += 2) product += x[i] * x[i + 1];
      expect(Math.abs(product / (count / 2))).toBeLessThan(4 * Math.sqrt(2 / count));
    }
  });

  test("normal takes a mean and a standard deviation", () => {
    const [a, b] = [new Random(5), new Random(5)];
    for (let i = 0; i < 50; i++) expect(a.normal(3, 0.25)).toBe(3 + 0.25 * b.normal());
  });

  // A chi-square of k degrees of freedom has mean k and variance 2k; four standard deviations either way.
  test.each<[string, number, (random: Random) => number]>([
    ["uniform()", 100, (random) => Math.floor(random.uniform() * 100)],
    ["uniform(-3, 7)", 100, (random) => Math.floor((random.uniform(-3, 7) + 3) * 10)],
    ["integer(7)", 7, (random) => random.integer(7)],
    ["integer(256)", 256, (random) => random.integer(256)],
    ["integer(2⁵² + 2⁵¹) in thirds", 3, (random) => Math.floor(random.integer(2 ** 52 + 2 ** 51) / 2 ** 51)],
    ["the place of 0 in a permutation of 10", 10, (random) => random.permutation(10).indexOf(0)],
    ["permutation(4)", 24, (random) => orderNumber(random.permutation(4))],
  ])("%s fills its bins evenly", (_, bins, draw) => {
    const random = new Random(7);
    expectEven(
      Array.from({ length: 60_000 }, () => draw(random)),
      bins,
    );
  });

  test("fillUniform fills its bins evenly", () => {
    const out = new Float32Array(100_000);
    new Random(8).fillUniform(out);
    expectEven(
      [...out].map((value) => Math.floor(value * 128)),
      128,
    );
  });

  test.prop([seed, within(-1e6, 1e6), within(1e-9, 1e6)])(
    "uniform(low, high) stays in [low, high)",
    (s, low, width) => {
      const random = new Random(s);
      for (let i = 0; i < 20; i++) {
        const value = random.uniform(low, low + width);
        expect(value >= low && value < low + width).toBe(true);
      }
      const next = low + Math.abs(low) * 2 ** -51 + Number.MIN_VALUE; // an interval of few floats, where rounding bites
      for (let i = 0; i < 20; i++) expect(random.uniform(low, next)).toBeLessThan(next);
    },
  );

  test.prop([seed, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })])(
    "integer(n) is whole and below n",
    (s, n) => {
      const value = new Random(s).integer(n);
      expect(Number.isSafeInteger(value) && value >= 0 && value < n).toBe(true);
    },
  );

  test.prop([seed, fc.integer({ min: 0, max: 200 })])("a permutation holds every number once", (s, n) => {
    expect([...new Random(s).permutation(n)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: n }, (_, i) => i),
    );
  });

  test("shuffle reorders an array in place and returns it", () => {
    const array = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const order = new Random(3).permutation(8);
    expect(new Random(3).shuffle(array)).toBe(array);
    expect(array).toEqual([...order].map((i) => "abcdefgh"[i]));
  });
});

describe("streams", () => {
  test.prop([seed])("split and fork give distinct streams, also in their children", (s) => {
    const random = new Random(s);
    const first = random.split(3);
    const streams = [
      random,
      ...first,
      ...random.split(3),
      ...first[0].split(2),
      ...["", "a", "b", "ab", "a\0", "1"].map((label) => random.fork(label)),
      ...[0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32)].map((label) => random.fork(label)),
      random.fork("a").fork("b"),
      random.fork(1).fork(0),
    ];
    expect(new Set(streams.map((stream) => stream.state().key.join())).size).toBe(streams.length);
  });

  test("streams of one parent are uncorrelated, within four standard errors", () => {
    const count = 100_000;
    const parent = new Random(11);
    const streams = [...parent.split(3), parent.fork("a"), parent.fork("b"), parent.fork(0), parent];
    const samples = streams.map((stream) => {
      const out = new Float64Array(count);
      stream.fillNormal(out);
      return out;
    });
    for (let i = 0; i < samples.length; i++) {
      for (let j = 0; j < i; j++) {
        const product = samples[i].reduce((sum, value, k) => sum + value * samples[j][k], 0);
        expect(Math.abs(product / count)).toBeLessThan(4 / Math.sqrt(count));
      }
    }
  });

  test.prop([seed, fc.oneof(fc.string(), fc.maxSafeInteger()), fc.integer({ min: 0, max: 50 })])(
    "a fork does not depend on how much was drawn and does not disturb its parent",
    (s, label, draws) => {
      const [a, b] = [new Random(s), new Random(s)];
      for (let i = 0; i < draws; i++) a.uniform();
      const before = a.state();
      expect(a.fork(label).state()).toEqual(b.fork(label).state());
      expect(a.state()).toEqual(before);
    },
  );

  test.prop([seed, fc.integer({ min: 0, max: 50 })])(
    "a state that went through JSON resumes bit for bit",
    (s, draws) => {
      const random = new Random(s);
      for (let i = 0; i < draws; i++) random.normal();
      const resumed = Random.fromState(JSON.parse(JSON.stringify(random.state())));
      expect(resumed.state()).toEqual(random.state());
      expect([resumed.uniform(), resumed.integer(1000)]).toEqual([random.uniform(), random.integer(1000)]);
    },
  );

  test.prop([seed, fc.integer({ min: 0, max: 9 })])(
    "three streams at once are those of three splits",
    (s, draws) => {
      const [together, apart] = [new Random(s), new Random(s)];
      for (let i = 0; i < draws; i++) expect(together.uniform()).toBe(apart.uniform());
      const streams = together.split(3).map((stream) => stream.state());
      expect(streams).toEqual(Array.from({ length: 3 }, () => apart.split(1)[0].state()));
      expect(together.state()).toEqual(apart.state());
    },
  );

  test("one item is shuffled without a draw, and each further one takes one", () => {
    const random = new Random(1);
    for (const [n, drawn] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [5, 5],
    ]) {
      random.permutation(n);
      expect(random.state().counter).toEqual([drawn, 0]);
    }
  });

  test("a seed is its 64 bits, as number or bigint", () => {
    expect(new Random(5).state()).toEqual(new Random(5n).state());
    expect(new Random(-1).state().key).toEqual([0xffffffff, 0xffffffff]);
    expect(new Random(2n ** 64n - 1n).state()).toEqual(new Random(-1).state());
    expect(new Random(2 ** 32 + 7).state().key).toEqual([1, 7]);
  });

  test("a reservation never crosses a multiple of 2³² blocks", () => {
    const random = Random.fromState({ key: [1, 2], counter: [0xfffffffe, 4] });
    expect(random.draw(1).counter).toEqual([0xfffffffe, 4]);
    expect(random.draw(2).counter).toEqual([0, 5]);
    expect(random.draw(2 ** 32 - 2).counter).toEqual([2, 5]);
    expect(random.state().counter).toEqual([0, 6]);
    expect(random.draw(2 ** 32).counter).toEqual([0, 6]);
    expect(random.draw(1).counter).toEqual([0, 7]);
  });
});

describe("mistakes", () => {
  const random = new Random(0);
  test("are none where numbers are at their limits", () => {
    expect(random.normal(3, 0)).toBe(3);
    expect(random.integer(2 ** 53)).toBeLessThan(2 ** 53);
    expect(random.uniform(1e308, 1.5e308)).toBeGreaterThan(9e307);
    expect(new Random(2n ** 63n).state()).toEqual(new Random(-(2n ** 63n)).state());
  });

  test("name the function and the argument", () => {
    expect(() => random.draw(-1)).toThrow(/^Random\.draw: .*blocks/);
  });

  test.each<[string, () => unknown]>([
    ["a fractional seed", () => new Random(0.5)],
    ["a seed beyond the safe integers", () => new Random(2 ** 53)],
    ["a bigint of more than 64 bits", () => new Random(2n ** 64n)],
    ["a bigint below −2⁶³", () => new Random(-(2n ** 63n) - 1n)],
    ["an empty interval", () => random.uniform(1, 1)],
    ["an infinite interval", () => random.uniform(0, Infinity)],
    ["a negative standard deviation", () => random.normal(0, -1)],
    ["a mean that is NaN", () => random.normal(NaN)],
    ["an infinite mean", () => random.normal(Infinity)],
    ["an infinite standard deviation", () => random.normal(0, Infinity)],
    ["an interval longer than any number", () => random.uniform(-1.7e308, 1.7e308)],
    ["a state without words", () => Random.fromState({} as never)],
    ["integer(0)", () => random.integer(0)],
    ["integer(2.5)", () => random.integer(2.5)],
    ["a negative count", () => random.split(-1)],
    ["a fractional label", () => random.fork(0.5)],
    ["a permutation of −1", () => random.permutation(-1)],
    ["more than 2³² blocks", () => random.draw(2 ** 32 + 1)],
    ["a state with three words", () => Random.fromState({ key: [1, 2, 3], counter: [0, 0] })],
    ["a state with a negative word", () => Random.fromState({ key: [1, 2], counter: [-1, 0] })],
  ])("%s is an ArgumentError", (_, mistake) => {
    expect(mistake).toThrow(ArgumentError);
  });
});

function within(min: number, max: number): fc.Arbitrary<number> {
  return fc.double({ min, max, noNaN: true });
}

/** Chi-square of the counts in `bins` equal bins, within four standard deviations of its mean. */
function expectEven(values: number[], bins: number): void {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[value]++;
  const expected = values.length / bins;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(counts.length).toBe(bins); // a value outside the bins would have added one, or NaN to the sum
  expect(Math.abs(chiSquare - (bins - 1))).toBeLessThan(4 * Math.sqrt(2 * (bins - 1)));
}

/** Which of the n! orders a permutation is. */
function orderNumber(permutation: Uint32Array): number {
  return permutation.reduce(
    (number, value, i) =>
      number * (permutation.length - i) + permutation.subarray(i).filter((v) => v < value).length,
    0,
  );
}

test("streams are compared by their state", () => {
  const moved = new Random(0);
  moved.uniform();
  deepStrictEqual(new Random(0), new Random(0));
  for (const other of [new Random(1), moved]) expect(() => deepStrictEqual(new Random(0), other)).toThrow();
  expect(new Random(0)).toEqual(new Random(0));
  expect(new Random(0)).not.toEqual(moved);
});
