/**
 * Operations beyond toy sizes, where kernels take other paths: more elements than WebAssembly keeps in its ring (65,536), more
 * terms than one block of a sum has, more rows and columns than one block of a product.
 */

import { describe, expect, it } from "vitest";
import type { Dice } from "../../src/basics/domains.ts";
import { sizeOf } from "../../src/basics/shape.ts";
import {
  backendName,
  linear,
  matmul,
  normal,
  ones,
  Random,
  type Shape,
  type Tensor,
  tensor,
  vjp,
} from "../../src/index.ts";
import { attempt, call } from "../../src/testing/graph.ts";
import { checkGradients } from "../../src/testing/index.ts";
import { drawUse, examplesOf, type Interval, intervalsOf, vocabulary } from "../../src/testing/vocabulary.ts";
import { allCases } from "../ops/records.ts";

/** Elements from an interval, away from where there is no derivative. */
function uniform(shape: Shape, [low, high]: Interval, random: Random, kinks: readonly number[] = []): Tensor {
  const draw = (): number => {
    for (;;) {
      const value = random.uniform(low, high);
      if (kinks.every((kink) => Math.abs(value - kink) > 0.05)) return value;
    }
  };
  return tensor(Float32Array.from({ length: sizeOf(shape) }, draw), shape);
}

/** Value and gradients of ⟨f, cotangent⟩, in memory of their own. */
function differentiated(f: (...x: Tensor[]) => Tensor, x: readonly Tensor[], cotangent?: Tensor): Tensor[] {
  const [value, pullback] = vjp((of: readonly Tensor[]) => f(...of), x);
  const weights = (cotangent ?? normal(value.shape, new Random(2))).to(value.dtype);
  return [value, ...pullback(weights)].map((result) => result.clone());
}

/** The largest difference, relative to the largest number. */
function difference(found: Tensor, expected: Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  const largest = expected.abs().max().item();
  return found.to("float64").sub(expected.to("float64")).abs().max().item() / (largest || 1);
}

describe("every declared call on a large operand", () => {
  const shapes = [
    [270, 260],
    [41, 42, 43],
  ];
  // A product of thousands leaves float32, and a step of differences changes the order of thousands.
  const outOfReach = ["prod", "sort"];
  const inReach = vocabulary.flat().filter(({ name }) => !outOfReach.includes(name));
  const calls = inReach.flatMap((word) =>
    shapes.flatMap((shape) => {
      const random = new Random(11);
      const dice: Dice = { integer: (low, high) => low + random.integer(high - low + 1) };
      for (let attempts = 0; attempts < 20; attempts++) {
        const use = drawUse(dice, word, shape);
        const operands = use && [shape, ...use.others].map((of) => ones(of));
        // A call that the operation refuses is drawn again.
        if (use === null || attempt({ name: word.name, settings: use.settings }, operands!) === null)
          continue;
        return [
          [`${word.name} of [${shape}] with ${JSON.stringify(use.settings)}`, word, shape, use] as const,
        ];
      }
      return [];
    }),
  );

  it.each(calls)("%s: gradients agree with differences, and float32 with float64", (_, word, shape, use) => {
    const random = new Random(3);
    const intervals = intervalsOf(word.name);
    const { kinks } = examplesOf(word)[0] ?? {};
    const x = [shape, ...use.others].map((of, i) => uniform(of, intervals[i] ?? [-2, 2], random, kinks));
    const f = (...inputs: Tensor[]): Tensor => call({ name: word.name, settings: use.settings }, inputs);
    // Float64 is the same on both.
    if (backendName() === "typescript") checkGradients(f, x, { order: 1, elementwiseUpTo: 0, directions: 1 });
    const expected = differentiated(
      f,
      x.map((operand) => operand.to("float64")),
    );
    // Rounding adds up to 1e-5 of the largest; an element out of place is off by as much as itself.
    for (const [i, result] of differentiated(f, x).entries())
      expect(difference(result, expected[i])).toBeLessThan(1e-4);
  });
});

/** One case of each elementwise operation. */
const elementwise = [
  ...new Map(
    allCases
      .filter(({ operation }) => operation?.value !== undefined)
      .map((example) => [example.operation!, example]),
  ).values(),
];

describe("an elementwise operation of many elements", () => {
  const SIZE = 70_003;
  it.each(elementwise)(
    "$name gives each of them the bits that it has among few",
    ({ call, shapes, intervals }) => {
      const random = new Random(5);
      const x = shapes.map((_, i) => {
        const [low, high] = intervals?.[i] ?? [-Infinity, Infinity];
        return uniform([SIZE], [Math.max(low + 0.01, -3), Math.min(high - 0.01, 3)], random);
      });
      const cotangent = normal([SIZE], random);
      const picked = [0, 1, 2, 3, 255, 256, 4095, 4096, 65_535, 65_536, 65_537, SIZE - 2, SIZE - 1];
      const few = (from: Tensor): Tensor => from.indexSelect(0, picked);
      const many = differentiated(call, x, cotangent).map(few);
      const alone = differentiated(call, x.map(few), few(cotangent));
      for (const [i, result] of many.entries())
        expect(result.toTypedArray()).toEqual(alone[i].toTypedArray());
    },
  );
});

describe("products", () => {
  // Whole numbers: their sums stay below 2²⁴, so that every order of summation gives the same.
  const whole = (shape: Shape, random: Random): Tensor =>
    tensor(
      Float32Array.from({ length: shape[0] * shape[1] }, () => random.integer(9) - 4),
      shape,
    );
  /** Σ_k a[i, k] b[k, j], as it is written. */
  const product = (a: Tensor, b: Tensor): Float32Array => {
    const [[m, k], n] = [a.shape, b.shape[1]];
    const [p, q] = [a, b].map((x) => x.toTypedArray());
    return Float32Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let l = 0; l < k; l++) sum += p[i * k + l] * q[l * n + j];
      return sum;
    });
  };
  const sizes = [
    [130, 258, 260],
    [245, 66, 68],
    [67, 1030, 9],
    [5, 300, 70],
    [70, 3, 130],
    [1, 700, 270],
    [270, 700, 1],
  ];

  it.each(sizes)(
    "of [%i, %i] and [.., %i] are exact, as are their gradients, however the operands lie",
    (m, k, n) => {
      const random = new Random(7);
      const [a, b, cotangent] = [whole([m, k], random), whole([k, n], random), whole([m, n], random)];
      const expected = [product(a, b), product(cotangent, b.transpose()), product(a.transpose(), cotangent)];
      const layouts = [(x: Tensor) => x, (x: Tensor) => x.transpose().clone().transpose()];
      for (const layOut of layouts) {
        const found = differentiated(matmul, [layOut(a), layOut(b)], cotangent);
        expect(found.map((x) => x.toTypedArray())).toEqual(expected);
      }
      const bias = whole([1, n], random).reshape([n]);
      const [value, byX, byWeight, byBias] = differentiated(
        (x, weight, bias) => linear(x, weight, bias),
        [a, b.transpose().clone(), bias],
        cotangent,
      );
      expect(value.sub(bias).toTypedArray()).toEqual(expected[0]);
      expect(byX.toTypedArray()).toEqual(expected[1]);
      expect(byWeight.transpose().toTypedArray()).toEqual(expected[2]);
      expect(byBias.toTypedArray()).toEqual(product(ones([1, m]), cotangent));
    },
  );
});
