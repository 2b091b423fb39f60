/** Training of either network on rotation curves: split, represent, train, and say what the model was trained on. */

import {
  checkArray,
  checkChoice,
  checkCount,
  checkKind,
  checkOptions,
  checkWithin,
  describeValue,
} from "../basics/check.ts";
import { ArgumentError, FormatError, HalogradError } from "../basics/errors.ts";
import { checkRandom, Random } from "../basics/random.ts";
import {
  type Dataset,
  DenoisingAutoencoder,
  type EpochLosses,
  FeatureStandardization,
  type FlowProgress,
  LogPrincipalComponents,
  type Progress,
  REFERENCE_WIDTHS,
  ResidualDenoiser,
  Standardization,
  splitDataset,
  trainDenoiser,
  trainFlow,
} from "../diffusion/index.ts";
import type { GalaxyPopulation } from "../galaxy/index.ts";
import type { Curves } from "../io/index.ts";
import { backendName } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Adam, cosineSchedule, type Schedule } from "../optim/index.ts";
import { joinedStates, partOfState, streamFrom, streamState } from "../optim/saved-state.ts";
import { checkAboveZero, checkCurves } from "./check.ts";
import { type Checkpoint, type Identity, readCheckpoint, restoring, savable } from "./checkpoint.ts";
import { describeConditions, propertiesOf } from "./conditions.ts";
import {
  checkModel,
  digestOf,
  digestOfRows,
  type Model,
  requireModelRadii,
  seedOf,
  type TrainingRecord,
} from "./model.ts";
import {
  CONDITIONS,
  type ConditionName,
  LEARNING_RATE_SCHEDULES,
  type LearningRateSchedule,
  NETWORKS,
  type NetworkName,
} from "./names.ts";
import { checkedPopulation, checkGalaxies, type Galaxy, populationOf } from "./population.ts";

/** Settings of {@link trainModel}. */
export interface TrainingOptions {
  /** Default: the autoencoder, which is the reference post's. */
  readonly network?: NetworkName | undefined;
  /** What the residual network is conditioned on, to be asked for when it samples; default: nothing. */
  readonly conditions?: readonly ConditionName[] | undefined;
  /** Passes of the autoencoder over the training part; default 2001. */
  readonly epochs?: number | undefined;
  /** Batches of 256 curves of the residual network; default 6000. */
  readonly batches?: number | undefined;
  /** Step size of the optimiser; default 0.01, of the residual network 0.004. */
  readonly learningRate?: number | undefined;
  /** What becomes of the step size; default: it stays constant, and that of the residual network falls as a cosine. */
  readonly schedule?: LearningRateSchedule | undefined;
  /**
   * Widths of the hidden layers. Of the autoencoder from the first one to the bottleneck, default [32, 16, 4]; of the residual network
   * one for each block, all the same, default [128, 128, 128].
   */
  readonly widths?: readonly number[] | undefined;
  /** How many threads share the work, with the same bits for any number; default 1. */
  readonly threads?: number | undefined;
  /** Splits the curves, draws the weights and the noise, each from a stream forked from it. */
  readonly random: Random;
  /** What to call the curves in errors, usually their path; default "trainModel". */
  readonly source?: string | undefined;
  /** Of the engine, to be kept with the model; default: none. */
  readonly version?: string | undefined;
}

/** A model in training, and how it got there; what is done counts epochs, or batches of the residual network. */
export interface Training extends Progress {
  /**
   * The model as it is. Its weights change with each further step. The residual network gets the average of its weights when the
   * training ends or is left early.
   */
  readonly model: Model;
  /** Curves that it is trained on; the others validate. */
  readonly trained: number;
  /** The losses of the last epoch or batch that was done. */
  readonly loss: EpochLosses;
  /**
   * Every epoch that was done; of the residual network every 20th batch, in passes over the training part. A copy of the list, made
   * when it is read: a loop over many epochs reads `loss`.
   */
  readonly losses: readonly EpochLosses[];
}

/** What to train on: curves, and their galaxies, which the model's file tells the population of, and conditions need. */
export interface TrainingData extends Curves {
  /** In the order of the curves. */
  readonly galaxies?: readonly Galaxy[];
  /** What they were drawn from, where that is a description of one's own. */
  readonly population?: GalaxyPopulation | undefined;
}

