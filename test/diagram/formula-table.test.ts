/** How formulas read: those of all operations, and expressions that take the printer and the simplifier to their ends. */
import { expect, test } from "vitest";
import * as halograd from "../../src/index.ts";
import {
  type Arithmetic,
  derivativeFormula,
  formulaOf,
  type Operation,
  valueFormula,
} from "../../src/index.ts";
import { examplesOfRecord } from "../../src/testing/vocabulary.ts";

const operations = Object.entries(halograd as Record<string, unknown>).flatMap(([name, value]) => {
  const { operation } = value as { operation?: Operation };
  return operation?.value === undefined ? [] : [{ name, operation }];
});

test("every operation and its derivatives read as in a textbook", () => {
  const table = operations.map(({ name, operation }) => {
    const slopes = Array.from({ length: examplesOfRecord(operation)[0].shapes.length }, (_, i) =>
      String(derivativeFormula(operation, i)),
    );
    return [`${name}: ${valueFormula(operation)}`, ...slopes.map((slope) => `  ∂: ${slope}`)].join("\n");
  });
  expect(`\n${table.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    add: x + y
      ∂: 1
      ∂: 1
    sub: x − y
      ∂: 1
      ∂: −1
    mul: x y
      ∂: y
      ∂: x
    div: x/y
      ∂: 1/y
      ∂: −x/y²
    pow: x^y
      ∂: y x^(y − 1)
      ∂: x^y ln(x)
    maximum: max(x, y)
      ∂: 1/2 if x = y, 1 if y ≤ x, else 0
      ∂: 1/2 if x = y, 1 if x < y, else 0
    minimum: min(x, y)
      ∂: 1/2 if x = y, 1 if x ≤ y, else 0
      ∂: 1/2 if x = y, 1 if y < x, else 0
    less: 1 if x < y, else 0
      ∂: 0
      ∂: 0
    greater: 1 if y < x, else 0
      ∂: 0
      ∂: 0
    lessEqual: 1 if x ≤ y, else 0
      ∂: 0
      ∂: 0
    greaterEqual: 1 if y ≤ x, else 0
      ∂: 0
      ∂: 0
    equal: 1 if x = y, else 0
      ∂: 0
      ∂: 0
    notEqual: 1 if x ≠ y, else 0
      ∂: 0
      ∂: 0
    where: y if x ≠ 0, else z
      ∂: 0
      ∂: 1 if x ≠ 0, else 0
      ∂: 1 if x = 0, else 0
    linearCombination: x y + z w
      ∂: y
      ∂: x
      ∂: w
      ∂: z
    neg: −x
      ∂: −1
    abs: |x|
      ∂: sign(x)
    sign: sign(x)
      ∂: 0
    square: x²
      ∂: 2 x
    sqrt: √x
      ∂: 1/(2 √x)
    rsqrt: 1/√x
      ∂: −1/(2 x^(3/2))
    reciprocal: 1/x
      ∂: −1/x²
    exp: e^x
      ∂: e^x
    expm1: e^x − 1
      ∂: e^x
    log: ln(x)
      ∂: 1/x
    log1p: ln(1 + x)
      ∂: 1/(1 + x)
    sin: sin(x)
      ∂: cos(x)
    cos: cos(x)
      ∂: −sin(x)
    tanh: tanh(x)
      ∂: 1 − tanh²(x)
    erf: erf(x)
      ∂: 2 e^(−x²)/√π
    erfc: erfc(x)
      ∂: −2 e^(−x²)/√π
    sigmoid: σ(x)
      ∂: σ(x) (1 − σ(x))
    silu: x σ(x)
      ∂: σ(x) (1 + x (1 − σ(x)))
    relu: max(x, 0)
      ∂: 1 if x > 0, else 0
    elu: x if x > 0, else e^(min(x, 0)) − 1
      ∂: e^(min(x, 0))
    gelu: x Φ(x)
      ∂: Φ(x) + x φ(x)
    softplus: max(x, 0) + ln(1 + e^(−|x|))
      ∂: σ(x)
    clamp: min(max(x, y), z)
      ∂: 1 if y ≤ x and x ≤ z, else 0
      ∂: 1 if x < y and y ≤ z, else 0
      ∂: 1 if z < max(x, y), else 0
    logSigmoid: min(x, 0) − ln(1 + e^(−|x|))
      ∂: 1 − σ(x)
    logAddExp: max(x, y) + ln(1 + e^(−|x − y|))
      ∂: σ(0 if |x| = ∞ and x = y, else x − y)
      ∂: σ(0 if |y| = ∞ and y = x, else y − x)
    isFinite: 1 if |x| < ∞, else 0
      ∂: 0
    isNaN: 1 if x ≠ x, else 0
      ∂: 0
    tan: sin(x)/cos(x)
      ∂: 1 + sin²(x)/cos²(x)
    asin: asin(x)
      ∂: 1/√(1 − x²)
    acos: acos(x)
      ∂: −1/√(1 − x²)
    atan: atan(x)
      ∂: 1/(1 + |x|²)
    atan2: atan2(x, y)
      ∂: 0 if max(|y|, |x|) = ∞, else y/((y²/(1 if max(|y|, |x|) = ∞, else max(|y|, |x|))² + x²/(1 if max(|y|, |x|) = ∞, else max(|y|, |x|))²) (1 if max(|y|, |x|) = ∞, else max(|y|, |x|))²)
      ∂: −(0 if max(|y|, |x|) = ∞, else x/((y²/(1 if max(|y|, |x|) = ∞, else max(|y|, |x|))² + x²/(1 if max(|y|, |x|) = ∞, else max(|y|, |x|))²) (1 if max(|y|, |x|) = ∞, else max(|y|, |x|))²))
    sinh: sinh(x)
      ∂: 1 + (e^(|x|/2) − 1 + e^(−|x|/2) (e^(|x|/2) − 1))²/2
    cosh: cosh(x)
      ∂: −(e^(|x|) − 1 + e^(−|x|) (e^(|x|) − 1))/2 if x < 0, else (e^(|x|) − 1 + e^(−|x|) (e^(|x|) − 1))/2
    "
  `);
});

