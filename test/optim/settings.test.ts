/** RMSprop, groups of parameters and schedulers: what they say of their settings, and what of these counts. */

import { describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../../src/index.ts";
import {
  Adam,
  AdamW,
  clipGradNorm,
  type Optimizer,
  oneCycleSchedule,
  PlateauScheduler,
  RMSprop,
  Scheduler,
  SGD,
  stepSchedule,
} from "../../src/optim/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const leaf = (values: number[] = [1]): Tensor => tensor(values, { requiresGrad: true });
const rmsprop = (options: object): RMSprop => new RMSprop([leaf()], options);
const sgd = (learningRate = 1): SGD => new SGD([leaf()], { learningRate });
const plateau = (options: object): PlateauScheduler => new PlateauScheduler(sgd(), options);
const grouped = (group: object, learningRate = 0.1): SGD =>
  new SGD([{ parameters: [leaf()], ...group }], { learningRate });

it("mistakes in settings are told in full", () => {
  const float = (name: string, value: number) => new Map([[name, tensor(value)]]);
  expect(
    messagesOf({
      "RMSprop with another's option": () => rmsprop({ rho: 0.9 }),
      "RMSprop that keeps everything": () => rmsprop({ smoothing: 1 }),
      "RMSprop with an epsilon of 0": () => rmsprop({ epsilon: 0 }),
      "RMSprop with a momentum below 0": () => rmsprop({ momentum: -1 }),
      "RMSprop with a weight decay below 0": () => rmsprop({ weightDecay: -1 }),
      "RMSprop with a rate below 0": () => rmsprop({ learningRate: -1 }),
      "a rate of a group that is text": () => grouped({ learningRate: "1" }),
      "a rate of a group below 0": () => grouped({ learningRate: -1 }),
      "a rate of a group where the optimiser has none": () => grouped({ learningRate: 1 }, 0),
      "a decay of a group below 0": () => grouped({ weightDecay: -1 }),
      "a scheduler of no optimiser": () => new PlateauScheduler(any({})),
      "a scheduler with another's option": () => plateau({ mode: "min" }),
      "a factor of 1": () => plateau({ factor: 1 }),
      "patience of half a step": () => plateau({ patience: 0.5 }),
      "a threshold below 0": () => plateau({ threshold: -1 }),
      "a lowest rate below 0": () => plateau({ lowest: -1 }),
      "a loss that is a tensor": () => plateau({}).step(any(tensor(1))),
      "half a step of a scheduler": () =>
        new Scheduler(sgd(), () => 1).loadStateDictionary(float("scheduler.step", 0.5)),
      "a scheduler's state that is none": () => new Scheduler(sgd(), () => 1).loadStateDictionary(any({})),
      "half a step of waiting": () =>
        plateau({}).loadStateDictionary(
          new Map([...float("scheduler.best", 1), ...float("scheduler.waited", 0.5)]),
        ),
      "waiting without a best": () => plateau({}).loadStateDictionary(float("scheduler.waited", 0)),
      "a norm that is text": () => clipGradNorm([leaf()], any("1")),
    }),
  ).toMatchInlineSnapshot(`
    "
    RMSprop with another's option
      ArgumentError: RMSprop: there is no option "rho".
      Fix: the options are learningRate, smoothing, epsilon, momentum, weightDecay.
    RMSprop that keeps everything
      ArgumentError: RMSprop: smoothing is 1; it must be at least 0 and below 1.
    RMSprop with an epsilon of 0
      ArgumentError: RMSprop: epsilon is 0; it must be above 0.
      Fix: leave it out: 1e-8.
    RMSprop with a momentum below 0
      ArgumentError: RMSprop: momentum is -1; it must be at least 0 and finite.
    RMSprop with a weight decay below 0
      ArgumentError: RMSprop: weightDecay is -1; it must be at least 0 and finite.
    RMSprop with a rate below 0
      ArgumentError: RMSprop: learningRate is -1; it must be at least 0 and finite.
    a rate of a group that is text
      ArgumentError: SGD: learningRate of a group is a number; got the text "1".
      Fix: convert text with Number(…) first.
    a rate of a group below 0
      ArgumentError: SGD: learningRate of a group is -1; it must be at least 0 and finite.
    a rate of a group where the optimiser has none
      ArgumentError: SGD: a group has a learning rate, and the optimiser's is 0, to which it has no proportion.
      Fix: give the optimiser a rate above 0.
    a decay of a group below 0
      ArgumentError: SGD: weightDecay of a group is -1; it must be at least 0 and finite.
    a scheduler of no optimiser
      ArgumentError: PlateauScheduler: takes an optimiser first; got an object with no keys.
      Fix: write new PlateauScheduler(optimizer, options).
    a scheduler with another's option
      ArgumentError: PlateauScheduler: there is no option "mode".
      Fix: the options are factor, patience, threshold, lowest.
    a factor of 1
      ArgumentError: PlateauScheduler: factor is 1; it must be at least 0 and below 1.
    patience of half a step
      ArgumentError: PlateauScheduler: patience is a whole number of at least 0; got the number 0.5.
    a threshold below 0
      ArgumentError: PlateauScheduler: threshold is -1; it must be at least 0 and below 1.
    a lowest rate below 0
      ArgumentError: PlateauScheduler: lowest is -1; it must be at least 0 and finite.
    a loss that is a tensor
      ArgumentError: PlateauScheduler.step: the loss is a number; got a tensor of shape [].
      Fix: x.item() is the number of a tensor.
    half a step of a scheduler
      ArgumentError: Scheduler.loadStateDictionary: step is a whole number of at least 0; got the number 0.5.
    a scheduler's state that is none
      ArgumentError: Scheduler.loadStateDictionary: takes a Map of tensors by name; got an object with no keys.
      Fix: give what stateDictionary() returned, or readSafetensors(…).tensors; new Map(Object.entries(…)) converts an object.
    half a step of waiting
      ArgumentError: PlateauScheduler.loadStateDictionary: waited is a whole number of at least 0; got the number 0.5.
    waiting without a best
      ArgumentError: PlateauScheduler.loadStateDictionary: missing scheduler.best.
      Fix: load what stateDictionary() of a scheduler of this kind returned.
    a norm that is text
      ArgumentError: clipGradNorm: maxNorm is a number; got the text "1".
      Fix: convert text with Number(…) first.
    "
  `);
});

describe("a group", () => {
  const step = (group: object, learningRate = 0.1): number => {
    const x = leaf();
    x.grad = tensor([1]);
    new SGD([{ parameters: [x], ...group }], { learningRate, weightDecay: 0 }).step();
    return x.item();
  };

  it("has the optimiser's rate, also where that is 0, and its own where it gives one", () => {
    expect(step({})).toBe(Math.fround(0.9));
    expect(step({ learningRate: 0.1 })).toBe(Math.fround(0.9));
    expect(step({ learningRate: 0.5 })).toBe(0.5);
    expect(step({ learningRate: 0 })).toBe(1);
    expect(step({ learningRate: 0 }, 0)).toBe(1);
    expect(step({ weightDecay: 1 })).toBe(Math.fround(0.8));
  });
});

describe("RMSprop", () => {
  it("keeps a velocity only where there is momentum", () => {
    const names = [0, 0.9].map((momentum) => {
      const x = leaf();
      x.grad = tensor([2]);
      const optimizer = new RMSprop([x], { momentum, smoothing: 0.75 });
      optimizer.step();
      const state = optimizer.stateDictionary();
      expect(state.get("0.square")!.toArray()).toEqual([0.25 * 4]);
      return [...state.keys()].filter((name) => name.startsWith("0."));
    });
    expect(names).toEqual([["0.square"], ["0.square", "0.velocity"]]);
  });
});

it("steps of the schedules end where they say", () => {
  const steps = stepSchedule({ from: 1, every: 2, factor: 0.5 });
  expect([0, 1, 2, 3, 4, 3, 0, 9].map(steps)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.5, 1, 1 / 16]);
  const cycle = oneCycleSchedule({ peak: 1, steps: 10, warmUp: 0.5, startFactor: 0.25, endFactor: 0.01 });
  // Of ten steps, 0 to 9, the fifth is the last of the warm-up.
  expect([0, 4, 9, 10, 1000].map(cycle)).toEqual(
    [0.25, 1, 0.01, 0.01, 0.01].map((rate) => expect.closeTo(rate, 12)),
  );
});

