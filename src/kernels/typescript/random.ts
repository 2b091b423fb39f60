/**
 * The random numbers of a reservation: Threefry-2x32 with 20 rounds, and what uniform and normal numbers are made of
 * its words (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 */

import { cosReduced, log, sinReduced } from "../math.ts";
import type { FloatArray } from "../types.ts";

/** A run of counter blocks reserved from a stream: enough to make the same numbers again, anywhere. */
export interface Draw {
  /** The stream's 64-bit key as two unsigned 32-bit words. */
  readonly key: readonly [number, number];
  /** The first block's counter, low word first. */
  readonly counter: readonly [number, number];
}

/**
 * Fills `out` from a reservation: elements 2b and 2b + 1 are (w >>> 8) · 2⁻²⁴ for the two words w of block b. So element i
 * depends on the key and counter + ⌊i/2⌋ only, and a shorter `out` gets the first elements of a longer one.
 */
export function uniformAt(draw: Draw, out: FloatArray): void {
  const length = out.length;
  for (let start = 0; start < length; start += words.length) {
    const end = Math.min(words.length, length - start);
    fillWords(draw, start, end);
    for (let i = 0; i < end; i++) out[start + i] = (words[i] >>> 8) * (1 / TWO_TO_24);
  }
}

/**
 * Fills `out` with standard normal numbers from a reservation, by the method of Box and Muller (1958). From the words w0, w1
 * of block b: u = ((w0 >>> 8) + 1) · 2⁻²⁴ in (0, 1], radius = √(−2 ln u), angle = 2π (w1 >>> 8) · 2⁻²⁴; element 2b is
 * radius · cos angle, element 2b + 1 radius · sin angle, in float64. A Float32Array holds the same numbers rounded.
 * The greatest magnitude is √(48 ln 2) = 5.77.
 */
export function normalAt(draw: Draw, out: FloatArray): void {
  const length = out.length;
  for (let start = 0; start < length; start += words.length) {
    const end = Math.min(words.length, length - start);
    fillWords(draw, start, end);
    for (let i = 0; i < end; i += 2) {
      const radius = Math.sqrt(-2 * log(((words[i] >>> 8) + 1) * (1 / TWO_TO_24)));
      const turn = words[i + 1] >>> 8;
      const nearest = (turn + 0x200000) >> 22; // quarter turn, so that |angle| ≤ π/4
      const angle = (turn - (nearest << 22)) * (HALF_PI / 0x400000);
      const sine = sinReduced(angle, 0);
      const cosine = cosReduced(angle, 0);
      // Rotating by 0 and ±1 is exact; a branch on random bits would be mispredicted half the time.
      const a = COS_QUADRANT[nearest & 3];
      const b = SIN_QUADRANT[nearest & 3];
      out[start + i] = radius * (cosine * a - sine * b);
      if (i + 1 < end) out[start + i + 1] = radius * (sine * a + cosine * b);
    }
  }
}

/** The words for `count` elements from `start` on; an odd count gets its last block whole. */
function fillWords(draw: Draw, start: number, count: number): void {
  const [low, high] = draw.counter;
  threefryBlocks(draw.key[0], draw.key[1], low + start / 2, high, words, count);
}

/**
 * Threefry-2x32-20: writes the two words for a key (key0, key1) and a counter (counter0, counter1), each a 32-bit word, to `out`.
 * @example threefry2x32(0, 0, 0, 0, new Uint32Array(2)) // 0x6b200159, 0x99ba4efe
 */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Uint32Array | Int32Array | [number, number],
): void {
  threefryBlocks(key0, key1, counter0, counter1, block, 2);
  out[0] = block[0] >>> 0;
  out[1] = block[1] >>> 0;
}

/**
 * Fills the first `count` words of `out` (one more if odd) with the blocks of the counters (counter0, counter1), (counter0 + 1,
 * counter1) …, two words each. A round adds the second word to the first and mixes it back by a rotation; after every four
 * rounds a part of the key is added. The rotations and the parity constant are the paper's. In int32 arithmetic throughout.
 */
export function threefryBlocks(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Int32Array,
  count: number,
): void {
  const k0 = key0 | 0;
  const k1 = key1 | 0;
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  const high = (counter1 + k1) | 0;
  for (let i = 0, low = (counter0 + k0) | 0; i < count; i += 2, low = (low + 1) | 0) {
    let a = (low + high) | 0;
    let b = rotate(high, 13) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 15) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 26) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 6) ^ a;
    b = (b + k2 + 1) | 0;
    a = (a + k1 + b) | 0;
    b = rotate(b, 17) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 29) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 16) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 24) ^ a;
    b = (b + k0 + 2) | 0;
    a = (a + k2 + b) | 0;
    b = rotate(b, 13) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 15) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 26) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 6) ^ a;
    b = (b + k1 + 3) | 0;
    a = (a + k0 + b) | 0;
    b = rotate(b, 17) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 29) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 16) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 24) ^ a;
    b = (b + k2 + 4) | 0;
    a = (a + k1 + b) | 0;
    b = rotate(b, 13) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 15) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 26) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 6) ^ a;
    out[i] = a + k2;
    out[i + 1] = b + k0 + 5;
  }
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

const TWO_TO_24 = 0x1000000;
const HALF_PI = 1.5707963267948966;
const COS_QUADRANT = /* @__PURE__ */ Float64Array.of(1, 0, -1, 0);
const SIN_QUADRANT = /* @__PURE__ */ Float64Array.of(0, 1, 0, -1);

// Scratch: drawing allocates nothing. 512 blocks (4 kB) stay in the first-level cache.
const block = /* @__PURE__ */ new Int32Array(2);
const words = /* @__PURE__ */ new Int32Array(1024);
