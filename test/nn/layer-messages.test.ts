/** Layers beyond the linear one: what they say of sizes, options and inputs, and what of their settings counts. */

import { describe, expect, it } from "vitest";
import { Random, type Tensor, tensor, zeros } from "../../src/index.ts";
import {
  attention,
  BatchNorm,
  Conv1d,
  Conv2d,
  Dropout,
  Embedding,
  functionalCall,
  GroupNorm,
  LayerNorm,
  Linear,
  Module,
  parameter,
  SelfAttention,
  Sequential,
} from "../../src/nn/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const random = new Random(1);

it("mistakes in making layers are told in full", () => {
  const counts = {
    batch: (n: unknown) => new BatchNorm(any(n)),
    groups: (n: unknown) => new GroupNorm(1, any(n)),
  };
  expect(
    messagesOf({
      "a batch normalisation of half a feature": () => counts.batch(0.5),
      "a batch normalisation with another's option": () => new BatchNorm(1, any({ affine: true })),
      "a batch normalisation with an epsilon below 0": () => new BatchNorm(1, { epsilon: -1 }),
      "a momentum that is text": () => new BatchNorm(1, any({ momentum: "0.1" })),
      "a momentum below 0": () => new BatchNorm(1, { momentum: -0.1 }),
      "a momentum above 1": () => new BatchNorm(1, { momentum: 1.1 }),
      "no groups": () => new GroupNorm(0, 4),
      "groups of nothing": () => counts.groups(0),
      "groups that do not come out": () => new GroupNorm(2, 3),
      "groups with an epsilon that is no number": () => new GroupNorm(1, 1, any(null)),
      "a convolution of no channels": () => new Conv1d(0, 1, 1, random),
      "a convolution into none": () => new Conv1d(1, 0, 1, random),
      "a window of nothing": () => new Conv2d(1, 1, [1, 0], random),
      "a convolution without random numbers": () => new Conv1d(1, 1, 1, any(7)),
      "a convolution with another's option": () => new Conv2d(1, 1, 1, random, any({ pad: 1 })),
      "parts of channels that do not come out": () => new Conv1d(3, 4, 1, random, { groups: 2 }),
      "parts that half come out": () => new Conv1d(4, 3, 1, random, { groups: 2 }),
      "no parts": () => new Conv1d(4, 3, 1, random, { groups: 0 }),
      "an embedding of nothing": () => new Embedding(0, 1, random),
      "an embedding in nothing": () => new Embedding(1, 0, random),
      "an embedding without random numbers": () => new Embedding(1, 1, any(undefined)),
      "attention to half a feature": () => new SelfAttention(0.5, 1, random),
      "attention without heads": () => new SelfAttention(4, 0, random),
      "heads that do not come out": () => new SelfAttention(4, 3, random),
      "attention without random numbers": () => new SelfAttention(4, 2, any(1)),
      "attention with another's option": () => new SelfAttention(4, 2, random, any({ causal: true })),
      "a class for a layer": () => new Sequential(any(Dropout)),
    }),
  ).toMatchInlineSnapshot(`
    "
    a batch normalisation of half a feature
      ArgumentError: BatchNorm: features, the size of the second axis, is a whole number of at least 1; got the number 0.5.
    a batch normalisation with another's option
      ArgumentError: BatchNorm: there is no option "affine".
      Fix: the options are epsilon, momentum.
    a batch normalisation with an epsilon below 0
      ArgumentError: BatchNorm: epsilon is -1; it must be at least 0 and finite.
    a momentum that is text
      ArgumentError: BatchNorm: momentum is a number; got the text "0.1".
      Fix: convert text with Number(…) first.
    a momentum below 0
      ArgumentError: BatchNorm: momentum is from 0 to 1; got -0.1.
    a momentum above 1
      ArgumentError: BatchNorm: momentum is from 0 to 1; got 1.1.
    no groups
      ArgumentError: GroupNorm: groups is a whole number of at least 1; got the number 0.
    groups of nothing
      ArgumentError: GroupNorm: features, the size of the second axis, is a whole number of at least 1; got the number 0.
    groups that do not come out
      ArgumentError: GroupNorm: 3 features do not fall into 2 groups of equal size.
    groups with an epsilon that is no number
      ArgumentError: GroupNorm: epsilon is a number; got null.
    a convolution of no channels
      ArgumentError: Conv1d: the number of channels that go in is a whole number of at least 1; got the number 0.
    a convolution into none
      ArgumentError: Conv1d: the number of channels that come out is a whole number of at least 1; got the number 0.
    a window of nothing
      ArgumentError: Conv2d: the size of a window is a whole number of at least 1; got the number 0.
    a convolution without random numbers
      ArgumentError: Conv1d: needs a random stream; got the number 7.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    a convolution with another's option
      ArgumentError: Conv2d: there is no option "pad".
      Fix: did you mean padding?
    parts of channels that do not come out
      ArgumentError: Conv1d: 3 channels that go in and 4 that come out are no multiples of groups, 2.
    parts that half come out
      ArgumentError: Conv1d: 4 channels that go in and 3 that come out are no multiples of groups, 2.
    no parts
      ArgumentError: Conv1d: groups, the number of parts of the channels, is a whole number of at least 1; got the number 0.
    an embedding of nothing
      ArgumentError: Embedding: count, the number of vectors, is a whole number of at least 1; got the number 0.
    an embedding in nothing
      ArgumentError: Embedding: features, their length, is a whole number of at least 1; got the number 0.
    an embedding without random numbers
      ArgumentError: Embedding: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    attention to half a feature
      ArgumentError: SelfAttention: features is a whole number of at least 1; got the number 0.5.
    attention without heads
      ArgumentError: SelfAttention: heads is a whole number of at least 1; got the number 0.
    heads that do not come out
      ArgumentError: SelfAttention: 4 features do not fall to 3 heads in equal parts.
    attention without random numbers
      ArgumentError: SelfAttention: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    attention with another's option
      ArgumentError: SelfAttention: there is no option "causal".
      Fix: the options are isCausal.
    a class for a layer
      ArgumentError: Sequential: layer 0 is a class, neither a module nor a function of a tensor.
      Fix: make a layer of it: new Dropout(…).
    "
  `);
});