/** Expressions by what they are to show. */
const shown: Record<string, <V>(m: Arithmetic<V>, x: V, y: V) => V> = {
  "a sum of like terms": (m, x, y) => m.add(m.add(x, y), m.add(x, m.neg(y))),
  "what cancels": (m, x) => m.sub(x, x),
  "a number behind a term": (m, x) => m.add(m.constant(2), m.mul(m.constant(-3), x)),
  "a product of sums": (m, x, y) => m.mul(m.add(x, y), m.sub(x, y)),
  "a square of a sum": (m, x, y) => m.mul(m.add(x, y), m.add(x, y)),
  "minus a sum": (m, x, y) => m.neg(m.add(x, y)),
  "a quotient of sums": (m, x, y) => m.div(m.add(x, m.constant(1)), m.sub(y, m.constant(1))),
  "a quotient in a quotient": (m, x, y) => m.div(m.div(x, y), m.div(y, x)),
  "one over a product": (m, x, y) => m.div(m.constant(1), m.mul(x, y)),
  "a root of a square": (m, x) => m.sqrt(m.mul(x, x)),
  "a root under a fraction": (m, x, y) => m.div(y, m.sqrt(x)),
  "a power of a power": (m, x) => m.pow(m.pow(x, m.constant(2)), m.constant(3)),
  "a half of a power": (m, x) => m.pow(x, m.constant(0.5)),
  "a power below 0": (m, x) => m.pow(x, m.constant(-2)),
  "a power of 0 and of 1": (m, x) => m.add(m.pow(x, m.constant(0)), m.pow(x, m.constant(1))),
  "a power of a sum": (m, x, y) => m.pow(m.add(x, y), m.constant(1.5)),
  "a power of a function": (m, x) => m.mul(m.tanh(x), m.mul(m.tanh(x), m.tanh(x))),
  "a power of a number": (m, x) => m.pow(m.constant(2), x),
  "a power of a negative number": (m, x) => m.pow(m.constant(-2), x),
  "e to a sum": (m, x, y) => m.mul(m.exp(x), m.exp(m.neg(y))),
  "e to minus a square": (m, x) => m.exp(m.neg(m.mul(x, x))),
  "a density": (m, x) =>
    m.mul(m.constant(1 / Math.sqrt(2 * Math.PI)), m.exp(m.mul(m.constant(-0.5), m.mul(x, x)))),
  "a logistic function": (m, x) => m.div(m.constant(1), m.add(m.constant(1), m.exp(m.neg(x)))),
  "its other side": (m, x) => m.div(m.exp(m.neg(x)), m.add(m.constant(1), m.exp(m.neg(x)))),
  "known numbers": (m, x) =>
    m.add(m.mul(m.constant(Math.PI), x), m.add(m.constant(1 / 3), m.div(x, m.constant(Math.sqrt(Math.PI))))),
  "fractions of numbers": (m, x) => m.add(m.mul(m.constant(0.75), x), m.constant(-0.125)),
  "numbers of many digits": (m, x) => m.mul(m.constant(0.123456789), x),
  "large and small numbers": (m, x) => m.add(m.mul(m.constant(1e21), x), m.constant(1e-9)),
  "an absolute value": (m, x, y) => m.mul(m.abs(m.sub(x, y)), m.abs(x)),
  "functions of functions": (m, x) => m.log1p(m.expm1(m.sin(m.cos(x)))),
  "the larger and the smaller": (m, x, y) => m.sub(m.maximum(x, y), m.minimum(x, m.constant(0))),
  "a condition as a number": (m, x, y) => m.mul(m.less(x, y), x),
  "not a condition": (m, x, y) => m.sub(m.constant(1), m.less(x, y)),
  "not an equality": (m, x, y) => m.sub(m.constant(1), m.equal(x, y)),
  "two conditions": (m, x, y) => m.mul(m.less(x, y), m.less(y, m.constant(5))),
  "not both of two": (m, x, y) => m.sub(m.constant(1), m.mul(m.less(x, y), m.less(y, m.constant(5)))),
  "a sign": (m, x) => m.sub(m.less(m.constant(0), x), m.less(x, m.constant(0))),
  "a choice of two": (m, x, y) => m.where(m.less(x, m.constant(100)), y, m.mul(x, y)),
  "a choice of three": (m, x, y) =>
    m.where(m.less(x, m.constant(-100)), y, m.where(m.less(x, m.constant(100)), m.neg(y), m.constant(7))),
  "a choice in a product": (m, x, y) => m.mul(y, m.where(m.less(x, m.constant(100)), y, m.constant(2))),
  "a choice of what is alike": (m, x, y) => m.where(m.less(x, y), y, y),
  "a choice by a number": (m, x, y) => m.where(m.constant(0), x, y),
  "erf and erfc": (m, x) => m.sub(m.erf(x), m.erfc(m.neg(x))),
  "powers of functions": (m, x) =>
    m.mul(square(m, m.log(x)), m.div(square(m, m.abs(x)), square(m, m.exp(x)))),
  "a power of a power by a name": (m, x, y) => m.pow(m.pow(x, y), m.constant(2)),
  "a name to the power of a power": (m, x, y) => m.pow(x, m.pow(y, m.constant(2))),
  "a power of a multiple": (m, x, y) => m.pow(m.mul(m.constant(2), x), y),
  "e to a product of sums": (m, x, y) => m.exp(m.mul(m.add(x, y), m.sub(x, y))),
  "e to a name and to a number": (m, x, y) => m.add(m.exp(y), m.mul(m.exp(m.constant(800)), x)),
  "what is positive first": (m, x, y) => m.add(m.sub(m.neg(x), m.constant(1)), y),
  "nothing positive": (m, x, y) => m.sub(m.neg(x), y),
  "a product in a sum in a product": (m, x, y) =>
    m.mul(m.add(m.mul(x, y), m.constant(-1)), m.mul(m.constant(-2), y)),
  "a power of a fraction": (m, x) => m.pow(m.constant(0.75), x),
  "a power to a fraction": (m, x) => m.pow(x, m.constant(-2 / 3)),
  "a root of a product": (m, x, y) => m.sqrt(m.mul(m.constant(2), m.mul(x, y))),
  "one over a root of a sum": (m, x, y) => m.div(m.constant(1), m.sqrt(m.add(x, y))),
  "a large whole number": (m, x) => m.add(m.mul(m.constant(999_999), x), m.constant(1_234_567)),
  "a twelfth and a thirteenth": (m, x) => m.add(m.mul(m.constant(7 / 12), x), m.constant(1 / 13)),
  "what is nearly a third": (m, x) => m.mul(m.constant(1 / 3 + 1e-9), x),
  "what is nearly 1 and nearly 0": (m, x) => m.add(m.mul(m.constant(1 + 1e-4), x), m.constant(1e-14)),
  "infinity and nothing": (m, x) => m.add(m.constant(-Infinity), m.mul(m.constant(Number.NaN), x)),
  "π and its roots": (m, x, y) =>
    m.add(m.mul(m.constant(Math.PI), x), m.add(m.mul(m.constant(Math.SQRT2), y), m.constant(Math.SQRT1_2))),
  "a density that is not normal": (m, x) => m.mul(m.constant(1 / Math.sqrt(2 * Math.PI)), m.cos(x)),
  "a density of something else": (m, x) =>
    m.mul(m.constant(1 / Math.sqrt(2 * Math.PI)), m.exp(m.mul(m.constant(-0.5), m.mul(x, m.mul(x, x))))),
  "a density of another width": (m, x) =>
    m.mul(m.constant(1 / Math.sqrt(2 * Math.PI)), m.exp(m.neg(m.mul(x, x)))),
  "three densities": (m, x) =>
    m.mul(m.constant(3 / Math.sqrt(2 * Math.PI)), m.exp(m.mul(m.constant(-0.5), square(m, m.neg(x))))),
  "half of a density": (m, x) =>
    m.mul(m.constant(0.5 / Math.sqrt(2 * Math.PI)), m.exp(m.mul(m.constant(-0.5), square(m, x)))),
  "a distribution": (m, x) => m.mul(m.constant(1.5), m.erfc(m.mul(m.constant(-Math.SQRT1_2), x))),
  "nearly a distribution": (m, x) => m.mul(m.constant(0.5), m.erfc(m.mul(m.constant(-0.7), x))),
  "a square of a distribution": (m, x) =>
    m.mul(m.constant(0.25), square(m, m.erfc(m.mul(m.constant(-Math.SQRT1_2), x)))),
  "squares of logistic functions": (m, x) => m.div(m.exp(x), square(m, m.add(m.constant(1), m.exp(x)))),
  "a logistic function and more": (m, x, y) => m.div(m.constant(1), m.add(m.add(m.constant(1), m.exp(x)), y)),
  "not a logistic function": (m, x) => m.div(m.constant(1), m.add(m.constant(2), m.exp(x))),
  "what is over a root of 1 + e^x": (m, x) => m.div(m.constant(1), m.sqrt(m.add(m.constant(1), m.exp(x)))),
  "1 + e^x itself": (m, x, y) => m.mul(y, m.add(m.constant(1), m.exp(x))),
  "e^x by what is not its logistic function": (m, x, y) =>
    m.mul(m.exp(x), m.div(m.constant(1), m.add(m.constant(1), m.exp(y)))),
  "e^x by 1 − tanh": (m, x) => m.mul(m.exp(x), m.sub(m.constant(1), m.tanh(x))),
  "e^x by 1 + σ": (m, x) => m.mul(m.exp(x), m.add(m.constant(1), logistic(m, x))),
  "e^x by y − σ": (m, x, y) => m.mul(m.exp(x), m.sub(y, logistic(m, x))),
  "e^x by 1 − σ + y": (m, x, y) => m.mul(m.exp(x), m.add(m.sub(m.constant(1), logistic(m, x)), y)),
  "e^(2 x) by (1 − σ)²": (m, x) => m.mul(m.exp(m.mul(m.constant(2), x)), square(m, logistic(m, m.neg(x)))),
  "e^(−x) by σ³": (m, x) => m.mul(m.exp(m.neg(x)), m.mul(logistic(m, x), square(m, logistic(m, x)))),
  "|−x| and |x − y|": (m, x, y) => m.mul(m.abs(m.neg(x)), m.abs(m.sub(y, x))),
  "the larger of two alike": (m, x) => m.add(m.maximum(x, x), m.minimum(x, x)),
  "the smaller of conditions": (m, x, y) => m.minimum(m.less(x, y), m.equal(x, m.constant(2))),
  "the larger of conditions": (m, x, y) => m.maximum(m.less(x, y), m.less(x, m.constant(2))),
  "at most, in two ways": (m, x, y) => m.maximum(m.less(x, y), m.equal(y, x)),
  "less or equal to something else": (m, x, y) => m.maximum(m.less(x, y), m.equal(x, m.constant(3))),
  "less and equal": (m, x, y) => m.mul(m.less(x, y), m.equal(x, y)),
  "equal or less": (m, x, y) => m.maximum(m.equal(x, y), m.less(x, y)),
  "a condition twice": (m, x, y) => m.mul(m.less(x, y), m.less(x, y)),
  "a condition of numbers": (m, x) =>
    m.add(m.mul(m.less(m.constant(1), m.constant(2)), x), m.equal(m.constant(1), m.constant(2))),
  "over a condition": (m, x, y) => m.div(x, m.less(x, y)),
  "a choice by 1": (m, x, y) => m.where(m.constant(1), x, y),
  "a choice by a name": (m, x, y) => m.where(x, y, m.constant(5)),
  "a choice by what is compared": (m, x, y) =>
    m.where(m.less(m.constant(100), x), m.less(x, y), m.equal(x, y)),
  "a choice with a condition at its end": (m, x, y) => m.where(m.less(x, m.constant(100)), y, m.less(x, y)),
  "0 where it is 0 anyway": (m, x) => m.where(x, x, m.constant(0)),
  "an absolute value as a choice": (m, x) => m.where(m.less(x, m.constant(0)), m.neg(x), x),
  "minus one": (m, x) => m.where(m.less(x, m.constant(0)), x, m.neg(x)),
  "not one, as the limit is 1": (m, x) => m.where(m.less(x, m.constant(1)), m.neg(x), x),
  "not one, of two names": (m, x, y) => m.where(m.less(y, m.constant(0)), m.neg(x), x),
  "a sign as a choice": (m, x) =>
    m.where(m.less(x, m.constant(0)), m.constant(-1), m.less(m.constant(0), m.abs(x))),
  "a sign of where it is not 0": (m, x) =>
    m.where(m.less(x, m.constant(0)), m.constant(-1), m.sub(m.constant(1), m.equal(x, m.constant(0)))),
  "no sign, as −2 is below": (m, x) =>
    m.where(m.less(x, m.constant(0)), m.constant(-2), m.sub(m.constant(1), m.equal(x, m.constant(0)))),
  "no sign, as another is compared": (m, x, y) =>
    m.where(m.less(x, m.constant(0)), m.constant(-1), m.sub(m.constant(1), m.equal(y, m.constant(0)))),
  "no sign, as it is compared with 1": (m, x) =>
    m.where(m.less(x, m.constant(0)), m.constant(-1), m.sub(m.constant(1), m.equal(x, m.constant(1)))),
  "twice above less once below": (m, x) =>
    m.sub(m.mul(m.constant(2), m.less(m.constant(0), x)), m.less(x, m.constant(0))),
  "above 0 less below 1": (m, x) => m.sub(m.less(m.constant(0), x), m.less(x, m.constant(1))),
  "x above 0 less y below 0": (m, x, y) => m.sub(m.less(m.constant(0), x), m.less(y, m.constant(0))),
  "1 less a condition and more": (m, x, y) =>
    m.sub(m.add(m.sub(m.add(m.constant(1), y), m.less(x, y)), x), y),
  "a large number and a large fraction": (m, x) =>
    m.add(m.mul(m.constant(1e15), x), m.constant(2_000_001 / 2)),
  "2 less a condition": (m, x, y) => m.sub(m.constant(2), m.less(x, y)),
  "x less a condition": (m, x, y) => m.sub(x, m.less(x, y)),
  "in the order of names, functions, sums, choices": (m, x, y) =>
    m.mul(m.where(m.less(x, m.constant(100)), y, m.constant(2)), m.mul(m.add(x, y), m.mul(m.sin(x), y))),
  "numbers on the right": (m, x) =>
    m.mul(m.less(m.constant(1), x), m.sub(m.constant(1), m.less(m.constant(7), m.mul(x, x)))),
};

