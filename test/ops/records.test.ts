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

describe("the list of operations", () => {
  it("leaves out no function that a module of operations exports", () => expect(uncovered).toEqual([]));

  it("has an example for every operation that has operands", () => {
    const without = [...operations, ...hidden].filter(({ examples }) => examples.length === 0);
    expect(without.map(({ name }) => name).sort()).toEqual(["normal", "uniform"]);
  });

  it("calls each in these ways, on numbers from these intervals and away from these kinks", () => {
    const list = (of: readonly (readonly number[])[]): string => of.map((one) => `[${one}]`).join(" ");
    const names = [...new Set(allCases.map(({ name }) => name))];
    const told = names.map((name) => {
      const ways = allCases.filter((example) => example.name === name);
      const { operation, intervals, kinks } = ways[0];
      const what = [
        ways.map(({ title }) => title.replace(`${name} `, "")).join(" | "),
        ...(operation ? [`reads ${operation.reads}`] : []),
        ...(intervals ? [`from ${list(intervals)}`] : []),
        ...(kinks ? [`kinks ${kinks}`] : []),
      ];
      return `${name}: ${what.join("; ")}`;
    });
    expect(`\n${told.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      add: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      sub: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      mul: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves inputs
      div: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves inputs; from [-2,2] [0.4,2]
      pow: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves both; from [0.3,2] [-2,2]
      maximum: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves inputs
      minimum: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves inputs
      less: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      greater: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      lessEqual: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      greaterEqual: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      equal: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      notEqual: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves nothing
      where: [3,4] [3,4] [3,4] | [2,1,4] [3,1] [2,1,4] | [5] [] [5] | [] [2,3] []; saves inputs
      linearCombination: [3,4] [3,4] [3,4] [3,4] | [2,1,4] [3,1] [2,1,4] [3,1] | [5] [] [5] [] | [] [2,3] [] [2,3]; saves inputs
      neg: [3,4] | [] | [0,2]; saves nothing
      abs: [3,4] | [] | [0,2]; saves inputs; kinks 0
      sign: [3,4] | [] | [0,2]; saves nothing
      square: [3,4] | [] | [0,2]; saves inputs
      sqrt: [3,4] | [] | [0,2]; saves output; from [0.3,3]
      rsqrt: [3,4] | [] | [0,2]; saves inputs; from [0.3,3]
      reciprocal: [3,4] | [] | [0,2]; saves inputs; from [0.3,3]
      exp: [3,4] | [] | [0,2]; saves output
      expm1: [3,4] | [] | [0,2]; saves inputs
      log: [3,4] | [] | [0,2]; saves inputs; from [0.3,3]
      log1p: [3,4] | [] | [0,2]; saves inputs; from [-0.6,3]
      sin: [3,4] | [] | [0,2]; saves inputs
      cos: [3,4] | [] | [0,2]; saves inputs
      tanh: [3,4] | [] | [0,2]; saves inputs
      erf: [3,4] | [] | [0,2]; saves inputs
      sigmoid: [3,4] | [] | [0,2]; saves inputs
      silu: [3,4] | [] | [0,2]; saves inputs
      relu: [3,4] | [] | [0,2]; saves inputs; kinks 0
      elu: [3,4] | [] | [0,2]; saves inputs; kinks 0
      gelu: [3,4] | [] | [0,2]; saves inputs
      softplus: [3,4] | [] | [0,2]; saves inputs
      clamp: [3,4] [3,4] [3,4] | [2,1,4] [3,1] [2,1,4] | [5] [] [5] | [] [2,3] []; saves inputs; from [-2,2] [-0.8,-0.4] [0.4,0.8]
      indexSelect: [3,4] {"axis":0,"indices":[2,0,2,1]}; saves nothing
      indexAdd: [3,2] {"axis":0,"indices":[1,3,1],"size":4}; saves nothing
      concat: [2,3] [2,4] {"axis":1} | [2] [1] [3] {"axis":0}; saves nothing
      reshape: [2,6] {"shape":[3,-1]}; saves nothing
      permute: [2,3,4] {"axes":[2,0,1]}; saves nothing
      expand: [2,1] {"shape":[3,2,4]}; saves nothing
      clone: [2,3]; saves nothing
      to: [2,3] {"dtype":"float64"}; saves nothing
      matmul: [3,4] [4,5] | [2,1,3,4] [5,4,2] | [1,1] [1,1] | [2,0] [0,3]; saves inputs
      linear: [5,4] [3,4] [3] | [2,3,4] [2,4]; saves 0,1
      mseLoss: [5,4] [5,4]; saves inputs
      sum: [2,3,4] {"axes":[0,1,2],"keepdim":false} | [2,3,4] {"axes":[0],"keepdim":false} | [2,3,4] {"axes":[0,2],"keepdim":true} | [2,3,4] {"axes":[2],"keepdim":false}; saves nothing
      max: [2,3,4] {"axes":[0,1,2],"keepdim":false} | [2,3,4] {"axes":[0],"keepdim":false} | [2,3,4] {"axes":[0,2],"keepdim":true} | [2,3,4] {"axes":[2],"keepdim":false}; saves both
      min: [2,3,4] {"axes":[0,1,2],"keepdim":false} | [2,3,4] {"axes":[0],"keepdim":false} | [2,3,4] {"axes":[0,2],"keepdim":true} | [2,3,4] {"axes":[2],"keepdim":false}; saves both
      cumsum: [3,5] {"axis":1} | [3,2,2] {"axis":0}; saves nothing
      argmax: [3,4] {"axes":[1],"keepdim":false}; saves nothing
      argmin: [3,4] {"axes":[1],"keepdim":false}; saves nothing
      slice: [5,6] {"spans":[{"start":1,"step":1,"count":3},{"start":5,"step":-2,"count":3}]} | [3,4]; saves nothing
      placeSlice: [2,2] {"spans":[{"start":3,"step":-2,"count":2},{"start":0,"step":1,"count":2}],"shape":[4,3]}; saves nothing
      leakyRelu: [3,4]; kinks 0
      huberLoss: [5,4] [5,4]
      l1Loss: [5,4] [5,4]
      crossEntropyLoss: [5,4] [5,4]
      mean: [3,4]
      variance: [3,4]
      std: [3,4]
      norm: [3,4] | [3,4]
      logsumexp: [3,4]
      softmax: [3,4]
      logSoftmax: [3,4]
      layerNorm: [3,4] [4] [4] | [3,4]
      transpose: [3,4]
      unsqueeze: [3,4]
      squeeze: [3,4]
      flatten: [3,4]
      flip: [3,4]
      contiguous: [3,4]
      stack: [3,4]
      scaledDifference: [3,4] [3,4] [3,4] | [2,1,4] [3,1] [2,1,4] | [5] [] [5] | [] [2,3] []; saves inputs
      leaky: [3,4] [3,4] | [2,1,4] [3,1] | [5] [] | [] [2,3]; saves inputs; kinks 0
      "
    `);
  });

  it("is shown on tapes by these names, what is composed under the name of the whole", () => {
    const told = cases
      .filter(({ operation }) => operation === null)
      .map((example) => {
        const output = example.call(...drawOperands(example, new Random(4)).map(leaf));
        const shown = tape(output).map(
          (node) => node.operation && [node.scope, node.operation.name].filter(Boolean),
        );
        return `${example.name}: ${[...new Set(shown.flatMap((names) => (names ? [names.join("/")] : [])))].join(" ")}`;
      });
    expect(`\n${told.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      leakyRelu: leakyRelu/leaky
      huberLoss: huberLoss/sub huberLoss/clamp huberLoss/mul huberLoss/mean/sum huberLoss/mean/div
      l1Loss: l1Loss/sub l1Loss/abs l1Loss/mean/sum l1Loss/mean/div
      crossEntropyLoss: crossEntropyLoss/logSoftmax/sub crossEntropyLoss/logSoftmax/exp crossEntropyLoss/logSoftmax/sum crossEntropyLoss/logSoftmax/log crossEntropyLoss/mul crossEntropyLoss/sum crossEntropyLoss/mean/sum crossEntropyLoss/mean/div crossEntropyLoss/neg
      mean: mean/sum mean/div
      variance: variance/mean/sum variance/mean/div variance/sub variance/square variance/sum variance/div
      std: std/variance/mean/sum std/variance/mean/div std/variance/sub std/variance/square std/variance/sum std/variance/div std/where std/sqrt
      norm: norm/div norm/square norm/sum norm/where norm/sqrt norm/mul norm/reshape
      norm: norm/div norm/square norm/sum norm/where norm/sqrt norm/mul
      logsumexp: logsumexp/sub logsumexp/exp logsumexp/sum logsumexp/log logsumexp/add logsumexp/reshape
      softmax: softmax/sub softmax/exp softmax/sum softmax/div
      logSoftmax: logSoftmax/sub logSoftmax/exp logSoftmax/sum logSoftmax/log
      layerNorm: layerNorm/mean/sum layerNorm/mean/div layerNorm/sub layerNorm/square layerNorm/add layerNorm/rsqrt layerNorm/mul
      layerNorm: layerNorm/mean/sum layerNorm/mean/div layerNorm/sub layerNorm/square layerNorm/add layerNorm/rsqrt layerNorm/mul
      transpose: permute
      unsqueeze: reshape
      squeeze: reshape
      flatten: reshape
      flip: slice
      slice: slice reshape
      contiguous: permute clone
      stack: reshape concat
      "
    `);
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
