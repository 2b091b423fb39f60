/** FITS tables: what the standard says of every byte, read by a reader of its own, and by Astropy where it is. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, type HalogradError, ShapeError } from "../../src/basics/errors.ts";
import { writeFits } from "../../src/io/index.ts";
import { pythonWith } from "../python.ts";
import { readFits } from "./read-fits.ts";

const columns = {
  radius: { shape: [2, 3], data: Float64Array.of(0.1, 1, 50, 0.1, 1, 50), unit: "kpc" },
  velocity: { shape: [2, 3], data: Float32Array.of(1.5, -0, Infinity, 1e-40, Number.NaN, 7), unit: "km/s" },
  mass: { shape: [2], data: Float64Array.of(1e10, 3), unit: "solMass" },
  cube: { shape: [2, 2, 3], data: Float64Array.from({ length: 12 }, (_, i) => i) },
  "it's": { shape: [2, 0], data: new Float32Array(0) },
};
const long = `${"x".repeat(71)} ${"x".repeat(28)} v é 🌌`;
const write = () => writeFits(columns, { name: "CURVES", history: ["command: halograd", long, ""] });

test("every card and every value stands where the standard wants it", () => {
  const read = readFits(write());
  expect(read.name).toBe("CURVES");
  expect(read.history).toEqual([
    "command: halograd",
    "x".repeat(71),
    ` ${"x".repeat(28)} v \\u{e9} \\u{1f30c}`,
    "",
  ]);
  expect(read.columns).toEqual([
    {
      name: "radius",
      unit: "kpc",
      size: 8,
      sizes: undefined,
      rows: [
        [0.1, 1, 50],
        [0.1, 1, 50],
      ],
    },
    {
      ...{ name: "velocity", unit: "km/s", size: 4, sizes: undefined },
      rows: [
        [1.5, -0, Infinity],
        [Math.fround(1e-40), Number.NaN, 7],
      ],
    },
    { name: "mass", unit: "solMass", size: 8, sizes: undefined, rows: [[1e10], [3]] },
    {
      name: "cube",
      unit: undefined,
      size: 8,
      sizes: "(3,2)",
      rows: [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
      ],
    },
    { name: "it's", unit: undefined, size: 4, sizes: undefined, rows: [[], []] },
  ]);
});

test("blocks that are just full get no further one, and no row is a table too", () => {
  expect(writeFits({ a: { shape: [360], data: new Float64Array(360) } })).toHaveLength(3 * 2880);
  expect(writeFits({ a: { shape: [361], data: new Float64Array(361) } })).toHaveLength(4 * 2880);
  // 8 cards, 2 of the column, 25 lines and END fill a block of 36.
  const of = (lines: number) =>
    writeFits({ a: { shape: [0], data: new Float64Array(0) } }, { history: Array(lines).fill("h") });
  expect(of(25)).toHaveLength(2 * 2880);
  expect(of(26)).toHaveLength(3 * 2880);
  expect(readFits(of(25)).columns[0].rows).toEqual([]);
  expect(readFits(writeFits({ a: columns.mass })).history).toEqual([]);
  const many = Array.from({ length: 999 }, (_, i) => [`c${i}`, columns.mass] as const);
  expect(readFits(writeFits(many)).columns[998].rows).toEqual([[1e10], [3]]);
  for (const name of ["x".repeat(68), "'".repeat(34)])
    expect(readFits(writeFits({ [name]: columns.mass })).columns[0].name).toBe(name);
});

test("what cannot be written is refused", () => {
  const one = { shape: [1], data: Float64Array.of(1) };
  const two = { shape: [2], data: Float64Array.of(1, 2) };
  const wrong: [() => unknown, typeof HalogradError, RegExp][] = [
    [() => writeFits({}), ArgumentError, /0 columns/],
    [() => writeFits(Array.from({ length: 1000 }, (_, i) => [`${i}`, one])), ArgumentError, /1000 columns/],
    [() => writeFits({ a: one, A: one }), ArgumentError, /"A" is there twice/],
    [() => writeFits({ a: one, b: two }), ShapeError, /"b" has 2 rows, and "a" has 1/],
    [() => writeFits({ a: { ...two, shape: [3] } }), ShapeError, /shape \[3\] has 2 values/],
    [() => writeFits({ a: { ...one, shape: [] } }), ShapeError, /first axis counts rows/],
    [() => writeFits({ a: { ...one, data: [1] as never } }), ArgumentError, /neither a Float32Array/],
    [() => writeFits({ a: undefined as never }), ArgumentError, /neither a Float32Array/],
    [() => writeFits({ "": one }), ArgumentError, /1 to 68 letters/],
    [() => writeFits({ größe: one }), ArgumentError, /ASCII/],
    [() => writeFits({ ["'".repeat(35)]: one }), ArgumentError, /1 to 68/],
    [() => writeFits({ ["x".repeat(69)]: one }), ArgumentError, /1 to 68/],
    [() => writeFits({ a: { ...one, unit: " kpc" } }), ArgumentError, /the unit of "a"/],
    [() => writeFits({ a: one }, { name: "a\nb" }), ArgumentError, /options\.name/],
    [() => writeFits({ a: one }, { history: "h" as never }), ArgumentError, /options\.history is a list/],
    [
      () => writeFits({ a: one }, { history: [5] as never }),
      ArgumentError,
      /a line of options\.history is text/,
    ],
    [() => writeFits({ a: one }, { title: "x" } as never), ArgumentError, /title/],
    [() => writeFits(undefined as never), ArgumentError, /columns.*\n {2}Fix: give columns by name/],
    [() => writeFits([5] as never), ArgumentError, /pair/],
  ];
  for (const [write, error, message] of wrong) {
    expect(write).toThrow(error);
    expect(write).toThrow(message);
  }
});

const interpreter = pythonWith("astropy");
describe.skipIf(interpreter === undefined)("Astropy", () => {
  const home = mkdtempSync(join(tmpdir(), "halograd-fits-"));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test("reads what is written, finds no fault in it, and knows the units", () => {
    writeFileSync(join(home, "mine.fits"), write());
    const program = `import warnings; warnings.simplefilter("error")
from astropy.io import fits; from astropy.table import Table
t = Table.read("mine.fits")
with fits.open("mine.fits") as f:
    f.verify("exception")
    for n in t.colnames: print(n, t[n].unit, t[n].dtype.str, t[n].shape, f[1].data[n].astype(float).tolist())
print(len(t.meta["HISTORY"]))`;
    expect(
      execFileSync(interpreter!, ["-c", program], { cwd: home, encoding: "utf8" }).trim().split("\n"),
    ).toEqual([
      "radius kpc >f8 (2, 3) [[0.1, 1.0, 50.0], [0.1, 1.0, 50.0]]",
      "velocity km / s >f4 (2, 3) [[1.5, -0.0, inf], [9.99994610111476e-41, nan, 7.0]]",
      "mass solMass >f8 (2,) [10000000000.0, 3.0]",
      "cube None >f8 (2, 2, 3) [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]]",
      "it's None >f4 (2, 0) [[], []]",
      "4",
    ]);
  });
});
