/**
 * Posterior draws of a few parameters whose likelihood costs microseconds. An ensemble of points comes from the prior to the posterior by
 * powers of the likelihood, from 0 to 1, each point moving along differences of two others (differential evolution); what that takes tells the
 * evidence. Then a few chains go on, on ellipses of the ensemble's Gaussian, which takes long strides where the posterior is near to it,
 * and along differences of its points, which reach what is not. No gradient and no step size has to be known.
 */

import { checkCount, checkKind, checkOptions, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { log } from "../kernels/math.ts";
import { Ellipse, GaussianProposal, importanceResample, nextPower, splitChains } from "./posterior.ts";
import type { Progress } from "./progress.ts";

/** How an ensemble is run. */
export interface EnsembleOptions {
  /** Where all that is random comes from. */
  readonly random: Random;
  /** Points that come from the prior to the posterior, at least 64 and twice the dimension; default 512. The evidence is as good as they are many. */
  readonly particles?: number | undefined;
  /** Of these so many go on as chains, at least 2; default 4. */
  readonly chains?: number | undefined;
  /** The chains end once R̂ of every parameter is at most this; default 1.01 … */
  readonly rHat?: number | undefined;
  /** … and all chains together are worth so many independent draws of each; default 400 … */
  readonly effectiveCount?: number | undefined;
  /** … or after so many moves of each, on one ellipse and along two differences; default 60,000. */
  readonly moves?: number | undefined;
}

/** Their names, for those that hand them on. */
export const ENSEMBLE_OPTIONS: readonly (keyof EnsembleOptions)[] = [
  ...(["random", "particles", "chains", "rHat", "effectiveCount", "moves"] as const),
];

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
 * @throws ArgumentError, at the call itself, for options out of range; later when no draw of the prior has a likelihood above 0
 * @example
 * // One parameter, measured as 1 ± 1: the posterior is normal with mean 0.5 and variance 0.5.
 * const { draws } = finish(ensemblePosterior(([z]) => -0.5 * (z - 1) ** 2, 1, { random: new Random(1) }));
 * draws.reduce((sum, [z]) => sum + z, 0) / draws.length // 0.5 within some hundredths
 * @see Del Moral, Doucet & Jasra (2006), JRSS B 68, 411; ter Braak & Vrugt (2008), Statistics and Computing 18, 435; Nishihara, Murray &
 *   Adams (2014), JMLR 15, 2087
 */
export function ensemblePosterior(
  logLikelihood: (point: Float64Array) => number,
  dimension: number,
  options: EnsembleOptions,
): Generator<EnsembleProgress, EnsemblePosterior, void> {
  const where = "ensemblePosterior";
  checkOptions(where, options ?? {}, ENSEMBLE_OPTIONS);
  const { random, particles = 512, chains: count = 4 } = options ?? {};
  const { rHat = 1.01, effectiveCount = 400, moves = 60_000 } = options ?? {};
  checkKind(where, "logLikelihood", logLikelihood, "function");
  checkRandom(where, random);
  checkCount(where, "dimension", dimension);
  checkCount(where, "particles", particles, Math.max(64, 2 * dimension));
  checkCount(where, "chains", count, 2);
  checkCount(where, "moves", moves, 100);
  checkWithin(where, "rHat", rHat, { least: 1 });
  checkWithin(where, "effectiveCount", effectiveCount, { least: 0 });
  if (count > particles) {
    const problem = `got ${count} chains of ${particles} particles`;
    throw new ArgumentError(where, problem, "pass more particles, or fewer chains.");
  }
  return sampled(logLikelihood, dimension, { random, particles, count, rHat, effectiveCount, moves });
}

/** All options, with `count` chains. */
interface Settings {
  readonly random: Random;
  readonly particles: number;
  readonly count: number;
  readonly rHat: number;
  readonly effectiveCount: number;
  readonly moves: number;
}

function* sampled(
  logLikelihood: (point: Float64Array) => number,
  dimension: number,
  { random, particles, count, rHat, effectiveCount, moves }: Settings,
): Generator<EnsembleProgress, EnsemblePosterior, void> {
  const { points, heights, ...tempered } = yield* fromPrior(
    logLikelihood,
    dimension,
    particles,
    random.fork("tempering"),
  );
  const walkers = new Walkers(
    logLikelihood,
    Array.from(points.slice(0, count), (point) => point.slice()),
    heights.slice(0, count),
    random.fork("chains"),
  );
  walkers.learn(points);
  // A list of numbers for each parameter and chain: one array for each point cost a fifth of the time in garbage collection.
  const history = Array.from({ length: dimension }, () => Array.from({ length: count }, (): number[] => []));
  for (let done = 0, next = Math.min(moves, FIRST_CHECK); ; ) {
    for (; done < next; done++) {
      walkers.slice();
      for (let i = 0; i < DIFFERENCES; i++) walkers.move(1);
      walkers.points.forEach((point, w) => {
        for (let p = 0; p < dimension; p++) history[p][w].push(point[p]);
      });
      // Of many points a likelihood takes milliseconds.
      if (done % 4 === 3)
        yield {
          done: moves / 10 + done,
          total: 1.1 * moves,
          evaluations: tempered.evaluations + walkers.evaluations,
        };
    }
    const diagnostics = diagnose(history, done >= moves ? Infinity : rHat);
    const good = diagnostics.rHat <= rHat && diagnostics.effectiveCount >= effectiveCount;
    if (good || done >= moves) {
      return {
        draws: evenly(history, MOST_DRAWS),
        ...diagnostics,
        logEvidence: tempered.logEvidence,
        logEvidenceError: tempered.logEvidenceError,
        evaluations: tempered.evaluations + walkers.evaluations,
      };
    }
    next = Math.min(moves, Math.ceil(1.3 * done));
  }
}

/** At most so many points of the second halves, evenly chosen, chain by chain. */
function evenly(history: readonly (readonly number[][])[], most: number): Float64Array[] {
  const [chains, length] = [history[0].length, history[0][0].length];
  const half = length - (length >> 1);
  const count = Math.min(chains * half, most);
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(((i + 0.5) * chains * half) / count);
    const [chain, place] = [Math.floor(at / half), (length >> 1) + (at % half)];
    return Float64Array.from(history, (own) => own[chain][place]);
  });
}

