/** Bounds of rounding errors: never broken, and not much wider than what they bound. */

import { describe, expect, it } from "vitest";
import { erfc, normal, Random, type Tensor, tensor, unary, where } from "../../src/index.ts";
import type { Expression } from "../../src/kernels/index.ts";
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
    "numbers among the operands, which float32 rounds": (x) =>
      x
        .mul(0.01)
        .add(0.3)
        .sub(1 / 3),
    "a number inside a composite": (x) => x.leakyRelu(),
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

  it("holds where what goes into a function has few digits, or none", () => {
    /** The operand with an error of about `size`. */
    const coarse = (x: Tensor, size: number): Tensor => x.add(size * 2 ** 23).sub(size * 2 ** 23);
    const steep: Record<string, (y: Tensor) => Tensor> = {
      erfc: (y) => erfc(y),
      exp: (y) => y.exp(),
      expm1: (y) => y.expm1(),
      sqrt: (y) => y.abs().sqrt(),
      log: (y) => y.abs().log(),
      reciprocal: (y) => y.reciprocal(),
      "a high power": (y) => y.pow(9),
      "a low power": (y) => y.pow(-3),
      "a root": (y) => y.abs().pow(0.1),
      "a power of it": (y) => tensor(0.1, { dtype: y.dtype }).pow(y),
      "a power of it by it": (y) => y.abs().pow(y),
    };
    for (const [name, f] of Object.entries(steep)) {
      for (const size of [0.01, 0.3, 1, 4]) {
        for (let k = -60; k <= 60; k++) {
          const g = (x: Tensor): Tensor => f(coarse(x, size));
          const x = tensor(k / 7);
          const { value, bound } = errorBound(g, [x]);
          const off = Math.abs(g(x).item() - value.item());
          if (!(off <= bound.item()) && bound.item() < Infinity)
            expect(`${name} of ${k / 7} ± ${size}: ${off}`).toBe(bound.item());
        }
      }
    }
    // Not much wider than the farthest that float32 gives.
    expect(errorBound((x) => coarse(x, 1).pow(9), [tensor(3)]).bound.item()).toBeLessThan(5 ** 9);
    expect(errorBound((x) => coarse(x, 1).abs().sqrt(), [tensor(4)]).bound.item()).toBeLessThan(1);
  });

  it("follows signs, and what is decided, through an expression", () => {
    const of = (value: Expression) => (x: number) =>
      errorBound(unary({ name: "own", value }), [tensor(x)]).bound.item();
    // e⁻ˣ, and not eˣ.
    expect(of((m, x) => m.exp(m.neg(x)))(9)).toBeLessThan(1e-9);
    expect(of((m, x) => m.exp(m.neg(m.neg(x))))(-9)).toBeLessThan(1e-9);
    // What is equal for certain, and what is not for certain, decides; in between both sides count.
    const far: Expression = (m, x) => m.where(m.equal(x, m.constant(4)), m.constant(1024), m.neg(x));
    expect([4, -4, 3].map(of(far))).toEqual([0, 0, 0]);
    const near: Expression = (m, x) =>
      m.where(m.equal(m.add(m.mul(x, m.constant(0.1)), x), m.constant(1.1)), m.constant(1024), m.neg(x));
    expect(of(near)(1)).toBeGreaterThan(1000);
    const below: Expression = (m, x) =>
      m.where(m.less(m.add(m.mul(x, m.constant(0.1)), x), m.constant(1.1)), m.constant(1024), m.neg(x));
    expect(of(below)(1)).toBeGreaterThan(1000);
    expect(of(below)(-1)).toBe(0);
    expect(of(near)(-1)).toBeLessThan(1e-6);
    // Near the end of what log1p takes, errors grow.
    const coarse = (y: Tensor): Tensor => y.add(2 ** 20).sub(2 ** 20);
    const [end, middle] = [-0.9, 5].map((x) =>
      errorBound((x) => coarse(x).log1p(), [tensor(x)]).bound.item(),
    );
    expect(end).toBeGreaterThan(1);
    expect(middle).toBeLessThan(0.05);
    expect(errorBound((x) => erfc(coarse(x)), [tensor(5)]).bound.item()).toBeLessThan(1e-8);
    expect(errorBound((x) => coarse(x).mul(0), [tensor(5)]).bound.item()).toBeLessThan(1e-30);
  });

  it("grows with what cancels, and is 0 where nothing is rounded", () => {
    const largest = (f: (x: Tensor) => Tensor): number => errorBound(f, [x]).bound.max().item();
    expect(largest((x) => x.transpose().slice(null, [null, null, 2]).neg())).toBe(0);
    expect(largest((x) => x.add(1).sub(1))).toBeLessThan(10 * 2 ** -24);
    expect(largest((x) => x.add(1000).sub(1000))).toBeGreaterThan(500 * 2 ** -24);
    expect(largest((x) => x.exp())).toBeLessThan(100 * 2 ** -24);
  });

  it("covers a number that float32 rounds, beside an operand that it does not", () => {
    const x = tensor(-1.046875);
    for (const f of [(x: Tensor) => x.leakyRelu(), (x: Tensor) => x.mul(0.01), (x: Tensor) => x.pow(2.1)]) {
      const of = x.neg();
      const { value, bound } = errorBound(f, [of]);
      expect(Math.abs(f(of).item() - value.item())).toBeLessThanOrEqual(bound.item());
    }
    // Both results are 0.01 x rounded once; the number alone is off by 2.2e-10.
    expect(errorBound((x) => x.sub(0.01), [tensor(0.01)]).bound.item()).toBeGreaterThan(2.2e-10);
  });

  it("covers both sides of a choice that rounding may turn", () => {
    const f = (x: Tensor): Tensor => where(x.div(3).mul(3).equal(x), 1, 2);
    expect(errorBound(f, [tensor(0.7)]).bound.item()).toBeGreaterThanOrEqual(1);
  });

  it("passes the errors of operands on, as much as the operation does", () => {
    const x = tensor([0.7, -1.3, 2.9]);
    const inexact = (of: Tensor): Tensor => of.mul(0.1);
    const boundOf = (f: (x: Tensor) => Tensor): number[] => [...errorBound(f, [x]).bound.toTypedArray()];
    const before = boundOf(inexact);
    // The smaller and the larger of it and of what is far away: itself, with its error, or what has none.
    expect(errorBound((x) => inexact(x).minimum(5), [x]).value.toArray()).toEqual(
      errorBound(inexact, [x]).value.toArray(),
    );
    expect(boundOf((x) => inexact(x).minimum(5))).toEqual(before);
    expect(boundOf((x) => inexact(x).maximum(-5))).toEqual(before);
    // Comparisons with what is far away are certain, and with itself they are not.
    expect(boundOf((x) => inexact(x).equal(5))).toEqual([0, 0, 0]);
    expect(boundOf((x) => inexact(x).less(5))).toEqual([0, 0, 0]);
    expect(boundOf((x) => inexact(x).equal(x.mul(0.1)))).toEqual([1, 1, 1]);
    // Sums add errors up; powers and products multiply them with their slopes, and a few roundings come on top.
    const values = [...x.toTypedArray()].map((value: number) => Math.abs(value * 0.1));
    const total = before.reduce((a, b) => a + b);
    const [ofSum] = boundOf((x) => inexact(x).sum());
    expect(ofSum).toBeGreaterThan(total);
    expect(ofSum).toBeLessThan(total + 10 * 2 ** -24);
    for (const [f, slope] of [
      [(x: Tensor) => inexact(x).pow(3), (y: number) => 3 * y * y],
      [(x: Tensor) => inexact(x).mul(inexact(x)), (y: number) => 2 * y],
    ] as const) {
      boundOf(f).forEach((bound, i) => {
        const passed = slope(values[i]) * before[i];
        expect(bound).toBeGreaterThan(passed);
        expect(bound).toBeLessThan(passed + 8 * 2 ** -24 * values[i]);
      });
    }
  });

  it("passes an error on by the slope at each place, and adds the rounding of what is new", () => {
    const x = tensor([0.7, 1.3, 2.9]);
    const inexact = (of: Tensor): Tensor => of.mul(0.1).abs().neg().neg();
    const boundOf = (f: (x: Tensor) => Tensor): number[] => [...errorBound(f, [x]).bound.toTypedArray()];
    const before = boundOf(inexact);
    const values = [...x.toTypedArray()].map((value: number) => value * 0.1);
    const twoOverRootPi = 2 / Math.sqrt(Math.PI);
    const cases: Record<string, [(y: Tensor) => Tensor, slope: (y: number) => number]> = {
      "over a number": [(y) => y.div(4), () => 0.25],
      "under a number": [(y) => y.reciprocal(), (y) => 1 / y ** 2],
      sqrt: [(y) => y.sqrt(), (y) => 0.5 / Math.sqrt(y)],
      exp: [(y) => y.exp(), Math.exp],
      expm1: [(y) => y.expm1(), Math.exp],
      log: [(y) => y.log(), (y) => 1 / y],
      log1p: [(y) => y.log1p(), (y) => 1 / (1 + y)],
      sin: [(y) => y.sin(), () => 1],
      cos: [(y) => y.cos(), () => 1],
      tanh: [(y) => y.tanh(), () => 1],
      erf: [(y) => y.erf(), () => twoOverRootPi],
      erfc: [(y) => erfc(y), (y) => twoOverRootPi * Math.exp(-y * y)],
      "an exponent": [(y) => tensor(3, { dtype: y.dtype }).pow(y), (y) => 3 ** y * Math.log(3)],
      "a base": [(y) => y.pow(2.5), (y) => 2.5 * y ** 1.5],
    };
    for (const [name, [f, slope]] of Object.entries(cases)) {
      boundOf((x) => f(inexact(x))).forEach((bound, i) => {
        const passed = slope(values[i]) * before[i];
        const size = Math.abs(f(tensor(values[i], { dtype: "float64" })).item());
        expect(bound, name).toBeGreaterThan(0.98 * passed);
        expect(bound, name).toBeLessThan(1.05 * passed + 12 * 2 ** -24 * size);
      });
    }
    // Exact operands have only the rounding of the result.
    const half = (f: (y: Tensor) => Tensor): number => errorBound(f, [tensor(0.5)]).bound.item();
    expect(half((y) => y.sqrt())).toBeLessThan(2 ** -24);
    expect(half((y) => y.pow(2))).toBeLessThan(4 * 2 ** -24);
    // Signs and sizes change nothing; a choice that is certain has the error of what is taken.
    expect(boundOf((x) => inexact(x).neg().abs())).toEqual(before);
    expect(boundOf((x) => where(inexact(x).less(5), inexact(x), x.mul(1e6)))).toEqual(before);
    // A quotient by what may be 0 may be anything.
    expect(half((y) => y.div(y.mul(0.1).sub(0.05)))).toBe(Infinity);
  });
});
