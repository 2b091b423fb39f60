/** Convolutional layers. */

import { checkCount, checkOptions } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { type ConvolutionOptions, conv1d, conv2d } from "../ops/convolution.ts";
import type { Tensor } from "../ops/tensor.ts";
import { inputOf } from "./inputs.ts";
import { Module, parameter } from "./module.ts";

/** Options of convolutional layers. */
export interface ConvolutionLayerOptions extends ConvolutionOptions {
  /** False leaves the bias out. Default true. */
  readonly bias?: boolean;
}

const OPTIONS = ["stride", "padding", "dilation", "groups", "bias"];

/**
 * A convolution along one axis: [batch, in, length] → [batch, out, length′], with PyTorch's default initialisation.
 *
 * ```ts
 * const layer = new Conv1d(3, 8, 5, new Random(0), { padding: 2 });
 * layer.forward(zeros([2, 3, 100])).shape; // [2, 8, 100]
 * ```
 */
export class Conv1d extends Module {
  /** [out, in / groups, size] */
  readonly weight: Tensor;
  /** [out]; null for a layer without */
  readonly bias: Tensor | null;
  readonly #options: ConvolutionOptions;

  /** Windows of `size` places, over `inChannels` channels; weights and bias are drawn uniformly from ±1/√(in · size / groups). */
  constructor(
    inChannels: number,
    outChannels: number,
    size: number,
    random: Random,
    options: ConvolutionLayerOptions = {},
  ) {
    super();
    const made = parametersOf("Conv1d", [inChannels, outChannels], [size], random, options);
    this.weight = made.weight;
    this.bias = made.bias;
    this.#options = made.options;
  }

  /** [batch, in, length] → [batch, out, length′] */
  forward(x: Tensor): Tensor {
    x = inputOf("Conv1d", x, ["batch", channelsOf(this.weight, this.#options), "length"]);
    return conv1d(x, this.weight, this.bias ?? undefined, this.#options);
  }
}

/**
 * A convolution over images: [batch, in, height, width] → [batch, out, height′, width′], with PyTorch's default initialisation.
 *
 * ```ts
 * const layer = new Conv2d(1, 8, 3, new Random(0), { padding: 1, stride: 2 });
 * layer.forward(zeros([2, 1, 28, 28])).shape; // [2, 8, 14, 14]
 * ```
 */
export class Conv2d extends Module {
  /** [out, in / groups, height, width] */
  readonly weight: Tensor;
  /** [out]; null for a layer without */
  readonly bias: Tensor | null;
  readonly #options: ConvolutionOptions;

  /** Windows of `size` × `size` places, or of [height, width]; weights and bias are drawn as those of `Conv1d`. */
  constructor(
    inChannels: number,
    outChannels: number,
    size: number | readonly [height: number, width: number],
    random: Random,
    options: ConvolutionLayerOptions = {},
  ) {
    super();
    const sizes = (Array.isArray(size) ? size : [size, size]) as readonly number[];
    const made = parametersOf("Conv2d", [inChannels, outChannels], sizes, random, options);
    this.weight = made.weight;
    this.bias = made.bias;
    this.#options = made.options;
  }

  /** [batch, in, height, width] → [batch, out, height′, width′] */
  forward(x: Tensor): Tensor {
    x = inputOf("Conv2d", x, ["batch", channelsOf(this.weight, this.#options), "height", "width"]);
    return conv2d(x, this.weight, this.bias ?? undefined, this.#options);
  }
}

/** How many channels go in. */
function channelsOf(weight: Tensor, { groups = 1 }: ConvolutionOptions): number {
  return weight.shape[1] * groups;
}

function parametersOf(
  where: string,
  [inChannels, outChannels]: readonly number[],
  sizes: readonly number[],
  random: Random,
  options: ConvolutionLayerOptions,
): { weight: Tensor; bias: Tensor | null; options: ConvolutionOptions } {
  checkCount(where, "the number of channels that go in", inChannels);
  checkCount(where, "the number of channels that come out", outChannels);
  for (const size of sizes) checkCount(where, "the size of a window", size);
  checkRandom(where, random);
  checkOptions(where, options, OPTIONS);
  const { bias = true, ...rest } = options;
  const { groups = 1 } = rest;
  checkCount(where, "groups, the number of parts of the channels,", groups);
  if (inChannels % groups !== 0 || outChannels % groups !== 0) {
    throw new ArgumentError(
      where,
      `${inChannels} channels that go in and ${outChannels} that come out are no multiples of groups, ${groups}.`,
    );
  }
  const taps = sizes.reduce((product, size) => product * size, inChannels / groups);
  const bound = 1 / Math.sqrt(taps);
  const draw = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => random.uniform(-bound, bound));
  return {
    weight: parameter(draw(outChannels * taps), [outChannels, inChannels / groups, ...sizes]),
    bias: bias ? parameter(draw(outChannels)) : null,
    options: rest,
  };
}
