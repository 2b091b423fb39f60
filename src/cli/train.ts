/** `halograd train`: the denoising network, trained on a file of curves. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { HalogradError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import {
  type ConditionName,
  type Galaxy,
  type LearningRateSchedule,
  loadTraining,
  type Model,
  type NetworkName,
  saveTraining,
  type Training,
  type TrainingData,
  trainModel,
  writeModel,
} from "../curves/index.ts";
import { networkOf } from "../curves/model.ts";
import { BATCHES } from "../curves/training.ts";
import type { GalaxyPopulation } from "../galaxy/index.ts";
import { type Curves, formatCsv } from "../io/index.ts";
import { readBytes } from "../node/files.ts";
import { oneLine } from "../node/terminal.ts";
import { lossFigure } from "../plot/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { DESCRIPTION } from "./generate.ts";
import { readCurves, readGalaxies, readPopulation } from "./input.ts";
import { CHECKPOINT, type OutputFile, OutputFolder, tellOutcome } from "./output.ts";
import { threadsFor } from "./threads.ts";
import { version } from "./version.ts";

/** The files of a training. */
export const TRAINING_FILES: readonly string[] = [CHECKPOINT, "loss.csv", "model.safetensors"];

/** The columns of loss.csv. */
export const LOSS_COLUMNS: readonly string[] = ["epoch", "train", "valid"];

/** What decides a training, besides the curves. */
export interface TrainingValues {
  readonly network: NetworkName;
  readonly seed: number;
  /** Of the autoencoder; default 2001. */
  readonly epochs: number | undefined;
  /** Of the residual network; default 6000. */
  readonly batches: number | undefined;
  /** Default: the network's. */
  readonly learningRate: number | undefined;
  /** What the residual network is conditioned on. */
  readonly conditions: readonly ConditionName[];
  /** Of the hidden layers; default: the network's. */
  readonly widths?: readonly number[] | undefined;
  /** Of the learning rate; default: the network's. */
  readonly schedule?: LearningRateSchedule | undefined;
  /** Default: by the size of the work. */
  readonly threads: number | undefined;
  /** Whether it goes on from the checkpoint in `out`, where there is one. */
  readonly resume: boolean;
  /** Seconds from one checkpoint to the next. */
  readonly checkpoint: number;
  readonly out: string;
  readonly force: boolean;
}

/** The values of the command's options. */
export interface TrainOptions extends TrainingValues {
  readonly data: string;
  /** The parameters of the galaxies; default: galaxies.csv beside the curves. */
  readonly galaxies: string | undefined;
}

/** The command. */
export function train(values: TrainOptions, context: Context): Outcome {
  const curves = readCurves(values.data, context.sources);
  const table = values.galaxies ?? join(dirname(values.data), "galaxies.csv");
  const isNeeded = values.conditions.length > 0 || values.galaxies !== undefined;
  const galaxies = isNeeded || existsSync(table) ? galaxiesOf(table, curves, isNeeded, context) : [];
  const population = galaxies.length > 0 ? descriptionBeside(table, context) : undefined;
  const data = { ...curves, galaxies, population };
  const { resumes, start } = prepareTraining(data, values, values.data, context);
  const output = new OutputFolder(values.out, {
    names: TRAINING_FILES,
    sources: context.sources,
    force: values.force,
    resumes,
    mayBeDone: values.resume,
  });
  const training = start(output);
  if (training !== undefined) output.write(trainingFiles(training));
  const complete = isComplete(training);
  if (complete) output.removeCheckpoint();
  tellOutcome(context, output, complete, wayOn(training, values.out));
  return { complete, result: { ...output.result(), ...trainingResult(training) } };
}

/** The galaxies of the curves; where nobody asked for them, a table of others is left alone. */
function galaxiesOf(table: string, curves: Curves, isNeeded: boolean, context: Context): Galaxy[] {
  try {
    return readGalaxies(table, curves, context.sources);
  } catch (error) {
    if (isNeeded || !(error instanceof HalogradError)) throw error;
    context.terminal.say(`${oneLine(table)} is not of these curves: the model will not know its population`);
    return [];
  }
}

/** What the galaxies of a table were drawn from, where that stands in a file beside it. */
function descriptionBeside(table: string, { sources }: Context): GalaxyPopulation | undefined {
  const path = join(dirname(table), DESCRIPTION);
  const choice = existsSync(path) ? readPopulation(path, sources) : undefined;
  return typeof choice === "object" ? choice : undefined;
}

/** A training that was checked, and waits to be started. */
interface PreparedTraining {
  /** Whether it goes on from a checkpoint. */
  readonly resumes: boolean;
  /** Trains, with checkpoints in the folder; `undefined` when it is stopped before the first epoch. */
  start(output: OutputFolder): Training | undefined;
}

