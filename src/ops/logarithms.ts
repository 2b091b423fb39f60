/** Logarithms of other bases, and of what is made of exponentials. */

import type { Arithmetic } from "../kernels/index.ts";
import { log2 as log2Of, log10 as log10Of } from "../kernels/math.ts";
import { inFloat64 } from "./composite.ts";
import { type Binary, type Unary, where } from "./elementwise.ts";
import { binary, unary } from "./elementwise-record.ts";
import { expOfMinusAbs, logistic } from "./expressions.ts";
import { pointwise } from "./pointwise.ts";

/** The logarithm to base 2, exact at powers of 2. d/dx = 1/(x ln 2). */
export const log2: Unary = logarithm("log2", log2Of, Math.LOG2E);

/** The logarithm to base 10, exact at powers of 10. d/dx = 1/(x ln 10). */
export const log10: Unary = logarithm("log10", log10Of, Math.LOG10E);

/** ln σ(x) = −ln(1 + e^(−x)): the digits that `sigmoid(x).log()` loses. d/dx = σ(−x). */
export const logSigmoid: Unary = unary({
  name: "logSigmoid",
  value: (m, x) => m.sub(m.minimum(x, m.constant(0)), m.log1p(expOfMinusAbs(m, x))),
  // The choices in the value have no second derivative at 0; σ has.
  derivative: (m, x) => logistic(m, m.neg(x)),
});

/**
 * ln(eˣ + eʸ), without overflow. The gradients by x and y are σ(x − y) and σ(y − x).
 * @example logAddExp(tensor([0, 1000]), tensor([0, 1000])); // tensor([0.6931, 1000.6932])
 */
export const logAddExp: Binary = binary({
  name: "logAddExp",
  value: (m, x, y) => m.add(m.maximum(x, y), m.log1p(expOfMinusAbs(m, difference(m, x, y)))),
  derivatives: [(m, x, y) => logistic(m, difference(m, x, y)), (m, x, y) => logistic(m, difference(m, y, x))],
});

/** x − y, and 0 where both are the same infinity. */
function difference<V>(m: Arithmetic<V>, x: V, y: V): V {
  const isInfinite = m.equal(m.abs(x), m.constant(Infinity));
  return m.where(m.mul(isInfinite, m.equal(x, y)), m.constant(0), m.sub(x, y));
}

/* @__NO_SIDE_EFFECTS__ */ function logarithm(
  name: string,
  value: (x: number) => number,
  scale: number,
): Unary {
  return pointwise({
    name,
    value,
    // NaN for −∞, as for `log`.
    gradient: (cotangent, { inputs }) =>
      inFloat64(cotangent, (cotangent) => {
        const x = inputs![0].to("float64");
        return cotangent.div(where(x.detach().equal(-Infinity), NaN, x)).mul(scale);
      }),
    reads: "inputs",
    examples: [
      { shapes: [[3, 4]], intervals: [[0, Infinity]] },
      { shapes: [[]], intervals: [[0, Infinity]] },
    ],
  });
}
