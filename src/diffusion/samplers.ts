/**
 * Samplers: from noise to data, along a grid of times, following a denoiser's guess of the clean data. Each is a free
 * function of the same form, so that one can stand in for another, and a generator of its steps: a caller may watch
 * them, pause between two, or stop.
 *
 * The deterministic ones solve the flow dx/dt = α′(t) x̂₀ + σ′(t) ε̂ with ε̂ = (x − α x̂₀)/σ, whose end has the
 * distribution of the data. They do so on the straight path: with y = x/(α + σ) and τ = σ/(α + σ) the flow of every
 * schedule is dy/dτ = ε̂ − x̂₀ = (y − x̂₀)/τ, as smooth as the denoiser, whatever the schedule does at its ends.
 */

import { noGrad } from "../autograd/tape.ts";
import { checkOptions, describeNumber, describeValue, isList } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { log } from "../kernels/math.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { isTensor } from "../ops/operands.ts";
import { normal } from "../ops/random.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkDenoiser, checkSchedule } from "./check.ts";
import type { Denoiser } from "./denoiser.ts";
import { checkGrid, uniformGrid } from "./grid.ts";
import {
  linearSchedule,
  type NoiseSchedule,
  noiseShareAt,
  type ScheduleValues,
  scheduleAt,
  timeOfNoiseShare,
} from "./schedule.ts";

/** What a sampler yields at each step, after the denoiser has seen the state that the step starts from. */
export interface SamplerStep {
  /** 0, 1, …: how many steps were taken before. */
  readonly step: number;
  /** The time of the state. */
  readonly t: number;
  /** The state that the denoiser saw. [batch, features] */
  readonly state: Tensor;
  /** Its guess of the clean data. [batch, features] */
  readonly prediction: Tensor;
}

/** Settings that samplers share. */
export interface SamplerOptions {
  /** Times from 1 (noise) down to 0 (data). Default: `uniformGrid(31)`. */
  readonly grid?: readonly number[];
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
  /** Where samplers that add noise on the way take it from; the others need none. */
  readonly random?: Random;
}

/** The steps of a sampler, one after the other. Returns the samples, [batch, features]. */
export type Sampling = Generator<SamplerStep, Tensor, void>;

/**
 * From noise to data: yields each step, and returns the samples. {@link finish} drives it to its end.
 *
 * @param start standard normal noise, [batch, features]
 */
export type Sampler<Options extends SamplerOptions = SamplerOptions> = (
  denoiser: Denoiser,
  start: Tensor,
  options?: Options,
) => Sampling;

/**
 * Euler's method on the straight path, ε̂ held fixed over each step (DDIM: Song, Meng & Ermon 2021, arXiv:2010.02502):
 * from t to s, x ← α(s) x̂₀ + σ(s) ε̂. First order; one evaluation a step.
 *
 * With the linear schedule and an even grid of N steps this is x ← (1 − m) x + m x̂₀ with m = 1/(N − i), the
 * reference post's sampler.
 *
 * @param start standard normal noise, [batch, features]
 * @returns its steps; they return the samples, [batch, features]
 * @throws ArgumentError and ShapeError for what makes no sense: of the call at once, of a denoiser when it is asked
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * const sampling = eulerSampler(denoiser, normal([4, 1], new Random(1)), { grid: uniformGrid(3) });
 * for (const { step, t, state, prediction } of sampling) console.log(step, t, state, prediction);
 */
export function eulerSampler(denoiser: Denoiser, start: Tensor, options: SamplerOptions = {}): Sampling {
  checkCall("eulerSampler", denoiser, start, options);
  return walk("eulerSampler", denoiser, start, options, ({ state, prediction, now, next }) => {
    const keep = next.sigma / now.sigma;
    return linearCombination(keep, state, next.alpha - now.alpha * keep, prediction);
  });
}

/** Settings of `ancestralSampler`. */
export interface AncestralOptions extends SamplerOptions {
  /** η of DDIM: 1 (default) adds the noise of DDPM, 0 none, which is `eulerSampler`. */
  readonly stochasticity?: number;
}

