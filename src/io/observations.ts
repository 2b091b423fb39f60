/** Measured rotation curves as text: radii, velocities and their errors, in columns that are found by their names. */

import { clip, describeValue } from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";
import { decimalOf, endOf, fail, isLineEnd, parseNumber, records, type TableRecord, wordsOf } from "./csv.ts";

/** A measured rotation curve: one number of each list for each point, the points in order of radius. */
export interface Observations {
  /** kpc, above 0. */
  readonly radii: Float64Array;
  /** km/s. */
  readonly velocities: Float64Array;
  /** Standard errors of the velocities, km/s, above 0. */
  readonly errors: Float64Array;
}

/** How a quantity is found among the columns. */
interface Quantity {
  /** Names in small letters, without units, between blanks. Those of an earlier text come first, and its first one is the quantity's. */
  readonly names: readonly string[];
  /** Names that mean something else as often: they are refused, and this is why. */
  readonly doubtful: Readonly<Record<string, string>>;
  /** Units that the numbers must have, as {@link plainUnit} writes them; a table may leave them out. */
  readonly units: readonly string[];
}

const SPEEDS = ["km/s", "kms-1", "kms", "km/sec"];
const DISPERSION = "may be a velocity dispersion";

const QUANTITIES: Readonly<Record<keyof Observations, Quantity>> = {
  radii: {
    names: ["radius", "r rad rgal"],
    doubtful: { distance: "may be the galaxy's distance", dist: "may be the galaxy's distance" },
    units: ["kpc"],
  },
  velocities: {
    names: ["velocity", "v vobs v_obs vrot v_rot vc v_c vcirc v_circ vel speed"],
    doubtful: { vsys: "is a galaxy's systemic velocity", vlsr: "is no velocity of rotation" },
    units: SPEEDS,
  },
  errors: {
    names: [
      "error velocity_error",
      "e err uncertainty errv err_v verr v_err e_v ev dv e_vel e_vc e_velocity e_vobs e_v_obs errvobs vobs_err e_vrot e_v_rot vrot_err",
    ],
    doubtful: { sigma: DISPERSION, sigma_v: DISPERSION, disp: DISPERSION, dispersion: DISPERSION },
    units: SPEEDS,
  },
};

const EXAMPLE = "radius [kpc],velocity [km/s],error [km/s]";

/**
 * Reads a measured rotation curve from a table: `radius`, `velocity` and `error` in any order, or by one of their usual names
 * (`R`, `Vobs`, `e_Vobs` …); other columns may hold anything. Cells are separated by commas, tabs or blanks. The names stand in the
 * first row, or in the last comments before it, as in the files `NGC3198_rotmod.dat` of SPARC. Units are read where they stand: behind
 * the names, as in `radius [kpc]`, in a row or comment below them, and in the header of ECSV. The points may stand in any order.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError for a column that is missing, that could be one of two, or is in another unit; for a cell that is no finite
 *   number, a radius or an error that is not above 0, a velocity below 0, and a table without points
 * @example parseObservations("radius,velocity,error\n2,80,5\n1,60,5\n", "galaxy.csv").velocities // Float64Array [ 60, 80 ]
 */
export function parseObservations(text: string, source: string): Observations {
  if (typeof text !== "string") {
    const problem = `a table is text; got ${describeValue(text)}`;
    throw new ArgumentError("parseObservations", problem, "decode bytes with TextDecoder");
  }
  const table = readTable(text, source);
  const { names, rows } = table;
  const [r, v, e] = (["radii", "velocities", "errors"] as const).map((key) => columnOf(table, key, source));
  if (rows.length === 0) throw new FormatError(source, "no point follows the header", "add a row a point");
  const points = rows.map(({ line, cells }, i) => {
    if (cells.length !== names.length) {
      const problem = `${cells.length} cells, but there are ${names.length} columns`;
      fail({ source, line }, problem, "every row needs one cell a column");
    }
    const [radius, velocity, error] = [r, v, e].map((column) =>
      parseNumber(cells[column], { source, line, column: column + 1, name: names[column] }),
    );
    const refuse = (what: string, value: number, column: number, fix: string): never => {
      const point = `point ${i + 1} ("${clip(names[column])}", line ${line})`;
      throw new FormatError(source, `the ${what} of ${point} is ${value}`, fix);
    };
    if (!(radius > 0)) refuse("radius", radius, r, "radii are in kpc, above 0");
    if (!(velocity >= 0)) refuse("velocity", velocity, v, "give the speed of rotation in km/s, 0 or more");
    if (!(error > 0)) refuse("error", error, e, "give each velocity its standard error in km/s, above 0");
    return [radius, velocity, error];
  });
  points.sort((a, b) => a[0] - b[0]);
  const pick = (i: number): Float64Array => Float64Array.from(points, (point) => point[i]);
  return { radii: pick(0), velocities: pick(1), errors: pick(2) };
}

