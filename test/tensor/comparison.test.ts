/** Comparing tensors: our own functions, and what assertion libraries make of tensors. */

import assert from "node:assert";

import { chai, describe, expect, test } from "vitest";
import { AssertionError, allClose, equals, type Tensor, tensor, where, zeros } from "../../src/index.ts";
import { assertClose } from "../../src/testing/index.ts";
import { errorOf } from "../messages.ts";

/** What each library says of two tensors; vitest's matchers are those of Jest. */
const libraries: readonly [name: string, compare: (a: Tensor, b: Tensor) => void][] = [
  ["assert.deepEqual", (a, b) => assert.deepEqual(a, b)],
  ["assert.deepStrictEqual", (a, b) => assert.deepStrictEqual(a, b)],
  ["chai's deep.equal", (a, b) => chai.expect(a).to.deep.equal(b)],
  ["toEqual", (a, b) => expect(a).toEqual(b)],
  ["toStrictEqual", (a, b) => expect(a).toStrictEqual(b)],
  ["toEqual, in an object", (a, b) => expect({ list: [a] }).toEqual({ list: [b] })],
  ["toMatchObject", (a, b) => expect({ a }).toMatchObject({ a: b })],
];

/** Equal by value, however they came about. */
const equal: readonly [title: string, a: () => Tensor, b: () => Tensor][] = [
  ["scalars", () => tensor(1), () => tensor(1)],
  ["vectors", () => tensor([1, 2]), () => tensor([1, 2])],
  ["a result and what is expected", () => tensor([[1, 2]]).mul(2), () => tensor([[2, 4]])],
  ["a recorded result", () => tensor([1, 2], { requiresGrad: true }).mul(2), () => tensor([2, 4])],
  ["results of two tapes", () => grown(2), () => grown(3)],
  ["a view", () => tensor([[1, 3], [2, 4]]).transpose(), () => tensor([[1, 2], [3, 4]])], // biome-ignore format: rows
  ["one element of many", () => tensor([5, 6]).at(1), () => tensor(6)],
  ["what was changed in place", () => zeros([2]).assign(tensor([1, 2])), () => tensor([1, 2])],
  ["empty ones", () => zeros([0, 2]), () => zeros([0, 2])],
  ["NaN", () => tensor(NaN), () => tensor(0).log().mul(0)],
];

const different: readonly [title: string, a: () => Tensor, b: () => Tensor][] = [
  ["scalars", () => tensor(1), () => tensor(2)],
  ["vectors", () => tensor([1, 2]), () => tensor([1, 3])],
  ["recorded results", () => grown(2), () => grown(2).add(1e-6)],
  ["shapes", () => zeros([2, 3]), () => zeros([3, 2])],
  ["empty shapes", () => zeros([0, 2]), () => zeros([0, 3])],
  ["ranks", () => tensor([1]), () => tensor(1)],
  ["dtypes", () => tensor([1]), () => tensor([1], { dtype: "float64" })],
  ["views of one memory", () => views()[0], () => views()[1]],
];

const grown = (steps: number): Tensor => {
  let x = tensor([1, 2], { requiresGrad: true });
  for (let i = 0; i < steps; i++) x = x.mul(1);
  return x;
};
const views = (): Tensor[] => {
  const x = tensor([1, 2, 1, 3]);
  return [x.slice([0, 2]), x.slice([2, 4])];
};

describe.each(libraries)("%s", (name, compare) => {
  // Node compares typed arrays loosely as numbers, which NaN is not, and strictly as bytes, of which NaN has several.
  const cases = name.startsWith("assert") ? equal.filter(([title]) => title !== "NaN") : equal;
  test.each(cases)("takes equal tensors for equal: %s", (_, a, b) => {
    expect(() => compare(a(), b())).not.toThrow();
  });

  test.each(different)("tells tensors apart by %s", (_, a, b) => {
    expect(() => compare(a(), b())).toThrow();
  });

  test("leaves a compared tensor as usable as before", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    compare(x, tensor([1, 2]));
    x.square().sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
    expect(x.requiresGrad).toBe(true);
  });
});

describe("equals", () => {
  test.each(equal)("holds for %s", (_, a, b) => expect(equals(a(), b())).toBe(true));
  test.each(different)("tells %s apart", (_, a, b) => expect(equals(a(), b())).toBe(false));
});

describe("allClose", () => {
  test("takes |a − b| ≤ absolute + relative |b|", () => {
    expect(allClose(tensor(101), tensor(100), { relative: 0.01 })).toBe(true);
    expect(allClose(tensor(101.5), tensor(100), { relative: 0.01 })).toBe(false);
    expect(allClose(tensor(0.5), 0, { absolute: 0.5 })).toBe(true);
    expect(allClose(tensor(0.5), 0, { relative: 1 })).toBe(false);
    expect(allClose(tensor([1, 1 + 2e-5]), tensor([1, 1]))).toBe(false);
    expect(allClose(tensor([1, 1 + 5e-6]), tensor([1, 1]))).toBe(true);
  });

  test("finds an infinity close to itself only", () => {
    expect(allClose(tensor(Infinity), Infinity)).toBe(true);
    for (const [a, b] of [[1, Infinity], [Infinity, 1], [-Infinity, Infinity], [NaN, 1], [1, NaN]]) // biome-ignore format: rows
      expect(allClose(a, b, { relative: 0.5, absolute: 1e30 }), `${a} and ${b}`).toBe(false);
  });

  test("refuses a tolerance that is none", () => {
    expect(errorOf(() => allClose(1, 1, { relative: -1 })).message).toMatch(/relative is at least 0; got -1/);
    expect(errorOf(() => allClose(1, 1, { rtol: 1 } as never)).message).toMatch(/no option "rtol"/);
  });
});

describe("assertClose", () => {
  test("names the first element that differs, what is allowed, and how many differ", () => {
    const error = errorOf(() => assertClose(tensor([[1, 2], [3, 4]]), tensor([[1, 2], [3.5, 5]]), { relative: 0.1 })); // biome-ignore format: rows
    expect(error).toBeInstanceOf(AssertionError);
    expect(error.message).toContain("element [1, 0] is 3, expected 3.5: they differ by 0.5, allowed is 0.35");
    expect(error.message).toContain("2 of 4 elements differ");
  });

  test("names shapes that differ, and accepts what is close", () => {
    expect(errorOf(() => assertClose(zeros([2]), zeros([3]))).message).toContain(
      "the shape is [2], expected [3]",
    );
    assertClose(tensor([0.1]).mul(3), tensor([0.3], { dtype: "float64" }));
    assertClose(tensor(1), 1);
  });
});

test("a scalar is not iterable, as JavaScript says of a number", () => {
  expect(() => [...tensor(1)]).toThrow(/not iterable/);
});

describe("operations whose receiver would be misread", () => {
  const x = tensor([1, -2]) as unknown as Record<string, (...values: unknown[]) => unknown>;
  test.each([
    ["where", /import \{ where \} from "halograd", and write where\(condition, x, y\)/],
    ["linearCombination", /write linearCombination\(a, x, b, y\)/],
  ])("%s is a function and no method", (name, fix) => {
    expect(errorOf(() => x[name](tensor([1, 0]), 0, 0)).message).toMatch(fix);
  });

  test("where takes the condition first", () => {
    expect(where(tensor([1, 0]), tensor([1, -2]), 0)).toEqual(tensor([1, 0]));
  });
});