/**
 * DDPM's ancestral sampling (Ho, Jain & Abbeel 2020, arXiv:2006.11239): each state is drawn given the last one and
 * the guess, x ~ q(x_s | x_t, x̂₀). Part of the noise is replaced by new one, so that errors of early steps fade; for
 * few steps that noise is itself an error of first order. One evaluation a step; needs `random`.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * const random = new Random(1);
 * finish(ancestralSampler(denoiser, normal([4, 1], random), { random, stochasticity: 0.5 }));
 */
export function ancestralSampler(
  denoiser: Denoiser,
  start: Tensor,
  options: AncestralOptions = {},
): Sampling {
  checkCall("ancestralSampler", denoiser, start, options, ["stochasticity"]);
  const { stochasticity = 1 } = options;
  if (!(Number.isFinite(stochasticity) && stochasticity >= 0 && stochasticity <= 1)) {
    throw new ArgumentError(
      "ancestralSampler",
      `stochasticity is ${describeNumber(stochasticity)}; it must be from 0 to 1.`,
    );
  }
  const fresh = freshNoise("ancestralSampler", start, options);
  return walk("ancestralSampler", denoiser, start, options, ({ step, state, prediction, now, next }) => {
    const weights = ancestralWeights(now, next, stochasticity);
    const mean = linearCombination(weights.state, state, weights.prediction, prediction);
    return weights.noise === 0 ? mean : linearCombination(1, mean, weights.noise, fresh(step));
  });
}

/**
 * The weights of state, guess and new noise in an ancestral step: α(s) x̂₀ + √(σ(s)² − ς²) ε̂ + ς z. For η = 1, ς² is the
 * variance of q(x_s | x_t, x₀), σ(s)² (1 − ρ²) with ρ the ratio of the two signal-to-noise ratios α/σ.
 */
export function ancestralWeights(
  now: ScheduleValues,
  next: ScheduleValues,
  stochasticity: number,
): { readonly state: number; readonly prediction: number; readonly noise: number } {
  const ratio = (now.alpha * next.sigma) / (next.alpha * now.sigma);
  const replaced = stochasticity * Math.sqrt(Math.max(0, 1 - ratio * ratio));
  const keep = (next.sigma * Math.sqrt(1 - replaced * replaced)) / now.sigma;
  return { state: keep, prediction: next.alpha - now.alpha * keep, noise: next.sigma * replaced };
}

/**
 * Heun's method: an Euler step, then the mean of the slopes at both ends. Second order; two evaluations a step.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * finish(heunSampler(denoiser, tensor([[1], [-1]]), { grid: uniformGrid(10) })); // tensor([[2.9999], [1.0001]])
 */
export function heunSampler(denoiser: Denoiser, start: Tensor, options: SamplerOptions = {}): Sampling {
  checkCall("heunSampler", denoiser, start, options);
  return rungeKutta("heunSampler", denoiser, start, options, HEUN, MIDPOINT);
}

/**
 * The midpoint method: the slope in the middle of the step. Second order; two evaluations a step.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * finish(midpointSampler(denoiser, tensor([[1], [-1]]), { grid: uniformGrid(10) })); // tensor([[2.9999], [1.0001]])
 */
export function midpointSampler(denoiser: Denoiser, start: Tensor, options: SamplerOptions = {}): Sampling {
  checkCall("midpointSampler", denoiser, start, options);
  return rungeKutta("midpointSampler", denoiser, start, options, MIDPOINT, MIDPOINT);
}

/**
 * The classical method of Runge and Kutta. Fourth order; four evaluations a step, three in the last.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * finish(rungeKutta4Sampler(denoiser, tensor([[1], [-1]]), { grid: uniformGrid(10) })); // tensor([[3.0000], [1.0000]])
 */
export function rungeKutta4Sampler(
  denoiser: Denoiser,
  start: Tensor,
  options: SamplerOptions = {},
): Sampling {
  checkCall("rungeKutta4Sampler", denoiser, start, options);
  return rungeKutta("rungeKutta4Sampler", denoiser, start, options, RUNGE_KUTTA_4, HEUN_3);
}

/**
 * The two-step method of Adams and Bashforth: the slope, extrapolated to the middle of the step from this and the
 * last one. Second order with one evaluation a step; the first step is Euler's.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * finish(adamsBashforth2Sampler(denoiser, tensor([[1], [-1]]), { grid: uniformGrid(10) })); // tensor([[2.9931], [1.0069]])
 */
