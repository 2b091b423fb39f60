/** The public names of `halograd/galaxy`: rotation curves of disc galaxies from physics, in plain numbers. */
export { discShape, i0e, i1e, k0e, k1e } from "./bessel.ts";
export type { Halo, MassComponent } from "./components.ts";
export {
  circularVelocity,
  exponentialDisc,
  GRAVITATIONAL_CONSTANT,
  HUBBLE_CONSTANT,
  nfwHalo,
  VIRIAL_OVERDENSITY,
} from "./components.ts";
export {
  FIT_BOUNDS,
  FIT_PARAMETERS,
  type FitBounds,
  type FitOptions,
  type FitParameter,
  fitGalaxy,
  type GalaxyFit,
} from "./fit.ts";
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
