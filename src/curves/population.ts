/** Random galaxies, and their rotation curves from physics: what a model learns from. Also galaxies as a table. */

import {
  checkArray,
  checkChoice,
  checkCount,
  checkKind,
  checkNumber,
  checkOptions,
  LONGEST,
} from "../basics/check.ts";
import { FormatError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import type { Progress } from "../diffusion/index.ts";
import {
  type Cosmology,
  EXTENDED_POPULATION,
  type ExtendedGalaxyParameters,
  extendedRotationCurves,
  type GalaxyParameters,
  type GalaxyPopulation,
  logSpacedRadii,
  rotationCurves,
  STANDARD_POPULATION,
} from "../galaxy/index.ts";
import { checkPopulation, galaxyOf } from "../galaxy/scaling.ts";
import { type Curves, formatCsv, parseCsv } from "../io/index.ts";
import { POPULATIONS, type PopulationName } from "./names.ts";

/** A galaxy of either population. */
export type Galaxy = GalaxyParameters | ExtendedGalaxyParameters;

/** A population: one of those that are there, by its name, or a description of one's own. */
export type PopulationChoice = PopulationName | GalaxyPopulation;

const DESCRIPTIONS: Readonly<Record<PopulationName, GalaxyPopulation>> = {
  standard: STANDARD_POPULATION,
  extended: EXTENDED_POPULATION,
};

/** What a population's galaxies are drawn from. */
export function describePopulation(choice: PopulationChoice): GalaxyPopulation {
  return typeof choice === "string" ? DESCRIPTIONS[choice] : choice;
}

/** What to call a population. */
export function populationName(choice: PopulationChoice): string {
  return describePopulation(choice).name;
}

/**
 * A population that was checked; one of those that are there by its name.
 *
 * @throws ArgumentError for an unknown name, FormatError for a description that cannot be, or is called as another population
 */
export function checkedPopulation(where: string, choice: PopulationChoice): PopulationChoice {
  if (typeof choice !== "object") {
    checkChoice(where, "population", choice, POPULATIONS);
    return choice;
  }
  const population = checkPopulation(choice, where);
  const known = POPULATIONS.find((name) => name === population.name);
  if (known === undefined) return population;
  if (JSON.stringify(population) === JSON.stringify(DESCRIPTIONS[known])) return known;
  throw new FormatError(
    where,
    `name is "${known}", which is the name of another population`,
    "give yours a name of its own",
  );
}

/** Galaxies, and the curve of each. */
export interface Population extends Curves {
  /** In the order of the curves. */
  readonly galaxies: readonly Galaxy[];
  /** What they were drawn from, where that is a description of one's own. */
  readonly population?: GalaxyPopulation;
}

/** How far a population is, and the galaxies that there are: copies, made when they are read. */
export interface PopulationProgress extends Progress {
  /** The first ones, as a smaller count gives them. */
  readonly population: Population;
}

/** Settings of {@link generatePopulation}. */
export interface PopulationOptions {
  /** How many galaxies; default 1000. */
  readonly count?: number | undefined;
  /** Default: the standard one, which is the reference post's. A description of one's own may have other relations, scatters and ranges. */
  readonly population?: PopulationChoice | undefined;
  /** Where galaxies come from: the stream "galaxies" forked from it, so that the same `random` gives the same galaxies again. */
  readonly random: Random;
}

/**
 * Draws galaxies and computes their rotation curves at 50 radii from 0.1 to 50 kpc, one with each step. The first galaxies are the
 * same for every count.
 *
 * @throws ArgumentError, at the call itself, for settings that make no sense
 * @example
 * const galaxies = finish(generatePopulation({ count: 5, population: "extended", random: new Random(0) }));
 * galaxies.curves[4][49] // of the last galaxy at 50 kpc, in km/s
 */
export function generatePopulation(
  options: PopulationOptions,
): Generator<PopulationProgress, Population, void> {
  checkOptions("generatePopulation", options ?? {}, ["count", "population", "random"]);
  const { count = 1000, population = "standard", random } = options ?? {};
  checkRandom("generatePopulation", random);
  checkCount("generatePopulation", "count", count, 1, LONGEST);
  const choice = checkedPopulation("generatePopulation", population);
  return curvesOf(drawGalaxies(choice, { count, random: random.fork("galaxies") }), choice);
}

function* curvesOf(
  galaxies: readonly Galaxy[],
  choice: PopulationChoice,
): Generator<PopulationProgress, Population, void> {
  const own = typeof choice === "object" ? { population: choice } : {};
  const radii = logSpacedRadii();
  const curves: Float64Array[] = [];
  for (const galaxy of galaxies) {
    curves.push(curveOf(galaxy, radii, describePopulation(choice)));
    const done = curves.length;
    yield {
      done,
      total: galaxies.length,
      get population() {
        return { galaxies: galaxies.slice(0, done), radii, curves: curves.slice(0, done), ...own };
      },
    };
  }
  return { galaxies, radii, curves, ...own };
}

/** Galaxies of a population; each has a stream of its own, so that the first are the same for every count. */
export function drawGalaxies(
  population: PopulationChoice,
  { count, random }: { readonly count: number; readonly random: Random },
): Galaxy[] {
  const description = describePopulation(population);
  return Array.from({ length: count }, (_, i) => galaxyOf(description, random.fork(i)));
}

/** The rotation curve of a galaxy of any population, km/s. */
export function curveOf(galaxy: Galaxy, radii: Float64Array, cosmology?: Cosmology): Float64Array {
  const draw = isExtended(galaxy)
    ? extendedRotationCurves([galaxy], radii, cosmology)
    : rotationCurves([galaxy], radii, cosmology);
  return draw.velocities;
}

/** Whether a galaxy has gas, a bulge and a core of the halo. */
export function isExtended(galaxy: Galaxy): galaxy is ExtendedGalaxyParameters {
  return "gasMass" in galaxy;
}

/**
 * Galaxies as a table, a row each, with units in the header; {@link parseGalaxies} reads it back to the bit.
 *
 * @throws ArgumentError for galaxies of both populations
 */
export function formatGalaxies(galaxies: readonly Galaxy[]): string {
  checkGalaxies("formatGalaxies", galaxies);
  const columns = galaxies.some(isExtended) ? EXTENDED_COLUMNS : STANDARD_COLUMNS;
  const names = Object.keys(columns) as (keyof GalaxyParameters)[];
  for (const [i, galaxy] of galaxies.entries())
    for (const name of names) checkNumber("formatGalaxies", `${name} of galaxy ${i + 1}`, galaxy[name]);
  return formatCsv(
    Object.values(columns),
    galaxies.map((galaxy) => names.map((name) => galaxy[name])),
  );
}

/** @throws ArgumentError for what are no galaxies, such as curves */
export function checkGalaxies(where: string, galaxies: readonly Galaxy[]): void {
  checkArray(
    where,
    "galaxies",
    galaxies,
    "galaxies",
    "those of a population are its galaxies: { galaxies }.",
  );
  for (const [i, galaxy] of galaxies.entries()) checkKind(where, `galaxy ${i + 1}`, galaxy, "object");
}

/**
 * The population of galaxies, where they are those of the curves: some of the curves are computed again.
 *
 * @param data.population what they are said to be drawn from; default one of those that are there
 * @returns undefined where there are no galaxies, or those of other curves
 */
export function populationOf({
  radii,
  curves,
  galaxies = [],
  population,
}: Curves & {
  readonly galaxies?: readonly Galaxy[];
  readonly population?: GalaxyPopulation | undefined;
}): PopulationChoice | undefined {
  if (galaxies.length === 0 || galaxies.length !== curves.length) return undefined;
  const step = Math.ceil(galaxies.length / COMPARED);
  for (let i = 0; i < galaxies.length; i += step) {
    const own = curveOf(galaxies[i], radii, population);
    if (curves[i].some((velocity, j) => !(Math.abs(velocity - own[j]) <= 1e-3 * own[j]))) return undefined;
  }
  return population ?? (galaxies.some(isExtended) ? "extended" : "standard");
}

const COMPARED = 20;

/**
 * Reads a table of galaxies.
 *
 * @param source what to call the text in errors, usually its path
 * @param curves of these galaxies, to make sure that there are as many
 * @throws FormatError as `parseCsv`, for other columns, a value that no galaxy has, and another number of curves
 * @example
 * const { galaxies } = finish(generatePopulation({ count: 3, random: new Random(0) }));
 * parseGalaxies(formatGalaxies(galaxies), "galaxies.csv") // the same galaxies
 */
export function parseGalaxies(text: string, source: string, curves?: readonly unknown[]): Galaxy[] {
  if (curves !== undefined) checkArray("parseGalaxies", "curves", curves, "curves");
  const { header } = parseCsv(text, { source });
  const columns = header.length === EXTENDED_GALAXY_COLUMNS.length ? EXTENDED_COLUMNS : STANDARD_COLUMNS;
  const { rows } = parseCsv(text, { source, columns: Object.values(columns) });
  // The extended population has further columns, 0 for what a galaxy has not.
  const isPossible = (row: Float64Array): boolean =>
    row.every((value, i) => value > 0 || (i >= GALAXY_COLUMNS.length && value === 0));
  if ((curves !== undefined && rows.length !== curves.length) || !rows.every(isPossible)) {
    const foreign = curves && `do not belong to the ${curves.length} curves, or `;
    throw new FormatError(
      source,
      `its ${rows.length} galaxies ${foreign ?? ""}have values that are not above 0`,
      "give the galaxies.csv that was written with the curves",
    );
  }
  const names = Object.keys(columns);
  return rows.map(
    (row) =>
      Object.fromEntries(names.map((name, i) => [name, row[i]])) as unknown as ExtendedGalaxyParameters,
  );
}

const STANDARD_COLUMNS: Readonly<Record<keyof GalaxyParameters, string>> = {
  discMass: "disc_mass [Msun]",
  discScaleLength: "disc_scale_length [kpc]",
  haloMass: "halo_mass [Msun]",
  concentration: "concentration",
};

const EXTENDED_COLUMNS: Readonly<Record<keyof ExtendedGalaxyParameters, string>> = /* @__PURE__ */ (() => ({
  ...STANDARD_COLUMNS,
  gasMass: "gas_mass [Msun]",
  gasScaleLength: "gas_scale_length [kpc]",
  bulgeMass: "bulge_mass [Msun]",
  bulgeScaleLength: "bulge_scale_length [kpc]",
  coreRadius: "core_radius [kpc]",
  coreStrength: "core_strength",
}))();

/** The column of each parameter, with its unit. */
export const COLUMN_OF: Readonly<Record<keyof ExtendedGalaxyParameters, string>> = EXTENDED_COLUMNS;

/** The columns of a table of galaxies, with their units. */
export const GALAXY_COLUMNS: readonly string[] = /* @__PURE__ */ Object.values(STANDARD_COLUMNS);

/** Those of the extended population. */
export const EXTENDED_GALAXY_COLUMNS: readonly string[] = /* @__PURE__ */ Object.values(EXTENDED_COLUMNS);
