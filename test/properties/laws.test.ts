/** Every operation obeys every law that concerns it: a new one is held to them by being declared. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { linear, matmul, mseLoss, Random, type Tensor, tensor, vjp } from "../../src/index.ts";
import { arbitraries, checkGradients } from "../../src/testing/index.ts";
import { allCases, type Case, drawOperand, drawOperands } from "../ops/records.ts";
import { kept, seedsOf } from "./kept-seeds.ts";
import { knownFaults } from "./known-faults.ts";
import { batchOf, type Law, laws, onBackend } from "./laws.ts";

// Other draws each time, and in CI the same: see test/seed.ts.
const { seed = 1 } = fc.readConfigureGlobal();

const propertyOf = (law: Law, example: Case): string => `${law.name} of ${example.title}`;

// Written with %s: titles that come by $name are cut off.
describe.each(laws.map((law) => [law.title, law] as const))(
  `the law that %s (with seed=${seed})`,
  (_, law) => {
    it.each(allCases.filter((example) => law.concerns?.(example) ?? true))("holds for $title", (example) => {
      for (const each of seedsOf(propertyOf(law, example))) law.hold(example, new Random(each));
    });
  },
);

it("no seed is kept for a property that is no more", () => {
  const known = new Set([
    "bounds of random graphs",
    ...laws.flatMap((law) => allCases.map((example) => propertyOf(law, example))),
  ]);
  expect(kept.filter((property) => !known.has(property))).toEqual([]);
});

describe("known faults, which the laws pass over", () => {
  const each = knownFaults.flatMap((fault) =>
    (fault.backends.length > 0 ? fault.backends : [null]).map((backend) => ({ ...fault, backend })),
  );
  for (const { title, what, backend, example } of each) {
    // Who mends one sees this test fail, since it no longer does, and deletes the entry.
    it.fails(`${example.operation} (${backend ?? "float64"}): ${title}`, () => {
      const { call, shapes } = allCases.find(({ name }) => name === example.operation)!;
      const columns = example.at.map((value) =>
        tensor(new Float64Array(8).fill(value), [8], { dtype: "float64" }),
      );
      const inDtype = columns.map((x) => (backend === null ? x : x.to("float32")));
      const [x, [cotangent]] = [inDtype.slice(0, shapes.length), inDtype.slice(shapes.length)];
      const evaluate = (): Tensor => {
        if (cotangent === undefined) return call(...x);
        const [, pullback] = vjp((of: readonly Tensor[]) => call(...of), x);
        return pullback(cotangent)[Number(/\d/.exec(what)?.[0] ?? 0)];
      };
      const found = onBackend(backend ?? "typescript", () => evaluate().toTypedArray()[0]);
      // Either the right number is infinite, or a few units of float32 are allowed.
      if (found !== example.right) expect(Math.abs(found / example.right - 1)).toBeLessThan(1e-5);
    });
  }
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

describe(`broadcasting and views, at any shapes that fit (with seed=${seed})`, () => {
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
