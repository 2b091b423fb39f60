/** What mistakes and observations say, word by word: the operation that was called, what it got, and how to go on. */

import { describe, expect, it } from "vitest";
import { treePaths } from "../../src/autograd/tree.ts";
import {
  add,
  backwardSteps,
  concat,
  describeNode,
  detectAnomaly,
  einsum,
  eye,
  grad,
  hvp,
  jvp,
  linspace,
  normal,
  ones,
  Random,
  split,
  stack,
  type Tensor,
  tape,
  tensor,
  uniform,
  useBackend,
  valueAndGrad,
  vjp,
  zeros,
} from "../../src/index.ts";
import { functionalCall, Module, parameter } from "../../src/nn/index.ts";
import { observer } from "../../src/ops/operation.ts";
import { savedTensors } from "../../src/optim/saved-state.ts";
import { checkGradients } from "../../src/testing/check.ts";
import { errorOf } from "../messages.ts";

const random = new Random(0);
const any = (value: unknown): never => value as never;
const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe("an error names the function that was called", () => {
  it.each<[string, () => unknown]>([
    ["tensor", () => tensor(any([1, [2]]))],
    ["tensor", () => tensor([1, 2], any([2, 2]))],
    ["tensor", () => tensor(any(["a", 2]), [2])],
    ["tensor", () => tensor([1], { dtype: any("int8") })],
    ["tensor", () => tensor([1], [1], { dtype: any("int8") })],
    ["linspace", () => linspace(0, any("1"), 3)],
    ["normal", () => normal([1], random, any({ dType: "float32" }))],
    ["uniform", () => uniform([1], random, any({ dType: "float32" }))],
    ["normal", () => normal([1], random, { dtype: any("int8") })],
    ["uniform", () => uniform([1], random, { dtype: any("int8") })],
    ["at", () => tensor([1, 2]).at(any("0"))],
    ["tape", () => tape(any(1))],
    ["backwardSteps", () => [...backwardSteps(any(1))]],
    ["jvp", () => jvp((x) => x.sum(), tensor([1, 2]), tensor([1]))],
    ["hvp", () => hvp((x) => x.sum(), tensor([1, 2]), tensor([1]))],
    ["hvp", () => hvp((x) => x, tensor([1, 2]), tensor([1, 1]))],
    ["vjp", () => vjp((x) => any(x.item()), tensor(1))],
    ["checkGradients", () => checkGradients((x: Tensor) => x.sum(), [tensor([1])], any({ orders: 2 }))],
    ["load", () => savedTensors("load", any({}))],
    ["load", () => savedTensors("load", new Map([["w", any(1)]]))],
    ["load: w", () => savedTensors("load", new Map([["w", { shape: [3], data: new Float32Array(2) }]]))],
  ])("%s", (name, mistake) => {
    const error = errorOf(mistake);
    expect(error.where).toBe(name);
    expect(error.message).toMatch(new RegExp(`^${name}: `));
  });
});

