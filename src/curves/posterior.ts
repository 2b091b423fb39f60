/** What a posterior of a measured galaxy holds, and what it tells: intervals of its curves, and parameters of disc and halo. */

import { checkNumbers, checkWithin, describeValue, isList } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import type { Random } from "../basics/random.ts";
import {
  type ExtendedGalaxyParameters,
  FIT_PARAMETERS,
  type FitParameter,
  fitGalaxy,
  type GalaxyFit,
} from "../galaxy/index.ts";
import type { Observations } from "../io/index.ts";
import type { Model } from "./model.ts";
import type { ObservedCurve } from "./observed-curve.ts";
import { describePopulation, type Galaxy, type PopulationChoice } from "./population.ts";

/** The posterior of one galaxy. */
export interface Posterior {
  /** The radii of the curves, kpc. */
  readonly radii: Float64Array;
  /** The galaxy's velocities at these radii, km/s, a row a sample: a curve of the model and the deviations from it. */
  readonly curves: readonly Float64Array[];
  /** Those of the model alone. */
  readonly smoothCurves: readonly Float64Array[];
  /** The galaxy's velocities at any radii of the model's range, of a population above 0, km/s, [samples][radii]. @throws ArgumentError for other radii */
  velocitiesAt(radii: ArrayLike<number>): Float64Array[];
  /** The size of the deviations of each sample, a share of the velocity. */
  readonly deviations: Float64Array;
  /** The factor of the stated errors of each sample. */
  readonly errorScales: Float64Array;
  /** Where the prior is a population itself, the galaxy of each sample. */
  readonly galaxies?: readonly Galaxy[] | undefined;
  /** The worst R̂ of the leading principal components of the curves, of a population of the parameters; 1 where the draws are independent. */
  readonly rHat: number;
  /** The least effective sample size of these; never more than there are curves. */
  readonly effectiveCount: number;
  /** What the posterior is conditioned on. */
  readonly points: Observations;
  /** Points that were left out, since they lie outside of the radii. */
  readonly leftOut: number;
  /** Σ ((velocity − median of the curves)/error)² over the points. */
  readonly chiSquared: number;
  /**
   * Posterior predictive p-value: how often new points of the same radii and errors would lie farther from the posterior's curves, in
   * units of scaled errors and deviations, than the points do. Near 0 the model cannot have given such points; near 1 errors are too wide.
   */
  readonly predictiveP: number;
  /**
   * Prior predictive p-value: how often points of the model's own galaxies, at the same radii and with the same errors, would be farther
   * from what is usual in the level, slope and curvature of ln(velocity) over ln(radius). Near 0 the model has hardly seen such galaxies.
   */
  readonly priorP: number;
}

/** Ends of the intervals of 50, 68 and 95 %, and the median, in growing order. */
export const INTERVAL_SHARES: readonly number[] = [0.025, 0.16, 0.25, 0.5, 0.75, 0.84, 0.975];

/** Draws of a posterior, a row of numbers each: see {@link ObservedCurve}. */
export interface Draws {
  readonly rows: Float64Array;
  /** The smooth curves that they stand for, at the radii of the result, km/s. */
  readonly smoothCurves: readonly Float64Array[];
  /** The sizes of their deviations, shares of the velocity. */
  readonly deviations: Float64Array;
  readonly errorScales: Float64Array;
  readonly rHat: number;
  readonly effectiveCount: number;
}

/** Draws that stand for all galaxies of the prior in the prior predictive check. */
export const PRIOR_DRAWS = 1000;

/**
 * All that a posterior tells by itself.
 *
 * @param radii of the curves, kpc
 * @param prior rows drawn of the prior, and typical sizes of deviations, one for each that counts: not drawn ones, of which the few great
 *   ones would let pass what no galaxy of the prior is like
 */
export function posteriorOf(
  curve: ObservedCurve,
  { rows, deviations, errorScales, effectiveCount, ...draws }: Draws,
  radii: Float64Array,
  prior: {
    readonly rows: Float64Array;
    readonly sizes: Float64Array;
    readonly random: Random;
  },
  random: Random,
): Posterior {
  const velocitiesAt = (radii: ArrayLike<number>): Float64Array[] =>
    curve.velocitiesAt(radii, rows, deviations, errorScales, random);
  return {
    ...draws,
    radii,
    curves: velocitiesAt(radii),
    velocitiesAt,
    deviations,
    errorScales,
    effectiveCount: Math.min(deviations.length, effectiveCount),
    points: curve.observations,
    leftOut: curve.leftOut,
    chiSquared: curve.chiSquared(velocitiesAt(curve.observations.radii)),
    predictiveP: curve.predictiveP(rows, deviations, errorScales),
    priorP: curve.priorP(prior.rows, prior.sizes, prior.random),
  };
}

/** Quantiles of the velocities at each radius of the model, [radii][shares], of {@link INTERVAL_SHARES}. */
export function intervalsOf(posterior: Posterior): number[][] {
  checkPosterior("intervalsOf", posterior, "curves");
  const { curves, effectiveCount } = posterior;
  return Array.from(curves[0], (_, j) =>
    quantiles(
      curves.map((curve) => curve[j]),
      INTERVAL_SHARES,
      effectiveCount,
    ),
  );
}

