/** What a function may do with a batch, and what it leaves behind. */

import { createHash } from "node:crypto";
import { cumsum, normal, Random, type Tensor, where, zeros } from "../../src/index.ts";
import { silu } from "../../src/nn/index.ts";

/** Four blocks and a part of one, which no fold of eight divides. */
export const ROWS = 1101;
export const FEATURES = 6;

export const fixed = (shape: number[], seed: number): Tensor => normal(shape, new Random(seed));
export const [narrow, wide] = [fixed([FEATURES, 3], 1), fixed([3, FEATURES], 2)];
const state = zeros([ROWS, 3]);
const taller = zeros([ROWS + 1, 3]);
const wider = zeros([ROWS * 3 + 2]);
const many = fixed([ROWS, ROWS / 3], 6);

/** The bits as a short text: a difference of many elements is no message. Every NaN is one. */
export function digestOf(x: Tensor): string {
  const bytes = Buffer.from(
    x.toTypedArray<Float32Array>().map((value) => (Number.isNaN(value) ? NaN : value)).buffer,
  );
  return `[${x.shape}] ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`;
}

/** What a function may do with a batch x and its layer h = silu(x · narrow). */
export const PROGRAMS: Readonly<Record<string, (x: Tensor, h: Tensor) => unknown>> = {
  "layer after layer": (_, h) => silu(silu(h).matmul(wide)).matmul(narrow),
  "a sum over everything, and over rows and columns": (_, h) => [
    h.sum(),
    h.square().mean(),
    h.sum(0),
    h.sum(1),
  ],
  "the least and the greatest, NaN and all": (_, h) => [h.div(h.relu()).max(), h.min(), h.max(0), h.min(1)],
  "a mean over the batch that the rows read again": (_, h) => {
    const off = h.sub(h.mean(0));
    return off.div(off.square().mean(0).add(1e-5).sqrt()).matmul(wide);
  },
  "the row before": (_, h) =>
    h
      .slice([1, ROWS])
      .mul(h.slice([0, ROWS - 1]))
      .matmul(wide),
  "the row after, of memory from outside": (_, h) => {
    taller.slice([0, ROWS]).assign(h);
    return taller.slice([1, ROWS + 1]).matmul(wide);
  },
  "rows that begin in the middle of one": (_, h) => {
    wider.slice([0, 3 * ROWS]).assign(h.reshape([3 * ROWS]));
    return wider
      .slice([2, 3 * ROWS + 2])
      .reshape([ROWS, 3])
      .matmul(wide);
  },
  "rows from the end": (_, h) => h.add(h.slice([ROWS - 1])).matmul(wide),
  "a product over the batch, and one with its result": (x, h) => [
    h.transpose().matmul(x),
    h.matmul(h.transpose().matmul(x)),
  ],
  "a sum over the batch that has as many elements as rows": (_, h) => many.transpose().matmul(h).relu(),
  "rows that are taken for columns": (_, h) => [
    wide.transpose().matmul(h.transpose()),
    h.reshape([3, ROWS]).matmul(h),
  ],
  "twice as many rows of half the width": (x) =>
    x
      .reshape([2 * ROWS, 3])
      .matmul(wide)
      .silu()
      .reshape([ROWS, 12])
      .sum(1),
  "a number for each row": (x, h) =>
    h
      .mul(x.sum(1, { keepdim: true }))
      .add(x.slice(null, [2, 3]))
      .matmul(wide),
  "softmax, and a choice": (_, h) => where(h.less(0), h.softmax(1), h).matmul(wide),
  "work of the host in the middle": (_, h) => cumsum(silu(h), 0).matmul(wide),
  "memory from outside, in place": (_, h) => {
    state.assign(state.mul(0.5).add(h));
    return state.matmul(wide).sum(0);
  },
  "a part of memory from outside": (_, h) => {
    state.slice(null, [1, 3]).assign(h.slice(null, [0, 2]));
    return [h.matmul(wide).sum(), state.sum(1)];
  },
  "the argument, in place": (x, h) => {
    x.assign(h.matmul(wide));
    return h.matmul(wide).add(x);
  },
};

/** The bits of all that a program leaves behind, called four times on rows of a larger batch. */
export function run(f: (x: Tensor) => unknown): string[] {
  for (const memory of [state, taller, wider]) memory.assign(1);
  const big = fixed([ROWS + 5, FEATURES], 3);
  return [0, 1, 2, 5].flatMap((first) => {
    const x = big.slice([first, first + ROWS]);
    const results = [f(x)].flat() as Tensor[];
    return [...results, x, state, taller, wider].map(digestOf);
  });
}

/** A program on a batch and its layer. */
export const onLayer =
  (program: (x: Tensor, h: Tensor) => unknown) =>
  (x: Tensor): unknown =>
    program(x, silu(x.matmul(narrow)));
