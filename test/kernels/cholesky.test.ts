/** Cholesky factors against the products that they stand for. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { cholesky, solveFactored, solveLower } from "../../src/kernels/cholesky.ts";

/** Lower triangles with a diagonal from 0.5 to 2: well-conditioned factors. */
const lowerTriangle = fc
  .integer({ min: 1, max: 8 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, i) =>
        fc.tuple(
          fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: i, maxLength: i }),
          fc.double({ min: 0.5, max: 2, noNaN: true }),
        ),
      ),
    ),
  );

function productWithTranspose(factor: readonly ArrayLike<number>[]): number[][] {
  return factor.map((row) =>
    factor.map((other) => {
      let sum = 0;
      for (let k = 0; k < Math.min(row.length, other.length); k++) sum += row[k] * other[k];
      return sum;
    }),
  );
}

describe("the Cholesky factor", () => {
  test.prop([lowerTriangle])("of L Lᵀ is L, whether the upper triangle is there or not", (rows) => {
    const expected = rows.map(([left, diagonal]) => [...left, diagonal]);
    const matrix = productWithTranspose(expected);
    for (const given of [matrix, matrix.map((row, i) => row.slice(0, i + 1))]) {
      const factor = cholesky(given)!;
      factor.forEach((row, i) => {
        expect(row.length).toBe(i + 1);
        row.forEach((value, j) => {
          expect(Math.abs(value - expected[i][j])).toBeLessThan(1e-6);
        });
      });
      expect(productWithTranspose(factor).flat()).toEqual(
        matrix.flat().map((value) => expect.closeTo(value, 12)),
      );
    }
  });

  it.each([
    [
      "an indefinite matrix",
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      "a singular one",
      [
        [1, 1],
        [1, 1],
      ],
    ],
    ["zero", [[0]]],
    [
      "NaN",
      [
        [1, 0],
        [Number.NaN, 1],
      ],
    ],
    ["a negative one", [[-1]]],
  ])("is not there for %s", (_, matrix) => {
    expect(cholesky(matrix)).toBeUndefined();
  });

  test.prop([lowerTriangle, fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true }))])(
    "is solved against, for as many rows as there are numbers",
    (rows, numbers) => {
      const factor = rows.map(([left, diagonal]) => Float64Array.of(...left, diagonal));
      const x = [...numbers.take(factor.length)];
      for (let count = 1; count <= factor.length; count++) {
        const b = factor.slice(0, count).map((row) => row.reduce((sum, value, k) => sum + value * x[k], 0));
        expect([...solveLower(factor, b)]).toEqual(
          x.slice(0, count).map((value) => expect.closeTo(value, 6)),
        );
      }
    },
  );

  it("solves with the matrix itself", () => {
    const matrix = [
      [4, 2, 1],
      [2, 5, 3],
      [1, 3, 6],
    ];
    const x = [1, -2, 0.5];
    const b = matrix.map((row) => row.reduce((sum, value, k) => sum + value * x[k], 0));
    expect([...solveFactored(cholesky(matrix)!, b)]).toEqual(x.map((value) => expect.closeTo(value, 12)));
  });
});
