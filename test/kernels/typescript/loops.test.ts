/** Loops made from text, and the closures that stand in for them where a platform forbids that: the same bits. */

import { fc, test } from "@fast-check/vitest";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Expression, Expressions } from "../../../src/kernels/arithmetic.ts";
import type { Operand } from "../../../src/kernels/backend.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import type { FloatArray } from "../../../src/kernels/types.ts";
import { elementwise, reduce } from "../../../src/kernels/typescript/elementwise.ts";
import {
  closureLoop,
  compileLoop,
  compileNumber,
  compileSingle,
  readAsSource,
} from "../../../src/kernels/typescript/loops.ts";

/** Every value of the table of elementwise operations, and every derivative, be it written or derived. */
const expressions = vi.hoisted(() => [] as { name: string; expression: Expression; arity: number }[]);
vi.mock("../../../src/ops/elementwise-record.ts", async (original) => {
  const module = await original<typeof import("../../../src/ops/elementwise-record.ts")>();
  const { tangentOf } = await import("../../../src/ops/differentiation.ts");
  type Record = import("../../../src/ops/elementwise-record.ts").ElementwiseRecord & {
    derivative?: Expression;
  };
  const watched =
    (make: (record: never) => unknown, arity: number) =>
    (record: Record): unknown => {
      const { name, value, derivatives = [record.derivative] } = record;
      expressions.push({ name, expression: value, arity });
      for (let i = 0; i < arity; i++) {
        const written = derivatives[i];
        const derived: Expression = (m, tangent, ...operands) =>
          tangentOf(m, value, operands, i, tangent) ?? m.constant(0);
        const expression = typeof written === "function" ? written : derived;
        expressions.push({ name: `${name} ∂${i}`, expression, arity: arity + 1 });
      }
      return make(record as never);
    };
  return {
    ...module,
    unary: watched(module.unary, 1),
    binary: watched(module.binary, 2),
    ternary: watched(module.ternary, 3),
    quaternary: watched(module.quaternary, 4),
  };
});
await import("../../../src/ops/elementwise.ts");
await import("../../../src/ops/losses.ts");

const anyNumber = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, 88.8, -88.8, 750, -750, 5e-324),
);
/** One column of values for each of up to 5 operands. */
const columns = fc.integer({ min: 0, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    arrays: fc.array(fc.array(anyNumber, { minLength: 3 * count, maxLength: 3 * count }), {
      minLength: 5,
      maxLength: 5,
    }),
    steps: fc.array(fc.constantFrom(0, 1, 2, 3, -1), { minLength: 5, maxLength: 5 }),
  }),
);
const types = [Float32Array, Float64Array] as const;
const startOf = (step: number, count: number): number => (step < 0 ? Math.max(0, count - 1) : 0);

