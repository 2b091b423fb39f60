/** Mistakes of a first day with the package, and what every export does with what it does not take. */

import { describe, expect, it } from "vitest";
import * as compiling from "../src/compile/index.ts";
import * as curves from "../src/curves/index.ts";
import * as diffusion from "../src/diffusion/index.ts";
import * as galaxy from "../src/galaxy/index.ts";
import * as halograd from "../src/index.ts";
import * as io from "../src/io/index.ts";
import * as metrics from "../src/metrics/index.ts";
import * as nn from "../src/nn/index.ts";
import * as onnx from "../src/onnx/index.ts";
import * as optim from "../src/optim/index.ts";
import * as plot from "../src/plot/index.ts";
import * as testing from "../src/testing/index.ts";
import { messagesOf } from "./messages.ts";
import { CURVES, DIFFUSION, GALAXY, METRICS, parts as mistaken, PLOT, WHOLE } from "./valid-calls.ts";

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
      AxisError: Embedding: index 5 is outside an axis of 5: it must be from 0 to 4.
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

it("mistakes of an astronomer's first day are called by the names of what was handed over", () => {
  const { random } = mistaken;
  const { radii, curves: velocities } = mistaken.data;
  const [curve] = velocities;
  const disc = galaxy.exponentialDisc({ mass: 5e10, scaleLength: 3 });
  const { trainModel, sampleCurves, inferCurves, intervalsOf } = curves;
  expect(
    messagesOf({
      "a mass as text": () => galaxy.exponentialDisc(js({ mass: "5e10", scaleLength: 3 })),
      "one component in place of a list": () => galaxy.circularVelocity(js(disc), [8]),
      "one radius in place of a list": () => galaxy.circularVelocity([disc], js(8)),
      "radii as a tensor": () => galaxy.circularVelocity([disc], js(v)),
      "a parameter in the spelling of Python": () => galaxy.rotationCurves(js([{ disc_mass: 5e10 }])),
      "a seed for a stream": () => galaxy.samplePopulation(js({ random: 42 })),
      "digits of a file": () => galaxy.fitGalaxy(js(["1", "2", "3", "4"]), [90, 120, 130, 140]),
      "one error for all points": () =>
        galaxy.fitGalaxy([1, 2, 3, 4], [90, 120, 130, 140], js({ errors: 5 })),
      "a halo's family in capitals": () => galaxy.massModel(js({ ...mistaken.points }), js("NFW")),
      "work that was not done": () => trainModel(js(curves.generatePopulation({ random })), { random }),
      "one curve in place of many": () => trainModel({ radii, curves: js(curve) }, { random }),
      "a column in place of curves": () => plot.curvesFigure({ radii, curves: js(radii) }),
      "velocities in place of radii": () => plot.curvesFigure({ radii: curve.toReversed(), curves: [curve] }),
      "a file that is still being read": () => curves.readModel(js(Promise.resolve(new Uint8Array()))),
      "a training in place of its model": () => sampleCurves(js(mistaken.started), { random }),
      "an option misspelled": () => sampleCurves(mistaken.model, js({ sampels: 3, random })),
      "one galaxy in place of a list": () => inferCurves(mistaken.model, js(mistaken.points), { random }),
      "all posteriors in place of one": () => intervalsOf(js([mistaken.posterior])),
      "one curve in place of a set": () => metrics.twoSamples(js(curve), velocities),
      "sets that nobody put together": () => metrics.energyDistance(js(velocities), js(velocities)),
      "a name in place of a schedule": () => diffusion.scheduleAt(js("linear"), 0.5),
      "a model in place of a denoiser": () => diffusion.heunSampler(js(mistaken.model), m),
    }),
  ).toMatchInlineSnapshot(`
    "
    a mass as text
      ArgumentError: exponentialDisc: got mass = the text "5e10", but it must be a finite number > 0 (solar masses)
      Fix: convert text with Number(…) first.
    one component in place of a list
      ArgumentError: circularVelocity: got an object with name, velocitySquared for the list of components
      Fix: pass one or more, such as [nfwHalo(…)].
    one radius in place of a list
      ArgumentError: circularVelocity: radii are a list of numbers; got the number 8.
      Fix: one radius is a list too: [8].
    radii as a tensor
      ArgumentError: circularVelocity: radii are a list of numbers; got a tensor of shape [3].
      Fix: take toTypedArray(), or toArray() for rows.
    a parameter in the spelling of Python
      ArgumentError: rotationCurves: got discMass = undefined, but it must be a finite number > 0 (solar masses)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    a seed for a stream
      ArgumentError: samplePopulation: needs a random stream; got the number 42.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    digits of a file
      ArgumentError: fitGalaxy: radii[0] is the text "1", not a finite number
      Fix: leave it out.
    one error for all points
      ArgumentError: fitGalaxy: errors are a list of numbers; got the number 5.
      Fix: give one for each radius.
    a halo's family in capitals
      ArgumentError: massModel: the family of the halo is the text "NFW"; there are nfw, cored-nfw, burkert, einasto, pseudo-isothermal.
      Fix: did you mean "nfw"?
    work that was not done
      FormatError: trainModel: a table of curves is { radii, curves }; got a generator
      Fix: finish(…) does a generator's work.
    one curve in place of many
      FormatError: trainModel: curves are an array; got a Float64Array
      Fix: give { radii, curves }, with a velocity at each radius
    a column in place of curves
      ArgumentError: curvesFigure: curves are an array; got a Float64Array.
      Fix: put one alone into brackets: [x].
    velocities in place of radii
      ArgumentError: curvesFigure: radii[4] = 212.90657004863644 follows 213.86248051199365, but they must grow
      Fix: sort the points by it, and keep one of each.
    a file that is still being read
      ArgumentError: readSafetensors: takes the bytes of a file as a Uint8Array; got a promise
      Fix: await it first.
    a training in place of its model
      ArgumentError: sampleCurves: needs a model; got an object with model, trained, done, total.
      Fix: pass what readModel returned, or the model of a training: { model }.
    an option misspelled
      ArgumentError: sampleCurves: there is no option "sampels".
      Fix: the options are count, sampler, steps, condition, guidance, wishes, tolerance, threads, random.
    one galaxy in place of a list
      ArgumentError: inferCurves: galaxies are an array of measured galaxies; got an object with radii, velocities, errors.
      Fix: put one alone into brackets: [x].
    all posteriors in place of one
      ArgumentError: intervalsOf: needs the posterior of a galaxy; got an array of 1.
      Fix: inferCurves returns a list, with one for each galaxy.
    one curve in place of a set
      ArgumentError: twoSamples: real is an array of curves; got a Float64Array.
      Fix: put one alone into brackets: [x].
    sets that nobody put together
      ArgumentError: energyDistance: takes two sets of curves that were put together; got an array of 24.
      Fix: write energyDistance(twoSamples(real, fake)).
    a name in place of a schedule
      ArgumentError: scheduleAt: a schedule is { name, alpha, sigma }, with α and σ as expressions of time; got the text "linear".
      Fix: pass linearSchedule, cosineNoiseSchedule or variancePreservingSchedule().
    a model in place of a denoiser
      ArgumentError: heunSampler: a denoiser is a function of x and t; got an object with network, standardization, radii, training.
      Fix: of a module: (x) => model.forward(x).
    "
  `);
});

