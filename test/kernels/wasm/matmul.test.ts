import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { createMatmul, DEPTH, matmulModule, scratchBytes } from "../../../src/kernels/wasm/matmul.ts";

/** One product to compute: shape, strides in elements, with or without bias. */
interface Case {
  m: number;
  n: number;
  k: number;
  aStrides: readonly [number, number];
  bStrides: readonly [number, number];
  bias?: boolean;
  seed?: number;
  special?: boolean;
}

const PAGES = 64;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
const words = new Float32Array(memory.buffer);
const matmul = createMatmul(memory);

const UNTOUCHED = 12345;
const MARGIN = 9; // elements around each region that must stay as they are

/**
 * Both results. The operands lie at the very end of the memory, so that a read behind them traps; scratch is full
 * of NaN, and so is all that lies between the elements of an operand.
 */
function bothResults(given: Case): { fast: Float32Array; reference: Float32Array; bound: Float32Array } {
  const { m, n, k } = given;
  const next = numbers(given.seed ?? 1, given.special ?? false);
  words.fill(Number.NaN);
  let end = words.length;
  const place = (rows: number, columns: number, [rowStride, columnStride]: readonly [number, number]) => {
    const spans = [Math.max(rows - 1, 0) * rowStride, Math.max(columns - 1, 0) * columnStride];
    const size = 1 + Math.abs(spans[0]) + Math.abs(spans[1]);
    const offset = end - size - Math.min(spans[0], 0) - Math.min(spans[1], 0);
    end -= size;
    const at = (i: number, j: number) => offset + i * rowStride + j * columnStride;
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) words[at(i, j)] = next();
    return { address: 4 * offset, at };
  };
  const b = place(k, n, given.bStrides);
  const a = place(m, k, given.aStrides);
  const bias = given.bias ? place(1, n, [n, 1]) : undefined;

  const reference = new Float32Array(m * n);
  const bound = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      // The documented order of summation, in float32.
      let total = 0;
      for (let start = 0; start < k; start += DEPTH) {
        let sum = 0;
        for (let t = start; t < Math.min(start + DEPTH, k); t++) {
          sum = Math.fround(sum + Math.fround(words[a.at(i, t)] * words[b.at(t, j)]));
          bound[i * n + j] += Math.abs(words[a.at(i, t)] * words[b.at(t, j)]);
        }
        total = start === 0 ? sum : Math.fround(total + sum);
      }
      if (bias !== undefined) total += words[bias.at(0, j)];
      reference[i * n + j] = total;
    }
  }

  const out = MARGIN;
  const scratch = out + m * n + MARGIN;
  const scratchEnd = scratch + scratchBytes(m, n, k) / 4;
  expect(scratchEnd + MARGIN).toBeLessThan(end);
  words.fill(UNTOUCHED, 0, scratch);
  words.fill(UNTOUCHED, scratchEnd, scratchEnd + MARGIN);
  const operandsBefore = words.slice(end);
  const aPlace = [a.address, ...given.aStrides] as const;
  const bPlace = [b.address, ...given.bStrides] as const;
  matmul(m, n, k, 4 * out, ...aPlace, ...bPlace, bias?.address ?? 0, 4 * scratch);

  const around = [...words.slice(0, out), ...words.slice(out + m * n, scratch)];
  around.push(...words.slice(scratchEnd, scratchEnd + MARGIN));
  expect(around).toEqual(Array(around.length).fill(UNTOUCHED));
  expect(firstDifference(words.slice(end), operandsBefore)).toBe(-1);
  return { fast: words.slice(out, out + m * n), reference, bound };
}

/** Object.is tells −0 from 0 and holds for NaN; a loop, since expect() per element would take seconds. */
function firstDifference(actual: Float32Array, expected: Float32Array): number {
  return actual.findIndex((value, index) => !Object.is(value, expected[index]));
}

function expectSameBits(given: Case): void {
  const { fast, reference } = bothResults(given);
  const at = firstDifference(fast, reference);
  expect(at, `${fast[at]} instead of ${reference[at]} at this index`).toBe(-1);
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-45, 1e-40, 3e38];

