/** `halograd generate`: random galaxies, and their rotation curves from physics. */

import { Random } from "../basics/random.ts";
import { formatGalaxies, generatePopulation, type Population, type PopulationName } from "../curves/index.ts";
import { formatCsv } from "../io/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** The files of a population. */
export const POPULATION_FILES: readonly string[] = ["galaxies.csv", "curves.csv"];

/** The values of the command's options. */
export interface GenerateOptions {
  readonly population: PopulationName;
  readonly seed: number;
  readonly count: number;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function generate(values: GenerateOptions, context: Context): Outcome {
  const output = new OutputFolder(values.out, { names: POPULATION_FILES, force: values.force });
  const population = generateGalaxies(values, context);
  if (population !== undefined) output.write(populationFiles(population));
  const galaxies = population?.galaxies.length ?? 0;
  const complete = galaxies === values.count;
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), seed: values.seed, galaxies } };
}

/** Draws galaxies and computes their curves: the first ones when stopped before the end, `undefined` before the first. */
export function generateGalaxies(
  { seed, count, population }: Pick<GenerateOptions, "seed" | "count" | "population">,
  context: Context,
): Population | undefined {
  const work = generatePopulation({ count, population, random: new Random(seed) });
  const { result, last } = follow(work, "galaxies", ({ done }) => [`${done} of ${count}`], context);
  return result ?? last?.population;
}

/** The tables of a population. */
export function populationFiles({ galaxies, radii, curves }: Population): OutputFile[] {
  return [
    ["galaxies.csv", formatGalaxies(galaxies)],
    ["curves.csv", formatCsv(radii, curves)],
  ];
}
