/** `halograd info`: what a file holds. */

import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { clip } from "../basics/check.ts";
import { FormatError } from "../basics/errors.ts";
import { areConditions, type StoredCondition } from "../curves/model.ts";
import { EXTENDED_GALAXY_COLUMNS, GALAXY_COLUMNS } from "../curves/population.ts";
import { decimalOf } from "../io/csv.ts";
import { parseCsv, readNpz, readSafetensors } from "../io/index.ts";
import { readBytes, readTextFile } from "../node/files.ts";
import { oneLine } from "../node/terminal.ts";
import { columns } from "./arguments.ts";
import type { Context, Outcome } from "./context.ts";
import { RESULT } from "./output.ts";
import { originRows, PROVENANCE, parseProvenance, sha256Of, type Written } from "./provenance.ts";
import { LOSS_COLUMNS } from "./train.ts";

/** Of a column or a tensor. */
interface Statistics {
  readonly least: number;
  readonly mean: number;
  /** Of the sample; 0 for a single value. */
  readonly standardDeviation: number;
  readonly greatest: number;
}

/** The command. */
export function info(
  values: object,
  { terminal }: Pick<Context, "terminal">,
  [path]: readonly string[],
): Outcome {
  const bytes = readBytes(path);
  // A zip archive, whose entries npz names.
  const isArrays = path.endsWith(".npz") || (bytes[0] === 0x50 && bytes[1] === 0x4b);
  const isTable = path.endsWith(".csv") || looksLikeTable(bytes);
  // The header of safetensors is JSON behind 8 bytes of length; nothing else that we read has a brace there.
  const isSafetensors = path.endsWith(".safetensors") || bytes[8] === 0x7b;
  const told = toldOf(path, bytes);
  const describe = (): Description => {
    try {
      if (isArrays) return describeArrays(path, bytes);
      if (isSafetensors) return describeSafetensors(path, bytes);
      if (isFits(bytes, 0)) return describeFits(path, bytes);
      if (isTable) return describeTable(path);
    } catch (error) {
      // As it was written, it is not damaged, but something else: a table of texts.
      if (told?.origin === undefined) throw error;
    }
    const commands = bytes[0] === 0x7b ? parseProvenance(new TextDecoder().decode(bytes)) : undefined;
    if (commands !== undefined) return describeProvenance(path, commands);
    if (told !== undefined)
      return { lines: [`${oneLine(path)}: ${bytes.length} bytes`], result: { kind: "file" } };
    throw new FormatError(
      path,
      "this is neither a table, nor safetensors, nor npz, nor FITS, and no provenance.json tells what wrote it",
      "give a .csv, .safetensors, .npz or .fits file, or any other that halograd wrote, in its folder",
    );
  };
  const { lines, result } = describe();
  // The lines are the result, and not a message about it: with --json it is told in that form alone.
  const isJson = "json" in values && values.json === true;
  if (!isJson) for (const line of [...lines, ...linesOf(told)]) terminal.print(line);
  return { complete: true, result: { file: path, ...result, provenance: told?.origin ?? null } };
}

/** What stands beside a file about where it comes from. */
interface Told {
  /** Undefined where the file is not what it tells of. */
  readonly origin: Readonly<Record<string, unknown>> | undefined;
  /** The file that tells it. */
  readonly by: string;
}

/** What is told of a file in its own folder or, as of figures, in the one above; undefined where nothing is. */
function toldOf(path: string, bytes: Uint8Array): Told | undefined {
  const [folder, name] = [dirname(resolve(path)), basename(resolve(path))];
  for (const [where, key] of [
    [folder, name],
    [dirname(folder), `${basename(folder)}/${name}`],
  ]) {
    for (const by of [PROVENANCE, RESULT].map((file) => join(where, file))) {
      if (statSync(by, { throwIfNoEntry: false })?.isFile() !== true) continue;
      const text = new TextDecoder().decode(readBytes(by));
      const { provenance, outputs } = Object(parsed(text));
      const list = parseProvenance(text) ?? [{ ...Object(provenance), outputs }];
      for (const { outputs, ...origin } of list) {
        if (!Object.hasOwn(Object(outputs), key)) continue;
        return { by, origin: outputs[key] === sha256Of(bytes) ? origin : undefined };
      }
    }
  }
  return undefined;
}

