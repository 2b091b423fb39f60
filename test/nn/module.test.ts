/** Modules: which parameters they find and how they name them, what is saved and loaded, and how layers start. */

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  allClose,
  arange,
  DtypeError,
  normal,
  Random,
  ShapeError,
  silu,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
import {
  type AnyModule,
  buffer,
  Dropout,
  Embedding,
  functionalCall,
  LayerNorm,
  Linear,
  Module,
  parameter,
  Sequential,
} from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { messagesOf } from "../messages.ts";

const names = (module: AnyModule): string[] => [...module.namedParameters()].map(([name]) => name);
const row = (...values: number[]): Tensor => parameter(Float32Array.from(values), [values.length]);

/** Every kind of field that can hold parameters, and some that cannot. */
class Everything extends Module {
  scale = row(2);
  encoder = [new Linear(3, 2, new Random(1)), new Linear(2, 1, new Random(2), { bias: false })];
  heads = { mean: new Linear(1, 1, new Random(3)), nested: { deep: [row(5)] } };
  body = new Sequential(new Linear(2, 2, new Random(4)), silu, new Sequential(new LayerNorm(2)));
  buffer = tensor([1, 2]);
  text = "weight";
  nothing = null;
  activation = silu;
  forward(x: Tensor): Tensor {
    return this.encoder.reduce((value, layer) => layer.forward(value), x).mul(this.scale);
  }
}

describe("named parameters", () => {
  it("have PyTorch's keys, in the order in which fields were set, wherever they lie", () => {
    expect(names(new Everything())).toEqual([
      "scale",
      "encoder.0.weight",
      "encoder.0.bias",
      "encoder.1.weight",
      "heads.mean.weight",
      "heads.mean.bias",
      "heads.nested.deep.0",
      "body.0.weight",
      "body.0.bias",
      "body.2.0.weight",
      "body.2.0.bias",
    ]);
  });

  it("of maps have their keys for names, those of sets their places, whatever the modules take", () => {
    class Pair extends Module<[a: Tensor, b: Tensor], [Tensor, Tensor]> {
      scale = row(1);
      forward(a: Tensor, b: Tensor): [Tensor, Tensor] {
        return [a.mul(this.scale), b.mul(this.scale)];
      }
    }
    class Holder extends Module<[], void> {
      byName = new Map<string | number, AnyModule>([
        ["query", new LayerNorm(2)],
        [7, new Pair()],
      ]);
      all = new Set([row(1), row(2)]);
      cache = new Map([[{}, tensor([1])]]);
      forward(): void {}
    }
    const holder = new Holder();
    const found = ["byName.query.weight", "byName.query.bias", "byName.7.scale", "all.0", "all.1"];
    expect([...holder.stateDictionary().keys()]).toEqual(found);
    expect(
      holder
        .eval()
        .modules()
        .map(({ training }) => training),
    ).toEqual([false, false, false]);
  });

  it("cannot be had from a map whose keys are no names", () => {
    class Holder extends Module {
      layers = new Map([[{}, new LayerNorm(2)]]);
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Holder().parameters()).toThrow(
      "the Map layers holds parameters under an object with no keys",
    );
  });

  it("of a Sequential are named by index alone", () => {
    const net = new Sequential(
      new Linear(2, 2, new Random(1)),
      silu,
      new Sequential(new Linear(2, 1, new Random(1), { bias: false })),
    );
    expect(names(net)).toEqual(["0.weight", "0.bias", "2.0.weight"]);
  });

  it("are named once when they are shared, and so is a shared module", () => {
    class Tied extends Module {
      readonly first = new Linear(2, 2, new Random(1));
      readonly again = this.first;
      readonly second = new Linear(2, 2, new Random(2));
      readonly tied = this.second.weight;
      readonly self = this;
      forward(x: Tensor): Tensor {
        return this.again.forward(this.first.forward(x));
      }
    }
    const model = new Tied();
    expect(names(model)).toEqual(["first.weight", "first.bias", "second.weight", "second.bias"]);
    expect(model.modules()).toHaveLength(3);
    // The gradient of a shared weight is the sum over its uses.
    model.forward(arange(2)).sum().backward();
    expect(model.first.weight.grad!.shape).toEqual([2, 2]);
  });

  it("are exactly what parameters() hands to an optimiser, and zeroGrad clears", () => {
    const model = new Everything();
    const parameters = model.parameters();
    expect(parameters).toHaveLength(11);
    expect(parameters.every((p) => p.isLeaf && p.requiresGrad)).toBe(true);
    model
      .forward(normal([4, 3], new Random(5)))
      .sum()
      .backward();
    expect(model.encoder[0].weight.grad).not.toBeNull();
    model.zeroGrad();
    expect(parameters.every((p) => p.grad === null)).toBe(true);
  });
});

