/** Random programs, compiled against eager: losses of random expressions, optimisers, schedules, clipping, draws, frozen leaves. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compile } from "../../src/compile/index.ts";
import {
  AnomalyError,
  noGrad,
  normal,
  Random,
  type Tensor,
  tensor,
  uniform,
  useBackend,
} from "../../src/index.ts";
import { Dropout } from "../../src/nn/index.ts";
import {
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  cosineSchedule,
  type Optimizer,
  Scheduler,
  SGD,
  WeightAverage,
} from "../../src/optim/index.ts";
import { arbitraries, type Graph } from "../../src/testing/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

const { graph } = arbitraries(fc);

const OPTIMIZERS: readonly ((parameters: Tensor[]) => Optimizer)[] = [
  (parameters) => new SGD(parameters, { learningRate: 0.05 }),
  (parameters) =>
    new SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  (parameters) => new Adam(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  (parameters) => new Adam(parameters, { learningRate: 0.01, amsgrad: true }),
  (parameters) => new AdamW(parameters, { learningRate: 0.01 }),
];

/** What a program has beside the expression, drawn at random. */
const features = fc.record({
  optimizer: fc.nat(OPTIMIZERS.length - 1),
  second: fc.boolean(),
  schedule: fc.boolean(),
  clip: fc.constantFrom("none", "norm", "value"),
  noise: fc.boolean(),
  dropout: fc.boolean(),
  average: fc.boolean(),
  frozen: fc.nat(3),
  accumulates: fc.boolean(),
  createGraph: fc.boolean(),
});

type Features = typeof features extends fc.Arbitrary<infer F> ? F : never;

/** Runs a program so many times, and gives the bits of all that it leaves behind after each call. */
function run({ inputs, f }: Graph, wanted: Features, calls: number, wrap: typeof compile | null): string[] {
  const random = new Random(11);
  const leaves = inputs.map((x, i) => {
    const leaf = tensor(x.toTypedArray(), x.shape);
    if (inputs.length === 1 || i !== wanted.frozen) leaf.requiresGrad = true;
    return leaf;
  });
  const trained = leaves.filter((leaf) => leaf.requiresGrad);
  const optimizers = [OPTIMIZERS[wanted.optimizer](trained)];
  if (wanted.second && trained.length > 1) optimizers.push(OPTIMIZERS[0](trained.slice(1)));
  const scheduler = wanted.schedule
    ? new Scheduler(optimizers[0], cosineSchedule({ from: 0.05, steps: 10 }))
    : null;
  const dropout = new Dropout(0.3, random.fork("dropout"));
  const average = new WeightAverage(trained, { decay: 0.7 });
  const body = (scale: Tensor): { loss: Tensor; value: Tensor } => {
    if (!wanted.accumulates) for (const optimizer of optimizers) optimizer.zeroGrad();
    let value = f(...leaves);
    if (wanted.noise) value = value.add(normal(value.shape, random)).mul(uniform([], random));
    if (wanted.dropout) value = dropout.forward(value);
    let loss = value.mul(scale).sum();
    if (loss.requiresGrad) {
      if (wanted.createGraph) {
        loss.backward(undefined, { createGraph: true });
        loss = loss.detach();
        for (const leaf of trained) if (leaf.grad !== null) leaf.grad = leaf.grad.detach();
      } else loss.backward();
      if (wanted.clip === "norm") clipGradNorm(trained, 0.5);
      if (wanted.clip === "value") clipGradValue(trained, 0.1);
      for (const optimizer of optimizers) optimizer.step();
    }
    scheduler?.step();
    if (wanted.average) average.update();
    return { loss, value: value.detach() };
  };
  const step = wrap === null ? body : wrap(body);
  const states: string[] = [];
  const held: Tensor[] = [];
  for (let i = 0; i < calls; i++) {
    let loss: Tensor;
    let value: Tensor;
    try {
      ({ loss, value } = step(tensor(1 + i / 4)));
    } catch (error) {
      // Clipping of gradients that are not finite: both must end in this call, and leave the same.
      if (!(error instanceof AnomalyError)) throw error;
      states.push(`${i}: ${error.message}`);
      break;
    }
    if (i === 6) noGrad(() => leaves[0].assign(leaves[0].mul(0.5)));
    held.push(value);
    const tensors = [loss, value, ...leaves, ...leaves.map(({ grad }) => grad), ...average.values()];
    // Not in each call, so that elements stay where the program has them in between.
    if (i % 3 === 2)
      states.push(
        [...tensors.map(bitsOf), JSON.stringify(random.state()), optimizers[0].learningRate].join(),
      );
  }
  states.push(...leaves.flatMap((leaf) => [bitsOf(leaf), bitsOf(leaf.grad)]));
  states.push(held.map(bitsOf).join(), [...optimizers[0].stateDictionary().values()].map(bitsOf).join());
  return states;
}

describe("a random program", () => {
  test.prop([graph(), features], { numRuns: 150 })(
    "leaves the same bits behind when it is compiled, call after call",
    (drawn, wanted) => {
      expect(run(drawn, wanted, 12, compile)).toEqual(run(drawn, wanted, 12, null));
    },
  );
});
