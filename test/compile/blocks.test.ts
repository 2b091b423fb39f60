/** Batches that go through a program in blocks of rows: the same bits as eagerly, whatever connects the rows. */

import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import {
  mseLoss,
  noGrad,
  normal,
  Random,
  type Tensor,
  tensor,
  uniform,
  useBackend,
} from "../../src/index.ts";
import { Linear, silu } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { digestOf, FEATURES, fixed, narrow, onLayer, PROGRAMS, ROWS, run, wide } from "./batches.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

describe("a batch in blocks", () => {
  for (const [title, program] of Object.entries(PROGRAMS)) {
    it(`gives the bits of eager code: ${title}`, () => {
      const f = onLayer(program);
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
    const run = (wrap: (f: () => Tensor) => () => Tensor): string[] => {
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
    expect(run(compile)).toEqual(run((f) => f));
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
