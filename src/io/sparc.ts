/**
 * The two tables of SPARC (Lelli, McGaugh & Schombert 2016, AJ 152, 157) as published: machine-readable tables (MRT)
 * that describe their own columns, then a line a point or a galaxy.
 */

import { checkKind, clip, describeValue, nearest } from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";
import { decimalOf } from "./csv.ts";
import type { ObservedParts } from "./observations.ts";

/** A measured curve of SPARC, with what its stars and gas alone would hold. */
export interface SparcCurve extends ObservedParts {
  /** As in the table: "NGC2403". */
  readonly name: string;
  /** Mpc, as assumed for the radii. */
  readonly distance: number;
  /** Contribution of the gas, km/s; below 0 where it pulls outwards. */
  readonly gas: Float64Array;
  /** Contribution of the disc for a mass-to-light ratio of 1, km/s. */
  readonly disc: Float64Array;
  /** Contribution of the bulge for a mass-to-light ratio of 1, km/s. */
  readonly bulge: Float64Array;
}

/** What the table of galaxies tells of one, as far as it is used here. */
export interface SparcGalaxy {
  /** As in the table: "NGC2403". */
  readonly name: string;
  /** Mpc. */
  readonly distance: number;
  /** Mpc. */
  readonly distanceError: number;
  /** Degrees; 90 is edge-on. */
  readonly inclination: number;
  /** Degrees. */
  readonly inclinationError: number;
  /** Of all stars at 3.6 μm, solar luminosities. */
  readonly luminosity: number;
  /** Of atomic hydrogen, solar masses. */
  readonly hydrogenMass: number;
  /** 1 = high, 2 = medium, 3 = low. */
  readonly quality: number;
}

/**
 * Reads `MassModels_Lelli2016c.mrt`: all galaxies in the order of the file. Lines are split on white space: no name
 * holds a blank, and no cell is empty.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError for another table, a line that is not a name and nine numbers, a radius or an error that is not above 0
 * @example
 * const text = [
 *   "ID D R Vobs e_Vobs Vgas Vdisk Vbul SBdisk SBbul", // the table, cut to its column names and one line
 *   "-".repeat(80),
 *   "NGC2403       3.16   0.16  24.50  2.83   0.00  23.21   0.00 1105.79     0.00",
 * ].join("\n");
 * const [galaxy] = parseSparcCurves(text, "MassModels_Lelli2016c.mrt");
 * [galaxy.name, galaxy.radii[0], galaxy.velocities[0]]; // ["NGC2403", 0.16, 24.5]
 */
export function parseSparcCurves(text: string, source: string): SparcCurve[] {
  const galaxies = new Map<string, number[][]>();
  for (const { line, words } of linesOf(text, source, "Vobs", 10)) {
    const numbers = numbersOf(words.slice(1), source, line);
    const [, radius, , error] = numbers;
    if (!(radius > 0 && error > 0)) {
      const problem = `line ${line}: the radius is ${radius}, the error ${error}; both must be above 0`;
      throw new FormatError(source, problem, FIX);
    }
    const points = galaxies.get(words[0]) ?? [];
    points.push(numbers);
    galaxies.set(words[0], points);
  }
  return Array.from(galaxies, ([name, points]) => {
    const ordered = points.toSorted((a, b) => a[1] - b[1]);
    const column = (i: number): Float64Array => Float64Array.from(ordered, (point) => point[i]);
    return {
      name,
      distance: ordered[0][0],
      radii: column(1),
      velocities: column(2),
      errors: column(3),
      gas: column(4),
      disc: column(5),
      bulge: column(6),
    };
  });
}

/**
 * Reads `SPARC_Lelli2016c.mrt`. Its byte-by-byte description is off by some columns, so that lines are split on white
 * space here too; the references at their end may be of any number of words.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError for another table, or a line without a number where one belongs
 * @example
 * const text = [
 *   "Galaxy T D e_D f_D Inc e_Inc …", // the table, cut to some of its column names and one line
 *   "-".repeat(80),
 *   "NGC2403  6   3.16  0.16  2 63.0  3.0  10.041   0.028  2.16   341.06  1.39  1408.74   3.199 15.11 131.2   4.9   1   Da06",
 * ].join("\n");
 * const [{ name, inclination, quality }] = parseSparcGalaxies(text, "SPARC_Lelli2016c.mrt");
 * [name, inclination, quality]; // ["NGC2403", 63, 1]
 */
