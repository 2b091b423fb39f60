/**
 * halograd/nn: modules with named parameters, layers, activations and losses.
 *
 * @module
 */

export { binaryCrossEntropyWithLogits } from "../ops/classification.ts";
export { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/elementwise.ts";
export { crossEntropyLoss, huberLoss, type LossOptions, l1Loss, mseLoss } from "../ops/losses.ts";
export { layerNorm, logSoftmax, softmax } from "../ops/reductions.ts";
export type { SavedTensor, StateDictionary } from "../optim/saved-state.ts";
export { type AttentionOptions, attention, SelfAttention } from "./attention.ts";
export { Conv1d, Conv2d, type ConvolutionLayerOptions } from "./convolution.ts";
export { Dropout } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { functionalCall } from "./functional-call.ts";
export { LayerNorm, Linear } from "./linear.ts";
export { type AnyModule, buffer, Module, parameter, Sequential } from "./module.ts";
export { BatchNorm, type BatchNormOptions, GroupNorm } from "./normalization.ts";