export function adamsBashforth2Sampler(
  denoiser: Denoiser,
  start: Tensor,
  options: SamplerOptions = {},
): Sampling {
  checkCall("adamsBashforth2Sampler", denoiser, start, options);
  let last: { readonly slope: Tensor; readonly step: number } | undefined;
  return walkStraight(
    "adamsBashforth2Sampler",
    denoiser,
    start,
    options,
    ({ y, share, nextShare, slope }) => {
      const step = nextShare - share;
      const weight = last === undefined ? 0 : step / (2 * last.step);
      const moved = linearCombination(1, y, step * (1 + weight), slope);
      const end = last === undefined ? moved : linearCombination(1, moved, -step * weight, last.slope);
      last = { slope, step };
      return end;
    },
  );
}

/**
 * DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095, algorithm 2): x and noise are integrated exactly, and the
 * guess, the only part that has to be approximated, is extrapolated in λ = ln(α/σ) from this and the last one.
 * Second order with one evaluation a step.
 *
 * The first and the last step, infinite in λ, take the guess as it is. Steps even in λ suit it best. With the ends of
 * {@link logarithmicGrid} these two steps are of the same size however many there are between: the order is two until the error of the
 * ends is reached (4e-5 of a mixture of normals, at 300 steps), and stays there; `{ least: 1e-5, greatest: 1e5 }` lowers that, and takes
 * more steps to get there. On an even grid of times the steps next to the data stay long in λ: the error falls as (ln n/n)², which looks
 * like the order 1.8, and {@link adamsBashforth2Sampler} is more accurate.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * finish(dpmSolver2MSampler(denoiser, tensor([[1], [-1]]), { grid: logarithmicGrid(20) })); // tensor([[3.0169], [0.9831]])
 */
export function dpmSolver2MSampler(
  denoiser: Denoiser,
  start: Tensor,
  options: SamplerOptions = {},
): Sampling {
  checkCall("dpmSolver2MSampler", denoiser, start, options);
  let last: { readonly prediction: Tensor; readonly values: ScheduleValues } | undefined;
  return walk("dpmSolver2MSampler", denoiser, start, options, ({ state, prediction, now, next }) => {
    const weight = last === undefined ? 0 : extrapolation(last.values, now, next);
    const guess =
      last === undefined || weight === 0
        ? prediction
        : linearCombination(1 + weight, prediction, -weight, last.prediction);
    last = { prediction, values: now };
    const keep = next.sigma / now.sigma;
    return linearCombination(keep, state, next.alpha - now.alpha * keep, guess);
  });
}

/** How much of the last change of the guess is to come again, halfway into the step. */
function extrapolation(last: ScheduleValues, now: ScheduleValues, next: ScheduleValues): number {
  // From pure noise on, the last step was infinite in λ: nothing can be told from it.
  if (last.alpha < 1e-12 * last.sigma || next.sigma === 0) return 0;
  const logRatio = ({ alpha, sigma }: ScheduleValues): number => log(alpha / sigma);
  return (logRatio(next) - logRatio(now)) / (2 * (logRatio(now) - logRatio(last)));
}

/** Settings of `churnSampler`, named in the source S_churn, S_min, S_max and S_noise. */
export interface ChurnOptions extends SamplerOptions {
  /** How much noise is added in all: σ/α grows by the factor 1 + min(churn/steps, √2 − 1) before a step. Default 40. */
  readonly churn?: number;
  /** The range of σ/α in which noise is added; default [0.05, 50]. */
  readonly range?: readonly [least: number, greatest: number];
  /** Standard deviation of the noise that is added; default 1. */
  readonly noiseScale?: number;
}

/**
 * Heun's method with churn (Karras et al. 2022, arXiv:2206.00364, algorithm 2): before each step some noise is
 * added, which the step then takes away together with errors made so far. Two evaluations a step; needs `random`.
 *
 * @example
 * const denoiser = new GaussianModel([2], [[1]]).denoiser();
 * const random = new Random(1);
 * finish(churnSampler(denoiser, normal([4, 1], random), { random, churn: 10 }));
 */
