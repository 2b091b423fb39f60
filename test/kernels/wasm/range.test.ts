/** Lanes whose steps leave the range of float32: they are computed in float64, and no other changes. */

import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, it, test } from "vitest";
import { binary, tensor, useBackend } from "../../../src/index.ts";
import { type Arithmetic, type Expression, kernelOf } from "../../../src/kernels/index.ts";
import { numbers } from "../../../src/kernels/typescript/numbers.ts";
import { compileLanes, lanesModule, PATIENCE } from "../../../src/kernels/wasm/elementwise.ts";
import { ElementwiseOperation } from "../../../src/ops/elementwise-record.ts";
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
  [
    "a divisor that overflows, or is NaN where something is infinite",
    (m, x, y, z) => m.div(x, m.where(m.equal(z, m.constant(Infinity)), m.constant(Number.NaN), m.mul(y, z))),
    [1e30, 1e20, 1e20],
    [2, 3, 4],
  ],
  [
    "the slope of a logarithm's slope",
    (m, s, t, x) =>
      m.neg(m.mul(s, m.div(m.div(t, m.where(m.less(x, m.constant(0)), m.constant(Number.NaN), x)), x))),
    [1e-42, 1, 1e-39],
    [2, 3, 4],
  ],
  [
    "a negative product that overflows",
    (m, x, c) => m.mul(c, m.neg(m.mul(m.exp(x), m.exp(x)))),
    [60, 1e-30],
    [1, 2],
  ],
  [
    "what underflows, times what is negative and large",
    (m, x, y, c) => m.mul(m.mul(x, y), m.neg(m.exp(c))),
    [1e-30, 1e-20, 80],
    [2, 3, 1],
  ],
  ["a rest of the error function that underflows", (m, x, c) => m.mul(c, m.erfc(x)), [9.8, 1e38], [0.5, 2]],
  ["a root of what underflows", (m, x, y) => m.sqrt(m.mul(x, y)), [1e-30, 1e-20], [2, 3]],
  ["a logarithm of what underflows", (m, x, y) => m.log(m.mul(x, y)), [1e-30, 1e-20], [2, 3]],
  ["a divisor that underflows", (m, x, y) => m.div(x, m.mul(m.tanh(y), m.tanh(y))), [1e-30, 1e-30], [2, 3]],
  ["a logarithm of a bounded value", (m, x) => m.log(m.exp(m.neg(m.abs(x)))), [120], [2]],
  ["a power of what underflows", (m, x, y) => m.pow(m.mul(x, y), m.constant(0.5)), [1e-30, 1e-20], [2, 3]],
  ["a power of what overflows", (m, x, y) => m.pow(m.mul(x, y), m.constant(-0.5)), [1e30, 1e20], [2, 3]],
  [
    "what is no number of one sign, and the smaller of two",
    (m, x, y, z) => m.minimum(m.mul(m.mul(x, x), y), z),
    [1e24, 1e-15, 3e37],
    [2, 3, 4],
  ],
  [
    "a power of e to what has overflowed",
    (m, x, y) => m.exp(m.neg(m.mul(m.mul(x, x), y))),
    [1e20, 1e-40],
    [2, 3],
  ],
  ["a bound of what has overflowed", (m, x, y) => m.tanh(m.mul(m.mul(x, x), y)), [1e20, 1e-40], [0.2, 3]],
  [
    "a choice by what has overflowed",
    (m, x, y) => m.where(m.less(m.mul(m.mul(x, x), y), m.constant(5)), x, y),
    [1e20, 1e-40],
    [2, 3],
  ],
  [
    "what is lost and then multiplied by 0",
    (m, x, y) => m.div(m.constant(1), m.maximum(m.div(m.mul(y, y), x), m.mul(x, m.mul(y, y)))),
    [1e-39, 1],
    [2, 3],
  ],
  [
    "a root of what underflows, far from its error",
    (m, x, y) => m.div(y, m.add(m.sqrt(m.mul(x, m.mul(x, y))), x)),
    [1e-31, 1],
    [2, 3],
  ],
  [
    "two factors that have both become 0",
    (m, x, y) => m.mul(m.mul(y, y), m.div(m.div(m.mul(x, y), x), m.mul(y, y))),
    [1e-33, 1e-22],
    [2, 3],
  ],
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

