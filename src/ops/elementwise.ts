/**
 * The table of elementwise operations. Each entry gives the value as an expression of the operands; kernels, derivatives of
 * any order and tests follow from it. A derivative is written where the one that follows is not good enough, and says why.
 */

import { checkNumber } from "../basics/check.ts";
import { staysInRange } from "../kernels/index.ts";
import { composite } from "./composite.ts";
import { binary, quaternary, ternary, unary } from "./elementwise-record.ts";
import { expOfMinusAbs, logistic, logisticDensity, normalCdf } from "./expressions.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** An elementwise operation of one tensor. */
export type Unary = (x: Tensor) => Tensor;
/** An elementwise operation of two tensors that broadcast, or numbers. */
export type Binary = (x: TensorLike, y: TensorLike) => Tensor;

/** x + y, elementwise, with broadcasting. @example add(tensor([1, 2]), 10); // tensor([11, 12]) */
export const add: Binary = binary({ name: "add", value: (m, x, y) => m.add(x, y) });

/** x − y, elementwise, with broadcasting. @example sub(tensor([1, 2]), 10); // tensor([-9, -8]) */
export const sub: Binary = binary({ name: "sub", value: (m, x, y) => m.sub(x, y) });

/** x · y, elementwise, with broadcasting. The matrix product: `matmul`. @example mul(tensor([1, 2]), 3); // tensor([3, 6]) */
export const mul: Binary = binary({ name: "mul", value: (m, x, y) => m.mul(x, y) });

/** x / y, elementwise, with broadcasting. ∂/∂y = −(x/y)/y. @example div(tensor([2, 4]), 2); // tensor([1, 2]) */
export const div: Binary = binary({
  name: "div",
  value: (m, x, y) => m.div(x, y),
  kinks: [0],
});

/**
 * x to the power y, elementwise. ∂/∂x = y x^(y−1), and 0 at y = 0. ∂/∂y = x^y ln x: at x = 0 it is 0 for y ≥ 0 and −∞ for
 * y < 0, and NaN for negative x, where the power exists at isolated y only. As in JavaScript, and not in NumPy, 1 to the power
 * of NaN or ±∞ is NaN.
 * @example pow(tensor([2, 3]), 2); // tensor([4, 9])
 */
export const pow: (x: TensorLike, exponent: TensorLike) => Tensor = binary({
  name: "pow",
  value: (m, x, y) => m.pow(x, y),
  intervals: [
    [0, Infinity],
    [-Infinity, Infinity],
  ],
});

/**
 * The larger of x and y; NaN if either is. Where they are equal, each gets half of the gradient; at a NaN, x gets all.
 * @example maximum(tensor([-1, 2]), 0); // tensor([0, 2])
 */
export const maximum: Binary = binary({ name: "maximum", value: (m, x, y) => m.maximum(x, y) });

/**
 * The smaller of x and y; NaN if either is. Where they are equal, each gets half of the gradient; at a NaN, x gets all.
 * @example minimum(tensor([-1, 2]), 0); // tensor([-1, 0])
 */
export const minimum: Binary = binary({ name: "minimum", value: (m, x, y) => m.minimum(x, y) });

/** 1 where x < y, else 0. Not differentiable: the gradient stops here. @example less(1, 2); // tensor(1) */
export const less: Binary = binary({ name: "less", value: (m, x, y) => m.less(x, y) });

/** 1 where x > y, else 0. @example greater(tensor([1, 2]), 1); // tensor([0, 1]) */
export const greater: Binary = binary({ name: "greater", value: (m, x, y) => m.less(y, x) });

/** 1 where x ≤ y, else 0. @example lessEqual(tensor([1, 2]), 1); // tensor([1, 0]) */
export const lessEqual: Binary = binary({
  name: "lessEqual",
  value: (m, x, y) => m.maximum(m.less(x, y), m.equal(x, y)),
});

/** 1 where x ≥ y, else 0. @example greaterEqual(tensor([1, 2]), 2); // tensor([0, 1]) */
export const greaterEqual: Binary = binary({
  name: "greaterEqual",
  value: (m, x, y) => m.maximum(m.less(y, x), m.equal(x, y)),
});

/** 1 where x = y, else 0 (NaN equals nothing). @example equal(tensor([1, 2]), 2); // tensor([0, 1]) */
export const equal: Binary = binary({ name: "equal", value: (m, x, y) => m.equal(x, y) });

