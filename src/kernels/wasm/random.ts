/**
 * Uniform and normal numbers in SIMD, from the same counter blocks as kernels/typescript/random.ts, in the same order of elements:
 * Threefry-2x32-20 on four counters at a time.
 */

import type { Bytes } from "../types.ts";
import { Assembler, type Body, f32x4, i8x16, i32, i32x4, type Local, type Value, v128 } from "./assembler.ts";
import { LaneEmitter, LaneGraph, laneArithmetic, type Node } from "./lanes.ts";

/**
 * Writes `count` float32 numbers at the address `out`. Elements 2b and 2b + 1 are made of the two words of the block with the
 * counter (low + b, high) under the key (key0, key1); low + count / 2 must not exceed 2³². `scratch` is the address of
 * RANDOM_SCRATCH_BYTES bytes.
 */
export type FillRandom = (
  out: number,
  count: number,
  key0: number,
  key1: number,
  low: number,
  high: number,
  scratch: number,
) => void;

export const RANDOM_SCRATCH_BYTES = 4096;

/**
 * The fill of each distribution, over addresses of `memory`.
 *
 * `uniform` gives (w >>> 8) · 2⁻²⁴ for a word w, exact, so the same bits as `uniformAt`. `normal` is the method of Box and
 * Muller (1958) as in `normalAt`, in float32: u = ((w0 >>> 8) + 1) · 2⁻²⁴, radius = √(−2 ln u), angle = 2π (w1 >>> 8) · 2⁻²⁴,
 * elements radius · cos angle and radius · sin angle; each within 4 ulp of the exact value for those words.
 */
export function createRandom(memory: WebAssembly.Memory): { uniform: FillRandom; normal: FillRandom } {
  const instantiate = (distribution: Distribution) => {
    const module = new WebAssembly.Module(randomModule(distribution));
    return new WebAssembly.Instance(module, { halograd: { memory } }).exports.fill as FillRandom;
  };
  let uniform: FillRandom | undefined;
  let normal: FillRandom | undefined;
  return {
    uniform: (...call) => {
      uniform ??= instantiate(uniformPair);
      uniform(...call);
    },
    normal: (...call) => {
      normal ??= instantiate(normalPair);
      normal(...call);
    },
  };
}

/** Elements 2b and 2b + 1 from the two words of block b, in four lanes. */
type Distribution = (graph: LaneGraph, word0: Node, word1: Node) => [Node, Node];

export const uniformPair: Distribution = (graph, word0, word1) => {
  const uniform = (word: Node) =>
    graph.op(f32x4.mul, toFloat(graph, graph.op(i32x4.shr_u, word, 8)), graph.float(1 / 0x1000000));
  return [uniform(word0), uniform(word1)];
};

export const normalPair: Distribution = (graph, word0, word1) => {
  const m = laneArithmetic(graph);
  const scale = m.constant(1 / 0x1000000);
  const [w0, w1] = [word0, word1].map((word) => graph.op(i32x4.shr_u, word, 8));
  const u = m.mul(toFloat(graph, graph.op(i32x4.add, w0, graph.int(1))), scale);
  const radius = m.sqrt(m.mul(m.constant(-2), m.logOfNormal(u)));
  // A turn is 2²⁴; the nearest quarter turn is taken off, so that |angle| ≤ π/4.
  const nearest = graph.op(i32x4.shr_u, graph.op(i32x4.add, w1, graph.int(0x200000)), 22);
  const rest = graph.op(i32x4.sub, w1, graph.op(i32x4.shl, nearest, 22));
  const angle = m.mul(toFloat(graph, rest), m.constant(HALF_PI / 0x400000));
  const sine = m.sinNear(angle);
  const cosine = m.cosNear(angle);
  const isOdd = m.lowestBit(nearest);
  const rotated = (a: Node, b: Node, quarters: Node) => {
    const sign = graph.op(v128.and, graph.op(i32x4.shl, quarters, 30), graph.int(0x80000000));
    return m.mul(radius, graph.op(v128.xor, graph.op(v128.bitselect, b, a, isOdd), sign));
  };
  return [rotated(cosine, sine, graph.op(i32x4.add, nearest, graph.int(1))), rotated(sine, cosine, nearest)];
};

const HALF_PI = 1.5707963267948966;

function toFloat(graph: LaneGraph, integer: Node): Node {
  return graph.op(f32x4.convert_i32x4_s, integer);
}

/**
 * The bytes of the module of a distribution: a loop that makes the words of up to 512 blocks, and one that turns
 * them into numbers. (In a single loop the two chains of instructions wait for each other: 5 ns a normal number, not 3.)
 *
 * @param sharedPages as of `Assembler.importMemory`
 */
