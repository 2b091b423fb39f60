/**
 * The elementary functions exp, log, sin, tanh …, in float64 and with the same bits on every machine.
 * ECMAScript leaves the last bits of `Math.exp` and its like to the engine; these use only + − × ÷ √, which IEEE 754
 * rounds correctly everywhere, and bit patterns. Special values (NaN, ±∞, ±0) are those of the `Math` namesakes.
 *
 * The plan is always the same: reduce the argument to a short interval, evaluate a polynomial there, undo the reduction.
 * The reductions and the two closed forms (for exp and log) are those of Sun's fdlibm (K. C. Ng, 1993); the polynomials are
 * minimax fits (Remez exchange at 90 digits), each with its error noted. The greatest error of every function, in units
 * in the last place (ulp), is stated at the function and held by test/kernels/math.test.ts.
 */

// ---------------------------------------------------------------------------------------------------------------------
// Exponentials

/**
 * eˣ, error below 0.6 ulp. Overflows to Infinity above 709.78, reaches 0 below −745.13.
 *
 * The hot one: x = n ln 2 / 64 + r with |r| ≤ ln 2 / 128, so eˣ = 2^⌊n/64⌋ · 2^((n mod 64)/64) · eʳ, the middle factor from a
 * table to twice the precision and eʳ from six terms of its series (rest below 2⁻⁶⁵). It has no division and is short
 * enough for V8 to inline into loops: 3 ns an element there, where calling `expOfSum` takes 9.
 * @example exp(1) // 2.718281828459045
 */
export function exp(x: number): number {
  if (x > -708 && x < 709) {
    const n = Math.floor(x * INVERSE_LN2_64 + 0.5) | 0;
    const r = x - n * LN2_64_HIGH - n * LN2_64_LOW;
    const t = r * r;
    const q =
      r +
      t *
        (0.5 +
          r * 0.16666666666666666 +
          t * (0.041666666666666664 + r * 0.008333333333333333 + t * 0.001388888888888889));
    const power = ROOTS_OF_TWO[n & 63];
    return (power + (ROOTS_OF_TWO_LOW[n & 63] + power * q)) * POWERS_OF_TWO[1074 + (n >> 6)];
  }
  return expOfSum(x, 0);
}

/**
 * eˣ − 1 without cancellation near 0, error below 1 ulp.
 * @example expm1(1e-20) // 1e-20
 */
export function expm1(x: number): number {
  if (Math.abs(x) < TINY) return x; // also keeps −0
  if (x > 710) return Infinity;
  if (x < -38) return -1; // e⁻³⁸ is less than half an ulp of 1
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const head = x - k * LN2_HIGH;
  const tail = k * LN2_LOW;
  const r = head - tail;
  // eˣ − 1 = 2ᵏ ((1 − 2⁻ᵏ) + r + (eʳ − 1 − r)), the two large terms summed without error
  const w = powerOfTwo(-(k | 0));
  const a = 1 - w;
  const s = a + r;
  return scale(s + (sumError(a, r, s) + (1 - a - w) + (head - r - tail) + expTail(r)), k);
}

/** 10ˣ, error below 0.8 ulp, and correctly rounded at the integers from −22 to 22: `exp10(-3) === 0.001`. */
export function exp10(x: number): number {
  const n = Math.abs(x);
  if (n <= 22 && Number.isInteger(x)) return x < 0 ? 1 / POWERS_OF_TEN[n] : POWERS_OF_TEN[n];
  if (n > 330) return x > 0 ? Infinity : 0;
  const p = x * LN10_HIGH;
  return expOfSum(p, productError(x, LN10_HIGH, p) + x * LN10_LOW);
}

/**
 * e^(high + low) for |low| no larger than an ulp or so of high. Written high + low = k ln 2 + r with |r| ≤ ln 2 / 2, it is 2ᵏ eʳ.
 * LN2_HIGH has 32 bits, so k · LN2_HIGH and the difference from `high` are exact.
 */
function expOfSum(high: number, low: number): number {
  if (high > 710) return Infinity;
  if (high < -746) return 0;
  const k = Math.floor(high * INVERSE_LN2 + 0.5);
  const head = high - k * LN2_HIGH;
  const tail = k * LN2_LOW - low;
  const r = head - tail;
  const s = 1 + r;
  return scale(s + (1 - s + r + (head - r - tail) + expTail(r)), k); // the middle terms: what s and r lost by rounding
}

