/**
 * Mass models of measured galaxies: what holds the gas on its orbits is gas, a stellar disc, a bulge and a halo, of which
 * photometry and radio maps tell the shapes of the first three. The halo, the stars' mass-to-light ratios, distance,
 * inclination and the scale of the stated errors are the parameters, each with a prior.
 *
 * Every parameter is a function of a number that is normal with mean 0 and standard deviation 1 under the prior, so that a
 * sampler knows one prior only. Units: kpc, km/s, solar masses, Mpc for the distance, degrees.
 */

import {
  checkKind,
  checkList,
  checkOptions,
  checkWithin,
  describeNumber,
  describeValue,
  isList,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { erfc, exp, exp10, expm1, log, log10, sin } from "../kernels/math.ts";
import { GRAVITATIONAL_CONSTANT, HUBBLE_CONSTANT, virialScales } from "./components.ts";
import { HALO_PROFILES, profileOf } from "./halos.ts";
import type { HaloFamily } from "./names.ts";
import { STANDARD_POPULATION } from "./scaling.ts";

/** A measured curve with what its parts alone would hold: a number of each list for each point, in order of radius. */
export interface GalaxyMeasurements {
  /** kpc, above 0, for the stated distance. */
  readonly radii: ArrayLike<number>;
  /** km/s, for the stated inclination. */
  readonly velocities: ArrayLike<number>;
  /** Standard errors, km/s, above 0. */
  readonly errors: ArrayLike<number>;
  /** Contribution of the gas, km/s; below 0 where it pulls outwards. Default: none. */
  readonly gas?: ArrayLike<number> | undefined;
  /** Contribution of the stellar disc for a mass-to-light ratio of 1, km/s. Default: none. */
  readonly disc?: ArrayLike<number> | undefined;
  /** Contribution of the bulge for a mass-to-light ratio of 1, km/s. Default: none. */
  readonly bulge?: ArrayLike<number> | undefined;
  /** Mpc. Default: not told, and then a distance is no parameter. */
  readonly distance?: number | undefined;
  /** Standard error of the distance, Mpc; default 0. */
  readonly distanceError?: number | undefined;
  /** Degrees, 90 is edge-on. Default: not told, and then it is no parameter. */
  readonly inclination?: number | undefined;
  /** Standard error of the inclination, degrees; default 0. */
  readonly inclinationError?: number | undefined;
}

/** What the parameters are before anything was measured; the defaults are of SPARC's galaxies at 3.6 μm. */
export interface MassModelPriors {
  /** log10 of the halo's mass for the stated inclination, solar masses: evenly spread between these. Default 8 to 14. */
  readonly logHaloMass?: readonly [least: number, most: number] | undefined;
  /** Median mass-to-light ratio of the disc's stars, in solar units. Default 0.5. */
  readonly discRatio?: number | undefined;
  /** Median mass-to-light ratio of the bulge's stars. Default 0.7. */
  readonly bulgeRatio?: number | undefined;
  /** Scatter of both, dex. Default 0.1. */
  readonly ratioScatter?: number | undefined;
  /**
   * Standard deviation of the natural logarithm of what multiplies the stated errors; its median is 1. Default 0.7, as stated errors
   * are off by factors of two. 0 takes them as they stand.
   */
  readonly errorSpread?: number | undefined;
}

/** A parameter, and what it means. */
export interface MassParameter {
  /** Its short name: `haloMass`. */
  readonly name: MassParameterName;
  /** What tables print: `log10 M200 [M☉]`. */
  readonly title: string;
}

/** A parameter, as a function of a number that is standard normal under the prior. */
interface Prior extends MassParameter {
  /** Of those whose priors hang on other parameters, what is left when these are known. */
  readonly value: (z: number) => number;
}

/** Names of the parameters; which of them a model has depends on family and data. */
export type MassParameterName =
  | "logHaloMass"
  | "logConcentration"
  | "form"
  | "discRatio"
  | "bulgeRatio"
  | "distance"
  | "inclination"
  | "errorScale";

/** Squared circular velocities of the parts at the radii of the data, (km/s)², as they would be seen. */
export interface MassModelCurves {
  /** What the gas holds. */
  readonly gas: Float64Array;
  /** What the disc holds. */
  readonly disc: Float64Array;
  /** What the bulge holds. */
  readonly bulge: Float64Array;
  /** What the halo holds. */
  readonly halo: Float64Array;
}

/** A galaxy and a family of haloes, ready to be sampled. */
export interface MassModel {
  /** The family of its halo. */
  readonly family: HaloFamily;
  /** Mass and concentration first. */
  readonly parameters: readonly MassParameter[];
  /** Points that were measured. */
  readonly count: number;
  /** The values of the parameters at a place of the sampler. */
  valuesOf(z: Float64Array): Float64Array;
  /**
   * ln of the likelihood of all points, −∞ where no circular orbit exists.
   *
   * @param terms filled with that of each point, where given
   */
  logLikelihood(z: Float64Array, terms?: Float64Array): number;
  /** The parts of the curve. Velocities squared are those that the data would show: for the stated inclination, at the stated radii. */
  curvesOf(z: Float64Array): MassModelCurves;
}

/** Families with a core alone. */
const CORED: ReadonlySet<HaloFamily> = /* @__PURE__ */ new Set(["burkert", "pseudo-isothermal"]);

/** log10 of the concentration of cored families, whose cosmological relation is not known: evenly spread between these. */
const LOG_CONCENTRATION_RANGE = [0, 2.5] as const;

/** log10 of core radius over scale radius. */
const LOG_CORE_RANGE = [-2, 0.5] as const;

/** Median and scatter (dex) of Einasto's α in simulations: Dutton & Macciò (2014), MNRAS 441, 3359. */
const INDEX = { median: 0.17, scatter: 0.16 };

/**
 * The model of one galaxy with a halo of a family. Priors: haloes of `nfw`, `cored-nfw` and `einasto` have concentrations by the
 * relation of Dutton & Macciò (2014); those of cored families log10 c evenly from 0 to 2.5. Mass-to-light ratios are
 * log-normal (Lelli, McGaugh & Schombert 2016), distance and inclination have the errors that are stated.
 *
 * @throws ArgumentError or ShapeError for measurements that cannot be
 * @example
 * const galaxy = { radii: [2, 5, 9], velocities: [80, 110, 115], errors: [4, 3, 4], disc: [90, 95, 70] };
 * massModel(galaxy, "burkert").parameters.map(({ name }) => name);
 * // [ "logHaloMass", "logConcentration", "discRatio", "errorScale" ]
 */
export function massModel(
  measured: GalaxyMeasurements,
  family: HaloFamily,
  priors: MassModelPriors = {},
): MassModel {
  const profile = profileOf("massModel", family);
  checkOptions("massModel.priors", priors, PRIORS);
  const data = checkMeasurements(measured);
  const { count, radii, velocities, errors, gas, disc, bulge } = data;
  const parameters = priorsFor(data, family, priors);
  const place = Object.fromEntries(parameters.map(({ name }, i) => [name, i])) as Partial<
    Record<MassParameterName, number>
  >;
  const values = new Float64Array(parameters.length);
  const valueOr = (name: MassParameterName, standard: number): number => {
    const i = place[name];
    return i === undefined ? standard : values[i];
  };
  const evaluate = (z: Float64Array): void => {
    if (!(isList(z) && z.length === values.length)) {
      const problem = `a place of the sampler has ${values.length} numbers; got ${describeValue(z)}`;
      throw new ArgumentError("massModel", problem, "pass one for each of the parameters.");
    }
    for (let i = 0; i < values.length; i++) values[i] = parameters[i].value(z[i]);
    // Seen more from above, the same speeds are of a heavier halo: without this, both would be so correlated that chains mix slowly.
    const seen = sineOf(valueOr("inclination", data.inclination)) / sineOf(data.inclination);
    values[0] -= 3 * log10(Math.max(seen, 1e-3));
    if (!CORED.has(family)) {
      const { slope, pivot, intercept } = STANDARD_POPULATION.concentration;
      values[1] += slope * (values[0] + log10(HUBBLE_CONSTANT / 100) - pivot) + intercept;
    }
  };
  const logErrors = errors.map((error) => log(error) + HALF_LOG_TWO_PI);
  const parts: MassModelCurves = {
    gas: new Float64Array(count),
    disc: new Float64Array(count),
    bulge: new Float64Array(count),
    halo: new Float64Array(count),
  };
  /** Fills the parts from the values: what they hold at the true radii, seen under the stated inclination. */
  const fill = (): void => {
    const farther = valueOr("distance", data.distance) / data.distance;
    const seen = sineOf(valueOr("inclination", data.inclination)) / sineOf(data.inclination);
    const squaredSeen = seen * seen;
    const form = valueOr("form", 1);
    const mass = exp10(values[0]);
    const concentration = exp10(values[1]);
    const { virialRadius } = virialScales(mass);
    const perRadius = concentration / virialRadius;
    const amplitude =
      ((GRAVITATIONAL_CONSTANT * mass) / virialRadius / profile.shape(concentration, form)) * squaredSeen;
    // A galaxy that is farther is as bright, so larger and heavier by the square: its speeds squared grow with the distance.
    const gasScale = farther * squaredSeen;
    const discScale = valueOr("discRatio", 0) * gasScale;
    const bulgeScale = valueOr("bulgeRatio", 0) * gasScale;
    for (let i = 0; i < count; i++) {
      parts.gas[i] = gasScale * gas[i];
      parts.disc[i] = discScale * disc[i];
      parts.bulge[i] = bulgeScale * bulge[i];
      parts.halo[i] = amplitude * profile.shape(radii[i] * farther * perRadius, form);
    }
  };
  return {
    family,
    parameters,
    count,
    valuesOf: (z) => {
      evaluate(z);
      return values.slice();
    },
    logLikelihood: (z, terms) => {
      evaluate(z);
      fill();
      const scale = valueOr("errorScale", 1);
      const logScale = log(scale);
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const squared = parts.gas[i] + parts.disc[i] + parts.bulge[i] + parts.halo[i];
        const residual = (velocities[i] - Math.sqrt(squared)) / (errors[i] * scale);
        const term = -0.5 * residual * residual - logErrors[i] - logScale;
        if (terms !== undefined) terms[i] = term;
        sum += term;
      }
      // No orbit is held where the square of a speed is below 0.
      return Number.isNaN(sum) ? -Infinity : sum;
    },
    curvesOf: (z) => {
      evaluate(z);
      fill();
      return {
        gas: parts.gas.slice(),
        disc: parts.disc.slice(),
        bulge: parts.bulge.slice(),
        halo: parts.halo.slice(),
      };
    },
  };
}

