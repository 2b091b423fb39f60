/**
 * What the types promise and refuse. Compiled only: here against src/, and by package.test.ts as a user's program
 * against the installed package, under each module resolution and with the checks of libraries on.
 */
import {
  type BackendName,
  type Expression,
  grad,
  hvp,
  type Instead,
  normal,
  perSampleGrad,
  Random,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  unary,
  useBackend,
  valueAndGrad,
  vjp,
} from "halograd";
import {
  compareCurves,
  generatePopulation,
  type Model,
  type ScoreRow,
  sampleCurves,
  trainModel,
} from "halograd/curves";
import { type Denoiser, eulerSampler, finish, splitDataset, trainDenoiser } from "halograd/diffusion";
import { circularVelocity, rotationCurves, samplePopulation } from "halograd/galaxy";
import { parseCsv, readSafetensors } from "halograd/io";
import { type AnyModule, Linear, Module, mseLoss, Sequential, silu } from "halograd/nn";
import { Adam, type AdamOptions, type Optimizer } from "halograd/optim";
import { curvesFigure } from "halograd/plot";
import { checkGradients } from "halograd/testing";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when a value's type is exactly T. */
function is<T>() {
  return <V>(_value: V, ..._same: Equal<T, V> extends true ? [] : [expected: T]): void => {};
}

const x = tensor([1, 2]);

// Names from elsewhere say what to write here, and are nothing that a program can use.
is<Instead<"normal(shape, random)">>()(randn);
is<Instead<"x.size">>()(x.numel);
// @ts-expect-error a name from elsewhere
randn([2, 3]);
// @ts-expect-error and a member
x.T.matmul(x);
// @ts-expect-error one that is set
x.requires_grad = true;
// @ts-expect-error one that is read
const _count: number = x.numel;

// What is a function and no method says so, whatever operation is added.
is<Instead<"floor(x)">>()(x.floor);
type OfTensors<Exports> = {
  [Name in keyof Exports]: Exports[Name] extends (x: Tensor, ...rest: never[]) => Tensor | Tensor[]
    ? Name
    : never;
}[keyof Exports];
type Unmentioned = Exclude<
  OfTensors<typeof import("halograd")>,
  keyof Tensor | "zerosLike" | "onesLike" | "sumTo"
>;
is<never>()(null as never as Unmentioned);

// Operations hang on tensors with the parameters that they have as functions.
is<Tensor>()(x.add(1).silu().sum(0, { keepdim: true }).matmul(x));
is<number>()(x.sum().item());
is<number[]>()(x.toArray<number[]>());
is<readonly number[]>()(x.shape);
is<Float32Array>()(x.toTypedArray());
// @ts-expect-error a text is no operand
x.add("1");
// @ts-expect-error an axis is a number
x.sum("0");
// @ts-expect-error the shape of a tensor does not change
x.shape = [2, 1];
// @ts-expect-error an option that does not exist
tensor(1, { requires_grad: true });
x.sum().backward({ retainGraph: true });
// @ts-expect-error nor this one
x.sum().backward({ retain_graph: true });

// A gradient has the structure of what it is taken by.
type Line = { slope: Tensor; offset: Tensor };
const error = ({ slope, offset }: Line, at: Tensor): Tensor => slope.mul(at).add(offset).square().mean();
const line: Line = { slope: tensor(1), offset: tensor(2) };
is<Line>()(grad(error)(line, x));
is<[value: Tensor, gradient: Line]>()(valueAndGrad(error)(line, x));
// @ts-expect-error the second argument of the function is needed
grad(error)(line);
is<Tensor>()(grad(grad((w) => w.pow(3).sum()))(x));
interface Layer {
  weight: Tensor;
  bias?: Tensor;
}
class Layers {
  list: Layer[] = [];
  scale: Tensor | undefined;
  apply(at: Tensor): Tensor {
    return this.list.reduce((value, { weight }) => value.matmul(weight), at);
  }
}
is<Layer>()(grad(({ weight, bias }: Layer) => (bias ? weight.add(bias) : weight).sum())({ weight: x }));
is<Layers>()(grad((layers: Layers, at: Tensor) => layers.apply(at).sum())(new Layers(), x));
is<[Tensor, Tensor]>()(grad(([a, b]: [Tensor, Tensor]) => a.mul(b).sum())([x, x]));
is<Record<string, Tensor>>()(grad((by: Record<string, Tensor>) => by.a.sum())({ a: x }));
const layer: Layer = { weight: x };
is<Layer>()(vjp(({ weight }: Layer) => weight, layer)[1]());
is<{ w: Tensor; b: Tensor }>()(vjp(({ w, b }) => w.mul(b), { w: x, b: x })[1]());
is<Layer>()(hvp(({ weight }: Layer) => weight.pow(3).sum(), layer, layer));
checkGradients((at, layer) => at.mul(layer.weight), [x, { weight: x }]);
checkGradients((at: Tensor, layer: Layer) => at.mul(layer.weight), [x, { weight: x }]);
is<Layer>()(perSampleGrad(({ weight }: Layer, at: Tensor) => weight.mul(at).sum())(layer, x));
is<Tensor>()(perSampleGrad((weight, at: Tensor) => weight.mul(at).sum())(x, x));
// @ts-expect-error it gives a function
perSampleGrad((weight: Tensor, at: Tensor) => weight.mul(at).sum(), x, x);
// @ts-expect-error and so does grad
grad((weight: Tensor) => weight.sum(), x);
// @ts-expect-error a field that is no tensor
grad(({ weight }: { weight: Tensor; steps: number }) => weight.sum())({ weight: x, steps: 3 });
// @ts-expect-error and one in a list
vjp(({ list }) => list[0].mul(list[1]), { list: [x, 2] });
// @ts-expect-error a number is no tensor
grad((w: number) => x.mul(w));
is<Tensor>()(hvp((w) => w.pow(3).sum(), x, x));
// @ts-expect-error the function must return a tensor
grad((w: Tensor) => w.item());

