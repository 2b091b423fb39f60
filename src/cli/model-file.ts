/**
 * The model file: weights in PyTorch's key style as safetensors, and in its metadata all that is needed to use them:
 * radii, normalisation, layer widths, and how it was trained. Each metadata value is JSON.
 */

import { DenoisingAutoencoder, Standardization } from "../diffusion/index.ts";
import { type Curves, readSafetensors, type SafetensorsFile, writeSafetensors } from "../io/index.ts";
import { backendName } from "../kernels/index.ts";
import { readBytes } from "../node/files.ts";
import { FormatError, HalogradError } from "../tensor/errors.ts";
import { Random } from "../tensor/random.ts";

/** A network, and what its numbers mean. */
export interface Model {
  readonly network: DenoisingAutoencoder;
  readonly standardization: Standardization;
  /** kpc, one for each input of the network. */
  readonly radii: Float64Array;
  readonly training: TrainingRecord;
}

/** How a model came to be. */
interface TrainingRecord {
  readonly seed: number;
  /** Curves, those for validation included. */
  readonly curves: number;
  /** Epochs that were done. */
  readonly epochs: number;
  readonly learningRate: number;
}

const FORMAT = "halograd denoising autoencoder, version 1";

/** The bytes of the file; they depend on nothing but the model. */
export function writeModel({ network, standardization, radii, training }: Model): Uint8Array {
  const metadata = {
    format: FORMAT,
    widths: widthsOf(network),
    radii: [...radii],
    mean: standardization.mean,
    standard_deviation: standardization.standardDeviation,
    seed: training.seed,
    curves: training.curves,
    epochs: training.epochs,
    learning_rate: training.learningRate,
    backend: backendName(),
    optimizer: "Adam",
    schedule: "linear",
  };
  return writeSafetensors(
    network.namedParameters(),
    Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)] as const),
  );
}

/**
 * Reads a model file.
 *
 * @throws FileError when it cannot be read
 * @throws FormatError when it is damaged, or not a model that halograd wrote
 */
export function readModel(path: string): Model {
  const file = readSafetensors(readBytes(path), path);
  const field = <T>(name: string, isRight: (value: unknown) => value is T): T => {
    const text = file.metadata.get(name);
    const value = parseJson(text);
    if (isRight(value)) return value;
    return refuse(
      path,
      text === undefined ? `it says nothing about its ${name}` : `its ${name} is ${clip(text)}`,
    );
  };
  if (field("format", isText) !== FORMAT) refuse(path, `its format is ${clip(file.metadata.get("format")!)}`);
  // Other ways to mix in noise need other samplers; a model of those is a later format.
  if (file.metadata.has("schedule") && field("schedule", isText) !== "linear") {
    refuse(path, `its schedule is ${clip(file.metadata.get("schedule")!)}, and only "linear" is known`);
  }
  const widths = field("widths", isNumbers);
  const radii = Float64Array.from(field("radii", isNumbers));
  if (radii.length !== widths[0] || radii.some((radius, i) => !(radius > (i === 0 ? 0 : radii[i - 1])))) {
    refuse(path, `its ${radii.length} radii are not ${widths[0]} growing ones`);
  }
  return {
    network: readNetwork(path, file, widths),
    standardization: new Standardization(field("mean", isNumber), field("standard_deviation", isPositive)),
    radii,
    training: {
      seed: field("seed", isInteger),
      curves: field("curves", isInteger),
      epochs: field("epochs", isInteger),
      learningRate: field("learning_rate", isNumber),
    },
  };
}

/**
 * Refuses curves whose radii are not those of the model. A tenth of a per cent is forgiven: tables are often
 * rounded, and no curve changes noticeably over such a step.
 */
export function requireModelRadii(model: Model, { radii }: Curves, source: string): void {
  const own = model.radii;
  const fits = radii.length === own.length && radii.every((r, i) => Math.abs(r - own[i]) <= 1e-3 * own[i]);
  if (fits) return;
  const describe = (list: Float64Array): string =>
    `${list.length} radii from ${short(list[0])} to ${short(list[list.length - 1])} kpc`;
  const first = radii.findIndex((r, i) => !(Math.abs(r - own[i]) <= 1e-3 * own[i]));
  const detail =
    radii.length === own.length
      ? `, and radius ${first + 1} is ${short(radii[first])}, not ${short(own[first])}`
      : "";
  throw new FormatError(
    source,
    `it has ${describe(radii)}, but the model was trained on ${describe(own)}${detail}`,
    "interpolate the curves to the model's radii; halograd info lists them",
  );
}

/** The widths from the input to the bottleneck. */
export function widthsOf({ encoder }: DenoisingAutoencoder): number[] {
  return [encoder[0].weight.shape[1], ...encoder.map(({ weight }) => weight.shape[0])];
}

/** Checked against the weights before anything of these sizes is made. */
function readNetwork(path: string, { tensors }: SafetensorsFile, widths: number[]): DenoisingAutoencoder {
  widths.slice(1).forEach((width, i) => {
    const { shape } = tensors.get(`encoder.${i}.weight`) ?? refuse(path, `encoder.${i}.weight is missing`);
    if (shape[0] !== width || shape[1] !== widths[i] || shape[0] === 0 || shape[1] === 0) {
      refuse(path, `encoder.${i}.weight has the shape [${shape.join(", ")}], not [${width}, ${widths[i]}]`);
    }
  });
  if (widths.length < 2) refuse(path, `its widths are [${widths.join(", ")}]`);
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite)) refuse(path, `${name} holds values that are not finite`);
  }
  const network = new DenoisingAutoencoder(new Random(0), widths);
  try {
    network.loadStateDictionary(tensors);
  } catch (error) {
    if (error instanceof HalogradError) refuse(path, error.message.split("\n")[0]);
    throw error;
  }
  return network;
}

function refuse(path: string, problem: string): never {
  throw new FormatError(
    path,
    `this is not a model of halograd: ${problem}`,
    "give a model.safetensors that halograd run or train wrote",
  );
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPositive = (value: unknown): value is number => isNumber(value) && value > 0;
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
const short = (value: number): string => String(Number(value.toPrecision(4)));
