/** Operations against references that go index by index over nested arrays, on random shapes, axes and views. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../src/basics/shape.ts";
import {
  AxisError,
  add,
  concat,
  evaluate,
  gather,
  indexAdd,
  linear,
  mul,
  type NestedArray,
  noGrad,
  type Range,
  remainder,
  ShapeError,
  solve,
  stack,
  sub,
  sumTo,
  type Tensor,
  tensor,
  topk,
  vectorNorm,
  zeros,
} from "../../src/index.ts";
import { changes } from "../../src/kernels/index.ts";
import type { ElementwiseOperation } from "../../src/ops/elementwise-record.ts";
import { inPlace } from "../../src/optim/in-place.ts";
import { call } from "../../src/testing/graph.ts";
import { words } from "../../src/testing/vocabulary.ts";
import { anArray, anAxis, aShape, build, elements, fromFront, type Index, indices, read } from "./naive.ts";

/** The tensor of nested arrays, which alone cannot tell [0, 3] from [0]. */
const load = (values: NestedArray, shape: Index): Tensor =>
  tensor(
    indices(shape).map((index) => read(values, index)),
    shape,
  );

function expectArray(actual: Tensor, shape: Index, element: (index: Index) => number): void {
  expect(actual.shape).toEqual(shape);
  expect(actual.toArray()).toEqual(build(shape, (index) => element(index) + 0));
  expect(actual.toTypedArray()).toEqual(Float32Array.from(indices(shape), (index) => element(index) + 0));
}

/** Shapes that broadcast to `full`: leading axes left out, others shrunk to 1. */
const broadcastable = (full: Index): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.nat({ max: full.length }),
      fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
    )
    .map(([missing, ones]) => full.slice(missing).map((size, i) => (ones[i] ? 1 : size)));

/** Where a broadcast operand of `shape` is read for an index of the result. */
const source = (shape: Index, index: Index): Index =>
  shape.map((size, axis) => (size === 1 ? 0 : index[index.length - shape.length + axis]));

const twoThatBroadcast = aShape()
  .chain((full) => fc.tuple(fc.constant(full), broadcastable(full), broadcastable(full)))
  .chain(([full, a, b]) =>
    fc.record({
      full: fc.constant(full),
      a: fc.constant(a),
      b: fc.constant(b),
      x: elements(a),
      y: elements(b),
    }),
  );
const joint = (a: Index, b: Index): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const [p, q] = [a, b].map((shape) => shape[shape.length - Math.max(a.length, b.length) + i] ?? 1);
    return p === 1 ? q : p;
  });