/**
 * Trains a network on four fifths of the curves; the others validate. Yields the training so far after each epoch, or each 20
 * batches of the residual network, and returns it at its end. A loop that is left early keeps the last model that it saw.
 *
 * @throws ArgumentError and FormatError, at the call itself, for settings that make no sense and curves that cannot be trained on;
 *   later, ArgumentError when the loss is no longer a finite number
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * for (const { done, total, loss } of trainModel(galaxies, { epochs: 3, random })) {
 *   console.log(`${done} of ${total}: ${loss.train}`);
 * }
 */
export function trainModel(
  data: TrainingData,
  options: TrainingOptions,
): Generator<Training, Training, void> {
  return prepareTraining("trainModel", data, options);
}

/**
 * Goes on with a training where {@link saveTraining} saved it: yields and returns what `trainModel` would have from there on.
 *
 * @param bytes what `saveTraining` returned
 * @param data the curves that it began with
 * @param options those that it began with
 * @param path what to call the bytes in errors
 * @throws FormatError, at the call itself, for bytes that are damaged; ArgumentError for other data, options, versions of the engine or
 *   backends than it began with, with what differs; and whatever `trainModel` throws
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const options = { epochs: 6, random };
 * let bytes = new Uint8Array(); // to keep in a file, or wherever bytes are kept
 * for (const training of trainModel(galaxies, options)) {
 *   if (training.done < 4) continue;
 *   bytes = saveTraining(training);
 *   break; // the machine goes down
 * }
 * const { loss } = finish(loadTraining(bytes, galaxies, options)); // epochs 4 and 5
 * loss.train === finish(trainModel(galaxies, options)).loss.train // true
 */
export function loadTraining(
  bytes: Uint8Array,
  data: TrainingData,
  options: TrainingOptions,
  path: string = "checkpoint.safetensors",
): Generator<Training, Training, void> {
  return prepareTraining("loadTraining", data, options, { bytes, path });
}

/** Checks everything, and returns what trains, from the beginning or from a checkpoint. */
function prepareTraining(
  where: string,
  data: TrainingData,
  options: TrainingOptions,
  saved?: { readonly bytes: Uint8Array; readonly path: string },
): Generator<Training, Training, void> {
  checkOptions(where, options ?? {}, [
    ...["network", "conditions", "epochs", "batches", "learningRate", "schedule", "widths"],
    ...["threads", "random", "source", "version"],
  ]);
  const { network = "autoencoder", conditions = [], random, source = where } = options ?? {};
  const { epochs = EPOCHS, batches = BATCHES, learningRate = LEARNING_RATES[network] } = options ?? {};
  const { threads = 1 } = options ?? {};
  checkRandom(where, random);
  checkChoice(where, "network", network, NETWORKS);
  const { schedule = SCHEDULES_OF[network], widths = WIDTHS[network] } = options;
  checkChoice(where, "schedule", schedule, LEARNING_RATE_SCHEDULES);
  checkWidths(where, network, widths);
  const [foreign, own] =
    network === "residual" ? (["epochs", "batches"] as const) : (["batches", "epochs"] as const);
  if (options[foreign] !== undefined) {
    const problem = `the ${network} network is trained for a number of ${own}, not of ${foreign}`;
    throw new ArgumentError(where, problem, `give ${own}, or another network`);
  }
  checkArray(where, "conditions", conditions, "names");
  conditions.forEach((name, i) => {
    checkChoice(where, "condition", name, CONDITIONS);
    if (conditions.indexOf(name) === i) return;
    throw new ArgumentError(where, `the condition ${name} is named twice.`, "name each once.");
  });
  checkCount(where, "epochs", epochs);
  checkCount(where, "batches", batches);
  checkCount(where, "threads", threads);
  checkWithin(where, "learningRate", learningRate, { above: 0 });
  if (typeof source !== "string") {
    throw new ArgumentError(where, `source is text to call the curves by; got ${describeValue(source)}.`);
  }
  checkCurves(source, data);
  if (options.version !== undefined) checkKind(where, "version", options.version, "text");
  const { galaxies = [], radii } = data;
  checkGalaxies(where, galaxies);
  if (data.population !== undefined) checkedPopulation(where, data.population);
  const population = populationOf(data);
  const record = {
    seed: seedOf(random),
    curves: data.curves.length,
    learningRate,
    ...(schedule !== SCHEDULES_OF[network] && { schedule }),
    data: digestOf(data),
    ...(population !== undefined && { population }),
    ...(options.version !== undefined && { version: options.version }),
  };
  // What decides the training, named as in a model's file.
  const identify = (properties?: readonly (readonly number[])[]): Identity => ({
    network,
    [own]: options[own] ?? (own === "epochs" ? EPOCHS : BATCHES),
    seed: typeof record.seed === "bigint" ? String(record.seed) : record.seed,
    curves: record.curves,
    data: record.data,
    learning_rate: learningRate,
    learning_rate_schedule: schedule,
    widths,
    conditions,
    ...(properties !== undefined && { properties: digestOfRows(properties) }),
    population: population ?? null,
    version: options.version ?? null,
    backend: backendName(),
  });
  const settings = (properties?: readonly (readonly number[])[]): Settings => {
    const identity = identify(properties);
    const checkpoint = saved && readCheckpoint(saved.bytes, saved.path, identity);
    const resumed = saved && checkpoint && { path: saved.path, checkpoint };
    return { random, radii, record, widths, threads, identity, ...(resumed && { resumed }) };
  };
  if (network === "autoencoder") {
    if (conditions.length > 0) {
      throw new ArgumentError(
        where,
        "the autoencoder cannot be told anything of a galaxy",
        'add network: "residual"',
      );
    }
    return trainAutoencoder(splitCurves(data, random, source), { ...settings(), epochs });
  }
  const dataset = splitLogCurves(data, random, source);
  if (conditions.length > 0 && galaxies.length !== data.curves.length) {
    throw new ArgumentError(
      where,
      `there are ${galaxies.length} galaxies for ${data.curves.length} curves, whose properties are the conditions`,
      "pass a population, or { radii, curves, galaxies }",
    );
  }
  const properties = conditions.length > 0 ? propertiesOf(galaxies, conditions) : undefined;
  const split = properties && splitConditions(properties, conditions, random);
  return trainResidual(dataset, split, { ...settings(properties), conditions, batches });
}