/**
 * eʳ − 1 − r for |r| ≤ ln 2 / 2. The even function R = r (eʳ + 1) / (eʳ − 1) = 2 + r² P(r²) solves to
 * eʳ = 1 + 2r / (R − r); with c = r − r² P this is 1 + r + r c / (2 − c). The leading r²/2 is taken out of the quotient, whose
 * roundings then count for little. P = 1/6 − r²/360 + …, error in eʳ below 2⁻⁶⁵.
 */
function expTail(r: number): number {
  const t = r * r;
  const p =
    0.16666666666666502 +
    t *
      (-0.0027777777776372926 +
        t * (6.613756183550555e-5 + t * (-1.6533780012841976e-6 + t * 4.1342959940329264e-8)));
  const c = r - t * p;
  return 0.5 * t + (t * (0.5 * c - r * p)) / (2 - c);
}

/** y · 2ᵏ rounded once. Beyond the table's range two factors are needed; the first product is then exact. */
function scale(y: number, k: number): number {
  const i = k | 0;
  if (i >= -1074 && i <= 1023) return y * powerOfTwo(i);
  return y * powerOfTwo(i >> 1) * powerOfTwo(i - (i >> 1));
}

// ---------------------------------------------------------------------------------------------------------------------
// Logarithms

/**
 * ln x, error below 0.9 ulp. −Infinity at 0, NaN below.
 * @example log(10) // 2.302585092994046
 */
export function log(x: number): number {
  if (x >= SMALLEST_NORMAL && x < Infinity) return logOfNormal(x, 0);
  if (x > 0) return x === Infinity ? x : logOfNormal(x * TWO_TO_54, -54);
  return x === 0 ? -Infinity : NaN;
}

/**
 * ln(1 + x) without cancellation near 0, error below 0.9 ulp.
 * @example log1p(1e-20) // 1e-20
 */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return Math.abs(x) < TINY ? x : logOfReduced(x, 0, 0);
  if (!(x > -1)) return x === -1 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const u = 1 + x;
  const lost = x >= 1 ? 1 - (u - x) : x - (u - 1); // 1 + x = u + lost, and ln(u + lost) ≈ ln u + lost / u
  const k = logExponent(u);
  return logOfReduced(u * powerOfTwo(-k) - 1, k, lost / u);
}

/** log₂ x, error below 0.6 ulp; exact at powers of two. */
export function log2(x: number): number {
  return logInBase(x, Math.LOG2E, 2.0355273740931033e-17);
}

/** log₁₀ x, error below 0.6 ulp; exact at powers of ten: `log10(1000) === 3`. */
export function log10(x: number): number {
  return logInBase(x, Math.LOG10E, 1.098319650216765e-17);
}

/** log x · (factor + factorLow), the product and the logarithm each carried to twice the precision. */
function logInBase(x: number, factor: number, factorLow: number): number {
  if (!(x > 0 && x < Infinity)) return log(x);
  const high = logExtended(x);
  const p = high * factor;
  return p + (productError(high, factor, p) + (high * factorLow + extendedLow[0] * factor));
}

/** The k for which x = 2ᵏ m with m in [√½, √2), read from the bits of a positive normal x. */
function logExponent(x: number): number {
  float64[0] = x;
  return (int32[HIGH_WORD] - 0x3fe6a09e) >> 20; // the high word of √½
}

function logOfNormal(x: number, exponent: number): number {
  const k = logExponent(x);
  return logOfReduced(x * powerOfTwo(-k) - 1, k + exponent, 0);
}

/**
 * k ln 2 + ln(1 + f) + correction for √½ − 1 ≤ f < √2 − 1. With s = f / (2 + f), ln(1 + f) = 2 artanh s = 2s + s R,
 * R = 2s²/3 + 2s⁴/5 + …; and 2s = f − s f = f − f²/2 + s f²/2 moves all rounding into terms small beside f.
 * R is fitted with an error below 2⁻⁵⁹ of the result.
 */
function logOfReduced(f: number, k: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const R =
    z *
    (0.6666666666666734 +
      z *
        (0.3999999999941432 +
          z *
            (0.28571428742474725 +
              z *
                (0.22222198563497944 +
                  z * (0.18183564866130517 + z * (0.15314035847062213 + z * 0.14796105340634194))))));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + R) + (k * LN2_LOW + correction)) - f);
}