describe("a frozen parameter", () => {
  it("stays one: it is named, saved, loaded, and unfrozen again", () => {
    const model = new Linear(2, 1, new Random(1));
    const full = model.stateDictionary();
    model.weight.requiresGrad = false;
    expect(model.weight.isFrozen).toBe(true);
    expect(names(model)).toEqual(["weight", "bias"]);
    expect([...model.stateDictionary().keys()]).toEqual(["weight", "bias"]);
    model.loadStateDictionary(full);
    for (const p of model.parameters()) p.requiresGrad = true;
    expect(model.parameters().every((p) => p.requiresGrad)).toBe(true);
  });

  it("is accepted by optimisers, which leave it alone although it has a gradient", () => {
    const model = new Linear(2, 1, new Random(1));
    model
      .forward(tensor([1, 2]))
      .sum()
      .backward();
    model.weight.requiresGrad = false;
    const [weight, bias] = [model.weight.toArray(), model.bias!.toArray()];
    new SGD(model.parameters(), { learningRate: 0.1, weightDecay: 1 }).step();
    expect(model.weight.toArray()).toEqual(weight);
    expect(model.bias!.toArray()).not.toEqual(bias);
  });

  it("is no constant: a tensor that never required gradients is not saved", () => {
    expect(names(new Everything())).not.toContain("buffer");
  });
});

describe("a state dictionary", () => {
  it("may be what a file of safetensors holds", () => {
    const [model, other] = [new Everything(), new Everything()];
    for (const p of other.parameters()) p.detach().assign(0.5);
    other.loadStateDictionary(readSafetensors(writeSafetensors(model.stateDictionary()), "x").tensors);
    expect(other.parameters().map((p) => p.toArray())).toEqual(model.parameters().map((p) => p.toArray()));
  });

  it("holds detached copies, and loads back to the same outputs", () => {
    const [model, other] = [new Everything(), new Everything()];
    for (const p of other.parameters()) p.detach().assign(0.5);
    const state = model.stateDictionary();
    expect([...state.keys()]).toEqual(names(model));
    expect([...state.values()].every((value) => !value.requiresGrad)).toBe(true);
    const x = normal([3, 3], new Random(6));
    const before = model.forward(x).toArray();
    other.loadStateDictionary(state);
    expect(other.forward(x).toArray()).toEqual(before);
    // Neither is tied to the dictionary after.
    for (const value of state.values()) value.assign(0);
    expect([model, other].map((module) => module.forward(x).toArray())).toEqual([before, before]);
  });

  it("may be made of the module's own parameters, which are read before any is written", () => {
    const model = new Sequential(new Linear(2, 2, new Random(1)), new Linear(2, 2, new Random(2)));
    const before = model.stateDictionary();
    const live = new Map(model.namedParameters());
    const of = (name: string): Tensor => live.get(name)!.detach();
    const swapped = new Map([
      ["0.weight", of("1.weight")],
      ["1.weight", of("0.weight").transpose()],
      ["0.bias", of("1.bias")],
      ["1.bias", of("0.bias").flip()],
    ]);
    model.loadStateDictionary(swapped);
    expect(live.get("0.weight")!.toArray()).toEqual(before.get("1.weight")!.toArray());
    expect(live.get("1.weight")!.toArray()).toEqual(before.get("0.weight")!.transpose().toArray());
    expect(live.get("0.bias")!.toArray()).toEqual(before.get("1.bias")!.toArray());
    expect(live.get("1.bias")!.toArray()).toEqual(before.get("0.bias")!.flip().toArray());
  });

  it("keeps the parameters' identity when it is loaded, so that an optimiser goes on with them", () => {
    const model = new Linear(2, 1, new Random(1));
    const { weight } = model;
    model.loadStateDictionary(new Linear(2, 1, new Random(2)).stateDictionary());
    expect(model.weight).toBe(weight);
    expect(weight.requiresGrad).toBe(true);
  });

  const state = (change: (state: Map<string, Tensor>) => void): Map<string, Tensor> => {
    const copy = new Linear(2, 1, new Random(2)).stateDictionary();
    change(copy);
    return copy;
  };
  it.each([
    ["lacks a name", state((s) => s.delete("bias")), ArgumentError, /loadStateDictionary: missing bias/],
    [
      "has an unknown name",
      state((s) => s.set("extra.weight", tensor(1))),
      ArgumentError,
      /unknown extra\.weight/,
    ],
    [
      "has both",
      state((s) => s.set("x", tensor(1)) && s.delete("weight")),
      ArgumentError,
      /missing weight; unknown x/,
    ],
    [
      "has another shape",
      state((s) => s.set("bias", tensor([1, 2]))),
      ShapeError,
      /bias is \[1\], the saved value \[2\]/,
    ],
    [
      "holds what is no tensor",
      state((s) => s.set("bias", 1 as never)),
      ArgumentError,
      /loadStateDictionary: bias is the number 1, not a tensor/,
    ],
    [
      "holds whole numbers of 64 bits",
      state((s) => s.set("bias", { shape: [1], data: new BigInt64Array(1) } as never)),
      DtypeError,
      /loadStateDictionary: the data of bias are a BigInt64Array\.\n.*Number/,
    ],
    [
      "holds a shape without its elements",
      state((s) => s.set("bias", { shape: [1], data: new Float32Array(2) } as never)),
      ShapeError,
      /loadStateDictionary: bias: 2 values do not fill/,
    ],
    [
      "is no Map",
      {} as never,
      ArgumentError,
      /loadStateDictionary: takes a Map of tensors.*\n.*readSafetensors/,
    ],
  ] as const)("that %s is refused, and nothing is changed", (_, given, error, words) => {
    const model = new Linear(2, 1, new Random(1));
    const before = model.parameters().map((p) => p.toArray());
    expect(() => model.loadStateDictionary(given)).toThrow(error);
    expect(() => model.loadStateDictionary(given)).toThrow(words);
    expect(model.parameters().map((p) => p.toArray())).toEqual(before);
  });
});

