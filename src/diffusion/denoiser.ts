/** What samplers are given: the guess of the clean data behind a noisy state. */

import { linearCombination } from "../ops/elementwise.ts";
import type { Tensor } from "../ops/tensor.ts";

/** The guess x̂₀ of the clean data behind x at time t. A network that is not told t ignores it. */
export type Denoiser = (x: Tensor, t: number) => Tensor;

/** A denoiser that can also be told properties of the wanted data, [batch, conditions]. */
export type ConditionalDenoiser = (x: Tensor, t: number, condition?: Tensor) => Tensor;

/**
 * Classifier-free guidance: x̂₀(∅) + weight · (x̂₀(condition) − x̂₀(∅)) (Ho & Salimans 2022, arXiv:2207.12598, whose w is
 * weight − 1). Weight 0 ignores the condition, 1 follows it as the data do, more exaggerates it.
 *
 * @param condition [batch, conditions]
 */
export function guidedDenoiser(denoiser: ConditionalDenoiser, condition: Tensor, weight = 1): Denoiser {
  if (weight === 0) return (x, t) => denoiser(x, t);
  if (weight === 1) return (x, t) => denoiser(x, t, condition);
  return (x, t) => linearCombination(1 - weight, denoiser(x, t), weight, denoiser(x, t, condition));
}
