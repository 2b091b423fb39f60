/**
 * Posterior curves of measured galaxies: the model's curves, each as probable as the observations make it. Joins the
 * sampler of latents, which knows nothing of galaxies, to observations.
 */

import { noGrad } from "../autograd/tape.ts";
import {
  checkArray,
  checkCount,
  checkNumbers,
  checkOptions,
  checkWithin,
  describeValue,
  isList,
} from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import {
  adamsBashforth2Sampler,
  chainDiagnostics,
  finish,
  importanceResample,
  LogPrincipalComponents,
  type Progress,
  temperedPosterior,
  uniformGrid,
} from "../diffusion/index.ts";
import { retold } from "../diffusion/progress.ts";
import { FIT_PARAMETERS, type FitParameter, fitGalaxy, type GalaxyFit } from "../galaxy/index.ts";
import type { Observations } from "../io/index.ts";
import { cholesky, solveLower } from "../kernels/cholesky.ts";
import { cbrt, exp, log } from "../kernels/math.ts";
import { median as medianOf } from "../metrics/index.ts";
import { upperTail } from "../metrics/two-samples.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, tensor } from "../tensor/construction.ts";
import { checkMeasured } from "./check.ts";
import { Deviations } from "./deviations.ts";
import { checkModel, denoiserOf, featuresOf, type Model } from "./model.ts";
import { describePopulation } from "./population.ts";

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
  /** Default: a median of {@link TYPICAL_DEVIATION}. With a median of 0, galaxies' curves are curves of the model. */
  readonly deviation?: TypicalDeviation | undefined;
  /**
   * How far stated errors may be from the scatter of a galaxy's points: all of its errors are multiplied by one factor, log-normal with a
   * median of 1, and this is the standard deviation of its natural logarithm. Default: {@link ERROR_SPREAD}. 0: errors are as stated.
   */
  readonly errorSpread?: number | undefined;
  /** Points at other radii are left out, kpc; default: the range of the model's radii, which bounds it in any case. */
  readonly radiusRange?: readonly [least: number, greatest: number] | undefined;
  /** Chains for each galaxy, at least 2; default 64. */
  readonly chains?: number | undefined;
  /** States of each chain, at least 5, of which the first quarter is left out; default 120. */
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
  /** The factor of the stated errors of each sample. */
  readonly errorScales: Float64Array;
  /** The worst R̂ of the leading principal components of the curves; 1 where the draws are independent. */
  readonly rHat: number;
  /** The least effective sample size of these components; never more than there are curves. */
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

/** How far an inference is. */
export interface InferenceProgress extends Progress {
  /** Curves that were compared with the observations. */
  readonly evaluations: number;
  /** What is known by now, worked out when it is read; undefined while that is too little. */
  readonly posteriors?: readonly Posterior[] | undefined;
}

/**
 * Samples posteriors of many galaxies at once, all chains of all galaxies as rows of one batch. How much is done can only be
 * guessed: `done` is a share, of a total of 1. The same stream gives the same posteriors as `halograd infer` with its seed.
 *
 * @param galaxies measured points of each; those outside of the model's radii are left out
 * @returns a posterior for each galaxy
 * @throws ArgumentError, at the call itself, for a model that is not of principal components, for a galaxy without points at its
 *   radii, for points that are no measurements, and for settings that make no sense
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
  return inferWithBank(model, galaxies, options);
}

/**
 * Curves of a bank as principal components, decoded once for all calls of {@link inferWithBank}, in any threads, that have the model, the
 * random stream and the options that decide the bank in common. Memory alone, so that threads can be given it.
 */
export interface SharedBank {
  /** [rows, components] */
  readonly components: Float64Array;
  /** Of each {@link BLOCK} of rows: 0 while nobody has begun, 1 while it is being decoded, 2 when it is there. */
  readonly states: Int32Array;
}

/** Room for the bank of a model. @param bank as of {@link InferenceOptions} */
export function sharedBank(model: Model, bank: number = BANK): SharedBank {
  return bankOf(bank + (bank % 2), featuresOf(model), SharedArrayBuffer);
}

function bankOf(
  rows: number,
  components: number,
  Memory: ArrayBufferConstructor | SharedArrayBufferConstructor,
): SharedBank {
  return {
    components: new Float64Array(new Memory(8 * rows * components)),
    states: new Int32Array(new Memory(4 * Math.ceil(rows / BLOCK))),
  };
}