/**
 * ln x for positive finite x as the unevaluated sum of the returned number and `extendedLow[0]`, relative error below
 * 2⁻⁶⁴. The same series as above, 2s + s³ (2/3 + 2s²/5 + …), with s, s³ and the constant 2/3 carried to twice the precision.
 */
function logExtended(x: number): number {
  const normal = x >= SMALLEST_NORMAL ? x : x * TWO_TO_54;
  const exponent = logExponent(normal);
  const f = normal * powerOfTwo(-exponent) - 1;
  const k = normal === x ? exponent : exponent - 54;
  const d = 2 + f;
  const s = f / d;
  const sd = s * d;
  const sLow = (f - sd - productError(s, d, sd) - s * (f - (d - 2))) / d;
  const z = s * s;
  const zLow = productError(s, s, z) + 2 * s * sLow;
  const tail =
    z *
    (0.3999999999999998 +
      z *
        (0.2857142857144511 +
          z *
            (0.2222222221753648 +
              z *
                (0.1818181887031254 +
                  z *
                    (0.15384556871130603 +
                      z * (0.13336317414686139 + z * (0.11674818577000454 + z * 0.11989012740559994)))))));
  const p = TWO_THIRDS + tail;
  const pLow = TWO_THIRDS - p + tail + TWO_THIRDS_LOW;
  const c = s * z;
  const cLow = productError(s, z, c) + (s * zLow + sLow * z);
  const t = c * p;
  const tLow = productError(c, p, t) + (c * pLow + cLow * p);
  const h = 2 * s + t;
  const hLow = 2 * s - h + t + (2 * sLow + tLow);
  const base = k * LN2_HIGH;
  const sum = base + h;
  const sumLow = base - sum + h + (hLow + k * LN2_LOW);
  const high = sum + sumLow;
  extendedLow[0] = sum - high + sumLow;
  return high;
}

// ---------------------------------------------------------------------------------------------------------------------
// Powers and roots

/**
 * xʸ, error below 0.8 ulp; squares, reciprocals and square roots are correctly rounded, cubes are `x * x * x`.
 * Special values are those of the language's `x ** y` (so 1 ** NaN and 1 ** ±Infinity are NaN, unlike C).
 * @example pow(2, 0.5) // 1.4142135623730951
 */
export function pow(x: number, y: number): number {
  if (y === 2) return x * x;
  if (y === 1) return x;
  if (y === 3) return x * x * x;
  if (y === -1) return 1 / x;
  if (y === 0) return 1;
  if (y === 0.5 && x >= 0) return Math.sqrt(x) + 0; // (−0) ** 0.5 is +0
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const magnitude = Math.abs(x);
  if (Math.abs(y) === Infinity) {
    if (magnitude === 1) return NaN;
    return magnitude > 1 === y > 0 ? Infinity : 0;
  }
  const negative = (x < 0 || Object.is(x, -0)) && y % 2 !== 0; // an odd y keeps the sign
  if (x === 0 || magnitude === Infinity) {
    const result = (x === 0) === y > 0 ? 0 : Infinity;
    return negative && Number.isInteger(y) ? -result : result;
  }
  if (x < 0 && !Number.isInteger(y)) return NaN;
  const result = powOfPositive(magnitude, y);
  return negative ? -result : result;
}

/** e^(y ln x) with y ln x carried to twice the precision: its absolute error is that of the result's last place. */
function powOfPositive(x: number, y: number): number {
  if (x === 1) return 1;
  if (Math.abs(y) > 1e20) return x > 1 === y > 0 ? Infinity : 0; // |ln x| ≥ 2⁻⁵³ for every other x
  const high = logExtended(x);
  const low = extendedLow[0];
  const p = y * high;
  if (p > 710) return Infinity;
  if (p < -746) return 0;
  return expOfSum(p, productError(y, high, p) + y * low);
}

