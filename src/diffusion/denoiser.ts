/** What samplers are given: the guess of the clean data behind a noisy state. */

import { checkNumber, checkOptions, describeNumber, describeValue, isList } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkDenoiser } from "./check.ts";

/** The guess x̂₀ of the clean data behind x at time t. A network that is not told t ignores it. */
export type Denoiser = (x: Tensor, t: number) => Tensor;

/** A denoiser that can also be told properties of the wanted data, [batch, conditions]. */
export type ConditionalDenoiser = (x: Tensor, t: number, condition?: Tensor) => Tensor;

/** Settings of `guidedDenoiser`. */
export interface GuidanceOptions {
  /**
   * Times from least to greatest within which the weight holds; outside of them it is 1 (Kynkäänniemi et al. 2024,
   * arXiv:2404.07724: a weight above 1 harms at much noise and does nothing at little). Default: all, [0, 1].
   */
  readonly interval?: readonly [least: number, greatest: number];
}

/**
 * Classifier-free guidance: x̂₀(∅) + weight · (x̂₀(condition) − x̂₀(∅)) (Ho & Salimans 2022, arXiv:2207.12598, whose w is
 * weight − 1; Stable Diffusion's "guidance scale" is this weight). Weight 0 ignores the condition, 1 samples from what the
 * model takes the data of this condition to be, more exaggerates it: a sharper, no longer a true distribution.
 *
 * @param condition [batch, conditions], or [1, conditions] for all
 * @throws ArgumentError for a weight that is no finite number, and an interval that is not within [0, 1]
 * @example
 * const random = new Random(0);
 * const model = new ResidualDenoiser({ features: 2, conditions: 1 }, random); // to be trained with trainFlow
 * const guided = guidedDenoiser(model.denoiser(), tensor([[1.5]]), 2);
 * const samples = finish(heunSampler(guided, normal([4, 2], random)));
 */
export function guidedDenoiser(
  denoiser: ConditionalDenoiser,
  condition: Tensor,
  weight = 1,
  options: GuidanceOptions = {},
): Denoiser {
  checkDenoiser("guidedDenoiser", denoiser);
  if (!isTensor(condition)) {
    throw new ArgumentError(
      "guidedDenoiser",
      `a condition is a tensor [batch, conditions]; got ${describeValue(condition)}.`,
      "of one property for all rows: tensor([[1.5]]).",
    );
  }
  checkOptions("guidedDenoiser", options, ["interval"]);
  checkNumber("guidedDenoiser", "weight", weight);
  if (!Number.isFinite(weight)) throw new ArgumentError("guidedDenoiser", `the weight is ${weight}.`);
  const [least, greatest] = checkInterval("guidedDenoiser", options.interval);
  return (x, t) => {
    const own = t < least || t > greatest ? 1 : weight;
    if (own === 0) return denoiser(x, t);
    if (own === 1) return denoiser(x, t, condition);
    return linearCombination(1 - own, denoiser(x, t), own, denoiser(x, t, condition));
  };
}

/** @throws ArgumentError for what is no interval within [0, 1] */
export function checkInterval(
  where: string,
  interval: readonly [number, number] = [0, 1],
): readonly [least: number, greatest: number] {
  const isRange = isList(interval) && interval.length === 2 && Array.from(interval).every(Number.isFinite);
  const [least, greatest] = isRange ? interval : [Number.NaN, Number.NaN];
  if (least >= 0 && least <= greatest && greatest <= 1) return interval;
  const told = isList(interval)
    ? `[${Array.from(interval, describeNumber).join(", ")}]`
    : describeValue(interval);
  throw new ArgumentError(
    where,
    `the interval is ${told}, no part of [0, 1].`,
    "give the least and the greatest time at which to guide.",
  );
}
