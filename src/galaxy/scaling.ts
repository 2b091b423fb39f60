/**
 * Populations of galaxies as descriptions that can be edited: ranges, scaling relations and their scatters, and what the mass of a halo is
 * counted by. A description is plain data, kept as JSON. Units: kpc, solar masses; "dex" is a difference of log10.
 */

import { checkKind, clip, describeNumber, describeValue } from "../basics/check.ts";
import { FormatError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import { erfc, exp10, log10 } from "../kernels/math.ts";
import { type Cosmology, HUBBLE_CONSTANT, VIRIAL_OVERDENSITY } from "./components.ts";
import type { ExtendedGalaxyParameters } from "./extended.ts";
import type { GalaxyParameters } from "./population.ts";

/** log10 y = slope · (log10 x − pivot) + intercept + N(0, scatter²). */
export interface ScalingRelation {
  /** Growth of log10 y with log10 x. */
  readonly slope: number;
  /** log10 x at which y is 10^intercept. */
  readonly pivot: number;
  /** log10 y at the pivot. */
  readonly intercept: number;
  /** Standard deviation around the relation, dex. */
  readonly scatter: number;
}

/** log10 of a ratio: its mean and its standard deviation, dex. */
export interface LogRatio {
  /** Where it lies in the middle. */
  readonly mean: number;
  /** Its standard deviation. */
  readonly scatter: number;
}

/** Least and greatest of what is spread evenly between them. */
export type EvenRange = readonly [least: number, greatest: number];

/** What galaxies of a disc and a halo are drawn from. */
export interface GalaxyPopulation extends Cosmology {
  /** What to call it: letters, digits, "-" and "_". */
  readonly name: string;
  /** log10 of the mass of the stellar disc, solar masses. */
  readonly discMass: EvenRange;
  /** Scale length of the disc, kpc, of its mass. */
  readonly discScaleLength: ScalingRelation;
  /** Mass of the halo, solar masses, of the disc's. */
  readonly haloMass: ScalingRelation;
  /** Concentration, of the halo's mass in solar masses per h, h = H/(100 km/s/Mpc). */
  readonly concentration: ScalingRelation;
}

/** What galaxies with gas, a bulge and a core of the halo are drawn from. */
export interface ExtendedGalaxyPopulation extends GalaxyPopulation {
  /** Mass of the gas, helium included, solar masses, of the disc's. */
  readonly gasMass: ScalingRelation;
  /** Of the gas's scale length over the disc's. */
  readonly gasScaleLength: LogRatio;
  /** log10 of the bulge's mass over the disc's. */
  readonly bulgeMass: EvenRange;
  /** Of the bulge's scale length over the disc's. */
  readonly bulgeScaleLength: LogRatio;
  /** Of the core's radius over the disc's scale length. */
  readonly coreRadius: LogRatio;
  /** From 0, a cusp, to 1, a core. */
  readonly coreStrength: EvenRange;
}

/**
 * The reference post's population. Its concentrations are those of simulated haloes.
 *
 * @see Dutton & Macciò (2014), MNRAS 441, 3359
 */
export const STANDARD_POPULATION: GalaxyPopulation = {
  name: "standard",
  hubbleConstant: HUBBLE_CONSTANT,
  overdensity: VIRIAL_OVERDENSITY,
  discMass: [9, 12],
  discScaleLength: { slope: 0.3, pivot: 10.7, intercept: 0.5, scatter: 0.4 },
  haloMass: { slope: 0.75, pivot: 10.7, intercept: 12, scatter: 0.25 },
  concentration: { slope: -0.101, pivot: 12, intercept: 0.905, scatter: 0.11 },
};

/**
 * A wider population, from dwarfs to giants: a prior for measured galaxies.
 *
 * - `haloMass` is flatter than that of the standard population, which would give a dwarf of 10⁷ solar masses a halo of a tenth of what
 *   abundance matching gives (Behroozi, Wechsler & Conroy 2013, ApJ 770, 57), with a scatter as wide as the spread between such relations.
 * - `concentration` has the mean of the standard population and twice the scatter of simulated haloes, because gas that falls in or is
 *   blown out makes haloes of real galaxies denser or shallower in the middle.
 * - `gasMass` is log M_HI = 0.54 log L + 3.90 of Lelli, McGaugh & Schombert (2016), AJ 152, 157, for a mass-to-light ratio of 0.5, times
 *   1.33 for helium.
 * - `bulgeMass` reaches from none to see to as much as the disc.
 * - `coreRadius` is 1.75 times the radius that holds half the stars (1.68 scale lengths), of Read, Agertz & Collins (2016), MNRAS 459, 2573.
 */
export const EXTENDED_POPULATION: ExtendedGalaxyPopulation = /* @__PURE__ */ (() => ({
  // To a bundler a spread may have effects, and keeps what nobody uses.
  ...STANDARD_POPULATION,
  name: "extended",
  discMass: [7, 12],
  haloMass: { slope: 0.5, pivot: 10.7, intercept: 12, scatter: 0.4 },
  concentration: { ...STANDARD_POPULATION.concentration, scatter: 0.22 },
  gasMass: { slope: 0.54, pivot: 9, intercept: 9.05, scatter: 0.35 },
  gasScaleLength: { mean: 0.3, scatter: 0.2 },
  bulgeMass: [-3, 0],
  bulgeScaleLength: { mean: -1, scatter: 0.25 },
  coreRadius: { mean: 0.468, scatter: 0.2 },
  coreStrength: [0, 1],
}))();

/**
 * One galaxy from its own stream; of an extended population with all its parts.
 *
 * @throws FormatError as {@link parsePopulation} for a population that cannot be, ArgumentError without a stream
 * @example drawGalaxy(STANDARD_POPULATION, new Random(1)).discMass // solar masses
 */
export function drawGalaxy(
  population: GalaxyPopulation,
  random: Random,
): GalaxyParameters | ExtendedGalaxyParameters {
  checkPopulation(population, "drawGalaxy");
  checkRandom("drawGalaxy", random);
  return galaxyOf(population, random);
}

/**
 * As {@link drawGalaxy}, of a population that was checked.
 *
 * @param random a stream, or {@link latentNumbers}
 */
export function galaxyOf(
  population: GalaxyPopulation,
  random: RandomNumbers,
): GalaxyParameters | ExtendedGalaxyParameters {
  // No object is spread: samplers ask for millions of galaxies.
  const evenly = (range: EvenRange): number => random.uniform(range[0], range[1]);
  const ratio = ({ mean, scatter }: LogRatio): number => random.normal(mean, scatter);
  const relation = ({ slope, pivot, intercept, scatter }: ScalingRelation, logX: number): number =>
    slope * (logX - pivot) + intercept + random.normal(0, scatter);
  const logDiscMass = evenly(population.discMass);
  const logScaleLength = relation(population.discScaleLength, logDiscMass);
  const logHaloMass = relation(population.haloMass, logDiscMass);
  const discMass = exp10(logDiscMass);
  const discScaleLength = exp10(logScaleLength);
  const haloMass = exp10(logHaloMass);
  const logHaloMassPerH = logHaloMass + log10(population.hubbleConstant / 100);
  const concentration = exp10(relation(population.concentration, logHaloMassPerH));
  if (!hasAllParts(population)) return { discMass, discScaleLength, haloMass, concentration };
  return {
    discMass,
    discScaleLength,
    haloMass,
    concentration,
    gasMass: exp10(relation(population.gasMass, logDiscMass)),
    gasScaleLength: exp10(logScaleLength + ratio(population.gasScaleLength)),
    bulgeMass: exp10(logDiscMass + evenly(population.bulgeMass)),
    bulgeScaleLength: exp10(logScaleLength + ratio(population.bulgeScaleLength)),
    coreRadius: exp10(logScaleLength + ratio(population.coreRadius)),
    coreStrength: evenly(population.coreStrength),
  };
}

/** The draws that a galaxy takes: a stream's, or those of latents. */
export type RandomNumbers = Pick<Random, "normal" | "uniform">;

/**
 * Numbers of a galaxy from latents, which are standard normal under the prior: galaxies of such latents are as {@link drawGalaxy} draws
 * them. Its galaxy takes {@link latentCount} of them, from `offset` on.
 */
export function latentNumbers(latents: ArrayLike<number>, offset: number): RandomNumbers {
  let next = offset;
  return {
    normal: (mean = 0, deviation = 1) => mean + deviation * latents[next++],
    uniform: (least = 0, greatest = 1) =>
      least + (greatest - least) * 0.5 * erfc(-latents[next++] * Math.SQRT1_2),
  };
}

/** How many latents stand for a galaxy of a population: one for each of its parameters. */
export const latentCount = (population: GalaxyPopulation): number => (hasAllParts(population) ? 10 : 4);

/** Whether galaxies of a population have gas, a bulge and a core of the halo. */
export function isExtendedPopulation(population: GalaxyPopulation): population is ExtendedGalaxyPopulation {
  checkKind("isExtendedPopulation", "a population", population, "object", `STANDARD_POPULATION is one.`);
  return hasAllParts(population);
}

const hasAllParts = (population: GalaxyPopulation): population is ExtendedGalaxyPopulation =>
  "gasMass" in population;

/** A population as JSON, to be edited; {@link parsePopulation} reads it back. */
export function formatPopulation(population: GalaxyPopulation): string {
  checkPopulation(population, "formatPopulation");
  const lines = Object.entries(population).map(
    ([key, value]) =>
      `  ${JSON.stringify(key)}: ${JSON.stringify(value)
        .replace(/([:,{])(?=.)/g, "$1 ")
        .replace("}", " }")}`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}

/**
 * Reads a population, and makes sure that its galaxies can be.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError for text that is no JSON, with the field that is missing, unknown or wrong
 * @example
 * const text = formatPopulation({ ...STANDARD_POPULATION, name: "light", discMass: [8, 10] });
 * parsePopulation(text, "light.json").discMass; // [8, 10]
 */
export function parsePopulation(text: string, source: string): GalaxyPopulation | ExtendedGalaxyPopulation {
  checkKind("parsePopulation", "the text of a population", text, "text", "formatPopulation(…) writes one.");
  checkKind("parsePopulation", "source", source, "text", "say what to call it in errors, such as its path.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(source, `this is no JSON: ${clip(String((error as Error).message))}`, START);
  }
  return checkPopulation(value, source);
}

const START = "begin with what halograd population standard prints";

/** A field's rule: what is wrong with a value, and nothing where it is right. */
type Rule = (value: unknown) => string | undefined;

/** @throws FormatError as {@link parsePopulation} */
export function checkPopulation(value: unknown, source: string): GalaxyPopulation | ExtendedGalaxyPopulation {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormatError(source, "a population is an object of fields", START);
  const found = value as Record<string, unknown>;
  const isExtended = Object.keys(found).some((key) => Object.hasOwn(EXTENSION, key));
  const rules: Record<string, Rule> = isExtended ? { ...BASE, ...EXTENSION } : BASE;
  for (const key of Object.keys(found)) {
    if (Object.hasOwn(rules, key)) continue;
    const problem = `there is no field ${clip(JSON.stringify(key))}`;
    throw new FormatError(source, problem, `there are ${Object.keys({ ...BASE, ...EXTENSION }).join(", ")}`);
  }
  for (const [key, rule] of Object.entries(rules)) {
    const isWhole = !Object.hasOwn(EXTENSION, key);
    if (!Object.hasOwn(found, key)) {
      const why = isWhole ? "" : ", and gas, bulge and core go together";
      throw new FormatError(source, `${key} is missing${why}`, START);
    }
    const wrong = rule(found[key]);
    if (wrong !== undefined) throw new FormatError(source, `${key} is ${show(found[key])}`, `it is ${wrong}`);
  }
  // In one order, so that equal populations are equal texts.
  const population = Object.fromEntries(
    Object.keys(rules).map((key) => [key, ordered(found[key])]),
  ) as unknown as GalaxyPopulation | ExtendedGalaxyPopulation;
  const wrong = impossible(population);
  if (wrong !== undefined)
    throw new FormatError(source, wrong, "check its slope, pivot and intercept, all of log10");
  return population;
}

/** As JSON has it, and in words what JSON has not. */
function show(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? clip(JSON.stringify(value)) : describeNumber(value);
  try {
    return clip(JSON.stringify(value));
  } catch {
    return describeValue(value);
  }
}

const ORDER = ["slope", "pivot", "intercept", "mean", "scatter"];

const ordered = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)));