/** ∛x, error below 0.7 ulp; exact at cubes: `cbrt(27) === 3`. */
export function cbrt(x: number): number {
  if (x === 0 || !(Math.abs(x) < Infinity)) return x;
  const magnitude = Math.abs(x);
  const subnormal = magnitude < SMALLEST_NORMAL;
  const normal = subnormal ? magnitude * TWO_TO_54 : magnitude;
  const third = Math.floor(logExponent(normal) / 3);
  const m = normal * powerOfTwo(-3 * third); // in [√½, 4√2)
  const t = Math.fround(exp(log(m) / 3)); // 24 bits, so t² is exact
  const r = m / (t * t);
  const root = t + (t * (r - t)) / (2 * t + r); // Halley's step triples the correct bits
  const result = root * powerOfTwo(third - (subnormal ? 18 : 0));
  return x < 0 ? -result : result;
}

// ---------------------------------------------------------------------------------------------------------------------
// Circular functions

/** sin x (x in radians), error below 0.8 ulp for every finite x; NaN at ±Infinity. */
export function sin(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= QUARTER_PI) return magnitude < SMALL ? x : sinReduced(x, 0);
  const quadrant = reduceByHalfPi(magnitude);
  const value =
    quadrant & 1 ? cosReduced(remainder[0], remainder[1]) : sinReduced(remainder[0], remainder[1]);
  return x < 0 !== quadrant > 1 ? -value : value;
}

/** cos x (x in radians), error below 0.8 ulp for every finite x; NaN at ±Infinity. */
export function cos(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= QUARTER_PI) return cosReduced(x, 0);
  const quadrant = reduceByHalfPi(magnitude);
  const value =
    quadrant & 1 ? sinReduced(remainder[0], remainder[1]) : cosReduced(remainder[0], remainder[1]);
  return quadrant === 1 || quadrant === 2 ? -value : value;
}

/** sin(r + low) for |r| ≤ π/4 and low within an ulp of r: r + r³ S(r²) + low cos r. Fit error below 2⁻⁵⁸. */
export function sinReduced(r: number, low: number): number {
  const z = r * r;
  const S =
    -0.16666666666666632 +
    z *
      (0.008333333333322413 +
        z *
          (-0.0001984126982980783 +
            z * (2.755731369192517e-6 + z * (-2.5050758116275832e-8 + z * 1.5896795705745956e-10))));
  return r + (z * r * S + low * (1 - 0.5 * z));
}

/** cos(r + low) for |r| ≤ π/4 and low within an ulp of r: 1 − r²/2 + r⁴ C(r²) − low sin r. Fit error below 2⁻⁶⁴. */
export function cosReduced(r: number, low: number): number {
  const z = r * r;
  const C =
    0.0416666666666666 +
    z *
      (-0.0013888888888874125 +
        z *
          (2.480158728948216e-5 +
            z * (-2.7557314352325216e-7 + z * (2.0875723272162534e-9 + z * -1.1359647746612815e-11))));
  const halfSquare = 0.5 * z;
  const head = 1 - halfSquare; // what this rounding loses is put back below
  return head + (1 - head - halfSquare + (z * z * C - r * low));
}

/**
 * Writes x = n π/2 + r for x > π/4, leaves r in `remainder` as high + low, and returns n mod 4.
 *
 * Up to 10⁶ by Cody and Waite's method: π/2 is split into three parts of 33 bits and a rest, P1 + P2 + P3 + P4. As n < 2²⁰
 * the first three products are exact, the sums keep their errors, and the error of n P4 is below 2⁻¹³⁰; no double below 10⁶
 * is nearer than 2⁻⁶² to a multiple of π/2, so r is correct to far beyond float64.
 */
function reduceByHalfPi(x: number): number {
  if (!(x < 1e6)) return reduceLarge(x);
  const n = Math.floor(x * 0.6366197723675814 + 0.5);
  const a = x - n * 1.5707963267341256;
  const p2 = n * 6.077100506303966e-11;
  const b = a - p2;
  const p3 = n * 2.0222662487111665e-21;
  const c = b - p3;
  const low = sumError(a, -p2, b) + sumError(b, -p3, c) - n * 8.4784276603689e-32;
  remainder[0] = c + low;
  remainder[1] = c - remainder[0] + low;
  return n & 3;
}

/**
 * The same for x ≥ 10⁶, in integers scaled by 2¹²⁰⁰. n has at most 1024 bits, so r is wrong by less than 2⁻¹⁷⁰, while no
 * double comes nearer than 2⁻⁶² to a multiple of π/2 (Muller, Elementary Functions, 3rd ed., section 11.2). Some 1–3 µs a call.
 */
