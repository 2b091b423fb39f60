/** Measured rotation curves as text: radii, velocities, errors and what gas and stars hold, in columns that are found by their names. */

import { checkNumber, checkOptions, clip, describeValue } from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";
import { decimalOf, fail, parseNumber } from "./csv.ts";
import { decimalCells, nameOf, plainUnit, readTextTable, type TextTable } from "./text-table.ts";

/** A measured rotation curve: one number of each list for each point, the points in order of radius. */
export interface Observations {
  /** kpc, above 0. */
  readonly radii: Float64Array;
  /** km/s. */
  readonly velocities: Float64Array;
  /** Standard errors of the velocities, km/s, above 0. */
  readonly errors: Float64Array;
}

/** A measured rotation curve, with what gas and stars alone would hold at its radii, km/s. What the table has not is left out. */
export interface ObservedParts extends Observations {
  /** Contribution of the gas; below 0 where it pulls outwards. */
  readonly gas?: Float64Array | undefined;
  /** Contribution of the disc for a mass-to-light ratio of 1. */
  readonly disc?: Float64Array | undefined;
  /** Contribution of the bulge for a mass-to-light ratio of 1. */
  readonly bulge?: Float64Array | undefined;
  /** Mpc, as assumed for the radii. */
  readonly distance?: number | undefined;
}

/** The names of columns as they stand in the table, or their numbers, counted from 1. */
export interface ObservationColumns {
  /** The radius. */
  readonly radius?: string | undefined;
  /** The velocity. */
  readonly velocity?: string | undefined;
  /** Two with a slash between them, as in "E_V/e_V", are errors upwards and downwards. */
  readonly error?: string | undefined;
}

/** As {@link ObservationColumns}, with those of what gas and stars hold. */
export interface PartColumns extends ObservationColumns {
  /** The contribution of the gas. */
  readonly gas?: string | undefined;
  /** The contribution of the disc. */
  readonly disc?: string | undefined;
  /** The contribution of the bulge. */
  readonly bulge?: string | undefined;
}

/** How {@link parseObservations} reads a table. */
export interface ObservationOptions {
  /** Columns that are not found by their names, or not the ones that are meant; default: by their names. */
  readonly columns?: ObservationColumns | undefined;
  /** The galaxy's, Mpc: turns radii in angles into kpc. Radii without a unit are in arcseconds then. */
  readonly distance?: number | undefined;
}

/** How {@link parseObservedParts} reads a table. */
export interface PartOptions extends ObservationOptions {
  /** As for observations. */
  readonly columns?: PartColumns | undefined;
  /** As for observations; where radii are in kpc, the distance that was assumed for them. Default: what a comment tells, as in SPARC's files. */
  readonly distance?: number | undefined;
}

/** How a quantity is found among the columns. */
interface Quantity {
  /** What a user calls it. */
  readonly name: keyof PartColumns;
  /** Names in small letters, without units, between blanks. Those of an earlier text come first, and its first one is the quantity's. */
  readonly names: readonly string[];
  /** Names that mean something else as often: they are refused, and this is why. */
  readonly doubtful: Readonly<Record<string, string>>;
  /** Units that the numbers must have, as {@link plainUnit} writes them; a table may leave them out. */
  readonly units: readonly string[];
}

const SPEEDS = ["km/s", "kms-1", "kms", "km/sec", "kmsec-1"];
const DISPERSION = "may be a velocity dispersion";

const PARTS = ["gas", "disc", "bulge"] as const;

type Key = keyof Observations | (typeof PARTS)[number];

