/** Fewer points for long lines, drawn the same. */
import { checkWithin } from "../basics/check.ts";
import { requireNumbers } from "./check.ts";

/**
 * Indices of the points that a line of `columns` pixels needs: in each column of x the first, the last, the lowest and the
 * highest. Drawn through them the line covers the same pixels as through all; no spike is lost. This is M4 aggregation:
 * U. Jugel et al. (2014), Proc. VLDB 7, 797.
 *
 * @param x growing
 * @param y as many values
 * @param columns width of the drawing in pixels
 * @throws ArgumentError for lists that are empty or not finite, ShapeError for lists of different lengths
 * @example
 * const x = Array.from({ length: 1000 }, (_, i) => i);
 * const y = x.map((i) => (i === 500 ? 1 : 0)); // a spike
 * thinLine(x, y, 10).includes(500); // true, among 22 indices
 */
export function thinLine(x: ArrayLike<number>, y: ArrayLike<number>, columns: number): number[] {
  requireNumbers("thinLine", "x", x);
  requireNumbers("thinLine", "y", y, { name: "x", length: x.length });
  checkWithin("thinLine", "columns", columns, { above: 0 });
  const count = x.length;
  const columnOf = (i: number): number => Math.floor(((x[i] - x[0]) / (x[count - 1] - x[0])) * columns);
  const kept: number[] = [];
  for (let start = 0; start < count; ) {
    const column = columnOf(start);
    let end = start;
    let [low, high] = [start, start];
    for (; end < count && (end === start || columnOf(end) === column); end++) {
      if (y[end] < y[low]) low = end;
      if (y[end] > y[high]) high = end;
    }
    const inColumn = new Set([start, Math.min(low, high), Math.max(low, high), end - 1]);
    kept.push(...inColumn);
    start = end;
  }
  return kept;
}
