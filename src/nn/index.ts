/**
 * halograd/nn: modules with named parameters, layers, activations and losses.
 *
 * @module
 */

export { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/elementwise.ts";
export { crossEntropyLoss, huberLoss, l1Loss, mseLoss } from "../ops/losses.ts";
export { layerNorm, logSoftmax, softmax } from "../ops/reductions.ts";
export type { SavedTensor, StateDictionary } from "../optim/saved-state.ts";
export { Dropout } from "./dropout.ts";
export { LayerNorm, Linear } from "./linear.ts";
export { type AnyModule, Module, parameter, Sequential } from "./module.ts";