/** A table whose cells are still text. */
interface TextTable {
  readonly names: readonly string[];
  /** Of each column, where one is told. */
  readonly units: readonly (string | undefined)[];
  readonly rows: readonly TableRecord[];
}

/** The rows, and the names above them. */
function readTable(text: string, source: string): TextTable {
  const separator = separatorOf(text);
  const comments: string[] = [];
  const lines = records(text, source, { separator, comments });
  const first = lines.next();
  if (first.done) {
    throw new FormatError(source, "the file has no rows", `write the header ${EXAMPLE}, and a row a point`);
  }
  const above = comments.slice();
  const all = [first.value, ...lines];
  const commented = all[0].cells.some(isName) ? undefined : namesInComments(above, all[0].cells);
  const names = commented?.names ?? withoutEnd(all.shift()!.cells);
  const rows = all.map(({ line, cells }) => ({
    line,
    cells: cells.slice(0, Math.max(names.length, withoutEnd(cells).length)),
  }));
  let below = commented?.units;
  // A second row of units: words at all columns that are used.
  if (below === undefined && rows.length > 0 && rows[0].cells.length === names.length) {
    const isUnits = names.every((name, i) => !isName(name) || isUnit(rows[0].cells[i]));
    if (isUnits && names.some(isName)) below = rows.shift()!.cells;
  }
  const told = unitsOfEcsv(above);
  const units = names.map((name, i) => unitOf(name) ?? told.get(name) ?? below?.[i]);
  return { names, units, rows };
}

/** Commas, tabs or blanks, whichever the first row has. */
function separatorOf(text: string): "," | "\t" | " " {
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; ) {
    const end = endOf(text, at, isLineEnd);
    const line = text.slice(at, end).trim();
    if (line !== "" && line[0] !== "#") return line.includes(",") ? "," : line.includes("\t") ? "\t" : " ";
    at = end + 1;
  }
  return ",";
}

/** Cells without the empty ones that separators at the end of a line leave. */
function withoutEnd(cells: readonly string[]): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell !== "") + 1);
}

/** The last comment that names as many columns as the first row has, and the units in the comment below it. */
function namesInComments(
  comments: readonly string[],
  row: readonly string[],
): { names: string[]; units: string[] | undefined } | undefined {
  const counts = [withoutEnd(row).length, row.length];
  const split = (comment: string): string[] | undefined =>
    [comment.split("\t"), comment.split(","), wordsOf(comment)]
      .map((cells) => withoutEnd(cells.map((cell) => cell.trim())))
      .find((cells) => counts.includes(cells.length));
  for (let i = comments.length - 1; i >= Math.max(0, comments.length - MOST_BELOW); i--) {
    const names = split(comments[i]);
    if (!names?.some(isName)) continue;
    const units = i + 1 < comments.length ? split(comments[i + 1]) : undefined;
    return { names, units: units?.every(isUnit) ? units : undefined };
  }
  return undefined;
}

/** Comments between the one with the names and the first row, at most, and one more. */
const MOST_BELOW = 5;

/** Units in the comments of ECSV (Enhanced Character-Separated Values of Astropy), by the names of the columns. */
function unitsOfEcsv(comments: readonly string[]): Map<string, string> {
  const units = new Map<string, string>();
  if (!comments.some((comment) => comment.trim().startsWith("%ECSV"))) return units;
  let name: string | undefined;
  for (const comment of comments) {
    name = fieldOf(comment, "name") ?? name;
    const unit = fieldOf(comment, "unit");
    if (name !== undefined && unit !== undefined && !units.has(name)) units.set(name, unit);
  }
  return units;
}

