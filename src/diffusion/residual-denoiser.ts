/** A denoiser that is told the time, and, if wanted, properties of the data: a residual network that predicts the flow. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { Linear } from "../nn/linear.ts";
import { Module, parameter } from "../nn/module.ts";
import { linearCombination, silu } from "../ops/elementwise.ts";
import { concat } from "../ops/joining.ts";
import { matmul } from "../ops/linear.ts";
import { operand } from "../ops/operands.ts";
import { isRecording } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, tensor, zeros } from "../tensor/construction.ts";
import { compiled } from "./compiled.ts";
import type { ConditionalDenoiser } from "./denoiser.ts";
import { denoiserFrom } from "./predictions.ts";

/** Sizes of a `ResidualDenoiser`. */
export interface ResidualDenoiserSizes {
  /** Of the data. */
  readonly features: number;
  /** Of the hidden layers; default 128. */
  readonly width?: number;
  /** Residual blocks of two layers each; default 3. */
  readonly blocks?: number;
  /** Properties that the network can be told; default 0. */
  readonly conditions?: number;
}

/**
 * Predicts the flow ε − x₀ of the linear schedule from x, t and a condition. Data are expected with mean 0 and standard
 * deviation 1: the network then only learns what a normal distribution would not know. With q = (1 − t)² + t², the
 * variance of x, the best linear guess of the flow is (2t − 1) x/q and is off by 1/√q, so the output is
 * ((2t − 1) x + √q F(x/√q, t))/q (the preconditioning of Karras et al. 2022, arXiv:2206.00364, for this schedule).
 *
 * @example
 * const model = new ResidualDenoiser({ features: 2, width: 16, conditions: 1 }, new Random(0));
 * const flow = model.forward(normal([4, 2], new Random(1)), 0.5, tensor([[1.5]]));
 * console.log(flow.shape); // [4, 2]
 */
export class ResidualDenoiser extends Module {
  /** What the network was made with. */
  readonly sizes: Required<ResidualDenoiserSizes>;
  /** From points to the width of the network. */
  readonly input: Linear;
  /** From the features of time to their embedding. */
  readonly time: Linear;
  /** [conditions] → what is added to the embedding of the time; null for a network without */
  readonly condition: Linear | null;
  /** Added in place of each unknown property, [conditions, embedding]; null for a network without */
  readonly unconditional: Tensor | null;
  /** Each adds to what passes through. */
  readonly blocks: readonly { readonly first: Linear; readonly embedding: Linear; readonly second: Linear }[];
  /** Back to points. */
  readonly output: Linear;
  readonly #frequencies: Tensor = tensor([...FREQUENCIES], [1, FREQUENCIES.length]);

  /** Weights are drawn from `random`. */
  constructor(sizes: ResidualDenoiserSizes, random: Random) {
    super();
    checkOptions("ResidualDenoiser", sizes ?? {}, ["features", "width", "blocks", "conditions"]);
    checkRandom("ResidualDenoiser", random);
    const { features, width = 128, blocks = 3, conditions = 0 } = sizes ?? {};
    for (const [name, count] of Object.entries({ features, width, blocks }))
      checkCount("ResidualDenoiser", name, count);
    checkCount("ResidualDenoiser", "conditions", conditions, 0);
    this.sizes = { features, width, blocks, conditions };
    this.input = new Linear(features, width, random);
    this.time = new Linear(2 * FREQUENCIES.length, EMBEDDING, random);
    this.condition = conditions === 0 ? null : new Linear(conditions, EMBEDDING, random);
    const unknown = [conditions, EMBEDDING];
    this.unconditional = conditions === 0 ? null : parameter(normal(unknown, random).toTypedArray(), unknown);
    this.blocks = Array.from({ length: blocks }, () => ({
      first: new Linear(width, width, random),
      embedding: new Linear(EMBEDDING, width, random, { bias: false }),
      second: new Linear(width, width, random),
    }));
    this.output = new Linear(width, features, random);
  }

