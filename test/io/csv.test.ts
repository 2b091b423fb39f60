/** src/io/csv.ts: what is written reads back to the bit, and every malformed text is refused at its place. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError, FormatError, HalogradError } from "../../src/basics/errors.ts";
import { formatCsv, parseCsv, parseCurves } from "../../src/io/index.ts";

const source = "table.csv";
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const name = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.string({ minLength: 1, unit: fc.constantFrom('"', ",", "\n", "\r", "#", " ", "a", "\ufeff") }),
);
const table = fc.uniqueArray(name, { minLength: 1, maxLength: 6 }).chain((header) =>
  fc.record({
    header: fc.constant(header),
    rows: fc.array(fc.array(finite, { minLength: header.length, maxLength: header.length })),
  }),
);

describe("what is written", () => {
  test.prop([table])("reads back to the bit, whatever the names and numbers are", ({ header, rows }) => {
    const read = parseCsv(formatCsv(header, rows), { source });
    expect(read.header).toEqual(header);
    expect(read.rows).toEqual(rows.map((row) => Float64Array.from(row))); // toEqual tells −0 from 0
  });

  test.prop([
    fc.uniqueArray(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), { minLength: 1, maxLength: 8 }),
    finite,
  ])("as curves keeps radii and speeds to the bit", (values, speed) => {
    const radii = Float64Array.from(values).sort();
    const curve = radii.map(() => speed);
    expect(parseCurves(formatCsv(radii, [curve, curve]), source)).toEqual({ radii, curves: [curve, curve] });
  });

  test("is plain text with the shortest decimals and a final newline", () => {
    expect(
      formatCsv(
        ["epoch", "train", 'say "v"'],
        [
          [0, 0.1, -0],
          [1, 1e21, 5e-324],
        ],
      ),
    ).toBe('epoch,train,"say ""v"""\n0,0.1,-0\n1,1e+21,5e-324\n');
  });

  test.prop([fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 })])(
    "has of float32 values the fewest digits that round to them",
    (values) => {
      const row = Float32Array.from(values);
      const text = formatCsv(
        Array.from(values, (_, i) => `c${i}`),
        [row],
      );
      const [read] = parseCsv(text, { source }).rows;
      expect(Float32Array.from(read)).toEqual(row);
      const digits = (value: number) =>
        /[1-9]\d*?(?=0*$)/.exec(value.toExponential().split("e")[0].replace(".", ""))?.[0].length ?? 1;
      for (const [i, value] of row.entries()) {
        const fewest = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
          (n) => Math.fround(Number(value.toPrecision(n))) === value,
        );
        expect(digits(read[i]), `${value}`).toBe(value === 0 ? 1 : fewest);
      }
    },
  );

  test("is as short for float32 values as they are", () => {
    const row = Float32Array.of(0.1, 153.27, -0, 1e-40, 16_777_216, 3e38, 0.007);
    expect(formatCsv([..."abcdefg"], [row])).toBe(
      "a,b,c,d,e,f,g\n0.1,153.27,-0,1e-40,16777216,3e+38,0.007\n",
    );
  });

  test.each([
    ["a ragged row", ["a", "b"], [[1, 2], [3]], "row 2 has 1 values, the header has 2"],
    ["NaN", ["a"], [[Number.NaN]], "row 1 holds NaN\n  Fix: the values must be finite"],
    ["an infinite radius", [1, Number.POSITIVE_INFINITY], [], "the header holds Infinity"],
    ["a repeated name", ["a", "a"], [], '"a" stands twice'],
    ["no column", [], [], "there is no column"],
    ["a name that is none", [undefined], [], "a column name is text or a number; got undefined"],
    ["a header that is none", null, [], "the header is a list; got object"],
    ["a row that is none", ["a"], [undefined], "row 1 has no values, the header has 1"],
    ["rows that are none", ["a"], undefined, "rows are a list; got undefined"],
  ])("is never %s", (_, header, rows, message) => {
    expect(() => formatCsv(header as string[], rows as number[][])).toThrow(ArgumentError);
    expect(() => formatCsv(header as string[], rows as number[][])).toThrow(message);
  });
});

describe("what is read", () => {
  test.each([
    ["\\r\\n line ends", "a,b\r\n1,2\r\n"],
    ["\\r line ends", "# of an old editor\ra,b\r1,2\r"],
    ["a byte order mark", "\ufeffa,b\n1,2\n"],
    ["no newline at the end", "a,b\n1,2"],
    ["blank lines around the table", "\n\na,b\n1,2\n\n \r\n"],
    ["comment lines", "# made by\na,b\n# and here\n1,2\n# end"],
    ["spaces around cells", " a ,\tb\n 1 , 2 \n"],
    ["quoted cells", '"a","b" \r\n"1","2"\r\n'],
    ["other spellings of numbers", "a,b\n+1.,.2e1\n"],
  ])("may have %s", (_, text) => {
    expect(parseCsv(text, { source })).toEqual({ header: ["a", "b"], rows: [Float64Array.of(1, 2)] });
  });

  test.each([
    ["an empty text", "", "table.csv: the file is empty"],
    ["comments only", "# nothing\n", "the file is empty"],
    ["a short row", "a,b\n1,2\n3\n", "line 3: 1 cells, but the header has 2"],
    ["a long row", "a,b\n1,2,3\n", "line 2: 3 cells, but the header has 2"],
    ["an empty cell", "a,b\n1,\n", "line 2, column 2 (b): the cell is empty"],
    ["a word", "a,b\n1,fast\n", 'line 2, column 2 (b): "fast" is not a number'],
    ["a decimal comma", "a\n1;5\n", '"1;5" is not a number'],
    ["a hexadecimal number", "a\n0x10\n", '"0x10" is not a number'],
    ["NaN", "a\n1\nNaN\n", "line 3, column 1 (a): the value must be finite, not NaN"],
    ["infinity", "a\n-Infinity\n", "must be finite"],
    ["an overflowing number", "a\n1e999\n", "must be finite, not 1e999"],
    ["an empty column name", "a,,b\n1,2,3\n", "line 1, column 2: a column name is empty"],
    ["a repeated column name", "a,b,a\n1,2,3\n", 'line 1, column 3: the column "a" stands twice'],
    ["a blank line between rows", "a\n1\n\n2\n", "line 3: the line is blank"],
    ["an open quote", 'a\n"1\n2\n', "line 2, column 1: a quote is never closed"],
    ["text after a quote", '"a"b\n1\n', "line 1, column 1: text follows the closing quote"],
    ["a fault below quoted newlines and comments", '"a\n\n"\n# x\nno\n', "line 5, column 1 (a\n\n): "],
  ])("must not have %s", (_, text, message) => {
    const read = (): unknown => parseCsv(text, { source });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/\n {2}Fix: \S/);
  });

  test("must have the columns that were asked for, in their order", () => {
    const columns = ["epoch", "train", "valid"];
    expect(parseCsv("epoch,train,valid\n0,1,2\n", { source, columns }).rows).toHaveLength(1);
    for (const text of ["0,1,2\n", "epoch,valid,train\n0,1,2\n", "epoch,train\n0,1\n"]) {
      expect(() => parseCsv(text, { source, columns })).toThrow("the first row must be epoch,train,valid");
    }
  });

  test("must be asked for by an array of names", () => {
    const columns = "epoch" as never;
    expect(() => parseCsv("epoch\n0\n", { source, columns })).toThrow(
      /columns is an array of names; got the text/,
    );
  });

  test("as curves may tell that they are in kpc and km/s", () => {
    const text = "# velocities [km/s]\n0.1 [kpc],1 kpc,10\n50,120,180\n";
    expect([...parseCurves(text, source).radii]).toEqual([0.1, 1, 10]);
  });

  test.each([
    ["in arcseconds", "10 arcsec,20 arcsec\n1,2\n", "line 1, column 1 (radii): the radius is in arcsec"],
    ["equal", "1,1.0,2\n1,2,3\n", "line 1, column 2: the radius 1 does not exceed 1"],
    ["decreasing", "# kpc\n1,3,2\n1,2,3\n", "line 2, column 3: the radius 2 does not exceed 3"],
    ["zero", "0,1\n1,2\n", "line 1, column 1: the radius 0 does not exceed 0"],
    ["names", "R,V\n1,2\n", 'line 1, column 1 (radii): "R" is not a number'],
    ["without curves", "1,2\n", "no curve follows"],
  ])("as curves must not have radii that are %s", (_, text, message) => {
    expect(() => parseCurves(text, source)).toThrow(FormatError);
    expect(() => parseCurves(text, source)).toThrow(message);
    expect(() => parseCurves(text, source)).toThrow(/\n {2}Fix: \S/);
  });
});

describe("hostile text", () => {
  const pieces = fc.constantFrom(
    '"',
    ",",
    "\n",
    "\r\n",
    "#",
    " ",
    "1",
    "-2.5e3",
    "NaN",
    "x",
    "\0",
    "\ufeff",
    "\ud800",
  );
  test.prop([fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""))], { numRuns: 3000 })(
    "gives a table that round-trips, or a HalogradError",
    (text) => {
      for (const parse of [(t: string) => parseCsv(t, { source }), (t: string) => parseCurves(t, source)]) {
        try {
          const read = parse(text);
          if ("rows" in read) expect(parseCsv(formatCsv(read.header, read.rows), { source })).toEqual(read);
          else expect(parseCurves(formatCsv(read.radii, read.curves), source)).toEqual(read);
        } catch (error) {
          if (!(error instanceof HalogradError)) throw error;
        }
      }
    },
  );
});
