/** Checks of lesson 9: a checker must take what is right at any scale, and refuse what is wrong. */

import fc from "fast-check";
import { digits, forAll, quarters, requireExports, Wrong } from "../checking.ts";

type Numbers = readonly number[];

function requireBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== "boolean")
    throw new Wrong(
      `${name} gives ${value === undefined ? "nothing back" : String(value)}, where true or false is expected.`,
    );
}

const dot = (a: Numbers, b: Numbers): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

export const checks = {
  agrees(learner: {
    agrees: (f: (x: Numbers) => number, gradient: (x: Numbers) => number[], inputs: number[]) => unknown;
  }) {
    requireExports(learner, "agrees");
    const cases = fc.integer({ min: 1, max: 3 }).chain((n) => {
      const numbers = fc.array(quarters(), { minLength: n, maxLength: n });
      return fc.tuple(numbers, numbers);
    });
    /** What agrees says of f = scale · Σ w x² and a gradient that is changed. */
    const ask = (
      weights: Numbers,
      x: Numbers,
      scale: number,
      change: (gradient: number[]) => number[],
    ): boolean => {
      const f = (x: Numbers): number =>
        scale * x.reduce((sum, value, i) => sum + weights[i] * value * value, 0);
      const gradient = (x: Numbers): number[] => change(x.map((value, i) => 2 * scale * weights[i] * value));
      const got = learner.agrees(f, gradient, [...x]);
      requireBoolean(got, "agrees");
      return got;
    };
    const scales = { "numbers near 1": 1, "numbers near a million": 1e6, "numbers near a millionth": 1e-6 };
    for (const [size, scale] of Object.entries(scales)) {
      const right = (): void =>
        forAll([cases], ([weights, x]) => {
          if (ask(weights, x, scale, (gradient) => gradient)) return;
          throw new Wrong(
            `For ${size}, agrees refuses the right gradient of ${weights.map((w, i) => `${digits(w * scale)}·x${i}²`).join(" + ")} at [${x.map(digits).join(", ")}]. Nudges are only nearly exact: allow a difference that grows with the numbers.`,
          );
        });
      const changes: Record<string, (gradient: number[], i: number) => number[]> = {
        "is twice as much": (gradient, i) => gradient.with(i, 2 * gradient[i]),
        "has the wrong sign": (gradient, i) => gradient.with(i, -gradient[i]),
        "is off by 10 %": (gradient, i) => gradient.with(i, 1.1 * gradient[i]),
        "is 0": (gradient, i) => gradient.with(i, 0),
        "is NaN": (gradient, i) => gradient.with(i, NaN),
      };
      right();
      for (const [what, change] of Object.entries(changes))
        forAll([cases, fc.nat(2)], ([weights, x], at) => {
          const i = at % x.length;
          if (!ask(weights, x, scale, (gradient) => change(gradient, i))) return;
          const start = `For ${size}, agrees takes a gradient whose element ${i} of ${x.length} ${what}.`;
          throw new Wrong(
            what === "is NaN"
              ? `${start} Comparisons with NaN are false. Ask whether the difference is small enough, not whether it is too large.`
              : scale < 1
                ? `${start} A fixed tolerance is too wide for small numbers: let it shrink with them.`
                : `${start} Compare each element.`,
          );
        });
      forAll([cases], ([weights, x]) => {
        if (x.length > 1 && ask(weights, x, scale, (gradient) => gradient.slice(0, -1)))
          throw new Wrong("agrees takes a gradient with fewer elements than there are inputs.");
      });
    }
  },

  holds(learner: {
    holds: (
      jvp: (x: Numbers) => number[],
      vjp: (y: Numbers) => number[],
      inputs: number,
      outputs: number,
      random: () => number,
    ) => unknown;
  }) {
    requireExports(learner, "holds");
    const sides = fc.integer({ min: 1, max: 3 });
    const matrices = (rows: number, columns: number): fc.Arbitrary<number[][]> =>
      fc.array(fc.array(quarters(), { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      });
    /** What holds says of J forward, and another matrix backward. */
    const ask = (
      forward: readonly Numbers[],
      backward: readonly Numbers[],
      inputs: number,
      scale = 1,
    ): boolean => {
      let state = 1;
      const random = (): number => {
        state = (state * 16807) % 2147483647;
        return (2 * state) / 2147483647 - 1;
      };
      const jvp = (x: Numbers): number[] => {
        if (x.length !== inputs)
          throw new Wrong(`jvp is called with ${x.length} numbers, and there are ${inputs} inputs.`);
        return forward.map((row) => scale * dot(row, x));
      };
      const vjp = (y: Numbers): number[] => {
        if (y.length !== forward.length)
          throw new Wrong(`vjp is called with ${y.length} numbers, and there are ${forward.length} outputs.`);
        return Array.from(
          { length: inputs },
          (_, k) => scale * backward.reduce((sum, row, i) => sum + row[k] * y[i], 0),
        );
      };
      const got = learner.holds(jvp, vjp, inputs, forward.length, random);
      requireBoolean(got, "holds");
      return got;
    };
    const show = (matrix: readonly Numbers[]): string =>
      `[${matrix.map((row) => `[${row.map(digits).join(", ")}]`).join(", ")}]`;
    for (const scale of [1, 1e8, 1e-8])
      forAll([fc.tuple(sides, sides).chain(([rows, columns]) => matrices(rows, columns))], (jacobian) => {
        if (!ask(jacobian, jacobian, jacobian[0].length, scale))
          throw new Wrong(
            `holds refuses a jvp and a vjp of the same Jacobian, ${show(jacobian)} times ${scale}. Sums are rounded: allow a little, in proportion to the numbers.`,
          );
      });
    for (const scale of [1, 1e-8])
      forAll(
        [fc.tuple(sides, sides).chain(([rows, columns]) => fc.tuple(matrices(rows, columns), fc.nat(8)))],
        ([jacobian, at]) => {
          const [i, k] = [at % jacobian.length, at % jacobian[0].length];
          const wrong = jacobian.map((row, r) =>
            row.map((value, c) => (r === i && c === k ? -value : value)),
          );
          if (ask(jacobian, wrong, jacobian[0].length, scale))
            throw new Wrong(
              `holds takes a vjp in which one entry of the Jacobian ${show(jacobian)} times ${scale} has the wrong sign.${scale < 1 ? " A fixed tolerance is too wide for small numbers." : ""}`,
            );
        },
      );
    forAll([matrices(2, 2).filter(([[, b], [c]]) => b !== c)], (jacobian) => {
      const transposed = jacobian[0].map((_, k) => jacobian.map((row) => row[k]));
      if (ask(jacobian, transposed, 2))
        throw new Wrong(
          `holds takes a vjp that uses the transpose of ${show(jacobian)}. With the same number in all places it cannot be seen: draw each number of ẋ and ȳ with random().`,
        );
    });
    let calls = 0;
    const count = (numbers: number[]) => (): number[] => {
      calls++;
      return numbers;
    };
    learner.holds(
      count([0]),
      () => [0, 0],
      2,
      1,
      () => 0.5,
    );
    if (calls < 20)
      throw new Wrong(
        `holds tries ${calls} pair${calls === 1 ? "" : "s"} of ẋ and ȳ, where 20 are asked for: one may hide a mistake by chance.`,
      );
    if (
      learner.holds(
        () => [NaN],
        () => [1, 1],
        2,
        1,
        () => 0.5,
      ) !== false
    )
      throw new Wrong(
        "holds takes a jvp that is NaN. Ask whether the difference is small enough, not whether it is too large.",
      );
  },

  smallest(learner: { smallest: (fails: (list: Numbers) => boolean, list: number[]) => unknown }) {
    requireExports(learner, "smallest");
    const lists = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 5 });
    const properties: Record<string, (limit: number) => (list: Numbers) => boolean> = {
      "a number is above": (limit) => (list) => list.some((value) => value > limit),
      "the sum of the sizes is above": (limit) => (list) =>
        list.reduce((sum, value) => sum + Math.abs(value), 0) > limit,
      "there are so many numbers, one of them above": (limit) => (list) =>
        list.length > 1 && list.some((value) => value > limit),
    };
    forAll(
      [fc.constantFrom(...Object.keys(properties)), fc.integer({ min: 0, max: 9 }), lists],
      (what, limit, list) => {
        const fails = properties[what](limit);
        if (!fails(list)) return;
        const given = [...list];
        let asked = 0;
        const got = learner.smallest((tried) => {
          if (++asked > 20_000)
            throw new Wrong("smallest asks on and on. Halving 0 gives 0, which is no simpler list.");
          return fails(tried);
        }, given);
        const shown = `For "fails where ${what} ${limit}" and [${list.join(", ")}], smallest`;
        if (!Array.isArray(got))
          throw new Wrong(
            `${shown} gives ${got === undefined ? "nothing back" : String(got)}, where a list is expected.`,
          );
        if (given.length !== list.length || given.some((value, i) => value !== list[i]))
          throw new Wrong(`${shown} changes the list that it was given.`);
        const found = got as number[];
        if (!fails(found))
          throw new Wrong(
            `${shown} gives [${found.join(", ")}], which does not fail. Go to a simpler list only where it still fails.`,
          );
        const shorter = found.map((_, i) => found.toSpliced(i, 1)).find(fails);
        if (shorter !== undefined)
          throw new Wrong(
            `${shown} gives [${found.join(", ")}], but [${shorter.join(", ")}] has one element less and fails, too. After each step, try all simpler lists again.`,
          );
        const halved = found
          .flatMap((value, i) => (value === 0 ? [] : [found.with(i, Math.trunc(value / 2))]))
          .find(fails);
        if (halved !== undefined)
          throw new Wrong(
            `${shown} gives [${found.join(", ")}], but [${halved.join(", ")}] has an element halved and fails, too. After each step, try all simpler lists again.`,
          );
      },
      { runs: 150 },
    );
  },
};
