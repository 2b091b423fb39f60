/** Two dimensions, where all can be seen: data of a known density, a small network, and the exact denoiser beside it. */

import { normal, Random, type Tensor, tensor } from "halograd";
import { SAMPLER_FUNCTIONS, type SamplerName } from "halograd/curves";
import {
  convertPrediction,
  type Denoiser,
  denoisingErrors,
  type FlowProgress,
  GaussianMixtureModel,
  GaussianModel,
  linearSchedule,
  type NoiseSchedule,
  noiseShareAt,
  ResidualDenoiser,
  scheduleAt,
  trainFlow,
  uniformGrid,
} from "halograd/diffusion";
import type { Both } from "./protocol.ts";
import { type Point, SCHEDULES, SPREAD } from "./shapes.ts";

/** Data, a network that learns them, and the exact denoiser. */
export class Plane {
  /** Batches of the training. */
  readonly steps = 800;
  readonly #random: Random;
  readonly #centres: readonly Point[];
  readonly #train: Tensor;
  readonly #valid: Tensor;
  readonly #network: ResidualDenoiser;
  readonly #exact: Denoiser;

  constructor(centres: readonly Point[], seed: number) {
    this.#random = new Random(seed);
    this.#centres = centres;
    this.#train = this.#draw(2000, "train");
    this.#valid = this.#draw(400, "valid");
    this.#network = new ResidualDenoiser({ features: 2, width: 32, blocks: 3 }, this.#random.fork("weights"));
    const variance = SPREAD * SPREAD;
    const covariance = [
      [variance, 0],
      [0, variance],
    ];
    const parts = centres.map((centre) => ({ weight: 1, model: new GaussianModel(centre, covariance) }));
    this.#exact = new GaussianMixtureModel(parts).denoiser();
  }

  /** Trains for a second or two. Of sizes that take as long, these came nearest to the exact denoiser. */
  train(): Generator<FlowProgress, void, void> {
    const random = this.#random.fork("training");
    return trainFlow({
      model: this.#network,
      train: this.#train,
      valid: this.#valid,
      random,
      steps: this.steps,
      batchSize: 96,
      learningRate: 0.015,
      reportEvery: 25,
    });
  }

  /** Some of the data, x and y in turn. */
  someData(): Float32Array {
    return Float32Array.from(this.#valid.toTypedArray());
  }

  /** ∇ ln p_t(x) = (α x̂₀ − x)/σ² (Tweedie), x and y in turn. */
  scores(which: keyof Both<unknown>, points: Float32Array, t: number): Float32Array {
    const x = tensor(points, [points.length / 2, 2]);
    const noise = convertPrediction(this.#denoiser(which)(x, t), x, t, { from: "clean", to: "noise" });
    return Float32Array.from(noise.toTypedArray(), (value) => -value / scheduleAt(linearSchedule, t).sigma);
  }

  /** Mean squared errors of the guesses at an amount of noise: the exact denoiser's is the least possible. */
  errors(t: number): Both<number> {
    const of = (denoiser: Denoiser): number =>
      denoisingErrors(denoiser, this.#valid, this.#random.fork("errors"), { levels: [t] })[0];
    return { learned: of(this.#denoiser("learned")), exact: of(this.#exact) };
  }

  /** Particles on their way from noise: yields their places before each step, and at the end. */
  *flow(
    which: keyof Both<unknown>,
    {
      sampler,
      steps,
      seed,
      count,
      schedule: name,
    }: {
      readonly sampler: SamplerName;
      readonly steps: number;
      readonly seed: number;
      readonly count: number;
      readonly schedule: string;
    },
  ): Generator<Float32Array, void, void> {
    const schedule = SCHEDULES[name];
    const random = new Random(seed);
    const options = { grid: uniformGrid(steps), schedule, random: random.fork("steps") };
    const start = normal([count, 2], random.fork("start"));
    const walk = SAMPLER_FUNCTIONS[sampler](alongSchedule(this.#denoiser(which), schedule), start, options);
    for (;;) {
      const step = walk.next();
      yield Float32Array.from((step.done ? step.value : step.value.state).toTypedArray());
      if (step.done) return;
    }
  }

  #denoiser(which: keyof Both<unknown>): Denoiser {
    return which === "exact" ? this.#exact : this.#network.denoiser();
  }

  /** Points of the mixture. */
  #draw(count: number, name: string): Tensor {
    const random = this.#random.fork(name);
    const centres = Array.from({ length: count }, () => {
      return this.#centres[
        Math.min(this.#centres.length - 1, Math.floor(random.uniform() * this.#centres.length))
      ];
    });
    return tensor(centres.map((centre) => [...centre])).add(normal([count, 2], random).mul(SPREAD));
  }
}

/** A denoiser of the linear schedule for another one, whose state over α + σ is that of the linear one at the same share of noise. */
function alongSchedule(denoiser: Denoiser, schedule: NoiseSchedule): Denoiser {
  if (schedule === linearSchedule) return denoiser;
  return (x, t) => {
    const { alpha, sigma } = scheduleAt(schedule, t);
    return denoiser(x.div(alpha + sigma), noiseShareAt(schedule, t));
  };
}
