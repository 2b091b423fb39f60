/** Models as ONNX files: onnxruntime samples the curves that the engine samples, from the same noise. */

import { describe, expect, test } from "vitest";
import {
  exportModel,
  finish,
  generatePopulation,
  type TrainingOptions,
  trainModel,
} from "../../src/curves/index.ts";
import { denoiserOf } from "../../src/curves/model.ts";
import { eulerSampler, uniformGrid } from "../../src/diffusion/index.ts";
import { full, normal, Random, type Tensor, tensor } from "../../src/index.ts";
import { load } from "./runtime.ts";

const galaxies = finish(generatePopulation({ count: 700, random: new Random(3) }));
const random = new Random(4);
const STEPS = 7;
const ROWS = 5;

const trainings: [string, TrainingOptions][] = [
  ["autoencoder", { epochs: 60, random }],
  ["residual network", { network: "residual", batches: 60, widths: [32], random }],
];

describe.each(trainings)("a model of the %s in onnxruntime", (_, options) => {
  test("samples what the engine samples, and gives velocities", async () => {
    const { model } = finish(trainModel(galaxies, options));
    const file = await load(exportModel(model));
    for (const name of ["state", "next"]) expect(file.inputs).toContain(name);
    const features = model.standardization.apply(galaxies.curves.slice(0, 1)).shape[1];
    const noise = normal([ROWS, features], new Random(5));
    let state = noise;
    let velocity: Tensor = noise;
    for (let step = 0; step < STEPS; step++) {
      const [t, next] = [1 - step / STEPS, 1 - (step + 1) / STEPS].map((time) => full([ROWS, 1], time));
      const result = await file.run({ state, t, next });
      [state, velocity] = [result.next_state, result.velocity];
    }
    const samples = finish(eulerSampler(denoiserOf(model), noise, { grid: uniformGrid(STEPS) }));
    const own = model.standardization.invert(samples);
    expect(velocity.shape).toEqual([ROWS, 50]);
    const off = velocity.toTypedArray().map((value, i) => value / own[Math.floor(i / 50)][i % 50] - 1);
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(1e-4);
  });
});

test("a model with conditions takes their logarithms, and which of them count", async () => {
  const options = {
    network: "residual",
    batches: 20,
    widths: [16],
    conditions: ["disc-mass", "concentration"],
    random,
  } as const;
  const { model } = finish(trainModel(galaxies, options));
  const file = await load(exportModel(model));
  expect(file.inputs).toEqual(["state", "t", "next", "condition", "known"]);
  const state = normal([1, 10], new Random(6));
  const [t, next] = [full([1, 1], 0.5), full([1, 1], 0.25)];
  const [mass, other] = model.conditions!;
  const known = tensor([[1, 0]]);
  const { prediction } = await file.run({ state, t, next, condition: tensor([[10.5, 1]]), known });
  const network = model.network as never as {
    denoiser(options: object): (x: Tensor, t: number, told: Tensor) => Tensor;
  };
  const told = tensor([
    [(10.5 - mass.mean) / mass.standardDeviation, (1 - other.mean) / other.standardDeviation],
  ]);
  const wanted = network.denoiser({ known })(state, 0.5, told);
  expect(Math.max(...prediction.sub(wanted).abs().toTypedArray())).toBeLessThan(1e-5);
});
