/**
 * Posterior curves of measured galaxies: the model's curves, each as probable as the observations make it. Joins the
 * sampler of latents, which knows nothing of galaxies, to observations.
 */

import { noGrad } from "../autograd/tape.ts";
import { normal, tensor } from "../autograd/tensor.ts";
import {
  adamsBashforth2Sampler,
  chainDiagnostics,
  importanceResample,
  LogPrincipalComponents,
  type PosteriorProgress,
  temperedPosterior,
  uniformGrid,
} from "../diffusion/index.ts";
import type { Observations } from "../io/index.ts";
import { exp, log } from "../kernels/math.ts";
import type { Tensor } from "../ops/tensor.ts";
import { ArgumentError } from "../tensor/errors.ts";
import type { Random } from "../tensor/random.ts";
import { denoiserOf, type Model } from "./model-file.ts";

/** The scatter of a galaxy's velocities about any curve of the model, beyond their errors, as a share of the velocity. */
interface Scatter {
  /** Half the galaxies have less. 0: none has any. */
  readonly median: number;
  /** Standard deviation of its natural logarithm; default 1. */
  readonly spread?: number;
}

/** How posterior curves are sampled. */
export interface InferenceOptions {
  readonly random: Random;
  /** Default: no scatter. */
  readonly scatter?: Scatter;
  /** Chains for each galaxy; default 32. */
  readonly chains?: number;
  /** States of each chain, of which the first quarter is left out; default 24. */
  readonly transitions?: number;
  /** Draws of the prior that the first step chooses among; default 10,000. */
  readonly bank?: number;
}

/** The posterior of one galaxy. */
export interface Posterior {
  /** Velocities at the model's radii, km/s, a row a sample. */
  readonly curves: readonly Float64Array[];
  /** ln(velocity) at any radii, [samples][radii]. */
  logVelocitiesAt(radii: ArrayLike<number>): Float64Array[];
  /** The share of the velocity that points scatter by, of each sample. */
  readonly scatters: Float64Array;
  /** The worst R̂, and the least effective sample size, of the leading principal components of the curves. */
  readonly rHat: number;
  readonly effectiveCount: number;
}

/**
 * Samples posteriors of many galaxies at once, all chains of all galaxies as rows of one batch.
 *
 * @throws ArgumentError for a model that is not of principal components, and for points outside its radii
 */