/** a² */
function square<V>(m: Arithmetic<V>, a: V): V {
  return m.mul(a, a);
}

/** 1/(1 + e^(−a)) */
function logistic<V>(m: Arithmetic<V>, a: V): V {
  return m.div(m.constant(1), m.add(m.constant(1), m.exp(m.neg(a))));
}

test("expressions are simplified and printed", () => {
  const lines = Object.entries(shown).map(
    ([what, expression]) => `${what}: ${formulaOf(expression, "x", "y")}`,
  );
  expect(`\n${lines.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    a sum of like terms: 2 x
    what cancels: 0
    a number behind a term: 2 − 3 x
    a product of sums: (x + y) (x − y)
    a square of a sum: (x + y)²
    minus a sum: −(x + y)
    a quotient of sums: (x + 1)/(y − 1)
    a quotient in a quotient: x²/y²
    one over a product: 1/(x y)
    a root of a square: √(x²)
    a root under a fraction: y/√x
    a power of a power: x⁶
    a half of a power: √x
    a power below 0: 1/x²
    a power of 0 and of 1: 1 + x
    a power of a sum: (x + y)^(3/2)
    a power of a function: tanh³(x)
    a power of a number: 2^x
    a power of a negative number: (−2)^x
    e to a sum: e^(x − y)
    e to minus a square: e^(−x²)
    a density: φ(x)
    a logistic function: σ(x)
    its other side: 1 − σ(x)
    known numbers: 3.70578 x + 1/3
    fractions of numbers: 3 x/4 − 1/8
    numbers of many digits: 0.123457 x
    large and small numbers: 1e+21 x + 1e-9
    an absolute value: |x − y| |x|
    functions of functions: ln(e^(sin(cos(x))))
    the larger and the smaller: max(x, y) − min(x, 0)
    a condition as a number: x (1 if x < y, else 0)
    not a condition: 1 if y ≤ x, else 0
    not an equality: 1 if x ≠ y, else 0
    two conditions: 1 if x < y and y < 5, else 0
    not both of two: 1 if y ≤ x or y ≥ 5, else 0
    a sign: sign(x)
    a choice of two: y if x < 100, else x y
    a choice of three: y if x < −100, −y if x < 100, else 7
    a choice in a product: y (y if x < 100, else 2)
    a choice of what is alike: y
    a choice by a number: y
    erf and erfc: erf(x) − erfc(−x)
    powers of functions: ln(x)² |x|² e^(−2 x)
    a power of a power by a name: (x^y)²
    a name to the power of a power: x^(y²)
    a power of a multiple: (2 x)^y
    e to a product of sums: e^((x + y) (x − y))
    e to a name and to a number: e^y + x e⁸⁰⁰
    what is positive first: y − x − 1
    nothing positive: −x − y
    a product in a sum in a product: −2 y (x y − 1)
    a power of a fraction: (3/4)^x
    a power to a fraction: 1/x^(2/3)
    a root of a product: √(2 x y)
    one over a root of a sum: 1/√(x + y)
    a large whole number: 999999 x + 1234567
    a twelfth and a thirteenth: 7 x/12 + 0.0769231
    what is nearly a third: 0.333333 x
    what is nearly 1 and nearly 0: 1.0001 x + 1e-14
    infinity and nothing: NaN x − ∞
    π and its roots: π x + √2 y + 1/√2
    a density that is not normal: cos(x)/√(2π)
    a density of something else: e^(−x³/2)/√(2π)
    a density of another width: e^(−x²)/√(2π)
    three densities: 3 φ(x)
    half of a density: 0.199471 e^(−x²/2)
    a distribution: 3 Φ(x)
    nearly a distribution: erfc(−7 x/10)/2
    a square of a distribution: erfc(−x/√2)²/4
    squares of logistic functions: σ(x) (1 − σ(x))
    a logistic function and more: 1/(1 + e^x + y)
    not a logistic function: 1/(2 + e^x)
    what is over a root of 1 + e^x: 1/√(1 + e^x)
    1 + e^x itself: y (1 + e^x)
    e^x by what is not its logistic function: e^x (1 − σ(y))
    e^x by 1 − tanh: e^x (1 − tanh(x))
    e^x by 1 + σ: e^x (1 + σ(x))
    e^x by y − σ: e^x (y − σ(x))
    e^x by 1 − σ + y: e^x (1 − σ(x) + y)
    e^(2 x) by (1 − σ)²: σ(x)²
    e^(−x) by σ³: σ(x)² (1 − σ(x))
    |−x| and |x − y|: |x| |y − x|
    the larger of two alike: 2 x
    the smaller of conditions: 1 if x < y and x = 2, else 0
    the larger of conditions: 1 if x < y or x < 2, else 0
    at most, in two ways: 1 if x ≤ y, else 0
    less or equal to something else: 1 if x < y or x = 3, else 0
    less and equal: 1 if x < y and x = y, else 0
    equal or less: 1 if x = y or x < y, else 0
    a condition twice: 1 if x < y, else 0
    a condition of numbers: x
    over a condition: x/(1 if x < y, else 0)
    a choice by 1: x
    a choice by a name: y if x ≠ 0, else 5
    a choice by what is compared: 1 if x > 100 and x < y or x ≤ 100 and x = y, else 0
    a choice with a condition at its end: y if x < 100, 1 if x < y, else 0
    0 where it is 0 anyway: x
    an absolute value as a choice: |x|
    minus one: −|x|
    not one, as the limit is 1: −x if x < 1, else x
    not one, of two names: −x if y < 0, else x
    a sign as a choice: −1 if x < 0, 1 if |x| > 0, else 0
    a sign of where it is not 0: sign(x)
    no sign, as −2 is below: −2 if x < 0, 1 if x ≠ 0, else 0
    no sign, as another is compared: −1 if x < 0, 1 if y ≠ 0, else 0
    no sign, as it is compared with 1: −1 if x < 0, 1 if x ≠ 1, else 0
    twice above less once below: 2 (1 if x > 0, else 0) − (1 if x < 0, else 0)
    above 0 less below 1: (1 if x > 0, else 0) − (1 if x < 1, else 0)
    x above 0 less y below 0: (1 if x > 0, else 0) − (1 if y < 0, else 0)
    1 less a condition and more: 1 − (1 if x < y, else 0) + x
    a large number and a large fraction: 1000000000000000 x + 1000000
    2 less a condition: 2 − (1 if x < y, else 0)
    x less a condition: x − (1 if x < y, else 0)
    in the order of names, functions, sums, choices: y sin(x) (x + y) (y if x < 100, else 2)
    numbers on the right: 1 if x > 1 and x² ≤ 7, else 0
    "
  `);
});

