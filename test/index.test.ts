/** Mistakes of a first day with the package, and what every export does with what it does not take. */

import { describe, expect, it } from "vitest";
import * as compiling from "../src/compile/index.ts";
import * as halograd from "../src/index.ts";
import * as io from "../src/io/index.ts";
import * as nn from "../src/nn/index.ts";
import * as onnx from "../src/onnx/index.ts";
import * as optim from "../src/optim/index.ts";
import * as testing from "../src/testing/index.ts";
import { messagesOf } from "./messages.ts";

const { HalogradError, Random, tensor, ones } = halograd;
const { Conv2d, Embedding, Linear, Sequential } = nn;

/** Handed over as JavaScript would: without the types that refuse it. */
// biome-ignore lint/suspicious/noExplicitAny: whatever there is can be called with anything
const js = (value: unknown): any => value;
const random = new Random(0);
const m = ones([2, 3]);
const v = tensor([1, 2, 3]);
const f = (x: halograd.Tensor): halograd.Tensor => x.square().sum();

it("mistakes of a first day are called by the caller's names and numbers, and end in code that works", () => {
  expect(
    messagesOf({
      "sum of a dim": () => js(m).sum({ dim: 1 }),
      "sum of axes by name": () => js(m).sum({ axes: [0, 1], keepdim: true }),
      "keepdim alone": () => js(m).sum({ keepdim: true }),
      "softmax of a dim": () => js(m).softmax({ dim: 0 }),
      "softmax with options": () => js(m).softmax({ keepdim: true }),
      "topk with the option of another library": () => js(halograd.topk)(v, 2, { largest: false }),
      "the larger of two": () => js(m).max(ones([2, 3])),
      "the larger of a number": () => halograd.max(v, 2),
      "sizes to reshape": () => js(m).reshape(3, 2),
      "sizes to zeros": () => js(halograd.zeros)(2, 3),
      "sizes to normal": () => js(halograd.normal)(2, 3, random),
      "a range to uniform": () => js(halograd.uniform)([2], -1, 1),
      "mean and deviation to normal": () => js(halograd.normal)([2], random, 0, 1),
      "one limit": () => js(v).clamp(2),
      "a limit by name": () => js(v).clamp({ min: 0 }),
      "the transpose of another library": () => m.matmul(js(m).T),
      "a function for a tensor": () => v.add(js(f)),
      "rows and columns": () => m.matmul(ones([2, 3])),
      "rows and elements": () => m.matmul(tensor([1, 2])),
      "a matrix by a scalar": () => m.matmul(tensor(2)),
      "a slice as of an array": () => v.slice(1, 3),
      "at nothing": () => v.at(js(null)),
      "a stack of two shapes": () => halograd.stack([v, tensor([1])]),
      "backward with the option of another library": () => js(ones([])).backward({ retain_graph: true }),
      "grad at once": () => js(halograd.grad)(f, v),
      "gradients of each example at once": () => js(halograd.perSampleGrad)(f, v, m),
      "hessian not at once": () => js(halograd.hessian)(f)(v),
      "hvp without a direction": () => js(halograd.hvp)(f, v),
      "hessian of a vector": () => halograd.hessian((x) => x, v),
      "labels in a column": () => nn.crossEntropyLoss(m, tensor([[0], [1]])),
      "labels first": () => nn.crossEntropyLoss(tensor([0, 1]), m),
      "logits in a column": () => nn.binaryCrossEntropyWithLogits(ones([3, 1]), v),
      "targets in a column": () => nn.mseLoss(v, ones([3, 1])),
      "a layer of other features": () => new Linear(2, 3, random).forward(m),
      "a layer of a list": () => new Linear(2, 3, random).forward(js([1, 2])),
      "a norm of other features": () => new nn.LayerNorm(2).forward(m),
      "a batch norm of a vector": () => new nn.BatchNorm(3).forward(v),
      "images of other channels": () => new Conv2d(1, 2, 3, random).forward(ones([2, 3, 8, 8])),
      "an image alone": () => new Conv2d(1, 2, 3, random).forward(ones([8, 8])),
      "an image without a batch": () => new Conv2d(3, 2, 3, random).forward(ones([3, 8, 8])),
      "a sequence of no features": () => new nn.SelfAttention(4, 2, random).forward(v),
      "words as a list": () => new Embedding(5, 2, random).forward(js([1, 4])),
      "a word beyond the last": () => new Embedding(5, 2, random).forward(tensor([5])),
      "an activation that there is not": () => new Sequential(js(nn).ReLU),
      "the class of a layer": () => new Sequential(js(Linear)),
      "an operation as a class": () => js(halograd.apply)(class Mine {}, [v]),
      "an operation without what it reads": () =>
        js(halograd.apply)({ name: "mine", shape: () => [], compute: () => {} }, [v]),
      "a module as a file": () => io.writeSafetensors(js(new Linear(1, 1, random))),
      "a tensor as a file": () => io.writeSafetensors(js(v)),
      "no rate": () => new optim.SGD([tensor(1, { requiresGrad: true })], js({})),
      "inputs without brackets": () => testing.checkGradients(js(f), js(v)),
      "names in a list": () =>
        halograd.tapeToSvg(tensor(1, { requiresGrad: true }).mul(2), js({ names: [v] })),
    }),
  ).toMatchInlineSnapshot(`
    "
    sum of a dim
      AxisError: sum: an axis is a whole number; got an object with dim.
      Fix: write the axis itself: 1.
    sum of axes by name
      AxisError: sum: an axis is a whole number; got an object with axes, keepdim.
      Fix: write the axis itself: [0,1].
    keepdim alone
      AxisError: sum: an axis is a whole number; got an object with keepdim.
      Fix: options come after the axis, which may be undefined: { keepdim }.
    softmax of a dim
      AxisError: softmax: an axis is a whole number; got an object with dim.
      Fix: write the axis itself: 0.
    softmax with options
      AxisError: softmax: an axis is a whole number; got an object with keepdim.
      Fix: count axes from 0, or from the last with -1.
    topk with the option of another library
      AxisError: topk: an axis is a whole number; got an object with largest.
      Fix: options come after the axis, which may be undefined: { smallest }.
    the larger of two
      AxisError: max: an axis is a whole number; got a tensor of shape [2, 3].
      Fix: element by element: maximum(x, y).
    the larger of a number
      AxisError: max: axis 2 is outside a tensor of 1 axes: it must be a whole number from -1 to 0.
      Fix: element by element: maximum(x, 2).
    sizes to reshape
      ShapeError: reshape: a shape is an array of whole numbers; got the number 3.
      Fix: put all sizes into one array: reshape([3, 2]); [] is the shape of a scalar.
    sizes to zeros
      ShapeError: zeros: a shape is an array of whole numbers; got the number 2.
      Fix: put all sizes into one array: zeros([2, 3]); [] is the shape of a scalar.
    sizes to normal
      ShapeError: normal: a shape is an array of whole numbers; got the number 2.
      Fix: put all sizes into one array: normal([2, 3]); [] is the shape of a scalar.
    a range to uniform
      ArgumentError: uniform: options are an object; got the number 1.
      Fix: scale what is drawn: uniform(shape, random).mul(high - low).add(low).
    mean and deviation to normal
      ArgumentError: normal: options are an object; got the number 0.
      Fix: scale what is drawn: normal(shape, random).mul(deviation).add(mean).
    one limit
      ArgumentError: clamp: got undefined where a tensor or number is needed.
      Fix: one limit alone is maximum(x, low) or minimum(x, high).
    a limit by name
      ArgumentError: clamp: got an object with min where a tensor or number is needed.
      Fix: one limit alone is maximum(x, low) or minimum(x, high).
    the transpose of another library
      ArgumentError: matmul: got undefined where a tensor or number is needed.
      Fix: is an argument missing, or a name misspelled? x.T is x.transpose() here.
    a function for a tensor
      ArgumentError: add: got a function where a tensor or number is needed.
      Fix: call it: f(x).
    rows and columns
      ShapeError: matmul: [2, 3] × [2, 3]: 3 columns on the left, 2 rows on the right.
      Fix: transpose the right operand: a.matmul(b.transpose()).
    rows and elements
      ShapeError: matmul: [2, 3] × [2]: 3 columns on the left, 2 rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    a matrix by a scalar
      ShapeError: matmul: [2, 3] × []: 3 columns on the left, no rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    a slice as of an array
      AxisError: slice: 2 ranges for the 1 axes of [3].
      Fix: [1, 3] is one range, from start to end.
    at nothing
      AxisError: at: an index is a whole number; got null.
      Fix: slice() takes ranges and null.
    a stack of two shapes
      ShapeError: stack: needs equal shapes; got [3] and [1].
      Fix: concat() joins other sizes along an axis.
    backward with the option of another library
      ArgumentError: backward: there is no option "retain_graph".
      Fix: did you mean retainGraph?
    grad at once
      ArgumentError: grad: takes the function alone.
      Fix: write grad(f)(x).
    gradients of each example at once
      ArgumentError: perSampleGrad: takes the function alone.
      Fix: write perSampleGrad(f)(x).
    hessian not at once
      ArgumentError: hessian: got a function, and nothing to differentiate it by.
      Fix: write hessian(f, x).
    hvp without a direction
      ArgumentError: hvp: got a function, and nothing to differentiate it by.
      Fix: write hvp(f, x, direction).
    hessian of a vector
      TapeError: hessian: the function returned [3], but only a scalar has a gradient.
      Fix: end it with sum() or mean(), or use vjp() with a cotangent.
    labels in a column
      ShapeError: crossEntropyLoss: the target of logits [2, 3] is [2] (classes) or [2, 3]; got [2, 1].
      Fix: write target.squeeze(1).
    labels first
      ShapeError: crossEntropyLoss: the target of logits [2] is [] (classes) or [2]; got [2, 3].
      Fix: the logits come first.
    logits in a column
      ShapeError: binaryCrossEntropyWithLogits: logits [3, 1] and target [3] differ: a loss compares element with element and does not broadcast.
      Fix: write logits.squeeze(1).
    targets in a column
      ShapeError: mseLoss: prediction [3] and target [3, 1] differ: a loss compares element with element and does not broadcast.
      Fix: write target.squeeze(1).
    a layer of other features
      ShapeError: Linear: takes [..., 2]; got [2, 3].
      Fix: a Linear made for 3 features takes it; this one takes 2.
    a layer of a list
      ArgumentError: Linear: got an array of 2 where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    a norm of other features
      ShapeError: LayerNorm: takes [..., 2]; got [2, 3].
      Fix: a LayerNorm made for 3 features takes it; this one takes 2.
    a batch norm of a vector
      ShapeError: BatchNorm: takes [batch, 3, ...]; got [3].
      Fix: x.unsqueeze(0) is a batch of one.
    images of other channels
      ShapeError: Conv2d: takes [batch, 1, height, width]; got [2, 3, 8, 8].
      Fix: a Conv2d made for 3 channels takes it; this one takes 1.
    an image alone
      ShapeError: Conv2d: takes [batch, 1, height, width]; got [8, 8].
      Fix: x.reshape([1, 1, 8, 8]) is a batch of one.
    an image without a batch
      ShapeError: Conv2d: takes [batch, 3, height, width]; got [3, 8, 8].
      Fix: x.unsqueeze(0) is a batch of one.
    a sequence of no features
      ShapeError: SelfAttention: takes [..., length, 4]; got [3].
      Fix: a SelfAttention made for 3 features takes it; this one takes 4.
    words as a list
      ArgumentError: Embedding: got an array of 2 where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    a word beyond the last
      AxisError: Embedding: index 5 is outside an axis of 5: it must be from -5 to 4.
    an activation that there is not
      ArgumentError: Sequential: layer 0 is undefined, neither a module nor a function of a tensor.
      Fix: is a name misspelled? Activations are functions: relu, silu, tanh; others are written (x) => ….
    the class of a layer
      ArgumentError: Sequential: layer 0 is a class, neither a module nor a function of a tensor.
      Fix: make a layer of it: new Linear(…).
    an operation as a class
      ArgumentError: apply: the record of Mine needs the functions shape and compute.
      Fix: write an object with its functions, as the example of apply does; they need no class.
    an operation without what it reads
      ArgumentError: apply: the record of mine needs reads, which says what its gradient rule reads: nothing, inputs, output, both, or a list for each operand.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a module as a file
      ArgumentError: safetensors: takes tensors by name; got a Linear
      Fix: pass its stateDictionary()
    a tensor as a file
      ArgumentError: safetensors: takes tensors by name; got a tensor of shape [3]
      Fix: give an object, a Map or pairs
    no rate
      ArgumentError: SGD: needs a learningRate.
      Fix: write new SGD(parameters, { learningRate: 0.01 }).
    inputs without brackets
      ArgumentError: checkGradients: inputs are a list; got a tensor of shape [3].
      Fix: write checkGradients(f, [x]).
    names in a list
      ArgumentError: tapeToSvg: names go by name; got an array of 1.
      Fix: write { names: { x, w } }, or give a Map from tensor to name.
    "
  `);
});