/** Moves along differences for one on an ellipse: of 2, 5 and 12, 2 take the fewest likelihoods for the galaxies of SPARC. */
const DIFFERENCES = 2;

const FIRST_CHECK = 200;
const MOST_DRAWS = 2000;

/**
 * The worst of all parameters, over the second halves.
 *
 * @param asked R̂ above which the effective number is not computed
 */
function diagnose(
  history: readonly (readonly number[][])[],
  asked: number,
): { readonly rHat: number; readonly effectiveCount: number } {
  const all = history.map((chains) => splitChains(chains.map((chain) => chain.slice(chain.length >> 1))));
  const rHat = Math.max(1, ...all.map((one) => one.rHat));
  const effectiveCount = rHat > asked ? 0 : Math.min(...all.map((one) => one.effectiveCount()));
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
  const where = "ensemblePosterior";
  if (heights.some(Number.isNaN)) {
    const fix = "return a number, −∞ where the likelihood is zero.";
    throw new ArgumentError(where, "ln of the likelihood of a draw of the prior is no number.", fix);
  }
  if (!heights.some((height) => height > -Infinity)) {
    const problem = `none of ${particles} draws of the prior has a likelihood above 0.`;
    throw new ArgumentError(where, problem, "pass more particles, or a prior that reaches the data.");
  }
  let evaluations = particles;
  let [power, logEvidence, variance, done] = [0, 0, 0, 0];
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
    // In an order of their own: copies of a point stand side by side, and chains start from the first points.
    const order = random.fork("order").fork(stage).permutation(particles);
    points = Array.from(order, (i) => points[i]);
    heights = Float64Array.from(order, (i) => heights[i]);
    const walkers = new Walkers(logLikelihood, points, heights, random.fork("moves").fork(stage));
    const sweeps = MOVES_A_STAGE + 2 * dimension;
    for (let sweep = 0; sweep < sweeps; sweep++) {
      walkers.move(power);
      yield { done, total: 11, evaluations: evaluations + walkers.evaluations };
    }
    evaluations += walkers.evaluations;
    // A guess: powers grow by like factors.
    done = Math.sqrt(Math.sqrt(power));
  }
  return { points, heights, logEvidence, logEvidenceError: Math.sqrt(variance), evaluations };
}

const MOVES_A_STAGE = 8;

/** Points that move. */
class Walkers {
  readonly points: readonly Float64Array[];
  /** Likelihoods computed. */
  evaluations = 0;
  readonly #heights: Float64Array;
  readonly #logLikelihood: (point: Float64Array) => number;
  readonly #random: Random;
  #archive: readonly Float64Array[] | undefined;
  #proposal: GaussianProposal | undefined;
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

  /** Takes points near the posterior, which stay where they are: differences of these, not of the other half, and ellipses of their Gaussian. */
  learn(archive: readonly Float64Array[]): void {
    this.#archive = archive;
    this.#proposal = new GaussianProposal(
      archive.flatMap((point) => Array.from(point)),
      this.#trial.length,
    );
  }

  /** Moves every point once along a difference, towards prior · likelihood^power. */
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
        const pool = this.#archive ?? points;
        const [start, end] = this.#archive ? [0, pool.length] : i < half ? [half, points.length] : [0, half];
        const others = end - start;
        const a = random.integer(others);
        const b = (a + 1 + random.integer(others - 1)) % others;
        const [from, to] = [pool[start + a], pool[start + b]];
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
      const height = this.#heightOf(this.#trial);
      if (!(height > -Infinity)) continue;
      const gain = priorChange + power * (height - this.#heights[i]);
      // A point of no likelihood at all leaves by the first step to one that has some.
      if (this.#heights[i] === -Infinity || gain >= 0 || log(random.uniform()) < gain) {
        point.set(this.#trial);
        this.#heights[i] = height;
      }
    }
  }

  /** Moves every point once by an elliptical slice, towards prior · likelihood: see `ellipticalSlice`. */
  slice(): void {
    const ellipse = new Ellipse(this.#random, this.#trial.length, this.#proposal);
    this.points.forEach((point, i) => {
      ellipse.begin(this.#heights[i], point, 0);
      // So often shrunk, the ellipse is the point itself.
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        ellipse.propose(point, 0, this.#trial, 0);
        const height = this.#heightOf(this.#trial);
        if (height + ellipse.ratio(this.#trial, 0) >= ellipse.threshold) {
          point.set(this.#trial);
          this.#heights[i] = height;
          return;
        }
        ellipse.shrink();
      }
    });
  }

  #heightOf(point: Float64Array): number {
    this.evaluations++;
    return this.#logLikelihood(point);
  }
}

const MOST_TRIES = 200;
