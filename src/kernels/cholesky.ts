/** Factors of symmetric positive definite matrices, small ones, in float64: the same bits everywhere. */

/**
 * L with L Lᵀ = A, lower triangular, row by row; undefined when A is not positive definite to working precision.
 *
 * @param matrix rows; what stands right of the diagonal is not read, and may be missing
 */
export function cholesky(matrix: readonly ArrayLike<number>[]): Float64Array[] | undefined {
  const factor: Float64Array[] = [];
  for (let i = 0; i < matrix.length; i++) {
    const [row, own] = [matrix[i], new Float64Array(i + 1)];
    for (let j = 0; j < i; j++) {
      const other = factor[j];
      let sum = row[j];
      for (let k = 0; k < j; k++) sum -= own[k] * other[k];
      own[j] = sum / other[j];
    }
    let rest = row[i];
    for (let k = 0; k < i; k++) rest -= own[k] * own[k];
    if (!(rest > 1e-15 * row[i])) return undefined;
    own[i] = Math.sqrt(rest);
    factor.push(own);
  }
  return factor;
}

/** x with L x = b, for the first rows of L, as many as b has. */
export function solveLower(factor: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(b.length);
  for (let i = 0; i < x.length; i++) {
    const row = factor[i];
    let rest = b[i];
    for (let k = 0; k < i; k++) rest -= row[k] * x[k];
    x[i] = rest / row[i];
  }
  return x;
}

/** x with L Lᵀ x = b. */
export function solveFactored(factor: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = solveLower(factor, b);
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i] -= factor[k][i] * x[k];
    x[i] /= factor[i][i];
  }
  return x;
}
