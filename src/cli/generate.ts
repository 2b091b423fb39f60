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
export async function generate(values: GenerateOptions, context: Context): Promise<Outcome> {
  const output = new OutputFolder(values.out, { names: POPULATION_FILES, force: values.force });
  const population = await generateGalaxies(values, context);
  if (population !== undefined) output.write(populationFiles(population));
  const complete = population !== undefined;
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), seed: values.seed, galaxies: values.count } };
}

/** Draws galaxies and computes their curves; `undefined` when stopped before the end. */
export async function generateGalaxies(
  { seed, count, population }: Pick<GenerateOptions, "seed" | "count" | "population">,
  context: Context,
): Promise<Population | undefined> {
  const work = generatePopulation({ count, population, random: new Random(seed) });
  const { result } = await follow(work, "galaxies", count, ({ done }) => [`${done} of ${count}`], context);
  return result;
}

/** The tables of a population. */
export function populationFiles({ galaxies, radii, curves }: Population): OutputFile[] {
  return [
    ["galaxies.csv", formatGalaxies(galaxies)],
    ["curves.csv", formatCsv(radii, curves)],
  ];
}
