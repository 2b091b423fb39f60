/** Modules under what differentiates functions. */
import { describe, expect, test } from "vitest";
import {
  grad,
  hvp,
  noGrad,
  normal,
  ones,
  perSampleGrad,
  Random,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import {
  Conv1d,
  Embedding,
  functionalCall,
  LayerNorm,
  Linear,
  Module,
  mseLoss,
  parameter,
  SelfAttention,
  Sequential,
  silu,
} from "../../src/nn/index.ts";
import { checkGradients } from "../../src/testing/index.ts";

type Parameters = Record<string, Tensor>;
const ownOf = (module: Module): Parameters => Object.fromEntries(module.namedParameters());
const network = (): Sequential =>
  new Sequential(new Linear(3, 4, new Random(0)), silu, new LayerNorm(4), new Linear(4, 2, new Random(1)));

describe("functionalCall", () => {
  test("gives per-sample gradients, whose mean is that of the batch", () => {
    const model = network();
    const [xs, ys] = [normal([5, 3], new Random(2)), normal([5, 2], new Random(3))];
    const loss = (p: Parameters, x: Tensor, y: Tensor): Tensor => mseLoss(functionalCall(model, p, x), y);
    const each = perSampleGrad(loss)(ownOf(model), xs, ys);
    mseLoss(model.forward(xs), ys).backward();
    for (const [name, own] of model.namedParameters()) {
      expect(each[name].shape).toEqual([5, ...own.shape]);
      const error = each[name].mean(0).sub(own.grad!).abs().max().item();
      expect(error, name).toBeLessThan(1e-6);
    }
    expect(grad(loss)(ownOf(model), xs, ys)["0.weight"]).toEqual(model.parameters()[0].grad);
  });

  test.each<[string, Module, Tensor]>([
    ["Linear", new Linear(3, 2, new Random(0)), normal([4, 3], new Random(1))],
    ["LayerNorm", new LayerNorm(3), normal([4, 3], new Random(1))],
    ["Conv1d", new Conv1d(2, 3, 2, new Random(0)), normal([2, 2, 5], new Random(1))],
    ["attention", new SelfAttention(4, 2, new Random(0)), normal([3, 4], new Random(1))],
    ["a network", network(), normal([4, 3], new Random(1))],
  ])("lets gradients of a layer be checked in float64: %s", (_, module, x) => {
    const check = (p: Parameters, input: Tensor): Tensor => functionalCall(module, p, input);
    expect(() => checkGradients(check, [ownOf(module), x])).not.toThrow();
    expect(module.parameters().every(({ dtype }) => dtype === "float32")).toBe(true);
  });

  test("a wrong rule inside of a layer is found", () => {
    class Wrong extends Module {
      weight = parameter([1, 2]);
      forward(x: Tensor): Tensor {
        return x.mul(this.weight).add(this.weight.detach());
      }
    }
    const wrong = new Wrong();
    expect(() =>
      checkGradients((p: Parameters, x) => functionalCall(wrong, p, x), [ownOf(wrong), ones([2])]),
    ).toThrow();
  });

  test("finds parameters wherever a module holds them, shared ones too, and puts them back in their order", () => {
    class Holder extends Module {
      map = new Map<string, unknown>([
        ["a", parameter([1])],
        ["b", new Linear(1, 1, new Random(0))],
      ]);
      set = new Set<unknown>([parameter([2]), parameter([3])]);
      deep = { list: [parameter([4]), { last: parameter([5]) }] };
      shared = this.deep.list[0] as Tensor;
      forward(x: Tensor): Tensor {
        const [two, three] = this.set as Set<Tensor>;
        const [four, { last }] = this.deep.list as unknown as [Tensor, { last: Tensor }];
        return x
          .mul(this.map.get("a") as Tensor)
          .mul(two)
          .mul(three.square())
          .mul(four.mul(this.shared))
          .mul(last);
      }
    }
    const module = new Holder();
    const names = Array.from(module.namedParameters(), ([name]) => name);
    const own = [...module.namedParameters()];
    const values = Object.fromEntries(names.map((name, i) => [name, ones(own[i][1].shape).mul(i + 2)]));
    const [a, , , two, three, four, last] = names.map((name) => values[name].reshape([1]).item());
    expect(functionalCall(module, values, tensor([1])).toArray()).toEqual([
      a * two * three ** 2 * four ** 2 * last,
    ]);
    expect([...module.namedParameters()]).toEqual(own);
    for (const [i, one] of module.parameters().entries()) expect(one).toBe(own[i][1]);
  });

  test("leaves what is not named alone, and the module as it was where forward throws", () => {
    const model = network();
    const before = model.parameters();
    const x = ones([1, 3]);
    expect(functionalCall(model, {}, x)).toEqual(model.forward(x));
    expect(() => functionalCall(model, ownOf(model), ones([1, 7]))).toThrow("Linear");
    for (const [i, one] of model.parameters().entries()) expect(one).toBe(before[i]);
  });

  test("composes with second derivatives", () => {
    const layer = new Linear(2, 1, new Random(0));
    const f = (p: Parameters): Tensor =>
      functionalCall(layer, p, tensor([[1, 2]]))
        .square()
        .sum();
    const direction = { weight: tensor([[1, 0]]), bias: tensor([0]) };
    // f = (w·x + b)², so that the Hessian is 2 (x, 1)(x, 1)ᵀ.
    const product = hvp(f, ownOf(layer), direction);
    expect([product.weight.toArray(), product.bias.toArray()]).toEqual([[[2, 4]], [2]]);
  });

  test("refuses names that are not there, shapes that differ, and what is no tensor or module", () => {
    const layer = new Linear(2, 1, new Random(0));
    const x = ones([1, 2]);
    const any = (value: unknown): never => value as never;
    expect(() => functionalCall(layer, { wieght: ones([1, 2]) }, x)).toThrow(
      "the module has no wieght, but weight, bias",
    );
    expect(() => functionalCall(layer, { weight: ones([2]) }, x)).toThrow("weight is [1, 2]; got [2]");
    expect(() => functionalCall(layer, { bias: any([0]) }, x)).toThrow("bias is a tensor; got an array");
    expect(() => functionalCall(layer, { bias: any(null) }, x)).toThrow("bias is a tensor; got null");
    expect(functionalCall(layer, { bias: any(undefined) }, x)).toEqual(layer.forward(x));
    expect(() => functionalCall(layer, any(new Map()), x)).toThrow("an object of tensors by name");
    expect(() =>
      functionalCall(
        any((y: Tensor) => y),
        {},
        any(x),
      ),
    ).toThrow("takes a module first");
  });
});

describe("a function that leaves its argument alone", () => {
  const model = new Sequential(new Linear(2, 1, new Random(0)));
  const x = ones([3, 2]);

  test("is refused where it uses the tensors themselves, whose gradient would be 0", () => {
    for (const call of [
      () => grad((_: Parameters) => model.forward(x).sum())(ownOf(model)),
      () => grad((_: Tensor[]) => model.forward(x).sum())(model.parameters()),
      () => perSampleGrad((_: Parameters, row: Tensor) => model.forward(row).sum())(ownOf(model), x),
      () => noGrad(() => grad((_: Parameters) => model.forward(x).sum())(ownOf(model))),
      () => grad((w: Tensor) => grad(() => w.square().sum())(w).sum())(tensor([1, 2])),
    ])
      expect(call).toThrow("the function does not use its argument, but the tensors themselves");
  });

  test("has a gradient of 0 otherwise", () => {
    expect(grad((_: Tensor) => model.forward(x).sum())(tensor([1])).toArray()).toEqual([0]);
    expect(grad((_: Tensor) => tensor(1))(tensor([1], { requiresGrad: true })).toArray()).toEqual([0]);
    const own = tensor([2], { requiresGrad: true });
    expect(grad((y: Tensor) => y.mul(own).sum())(own).toArray()).toEqual([2]);
  });

  test("a module in the place of its parameters is told what to give", () => {
    expect(() => grad((m: never) => (m as Module).forward(x).sum())(model as never)).toThrow(
      "functionalCall(module",
    );
    expect(new Embedding(2, 2, new Random(0)).parameters()).toHaveLength(1);
  });
});

describe("a module whose tensors cannot be put aside for the whole of its work", () => {
  class Late extends Module<[x: Tensor], unknown> {
    readonly w = parameter([2]);
    readonly #how: (x: Tensor) => unknown;
    constructor(how: (x: Tensor, w: () => Tensor) => unknown) {
      super();
      this.#how = (x) => how(x, () => this.w);
    }
    forward(x: Tensor): unknown {
      return this.#how(x);
    }
  }
  test.each([
    ["async", async (x: Tensor, w: () => Tensor) => x.mul(await Promise.resolve(w()))],
    ["a generator", function* (x: Tensor, w: () => Tensor) { yield x.mul(w()); }], // biome-ignore format: one line.
  ])("is refused: %s", (_, how) => {
    const late = new Late(how);
    expect(() => functionalCall(late, { w: tensor([30]) }, ones([1]))).toThrow(
      /^functionalCall: the function returned a (promise|generator)/,
    );
    expect(late.w.item()).toBe(2);
  });

  test("is refused where they lie in something frozen, and has its own ones afterwards", () => {
    class Frozen extends Module {
      readonly first = parameter([1]);
      readonly list = Object.freeze([parameter([2]), parameter([3])]);
      readonly last = parameter([4]);
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Frozen();
    const own = ownOf(model);
    expect(() => functionalCall(model, { first: tensor([9]) }, ones([1]))).not.toThrow(TypeError);
    expect(() => functionalCall(model, { "list.1": tensor([9]) }, ones([1]))).toThrow(
      "Module: list.0 is in something frozen.",
    );
    expect(ownOf(model)).toEqual(own);
  });
});
