/** Random programs: losses of random expressions, optimisers, schedules, clipping, draws, frozen leaves; and layers over large batches. */

import { createHash } from "node:crypto";
import { fc } from "@fast-check/vitest";
import type { compile } from "../../src/compile/index.ts";
import {
  AnomalyError,
  concat,
  noGrad,
  normal,
  Random,
  type Tensor,
  tensor,
  uniform,
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

export const { graph } = arbitraries(fc);

const OPTIMIZERS: readonly ((parameters: Tensor[]) => Optimizer)[] = [
  (parameters) => new SGD(parameters, { learningRate: 0.05 }),
  (parameters) =>
    new SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  (parameters) => new Adam(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  (parameters) => new Adam(parameters, { learningRate: 0.01, amsgrad: true }),
  (parameters) => new AdamW(parameters, { learningRate: 0.01 }),
];

/** What a program has beside the expression, drawn at random. */
export const features = fc.record({
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
export function run(
  { inputs, f }: Graph,
  wanted: Features,
  calls: number,
  wrap: typeof compile | null,
): string[] {
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

/** What may be done to a batch, [rows, columns] to [rows, some columns]; `w` gives weights of a shape. */
const LAYERS: Readonly<
  Record<string, (h: Tensor, w: (shape: number[]) => Tensor, random: Random) => Tensor>
> = {
  silu: (h) => h.silu(),
  narrow: (h, w) => h.matmul(w([h.shape[1], 3])),
  wide: (h, w) => h.matmul(w([h.shape[1], 5])).add(w([5])),
  "less the mean": (h) => h.sub(h.mean(0)),
  "over the deviation": (h) => h.div(h.square().mean(0).add(1).sqrt()),
  "less the mean of all": (h) => h.sub(h.mean()),
  "by its rows' sums": (h) => h.mul(h.sum(1, { keepdim: true }).tanh()),
  softmax: (h) => h.softmax(1),
  "through its products": (h) => h.matmul(h.transpose().matmul(h).div(h.shape[0])),
  "halves in turn": (h) => {
    const half = Math.floor(h.shape[0] / 2);
    return concat([h.slice([half, h.shape[0]]), h.slice([0, half])]);
  },
  "one row on": (h) => concat([h.slice([1, h.shape[0]]), h.slice([0, 1])]).add(h),
  "beside itself": (h) => concat([h, h.relu()], 1).slice(null, [1, 1 + h.shape[1]]),
  "columns turned": (h) => h.transpose().reshape([h.shape[1], h.shape[0]]).transpose(),
  noise: (h, _, random) => h.add(normal(h.shape, random).mul(uniform([h.shape[0], 1], random))),
  cumsum: (h) => h.cumsum(0).div(h.shape[0]),
  float64: (h) => h.to("float64").mul(0.5).to("float32"),
  "least and greatest": (h) => h.minimum(h.max(0)).sub(h.min(1, { keepdim: true })),
};

export const batches = fc.record({
  rows: fc.constantFrom(1024, 1101, 1536),
  names: fc.array(fc.constantFrom(...Object.keys(LAYERS)), { minLength: 2, maxLength: 7 }),
  trains: fc.boolean(),
});

/** Runs layers over a batch, four times, and gives a digest of what each leaves. */
export function runLayers(
  { rows, names, trains }: typeof batches extends fc.Arbitrary<infer B> ? B : never,
  wrap: typeof compile | null,
): string {
  const random = new Random(5);
  const weights = new Map<string, Tensor>();
  const optimizers: Optimizer[] = [];
  const body = (x: Tensor): { loss: Tensor; end: Tensor } => {
    let end = x;
    for (const [i, name] of names.entries()) {
      const weight = (shape: number[]): Tensor => {
        const key = `${i} ${shape}`;
        let made = weights.get(key);
        if (made === undefined) {
          made = tensor(normal(shape, random.fork(key)).toTypedArray(), shape, { requiresGrad: trains });
          weights.set(key, made);
        }
        return made;
      };
      end = LAYERS[name](end, weight, random);
    }
    const loss = end.square().mean();
    if (loss.requiresGrad) {
      for (const weight of weights.values()) weight.grad = null;
      loss.backward();
      for (const optimizer of optimizers) optimizer.step();
    }
    return { loss, end: end.detach() };
  };
  const batch = normal([rows, 4], random);
  noGrad(() => body(batch));
  if (trains && weights.size > 0) optimizers.push(new SGD(weights.values(), { learningRate: 0.1 }));
  const compiled = wrap?.(body);
  const step = compiled ?? body;
  const hash = createHash("sha256");
  for (let i = 0; i < 4; i++) {
    const { loss, end } = step(batch);
    for (const x of [loss, end, ...weights.values()])
      hash.update(x.toTypedArray<Float32Array>().map((value) => (Number.isNaN(value) ? NaN : value)));
  }
  const calls = compiled?.explain().calls.compiled;
  if (calls !== undefined && calls !== 2) throw new Error(`not compiled: ${compiled!.explain()}`);
  return hash.digest("hex");
}
