/** What follows from an operation's record: tests that a new operation passes or fails by being declared. */

import { describe, expect, it } from "vitest";
import { checkGradients } from "../../src/autograd/check.ts";
import { noGrad, normal, Random, type Shape, TapeError, type Tensor, tensor, vjp } from "../../src/index.ts";
import { Storage } from "../../src/kernels/storage.ts";
import type { Operation } from "../../src/ops/operation.ts";
import { contiguousStrides, sizeOf } from "../../src/tensor/shape.ts";
import {
  allCases,
  type Case,
  cases,
  drawOperand,
  drawOperands,
  hidden,
  operations,
  uncovered,
} from "./records.ts";

const recorded = allCases.filter(
  (example): example is Case & { operation: Operation } => example.operation !== null,
);
const toDouble = (x: Tensor): Tensor => x.to("float64");
const leaf = (x: Tensor): Tensor => {
  const copy = x.clone();
  copy.requiresGrad = true;
  return copy;
};
const cotangentOf = (output: Tensor, random: Random): Tensor => normal(output.shape, random).to(output.dtype);

/** The largest difference of two results, relative to the largest element of the second. */
function relativeError(actual: Tensor | null, expected: Tensor | null): number {
  if (actual === null || expected === null) return actual === expected ? 0 : Infinity;
  expect(actual.shape).toEqual(expected.shape);
  const values = expected.toTypedArray();
  const scale = values.reduce((largest: number, value: number) => Math.max(largest, Math.abs(value)), 1e-30);
  return actual
    .toTypedArray()
    .reduce(
      (worst: number, value: number, i: number) => Math.max(worst, Math.abs(value - values[i]) / scale),
      0,
    );
}

/** Gradients of ⟨call(operands), cotangent⟩; null where there is no path. */
function gradientsOf(
  example: Case,
  operands: readonly Tensor[],
  cotangent: Tensor,
  createGraph = false,
): (Tensor | null)[] {
  const inputs = operands.map(leaf);
  const output = example.call(...inputs);
  if (output.requiresGrad) output.backward(cotangent, { createGraph });
  return inputs.map(({ grad }) => grad);
}

describe("the list of operations", () => {
  it("leaves out no function that a module of operations exports", () => expect(uncovered).toEqual([]));

  it("has an example for every operation that has operands", () => {
    const without = [...operations, ...hidden].filter(({ examples }) => examples.length === 0);
    expect(without.map(({ name }) => name).sort()).toEqual(["normal", "uniform"]);
  });

  it("knows which operations stop the gradient", () => {
    const stopping = cases.filter((example) => {
      const operands = drawOperands(example, new Random(2)).map(leaf);
      const output = example.call(...operands);
      if (output.requiresGrad) output.backward(cotangentOf(output, new Random(3)));
      return output.size > 0 && operands.every(({ grad }) => grad === null);
    });
    const comparisons = ["equal", "greater", "greaterEqual", "less", "lessEqual", "notEqual"];
    expect([...new Set(stopping.map(({ name }) => name))].sort()).toEqual(
      ["argmax", "argmin", "sign", ...comparisons].sort(),
    );
  });
});

describe("gradients agree with differences in float64, to second order", () => {
  it.each(allCases)("$title", (example) => {
    const operands = drawOperands(example, new Random(4));
    const { compared, kinks } = checkGradients(example.call, operands);
    const size = operands.reduce((sum, operand) => sum + operand.size, 0);
    expect(kinks).toEqual([]);
    expect(compared).toBe(2 * size + operands.length);
  });
});

