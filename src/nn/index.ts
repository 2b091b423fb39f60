/**
 * halograd/nn: modules with named parameters, layers, activations and losses.
 *
 * @module
 */

export { gelu, relu, sigmoid, silu, softplus, tanh } from "../ops/elementwise.ts";
export { huberLoss, mseLoss } from "../ops/losses.ts";
export { layerNorm, logSoftmax, softmax } from "../ops/reductions.ts";
export { LayerNorm, Linear } from "./linear.ts";
export { Module, parameter, Sequential, type StateDictionary } from "./module.ts";
