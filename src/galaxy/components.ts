/**
 * The parts of a galaxy, each a mass that pulls on a circular orbit, and the rotation curve of any set of them.
 * A new part (a bulge, a gas disc) is one more function that returns a {@link MassComponent}; nothing here changes for it.
 * Units: kpc, km/s, solar masses.
 */

import { checkList, checkOptions, describeNumber, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { cbrt, log1p, pow, tanh } from "../kernels/math.ts";
import { discShape } from "./bessel.ts";

/** Newton's constant, in kpc (km/s)² per solar mass. */
export const GRAVITATIONAL_CONSTANT = 4.301e-6;

/** The Hubble constant H, in km/s per Mpc. */
export const HUBBLE_CONSTANT = 70;

/** Mean density inside the virial radius in units of the critical density 3H²/(8πG). */
export const VIRIAL_OVERDENSITY = 200;

/** What the mass of a halo is counted by: that inside the radius of `overdensity` times the critical density. */
export interface Cosmology {
  /** H, km/s per Mpc. */
  readonly hubbleConstant: number;
  /** Mean density inside the virial radius in units of the critical density. */
  readonly overdensity: number;
}

/** {@link HUBBLE_CONSTANT} and {@link VIRIAL_OVERDENSITY}. */
export const STANDARD_COSMOLOGY: Cosmology = {
  hubbleConstant: HUBBLE_CONSTANT,
  overdensity: VIRIAL_OVERDENSITY,
};

/** A mass distribution, known by the circular orbits it alone would hold. */
export interface MassComponent {
  /** What errors call it. */
  readonly name: string;
  /**
   * Squared circular velocity, (km/s)², at `radius` ≥ 0, kpc. Squares because these add up. One component's may be
   * negative: a disc with a hole pulls outwards inside it.
   */
  velocitySquared(radius: number): number;
}

/** A dark-matter halo, with the scales that its mass sets. */
export interface Halo extends MassComponent {
  /** Radius that encloses {@link VIRIAL_OVERDENSITY} times the critical density, kpc. */
  readonly virialRadius: number;
  /** Circular velocity of the halo at the virial radius, km/s. */
  readonly virialVelocity: number;
}

/**
 * The circular velocity of a galaxy made of `components`: v(R) = sqrt(Σ v_component²(R)).
 *
 * @param components one or more; with one, its own curve
 * @param radii kpc, each finite and ≥ 0
 * @returns km/s, one for each radius
 * @throws ArgumentError without components, for a radius that is negative or not finite, and where the squares add up to
 *   a negative number or NaN (no circular orbit exists)
 * @example
 * const disc = exponentialDisc({ mass: 5e10, scaleLength: 3 });
 * const halo = nfwHalo({ mass: 1e12, concentration: 8 });
 * circularVelocity([disc, halo], [8]); // Float64Array [ 201.578… ]
 */
export function circularVelocity(
  components: readonly MassComponent[],
  radii: ArrayLike<number>,
): Float64Array {
  const isList = Array.isArray(components);
  const foreign = isList ? components.findIndex((one) => typeof one?.velocitySquared !== "function") : -1;
  if (!isList || components.length === 0 || foreign >= 0) {
    const got = !isList
      ? `${describeValue(components)} for the list of components`
      : foreign < 0
        ? "no mass components"
        : `${describeValue(components[foreign])} for a component`;
    throw new ArgumentError("circularVelocity", `got ${got}`, "pass one or more, such as [nfwHalo(…)].");
  }
  requireRadii("circularVelocity", radii);
  return Float64Array.from(radii, (radius) => {
    let sum = 0;
    for (const component of components) sum += component.velocitySquared(radius);
    if (typeof sum === "number" && sum >= 0) return Math.sqrt(sum);
    throw new ArgumentError(
      "circularVelocity",
      `the squared velocities of ${components.map((c) => c.name).join(" + ")} at ${radius} kpc add up to ${sum}; a ` +
        "circular orbit needs a sum of 0 or more",
      "add the component that holds the orbit there, or correct velocitySquared.",
    );
  });
}

/** What {@link nfwHalo} makes a halo of. */
export interface HaloOptions {
  /** Mass inside the virial radius, solar masses, > 0. */
  readonly mass: number;
  /** Virial radius over the radius where the density falls as R⁻², > 0. */
  readonly concentration: number;
  /** Radius inside which the cusp is flattened, kpc, > 0; needed for a `coreStrength` above 0. */
  readonly coreRadius?: number;
  /** How far: from 0, the cusp of Navarro, Frenk & White, the default, to 1, a core of constant density. */
  readonly coreStrength?: number;
  /** What the mass is counted by; default {@link STANDARD_COSMOLOGY}. */
  readonly cosmology?: Cosmology | undefined;
}

/**
 * A dark-matter halo with the profile of Navarro, Frenk & White: density ∝ 1/(x (1 + x)²), x = concentration · R / virialRadius.
 * Its mass inside R is mass · m(x) / m(concentration), with m(x) = ln(1 + x) − x/(1 + x), so
 *
 *   v²(R) = G mass/R · m(x)/m(c) = virialVelocity² · [m(x)/x] / [m(c)/c].
 *
 * Where gas was blown out again and again, the cusp has become a core: the mass inside R is then that times
 * tanh(R / coreRadius)^coreStrength.
 *
 * @throws ArgumentError if mass, concentration or coreRadius is not a finite number > 0, or coreStrength not from 0 to 1
 * @example nfwHalo({ mass: 1e12, concentration: 8 }).virialVelocity // 144.396…, km/s
 * @see Navarro, Frenk & White (1997), ApJ 490, 493; cores: Read, Agertz & Collins (2016), MNRAS 459, 2573, eqs. 16–20
 */
export function nfwHalo(options: HaloOptions): Halo {
  checkOptions("nfwHalo", options ?? {}, [
    ...["mass", "concentration", "coreRadius", "coreStrength", "cosmology"],
  ]);
  const { mass, concentration, coreRadius, coreStrength = 0, cosmology } = options ?? {};
  requirePositive("nfwHalo", "mass", mass, "solar masses");
  requirePositive("nfwHalo", "concentration", concentration, "a ratio of radii");
  if (!(typeof coreStrength === "number" && coreStrength >= 0 && coreStrength <= 1)) {
    throw new ArgumentError(
      "nfwHalo",
      `got coreStrength = ${describeNumber(coreStrength)}, but it is a number from 0 (a cusp) to 1 (a core)`,
    );
  }
  checkCosmology("nfwHalo", cosmology);
  // Without a core, its radius may be 0 or left out.
  const scale = coreStrength === 0 ? coreRadius || 1 : (coreRadius ?? Number.NaN);
  requirePositive("nfwHalo", "coreRadius", scale, "kpc", "with a coreStrength of 0 it may be left out.");
  const { virialRadius, virialVelocity } = virialScales(mass, cosmology);
  const normalisation = (GRAVITATIONAL_CONSTANT * mass) / virialRadius / nfwShape(concentration);
  return {
    name: "NFW halo",
    virialRadius,
    virialVelocity,
    velocitySquared: (radius) => {
      requireRadius("nfwHalo.velocitySquared", radius);
      const cusp = normalisation * nfwShape((concentration * radius) / virialRadius);
      return coreStrength === 0 ? cusp : cusp * pow(tanh(radius / scale), coreStrength);
    },
  };
}

/**
 * A razor-thin disc with surface density mass/(2π R_d²) · exp(−R/R_d), R_d = scaleLength:
 *
 *   v²(R) = 2 G mass/R_d · y² (I0(y) K0(y) − I1(y) K1(y)),  y = R/(2 R_d).
 *
 * @param options.mass total mass, solar masses, > 0
 * @param options.scaleLength R_d, kpc, > 0
 * @throws ArgumentError if one of them is not a finite number > 0
 * @example Math.sqrt(exponentialDisc({ mass: 5e10, scaleLength: 3 }).velocitySquared(6.45)) // 166.567…, km/s: the peak
 * @see Freeman (1970), ApJ 160, 811
 */
export function exponentialDisc(options: {
  readonly mass: number;
  readonly scaleLength: number;
}): MassComponent {
  checkOptions("exponentialDisc", options ?? {}, ["mass", "scaleLength"]);
  const { mass, scaleLength } = options ?? {};
  requirePositive("exponentialDisc", "mass", mass, "solar masses");
  requirePositive("exponentialDisc", "scaleLength", scaleLength, "kpc");
  const normalisation = (2 * GRAVITATIONAL_CONSTANT * mass) / scaleLength;
  return {
    name: "exponential disc",
    velocitySquared: (radius) => {
      requireRadius("exponentialDisc.velocitySquared", radius);
      return normalisation * discShape(radius / (2 * scaleLength));
    },
  };
}

/**
 * A spherical bulge with density ∝ 1/(x (1 + x)³), x = R/a, a = scaleLength. Its mass inside R is mass · R²/(R + a)², so
 *
 *   v²(R) = G mass R/(R + a)².
 *
 * @param options.mass total mass, solar masses, > 0
 * @param options.scaleLength a, kpc, > 0; half the mass is inside (1 + √2) a
 * @throws ArgumentError if one of them is not a finite number > 0
 * @example Math.sqrt(hernquistBulge({ mass: 1e10, scaleLength: 0.5 }).velocitySquared(0.5)) // 146.645…, km/s: the peak
 * @see Hernquist (1990), ApJ 356, 359, eq. 16
 */
export function hernquistBulge(options: {
  readonly mass: number;
  readonly scaleLength: number;
}): MassComponent {
  checkOptions("hernquistBulge", options ?? {}, ["mass", "scaleLength"]);
  const { mass, scaleLength } = options ?? {};
  requirePositive("hernquistBulge", "mass", mass, "solar masses");
  requirePositive("hernquistBulge", "scaleLength", scaleLength, "kpc");
  const normalisation = (GRAVITATIONAL_CONSTANT * mass) / scaleLength;
  return {
    name: "Hernquist bulge",
    velocitySquared: (radius) => {
      requireRadius("hernquistBulge.velocitySquared", radius);
      const x = radius / scaleLength;
      return (normalisation * x) / ((1 + x) * (1 + x));
    },
  };
}

/** Virial radius (kpc) and circular velocity there (km/s) of a halo of that mass. */
export function virialScales(
  mass: number,
  cosmology: Cosmology = STANDARD_COSMOLOGY,
): { virialRadius: number; virialVelocity: number } {
  // Mean density Δ · 3H²/(8πG) inside R_vir  ⇔  G M = (Δ/2) H² R_vir³.
  const gm = GRAVITATIONAL_CONSTANT * mass;
  const virialRadius = cbrt(gm / virialRate(cosmology));
  return { virialRadius, virialVelocity: Math.sqrt(gm / virialRadius) };
}

/** @throws ArgumentError for one that cannot be */
export function checkCosmology(where: string, cosmology: Cosmology = STANDARD_COSMOLOGY): void {
  const fix = "a cosmology is { hubbleConstant, overdensity }, such as STANDARD_COSMOLOGY.";
  requirePositive(where, "hubbleConstant", cosmology?.hubbleConstant, "km/s per Mpc", fix);
  requirePositive(where, "overdensity", cosmology?.overdensity, "in critical densities", fix);
}

/** (Δ/2) H², (km/s/kpc)²: the squared virial velocity over the squared virial radius. */
export function virialRate({ hubbleConstant, overdensity }: Cosmology): number {
  const hubble = hubbleConstant / 1000; // per kpc
  return (overdensity / 2) * hubble * hubble;
}

/**
 * m(x)/x of the NFW profile, for x ≥ 0: x/2 near zero, highest (0.2162166) at x = 2.1625816.
 *
 * Written as it stands, ln(1+x) − x/(1+x) loses all digits for small x. With w = x/(2+x), ln(1+x) = 2 artanh w
 * = 2 (w + w³/3 + w⁵/5 + …), and 2w − x/(1+x) = x²/((1+x)(2+x)): what remains are positive terms only. For x < 1, w² < 1/9.
 * From x = 1 on, the difference costs less than three bits. Relative error below 1e-15 everywhere.
 */
export function nfwShape(x: number): number {
  if (x >= 1) return (log1p(x) - x / (1 + x)) / x;
  const w2 = (x / (2 + x)) * (x / (2 + x));
  let power = 2 / (2 + x); // 2 w^(n−2) / x
  let sum = x / ((1 + x) * (2 + x));
  for (let n = 3; power > 1e-17 * sum; n += 2) {
    power *= w2;
    sum += power / n;
  }
  return sum;
}

/** @throws ArgumentError unless these are numbers that {@link requireRadius} takes */
export function requireRadii(where: string, radii: ArrayLike<number>): void {
  checkList(where, "radii", radii, "one radius is a list too: [8].");
  for (let i = 0; i < radii.length; i++) requireRadius(where, radii[i]);
}

export function requireRadius(where: string, radius: number): void {
  if (typeof radius === "number" && radius >= 0 && radius < Infinity) return;
  throw new ArgumentError(
    where,
    `got the radius ${describeNumber(radius)}, but a radius must be a finite number ≥ 0, in kpc`,
    "drop or repair that radius; logSpacedRadii() makes a valid set.",
  );
}

export function requirePositive(
  where: string,
  name: string,
  value: number,
  unit: string,
  fix = "to make a galaxy without this component, leave the component out.",
): void {
  if (typeof value === "number" && value > 0 && value < Infinity) return;
  throw new ArgumentError(
    where,
    `got ${name} = ${describeNumber(value)}, but it must be a finite number > 0 (${unit})`,
    typeof value === "string" ? "convert text with Number(…) first." : fix,
  );
}
