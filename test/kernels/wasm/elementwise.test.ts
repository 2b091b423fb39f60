import { describe, expect, test } from "vitest";
import type { Expression, Expressions } from "../../../src/kernels/index.ts";
import { compileFold, compileLanes, PATIENCE } from "../../../src/kernels/wasm/elementwise.ts";

PATIENCE.elements = 0;

const { fround } = Math;
const UNTOUCHED = 12345;

/** A memory filled with a mark, in which arrays are laid out one behind the other, 3 elements apart and unaligned. */
function layout() {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const all = new Float32Array(memory.buffer).fill(UNTOUCHED);
  let next = 1027;
  return {
    memory,
    all,
    array(values: ArrayLike<number>): Float32Array {
      const view = all.subarray(next, next + values.length);
      view.set(values);
      next += values.length + 3;
      return view;
    },
    doubles(values: readonly number[]): Float64Array {
      next = 2 * Math.ceil(next / 2);
      const view = new Float64Array(memory.buffer, 4 * next, values.length);
      view.set(values);
      next += 2 * values.length + 3;
      return view;
    },
    /** The table of arrays with their steps in elements of 4 bytes. */
    table(entries: readonly (readonly [Float32Array | Float64Array, number])[]): number {
      new Int32Array(memory.buffer).set(entries.flatMap(([{ byteOffset }, step]) => [byteOffset, 4 * step]));
      return 0;
    },
    /** Elements that are not marked any more, from the arrays on. */
    touched: () => all.subarray(1024).reduce((count, value) => count + (value === UNTOUCHED ? 0 : 1), 0),
  };
}

/** Numbers with full mantissas, so that no sum or product of them is exact. */
const some = (count: number, seed = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((((i + seed) * 0.6180339887) % 1) - 0.45) * 3);

// A short expression takes rounds of 16 elements, a long one rounds of 4.
const short: Expressions = (m, a, b) => [m.add(m.mul(a, b), b)];
const long: Expressions = (m, a, b) =>
  [3, 5, 7, 9, 11].reduce((sums, c) => [m.add(m.mul(sums[0], a), m.mul(b, m.constant(c)))], [a]);
const shortOf = (a: number, b: number): number => fround(fround(a * b) + b);
const longOf = (a: number, b: number): number =>
  [3, 5, 7, 9, 11].reduce((sum, c) => fround(fround(sum * a) + fround(b * c)), a);
const EXPRESSIONS = [
  ["a short expression", short, shortOf],
  ["a long expression", long, longOf],
] as const;

describe.each(EXPRESSIONS)("%s", (_, expressions, expected) => {
  test("is computed for any count, and nothing behind it is touched", () => {
    for (let count = 0; count < 42; count++) {
      const at = layout();
      const [out, a, b] = [
        at.array(new Float32Array(count)),
        at.array(some(count)),
        at.array(some(count, 50)),
      ];
      const touchedBefore = at.touched();
      compileLanes(at.memory, expressions, 2)(
        1,
        count,
        at.table([
          [out, 0],
          [a, 0],
          [b, 0],
        ]),
        0,
      );
      expect([...out]).toEqual([...a].map((value, i) => expected(value, b[i])));
      expect(at.touched()).toBe(touchedBefore);
    }
  });

  // rows of a, then of b: a whole matrix, one row for all, one number for each row, one number for all
  const PATTERNS = { matrix: [1, 0], row: [0, 0], column: [1, 1], scalar: [0, 1] } as const;
  const kinds = Object.keys(PATTERNS) as (keyof typeof PATTERNS)[];
  test.each(kinds.flatMap((a) => kinds.map((b) => [a, b] as const)))(
    "takes a %s and a %s",
    (kindA, kindB) => {
      for (const columns of [1, 3, 4, 17, 23]) {
        const rows = 5;
        const at = layout();
        const out = at.array(new Float32Array(rows * columns));
        const operands = [kindA, kindB].map((kind, k) => {
          const [step, repeated] = PATTERNS[kind];
          const width = repeated ? 1 : columns;
          const values = at.array(some(step ? rows * width : width, 7 * k));
          return { values, rowStep: step * width, columnStep: 1 - repeated, repeated };
        });
        const table = at.table([
          [out, columns],
          ...operands.map(({ values, rowStep }) => [values, rowStep] as const),
        ]);
        const touchedBefore = at.touched();
        compileLanes(at.memory, expressions, 2)(
          rows,
          columns,
          table,
          operands[0].repeated + 2 * operands[1].repeated,
        );
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            const [a, b] = operands.map(
              ({ values, rowStep, columnStep }) => values[i * rowStep + j * columnStep],
            );
            expect(out[i * columns + j]).toBe(expected(a, b));
          }
        }
        expect(at.touched()).toBe(touchedBefore);
      }
    },
  );
});

