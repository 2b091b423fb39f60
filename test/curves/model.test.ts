/** Models as bytes: what comes back is what was trained, and what is none is refused. */

import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  finish,
  generatePopulation,
  type Model,
  readModel,
  sampleCurves,
  trainModel,
  writeModel,
} from "../../src/curves/index.ts";
import { digestOf, seedOf } from "../../src/curves/model.ts";
import { Random } from "../../src/index.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "../../src/io/index.ts";
import { autoencoder, galaxies, residual } from "./models.ts";

const models: Record<string, Model> = {
  autoencoder: autoencoder(),
  residual: residual(),
  "residual with conditions": residual(["halo-mass", "disc-mass"]),
};

describe.each(Object.entries(models))("the bytes of the model %s", (_, model) => {
  it("give it back: weights, representation, radii, conditions, and how it was trained", () => {
    const { network, conditions = [], ...rest } = readModel(writeModel(model));
    const weights = (one: Model["network"]) =>
      [...one.namedParameters()].map(([name, tensor]) => [name, [...tensor.toTypedArray()]]);
    expect(weights(network)).toEqual(weights(model.network));
    const { network: _, conditions: own = [], ...others } = model;
    expect([rest, conditions]).toEqual([others, own]);
  });

  it("are written again the same, and sample the same", () => {
    const bytes = writeModel(model);
    expect(writeModel(readModel(bytes))).toEqual(bytes);
    const sampled = (one: Model) => finish(sampleCurves(one, { count: 3, steps: 4, random: new Random(1) }));
    expect(sampled(readModel(bytes))).toEqual(sampled(model));
  });

  it("are refused when any byte of the header is missing, by the name that they were given", () => {
    const bytes = writeModel(model);
    for (const length of [0, 7, 100, bytes.length - 1]) {
      const read = () => readModel(bytes.subarray(0, length), "cut.safetensors");
      expect(read).toThrow(FormatError);
      expect(read).toThrow(/^cut\.safetensors: /);
    }
  });
});

it("weights of another shape are refused, where they have as many elements as well", () => {
  const bytes = writeModel(models.autoencoder);
  const { tensors, metadata } = readSafetensors(bytes, "model");
  const name = "encoder.0.weight";
  const { shape, data } = tensors.get(name)!;
  for (const other of [[...shape, 1], [1, ...shape], shape.toReversed(), [shape[0] * shape[1]]]) {
    const changed = new Map<string, TensorToWrite>([...tensors, [name, { shape: other, data }]]);
    expect(() => readModel(writeSafetensors(changed, metadata), "m.safetensors")).toThrow(
      new RegExp(`^m\\.safetensors: .*${name} has the shape \\[${other.join(", ")}\\]`),
    );
  }
});

describe("what a model knows of its data", () => {
  const read = (options: object, data: object = galaxies) => {
    const { model } = finish(
      trainModel(data as typeof galaxies, { epochs: 1, random: new Random(1), ...options } as never),
    );
    return readModel(writeModel(model)).training;
  };

  it("are the population of its galaxies, a digest of the curves, and the version that it was told", () => {
    expect(read({ version: "1.2.3" })).toMatchObject({ population: "standard", version: "1.2.3" });
    const extended = finish(generatePopulation({ count: 20, population: "extended", random: new Random(1) }));
    expect(read({}, extended).population).toBe("extended");
    const digests = [galaxies, extended, { ...galaxies, curves: galaxies.curves.toReversed() }].map(
      (data) => read({}, data).data,
    );
    expect(new Set(digests).size).toBe(3);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{16}$/);
    expect(read({ network: "residual", epochs: undefined, batches: 3 }).data).toBe(digests[0]);
  });

  it("are not those of galaxies that the curves are not of", () => {
    const { radii, curves } = galaxies;
    expect(read({}, { radii, curves }).population).toBe(undefined);
    const others = galaxies.galaxies.toReversed();
    expect(read({}, { radii, curves, galaxies: others }).population).toBe(undefined);
  });

  it("are as FNV-1a has it", () => {
    // Of the two words 0 and 0x3ff00000, in integers of any size.
    const expected = [0n, 0x3ff00000n].reduce(
      (hash, word) => ((hash ^ word) * 0x100000001b3n) & 0xffffffffffffffffn,
      0xcbf29ce484222325n,
    );
    expect(digestOf({ radii: Float64Array.of(1), curves: [] })).toBe(expected.toString(16).padStart(16, "0"));
  });
});

describe("the seed of a model", () => {
  it.each([0, 7, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    "is that of its stream: %d",
    (seed) => {
      const random = new Random(seed);
      random.uniform();
      expect(seedOf(random)).toBe(seed);
    },
  );

  it("of a forked stream gives that stream again, from a file too", () => {
    const random = new Random(1).fork("training of mine");
    const { model } = finish(trainModel(galaxies, { epochs: 1, random }));
    const { seed } = readModel(writeModel(model)).training;
    expect(typeof seed).toBe("bigint");
    expect(new Random(seed).uniform()).toBe(random.uniform());
  });

  it.each(['"12"0', '"x"', `"${"9".repeat(19)}"`, "1.5", "1e300"])("is refused where it is %s", (text) => {
    const { tensors, metadata } = readSafetensors(writeModel(models.autoencoder), "model");
    const bytes = writeSafetensors(tensors, new Map([...metadata, ["seed", text]]));
    expect(() => readModel(bytes)).toThrow(/not a model of halograd: its seed is/);
  });
});
