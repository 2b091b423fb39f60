/** `halograd evaluate` and `halograd compare`: how well files of curves, and curves that models sample, pass for real ones. */

import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FormatError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import {
  compareCurves,
  defaultSampling,
  formatScore,
  type Model,
  type NamedCurves,
  type SamplerName,
  type ScoreProgress,
  type ScoreRow,
  SIGNIFICANCE,
  titleOf,
  verdict,
} from "../curves/index.ts";
import { digestOf } from "../curves/model.ts";
import { FEWEST_CURVES } from "../curves/scores.ts";
import { formatName } from "../io/csv.ts";
import type { Curves } from "../io/index.ts";
import { oneLine } from "../node/terminal.ts";
import { scoresFigure } from "../plot/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readCurves, readModelFile } from "./input.ts";
import { OutputFolder, tellOutcome } from "./output.ts";
import type { Sources } from "./provenance.ts";
import { prepareSampling } from "./sample.ts";

/** The values of the commands' options. */
export interface EvaluateOptions {
  readonly baseline: string | undefined;
  readonly training: string | undefined;
  readonly count: number;
  readonly seed: number;
  /** Default: nothing is written. */
  readonly out: string | undefined;
  readonly force: boolean;
}

/** Both commands: one set of samples or many, each against the real curves. */
export function evaluate(values: EvaluateOptions, context: Context, files: readonly string[]): Outcome {
  const { terminal } = context;
  const inputs = readInputs(files, values, context.sources);
  const output =
    values.out === undefined
      ? undefined
      : new OutputFolder(values.out, {
          names: SCORE_FILES,
          sources: context.sources,
          force: values.force,
        });
  const samples = sampleInputs(inputs, context);
  const scored = samples && scoreInputs(inputs, samples, values.seed, context);
  if (samples === undefined || scored === undefined || scored.rows.length === 0) {
    terminal.print(`Stopped by ${context.interruption.reason}, before there was a score of any samples.`);
    return { complete: false, result: {} };
  }
  const { rows, sets, complete } = scored;
  const names = samples.slice(0, sets).map(({ name }) => name);
  for (const line of scoreTable(rows, names)) terminal.say(line);
  terminal.say(`\n${describeBaseline(inputs, values)}`);
  const result = {
    real: files[0],
    curves: inputs.size,
    baseline: values.baseline ?? null,
    baselineCurves: baselineSize(inputs),
    seed: values.seed,
    samples: inputs.fakes.slice(0, sets).map(({ file, model }, i) => ({
      file,
      ...(model !== undefined && { sampled: settingsOf(model) }),
      scores: scoresResult(rows, i),
    })),
  };
  if (output === undefined) {
    if (!complete) terminal.print(`Stopped by ${context.interruption.reason}: these are the scores so far.`);
    return { complete, result };
  }
  output.write([
    ["scores.svg", drawScores(rows, names)],
    ["scores.csv", scoresCsv(rows, names)],
    ["scores.json", `${JSON.stringify(result, null, 2)}\n`],
  ]);
  tellOutcome(context, output, complete);
  return { complete, result: { ...output.result(), ...result } };
}

/** The scores of one of the sets, as `--json` tells them. */
export function scoresResult(rows: readonly ScoreRow[], set: number): Record<string, unknown>[] {
  return rows.map(({ score, baseline, values }) => ({
    score: score.title,
    unit: score.unit === "" ? null : score.unit,
    value: values[set].value,
    pValue: values[set].pValue,
    baseline,
    toldApart: values[set].pValue < SIGNIFICANCE,
  }));
}

/** The files of a comparison. */
const SCORE_FILES: readonly string[] = ["scores.svg", "scores.csv", "scores.json"];

/** A row for each score of each set of samples. */
function scoresCsv(rows: readonly ScoreRow[], names: readonly string[]): string {
  const lines = rows.flatMap(({ score, baseline, values }) =>
    values.map(({ value, pValue }, i) => {
      const words = [names[i], score.title, score.unit].map(formatName);
      return [...words, value, baseline, pValue, pValue < SIGNIFICANCE ? 1 : 0].join();
    }),
  );
  return `${["samples,score,unit,value,baseline,p_value,told_apart", ...lines].join("\n")}\n`;
}

