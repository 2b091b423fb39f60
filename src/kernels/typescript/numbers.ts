/** Expressions read as plain numbers: every operand is a float64, nothing is rounded on the way. */

import type { Arithmetic } from "../arithmetic.ts";
import { cos, erf, erfc, exp, expm1, log, log1p, pow, sin, tanh } from "../math.ts";

/** The arithmetic of plain numbers. */
export const numbers: Arithmetic<number> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  maximum: Math.max,
  minimum: Math.min,
  less: (a, b) => (a < b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  where: (condition, a, b) => (condition !== 0 ? a : b),
  exp,
  log,
  log1p,
  expm1,
  sin,
  cos,
  tanh,
  erf,
  erfc,
  pow,
};
