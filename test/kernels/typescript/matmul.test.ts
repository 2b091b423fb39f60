import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { FloatArray } from "../../../src/kernels/types.ts";
import {
  type MatrixView,
  matmul,
  matmulNaive,
  type VectorView,
} from "../../../src/kernels/typescript/matmul.ts";

type FloatArrayType = typeof Float32Array | typeof Float64Array;

/** One product to compute by both routines: shape, strides, and the number types of operands and output. */
interface Case {
  m: number;
  n: number;
  k: number;
  aStrides: readonly [number, number];
  bStrides: readonly [number, number];
  biasStride?: number | undefined;
  margin?: number;
  seed?: number;
  special?: boolean;
  Input?: FloatArrayType;
  Output?: FloatArrayType;
}

const UNTOUCHED = 12345;

/** Both results, each in an array with a margin around it that the kernel must leave alone. */
function bothResults(given: Case): [FloatArray, FloatArray] {
  const {
    m,
    n,
    k,
    biasStride,
    margin = 3,
    special = false,
    Input = Float32Array,
    Output = Float32Array,
  } = given;
  const next = numbers(given.seed ?? 1, special);
  const a = view(Input, m, k, given.aStrides, margin, next);
  const b = view(Input, k, n, given.bStrides, margin, next);
  let bias: VectorView | undefined;
  if (biasStride !== undefined) {
    const row = view(Input, 1, n, [0, biasStride], margin, next);
    bias = { data: row.data, offset: row.offset, stride: row.columnStride };
  }
  return [matmul, matmulNaive].map((product) => {
    const out = new Output(m * n + 2 * margin).fill(UNTOUCHED);
    product(a, b, out, margin, m, n, k, bias);
    return out;
  }) as [FloatArray, FloatArray];
}

function expectSameBits(given: Case): void {
  const [fast, naive] = bothResults(given);
  // Object.is tells −0 from 0 and holds for NaN; a loop, since expect() per element would take seconds.
  const differing = fast.findIndex((value, index) => !Object.is(value, naive[index]));
  expect(differing, `${fast[differing]} instead of ${naive[differing]} at this index`).toBe(-1);
  const margin = given.margin ?? 3;
  expect([...fast.slice(0, margin), ...fast.slice(fast.length - margin)]).toEqual(
    Array(2 * margin).fill(UNTOUCHED),
  );
}

/** A view of random numbers with any strides: its offset is such that every element lies in the array. */
function view(
  Type: FloatArrayType,
  rows: number,
  columns: number,
  [rowStride, columnStride]: readonly [number, number],
  margin: number,
  next: () => number,
): MatrixView {
  const rowSpan = Math.max(rows - 1, 0) * rowStride;
  const columnSpan = Math.max(columns - 1, 0) * columnStride;
  const offset = margin - Math.min(rowSpan, 0) - Math.min(columnSpan, 0);
  const data = new Type(2 * margin + 1 + Math.abs(rowSpan) + Math.abs(columnSpan)).map(next);
  return { data, offset, rowStride, columnStride };
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-45, 5e-324, 3e38];

/** A multiplicative congruential generator (Lehmer; multiplier 48271): numbers of both signs and many sizes. */
function numbers(seed: number, special: boolean): () => number {
  let state = (seed % 2147483646) + 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return () => {
    if (special && uniform() < 0.05) return SPECIAL[Math.floor(uniform() * SPECIAL.length)];
    return (uniform() - 0.5) * 2 ** Math.floor(uniform() * 40 - 20);
  };
}

const contiguous = (columns: number): [number, number] => [columns, 1];