describe("an expression as a loop", () => {
  it("is tried with every operation of the table", () => {
    expect(expressions.length).toBeGreaterThan(60);
    expect(expressions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["silu", "silu ∂0", "clamp ∂2"]),
    );
  });

  test.prop([fc.constantFrom(...types), columns], { numRuns: 40 })(
    "computes the same bits from text as from closures, strided either way",
    (Type, { count, arrays, steps }) => {
      for (const { name, expression, arity } of expressions) {
        const operands = arrays.slice(0, arity).map((values) => Type.from(values));
        const results = [compileLoop, closureLoop].map((make) => {
          const output = new Type(2 * count + 1).fill(7);
          const all = [2, ...steps.slice(0, arity)];
          const starts = [1, ...steps.slice(0, arity).map((step) => startOf(step, count))];
          make((m, ...values) => [expression(m, ...values)], arity)(count, [output], operands, starts, all);
          return output;
        });
        // toEqual compares with Object.is: -0 is not 0, and NaN is NaN.
        expect(results[0], name).toEqual(results[1]);
      }
    },
  );

  const adam: Expressions = (m, p, v, g) => {
    const next = m.add(m.mul(v, m.constant(0.9)), g);
    return [m.sub(p, next), next];
  };
  test.prop([columns])("stores several results, in place of its own operands", ({ count, arrays }) => {
    const results = [compileLoop, closureLoop].map((make) => {
      const [p, v, g] = arrays.map((values) => Float64Array.from(values));
      make(adam, 3)(count, [p, v], [p, v, g], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]);
      return [p, v];
    });
    expect(results[0]).toEqual(results[1]);
    arrays[0].slice(0, count).forEach((value, i) => {
      expect(results[0][0][i]).toBe(value - (arrays[1][i] * 0.9 + arrays[2][i]));
    });
  });

  const folds: Record<string, Expression> = {
    sum: (m, total, x) => m.add(total, x),
    max: (m, largest, x) => m.maximum(largest, x),
    "sum of squared differences": (m, total, x, y) => m.add(total, m.mul(m.sub(x, y), m.sub(x, y))),
  };
  test.prop([fc.constantFrom(...types), fc.constantFrom(...Object.values(folds)), anyNumber, columns])(
    "carries a total to the same bits as it stores and loads it, whatever it starts with",
    (Type, fold, initial, { count, arrays, steps }) => {
      const operands = arrays.slice(0, 2).map((values) => Type.from(values));
      const [s, t] = steps;
      const starts = [1, 1, startOf(s, count), startOf(t, count)];
      const results = [true, false].map((carries) => {
        const total = Float64Array.of(7, initial, 7);
        const loop = compileLoop((m, ...values) => [fold(m, ...values)], 3, carries);
        loop(count, [total], [total, ...operands], starts, [0, 0, s, t]);
        return total;
      });
      expect(results[0]).toEqual(results[1]);
    },
  );

  it("writes a shared subexpression once", () => {
    const { body } = readAsSource((m, x) => [m.mul(m.exp(x), m.exp(x))], ["x"]);
    expect(body.match(/exp/g)).toHaveLength(1);
  });
});

describe("where a content security policy forbids functions from text", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("loops run as closures, those of folds too, with the same bits", () => {
    const silu = expressions.find(({ name }) => name === "silu")!.expression;
    const run = (): FloatArray[] => {
      const x = Float32Array.from({ length: 6 }, (_, i) => Math.fround(Math.sin(i)));
      const y = new Float32Array(6);
      const total = new Float32Array(1);
      elementwise((m, ...values) => [silu(m, ...values)], 1)(
        [2, 3],
        [{ storage: Storage.of(y), offset: 0, strides: [3, 1] }],
        [{ storage: Storage.of(x), offset: 0, strides: [1, 2] }],
      );
      reduce(folding, 1, 0)([6], 1, { storage: Storage.of(total), offset: 0, strides: [] }, [
        { storage: Storage.of(y), offset: 0, strides: [1] },
      ]);
      return [y, total];
    };
    const folding: Expression = (m, total, value) => m.add(total, value);
    const compiled = run();
    const refused = vi.fn(function refuse() {
      throw new EvalError("Refused to evaluate a string as JavaScript");
    });
    vi.stubGlobal("Function", refused);
    expect(run()).toEqual(compiled);
    expect(refused).toHaveBeenCalledTimes(2);
  });

  it("single elements and numbers are computed without text too", () => {
    const both: Expressions = (m, x, y) => [m.sub(x, y), m.mul(m.exp(x), y)];
    const one: Expression = (m, x, y) => m.div(m.exp(x), y);
    const of = (...values: number[]): Operand => ({
      storage: Storage.of(Float32Array.from(values)),
      offset: 1,
      strides: [],
    });
    const run = (): unknown => {
      const outputs = [of(0, 0), of(0, 0)];
      compileSingle(both, 2)(outputs, [of(9, 0.3), of(9, 0.7)]);
      const spaced = new Float32Array(9);
      compileLoop(both, 2)(
        3,
        [spaced, spaced],
        [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(7, 8, 9)],
        [0, 1, 0, 2],
        [3, 3, 2, -1],
      );
      return [outputs.map(({ storage }) => [...storage.data]), [...spaced], compileNumber(one, 2)(0.3, 0.7)];
    };
    const compiled = run();
    vi.stubGlobal("Function", function refuse() {
      throw new EvalError("Refused to evaluate a string as JavaScript");
    });
    expect(run()).toEqual(compiled);
  });

  it("other errors in making a loop are not swallowed", () => {
    vi.stubGlobal("Function", function refuse() {
      throw new SyntaxError("not this one");
    });
    expect(() => compileLoop((_, x) => [x], 1)).toThrow(SyntaxError);
  });
});
