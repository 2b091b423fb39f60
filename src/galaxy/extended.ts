/**
 * A wider population of disc galaxies, from dwarfs to giants, each with a disc of stars, a disc of gas, a bulge and a
 * halo: a prior for measured rotation curves. Units: kpc, km/s, solar masses; "dex" is a difference of log10.
 */

import { checkCount, checkNumber, checkOptions, LONGEST } from "../basics/check.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import {
  type Cosmology,
  exponentialDisc,
  hernquistBulge,
  type MassComponent,
  nfwHalo,
} from "./components.ts";
import {
  checkGalaxy,
  curvesOf,
  type GalaxyParameters,
  logSpacedRadii,
  partsOf,
  type RotationCurves,
} from "./population.ts";
import { EXTENDED_POPULATION, galaxyOf } from "./scaling.ts";

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

/**
 * Draws galaxies of {@link EXTENDED_POPULATION}; galaxy i has its own stream, as in `samplePopulation`.
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
  checkCount("sampleExtendedPopulation", "count", count, 1, LONGEST);
  checkRandom("sampleExtendedPopulation", random);
  return Array.from({ length: count }, (_, i) =>
    galaxyOf(EXTENDED_POPULATION, random.fork(i)),
  ) as ExtendedGalaxyParameters[];
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
  cosmology?: Cosmology,
): RotationCurves {
  const where = "extendedRotationCurves";
  return curvesOf(where, galaxies, radii, (galaxy) => allPartsOf(where, galaxy, cosmology));
}

/**
 * The parts of a galaxy of the extended population.
 *
 * @throws ArgumentError for a parameter that is not a finite number > 0
 * @example
 * const [galaxy] = sampleExtendedPopulation({ count: 1, random: new Random(1) });
 * circularVelocity([extendedGalaxyComponents(galaxy).gas], logSpacedRadii()); // the gas alone
 */
export function extendedGalaxyComponents(
  galaxy: ExtendedGalaxyParameters,
  cosmology?: Cosmology,
): Record<"disc" | "halo" | "gas" | "bulge", MassComponent> {
  return allPartsOf("extendedGalaxyComponents", galaxy, cosmology);
}

function allPartsOf(
  where: string,
  galaxy: ExtendedGalaxyParameters,
  cosmology?: Cosmology,
): Record<"disc" | "halo" | "gas" | "bulge", MassComponent> {
  const parts = partsOf(where, galaxy, cosmology);
  checkGalaxy(
    where,
    galaxy,
    UNITS,
    "sampleExtendedPopulation({ random }) makes galaxies that have all of it.",
  );
  const { haloMass: mass, concentration, coreRadius, coreStrength } = galaxy;
  checkNumber(where, "coreStrength", coreStrength);
  return {
    ...parts,
    halo: nfwHalo({ mass, concentration, coreRadius, coreStrength, cosmology }),
    gas: exponentialDisc({ mass: galaxy.gasMass, scaleLength: galaxy.gasScaleLength }),
    bulge: hernquistBulge({ mass: galaxy.bulgeMass, scaleLength: galaxy.bulgeScaleLength }),
  };
}

/** Of the parts that only these galaxies have. */
const UNITS = {
  gasMass: "solar masses",
  gasScaleLength: "kpc",
  bulgeMass: "solar masses",
  bulgeScaleLength: "kpc",
};