test("in MathML too", () => {
  const chosen = [
    "a quotient of sums",
    "a root under a fraction",
    "a power of a sum",
    "a power of a function",
    "e to minus a square",
    "known numbers",
    "an absolute value",
    "functions of functions",
    "two conditions",
    "a choice of three",
    "a choice in a product",
    "a sign",
    "powers of functions",
    "e to a product of sums",
    "one over a root of a sum",
    "π and its roots",
    "a density that is not normal",
    "a density of another width",
    "what is over a root of 1 + e^x",
    "infinity and nothing",
  ];
  const lines = chosen.map((what) => `${what}: ${formulaOf(shown[what], "x", "y").toMathML()}`);
  lines.push(`a function by its name: ${valueFormula(halograd.atan2)!.toMathML(["2", "w"])}`);
  expect(`\n${lines.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    a quotient of sums: <mfrac><mrow><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></mrow><mrow><mrow><mi>y</mi><mo>−</mo><mn>1</mn></mrow></mrow></mfrac>
    a root under a fraction: <mfrac><mrow><mi>y</mi></mrow><mrow><msqrt><mi>x</mi></msqrt></mrow></mfrac>
    a power of a sum: <msup><mrow><mrow><mo>(</mo><mrow><mi>x</mi><mo>+</mo><mi>y</mi></mrow><mo>)</mo></mrow></mrow><mrow><mfrac><mrow><mn>3</mn></mrow><mrow><mn>2</mn></mrow></mfrac></mrow></msup>
    a power of a function: <mrow><msup><mrow><mi>tanh</mi></mrow><mrow><mn>3</mn></mrow></msup><mo>(</mo><mi>x</mi><mo>)</mo></mrow>
    e to minus a square: <msup><mrow><mi>e</mi></mrow><mrow><mrow><mo form="prefix">−</mo><msup><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></msup></mrow></mrow></msup>
    known numbers: <mrow><mrow><mn>3.70578</mn><mspace width='0.17em'/><mi>x</mi></mrow><mo>+</mo><mfrac><mrow><mn>1</mn></mrow><mrow><mn>3</mn></mrow></mfrac></mrow>
    an absolute value: <mrow><mrow><mo>|</mo><mrow><mi>x</mi><mo>−</mo><mi>y</mi></mrow><mo>|</mo></mrow><mspace width='0.17em'/><mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow></mrow>
    functions of functions: <mrow><mi>ln</mi><mo>(</mo><msup><mrow><mi>e</mi></mrow><mrow><mrow><mi>sin</mi><mo>(</mo><mrow><mi>cos</mi><mo>(</mo><mi>x</mi><mo>)</mo></mrow><mo>)</mo></mrow></mrow></msup><mo>)</mo></mrow>
    two conditions: <mrow><mo>{</mo><mtable columnalign="left"><mtr><mtd><mn>1</mn></mtd><mtd><mtext>if&#160;</mtext><mrow><mrow><mi>x</mi><mo>&lt;</mo><mi>y</mi></mrow><mtext>&#160;and&#160;</mtext><mrow><mi>y</mi><mo>&lt;</mo><mn>5</mn></mrow></mrow></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>
    a choice of three: <mrow><mo>{</mo><mtable columnalign="left"><mtr><mtd><mi>y</mi></mtd><mtd><mtext>if&#160;</mtext><mrow><mi>x</mi><mo>&lt;</mo><mrow><mo form="prefix">−</mo><mn>100</mn></mrow></mrow></mtd></mtr><mtr><mtd><mrow><mo form="prefix">−</mo><mi>y</mi></mrow></mtd><mtd><mtext>if&#160;</mtext><mrow><mi>x</mi><mo>&lt;</mo><mn>100</mn></mrow></mtd></mtr><mtr><mtd><mn>7</mn></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>
    a choice in a product: <mrow><mi>y</mi><mspace width='0.17em'/><mrow><mo>(</mo><mrow><mo>{</mo><mtable columnalign="left"><mtr><mtd><mi>y</mi></mtd><mtd><mtext>if&#160;</mtext><mrow><mi>x</mi><mo>&lt;</mo><mn>100</mn></mrow></mtd></mtr><mtr><mtd><mn>2</mn></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow><mo>)</mo></mrow></mrow>
    a sign: <mrow><mi>sign</mi><mo>(</mo><mi>x</mi><mo>)</mo></mrow>
    powers of functions: <mrow><msup><mrow><mrow><mi>ln</mi><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow><mrow><mn>2</mn></mrow></msup><mspace width='0.17em'/><msup><mrow><mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow></mrow><mrow><mn>2</mn></mrow></msup><mspace width='0.17em'/><msup><mrow><mi>e</mi></mrow><mrow><mrow><mo form="prefix">−</mo><mrow><mn>2</mn><mspace width='0.17em'/><mi>x</mi></mrow></mrow></mrow></msup></mrow>
    e to a product of sums: <msup><mrow><mi>e</mi></mrow><mrow><mrow><mrow><mo>(</mo><mrow><mi>x</mi><mo>+</mo><mi>y</mi></mrow><mo>)</mo></mrow><mspace width='0.17em'/><mrow><mo>(</mo><mrow><mi>x</mi><mo>−</mo><mi>y</mi></mrow><mo>)</mo></mrow></mrow></mrow></msup>
    one over a root of a sum: <mfrac><mrow><mn>1</mn></mrow><mrow><msqrt><mrow><mi>x</mi><mo>+</mo><mi>y</mi></mrow></msqrt></mrow></mfrac>
    π and its roots: <mrow><mrow><mi>π</mi><mspace width='0.17em'/><mi>x</mi></mrow><mo>+</mo><mrow><msqrt><mn>2</mn></msqrt><mspace width='0.17em'/><mi>y</mi></mrow><mo>+</mo><mfrac><mrow><mn>1</mn></mrow><mrow><msqrt><mn>2</mn></msqrt></mrow></mfrac></mrow>
    a density that is not normal: <mfrac><mrow><mrow><mi>cos</mi><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow><mrow><msqrt><mrow><mn>2</mn><mi>π</mi></mrow></msqrt></mrow></mfrac>
    a density of another width: <mfrac><mrow><msup><mrow><mi>e</mi></mrow><mrow><mrow><mo form="prefix">−</mo><msup><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></msup></mrow></mrow></msup></mrow><mrow><msqrt><mrow><mn>2</mn><mi>π</mi></mrow></msqrt></mrow></mfrac>
    what is over a root of 1 + e^x: <mfrac><mrow><mn>1</mn></mrow><mrow><msqrt><mrow><mn>1</mn><mo>+</mo><msup><mrow><mi>e</mi></mrow><mrow><mi>x</mi></mrow></msup></mrow></msqrt></mrow></mfrac>
    infinity and nothing: <mrow><mrow><mn>NaN</mn><mspace width='0.17em'/><mi>x</mi></mrow><mo>−</mo><mn>∞</mn></mrow>
    a function by its name: <mrow><mi>atan2</mi><mo>(</mo><mn>2</mn><mo>,</mo><mi>w</mi><mo>)</mo></mrow>
    "
  `);
});

test("a formula has the value of its expression, also where it is no number", () => {
  const values = [-101, -2, -0.5, 0, 1, 2.5, 150];
  for (const [what, expression] of Object.entries(shown)) {
    const formula = formulaOf(expression, "x", "y");
    for (const x of values) {
      for (const y of values) {
        const expected = halograd
          .evaluate(expression, ...[x, y].map((v) => halograd.tensor(v, { dtype: "float64" })))
          .item();
        const value = formula.evaluate(x, y);
        if (Number.isFinite(expected) && Number.isFinite(value))
          expect(Math.abs(value - expected), `${what} at ${x}, ${y}`).toBeLessThanOrEqual(
            1e-9 * Math.abs(expected) + 1e-12,
          );
      }
    }
  }
});
