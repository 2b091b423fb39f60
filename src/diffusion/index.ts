/**
 * halograd/diffusion: noise schedules, time grids, denoisers, samplers, and exact models to prove them with.
 *
 * @module
 */

export { derivativeOf } from "../ops/differentiation.ts";
export { DenoisingAutoencoder, REFERENCE_WIDTHS } from "./autoencoder.ts";
export {
  type Dataset,
  FeatureStandardization,
  type Representation,
  Standardization,
  splitDataset,
} from "./dataset.ts";
export { type ConditionalDenoiser, type Denoiser, type GuidanceOptions, guidedDenoiser } from "./denoiser.ts";
export { type SymmetricEigen, symmetricEigen } from "./eigen.ts";
export {
  type EnsembleOptions,
  type EnsemblePosterior,
  type EnsembleProgress,
  ensemblePosterior,
} from "./ensemble.ts";
export { EmpiricalModel, type ExactModel, GaussianMixtureModel, GaussianModel } from "./exact.ts";
export {
  denoisingErrors,
  type FlowProgress,
  type FlowTrainingOptions,
  flowLoss,
  NOISE_LEVELS,
  type ToldConditions,
  trainFlow,
} from "./flow-training.ts";
export { type FunctionGuidanceOptions, functionGuidedDenoiser, type Wishes } from "./function-guidance.ts";
export { karrasGrid, logarithmicGrid, type RatioGridOptions, uniformGrid } from "./grid.ts";
export { type LikelihoodOptions, logLikelihood } from "./likelihood.ts";
export {
  type ChainDiagnostics,
  chainDiagnostics,
  type EllipticalSliceOptions,
  ellipticalSlice,
  GaussianProposal,
  type ImportanceSample,
  importanceResample,
  type LogLikelihood,
  type PosteriorChains,
  type PosteriorProgress,
  type TemperedOptions,
  temperedPosterior,
} from "./posterior.ts";
export {
  convertPrediction,
  denoiserFrom,
  PREDICTION_KINDS,
  type PredictionKind,
  predictionTarget,
} from "./predictions.ts";
export { LogPrincipalComponents } from "./principal-components.ts";
export { breathing, finish, type Progress } from "./progress.ts";
export { ResidualDenoiser, type ResidualDenoiserSizes } from "./residual-denoiser.ts";
export {
  type AncestralOptions,
  adamsBashforth2Sampler,
  ancestralSampler,
  type ChurnOptions,
  churnSampler,
  dpmSolver2MSampler,
  eulerSampler,
  heunSampler,
  midpointSampler,
  rungeKutta4Sampler,
  type Sampler,
  type SamplerOptions,
  type SamplerStep,
  type Sampling,
} from "./samplers.ts";
export {
  addNoise,
  cosineNoiseSchedule,
  linearSchedule,
  type NoiseSchedule,
  noiseShareAt,
  type ScheduleValues,
  scheduleAt,
  scheduleSlopeAt,
  timeOfNoiseShare,
  variancePreservingSchedule,
} from "./schedule.ts";
export { denoisingLoss, type EpochLosses, type TrainingOptions, trainDenoiser } from "./training.ts";
export { flatWish, peakWish, pointsWish, type WishedPoints } from "./wishes.ts";
