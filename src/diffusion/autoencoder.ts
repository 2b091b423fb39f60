/** The denoising autoencoder of the reference post: six linear layers with skip connections. */

import { checkCount, checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { watcher } from "../kernels/index.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { silu } from "../ops/elementwise.ts";
import { concat } from "../ops/joining.ts";
import { operand, withoutTemporaries } from "../ops/operands.ts";
import { isRecording } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { compiled } from "./compiled.ts";
import type { Denoiser } from "./denoiser.ts";

/** Rows in a block. */
const BLOCK = 1024;

/** Widths of the reference network: input, two encoder layers, the bottleneck. */
export const REFERENCE_WIDTHS: readonly number[] = [50, 32, 16, 4];

/**
 * Encoder and decoder mirror each other (50‑32‑16‑4‑16‑32‑50), SiLU after every layer but the last. Each encoder
 * activation but the bottleneck's is added to the input of the decoder layer of its width, so the decoder gets the
 * detail that the bottleneck cannot hold. The network is not told how much noise its input has.
 *
 * @example
 * const model = new DenoisingAutoencoder(new Random(0), [50, 16, 4]); // 50-16-4-16-50
 * console.log(model.forward(normal([8, 50], new Random(1))).shape); // [8, 50]
 */
export class DenoisingAutoencoder extends Module {
  /** From the input to the bottleneck. */
  readonly encoder: readonly Linear[];
  /** From the bottleneck to the output. */
  readonly decoder: readonly Linear[];

  /**
   * Draws new weights.
   *
   * @param widths from the input to the bottleneck; default `REFERENCE_WIDTHS`
   */
  constructor(random: Random, widths: readonly number[] = REFERENCE_WIDTHS) {
    super();
    checkRandom("DenoisingAutoencoder", random);
    if (!Array.isArray(widths) || widths.length < 2) {
      throw new ArgumentError(
        "DenoisingAutoencoder",
        `needs at least the input's and the bottleneck's width; got ${Array.isArray(widths) ? `[${widths.join(", ")}]` : describeValue(widths)}.`,
        "write new DenoisingAutoencoder(random, [50, 32, 16, 4]).",
      );
    }
    for (const width of widths) checkCount("DenoisingAutoencoder", "each width", width);
    const pairs = widths.slice(1).map((width, i) => [widths[i], width] as const);
    this.encoder = pairs.map(([wide, narrow]) => new Linear(wide, narrow, random));
    this.decoder = pairs.toReversed().map(([wide, narrow]) => new Linear(narrow, wide, random));
  }

  /** The guess of the clean curves behind noisy ones, [batch, features] → [batch, features]. */
  forward(noisy: Tensor): Tensor {
    noisy = operand("DenoisingAutoencoder", noisy);
    // Rows do not depend on each other. Without recording, blocks of them pass through the network one by one, so that
    // what is between layers stays in the second-level cache. Compiled steps make blocks of their own.
    if (isRecording()) return this.#forward(noisy);
    if (noisy.rank !== 2 || noisy.shape[0] <= BLOCK || watcher !== null)
      return withoutTemporaries(() => this.#forward(noisy));
    const blocks = Array.from({ length: Math.ceil(noisy.shape[0] / BLOCK) }, (_, i) =>
      withoutTemporaries(() => this.#forward(noisy.slice([i * BLOCK, (i + 1) * BLOCK]))),
    );
    return concat(blocks);
  }

  /**
   * The guess of the clean data, as samplers take it: whatever the time, of which the network is not told. Without recording it
   * runs compiled.
   *
   * @param options.threads how many threads share its work; default 1
   */
  denoiser(options: { readonly threads?: number } = {}): Denoiser {
    checkOptions("DenoisingAutoencoder.denoiser", options, ["threads"]);
    const { threads = 1 } = options;
    checkCount("DenoisingAutoencoder.denoiser", "threads", threads);
    const guess = compiled(this, DenoisingAutoencoder, (x: Tensor) => this.forward(x), threads);
    return (x) => (isRecording() ? this.forward(x) : guess(x));
  }

  #forward(noisy: Tensor): Tensor {
    const activations: Tensor[] = [];
    let x = noisy;
    for (const layer of this.encoder) {
      x = layer.forward(x, silu);
      activations.push(x);
    }
    activations.pop();
    for (const [i, layer] of this.decoder.entries()) {
      if (i > 0) x = x.add(activations.pop()!);
      x = layer.forward(x, i < this.decoder.length - 1 ? silu : undefined);
    }
    return x;
  }
}