function reduceLarge(x: number): number {
  if (!(x < Infinity)) {
    remainder.fill(NaN);
    return 0;
  }
  if (halfPiScaled === 0n) {
    // Machin: π/4 = 4 arctan(1/5) − arctan(1/239)
    halfPiScaled = 2n * (4n * arctanOfReciprocal(5n) - arctanOfReciprocal(239n));
  }
  const whole = Math.floor(x);
  const scaled = (BigInt(whole) << 1200n) + (BigInt((x - whole) * TWO_TO_54) << 1146n);
  const n = (2n * scaled + halfPiScaled) / (2n * halfPiScaled); // rounded to nearest
  const r = (scaled - n * halfPiScaled) >> 1000n; // scaled by 2²⁰⁰
  const high = Number(r);
  remainder[0] = high * powerOfTwo(-200);
  remainder[1] = Number(r - BigInt(high)) * powerOfTwo(-200);
  return Number(n & 3n);
}

/** arctan(1/n) · 2¹²⁰⁰ = Σ (−1)ʲ 2¹²⁰⁰ / ((2j + 1) n²ʲ⁺¹). */
function arctanOfReciprocal(n: bigint): bigint {
  let power = (1n << 1200n) / n;
  let sum = 0n;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += odd % 4n === 1n ? power / odd : -power / odd;
    power /= n * n;
  }
  return sum;
}

// ---------------------------------------------------------------------------------------------------------------------
// Sigmoid shapes

/**
 * tanh x, error below 1.1 ulp. Up to 3/4 it is x + x³ P(x²) (fit error below 2⁻⁵⁷), above 1 − 2 / (e²ˣ + 1).
 * @example tanh(0.5) // 0.46211715726000973
 */
export function tanh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude >= 0.75) {
    const value = magnitude > 20 ? 1 : 1 - 2 / (exp(2 * magnitude) + 1);
    return x < 0 ? -value : value;
  }
  if (magnitude < SMALL) return x; // also keeps −0
  const z = x * x;
  return x + x * (z * polynomial(TANH, z));
}

/**
 * arctan x in radians, error below 1 ulp. Beyond 7/16 the argument is turned back by the arctangent of 1/2, 1, 3/2 or ∞, which is known to
 * more than 53 bits; below it is x − x P(x²) (S. Moshier's and Sun's fit, good to 2⁻⁵⁸).
 * @example atan(1) // 0.7853981633974483
 */
export function atan(x: number): number {
  const size = Math.abs(x);
  if (!(size >= 0.4375)) {
    if (size < SMALL) return x; // also keeps −0
    return x - x * (x * x * polynomial(ATAN, x * x));
  }
  const turn = size < 0.6875 ? 0 : size < 1.1875 ? 1 : size < 2.4375 ? 2 : 3;
  const t =
    turn === 0
      ? (2 * size - 1) / (2 + size)
      : turn === 1
        ? (size - 1) / (size + 1)
        : turn === 2
          ? (size - 1.5) / (1 + 1.5 * size)
          : -1 / size;
  const value = ATAN_TURNS[turn] - (t * (t * t * polynomial(ATAN, t * t)) - ATAN_TURNS_LOW[turn] - t);
  return x < 0 ? -value : value;
}

/**
 * The error function 2/√π ∫₀ˣ e^(−t²) dt, error below 1 ulp. Up to 3/4 it is x + x E(x²); up to 5/4 a polynomial in x − 1;
 * above, 1 − e^(−x²) G(1 / (x + 1)), where G fits e^(x²) erfc(x). Each fit is good to 2⁻⁵⁶ or better.
 * @example erf(0.5) // 0.5204998778130465
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude > 0.75)) return x + x * polynomial(ERF, x * x);
  let value = 1; // erfc(6) = 2e−17
  if (magnitude < 1.25) value = 0.84375 + polynomial(ERF_NEAR_ONE, magnitude - 1);
  else if (magnitude < 6) {
    const square = x * x;
    const gaussian = expOfSum(-square, -productError(x, x, square));
    value = 1 - gaussian * polynomial(ERFC, 1 / (magnitude + 1));
  }
  return x < 0 ? -value : value;
}

/**
 * 1 − erf x without cancellation, error below 3.5 ulp. From 3/4 on it is e^(−x²) E(t) / (1 + 2x) with t = (x − 3) / (x + 3),
 * after Shepherd & Laframboise 1981, Mathematics of Computation 36, 249; the fit is good to 2⁻⁵⁴ up to where erfc is 0.
 * @example erfc(10) // 2.088487583762545e-45
 */