export function parseSparcGalaxies(text: string, source: string): SparcGalaxy[] {
  return linesOf(text, source, "Inc", 18).map(({ line, words }) => {
    const numbers = numbersOf(words.slice(1, 18), source, line);
    return {
      name: words[0],
      distance: numbers[1],
      distanceError: numbers[2],
      inclination: numbers[4],
      inclinationError: numbers[5],
      luminosity: 1e9 * numbers[6],
      hydrogenMass: 1e9 * numbers[12],
      quality: numbers[16],
    };
  });
}

/**
 * The galaxy of that name, however its letters and blanks are written: "ngc 2403" is NGC2403.
 *
 * @param source what to call the table in errors, usually its path
 * @throws FormatError with the nearest name when there is none
 * @example
 * const text = ["R Vobs", "-".repeat(80), "NGC2403 3.16 0.16 24.50 2.83 0.00 23.21 0.00 1105.79 0.00"].join("\n");
 * const galaxies = parseSparcCurves(text, "MassModels_Lelli2016c.mrt");
 * findSparcGalaxy(galaxies, "ngc 2403", "MassModels_Lelli2016c.mrt").distance; // 3.16
 */
export function findSparcGalaxy(curves: readonly SparcCurve[], name: string, source: string): SparcCurve {
  if (!Array.isArray(curves) || typeof curves[0]?.name !== "string") {
    throw new ArgumentError(
      "findSparcGalaxy",
      `needs the galaxies to look in; got ${describeValue(curves)}`,
      "pass what parseSparcCurves returned",
    );
  }
  if (typeof name !== "string") {
    throw new ArgumentError("findSparcGalaxy", `a galaxy's name is text; got ${describeValue(name)}`);
  }
  const plain = (text: string): string => text.toLowerCase().replace(/\s/g, "");
  const found = curves.find((curve) => plain(curve.name) === plain(name));
  if (found !== undefined) return found;
  const near = nearest(
    name,
    curves.map((curve) => curve.name),
  );
  throw new FormatError(
    source,
    `it has no galaxy "${clip(name)}" among its ${curves.length}`,
    near === undefined
      ? `there are ${clip(curves[0].name)}, …, ${clip(curves[curves.length - 1].name)}`
      : `did you mean ${clip(near)}?`,
  );
}

const FIX = "give the file as it was published, from zenodo.org/records/16284118";

/** The lines behind the last rule of dashes, of a table whose header names `label`. */
function linesOf(
  text: string,
  source: string,
  label: string,
  least: number,
): { line: number; words: string[] }[] {
  checkKind("sparc", "a table", text, "text", "decode bytes with TextDecoder");
  const lines = text.split(/\r\n?|\n/);
  const rule = lines.findLastIndex((line) => /^-{20,}\s*$/.test(line));
  const names = lines.slice(0, Math.max(0, rule)).some((line) => line.split(/\s+/).includes(label));
  if (rule < 0 || !names) {
    throw new FormatError(source, `it is not the table of SPARC with a column ${label}`, FIX);
  }
  const found = lines
    .map((line, i) => ({ line: i + 1, words: line.trim().split(/\s+/) }))
    .slice(rule + 1)
    .filter(({ words }) => words[0] !== "");
  for (const { line, words } of found) {
    if (words.length >= least) continue;
    throw new FormatError(source, `line ${line} has ${words.length} cells, not ${least}`, FIX);
  }
  if (found.length === 0) throw new FormatError(source, "no line follows its header", FIX);
  return found;
}

function numbersOf(words: readonly string[], source: string, line: number): number[] {
  return words.map((word) => {
    const value = decimalOf(word);
    if (Number.isFinite(value)) return value;
    throw new FormatError(source, `line ${line}: "${clip(word)}" is no number`, FIX);
  });
}
