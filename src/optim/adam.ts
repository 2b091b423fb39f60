/** Adam and its relatives. Source: Kingma & Ba 2015, arXiv:1412.6980. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { type Arithmetic, type FloatArray, onHost } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor, zerosLike } from "../tensor/construction.ts";
import { inPlace, isFar, penalised, times } from "./in-place.ts";
import {
  checkAtLeast,
  checkEpsilon,
  type Memory,
  Optimizer,
  type ParameterGroup,
  type UpdateSettings,
} from "./optimizer.ts";

/** Options of Adam and AdamW. */
export interface AdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /**
   * Added to the root of the second moment. Default 1e-8. A smaller one does not help gradients below 1e-20: the squares of what is
   * remembered are float32 as the weights are, and have none of their digits.
   */
  readonly epsilon?: number;
  /** An L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
  /** Divide by the largest second moment so far (Reddi, Kale & Kumar 2018, arXiv:1904.09237). Default false. */
  readonly amsgrad?: boolean;
}

/**
 * Steps of the running mean gradient, measured in the running root mean square of it.
 *
 * ```ts
 * const x = tensor([3, -2], { requiresGrad: true });
 * const optimizer = new Adam([x], { learningRate: 0.1 });
 * for (let step = 0; step < 200; step++) {
 *   optimizer.zeroGrad();
 *   x.square().sum().backward();
 *   optimizer.step();
 * }
 * x.square().sum().item() < 1e-3; // true
 * ```
 */