export function churnSampler(denoiser: Denoiser, start: Tensor, options: ChurnOptions = {}): Sampling {
  checkCall("churnSampler", denoiser, start, options, ["churn", "range", "noiseScale"]);
  const { churn = 40, range = [0.05, 50], noiseScale = 1, grid = uniformGrid(31) } = options;
  const isRange = isList(range) && range.length === 2;
  const areNumbers = isRange && [churn, noiseScale, ...range].every((value) => typeof value === "number");
  if (
    !(
      areNumbers &&
      churn >= 0 &&
      range[0] >= 0 &&
      range[1] >= range[0] &&
      noiseScale >= 0 &&
      noiseScale < Infinity
    )
  ) {
    const told = isRange ? `[${Array.from(range, describeNumber).join(", ")}]` : describeValue(range);
    throw new ArgumentError(
      "churnSampler",
      `got churn ${describeNumber(churn)}, range ${told}, noiseScale ${describeNumber(noiseScale)}; none may be negative, and the range must grow.`,
    );
  }
  const fresh = freshNoise("churnSampler", start, options);
  const growth = 1 + Math.min(churn / (grid.length - 1), Math.SQRT2 - 1);
  const stir = (y: Tensor, share: number, step: number): StraightState => {
    const ratio = share / (1 - share);
    if (!(ratio >= range[0] && ratio <= range[1]) || growth === 1) return { y, share };
    // In units of the data x/α the noise grows from σ/α to growth · σ/α; 1 − τ is α/(α + σ).
    const grown = growth * ratio;
    const newShare = grown / (1 + grown);
    const added = noiseScale * Math.sqrt(grown * grown - ratio * ratio);
    const shrink = (1 - newShare) / (1 - share);
    return { y: linearCombination(shrink, y, (1 - newShare) * added, fresh(step)), share: newShare };
  };
  return rungeKutta("churnSampler", denoiser, start, options, HEUN, MIDPOINT, stir);
}

/** What a step on the path of the schedule is given. */
interface PathStep {
  readonly step: number;
  readonly state: Tensor;
  readonly prediction: Tensor;
  readonly now: ScheduleValues;
  readonly next: ScheduleValues;
}

/** The loop of samplers that see the denoiser once a step, on the states of the schedule itself. */
function* walk(
  where: string,
  denoiser: Denoiser,
  start: Tensor,
  { grid = uniformGrid(31), schedule = linearSchedule }: SamplerOptions,
  advance: (step: PathStep) => Tensor,
): Sampling {
  let state = start;
  for (let step = 0; step + 1 < grid.length; step++) {
    const t = grid[step];
    const prediction = noGrad(() => guessOf(where, denoiser, state, t));
    yield { step, t, state, prediction };
    const [now, next] = [scheduleAt(schedule, t), scheduleAt(schedule, grid[step + 1])];
    state = noGrad(() => advance({ step, state, prediction, now, next }));
  }
  return state;
}

/** A state on the straight path, y = (1 − τ) x₀ + τ ε, and its share of noise τ. */
interface StraightState {
  readonly y: Tensor;
  readonly share: number;
}

interface StraightStep extends StraightState {
  readonly nextShare: number;
  /** dy/dτ at the start of the step. */
  readonly slope: Tensor;
  /** dy/dτ anywhere else but at τ = 0. */
  readonly slopeAt: (y: Tensor, share: number) => Tensor;
}

/** The loop of samplers on the straight path. `prepare` may change the state before a step. */
function* walkStraight(
  where: string,
  denoiser: Denoiser,
  start: Tensor,
  { grid = uniformGrid(31), schedule = linearSchedule }: SamplerOptions,
  advance: (step: StraightStep) => Tensor,
  prepare: (y: Tensor, share: number, step: number) => StraightState = (y, share) => ({ y, share }),
): Sampling {
  const sizeAt = (t: number): number => {
    if (schedule === linearSchedule) return 1; // (1 − t) + t may round
    const { alpha, sigma } = scheduleAt(schedule, t);
    return alpha + sigma;
  };
  const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : x.mul(factor));
  let y = noGrad(() => scaled(start, 1 / sizeAt(grid[0])));
  for (let step = 0; step + 1 < grid.length; step++) {
    const guessAt = (y: Tensor, share: number) => {
      const t = share === shareAt(schedule, grid[step]) ? grid[step] : timeOfNoiseShare(schedule, share);
      const state = scaled(y, sizeAt(t));
      const prediction = guessOf(where, denoiser, state, t);
      return { t, state, prediction, slope: linearCombination(1 / share, y, -1 / share, prediction) };
    };
    const prepared = noGrad(() => prepare(y, shareAt(schedule, grid[step]), step));
    const { slope, ...guess } = noGrad(() => guessAt(prepared.y, prepared.share));
    yield { step, ...guess };
    const nextShare = shareAt(schedule, grid[step + 1]);
    const slopeAt = (y: Tensor, share: number): Tensor => guessAt(y, share).slope;
    y = noGrad(() => advance({ ...prepared, nextShare, slope, slopeAt }));
  }
  return noGrad(() => scaled(y, sizeAt(grid[grid.length - 1])));
}

