/** Elementwise operations where floats are special, against mpmath at 50 digits (tools/goldens.py), on both backends. */

import { describe, expect, it } from "vitest";
import { type BackendName, ones, type Tensor, tensor } from "../../src/index.ts";
import golden from "../golden/special.json" with { type: "json" };
import { allCases, type Case } from "../ops/records.ts";
import { onBackend } from "./laws.ts";

type Cell = number | string | null;
type Row = readonly [operands: Cell[], value: Cell, slopes: Cell[], bends: Cell[]];

/** A result, what it should be, and by how much relative changes of the operands change it. */
interface Comparison {
  readonly what: string;
  readonly found: readonly number[];
  readonly right: readonly (number | null)[];
  readonly weight: (row: number) => number;
}

const UNIT = 2 ** -24;
const TINY = 2 ** -149;
/** Roundings of the steps, each of which may count as much as one of an operand. */
const UNITS = 32;

/** Value, first and second derivatives, all in float32. */
function derivatives({ call }: Case, columns: readonly Float32Array[]): number[][] {
  const x = columns.map((column) => tensor(column, { requiresGrad: true }));
  const gradients = (of: Tensor, createGraph: boolean): Tensor[] => {
    for (const operand of x) operand.grad = null;
    if (of.requiresGrad) of.backward(ones(of.shape), { createGraph, retainGraph: true });
    return x.map(({ grad, shape }) => grad ?? ones(shape).mul(0));
  };
  const value = call(...x);
  const fused = gradients(value, false);
  const composed = gradients(value, true);
  const bends = composed.map((gradient, i) => gradients(gradient, false)[i]);
  return [value, ...fused, ...composed, ...bends].map((result) => [...result.toTypedArray()]);
}

function comparisons(rows: readonly Row[], results: readonly number[][]): Comparison[] {
  const count = rows[0][0].length;
  const [points, values, slopes, bends] = [0, 1, 2, 3].map((part) =>
    rows.map((row) => [row[part]].flat().map((cell) => (cell === null ? null : Number(cell)))),
  );
  const weigh = (row: number, derivative: (number | null)[][]): number =>
    points[row].reduce<number>((sum, x, i) => sum + Math.abs(x! * (derivative[row][i] ?? 0)), 0);
  return results.map((found, k): Comparison => {
    if (k === 0) {
      const right = values.map(([value]) => value);
      return { what: "value", found, right, weight: (row) => weigh(row, slopes) };
    }
    const i = (k - 1) % count;
    if (k <= 2 * count) {
      const right = slopes.map((row) => row[i]);
      const what = k <= count ? `slope ${i}` : `slope ${i}, composed`;
      return { what, found, right, weight: (row) => weigh(row, bends) };
    }
    const right = bends.map((row) => row[i]);
    // No third derivative is at hand: that of an exponential or a Gaussian is larger by x or x².
    const growth = (row: number) => Math.max(...points[row].map((x) => (Math.abs(x!) < 200 ? x! * x! : 0)));
    const weight = (row: number) => Math.abs(right[row] ?? 0) * growth(row);
    return { what: `second derivative ${i}`, found, right, weight };
  });
}

/**
 * Composed of tensors, a rule of second order has intermediates in float32: 1/y is infinite, and 0 · ∞ no number. Known;
 * who mends one deletes it here.
 */
const isKnown = (name: string, what: string, [x, y]: readonly Cell[]): boolean =>
  (name === "div" && what === "second derivative 1" && Number(x) === 0 && Math.abs(Number(y)) === TINY) ||
  (name === "pow" && what === "second derivative 0" && Number(x) < 1e-19 && Number(y) === 0);

function misses(name: string, { what, found, right, weight }: Comparison, rows: readonly Row[]): string[] {
  return rows.flatMap(([at], row) => {
    const expected = right[row];
    if (expected === null || isKnown(name, what, at) || Object.is(Math.fround(expected), found[row]))
      return [];
    const w = weight(row);
    // A factor that was rounded to a subnormal number is off by TINY, times the other.
    const factor = Math.max(1, ...at.map((x) => Math.abs(Number(x))).filter((x) => x < 200));
    const allowed = UNITS * (UNIT * (Math.abs(expected) + (Number.isNaN(w) ? 0 : w)) + factor * TINY);
    const [low, high] = [expected - allowed, expected + allowed].map(Math.fround);
    if (found[row] >= low && found[row] <= high) return [];
    return [`${what} at ${at.join(", ")}: ${found[row]} instead of ${expected}`];
  });
}

describe.each(["typescript", "wasm"] as readonly BackendName[])("on the backend %s", (backend) => {
  it.each(Object.entries(golden as unknown as Record<string, Row[]>))(
    "%s and its first two derivatives are right where floats are special",
    (name, rows) => {
      const example = allCases.find((example) => example.name === name)!;
      const columns = rows[0][0].map((_, i) => Float32Array.from(rows, ([at]) => Number(at[i])));
      const results = onBackend(backend, () => derivatives(example, columns));
      expect(comparisons(rows, results).flatMap((comparison) => misses(name, comparison, rows))).toEqual([]);
    },
  );
});
