/** What holds measured galaxies together: posteriors of gas, disc, bulge and halo. Joins mass models to the ensemble that samples them. */

import {
  checkCount,
  checkKind,
  checkList,
  checkOptions,
  checkWithin,
  describeNumber,
} from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { ENSEMBLE_OPTIONS } from "../diffusion/ensemble.ts";
import { type EnsembleOptions, ensemblePosterior, type Progress } from "../diffusion/index.ts";
import {
  type GalaxyMeasurements,
  GRAVITATIONAL_CONSTANT,
  type HaloFamily,
  type MassModelCurves,
  type MassModelPriors,
  massModel,
} from "../galaxy/index.ts";
import { exp10, sin } from "../kernels/math.ts";
import { leaveOneOut } from "../metrics/index.ts";

/** How masses are inferred. */
export interface DecompositionOptions extends EnsembleOptions {
  /** Priors of the parameters. */
  readonly priors?: MassModelPriors | undefined;
  /** Luminosity of all stars at 3.6 μm for the stated distance, solar units: the mass of the disc follows from it. Default: not told. */
  readonly luminosity?: number | undefined;
  /** Mass of atomic hydrogen for the stated distance, solar masses: 1.33 times it is gas. Default: not told. */
  readonly hydrogenMass?: number | undefined;
}

/** A number with what is known of it. */
export interface MassQuantity {
  /** What tables print: `log10 M200 [M☉]`. */
  readonly title: string;
  /** Of each draw. */
  readonly draws: Float64Array;
  /** True of what follows from the parameters, and of no parameter. */
  readonly isDerived: boolean;
}

/** The posterior of one galaxy with a halo of one family. */
export interface Decomposition {
  /** The family of its halo. */
  readonly family: HaloFamily;
  /** The parameters, then the masses that follow from them. */
  readonly quantities: readonly MassQuantity[];
  /** Of each draw, the squared velocities of the parts at the radii of the data, (km/s)². */
  readonly curves: readonly MassModelCurves[];
  /** χ² of the best draw, with the errors as stated. */
  readonly chiSquared: number;
  /** Σ ln p(point | other points), to compare families by: see `leaveOneOut`. */
  readonly predictiveScore: number;
  /** Of each point. */
  readonly predictiveScores: Float64Array;
  /** Points whose score is not to be trusted. */
  readonly doubtfulPoints: number;
  /** ln of the evidence, and its standard error. */
  readonly logEvidence: number;
  /** Its standard error. */
  readonly logEvidenceError: number;
  /** The worst R̂, and the least effective number of draws, of any parameter. */
  readonly rHat: number;
  /** The least effective number of draws of any parameter. */
  readonly effectiveCount: number;
  /** Likelihoods that were computed. */
  readonly evaluations: number;
}

/**
 * The posterior of what holds a galaxy together.
 *
 * @throws ArgumentError or ShapeError for measurements or options that cannot be
 * @example
 * const galaxy = { radii: [2, 5, 9], velocities: [80, 110, 115], errors: [4, 3, 4], disc: [90, 95, 70] };
 * const { quantities } = finish(decomposeGalaxy(galaxy, "nfw", { random: new Random(1) }));
 * quantities[0].title // "log10 M200 [M☉]"
 */
export function* decomposeGalaxy(
  galaxy: GalaxyMeasurements,
  family: HaloFamily,
  options: DecompositionOptions,
): Generator<Progress, Decomposition, void> {
  const where = "decomposeGalaxy";
  checkOptions(where, options ?? {}, [...["priors", "luminosity", "hydrogenMass"], ...ENSEMBLE_OPTIONS]);
  const { priors, luminosity, hydrogenMass, ...ensemble } = options ?? {};
  for (const [name, value] of Object.entries({ luminosity, hydrogenMass })) {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue;
    throw new ArgumentError(
      where,
      `${name} is ${describeNumber(value)}`,
      "it is a number, 0 or more, in solar units.",
    );
  }
  const model = massModel(galaxy, family, priors);
  const posterior = yield* ensemblePosterior(model.logLikelihood, model.parameters.length, ensemble);
  const { draws, ...diagnostics } = posterior;
  const values = draws.map((draw) => model.valuesOf(draw));
  const curves = draws.map((draw) => model.curvesOf(draw));
  const terms = draws.map((draw) => {
    const row = new Float64Array(model.count);
    model.logLikelihood(draw, row);
    return row;
  });
  const { score, scores, doubtful } = leaveOneOut(terms);
  const quantities: MassQuantity[] = model.parameters.map(({ title }, p) => ({
    title,
    draws: Float64Array.from(values, (row) => row[p]),
    isDerived: false,
  }));
  quantities.push(
    ...massesOf(
      galaxy,
      { luminosity, hydrogenMass },
      (name) => {
        const p = model.parameters.findIndex((parameter) => parameter.name === name);
        return p < 0 ? undefined : quantities[p].draws;
      },
      curves,
    ),
  );
  return {
    family,
    quantities,
    curves,
    chiSquared: curves.reduce((least, parts) => Math.min(least, chiSquaredOf(galaxy, parts)), Infinity),
    predictiveScore: score,
    predictiveScores: scores,
    doubtfulPoints: doubtful,
    ...diagnostics,
  };
}

