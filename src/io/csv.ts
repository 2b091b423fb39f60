/**
 * Numeric tables as comma-separated text (RFC 4180): one header row, then rows of finite numbers. Used for the
 * galaxies' parameters, rotation curves, samples and losses. Platform-neutral: strings in, strings out.
 */
import { clip, describeValue, isBuiltIn } from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";

/** A table: column names and one Float64Array a row, each as long as the header. */
export interface CsvTable {
  /** The names of the columns. */
  readonly header: string[];
  /** One for each line below the header. */
  readonly rows: Float64Array[];
}

/** Rotation curves: radii [kpc], increasing, and one curve a galaxy [km/s], each as long as the radii. */
export interface Curves {
  /** kpc, growing. */
  readonly radii: Float64Array;
  /** km/s, each as long as the radii. */
  readonly curves: Float64Array[];
}

/** Options of {@link parseCsv}. */
export interface ParseCsvOptions {
  /** What to call the text in errors, usually its path. */
  readonly source: string;
  /** The columns that the header must name, in this order; by default any. */
  readonly columns?: readonly string[];
}

/**
 * Parses a numeric table. Accepts a byte order mark, lines that end in `\n`, `\r\n` or `\r`, blank lines at the end, spaces
 * around cells, quoted cells, and comment lines that start with `#`.
 *
 * @throws FormatError naming source, line and column: a ragged row, an empty cell, a cell that is no finite
 *   decimal number, an empty or repeated column name, another header than `columns`, an empty text
 * @example
 * parseCsv("epoch,train\n0,0.9\n", { source: "loss.csv" }); // { header: ["epoch", "train"], rows: [[0, 0.9]] }
 */
export function parseCsv(text: string, options: ParseCsvOptions): CsvTable {
  if (typeof options?.source !== "string") {
    throw new ArgumentError(
      "parseCsv",
      "options.source, what to call the text in errors, is missing",
      'write parseCsv(text, { source: "loss.csv" })',
    );
  }
  const { columns } = options;
  if (columns !== undefined && !(Array.isArray(columns) && columns.every((c) => typeof c === "string"))) {
    throw new ArgumentError(
      "parseCsv",
      `options.columns is an array of names; got ${describeValue(columns)}`,
      'write columns: ["epoch", "train"]',
    );
  }
  const { header, rows } = readTable(text, options);
  return { header, rows };
}

/**
 * Parses rotation curves: the header holds the radii in kpc, every further row one galaxy's speeds in km/s. Units may be told, of radii
 * behind them, as in `0.1 [kpc]`, and of speeds in a comment above them.
 *
 * @throws FormatError as {@link parseCsv}, when the radii are not positive and increasing, no curve follows, or other units are told
 * @example
 * parseCurves("0.1,1,10\n50,120,180\n", "curves.csv"); // { radii: [0.1, 1, 10], curves: [[50, 120, 180]] }
 */
export function parseCurves(text: string, source: string): Curves {
  const comments: string[] = [];
  const { header, headerLine, rows } = readTable(text, { source }, comments);
  const slow = comments
    .flatMap((comment) => comment.split(/[\s,;:=[\]()]/))
    .find((word) => /^c?m\/s$/i.test(word));
  if (slow !== undefined) {
    throw new FormatError(source, `a comment says that velocities are in ${slow}`, "convert them to km/s");
  }
  const radii = new Float64Array(header.length);
  header.forEach((cell, i) => {
    const place = { source, line: headerLine, column: i + 1, name: "radii" };
    const plain = cell.toLowerCase().replace(/[\s[\]()]/g, "");
    const unit = ["kpc", "mpc", "pc", "arcsec", "arcmin", "deg"].find((unit) => plain.endsWith(unit)) ?? "";
    const digits = plain.slice(0, plain.length - unit.length);
    const isTold = unit !== "" && !Number.isNaN(decimalOf(digits));
    if (isTold && unit !== "kpc") fail(place, `the radius is in ${unit}`, "convert radii to kpc");
    radii[i] = parseNumber(isTold ? digits : cell, place);
    if (!(radii[i] > (i === 0 ? 0 : radii[i - 1]))) {
      fail(
        { source, line: headerLine, column: i + 1 },
        `the radius ${radii[i]} does not exceed ${i === 0 ? 0 : radii[i - 1]}`,
        "the header must hold the radii in kpc, positive and increasing",
      );
    }
  });
  if (rows.length === 0)
    fail({ source, line: headerLine }, "no curve follows the radii", "add a row a galaxy");
  return { radii, curves: rows };
}

