/** Attention: each place of a sequence takes a mean of the others, weighted by how well they match. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { showShape } from "../basics/shape.ts";
import { triu } from "../ops/arranging.ts";
import { maskedFill } from "../ops/masks.ts";
import { operands } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { ones } from "../tensor/construction.ts";
import { inputOf } from "./inputs.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** Options of attention. */
export interface AttentionOptions {
  /** No place looks at what comes after it. Default false. */
  readonly isCausal?: boolean;
}

/**
 * softmax(Q Kᵀ / √features) V, for queries [..., length, features], keys [..., others, features] and values [..., others, out].
 * Source: Vaswani et al. 2017, arXiv:1706.03762.
 *
 * ```ts
 * const x = tensor([[1, 0], [0, 1]]);
 * attention(x, x, x, { isCausal: true }).at(0).toArray(); // [1, 0]: the first place sees nothing but itself
 * ```
 *
 * @throws ShapeError where the shapes do not fit together
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  checkOptions("attention", options, ["isCausal"]);
  [query, key, value] = operands("attention", [query, key, value]);
  const [length, features] = query.shape.slice(-2);
  const others = key.shape.at(-2);
  if (query.rank < 2 || key.shape.at(-1) !== features || value.shape.at(-2) !== others) {
    throw new ShapeError(
      "attention",
      `takes queries [..., length, features], keys [..., others, features] and values [..., others, out]; got ${[query, key, value].map(({ shape }) => showShape(shape)).join(", ")}.`,
    );
  }
  const scores = query.matmul(key.transpose()).div(Math.sqrt(features));
  if (!options.isCausal) return scores.softmax().matmul(value);
  const isAfter = triu(ones([length, others!], { dtype: scores.dtype }), 1);
  return maskedFill(scores, isAfter, -Infinity).softmax().matmul(value);
}

/**
 * Attention of a sequence to itself with several heads: [..., length, features] → the same shape. Each head sees an equal part of the
 * features, after one linear layer for queries, keys and values together; another one follows.
 *
 * ```ts
 * const layer = new SelfAttention(8, 2, new Random(0), { isCausal: true });
 * layer.forward(zeros([3, 5, 8])).shape; // [3, 5, 8]
 * ```
 */
export class SelfAttention extends Module {
  /** Makes queries, keys and values, one after another along the last axis. */
  readonly projection: Linear;
  /** What is made of the results of all heads. */
  readonly output: Linear;
  /** How many heads there are. */
  readonly heads: number;
  readonly #options: AttentionOptions;

  /** `heads` heads for vectors of `features` numbers. */
  constructor(features: number, heads: number, random: Random, options: AttentionOptions = {}) {
    super();
    checkCount("SelfAttention", "features", features);
    checkCount("SelfAttention", "heads", heads);
    if (features % heads !== 0)
      throw new ArgumentError(
        "SelfAttention",
        `${features} features do not fall to ${heads} heads in equal parts.`,
      );
    checkRandom("SelfAttention", random);
    checkOptions("SelfAttention", options, ["isCausal"]);
    this.projection = new Linear(features, 3 * features, random);
    this.output = new Linear(features, features, random);
    this.heads = heads;
    this.#options = options;
  }

  /** [..., length, features] → the same shape. */
  forward(x: Tensor): Tensor {
    const features = this.output.weight.shape[0];
    x = inputOf("SelfAttention", x, ["...", "length", features]);
    const each = features / this.heads;
    const leading = x.shape.slice(0, -1);
    // [..., length, 3, heads, each] → three of [..., heads, length, each]
    const parts = this.projection.forward(x).reshape([...leading, 3, this.heads, each]);
    const everything = leading.map(() => null);
    const [query, key, value] = [0, 1, 2].map((i) => parts.slice(...everything, i).transpose(-3, -2));
    const mixed = attention(query, key, value, this.#options).transpose(-3, -2).reshape(x.shape);
    return this.output.forward(mixed);
  }
}
