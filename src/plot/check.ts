/** What every figure asks of its numbers: there are some, they are finite, and the lengths agree. */
import { ArgumentError, ShapeError } from "../basics/errors.ts";

/**
 * Refuses values that are not a list of finite numbers, of the given length where one is given.
 *
 * @throws ArgumentError for none, and for NaN, ±∞ or no number; ShapeError for another length than `like` has
 */
export function requireNumbers(
  where: string,
  name: string,
  values: ArrayLike<number>,
  like?: { readonly name: string; readonly length: number },
): void {
  if (values === undefined || values === null || typeof values.length !== "number") {
    throw new ArgumentError(
      where,
      `${name} is ${values}, but it must be a list of numbers`,
      `pass ${name} as an array.`,
    );
  }
  requireSome(where, name, values);
  if (like !== undefined && values.length !== like.length) {
    throw new ShapeError(
      where,
      `${name} has ${values.length} values, but ${like.name} has ${like.length}`,
      "pass one value for each.",
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new ArgumentError(
      where,
      `${name}[${i}] is ${values[i]}, but only finite numbers can be drawn`,
      "find where it first became so, or leave that point out.",
    );
  }
}

/** @throws ArgumentError if the list is missing or empty */
export function requireSome(where: string, name: string, list: ArrayLike<unknown>): void {
  if (list?.length > 0) return;
  throw new ArgumentError(
    where,
    `${name} is empty, so there is nothing to draw`,
    `pass at least one of ${name}.`,
  );
}

/** Refuses radii (or epochs) that do not grow. @throws as {@link requireNumbers}, and ArgumentError for a wrong order */
export function requireGrowing(where: string, name: string, values: ArrayLike<number>): void {
  requireNumbers(where, name, values);
  for (let i = 1; i < values.length; i++) {
    if (values[i] > values[i - 1]) continue;
    throw new ArgumentError(
      where,
      `${name}[${i}] = ${values[i]} follows ${values[i - 1]}, but they must grow`,
      "sort the points by it, and keep one of each.",
    );
  }
}

/** Least and greatest of all the values. */
export function extent(lists: Iterable<ArrayLike<number>>): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      if (list[i] < least) least = list[i];
      if (list[i] > greatest) greatest = list[i];
    }
  }
  return [least, greatest];
}
