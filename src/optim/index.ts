/**
 * halograd/optim: optimisers, learning-rate schedules, gradient clipping, averages of weights.
 *
 * @module
 */

export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type Memory, Optimizer } from "./optimizer.ts";
export { cosineSchedule, oneCycleSchedule, type Schedule, Scheduler, stepSchedule } from "./schedules.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export { clipGradNorm, clipGradValue, WeightAverage } from "./weights.ts";
