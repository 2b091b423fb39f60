/** Small models that the tests of this folder share; each is trained once a file. */

import {
  type ConditionName,
  finish,
  generatePopulation,
  type Model,
  type Population,
  trainModel,
} from "../../src/curves/index.ts";
import { LogPrincipalComponents, ResidualDenoiser } from "../../src/diffusion/index.ts";
import { Random } from "../../src/index.ts";

export const SEED = 7;

/** Galaxies of the standard population. */
export const galaxies: Population = finish(generatePopulation({ count: 60, random: new Random(SEED) }));

/** The reference post's network after a few epochs. */
export function autoencoder(): Model {
  return finish(trainModel(galaxies, { epochs: 40, random: new Random(SEED) })).model;
}

/** A residual network after a few batches. */
export function residual(conditions: readonly ConditionName[] = []): Model {
  const options = { network: "residual", conditions, batches: 60, random: new Random(SEED) } as const;
  return finish(trainModel(galaxies, options)).model;
}

/** A residual network too small to be trained in earnest: nearly a normal distribution of components, but quick to sample. */
export function quickModel(): Model {
  return {
    network: new ResidualDenoiser({ features: 10, width: 8, blocks: 1 }, new Random(SEED)),
    standardization: LogPrincipalComponents.of(galaxies.curves),
    radii: galaxies.radii,
    training: { seed: SEED, curves: 60, epochs: 0, batches: 0, learningRate: 0.004 },
  };
}

/** What a test calls on purpose with what the types forbid. */
// biome-ignore lint/suspicious/noExplicitAny: that is what it is for
export const any = (value: unknown): any => value;
