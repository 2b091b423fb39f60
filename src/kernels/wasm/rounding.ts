/**
 * How often an expression rounds. Where it does so once at the most, float64 arithmetic that is rounded at its end gives what
 * float32 lanes give, and a single number need not go through them.
 */

import type { Arithmetic, Expressions } from "../arithmetic.ts";

/** Whether expressions of float32 numbers give the same in float32 arithmetic as in float64 with one rounding at the end. */
export function roundsOnce(expressions: Expressions, operandCount: number): boolean {
  const operands = new Array<number>(operandCount).fill(EXACT);
  return expressions(roundings, ...operands).every((result) => result < OTHER);
}

// What a value in float64 is to the one in float32.
/** The same. */
const EXACT = 0;
/** The same when it is rounded: float64 has more than twice as many digits, so + − × ÷ √ may be rounded twice. */
const ROUNDED = 1;
const OTHER = 2;

/** Of what commutes with rounding. */
const most = (...operands: number[]): number => Math.max(...operands);
const rounded = (...operands: number[]): number => (most(...operands) === EXACT ? ROUNDED : OTHER);
const compared = (...operands: number[]): number => (most(...operands) === EXACT ? EXACT : OTHER);
/** Lanes have polynomials of their own. */
const other = (): number => OTHER;

const roundings: Arithmetic<number> = {
  constant: (value) => (Object.is(value, Math.fround(value)) ? EXACT : OTHER),
  add: rounded,
  sub: rounded,
  mul: rounded,
  div: rounded,
  sqrt: rounded,
  neg: most,
  abs: most,
  maximum: most,
  minimum: most,
  less: compared,
  equal: compared,
  where: (condition, a, b) => most(compared(condition), a, b),
  exp: other,
  log: other,
  log1p: other,
  expm1: other,
  sin: other,
  cos: other,
  tanh: other,
  erf: other,
  erfc: other,
  pow: other,
};
