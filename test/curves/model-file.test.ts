/** Files of models: every entry and every tensor that is not what it should be is refused, with what is wrong. */

import { expect, it } from "vitest";
import { readModel, writeModel } from "../../src/curves/index.ts";
import { areConditions } from "../../src/curves/model.ts";
import { EXTENDED_POPULATION, STANDARD_POPULATION } from "../../src/galaxy/index.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "../../src/io/index.ts";
import { messagesOf } from "../messages.ts";
import { any, autoencoder, quickModel, residual } from "./models.ts";

const plain = writeModel(autoencoder());
const told = writeModel(residual(["halo-mass", "disc-mass"]));
/** A model's file with other metadata, of which text is JSON, and other tensors; undefined leaves an entry out. */
const edited = (
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string | undefined>>,
  tensors: Readonly<Record<string, TensorToWrite | undefined>> = {},
) => {
  const file = readSafetensors(bytes, "model");
  const merge = <T>(
    own: ReadonlyMap<string, T>,
    more: Readonly<Record<string, T | undefined>>,
  ): [string, T][] =>
    Object.entries({ ...Object.fromEntries(own), ...more }).filter(
      (entry): entry is [string, T] => entry[1] !== undefined,
    );
  return () => {
    const all = merge<TensorToWrite>(file.tensors, tensors);
    return readModel(writeSafetensors(all, merge(file.metadata, metadata)), "m.safetensors");
  };
};
const zeros = (...shape: number[]): TensorToWrite => ({
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});
const filled = (value: number, ...shape: number[]): TensorToWrite => ({
  shape,
  data: new Float64Array(shape.reduce((product, size) => product * size, 1)).fill(value),
});
const { features } = JSON.parse(readSafetensors(told, "model").metadata.get("sizes")!);
const condition = { name: "disc-mass", mean: 10, standard_deviation: 1, least: 9, greatest: 12 };