describe("train and eval", () => {
  it("switch a module and all below it", () => {
    const model = new Everything();
    const flags = (): boolean[] => model.modules().map(({ training }) => training);
    // Itself, two encoder layers, one head, the body with its layers: 8 modules.
    expect(flags()).toEqual(new Array(8).fill(true));
    expect(model.eval()).toBe(model);
    expect(flags()).toEqual(new Array(8).fill(false));
    model.train();
    expect(flags()).toEqual(new Array(8).fill(true));
  });
});

describe("Linear", () => {
  it("starts uniform within ±1/√in, weight and bias, as PyTorch's default", () => {
    const [features, out] = [100, 400];
    const layer = new Linear(features, out, new Random(7));
    const bound = 1 / Math.sqrt(features);
    for (const [values, count] of [
      [layer.weight, features * out],
      [layer.bias!, out],
    ] as const) {
      const data = values.toTypedArray();
      expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
      // Five standard errors of the mean, of the variance (bound²/3, kurtosis 9/5) and of the share below bound/2.
      const mean = data.reduce((a: number, b: number) => a + b, 0) / count;
      const variance = data.reduce((a: number, b: number) => a + b * b, 0) / count;
      const share = data.filter((value: number) => Math.abs(value) < bound / 2).length / count;
      expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * count));
      expect(Math.abs(variance / ((bound * bound) / 3) - 1)).toBeLessThan(5 * Math.sqrt(0.8 / count));
      expect(Math.abs(share - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(count));
    }
  });

  it("is decided by the seed", () => {
    const weights = (seed: number): unknown => new Linear(5, 4, new Random(seed)).weight.toArray();
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  it("computes x Wᵀ + b, and x Wᵀ without a bias", () => {
    const layer = new Linear(2, 3, new Random(1));
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const product = x.matmul(layer.weight.transpose());
    // One rounding in the layer's own kernel, two here.
    for (const difference of layer.forward(x).sub(product.add(layer.bias!)).reshape([-1])) {
      expect(Math.abs(difference.item())).toBeLessThan(2 ** -22);
    }
    layer.bias!.detach().assign(0);
    expect(layer.forward(x).toArray()).toEqual(product.toArray());
    const plain = new Linear(2, 3, new Random(1), { bias: false });
    expect(plain.bias).toBeNull();
    expect(plain.forward(x).toArray()).toEqual(product.toArray());
  });

  it.each([
    [
      "sizes that are no sizes",
      () => new Linear(0, 2, new Random(1)),
      /Linear: needs whole positive sizes; got 0 → 2/,
    ],
    ["fractional sizes", () => new Linear(2, 1.5, new Random(1)), /2 → 1\.5/],
    [
      "a missing random stream",
      () => new Linear(2, 2, undefined as never),
      /Linear: needs a random stream; got undefined.*\n.*new Random/,
    ],
  ] as const)("refuses %s", (_, call, words) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(words);
  });
});

