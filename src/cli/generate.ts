/** `halograd generate`: random galaxies, and their rotation curves from physics. */

import { type GalaxyParameters, logSpacedRadii, rotationCurves, samplePopulation } from "../galaxy/index.ts";
import { type Curves, formatCsv } from "../io/index.ts";
import { Random } from "../tensor/random.ts";
import type { Context, Outcome } from "./context.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** Galaxies, and the curve of each. */
export interface Population extends Curves {
  readonly galaxies: readonly GalaxyParameters[];
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

/** The values of the command's options. */
export interface GenerateOptions {
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
  { seed, count }: { readonly seed: number; readonly count: number },
  { terminal, interruption }: Context,
): Promise<Population | undefined> {
  const galaxies = samplePopulation({ count, random: new Random(seed).fork("galaxies") });
  const radii = logSpacedRadii();
  const curves: Float64Array[] = [];
  const progress = terminal.progress("galaxies", count);
  for (const galaxy of galaxies) {
    if (await interruption.breathe()) break;
    curves.push(rotationCurves([galaxy], radii).velocities);
    progress.update(curves.length, `${curves.length} of ${count}`);
  }
  progress.end();
  return curves.length === count ? { galaxies, radii, curves } : undefined;
}

/** A galaxy as a row of galaxies.csv. */
export function galaxyRow(galaxy: GalaxyParameters): number[] {
  return [galaxy.discMass, galaxy.discScaleLength, galaxy.haloMass, galaxy.concentration];
}

/** The tables of a population. */
export function populationFiles({ galaxies, radii, curves }: Population): OutputFile[] {
  const rows = galaxies.map(galaxyRow);
  return [
    ["galaxies.csv", formatCsv(GALAXY_COLUMNS, rows)],
    ["curves.csv", formatCsv(radii, curves)],
  ];
}
