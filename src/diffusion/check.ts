/** Checks that the functions of this folder share: of schedules, times, denoisers, states and rows. */

import { checkWithin, describeNumber, describeValue, isList } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import type { ConditionalDenoiser } from "./denoiser.ts";
import type { NoiseSchedule } from "./schedule.ts";

/** @throws ArgumentError unless the value has α and σ as functions */
export function checkSchedule(where: string, schedule: NoiseSchedule): void {
  const { alpha, sigma } = schedule ?? {};
  if (typeof alpha === "function" && typeof sigma === "function") return;
  throw new ArgumentError(
    where,
    `a schedule is { name, alpha, sigma }, with α and σ as expressions of time; got ${describeValue(schedule)}.`,
    "pass linearSchedule, cosineNoiseSchedule or variancePreservingSchedule().",
  );
}

/** @throws ArgumentError unless the value is a time from 0 (data) to 1 (noise) */
export function checkTime(where: string, t: number): void {
  checkWithin(where, "the time t", t, { least: 0, most: 1 });
}

/** @throws ArgumentError unless the value is a function */
export function checkDenoiser(where: string, denoiser: ConditionalDenoiser): void {
  if (typeof denoiser === "function") return;
  throw new ArgumentError(
    where,
    `a denoiser is a function of x and t; got ${describeValue(denoiser)}.`,
    "of a module: (x) => model.forward(x).",
  );
}

/** @throws ArgumentError unless the value is a tensor; ShapeError unless it is [batch, features], of so many where a number is given */
export function checkStates(where: string, name: string, x: Tensor, features?: number): void {
  if (isTensor(x) && x.rank === 2 && (features ?? x.shape[1]) === x.shape[1]) return;
  const Kind = isTensor(x) ? ShapeError : ArgumentError;
  throw new Kind(
    where,
    `${name} is a tensor [batch, ${features ?? "features"}]; got ${describeValue(x)}.`,
    isTensor(x) && x.rank === 1
      ? "one row is a batch too: unsqueeze(0) it."
      : isList(x)
        ? "make it one with tensor(…)."
        : undefined,
  );
}

/**
 * Rows of finite numbers.
 *
 * @returns how many values each row has
 * @throws ArgumentError for what are no rows, and for a value that is no finite number; ShapeError for rows that differ in length
 */
export function checkRows(where: string, rows: readonly ArrayLike<number>[]): number {
  const isRows = Array.isArray(rows);
  const wrong = isRows ? rows.findIndex((row) => !isList(row)) : 0;
  if (!isRows || wrong >= 0) {
    const got = isRows ? `one with ${describeValue(rows[wrong])}` : describeValue(rows);
    throw new ArgumentError(
      where,
      `rows are an array of lists of numbers; got ${got}.`,
      "toArray() makes rows of a tensor.",
    );
  }
  const features = rows[0]?.length ?? 0;
  for (const [r, row] of rows.entries()) {
    if (row.length !== features) {
      throw new ShapeError(
        where,
        `row ${r} has ${row.length} values, row 0 has ${features}; all need the same.`,
        "leave the row out, or repair it.",
      );
    }
    for (let i = 0; i < features; i++) {
      if (Number.isFinite(row[i])) continue;
      throw new ArgumentError(
        where,
        `value ${i} of row ${r} is ${describeNumber(row[i])}, no finite number.`,
        "leave the row out, or repair it.",
      );
    }
  }
  return features;
}