it("entries of the autoencoder's file are refused where they are not what they should be", () => {
  const radii = (list: number[]) => edited(plain, { radii: JSON.stringify(list) });
  const own = { ...STANDARD_POPULATION, name: "own" };
  const even = Array.from({ length: 50 }, (_, i) => i + 1);
  expect(
    messagesOf({
      "no format": edited(plain, { format: undefined }),
      "a format that is no JSON": edited(plain, { format: "halograd" }),
      "another format": edited(plain, { format: '"halograd denoising autoencoder, version 2"' }),
      "another schedule": edited(plain, { schedule: '"cosine"' }),
      "a schedule that is a number": edited(plain, { schedule: "1" }),
      "no radii": edited(plain, { radii: undefined }),
      "radii of text": edited(plain, { radii: '["1"]' }),
      "a radius too few": radii(even.slice(1)),
      "radii that stand still": radii(even.map((radius) => Math.max(radius, 2))),
      "a radius of 0": radii(even.map((radius) => radius - 1)),
      "half a curve": edited(plain, { curves: "60.5" }),
      "half an epoch": edited(plain, { epochs: "1.5" }),
      "a learning rate of text": edited(plain, { learning_rate: '"0.01"' }),
      "a learning rate that falls otherwise": edited(plain, { learning_rate_schedule: '"linear"' }),
      "a population that there is not": edited(plain, { population: '"dwarfs"' }),
      "a description of a population that cannot be": edited(plain, { population: '{"name":"own"}' }),
      "a description that was edited": edited(plain, {
        population: JSON.stringify(own),
        population_digest: '"0123456789abcdef"',
      }),
      "the digest of a description that is missing": edited(plain, {
        population: undefined,
        population_digest: '"0123456789abcdef"',
      }),
      "a short digest of the data": edited(plain, { data: '"0123456789abcde"' }),
      "a digest that is a number": edited(plain, { data: "5" }),
      "a version that is a number": edited(plain, { version: "5" }),
      "a seed beyond 64 bits": edited(plain, { seed: '"9223372036854775808"' }),
      "no widths": edited(plain, { widths: undefined }),
      "one width": edited(plain, { widths: "[50]" }),
      "another first width": edited(plain, { widths: "[49,32,16,4]" }),
      "another bottleneck": edited(plain, { widths: "[50,32,16,5]" }),
      "a layer more": edited(plain, { widths: "[50,32,16,4,2]" }),
      "a layer less": edited(plain, { widths: "[50,32,16]" }),
      "a mean of text": edited(plain, { mean: '"5"' }),
      "a standard deviation of 0": edited(plain, { standard_deviation: "0" }),
      "a weight that is NaN": edited(plain, {}, { "encoder.0.weight": filled(Number.NaN, 32, 50) }),
      "a weight more": edited(plain, {}, { extra: zeros(2) }),
      "half a layer": edited(plain, { widths: "[50,32.5,16,4]" }),
      "a layer of nothing": edited(plain, { widths: "[50,0,16,4]" }, { "encoder.0.weight": zeros(0, 50) }),
    }),
  ).toMatchInlineSnapshot(`
    "
    no format
      FormatError: m.safetensors: this is not a model of halograd: it says nothing about its format
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a format that is no JSON
      FormatError: m.safetensors: this is not a model of halograd: its format is halograd
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    another format
      FormatError: m.safetensors: this is not a model of halograd: its format is "halograd denoising autoencoder, version 2"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    another schedule
      FormatError: m.safetensors: this is not a model of halograd: its schedule is "cosine", and only "linear" is known
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a schedule that is a number
      FormatError: m.safetensors: this is not a model of halograd: its schedule is 1
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no radii
      FormatError: m.safetensors: this is not a model of halograd: it says nothing about its radii
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    radii of text
      FormatError: m.safetensors: this is not a model of halograd: its radii is ["1"]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a radius too few
      FormatError: m.safetensors: this is not a model of halograd: its 49 radii are not 50 growing ones
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    radii that stand still
      FormatError: m.safetensors: this is not a model of halograd: its 50 radii are not 50 growing ones
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a radius of 0
      FormatError: m.safetensors: this is not a model of halograd: its 50 radii are not 50 growing ones
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    half a curve
      FormatError: m.safetensors: this is not a model of halograd: its curves is 60.5
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    half an epoch
      FormatError: m.safetensors: this is not a model of halograd: its epochs is 1.5
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a learning rate of text
      FormatError: m.safetensors: this is not a model of halograd: its learning_rate is "0.01"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a learning rate that falls otherwise
      FormatError: m.safetensors: this is not a model of halograd: its learning_rate_schedule is "linear"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a population that there is not
      FormatError: m.safetensors: this is not a model of halograd: its population is "dwarfs"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a description of a population that cannot be
      FormatError: m.safetensors: this is not a model of halograd: its population is {"name":"own"}
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a description that was edited
      FormatError: m.safetensors: this is not a model of halograd: its population is not the one that it was trained on
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    the digest of a description that is missing
      FormatError: m.safetensors: this is not a model of halograd: its population is not the one that it was trained on
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a short digest of the data
      FormatError: m.safetensors: this is not a model of halograd: its data is "0123456789abcde"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a digest that is a number
      FormatError: m.safetensors: this is not a model of halograd: its data is 5
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a version that is a number
      FormatError: m.safetensors: this is not a model of halograd: its version is 5
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a seed beyond 64 bits
      FormatError: m.safetensors: this is not a model of halograd: its seed is "9223372036854775808"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no widths
      FormatError: m.safetensors: this is not a model of halograd: it says nothing about its widths
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    one width
      FormatError: m.safetensors: this is not a model of halograd: its widths are [50]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    another first width
      FormatError: m.safetensors: this is not a model of halograd: its 50 radii are not 49 growing ones
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    another bottleneck
      FormatError: m.safetensors: this is not a model of halograd: encoder.2.weight has the shape [4, 16], not [5, 16]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a layer more
      FormatError: m.safetensors: this is not a model of halograd: encoder.3.weight is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a layer less
      FormatError: m.safetensors: this is not a model of halograd: loadStateDictionary: unknown decoder.2.bias, decoder.2.weight, encoder.2.bias, encoder.2.weight
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a mean of text
      FormatError: m.safetensors: this is not a model of halograd: its mean is "5"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a standard deviation of 0
      FormatError: m.safetensors: this is not a model of halograd: its standard_deviation is 0
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a weight that is NaN
      FormatError: m.safetensors: this is not a model of halograd: encoder.0.weight holds values that are not finite
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a weight more
      FormatError: m.safetensors: this is not a model of halograd: loadStateDictionary: unknown extra
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    half a layer
      FormatError: m.safetensors: this is not a model of halograd: its widths are [50, 32.5, 16, 4]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a layer of nothing
      FormatError: m.safetensors: this is not a model of halograd: its widths are [50, 0, 16, 4]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    "
  `);
});