describe("matmul", () => {
  test("multiplies a 2 × 3 by a 3 × 2 matrix and adds a bias to each row", () => {
    // The figures are done by hand; both routines must give them, or they could be wrong together.
    const a = { data: new Float32Array([1, 2, 3, 4, 5, 6]), offset: 0, rowStride: 3, columnStride: 1 };
    const b = { data: new Float32Array([7, 8, 9, 10, 11, 12]), offset: 0, rowStride: 2, columnStride: 1 };
    const bias = { data: new Float32Array([0.5, -0.5]), offset: 0, stride: 1 };
    for (const product of [matmul, matmulNaive]) {
      const out = new Float32Array(4);
      product(a, b, out, 0, 2, 2, 3);
      expect([...out]).toEqual([58, 64, 139, 154]);
      product(a, b, out, 0, 2, 2, 3, bias);
      expect([...out]).toEqual([58.5, 63.5, 139.5, 153.5]);
    }
  });

  test("adds the products of an element in the order of k, then the bias", () => {
    // (1 + 2⁶⁰) − 2⁶⁰ is 0 in float64, 1 + (2⁶⁰ − 2⁶⁰) is 1; all rows and columns are alike. 6 × 6 × 3 is packed.
    const a = { data: new Float64Array([1, 2 ** 60, -(2 ** 60)]), offset: 0, rowStride: 0, columnStride: 1 };
    const b = { data: new Float64Array([1]), offset: 0, rowStride: 0, columnStride: 0 };
    const bias = { data: new Float64Array([2 ** -60]), offset: 0, stride: 0 };
    for (const product of [matmul, matmulNaive]) {
      const out = new Float64Array(36).fill(UNTOUCHED);
      product(a, b, out, 0, 6, 6, 3);
      expect([...out]).toEqual(Array(36).fill(0));
      product(a, b, out, 0, 6, 6, 3, bias);
      expect([...out]).toEqual(Array(36).fill(2 ** -60));
    }
  });

  test("rounds a float32 result once, after the bias", () => {
    // In float32 each 2⁻²⁵ would be lost beside 1; together they are 3/4 of a unit in the last place, 2⁻²³.
    const a = { data: new Float32Array([1, 1, 1]), offset: 0, rowStride: 0, columnStride: 1 };
    const b = { data: new Float32Array([1, 2 ** -25, 2 ** -25]), offset: 0, rowStride: 1, columnStride: 0 };
    const bias = { data: new Float32Array([2 ** -24]), offset: 0, stride: 0 };
    for (const product of [matmul, matmulNaive]) {
      const out = new Float32Array(36);
      product(a, b, out, 0, 6, 6, 3, bias);
      expect([...out]).toEqual(Array(36).fill(1 + 2 ** -23));
    }
  });

  test.each([Float32Array, Float64Array])("of an empty sum is zero, or the bias (%o)", (Output) => {
    const empty = { data: new Output(0), offset: 0, rowStride: 0, columnStride: 0 };
    const bias = { data: new Output([1, 2, 3]), offset: 2, stride: -1 };
    for (const product of [matmul, matmulNaive]) {
      const out = new Output(6).fill(UNTOUCHED);
      product(empty, empty, out, 0, 2, 3, 0);
      expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
      product(empty, empty, out, 0, 2, 3, 0, bias);
      expect([...out]).toEqual([3, 2, 1, 3, 2, 1]);
    }
  });

  // Tile 3 × 2, block 240 × 64 × 1024: one less, equal, one more, and two blocks.
  test.each([
    [0, 5, 5],
    [5, 0, 5],
    [1, 1, 1],
    [1, 70, 50],
    [70, 1, 50],
    [2, 2, 16],
    [2, 2, 17],
    [3, 2, 11],
    [4, 3, 11],
    [5, 4, 11],
    [6, 6, 11],
    [7, 5, 11],
    [239, 63, 4],
    [240, 64, 4],
    [241, 65, 4],
    [482, 5, 4],
    [5, 130, 4],
    [4, 3, 1023],
    [4, 3, 1024],
    [4, 3, 1025],
    [7, 67, 2050],
    [241, 65, 1026],
    [800, 32, 50],
    [16, 4, 800],
  ])("of %d × %d over %d terms has the bits of the naive loop, with and without bias", (m, n, k) => {
    for (const biasStride of [undefined, 1]) {
      expectSameBits({ m, n, k, aStrides: contiguous(k), bStrides: contiguous(n), biasStride });
    }
  });

  const [m, n, k] = [67, 69, 31];
  test.each<[string, Pick<Case, "aStrides" | "bStrides" | "biasStride">]>([
    ["A transposed", { aStrides: [1, m], bStrides: [n, 1] }],
    ["B transposed", { aStrides: [k, 1], bStrides: [1, k] }],
    ["both transposed", { aStrides: [1, m], bStrides: [1, k] }],
    ["every second row and third column", { aStrides: [6 * k, 3], bStrides: [6 * n, 3], biasStride: 2 }],
    ["reversed axes", { aStrides: [-k, 1], bStrides: [n, -1], biasStride: -1 }],
    ["one row expanded", { aStrides: [0, 1], bStrides: [0, 1], biasStride: 0 }],
    ["one column expanded", { aStrides: [1, 0], bStrides: [1, 0], biasStride: 0 }],
  ])("of views has the bits of the naive loop: %s", (_, strides) => {
    for (const Input of [Float32Array, Float64Array]) {
      for (const Output of [Float32Array, Float64Array]) {
        expectSameBits({ m, n, k, ...strides, Input, Output });
      }
    }
  });

  const size = fc.integer({ min: 0, max: 40 });
  const strides = fc.tuple(fc.integer({ min: -45, max: 45 }), fc.integer({ min: -45, max: 45 }));
  const type = fc.constantFrom(Float32Array, Float64Array);
  property.prop({
    m: size,
    n: size,
    k: size,
    aStrides: strides,
    bStrides: strides,
    biasStride: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
    margin: fc.integer({ min: 0, max: 9 }),
    seed: fc.nat(),
    special: fc.boolean(),
    Input: type,
    Output: type,
  })("has the bits of the naive loop for any shape and strides, NaN and infinities included", (given) => {
    expectSameBits(given);
  });

  test("keeps NaN and infinity in the rows and columns that hold them", () => {
    // 7 × 7 over 5 terms is packed and has edge tiles, whose surplus lanes must not reach a kept element.
    const ones = () => new Float32Array(35).fill(1);
    const a = { data: ones(), offset: 0, rowStride: 5, columnStride: 1 };
    const b = { data: ones(), offset: 0, rowStride: 7, columnStride: 1 };
    a.data[6 * 5 + 2] = Infinity;
    b.data[3 * 7 + 6] = Number.NaN;
    const out = new Float32Array(49);
    matmul(a, b, out, 0, 7, 7, 5);
    const expected = (i: number, j: number) => (j === 6 ? Number.NaN : i === 6 ? Infinity : 5);
    expect([...out]).toEqual(Array.from(out, (_, index) => expected(Math.floor(index / 7), index % 7)));
  });

  test("gives the same answer again after a larger product has used the scratch", () => {
    const small: Case = { m: 7, n: 5, k: 9, aStrides: [9, 1], bStrides: [5, 1] };
    const [before] = bothResults(small);
    bothResults({
      m: 300,
      n: 70,
      k: 1100,
      aStrides: [1100, 1],
      bStrides: [70, 1],
      biasStride: 1,
      special: true,
    });
    expect(bothResults(small)[0]).toEqual(before);
  });
});