export function randomModule(distribution: Distribution, sharedPages = 0): Bytes {
  const graph = new LaneGraph();
  const [key0, key1, high] = [0, 1, 2].map(() => graph.operand(0));
  // Two chains of instructions abreast, of four blocks each: alone, each waits for its own last instruction.
  const counters = [0, 1].map(() => graph.operand(2));
  const newWords = counters.flatMap((counter) => threefry(graph, [key0, key1], counter, high));
  const words = [0, 1].map(() => graph.operand(2));
  const [even, odd] = distribution(graph, words[0], words[1]);
  // Blocks side by side in memory: elements 2b, 2b + 1, 2b + 2, 2b + 3 and the four that follow.
  const numbers = [graph.op(interleaveLow, even, odd), graph.op(interleaveHigh, even, odd)];

  const assembler = new Assembler();
  assembler.importMemory("halograd", "memory", 0, sharedPages);
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;
  assembler.function("fill", parameters, "none", (body, out, count, k0, k1, low, top, scratch) => {
    const generator = new LaneEmitter(body, newWords);
    const transform = new LaneEmitter(body, numbers);
    generator.bind(key0, i32x4.splat(k0));
    generator.bind(key1, i32x4.splat(k1));
    generator.bind(high, i32x4.splat(top));
    generator.compute(0);
    transform.compute(0);
    const [first, second] = counters;
    generator.bind(first, i32x4.add(i32x4.splat(low), i32x4.const(0, 1, 2, 3)));
    generator.bind(second, i32x4.add(i32x4.splat(low), i32x4.const(4, 5, 6, 7)));
    const eight = body.let(i32x4.splat(8));
    const at = body.local("i32");
    const left = body.local("i32"); // elements of the chunk
    body.while(i32.gt_s(count, 0), () => {
      body.set(left, i32.select(count, CHUNK, i32.lt_s(count, CHUNK)));
      body.set(count, i32.sub(count, left));
      const end = body.let(i32.add(scratch, i32.shl(left, 2)));
      body.set(at, scratch);
      body.loop((again) => {
        generator.compute(2);
        for (const [i, node] of newWords.entries()) body.store(at, generator.value(node), 16 * i);
        for (const counter of counters) generator.bind(counter, i32x4.add(generator.value(counter), eight));
        body.set(at, i32.add(at, 64));
        body.branchIf(again, i32.lt_u(at, end));
      });
      body.set(at, scratch);
      body.loop((again) => {
        for (const [i, node] of words.entries()) transform.bind(node, v128.load(at, 16 * i));
        transform.compute(2);
        const vectors = numbers.map((node) => transform.value(node));
        body.if(
          i32.ge_s(left, 8),
          () => {
            for (const [i, vector] of vectors.entries()) body.store(out, vector, 16 * i);
          },
          () => storeLanes(body, out, left, vectors),
        );
        body.set(out, i32.add(out, 32));
        body.set(at, i32.add(at, 32));
        body.set(left, i32.sub(left, 8));
        body.branchIf(again, i32.gt_s(left, 0));
      });
    });
  });
  return assembler.bytes();
}

const CHUNK = 1024;

/** Stores the first `count` of seven lanes. */
function storeLanes(
  body: Body,
  out: Value<"i32">,
  count: Value<"i32">,
  vectors: readonly Local<"v128">[],
): void {
  for (let i = 0; i < 7; i++) {
    body.if(i32.gt_s(count, i), () => body.store32_lane(out, vectors[i >> 2], i & 3, 4 * i));
  }
}

/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, SC 2011): a round adds the second word to the first and mixes
 * it back by a rotation; after every four rounds a part of the key and a count are added.
 */
function threefry(graph: LaneGraph, [k0, k1]: readonly [Node, Node], low: Node, high: Node): [Node, Node] {
  const add = (a: Node, b: Node) => graph.op(i32x4.add, a, b);
  const xor = (a: Node, b: Node) => graph.op(v128.xor, a, b);
  const rotate = (x: Node, bits: number) =>
    bits === 16
      ? graph.op(swapHalfWords, x)
      : graph.op(v128.or, graph.op(i32x4.shl, x, bits), graph.op(i32x4.shr_u, x, 32 - bits));
  const keys = [k0, k1, xor(graph.int(0x1bd11bda), xor(k0, k1))];
  let a = add(low, k0);
  let b = add(high, k1);
  for (let round = 0; round < 20; round++) {
    a = add(a, b);
    b = xor(rotate(b, ROTATIONS[round % 8]), a);
    if (round % 4 === 3) {
      const count = (round + 1) / 4;
      a = add(a, keys[count % 3]);
      b = add(b, add(keys[(count + 1) % 3], graph.int(count)));
    }
  }
  return [a, b];
}

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

type Vector = Value<"v128">;
const swapHalfWords = (a: Vector): Vector => shuffleBytes(a, [2, 3, 0, 1]);
const interleaveLow = (a: Vector, b: Vector): Vector => i32x4.shuffle(a, b, [0, 4, 1, 5]);
const interleaveHigh = (a: Vector, b: Vector): Vector => i32x4.shuffle(a, b, [2, 6, 3, 7]);

/** The same permutation of the bytes of each of four words. */
function shuffleBytes(a: Vector, bytes: readonly number[]): Vector {
  return i8x16.shuffle(
    a,
    a,
    Array.from({ length: 16 }, (_, i) => 4 * (i >> 2) + bytes[i & 3]),
  );
}
