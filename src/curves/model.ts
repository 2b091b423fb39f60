/**
 * A model of rotation curves, and its file: weights in PyTorch's key style as safetensors, and in its metadata all that is
 * needed to use them: radii, normalisation, layer widths, and how it was trained. Each metadata value is JSON.
 */

import { checkKind, clip, describeValue, fields, isList, number, optional, text } from "../basics/check.ts";
import { ArgumentError, FormatError, HalogradError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import {
  type Denoiser,
  DenoisingAutoencoder,
  LogPrincipalComponents,
  ResidualDenoiser,
  type ResidualDenoiserSizes,
  Standardization,
} from "../diffusion/index.ts";
import {
  type Curves,
  readSafetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
  type TensorToWrite,
  writeSafetensors,
} from "../io/index.ts";
import { type Bytes, backendName } from "../kernels/index.ts";
import { checkCurves } from "./check.ts";
import {
  CONDITIONS,
  type ConditionName,
  LEARNING_RATE_SCHEDULES,
  type LearningRateSchedule,
  NETWORKS,
  type NetworkName,
} from "./names.ts";
import { checkedPopulation, type PopulationChoice } from "./population.ts";

/** A network, and what its numbers mean: standardised velocities, or principal components of their logarithm. */
export interface Model {
  /** What is trained. */
  readonly network: DenoisingAutoencoder | ResidualDenoiser;
  /** From curves to what the network sees, and back. */
  readonly standardization: Standardization | LogPrincipalComponents;
  /** kpc, one for each velocity of a curve. */
  readonly radii: Float64Array;
  /** How it came to be. */
  readonly training: TrainingRecord;
  /** What the network can be conditioned on, in the order of its inputs; default: nothing. */
  readonly conditions?: readonly ModelCondition[];
}

/** A property that a model can be conditioned on, in log10. */
export interface ModelCondition {
  /** Which one. */
  readonly name: ConditionName;
  /** Over the training part. */
  readonly mean: number;
  /** Over the training part. */
  readonly standardDeviation: number;
  /** The least one of the training part. */
  readonly least: number;
  /** The greatest one of the training part. */
  readonly greatest: number;
}

/** How a model came to be. */
export interface TrainingRecord {
  /** Of the stream that the training drew from; a bigint where that was forked from another one. */
  readonly seed: number | bigint;
  /** Curves, those for validation included. */
  readonly curves: number;
  /** Epochs that were done: whole passes over the training part. */
  readonly epochs: number;
  /** Batches that were done, by the network that is trained on batches. */
  readonly batches?: number;
  /** Of the optimiser. */
  readonly learningRate: number;
  /** What became of the learning rate, where it was not what the network's usually does. */
  readonly schedule?: LearningRateSchedule;
  /** Of the galaxies that were learned from, where that is known. */
  readonly population?: PopulationChoice;
  /** Of the curves, the radii included: FNV-1a in 64 bits, as 16 hexadecimal digits. Unknown of models that were kept without it. */
  readonly data?: string;
  /** The version of the engine that trained it. Unknown where the program did not say. */
  readonly version?: string;
}

const FORMATS: Readonly<Record<NetworkName, string>> = {
  autoencoder: "halograd denoising autoencoder, version 1",
  residual: "halograd residual denoiser, version 1",
};

/** The seed with which a new stream is this one, from its first number. */
export function seedOf(random: Random): number | bigint {
  const [high, low] = random.state().key;
  const seed = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  return BigInt(Number(seed)) === seed && Number.isSafeInteger(Number(seed)) ? Number(seed) : seed;
}

/** The name of a model's network. */
export function networkOf({ network }: Pick<Model, "network">): NetworkName {
  return network instanceof ResidualDenoiser ? "residual" : "autoencoder";
}

/** The guess of the clean data, in the network's numbers. */
export function denoiserOf({ network }: Model, threads = 1): Denoiser {
  return network.denoiser({ threads });
}

/** @throws ArgumentError for what is no model, such as the training that has one */
export function checkModel(where: string, model: Model): void {
  const { network, standardization, radii, training, conditions = [] } = model ?? {};
  const isNetwork = network instanceof ResidualDenoiser || network instanceof DenoisingAutoencoder;
  const parts = {
    standardization:
      standardization instanceof Standardization || standardization instanceof LogPrincipalComponents,
    radii: isList(radii) && Array.from(radii).every(Number.isFinite),
    training: typeof training === "object" && training !== null,
    conditions: Array.isArray(conditions),
  };
  const wrong = Object.entries(parts).find(([, isRight]) => !isRight)?.[0];
  if (isNetwork && wrong === undefined) {
    RECORD(where, "the model's training", training);
    for (const condition of conditions) CONDITION(where, "a condition of the model", condition);
    return;
  }
  const got = describeValue(isNetwork ? model[wrong as keyof Model] : model);
  throw new ArgumentError(
    where,
    isNetwork ? `the model's ${wrong}: got ${got}.` : `needs a model; got ${got}.`,
    "pass what readModel returned, or the model of a training: { model }.",
  );
}

const RECORD = fields({
  seed: (where, name, value) => {
    if (typeof value !== "bigint") number(where, name, value);
  },
  curves: number,
  epochs: number,
  batches: optional(number),
  learningRate: number,
  schedule: optional(text),
  data: optional(text),
  version: optional(text),
});
const CONDITION = fields({
  name: text,
  mean: number,
  standardDeviation: number,
  least: number,
  greatest: number,
});

/** How many numbers the network has for a curve. */
export function featuresOf({ standardization, radii }: Model): number {
  return standardization instanceof LogPrincipalComponents ? standardization.scales.length : radii.length;
}

/**
 * A model as the bytes of a safetensors file, which {@link readModel} and `halograd sample` read. They depend on nothing but the
 * model and the backend.
 */
export function writeModel(model: Model): Bytes {
  checkModel("writeModel", model);
  const { network, standardization } = model;
  return writeSafetensors(
    [...network.namedParameters(), ...representationTensors(standardization)],
    metadataOf(model),
  );
}

/** What a model's file says of it beside its weights, each entry as JSON. */
export function metadataOf(model: Model): [key: string, text: string][] {
  const { network, standardization, radii, training, conditions = [] } = model;
  const metadata = {
    format: FORMATS[networkOf(model)],
    ...(network instanceof ResidualDenoiser ? { sizes: network.sizes } : { widths: widthsOf(network) }),
    radii: [...radii],
    ...(standardization instanceof Standardization && {
      mean: standardization.mean,
      standard_deviation: standardization.standardDeviation,
    }),
    ...(conditions.length > 0 && { conditions: conditions.map(storedCondition) }),
    seed: typeof training.seed === "bigint" ? String(training.seed) : training.seed,
    curves: training.curves,
    epochs: training.epochs,
    ...(training.batches !== undefined && { batches: training.batches }),
    learning_rate: training.learningRate,
    ...(training.schedule !== undefined && { learning_rate_schedule: training.schedule }),
    population: training.population ?? null,
    ...(typeof training.population === "object" && {
      population_digest: digestOfText(JSON.stringify(training.population)),
    }),
    ...(training.data !== undefined && { data: training.data }),
    ...(training.version !== undefined && { version: training.version }),
    backend: backendName(),
    optimizer: network instanceof ResidualDenoiser ? "AdamW" : "Adam",
    schedule: "linear",
  };
  return Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
}

/**
 * Reads what {@link writeModel} wrote.
 *
 * @param bytes of the file
 * @param path what to call it in errors
 * @throws FormatError when it is damaged, or not a model that halograd wrote
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 20, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * const bytes = writeModel(model); // to keep in a file, or wherever bytes are kept
 * readModel(bytes, "my model").training.epochs // 3
 */
export function readModel(bytes: Uint8Array, path = "model.safetensors"): Model {
  checkKind("readModel", "path", path, "text", "say what to call the bytes in errors.");
  const file = readSafetensors(bytes, path);
  const field = <T>(name: string, isRight: (value: unknown) => value is T): T => {
    const text = file.metadata.get(name);
    const value = parseJson(text);
    if (isRight(value)) return value;
    return refuse(
      path,
      text === undefined ? `it says nothing about its ${name}` : `its ${name} is ${clip(text)}`,
    );
  };
  const format = field("format", isText);
  const name = NETWORKS.find((network) => FORMATS[network] === format);
  if (name === undefined) refuse(path, `its format is ${clip(file.metadata.get("format")!)}`);
  // Other ways to mix in noise need other samplers; a model of those is a later format.
  if (file.metadata.has("schedule") && field("schedule", isText) !== "linear") {
    refuse(path, `its schedule is ${clip(file.metadata.get("schedule")!)}, and only "linear" is known`);
  }
  const radii = Float64Array.from(field("radii", isNumbers));
  const checkRadii = (count: number): void => {
    if (radii.length === count && radii.every((radius, i) => radius > (i === 0 ? 0 : radii[i - 1]))) return;
    refuse(path, `its ${radii.length} radii are not ${count} growing ones`);
  };
  // Models of earlier versions say nothing of these.
  const optional = <K extends string, T>(key: K, name: string, isRight: (value: unknown) => value is T) =>
    parseJson(file.metadata.get(name) ?? "null") === null
      ? {}
      : ({ [key]: field(name, isRight) } as Record<K, T>);
  const training = (): TrainingRecord => ({
    seed: readSeed(field("seed", isSeed)),
    curves: field("curves", isInteger),
    epochs: field("epochs", isInteger),
    ...(name === "residual" && { batches: field("batches", isInteger) }),
    learningRate: field("learning_rate", isNumber),
    ...optional("schedule", "learning_rate_schedule", isRateSchedule),
    ...optional("population", "population", isPopulation),
    ...optional("data", "data", isDigest),
    ...optional("version", "version", isText),
  });
  const digest = file.metadata.get("population_digest");
  if (digest !== undefined && parseJson(digest) !== digestOfText(file.metadata.get("population") ?? ""))
    refuse(path, "its population is not the one that it was trained on");
  if (name === "residual") {
    const sizes = field("sizes", isSizes);
    const standardization = readRepresentation(path, file, sizes.features);
    checkRadii(standardization.mean.length);
    const conditions = sizes.conditions === 0 ? [] : field("conditions", areConditions).map(readCondition);
    if (conditions.length !== sizes.conditions) {
      refuse(path, `it tells of ${conditions.length} conditions, and its sizes of ${sizes.conditions}`);
    }
    const network = readResidualNetwork(path, file, sizes);
    return { network, standardization, radii, training: training(), conditions };
  }
  const widths = field("widths", isNumbers);
  checkRadii(widths[0]);
  return {
    network: readNetwork(path, file, widths),
    standardization: new Standardization(field("mean", isNumber), field("standard_deviation", isPositive)),
    radii,
    training: training(),
  };
}

/**
 * Refuses what is no table of curves, and curves whose radii are not those of the model. A tenth of a per cent is forgiven: tables are often
 * rounded, and no curve changes noticeably over such a step.
 */
export function requireModelRadii(model: Model, table: Curves, source: string): void {
  const { radii } = table ?? {};
  const own = model.radii;
  const fits =
    isList(radii) && radii.length === own.length && own.every((r, i) => Math.abs(radii[i] - r) <= 1e-3 * r);
  if (fits || !isList(radii) || radii.length === 0 || !Array.from(radii).every(Number.isFinite)) {
    checkCurves(source, table);
    return;
  }
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
    "interpolate the curves to the model's radii",
  );
}

