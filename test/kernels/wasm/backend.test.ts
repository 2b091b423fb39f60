/** The backend in WebAssembly against the one in TypeScript, over all ways in which operands may lie, and where results stay. */

import { describe, expect, it } from "vitest";
import type { Expression, Expressions, Operand } from "../../../src/kernels/index.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import { typescriptBackend } from "../../../src/kernels/typescript/index.ts";
import { createWasmBackend } from "../../../src/kernels/wasm/index.ts";

const wasm = createWasmBackend()!;
const [ROWS, COLUMNS] = [5, 7];
const SHAPE = [ROWS, COLUMNS];

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((((i + 1) * (seed + 0.6180339887)) % 1) - 0.45) * 3);
const operand = (strides: readonly number[], offset = 0, seed = 1, size = 200): Operand => ({
  storage: Storage.of(numbers(size, seed)),
  offset,
  strides,
});

/** Operands of shape [5, 7]. */
const LAYOUTS: Readonly<Record<string, (seed: number) => Operand>> = {
  dense: (seed) => operand([COLUMNS, 1], 3, seed),
  transposed: (seed) => operand([1, ROWS], 0, seed),
  "with gaps between rows": (seed) => operand([COLUMNS + 2, 1], 1, seed),
  "every second": (seed) => operand([2 * COLUMNS, 2], 0, seed),
  backwards: (seed) => operand([-COLUMNS, -1], 34, seed),
  "one row for all": (seed) => operand([0, 1], 4, seed),
  "one column for all": (seed) => operand([1, 0], 2, seed),
  "one number for all": (seed) => operand([0, 0], 5, seed),
  "a number": (seed) => operand([0, 0], 0, seed, 1),
};
const PAIRS = Object.entries(LAYOUTS).flatMap(([a, left]) =>
  Object.entries(LAYOUTS).map(([b, right]) => [a, b, left(1), right(2)] as const),
);

const output = (
  shape: readonly number[],
  storage = Storage.allocate(shape[0] * shape[1], "float32"),
): Operand => ({
  storage,
  offset: 0,
  strides: [shape[1], 1],
});
/** One operation each: that in TypeScript rounds once, at the end. */
const both: Expressions = (m, x, y) => [m.mul(x, y), m.sub(x, y)];

