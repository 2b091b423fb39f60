/** Parameter groups, and schedules that go on where they were saved. */

import { describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
import {
  Adam,
  AdamW,
  cosineSchedule,
  type Optimizer,
  type ParameterGroup,
  PlateauScheduler,
  RMSprop,
  Scheduler,
  SGD,
  warmUpSchedule,
} from "../../src/optim/index.ts";

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });
const stepOnce = (optimizer: Optimizer, parameters: readonly Tensor[]): void => {
  optimizer.zeroGrad();
  for (const parameter of parameters) parameter.square().sum().backward();
  optimizer.step();
};

const makers: Record<string, (parameters: ParameterGroup[], options: object) => Optimizer> = {
  SGD: (parameters, options) => new SGD(parameters, { learningRate: 0.1, momentum: 0.5, ...options }),
  Adam: (parameters, options) => new Adam(parameters, { learningRate: 0.1, ...options }),
  AdamW: (parameters, options) => new AdamW(parameters, { learningRate: 0.1, ...options }),
  RMSprop: (parameters, options) => new RMSprop(parameters, { learningRate: 0.1, ...options }),
};

describe.each(Object.entries(makers))("groups of %s", (_, make) => {
  it("are trained as by optimisers of their own, also while the rate changes", () => {
    const [a, b, c, d] = [leaf(1, 2), leaf(3), leaf(1, 2), leaf(3)];
    const together = make(
      [{ parameters: [a] }, { parameters: new Set([b]), learningRate: 0.025, weightDecay: 0.5 }],
      { weightDecay: 0.25 },
    );
    const [first, second] = [
      make([{ parameters: [c] }], { weightDecay: 0.25 }),
      make([{ parameters: [d] }], { learningRate: 0.025, weightDecay: 0.5 }),
    ];
    for (let step = 0; step < 4; step++) {
      together.learningRate = 0.1 / (step + 1);
      first.learningRate = 0.1 / (step + 1);
      second.learningRate = 0.025 / (step + 1);
      stepOnce(together, [a, b]);
      stepOnce(first, [c]);
      stepOnce(second, [d]);
    }
    expect(a.toArray()).toEqual(c.toArray());
    for (const [i, value] of b.toTypedArray().entries()) expect(value).toBeCloseTo(d.toTypedArray()[i], 6);
  });
});

it("groups refuse what they do not have, parameters in two of them, and a proportion to nothing", () => {
  const x = leaf(1);
  const make =
    (groups: unknown, learningRate = 0.1) =>
    () =>
      new SGD(groups as ParameterGroup[], { learningRate });
  expect(make([{ parameters: [x], lr: 1 }])).toThrow(/there is no option "lr"/);
  expect(make([{ parameters: [x] }, { parameters: [x] }])).toThrow(/got a parameter twice/);
  expect(make([{ parameters: [x] }, leaf(2)])).toThrow(/group 1 is a tensor of shape \[1\]/);
  expect(make([{ parameters: [x], learningRate: 1 }], 0)).toThrow(/has no proportion/);
  expect(make([{ parameters: [x], weightDecay: -1 }])).toThrow(/weightDecay of a group is -1/);
});

describe("a schedule", () => {
  const schedule = warmUpSchedule({ steps: 3, schedule: cosineSchedule({ from: 0.1, steps: 10 }) });

  it("rises evenly before another one begins", () => {
    const rates = [0, 1, 2, 3, 4].map(schedule);
    expect(rates.slice(0, 4)).toEqual([0, 0.1 / 3, (0.1 * 2) / 3, 0.1]);
    expect(rates[4]).toBe(cosineSchedule({ from: 0.1, steps: 10 })(1));
    expect(warmUpSchedule({ steps: 2, startFactor: 0.5, schedule: () => 4 })(1)).toBe(3);
  });

  it("goes on from one file with the optimiser's state, to the bit", () => {
    const [x, y] = [leaf(3), leaf(3)];
    const start = (parameter: Tensor): [Optimizer, Scheduler] => {
      const optimizer = new Adam([parameter], { learningRate: 0.1 });
      return [optimizer, new Scheduler(optimizer, schedule)];
    };
    const [optimizer, scheduler] = start(x);
    const run = (parameter: Tensor, of: [Optimizer, Scheduler], steps: number): void => {
      for (let i = 0; i < steps; i++) {
        stepOnce(of[0], [parameter]);
        of[1].step();
      }
    };
    run(x, [optimizer, scheduler], 5);
    const state = new Map([...optimizer.stateDictionary(), ...scheduler.stateDictionary()]);
    y.detach().assign(x.detach());
    const { tensors } = readSafetensors(writeSafetensors(state), "state");
    const resumed = start(y);
    resumed[0].loadStateDictionary(tensors);
    resumed[1].loadStateDictionary(tensors);
    expect(resumed[0].learningRate).toBe(optimizer.learningRate);
    run(x, [optimizer, scheduler], 4);
    run(y, resumed, 4);
    expect(y.toArray()).toEqual(x.toArray());
    expect(resumed[0].learningRate).toBe(optimizer.learningRate);
  });

  it("says where the state of a scheduler is missing, and changes nothing", () => {
    const optimizer = new SGD([leaf(1)], { learningRate: 0.1 });
    const scheduler = new Scheduler(optimizer, schedule);
    const plateau = new PlateauScheduler(optimizer);
    const state = optimizer.stateDictionary();
    expect(() => scheduler.loadStateDictionary(state)).toThrow(/missing scheduler.step/);
    expect(() => plateau.loadStateDictionary(scheduler.stateDictionary())).toThrow(/missing scheduler.best/);
    expect(optimizer.learningRate).toBe(0);
  });

  it("of plateaus goes on too, and takes NaN for no improvement", () => {
    const make = (): [Optimizer, PlateauScheduler] => {
      const optimizer = new SGD([leaf(1)], { learningRate: 1 });
      return [optimizer, new PlateauScheduler(optimizer, { patience: 1, factor: 0.5 })];
    };
    const [optimizer, scheduler] = make();
    for (const loss of [2, NaN]) scheduler.step(loss);
    const [other, resumed] = make();
    resumed.loadStateDictionary(scheduler.stateDictionary());
    for (const each of [scheduler, resumed]) each.step(2);
    expect([optimizer.learningRate, other.learningRate]).toEqual([0.5, 0.5]);
  });
});