/** 1 where x ≠ y, else 0. @example notEqual(tensor([1, 2]), 2); // tensor([1, 0]) */
export const notEqual: Binary = binary({
  name: "notEqual",
  value: (m, x, y) => m.sub(m.constant(1), m.equal(x, y)),
});

/**
 * `x` where `condition` is not 0 (NaN is not), else `y`. The gradient goes to the one that was taken, and 0 to the other. An
 * operation before it still multiplies that 0: where its slope is infinite, choose its operand as well, as in
 * `where(isInside, where(isInside, x, 1).log(), 0)`. Not a method.
 * @example where(1, 5, 6); // tensor(5)
 */
export const where: (condition: TensorLike, x: TensorLike, y: TensorLike) => Tensor = ternary({
  name: "where",
  value: (m, condition, x, y) => m.where(condition, x, y),
});

/**
 * a x + b y in one sweep: what mixing with noise and stepping between noise levels are made of. Not a method.
 * @example linearCombination(2, 10, 3, 1); // tensor(23)
 */
export const linearCombination: (a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => Tensor =
  quaternary({
    name: "linearCombination",
    value: (m, a, x, b, y) => m.add(m.mul(a, x), m.mul(b, y)),
  });

/** −x. */
export const neg: Unary = unary({ name: "neg", value: (m, x) => m.neg(x) });

/** |x|. The gradient at 0 is 0, and passes unchanged at NaN. */
export const abs: Unary = unary({ name: "abs", value: (m, x) => m.abs(x), kinks: [0] });

/** The sign of x: −1, 0 or 1, and 0 for NaN. Not differentiable: the gradient stops here. */
export const sign: Unary = unary({
  name: "sign",
  value: (m, x) => m.sub(m.less(m.constant(0), x), m.less(x, m.constant(0))),
});

/** x². */
export const square: Unary = unary({ name: "square", value: (m, x) => m.mul(x, x) });

/** √x. d/dx = 1/(2√x). */
export const sqrt: Unary = unary({
  name: "sqrt",
  value: (m, x) => m.sqrt(x),
  intervals: [[0, Infinity]],
});

/** 1/√x. d/dx = −1/(2 x √x). */
export const rsqrt: Unary = unary({
  name: "rsqrt",
  value: (m, x) => m.div(m.constant(1), m.sqrt(x)),
  intervals: [[0, Infinity]],
});

/** 1/x. d/dx = −1/x². */
export const reciprocal: Unary = unary({
  name: "reciprocal",
  value: (m, x) => m.div(m.constant(1), x),
  kinks: [0],
});

/** eˣ, its own derivative. */
export const exp: Unary = unary({ name: "exp", value: (m, x) => m.exp(x) });

/** eˣ − 1 without cancellation near 0. d/dx = eˣ. */
export const expm1: Unary = unary({ name: "expm1", value: (m, x) => m.expm1(x) });

/** The natural logarithm. */
export const log: Unary = unary({ name: "log", value: (m, x) => m.log(x), intervals: [[0, Infinity]] });

/** ln(1 + x) without cancellation near 0. */
export const log1p: Unary = unary({
  name: "log1p",
  value: (m, x) => m.log1p(x),
  intervals: [[-1, Infinity]],
});

/** sin x, x in radians. */
export const sin: Unary = unary({ name: "sin", value: (m, x) => m.sin(x) });

/** cos x, x in radians. */
export const cos: Unary = unary({ name: "cos", value: (m, x) => m.cos(x) });

/** tanh x. d/dx = 1/cosh² x. */
export const tanh: Unary = unary({ name: "tanh", value: (m, x) => m.tanh(x) });

/** The error function, (2/√π) ∫₀ˣ e^(−t²) dt. */
export const erf: Unary = unary({ name: "erf", value: (m, x) => m.erf(x) });

/** The complementary error function, 1 − erf x, which keeps its digits where erf x is nearly 1. */
export const erfc: Unary = unary({ name: "erfc", value: (m, x) => m.erfc(x) });

/** The logistic function σ(x) = 1/(1 + e^(−x)). σ′ = σ(x) σ(−x). */
export const sigmoid: Unary = unary({
  name: "sigmoid",
  value: (m, x) => logistic(m, x),
  // That of the quotient divides twice and cancels where σ is nearly 1.
  derivative: (m, x) => logisticDensity(m, x),
});

/**
 * x σ(x), also called swish. d/dx = σ(x) (1 + x (1 − σ(x))).
 *
 * Source: Elfwing, Uchibe & Doya 2018, Neural Networks 107, 3.
 */
export const silu: Unary = unary({
  name: "silu",
  // Below −80 it is x e^(x/2) e^(x/2), since e^(−x) overflows before the quotient is 0; 1 + e^(x/2) is 1 there.
  value: staysInRange((m, x) => {
    const one = m.constant(1);
    const isFar = m.less(x, m.constant(-80));
    const e = m.exp(m.where(isFar, m.mul(m.constant(0.5), x), m.neg(x)));
    return m.div(m.where(isFar, m.mul(m.mul(x, e), e), x), m.add(one, e));
  }),
  // That of the quotient is ∞/∞ where e^(−x) overflows. With e = e^(−|x|), σ (1 − σ) is e / (1 + e)², where 1 − σ cancels.
  // Beyond 800 e is 0, and ∞ · 0 would be NaN.
  derivative: (m, x) => {
    const [e, one, far] = [expOfMinusAbs(m, x), m.constant(1), m.constant(800)];
    const inverse = m.div(one, m.add(one, e));
    const numerator = m.where(m.less(x, m.constant(0)), e, one);
    return m.mul(inverse, m.add(numerator, m.mul(m.mul(m.where(m.less(x, far), x, far), e), inverse)));
  },
});

/** max(x, 0). The gradient at 0 is 0, and passes unchanged at NaN. */
export const relu: Unary = unary({
  name: "relu",
  value: (m, x) => m.maximum(x, m.constant(0)),
  // The convention at 0 is 0, where the larger of two equals gets half.
  // The slope at NaN is 1, so that a result of NaN does not come with gradients of 0.
  derivative: (m, x) => m.sub(m.constant(1), m.maximum(m.less(x, m.constant(0)), m.equal(x, m.constant(0)))),
  kinks: [0],
  chooses: true,
});

const leaky = binary({
  name: "leaky",
  value: (m, x, slope) => m.where(m.less(m.constant(0), x), x, m.mul(slope, x)),
  kinks: [0],
});

/**
 * x where x > 0, else slope · x; the slope is 0.01 by default. Source: Maas, Hannun & Ng 2013, ICML 30.
 * @example leakyRelu(tensor([-4, 2]), 0.5); // tensor([-2, 2])
 */
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
  // The value is guarded from overflow by a smaller-of-two, which at 0 would halve the slope.
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
  // Beyond 40 Φ is 1, and the slope there is not 1 + ∞ · 0.
  value: (m, x) => m.where(m.less(m.constant(40), x), x, m.mul(x, normalCdf(m, x))),
});