/** Passes of the autoencoder, where no number is given. */
export const EPOCHS = 2001;

/** Batches of the residual network, where no number is given. */
export const BATCHES = 6000;

/** The step size of each network's optimiser, where none is given. */
const LEARNING_RATES: Readonly<Record<NetworkName, number>> = { autoencoder: 0.01, residual: 0.004 };

/** What becomes of each network's step size, where nothing else is said; a record tells only of other schedules. */
const SCHEDULES_OF: Readonly<Record<NetworkName, LearningRateSchedule>> = {
  autoencoder: "constant",
  residual: "cosine",
};

/** The widths of each network's hidden layers, where none are given. */
const WIDTHS: Readonly<Record<NetworkName, readonly number[]>> = {
  autoencoder: REFERENCE_WIDTHS.slice(1),
  residual: [128, 128, 128],
};

/** @throws ArgumentError for what are no widths, and for blocks of different ones */
function checkWidths(where: string, network: NetworkName, widths: readonly number[]): void {
  checkArray(where, "widths", widths, "numbers");
  checkCount(where, "the number of widths", widths.length);
  for (const width of widths) checkCount(where, "each width", width);
  if (network === "autoencoder" || widths.every((width) => width === widths[0])) return;
  const problem = `the blocks of a residual network have one width, not ${widths.join(", ")}`;
  throw new ArgumentError(where, problem, `give ${widths.map(() => widths[0]).join(", ")}`);
}

/** The step size of each step. */
function rateOf(
  { learningRate, schedule }: Settings["record"],
  network: NetworkName,
  steps: number,
): Schedule {
  const isConstant = (schedule ?? SCHEDULES_OF[network]) === "constant";
  return isConstant ? () => learningRate : cosineSchedule({ from: learningRate, steps });
}

/** The properties of the same parts as of the curves: the stream that shuffles is the same. */
function splitConditions(
  properties: readonly (readonly number[])[],
  conditions: readonly ConditionName[],
  random: Random,
): Dataset<FeatureStandardization> {
  const differ = (i: number): boolean => properties.some((row) => row[i] !== properties[0][i]);
  try {
    // Of equal values the rounded mean may leave a standard deviation that is not quite 0.
    if (!conditions.every((_, i) => differ(i))) throw new ArgumentError("splitConditions", "all the same");
    return splitDataset(properties, random.fork("split"), {
      represent: (rows) => FeatureStandardization.of(rows),
    });
  } catch (error) {
    if (!(error instanceof HalogradError)) throw error;
    throw new ArgumentError(
      "trainModel",
      `${conditions.join(", ")} are not properties in which all these galaxies differ`,
      "leave out those that are the same for all galaxies",
    );
  }
}

/**
 * The part that trains and the part that validates, standardised.
 *
 * @throws FormatError when the curves are too few, or all the same
 */
