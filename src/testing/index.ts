/**
 * Checking gradients, your own and ours: `checkGradients`, arbitraries for fast-check, and bounds of rounding errors.
 *
 * @module
 */

export type { Setting } from "../basics/domains.ts";
export {
  type Arbitraries,
  type Arbitrary,
  arbitraries,
  type FastCheck,
  type OlderArbitraries,
  type OlderArbitrary,
  type OlderFastCheck,
} from "./arbitraries.ts";
export { type CheckOptions, checkGradients, type GradientReport, type Kink } from "./check.ts";
export { assertClose } from "./close.ts";
export type { GraphOptions, ShapeOptions, TensorDrawOptions } from "./draw.ts";
export { Graph, type Step } from "./graph.ts";
export { errorBound } from "./rounding.ts";