describe("broadcasting", () => {
  test.prop([twoThatBroadcast])("takes each element from where NumPy's rule says", ({ a, b, x, y }) => {
    const shape = joint(a, b);
    expectArray(load(x, a).sub(load(y, b)), shape, (i) => read(x, source(a, i)) - read(y, source(b, i)));
    expectArray(add(load(x, a), load(y, b)), shape, (i) => read(x, source(a, i)) + read(y, source(b, i)));
  });

  test.prop([twoThatBroadcast])(
    "of transposed operands is the transpose of broadcasting",
    ({ full, x, y, a, b }) => {
      fc.pre(a.length === full.length && b.length === full.length);
      const reverse = full.map((_, axis) => full.length - 1 - axis);
      const result = load(x, a).mul(load(y, b));
      expect(load(x, a).permute(reverse).mul(load(y, b).permute(reverse)).toArray()).toEqual(
        result.permute(reverse).toArray(),
      );
    },
  );

  test.prop([fc.tuple(aShape(), aShape())])("refuses sizes that differ where neither is 1", ([a, b]) => {
    const differ = joint(a, b).some((size, i, { length }) =>
      [a, b].some((shape) => ![1, size, undefined].includes(shape[shape.length - length + i])),
    );
    const call = () =>
      load(
        build(a, () => 1),
        a,
      ).add(
        load(
          build(b, () => 1),
          b,
        ),
      );
    if (differ) expect(call).toThrow(ShapeError);
    else expect(call().shape).toEqual(joint(a, b));
  });

  test.prop([twoThatBroadcast])(
    "expanding and summing back are each other's transpose: ⟨expand x, y⟩ = ⟨x, sumTo y⟩",
    ({ full, a, x }) => {
      const small = load(x, a);
      const large = load(
        build(full, (index) => index.reduce((sum, i) => 3 * sum + i, 1)),
        full,
      );
      const inner = (p: Tensor, q: Tensor): number => p.mul(q).sum().item();
      expect(sumTo(large, a).shape).toEqual(a);
      // Whole numbers below 2²⁴: no rounding on either side.
      expect(inner(small.expand(full), large)).toBe(inner(small, sumTo(large, a)));
    },
  );

  test.prop([twoThatBroadcast])(
    "gives each operand the sum of the gradients of its copies",
    ({ a, b, x, y }) => {
      const [p, q] = [load(x, a), load(y, b)];
      p.requiresGrad = true;
      q.requiresGrad = true;
      p.mul(q).sum().backward();
      const sums = (own: Index, other: Index, values: NestedArray): NestedArray => {
        const totals = new Map<string, number>();
        for (const index of indices(joint(a, b))) {
          const key = source(own, index).join();
          totals.set(key, (totals.get(key) ?? 0) + read(values, source(other, index)));
        }
        return build(own, (index) => totals.get(index.join()) ?? 0);
      };
      expect(p.grad!.add(0).toArray()).toEqual(sums(a, b, y));
      expect(q.grad!.add(0).toArray()).toEqual(sums(b, a, x));
    },
  );
});

const aBound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: null });
const aRange: fc.Arbitrary<Range> = fc.oneof(
  fc.constant(null),
  fc.tuple(aBound, aBound, fc.option(fc.constantFrom(-3, -2, -1, 1, 2, 3), { nil: null })),
);

/** The indices that Python's slice(start, stop, step) takes of an axis, by walking it. */
function walk(range: Exclude<Range, number>, size: number): number[] {
  const step = range?.[2] ?? 1;
  const place = (bound: number | null | undefined, otherwise: number): number =>
    bound === null || bound === undefined ? otherwise : bound < 0 ? bound + size : bound;
  const start = place(range?.[0], step > 0 ? 0 : size - 1);
  const stop = place(range?.[1], step > 0 ? size : -1);
  const hasStop = range?.[1] !== null && range?.[1] !== undefined;
  const taken: number[] = [];
  // Beyond the ends Python starts at the end itself.
  const first = step > 0 ? Math.max(start, 0) : Math.min(start, size - 1);
  for (let i = first; step > 0 ? i < size : i >= 0; i += step) {
    if (hasStop && (step > 0 ? i >= stop : i <= stop)) break;
    taken.push(i);
  }
  return taken;
}