function shareAt(schedule: NoiseSchedule, t: number): number {
  return schedule === linearSchedule ? t : noiseShareAt(schedule, t);
}

/** An explicit Runge–Kutta method: what each stage takes of the slopes before it, and the weights of all slopes. */
interface Tableau {
  readonly stages: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

const MIDPOINT: Tableau = { stages: [[], [1 / 2]], weights: [0, 1] };
const HEUN: Tableau = { stages: [[], [1]], weights: [1 / 2, 1 / 2] };
/** Heun's method of third order, which does not look at the end of the step. */
const HEUN_3: Tableau = { stages: [[], [1 / 3], [0, 2 / 3]], weights: [1 / 4, 0, 3 / 4] };
const RUNGE_KUTTA_4: Tableau = {
  stages: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
};

/**
 * @param last the method of a step that ends at τ = 0, where the slope (y − x̂₀)/τ is 0/0: one that does not look
 *   there. One order less would do, since the error of a single step is of one order more than that of all together
 */
function rungeKutta(
  where: string,
  denoiser: Denoiser,
  start: Tensor,
  options: SamplerOptions,
  method: Tableau,
  last: Tableau,
  prepare?: (y: Tensor, share: number, step: number) => StraightState,
): Sampling {
  const advance = ({ y, share, nextShare, slope, slopeAt }: StraightStep): Tensor => {
    const { stages, weights } = nextShare === 0 ? last : method;
    const step = nextShare - share;
    const slopes = [slope];
    const moved = (shares: readonly number[]): Tensor =>
      shares.reduce((at, part, i) => (part === 0 ? at : linearCombination(1, at, step * part, slopes[i])), y);
    for (const stage of stages.slice(1)) {
      const node = stage.reduce((sum, part) => sum + part, 0);
      slopes.push(slopeAt(moved(stage), node === 1 ? nextShare : share + step * node));
    }
    return moved(weights);
  };
  return walkStraight(where, denoiser, start, options, advance, prepare);
}

/**
 * Standard normal noise for a step, in the shape and dtype of the state. Each step has a stream of its own, so that
 * the first rows of a batch get the same noise whatever the size of the batch.
 */
function freshNoise(where: string, like: Tensor, { random }: SamplerOptions): (step: number) => Tensor {
  checkRandom(where, random);
  const [stream] = random.split(1);
  return (step) => {
    const noise = normal(like.shape, stream.fork(step));
    return like.dtype === "float32" ? noise : noise.to(like.dtype);
  };
}

/** @throws ArgumentError for what is missing, of another kind, or an option that does not exist */
function checkCall(
  where: string,
  denoiser: Denoiser,
  start: Tensor,
  options: SamplerOptions,
  own: readonly string[] = [],
): void {
  checkOptions(where, options, ["grid", "schedule", "random", ...own]);
  checkDenoiser(where, denoiser);
  if (!isTensor(start)) {
    throw new ArgumentError(
      where,
      `starts from a tensor of noise; got ${describeValue(start)}.`,
      "draw normal([10, 50], random).",
    );
  }
  if (options.grid !== undefined) checkGrid(where, options.grid);
  if (options.schedule !== undefined) checkSchedule(where, options.schedule);
  if (options.random !== undefined) checkRandom(where, options.random);
}

/** The denoiser's guess. @throws ShapeError when it is none */
function guessOf(where: string, denoiser: Denoiser, x: Tensor, t: number): Tensor {
  const guess = denoiser(x, t);
  if (isTensor(guess) && sameShape(guess.shape, x.shape)) return guess;
  throw new ShapeError(
    where,
    `the denoiser returned ${describeValue(guess)} for ${showShape(x.shape)}: a guess has the shape of the state.`,
    "return a tensor of the shape of x.",
  );
}
