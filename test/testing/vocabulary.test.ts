/** What random graphs are made of: which calls, on which operands, and which results are kept. */

import { describe, expect, it } from "vitest";
import type { Dice } from "../../src/basics/domains.ts";
import { Random, type Tensor, tensor, zeros } from "../../src/index.ts";
import { ElementwiseOperation } from "../../src/ops/elementwise-record.ts";
import {
  drawUse,
  examplesOfRecord,
  intervalsOf,
  isAdmissible,
  ordinary,
  viewVocabulary,
  vocabulary,
  wordOf,
  words,
} from "../../src/testing/vocabulary.ts";

const dice = (seed: number): Dice => {
  const random = new Random(seed);
  return { integer: (low, high) => low + random.integer(high - low + 1) };
};

describe("the calls", () => {
  const groupOf = (name: string): number =>
    vocabulary.findIndex((group) => group.some((word) => word.name === name));

  it("are grouped by kind, and only those that have a gradient", () => {
    expect(
      ["exp", "square", "add", "where", "sum", "mseLoss", "transpose", "concat", "matmul"].map(groupOf),
    ).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
    expect(["argmax", "floor", "less", "isNaN"].map(groupOf)).toEqual([-1, -1, -1, -1]);
    expect(vocabulary.map((group) => group.every(({ calls }) => calls))).toEqual(Array(5).fill(true));
  });

  it("are methods where tensors have them", () => {
    const x = tensor([1]);
    const methods = words.filter(({ isMethod }) => isMethod);
    expect(methods.length).toBeGreaterThan(50);
    for (const { name } of methods) expect(typeof Reflect.get(x, name), name).toBe("function");
    expect(
      ["exp", "tan", "vectorNorm", "sum", "concat", "erfc"].map((name) => wordOf(name).isMethod),
    ).toEqual([true, false, false, true, false, true]);
  });

  it("of views lay elements out differently", () => {
    expect(viewVocabulary.map((group) => group.map(({ name }) => name))).toEqual([
      ["transpose", "permute", "slice", "expand", "reshape"],
    ]);
  });
});

describe("examples of an elementwise operation", () => {
  it("follow from its record: with and without elements, and shapes that broadcast", () => {
    const one = new ElementwiseOperation(
      { name: "one", value: (_, x) => x, intervals: [[0, 1]], kinks: [0.5] },
      1,
    );
    const two = new ElementwiseOperation({ name: "two", value: (m, x, y) => m.add(x, y) }, 2);
    expect(examplesOfRecord(one)).toEqual(
      [[3, 4], [], [0, 2]].map((shape) => ({
        shapes: [shape],
        attributes: {},
        intervals: [[0, 1]],
        kinks: [0.5],
      })),
    );
    expect(examplesOfRecord(two)).toEqual(
      [
        [
          [3, 4],
          [3, 4],
        ],
        [
          [2, 1, 4],
          [3, 1],
        ],
        [[5], []],
        [[], [2, 3]],
      ].map((shapes) => ({ shapes, attributes: {} })),
    );
    expect(examplesOfRecord(two)).toBe(examplesOfRecord(two));
  });
});

