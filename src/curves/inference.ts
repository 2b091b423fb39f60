/**
 * Posterior curves of measured galaxies: the model's curves, each as probable as the observations make it. Joins the
 * sampler of latents, which knows nothing of galaxies, to observations.
 */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import {
  adamsBashforth2Sampler,
  chainDiagnostics,
  finish,
  importanceResample,
  LogPrincipalComponents,
  type PosteriorChains,
  type PosteriorProgress,
  type Progress,
  temperedPosterior,
  uniformGrid,
} from "../diffusion/index.ts";
import { FIT_PARAMETERS, type FitParameter, fitGalaxy } from "../galaxy/index.ts";
import type { Observations } from "../io/index.ts";
import { exp, log } from "../kernels/math.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, tensor } from "../tensor/construction.ts";
import { checkArray, checkNumbers, checkObservations, checkWithin } from "./check.ts";
import { Deviations } from "./deviations.ts";
import { checkModel, denoiserOf, type Model } from "./model.ts";

/** How far galaxies' curves deviate from any curve of the model: a standard deviation, as a share of the velocity. */
export interface TypicalDeviation {
  /** Half the galaxies deviate less. 0: none does. */
  readonly median: number;
  /** Standard deviation of its natural logarithm; default 1. */
  readonly spread?: number | undefined;
}

/** How posterior curves are sampled. */
export interface InferenceOptions {
  /** Where all that is random comes from. */
  readonly random: Random;
  /** Default: galaxies' curves are curves of the model. */
  readonly deviation?: TypicalDeviation | undefined;
  /** Chains for each galaxy, at least 2; default 32. */
  readonly chains?: number | undefined;
  /** States of each chain, at least 5, of which the first quarter is left out; default 24. */
  readonly transitions?: number | undefined;
  /** At most so many draws of the prior are looked through before chains go on from them; default 50,000. */
  readonly bank?: number | undefined;
}

/** The posterior of one galaxy. */
export interface Posterior {
  /** The galaxy's velocities at the model's radii, km/s, a row a sample: a curve of the model and the deviations from it. */
  readonly curves: readonly Float64Array[];
  /** Those of the model alone. */
  readonly smoothCurves: readonly Float64Array[];
  /** The galaxy's velocities at any radii of the model's range, km/s, [samples][radii]. @throws ArgumentError for other radii */
  velocitiesAt(radii: ArrayLike<number>): Float64Array[];
  /** The size of the deviations of each sample, a share of the velocity. */
  readonly deviations: Float64Array;
  /** The worst R̂, and the least effective sample size, of the leading principal components of the curves. */
  readonly rHat: number;
  /** The least effective sample size. */
  readonly effectiveCount: number;
}

/** How far an inference is. */
export interface InferenceProgress extends Progress {
  /** Curves that were compared with the observations. */
  readonly evaluations: number;
}

/**
 * Samples posteriors of many galaxies at once, all chains of all galaxies as rows of one batch. How much is done can only be
 * guessed: `done` is a share, of a total of 1.
 *
 * @param galaxies measured points of each, at any radii within the model's
 * @returns a posterior for each galaxy
 * @throws ArgumentError, at the call itself, for a model that is not of principal components, for points outside its radii or that
 *   are no measurements, and for settings that make no sense
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { network: "residual", batches: 20, random }));
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const options = { random, bank: 2000, chains: 8, transitions: 8 };
 * const [posterior] = finish(inferCurves(model, [galaxy], options));
 * intervalsOf(posterior)[49] // quantiles of the velocity at 50 kpc
 */