/** As {@link inferCurves}. @param shared what other calls have decoded, or will */
export function inferWithBank(
  model: Model,
  galaxies: readonly Observations[],
  options: InferenceOptions,
  shared?: SharedBank,
): Generator<InferenceProgress, Posterior[], void> {
  const where = "inferCurves";
  checkOptions(where, options ?? {}, [
    ...["random", "deviation", "errorSpread", "radiusRange", "chains", "transitions", "bank"],
  ]);
  checkModel(where, model);
  const { random, deviation = { median: TYPICAL_DEVIATION }, radiusRange = rangeOf(model) } = options ?? {};
  const { errorSpread = ERROR_SPREAD, chains = 64, transitions = 120, bank = BANK } = options ?? {};
  checkRandom(where, random);
  checkNumbers(where, "radiusRange", radiusRange);
  checkCount(where, "chains", chains, 2);
  checkCount(where, "transitions", transitions, 5); // three quarters of them are the four states that R̂ needs
  checkCount(where, "bank", bank);
  checkOptions(`${where}.deviation`, deviation, ["median", "spread"]);
  checkWithin(where, "the median of the deviation", deviation.median, { least: 0 });
  checkWithin(where, "the spread of the deviation", deviation.spread ?? 1, { least: 0 });
  checkWithin(where, "the spread of the errors", errorSpread, { least: 0 });
  const { standardization: representation } = model;
  if (!(representation instanceof LogPrincipalComponents)) {
    throw new ArgumentError(
      where,
      "the model is an autoencoder, whose samples are no draws of its prior",
      "train a residual network",
    );
  }
  checkArray(where, "galaxies", galaxies, "measured galaxies");
  const range = [
    Math.max(radiusRange[0], rangeOf(model)[0]),
    Math.min(radiusRange[1], rangeOf(model)[1]),
  ] as const;
  if (!(range[0] < range[1] && radiusRange.length === 2)) {
    throw new ArgumentError(
      where,
      `radiusRange is ${radiusRange[0]} to ${radiusRange[1]} kpc: nothing of the model's radii, ${rangeOf(model).join(" to ")} kpc, lies in it`,
      "give the smaller radius first, and a part of the model's radii",
    );
  }
  const observed = galaxies.map((galaxy) => new ObservedCurve(model, representation, galaxy, range));
  const crowded = observed.find(({ observations }) => observations.radii.length > MOST_POINTS);
  if (crowded !== undefined && deviation.median > 0) {
    throw new ArgumentError(
      where,
      `a galaxy has ${crowded.observations.radii.length} points, and with deviations the time grows with their cube`,
      `average neighbouring points, to ${MOST_POINTS} or fewer, or take deviations of 0`,
    );
  }
  const settings = { random: random.fork("inference"), deviation, errorSpread, chains, transitions, bank };
  return posteriorsOf(model, representation, observed, settings, shared);
}

/** Draws of the prior, at most. */
const BANK = 50_000;

/** Points of a galaxy, at most, whose deviations are inferred: of so many, a curve's likelihood takes some 30 ms. */
const MOST_POINTS = 500;

/** All settings, those that were left out as well. */
type Settings = Pick<InferenceOptions, "random"> & {
  readonly deviation: TypicalDeviation;
  readonly errorSpread: number;
  readonly chains: number;
  readonly transitions: number;
  readonly bank: number;
};

