/** Checks that the functions of this folder share. */

import { describeValue, nearest } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";

/** @throws ArgumentError unless the value is one of the names */
export function checkChoice(where: string, what: string, value: unknown, names: readonly string[]): void {
  if (names.includes(value as string)) return;
  const near = typeof value === "string" ? nearest(value, names) : undefined;
  throw new ArgumentError(
    where,
    `the ${what} is ${describeValue(value)}; there are ${names.join(", ")}.`,
    near && `did you mean "${near}"?`,
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
