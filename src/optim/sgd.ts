/** Stochastic gradient descent. */

import { checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { onHost } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { zerosLike } from "../tensor/construction.ts";
import { inPlace, isLarge, penalised } from "./in-place.ts";
import {
  checkAtLeast,
  type Memory,
  Optimizer,
  type ParameterGroup,
  type UpdateSettings,
} from "./optimizer.ts";

/** Options of SGD. */
export interface SGDOptions {
  /** The step size. */
  readonly learningRate: number;
  /** How much of the previous step's velocity is kept. Default 0. */
  readonly momentum?: number;
  /** Look ahead along the velocity (Nesterov 1983, in the form of Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean;
  /** An L2 penalty: weightDecay · parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * p ← p − rate · v, v ← momentum · v + g (g itself without momentum), as in PyTorch.
 *
 * ```ts
 * const x = tensor(1, { requiresGrad: true });
 * const optimizer = new SGD([x], { learningRate: 0.25 });
 * x.square().backward(); // the gradient is 2
 * optimizer.step();
 * x.item(); // 0.5
 * ```
 */
export class SGD extends Optimizer {
  readonly #options: Required<Omit<SGDOptions, "learningRate">>;

  /**
   * Starts without velocity.
   *
   * @throws ArgumentError for a negative momentum or weight decay, or `nesterov` without momentum
   */
  constructor(parameters: Iterable<Tensor> | Iterable<ParameterGroup>, options: SGDOptions) {
    checkOptions("SGD", options, ["learningRate", "momentum", "nesterov", "weightDecay"]);
    if (options?.learningRate === undefined)
      throw new ArgumentError(
        "SGD",
        "needs a learningRate.",
        "write new SGD(parameters, { learningRate: 0.01 }).",
      );
    super("SGD", parameters, options.learningRate);
    const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
    checkAtLeast("SGD", "momentum", momentum, 0);
    checkAtLeast("SGD", "weightDecay", weightDecay, 0);
    if (nesterov && momentum === 0)
      throw new ArgumentError("SGD", "nesterov needs a momentum.", "set momentum: 0.9.");
    this.#options = { momentum, nesterov, weightDecay };
  }

  /** What is remembered of a parameter, before its first step. */
  protected freshMemory(parameter: Tensor): Memory {
    return this.#options.momentum === 0 ? {} : { velocity: zerosLike(parameter) };
  }

  /** Moves one parameter against its gradient, or along its velocity. */
  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { velocity }: Memory,
    { rateFactor, weightDecay = this.#options.weightDecay }: UpdateSettings,
  ): void {
    const { momentum, nesterov } = this.#options;
    if (momentum === 0) {
      const rate = onHost(() => [this.learningRate * rateFactor], [], this);
      // So short an update that a penalty of 0 would take a quarter of its time.
      if (weightDecay === 0) descend(parameter, gradient, rate);
      else descendAndDecay(parameter, gradient, rate, weightDecay);
      return;
    }
    const lookAhead = nesterov ? 1 : 0;
    descendWithMomentum(
      parameter,
      velocity,
      gradient,
      onHost(() => [this.learningRate * rateFactor, weightDecay, momentum, lookAhead], [], this),
    );
  }
}

const descend = inPlace({
  name: "SGD",
  writes: 1,
  values: (m, p, g, rate) => [m.sub(p, m.mul(rate, g)), isLarge(m, g)],
});

const descendAndDecay = inPlace({
  name: "SGD",
  writes: 1,
  values: (m, p, g, rate, decay) => {
    const slope = penalised(m, g, decay, p);
    return [m.sub(p, m.mul(rate, slope)), isLarge(m, slope)];
  },
});

const descendWithMomentum = inPlace({
  name: "SGD",
  writes: 2,
  values: (m, p, v, g, rate, decay, momentum, lookAhead) => {
    const slope = penalised(m, g, decay, p);
    const velocity = m.add(m.mul(momentum, v), slope);
    const direction = m.where(lookAhead, m.add(slope, m.mul(momentum, velocity)), velocity);
    return [m.sub(p, m.mul(rate, direction)), velocity, isLarge(m, velocity)];
  },
});