/** "kpc" of the field unit in "- {name: radius, unit: kpc, datatype: float64}". */
function fieldOf(comment: string, field: string): string | undefined {
  for (const part of comment.split(/[{,}]/)) {
    const [key, value] = part.replace("- ", "").split(":", 2);
    if (key.trim() === field) return value?.replace(/['"]/g, "").trim();
  }
  return undefined;
}

/** @throws FormatError unless one column has the best of the names, in the right unit */
function columnOf({ names, units }: TextTable, key: keyof Observations, source: string): number {
  const { names: wanted, doubtful, units: right } = QUANTITIES[key];
  const [name] = wanted[0].split(" ");
  const fits = (column: number): boolean => right.includes(plainUnit(units[column] ?? ""));
  const columnsOf = (list: readonly string[]): number[] =>
    [...names.keys()].filter((column) => list.includes(nameOf(names[column])));
  const found =
    wanted.map((words) => columnsOf(words.split(" "))).find((columns) => columns.length > 0) ?? [];
  const inUnit = found.filter(fits);
  const columns = found.length > 1 && inUnit.length === 1 ? inUnit : found;
  const quoted = (list: readonly number[]): string =>
    list.map((column) => `"${clip(names[column])}"`).join(" and ");
  if (columns.length > 1) {
    throw new FormatError(
      source,
      `each of its columns ${clip(quoted(columns))} could be the ${name}`,
      `call the one that is meant "${name}"`,
    );
  }
  if (columns.length === 0) {
    const [unsure] = columnsOf(Object.keys(doubtful));
    const reason = unsure === undefined ? "" : `: ${quoted([unsure])} ${doubtful[nameOf(names[unsure])]}`;
    const isCurves = names.length > 3 && names.every((cell) => !Number.isNaN(decimalOf(cell)));
    const fix =
      unsure !== undefined
        ? `if it is the ${name}, call it "${name}"`
        : isCurves
          ? `a table of curves has radii in its header; write one galaxy as ${EXAMPLE}, a row a point`
          : `write the header ${EXAMPLE}`;
    throw new FormatError(source, `it has no column "${name}", only ${clip(names.join(", "))}${reason}`, fix);
  }
  const [column] = columns;
  const unit = units[column]?.trim() ?? "";
  if (unit !== "" && !fits(column)) {
    throw new FormatError(
      source,
      `its column "${clip(names[column])}" is in ${clip(unit)}`,
      `convert it to ${right[0]}, and write ${name} [${right[0]}]`,
    );
  }
  return column;
}

/** Whether a cell names a quantity that is looked for. */
function isName(cell: string): boolean {
  const name = nameOf(cell);
  return Object.values(QUANTITIES).some(({ names }) =>
    names.some((words) => words.split(" ").includes(name)),
  );
}

/** Whether a cell can be a unit: no number, and no name. */
function isUnit(cell: string): boolean {
  return cell !== "" && Number.isNaN(decimalOf(cell)) && !isName(cell) && cell.length < 30;
}

/** "radius" of "Radius [kpc]" and "radius (kpc)"; "r" of "r_kpc". */
function nameOf(cell: string): string {
  const bracket = bracketOf(cell);
  const name = (bracket < 0 ? cell : cell.slice(0, bracket)).trim().toLowerCase();
  const suffix = suffixOf(name);
  return suffix === undefined ? name : name.slice(0, -suffix.length - 1);
}

/** The unit behind a name, in brackets or as "_kpc". */
function unitOf(cell: string): string | undefined {
  const bracket = bracketOf(cell);
  if (bracket < 0) return suffixOf(cell.trim().toLowerCase());
  const unit = cell.slice(bracket + 1).trim();
  return /[\])]$/.test(unit) ? unit.slice(0, -1).trim() : unit;
}

function bracketOf(cell: string): number {
  const [square, round] = [cell.indexOf("["), cell.indexOf("(")];
  return square < 0 || (round >= 0 && round < square) ? round : square;
}

function suffixOf(name: string): string | undefined {
  return SUFFIXES.find((suffix) => name.endsWith(`_${suffix}`));
}

const SUFFIXES = ["kpc", "pc", "mpc", "arcsec", "arcmin", "deg", "km_s", "kms", "km/s", "m_s", "ms", "m/s"];

/** "kms-1" of "km s^{-1}", "km.s**-1" and "km s⁻¹", "km/s" of "km / s". */
function plainUnit(unit: string): string {
  return unit
    .toLowerCase()
    .replace(/[\s*^{}$·._]/g, "")
    .replace("⁻", "-")
    .replace("¹", "1");
}