it("entries of the residual network's file are refused where they are not what they should be", () => {
  const sizes = (changes: object) => {
    const own = JSON.parse(readSafetensors(told, "model").metadata.get("sizes")!);
    return edited(told, { sizes: JSON.stringify({ ...own, ...changes }) });
  };
  const conditions = (...list: unknown[]) => edited(told, { conditions: JSON.stringify(list) });
  const representation = (name: string, value: TensorToWrite | undefined) =>
    edited(told, {}, { [`representation.${name}`]: value });
  const other = { ...condition, name: "halo-mass" };
  expect(
    messagesOf({
      "no sizes": edited(told, { sizes: "null" }),
      "sizes as text": edited(told, { sizes: '"128"' }),
      "no features": sizes({ features: 0 }),
      "half a block": sizes({ blocks: 0.5 }),
      "conditions below 0": sizes({ conditions: -1 }),
      "no batches": edited(told, { batches: undefined }),
      "a feature more": sizes({ features: features + 1 }),
      "another width": sizes({ width: 64 }),
      "a block more": sizes({ blocks: 4 }),
      "a block less": sizes({ blocks: 2 }),
      "a condition less": sizes({ conditions: 1 }),
      "a condition told of less": conditions(condition),
      "a condition twice": conditions(condition, condition),
      "a condition that there is not": conditions(condition, { ...condition, name: "mass" }),
      "a condition that is none": conditions(condition, null),
      "a condition that does not differ": conditions(condition, { ...other, standard_deviation: 0 }),
      "a condition without a mean": conditions(condition, { ...other, mean: undefined }),
      "a condition without a least value": conditions(condition, { ...other, least: null }),
      "a condition without a greatest value": conditions(condition, { ...other, greatest: "12" }),
      "conditions that are no list": edited(told, { conditions: JSON.stringify({ condition, other }) }),
      "no weights of conditions": edited(told, {}, { "condition.weight": undefined }),
      "no guess without conditions": edited(told, {}, { unconditional: undefined }),
      "no embedding of time": edited(told, {}, { "time.weight": undefined }),
      "no first layer": edited(told, {}, { "input.weight": undefined }),
      "a first layer of another form": edited(told, {}, { "input.weight": zeros(128, features, 1) }),
      "a block without its layer": edited(told, {}, { "blocks.1.first.weight": undefined }),
      "no mean": representation("mean", undefined),
      "a mean of two dimensions": representation("mean", zeros(1, 50)),
      "a mean of NaN": representation("mean", filled(Number.NaN, 50)),
      "a radius less in the mean": representation("mean", zeros(49)),
      "no basis": representation("basis", undefined),
      "a component less": representation("basis", zeros(features - 1, 50)),
      "components of other radii": representation("basis", zeros(features, 49)),
      "no scales": representation("scales", undefined),
      "a scale less": representation("scales", filled(1, features - 1)),
      "a scale of 0": representation("scales", zeros(features)),
      "a completion of other components": representation("completion", zeros(3, 50)),
      "a completion at other radii": representation(
        "completion",
        zeros(((features + 1) * (features + 2)) / 2, 49),
      ),
    }),
  ).toMatchInlineSnapshot(`
    "
    no sizes
      FormatError: m.safetensors: this is not a model of halograd: its sizes is null
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    sizes as text
      FormatError: m.safetensors: this is not a model of halograd: its sizes is "128"
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no features
      FormatError: m.safetensors: this is not a model of halograd: its sizes is {"features":0,"width":128,"blocks":3,"conditions":2}
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    half a block
      FormatError: m.safetensors: this is not a model of halograd: its sizes is {"features":10,"width":128,"blocks":0.5,"conditions":2}
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    conditions below 0
      FormatError: m.safetensors: this is not a model of halograd: its sizes is {"features":10,"width":128,"blocks":3,"conditions":-1}
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no batches
      FormatError: m.safetensors: this is not a model of halograd: it says nothing about its batches
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a feature more
      FormatError: m.safetensors: this is not a model of halograd: its representation is not one of 11 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    another width
      FormatError: m.safetensors: this is not a model of halograd: input.weight has the shape [128, 10], not [64, 10]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a block more
      FormatError: m.safetensors: this is not a model of halograd: blocks.3.first.weight is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a block less
      FormatError: m.safetensors: this is not a model of halograd: loadStateDictionary: unknown blocks.2.embedding.weight, blocks.2.first.bias, blocks.2.first.weight, blocks.2.second.bias, blocks.2.second.weight
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition less
      FormatError: m.safetensors: this is not a model of halograd: it tells of 2 conditions, and its sizes of 1
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition told of less
      FormatError: m.safetensors: this is not a model of halograd: it tells of 1 conditions, and its sizes of 2
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition twice
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition that there is not
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition that is none
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition that does not differ
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition without a mean
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition without a least value
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a condition without a greatest value
      FormatError: m.safetensors: this is not a model of halograd: its conditions is [{"name":"disc-mass","mean":10,"standard_deviation":1,"least…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    conditions that are no list
      FormatError: m.safetensors: this is not a model of halograd: its conditions is {"condition":{"name":"disc-mass","mean":10,"standard_deviati…
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no weights of conditions
      FormatError: m.safetensors: this is not a model of halograd: condition.weight is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no guess without conditions
      FormatError: m.safetensors: this is not a model of halograd: unconditional is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no embedding of time
      FormatError: m.safetensors: this is not a model of halograd: condition.weight has the shape [32, 2], not [1, 2]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no first layer
      FormatError: m.safetensors: this is not a model of halograd: input.weight is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a first layer of another form
      FormatError: m.safetensors: this is not a model of halograd: input.weight has the shape [128, 10, 1], not [128, 10]
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a block without its layer
      FormatError: m.safetensors: this is not a model of halograd: blocks.1.first.weight is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no mean
      FormatError: m.safetensors: this is not a model of halograd: representation.mean is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a mean of two dimensions
      FormatError: m.safetensors: this is not a model of halograd: representation.mean is not what it should be
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a mean of NaN
      FormatError: m.safetensors: this is not a model of halograd: representation.mean is not what it should be
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a radius less in the mean
      FormatError: m.safetensors: this is not a model of halograd: its representation is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no basis
      FormatError: m.safetensors: this is not a model of halograd: representation.basis is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a component less
      FormatError: m.safetensors: this is not a model of halograd: its representation is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    components of other radii
      FormatError: m.safetensors: this is not a model of halograd: its representation is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    no scales
      FormatError: m.safetensors: this is not a model of halograd: representation.scales is missing
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a scale less
      FormatError: m.safetensors: this is not a model of halograd: its representation is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a scale of 0
      FormatError: m.safetensors: this is not a model of halograd: a scale of its representation is not above 0
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a completion of other components
      FormatError: m.safetensors: this is not a model of halograd: its completion is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    a completion at other radii
      FormatError: m.safetensors: this is not a model of halograd: its completion is not one of 10 components
      Fix: give what writeModel returned, or a model.safetensors of the halograd command
    "
  `);
});

