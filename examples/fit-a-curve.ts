/** Fitting a curve: a small network learns sin(3x) from noisy points, and the fit is drawn in the terminal. */

import { linspace, mseLoss, noGrad, normal, Random, uniform } from "halograd";
import { Linear, Sequential, tanh } from "halograd/nn";
import { Adam, cosineSchedule, Scheduler } from "halograd/optim";

const random = new Random(1);
const STEPS = 600;

// 60 points between −1 and 1, measured with an error of 0.1.
const x = uniform([60, 1], random).mul(2).sub(1);
const y = x
  .mul(3)
  .sin()
  .add(normal([60, 1], random).mul(0.1));

const model = new Sequential(
  new Linear(1, 24, random),
  tanh,
  new Linear(24, 24, random),
  tanh,
  new Linear(24, 1, random),
);
const optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
const scheduler = new Scheduler(optimizer, cosineSchedule({ from: 0.02, steps: STEPS }));

for (let step = 0; step < STEPS; step++) {
  optimizer.zeroGrad();
  const loss = mseLoss(model.forward(x), y);
  loss.backward();
  optimizer.step();
  scheduler.step();
  if (step % 100 === 0) console.log(`step ${String(step).padStart(3)}   loss ${loss.item().toFixed(4)}`);
}

// How far the fit is from the truth it never saw without noise.
const grid = linspace(-1, 1, 25).reshape([-1, 1]);
const fit = noGrad(() => model.forward(grid));
const truth = grid.mul(3).sin();
console.log(
  `root mean square error against sin(3x): ${mseLoss(fit, truth).sqrt().item().toFixed(3)} (noise of a point: 0.1)\n`,
);

for (const [i, value] of [...fit].entries()) {
  const column = (height: number): number => Math.round((height + 1.2) * 25);
  const line = Array.from({ length: 61 }, () => " ");
  line[column(truth.at(i, 0).item())] = "·";
  line[column(value.item())] = "o";
  console.log(`${grid.at(i, 0).item().toFixed(2).padStart(6)} │${line.join("").trimEnd()}`);
}
