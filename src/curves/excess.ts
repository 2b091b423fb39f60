/** How far a model's guesses are from the best possible ones, at each amount of noise. */

import { ArgumentError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import {
  addNoise,
  denoisingErrors,
  EmpiricalModel,
  linearSchedule,
  NOISE_LEVELS,
} from "../diffusion/index.ts";
import { rotationCurves, samplePopulation } from "../galaxy/index.ts";
import { normal } from "../ops/random.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { checkUnseen } from "./check.ts";
import { checkModel, denoiserOf, featuresOf, type Model } from "./model.ts";
import { populationName } from "./population.ts";

/** The losses at an amount of noise, in the network's numbers. */
export interface Excess {
  /** The share of noise, from 0 to 1. */
  readonly amount: number;
  /** Mean squared error of the model's guesses. */
  readonly loss: number;
  /** That of the best guesses, or `null` where too few simulated galaxies have weight in a guess to know it. */
  readonly best: number | null;
  /** loss/best − 1 */
  readonly excess: number | null;
}

/**
 * Curves are drawn from a prior of four parameters that is known, so the best guess, E[x₀ | x], follows from importance
 * sampling: the mean over many simulated galaxies, each weighted by how probable it makes the noisy curve. An estimate
 * in which n galaxies have weight has a variance of about 1/n of the loss itself.
 *
 * The prior is that of the standard population: of the ten parameters of the extended one too few simulated galaxies are alike.
 *
 * @param unseen curves that the model was not trained on, as {@link unseenCurves} gives them, [curves, features]
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 50, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 3, random }));
 * for (const { amount, loss, best } of measureExcess(model, unseenCurves(model, galaxies), random))
 *   console.log(amount, loss, best);
 */
export function measureExcess(model: Model, unseen: Tensor, random: Random): Excess[] {
  checkModel("measureExcess", model);
  const { population = "standard" } = model.training;
  if (population !== "standard") {
    throw new ArgumentError(
      "measureExcess",
      `the model learned the ${populationName(population)} population, of whose guesses the best ones are not known`,
      "train it on the standard population",
    );
  }
  checkUnseen("measureExcess", unseen, featuresOf(model));
  checkRandom("measureExcess", random);
  const stream = random.fork("best");
  const { radii, standardization } = model;
  const galaxies = samplePopulation({ count: SIMULATED, random: stream.fork("galaxies") });
  const { velocities } = rotationCurves(galaxies, radii);
  const curves = galaxies.map((_, i) => velocities.subarray(i * radii.length, (i + 1) * radii.length));
  const simulated = new EmpiricalModel(standardization.apply(curves));
  const clean = unseen.slice([0, MEASURED]).clone();
  const noise = stream.fork("noise");
  const losses = denoisingErrors(denoiserOf(model), clean, noise);
  const best = denoisingErrors(simulated.denoiser(), clean, noise);
  return NOISE_LEVELS.map((amount, i) => {
    const noisy = addNoise(linearSchedule, clean, normal(clean.shape, stream.fork(i)), tensor(amount));
    const isKnown = simulated.effectiveCount(noisy, amount).log().mean().item() > LOG_LEAST_SHARING;
    return {
      amount,
      loss: losses[i],
      best: isKnown ? best[i] : null,
      excess: isKnown ? losses[i] / best[i] - 1 : null,
    };
  });
}

/** Some 0.5 s. */
const SIMULATED = 20_000;
/** Curves, at most. */
const MEASURED = 400;
/** ln 50: the geometric mean of the galaxies in a guess, below which the estimate is off by 2 % and more. */
const LOG_LEAST_SHARING = 3.912;