/** Where a file comes from, as lines. */
function linesOf(told: Told | undefined): string[] {
  if (told === undefined) return [];
  const by = oneLine(basename(told.by));
  if (told.origin === undefined)
    return ["", `${by} tells of another file of this name: it was changed since`];
  return ["", `from, as ${by} tells:`, columns(rowsOf(told.origin))];
}

const rowsOf = (origin: object): [string, string][] =>
  originRows(origin).map(([key, text]) => [label(key), oneLine(text)]);

/** Each command, and the files that it left. */
function describeProvenance(path: string, commands: readonly Written[]): Description {
  const lines = commands.flatMap(({ outputs, ...origin }) => [
    "",
    Object.keys(outputs).map(oneLine).join(", "),
    columns(rowsOf(origin)),
  ]);
  return {
    lines: [
      `${oneLine(path)}: provenance of ${commands.length === 1 ? "one command" : `${commands.length} commands`}`,
      ...lines,
    ],
    result: { kind: "provenance", commands },
  };
}

interface Description {
  readonly lines: readonly string[];
  readonly result: Readonly<Record<string, unknown>>;
}

function describeSafetensors(path: string, bytes: Uint8Array): Description {
  const file = readSafetensors(bytes, path);
  const tensors = [...file.tensors, ...file.integers].map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    ...statistics([Float64Array.from(data, Number)]),
  }));
  const values = [...file.tensors.values(), ...file.integers.values()].reduce(
    (sum, { data }) => sum + data.length,
    0,
  );
  const format = file.metadata.get("format");
  const lines = [
    `${oneLine(path)}: safetensors, ${tensors.length} tensors, ${values} values`,
    "",
    ...(file.metadata.size > 0 ? [columns([...file.metadata].map(spaced)), ""] : []),
    ...table(
      tensors.map(({ name, dtype, shape, ...rest }) => [name, `${dtype} [${shape.join(", ")}]`, rest]),
    ),
  ];
  const metadata = Object.fromEntries([...file.metadata].map(([key, text]) => [key, parsed(text)]));
  return {
    lines,
    result: {
      kind: "safetensors",
      format: format === undefined ? null : parsed(format),
      values,
      metadata,
      tensors,
    },
  };
}

function describeArrays(path: string, bytes: Uint8Array): Description {
  const file = readNpz(bytes, path);
  const arrays = [...file.arrays].map(([name, { shape, data }]) => ({ name, shape, ...statistics([data]) }));
  const texts = Object.fromEntries([...file.texts].map(([key, text]) => [key, parsed(text)]));
  const lines = [
    `${oneLine(path)}: npz, ${arrays.length} arrays`,
    "",
    ...(file.texts.size > 0 ? [columns([...file.texts].map(spaced)), ""] : []),
    ...table(arrays.map(({ name, shape, ...rest }) => [name, `[${shape.join(", ")}]`, rest])),
  ];
  return { lines, result: { kind: "npz", metadata: texts, arrays } };
}