it("a plateau's state keeps how long the best loss has waited, with all digits of it", () => {
  const scheduler = plateau({ patience: 5 });
  for (const loss of [0.1, 0.2, 0.3]) scheduler.step(loss);
  const state = scheduler.stateDictionary();
  expect([...state].map(([name, value]) => [name, value.item(), value.dtype])).toEqual([
    ["scheduler.best", 0.1, "float64"],
    ["scheduler.waited", 2, "float64"],
  ]);
});

it("gradients are forgotten by zeroGrad, and a parameter without one, or frozen, does not move", () => {
  const [moved, idle, frozen] = [leaf(), leaf(), leaf()];
  const optimizers: Optimizer[] = [
    new SGD([moved, idle, frozen], { learningRate: 1 }),
    new Adam([moved, idle, frozen]),
    new AdamW([moved, idle, frozen]),
    new RMSprop([moved, idle, frozen]),
  ];
  for (const optimizer of optimizers) {
    [moved.grad, frozen.grad] = [tensor([1]), tensor([1])];
    frozen.requiresGrad = false;
    const before = moved.item();
    optimizer.step();
    expect(moved.item()).not.toBe(before);
    expect([idle.item(), frozen.item()]).toEqual([1, 1]);
    optimizer.zeroGrad();
    expect(moved.grad).toBeNull();
    frozen.requiresGrad = true;
  }
});
