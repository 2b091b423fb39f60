/**
 * The table of elementwise operations. Each entry gives the value and the derivatives as expressions of the
 * operands (and, last, of the output); kernels, backward kernels, higher derivatives and tests follow from it.
 */

import type { Arithmetic } from "../kernels/index.ts";
import { checkNumber } from "../tensor/check.ts";
import { binary, quaternary, ternary, unary } from "./elementwise-record.ts";
import { composite } from "./operation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** An elementwise operation of one tensor. */
export type Unary = (x: Tensor) => Tensor;
/** An elementwise operation of two tensors that broadcast, or numbers. */
export type Binary = (x: TensorLike, y: TensorLike) => Tensor;
/** An elementwise operation of four operands that broadcast. */
export type Quaternary = (a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => Tensor;
/** An elementwise operation of three operands that broadcast. */
export type Ternary = (x: TensorLike, y: TensorLike, z: TensorLike) => Tensor;

const TWO_OVER_SQRT_PI = 1.1283791670955126;
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** x + y, elementwise, with broadcasting. */
export const add: Binary = binary({
  name: "add",
  value: (m, x, y) => m.add(x, y),
  derivatives: [1, 1],
});

/** x − y, elementwise, with broadcasting. */
export const sub: Binary = binary({
  name: "sub",
  value: (m, x, y) => m.sub(x, y),
  derivatives: [1, -1],
});

/** x · y, elementwise, with broadcasting. For the matrix product see `matmul`. */
export const mul: Binary = binary({
  name: "mul",
  value: (m, x, y) => m.mul(x, y),
  derivatives: [(_, _x, y) => y, (_, x) => x],
});

/** x / y, elementwise, with broadcasting. ∂/∂y = −x/y² = −(x/y)/y. */
export const div: Binary = binary({
  name: "div",
  value: (m, x, y) => m.div(x, y),
  derivatives: [(m, _x, y) => m.div(m.constant(1), y), (m, x, y) => m.neg(m.div(m.div(x, y), y))],
  kinks: [0],
});

/**
 * x to the power y, elementwise. ∂/∂x = y x^(y−1), ∂/∂y = x^y ln x (0 at x = 0, and NaN for negative x,
 * where the power exists at isolated y only).
 */
export const pow: Binary = binary({
  name: "pow",
  value: (m, x, y) => m.pow(x, y),
  derivatives: [
    // The argument is guarded, not the result: the derivative of a branch not taken would still be 0 · ∞.
    (m, x, y) => {
      // Only at 0⁰: elsewhere x^(y−1) is finite at y = 0, and is what the mixed derivative is made of.
      const isBothZero = m.mul(m.equal(x, m.constant(0)), m.equal(y, m.constant(0)));
      return m.mul(y, m.pow(x, m.where(isBothZero, m.constant(1), m.sub(y, m.constant(1)))));
    },
    (m, x, _y, power) => m.mul(power, m.log(m.where(m.equal(x, m.constant(0)), m.constant(1), x))),
  ],
  intervals: [
    [0, Infinity],
    [-Infinity, Infinity],
  ],
});

/** The larger of x and y. Where they are equal, each gets half of the gradient. */
export const maximum: Binary = binary({
  name: "maximum",
  value: (m, x, y) => m.maximum(x, y),
  derivatives: [(m, x, y) => chosen(m, y, x), (m, x, y) => chosen(m, x, y)],
  chooses: true,
});

/** The smaller of x and y. Where they are equal, each gets half of the gradient. */
export const minimum: Binary = binary({
  name: "minimum",
  value: (m, x, y) => m.minimum(x, y),
  derivatives: [(m, x, y) => chosen(m, x, y), (m, x, y) => chosen(m, y, x)],
  chooses: true,
});

/** 1 where x < y, else 0. Not differentiable: the gradient stops here. */
export const less: Binary = binary({ name: "less", value: (m, x, y) => m.less(x, y), derivatives: [0, 0] });

/** 1 where x > y, else 0. */
export const greater: Binary = binary({
  name: "greater",
  value: (m, x, y) => m.less(y, x),
  derivatives: [0, 0],
});

/** 1 where x ≤ y, else 0. */
export const lessEqual: Binary = binary({
  name: "lessEqual",
  value: (m, x, y) => m.maximum(m.less(x, y), m.equal(x, y)),
  derivatives: [0, 0],
});

/** 1 where x ≥ y, else 0. */
export const greaterEqual: Binary = binary({
  name: "greaterEqual",
  value: (m, x, y) => m.maximum(m.less(y, x), m.equal(x, y)),
  derivatives: [0, 0],
});

/** 1 where x = y, else 0 (NaN equals nothing). */
export const equal: Binary = binary({
  name: "equal",
  value: (m, x, y) => m.equal(x, y),
  derivatives: [0, 0],
});

/** 1 where x ≠ y, else 0. */
export const notEqual: Binary = binary({
  name: "notEqual",
  value: (m, x, y) => m.sub(m.constant(1), m.equal(x, y)),
  derivatives: [0, 0],
});

/** `x` where `condition` is not 0, else `y`. The gradient goes to the one that was taken. */
export const where: Ternary = ternary({
  name: "where",
  value: (m, condition, x, y) => m.where(condition, x, y),
  derivatives: [
    0,
    (m, condition) => m.where(condition, m.constant(1), m.constant(0)),
    (m, condition) => m.where(condition, m.constant(0), m.constant(1)),
  ],
  chooses: true,
});

/** a x + b y in one sweep: what mixing with noise and stepping between noise levels are made of. */
export const linearCombination: Quaternary = quaternary({
  name: "linearCombination",
  value: (m, a, x, b, y) => m.add(m.mul(a, x), m.mul(b, y)),
  derivatives: [(_, _a, x) => x, (_, a) => a, (_, _a, _x, _b, y) => y, (_, _a, _x, b) => b],
});

/** −x. */
export const neg: Unary = unary({ name: "neg", value: (m, x) => m.neg(x), derivative: -1 });

/** |x|. The gradient at 0 is 0. */
export const abs: Unary = unary({
  name: "abs",
  value: (m, x) => m.abs(x),
  derivative: (m, x) => signOf(m, x),
  kinks: [0],
  chooses: true,
});

/** The sign of x: −1, 0 or 1. */
export const sign: Unary = unary({ name: "sign", value: (m, x) => signOf(m, x), derivative: 0 });

/** x². */
export const square: Unary = unary({
  name: "square",
  value: (m, x) => m.mul(x, x),
  derivative: (m, x) => m.mul(m.constant(2), x),
});

/** √x. d/dx = 1/(2√x). */
export const sqrt: Unary = unary({
  name: "sqrt",
  value: (m, x) => m.sqrt(x),
  derivative: (m, _x, root) => m.div(m.constant(0.5), root),
  intervals: [[0, Infinity]],
});

/** 1/√x. d/dx = −1/(2 x √x). */
export const rsqrt: Unary = unary({
  name: "rsqrt",
  value: (m, x) => m.div(m.constant(1), m.sqrt(x)),
  derivative: (m, x) => m.div(m.constant(-0.5), m.mul(x, m.sqrt(x))),
  intervals: [[0, Infinity]],
});

/** 1/x. d/dx = −1/x². */
export const reciprocal: Unary = unary({
  name: "reciprocal",
  value: (m, x) => m.div(m.constant(1), x),
  derivative: (m, x) => m.div(m.constant(-1), m.mul(x, x)),
  kinks: [0],
});

/** eˣ, its own derivative. */
export const exp: Unary = unary({ name: "exp", value: (m, x) => m.exp(x), derivative: (_, _x, y) => y });

/** eˣ − 1 without cancellation near 0. d/dx = eˣ. */
export const expm1: Unary = unary({
  name: "expm1",
  value: (m, x) => m.expm1(x),
  derivative: (m, x) => m.exp(x),
});

/** The natural logarithm. */
export const log: Unary = unary({
  name: "log",
  value: (m, x) => m.log(x),
  derivative: (m, x) => m.div(m.constant(1), x),
  intervals: [[0, Infinity]],
});

/** ln(1 + x) without cancellation near 0. */
export const log1p: Unary = unary({
  name: "log1p",
  value: (m, x) => m.log1p(x),
  derivative: (m, x) => m.div(m.constant(1), m.add(m.constant(1), x)),
  intervals: [[-1, Infinity]],
});

/** sin x, x in radians. */
export const sin: Unary = unary({ name: "sin", value: (m, x) => m.sin(x), derivative: (m, x) => m.cos(x) });

/** cos x, x in radians. */
export const cos: Unary = unary({
  name: "cos",
  value: (m, x) => m.cos(x),
  derivative: (m, x) => m.neg(m.sin(x)),
});

/** tanh x. d/dx = 1/cosh² x = 4 e^(−2|x|) / (1 + e^(−2|x|))², which stays exact where 1 − tanh² x cancels. */
export const tanh: Unary = unary({
  name: "tanh",
  value: (m, x) => m.tanh(x),
  derivative: (m, x) => m.mul(m.constant(4), logisticDensity(m, m.mul(m.constant(2), x))),
});

/** The error function, (2/√π) ∫₀ˣ e^(−t²) dt. */
export const erf: Unary = unary({
  name: "erf",
  value: (m, x) => m.erf(x),
  derivative: (m, x) => m.mul(m.constant(TWO_OVER_SQRT_PI), m.exp(m.neg(m.mul(x, x)))),
});

/** The logistic function σ(x) = 1/(1 + e^(−x)). σ′ = σ(x) σ(−x). */
export const sigmoid: Unary = unary({
  name: "sigmoid",
  value: (m, x) => logistic(m, x),
  derivative: (m, x) => logisticDensity(m, x),
});

/**
 * x σ(x), also called swish. d/dx = σ(x) (1 + x (1 − σ(x))).
 *
 * Source: Elfwing, Uchibe & Doya 2018, Neural Networks 107, 3.
 */
export const silu: Unary = unary({
  name: "silu",
  value: (m, x) => m.div(x, m.add(m.constant(1), m.exp(m.neg(x)))),
  derivative: (m, x) => {
    const s = logistic(m, x);
    return m.mul(s, m.add(m.constant(1), m.mul(x, m.sub(m.constant(1), s))));
  },
});

/** max(x, 0). The gradient at 0 is 0. */
export const relu: Unary = unary({
  name: "relu",
  value: (m, x) => m.maximum(x, m.constant(0)),
  derivative: (m, x) => m.less(m.constant(0), x),
  kinks: [0],
  chooses: true,
});

const leaky = binary({
  name: "leaky",
  value: (m, x, slope) => m.where(m.less(m.constant(0), x), x, m.mul(slope, x)),
  derivatives: [
    (m, x, slope) => m.where(m.less(m.constant(0), x), m.constant(1), slope),
    (m, x) => m.minimum(x, m.constant(0)),
  ],
  kinks: [0],
  chooses: true,
});

/** x where x > 0, else slope · x; the slope is 0.01 by default. Source: Maas, Hannun & Ng 2013, ICML 30. */
export const leakyRelu: (x: Tensor, slope?: number) => Tensor = composite(
  "leakyRelu",
  (x: Tensor, slope = 0.01) => {
    checkNumber("leakyRelu", "slope", slope);
    return leaky(x, slope);
  },
  [{ shapes: [[3, 4]], kinks: [0], call: (x) => leakyRelu(x, 0.2) }],
  { settings: [[0.25]] },
);

/** x where x > 0, else eˣ − 1. Source: Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289 (with α = 1). */
export const elu: Unary = unary({
  name: "elu",
  value: (m, x) => m.where(m.less(m.constant(0), x), x, m.expm1(m.minimum(x, m.constant(0)))),
  derivative: (m, x) => m.exp(m.minimum(x, m.constant(0))),
  kinks: [0],
});

/**
 * x Φ(x), Φ the cumulative distribution of the standard normal. d/dx = Φ(x) + x φ(x).
 *
 * Source: Hendrycks & Gimpel 2016, arXiv:1606.08415 (the exact form, not the tanh approximation).
 */
export const gelu: Unary = unary({
  name: "gelu",
  value: (m, x) => m.mul(x, normalCdf(m, x)),
  derivative: (m, x) =>
    m.add(
      normalCdf(m, x),
      m.mul(x, m.mul(m.constant(INVERSE_SQRT_TWO_PI), m.exp(m.mul(m.constant(-0.5), m.mul(x, x))))),
    ),
});

/** ln(1 + eˣ), written as max(x, 0) + ln(1 + e^(−|x|)) so that it never overflows. d/dx = σ(x). */
export const softplus: Unary = unary({
  name: "softplus",
  value: (m, x) => m.add(m.maximum(x, m.constant(0)), m.log1p(m.exp(m.neg(m.abs(x))))),
  derivative: (m, x) => logistic(m, x),
});

/** x limited to [low, high]. The gradient is 1 inside and at the limits, 0 outside. */
export const clamp: Ternary = ternary({
  name: "clamp",
  value: (m, x, low, high) => m.minimum(m.maximum(x, low), high),
  derivatives: [
    (m, x, low, high) => m.where(m.less(x, low), m.constant(0), m.sub(m.constant(1), m.less(high, x))),
    (m, x, low, high) => m.mul(m.less(x, low), m.sub(m.constant(1), m.less(high, low))),
    (m, x, low, high) => m.less(high, m.maximum(x, low)),
  ],
  chooses: true,
});

/** 1 where `larger` is larger than `other`, ½ where they are equal. */
function chosen<V>(m: Arithmetic<V>, other: V, larger: V): V {
  return m.where(m.equal(other, larger), m.constant(0.5), m.less(other, larger));
}

function signOf<V>(m: Arithmetic<V>, x: V): V {
  return m.sub(m.less(m.constant(0), x), m.less(x, m.constant(0)));
}

/** 1/(1 + e^(−x)), from e^(−|x|) so that nothing overflows when it is differentiated again. */
function logistic<V>(m: Arithmetic<V>, x: V): V {
  const e = expOfMinusAbs(m, x);
  const one = m.constant(1);
  return m.div(m.where(m.less(x, m.constant(0)), e, one), m.add(one, e));
}

/** σ(x) σ(−x) = e / (1 + e)² with e = e^(−|x|): no overflow, no cancellation. */
function logisticDensity<V>(m: Arithmetic<V>, x: V): V {
  const e = expOfMinusAbs(m, x);
  const onePlus = m.add(m.constant(1), e);
  return m.div(e, m.mul(onePlus, onePlus));
}

/** e^(−|x|). A choice and not `abs`, whose slope of 0 at 0 would falsify the derivatives of smooth functions there. */
function expOfMinusAbs<V>(m: Arithmetic<V>, x: V): V {
  return m.exp(m.where(m.less(x, m.constant(0)), x, m.neg(x)));
}

function normalCdf<V>(m: Arithmetic<V>, x: V): V {
  return m.mul(m.constant(0.5), m.add(m.constant(1), m.erf(m.mul(x, m.constant(Math.SQRT1_2)))));
}
