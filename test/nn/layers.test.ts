/** Layers against their definitions: convolution, attention, embedding, normalisation; and state dictionaries that fit in part. */

import { describe, expect, it } from "vitest";
import { normal, ones, Random, type Tensor, tensor, zeros } from "../../src/index.ts";
import {
  attention,
  BatchNorm,
  Conv1d,
  Conv2d,
  Embedding,
  functionalCall,
  GroupNorm,
  Linear,
  SelfAttention,
  Sequential,
} from "../../src/nn/index.ts";
import { AdamW, SGD } from "../../src/optim/index.ts";
import { checkGradients } from "../../src/testing/index.ts";

const random = new Random(1);

describe("convolutional layers", () => {
  it("draw weights within ±1/√taps, and give the shapes that stride, padding and dilation ask for", () => {
    const line = new Conv1d(4, 6, 3, random, { padding: 1, stride: 2 });
    expect(line.forward(ones([2, 4, 9])).shape).toEqual([2, 6, 5]);
    const image = new Conv2d(3, 5, [3, 1], random, { dilation: [2, 1], bias: false });
    expect(image.forward(ones([2, 3, 8, 4])).shape).toEqual([2, 5, 4, 4]);
    expect([...image.namedParameters()].map(([name, { shape }]) => [name, shape])).toEqual([
      ["weight", [5, 3, 3, 1]],
    ]);
    const grouped = new Conv2d(4, 8, 3, random, { groups: 4 });
    expect([grouped.weight.shape, grouped.forward(ones([1, 4, 3, 5])).shape]).toEqual([[8, 1, 3, 3], [1, 8, 1, 3]]); // biome-ignore format: one line.
    for (const [layer, taps] of [[line, 12], [image, 9], [grouped, 9]] as const) // biome-ignore format: one line.
      expect(layer.weight.detach().abs().max().item()).toBeLessThan(1 / Math.sqrt(taps));
  });

  it("refuse sizes and options that they do not have", () => {
    expect(() => new Conv2d(0, 1, 3, random)).toThrow(/^Conv2d: the number of channels that go in/);
    expect(() => new Conv1d(1, 1, 3, random, { pad: 1 } as never)).toThrow(/did you mean padding\?/);
    for (const groups of [2, 0, 1.5])
      expect(() => new Conv1d(3, 4, 3, random, { groups })).toThrow(/^Conv1d: .*groups/);
  });
});

describe("attention", () => {
  it("of equal keys is the mean of values, and causal attention sees nothing that comes later", () => {
    const value = tensor([[1], [3], [8]]);
    expect(attention(zeros([3, 2]), zeros([3, 2]), value).toArray()).toEqual([[4], [4], [4]]);
    const causal = attention(zeros([3, 2]), zeros([3, 2]), value, { isCausal: true });
    expect(causal.toArray()).toEqual([[1], [2], [4]]);
  });

  it("with one head is what its parts make of it", () => {
    const layer = new SelfAttention(4, 1, random);
    const x = normal([2, 3, 4], random);
    const [query, key, value] = [0, 4, 8].map((start) =>
      layer.projection.forward(x).slice(null, null, [start, start + 4]),
    );
    const expected = layer.output.forward(query.matmul(key.transpose()).div(2).softmax().matmul(value));
    const found = layer.forward(x).sub(expected).abs().max().item();
    expect(found).toBeLessThan(1e-6);
  });

  it("has gradients that agree with differences, with several heads", () => {
    const [q, k, v] = [0, 1, 2].map(() => normal([2, 3, 2], random));
    checkGradients(
      (q: Tensor, k: Tensor, v: Tensor) => attention(q, k, v, { isCausal: true }).sum(),
      [q, k, v],
    );
    const layer = new SelfAttention(4, 2, random, { isCausal: true });
    const x = normal([3, 4], random);
    const changed = x.detach().clone();
    changed.at(2).assign(7);
    const before = layer.forward(x).detach();
    expect(layer.forward(changed).slice([0, 2]).toArray()).toEqual(before.slice([0, 2]).toArray());
  });

  it("refuses shapes that do not fit", () => {
    expect(() => attention(ones([2]), ones([2, 2]), ones([2, 2]))).toThrow(/takes queries/);
    expect(() => new SelfAttention(5, 2, random)).toThrow(/5 features do not fall to 2 heads/);
    expect(() => new SelfAttention(4, 2, random).forward(ones([4]))).toThrow(/takes \[\.\.\., length, 4\]/);
  });
});

describe("an embedding", () => {
  it("adds the gradients of a word that occurs twice, and refuses one that it does not have", () => {
    const layer = new Embedding(3, 2, random);
    layer
      .forward(tensor([1, 1]))
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([[0, 0], [2, 2], [0, 0]]); // biome-ignore format: one line.
    expect(() => layer.forward(tensor([3]))).toThrow(/index 3 is outside an axis of 3/);
    expect(layer.forward(tensor(2)).shape).toEqual([2]);
  });
});