const QUANTITIES: Readonly<Record<Key, Quantity>> = {
  radii: {
    name: "radius",
    names: ["radius", "r rad rgal r_gal galactocentric_radius", "rads"],
    doubtful: { distance: "may be the galaxy's distance", dist: "may be the galaxy's distance" },
    units: ["kpc"],
  },
  velocities: {
    name: "velocity",
    names: [
      "velocity",
      "v vobs v_obs vrot v_rot vc v_c vcirc v_circ vcir vel vcorr v_corr vtot v_tot rotation_velocity circular_velocity speed",
    ],
    doubtful: { vsys: "is a galaxy's systemic velocity", vlsr: "is no velocity of rotation" },
    units: SPEEDS,
  },
  errors: {
    name: "error",
    names: [
      "error velocity_error",
      "e err uncertainty errv err_v verr v_err e_v ev ve v_e dv d_v e_vel vel_err e_vc vc_err e_v_c e_vcirc e_velocity e_vobs e_v_obs errvobs vobs_err e_vrot e_v_rot vrot_err v_rot_err vroterr errvrot dvrot err_vrot v_error vrot_error vobs_error velocity_err velocity_uncertainty",
    ],
    doubtful: {
      sigma: DISPERSION,
      sigma_v: DISPERSION,
      sigv: DISPERSION,
      disp: DISPERSION,
      dispersion: DISPERSION,
    },
    units: SPEEDS,
  },
  gas: { name: "gas", names: ["gas", "vgas v_gas"], doubtful: {}, units: SPEEDS },
  disc: { name: "disc", names: ["disc", "disk vdisc v_disc vdisk v_disk"], doubtful: {}, units: SPEEDS },
  bulge: { name: "bulge", names: ["bulge", "vbulge v_bulge vbul v_bul"], doubtful: {}, units: SPEEDS },
};

/** Angles, in arcseconds, by units as {@link plainUnit} writes them. */
const ANGLES: Readonly<Record<string, number>> = {
  arcsec: 1,
  arcsecs: 1,
  arcs: 1,
  arcsecond: 1,
  arcseconds: 1,
  '"': 1,
  "''": 1,
  "″": 1,
  arcmin: 60,
  arcmins: 60,
  arcminute: 60,
  arcminutes: 60,
  "'": 60,
  "′": 60,
  deg: 3600,
  degree: 3600,
  degrees: 3600,
};

/** kpc of an arcsecond at 1 Mpc. */
const ARCSECOND = (1000 * Math.PI) / (180 * 3600);

const EXAMPLE = "radius [kpc],velocity [km/s],error [km/s]";

/**
 * Reads a measured rotation curve from a table: `radius`, `velocity` and `error` in any order, or by one of their usual names
 * (`R`, `Vobs`, `e_Vobs` …); other columns may hold anything. Cells are separated by commas, semicolons, tabs, bars or blanks. The
 * names stand in the first row, or in the last comments before it, as in the files `NGC3198_rotmod.dat` of SPARC. Units are read where
 * they stand: behind the names, as in `radius [kpc]`, in a row or comment below them, and in the header of ECSV. Errors that differ
 * upwards and downwards are replaced by their mean. The points may stand in any order. docs/observations.md lists all that is read.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError for a column that is missing, that could be one of two, or is in another unit; for a cell that is no finite
 *   number, a radius or an error that is not above 0, a velocity below 0, and a table without points; ArgumentError for options that
 *   make no sense
 * @example
 * parseObservations("radius,velocity,error\n2,80,5\n1,60,5\n", "galaxy.csv").velocities; // Float64Array [ 60, 80 ]
 * const columns = { radius: "a", velocity: "b", error: "up/down" };
 * const text = "a;b;up;down\n10,0;60;5;7\n"; // radii in arcseconds
 * parseObservations(text, "galaxy.csv", { columns, distance: 20 }).radii; // 0.97 kpc
 */
export function parseObservations(
  text: string,
  source: string,
  options: ObservationOptions = {},
): Observations {
  const { radii, velocities, errors } = readPoints("parseObservations", text, source, options, []);
  return { radii, velocities, errors };
}

/**
 * Reads a measured rotation curve as {@link parseObservations} does, and what gas and stars alone would hold from the columns `gas`, `disc`
 * and `bulge`, or by their usual names (`Vgas`, `Vdisk`, `Vbul` …), as in the files `NGC3198_rotmod.dat` of SPARC.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError as {@link parseObservations}, for a table without any of these columns, and for a distance that is not the one that it
 *   tells; ArgumentError for options that make no sense
 * @example
 * const text = "# Distance = 13.8 Mpc\nRad Vobs errV Vgas Vdisk\n1 60 5 -3 40\n2 80 4 5 55\n";
 * const { gas, disc, bulge, distance } = parseObservedParts(text, "NGC3198_rotmod.dat");
 * [gas, disc, bulge, distance]; // [Float64Array [ -3, 5 ], Float64Array [ 40, 55 ], undefined, 13.8]
 */
