/** Vectors that are learned for the members of a set. */

import { checkCount } from "../basics/check.ts";
import { attributedTo } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { sizeOf } from "../basics/shape.ts";
import { watcher } from "../kernels/index.ts";
import { wholeNumbers } from "../ops/indices.ts";
import { operand } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Module, parameter } from "./module.ts";

/**
 * A vector for each of `count` words, classes or the like: whole numbers [...] → [..., features]. Vectors are drawn from N(0, 1).
 *
 * ```ts
 * const layer = new Embedding(10, 4, new Random(0));
 * layer.forward(tensor([[1, 2, 9]])).shape; // [1, 3, 4]
 * ```
 */
export class Embedding extends Module {
  /** [count, features] */
  readonly weight: Tensor;

  /** Vectors of `features` numbers for the whole numbers below `count`. */
  constructor(count: number, features: number, random: Random) {
    super();
    checkCount("Embedding", "count, the number of vectors,", count);
    checkCount("Embedding", "features, their length,", features);
    checkRandom("Embedding", random);
    this.weight = parameter(
      Float32Array.from({ length: count * features }, () => random.normal()),
      [count, features],
    );
  }

  /** The vectors of whole numbers. @throws AxisError for a number that has none */
  forward(x: Tensor): Tensor {
    const { weight } = this;
    x = operand("Embedding", x);
    const numbers = x.detach().reshape([sizeOf(x.shape)]);
    try {
      // Those below 0, which stand for padding in other places, do not count from the end here. Who watches wants the tensor.
      const places =
        watcher === null ? wholeNumbers("Embedding", numbers.toTypedArray(), weight.shape[0], 0) : numbers;
      return weight.indexSelect(0, places).reshape([...x.shape, weight.shape[1]]);
    } catch (error) {
      throw attributedTo("Embedding", error);
    }
  }
}