export function erfc(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude > 0.75)) return 1 - erf(x);
  if (magnitude > 27.5) return x < 0 ? 2 : 0;
  const square = x * x;
  const gaussian = expOfSum(-square, -productError(x, x, square));
  const value = (gaussian * polynomial(ERFC_SCALED, (magnitude - 3) / (magnitude + 3))) / (1 + 2 * magnitude);
  return x < 0 ? 2 - value : value;
}

/** c₀ + c₁ z + c₂ z² + …, by Horner's rule. */
function polynomial(coefficients: Float64Array, z: number): number {
  let sum = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) sum = sum * z + coefficients[i];
  return sum;
}

const TANH = /* @__PURE__ */ Float64Array.of(
  -0.33333333333333176,
  0.13333333333314604,
  -0.053968253960314926,
  0.02186948836579244,
  -0.008863233357145464,
  0.0035921100388598666,
  -0.0014557321827457137,
  0.0005896158411732119,
  -0.00023792932011632218,
  9.435741241522573e-5,
  -3.527992420282259e-5,
  1.1353948889579264e-5,
  -2.6674625906746744e-6,
  3.265690109510417e-7,
);

const ATAN_TURNS = /* @__PURE__ */ Float64Array.of(
  0.4636476090008061,
  0.7853981633974483,
  0.982793723247329,
  1.5707963267948966,
);
const ATAN_TURNS_LOW = /* @__PURE__ */ Float64Array.of(
  2.2698777452961687e-17,
  3.061616997868383e-17,
  1.3903311031230998e-17,
  6.123233995736766e-17,
);
const ATAN = /* @__PURE__ */ Float64Array.of(
  0.3333333333333293,
  -0.19999999999876483,
  0.14285714272503466,
  -0.11111110405462356,
  0.09090887133436507,
  -0.0769187620504483,
  0.06661073137387531,
  -0.058335701337905735,
  0.049768779946159324,
  -0.036531572744216916,
  0.016285820115365782,
);

const ERF = /* @__PURE__ */ Float64Array.of(
  0.1283791670955126,
  -0.37612638903183715,
  0.11283791670952632,
  -0.026866170644436766,
  0.00522397761551619,
  -0.0008548326195105049,
  0.00012055289823809684,
  -1.4924202711531016e-5,
  1.643078095077066e-6,
  -1.594087622114422e-7,
  1.1475376752725565e-8,
);

const ERF_NEAR_ONE = /* @__PURE__ */ Float64Array.of(
  -0.0010492070502851202,
  0.41510749742059466,
  -0.41510749742061126,
  0.13836916580688258,
  0.06918458290767084,
  -0.06918458290617922,
  0.0046123051195508654,
  0.015154718350352295,
  -0.004777012075714652,
  -0.0018851952292374898,
  0.001225849000487883,
  8.565751240029069e-5,
  -0.00019493059956473898,
  1.737866788529971e-5,
);

const ERFC = /* @__PURE__ */ Float64Array.of(
  -6.449378552677271e-6,
  0.5644522601437457,
  0.5592714211456195,
  0.3380309660117575,
  -0.7116682279549432,
  1.6314557655377342,
  -9.289811249360083,
  27.110016790012764,
  -45.994451261632854,
  49.79348928523804,
  -34.5069394611673,
  14.119600461153958,
  -2.615300152671001,
);

const ERFC_SCALED = /* @__PURE__ */ Float64Array.of(
  1.2530080582697296,
  -0.13562110612458153,
  -0.04756229435345072,
  0.12964515870281523,
  -0.11927366341532131,
  0.06830802734157061,
  -0.023770514917597876,
  0.0025293918646710966,
  0.0018886903273986695,
  -0.0007798328062537018,
  -0.00010515933383990403,
  0.00012510280233718566,
  4.945721721007965e-6,
  -2.0113920522186822e-5,
  -7.137761624184492e-7,
  3.5021960720032745e-6,
  3.0787378873295026e-7,
  -6.491900458591466e-7,
  -6.685608266825609e-8,
  1.074766419178223e-7,
  -1.0764084347166485e-8,
);