// Modules, optimisers, diffusion.
class Perceptron extends Module {
  hidden: Linear = new Linear(2, 4, new Random(0));
  override forward(input: Tensor): Tensor {
    return silu(this.hidden.forward(input));
  }
}
class Attend extends Module<[queries: Tensor, keys: Tensor], { output: Tensor; weights: Tensor }> {
  heads: Map<string, Linear> = new Map();
  forward(queries: Tensor, keys: Tensor): { output: Tensor; weights: Tensor } {
    const weights = queries.matmul(keys.transpose()).softmax();
    return { output: weights.matmul(keys), weights };
  }
}
is<Tensor>()(new Attend().forward(x, x).weights);
is<Tensor[]>()(new Attend().train().parameters());
is<AnyModule[]>()(new Attend().modules());
// @ts-expect-error two inputs are needed
new Attend().forward(x);
// @ts-expect-error a module of two inputs takes no place in a sequence
new Sequential(new Attend());
// @ts-expect-error a module without forward
class _Idle extends Module {}
const model = new Sequential(new Perceptron(), silu);
is<Tensor[]>()(model.parameters());
is<Instead<"stateDictionary()">>()(model.state_dict);
const options: AdamOptions = { learningRate: 0.01 };
const optimizer: Optimizer = new Adam(model.parameters(), options);
is<Instead<"zeroGrad()">>()(optimizer.zero_grad);
// @ts-expect-error the name of the option is learningRate
new Adam(model.parameters(), { lr: 0.01 });
// @ts-expect-error random state is passed in
new Linear(2, 4);
const random = new Random(0n);
const { train, valid, standardization } = splitDataset([[1, 2], new Float64Array([3, 4])], random);
for (const losses of trainDenoiser({ model, optimizer, train, valid, random, epochs: 1 }))
  is<number>()(losses.train);
const denoiser: Denoiser = (noisy) => model.forward(noisy);
is<Float64Array[]>()(standardization.invert(finish(eulerSampler(denoiser, normal([1, 2], random)))));
is<Tensor>()(mseLoss(x, x));

// Records of one's own, backends, errors.
const twice: Expression = (m, value) => m.add(value, value);
is<(x: Tensor) => Tensor>()(unary({ name: "twice", value: twice, derivative: 1 }));
is<BackendName>()(useBackend("auto"));
// @ts-expect-error no such backend
useBackend("webgpu");
is<string>()(new ShapeError("here", "no").where);

// Physics, files, figures.
const { radii, velocities } = rotationCurves(samplePopulation({ count: 1, random }));
is<string>()(curvesFigure({ radii, curves: [velocities] }));
is<Float64Array>()(circularVelocity([{ name: "point", velocitySquared: (radius) => 1 / radius }], radii));
is<Float64Array[]>()(parseCsv("a\n1\n", { source: "a.csv" }).rows);
is<Map<string, string>>()(readSafetensors(new Uint8Array(8), "model").metadata);

// Models of rotation curves: long work is a generator whose result has a type.
const galaxies = finish(generatePopulation({ random }));
for (const { model, done } of trainModel(galaxies, {
  network: "residual",
  conditions: ["disc-mass"],
  random,
})) {
  is<Model>()(model);
  is<number>()(done);
  is<readonly Float64Array[]>()(finish(sampleCurves(model, { condition: { "disc-mass": 10 }, random })));
}
const sets = { radii: galaxies.radii, real: galaxies.curves, samples: [], random };
is<ScoreRow[]>()(finish(compareCurves(sets)));
// @ts-expect-error no such network
trainModel(galaxies, { network: "transformer", random });
// @ts-expect-error random state is always passed in
generatePopulation({ count: 5 });
