/**
 * Random numbers that are a pure function of (key, counter): a splittable generator whose every draw can be named,
 * repeated, and computed in any order or on any number of threads with the same bits.
 *
 * The generator is Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011. It maps a 64-bit key and a 64-bit counter to 64 random bits (one block, two words).
 */

import { cos, log } from "../kernels/math.ts";
import type { FloatArray } from "../kernels/types.ts";
import {
  type Draw,
  normalAt,
  threefry2x32,
  threefryBlocks,
  uniformAt,
} from "../kernels/typescript/random.ts";
import { watcher } from "../kernels/watch.ts";
import { clip, describeOther, describeValue } from "./check.ts";
import { ArgumentError } from "./errors.ts";

/** The full state of a stream; plain numbers, so it can be stored as JSON. */
export interface RandomState {
  /** What the seed, and every split and fork, gave: two words of 32 bits. */
  key: [number, number];
  /** The next block's counter, low word first. */
  counter: [number, number];
}

/**
 * A stream of random numbers. Two streams with the same seed give the same numbers; `split` and `fork` make independent ones.
 * @example
 * const random = new Random(42);
 * random.uniform(); // in [0, 1)
 * random.normal(10, 2); // mean 10, standard deviation 2
 * const noise = new Float32Array(100);
 * random.fork("noise").fillNormal(noise);
 */
export class Random {
  // Properties of its own, and not #private ones: what asserts compare, so that other streams differ.
  private readonly key: readonly [number, number];
  private low = 0;
  private high = 0;

  /**
   * The stream of a seed, from its first number.
   *
   * @param seed a safe integer, or a bigint from −2⁶³ to 2⁶⁴ − 1; its 64 bits are the key
   * @throws ArgumentError for any other seed
   */
  constructor(seed: number | bigint) {
    if (
      typeof seed === "bigint"
        ? BigInt.asIntN(64, seed) !== seed && BigInt.asUintN(64, seed) !== seed
        : !Number.isSafeInteger(seed)
    ) {
      throw new ArgumentError(
        "Random",
        `the seed ${seed} is not a safe integer or a 64-bit bigint`,
        "pass a whole number such as new Random(42)",
      );
    }
    const bits = BigInt.asUintN(64, BigInt(seed));
    this.key = [Number(bits >> 32n), Number(bits & 0xffffffffn)];
  }

  /** The stream that `state()` described, continuing with the same bits. Throws ArgumentError if it is not a state. */
  static fromState(state: { readonly key: readonly number[]; readonly counter: readonly number[] }): Random {
    for (const name of ["key", "counter"] as const) {
      const words = state[name];
      if (words?.length !== 2 || !words.every((word) => Number.isInteger(word) && word >>> 0 === word)) {
        throw new ArgumentError(
          "Random.fromState",
          `${name} is ${Array.isArray(words) ? clip(`[${words}]`) : describeValue(words)}, not two unsigned 32-bit words`,
          "pass what state() returned",
        );
      }
    }
    const random = new Random((BigInt(state.key[0]) << 32n) | BigInt(state.key[1]));
    [random.low, random.high] = state.counter;
    return random;
  }

  /** Key and counter: all there is to save. */
  state(): RandomState {
    const { key, counter } = this.draw(0);
    return { key: [...key], counter: [...counter] };
  }

  /**
   * `count` streams, distinct and independent of each other and of this one. They depend on how much has been drawn:
   * a second call gives other streams.
   */
  split(count = 2): Random[] {
    requireInteger("Random.split", "count", count, 0);
    const { key, counter } = this.draw(count);
    return Array.from({ length: count }, (_, i) => streamOfBlock(key, counter[0] + i, counter[1]));
  }

  /**
   * The stream named `label` (a string or a safe integer) under this one. It depends on this stream's key only, not on how
   * much was drawn, so a draw added elsewhere does not shift it; the same label gives the same stream again.
   * @example new Random(1).fork("dropout").fork(3)
   */
  fork(label: string | number): Random {
    // The key is hashed with each word of the label in turn. Upper counter words of 2³¹ and more, which no draw reaches, keep
    // these blocks apart from drawn ones; a first block of its own tells a label from a chain of labels, and text from numbers.
    if (typeof label === "string") {
      let child = streamOfBlock(this.key, 0, 0x80000000);
      for (let i = 0; i < label.length; i++) {
        child = streamOfBlock(child.key, label.charCodeAt(i), 0x80000001);
      }
      return child;
    }
    requireInteger("Random.fork", "label", label, Number.MIN_SAFE_INTEGER);
    const child = streamOfBlock(this.key, label >>> 0, 0x80000002);
    return streamOfBlock(child.key, Math.floor(label / TWO_TO_32) >>> 0, 0x80000003);
  }

