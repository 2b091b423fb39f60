import { describe, expect, test, vi } from "vitest";
import { type Arithmetic, backend, type Expressions } from "../../../src/kernels/index.ts";
import { cos, erf, erfc, exp, expm1, log, log1p, pow, sin, tanh } from "../../../src/kernels/math.ts";
import { numbers } from "../../../src/kernels/typescript/numbers.ts";
import { compileLanes, lanesModule, PATIENCE } from "../../../src/kernels/wasm/elementwise.ts";
import { CIRCULAR } from "../../../src/kernels/wasm/lanes.ts";
import * as operations from "../../../src/ops/elementwise.ts";
import { tensor } from "../../../src/tensor/construction.ts";
import { tensorOperands } from "./operands.ts";

PATIENCE.elements = 0;

const { fround } = Math;
const exactly = { exp, log, log1p, expm1, sin, cos, tanh, erf, erfc };

/** The greatest errors in ulp that lanes.ts states, found there by sweeps of nearly all float32 numbers. */
const BOUNDS = {
  exp: 1.03,
  log: 0.9,
  log1p: 1.44,
  expm1: 1.35,
  sin: 1.02,
  cos: 1.02,
  tanh: 1.28,
  erf: 1.36,
  erfc: 4,
} as const;
type Function = keyof typeof BOUNDS;
const FUNCTIONS = Object.keys(BOUNDS) as Function[];

/** Evaluates an expression by lanes, element by element of the operands. */
function byLanes(expressions: Expressions, ...operands: readonly Float32Array[]): Float32Array[] {
  const { memory, outputs, table } = tensorOperands(expressions, operands);
  compileLanes(memory, expressions, operands.length)(1, operands[0].length, table, 0);
  return outputs;
}

const apply = (name: Function, x: Float32Array): Float32Array => byLanes((m, a) => [m[name](a)], x)[0];

/** The error of `got` in units of the last place of a float32 in the binade of `exact`. */
function ulps(got: number, exact: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, exact);
  const exponent = ((bits.getUint16(0) >> 4) & 0x7ff) - 1023;
  return Math.abs(got - exact) / 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

/** Every `step`-th float32 number by its bits, NaNs left out. */
function floats(step: number): Float32Array {
  const bits = Uint32Array.from({ length: Math.floor(2 ** 32 / step) }, (_, i) => i * step);
  return new Float32Array(bits.buffer).filter((x) => !Number.isNaN(x));
}

