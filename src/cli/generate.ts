/** `halograd generate`: random galaxies, and their rotation curves from physics. */

import { Random } from "../basics/random.ts";
import {
  formatGalaxies,
  type Galaxy,
  generatePopulation,
  type Population,
  type PopulationChoice,
} from "../curves/index.ts";
import { formatPopulation } from "../galaxy/index.ts";
import { formatCsv, writeNpz } from "../io/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readPopulation } from "./input.ts";
import { curveArrays, type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** What galaxies were drawn from, where that is no population that has a name for all. */
export const DESCRIPTION = "population.json";

/** The files of a population. */
export const POPULATION_FILES: readonly string[] = [DESCRIPTION, "galaxies.csv", "curves.csv"];

/** All of it in one. */
const POPULATION_ARRAYS = "curves.npz";

/** The values of the command's options. */
export interface GenerateOptions {
  /** One that is there, or a file. */
  readonly population: string;
  readonly seed: number;
  readonly count: number;
  readonly format: "csv" | "npz";
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function generate(values: GenerateOptions, context: Context): Outcome {
  const isNpz = values.format === "npz";
  const names = isNpz ? [POPULATION_ARRAYS] : POPULATION_FILES;
  const { sources } = context;
  const choice = readPopulation(values.population, sources);
  const output = new OutputFolder(values.out, { names, sources, force: values.force });
  const population = generateGalaxies(values, choice, context);
  if (population !== undefined) {
    output.write(
      isNpz
        ? [[POPULATION_ARRAYS, populationArrays(population, { ...sources.origin(), population: choice })]]
        : populationFiles(population),
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
function populationArrays({ galaxies, radii, curves }: Population, origin: object): Uint8Array {
  const names = Object.keys(galaxies[0]) as (keyof Galaxy)[];
  const parameters = names.map((name) => {
    const data = Float64Array.from(galaxies, (galaxy) => galaxy[name]);
    return [snake(name), { shape: [galaxies.length], data }] as const;
  });
  return writeNpz([...curveArrays(radii, curves, origin), ...parameters]);
}

/** disc_mass of discMass, as tables have it. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