  /** A float64 with 53 random bits, uniform in [low, high). Throws ArgumentError unless low < high, both finite. */
  uniform(low = 0, high = 1): number {
    if (!(low < high && high - low < Infinity)) {
      throw new ArgumentError(
        "Random.uniform",
        `[${low}, ${high}) is not a finite interval`,
        "give low < high",
      );
    }
    for (;;) {
      const value = low + (high - low) * (this.#bits53() * (1 / TWO_TO_53));
      if (value < high) return value; // rounding can reach `high`: draw again
    }
  }

  /** A normally distributed float64 (Box–Muller on two 53-bit uniforms). Throws ArgumentError for a deviation below 0. */
  normal(mean = 0, standardDeviation = 1): number {
    if (!(standardDeviation >= 0 && standardDeviation < Infinity && Math.abs(mean) < Infinity)) {
      throw new ArgumentError(
        "Random.normal",
        `mean ${mean} and standard deviation ${standardDeviation} do not make a normal distribution`,
        "give finite numbers and a standard deviation of at least 0",
      );
    }
    const radius = Math.sqrt(-2 * log((this.#bits53() + 1) * (1 / TWO_TO_53)));
    const cosine = cos(this.#bits53() * (TWO_PI / TWO_TO_53));
    return mean + standardDeviation * (radius * cosine);
  }

  /** A whole number uniform in [0, n), without bias, for n from 1 to 2⁵³. */
  integer(n: number): number {
    if (n !== TWO_TO_53) requireInteger("Random.integer", "n", n, 1);
    const limit = TWO_TO_53 - (TWO_TO_53 % n); // the largest multiple of n: numbers above would favour small remainders
    for (;;) {
      const bits = this.#bits53();
      if (bits < limit) return bits % n;
    }
  }

  /** The numbers 0 … n − 1 in random order, every order equally likely. */
  permutation(n: number): Uint32Array {
    requireInteger("Random.permutation", "n", n, 0);
    return this.shuffle(Uint32Array.from({ length: n }, (_, i) => i));
  }

  /** Shuffles an array or typed array in place (Fisher and Yates) and returns it. */
  shuffle<A extends unknown[] | FloatArray | Int32Array | Uint32Array | Uint8Array>(array: A): A {
    const items = array as unknown[];
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i];
      items[i] = items[j];
      items[j] = item;
    }
    return array;
  }

  /** Fills `out` with numbers uniform in [0, 1), 24 bits each: `uniformAt(draw(⌈length / 2⌉), out)`. */
  fillUniform(out: FloatArray): void {
    uniformAt(this.draw(Math.ceil(out.length / 2)), out);
  }

  /** Fills `out` with standard normal numbers: `normalAt(draw(⌈length / 2⌉), out)`. */
  fillNormal(out: FloatArray): void {
    normalAt(this.draw(Math.ceil(out.length / 2)), out);
  }

  /**
   * Reserves the next `blocks` counter blocks (0 to 2³²) and returns where they start. A reservation never crosses a
   * multiple of 2³²: where it would, the rest of the span is skipped, so only the counter's low word runs inside it.
   */
  draw(blocks: number): Draw {
    requireInteger("Random.draw", "blocks", blocks, 0);
    if (blocks > TWO_TO_32)
      throw new ArgumentError("Random.draw", `${blocks} blocks are more than 2³²`, "draw in parts");
    const draw: Draw = { key: this.key, counter: [this.#reserve(blocks), this.high] };
    if (watcher !== null) watcher.draw(this, blocks, draw);
    return draw;
  }

  /** Moves past `blocks` blocks and returns the low word of the first; `high` is then its high word. */
  #reserve(blocks: number): number {
    if (this.low + Math.max(blocks, 1) > TWO_TO_32) {
      this.low = 0;
      this.high += 1;
    }
    const start = this.low;
    this.low += blocks;
    return start;
  }

  /** The next block as a whole number below 2⁵³. */
  #bits53(): number {
    if (watcher !== null) watcher.refuse("draws a random number on the host");
    threefryBlocks(this.key[0], this.key[1], this.#reserve(1), this.high, block, 2);
    return (block[0] >>> 5) * 0x4000000 + (block[1] >>> 6);
  }
}

/** A stream whose key is the block of `key` at a counter. */
function streamOfBlock(key: readonly [number, number], low: number, high: number): Random {
  const child: [number, number] = [0, 0];
  threefry2x32(key[0], key[1], low, high, child);
  return Random.fromState({ key: child, counter: [0, 0] });
}

/** @throws ArgumentError unless a stream of random numbers was passed in: there is no global one */
export function checkRandom(where: string, random: unknown): asserts random is Random {
  if (random instanceof Random) return;
  throw new ArgumentError(
    where,
    `needs a random stream; got ${describeOther(random, "fork", "state")}.`,
    "pass new Random(0), or the stream that you have: the same seed gives the same numbers.",
  );
}

function requireInteger(where: string, name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const range = least < 0 ? "a safe integer" : `a whole number of at least ${least}`;
  throw new ArgumentError(where, `${name} is ${value}, but must be ${range}`);
}

const TWO_PI = 6.283185307179586;
const TWO_TO_32 = 0x100000000;
const TWO_TO_53 = 0x20000000000000;

const block = /* @__PURE__ */ new Int32Array(2);
