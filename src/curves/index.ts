/**
 * halograd/curves: models of rotation curves. Generate populations, train, sample under conditions and wishes, denoise, infer measured
 * galaxies, score, and keep models as bytes. Long work is a generator of its progress: {@link finish} drives it, {@link breathing} leaves an
 * event loop its turns.
 *
 * @module
 */

export { breathing, finish, type Progress } from "../diffusion/index.ts";
export type { Bytes } from "../kernels/index.ts";
export { saveTraining } from "./checkpoint.ts";
export {
  type Decomposition,
  type DecompositionOptions,
  decomposeGalaxy,
  type MassQuantity,
  squaredOf,
} from "./decomposition.ts";
export {
  type DenoisingOptions,
  denoiseCurves,
  measurePredictions,
  type NoisyCurves,
  type PredictionError,
  predictCurves,
  rootMeanSquare,
} from "./denoising.ts";
export { type Excess, measureExcess } from "./excess.ts";
export { exportModel } from "./export.ts";
export { type GalaxyInferenceOptions, type GalaxyPosterior, inferGalaxy } from "./galaxy-inference.ts";
export {
  illustrateNoise,
  illustratePredictions,
  illustrateSampling,
} from "./illustrations.ts";
export {
  type InferenceOptions,
  type InferenceProgress,
  inferCurves,
} from "./inference.ts";
export {
  type Model,
  type ModelCondition,
  readModel,
  type TrainingRecord,
  writeModel,
} from "./model.ts";
export {
  CONDITIONS,
  type Condition,
  type ConditionName,
  LEARNING_RATE_SCHEDULES,
  type LearningRateSchedule,
  MEMORISATION,
  NETWORKS,
  type NetworkName,
  POPULATIONS,
  type PopulationName,
  SAMPLERS,
  type SamplerName,
  SCORES,
  type ScoreKey,
  type ScoreName,
  SIGNIFICANCE,
} from "./names.ts";
export {
  ERROR_SPREAD,
  type ObservationNoise,
  TYPICAL_DEVIATION,
  type TypicalDeviation,
} from "./observed-curve.ts";
export {
  formatGalaxies,
  type Galaxy,
  generatePopulation,
  type Population,
  type PopulationChoice,
  type PopulationOptions,
  type PopulationProgress,
  parseGalaxies,
} from "./population.ts";
export {
  type FittedModel,
  type GalaxyQuantiles,
  INTERVAL_SHARES,
  intervalsOf,
  type Posterior,
  parametersAtBounds,
  parametersOf,
  quantiles,
} from "./posterior.ts";
export { type CurveProperty, propertiesOf } from "./properties.ts";
export {
  type CurvesStep,
  defaultSampling,
  SAMPLER_FUNCTIONS,
  type SamplerChoice,
  type SamplingOptions,
  type SamplingProgress,
  sampleCurves,
  samplingSteps,
} from "./sampling.ts";
export {
  type ComparisonOptions,
  compareCurves,
  formatScore,
  type NamedCurves,
  type ScoreProgress,
  type ScoreRow,
  scoreSamples,
  titleOf,
  verdict,
} from "./scores.ts";
export {
  loadTraining,
  type Training,
  type TrainingData,
  type TrainingOptions,
  trainModel,
  unseenCurves,
} from "./training.ts";
export { type CurveWishes, measureWishes, type WishMeasure } from "./wishes.ts";
