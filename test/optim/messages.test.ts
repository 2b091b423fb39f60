/** Optimisers, schedules and clipping: every mistake and what is said about it, word by word. */

import { expect, it } from "vitest";
import { type Tensor, tensor } from "../../src/index.ts";
import {
  Adam,
  clipGradNorm,
  clipGradValue,
  cosineRestartsSchedule,
  cosineSchedule,
  exponentialSchedule,
  oneCycleSchedule,
  type Schedule,
  Scheduler,
  SGD,
  stepSchedule,
  WeightAverage,
} from "../../src/optim/index.ts";
import { messagesOf } from "../messages.ts";

const leaf = (values: number | number[] = [1]): Tensor => tensor(values, { requiresGrad: true });
const sgd = (options: object): SGD => new SGD([leaf()], { learningRate: 0.1, ...options });
const adam = (options: object): Adam => new Adam([leaf()], options);
const average = (parameters: Tensor[]): WeightAverage => new WeightAverage(parameters);
const used = (optimizer: Adam | SGD): Adam | SGD => {
  for (const parameter of optimizer.parameters) parameter.grad = parameter.detach().clone();
  optimizer.step();
  return optimizer;
};
const changed = (state: Map<string, Tensor>, name: string, value?: Tensor): Map<string, Tensor> => {
  if (value === undefined) state.delete(name);
  else state.set(name, value);
  return state;
};
const any = (value: unknown): never => value as never;

it("mistakes around optimisers are told in full", () => {
  const twice = leaf();
  expect(
    messagesOf({
      "no parameters": () => new SGD([], { learningRate: 1 }),
      "a plain tensor": () => new SGD([tensor([1])], { learningRate: 1 }),
      "a result": () => new SGD([leaf().mul(2)], { learningRate: 1 }),
      "a parameter twice": () => new SGD([twice, twice], { learningRate: 1 }),
      "a number for a parameter": () => new SGD([any(3)], { learningRate: 1 }),
      "no list of parameters": () => new SGD(any(3), { learningRate: 1 }),
      "a rate below 0": () => sgd({ learningRate: -1 }),
      "an infinite rate": () => sgd({ learningRate: Infinity }),
      "no rate": () => sgd({ learningRate: undefined }),
      "a momentum below 0": () => sgd({ momentum: -1 }),
      "a weight decay below 0": () => sgd({ weightDecay: -1 }),
      "a word for a weight decay": () => sgd({ weightDecay: "much" }),
      "Nesterov without momentum": () => sgd({ nesterov: true }),
      "an option that SGD has not": () => sgd({ beta: 1 }),
      "one beta": () => adam({ betas: [0.9] }),
      "a beta of 1": () => adam({ betas: [0.9, 1] }),
      "an epsilon below 0": () => adam({ epsilon: -1 }),
      "an epsilon of 0": () => adam({ epsilon: 0 }),
      "a weight decay of NaN": () => adam({ weightDecay: Number.NaN }),
      "an option that Adam has not": () => adam({ momentum: 1 }),
      "clipping to a norm below 0": () => clipGradNorm([leaf()], -1),
      "clipping what is no parameter": () => clipGradNorm([any(1)], 1),
      "clipping a parameter twice": () => clipGradNorm([twice, twice], 1),
      "clipping values to below 0": () => clipGradValue([leaf()], -1),
      "clipping values of no parameter": () => clipGradValue([any(1)], 1),
      "a decay of 1": () => new WeightAverage([leaf()], { decay: 1 }),
      "an average of nothing": () => new WeightAverage([]),
      "an average of no tensor": () => new WeightAverage([any(1)]),
      "an option that an average has not": () => new WeightAverage([leaf()], any({ rate: 1 })),
    }),
  ).toMatchInlineSnapshot(`
    "
    no parameters
      ArgumentError: SGD: got no parameters, so there is nothing to train.
      Fix: pass model.parameters().
    a plain tensor
      ArgumentError: SGD: parameter 0 is not differentiated.
      Fix: pass tensors made with { requiresGrad: true }.
    a result
      ArgumentError: SGD: parameter 0 is the result of an operation, not a leaf.
      Fix: pass tensors made with { requiresGrad: true }.
    a parameter twice
      ArgumentError: SGD: got a parameter twice, which would change it twice.
      Fix: pass each once, as model.parameters() does.
    a number for a parameter
      ArgumentError: SGD: parameter 0 is the number 3, not a tensor.
      Fix: pass model.parameters().
    no list of parameters
      ArgumentError: SGD: takes a list of tensors; got the number 3.
      Fix: pass model.parameters().
    a rate below 0
      ArgumentError: SGD: learningRate is -1; it must be at least 0 and finite.
    an infinite rate
      ArgumentError: SGD: learningRate is Infinity; it must be at least 0 and finite.
    no rate
      ArgumentError: SGD: needs a learningRate.
      Fix: write new SGD(parameters, { learningRate: 0.01 }).
    a momentum below 0
      ArgumentError: SGD: momentum is -1; it must be at least 0 and finite.
    a weight decay below 0
      ArgumentError: SGD: weightDecay is -1; it must be at least 0 and finite.
    a word for a weight decay
      ArgumentError: SGD: weightDecay is a number; got the text "much".
      Fix: convert text with Number(…) first.
    Nesterov without momentum
      ArgumentError: SGD: nesterov needs a momentum.
      Fix: set momentum: 0.9.
    an option that SGD has not
      ArgumentError: SGD: there is no option "beta".
      Fix: the options are learningRate, momentum, nesterov, weightDecay.
    one beta
      ArgumentError: Adam: betas are two numbers; got an array of 1.
      Fix: write [0.9, 0.999].
    a beta of 1
      ArgumentError: Adam: each of betas is 1; it must be at least 0 and below 1.
    an epsilon below 0
      ArgumentError: Adam: epsilon is -1; it must be at least 0 and finite.
    an epsilon of 0
      ArgumentError: Adam: epsilon is 0; it must be above 0.
      Fix: leave it out: 1e-8.
    a weight decay of NaN
      ArgumentError: Adam: weightDecay is NaN; it must be at least 0 and finite.
    an option that Adam has not
      ArgumentError: Adam: there is no option "momentum".
      Fix: the options are learningRate, betas, epsilon, weightDecay, amsgrad.
    clipping to a norm below 0
      ArgumentError: clipGradNorm: maxNorm is -1; it must be at least 0 and finite.
    clipping what is no parameter
      ArgumentError: clipGradNorm: parameter 0 is the number 1, not a tensor.
      Fix: pass model.parameters().
    clipping a parameter twice
      ArgumentError: clipGradNorm: got a parameter twice, which would change it twice.
      Fix: pass each once, as model.parameters() does.
    clipping values to below 0
      ArgumentError: clipGradValue: limit is -1; it must be at least 0 and finite.
    clipping values of no parameter
      ArgumentError: clipGradValue: parameter 0 is the number 1, not a tensor.
      Fix: pass model.parameters().
    a decay of 1
      ArgumentError: WeightAverage: decay is 1; it must be at least 0 and below 1.
    an average of nothing
      ArgumentError: WeightAverage: got no parameters.
      Fix: pass model.parameters().
    an average of no tensor
      ArgumentError: WeightAverage: parameter 0 is the number 1, not a tensor.
      Fix: pass model.parameters().
    an option that an average has not
      ArgumentError: WeightAverage: there is no option "rate".
      Fix: the options are decay.
    "
  `);
});

