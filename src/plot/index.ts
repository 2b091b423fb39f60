/**
 * halograd/plot: rotation-curve figures as SVG, the core they are built on, and the page that tells their story.
 *
 * @module
 */

export type { ConvergenceOptions, ConvergenceSeries } from "./convergence.ts";
export { convergenceFigure } from "./convergence.ts";
export type {
  Axis,
  BandMark,
  ColorBar,
  FigureOptions,
  LineMark,
  Mark,
  Panel,
  PointsMark,
} from "./figure.ts";
export { figure } from "./figure.ts";
export type {
  Curve,
  CurvesOptions,
  LossOptions,
  NoiseOptions,
  PredictionCase,
  PredictionsOptions,
  RadiusOptions,
  SamplingOptions,
  Snapshot,
} from "./figures.ts";
export { curvesFigure, lossFigure, noiseFigure, predictionsFigure, samplingFigure } from "./figures.ts";
export {
  type InferredGalaxy,
  inferenceFigure,
  inferredGalaxiesFigure,
  intervalBands,
  type ObservedPoints,
} from "./inference.ts";
export {
  type AccelerationOptions,
  accelerationFigure,
  type CornerParameter,
  cornerFigure,
  type DecompositionFigureOptions,
  decompositionFigure,
} from "./masses.ts";
export { okabeIto, viridis } from "./palette.ts";
export type {
  AutoencoderModel,
  ComponentData,
  ReportContents,
  ReportFigures,
  ReportSampler,
  ResidualModel,
  StandardizedData,
} from "./report.ts";
export { report } from "./report.ts";
export type { Scale, ScaleKind, ScaleOptions, Tick } from "./scale.ts";
export { scale } from "./scale.ts";
export { type ScoresOptions, scoresFigure } from "./scores.ts";
export { thinLine } from "./thin.ts";
export { type WishesOptions, wishesFigure } from "./wishes.ts";
