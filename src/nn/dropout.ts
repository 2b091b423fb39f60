/** Dropout. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { operand } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { uniform } from "../tensor/construction.ts";
import { Module } from "./module.ts";

/**
 * While training, sets each element to 0 with a probability and divides the others by the probability to stay, so that the
 * mean is kept; in evaluation it does nothing. Source: Srivastava et al. 2014, JMLR 15, 1929.
 *
 * ```ts
 * const layer = new Dropout(0.5, new Random(0));
 * layer.forward(tensor([1, 1, 1, 1])); // some are 0, the others 2
 * layer.eval().forward(tensor([1, 1])); // tensor([1, 1])
 * ```
 */
export class Dropout extends Module {
  /** How likely an element is dropped. */
  readonly probability: number;
  readonly #random: Random;

  /**
   * Drops with draws from `random`.
   *
   * @param probability that an element is dropped, at least 0 and below 1
   */
  constructor(probability: number, random: Random) {
    super();
    if (!(typeof probability === "number" && probability >= 0 && probability < 1)) {
      throw new ArgumentError(
        "Dropout",
        `a probability is at least 0 and below 1; got ${describeValue(probability)}.`,
        "new Dropout(0.5, random) drops half of the elements.",
      );
    }
    checkRandom("Dropout", random);
    this.probability = probability;
    this.#random = random;
  }

  /** x with elements dropped while training; x itself otherwise. */
  forward(x: Tensor): Tensor {
    x = operand("Dropout", x);
    if (!this.training || this.probability === 0) return x;
    const stays = uniform(x.shape, this.#random, { dtype: x.dtype }).greaterEqual(this.probability);
    return x.mul(stays.div(1 - this.probability));
  }
}
