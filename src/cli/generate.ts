/** `halograd generate`: random galaxies, and their rotation curves from physics. */

import { Random } from "../basics/random.ts";
import {
  type ExtendedGalaxyParameters,
  extendedRotationCurves,
  type GalaxyParameters,
  logSpacedRadii,
  rotationCurves,
  sampleExtendedPopulation,
  samplePopulation,
} from "../galaxy/index.ts";
import { type Curves, formatCsv } from "../io/index.ts";
import type { Context, Outcome } from "./context.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";
import type { PopulationName } from "./population-names.ts";

/** Galaxies, and the curve of each. */
export interface Population extends Curves {
  readonly galaxies: readonly (GalaxyParameters | ExtendedGalaxyParameters)[];
}

/** The files of a population. */
export const POPULATION_FILES: readonly string[] = ["galaxies.csv", "curves.csv"];

/** The columns of galaxies.csv, with their units. */
export const GALAXY_COLUMNS: readonly string[] = [
  "disc_mass [Msun]",
  "disc_scale_length [kpc]",
  "halo_mass [Msun]",
  "concentration",
];

/** Those of the extended population. */
export const EXTENDED_GALAXY_COLUMNS: readonly string[] = [
  ...GALAXY_COLUMNS,
  "gas_mass [Msun]",
  "gas_scale_length [kpc]",
  "bulge_mass [Msun]",
  "bulge_scale_length [kpc]",
  "core_radius [kpc]",
  "core_strength",
];

/** The values of the command's options. */
export interface GenerateOptions {
  readonly population: PopulationName;
  readonly seed: number;
  readonly count: number;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export async function generate(values: GenerateOptions, context: Context): Promise<Outcome> {
  const output = new OutputFolder(values.out, { names: POPULATION_FILES, force: values.force });
  const population = await generatePopulation(values, context);
  if (population !== undefined) output.write(populationFiles(population));
  const complete = population !== undefined;
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), seed: values.seed, galaxies: values.count } };
}

/** Draws galaxies and computes their curves; `undefined` when stopped before the end. */
export async function generatePopulation(
  options: { readonly seed: number; readonly count: number; readonly population?: PopulationName },
  { terminal, interruption }: Context,
): Promise<Population | undefined> {
  const { seed, count, population = "standard" } = options;
  const galaxies = drawGalaxies(population, { count, random: new Random(seed).fork("galaxies") });
  const radii = logSpacedRadii();
  const curves: Float64Array[] = [];
  const progress = terminal.progress("galaxies", count);
  for (const galaxy of galaxies) {
    if (await interruption.breathe()) break;
    curves.push(curveOf(galaxy, radii));
    progress.update(curves.length, `${curves.length} of ${count}`);
  }
  progress.end();
  return curves.length === count ? { galaxies, radii, curves } : undefined;
}

/** Galaxies of a population; each has a stream of its own, so that the first are the same for every count. */
export function drawGalaxies(
  population: PopulationName,
  options: { readonly count: number; readonly random: Random },
): (GalaxyParameters | ExtendedGalaxyParameters)[] {
  return population === "extended" ? sampleExtendedPopulation(options) : samplePopulation(options);
}

/** The rotation curve of a galaxy of either population, km/s. */
export function curveOf(
  galaxy: GalaxyParameters | ExtendedGalaxyParameters,
  radii: Float64Array,
): Float64Array {
  const draw = isExtended(galaxy) ? extendedRotationCurves([galaxy], radii) : rotationCurves([galaxy], radii);
  return draw.velocities;
}

function isExtended(galaxy: GalaxyParameters | ExtendedGalaxyParameters): galaxy is ExtendedGalaxyParameters {
  return "gasMass" in galaxy;
}

/** A galaxy as a row of galaxies.csv. */
export function galaxyRow(galaxy: GalaxyParameters | ExtendedGalaxyParameters): number[] {
  const { discMass, discScaleLength, haloMass, concentration } = galaxy;
  const row = [discMass, discScaleLength, haloMass, concentration];
  if (!isExtended(galaxy)) return row;
  const { gasMass, gasScaleLength, bulgeMass, bulgeScaleLength, coreRadius, coreStrength } = galaxy;
  return [...row, gasMass, gasScaleLength, bulgeMass, bulgeScaleLength, coreRadius, coreStrength];
}

/** The tables of a population. */
export function populationFiles({ galaxies, radii, curves }: Population): OutputFile[] {
  const rows = galaxies.map(galaxyRow);
  const columns =
    rows[0]?.length === EXTENDED_GALAXY_COLUMNS.length ? EXTENDED_GALAXY_COLUMNS : GALAXY_COLUMNS;
  return [
    ["galaxies.csv", formatCsv(columns, rows)],
    ["curves.csv", formatCsv(radii, curves)],
  ];
}
