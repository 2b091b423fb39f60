/**
 * A training that was not finished, as bytes: what decides it (options, data, engine, backend), and all that its next step depends on. So
 * one that goes on from there ends with the bits of one that was never stopped.
 */

import { clip, describeValue } from "../basics/check.ts";
import { ArgumentError, FormatError, HalogradError } from "../basics/errors.ts";
import type { EpochLosses } from "../diffusion/index.ts";
import { readSafetensors, writeSafetensors } from "../io/index.ts";
import type { Bytes } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import type { StateDictionary } from "../optim/saved-state.ts";
import { tensor } from "../tensor/construction.ts";
import { digestOfRows } from "./model.ts";
import type { Training } from "./training.ts";

/** What decides a training, by name: two with the same entries end with the same bits. Each is kept as JSON. */
export type Identity = Readonly<Record<string, unknown>>;

/** Where a training stands. */
export interface Checkpoint {
  /** What decides it. */
  readonly identity: Identity;
  /** Steps that were done, in epochs or batches. */
  readonly done: number;
  /** Those of the steps that were done. */
  readonly losses: readonly EpochLosses[];
  /** All that the next step depends on, beside the identity. */
  readonly state: StateDictionary;
}

const FORMAT = "halograd checkpoint, version 1";

/** How to come by the checkpoint of a training; undefined once it has gone on. */
const checkpoints = /* @__PURE__ */ new WeakMap<Training, () => Checkpoint | undefined>();

/** Makes a training one that {@link saveTraining} can save. Returns it. */
export function savable(training: Training, checkpoint: () => Checkpoint | undefined): Training {
  checkpoints.set(training, checkpoint);
  return training;
}

/**
 * A training as bytes, in the form of a safetensors file: weights, optimiser, random streams and losses, and what decides the training.
 * {@link loadTraining} goes on from there, and ends with the same bits as if nothing had been saved.
 *
 * @param training what `trainModel` or `loadTraining` yielded last
 * @throws ArgumentError for a training that has gone on since, or was left
 */
export function saveTraining(training: Training): Bytes {
  const where = "saveTraining";
  const make = checkpoints.get(training);
  if (make === undefined) {
    const fix = "pass what a loop over trainModel(…) yields.";
    throw new ArgumentError(where, `takes a training; got ${describeValue(training)}.`, fix);
  }
  const checkpoint = make();
  if (checkpoint === undefined) {
    const { done, total } = training;
    const problem = `the training has gone on or ended since it was at ${done} of ${total}.`;
    throw new ArgumentError(where, problem, "save it inside the loop, before the next step.");
  }
  const { identity, done, losses, state } = checkpoint;
  const rows = losses.flatMap(({ epoch, train, valid }) => [epoch, train, valid]);
  const tensors = new Map<string, Tensor>([
    ...state,
    [LOSSES, tensor(Float64Array.from(rows), [losses.length, 3], { dtype: "float64" })],
  ]);
  const metadata = new Map(
    Object.entries({ format: FORMAT, ...identity, done }).map(([key, value]) => [key, JSON.stringify(value)]),
  );
  const contents = new Map(
    Array.from(tensors, ([name, value]) => [
      name,
      { shape: value.shape, data: value.toTypedArray<Float32Array | Float64Array>() },
    ]),
  );
  metadata.set(DIGEST, digestOfContents(metadata, contents));
  return writeSafetensors(contents, metadata);
}

/** Beside the state. */
const LOSSES = "losses";

/** Of all else in the file. */
const DIGEST = "digest";

/**
 * Reads what {@link saveTraining} wrote, and checks that it is of the training that is to go on.
 *
 * @throws FormatError for damage, ArgumentError for a checkpoint of another training, with what differs
 */
export function readCheckpoint(bytes: Uint8Array, path: string, identity: Identity): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, path);
  const format = metadata.get("format") ?? "";
  if (format !== JSON.stringify(FORMAT)) {
    refuse(path, format === "" ? "it says nothing about its format" : `its format is ${clip(format)}`);
  }
  const digest = metadata.get(DIGEST);
  metadata.delete(DIGEST);
  if (digest !== digestOfContents(metadata, tensors))
    refuse(path, "its contents are not those that were saved");
  const wanted = new Map(Object.entries(identity).map(([key, value]) => [key, JSON.stringify(value)]));
  const differences = [...new Set([...metadata.keys(), ...wanted.keys()])]
    .filter((key) => key !== "format" && key !== "done" && metadata.get(key) !== wanted.get(key))
    .map((key) => `its ${key} is ${say(metadata.get(key))}, not ${say(wanted.get(key))}`);
  if (differences.length > 0) {
    const problem = `this is the checkpoint of another training: ${differences.join("; ")}`;
    throw new ArgumentError(path, problem, "give the data and the options that it began with, or train anew");
  }
  const done = Number(metadata.get("done"));
  const table = tensors.get(LOSSES);
  tensors.delete(LOSSES);
  if (!Number.isSafeInteger(done) || done < 1 || table?.shape.length !== 2 || table.shape[1] !== 3) {
    return refuse(path, "it does not say how far it has come");
  }
  const losses = Array.from({ length: table.shape[0] }, (_, i): EpochLosses => {
    const [epoch, train, valid] = table.data.subarray(3 * i, 3 * i + 3);
    return { epoch, train, valid };
  });
  const state = new Map(
    Array.from(tensors, ([name, { data, shape, dtype }]) => [
      name,
      tensor(data, shape, { dtype: dtype === "F64" ? "float64" : "float32" }),
    ]),
  );
  return { identity, done, losses, state };
}

/** Runs what restores a checkpoint: where it does not fit, the file is to blame. */
export function restoring<T>(path: string, restore: () => T): T {
  try {
    return restore();
  } catch (error) {
    if (error instanceof HalogradError) refuse(path, error.message.split("\n")[0]);
    throw error;
  }
}

function refuse(path: string, problem: string): never {
  throw new FormatError(
    path,
    `this is not a whole checkpoint of halograd: ${problem}`,
    "give what saveTraining returned, or train anew",
  );
}

/** What an entry says, for an error. */
const say = (text: string | undefined): string => (text === undefined ? "not given" : clip(text));

/** Of everything in a file, in whatever order it is read. */
function digestOfContents(
  metadata: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>,
): string {
  const sorted = <T>(entries: ReadonlyMap<string, T>): (readonly [string, T])[] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const named = sorted(tensors);
  const text = JSON.stringify([sorted(metadata), named.map(([name, { shape }]) => [name, shape])]);
  return digestOfRows([
    Float64Array.from(text, (_, i) => text.charCodeAt(i)),
    ...named.map(([, { data }]) => data),
  ]);
}
