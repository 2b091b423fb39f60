/**
 * Uniform and normal numbers in SIMD, from the counter blocks of tensor/random.ts in the same order of elements:
 * Threefry-2x32-20 on four counters at a time.
 */

import { Assembler, type Body, f32x4, i8x16, i32, i32x4, type Local, type Value, v128 } from "./assembler.ts";
import { cosineNear, LaneEmitter, LaneGraph, laneArithmetic, type Node, sineNear } from "./lanes.ts";

/**
 * Writes `count` float32 numbers at the address `out`. Elements 2b and 2b + 1 are made of the two words of the block with the
 * counter (low + b, high) under the key (key0, key1); low + count / 2 must not exceed 2³².
 */
export type FillRandom = (
  out: number,
  count: number,
  key0: number,
  key1: number,
  low: number,
  high: number,
) => void;

/**
 * The fill of each distribution, over addresses of `memory`.
 *
 * `uniform` gives (w >>> 8) · 2⁻²⁴ for a word w, exact, so the same bits as `uniformAt`. `normal` is the method of Box and
 * Muller (1958) as in `normalAt`, in float32: u = ((w0 >>> 8) + 1) · 2⁻²⁴, radius = √(−2 ln u), angle = 2π (w1 >>> 8) · 2⁻²⁴,
 * elements radius · cos angle and radius · sin angle; each within 3 ulp of the exact value for those words.
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
type Distribution = (graph: LaneGraph, words: readonly [Node, Node]) => [Node, Node];

export const uniformPair: Distribution = (graph, words) => {
  const uniform = (word: Node) =>
    graph.op(f32x4.mul, toFloat(graph, graph.op(i32x4.shr_u, word, 8)), graph.float(1 / 0x1000000));
  return [uniform(words[0]), uniform(words[1])];
};

export const normalPair: Distribution = (graph, words) => {
  const m = laneArithmetic(graph);
  const scale = m.constant(1 / 0x1000000);
  const [w0, w1] = words.map((word) => graph.op(i32x4.shr_u, word, 8));
  const u = m.mul(toFloat(graph, graph.op(i32x4.add, w0, graph.int(1))), scale);
  const radius = m.sqrt(m.mul(m.constant(-2), m.log(u)));
  // A turn is 2²⁴; the nearest quarter turn is taken off, so that |angle| ≤ π/4.
  const nearest = graph.op(i32x4.shr_u, graph.op(i32x4.add, w1, graph.int(0x200000)), 22);
  const rest = graph.op(i32x4.sub, w1, graph.op(i32x4.shl, nearest, 22));
  const angle = m.mul(toFloat(graph, rest), m.constant(HALF_PI / 0x400000));
  const sine = sineNear(graph, angle);
  const cosine = cosineNear(graph, angle);
  const isOdd = graph.op(i32x4.shr_s, graph.op(i32x4.shl, nearest, 31), 31);
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
 * The bytes of the module of a distribution. A round makes the words of the next four blocks while it turns those of the
 * round before into numbers: two chains of instructions that do not wait for each other (one after the other, a
 * normal number took 5 ns instead of 3). The first round only makes words.
 */
export function randomModule(distribution: Distribution): Uint8Array<ArrayBuffer> {
  const graph = new LaneGraph();
  const counter = graph.operand(2);
  const high = graph.operand(0);
  const keys = [graph.operand(0), graph.operand(0)] as const;
  const words = [graph.operand(2), graph.operand(2)] as const;
  const nextWords = threefry(graph, keys, counter, high);
  const [even, odd] = distribution(graph, words);
  // Blocks side by side in memory: elements 2b, 2b + 1, 2b + 2, 2b + 3 and the four that follow.
  const results = [graph.op(interleaveLow, even, odd), graph.op(interleaveHigh, even, odd)];

  const assembler = new Assembler();
  assembler.importMemory("halograd", "memory");
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;
  assembler.function("fill", parameters, "none", (body, out, count, key0, key1, low, top) => {
    const emitter = new LaneEmitter(body, [...results, ...nextWords]);
    const zero = body.let(i32x4.splat(0));
    for (const node of words) emitter.bind(node, zero);
    emitter.bind(keys[0], i32x4.splat(key0));
    emitter.bind(keys[1], i32x4.splat(key1));
    emitter.bind(high, i32x4.splat(top));
    emitter.compute(0);
    emitter.bind(counter, i32x4.add(i32x4.splat(low), i32x4.const(0, 1, 2, 3)));
    const four = body.let(i32x4.splat(4));
    const isWarm = body.local("i32");
    body.loop((again) => {
      emitter.compute(2);
      const [first, second] = results.map((node) => emitter.value(node));
      body.if(isWarm, () => {
        body.if(
          i32.ge_s(count, 8),
          () => {
            body.store(out, first);
            body.store(out, second, 16);
          },
          () => storeLanes(body, out, count, [first, second]),
        );
        body.set(out, i32.add(out, 32));
        body.set(count, i32.sub(count, 8));
      });
      body.set(isWarm, 1);
      emitter.bind(counter, i32x4.add(emitter.value(counter), four));
      words.forEach((node, i) => emitter.bind(node, emitter.value(nextWords[i])));
      body.branchIf(again, i32.gt_s(count, 0));
    });
  });
  return assembler.bytes();
}

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