export function inferCurves(
  model: Model,
  galaxies: readonly Observations[],
  options: InferenceOptions,
): Generator<InferenceProgress, Posterior[], void> {
  const where = "inferCurves";
  checkOptions(where, options ?? {}, ["random", "deviation", "chains", "transitions", "bank"]);
  checkModel(where, model);
  const { random, deviation, chains = 32, transitions = 24, bank = 50_000 } = options ?? {};
  checkRandom(where, random);
  checkCount(where, "chains", chains, 2);
  checkCount(where, "transitions", transitions, 5); // three quarters of them are the four states that R̂ needs
  checkCount(where, "bank", bank);
  if (deviation !== undefined) {
    checkOptions(`${where}.deviation`, deviation, ["median", "spread"]);
    checkWithin(where, "the median of the deviation", deviation.median, { least: 0 });
    checkWithin(where, "the spread of the deviation", deviation.spread ?? 1, { least: 0 });
  }
  const { standardization: representation } = model;
  if (!(representation instanceof LogPrincipalComponents)) {
    throw new ArgumentError(
      where,
      "the model is an autoencoder, whose samples are no draws of its prior",
      "train a residual network",
    );
  }
  checkArray(where, "galaxies", galaxies, "measured galaxies");
  const observed = galaxies.map((galaxy) => new ObservedCurve(model, representation, galaxy));
  return posteriorsOf(model, representation, observed, { random, deviation, chains, transitions, bank });
}

/** All settings, those that were left out as well. */
type Settings = Omit<Required<InferenceOptions>, "deviation"> & {
  readonly deviation: TypicalDeviation | undefined;
  readonly chains: number;
  readonly transitions: number;
  readonly bank: number;
};

function* posteriorsOf(
  model: Model,
  representation: LogPrincipalComponents,
  observed: readonly ObservedCurve[],
  { random, deviation, chains, transitions, bank }: Settings,
): Generator<InferenceProgress, Posterior[], void> {
  const components = representation.scales.length;
  const { median = 0, spread = 1 } = deviation ?? {};
  // One latent more where deviations are inferred: ln of their size is normal in the prior, as all latents are.
  const features = components + (median > 0 ? 1 : 0);
  const sizeOf = (latents: ArrayLike<number>, row: number): number =>
    median > 0 ? median * exp(spread * latents[row * features + components]) : 0;
  const decode = (latents: Tensor): Float32Array | Float64Array => {
    const noise = features > components ? latents.slice(null, [0, components]) : latents;
    return noGrad(() => decodeLatents(model, noise)).toTypedArray();
  };

  // The bank: of draws of the prior those that the observations make probable. It grows until that is enough for all.
  const draws = normal([bank + (bank % 2), features], random.fork("bank"));
  const [bankLatents, bankComponents] = [draws.toTypedArray(), new Float64Array(draws.shape[0] * components)];
  const bankHeights = observed.map(() => new Float64Array(draws.shape[0]));
  const found = new Map<number, Found>();
  let size = 0;
  while (size < draws.shape[0] && found.size < observed.length) {
    const from = size;
    size = Math.min(draws.shape[0], size + BANK_STEP);
    bankComponents.set(yield* inBlocks(draws.slice([from, size]), decode, components, 0), from * components);
    for (const [g, curve] of observed.entries()) {
      if (found.has(g)) continue;
      for (let row = from; row < size; row++) {
        bankHeights[g][row] = curve.logLikelihood(bankComponents, row * components, sizeOf(bankLatents, row));
      }
      const heights = bankHeights[g].subarray(0, size);
      const { rows, effectiveCount } = importanceResample(heights, SAMPLES, random.fork("rows").fork(g));
      if (effectiveCount >= ENOUGH) {
        const latents = pickRows(bankLatents, rows, features);
        found.set(g, {
          latents,
          decoded: pickRows(bankComponents, rows, components),
          rHat: 1,
          effectiveCount,
        });
      }
      yield { done: 0, total: 1, evaluations: size };
    }
  }
  const hard = observed.map((_, g) => g).filter((g) => !found.has(g));
  if (hard.length > 0) {
    const result = yield* followed(
      temperedPosterior(
        (latents, rows) => {
          const [values, decoded] = [latents.toTypedArray(), decode(latents)];
          return Float64Array.from(rows, (chain, row) =>
            observed[hard[Math.floor(chain / chains)]].logLikelihood(
              decoded,
              row * components,
              sizeOf(values, row),
            ),
          );
        },
        {
          random: random.fork("posterior"),
          bank: draws,
          bankLogLikelihoods: hard.map((g) => bankHeights[g]),
          chains,
          transitions,
        },
      ),
    );
    const kept = result.states.slice(Math.floor(transitions / 4));
    for (const [h, g] of hard.entries()) {
      const size = chains * features;
      const latents = new Float32Array(kept.length * size);
      kept.forEach((state, i) => {
        latents.set(state.subarray(h * size, (h + 1) * size), i * size);
      });
      const decoded = yield* inBlocks(
        tensor(latents, [kept.length * chains, features]),
        decode,
        components,
        1,
      );
      // Of the curves, not of the latents: many latents give nearly the same curve.
      const diagnostics = Array.from({ length: components }, (_, k) =>
        chainDiagnostics(
          Array.from({ length: chains }, (_, c) =>
            Float64Array.from(kept, (_, i) => decoded[(i * chains + c) * components + k]),
          ),
        ),
      ).slice(0, LEADING);
      const step = Math.ceil((kept.length * chains) / SAMPLES);
      const rows = Uint32Array.from(
        { length: Math.floor((kept.length * chains) / step) },
        (_, i) => i * step + (i % step),
      );
      found.set(g, {
        latents: pickRows(latents, rows, features),
        decoded: pickRows(decoded, rows, components),
        rHat: Math.max(...diagnostics.map(({ rHat }) => rHat)),
        effectiveCount: Math.min(...diagnostics.map(({ effectiveCount }) => effectiveCount)),
      });
    }
  }
  return observed.map((curve, g): Posterior => {
    const { latents, decoded, rHat, effectiveCount } = found.get(g)!;
    const count = decoded.length / components;
    const deviations = Float64Array.from({ length: count }, (_, row) => sizeOf(latents, row));
    const stream = random.fork("deviations").fork(g);
    const velocitiesAt = (radii: ArrayLike<number>): Float64Array[] =>
      curve.velocitiesAt(radii, decoded, deviations, stream);
    return {
      curves: velocitiesAt(model.radii),
      smoothCurves: representation.invert(tensor(Float32Array.from(decoded), [count, components])),
      velocitiesAt,
      deviations,
      rHat,
      effectiveCount,
    };
  });
}

