/**
 * Conditions: properties of the galaxies that a model is trained with, and asked for when it samples. A network sees log10 of
 * each, standardised by the training part.
 */

import { checkNumber, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import {
  type Dataset,
  type Denoiser,
  type FeatureStandardization,
  guidedDenoiser,
  ResidualDenoiser,
} from "../diffusion/index.ts";
import { exp10, log10 } from "../kernels/math.ts";
import { tensor } from "../tensor/construction.ts";
import type { Model, ModelCondition } from "./model.ts";
import type { Condition, ConditionName } from "./names.ts";
import { type Galaxy, isExtended } from "./population.ts";

/**
 * Each property of a galaxy. The bulge fraction is the bulge-to-total ratio B/T of the stellar masses, gas and halo not counted (as
 * Mendel et al. 2014, ApJS 210, 3).
 */
const PROPERTIES: Readonly<Record<ConditionName, (galaxy: Galaxy) => number>> = {
  "disc-mass": ({ discMass }) => discMass,
  "scale-length": ({ discScaleLength }) => discScaleLength,
  "halo-mass": ({ haloMass }) => haloMass,
  concentration: ({ concentration }) => concentration,
  "bulge-fraction": (galaxy) => bulgeMass(galaxy) / (galaxy.discMass + bulgeMass(galaxy)),
};

const bulgeMass = (galaxy: Galaxy): number => (isExtended(galaxy) ? galaxy.bulgeMass : 0);

/**
 * log10 of the named properties, [galaxies][names].
 *
 * @throws ArgumentError where galaxies have no bulge, and so no logarithm of its share, and for a property that is not above 0
 */
export function propertiesOf(galaxies: readonly Galaxy[], names: readonly ConditionName[]): number[][] {
  const bulgeless = names.includes("bulge-fraction")
    ? galaxies.findIndex((galaxy) => !(bulgeMass(galaxy) > 0))
    : -1;
  if (bulgeless >= 0) {
    throw new ArgumentError(
      "trainModel",
      `galaxy ${bulgeless + 1} has no bulge, whose fraction would be the condition bulge-fraction`,
      'take galaxies of the population "extended"',
    );
  }
  return galaxies.map((galaxy, i) =>
    names.map((name) => {
      const value = PROPERTIES[name](galaxy);
      checkWithin("trainModel", `${name} of galaxy ${i + 1}`, value, { above: 0 });
      return log10(value);
    }),
  );
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
 * The model's denoiser, conditioned on what is wanted.
 *
 * @param weight of the guidance, as of `guidedDenoiser`
 * @throws ArgumentError for a model that was not trained with such a condition, and for values that it never saw
 */
export function conditionedDenoiser(
  model: Model,
  condition: Condition,
  weight: number,
  threads = 1,
): Denoiser {
  const { network, conditions = [] } = model;
  const has = conditions.map(({ name }) => name);
  const names = Object.keys(condition) as ConditionName[];
  const missing = names.find((name) => !has.includes(name));
  if (missing !== undefined || !(network instanceof ResidualDenoiser)) {
    throw new ArgumentError(
      "sampleCurves",
      `this model was not trained with the condition ${missing}, but with ${has.join(", ") || "none"}`,
      `train a residual network with the conditions ${[...new Set([...has, ...names])].join(",")}`,
    );
  }
  for (const name of names) checkNumber("sampleCurves", `condition ${name}`, condition[name]);
  const values = conditions.map((own) => {
    const wanted = condition[own.name];
    return wanted === undefined ? 0 : standardize(own, wanted);
  });
  const known = conditions.map(({ name }) => (condition[name] === undefined ? 0 : 1));
  return guidedDenoiser(network.denoiser({ known: tensor([known]), threads }), tensor([values]), weight);
}

function standardize(
  { name, mean, standardDeviation, least, greatest }: ModelCondition,
  wanted: number,
): number {
  const isLog = name === "disc-mass" || name === "halo-mass";
  const value = isLog ? wanted : log10(wanted);
  // What was rounded for the eye still counts as inside.
  if (value >= least - 0.005 && value <= greatest + 0.005) return (value - mean) / standardDeviation;
  const show = (log: number): string => (isLog ? log.toFixed(2) : String(Number(exp10(log).toPrecision(3))));
  const isMass = isLog && wanted > 1000;
  throw new ArgumentError(
    `condition ${name}=${wanted}`,
    `the model has seen ${name} from ${show(least)} to ${show(greatest)} only${isLog ? ", as log10 of solar masses" : ""}`,
    isMass ? `write ${name}=${show(log10(wanted))}` : "give a value within",
  );
}