/** What has something of the right kind. */
const nearly: readonly (readonly [name: string, value: unknown])[] = [
  ["-1", -1],
  ["∞", Number.POSITIVE_INFINITY],
  ["digits", "3"],
  ["[digits]", ["1", "2"]],
  ["[NaN]", [Number.NaN, Number.NaN]],
  ["[[1, 2]]", [[1, 2]]],
  ["[{}]", [{}]],
  ["[undefined]", [undefined]],
  ["a promise", Promise.resolve([1, 2])],
  ["a bigint", 1n],
  ["a symbol", Symbol("s")],
  ["a DataView", new DataView(new ArrayBuffer(8))],
  ["bigints", new BigInt64Array(2)],
];

/** Deep inside, where there are many places. */
const few = [...junk, ...nearly].filter(([name]) =>
  ["undefined", "null", "NaN", "text", "digits", "[]", "{}", "x", "a symbol"].includes(name),
);

type Spoil = (junk: unknown) => unknown;

/** The places in a value, and how to put something else there. Of a list, the first two. */
function* placesIn(value: unknown, path: string): Generator<[path: string, spoil: Spoil]> {
  yield [path, (other) => other];
  if (WHOLE.has(value) || typeof value !== "object" || value === null) return;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return;
  for (const [key, part] of Object.entries(value).slice(0, Array.isArray(value) ? 2 : Infinity)) {
    const put = (other: unknown): unknown =>
      Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    for (const [inner, spoil] of placesIn(part, `${path}.${key}`)) yield [inner, (junk) => put(spoil(junk))];
  }
}

