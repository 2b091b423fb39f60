/** Whole random expressions: gradients against differences, float32 against float64, both backends, printed code. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { concat, normal, Random, type Tensor, vjp } from "../../src/index.ts";
import { arbitraries, checkGradients, errorBound, Graph } from "../../src/testing/index.ts";
import { examplesOf, wordOf } from "../../src/testing/vocabulary.ts";
import { seedsOf } from "./kept-seeds.ts";
import { isKnown } from "./known-faults.ts";
import { composedGradients, onBackend } from "./laws.ts";

const { graph } = arbitraries(fc);

/** No element of `actual` is further from the float64 value than so many times its bound. */
function expectWithin(actual: Tensor, { value, bound }: ReturnType<typeof errorBound>, times: number): void {
  const [exact, allowed] = [value.toTypedArray(), bound.toTypedArray()];
  for (const [i, x] of actual.toTypedArray().entries()) {
    expect(Math.abs(x - exact[i])).toBeLessThanOrEqual(times * allowed[i]);
  }
}

/**
 * Whether a function of one operand is called where its slope in float64 is known to be wrong, or at a kink: |x|² is smooth at 0, and its
 * second derivative there is made of the slope that |x| has by convention.
 */
function meetsKnownFault({ inputs, steps }: Graph): boolean {
  return steps.some(({ name, operands: [at, ...others] }) => {
    if (others.length > 0) return false;
    const operand = at < 0 ? inputs[-1 - at] : new Graph(inputs, steps.slice(0, at + 1)).f(...inputs);
    const kinks = examplesOf(wordOf(name)).flatMap((example) => example.kinks ?? []);
    return operand
      .toTypedArray()
      .some(
        (x: number) =>
          kinks.includes(x) ||
          isKnown(name, null, { what: "slope 0", at: [x], found: 0, expected: 0, allowed: 0 }),
      );
  });
}

describe("a random graph", () => {
  test.prop([graph()], { numRuns: 150 })(
    "has gradients that agree with differences, to second order",
    (drawn) => {
      fc.pre(!meetsKnownFault(drawn));
      checkGradients(drawn.f, drawn.inputs);
    },
  );

  for (const seed of seedsOf("bounds of random graphs")) {
    test.prop([graph()], { numRuns: 200, seed })(
      "has values in float32 that are as far from those in float64 as rounding allows, on both backends",
      ({ f, inputs }) => {
        const bounds = errorBound(f, inputs);
        for (const name of ["typescript", "wasm"] as const) {
          onBackend(name, () => expectWithin(f(...inputs), bounds, 1));
        }
      },
    );

    test.prop([graph()], { numRuns: 60, seed })(
      "has gradients in float32 that are as far from those in float64 as rounding allows, on both backends",
      ({ f, inputs }) => {
        const cotangent = normal(f(...inputs).shape, new Random(1));
        const bounds = errorBound(composedGradients(f, cotangent), inputs);
        for (const name of ["typescript", "wasm"] as const) {
          onBackend(name, () => {
            const [, pullback] = vjp((x: readonly Tensor[]) => f(...x), inputs);
            const gradients = pullback(cotangent).map((gradient) => gradient.reshape([-1]));
            expectWithin(concat(gradients), bounds, 2);
          });
        }
      },
    );
  }
});
