/** A row of a batch is computed as if it were alone: the same bits, in values and gradients, whatever the batch and its layout. */

import { describe, expect, it } from "vitest";
import {
  adamsBashforth2Sampler,
  ancestralSampler,
  churnSampler,
  dpmSolver2MSampler,
  eulerSampler,
  finish,
  heunSampler,
  midpointSampler,
  ResidualDenoiser,
  rungeKutta4Sampler,
  type Sampler,
} from "../../src/diffusion/index.ts";
import { matmul, noGrad, normal, Random, silu, type Tensor, tensor, uniform } from "../../src/index.ts";
import { Linear, Sequential } from "../../src/nn/index.ts";

/** Functions of the rows of a matrix. */
const functions: Record<string, (x: Tensor) => Tensor> = {
  sum: (x) => x.sum(-1),
  mean: (x) => x.mean(-1),
  max: (x) => x.max(-1),
  min: (x) => x.min(-1, { keepdim: true }),
  variance: (x) => x.variance(-1, { correction: 0 }),
  std: (x) => x.std(-1, { correction: 0 }),
  norm: (x) => x.norm(-1),
  logsumexp: (x) => x.logsumexp(-1),
  softmax: (x) => x.softmax(),
  logSoftmax: (x) => x.logSoftmax(),
  layerNorm: (x) => x.layerNorm(),
  "layerNorm with weight and bias": (x) => {
    const random = new Random(5);
    const size = x.shape[x.rank - 1];
    return x.layerNorm(normal([size], random), normal([size], random));
  },
  cumsum: (x) => x.cumsum(-1),
  matmul: (x) => matmul(x, normal([x.shape[x.rank - 1], 6], new Random(3))),
  "matmul with a single column": (x) => x.matmul(normal([x.shape[x.rank - 1], 1], new Random(3))),
  "linear with bias and activation": (x) => {
    const random = new Random(2);
    return x.linear(normal([3, x.shape[x.rank - 1]], random), normal([3], random), silu);
  },
  "linear with one result": (x) => {
    const random = new Random(2);
    return x.linear(normal([1, x.shape[x.rank - 1]], random), normal([1], random), silu);
  },
  "a module": (x) => {
    const random = new Random(1);
    return new Sequential(new Linear(x.shape[x.rank - 1], 5, random), silu, new Linear(5, 1, random)).forward(
      x,
    );
  },
  "products of elementwise operations": (x) => x.gelu().mul(x.sigmoid()).add(x.square()).tanh(),
};

/** Values, those without a tape, and gradients, of the rows that are kept. */
function results(f: (x: Tensor) => Tensor, given: Tensor, cotangent: Tensor): Tensor[] {
  const x = given.detach();
  x.requiresGrad = true;
  const output = f(x);
  output.backward(cotangent);
  return [output, noGrad(() => f(x)), x.grad!].map((result) => result.detach());
}

describe.each(Object.entries(functions))("a row of %s", (_, f) => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 17, 50])("of %i numbers is the same alone and in any batch", (size) => {
    const random = new Random(size);
    const rows = 23;
    const columns = normal([size, rows], random).mul(tensor([1, 1e-3, 30]).at(size % 3));
    const x = columns.transpose().clone();
    const cotangent = normal(noGrad(() => f(x)).shape, random);
    const whole = results(f, x, cotangent);
    for (const turned of [columns.transpose(), x.flip(0).clone().flip(0)]) {
      expect(results(f, turned, cotangent).map((result) => result.toTypedArray())).toEqual(
        whole.map((result) => result.toTypedArray()),
      );
    }
    for (const [start, end] of [
      [0, 1],
      [7, 8],
      [22, 23],
      [3, 5],
      [9, 18],
    ]) {
      const part = results(f, x.slice([start, end]), cotangent.slice([start, end]));
      expect(part.map((result) => result.toTypedArray())).toEqual(
        whole.map((result) => result.slice([start, end]).toTypedArray()),
      );
    }
  });
});

const samplers: Record<string, Sampler> = {
  eulerSampler,
  heunSampler,
  midpointSampler,
  adamsBashforth2Sampler,
  dpmSolver2MSampler,
  rungeKutta4Sampler,
  ancestralSampler,
  churnSampler,
};

describe.each(Object.entries(samplers))("a sample of %s", (name, sampler) => {
  it.each([1, 2, 5])("of %i features is the same alone and in any batch", (features) => {
    const isRandom = ["ancestralSampler", "churnSampler"].includes(name);
    const model = new ResidualDenoiser({ features, width: 8, blocks: 1 }, new Random(1));
    const start = normal([50, features], new Random(2));
    for (const denoiser of [(x: Tensor, t: number) => x.mul(1 - t).tanh(), model.denoiser()]) {
      const sample = (from: Tensor): Float32Array =>
        noGrad(() =>
          finish(sampler(denoiser, from, isRandom ? { random: new Random(3) } : {})).toTypedArray(),
        );
      const whole = sample(start);
      // Fresh noise goes to a batch in the order of its elements: those of the first sample are the same alone.
      for (const i of isRandom ? [0] : [0, 1, 2, 17, 49]) {
        expect(sample(start.slice([i, i + 1]))).toEqual(whole.slice(i * features, (i + 1) * features));
      }
    }
  });
});

it.each([normal, uniform])("random numbers are the same alone and as the first of many: %o", (draw) => {
  const many = draw([100], new Random(4)).toTypedArray();
  for (const count of [1, 2, 3, 5, 8, 9])
    expect(draw([count], new Random(4)).toTypedArray()).toEqual(many.slice(0, count));
});