describe("a call on an operand of [2, 3]", () => {
  const usesOf = (name: string, count = 200): NonNullable<ReturnType<typeof drawUse>>[] =>
    Array.from({ length: count }, (_, seed) => drawUse(dice(seed), wordOf(name), [2, 3])).filter(
      (use) => use !== null,
    );
  const settingsOf = (name: string): string[] => [
    ...new Set(usesOf(name).map(({ settings }) => JSON.stringify(settings))),
  ];

  it("takes others that broadcast only where the operation is elementwise", () => {
    for (const name of ["add", "where", "pow"])
      expect(usesOf(name).every(({ broadcasts }) => broadcasts)).toBe(true);
    for (const name of ["mseLoss", "concat", "matmul", "sum"])
      expect(usesOf(name).some(({ broadcasts }) => broadcasts)).toBe(false);
    expect(usesOf("add")[0].others).toEqual([[2, 3]]);
    expect(usesOf("where")[0].others).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it("takes every axis, from both ends, lists of them, and none", () => {
    expect(settingsOf("cumsum").sort()).toEqual(["[-1]", "[-2]", "[0]", "[1]"]);
    const axes = settingsOf("logsumexp").map((text) => JSON.stringify(JSON.parse(text)[0]));
    expect([...new Set(axes)].sort()).toEqual(["-1", "-2", "0", "1", "[0,1]", "null", undefined].sort());
    expect(settingsOf("unsqueeze").sort()).toEqual(["[-1]", "[-2]", "[-3]", "[0]", "[1]", "[2]"]);
    expect(settingsOf("permute").sort()).toEqual(["[[0,1]]", "[[1,0]]"]);
  });

  it("takes shapes of as many elements, and wider ones", () => {
    expect(settingsOf("reshape")).toEqual(
      expect.arrayContaining(["[[6]]", "[[2,3]]", "[[3,2]]", "[[1,6]]", "[[3,1,2]]", "[[6,1]]"]),
    );
    expect(settingsOf("expand").sort()).toEqual(["[[1,2,3]]", "[[2,2,3]]", "[[2,3]]"]);
  });

  it("keeps a shape without elements", () => {
    for (let seed = 0; seed < 20; seed++)
      expect(drawUse(dice(seed), wordOf("reshape"), [0, 2])!.settings).toEqual([[0, 2]]);
  });

  it("takes ranges of every kind", () => {
    const ranges = [
      ...new Set(
        usesOf("slice", 2000).flatMap(({ settings }) => settings.map((range) => JSON.stringify(range))),
      ),
    ];
    expect(ranges.sort()).toEqual(
      [
        ...["null", "-3", "-2", "-1", "0", "1", "2"],
        ...["[null,null,-2]", "[null,null,-1]", "[null,null,2]"],
        ...[0, 1, 2].flatMap((from) => [1, 2].map((step) => `[${from},null,${step}]`)),
      ].sort(),
    );
  });
});

describe("operands of ordinary size", () => {
  it("lie inside an interval, away from its ends", () => {
    expect(ordinary([-Infinity, Infinity])).toEqual([-2, 2]);
    expect(ordinary([0, Infinity])).toEqual([0.3, 3]);
    expect(ordinary([-Infinity, 1])).toEqual([-2, 0.7]);
    expect(ordinary([-1, 1])).toEqual([-0.8, 0.8]);
    expect(intervalsOf("log")).toEqual([[0.3, 3]]);
    expect(intervalsOf("pow")).toEqual([[0.3, 3], null]);
    expect(intervalsOf("add")).toEqual([]);
  });

  const float64 = (values: number | number[]): Tensor => tensor(values, { dtype: "float64" });
  const admits = (name: string, operands: number[], result: number | number[]): boolean =>
    isAdmissible(
      name,
      operands.map((value) => float64([value])),
      float64(result),
    );

  it("and results up to 64 of at most 64 elements are admissible", () => {
    expect(admits("log", [0.29], 1)).toBe(false);
    expect(admits("log", [0.3], 1)).toBe(true);
    expect(admits("log", [3], 1)).toBe(true);
    expect(admits("log", [3.01], 1)).toBe(false);
    for (const sign of [1, -1]) {
      expect(admits("add", [sign * 64, 1], 0)).toBe(true);
      expect(admits("add", [1, sign * 64.1], 0)).toBe(false);
      expect(admits("add", [0, 0], [0, sign * 64])).toBe(true);
      expect(admits("add", [0, 0], [0, sign * 64.1])).toBe(false);
    }
    expect(admits("pow", [1, 64.1], 1)).toBe(false);
    expect(isAdmissible("exp", [tensor(0)], zeros([64]))).toBe(true);
    expect(isAdmissible("exp", [tensor(0)], zeros([65]))).toBe(false);
    expect(isAdmissible("exp", [tensor(1e3)], zeros([65]))).toBe(false);
    expect(admits("exp", [1], NaN)).toBe(false);
    // Norms near 0 have no digits in their second derivatives.
    expect(admits("norm", [1], 0.09)).toBe(false);
    expect(admits("norm", [1], 0.1)).toBe(true);
  });
});
