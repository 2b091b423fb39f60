/** Checks of lesson 8: slopes that are recorded, and derivatives of derivatives beside the engine's. */

import fc from "fast-check";
import { grad as engineGrad, type Tensor, tensor } from "halograd";
import {
  digits,
  forAll,
  isNear,
  primes,
  quarters,
  requireExports,
  requireNumber,
  Wrong,
} from "../checking.ts";

interface Recorded {
  readonly data: number;
  readonly sources: readonly { readonly from: Recorded; slope(): Recorded }[];
  add(other: Recorded): Recorded;
  mul(other: Recorded): Recorded;
}

/** Values for the checks of functions that others write. */
class Term implements Recorded {
  readonly data: number;
  readonly sources: Recorded["sources"];
  constructor(data: number, sources: Recorded["sources"] = []) {
    this.data = data;
    this.sources = sources;
  }
  add(other: Recorded): Recorded {
    const one = (): Recorded => new Term(1);
    return new Term(this.data + other.data, [
      { from: this, slope: one },
      { from: other, slope: one },
    ]);
  }
  mul(other: Recorded): Recorded {
    return new Term(this.data * other.data, [
      { from: this, slope: () => other },
      { from: other, slope: () => this },
    ]);
  }
}

/** ∂result/∂x over all paths, for graphs of a few values. */
function derivative(result: Recorded, x: Recorded): number {
  if (result === x) return 1;
  return result.sources.reduce((sum, { from, slope }) => sum + slope().data * derivative(from, x), 0);
}

/** Σ cᵢ xⁱ, on anything that adds and multiplies. */
function polynomial<V>(
  coefficients: readonly number[],
  x: V,
  constant: (value: number) => V,
  add: (a: V, b: V) => V,
  mul: (a: V, b: V) => V,
): V {
  return coefficients.reduceRight((sum, c) => add(mul(sum, x), constant(c)), constant(0));
}
const term = (coefficients: readonly number[]) => (x: Recorded) =>
  polynomial<Recorded>(
    coefficients,
    x,
    (value) => new Term(value),
    (a, b) => a.add(b),
    (a, b) => a.mul(b),
  );
const showPolynomial = (coefficients: readonly number[]): string =>
  coefficients
    .map((c, i) => (i === 0 ? digits(c) : `${digits(c)}·x${i > 1 ? ["²", "³", "⁴"][i - 2] : ""}`))
    .join(" + ");

const STEP =
  "Is the sign right, and is the step slope/curvature, not f/slope, which looks for a place where f is 0?";

