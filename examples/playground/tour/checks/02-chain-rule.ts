/** Checks of lesson 2: derivatives of chains and graphs whose slopes are drawn. */

import fc from "fast-check";
import { digits, forAll, isNear, quarters, requireExports, requireNumber, Wrong } from "../checking.ts";

interface Step {
  value(x: number): number;
  slope(x: number): number;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly slope: number;
}

export const checks = {
  chain(learner: { chain: (steps: Step[], x: number) => unknown }) {
    requireExports(learner, "chain");
    const { chain } = learner;
    const line = (a: number): Step => ({ value: (x) => a * x, slope: () => a });
    forAll([fc.array(quarters(), { minLength: 1, maxLength: 4 }), quarters()], (slopes, x) => {
      const got = chain(slopes.map(line), x);
      const where = `For steps that multiply by ${slopes.map(digits).join(", then ")}, chain`;
      requireNumber(got, where);
      const expected = slopes.reduce((product, slope) => product * slope, 1);
      if (isNear(got, expected)) return;
      const start = `${where} gives ${digits(got)}, and the derivative is ${digits(expected)}.`;
      const sum = slopes.reduce((sum, slope) => sum + slope, 0);
      if (isNear(got, sum) || isNear(got, sum + 1))
        throw new Wrong(`${start} The slopes are added. Along a chain they multiply.`);
      if (isNear(got, expected * x))
        throw new Wrong(`${start} This is the value at the end. What is asked for is its derivative.`);
      if (slopes.some((slope) => isNear(got * slope, expected)))
        throw new Wrong(`${start} One factor is missing. Does every step count, the first and the last?`);
      throw new Wrong(`${start} It is the product of the slopes of all steps.`);
    });
    const square: Step = { value: (x) => x * x, slope: (x) => 2 * x };
    forAll(
      [fc.array(fc.option(quarters(-4, 4)), { minLength: 2, maxLength: 4 }), quarters(-6, 6)],
      (kinds, x) => {
        const steps = kinds.map((a) => (a === null ? square : line(a)));
        let [value, expected, behind] = [x, 1, 1];
        for (const step of steps) {
          expected *= step.slope(value);
          value = step.value(value);
          behind *= step.slope(value);
        }
        const got = chain(steps, x);
        const shown = kinds.map((a) => (a === null ? "square" : `times ${digits(a)}`)).join(", then ");
        requireNumber(got, `For ${shown}, chain`);
        if (isNear(got, expected)) return;
        const start = `For ${shown}, at x = ${digits(x)}, chain gives ${digits(got)}, and the derivative is ${digits(expected)}.`;
        if (
          isNear(
            got,
            steps.reduce((product, step) => product * step.slope(x), 1),
          )
        )
          throw new Wrong(
            `${start} All slopes are taken at x. Take each at its own input: what the step before it gave.`,
          );
        if (isNear(got, behind))
          throw new Wrong(
            `${start} Slopes are taken at the outputs of the steps. Take each at the step's input.`,
          );
        throw new Wrong(`${start} Take each slope at the input of its step, in the order of the steps.`);
      },
    );
  },

  paths(learner: { paths: (edges: Edge[], from: string, to: string) => unknown }) {
    requireExports(learner, "paths");
    const { paths } = learner;
    const call = (edges: readonly Edge[], from: string, to: string): { got: number; start: string } => {
      const shown = edges.map(({ from, to, slope }) => `${from}→${to} ${digits(slope)}`).join(", ");
      const got = paths([...edges], from, to);
      requireNumber(got, `With the edges ${shown}, paths from ${from} to ${to}`);
      return {
        got,
        start: `With the edges ${shown}, from ${from} to ${to}, paths gives ${digits(got)}, and should give`,
      };
    };
    forAll([fc.array(quarters(), { minLength: 1, maxLength: 4 })], (slopes) => {
      const edges = slopes.map((slope, i) => ({ from: `v${i}`, to: `v${i + 1}`, slope }));
      const { got, start } = call(edges, "v0", `v${slopes.length}`);
      const expected = slopes.reduce((product, slope) => product * slope, 1);
      if (isNear(got, expected)) return;
      if (got === 0)
        throw new Wrong(
          `${start} ${digits(expected)}. Does a path end, where from is to, with the factor 1?`,
        );
      if (
        isNear(
          got,
          slopes.reduce((sum, slope) => sum + slope, 0),
        ) ||
        isNear(
          got,
          slopes.reduce((sum, slope) => sum + slope, 1),
        )
      )
        throw new Wrong(
          `${start} ${digits(expected)}. Slopes are added along the path. Along a path they multiply.`,
        );
      throw new Wrong(`${start} ${digits(expected)}. There is one path: multiply its slopes.`);
    });
    forAll([quarters(), quarters(), quarters(), quarters()], (a, b, c, d) => {
      const edges = [
        { from: "x", to: "p", slope: a },
        { from: "x", to: "q", slope: b },
        { from: "p", to: "f", slope: c },
        { from: "q", to: "f", slope: d },
      ];
      const { got, start } = call(edges, "x", "f");
      if (isNear(got, a * c + b * d)) return;
      const end = `${start} ${digits(a * c + b * d)}.`;
      if (isNear(got, a * c) || isNear(got, b * d))
        throw new Wrong(`${end} Only one of the two paths is there. Both nudges arrive, and add up.`);
      if (isNear(got, a * c * b * d))
        throw new Wrong(`${end} The two paths are multiplied. Multiply along a path, and add over paths.`);
      throw new Wrong(`${end} Add the products of both paths.`);
    });
    // Edges between numbered places, always upward; two places may have more than one.
    const place = fc.integer({ min: 0, max: 5 });
    const edge = fc.tuple(place, place, quarters(-6, 6)).filter(([from, to]) => from < to);
    forAll([fc.array(edge, { maxLength: 12 }), place, place], (list, a, b) => {
      const edges = list.map(([from, to, slope]) => ({ from: `v${from}`, to: `v${to}`, slope }));
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      // From the end back, as lesson 4 will do it.
      const sums = new Array<number>(6).fill(0);
      sums[to] = 1;
      for (let at = to - 1; at >= 0; at--)
        sums[at] = list.reduce(
          (sum, [start, end, slope]) => (start === at && end <= to ? sum + slope * sums[end] : sum),
          0,
        );
      const { got, start } = call(edges, `v${from}`, `v${to}`);
      if (isNear(got, sums[from])) return;
      if (from === to)
        throw new Wrong(
          `${start} 1: from a place to itself there is one path, without edges, and the product of nothing is 1.`,
        );
      throw new Wrong(
        `${start} ${digits(sums[from])}. Every edge that leaves a place starts paths, also a second one between the same two.`,
      );
    });
  },
};
