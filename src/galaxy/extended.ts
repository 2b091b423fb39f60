/**
 * A wider population of disc galaxies, from dwarfs to giants, each with a disc of stars, a disc of gas, a bulge and a
 * halo: a prior for measured rotation curves. Units: kpc, km/s, solar masses; "dex" is a difference of log10.
 */

import { checkCount, checkOptions } from "../basics/check.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { exp10, log10 } from "../kernels/math.ts";
import {
  circularVelocity,
  exponentialDisc,
  HUBBLE_CONSTANT,
  hernquistBulge,
  type MassComponent,
  nfwHalo,
} from "./components.ts";
import {
  CONCENTRATION,
  DISC_SIZE,
  drawRelation,
  type GalaxyParameters,
  galaxyComponents,
  logSpacedRadii,
  type RotationCurves,
  type ScalingRelation,
} from "./population.ts";

/** What makes one galaxy of the extended population. */
export interface ExtendedGalaxyParameters extends GalaxyParameters {
  /** Mass of the gas, helium included, solar masses. */
  readonly gasMass: number;
  /** Radius over which the gas's surface density falls by e, kpc. */
  readonly gasScaleLength: number;
  /** Mass of the bulge, solar masses. */
  readonly bulgeMass: number;
  /** Scale length a of the bulge, kpc; half its mass is inside 2.41 a. */
  readonly bulgeScaleLength: number;
  /** Radius inside which the halo's cusp is flattened, kpc. */
  readonly coreRadius: number;
  /** How far, from 0 (a cusp) to 1 (a core). */
  readonly coreStrength: number;
}

/** The masses of the stellar discs are spread evenly over this range of log10 (solar masses). */
export const EXTENDED_LOG_DISC_MASS_RANGE: readonly [number, number] = [7, 12];

/**
 * Halo mass (solar masses) of a disc of x solar masses. Flatter than that of the standard population, which would give a
 * dwarf of 10⁷ solar masses a halo of a tenth of what abundance matching gives (Behroozi, Wechsler & Conroy 2013, ApJ
 * 770, 57), and with a scatter as wide as the spread between such relations.
 */
export const EXTENDED_HALO_MASS: ScalingRelation = { slope: 0.5, pivot: 10.7, intercept: 12, scatter: 0.4 };

/**
 * Concentration of a halo of x solar masses per h: the mean of {@link CONCENTRATION}, with twice the scatter of simulated
 * halos, because gas that falls in or is blown out makes halos of real galaxies denser or shallower in the middle.
 */
export const EXTENDED_CONCENTRATION: ScalingRelation = { ...CONCENTRATION, scatter: 0.22 };

/**
 * Gas mass of a disc of x solar masses: log M_HI = 0.54 log L + 3.90 of Lelli, McGaugh & Schombert (2016), AJ 152, 157,
 * for a mass-to-light ratio of 0.5, times 1.33 for helium.
 */
export const GAS_MASS: ScalingRelation = { slope: 0.54, pivot: 9, intercept: 9.05, scatter: 0.35 };

/** log10 of the gas's scale length over that of the stars: mean and scatter, dex. */
export const GAS_SIZE: { readonly mean: number; readonly scatter: number } = { mean: 0.3, scatter: 0.2 };

/** log10 of the bulge's mass over the disc's is spread evenly over this range: from none to see to as much as the disc. */
export const LOG_BULGE_SHARE_RANGE: readonly [number, number] = [-3, 0];

/** log10 of the bulge's scale length over the disc's: mean and scatter, dex. */
export const BULGE_SIZE: { readonly mean: number; readonly scatter: number } = { mean: -1, scatter: 0.25 };

/**
 * log10 of the core's radius over the disc's scale length: 1.75 times the radius that holds half the stars (1.68 scale
 * lengths), of Read, Agertz & Collins (2016), MNRAS 459, 2573. Its strength is spread evenly from cusp to core.
 */
export const CORE_SIZE: { readonly mean: number; readonly scatter: number } = { mean: 0.468, scatter: 0.2 };

