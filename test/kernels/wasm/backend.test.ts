/** The backend in WebAssembly against the one in TypeScript, over all ways in which operands may lie, and where results stay. */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Expression, Expressions, Operand } from "../../../src/kernels/index.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import { typescriptBackend } from "../../../src/kernels/typescript/index.ts";
import { createWasmBackend } from "../../../src/kernels/wasm/index.ts";
import { Memory } from "../../../src/kernels/wasm/memory.ts";

const wasm = createWasmBackend()!;
const [ROWS, COLUMNS] = [5, 7];
const SHAPE = [ROWS, COLUMNS];

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((((i + 1) * (seed + 0.6180339887)) % 1) - 0.45) * 3);
/** Over many orders of magnitude, so that another order of summation shows in float64. */
const wide = (count: number, seed: number): Float32Array =>
  numbers(count, seed).map((value, i) => value * 10 ** (((i * 7) % 31) - 15));
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

describe("where the platform lacks what the engine can do without", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each(["TextEncoder", "TextDecoder", "structuredClone", "queueMicrotask", "process", "navigator"])(
    "%s, the backend computes",
    (name) => {
      vi.stubGlobal(name, undefined);
      const out = output(SHAPE);
      createWasmBackend()!.elementwise(both, 2)(
        SHAPE,
        [out, output(SHAPE)],
        [operand([7, 1]), operand([7, 1])],
      );
      expect(out.storage.data[0]).toBe(Math.fround(numbers(1, 1)[0] ** 2));
    },
  );
});

