/**
 * halograd/galaxy: rotation curves of disc galaxies from physics, in plain numbers.
 *
 * @module
 */

export { discShape, i0e, i1e, k0e, k1e } from "./bessel.ts";
export type { Cosmology, Halo, HaloOptions, MassComponent } from "./components.ts";
export {
  circularVelocity,
  exponentialDisc,
  GRAVITATIONAL_CONSTANT,
  HUBBLE_CONSTANT,
  hernquistBulge,
  nfwHalo,
  STANDARD_COSMOLOGY,
  VIRIAL_OVERDENSITY,
} from "./components.ts";
export {
  type ExtendedGalaxyParameters,
  extendedGalaxyComponents,
  extendedRotationCurves,
  sampleExtendedPopulation,
} from "./extended.ts";
export {
  FIT_BOUNDS,
  FIT_PARAMETERS,
  type FitBounds,
  type FitOptions,
  type FitParameter,
  fitGalaxy,
  type GalaxyFit,
} from "./fit.ts";
export {
  HALO_PROFILES,
  type HaloFamilyOptions,
  type HaloProfile,
  haloOf,
} from "./halos.ts";
export {
  acceleration,
  type GalaxyMeasurements,
  type MassModel,
  type MassModelCurves,
  type MassModelPriors,
  type MassParameter,
  type MassParameterName,
  massModel,
  radialAcceleration,
} from "./mass-model.ts";
export { HALO_FAMILIES, type HaloFamily } from "./names.ts";
export type { GalaxyParameters, RotationCurves } from "./population.ts";
export { galaxyComponents, logSpacedRadii, rotationCurves, samplePopulation } from "./population.ts";
export {
  checkPopulation,
  drawGalaxy,
  type EvenRange,
  EXTENDED_POPULATION,
  type ExtendedGalaxyPopulation,
  formatPopulation,
  type GalaxyPopulation,
  isExtendedPopulation,
  type LogRatio,
  parsePopulation,
  type ScalingRelation,
  STANDARD_POPULATION,
} from "./scaling.ts";
