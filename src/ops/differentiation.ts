/**
 * The derivative of an expression, by reading it with dual numbers: each value carries its tangent along, how much it
 * changes when one operand does. The result is in the arithmetic underneath: a number, code of a backend, or a tensor.
 */

import { checkKind } from "../basics/check.ts";
import { type Arithmetic, type Expression, oncePer } from "../kernels/index.ts";

/** A value and its tangent, both computed when they are first asked for. A tangent of null is 0 everywhere. */
interface Dual<V> {
  value: () => V;
  tangent: (() => V) | null;
}

/**
 * How the value changes when operand `index` changes by `tangent`; null where it cannot. For an elementwise operation this
 * is also what takes the output's cotangent to that of the operand, since the matrix of derivatives is diagonal.
 */
export function tangentOf<V>(
  m: Arithmetic<V>,
  expression: Expression,
  operands: readonly V[],
  index: number,
  tangent: V,
): V | null {
  const inputs = operands.map(
    (operand, i): Dual<V> => ({ value: () => operand, tangent: i === index ? () => tangent : null }),
  );
  const result = expression(dualsOf(m), ...inputs);
  return result.tangent === null ? null : result.tangent();
}

/**
 * The derivative of an expression of one variable, as an expression: the same one each time.
 *
 * ```ts
 * evaluate(derivativeOf((m, t) => m.mul(t, t)), tensor(3)); // tensor(6)
 * ```
 */
export function derivativeOf(expression: Expression): Expression {
  checkKind("derivativeOf", "expression", expression, "function", "write (m, t) => m.mul(t, t).");
  return derivative(expression);
}

const derivative = /* @__PURE__ */ oncePer(
  (expression: Expression): Expression =>
    (m, t) =>
      tangentOf(m, expression, [t], 0, m.constant(1)) ?? m.constant(0),
);

/** Dual numbers over an arithmetic, made once: all records ask with the same one for what they read. */
const dualsOf = /* @__PURE__ */ oncePer(duals) as typeof duals;