it("inputs that do not fit are told of in full, with what would", () => {
  const [x2, x3, x4] = [
    [4, 6],
    [2, 4, 6],
    [2, 4, 6, 6],
  ].map((shape) => zeros(shape));
  const mapped = new (class extends Module {
    parts = new Map([[Symbol("s"), parameter([1])]]);
    forward(x: Tensor): Tensor {
      return x;
    }
  })();
  const linear = new Linear(2, 1, random);
  expect(
    messagesOf({
      "a linear layer's other features": () => linear.forward(x2),
      "a normalisation's other features": () => new LayerNorm(3).forward(x2),
      "a batch normalisation's other features": () => new BatchNorm(3).forward(x2),
      "a batch of one value for each feature": () => new BatchNorm(4).forward(zeros([1, 4])),
      "groups of other features": () => new GroupNorm(1, 3).forward(x4),
      "a series without a batch": () => new Conv1d(4, 1, 3, random).forward(x2),
      "a series of other channels": () => new Conv1d(3, 1, 3, random).forward(x3),
      "a series without batch and channel": () => new Conv1d(1, 1, 3, random).forward(zeros([6])),
      "a series with many channels, without both": () => new Conv1d(2, 1, 3, random).forward(zeros([6])),
      "an image without a batch": () => new Conv2d(2, 1, 3, random).forward(x3),
      "an image without batch and channel": () => new Conv2d(1, 1, 3, random).forward(x2),
      "an image of other channels": () => new Conv2d(3, 1, 3, random).forward(x4),
      "an image in parts of other channels": () => new Conv2d(2, 2, 3, random, { groups: 2 }).forward(x4),
      "a word that has no vector": () => new Embedding(3, 1, random).forward(tensor([3])),
      "words that are text": () => new Embedding(3, 1, random).forward(any("one")),
      "text for dropout": () => new Dropout(0.5, random).forward(any("one")),
      "attention to other features": () => new SelfAttention(4, 2, random).forward(x2),
      "queries of rank 1": () => attention(zeros([4]), x2, x2),
      "keys of other features": () => attention(zeros([4, 5]), x2, x2),
      "values for other keys": () => attention(x2, x2, zeros([5, 6])),
      "attention with another option": () => attention(x2, x2, x2, any({ causal: true })),
      "a call of no module": () => functionalCall(any(3), {}),
      "a call with no parameters": () => functionalCall(linear, any(3), x2),
      "a call with other names": () => functionalCall(linear, { a: x2, b: x2 }, x2),
      "a call with a number": () => functionalCall(linear, { weight: any(3) }, x2),
      "a call with other shapes": () => functionalCall(linear, { weight: x2 }, x2),
      "a parameter under a symbol": () => [...mapped.namedParameters()],
    }),
  ).toMatchInlineSnapshot(`
    "
    a linear layer's other features
      ShapeError: Linear: takes [..., 2]; got [4, 6].
      Fix: a Linear made for 6 features takes it; this one takes 2.
    a normalisation's other features
      ShapeError: LayerNorm: takes [..., 3]; got [4, 6].
      Fix: a LayerNorm made for 6 features takes it; this one takes 3.
    a batch normalisation's other features
      ShapeError: BatchNorm: takes [batch, 3, ...]; got [4, 6].
      Fix: a BatchNorm made for 6 features takes it; this one takes 3.
    a batch of one value for each feature
      ShapeError: BatchNorm: [1, 4] has a single value for each feature, which has no variance.
      Fix: train on larger batches, or switch to evaluation with eval().
    groups of other features
      ShapeError: GroupNorm: takes [batch, 3, ...]; got [2, 4, 6, 6].
      Fix: a GroupNorm made for 4 features takes it; this one takes 3.
    a series without a batch
      ShapeError: Conv1d: takes [batch, 4, length]; got [4, 6].
      Fix: x.unsqueeze(0) is a batch of one.
    a series of other channels
      ShapeError: Conv1d: takes [batch, 3, length]; got [2, 4, 6].
      Fix: a Conv1d made for 4 channels takes it; this one takes 3.
    a series without batch and channel
      ShapeError: Conv1d: takes [batch, 1, length]; got [6].
      Fix: x.reshape([1, 1, 6]) is a batch of one.
    a series with many channels, without both
      ShapeError: Conv1d: takes [batch, 2, length]; got [6].
    an image without a batch
      ShapeError: Conv2d: takes [batch, 2, height, width]; got [2, 4, 6].
      Fix: x.unsqueeze(0) is a batch of one.
    an image without batch and channel
      ShapeError: Conv2d: takes [batch, 1, height, width]; got [4, 6].
      Fix: x.reshape([1, 1, 4, 6]) is a batch of one.
    an image of other channels
      ShapeError: Conv2d: takes [batch, 3, height, width]; got [2, 4, 6, 6].
      Fix: a Conv2d made for 4 channels takes it; this one takes 3.
    an image in parts of other channels
      ShapeError: Conv2d: takes [batch, 2, height, width]; got [2, 4, 6, 6].
      Fix: a Conv2d made for 4 channels takes it; this one takes 2.
    a word that has no vector
      AxisError: Embedding: index 3 is outside an axis of 3: it must be from 0 to 2.
    words that are text
      ArgumentError: Embedding: got the text "one" where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    text for dropout
      ArgumentError: Dropout: got the text "one" where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    attention to other features
      ShapeError: SelfAttention: takes [..., length, 4]; got [4, 6].
      Fix: a SelfAttention made for 6 features takes it; this one takes 4.
    queries of rank 1
      ShapeError: attention: takes queries [..., length, features], keys [..., others, features] and values [..., others, out]; got [4], [4, 6], [4, 6].
    keys of other features
      ShapeError: attention: takes queries [..., length, features], keys [..., others, features] and values [..., others, out]; got [4, 5], [4, 6], [4, 6].
    values for other keys
      ShapeError: attention: takes queries [..., length, features], keys [..., others, features] and values [..., others, out]; got [4, 6], [4, 6], [5, 6].
    attention with another option
      ArgumentError: attention: there is no option "causal".
      Fix: the options are isCausal.
    a call of no module
      ArgumentError: functionalCall: takes a module first; got the number 3.
    a call with no parameters
      ArgumentError: functionalCall: parameters are an object of tensors by name; got the number 3.
      Fix: give Object.fromEntries(module.namedParameters()), or part of it, with other tensors.
    a call with other names
      ArgumentError: functionalCall: the module has no a, b, but weight, bias.
      Fix: give Object.fromEntries(module.namedParameters()), or part of it, with other tensors.
    a call with a number
      ArgumentError: functionalCall: weight is a tensor; got the number 3.
    a call with other shapes
      ShapeError: functionalCall: weight is [1, 2]; got [4, 6].
    a parameter under a symbol
      ArgumentError: Module: the Map parts holds parameters under the symbol Symbol(s), which gives them no name to be saved by.
      Fix: use text or numbers as keys.
    "
  `);
});

