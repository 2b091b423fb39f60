/** Optimisers and schedules against PyTorch's trajectories (test/golden/optim.json). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mseLoss, type Tensor, tensor } from "../../src/index.ts";
import {
  Adam,
  AdamW,
  cosineSchedule,
  type Optimizer,
  oneCycleSchedule,
  type Schedule,
  Scheduler,
  SGD,
  stepSchedule,
} from "../../src/optim/index.ts";

interface Golden {
  shape: number[];
  data: number[];
}
interface Attributes {
  lr: number;
  momentum?: number;
  nesterov?: boolean;
  weight_decay?: number;
  betas?: [number, number];
  eps?: number;
  amsgrad?: boolean;
  t_max: number;
  eta_min: number;
  step_size: number;
  gamma: number;
  max_lr: number;
  total_steps: number;
}
const golden = JSON.parse(readFileSync(new URL("../golden/optim.json", import.meta.url), "utf8")) as {
  A: Golden;
  b: Golden;
  start: Golden;
  runs: { name: string; attrs: Attributes; lrs: number[]; trajectory: number[][] }[];
};

function makeOptimizer(name: string, parameters: Tensor[], attrs: Attributes): Optimizer {
  const options = {
    learningRate: attrs.lr ?? attrs.max_lr,
    ...(attrs.momentum !== undefined && { momentum: attrs.momentum }),
    ...(attrs.nesterov !== undefined && { nesterov: attrs.nesterov }),
    ...(attrs.weight_decay !== undefined && { weightDecay: attrs.weight_decay }),
    ...(attrs.betas !== undefined && { betas: attrs.betas }),
    ...(attrs.eps !== undefined && { epsilon: attrs.eps }),
    ...(attrs.amsgrad !== undefined && { amsgrad: attrs.amsgrad }),
  };
  if (name.startsWith("sgd")) return new SGD(parameters, options);
  return name === "adamw" ? new AdamW(parameters, options) : new Adam(parameters, options);
}

function makeSchedule(name: string, attrs: Attributes): Schedule | null {
  if (name.endsWith("cosine"))
    return cosineSchedule({ from: attrs.lr, to: attrs.eta_min, steps: attrs.t_max });
  if (name.endsWith("step"))
    return stepSchedule({ from: attrs.lr, every: attrs.step_size, factor: attrs.gamma });
  if (name.endsWith("one_cycle")) return oneCycleSchedule({ peak: attrs.max_lr, steps: attrs.total_steps });
  return null;
}

/**
 * The reference ran in float64, we step in float32. A parameter of size 2 is rounded by 1.2e-7 at each of 12
 * steps; the gradient it then gives is off by as much, and Adam's steps of 0.05 hardly damp it: 4e-6 in all.
 */
const TOLERANCE = 4e-6;

describe("optimisers follow PyTorch's trajectories", () => {
  it.each(golden.runs.map((run) => ({ run, title: `${run.name} ${JSON.stringify(run.attrs)}` })))(
    "$title",
    ({ run }) => {
      const A = tensor(golden.A.data, golden.A.shape);
      const b = tensor(golden.b.data, golden.b.shape);
      const parameter = tensor(golden.start.data, golden.start.shape, { requiresGrad: true });
      const optimizer = makeOptimizer(run.name, [parameter], run.attrs);
      const schedule = makeSchedule(run.name, run.attrs);
      const scheduler = schedule && new Scheduler(optimizer, schedule);
      run.trajectory.forEach((expected, step) => {
        expect(optimizer.learningRate).toBeCloseTo(run.lrs[step], 14);
        optimizer.zeroGrad();
        mseLoss(A.matmul(parameter), b).backward();
        optimizer.step();
        scheduler?.step();
        const values = parameter.toTypedArray();
        expected.forEach((value, i) => {
          expect(Math.abs(values[i] - value), `step ${step}, parameter ${i}`).toBeLessThan(TOLERANCE);
        });
      });
    },
  );
});
