/** Which expressions are the same in float32 arithmetic and in float64 with one rounding, and that they are. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { Backend, Expression } from "../../../src/kernels/index.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import { typescriptBackend } from "../../../src/kernels/typescript/index.ts";
import { createWasmBackend } from "../../../src/kernels/wasm/index.ts";
import { roundsOnce } from "../../../src/kernels/wasm/rounding.ts";

const wasm = createWasmBackend()!;

const expressions: Record<string, [isOnce: boolean, expression: Expression]> = {
  "an operand": [true, (_, x) => x],
  "a sum": [true, (m, x, y) => m.add(x, y)],
  "a quotient, negated and limited": [true, (m, x, y) => m.maximum(m.neg(m.div(x, y)), m.constant(0.5))],
  "a root": [true, (m, x) => m.sqrt(x)],
  "a choice between a product and a difference": [
    true,
    (m, x, y) => m.where(m.less(x, y), m.mul(x, y), m.sub(x, y)),
  ],
  "two roundings": [false, (m, x, y) => m.add(m.mul(x, y), x)],
  "a rounded number that is compared": [false, (m, x, y) => m.less(m.mul(x, y), x)],
  "a rounded number that is compared for equality": [false, (m, x, y) => m.equal(m.div(m.mul(x, y), y), x)],
  "a rounded condition": [false, (m, x, y) => m.where(m.mul(x, y), x, y)],
  "a constant that is no float32": [false, (m, x) => m.mul(x, m.constant(0.1))],
  "a function that lanes compute in their own way": [false, (m, x) => m.tanh(x)],
};

describe.each(Object.entries(expressions))("an expression with %s", (_, [isOnce, expression]) => {
  it(`rounds ${isOnce ? "once at the most" : "more often, as far as is known"}`, () => {
    expect(roundsOnce((m, x, y) => [expression(m, x, y)], 2)).toBe(isOnce);
  });

  const float = fc.float({ noNaN: false });
  test.prop([fc.array(fc.tuple(float, float), { minLength: 2, maxLength: 20 })])(
    "has the same bits alone and in lanes",
    (pairs) => {
      const compute = (backend: Backend, count: number, offset: number): number[] => {
        const output = Storage.allocate(count, "float32");
        const operands = [0, 1].map((k) => ({
          storage: Storage.of(Float32Array.from(pairs, (pair) => pair[k])),
          offset,
          strides: [1],
        }));
        backend.elementwise((m, x, y) => [expression(m, x, y)], 2)(
          [count],
          [{ storage: output, offset: 0, strides: [1] }],
          operands,
        );
        return [...output.data];
      };
      const whole = compute(wasm, pairs.length, 0);
      expect(pairs.map((_, i) => compute(wasm, 1, i)[0])).toEqual(whole);
      if (isOnce) expect(compute(typescriptBackend, pairs.length, 0)).toEqual(whole);
    },
  );
});