describe("running statistics", () => {
  const after = (momentum: number): number[][] => {
    const layer = new BatchNorm(1, { momentum });
    for (const batch of [
      [[1], [3]],
      [[10], [30]],
    ])
      layer.forward(tensor(batch));
    return [layer.runningMean, layer.runningVariance].map((statistic) => statistic.toArray() as number[]);
  };

  it("keep 1 − momentum of what they were, at each batch", () => {
    // Means 2 and 20, variances 2 and 200; before them 0 and 1.
    const [mean, variance] = after(0.25);
    expect(mean[0]).toBeCloseTo(0.75 * (0.75 * 0 + 0.25 * 2) + 0.25 * 20, 5);
    expect(variance[0]).toBeCloseTo(0.75 * (0.75 * 1 + 0.25 * 2) + 0.25 * 200, 4);
  });

  it("stay at a momentum of 0, and are those of the last batch at 1", () => {
    expect(after(0)).toEqual([[0], [1]]);
    expect(after(1)).toEqual([[20], [200]]);
  });

  it("normalise in evaluation, one example too", () => {
    const layer = new BatchNorm(1, { momentum: 1, epsilon: 0 });
    layer.forward(tensor([[1], [3]]));
    layer.eval();
    expect(layer.forward(tensor([[4]])).item()).toBeCloseTo((4 - 2) / Math.sqrt(2), 6);
    expect(layer.runningMean.toArray()).toEqual([2]);
  });
});

