/** Every operation obeys every law that concerns it: a new one is held to them by being declared. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { linear, matmul, mseLoss, Random, type Tensor, vjp } from "../../src/index.ts";
import { arbitraries, checkGradients } from "../../src/testing/index.ts";
import { allCases, drawOperand, drawOperands } from "../ops/records.ts";
import { batchOf, laws } from "./laws.ts";

// Written with %s: titles that come by $name are cut off.
describe.each(laws.map((law) => [law.title, law] as const))("the law that %s", (_, law) => {
  it.each(allCases.filter((example) => law.concerns?.(example) ?? true))("holds for $title", (example) => {
    law.hold(example, new Random(4));
  });
});

it("the law of batches passes over nothing but what has no axis to spare", () => {
  const names = (isBatched: boolean): string[] =>
    allCases
      .filter(({ operation }) => operation?.gradient !== undefined)
      .filter((example) => (batchOf(example) !== null) === isBatched)
      .map(({ name }) => name);
  const batched = names(true);
  const passedOver = new Set(names(false).filter((name) => !batched.includes(name)));
  expect([...passedOver].sort()).toEqual(["mseLoss"]);
});

/** One case of each elementwise operation that has a gradient. */
const elementwise = [
  ...new Map(
    allCases
      .filter(({ operation }) => operation?.value !== undefined && operation.gradient !== undefined)
      .map((example) => [example.operation!, example]),
  ).values(),
];

describe("broadcasting and views, at any shapes that fit", () => {
  const { broadcastableShapes, view } = arbitraries(fc);
  const RUNS = { numRuns: 10 };

  it.each(elementwise)("leave the gradients of $name right", (example) => {
    const count = example.shapes.length;
    const property = fc.property(broadcastableShapes({ count, maxSize: 3 }), fc.integer(), (shapes, seed) => {
      const random = new Random(seed);
      const operands = shapes.map((shape, i) => drawOperand(example, i, shape, random));
      checkGradients(example.call, operands, { elementwiseUpTo: 0, directions: 2 });
    });
    fc.assert(property, RUNS);
  });

  it.each(elementwise.filter(({ shapes }) => shapes.length === 1))(
    "leave the values of $name what they are for a copy, at zeros of both signs, subnormal and huge numbers",
    ({ call }) => {
      fc.assert(
        fc.property(view(), (x) => {
          expect(call(x).toTypedArray()).toEqual(call(x.clone()).toTypedArray());
        }),
        RUNS,
      );
    },
  );
});

describe("a fused operation is what it is composed of", () => {
  const fused: Record<string, [fused: (...x: Tensor[]) => Tensor, composed: (...x: Tensor[]) => Tensor]> = {
    linear: [
      (x, weight, bias) => linear(x, weight, bias),
      (x, weight, bias) => (bias ? matmul(x, weight.transpose()).add(bias) : matmul(x, weight.transpose())),
    ],
    mseLoss: [(x, y) => mseLoss(x, y), (x, y) => x.sub(y).square().mean()],
  };
  const examples = allCases.filter(({ name }) => name in fused);

  test.prop([fc.constantFrom(...examples), fc.integer()], { numRuns: 30 })(
    "in values and gradients",
    (example, seed) => {
      const operands = drawOperands(example, new Random(seed)).map((x) => x.to("float64"));
      const [one, other] = fused[example.name].map((f) => vjp((x: readonly Tensor[]) => f(...x), operands));
      const flat = ([value, pullback]: typeof one): number[] =>
        [value, ...pullback()].flatMap((x) => [...x.toTypedArray()]);
      const expected = flat(other);
      flat(one).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 12);
      });
    },
  );
});
