/** Selection by an index for each element, and its transpose. */

import { checkCount, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import {
  contiguousStrides,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "../basics/shape.ts";
import { forEachIndex, type Operand, readAs } from "../kernels/index.ts";
import { readIndices } from "./indices.ts";
import { isTensor, operand } from "./operands.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Where each element comes from, or goes: for the last axes of an operand, and the same for each entry of those before. */
interface GatherAttributes {
  readonly axis: number;
  readonly indices: Int32Array | readonly number[];
  readonly indexShape: Shape;
}

const gathering: Operation<GatherAttributes> = {
  name: "gather",
  shape: ([x], attributes) => spread("gather", x.shape, attributes),
  compute(output, shape, [x], attributes) {
    const [source, target] = [x.storage.data, output.storage.data];
    forEachPlace(shape, attributes, output, x, (small, large) => {
      target[small] = source[large];
    });
  },
  gradient: (cotangent, { inputs, attributes }) =>
    apply(scatterAddition, [cotangent], { ...attributes, size: inputs![0].shape[attributes.axis] }),
  part({ axis, indices, indexShape }, shape) {
    const count = shape[axis];
    const inner = sizeOf(indexShape.slice(axis - shape.length + indexShape.length + 1));
    const [start, step] = [indices[0], count > 1 ? indices[inner] - indices[0] : 1];
    for (let i = 0; i < indices.length; i++)
      if (step === 0 || indices[i] !== start + (Math.floor(i / inner) % count) * step) return null;
    return shape.map((count, i) => (i === axis ? { start, step, count } : { start: 0, step: 1, count }));
  },
  reads: "nothing",
  examples: [
    { shapes: [[3, 4]], attributes: { axis: 1, indices: [1, 1, 0, 3, 2, 3], indexShape: [3, 2] } },
    { shapes: [[3, 2]], attributes: { axis: 0, indices: [2, 0], indexShape: [1, 2] } },
  ],
  calls: null,
};

const scatterAddition: Operation<GatherAttributes & { readonly size: number }> = {
  name: "scatterAdd",
  shape: ([x], attributes) =>
    spread("scatterAdd", x.shape, attributes).with(attributes.axis, attributes.size),
  compute(output, shape, [x], attributes) {
    const source = x.storage.data;
    const sums = new Float64Array(sizeOf(shape));
    forEachPlace(x.shape, attributes, x, readAs(output, { offset: 0 }), (small, large) => {
      sums[large] += source[small];
    });
    output.storage.data.set(sums, output.offset);
  },
  gradient: (cotangent, { attributes: { axis, indices, indexShape } }) =>
    apply(gathering, [cotangent], { axis, indices, indexShape }),
  reads: "nothing",
  examples: [
    { shapes: [[3, 2]], attributes: { axis: 1, indices: [1, 1, 0, 3, 2, 3], indexShape: [3, 2], size: 4 } },
  ],
  calls: null,
};

/**
 * Elements along an axis, one for each index: `result[i][j] = x[i][indices[i][j]]` for axis 1. The indices are a tensor of whole
 * numbers that has the shape of x on all other axes; negative ones count from the end. The result has the indices' shape.
 *
 * Its gradient adds each element's cotangent back to where it came from.
 * @throws ShapeError where the indices' shape does not fit, AxisError for an index outside of the axis
 * @example gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]])); // tensor([[2], [3]])
 */
export const gather: (x: Tensor, axis: number, indices: Tensor) => Tensor = /* @__PURE__ */ (() =>
  recordOf((x: Tensor, axis: number, indices: Tensor) => {
    const input = operand("gather", x);
    const along = normalizeAxis("gather", axis, input.rank);
    const list = checkIndexTensor("gather", input.shape, along, indices, input.shape[along]);
    return apply(gathering, [input], { axis: along, indices: list, indexShape: indices.shape });
  }, gathering))();

/**
 * Zeros with `size` entries along an axis, to which each element of x is added at its own index: for axis 1, `x[i][j]` at
 * `[i][indices[i][j]]`. The indices are a tensor of whole numbers of the shape of x. It is the transpose of `gather`.
 * @throws ShapeError where the shapes differ, AxisError for an index outside of the size
 * @example scatterAdd(tensor([[1, 2, 3]]), 1, tensor([[0, 2, 0]]), 3); // tensor([[4, 0, 2]])
 */
export const scatterAdd: (x: Tensor, axis: number, indices: Tensor, size: number) => Tensor =
  /* @__PURE__ */ (() =>
    recordOf((x: Tensor, axis: number, indices: Tensor, size: number) => {
      const input = operand("scatterAdd", x);
      const along = normalizeAxis("scatterAdd", axis, input.rank);
      checkCount("scatterAdd", "size, the number of entries of the result,", size, 0);
      const list = checkIndexTensor("scatterAdd", input.shape, along, indices, size);
      if (!sameShape(indices.shape, input.shape))
        throw notAnIndexShape("scatterAdd", input.shape, along, indices.shape);
      const attributes = { axis: along, indices: list, indexShape: indices.shape, size };
      return apply(scatterAddition, [input], attributes);
    }, scatterAddition))();

/** The shape of the part: that of the indices, behind the axes that they leave out. */
function spread(where: string, shape: Shape, { axis, indexShape }: GatherAttributes): Shape {
  const leading = shape.length - indexShape.length;
  const result = [...shape.slice(0, leading), ...indexShape];
  if (leading < 0 || !sameShape(result.with(axis, 0), shape.with(axis, 0)))
    throw notAnIndexShape(where, shape, axis, indexShape);
  return result;
}

/** Calls `visit` with the place of each element of the part, and with that which it has in the whole. */
function forEachPlace(
  shape: Shape,
  { axis, indices, indexShape }: GatherAttributes,
  part: Pick<Operand, "offset" | "strides">,
  whole: Pick<Operand, "offset" | "strides">,
  visit: (part: number, whole: number) => void,
): void {
  const last = shape.length - 1;
  const leading = shape.length - indexShape.length;
  const step = whole.strides[axis];
  const along = whole.strides.with(axis, 0);
  const listed = [...new Array<number>(leading).fill(0), ...contiguousStrides(indexShape)];
  const axes = {
    sizes: shape,
    starts: [part.offset, whole.offset, 0],
    steps: [part.strides, along, listed],
  };
  forEachIndex(
    axes,
    ([from, to, at]) => {
      for (let i = 0; i < shape[last]; i++)
        visit(from + i * part.strides[last], to + i * along[last] + indices[at + i * listed[last]] * step);
    },
    last,
  );
}

function checkIndexTensor(
  where: string,
  shape: Shape,
  axis: number,
  indices: Tensor,
  size: number,
): Int32Array {
  if (!isTensor(indices)) {
    throw new ArgumentError(
      where,
      `indices are a tensor of ${shape.length} axes; got ${describeValue(indices)}.`,
      "write tensor([[0, 2], [1, 1]]); a list of entries for all is for indexSelect().",
    );
  }
  if (indices.rank !== shape.length || !sameShape(indices.shape.with(axis, 0), shape.with(axis, 0)))
    throw notAnIndexShape(where, shape, axis, indices.shape);
  return readIndices(where, indices, size);
}

function notAnIndexShape(where: string, shape: Shape, axis: number, given: Shape): ShapeError {
  return new ShapeError(
    where,
    `indices ${showShape(given)} do not fit ${showShape(shape)} along axis ${axis}: sizes may differ on that axis only${where === "gather" ? "" : ", and for each element there is one index"}.`,
    "slice or expand one of them first.",
  );
}
