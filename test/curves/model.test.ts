/** Models as bytes: what comes back is what was trained, and what is none is refused. */

import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  finish,
  type Model,
  readModel,
  sampleCurves,
  trainModel,
  writeModel,
} from "../../src/curves/index.ts";
import { seedOf } from "../../src/curves/model.ts";
import { Random } from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
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