function* followed(
  chains: Generator<PosteriorProgress, PosteriorChains>,
): Generator<InferenceProgress, PosteriorChains, void> {
  for (;;) {
    const step = chains.next();
    if (step.done) return step.value;
    const { share = 0, evaluations } = step.value;
    yield { done: share, total: 1, evaluations };
  }
}

/** Samples of a posterior. */
interface Found {
  /** [samples, features] */
  readonly latents: Float64Array;
  /** Principal components, [samples, components] */
  readonly decoded: Float64Array;
  readonly rHat: number;
  readonly effectiveCount: number;
}

/** Draws of the bank that have weight in a posterior (Kish's effective number), above which they are it; below, chains go on from them. */
const ENOUGH = 200;

/** Samples that are drawn from a bank that is enough, and at most kept of chains. */
const SAMPLES = 1000;

/** Components that diagnostics follow: the first five hold 99.9 % of the variance. */
const LEADING = 5;

/**
 * The flow from latents to principal components, [rows, components]. 20 steps of Adams and Bashforth, one evaluation
 * each: docs/inference.md measures what they miss.
 */
export function decodeLatents(model: Model, latents: Tensor, steps: number = DECODER_STEPS): Tensor {
  return finish(adamsBashforth2Sampler(denoiserOf(model), latents, { grid: uniformGrid(steps) }));
}

const DECODER_STEPS = 20;

/** Decodes a few thousand rows at a time, so that memory stays small, and a caller sees how far it is. */
function* inBlocks(
  latents: Tensor,
  decode: (block: Tensor) => ArrayLike<number>,
  components: number,
  done: number,
): Generator<InferenceProgress, Float64Array, void> {
  const [rows] = latents.shape;
  const decoded = new Float64Array(rows * components);
  for (let row = 0; row < rows; row += BLOCK) {
    decoded.set(decode(latents.slice([row, Math.min(rows, row + BLOCK)])), row * components);
    yield { done, total: 1, evaluations: row };
  }
  return decoded;
}

