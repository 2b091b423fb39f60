/** Distributions that the tests of samplers share. */

import { GaussianMixtureModel, GaussianModel } from "../../src/diffusion/index.ts";
import { normal, Random, type Tensor } from "../../src/index.ts";

export const MEAN: readonly number[] = [0.7, -1.2];
export const COVARIANCE: readonly (readonly number[])[] = [
  [0.6, 0.3],
  [0.3, 0.4],
];

/** A normal distribution in two dimensions. */
export const gaussian = new GaussianModel(MEAN, COVARIANCE);

const part = (weight: number, mean: number[], covariance: number[][]) => ({
  weight,
  model: new GaussianModel(mean, covariance),
});

/** Three clouds that overlap: its flow is curved and nowhere linear. */
export const mixture = new GaussianMixtureModel([
  part(
    0.5,
    [1.2, -0.5],
    [
      [0.3, 0.1],
      [0.1, 0.2],
    ],
  ),
  part(
    0.3,
    [-1, 0.8],
    [
      [0.2, -0.05],
      [-0.05, 0.4],
    ],
  ),
  part(
    0.2,
    [0.2, 1.5],
    [
      [0.5, 0],
      [0, 0.1],
    ],
  ),
]);

/** Standard normal noise in float64, [rows, features]. */
export const noise64 = (rows: number, features: number, seed: number): Tensor =>
  normal([rows, features], new Random(seed)).to("float64");

/** The root mean square of a difference. */
export const distance = (a: Tensor, b: Tensor): number => a.sub(b).square().mean().sqrt().item();

/** The slope of ln(error) over ln(1/count), from the first to the last of errors at counts that double. */
export const orderOf = (errors: readonly number[]): number =>
  Math.log2(errors[0] / errors[errors.length - 1]) / (errors.length - 1);
