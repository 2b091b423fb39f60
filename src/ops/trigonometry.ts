/**
 * Circular and hyperbolic functions beyond `sin`, `cos` and `tanh`, as expressions of the arithmetic: one sweep over memory on
 * either backend, and good to float64 where an operand has it.
 */

import type { Arithmetic } from "../kernels/index.ts";
import type { Binary, Unary } from "./elementwise.ts";
import { binary, unary } from "./elementwise-record.ts";

/** tan x, x in radians. d/dx = 1 + tan² x. */
export const tan: Unary = unary({
  name: "tan",
  value: (m, x) => m.div(m.sin(x), m.cos(x)),
  // Away from the poles, where differences say nothing.
  intervals: [[-1.4, 1.4]],
});

/** The angle between −π/2 and π/2 whose sine is x; NaN beyond ±1. d/dx = 1/√(1 − x²). */
export const asin: Unary = unary({
  name: "asin",
  value: (m, x) => arctangent(m, m.div(x, cosineOfSine(m, x))),
  derivative: (m, x) => m.div(m.constant(1), cosineOfSine(m, x)),
  intervals: [[-1, 1]],
});

/** The angle between 0 and π whose cosine is x; NaN beyond ±1. d/dx = −1/√(1 − x²). */
export const acos: Unary = unary({
  name: "acos",
  // Of the half angle, the tangent of which keeps its digits where x is near 1.
  value: (m, x) => {
    const one = m.constant(1);
    return m.mul(m.constant(2), arctangent(m, m.sqrt(m.div(m.sub(one, x), m.add(one, x)))));
  },
  derivative: (m, x) => m.div(m.constant(-1), cosineOfSine(m, x)),
  intervals: [[-1, 1]],
});

/** The angle between −π/2 and π/2 whose tangent is x. d/dx = 1/(1 + x²). */
export const atan: Unary = unary({
  name: "atan",
  value: arctangent,
  derivative: (m, x) => {
    const one = m.constant(1);
    const size = magnitude(m, x);
    const isFar = m.less(one, size);
    // Of the reciprocal beyond 1, as x² overflows where 1/x² is a number.
    const near = m.where(isFar, m.div(one, size), size);
    const square = m.mul(near, near);
    return m.div(m.where(isFar, square, one), m.add(one, square));
  },
});

/**
 * The angle of the point (x, y), between −π and π: the arctangent of y / x in the quadrant of the point. Signs of zeros count,
 * as in `Math.atan2`. ∂/∂y = x/(x² + y²) and ∂/∂x = −y/(x² + y²), NaN at the origin and 0 at an infinite point.
 * @example atan2(tensor([1, -1]), tensor([-1, -1])).div(Math.PI); // tensor([0.7500, -0.7500])
 */
export const atan2: Binary = binary({
  name: "atan2",
  value: (m, y, x) => {
    const [zero, one] = [m.constant(0), m.constant(1)];
    const isNegative = (a: typeof x) => m.maximum(m.less(a, zero), m.less(m.div(one, a), zero));
    const [height, width] = [m.abs(y), m.abs(x)];
    const isSteep = m.less(width, height);
    // Two zeros or infinities have a quotient of their own.
    const isEven = m.equal(height, width);
    const most = m.where(isEven, one, m.maximum(height, width));
    const least = m.where(isEven, m.less(zero, width), m.minimum(height, width));
    const slope = arctangent(m, m.div(least, most));
    const acute = m.where(isSteep, m.sub(m.constant(Math.PI / 2), slope), slope);
    const upper = m.where(isNegative(x), m.sub(m.constant(Math.PI), acute), acute);
    return m.where(isNegative(y), m.neg(upper), upper);
  },
  derivatives: [(m, y, x) => overSquares(m, x, x, y), (m, y, x) => m.neg(overSquares(m, y, x, y))],
  // Random cases stay away from the cut along negative x, and from the origin.
  intervals: [
    [-Infinity, Infinity],
    [0, Infinity],
  ],
});

/** sinh x = (eˣ − e⁻ˣ)/2. d/dx = cosh x. */
export const sinh: Unary = unary({ name: "sinh", value: hyperbolicSine, derivative: hyperbolicCosine });

/** cosh x = (eˣ + e⁻ˣ)/2. d/dx = sinh x. */
export const cosh: Unary = unary({ name: "cosh", value: hyperbolicCosine, derivative: hyperbolicSine });

/**
 * arctan x. Beyond 1 it is π/2 − arctan 1/|x|, beyond √2 − 1 it is π/4 + arctan (t − 1)/(t + 1), and below t + t³ P(t²), the error
 * of which is below 2⁻⁵⁷ (interpolated at Chebyshev's points).
 */