/** ln √(2π): of a normal distribution, what its density is divided by. */
export const HALF_LOG_TWO_PI = 0.9189385332046727;

/** Of degrees; its size, as inclinations beyond 90 are of the other side. */
const sineOf = (degrees: number): number => Math.abs(sin((degrees * Math.PI) / 180));

/** What {@link MassModelPriors} has. */
const PRIORS = ["logHaloMass", "discRatio", "bulgeRatio", "ratioScatter", "errorSpread"] as const;

/** Mass and concentration come first. */
function priorsFor(data: Checked, family: HaloFamily, priors: MassModelPriors): Prior[] {
  const {
    logHaloMass = [8, 14],
    discRatio = 0.5,
    bulgeRatio = 0.7,
    ratioScatter = 0.1,
    errorSpread = 0.7,
  } = priors;
  const refuse = (name: string, value: unknown, rule: string): never => {
    const told = Array.isArray(value) ? value.map(describeNumber).join(",") : describeNumber(value);
    throw new ArgumentError("massModel", `the prior's ${name} is ${told}`, `it is ${rule}.`);
  };
  const isNumber = (value: unknown): value is number => typeof value === "number";
  const isRange = Array.isArray(logHaloMass) && logHaloMass.length === 2 && logHaloMass.every(isNumber);
  const [least, most] = isRange ? logHaloMass : [0, 0];
  if (!(least < most && least >= 0 && most <= 20))
    refuse("logHaloMass", logHaloMass, "two numbers in order, from 0 to 20");
  for (const [name, value] of Object.entries({ discRatio, bulgeRatio })) {
    if (!(isNumber(value) && value > 0 && value < Infinity)) refuse(name, value, "a number above 0");
  }
  for (const [name, value] of Object.entries({ ratioScatter, errorSpread })) {
    if (!(isNumber(value) && value >= 0 && value <= 5)) refuse(name, value, "a number from 0 to 5");
  }
  const list: Prior[] = [];
  const add = (name: MassParameterName, title: string, value: (z: number) => number): void => {
    list.push({ name, title, value });
  };
  add("logHaloMass", "log10 M200 [M☉]", (z) => evenly(z, least, most));
  add("logConcentration", "log10 c200", (z) =>
    CORED.has(family) ? evenly(z, ...LOG_CONCENTRATION_RANGE) : STANDARD_POPULATION.concentration.scatter * z,
  );
  const { form } = HALO_PROFILES[family];
  if (form !== undefined) {
    add("form", form, (z) =>
      family === "einasto" ? INDEX.median * exp10(INDEX.scatter * z) : exp10(evenly(z, ...LOG_CORE_RANGE)),
    );
  }
  if (data.disc.some((v) => v !== 0)) add("discRatio", "Υ disc", (z) => discRatio * exp10(ratioScatter * z));
  if (data.bulge.some((v) => v !== 0))
    add("bulgeRatio", "Υ bulge", (z) => bulgeRatio * exp10(ratioScatter * z));
  if (data.distanceError > 0) {
    // Log-normal, so that none is negative; for small errors the same as normal.
    const relative = data.distanceError / data.distance;
    add("distance", "distance [Mpc]", (z) => data.distance * exp(relative * z));
  }
  if (data.inclinationError > 0) {
    add("inclination", "inclination [°]", (z) => folded(data.inclination + data.inclinationError * z));
  }
  if (errorSpread > 0) add("errorScale", "scale of errors", (z) => exp(errorSpread * z));
  return list;
}