/**
 * Writes a table that {@link parseCsv} reads back to the bit: the shortest decimals that round-trip, `\n` after
 * every row. Of a Float32Array these are the shortest that round to the same float32: 0.1, not 0.10000000149011612.
 *
 * @param header column names, or the radii of curves
 * @param rows one array a row, as long as the header
 * @throws ArgumentError for a ragged row, a value that is not finite, an empty or repeated column name
 * @example
 * formatCsv(["epoch", "train"], [[0, 0.9]]); // "epoch,train\n0,0.9\n"
 */
export function formatCsv(header: ArrayLike<string | number>, rows: Iterable<ArrayLike<number>>): string {
  // typeof alone: to describe a value in words would be half of this module.
  const refuse = (what: string, value: unknown): never => {
    throw new ArgumentError("csv", `${what}; got ${typeof value}`);
  };
  if (typeof header !== "object" || header === null) refuse("the header is a list", header);
  if (typeof rows?.[Symbol.iterator] !== "function") refuse("rows are a list", rows);
  const names = Array.from(header, (cell) =>
    typeof cell === "number"
      ? formatNumber(cell, 0)
      : typeof cell === "string"
        ? cell
        : refuse("a column name is text or a number", cell),
  );
  const fault = headerFault(names);
  if (fault !== undefined) throw new ArgumentError("csv", fault.problem, fault.fix);
  const lines = [names.map(formatName).join()];
  for (const row of rows) {
    if (row?.length !== names.length) {
      throw new ArgumentError(
        "csv",
        `row ${lines.length} has ${row?.length ?? "no"} values, the header has ${names.length}`,
        "give every row one value a column",
      );
    }
    const short = isBuiltIn(row, "Float32Array") ? shortFloat : (value: number) => value;
    lines.push(Array.from(row, (value) => formatNumber(short(value), lines.length)).join());
  }
  return `${lines.join("\n")}\n`;
}

/** A cell, for errors. */
interface Place {
  readonly source: string;
  readonly line: number;
  readonly column?: number;
  readonly name?: string;
}

function readTable(
  text: string,
  { source, columns }: ParseCsvOptions,
  comments?: string[],
): CsvTable & { headerLine: number } {
  if (typeof text !== "string") {
    throw new ArgumentError(
      "csv",
      `a table is text; got ${describeValue(text)}`,
      "decode bytes with TextDecoder",
    );
  }
  let header: string[] | undefined;
  let headerLine = 0;
  const rows: Float64Array[] = [];
  for (const { line, cells } of records(text, source, { comments })) {
    if (header === undefined) {
      const fault = headerFault(cells);
      if (fault !== undefined) fail({ source, line, column: fault.column }, fault.problem, fault.fix);
      if (
        columns !== undefined &&
        (cells.length !== columns.length || columns.some((c, i) => c !== cells[i]))
      ) {
        fail(
          { source, line },
          `the header is ${clip(cells.slice(0, 60).join())}`,
          `the first row must be ${columns.join()}`,
        );
      }
      header = cells;
      headerLine = line;
      continue;
    }
    if (cells.length !== header.length) {
      fail(
        { source, line },
        `${cells.length} cells, but the header has ${header.length}`,
        "every row needs one cell a column, separated by commas",
      );
    }
    const row = new Float64Array(cells.length);
    for (let i = 0; i < row.length; i++) {
      row[i] = parseNumber(cells[i], { source, line, column: i + 1, name: header[i] });
    }
    rows.push(row);
  }
  if (header === undefined)
    throw new FormatError(source, "the file is empty", "it needs a header row, then numbers");
  return { header, headerLine, rows };
}