/** The figure of the scores. */
function drawScores(rows: readonly ScoreRow[], names: readonly string[]): string {
  return scoresFigure({
    sets: names,
    significance: SIGNIFICANCE,
    scores: rows.map(({ score, baseline, values }) => ({
      title: titleOf(score),
      baseline,
      decimals: score.decimals,
      worse: score.worse,
      values: values.map(({ value }) => value),
      apart: values.map(({ pValue }) => pValue < SIGNIFICANCE),
    })),
  });
}

/** A set of samples: curves of a file, or a model that is to sample them. */
interface FakeInput {
  /** As the user gave it. */
  readonly file: string;
  readonly curves?: readonly Float64Array[];
  readonly model?: Model;
}

/** What a comparison starts from. */
interface Inputs {
  readonly real: Curves;
  readonly fakes: readonly FakeInput[];
  readonly fresh: readonly Float64Array[] | undefined;
  readonly known: readonly Float64Array[] | undefined;
  /** Curves of each set. */
  readonly size: number;
}

/** Reads and checks all files, before the first curve is sampled. */
function readInputs(
  [realFile, ...fakeFiles]: readonly string[],
  { baseline, training, count }: EvaluateOptions,
  sources: Sources,
): Inputs {
  const real = readSet(realFile, sources);
  const read = (file: string): readonly Float64Array[] =>
    readSet(file, sources, { like: real, likeFile: realFile }).curves;
  const fakes = fakeFiles.map((file): FakeInput => {
    const modelFile = modelFileOf(file);
    if (modelFile === undefined) return { file, curves: read(file) };
    const { model } = readModelFile(modelFile, sources);
    requireSameRadii(modelFile, model.radii, realFile, real.radii);
    if (model.training.data === digestOf(real)) {
      const problem = `${modelFile} was trained on these curves, so that they are no test of it`;
      throw new FormatError(realFile, problem, "give fresh ones: halograd generate --seed 100 --out fresh");
    }
    return { file, model };
  });
  const fresh = baseline === undefined ? undefined : read(baseline);
  const known = training === undefined ? undefined : read(training);
  const lists = [real.curves, ...fakes.map(({ curves }) => curves), fresh];
  const size = lists.reduce((least, list) => Math.min(least, list?.length ?? least), count);
  return { real, fakes, fresh, known, size };
}

/** The model that a file or the folder of a run holds; undefined for a table of curves. */
function modelFileOf(file: string): string | undefined {
  if (file.endsWith(".safetensors")) return file;
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const model = join(file, "model.safetensors");
  if (existsSync(model)) return model;
  const curves = ["samples.csv", "curves.csv"]
    .map((name) => join(file, name))
    .find((name) => existsSync(name));
  throw new FormatError(
    file,
    "this folder holds no model.safetensors that could sample",
    curves === undefined ? "give a folder of halograd run or train, or a file of curves" : `give ${curves}`,
  );
}

/** Samples as halograd sample does unless told otherwise. */
function settingsOf(model: Model): { sampler: SamplerName; steps: number; seed: number | bigint } {
  return { ...defaultSampling(model), seed: model.training.seed };
}

/** The sets, those of models sampled; undefined when that was stopped before the last of them. */
function sampleInputs({ fakes, size }: Inputs, context: Context): NamedCurves[] | undefined {
  const names = shortNames(fakes.map(({ file }) => file));
  const sets: NamedCurves[] = [];
  for (const [i, { curves = [], model }] of fakes.entries()) {
    if (model === undefined) {
      sets.push({ name: names[i], curves });
      continue;
    }
    const { seed, ...settings } = settingsOf(model);
    const options = { ...settings, count: size, random: new Random(seed) };
    const samples = prepareSampling(model, options, names[i])(context);
    if (!samples.complete) return undefined;
    sets.push({ name: names[i], curves: samples.curves });
  }
  return sets;
}

function scoreInputs(
  { real, fresh: baseline, known: training, size }: Inputs,
  samples: readonly NamedCurves[],
  seed: number,
  context: Context,
): Scored | undefined {
  const { radii, curves } = real;
  const random = new Random(seed);
  const sets = { radii, real: curves, samples, baseline, training, count: size };
  return followScores(compareCurves({ ...sets, random }), context);
}