/** Between least and most, evenly spread where z is standard normal. */
function evenly(z: number, least: number, most: number): number {
  return least + (most - least) * 0.5 * erfc(-z * Math.SQRT1_2);
}

/** The inclination from 0 to 90 that looks the same. */
function folded(degrees: number): number {
  const turned = Math.abs(degrees) % 180;
  return turned > 90 ? 180 - turned : turned;
}

interface Checked {
  readonly count: number;
  readonly radii: Float64Array;
  readonly velocities: Float64Array;
  readonly errors: Float64Array;
  /** Squares with the sign of the contribution, (km/s)². */
  readonly gas: Float64Array;
  readonly disc: Float64Array;
  readonly bulge: Float64Array;
  readonly distance: number;
  readonly distanceError: number;
  readonly inclination: number;
  readonly inclinationError: number;
}

function checkMeasurements(measured: GalaxyMeasurements): Checked {
  checkKind("massModel", "a galaxy", measured, "object", "give { radii, velocities, errors }.");
  const { radii, velocities, errors } = measured;
  if (radii !== undefined) checkList("massModel", "radii", radii);
  const count = radii?.length ?? 0;
  const refuse = (problem: string, fix: string): never => {
    throw new ArgumentError("massModel", problem, fix);
  };
  if (count === 0) refuse("there are no points", "pass radii, velocities and errors, one for each point.");
  for (const name of ["velocities", "errors", "gas", "disc", "bulge"] as const) {
    const list = measured[name];
    if (list === undefined && name !== "velocities" && name !== "errors") continue;
    if (list !== undefined) checkList("massModel", name, list);
    if (list?.length !== count) {
      const got = list === undefined ? "none" : `${list.length}`;
      throw new ShapeError("massModel", `got ${got} of ${name} for ${count} radii`, "pass one for each.");
    }
  }
  for (let i = 0; i < count; i++) {
    if (!(Number.isFinite(radii[i]) && radii[i] > 0))
      refuse(`radii[${i}] is ${describeNumber(radii[i])}`, "radii are in kpc, above 0.");
    if (!(Number.isFinite(velocities[i]) && velocities[i] >= 0))
      refuse(`velocities[${i}] is ${describeNumber(velocities[i])}`, "velocities are in km/s, 0 or more.");
    if (!(Number.isFinite(errors[i]) && errors[i] > 0))
      refuse(`errors[${i}] is ${describeNumber(errors[i])}`, "standard errors are in km/s, above 0.");
  }
  const { distance, distanceError = 0, inclination, inclinationError = 0 } = measured;
  const positive = (name: string, value: number | undefined): void => {
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      refuse(`${name} is ${describeNumber(value)}`, `${name} is a number above 0.`);
  };
  positive("distance", distance);
  positive("inclination", inclination);
  if (inclination !== undefined && inclination > 90)
    refuse(`inclination is ${inclination}`, "it is in degrees, 90 for edge-on.");
  for (const [name, error, known] of [
    ["distanceError", distanceError, distance],
    ["inclinationError", inclinationError, inclination],
  ] as const) {
    if (!(Number.isFinite(error) && error >= 0))
      refuse(`${name} is ${describeNumber(error)}`, "an error is 0 or more.");
    if (error > 0 && known === undefined)
      refuse(`${name} is ${error} of nothing`, `pass ${name.slice(0, -5)} too.`);
  }
  const squares = (list: ArrayLike<number> = new Float64Array(count)): Float64Array =>
    Float64Array.from(list, (v) => {
      if (!Number.isFinite(v))
        refuse(`a contribution is ${describeNumber(v)}`, "contributions are in km/s, 0 where there is none.");
      return v * Math.abs(v);
    });
  return {
    count,
    radii: Float64Array.from(radii),
    velocities: Float64Array.from(velocities),
    errors: Float64Array.from(errors),
    gas: squares(measured.gas),
    disc: squares(measured.disc),
    bulge: squares(measured.bulge),
    distance: distance ?? 1,
    distanceError,
    inclination: inclination ?? 90,
    inclinationError,
  };
}

