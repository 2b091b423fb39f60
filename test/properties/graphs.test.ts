/** Whole random expressions: gradients against differences, float32 against float64, both backends, printed code. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { concat, normal, Random, type Tensor, vjp, zerosLike } from "../../src/index.ts";
import { arbitraries, checkGradients, errorBound, type Graph } from "../../src/testing/index.ts";
import { onBackend } from "./laws.ts";

const { graph } = arbitraries(fc);

/** No element of `actual` is further from the float64 value than so many times its bound. */
function expectWithin(actual: Tensor, { value, bound }: ReturnType<typeof errorBound>, times: number): void {
  const [exact, allowed] = [value.toTypedArray(), bound.toTypedArray()];
  for (const [i, x] of actual.toTypedArray().entries()) {
    expect(Math.abs(x - exact[i])).toBeLessThanOrEqual(times * allowed[i]);
  }
}

/** The gradients of ⟨f, cotangent⟩ one after another, by composed rules, so that each step can be followed. */
function composedGradients({ f }: Graph, cotangent: Tensor): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const leaves = inputs.map((input) => input.detach());
    for (const leaf of leaves) leaf.requiresGrad = true;
    const value = f(...leaves);
    if (value.requiresGrad) value.backward(cotangent.to(value.dtype), { createGraph: true });
    return concat(leaves.map((leaf) => (leaf.grad ?? zerosLike(leaf)).reshape([-1])));
  };
}

describe("a random graph", () => {
  test.prop([graph()], { numRuns: 150 })(
    "has gradients that agree with differences, to second order",
    ({ f, inputs }) => {
      checkGradients(f, inputs);
    },
  );

  test.prop([graph()], { numRuns: 200 })(
    "has values in float32 that are as far from those in float64 as rounding allows, on both backends",
    ({ f, inputs }) => {
      const bounds = errorBound(f, inputs);
      for (const name of ["typescript", "wasm"] as const) {
        onBackend(name, () => expectWithin(f(...inputs), bounds, 1));
      }
    },
  );

  test.prop([graph()], { numRuns: 60 })(
    "has gradients in float32 that are as far from those in float64 as rounding allows, on both backends",
    (drawn) => {
      const { f, inputs } = drawn;
      const cotangent = normal(f(...inputs).shape, new Random(1));
      const bounds = errorBound(composedGradients(drawn, cotangent), inputs);
      for (const name of ["typescript", "wasm"] as const) {
        onBackend(name, () => {
          const [, pullback] = vjp((x: readonly Tensor[]) => f(...x), inputs);
          const gradients = pullback(cotangent).map((gradient) => gradient.reshape([-1]));
          // The bound is that of the composed rules; the fused ones take steps of the same size in another order.
          expectWithin(concat(gradients), bounds, 2);
        });
      }
    },
  );
});