it("what models of earlier versions do not say is not needed", () => {
  const silent = { schedule: undefined, population: undefined, data: undefined, version: undefined };
  const { training } = edited(plain, silent)();
  expect(Object.keys(training)).toEqual(["seed", "curves", "epochs", "learningRate"]);
  const { training: other } = edited(plain, { ...silent, population: "null", data: "null", seed: '"-5"' })();
  expect(other).toEqual({ ...training, seed: -5n });
  expect(edited(told, {}, { "representation.completion": undefined })().network).toBeDefined();
  const extended = { population: JSON.stringify(EXTENDED_POPULATION) };
  expect(edited(plain, extended)().training.population).toEqual(EXTENDED_POPULATION);
});

it("what a model's file says of it is what it knows", () => {
  const own = { ...STANDARD_POPULATION, name: "own" };
  const model = quickModel();
  const training = {
    ...model.training,
    seed: 5n,
    schedule: "constant",
    population: own,
    data: "0123456789abcdef",
    version: "1.2",
  } as const;
  const conditions = [{ name: "disc-mass", mean: 10, standardDeviation: 1, least: 9, greatest: 12 }] as const;
  const { metadata } = readSafetensors(writeModel({ ...model, training, conditions }), "model");
  expect(
    Object.fromEntries([...metadata].filter(([key]) => key !== "radii" && key !== "backend")),
  ).toMatchInlineSnapshot(`
    {
      "batches": "0",
      "conditions": "[{"name":"disc-mass","mean":10,"least":9,"greatest":12,"standard_deviation":1}]",
      "curves": "60",
      "data": ""0123456789abcdef"",
      "epochs": "0",
      "format": ""halograd residual denoiser, version 1"",
      "learning_rate": "0.004",
      "learning_rate_schedule": ""constant"",
      "optimizer": ""AdamW"",
      "population": "{"name":"own","hubbleConstant":70,"overdensity":200,"discMass":[9,12],"discScaleLength":{"slope":0.3,"pivot":10.7,"intercept":0.5,"scatter":0.4},"haloMass":{"slope":0.75,"pivot":10.7,"intercept":12,"scatter":0.25},"concentration":{"slope":-0.101,"pivot":12,"intercept":0.905,"scatter":0.11}}",
      "population_digest": ""ca9b6cc1cf96163d"",
      "schedule": ""linear"",
      "seed": ""5"",
      "sizes": "{"features":10,"width":8,"blocks":1,"conditions":0}",
      "version": ""1.2"",
    }
  `);
  expect(JSON.parse(metadata.get("radii")!)).toEqual([...model.radii]);
  const bare = readSafetensors(writeModel(autoencoder()), "model").metadata;
  expect([...bare.keys()]).toMatchInlineSnapshot(`
    [
      "backend",
      "curves",
      "data",
      "epochs",
      "format",
      "learning_rate",
      "mean",
      "optimizer",
      "population",
      "radii",
      "schedule",
      "seed",
      "standard_deviation",
      "widths",
    ]
  `);
});