test("outputs may replace the operands they come from", () => {
  for (const count of [1, 4, 6, 16, 37]) {
    const at = layout();
    const arrays = [some(count), some(count, 9), some(count, 33)].map(at.array);
    const before = arrays.map((array) => array.slice());
    const scalar = at.array([0.7]);
    const update: Expressions = (m, p, v, g, rate) => {
      const velocity = m.add(m.mul(v, rate), g);
      return [m.sub(p, velocity), velocity];
    };
    const [p, v, g] = arrays;
    const table = at.table([
      [p, 0],
      [v, 0],
      [p, 0],
      [v, 0],
      [g, 0],
      [scalar, 0],
    ]);
    compileLanes(at.memory, update, 4)(1, count, table, 0b1000);
    for (let i = 0; i < count; i++) {
      const velocity = fround(fround(before[1][i] * fround(0.7)) + before[2][i]);
      expect(v[i]).toBe(velocity);
      expect(p[i]).toBe(fround(before[0][i] - velocity));
    }
  }
});

test("results that depend on no element are stored for all", () => {
  const at = layout();
  const [first, second, scalar] = [
    at.array(new Float32Array(7)),
    at.array(new Float32Array(7)),
    at.array([3]),
  ];
  const table = at.table([
    [first, 0],
    [second, 0],
    [scalar, 0],
  ]);
  compileLanes(at.memory, (m, x) => [m.constant(2.5), m.mul(x, x)], 1)(1, 7, table, 1);
  expect([...first, ...second]).toEqual([...Array(7).fill(2.5), ...Array(7).fill(9)]);
});

/** The documented order of a row's fold: eight partial results in float64. */
function foldRow(join: (a: number, b: number) => number, neutral: number, terms: readonly number[]): number {
  const p = Array<number>(8).fill(neutral);
  terms.forEach((term, j) => {
    p[j % 8] = join(p[j % 8], term);
  });
  return join(join(join(p[0], p[4]), join(p[2], p[6])), join(join(p[1], p[5]), join(p[3], p[7])));
}

const FOLDS: readonly [
  string,
  Expression,
  (a: number, b: number) => number,
  number,
  (x: number, y: number) => number,
][] = [
  ["sum", (m, sum, x) => m.add(sum, x), (a, b) => a + b, 0, (x) => x],
  [
    "sum of squared differences",
    (m, sum, x, y) => m.add(sum, m.mul(m.sub(x, y), m.sub(x, y))),
    (a, b) => a + b,
    0,
    (x, y) => fround(fround(x - y) ** 2),
  ],
  ["product, accumulator last", (m, product, x) => m.mul(x, product), (a, b) => a * b, 1, (x) => x],
  ["maximum", (m, most, x) => m.maximum(most, x), Math.max, -Infinity, (x) => x],
  ["minimum", (m, least, x) => m.minimum(least, x), Math.min, Infinity, (x) => x],
];

describe.each(FOLDS)("the fold to the %s", (_, expression, join, neutral, term) => {
  const rows = 3;
  const operandsOf = (at: ReturnType<typeof layout>, count: number) => [
    at.array(some(count)),
    at.array(some(count, 19)),
  ];

  test("takes the elements of a row in the documented order", () => {
    for (const columns of [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 19, 100]) {
      const at = layout();
      const out = at.doubles([0.5, 0.25, -2]);
      const initial = [...out];
      const [x, y] = operandsOf(at, rows * columns);
      const touchedBefore = at.touched();
      compileFold(at.memory, expression, 2)!.rows(
        rows,
        columns,
        at.table([
          [out, 2],
          [x, columns],
          [y, columns],
        ]),
        0,
      );
      for (let i = 0; i < rows; i++) {
        const terms = Array.from({ length: columns }, (_, j) => term(x[i * columns + j], y[i * columns + j]));
        expect(out[i]).toBe(join(initial[i], foldRow(join, neutral, terms)));
      }
      expect(at.touched()).toBe(touchedBefore);
    }
  });

  test("joins accumulators to others, and touches nothing beside them", () => {
    for (const count of [0, 1, 2, 3, 8, 9]) {
      const at = layout();
      const [into, other] = [1, 2].map((seed) => at.doubles([...some(count + 1, seed)]));
      const expected = [...into.map((value, i) => (i < count ? join(value, other[i]) : value)), ...other];
      const fold = compileFold(at.memory, expression, 2)!;
      fold.join(count, into.byteOffset, other.byteOffset);
      expect([...into, ...other]).toEqual(expected);
      expect([fold.joinNumbers(3, 5), fold.joinNumbers(fold.neutral, -7)]).toEqual([join(3, 5), -7]);
    }
  });

  test("takes the elements of a column from the first row to the last", () => {
    for (const [rows, columns] of [
      [1, 1],
      [3, 2],
      [5, 3],
      [2, 4],
      [130, 7],
      [64, 8],
      [65, 13],
      [3, 31],
    ]) {
      const at = layout();
      const out = at.doubles(Array.from({ length: columns }, (_, j) => j / 8));
      const expected = [...out];
      const [x, y] = operandsOf(at, rows * columns);
      const touchedBefore = at.touched();
      compileFold(at.memory, expression, 2)!.columns(
        rows,
        columns,
        at.table([
          [out, 0],
          [x, columns],
          [y, columns],
        ]),
        0,
      );
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          expected[j] = join(expected[j], term(x[i * columns + j], y[i * columns + j]));
        }
      }
      expect([...out]).toEqual(expected);
      expect(at.touched()).toBe(touchedBefore);
    }
  });
});

