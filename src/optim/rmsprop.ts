/** RMSprop. Source: Tieleman & Hinton 2012, Coursera: Neural Networks for Machine Learning, lecture 6.5. */

import { checkOptions } from "../basics/check.ts";
import { type Arithmetic, onHost } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { zerosLike } from "../tensor/construction.ts";
import { inPlace, isFar, penalised, times } from "./in-place.ts";
import {
  checkAtLeast,
  checkEpsilon,
  type Memory,
  Optimizer,
  type ParameterGroup,
  type UpdateSettings,
} from "./optimizer.ts";

/** Options of RMSprop. */
export interface RMSpropOptions {
  /** Default 0.01. */
  readonly learningRate?: number;
  /** How much of the running mean of squares is kept at each step. Default 0.99. */
  readonly smoothing?: number;
  /** Added to the root of that mean. Default 1e-8. */
  readonly epsilon?: number;
  /** How much of the previous step's velocity is kept. Default 0. */
  readonly momentum?: number;
  /** An L2 penalty: weightDecay · parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Steps of the gradient, measured in the running root mean square of it: p ← p − rate · g / (√v + ε), with v the running mean of g². As in
 * PyTorch.
 *
 * ```ts
 * const x = tensor([3, -2], { requiresGrad: true });
 * const optimizer = new RMSprop([x], { learningRate: 0.1 });
 * x.square().sum().backward();
 * optimizer.step();
 * x.toArray(); // [2, −1], rounded: every first step is rate / √(1 − smoothing)
 * ```
 */
export class RMSprop extends Optimizer {
  readonly #options: Required<Omit<RMSpropOptions, "learningRate">>;

  /**
   * Starts with a mean of 0.
   *
   * @throws ArgumentError for options outside of their range
   */
  constructor(parameters: Iterable<Tensor> | Iterable<ParameterGroup>, options: RMSpropOptions = {}) {
    checkOptions("RMSprop", options, ["learningRate", "smoothing", "epsilon", "momentum", "weightDecay"]);
    super("RMSprop", parameters, options.learningRate ?? 0.01);
    const { smoothing = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 } = options;
    checkAtLeast("RMSprop", "smoothing", smoothing, 0, 1);
    checkEpsilon("RMSprop", epsilon);
    checkAtLeast("RMSprop", "momentum", momentum, 0);
    checkAtLeast("RMSprop", "weightDecay", weightDecay, 0);
    this.#options = { smoothing, epsilon, momentum, weightDecay };
  }

  /** What is remembered of a parameter, before its first step. */
  protected freshMemory(parameter: Tensor): Memory {
    const square = zerosLike(parameter);
    return this.#options.momentum === 0 ? { square } : { square, velocity: zerosLike(parameter) };
  }

  /** Moves one parameter against its gradient, or along its velocity. */
  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { square, velocity }: Memory,
    { rateFactor, weightDecay = this.#options.weightDecay }: UpdateSettings,
  ): void {
    const { smoothing, epsilon, momentum } = this.#options;
    const numbers = onHost(
      () => [smoothing, 1 - smoothing, this.learningRate * rateFactor, epsilon, weightDecay, momentum],
      [],
      this,
    );
    if (momentum === 0) descend(parameter, square, gradient, numbers);
    else descendWithMomentum(parameter, square, velocity, gradient, numbers);
  }
}

const descend = inPlace({
  name: "RMSprop",
  writes: 2,
  values: (m, p, square, g, keep, take, rate, epsilon, penalty, _momentum) => {
    const { mean, direction, far } = scaled(m, square, penalised(m, g, penalty, p), [keep, take], epsilon);
    return [m.sub(p, m.mul(rate, direction)), mean, ...far];
  },
});

const descendWithMomentum = inPlace({
  name: "RMSprop",
  writes: 3,
  values: (m, p, square, v, g, keep, take, rate, epsilon, penalty, momentum) => {
    const { mean, direction, far } = scaled(m, square, penalised(m, g, penalty, p), [keep, take], epsilon);
    const velocity = m.add(m.mul(momentum, v), direction);
    return [m.sub(p, m.mul(rate, velocity)), mean, velocity, ...far];
  },
});

/** The running mean of squares, and the slope in units of its root. g² alone would overflow float32 from 1.8e19 on. */
function scaled<V>(
  m: Arithmetic<V>,
  square: V,
  slope: V,
  [keep, take]: readonly V[],
  epsilon: V,
): { mean: V; direction: V; far: V[] } {
  const mean = m.add(times(m, keep, square), m.mul(m.mul(take, slope), slope));
  const scale = m.add(m.sqrt(mean), epsilon);
  return { mean, direction: m.div(slope, scale), far: isFar(m, scale) };
}