describe("a convolution layer", () => {
  it("adds its bias, and has none where it was made so", () => {
    const layers = [new Conv1d(1, 2, 1, random), new Conv2d(1, 2, 1, random)];
    for (const [i, layer] of layers.entries()) {
      const x = zeros(i === 0 ? [1, 1, 1] : [1, 1, 1, 1]);
      expect(layer.forward(x).flatten().toArray()).toEqual(layer.bias!.toArray());
    }
    for (const layer of [
      new Conv1d(1, 2, 1, random, { bias: false }),
      new Conv2d(1, 2, 1, random, { bias: false }),
    ])
      expect(layer.bias).toBeNull();
    expect(new Conv1d(1, 2, 1, random, { bias: false }).forward(zeros([1, 1, 1])).toArray()).toEqual([
      [[0], [0]],
    ]);
  });

  it("draws from ±1/√ of the places that a window sees in its group", () => {
    const { weight } = new Conv2d(8, 400, [3, 2], new Random(3), { groups: 2 });
    expect(weight.shape).toEqual([400, 4, 3, 2]);
    const bound = 1 / Math.sqrt(4 * 3 * 2);
    expect(weight.abs().max().item()).toBeLessThanOrEqual(bound);
    expect(weight.abs().max().item()).toBeGreaterThan(0.99 * bound);
  });
});

it("a name of a layer inside keeps the word layers where it is not the first", () => {
  const nested = new (class extends Module {
    layers = new Sequential(new Sequential(new Linear(1, 1, random)));
    forward(x: Tensor): Tensor {
      return this.layers.forward(x);
    }
  })();
  expect([...nested.namedParameters()].map(([name]) => name)).toMatchInlineSnapshot(`
    [
      "layers.0.0.weight",
      "layers.0.0.bias",
    ]
  `);
  expect([...new Sequential(nested).namedParameters()].map(([name]) => name)).toMatchInlineSnapshot(`
    [
      "0.layers.0.0.weight",
      "0.layers.0.0.bias",
    ]
  `);
});

it("fields that hold nothing or numbers are no parameters", () => {
  const module = new (class extends Module {
    nothing = null;
    missing = undefined;
    count = 3;
    text = "weight";
    weight = parameter([1]);
    forward(x: Tensor): Tensor {
      return x;
    }
  })();
  expect([...module.namedParameters()].map(([name]) => name)).toEqual(["weight"]);
});