/** The widths from the input to the bottleneck. */
export function widthsOf({ encoder }: DenoisingAutoencoder): number[] {
  return [encoder[0].weight.shape[1], ...encoder.map(({ weight }) => weight.shape[0])];
}

/** Checked against the weights before anything of these sizes is made. */
function readNetwork(path: string, { tensors }: SafetensorsFile, widths: number[]): DenoisingAutoencoder {
  if (widths.length < 2 || !widths.every((width) => isInteger(width) && width > 0))
    refuse(path, `its widths are [${widths.join(", ")}]`);
  widths.slice(1).forEach((width, i) => {
    const { shape } = tensors.get(`encoder.${i}.weight`) ?? refuse(path, `encoder.${i}.weight is missing`);
    // Of a shape with a third dimension of 0 the first two can be any size, and need no data.
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows !== width || columns !== widths[i]) {
      refuse(path, `encoder.${i}.weight has the shape [${shape.join(", ")}], not [${width}, ${widths[i]}]`);
    }
  });
  return withWeights(path, new DenoisingAutoencoder(new Random(0), widths), tensors);
}

/** Checked against the weights before anything of these sizes is made. */
function readResidualNetwork(
  path: string,
  { tensors }: SafetensorsFile,
  sizes: Required<ResidualDenoiserSizes>,
): ResidualDenoiser {
  const { features, width, blocks, conditions } = sizes;
  const check = (name: string, wanted: readonly number[]): void => {
    const { shape } = tensors.get(name) ?? refuse(path, `${name} is missing`);
    if (shape.length === wanted.length && shape.every((size, i) => size === wanted[i])) return;
    refuse(path, `${name} has the shape [${shape.join(", ")}], not [${wanted.join(", ")}]`);
  };
  check("input.weight", [width, features]);
  // Every block, not the last alone: the file has to pay for each with weights.
  for (let i = 0; i < blocks; i++) check(`blocks.${i}.first.weight`, [width, width]);
  if (conditions > 0) {
    const embedding = tensors.get("time.weight")?.shape[0] || 1;
    check("condition.weight", [embedding, conditions]);
    check("unconditional", [conditions, embedding]);
  }
  const own = new Map([...tensors].filter(([name]) => !name.startsWith(REPRESENTATION)));
  return withWeights(path, new ResidualDenoiser(sizes, new Random(0)), own);
}

