/**
 * Distributions whose best denoiser is known exactly: what samplers are proved with, and what a trained network is
 * measured against. All compute in float64, whatever the dtype of the states; in float64 they can be differentiated.
 */

import { checkArray, checkKind, checkNumbers, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { log } from "../kernels/math.ts";
import { concat } from "../ops/joining.ts";
import { matmul } from "../ops/linear.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkSchedule, checkStates } from "./check.ts";
import type { Denoiser } from "./denoiser.ts";
import { symmetricEigen } from "./eigen.ts";
import { linearSchedule, type NoiseSchedule, scheduleAt } from "./schedule.ts";

/** A distribution of data with its exact denoiser and likelihood. */
export interface ExactModel {
  /** How many numbers a point has. */
  readonly features: number;
  /** E[x₀ | x_t = x]: no other guess has a smaller mean squared error. Default schedule: linear. */
  denoiser(schedule?: NoiseSchedule): Denoiser;
  /** ln p_t(x) of noisy data, [batch, features] → [batch]. Default schedule: linear. */
  logDensity(x: Tensor, t: number, schedule?: NoiseSchedule): Tensor;
}

/**
 * A normal distribution N(μ, Σ). With S = α² Σ + σ² I, the covariance of noisy data, x̂₀ = μ + α Σ S⁻¹ (x − α μ).
 * In the basis of Σ's eigenvectors all matrices are diagonal.
 *
 * @example
 * const model = new GaussianModel([1, 2], [[3, 0], [0, 1]]);
 * model.denoiser()(tensor([[1, 2]]), 0.5); // tensor([[1.7500, 3.0000]])
 * model.logDensity(tensor([[1, 2]]), 0); // tensor([-2.3872], float64)
 * model.transport(tensor([[1, 1]]), 1, 0); // tensor([[2.7321, 3.0000]])
 */
export class GaussianModel implements ExactModel {
  /** How many numbers a point has. */
  readonly features: number;
  /** [1, features] */
  readonly #mean: Tensor;
  /** Eigenvectors in rows, [features, features] */
  readonly #basis: Tensor;
  readonly #variances: Float64Array;

  /**
   * The Gaussian of a mean and a covariance.
   *
   * @param mean μ, [features]
   * @param covariance Σ, rows
   * @throws ArgumentError when Σ has an eigenvalue below 0, ShapeError when sizes differ
   */
  constructor(mean: ArrayLike<number>, covariance: readonly ArrayLike<number>[]) {
    checkNumbers("GaussianModel", "mean", mean);
    checkArray("GaussianModel", "covariance", covariance, "rows");
    if (mean.length !== covariance.length) {
      throw new ShapeError(
        "GaussianModel",
        `mean has ${mean.length} values, covariance ${covariance.length} rows.`,
      );
    }
    const { values, vectors } = symmetricEigen(covariance);
    const least = values[values.length - 1];
    if (least < -1e-12 * Math.abs(values[0])) {
      throw new ArgumentError(
        "GaussianModel",
        `the covariance has the eigenvalue ${least}, which is below 0.`,
      );
    }
    this.features = mean.length;
    this.#mean = rowsTensor([mean]);
    this.#basis = rowsTensor(vectors);
    this.#variances = values.map((value) => Math.max(0, value));
  }

  denoiser(schedule: NoiseSchedule = linearSchedule): Denoiser {
    checkSchedule("GaussianModel.denoiser", schedule);
    return inFloat64("GaussianModel.denoiser", this.features, (x, t) => {
      const { alpha, sigma } = scheduleAt(schedule, t);
      const gain = this.#variances.map((v) =>
        v === 0 ? 0 : (alpha * v) / (alpha * alpha * v + sigma * sigma),
      );
      return this.#stretch(x.sub(this.#mean.mul(alpha)), gain).add(this.#mean);
    });
  }

  logDensity(x: Tensor, t: number, schedule: NoiseSchedule = linearSchedule): Tensor {
    checkStates("GaussianModel.logDensity", "x", x, this.features);
    const { alpha, sigma } = scheduleAt(schedule, t);
    const variances = this.#variances.map((v) => alpha * alpha * v + sigma * sigma);
    const centred = double(x).sub(this.#mean.mul(alpha));
    const squares = matmul(centred, this.#basis.transpose())
      .square()
      .div(rowsTensor([variances]))
      .sum(1);
    const volume = variances.reduce((sum, v) => sum + log(2 * Math.PI * v), 0);
    return squares.add(volume).mul(-0.5);
  }

  /**
   * The exact solution of the flow, from time `from` to time `to`: in each direction of an eigenvector the distance
   * from the mean grows as the standard deviation of the noisy data does.
   */
  transport(x: Tensor, from: number, to: number, schedule: NoiseSchedule = linearSchedule): Tensor {
    return inFloat64("GaussianModel.transport", this.features, (state) => {
      const [start, end] = [scheduleAt(schedule, from), scheduleAt(schedule, to)];
      const growth = this.#variances.map((v) => {
        const spread = start.alpha * start.alpha * v + start.sigma * start.sigma;
        return Math.sqrt((end.alpha * end.alpha * v + end.sigma * end.sigma) / spread);
      });
      return this.#stretch(state.sub(this.#mean.mul(start.alpha)), growth).add(this.#mean.mul(end.alpha));
    })(x, from);
  }

  /** Each eigenvector's component times its factor. */
  #stretch(centred: Tensor, factors: Float64Array): Tensor {
    return matmul(matmul(centred, this.#basis.transpose()).mul(rowsTensor([factors])), this.#basis);
  }
}

/**
 * A mixture of normal distributions: x̂₀ = Σ r_k x̂₀⁽ᵏ⁾, where r_k is the probability that x comes from component k.
 *
 * @example
 * const [left, right] = [new GaussianModel([-1], [[0.01]]), new GaussianModel([1], [[0.01]])];
 * const model = new GaussianMixtureModel([{ weight: 3, model: left }, { weight: 1, model: right }]);
 * model.denoiser()(tensor([[0]]), 0.5); // tensor([[-0.4950]])
 * model.logDensity(tensor([[1]]), 0); // tensor([-0.0026], float64)
 */
export class GaussianMixtureModel implements ExactModel {
  /** How many numbers a point has. */
  readonly features: number;
  readonly #components: readonly GaussianModel[];
  /** ln of the weights, [1, components] */
  readonly #logWeights: Tensor;

  /**
   * A weighted sum of Gaussians.
   *
   * @param components each with its weight, above 0; the weights need not add up to 1
   */
  constructor(components: readonly { readonly weight: number; readonly model: GaussianModel }[]) {
    checkArray("GaussianMixtureModel", "components", components, "{ weight, model }");
    for (const component of components) {
      checkKind("GaussianMixtureModel", "a component", component, "object", "write { weight: 1, model }.");
      if (component.model instanceof GaussianModel) continue;
      throw new ArgumentError(
        "GaussianMixtureModel",
        `the model of a component is ${describeValue(component.model)}, no GaussianModel.`,
      );
    }
    const isWeight = (weight: number): boolean => Number.isFinite(weight) && weight > 0;
    if (components.length === 0 || !components.every(({ weight }) => isWeight(weight))) {
      throw new ArgumentError("GaussianMixtureModel", "needs components with weights above 0.");
    }
    const total = components.reduce((sum, { weight }) => sum + weight, 0);
    this.features = components[0].model.features;
    if (components.some(({ model }) => model.features !== this.features)) {
      throw new ShapeError("GaussianMixtureModel", "the components differ in their number of features.");
    }
    this.#components = components.map(({ model }) => model);
    this.#logWeights = rowsTensor([components.map(({ weight }) => log(weight / total))]);
  }

  denoiser(schedule: NoiseSchedule = linearSchedule): Denoiser {
    checkSchedule("GaussianMixtureModel.denoiser", schedule);
    const denoisers = this.#components.map((component) => component.denoiser(schedule));
    return inFloat64("GaussianMixtureModel.denoiser", this.features, (x, t) => {
      const shares = this.#logJoint(x, t, schedule).softmax(1);
      return denoisers
        .map((denoise, k) => denoise(x, t).mul(shares.slice(null, [k, k + 1])))
        .reduce((sum, part) => sum.add(part));
    });
  }

  logDensity(x: Tensor, t: number, schedule: NoiseSchedule = linearSchedule): Tensor {
    checkStates("GaussianMixtureModel.logDensity", "x", x, this.features);
    return this.#logJoint(double(x), t, schedule).logsumexp(1);
  }

  /** ln of weight times density of each component, [batch, components] */
  #logJoint(x: Tensor, t: number, schedule: NoiseSchedule): Tensor {
    const columns = this.#components.map((component) => component.logDensity(x, t, schedule).unsqueeze(1));
    return concat(columns, 1).add(this.#logWeights);
  }
}

/**
 * The empirical distribution of points, each as probable as any other: what a network that had learned its training
 * data by heart would know. x̂₀ is the mean of the points, weighted by the softmax of −|x − α xᵢ|²/(2σ²).
 *
 * With points drawn from a prior by simulation it is importance sampling of the best denoiser for that prior:
 * unbiased as the points grow in number, and good where many have a say ({@link EmpiricalModel.effectiveCount}).
 *
 * @example
 * const model = new EmpiricalModel(tensor([[0], [2]]));
 * model.denoiser()(tensor([[0.5]]), 0.5); // tensor([[1]])
 * model.effectiveCount(tensor([[0.5]]), 0.5); // tensor([2], float64)
 * model.logDensity(tensor([[0.5]]), 0.5); // tensor([-0.7258], float64)
 */
export class EmpiricalModel implements ExactModel {
  /** How many numbers a point has. */
  readonly features: number;
  /** [points, features] */
  readonly #points: Tensor;
  /** |xᵢ|², [1, points] */
  readonly #squares: Tensor;

  /**
   * Each of the points with the same weight.
   *
   * @param points [points, features]
   */
  constructor(points: Tensor) {
    if (!isTensor(points)) {
      const problem = `needs points as a tensor [points, features]; got ${describeValue(points)}.`;
      throw new ArgumentError("EmpiricalModel", problem, "make it one with tensor(…).");
    }
    if (points.rank !== 2 || points.size === 0) {
      throw new ShapeError(
        "EmpiricalModel",
        `needs points as [points, features]; got [${points.shape.join(", ")}].`,
      );
    }
    if (!points.toTypedArray().every(Number.isFinite))
      throw new ArgumentError("EmpiricalModel", "the points hold values that are not finite.");
    this.features = points.shape[1];
    this.#points = double(points.detach());
    this.#squares = this.#points.square().sum(1).unsqueeze(0);
  }

  denoiser(schedule: NoiseSchedule = linearSchedule): Denoiser {
    checkSchedule("EmpiricalModel.denoiser", schedule);
    return inFloat64("EmpiricalModel.denoiser", this.features, (x, t) =>
      matmul(this.#weights(x, t, schedule), this.#points),
    );
  }

  logDensity(x: Tensor, t: number, schedule: NoiseSchedule = linearSchedule): Tensor {
    checkStates("EmpiricalModel.logDensity", "x", x, this.features);
    const { sigma } = scheduleAt(schedule, t);
    const state = double(x);
    const own = state
      .square()
      .sum(1)
      .mul(-0.5 / (sigma * sigma));
    const volume = (this.features / 2) * log(2 * Math.PI * sigma * sigma) + log(this.#points.shape[0]);
    return this.#logits(state, t, schedule).logsumexp(1).add(own).sub(volume);
  }

  /** How many points share in each guess, 1/Σw² (Kish), [batch]. Close to 1 the guess is the nearest point. */
  effectiveCount(x: Tensor, t: number, schedule: NoiseSchedule = linearSchedule): Tensor {
    checkStates("EmpiricalModel.effectiveCount", "x", x, this.features);
    return this.#weights(double(x), t, schedule).square().sum(1).reciprocal();
  }

  /** [batch, points] */
  #weights(x: Tensor, t: number, schedule: NoiseSchedule): Tensor {
    const { alpha, sigma } = scheduleAt(schedule, t);
    if (sigma > 0) return this.#logits(x, t, schedule).softmax(1);
    // The limit of no noise: the nearest point.
    const nearness = matmul(x, this.#points.transpose())
      .mul(2 * alpha)
      .sub(this.#squares.mul(alpha * alpha));
    const nearest = nearness.equal(nearness.max(1, { keepdim: true }));
    return nearest.div(nearest.sum(1, { keepdim: true }));
  }

  /** −|x − α xᵢ|²/(2σ²) without |x|², which all points share; softmax takes out the largest before exp. */
  #logits(x: Tensor, t: number, schedule: NoiseSchedule): Tensor {
    const { alpha, sigma } = scheduleAt(schedule, t);
    const scale = alpha / (sigma * sigma);
    return matmul(x, this.#points.transpose())
      .mul(scale)
      .sub(this.#squares.mul((alpha * scale) / 2));
  }
}

function rowsTensor(rows: readonly ArrayLike<number>[]): Tensor {
  return tensor(Float64Array.from(rows.flatMap((row) => Array.from(row))), [rows.length, rows[0].length], {
    dtype: "float64",
  });
}

function double(x: Tensor): Tensor {
  return x.dtype === "float64" ? x : x.to("float64");
}

/** The denoiser, computed in float64, in the dtype that it was given. */
function inFloat64(where: string, features: number, denoiser: Denoiser): Denoiser {
  return (x, t) => {
    checkStates(where, "x", x, features);
    return x.dtype === "float64" ? denoiser(x, t) : denoiser(double(x), t).to(x.dtype);
  };
}
