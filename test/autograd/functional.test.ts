/** grad, valueAndGrad, vjp, jvp and hvp: against derivatives known in closed form, nested, and over trees. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  AxisError,
  grad,
  hvp,
  jvp,
  noGrad,
  ShapeError,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../src/index.ts";
import { checkGradients } from "../../src/testing/index.ts";

const double = (values: number | number[]): Tensor => tensor(values, { dtype: "float64" });
const fifth = (x: Tensor): Tensor => x.square().square().mul(x);

describe("grad", () => {
  it("nests: the derivatives of x⁵ to the sixth order", () => {
    const x = double(2);
    let f = fifth;
    const values: number[] = [];
    for (let order = 0; order <= 6; order++) {
      values.push(f(x).item());
      f = grad(f);
    }
    expect(values).toEqual([32, 80, 160, 240, 240, 120, 0]);
  });

  it("touches no grad and leaves no tape behind", () => {
    const x = double([1, 2]);
    x.requiresGrad = false;
    const [value, gradient] = valueAndGrad((x: Tensor) => x.square().sum())(x);
    expect([value.item(), gradient.toArray()]).toEqual([5, [2, 4]]);
    expect([x.grad, value.requiresGrad, gradient.requiresGrad]).toEqual([null, false, false]);
  });

  it("differentiates by the first argument and hands the rest on", () => {
    const f = (x: Tensor, power: number, shift: Tensor): Tensor => x.pow(power).add(shift).sum();
    expect(grad(f)(double([1, 2]), 3, double(7)).toArray()).toEqual([3, 12]);
  });

  it("takes trees, and gives trees of the same structure", () => {
    const parameters = { layers: [{ w: double([1, 2]) }, { w: double(3) }], unused: double([0, 0]) };
    const f = ({ layers: [a, b] }: typeof parameters): Tensor => a.w.mul(b.w).square().sum();
    const gradient = grad(f)(parameters);
    expect(gradient.layers[0].w.toArray()).toEqual([18, 36]);
    expect(gradient.layers[1].w.item()).toBe(30);
    expect(gradient.unused.toArray()).toEqual([0, 0]);
    expect(() => grad(() => double(1))({ x: 3 } as never)).toThrow(ArgumentError);
  });

  it("takes instances of classes, whose methods work on the tensors that are differentiated, and fields left out", () => {
    class Line {
      slope = double(2);
      offset: Tensor | undefined = undefined;
      nothing = null;
      at(x: number): Tensor {
        const value = this.slope.mul(x);
        return this.offset ? value.add(this.offset) : value;
      }
    }
    const square = (line: Line): Tensor => line.at(3).square();
    const gradient = grad(square)(new Line());
    expect(gradient).toBeInstanceOf(Line);
    expect(gradient.slope.item()).toBe(36); // d(3 s)²/ds = 18 s
    expect([gradient.offset, gradient.nothing]).toEqual([undefined, null]);
    expect(gradient.at(1).item()).toBe(36);
    const withOffset = Object.assign(new Line(), { offset: double(1) });
    expect(hvp(square, withOffset, withOffset).offset!.item()).toBe(14); // 2 (3 · 2 + 1)
    expect(() => checkGradients(square, [withOffset])).not.toThrow();
  });

  it("of a function that ignores its argument is 0", () => {
    expect(grad(() => double(3))(double([1, 2])).toArray()).toEqual([0, 0]);
    expect(grad((x: Tensor) => x.detach().sum())(double([1, 2])).toArray()).toEqual([0, 0]);
  });

  it("goes through variables of an outer function that are being differentiated too", () => {
    // f(y) = d/dx (x² y³) at x = 2 is 4 y³, so f′(3) = 12 · 9 and f″(3) = 24 · 3.
    const f = (y: Tensor): Tensor => grad((x: Tensor) => x.square().mul(y.pow(3)))(double(2));
    expect(f(double(3)).item()).toBe(108);
    expect(grad(f)(double(3)).item()).toBeCloseTo(108, 10);
    expect(grad(grad(f))(double(3)).item()).toBeCloseTo(72, 10);
    // Both at once: x is the outer variable itself.
    const g = (y: Tensor): Tensor => grad((x: Tensor) => x.square().mul(y.pow(3)))(y);
    expect(grad(g)(double(3)).item()).toBeCloseTo(2 * 4 * 27, 9);
  });

  it("keeps perturbations apart that a careless engine confuses: d/dx (x · d/dy (x + y)) = 1", () => {
    const f = (x: Tensor): Tensor => x.mul(grad((y: Tensor) => x.add(y))(double(1)));
    expect(grad(f)(double(5)).item()).toBe(1);
  });

  it("reaches leaves outside through backward", () => {
    const w = tensor(3, { requiresGrad: true, dtype: "float64" });
    grad((x: Tensor) => x.square().mul(w))(double(2)).backward();
    expect(w.grad!.item()).toBe(4);
  });

  it("works inside noGrad, where its results have no past", () => {
    const w = tensor(3, { requiresGrad: true, dtype: "float64" });
    const [value, gradient] = noGrad(() => valueAndGrad((x: Tensor) => x.square().mul(w))(double(2)));
    expect([value.item(), gradient.item()]).toEqual([12, 12]);
    expect([value.requiresGrad, gradient.requiresGrad]).toEqual([false, false]);
    expect(noGrad(() => grad(grad(fifth))(double(2))).item()).toBe(160);
  });
});

describe("vjp, jvp and hvp", () => {
  const numbers = (length: number): fc.Arbitrary<number[]> =>
    fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
  /** f(x) = (x₀ x₁, sin x₁, x₀ exp x₂), with its Jacobian and the Hessian of Σ f by hand. */
  const f = (x: Tensor): Tensor => {
    const [a, b, c] = x;
    return a
      .mul(b)
      .reshape([1])
      .mul(tensor([1, 0, 0], { dtype: "float64" }))
      .add(b.sin().mul(tensor([0, 1, 0], { dtype: "float64" })))
      .add(a.mul(c.exp()).mul(tensor([0, 0, 1], { dtype: "float64" })));
  };
  const jacobian = ([a, b, c]: number[]): number[][] => [
    [b, a, 0],
    [0, Math.cos(b), 0],
    [Math.exp(c), 0, a * Math.exp(c)],
  ];
  const hessian = ([a, b, c]: number[]): number[][] => [
    [0, 1, Math.exp(c)],
    [1, -Math.sin(b), 0],
    [Math.exp(c), 0, a * Math.exp(c)],
  ];
  const close = (actual: Tensor, expected: number[]): void => {
    const values = actual.toArray<number[]>();
    expect(values).toHaveLength(expected.length);
    // A few roundings of numbers up to 2e² in float64.
    for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 12);
  };

  test.prop([numbers(3), numbers(3)])(
    "are products with the Jacobian, its transpose, and the Hessian",
    (x, v) => {
      const rows = jacobian(x);
      const [value, pullback] = vjp(f, double(x));
      close(value, [x[0] * x[1], Math.sin(x[1]), x[0] * Math.exp(x[2])]);
      close(
        pullback(double(v)),
        rows[0].map((_, j) =>
          dot(
            rows.map((row) => row[j]),
            v,
          ),
        ),
      );
      close(
        pullback(double(v)),
        rows[0].map((_, j) =>
          dot(
            rows.map((row) => row[j]),
            v,
          ),
        ),
      );
      close(
        jvp(f, double(x), double(v))[1],
        rows.map((row) => dot(row, v)),
      );
      close(
        hvp((x) => f(x).sum(), double(x), double(v)),
        hessian(x).map((row) => dot(row, v)),
      );
    },
  );

  it("starts from ones without a cotangent", () => {
    const [, pullback] = vjp((x: Tensor) => x.square(), double([1, 2]));
    expect(pullback().toArray()).toEqual([2, 4]);
  });

  it("nest: a jvp of a gradient is an hvp, and a gradient of a jvp is right", () => {
    const x = double([1, 2]);
    const v = double([3, -1]);
    const cubes = (x: Tensor): Tensor => x.pow(3).sum();
    expect(jvp(grad(cubes), x, v)[1].toArray()).toEqual([18, -12]);
    expect(hvp(cubes, x, v).toArray()).toEqual([18, -12]);
    // ⟨3 x², v⟩ by x: 6 x v.
    expect(grad((x: Tensor) => jvp(cubes, x, v)[1])(x).toArray()).toEqual([18, -12]);
  });

  it("take trees", () => {
    const x = { a: double([1, 2]), b: [double(3)] };
    const g = ({ a, b: [b] }: typeof x): Tensor => a.mul(b);
    const [, derivative] = jvp(g, x, { a: double([1, 0]), b: [double(10)] });
    expect(derivative.toArray()).toEqual([13, 20]);
    const product = hvp((tree: typeof x) => g(tree).square().sum(), x, { a: double([1, 0]), b: [double(0)] });
    expect([product.a.toArray(), product.b[0].item()]).toEqual([[18, 0], 12]);
  });

  it("refuse directions of another structure or shape", () => {
    expect(() => jvp(f, double([1, 2, 3]), double([1, 2]))).toThrow(ShapeError);
    expect(() => hvp((x: Tensor) => x.sum(), double([1, 2]), double(1))).toThrow(/\[2\] against \[\]/);
    expect(() => jvp((x: { a: Tensor }) => x.a, { a: double(1) }, {} as never)).toThrow(ShapeError);
  });

  it("refuse a tree that contains itself, at any depth, and take one that has a branch twice", () => {
    const tree: { w: Tensor; list: unknown[] } = { w: double(1), list: [] };
    tree.list.push({ tree });
    const first = (x: typeof tree): Tensor => x.w;
    const ways = [
      () => grad(first)(tree as never),
      () => vjp(first, tree as never),
      () => jvp(first, tree as never, tree as never),
      () => hvp(first, tree as never, tree as never),
      () => checkGradients(first as never, [tree] as never),
    ];
    for (const way of ways) expect(way).toThrow(/^\w+: got an object with w, list that contains itself\./);
    const branch = { w: double(3) };
    type Both = Record<"a" | "b", { w: Tensor }>;
    expect(grad(({ a, b }: Both) => a.w.mul(b.w))({ a: branch, b: branch }).a.w.item()).toBe(3);
  });

  it("let errors of the function through, and recording is as before", () => {
    expect(() => vjp((x: Tensor) => x.sum(5), double([1]))).toThrow(AxisError);
    expect(double([1]).requiresGrad).toBe(false);
  });
});
