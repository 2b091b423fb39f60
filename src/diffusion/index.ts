/**
 * halograd/diffusion: noise schedules, the denoising objective, samplers.
 *
 * @module
 */

export { DenoisingAutoencoder, REFERENCE_WIDTHS } from "./autoencoder.ts";
export { type Dataset, Standardization, splitDataset } from "./dataset.ts";
export {
  type Denoiser,
  eulerSampler,
  type SamplerOptions,
  type SamplerStep,
  uniformGrid,
} from "./sampler.ts";
export { addNoise, linearSchedule, type NoiseSchedule, scheduleAt } from "./schedule.ts";
export { denoisingLoss, type EpochLosses, type TrainingOptions, trainDenoiser } from "./training.ts";
