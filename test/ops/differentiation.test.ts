/** Derivatives that follow from a value: every word of the arithmetic, by numbers and by what the rules read. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { grad, noGrad, type Tensor, tensor, unary } from "../../src/index.ts";
import type { Expression } from "../../src/kernels/index.ts";
import { numbers } from "../../src/kernels/typescript/numbers.ts";
import { derivativeOf, tangentOf } from "../../src/ops/differentiation.ts";
import * as elementwise from "../../src/ops/elementwise.ts";
import { type Operation, OUTPUT } from "../../src/ops/operation.ts";

const E: Record<string, [expression: Expression, low: number, high: number]> = {
  add: [(m, x) => m.add(x, m.mul(x, x)), -3, 3],
  sub: [(m, x) => m.sub(m.mul(x, x), x), -3, 3],
  mul: [(m, x) => m.mul(x, m.sin(x)), -3, 3],
  div: [(m, x) => m.div(m.cos(x), x), 0.2, 3],
  neg: [(m, x) => m.neg(m.exp(x)), -3, 3],
  abs: [(m, x) => m.abs(m.sin(x)), 0.1, 3],
  sqrt: [(m, x) => m.sqrt(m.add(m.constant(4), m.sin(x))), -3, 3],
  maximum: [(m, x) => m.maximum(m.mul(x, x), m.constant(1)), 1.1, 3],
  minimum: [(m, x) => m.minimum(m.constant(1), m.mul(x, x)), -0.9, 0.9],
  less: [(m, x) => m.mul(m.less(x, m.constant(9)), m.mul(x, x)), -3, 3],
  equal: [(m, x) => m.add(m.equal(x, m.constant(9)), m.mul(x, x)), -3, 3],
  where: [(m, x) => m.where(m.less(x, m.constant(-9)), m.exp(x), m.sin(x)), -3, 3],
  exp: [(m, x) => m.exp(m.mul(x, x)), -1, 1],
  log: [(m, x) => m.log(m.mul(x, x)), 0.2, 3],
  log1p: [(m, x) => m.log1p(m.mul(x, x)), -3, 3],
  expm1: [(m, x) => m.expm1(m.sin(x)), -3, 3],
  sin: [(m, x) => m.sin(m.mul(x, x)), -2, 2],
  cos: [(m, x) => m.cos(m.mul(x, x)), -2, 2],
  tanh: [(m, x) => m.tanh(m.mul(x, x)), -1.5, 1.5],
  erfc: [(m, x) => m.erfc(m.mul(x, m.constant(0.7))), -2, 2],
  erf: [(m, x) => m.erf(m.mul(x, m.constant(0.7))), -2, 2],
  pow: [(m, x) => m.pow(x, m.add(x, m.constant(1))), 0.3, 2],
};

describe("the derivative of an expression", () => {
  it("is tried for every word of the arithmetic", () => {
    expect(Object.keys(E).sort()).toEqual(
      Object.keys(numbers)
        .filter((word) => word !== "constant")
        .sort(),
    );
  });

  for (const [word, [expression, low, high]] of Object.entries(E)) {
    test.prop([fc.double({ min: low, max: high, noNaN: true })])(`agrees with differences: ${word}`, (x) => {
      const at = (point: number): number => expression(numbers, point);
      const [wide, narrow] = [2e-3, 1e-3].map((h) => (at(x + h) - at(x - h)) / (2 * h));
      const numeric = (4 * narrow - wide) / 3;
      // Richardson's error is of order h⁴ times a fifth derivative, which is below 1e4 in these intervals.
      expect(Math.abs(derivativeOf(expression)(numbers, x) - numeric)).toBeLessThan(
        1e-7 * (1 + Math.abs(numeric)),
      );
    });
  }

  it("of a constant is 0, and nothing is computed for it", () => {
    expect(derivativeOf((m) => m.constant(3))(numbers, 2)).toBe(0);
    expect(tangentOf(numbers, (m, x) => m.less(x, m.constant(1)), [2], 0, 1)).toBeNull();
  });

  it("takes the tangent into the expression, so that products that fit do not overflow on the way", () => {
    const reciprocal: Expression = (m, x) => m.div(m.constant(1), x);
    expect(tangentOf(numbers, reciprocal, [1e-160], 0, 1e-300)).toBeCloseTo(-1e20, -6);
  });

  it("gives what is not taken 0, even from an infinite cotangent", () => {
    const taken: Expression = (m, x) => m.where(m.less(x, m.constant(0)), m.exp(x), m.constant(1));
    expect(tangentOf(numbers, taken, [1], 0, Infinity)).toBe(0);
  });
});

describe("what a derived gradient rule reads", () => {
  const readsOf = (f: unknown): Operation["reads"] => (f as { operation: Operation }).operation.reads;
  it.each([
    ["add", elementwise.add, [[], []]],
    ["mul", elementwise.mul, [[1], [0]]],
    ["div", elementwise.div, [[1], [0, 1]]],
    ["exp", elementwise.exp, [[0]]],
    ["sqrt", elementwise.sqrt, [[0]]],
    ["sin", elementwise.sin, [[0]]],
    ["where", elementwise.where, [[], [0], [0]]],
    ["less", elementwise.less, [[], []]],
  ] as const)("%s", (_, f, reads) => expect(readsOf(f)).toEqual(reads));

  it("may be the output", () => {
    const exponential = unary({
      name: "exponential",
      value: (m, x) => m.exp(x),
      derivative: (_m, _x, y) => y,
    });
    expect(readsOf(exponential)).toEqual([[OUTPUT]]);
    const x = tensor([0.5, 1], { requiresGrad: true });
    const y = exponential(x);
    const loss = y.sum();
    loss.backward();
    expect(x.grad!.toArray()).toEqual(y.toArray());
    const z = exponential(x).mul(1);
    noGrad(() => x.assign(7));
    z.sum().backward();
    const w = exponential(x);
    const changed = w.sum();
    w.detach().assign(0);
    expect(() => changed.backward()).toThrow(/exponential: .*changed in place/);
  });

  it("may change in place where the rules that run do not read it", () => {
    const weight = tensor([1, 2], { requiresGrad: true });
    const constant = tensor([5, 5]);
    const product = weight.mul(constant);
    weight.detach().assign(0);
    product.sum().backward();
    expect(weight.grad!.toArray()).toEqual([5, 5]);
  });

  it("must not change in place where they do", () => {
    const weight = tensor([1, 2], { requiresGrad: true });
    const constant = tensor([5, 5]);
    const product = weight.mul(constant);
    constant.assign(0);
    expect(() => product.sum().backward()).toThrow(
      /mul: a value that its gradient needs was changed in place/,
    );
  });
});

test("an operation is differentiable as often as one likes from its value alone", () => {
  const quartic = unary({ name: "quartic", value: (m, x) => m.mul(m.mul(x, x), m.mul(x, x)) });
  let f = (x: Tensor): Tensor => quartic(x).sum();
  const values = [16, 32, 48, 48, 24, 0];
  for (const value of values) {
    expect(f(tensor(2)).item()).toBe(value);
    f = grad(f);
  }
});
