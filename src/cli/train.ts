/** `halograd train`: the denoising network, trained on a file of curves. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { HalogradError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import {
  type ConditionName,
  type Galaxy,
  type LearningRateSchedule,
  type Model,
  type NetworkName,
  type Training,
  type TrainingData,
  trainModel,
  writeModel,
} from "../curves/index.ts";
import { networkOf } from "../curves/model.ts";
import { type Curves, formatCsv } from "../io/index.ts";
import { oneLine } from "../node/terminal.ts";
import { lossFigure } from "../plot/index.ts";
import { type Context, follow, type Outcome } from "./context.ts";
import { readCurves, readGalaxies } from "./input.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";
import { version } from "./version.ts";

/** The files of a training. */
export const TRAINING_FILES: readonly string[] = ["loss.csv", "model.safetensors"];

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
}

/** The values of the command's options. */
export interface TrainOptions extends TrainingValues {
  readonly data: string;
  /** The parameters of the galaxies; default: galaxies.csv beside the curves. */
  readonly galaxies: string | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function train(values: TrainOptions, context: Context): Outcome {
  const curves = readCurves(values.data);
  const table = values.galaxies ?? join(dirname(values.data), "galaxies.csv");
  const isNeeded = values.conditions.length > 0 || values.galaxies !== undefined;
  const galaxies = isNeeded || existsSync(table) ? galaxiesOf(table, curves, isNeeded, context) : [];
  const start = prepareTraining({ ...curves, galaxies }, values, values.data);
  const output = new OutputFolder(values.out, { names: TRAINING_FILES, force: values.force });
  const training = start(context);
  if (training !== undefined) output.write(trainingFiles(training));
  const complete = isComplete(training);
  tellOutcome(context, output, complete, wayOn(training, values.out));
  return { complete, result: { ...output.result(), ...trainingResult(training) } };
}

/** The galaxies of the curves; where nobody asked for them, a table of others is left alone. */
function galaxiesOf(table: string, curves: Curves, isNeeded: boolean, { terminal }: Context): Galaxy[] {
  try {
    return readGalaxies(table, curves);
  } catch (error) {
    if (isNeeded || !(error instanceof HalogradError)) throw error;
    terminal.say(`${oneLine(table)} is not of these curves: the model will not know its population`);
    return [];
  }
}

/**
 * Checks everything, and returns what trains; `undefined` when it is stopped before the first epoch.
 *
 * @param source what to call the curves in errors
 */
export function prepareTraining(
  data: TrainingData,
  { seed, network, epochs, batches, learningRate, schedule, widths, conditions }: TrainingValues,
  source: string,
): (context: Context) => Training | undefined {
  const shape = { network, epochs, batches, learningRate, schedule, widths, conditions };
  const settings = { ...shape, source, version: version() };
  const work = trainModel(data, { ...settings, random: new Random(seed) });
  const describe = network === "residual" ? describeBatch : describeEpoch;
  return (context) => follow(work, "training", describe, context).last;
}

/** A line of the reference post, kept every hundred epochs: "epoch  100  train 0.2004  valid 0.1001". */
function describeEpoch({ loss, total }: Training): readonly [string, boolean] {
  const { epoch, train, valid } = loss;
  const text = `epoch ${String(epoch).padStart(String(total - 1).length)}  ${describeLoss(train, valid)}`;
  return [text, epoch % 100 === 0 || epoch === total - 1];
}

function describeBatch({ loss, done, total }: Training): readonly [string, boolean] {
  const { train, valid } = loss;
  const text = `batch ${String(done).padStart(String(total).length)}  ${describeLoss(train, valid)}`;
  return [text, done % 1000 === 0 || done === total];
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
