/**
 * What a network may predict of a noisy state x = α x₀ + σ ε, and the way from one prediction to another. Each kind
 * is a combination a x₀ + b ε; with x that makes two linear equations for x₀ and ε, so that every conversion is exact.
 */

import { checkChoice, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { type Expression, oncePer } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { derivativeOf } from "../ops/differentiation.ts";
import { linearCombination } from "../ops/elementwise.ts";
import { operands } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { evaluate } from "../tensor/own-operation.ts";
import { checkDenoiser, checkSchedule, checkTime } from "./check.ts";
import type { ConditionalDenoiser } from "./denoiser.ts";
import { linearSchedule, type NoiseSchedule } from "./schedule.ts";

/**
 * - `clean`: the data, x₀;
 * - `noise`: the noise, ε = −σ · score;
 * - `velocity`: α ε − σ x₀ (Salimans & Ho 2022, arXiv:2202.00512);
 * - `flow`: dx/dt = α′ x₀ + σ′ ε (Lipman et al. 2023, arXiv:2210.02747); ε − x₀ for the linear schedule.
 */
export type PredictionKind = "clean" | "noise" | "velocity" | "flow";

/** All kinds. */
export const PREDICTION_KINDS: readonly PredictionKind[] = ["clean", "noise", "velocity", "flow"];

/** The shares a and b of a kind a x₀ + b ε, as expressions of time. */
function sharesOf(kind: PredictionKind, { alpha, sigma }: NoiseSchedule): { a: Expression; b: Expression } {
  switch (kind) {
    case "clean":
      return { a: one, b: zero };
    case "noise":
      return { a: zero, b: one };
    case "velocity":
      return { a: negated(sigma), b: alpha };
    case "flow":
      return { a: derivativeOf(alpha), b: derivativeOf(sigma) };
  }
}

// The same functions each time, since each is compiled once.
const one: Expression = (m) => m.constant(1);
const zero: Expression = (m) => m.constant(0);
const negated = /* @__PURE__ */ oncePer(
  (expression: Expression): Expression =>
    (m, t) =>
      m.neg(expression(m, t)),
);

/**
 * What a network that predicts `kind` is trained to give: a x₀ + b ε.
 *
 * @param clean [batch, features]
 * @param noise [batch, features]
 * @param t [batch, 1], or a scalar for all
 * @example predictionTarget("flow", linearSchedule, tensor([[2]]), tensor([[5]]), tensor(0.5)); // tensor([[3]])
 */
export function predictionTarget(
  kind: PredictionKind,
  schedule: NoiseSchedule,
  clean: Tensor,
  noise: Tensor,
  t: Tensor,
): Tensor {
  checkChoice("predictionTarget", "kind", kind, PREDICTION_KINDS);
  checkSchedule("predictionTarget", schedule);
  [clean, noise, t] = operands("predictionTarget", [clean, noise, t]);
  const { a, b } = sharesOf(kind, schedule);
  return linearCombination(evaluate(a, t), clean, evaluate(b, t), noise);
}

/**
 * The same guess, stated as another kind. From p = a x₀ + b ε and x = α x₀ + σ ε follow x₀ = (b x − σ p)/d and
 * ε = (α p − a x)/d with d = α b − σ a, and from these any a′ x₀ + b′ ε.
 *
 * @param x the noisy state, [batch, features]
 * @param prediction [batch, features]
 * @throws ArgumentError where the one does not determine the other: data from noise at pure noise, noise from data at t = 0
 * @example
 * const clean = tensor([[2]]); // a guess of the data behind the state 1 at t = 0.5
 * convertPrediction(clean, tensor([[1]]), 0.5, { from: "clean", to: "flow" }); // tensor([[-2]])
 */
export function convertPrediction(
  prediction: Tensor,
  x: Tensor,
  t: number,
  options: {
    readonly from: PredictionKind;
    readonly to: PredictionKind;
    /** Default: `linearSchedule`. */
    readonly schedule?: NoiseSchedule;
  },
): Tensor {
  const where = "convertPrediction";
  checkOptions(where, options ?? {}, ["from", "to", "schedule"]);
  const { from, to, schedule = linearSchedule } = options ?? {};
  checkChoice(where, "kind from", from, PREDICTION_KINDS);
  checkChoice(where, "kind to", to, PREDICTION_KINDS);
  checkSchedule(where, schedule);
  checkTime(where, t);
  [prediction, x] = operands(where, [prediction, x]);
  if (from === to) return prediction;
  const at = (expression: Expression): number => expression(numbers, t);
  const [alpha, sigma] = [at(schedule.alpha), at(schedule.sigma)];
  const [own, other] = [sharesOf(from, schedule), sharesOf(to, schedule)];
  const [a, b, newA, newB] = [at(own.a), at(own.b), at(other.a), at(other.b)];
  const determinant = alpha * b - sigma * a;
  const weights = [(newA * b - newB * a) / determinant, (newB * alpha - newA * sigma) / determinant];
  if (!weights.every(Number.isFinite)) {
    throw new ArgumentError(
      "convertPrediction",
      `at t = ${t} of the ${schedule.name} schedule, a prediction of "${from}" does not determine "${to}".`,
      "stay away from the ends of the schedule, or train a network that predicts velocity or flow.",
    );
  }
  return linearCombination(weights[0], x, weights[1], prediction);
}

/**
 * A denoiser from a network that predicts any kind, with or without a condition.
 *
 * @example
 * const denoiser = denoiserFrom((x) => x.mul(0), { predicts: "noise" }); // a network that sees no noise
 * denoiser(tensor([[1]]), 0.5); // tensor([[2]])
 */
export function denoiserFrom(
  network: ConditionalDenoiser,
  options: {
    readonly predicts: PredictionKind;
    /** Default: `linearSchedule`. */
    readonly schedule?: NoiseSchedule;
  },
): ConditionalDenoiser {
  checkDenoiser("denoiserFrom", network);
  checkOptions("denoiserFrom", options ?? {}, ["predicts", "schedule"]);
  const { predicts: from, schedule = linearSchedule } = options ?? {};
  checkChoice("denoiserFrom", "kind that it predicts", from, PREDICTION_KINDS);
  checkSchedule("denoiserFrom", schedule);
  return (x, t, condition) =>
    convertPrediction(network(x, t, condition), x, t, { from, to: "clean", schedule });
}