/** A line of a table, or several where a quoted cell spans them. */
export interface TableRecord {
  /** Of its start, counted from 1, comments included. */
  readonly line: number;
  /** Where it begins in the text. */
  readonly start: number;
  readonly cells: string[];
}

/** What stands between two cells; a blank is any white space. */
export type Separator = "," | ";" | "|" | "\t" | " ";

/** How a text is split into {@link records}. */
interface RecordOptions {
  /** Default ",". */
  readonly separator?: Separator;
  /** Takes the comments as they come, without the mark in front. Default: they are passed over. */
  readonly comments?: string[] | undefined;
  /** Whether blank lines between others are passed over. Default: they are refused. */
  readonly passOverBlank?: boolean;
}

/** Splits the text into records of cells: one pass, no backtracking. A line ends in `\n`, `\r\n` or `\r`. */
export function* records(
  text: string,
  source: string,
  { separator = ",", comments, passOverBlank = false }: RecordOptions = {},
): Generator<TableRecord> {
  let line = 1;
  let started = false;
  let blankLine = 0;
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; line++) {
    const lineEnd = endOf(text, at, isLineEnd);
    const content = text.slice(at, lineEnd).trim();
    if (content === "" || content[0] === "#") {
      if (content === "" && started && !passOverBlank) blankLine ||= line;
      if (content !== "") comments?.push(content.slice(1));
      at = nextLine(text, lineEnd);
      continue;
    }
    if (blankLine > 0) fail({ source, line: blankLine }, "the line is blank, but rows follow", "remove it");
    started = true;
    if (separator === " ") {
      yield { line, start: at, cells: wordsOf(content) };
      at = nextLine(text, lineEnd);
      continue;
    }
    const isEnd = (code: number): boolean => code === separator.charCodeAt(0) || isLineEnd(code);
    const cells: string[] = [];
    const [firstLine, start] = [line, at];
    for (let more = true; more; ) {
      let end: number;
      if (text[at] === '"') {
        const close = closingQuote(text, at);
        if (close < 0)
          fail({ source, line, column: cells.length + 1 }, "a quote is never closed", 'add the "');
        const quoted = text.slice(at + 1, close);
        cells.push(quoted.replaceAll('""', '"'));
        end = endOf(text, close + 1, isEnd);
        if (text.slice(close + 1, end).trim() !== "") {
          fail(
            { source, line, column: cells.length },
            "text follows the closing quote",
            'write a quote as ""',
          );
        }
        for (let i = endOf(quoted, 0, isLineEnd); i < quoted.length; line++) {
          i = endOf(quoted, nextLine(quoted, i), isLineEnd);
        }
      } else {
        end = endOf(text, at, isEnd);
        cells.push(text.slice(at, end).trim());
      }
      more = text[end] === separator;
      at = more ? end + 1 : nextLine(text, end);
    }
    yield { line: firstLine, start, cells };
  }
}

/**
 * Words between blanks. What stands in brackets belongs to the word before: "R [kpc]", "V (km / s)". A word in quotes holds its blanks.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let depth = 0;
  for (let at = endOf(line, 0, isDark); at < line.length; at = endOf(line, at, isDark)) {
    const close = line[at] === '"' && depth === 0 ? closingQuote(line, at) : -1;
    if (close > 0 && (close + 1 === line.length || !isDark(line.charCodeAt(close + 1)))) {
      words.push(line.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
      continue;
    }
    const end = endOf(line, at, (code) => !isDark(code));
    const part = line.slice(at, end);
    if (words.length > 0 && (depth > 0 || /^[[(]/.test(part))) words[words.length - 1] += ` ${part}`;
    else words.push(part);
    for (const mark of part) depth += "[(".includes(mark) ? 1 : "])".includes(mark) && depth > 0 ? -1 : 0;
    at = end;
  }
  return words;
}

/** Whether a character is no white space. */
const isDark = (code: number): boolean => String.fromCharCode(code).trim() !== "";