/**
 * The acceleration that v needs on a circle of radius R: v²/R.
 *
 * @param squared (km/s)²
 * @param radius kpc
 * @returns m/s²
 * @throws ArgumentError for what is no finite number, and a radius that is not above 0
 * @example acceleration(220 * 220, 8) // 1.96…e-10
 */
export function acceleration(squared: number, radius: number): number {
  checkWithin("acceleration", "squared", squared);
  checkWithin("acceleration", "radius", radius, { above: 0 });
  return (squared / radius) * ACCELERATION_UNIT;
}

/** (km/s)²/kpc in m/s². */
const ACCELERATION_UNIT = 1e6 / 30856775814913670000;

/**
 * The radial acceleration relation: what is seen of an acceleration that the visible mass alone would give,
 * g_bar / (1 − exp(−√(g_bar/g†))).
 *
 * @param visible g_bar, m/s², above 0
 * @param scale g†, m/s²; default 1.2e-10
 * @throws ArgumentError unless both are finite numbers above 0
 * @example radialAcceleration(1e-12) // 1.15…e-11
 * @see McGaugh, Lelli & Schombert (2016), Phys. Rev. Lett. 117, 201101
 */
export function radialAcceleration(visible: number, scale = 1.2e-10): number {
  checkWithin("radialAcceleration", "visible", visible, { above: 0 });
  checkWithin("radialAcceleration", "scale", scale, { above: 0 });
  return visible / -expm1(-Math.sqrt(visible / scale));
}