/**
 * Quantiles of each parameter of a galaxy, of {@link INTERVAL_SHARES}: of the posterior's own galaxies, as `inferGalaxy` finds them; else
 * over the galaxies of disc and halo that fit its curves best.
 *
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { network: "residual", batches: 20, random }));
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const [posterior] = finish(inferCurves(model, [galaxy], { random, bank: 2000, chains: 8, transitions: 8 }));
 * parametersOf(model, posterior).haloMass[3]; // the median, solar masses
 */
export function parametersOf(model: FittedModel, posterior: Posterior): GalaxyQuantiles {
  const galaxies =
    posterior?.galaxies ?? fitsOf("parametersOf", model, posterior).map(({ galaxy }) => galaxy);
  const worth = Math.min(galaxies.length, posterior.effectiveCount);
  const entries = (Object.keys(galaxies[0]) as (keyof Galaxy)[]).map((name) => [
    name,
    quantiles(
      galaxies.map((galaxy) => galaxy[name]),
      INTERVAL_SHARES,
      worth,
    ),
  ]);
  return Object.fromEntries(entries) as GalaxyQuantiles;
}

/** Quantiles of disc and halo, and of what else a galaxy has. */
export type GalaxyQuantiles = Readonly<
  Record<FitParameter, number[]> & Partial<Record<keyof ExtendedGalaxyParameters, number[]>>
>;

/**
 * The share of the fits of {@link parametersOf} in which a parameter ended on a bound of the fit: the curves do not tell it. Where nothing
 * was fitted, 0.
 *
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { network: "residual", batches: 20, random }));
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const [posterior] = finish(inferCurves(model, [galaxy], { random, bank: 2000, chains: 8, transitions: 8 }));
 * parametersAtBounds(model, posterior).concentration; // a share from 0 to 1
 */
export function parametersAtBounds(
  model: FittedModel,
  posterior: Posterior,
): Readonly<Record<FitParameter, number>> {
  const fits = posterior?.galaxies ? [] : fitsOf("parametersAtBounds", model, posterior);
  const shares = FIT_PARAMETERS.map((parameter) => {
    const held = fits.filter(({ atBounds }) => atBounds.includes(parameter)).length;
    return [parameter, held / Math.max(1, fits.length)];
  });
  return Object.fromEntries(shares) as Record<FitParameter, number>;
}

/** The part of a model that fits need: haloes are counted by what its population is. */
export interface FittedModel extends Pick<Model, "radii"> {
  /** What its curves are of; default: the standard population. */
  readonly training?: { readonly population?: PopulationChoice | undefined } | undefined;
}

/** Fits of some of the posterior's curves, worked out once. */
function fitsOf(where: string, model: FittedModel, posterior: Posterior): readonly GalaxyFit[] {
  checkFitted(where, model);
  checkPosterior(where, posterior, "smoothCurves");
  const { radii, training } = model;
  const { smoothCurves } = posterior;
  const cosmology = describePopulation(training?.population ?? "standard");
  const step = Math.max(1, Math.floor(smoothCurves.length / FITTED));
  const made =
    FITS.get(posterior) ??
    smoothCurves.filter((_, i) => i % step === 0).map((curve) => fitGalaxy(radii, curve, { cosmology }));
  FITS.set(posterior, made);
  return made;
}

/** @throws ArgumentError for what has no radii of curves */
export function checkFitted(where: string, model: FittedModel): void {
  if (isList(model?.radii)) return;
  throw new ArgumentError(
    where,
    `needs the model of the posterior; got ${describeValue(model)}.`,
    `write ${where}(model, posterior).`,
  );
}

/** @throws ArgumentError for what has not what is asked of a posterior, such as the list of them */
export function checkPosterior(where: string, posterior: Posterior, asked: "curves" | "smoothCurves"): void {
  const { [asked]: curves, effectiveCount } = posterior ?? {};
  const areCurves = Array.isArray(curves) && curves.length > 0 && curves.every(isList);
  if (areCurves && typeof effectiveCount === "number") return;
  throw new ArgumentError(
    where,
    `needs the posterior of a galaxy; got ${describeValue(posterior)}.`,
    "inferCurves returns a list, with one for each galaxy.",
  );
}

const FITS: WeakMap<Posterior, readonly GalaxyFit[]> = /* @__PURE__ */ new WeakMap();

/** Posterior curves that the parameters are fitted to: a millisecond each. */
const FITTED = 300;

/**
 * The quantiles of samples, by linear interpolation of the sorted ones.
 *
 * Between the r-th and the s-th of n independent draws, one more draw falls with probability (s − r)/(n + 1), so a
 * share stands at share · (n + 1) of them (Hyndman & Fan 1996, definition 6): intervals of few draws hold what they say.
 *
 * @param worth how many independent draws the samples are worth
 * @throws ArgumentError for no samples, a sample that is no finite number, and a share outside of 0 to 1
 * @example quantiles([3, 1, 2], [0.25, 0.5, 0.75]) // [1, 2, 3]
 */
export function quantiles(
  samples: ArrayLike<number>,
  shares: readonly number[],
  worth: number = samples?.length,
): number[] {
  checkNumbers("quantiles", "samples", samples);
  checkNumbers("quantiles", "shares", shares, { least: 0, most: 1 });
  checkWithin("quantiles", "worth", worth, { least: 0 });
  if (samples.length === 0) throw new ArgumentError("quantiles", "there are no samples.");
  const sorted = Float64Array.from(samples).sort();
  return Array.from(shares, (share) => {
    const rank = worth > 1 ? (share * (worth + 1) - 1) / (worth - 1) : 0.5;
    const place = Math.min(1, Math.max(0, rank)) * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}