/** The network with the weights of the file. */
function withWeights<Network extends DenoisingAutoencoder | ResidualDenoiser>(
  path: string,
  network: Network,
  tensors: SafetensorsFile["tensors"],
): Network {
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite)) refuse(path, `${name} holds values that are not finite`);
  }
  try {
    network.loadStateDictionary(tensors);
  } catch (error) {
    if (error instanceof HalogradError) refuse(path, error.message.split("\n")[0]);
    throw error;
  }
  return network;
}

const REPRESENTATION = "representation.";

/** Principal components as tensors in float64, next to the weights. */
function representationTensors(standardization: Model["standardization"]): [name: string, TensorToWrite][] {
  if (standardization instanceof Standardization) return [];
  const { mean, basis, scales, completion } = standardization;
  const [flat, added] = [basis, completion].map((rows) => Float64Array.from(rows.flatMap((row) => [...row])));
  const terms: [string, TensorToWrite][] = [
    [`${REPRESENTATION}completion`, { shape: [completion.length, mean.length], data: added }],
  ];
  return [
    [`${REPRESENTATION}mean`, { shape: [mean.length], data: mean }],
    [`${REPRESENTATION}basis`, { shape: [scales.length, mean.length], data: flat }],
    [`${REPRESENTATION}scales`, { shape: [scales.length], data: scales }],
    ...(completion.length === 0 ? [] : terms),
  ];
}

