/**
 * Tables in FITS, the format of astronomy: an empty primary unit and a binary table, written as bytes. Columns hold numbers or vectors of
 * numbers.
 *
 * Source: FITS Standard 4.0 (IAU FITS Working Group 2018), sections 4.2 (keywords) and 7.3 (binary tables).
 */
import { checkKind, checkOptions, clip, describeValue, isBuiltIn } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import type { Bytes } from "../kernels/index.ts";
import type { NpzArray } from "./npz.ts";
import type { Named } from "./safetensors.ts";

/** A column: the first axis counts rows, and each row has what the other axes hold. */
export interface FitsColumn extends NpzArray {
  /** As the standard writes units: "km/s", "kpc", "solMass". */
  readonly unit?: string;
}

/** Options of {@link writeFits}. */
export interface FitsOptions {
  /** What the table is called, `EXTNAME`. */
  readonly name?: string;
  /** Lines that tell where the table comes from, as cards `HISTORY`; long ones are broken, and signs beyond ASCII written as `\u{e9}`. */
  readonly history?: readonly string[];
}

/**
 * Writes columns as a FITS file with one binary table, which TOPCAT and `astropy.table.Table.read` read. The bytes depend only on the
 * content: there is no date.
 *
 * @param columns name → column; names that differ in capitals alone are the same to readers
 * @throws ArgumentError for a name, unit or number of columns that the standard does not allow; ShapeError where a shape does not fit its data, or columns differ in rows
 * @example
 * const radius = { shape: [1, 2], data: Float64Array.of(0.1, 50), unit: "kpc" };
 * const velocity = { shape: [1, 2], data: Float64Array.of(40, 180), unit: "km/s" };
 * const bytes = writeFits({ radius, velocity }, { name: "CURVES" });
 * console.log(bytes.length / 2880); // 3
 */
export function writeFits(columns: Named<FitsColumn>, options: FitsOptions = {}): Bytes {
  checkKind("writeFits", "columns", columns, "object", "give columns by name");
  checkOptions("writeFits", options, ["name", "history"]);
  const { name, history = [] } = options;
  checkKind("writeFits", "options.history", history, "list");
  const list: (readonly [string, FitsColumn])[] =
    Symbol.iterator in columns ? [...columns] : Object.entries(columns);
  for (const pair of list) checkKind("writeFits", "a pair of name and column", pair, "list");
  if (list.length === 0 || list.length > 999) {
    throw new ArgumentError(
      "writeFits",
      `${list.length} columns are not from 1 to 999`,
      list.length === 0 ? "give at least one" : "write several tables",
    );
  }
  const fields = list.map(([name, column]) => fieldOf(name, column));
  const [{ rows }] = fields;
  const seen = new Set<string>();
  for (const field of fields) {
    if (field.rows !== rows) {
      const problem = `the column ${field.label} has ${field.rows} rows, and ${fields[0].label} has ${rows}`;
      throw new ShapeError("writeFits", problem, "the first axis counts rows");
    }
    const plain = field.name.toLowerCase();
    if (seen.has(plain))
      throw new ArgumentError("writeFits", `the column ${field.label} is there twice`, "rename it");
    seen.add(plain);
  }
  const rowBytes = fields.reduce((sum, { width, size }) => sum + width * size, 0);
  const header = [
    ...[card("SIMPLE", true), card("BITPIX", 8), card("NAXIS", 0), card("EXTEND", true), "END"],
  ];
  const table = [
    card("XTENSION", "BINTABLE"),
    ...[card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", rowBytes), card("NAXIS2", rows)],
    ...[card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", fields.length)],
    ...(name === undefined ? [] : [card("EXTNAME", text("options.name", name))]),
    ...fields.flatMap(({ cards }, i) => cards.map(([key, value]) => card(`${key}${i + 1}`, value))),
    ...history.flatMap(historyCards),
    "END",
  ];
  const [first, second] = [header, table].map((cards) => wholeBlocks(80 * cards.length));
  const bytes = new Uint8Array(first + second + wholeBlocks(rowBytes * rows)).fill(0x20, 0, first + second);
  for (const [start, cards] of [[0, header] as const, [first, table] as const])
    for (const [i, line] of cards.entries()) bytes.set(new TextEncoder().encode(line), start + 80 * i);
  const view = new DataView(bytes.buffer);
  let at = first + second;
  for (let row = 0; row < rows; row++) {
    for (const { data, width, size } of fields) {
      for (let i = row * width; i < (row + 1) * width; i++, at += size) {
        // The most significant byte comes first.
        if (size === 8) view.setFloat64(at, data[i]);
        else view.setFloat32(at, data[i]);
      }
    }
  }
  return bytes;
}

/** Files are made of blocks. */
const wholeBlocks = (bytes: number): number => Math.ceil(bytes / 2880) * 2880;

/** A column, checked. */
function fieldOf(name: string, column: FitsColumn) {
  const label = JSON.stringify(clip(text("the name of a column", name)));
  const { shape, data, unit } = column ?? {};
  const isSingle = isBuiltIn(data, "Float32Array");
  if (!isSingle && !isBuiltIn(data, "Float64Array")) {
    const problem = `the data of ${label} are neither a Float32Array nor a Float64Array`;
    throw new ArgumentError("writeFits", problem, "convert them, for example with Float64Array.from(data)");
  }
  const isCount = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;
  const isShape = Array.isArray(shape) && shape.length > 0 && shape.every(isCount);
  if (!isShape || shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new ShapeError(
      "writeFits",
      `the column ${label} of shape ${Array.isArray(shape) ? clip(`[${shape}]`) : describeValue(shape)} has ${data.length} values`,
      "the first axis counts rows; the product of the sizes must be the number of values",
    );
  }
  const [rows, ...axes] = shape as readonly number[];
  const width = axes.reduce((a, b) => a * b, 1);
  const cards: [key: string, value: string][] = [
    ["TTYPE", name],
    ["TFORM", `${width}${isSingle ? "E" : "D"}`],
  ];
  if (unit !== undefined) cards.push(["TUNIT", text(`the unit of ${label}`, unit)]);
  // The axis that runs fastest comes first.
  if (axes.length > 1) cards.push(["TDIM", `(${axes.toReversed().join()})`]);
  return { name, label, rows, width, data, size: data.BYTES_PER_ELEMENT, cards };
}

/** A text that fits on a card. @throws ArgumentError for any other */
function text(what: string, value: string): string {
  if (
    typeof value === "string" &&
    /^[!-~](?:[ -~]*[!-~])?$/.test(value) &&
    value.replaceAll("'", "''").length <= 68
  )
    return value;
  const problem = `${what} is 1 to 68 letters of ASCII, without blanks at its ends; got ${describeValue(value)}`;
  throw new ArgumentError("writeFits", problem, "shorten or rename it");
}

/** `KEYWORD = value`, in 80 letters: numbers end in column 30, texts begin in column 11. */
function card(key: string, value: string | number | true): string {
  const shown =
    typeof value === "string"
      ? `'${value.replaceAll("'", "''").padEnd(8)}'`
      : (value === true ? "T" : String(value)).padStart(20);
  return `${key.padEnd(8)}= ${shown}`;
}

/** `HISTORY` and up to 72 letters, the last of them no blank, which readers drop: joined, the cards give the line back. */
function historyCards(line: string): string[] {
  checkKind("writeFits", "a line of options.history", line, "text");
  const plain = line.replace(/[^ -~]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
  return (plain.match(/.{0,71}[^ ]/g) ?? [""]).map((part) => `HISTORY ${part}`);
}
