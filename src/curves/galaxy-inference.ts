/** Posteriors of measured galaxies in the parameters of physics: discs, bulge and halo of a population, without a network. */

import { checkList, checkOptions, describeNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom } from "../basics/random.ts";
import { ENSEMBLE_OPTIONS } from "../diffusion/ensemble.ts";
import { type EnsembleOptions, type EnsembleProgress, ensemblePosterior } from "../diffusion/index.ts";
import { logSpacedRadii } from "../galaxy/index.ts";
import { latentCurves } from "../galaxy/latent-curves.ts";
import { galaxyOf, latentCount, latentNumbers } from "../galaxy/scaling.ts";
import type { Observations } from "../io/index.ts";
import {
  endsOf,
  noiseOf,
  type ObservationNoise,
  ObservedCurve,
  type SmoothCurves,
} from "./observed-curve.ts";
import { checkedPopulation, describePopulation, type Galaxy, type PopulationChoice } from "./population.ts";
import { type Posterior, PRIOR_DRAWS, posteriorOf } from "./posterior.ts";

/** How a galaxy of a population is inferred. */
export interface GalaxyInferenceOptions extends ObservationNoise, EnsembleOptions {
  /** Points at other radii are left out, kpc; default: all are taken. */
  readonly radiusRange?: readonly [least: number, greatest: number] | undefined;
}

/** The posterior of a galaxy as one of a population's. Radii are those of `generatePopulation`, their ends moved out where points lie beyond; R̂ and effective number are the worst of any parameter. */
export interface GalaxyPosterior extends Posterior {
  /** The galaxy of each draw. */
  readonly galaxies: readonly Galaxy[];
  /** ln of the evidence, (km/s)^−points: to compare populations by, and deviations of 0 with others. */
  readonly logEvidence: number;
  /** Its standard error. */
  readonly logEvidenceError: number;
  /** Curves that were compared with the observations. */
  readonly evaluations: number;
}

/**
 * Samples the posterior of a measured galaxy in the parameters that a population's galaxies are drawn from: four of disc and halo, ten with
 * gas, bulge and core. The prior is the population itself, with its scaling relations and scatters; deviations and errors are as of
 * `inferCurves`.
 *
 * @param population a name, or a description of one's own
 * @throws ArgumentError, at the call itself, for points that are no measurements, and for settings that make no sense
 * @example
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const posterior = finish(inferGalaxy("standard", galaxy, { random: new Random(0) }));
 * parametersOf(posterior, posterior).haloMass[3] // the median, solar masses
 */
export function inferGalaxy(
  population: PopulationChoice,
  galaxy: Observations,
  options: GalaxyInferenceOptions,
): Generator<EnsembleProgress, GalaxyPosterior, void> {
  const where = "inferGalaxy";
  checkOptions(where, options ?? {}, [...["deviation", "errorSpread", "radiusRange"], ...ENSEMBLE_OPTIONS]);
  const description = describePopulation(checkedPopulation(where, population));
  const { random, deviation, errorSpread, radiusRange = EVERYWHERE, ...ensemble } = options ?? {};
  checkRandom(where, random);
  checkList(where, "radiusRange", radiusRange);
  const [least, greatest] = radiusRange;
  if (!(least >= 0 && least < greatest && radiusRange.length === 2)) {
    const problem = `radiusRange is ${Array.from(radiusRange, describeNumber).join(" to ")} kpc: nothing lies in it`;
    throw new ArgumentError(where, problem, "give two radii, the smaller one first; Infinity is a radius");
  }
  const noise = noiseOf(where, { deviation, errorSpread });
  const width = latentCount(description);
  const curves: SmoothCurves = {
    width,
    range: EVERYWHERE,
    at: (radii) => latentCurves(description, radii),
  };
  const observed = new ObservedCurve(where, curves, galaxy, [least, greatest]);
  const logLikelihood = (z: Float64Array): number =>
    observed.logLikelihood(z, 0, noise.sizeOf(z, width), noise.errorScaleOf(z, width));
  const own = random.fork("inference");
  const steps = ensemblePosterior(logLikelihood, width + noise.latents, {
    ...ensemble,
    random: own.fork("posterior"),
  });
  return (function* () {
    const { draws: all, ...found } = yield* steps;
    // At most so many, evenly.
    const draws = all.filter((_, i) => (i * SAMPLES) % all.length < SAMPLES);
    const rows = new Float64Array(draws.length * width);
    draws.forEach((draw, i) => {
      rows.set(draw.subarray(0, width), i * width);
    });
    const priorRows = new Float64Array(PRIOR_DRAWS * width);
    own.fork("bank").fillNormal(priorRows);
    const ends = endsOf(observed.observations.radii);
    const standard = logSpacedRadii();
    const [first, last] = [Math.min(standard[0], ends[0]), Math.max(standard[standard.length - 1], ends[1])];
    const radii = logSpacedRadii(standard.length, first, last);
    const at = curves.at(radii);
    const smoothCurves = draws.map((draw) => {
      const curve = new Float64Array(radii.length);
      at(draw, 0, curve);
      return curve;
    });
    const posterior = posteriorOf(
      observed,
      {
        rows,
        smoothCurves,
        deviations: Float64Array.from(draws, (draw) => noise.sizeOf(draw, width)),
        errorScales: Float64Array.from(draws, (draw) => noise.errorScaleOf(draw, width)),
        rHat: found.rHat,
        effectiveCount: found.effectiveCount,
      },
      radii,
      {
        rows: priorRows,
        sizes: new Float64Array(PRIOR_DRAWS).fill(noise.typical),
        random: own.fork("prior"),
      },
      own.fork("deviations"),
    );
    const galaxies = draws.map((draw) => galaxyOf(description, latentNumbers(draw, 0)));
    return { ...found, ...posterior, galaxies };
  })();
}

/** Samples of a posterior, at most. */
const SAMPLES = 1000;

/** Radii that a physical curve is known at, kpc. */
const EVERYWHERE = [Number.MIN_VALUE, Infinity] as const;
