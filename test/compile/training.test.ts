/** The library's own training, which compiles its steps for its own networks, and runs those of others eagerly. */

import { expect, test } from "vitest";
import {
  ancestralSampler,
  type Denoiser,
  DenoisingAutoencoder,
  eulerSampler,
  finish,
  guidedDenoiser,
  heunSampler,
  ResidualDenoiser,
  trainDenoiser,
  trainFlow,
  uniformGrid,
} from "../../src/diffusion/index.ts";
import { grad, normal, Random, type Tensor, tensor, useBackend } from "../../src/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

class OtherAutoencoder extends DenoisingAutoencoder {
  calls = 0;
  override forward(
    x: Parameters<DenoisingAutoencoder["forward"]>[0],
  ): ReturnType<DenoisingAutoencoder["forward"]> {
    this.calls++;
    return super.forward(x);
  }
}

class OtherDenoiser extends ResidualDenoiser {}

test("training the autoencoder gives the bits of eager steps", () => {
  const run = (Network: typeof DenoisingAutoencoder): string => {
    const random = new Random(1);
    const model = new Network(random, [6, 4, 2]);
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const [train, valid] = [normal([40, 6], random), normal([10, 6], random)];
    const losses = [...trainDenoiser({ model, optimizer, train, valid, random, epochs: 12 })];
    return [JSON.stringify(losses), ...model.parameters().map(bitsOf), JSON.stringify(random.state())].join();
  };
  expect(run(DenoisingAutoencoder)).toBe(run(OtherAutoencoder));
});

test("a network of somebody else's is called in each step", () => {
  const random = new Random(1);
  const model = new OtherAutoencoder(random, [6, 4, 2]);
  const optimizer = new Adam(model.parameters());
  const [train, valid] = [normal([40, 6], random), normal([10, 6], random)];
  for (const _ of trainDenoiser({ model, optimizer, train, valid, random, epochs: 12 }));
  expect(model.calls).toBe(24);
});

test("training the residual network gives the bits of eager steps, with conditions too", () => {
  const run = (Network: typeof ResidualDenoiser, conditions: number): string => {
    const random = new Random(1);
    const model = new Network({ features: 5, width: 8, conditions }, random);
    const [train, valid] = [normal([40, 5], random), normal([10, 5], random)];
    const told = { train: normal([40, conditions], random), valid: normal([10, conditions], random) };
    const options = { model, train, valid, random, steps: 14, reportEvery: 5, batchSize: 16 };
    const reports = [...trainFlow(conditions > 0 ? { ...options, conditions: told } : options)];
    return [JSON.stringify(reports), ...model.parameters().map(bitsOf)].join();
  };
  for (const conditions of [0, 2])
    expect(run(ResidualDenoiser, conditions)).toBe(run(OtherDenoiser, conditions));
});

test("sampling gives the bits of eager networks, under conditions, with guidance and by samplers that add noise", () => {
  const run = (Network: typeof ResidualDenoiser): string[] => {
    const random = new Random(1);
    const model = new Network({ features: 5, width: 8, conditions: 2 }, random);
    const [start, condition] = [normal([12, 5], random), normal([1, 2], random)];
    const guided = guidedDenoiser(model.denoiser({ known: tensor([[1, 0]]) }), condition, 2, {
      interval: [0.2, 0.8],
    });
    const grid = uniformGrid(8);
    return [
      ...[heunSampler, eulerSampler].map((sampler) => finish(sampler(guided, start, { grid }))),
      finish(ancestralSampler(model.denoiser(), start, { grid, random })),
      grad((x: Tensor) => guided(x, 0.5).sum())(start),
    ].map(bitsOf);
  };
  expect(run(ResidualDenoiser)).toEqual(run(OtherDenoiser));
});

test("sampling from the autoencoder gives the bits of its eager passes", () => {
  const model = new DenoisingAutoencoder(new Random(1), [6, 4, 2]);
  const start = normal([12, 6], new Random(2));
  const sample = (denoiser: Denoiser): string => bitsOf(finish(eulerSampler(denoiser, start)));
  expect(sample(model.denoiser())).toBe(sample((x) => model.forward(x)));
});
