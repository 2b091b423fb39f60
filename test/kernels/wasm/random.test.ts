import { expect, test } from "vitest";
import { normalAt, uniformAt } from "../../../src/kernels/typescript/random.ts";
import {
  createRandom,
  normalPair,
  RANDOM_SCRATCH_BYTES,
  randomModule,
  uniformPair,
} from "../../../src/kernels/wasm/random.ts";

const memory = new WebAssembly.Memory({ initial: 16 });
const random = createRandom(memory);
const OUT = RANDOM_SCRATCH_BYTES;
const DRAWS = [
  { key: [0, 0], counter: [0, 0] },
  { key: [42, 0x9e3779b9], counter: [123456, 7] },
  { key: [0xffffffff, 0x80000000], counter: [2 ** 32 - 1000, 0xffffffff] },
] as const;
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 1023, 1024, 1025, 1033, 2000];

/** What a fill writes for a draw; the element behind the last is checked to be left alone. */
function filled(
  distribution: "uniform" | "normal",
  draw: (typeof DRAWS)[number],
  count: number,
): Float32Array {
  const out = new Float32Array(memory.buffer, OUT, count + 1).fill(99);
  const { key, counter } = draw;
  random[distribution](OUT, count, key[0], key[1], counter[0], counter[1], 0);
  expect(out[count]).toBe(99);
  return out.slice(0, count);
}

test.each(DRAWS)("uniform numbers are bit for bit those of the plain backend: %o", (draw) => {
  for (const count of COUNTS) {
    const expected = new Float32Array(count);
    uniformAt(draw, expected);
    expect(filled("uniform", draw, count)).toEqual(expected);
  }
});

test.each(DRAWS)("normal numbers are within 4 ulp of the plain backend's float64: %o", (draw) => {
  for (const count of COUNTS) {
    const expected = new Float64Array(count);
    normalAt(draw, expected);
    filled("normal", draw, count).forEach((value, i) => {
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(expected[i]))) - 23);
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(4 * ulp);
    });
  }
});

test("200,000 normal numbers have the moments of the distribution", () => {
  const x = filled("normal", DRAWS[1], 200_000);
  const mean = (power: number) => x.reduce((sum, value) => sum + value ** power, 0) / x.length;
  // Five standard deviations: those of x, x², x³, x⁴ are √1, √2, √15, √96.
  const tolerance = (variance: number) => 5 * Math.sqrt(variance / x.length);
  expect(Math.abs(mean(1))).toBeLessThan(tolerance(1));
  expect(Math.abs(mean(2) - 1)).toBeLessThan(tolerance(2));
  expect(Math.abs(mean(3))).toBeLessThan(tolerance(15));
  expect(Math.abs(mean(4) - 3)).toBeLessThan(tolerance(96));
});

test("the modules stay below 4 kB", () => {
  for (const pair of [uniformPair, normalPair]) expect(randomModule(pair).length).toBeLessThan(4096);
});
