/** Operations of a learner's first month against PyTorch and SciPy (test/golden/learner.json): values and gradients to second order. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as halograd from "../../src/index.ts";
import { type Tensor, tensor, topk } from "../../src/index.ts";
import { BatchNorm, Embedding, GroupNorm, type Module } from "../../src/nn/index.ts";
import {
  cosineRestartsSchedule,
  exponentialSchedule,
  PlateauScheduler,
  RMSprop,
  SGD,
} from "../../src/optim/index.ts";

type Packed = readonly [shape: number[], data: number[]];
interface Golden {
  readonly name: string;
  readonly settings: never[];
  readonly operands: Packed[];
  readonly result: Packed;
  readonly gradients?: Packed[];
  readonly second?: Packed[];
  readonly state?: Record<string, Packed>;
  readonly after?: Record<string, Packed>;
  readonly path: number[][];
  readonly rates: number[];
  readonly losses: number[];
}
const goldens: Golden[] = JSON.parse(
  readFileSync(new URL("../golden/learner.json", import.meta.url), "utf8"),
);

type Call = (operands: Tensor[], settings: never[]) => Tensor;
const functions = halograd as unknown as Record<string, (...given: unknown[]) => Tensor>;
const masked =
  (name: string): Call =>
  ([x], [mask, ...rest]) =>
    functions[name](x, tensor(mask), ...rest);
const indexed =
  (name: string): Call =>
  ([x], [axis, index, ...rest]) =>
    functions[name](x, axis, tensor(index), ...rest);

/** How a case is called where it is not the function of its name on the operands and then the settings. */
const calls: Record<string, Call> = {
  crossEntropyLoss: ([logits], [labels, reduction]) =>
    halograd.crossEntropyLoss(logits, tensor(labels), { reduction }),
  binaryCrossEntropyWithLogits: ([logits, target], [reduction]) =>
    halograd.binaryCrossEntropyWithLogits(logits, target, { reduction }),
  gather: indexed("gather"),
  scatterAdd: indexed("scatterAdd"),
  maskedFill: masked("maskedFill"),
  maskedSelect: masked("maskedSelect"),
  "topk values": ([x], [count, axis, options]) => topk(x, count, axis, options).values,
  vectorNorm: ([x], [p, ...rest]) => halograd.vectorNorm(x, Number(p), ...(rest as [])),
  einsum: (operands, [equation]) => halograd.einsum(equation, ...operands),
  conv1d: ([x, weight, bias], [options]) => halograd.conv1d(x, weight, bias, options),
  conv2d: ([x, weight, bias], [options]) => halograd.conv2d(x, weight, bias, options),
  cholesky: ([a]) => halograd.cholesky(a.add(a.transpose()).div(2)),
  jacobian: ([x]) => halograd.jacobian((x) => halograd.stack([halograd.prod(x), x.sin().sum()]), x),
  hessian: ([x]) =>
    halograd.hessian((x) => {
      const [head, tail] = [x.slice([0, -1]), x.slice([1, null])];
      return tail.sub(head.square()).square().mul(100).add(head.neg().add(1).square()).sum();
    }, x),
};

const load = ([shape, data]: Packed): Tensor => tensor(data, shape, { requiresGrad: true });

function expectClose(actual: Tensor | null, [shape, data]: Packed, what: string, units: number): void {
  const found = actual?.toTypedArray() ?? new Float32Array(data.length);
  if (actual !== null) expect(actual.shape, what).toEqual(shape);
  const scale = Math.max(...data.map(Math.abs), 1e-30);
  data.forEach((expected, i) => {
    const error = (Math.abs(found[i] - expected) / scale) * 2 ** 24;
    if (!(error <= units))
      expect.fail(`${what}[${i}] is ${found[i]}, should be ${expected}: off by ${error.toFixed(1)} units`);
  });
}

/** Of float32, relative to the largest element. A second-order gradient of a solution passes through four systems of equations. */
const UNITS = { value: 8, gradient: 16, second: 128 };

const withOperands = goldens.filter(({ operands, state }) => operands !== undefined && state === undefined);

