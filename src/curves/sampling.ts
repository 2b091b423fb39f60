/** New curves out of noise: by any of the samplers, under a condition, and as wished. */

import { checkChoice, checkCount, checkKind, checkOptions, checkWithin, LONGEST } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import {
  adamsBashforth2Sampler,
  ancestralSampler,
  churnSampler,
  type Denoiser,
  dpmSolver2MSampler,
  eulerSampler,
  finish,
  heunSampler,
  midpointSampler,
  type Progress,
  rungeKutta4Sampler,
  type Sampler,
  type Sampling,
  uniformGrid,
} from "../diffusion/index.ts";
import { retold } from "../diffusion/progress.ts";
import { normal } from "../tensor/construction.ts";
import { checkFinite, given } from "./check.ts";
import { conditionedDenoiser } from "./conditions.ts";
import { checkModel, denoiserOf, featuresOf, type Model, networkOf } from "./model.ts";
import { CONDITIONS, type Condition, type NetworkName, SAMPLERS, type SamplerName } from "./names.ts";
import { type CurveWishes, WISHES, wishingDenoiser } from "./wishes.ts";

/** How curves are sampled. */
export interface SamplerChoice {
  /** Default: that of {@link defaultSampling}. */
  readonly sampler?: SamplerName | undefined;
  /** Steps from noise to curve; default: those of {@link defaultSampling}. */
  readonly steps?: number | undefined;
  /** Where noise comes from: the stream "samples" forked from it, so that the same `random` gives the same curves again. */
  readonly random: Random;
}

/** Settings of {@link sampleCurves}. */
export interface SamplingOptions extends SamplerChoice {
  /** How many curves; default 1000. */
  readonly count?: number | undefined;
  /** The galaxies that are wanted; default: any, as in the data. */
  readonly condition?: Condition | undefined;
  /** How much the condition counts: 1 (default) as in the data, more exaggerates it. */
  readonly guidance?: number | undefined;
  /** What is wished of the curves, which the model was never trained for; default: nothing. */
  readonly wishes?: CurveWishes | undefined;
  /** Multiplies the tolerances of the wishes; default 1. */
  readonly tolerance?: number | undefined;
  /** How many threads share the work, with the same bits for any number; default 1. Samples that follow wishes have one. */
  readonly threads?: number | undefined;
}

/** How far a sampling is, and what it has. */
export interface SamplingProgress extends Progress {
  /** The curves so far, km/s at the model's radii: a copy of the list, made when it is read. */
  readonly curves: readonly Float64Array[];
}

/**
 * Samples curves, some hundred with each step. The first ones are the same for every count.
 *
 * @returns curves in km/s at the model's radii
 * @throws ArgumentError, at the call itself, for a condition or a wish that the model cannot follow, and settings that make no sense;
 *   later, for a velocity that is no finite number
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const training = { network: "residual", conditions: ["disc-mass"], batches: 20, random } as const;
 * const { model } = finish(trainModel(galaxies, training));
 * const options = { count: 3, condition: { "disc-mass": 10.5 }, wishes: { flat: 10 }, random };
 * const curves = finish(sampleCurves(model, options)); // flat beyond 10 kpc, discs of 10^10.5 solar masses
 */
export function sampleCurves(
  model: Model,
  options: SamplingOptions,
): Generator<SamplingProgress, readonly Float64Array[], void> {
  const { denoiser, sampler, noise } = prepare("sampleCurves", model, options);
  return inBatches(model, denoiser, sampler, noise, options.count ?? 1000, batchOf(model, options));
}

/** A step of curves on their way from noise, km/s at the model's radii. */
export interface CurvesStep extends Progress {
  /** The share of noise in the state, from 1 down. */
  readonly t: number;
  /** What the step starts from: noise at first. */
  readonly state: readonly Float64Array[];
  /** The clean curves that the network guesses behind it. */
  readonly prediction: readonly Float64Array[];
}

/**
 * The way of curves from noise, one step of the sampler at a time: what {@link sampleCurves} does with as many curves, watched. States
 * are given as curves of their own; those of the residual network are smooth, since its noise is one of principal components.
 *
 * @param options.count how many; default 5
 * @returns the curves of {@link sampleCurves}
 * @throws ArgumentError as {@link sampleCurves}
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * for (const { done, t, state, prediction } of samplingSteps(model, { count: 2, steps: 10, random })) {
 *   console.log(done, t, state[0][49], prediction[0][49]);
 * }
 */
export function samplingSteps(
  model: Model,
  options: SamplingOptions,
): Generator<CurvesStep, readonly Float64Array[], void> {
  const { denoiser, sampler, noise } = prepare("samplingSteps", model, options);
  const { steps = defaultSampling(model).steps } = options;
  return inSteps(model, sampler(denoiser, normal([options.count ?? 5, featuresOf(model)], noise)), steps);
}

function* inSteps(
  { standardization }: Model,
  sampling: Sampling,
  steps: number,
): Generator<CurvesStep, readonly Float64Array[], void> {
  const end = yield* retold(sampling, ({ step, t, state, prediction }) => ({
    done: step,
    total: steps,
    t,
    state: standardization.invert(state),
    prediction: standardization.invert(prediction),
  }));
  return standardization.invert(end);
}

