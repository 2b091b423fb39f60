/**
 * halograd/galaxy: rotation curves of disc galaxies from physics, in plain numbers.
 *
 * @module
 */

export { discShape, i0e, i1e, k0e, k1e } from "./bessel.ts";
export type { Halo, HaloOptions, MassComponent } from "./components.ts";
export {
  circularVelocity,
  exponentialDisc,
  GRAVITATIONAL_CONSTANT,
  HUBBLE_CONSTANT,
  hernquistBulge,
  nfwHalo,
  VIRIAL_OVERDENSITY,
} from "./components.ts";
export {
  BULGE_SIZE,
  CORE_SIZE,
  EXTENDED_CONCENTRATION,
  EXTENDED_HALO_MASS,
  EXTENDED_LOG_DISC_MASS_RANGE,
  type ExtendedGalaxyParameters,
  extendedGalaxyComponents,
  extendedRotationCurves,
  GAS_MASS,
  GAS_SIZE,
  LOG_BULGE_SHARE_RANGE,
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
export type { GalaxyParameters, RotationCurves, ScalingRelation } from "./population.ts";
export {
  CONCENTRATION,
  DISC_SIZE,
  galaxyComponents,
  HALO_MASS,
  LOG_DISC_MASS_RANGE,
  logSpacedRadii,
  rotationCurves,
  samplePopulation,
} from "./population.ts";