/**
 * Expressions of positive operands x and y in which nothing cancels, so that rounding alone leaves each result nearly exact. Powers of e
 * have bounded exponents.
 */
const { positive } = fc.letrec<{ positive: Expression }>((tie) => {
  const two = (join: <V>(m: Arithmetic<V>, a: V, b: V) => V): fc.Arbitrary<Expression> =>
    fc.tuple(tie("positive"), tie("positive")).map(
      ([a, b]) =>
        (m, ...x) =>
          join(m, a(m, ...x), b(m, ...x)),
    );
  const one = (apply: <V>(m: Arithmetic<V>, a: V) => V): fc.Arbitrary<Expression> =>
    tie("positive").map(
      (a) =>
        (m, ...x) =>
          apply(m, a(m, ...x)),
    );
  return {
    positive: fc.oneof(
      { maxDepth: 5, depthSize: "medium" },
      {
        weight: 3,
        arbitrary: fc.constantFrom<Expression[]>(
          (_, x) => x,
          (_, __, y) => y,
        ),
      },
      fc.constantFrom(0.5, 3, 1e-30, 1e25).map(
        (value): Expression =>
          (m) =>
            m.constant(value),
      ),
      { weight: 3, arbitrary: two((m, a, b) => m.mul(a, b)) },
      { weight: 3, arbitrary: two((m, a, b) => m.div(a, b)) },
      two((m, a, b) => m.add(a, b)),
      two((m, a, b) => m.maximum(a, b)),
      two((m, a, b) => m.minimum(a, b)),
      one((m, a) => m.sqrt(a)),
      one((m, a) => m.abs(m.neg(a))),
      one((m, a) => m.exp(m.neg(m.minimum(a, m.constant(200))))),
      one((m, a) => m.exp(m.minimum(a, m.constant(150)))),
      one((m, a) => m.mul(m.tanh(a), a)),
      one((m, a) => m.pow(a, m.constant(1.5))),
      // By an operand, which is exact: a rounding must not decide.
      tie("positive").map(
        (a): Expression =>
          (m, x, y) =>
            m.where(m.less(x, m.constant(1)), m.mul(a(m, x, y), y), m.div(a(m, x, y), x)),
      ),
    ),
  };
});
const ofAnySize = fc
  .tuple(fc.integer({ min: -44, max: 38 }), fc.double({ min: 1, max: 3, noNaN: true }))
  .map(([exponent, digits]) => Math.fround(digits * 10 ** exponent));
const lanes = (value: fc.Arbitrary<number>): fc.Arbitrary<Float32Array> =>
  fc.array(value, { minLength: 9, maxLength: 9 }).map((values) => Float32Array.from(values));

property.prop([positive, lanes(ofAnySize), lanes(ofAnySize)], { numRuns: 400 })(
  "a result is nearly that of float64, whatever its steps do",
  (expression, x, y) => {
    const [guarded] = both(expression, x, y);
    for (let i = 0; i < x.length; i++) {
      const exact = expression(numbers, x[i], y[i]);
      // What float64 has no number for either is beyond any promise.
      if (!isWithin(expression, x[i], y[i])) continue;
      const wanted = Math.fround(exact);
      if (wanted === guarded[i]) continue;
      // Steps that are rounded to subnormal numbers cost a few of their units.
      expect(
        Math.abs(guarded[i] - wanted),
        `${expression(texts, "x", "y")} of ${x[i]} and ${y[i]}: ${guarded[i]}, not ${wanted}`,
      ).toBeLessThan(1e-3 * wanted + 40 * 2 ** -149);
    }
  },
);

