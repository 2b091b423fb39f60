/** Checks of lesson 7: rules against differences, and optimisers against their formulas over drawn gradients. */

import fc from "fast-check";
import { digits, forAll, isNear, quarters, requireExports, requireNumber, Wrong } from "../checking.ts";
import { checkOperation, fromTensor, shapes, type Table, table, tables, toTensor } from "./tensors.ts";

type Cotangents = ReadonlyMap<Table, Table>;
interface Optimizer {
  step(cotangents: Cotangents): void;
}

const anyTable = shapes(1).chain(([shape]) => fc.tuple(tables(shape)));

/** Gradients of each of some steps, for parameters of two numbers and of one. */
const gradients = (steps: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(quarters(), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: steps });

/** Two parameters, and the Map of a step's gradients. */
function parameters(): {
  all: Table[];
  cotangents: (numbers: readonly number[]) => Cotangents;
  values: () => number[];
} {
  const all = [table([1, 2], [5, -300]), table([1, 1], [0.25])];
  return {
    all,
    cotangents: (numbers) =>
      new Map([
        [all[0], table([1, 2], numbers.slice(0, 2))],
        [all[1], table([1, 1], numbers.slice(2))],
      ]),
    values: () => all.flatMap(({ data }) => [...data]),
  };
}

export const checks = {
  silu(learner: { silu: (x: Table) => Table }) {
    requireExports(learner, "silu");
    checkOperation(learner.silu, anyTable, (x) => fromTensor(toTensor(x).silu()), {
      name: "silu",
      hints: ["It is c times σ(x) + x·σ(x)·(1 − σ(x)), element by element."],
    });
  },

  "mean-squared-error"(learner: { meanSquaredError: (guess: Table, target: Table) => Table }) {
    requireExports(learner, "meanSquaredError");
    const pairs = shapes(1).chain(([shape]) => fc.tuple(tables(shape), tables(shape)));
    const loss = (guess: Table, target: Table): number =>
      guess.data.reduce((sum, value, i) => sum + (value - target.data[i]) ** 2, 0) / guess.data.length;
    forAll([pairs], ([guess, target]) => {
      const n = guess.data.length;
      const [got, expected] = [learner.meanSquaredError(guess, target)?.data?.[0], loss(guess, target)];
      if (n > 1 && expected > 0 && isNear(got, expected * n))
        throw new Wrong(
          `For ${n} elements the loss is ${digits(got)}, and should be ${digits(expected)}. This is the sum of the squares. The loss is their mean.`,
        );
    });
    checkOperation(learner.meanSquaredError, pairs, (guess, target) => table([1, 1], [loss(guess, target)]), {
      name: "meanSquaredError",
      hints: ["It is c times 2·(guess − target)/n, and c is the one number c.data[0]."],
    });
  },

  sgd(learner: { sgd: (parameters: Table[], cotangents: Cotangents, rate: number) => void }) {
    requireExports(learner, "sgd");
    forAll([gradients(2), fc.constantFrom(0.5, 0.125)], (steps, rate) => {
      const { all, cotangents, values } = parameters();
      const expected = values();
      for (const [t, step] of steps.entries()) {
        const before = values();
        const given = cotangents(step);
        learner.sgd(all, given, rate);
        for (const [i, gradient] of step.entries()) {
          expected[i] -= rate * gradient;
          const [moved, wanted] = [values()[i] - before[i], -rate * gradient];
          if (isNear(values()[i], expected[i])) continue;
          const start = `With the gradient ${digits(gradient)} and the rate ${rate}, a parameter moves by ${digits(moved)} in step ${t + 1}, and should move by ${digits(wanted)}.`;
          if (moved === 0)
            throw new Wrong(
              `${start} Change the numbers of every parameter where they stand: parameter.data[i]. A new array would be seen by nobody.`,
            );
          if (isNear(moved, -wanted))
            throw new Wrong(
              `${start} It goes uphill. The gradient says where the loss grows: go against it.`,
            );
          if (isNear(moved, -gradient)) throw new Wrong(`${start} The rate is missing.`);
          throw new Wrong(`${start} The move is −rate · gradient.`);
        }
      }
    });
  },

  adam(learner: { Adam: new (parameters: Table[], rate: number) => Optimizer }) {
    requireExports(learner, "Adam");
    const { Adam } = learner;
    const rate = 0.125;
    const follow = (steps: readonly (readonly number[])[]): void => {
      const { all, cotangents, values } = parameters();
      const optimizer = new Adam(all, rate);
      if (typeof optimizer.step !== "function") throw new Wrong("An Adam needs the method step(cotangents).");
      const [mean, square] = [
        [0, 0, 0],
        [0, 0, 0],
      ];
      const expected = values();
      for (const [t, step] of steps.entries()) {
        const before = values();
        optimizer.step(cotangents(step));
        for (const [i, g] of step.entries()) {
          mean[i] = 0.9 * mean[i] + 0.1 * g;
          square[i] = 0.999 * square[i] + 0.001 * g * g;
          const [m, s] = [mean[i] / (1 - 0.9 ** (t + 1)), square[i] / (1 - 0.999 ** (t + 1))];
          const wanted = (-rate * m) / (Math.sqrt(s) + 1e-8);
          expected[i] += wanted;
          requireNumber(values()[i], `A parameter after step ${t + 1}`);
          if (isNear(values()[i], expected[i], 1e-8)) continue;
          const moved = values()[i] - before[i];
          const given = steps
            .slice(0, t + 1)
            .map((step) => digits(step[i]))
            .join(", then ");
          const start = `With the gradient${t > 0 ? "s" : ""} ${given} and the rate ${rate}, step ${t + 1} moves a parameter by ${digits(moved)}, and should move it by ${digits(wanted)}.`;
          if (t === 0 && i === 2 && moved !== 0)
            throw new Wrong(
              `${start} The parameters before it moved as they should: each parameter has averages of its own.`,
            );
          if (moved === 0)
            throw new Wrong(`${start} Change the numbers of every parameter where they stand.`);
          if (t === 0 && Math.sign(moved) === Math.sign(g)) throw new Wrong(`${start} It goes uphill.`);
          if (t === 0 && isNear(moved, (-rate * mean[i]) / (Math.sqrt(square[i]) + 1e-8), 1e-6))
            throw new Wrong(
              `${start} The bias correction is missing: divide the mean by 1 − 0.9ᵗ, and the square by 1 − 0.999ᵗ.`,
            );
          if (t === 0 && Math.abs(g) > 1e-3)
            throw new Wrong(`${start} The first step has the size of the rate, whatever the gradient.`);
          if (Math.abs(g) < 1e-3)
            throw new Wrong(`${start} ε is added to the root, and is 1e-8: √s + ε, not √(s + ε).`);
          if (t > 0 && isNear(moved, -rate * Math.sign(g), 1e-6))
            throw new Wrong(
              `${start} Nothing is left of the steps before: keep both averages from one step to the next, for each parameter.`,
            );
          throw new Wrong(
            `${start} The averages themselves stay uncorrected from step to step, the correction uses the number of this step, and each parameter has averages of its own.`,
          );
        }
      }
    };
    forAll([gradients(1)], follow);
    forAll([gradients(6)], follow);
    forAll(
      [
        fc.constantFrom(
          [[1e-6, -1e-7, 1e-5]],
          [
            [1e-7, 1e-7, -1e-6],
            [1e-6, 1e-7, 1e-6],
          ],
        ),
      ],
      follow,
    );
  },
};
