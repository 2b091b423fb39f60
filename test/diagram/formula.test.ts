/** Formulas have the numbers of the engine, and read as in a textbook. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import * as halograd from "../../src/index.ts";
import {
  type Arithmetic,
  derivativeFormula,
  formulaOf,
  grad,
  type Operation,
  sigmoid,
  silu,
  type Tensor,
  tensor,
  unary,
  valueFormula,
} from "../../src/index.ts";
import { examplesOfRecord } from "../../src/testing/vocabulary.ts";

type Elementwise = ((...operands: Tensor[]) => Tensor) & { operation: Operation };

const operations = Object.entries(halograd as Record<string, unknown>).filter(
  (entry): entry is [string, Elementwise] => {
    const { operation } = entry[1] as Partial<Elementwise>;
    return operation?.value !== undefined;
  },
);

/** Numbers on all sides of 0 and 1, none so small that its reciprocal leaves float64. */
const operand = fc.oneof(
  fc.double({ min: -6, max: 6, noNaN: true }).map((value) => (Math.abs(value) < 1e-6 ? 0 : value)),
  fc.integer({ min: -3, max: 3 }),
);

describe.each(operations)("%s", (_, f) => {
  const { operation } = f;
  const arity = examplesOfRecord(operation)[0].shapes.length;
  const operands = fc.array(operand, { minLength: arity, maxLength: arity });
  const formula = valueFormula(operation)!;
  const slopes = Array.from({ length: arity }, (_, index) => derivativeFormula(operation, index)!);

  property.prop([operands])("its formula has the values of the operation", (values) => {
    const inputs = values.map((value) => tensor(value, { dtype: "float64" }));
    const expected = f(...inputs).item();
    if (Number.isFinite(expected)) expectClose(formula.evaluate(...values), expected);
  });

  property.prop([operands, fc.nat({ max: arity - 1 })])(
    "the formula of its derivative has the gradients of the engine",
    (values, index) => {
      // Where a rule fills a hole of the formula, as pow's does at 0, the formula has no value to compare.
      const slope = slopes[index].evaluate(...values);
      const inputs = values.map((value) => tensor(value, { dtype: "float64" }));
      if (operation.gradient === undefined) {
        expect(slope).toBe(0);
        return;
      }
      const expected = grad((x) => f(...inputs.with(index, x)).sum())(inputs[index]).item();
      if (Number.isFinite(expected) && Number.isFinite(slope)) expectClose(slope, expected);
    },
  );
});

test("every elementwise operation is tested here", () => {
  expect(operations.map(([name]) => name)).toEqual(expect.arrayContaining(["pow", "gelu", "clamp"]));
  expect(operations.length).toBeGreaterThan(30);
});

test.each([
  ["silu", 0, "σ(x) (1 + x (1 − σ(x)))"],
  ["sigmoid", 0, "σ(x) (1 − σ(x))"],
  ["tanh", 0, "1 − tanh²(x)"],
  ["gelu", 0, "Φ(x) + x φ(x)"],
  ["softplus", 0, "σ(x)"],
  ["relu", 0, "1 if x > 0, else 0"],
  ["abs", 0, "sign(x)"],
  ["sqrt", 0, "1/(2 √x)"],
  ["rsqrt", 0, "−1/(2 x^(3/2))"],
  ["log1p", 0, "1/(1 + x)"],
  ["erf", 0, "2 e^(−x²)/√π"],
  ["div", 1, "−x/y²"],
  ["pow", 0, "y x^(y − 1)"],
  ["pow", 1, "x^y ln(x)"],
  ["square", 0, "2 x"],
  ["clamp", 0, "1 if y ≤ x and x ≤ z, else 0"],
])("the derivative of %s by operand %i reads %s", (name, index, expected) => {
  const [, { operation }] = operations.find((entry) => entry[0] === name)!;
  expect(String(derivativeFormula(operation, index))).toBe(expected);
});

test("numbers among the operands are put in before the formula is simplified", () => {
  const [, { operation }] = operations.find(([name]) => name === "pow")!;
  expect(String(derivativeFormula(operation, 0, ["w", 3]))).toBe("3 w²");
});

test("an operation of one's own has its formulas too", () => {
  const cube = unary({ name: "cube", value: (m, x) => m.mul(x, m.mul(x, x)) });
  expect(String(derivativeFormula(cube, 0, ["w"]))).toBe("3 w²");
  const own = unary({
    name: "own",
    value: (m, x) => m.exp(x),
    derivative: (m, _, y) => m.mul(y, m.constant(1)),
  });
  expect(String(derivativeFormula(own))).toBe("e^x");
});

test("a choice that changes values stays, and one that only keeps digits goes", () => {
  const choose =
    (limit: number, beyond: <V>(m: Arithmetic<V>, x: V) => V) =>
    <V>(m: Arithmetic<V>, x: V) =>
      m.where(m.less(m.constant(limit), x), beyond(m, x), m.mul(x, x));
  expect(
    String(
      formulaOf(
        choose(100, (_, x) => x),
        "x",
      ),
    ),
  ).toBe("x if x > 100, else x²");
  expect(
    String(
      formulaOf(
        choose(100, (m, x) => m.div(m.mul(x, m.mul(x, x)), x)),
        "x",
      ),
    ),
  ).toBe("x²");
});

test("an operation of another kind has no formula, and mistakes are refused", () => {
  expect(valueFormula(halograd.matmul)).toBe(null);
  expect(derivativeFormula(halograd.layerNorm)).toBe(null);
  expect(() => derivativeFormula(silu, 1)).toThrow("silu has no operand 1");
  expect(() => valueFormula(silu, ["x", "y"])).toThrow("silu has 1 operands; got 2 names");
});

test("MathML draws fractions, powers and cases, and escapes names", () => {
  expect(formulaOf((m, x, y) => m.div(x, y), "a<b", "y").toMathML()).toBe(
    "<mfrac><mrow><mi>a&lt;b</mi></mrow><mrow><mi>y</mi></mrow></mfrac>",
  );
  expect(derivativeFormula(silu)!.toMathML()).toContain("<mi>σ</mi>");
});

test("values stand in for operands, negative ones in parentheses", () => {
  expect(formulaOf((m, x, y) => m.mul(m.mul(x, x), y), "x", "y").toString(["−2", "3"])).toContain("(−2)²");
  expect(derivativeFormula(sigmoid)!.toString(["−2"])).toBe("σ(−2) (1 − σ(−2))");
});

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected) + 1e-14);
}
