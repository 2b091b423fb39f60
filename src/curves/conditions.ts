/**
 * Conditions: what a model is told of the galaxies it learns, and asked for when it samples. A network is told log10 of
 * each property, standardised by the training part.
 */

import { tensor } from "../autograd/tensor.ts";
import { type ConditionName, isLogarithmic, type Request } from "../cli/condition-names.ts";
import { EXTENDED_GALAXY_COLUMNS, GALAXY_COLUMNS } from "../cli/generate.ts";
import {
  type Dataset,
  type Denoiser,
  type FeatureStandardization,
  guidedDenoiser,
  ResidualDenoiser,
} from "../diffusion/index.ts";
import { type Curves, parseCsv } from "../io/index.ts";
import { exp10, log10 } from "../kernels/math.ts";
import { readTextFile } from "../node/files.ts";
import { ArgumentError, FormatError } from "../tensor/errors.ts";
import type { Model } from "./model.ts";

/** A property that a model can be told. */
export interface ModelCondition {
  readonly name: ConditionName;
  /** Of log10 of the property over the training part. */
  readonly mean: number;
  /** The same. */
  readonly standardDeviation: number;
  /** The range of log10 in the training part. */
  readonly least: number;
  /** The same. */
  readonly greatest: number;
}

/**
 * The rows of a table of galaxies.
 *
 * @throws FormatError when they are not those of the curves, or a value is not above 0
 */
export function readGalaxies(path: string, { curves }: Pick<Curves, "curves">): Float64Array[] {
  const text = readTextFile(path);
  // The extended population has further columns, 0 for what a galaxy has not.
  const isExtended = parseCsv(text, { source: path }).header.length === EXTENDED_GALAXY_COLUMNS.length;
  const columns = isExtended ? EXTENDED_GALAXY_COLUMNS : GALAXY_COLUMNS;
  const { rows } = parseCsv(text, { source: path, columns });
  const isPossible = (row: Float64Array): boolean =>
    row.every((value, i) => value > 0 || (i >= GALAXY_COLUMNS.length && value === 0));
  if (rows.length === curves.length && rows.every(isPossible)) return rows;
  throw new FormatError(
    path,
    `its ${rows.length} galaxies do not belong to the ${curves.length} curves, or have values that are not above 0`,
    "give the galaxies.csv that was written with the curves",
  );
}

/**
 * What a row of galaxies.csv says of each property. The bulge fraction is the bulge-to-total ratio B/T of the stellar masses,
 * gas and halo not counted (as Mendel et al. 2014, ApJS 210, 3).
 */
const PROPERTIES: Readonly<Record<ConditionName, (row: ArrayLike<number>) => number>> = {
  "disc-mass": (row) => row[0],
  "scale-length": (row) => row[1],
  "halo-mass": (row) => row[2],
  concentration: (row) => row[3],
  "bulge-fraction": (row) => row[BULGE_MASS] / (row[0] + row[BULGE_MASS]),
};

const BULGE_MASS: number = EXTENDED_GALAXY_COLUMNS.indexOf("bulge_mass [Msun]");

/**
 * log10 of the named properties, [galaxies][names].
 *
 * @throws ArgumentError where galaxies have no bulge, and so no logarithm of its share
 */
export function propertiesOf(
  galaxies: readonly ArrayLike<number>[],
  names: readonly ConditionName[],
): number[][] {
  const bulgeless = names.includes("bulge-fraction")
    ? galaxies.findIndex((row) => !(row[BULGE_MASS] > 0))
    : -1;
  if (bulgeless >= 0) {
    throw new ArgumentError(
      "--conditions",
      `galaxy ${bulgeless + 1} has no bulge, whose fraction would be the condition bulge-fraction`,
      "take galaxies of --population extended, of halograd generate or halograd run",
    );
  }
  return galaxies.map((row) => names.map((name) => log10(PROPERTIES[name](row))));
}

/** What the training part tells of each property. */
export function describeConditions(
  names: readonly ConditionName[],
  { train, standardization }: Dataset<FeatureStandardization>,
): ModelCondition[] {
  const rows = standardization.invert(train);
  return names.map((name, i) => {
    const values = rows.map((row) => row[i]);
    const [least, greatest] = values.reduce(
      ([a, b], v) => [Math.min(a, v), Math.max(b, v)],
      [Infinity, -Infinity],
    );
    const [mean, standardDeviation] = [standardization.means[i], standardization.standardDeviations[i]];
    return { name, mean, standardDeviation, least, greatest };
  });
}

/**
 * The model's denoiser, told what is wanted.
 *
 * @param weight of the guidance, as of `guidedDenoiser`
 * @throws FormatError for a model that was not told of it in training, ArgumentError for values it never saw
 */
export function denoiserFor(model: Model, path: string, request: Request, weight: number): Denoiser {
  const { network, conditions = [] } = model;
  const has = conditions.map(({ name }) => name);
  const names = Object.keys(request) as ConditionName[];
  const missing = names.find((name) => !has.includes(name));
  if (missing !== undefined || !(network instanceof ResidualDenoiser)) {
    throw new FormatError(
      path,
      `this model was not trained with the condition ${missing}, but with ${has.join(", ") || "none"}`,
      `train one: halograd train --network residual --conditions ${[...new Set([...has, ...names])].join(",")}`,
    );
  }
  const values = conditions.map((condition) => {
    const wanted = request[condition.name];
    return wanted === undefined ? 0 : standardize(condition, wanted);
  });
  const known = conditions.map(({ name }) => (request[name] === undefined ? 0 : 1));
  return guidedDenoiser(network.denoiser({ known: tensor([known]) }), tensor([values]), weight);
}

function standardize(
  { name, mean, standardDeviation, least, greatest }: ModelCondition,
  wanted: number,
): number {
  const isLog = isLogarithmic(name);
  const value = isLog ? wanted : log10(wanted);
  // What was rounded for the eye still counts as inside.
  if (value >= least - 0.005 && value <= greatest + 0.005) return (value - mean) / standardDeviation;
  const show = (log: number): string => (isLog ? log.toFixed(2) : String(Number(exp10(log).toPrecision(3))));
  const isMass = isLog && wanted > 1000;
  throw new ArgumentError(
    `--condition ${name}=${wanted}`,
    `the model has seen ${name} from ${show(least)} to ${show(greatest)} only${isLog ? ", as log10 of solar masses" : ""}`,
    isMass ? `write ${name}=${show(log10(wanted))}` : "give a value within",
  );
}