it("mistakes around saved states are told in full", () => {
  expect(
    messagesOf({
      "a state without a rate": () =>
        sgd({}).loadStateDictionary(changed(sgd({}).stateDictionary(), "learningRate")),
      "two rates": () =>
        sgd({}).loadStateDictionary(changed(sgd({}).stateDictionary(), "learningRate", tensor([1, 2]))),
      "a rate below 0": () =>
        sgd({}).loadStateDictionary(changed(sgd({}).stateDictionary(), "learningRate", tensor(-1))),
      "half a step": () =>
        sgd({}).loadStateDictionary(changed(sgd({}).stateDictionary(), "stepCount", tensor(-5.5))),
      "averages for another count": () =>
        average([leaf()]).loadStateDictionary(average([leaf(), leaf()]).stateDictionary()),
      "averages by other names": () =>
        average([leaf()]).loadStateDictionary(new Map([["first", tensor([1])]])),
      "averages of another shape": () =>
        average([leaf()]).loadStateDictionary(new Map([["0", tensor([1, 2])]])),
      "Adam's state in SGD": () => sgd({}).loadStateDictionary(used(adam({})).stateDictionary()),
      "SGD's momentum in Adam": () =>
        adam({}).loadStateDictionary(used(sgd({ momentum: 1 })).stateDictionary()),
      "a velocity of another shape": () =>
        sgd({ momentum: 1 }).loadStateDictionary(
          changed(used(sgd({ momentum: 1 })).stateDictionary(), "0.velocity", tensor([1, 2])),
        ),
      "the state of more parameters": () =>
        sgd({ momentum: 1 }).loadStateDictionary(
          used(new SGD([leaf(), leaf(), leaf()], { learningRate: 1, momentum: 1 })).stateDictionary(),
        ),
    }),
  ).toMatchInlineSnapshot(`
    "
    a state without a rate
      ArgumentError: SGD.loadStateDictionary: missing learningRate.
      Fix: load what stateDictionary() of an optimiser returned.
    two rates
      ArgumentError: SGD.loadStateDictionary: missing learningRate.
      Fix: load what stateDictionary() of an optimiser returned.
    a rate below 0
      ArgumentError: SGD.loadStateDictionary: learningRate is -1; it must be at least 0 and finite.
    half a step
      ArgumentError: SGD.loadStateDictionary: stepCount is a whole number of at least 0; got the number -5.5.
    averages for another count
      ArgumentError: WeightAverage.loadStateDictionary: the names are 0 to 0; got 0, 1.
      Fix: give the parameters that it had.
    averages by other names
      ArgumentError: WeightAverage.loadStateDictionary: the names are 0 to 0; got first.
      Fix: give the parameters that it had.
    averages of another shape
      ShapeError: WeightAverage.loadStateDictionary: average 0 is [1], the saved value [2].
      Fix: give the parameters in the order in which they were saved.
    Adam's state in SGD
      ArgumentError: SGD.loadStateDictionary: parameter 0 has first,powers,second saved, and nothing here.
      Fix: load into an optimiser of the same kind and options.
    SGD's momentum in Adam
      ArgumentError: Adam.loadStateDictionary: parameter 0 has velocity saved, and first,powers,second here.
      Fix: load into an optimiser of the same kind and options.
    a velocity of another shape
      ShapeError: SGD.loadStateDictionary: 0.velocity is [1], the saved value [2].
      Fix: give the parameters in the order in which they were saved.
    the state of more parameters
      ArgumentError: SGD.loadStateDictionary: 2 values belong to none of the 1 parameters.
      Fix: give the optimiser the parameters that it had.
    "
  `);
});

