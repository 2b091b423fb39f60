/** The gradient check itself: it passes what is right, and names what is wrong. */

import { describe, expect, it } from "vitest";
import {
  apply,
  type Derivative,
  GradientError,
  HalogradError,
  normal,
  type Operation,
  Random,
  type Tensor,
  tensor,
  unary,
  where,
} from "../../src/index.ts";
import { checkGradients } from "../../src/testing/check.ts";

const x = tensor([
  [-1.2, 0.4],
  [0.7, 1.9],
]);

/** sin x with a derivative of our choosing. */
const sine = (derivative: Derivative): ((x: Tensor) => Tensor) =>
  unary({ name: "sine", value: (m, x) => m.sin(x), derivative });

function failureOf(body: () => unknown): GradientError {
  try {
    body();
  } catch (error) {
    if (error instanceof GradientError) return error;
    throw error;
  }
  throw new Error("nothing was found wrong");
}

describe("checkGradients", () => {
  it("passes right rules of functions of several inputs to the third order, with room to spare", () => {
    const weight = tensor([[0.3], [-0.8]]);
    const { compared, kinks, worst } = checkGradients((x, w) => x.matmul(w).silu().exp(), [x, weight], {
      order: 3,
    });
    expect(compared).toBe(3 * 6 + 2);
    expect(kinks).toEqual([]);
    expect(worst).toBeLessThan(0.5);
  });

  const wrong: Record<string, [derivative: Derivative, order: number]> = {
    "has the wrong sign": [(m, x) => m.neg(m.cos(x)), 1],
    "lacks a factor": [(m, x) => m.mul(m.constant(0.5), m.cos(x)), 1],
    "is off by one part in ten million": [(m, x) => m.mul(m.constant(1 + 1e-7), m.cos(x)), 1],
    "is taken for constant": [1, 1],
    "is left out": [0, 1],
  };
  it.each(Object.entries(wrong))("catches a rule that %s", (_, [derivative, order]) => {
    const error = failureOf(() => checkGradients(sine(derivative), [x]));
    expect(error.message).toContain(`order ${order}, input 0 of shape [2, 2], element [0, 0]`);
  });

  it("catches a rule of the right value whose own derivative is wrong", () => {
    const operation: Operation = {
      name: "sine",
      shape: ([x]) => x.shape,
      compute: (output, _shape, [x]) => output.storage.data.set(x.sin().toTypedArray(), output.offset),
      gradient: (cotangent, { inputs }) => cotangent.mul(inputs![0].detach().cos()),
      reads: "inputs",
      examples: [],
    };
    const call = (x: Tensor): Tensor => apply(operation, [x], {});
    checkGradients(call, [x], { order: 1 });
    expect(failureOf(() => checkGradients(call, [x])).message).toContain("order 2, input 0");
  });

  it("catches a rule that is not linear in its cotangent", () => {
    const operation: Operation = {
      name: "twice",
      shape: ([x]) => x.shape,
      compute: (output, _shape, [x]) => output.storage.data.set(x.mul(2).toTypedArray(), output.offset),
      // Right for the cotangents that the differences are weighted with, but lost when they are small.
      gradient: (cotangent) => where(cotangent.abs().less(1e-6), 0, cotangent.mul(2)),
      reads: "nothing",
      examples: [],
    };
    const error = failureOf(() => checkGradients((x) => apply(operation, [x], {}), [x]));
    expect(error).toMatchObject({ input: 0, element: null, numeric: 0 });
  });

  it("names the input, the element and both numbers", () => {
    // Only in the second input, and only at elements above 1.
    const partly = sine((m, x) => m.where(m.less(m.constant(1), x), m.constant(0.25), m.cos(x)));
    const error = failureOf(() => checkGradients((a, b) => a.mul(partly(b)).sum(), [tensor(1), x]));
    expect(error).toBeInstanceOf(HalogradError);
    expect(error).toMatchObject({ where: "checkGradients", input: 1, element: [1, 1] });
    expect(error.numeric / error.analytic).toBeCloseTo(Math.cos(Math.fround(1.9)) / 0.25, 8);
    expect(error.message).toContain(`${error.analytic}`);
    expect(error.message).toContain(`${error.numeric}`);
  });

  it("takes arguments that are trees, and names the tensor by its path", () => {
    const layer = { weight: tensor([[0.3], [-0.8]]), biases: [tensor([0.1])] };
    const f = (x: Tensor, { weight, biases }: typeof layer): Tensor => x.matmul(weight).add(biases[0]).tanh();
    expect(checkGradients(f, [x, layer]).compared).toBe(2 * 7 + 3);
    const wrong = (x: Tensor, { weight, biases }: typeof layer): Tensor =>
      x.matmul(weight).add(sine(1)(biases[0]));
    const error = failureOf(() => checkGradients(wrong, [x, layer]));
    expect(error).toMatchObject({ input: 1, path: "input 1.biases.0", element: [0] });
    expect(error.message).toContain("input 1.biases.0 of shape [1]");
  });

  it("names the operation whose rule is off, among others, and where it was called", () => {
    const wrong = sine((m, x) => m.neg(m.cos(x)));
    const error = failureOf(() => checkGradients((x) => wrong(x.exp()).softmax().mul(x), [x]));
    expect(error).toMatchObject({ operation: "sine", element: [0, 0] });
    expect(error.callSite).toContain("check.test.ts");
    expect(error.message).toContain("the gradient rule of sine, called at");
  });

  it("follows a function that varies over a short distance, when it is told that distance", () => {
    const points = tensor([1e-5, -2e-4, 3e-4]);
    const wave = (x: Tensor): Tensor => x.mul(1e5).sin();
    expect(checkGradients(wave, [points], { scale: 1e-5 }).kinks).toEqual([]);
    // With steps as long as the waves, what is compared is something else.
    expect(() => {
      if (checkGradients(wave, [points]).kinks.length > 0) throw new Error("kinks");
    }).toThrow();
    // Distances of 1 and more are those of numbers by themselves.
    const far = { scale: 1e6 };
    expect(checkGradients((x) => x.tanh(), [x], far)).toEqual(checkGradients((x) => x.tanh(), [x]));
  });

  it("allows for the roundings of values on the way that cancel", () => {
    const cancelling = (x: Tensor): Tensor => x.add(1e9).sub(1e9);
    const { kinks, worst } = checkGradients(cancelling, [x]);
    expect({ kinks, isClose: worst < 1 }).toEqual({ kinks: [], isClose: true });
    // A border of −∞ before a maximum has no roundings.
    checkGradients((x) => where(x.less(-1), -Infinity, x).max().mul(3), [x]);
  });

  it("takes every option, and tells how close the nearest thing to a mistake was", () => {
    const options = { order: 1, elementwiseUpTo: 3, directions: 2, scale: 0.5, random: new Random(7) };
    const { compared, worst } = checkGradients((x) => x.exp(), [x], options);
    expect(compared).toBe(2 + 1);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(1);
    // The largest of all that were compared.
    const each = x.toTypedArray();
    const alone = [...each].map(
      (value) => checkGradients((y) => y.exp(), [tensor(value)], { order: 1 }).worst,
    );
    expect(
      checkGradients(
        (...ys) => ys.reduce((sum, y) => sum.add(y.exp()), tensor(0, { dtype: "float64" })),
        [...each].map((value) => tensor(value)),
        { order: 1 },
      ).worst,
    ).toBeGreaterThan(0.1 * Math.max(...alone));
  });

  it("tells of the element first where the rule is wrong there and not linear either", () => {
    const operation: Operation = {
      name: "squared",
      shape: ([x]) => x.shape,
      compute: (output, _shape, [x]) => output.storage.data.set(x.toTypedArray(), output.offset),
      gradient: (cotangent) => cotangent.square().add(3),
      reads: "nothing",
      examples: [],
    };
    const error = failureOf(() => checkGradients((x) => apply(operation, [x], {}), [x]));
    expect(error).toMatchObject({ element: [0, 0], operation: "squared" });
    expect(error.message).toContain("by itself it disagrees with differences of its values.");
  });

  it("speaks of a random direction where it took one, and of itself where the tape is gone", () => {
    const large = normal([40, 40], new Random(1));
    expect(failureOf(() => checkGradients(sine(1), [large])).message).toContain("a random direction: ");
    const used = (x: Tensor): Tensor => {
      const y = x.exp().sum();
      if (y.requiresGrad) y.backward();
      return y;
    };
    expect(() => checkGradients(used, [x])).toThrow(/^checkGradients: the tape was freed/);
  });

  it("names the operation inside of a rule whose second derivative is off", () => {
    const slope = unary({ name: "slope", value: (m, x) => m.cos(x), derivative: (m, x) => m.sin(x) });
    const operation: Operation = {
      name: "sine",
      shape: ([x]) => x.shape,
      compute: (output, _shape, [x]) => output.storage.data.set(x.sin().toTypedArray(), output.offset),
      gradient: (cotangent, { inputs }) => cotangent.mul(slope(inputs![0])),
      reads: "inputs",
      examples: [],
    };
    const error = failureOf(() => checkGradients((x) => apply(operation, [x.mul(x)], {}), [x]));
    expect(error.operation).toBe("sine (in its rule, slope)");
  });

  it("says so where no single operation is off", () => {
    const error = failureOf(() => checkGradients((x) => x.mul(x.detach()), [x]));
    expect(error).toMatchObject({ operation: null, callSite: null });
    expect(error.message).toContain("each operation's own rule agrees with differences");
  });

  it("takes random directions through large inputs", () => {
    const large = normal([40, 40], new Random(1));
    expect(checkGradients((x) => x.tanh(), [large], { directions: 3 }).compared).toBe(2 * 3 + 1);
    const error = failureOf(() => checkGradients(sine(1), [large]));
    expect(error.element).toBeNull();
  });

  const kinked: Record<string, [f: (x: Tensor) => Tensor, at: number, leftAndRight: [number, number]]> = {
    "relu at 0": [(x) => x.relu(), 0, [0, 1]],
    "relu within the step of 0": [(x) => x.relu(), 1e-6, [1e-6 * 2 ** 18, 1]],
    "abs at 0": [(x) => x.abs(), 0, [-1, 1]],
    "a limit of clamp": [(x) => x.clamp(-1, 0.5), 0.5, [1, 0]],
    "a tie of maximum": [(x) => x.maximum(x.mul(2)), 0, [1, 2]],
  };
  it.each(Object.entries(kinked))("reports a kink instead of failing: %s", (_, [f, at, sides]) => {
    // The cotangent weighs the slopes; their ratio to each other stays.
    const { kinks } = checkGradients(f, [tensor([3, at])], { order: 1 });
    expect(kinks).toHaveLength(1);
    const [{ input, element, left, right, analytic }] = kinks;
    expect([input, element]).toEqual([0, [1]]);
    expect(left * sides[1]).toBeCloseTo(right * sides[0], 6);
    expect(analytic).toBeGreaterThanOrEqual(Math.min(left, right, 0));
    expect(analytic).toBeLessThanOrEqual(Math.max(left, right, 0));
  });

  it("reports a jump of the gradient as a kink, whatever is added to it", () => {
    const f = (x: Tensor, y: Tensor, z: Tensor): Tensor => x.maximum(y).mul(z);
    const { kinks } = checkGradients(f, [tensor(0), tensor(0), tensor(1)]);
    expect(kinks.filter(({ order }) => order === 2)).toMatchObject([
      { path: "input 0" },
      { path: "input 1" },
    ]);
  });

  it("passes the Huber loss where prediction and target are equal, to the second order", () => {
    const report = checkGradients((x, y) => x.huberLoss(y), [tensor([0, 1]), tensor([0, 1])]);
    expect(report.kinks).toEqual([]);
  });

  it("adds one number, repeated, in float64 as well", () => {
    const total = tensor(1 / 3)
      .to("float64")
      .mul(1 / 3)
      .expand([3, 3])
      .sum();
    expect(total.item()).toBeCloseTo(3 * Math.fround(1 / 3), 14);
    expect(checkGradients((x) => x.expand([3, 3]).sum().div(9), [tensor([0, 0, 0])]).worst).toBeLessThan(0.5);
  });

  it("passes a power at an exponent of 0, whose slope by the base is 0 there and not beside it", () => {
    expect(checkGradients((x, y) => x.pow(y), [tensor([0.5, 2]), tensor([0, 0])]).kinks).toEqual([]);
  });

  it("reports a jump as a kink", () => {
    expect(checkGradients((x) => x.sign(), [tensor([0, 1])], { order: 1 }).kinks).toMatchObject([
      { element: [0] },
    ]);
  });

  it("still refuses a slope at a kink that lies on neither side nor between", () => {
    const bent = unary({ name: "bent", value: (m, x) => m.abs(x), derivative: (m) => m.constant(1.5) });
    expect(failureOf(() => checkGradients(bent, [tensor([0])])).element).toEqual([0]);
  });

  it("gives the same report each time, and leaves inputs and their gradients alone", () => {
    const input = tensor([0.3, 0.9], { requiresGrad: true });
    const run = () => checkGradients((x) => x.exp(), [input]);
    expect(run()).toEqual(run());
    expect(input.grad).toBeNull();
    expect(input.dtype).toBe("float32");
  });
});