describe("where the platform refuses WebAssembly", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  const refusing = (error: unknown): object => ({
    ...Object.fromEntries(
      Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as never]]),
    ),
    Module: function refuse() {
      throw error;
    },
  });

  it("there is no backend: without it, without SIMD, and where a policy forbids code", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(createWasmBackend()).toBeNull();
    vi.unstubAllGlobals();
    for (const error of [new WebAssembly.CompileError("no SIMD"), new EvalError("Refused to compile")]) {
      vi.stubGlobal("WebAssembly", refusing(error));
      expect(createWasmBackend()).toBeNull();
      vi.unstubAllGlobals();
    }
  });

  it("other errors are not swallowed", () => {
    vi.stubGlobal("WebAssembly", refusing(new SyntaxError("not this one")));
    expect(() => createWasmBackend()).toThrow(SyntaxError);
  });
});

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

  it.each(
    Object.entries({
      "one row for all": [0, 1],
      "one column for all": [1, 0],
      "one number for all": [0, 0],
      transposed: [1, 300],
    }),
  )("keeps operands apart from a large result, the first being %s", (_, strides) => {
    const shape = [300, 400];
    const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
      const out = output(shape);
      const first = operand(strides, 0, 1, 120_000);
      backend.elementwise(both, 2)(shape, [out, output(shape)], [first, operand([400, 1], 0, 2, 120_000)]);
      return out.storage.data;
    });
    expect(actual).toEqual(expected);
  });

  it("computes a single element of several operands as one of many", () => {
    // Rounds more than once, so that one element goes through the lanes too.
    const mixed: Expressions = (m, a, b, c) => [m.add(m.mul(a, b), m.tanh(c)), m.mul(m.sub(c, a), b)];
    const of = (offset: number, seed: number): Operand => operand([1], offset, seed);
    const kernel = wasm.elementwise(mixed, 3);
    const many = [0, 1].map(() => ({ storage: Storage.allocate(9, "float32"), offset: 0, strides: [1] }));
    kernel([9], many, [of(0, 1), of(0, 2), of(0, 3)]);
    for (let i = 0; i < 9; i++) {
      const one = [0, 1].map(() => ({ storage: Storage.allocate(1, "float32"), offset: 0, strides: [1] }));
      kernel([1], one, [of(i, 1), of(i, 2), of(i, 3)]);
      expect(one.map(({ storage }) => storage.get(0))).toEqual(many.map(({ storage }) => storage.get(i)));
    }
  });

  it("leaves float64 to TypeScript", () => {
    const precise = { storage: Storage.of(Float64Array.of(1 / 3, 2 / 3)), offset: 0, strides: [1] };
    const out = { storage: Storage.allocate(2, "float64"), offset: 0, strides: [1] };
    wasm.elementwise((m, x) => [m.neg(x)], 1)([2], [out], [precise]);
    expect([...out.storage.data]).toEqual([-1 / 3, -2 / 3]);
  });

  it.each<[string, Expressions]>([
    ["rounds once", (m, x) => [m.neg(x)]],
    ["does not", (m, x) => [m.mul(m.tanh(x), x)]],
  ])("that %s gives the same bits to outputs that are not dense", (_, expressions) => {
    const x = LAYOUTS.dense(1);
    const dense = output(SHAPE);
    const turned = { storage: Storage.of(new Float32Array(40).fill(9)), offset: 2, strides: [1, ROWS] };
    for (const out of [dense, turned]) wasm.elementwise(expressions, 1)(SHAPE, [out], [x]);
    const { data } = turned.storage;
    expect(
      Array.from(dense.storage.data, (_, i) => data[2 + Math.floor(i / COLUMNS) + (i % COLUMNS) * ROWS]),
    ).toEqual([...dense.storage.data]);
    expect([...data.slice(0, 2), ...data.slice(37)]).toEqual([9, 9, 9, 9, 9]);
  });

  it("rounds the numbers of an update of one element as those of an update of many", () => {
    const update: Expressions = (m, x, rate, g) => [m.sub(x, m.mul(rate, g))];
    const rate = { storage: Storage.of(Float64Array.of(0.1)), offset: 0, strides: [0] };
    const [all, ...single] = [9, ...Array<number>(9).fill(1)].map((count, i) => {
      const x = { storage: Storage.of(numbers(9, 5)), offset: Math.max(0, i - 1), strides: [1] };
      const g = { storage: Storage.of(numbers(9, 6)), offset: x.offset, strides: [1] };
      wasm.elementwise(update, 3)([count], [x], [x, rate, g]);
      return x.storage.data.slice(x.offset, x.offset + count);
    });
    expect(single.map(([value]) => value)).toEqual([...all]);
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

  it.each([1, 2, 3, 7, 8, 9, 15, 16, 17, 100])(
    "of %i numbers has the bits of one order, alone and among others, whichever way they lie",
    (count) => {
      const others = 5;
      const values = wide(count * others, 3);
      const storage = Storage.of(values);
      const fold = (shape: readonly number[], x: Omit<Operand, "storage">): number[] => {
        const totals = new Float64Array(shape.length === 2 ? shape[0] : 1);
        wasm.reduce(sum, 1, 0)(shape, 1, { storage: Storage.of(totals), offset: 0, strides: [1] }, [
          { storage, ...x },
        ]);
        return [...totals];
      };
      const alone = Array.from(
        { length: others },
        (_, i) => fold([count], { offset: i, strides: [others] })[0],
      );
      expect(fold([others, count], { offset: 0, strides: [1, others] })).toEqual(alone);
      const turned = new Float32Array(
        values.map((_, i) => values[(i % count) * others + Math.floor(i / count)]),
      );
      storage.data.set(turned);
      expect(fold([others, count], { offset: 0, strides: [count, 1] })).toEqual(alone);
      expect(fold([1, count], { offset: count, strides: [0, 1] })).toEqual([alone[1]]);
    },
  );

  it("rounds a single term as one of many", () => {
    const squares: Expression = (m, total, x, y) => m.add(total, m.mul(m.sub(x, y), m.sub(x, y)));
    for (let i = 0; i < 30; i++) {
      const storage = Storage.of(numbers(60, 7));
      const [one, two] = [1, 2].map((count) => {
        const output = { storage: Storage.allocate(1, "float64"), offset: 0, strides: [] };
        // The second term is 0.
        const operands = [i, 59 - i].map((offset) => ({
          storage: Storage.of(Float32Array.of(storage.data[offset], 1)),
          offset: 0,
          strides: [1],
        }));
        wasm.reduce(squares, 2, 0)([count], 1, output, operands);
        return output.storage.get(0);
      });
      expect(one).toBe(two);
    }
  });

  it("of thousands of columns is that of each", () => {
    const [rows, columns] = [11, 9001];
    const storage = Storage.of(wide(rows * columns, 4));
    const fold = (shape: readonly number[], offset: number, strides: readonly number[]): Float64Array => {
      const totals = new Float64Array(shape.length === 2 ? shape[0] : 1);
      const output = { storage: Storage.of(totals), offset: 0, strides: [1] };
      wasm.reduce(sum, 1, 0)(shape, 1, output, [{ storage, offset, strides }]);
      return totals;
    };
    const all = fold([columns, rows], 0, [1, columns]);
    for (let j = 0; j < columns; j += 17) expect(fold([rows], j, [columns])[0]).toBe(all[j]);
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
  it.each([0, 1, 2, 3])("leaves float64 to TypeScript, whichever of the four it is", (which) => {
    const values = [
      Float64Array.of(0, 0),
      Float64Array.of(0.1, 0.2),
      Float64Array.of(1, 2, 3, 4),
      Float64Array.of(0.3, 0.7),
    ];
    const [actual, expected] = [wasm, typescriptBackend].map((backend) => {
      const [out, a, b, bias] = values.map(
        (list, i): Operand => ({
          storage: Storage.of(i === which ? list.slice() : Float32Array.from(list)),
          offset: 0,
          strides: i === 3 ? [1] : [2, 1],
        }),
      );
      backend.matmul(1, 2, 2, out, a, b, bias);
      return [...out.storage.data];
    });
    expect(actual).toEqual(expected);
    const exact = [0.1 + 0.6 + 0.3, 0.2 + 0.8 + 0.7];
    expect(actual).toEqual(exact.map((value) => expect.closeTo(value, 6)));
  });

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

describe("what memory has no room for", () => {
  const small = createWasmBackend(new Memory(96))!;
  /** Both, the second computing in parts. */
  const on = <T>(compute: (backend: typeof wasm) => T): readonly [T, T] => [compute(wasm), compute(small)];
  const expectSame = (compute: (backend: typeof wasm) => Storage): void => {
    const [whole, inParts] = on(compute);
    // Not by toEqual, which takes seconds for a million.
    expect(whole.data.length).toBe(inParts.data.length);
    expect(whole.data.findIndex((value, i) => !Object.is(value, inParts.data[i]))).toBe(-1);
  };
  const large = (size: number, seed = 1): Storage => Storage.of(numbers(size, seed));
  const silu: Expression = (m, x) => m.mul(x, m.div(m.constant(1), m.add(m.constant(1), m.exp(m.neg(x)))));
  const squares: Expression = (m, total, x, y) => m.add(total, m.mul(m.sub(x, y), m.sub(x, y)));

  it.each<[string, number[], number[], number[]]>([
    ["vectors", [1_100_001], [1], [0]],
    ["a matrix, turned", [1003, 1001], [1, 1003], [0, 1]],
    ["a column for each of its columns", [2, 600_001], [600_001, 1], [1, 0]],
  ])("is computed in parts to the same bits, element by element: %s", (_, shape, x, y) => {
    const [a, b] = [large(1_300_000), large(1_300_000, 2)];
    expectSame((backend) => {
      const storage = Storage.allocate(
        shape.reduce((size, n) => size * n),
        "float32",
      );
      const out = {
        storage,
        offset: 0,
        strides: shape.map((_, axis) => shape.slice(axis + 1).reduce((n, m) => n * m, 1)),
      };
      backend.elementwise((m, x, y) => [m.add(silu(m, x), y)], 2)(
        shape,
        [out],
        [
          { storage: a, offset: 0, strides: x },
          { storage: b, offset: 0, strides: y },
        ],
      );
      return storage;
    });
  });

  it.each<[string, number[], number[], number]>([
    ["a vector", [1_500_007], [1], 1],
    ["every second of a vector, from its end", [1_200_001], [-2, 1], 1],
    ["all of a matrix, turned", [1201, 999], [1, 1201], 2],
    ["long rows", [3, 700_003], [700_003, 1], 1],
    ["short columns of a wide matrix", [700_003, 3], [1, 700_003], 1],
    ["columns of a tall matrix", [3, 700_003], [1, 3], 1],
  ])("is folded in parts in the same order: %s", (_, shape, strides, reducedRank) => {
    const [a, b] = [1, 2].map((seed) => Storage.of(wide(2_500_000, seed)));
    const offset = strides.reduce((most, step) => Math.max(most, -step * (shape[0] - 1)), 0);
    const kept = shape.slice(0, shape.length - reducedRank);
    expectSame((backend) => {
      const storage = Storage.allocate(
        kept.reduce((size, n) => size * n, 1),
        "float64",
      );
      const out = { storage, offset: 0, strides: kept.map(() => 1) };
      const operands = [a, b].map((storage) => ({ storage, offset, strides }));
      backend.reduce(squares, 2, 0)(shape, reducedRank, out, operands);
      return storage;
    });
  });

  it.each<[string, number, number, number]>([
    ["many rows", 300_001, 3, 5],
    ["many columns", 2, 300_001, 5],
    ["many terms", 1, 1, 1_000_003],
    ["many terms in a few columns", 2, 3, 400_001],
  ])("is multiplied in parts: %s", (_, m, n, k) => {
    const [a, b, bias] = [large(m * k), large(n * k, 2), large(n, 3)];
    expectSame((backend) => {
      const storage = Storage.allocate(m * n, "float32");
      const at = (storage: Storage, ...strides: number[]): Operand => ({ storage, offset: 0, strides });
      backend.matmul(m, n, k, at(storage, n, 1), at(a, k, 1), at(b, 1, k), at(bias, 1), silu);
      return storage;
    });
  });

  it.each(["normal", "uniform"] as const)("is drawn in parts: %s", (name) => {
    expectSame((backend) => {
      const storage = Storage.allocate(1_500_001, "float32");
      backend[name]({ key: [1, 2], counter: [3, 0] }, storage);
      return storage;
    });
  });
});

it("folds again in float64 what terms beyond float32 are part of, by rows and by columns", () => {
  const kernel = wasm.reduce((m, total, x) => m.add(total, m.mul(x, x)), 1, 0);
  for (const [rows, columns] of [
    [1, 5],
    [9, 1],
    [3, 2],
    [70, 5],
    [131, 11],
    [8, 4100],
  ]) {
    const values = Float32Array.from({ length: rows * columns }, (_, i) => (i % 7 === 3 ? 1e25 : i));
    const right = (count: number, size: number, at: (k: number, i: number) => number) =>
      Array.from({ length: count }, (_, k) => {
        let total = 0;
        for (let i = 0; i < size; i++) total += values[at(k, i)] ** 2;
        return total;
      });
    const fold = (shape: number[], strides: number[]) => {
      const storage = Storage.allocate(shape[0], "float64");
      kernel(shape, 1, { storage, offset: 0, strides: [1] }, [
        { storage: Storage.of(values.slice()), offset: 0, strides },
      ]);
      return [...storage.data];
    };
    const near = (found: number[], expected: number[]) =>
      expected.forEach((total, k) => {
        expect(Math.abs(found[k] / total - 1) || 0).toBeLessThan(1e-6);
      });
    near(
      fold([rows, columns], [columns, 1]),
      right(rows, columns, (k, i) => k * columns + i),
    );
    near(
      fold([columns, rows], [1, columns]),
      right(columns, rows, (k, i) => i * columns + k),
    );
  }
});