describe("an elementwise kernel in WebAssembly", () => {
  it.each(PAIRS)(
    "of operands %s and %s gives the bits of that in TypeScript, and keeps them in its memory",
    (_, __, a, b) => {
      const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
        const outputs = [output(SHAPE), output(SHAPE)];
        backend.elementwise(both, 2)(SHAPE, outputs, [a, b]);
        return outputs;
      });
      actual.forEach(({ storage }, i) => {
        expect(storage.residence).not.toBeNull();
        expect(storage.data).toEqual(expected[i].storage.data);
      });
    },
  );

  it("takes operands of three axes from where they lie", () => {
    const shape = [2, 3, 4];
    const operands = [operand([1, 2, 6], 0, 1), operand([0, 5, -1], 9, 2)];
    const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
      const outputs = [0, 1].map(() => ({
        storage: Storage.allocate(24, "float32"),
        offset: 0,
        strides: [12, 4, 1],
      }));
      backend.elementwise(both, 2)(shape, outputs, operands);
      return outputs;
    });
    expect(actual[0].storage.residence).not.toBeNull();
    actual.forEach(({ storage }, i) => {
      expect(storage.data).toEqual(expected[i].storage.data);
    });
  });

  it("reads what stayed in its memory there, seen from any side", () => {
    const kept = output(SHAPE);
    wasm.elementwise((m, x) => [m.mul(x, m.constant(2))], 1)(SHAPE, [kept], [LAYOUTS.dense(1)]);
    const { storage } = kept;
    const turned = output([COLUMNS, ROWS]);
    wasm.elementwise((m, x) => [m.neg(x)], 1)(
      [COLUMNS, ROWS],
      [turned],
      [{ storage, offset: 0, strides: [1, COLUMNS] }],
    );
    const last = output([1, COLUMNS]);
    wasm.elementwise((m, x) => [m.neg(x)], 1)(
      [1, COLUMNS],
      [last],
      [{ storage, offset: 4 * COLUMNS, strides: [COLUMNS, 1] }],
    );
    expect(storage.residence).not.toBeNull();
    const values = storage.data;
    expect(turned.storage.data).toEqual(
      Float32Array.from({ length: 35 }, (_, i) => -values[(i % ROWS) * COLUMNS + Math.floor(i / ROWS)]),
    );
    expect(last.storage.data).toEqual(values.slice(4 * COLUMNS).map((value) => -value));
  });

  it("writes into arrays that are there, beside what else they hold", () => {
    const there = Storage.of(new Float32Array(50).fill(9));
    const target = { storage: there, offset: 4, strides: [COLUMNS, 1] };
    const x = LAYOUTS.transposed(3);
    wasm.elementwise((m, a) => [m.neg(a)], 1)(SHAPE, [target], [x]);
    const expected = new Float32Array(50).fill(9);
    for (let i = 0; i < 35; i++)
      expected[4 + i] = -x.storage.data[Math.floor(i / COLUMNS) + (i % COLUMNS) * ROWS];
    expect(there.residence).toBeNull();
    expect(there.data).toEqual(expected);
  });

  it("does not keep large results in its memory", () => {
    const shape = [300, 400];
    const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
      const out = output(shape);
      backend.elementwise((m, x) => [m.neg(x)], 1)(shape, [out], [operand([400, 1], 0, 1, 120_000)]);
      return out.storage;
    });
    expect(actual.residence).toBeNull();
    expect(actual.data).toEqual(expected.data);
  });

  it("leaves float64, and outputs that are not dense, to TypeScript", () => {
    const precise = { storage: Storage.of(Float64Array.of(1 / 3, 2 / 3)), offset: 0, strides: [1] };
    const out = { storage: Storage.allocate(2, "float64"), offset: 0, strides: [1] };
    wasm.elementwise((m, x) => [m.neg(x)], 1)([2], [out], [precise]);
    expect([...out.storage.data]).toEqual([-1 / 3, -2 / 3]);
    const turned = { storage: Storage.allocate(35, "float32"), offset: 0, strides: [1, ROWS] };
    const x = LAYOUTS.dense(1);
    wasm.elementwise((m, a) => [m.neg(a)], 1)(SHAPE, [turned], [x]);
    expect(turned.storage.data[ROWS]).toBe(-x.storage.data[x.offset + 1]);
  });
});

describe("a fold in WebAssembly", () => {
  const sum: Expression = (m, total, x) => m.add(total, x);

  it.each(Object.entries(LAYOUTS))("of %s adds in float64, over rows and over columns", (_, layout) => {
    for (const reduced of [1, 2]) {
      const x = layout(1);
      const kept = reduced === 1 ? ROWS : 1;
      const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
        const out = {
          storage: Storage.allocate(kept, "float32"),
          offset: 0,
          strides: reduced === 1 ? [1] : [],
        };
        backend.reduce(sum, 1, 0.5)(SHAPE, reduced, out, [x]);
        return [...out.storage.data];
      });
      actual.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-6 * (1 + Math.abs(expected[i])));
      });
    }
  });

  it("of the rows of a matrix that lies by columns is that of the matrix itself", () => {
    const storage = Storage.of(numbers(35, 4));
    const results = [
      { offset: 0, strides: [1, ROWS] },
      { offset: 0, strides: [COLUMNS, 1] },
    ].map((view, i) => {
      const out = { storage: Storage.allocate(ROWS, "float32"), offset: 0, strides: [1] };
      wasm.reduce(sum, 1, 0)(SHAPE, 1, out, [{ storage, ...view }]);
      const at = (r: number, c: number) => storage.data[r * view.strides[0] + c * view.strides[1]];
      const expected = Array.from({ length: ROWS }, (_, r) =>
        Array.from({ length: COLUMNS }, (_, c) => at(r, c)).reduce((total, value) => total + value, 0),
      );
      return [...out.storage.data].every((value, r) => Math.abs(value - expected[r]) < 1e-5)
        ? "right"
        : `wrong ${i}`;
    });
    expect(results).toEqual(["right", "right"]);
  });
});