function chiSquaredOf({ velocities, errors }: GalaxyMeasurements, parts: MassModelCurves): number {
  let sum = 0;
  for (let i = 0; i < velocities.length; i++) {
    const residual = (velocities[i] - Math.sqrt(squaredOf(parts, i))) / errors[i];
    sum += residual * residual;
  }
  return sum;
}

/**
 * v² of all parts at a point, (km/s)².
 *
 * @param i of the point
 * @example
 * const part = (v2: number) => Float64Array.of(v2);
 * squaredOf({ gas: part(-25), disc: part(4900), bulge: part(0), halo: part(5200) }, 0) // 10075
 */
export function squaredOf(parts: MassModelCurves, i: number): number {
  const where = "squaredOf";
  checkKind(where, "the parts", parts, "object", "give { gas, disc, bulge, halo }.");
  const { gas, disc, bulge, halo } = parts;
  checkCount(where, "i", i, 0);
  for (const [name, list] of Object.entries({ gas, disc, bulge, halo })) {
    checkList(where, name, list);
    if (i < list.length) checkWithin(where, `${name}[${i}]`, list[i]);
    if (i >= list.length)
      throw new ArgumentError(where, `there is no point ${i} among ${list.length} of ${name}.`);
  }
  return gas[i] + disc[i] + bulge[i] + halo[i];
}

/** Gas has helium besides: by mass, a third of the hydrogen. */
const GAS_PER_HYDROGEN = 1.33;

/** Masses of the parts, solar masses, each where the data tell it. All of what shines grows with the square of the distance. */
function massesOf(
  galaxy: GalaxyMeasurements,
  { luminosity, hydrogenMass }: Pick<DecompositionOptions, "luminosity" | "hydrogenMass">,
  drawsOf: (
    name: "logHaloMass" | "discRatio" | "bulgeRatio" | "distance" | "inclination",
  ) => Float64Array | undefined,
  curves: readonly MassModelCurves[],
): MassQuantity[] {
  const { radii, distance, inclination } = galaxy;
  const last = radii.length - 1;
  const distances = drawsOf("distance");
  const inclinations = drawsOf("inclination");
  const farther = (d: number): number =>
    distances === undefined || distance === undefined ? 1 : distances[d] / distance;
  const degrees = Math.PI / 180;
  const seen = (d: number): number =>
    inclinations === undefined || inclination === undefined
      ? 1
      : sin(inclinations[d] * degrees) / sin(inclination * degrees);
  const masses: MassQuantity[] = [];
  const add = (title: string, of: (d: number) => number): void => {
    masses.push({ title, draws: Float64Array.from(curves, (_, d) => of(d)), isDerived: true });
  };
  // A bulge is a sphere, so that its last point tells its mass, and with it its light.
  const bulgeSpeed = galaxy.bulge?.[last] ?? 0;
  const bulgeLight = (bulgeSpeed * bulgeSpeed * radii[last]) / GRAVITATIONAL_CONSTANT;
  const discRatio = drawsOf("discRatio");
  const bulgeRatio = drawsOf("bulgeRatio");
  if (luminosity !== undefined && discRatio !== undefined && luminosity > bulgeLight)
    add("disc stars [M☉]", (d) => discRatio[d] * (luminosity - bulgeLight) * square(farther(d)));
  if (bulgeRatio !== undefined)
    add("bulge stars [M☉]", (d) => bulgeRatio[d] * bulgeLight * square(farther(d)));
  if (hydrogenMass !== undefined && hydrogenMass > 0)
    add("gas [M☉]", (d) => GAS_PER_HYDROGEN * hydrogenMass * square(farther(d)));
  const logMass = drawsOf("logHaloMass");
  if (logMass !== undefined) add("halo, M200 [M☉]", (d) => exp10(logMass[d]));
  // Of a sphere that would hold the last orbit.
  add(
    "all within the last point [M☉]",
    (d) => (squaredOf(curves[d], last) / square(seen(d)) / GRAVITATIONAL_CONSTANT) * radii[last] * farther(d),
  );
  return masses;
}

const square = (x: number): number => x * x;
