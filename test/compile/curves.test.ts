/** Training and sampling with several threads: the same model and the same curves as with one. */

import { expect, test } from "vitest";
import {
  type Condition,
  finish,
  generatePopulation,
  type SamplingOptions,
  sampleCurves,
  trainModel,
  writeModel,
} from "../../src/curves/index.ts";
import { Random, useBackend } from "../../src/index.ts";

useBackend("wasm");

const galaxies = finish(generatePopulation({ count: 400, random: new Random(1) }));
const settings = { network: "residual", batches: 4, widths: [64], conditions: ["disc-mass"] } as const;
const few = finish(generatePopulation({ count: 100, random: new Random(1) }));
const train = (threads: number) => finish(trainModel(few, { ...settings, threads, random: new Random(2) }));

test("a model that several threads train is the one that one thread trains", () => {
  const autoencoder = (threads: number) =>
    writeModel(finish(trainModel(galaxies, { epochs: 3, threads, random: new Random(2) })).model);
  expect(autoencoder(3)).toEqual(autoencoder(1));
  expect(writeModel(train(2).model)).toEqual(writeModel(train(1).model));
});

test("curves that several threads sample are those of one, by samplers with noise and without, under conditions and wishes", () => {
  const { model } = train(1);
  const sample = (options: Partial<SamplingOptions>) =>
    finish(sampleCurves(model, { count: 260, steps: 2, random: new Random(3), ...options }));
  const condition: Condition = { "disc-mass": 10.5 };
  const ways = [
    ...(["heun", "ddpm"] as const).map((sampler) => ({ sampler })),
    { condition },
    { wishes: { flat: 10 }, count: 20 },
  ];
  for (const way of ways) {
    const one = sample({ ...way, threads: 1 });
    expect(sample({ ...way, threads: 2 }), JSON.stringify(way)).toEqual(one);
  }
});

test("a count of threads that is none is refused", () => {
  const random = new Random(1);
  expect(() => trainModel(galaxies, { threads: 0, random })).toThrow("trainModel: threads");
  expect(() => sampleCurves(train(1).model, { threads: 1.5, random })).toThrow("sampleCurves: threads");
});
