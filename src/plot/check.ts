/** What every figure asks of its numbers: there are some, they are finite, and the lengths agree. */
import {
  type Check,
  checkList,
  checkNumbers,
  describeNumber,
  fields,
  listOf,
  numbers,
} from "../basics/check.ts";
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
  checkList(where, name, values, `pass ${name} as an array.`);
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
      `${name}[${i}] is ${describeNumber(values[i])}, but only finite numbers can be drawn`,
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

/** An array of at least one of what the check takes. */
/* @__NO_SIDE_EFFECTS__ */ export function someOf(check: Check): Check {
  const each = listOf(check);
  return (where, name, value) => {
    each(where, name, value);
    requireSome(where, name, value as unknown[]);
  };
}

/** Rows of so many quantiles. */
/* @__NO_SIDE_EFFECTS__ */ export function quantiles(count: number): Check {
  return someOf((where, name, value) => {
    numbers(where, name, value);
    const { length } = value as ArrayLike<number>;
    if (length === count) return;
    throw new ShapeError(
      where,
      `${name} has ${length} quantiles, not ${count}`,
      "pass all of them, in growing order.",
    );
  });
}

/** Measured points, as many of each. */
export const points: Check = (where, name, value) => {
  POINTS(where, name, value);
  const { radii, velocities, errors } = value as Record<"radii" | "velocities" | "errors", ArrayLike<number>>;
  if (velocities.length === radii.length && errors.length === radii.length) return;
  throw new ShapeError(
    where,
    `${name} has ${radii.length} radii, ${velocities.length} velocities and ${errors.length} errors`,
    "pass one of each for each point.",
  );
};

const errors: Check = (where, name, value) => checkNumbers(where, name, value, { least: 0 });
const POINTS = fields({ radii: numbers, velocities: numbers, errors });

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
