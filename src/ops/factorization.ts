/** Systems of linear equations, and the factors of symmetric positive definite matrices. Both have gradients of any order. */

import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../basics/shape.ts";
import { cholesky as factorOf } from "../kernels/cholesky.ts";
import type { FloatArray } from "../kernels/index.ts";
import { inFloat64 } from "./composite.ts";
import { operand, operands, zeroTensor } from "./operands.ts";
import { apply, type Operation, OUTPUT, of, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** What is added to the diagonal of A: 0, but where examples are drawn, which would be singular at times. */
interface DiagonalAttributes {
  readonly diagonal: number;
}

const solution: Operation<DiagonalAttributes> = {
  name: "solve",
  shape([a, b]) {
    const [n, m] = a.shape.slice(-2);
    if (a.rank >= 2 && n === m && sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) return b.shape;
    throw new ShapeError(
      "solve",
      `${showShape(a.shape)} and ${showShape(b.shape)} do not fit: A is [..., n, n], B is [..., n, k].`,
      b.rank === a.rank - 1
        ? "a vector is a matrix of one column: b.unsqueeze(-1), and squeeze(-1) the result."
        : undefined,
    );
  },
  compute(output, shape, [a, b], { diagonal }) {
    const [n, columns] = shape.slice(-2);
    const target = output.storage.data;
    const sides = b.toTypedArray<FloatArray>();
    for (const [k, matrix] of matricesOf(a, diagonal).entries()) {
      const place = k * n * columns;
      const x = Float64Array.from(sides.subarray(place, place + n * columns));
      eliminate(matrix, x, n, columns);
      target.set(x, output.offset + place);
    }
  },
  gradient(cotangent, { inputs, output, attributes }, index) {
    return inFloat64(cotangent, (cotangent) => {
      const ofB = apply(solution, [inputs![0].transpose().to("float64"), cotangent], attributes);
      return index === 1 ? ofB : ofB.matmul(output.transpose().to("float64")).neg();
    });
  },
  reads: [[0, OUTPUT], [0]],
  examples: [
    { shapes: of([3, 3], [3, 2]), attributes: { diagonal: 8 } },
    { shapes: of([2, 2, 2], [2, 2, 1]), attributes: { diagonal: 8 } },
  ],
  // What is drawn may be singular.
  calls: { others: () => null },
};

const factor: Operation<DiagonalAttributes> = {
  name: "cholesky",
  shape([a]) {
    if (a.rank >= 2 && a.shape[a.rank - 1] === a.shape[a.rank - 2]) return a.shape;
    throw new ShapeError("cholesky", `takes square matrices, [..., n, n]; got ${showShape(a.shape)}.`);
  },
  compute(output, shape, [a], { diagonal }) {
    const n = shape[shape.length - 1];
    const target = output.storage.data;
    for (const [k, matrix] of matricesOf(a, diagonal).entries()) {
      const rows = factorOf(Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n)));
      if (rows === undefined) {
        throw new ArgumentError(
          "cholesky",
          `${shape.length > 2 ? `matrix ${k}` : "the matrix"} is not positive definite.`,
          "add a small multiple of the identity, where rounding made it so.",
        );
      }
      for (const [i, row] of rows.entries()) target.set(row, output.offset + (k * n + i) * n);
    }
  },
  // From dA = dL Lᵀ + L dLᵀ: with P the lower triangle of Lᵀ L̄, S = L⁻ᵀ P L⁻¹ is what both halves of A share.
  gradient: (cotangent, { output }) =>
    inFloat64(cotangent, (cotangent) => {
      const l = output.to("float64");
      const lower = halvedTriangle(l);
      const across = l.transpose();
      const product = across.matmul(cotangent).mul(lower);
      const left = solve(across, product);
      const shared = solve(across, left.transpose()).transpose();
      return shared.add(shared.transpose()).mul(lower);
    }),
  reads: "output",
  examples: [
    { shapes: [[3, 3]], attributes: { diagonal: 12 } },
    { shapes: [[2, 2, 2]], attributes: { diagonal: 12 } },
  ],
  calls: { others: () => null },
};

/**
 * X with A X = B, for square matrices A [..., n, n] and B [..., n, k]; axes before them are batches, and the same for both. It is computed
 * in float64 by Gaussian elimination with pivots.
 *
 * With X̄ the cotangent of X, that of B is A⁻ᵀ X̄, and that of A is −B̄ Xᵀ.
 * @throws ShapeError where the shapes do not fit, ArgumentError where a matrix is singular
 * @example solve(tensor([[2, 0], [0, 4]]), tensor([[2], [8]])); // tensor([[1], [2]])
 */
export const solve: (a: Tensor, b: Tensor) => Tensor = /* @__PURE__ */ (() =>
  recordOf(
    (a: Tensor, b: Tensor) => apply(solution, operands("solve", [a, b]), { diagonal: 0 }),
    solution,
  ))();

/**
 * The lower triangular L with L Lᵀ = A, for symmetric positive definite matrices [..., n, n], in float64. What stands above the diagonal
 * is not read, and has a gradient of 0.
 * @throws ArgumentError where a matrix is not positive definite
 */
export const cholesky: (a: Tensor) => Tensor = /* @__PURE__ */ (() =>
  recordOf((a: Tensor) => apply(factor, [operand("cholesky", a)], { diagonal: 0 }), factor))();

/** The matrices of a batch, row by row, in float64, with something added to the diagonal. */
function matricesOf(a: Tensor, diagonal: number): Float64Array[] {
  const n = a.shape[a.rank - 1];
  const elements = a.toTypedArray<FloatArray>();
  return Array.from({ length: sizeOf(a.shape.slice(0, -2)) }, (_, k) => {
    const matrix = Float64Array.from(elements.subarray(k * n * n, (k + 1) * n * n));
    for (let i = 0; i < n; i++) matrix[i * n + i] += diagonal;
    return matrix;
  });
}

/** Solves A X = B in place of B, row by row; the largest element of a column is its pivot. */
function eliminate(a: Float64Array, x: Float64Array, n: number, columns: number): void {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (a[pivot * n + k] === 0) {
      throw new ArgumentError(
        "solve",
        "a matrix is singular: its rows depend on each other.",
        "look for rows that are equal or 0, or add a small multiple of the identity.",
      );
    }
    if (pivot !== k) {
      swapRows(a, n, k, pivot);
      swapRows(x, columns, k, pivot);
    }
    for (let i = k + 1; i < n; i++) {
      const ratio = a[i * n + k] / a[k * n + k];
      if (ratio === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= ratio * a[k * n + j];
      for (let j = 0; j < columns; j++) x[i * columns + j] -= ratio * x[k * columns + j];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < columns; j++) {
      let rest = x[i * columns + j];
      for (let k = i + 1; k < n; k++) rest -= a[i * n + k] * x[k * columns + j];
      x[i * columns + j] = rest / a[i * n + i];
    }
  }
}

function swapRows(matrix: Float64Array, length: number, i: number, j: number): void {
  const row = matrix.slice(i * length, (i + 1) * length);
  matrix.copyWithin(i * length, j * length, (j + 1) * length);
  matrix.set(row, j * length);
}

/** 1 below the diagonal, ½ on it, 0 above. */
function halvedTriangle({ shape, dtype }: { shape: Shape; dtype: Tensor["dtype"] }): Tensor {
  const n = shape[shape.length - 1];
  const mask = zeroTensor([n, n], dtype);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) mask.storage.set(i * n + j, i === j ? 0.5 : 1);
  return mask;
}
