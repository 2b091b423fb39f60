/** Updates at the ends of float32's range, and what they leave as it is: the same values on both backends. */

import { describe, expect, it } from "vitest";
import { noGrad, type Tensor, tensor } from "../../src/index.ts";
import { BatchNorm } from "../../src/nn/index.ts";
import {
  Adam,
  clipGradNorm,
  cosineRestartsSchedule,
  cosineSchedule,
  type Optimizer,
  RMSprop,
  SGD,
  stepSchedule,
  WeightAverage,
} from "../../src/optim/index.ts";

const leaf = (values: readonly number[]): Tensor => tensor([...values], { requiresGrad: true });

/** Where a weight of 1 is after steps of these gradients. */
function after(make: (x: Tensor) => Optimizer, gradients: readonly number[], size = 1, at = 0): number[] {
  const x = leaf(new Array(size).fill(1));
  const optimizer = make(x);
  for (const gradient of gradients) {
    x.grad = tensor(Array.from({ length: size }, (_, i) => (i === at ? gradient : 0.5)));
    optimizer.step();
  }
  return x.toArray();
}

const adam = (options: object) => (x: Tensor) => new Adam([x], { learningRate: 0.1, ...options });
const rmsprop = (options: object) => (x: Tensor) => new RMSprop([x], { learningRate: 0.1, ...options });
const nesterov = (x: Tensor) => new SGD([x], { learningRate: 0.1, momentum: 0.9, nesterov: true });

describe.each<[string, (x: Tensor) => Optimizer, number[], number]>([
  ["Adam, once far too steep", adam({}), [1e30], 0.9],
  ["AMSGrad, once far too steep", adam({ amsgrad: true }), [-1e30], 1.1],
  ["Adam with a penalty, once far too steep", adam({ weightDecay: 0.1 }), [3e38], 0.9],
  ["RMSprop, once far too steep", rmsprop({}), [1e30], 0],
  ["RMSprop with momentum, once far too steep", rmsprop({ momentum: 0.5 }), [1e30, 0], -0.5],
  ["Adam, all but flat", adam({ epsilon: 1e-30 }), [1e-23], 0.9],
  ["RMSprop, all but flat", rmsprop({ epsilon: 1e-30 }), [-1e-23], 2],
  // 1 − 5.7e37 − 2.43e37 + 3.513e37
  ["SGD whose look ahead is beyond float32", nesterov, [3e38, 1, -3e38], -4.617e37],
  ["Adam that forgets each square", adam({ betas: [0, 0] }), [2.5e19, 1], 0.9 - 0.1],
  ["RMSprop that forgets each square", rmsprop({ smoothing: 0 }), [2.5e19, 1], 0.9 - 0.1],
])("%s", (_, make, gradients, wanted) => {
  it.each([1, 3, 17, 1000])("moves on, among %i elements of which the others are as ever", (size) => {
    const plain = after(make, gradients.map(() => 0.5), size); // biome-ignore format: one call
    for (const at of new Set([0, size - 1])) {
      const moved = after(make, gradients, size, at);
      expect(moved[at] / (wanted || 1)).toBeCloseTo(wanted === 0 ? 0 : 1, 5);
      expect(moved.with(at, 0)).toEqual(plain.with(at, 0));
    }
  });
});

describe("clipping by norm", () => {
  it.each([
    [[1e38, 1e38, 1e38, 1e38], 1e-7, 5e-8],
    [[3e38, 3e38], 1e-3, 1e-3 * Math.SQRT1_2],
    [[2e-38, 0], 1e-38, 1e-38],
  ])("keeps its digits where the factor has few in float32: %j to %d", (gradient, norm, wanted) => {
    const x = leaf(gradient);
    x.grad = tensor(gradient);
    clipGradNorm([x], norm);
    expect(x.grad.toArray<number[]>()[0] / wanted).toBeCloseTo(1, 6);
  });

  it("measures float64 gradients whose norm is beyond float64", () => {
    const x = tensor([1, 1], { requiresGrad: true, dtype: "float64" });
    x.grad = tensor([1.5e308, 1.5e308], { dtype: "float64" });
    expect(clipGradNorm([x], 2)).toBe(Infinity);
    expect(x.grad.toArray<number[]>()[1]).toBeCloseTo(Math.SQRT2, 12);
  });
});

describe("a running average", () => {
  const averageOf = (values: readonly number[], decay: number, times = 1): number => {
    const weight = leaf(values.slice(0, 1));
    const average = new WeightAverage([weight], { decay });
    for (const value of values.slice(1)) {
      noGrad(() => weight.assign(tensor([value])));
      for (let i = 0; i < times; i++) average.update();
    }
    return average.values()[0].toArray<number[]>()[0];
  };

  it("of what does not change does not change", () => {
    for (const decay of [0.9, 0.999, 0.9999])
      for (const value of [1.5825, -0.3, 1e-5])
        expect(averageOf([value, value], decay, 20_000)).toBe(Math.fround(value));
    const layer = new BatchNorm(1, { momentum: 0.001 });
    layer.runningMean.assign(1.5825);
    const x = tensor([[1.5825], [1.5825]]);
    for (let i = 0; i < 2000; i++) layer.forward(x);
    expect(layer.runningMean.item()).toBe(Math.fround(1.5825));
  });

  it("that keeps nothing is the weight, whatever it was before", () => {
    for (const before of [1e10, 3e38, Infinity]) expect(averageOf([before, 1.25], 0)).toBe(1.25);
  });

  it("lies between numbers whose difference is beyond float32", () => {
    expect(averageOf([3e38, -3e38], 0.75) / 1.5e38).toBeCloseTo(1, 6);
    expect(averageOf([3e38, -3e38], 0.25) / -1.5e38).toBeCloseTo(1, 6);
  });
});

describe("schedules", () => {
  it.each([cosineSchedule, cosineRestartsSchedule])(
    "%o starts at its start and never leaves its ends",
    (make) => {
      const [from, to, steps] = [0.22, 0.045, 115];
      expect(make({ from, to, steps })(0)).toBe(from);
      expect(cosineSchedule({ from, to, steps })(steps)).toBe(to);
      for (let i = 1; i < 400; i++) {
        const [a, b] = [i / 373, (i * 7) / 311];
        const rate = make({ from: a, to: b, steps: i });
        const values = Array.from({ length: i + 1 }, (_, step) => rate(step));
        expect(values[0]).toBe(a);
        expect(Math.max(...values)).toBeLessThanOrEqual(Math.max(a, b));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.min(a, b));
      }
    },
  );

  it("steps take no longer for being far, or in another order", () => {
    const rate = stepSchedule({ from: 1, every: 1, factor: 0.999 });
    expect([rate(1e15), rate(-1), rate(0), rate(1)]).toEqual([0, 1, 1, 0.999]);
    expect(rate(5000) / 0.999 ** 5000).toBeCloseTo(1, 10);
    expect(stepSchedule({ from: 1, every: 3, factor: 1 })(1e300)).toBe(1);
  });
});