const BLOCK = 2048;

/** Rows by which the bank grows. */
const BANK_STEP = 5 * BLOCK;

function pickRows(values: ArrayLike<number>, rows: Uint32Array, size: number): Float64Array {
  return Float64Array.from(
    { length: rows.length * size },
    (_, i) => values[rows[Math.floor(i / size)] * size + (i % size)],
  );
}

/**
 * ln(velocity) of principal components at any radii. It is linear in them: cubic interpolation in ln(radius) of the mean and of each direction, worked out once.
 */
class LogVelocityAt {
  readonly #mean: Float64Array;
  /** Directions times their scales, [radii][components] */
  readonly #slopes: Float64Array[];

  constructor(model: Model, representation: LogPrincipalComponents, radii: ArrayLike<number>) {
    const nodes = Float64Array.from(model.radii, log);
    const weights = Array.from(radii, (radius) => cubicWeights(nodes, log(radius)));
    const at = (values: Float64Array, { first, weights }: CubicWeights): number =>
      weights.reduce((sum, weight, i) => sum + weight * values[first + i], 0);
    this.#mean = Float64Array.from(weights, (w) => at(representation.mean, w));
    this.#slopes = weights.map((w) =>
      Float64Array.from(representation.basis, (direction, k) => at(direction, w) * representation.scales[k]),
    );
  }

  /** Of the row of components that begins at `offset`. */
  of(components: ArrayLike<number>, offset: number): Float64Array {
    return Float64Array.from(this.#slopes, (_, i) => this.one(i, components, offset));
  }

  /** At radius i alone. */
  one(i: number, components: ArrayLike<number>, offset: number): number {
    const slopes = this.#slopes[i];
    let sum = this.#mean[i];
    for (let k = 0; k < slopes.length; k++) sum += slopes[k] * components[offset + k];
    return sum;
  }
}

/** A value between nodes: Σ weights[i] · values[first + i]. */
interface CubicWeights {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Lagrange's interpolation at x through the four nearest of the nodes, which grow. */
export function cubicWeights(nodes: Float64Array, x: number): CubicWeights {
  let above = 0;
  while (above < nodes.length && nodes[above] < x) above++;
  const count = Math.min(4, nodes.length);
  const first = Math.max(0, Math.min(nodes.length - count, above - 2));
  const own = Array.from(nodes.subarray(first, first + count));
  const weights = own.map((node, i) =>
    own.reduce((product, other, j) => (i === j ? product : (product * (x - other)) / (node - other)), 1),
  );
  return { first, weights };
}

/** What was measured of a galaxy, beside curves of the model: Gaussian errors in km/s, and smooth deviations. */
class ObservedCurve {
  readonly #model: Model;
  readonly #representation: LogPrincipalComponents;
  readonly #observations: Observations;
  readonly #at: LogVelocityAt;
  readonly #deviations: Deviations;

  constructor(model: Model, representation: LogPrincipalComponents, observations: Observations) {
    checkObservations("inferCurves", observations, rangeOf(model));
    this.#model = model;
    this.#representation = representation;
    this.#observations = observations;
    this.#at = new LogVelocityAt(model, representation, observations.radii);
    this.#deviations = new Deviations(observations.radii);
  }

