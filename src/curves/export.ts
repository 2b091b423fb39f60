/** Models of rotation curves for other engines: one step of a sampler, from the network's numbers to velocities, as an ONNX file. */

import { DenoisingAutoencoder } from "../diffusion/index.ts";
import type { Bytes } from "../kernels/index.ts";
import { exportOnnx } from "../onnx/index.ts";
import { linearCombination } from "../ops/elementwise.ts";
import type { Tensor } from "../ops/tensor.ts";
import { ones, tensor, zeros } from "../tensor/construction.ts";
import { checkModel, featuresOf, type Model, metadataOf } from "./model.ts";

/**
 * A model as an ONNX file: a step of Euler's sampler from the time t to the time `next`, for any number of curves. Its inputs are `state`
 * [batch, features], `t` and `next` [batch, 1]; for a model with conditions also `condition`, log10 of each property, and `known`, 1 for those
 * that count and 0 for the others [batch, conditions]. Its outputs are `next_state` [batch, features], `prediction` [batch, features], the guess
 * of the clean data, and `velocity` [batch, radii], that guess in km/s. From standard normal numbers at t = 1, steps down to 0 give curves.
 * Radii, conditions, seed, version and the digest of the training data are metadata, each as JSON.
 *
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 20, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * exportModel(model) instanceof Uint8Array // true: for a file model.onnx
 */
export function exportModel(model: Model): Bytes {
  checkModel("exportModel", model);
  const { network, standardization, conditions = [] } = model;
  const guess = (state: Tensor, t: Tensor, condition?: Tensor, known?: Tensor): Tensor => {
    if (network instanceof DenoisingAutoencoder) return network.forward(state);
    const flow = network.forward(state, t, condition, known);
    return state.sub(t.mul(flow));
  };
  const [means, deviations] = (["mean", "standardDeviation"] as const).map((name) =>
    tensor(
      conditions.map((condition) => condition[name]),
      [1, conditions.length],
    ),
  );
  const forward = (state: Tensor, t: Tensor, next: Tensor, condition?: Tensor, known?: Tensor) => {
    const told = condition?.sub(means).div(deviations);
    const prediction = guess(state, t, told, known);
    const keep = next.div(t);
    return {
      next_state: linearCombination(keep, state, keep.neg().add(1), prediction),
      prediction,
      velocity: standardization.decode(prediction),
    };
  };
  const inputs = {
    state: zeros([1, featuresOf(model)]),
    t: ones([1, 1]),
    next: ones([1, 1]),
    ...(conditions.length > 0 && {
      condition: zeros([1, conditions.length]),
      known: zeros([1, conditions.length]),
    }),
  };
  const named = { forward, namedParameters: () => network.namedParameters() };
  return exportOnnx(named, inputs, { metadata: Object.fromEntries(metadataOf(model)) });
}
