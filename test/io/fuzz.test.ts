/**
 * The parsers of src/io under fuzzing: valid files that were damaged with knowledge of their structure, and files made
 * to do harm. Each is read consistently or ends in a FormatError, in memory that its own size allows.
 */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  formatCsv,
  parseCsv,
  parseCurves,
  readSafetensors,
  type TensorToWrite,
  writeSafetensors,
} from "../../src/io/index.ts";
import { withinMemory } from "../memory.ts";

/** The value, or undefined where a FormatError with a short message in the house's form refuses; all else fails. */
function readOrRefuse<T>(bytes: number, read: () => T): T | undefined {
  try {
    return withinMemory(bytes, read);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(/^the file: .+\n {2}Fix: .+$/s);
    expect(error.message.length).toBeLessThan(700);
    return undefined;
  }
}

const source = "the file";

/** Names that other programs stumble over. */
const hostileName = fc.constantFrom(
  ...["__proto__", "constructor", "toString", "../../etc/passwd", "/dev/zero", "C:\\con", "a/../../b", "."],
  ...["=1+1", "\0", "\u001b[2J", "\u202e", "\ufeff", "\ud800", "é", "😀", " ", '"', "''", "NaN", "1e999"],
  "x".repeat(3000),
);

describe("a table", () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 5e-324, Number.MAX_VALUE, 2 ** 53),
  );
  const table = fc
    .uniqueArray(fc.oneof(fc.string({ minLength: 1, unit: "binary" }), fc.constantFrom("a", "b", "c")), {
      minLength: 1,
      maxLength: 5,
    })
    .chain((header) =>
      fc.record({
        header: fc.constant(header),
        rows: fc.array(fc.array(number, { minLength: header.length, maxLength: header.length }), {
          minLength: 1,
          maxLength: 6,
        }),
      }),
    );
  const piece = fc.oneof(
    hostileName,
    fc.constantFrom(
      ...'",#\n\r \t;-+.e0',
      "\r\n",
      '""',
      "Infinity",
      "0x1",
      "1_000",
      "1e-999",
      "9".repeat(400),
    ),
    fc.constantFrom(",".repeat(2000), '"'.repeat(2001), "\n".repeat(2000), "1,".repeat(1000)),
  );
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const change: fc.Arbitrary<(text: string) => string> = fc.oneof(
    // Cut off.
    share.map((at) => (text: string) => text.slice(0, at * text.length)),
    // A piece put in, over some characters.
    fc.tuple(share, fc.nat({ max: 5 }), piece).map(([at, width, insert]) => (text: string) => {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + insert + text.slice(start + width);
    }),
    // A part repeated elsewhere.
    fc.tuple(share, share, share).map(([a, b, to]) => (text: string) => {
      const [start, end] = [a, b].sort().map((at) => Math.floor(at * text.length));
      const place = Math.floor(to * text.length);
      return text.slice(0, place) + text.slice(start, end) + text.slice(place);
    }),
    // Lines in another order, or twice.
    fc.tuple(share, share, fc.boolean()).map(([from, to, twice]) => (text: string) => {
      const lines = text.split("\n");
      const [line] = lines.splice(from * lines.length, twice ? 0 : 1);
      lines.splice(to * lines.length, 0, line ?? lines[0]);
      return lines.join("\n");
    }),
  );

  test.prop([table, fc.array(change, { minLength: 1, maxLength: 4 })], { numRuns: 5000 })(
    "that was cut, spliced, shuffled or spiked is read as what it then says, or refused",
    ({ header, rows }, changes) => {
      const text = changes.reduce((current, apply) => apply(current), formatCsv(header, rows));
      const read = readOrRefuse(text.length, () => parseCsv(text, { source }));
      if (read !== undefined) {
        expect(new Set(read.header).size).toBe(read.header.length);
        for (const row of read.rows) {
          expect(row.length).toBe(read.header.length);
          expect(row.every(Number.isFinite)).toBe(true);
        }
        expect(parseCsv(formatCsv(read.header, read.rows), { source })).toEqual(read);
      }
      const curves = readOrRefuse(text.length, () => parseCurves(text, source));
      if (curves !== undefined)
        expect(parseCurves(formatCsv(curves.radii, curves.curves), source)).toEqual(curves);
    },
  );

  const plain = fc.record({
    columns: fc.integer({ min: 2, max: 6 }),
    count: fc.integer({ min: 1, max: 6 }),
    row: fc.nat(),
    column: fc.nat(),
  });
  const faults: Record<string, (cells: string[], column: number) => unknown> = {
    "a cell too few": (cells, column) => cells.splice(column, 1),
    "a cell too many": (cells, column) => cells.splice(column, 0, "1"),
    "an empty cell": (cells, column) => cells.splice(column, 1, " "),
    "a word for a number": (cells, column) => cells.splice(column, 1, "../../etc/passwd"),
    "a number that overflows": (cells, column) => cells.splice(column, 1, "-1e309"),
    "NaN for a number": (cells, column) => cells.splice(column, 1, "nan"),
  };
  test.prop([plain, fc.constantFrom(...Object.keys(faults))], { numRuns: 1000 })(
    "with one fault in any row is refused at that line",
    ({ columns, count, row, column }, fault) => {
      const lines = Array.from({ length: count }, (_, i) =>
        Array.from({ length: columns }, (_, j) => String(i - j / 8)),
      );
      faults[fault](lines[row % count], column % columns);
      const header = Array.from({ length: columns }, (_, j) => `c${j}`);
      const text = [header, ...lines].map((cells) => `${cells.join()}\n`).join("");
      expect(() => parseCsv(text, { source })).toThrow(`the file: line ${2 + (row % count)}`);
    },
  );
});