/** Dual numbers over an arithmetic. A rule takes the tangent of one operand to what it adds to that of the result. */
function duals<V>(m: Arithmetic<V>): Arithmetic<Dual<V>> {
  type Rule = (tangent: V, result: Dual<V>) => V;
  const dual = (value: () => V, ...rules: (readonly [Dual<V>, Rule])[]): Dual<V> => {
    const moving = rules.filter(([operand]) => operand.tangent !== null);
    const result: Dual<V> = { value: once(value), tangent: null };
    if (moving.length > 0) {
      result.tangent = once(() =>
        moving
          .map(([operand, rule]) => rule(operand.tangent!(), result))
          .reduce((sum, term) => m.add(sum, term)),
      );
    }
    return result;
  };
  const unary =
    (value: (a: V) => V, rule: (tangent: V, a: V, result: Dual<V>) => V) =>
    (a: Dual<V>): Dual<V> =>
      dual(() => value(a.value()), [a, (tangent, result) => rule(tangent, a.value(), result)]);
  const zero = m.constant(0);
  const one = m.constant(1);
  /** The slope of erf. It is 0 long before a² overflows. */
  const gaussian = (a: V): V => {
    const near = m.where(m.less(m.constant(30), m.abs(a)), m.constant(30), a);
    return m.mul(m.constant(TWO_OVER_SQRT_PI), m.exp(m.neg(m.mul(near, near))));
  };
  const isInfinite = (a: V): V => m.equal(m.abs(a), m.constant(Infinity));
  /** NaN for −∞, of which there is no logarithm: a slope of 0 would look right. */
  const definite = (a: V): V => m.where(m.equal(a, m.constant(-Infinity)), m.constant(NaN), a);
  /** The larger or the smaller of two: the tangent is that of the one taken, half of each where they are equal. */
  const extremum =
    (value: (a: V, b: V) => V, isSecond: (a: V, b: V) => V) =>
    (a: Dual<V>, b: Dual<V>): Dual<V> => {
      const share = (tangent: V, ifFirst: V, ifSecond: V): V =>
        m.where(
          m.equal(a.value(), b.value()),
          m.mul(m.constant(0.5), tangent),
          m.where(isSecond(a.value(), b.value()), ifSecond, ifFirst),
        );
      return dual(
        () => value(a.value(), b.value()),
        [a, (tangent) => share(tangent, tangent, zero)],
        [b, (tangent) => share(tangent, zero, tangent)],
      );
    };
  return {
    constant: (value) => dual(() => m.constant(value)),
    add: (a, b) => dual(() => m.add(a.value(), b.value()), [a, (t) => t], [b, (t) => t]),
    sub: (a, b) => dual(() => m.sub(a.value(), b.value()), [a, (t) => t], [b, (t) => m.neg(t)]),
    mul: (a, b) =>
      dual(
        () => m.mul(a.value(), b.value()),
        [a, (t) => m.mul(t, b.value())],
        [b, (t) => m.mul(t, a.value())],
      ),
    div: (a, b) =>
      dual(
        () => m.div(a.value(), b.value()),
        [a, (t) => m.div(t, b.value())],
        [b, (t, ratio) => m.neg(m.div(m.mul(t, ratio.value()), b.value()))],
      ),
    neg: unary(m.neg, (t) => m.neg(t)),
    abs: unary(m.abs, (t, a) => m.where(m.less(a, zero), m.neg(t), m.where(m.equal(a, zero), zero, t))),
    sqrt: unary(m.sqrt, (t, _, root) => m.div(t, m.add(root.value(), root.value()))),
    maximum: extremum(m.maximum, (a, b) => m.less(a, b)),
    minimum: extremum(m.minimum, (a, b) => m.less(b, a)),
    less: (a, b) => dual(() => m.less(a.value(), b.value())),
    equal: (a, b) => dual(() => m.equal(a.value(), b.value())),
    // What is not taken has a tangent of 0, even where its own is infinite.
    where: (condition, a, b) => ({
      value: once(() => m.where(condition.value(), a.value(), b.value())),
      tangent:
        a.tangent === null && b.tangent === null
          ? null
          : once(() => m.where(condition.value(), a.tangent?.() ?? zero, b.tangent?.() ?? zero)),
    }),
    exp: unary(m.exp, (t, _, power) => m.mul(t, power.value())),
    log: unary(m.log, (t, a) => m.div(t, definite(a))),
    log1p: unary(m.log1p, (t, a) => m.div(t, m.add(one, definite(a)))),
    expm1: unary(m.expm1, (t, a) => m.mul(t, m.exp(a))),
    sin: unary(m.sin, (t, a) => m.mul(t, m.cos(a))),
    cos: unary(m.cos, (t, a) => m.neg(m.mul(t, m.sin(a)))),
    // 1/cosh² a = 4 e / (1 + e)² with e = e^(−2|a|), exact where 1 − tanh² cancels; near 0 the latter, whose slope is exact.
    tanh: unary(m.tanh, (t, a, result) => {
      const e = m.exp(m.mul(m.constant(2), m.where(m.less(a, zero), a, m.neg(a))));
      const onePlus = m.add(one, e);
      const far = m.mul(m.constant(4), m.div(e, m.mul(onePlus, onePlus)));
      const near = m.sub(one, m.mul(result.value(), result.value()));
      return m.mul(t, m.where(m.less(m.abs(a), m.constant(0.5)), near, far));
    }),
    erf: unary(m.erf, (t, a) => m.mul(t, gaussian(a))),
    erfc: unary(m.erfc, (t, a) => m.neg(m.mul(t, gaussian(a)))),
    pow: (a, b) =>
      dual(
        () => m.pow(a.value(), b.value()),
        [
          a,
          // The argument is guarded, not the result: the derivative of a branch not taken would still be 0 · ∞.
          // Only where x^(−1) is infinite or NaN, in float64: elsewhere it is what the mixed derivative at y = 0 is made of.
          (t) => {
            const isOrdinary = m.less(m.constant(5.6e-309), m.abs(a.value()));
            const base = m.where(m.mul(m.equal(b.value(), zero), m.sub(one, isOrdinary)), one, a.value());
            // For infinite y the power alone is 0 or infinite, as it is at x = 0 for y below 1, and the mixed derivative is as well.
            const isEnd = m.maximum(
              m.mul(m.equal(a.value(), zero), m.less(b.value(), one)),
              isInfinite(b.value()),
            );
            const sign = m.sub(m.less(zero, b.value()), m.less(b.value(), zero));
            const power = m.pow(base, m.sub(b.value(), one));
            return m.mul(t, m.where(isEnd, m.mul(sign, power), m.mul(b.value(), power)));
          },
        ],
        [
          b,
          // x^y ln x is 0 at x = 0, and where y < 0 it is −∞, also at −0, whose odd powers are −∞; 0 at ∞ where y < 0. The size of
          // x^y, times −1 there, has the slope of x^y ln x as well.
          (t, power) => {
            const isZero = m.equal(a.value(), zero);
            const isLost = m.mul(m.equal(a.value(), m.constant(Infinity)), m.less(b.value(), zero));
            const log = m.log(m.where(m.maximum(isZero, isLost), one, a.value()));
            const atZero = m.where(m.equal(b.value(), zero), zero, m.constant(-1));
            const isNegative = m.mul(isZero, m.less(power.value(), zero));
            const size = m.where(isNegative, m.neg(power.value()), power.value());
            return m.mul(t, m.mul(size, m.where(isZero, atZero, log)));
          },
        ],
      ),
  };
}

const TWO_OVER_SQRT_PI = 1.1283791670955126;

function once<V>(compute: () => V): () => V {
  let result: { readonly value: V } | undefined;
  return () => {
    result ??= { value: compute() };
    return result.value;
  };
}