/** Whatever a program may hand over by mistake. */
const junk: readonly (readonly [name: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["3", 3],
  ["NaN", Number.NaN],
  ["text", "text"],
  ["true", true],
  ["[]", []],
  ["[1, 2]", [1, 2]],
  ["{}", {}],
  ["{ dim }", { dim: 1 }],
  ["x", tensor([[1, 2], [3, 4]], { requiresGrad: true })], // biome-ignore format: one line
  ["[x]", [m]],
  ["a function", () => m],
  ["class", class Mine {}],
  ["Map", new Map()],
];

const seconds = junk.filter(([name]) => ["undefined", "3", "[1, 2]", "{ dim }", "x"].includes(name));

/** Calls without an argument, with one, with two, and with one in the place of each of those that fit. */
function callsOf(take: (...values: unknown[]) => unknown): [label: string, call: () => unknown][] {
  const x = ones([2, 2]);
  return [
    ["()", () => take()],
    ...junk.flatMap(([a, value]): [string, () => unknown][] => [
      [`(${a})`, () => take(value)],
      ...seconds.map(([b, second]): [string, () => unknown] => [`(${a}, ${b})`, () => take(value, second)]),
      [`(x, ${a}, ${a})`, () => take(x, value, value)],
      [`(x, x, ${a})`, () => take(x, x, value)],
      [`(x, 1, ${a})`, () => take(x, 1, value)],
      [`(${a}, x, random)`, () => take(value, x, random)],
      [`(2, 2, random, ${a})`, () => take(2, 2, random, value)],
    ]),
  ];
}

/** Errors of what was handed over, which calls it as it should. */
const ownFault = /^TypeError: Class constructor Mine cannot be invoked without 'new'/;

describe.each(Object.entries({ halograd, nn, optim, io, onnx, testing, compiling }))(
  "of %s, whatever is handed over",
  (_, exported) => {
    const functions = Object.entries(exported).filter(
      ([, value]) => typeof value === "function" && !(value.prototype instanceof Error),
    ) as [string, (...values: unknown[]) => unknown][];

    it.each(functions)("%s throws nothing but errors of the one family", (_, exportedFunction) => {
      const isClass = /^class\b/.test(String(exportedFunction));
      const take = isClass
        ? (...values: unknown[]) => Reflect.construct(exportedFunction, values)
        : exportedFunction;
      const escaped = callsOf(take).flatMap(([label, call]) => {
        try {
          const result = call() as { next?: () => unknown } | undefined;
          if (typeof result?.next === "function") result.next();
          return [];
        } catch (error) {
          return error instanceof HalogradError || ownFault.test(String(error)) ? [] : [`${label}: ${error}`];
        }
      });
      expect(escaped.slice(0, 5)).toEqual([]);
    });
  },
);
