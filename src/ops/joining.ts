/** Operations on a list of tensors: concat and stack. */

import { few } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { normalizeAxis, sameShape, showShape } from "../basics/shape.ts";
import { shorthand } from "./composite.ts";
import { unsqueeze } from "./layout.ts";
import { listOf, operands } from "./operands.ts";
import { apply, type Operation, of, recordOf } from "./operation.ts";
import { copyElements, takeSpans } from "./spans.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Tensors one after another along an axis (the first by default); other sizes must be equal.
 * @example concat([tensor([1, 2]), tensor([3])]); // tensor([1, 2, 3])
 */
export const concat: (tensors: readonly Tensor[], axis?: number) => Tensor = /* @__PURE__ */ (() => {
  // `starts` is where each operand begins along the axis: the sum of the sizes before it, which no rule should add up again.
  const operation: Operation<{ axis: number; starts: readonly number[] }> = {
    name: "concat",
    shape(inputs, { axis }) {
      const shape = [...inputs[0].shape];
      for (const input of inputs.slice(1)) {
        if (!sameShape(input.shape.with(axis, 0), shape.with(axis, 0))) {
          throw new ShapeError(
            "concat",
            `shapes ${few(inputs.map((x) => showShape(x.shape)))} differ on other axes than ${axis}.`,
            "sizes may differ along the joined axis only: choose another axis, or slice or pad.",
          );
        }
        shape[axis] += input.shape[axis];
      }
      return shape;
    },
    compute({ storage, offset, strides }, _shape, inputs, { axis, starts }) {
      inputs.forEach((input, i) => {
        copyElements(input.shape, { storage, offset: offset + starts[i] * strides[axis], strides }, input);
      });
    },
    gradient: (cotangent, { inputs, attributes: { axis, starts } }, index) =>
      takeSpans(
        cotangent,
        inputs![index].shape.map((count, i) => ({ start: i === axis ? starts[index] : 0, step: 1, count })),
      ),
    reads: "nothing",
    examples: [
      { shapes: of([2, 3], [2, 4]), attributes: { axis: 1, starts: [0, 3] } },
      { shapes: of([2], [1], [3]), attributes: { axis: 0, starts: [0, 2, 3] } },
      { shapes: of([2, 3], [2, 3], [2, 3]), attributes: { axis: 0, starts: [0, 2, 4] } },
    ],
    calls: {
      settings: ["axis"],
      others: (shape, [axis = 0], dice) =>
        shape.length === 0 ? null : [shape.with(axis as number, dice.integer(1, 2))],
      takesList: true,
    },
  };
  return recordOf((tensors: readonly Tensor[], axis = 0) => {
    const inputs = operands("concat", someOf("concat", tensors));
    const ranks = new Set(inputs.map((input) => input.rank));
    if (ranks.size > 1 || ranks.has(0)) {
      throw new ShapeError(
        "concat",
        `needs tensors of one rank, at least 1; got ${few(inputs.map((x) => showShape(x.shape)))}.`,
        "use stack() to join scalars or along a new axis.",
      );
    }
    const along = normalizeAxis("concat", axis, inputs[0].rank);
    let end = 0;
    const starts = inputs.map(({ shape }) => {
      end += shape[along];
      return end - shape[along];
    });
    return apply(operation, inputs, { axis: along, starts });
  }, operation);
})();

/**
 * Tensors of one shape along a new axis (the first by default).
 * @example stack([tensor([1, 2]), tensor([3, 4])], 1); // tensor([[1, 3], [2, 4]])
 */
export const stack: (tensors: readonly Tensor[], axis?: number) => Tensor = shorthand(
  (tensors: readonly Tensor[], axis = 0) => {
    const inputs = operands("stack", someOf("stack", tensors));
    const [first] = inputs;
    const other = inputs.find((tensor) => !sameShape(tensor.shape, first.shape));
    if (other) {
      throw new ShapeError(
        "stack",
        `needs equal shapes; got ${showShape(first.shape)} and ${showShape(other.shape)}.`,
        "concat() joins other sizes along an axis.",
      );
    }
    const at = normalizeAxis("stack", axis, first.rank + 1);
    return concat(
      inputs.map((input) => unsqueeze(input, at)),
      at,
    );
  },
  { settings: ["new axis"], others: (shape) => [shape], takesList: true },
);

function someOf(where: string, tensors: readonly Tensor[]): Tensor[] {
  const list = listOf(where, tensors, `put the tensors into an array: ${where}([a, b]).`);
  if (list.length === 0) throw new ArgumentError(where, "got no tensors.", "give at least one.");
  return list;
}
