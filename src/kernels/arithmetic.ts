/**
 * The language in which elementwise operations are written. An expression is written once, against this
 * interface, and read many times: by numbers (to compute), by source text (to make a loop), by SIMD lanes
 * (to emit WebAssembly) and by tensors (to differentiate it again).
 */

/** Arithmetic over some kind of value `V`. Comparisons give 1 for true and 0 for false. */
export interface Arithmetic<V> {
  constant(value: number): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  div(a: V, b: V): V;
  neg(a: V): V;
  abs(a: V): V;
  sqrt(a: V): V;
  maximum(a: V, b: V): V;
  minimum(a: V, b: V): V;
  less(a: V, b: V): V;
  equal(a: V, b: V): V;
  /** `a` where `condition` is not 0, else `b`. */
  where(condition: V, a: V, b: V): V;
  exp(a: V): V;
  log(a: V): V;
  log1p(a: V): V;
  expm1(a: V): V;
  sin(a: V): V;
  cos(a: V): V;
  tanh(a: V): V;
  erf(a: V): V;
  pow(a: V, exponent: V): V;
}

/** One value from the operands, in any arithmetic: `(m, x, y) => m.mul(x, m.exp(y))`. */
export type Expression = <V>(m: Arithmetic<V>, ...operands: V[]) => V;

/** Several values from the operands: what an in-place update writes back to its first operands. */
export type Expressions = <V>(m: Arithmetic<V>, ...operands: V[]) => V[];