describe("Dropout", () => {
  it("drops about so many elements and keeps the mean, while training; gradients go where the elements went", () => {
    const layer = new Dropout(0.25, new Random(1));
    const x = tensor(new Float32Array(4000).fill(1), { requiresGrad: true });
    const y = layer.forward(x);
    const values = y.toTypedArray();
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    // Five standard errors of a share of 3/4 among 4000.
    expect(Math.abs(y.mean().item() - 1)).toBeLessThan((5 * Math.sqrt((0.75 * 0.25) / 4000)) / 0.75);
    y.sum().backward();
    expect(x.grad!.toTypedArray()).toEqual(values);
  });

  it("does nothing in evaluation, and draws from its stream", () => {
    const layer = new Dropout(0.5, new Random(1));
    const x = tensor([1, 2, 3, 4]);
    expect(layer.eval().forward(x)).toBe(x);
    const draw = (seed: number): unknown => new Dropout(0.5, new Random(seed)).forward(x).toArray();
    expect(draw(3)).toEqual(draw(3));
    expect(names(layer)).toEqual([]);
  });
});

describe("modules refuse", () => {
  it.each([
    [
      "a seed for a stream",
      () => new Linear(2, 2, 0 as never),
      /Linear: needs a random stream; got the number 0/,
    ],
    [
      "false for options",
      () => new Linear(2, 2, new Random(1), false as never),
      /Linear: options are an object; got the boolean false.*\n.*bias/,
    ],
    [
      "a negative number of features",
      () => new LayerNorm(-1),
      /LayerNorm: features.*at least 1; got the number -1/,
    ],
    [
      "layers in an array",
      () => new Sequential([silu] as never),
      /Sequential: layer 0 is an array of 1.*\n.*new Sequential\(\.\.\.layers\)/,
    ],
    [
      "a probability of 1",
      () => new Dropout(1, new Random(1)),
      /Dropout: a probability is at least 0 and below 1/,
    ],
    [
      "dropout without a stream",
      () => new Dropout(0.5, undefined as never),
      /Dropout: needs a random stream/,
    ],
    [
      "an activation that is none",
      () => new Linear(2, 2, new Random(1)).forward(tensor([1, 2]), "silu" as never),
      /linear: an activation is a function.*the text "silu"/,
    ],
  ] as const)("%s", (_, call, words) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(words);
  });

  it("nothing where a parameter is made without a shape", () => {
    expect(parameter(Float32Array.of(1, 2)).shape).toEqual([2]);
  });
});

describe("LayerNorm", () => {
  it("starts as the plain normalisation, and scales and shifts by what it learned", () => {
    const layer = new LayerNorm(3);
    const x = tensor([[1, 2, 4]]);
    expect(layer.forward(x).toArray()).toEqual(x.layerNorm().toArray());
    layer.weight.detach().assign(2);
    layer.bias.detach().assign(1);
    // Rounded once, where the operations one after another round three times.
    expect(allClose(layer.forward(x), x.layerNorm().mul(2).add(1))).toBe(true);
  });
});

describe("Sequential", () => {
  it("applies modules and functions one after another", () => {
    const layer = new Linear(2, 2, new Random(1));
    const x = tensor([0.5, -1]);
    expect(new Sequential(layer, silu, (y) => y.mul(2)).forward(x).toArray()).toEqual(
      layer.forward(x).silu().mul(2).toArray(),
    );
  });
});

describe("a class made of Sequential", () => {
  class Residual extends Sequential {
    gate = parameter([0]);
    drop = new Dropout(0.5, new Random(1));
    override forward(x: Tensor): Tensor {
      return x.add(this.drop.forward(super.forward(x)).mul(this.gate));
    }
  }

  it("keeps what it has beside its layers, wherever it lies", () => {
    const make = (): Sequential =>
      new Sequential(
        new Linear(2, 2, new Random(1)),
        new Residual(new Linear(2, 2, new Random(2)), new Sequential(new Residual())),
      );
    const model = make();
    const names = ["0.weight", "0.bias", "1.0.weight", "1.0.bias", "1.1.0.gate", "1.gate"];
    expect([...model.stateDictionary().keys()]).toEqual(names);
    expect([...new Residual(new Linear(1, 1, new Random(3))).stateDictionary().keys()]).toEqual([
      "0.weight",
      "0.bias",
      "gate",
    ]);
    model.eval();
    expect(model.modules().every(({ training }) => !training)).toBe(true);
    const state = model.stateDictionary();
    state.get("1.gate")!.assign(3);
    const other = make();
    other.loadStateDictionary(state);
    expect(new Map(other.namedParameters()).get("1.gate")!.item()).toBe(3);
    const gate = tensor([7]);
    let seen = 0;
    functionalCall(model, { "1.gate": gate }, tensor([[1, 2]]));
    model
      .forward(tensor([[1, 2]]))
      .sum()
      .backward();
    for (const { grad } of model.parameters()) seen += Number(grad !== null);
    expect(seen).toBe(6);
    model.zeroGrad();
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });
});