function readRepresentation(
  path: string,
  { tensors }: SafetensorsFile,
  features: number,
): LogPrincipalComponents {
  const read = (name: string, rank: number): SafetensorsTensor => {
    const found = tensors.get(REPRESENTATION + name) ?? refuse(path, `${REPRESENTATION}${name} is missing`);
    const isRight = found.shape.length === rank && found.data.every(Number.isFinite);
    return isRight ? found : refuse(path, `${REPRESENTATION}${name} is not what it should be`);
  };
  const [mean, basis, scales] = [read("mean", 1), read("basis", 2), read("scales", 1)];
  const values = mean.data.length;
  if (scales.data.length !== features || basis.shape[0] !== features || basis.shape[1] !== values) {
    refuse(path, `its representation is not one of ${features} components`);
  }
  if (!scales.data.every((scale) => scale > 0)) refuse(path, "a scale of its representation is not above 0");
  const rowsOf = ({ data, shape: [rows] }: SafetensorsTensor) =>
    Array.from({ length: rows }, (_, k) => data.subarray(k * values, (k + 1) * values));
  // Models of earlier versions have none.
  const completion = tensors.has(`${REPRESENTATION}completion`) ? read("completion", 2) : undefined;
  if (
    completion &&
    (completion.shape[0] !== ((features + 1) * (features + 2)) / 2 || completion.shape[1] !== values)
  ) {
    refuse(path, `its completion is not one of ${features} components`);
  }
  return new LogPrincipalComponents(mean.data, rowsOf(basis), scales.data, completion && rowsOf(completion));
}

