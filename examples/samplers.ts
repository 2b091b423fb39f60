/**
 * What a sample costs: the error of every sampler against the number of times that it asks the denoiser, on
 * distributions whose denoiser and flow are known exactly. With a path as argument, the figure is written there.
 */

import { writeFileSync } from "node:fs";
import { normal, Random, type Tensor, tensor } from "halograd";
import {
  adamsBashforth2Sampler,
  ancestralSampler,
  churnSampler,
  type Denoiser,
  dpmSolver2MSampler,
  eulerSampler,
  finish,
  GaussianMixtureModel,
  GaussianModel,
  heunSampler,
  midpointSampler,
  rungeKutta4Sampler,
  type Sampler,
  uniformGrid,
} from "halograd/diffusion";
import { type ConvergenceSeries, convergenceFigure } from "halograd/plot";

const deterministic: [name: string, sampler: Sampler][] = [
  ["Euler (DDIM)", eulerSampler],
  ["Heun", heunSampler],
  ["midpoint", midpointSampler],
  ["Adams–Bashforth 2", adamsBashforth2Sampler],
  ["DPM-Solver++(2M)", dpmSolver2MSampler],
  ["Runge–Kutta 4", rungeKutta4Sampler],
];
const stochastic: [name: string, sampler: Sampler][] = [
  ["DDPM", ancestralSampler],
  ["Heun with churn", churnSampler],
];
const STEPS = [4, 8, 16, 32, 64, 128];

/** The errors of a sampler for each number of steps, and how often it asked. */
function measure(
  name: string,
  denoiser: Denoiser,
  errorOf: (counted: Denoiser, grid: number[]) => number,
): ConvergenceSeries {
  const [evaluations, errors]: number[][] = [[], []];
  for (const steps of STEPS) {
    let asked = 0;
    const counted: Denoiser = (x, t) => {
      asked++;
      return denoiser(x, t);
    };
    errors.push(errorOf(counted, uniformGrid(steps)));
    evaluations.push(asked);
  }
  return { name, evaluations, errors };
}

// 1. Three clouds in the plane: how far samples end from where the exact flow takes the same noise.
const cloud = (weight: number, mean: number[], [a, b, c]: number[]) => ({
  weight,
  model: new GaussianModel(mean, [
    [a, b],
    [b, c],
  ]),
});
const mixture = new GaussianMixtureModel([
  cloud(0.5, [1.2, -0.5], [0.3, 0.1, 0.2]),
  cloud(0.3, [-1, 0.8], [0.2, -0.05, 0.4]),
  cloud(0.2, [0.2, 1.5], [0.5, 0, 0.1]),
]);
const noise = normal([64, 2], new Random(1)).to("float64");
const exact = finish(rungeKutta4Sampler(mixture.denoiser(), noise, { grid: uniformGrid(512) }));
const distance = (samples: Tensor): number => samples.sub(exact).square().mean().sqrt().item();
const paths = deterministic.map(([name, sampler]) =>
  measure(name, mixture.denoiser(), (denoiser, grid) => distance(finish(sampler(denoiser, noise, { grid })))),
);

// 2. A normal distribution: how far the standard deviation of the samples is from that of the data. Samples are linear
// in the noise, so the standard deviation follows from one sample without noise on the way; those of the samplers
// that add noise, from many samples in float64.
const SPREAD = 2;
const wide = new GaussianModel([0], [[SPREAD * SPREAD]]).denoiser();
const one = tensor([[1]], { dtype: "float64" });
const many = normal([40_000, 1], new Random(2)).to("float64");
const spreads = [
  ...deterministic.map(([name, sampler]) =>
    measure(name, wide, (denoiser, grid) =>
      Math.abs(finish(sampler(denoiser, one, { grid })).item() / SPREAD - 1),
    ),
  ),
  ...stochastic.map(([name, sampler]) =>
    measure(name, wide, (denoiser, grid) => {
      const samples = finish(sampler(denoiser, many, { grid, random: new Random(3) }));
      return Math.abs(samples.square().mean().sqrt().item() / SPREAD - 1);
    }),
  ),
];

for (const [what, list] of [
  ["distance from the exact flow, of a mixture", paths],
  ["relative error of the standard deviation, of a normal distribution", spreads],
] as const) {
  console.log(`\n${what}:`);
  console.log(`${"steps".padEnd(20)}${STEPS.map((steps) => String(steps).padStart(10)).join("")}`);
  for (const { name, errors } of list) {
    console.log(name.padEnd(20) + Array.from(errors, (e) => e.toExponential(1).padStart(10)).join(""));
  }
}

const [, , path] = process.argv;
if (path !== undefined) {
  const panels = [
    { title: "a mixture: distance from the exact flow", series: paths },
    { title: "a normal distribution: error of its width", series: spreads },
  ];
  writeFileSync(path, convergenceFigure({ panels }));
}
