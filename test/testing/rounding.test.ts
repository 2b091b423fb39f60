/** Bounds of rounding errors: never broken, and not much wider than what they bound. */

import { describe, expect, it } from "vitest";
import { normal, Random, type Tensor, tensor, where } from "../../src/index.ts";
import { errorBound } from "../../src/testing/index.ts";

describe("errorBound", () => {
  const x = normal([3, 4], new Random(1));
  const functions: Record<string, (x: Tensor) => Tensor> = {
    "an elementwise operation": (x) => x.gelu(),
    "a chain of them": (x) => x.sin().exp().log1p().div(3).sqrt(),
    "a cancellation": (x) => x.add(1000).sub(1000),
    "a sum": (x) => x.square().sum(1),
    "a matrix product": (x) => x.matmul(x.transpose()),
    "a composite": (x) => x.softmax(0).log(),
    "choices that rounding may turn": (x) => where(x.div(3).mul(3).less(x), x, x.mul(2)),
  };
  it.each(Object.entries(functions))("holds for %s", (_, f) => {
    const { value, bound } = errorBound(f, [x]);
    const [exact, allowed] = [value, bound].map((of) => of.toTypedArray());
    f(x)
      .toTypedArray()
      .forEach((single, i) => {
        expect(Math.abs(single - exact[i])).toBeLessThanOrEqual(allowed[i]);
      });
  });

  it("grows with what cancels, and is 0 where nothing is rounded", () => {
    const largest = (f: (x: Tensor) => Tensor): number => errorBound(f, [x]).bound.max().item();
    expect(largest((x) => x.transpose().slice(null, [null, null, 2]).neg())).toBe(0);
    expect(largest((x) => x.add(1).sub(1))).toBeLessThan(10 * 2 ** -24);
    expect(largest((x) => x.add(1000).sub(1000))).toBeGreaterThan(500 * 2 ** -24);
    expect(largest((x) => x.exp())).toBeLessThan(100 * 2 ** -24);
  });

  it("covers both sides of a choice that rounding may turn", () => {
    const f = (x: Tensor): Tensor => where(x.div(3).mul(3).equal(x), 1, 2);
    expect(errorBound(f, [tensor(0.7)]).bound.item()).toBeGreaterThanOrEqual(1);
  });
});
