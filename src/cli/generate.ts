/** `halograd generate`: random galaxies, and their rotation curves from physics. */

import { Random } from "../basics/random.ts";
import {
  formatGalaxies,
  type Galaxy,
  generatePopulation,
  type Population,
  type PopulationChoice,
} from "../curves/index.ts";
import { EXTENDED_GALAXY_COLUMNS } from "../curves/population.ts";
import { formatPopulation } from "../galaxy/index.ts";
import { formatCsv } from "../io/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readPopulation } from "./input.ts";
import { type CurveFormat, curveArrays, type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** What galaxies were drawn from, where that is no population that has a name for all. */
export const DESCRIPTION = "population.json";

/** The files of a population. */
export const POPULATION_FILES: readonly string[] = [DESCRIPTION, "galaxies.csv", "curves.csv"];

/** The values of the command's options. */
export interface GenerateOptions {
  /** One that is there, or a file. */
  readonly population: string;
  readonly seed: number;
  readonly count: number;
  readonly format: CurveFormat;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function generate(values: GenerateOptions, context: Context): Outcome {
  const { format } = values;
  const { sources } = context;
  const names = format === "csv" ? POPULATION_FILES : [`curves.${format}`];
  const choice = readPopulation(values.population, sources);
  const output = new OutputFolder(values.out, { names, sources, force: values.force });
  const population = generateGalaxies(values, choice, context);
  if (population !== undefined) {
    output.write(
      format === "csv"
        ? populationFiles(population)
        : [[names[0], populationArrays(format, population, { ...sources.origin(), population: choice })]],
    );
  }
  const galaxies = population?.galaxies.length ?? 0;
  const complete = galaxies === values.count;
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), seed: values.seed, galaxies } };
}

/** Draws galaxies and computes their curves: the first ones when stopped before the end, `undefined` before the first. */
export function generateGalaxies(
  { seed, count }: Pick<GenerateOptions, "seed" | "count">,
  population: PopulationChoice,
  context: Context,
): Population | undefined {
  const work = generatePopulation({ count, population, random: new Random(seed) });
  const { result, last } = follow(work, "galaxies", ({ done }) => [`${done} of ${count}`], context);
  return result ?? last?.population;
}

/** The tables of a population. */
export function populationFiles({ galaxies, radii, curves, population }: Population): OutputFile[] {
  return [
    ...(population ? [[DESCRIPTION, formatPopulation(population)] as const] : []),
    ["galaxies.csv", formatGalaxies(galaxies)],
    ["curves.csv", formatCsv(radii, curves)],
  ];
}

/** Curves, radii, and the parameters of the galaxies under their names, as arrays. */
function populationArrays(
  format: Exclude<CurveFormat, "csv">,
  { galaxies, radii, curves }: Population,
  origin: object,
): Uint8Array {
  const titles = EXTENDED_GALAXY_COLUMNS.map((title) => title.split(/[ [\]]+/));
  const parameters = (Object.keys(galaxies[0]) as (keyof Galaxy)[]).map((key) => {
    const data = Float64Array.from(galaxies, (galaxy) => galaxy[key]);
    const [, unit = ""] = titles.find(([name]) => name === snake(key)) ?? [];
    const told = unit !== "" && { unit: unit === "Msun" ? "solMass" : unit };
    return [snake(key), { shape: [galaxies.length], data, ...told }] as const;
  });
  return curveArrays(format, radii, curves, origin, parameters);
}

/** disc_mass of discMass, as tables have it. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
