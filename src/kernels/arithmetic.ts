/**
 * The language in which elementwise operations are written. An expression is written once, against this
 * interface, and read many times: by numbers (to compute), by source text (to make a loop), by SIMD lanes
 * (to emit WebAssembly) and by dual numbers (to differentiate it).
 */

/** Arithmetic over some kind of value `V`. Comparisons give 1 for true and 0 for false. */
export interface Arithmetic<V> {
  /** The same number for every element. */
  constant(value: number): V;
  /** a + b */
  add(a: V, b: V): V;
  /** a − b */
  sub(a: V, b: V): V;
  /** a · b */
  mul(a: V, b: V): V;
  /** a / b */
  div(a: V, b: V): V;
  /** −a */
  neg(a: V): V;
  /** |a| */
  abs(a: V): V;
  /** √a */
  sqrt(a: V): V;
  /** The larger of both; NaN if either is. */
  maximum(a: V, b: V): V;
  /** The smaller of both; NaN if either is. */
  minimum(a: V, b: V): V;
  /** 1 where a < b, else 0. */
  less(a: V, b: V): V;
  /** 1 where a = b, else 0. */
  equal(a: V, b: V): V;
  /** `a` where `condition` is not 0, else `b`. */
  where(condition: V, a: V, b: V): V;
  /** eᵃ */
  exp(a: V): V;
  /** ln a */
  log(a: V): V;
  /** ln(1 + a) */
  log1p(a: V): V;
  /** eᵃ − 1 */
  expm1(a: V): V;
  /** sin a, in radians */
  sin(a: V): V;
  /** cos a, in radians */
  cos(a: V): V;
  /** tanh a */
  tanh(a: V): V;
  /** The error function. */
  erf(a: V): V;
  /** 1 − erf a, without cancellation. */
  erfc(a: V): V;
  /** a to the power of the exponent. */
  pow(a: V, exponent: V): V;
}

/** One value from the operands, in any arithmetic: `(m, x, y) => m.mul(x, m.exp(y))`. */
export type Expression = <V>(m: Arithmetic<V>, ...operands: V[]) => V;

/** Several values from the operands: what an in-place update writes back to its first operands. */
export type Expressions = <V>(m: Arithmetic<V>, ...operands: V[]) => V[];

/**
 * An expression as a kernel computes it. Where an arithmetic has numbers of little range, as lanes have, and a step on the way
 * may leave it, the arithmetic is asked to guard the result.
 */
export const kernelOf: (expression: Expression) => Expressions = /* @__PURE__ */ oncePer(
  (expression: Expression): Expressions =>
    <V>(m: Arithmetic<V>, ...operands: V[]): V[] => [
      "guarded" in m && !inRange.has(expression)
        ? (m as Arithmetic<V> & { guarded(of: Expression, operands: V[]): V }).guarded(expression, operands)
        : expression(m, ...operands),
    ],
);

/**
 * An update in place as a kernel computes it: of the results of `values` the first, so many as are written. Those behind are conditions, 1
 * where a step on the way may leave the range of little numbers. They are for the author to find: guarding each result as above
 * would take an update a fifth more time.
 */
/* @__NO_SIDE_EFFECTS__ */ export function updateOf(values: Expressions, writes: number): Expressions {
  return <V>(m: Arithmetic<V>, ...operands: V[]): V[] => {
    const all = values(m, ...operands);
    const [results, conditions] = [all.slice(0, writes), all.slice(writes)];
    if (!("rescued" in m) || conditions.length === 0) return results;
    type Guard = { rescued(values: Expressions, results: V[], conditions: V[], operands: V[]): V[] };
    return (m as Arithmetic<V> & Guard).rescued(values, results, conditions, operands);
  };
}

const inRange = /* @__PURE__ */ new WeakSet<Expression>();

/**
 * The same expression, which is written so that no step leaves the range of float32 where that would cost digits. For what
 * is guarded in vain, and takes a tenth more time for it.
 */
/* @__NO_SIDE_EFFECTS__ */ export function staysInRange(expression: Expression): Expression {
  inRange.add(expression);
  return expression;
}

/** What `make` makes of an expression or another object, made once for each. */
export function oncePer<K extends object, T>(make: (key: K) => T): (key: K) => T {
  const made = new WeakMap<K, T>();
  return (key) => {
    let result = made.get(key);
    if (result === undefined) {
      result = make(key);
      made.set(key, result);
    }
    return result;
  };
}