export function* inferCurves(
  model: Model,
  galaxies: readonly Observations[],
  options: InferenceOptions,
): Generator<PosteriorProgress, Posterior[]> {
  const { random, scatter, chains = 32, transitions = 24, bank = 10_000 } = options;
  const { standardization: representation } = model;
  if (!(representation instanceof LogPrincipalComponents)) {
    throw new ArgumentError(
      "infer",
      "the model is an autoencoder, whose samples are no draws of its prior",
      "train one by halograd run --network residual --count 12500",
    );
  }
  const components = representation.scales.length;
  const spread = scatter?.spread ?? 1;
  // One latent more where the scatter is inferred: ln(scatter) is normal in the prior, as all latents are.
  const features = components + (scatter !== undefined && scatter.median > 0 ? 1 : 0);
  const scatterOf = (z: number): number => (scatter?.median ?? 0) * exp(spread * z);
  const decode = (latents: Tensor): Float32Array | Float64Array => {
    const noise = features > components ? latents.slice(null, [0, components]) : latents;
    return noGrad(() => decodeLatents(model, noise)).toTypedArray();
  };
  const likelihoods = galaxies.map((galaxy) => new PointLikelihood(model, representation, galaxy));

  // The bank: of draws of the prior those that the observations make probable.
  const draws = normal([bank + (bank % 2), features], random.fork("bank"));
  const [bankLatents, bankComponents] = [draws.toTypedArray(), inBlocks(draws, decode, components)];
  const found = new Map<number, Found>();
  const hard: number[] = [];
  const hardLogLikelihoods: Float64Array[] = [];
  for (const [g, likelihood] of likelihoods.entries()) {
    const heights = Float64Array.from({ length: draws.shape[0] }, (_, row) => {
      const share = features > components ? scatterOf(bankLatents[row * features + components]) : 0;
      return likelihood.of(bankComponents, row * components, share);
    });
    const { rows, effectiveCount } = importanceResample(heights, DIRECT_SAMPLES, random.fork("rows").fork(g));
    if (effectiveCount >= ENOUGH) {
      const at = (values: ArrayLike<number>, size: number): Float64Array =>
        Float64Array.from(
          { length: rows.length * size },
          (_, i) => values[rows[Math.floor(i / size)] * size + (i % size)],
        );
      const decoded = at(bankComponents, components);
      found.set(g, { latents: at(bankLatents, features), decoded, rHat: 1, effectiveCount });
    } else {
      hard.push(g);
      hardLogLikelihoods.push(heights);
    }
    yield { transitions: 0, evaluations: draws.shape[0], share: 0 };
  }
  if (hard.length > 0) {
    const result = yield* temperedPosterior(
      (latents, rows) => {
        const [values, decoded] = [latents.toTypedArray(), decode(latents)];
        return Float64Array.from(rows, (chain, row) => {
          const share = features > components ? scatterOf(values[row * features + components]) : 0;
          return likelihoods[hard[Math.floor(chain / chains)]].of(decoded, row * components, share);
        });
      },
      {
        random: random.fork("posterior"),
        bank: draws,
        bankLogLikelihoods: hardLogLikelihoods,
        chains,
        transitions,
      },
    );
    const kept = result.states.slice(Math.floor(transitions / 4));
    hard.forEach((g, h) => {
      const size = chains * features;
      const latents = new Float64Array(kept.length * size);
      kept.forEach((state, i) => {
        latents.set(state.subarray(h * size, (h + 1) * size), i * size);
      });
      const rows = tensor(Float32Array.from(latents), [kept.length * chains, features]);
      const decoded = inBlocks(rows, decode, components);
      // Of the curves, not of the latents: many latents give nearly the same curve.
      const diagnostics = Array.from({ length: components }, (_, k) =>
        chainDiagnostics(
          Array.from({ length: chains }, (_, c) =>
            Float64Array.from(kept, (_, i) => decoded[(i * chains + c) * components + k]),
          ),
        ),
      ).slice(0, LEADING);
      found.set(g, {
        latents,
        decoded,
        rHat: Math.max(...diagnostics.map(({ rHat }) => rHat)),
        effectiveCount: Math.min(...diagnostics.map(({ effectiveCount }) => effectiveCount)),
      });
    });
  }
  return galaxies.map((_, g) => {
    const { latents, decoded, rHat, effectiveCount } = found.get(g)!;
    const count = decoded.length / components;
    return {
      curves: representation.invert(tensor(Float32Array.from(decoded), [count, components])),
      logVelocitiesAt: (radii: ArrayLike<number>): Float64Array[] => {
        const at = new LogVelocityAt(model, representation, radii);
        return Array.from({ length: count }, (_, row) => at.of(decoded, row * components));
      },
      scatters: Float64Array.from({ length: count }, (_, row) =>
        features > components ? scatterOf(latents[row * features + components]) : 0,
      ),
      rHat,
      effectiveCount,
    };
  });
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

/** Draws of the bank that share in a posterior (Kish), above which they are it; below, chains go on from them. */
const ENOUGH = 200;

/** Samples drawn from a bank that is enough. */
const DIRECT_SAMPLES = 1000;

/** Components that diagnostics follow: the first five hold 99.9 % of the variance. */
const LEADING = 5;

/**
 * The flow from latents to principal components, [rows, components]. 20 steps of Adams and Bashforth, one evaluation
 * each: docs/inference.md measures what they miss.
 */
export function decodeLatents(model: Model, latents: Tensor, steps: number = DECODER_STEPS): Tensor {
  return adamsBashforth2Sampler(denoiserOf(model), latents, { grid: uniformGrid(steps) });
}

const DECODER_STEPS = 20;

/** Decodes a few thousand rows at a time, so that memory stays small. */
function inBlocks(
  latents: Tensor,
  decode: (block: Tensor) => ArrayLike<number>,
  components: number,
): Float64Array {
  const [rows] = latents.shape;
  const decoded = new Float64Array(rows * components);
  for (let row = 0; row < rows; row += BLOCK) {
    decoded.set(decode(latents.slice([row, Math.min(rows, row + BLOCK)])), row * components);
  }
  return decoded;
}

const BLOCK = 2048;

/**
 * ln(velocity) of principal components at any radii. It is linear in them: cubic interpolation (Lagrange's, through
 * the four nearest of the model's radii) in ln(radius) of the mean and of each direction, worked out once.
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

interface CubicWeights {
  readonly first: number;
  readonly weights: readonly number[];
}

function cubicWeights(nodes: Float64Array, x: number): CubicWeights {
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

/** Gaussian errors in km/s around the curve of some components. */
class PointLikelihood {
  readonly #observations: Observations;
  readonly #at: LogVelocityAt;

  constructor(model: Model, representation: LogPrincipalComponents, observations: Observations) {
    const [least, greatest] = [model.radii[0], model.radii[model.radii.length - 1]];
    const outside = observations.radii.find((radius) => !(radius >= least && radius <= greatest));
    if (outside !== undefined) {
      throw new ArgumentError(
        "infer",
        `a point is at ${outside} kpc, but the model knows curves from ${least} to ${greatest} kpc only`,
        "leave such points out, or check that radii are in kpc",
      );
    }
    this.#observations = observations;
    this.#at = new LogVelocityAt(model, representation, observations.radii);
  }

  /** @param scatter as a share of the velocity, in quadrature with the errors */
  of(components: ArrayLike<number>, offset: number, scatter: number): number {
    const { velocities, errors } = this.#observations;
    const at = this.#at;
    let sum = 0;
    for (let i = 0; i < velocities.length; i++) {
      const velocity = exp(at.one(i, components, offset));
      const extra = scatter * velocity;
      const variance = errors[i] * errors[i] + extra * extra;
      const difference = velocities[i] - velocity;
      sum -= (difference * difference) / variance + (scatter === 0 ? 0 : log(variance));
    }
    return sum / 2;
  }
}

/** The quantiles of samples, by linear interpolation of the sorted ones. */
export function quantiles(samples: ArrayLike<number>, shares: readonly number[]): number[] {
  const sorted = Float64Array.from(samples).sort();
  return shares.map((share) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}