describe("rearranging", () => {
  test.prop([
    anArray().chain((array) =>
      fc.tuple(
        fc.constant(array),
        fc.array(aRange, { minLength: array.shape.length, maxLength: array.shape.length }),
      ),
    ),
  ])("slices by Python's rules", ([{ shape, values }, ranges]) => {
    const taken = shape.map((size, axis) => walk(ranges[axis] as Exclude<Range, number>, size));
    expectArray(
      load(values, shape).slice(...ranges),
      taken.map((list) => list.length),
      (index) =>
        read(
          values,
          index.map((i, axis) => taken[axis][i]),
        ),
    );
  });

  test.prop([anArray({ minRank: 1 })])(
    "drops the axes of single indices, and iterates over rows",
    ({ shape, values }) => {
      const x = load(values, shape);
      const rows = [...x];
      expect(rows).toHaveLength(shape[0]);
      rows.forEach((row, i) => {
        expectArray(row, shape.slice(1), (index) => read(values, [i, ...index]));
        expect(x.at(i - shape[0]).toArray()).toEqual(row.toArray());
      });
    },
  );

  test.prop([
    anArray().chain((array) =>
      fc.tuple(
        fc.constant(array),
        fc.shuffledSubarray([...array.shape.keys()], { minLength: array.shape.length }),
      ),
    ),
  ])("permutes axes, and copies keep the order that is seen", ([{ shape, values }, order]) => {
    const permuted = load(values, shape).permute(order);
    const shown = order.map((axis) => shape[axis]);
    const original = (index: Index): Index => shape.map((_, axis) => index[order.indexOf(axis)]);
    for (const x of [permuted, permuted.contiguous(), permuted.clone()]) {
      expectArray(x, shown, (index) => read(values, original(index)));
    }
    expectArray(
      permuted.reshape([-1].slice(shown.includes(0) ? 1 : 0).concat(shown.includes(0) ? [0] : [])),
      [indices(shape).length],
      ([i]) => read(values, original(indices(shown)[i])),
    );
  });

  // Two factorisations of 24, so that groups of axes merge and split in all ways.
  const factors = fc.constantFrom(
    [24],
    [2, 12],
    [4, 6],
    [6, 4],
    [3, 8],
    [2, 3, 4],
    [4, 3, 2],
    [2, 2, 6],
    [1, 24],
    [2, 1, 3, 1, 4],
    [3, 2, 2, 2],
  );
  test.prop([factors, factors, fc.boolean(), fc.boolean()])(
    "reshapes views in the order in which they are seen, sharing memory only where that order allows",
    (from, to, reversed, strided) => {
      const base = tensor(
        Array.from({ length: 48 }, (_, i) => i),
        [...from, 2],
      );
      let x = strided
        ? base.slice(...from.map(() => null), 1)
        : base
            .slice(...from.map(() => null), [0, 1])
            .reshape(from)
            .clone();
      if (reversed) x = x.permute([...from.keys()].reverse());
      const flat = x.toTypedArray();
      const y = x.reshape(to);
      expect(y.toTypedArray()).toEqual(flat);
      expect(y.shape).toEqual(to);
      if (!reversed && !strided) expect(y.storage).toBe(x.storage);
      if (y.storage !== x.storage) expect(x.toTypedArray()).toEqual(flat);
    },
  );

  test.prop([
    anArray({ minRank: 1 }).chain((array) =>
      fc.tuple(fc.constant(array), anAxis(array.shape.length), fc.nat({ max: 3 }), fc.nat({ max: 3 })),
    ),
  ])("concatenates and takes apart again", ([{ shape, values }, axis, cut, more]) => {
    const at = fromFront(axis, shape.length);
    const x = load(values, shape);
    const place = Math.min(cut, shape[at]);
    const part = (range: Range): Tensor => x.slice(...shape.map((_, i) => (i === at ? range : null)));
    const joined = concat(
      [part([0, place]), part([place, null]), part([0, Math.min(more, shape[at])])],
      axis,
    );
    expectArray(joined, shape.with(at, shape[at] + Math.min(more, shape[at])), (index) =>
      read(values, index.with(at, index[at] % shape[at])),
    );
  });

  test.prop([
    anArray().chain((array) =>
      fc.tuple(fc.constant(array), elements(array.shape), anAxis(array.shape.length + 1)),
    ),
  ])("stacks along a new axis", ([{ shape, values }, others, axis]) => {
    const at = fromFront(axis, shape.length + 1);
    expectArray(stack([load(values, shape), load(others, shape)], axis), shape.toSpliced(at, 0, 2), (index) =>
      read(index[at] === 0 ? values : others, index.toSpliced(at, 1)),
    );
  });

  const aSelection = anArray({ minRank: 1 })
    .filter(({ shape }) => shape.every((size) => size > 0))
    .chain((array) =>
      anAxis(array.shape.length).chain((axis) => {
        const size = array.shape[fromFront(axis, array.shape.length)];
        return fc.tuple(
          fc.constant(array),
          fc.constant(axis),
          fc.array(fc.integer({ min: -size, max: size - 1 }), { maxLength: 5 }),
        );
      }),
    );
  test.prop([aSelection])(
    "selects entries by index, and adds them back to where they came from",
    ([{ shape, values }, axis, list]) => {
      const at = fromFront(axis, shape.length);
      const picked = list.map((i) => fromFront(i, shape[at]));
      const selected = load(values, shape).indexSelect(axis, list);
      expectArray(selected, shape.with(at, list.length), (index) =>
        read(values, index.with(at, picked[index[at]])),
      );
      expectArray(
        indexAdd(selected, axis, list, shape[at]),
        shape,
        (index) => read(values, index) * picked.filter((i) => i === index[at]).length,
      );
    },
  );
});

