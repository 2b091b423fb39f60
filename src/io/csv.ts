/**
 * Numeric tables as comma-separated text (RFC 4180): one header row, then rows of finite numbers. Used for the
 * galaxies' parameters, rotation curves, samples and losses. Platform-neutral: strings in, strings out.
 */
import { clip, describeValue } from "../basics/check.ts";
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
 * Parses a numeric table. Accepts a byte order mark, `\r\n`, blank lines at the end, spaces around cells, quoted
 * cells, and comment lines that start with `#`.
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
  const { header, rows } = readTable(text, options);
  return { header, rows };
}

/**
 * Parses rotation curves: the header holds the radii in kpc, every further row one galaxy's speeds in km/s.
 *
 * @throws FormatError as {@link parseCsv}, and when the radii are not positive and increasing or no curve follows
 * @example
 * parseCurves("0.1,1,10\n50,120,180\n", "curves.csv"); // { radii: [0.1, 1, 10], curves: [[50, 120, 180]] }
 */
export function parseCurves(text: string, source: string): Curves {
  const { header, headerLine, rows } = readTable(text, { source });
  const radii = new Float64Array(header.length);
  header.forEach((cell, i) => {
    radii[i] = parseNumber(cell, { source, line: headerLine, column: i + 1, name: "radii" });
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
 * every row.
 *
 * @param header column names, or the radii of curves
 * @param rows one array a row, as long as the header
 * @throws ArgumentError for a ragged row, a value that is not finite, an empty or repeated column name
 * @example
 * formatCsv(["epoch", "train"], [[0, 0.9]]); // "epoch,train\n0,0.9\n"
 */
export function formatCsv(header: ArrayLike<string | number>, rows: Iterable<ArrayLike<number>>): string {
  const names = Array.from(header, (cell) => (typeof cell === "number" ? formatNumber(cell, 0) : cell));
  const fault = headerFault(names);
  if (fault !== undefined) throw new ArgumentError("csv", fault.problem, fault.fix);
  const lines = [names.map(formatName).join()];
  for (const row of rows) {
    if (row.length !== names.length) {
      throw new ArgumentError(
        "csv",
        `row ${lines.length} has ${row.length} values, the header has ${names.length}`,
        "give every row one value a column",
      );
    }
    lines.push(Array.from(row, (value) => formatNumber(value, lines.length)).join());
  }
  return `${lines.join("\n")}\n`;
}

interface Place {
  readonly source: string;
  readonly line: number;
  readonly column?: number;
  readonly name?: string;
}

function readTable(text: string, { source, columns }: ParseCsvOptions): CsvTable & { headerLine: number } {
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
  for (const { line, cells } of records(text, source)) {
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

/** Splits the text into records of cells: one pass, no backtracking. Lines count from 1, comments included. */
function* records(text: string, source: string): Generator<{ line: number; cells: string[] }> {
  let line = 1;
  let started = false;
  let blankLine = 0;
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; line++) {
    const lineEnd = text.indexOf("\n", at);
    const content = text.slice(at, lineEnd < 0 ? text.length : lineEnd).trim();
    if (content === "" || content[0] === "#") {
      if (content === "" && started) blankLine ||= line;
      at = lineEnd < 0 ? text.length : lineEnd + 1;
      continue;
    }
    if (blankLine > 0) fail({ source, line: blankLine }, "the line is blank, but rows follow", "remove it");
    started = true;
    const cells: string[] = [];
    const firstLine = line;
    for (let more = true; more; ) {
      let end: number;
      if (text[at] === '"') {
        const close = closingQuote(text, at);
        if (close < 0)
          fail({ source, line, column: cells.length + 1 }, "a quote is never closed", 'add the "');
        const quoted = text.slice(at + 1, close);
        cells.push(quoted.replaceAll('""', '"'));
        end = cellEnd(text, close + 1);
        if (text.slice(close + 1, end).trim() !== "") {
          fail(
            { source, line, column: cells.length },
            "text follows the closing quote",
            'write a quote as ""',
          );
        }
        for (let i = quoted.indexOf("\n"); i >= 0; i = quoted.indexOf("\n", i + 1)) line++;
      } else {
        end = cellEnd(text, at);
        cells.push(text.slice(at, end).trim());
      }
      more = text[end] === ",";
      at = end + 1;
    }
    yield { line: firstLine, cells };
  }
}

/** The index of the quote that closes the one at `open`, -1 when none does; `""` is a quote within the cell. */
function closingQuote(text: string, open: number): number {
  for (let i = text.indexOf('"', open + 1); i >= 0; i = text.indexOf('"', i + 2)) {
    if (text[i + 1] !== '"') return i;
  }
  return -1;
}

function cellEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && text[end] !== "," && text[end] !== "\n") end++;
  return end;
}

/** Number() alone would read "" as 0 and accept "0x10". */
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const notFinite = /^[+-]?(?:nan|inf|infinity)$/i;

function parseNumber(cell: string, place: Place): number {
  const text = cell.trim();
  if (text === "") fail(place, "the cell is empty", "remove the row or fill it");
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  if (decimal.test(text) || notFinite.test(text)) {
    fail(place, `the value must be finite, not ${clip(text)}`, "remove the row or fill it");
  }
  return fail(
    place,
    `${JSON.stringify(clip(text))} is not a number`,
    "write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header",
  );
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

/** Quoted where plain text would be read back differently. */
function formatName(name: string): string {
  const plain = name === name.trim() && name[0] !== "#" && !/[",\n]/.test(name);
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

function fail({ source, line, column, name }: Place, problem: string, fix: string): never {
  const at = column === undefined ? "" : `, column ${column}`;
  const title = name === undefined ? "" : ` (${clip(name)})`;
  throw new FormatError(source, `line ${line}${at}${title}: ${problem}`, fix);
}
