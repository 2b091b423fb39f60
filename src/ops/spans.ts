/** Elements at regular places, taken out or put back: what slices and their gradients are made of. */

import type { Shape, Span } from "../basics/shape.ts";
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
    gradient: (cotangent, node) => placeSpans(cotangent, node.attributes.spans, node.inputs![0].shape),
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

/** Zeros of a shape with the elements put at regular places: the transpose of taking them from there. */
export const placeSpans: (x: Tensor, spans: readonly Span[], shape: Shape) => Tensor =
  /* @__PURE__ */ (() => {
    const operation: Operation<{ spans: readonly Span[]; shape: Shape }> = {
      name: "placeSlice",
      shape: (_, { shape }) => shape,
      compute(output, _shape, [x], { spans }) {
        const { strides, offset } = spanLayout(output, spans);
        copyElements(x.shape, { storage: output.storage, offset, strides }, x);
      },
      gradient: (cotangent, node) => takeSpans(cotangent, node.attributes.spans),
      reads: "nothing",
      examples: [
        {
          shapes: [[2, 2]],
          attributes: {
            spans: [
              { start: 3, step: -2, count: 2 },
              { start: 0, step: 1, count: 2 },
            ],
            shape: [4, 3],
          },
        },
      ],
      calls: null,
    };
    return recordOf(
      (x: Tensor, spans: readonly Span[], shape: Shape) =>
        apply(operation, operands("placeSlice", [x]), { spans, shape }),
      operation,
    );
  })();

let copyKernel: ElementwiseKernel | undefined;

/** Copies elements between two layouts of one shape. */
export function copyElements(shape: Shape, to: Operand, from: Operand): void {
  copyKernel ??= backend.elementwise((_, x) => [x], 1);
  copyKernel(shape, [to], [from]);
}

function spanLayout(x: Operand, spans: readonly Span[]): Pick<Operand, "offset" | "strides"> {
  return {
    strides: spans.map(({ step }, axis) => step * x.strides[axis]),
    offset: spans.reduce(
      (offset, { start, count }, axis) => offset + (count > 0 ? start * x.strides[axis] : 0),
      x.offset,
    ),
  };
}