describe("normalisation", () => {
  it("of batches refuses a single value while training, and keeps its statistics out of optimisers", () => {
    const layer = new BatchNorm(2);
    expect(() => layer.forward(ones([1, 2]))).toThrow(/a single value for each feature/);
    const optimizer = new SGD(layer.parameters(), { learningRate: 0.1 });
    layer.forward(tensor([[1, 2], [3, 6]])).square().sum().backward(); // biome-ignore format: one line.
    const kept = layer.runningMean.toArray();
    optimizer.step();
    expect(layer.runningMean.toArray()).toEqual(kept);
    expect([...layer.stateDictionary().keys()]).toEqual(["weight", "bias", "runningMean", "runningVariance"]);
  });

  it("has buffers that unfreezing all parameters does not train, and weights decay does not shrink", () => {
    const model = new Sequential(new Linear(2, 2, random), new BatchNorm(2));
    const [, norm] = model.layers as [Linear, BatchNorm];
    norm.forward(tensor([[1, 2], [3, 6]])); // biome-ignore format: one line.
    for (const requiresGrad of [false, true])
      for (const parameter of model.parameters()) parameter.requiresGrad = requiresGrad;
    const names = (all: Iterable<[string, Tensor]>) => Array.from(all, ([name]) => name);
    expect(names(model.namedParameters())).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect(names(model.namedBuffers())).toEqual(["1.runningMean", "1.runningVariance"]);
    model.eval();
    const kept = norm.runningMean.toArray();
    model
      .forward(ones([2, 2]))
      .square()
      .sum()
      .backward();
    new AdamW(model.parameters(), { learningRate: 0.1, weightDecay: 0.5 }).step();
    expect(norm.runningMean.grad).toBeNull();
    expect(norm.runningMean.toArray()).toEqual(kept);
    const other = new Sequential(new Linear(2, 2, random), new BatchNorm(2)).eval();
    expect(other.loadStateDictionary(model.stateDictionary())).toEqual({ missing: [], unknown: [] });
    expect(other.forward(ones([2, 2])).toArray()).toEqual(model.forward(ones([2, 2])).toArray());
  });

  it("takes other statistics in a functional call, by name", () => {
    const layer = new BatchNorm(1, { epsilon: 0 }).eval();
    const given = { runningMean: tensor([3]), runningVariance: tensor([4]) };
    expect(functionalCall(layer, given, tensor([[7]])).item()).toBe(2);
    expect(layer.forward(tensor([[7]])).item()).toBe(7);
    layer.train();
    functionalCall(layer, given, tensor([[0], [2]]));
    expect(given.runningMean.item()).toBeCloseTo(0.9 * 3 + 0.1 * 1, 6);
    expect(layer.runningMean.item()).toBe(0);
    expect(layer.stateDictionary().has("runningMean")).toBe(true);
  });

  it("has gradients that agree with differences", () => {
    const x = normal([4, 2, 3], random);
    const weights = normal([4, 2, 3], random).to("float64");
    const batch = new BatchNorm(2);
    const group = new GroupNorm(2, 2);
    for (const f of [
      (x: Tensor) => x.transpose(0, 1).reshape([2, 12]).layerNorm().reshape([2, 4, 3]).transpose(0, 1),
    ])
      checkGradients((x: Tensor) => f(x).mul(weights).sum(), [x]);
    expect(batch.forward(x).shape).toEqual(group.forward(x).shape);
    expect(() => group.forward(ones([4, 3]))).toThrow(/takes \[batch, 2, \.\.\.\]/);
  });
});

it("a state dictionary is loaded in part where that is asked for, and what was left out is told", () => {
  const model = new Sequential(new Linear(2, 3, random), new Linear(3, 1, random));
  const before = model.stateDictionary();
  const state = new Map([
    ["0.weight", ones([3, 2])],
    ["head.bias", ones([1])],
  ]);
  expect(() => model.loadStateDictionary(state)).toThrow(
    /missing 0.bias, 1.weight, 1.bias; unknown head.bias/,
  );
  expect(model.loadStateDictionary(state, { isPartial: true })).toEqual({
    missing: ["0.bias", "1.weight", "1.bias"],
    unknown: ["head.bias"],
  });
  const after = model.stateDictionary();
  expect(after.get("0.weight")!.toArray()).toEqual(ones([3, 2]).toArray());
  expect(after.get("1.weight")!.toArray()).toEqual(before.get("1.weight")!.toArray());
  expect(() => model.loadStateDictionary(new Map([["0.bias", ones([2])]]), { isPartial: true })).toThrow(
    /0.bias is \[3\], the saved value \[2\]/,
  );
  expect(model.loadStateDictionary(model.stateDictionary())).toEqual({ missing: [], unknown: [] });
});
