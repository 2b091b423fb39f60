/** Checks of lesson 1: differences against the derivatives of polynomials. */

import fc from "fast-check";
import { digits, forAll, isNear, quarters, requireExports, requireNumber, Wrong } from "../checking.ts";

type F = (x: number) => number;
type G = (inputs: readonly number[]) => number;

const NEARER =
  "It could be nearer. Nudge to both sides, so that the errors cancel, with h of about 1e-5: a larger one cuts across the bend, and a smaller one loses digits.";

export const checks = {
  slope(learner: { slope: (f: F, x: number) => unknown }) {
    requireExports(learner, "slope");
    const { slope } = learner;
    forAll([quarters(), quarters()], (a, x) => {
      const got = slope((x) => a * x, x);
      const where = `For f(x) = ${digits(a)}·x at x = ${digits(x)}, slope`;
      requireNumber(got, where);
      if (isNear(got, a, 1e-6)) return;
      // All digits, as they may be what is wrong.
      const start = `${where} gives ${got}, and the derivative is ${digits(a)}.`;
      if (got === 0)
        throw new Wrong(`${start} Are the two places different numbers? The nudge may be too small to see.`);
      if (isNear(got, 2 * a, 1e-6))
        throw new Wrong(`${start} This is twice as much: from x − h to x + h the distance is 2h, not h.`);
      if (isNear(got, a / 2, 1e-6))
        throw new Wrong(`${start} This is half of it: from x to x + h the distance is h, not 2h.`);
      if (isNear(got, -a, 1e-6))
        throw new Wrong(`${start} The sign is wrong: take the value on the right minus that on the left.`);
      if (Math.abs(got) < Math.abs(a) / 100)
        throw new Wrong(
          `${start} This is how far f moved. Divide it by how far x moved, with parentheses around 2 * h: what is written behind / 2 multiplies again.`,
        );
      if (Math.abs(got - a) < Math.abs(a) / 10) throw new Wrong(`${start} ${NEARER}`);
      throw new Wrong(`${start} It is the change of f divided by the distance between the two places.`);
    });
    forAll([quarters(), quarters(), quarters()], (a, b, x) => {
      const f: F = (x) => a * x * x * x + b * x * x;
      const expected = 3 * a * x * x + 2 * b * x;
      const got = slope(f, x);
      requireNumber(got, "slope");
      const scale = 1 + Math.abs(a * x * x * x) + Math.abs(b * x * x) + Math.abs(a) + Math.abs(b);
      if (Math.abs(got - expected) <= 1e-8 * scale) return;
      throw new Wrong(
        `For f(x) = ${digits(a)}·x³ + ${digits(b)}·x² at x = ${digits(x)}, slope gives ${got}, and the derivative is ${expected}. ` +
          NEARER,
      );
    });
  },

  partials(learner: { partials: (f: G, inputs: number[]) => unknown }) {
    requireExports(learner, "partials");
    const { partials } = learner;
    const inputs = fc.array(quarters(), { minLength: 1, maxLength: 4 });
    const call = (f: G, x: readonly number[], shown: string): number[] => {
      const given = [...x];
      const where = `For ${shown} at [${x.map(digits).join(", ")}], partials`;
      const got = partials((inputs) => {
        if (!Array.isArray(inputs))
          throw new Wrong(
            `${where} calls f without an array. f takes all inputs at once: give slope a function of one number that calls f with the whole array.`,
          );
        return f(inputs);
      }, given);
      if (!Array.isArray(got)) {
        if (got === undefined) requireNumber(got, where);
        throw new Wrong(
          `${where} gives ${digits(got)}, where an array is expected, one number for each input.`,
        );
      }
      if (got.length !== x.length)
        throw new Wrong(
          `${where} gives ${got.length} numbers for ${x.length} inputs. There is one for each.`,
        );
      for (const [i, value] of got.entries()) requireNumber(value, `${where}, element ${i},`);
      if (given.some((value, i) => value !== x[i]))
        throw new Wrong(
          `${where} changes the array that it was given. Whoever calls it still needs the inputs as they were.`,
        );
      return got;
    };
    forAll([inputs, fc.array(quarters(), { minLength: 4, maxLength: 4 })], (x, weights) => {
      const f: G = (inputs) => inputs.reduce((sum, value, i) => sum + weights[i] * value, 0);
      const shown = `f = ${x.map((_, i) => `${digits(weights[i])}·x${i}`).join(" + ")}`;
      const got = call(f, x, shown);
      const all = weights.slice(0, x.length).reduce((sum, weight) => sum + weight, 0);
      for (const [i, value] of got.entries()) {
        if (isNear(value, weights[i], 1e-6)) continue;
        const start = `For ${shown} at [${x.map(digits).join(", ")}], element ${i} is ${digits(value)}, and should be ${digits(weights[i])}.`;
        throw new Wrong(
          x.length > 1 && isNear(value, all, 1e-6)
            ? `${start} All inputs were nudged together. Nudge one, and leave the others where they are.`
            : `${start} Nudge input ${i} alone.`,
        );
      }
    });
    forAll([inputs], (x) => {
      const f: G = (inputs) => inputs.reduce((product, value) => product * value, 1);
      const got = call(f, x, `f = ${x.map((_, i) => `x${i}`).join("·")}`);
      for (const [i, value] of got.entries()) {
        const expected = x.reduce((product, other, k) => (k === i ? product : product * other), 1);
        if (isNear(value, expected, 1e-5)) continue;
        throw new Wrong(
          `For f = ${x.map((_, i) => `x${i}`).join("·")} at [${x.map(digits).join(", ")}], element ${i} is ${digits(value)}, and should be ${digits(expected)}. ` +
            "While one input is nudged, the others must have the values that they were given.",
        );
      }
    });
  },
};
