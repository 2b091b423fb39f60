/** Layers that bring activations to mean 0 and variance 1: over a batch, or over groups of features. */

import { checkCount, checkNumber, checkOptions } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { showShape, sizeOf } from "../basics/shape.ts";
import type { Tensor } from "../ops/tensor.ts";
import { blendInPlace } from "../optim/in-place.ts";
import { checkAtLeast } from "../optim/optimizer.ts";
import { inputOf } from "./inputs.ts";
import { buffer, Module, parameter } from "./module.ts";

/** Options of BatchNorm. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** How much of a batch goes into the running mean and variance. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Batch normalisation of [batch, features, ...]: each feature over the batch and all axes behind, times a learned weight, plus a bias.
 * In evaluation by the running mean and variance, which training keeps. Source: Ioffe & Szegedy 2015, arXiv:1502.03167.
 *
 * ```ts
 * const layer = new BatchNorm(2, { momentum: 0.5 });
 * layer.forward(tensor([[1, 10], [3, 30]])).toArray(); // [[−1, −1], [1, 1]], to five digits
 * layer.runningMean.toArray(); // [1, 10]
 * ```
 */
export class BatchNorm extends Module {
  /** [features] */
  readonly weight: Tensor;
  /** [features] */
  readonly bias: Tensor;
  /** [features], a buffer: saved and loaded, and not trained. */
  readonly runningMean: Tensor;
  /** [features], with the correction of a sample; a buffer as well. */
  readonly runningVariance: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;
  /** How much of a batch goes into the running mean and variance. */
  readonly momentum: number;

  /** Starts with weights of 1, biases of 0, and running statistics of N(0, 1). */
  constructor(features: number, options: BatchNormOptions = {}) {
    super();
    checkCount("BatchNorm", "features, the size of the second axis,", features);
    checkOptions("BatchNorm", options, ["epsilon", "momentum"]);
    const { epsilon = 1e-5, momentum = 0.1 } = options;
    checkAtLeast("BatchNorm", "epsilon", epsilon, 0);
    checkNumber("BatchNorm", "momentum", momentum);
    if (!(momentum >= 0 && momentum <= 1))
      throw new ArgumentError("BatchNorm", `momentum is from 0 to 1; got ${momentum}.`);
    this.weight = parameter(new Float32Array(features).fill(1));
    this.bias = parameter(new Float32Array(features));
    this.runningMean = buffer(new Float32Array(features));
    this.runningVariance = buffer(new Float32Array(features).fill(1));
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /** [batch, features, ...] → the same shape. @throws ShapeError while training on a single value for each feature */
  forward(x: Tensor): Tensor {
    const { epsilon, momentum, runningMean, runningVariance } = this;
    const shape = channelShape("BatchNorm", x, this.weight.size);
    const scaled = (normal: Tensor): Tensor =>
      normal.mul(this.weight.reshape(shape)).add(this.bias.reshape(shape));
    if (!this.training) {
      const spread = runningVariance.add(epsilon).sqrt();
      return scaled(x.sub(runningMean.reshape(shape)).div(spread.reshape(shape)));
    }
    const features = x.transpose(0, 1);
    const lines = features.reshape([features.shape[0], sizeOf(features.shape.slice(1))]);
    if (lines.shape[1] < 2) {
      throw new ShapeError(
        "BatchNorm",
        `${showShape(x.shape)} has a single value for each feature, which has no variance.`,
        "train on larger batches, or switch to evaluation with eval().",
      );
    }
    const values = lines.detach();
    keepUp(runningMean, values.mean(1), momentum);
    keepUp(runningVariance, values.variance(1), momentum);
    const normal = lines.layerNorm(undefined, undefined, epsilon).reshape(features.shape);
    return scaled(normal.transpose(0, 1));
  }
}

/**
 * Group normalisation of [batch, features, ...]: for each example, groups of features together with all axes behind, times a learned
 * weight, plus a bias. It does not depend on the batch. Source: Wu & He 2018, arXiv:1803.08494.
 *
 * ```ts
 * const layer = new GroupNorm(1, 2);
 * layer.forward(tensor([[1, 3]])).toArray(); // [[−1, 1]], to five digits
 * ```
 */
export class GroupNorm extends Module {
  /** How many groups there are. */
  readonly groups: number;
  /** [features] */
  readonly weight: Tensor;
  /** [features] */
  readonly bias: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;

  /** `features` in `groups` groups of equal size; `epsilon` is 1e-5 by default. */
  constructor(groups: number, features: number, epsilon = 1e-5) {
    super();
    checkCount("GroupNorm", "groups", groups);
    checkCount("GroupNorm", "features, the size of the second axis,", features);
    if (features % groups !== 0)
      throw new ArgumentError(
        "GroupNorm",
        `${features} features do not fall into ${groups} groups of equal size.`,
      );
    checkAtLeast("GroupNorm", "epsilon", epsilon, 0);
    this.groups = groups;
    this.weight = parameter(new Float32Array(features).fill(1));
    this.bias = parameter(new Float32Array(features));
    this.epsilon = epsilon;
  }

  /** [batch, features, ...] → the same shape. */
  forward(x: Tensor): Tensor {
    const shape = channelShape("GroupNorm", x, this.weight.size);
    const size = sizeOf(x.shape.slice(1)) / this.groups;
    const normal = x.reshape([x.shape[0], this.groups, size]).layerNorm(undefined, undefined, this.epsilon);
    return normal.reshape(x.shape).mul(this.weight.reshape(shape)).add(this.bias.reshape(shape));
  }
}

const keepUp = blendInPlace("BatchNorm");

/** The shape in which one number for each feature broadcasts against x. */
function channelShape(where: string, x: Tensor, features: number): number[] {
  return inputOf(where, x, ["batch", features, "..."])
    .shape.slice(1)
    .map((size, axis) => (axis === 0 ? size : 1));
}