describe("an error shows what it got, and how to write it", () => {
  it.each<[() => unknown, string]>([
    [() => grad(any(1)), "write grad((x) => x.square().sum())(x)."],
    [() => valueAndGrad(any(1)), "write valueAndGrad((x) => x.square().sum())(x)."],
    [() => hvp(any(1), tensor(1), tensor(1)), "write hvp((x) => x.square().sum(), x)."],
    [() => jvp((x) => x.sum(), tensor([1, 2]), tensor([1])), "[2] against [1]"],
    [() => tensor([1, 2]).at(any("0")), "an index is a whole number; got"],
    [() => tensor([[1, 2]]).at(0, any("1")), 'an index is a whole number; got the text "1"'],
    [() => tensor([[1, 2]]).at(any([0, 1])), "slice([0, 1]) is a range"],
    [() => tensor(any([[1], 2]), [2]), "got one with arrays in it"],
    [() => tensor(any(null), any([1])), "must be a flat array of numbers; got null"],
    [
      () =>
        leaf([1, 2])
          .square()
          .backward(tensor([1])),
      "the cotangent [1] does not have the shape of the result, [2]",
    ],
    [
      () =>
        leaf([1, 2])
          .square()
          .backward(tensor([1, 1], { dtype: "float64" })),
      "the cotangent is float64 and the result float32",
    ],
    [() => (leaf([1, 2]).grad = tensor([1])), "the gradient [1] does not have the shape of the tensor, [2]"],
    [
      () => (leaf([1, 2]).grad = tensor([1, 1], { dtype: "float64" })),
      "the gradient is float64 and the tensor float32",
    ],
    [() => leaf([1]).square().backward(any(new Map())), "leave it out for a scalar"],
    [() => savedTensors("load", any({})), "takes a Map of tensors by name; got"],
    [() => savedTensors("load", new Map([["w", any({ shape: [1], data: [1] })]])), "w is"],
    [() => savedTensors("load", new Map([["w", any(null)]])), "w is null, not a tensor"],
  ])("%#", (mistake, words) => expect(errorOf(mistake).message).toContain(words));

  it("names the operation at which the tape was freed, and the walk that was overtaken", () => {
    const y = leaf([1, 2]).square().sum();
    y.backward();
    expect(errorOf(() => y.backward()).message).toContain("freed by an earlier backward pass (at ");
    const x = tensor(2, { requiresGrad: true });
    const z = x.mul(x);
    const steps = backwardSteps(z);
    steps.next();
    z.backward();
    const overtaken = errorOf(() => steps.next());
    expect(overtaken.message).toBe(
      "backwardSteps: another backward pass went through the same tape meanwhile (at mul).\n" +
        "  Fix: finish one iteration before starting the next.",
    );
    expect(errorOf(() => describeNode(any("z"))).message).toBe(
      'describeNode: takes a node of the tape; got the text "z".\n' +
        "  Fix: write describeNode(x.node); listTape(x) lists all.",
    );
    expect(errorOf(() => z.backward(ones([1]))).message).toBe(
      "backward: the cotangent [1] does not have the shape of the result, [].\n" +
        "  Fix: reshape() or expand() it on purpose.",
    );
  });
});

it("what a tree holds has a path: arrays by index, fields by name, and what is left out not at all", () => {
  const [a, b] = [ones([1]), ones([2])];
  expect(treePaths([{ w: a, layers: [b, { bias: a }], none: null, undefined }, b, [a]] as never)).toEqual([
    { input: 0, path: "input 0.w" },
    { input: 0, path: "input 0.layers.0" },
    { input: 0, path: "input 0.layers.1.bias" },
    { input: 1, path: "input 1" },
    { input: 2, path: "input 2.0" },
  ]);
});

describe("what is saved", () => {
  it("becomes tensors of the dtype of its elements, and tensors stay as they are", () => {
    const given = tensor([1, 2]);
    const read = savedTensors(
      "load",
      new Map<string, never>([
        ["a", any(given)],
        ["b", any({ shape: [1, 2], data: new Float64Array([3, 4]) })],
        ["c", any({ shape: [2], data: new Float32Array([5, 6]) })],
      ]),
    );
    expect(read.get("a")).toBe(given);
    expect([read.get("b")?.dtype, read.get("c")?.dtype]).toEqual(["float64", "float32"]);
    expect(read.get("b")?.toArray()).toEqual([[3, 4]]);
  });
});