describe("what is written by way of other operations", () => {
  it("flattens all axes, or those from one on, or up to one", () => {
    const x = zeros([2, 3, 4, 5]);
    expect([x.flatten(), x.flatten(1), x.flatten(1, 2), x.flatten(-3, -2)].map(({ shape }) => shape)).toEqual(
      [[120], [2, 60], [2, 12, 5], [2, 12, 5]],
    );
    expect(tensor(7).flatten().shape).toEqual([1]);
  });

  it("takes the largest, up to all of them", () => {
    const x = tensor([3, 1, 2]);
    expect(topk(x, 3).values.toArray()).toEqual([3, 2, 1]);
    expect(topk(x, 0).values.shape).toEqual([0]);
  });

  test.prop([fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })])(
    "solves whatever the order of the equations",
    (order) => {
      // Whole numbers, which elimination keeps exact.
      const rows = [
        [1, 2, 0, 0, 3],
        [0, 1, 4, 0, 0],
        [0, 0, 1, 2, 1],
        [0, 0, 0, 1, 5],
        [0, 0, 0, 0, 1],
      ];
      const b = [[1, 0], [2, 1], [3, 0], [4, -1], [5, 2]]; // biome-ignore format: one line.
      const expected = solve(tensor(rows), tensor(b)).toArray();
      const [a, right] = [rows, b].map((matrix) => tensor(order.map((i) => matrix[i])));
      expect(solve(a, right).toArray()).toEqual(expected);
      expect(a.matmul(solve(a, right)).toArray()).toEqual(right.toArray());
    },
  );

  it("takes norms of what float64 cannot square", () => {
    const x = tensor([1e200, 1e-200], { dtype: "float64" });
    expect(vectorNorm(x, 3).item() / 1e200).toBeCloseTo(1, 14);
    expect(vectorNorm(x, -3).item() / 1e-200).toBeCloseTo(1, 14);
  });
});

describe("entries in regular steps", () => {
  /** Entries of an axis of five: one, or several in steps that may lead back or stay. */
  const list = fc
    .tuple(fc.nat({ max: 4 }), fc.integer({ min: -2, max: 2 }), fc.integer({ min: 1, max: 4 }))
    .map(([start, step, count]) => Array.from({ length: count }, (_, i) => start + i * step))
    .filter((entries) => entries.every((entry) => entry >= 0 && entry < 5));

  test.prop([fc.nat({ max: 2 }), list, list])(
    "hand their gradients back to where they were taken, as one by one",
    (axis, first, second) => {
      const shape = [2, 3, 2].with(axis, 5);
      const x = tensor(
        indices(shape).map((_, i) => Math.sin(i)),
        shape,
        { requiresGrad: true },
      );
      const cotangentOf = (entries: readonly number[]): Tensor =>
        tensor(
          indices(shape.with(axis, entries.length)).map((_, i) => i - 7),
          shape.with(axis, entries.length),
        );
      const [one, two] = [first, second].map(cotangentOf);
      const wanted = indexAdd(one, axis, first, 5)
        .add(indexAdd(two, axis, second, 5))
        .toArray();
      const total = (a: Tensor, b: Tensor): Tensor => a.mul(one).sum().add(b.mul(two).sum());
      total(x.indexSelect(axis, first), x.indexSelect(axis, second)).backward();
      expect(x.grad!.toArray()).toEqual(wanted);
      x.grad = null;
      const indicesOf = (entries: readonly number[]): Tensor =>
        tensor(
          indices(shape.with(axis, entries.length)).map((index) => entries[index[axis]]),
          shape.with(axis, entries.length),
        );
      total(gather(x, axis, indicesOf(first)), gather(x, axis, indicesOf(second))).backward();
      expect(x.grad!.toArray()).toEqual(wanted);
    },
  );
});