it("mistakes around schedules are told in full", () => {
  const schedules: Record<string, (options: never) => Schedule> = {
    cosineSchedule,
    cosineRestartsSchedule,
    exponentialSchedule,
    stepSchedule,
    oneCycleSchedule,
  };
  const every = { from: 1, every: 2 };
  const cycle = { peak: 1, steps: 10 };
  expect(
    messagesOf({
      ...Object.fromEntries(
        Object.entries(schedules).flatMap(([name, schedule]) => [
          [`${name} without options`, () => schedule(any(undefined))],
          [`${name} with an option that it has not`, () => schedule(any({ rate: 1 }))],
        ]),
      ),
      "cosine without steps": () => cosineSchedule({ from: 1, steps: 0 }),
      "steps of every 0": () => stepSchedule({ ...every, every: 0 }),
      "a word for a factor": () => stepSchedule({ ...every, factor: any("0.1") }),
      "a factor of NaN": () => stepSchedule({ ...every, factor: Number.NaN }),
      "a big number for a factor": () => stepSchedule({ ...every, factor: any(1n) }),
      "restarts that do not grow": () => cosineRestartsSchedule({ from: 1, steps: 2, growth: 0 }),
      "restarts that grow by halves": () => cosineRestartsSchedule({ from: 1, steps: 2, growth: 1.5 }),
      "restarts of no steps": () => cosineRestartsSchedule({ from: 1, steps: 0 }),
      "restarts with another's option": () => cosineRestartsSchedule(any({ from: 1, steps: 1, every: 1 })),
      "a decay without a factor": () => exponentialSchedule(any({ from: 1 })),
      "a decay with another's option": () => exponentialSchedule(any({ from: 1, factor: 1, every: 1 })),
      "a cycle of half a step": () => oneCycleSchedule({ ...cycle, steps: 0.5 }),
      "a warm-up below 0": () => oneCycleSchedule({ ...cycle, warmUp: -0.1 }),
      "a warm-up above 1": () => oneCycleSchedule({ ...cycle, warmUp: 1.1 }),
      "a start that is no number": () => oneCycleSchedule({ ...cycle, startFactor: any("1") }),
      "an end that is no number": () => oneCycleSchedule({ ...cycle, endFactor: any("1") }),
      "a scheduler of nothing": () => new Scheduler(any(undefined), () => 1),
      "a schedule that is no function": () => new Scheduler(sgd({}), any(0.1)),
    }),
  ).toMatchInlineSnapshot(`
    "
    cosineSchedule without options
      ArgumentError: cosineSchedule: from is undefined, but must be a finite number.
      Fix: write cosineSchedule({ from: …, steps: … }).
    cosineSchedule with an option that it has not
      ArgumentError: cosineSchedule: there is no option "rate".
      Fix: the options are from, steps, to.
    cosineRestartsSchedule without options
      ArgumentError: cosineRestartsSchedule: from is undefined, but must be a finite number.
      Fix: write cosineRestartsSchedule({ from: …, steps: … }).
    cosineRestartsSchedule with an option that it has not
      ArgumentError: cosineRestartsSchedule: there is no option "rate".
      Fix: the options are from, steps, to, growth.
    exponentialSchedule without options
      ArgumentError: exponentialSchedule: from is undefined, but must be a finite number.
      Fix: write exponentialSchedule({ from: …, factor: … }).
    exponentialSchedule with an option that it has not
      ArgumentError: exponentialSchedule: there is no option "rate".
      Fix: the options are from, factor.
    stepSchedule without options
      ArgumentError: stepSchedule: from is undefined, but must be a finite number.
      Fix: write stepSchedule({ from: …, every: … }).
    stepSchedule with an option that it has not
      ArgumentError: stepSchedule: there is no option "rate".
      Fix: the options are from, every, factor.
    oneCycleSchedule without options
      ArgumentError: oneCycleSchedule: peak is undefined, but must be a finite number.
      Fix: write oneCycleSchedule({ peak: …, steps: … }).
    oneCycleSchedule with an option that it has not
      ArgumentError: oneCycleSchedule: there is no option "rate".
      Fix: the options are peak, steps, warmUp, startFactor, endFactor.
    cosine without steps
      ArgumentError: cosineSchedule: needs a whole positive number of steps; got 0.
    steps of every 0
      ArgumentError: stepSchedule: needs a whole positive number of steps; got 0.
    a word for a factor
      ArgumentError: stepSchedule: factor is the text "0.1", but must be a finite number.
      Fix: write stepSchedule({ from: …, every: … }).
    a factor of NaN
      ArgumentError: stepSchedule: factor is the number NaN, but must be a finite number.
      Fix: write stepSchedule({ from: …, every: … }).
    a big number for a factor
      ArgumentError: stepSchedule: factor is the bigint 1, but must be a finite number.
      Fix: write stepSchedule({ from: …, every: … }).
    restarts that do not grow
      ArgumentError: cosineRestartsSchedule: growth is a whole number of at least 1; got 0.
    restarts that grow by halves
      ArgumentError: cosineRestartsSchedule: growth is a whole number of at least 1; got 1.5.
    restarts of no steps
      ArgumentError: cosineRestartsSchedule: needs a whole positive number of steps; got 0.
    restarts with another's option
      ArgumentError: cosineRestartsSchedule: there is no option "every".
      Fix: the options are from, steps, to, growth.
    a decay without a factor
      ArgumentError: exponentialSchedule: factor is undefined, but must be a finite number.
      Fix: write exponentialSchedule({ from: …, factor: … }).
    a decay with another's option
      ArgumentError: exponentialSchedule: there is no option "every".
      Fix: the options are from, factor.
    a cycle of half a step
      ArgumentError: oneCycleSchedule: needs a whole positive number of steps; got 0.5.
    a warm-up below 0
      ArgumentError: oneCycleSchedule: warmUp is -0.1, but must be from 0 to 1.
      Fix: it is the part of the steps in which the rate rises, 0.3 by default.
    a warm-up above 1
      ArgumentError: oneCycleSchedule: warmUp is 1.1, but must be from 0 to 1.
      Fix: it is the part of the steps in which the rate rises, 0.3 by default.
    a start that is no number
      ArgumentError: oneCycleSchedule: startFactor is the text "1", but must be a finite number.
      Fix: write oneCycleSchedule({ peak: …, steps: … }).
    an end that is no number
      ArgumentError: oneCycleSchedule: endFactor is the text "1", but must be a finite number.
      Fix: write oneCycleSchedule({ peak: …, steps: … }).
    a scheduler of nothing
      ArgumentError: Scheduler: takes an optimiser first; got undefined.
      Fix: write new Scheduler(optimizer, schedule).
    a schedule that is no function
      ArgumentError: Scheduler: a schedule is a function of the step; got the number 0.1.
      Fix: use cosineSchedule({ from, steps }), or (step) => 0.1.
    "
  `);
});

it("a state of parameters that never stepped is loaded into an optimiser that did, which forgets then", () => {
  const optimizer = used(sgd({ momentum: 0.5 }));
  expect([...optimizer.stateDictionary().keys()]).toContain("0.velocity");
  optimizer.loadStateDictionary(sgd({ momentum: 0.5 }).stateDictionary());
  expect([...optimizer.stateDictionary().keys()]).toEqual(["learningRate", "stepCount"]);
});

it("a warm-up of 0 starts at the peak", () => {
  expect(oneCycleSchedule({ peak: 1, steps: 10, warmUp: 0 })(0)).toBeLessThan(1);
  expect(oneCycleSchedule({ peak: 1, steps: 10, warmUp: 1 })(9)).toBe(1);
});