/** A multiplicative congruential generator (Lehmer; multiplier 48271): numbers of both signs and many sizes. */
function numbers(seed: number, special: boolean): () => number {
  let state = (seed % 2147483646) + 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return () => {
    if (special && uniform() < 0.05) return SPECIAL[Math.floor(uniform() * SPECIAL.length)];
    return (uniform() - 0.5) * 2 ** Math.floor(uniform() * 20 - 10);
  };
}

/** The ways in which operands lie in memory: [strides of A, strides of B]. */
const LAYOUTS: Record<
  string,
  (m: number, n: number, k: number) => readonly [readonly [number, number], readonly [number, number]]
> = {
  A·B: (_m, n, k) => [
    [k, 1],
    [n, 1],
  ],
  A·Bᵀ: (_m, _n, k) => [
    [k, 1],
    [1, k],
  ],
  Aᵀ·B: (m, n) => [
    [1, m],
    [n, 1],
  ],
  Aᵀ·Bᵀ: (m, _n, k) => [
    [1, m],
    [1, k],
  ],
  expanded: () => [
    [0, 1],
    [1, 0],
  ],
  "one number": () => [
    [0, 0],
    [0, 0],
  ],
  "rows expanded in place": () => [
    [1, 0],
    [0, 1],
  ],
  reversed: (_m, n, k) => [
    [-k, -1],
    [-n, -1],
  ],
  "rows reversed in place": (m, n) => [
    [1, -m],
    [-n, 1],
  ],
  sliced: (m, n, k) => [
    [2 * k + 1, 2],
    [3, 3 * k + n + m],
  ],
};