describe("remainders", () => {
  it("have the sign of the divisor, zeros too", () => {
    const of = (x: number, y: number): number => remainder(tensor(x), y).item();
    expect([of(7, 3), of(-7, 3), of(7, -3), of(-7, -3)]).toEqual([1, 2, -2, -1]);
    expect([of(6, 3), of(-6, 3), of(6, -3), of(-6, -3)]).toEqual([0, 0, -0, -0]);
  });
});

describe("gradient rules", () => {
  it("hand on the cotangent where nothing multiplies it, without an operation", () => {
    const rules = (f: unknown) =>
      (f as { operation: ElementwiseOperation }).operation.rules.map((rule) => rule?.operation?.name ?? null);
    expect(rules(add)).toEqual([null, null]);
    expect(rules(sub)).toEqual([null, "sub gradient 1"]);
    expect(rules(mul)).toEqual(["mul gradient 0", "mul gradient 1"]);
  });
});

describe("reductions", () => {
  const aReduction = anArray().chain((array) =>
    fc.tuple(
      fc.constant(array),
      fc.option(fc.subarray([...array.shape.keys()]), { nil: undefined }),
      fc.boolean(),
      fc.boolean(),
    ),
  );
  /** The elements that fall together, for an index of the kept axes (reduced ones are 0 in it). */
  const groups =
    (shape: Index, axes: Index) =>
    (kept: Index): Index[] =>
      indices(shape).filter((index) => index.every((i, axis) => axes.includes(axis) || i === kept[axis]));

  const folds = {
    sum: (list: number[]) => list.reduce((a, b) => a + b, 0),
    max: (list: number[]) => Math.max(...list),
    min: (list: number[]) => Math.min(...list),
  };
  test.prop([fc.constantFrom("sum", "max", "min"), aReduction], { numRuns: 300 })(
    "fold each group of elements over any axes, of contiguous and of transposed operands",
    (name, [{ shape, values }, given, keepdim, transposed]) => {
      const axes = given ?? [...shape.keys()];
      const reverse = [...shape.keys()].reverse();
      const base = load(
        build(
          reverse.map((axis) => shape[axis]),
          (index) => read(values, index.toReversed()),
        ),
        reverse.map((axis) => shape[axis]),
      );
      const x = transposed ? base.permute(reverse) : load(values, shape);
      const call = () =>
        x[name](
          given?.map((axis, i) => (i % 2 ? axis : axis - shape.length)),
          { keepdim },
        );
      const members = groups(shape, axes);
      const keptShape = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      if (name !== "sum" && shape.includes(0) && !keptShape.includes(0)) {
        expect(call).toThrow(ShapeError);
        return;
      }
      const restored = (index: Index): Index => {
        let next = 0;
        return keepdim ? index : shape.map((_, axis) => (axes.includes(axis) ? 0 : index[next++]));
      };
      expectArray(
        call(),
        keepdim ? keptShape : keptShape.filter((_, axis) => !axes.includes(axis)),
        (index) => folds[name](members(restored(index)).map((member) => read(values, member))),
      );
    },
  );

  const along = anArray({ minRank: 1 }).chain((array) =>
    fc.tuple(fc.constant(array), anAxis(array.shape.length)),
  );
  test.prop([along])("cumsum keeps running totals", ([{ shape, values }, axis]) => {
    const at = fromFront(axis, shape.length);
    expectArray(load(values, shape).cumsum(axis), shape, (index) =>
      folds.sum(Array.from({ length: index[at] + 1 }, (_, i) => read(values, index.with(at, i)))),
    );
  });

  test.prop([along, fc.boolean()])(
    "argmax and argmin name the first of the extremes",
    ([{ shape, values }, axis], keepdim) => {
      const at = fromFront(axis, shape.length);
      const x = load(values, shape);
      if (shape[at] === 0 && !shape.with(at, 1).includes(0)) {
        expect(() => x.argmax(axis)).toThrow(ShapeError);
        return;
      }
      const line = (index: Index): number[] =>
        Array.from({ length: shape[at] }, (_, i) =>
          read(values, keepdim ? index.with(at, i) : index.toSpliced(at, 0, i)),
        );
      const kept = keepdim ? shape.with(at, 1) : shape.toSpliced(at, 1);
      expectArray(x.argmax(axis, { keepdim }), kept, (index) =>
        line(index).indexOf(Math.max(...line(index))),
      );
      expectArray(x.argmin(axis, { keepdim }), kept, (index) =>
        line(index).indexOf(Math.min(...line(index))),
      );
    },
  );

  test.prop([along.filter(([{ shape }]) => shape.every((size) => size > 1))])(
    "mean, variance, std, norm, logsumexp, softmax and logSoftmax are what their formulas say",
    ([{ shape, values }, axis]) => {
      const at = fromFront(axis, shape.length);
      const x = load(values, shape).to("float64");
      const line = (index: Index): number[] =>
        Array.from({ length: shape[at] }, (_, i) => read(values, index.toSpliced(at, 0, i)));
      const lineAt = (index: Index): number[] => line(index.toSpliced(at, 1));
      const mean = (list: number[]): number => folds.sum(list) / list.length;
      const variance = (list: number[], correction: number): number =>
        folds.sum(list.map((value) => (value - mean(list)) ** 2)) / (list.length - correction);
      const total = (list: number[]): number => folds.sum(list.map(Math.exp));
      const expectClose = (actual: Tensor, wanted: Index, element: (index: Index) => number): void => {
        expect(actual.shape).toEqual(wanted);
        // Sums of at most 4 terms in float64, on either side.
        for (const index of indices(wanted))
          expect(actual.at(...index).item()).toBeCloseTo(element(index), 12);
      };
      const kept = shape.toSpliced(at, 1);
      expectClose(x.mean(axis), kept, (index) => mean(line(index)));
      expectClose(x.variance(axis), kept, (index) => variance(line(index), 1));
      expectClose(x.std(axis, { correction: 0 }), kept, (index) => Math.sqrt(variance(line(index), 0)));
      expectClose(x.norm(axis), kept, (index) => Math.hypot(...line(index)));
      expectClose(x.norm(axis, { keepdim: true }), shape.with(at, 1), (index) =>
        Math.hypot(...lineAt(index)),
      );
      expectClose(x.logsumexp(axis, { keepdim: true }), shape.with(at, 1), (index) =>
        Math.log(total(lineAt(index))),
      );
      expectClose(x.logsumexp(axis), kept, (index) => Math.log(total(line(index))));
      expectClose(x.softmax(axis), shape, (index) => Math.exp(read(values, index)) / total(lineAt(index)));
      expectClose(x.logSoftmax(axis), shape, (index) => read(values, index) - Math.log(total(lineAt(index))));
    },
  );

  it("let NaN win, so that a fault is not hidden by a larger number", () => {
    const x = tensor([1, NaN, 3]);
    for (const value of [x.max(), x.min(), x.sum()]) expect(value.item()).toBeNaN();
    expect([x.argmax().item(), x.argmin().item()]).toEqual([1, 1]);
  });

  it("add in float64, so that a million small numbers beside a large one are not lost", () => {
    const values = new Float32Array(1_000_001).fill(0.25);
    values[0] = 2 ** 24;
    expect(tensor(values).sum().item()).toBe(2 ** 24 + 250_000);
  });

  it("share a gradient among equal extremes, whatever axes they lie on", () => {
    const x = tensor(
      [
        [3, 1, 3],
        [3, 0, 2],
      ],
      { requiresGrad: true },
    );
    x.max().backward();
    expect(x.grad!.mul(3).toArray()).toEqual([
      [1, 0, 1],
      [1, 0, 0],
    ]);
  });

  it("keep softmax, logSoftmax and logsumexp finite where eˣ overflows, and right for −∞", () => {
    const x = tensor([1000, 999, -Infinity]);
    const e = Math.exp(-1);
    const close = (values: number[]) => values.map((value) => expect.closeTo(value, 6));
    expect(x.softmax().toArray()).toEqual(close([1 / (1 + e), e / (1 + e), 0]));
    expect(x.logSoftmax().toArray()).toEqual([...close([-Math.log1p(e), -1 - Math.log1p(e)]), -Infinity]);
    expect(x.logsumexp().item()).toBeCloseTo(1000 + Math.log1p(e), 4);
    expect(tensor([-Infinity, -Infinity]).logsumexp().item()).toBe(-Infinity);
    expect(tensor([Infinity, 0]).logsumexp().item()).toBe(Infinity);
  });

  it("give the standard deviation of equal elements a gradient of 0, as PyTorch does", () => {
    const x = tensor([2, 2, 2], { requiresGrad: true });
    x.std().backward();
    expect(x.grad!.toArray()).toEqual([0, 0, 0]);
  });
});

