/**
 * A population of disc galaxies drawn from scaling relations, and the rotation curves of its members: the data set of
 * the diffusion model. Units: kpc, km/s, solar masses; "dex" is a difference of log10.
 */

import { checkArray, checkCount, checkOptions, describeNumber, LONGEST } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { exp, log } from "../kernels/math.ts";
import {
  type Cosmology,
  circularVelocity,
  exponentialDisc,
  type Halo,
  type MassComponent,
  nfwHalo,
  requirePositive,
  requireRadii,
} from "./components.ts";
import { galaxyOf, STANDARD_POPULATION } from "./scaling.ts";

/** What makes one galaxy. */
export interface GalaxyParameters {
  /** Mass of the disc, solar masses. */
  readonly discMass: number;
  /** Radius over which the disc's surface density falls by e, kpc. */
  readonly discScaleLength: number;
  /** Mass of the halo inside its virial radius, solar masses. */
  readonly haloMass: number;
  /** Virial radius of the halo over its scale radius. */
  readonly concentration: number;
}

/**
 * Draws galaxies of {@link STANDARD_POPULATION}: disc masses log-uniform; from the disc mass its scale length and the halo mass; from the
 * halo mass the concentration.
 * Galaxy i has its own stream, `random.fork(i)`: it is the same whatever the count, and whatever was drawn from `random`
 * before. For a second, independent population pass another generator, such as `random.fork("more")`.
 *
 * @param options.count number of galaxies, an integer ≥ 1; default 1000
 * @param options.random the source of randomness
 * @throws ArgumentError for another count, or without `random`
 * @example samplePopulation({ count: 2, random: new Random(1) })[0].discMass // solar masses
 */
export function samplePopulation(options: {
  readonly count?: number;
  readonly random: Random;
}): GalaxyParameters[] {
  checkOptions("samplePopulation", options, ["count", "random"]);
  const { count = 1000, random } = options ?? {};
  checkCount("samplePopulation", "count", count, 1, LONGEST);
  checkRandom("samplePopulation", random);
  return Array.from({ length: count }, (_, i) => galaxyOf(STANDARD_POPULATION, random.fork(i)));
}

/**
 * Radii in equal steps of log R. The ends are met exactly.
 *
 * @param count number of radii, an integer ≥ 2; default 50
 * @param from first radius, kpc, > 0; default 0.1
 * @param to last radius, kpc, > `from`; default 50
 * @throws ArgumentError if an argument breaks these rules
 * @example logSpacedRadii(3, 0.1, 10) // Float64Array [ 0.1, 1, 10 ]
 */
export function logSpacedRadii(count = 50, from = 0.1, to = 50): Float64Array {
  checkCount("logSpacedRadii", "count", count, 2, LONGEST);
  const areNumbers = typeof from === "number" && typeof to === "number";
  if (!(areNumbers && from > 0 && to > from && to < Infinity)) {
    throw new ArgumentError(
      "logSpacedRadii",
      `got radii from ${describeNumber(from)} to ${describeNumber(to)} kpc, but 0 < from < to < ∞ must hold`,
      "start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.",
    );
  }
  const step = log(to / from) / (count - 1);
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from * exp(i * step)));
}

/** The rotation curves of many galaxies at the same radii. */
export interface RotationCurves {
  /** kpc, [radii]. */
  readonly radii: Float64Array;
  /** Circular velocities, km/s, [galaxies, radii] row by row: galaxy i has `subarray(i * radii.length, (i + 1) * radii.length)`. */
  readonly velocities: Float64Array;
}

/**
 * Rotation curve of each galaxy, disc and halo together. For the curve of one part, see {@link galaxyComponents}.
 *
 * @param galaxies as from {@link samplePopulation}
 * @param radii kpc, each finite and ≥ 0; default {@link logSpacedRadii}()
 * @param cosmology what the mass of the haloes is counted by; default `STANDARD_COSMOLOGY`
 * @throws ArgumentError for a radius that is negative or not finite, or a parameter that is not a finite number > 0
 * @example
 * const { radii, velocities } = rotationCurves(samplePopulation({ random: new Random(1) }));
 * velocities.length // 1000 × 50
 */
export function rotationCurves(
  galaxies: readonly GalaxyParameters[],
  radii: ArrayLike<number> = logSpacedRadii(),
  cosmology?: Cosmology,
): RotationCurves {
  return curvesOf("rotationCurves", galaxies, radii, (galaxy) =>
    partsOf("rotationCurves", galaxy, cosmology),
  );
}

/** Rotation curve of each galaxy, all its parts together. */
export function curvesOf<Galaxy>(
  where: string,
  galaxies: readonly Galaxy[],
  radii: ArrayLike<number>,
  componentsOf: (galaxy: Galaxy) => Readonly<Record<string, MassComponent>>,
): RotationCurves {
  checkArray(where, "galaxies", galaxies, undefined, "samplePopulation({ random }) makes one.");
  requireRadii(where, radii);
  const velocities = new Float64Array(galaxies.length * radii.length);
  for (const [i, galaxy] of galaxies.entries()) {
    velocities.set(circularVelocity(Object.values(componentsOf(galaxy)), radii), i * radii.length);
  }
  return { radii: Float64Array.from(radii), velocities };
}

/**
 * The parts of a galaxy.
 *
 * @param cosmology what the mass of the halo is counted by; default `STANDARD_COSMOLOGY`
 * @throws ArgumentError for a parameter that is not a finite number > 0
 * @example
 * const [galaxy] = samplePopulation({ count: 1, random: new Random(1) });
 * const { disc } = galaxyComponents(galaxy);
 * circularVelocity([disc], logSpacedRadii()); // the disc alone
 */
export function galaxyComponents(
  galaxy: GalaxyParameters,
  cosmology?: Cosmology,
): { disc: MassComponent; halo: Halo } {
  return partsOf("galaxyComponents", galaxy, cosmology);
}

/** As {@link galaxyComponents}, for any function that is given galaxies. */
export function partsOf(
  where: string,
  galaxy: GalaxyParameters,
  cosmology?: Cosmology,
): { disc: MassComponent; halo: Halo } {
  checkGalaxy(where, galaxy, UNITS);
  return {
    disc: exponentialDisc({ mass: galaxy.discMass, scaleLength: galaxy.discScaleLength }),
    halo: nfwHalo({ mass: galaxy.haloMass, concentration: galaxy.concentration, cosmology }),
  };
}

const UNITS = {
  discMass: "solar masses",
  discScaleLength: "kpc",
  haloMass: "solar masses",
  concentration: "a ratio of radii",
};

const PARAMETERS = "a galaxy is { discMass, discScaleLength, haloMass, concentration }.";

/** @throws ArgumentError for what is no galaxy, and for a parameter of these that is not a finite number > 0 */
export function checkGalaxy<Galaxy extends object>(
  where: string,
  galaxy: Galaxy,
  units: Readonly<Partial<Record<keyof Galaxy, string>>>,
  fix: string = PARAMETERS,
): void {
  for (const [name, unit] of Object.entries<string>(units as Record<string, string>))
    requirePositive(where, name, galaxy?.[name as keyof Galaxy] as number, unit, fix);
}
