/**
 * Posterior sampling through a deterministic sampler. Such a sampler is a map from a latent z ~ N(0, I), the noise that
 * it starts from, to data; so what is known of the data is a likelihood of z, and the prior of z is a standard normal.
 */

import {
  checkArray,
  checkCount,
  checkKind,
  checkList,
  checkNumber,
  checkNumbers,
  checkOptions,
  describeNumber,
  describeValue,
  isList,
  LONGEST,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { cholesky } from "../kernels/cholesky.ts";
import { cos, exp, log, log10, sin } from "../kernels/math.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkStates } from "./check.ts";
import { retold } from "./progress.ts";

/**
 * ln of the likelihood of rows of latents, up to a constant; −∞ where it is zero.
 *
 * @param latents [rows, features], float32
 * @param chains the chain that each row belongs to, [rows]: chains may have likelihoods of their own
 * @returns one number for each row
 */
export type LogLikelihood = (latents: Tensor, chains: Uint32Array) => ArrayLike<number>;

/** Settings of {@link ellipticalSlice}. */
export interface EllipticalSliceOptions {
  /** Where directions and heights come from; each chain has a stream of its own. */
  readonly random: Random;
  /** How many states each chain goes on to; default 100. */
  readonly transitions?: number;
  /**
   * A Gaussian near the posterior of each chain, [chains]: ellipses are drawn from it, and its density is taken out of what
   * is asked of a state (Nishihara, Murray & Adams 2014, JMLR 15, 2087). The posterior stays the same for any; a good one
   * saves chains whose data tell much from creeping. Default: the prior.
   */
  readonly proposals?: readonly GaussianProposal[];
}

/**
 * A Gaussian that stands in for a posterior: N(mean, factor · factorᵀ).
 *
 * @example
 * const proposal = new GaussianProposal([0, 0, 1, 2, 2, 1, 3, 3], 2); // of four points
 * console.log([...proposal.mean]); // [1.5, 1.5]
 * console.log(proposal.logPriorRatio([1, 1], 0).toFixed(3)); // -0.935
 */
export class GaussianProposal {
  /** [features] */
  readonly mean: Float64Array;
  /** Lower triangle, rows, [features][features] */
  readonly factor: readonly Float64Array[];
  /** Kept from call to call, since chains ask for a ratio with each likelihood. */
  readonly #solved: Float64Array;

  /**
   * The Gaussian of points, a little wider than they are.
   *
   * With few points, variances of some directions come out far too small. The correlations are therefore shrunk
   * towards none by the share (features/points)², and all deviations widened by a fifth: elliptical slices are slowed
   * down by a proposal that is too wide, but stick in tails that reach beyond one that is too narrow.
   *
   * @param points [count, features] row by row
   * @throws ArgumentError for fewer than two points
   */
  constructor(points: ArrayLike<number>, features: number) {
    checkNumbers("GaussianProposal", "points", points);
    checkCount("GaussianProposal", "features", features);
    const count = points.length / features;
    checkCount("GaussianProposal", "the number of points", count, 2);
    const mean = new Float64Array(features);
    for (let i = 0; i < points.length; i++) mean[i % features] += points[i] / count;
    const keep = 1 - Math.min(1, (features / count) * (features / count));
    const covariance = Array.from({ length: features }, (_, i) =>
      Float64Array.from({ length: i + 1 }, (_, j) => {
        let sum = 0;
        for (let at = 0; at < points.length; at += features) {
          sum += (points[at + i] - mean[i]) * (points[at + j] - mean[j]);
        }
        return ((i === j ? 1 : keep) * WIDENING * WIDENING * sum) / (count - 1) + (i === j ? 1e-10 : 0);
      }),
    );
    this.mean = mean;
    this.#solved = new Float64Array(features);
    const factor = cholesky(covariance);
    if (factor === undefined)
      throw new ArgumentError("GaussianProposal", "the points are too large for their squares to be finite.");
    this.factor = factor;
  }

  /** |L⁻¹ (x − mean)|²/2 − |x|²/2 of the row at `offset`: ln of the prior over the proposal, up to a constant. */
  logPriorRatio(x: ArrayLike<number>, offset: number): number {
    if (!(isList(x) && x.length >= offset + this.mean.length)) {
      const problem = `takes a row of ${this.mean.length} numbers from an offset on; got ${describeValue(x)}.`;
      throw new ArgumentError("GaussianProposal.logPriorRatio", problem);
    }
    const [mean, factor, solved] = [this.mean, this.factor, this.#solved];
    let sum = 0;
    for (let i = 0; i < mean.length; i++) {
      const [row, value] = [factor[i], x[offset + i]];
      let rest = value - mean[i];
      for (let j = 0; j < i; j++) rest -= row[j] * solved[j];
      solved[i] = rest / row[i];
      sum += solved[i] * solved[i] - value * value;
    }
    return sum / 2;
  }
}

const WIDENING = 1.2;

/** How far {@link ellipticalSlice} has come. */
export interface PosteriorProgress {
  /** Transitions that were done, of all chains together. */
  readonly transitions: number;
  /** Times that a row was given to the likelihood. */
  readonly evaluations: number;
  /** Of {@link temperedPosterior}: how much of all is done, from 0 to 1, as far as it can be told. */
  readonly share?: number;
  /** Of the posterior itself: the states of the transitions that all chains have done, as of {@link PosteriorChains}. */
  readonly states?: readonly Float32Array[];
}

/** What {@link ellipticalSlice} found. */
export interface PosteriorChains {
  /** The states after each transition, float32 [chains, features] row by row. */
  readonly states: readonly Float32Array[];
  /** ln of their likelihoods, [transitions][chains]. */
  readonly logLikelihoods: readonly Float64Array[];
  /** Times that a row was given to the likelihood. */
  readonly evaluations: number;
}

/**
 * Elliptical slice sampling (Murray, Adams & MacKay 2010, arXiv:1001.0175) of p(z) ∝ N(z; 0, I) · likelihood(z): each
 * transition draws a direction from the prior and a height below the likelihood of the state, and looks on the ellipse
 * through both for a state above that height, nearer and nearer to where it stands. It leaves the posterior as it is,
 * whatever the likelihood, and has nothing to tune.
 *
 * Chains are rows of one batch. A chain goes on as soon as it has found its next state, so that each call of the
 * likelihood has a row for every chain that is not at its end yet.
 *
 * A generator: it yields before each call of the likelihood, where a caller can show progress, or stop by `return()`.
 *
 * @param start where chains start, [chains, features]; from the prior, or nearer, from {@link importanceResample}
 * @throws ArgumentError where the likelihood of a start is zero, or NaN; ShapeError for a start that is no [chains, features]
 * @example
 * const random = new Random(1);
 * const likelihood = (z: Tensor) => z.sub(1).square().sum(1).mul(-0.5).toArray() as number[];
 * const chains = finish(ellipticalSlice(likelihood, normal([8, 2], random), { random, transitions: 50 }));
 * chains.states.length // 50; their mean is near 1/2
 */
export function* ellipticalSlice(
  logLikelihood: LogLikelihood,
  start: Tensor,
  options: EllipticalSliceOptions,
): Generator<PosteriorProgress, PosteriorChains> {
  checkOptions("ellipticalSlice", options, ["random", "transitions", "proposals"]);
  const { random, transitions = 100, proposals } = options ?? {};
  checkKind("ellipticalSlice", "logLikelihood", logLikelihood, "function");
  checkRandom("ellipticalSlice", random);
  checkCount("ellipticalSlice", "transitions", transitions);
  if (!isTensor(start) || start.rank !== 2 || start.size === 0) {
    throw new ShapeError(
      "ellipticalSlice",
      `starts from latents as [chains, features]; got ${describeValue(start)}.`,
      "draw normal([16, features], random).",
    );
  }
  const [count, features] = start.shape;
  if (proposals !== undefined) checkProposals(proposals, count, features);
  const states = Float32Array.from(start.toTypedArray());
  const everyone = Uint32Array.from({ length: count }, (_, chain) => chain);
  const evaluate = (latents: Float32Array, chains: Uint32Array): ArrayLike<number> => {
    const values = logLikelihood(tensor(latents, [chains.length, features]), chains);
    checkList("ellipticalSlice", "the likelihood's result", values, "return a number for each row.");
    if (values.length === chains.length) return values;
    throw new ShapeError(
      "ellipticalSlice",
      `the likelihood returned ${values.length} numbers for ${chains.length} rows.`,
    );
  };
  const heights = Float64Array.from(evaluate(states.slice(), everyone));
  const lost = heights.findIndex((height) => !(height > -Infinity));
  if (lost >= 0) {
    throw new ArgumentError(
      "ellipticalSlice",
      `ln of the likelihood at the start of chain ${lost} is ${heights[lost]}: there is no way from there.`,
      "start where the data are possible: importanceResample of many draws of the prior finds such places.",
    );
  }
  const history = Array.from({ length: transitions }, () => new Float32Array(count * features));
  const heightHistory = Array.from({ length: transitions }, () => new Float64Array(count));
  const done = new Uint32Array(count);
  const ellipses = Array.from(
    { length: count },
    (_, chain) => new Ellipse(random.fork(chain), features, proposals?.[chain]),
  );
  let [evaluations, total] = [count, 0];
  let active = everyone;
  ellipses.forEach((ellipse, chain) => {
    ellipse.begin(heights[chain], states, chain * features);
  });
  while (active.length > 0) {
    yield {
      transitions: total,
      evaluations,
      // The list only grows, so it is looked up when it is read.
      get states() {
        return history.slice(0, Math.min(...done));
      },
    };
    const proposals = new Float32Array(active.length * features);
    active.forEach((chain, row) => {
      ellipses[chain].propose(states, chain * features, proposals, row * features);
    });
    const values = evaluate(proposals, active);
    evaluations += active.length;
    active.forEach((chain, row) => {
      const ellipse = ellipses[chain];
      // Not >: a height that rounds to that of the state must not leave the state itself without a way out.
      if (!(values[row] + ellipse.ratio(proposals, row * features) >= ellipse.threshold)) {
        ellipse.shrink();
        return;
      }
      states.set(proposals.subarray(row * features, (row + 1) * features), chain * features);
      heights[chain] = values[row];
      const transition = done[chain]++;
      history[transition].set(states.subarray(chain * features, (chain + 1) * features), chain * features);
      heightHistory[transition][chain] = heights[chain];
      total++;
      ellipse.begin(heights[chain], states, chain * features);
    });
    active = active.filter((chain) => done[chain] < transitions);
  }
  return { states: history, logLikelihoods: heightHistory, evaluations };
}

/** @throws ArgumentError unless there is one of so many features for each chain */
function checkProposals(proposals: readonly GaussianProposal[], chains: number, features: number): void {
  checkArray("ellipticalSlice", "proposals", proposals, "GaussianProposal");
  const wrong = Array.from(proposals).findIndex(
    (one) => !(one instanceof GaussianProposal && one.mean.length === features),
  );
  if (wrong < 0 && proposals.length === chains) return;
  throw new ArgumentError(
    "ellipticalSlice",
    wrong < 0
      ? `there are ${proposals.length} proposals for ${chains} chains.`
      : `proposals[${wrong}] is ${describeValue(proposals[wrong])}, no GaussianProposal of ${features} features.`,
    "give one for each chain.",
  );
}

/** Where states are kept, row by row. */
type States = Float32Array | Float64Array;

/** The ellipse that a chain looks for its next state on, and the part of it that is left. */
export class Ellipse {
  threshold = 0;
  readonly #random: Random;
  readonly #proposal: GaussianProposal | undefined;
  readonly #direction: Float64Array;
  #angle = 0;
  #least = 0;
  #greatest = 0;

  constructor(random: Random, features: number, proposal: GaussianProposal | undefined) {
    this.#random = random;
    this.#proposal = proposal;
    this.#direction = new Float64Array(features);
  }

  /** A new ellipse, and a height below that of the state. */
  begin(height: number, states: States, from: number): void {
    const [direction, factor] = [this.#direction, this.#proposal?.factor];
    this.#random.fillNormal(direction);
    if (factor !== undefined) {
      // From the last row up, each needs only numbers that are still to be replaced.
      for (let i = direction.length - 1; i >= 0; i--) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += factor[i][j] * direction[j];
        direction[i] = sum;
      }
    }
    this.threshold = height + this.ratio(states, from) + log(1 - this.#random.uniform());
    this.#angle = this.#random.uniform(0, 2 * Math.PI);
    this.#least = this.#angle - 2 * Math.PI;
    this.#greatest = this.#angle;
  }

  /** What a height gains by the ellipses not coming from the prior. */
  ratio(rows: States, from: number): number {
    return this.#proposal?.logPriorRatio(rows, from) ?? 0;
  }

  /** mean + (state − mean) · cos θ + direction · sin θ. */
  propose(states: States, from: number, out: States, to: number): void {
    const [c, s] = [cos(this.#angle), sin(this.#angle)];
    const [direction, mean] = [this.#direction, this.#proposal?.mean];
    for (let i = 0; i < direction.length; i++) {
      const middle = mean?.[i] ?? 0;
      out[to + i] = middle + (states[from + i] - middle) * c + direction[i] * s;
    }
  }

  /** Leaves out what lies beyond the angle that failed: θ = 0, the state itself, is always kept. */
  shrink(): void {
    if (this.#angle < 0) this.#least = this.#angle;
    else this.#greatest = this.#angle;
    this.#angle = this.#random.uniform(this.#least, this.#greatest);
  }
}

/** Settings of {@link temperedPosterior}. */
export interface TemperedOptions {
  /** Where all that is random comes from. */
  readonly random: Random;
  /** Draws of the prior, [draws, features]. */
  readonly bank: Tensor;
  /** ln of the likelihoods of the bank, a row for each posterior, [posteriors][draws]. */
  readonly bankLogLikelihoods: readonly ArrayLike<number>[];
  /** Chains for each posterior; default 32. */
  readonly chains?: number;
  /** States of each chain of the posterior itself; default 24. */
  readonly transitions?: number;
}

/**
 * Samples several posteriors at once. Each starts as the prior and is raised to likelihood^β with β from 0 to 1, in steps
 * in which at least half the chains stay in the run (Del Moral, Doucet & Jasra 2006, J. R. Stat. Soc. B 68, 411): a first
 * step among the bank, then resampling and three transitions of {@link ellipticalSlice}, along ellipses of the Gaussian of the
 * chains. What is returned are chains at β = 1, whose proposal no longer changes.
 *
 * @param logLikelihood its rows' chains count on through the posteriors: chain c belongs to posterior ⌊c / chains⌋
 * @example
 * const random = new Random(1);
 * const logLikelihood = (z: Tensor) => z.sub(1).square().sum(1).mul(-0.5).toArray() as number[];
 * const bank = normal([1000, 2], random);
 * const options = { random, bank, bankLogLikelihoods: [logLikelihood(bank)], chains: 8 };
 * const { states } = finish(temperedPosterior(logLikelihood, options));
 * console.log(states.length, states[0].length); // 24 16
 */
export function* temperedPosterior(
  logLikelihood: LogLikelihood,
  options: TemperedOptions,
): Generator<PosteriorProgress, PosteriorChains> {
  const where = "temperedPosterior";
  checkOptions(where, options ?? {}, ["random", "bank", "bankLogLikelihoods", "chains", "transitions"]);
  const { random, bank, bankLogLikelihoods, chains = 32, transitions = 24 } = options ?? {};
  checkKind(where, "logLikelihood", logLikelihood, "function");
  checkRandom(where, random);
  checkStates(where, "bank", bank);
  checkArray(where, "bankLogLikelihoods", bankLogLikelihoods, "rows, one for each posterior");
  for (const [p, heights] of bankLogLikelihoods.entries()) {
    checkList(where, `bankLogLikelihoods[${p}]`, heights);
    const odd = Array.from(heights).findIndex((height) => typeof height !== "number");
    if (odd >= 0) checkNumber(where, `bankLogLikelihoods[${p}][${odd}]`, heights[odd]);
    if (heights.length === bank.shape[0]) continue;
    const problem = `bankLogLikelihoods[${p}] has ${heights.length} numbers for ${bank.shape[0]} draws of the bank.`;
    throw new ShapeError(where, problem, "give one for each draw.");
  }
  checkCount(where, "chains", chains, 2);
  checkCount(where, "transitions", transitions);
  const [posteriors, features] = [bankLogLikelihoods.length, bank.shape[1]];
  const bankValues = bank.toTypedArray();
  const size = chains * features;
  const states = new Float32Array(posteriors * size);
  const powers = new Float64Array(posteriors);
  bankLogLikelihoods.forEach((heights, p) => {
    powers[p] = nextPower(heights, 0, Math.min(4 * chains, heights.length / 2));
    const weights = Float64Array.from(heights, (height) => scaled(powers[p], height));
    const { rows } = importanceResample(weights, chains, random.fork("bank").fork(p));
    rows.forEach((row, c) => {
      const latent = bankValues.subarray(row * features, (row + 1) * features);
      states.set(latent as Float32Array, p * size + c * features);
    });
  });
  const proposals = Array.from(
    { length: posteriors },
    (_, p) => new GaussianProposal(states.subarray(p * size, (p + 1) * size), features),
  );
  let evaluations = 0;
  // Those that have not gone along at their full power yet, which makes their last proposal.
  let active = Array.from({ length: posteriors }, (_, p) => p);
  for (let stage = 0; ; stage++) {
    const isLast = active.length === 0;
    if (isLast) active = Array.from({ length: posteriors }, (_, p) => p);
    const own = active;
    const posteriorOf = (chain: number): number => own[Math.floor(chain / chains)];
    const start = new Float32Array(own.length * size);
    own.forEach((p, place) => {
      start.set(states.subarray(p * size, (p + 1) * size), place * size);
    });
    const steps = ellipticalSlice(
      (latents, rows) => {
        const values = logLikelihood(
          latents,
          rows.map((chain) => posteriorOf(chain) * chains + (chain % chains)),
        );
        return Float64Array.from(rows, (chain, row) => scaled(powers[posteriorOf(chain)], values[row]));
      },
      tensor(start, [own.length * chains, features]),
      {
        random: random.fork("stages").fork(stage),
        transitions: isLast ? transitions : STAGE_TRANSITIONS,
        proposals: Array.from({ length: own.length * chains }, (_, chain) => proposals[posteriorOf(chain)]),
      },
    );
    const result = yield* retold(steps, (sofar): PosteriorProgress => {
      const { transitions: done } = sofar;
      return {
        transitions: done,
        evaluations: evaluations + sofar.evaluations,
        // A guess: the last part takes about as long as all before it.
        share: isLast ? 0.5 + done / (2 * posteriors * chains * transitions) : settledShare(powers) / 2,
        get states() {
          return isLast ? (sofar.states ?? []) : [];
        },
      };
    });
    evaluations += result.evaluations;
    if (isLast) return { ...result, evaluations };
    own.forEach((p, place) => {
      const points = new Float32Array((result.states.length - 1) * size);
      result.states.slice(1).forEach((all, i) => {
        points.set(all.subarray(place * size, (place + 1) * size), i * size);
      });
      proposals[p] = new GaussianProposal(points, features);
      const last = points.subarray(points.length - size);
      const heights = result.logLikelihoods[result.logLikelihoods.length - 1];
      states.set(last, p * size);
      const power = powers[p];
      if (power === 1) {
        active = active.filter((other) => other !== p);
        return;
      }
      // The chains' heights are those of likelihood^power.
      const plain = heights.slice(place * chains, (place + 1) * chains).map((height) => height / power);
      powers[p] = nextPower(plain, power, chains / 2);
      const weights = plain.map((height) => scaled(powers[p] - power, height));
      const { rows } = importanceResample(weights, chains, random.fork("resampling").fork(stage).fork(p));
      rows.forEach((row, c) => {
        states.set(last.subarray(row * features, (row + 1) * features), p * size + c * features);
      });
    });
  }
}

/** How far the powers have come: by the fourth root, since they grow by like factors. */
function settledShare(powers: Float64Array): number {
  return powers.reduce((sum, power) => sum + Math.sqrt(Math.sqrt(power)), 0) / powers.length;
}

const STAGE_TRANSITIONS = 3;

/** The greatest power, at most 1, whose weights likelihood^(power − from) are worth `least` equal ones. */
export function nextPower(heights: ArrayLike<number>, from: number, least: number): number {
  let greatest = -Infinity;
  for (let i = 0; i < heights.length; i++) greatest = Math.max(greatest, heights[i]);
  const isEnough = (power: number): boolean => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < heights.length; i++) {
      const weight = exp((power - from) * (heights[i] - greatest));
      sum += weight;
      squares += weight * weight;
    }
    return sum * sum >= least * squares;
  };
  if (isEnough(1)) return 1;
  let [low, high] = [from, 1];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (isEnough(middle)) low = middle;
    else high = middle;
  }
  // Never stands still: bisection may end where it began.
  return Math.min(1, Math.max(low, from + 1e-9));
}

/** power · height, where 0 · −∞ would be NaN. */
function scaled(power: number, height: number): number {
  return power === 0 ? 0 : power * height;
}

/** Weights of {@link importanceResample}. */
export interface ImportanceSample {
  /** Rows that were drawn, each as often as its weight says. */
  readonly rows: Uint32Array;
  /** How many equal weights would know as much: 1/Σw² (Kish). Below some tens the draws are few points again and again. */
  readonly effectiveCount: number;
  /** ln of the mean weight: of draws of a prior, weighted by their likelihood, that of the evidence. */
  readonly logMeanWeight: number;
}

/**
 * Draws rows in proportion to their likelihood: from draws of the prior, draws of the posterior, in the limit of many.
 * Systematic resampling: with a single random number, and a row of weight w comes ⌊n w⌋ or ⌈n w⌉ times.
 *
 * @param logWeights ln of the weights, up to a constant
 * @param count how many are drawn
 * @throws ArgumentError when all weights are zero, or one is NaN
 * @example importanceResample([0, -1000], 3, new Random(1)).rows // Uint32Array [ 0, 0, 0 ]
 */
export function importanceResample(
  logWeights: ArrayLike<number>,
  count: number,
  random: Random,
): ImportanceSample {
  checkCount("importanceResample", "count", count, 1, LONGEST);
  checkRandom("importanceResample", random);
  checkList("importanceResample", "logWeights", logWeights);
  let greatest = -Infinity;
  for (let i = 0; i < logWeights.length; i++) {
    // Not Math.max, which would hide where a NaN came from.
    if (typeof logWeights[i] !== "number" || Number.isNaN(logWeights[i])) {
      throw new ArgumentError("importanceResample", `ln of weight ${i} is ${describeNumber(logWeights[i])}.`);
    }
    if (logWeights[i] > greatest) greatest = logWeights[i];
  }
  if (!(greatest > -Infinity && greatest < Infinity)) {
    throw new ArgumentError("importanceResample", "no row has a finite weight above zero.");
  }
  const weights = Float64Array.from(logWeights, (value) => exp(value - greatest));
  let [sum, squares] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  const rows = new Uint32Array(count);
  const offset = random.uniform();
  let [row, reached] = [0, weights[0]];
  for (let i = 0; i < count; i++) {
    const target = ((i + offset) / count) * sum;
    while (reached <= target && row + 1 < weights.length) reached += weights[++row];
    rows[i] = row;
  }
  return {
    rows,
    effectiveCount: (sum * sum) / squares,
    logMeanWeight: greatest + log(sum / weights.length),
  };
}

/** How well chains have mixed, of one number that they follow. */
export interface ChainDiagnostics {
  /** R̂ of half chains: close to 1 when all tell the same; above 1.05 they do not yet. */
  readonly rHat: number;
  /** How many independent draws would know the mean as well. */
  readonly effectiveCount: number;
}

/**
 * Split R̂ and effective sample size from the variances between and within chains and their autocorrelations, summed
 * by Geyer's initial monotone sequence (Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., 11.4–11.5).
 *
 * @param chains what each chain followed: all of the same length, 4 or more
 * @throws ArgumentError for fewer than four states, ShapeError for chains that differ in length
 * @example chainDiagnostics([[1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 1]]).rHat // below 1.05
 */
export function chainDiagnostics(chains: readonly ArrayLike<number>[]): ChainDiagnostics {
  checkArray("chainDiagnostics", "chains", chains, "lists of numbers");
  for (const [c, chain] of chains.entries()) checkNumbers("chainDiagnostics", `chain ${c}`, chain);
  const length = chains[0]?.length ?? 0;
  if (length < 4) {
    throw new ArgumentError("chainDiagnostics", `needs four states or more of a chain; got ${length}.`);
  }
  if (chains.some((chain) => chain.length !== length)) {
    throw new ShapeError("chainDiagnostics", "the chains differ in length.");
  }
  const { rHat, effectiveCount } = splitChains(chains);
  return { rHat, effectiveCount: effectiveCount() };
}

/** As {@link chainDiagnostics}, of chains that were checked; the effective number, which takes most of the time, where it is asked for. */
export function splitChains(chains: readonly ArrayLike<number>[]): {
  readonly rHat: number;
  effectiveCount(): number;
} {
  const { length } = chains[0];
  const half = length >> 1;
  const parts = chains.flatMap((chain) => {
    const all = Array.from(chain);
    return [all.slice(0, half), all.slice(length - half)];
  });
  const draws = parts.length * half;
  const means = parts.map(meanOf);
  const within = meanOf(parts.map((part, p) => autocovariance(part, means[p], 0) * (half / (half - 1))));
  const between = varianceOf(means);
  const pooled = ((half - 1) / half) * within + between;
  // Chains that never move have converged only if they stand at the same place.
  if (pooled === 0) return { rHat: 1, effectiveCount: () => draws };
  const correlation = (lag: number): number =>
    1 - (within - meanOf(parts.map((part, p) => autocovariance(part, means[p], lag)))) / pooled;
  return {
    rHat: Math.sqrt(pooled / within),
    effectiveCount: () => {
      let [time, last] = [-1, Infinity];
      for (let lag = 0; lag + 1 < half; lag += 2) {
        const pair = Math.min(last, correlation(lag) + correlation(lag + 1));
        if (!(pair > 0)) break;
        time += 2 * pair;
        last = pair;
      }
      // Antithetic chains can know more than as many independent draws; the bound is that of Stan.
      return Math.min(draws / Math.max(time, 1e-9), draws * log10(draws));
    },
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1);
}

/** Σ (x_i − mean)(x_{i+lag} − mean) / n. */
function autocovariance(values: readonly number[], mean: number, lag: number): number {
  let sum = 0;
  for (let i = 0; i + lag < values.length; i++) sum += (values[i] - mean) * (values[i + lag] - mean);
  return sum / values.length;
}