  /**
   * The flow, [batch, features] → [batch, features].
   *
   * @param t the amount of noise, from 0 to 1: one for all, or [batch, 1]
   * @param condition properties, standardised: [batch, conditions], or [1, conditions] for all; left out where nothing is known
   * @param known of the shape of `condition`, or with one column for all properties: 0 for a property that is to be
   *   ignored, whatever `condition` says of it, and 1 elsewhere; default: all known
   */
  forward(x: Tensor, t?: Tensor | number, condition?: Tensor, known?: Tensor): Tensor {
    if (t === undefined) {
      throw new ArgumentError(
        "ResidualDenoiser",
        "got no time t.",
        "pass the amount of noise: forward(x, 0.5).",
      );
    }
    x = operand("ResidualDenoiser", x);
    if (condition !== undefined) condition = operand("ResidualDenoiser", condition);
    if (known !== undefined) known = operand("ResidualDenoiser", known);
    this.#checkShapes(x, condition);
    const time = typeof t === "number" ? tensor([[t]]) : operand("ResidualDenoiser", t);
    const rest = time.neg().add(1);
    const variance = time.square().add(rest.square());
    const deviation = variance.sqrt();
    const embedding = this.#embed(time, condition, known); // [batch or 1, embedding]
    let hidden = this.input.forward(x.div(deviation));
    for (const { first, embedding: told, second } of this.blocks) {
      hidden = hidden.add(second.forward(silu(first.forward(hidden).add(told.forward(embedding)))));
    }
    const output = this.output.forward(silu(hidden));
    return linearCombination(time.sub(rest).div(variance), x, deviation.reciprocal(), output);
  }

  /**
   * The guess of the clean data. Without a condition, what is probable for all data. Without recording it runs compiled.
   *
   * @param options.known as of `forward`: which properties of a condition count, to ask for some of them only
   * @param options.threads how many threads share its work; default 1
   */
  denoiser(options: { readonly known?: Tensor; readonly threads?: number } = {}): ConditionalDenoiser {
    checkOptions("ResidualDenoiser.denoiser", options, ["known", "threads"]);
    const { threads = 1 } = options;
    checkCount("ResidualDenoiser.denoiser", "threads", threads);
    const forward = (x: Tensor, t: Tensor | number, condition?: Tensor): Tensor =>
      this.forward(x, t, condition, options.known);
    const flow = compiled(this, ResidualDenoiser, forward, threads);
    // The time as a tensor: it may differ from call to call of a compiled function, where numbers do not.
    const network: ConditionalDenoiser = (x, t, condition) =>
      isRecording() || t === undefined ? forward(x, t, condition) : flow(x, tensor([[t]]), condition);
    return denoiserFrom(network, { predicts: "flow" });
  }

  #embed(time: Tensor, condition: Tensor | undefined, known: Tensor | undefined): Tensor {
    const phases = time.mul(this.#frequencies); // [batch or 1, frequencies]
    const embedding = this.time.forward(concat([phases.sin(), phases.cos()], 1));
    if (this.condition === null || this.unconditional === null) return silu(embedding);
    const nothing = zeros([1, this.sizes.conditions]);
    const values = condition ?? nothing;
    const share = condition === undefined ? nothing : known;
    if (share === undefined) return silu(embedding.add(this.condition.forward(values)));
    // Each property adds its part, or in its place what stands for not knowing it: any subset can be told.
    const told = this.condition.forward(values.mul(share)); // [batch or 1, embedding]
    const untold = matmul(share.neg().add(1).expand(values.shape), this.unconditional);
    return silu(embedding.add(told).add(untold));
  }

  #checkShapes(x: Tensor, condition: Tensor | undefined): void {
    const { features, conditions } = this.sizes;
    if (x.rank !== 2 || x.shape[1] !== features) {
      throw new ShapeError("ResidualDenoiser", `x is [${x.shape.join(", ")}], not [batch, ${features}].`);
    }
    if (condition === undefined) return;
    if (conditions === 0) {
      throw new ArgumentError(
        "ResidualDenoiser",
        "got a condition, but was made without any.",
        "make it with { conditions: n }, and train it with them.",
      );
    }
    if (condition.rank !== 2 || condition.shape[1] !== conditions) {
      throw new ShapeError(
        "ResidualDenoiser",
        `the condition is [${condition.shape.join(", ")}], not [batch, ${conditions}].`,
      );
    }
  }
}

/** Width of what the blocks are told of time and condition. */
const EMBEDDING = 32;

/** A quarter of a turn over the whole time, and five times twice as many: the phases of sine and cosine per unit of t. */
const FREQUENCIES: readonly number[] = [0.5, 1, 2, 4, 8, 16].map((turns) => turns * Math.PI);