test("a fold may have operands that are one number a row, or one row for all", () => {
  const [rows, columns] = [70, 11];
  const weighted: Expression = (m, sum, x, weight, shift) => m.add(sum, m.mul(m.add(x, shift), weight));
  const at = layout();
  const [byRow, byColumn] = [at.doubles(Array(rows).fill(0)), at.doubles(Array(columns).fill(0))];
  const [x, weight, shift] = [some(rows * columns), some(rows, 5), some(columns, 8)].map(at.array);
  const entries = [
    [x, columns],
    [weight, 1],
    [shift, 0],
  ] as const;
  const fold = compileFold(at.memory, weighted, 3)!;
  fold.rows(rows, columns, at.table([[byRow, 2], ...entries]), 0b010);
  fold.columns(rows, columns, at.table([[byColumn, 0], ...entries]), 0b010);
  const term = (i: number, j: number) => fround(fround(x[i * columns + j] + shift[j]) * weight[i]);
  const sum = (a: number, b: number) => a + b;
  for (let i = 0; i < rows; i++) {
    expect(byRow[i]).toBe(
      foldRow(
        sum,
        0,
        Array.from({ length: columns }, (_, j) => term(i, j)),
      ),
    );
  }
  for (let j = 0; j < columns; j++) {
    expect(byColumn[j]).toBe(Array.from({ length: rows }, (_, i) => term(i, j)).reduce(sum, 0));
  }
});

test("extrema keep NaN and tell −0 from 0", () => {
  const at = layout();
  const out = at.doubles([-Infinity, -Infinity]);
  const x = at.array([1, 2, NaN, 4, 5, 6, 7, 8, 9, -1, -0, 0, -0, -0, -0, -0, -0, -0]);
  compileFold(at.memory, (m, most, x) => m.maximum(most, x), 1)!.rows(
    2,
    9,
    at.table([
      [out, 2],
      [x, 9],
    ]),
    0,
  );
  expect([...out]).toEqual([NaN, 0]);
});

test("a sum of a million float32 numbers is rounded correctly", () => {
  const count = 1_000_000;
  const memory = new WebAssembly.Memory({ initial: 64 });
  const x = new Float32Array(memory.buffer, 1024, count).map(
    (_, i) => ((i * 0.6180339887) % 1) * 10 ** ((i % 9) - 4),
  );
  new Float32Array(memory.buffer, 1024, count).set(x);
  const out = new Float64Array(memory.buffer, 512, 1);
  new Int32Array(memory.buffer).set([512, 0, 1024, 0]);
  compileFold(memory, (m, sum, x) => m.add(sum, x), 1)!.rows(1, count, 0, 0);
  // Exact: every float32 of at least 2⁻⁶⁰ or so is a whole number of 2⁻⁹⁰.
  const exact = x.reduce((sum, value) => sum + BigInt(value * 2 ** 60) * 2n ** 30n, 0n);
  expect(fround(out[0])).toBe(fround(Number(exact) / 2 ** 90));
});

test("a fold that is not a term joined to the accumulator is left to the plain backend", () => {
  const { memory } = layout();
  const refused: Expression[] = [
    (m, accumulator, x) => m.sub(accumulator, x),
    (m, accumulator, x) => m.add(m.mul(accumulator, m.constant(0.5)), x),
    (m, accumulator, x) => m.add(accumulator, m.mul(accumulator, x)),
    (m, accumulator) => m.add(accumulator, accumulator),
    (_, _accumulator, x) => x,
  ];
  expect(refused.map((expression) => compileFold(memory, expression, 1))).toEqual(refused.map(() => null));
});
