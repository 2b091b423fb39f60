/** Options of backward in every combination, walked at once and in steps, once and again. */

import { describe, expect, it } from "vitest";
import {
  type BackwardOptions,
  backwardSteps,
  concat,
  normal,
  Random,
  stack,
  TapeError,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { assertClose } from "../../src/testing/index.ts";
import { combinations } from "../combinations.ts";

const leaf = (seed: number): Tensor => {
  const x = normal([2, 3], new Random(seed));
  x.requiresGrad = true;
  return x;
};

/** Shared values, views, parts that are added at once, single numbers that are used again and again. */
const functions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  "elementwise, with a value used twice": (x, y) => x.mul(y).tanh().mul(x).sum(),
  "rows, one by one and joined": (x, y) =>
    concat([x.at(0), y.at(1), x.at(0)])
      .square()
      .sum(),
  "rows that go separate ways": (x, y) =>
    x
      .at(0)
      .exp()
      .sum()
      .add(x.at(1).mul(y.at(0)).sin().sum())
      .add(y.at(1).sum()),
  "products and views": (x, y) => x.matmul(y.transpose()).exp().transpose().sum(),
  "single numbers": (x, y) => {
    const [a, b] = [x.at(0, 0), y.at(1, 2)];
    return a.mul(b).add(a).mul(a.sub(b)).add(x.sum().mul(0)).add(y.sum().mul(0));
  },
  "lists with one tensor twice": (x, y) =>
    stack([x, y, x])
      .sin()
      .sum()
      .add(concat([y, y], 1).cos().sum()),
};

type Walk = (root: Tensor, options: BackwardOptions) => void;
const walks: Record<string, Walk> = {
  "at once": (root, options) => root.backward(undefined, options),
  "in steps": (root, options) => {
    for (const _ of backwardSteps(root, undefined, options));
  },
};
const all = combinations<BackwardOptions>({ createGraph: [true, false], retainGraph: [true, false] });
const numbers = (x: Tensor): number[] => [...x.toTypedArray()];

describe.each(Object.entries(functions))("backward of %s", (_, f) => {
  const expected = (() => {
    const [x, y] = [leaf(1), leaf(2)];
    f(x, y).backward();
    return [x, y].map(({ grad }) => numbers(grad!));
  })();

  describe.each(Object.entries(walks))("%s", (_, walk) => {
    it.each(all)("with %j gives the same gradients, recorded and to be repeated as it says", (options) => {
      const { createGraph = false, retainGraph = createGraph } = options;
      const leaves = [leaf(1), leaf(2)];
      const root = f(leaves[0], leaves[1]);
      walk(root, options);
      // What is recorded is composed of other operations, which round in another order than the fused rules.
      const tolerance = createGraph ? { relative: 1e-5, absolute: 1e-6 } : { relative: 0, absolute: 0 };
      const expectTimes = (times: number): void => {
        for (const [i, { grad }] of leaves.entries())
          assertClose(
            grad!,
            tensor(
              expected[i].map((value) => times * value),
              [2, 3],
            ),
            tolerance,
          );
      };
      expectTimes(1);
      expect(leaves.some(({ grad }) => grad!.requiresGrad)).toBe(createGraph);
      if (!retainGraph) {
        expect(() => root.backward()).toThrow(TapeError);
        return;
      }
      root.backward();
      expectTimes(2);
    });

    it("gives second derivatives with createGraph, and refuses where the tape they need was let go", () => {
      const second = (options: BackwardOptions): number[][] => {
        const leaves = [leaf(1), leaf(2)];
        walk(f(leaves[0], leaves[1]), options);
        const slopes = leaves.map(({ grad }) => grad!);
        for (const one of leaves) one.grad = null;
        slopes[0].square().sum().add(slopes[1].square().sum()).backward();
        return leaves.map(({ grad }) => numbers(grad!));
      };
      const found = second({ createGraph: true });
      expect(second({ createGraph: true, retainGraph: true })).toEqual(found);
      expect(found.flat().some((value) => value !== 0)).toBe(true);
      expect(() => second({ createGraph: true, retainGraph: false })).toThrow(TapeError);
    });

    it("adds up over several walks, whichever kind went before", () => {
      for (const before of Object.values(walks)) {
        const leaves = [leaf(1), leaf(2)];
        const root = f(leaves[0], leaves[1]);
        before(root, { retainGraph: true });
        walk(root, { retainGraph: true });
        walk(root, {});
        leaves.forEach(({ grad }, i) => {
          grad!.toTypedArray().forEach((value: number, k: number) => {
            const once = expected[i][k];
            expect(value).toBe(Math.fround(Math.fround(2 * once) + once));
          });
        });
      }
    });
  });

  it("tells the same contributions in the second walk as in the first", () => {
    const [x, y] = [leaf(1), leaf(2)];
    const root = f(x, y);
    const told = () =>
      Array.from(backwardSteps(root, undefined, { retainGraph: true }), (step) => [
        step.node.id,
        step.index,
        step.target.id,
        step.before === null ? null : numbers(step.before),
        numbers(step.cotangent),
        numbers(step.contribution),
        numbers(step.total),
      ]);
    const first = told();
    expect(told()).toEqual(first);
  });
});
