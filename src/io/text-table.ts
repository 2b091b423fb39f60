/**
 * Tables as programs and archives write them, whose cells stay text: finds the separator, the names of the columns and their
 * units, wherever the file keeps these.
 */

import { clip } from "../basics/check.ts";
import { FormatError } from "../basics/errors.ts";
import {
  decimalOf,
  endOf,
  fail,
  isLineEnd,
  records,
  type Separator,
  type TableRecord,
  wordsOf,
} from "./csv.ts";

/** A table whose cells are still text. */
export interface TextTable {
  /** Empty for columns without a name, such as the index that pandas writes. */
  readonly names: readonly string[];
  /** Of each column, where one is told. */
  readonly units: readonly (string | undefined)[];
  /** As many cells as names, unless a row is faulty. */
  readonly rows: readonly TableRecord[];
  /** Commas may be decimal ones: they separate no cells. */
  readonly hasCommas: boolean;
  /** Those before the first row. */
  readonly comments: readonly string[];
}

/**
 * Reads a table of cells between commas, semicolons, tabs, bars or blanks. Names stand in the first row, or in one of the last comments
 * before it; units behind the names, in a row or comment below them, or in the header of ECSV. Rules of dashes are passed over.
 *
 * @param isName whether a cell names a column that is looked for: that tells a row of names from data and remarks
 * @param isNumbered whether columns may be asked for by their numbers, so that a table need not name them
 * @throws FormatError for a table without rows, and a quote that is never closed
 */
export function readTextTable(
  text: string,
  source: string,
  isName: (cell: string) => boolean,
  isNumbered: boolean,
): TextTable {
  const separator = separatorOf(text);
  const comments: string[] = [];
  const lines = records(text, source, { separator, comments, passOverBlank: true });
  let above: string[] | undefined;
  const all: TableRecord[] = [];
  for (const row of lines) {
    above ??= comments.slice();
    // Rules of dashes, and rows of separators alone, as spreadsheets leave them.
    if (row.cells.some((cell) => !/^-*$/.test(cell))) all.push(row);
  }
  if (above === undefined || all.length === 0)
    throw new FormatError(source, "the file has no rows", "write a header, and a row a point");
  const isUnit = (cell: string): boolean =>
    /^[^-+.,\d]/.test(cell) && !isMissing(cell) && !isName(cell) && cell.length < 30;
  const commented = all[0].cells.some(isName)
    ? undefined
    : namesInComments(above, all[0].cells, isName, isUnit);
  const isBare =
    isNumbered && commented === undefined && all[0].cells.some((cell) => isNumber(cell, separator));
  const own = isBare ? all[0].cells.map((_, i) => `column ${i + 1}`) : undefined;
  const header = own ?? commented?.names ?? all.shift()!;
  let names = Array.isArray(header) ? header : withoutEnd(header.cells);
  const rows = all.map(({ line, start, cells }) => ({
    ...{ line, start },
    cells: cells.slice(0, Math.max(names.length, withoutEnd(cells).length)),
  }));
  if (!Array.isArray(header) && hasIndex(text, names.length, header, rows)) names = ["", ...names];
  let below = commented?.units;
  if (below === undefined && rows.length > 0 && rows[0].cells.length <= names.length) {
    // A second row of units: words, or nothing, at all columns that are used.
    const used = names.flatMap((name, i) => (isName(name) ? [rows[0].cells[i] ?? ""] : []));
    if (used.some(isUnit) && used.every((cell) => cell === "" || isUnit(cell))) below = rows.shift()!.cells;
  }
  const told = unitsOfEcsv(above);
  const units = names.map((name, i) => (unitOf(name) ?? told.get(name) ?? below?.[i])?.trim());
  return { names, units, rows, hasCommas: separator !== ",", comments: above };
}

/** "radius" of "Radius [kpc]" and "radius (kpc)"; "r" of "r_kpc", "R kpc", "R/kpc" and "R / kpc". */
export function nameOf(cell: string): string {
  const bracket = bracketOf(cell);
  const name = (bracket < 0 ? cell : cell.slice(0, bracket)).trim().toLowerCase();
  const suffix = suffixOf(name);
  const rest = suffix === undefined ? name : name.slice(0, -suffix.length - 1).trim();
  return rest.endsWith("/") ? rest.slice(0, -1).trim() : rest;
}

/** The unit behind a name, in brackets or as "_kpc". */
function unitOf(cell: string): string | undefined {
  const bracket = bracketOf(cell);
  if (bracket < 0) return suffixOf(cell.trim().toLowerCase());
  const unit = cell.slice(bracket + 1).trim();
  return /[\])]$/.test(unit) ? unit.slice(0, -1) : unit;
}

function bracketOf(cell: string): number {
  const [square, round] = [cell.indexOf("["), cell.indexOf("(")];
  return square < 0 || (round >= 0 && round < square) ? round : square;
}

function suffixOf(name: string): string | undefined {
  return SUFFIXES.find(
    (suffix) => name.endsWith(suffix) && "_ ,/".includes(name.at(-suffix.length - 1) ?? "x"),
  );
}

