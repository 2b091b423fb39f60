/** What losses share: the check of their shapes, and what becomes of the losses of single elements or rows. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
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
    "reshape or expand one of them on purpose.",
  );
}

/** What {@link LossOptions} may be, for the tests' calls. */
export const REDUCTIONS = ["mean", "sum", "none"] as const;

/** The losses of elements or rows as one, or as they are. */
export function reducedLoss(name: string, losses: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(name, options, ["reduction"]);
  const { reduction = "mean" } = options;
  if (reduction === "mean") return losses.mean();
  if (reduction === "sum") return losses.sum();
  if (reduction === "none") return losses;
  throw new ArgumentError(name, `the reduction is mean, sum or none; got ${describeValue(reduction)}.`);
}
