/** Mistakes with tensors: each is named with the function that was called, and what to do instead. */

import { describe, expect, it, test } from "vitest";
import {
  allClose,
  apply,
  arange,
  binary,
  evaluate,
  linspace,
  noGrad,
  normal,
  oneHot,
  ones,
  Random,
  tensor,
  unary,
  uniform,
  zeros,
} from "../../src/index.ts";

const wrong = (value: unknown): never => value as never;
const leaf = () => tensor([1, 2], { requiresGrad: true });

test.each<[string, () => unknown, RegExp]>([
  [
    "options twice",
    () => tensor([1], {} as never, {}),
    /^tensor: got options twice\.\n.*tensor\(values, shape, options\)/,
  ],
  ["a tensor", () => tensor(wrong(ones([2]))), /^tensor: got a tensor\.\n.*clone\(\)/],
  ["an option that is none", () => tensor([1], { shape: [1] } as never), /^tensor: .*shape/],
  ["text among numbers", () => tensor([[1], ["a"]] as never), /^tensor: /],
  ["a negative size", () => ones([-1]), /^ones: /],
  ["a negative size, of zeros", () => zeros([-1]), /^zeros: /],
  ["a start that is no number", () => linspace(wrong("0"), 1, 3), /^linspace: start/],
  ["a stop that is no number", () => linspace(0, wrong("1"), 3), /^linspace: stop/],
  ["no tensor", () => allClose(wrong("x"), ones([1])), /^allClose: /],
  ["no tensor, second", () => allClose(ones([1]), wrong("x")), /^allClose: /],
  [
    "a range in place of options",
    () => normal([2], new Random(1), wrong(3)),
    /^normal: options are an object; got the number 3\.\n.*normal\(shape, random\)\.mul\(/,
  ],
  [
    "a range in place of options, of uniform",
    () => uniform([2], new Random(1), wrong(3)),
    /^uniform: options are an object; got the number 3\.\n.*uniform\(shape, random\)\.mul\(high - low\)/,
  ],
  ["no class", () => oneHot([3], 3), /^oneHot: /],
  ["a number of classes that is none", () => oneHot([0], 1.5), /^oneHot: the number of classes/],
  [
    "an expression that is none",
    () => evaluate(() => wrong([1]), ones([1])),
    /^evaluate: the expression returns/,
  ],
  ["no operand of an expression", () => evaluate((_, x) => x, wrong("x")), /^evaluate: /],
  ["the length of a scalar", () => tensor(1).length, /^length: a scalar has no length\.\n.*item\(\)/],
  ["a gradient to retain that is none", () => ones([2]).retainGrad(), /^retainGrad: nothing is recorded/],
  ["an index beyond the end", () => ones([2]).at(2), /^at: /],
  ["an index that is text", () => ones([2, 2]).at(0, wrong("1")), /^at: an index is a whole number; got .*1/],
  ["recorded values to assign", () => ones([2]).assign(leaf().mul(2)), /^assign: the values are recorded/],
  [
    "a recorded value to assign to",
    () =>
      noGrad(() => leaf())
        .mul(1)
        .assign(2),
    /^assign: a recorded value/,
  ],
  ["a leaf to assign to while recording", () => leaf().assign(2), /^assign: a leaf that requires gradients/],
  [
    "one derivative of two",
    () => binary({ name: "f", value: (m, x, y) => m.add(x, y), derivatives: [1] }),
    /^binary\("f"\): needs 2 derivatives, one for each operand; got 1\.\n.*follows from the value/,
  ],
  [
    "a derivative that is text",
    () => binary({ name: "f", value: (m, x, y) => m.add(x, y), derivatives: [1, wrong("2")] }),
    /^binary\("f"\): a derivative is an expression or a number; got .*2/,
  ],
  [
    "no derivative at all",
    () => unary({ name: "f", value: (_, x) => x, derivative: wrong(null) }),
    /^unary\("f"\): a derivative is/,
  ],
  ["a record that is none", () => apply(wrong(null), [ones([1])], {}), /^apply: /],
  ["a record that is text", () => apply(wrong("f"), [ones([1])], {}), /^apply: /],
])("%s is refused", (_, call, message) => {
  expect(call).toThrow(message);
});

describe("a tensor", () => {
  it("is frozen where it was differentiated and is not now, and only there", () => {
    const x = leaf();
    expect([x.isFrozen, ones([2]).isFrozen, x.mul(2).isFrozen]).toEqual([false, false, false]);
    x.requiresGrad = false;
    expect(x.isFrozen).toBe(true);
    x.requiresGrad = true;
    expect(x.isFrozen).toBe(false);
  });

  it("takes null for its gradient, and a gradient of its shape only", () => {
    const x = leaf();
    x.grad = ones([2]);
    expect(() => {
      x.grad = ones([3]);
    }).toThrow(/^grad: /);
    expect(x.grad?.toArray()).toEqual([1, 1]);
    x.grad = null;
    expect(x.grad).toBe(null);
  });

  it("that was assigned to between an operation and backward, and is read there, is missed", () => {
    const x = leaf();
    const y = x.square().sum();
    noGrad(() => x.assign(3));
    expect(() => y.backward()).toThrow(/changed in place/);
  });

  it("shows the array that it lives in: what is written there is read by what comes after, on any backend", () => {
    const x = tensor([1, 2, 3]).mul(2);
    const { data } = x;
    x.add(1);
    data[0] = 40;
    expect(x.add(1).toArray()).toEqual([41, 5, 7]);
  });
});

test("rows in rows without end are refused: arrays that contain themselves, and more elements than there can be", () => {
  const own: unknown[] = [];
  own.push(own);
  const [one, other]: unknown[][] = [[], []];
  one.push([other, 1]);
  other.push(one);
  for (const values of [own, one]) expect(() => tensor(wrong(values))).toThrow(/^tensor: .*contain itself/);
  let halves: unknown = 1;
  for (let i = 0; i < 40; i++) halves = [halves, halves];
  expect(() => tensor(wrong(halves))).toThrow(/^tensor: .* has 1099511627776 elements/);
  expect(() => tensor(wrong([1, own]))).toThrow(/^tensor: the nested array is ragged/);
});

test("an expression is evaluated with as many operands as are given, now one and now two", () => {
  const first = <V>(_: unknown, x: V, ..._rest: V[]): V => x;
  expect(evaluate(first, tensor([1, 2])).toArray()).toEqual([1, 2]);
  expect(evaluate(first, tensor([3, 4]), 5).toArray()).toEqual([3, 4]);
  expect(evaluate(first, tensor([5, 6])).toArray()).toEqual([5, 6]);
});

test("arange has as many elements as stay before its stop, though quotients round up or down", () => {
  for (const step of [0.1, 0.3, 1 / 3, 0.7, 1.1, 1e-3]) {
    for (let count = 1; count < 40; count++) {
      for (const sign of [1, -1]) {
        const stop = 1 + sign * step * count;
        const { length } = arange(1, stop, sign * step, { dtype: "float64" });
        const isBefore = (i: number): boolean => sign * (1 + i * sign * step) < sign * stop;
        expect([isBefore(length - 1), isBefore(length)], `${step} ${count}`).toEqual([true, false]);
      }
    }
  }
});