/**
 * Draws galaxies of the extended population; galaxy i has its own stream, as in `samplePopulation`.
 *
 * @param options.count number of galaxies, an integer ≥ 1; default 1000
 * @param options.random the source of randomness
 * @throws ArgumentError for another count, or without `random`
 * @example sampleExtendedPopulation({ count: 2, random: new Random(1) })[0].gasMass // solar masses
 */
export function sampleExtendedPopulation(options: {
  readonly count?: number;
  readonly random: Random;
}): ExtendedGalaxyParameters[] {
  checkOptions("sampleExtendedPopulation", options, ["count", "random"]);
  const { count = 1000, random } = options ?? {};
  checkCount("sampleExtendedPopulation", "count", count);
  checkRandom("sampleExtendedPopulation", random);
  return Array.from({ length: count }, (_, i) => sampleExtendedGalaxy(random.fork(i)));
}

function sampleExtendedGalaxy(random: Random): ExtendedGalaxyParameters {
  const logDiscMass = random.uniform(...EXTENDED_LOG_DISC_MASS_RANGE);
  const logScaleLength = drawRelation(DISC_SIZE, logDiscMass, random);
  const logHaloMass = drawRelation(EXTENDED_HALO_MASS, logDiscMass, random);
  const logHaloMassPerH = logHaloMass + log10(HUBBLE_CONSTANT / 100);
  const logConcentration = drawRelation(EXTENDED_CONCENTRATION, logHaloMassPerH, random);
  return {
    discMass: exp10(logDiscMass),
    discScaleLength: exp10(logScaleLength),
    haloMass: exp10(logHaloMass),
    concentration: exp10(logConcentration),
    gasMass: exp10(drawRelation(GAS_MASS, logDiscMass, random)),
    gasScaleLength: exp10(logScaleLength + random.normal(GAS_SIZE.mean, GAS_SIZE.scatter)),
    bulgeMass: exp10(logDiscMass + random.uniform(...LOG_BULGE_SHARE_RANGE)),
    bulgeScaleLength: exp10(logScaleLength + random.normal(BULGE_SIZE.mean, BULGE_SIZE.scatter)),
    coreRadius: exp10(logScaleLength + random.normal(CORE_SIZE.mean, CORE_SIZE.scatter)),
    coreStrength: random.uniform(),
  };
}

/**
 * Rotation curve of each galaxy, all its parts together.
 *
 * @param radii kpc, each finite and ≥ 0; default `logSpacedRadii()`
 * @throws ArgumentError for a radius that is negative or not finite, or a parameter that is not a finite number > 0
 * @example extendedRotationCurves(sampleExtendedPopulation({ count: 3, random: new Random(1) })).velocities.length // 150
 */
export function extendedRotationCurves(
  galaxies: readonly ExtendedGalaxyParameters[],
  radii: ArrayLike<number> = logSpacedRadii(),
): RotationCurves {
  const velocities = new Float64Array(galaxies.length * radii.length);
  galaxies.forEach((galaxy, i) => {
    velocities.set(
      circularVelocity(Object.values(extendedGalaxyComponents(galaxy)), radii),
      i * radii.length,
    );
  });
  return { radii: Float64Array.from(radii), velocities };
}

/**
 * The parts of a galaxy of the extended population.
 *
 * @throws ArgumentError for a parameter that is not a finite number > 0
 */
export function extendedGalaxyComponents(
  galaxy: ExtendedGalaxyParameters,
): Record<"disc" | "halo" | "gas" | "bulge", MassComponent> {
  const { haloMass: mass, concentration, coreRadius, coreStrength } = galaxy;
  return {
    ...galaxyComponents(galaxy),
    halo: nfwHalo({ mass, concentration, coreRadius, coreStrength }),
    gas: exponentialDisc({ mass: galaxy.gasMass, scaleLength: galaxy.gasScaleLength }),
    bulge: hernquistBulge({ mass: galaxy.bulgeMass, scaleLength: galaxy.bulgeScaleLength }),
  };
}