it("what is no model is refused where it is to be written", () => {
  const model = quickModel();
  const of = (changes: object) => () => writeModel(any({ ...model, ...changes }));
  const training = (changes: object) => of({ training: { ...model.training, ...changes } });
  const conditions = (changes: object) =>
    of({
      conditions: [{ name: "disc-mass", mean: 10, standardDeviation: 1, least: 9, greatest: 12, ...changes }],
    });
  expect(
    messagesOf({
      nothing: () => writeModel(any(undefined)),
      "a network that is none": of({ network: {} }),
      "no standardisation": of({ standardization: undefined }),
      "radii that are text": of({ radii: "1,2" }),
      "a radius of NaN": of({ radii: [1, Number.NaN] }),
      "no training": of({ training: undefined }),
      "a training that is null": of({ training: null }),
      "conditions that are no list": of({ conditions: {} }),
      "a seed of text": training({ seed: "7" }),
      "no curves": training({ curves: undefined }),
      "no epochs": training({ epochs: undefined }),
      "batches of text": training({ batches: "3" }),
      "no learning rate": training({ learningRate: undefined }),
      "a schedule that is a number": training({ schedule: 1 }),
      "a digest that is a number": training({ data: 1 }),
      "a version that is a number": training({ version: 1 }),
      "a condition without a name": conditions({ name: undefined }),
      "a condition without a mean": conditions({ mean: undefined }),
      "a condition without a standard deviation": conditions({ standardDeviation: undefined }),
      "a condition without a least value": conditions({ least: undefined }),
      "a condition without a greatest value": conditions({ greatest: undefined }),
    }),
  ).toMatchInlineSnapshot(`
    "
    nothing
      ArgumentError: writeModel: needs a model; got undefined.
      Fix: pass what readModel returned, or the model of a training: { model }.
    a network that is none
      ArgumentError: writeModel: needs a model; got an object with network, standardization, radii, training.
      Fix: pass what readModel returned, or the model of a training: { model }.
    no standardisation
      ArgumentError: writeModel: the model's standardization: got undefined.
      Fix: pass what readModel returned, or the model of a training: { model }.
    radii that are text
      ArgumentError: writeModel: the model's radii: got the text "1,2".
      Fix: pass what readModel returned, or the model of a training: { model }.
    a radius of NaN
      ArgumentError: writeModel: the model's radii: got an array of 2.
      Fix: pass what readModel returned, or the model of a training: { model }.
    no training
      ArgumentError: writeModel: the model's training: got undefined.
      Fix: pass what readModel returned, or the model of a training: { model }.
    a training that is null
      ArgumentError: writeModel: the model's training: got null.
      Fix: pass what readModel returned, or the model of a training: { model }.
    conditions that are no list
      ArgumentError: writeModel: the model's conditions: got an object with no keys.
      Fix: pass what readModel returned, or the model of a training: { model }.
    a seed of text
      ArgumentError: writeModel: the model's training.seed is a number; got the text "7".
      Fix: convert text with Number(…) first.
    no curves
      ArgumentError: writeModel: the model's training.curves is a number; got undefined.
    no epochs
      ArgumentError: writeModel: the model's training.epochs is a number; got undefined.
    batches of text
      ArgumentError: writeModel: the model's training.batches is a number; got the text "3".
      Fix: convert text with Number(…) first.
    no learning rate
      ArgumentError: writeModel: the model's training.learningRate is a number; got undefined.
    a schedule that is a number
      ArgumentError: writeModel: the model's training.schedule is text; got the number 1.
    a digest that is a number
      ArgumentError: writeModel: the model's training.data is text; got the number 1.
    a version that is a number
      ArgumentError: writeModel: the model's training.version is text; got the number 1.
    a condition without a name
      ArgumentError: writeModel: a condition of the model.name is text; got undefined.
    a condition without a mean
      ArgumentError: writeModel: a condition of the model.mean is a number; got undefined.
    a condition without a standard deviation
      ArgumentError: writeModel: a condition of the model.standardDeviation is a number; got undefined.
    a condition without a least value
      ArgumentError: writeModel: a condition of the model.least is a number; got undefined.
    a condition without a greatest value
      ArgumentError: writeModel: a condition of the model.greatest is a number; got undefined.
    "
  `);
});

it("conditions are as many as there can be at most", () => {
  const names = ["disc-mass", "scale-length", "halo-mass", "concentration", "bulge-fraction"];
  const all = names.map((name) => ({ ...condition, name }));
  expect(areConditions(all)).toBe(true);
  expect(areConditions([])).toBe(true);
  expect(areConditions([...all, condition])).toBe(false);
});
