/** Wishes: what is wanted of sampled curves, how samples are made to follow, and how near they come. */

import { noGrad } from "../autograd/tape.ts";
import { checkNumber, checkOptions, checkWithin } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import {
  type Denoiser,
  flatWish,
  functionGuidedDenoiser,
  LogPrincipalComponents,
  peakWish,
  pointsWish,
  type Wishes,
} from "../diffusion/index.ts";
import type { Observations } from "../io/index.ts";
import { median } from "../metrics/index.ts";
import { concat } from "../ops/joining.ts";
import { tensor } from "../tensor/construction.ts";
import { checkAboveZero, checkObservations, checkRadii, faultOfCurves } from "./check.ts";
import type { Model } from "./model.ts";

/** What is wished of curves; several wishes count together. Any other: `functionGuidedDenoiser` of `halograd/diffusion`. */
export interface CurveWishes {
  /** From this radius on, kpc, ln v is within 1 % rms of its mean. */
  readonly flat?: number | undefined;
  /** Fastest at this radius, kpc, to 10 %. */
  readonly peak?: number | undefined;
  /** Near these points, to their errors; all within the model's radii, and faster than 0. */
  readonly points?: Observations | undefined;
}

/** What can be wished. */
export const WISHES: readonly (keyof CurveWishes)[] = ["flat", "peak", "points"];

/** How near curves come to a wish. */
export interface WishMeasure {
  /** Which one. */
  readonly wish: keyof CurveWishes;
  /** How far they are from it in tolerances, as these were multiplied: the median over the curves. */
  readonly medianOff: number;
}

/**
 * The denoiser, leaning towards all wishes; `tolerance` multiplies their tolerances.
 *
 * @throws ArgumentError for a radius or a point that does not go with the model's radii, and for the post's network, whose guesses do
 *   not know the amount of noise
 */
export function wishingDenoiser(
  denoiser: Denoiser,
  { radii, standardization }: Model,
  wishes: CurveWishes,
  tolerance = 1,
): Denoiser {
  if (!(standardization instanceof LogPrincipalComponents)) {
    throw new ArgumentError(
      "sampleCurves",
      "this model's network is not told the amount of noise, and wishes need to know what its guesses are worth",
      "train a residual network",
    );
  }
  checkWithin("sampleCurves", "tolerance", tolerance, { above: 0 });
  const list = functionsOf("sampleCurves", radii, wishes);
  return functionGuidedDenoiser(
    denoiser,
    (state) => {
      const curves = standardization.decode(state);
      return concat(
        list.map(([, off]) => off(curves)),
        1,
      );
    },
    { scale: 1 / (tolerance * tolerance) },
  );
}

/**
 * How far curves are from each wish, in tolerances.
 *
 * @param radii of the curves, kpc
 * @param tolerance as of `sampleCurves`
 * @throws ArgumentError for wishes that do not go with the radii
 * @example
 * const [measure] = measureWishes([1, 10, 20], [[90, 150, 150]], { flat: 10 });
 * measure.medianOff // 0.0001: as wished
 */
export function measureWishes(
  radii: ArrayLike<number>,
  curves: readonly ArrayLike<number>[],
  wishes: CurveWishes,
  tolerance = 1,
): WishMeasure[] {
  const where = "measureWishes";
  checkRadii(where, radii);
  checkWithin(where, "tolerance", tolerance, { above: 0 });
  const fault = faultOfCurves(curves, radii.length);
  if (fault) throw new ArgumentError(where, fault, "give curves at these radii, km/s");
  checkAboveZero(where, curves, "wishes are of their logarithms", "leave the curve out", ArgumentError);
  const rows = tensor(Float64Array.from(curves.flatMap((curve) => Array.from(curve))), [
    curves.length,
    radii.length,
  ]);
  return functionsOf(where, radii, wishes).map(([wish, off]) => {
    const squares = noGrad(() => off(rows).square().mean(1)).toTypedArray();
    return { wish, medianOff: median(Array.from(squares, Math.sqrt)) / tolerance };
  });
}

/** The wishes as functions of curves. */
function functionsOf(
  where: string,
  radii: ArrayLike<number>,
  wishes: CurveWishes,
): (readonly [wish: keyof CurveWishes, off: Wishes])[] {
  checkOptions(`${where}.wishes`, wishes, WISHES);
  const { flat, peak, points } = wishes ?? {};
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const range = `the model's radii, ${short(first)} to ${short(last)} kpc`;
  const list: (readonly [keyof CurveWishes, Wishes])[] = [];
  if (flat !== undefined) {
    checkNumber(where, "the wish flat", flat);
    const greatest = radii[radii.length - 2];
    if (!(flat >= 0 && flat <= greatest)) {
      refuse(`flat=${flat}`, flat >= 0 ? `from there on there is no curve in ${range}` : NO_RADIUS);
    }
    list.push(["flat", flatWish(radii, flat)]);
  }
  if (peak !== undefined) {
    checkNumber(where, "the wish peak", peak);
    if (!(peak >= first && peak <= last)) refuse(`peak=${peak}`, `it is outside of ${range}`);
    list.push(["peak", peakWish(radii, peak)]);
  }
  if (points !== undefined) {
    checkObservations("wish points", points, [first, last]);
    const { radii: positions, velocities: values, errors } = points;
    const still = Array.from(values).indexOf(0);
    if (still >= 0) {
      throw new ArgumentError(
        "wish points",
        `the velocity at ${positions[still]} kpc is 0 km/s, and the model's are above 0`,
        "leave the point out, or correct it",
      );
    }
    list.push(["points", pointsWish(radii, { positions, values, errors })]);
  }
  return list;
}

const NO_RADIUS = "it is no radius";

function refuse(wish: string, problem: string): never {
  throw new ArgumentError(`wish ${wish}`, problem, "give a radius within");
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