/** How a tensor of a shape can lie in memory: the shape that is drawn, and the view of it. */
const views: Record<string, (shape: Shape) => [base: Shape, view: (base: Tensor) => Tensor]> = {
  transposed: (shape) => [shape.toReversed(), (x) => x.permute([...shape.keys()].reverse())],
  permuted: (shape) => [
    [...shape.slice(1), ...shape.slice(0, 1)],
    (x) => x.permute(shape.map((_, axis) => (axis + shape.length - 1) % shape.length)),
  ],
  "sliced with steps": (shape) => [
    shape.map((size) => 2 * size + 1),
    (x) => x.slice(...shape.map(() => [1, null, 2] as const)),
  ],
  "sliced backwards": (shape) => [
    shape.map((size) => 2 * size),
    (x) => x.slice(...shape.map(() => [null, null, -2] as const)),
  ],
  "expanded along the first axis": (shape) => [
    shape.map((size, axis) => (axis === 0 ? 1 : size)),
    (x) => x.expand(shape),
  ],
  "expanded along the last axis": (shape) => [
    shape.map((size, axis) => (axis === shape.length - 1 ? 1 : size)),
    (x) => x.expand(shape),
  ],
  "reshaped from a transposed matrix": (shape) => [
    [2, sizeOf(shape)],
    (x) => x.transpose().slice([null, null], 1).reshape(shape),
  ],
};

describe.each(Object.entries(views))("operands that are %s", (_, layOut) => {
  it.each(allCases)("have the values and gradients of contiguous ones: $title", (example) => {
    const random = new Random(5);
    const layouts = example.shapes.map((shape) =>
      shape.length === 0 ? ([[], (x: Tensor) => x] as const) : layOut(shape),
    );
    const bases = layouts.map(([base], i) => drawOperand(example, i, base, random));
    const call = (...inputs: Tensor[]): Tensor => example.call(...inputs.map((x, i) => layouts[i][1](x)));
    const copies = bases.map((base, i) => layouts[i][1](base).clone());
    expect(call(...bases).toTypedArray()).toEqual(example.call(...copies).toTypedArray());
    // Repeated elements tie in max and the like; there the check accepts any slope between the two sides.
    checkGradients(call, bases, { elementwiseUpTo: 0, directions: 2, random });
  });
});