function splitCurves({ curves }: Curves, random: Random, source: string): Dataset {
  return trainable(curves, source, "at least 5 curves that differ, in km/s", () =>
    splitDataset(curves, random.fork("split")),
  );
}

/**
 * The same parts, as principal components of the logarithm.
 *
 * @throws FormatError when the curves are too few, too much alike, or not all above 0
 */
function splitLogCurves({ curves }: Curves, random: Random, source: string): Dataset<LogPrincipalComponents> {
  const fix = "leave the curve out, or train the autoencoder";
  checkAboveZero(source, curves, "the residual network learns their logarithms", fix);
  const enough = "more curves that differ, in km/s: 20 or more for the residual network";
  return trainable(curves, source, enough, () =>
    splitDataset(curves, random.fork("split"), { represent: (rows) => LogPrincipalComponents.of(rows) }),
  );
}

/** @throws FormatError, with how many curves there are, where they cannot be split */
function trainable<T>(curves: readonly Float64Array[], source: string, wanted: string, split: () => T): T {
  try {
    // Of equal values the rounded mean may leave a standard deviation that is not quite 0.
    const [first] = curves;
    if (curves.every((curve) => curve.every((velocity, i) => velocity === first[i])))
      throw new ArgumentError("trainable", "the curves are all the same");
    return split();
  } catch (error) {
    if (!(error instanceof HalogradError)) throw error;
    throw new FormatError(source, `its ${curves.length} curves cannot be trained on`, `give ${wanted}`);
  }
}

/** What both trainings need. */
interface Settings {
  readonly random: Random;
  readonly radii: Float64Array;
  readonly widths: readonly number[];
  readonly threads: number;
  /** Of the model, but for how far its training has come. */
  readonly record: Omit<TrainingRecord, "epochs" | "batches">;
  /** What decides the training. */
  readonly identity: Identity;
  /** Where it goes on; default: from the beginning. */
  readonly resumed?: { readonly path: string; readonly checkpoint: Checkpoint };
}

/** Trains the reference network, its input as wide as there are radii. */
function trainAutoencoder(
  { train, valid, standardization }: Dataset,
  {
    random,
    radii,
    record,
    widths,
    threads,
    epochs,
    identity,
    resumed,
  }: Settings & { readonly epochs: number },
): Generator<Training, Training, void> {
  const { learningRate } = record;
  const rate = rateOf(record, "autoencoder", epochs);
  const network = new DenoisingAutoencoder(random.fork("weights"), [radii.length, ...widths]);
  const optimizer = new Adam(network.parameters(), { learningRate });
  const { done = 0, losses: before = [], state } = resumed?.checkpoint ?? {};
  let draws = random.fork("training");
  if (resumed !== undefined && state !== undefined) {
    restoring(resumed.path, () => {
      network.loadStateDictionary(partOfState(state, "model"));
      optimizer.loadStateDictionary(partOfState(state, "optimizer"));
      draws = streamFrom("noise", partOfState(state, "noise"));
    });
  }
  const losses = [...before];
  const training = (): Training => {
    const model = { network, standardization, radii, training: { ...record, epochs: losses.length } };
    return snapshot(losses, { model, trained: train.shape[0], done: losses.length, total: epochs });
  };
  const checkpoint = (): Checkpoint => ({
    identity,
    done: losses.length,
    losses,
    state: joinedStates({
      model: network.stateDictionary(),
      optimizer: optimizer.stateDictionary(),
      noise: streamState(draws),
    }),
  });
  const options = { model: network, optimizer, train, valid, random: draws, epochs, threads };
  return savedAlong(trainDenoiser({ ...options, firstEpoch: done }), training, checkpoint, (step) => {
    requireConvergence(step, learningRate);
    losses.push(step);
    optimizer.learningRate = rate(losses.length);
  });
}

/** Trains, and yields after each step a training that can be saved until the next one. */
function* savedAlong<Step>(
  steps: Generator<Step, void, void>,
  training: () => Training,
  checkpoint: (step: Step) => Checkpoint,
  take: (step: Step) => void,
): Generator<Training, Training, void> {
  for (const step of steps) {
    take(step);
    let isHere = true;
    try {
      yield savable(training(), () => (isHere ? checkpoint(step) : undefined));
    } finally {
      isHere = false;
    }
  }
  return training();
}