export const checks = {
  recorded(
    learner: { Recorded: new (data: number) => Recorded } & Record<
      "exp" | "sin" | "cos",
      (x: Recorded) => Recorded
    >,
  ) {
    requireExports(learner, "Recorded", "exp", "sin", "cos");
    const { Recorded } = learner;
    const requireSlope = (result: Recorded, operand: Recorded, shown: string): Recorded => {
      if (result === operand) throw new Wrong(`${shown} gives its operand back. Make a new Recorded.`);
      requireNumber(result?.data, `The data of ${shown}`);
      const found = result.sources?.find(({ from }) => from === operand);
      if (found === undefined)
        throw new Wrong(`${shown} has no source from each of its operands. Record them: { from, slope }.`);
      if (typeof found.slope !== "function")
        throw new Wrong(
          `A slope of ${shown} is ${typeof found.slope === "number" ? "a number" : "no function"}. Write a function that returns a Recorded: slope: () => ….`,
        );
      const slope = found.slope();
      if (typeof slope !== "object" || slope === null || !Array.isArray(slope.sources))
        throw new Wrong(
          `A slope of ${shown} returns ${typeof slope === "number" ? "a number" : "no Recorded"}. A number does not remember what it was computed from: return a Recorded.`,
        );
      requireNumber(slope.data, `A slope of ${shown}`);
      return slope;
    };
    forAll([fc.constantFrom("add" as const, "mul" as const), primes(2)], (name, [a, b]) => {
      const [x, y] = [new Recorded(a), new Recorded(b)];
      const shown = `${a}.${name}(${b})`;
      const result = x[name](y);
      const data = name === "add" ? a + b : a * b;
      if (!isNear(result?.data, data))
        throw new Wrong(`${shown} has the data ${digits(result?.data)}, and should have ${data}.`);
      for (const [operand, other, own] of [
        [x, y, a],
        [y, x, b],
      ] as const) {
        const slope = requireSlope(result, operand, shown);
        const wanted = name === "add" ? 1 : other.data;
        if (!isNear(slope.data, wanted))
          throw new Wrong(
            `${shown} has the slope ${digits(slope.data)} to the operand ${own}, and should have ${wanted}.`,
          );
        if (name === "mul" && derivative(slope, other) !== 1)
          throw new Wrong(
            `The slope of ${shown} to the operand ${own} is a new value that equals the other operand. It forgets that it is that operand, and will not move with it: return the operand itself.`,
          );
      }
    });
    const functions: Record<string, readonly ((x: number) => number)[]> = {
      exp: [Math.exp, Math.exp, Math.exp, Math.exp],
      sin: [Math.sin, Math.cos, (x) => -Math.sin(x), (x) => -Math.cos(x)],
      cos: [Math.cos, (x) => -Math.sin(x), (x) => -Math.cos(x), Math.sin],
    };
    forAll([fc.constantFrom("exp" as const, "sin" as const, "cos" as const), quarters(-8, 8)], (name, a) => {
      const x = new Recorded(a);
      let result: Recorded;
      try {
        result = learner[name](x);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new Wrong(
          `${name} never comes to an end: it computes its slope at once, and that the slope's slope. Write slope: () => …, which waits until somebody asks.`,
        );
      }
      const shown = `${name}(${digits(a)})`;
      const [value, first] = functions[name];
      if (!isNear(result?.data, value(a)))
        throw new Wrong(
          `${shown} has the data ${digits(result?.data)}, and should have ${digits(value(a))}.`,
        );
      const slope = requireSlope(result, x, shown);
      if (!isNear(slope.data, first(a)))
        throw new Wrong(`${shown} has the slope ${digits(slope.data)}, and should have ${digits(first(a))}.`);
    });
    forAll([fc.constantFrom("exp" as const, "sin" as const, "cos" as const), quarters(-8, 8)], (name, a) => {
      const x = new Recorded(a);
      const shown = `${name}(${digits(a)})`;
      const [, , second, third] = functions[name];
      const again = derivative(requireSlope(learner[name](x), x, shown), x);
      if (!isNear(again, second(a)))
        throw new Wrong(
          `The slope of ${shown} is right, but its own derivative is ${digits(again)}, and should be ${digits(second(a))}. The slope must be computed from x by recorded operations.`,
        );
      // Of the slope's slope, along all its paths.
      const h = 1e-4;
      const secondAt = (at: number): number => {
        const x = new Recorded(at);
        return derivative(requireSlope(learner[name](x), x, shown), x);
      };
      if (!isNear((secondAt(a + h) - secondAt(a - h)) / (2 * h), third(a), 1e-5))
        throw new Wrong(
          `The third derivative of ${shown} is wrong. The slope must be computed from x by recorded operations.`,
        );
    });
  },

  grad(learner: { grad: (f: (x: Recorded) => Recorded) => (x: Recorded) => Recorded }) {
    requireExports(learner, "grad");
    const { grad } = learner;
    const call = (f: (x: Recorded) => Recorded, x: Recorded, shown: string): number => {
      const got = f(x);
      if (typeof got !== "object" || got === null || !Array.isArray(got.sources))
        throw new Wrong(
          `${shown} gives ${got === undefined ? "nothing back" : typeof got === "number" ? "a number" : "no Recorded"}, where a Recorded is expected.`,
        );
      requireNumber(got.data, `The data of ${shown}`);
      return got.data;
    };
    if (typeof grad((x) => x) !== "function")
      throw new Wrong("grad(f) is a function: of x, and gives the derivative of f there.");
    // Of x·x alone first: one operation, used twice.
    forAll([quarters()], (a) => {
      const got = call(
        grad((x) => x.mul(x)),
        new Term(a),
        "grad of x·x",
      );
      if (isNear(got, 2 * a)) return;
      const start = `grad of x·x at ${digits(a)} is ${digits(got)}, and should be ${digits(2 * a)}.`;
      throw new Wrong(
        isNear(got, a)
          ? `${start} The contribution of the second use of x replaces the first instead of being added.`
          : `${start} It is the cotangent of x after the walk of lesson 4.`,
      );
    });
    const float64 = (value: number): Tensor => tensor(value, { dtype: "float64" });
    for (const order of [1, 2, 3])
      forAll(
        [fc.array(quarters(-8, 8), { minLength: 4, maxLength: 5 }), quarters(-6, 6)],
        (coefficients, a) => {
          let [f, g] = [
            term(coefficients),
            (x: Tensor) =>
              polynomial<Tensor>(
                coefficients,
                x,
                float64,
                (a, b) => a.add(b),
                (a, b) => a.mul(b),
              ),
          ];
          for (let i = 0; i < order; i++) [f, g] = [grad(f), engineGrad(g)];
          const expected = g(float64(a)).item();
          const shown = `${"grad of ".repeat(order)}${showPolynomial(coefficients)}`;
          const got = call(f, new Term(a), shown);
          if (isNear(got, expected)) return;
          const start = `${shown} at ${digits(a)} is ${digits(got)}, and should be ${digits(expected)}.`;
          throw new Wrong(
            order > 1 && got === 0
              ? `${start} The first derivative was right, but it does not remember that it came from x. Call f with x itself, and use mul and add for the contributions, not their data.`
              : `${start} Contributions are cotangent.mul(slope()), added with add, in the order of order(result).`,
          );
        },
      );
    let constant: Recorded;
    try {
      constant = grad(() => new Term(5))(new Term(2));
    } catch {
      throw new Wrong("grad of a function that does not use x throws an error. Its derivative is 0.");
    }
    if (constant?.data !== 0)
      throw new Wrong(
        `grad of a function that does not use x gives ${constant === undefined ? "nothing back" : digits(constant.data)}. Its derivative is 0.`,
      );
  },

  newton(learner: { newton: (f: (x: Recorded) => Recorded, start: number) => unknown }) {
    requireExports(learner, "newton");
    const { newton } = learner;
    forAll([quarters(1, 12), quarters(), quarters()], (a, center, start) => {
      // a (x − center)² + 1, which is 0 nowhere.
      const f = term([a * center * center + 1, -2 * a * center, a]);
      const got = newton(f, start);
      const shown = `For f = ${showPolynomial([a * center * center + 1, -2 * a * center, a])} from ${digits(start)}, newton`;
      if (typeof got === "number" && !Number.isFinite(got))
        throw new Wrong(`${shown} runs away to ${got}, and the minimum is at ${digits(center)}. ${STEP}`);
      requireNumber(got, shown);
      if (isNear(got, center, 1e-7)) return;
      const start_ = `${shown} ends at ${digits(got)}, and the minimum is at ${digits(center)}.`;
      const strides = (got - start) / (center - start);
      if (strides > 1.5 && isNear(strides, Math.round(strides)))
        throw new Wrong(
          `${start_} This is ${Math.round(strides)} times the first step. Take slope and curvature at the place where x is by then.`,
        );
      if (Math.abs(got - center) > Math.abs(start - center))
        throw new Wrong(`${start_} It is farther away than at the start. ${STEP}`);
      throw new Wrong(`${start_} For a parabola, one step of −slope/curvature ends exactly there.`);
    });
    forAll([quarters(1, 8), quarters(-8, 8), quarters(-8, 8)], (a, center, start) => {
      // a (x − center)⁴ + (x − center)²: one minimum, and no parabola.
      const f = (x: Recorded): Recorded => {
        const d = x.add(new Term(-center));
        const square = d.mul(d);
        return square.mul(square).mul(new Term(a)).add(square);
      };
      const got = newton(f, start);
      requireNumber(got, "newton");
      if (isNear(got, center, 1e-6)) return;
      throw new Wrong(
        `For f = ${digits(a)}·d⁴ + d² with d = x − ${digits(center)}, from ${digits(start)}, newton ends at ${digits(got)}. It takes more than one step, each with slope and curvature at the place where x is by then.`,
      );
    });
  },
};