// ---------------------------------------------------------------------------------------------------------------------
// Exact sums and products, constants, scratch

/** What s = a + b lost by rounding: a + b = s + sumError(a, b, s) exactly (Knuth's TwoSum). */
function sumError(a: number, b: number, s: number): number {
  const t = s - a;
  return a - (s - t) + (b - t);
}

/** What p = a · b lost by rounding: a b = p + productError(a, b, p) exactly (Dekker 1971), for factors below 2⁹⁹⁰. */
function productError(a: number, b: number, p: number): number {
  const a1 = upperHalf(a);
  const b1 = upperHalf(b);
  const a2 = a - a1;
  const b2 = b - b1;
  return a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
}

/** The upper 26 bits of a (Veltkamp's splitting). */
function upperHalf(a: number): number {
  const t = 134217729 * a; // 2²⁷ + 1
  return t - (t - a);
}

const LN2_HIGH = 0.6931471803691238; // 32 bits: its product with any exponent is exact
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const LN10_HIGH = Math.LN10;
const LN10_LOW = -2.1707562233822494e-16;
const TWO_THIRDS = 0.6666666666666666;
const TWO_THIRDS_LOW = 3.700743415417188e-17;
const QUARTER_PI = 0.7853981633974483;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

const TWO_TO_54 = 0x40000000000000; // lifts subnormal numbers into the normal range
const TINY = 1 / TWO_TO_54; // below it x + x²/2 rounds to x
const SMALL = 1 / 0x10000000; // 2⁻²⁸: below it x + x³/3 rounds to x

/**
 * 2ⁿ for −1074 ≤ n ≤ 1023. (The language's `**` promises no exact bits either.) A look-up is faster than building the bits,
 * as a 32-bit store that is read back as 64 bits stalls, and it has no endianness.
 */
function powerOfTwo(n: number): number {
  return POWERS_OF_TWO[1074 + n];
}

const INVERSE_LN2_64 = 92.33248261689366;
const LN2_64_HIGH = 0.01083042469326756; // LN2_HIGH / 64, 32 bits: its product with n is exact
const LN2_64_LOW = 2.9815858269852933e-12;
/** 2^(i/64) to twice the precision: the root of order 64, multiplied up. */
const [ROOTS_OF_TWO, ROOTS_OF_TWO_LOW] = /* @__PURE__ */ doublePowers(
  1.0108892860517005,
  -1.5234778603368577e-17,
  64,
);

function doublePowers(high: number, low: number, count: number): [Float64Array, Float64Array] {
  const highs = new Float64Array(count).fill(1);
  const lows = new Float64Array(count);
  for (let i = 1; i < count; i++) {
    const p = highs[i - 1] * high;
    const rest = productError(highs[i - 1], high, p) + (highs[i - 1] * low + lows[i - 1] * high);
    highs[i] = p + rest;
    lows[i] = sumError(p, rest, highs[i]);
  }
  return [highs, lows];
}

const POWERS_OF_TWO = /* @__PURE__ */ successivePowers(Number.MIN_VALUE, 2, 2098);
const POWERS_OF_TEN = /* @__PURE__ */ successivePowers(1, 10, 23); // 10²² is the last that float64 holds exactly

function successivePowers(first: number, base: number, count: number): Float64Array {
  const powers = new Float64Array(count).fill(first);
  for (let i = 1; i < count; i++) powers[i] = powers[i - 1] * base;
  return powers;
}

// One double seen as two words; the scratch arrays below return a second number without allocating.
const float64 = /* @__PURE__ */ new Float64Array(1);
const int32 = /* @__PURE__ */ new Int32Array(float64.buffer);
const HIGH_WORD = /* @__PURE__ */ findHighWord();
const extendedLow = /* @__PURE__ */ new Float64Array(1);
const remainder = /* @__PURE__ */ new Float64Array(2);
let halfPiScaled = 0n; // computed when first needed

/** Index of the word with sign and exponent: 1 on little-endian machines. */
function findHighWord(): number {
  float64[0] = -1;
  return int32[1] === 0 ? 0 : 1;
}