/** Trains the residual network on batches of principal components. */
function trainResidual(
  { train, valid, standardization }: Dataset<LogPrincipalComponents>,
  properties: Dataset<FeatureStandardization> | undefined,
  {
    random,
    radii,
    record,
    widths,
    threads,
    conditions: names,
    batches,
    identity,
    resumed,
  }: Settings & { readonly conditions: readonly ConditionName[]; readonly batches: number },
): Generator<Training, Training, void> {
  const { learningRate } = record;
  const conditions = properties && describeConditions(names, properties);
  const [width] = widths;
  const sizes = { features: train.shape[1], width, blocks: widths.length, conditions: names.length };
  const network = new ResidualDenoiser(sizes, random.fork("weights"));
  const steps = trainFlow({
    model: network,
    train,
    valid,
    ...(properties && { conditions: properties }),
    random: random.fork("training"),
    steps: batches,
    threads,
    batchSize: BATCH,
    learningRate: rateOf(record, "residual", batches),
    reportEvery: 20,
    ...(resumed && { state: resumed.checkpoint.state }),
  });
  const losses = [...(resumed?.checkpoint.losses ?? [])];
  let done = resumed?.checkpoint.done ?? 0;
  const passes = (): number => (done * Math.min(BATCH, train.shape[0])) / train.shape[0];
  const training = (): Training => {
    const epochs = Math.floor(passes());
    const own = { ...record, epochs, batches: done };
    const model = { network, standardization, radii, training: own, ...(conditions && { conditions }) };
    return snapshot(losses, { model, trained: train.shape[0], done, total: batches });
  };
  const checkpoint = (report: FlowProgress): Checkpoint => ({
    identity,
    done,
    losses,
    state: report.stateDictionary(),
  });
  return savedAlong(steps, training, checkpoint, ({ step, train, valid }) => {
    done = step;
    const entry = { epoch: passes(), train, valid };
    requireConvergence(entry, learningRate);
    losses.push(entry);
  });
}

/** What is held stays as it was. The list only grows, so a copy can wait until somebody reads it: one an epoch would be quadratic. */
function snapshot(all: readonly EpochLosses[], rest: Omit<Training, "loss" | "losses">): Training {
  const count = all.length;
  return {
    ...rest,
    loss: all[count - 1],
    get losses() {
      return all.slice(0, count);
    },
  };
}

/** Curves in a batch of the residual network. */
export const BATCH = 256;

/** @throws ArgumentError for losses that are no finite numbers */
function requireConvergence({ epoch, train, valid }: EpochLosses, learningRate: number): void {
  if (Number.isFinite(train) && Number.isFinite(valid)) return;
  throw new ArgumentError(
    "trainModel",
    `the losses of epoch ${epoch} are ${train} and ${valid}: the training diverged`,
    `give a learningRate below ${learningRate}`,
  );
}

/**
 * The parts of the curves that a model was trained on, as its training split and represented them; undefined for other curves. Which
 * they are shows in the statistics, which are those of the training part.
 *
 * @throws FormatError for what is no table of curves, for other radii, and for curves that no such model could be trained on
 */
export function splitFor(
  model: Model,
  curves: Curves,
  source: string,
): Dataset<Standardization | LogPrincipalComponents> | undefined {
  requireModelRadii(model, curves, source);
  const { standardization, training } = model;
  if (curves.curves.length !== training.curves) return undefined;
  const split = standardization instanceof Standardization ? splitCurves : splitLogCurves;
  const found = split(curves, new Random(training.seed), source);
  const own = statisticsOf(found.standardization);
  return statisticsOf(standardization).every((value, i) => value === own[i]) ? found : undefined;
}

/**
 * Curves that a model was not trained on, as its network sees them: the validation part of the data it was trained on, or all of
 * other data.
 *
 * @param source what to call the curves in errors
 * @returns [curves, features]
 * @throws FormatError for curves at other radii, and for those that no such model could be trained on
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 1, random }));
 * unseenCurves(model, galaxies).shape // [10, 50]
 */
export function unseenCurves(model: Model, curves: Curves, source = "unseenCurves"): Tensor {
  checkModel("unseenCurves", model);
  checkKind("unseenCurves", "source", source, "text", "say what to call the curves in errors.");
  const own = splitFor(model, curves, source);
  if (own !== undefined) return own.valid;
  const { standardization } = model;
  if (standardization instanceof LogPrincipalComponents) {
    checkAboveZero(source, curves.curves, "the model knows their logarithms", "leave the curve out");
  }
  return standardization.apply(curves.curves);
}

/** Numbers that no two training parts share. */
function statisticsOf(standardization: Model["standardization"]): readonly number[] {
  return standardization instanceof LogPrincipalComponents
    ? [...standardization.mean, ...standardization.scales]
    : [standardization.mean, standardization.standardDeviation];
}
