/** What becomes of the losses of single elements or rows. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import type { Tensor } from "./tensor.ts";

/** How the losses of single elements or rows become one: their mean (the default), their sum, or not at all. */
export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: "mean" | "sum" | "none";
}

/** The losses of elements or rows as one, or as they are. */
export function reducedLoss(name: string, losses: Tensor, options: LossOptions = {}): Tensor {
  checkOptions(name, options, ["reduction"]);
  const { reduction = "mean" } = options;
  if (reduction === "mean") return losses.mean();
  if (reduction === "sum") return losses.sum();
  if (reduction === "none") return losses;
  throw new ArgumentError(name, `the reduction is mean, sum or none; got ${describeValue(reduction)}.`);
}