/** The headers of a FITS file, one unit after the other, and the columns of its tables: what they hold is not read. */
function describeFits(path: string, bytes: Uint8Array): Description {
  const tables: { name: string; rows: number; columns: FitsField[] }[] = [];
  for (let at = 0; isFits(bytes, at); ) {
    const { cards, end } = readCards(path, bytes, at);
    const count = (key: string): number => {
      const value = Number(cards.get(key) ?? 0);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new FormatError(path, `its FITS header has ${key} = ${label(cards.get(key) ?? "")}`, DAMAGED);
    };
    const sizes = Array.from({ length: Math.min(count("NAXIS"), 999) }, (_, i) => count(`NAXIS${i + 1}`));
    if (/^(BIN)?TABLE$/.test(cards.get("XTENSION") ?? "")) {
      const fields = Array.from({ length: Math.min(count("TFIELDS"), 999) }, (_, i) => {
        // Every column has a form: a header cannot claim more columns than it has cards.
        if (!cards.has(`TFORM${i + 1}`))
          throw new FormatError(path, `its FITS header has no TFORM${i + 1}`, DAMAGED);
        const of = (key: string): string => cards.get(`${key}${i + 1}`) ?? "";
        return { name: of("TTYPE"), form: of("TFORM"), unit: of("TUNIT") };
      });
      tables.push({ name: cards.get("EXTNAME") ?? "", rows: sizes[1] ?? 0, columns: fields });
    }
    const values = sizes.length === 0 ? 0 : sizes.reduce((product, size) => product * size, 1);
    const size = (Math.abs(Number(cards.get("BITPIX") ?? 8)) / 8) * (count("PCOUNT") + values);
    if (!(end + size <= bytes.length)) throw new FormatError(path, "it ends within its data", DAMAGED);
    at = end + Math.ceil(size / FITS_BLOCK) * FITS_BLOCK;
  }
  const lines = tables.flatMap(({ name, rows, columns: fields }) => [
    "",
    `table${name === "" ? "" : ` ${label(name)}`}, ${rows} rows of ${fields.length}`,
    columns(
      fields.map(({ name, form, unit }) => [label(name), label(unit === "" ? form : `${form}, ${unit}`)]),
    ),
  ]);
  const told = `${oneLine(path)}: FITS, ${tables.length} table${tables.length === 1 ? "" : "s"}`;
  return { lines: [told, ...lines], result: { kind: "fits", tables } };
}

/** A column of a FITS table, as its header has it. */
interface FitsField {
  readonly name: string;
  readonly form: string;
  readonly unit: string;
}

const FITS_BLOCK = 2880;

/** A header's keywords with their values as texts, and where what follows it begins. @throws FormatError for one without an end */
function readCards(
  path: string,
  bytes: Uint8Array,
  start: number,
): { readonly cards: ReadonlyMap<string, string>; readonly end: number } {
  const cards = new Map<string, string>();
  for (let at = start; at + 80 <= bytes.length; at += 80) {
    const card = new TextDecoder("latin1").decode(bytes.subarray(at, at + 80));
    const key = card.slice(0, 8).trimEnd();
    if (key === "END") return { cards, end: start + Math.ceil((at + 80 - start) / FITS_BLOCK) * FITS_BLOCK };
    if (card.slice(8, 10) !== "= ") continue;
    const text = /^ *'((?:[^']|'')*)'/.exec(card.slice(10));
    cards.set(key, text ? text[1].replaceAll("''", "'").trimEnd() : card.slice(10).split("/")[0].trim());
  }
  throw new FormatError(path, "its FITS header has no END", DAMAGED);
}

const DAMAGED = "the file is damaged, or cut off: make it again";

/** Whether a unit of a FITS file begins there. */
function isFits(bytes: Uint8Array, at: number): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(at, at + 9));
  return start === (at === 0 ? "SIMPLE  =" : "XTENSION=");
}

function describeTable(path: string): Description {
  const { header, rows } = parseCsv(readTextFile(path), { source: path });
  if (rows.length === 0) {
    throw new FormatError(path, "no row follows the header", "give a .csv or .safetensors file with content");
  }
  const described = header.map((name, i) => ({
    name,
    ...statistics([rows.map((row) => row[i])]),
  }));
  const kind = kindOf(header);
  const size = `${rows.length} rows of ${header.length}`;
  if (kind !== "curves") {
    const lines = [
      `${oneLine(path)}: ${kind}, ${size}`,
      "",
      ...table(described.map(({ name, ...rest }) => [name, "", rest])),
    ];
    return { lines, result: { kind, rows: rows.length, columns: described } };
  }
  const all = statistics(rows);
  const lines = [
    `${oneLine(path)}: curves, ${size}: velocities [km/s] at radii from ${header[0]} to ${header.at(-1)} kpc`,
    "",
    // At a few radii only: they are many, and neighbours are alike.
    ...table([
      ...[0, 1, 2, 3, 4]
        .map((quarter) => described[Math.round((quarter * (described.length - 1)) / 4)])
        .filter((column, i, list) => list.indexOf(column) === i)
        .map(({ name, ...rest }) => [`R = ${Number(Number(name).toPrecision(4))}`, "kpc", rest] as const),
      ["all radii", "", all],
    ]),
  ];
  return {
    lines,
    result: { kind, rows: rows.length, radii: header.map(Number), ...all, columns: described },
  };
}

