/** Values of other realms (frames, jsdom, Jest's sandbox), of other copies of the package, and copied by structuredClone. */

import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { add, concat, gather, grad, oneHot, Random, type Tensor, tensor, zeros } from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
import { functionalCall, Linear, Module, Sequential } from "../../src/nn/index.ts";
import { clipGradNorm, Scheduler, SGD } from "../../src/optim/index.ts";
import { savedTensors } from "../../src/optim/saved-state.ts";
import { errorOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const foreign = (code: string): never => runInNewContext(code) as never;

test("arrays, options and typed arrays of another realm are taken", () => {
  expect(tensor(foreign("[[1, 2], [3, 4]]"))).toEqual(tensor([[1, 2], [3, 4]])); // biome-ignore format: rows
  expect(tensor([foreign("new Float32Array([1, 2])")])).toEqual(tensor([[1, 2]]));
  expect(zeros(foreign("[2, 2]"), foreign("({ dtype: 'float64' })")).dtype).toBe("float64");
  expect(grad(any(({ w }: { w: Tensor }) => w.square().sum()))(any(Object.assign(foreign("({})"), { w: tensor([3]) })))).toEqual({ w: tensor([6]) }); // biome-ignore format: one call
});

test("a state dictionary of another realm is taken, at its precision", () => {
  const model = new Linear(1, 1, new Random(0));
  const state: Map<string, unknown> = foreign("new Map()");
  state.set("weight", { shape: [1, 1], data: foreign("new Float32Array([0.5])") });
  state.set("bias", { shape: [1], data: new Float32Array([2]) });
  model.loadStateDictionary(any(state));
  expect(model.weight).toEqual(tensor([[0.5]]));
  state.set("bias", { shape: [1], data: foreign("new Float64Array([0.1])") });
  expect(savedTensors("load", any(state)).get("bias")!.dtype).toBe("float64");
});

test("bytes of another realm are taken, and float64 stays float64", () => {
  const file = writeSafetensors(new Map([["a", { shape: [1], data: foreign("new Float64Array([0.1])") }]]));
  const bytes = (foreign("(values) => Uint8Array.from(values)") as (values: Uint8Array) => Uint8Array)(file);
  expect(readSafetensors(bytes, "a file").tensors.get("a")!.data).toEqual(new Float64Array([0.1]));
});

test("typed rows and integer arrays make tensors", () => {
  expect(tensor([new Float32Array([1, 2]), [3, 4]])).toEqual(tensor([[1, 2], [3, 4]])); // biome-ignore format: rows
  expect(tensor(new Int32Array([-1, 2]))).toEqual(tensor([-1, 2]));
  expect(tensor(new Uint8Array([1, 2, 3, 4]), [2, 2])).toEqual(tensor([[1, 2], [3, 4]])); // biome-ignore format: rows
  expect(tensor({ length: 2, 0: 1, 1: 2 }, [2])).toEqual(tensor([1, 2]));
});

test.each<[string, () => unknown, RegExp]>([
  [
    "rows of different lengths",
    () => tensor([new Float32Array(2), new Float32Array(1)]),
    /ragged: values\[1\] has 1/,
  ],
  [
    "a row of big integers",
    () => tensor(any([new BigInt64Array(2)])),
    /a BigInt64Array; only numbers[\s\S]*Number\(…\)/,
  ],
  ["booleans", () => tensor(any([true])), /the boolean true[\s\S]*Number\(…\)/],
  ["a buffer", () => tensor(any(new ArrayBuffer(4))), /new Float32Array\(buffer\)/],
  ["a view of bytes", () => tensor(any(new DataView(new ArrayBuffer(4)))), /got a DataView/],
  ["a set", () => tensor(any(new Set([1]))), /\[\.\.\.values\]/],
  ["a typed shape", () => tensor([1, 2], any(new Int32Array([2]))), /a shape is an array.*Int32Array/],
])("%s: refused with the reason", (_, mistake, reason) => expect(errorOf(mistake).message).toMatch(reason));

test("what structuredClone leaves of a tensor is refused with the reason; shape and elements are taken", () => {
  const model = new Linear(1, 1, new Random(0));
  const state = model.stateDictionary();
  const clone = structuredClone(state);
  expect(errorOf(() => model.loadStateDictionary(clone)).message).toMatch(
    /weight is what structuredClone or postMessage leave of a tensor[\s\S]*data: x\.toTypedArray\(\)/,
  );
  expect(errorOf(() => add(structuredClone(tensor([1])), 1)).message).toContain("what structuredClone");
  const sent = new Map([...state].map(([name, x]) => [name, { shape: x.shape, data: x.toTypedArray() }]));
  model.loadStateDictionary(structuredClone(sent));
});

test("what another copy of the package has made is refused as such, wherever it is given", async () => {
  vi.resetModules();
  const other = await import("../../src/index.ts");
  const others = await import("../../src/nn/index.ts");
  const optim = await import("../../src/optim/index.ts");
  const [x, layer] = [any(other.tensor([1])), any(new others.Linear(1, 1, new other.Random(0)))];
  const own = tensor([1], { requiresGrad: true });
  class Holder extends Module {
    readonly held: unknown[];
    constructor(...held: unknown[]) {
      super();
      this.held = held;
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  const foreignTensor = /a tensor of shape \[1\] of another copy of halograd[\s\S]*npm ls halograd/;
  for (const mistake of [
    () => add(tensor([1]), x),
    () => concat([tensor([1]), x]),
    () => tensor(x),
    () => tensor([x] as never),
    () => own.mul(2).backward(x),
    () => {
      own.grad = x;
    },
    () => gather(own, 0, x),
    () => oneHot(x, 3),
    () => grad((y: Tensor) => y.sum())(x),
    () => grad((y: Tensor) => y.sum())(any({ w: x })),
    () => grad(() => x)(own),
    () => new SGD([x], { learningRate: 1 }),
    () => clipGradNorm([x], 1),
    () => new Holder(1, x).parameters(),
    () => new Holder(new Map([["a", [x]]])).stateDictionary(),
  ])
    expect(errorOf(mistake).message).toMatch(foreignTensor);
  for (const [mistake, name] of [
    [() => new Linear(1, 1, any(new other.Random(0))), "Random"],
    [() => new Sequential(layer), "Linear"],
    [() => functionalCall(layer, {}, own), "Linear"],
    [() => new Holder(own, [layer]).parameters(), "held.1.0 is a Linear"],
    [() => new Holder(layer).eval(), "held.0 is a Linear"],
    [
      () =>
        new Scheduler(
          any(new optim.SGD([other.tensor([1], { requiresGrad: true })], { learningRate: 1 })),
          () => 1,
        ),
      "SGD",
    ],
  ] as const)
    expect(errorOf(mistake).message).toMatch(
      RegExp(`${name} of another copy of halograd[\\s\\S]*npm ls halograd`),
    );
  expect(new Holder(own, tensor([1]), new Linear(1, 1, new Random(0))).parameters()).toHaveLength(3);
});
