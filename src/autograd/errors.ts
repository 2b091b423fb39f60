/** What goes wrong on the way back, as errors: each names the rule that is broken and what to do. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, DtypeError, ShapeError, TapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { isTensor } from "../ops/operands.ts";
import type { Node } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";

/** Nothing is recorded for what backward is to start from. */
export function notRecorded(where: string): TapeError {
  return new TapeError(
    where,
    "nothing is recorded for this tensor: none of its operands requires gradients, or it was computed inside noGrad().",
    "create the leaves with { requiresGrad: true } before computing.",
  );
}

/** The tape was used already. */
export function freed(where: string, node: Node): TapeError {
  return new TapeError(
    where,
    `the tape was freed by an earlier backward pass (at ${node.operation!.name}).`,
    "compute the result again, or keep the tape with backward({ retainGraph: true }).",
  );
}

/** Backward needs a scalar to start from, or a cotangent. */
export function notScalar(where: string, root: Tensor): TapeError {
  return new TapeError(
    where,
    `the gradient of a tensor of shape ${showShape(root.shape)} needs a cotangent to start from: only a scalar has a gradient by itself.`,
    "reduce it first (sum, mean), or give a cotangent of the same shape.",
  );
}

/** A gradient rule gives another shape than its operand has. */
export function misshapen(node: Node, index: number, contribution: Tensor): ShapeError {
  return new ShapeError(
    node.operation!.name,
    `its gradient rule gives ${showShape(contribution.shape)} for operand ${index} of shape ${showShape(node.inputs![index].shape)}.`,
    "a gradient has the shape of its operand; sum over the axes that were broadcast (sumTo).",
  );
}

/** A walk that was left for a while must not go on with what another has made of the nodes meanwhile. */
export function overtaken(node: Node): TapeError {
  return new TapeError(
    "backwardSteps",
    `another backward pass went through the same tape meanwhile (at ${node.operation?.name ?? "a leaf"}).`,
    "finish one iteration before starting the next.",
  );
}

/** A cotangent or gradient that a user gave does not belong to the value. */
export function notCotangent(
  where: string,
  given: unknown,
  of: Tensor,
  name: string,
): ArgumentError | DtypeError | ShapeError {
  const owner = name === "gradient" ? "tensor" : "result";
  if (!isTensor(given)) {
    return new ArgumentError(
      where,
      `the ${name} is a tensor of shape ${showShape(of.shape)}; got ${describeValue(given)}.`,
      name === "gradient"
        ? "null forgets a gradient."
        : "leave it out for a scalar, or wrap values with tensor(…).",
    );
  }
  if (!sameShape(given.shape, of.shape)) {
    return new ShapeError(
      where,
      `the ${name} ${showShape(given.shape)} does not have the shape of the ${owner}, ${showShape(of.shape)}.`,
      "reshape() or expand() it on purpose.",
    );
  }
  return new DtypeError(
    where,
    `the ${name} is ${given.dtype} and the ${owner} ${of.dtype}; they must be the same.`,
    `convert it with .to("${of.dtype}").`,
  );
}