export function parseObservedParts(text: string, source: string, options: PartOptions = {}): ObservedParts {
  return readPoints("parseObservedParts", text, source, options, PARTS);
}

/** @param parts those that are looked for; one of them has to be there */
function readPoints(
  where: string,
  text: string,
  source: string,
  options: PartOptions,
  parts: readonly (typeof PARTS)[number][],
): ObservedParts {
  if (typeof text !== "string") {
    const problem = `a table is text; got ${describeValue(text)}`;
    throw new ArgumentError(where, problem, "decode bytes with TextDecoder");
  }
  checkOptions(where, options, ["columns", "distance"]);
  const { columns = {}, distance } = options;
  checkOptions(`${where}.columns`, columns, ["radius", "velocity", "error", ...parts]);
  for (const [key, name] of Object.entries(columns)) {
    if (name === undefined || (typeof name === "string" && name.trim() !== "")) continue;
    throw new ArgumentError(where, `columns.${key} is the name of a column; got ${describeValue(name)}`);
  }
  if (distance !== undefined) checkNumber(where, "distance", distance);
  if (distance !== undefined && !(distance > 0 && distance < Infinity))
    throw new ArgumentError(
      where,
      `distance is ${distance}; it is a finite number above 0`,
      "give it in Mpc",
    );
  if (/^\s*</.test(text.slice(0, 200)))
    throw new FormatError(source, "this is XML or HTML, no table of text", "save it as CSV or ECSV");

  const wanted = Object.values(columns).flatMap((name) => (name === undefined ? [] : partsOf(name)));
  const isNumbered = wanted.some((name) => /^\d+$/.test(name));
  const isName = (cell: string): boolean =>
    isUsual(cell) || wanted.some((name) => cell === name || nameOf(cell) === nameOf(name));
  const table = readTextTable(text, source, isName, isNumbered);
  const { names, rows } = table;
  const [[r], [v], e] = (["radii", "velocities", "errors"] as const).map((key) =>
    columnsOf(table, key, columns, source),
  );
  const held = parts.flatMap((key) => columnsOf(table, key, columns, source).map((at) => ({ key, at })));
  if (parts.length > 0 && held.length === 0)
    refuseColumn(
      table,
      source,
      "no column of what gas, disc or bulge hold",
      "call them Vgas, Vdisk and Vbul, or choose them: --columns disc=…",
    );
  const hasParts = parts.length > 0;
  const told = hasParts ? toldDistance(table.comments, distance, source) : undefined;
  const { scale, isAngle } = scaleOf(table, r, distance, told, source);
  if (distance !== undefined && !isAngle && !hasParts) {
    const problem = `its column "${clip(names[r])}" is in kpc, so that a distance does nothing`;
    throw new FormatError(source, problem, "leave the distance out");
  }
  for (const [column, name] of [v, ...e].entries())
    requireUnit(table, name, column === 0 ? "velocities" : "errors", source);
  for (const { key, at } of held) requireUnit(table, at, key, source);
  if (rows.length === 0) throw new FormatError(source, "no point follows the header", "add a row a point");
  for (const { line, cells } of rows) {
    if (cells.length === names.length) continue;
    const problem = `${cells.length} cells, but there are ${names.length} columns`;
    fail({ source, line }, problem, "every row needs one cell a column");
  }
  const used = [r, v, ...e, ...held.map(({ at }) => at)];
  const points = decimalCells(table, used, source).map((cells, i) => {
    const { line } = rows[i];
    const [radius, velocity, ...others] = used.map((column, k) =>
      parseNumber(cells[k], { source, line, column: column + 1, name: names[column] }),
    );
    const refuse = (what: string, value: number, column: number, fix: string): never => {
      const point = `point ${i + 1} ("${clip(names[column])}", line ${line})`;
      throw new FormatError(source, `the ${what} of ${point} is ${value}`, fix);
    };
    // Errors downwards are often written with their sign.
    const [one, two] = others;
    const error = e.length === 2 ? (Math.abs(one) + Math.abs(two)) / 2 : one;
    if (!(radius > 0)) refuse("radius", radius, r, "radii are in kpc, above 0");
    if (!(velocity >= 0)) refuse("velocity", velocity, v, "give the speed of rotation in km/s, 0 or more");
    if (!(error > 0)) refuse("error", error, e[0], "give each velocity its standard error in km/s, above 0");
    return [radius * scale, velocity, error, ...others.slice(e.length)];
  });
  points.sort((a, b) => a[0] - b[0]);
  const pick = (i: number): Float64Array => Float64Array.from(points, (point) => point[i]);
  return {
    ...{ radii: pick(0), velocities: pick(1), errors: pick(2) },
    ...Object.fromEntries(held.map(({ key }, i) => [key, pick(3 + i)])),
    ...(hasParts && { distance: distance ?? told }),
  };
}