/** Longer ones first: "km_s" ends in "m_s" too, but stands behind no separator there. */
const SUFFIXES = [
  ...[
    "kpc",
    "pc",
    "mpc",
    "arcsec",
    "arcmin",
    "deg",
    "km s-1",
    "km_s-1",
    "km s^-1",
    "km_s",
    "kms",
    "kms-1",
    "km/s",
  ],
  ...["m_s", "ms", "m/s", "cm/s"],
];

/** "kms-1" of "km s^{-1}", "km.s**-1" and "km s⁻¹", "km/s" of "km / s". */
export function plainUnit(unit: string): string {
  return unit
    .toLowerCase()
    .replace(/[\s*^{}$·._]/g, "")
    .replace("⁻", "-")
    .replace("¹", "1");
}

/** Semicolons, bars, tabs, commas or blanks, as the first row has them. */
function separatorOf(text: string): Separator {
  for (let at = 0; at < text.length; ) {
    const end = endOf(text, at, isLineEnd);
    const line = text.slice(at, end).trim();
    if (line !== "" && line[0] !== "#") {
      // What stands in quotes is text of a cell.
      const plain = line.replace(/"[^"]*"/g, '""');
      const tab = plain.replace(/,[ \t]+/g, ",").includes("\t");
      if (plain.includes(";")) return ";";
      if (plain.includes("|")) return "|";
      if (tab) return "\t";
      // Between blanks, commas are decimal ones.
      return plain.includes(",") && !/\d\s+[-+.\d]/.test(plain) ? "," : " ";
    }
    at = end + 1;
  }
  return ",";
}

/** Cells without the empty ones that separators at the end of a line leave. */
function withoutEnd(cells: readonly string[]): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell !== "") + 1);
}

/**
 * Whether rows begin with an index that the header does not name. It must look like one: pandas leaves blanks above it, and R puts it in
 * quotes, since elsewhere a cell more than there are names is a mistake.
 */
function hasIndex(text: string, names: number, header: TableRecord, rows: readonly TableRecord[]): boolean {
  const isLonger = rows.length > 0 && rows.every(({ cells }) => cells.length === names + 1);
  if (!isLonger) return false;
  return /[ \t]/.test(text[header.start]) || rows.every(({ start }) => text[start] === '"');
}

/** Whether a cell is what programs write where they have no number. */
function isMissing(cell: string): boolean {
  return /^(?:nan|inf|infinity|null|none|n\/?a)$/i.test(cell);
}

function isNumber(cell: string, separator: Separator): boolean {
  return !Number.isNaN(decimalOf(separator === "," ? cell : withPoint(cell)));
}

/** "12.5" of "12,5"; other texts as they are. */
function withPoint(cell: string): string {
  return /^[+-]?\d*,\d+(?:e[+-]?\d+)?$/i.test(cell) ? cell.replace(",", ".") : cell;
}

/**
 * Cells of the columns that are used, with points before their decimals.
 *
 * @throws FormatError where some have a comma there, and others a point
 */
export function decimalCells(
  { rows, hasCommas }: TextTable,
  columns: readonly number[],
  source: string,
): string[][] {
  const cells = rows.map((row) => columns.map((column) => row.cells[column].trim()));
  if (!hasCommas) return cells;
  const isDecimal = (cell: string): boolean => withPoint(cell) !== cell;
  const comma = cells.findIndex((row) => row.some(isDecimal));
  const point = cells.findIndex((row) => row.some((cell) => cell.includes(".")));
  if (comma >= 0 && point >= 0) {
    const [one, other] = [cells[comma].find(isDecimal), cells[point].find((cell) => cell.includes("."))];
    fail(
      { source, line: rows[comma].line },
      `"${clip(one ?? "")}" has a decimal comma, but "${clip(other ?? "")}" in line ${rows[point].line} a point`,
      "write all numbers with points, and nothing between thousands",
    );
  }
  return cells.map((row) => row.map(withPoint));
}

/** The last comment that names as many columns as the first row has, and the units in the comment below it. */
function namesInComments(
  comments: readonly string[],
  row: readonly string[],
  isName: (cell: string) => boolean,
  isUnit: (cell: string) => boolean,
): { names: string[]; units: string[] | undefined } | undefined {
  const counts = [withoutEnd(row).length, row.length];
  const split = (comment: string): string[] | undefined =>
    [...["\t", ";", "|", ","].map((separator) => comment.split(separator)), wordsOf(comment)]
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

/** "kpc" of the field unit in "- {name: radius, unit: kpc, datatype: float64}", and in "unit: !astropy.units.Unit {unit: kpc}". */
function fieldOf(comment: string, field: string): string | undefined {
  for (const part of comment.split(/[{,}]/)) {
    const [key, value] = part.replace("- ", "").split(":", 2);
    const plain = value?.replace(/['"]/g, "").trim();
    if (key.trim() === field && plain?.startsWith("!") === false) return plain;
  }
  return undefined;
}
