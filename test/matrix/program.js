/**
 * The program that every tool builds or runs: a few steps of training on nothing but the public API of the installed
 * package, with each backend that there is. A tool that changes a bit, loads a part twice or drops one is found out.
 */
import { backendName, normal, Random, tensor, useBackend } from "halograd";
import { compile } from "halograd/compile";
import { circularVelocity, exponentialDisc } from "halograd/galaxy";
import { readSafetensors, writeSafetensors } from "halograd/io";
import { Linear, Module, mseLoss } from "halograd/nn";
import { Adam } from "halograd/optim";
import { checkGradients } from "halograd/testing";

class Perceptron extends Module {
  constructor(random) {
    super();
    this.hidden = new Linear(2, 8, random);
    this.output = new Linear(8, 1, random);
  }
  forward(x) {
    return this.output.forward(this.hidden.forward(x).silu());
  }
}

/** What the backends that run here compute, by name. */
export function results() {
  const names = [...new Set([useBackend("typescript"), useBackend("auto")])];
  return Object.fromEntries(names.map((name) => [name, compute(name)]));
}

function compute(name) {
  if (useBackend(name) !== name) throw new Error(`asked for ${name}, got ${backendName()}`);
  const random = new Random(1);
  const model = new Perceptron(random);
  if (!(model.hidden instanceof Module)) throw new Error("halograd/nn was loaded twice");
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const x = normal([64, 2], random);
  const target = x.square().sum(1, { keepdim: true });
  const step = compile(() => {
    optimizer.zeroGrad();
    const loss = mseLoss(model.forward(x), target);
    loss.backward();
    optimizer.step();
    return loss;
  });
  let loss = tensor(0);
  for (let i = 0; i < 20; i++) loss = step();
  checkGradients((w) => w.silu().sum(), [tensor([1, -2])]);
  const weights = model.hidden.weight;
  const bytes = writeSafetensors({ weights: { shape: [...weights.shape], data: weights.toTypedArray() } });
  const { data, shape } = readSafetensors(bytes, "weights").tensors.get("weights");
  const [speed] = circularVelocity([exponentialDisc({ mass: 1e10, scaleLength: 3 })], [8]);
  return [loss.item(), tensor(data, shape).sum().item(), speed].map((value) => value.toString(36)).join(" ");
}
