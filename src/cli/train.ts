/** `halograd train`: the denoising network, trained on a file of curves. */

import { join } from "node:path";
import {
  type Dataset,
  DenoisingAutoencoder,
  type EpochLosses,
  REFERENCE_WIDTHS,
  splitDataset,
  trainDenoiser,
} from "../diffusion/index.ts";
import { type Curves, formatCsv, parseCurves } from "../io/index.ts";
import { readTextFile } from "../node/files.ts";
import { Adam } from "../optim/index.ts";
import { ArgumentError, FormatError, HalogradError } from "../tensor/errors.ts";
import { Random } from "../tensor/random.ts";
import type { Context, Outcome } from "./context.ts";
import { type Model, writeModel } from "./model-file.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** A trained model, and how it got there. */
export interface Training {
  readonly model: Model;
  /** Every epoch that was done. */
  readonly losses: readonly EpochLosses[];
  /** False when it was stopped before the last epoch. */
  readonly complete: boolean;
}

/** The files of a training. */
export const TRAINING_FILES: readonly string[] = ["loss.csv", "model.safetensors"];

/** The columns of loss.csv. */
export const LOSS_COLUMNS: readonly string[] = ["epoch", "train", "valid"];

/** The values of the command's options. */
export interface TrainOptions {
  readonly data: string;
  readonly seed: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export async function train(values: TrainOptions, context: Context): Promise<Outcome> {
  const curves = parseCurves(readTextFile(values.data), values.data);
  const dataset = splitCurves(curves, values.seed, values.data);
  const output = new OutputFolder(values.out, { names: TRAINING_FILES, force: values.force });
  const training = await trainModel({ ...values, curves, dataset }, context);
  if (training.losses.length > 0) output.write(trainingFiles(training));
  tellOutcome(context, output, training.complete, wayOn(training, values.out));
  return { complete: training.complete, result: { ...output.result(), ...trainingResult(training) } };
}

/**
 * The part that trains and the part that validates, standardised.
 *
 * @throws FormatError when the curves are too few, or all the same
 */
export function splitCurves({ curves }: Curves, seed: number, source: string): Dataset {
  try {
    const [first] = curves;
    if (curves.every((curve) => curve.every((velocity, i) => velocity === first[i])))
      throw new ArgumentError("splitCurves", "the curves are all the same");
    return splitDataset(curves, new Random(seed).fork("split"));
  } catch (error) {
    if (!(error instanceof HalogradError)) throw error;
    throw new FormatError(
      source,
      `its ${curves.length} curves cannot be trained on`,
      "give at least 5 curves that differ, in km/s",
    );
  }
}

/**
 * Trains the reference network, its input as wide as there are radii.
 *
 * @throws ArgumentError when the loss is no longer a finite number
 */
export async function trainModel(
  options: {
    readonly curves: Curves;
    readonly dataset: Dataset;
    readonly seed: number;
    readonly epochs: number;
    readonly learningRate: number;
  },
  { terminal, interruption }: Context,
): Promise<Training> {
  const { curves, dataset, seed, epochs, learningRate } = options;
  const random = new Random(seed);
  const widths = [curves.radii.length, ...REFERENCE_WIDTHS.slice(1)];
  const network = new DenoisingAutoencoder(random.fork("weights"), widths);
  const optimizer = new Adam(network.parameters(), { learningRate });
  const loop = trainDenoiser({
    model: network,
    optimizer,
    train: dataset.train,
    valid: dataset.valid,
    random: random.fork("training"),
    epochs,
  });
  const losses: EpochLosses[] = [];
  const progress = terminal.progress("training", epochs);
  while (losses.length < epochs && !(await interruption.breathe())) {
    const step = loop.next();
    if (step.done) break;
    requireFinite(step.value, learningRate);
    losses.push(step.value);
    const { epoch } = step.value;
    progress.update(
      losses.length,
      describeLosses(step.value, epochs),
      epoch % 100 === 0 || epoch === epochs - 1,
    );
  }
  progress.end();
  const { standardization } = dataset;
  const record = { seed, curves: curves.curves.length, epochs: losses.length, learningRate };
  const model = { network, standardization, radii: curves.radii, training: record };
  return { model, losses, complete: losses.length === epochs };
}

/** The table of losses, and the model. */
export function trainingFiles({ losses, model }: Training): OutputFile[] {
  const rows = losses.map(({ epoch, train, valid }) => [epoch, train, valid]);
  return [
    ["loss.csv", formatCsv(LOSS_COLUMNS, rows)],
    ["model.safetensors", writeModel(model)],
  ];
}

/** What `--json` tells of a training. */
export function trainingResult({ losses, model }: Training): Record<string, unknown> {
  const last = losses.at(-1);
  return { ...model.training, loss: { train: last?.train ?? null, valid: last?.valid ?? null } };
}

/** What can be done after a training that was stopped; nothing before its first epoch. */
export function wayOn({ losses }: Training, folder: string): string | undefined {
  if (losses.length === 0) return undefined;
  return `halograd sample --model ${join(folder, "model.safetensors")} uses the model of epoch ${losses.length - 1}`;
}

/** A line of the reference post: "epoch  100  train 0.2004  valid 0.1001". */
function describeLosses({ epoch, train, valid }: EpochLosses, epochs: number): string {
  const width = String(epochs - 1).length;
  return `epoch ${String(epoch).padStart(width)}  train ${train.toFixed(4)}  valid ${valid.toFixed(4)}`;
}

function requireFinite({ epoch, train, valid }: EpochLosses, learningRate: number): void {
  if (Number.isFinite(train) && Number.isFinite(valid)) return;
  throw new ArgumentError(
    "training",
    `the losses of epoch ${epoch} are ${train} and ${valid}: the training diverged`,
    `give a --learning-rate below ${learningRate}`,
  );
}