describe("operations agree with PyTorch and SciPy", () => {
  it.each(
    withOperands.map(
      (golden, i) => [`${i}: ${golden.name} ${JSON.stringify(golden.settings)}`, golden] as const,
    ),
  )("%s", (_, { name, settings, operands, result, gradients, second }) => {
    const call: Call =
      calls[name] ?? ((operands, settings) => functions[name](...operands, ...(settings as unknown[])));
    const inputs = operands.map(load);
    const output = call(inputs, settings);
    expectClose(output, result, "value", UNITS.value);
    if (gradients === undefined || !output.requiresGrad) return;
    const weights = tensor(
      result[1].map((_, i) => 1 / (i + 1)),
      result[0],
    );
    output.backward(weights, { createGraph: second !== undefined });
    const found = inputs.map(({ grad }) => grad);
    gradients.forEach((expected, i) => {
      expectClose(found[i], expected, `gradient ${i}`, UNITS.gradient);
    });
    if (second === undefined) return;
    for (const input of inputs) input.grad = null;
    const total = found
      .flatMap((gradient) => gradient ?? [])
      .map((gradient) => gradient.square().sum())
      .reduce((a, b) => a.add(b));
    if (total.requiresGrad) total.backward();
    second.forEach((expected, i) => {
      expectClose(inputs[i].grad, expected, `second order ${i}`, UNITS.second);
    });
  });
});

describe("layers agree with PyTorch", () => {
  const makers: Record<string, (settings: never[]) => Module> = {
    Embedding: ([count, features]) => new Embedding(count, features, new halograd.Random(0)),
    BatchNorm: ([features, options]) => new BatchNorm(features, options),
    "BatchNorm in evaluation": ([features]) => new BatchNorm(features).eval(),
    GroupNorm: ([groups, features]) => new GroupNorm(groups, features),
  };
  const names: Record<string, string> = { running_mean: "runningMean", running_var: "runningVariance" };
  const renamed = (state: Record<string, Packed>): [string, Packed][] =>
    Object.entries(state).map(([name, value]) => [names[name] ?? name, value]);
  const layers = goldens.filter(({ state }) => state !== undefined);

  it.each(layers.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
    const module = makers[name](golden.settings);
    // What PyTorch keeps after the step is compared below; before it, the running statistics are those that a layer starts with.
    const isTraining = name === "BatchNorm";
    const state = renamed(golden.state!).filter(([key]) => !(isTraining && key.startsWith("running")));
    module.loadStateDictionary(new Map(state.map(([key, value]) => [key, load(value)])), {
      isPartial: isTraining,
    });
    const x = load(golden.operands[0]);
    const output = module.forward(x);
    expectClose(output, golden.result, "value", UNITS.value);
    for (const [key, value] of renamed(golden.after ?? {}))
      expectClose(module.stateDictionary().get(key)!, value, key, UNITS.value);
    if (golden.gradients === undefined) return;
    const [shape, data] = golden.result;
    output.backward(
      tensor(
        data.map((_, i) => 1 / (i + 1)),
        shape,
      ),
    );
    expectClose(x.grad, golden.gradients[0], "gradient", UNITS.gradient);
  });
});

describe("optimisers and schedules agree with PyTorch", () => {
  const all = (name: string) => goldens.filter((golden) => golden.name === name);

  it.each(all("RMSprop"))("RMSprop with $settings.0", ({ settings: [options], path }) => {
    const x = tensor([3, -2], { requiresGrad: true });
    const optimizer = new RMSprop([x], options);
    for (const expected of path) {
      optimizer.zeroGrad();
      x.square()
        .mul(tensor([1, 3]))
        .sum()
        .backward();
      optimizer.step();
      expectClose(x, [[2], expected], "step", UNITS.gradient);
    }
  });

  it.each([...all("exponentialSchedule"), ...all("cosineRestartsSchedule")])(
    "$name with $settings.0",
    ({ name, settings: [options], rates }) => {
      const schedule =
        name === "exponentialSchedule" ? exponentialSchedule(options) : cosineRestartsSchedule(options);
      rates.forEach((rate, step) => {
        expect(schedule(step)).toBeCloseTo(rate, 8);
      });
    },
  );

  it("PlateauScheduler", () => {
    const [{ settings, losses, rates }] = all("PlateauScheduler");
    const optimizer = new SGD([tensor(0, { requiresGrad: true })], { learningRate: 0.5 });
    const scheduler = new PlateauScheduler(optimizer, settings[0]);
    const found = losses.map((loss) => {
      scheduler.step(loss);
      return optimizer.learningRate;
    });
    expect(found).toEqual(rates);
  });
});