describe("functions of lanes", () => {
  test.each(FUNCTIONS)("%s keeps its error bound all over the float32 numbers", (name) => {
    // sin and cos of huge numbers take a microsecond each: fewer of those.
    const step = name === "sin" || name === "cos" ? 65521 : 16381;
    const x = floats(step);
    const got = apply(name, x);
    let worst = 0;
    for (let i = 0; i < x.length; i++) {
      const exact = exactly[name](x[i]);
      if (Object.is(got[i], fround(exact))) continue;
      worst = Math.max(worst, ulps(got[i], exact));
    }
    expect(worst).toBeLessThan(BOUNDS[name]);
  });

  // Where the reductions change over: dense runs of floats around these.
  const SEAMS: Record<Function, readonly number[]> = {
    exp: [0.34657, -0.34657, 88.7228, -87.3365, -103.2789, 1e-8],
    log: [Math.SQRT1_2, Math.SQRT2, 1, 1.1754944e-38, 1e-45],
    log1p: [-0.2929, 0.4142, -1, 1e-8, -1e-8, 0.45],
    expm1: [0.34657, -0.34657, 1.0397, 88.7228, -17.3, 5.96e-8, -5.96e-8],
    sin: [0.7854, Math.PI, 2.3562, 355, 1e5, 4e8, 536870912],
    cos: [0.7854, 1.5707964, 2.3562, 710, 1e5, 4e8, 536870912],
    tanh: [1, -1, 9.01, 1e-5],
    erf: [1, -1, 3.92, 4, 1e-5],
    erfc: [0.5, -0.5, -1, 4, 9.19, 10.05, 11],
  };
  test.each(FUNCTIONS)("%s keeps its error bound where its pieces meet", (name) => {
    for (const seam of SEAMS[name]) {
      const bits = new Int32Array(Float32Array.of(seam).buffer)[0];
      const run = Int32Array.from({ length: 4000 }, (_, i) => bits + i - 2000);
      const x = new Float32Array(run.buffer).filter((value) => !Number.isNaN(value));
      const got = apply(name, x);
      x.forEach((value, i) => {
        const exact = exactly[name](value);
        if (!Object.is(got[i], fround(exact)) && !(ulps(got[i], exact) < BOUNDS[name])) {
          expect.fail(`${name}(${value}) gave ${got[i]} instead of ${exact}`);
        }
      });
    }
  });

  const SPECIALS = [0, -0, 1, -1, Infinity, -Infinity, NaN, -1.5, 100, -120, 3.4e38, -3.4e38];
  test.each(FUNCTIONS)("%s has the special values of Math", (name) => {
    const x = Float32Array.from(SPECIALS);
    const got = apply(name, x);
    x.forEach((value, i) => {
      const exact = exactly[name](value);
      const isSpecial = [0, 1, -1, Infinity, -Infinity].includes(fround(exact)) || Number.isNaN(exact);
      if (isSpecial) expect(got[i], `${name}(${value})`).toBe(fround(exact));
    });
  });

  test.each(["log1p", "expm1", "sin", "tanh"] as const)("%s of a subnormal number is that number", (name) => {
    const x = Float32Array.of(1.4e-45, -1.4e-45, 1e-40, -1e-38);
    expect(apply(name, x)).toEqual(x);
  });

  test("sin and cos beyond 2²⁹ are those of math.ts, rounded", () => {
    const x = Float32Array.of(536870976, -6e8, 1e10, 1, -1e30, 3.4028234663852886e38, 2, 1e20);
    for (const name of ["sin", "cos"] as const) {
      const called = vi.spyOn(CIRCULAR[name], "run");
      expect(called).not.toHaveBeenCalled();
      const expected = x.map((value) => exactly[name](value));
      apply(name, x).forEach((value, i) => {
        expect(ulps(value, expected[i])).toBeLessThan(BOUNDS[name]);
      });
      expect(called).toHaveBeenCalledTimes(6);
      called.mockRestore();
    }
  });

  test("pow is within 1 ulp over ordinary and extreme operands", () => {
    const x = floats(900_001).filter((value) => value > 0);
    const near = Float32Array.from({ length: 20_000 }, (_, i) => 0.9 + i * 1e-5);
    for (const bases of [x, near]) {
      for (const factor of [0.01, 1, 20, 60]) {
        // |y ln x| up to `factor`
        const y = bases.map((base, i) => (factor * (((i * 7919) % 201) - 100)) / 100 / log(base));
        const [got] = byLanes((m, a, b) => [m.pow(a, b)], bases, y);
        let worst = 0;
        bases.forEach((base, i) => {
          const exact = pow(base, y[i]);
          if (!Object.is(fround(exact), got[i])) worst = Math.max(worst, ulps(got[i], exact));
        });
        expect(worst).toBeLessThan(1);
      }
    }
  });

  test("pow has the special values of the language's **", () => {
    const values = [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      0.5,
      -0.5,
      2,
      -2,
      3,
      -3,
      1e-40,
      1e10,
      16777215,
      16777216,
    ];
    const x = Float32Array.from(values.flatMap((value) => values.map(() => value)));
    const y = Float32Array.from(values.flatMap(() => values));
    const [got] = byLanes((m, a, b) => [m.pow(a, b)], x, y);
    for (let i = 0; i < x.length; i++) {
      const exact = pow(x[i], y[i]);
      const isOrdinary = exact !== 0 && Math.abs(exact) < 3.4e38;
      if (isOrdinary) expect(ulps(got[i], exact), `${x[i]} ** ${y[i]}`).toBeLessThan(1);
      else expect(got[i], `${x[i]} ** ${y[i]}`).toBe(fround(exact));
    }
  });

  test("comparisons, choices and extrema treat NaN and zeros as numbers do", () => {
    const values = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2.5];
    const x = Float32Array.from(values.flatMap((value) => values.map(() => value)));
    const y = Float32Array.from(values.flatMap(() => values));
    const all: Expressions = (m, a, b) => [
      m.less(a, b),
      m.equal(a, b),
      m.where(a, b, m.constant(7)),
      m.where(m.less(a, b), a, b),
      m.maximum(a, b),
      m.minimum(a, b),
      ...[0, -0, 1, Infinity, NaN].flatMap((limit) => [
        m.maximum(a, m.constant(limit)),
        m.minimum(m.constant(limit), a),
      ]),
      m.neg(a),
      m.abs(a),
      m.sqrt(a),
      ...[0, 1, 2, 3, -1].map((exponent) => m.pow(a, m.constant(exponent))),
    ];
    const results = byLanes(all, x, y);
    x.forEach((value, i) => {
      const expected = all(numbers, value, y[i]).map(fround);
      expect(
        results.map((result) => result[i]),
        `${value}, ${y[i]}`,
      ).toEqual(expected);
    });
  });
});

/** Numbers rounded to float32 after every step: what lanes do, but for the ulps of their functions. */
const rounded = Object.fromEntries(
  Object.entries(numbers).map(([name, f]) => [
    name,
    (...values: number[]) => fround((f as (...values: number[]) => number)(...values)),
  ]),
) as unknown as Arithmetic<number>;

