/** Lanes whose steps leave the range of float32: they are computed in float64, and no other changes. */

import { describe, expect, it, test } from "vitest";
import { binary, tensor, useBackend } from "../../../src/index.ts";
import { type Expression, kernelOf } from "../../../src/kernels/index.ts";
import { numbers } from "../../../src/kernels/typescript/numbers.ts";
import { compileLanes, lanesModule, PATIENCE } from "../../../src/kernels/wasm/elementwise.ts";
import type { ElementwiseOperation } from "../../../src/ops/elementwise-record.ts";
import { operations } from "../../ops/records.ts";
import { tensorOperands } from "./operands.ts";

PATIENCE.elements = 0;

/** Results of an expression in lanes, with and without guard. */
function both(
  expression: Expression,
  ...operands: readonly Float32Array[]
): [guarded: Float32Array, bare: Float32Array] {
  const run = (expressions: ReturnType<typeof kernelOf>): Float32Array => {
    const { memory, outputs, table } = tensorOperands(expressions, operands);
    compileLanes(memory, expressions, operands.length)(1, operands[0].length, table, 0);
    return outputs[0];
  };
  return [run(kernelOf(expression)), run((m, ...values) => [expression(m, ...values)])];
}

/** Operands of which every third leads the expression out of range: [x, y, …] at each place, among ordinary ones. */
function among(extreme: readonly number[], ordinary: readonly number[], count: number): Float32Array[] {
  return extreme.map((value, k) =>
    Float32Array.from({ length: count }, (_, i) => (i % 3 === 1 ? value : ordinary[k] * (1 + i / 7))),
  );
}

const CASES: readonly [name: string, expression: Expression, extreme: number[], ordinary: number[]][] = [
  [
    "a factor that underflows before another brings it back",
    (m, x, c) => m.mul(c, m.exp(x)),
    [-100, 1e30],
    [-1, 2],
  ],
  ["a factor that overflows", (m, x, c) => m.mul(c, m.exp(x)), [95, 1e-30], [1, 2]],
  ["a product in three", (m, x, y, z) => m.mul(m.mul(x, y), z), [1e-30, 1e-30, 1e30], [2, 3, 4]],
  [
    "a product that overflows, in three",
    (m, x, y, z) => m.mul(m.mul(x, y), z),
    [1e30, 1e30, 1e-30],
    [2, 3, 4],
  ],
  ["a quotient of a product", (m, x, y, z) => m.div(m.mul(x, y), z), [1e-30, 1e-20, 1e-25], [2, 3, 4]],
  ["a divisor that overflows", (m, x, y, z) => m.div(x, m.mul(y, z)), [1e30, 1e20, 1e20], [2, 3, 4]],
  ["a difference that overflows", (m, x, y, z) => m.mul(m.sub(x, y), z), [3e38, -3e38, 1e-10], [2, 3, 4]],
  [
    "infinite terms of both signs",
    (m, x, y, z) => m.sub(m.mul(x, y), m.mul(y, z)),
    [3e38, 2, 2.9e38],
    [2, 3, 4],
  ],
  ["a root of what underflows", (m, x, y) => m.sqrt(m.mul(x, y)), [1e-30, 1e-20], [2, 3]],
  ["a logarithm of what underflows", (m, x, y) => m.log(m.mul(x, y)), [1e-30, 1e-20], [2, 3]],
  ["a divisor that underflows", (m, x, y) => m.div(x, m.mul(m.tanh(y), m.tanh(y))), [1e-30, 1e-30], [2, 3]],
  ["a logarithm of a bounded value", (m, x) => m.log(m.exp(m.neg(m.abs(x)))), [120], [2]],
  ["a power of what underflows", (m, x, y) => m.pow(m.mul(x, y), m.constant(0.5)), [1e-30, 1e-20], [2, 3]],
  ["a power of what overflows", (m, x, y) => m.pow(m.mul(x, y), m.constant(-0.5)), [1e30, 1e20], [2, 3]],
  [
    "a branch that is taken",
    (m, x, c) => m.where(m.less(x, m.constant(-50)), m.mul(c, m.exp(x)), x),
    [-100, 1e30],
    [-1, 2],
  ],
];

describe.each(CASES)("%s", (_, expression, extreme, ordinary) => {
  // Vectors abreast, single ones, and what is left of one.
  it.each([1, 3, 4, 7, 16, 61])(
    "gives digits among %i elements, and bits that are the same elsewhere",
    (count) => {
      const operands = among(extreme, ordinary, count);
      const [guarded, bare] = both(expression, ...operands);
      for (let i = 0; i < count; i++) {
        const exact = Math.fround(expression(numbers, ...operands.map((x) => x[i])));
        expect(guarded[i]).toBe(i % 3 === 1 ? exact : bare[i]);
        if (i % 3 === 1) expect(bare[i]).not.toBe(exact);
      }
    },
  );
});

test("no value or gradient changes a bit where operands are ordinary", () => {
  const operands = [0.7, -0.4, 1.3, 2.1, 0.2].map((scale, k) =>
    Float32Array.from({ length: 37 }, (_, i) => scale * Math.sin(i * (k + 1)) + (k === 0 ? 1.5 : 0)),
  );
  const elementwise = operations.filter((each): each is ElementwiseOperation => each.value !== undefined);
  for (const { name, value, arity, rules } of elementwise) {
    const all: [Expression, number][] = [[value, arity]];
    for (const rule of rules) {
      const { operation } = rule ?? {};
      if (operation?.value !== undefined)
        all.push([operation.value, (operation as ElementwiseOperation).arity]);
    }
    for (const [expression, count] of all) {
      const [guarded, bare] = both(expression, ...operands.slice(0, count));
      expect(guarded, name).toEqual(bare);
    }
  }
});

test.each<[string, Expression]>([
  ["one product", (m, x, y) => m.mul(x, y)],
  ["a product with a bounded factor", (m, x, y) => m.mul(m.erf(x), m.tanh(y))],
  ["the logistic function", (m, x) => m.div(m.constant(1), m.add(m.constant(1), m.exp(m.neg(m.abs(x)))))],
  ["what a condition bounds", (m, x) => m.exp(m.where(m.less(x, m.constant(20)), x, m.constant(20)))],
])("%s cannot leave the range, and is not guarded", (_, expression) => {
  expect(lanesModule(kernelOf(expression), 2, 0).imports).toEqual({});
});

test("an element that is rescued has the same bits when an operand is repeated, along rows, columns or everywhere", () => {
  useBackend("wasm");
  const fading = binary({ name: "fading", value: (m, x, c) => m.mul(c, m.exp(m.mul(x, m.abs(x)))) });
  const at = [-10, 1, -9.5, 0.3, -10.1];
  const by = [1e30, 2, 3e38, 0, -1e25, 1, 1e-30];
  const columns = tensor(at).unsqueeze(1);
  const whole = fading(columns.expand([5, 7]).clone(), tensor(by).expand([5, 7]).clone()).toTypedArray();
  expect(fading(columns, tensor(by)).toTypedArray()).toEqual(whole);
  for (const [i, x] of at.entries()) {
    expect(fading(x, tensor(by)).toTypedArray()).toEqual(whole.slice(7 * i, 7 * i + 7));
    for (const [k, c] of by.entries())
      expect(fading(columns, tensor(c)).at(i, 0).item()).toBe(whole[7 * i + k]);
  }
});