  /** Of the row of components that begins at `offset`, with deviations of that size. */
  logLikelihood(components: ArrayLike<number>, offset: number, size: number): number {
    const { velocities, errors } = this.#observations;
    if (size > 0) {
      const relative = this.#relative(components, offset);
      const { logVelocities, residuals } = relative;
      // In velocities, not in shares of them, which change with the curve.
      const scale = logVelocities.reduce((sum, value) => sum + value, 0);
      return this.#deviations.logLikelihood(residuals, relative.errors, size) - scale;
    }
    let sum = 0;
    for (let i = 0; i < velocities.length; i++) {
      const difference = (velocities[i] - exp(this.#at.one(i, components, offset))) / errors[i];
      sum -= difference * difference;
    }
    return sum / 2;
  }

  /** Velocities of rows of components with deviations of given sizes, which go through the observations: [rows][radii]. */
  velocitiesAt(
    radii: ArrayLike<number>,
    components: Float64Array,
    sizes: Float64Array,
    random: Random,
  ): Float64Array[] {
    checkNumbers("velocitiesAt", "radii", radii, rangeOf(this.#model));
    const at = new LogVelocityAt(this.#model, this.#representation, radii);
    const deviations = new Deviations(this.#observations.radii, radii);
    const width = components.length / sizes.length;
    return Array.from(sizes, (size, row) => {
      const smooth = at.of(components, row * width).map(exp);
      if (size === 0) return smooth;
      const { residuals, errors } = this.#relative(components, row * width);
      const drawn = deviations.draw(residuals, errors, size, random.fork(row));
      return smooth.map((velocity, i) => velocity * Math.max(0, 1 + drawn[i]));
    });
  }

  /** What was measured in units of the curve of some components. */
  #relative(components: ArrayLike<number>, offset: number) {
    const { velocities, errors } = this.#observations;
    const logVelocities = this.#at.of(components, offset);
    const scales = logVelocities.map((value) => exp(-value));
    return {
      logVelocities,
      residuals: velocities.map((velocity, i) => velocity * scales[i] - 1),
      errors: errors.map((error, i) => error * scales[i]),
    };
  }
}

/** The first and the last radius, kpc. */
const rangeOf = ({ radii }: Model): readonly [number, number] => [radii[0], radii[radii.length - 1]];

/** Ends of the intervals of 50, 68 and 95 %, and the median, in growing order. */
export const INTERVAL_SHARES: readonly number[] = [0.025, 0.16, 0.25, 0.5, 0.75, 0.84, 0.975];

/** Half of SPARC's galaxies deviate less than some such share of their velocity from curves of the extended population. */
export const SPARC_DEVIATION = 0.05;

/** Quantiles of the velocities at each radius of the model, [radii][shares], of {@link INTERVAL_SHARES}. */
export function intervalsOf({ curves, effectiveCount }: Posterior): number[][] {
  return Array.from(curves[0], (_, j) =>
    quantiles(
      curves.map((curve) => curve[j]),
      INTERVAL_SHARES,
      effectiveCount,
    ),
  );
}

/**
 * Quantiles of each parameter of disc and halo, of {@link INTERVAL_SHARES}, over the galaxies that fit the posterior's curves best.
 *
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { network: "residual", batches: 20, random }));
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const [posterior] = finish(inferCurves(model, [galaxy], { random, bank: 2000, chains: 8, transitions: 8 }));
 * parametersOf(model, posterior).haloMass[3]; // the median, solar masses
 */
export function parametersOf(
  { radii }: Pick<Model, "radii">,
  { smoothCurves, effectiveCount }: Posterior,
): Readonly<Record<FitParameter, number[]>> {
  const step = Math.max(1, Math.floor(smoothCurves.length / FITTED));
  const fits = smoothCurves.filter((_, i) => i % step === 0).map((curve) => fitGalaxy(radii, curve).galaxy);
  const of = (parameter: FitParameter): number[] =>
    quantiles(
      fits.map((galaxy) => galaxy[parameter]),
      INTERVAL_SHARES,
      Math.min(fits.length, effectiveCount),
    );
  return Object.fromEntries(FIT_PARAMETERS.map((parameter) => [parameter, of(parameter)])) as Record<
    FitParameter,
    number[]
  >;
}

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
  worth: number = samples.length,
): number[] {
  checkNumbers("quantiles", "samples", samples);
  checkNumbers("quantiles", "shares", shares, [0, 1]);
  if (samples.length === 0) throw new ArgumentError("quantiles", "there are no samples.");
  const sorted = Float64Array.from(samples).sort();
  return shares.map((share) => {
    const rank = worth > 1 ? (share * (worth + 1) - 1) / (worth - 1) : 0.5;
    const place = Math.min(1, Math.max(0, rank)) * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}
