/**
 * Modified Bessel functions of orders 0 and 1, exponentially scaled, and the combination of the four that
 * makes the rotation curve of an exponential disc. Relative error below 2e-15.
 */

import { describeNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { exp, expm1, log, sin } from "../kernels/math.ts";

/**
 * The shape of an exponential disc's rotation curve, y² (I0(y) K0(y) − I1(y) K1(y)), with y = R / (2 R_d).
 *
 * The two products agree in more and more digits as y grows (their difference falls as 1/(4y³)), so above y = 1 they
 * are never subtracted:
 * - y ≤ 1: the power series; the products differ by a factor of 1.5 or more, so at most two bits are lost.
 * - y < 22: `trapezoid` gives I = I0 e^−y and the means I⟨v⟩, I⟨v²⟩ of v = 1 − cos θ under its integral, and
 *   K = K0 e^y and K⟨c⟩, K⟨c²⟩ of c = cosh t − 1, all sums of positive terms. As I1 = I0 − I⟨v⟩ and K1 = K0 + K⟨c⟩, the
 *   wanted difference is IK (⟨v⟩ − ⟨c⟩ + ⟨v⟩⟨c⟩). By parts, I1 e^−y = y I⟨sin² θ⟩ and K1 e^y = y K⟨sinh² t⟩, that is
 *   1 − ⟨v⟩ = y (2⟨v⟩ − ⟨v²⟩) and 1 + ⟨c⟩ = y (2⟨c⟩ + ⟨c²⟩). Solved for ⟨v⟩ and ⟨c⟩ this turns ⟨v⟩ − ⟨c⟩ into
 *   y⟨v²⟩/(2y+1) + y⟨c²⟩/(2y−1) − 2/(4y²−1). What is left to cancel is a factor below 5, at every y.
 * - above: the expansions of the products I_ν K_ν (DLMF 10.40.6), subtracted term by term on paper. With μ = 4ν²
 *   the k-th terms are (−1)^k (2k−1)!!/(2k)!! Π_{j≤k} (μ − (2j−1)²) / (2y)^{2k}, all over 2y; for ν = 0 and ν = 1 their
 *   difference is (2k−1)!!³/(2k)!! · 4k/(2k−1), which is positive. So y²(I0 K0 − I1 K1) = (1/4y) Σ s_k with s_1 = 1 and
 *   s_{k+1}/s_k = (2k−1)(2k+1)²/(8k y²). The sum is 1 for a point mass; s_2 = 9/(8y²) is the disc's quadrupole.
 *
 * @param y half the radius in scale lengths, finite and ≥ 0
 * @returns a number in [0, 0.19353]: y² ln(1/y) near zero, 1/(4y) far out, highest at y = 1.07502677
 * @throws ArgumentError for a negative, infinite or NaN `y`
 * @example discShape(1.07502677) // 0.193522701488…
 * @see Freeman (1970), ApJ 160, 811
 */
export function discShape(y: number): number {
  requireArgument("discShape", y, 0);
  if (y === 0) return 0;
  if (y <= POWER_SERIES_END) {
    const { i0, i1, k0, yK1 } = powerSeries(y);
    return y * y * i0 * k0 - y * i1 * yK1;
  }
  if (y < ASYMPTOTIC_START) {
    const { i, iv, ivv, k, kc, kcc } = trapezoid(y);
    const second = (y * ivv * k) / (2 * y + 1) + (y * i * kcc) / (2 * y - 1);
    return y * y * (iv * kc + second - (2 * i * k) / (4 * y * y - 1));
  }
  let sum = 1;
  let term = 1;
  for (let k = 1; term > NEGLIGIBLE; k++) {
    term *= ((2 * k - 1) * (2 * k + 1) * (2 * k + 1)) / (8 * k) / y / y;
    sum += term;
  }
  return (0.25 / y) * sum;
}

/**
 * d discShape / d ln y, for fits. From I0' = I1, I1' = I0 − I1/y, K0' = −K1 and K1' = −K0 − K1/y it is
 * 2y² (I0 K0 + y (I1 K0 − I0 K1)). The two terms cancel as y grows, so far out the expansion of {@link discShape} is
 * differentiated term by term: a power y^−(2k−1) has the logarithmic derivative −(2k−1). Relative to the shape, the error
 * is below 4y² units in the last place, 5e-13 at y = 22.
 *
 * @param y finite and > 0
 */
export function discShapeSlope(y: number): number {
  if (y < ASYMPTOTIC_START) {
    const { i0e, i1e, k0e, k1e } = scaledBessel(y);
    return 2 * y * y * (i0e * k0e + y * (i1e * k0e - i0e * k1e));
  }
  let sum = 1;
  let term = 1;
  for (let k = 1; term > NEGLIGIBLE; k++) {
    term *= ((2 * k - 1) * (2 * k + 1) * (2 * k + 1)) / (8 * k) / y / y;
    sum += (2 * k + 1) * term;
  }
  return (-0.25 / y) * sum;
}

/**
 * I0(y) e^(−y), the modified Bessel function of the first kind and order 0, exponentially scaled.
 *
 * @param y finite and ≥ 0
 * @throws ArgumentError for a negative, infinite or NaN `y`
 * @example i0e(1) // 0.465759607593…
 */
export function i0e(y: number): number {
  return requireArgument("i0e", y, 0) === 0 ? 1 : scaledBessel(y).i0e;
}

/**
 * I1(y) e^(−y), the modified Bessel function of the first kind and order 1, exponentially scaled.
 *
 * @param y finite and ≥ 0
 * @throws ArgumentError for a negative, infinite or NaN `y`
 * @example i1e(1) // 0.207910415349…
 */
export function i1e(y: number): number {
  return requireArgument("i1e", y, 0) === 0 ? 0 : scaledBessel(y).i1e;
}

/**
 * K0(y) e^y, the modified Bessel function of the second kind and order 0, exponentially scaled.
 *
 * @param y finite and > 0 (K0 has a logarithmic pole at 0)
 * @throws ArgumentError for a `y` that is zero, negative, infinite or NaN
 * @example k0e(1) // 1.144463079806…
 */
export function k0e(y: number): number {
  return scaledBessel(requireArgument("k0e", y, Number.MIN_VALUE)).k0e;
}

/**
 * K1(y) e^y, the modified Bessel function of the second kind and order 1, exponentially scaled.
 *
 * @param y finite and > 0 (K1 has a pole 1/y at 0; below 5.6e-309 the value itself exceeds the largest double)
 * @throws ArgumentError for a `y` that is zero, negative, infinite or NaN
 * @example k1e(1) // 1.636153486263…
 */
export function k1e(y: number): number {
  return scaledBessel(requireArgument("k1e", y, Number.MIN_VALUE)).k1e;
}

/** Largest argument of {@link powerSeries}: beyond it K0 = −ln(y/2) I0 + … begins to cancel. */
const POWER_SERIES_END = 1;

/** Smallest argument of {@link expansion}: its smallest term, of the order e^(−2y), must be below {@link NEGLIGIBLE}. */
const ASYMPTOTIC_START = 22;

/** Terms this small relative to a sum are below half a unit in its last place. */
const NEGLIGIBLE = 5e-17;

/** ln 2 − γ, so that −γ − ln(y/2) needs no y/2, which underflows for the smallest double. */
const LN_2_MINUS_EULER_GAMMA = 0.11593151565841245;

/** The four scaled functions at once, for y > 0. */
function scaledBessel(y: number): { i0e: number; i1e: number; k0e: number; k1e: number } {
  if (y <= POWER_SERIES_END) {
    const { i0, i1, k0, yK1 } = powerSeries(y);
    const scale = exp(y);
    return { i0e: i0 / scale, i1e: i1 / scale, k0e: k0 * scale, k1e: (yK1 / y) * scale };
  }
  if (y < ASYMPTOTIC_START) {
    const { i, iv, k, kc } = trapezoid(y);
    return { i0e: i, i1e: i - iv, k0e: k, k1e: k + kc };
  }
  const i = 1 / Math.sqrt(2 * Math.PI) / Math.sqrt(y);
  const k = Math.sqrt(Math.PI / 2) / Math.sqrt(y);
  return {
    i0e: i * expansion(0, -y),
    i1e: i * expansion(1, -y),
    k0e: k * expansion(0, y),
    k1e: k * expansion(1, y),
  };
}

/**
 * Power series for 0 < y ≤ 1 (DLMF 10.25.2 and 10.31.1; Abramowitz & Stegun 9.6.10–9.6.13), unscaled. With q = y²/4
 * and the digamma values ψ(k+1) = −γ + 1 + 1/2 + … + 1/k:
 *
 *   I0 = Σ q^k/k!²          K0 = Σ q^k/k!² (ψ(k+1) − ln(y/2))
 *   I1 = (y/2) Σ q^k/(k! (k+1)!)    K1 = 1/y − (y/2) Σ q^k/(k! (k+1)!) (ψ(k+1) + 1/(2k+2) − ln(y/2))
 */
function powerSeries(y: number): { i0: number; i1: number; k0: number; yK1: number } {
  const q = (y * y) / 4;
  let weight = 1; // q^k / k!²
  let digammaMinusLog = LN_2_MINUS_EULER_GAMMA - log(y); // ψ(k+1) − ln(y/2)
  let i0 = 0;
  let i1 = 0;
  let k0 = 0;
  let k1Sum = 0;
  // Ten terms: the eleventh is at most 4^-10 / 10!² = 7e-20 of the first.
  for (let k = 1; k <= 10; k++) {
    i0 += weight;
    i1 += weight / k;
    k0 += weight * digammaMinusLog;
    k1Sum += (weight / k) * (digammaMinusLog + 0.5 / k);
    weight *= q / (k * k);
    digammaMinusLog += 1 / k;
  }
  return { i0, i1: (y / 2) * i1, k0, yK1: 1 - ((y * y) / 2) * k1Sum };
}

/**
 * Moments of two integrals (DLMF 10.32.1 and 10.32.9) for 1 < y < 22, by the trapezoidal rule, as sums of positive terms:
 *
 *   i = I0 e^−y = (1/π) ∫₀^π exp(−y v) dθ,  iv and ivv with v and v² under the integral,  v = 1 − cos θ;
 *   k = K0 e^y  =       ∫₀^∞ exp(−y c) dt,  kc and kcc with c and c² under the integral,  c = cosh t − 1.
 *
 * As I1 has cos θ and K1 has cosh t under these integrals, iv = (I0 − I1) e^−y and kc = (K1 − K0) e^y.
 * On such smooth integrands the rule converges geometrically (Trefethen & Weideman 2014, SIAM Review 56, 385).
 * The error of i with N intervals is exactly 2 (I_2N + I_4N + …) e^−y; that of k with step h is about exp(y − π²/h).
 * Both are worst at y = 22, where the relative error of all six, computed with 40 digits, is below 1e-17.
 */
function trapezoid(y: number): { i: number; iv: number; ivv: number; k: number; kc: number; kcc: number } {
  const end = exp(-2 * y); // the ends θ = 0 (v = 0) and θ = π (v = 2) count half
  let i = 0.5 + 0.5 * end;
  let iv = end;
  let ivv = 2 * end;
  for (const v of VERSINES) {
    const value = exp(-y * v);
    i += value;
    iv += v * value;
    ivv += v * v * value;
  }
  let k = 0.5; // so does the end t = 0 (c = 0)
  let kc = 0;
  let kcc = 0;
  for (const c of COSH_MINUS_ONE) {
    if (y * c > COSH_CUTOFF) break;
    const value = exp(-y * c);
    k += value;
    kc += c * value;
    kcc += c * c * value;
  }
  const n = I_INTERVALS;
  const h = K_STEP;
  return { i: i / n, iv: iv / n, ivv: ivv / n, k: k * h, kc: kc * h, kcc: kcc * h };
}

const I_INTERVALS = 26;
const K_STEP = 1 / 7;

/** exp(−42) = 6e-19: what lies beyond does not count. */
const COSH_CUTOFF = 42;

/** 1 − cos θ = 2 sin²(θ/2) at the inner nodes θ = π j / N. */
const VERSINES: Float64Array = /* @__PURE__ */ Float64Array.from({ length: I_INTERVALS - 1 }, (_, j) => {
  const half = sin((Math.PI * (j + 1)) / (2 * I_INTERVALS));
  return 2 * half * half;
});

/** cosh t − 1 = (e^t − 1)² / (2 e^t) at t = h, 2h, …, up to the cutoff for y = 1 (arcosh 43 = 4.45 = 31.2 h). */
const COSH_MINUS_ONE: Float64Array = /* @__PURE__ */ Float64Array.from({ length: 32 }, (_, j) => {
  const t = (j + 1) * K_STEP;
  return (expm1(t) * expm1(t)) / (2 * exp(t));
});

/**
 * Hankel's expansion Σ a_k(ν)/y^k with a_k/a_{k−1} = (4ν² − (2k−1)²)/(8k), for K_ν at y and for I_ν at −y
 * (DLMF 10.40.1 and 10.40.2; Abramowitz & Stegun 9.7.1 and 9.7.2).
 */
function expansion(order: number, y: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; Math.abs(term) > NEGLIGIBLE; k++) {
    term *= (4 * order * order - (2 * k - 1) * (2 * k - 1)) / (8 * k) / y;
    sum += term;
  }
  return sum;
}

function requireArgument(where: string, y: number, least: number): number {
  if (typeof y === "number" && y >= least && y < Infinity) return y;
  const rule = least > 0 ? "greater than 0, where the function has a pole" : "0 or greater";
  throw new ArgumentError(
    where,
    `got y = ${describeNumber(y)}, but y must be a finite number ${rule}`,
    "y is a radius in units of 2 scale lengths; check the radius and the scale length it was made from.",
  );
}
