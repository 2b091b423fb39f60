/** Constructors with every combination of their options. */

import { describe, expect, it } from "vitest";
import {
  arange,
  eye,
  full,
  HalogradError,
  linspace,
  normal,
  oneHot,
  ones,
  onesLike,
  Random,
  type Tensor,
  type TensorOptions,
  tensor,
  uniform,
  zeros,
  zerosLike,
} from "../../src/index.ts";
import { combinations } from "../combinations.ts";
import { errorOf } from "../messages.ts";

const like = tensor([[1, 2, 3]], { dtype: "float64" });
const makers: Record<
  string,
  { make(options: TensorOptions): Tensor; values: number[] | null; isLike?: boolean }
> = {
  "tensor of rows": { make: (options) => tensor([[0.1, 2]], options), values: [0.1, 2] },
  "tensor of elements and a shape": {
    make: (options) => tensor([0.1, 2], [2, 1], options),
    values: [0.1, 2],
  },
  "tensor of a number": { make: (options) => tensor(0.1, options), values: [0.1] },
  zeros: { make: (options) => zeros([2], options), values: [0, 0] },
  ones: { make: (options) => ones([2], options), values: [1, 1] },
  full: { make: (options) => full([2], 0.1, options), values: [0.1, 0.1] },
  eye: { make: (options) => eye(2, options), values: [1, 0, 0, 1] },
  oneHot: { make: (options) => oneHot([1, 0], 2, options), values: [0, 1, 1, 0] },
  arange: { make: (options) => arange(0, 0.35, 0.1, options), values: [0, 0.1, 0.2, 0.3] },
  linspace: { make: (options) => linspace(0, 1, 3, options), values: [0, 0.5, 1] },
  zerosLike: { make: (options) => zerosLike(like, options), values: [0, 0, 0], isLike: true },
  onesLike: { make: (options) => onesLike(like, options), values: [1, 1, 1], isLike: true },
  normal: { make: (options) => normal([3], new Random(1), options), values: null },
  uniform: { make: (options) => uniform([3], new Random(1), options), values: null },
};
const all = combinations<TensorOptions>({ dtype: ["float32", "float64"], requiresGrad: [true, false] });

describe.each(Object.entries(makers))("%s", (name, { make, values, isLike = false }) => {
  it("refuses options that are none, in its own name", () => {
    const [where] = name.split(" ");
    for (const options of [{ dtype: "int8" }, { requiresGradient: true }, "float64", null]) {
      const error = errorOf(() => make(options as never));
      expect(error).toBeInstanceOf(HalogradError);
      expect(error.where, JSON.stringify(options)).toBe(where);
    }
  });

  it.each(all)("with %j has its values in that dtype, and is a leaf or a constant", (options) => {
    const made = make(options);
    expect(made.dtype).toBe(options.dtype ?? (isLike ? like.dtype : "float32"));
    expect(made.requiresGrad).toBe(options.requiresGrad ?? false);
    expect(made.isLeaf).toBe(true);
    const found = [...made.toTypedArray()];
    const round = made.dtype === "float32" ? Math.fround : (value: number) => value;
    if (values === null) expect(found.map(Math.fround)).toEqual([...make({}).toTypedArray()]);
    else
      for (const [i, value] of found.entries()) {
        expect(value).toBeCloseTo(round(values[i]), 15);
        expect(round(value)).toBe(value);
      }
    if (!made.requiresGrad) return;
    made.sum().backward();
    expect([made.grad!.dtype, [...made.grad!.toTypedArray()]]).toEqual([made.dtype, found.map(() => 1)]);
  });
});
