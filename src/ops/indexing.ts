/** Selection by a list of indices, and its transpose. */

import { checkCount } from "../basics/check.ts";
import type { Dice, Setting } from "../basics/domains.ts";
import { AxisError } from "../basics/errors.ts";
import { normalizeAxis, type Shape, showShape, sizeOf } from "../basics/shape.ts";
import { forEachIndex, readAs } from "../kernels/index.ts";
import { checkIndices, type Indices } from "./indices.ts";
import { entryAlong } from "./lines.ts";
import { operand } from "./operands.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

export type { Indices } from "./indices.ts";

interface IndexAttributes {
  readonly axis: number;
  readonly indices: ArrayLike<number>;
}

/**
 * The entries of an axis at the given indices, in that order, repeats allowed; negative ones count from the end.
 *
 * Its gradient adds each entry's cotangent back to where it came from.
 * @example indexSelect(tensor([10, 20, 30]), 0, [2, 0]); // tensor([30, 10])
 */
export const indexSelect: (x: Tensor, axis: number, indices: Indices) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<IndexAttributes> = {
    name: "indexSelect",
    shape: ([x], { axis, indices }) => x.shape.with(axis, indices.length),
    compute(output, shape, [x], { axis, indices }) {
      const [source, target] = [x.storage.data, output.storage.data];
      const [step, outStep] = [x.strides[axis], output.strides[axis]];
      const { axes, rank, count, run, outRun } = entryAlong(axis, shape, x, output);
      const visit = ([start, outStart]: readonly number[]): void => {
        for (let i = 0; i < indices.length; i++) {
          const [from, to] = [start + indices[i] * step, outStart + i * outStep];
          for (let j = 0; j < count; j++) target[to + j * outRun] = source[from + j * run];
        }
      };
      forEachIndex(axes, visit, rank);
    },
    gradient: (cotangent, { inputs, attributes: { axis, indices } }) =>
      indexAdd(cotangent, axis, indices, inputs![0].shape[axis]),
    part({ axis, indices }, shape) {
      const [start, step] = [indices[0], indices.length > 1 ? indices[1] - indices[0] : 1];
      for (let i = 0; i < indices.length; i++) if (step === 0 || indices[i] !== start + i * step) return null;
      return shape.map((count, i) => (i === axis ? { start, step, count } : { start: 0, step: 1, count }));
    },
    reads: "nothing",
    examples: [{ shapes: [[3, 4]], attributes: { axis: 0, indices: [2, 0, 2, 1] } }],
    calls: { settings: ["axis", someIndices], required: 2 },
  };
  return recordOf((x: Tensor, axis: number, indices: Indices) => {
    const input = operand("indexSelect", x);
    const along = normalizeAxis("indexSelect", axis, input.rank);
    return apply(operation, [input], {
      axis: along,
      indices: checkIndices("indexSelect", indices, input.shape[along]),
    });
  }, operation);
})();

/**
 * Zeros with `size` entries along an axis, to which entry i of `x` is added at `indices[i]`.
 * @example indexAdd(tensor([1, 2, 3]), 0, [0, 2, 0], 3); // tensor([4, 0, 2])
 */
export const indexAdd: (x: Tensor, axis: number, indices: Indices, size: number) => Tensor =
  /* @__PURE__ */ (() => {
    const operation: Operation<IndexAttributes & { size: number }> = {
      name: "indexAdd",
      shape: ([x], { axis, size }) => x.shape.with(axis, size),
      compute(output, outShape, [x], { axis, indices }) {
        const source = x.storage.data;
        const sums = new Float64Array(sizeOf(outShape));
        const [step, outStep] = [x.strides[axis], output.strides[axis]];
        const { axes, rank, count, run, outRun } = entryAlong(
          axis,
          x.shape,
          x,
          readAs(output, { offset: 0 }),
        );
        const visit = ([start, outStart]: readonly number[]): void => {
          for (let i = 0; i < indices.length; i++) {
            const [from, to] = [start + i * step, outStart + indices[i] * outStep];
            for (let j = 0; j < count; j++) sums[to + j * outRun] += source[from + j * run];
          }
        };
        forEachIndex(axes, visit, rank);
        output.storage.data.set(sums, output.offset);
      },
      gradient: (cotangent, { attributes: { axis, indices } }) => indexSelect(cotangent, axis, indices),
      reads: "nothing",
      examples: [{ shapes: [[3, 2]], attributes: { axis: 0, indices: [1, 3, 1], size: 4 } }],
      calls: { settings: ["axis", indicesIntoThree, [3]], required: 3 },
    };
    return recordOf((x: Tensor, axis: number, indices: Indices, size: number) => {
      const input = operand("indexAdd", x);
      const along = normalizeAxis("indexAdd", axis, input.rank);
      checkCount("indexAdd", "size, the number of entries of the result,", size, 0);
      const list = checkIndices("indexAdd", indices, size);
      if (list.length !== input.shape[along]) {
        throw new AxisError(
          "indexAdd",
          `${list.length} indices for ${input.shape[along]} entries of ${showShape(input.shape)}.`,
          "give one index for each entry along the axis.",
        );
      }
      return apply(operation, [input], { axis: along, indices: list, size });
    }, operation);
  })();

/** Indices of entries of the axis that was drawn, up to three of them. */
function someIndices(dice: Dice, shape: Shape, [axis]: readonly Setting[]): Setting {
  const size = shape.at(axis as number)!;
  return Array.from({ length: size === 0 ? 0 : dice.integer(1, 3) }, () => dice.integer(-size, size - 1));
}

/** Where each entry of the axis goes, among three. */
function indicesIntoThree(dice: Dice, shape: Shape, [axis]: readonly Setting[]): Setting {
  return Array.from({ length: shape.at(axis as number)! }, () => dice.integer(-3, 2));
}
