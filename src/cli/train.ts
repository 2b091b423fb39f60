/** `halograd train`: the denoising network, trained on a file of curves. */

import { dirname, join } from "node:path";
import { describeConditions, propertiesOf, readGalaxies } from "../curves/conditions.ts";
import { type Model, writeModel } from "../curves/model.ts";
import {
  type Dataset,
  DenoisingAutoencoder,
  type EpochLosses,
  FeatureStandardization,
  LogPrincipalComponents,
  REFERENCE_WIDTHS,
  ResidualDenoiser,
  splitDataset,
  trainDenoiser,
  trainFlow,
} from "../diffusion/index.ts";
import { type Curves, formatCsv, parseCurves } from "../io/index.ts";
import { readTextFile } from "../node/files.ts";
import { Adam } from "../optim/index.ts";
import { ArgumentError, FormatError, HalogradError } from "../tensor/errors.ts";
import { Random } from "../tensor/random.ts";
import type { ConditionName } from "./condition-names.ts";
import type { Context, Outcome } from "./context.ts";
import type { NetworkName } from "./network-names.ts";
import { type OutputFile, OutputFolder, tellOutcome } from "./output.ts";

/** A trained model, and how it got there. */
export interface Training {
  readonly model: Model;
  /** Curves that it was trained on; the others validate. */
  readonly trained: number;
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
  readonly network: NetworkName;
  readonly seed: number;
  readonly epochs: number;
  readonly batches: number;
  /** Default: the network's. */
  readonly learningRate: number | undefined;
  /** What the residual network is told of each galaxy. */
  readonly conditions: readonly ConditionName[];
  /** Their parameters; default: galaxies.csv beside the curves. */
  readonly galaxies: string | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export async function train(values: TrainOptions, context: Context): Promise<Outcome> {
  const curves = parseCurves(readTextFile(values.data), values.data);
  const table = values.galaxies ?? join(dirname(values.data), "galaxies.csv");
  const galaxies = values.conditions.length > 0 ? readGalaxies(table, curves) : [];
  const start = prepareTraining({ ...curves, galaxies }, values, values.data);
  const output = new OutputFolder(values.out, { names: TRAINING_FILES, force: values.force });
  const training = await start(context);
  if (training.losses.length > 0) output.write(trainingFiles(training));
  tellOutcome(context, output, training.complete, wayOn(training, values.out));
  return { complete: training.complete, result: { ...output.result(), ...trainingResult(training) } };
}

/** What decides a training, besides the curves. */
export type TrainingSettings = Pick<
  TrainOptions,
  "network" | "seed" | "epochs" | "batches" | "learningRate" | "conditions"
>;

/** The step size of each network's optimiser, where none is given. */
export const LEARNING_RATES: Readonly<Record<NetworkName, number>> = { autoencoder: 0.01, residual: 0.004 };

/**
 * Splits the curves, and returns what trains on them.
 *
 * @param curves with rows of galaxies.csv, where there are conditions
 * @throws FormatError when the network cannot be trained on the curves
 */
export function prepareTraining(
  { galaxies, ...curves }: Curves & { readonly galaxies: readonly ArrayLike<number>[] },
  { network, learningRate = LEARNING_RATES[network], ...settings }: TrainingSettings,
  source: string,
): (context: Context) => Promise<Training> {
  const options = { ...settings, learningRate, curves };
  if (network === "autoencoder") {
    if (settings.conditions.length > 0) {
      throw new ArgumentError(
        "--conditions",
        "the autoencoder cannot be told anything of a galaxy",
        "add --network residual",
      );
    }
    const dataset = splitCurves(curves, settings.seed, source);
    return (context) => trainModel({ ...options, dataset }, context);
  }
  const dataset = splitLogCurves(curves, settings.seed, source);
  const told = settings.conditions.length > 0 ? splitConditions(galaxies, settings) : undefined;
  return (context) => trainResidualModel({ ...options, dataset, told }, context);
}

/** The properties of the same parts as of the curves: the stream that shuffles is the same. */
function splitConditions(
  galaxies: readonly ArrayLike<number>[],
  { conditions, seed }: Pick<TrainingSettings, "conditions" | "seed">,
): Dataset<FeatureStandardization> {
  const properties = propertiesOf(galaxies, conditions);
  try {
    return splitDataset(properties, splitStream(seed), {
      represent: (rows) => FeatureStandardization.of(rows),
    });
  } catch (error) {
    if (!(error instanceof HalogradError)) throw error;
    throw new ArgumentError(
      "--conditions",
      `${conditions.join(", ")} are not properties in which all these galaxies differ`,
      "leave out those that are the same for all galaxies",
    );
  }
}

/** What splits curves for a network. */
export const splitFor = (network: NetworkName): typeof splitCurves | typeof splitLogCurves =>
  network === "autoencoder" ? splitCurves : splitLogCurves;

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
    return splitDataset(curves, splitStream(seed));
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
 * The same parts, as principal components of the logarithm.
 *
 * @throws FormatError when the curves are too few, too much alike, or not all above 0
 */
export function splitLogCurves(
  { curves }: Curves,
  seed: number,
  source: string,
): Dataset<LogPrincipalComponents> {
  const wrong = curves.findIndex((curve) => !curve.every((velocity) => velocity > 0));
  if (wrong >= 0) {
    throw new FormatError(
      source,
      `curve ${wrong + 1} has velocities that are not above 0, and the residual network learns their logarithms`,
      "leave the curve out, or use --network autoencoder",
    );
  }
  try {
    const represent = (rows: readonly ArrayLike<number>[]): LogPrincipalComponents =>
      LogPrincipalComponents.of(rows);
    return splitDataset(curves, splitStream(seed), { represent });
  } catch (error) {
    if (!(error instanceof HalogradError)) throw error;
    throw new FormatError(
      source,
      `its ${curves.length} curves cannot be trained on`,
      "give more curves that differ, in km/s: 20 or more for the residual network",
    );
  }
}

function splitStream(seed: number): Random {
  return new Random(seed).fork("split");
}

/**
 * Trains the reference network, its input as wide as there are radii.
 *
 * @throws ArgumentError when the loss is no longer a finite number
 */
async function trainModel(
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
  return { model, trained: dataset.train.shape[0], losses, complete: losses.length === epochs };
}

/**
 * Trains the residual network on batches of principal components.
 *
 * @throws ArgumentError when the loss is no longer a finite number
 */
async function trainResidualModel(
  options: {
    readonly curves: Curves;
    readonly dataset: Dataset<LogPrincipalComponents>;
    readonly conditions: readonly ConditionName[];
    /** Properties of the curves of `dataset`. */
    readonly told: Dataset<FeatureStandardization> | undefined;
    readonly seed: number;
    readonly batches: number;
    readonly learningRate: number;
  },
  { terminal, interruption }: Context,
): Promise<Training> {
  const { curves, dataset, told, seed, batches, learningRate } = options;
  const { train, valid, standardization } = dataset;
  const conditions = told && describeConditions(options.conditions, told);
  const random = new Random(seed);
  const network = new ResidualDenoiser(
    { features: train.shape[1], conditions: options.conditions.length },
    random.fork("weights"),
  );
  const loop = trainFlow({
    model: network,
    train,
    valid,
    ...(told && { conditions: told }),
    random: random.fork("training"),
    steps: batches,
    batchSize: BATCH,
    learningRate,
    reportEvery: 20,
  });
  const passesOf = (step: number): number => (step * Math.min(BATCH, train.shape[0])) / train.shape[0];
  const losses: EpochLosses[] = [];
  let done = 0;
  const progress = terminal.progress("training", batches);
  while (done < batches && !(await interruption.breathe())) {
    const report = loop.next();
    if (report.done) break;
    done = report.value.step;
    const entry = { ...report.value, epoch: passesOf(done) };
    requireFinite(entry, learningRate);
    losses.push({ epoch: entry.epoch, train: entry.train, valid: entry.valid });
    const text = `batch ${String(done).padStart(String(batches).length)}  ${describeLoss(entry)}`;
    progress.update(done, text, done % 1000 === 0 || done === batches);
  }
  loop.return(); // stopped early too, the model gets the average of its weights
  progress.end();
  const epochs = Math.floor(passesOf(done));
  const record = { seed, curves: curves.curves.length, epochs, batches: done, learningRate };
  const model = {
    network,
    standardization,
    radii: curves.radii,
    training: record,
    ...(conditions && { conditions }),
  };
  return { model, trained: train.shape[0], losses, complete: done === batches };
}

/** Curves in a batch of the residual network. */
const BATCH = 256;

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
  return `halograd sample --model ${join(folder, "model.safetensors")} uses the model of epoch ${Math.floor(losses[losses.length - 1].epoch)}`;
}

/** A line of the reference post: "epoch  100  train 0.2004  valid 0.1001". */
function describeLosses({ epoch, train, valid }: EpochLosses, epochs: number): string {
  const width = String(epochs - 1).length;
  return `epoch ${String(epoch).padStart(width)}  ${describeLoss({ train, valid })}`;
}

function describeLoss({ train, valid }: Omit<EpochLosses, "epoch">): string {
  return `train ${train.toFixed(4)}  valid ${valid.toFixed(4)}`;
}

function requireFinite({ epoch, train, valid }: EpochLosses, learningRate: number): void {
  if (Number.isFinite(train) && Number.isFinite(valid)) return;
  throw new ArgumentError(
    "training",
    `the losses of epoch ${epoch} are ${train} and ${valid}: the training diverged`,
    `give a --learning-rate below ${learningRate}`,
  );
}
