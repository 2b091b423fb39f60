/** Elements at regular places, taken out or put back: what slices and their gradients are made of. */

import { isContiguous, type Shape, type Span, sizeOf } from "../basics/shape.ts";
import { backend, type ElementwiseKernel, type Operand } from "../kernels/index.ts";
import { operands } from "./operands.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Elements at regular places along each axis, as a view. Its gradient puts them back among zeros. */
export const takeSpans: (x: Tensor, spans: readonly Span[]) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ spans: readonly Span[] }> = {
    name: "slice",
    shape: (_, { spans }) => spans.map(({ count }) => count),
    view: (x, _shape, { spans }) => spanLayout(x, spans),
    compute: (output, shape, [x], { spans }) =>
      copyElements(shape, output, { storage: x.storage, ...spanLayout(x, spans) }),
    gradient: (cotangent, node) => placeSpans([cotangent], [node.attributes.spans], node.inputs![0].shape),
    part: ({ spans }) => spans,
    reads: "nothing",
    examples: [
      {
        shapes: [[5, 6]],
        attributes: {
          spans: [
            { start: 1, step: 1, count: 3 },
            { start: 5, step: -2, count: 3 },
          ],
        },
      },
    ],
  };
  return recordOf(
    (x: Tensor, spans: readonly Span[]) => apply(operation, operands("slice", [x]), { spans }),
    operation,
  );
})();

/**
 * Zeros of a shape, to which parts are added in their order, each at regular places of its own: the transpose of taking
 * them from there.
 */
export const placeSpans: (
  parts: readonly Tensor[],
  places: readonly (readonly Span[])[],
  shape: Shape,
) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ places: readonly (readonly Span[])[]; shape: Shape }> = {
    name: "placeSlice",
    shape: (_, { shape }) => shape,
    compute(output, _shape, parts, { places }) {
      const { storage } = output;
      const at = places.map((spans) => ({ storage, ...spanLayout(output, spans) }));
      if (parts.length === 1) {
        copyElements(parts[0].shape, at[0], parts[0]);
        return;
      }
      addKernel ??= backend.elementwise((m, total, x) => [m.add(total, x)], 2);
      // Touched, so that no backend takes it for memory that the first part fills without reading it.
      if (storage.size > 0) storage.set(output.offset, 0);
      for (let i = 0; i < parts.length; i++) addKernel(parts[i].shape, [at[i]], [at[i], parts[i]]);
    },
    gradient: (cotangent, { attributes: { places } }, index) => takeSpans(cotangent, places[index]),
    reads: "nothing",
    examples: [
      {
        shapes: [
          [2, 2],
          [3, 1],
        ],
        attributes: {
          places: [
            [
              { start: 3, step: -2, count: 2 },
              { start: 0, step: 1, count: 2 },
            ],
            [
              { start: 1, step: 1, count: 3 },
              { start: 1, step: 1, count: 1 },
            ],
          ],
          shape: [4, 3],
        },
      },
    ],
    calls: null,
  };
  return recordOf(
    (parts: readonly Tensor[], places: readonly (readonly Span[])[], shape: Shape) =>
      apply(operation, operands("placeSlice", parts), { places, shape }),
    operation,
  );
})();

let addKernel: ElementwiseKernel | undefined;
let copyKernel: ElementwiseKernel | undefined;

/** Copies elements between two layouts of one shape. */
export function copyElements(shape: Shape, to: Operand, from: Operand): void {
  if (to.storage.dtype !== from.storage.dtype && areContiguous(shape, to, from)) {
    const { data } = from.storage;
    to.storage.data.set(data.subarray(from.offset, from.offset + sizeOf(shape)), to.offset);
    return;
  }
  copyKernel ??= backend.elementwise((_, x) => [x], 1);
  copyKernel(shape, [to], [from]);
}

const areContiguous = (shape: Shape, ...operands: readonly Operand[]): boolean =>
  operands.every(({ strides }) => isContiguous(shape, strides));

function spanLayout(x: Operand, spans: readonly Span[]): Pick<Operand, "offset" | "strides"> {
  return {
    strides: spans.map(({ step }, axis) => step * x.strides[axis]),
    offset: spans.reduce(
      (offset, { start, count }, axis) => offset + (count > 0 ? start * x.strides[axis] : 0),
      x.offset,
    ),
  };
}