function arctangent<V>(m: Arithmetic<V>, x: V): V {
  const [zero, one] = [m.constant(0), m.constant(1)];
  const size = magnitude(m, x);
  const isFar = m.less(one, size);
  const t = m.where(isFar, m.div(one, size), size);
  const isMiddle = m.less(m.constant(Math.SQRT2 - 1), t);
  const reduced = m.where(isMiddle, m.div(m.sub(t, one), m.add(t, one)), t);
  const square = m.mul(reduced, reduced);
  let series = m.constant(ARCTANGENT[0]);
  for (const coefficient of ARCTANGENT.slice(1))
    series = m.add(m.mul(series, square), m.constant(coefficient));
  const near = m.add(reduced, m.mul(m.mul(reduced, square), series));
  const acute = m.where(isMiddle, m.add(m.constant(Math.PI / 4), near), near);
  const angle = m.where(isFar, m.sub(m.constant(Math.PI / 2), acute), acute);
  // A zero keeps its sign.
  return m.where(m.equal(x, zero), x, m.where(m.less(x, zero), m.neg(angle), angle));
}

/** From the highest power down. */
const ARCTANGENT = [
  -0.01917688711906226, 0.03923165829558719, -0.0508544973794026, 0.0585814891280221, -0.06664511447381948,
  0.07692183190826087, -0.09090904578123903, 0.11111111015256361, -0.14285714284666542, 0.1999999999999552,
  -0.3333333333333333,
];

/** √(1 − x²): near ±1 from factors, which do not cancel there, and near 0 as it is, where the slope of the factors would. */
function cosineOfSine<V>(m: Arithmetic<V>, x: V): V {
  const one = m.constant(1);
  const isNear = m.less(m.mul(x, x), m.constant(0.25));
  return m.sqrt(m.where(isNear, m.sub(one, m.mul(x, x)), m.mul(m.sub(one, x), m.add(one, x))));
}

/** a / (x² + y²), in units of the larger of both so that no square leaves the range. It is 0 beside an infinite one. */
function overSquares<V>(m: Arithmetic<V>, a: V, x: V, y: V): V {
  const larger = m.maximum(m.abs(x), m.abs(y));
  const isInfinite = m.equal(larger, m.constant(Infinity));
  const scale = m.where(isInfinite, m.constant(1), larger);
  const [u, v] = [m.div(x, scale), m.div(y, scale)];
  const ratio = m.div(m.div(m.div(a, scale), m.add(m.mul(u, u), m.mul(v, v))), scale);
  return m.where(isInfinite, m.constant(0), ratio);
}

/** (E + E/(E + 1))/2 with E = e^|x| − 1, which does not cancel; from 20 on half of (e^(|x|/2))², since eˣ overflows too soon. */
function hyperbolicSine<V>(m: Arithmetic<V>, x: V): V {
  const half = m.constant(0.5);
  const size = magnitude(m, x);
  const isFar = m.less(m.constant(20), size);
  const power = m.expm1(m.where(isFar, m.constant(0), size));
  const near = m.mul(half, m.add(power, m.div(power, m.add(m.constant(1), power))));
  const value = m.where(isFar, halfSquareOfRoot(m, size), near);
  // A zero keeps its sign, and a subnormal number its digits. The second term is nothing but in the derivatives.
  const isTiny = m.less(size, m.constant(1e-9));
  const tiny = m.add(x, m.mul(x, m.mul(x, m.mul(x, m.constant(1 / 6)))));
  return m.where(isTiny, tiny, m.where(m.less(x, m.constant(0)), m.neg(value), value));
}

/** 1 + 2 sinh² x/2, whose slope does not cancel; from 20 on half of (e^(|x|/2))². */
function hyperbolicCosine<V>(m: Arithmetic<V>, x: V): V {
  const size = magnitude(m, x);
  const isFar = m.less(m.constant(20), size);
  const power = m.expm1(m.where(isFar, m.constant(0), m.mul(m.constant(0.5), size)));
  const sum = m.add(power, m.div(power, m.add(m.constant(1), power)));
  return m.where(
    isFar,
    halfSquareOfRoot(m, size),
    m.add(m.constant(1), m.mul(m.constant(0.5), m.mul(sum, sum))),
  );
}

function halfSquareOfRoot<V>(m: Arithmetic<V>, size: V): V {
  const root = m.exp(m.mul(m.constant(0.5), size));
  return m.mul(root, m.mul(m.constant(0.5), root));
}

/** |x|. A choice and not `abs`, whose slope of 0 at 0 would falsify the derivatives of smooth functions there. */
function magnitude<V>(m: Arithmetic<V>, x: V): V {
  return m.where(m.less(x, m.constant(0)), m.neg(x), x);
}