/** What no result has: NaN, and text with that or with "undefined" in it. */
function hasNonsense(result: unknown, depth = 0): boolean {
  if (typeof result === "number") return Number.isNaN(result);
  if (typeof result === "string") return /\bNaN\b|\bundefined\b|\[object /.test(result);
  if (typeof result !== "object" || result === null || depth > 4) return false;
  if (ArrayBuffer.isView(result)) return result instanceof Float64Array && result.some(Number.isNaN);
  // The covariance of a fit is NaN where a parameter is at its bound.
  const values = Object.entries(Array.isArray(result) ? result.slice(0, 5) : result);
  return values.some(([key, value]) => key !== "covariance" && hasNonsense(value, depth + 1));
}

describe.each([
  ["galaxy", galaxy, GALAXY],
  ["metrics", metrics, METRICS],
  ["diffusion", diffusion, DIFFUSION],
  ["plot", plot, PLOT],
  ["curves", curves, CURVES],
] as const)(
  "of halograd/%s, whatever stands in the place of any part of what is handed over",
  (_, exported, calls) => {
    const functions = Object.entries(exported).filter(([, value]) => typeof value === "function") as [
      string,
      (...values: unknown[]) => unknown,
    ][];

    it("each function has a call that is right", () => {
      expect(Object.keys(calls).sort()).toEqual(functions.map(([name]) => name).sort());
    });

    it.each(functions)("%s refuses in words what it does not take", (name, exportedFunction) => {
      const isClass = /^class\b/.test(String(exportedFunction));
      /** What it returns, and for a generator its first step. */
      const take = (values: readonly unknown[]): unknown => {
        const result = isClass ? Reflect.construct(exportedFunction, values) : exportedFunction(...values);
        const steps = result as { next?: () => unknown; return?: () => unknown };
        const isSteps = typeof steps?.next === "function" && name !== "breathing";
        return isSteps ? [steps.next!(), steps.return!()] : result;
      };
      const right = [...calls[name]];
      expect(hasNonsense(take(right))).toBe(false);
      const escaped: string[] = [];
      for (const [path, spoil] of placesIn(right, "")) {
        if (path === "") continue;
        for (const [label, value] of path.split(".").length > 3 ? few : [...junk, ...nearly]) {
          try {
            if (hasNonsense(take(spoil(value) as unknown[]))) escaped.push(`${path} = ${label}: nonsense`);
          } catch (error) {
            if (error instanceof HalogradError || ownFault.test(String(error))) continue;
            escaped.push(`${path} = ${label}: ${error}`);
          }
        }
      }
      expect(escaped.slice(0, 5)).toEqual([]);
    });
  },
);