describe("from each record follows that", () => {
  it.each(allCases)("its gradient rule is linear in the cotangent: $title", (example) => {
    const random = new Random(6);
    const operands = drawOperands(example, random).map(toDouble);
    const [output, pullback] = vjp((x: Tensor[]) => example.call(...x), operands);
    const [u, w] = [cotangentOf(output, random), cotangentOf(output, random)];
    const combined = pullback(u.mul(3).sub(w.mul(0.5)));
    const [ofU, ofW] = [pullback(u), pullback(w)];
    combined.forEach((gradient, i) => {
      // Two products and a difference, each rounded to 2⁻⁵³, in sums of at most a few dozen terms.
      expect(relativeError(gradient, ofU[i].mul(3).sub(ofW[i].mul(0.5)))).toBeLessThan(2 ** -44);
    });
  });

  it.each(allCases)("the fused backward kernels give what the composed rules give: $title", (example) => {
    const random = new Random(7);
    const operands = drawOperands(example, random).map(toDouble);
    const cotangent = cotangentOf(example.call(...operands), random);
    const fused = gradientsOf(example, operands, cotangent);
    const composed = gradientsOf(example, operands, cotangent, true);
    // In float64 both round every step to 2⁻⁵³; a rule has some ten steps.
    fused.forEach((gradient, i) => {
      expect(relativeError(gradient, composed[i])).toBeLessThan(2 ** -46);
    });
  });

  it.each(allCases)("float32 is float64 rounded, within units: $title", (example) => {
    const random = new Random(8);
    const operands = drawOperands(example, random);
    const doubles = operands.map(toDouble);
    const output = example.call(...operands);
    // As for the golden values: a result rounds by half a unit, 2⁻²⁴ of its size, at each of at most 4 steps forward, and
    // at each of at most 8 in a gradient.
    expect(relativeError(output.to("float64"), example.call(...doubles))).toBeLessThan(4 * 2 ** -24);
    const cotangent = cotangentOf(output, random);
    const gradients = gradientsOf(example, operands, cotangent);
    gradientsOf(example, doubles, cotangent.to("float64")).forEach((expected, i) => {
      expect(relativeError(gradients[i]?.to("float64") ?? null, expected)).toBeLessThan(8 * 2 ** -24);
    });
  });

  it.each(allCases)("in-place changes never falsify a gradient in silence: $title", (example) => {
    const random = new Random(9);
    const operands = drawOperands(example, random);
    const cotangent = cotangentOf(example.call(...operands), random);
    const expected = gradientsOf(example, operands, cotangent);
    for (let changed = 0; changed <= operands.length; changed++) {
      const inputs = operands.map(leaf);
      const output = example.call(...inputs);
      if (!output.requiresGrad) return;
      if (changed === inputs.length && output.storage === inputs[0].storage) continue;
      const target = changed < inputs.length ? inputs[changed] : output.detach();
      noGrad(() => target.assign(target.mul(0.75)));
      try {
        output.backward(cotangent);
      } catch (error) {
        expect(error).toBeInstanceOf(TapeError);
        continue;
      }
      inputs.forEach(({ grad }, i) => {
        expect(grad?.toTypedArray()).toEqual(expected[i]?.toTypedArray());
      });
    }
  });

  it.each(recorded)(
    "a view shares memory, and what is computed fills its place and no more: $title",
    (example) => {
      const { operation, shapes } = example;
      const inputs = drawOperands(example, new Random(10));
      const output = example.call(...inputs);
      const attributes = operation.examples.find((other) => other.shapes === shapes)!.attributes;
      const shape = operation.shape(inputs, attributes);
      expect(output.shape).toEqual(shape);
      expect(output.size).toBe(sizeOf(shape));
      if (operation.view?.(inputs[0], shape, attributes)) {
        expect(output.storage).toBe(inputs[0].storage);
        return;
      }
      for (const input of inputs) expect(output.storage).not.toBe(input.storage);
      // The result among others in one buffer: neighbours stay as they are.
      const data = (
        output.dtype === "float32" ? new Float32Array(sizeOf(shape) + 5) : new Float64Array(sizeOf(shape) + 5)
      ).fill(NaN);
      data.fill(0, 3, 3 + sizeOf(shape));
      const among = { storage: Storage.of(data), offset: 3, strides: contiguousStrides(shape) };
      operation.compute(among, shape, inputs, attributes);
      expect(data.slice(3, -2)).toEqual(output.toTypedArray());
      for (const at of [0, 1, 2, data.length - 2, data.length - 1]) expect(data[at]).toBeNaN();
    },
  );
});

describe("smooth functions", () => {
  const smooth = cases.filter(
    ({ name, shapes, intervals, kinks, operation }) =>
      operation !== null &&
      shapes.length === 1 &&
      shapes[0].length === 2 &&
      !intervals &&
      !kinks &&
      name !== "sign",
  );

  it.each(smooth)("have right derivatives up to the third at 0: $name", ({ call, shapes }) => {
    checkGradients(call, [tensor(new Float32Array(sizeOf(shapes[0])), shapes[0])], {
      order: 3,
      elementwiseUpTo: 0,
    });
  });

  const saturating = ["erf", "gelu", "sigmoid", "silu", "softplus", "tanh"];
  it.each(cases.filter(({ name, shapes }) => saturating.includes(name) && shapes[0].length === 2))(
    "that saturate are straight there to the third order, also where eˣ overflows: $name",
    ({ call }) => {
      const x = tensor([-1e4, -200, -90, 90, 200, 1e4], { requiresGrad: true });
      call(x).sum().backward(undefined, { createGraph: true });
      for (let order = 2; order <= 3; order++) {
        const derivative = x.grad!;
        x.grad = null;
        derivative.sum().backward(undefined, { createGraph: true });
        for (const value of x.grad!.toTypedArray()) expect(Math.abs(value)).toBeLessThan(1e-30);
      }
    },
  );
});
