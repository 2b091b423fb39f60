/** Wishes for curves, to guide samples by: flat beyond a place, greatest at one, near given points. Places are counted in ln. */

import { checkKind, checkList, checkNumbers, describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { log } from "../kernels/math.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkStates } from "./check.ts";
import type { Wishes } from "./function-guidance.ts";

/** Points that a curve is to pass near. */
export interface WishedPoints {
  /** Where, within the positions of the curves. */
  readonly positions: ArrayLike<number>;
  /** The values wanted there, one for each position. */
  readonly values: ArrayLike<number>;
  /** How near they are wanted: a standard deviation for each, > 0. */
  readonly errors: ArrayLike<number>;
}

/**
 * The wish for curves that are flat from a position on: the logarithms of the values there are, root mean square, about
 * `tolerance` from their mean.
 *
 * @param positions of the values of a curve, > 0 and growing
 * @param from two or more of the positions are at or beyond it
 * @param tolerance > 0; default 0.01, that is 1 %
 * @throws ArgumentError for positions, a place or a tolerance that break these rules
 * @example flatWish([1, 2, 4, 8], 2)(tensor([[1, 3, 3, 3]])) // [[0.0001]], in tolerances: as wished
 */
export function flatWish(positions: ArrayLike<number>, from: number, tolerance = 0.01): Wishes {
  checkPositions("flatWish", positions);
  checkTolerance("flatWish", tolerance);
  const first =
    typeof from === "number" ? Array.from(positions).findIndex((position) => position >= from) : -1;
  if (first < 0 || first > positions.length - 2) {
    throw new ArgumentError(
      "flatWish",
      `fewer than two of the ${positions.length} positions are at or beyond ${describeValue(from)}.`,
      `the greatest but one is ${positions[positions.length - 2]}.`,
    );
  }
  return (curves) => {
    checkStates("flatWish", "the argument", curves, positions.length);
    const level = curves.slice(null, [first, positions.length]).log();
    const off = level.sub(level.mean(1, { keepdim: true }));
    // The root has no gradient at 0, where a curve is flat already: 10⁻⁶ below it all wishes are alike.
    return off.square().mean(1, { keepdim: true }).add(1e-12).sqrt().div(tolerance);
  };
}

/**
 * The wish for curves that are greatest at a position: the mean of ln(position) over a curve, with weights value²⁰⁰ that
 * leave little but the peak, is about `tolerance` from ln(at).
 *
 * @param positions of the values of a curve, > 0 and growing
 * @param at between the first and the last of the positions
 * @param tolerance > 0; default 0.1, that is 10 %
 * @throws ArgumentError for positions, a place or a tolerance that break these rules
 * @example peakWish([1, 2, 4], 2)(tensor([[1, 3, 1]])) // [[0]]: as wished
 */
export function peakWish(positions: ArrayLike<number>, at: number, tolerance = 0.1): Wishes {
  checkPositions("peakWish", positions);
  checkTolerance("peakWish", tolerance);
  checkPlace("peakWish", positions, at);
  const logs = Float64Array.from(positions, log);
  return (curves) => {
    checkStates("peakWish", "the argument", curves, positions.length);
    const weights = curves.log().mul(SHARPNESS).softmax(1);
    return weights
      .matmul(like(curves, logs, positions.length))
      .sub(log(at))
      .div(tolerance);
  };
}

/** Values within half a per cent of the greatest have weights of more than 1/e of its. */
const SHARPNESS = 200;

/**
 * The wish for curves that pass near points, a wish for each: between positions a curve is a straight line in ln(position).
 *
 * @param positions of the values of a curve, > 0 and growing
 * @throws ArgumentError for positions that break this rule, no points, points outside the positions, and errors that are not > 0;
 *   ShapeError for lists of different length
 * @example
 * const near = { positions: [2], values: [10], errors: [1] };
 * pointsWish([1, 4], near)(tensor([[8, 16]])) // [[2]]: halfway in ln the curve is at 12
 */
export function pointsWish(positions: ArrayLike<number>, points: WishedPoints): Wishes {
  checkPositions("pointsWish", positions);
  checkKind("pointsWish", "points", points, "object", "give { positions, values, errors }.");
  const { positions: at, values, errors } = points;
  checkList("pointsWish", "positions of points", at);
  checkNumbers("pointsWish", "values of points", values);
  checkList("pointsWish", "errors of points", errors);
  if (values.length !== at.length || errors.length !== at.length) {
    throw new ShapeError(
      "pointsWish",
      `got ${at.length} positions, ${values.length} values and ${errors.length} errors of points.`,
      "pass one of each for each point.",
    );
  }
  if (at.length === 0) throw new ArgumentError("pointsWish", "there are no points to pass near.");
  const weights = new Float64Array(positions.length * at.length); // [positions, points]
  for (let p = 0; p < at.length; p++) {
    checkPlace("pointsWish", positions, at[p]);
    checkTolerance("pointsWish", errors[p]);
    let left = 0;
    while (left < positions.length - 2 && positions[left + 1] <= at[p]) left++;
    const part = log(at[p] / positions[left]) / log(positions[left + 1] / positions[left]);
    weights[left * at.length + p] = 1 - part;
    weights[(left + 1) * at.length + p] = part;
  }
  const [wanted, tolerances] = [values, errors].map((list) => Float64Array.from(list));
  return (curves) => {
    checkStates("pointsWish", "the argument", curves, positions.length);
    return curves
      .matmul(like(curves, weights, positions.length))
      .sub(like(curves, wanted, 1))
      .div(like(curves, tolerances, 1));
  };
}

/** Values as rows of a tensor, of the type of the curves. */
function like(curves: Tensor, values: Float64Array, rows: number): Tensor {
  return tensor(values, [rows, values.length / rows], { dtype: curves.dtype });
}

function checkPositions(where: string, positions: ArrayLike<number>): void {
  checkList(where, "positions", positions);
  const list = Array.from(positions);
  const isRight = (position: number, i: number): boolean =>
    typeof position === "number" && position > (i === 0 ? 0 : list[i - 1]) && position < Infinity;
  if (list.length >= 2 && list.every(isRight)) return;
  const wrong = list.findIndex((position, i) => !isRight(position, i));
  throw new ArgumentError(
    where,
    list.length < 2
      ? `a curve has two or more positions; got ${list.length}.`
      : `position ${wrong} is ${describeValue(list[wrong])}; positions are above 0 and grow.`,
    "pass the radii of the curves, in their order.",
  );
}

function checkPlace(where: string, positions: ArrayLike<number>, at: number): void {
  const [first, last] = [positions[0], positions[positions.length - 1]];
  if (typeof at === "number" && at >= first && at <= last) return;
  throw new ArgumentError(
    where,
    `${describeValue(at)} is not within the positions of the curves, ${first} to ${last}.`,
  );
}

function checkTolerance(where: string, tolerance: number): void {
  if (Number.isFinite(tolerance) && tolerance > 0) return;
  throw new ArgumentError(where, `a tolerance is ${describeValue(tolerance)}; it must be a number above 0.`);
}