describe("detectAnomaly", () => {
  it("tells the shapes and ranges of operands, and the fault that came in", () => {
    const made = errorOf(() => detectAnomaly(() => tensor([[1, 0, 3]]).log()));
    expect(made.message).toContain(
      "made -Infinity from finite operands (shapes [1, 3]; operands 0 to 3), called at ",
    );
    const two = errorOf(() => detectAnomaly(() => tensor([1, 2]).div(tensor(0))));
    expect(two.message).toContain("(shapes [2], []; operands 1 to 2, 0)");
    const passed = errorOf(() => detectAnomaly(() => tensor([Number.NaN, Infinity]).neg()));
    expect(passed.message).toContain("passed on NaN");
    const one = errorOf(() => detectAnomaly(() => tensor([Infinity, 1]).sub(Infinity)));
    expect(one.message).toContain("made NaN of an operand that held Infinity");
  });

  it("watches while it runs only, also when it ends in an error", () => {
    expect(observer).toBeNull();
    expect(detectAnomaly(() => observer)).not.toBeNull();
    errorOf(() => detectAnomaly(() => tensor([-1]).log()));
    expect(observer).toBeNull();
    expect(tensor([-1]).log().item()).toBeNaN();
    // A rule that fails does not leave its node behind for what comes after.
    errorOf(() => detectAnomaly(() => leaf([0]).sqrt().sum().backward()));
    expect(errorOf(() => detectAnomaly(() => tensor([-1]).log())).message).toMatch(/^log: made NaN/);
  });
});

it("a message about thousands of operands, names or letters names some of them and counts the others", () => {
  const many = Array.from({ length: 2000 }, (_, i) => i);
  const rows = many.map((i) => leaf(i === 1999 ? [1, 2] : [1]).reshape([1, -1]));
  const faulty = many.map((i) => tensor([i === 7 ? NaN : i]));
  const model = new (class extends Module {
    weights = Object.fromEntries(many.map((i) => [`w${i}`, parameter([i])]));
    forward(x: Tensor): Tensor {
      return x;
    }
  })();
  const joined = concat(many.map((i) => leaf([i])));
  const changed = stack(many.map(() => leaf([1])));
  const long = "x".repeat(1e5);
  const texts = [
    errorOf(() => concat(rows)).message,
    errorOf(() => concat(many.map((i) => tensor([i]).reshape(i === 3 ? [] : [1])))).message,
    errorOf(() => detectAnomaly(() => concat(faulty))).message,
    errorOf(() => model.loadStateDictionary(new Map())).message,
    errorOf(() => functionalCall(model, { none: tensor([1]) }, changed)).message,
    describeNode(joined.node!),
    errorOf(() => zeros([...many, -1])).message,
    errorOf(() => split(ones([3]), many)).message,
  ];
  for (const text of texts) {
    expect(text).toMatch(/ and 19\d\d more/);
    expect(text.length).toBeLessThan(2200);
  }
  for (const mistake of [
    () => tensor([1], { [long]: 1 } as never),
    () => add(any({ [long]: 1 }), 1),
    () => add(any(10n ** 100_000n), 1),
    () => einsum(`${long}->${long}`, ones([1])),
    () => useBackend(any(long)),
  ])
    expect(errorOf(mistake).message.length).toBeLessThan(2500);
});

describe("a leaf", () => {
  it("is frozen while it does not require gradients any more, and never before it did", () => {
    const w = tensor([1, 2]);
    expect([w.isLeaf, w.requiresGrad, w.isFrozen]).toEqual([true, false, false]);
    w.requiresGrad = true;
    expect([w.isLeaf, w.requiresGrad, w.isFrozen]).toEqual([true, true, false]);
    const y = w.mul(2);
    w.requiresGrad = false;
    expect([w.isLeaf, w.requiresGrad, w.isFrozen]).toEqual([true, false, true]);
    // What was recorded before still leads to it once it requires gradients again, and what was not in between.
    const z = w.mul(3);
    w.requiresGrad = true;
    const [again, first] = [w.mul(5), [1, 1]];
    w.requiresGrad = false;
    w.requiresGrad = true;
    expect(z.requiresGrad).toBe(false);
    y.add(z).add(again).backward(tensor(first));
    expect(w.grad?.toArray()).toEqual([7, 7]);
  });
});

describe("makers of tensors", () => {
  it("make an identity of ones in the diagonal alone, of any dtype, and numbers in the dtype asked for", () => {
    expect(eye(3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(eye(2, { dtype: "float64" }).dtype).toBe("float64");
    expect(normal([2], random, { dtype: "float64" }).dtype).toBe("float64");
    expect(normal([2], random).requiresGrad).toBe(false);
  });
});