describe("WebAssembly matmul", () => {
  test("multiplies a 2 × 3 by a 3 × 2 matrix and adds a bias to each row", () => {
    // Done by hand: the reference of the other tests could be wrong together with the kernel.
    words.set([1, 2, 3, 4, 5, 6], 0);
    words.set([7, 8, 9, 10, 11, 12], 8);
    words.set([0.5, -0.5], 16);
    matmul(2, 2, 3, 80, 0, 3, 1, 32, 2, 1, 0, 128);
    expect([...words.slice(20, 24)]).toEqual([58, 64, 139, 154]);
    matmul(2, 2, 3, 80, 0, 3, 1, 32, 2, 1, 64, 128);
    expect([...words.slice(20, 24)]).toEqual([58.5, 63.5, 139.5, 153.5]);
  });

  test("is a module below the 4 kB that a page's main thread may compile", () => {
    expect(matmulModule().length).toBeLessThan(4096);
  });

  test("asks for at most 385 KiB of scratch, whatever the size", () => {
    expect(scratchBytes(1e6, 1e6, 1e6)).toBe(128 + 4 * 256 * (128 + 256));
  });

  test("rounds every product and every sum to float32, in the order of k", () => {
    // 1 + 2²⁴ is 2²⁴ in float32, so the 1 is lost when it comes first and kept when it comes last.
    words.set([1, 2 ** 24, -(2 ** 24), 2 ** 24, -(2 ** 24), 1], 0);
    words.set([1], 16);
    matmul(2, 9, 3, 128, 0, 3, 1, 64, 0, 0, 0, 512);
    expect([...words.slice(32, 50)]).toEqual([...Array(9).fill(0), ...Array(9).fill(1)]);
  });

  test("sums blocks of 256 terms apart and adds the sums in order", () => {
    // The ones of the second block are lost one by one beside 2²⁴, but not their sum.
    words.fill(1, 0, 512);
    words[0] = 2 ** 24;
    words[600] = 1;
    matmul(1, 1, 512, 2800, 0, 512, 1, 2400, 0, 0, 0, 4000);
    expect(words[700]).toBe(2 ** 24 + 256);
  });

  test("of an empty sum is zero, or the bias", () => {
    words.set([1, 2, 3], 4);
    words.fill(UNTOUCHED, 8, 20);
    matmul(2, 3, 0, 32, 64, 0, 1, 64, 3, 1, 0, 128);
    expect([...words.slice(8, 15)]).toEqual([0, 0, 0, 0, 0, 0, UNTOUCHED]);
    matmul(2, 3, 0, 32, 64, 0, 1, 64, 3, 1, 16, 128);
    expect([...words.slice(8, 15)]).toEqual([1, 2, 3, 1, 2, 3, UNTOUCHED]);
  });

  test.each([
    [0, 5],
    [5, 0],
    [0, 0],
  ])("writes nothing for a result of %i × %i", (m, n) => {
    expectSameBits({ m, n, k: 3, aStrides: [3, 1], bStrides: [n, 1], bias: true });
  });

  // Tile 4 × 8 or 4 × 4, block 128 × 256 × 256, operands in place up to 64: one less, equal, one more.
  const sizes = [
    ...[1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17].map((size) => [size, size, size]),
    ...[
      [1, 70, 50],
      [70, 1, 50],
      [3, 4, 9],
      [4, 3, 9],
      [5, 4, 8],
      [4, 5, 8],
      [6, 12, 7],
      [8, 8, 1],
    ],
    ...[
      [64, 64, 9],
      [65, 64, 9],
      [64, 72, 9],
      [72, 72, 9],
      [127, 8, 5],
      [128, 16, 5],
      [129, 17, 5],
    ],
    ...[
      [260, 20, 6],
      [8, 255, 5],
      [8, 256, 5],
      [8, 257, 5],
      [12, 264, 5],
      [68, 520, 4],
    ],
    ...[
      [4, 8, 255],
      [4, 8, 256],
      [4, 8, 257],
      [7, 9, 513],
      [9, 4, 600],
      [66, 70, 300],
    ],
    ...[
      [132, 264, 260],
      [16, 4, 800],
      [50, 32, 800],
      [100, 50, 32],
    ],
  ];
  test.each(Object.entries(LAYOUTS))(
    "equals the plain loop to the last bit around all edges: %s",
    (_, layout) => {
      for (const [m, n, k] of sizes) {
        const [aStrides, bStrides] = layout(m, n, k);
        for (const bias of [false, true]) expectSameBits({ m, n, k, aStrides, bStrides, bias });
      }
    },
  );

  test.each(Object.entries(LAYOUTS))(
    "carries NaN, infinities, zeros of both signs and subnormals: %s",
    (_, layout) => {
      for (const [seed, [m, n, k]] of [
        [5, 3, 2],
        [9, 17, 6],
        [16, 16, 3],
        [5, 9, 300],
      ].entries()) {
        const [aStrides, bStrides] = layout(m, n, k);
        expectSameBits({ m, n, k, aStrides, bStrides, bias: true, special: true, seed: seed + 7 });
      }
    },
  );

  const size = fc.integer({ min: 1, max: 40 });
  const stride = fc.integer({ min: -50, max: 50 });
  property.prop([
    fc.record({
      m: size,
      n: size,
      k: fc.oneof(size, fc.integer({ min: 250, max: 270 })),
      aStrides: fc.tuple(stride, stride),
      bStrides: fc.tuple(stride, stride),
      bias: fc.boolean(),
      seed: fc.nat(),
    }),
  ])("equals the plain loop to the last bit for any strides", expectSameBits);

  property.prop([
    fc.record({
      m: size,
      n: size,
      k: fc.integer({ min: 1, max: 700 }),
      seed: fc.nat(),
    }),
  ])("stays within the error bound of its order of summation", ({ m, n, k, seed }) => {
    const { fast, bound } = bothResults({ m, n, k, aStrides: [k, 1], bStrides: [n, 1], seed });
    // The operands are still in memory: B at its end, A before it.
    const b = words.length - k * n;
    const a = b - m * k;
    // γ_r |A||B| (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1): a term is rounded as
    // a product, in at most 256 sums of its block and in the sums of the blocks; r u / (1 − r u), u = 2⁻²⁴. The 2⁻²²
    // is for `bound` itself, a float32 sum of magnitudes; 1e-45 per term for products that are subnormal.
    const r = Math.min(k, DEPTH) + Math.ceil(k / DEPTH);
    const gamma = (r * 2 ** -24) / (1 - r * 2 ** -24);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let exact = 0;
        for (let t = 0; t < k; t++) exact += words[a + i * k + t] * words[b + t * n + j];
        const allowed = gamma * bound[i * n + j] * (1 + k * 2 ** -22) + k * 1e-45;
        expect(Math.abs(fast[i * n + j] - exact)).toBeLessThanOrEqual(allowed);
      }
    }
  });
});
