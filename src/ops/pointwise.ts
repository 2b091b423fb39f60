/**
 * Operations of single elements that no expression of kernels/arithmetic.ts can write: a function of numbers is called for
 * each element, in float64 and rounded once, so that both backends give the same bits.
 */

import { broadcastShapes } from "../basics/shape.ts";
import { forEachIndex, mergeAxes } from "../kernels/index.ts";
import { broadcastOperand, sumTo } from "./elementwise-record.ts";
import { operands } from "./operands.ts";
import { apply, type Example, NO_ATTRIBUTES, type Node, type Operation, recordOf } from "./operation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** What is written of such an operation: of one operand, or of two that broadcast. */
interface PointwiseRecord {
  readonly name: string;
  readonly value: (x: number, y: number) => number;
  /** The cotangent of an operand before it is summed over what was broadcast. Left out: the gradient stops here. */
  readonly gradient?: (cotangent: Tensor, node: Node, index: number) => Tensor;
  readonly reads?: Operation["reads"];
  readonly examples: readonly Omit<Example, "attributes">[];
}

/** An operation of one operand or of two, as many as its examples have. */
/* @__NO_SIDE_EFFECTS__ */ export function pointwise<F extends (x: Tensor, y: TensorLike) => Tensor>(
  record: PointwiseRecord,
): F & { operation: Operation } {
  const { name, value, gradient, reads = "nothing", examples } = record;
  const arity = examples[0].shapes.length;
  const operation: Operation = {
    name,
    shape: ([x, ...others]) =>
      others.reduce((shape, other) => broadcastShapes(name, shape, other.shape), x.shape),
    compute(output, shape, inputs) {
      const given = inputs.map((x) => broadcastOperand(x, shape));
      const axes = mergeAxes(shape, [output, ...given]);
      const last = axes.sizes.length - 1;
      const count = last < 0 ? 1 : axes.sizes[last];
      const [step, xStep, yStep = 0] = axes.steps.map((steps) => steps[last] ?? 0);
      const target = output.storage.data;
      const x = given[0].storage.data;
      const y = given.at(-1)!.storage.data;
      const visit = ([to, xAt, yAt = 0]: readonly number[]): void => {
        for (let i = 0; i < count; i++) target[to + i * step] = value(x[xAt + i * xStep], y[yAt + i * yStep]);
      };
      forEachIndex(axes, visit, last);
    },
    gradient:
      gradient &&
      ((cotangent, node, index) => sumTo(gradient(cotangent, node, index), node.inputs![index].shape)),
    reads,
    examples: examples.map((example) => ({ ...example, attributes: NO_ATTRIBUTES })),
    calls: arity === 1 ? {} : { others: (shape) => [shape] },
  };
  const call = (given: TensorLike[]): Tensor => apply(operation, operands(name, given), NO_ATTRIBUTES);
  // As many operands as the operation has: [a, b].map(floor) hands over an index and the array as well.
  const f = arity === 1 ? (x: TensorLike) => call([x]) : (x: TensorLike, y: TensorLike) => call([x, y]);
  return recordOf(f as unknown as F, operation);
}