/** Checks everything. @param source what to call the curves in errors */
export function prepareTraining(
  data: TrainingData,
  values: TrainingValues,
  source: string,
  context: Context,
): PreparedTraining {
  const { seed, network, epochs, batches, learningRate, schedule, widths, conditions, force } = values;
  const shape = { network, epochs, batches, learningRate, schedule, widths, conditions };
  const isLarge = network === "residual" && (batches ?? BATCHES) >= LARGE;
  const threads = threadsFor(values.threads, isLarge);
  const options = { ...shape, threads, source, version: version(), random: new Random(seed) };
  const path = checkpointOf(values);
  const describe = network === "residual" ? describeBatch : describeEpoch;
  const resume = (): Generator<Training, Training, void> | undefined => {
    if (path === undefined) return undefined;
    try {
      return loadTraining(readBytes(path), data, options, path);
    } catch (error) {
      if (!force || !(error instanceof HalogradError)) throw error;
      context.terminal.say(`${oneLine(path)} is not of this training, which begins anew`);
      return undefined;
    }
  };
  const resumed = resume();
  if (resumed !== undefined) context.terminal.say(`resumed from ${oneLine(String(path))}`);
  const work = resumed ?? trainModel(data, options);
  return {
    resumes: resumed !== undefined,
    start: (output) => {
      const { result, last } = follow(
        withCheckpoints(work, output, values.checkpoint),
        "training",
        describe,
        context,
      );
      return result ?? last;
    },
  };
}

/** From so many batches of the residual network on, some seconds of work, threads are worth their start. */
const LARGE = 500;

/** The checkpoint to go on from; undefined where none is wanted or there. */
export function checkpointOf({ resume, out }: Pick<TrainingValues, "resume" | "out">): string | undefined {
  const path = join(out, CHECKPOINT);
  return resume && existsSync(path) ? path : undefined;
}

/** The same training, which writes a checkpoint at its first step, every so often, at its end and when it is stopped. */
function* withCheckpoints(
  work: Generator<Training, Training, void>,
  output: OutputFolder,
  seconds: number,
): Generator<Training, Training, void> {
  let due = 0;
  const save = (training: Training): void => {
    const start = performance.now();
    output.writeCheckpoint(saveTraining(training));
    const end = performance.now();
    due = end + Math.max(1000 * seconds, SHARE * (end - start));
  };
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      const training = step.value;
      const isDue = performance.now() >= due || training.done === training.total;
      if (isDue) save(training);
      let isStopped = true;
      try {
        yield training;
        isStopped = false;
      } finally {
        if (isStopped && !isDue) save(training);
      }
    }
  } finally {
    work.return(undefined as never);
  }
}

/** Checkpoints take at most one part in so many of the time. */
const SHARE = 20;

/** What the log has of each step. */
type Facts = Readonly<Record<string, number>>;

/** A line of the reference post, kept every hundred epochs: "epoch  100  train 0.2004  valid 0.1001". */
function describeEpoch({ loss, total }: Training): readonly [string, boolean, Facts] {
  const { epoch, train, valid } = loss;
  const text = `epoch ${String(epoch).padStart(String(total - 1).length)}  ${describeLoss(train, valid)}`;
  return [text, epoch % 100 === 0 || epoch === total - 1, { epoch, train, valid }];
}

function describeBatch({ loss, done, total }: Training): readonly [string, boolean, Facts] {
  const { epoch, train, valid } = loss;
  const text = `batch ${String(done).padStart(String(total).length)}  ${describeLoss(train, valid)}`;
  return [text, done % 1000 === 0 || done === total, { batch: done, epoch, train, valid }];
}

function describeLoss(train: number, valid: number): string {
  return `train ${train.toFixed(4)}  valid ${valid.toFixed(4)}`;
}

/** Whether nobody stopped it. */
export function isComplete(training: Training | undefined): training is Training {
  return training !== undefined && training.done === training.total;
}

/** The table of losses, and the model. */
export function trainingFiles({ losses, model }: Training): OutputFile[] {
  const rows = losses.map(({ epoch, train, valid }) => [epoch, train, valid]);
  return [
    ["loss.csv", formatCsv(LOSS_COLUMNS, rows)],
    ["model.safetensors", writeModel(model)],
  ];
}

/** The figure of the losses. Only the autoencoder is validated on clean curves. @param model that they are of, where it is known */
export function drawLoss(losses: Training["losses"], model?: Model): string {
  return lossFigure({
    epochs: losses.map(({ epoch }) => epoch),
    train: losses.map(({ train }) => train),
    valid: losses.map(({ valid }) => valid),
    ...(model && { validInput: networkOf(model) === "residual" ? "noisy" : "clean" }),
  });
}

/** What `--json` tells of a training. */
export function trainingResult(training: Training | undefined): Record<string, unknown> {
  const { train = null, valid = null } = training?.loss ?? {};
  return { ...training?.model.training, loss: { train, valid } };
}

/** What can be done after a training that was stopped; nothing before its first epoch. */
export function wayOn(training: Training | undefined, folder: string): string | undefined {
  if (training === undefined) return undefined;
  const model = join(folder, "model.safetensors");
  return `halograd sample --model ${model} uses the model of epoch ${Math.floor(training.loss.epoch)}`;
}