/** Scores, of all sets or, after an interruption, of the first. */
interface Scored {
  readonly rows: readonly ScoreRow[];
  readonly sets: number;
  readonly complete: boolean;
}

/** Scores with a progress bar; undefined when stopped before the first. */
export function followScores(
  work: Generator<ScoreProgress, ScoreRow[], void>,
  context: Context,
): Scored | undefined {
  const { result: rows, last } = follow(work, "scoring", ({ step }) => [step], context);
  if (rows === undefined) return last && { ...last.sofar, complete: false };
  return { rows, sets: rows[0]?.values.length ?? 0, complete: true };
}

/** The names of files without their folders, or of a model its folder, where they differ; else as given. */
function shortNames(files: readonly string[]): string[] {
  const names = files.map((file) => {
    const isModel = basename(file) === "model.safetensors";
    return basename(isModel ? dirname(resolve(file)) : resolve(file)).replace(/\.(csv|safetensors)$/, "");
  });
  return (new Set(names).size === names.length ? names : files).map(oneLine);
}

function readSet(
  file: string,
  sources: Sources,
  same?: { readonly like: Curves; readonly likeFile: string },
): Curves {
  const curves = readCurves(file, sources);
  if (same !== undefined) requireSameRadii(file, curves.radii, same.likeFile, same.like.radii);
  const least = same === undefined ? 2 * FEWEST_CURVES : FEWEST_CURVES;
  if (curves.curves.length >= least) return curves;
  throw new FormatError(
    file,
    `it holds ${curves.curves.length} curves, but scores need ${least} or more`,
    same === undefined ? "give more real curves: halves of them are compared too" : "sample more curves",
  );
}

/** As files print them: rounded radii are the same ones. */
function requireSameRadii(file: string, radii: Float64Array, likeFile: string, like: Float64Array): void {
  const fix = "compare curves at the same radii; halograd info lists them";
  if (radii.length !== like.length)
    throw new FormatError(file, `it has ${radii.length} radii, but ${likeFile} has ${like.length}`, fix);
  const odd = radii.findIndex((radius, i) => Math.abs(radius - like[i]) > 1e-3 * like[i]);
  if (odd < 0) return;
  throw new FormatError(file, `radius ${odd + 1} is ${radii[odd]} kpc, but ${like[odd]} in ${likeFile}`, fix);
}

/** Lines of the table: one set with its p-values in words, many side by side. */
export function scoreTable(rows: readonly ScoreRow[], names: readonly string[]): string[] {
  const one = names.length === 1;
  const head = ["score", ...(one ? ["value", "baseline", "p", ""] : ["baseline", ...names])];
  const cells = rows.map(({ score, baseline, values }) => {
    const shown = values.map(({ value }) => formatScore(score, value));
    const base = formatScore(score, baseline);
    if (one) return [titleOf(score), shown[0], base, values[0].pValue.toFixed(3), verdict(score, values[0])];
    return [
      titleOf(score),
      base,
      ...shown.map((text, i) => text + (values[i].pValue < SIGNIFICANCE ? "*" : " ")),
    ];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...cells].map((row) => row[i].length)));
  const left = (i: number): boolean => i === 0 || (one && i === 4);
  return [head, ...cells].map((row) =>
    row
      .map((cell, i) => (left(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd(),
  );
}

/** Curves of each of the two sets of the baseline. */
function baselineSize({ real, fresh, size }: Inputs): number {
  return fresh === undefined ? Math.min(size, Math.floor(real.curves.length / 2)) : size;
}

function describeBaseline(inputs: Inputs, { baseline: file }: EvaluateOptions): string {
  const sizes = `${inputs.size} curves of each file`;
  const what =
    file === undefined
      ? `two halves of the real curves, ${baselineSize(inputs)} each`
      : `${baselineSize(inputs)} curves of ${oneLine(file)} against the real ones`;
  const star =
    inputs.fakes.length > 1 ? `; * told apart (p < ${SIGNIFICANCE})` : `; told apart: p < ${SIGNIFICANCE}`;
  return `${sizes}; baseline: ${what}${star}`;
}