/** The start of a table: lines of text, the first one with a comma or a number. */
function looksLikeTable(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 2000));
  const rows = start.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no text has
  if (/[\0-\x08]/.test(start) || /^\s*[<{]/.test(start)) return false;
  return rows.length === 0 || rows.slice(0, 2).some((row) => /[,\d]/.test(row));
}

/**
 * A metadata value: halograd writes JSON, others write plain text. What is nested as deeply as no program means it
 * stays text, since to write it out again as JSON would take more stack than there is.
 */
function parsed(text: string): unknown {
  let depth = 0;
  for (const mark of text) {
    if (mark === "[" || mark === "{") depth++;
    else if (mark === "]" || mark === "}") depth--;
    if (depth > DEEPEST) return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const DEEPEST = 32;

/** A name on one line, and not so long that the columns beside it, padded to its length, fill the memory. */
function label(name: string): string {
  return clip(oneLine(name));
}

/** A metadata entry, its lists with spaces at which lines can be broken. */
function spaced([key, text]: readonly [string, string]): [string, string] {
  const conditions = key === "conditions" ? parsed(text) : undefined;
  if (areConditions(conditions)) return [key, conditions.map(describeCondition).join("; ")];
  return [label(key), text.startsWith("[") ? text.replaceAll(",", ", ") : text];
}

function describeCondition(condition: StoredCondition): string {
  const { name, mean, standard_deviation: spread, least, greatest } = condition;
  const [middle, width, from, to] = [mean, spread, least, greatest].map((value) => value.toFixed(2));
  return `log10 ${name}: ${middle} ± ${width}, from ${from} to ${to}`;
}

/** What a table of halograd holds shows in its header. */
function kindOf(header: readonly string[]): "curves" | "losses" | "galaxies" | "table" {
  const is = (columns: readonly string[]): boolean =>
    header.length === columns.length && header.every((name, i) => name === columns[i]);
  if (header.every((name, i) => decimalOf(name) > (i === 0 ? 0 : decimalOf(header[i - 1])))) return "curves";
  if (is(LOSS_COLUMNS)) return "losses";
  return is(GALAXY_COLUMNS) || is(EXTENDED_GALAXY_COLUMNS) ? "galaxies" : "table";
}

function statistics(lists: readonly ArrayLike<number>[]): Statistics {
  let [count, sum, least, greatest] = [0, 0, Infinity, -Infinity];
  for (const list of lists) {
    count += list.length;
    for (let i = 0; i < list.length; i++) {
      sum += list[i];
      least = Math.min(least, list[i]);
      greatest = Math.max(greatest, list[i]);
    }
  }
  if (count === 0) [least, greatest] = [Number.NaN, Number.NaN]; // nothing to tell: null in JSON
  const mean = sum / count;
  let squares = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) squares += (list[i] - mean) * (list[i] - mean);
  }
  return { least, mean, standardDeviation: count === 1 ? 0 : Math.sqrt(squares / (count - 1)), greatest };
}

/** Lines of name, kind and statistics in columns. */
function table(rows: readonly (readonly [name: string, kind: string, statistics: Statistics])[]): string[] {
  const head = ["", "", "least", "mean", "std dev", "greatest"];
  const short = (value: number): string =>
    Math.abs(value) < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
  const cells = rows.map(([name, kind, s]) => [
    label(name),
    label(kind),
    ...[s.least, s.mean, s.standardDeviation, s.greatest].map(short),
  ]);
  const widths = head.map((_, i) => [head, ...cells].reduce((most, row) => Math.max(most, row[i].length), 0));
  return [head, ...cells].map((row) =>
    `  ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")}`.trimEnd(),
  );
}
