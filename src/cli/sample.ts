/** `halograd sample`: curves that a model invents, out of noise. */

import { normal } from "../autograd/tensor.ts";
import { denoiserFor } from "../curves/conditions.ts";
import { denoiserOf, featuresOf, type Model, readModel } from "../curves/model.ts";
import { samplerOf } from "../curves/sampling.ts";
import {
  describeWishes,
  guidedFigure,
  measureWishes,
  readWishes,
  wishingDenoiser,
} from "../curves/wishes.ts";
import { type Denoiser, finish, uniformGrid } from "../diffusion/index.ts";
import { formatCsv } from "../io/index.ts";
import { ArgumentError } from "../tensor/errors.ts";
import { Random } from "../tensor/random.ts";
import type { Request } from "./condition-names.ts";
import type { Context, Outcome } from "./context.ts";
import type { Guide } from "./guide-names.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";
import type { SamplerName } from "./sampler-names.ts";

/** Sampled curves, km/s. */
export interface Samples {
  readonly curves: readonly Float64Array[];
  /** False when it was stopped before the last one. */
  readonly complete: boolean;
}

/** Of samples with wishes. */
const GUIDED_FIGURE = "guided.svg";

/** The files of a sampling. */
export const SAMPLE_FILES: readonly string[] = ["samples.csv", GUIDED_FIGURE];

/** Curves in that figure, with the wishes and without. */
const SHOWN = 40;

/** The values of the command's options. */
export interface SampleOptions {
  readonly model: string;
  readonly count: number;
  /** Default: the network's. */
  readonly sampler: SamplerName | undefined;
  readonly steps: number;
  /** What is wanted of the galaxies. */
  readonly condition: Request;
  /** The weight of the condition; default 1. */
  readonly guidance: number | undefined;
  /** What is wished of the curves. */
  readonly guide: Guide;
  /** Multiplies the tolerances of the wishes; default 1. */
  readonly tolerance: number | undefined;
  /** Default: the model's. */
  readonly seed: number | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export async function sample(values: SampleOptions, context: Context): Promise<Outcome> {
  const model = readModel(values.model);
  const { count, sampler, steps, seed = model.training.seed, condition, guidance, tolerance = 1 } = values;
  const isAsked = Object.keys(condition).length > 0;
  if (guidance !== undefined && !isAsked) {
    throw new ArgumentError(
      "--guidance",
      "without a --condition there is nothing to guide by",
      "add one, such as --condition disc-mass=10.5",
    );
  }
  const isWished = Object.keys(values.guide).length > 0;
  if (values.tolerance !== undefined && !isWished) {
    throw new ArgumentError(
      "--tolerance",
      "without a --guide there is no wish",
      "add one, such as --guide flat=10",
    );
  }
  const plain = isAsked ? denoiserFor(model, values.model, condition, guidance ?? 1) : denoiserOf(model);
  const wishes = isWished ? readWishes(model, values.model, values.guide) : undefined;
  const denoiser = wishes === undefined ? plain : wishingDenoiser(plain, model, wishes, tolerance);
  const output = new OutputFolder(values.out, { names: SAMPLE_FILES, force: values.force });
  const settings = { sampler, steps, seed };
  const samples = await sampleCurves(model, { ...settings, denoiser, count }, context);
  const { curves } = samples;
  if (curves.length > 0) output.write(sampleFiles(model, samples));
  const measured = wishes && curves.length > 0 ? measureWishes(wishes, curves, tolerance) : undefined;
  let complete = samples.complete;
  if (wishes !== undefined && measured !== undefined) {
    for (const line of describeWishes(wishes, measured, tolerance)) context.terminal.say(line);
    const shown = Math.min(SHOWN, curves.length);
    const without = await sampleCurves(model, { ...settings, denoiser: plain, count: shown }, context);
    const drawn = (): string => guidedFigure(model, wishes, without.curves, curves.slice(0, shown));
    if (without.complete) output.write([[GUIDED_FIGURE, drawn()]]);
    else complete = false;
  }
  tellOutcome(context, output, complete);
  return {
    complete,
    result: {
      ...output.result(),
      seed,
      samples: samples.curves.length,
      steps,
      ...(isAsked && { condition, guidance: guidance ?? 1 }),
      ...(measured && { wishes: measured, tolerance }),
    },
  };
}

/** Samples curves a few at a time, so that the first ones are the same whatever the count. */
export async function sampleCurves(
  model: Model,
  options: {
    /** Default: the model's own, told nothing. */
    readonly denoiser?: Denoiser;
    readonly count: number;
    readonly sampler: SamplerName | undefined;
    readonly steps: number;
    readonly seed: number;
    /** For the progress bar, where several models sample in turn. */
    readonly name?: string;
  },
  { terminal, interruption }: Context,
): Promise<Samples> {
  const { count, steps, seed, name } = options;
  const random = samplingNoise(seed);
  const sampler = samplerOf(model, options);
  const { denoiser = denoiserOf(model) } = options;
  const grid = uniformGrid(steps);
  const curves: Float64Array[] = [];
  const progress = terminal.progress(name === undefined ? "sampling" : `sampling ${name}`, count);
  while (curves.length < count && !(await interruption.breathe())) {
    const start = normal([Math.min(BATCH, count - curves.length), featuresOf(model)], random);
    const end = finish(sampler(denoiser, start, { grid }));
    const batch = model.standardization.invert(end);
    requireFinite("sampling", batch);
    curves.push(...batch);
    progress.update(curves.length, `${curves.length} of ${count}`);
  }
  progress.end();
  return { curves, complete: curves.length === count };
}

/**
 * Refuses curves from a network that went astray.
 *
 * @throws ArgumentError for a velocity that is no finite number
 */
export function requireFinite(where: string, curves: readonly Float64Array[]): void {
  if (curves.every((curve) => curve.every(Number.isFinite))) return;
  throw new ArgumentError(
    where,
    "a velocity that the network gives is no finite number",
    "train it for more epochs, or on more curves",
  );
}

/** The stream that all samples start from. */
export function samplingNoise(seed: number): Random {
  return new Random(seed).fork("samples");
}

/** The table of samples. */
export function sampleFiles({ radii }: Model, { curves }: Samples): OutputFile[] {
  return [["samples.csv", formatCsv(radii, curves)]];
}

/**
 * Curves sampled together. Even, since normal numbers are drawn in pairs: a row then starts at the same draw
 * whatever the count. Of this size a batch of 31 steps takes some 20 ms, so that Ctrl-C is heard soon.
 */
const BATCH = 128;
