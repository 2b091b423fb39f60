/** Positive curves as a few numbers each: principal components of their logarithm. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { exp, log } from "../kernels/math.ts";
import { matmul } from "../ops/linear.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import type { Representation } from "./dataset.ts";
import { symmetricEigen } from "./eigen.ts";

/**
 * The leading principal components of ln(values), each divided by its standard deviation, so that all have mean 0 and
 * standard deviation 1. Whatever the components are, the way back gives values above 0; and what lies outside the
 * components, the roughness that a network adds to each value by itself, cannot arise. Of galaxy rotation
 * curves at 50 radii, 3, 4 and 5 components hold 99.7, 99.93 and 99.98 % of the variance; the tenth is worth 0.05 % of a velocity.
 *
 * @example
 * const found = LogPrincipalComponents.of([[1, 2], [2, 4], [4, 8]], { components: 1 });
 * const same = new LogPrincipalComponents(found.mean, found.basis, found.scales);
 * same.apply([[2, 4], [4, 8]]); // tensor([[0], [1]])
 */
export class LogPrincipalComponents implements Representation {
  /** Mean of ln(value), [values] */
  readonly mean: Float64Array;
  /** Directions, orthonormal, [components][values] */
  readonly basis: readonly Float64Array[];
  /** Standard deviations along them, falling, [components] */
  readonly scales: Float64Array;

  /** Of a basis that is known, such as one from a file; `LogPrincipalComponents.of` finds one. */
  constructor(mean: ArrayLike<number>, basis: readonly ArrayLike<number>[], scales: ArrayLike<number>) {
    this.mean = Float64Array.from(mean);
    this.basis = basis.map((direction) => Float64Array.from(direction));
    this.scales = Float64Array.from(scales);
    if (basis.length === 0 || scales.length !== basis.length) {
      throw new ShapeError(
        "LogPrincipalComponents",
        `got ${basis.length} directions, ${scales.length} scales.`,
      );
    }
    if (this.basis.some(({ length }) => length !== mean.length)) {
      throw new ShapeError(
        "LogPrincipalComponents",
        `a direction has not the ${mean.length} values of the mean.`,
      );
    }
    if (!this.scales.every((scale) => scale > 0 && scale < Infinity)) {
      throw new ArgumentError(
        "LogPrincipalComponents",
        "there are fewer directions in which the rows differ than components were asked for.",
        "give more rows, or ask for fewer components.",
      );
    }
  }

  /**
   * From rows of values above 0.
   *
   * @param options.components how many are kept; default 10, or fewer where rows and values are fewer
   */
  static of(
    rows: readonly ArrayLike<number>[],
    options: { readonly components?: number } = {},
  ): LogPrincipalComponents {
    const logs = logarithms(rows);
    const values = logs[0]?.length ?? 0;
    const { components = Math.min(10, values, rows.length - 1) } = options;
    if (rows.length < 2 || !(Number.isInteger(components) && components >= 1 && components <= values)) {
      throw new ArgumentError(
        "LogPrincipalComponents",
        `${components} components cannot be had from ${rows.length} rows of ${values} values.`,
      );
    }
    const mean = Float64Array.from({ length: values }, (_, i) => {
      let sum = 0;
      for (const row of logs) sum += row[i];
      return sum / logs.length;
    });
    const { values: variances, vectors } = symmetricEigen(covarianceOf(logs, mean));
    const scales = variances.slice(0, components).map((variance) => Math.sqrt(Math.max(0, variance)));
    return new LogPrincipalComponents(mean, vectors.slice(0, components), scales);
  }

  /**
   * Rows of values as components, [rows, components] in float32.
   *
   * @throws ArgumentError for a value that is not above 0, which has no logarithm; ShapeError for rows of another length
   */
  apply(rows: readonly ArrayLike<number>[]): Tensor {
    const components = this.scales.length;
    const represented = new Float32Array(rows.length * components);
    logarithms(rows, this.mean.length).forEach((row, r) => {
      this.basis.forEach((direction, k) => {
        let sum = 0;
        for (let i = 0; i < row.length; i++) sum += direction[i] * (row[i] - this.mean[i]);
        represented[r * components + k] = sum / this.scales[k];
      });
    });
    return tensor(represented, [rows.length, components]);
  }

  /** As `invert`, in recorded operations: what wishes of guided samples are functions of. [rows, components] → [rows, values] */
  decode(represented: Tensor): Tensor {
    const { mean, basis, scales } = this;
    const directions = basis.flatMap((direction, k) => Array.from(direction, (value) => value * scales[k]));
    const of = (values: ArrayLike<number>, shape: number[]): Tensor =>
      tensor(Float64Array.from(values), shape, { dtype: represented.dtype });
    return matmul(represented, of(directions, [scales.length, mean.length]))
      .add(of(mean, [1, mean.length]))
      .exp();
  }

  /** Rows in their original unit, all above 0. */
  invert(represented: Tensor): Float64Array[] {
    if (!isTensor(represented) || represented.rank !== 2 || represented.shape[1] !== this.scales.length) {
      throw new ShapeError(
        "LogPrincipalComponents.invert",
        `takes rows as a tensor [rows, ${this.scales.length}]; got ${describeValue(represented)}.`,
        "one row is a batch too: unsqueeze(0) it.",
      );
    }
    const [rows, components] = represented.shape;
    const values = represented.toTypedArray();
    return Array.from({ length: rows }, (_, r) => {
      const logs = this.mean.slice();
      for (let k = 0; k < components; k++) {
        const amount = values[r * components + k] * this.scales[k];
        for (let i = 0; i < logs.length; i++) logs[i] += amount * this.basis[k][i];
      }
      return logs.map(exp);
    });
  }
}

/** The sample covariance of rows, [values][values]. */
function covarianceOf(rows: readonly Float64Array[], mean: Float64Array): Float64Array[] {
  const covariance = Array.from(mean, () => new Float64Array(mean.length));
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const difference = (row[i] - mean[i]) / (rows.length - 1);
      for (let j = 0; j < row.length; j++) covariance[i][j] += difference * (row[j] - mean[j]);
    }
  }
  return covariance;
}

function logarithms(
  rows: readonly ArrayLike<number>[],
  length: number = rows[0]?.length ?? 0,
): Float64Array[] {
  return rows.map((row, r) => {
    if (row.length !== length) {
      throw new ShapeError("LogPrincipalComponents", `row ${r} has ${row.length} values, not ${length}.`);
    }
    return Float64Array.from({ length }, (_, i) => {
      if (row[i] > 0 && row[i] < Infinity) return log(row[i]);
      throw new ArgumentError(
        "LogPrincipalComponents",
        `value ${i} of row ${r} is ${row[i]}, but only finite values above 0 have a logarithm.`,
      );
    });
  });
}