it("a Set of parameters is as it was after other ones stood in it, also one for two", () => {
  class Sum extends Module {
    readonly terms = new Set([parameter([1]), parameter([2])]);
    forward(x: Tensor): Tensor {
      return [...this.terms].reduce((sum, term) => sum.add(term), x);
    }
  }
  const model = new Sum();
  const own = [...model.terms];
  const z = tensor([10], { requiresGrad: true });
  const y = functionalCall(model, { "terms.0": z, "terms.1": z }, tensor([0]));
  expect(y.toArray()).toEqual([20]);
  y.backward();
  expect(z.grad!.toArray()).toEqual([2]);
  const swapped = { "terms.0": own[1].mul(10), "terms.1": own[0] };
  expect(functionalCall(model, swapped, tensor([0])).toArray()).toEqual([21]);
  expect(functionalCall(model, { "terms.0": own[1], "terms.1": own[0] }, tensor([0])).toArray()).toEqual([3]);
  expect([...model.terms]).toEqual(own);
  expect([...model.terms].every((term, i) => term === own[i])).toBe(true);
});

it("an embedding has no vectors for numbers below 0", () => {
  const layer = new Embedding(3, 2, new Random(1));
  expect(() => layer.forward(tensor([0, -1]))).toThrow(
    /^Embedding: index -1 is outside an axis of 3: it must be from 0 to 2/,
  );
  expect(() => layer.forward(tensor([3]))).toThrow(/^Embedding: index 3 is outside an axis of 3/);
});

it.each([-1, NaN, Infinity])("a layer norm has no epsilon of %d", (epsilon) => {
  expect(() => new LayerNorm(2, epsilon)).toThrow(/^LayerNorm: epsilon/);
});

describe("names in a module", () => {
  class Own extends Module {
    readonly parts: unknown;
    constructor(parts: unknown) {
      super();
      this.parts = parts;
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  const one = (): Tensor => parameter([1]);
  it.each([
    ["a name with a dot", { "a.b": one(), a: { b: one() } }],
    ["a number and its text", new Map<unknown, Tensor>([[1, one()], ["1", one()]])], // biome-ignore format: one line.
    ["a parameter and a buffer", { "a.b": one(), a: { b: buffer([1]) } }],
  ])("that two tensors would share are refused: %s", (_, parts) => {
    const model = new Own(parts);
    expect(() => model.stateDictionary()).toThrow(/^Module: two tensors are called parts\.(a\.b|1)\./);
    expect(() => model.parameters()).toThrow(ArgumentError);
  });

  it("are one of a tensor that lies in two places", () => {
    const shared = one();
    expect([...new Own([shared, { shared }]).stateDictionary().keys()]).toEqual(["parts.0"]);
  });
});

it("parameters and buffers take what tensors take, and say so under their names", () => {
  expect(parameter([[1, 2], [3, 4]]).shape).toEqual([2, 2]); // biome-ignore format: one line.
  expect(buffer(new Float32Array(3), [3, 1]).shape).toEqual([3, 1]);
  expect(parameter(2).requiresGrad).toBe(true);
  expect(parameter({ length: 2, 0: 1, 1: 2 }).toArray()).toEqual([1, 2]);
  const any = (value: unknown): never => value as never;
  expect(
    messagesOf({
      "a number for a shape": () => parameter([1, 2], any(2)),
      "values that do not fill it": () => parameter([1, 2, 3], [2]),
      "text among values": () => buffer(any([[1, "2"]])),
      nothing: () => buffer(any(undefined)),
    }),
  ).toMatchInlineSnapshot(`
    "
    a number for a shape
      ShapeError: parameter: a shape is an array of whole numbers; got the number 2.
      Fix: put all sizes into one array: parameter([2]); [] is the shape of a scalar.
    values that do not fill it
      ShapeError: parameter: 3 values do not fill the shape [2], which holds 2.
      Fix: the product of the sizes is the number of values.
    text among values
      ArgumentError: buffer: values[0][1] is the text "2"; only numbers can be elements.
    nothing
      ArgumentError: buffer: values is undefined; only numbers can be elements.
    "
  `);
});
