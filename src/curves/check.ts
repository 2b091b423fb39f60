/** Checks that the functions of this folder share: of radii, curves and measured points as they are handed over. */

import { describeNumber, describeValue, isList, usualFix } from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";
import type { Curves, Observations } from "../io/index.ts";
import { isTensor } from "../ops/operands.ts";

/** @throws ArgumentError unless these are numbers above 0 that grow */
export function checkRadii(where: string, radii: ArrayLike<number>): void {
  const fault = faultOfRadii(radii);
  if (fault) throw new ArgumentError(where, fault, "give the radii of the curves in kpc, in growing order");
}

/**
 * A table of curves.
 *
 * @param source what to call it in errors
 * @throws FormatError unless there are growing radii above 0, and curves with a finite velocity at each of them, which a galaxy can have
 */
export function checkCurves(source: string, table: Curves): void {
  if (typeof table !== "object" || table === null || !("radii" in table)) {
    throw new FormatError(
      source,
      `a table of curves is { radii, curves }; got ${describeValue(table)}`,
      usualFix(table) ?? TABLE,
    );
  }
  const { radii, curves } = table;
  const fault = faultOfRadii(radii) ?? faultOfCurves(curves, radii.length);
  if (fault) throw new FormatError(source, fault, TABLE);
  // Of a file in m/s, half of the curves reach so far; a sample of a model that went astray is one among many.
  const fastOf = (curve: ArrayLike<number>): number =>
    Array.prototype.findIndex.call(curve, (velocity: number) => velocity > FASTEST);
  const fast = curves.filter((curve) => fastOf(curve) >= 0);
  if (2 * fast.length < curves.length || fast.length === 0) return;
  const at = fastOf(fast[0]);
  throw new FormatError(
    source,
    tooFast(` of curve ${curves.indexOf(fast[0]) + 1}`, radii[at], fast[0][at]),
    IN_KMS,
  );
}

const TABLE = "give { radii, curves }, with a velocity at each radius";

/** What keeps numbers from being radii; undefined where they are. */
function faultOfRadii(radii: ArrayLike<number>): string | undefined {
  if (!isList(radii)) return `radii are a list of numbers; got ${describeValue(radii)}`;
  if (radii.length === 0) return "there are no radii";
  const wrong = Array.from(radii).findIndex(
    (r, i) => !(Number.isFinite(r) && r > (i === 0 ? 0 : radii[i - 1])),
  );
  if (wrong < 0) return undefined;
  const after = wrong === 0 ? "" : ` after ${describeNumber(radii[wrong - 1])}`;
  return `radius ${wrong + 1} is ${describeNumber(radii[wrong])}${after}, but radii are above 0 and grow`;
}

/** What keeps lists of velocities from being curves at so many radii; undefined where they are. */
export function faultOfCurves(curves: readonly ArrayLike<number>[], radii: number): string | undefined {
  if (!Array.isArray(curves)) return `curves are an array; got ${describeValue(curves)}`;
  if (curves.length === 0) return "there are no curves";
  for (const [i, curve] of curves.entries()) {
    if (!isList(curve)) return `curve ${i + 1} is a list of velocities; got ${describeValue(curve)}`;
    if (curve.length !== radii) return `curve ${i + 1} has ${curve.length} velocities for ${radii} radii`;
    for (let j = 0; j < radii; j++) {
      if (Number.isFinite(curve[j])) continue;
      return `curve ${i + 1} has the velocity ${describeNumber(curve[j])} at radius ${j + 1}`;
    }
  }
  return undefined;
}

/** @throws FormatError, or the error of that kind, for a curve that is not above 0 everywhere, where logarithms are needed */
export function checkAboveZero(
  source: string,
  curves: readonly ArrayLike<number>[],
  needed: string,
  fix: string,
  Kind: typeof ArgumentError | typeof FormatError = FormatError,
): void {
  const wrong = curves.findIndex((curve) => !Array.from(curve).every((velocity) => velocity > 0));
  if (wrong < 0) return;
  throw new Kind(source, `curve ${wrong + 1} has velocities that are not above 0, and ${needed}`, fix);
}

