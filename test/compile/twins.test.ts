/** Programs that do what a compiler may overlook, each run compiled and eagerly: both must leave the same bits. */

import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { isTensor, noGrad, type Tensor, tensor, useBackend } from "../../src/index.ts";
import { Adam, Optimizer, Scheduler, SGD, stepSchedule } from "../../src/optim/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

type Step = (...given: never[]) => unknown;
type Wrap = <F extends Step>(f: F) => F;

/** Runs a program with its functions compiled and as they are, and compares what it logs. */
function twins(title: string, program: (wrap: Wrap, log: (...seen: unknown[]) => void) => void): void {
  it(title, () => {
    const run = (wrap: Wrap): unknown[] => {
      const seen: unknown[] = [];
      program(wrap, (...values) => seen.push(...values.map(shown)));
      return seen;
    };
    const eager = run((f) => f);
    expect(run(compile as unknown as Wrap)).toEqual(eager);
  });
}

/** A copy in which tensors are texts. */
function shown(value: unknown): unknown {
  if (isTensor(value)) return bitsOf(value);
  if (Array.isArray(value)) return value.map(shown);
  return value instanceof Map ? [...value].map(shown) : structuredClone(value);
}

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** An optimiser whose rate is asked for step by step. */
class Plain extends Optimizer {
  readonly #rate: () => number;
  constructor(parameters: Tensor[], rate: (optimizer: Plain) => number) {
    super("Plain", parameters, 0.5);
    this.#rate = () => rate(this);
  }
  protected freshMemory(): Record<string, Tensor> {
    return {};
  }
  protected update(parameter: Tensor, gradient: Tensor): void {
    noGrad(() => parameter.assign(parameter.sub(gradient.mul(this.#rate()))));
  }
}

describe("optimisers of a compiled step", () => {
  for (const make of [
    (w: Tensor) => new Adam([w], { learningRate: 0.1, amsgrad: true }),
    (w: Tensor) => new SGD([w], { learningRate: 0.01, momentum: 0.9 }),
  ])
    twins(
      `continue from the state that is loaded between calls (${make(leaf([1])).constructor.name})`,
      (wrap, log) => {
        const w = leaf([1, 2, 3]);
        const optimizer = make(w);
        const states = [optimizer.stateDictionary()];
        const step = wrap((x: Tensor) => {
          optimizer.zeroGrad();
          w.mul(x).square().sum().backward();
          optimizer.step();
        });
        for (let i = 0; i < 16; i++) {
          step(tensor([1, 2, i / 4]));
          if (i === 3) states.push(optimizer.stateDictionary());
          if (i === 6 || i === 11) optimizer.loadStateDictionary(states.pop()!);
          log(w, optimizer.stateDictionary());
        }
      },
    );

  twins("start anew where each call makes its own", (wrap, log) => {
    const w = leaf([1, 2, 3]);
    const step = wrap((x: Tensor) => {
      const optimizer = new Adam([w], { learningRate: 0.1 });
      const scheduler = new Scheduler(optimizer, (step) => 0.1 + step);
      scheduler.step();
      optimizer.zeroGrad();
      w.mul(x).square().sum().backward();
      optimizer.step();
    });
    for (let i = 0; i < 8; i++) {
      step(tensor([1, 2, i]));
      log(w);
    }
  });

  twins("take the rate that a scheduler has set just before", (wrap, log) => {
    const w = leaf([1, 2, 3]);
    const optimizer = new Plain([w], ({ learningRate }) => learningRate / 10);
    const scheduler = new Scheduler(optimizer, stepSchedule({ from: 0.5, every: 6 }));
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      w.mul(x).square().sum().backward();
      scheduler.step();
      optimizer.step();
    });
    for (let i = 0; i < 20; i++) {
      step(tensor([1, 2, i / 10]));
      log(w, optimizer.learningRate);
    }
  });

  twins("may go by the count of their steps", (wrap, log) => {
    const w = leaf([1, 2, 3]);
    const optimizer = new Plain([w], ({ stepCount }) => (stepCount > 5 ? 0.1 : 0.01));
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      w.mul(x).square().sum().backward();
      optimizer.step();
    });
    for (let i = 0; i < 12; i++) {
      step(tensor([1, 2, i / 10]));
      log(w, optimizer.stepCount);
    }
  });
});