function* posteriorsOf(
  model: Model,
  representation: LogPrincipalComponents,
  observed: readonly ObservedCurve[],
  { random, deviation, errorSpread, chains, transitions, bank: rows }: Settings,
  shared: SharedBank | undefined,
): Generator<InferenceProgress, Posterior[], void> {
  const components = representation.scales.length;
  const { median, spread = 1 } = deviation;
  // One latent more for what is inferred of deviations and of errors: ln of either is normal in the prior, as all latents are.
  const ownOfErrors = components + (median > 0 ? 1 : 0);
  const features = ownOfErrors + (errorSpread > 0 ? 1 : 0);
  const sizeOf = (latents: ArrayLike<number>, row: number): number =>
    median > 0 ? median * exp(spread * latents[row * features + components]) : 0;
  const errorScaleOf = (latents: ArrayLike<number>, row: number): number =>
    errorSpread > 0 ? exp(errorSpread * latents[row * features + ownOfErrors]) : 1;
  const flow = decoderOf(model);
  const decode = (latents: Tensor): Float32Array | Float64Array => {
    const noise = features > components ? latents.slice(null, [0, components]) : latents;
    return noGrad(() => flow(noise)).toTypedArray();
  };

  // The bank: of draws of the prior those that the observations make probable. It grows until that is enough for all.
  const draws = normal([rows + (rows % 2), features], random.fork("bank"));
  const bankLatents = draws.toTypedArray();
  const bank = shared ?? bankOf(draws.shape[0], components, ArrayBuffer);
  const bankComponents = bank.components;
  const bankHeights = observed.map(() => new Float64Array(draws.shape[0]));
  const found = new Map<number, Found>();
  let size = 0;
  let evaluations = 0;
  const fromBank = (g: number): Found => {
    const heights = bankHeights[g].subarray(0, size);
    const { rows, effectiveCount } = importanceResample(heights, SAMPLES, random.fork("rows").fork(g));
    const latents = pickRows(bankLatents, rows, features);
    return { latents, decoded: pickRows(bankComponents, rows, components), rHat: 1, effectiveCount };
  };
  const posteriorOf = (g: number, { latents, decoded, rHat, effectiveCount }: Found): Posterior => {
    const curve = observed[g];
    const count = decoded.length / components;
    const deviations = Float64Array.from({ length: count }, (_, row) => sizeOf(latents, row));
    const errorScales = Float64Array.from({ length: count }, (_, row) => errorScaleOf(latents, row));
    const stream = random.fork("deviations").fork(g);
    const velocitiesAt = (radii: ArrayLike<number>): Float64Array[] =>
      curve.velocitiesAt(radii, decoded, deviations, errorScales, stream);
    const seen = Math.min(size, PRIOR_DRAWS);
    // Typical deviations, not drawn ones: the few great ones of these would let pass what no galaxy of the model is like.
    const sizes = new Float64Array(seen).fill(median);
    return {
      curves: velocitiesAt(model.radii),
      smoothCurves: representation.invert(tensor(Float32Array.from(decoded), [count, components])),
      velocitiesAt,
      deviations,
      errorScales,
      rHat,
      effectiveCount: Math.min(count, effectiveCount),
      points: curve.observations,
      leftOut: curve.leftOut,
      chiSquared: curve.chiSquared(velocitiesAt(curve.observations.radii)),
      predictiveP: curve.predictiveP(decoded, deviations, errorScales),
      priorP: curve.priorP(bankComponents, components, sizes, random.fork("prior").fork(g)),
    };
  };
  const progress = (done: number, sofar: () => Found[] | undefined): InferenceProgress => ({
    done,
    total: 1,
    evaluations,
    get posteriors() {
      return sofar()?.map((own, g) => posteriorOf(g, own));
    },
  });
  const bankSofar = (): Found[] | undefined => {
    if (size === 0) return undefined;
    const all = observed.map((_, g) => found.get(g) ?? fromBank(g));
    return all.every(({ effectiveCount }) => effectiveCount >= LEAST) ? all : undefined;
  };
  while (size < draws.shape[0] && found.size < observed.length) {
    const from = size;
    const next = Math.min(draws.shape[0], size + BANK_STEP);
    for (const rows of decodeBank(draws, decode, bank, [from, next])) {
      evaluations = rows;
      yield progress((BANK_SHARE * rows) / draws.shape[0], bankSofar);
    }
    for (const [g, curve] of observed.entries()) {
      if (found.has(g)) continue;
      for (let row = from; row < next; row++) {
        bankHeights[g][row] = curve.logLikelihood(
          bankComponents,
          row * components,
          sizeOf(bankLatents, row),
          errorScaleOf(bankLatents, row),
        );
        // Of many points, ten thousand rows take minutes, in which a caller could not stop.
        if (row % ROWS_OF_A_STEP === 0) yield progress((BANK_SHARE * size) / draws.shape[0], bankSofar);
      }
    }
    size = next;
    for (const g of observed.keys()) {
      if (found.has(g)) continue;
      const own = fromBank(g);
      if (own.effectiveCount >= ENOUGH) found.set(g, own);
    }
    evaluations = size;
    yield progress((BANK_SHARE * size) / draws.shape[0], bankSofar);
  }
  const hard = observed.map((_, g) => g).filter((g) => !found.has(g));
  if (hard.length > 0) {
    /** Of chains, by the states of all of them after each transition: the first quarter is left out. */
    const fromChains = function* (
      states: readonly Float32Array[],
      h: number,
    ): Generator<number, Found, void> {
      const kept = states.slice(Math.floor(states.length / 4));
      const width = chains * features;
      const latents = new Float32Array(kept.length * width);
      kept.forEach((state, i) => {
        latents.set(state.subarray(h * width, (h + 1) * width), i * width);
      });
      const decoded = yield* inBlocks(tensor(latents, [kept.length * chains, features]), decode, components);
      // Of the curves, not of the latents: many latents give nearly the same curve.
      const diagnostics = Array.from({ length: Math.min(components, LEADING) }, (_, k) =>
        chainDiagnostics(
          Array.from({ length: chains }, (_, c) =>
            Float64Array.from(kept, (_, i) => decoded[(i * chains + c) * components + k]),
          ),
        ),
      );
      const step = Math.ceil((kept.length * chains) / SAMPLES);
      const rows = Uint32Array.from(
        { length: Math.floor((kept.length * chains) / step) },
        (_, i) => i * step + (i % step),
      );
      return {
        latents: pickRows(latents, rows, features),
        decoded: pickRows(decoded, rows, components),
        rHat: Math.max(...diagnostics.map(({ rHat }) => rHat)),
        effectiveCount: Math.min(...diagnostics.map(({ effectiveCount }) => effectiveCount)),
      };
    };
    const chainsSofar = (states: readonly Float32Array[]): Found[] | undefined =>
      states.length < LEAST_STATES
        ? bankSofar()
        : observed.map((_, g) => found.get(g) ?? finish(fromChains(states, hard.indexOf(g))));
    const walks = temperedPosterior(
      (latents, rows) => {
        const [values, decoded] = [latents.toTypedArray(), decode(latents)];
        return Float64Array.from(rows, (chain, row) =>
          observed[hard[Math.floor(chain / chains)]].logLikelihood(
            decoded,
            row * components,
            sizeOf(values, row),
            errorScaleOf(values, row),
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
    );
    const { states } = yield* retold(walks, (sofar) => {
      evaluations = size + sofar.evaluations;
      const share = BANK_SHARE + (DECODING - BANK_SHARE) * (sofar.share ?? 0);
      return progress(share, () => chainsSofar(sofar.states ?? []));
    });
    for (const [h, g] of hard.entries()) {
      const own = yield* retold(fromChains(states, h), (rows) => {
        const share = (h + rows / (states.length * chains)) / hard.length;
        return progress(DECODING + (1 - DECODING) * Math.min(1, share), () => chainsSofar(states));
      });
      found.set(g, own);
    }
  }
  return observed.map((_, g) => posteriorOf(g, found.get(g)!));
}

/** Of all that there is to do, the most that the bank takes, and where the chains have ended. */
const BANK_SHARE = 0.2;
const DECODING = 0.95;

/** Effective draws of a bank, and states of the chains, below which nothing is kept of an inference that is stopped. */
const LEAST = 20;
const LEAST_STATES = 8;

/** Draws that stand for all galaxies of the model in the prior predictive check. */
const PRIOR_DRAWS = 1000;

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
export function decoderOf(model: Model, steps: number = DECODER_STEPS): (latents: Tensor) => Tensor {
  const denoiser = denoiserOf(model);
  return (latents) => finish(adamsBashforth2Sampler(denoiser, latents, { grid: uniformGrid(steps) }));
}

const DECODER_STEPS = 20;

/**
 * Decodes rows of the bank that no thread has begun, and waits for the others.
 *
 * @param range of rows, from the beginning of a block on
 * @returns yields how many rows were decoded or begun by others
 */
function* decodeBank(
  draws: Tensor,
  decode: (block: Tensor) => ArrayLike<number>,
  { components, states }: SharedBank,
  [from, next]: readonly [from: number, next: number],
): Generator<number, void, void> {
  const width = components.length / draws.shape[0];
  for (let row = from; row < next; row += BLOCK) {
    yield row;
    const block = row / BLOCK;
    if (Atomics.compareExchange(states, block, 0, 1) !== 0) continue;
    components.set(decode(draws.slice([row, Math.min(next, row + BLOCK)])), row * width);
    Atomics.store(states, block, 2);
    Atomics.notify(states, block);
  }
  for (let row = from; row < next; row += BLOCK) {
    for (const block = row / BLOCK; Atomics.load(states, block) !== 2; ) {
      Atomics.wait(states, block, 1, 50);
      yield next;
    }
  }
}

/** Decodes a few thousand rows at a time, so that memory stays small, and yields how many rows were done before. */
function* inBlocks(
  latents: Tensor,
  decode: (block: Tensor) => ArrayLike<number>,
  components: number,
): Generator<number, Float64Array, void> {
  const [rows] = latents.shape;
  const decoded = new Float64Array(rows * components);
  for (let row = 0; row < rows; row += BLOCK) {
    yield row;
    decoded.set(decode(latents.slice([row, Math.min(rows, row + BLOCK)])), row * components);
  }
  return decoded;
}

const BLOCK = 2048;

/** Curves of the bank whose likelihood is worked out between two steps. */
const ROWS_OF_A_STEP = 64;

/** Rows by which the bank grows. */
const BANK_STEP = 5 * BLOCK;

function pickRows(values: ArrayLike<number>, rows: Uint32Array, size: number): Float64Array {
  return Float64Array.from(
    { length: rows.length * size },
    (_, i) => values[rows[Math.floor(i / size)] * size + (i % size)],
  );
}

/**
 * ln(velocity) of principal components at any radii. It is linear in their terms: cubic interpolation in ln(radius) of the mean, of each
 * direction and of what completes them, worked out once.
 */
class LogVelocityAt {
  readonly #mean: Float64Array;
  /** Directions times their scales, [radii][components] */
  readonly #slopes: Float64Array[];
  /** What the terms add, [radii][terms] */
  readonly #completion: Float64Array[];

  constructor(model: Model, representation: LogPrincipalComponents, radii: ArrayLike<number>) {
    const nodes = Float64Array.from(model.radii, log);
    const weights = Array.from(radii, (radius) => cubicWeights(nodes, log(radius)));
    const at = (values: Float64Array, { first, weights }: CubicWeights): number =>
      weights.reduce((sum, weight, i) => sum + weight * values[first + i], 0);
    this.#mean = Float64Array.from(weights, (w) => at(representation.mean, w));
    this.#slopes = weights.map((w) =>
      Float64Array.from(representation.basis, (direction, k) => at(direction, w) * representation.scales[k]),
    );
    this.#completion = weights.map((w) => Float64Array.from(representation.completion, (own) => at(own, w)));
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
    const own = this.#completion[i];
    if (own.length === 0) return sum;
    sum += own[0];
    let term = slopes.length + 1;
    for (let k = 0; k < slopes.length; k++) {
      const x = components[offset + k];
      let factor = own[k + 1];
      for (let l = k; l < slopes.length; l++) factor += own[term++] * components[offset + l];
      sum += x * factor;
    }
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
  readonly #at: LogVelocityAt;
  readonly #deviations: Deviations;
  /** What it is conditioned on. */
  readonly observations: Observations;
  /** Points at other radii. */
  readonly leftOut: number;

  /** @param range of the radii, kpc: points beyond it are left out */
  constructor(
    model: Model,
    representation: LogPrincipalComponents,
    all: Observations,
    [least, greatest]: readonly [least: number, greatest: number],
  ) {
    checkMeasured("inferCurves", all);
    const isWithin = (_: number, i: number): boolean => all.radii[i] >= least && all.radii[i] <= greatest;
    const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).filter(isWithin);
    const observations = { radii: of(all.radii), velocities: of(all.velocities), errors: of(all.errors) };
    this.leftOut = all.radii.length - observations.radii.length;
    if (observations.radii.length === 0) {
      const [first, last] = [Math.min(...all.radii), Math.max(...all.radii)];
      throw new ArgumentError(
        "inferCurves",
        `no point lies within ${least} to ${greatest} kpc: ${first === last ? "it is at" : "they are at"} ${first}${first === last ? "" : ` to ${last}`} kpc`,
        "check that radii are in kpc; a model knows curves at its own radii only",
      );
    }
    this.#model = model;
    this.#representation = representation;
    this.observations = observations;
    this.#at = new LogVelocityAt(model, representation, observations.radii);
    this.#deviations = new Deviations(observations.radii);
  }

  /** Σ ((velocity − median)/error)² over the points. @param curves velocities at the points, [samples][points] */
  chiSquared(curves: readonly Float64Array[]): number {
    const { velocities, errors } = this.observations;
    return velocities.reduce((sum, velocity, i) => {
      const off = (velocity - medianOf(curves.map((curve) => curve[i]))) / errors[i];
      return sum + off * off;
    }, 0);
  }

  /**
   * The share of the draws of which new points would lie farther off. What is drawn is χ² with a degree of freedom for each point,
   * whose tail is that of a normal distribution of its cube root (Wilson & Hilferty 1931, PNAS 17, 684).
   */
  predictiveP(components: Float64Array, sizes: Float64Array, errorScales: Float64Array): number {
    const { radii } = this.observations;
    const width = components.length / sizes.length;
    const [count, spread] = [radii.length, 2 / (9 * radii.length)];
    const tails = Array.from(sizes, (size, row) => {
      const { residuals, errors } = this.#relative(components, row * width, errorScales[row]);
      const chiSquared = this.#deviations.chiSquared(residuals, errors, size);
      return upperTail((cbrt(chiSquared / count) - 1 + spread) / Math.sqrt(spread));
    });
    return tails.reduce((sum, tail) => sum + tail, 0) / tails.length;
  }

  /**
   * Where the points stand among those that the model's own galaxies would give: by the Mahalanobis distance of level, slope and
   * curvature of ln(velocity), fitted with the weights of the errors.
   *
   * @param components of draws of the prior, row by row
   * @param sizes of their deviations, one for each draw that counts
   */
  priorP(components: Float64Array, width: number, sizes: Float64Array, random: Random): number {
    const { radii, velocities, errors } = this.observations;
    const deviations = new Deviations([], radii);
    const places = Float64Array.from(radii, log);
    const middle = places.reduce((sum, place) => sum + place, 0) / places.length;
    const order = Math.min(3, new Set(places).size);
    const powers = Array.from(places, (place) => {
      const off = place - middle;
      return [1, off, off * off].slice(0, order);
    });
    const weights = velocities.map((velocity, i) => {
      const relative = errors[i] / Math.max(velocity, errors[i]);
      return 1 / (relative * relative + 0.0025);
    });
    const normal = symmetric(order, (p, q) =>
      powers.reduce((sum, own, i) => sum + weights[i] * own[p] * own[q], 0),
    );
    const factor = cholesky(normal);
    if (factor === undefined) return 1;
    // L⁻¹ of the weighted sums: as good as the coefficients, since the distance does not depend on the basis.
    const shapeOf = (speeds: ArrayLike<number>): Float64Array => {
      const logs = Float64Array.from(speeds, (speed, i) => log(Math.max(speed, errors[i] / 2)));
      const sums = Float64Array.from({ length: order }, (_, p) =>
        powers.reduce((sum, own, i) => sum + weights[i] * own[p] * logs[i], 0),
      );
      return solveLower(factor, sums);
    };
    const shapes = Array.from(sizes, (size, row) => {
      const stream = random.fork(row);
      const drawn = size === 0 ? undefined : deviations.draw([], [], size, stream);
      const speeds = this.#at.of(components, row * width).map((logVelocity, i) => {
        return exp(logVelocity) * (1 + (drawn?.[i] ?? 0)) + stream.normal(0, errors[i]);
      });
      return shapeOf(speeds);
    });
    const mean = Float64Array.from({ length: order }, (_, p) =>
      shapes.reduce((sum, shape) => sum + shape[p] / shapes.length, 0),
    );
    const spread = cholesky(
      symmetric(order, (p, q) =>
        shapes.reduce((sum, shape) => sum + ((shape[p] - mean[p]) * (shape[q] - mean[q])) / shapes.length, 0),
      ),
    );
    if (spread === undefined) return 1;
    const distance = (shape: Float64Array): number =>
      solveLower(
        spread,
        shape.map((value, p) => value - mean[p]),
      ).reduce((sum, x) => sum + x * x, 0);
    const own = distance(shapeOf(velocities));
    return (1 + shapes.filter((shape) => distance(shape) >= own).length) / (1 + shapes.length);
  }

  /** Of the row of components that begins at `offset`, with deviations of that size, and errors that many times as wide as stated. */
  logLikelihood(components: ArrayLike<number>, offset: number, size: number, errorScale: number): number {
    const { velocities, errors } = this.observations;
    if (size > 0) {
      const relative = this.#relative(components, offset, errorScale);
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
    const likelihood = sum / 2 / (errorScale * errorScale);
    return errorScale === 1 ? likelihood : likelihood - velocities.length * log(errorScale);
  }

  /** Velocities of rows of components with deviations of given sizes and scaled errors, which go through the observations: [rows][radii]. */
  velocitiesAt(
    radii: ArrayLike<number>,
    components: Float64Array,
    sizes: Float64Array,
    errorScales: Float64Array,
    random: Random,
  ): Float64Array[] {
    const [least, most] = rangeOf(this.#model);
    checkNumbers("velocitiesAt", "radii", radii, { least, most });
    const at = new LogVelocityAt(this.#model, this.#representation, radii);
    const deviations = new Deviations(this.observations.radii, radii);
    const width = components.length / sizes.length;
    return Array.from(sizes, (size, row) => {
      const smooth = at.of(components, row * width).map(exp);
      if (size === 0) return smooth;
      const { residuals, errors } = this.#relative(components, row * width, errorScales[row]);
      const drawn = deviations.draw(residuals, errors, size, random.fork(row));
      return smooth.map((velocity, i) => velocity * Math.max(0, 1 + drawn[i]));
    });
  }

  /** What was measured in units of the curve of some components. */
  #relative(components: ArrayLike<number>, offset: number, errorScale: number) {
    const { velocities, errors } = this.observations;
    const logVelocities = this.#at.of(components, offset);
    const scales = logVelocities.map((value) => exp(-value));
    return {
      logVelocities,
      residuals: velocities.map((velocity, i) => velocity * scales[i] - 1),
      errors: errors.map((error, i) => errorScale * error * scales[i]),
    };
  }
}

/** The lower triangle of a matrix, row by row. */
function symmetric(size: number, at: (row: number, column: number) => number): Float64Array[] {
  return Array.from({ length: size }, (_, p) => Float64Array.from({ length: p + 1 }, (_, q) => at(p, q)));
}

/** The first and the last radius, kpc. */
const rangeOf = ({ radii }: Model): readonly [number, number] => [radii[0], radii[radii.length - 1]];

/** Ends of the intervals of 50, 68 and 95 %, and the median, in growing order. */
export const INTERVAL_SHARES: readonly number[] = [0.025, 0.16, 0.25, 0.5, 0.75, 0.84, 0.975];

/** Half the galaxies of SPARC deviate less than some such share of their velocity from curves of the extended population. */
export const TYPICAL_DEVIATION = 0.05;

/**
 * Stated errors of a galaxy are off by some such factor e^±0.7: those of SPARC are twice the scatter of its points about smooth curves.
 * Chosen by points held out (docs/inference.md).
 */
export const ERROR_SPREAD = 0.7;

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
  model: FittedModel,
  posterior: Posterior,
): Readonly<Record<FitParameter, number[]>> {
  const fits = fitsOf("parametersOf", model, posterior);
  return byParameter((parameter) =>
    quantiles(
      fits.map(({ galaxy }) => galaxy[parameter]),
      INTERVAL_SHARES,
      Math.min(fits.length, posterior.effectiveCount),
    ),
  );
}

/**
 * The share of the fits of {@link parametersOf} in which a parameter ended on a bound of the fit: the curves do not tell it.
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
  const fits = fitsOf("parametersAtBounds", model, posterior);
  return byParameter(
    (parameter) => fits.filter(({ atBounds }) => atBounds.includes(parameter)).length / fits.length,
  );
}

function byParameter<T>(of: (parameter: FitParameter) => T): Readonly<Record<FitParameter, T>> {
  const entries = FIT_PARAMETERS.map((parameter) => [parameter, of(parameter)]);
  return Object.fromEntries(entries) as Record<FitParameter, T>;
}

/** The part of a model that fits need: haloes are counted by what its population is. */
export type FittedModel = Pick<Model, "radii"> & Partial<Pick<Model, "training">>;

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
