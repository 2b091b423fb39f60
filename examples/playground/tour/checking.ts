/** What the checkers of exercises share: properties over drawn cases, and words for what is wrong. */

import fc from "fast-check";
import type { Exports } from "./modules.ts";

/** What is wrong with a solution, in words for who wrote it. */
export class Wrong extends Error {
  override name = "Wrong";
}

/**
 * Runs a check on drawn cases. The message of the failure is that of the simplest case that fails.
 *
 * @param draw an arbitrary for each argument of `check`
 * @throws what `check` throws at that case
 */
export function forAll<T extends unknown[]>(
  draw: { [K in keyof T]: fc.Arbitrary<T[K]> },
  check: (...values: T) => void,
  { runs = 60 }: { readonly runs?: number } = {},
): void {
  const property = fc.property(...(draw as unknown as [fc.Arbitrary<unknown>]), (...values) => {
    check(...(values as unknown as T));
  });
  // The same cases each time: a learner who changes nothing reads the same message.
  const { failed, errorInstance } = fc.check(property as fc.IProperty<unknown>, { seed: 1, numRuns: runs });
  if (failed) throw errorInstance;
}

/** Whether two numbers agree but for rounding. */
export const isNear = (actual: unknown, expected: number, relative = 1e-9): boolean =>
  typeof actual === "number" && Math.abs(actual - expected) <= relative * (1 + Math.abs(expected));

/** A number as in a message: at most six digits. */
export const digits = (value: unknown): string =>
  typeof value === "number" ? String(Number(value.toPrecision(6))).replace("-", "−") : String(value);

/** Steps of a quarter in a range, without 0: sums and products of few of them are exact, and none hides a factor. */
export const quarters = (low = -12, high = 12): fc.Arbitrary<number> =>
  fc
    .integer({ min: low, max: high })
    .filter((value) => value !== 0)
    .map((value) => value / 4);

/** Different primes: no product of some of them is one of others, so a mistake is not taken for another. */
export const primes = (count: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.constantFrom(2, 3, 5, 7, 11, 13), { minLength: count, maxLength: count });

/** @throws Wrong unless each name is exported as a function or class */
export function requireExports(learner: Exports, ...names: string[]): void {
  for (const name of names)
    if (typeof learner[name] !== "function")
      throw new Wrong(`The file exports no ${name}. Keep the word export in front of it.`);
}

/** @throws Wrong unless the value is a finite number */
export function requireNumber(value: unknown, what: string): asserts value is number {
  if (isNumber(value)) return;
  throw new Wrong(
    value === undefined
      ? `${what} gives nothing back. Is there a return?`
      : Number.isNaN(value)
        ? `${what} is NaN. That often comes of computing with what is no number: undefined, an object in place of its data, a function that was not called.`
        : `${what} gives ${typeof value === "number" ? value : describe(value)}, where a number is expected.${isNumber((value as { data?: unknown } | null)?.data) ? " Take its data." : ""}`,
  );
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const describe = (value: unknown): string =>
  Array.isArray(value)
    ? "an array"
    : value === null
      ? "null"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`;