/** An expression as it is written. */
const texts = Object.fromEntries(
  Object.keys(numbers).map((name) => [name, (...parts: unknown[]) => `${name}(${parts.join(", ")})`]),
) as unknown as Arithmetic<string>;

/** Whether all steps of an expression are numbers that float64 has in full. */
function isWithin(expression: Expression, ...operands: number[]): boolean {
  let isOrdinary = true;
  const watched = Object.fromEntries(
    Object.entries(numbers).map(([name, f]) => [
      name,
      (...values: number[]) => {
        const value = (f as (...values: number[]) => number)(...values);
        if (!(Math.abs(value) < 1e300 && (Math.abs(value) > 1e-300 || value === 0))) isOrdinary = false;
        return value;
      },
    ]),
  ) as unknown as Arithmetic<number>;
  expression(watched, ...operands);
  return isOrdinary;
}

property.prop(
  [positive, ...[1, 2].map(() => lanes(fc.double({ min: 0.25, max: 4, noNaN: true }).map(Math.fround)))] as [
    typeof positive,
    fc.Arbitrary<Float32Array>,
    fc.Arbitrary<Float32Array>,
  ],
  { numRuns: 400 },
)("no bit changes where no step is near the ends of float32", (expression, x, y) => {
  const sizes: number[] = [];
  const watched = Object.fromEntries(
    Object.entries(numbers).map(([name, f]) => [
      name,
      (...values: number[]) => {
        const value = (f as (...values: number[]) => number)(...values);
        sizes.push(Math.abs(value));
        return value;
      },
    ]),
  ) as unknown as Arithmetic<number>;
  for (let i = 0; i < x.length; i++) expression(watched, x[i], y[i]);
  fc.pre(sizes.every((size) => size === 0 || (size > 1e-15 && size < 1e15)));
  const [guarded, bare] = both(expression, x, y);
  expect(guarded).toEqual(bare);
});

test.each<[string, Expression]>([
  ["one product", (m, x, y) => m.mul(x, y)],
  ["a product with a bounded factor", (m, x, y) => m.mul(m.erf(x), m.tanh(y))],
  ["the logistic function", (m, x) => m.div(m.constant(1), m.add(m.constant(1), m.exp(m.neg(m.abs(x)))))],
  ["what a condition bounds", (m, x) => m.exp(m.where(m.less(x, m.constant(20)), x, m.constant(20)))],
])("%s cannot leave the range, and is not guarded", (_, expression) => {
  expect(lanesModule(kernelOf(expression), 2, 0).imports).toEqual({});
});

test("of the operations and their slopes, these call JavaScript: where a step leaves the range, and sin and cos of large numbers", () => {
  const guarded = operations.flatMap((each) => {
    if (!(each instanceof ElementwiseOperation)) return [];
    const slopes = each.rules.flatMap((rule, i) => {
      const slope = rule?.operation;
      return slope instanceof ElementwiseOperation ? [[`${each.name}′${i}`, slope] as const] : [];
    });
    return [[each.name, each] as const, ...slopes].flatMap(([name, { value, arity }]) =>
      Object.keys(lanesModule(kernelOf(value), arity, 0).imports ?? {}).length > 0 ? [name] : [],
    );
  });
  expect(guarded.join(" ")).toMatchInlineSnapshot(
    `"div′1 pow′0 pow′1 linearCombination square′0 rsqrt′0 reciprocal′0 exp′0 expm1′0 sin sin′0 cos cos′0 tanh′0 erf′0 erfc′0 sigmoid′0 silu′0 elu′0 gelu gelu′0 softplus′0 clamp′1 tan tan′0 asin asin′0 acos acos′0 atan atan′0 atan2 atan2′0 atan2′1 sinh sinh′0 cosh cosh′0 logSigmoid′0 logAddExp′0 logAddExp′1"`,
  );
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
