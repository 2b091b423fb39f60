/** Modules: every mistake and what is said about it, word by word. */

import { expect, it } from "vitest";
import { Random, type Tensor, tensor, uniform } from "../../src/index.ts";
import { Dropout, LayerNorm, Linear, Module, parameter, Sequential } from "../../src/nn/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const random = new Random(1);

class Pair extends Module {
  a = parameter([1]);
  b = parameter([2]);
  forward(x: Tensor): Tensor {
    return x.mul(this.a).add(this.b);
  }
}
const load = (state: Record<string, Tensor>): unknown =>
  new Pair().loadStateDictionary(new Map(Object.entries(state)));

it("mistakes around modules are told in full", () => {
  const one = tensor([1]);
  expect(
    messagesOf({
      "a layer of half a feature": () => new Linear(0.5, 1, random),
      "a layer without outputs": () => new Linear(1, 0, random),
      "a layer without random numbers": () => new Linear(1, 1, any(undefined)),
      "an option that a layer has not": () => new Linear(1, 1, random, any({ biass: false })),
      "a normalisation of no features": () => new LayerNorm(0),
      "an epsilon that is text": () => new LayerNorm(2, any("1e-5")),
      "a dropout of everything": () => new Dropout(1, random),
      "a dropout below 0": () => new Dropout(-0.1, random),
      "a dropout that is text": () => new Dropout(any("0.5"), random),
      "a dropout without random numbers": () => new Dropout(0.5, any(1)),
      "a number for a layer": () => new Sequential(any(3)),
      "an array of layers": () => new Sequential(any([new Pair()])),
      "a parameter of nothing": () => parameter(any(undefined)),
      "a state that lacks two": () => load({}),
      "a state of others": () => load({ a: one, b: one, c: one, d: one }),
      "a state of other names": () => load({ a: one, c: one }),
      "a state of another shape": () => load({ a: one, b: tensor([1, 2]) }),
      "a state that is no map": () => new Pair().loadStateDictionary(any({})),
      "a state of numbers": () => new Pair().loadStateDictionary(new Map([["a", any(1)]])),
    }),
  ).toMatchInlineSnapshot(`
    "
    a layer of half a feature
      ArgumentError: Linear: needs whole positive sizes; got 0.5 → 1.
      Fix: write new Linear(inFeatures, outFeatures, random).
    a layer without outputs
      ArgumentError: Linear: needs whole positive sizes; got 1 → 0.
      Fix: write new Linear(inFeatures, outFeatures, random).
    a layer without random numbers
      ArgumentError: Linear: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    an option that a layer has not
      ArgumentError: Linear: there is no option "biass".
      Fix: did you mean bias?
    a normalisation of no features
      ArgumentError: LayerNorm: features, the size of the last axis, is a whole number of at least 1; got the number 0.
    an epsilon that is text
      ArgumentError: LayerNorm: epsilon is a number; got the text "1e-5".
      Fix: convert text with Number(…) first.
    a dropout of everything
      ArgumentError: Dropout: a probability is at least 0 and below 1; got the number 1.
      Fix: new Dropout(0.5, random) drops half of the elements.
    a dropout below 0
      ArgumentError: Dropout: a probability is at least 0 and below 1; got the number -0.1.
      Fix: new Dropout(0.5, random) drops half of the elements.
    a dropout that is text
      ArgumentError: Dropout: a probability is at least 0 and below 1; got the text "0.5".
      Fix: new Dropout(0.5, random) drops half of the elements.
    a dropout without random numbers
      ArgumentError: Dropout: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    a number for a layer
      ArgumentError: Sequential: layer 0 is the number 3, neither a module nor a function of a tensor.
      Fix: is a name misspelled? Activations are functions: relu, silu, tanh; others are written (x) => ….
    an array of layers
      ArgumentError: Sequential: layer 0 is an array of 1, neither a module nor a function of a tensor.
      Fix: spread the array: new Sequential(...layers).
    a parameter of nothing
      ArgumentError: parameter: values is undefined; only numbers can be elements.
    a state that lacks two
      ArgumentError: loadStateDictionary: missing a, b
      Fix: load what fits with { isPartial: true }.
    a state of others
      ArgumentError: loadStateDictionary: unknown c, d
      Fix: load what fits with { isPartial: true }.
    a state of other names
      ArgumentError: loadStateDictionary: missing b; unknown c
      Fix: load what fits with { isPartial: true }.
    a state of another shape
      ShapeError: loadStateDictionary: b is [1], the saved value [2].
      Fix: load into a module of the sizes that were saved.
    a state that is no map
      ArgumentError: loadStateDictionary: takes a Map of tensors by name; got an object with no keys.
      Fix: give what stateDictionary() returned, or readSafetensors(…).tensors; new Map(Object.entries(…)) converts an object.
    a state of numbers
      ArgumentError: loadStateDictionary: missing b
      Fix: load what fits with { isPartial: true }.
    "
  `);
});

it("a dropout of nothing draws nothing", () => {
  const stream = new Random(3);
  const x = tensor([1, 2]);
  expect(new Dropout(0, stream).forward(x)).toBe(x);
  expect(stream.state()).toEqual(new Random(3).state());
});

it("a dropout keeps the dtype of its input, and drops what is drawn for it", () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], { dtype: "float64" });
  const drawn = uniform([8], new Random(3), { dtype: "float64" }).toArray<number[]>();
  const out = new Dropout(0.5, new Random(3)).forward(x);
  expect(out.dtype).toBe("float64");
  expect(out.toArray()).toEqual(drawn.map((value, i) => (value >= 0.5 ? 2 * (i + 1) : 0)));
});

it("parameters are looked for in modules, lists and plain objects, and in nothing else", () => {
  class Stranger {
    weight = parameter([1]);
  }
  class Host extends Module {
    stranger = new Stranger();
    result = parameter([1]).mul(2);
    constant = tensor([1]);
    like = { isLeaf: true, requiresGrad: true };
    callable = Object.assign(() => 0, { weight: parameter([1]) });
    my = { layers: { inner: parameter([4]) } };
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  expect([...new Host().namedParameters()].map(([name]) => name)).toEqual(["my.layers.inner"]);
  expect([...new Sequential(new Host()).namedParameters()].map(([name]) => name)).toEqual([
    "0.my.layers.inner",
  ]);
});
