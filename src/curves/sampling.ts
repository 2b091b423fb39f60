/** The samplers behind the names of the command line. */

import type { SamplerName } from "../cli/sampler-names.ts";
import {
  adamsBashforth2Sampler,
  ancestralSampler,
  churnSampler,
  dpmSolver2MSampler,
  eulerSampler,
  heunSampler,
  midpointSampler,
  rungeKutta4Sampler,
  type Sampler,
} from "../diffusion/index.ts";
import { Random } from "../tensor/random.ts";
import { type Model, networkOf } from "./model.ts";

const SAMPLERS: Readonly<Record<SamplerName, Sampler>> = {
  euler: eulerSampler,
  heun: heunSampler,
  midpoint: midpointSampler,
  "adams-bashforth": adamsBashforth2Sampler,
  "dpm-solver": dpmSolver2MSampler,
  "runge-kutta": rungeKutta4Sampler,
  ddpm: ancestralSampler,
  churn: churnSampler,
};

/** The sampler of that name, or the network's own: the post's Euler steps, and Heun's for the residual network. */
export function samplerName(model: Model, name: SamplerName | undefined): SamplerName {
  return name ?? (networkOf(model) === "residual" ? "heun" : "euler");
}

/** The sampler, with a stream of its own for the noise that it may add on the way. */
export function samplerOf(
  model: Model,
  { sampler, seed }: { readonly sampler: SamplerName | undefined; readonly seed: number },
): Sampler {
  const chosen = SAMPLERS[samplerName(model, sampler)];
  const random = new Random(seed).fork("samples").fork("steps");
  return (denoiser, start, options) => chosen(denoiser, start, { ...options, random });
}
