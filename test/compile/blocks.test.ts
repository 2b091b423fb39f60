/** Batches that go through a program in blocks of rows: the same bits as eagerly, whatever connects the rows. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import {
  cumsum,
  mseLoss,
  noGrad,
  normal,
  Random,
  type Tensor,
  tensor,
  uniform,
  useBackend,
  where,
  zeros,
} from "../../src/index.ts";
import { Linear, silu } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

/** Four blocks and a part of one, which no fold of eight divides. */
const ROWS = 1101;
const FEATURES = 6;

const fixed = (shape: number[], seed: number): Tensor => normal(shape, new Random(seed));
const [narrow, wide] = [fixed([FEATURES, 3], 1), fixed([3, FEATURES], 2)];
const state = zeros([ROWS, 3]);
const taller = zeros([ROWS + 1, 3]);
const wider = zeros([ROWS * 3 + 2]);
const many = fixed([ROWS, ROWS / 3], 6);

/** The bits as a short text: a difference of many elements is no message. Every NaN is one. */
function digestOf(x: Tensor): string {
  const bytes = Buffer.from(
    x.toTypedArray<Float32Array>().map((value) => (Number.isNaN(value) ? NaN : value)).buffer,
  );
  return `[${x.shape}] ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`;
}

/** What a function may do with a batch x and its layer h = silu(x · narrow). */
const PROGRAMS: Readonly<Record<string, (x: Tensor, h: Tensor) => unknown>> = {
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

describe("a batch in blocks", () => {
  for (const [title, program] of Object.entries(PROGRAMS)) {
    it(`gives the bits of eager code: ${title}`, () => {
      const f = (x: Tensor): unknown => program(x, silu(x.matmul(narrow)));
      const run = (f: (x: Tensor) => unknown): string[] => {
        for (const memory of [state, taller, wider]) memory.assign(1);
        const big = fixed([ROWS + 5, FEATURES], 3);
        return [0, 1, 2, 5].flatMap((first) => {
          const x = big.slice([first, first + ROWS]);
          const results = [f(x)].flat() as Tensor[];
          return [...results, x, state, taller, wider].map(digestOf);
        });
      };
      const compiled = compile(f);
      expect(run(compiled)).toEqual(run(f));
      const { calls, programs } = compiled.explain();
      expect(calls.compiled, String(compiled.explain())).toBe(2);
      expect(programs[0].listing.join("; ")).toMatch(/times for 256 rows/);
    });
  }

  it("trains as eager code does, with noise, conditions of each row and gradients that add up", () => {
    const run = (wrap: <F extends (x: Tensor) => Tensor>(f: F) => (x: Tensor) => Tensor): string[] => {
      const random = new Random(4);
      const [first, second] = [new Linear(FEATURES, 5, random), new Linear(5, FEATURES, random)];
      const optimizer = new Adam([...first.parameters(), ...second.parameters()], { learningRate: 0.01 });
      const step = wrap((x) => {
        optimizer.zeroGrad();
        const t = uniform([ROWS, 1], random);
        const noisy = x.mul(t).add(normal(x.shape, random).mul(t.neg().add(1)));
        // The layers twice, so that two products over the batch go into each gradient.
        const once = second.forward(first.forward(noisy, silu));
        const loss = mseLoss(second.forward(first.forward(once.add(t), silu)), x);
        loss.backward();
        optimizer.step();
        return loss;
      });
      const x = fixed([ROWS, FEATURES], 5);
      const losses = Array.from({ length: 6 }, () => bitsOf(step(x)));
      return [
        ...losses,
        ...optimizer.parameters.flatMap((p) => [bitsOf(p), bitsOf(p.grad)]),
        JSON.stringify(random.state()),
      ];
    };
    expect(run(compile)).toEqual(run((f) => f));
  });

  it("tells the rows of a batch from features where there are as many of both", () => {
    const size = 1024;
    const x = fixed([size, size], 7);
    const run = (wrap: typeof compile | ((f: () => Tensor) => () => Tensor)): string[] => {
      const weights = [fixed([size, 4], 8), fixed([4, size], 9), fixed([size], 10)];
      for (const weight of weights) weight.requiresGrad = true;
      const [down, up, bias] = weights;
      const step = wrap(() => {
        for (const weight of weights) weight.grad = null;
        const loss = silu(x.matmul(down)).matmul(up).add(bias).square().mean();
        loss.backward();
        noGrad(() => {
          for (const weight of weights) weight.assign(weight.sub(weight.grad!.mul(0.1)));
        });
        return loss;
      });
      const losses = [0, 1, 2].map(() => digestOf(step()));
      return [...losses, ...weights.map(digestOf)];
    };
    expect(run(compile)).toEqual(run((f: () => Tensor) => f));
  });

  it("takes memory for one block of what is between its instructions", () => {
    const f = compile((x: Tensor) => silu(silu(x.matmul(narrow)).matmul(wide)).sum(0));
    const bytesFor = (rows: number): number => {
      for (let i = 0; i < 2; i++) f(fixed([rows, FEATURES], i));
      return f.explain().programs.at(-1)!.temporaryBytes.shared;
    };
    expect(bytesFor(4096)).toBe(bytesFor(40_960));
  });

  it("leaves few rows as they are", () => {
    const f = compile((x: Tensor) => silu(x.matmul(narrow)).matmul(wide));
    for (let i = 0; i < 3; i++) f(tensor(new Float32Array(FEATURES * 800), [800, FEATURES]));
    expect(f.explain().programs[0].listing.length).toBe(3);
  });
});
