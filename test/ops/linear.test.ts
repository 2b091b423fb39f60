/** The activation of a linear layer: inside the kernel or after it, with the same bits. */

import { describe, expect, it } from "vitest";
import { grad, linear, noGrad, normal, Random, relu, silu, type Tensor, tanh } from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";

const random = new Random(3);
const [weight, bias] = [normal([7, 5], random), normal([7], random)];

describe.each([
  ["silu", silu],
  ["tanh", tanh],
  ["relu", relu],
  ["one that is no single operation", (x: Tensor) => x.exp().add(1).log()],
])("linear with %s as its activation", (_, activation) => {
  it.each([[[5]], [[1, 5]], [[33, 5]], [[0, 5]], [[2, 3, 5]], [[9000, 5]]])(
    "gives the bits of the two in turn: x %j",
    (shape) => {
      const x = normal(shape, random);
      for (const b of [bias, undefined]) {
        const expected = activation(linear(x, weight, b));
        expect(linear(x, weight, b, activation).toTypedArray()).toEqual(expected.toTypedArray());
      }
    },
  );

  it("has the gradients of the two in turn", () => {
    const x = normal([4, 5], random);
    const gradients = grad((p: { x: Tensor; weight: Tensor; bias: Tensor }) =>
      linear(p.x, p.weight, p.bias, activation).square().sum(),
    )({ x, weight, bias });
    const expected = grad((p: { x: Tensor; weight: Tensor; bias: Tensor }) =>
      activation(linear(p.x, p.weight, p.bias))
        .square()
        .sum(),
    )({ x, weight, bias });
    for (const name of ["x", "weight", "bias"] as const) {
      expect(gradients[name].toTypedArray()).toEqual(expected[name].toTypedArray());
    }
  });
});

it("a layer applies its activation with and without recording", () => {
  const layer = new Linear(5, 3, random);
  const x = normal([4, 5], random);
  const recorded = layer.forward(x, silu);
  expect(recorded.requiresGrad).toBe(true);
  expect(noGrad(() => layer.forward(x, silu)).toTypedArray()).toEqual(recorded.toTypedArray());
});
