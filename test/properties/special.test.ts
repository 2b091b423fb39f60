/** Elementwise operations where floats are special, against mpmath at 50 digits (tools/goldens.py), on both backends. */

import { describe, expect, it } from "vitest";
import { apply, type BackendName, full, ones, type Tensor, tensor } from "../../src/index.ts";
import golden from "../golden/special.json" with { type: "json" };
import { allCases, type Case, operations } from "../ops/records.ts";
import type { Miss } from "./interesting.ts";
import { isKnown } from "./known-faults.ts";
import { onBackend } from "./laws.ts";

type Cell = number | string | null;
type Row = readonly [operands: Cell[], value: Cell, slopes: Cell[], bends: Cell[]];
const goldens = Object.entries(golden as unknown as Record<string, Row[]>);
const BACKENDS: readonly BackendName[] = ["typescript", "wasm"];

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
  const slopes = gradients(value, false);
  const recorded = gradients(value, true);
  const bends = recorded.map((gradient, i) => gradients(gradient, false)[i]);
  return [value, ...slopes, ...recorded, ...bends].map((result) => [...result.toTypedArray()]);
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
      const what = k <= count ? `slope ${i}` : `slope ${i}, recorded`;
      return { what, found, right, weight: (row) => weigh(row, bends) };
    }
    const right = bends.map((row) => row[i]);
    // No third derivative is at hand: that of an exponential or a Gaussian is larger by x or x².
    const growth = (row: number) => Math.max(...points[row].map((x) => (Math.abs(x!) < 200 ? x! * x! : 0)));
    const weight = (row: number) => Math.abs(right[row] ?? 0) * growth(row);
    return { what: `second derivative ${i}`, found, right, weight };
  });
}

/** By how much a result may be off. */
function allowance(expected: number, weight: number, at: readonly number[]): number {
  // A factor that was rounded to a subnormal number is off by TINY, times the other.
  const factor = Math.max(1, ...at.map(Math.abs).filter((x) => x < 200));
  return UNITS * (UNIT * (Math.abs(expected) + (Number.isNaN(weight) ? 0 : weight)) + factor * TINY);
}

/** Where a result is not what it should be. */
function misses({ what, found, right, weight }: Comparison, rows: readonly Row[]): Miss[] {
  return rows.flatMap(([cells], row) => {
    const expected = right[row];
    if (expected === null || Object.is(Math.fround(expected), found[row])) return [];
    const at = cells.map(Number);
    const allowed = allowance(expected, weight(row), at);
    const [low, high] = [expected - allowed, expected + allowed].map(Math.fround);
    if (found[row] >= low && found[row] <= high) return [];
    return [{ what, at, found: found[row], expected, allowed }];
  });
}

/** A miss as interesting.ts would tell it: the slope is the gradient for a cotangent of 1. */
const asGradient = (miss: Miss): Miss =>
  miss.what.startsWith("slope")
    ? { ...miss, what: miss.what.replace("slope", "gradient"), at: [...miss.at, 1] }
    : miss;

describe.each(goldens)("%s where floats are special", (name, rows) => {
  const example = allCases.find((example) => example.name === name)!;
  const columns = rows[0][0].map((_, i) => Float32Array.from(rows, ([at]) => Number(at[i])));
  const results = BACKENDS.map((backend) => onBackend(backend, () => derivatives(example, columns)));

  it.each(BACKENDS.map((backend, k) => [backend, k] as const))(
    "and its first two derivatives are right on the backend %s",
    (backend, k) => {
      const all = comparisons(rows, results[k]).flatMap((one) => misses(one, rows));
      const unknown = all.filter((miss) => !isKnown(name, backend, asGradient(miss)));
      expect(
        unknown.map(({ what, at, found, expected }) => `${what} at ${at}: ${found}, not ${expected}`),
      ).toEqual([]);
    },
  );

  it("is the same on both backends where no number is right: NaN or not, an infinity, a convention", () => {
    const [plain, lanes] = results.map((found) => comparisons(rows, found));
    const different = plain.flatMap(({ what, found, right, weight }, k) =>
      rows.flatMap(([cells], row) => {
        const [a, b] = [found[row], lanes[k].found[row]];
        const isSame = a === b || (Number.isNaN(a) && Number.isNaN(b));
        if (right[row] !== null || isSame) return [];
        if (Math.abs(a - b) <= 2 * allowance(a, weight(row), cells.map(Number))) return [];
        return [`${what} at ${cells.join(", ")}: ${a} and ${b}`];
      }),
    );
    expect(different).toEqual([]);
  });
});

it("a value that is NaN never comes with gradients that are all 0", () => {
  for (const operation of operations) {
    if (operation.value === undefined || operation.gradient === undefined) continue;
    const { length: arity } = operation.reads;
    for (let i = 0; i < arity; i++) {
      const operands = Array.from({ length: arity }, (_, k) => full([5], k === i ? NaN : 0.5));
      for (const operand of operands) operand.requiresGrad = true;
      const output = apply(operation, operands, {});
      if (!Number.isNaN(output.toTypedArray()[0])) continue;
      output.sum().backward();
      const slopes = operands.map(({ grad }) => grad?.toTypedArray()[0] ?? 0);
      expect(slopes, `${operation.name}, operand ${i}`).not.toEqual(operands.map(() => 0));
    }
  }
});
