/** Optimisers with every combination of their options, several parameters at once, against the formulas in plain numbers. */

import { describe, expect, it } from "vitest";
import { ArgumentError, normal, Random, type Tensor, tensor } from "../../src/index.ts";
import {
  Adam,
  type AdamOptions,
  AdamW,
  type Optimizer,
  SGD,
  type SGDOptions,
} from "../../src/optim/index.ts";
import { combinations, type OptionDomains } from "../combinations.ts";

/** How one number moves under its gradients, step by step, in float64. */
type Reference<Options> = (
  options: Options,
  start: number,
  gradients: readonly (number | null)[],
) => number[];

/** p ← p − rate · v, v ← momentum · v + g (Sutskever et al. 2013, as in PyTorch). */
const followSgd: Reference<SGDOptions> = (options, start, gradients) => {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  let [p, v] = [start, 0];
  return gradients.map((gradient) => {
    if (gradient === null) return p;
    const slope = gradient + weightDecay * p;
    v = momentum * v + slope;
    p -= learningRate * (nesterov ? slope + momentum * v : v);
    return p;
  });
};

/** Kingma & Ba 2015, algorithm 1, with the L2 penalty in the gradient; `decoupled` is Loshchilov & Hutter's. */
const followAdam =
  (decoupled: boolean): Reference<AdamOptions> =>
  (options, start, gradients) => {
    const { learningRate = 1e-3, betas = [0.9, 0.999], epsilon = 1e-8, amsgrad = false } = options;
    const { weightDecay = decoupled ? 0.01 : 0 } = options;
    let [p, m, v, largest, t] = [start, 0, 0, 0, 0];
    return gradients.map((gradient) => {
      if (gradient === null) return p;
      t++;
      const g = decoupled ? gradient : gradient + weightDecay * p;
      if (decoupled) p *= 1 - learningRate * weightDecay;
      m = betas[0] * m + (1 - betas[0]) * g;
      v = betas[1] * v + (1 - betas[1]) * g * g;
      largest = Math.max(largest, v);
      const root = Math.sqrt((amsgrad ? largest : v) / (1 - betas[1] ** t));
      p -= ((learningRate / (1 - betas[0] ** t)) * m) / (root + epsilon);
      return p;
    });
  };

const adamDomains: OptionDomains<AdamOptions> = {
  learningRate: [0.05],
  betas: [
    [0.5, 0.75],
    [0, 0.9],
  ],
  epsilon: [0.125],
  weightDecay: [0.25, 0],
  amsgrad: [true, false],
};
const sgdDomains: OptionDomains<SGDOptions> = {
  learningRate: [0.0625],
  momentum: [0, 0.5, 0.9],
  nesterov: [true, false],
  weightDecay: [0.25, 0],
};

interface Kind {
  make(parameters: Tensor[], options: never): Optimizer;
  readonly follow: Reference<never>;
  readonly all: readonly object[];
}
const isAllowed = ({ learningRate, momentum = 0, nesterov = false }: Partial<SGDOptions>): boolean =>
  learningRate !== undefined && !(nesterov && momentum === 0);
const kinds: Record<string, Kind> = {
  SGD: {
    make: (parameters, options) => new SGD(parameters, options),
    follow: followSgd,
    all: combinations(sgdDomains).filter(isAllowed),
  },
  Adam: {
    make: (parameters, options) => new Adam(parameters, options),
    follow: followAdam(false),
    all: combinations(adamDomains),
  },
  AdamW: {
    make: (parameters, options) => new AdamW(parameters, options),
    follow: followAdam(true),
    all: combinations(adamDomains),
  },
};

const STEPS = 7;
const shapes = [[], [3], [2, 3]];

describe.each(Object.entries(kinds))("%s", (name, { make, follow, all }) => {
  const random = new Random(3);
  // Large first and small later, so that the largest second moment is not the last one; none at times.
  const gradients = Array.from({ length: STEPS }, (_, step) =>
    shapes.map((shape, i) => (step % 3 === i ? null : normal(shape, random).mul(step < 2 ? 4 : 0.5))),
  );
  const starts = shapes.map((shape) => normal(shape, random).add(0.5));

  it.each(all.map((options) => [options]))("moves every element as its formula says with %j", (options) => {
    const parameters = starts.map((start) => start.clone());
    for (const parameter of parameters) parameter.requiresGrad = true;
    const optimizer = make(parameters, options as never);
    const paths = starts.map((start, i) =>
      [...start.toTypedArray()].map((value, k) =>
        follow(
          options as never,
          value,
          gradients.map((step) => step[i]?.toTypedArray()[k] ?? null),
        ),
      ),
    );
    gradients.forEach((step, at) => {
      parameters.forEach((parameter, i) => {
        parameter.grad = step[i];
      });
      optimizer.step();
      parameters.forEach((parameter, i) => {
        parameter.toTypedArray().forEach((value: number, k: number) => {
          // In float32: numbers of size 1, a few roundings of 6e-8 a step, and a division by a root that may be small.
          expect(Math.abs(value - paths[i][k][at]), `step ${at}, parameter ${i}`).toBeLessThan(2e-5);
        });
      });
    });
  });

  it("takes the options that are combined here, and no others", () => {
    const domains: object = name === "SGD" ? sgdDomains : adamDomains;
    const leaf = tensor([1], { requiresGrad: true });
    const refuse = (): unknown => make([leaf], { learningRate: 1, xyz: 1 } as never);
    expect(refuse).toThrow(ArgumentError);
    expect(refuse).toThrow(`the options are ${Object.keys(domains).join(", ")}.`);
  });
});