describe("updates in place", () => {
  it("write the first operands, from numbers and from operands that broadcast to them", () => {
    const update = inPlace({
      name: "update",
      writes: 2,
      values: (m, x, y, a, b) => [m.add(x, m.mul(a, b)), m.sub(y, x)],
    });
    const [x, y] = [tensor([1, 2, 3]), tensor([10, 20, 30])];
    const before = changes;
    update(x, y, tensor([2]), 0.5);
    expect([x, y].map((t) => t.toArray())).toEqual([
      [2, 3, 4],
      [9, 18, 27],
    ]);
    for (const { storage } of [x, y]) expect(storage.changedAt).toBeGreaterThan(before);
    expect(() => update(x, tensor(1), 2, 3)).toThrow("operand 1 of shape [] does not fit the updated [3]");
    expect(() => noGrad(() => update(tensor(1, { requiresGrad: true }), tensor(2), 2, 3))).not.toThrow();
  });

  it("are refused for none of: what has no elements, and axes of one that are expanded", () => {
    const double = inPlace({ name: "double", writes: 1, values: (m, x) => [m.add(x, x)] });
    const one = tensor([3]).expand([1, 1]);
    double(one);
    expect(one.toArray()).toEqual([[6]]);
    expect(() => double(tensor([1]).expand([0, 1]))).not.toThrow();
    expect(() => double(tensor([1]).expand([2, 1]))).toThrow("an element lies in many places");
  });
});

