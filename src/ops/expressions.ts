/** Parts of elementwise expressions that several operations share. */

import type { Arithmetic } from "../kernels/index.ts";

/** 1/(1 + e^(−x)), from e^(−|x|) so that nothing overflows when it is differentiated again. */
export function logistic<V>(m: Arithmetic<V>, x: V): V {
  const e = expOfMinusAbs(m, x);
  const one = m.constant(1);
  return m.div(m.where(m.less(x, m.constant(0)), e, one), m.add(one, e));
}

/**
 * σ(x) σ(−x) = e / (1 + e)² with e = e^(−|x|): no overflow, no cancellation. Near 0 it is ¼ − u² with u = σ(x) − ½, the
 * slope of which does not cancel either.
 */
export function logisticDensity<V>(m: Arithmetic<V>, x: V): V {
  const isNear = m.less(m.abs(x), m.constant(0.5));
  const u = beyondHalf(m, m.where(isNear, x, m.constant(0)));
  const e = expOfMinusAbs(m, x);
  const onePlus = m.add(m.constant(1), e);
  return m.where(isNear, m.sub(m.constant(0.25), m.mul(u, u)), m.div(e, m.mul(onePlus, onePlus)));
}

/** σ(x) − ½, for small x. */
export function beyondHalf<V>(m: Arithmetic<V>, x: V): V {
  const power = m.expm1(x);
  return m.mul(m.constant(0.5), m.div(power, m.add(m.constant(2), power)));
}

/** e^(−|x|). A choice and not `abs`, whose slope of 0 at 0 would falsify the derivatives of smooth functions there. */
export function expOfMinusAbs<V>(m: Arithmetic<V>, x: V): V {
  return m.exp(m.where(m.less(x, m.constant(0)), x, m.neg(x)));
}

/** The cumulative distribution of the standard normal. */
export function normalCdf<V>(m: Arithmetic<V>, x: V): V {
  return m.mul(m.constant(0.5), m.erfc(m.mul(x, m.constant(-Math.SQRT1_2))));
}