/** Whether a character ends a line. */
export const isLineEnd = (code: number): boolean => code === 10 || code === 13;

/** Where the line behind the one that ends at `end` begins. */
function nextLine(text: string, end: number): number {
  return end + (text[end] === "\r" && text[end + 1] === "\n" ? 2 : 1);
}

/** The first place from `from` on with such a character; the length where there is none. */
export function endOf(text: string, from: number, isEnd: (code: number) => boolean): number {
  let end = from;
  while (end < text.length && !isEnd(text.charCodeAt(end))) end++;
  return end;
}

/** The index of the quote that closes the one at `open`, -1 when none does; `""` is a quote within the cell. */
function closingQuote(text: string, open: number): number {
  for (let i = text.indexOf('"', open + 1); i >= 0; i = text.indexOf('"', i + 2)) {
    if (text[i + 1] !== '"') return i;
  }
  return -1;
}

/**
 * The number that a text writes in decimals, ±∞ where it overflows, NaN for any other text: Number() alone would read "" as 0, and
 * "0x10". In linear time: no two parts of the pattern can take the same digits.
 */
export function decimalOf(text: string): number {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

const notFinite = /^[+-]?(?:nan|inf|infinity)$/i;

/** @throws FormatError, at its place, for a cell that is no finite number */
export function parseNumber(cell: string, place: Place): number {
  const text = cell.trim();
  if (text === "") fail(place, "the cell is empty", "remove the row or fill it");
  const value = decimalOf(text);
  if (Number.isFinite(value)) return value;
  if (!Number.isNaN(value) || notFinite.test(text)) {
    fail(place, `the value must be finite, not ${clip(text)}`, "remove the row or fill it");
  }
  return fail(
    place,
    `${JSON.stringify(clip(text))} is not a number`,
    /^[+-]?\d+(?:,\d+)+$/.test(text)
      ? "write a point before decimals, and nothing between thousands"
      : "write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header",
  );
}

/** Of all numbers that round to this float32, the one with the fewest decimal digits. */
export function shortFloat(value: number): number {
  // Whole digits of larger ones would all be written.
  for (let scale = Math.abs(value) < 1e7 ? 1 : Infinity; scale <= 1e12; scale *= 10) {
    const short = Math.round(value * scale) / scale;
    if (Math.fround(short) === value) return short;
  }
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function formatNumber(value: number, row: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  const where = row === 0 ? "the header" : `row ${row}`;
  throw new ArgumentError(
    "csv",
    `${where} holds ${value}`,
    "the values must be finite; remove the row or fill it",
  );
}

/** A cell of text, quoted where plain text would be read back differently. */
export function formatName(name: string): string {
  const plain = name === name.trim() && name[0] !== "#" && !/[",\r\n]/.test(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}

function headerFault(names: readonly string[]): { column: number; problem: string; fix: string } | undefined {
  const seen = new Set<string>();
  if (names.length === 0) return { column: 1, problem: "there is no column", fix: "name at least one" };
  for (const name of names) {
    const column = seen.size + 1;
    if (name === "") return { column, problem: "a column name is empty", fix: "name every column" };
    if (seen.has(name)) {
      const problem = `the column ${JSON.stringify(clip(name))} stands twice in the header`;
      return { column, problem, fix: "every column needs a name of its own" };
    }
    seen.add(name);
  }
  return undefined;
}

/** @throws FormatError that names the place */
export function fail({ source, line, column, name }: Place, problem: string, fix: string): never {
  const at = column === undefined ? "" : `, column ${column}`;
  const title = name === undefined ? "" : ` (${clip(name)})`;
  throw new FormatError(source, `line ${line}${at}${title}: ${problem}`, fix);
}