function refuse(path: string, problem: string): never {
  throw new FormatError(
    path,
    `this is not a model of halograd: ${problem}`,
    "give what writeModel returned, or a model.safetensors of the halograd command",
  );
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/**
 * What tells a table of curves from any other one.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function digestOf({ radii, curves }: Curves): string {
  return digestOfRows([radii, ...curves]);
}

/** As {@link digestOfRows}, of the characters of a text. */
function digestOfText(text: string): string {
  return digestOfRows([Float64Array.from(text, (_, i) => text.charCodeAt(i))]);
}

/** Of numbers in their order: FNV-1a in 64 bits over their float64 bits, as 16 hexadecimal digits. */
export function digestOfRows(rows: Iterable<ArrayLike<number>>): string {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  const mix = (word: number): void => {
    // By 2⁴⁰ + 0x1b3: the low word times each part, in pieces whose products stay exact.
    low = (low ^ word) >>> 0;
    const [lower, upper] = [(low & 0xffff) * 0x1b3, (low >>> 16) * 0x1b3];
    const carry = Math.floor((lower + (upper & 0xffff) * 0x10000) / 2 ** 32) + (upper >>> 16);
    high = (Math.imul(high, 0x1b3) + (low << 8) + carry) >>> 0;
    low = (lower + (upper & 0xffff) * 0x10000) >>> 0;
  };
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      number[0] = row[i];
      mix(words[0]);
      mix(words[1]);
    }
  }
  return [high, low].map((word) => word.toString(16).padStart(8, "0")).join("");
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPopulation = (value: unknown): value is PopulationChoice => {
  try {
    return value === checkedPopulation("", value as PopulationChoice) || typeof value === "object";
  } catch (error) {
    if (error instanceof HalogradError) return false;
    throw error;
  }
};
const isRateSchedule = (value: unknown): value is LearningRateSchedule =>
  LEARNING_RATE_SCHEDULES.includes(value as never);
const isDigest = (value: unknown): value is string => isText(value) && /^[0-9a-f]{16}$/.test(value);
const isPositive = (value: unknown): value is number => isNumber(value) && value > 0;
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
/** A safe integer, or text of any other one of 64 bits. */
const isSeed = (value: unknown): value is number | string => {
  if (isInteger(value)) return true;
  if (typeof value !== "string" || !/^-?\d{1,19}$/.test(value)) return false;
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value);
};
const readSeed = (seed: number | string): number | bigint => (typeof seed === "string" ? BigInt(seed) : seed);
const isSizes = (value: unknown): value is Required<ResidualDenoiserSizes> => {
  const sizes = value as Required<ResidualDenoiserSizes> | null;
  const isCount = (size: unknown, least: number): boolean => isInteger(size) && size >= least;
  if (typeof sizes !== "object" || sizes === null) return false;
  return (
    [sizes.features, sizes.width, sizes.blocks].every((size) => isCount(size, 1)) &&
    isCount(sizes.conditions, 0)
  );
};
/** A condition as the file states it. */
export interface StoredCondition extends Omit<ModelCondition, "standardDeviation"> {
  readonly standard_deviation: number;
}
const storedCondition = ({ standardDeviation, ...rest }: ModelCondition): StoredCondition => ({
  ...rest,
  standard_deviation: standardDeviation,
});
const readCondition = ({
  standard_deviation: standardDeviation,
  ...rest
}: StoredCondition): ModelCondition => ({
  ...rest,
  standardDeviation,
});
/** Whether metadata tells of conditions. */
export const areConditions = (value: unknown): value is StoredCondition[] => {
  if (!Array.isArray(value) || value.length > CONDITIONS.length) return false;
  const isOne = (one: StoredCondition | null): boolean =>
    typeof one === "object" &&
    one !== null &&
    CONDITIONS.includes(one.name) &&
    isPositive(one.standard_deviation) &&
    [one.mean, one.least, one.greatest].every(isNumber);
  return value.every(isOne) && new Set(value.map(({ name }: StoredCondition) => name)).size === value.length;
};
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber);
const short = (value: number): string => String(Number(value.toPrecision(4)));
