/** How probable data are under a denoiser: the flow, followed from the data to the noise, whose density is known. */

import { vjp } from "../autograd/functional.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkOptions } from "../basics/check.ts";
import { log } from "../kernels/math.ts";
import { linearCombination } from "../ops/elementwise.ts";
import type { Tensor } from "../ops/tensor.ts";
import { zerosLike } from "../tensor/construction.ts";
import { checkDenoiser, checkSchedule, checkStates } from "./check.ts";
import type { Denoiser } from "./denoiser.ts";
import { checkGrid } from "./grid.ts";
import {
  linearSchedule,
  type NoiseSchedule,
  noiseShareAt,
  scheduleAt,
  timeOfNoiseShare,
} from "./schedule.ts";

/** Settings of `logLikelihood`. */
export interface LikelihoodOptions {
  /**
   * Times from 1 down to the one at which the data are taken: above 0, where the flow of a denoiser is 0/0. The density is
   * that of data with the noise of this time. Default: 32 steps from 1 to 0.001, shorter towards it.
   */
  readonly grid?: readonly number[];
  /** Default: `linearSchedule`. */
  readonly schedule?: NoiseSchedule;
}

/**
 * ln p(x): along the flow, a density changes by the divergence of the velocity v (Chen et al. 2018, arXiv:1806.07366,
 * eq. 8), so ln p(x) = ln N(end of the flow) + ∫ tr(∂v/∂x) dt, here on the straight path, with the classical
 * method of Runge and Kutta. The trace is computed exactly, by one backward pass for each feature.
 *
 * @param denoiser made of recorded operations; with float64 states as precise as the grid allows
 * @param x [batch, features]
 * @returns [batch], in nats
 * @example
 * const model = new GaussianModel([0], [[1]]);
 * const x = tensor([[0.5]], { dtype: "float64" });
 * logLikelihood(model.denoiser(), x); // tensor([-1.0432], float64)
 * model.logDensity(x, 0.001); // tensor([-1.0432], float64)
 */
export function logLikelihood(denoiser: Denoiser, x: Tensor, options: LikelihoodOptions = {}): Tensor {
  checkDenoiser("logLikelihood", denoiser);
  checkStates("logLikelihood", "x", x);
  checkOptions("logLikelihood", options, ["grid", "schedule"]);
  const { grid = LIKELIHOOD_GRID, schedule = linearSchedule } = options;
  checkSchedule("logLikelihood", schedule);
  checkGrid("logLikelihood", grid);
  if (grid[grid.length - 1] === 0) checkGrid("logLikelihood: the last time must be above 0;", []);
  const features = x.shape[1];
  const sizeAt = (t: number): number => scheduleAt(schedule, t).alpha + scheduleAt(schedule, t).sigma;
  return noGrad(() => {
    const times = grid.toReversed();
    let y = x.div(sizeAt(times[0]));
    let integral = zerosLike(x.slice(null, 0));
    for (let i = 0; i + 1 < times.length; i++) {
      const [from, to] = [noiseShareAt(schedule, times[i]), noiseShareAt(schedule, times[i + 1])];
      const step = to - from;
      const at = (state: Tensor, share: number): FlowAt => {
        const t = timeOfNoiseShare(schedule, share);
        return flowAt((inner) => denoiser(inner.mul(sizeAt(t)), t), state, share);
      };
      const first = at(y, from);
      const second = at(y.add(first.slope.mul(step / 2)), from + step / 2);
      const third = at(y.add(second.slope.mul(step / 2)), from + step / 2);
      const fourth = at(y.add(third.slope.mul(step)), to);
      const mean = (name: "slope" | "divergence"): Tensor =>
        linearCombination(1 / 6, first[name].add(fourth[name]), 1 / 3, second[name].add(third[name]));
      y = y.add(mean("slope").mul(step));
      integral = integral.add(mean("divergence").mul(step));
    }
    const size = sizeAt(times[times.length - 1]);
    const prior = y
      .mul(size)
      .square()
      .sum(1)
      .add(features * log(2 * Math.PI))
      .mul(-0.5);
    return prior.add(integral).add(features * log(size / sizeAt(times[0])));
  });
}

const LIKELIHOOD_GRID: readonly number[] = Array.from({ length: 33 }, (_, i) => {
  const part = (32 - i) / 32;
  return 0.001 + 0.999 * part * part;
});

interface FlowAt {
  /** v = (y − x̂₀)/τ, [batch, features] */
  readonly slope: Tensor;
  /** tr(∂v/∂y), [batch] */
  readonly divergence: Tensor;
}

function flowAt(denoise: (y: Tensor) => Tensor, y: Tensor, share: number): FlowAt {
  const features = y.shape[1];
  const [guess, pullback] = vjp(denoise, y);
  let trace = zerosLike(y.slice(null, 0));
  for (let i = 0; i < features; i++) {
    const direction = zerosLike(y);
    direction.slice(null, i).assign(1);
    trace = trace.add(pullback(direction).slice(null, i));
  }
  return { slope: y.sub(guess).div(share), divergence: trace.neg().add(features).div(share) };
}
