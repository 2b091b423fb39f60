/** What all optimisers share: parameters, a learning rate that schedules may change, and state that can be saved. */

import type { Tensor } from "../ops/tensor.ts";
import { ArgumentError } from "../tensor/errors.ts";

/** Changes parameters by their gradients. */
export abstract class Optimizer {
  /** What is trained, in this order. */
  readonly parameters: readonly Tensor[];
  /** The step size; schedules write it. */
  learningRate: number;
  /** How many steps were taken. */
  stepCount = 0;

  /**
   * Takes leaves that require gradients, each once; `name` is what errors call the optimiser.
   *
   * @throws ArgumentError for other parameters or none, or a negative learning rate
   */
  constructor(name: string, parameters: Iterable<Tensor>, learningRate: number) {
    this.parameters = [...parameters];
    if (this.parameters.length === 0) {
      throw new ArgumentError(
        name,
        "got no parameters, so there is nothing to train.",
        "pass model.parameters().",
      );
    }
    this.parameters.forEach((parameter, i) => {
      if (!parameter.requiresGrad || !parameter.isLeaf) {
        throw new ArgumentError(
          name,
          `parameter ${i} is ${parameter.requiresGrad ? "the result of an operation, not a leaf" : "not differentiated"}.`,
          "pass tensors made with { requiresGrad: true }.",
        );
      }
    });
    if (new Set(this.parameters).size !== this.parameters.length) {
      throw new ArgumentError(name, "got a parameter twice, which would update it twice.");
    }
    checkAtLeast(name, "learningRate", learningRate, 0);
    this.learningRate = learningRate;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    this.stepCount++;
    this.parameters.forEach((parameter, i) => {
      if (parameter.grad !== null) this.update(parameter.detach(), parameter.grad, i);
    });
  }

  /** Forgets the gradients: the next backward starts from nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /** One parameter's update in place. */
  protected abstract update(parameter: Tensor, gradient: Tensor, index: number): void;
}

/** @throws ArgumentError unless the value is a number of at least `low` (and below `high`) */
export function checkAtLeast(
  where: string,
  name: string,
  value: number,
  low: number,
  high: number = Infinity,
): void {
  if (value >= low && value < high) return;
  throw new ArgumentError(
    where,
    `${name} is ${value}; it must be at least ${low}${high === Infinity ? "" : ` and below ${high}`}.`,
  );
}
