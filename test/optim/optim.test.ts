/** Optimisers, schedules, clipping and weight averages against their definitions. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  HalogradError,
  noGrad,
  TapeError,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
import {
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  cosineSchedule,
  type Optimizer,
  oneCycleSchedule,
  type Schedule,
  Scheduler,
  SGD,
  stepSchedule,
  WeightAverage,
} from "../../src/optim/index.ts";

const leaf = (values: number | number[]): Tensor => tensor(values, { requiresGrad: true });
const withGradient = (values: number[], gradient: number[]): Tensor => {
  const x = leaf(values);
  x.grad = tensor(gradient);
  return x;
};
const makers: Record<string, (parameters: Tensor[], learningRate: number) => Optimizer> = {
  SGD: (parameters, learningRate) => new SGD(parameters, { learningRate }),
  "SGD with Nesterov's momentum": (parameters, learningRate) =>
    new SGD(parameters, { learningRate, momentum: 0.5, nesterov: true }),
  Adam: (parameters, learningRate) => new Adam(parameters, { learningRate }),
  AMSGrad: (parameters, learningRate) => new Adam(parameters, { learningRate, amsgrad: true }),
  AdamW: (parameters, learningRate) => new AdamW(parameters, { learningRate, weightDecay: 0 }),
};

describe.each(Object.entries(makers))("%s", (_, make) => {
  it("finds the bottom of a bowl", () => {
    const x = leaf([3, -2]);
    const optimizer = make([x], 0.05);
    for (let i = 0; i < 400; i++) {
      optimizer.zeroGrad();
      x.sub(tensor([1, 1]))
        .square()
        .mul(tensor([1, 3]))
        .sum()
        .backward();
      optimizer.step();
    }
    expect(optimizer.stepCount).toBe(400);
    for (const value of x.toArray<number[]>()) expect(value).toBeCloseTo(1, 2);
  });

  it("steps in place, leaves parameters without a gradient alone, and forgets on zeroGrad", () => {
    const [x, untouched] = [withGradient([1], [1]), leaf([5])];
    const { storage } = x;
    const optimizer = make([x, untouched], 0.1);
    optimizer.step();
    expect(x.storage).toBe(storage);
    expect(x.item()).toBeLessThan(1);
    expect(untouched.item()).toBe(5);
    optimizer.zeroGrad();
    expect(x.grad).toBeNull();
    expect(x.requiresGrad).toBe(true);
  });

  it("treats a parameter whose gradient comes later like one that starts then", () => {
    const [early, late] = [leaf([1]), leaf([1])];
    const optimizer = make([early, late], 0.1);
    const path: number[][] = [[], []];
    for (let step = 0; step < 6; step++) {
      early.grad = step < 3 ? tensor([2]) : null;
      late.grad = step < 3 ? null : tensor([2]);
      optimizer.step();
      path[0].push(early.item());
      path[1].push(late.item());
    }
    expect(path[1].slice(3)).toEqual(path[0].slice(0, 3));
  });

  it("continues from its saved state with the same bits", () => {
    const gradient = (x: Tensor): void => {
      x.grad = x.detach().sin();
    };
    const [x, y] = [leaf([3, -2]), leaf([0, 0])];
    const [first, second] = [make([x], 0.05), make([y], 0.9)];
    for (let i = 0; i < 3; i++) {
      gradient(x);
      first.step();
    }
    noGrad(() => y.assign(x));
    // By way of a file, as a user would.
    second.loadStateDictionary(readSafetensors(writeSafetensors(first.stateDictionary()), "x").tensors);
    expect([second.learningRate, second.stepCount]).toEqual([0.05, 3]);
    for (let i = 0; i < 3; i++) {
      gradient(x);
      gradient(y);
      first.step();
      second.step();
    }
    expect(y.toArray()).toEqual(x.toArray());
  });

  it("moves on after a gradient whose square overflows float32, each element as one alone", () => {
    const gradients = [2.5e19, 1e19, -3e19];
    const start = gradients.map(() => 1);
    const together = withGradient(start, gradients);
    const alone = gradients.map((g) => withGradient([1], [g]));
    const optimizers = [[together], ...alone.map((x) => [x])].map((list) => make(list, 1e-3));
    for (let i = 0; i < 3; i++) {
      const before = together.toArray<number[]>();
      for (const optimizer of optimizers) optimizer.step();
      together.toArray<number[]>().forEach((value, k) => {
        expect(value).not.toBe(before[k]);
        expect(value / alone[k].item()).toBeCloseTo(1, 5);
      });
    }
  });

  it.each<[string, (memory: Tensor) => [parameter: Tensor, gradient: Tensor]]>([
    ["its own elements", (x) => [x, x]],
    ["its own elements, turned round", (x) => [x, x.flip()]],
    ["its own elements, moved on", (x) => [x.slice([0, 5]), x.slice([1, 6])]],
    ["its own elements, moved back", (x) => [x.slice([1, 6]), x.slice([0, 5])]],
    ["one of its elements for all", (x) => [x, x.at(2).expand([6])]],
    [
      "its own elements, transposed",
      (x) => [x.reshape([2, 3]).slice(null, [0, 2]), x.reshape([3, 2]).slice([0, 2]).transpose()],
    ],
  ])(
    "steps by the gradients that there were before, where the gradient is a view of the parameter: %s",
    (_, views) => {
      const [aliased, apart] = [false, true].map((isApart) => {
        const memory = tensor([1, 2, 3, 4, 5, 6]);
        const [parameter, gradient] = views(memory);
        parameter.requiresGrad = true;
        parameter.grad = isApart ? gradient.detach().clone() : gradient.detach();
        make([parameter], 1).step();
        return memory.toArray();
      });
      expect(aliased).toEqual(apart);
    },
  );

  it("leaves an infinite parameter infinite: there is no penalty to multiply it with", () => {
    const x = withGradient([-Infinity, 1], [1, 1]);
    make([x], 0.5).step();
    expect(x.toArray<number[]>()[0]).toBe(-Infinity);
  });

  it("steps by the gradients that there were before, where one parameter is the gradient of another", () => {
    const [aliased, apart] = [false, true].map((isApart) => {
      const [x, y] = [withGradient([1, 2], [3, 4]), leaf([5, 6])];
      y.grad = isApart ? tensor([1, 2]) : x.detach();
      make([x, y], 1).step();
      return [x.toArray(), y.toArray()];
    });
    expect(aliased).toEqual(apart);
  });

  it("spoils a tape that was recorded before the step, and says so", () => {
    const x = leaf([2]);
    const loss = x.square().sum();
    loss.backward(undefined, { retainGraph: true });
    make([x], 0.1).step();
    expect(() => loss.backward()).toThrow(TapeError);
  });
});

describe("weight decay", () => {
  it("of AdamW shrinks the weights, and that of Adam goes through the gradient", () => {
    const [p, q] = [withGradient([2], [0]), withGradient([2], [0])];
    new AdamW([p], { learningRate: 0.1, weightDecay: 0.5 }).step();
    new Adam([q], { learningRate: 0.1, weightDecay: 0.5 }).step();
    expect(p.item()).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
    // A first step of Adam has the length of the rate, whatever the gradient.
    expect(q.item()).toBeCloseTo(2 - 0.1, 6);
  });
});

describe("an optimiser refuses", () => {
  const cases: [what: string, call: () => unknown, words: RegExp][] = [
    ["no parameters", () => new Adam([]), /Adam: got no parameters.*\n.*model\.parameters\(\)/],
    [
      "tensors that are not differentiated",
      () => new SGD([tensor(1)], { learningRate: 1 }),
      /SGD: parameter 0 is not differentiated/,
    ],
    ["results", () => new AdamW([leaf(1), leaf(1).exp()]), /AdamW: parameter 1 is the result/],
    [
      "a parameter twice",
      () => {
        const x = leaf(1);
        return new Adam([x, x]);
      },
      /twice/,
    ],
    ["a negative rate", () => new Adam([leaf(1)], { learningRate: -1 }), /learningRate is -1/],
    ["NaN for a rate", () => new SGD([leaf(1)], { learningRate: NaN }), /learningRate is NaN/],
    [
      "betas of 1",
      () => new Adam([leaf(1)], { betas: [0.9, 1] }),
      /betas is 1; it must be at least 0 and below 1/,
    ],
    ["a negative decay", () => new Adam([leaf(1)], { weightDecay: -0.1 }), /weightDecay/],
    ["a negative momentum", () => new SGD([leaf(1)], { learningRate: 1, momentum: -1 }), /momentum/],
    [
      "Nesterov without momentum",
      () => new SGD([leaf(1)], { learningRate: 1, nesterov: true }),
      /nesterov needs a momentum/,
    ],
    ["an average of nothing", () => new WeightAverage([]), /WeightAverage: got no parameters/],
    ["a decay of 1", () => new WeightAverage([leaf(1)], { decay: 1 }), /decay is 1/],
    ["a negative norm", () => clipGradNorm([], -1), /maxNorm is -1/],
    ["schedules of no steps", () => cosineSchedule({ from: 1, steps: 0 }), /cosineSchedule: .*got 0/],
    ["schedules of part of a step", () => oneCycleSchedule({ peak: 1, steps: 2.5 }), /got 2\.5/],
    ["never stepping", () => stepSchedule({ from: 1, every: 0 }), /got 0/],
  ];
  it.each(cases)("%s", (_, call, words) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(words);
  });
});

describe("what would have been wrong in silence is refused:", () => {
  const any = (value: unknown): never => value as never;
  const model = { parameters: () => [] };
  const mistakes: [what: string, call: () => unknown, words: RegExp][] = [
    [
      "no parameters at all",
      () => new Adam(any(undefined)),
      /Adam: takes a list of tensors; got undefined.*\n.*model\.parameters\(\)/,
    ],
    ["a model", () => new Adam(any(model)), /Adam: takes a list of tensors; got an object with parameters/],
    [
      "parameters with names",
      () => new Adam(any([["w", leaf(1)]])),
      /Adam: parameter 0 is an array of 2, not a tensor/,
    ],
    [
      "a rate in place of options",
      () => new Adam([leaf(1)], any(0.5)),
      /Adam: options are an object; got the number 0\.5/,
    ],
    [
      "another library's name",
      () => new Adam([leaf(1)], any({ lr: 0.5 })),
      /no option "lr"\.\n.*did you mean learningRate\?/,
    ],
    ["the same, for AdamW", () => new AdamW([leaf(1)], any({ lr: 0.5 })), /AdamW: there is no option "lr"/],
    [
      "a rate as text",
      () => new Adam([leaf(1)], any({ learningRate: "0.1" })),
      /learningRate is a number; got the text "0\.1"\.\n.*Number/,
    ],
    [
      "one beta",
      () => new Adam([leaf(1)], any({ betas: [0.9] })),
      /betas are two numbers; got an array of 1/,
    ],
    ["an epsilon of 0, which would divide 0 by 0", () => new Adam([leaf(1)], { epsilon: 0 }), /epsilon is 0/],
    ["no rate for SGD", () => new SGD([leaf(1)], any(undefined)), /SGD: needs a learningRate/],
    [
      "a rate of NaN, later",
      () => Object.assign(new Adam([leaf(1)]), { learningRate: NaN }),
      /Adam: learningRate is NaN/,
    ],
    ["clipping a model", () => clipGradNorm(any(model), 1), /clipGradNorm: takes a list of tensors/],
    ["an average of a model", () => new WeightAverage(any(model)), /WeightAverage: takes a list/],
    [
      "a schedule without a start",
      () => cosineSchedule(any({ steps: 10 })),
      /cosineSchedule: from is undefined, but must be a finite number.*\n.*from: …, steps: …/,
    ],
    ["a schedule of nothing", () => cosineSchedule(any(undefined)), /cosineSchedule: from is undefined/],
    [
      "a warm-up in steps",
      () => oneCycleSchedule({ peak: 1, steps: 10, warmUp: 2 }),
      /warmUp is 2, but must be from 0 to 1/,
    ],
    [
      "a rate for a schedule",
      () => new Scheduler(new Adam([leaf(1)]), any(0.1)),
      /Scheduler: a schedule is a function.*the number 0\.1/,
    ],
    [
      "no optimiser for a schedule",
      () => new Scheduler(any({}), () => 1),
      /Scheduler: takes an optimiser first/,
    ],
    ["a schedule that gives NaN", () => new Scheduler(new Adam([leaf(1)]), () => NaN), /learningRate is NaN/],
    [
      "an average over an async function",
      () => new WeightAverage([leaf(1)]).during(async () => 1),
      /WeightAverage\.during: .*promise/,
    ],
    [
      "the state of another optimiser",
      () => new SGD([leaf(1)], { learningRate: 1, momentum: 0.5 }).loadStateDictionary(stateOf([1])),
      /SGD\.loadStateDictionary: parameter 0 has first,powers,second saved, and velocity here/,
    ],
    [
      "the state of more parameters",
      () => new Adam([leaf([1])]).loadStateDictionary(stateOf([1], [2])),
      /3 values belong to none of the 1 parameters/,
    ],
    [
      "the state of other parameters",
      () => new Adam([leaf([1, 2])]).loadStateDictionary(stateOf([1])),
      /0\.first is \[2\], the saved value \[1\]/,
    ],
    ["no state", () => new Adam([leaf(1)]).loadStateDictionary(new Map()), /missing learningRate/],
  ];
  const stateOf = (...values: number[][]): Map<string, Tensor> => {
    const optimizer = new Adam(values.map((value) => withGradient(value, [1])));
    optimizer.step();
    return optimizer.stateDictionary();
  };
  it.each(mistakes)("%s", (_, call, words) => {
    expect(call).toThrow(HalogradError);
    expect(call).toThrow(words);
  });

  it("a single tensor is a list of one, and not of its rows", () => {
    const x = withGradient([0, 0], [3, 4]);
    expect(clipGradNorm(x, 1)).toBe(5);
    expect(x.grad!.toArray()).toEqual([0.6, 0.8].map(Math.fround));
    expect(new Adam(x).parameters[0]).toBe(x);
  });

  it("gradients that are not finite are told, and left alone", () => {
    for (const spoiled of [NaN, Infinity]) {
      const [x, y] = [withGradient([0], [3]), withGradient([0, 0], [1, spoiled])];
      expect(() => clipGradNorm([x, y], 1)).toThrow(AnomalyError);
      expect(() => clipGradNorm([x, y], 1)).toThrow(/gradient of parameter 1 holds NaN or an infinity/);
      expect([x, y].map(({ grad }) => grad!.toArray())).toEqual([[3], [1, spoiled]]);
    }
  });

  it("the norm of float64 gradients neither overflows nor vanishes", () => {
    for (const size of [1e200, 1e-200]) {
      const x = tensor([0, 0], { requiresGrad: true, dtype: "float64" });
      x.grad = tensor([3 * size, 4 * size], { dtype: "float64" });
      expect(clipGradNorm([x], size) / size).toBeCloseTo(5, 12);
      expect(x.grad.toTypedArray()[0] / size).toBeCloseTo(0.6, 12);
    }
  });

  it("weights are back when an async function was refused", () => {
    const x = leaf([1]);
    const average = new WeightAverage([x], { decay: 0.5 });
    noGrad(() => x.assign(3));
    expect(() => average.during(async () => 1)).toThrow(ArgumentError);
    expect(x.item()).toBe(3);
  });
});

describe("schedules", () => {
  const rate = fc.double({ min: 1e-4, max: 10, noNaN: true });
  const steps = fc.integer({ min: 1, max: 300 });
  const at = (schedule: Schedule, count: number): number[] =>
    Array.from({ length: count }, (_, i) => schedule(i));

  test.prop([rate, fc.double({ min: 0, max: 1, noNaN: true }), steps])(
    "the cosine falls from one rate to the other, half way at half time",
    (from, part, count) => {
      const to = from * part;
      const schedule = cosineSchedule({ from, to, steps: count });
      at(schedule, count + 1).forEach((value, i) => {
        expect(value).toBeCloseTo(to + ((from - to) * (1 + Math.cos((Math.PI * i) / count))) / 2, 12);
      });
      expect(schedule(count / 2)).toBeCloseTo((from + to) / 2, 12);
    },
  );

  test.prop([rate, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 200 })])(
    "steps multiply the rate once every so often",
    (from, every, step) => {
      expect(stepSchedule({ from, every, factor: 0.5 })(step)).toBe(from * 2 ** -Math.floor(step / every));
    },
  );

  test.prop([rate, steps, fc.double({ min: 0, max: 1, noNaN: true })])(
    "one cycle rises to its peak and falls to its end, and is a number at every step",
    (peak, count, warmUp) => {
      const values = at(oneCycleSchedule({ peak, steps: count, warmUp }), count + 3);
      const top = Math.round(warmUp * count - 1);
      for (const [i, value] of values.entries()) {
        expect(value).toSatisfy(Number.isFinite);
        expect(value).toBeLessThanOrEqual(peak * (1 + 1e-12));
        if (i > 0 && i < top) expect(value).toBeGreaterThan(values[i - 1]);
        if (i > top + 2) expect(value).toBeLessThanOrEqual(values[i - 1]);
      }
      if (warmUp * count > 2) expect(values[0]).toBeCloseTo(peak / 25, 12);
      if (warmUp < 1 && count > 1) expect(values[count - 1]).toBeCloseTo(peak / 250000, 12);
    },
  );

  it("one cycle starts at its peak where the warm-up is its first step alone", () => {
    expect(oneCycleSchedule({ peak: 0.1, steps: 10, warmUp: 0.1 })(0)).toBe(0.1);
    expect(oneCycleSchedule({ peak: 0.1, steps: 1, warmUp: 1 })(0)).toBe(0.1);
  });

  it("are applied from step 0 on", () => {
    const optimizer = new SGD([leaf(1)], { learningRate: 9 });
    const scheduler = new Scheduler(optimizer, (step) => 100 - step);
    const seen = [optimizer.learningRate];
    for (let i = 0; i < 3; i++) {
      scheduler.step();
      seen.push(optimizer.learningRate);
    }
    expect(seen).toEqual([100, 99, 98, 97]);
  });
});

describe("clipping", () => {
  const gradients = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 });

  test.prop([gradients, gradients, fc.double({ min: 0.01, max: 100, noNaN: true })])(
    "by norm keeps the direction of all gradients together, shortens only what is too long, and tells the norm before",
    (a, b, limit) => {
      const parameters = [withGradient([0, 0, 0], a), leaf([1]), withGradient([0, 0, 0], b)];
      const before = [...a, ...b].map(Math.fround);
      const norm = Math.sqrt(before.reduce((sum, value) => sum + value * value, 0));
      expect(clipGradNorm(parameters, limit)).toBeCloseTo(norm, 10);
      const factor = Math.min(1, limit / norm);
      const after = [parameters[0], parameters[2]].flatMap(({ grad }) => grad!.toArray<number[]>());
      after.forEach((value, i) => {
        expect(Math.abs(value - before[i] * factor)).toBeLessThanOrEqual(
          Math.abs(before[i]) * factor * 2 ** -21 + 1e-30,
        );
      });
      expect(parameters[1].grad).toBeNull();
    },
  );

  it.each([1e-30, 1e25])(
    "by norm measures gradients of size %d, whose squares float32 cannot hold",
    (size) => {
      const x = withGradient([0, 0], [3 * size, 4 * size]);
      expect(clipGradNorm([x], size) / (5 * size)).toBeCloseTo(1, 6);
      expect(x.grad!.toArray<number[]>().map((value) => value / size)).toEqual([
        expect.closeTo(0.6, 6),
        expect.closeTo(0.8, 6),
      ]);
    },
  );

  it("changes a gradient once, and no parameter, where they share memory", () => {
    for (const clip of [
      (parameters: Tensor[]) => clipGradNorm(parameters, 5),
      (parameters: Tensor[]) => clipGradValue(parameters, 2.5),
    ]) {
      const [x, y, z] = [leaf([1, 2]), leaf([3, 4]), leaf([5, 5])];
      const shared = tensor([5, 5]);
      [x.grad, y.grad, z.grad] = [shared, shared.flip(), z.detach()];
      x.grad = shared;
      clip([x, y, z]);
      expect(z.toArray()).toEqual([5, 5]);
      const clipped = [x, y, z].map(({ grad }) => grad!.toArray<number[]>());
      expect(clipped).toEqual([clipped[0], clipped[0], clipped[0]]);
      expect(clipped[0][0]).toBeCloseTo(clip([x, y, z]) === undefined ? 2.5 : 5 / Math.sqrt(6), 5);
    }
  });

  it("by norm does nothing to gradients of 0", () => {
    const x = withGradient([1, 1], [0, 0]);
    expect(clipGradNorm([x], 0)).toBe(0);
    expect(x.grad!.toArray()).toEqual([0, 0]);
  });

  it("by value limits each element", () => {
    const x = withGradient([0, 0, 0], [-3, 0.5, 2]);
    clipGradValue([x, leaf(1)], 1);
    expect(x.grad!.toArray()).toEqual([-1, 0.5, 1]);
  });
});

describe("WeightAverage", () => {
  it("is the exponential moving average, starting from the weights as they are", () => {
    const x = leaf([1, 10]);
    const average = new WeightAverage([x], { decay: 0.75 });
    let expected = [1, 10];
    for (let step = 1; step <= 5; step++) {
      noGrad(() => x.assign(tensor([step, step * step])));
      average.update();
      expected = [0.75 * expected[0] + 0.25 * step, 0.75 * expected[1] + 0.25 * step * step];
    }
    average
      .values()[0]
      .toArray<number[]>()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 5);
      });
  });

  it("takes the place of the weights during a call, and gives it back, errors included", () => {
    const x = leaf([1]);
    const average = new WeightAverage([x], { decay: 0.5 });
    noGrad(() => x.assign(3));
    average.update();
    expect(average.during(() => x.item())).toBe(2);
    expect(x.item()).toBe(3);
    expect(() =>
      average.during(() => {
        throw new Error("midway");
      }),
    ).toThrow("midway");
    expect([x.item(), average.values()[0].item()]).toEqual([3, 2]);
  });
});

describe("the rate of stepSchedule", () => {
  it("has the same bits whatever step was asked for before", () => {
    const options = { from: 0.3, every: 2, factor: 0.7 };
    const schedule = stepSchedule(options);
    for (const step of [9, 0, 40, 3, 3, 41]) expect(schedule(step)).toBe(stepSchedule(options)(step));
    expect(schedule(4)).toBe(0.3 * 0.7 * 0.7);
  });
});

describe("the state of an optimiser", () => {
  it("is told apart by whole numbers of parameters, and refused where a name belongs to none", () => {
    const parameters = Array.from({ length: 12 }, (_, i) => tensor([i], { requiresGrad: true }));
    const optimizer = new SGD(parameters, { learningRate: 0.1, momentum: 0.9 });
    for (const [i, parameter] of parameters.entries()) parameter.grad = tensor([i + 1]);
    optimizer.step();
    const state = optimizer.stateDictionary();
    const other = new SGD(parameters, { learningRate: 0.1, momentum: 0.9 });
    other.loadStateDictionary(state);
    expect([...other.stateDictionary()].map(([name, value]) => [name, value.toArray()])).toEqual(
      [...state].map(([name, value]) => [name, value.toArray()]),
    );
    for (const name of ["12.velocity", "01.velocity", "1"]) {
      expect(() => other.loadStateDictionary(new Map([...state, [name, tensor([1])]]))).toThrow(
        /belong to none/,
      );
    }
  });
});

it("AdamW decays by a hundredth also where the decay is left undefined", () => {
  const w = tensor([1], { requiresGrad: true });
  const optimizer = new AdamW([w], { learningRate: 0.1, weightDecay: undefined as never });
  w.mul(0).sum().backward();
  optimizer.step();
  expect(w.item()).toBeCloseTo(0.999, 6);
});