/**
 * Measured points.
 *
 * @throws ArgumentError unless each has a radius from `first` to `last`, a velocity of 0 or more that a galaxy can have, and a finite
 *   error above 0
 */
export function checkObservations(
  where: string,
  points: Observations,
  [first, last]: readonly [first: number, last: number],
): void {
  const refuse = (problem: string, fix: string): never => {
    throw new ArgumentError(where, problem, fix);
  };
  const { radii, velocities, errors } = points ?? {};
  for (const [name, list] of Object.entries({ radii, velocities, errors })) {
    if (!isList(list)) refuse(`${name} are a list of numbers; got ${describeValue(list)}`, POINTS);
    if (list.length === radii.length) continue;
    refuse(`there are ${list.length} ${name} for ${radii.length} radii`, POINTS);
  }
  for (let i = 0; i < radii.length; i++) {
    const [radius, velocity, error] = [radii[i], velocities[i], errors[i]].map(describeNumber);
    if (typeof radii[i] !== "number") refuse(`radius ${i + 1} is ${radius}`, POINTS);
    if (!(Number.isFinite(radii[i]) && radii[i] >= first && radii[i] <= last)) {
      refuse(
        `it has a point at ${radius} kpc, ${last < Infinity ? `outside of the radii of the curves, ${first} to ${last} kpc` : "and radii are finite and above 0"}`,
        "leave such points out, or check that radii are in kpc",
      );
    }
    if (!(Number.isFinite(velocities[i]) && velocities[i] >= 0)) {
      refuse(
        `the velocity at ${radius} kpc is ${velocity} km/s`,
        "give a finite speed of rotation, or leave the point out",
      );
    }
    if (velocities[i] > FASTEST) refuse(tooFast("", radii[i], velocities[i]), IN_KMS);
    if (Number.isFinite(errors[i]) && errors[i] > 0) continue;
    refuse(
      `the error at ${radius} kpc is ${error} km/s`,
      "give the standard error of each velocity, a finite number above 0",
    );
  }
}

const POINTS = "give { radii, velocities, errors }, a number in each for every point";

/**
 * Points that a galaxy was measured at.
 *
 * @throws ArgumentError as {@link checkObservations}, and for errors that no instrument has
 */
export function checkMeasured(where: string, points: Observations): void {
  checkObservations(where, points, [Number.MIN_VALUE, Infinity]);
  const { radii, errors } = points;
  const exact = errors.findIndex((error) => error < LEAST_ERROR);
  if (exact < 0) return;
  throw new ArgumentError(
    where,
    `the error at ${radii[exact]} kpc is ${errors[exact]} km/s, but no velocity is measured to ${LEAST_ERROR} km/s`,
    "give the standard error of each velocity in km/s; these may be shares",
  );
}

/** km/s; the fastest known discs reach some 600. */
const FASTEST = 2000;

function tooFast(of: string, radius: number, velocity: number): string {
  return `the velocity${of} at ${radius} kpc is ${velocity} km/s, but no galaxy rotates faster than ${FASTEST}`;
}

const IN_KMS = "give velocities in km/s; these may be in m/s";

/** km/s; channels of radio telescopes are some km/s wide, and a model's curves hold to some 0.1 %. */
const LEAST_ERROR = 0.01;

/** Curves as a network sees them. @throws ArgumentError for anything else */
export function checkUnseen(where: string, unseen: unknown, features: number): void {
  if (isTensor(unseen) && unseen.rank === 2 && unseen.shape[0] > 0 && unseen.shape[1] === features) return;
  throw new ArgumentError(
    where,
    `takes curves as a tensor of shape [curves, ${features}]; got ${describeValue(unseen)}.`,
    "pass what unseenCurves(model, curves) returns.",
  );
}

/** @throws ArgumentError for a velocity that is no finite number: the network went astray */
export function checkFinite(where: string, curves: readonly Float64Array[]): void {
  if (curves.every((curve) => curve.every(Number.isFinite))) return;
  throw new ArgumentError(
    where,
    "a velocity that the network gives is no finite number",
    "train it for more epochs, or on more curves",
  );
}

/** The options that have a value: what is given as undefined is left out. */
export function given<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
