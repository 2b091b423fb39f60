/** Every operation against PyTorch: values, gradients, and gradients of gradients (test/golden/ops.json). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  backendName,
  concat,
  huberLoss,
  layerNorm,
  linear,
  mseLoss,
  stack,
  type Tensor,
  tensor,
  where,
} from "../../src/index.ts";

interface Golden {
  shape: number[];
  data: number[];
}
interface Case {
  op: string;
  attrs: Record<string, never>;
  inputs: Golden[];
  output: Golden;
  cotangent: Golden;
  grads: Golden[];
  directions: Golden[];
  hvp: (Golden | null)[] | null;
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/ops.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

type Call = (inputs: Tensor[], attrs: Case["attrs"]) => Tensor;
const reduce =
  (name: "sum" | "mean" | "max" | "logsumexp" | "variance"): Call =>
  ([x], { dim, keepdim, correction }) =>
    x[name](dim, { keepdim, ...(correction !== undefined && { correction }) });

/** Where the golden file's name is not the method's own, or its arguments differ. */
const calls: Record<string, Call> = {
  pow: ([x], { exponent }) => x.pow(exponent),
  clamp: ([x], { min, max }) => x.clamp(min, max),
  sum: reduce("sum"),
  mean: reduce("mean"),
  max: reduce("max"),
  logsumexp: reduce("logsumexp"),
  var: reduce("variance"),
  softmax: ([x], { dim }) => x.softmax(dim),
  log_softmax: ([x], { dim }) => x.logSoftmax(dim),
  cumsum: ([x], { dim }) => x.cumsum(dim),
  matmul_transposed_a: ([a, b]) => a.transpose().matmul(b),
  matmul_transposed_b: ([a, b]) => a.matmul(b.transpose()),
  permute: ([x], { dims }) => x.permute(dims),
  reshape: ([x], { shape }) => x.reshape(shape),
  reshape_of_transpose: ([x], { shape }) => x.transpose().reshape(shape),
  slice: ([x], { starts, stops, steps }) =>
    x.slice(...(starts as number[]).map((start, i) => [start, stops[i], steps[i]] as const)),
  expand: ([x], { shape }) => x.expand(shape),
  concat: (inputs, { dim }) => concat(inputs, dim),
  stack: (inputs, { dim }) => stack(inputs, dim),
  index_select: ([x], { dim, index }) => x.indexSelect(dim, index),
  where: ([x, y], { condition }) => where(tensor((condition as boolean[]).map(Number), x.shape), x, y),
  linear: ([x, weight, bias]) => linear(x, weight, bias),
  mse_loss: ([prediction, target]) => mseLoss(prediction, target),
  huber_loss: ([prediction, target], { delta }) => huberLoss(prediction, target, { delta }),
  layer_norm: ([x, weight, bias], { eps }) => layerNorm(x, weight, bias, eps),
  reused_leaf: ([x]) => x.mul(x).add(x.mul(x.sin())),
  diamond: ([x]) => x.tanh().mul(x.add(x.tanh()).sum(0)),
};

/**
 * Inputs are exact in float32 and every operation rounds its result once, by at most half a unit in the last
 * place: 2⁻²⁴ of its size. So the error of a result is about as many units as rounded steps lie before it,
 * relative to the largest element. A value takes at most 4 steps here, a gradient written with operations up
 * to 8, a second-order one up to 16. Sums are added in float64 and round once, whatever their length, but for
 * the matrix products of the WebAssembly backend: n terms in float32 round n times, a random walk of about √n.
 */
const UNITS = { value: 4, gradient: 8, second: 16 };

function termsOf(golden: Case): number {
  return backendName() === "wasm" && /matmul|linear/.test(golden.op)
    ? Math.max(...golden.inputs.flatMap(({ shape }) => shape))
    : 0;
}

function expectClose(actual: Tensor | null, golden: Golden, what: string, units: number): void {
  // Where nothing depends on the input, there is no tape to it, and PyTorch gives zeros.
  actual ??= tensor(
    golden.data.map(() => 0),
    golden.shape,
  );
  expect(actual.shape, what).toEqual(golden.shape);
  const scale = Math.max(...golden.data.map(Math.abs), 1e-30);
  const values = actual.toTypedArray();
  golden.data.forEach((expected, i) => {
    const error = (Math.abs(values[i] - expected) / scale) * 2 ** 24;
    if (!(error <= units)) {
      expect.fail(`${what}[${i}] is ${values[i]}, should be ${expected}: off by ${error.toFixed(1)} units`);
    }
  });
}

const load = ({ shape, data }: Golden, requiresGrad = false): Tensor => tensor(data, shape, { requiresGrad });

describe("operations agree with PyTorch", () => {
  it("covers all 115 cases", () => expect(cases.length).toBe(115));

  it.each(
    cases.map((golden, i) => ({
      golden,
      title: `${i}: ${golden.op} ${golden.inputs.map((x) => `[${x.shape}]`).join(" ")} ${JSON.stringify(golden.attrs)}`,
    })),
  )("$title", ({ golden }) => {
    const call: Call =
      calls[golden.op] ??
      (([x, ...rest]) => (x[golden.op as "mul"] as (...rest: Tensor[]) => Tensor)(...rest));
    const inputs = golden.inputs.map((input) => load(input, true));
    const walk = Math.sqrt(termsOf(golden));
    const output = call(inputs, golden.attrs);
    expectClose(output, golden.output, "output", UNITS.value + walk);
    output.backward(load(golden.cotangent), { createGraph: golden.hvp !== null });
    const grads = inputs.map((input) => input.grad!);
    for (const [i, gradient] of grads.entries()) {
      expectClose(gradient, golden.grads[i], `gradient ${i}`, UNITS.gradient + walk);
    }

    // Without a graph the fused kernels of the backward pass run: the same values.
    const again = golden.inputs.map((input) => load(input, true));
    call(again, golden.attrs).backward(load(golden.cotangent));
    for (const [i, input] of again.entries()) {
      expectClose(input.grad!, golden.grads[i], `fused gradient ${i}`, UNITS.gradient + walk);
    }

    if (golden.hvp === null) return;
    for (const input of inputs) input.grad = null;
    const slope = grads
      .map((gradient, i) => gradient.mul(load(golden.directions[i])).sum())
      .reduce((total, term) => total.add(term));
    if (slope.requiresGrad) slope.backward();
    golden.hvp.forEach((expected, i) => {
      if (expected !== null) expectClose(inputs[i].grad, expected, `second order ${i}`, UNITS.second + walk);
    });
  });
});
