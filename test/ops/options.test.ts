/** Reductions with every combination of their declared options, over every choice of axes, against plain formulas. */

import { describe, expect, it } from "vitest";
import type { Domain } from "../../src/basics/domains.ts";
import { normal, Random, type Tensor } from "../../src/index.ts";
import { call } from "../../src/testing/graph.ts";
import { wordOf, words } from "../../src/testing/vocabulary.ts";
import { combinations, type OptionDomains } from "../combinations.ts";
import { indices } from "./naive.ts";

interface Options {
  readonly keepdim?: boolean;
  readonly correction?: number;
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const variance = (list: readonly number[], { correction = 1 }: Options): number => {
  const mean = sum(list) / list.length;
  return sum(list.map((value) => (value - mean) ** 2)) / (list.length - correction);
};
/** What each makes of the elements that fall together. */
const formulas: Record<string, (list: readonly number[], options: Options) => number> = {
  sum,
  mean: (list) => sum(list) / list.length,
  max: (list) => Math.max(...list),
  min: (list) => Math.min(...list),
  variance,
  std: (list, options) => Math.sqrt(variance(list, options)),
  norm: (list) => Math.hypot(...list),
  logsumexp: (list) => Math.log(sum(list.map(Math.exp))),
  prod: (list) => list.reduce((a, b) => a * b, 1),
  any: (list) => Number(list.some((value) => value !== 0)),
  all: (list) => Number(list.every((value) => value !== 0)),
  argmax: (list) => list.indexOf(Math.max(...list)),
  argmin: (list) => list.indexOf(Math.min(...list)),
};

const isOptions = (domain: Domain): domain is OptionDomains<Options> =>
  typeof domain === "object" && "keepdim" in domain;
const withOptions = words.filter(({ calls }) => calls?.settings?.some(isOptions));

it("are all here: every operation that can keep its axes", () => {
  expect(withOptions.map(({ name }) => name).sort()).toEqual(Object.keys(formulas).sort());
});

const shape = [3, 2, 4];
const x = normal(shape, new Random(1)).to("float64");
/** Left out, single ones from either end, several in any order, all. */
const someAxes = [undefined, 0, 2, -2, [1], [0, 2], [-1, 0], [2, 1, 0]];

describe.each(withOptions.map(({ name, calls }) => [name, calls!.settings!] as const))(
  "%s",
  (name, settings) => {
    const takesList = settings[0] === "axes";
    const axesGiven = takesList ? someAxes : someAxes.filter((axes) => !Array.isArray(axes));
    const cases = axesGiven.flatMap((axes) =>
      combinations<Options>(settings.find(isOptions)!).map((options) => [axes, options] as const),
    );
    it.each(cases)("of axes %j with %j has the values, shape and slopes of its formula", (axes, options) => {
      const reduced = axes === undefined ? [0, 1, 2] : [axes].flat().map((axis) => (axis + 3) % 3);
      const kept = shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
      const evaluate = (from: Tensor): Tensor => call({ name, settings: [axes, options] }, [from]);
      const found = evaluate(x);
      expect(found.shape).toEqual(
        options.keepdim ? kept : shape.filter((_, axis) => !reduced.includes(axis)),
      );
      const lineOf = (from: Tensor, index: readonly number[]): number[] =>
        indices(shape)
          .filter((member) => member.every((i, axis) => reduced.includes(axis) || i === index[axis]))
          .map((member) => from.at(...member).item());
      const expected = indices(kept).map((index) => formulas[name](lineOf(x, index), options));
      found.toTypedArray().forEach((value: number, i: number) => {
        expect(value).toBeCloseTo(expected[i], 12);
      });
      if (wordOf(name).operation?.gradient === undefined && wordOf(name).operation !== null) return;
      // The slope of the sum of all results, in a random direction.
      const direction = normal(shape, new Random(2)).to("float64");
      const input = x.detach();
      input.requiresGrad = true;
      evaluate(input).sum().backward();
      const step = 2 ** -18;
      const total = (from: Tensor): number =>
        sum(indices(kept).map((index) => formulas[name](lineOf(from, index), options)));
      const [above, below] = [step, -step].map((way) => total(x.add(direction.mul(way))));
      // Differences of order h² ≈ 1e-11, and rounding 1e-15 / h.
      expect(input.grad!.mul(direction).sum().item()).toBeCloseTo((above - below) / (2 * step), 7);
    });
  },
);
