/** Sequences at the ends of what floats hold, and what constructors say of what they do not take. */

import { expect, it } from "vitest";
import { arange, eye, linspace, oneHot, tensor, zeros } from "../../src/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const float64 = { dtype: "float64" } as const;

it("evenly spaced numbers may span more than the largest float", () => {
  const most = Number.MAX_VALUE;
  const near = (values: number[]): unknown[] => values.map((value) => expect.closeTo(value / most, 15));
  const parts = (...of: [number, number, number]): number[] =>
    [...linspace(...of, float64).toTypedArray()].map((value) => value / most);
  expect(parts(-most, most, 5)).toEqual(near([-most, -most / 2, 0, most / 2, most]));
  expect(parts(most, -most, 3)).toEqual([1, 0, -1]);
  // The width is a float, its multiples are none.
  expect(parts(0, most, 5)).toEqual(near([0, most / 4, most / 2, (most / 4) * 3, most]));
  expect(linspace(5e-324, most, 3, float64).at(0).item()).toBe(5e-324);
  expect(linspace(1, 2, 0).toArray()).toEqual([]);
  expect(linspace(-0, 5, 1).toArray()).toEqual([-0]);
});

it("steps end below their stop where the quotient is rounded up, and where it is rounded down", () => {
  // 0.6000000000000001 / 0.1 is 6.000000000000001 and 1 + 6 · 0.1 is 1.6: six elements, not seven.
  expect(arange(1, 1.6, 0.1, float64).shape).toEqual([6]);
  const counts = Array.from({ length: 3000 }, (_, i) => {
    const [start, step, n] = [(i % 7) / 10, 0.1 + (i % 13) / 100, 1 + (i % 17)];
    // Just above the nth element: that one is in, the next is not.
    const stop = start + n * step;
    const { length } = arange(start, stop + Math.abs(stop) * 2 ** -52, step, float64).toTypedArray();
    return length - n;
  });
  expect(new Set(counts)).toEqual(new Set([1]));
});

it("constructors tell what they do not take in full", () => {
  const borrowed = { ...tensor([1, 2]), storage: 1, shape: [2] };
  expect(
    messagesOf({
      "a tensor of a tensor": () => tensor(any(tensor([1]))),
      "a tensor of what looks like one": () => tensor(any(borrowed)),
      "a tensor of nothing": () => tensor(any(undefined)),
      "a tensor with options twice": () => tensor([1], any({ dtype: "float32" }), { dtype: "float32" }),
      "a flat list for another shape": () => tensor([1, 2, 3], [2, 2]),
      "options in the place of a stop": () => arange(0, any(float64)),
      "options in the place of a step": () => arange(0, 5, any(float64)),
      "steps that never end": () => arange(0, Infinity),
      "a step of 0": () => arange(0, 1, 0),
      "more numbers than there is room for": () => arange(1e15),
      "half a count": () => linspace(0, 1, 1.5),
      "a count below 0": () => linspace(0, 1, -1),
      "half a row of the identity": () => eye(1.5),
      "a class below 0": () => oneHot(tensor([-1]), 3),
      "a class beyond the last": () => oneHot(tensor([3]), 3),
      "half a class": () => oneHot(tensor([0.5]), 3),
      "no classes": () => oneHot(tensor([0]), 0),
      "a dtype that is none": () => zeros([1], any({ dtype: "int32" })),
      "an index that is a list": () => zeros([2, 2]).at(any([0, 1])),
      "an index that is null": () => zeros([2, 2]).at(any(null)),
      "too many indices": () => zeros([2, 2]).at(0, 0, 0),
      "a result that is to need no gradient": () => {
        tensor([1], { requiresGrad: true }).mul(2).requiresGrad = false;
      },
    }),
  ).toMatchInlineSnapshot(`
    "
    a tensor of a tensor
      ArgumentError: tensor: got a tensor.
      Fix: use clone() for a copy, or detach() for a view without a past.
    a tensor of what looks like one
      ArgumentError: tensor: got what structuredClone or postMessage leave of a tensor where a tensor or number is needed.
      Fix: send { shape: x.shape, data: x.toTypedArray() }.
    a tensor of nothing
      ArgumentError: tensor: values is undefined; only numbers can be elements.
    a tensor with options twice
      ArgumentError: tensor: got options twice.
      Fix: write tensor(values, options) or tensor(values, shape, options).
    a flat list for another shape
      ShapeError: tensor: 3 values do not fill the shape [2, 2], which holds 4.
      Fix: the product of the sizes is the number of values.
    options in the place of a stop
      ArgumentError: arange: stop is a number; got an object with dtype.
      Fix: options come last: arange(0, 5, 1, options).
    options in the place of a step
      ArgumentError: arange: step is a number; got an object with dtype.
      Fix: options come last: arange(0, 5, 1, options).
    steps that never end
      ArgumentError: arange: from 0 to Infinity in steps of 1 never ends.
      Fix: use finite bounds and a step other than 0.
    a step of 0
      ArgumentError: arange: from 0 to 1 in steps of 0 never ends.
      Fix: use finite bounds and a step other than 0.
    more numbers than there is room for
      ShapeError: arange: [1000000000000000] has 1000000000000000 elements; the limit is 2^31.
    half a count
      ArgumentError: linspace: count is a whole number of at least 0; got the number 1.5.
    a count below 0
      ArgumentError: linspace: count is a whole number of at least 0; got the number -1.
    half a row of the identity
      ShapeError: eye: [1.5, 1.5] is not a shape: every size is a whole number, 0 or more.
      Fix: write the sizes as numbers, such as eye([2, 3]).
    a class below 0
      AxisError: oneHot: index -1 is outside an axis of 3: it must be from 0 to 2.
    a class beyond the last
      AxisError: oneHot: index 3 is outside an axis of 3: it must be from 0 to 2.
    half a class
      ArgumentError: oneHot: an index is a whole number; got the number 0.5.
    no classes
      ArgumentError: oneHot: the number of classes is a whole number of at least 1; got the number 0.
    a dtype that is none
      DtypeError: zeros: unknown dtype "int32".
      Fix: use "float32" (the default) or "float64".
    an index that is a list
      AxisError: at: an index is a whole number; got an array of 2.
      Fix: at(0, 1) is one element; slice([0, 1]) is a range.
    an index that is null
      AxisError: at: an index is a whole number; got null.
      Fix: slice() takes ranges and null.
    too many indices
      AxisError: at: 3 indices for the 2 axes of [2, 2].
    a result that is to need no gradient
      TapeError: requiresGrad: a result of mul cannot stop requiring gradients.
      Fix: use detach() for the same elements without a past.
    "
  `);
});
