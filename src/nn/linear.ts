/** The fully connected layer. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { type Activation, linear } from "../ops/linear.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkAtLeast } from "../optim/optimizer.ts";
import { inputOf } from "./inputs.ts";
import { Module, parameter } from "./module.ts";

/**
 * x Wᵀ + b: [..., in] → [..., out], with weights [out, in] and PyTorch's default initialisation.
 *
 * ```ts
 * const layer = new Linear(3, 2, new Random(0));
 * layer.forward(tensor([[1, 2, 3]])).shape; // [1, 2]
 * layer.forward(tensor([[1, 2, 3]]), silu); // the same as silu(layer.forward(…)), in one pass
 * ```
 */
export class Linear extends Module {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out]; null for a layer without */
  readonly bias: Tensor | null;

  /**
   * Weights and bias are drawn uniformly from ±1/√in, as PyTorch does: Kaiming's uniform initialisation with
   * a = √5 has the bound √(6 / ((1 + a²) in)) = 1/√in (He et al. 2015, arXiv:1502.01852).
   *
   * @param options.bias false leaves the bias out
   */
  constructor(inFeatures: number, outFeatures: number, random: Random, options: { bias?: boolean } = {}) {
    super();
    for (const size of [inFeatures, outFeatures]) {
      if (!Number.isInteger(size) || size < 1) {
        throw new ArgumentError(
          "Linear",
          `needs whole positive sizes; got ${inFeatures} → ${outFeatures}.`,
          "write new Linear(inFeatures, outFeatures, random).",
        );
      }
    }
    checkRandom("Linear", random);
    checkOptions("Linear", options, ["bias"]);
    const bound = 1 / Math.sqrt(inFeatures);
    const draw = (size: number): Float32Array =>
      Float32Array.from({ length: size }, () => random.uniform(-bound, bound));
    this.weight = parameter(draw(outFeatures * inFeatures), [outFeatures, inFeatures]);
    this.bias = options.bias === false ? null : parameter(draw(outFeatures), [outFeatures]);
  }

  /**
   * x Wᵀ + b, [..., in] → [..., out].
   *
   * @param activation applied to the result, such as `silu`: cheaper here than in a call of its own
   */
  forward(x: Tensor, activation?: Activation): Tensor {
    x = inputOf("Linear", x, ["...", this.weight.shape[1]]);
    return linear(x, this.weight, this.bias ?? undefined, activation);
  }
}

/**
 * Layer normalisation along the last axis, with a learned weight (ones at first) and bias (zeros).
 *
 * ```ts
 * const layer = new LayerNorm(2, 1e-6);
 * layer.forward(tensor([[1, 3], [10, 30]])).toArray(); // [[−1, 1], [−1, 1]], to six digits
 * ```
 */
export class LayerNorm extends Module {
  /** [features] */
  readonly weight: Tensor;
  /** [features] */
  readonly bias: Tensor;
  /** Added to the variance, so that constant rows do not divide by 0. */
  readonly epsilon: number;

  /** Weight and bias for rows of `features` values; `epsilon` is 1e-5 by default. */
  constructor(features: number, epsilon = 1e-5) {
    super();
    checkCount("LayerNorm", "features, the size of the last axis,", features);
    checkAtLeast("LayerNorm", "epsilon", epsilon, 0);
    this.weight = parameter(new Float32Array(features).fill(1), [features]);
    this.bias = parameter(new Float32Array(features), [features]);
    this.epsilon = epsilon;
  }

  /** Rows of mean 0 and variance 1, times the weight, plus the bias; [..., features] → the same shape. */
  forward(x: Tensor): Tensor {
    x = inputOf("LayerNorm", x, ["...", this.weight.size]);
    return x.layerNorm(this.weight, this.bias, this.epsilon);
  }
}