describe("a matrix product in WebAssembly", () => {
  const inner = 6;
  const A: Readonly<Record<string, Operand>> = {
    dense: operand([inner, 1]),
    transposed: operand([1, ROWS], 2),
    "far apart": operand([20, 3], 1),
    backwards: operand([-inner, -1], 34),
    "one row for all": operand([0, 1], 1),
  };
  const B: Readonly<Record<string, Operand>> = {
    dense: operand([COLUMNS, 1], 0, 2),
    transposed: operand([1, inner], 5, 2),
    "far apart": operand([25, 2], 0, 2),
    backwards: operand([-COLUMNS, -1], 45, 2),
    "one column for all": operand([1, 0], 3, 2),
  };
  const cases = Object.entries(A).flatMap(([left, a]) =>
    Object.entries(B).map(([right, b]) => [left, right, a, b] as const),
  );
  const square: Expression = (m, x) => m.mul(x, x);

  it.each(cases)(
    "of %s and %s is the sum of products, plain, with bias, and with an activation",
    (_, __, a, b) => {
      const bias = operand([2], 1, 3);
      for (const [added, activation] of [
        [undefined, undefined],
        [bias, undefined],
        [bias, square],
        [undefined, square],
      ] as const) {
        const out = output(SHAPE);
        wasm.matmul(ROWS, COLUMNS, inner, out, a, b, added, activation);
        expect(out.storage.residence).not.toBeNull();
        const values = out.storage.data;
        for (let r = 0; r < ROWS; r++) {
          for (let c = 0; c < COLUMNS; c++) {
            let total = added === undefined ? 0 : added.storage.data[added.offset + c * added.strides[0]];
            for (let k = 0; k < inner; k++) {
              total +=
                a.storage.data[a.offset + r * a.strides[0] + k * a.strides[1]] *
                b.storage.data[b.offset + k * b.strides[0] + c * b.strides[1]];
            }
            const expected = activation === undefined ? total : total * total;
            expect(Math.abs(values[r * COLUMNS + c] - expected)).toBeLessThan(1e-4);
          }
        }
      }
    },
  );
});

describe("random numbers in WebAssembly", () => {
  it.each(["normal", "uniform"] as const)("fill new storages and arrays that are there alike: %s", (name) => {
    const draw = { key: [1, 2], counter: [3, 0] } as const;
    const fresh = Storage.allocate(101, "float32");
    const there = Storage.of(new Float32Array(101).fill(9));
    wasm[name](draw, fresh);
    wasm[name](draw, there);
    expect(fresh.residence).not.toBeNull();
    expect(there.residence).toBeNull();
    expect(there.data).toEqual(fresh.data);
  });

  it.each(["normal", "uniform"] as const)(
    "in float64 come from TypeScript, in float32 are the same to rounding: %s",
    (name) => {
      const draw = { key: [1, 2], counter: [3, 0] } as const;
      const [precise, expected, single] = (["float64", "float64", "float32"] as const).map((dtype) =>
        Storage.allocate(33, dtype),
      );
      wasm[name](draw, precise);
      typescriptBackend[name](draw, expected);
      wasm[name](draw, single);
      expect(precise.data).toEqual(expected.data);
      precise.data.forEach((value, i) => {
        expect(Math.abs(single.data[i] - value)).toBeLessThan(1e-5);
      });
    },
  );
});