describe("safetensors", () => {
  const encode = (header: string, claimed = -1, data = 0): Uint8Array => {
    const body = new TextEncoder().encode(header);
    const bytes = new Uint8Array(8 + body.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(claimed < 0 ? body.length : claimed), true);
    bytes.set(body, 8);
    return bytes;
  };
  const read = (bytes: Uint8Array): ReturnType<typeof readSafetensors> | undefined =>
    readOrRefuse(bytes.length, () => readSafetensors(bytes, source));

  // Headers out of the right parts, each of which lies now and then.
  const rarely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: other });
  const quoted = (text: string): string => JSON.stringify(text);
  const name = rarely(fc.constantFrom("a", "b", "c", "a.weight"), hostileName).map(quoted);
  const deep = fc
    .tuple(fc.constantFrom("[", '{"a":'), fc.constantFrom(10, 1000, 20_000))
    .map(([open, depth]) => open.repeat(depth));
  const huge = fc.constantFrom(
    "9007199254740991",
    "4294967296",
    "18446744073709551616",
    "1e9",
    "-1",
    "01",
    "0.5",
  );
  const whole = rarely(fc.nat({ max: 4 }).map(String), huge);
  const list = (item: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
    fc.array(item, { maxLength }).map((items) => `[${items.join()}]`);
  const dtype = rarely(
    fc.constantFrom('"F32"', '"F64"', '"F16"', '"BF16"'),
    fc.constantFrom('"I64"', "32", '"toString"', "null"),
  );
  const offset = rarely(
    fc.nat({ max: 8 }).map((n) => String(4 * n)),
    huge,
  );
  const offsets = rarely(
    fc.tuple(offset, offset).map((pair) => `[${pair.join()}]`),
    list(offset, 4),
  );
  const info = rarely(
    fc
      .tuple(dtype, rarely(list(whole, 4), deep), offsets)
      .map(([kind, shape, place]) => `{"dtype":${kind},"shape":${shape},"data_offsets":${place}}`),
    fc.oneof(deep, fc.constantFrom("{}", "[]", "null", '"x"', '{"dtype":"F32","dtype":"F32"}', '{"x":1}')),
  );
  const metadata = fc
    .array(fc.tuple(name, rarely(name, fc.oneof(deep, fc.constantFrom("1", "null", "{}")))), { maxLength: 3 })
    .map((entries) => `"__metadata__":{${entries.map((entry) => entry.join(":")).join()}}`);
  const entry = rarely(
    fc.tuple(name, info).map((pair) => pair.join(":")),
    metadata,
  );
  const header = fc.array(entry, { maxLength: 4 }).map((entries) => `{${entries.join()}}`);
  // Up to 2⁶⁴ − 1; just beyond what is there, and around the limits of 32 bits and of 100 MB.
  const claim = rarely(
    fc.constant(-1),
    fc.oneof(
      fc.nat({ max: 200 }),
      fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 99_999_999, 100_000_001),
    ),
  );
  test.prop([header, claim, fc.nat({ max: 10 }).map((n) => 4 * n)], { numRuns: 5000 })(
    "whose header lies about lengths, places, names and types is refused, or read as what it holds",
    (text, claimed, data) => {
      const file = read(encode(text, claimed, data));
      if (file === undefined) return;
      const values = [...file.tensors.values()];
      for (const tensor of values) {
        expect(tensor.data.length).toBe(tensor.shape.reduce((product, n) => product * n, 1));
      }
      const width = { F64: 8, F32: 4, F16: 2, BF16: 2 };
      expect(values.reduce((sum, tensor) => sum + width[tensor.dtype] * tensor.data.length, 0)).toBe(data);
    },
  );

  // Valid files in which the places of tensors are drawn anew: only those without hole and overlap are files.
  const span = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
  test.prop([fc.array(span, { minLength: 1, maxLength: 4 }), fc.nat({ max: 8 })], { numRuns: 2000 })(
    "is read exactly when its tensors lie end to end",
    (spans, data) => {
      const entries = spans.map(
        ([start, size], i) =>
          `"${i}":{"dtype":"F32","shape":[${size}],"data_offsets":[${4 * start},${4 * (start + size)}]}`,
      );
      const cover = [...spans].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      let end = 0;
      const tiles = cover.every(([start, size]) => {
        const fits = start === end;
        end += size;
        return fits;
      });
      expect(read(encode(`{${entries.join()}}`, -1, 4 * data)) !== undefined).toBe(tiles && end === data);
    },
  );

  const valid = writeSafetensors(
    new Map<string, TensorToWrite>([
      ["encoder.0.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["encoder.0.bias", { shape: [2], data: Float64Array.of(7, 8) }],
    ]),
    { format: "pt" },
  );
  test("cut at any byte is refused", () => {
    expect(read(valid)).toBeDefined();
    for (let length = 0; length < valid.length; length++)
      expect(read(valid.subarray(0, length))).toBeUndefined();
  });

  test("with any one byte of its lengths and header changed stays within its own size", () => {
    const start = 8 + valid[0];
    for (let at = 0; at < start; at++) {
      for (const byte of [0, 0x22, 0x30, 0x39, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0xff]) {
        const bytes = valid.slice();
        bytes[at] = byte;
        read(bytes);
      }
    }
  });
});
