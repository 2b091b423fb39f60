/**
 * halograd/optim: optimisers, learning-rate schedules, gradient clipping, averages of weights.
 *
 * @module
 */

export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type Memory, Optimizer, type ParameterGroup, type UpdateSettings } from "./optimizer.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export type { SavedTensor, StateDictionary } from "./saved-state.ts";
export {
  cosineRestartsSchedule,
  cosineSchedule,
  exponentialSchedule,
  oneCycleSchedule,
  type PlateauOptions,
  PlateauScheduler,
  type Schedule,
  Scheduler,
  stepSchedule,
  warmUpSchedule,
} from "./schedules.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export { clipGradNorm, clipGradValue, WeightAverage } from "./weights.ts";