/** All expressions that the elementwise operations and their gradients hand to the backend. */
function recordedExpressions(): Map<string, { expressions: Expressions; count: number }> {
  const found = new Map<string, { expressions: Expressions; count: number }>();
  let name = "";
  const spy = vi.spyOn(backend, "elementwise").mockImplementation((expressions, count) => {
    found.set(`${name} ${found.size}`, { expressions, count });
    return (_shape, outputs) => {
      for (const { storage } of outputs) storage.data.fill(0.5);
    };
  });
  // neg first: gradients of others use it, and a kernel is asked for once.
  for (const [key, operation] of [["neg", operations.neg], ...Object.entries(operations)] as const) {
    name = key;
    const call = operation as (...operands: unknown[]) => ReturnType<typeof operations.add>;
    for (const arity of [1, 2, 3, 4]) {
      const operands = Array.from({ length: arity }, () => tensor([0.5, 0.25], { requiresGrad: true }));
      try {
        const result = call(...operands);
        if (result.requiresGrad) result.backward(tensor([1, 1]));
      } catch {
        // another number of operands
      }
    }
  }
  spy.mockRestore();
  return found;
}

describe("operations' expressions", () => {
  const recorded = recordedExpressions();

  test("are all found, gradients too", () => {
    const names = Object.keys(operations).filter(
      (name) => ![...recorded.keys()].some((key) => key.startsWith(`${name} `)),
    );
    expect(names).toEqual([]);
    expect(recorded.size).toBeGreaterThan(Object.keys(operations).length * 1.5);
  });

  test.each([...recorded])(
    "%s: lanes agree with numbers rounded at every step",
    (_, { expressions, count }) => {
      const operands = Array.from({ length: count }, (_, k) =>
        Float32Array.from(
          { length: 1003 },
          (_, i) => (((i * (37 + 12 * k) + 5 * k) % 1009) / 252 - 2) * 1.01,
        ),
      );
      const results = byLanes(expressions, ...operands);
      for (let i = 0; i < operands[0].length; i++) {
        const values = operands.map((operand) => operand[i]);
        const expected = expressions(rounded, ...values);
        results.forEach((result, k) => {
          // Errors of 1.5 ulp in functions grow where terms of the size of the operands cancel.
          const tolerance = 4e-7 * Math.max(2, Math.abs(expected[k]));
          const isClose = Math.abs(result[i] - expected[k]) <= tolerance || Object.is(result[i], expected[k]);
          if (!isClose) expect.fail(`(${values}) gave ${result[i]} instead of ${expected[k]}`);
        });
      }
    },
  );

  test.each([...recorded])(
    "%s: an element has the bits that it has alone, whatever is beside it",
    (_, given) => {
      const { expressions, count } = given;
      // Far from each other, in a row, and at both ends of vectors that are computed abreast.
      const far = new Set([0, 15, 16, 31, 130, 131, 132, 133, 134, 135, 136, 137, 301]);
      const extreme = [-87.5, 88, -80.5, -200, 801, Infinity, -Infinity, Number.NaN, 1e30, -1e-38, 0, -0, 87];
      const operands = Array.from({ length: count }, (_, k) =>
        Float32Array.from({ length: 311 }, (_, i) =>
          far.has(i) ? extreme[(i + 3 * k) % extreme.length] : (((i * (37 + 12 * k)) % 101) / 50 - 1) * 3,
        ),
      );
      const { memory, outputs, table } = tensorOperands(expressions, operands);
      const run = compileLanes(memory, expressions, count);
      run(1, 311, table, 0);
      const together = outputs.map((output) => output.slice());
      const entries = new Int32Array(memory.buffer, table, 2 * (outputs.length + count));
      for (let i = 0; i < 311; i++) {
        run(1, 1, table, 0);
        for (const [k, output] of outputs.entries())
          if (!Object.is(output[i], together[k][i])) expect(together[k][i], `element ${i}`).toBe(output[i]);
        for (let entry = 0; entry < entries.length; entry += 2) entries[entry] += 4;
      }
    },
  );

  test("make modules below 4 kB, for all patterns of repeated operands", () => {
    for (const [name, { expressions, count }] of recorded) {
      for (let repeated = 0; repeated < 1 << count; repeated++) {
        expect(lanesModule(expressions, count, repeated).bytes.length, name).toBeLessThan(4096);
      }
    }
  });
});

test("a kernel that has computed many elements goes on with other code, and the same bits", () => {
  const x = Float32Array.from({ length: 100 }, (_, i) => i / 4 - 12);
  const expressions: Expressions = (m, x) => [m.exp(x)];
  const { memory, outputs, table } = tensorOperands(expressions, [x]);
  const compiled = vi.spyOn(WebAssembly, "Module");
  PATIENCE.elements = 250;
  const run = compileLanes(memory, expressions, 1);
  const calls = Array.from({ length: 5 }, () => {
    run(1, 100, table, 0);
    return { modules: compiled.mock.calls.length, bits: outputs[0].slice() };
  });
  PATIENCE.elements = 0;
  expect(calls.map(({ modules }) => modules)).toEqual([1, 1, 2, 2, 2]);
  expect(calls.every(({ bits }) => bits.every((bit, i) => bit === calls[0].bits[i]))).toBe(true);
  compiled.mockRestore();
});

test("a subexpression that occurs again is not computed again", () => {
  const once = lanesModule((m, x) => [m.exp(x)], 1, 0).bytes.length;
  const twice = lanesModule((m, x) => [m.add(m.exp(x), m.exp(x))], 1, 0).bytes.length;
  expect(twice - once).toBeLessThan(120);
});
