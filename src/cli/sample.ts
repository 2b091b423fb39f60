/** `halograd sample`: curves that a model invents, out of noise. */

import { Random } from "../basics/random.ts";
import {
  type Condition,
  type CurveWishes,
  defaultSampling,
  type Model,
  measureWishes,
  type NetworkName,
  type SamplerName,
  type SamplingOptions,
  sampleCurves,
} from "../curves/index.ts";
import { networkOf } from "../curves/model.ts";
import { formatCsv, parseObservations } from "../io/index.ts";
import { sourceOf } from "../node/files.ts";
import { wishesFigure } from "../plot/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readModelFile } from "./input.ts";
import {
  type CurveFormat,
  curveArrays,
  inFloat32,
  type OutputFile,
  OutputFolder,
  tellOutcome,
} from "./output.ts";
import type { Sources } from "./provenance.ts";
import { threadsFor } from "./threads.ts";

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
  readonly steps: number | undefined;
  /** What is wanted of the galaxies. */
  readonly condition: Condition;
  /** The weight of the condition; default 1. */
  readonly guidance: number | undefined;
  /** The wishes that guide the samples. */
  readonly guide: GuideOption;
  /** Multiplies the tolerances of the wishes; default 1. */
  readonly tolerance: number | undefined;
  /** Default: by the size of the work. */
  readonly threads: number | undefined;
  /** Default: the model's. */
  readonly seed: number | undefined;
  readonly format: CurveFormat;
  readonly out: string;
  readonly force: boolean;
}

/** Wishes as --guide takes them: radii in kpc, and a file of points. */
export interface GuideOption extends Omit<CurveWishes, "points"> {
  readonly points?: string;
}

/** The command. */
export function sample(values: SampleOptions, context: Context): Outcome {
  const { sources } = context;
  const { model, described } = readModelFile(values.model, sources);
  const { count, sampler, steps = defaultSampling(model).steps, seed = model.training.seed } = values;
  const { condition, guidance, guide, tolerance } = values;
  sources.seed = seed;
  const wishes = readWishes(guide, sources);
  const { threads } = values;
  const plain = { sampler, steps, condition, guidance, threads, random: new Random(seed) };
  const start = prepareSampling(model, { ...plain, count, wishes, tolerance });
  const { format } = values;
  const names = format === "csv" ? SAMPLE_FILES : [`samples.${format}`, GUIDED_FIGURE];
  const output = new OutputFolder(values.out, { names, sources, force: values.force });
  const samples = start(context);
  const { curves } = samples;
  if (curves.length > 0 && format === "csv") output.write(sampleFiles(model, samples));
  if (curves.length > 0 && format !== "csv") {
    const single = curves.map((curve) => Float32Array.from(curve));
    output.write([[names[0], curveArrays(format, model.radii, single, sources.origin())]]);
  }
  let complete = samples.complete;
  const isWished = Object.keys(wishes).length > 0 && curves.length > 0;
  const measured = (isWished ? measureWishes(model.radii, curves, wishes, tolerance) : []).map(
    ({ wish, medianOff }) => ({ wish: `${wish}=${guide[wish]}`, medianOff }),
  );
  if (isWished) {
    for (const one of measured) context.terminal.say(describeWish(one, tolerance));
    const shown = Math.min(SHOWN, curves.length);
    const without = prepareSampling(model, { ...plain, count: shown })(context);
    complete &&= without.complete;
    if (without.complete) {
      const names = measured.map(({ wish }) => wish);
      const drawn = { plain: without.curves, guided: curves.slice(0, shown), wishes: names };
      output.write([[GUIDED_FIGURE, wishesFigure({ radii: model.radii, ...wishes, ...drawn })]]);
    }
  }
  tellOutcome(context, output, complete);
  return {
    complete,
    result: {
      ...output.result(),
      model: described,
      seed,
      samples: curves.length,
      steps,
      ...(Object.keys(condition).length > 0 && { condition, guidance: guidance ?? 1 }),
      ...(isWished && { wishes: measured, tolerance: tolerance ?? 1 }),
    },
  };
}

/** The wishes of the command line, the points out of their file. */
function readWishes({ points, ...wishes }: GuideOption, sources: Sources): CurveWishes {
  return points === undefined
    ? wishes
    : { ...wishes, points: parseObservations(sources.text(points), sourceOf(points)) };
}

/** Checks everything, and returns what samples. @param name for the progress bar, where several models sample in turn */
export function prepareSampling(
  model: Model,
  options: SamplingOptions & { readonly count: number },
  name?: string,
): (context: Context) => Samples {
  const { count } = options;
  const threads = threadsFor(options.threads, count >= LARGE[networkOf(model)]);
  const work = sampleCurves(model, { ...options, threads });
  const title = name === undefined ? "sampling" : `sampling ${name}`;
  return (context) => {
    const { last } = follow(work, title, ({ done }) => [`${done} of ${count}`], context);
    return { curves: inFloat32(last?.curves ?? []), complete: last?.done === count };
  };
}

/** From so many curves on, some seconds of work, threads are worth their start. */
const LARGE: Readonly<Record<NetworkName, number>> = { autoencoder: 50_000, residual: 2000 };

/** The table of samples. */
export function sampleFiles({ radii }: Model, { curves }: Samples): OutputFile[] {
  return [["samples.csv", formatCsv(radii, curves)]];
}

/** A line of what came of a wish. */
function describeWish({ wish, medianOff }: { wish: string; medianOff: number }, times = 1): string {
  const tolerance = wish.startsWith("flat")
    ? `${short(times)} % rms about the mean of ln v`
    : wish.startsWith("peak")
      ? `${short(10 * times)} % of the radius`
      : `${times === 1 ? "" : `${short(times)} times `}the error of a point`;
  const far = medianOff > FAR ? ": the model knows hardly any curve like that" : "";
  return `${wish}: off by ${medianOff.toFixed(2)} tolerances in the median (one is ${tolerance})${far}`;
}

/** Tolerances beyond which half the samples are not what was wished. */
const FAR = 3;

const short = (value: number): string => String(Number(value.toPrecision(3)));