describe("an expression", () => {
  it("is computed with recorded operations, constants in the dtype of its first operand", () => {
    const t = tensor([1, 2], { dtype: "float64", requiresGrad: true });
    const y = evaluate((m, x) => m.mul(m.constant(0.1), m.mul(x, x)), t);
    expect([y.dtype, y.toArray()]).toEqual(["float64", [0.1, 0.4]]);
    y.sum().backward();
    expect(t.grad!.toArray()).toEqual([0.2, 0.4]);
  });
});

describe("matmul", () => {
  const size = fc.nat({ max: 4 });
  const aProduct = fc
    .record({ batch: aShape({ maxRank: 2 }), m: size, n: size, k: size })
    .chain(({ batch, m, n, k }) =>
      fc.tuple(broadcastable(batch), broadcastable(batch), fc.constant([m, n, k] as const)),
    )
    .chain(([p, q, [m, n, k]]) =>
      fc.record({
        a: fc.constant([...p, m, k]),
        b: fc.constant([...q, k, n]),
        x: elements([...p, m, k]),
        y: elements([...q, k, n]),
      }),
    );
  /** The sum over the inner axis, for one row and one column. */
  const product =
    (x: NestedArray, a: Index, y: NestedArray, b: Index) =>
    (index: Index): number => {
      const [i, j] = index.slice(-2);
      const batch = index.slice(0, -2);
      let total = 0;
      for (let k = 0; k < a[a.length - 1]; k++) {
        total +=
          read(x, [...source(a.slice(0, -2), batch), i, k]) *
          read(y, [...source(b.slice(0, -2), batch), k, j]);
      }
      return total;
    };
  test.prop([aProduct])("multiplies the last two axes and broadcasts those before", ({ a, b, x, y }) => {
    const shape = [...joint(a.slice(0, -2), b.slice(0, -2)), a[a.length - 2], b[b.length - 1]];
    expectArray(load(x, a).matmul(load(y, b)), shape, product(x, a, y, b));
    const [p, q] = [load(x, a).transpose().clone().transpose(), load(y, b).transpose().clone().transpose()];
    expectArray(p.matmul(q), shape, product(x, a, y, b));
  });

  it("of many axes before the last two", () => {
    const [a, b] = [
      [2, 1, 2, 2, 3],
      [3, 1, 3, 2],
    ];
    const values = (shape: readonly number[]): NestedArray =>
      tensor(
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i % 7) - 3),
        shape,
      ).toArray() as NestedArray;
    const [x, y] = [values(a), values(b)];
    expectArray(load(x, a).matmul(load(y, b)), [2, 3, 2, 2, 2], product(x, a, y, b));
  });

  test.prop([aProduct])(
    "takes a vector for a row on the left and for a column on the right",
    ({ a, b, x, y }) => {
      fc.pre(a.length === 2 && b.length === 2 && a[0] > 0 && b[1] > 0);
      const [p, q] = [load(x, a), load(y, b)];
      const full = product(x, a, y, b);
      expectArray(p.at(0).matmul(q), [b[1]], ([j]) => full([0, j]));
      expectArray(p.matmul(q.slice(null, 0)), [a[0]], ([i]) => full([i, 0]));
      expectArray(p.at(0).matmul(q.slice(null, 0)), [], () => full([0, 0]));
      expectArray(
        stack([p, p.neg()]).matmul(q.slice(null, 0)),
        [2, a[0]],
        ([k, i]) => (1 - 2 * k) * full([i, 0]),
      );
      expectArray(p.at(0).matmul(stack([q, q.neg()])), [2, b[1]], ([k, j]) => (1 - 2 * k) * full([0, j]));
    },
  );

  test.prop([
    fc.tuple(aShape({ maxRank: 2 }), size, size).chain(([batch, k, n]) =>
      fc.record({
        shape: fc.constant([...batch, k]),
        out: fc.constant(n),
        x: elements([...batch, k]),
        w: elements([n, k]),
        bias: elements([n]),
      }),
    ),
  ])(
    "and linear is x Wᵀ + b for any number of axes before the last, its gradients too",
    ({ shape, out, x, w, bias }) => {
      const inputs = [load(x, shape), load(w, [out, shape[shape.length - 1]]), load(bias, [out])];
      const composed = (p: Tensor, q: Tensor, r: Tensor): Tensor =>
        p.unsqueeze(-2).matmul(q.transpose()).squeeze(-2).add(r);
      const results = [linear, composed].map((f) => {
        const leaves = inputs.map((input) => input.clone());
        for (const leaf of leaves) leaf.requiresGrad = true;
        const y = f(leaves[0], leaves[1], leaves[2]);
        y.square().sum().backward();
        return [y, ...leaves.map(({ grad }) => grad!)].map((t) => [t.shape, t.add(0).toArray()]);
      });
      expect(results[0]).toEqual(results[1]);
    },
  );
});

describe("axes", () => {
  // A scalar flattened has an axis whatever the arguments; lists of tensors are looked at before the axis.
  const takingAnAxis = words.filter(
    ({ name, calls }) =>
      /^ax[ie]s$/.test(`${calls?.settings?.[0]}`) && !calls?.takesList && name !== "flatten",
  );
  test.prop([aShape(), fc.integer({ min: -7, max: 7 })])(
    "outside the tensor are refused by every operation that takes one",
    (shape, axis) => {
      fc.pre(axis < -shape.length || axis >= shape.length);
      const x = load(
        build(shape, () => 1),
        shape,
      );
      for (const { name, calls } of takingAnAxis) {
        const rest = calls!.settings!.slice(1, calls!.required ?? 1).map(() => [0]);
        expect(() => call({ name, settings: [axis, ...rest] }, [x]), name).toThrow(AxisError);
      }
      expect(() => x.max([axis])).toThrow(AxisError);
      expect(() => x.squeeze(axis)).toThrow(AxisError);
      expect(() => x.permute([axis])).toThrow(AxisError);
    },
  );
});
