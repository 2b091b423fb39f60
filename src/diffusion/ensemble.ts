/**
 * Posterior draws of a few parameters whose likelihood costs microseconds: an ensemble of walkers, each of which moves along the
 * difference of two others (differential evolution). No gradient and no step size has to be known. It comes from the
 * prior to the posterior by powers of the likelihood, from 0 to 1, and what that takes tells the evidence.
 */

import { checkCount, checkKind, checkOptions, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { log } from "../kernels/math.ts";
import { chainDiagnostics, importanceResample, nextPower } from "./posterior.ts";
import type { Progress } from "./progress.ts";

/** How an ensemble is run. */
export interface EnsembleOptions {
  /** Where all that is random comes from. */
  readonly random: Random;
  /** Points that come from the prior to the posterior, at least 64; default 512. The evidence is as good as they are many. */
  readonly particles?: number | undefined;
  /** Of these so many go on as chains, an even number of at least 2 · dimension + 4, so that their differences span the space; default that, and 16 or more. */
  readonly walkers?: number | undefined;
  /** The chains end once R̂ of every parameter is at most this; default 1.01 … */
  readonly rHat?: number | undefined;
  /** … and each is worth so many independent draws; default 400 … */
  readonly effectiveCount?: number | undefined;
  /** … or after so many moves of each walker; default 100,000. */
  readonly moves?: number | undefined;
}

/** How far an ensemble has come: on its way to the posterior a guess, then by its moves. */
export interface EnsembleProgress extends Progress {
  /** Likelihoods computed so far. */
  readonly evaluations: number;
}

/** Draws of a posterior. */
export interface EnsemblePosterior {
  /** A row a draw, 2000 at most: evenly chosen from the second half of all chains. */
  readonly draws: readonly Float64Array[];
  /** The worst R̂ of any parameter. */
  readonly rHat: number;
  /** The least effective number of any parameter. */
  readonly effectiveCount: number;
  /** ln of the evidence: the mean of the likelihood over the prior. */
  readonly logEvidence: number;
  /** Its standard error, estimated from the weights. */
  readonly logEvidenceError: number;
  /** Likelihoods computed in all. */
  readonly evaluations: number;
}

/**
 * Draws from the posterior of parameters that are independent and standard normal under the prior.
 *
 * @param logLikelihood of a point; −∞ where it cannot be
 * @param dimension how many parameters
 * @throws ArgumentError for options out of range, or when no draw of the prior has a likelihood above 0
 * @example
 * // One parameter, measured as 1 ± 1: the posterior is normal with mean 0.5 and variance 0.5.
 * const { draws } = finish(ensemblePosterior(([z]) => -0.5 * (z - 1) ** 2, 1, { random: new Random(1) }));
 * draws.reduce((sum, [z]) => sum + z, 0) / draws.length // 0.5 within some hundredths
 * @see ter Braak (2006), Statistics and Computing 16, 239; Del Moral, Doucet & Jasra (2006), JRSS B 68, 411
 */
export function* ensemblePosterior(
  logLikelihood: (point: Float64Array) => number,
  dimension: number,
  options: EnsembleOptions,
): Generator<EnsembleProgress, EnsemblePosterior, void> {
  const where = "ensemblePosterior";
  checkOptions(where, options ?? {}, ["random", "particles", "walkers", "rHat", "effectiveCount", "moves"]);
  const { random, particles = 512, rHat = 1.01, effectiveCount = 400, moves = 100_000 } = options ?? {};
  checkKind(where, "logLikelihood", logLikelihood, "function");
  checkRandom(where, random);
  checkCount(where, "dimension", dimension);
  const least = 2 * dimension + 4;
  const { walkers = Math.max(16, least) } = options;
  checkCount(where, "particles", particles, 64);
  checkCount(where, "walkers", walkers, least);
  checkCount(where, "moves", moves, 100);
  checkWithin(where, "rHat", rHat, { least: 1 });
  checkWithin(where, "effectiveCount", effectiveCount, { least: 0 });
  if (walkers % 2 === 1 || walkers > particles) {
    throw new ArgumentError(
      where,
      `got ${walkers} walkers`,
      `pass an even number up to the ${particles} particles.`,
    );
  }
  const tempered = yield* fromPrior(logLikelihood, dimension, particles, random.fork("tempering"));
  const chosen = new Walkers(
    logLikelihood,
    tempered.points.slice(0, walkers),
    tempered.heights.slice(0, walkers),
    random.fork("chains"),
  );
  const evaluations = tempered.evaluations;
  const chains: Float64Array[][] = Array.from({ length: walkers }, () => []);
  for (let done = 0, next = FIRST_CHECK; ; ) {
    // Kept once for each dimension: neighbours in a chain are alike.
    const stride = Math.max(1, Math.min(dimension, 8));
    while (done < next) {
      for (let i = 0; i < stride; i++) chosen.move(1);
      done += stride;
      chosen.points.forEach((point, w) => {
        chains[w].push(point.slice());
      });
      if (chains[0].length % 64 === 0)
        yield { done: moves / 10 + done, total: 1.1 * moves, evaluations: evaluations + done * walkers };
    }
    const diagnostics = diagnose(chains, dimension);
    const good = diagnostics.rHat <= rHat && diagnostics.effectiveCount >= effectiveCount;
    if (good || done >= moves) {
      const kept = chains.flatMap((chain) => chain.slice(chain.length >> 1));
      const count = Math.min(kept.length, MOST_DRAWS);
      return {
        draws: Array.from({ length: count }, (_, i) => kept[Math.floor(((i + 0.5) * kept.length) / count)]),
        ...diagnostics,
        logEvidence: tempered.logEvidence,
        logEvidenceError: tempered.logEvidenceError,
        evaluations: evaluations + done * walkers,
      };
    }
    next = Math.min(moves, Math.ceil(1.5 * done));
  }
}

const FIRST_CHECK = 1000;
const MOST_DRAWS = 2000;

/** The worst of all parameters, over the second halves. */
function diagnose(
  chains: readonly Float64Array[][],
  dimension: number,
): { rHat: number; effectiveCount: number } {
  let [rHat, effectiveCount] = [1, Infinity];
  for (let p = 0; p < dimension; p++) {
    const one = chainDiagnostics(
      chains.map((chain) => chain.slice(chain.length >> 1).map((point) => point[p])),
    );
    rHat = Math.max(rHat, one.rHat);
    effectiveCount = Math.min(effectiveCount, one.effectiveCount);
  }
  return { rHat, effectiveCount };
}

/** Points of the posterior, by way of powers of the likelihood of which each keeps half of the points' worth. */
function* fromPrior(
  logLikelihood: (point: Float64Array) => number,
  dimension: number,
  particles: number,
  random: Random,
): Generator<
  EnsembleProgress,
  {
    points: Float64Array[];
    heights: Float64Array;
    logEvidence: number;
    logEvidenceError: number;
    evaluations: number;
  },
  void
> {
  const draws = random.fork("prior");
  let points = Array.from({ length: particles }, () => {
    const point = new Float64Array(dimension);
    draws.fillNormal(point);
    return point;
  });
  let heights = Float64Array.from(points, (point) => logLikelihood(point));
  if (heights.some(Number.isNaN)) {
    throw new ArgumentError(
      "ensemblePosterior",
      "ln of the likelihood of a draw of the prior is no number.",
      "return a number, −∞ where the likelihood is zero.",
    );
  }
  let evaluations = particles;
  let [power, logEvidence, variance] = [0, 0, 0];
  for (let stage = 0; power < 1; stage++) {
    const possible = heights.reduce((sum, height) => sum + Number(height > -Infinity), 0);
    const next = nextPower(heights, power, possible / 2);
    const weights = heights.map((height) => (height === -Infinity ? -Infinity : (next - power) * height));
    const resampled = importanceResample(weights, particles, random.fork("resampling").fork(stage));
    const { rows } = resampled;
    logEvidence += resampled.logMeanWeight;
    variance += 1 / resampled.effectiveCount - 1 / particles;
    points = Array.from(rows, (row) => points[row].slice());
    heights = Float64Array.from(rows, (row) => heights[row]);
    power = next;
    // In an order of their own: copies of a point stand side by side, and walkers are the first of all.
    const order = random.fork("order").fork(stage).permutation(particles);
    points = Array.from(order, (i) => points[i]);
    heights = Float64Array.from(order, (i) => heights[i]);
    const walkers = new Walkers(logLikelihood, points, heights, random.fork("moves").fork(stage));
    const sweeps = MOVES_A_STAGE + 2 * dimension;
    for (let sweep = 0; sweep < sweeps; sweep++) walkers.move(power);
    evaluations += particles * sweeps;
    // A guess: powers grow by like factors.
    yield { done: Math.sqrt(Math.sqrt(power)), total: 11, evaluations };
  }
  return { points, heights, logEvidence, logEvidenceError: Math.sqrt(variance), evaluations };
}

const MOVES_A_STAGE = 8;

/** Points that move, half of them at a time, along differences of two of the other half. */
class Walkers {
  readonly points: readonly Float64Array[];
  readonly #heights: Float64Array;
  readonly #logLikelihood: (point: Float64Array) => number;
  readonly #random: Random;
  readonly #trial: Float64Array;
  #moves = 0;

  constructor(
    logLikelihood: (point: Float64Array) => number,
    points: readonly Float64Array[],
    heights: Float64Array,
    random: Random,
  ) {
    this.points = points;
    this.#heights = heights;
    this.#logLikelihood = logLikelihood;
    this.#random = random;
    this.#trial = new Float64Array(points[0].length);
  }

  /** Moves every point once, towards prior · likelihood^power. */
  move(power: number): void {
    const { points } = this;
    const dimension = this.#trial.length;
    const half = points.length >> 1;
    const random = this.#random;
    const kind = ++this.#moves % 10;
    for (let i = 0; i < points.length; i++) {
      const point = points[i];
      this.#trial.set(point);
      let priorChange = 0;
      if (kind === 0) {
        // Now and then one coordinate anew from the prior: into long tails, where differences are too short.
        this.#trial[random.integer(dimension)] = random.normal();
      } else {
        const start = i < half ? half : 0;
        const others = i < half ? points.length - half : half;
        const a = random.integer(others);
        const b = (a + 1 + random.integer(others - 1)) % others;
        const [from, to] = [points[start + a], points[start + b]];
        // All coordinates, or about a third of them; or by the whole difference: from one mode to another.
        const first = random.integer(dimension);
        const count = kind % 3 === 1 ? Math.ceil(dimension / 3) : dimension;
        const factor = kind === 5 ? 1 : (2.38 / Math.sqrt(2 * count)) * random.uniform(0.7, 1.3);
        const stride = count === dimension ? 1 : 1 + random.integer(dimension - 1);
        for (let k = 0, d = first; k < count; k++, d = (d + stride) % dimension) {
          const moved = point[d] + factor * (to[d] - from[d]);
          this.#trial[d] = moved;
        }
        for (let d = 0; d < dimension; d++)
          priorChange += 0.5 * (point[d] * point[d] - this.#trial[d] * this.#trial[d]);
      }
      const height = this.#logLikelihood(this.#trial);
      if (height === -Infinity) continue;
      const gain = priorChange + power * (height - this.#heights[i]);
      // A point of no likelihood at all leaves by the first step to one that has some.
      if (this.#heights[i] === -Infinity || gain >= 0 || log(random.uniform()) < gain) {
        point.set(this.#trial);
        this.#heights[i] = height;
      }
    }
  }
}
