/**
 * Families of dark-matter haloes that measured rotation curves are compared with. Each has a density profile of one length, and is
 * scaled like the NFW halo: by its mass inside the virial radius, and the virial radius over that length.
 */

import { checkChoice, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { atan, exp, log, log1p, pow, tanh } from "../kernels/math.ts";
import {
  GRAVITATIONAL_CONSTANT,
  type Halo,
  nfwShape,
  requirePositive,
  requireRadius,
  virialScales,
} from "./components.ts";
import { HALO_FAMILIES, type HaloFamily } from "./names.ts";

/** What a family's members share. */
export interface HaloProfile {
  /** As people write it: "Burkert". */
  readonly title: string;
  /** The one number besides mass and concentration, where the family has one: core radius over scale radius, or Einasto's α. */
  readonly form?: "core / scale radius" | "Einasto α";
  /**
   * m(x)/x: the mass inside x = R/(scale radius) over x, in any unit.
   *
   * @param x ≥ 0
   * @param form of a family that has one, > 0
   */
  shape(x: number, form: number): number;
}

/**
 * The profiles, where x is R over the scale radius:
 * - `nfw`: density ∝ 1/(x (1 + x)²) (Navarro, Frenk & White 1997, ApJ 490, 493);
 * - `cored-nfw`: its mass inside R times tanh(R / core radius) (Read, Agertz & Collins 2016, MNRAS 459, 2573);
 * - `burkert`: ∝ 1/((1 + x)(1 + x²)) (Burkert 1995, ApJ 447, L25);
 * - `einasto`: ∝ exp(−2/α xᵅ), whose scale radius is the one where the density falls as R⁻² (Einasto 1965; Navarro et al. 2004,
 *   MNRAS 349, 1039);
 * - `pseudo-isothermal`: ∝ 1/(1 + x²) (Begeman, Broeils & Sanders 1991, MNRAS 249, 523).
 */
export const HALO_PROFILES: Readonly<Record<HaloFamily, HaloProfile>> = {
  nfw: { title: "NFW", shape: nfwShape },
  "cored-nfw": {
    title: "cored NFW",
    form: "core / scale radius",
    shape: (x, core) => nfwShape(x) * tanh(x / core),
  },
  burkert: { title: "Burkert", shape: burkertShape },
  einasto: { title: "Einasto", form: "Einasto α", shape: einastoShape },
  "pseudo-isothermal": { title: "pseudo-isothermal", shape: isothermalShape },
};

/** What {@link haloOf} makes a halo of. */
export interface HaloFamilyOptions {
  /** Mass inside the virial radius, solar masses, > 0. */
  readonly mass: number;
  /** Virial radius over the scale radius, > 0. */
  readonly concentration: number;
  /** Of `cored-nfw`: the core radius, kpc, > 0. */
  readonly coreRadius?: number;
  /** Of `einasto`: α, > 0; the smaller, the more alike the slopes are from centre to rim. Default 0.17, as haloes in simulations have. */
  readonly index?: number;
}

/**
 * A halo of a family: v²(R) = v_vir² · [m(x)/x] / [m(c)/c] with x = c R/R_vir.
 *
 * @throws ArgumentError for another family, or numbers that are not finite and above 0
 * @example Math.sqrt(haloOf("burkert", { mass: 1e11, concentration: 20 }).velocitySquared(10)) // 83.7…, km/s
 */
export function haloOf(family: HaloFamily, options: HaloFamilyOptions): Halo {
  const profile = profileOf("haloOf", family);
  checkOptions("haloOf", options ?? {}, ["mass", "concentration", "coreRadius", "index"]);
  const { mass, concentration, coreRadius, index = 0.17 } = options ?? {};
  requirePositive("haloOf", "mass", mass, "solar masses");
  requirePositive("haloOf", "concentration", concentration, "a ratio of radii");
  const scales = virialScales(mass);
  requirePositive("haloOf", "index", index, "the α of an Einasto profile", "leave it out for 0.17.");
  // Of families without a core it is not used, but has to make sense all the same.
  const core = family !== "cored-nfw" && coreRadius === undefined ? 1 : (coreRadius as number);
  requirePositive("haloOf", "coreRadius", core, "kpc", "of all families, cored-nfw alone needs one.");
  const scaleRadius = scales.virialRadius / concentration;
  const form = family === "cored-nfw" ? core / scaleRadius : index;
  const normalisation =
    (GRAVITATIONAL_CONSTANT * mass) / scales.virialRadius / profile.shape(concentration, form);
  if (!(normalisation > 0 && normalisation < Infinity)) {
    const problem = `no number holds v² of mass ${mass}, concentration ${concentration} and form ${form}`;
    throw new ArgumentError("haloOf", problem, "give those of a galaxy.");
  }
  return {
    name: `${profile.title} halo`,
    ...scales,
    velocitySquared: (radius) => {
      requireRadius("haloOf.velocitySquared", radius);
      return normalisation * profile.shape(radius / scaleRadius, form);
    },
  };
}

/** @throws ArgumentError unless the family is one of {@link HALO_FAMILIES} */
export function profileOf(where: string, family: HaloFamily): HaloProfile {
  checkChoice(where, "family of the halo", family, HALO_FAMILIES);
  return HALO_PROFILES[family];
}

/**
 * m = ½ ln(1 + x²) + ln(1 + x) − arctan x, whose terms cancel for small x: there it is 2 ∫ x² (1 − x) (1 + x⁴ + x⁸ + …).
 */
function burkertShape(x: number): number {
  if (x >= 0.5) return (0.5 * log1p(x * x) + log1p(x) - atan(x)) / x;
  let sum = 0;
  for (let n = 2, power = x * x; power > 1e-17 * sum && power > 0; n += 4, power *= x * x * x * x) {
    sum += power * (1 / (n + 1) - x / (n + 2));
  }
  return 2 * sum;
}

/** m = x − arctan x; for small x the series x³/3 − x⁵/5 + … */
function isothermalShape(x: number): number {
  if (x >= 0.5) return 1 - atan(x) / x;
  let sum = 0;
  for (let n = 3, power = x * x; Math.abs(power) > 1e-17 * sum && power !== 0; n += 2, power *= -x * x) {
    sum += power / n;
  }
  return sum;
}

/** m ∝ γ(a, z), a = 3/α, z = 2/α xᵅ: the incomplete gamma function, over Γ(a) so that nothing overflows. */
function einastoShape(x: number, index: number): number {
  return x === 0 ? 0 : lowerGamma(3 / index, (2 / index) * pow(x, index)) / x;
}

/**
 * The regularised incomplete gamma function P(a, z): its series up to z = a + 1, and one minus Lentz's continued fraction beyond
 * (Press et al. 2007, Numerical Recipes, 6.2). Relative error below 1e-13 for a ≤ 300.
 */
export function lowerGamma(a: number, z: number): number {
  if (!(z > 0)) return 0;
  const factor = exp(a * log(z) - z - logGamma(a));
  if (z < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= z / (a + n);
      sum += term;
    }
    return factor * sum;
  }
  // No denominator comes near 0: as z ≥ a + 1, b is at least 2i + 2, and so, step by step, c and 1/d are at least i + 1.
  let b = z + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < 1000; i++) {
    const coefficient = -i * (i - a);
    b += 2;
    d = 1 / (coefficient * d + b);
    c = b + coefficient / c;
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return 1 - factor * fraction;
}

/** ln Γ(a) for a > 0, by Stirling's series at a + 8 or more; relative error of Γ below 1e-14 · max(1, ln Γ). */
export function logGamma(a: number): number {
  let [shifted, product] = [a, 1];
  while (shifted < 8) {
    product *= shifted;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  let series = 0;
  for (const coefficient of STIRLING) series = series * square + coefficient;
  return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Math.PI) + series * inverse - log(product);
}

/** B₂ₙ/(2n (2n − 1)), from n = 8 down to 1. */
const STIRLING = [-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];
