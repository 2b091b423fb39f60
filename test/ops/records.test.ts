/**
 * What follows from an operation's record about tape and memory: tests that a new operation passes or fails by being
 * declared. Those about values and gradients are in test/properties/laws.ts.
 */

import { describe, expect, it } from "vitest";
import { contiguousStrides, sizeOf } from "../../src/basics/shape.ts";
import { noGrad, normal, Random, TapeError, type Tensor, tape, tensor } from "../../src/index.ts";
import { Storage } from "../../src/kernels/storage.ts";
import type { Operation } from "../../src/ops/operation.ts";
import { checkGradients } from "../../src/testing/check.ts";
import { examplesOfRecord, words } from "../../src/testing/vocabulary.ts";
import { allCases, type Case, cases, drawOperands, hidden, operations, uncovered } from "./records.ts";

const recorded = allCases.filter(
  (example): example is Case & { operation: Operation } => example.operation !== null,
);
const leaf = (x: Tensor): Tensor => {
  const copy = x.clone();
  copy.requiresGrad = true;
  return copy;
};
const cotangentOf = (output: Tensor, random: Random): Tensor => normal(output.shape, random).to(output.dtype);

/** Gradients of ⟨call(operands), cotangent⟩; null where there is no path. */
function gradientsOf(example: Case, operands: readonly Tensor[], cotangent: Tensor): (Tensor | null)[] {
  const inputs = operands.map(leaf);
  const output = example.call(...inputs);
  if (output.requiresGrad) output.backward(cotangent);
  return inputs.map(({ grad }) => grad);
}

/** Operations that change no value but where a gradient goes: their rules are right only in the composites that have them. */
const ROUTES = ["balance", "anchor"];

describe("the list of operations", () => {
  it("leaves out no function that a module of operations exports", () => expect(uncovered).toEqual([]));

  it("has an example for every operation that has operands", () => {
    const without = [...operations, ...hidden].filter(
      (operation) => examplesOfRecord(operation).length === 0 && !ROUTES.includes(operation.name),
    );
    // A draw has no operand.
    for (const { shape } of without) expect(() => shape([], { shape: [2] })).not.toThrow();
  });

  it.each(cases.filter(({ operation }) => operation === null))(
    "what is composed is on the tape under the name of the whole, and what is spelled otherwise has none: $title",
    (example) => {
      const output = example.call(...drawOperands(example, new Random(4)).map(leaf));
      const scopes = tape(output).flatMap(({ operation, scope }) => (operation ? [scope.split("/")[0]] : []));
      const isComposite = words.some(({ name, examples }) => name === example.name && examples.length > 0);
      expect(new Set(scopes)).toEqual(new Set(scopes.length === 0 ? [] : [isComposite ? example.name : ""]));
      if (isComposite) expect(scopes).not.toEqual([]);
    },
  );

  it.each(cases)("$title stops the gradient where its record has no rule, and nowhere else", (example) => {
    const output = example.call(...drawOperands(example, new Random(2)).map(leaf));
    expect(output.requiresGrad).toBe(example.operation?.gradient !== undefined || example.operation === null);
  });
});

describe("from each record follows that", () => {
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
      const attributes = examplesOfRecord(operation).find((other) => other.shapes === shapes)!.attributes;
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
      ).fill(7);
      data.fill(0, 3, 3 + sizeOf(shape));
      const among = { storage: Storage.of(data), offset: 3, strides: contiguousStrides(shape) };
      operation.compute(among, shape, inputs, attributes);
      expect(data.slice(3, -2)).toEqual(output.toTypedArray());
      for (const at of [0, 1, 2, data.length - 2, data.length - 1]) expect(data[at]).toBe(7);
    },
  );
});

describe("smooth functions", () => {
  const smooth = cases.filter(
    ({ name, shapes, intervals, kinks, operation }) =>
      operation?.value !== undefined &&
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