/** Mpc of "Distance = 13.8 Mpc" in a comment. @throws FormatError where another one was given */
function toldDistance(
  comments: readonly string[],
  given: number | undefined,
  source: string,
): number | undefined {
  const found = comments.flatMap(
    (comment) => /^\s*distance\s*[=:]\s*(\S+)\s*mpc\b/i.exec(comment)?.[1] ?? [],
  );
  const told = found.map(decimalOf).find((value) => value > 0 && value < Infinity);
  if (told === undefined || given === undefined || Math.abs(given - told) <= 1e-6 * told) return told;
  throw new FormatError(
    source,
    `its radii are for a distance of ${told} Mpc, not ${given}`,
    "leave the distance out, and give its error alone",
  );
}

/** "E_V" and "e_V" of "E_V/e_V". A slash in a unit parts nothing. */
function partsOf(name: string): string[] {
  const parts = name.split("/").map((part) => part.trim());
  return parts.length === 2 && parts.every((part) => part !== "" && !/[[(]/.test(part))
    ? parts
    : [name.trim()];
}

/**
 * kpc of a unit of the radii, and whether that is an angle: as radii without a unit are beside a distance that was given.
 *
 * @param told distance of a comment
 * @throws FormatError unless they are in kpc, or in an angle with a distance
 */
function scaleOf(
  { names, units }: TextTable,
  column: number,
  distance: number | undefined,
  told: number | undefined,
  source: string,
): { scale: number; isAngle: boolean } {
  const unit = units[column] ?? "";
  const plain = plainUnit(unit);
  const isAngle = Object.hasOwn(ANGLES, plain) || (unit === "" && distance !== undefined);
  if (!isAngle) {
    requireUnit({ names, units }, column, "radii", source);
    return { scale: 1, isAngle };
  }
  const used = distance ?? told;
  if (used !== undefined) return { scale: (ANGLES[plain] ?? 1) * used * ARCSECOND, isAngle };
  const fix = "give the galaxy's distance in Mpc (--distance), or convert it to kpc";
  throw new FormatError(source, `its column "${clip(names[column])}" is in ${clip(unit)}`, fix);
}

/** @throws FormatError where a column says that it is in another unit than the quantity's */
function requireUnit(
  { names, units }: Pick<TextTable, "names" | "units">,
  column: number,
  key: Key,
  source: string,
): void {
  const { name, units: right } = QUANTITIES[key];
  const unit = units[column] ?? "";
  if (unit === "" || right.includes(plainUnit(unit))) return;
  throw new FormatError(
    source,
    `its column "${clip(names[column])}" is in ${clip(unit)}`,
    `convert it to ${right[0]}, and write ${name} [${right[0]}]`,
  );
}

/**
 * The column of a quantity; of errors perhaps two, upwards and downwards; none of a part that the table has not.
 *
 * @throws FormatError unless one column has the best of the names
 */
function columnsOf(table: TextTable, key: Key, chosen: PartColumns, source: string): number[] {
  const { name, names: wanted, doubtful, units: right } = QUANTITIES[key];
  const own = chosen[name];
  if (own !== undefined) {
    const whole = findColumn(table, own, source);
    if (whole !== undefined) return [whole];
    const parts = key === "errors" ? partsOf(own) : [own];
    return parts.map(
      (part) =>
        findColumn(table, part, source) ??
        refuseColumn(
          table,
          source,
          `no column "${clip(part)}"`,
          "give the name of a column, or its number from 1",
        ),
    );
  }
  const { names, units } = table;
  const fits = (column: number): boolean => right.includes(plainUnit(units[column] ?? ""));
  const places = [...names.keys()];
  const named = (list: readonly string[]): number[] =>
    places.filter((column) => list.includes(nameOf(names[column])));
  const found = wanted.map((words) => named(words.split(" "))).find((columns) => columns.length > 0) ?? [];
  const inUnit = found.filter(fits);
  const columns = inUnit.length === 1 ? inUnit : found;
  if (columns.length === 1 || (columns.length === 0 && PARTS.some((part) => part === key))) return columns;
  const quoted = (list: readonly number[]): string =>
    list.map((column) => `"${clip(names[column])}"`).join(" and ");
  const sides = key === "errors" ? sidesOf(names, columns) : undefined;
  if (sides?.every((list) => list.length === 1)) return sides.flat();
  const several = [columns, ...(sides ?? [])].find((list) => list.length > 1);
  if (several !== undefined) {
    throw new FormatError(
      source,
      `each of its columns ${clip(quoted(several))} could be the ${name}`,
      `call the one that is meant "${name}", or choose it by --columns ${name}=…`,
    );
  }
  const [side] = sides?.flat() ?? [];
  const [unsure = side] = named(Object.keys(doubtful));
  const reason =
    unsure === undefined
      ? ""
      : `: ${quoted([unsure])} ${doubtful[nameOf(names[unsure])] ?? "is of one side, and the other is missing"}`;
  const isCurves = names.length > 3 && names.every((cell) => !Number.isNaN(decimalOf(cell)));
  const isBare = names.every((cell) => cell === "" || !Number.isNaN(decimalOf(cell.replace(",", "."))));
  const fix =
    unsure !== undefined
      ? `if it is the ${name}, call it "${name}", or choose it by --columns ${name}=…`
      : isCurves
        ? `a table of curves has radii in its header; write one galaxy as ${EXAMPLE}, a row a point`
        : isBare
          ? `write the header ${EXAMPLE}, or choose by number: --columns radius=1`
          : `write the header ${EXAMPLE}, or choose columns by --columns ${name}=…`;
  return refuseColumn(table, source, `no column "${name}"`, fix, reason);
}

function refuseColumn({ names }: TextTable, source: string, what: string, fix: string, reason = ""): never {
  throw new FormatError(source, `it has ${what}, only ${clip(names.join(", "))}${reason}`, fix);
}

/** The column of a name as it stands, else without its unit, else of a number. @throws FormatError where two have the name */
function findColumn({ names }: TextTable, wanted: string, source: string): number | undefined {
  const places = [...names.keys()];
  const ways: ((column: number) => boolean)[] = [
    (column) => names[column] === wanted,
    (column) => names[column].toLowerCase() === wanted.toLowerCase(),
    (column) => nameOf(names[column]) === nameOf(wanted),
    (column) => String(column + 1) === wanted,
  ];
  const found = ways.map((isIt) => places.filter(isIt)).find((columns) => columns.length > 0) ?? [];
  if (found.length < 2) return found[0];
  throw new FormatError(
    source,
    `${found.length} of its columns are called "${clip(wanted)}"`,
    "choose one by its number",
  );
}

/** Columns of errors upwards and of errors downwards. @param alike columns of one name */
function sidesOf(names: readonly string[], alike: readonly number[]): [up: number[], down: number[]] {
  if (alike.length > 0) {
    // Archives write errors upwards with a capital: E_Vrot, e_Vrot.
    const isCapital = (column: number): boolean => names[column].trim().startsWith("E_");
    return [alike.filter(isCapital), alike.filter((column) => !isCapital(column))];
  }
  const of = (words: string): number[] =>
    [...names.keys()].filter((column) => {
      const name = nameOf(names[column]);
      return words.split(" ").some((word) => {
        const rest = name.endsWith(word)
          ? name.slice(0, -word.length)
          : name.startsWith(word)
            ? name.slice(word.length)
            : "";
        return isUsual(rest.replace(/^[_ -]+|[_ -]+$/g, ""), ["errors"]);
      });
    });
  return [of("+ plus upper up high hi pos p 2"), of("- minus lower low lo down dn neg m n 1")];
}

/** Whether a cell names a quantity that is looked for. */
function isUsual(
  cell: string,
  keys: readonly (keyof Observations)[] = ["radii", "velocities", "errors"],
): boolean {
  const name = nameOf(cell);
  return keys.some((key) => QUANTITIES[key].names.some((words) => words.split(" ").includes(name)));
}