const number =
  (least: number, greatest: number): Rule =>
  (value) =>
    typeof value === "number" && value >= least && value <= greatest
      ? undefined
      : `a number from ${least} to ${greatest}`;

const range = (least: number, greatest: number, of: string): Rule => {
  const end = number(least, greatest);
  return (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((x) => end(x) === undefined) &&
    value[0] < value[1]
      ? undefined
      : `[least, greatest] of ${of}, from ${least} to ${greatest}`;
};

const fields =
  (rules: Readonly<Record<string, Rule>>): Rule =>
  (value) => {
    const names = Object.keys(rules);
    const own = Object(value) as Record<string, unknown>;
    const isWhole = names.every((name) => Object.hasOwn(own, name));
    if (!isWhole || !Object.keys(own).every((key) => names.includes(key)))
      return `an object with ${names.join(", ")}`;
    return names.flatMap((name) => {
      const wrong = rules[name](own[name]);
      return wrong === undefined ? [] : `an object whose ${name} is ${wrong}`;
    })[0];
  };

const SCATTER = number(0, 3);
const relation = fields({
  slope: number(-10, 10),
  pivot: number(-30, 30),
  intercept: number(-30, 30),
  scatter: SCATTER,
});
const ratio = fields({ mean: number(-5, 5), scatter: SCATTER });

const BASE: Readonly<Record<string, Rule>> = {
  name: (value) =>
    typeof value === "string" && /^[\w-]{1,60}$/.test(value)
      ? undefined
      : 'a text of letters, digits, "-" and "_"',
  hubbleConstant: number(10, 1000),
  overdensity: number(1, 100_000),
  discMass: range(0, 16, "log10 solar masses"),
  discScaleLength: relation,
  haloMass: relation,
  concentration: relation,
};

const EXTENSION: Readonly<Record<string, Rule>> = {
  gasMass: relation,
  gasScaleLength: ratio,
  bulgeMass: range(-10, 5, "log10 of masses over the disc's"),
  bulgeScaleLength: ratio,
  coreRadius: ratio,
  coreStrength: range(0, 1, "strengths"),
};

/** What log10 of a relation may be at the ends of its range: far beyond any galaxy, and far from what numbers cannot hold. */
const POSSIBLE = {
  discScaleLength: [-4, 4],
  haloMass: [3, 18],
  concentration: [-2, 4],
  gasMass: [-5, 16],
} as const;

/** What no galaxy can be like, such as haloes of 10³⁰ solar masses. */
function impossible(population: GalaxyPopulation | ExtendedGalaxyPopulation): string | undefined {
  const ends = (range: readonly number[], { slope, pivot, intercept }: ScalingRelation): number[] =>
    range.map((logX) => slope * (logX - pivot) + intercept);
  const { discMass, discScaleLength, haloMass, concentration } = population;
  const found = {
    discScaleLength: ends(discMass, discScaleLength),
    haloMass: ends(discMass, haloMass),
    concentration: ends(ends(discMass, haloMass), concentration),
    ...(isExtendedPopulation(population) && { gasMass: ends(discMass, population.gasMass) }),
  };
  for (const [key, values] of Object.entries(found)) {
    const [least, greatest] = POSSIBLE[key as keyof typeof POSSIBLE];
    const bad = values.find((value) => !(value >= least && value <= greatest));
    if (bad === undefined) continue;
    const ten = (x: number): string => `10^${Number(x.toPrecision(3))}`;
    return `${key} reaches ${ten(bad)} for discs of ${ten(discMass[0])} to ${ten(discMass[1])} solar masses, beyond ${ten(least)} to ${ten(greatest)}`;
  }
  return undefined;
}
