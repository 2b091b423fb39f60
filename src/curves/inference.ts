/**
 * Posterior curves of measured galaxies: the model's curves, each as probable as the observations make it. Joins the
 * sampler of latents, which knows nothing of galaxies, to observations.
 */

import { noGrad } from "../autograd/tape.ts";
import { checkArray, checkCount, checkNumbers, checkOptions } from "../basics/check.ts";
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
import type { Observations } from "../io/index.ts";
import { exp, log } from "../kernels/math.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, tensor } from "../tensor/construction.ts";
import { checkModel, denoiserOf, featuresOf, type Model } from "./model.ts";
import {
  type Noise,
  noiseOf,
  type ObservationNoise,
  ObservedCurve,
  type SmoothCurves,
} from "./observed-curve.ts";
import { type Posterior, PRIOR_DRAWS, posteriorOf } from "./posterior.ts";

/** How posterior curves are sampled. */
export interface InferenceOptions extends ObservationNoise {
  /** Where all that is random comes from. */
  readonly random: Random;
  /** Points at other radii are left out, kpc; default: the range of the model's radii, which bounds it in any case. */
  readonly radiusRange?: readonly [least: number, greatest: number] | undefined;
  /** Chains for each galaxy, at least 2; default 64. */
  readonly chains?: number | undefined;
  /** States of each chain, at least 5, of which the first quarter is left out; default 120. */
  readonly transitions?: number | undefined;
  /** At most so many draws of the prior are looked through before chains go on from them; default 50,000. */
  readonly bank?: number | undefined;
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
  const { random, radiusRange = rangeOf(model), chains = 64, transitions = 120, bank = BANK } = options ?? {};
  checkRandom(where, random);
  checkNumbers(where, "radiusRange", radiusRange);
  checkCount(where, "chains", chains, 2);
  checkCount(where, "transitions", transitions, 5); // three quarters of them are the four states that R̂ needs
  checkCount(where, "bank", bank);
  const noise = noiseOf(where, options);
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
      `radiusRange is ${Array.from(radiusRange).join(" to ")} kpc: nothing of the model's radii, ${rangeOf(model).join(" to ")} kpc, lies in it`,
      "give the smaller radius first, and a part of the model's radii",
    );
  }
  const curves = curvesOfComponents(model, representation);
  const observed = galaxies.map((galaxy) => new ObservedCurve(where, curves, galaxy, range));
  const settings = { random: random.fork("inference"), noise, chains, transitions, bank };
  return posteriorsOf(model, representation, observed, settings, shared);
}

/** Draws of the prior, at most. */
const BANK = 50_000;

/** All settings, those that were left out as well. */
type Settings = Pick<InferenceOptions, "random"> & {
  readonly noise: Noise;
  readonly chains: number;
  readonly transitions: number;
  readonly bank: number;
};

function* posteriorsOf(
  model: Model,
  representation: LogPrincipalComponents,
  observed: readonly ObservedCurve[],
  { random, noise, chains, transitions, bank: rows }: Settings,
  shared: SharedBank | undefined,
): Generator<InferenceProgress, Posterior[], void> {
  const components = representation.scales.length;
  const features = components + noise.latents;
  const sizeOf = (latents: ArrayLike<number>, row: number): number =>
    noise.sizeOf(latents, row * features + components);
  const errorScaleOf = (latents: ArrayLike<number>, row: number): number =>
    noise.errorScaleOf(latents, row * features + components);
  const flow = decoderOf(model);
  const decode = (latents: Tensor): Float32Array | Float64Array => {
    const start = features > components ? latents.slice(null, [0, components]) : latents;
    return noGrad(() => flow(start)).toTypedArray();
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
  const describe = (g: number, { latents, decoded, rHat, effectiveCount }: Found): Posterior => {
    const count = decoded.length / components;
    const draws = {
      rows: decoded,
      smoothCurves: representation.invert(tensor(Float32Array.from(decoded), [count, components])),
      deviations: Float64Array.from({ length: count }, (_, row) => sizeOf(latents, row)),
      errorScales: Float64Array.from({ length: count }, (_, row) => errorScaleOf(latents, row)),
      rHat,
      effectiveCount,
    };
    const prior = {
      rows: bankComponents,
      sizes: new Float64Array(Math.min(size, PRIOR_DRAWS)).fill(noise.typical),
      random: random.fork("prior").fork(g),
    };
    return posteriorOf(observed[g], draws, model.radii, prior, random.fork("deviations").fork(g));
  };
  const progress = (done: number, sofar: () => Found[] | undefined): InferenceProgress => ({
    done,
    total: 1,
    evaluations,
    get posteriors() {
      return sofar()?.map((own, g) => describe(g, own));
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
  return observed.map((_, g) => describe(g, found.get(g)!));
}

/** Of all that there is to do, the most that the bank takes, and where the chains have ended. */
const BANK_SHARE = 0.2;
const DECODING = 0.95;

/** Effective draws of a bank, and states of the chains, below which nothing is kept of an inference that is stopped. */
const LEAST = 20;
const LEAST_STATES = 8;

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
 * The curves of a model, by their principal components. ln(velocity) at any radius is linear in the terms of these: cubic interpolation in
 * ln(radius) of the mean, of each direction and of what completes them, worked out once.
 */
function curvesOfComponents(model: Model, representation: LogPrincipalComponents): SmoothCurves {
  const { mean, basis, scales, completion } = representation;
  const nodes = Float64Array.from(model.radii, log);
  return {
    width: scales.length,
    range: rangeOf(model),
    at: (radii) => {
      const weights = Array.from(radii, (radius) => cubicWeights(nodes, log(radius)));
      const at = (values: Float64Array, { first, weights }: CubicWeights): number =>
        weights.reduce((sum, weight, i) => sum + weight * values[first + i], 0);
      const means = Float64Array.from(weights, (w) => at(mean, w));
      // Directions times their scales, [radii][components]; what the terms add, [radii][terms].
      const slopes = weights.map((w) =>
        Float64Array.from(basis, (direction, k) => at(direction, w) * scales[k]),
      );
      const terms = weights.map((w) => Float64Array.from(completion, (own) => at(own, w)));
      return (components, offset, out) => {
        for (let i = 0; i < out.length; i++)
          out[i] = exp(completed(means[i], slopes[i], terms[i], components, offset));
      };
    },
  };
}

function completed(
  mean: number,
  slopes: Float64Array,
  own: Float64Array,
  components: ArrayLike<number>,
  offset: number,
): number {
  let sum = mean;
  for (let k = 0; k < slopes.length; k++) sum += slopes[k] * components[offset + k];
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

/** The first and the last radius, kpc. */
const rangeOf = ({ radii }: Model): readonly [number, number] => [radii[0], radii[radii.length - 1]];