/** All that sampling needs, checked. */
function prepare(
  where: string,
  model: Model,
  options: SamplingOptions,
): { readonly denoiser: Denoiser; readonly sampler: Sampler; readonly noise: Random } {
  checkOptions(where, options ?? {}, [
    ...["count", "sampler", "steps", "condition", "guidance", "wishes", "tolerance", "threads", "random"],
  ]);
  checkModel(where, model);
  const { count = 1, guidance, tolerance, threads = 1, random } = options ?? {};
  checkRandom(where, random);
  checkCount(where, "count", count, 1, LONGEST);
  checkCount(where, "threads", threads);
  checkOptions(`${where}.condition`, options.condition, CONDITIONS);
  checkOptions(`${where}.wishes`, options.wishes, WISHES);
  const [condition, wishes] = [given(options.condition ?? {}), given(options.wishes ?? {})];
  if (guidance !== undefined) checkWithin(where, "guidance", guidance, { least: 0 });
  const isConditioned = Object.keys(condition).length > 0;
  const isWished = Object.keys(wishes).length > 0;
  for (const [name, value, hasPartner, missing, example] of [
    ["guidance", guidance, isConditioned, "a condition", 'condition: { "disc-mass": 10.5 }'],
    ["tolerance", tolerance, isWished, "wishes", "wishes: { flat: 10 }"],
  ] as const) {
    if (value === undefined || hasPartner) continue;
    throw new ArgumentError(where, `without ${missing}, ${name} does nothing`, `add one, such as ${example}`);
  }
  const plain = isConditioned
    ? conditionedDenoiser(model, condition, guidance ?? 1, threads)
    : denoiserOf(model, threads);
  const denoiser = isWished ? wishingDenoiser(plain, model, wishes, tolerance) : plain;
  return { denoiser, sampler: samplerOf(where, model, options), noise: samplingNoise(random) };
}

function* inBatches(
  model: Model,
  denoiser: Denoiser,
  sampler: Sampler,
  noise: Random,
  count: number,
  size: number,
): Generator<SamplingProgress, readonly Float64Array[], void> {
  const curves: Float64Array[] = [];
  while (curves.length < count) {
    const start = normal([Math.min(size, count - curves.length), featuresOf(model)], noise);
    const batch = model.standardization.invert(finish(sampler(denoiser, start)));
    checkFinite("sampleCurves", batch);
    curves.push(...batch);
    const done = curves.length;
    // What is held stays as it was. The list only grows, so a copy can wait until somebody reads it.
    yield {
      done,
      total: count,
      get curves() {
        return curves.slice(0, done);
      },
    };
  }
  return curves;
}

/**
 * The sampler and the steps that suit a model's network: the post's 31 steps of Euler's method, and 16 of Adams and Bashforth's for the
 * residual network, which cost a quarter of 31 of Heun's and score as well (docs/scores.md).
 */
export function defaultSampling(model: Pick<Model, "network">): {
  readonly sampler: SamplerName;
  readonly steps: number;
} {
  checkKind("defaultSampling", "model", model, "object", "pass what readModel returned.");
  checkKind(
    "defaultSampling",
    "the model's network",
    model.network,
    "object",
    "pass what readModel returned.",
  );
  return DEFAULTS[networkOf(model)];
}

const DEFAULTS = {
  autoencoder: { sampler: "euler", steps: 31 },
  residual: { sampler: "adams-bashforth", steps: 16 },
} as const satisfies Record<NetworkName, object>;

/** The sampler along an even grid, with a stream of its own for the noise that it may add on the way. */
function samplerOf(where: string, model: Model, options: SamplerChoice): Sampler {
  const own = defaultSampling(model);
  const { sampler = own.sampler, steps = own.steps, random } = options;
  checkChoice(where, "sampler", sampler, SAMPLERS);
  checkCount(where, "steps", steps);
  checkRandom(where, random);
  const settings = { grid: uniformGrid(steps), random: samplingNoise(random).fork("steps") };
  return (denoiser, start) => SAMPLER_FUNCTIONS[sampler](denoiser, start, settings);
}

/** The samplers by their names. */
export const SAMPLER_FUNCTIONS: Readonly<Record<SamplerName, Sampler>> = {
  euler: eulerSampler,
  heun: heunSampler,
  midpoint: midpointSampler,
  "adams-bashforth": adamsBashforth2Sampler,
  "dpm-solver": dpmSolver2MSampler,
  "runge-kutta": rungeKutta4Sampler,
  ddpm: ancestralSampler,
  churn: churnSampler,
};

/** The stream that all samples start from. */
function samplingNoise(random: Random): Random {
  return random.fork("samples");
}

/**
 * Curves sampled together. Even, since normal numbers are drawn in pairs: a row then starts at the same draw
 * whatever the count. Of these sizes a batch takes some 10 to 50 ms, so that Ctrl-C is heard soon.
 */
const BATCHES: Readonly<Record<NetworkName, number>> = { autoencoder: 1024, residual: 128 };

/** Threads share larger batches: of 128 rows, each would get too few. A sampler that draws noise on its way draws it batch by batch. */
function batchOf(model: Model, { sampler, wishes = {}, threads = 1 }: SamplingOptions): number {
  const size = BATCHES[networkOf(model)];
  const isAlone = sampler === "ddpm" || sampler === "churn" || Object.keys(given(wishes)).length > 0;
  return threads > 1 && !isAlone ? Math.max(size, SHARED_BATCH) : size;
}

const SHARED_BATCH = 512;