/** ln(1 + eˣ), written as max(x, 0) + ln(1 + e^(−|x|)) so that it never overflows. d/dx = σ(x). */
export const softplus: Unary = unary({
  name: "softplus",
  value: (m, x) => m.add(m.maximum(x, m.constant(0)), m.log1p(m.exp(m.neg(m.abs(x))))),
  // |x| in the value has no second derivative at 0; σ has.
  derivative: (m, x) => logistic(m, x),
});

/**
 * x limited to [low, high]; `high` where low is above it. The gradient by x is 1 inside, at the limits and at NaN, 0
 * outside.
 * @example clamp(5, 0, 3); // tensor(3)
 */
export const clamp: (x: TensorLike, low: TensorLike, high: TensorLike) => Tensor = ternary(
  {
    name: "clamp",
    value: (m, x, low, high) => m.minimum(m.maximum(x, low), high),
    // At the limits the gradient is 1, not shared with the limit.
    derivatives: [
      (m, x, low, high) => m.where(m.less(x, low), m.constant(0), m.sub(m.constant(1), m.less(high, x))),
      (m, x, low, high) => m.mul(m.less(x, low), m.sub(m.constant(1), m.less(high, low))),
      (m, x, low, high) => m.less(high, m.maximum(x, low)),
    ],
    chooses: true,
  },
  "one limit alone is maximum(x, low) or minimum(x, high).",
);
