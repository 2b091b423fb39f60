/** The reference network against PyTorch: losses, gradients, 25 Adam steps, and sampling (test/golden/network.json). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  addNoise,
  DenoisingAutoencoder,
  eulerSampler,
  finish,
  linearSchedule,
} from "../../src/diffusion/index.ts";
import { mseLoss, Random, type Tensor, tensor } from "../../src/index.ts";
import { Adam } from "../../src/optim/index.ts";

interface Golden {
  shape: number[];
  data: number[];
}
type Weights = Record<string, Golden>;
const golden = JSON.parse(readFileSync(new URL("../golden/network.json", import.meta.url), "utf8")) as {
  x: Golden;
  initial: Weights;
  steps: { a: Golden; noise: Golden; loss: number; grads: Weights }[];
  final: Weights;
  sampling: {
    nsteps: number;
    start: Golden;
    snapshots: { step: number; input: Golden; output: Golden }[];
    end: Golden;
  };
};

const load = ({ shape, data }: Golden): Tensor => tensor(data, shape);
const ourName = (name: string): string => name.replace("_layers", "");

function network(weights: Weights): DenoisingAutoencoder {
  const model = new DenoisingAutoencoder(new Random(0));
  model.loadStateDictionary(
    new Map(Object.entries(weights).map(([name, value]) => [ourName(name), load(value)])),
  );
  return model;
}

/** The largest difference, relative to the largest expected element. */
function relativeError(actual: Tensor, expected: Golden): number {
  expect(actual.shape).toEqual(expected.shape);
  const values = actual.toTypedArray();
  const scale = Math.max(...expected.data.map(Math.abs));
  return Math.max(...expected.data.map((value, i) => Math.abs(values[i] - value))) / scale;
}

const UNIT = 2 ** -24;

describe("the reference network", () => {
  const model = network(golden.initial);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const clean = load(golden.x);
  const losses: number[] = [];
  let firstGradients: Map<string, Tensor> | undefined;
  for (const { a, noise } of golden.steps) {
    optimizer.zeroGrad();
    const loss = mseLoss(
      model.forward(addNoise(linearSchedule, clean, load(noise), load(a).reshape([-1, 1]))),
      clean,
    );
    loss.backward();
    losses.push(loss.item());
    firstGradients ??= new Map(
      [...model.namedParameters()].map(([name, parameter]) => [name, parameter.grad!.clone()]),
    );
    optimizer.step();
  }

  it("has PyTorch's first gradients", () => {
    // 12 roundings (6 layers forward, 6 back) of at most half a unit each, in sums that round once.
    for (const [name, gradient] of Object.entries(golden.steps[0].grads)) {
      expect(relativeError(firstGradients!.get(ourName(name))!, gradient), name).toBeLessThan(12 * UNIT);
    }
  });

  it("has PyTorch's losses over 25 steps of Adam", () => {
    // Each step moves a weight by about the learning rate whatever its gradient's size, so a relative error of a
    // gradient near 0 becomes one of the weights; over 25 steps that stays below 64 units of the loss.
    golden.steps.forEach(({ loss }, i) => {
      expect(Math.abs(losses[i] - loss) / loss, `step ${i}`).toBeLessThan((i === 0 ? 4 : 64) * UNIT);
    });
  });

  it("ends with PyTorch's weights", () => {
    for (const [name, value] of Object.entries(golden.final)) {
      const parameter = new Map(model.namedParameters()).get(ourName(name))!;
      expect(relativeError(parameter, value), name).toBeLessThan(256 * UNIT);
    }
  });

  it("samples PyTorch's curves from the same noise with the same weights", () => {
    const { start, snapshots, end } = golden.sampling;
    const trained = network(golden.final);
    const sampling = () => eulerSampler((x) => trained.forward(x), load(start));
    const [steps, samples] = [[...sampling()], finish(sampling())];
    expect(steps).toHaveLength(golden.sampling.nsteps);
    // The state is rounded at each of 31 steps, and the network's 6 layers in each of them.
    for (const { step, input, output } of snapshots) {
      expect(relativeError(steps[step].state, input), `state ${step}`).toBeLessThan(31 * UNIT);
      expect(relativeError(steps[step].prediction, output), `prediction ${step}`).toBeLessThan(31 * UNIT);
    }
    expect(relativeError(samples, end)).toBeLessThan(31 * UNIT);
  });
});
