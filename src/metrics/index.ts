/**
 * halograd/metrics: how well one set of curves passes for another. Every score is a plain function of two sets,
 * {@link twoSamples}, and comes with a p-value where relabellings are passed in.
 *
 * @module
 */

export { type ClassifierOptions, classifierAccuracy } from "./classifier.ts";
export { energyDistance, maximumMeanDiscrepancy } from "./distances.ts";
export { type LeaveOneOut, leaveOneOut } from "./leave-one-out.ts";
export {
  type Memorisation,
  memorisation,
  nearestNeighbourAccuracy,
  type PrecisionRecall,
  precisionRecall,
} from "./neighbours.ts";
export { median, medianScore, roughness } from "./numbers.ts";
export { type Labels, randomLabels, type Score, type TwoSamples, twoSamples } from "./two-samples.ts";
