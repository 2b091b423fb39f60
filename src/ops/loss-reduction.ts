/** What losses share: the check of their shapes, and what becomes of the losses of single elements or rows. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { type Shape, sameShape, showShape } from "../basics/shape.ts";
import type { Tensor } from "./tensor.ts";

/** How the losses of single elements or rows become one: their mean (the default), their sum, or not at all. */
export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: "mean" | "sum" | "none";
}

/** @throws ShapeError where the target has another shape than what is predicted, which is called so in the message */
export function checkSameShape(
  where: string,
  predicted: Tensor,
  target: Tensor,
  called: string = "prediction",
): void {
  if (sameShape(predicted.shape, target.shape)) return;
  throw new ShapeError(
    where,
    `${called} ${showShape(predicted.shape)} and target ${showShape(target.shape)} differ: a loss compares element with element and does not broadcast.`,
    squeezed(called, predicted.shape, target.shape) ??
      squeezed("target", target.shape, predicted.shape) ??
      "reshape or expand one of them on purpose.",
  );
}

/** The error for targets that are neither classes, one for each row of the logits, nor probabilities of their shape. */
export function notTargets(where: string, logits: Shape, target: Shape): ShapeError {
  const rows = logits.slice(0, -1);
  return new ShapeError(
    where,
    `the target of logits ${showShape(logits)} is ${showShape(rows)} (classes) or ${showShape(logits)}; got ${showShape(target)}.`,
    squeezed("target", target, rows) ??
      (sameShape(logits, target.slice(0, -1)) ? "the logits come first." : undefined),
  );
}

/** How a tensor of one shape gets the other, where it has an axis of size 1 more. */
function squeezed(name: string, from: Shape, to: Shape): string | undefined {
  const axis = from.findIndex((size, i) => size === 1 && sameShape(from.toSpliced(i, 1), to));
  return axis < 0 ? undefined : `write ${name}.squeeze(${axis}).`;
}

/** What {@link LossOptions} may be, for the tests' calls. */
export const REDUCTIONS = ["mean", "sum", "none"] as const;

/** The losses of elements or rows as one, or as they are. */
export function reducedLoss(name: string, losses: Tensor, options?: LossOptions): Tensor {
  const reduction = reductionOf(name, options);
  return reduction === "none" ? losses : reduction === "sum" ? losses.sum() : losses.mean();
}

/** @throws ArgumentError for what is no reduction */
export function reductionOf(name: string, options: LossOptions = {}): NonNullable<LossOptions["reduction"]> {
  checkOptions(name, options, ["reduction"]);
  const { reduction = "mean" } = options;
  if (REDUCTIONS.includes(reduction)) return reduction;
  throw new ArgumentError(name, `the reduction is mean, sum or none; got ${describeValue(reduction)}.`);
}