export class Adam extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #amsgrad: boolean;
  /** The L2 penalty; AdamW shrinks the weights directly instead. */
  protected readonly weightDecay: number;

  /** Starts with moments of 0; `name` is what errors call it. */
  constructor(
    parameters: Iterable<Tensor> | Iterable<ParameterGroup>,
    options: AdamOptions = {},
    name = "Adam",
  ) {
    checkOptions(name, options, OPTIONS);
    super(name, parameters, options.learningRate ?? 0.001);
    const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0, amsgrad = false } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new ArgumentError(
        name,
        `betas are two numbers; got ${describeValue(betas)}.`,
        "write [0.9, 0.999].",
      );
    }
    for (const beta of betas) checkAtLeast(name, "each of betas", beta, 0, 1);
    checkEpsilon(name, epsilon);
    checkAtLeast(name, "weightDecay", weightDecay, 0);
    this.#betas = betas;
    this.#epsilon = epsilon;
    this.#amsgrad = amsgrad;
    this.weightDecay = weightDecay;
  }

  /** What is added to the gradient, and what the weights are multiplied with first. */
  protected decay(_rate: number, weightDecay: number): { penalty: number; shrink: number } {
    return { penalty: weightDecay, shrink: 1 };
  }

  /** What is remembered of a parameter, before its first step. */
  protected freshMemory(parameter: Tensor): Memory {
    return {
      first: zerosLike(parameter),
      second: zerosLike(parameter),
      ...(this.#amsgrad && { largest: zerosLike(parameter) }),
      // β₁ᵗ and β₂ᵗ after the parameter's own t steps, kept as products so that they are the same bits everywhere.
      powers: tensor([1, 1], { dtype: "float64" }),
    };
  }

  /** Moves one parameter against its gradient. */
  protected update(parameter: Tensor, gradient: Tensor, memory: Memory, settings: UpdateSettings): void {
    const { first, second, largest } = memory;
    // Another class may decay in a way that throws.
    const isOwn = this.constructor === Adam || this.constructor === AdamW;
    const numbers = onHost(() => this.#numbers(memory.powers.data, settings), [], memory.powers, !isOwn);
    if (largest === undefined) adam(parameter, first, second, gradient, numbers);
    else amsgrad(parameter, first, second, largest, gradient, numbers);
  }

  /** The numbers of a parameter's next step, in the order in which the update takes them. */
  #numbers(powers: FloatArray, { rateFactor, weightDecay = this.weightDecay }: UpdateSettings): number[] {
    const [beta1, beta2] = this.#betas;
    powers[0] *= beta1;
    powers[1] *= beta2;
    const learningRate = this.learningRate * rateFactor;
    const { penalty, shrink } = this.decay(learningRate, weightDecay);
    const rate = learningRate / (1 - powers[0]);
    const correction = 1 / Math.sqrt(1 - powers[1]);
    return [beta1, 1 - beta1, beta2, 1 - beta2, rate, correction, this.#epsilon, penalty, shrink];
  }
}

/**
 * Adam with the weights shrunk directly, not through the gradient (Loshchilov & Hutter 2019, arXiv:1711.05101).
 *
 * ```ts
 * const weight = tensor([1, -1], { requiresGrad: true });
 * const optimizer = new AdamW([weight], { learningRate: 0.1, weightDecay: 0.5 });
 * weight.mul(0).sum().backward(); // a gradient of 0, so that nothing but the decay acts
 * optimizer.step();
 * weight.toArray(); // [0.95, −0.95], rounded to float32
 * ```
 */
export class AdamW extends Adam {
  /** `weightDecay` is 0.01 by default. */
  constructor(parameters: Iterable<Tensor> | Iterable<ParameterGroup>, options: AdamOptions = {}) {
    checkOptions("AdamW", options, OPTIONS);
    super(parameters, { ...options, weightDecay: options?.weightDecay ?? 0.01 }, "AdamW");
  }

  /** Nothing is added to the gradient; the weights shrink by learningRate · weightDecay. */
  protected override decay(rate: number, weightDecay: number): { penalty: number; shrink: number } {
    return { penalty: 0, shrink: 1 - rate * weightDecay };
  }
}

const OPTIONS = ["learningRate", "betas", "epsilon", "weightDecay", "amsgrad"];

const adam = inPlace({
  name: "Adam",
  writes: 3,
  values: (
    m,
    p,
    first,
    second,
    g,
    beta1,
    rest1,
    beta2,
    rest2,
    rate,
    correction,
    epsilon,
    penalty,
    shrink,
  ) => {
    const { mean, square } = advance(m, p, first, second, g, [beta1, rest1, beta2, rest2], penalty);
    const scale = scaleOf(m, square, correction, epsilon);
    return [move(m, p, mean, scale, rate, shrink), mean, square, ...isFar(m, scale)];
  },
});

const amsgrad = inPlace({
  name: "Adam (amsgrad)",
  writes: 4,
  values: (
    m,
    p,
    first,
    second,
    largest,
    g,
    beta1,
    rest1,
    beta2,
    rest2,
    rate,
    correction,
    epsilon,
    penalty,
    shrink,
  ) => {
    const { mean, square } = advance(m, p, first, second, g, [beta1, rest1, beta2, rest2], penalty);
    const top = m.maximum(largest, square);
    const scale = scaleOf(m, top, correction, epsilon);
    return [move(m, p, mean, scale, rate, shrink), mean, square, top, ...isFar(m, scale)];
  },
});

/** m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², with the penalty in g. */
function advance<V>(
  m: Arithmetic<V>,
  p: V,
  first: V,
  second: V,
  g: V,
  betas: readonly V[],
  penalty: V,
): { mean: V; square: V } {
  // 1 − β comes as a number of its own: computed in float32 it would be off by 1.3e-5 for β = 0.999.
  const [beta1, rest1, beta2, rest2] = betas;
  const slope = penalised(m, g, penalty, p);
  return {
    mean: m.add(m.mul(beta1, first), m.mul(rest1, slope)),
    // g² alone overflows float32 from 1.8e19 on, and a moment that is infinite once stays so: the weight would never move again.
    square: m.add(times(m, beta2, second), m.mul(m.mul(rest2, slope), slope)),
  };
}

/** √v · correction + ε: what the mean is measured in. */
function scaleOf<V>(m: Arithmetic<V>, square: V, correction: V, epsilon: V): V {
  return m.add(m.mul(m.sqrt(square), correction), epsilon);
}

/** p ← shrink p − rate m / scale, where rate and scale are free of the bias of the first steps. */
function move<V>(m: Arithmetic<V>, p: V, mean: V, scale: V, rate: V, shrink: V): V {
  return m.sub(m.mul(p, shrink), m.div(m.mul(rate, mean), scale));
}
