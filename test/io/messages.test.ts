/** What readers and writers of files say of arguments and files that they do not take. */

import { expect, test } from "vitest";
import {
  findSparcGalaxy,
  formatCsv,
  parseCsv,
  parseCurves,
  parseObservations,
  parseObservedParts,
  parseSparcCurves,
  parseSparcGalaxies,
  readNpz,
  readSafetensors,
  writeFits,
  writeNpz,
  writeSafetensors,
} from "../../src/io/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;

test("tables of numbers", () => {
  const table = (text: string, columns?: string[]) => () =>
    parseCsv(text, columns === undefined ? { source: "t" } : { source: "t", columns });
  const curves = (text: string) => () => parseCurves(text, "t");
  expect(
    messagesOf({
      "a table without a name for errors": () => parseCsv("a\n1\n", any(undefined)),
      "columns that are text": () => parseCsv("a\n1\n", { source: "t", columns: any("a") }),
      "columns that are numbers": () => parseCsv("a\n1\n", { source: "t", columns: any(["a", 1]) }),
      "a table that is no text": () => parseCsv(any(1), { source: "t" }),
      "an empty table": table("# only this\n"),
      "more columns than asked for": table("a,b\n1,2\n", ["a"]),
      "other columns, of which there are many": table(`${[..."abcdefghijklmnop"].join(",long ")}\n`, ["a"]),
      "a row that is too short": table("a,b\n1\n"),
      "an empty cell": table("a,b\n1, \n"),
      "a word": table("a,b\n1,fast\n"),
      "a number beyond the largest": table("a\n1e999\n"),
      "a sign before infinity": table("a\n+INF\n"),
      "a word that starts like infinity": table("a\ninfinite\n"),
      "a word that ends in NaN": table("a\nxnan\n"),
      "thousands between commas": table('a\n"12,345,678"\n'),
      "a sign before thousands": table('a\n"-1,000"\n'),
      "a comma at the end": table('a\n"1,"\n'),
      "a letter before thousands": table('a\n"x1,000"\n'),
      "a letter behind thousands": table('a\n"1,000x"\n'),
      "a column without a name": table("a,\n1,2\n"),
      "a column name that stands twice": table("a,a\n1,2\n"),
      "blank lines between rows": table("a\n1\n\n\n2\n"),
      "a quote that is never closed": table('a,"b\n1,2\n'),
      "text behind a quote": table('a,"b"c\n1,2\n'),
      "a long column name": table(`${"n".repeat(99)}\nx\n`),
      "a comment with m/s": curves("# velocities (m/s)\n1,2\n3,4\n"),
      "a comment with CM/S": curves("# v:CM/S\n1,2\n3,4\n"),
      ...Object.fromEntries(
        ["pc", "Mpc", "[arcsec]", "(arcmin)", "deg"].map((unit) => [
          `a radius in ${unit}`,
          curves(`1,2 ${unit}\n3,4\n`),
        ]),
      ),
      "a word before a unit": curves("1,far pc\n3,4\n"),
      "a word before kpc": curves("1,far kpc\n3,4\n"),
      "a radius twice": curves("1,1.0\n3,4\n"),
      "radii that shrink": curves("2,1\n3,4\n"),
      "a radius of 0": curves("0,1\n3,4\n"),
      "no curve": curves("1,2\n"),
      "curves of no text": () => parseCurves(any(undefined), "t"),
      "a header that is none": () => formatCsv(any(null), []),
      "a header that is text": () => formatCsv(any("a"), []),
      "no rows": () => formatCsv(["a"], any(undefined)),
      "a name that is none": () => formatCsv([any(null)], []),
      "no names": () => formatCsv([], []),
      "an empty name": () => formatCsv(["a", ""], []),
      "a name twice": () => formatCsv(["a", "a"], []),
      "a row that does not fit": () => formatCsv(["a"], [[1], [1, 2]]),
      "a row that is none": () => formatCsv(["a"], [any(undefined)]),
      "NaN in a row": () => formatCsv(["a"], [[1], [Number.NaN]]),
      "infinity in the header": () => formatCsv([Infinity], []),
    }),
  ).toMatchInlineSnapshot(`
    "
    a table without a name for errors
      ArgumentError: parseCsv: options.source, what to call the text in errors, is missing
      Fix: write parseCsv(text, { source: "loss.csv" })
    columns that are text
      ArgumentError: parseCsv: options.columns is an array of names; got the text "a"
      Fix: write columns: ["epoch", "train"]
    columns that are numbers
      ArgumentError: parseCsv: options.columns is an array of names; got an array of 2
      Fix: write columns: ["epoch", "train"]
    a table that is no text
      ArgumentError: csv: a table is text; got the number 1
      Fix: decode bytes with TextDecoder
    an empty table
      FormatError: t: the file is empty
      Fix: it needs a header row, then numbers
    more columns than asked for
      FormatError: t: line 1: the header is a,b
      Fix: the first row must be a
    other columns, of which there are many
      FormatError: t: line 1: the header is a,long b,long c,long d,long e,long f,long g,long h,long i,lo…
      Fix: the first row must be a
    a row that is too short
      FormatError: t: line 2: 1 cells, but the header has 2
      Fix: every row needs one cell a column, separated by commas
    an empty cell
      FormatError: t: line 2, column 2 (b): the cell is empty
      Fix: remove the row or fill it
    a word
      FormatError: t: line 2, column 2 (b): "fast" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a number beyond the largest
      FormatError: t: line 2, column 1 (a): the value must be finite, not 1e999
      Fix: remove the row or fill it
    a sign before infinity
      FormatError: t: line 2, column 1 (a): the value must be finite, not +INF
      Fix: remove the row or fill it
    a word that starts like infinity
      FormatError: t: line 2, column 1 (a): "infinite" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a word that ends in NaN
      FormatError: t: line 2, column 1 (a): "xnan" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    thousands between commas
      FormatError: t: line 2, column 1 (a): "12,345,678" is not a number
      Fix: write a point before decimals, and nothing between thousands
    a sign before thousands
      FormatError: t: line 2, column 1 (a): "-1,000" is not a number
      Fix: write a point before decimals, and nothing between thousands
    a comma at the end
      FormatError: t: line 2, column 1 (a): "1," is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a letter before thousands
      FormatError: t: line 2, column 1 (a): "x1,000" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a letter behind thousands
      FormatError: t: line 2, column 1 (a): "1,000x" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a column without a name
      FormatError: t: line 1, column 2: a column name is empty
      Fix: name every column
    a column name that stands twice
      FormatError: t: line 1, column 2: the column "a" stands twice in the header
      Fix: every column needs a name of its own
    blank lines between rows
      FormatError: t: line 3: the line is blank, but rows follow
      Fix: remove it
    a quote that is never closed
      FormatError: t: line 1, column 2: a quote is never closed
      Fix: add the "
    text behind a quote
      FormatError: t: line 1, column 2: text follows the closing quote
      Fix: write a quote as ""
    a long column name
      FormatError: t: line 2, column 1 (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…): "x" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a comment with m/s
      FormatError: t: a comment says that velocities are in m/s
      Fix: convert them to km/s
    a comment with CM/S
      FormatError: t: a comment says that velocities are in CM/S
      Fix: convert them to km/s
    a radius in pc
      FormatError: t: line 1, column 2 (radii): the radius is in pc
      Fix: convert radii to kpc
    a radius in Mpc
      FormatError: t: line 1, column 2 (radii): the radius is in mpc
      Fix: convert radii to kpc
    a radius in [arcsec]
      FormatError: t: line 1, column 2 (radii): the radius is in arcsec
      Fix: convert radii to kpc
    a radius in (arcmin)
      FormatError: t: line 1, column 2 (radii): the radius is in arcmin
      Fix: convert radii to kpc
    a radius in deg
      FormatError: t: line 1, column 2 (radii): the radius is in deg
      Fix: convert radii to kpc
    a word before a unit
      FormatError: t: line 1, column 2 (radii): "far pc" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a word before kpc
      FormatError: t: line 1, column 2 (radii): "far kpc" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a radius twice
      FormatError: t: line 1, column 2: the radius 1 does not exceed 1
      Fix: the header must hold the radii in kpc, positive and increasing
    radii that shrink
      FormatError: t: line 1, column 2: the radius 1 does not exceed 2
      Fix: the header must hold the radii in kpc, positive and increasing
    a radius of 0
      FormatError: t: line 1, column 1: the radius 0 does not exceed 0
      Fix: the header must hold the radii in kpc, positive and increasing
    no curve
      FormatError: t: line 1: no curve follows the radii
      Fix: add a row a galaxy
    curves of no text
      ArgumentError: csv: a table is text; got undefined
      Fix: decode bytes with TextDecoder
    a header that is none
      ArgumentError: csv: the header is a list; got object
    a header that is text
      ArgumentError: csv: the header is a list; got string
    no rows
      ArgumentError: csv: rows are a list; got undefined
    a name that is none
      ArgumentError: csv: a column name is text or a number; got object
    no names
      ArgumentError: csv: there is no column
      Fix: name at least one
    an empty name
      ArgumentError: csv: a column name is empty
      Fix: name every column
    a name twice
      ArgumentError: csv: the column "a" stands twice in the header
      Fix: every column needs a name of its own
    a row that does not fit
      ArgumentError: csv: row 2 has 2 values, the header has 1
      Fix: give every row one value a column
    a row that is none
      ArgumentError: csv: row 1 has no values, the header has 1
      Fix: give every row one value a column
    NaN in a row
      ArgumentError: csv: row 2 holds NaN
      Fix: the values must be finite; remove the row or fill it
    infinity in the header
      ArgumentError: csv: the header holds Infinity
      Fix: the values must be finite; remove the row or fill it
    "
  `);
});

test("measured curves", () => {
  const read =
    (text: string, options: object = {}) =>
    () =>
      parseObservations(text, "t", options);
  const parts =
    (text: string, options: object = {}) =>
    () =>
      parseObservedParts(text, "t", options);
  const whole = "R,V,e_V\n1,60,5\n";
  const error = (name: string) => read(`R,V,${name}\n1,60,5\n`);
  expect(
    messagesOf({
      "points of no text": () => parseObservations(any(new Uint8Array(3)), "t"),
      "parts of no text": () => parseObservedParts(any(undefined), "t"),
      "an option that is none": read(whole, { column: {} }),
      "a column that is none": read(whole, { columns: { disc: "x" } }),
      "a part that is none": parts(whole, { columns: { halo: "x" } }),
      "a column that is a number": read(whole, { columns: { radius: 1 } }),
      "a column of blanks": read(whole, { columns: { radius: " " } }),
      "a distance that is text": read(whole, { distance: "3" }),
      "a distance of 0": read(whole, { distance: 0 }),
      "an infinite distance": read(whole, { distance: Infinity }),
      XML: read("\n <VOTABLE/>"),
      "an empty file": read(""),
      "a file of rules alone": read("---\n-----\n"),
      "a file of commas alone": read(",,\n,,\n"),
      "a file of names alone": read("R,V,e_V\n"),
      "a chosen column that is missing": read(whole, { columns: { radius: "a" } }),
      "a side that is missing": read(whole, { columns: { error: "e_V/e" } }),
      ...Object.fromEntries(
        ["e [km/s]", "e (km/s)", "e/", "/e", "e/e_V/e", " e ", "e / V"].map((name) => [
          `the chosen column ${name}`,
          read(whole, { columns: { error: name } }),
        ]),
      ),
      "a chosen column that stands twice": read("R,R,V,e_V\n1,2,60,5\n", { columns: { radius: "r" } }),
      "a part that is missing": parts(whole),
      "a distance for kpc": read("R [kpc],V,e_V\n1,60,5\n", { distance: 3 }),
      "an angle without a distance": read("R [arcmin],V,e_V\n1,60,5\n"),
      "radii in pc": read("R [pc],V,e_V\n1,60,5\n", { distance: 3 }),
      "velocities in m/s": read("R,V [m/s],e_V\n1,60,5\n"),
      "errors in m/s": read("R,V,e_V (m/s)\n1,60,5\n"),
      "gas in m/s": parts("R,V,e_V,Vgas m/s\n1,60,5,3\n"),
      "a row with a cell too many": read("R,V,e_V\n1,60,5,4\n"),
      "a cell that is no number": read("R,V,e_V\n1,fast,5\n"),
      "a radius of 0": read("R,V,e_V\n0,60,5\n"),
      "a velocity below 0": read("# remark\nR,V,e_V\n1,60,5\n2,-60,5\n"),
      "an error of 0": read("R,V,e_V\n1,60,0\n"),
      "errors of 0 on both sides": read("R,V,e_V+,e_V-\n1,60,0,0\n"),
      "another distance": parts("# Distance = 13.8 Mpc\nR V e_V Vgas\n1 60 5 3\n", { distance: 15 }),
      "two radii": read("R,rad,V,e_V\n1,1,60,5\n"),
      "three errors, two of them downwards": read("R,V,E_V,e_V,e_V\n1,60,5,5,5\n"),
      "errors upwards alone": error("e_V_plus"),
      "errors downwards alone": error("minus_e_V"),
      "no error": error("x"),
      ...Object.fromEntries(
        ["sigma", "sigma_v", "sigv", "disp", "dispersion"].map((name) => [name, error(name)]),
      ),
      ...Object.fromEntries(["distance", "dist"].map((name) => [name, read(`${name},V,e_V\n1,60,5\n`)])),
      ...Object.fromEntries(["vsys", "vlsr"].map((name) => [name, read(`R,${name},e_V\n1,60,5\n`)])),
      "numbers alone": read("1 60 5\n2 80 4\n"),
      "numbers with decimal commas alone": read("1,5;60;5\n2;80;4\n"),
      "an empty name beside numbers": read(",1\n2,3\n"),
      "a table of curves": read("0.1,1,10,50\n20,60,90,100\n"),
      "a table of curves with a name": read("0.1,1,10,x\n20,60,90,100\n"),
      "commas and points before decimals": read("R;V;e_V\n1,5;60;5\n2.5;80;4\n"),
      "points in the first row, commas in the second": read("R;V;e_V\n1.5;60;5\n2;8,5;4\n"),
      "a column with a long name": read(`R [${"m".repeat(99)}],V,e_V\n1,60,5\n`),
    }),
  ).toMatchInlineSnapshot(`
    "
    points of no text
      ArgumentError: parseObservations: a table is text; got a Uint8Array
      Fix: decode bytes with TextDecoder
    parts of no text
      ArgumentError: parseObservedParts: a table is text; got undefined
      Fix: decode bytes with TextDecoder
    an option that is none
      ArgumentError: parseObservations: there is no option "column".
      Fix: did you mean columns?
    a column that is none
      ArgumentError: parseObservations.columns: there is no option "disc".
      Fix: the options are radius, velocity, error.
    a part that is none
      ArgumentError: parseObservedParts.columns: there is no option "halo".
      Fix: the options are radius, velocity, error, gas, disc, bulge.
    a column that is a number
      ArgumentError: parseObservations: columns.radius is the name of a column; got the number 1
    a column of blanks
      ArgumentError: parseObservations: columns.radius is the name of a column; got the text " "
    a distance that is text
      ArgumentError: parseObservations: distance is a number; got the text "3".
      Fix: convert text with Number(…) first.
    a distance of 0
      ArgumentError: parseObservations: distance is 0; it is a finite number above 0
      Fix: give it in Mpc
    an infinite distance
      ArgumentError: parseObservations: distance is Infinity; it is a finite number above 0
      Fix: give it in Mpc
    XML
      FormatError: t: this is XML or HTML, no table of text
      Fix: save it as CSV or ECSV
    an empty file
      FormatError: t: the file has no rows
      Fix: write a header, and a row a point
    a file of rules alone
      FormatError: t: the file has no rows
      Fix: write a header, and a row a point
    a file of commas alone
      FormatError: t: the file has no rows
      Fix: write a header, and a row a point
    a file of names alone
      FormatError: t: no point follows the header
      Fix: add a row a point
    a chosen column that is missing
      FormatError: t: it has no column "a", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    a side that is missing
      FormatError: t: it has no column "e", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column e [km/s]
      FormatError: t: it has no column "e [km/s]", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column e (km/s)
      FormatError: t: it has no column "e (km/s)", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column e/
      FormatError: t: it has no column "e/", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column /e
      FormatError: t: it has no column "/e", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column e/e_V/e
      FormatError: t: it has no column "e/e_V/e", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column  e 
      FormatError: t: it has no column "e", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    the chosen column e / V
      FormatError: t: it has no column "e", only R, V, e_V
      Fix: give the name of a column, or its number from 1
    a chosen column that stands twice
      FormatError: t: 2 of its columns are called "r"
      Fix: choose one by its number
    a part that is missing
      FormatError: t: it has no column of what gas, disc or bulge hold, only R, V, e_V
      Fix: call them Vgas, Vdisk and Vbul, or choose them: --columns disc=…
    a distance for kpc
      FormatError: t: its column "R [kpc]" is in kpc, so that a distance does nothing
      Fix: leave the distance out
    an angle without a distance
      FormatError: t: its column "R [arcmin]" is in arcmin
      Fix: give the galaxy's distance in Mpc (--distance), or convert it to kpc
    radii in pc
      FormatError: t: its column "R [pc]" is in pc
      Fix: convert it to kpc, and write radius [kpc]
    velocities in m/s
      FormatError: t: its column "V [m/s]" is in m/s
      Fix: convert it to km/s, and write velocity [km/s]
    errors in m/s
      FormatError: t: its column "e_V (m/s)" is in m/s
      Fix: convert it to km/s, and write error [km/s]
    gas in m/s
      FormatError: t: its column "Vgas m/s" is in m/s
      Fix: convert it to km/s, and write gas [km/s]
    a row with a cell too many
      FormatError: t: line 2: 4 cells, but there are 3 columns
      Fix: every row needs one cell a column
    a cell that is no number
      FormatError: t: line 2, column 2 (V): "fast" is not a number
      Fix: write numbers as 12.5 or 1e-3 and separate cells by commas; the first row must be the header
    a radius of 0
      FormatError: t: the radius of point 1 ("R", line 2) is 0
      Fix: radii are in kpc, above 0
    a velocity below 0
      FormatError: t: the velocity of point 2 ("V", line 4) is -60
      Fix: give the speed of rotation in km/s, 0 or more
    an error of 0
      FormatError: t: the error of point 1 ("e_V", line 2) is 0
      Fix: give each velocity its standard error in km/s, above 0
    errors of 0 on both sides
      FormatError: t: the error of point 1 ("e_V+", line 2) is 0
      Fix: give each velocity its standard error in km/s, above 0
    another distance
      FormatError: t: its radii are for a distance of 13.8 Mpc, not 15
      Fix: leave the distance out, and give its error alone
    two radii
      FormatError: t: each of its columns "R" and "rad" could be the radius
      Fix: call the one that is meant "radius", or choose it by --columns radius=…
    three errors, two of them downwards
      FormatError: t: each of its columns "E_V" and "e_V" and "e_V" could be the error
      Fix: call the one that is meant "error", or choose it by --columns error=…
    errors upwards alone
      FormatError: t: it has no column "error", only R, V, e_V_plus: "e_V_plus" is of one side, and the other is missing
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    errors downwards alone
      FormatError: t: it has no column "error", only R, V, minus_e_V: "minus_e_V" is of one side, and the other is missing
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    no error
      FormatError: t: it has no column "error", only R, V, x
      Fix: write the header radius [kpc],velocity [km/s],error [km/s], or choose columns by --columns error=…
    sigma
      FormatError: t: it has no column "error", only R, V, sigma: "sigma" may be a velocity dispersion
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    sigma_v
      FormatError: t: it has no column "error", only R, V, sigma_v: "sigma_v" may be a velocity dispersion
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    sigv
      FormatError: t: it has no column "error", only R, V, sigv: "sigv" may be a velocity dispersion
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    disp
      FormatError: t: it has no column "error", only R, V, disp: "disp" may be a velocity dispersion
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    dispersion
      FormatError: t: it has no column "error", only R, V, dispersion: "dispersion" may be a velocity dispersion
      Fix: if it is the error, call it "error", or choose it by --columns error=…
    distance
      FormatError: t: it has no column "radius", only distance, V, e_V: "distance" may be the galaxy's distance
      Fix: if it is the radius, call it "radius", or choose it by --columns radius=…
    dist
      FormatError: t: it has no column "radius", only dist, V, e_V: "dist" may be the galaxy's distance
      Fix: if it is the radius, call it "radius", or choose it by --columns radius=…
    vsys
      FormatError: t: it has no column "velocity", only R, vsys, e_V: "vsys" is a galaxy's systemic velocity
      Fix: if it is the velocity, call it "velocity", or choose it by --columns velocity=…
    vlsr
      FormatError: t: it has no column "velocity", only R, vlsr, e_V: "vlsr" is no velocity of rotation
      Fix: if it is the velocity, call it "velocity", or choose it by --columns velocity=…
    numbers alone
      FormatError: t: it has no column "radius", only 1, 60, 5
      Fix: write the header radius [kpc],velocity [km/s],error [km/s], or choose by number: --columns radius=1
    numbers with decimal commas alone
      FormatError: t: it has no column "radius", only 1,5, 60, 5
      Fix: write the header radius [kpc],velocity [km/s],error [km/s], or choose by number: --columns radius=1
    an empty name beside numbers
      FormatError: t: it has no column "radius", only , 1
      Fix: write the header radius [kpc],velocity [km/s],error [km/s], or choose by number: --columns radius=1
    a table of curves
      FormatError: t: it has no column "radius", only 0.1, 1, 10, 50
      Fix: a table of curves has radii in its header; write one galaxy as radius [kpc],velocity [km/s],error [km/s], a row a point
    a table of curves with a name
      FormatError: t: it has no column "radius", only 0.1, 1, 10, x
      Fix: write the header radius [kpc],velocity [km/s],error [km/s], or choose columns by --columns radius=…
    commas and points before decimals
      FormatError: t: line 2: "1,5" has a decimal comma, but "2.5" in line 3 a point
      Fix: write all numbers with points, and nothing between thousands
    points in the first row, commas in the second
      FormatError: t: line 3: "8,5" has a decimal comma, but "1.5" in line 2 a point
      Fix: write all numbers with points, and nothing between thousands
    a column with a long name
      FormatError: t: its column "R [mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm…" is in mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm…
      Fix: convert it to kpc, and write radius [kpc]
    "
  `);
});

test("the tables of SPARC", () => {
  const rule = "-".repeat(20);
  const line = "NGC2403 3.16 0.16 24.50 2.83 0.00 23.21 0.00 1105.79 0.00";
  const curves = (text: string) => () => parseSparcCurves(text, "t");
  const galaxies = parseSparcCurves(`Vobs\n${rule}\n${line}\n${line.replace("NGC2403", "UGC1")}\n`, "t");
  expect(
    messagesOf({
      "bytes for curves": () => parseSparcCurves(any(new Uint8Array(1)), "t"),
      "another table": curves(`Inc\n${rule}\n${line}\n`),
      "a table without a rule": curves(`Vobs\n${line}\n`),
      "a rule that is too short": curves(`Vobs\n${rule.slice(1)}\n${line}\n`),
      "a rule behind text": curves(`Vobs\nx${rule}\n${line}\n`),
      "a rule before text": curves(`Vobs\n${rule}x\n${line}\n`),
      "no lines": curves(`Vobs\n${rule}\n`),
      "a line that is too short": curves(`Vobs\n${rule}\n${line}\nNGC1 1 2\n`),
      "a word for a number": curves(`Vobs\n${rule}\n${line.replace("24.50", "fast")}\n`),
      "a radius of 0": curves(`Vobs\n${rule}\n${line.replace("0.16", "0")}\n`),
      "an error of 0": curves(`Vobs\n${rule}\n${line.replace("2.83", "0")}\n`),
      "galaxies without inclinations": () => parseSparcGalaxies(`Vobs\n${rule}\n${line}\n`, "t"),
      "galaxies of 17 cells": () => parseSparcGalaxies(`Inc\n${rule}\n${"1 ".repeat(17)}\n`, "t"),
      "no galaxies to look in": () => findSparcGalaxy([], "NGC2403", "t"),
      "galaxies that are none": () => findSparcGalaxy(any("NGC2403"), "NGC2403", "t"),
      "a name that is none": () => findSparcGalaxy(galaxies, any(2403), "t"),
      "a name that is near": () => findSparcGalaxy(galaxies, "NGC2404", "t"),
      "a name that is far": () => findSparcGalaxy(galaxies, "Malin 1", "t"),
    }),
  ).toMatchInlineSnapshot(`
    "
    bytes for curves
      ArgumentError: sparc: a table is text; got a Uint8Array.
      Fix: decode bytes with TextDecoder
    another table
      FormatError: t: it is not the table of SPARC with a column Vobs
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a table without a rule
      FormatError: t: it is not the table of SPARC with a column Vobs
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a rule that is too short
      FormatError: t: it is not the table of SPARC with a column Vobs
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a rule behind text
      FormatError: t: it is not the table of SPARC with a column Vobs
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a rule before text
      FormatError: t: it is not the table of SPARC with a column Vobs
      Fix: give the file as it was published, from zenodo.org/records/16284118
    no lines
      FormatError: t: no line follows its header
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a line that is too short
      FormatError: t: line 4 has 3 cells, not 10
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a word for a number
      FormatError: t: line 3: "fast" is no number
      Fix: give the file as it was published, from zenodo.org/records/16284118
    a radius of 0
      FormatError: t: line 3: the radius is 0, the error 2.83; both must be above 0
      Fix: give the file as it was published, from zenodo.org/records/16284118
    an error of 0
      FormatError: t: line 3: the radius is 0.16, the error 0; both must be above 0
      Fix: give the file as it was published, from zenodo.org/records/16284118
    galaxies without inclinations
      FormatError: t: it is not the table of SPARC with a column Inc
      Fix: give the file as it was published, from zenodo.org/records/16284118
    galaxies of 17 cells
      FormatError: t: line 3 has 17 cells, not 18
      Fix: give the file as it was published, from zenodo.org/records/16284118
    no galaxies to look in
      ArgumentError: findSparcGalaxy: needs the galaxies to look in; got an array of 0
      Fix: pass what parseSparcCurves returned
    galaxies that are none
      ArgumentError: findSparcGalaxy: needs the galaxies to look in; got the text "NGC2403"
      Fix: pass what parseSparcCurves returned
    a name that is none
      ArgumentError: findSparcGalaxy: a galaxy's name is text; got the number 2403
    a name that is near
      FormatError: t: it has no galaxy "NGC2404" among its 2
      Fix: did you mean NGC2403?
    a name that is far
      FormatError: t: it has no galaxy "Malin 1" among its 2
      Fix: there are NGC2403, …, UGC1
    "
  `);
});

test("FITS files", () => {
  const one = { shape: [1], data: Float64Array.of(1) };
  const fits =
    (columns: unknown, options: unknown = {}) =>
    () =>
      writeFits(any(columns), any(options));
  expect(
    messagesOf({
      "columns that are none": fits(3),
      "an option that is none": fits({ a: one }, { title: "x" }),
      "a history that is text": fits({ a: one }, { history: "h" }),
      "a pair that is none": fits([5]),
      "no column": fits({}),
      "too many columns": fits(Array.from({ length: 1000 }, (_, i) => [`c${i}`, one])),
      "another number of rows": fits({ a: one, b: { shape: [2], data: Float64Array.of(1, 2) } }),
      "names that differ in capitals alone": fits({ a: one, A: one }),
      "a column that is none": fits({ a: undefined }),
      "an array for data": fits({ a: { shape: [1], data: [1] } }),
      "a shape that does not fit": fits({ a: { ...one, shape: [2, 3] } }),
      "a shape without rows": fits({ a: { ...one, shape: [] } }),
      "a shape that is none": fits({ a: { ...one, shape: "1" } }),
      "half a row": fits({ a: { ...one, shape: [0.5, 2] } }),
      "sizes below 0": fits({ a: { ...one, shape: [-1, -1] } }),
      "an empty name": fits({ "": one }),
      "a name with a blank before it": fits({ " a": one }),
      "a name with a blank behind it": fits({ "a ": one }),
      "a name beyond ASCII": fits({ "1é1": one }),
      "a long name": fits({ ["x".repeat(69)]: one }),
      "a unit that is a number": fits({ a: { ...one, unit: 5 } }),
      "a table's name of two lines": fits({ a: one }, { name: "a\nb" }),
      "a line of history that is a number": fits({ a: one }, { history: [5] }),
    }),
  ).toMatchInlineSnapshot(`
    "
    columns that are none
      ArgumentError: writeFits: columns is an object; got the number 3.
      Fix: give columns by name
    an option that is none
      ArgumentError: writeFits: there is no option "title".
      Fix: the options are name, history.
    a history that is text
      ArgumentError: writeFits: options.history is a list; got the text "h".
    a pair that is none
      ArgumentError: writeFits: a pair of name and column is a list; got the number 5.
    no column
      ArgumentError: writeFits: 0 columns are not from 1 to 999
      Fix: give at least one
    too many columns
      ArgumentError: writeFits: 1000 columns are not from 1 to 999
      Fix: write several tables
    another number of rows
      ShapeError: writeFits: the column "b" has 2 rows, and "a" has 1
      Fix: the first axis counts rows
    names that differ in capitals alone
      ArgumentError: writeFits: the column "A" is there twice
      Fix: rename it
    a column that is none
      ArgumentError: writeFits: the data of "a" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float64Array.from(data)
    an array for data
      ArgumentError: writeFits: the data of "a" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float64Array.from(data)
    a shape that does not fit
      ShapeError: writeFits: the column "a" of shape [2,3] has 1 values
      Fix: the first axis counts rows; the product of the sizes must be the number of values
    a shape without rows
      ShapeError: writeFits: the column "a" of shape [] has 1 values
      Fix: the first axis counts rows; the product of the sizes must be the number of values
    a shape that is none
      ShapeError: writeFits: the column "a" of shape the text "1" has 1 values
      Fix: the first axis counts rows; the product of the sizes must be the number of values
    half a row
      ShapeError: writeFits: the column "a" of shape [0.5,2] has 1 values
      Fix: the first axis counts rows; the product of the sizes must be the number of values
    sizes below 0
      ShapeError: writeFits: the column "a" of shape [-1,-1] has 1 values
      Fix: the first axis counts rows; the product of the sizes must be the number of values
    an empty name
      ArgumentError: writeFits: the name of a column is 1 to 68 letters of ASCII, without blanks at its ends; got the text ""
      Fix: shorten or rename it
    a name with a blank before it
      ArgumentError: writeFits: the name of a column is 1 to 68 letters of ASCII, without blanks at its ends; got the text " a"
      Fix: shorten or rename it
    a name with a blank behind it
      ArgumentError: writeFits: the name of a column is 1 to 68 letters of ASCII, without blanks at its ends; got the text "a "
      Fix: shorten or rename it
    a name beyond ASCII
      ArgumentError: writeFits: the name of a column is 1 to 68 letters of ASCII, without blanks at its ends; got the text "1é1"
      Fix: shorten or rename it
    a long name
      ArgumentError: writeFits: the name of a column is 1 to 68 letters of ASCII, without blanks at its ends; got the text "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
      Fix: shorten or rename it
    a unit that is a number
      ArgumentError: writeFits: the unit of "a" is 1 to 68 letters of ASCII, without blanks at its ends; got the number 5
      Fix: shorten or rename it
    a table's name of two lines
      ArgumentError: writeFits: options.name is 1 to 68 letters of ASCII, without blanks at its ends; got the text "a\\nb"
      Fix: shorten or rename it
    a line of history that is a number
      ArgumentError: writeFits: a line of options.history is text; got the number 5.
    "
  `);
});

test("npz files", () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const write = (contents: unknown) => () => writeNpz(any(contents));
  expect(
    messagesOf({
      "contents that are none": write(3),
      "no contents": write(null),
      "a pair that is none": write([5]),
      "a name twice": write([
        ["a", one],
        ["a", one],
      ]),
      "an empty name": write({ "": one }),
      ...Object.fromEntries(
        ["a/b", "a\\b", "a\0", "\ud800"].map((name) => [
          `the name ${JSON.stringify(name)}`,
          write({ [name]: one }),
        ]),
      ),
      "an array that is none": write({ a: undefined }),
      "an array for data": write({ a: { shape: [1], data: [1] } }),
      "a shape that does not fit": write({ a: { ...one, shape: [2, 3] } }),
      "a shape that is none": write({ a: { ...one, shape: "1" } }),
      "half an element": write({ a: { ...one, shape: [0.5, 2] } }),
      "sizes below 0": write({ a: { ...one, shape: [-1, -1] } }),
      "too many axes": write({ a: { ...one, shape: Array(65).fill(1) } }),
      "text for bytes": () => readNpz(any("x"), "t"),
      "a promise of bytes": () => readNpz(any(Promise.resolve()), "t"),
      "another file": () => readNpz(new Uint8Array(100), "t"),
    }),
  ).toMatchInlineSnapshot(`
    "
    contents that are none
      ArgumentError: npz: takes arrays by name; got the number 3
      Fix: give an object
    no contents
      ArgumentError: npz: takes arrays by name; got null
      Fix: give an object
    a pair that is none
      ArgumentError: npz: a pair of name and array is a list; got the number 5.
    a name twice
      ArgumentError: npz: "a" is given twice
      Fix: rename it
    an empty name
      ArgumentError: npz: "" is no name of an array
      Fix: rename it
    the name "a/b"
      ArgumentError: npz: "a/b" is no name of an array
      Fix: rename it
    the name "a\\\\b"
      ArgumentError: npz: "a\\\\b" is no name of an array
      Fix: rename it
    the name "a\\u0000"
      ArgumentError: npz: "a\\u0000" is no name of an array
      Fix: rename it
    the name "\\ud800"
      ArgumentError: npz: "\\ud800" is no name of an array
      Fix: rename it
    an array that is none
      ArgumentError: npz: the data of "a" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float64Array.from(data)
    an array for data
      ArgumentError: npz: the data of "a" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float64Array.from(data)
    a shape that does not fit
      ShapeError: npz: the array "a" of shape [2,3] has 1 values
      Fix: the product of the sizes must be the number of values
    a shape that is none
      ShapeError: npz: the array "a" of shape the text "1" has 1 values
      Fix: the product of the sizes must be the number of values
    half an element
      ShapeError: npz: the array "a" of shape [0.5,2] has 1 values
      Fix: the product of the sizes must be the number of values
    sizes below 0
      ShapeError: npz: the array "a" of shape [-1,-1] has 1 values
      Fix: the product of the sizes must be the number of values
    too many axes
      ShapeError: npz: the array "a" has 65 axes, and NumPy at most 64
      Fix: reshape it
    text for bytes
      ArgumentError: readNpz: takes the bytes of a file as a Uint8Array; got the text "x"
      Fix: of an ArrayBuffer, new Uint8Array(buffer)
    a promise of bytes
      ArgumentError: readNpz: takes the bytes of a file as a Uint8Array; got a promise
      Fix: await it first.
    another file
      FormatError: t: this is no zip archive: it has no directory at its end
      Fix: the file is damaged or no npz; write or fetch it again
    "
  `);
});

test("safetensors files", () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const write =
    (tensors: unknown, metadata: unknown = {}) =>
    () =>
      writeSafetensors(any(tensors), any(metadata));
  const read =
    (header: string, data = 0) =>
    () => {
      const text = new TextEncoder().encode(header);
      readSafetensors(Uint8Array.of(text.length, ...Array(7).fill(0), ...text, ...Array(data).fill(0)), "t");
    };
  const info = (dtype: string, shape: string, from: number, to: number) =>
    `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${from},${to}]}`;
  expect(
    messagesOf({
      "text for bytes": () => readSafetensors(any("x"), "t"),
      "a promise of bytes": () => readSafetensors(any(Promise.resolve()), "t"),
      "a file of text": () => readSafetensors(new TextEncoder().encode("some text\n"), "t"),
      "a file of nothing": () => readSafetensors(new Uint8Array(7), "t"),
      "a header beyond the end": () => readSafetensors(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), "t"),
      "a hole": read(`{"x":${info("F32", "1", 4, 8)}}`, 8),
      "an overlap": read(`{"x":${info("F32", "1", 0, 4)},"y":${info("F32", "1", 2, 6)}}`, 6),
      "another length": read(`{"x":${info("I16", "2, 3", 0, 4)}}`, 4),
      "too many elements": read(`{"x":${info("F32", "4294967296,4294967296", 0, 4)}}`, 4),
      "data that are cut": read(`{"x":${info("F64", "1", 0, 8)}}`, 7),
      "another dtype": read(`{"x":${info("F8_E5M2", "1", 0, 1)}}`, 1),
      "another field": read('{"x":{"size":3}}'),
      "a missing field": read('{"x":{"shape":[1],"data_offsets":[0,4]}}', 4),
      "a name twice": read('{"__metadata__":{"x":"1","x":"2"}}'),
      "another list": read("[]"),
      "a number for text": read('{"__metadata__":{"a":1}}'),
      "no colon": read('{"x"}'),
      "text behind the header": read("{} and more of the same"),
      "an open brace": read('{"__metadata__":{'),
      "an open quote": read('{"x'),
      "a broken escape": read('{"\\x":{}}'),
      "half a letter": read('{"\\ud800":{}}'),
      "a number with a leading 0": read('{"x":{"shape":[01]}}'),
      "a large number": read('{"x":{"shape":[9007199254740993]}}'),
      "tensors that are none": write(3),
      "one tensor": write({ ...one, toTypedArray: () => one.data }),
      "a module": write({ stateDictionary: () => new Map() }),
      "metadata that are none": write({}, null),
      "a pair that is none": write([5]),
      "two tensors of one name": write([
        ["x", one],
        ["x", one],
      ]),
      "two texts of one name": write({}, [
        ["x", "1"],
        ["x", "2"],
      ]),
      "the name of the metadata": write({ __metadata__: one }),
      "a name that is none": write([[5, one]]),
      "text that is none": write({}, { epoch: 1 }),
      "a tensor that is none": write({ x: undefined }),
      "an array for data": write({ x: { shape: [1], data: [1] } }),
      "whole numbers": write({ x: { shape: [1], data: new Int32Array(1) } }),
      "no shape": write({ x: { data: one.data } }),
      "a shape that does not fit": write({ x: { ...one, shape: [2, 3] } }),
    }),
  ).toMatchInlineSnapshot(`
    "
    text for bytes
      ArgumentError: readSafetensors: takes the bytes of a file as a Uint8Array; got the text "x"
      Fix: of an ArrayBuffer, new Uint8Array(buffer)
    a promise of bytes
      ArgumentError: readSafetensors: takes the bytes of a file as a Uint8Array; got a promise
      Fix: await it first.
    a file of text
      FormatError: t: this looks like text, starting with "some tex"
      Fix: give a .safetensors file
    a file of nothing
      FormatError: t: 7 bytes are too few for the 8 of a safetensors header length
      Fix: the file is damaged or not safetensors; write or fetch it again
    a header beyond the end
      FormatError: t: the header is said to hold 1 bytes, but 0 bytes follow and at most 100000000 are allowed
      Fix: the file is damaged or not safetensors; write or fetch it again
    a hole
      FormatError: t: a hole before tensor "x": it starts at byte 4 of the data, expected 0
      Fix: the file is damaged or not safetensors; write or fetch it again
    an overlap
      FormatError: t: an overlap at tensor "y": it starts at byte 2 of the data, expected 4
      Fix: the file is damaged or not safetensors; write or fetch it again
    another length
      FormatError: t: tensor "x" spans 4 bytes, but I16 of shape [2, 3] takes 12
      Fix: the file is damaged or not safetensors; write or fetch it again
    too many elements
      FormatError: t: tensor "x" has more elements than can be counted
      Fix: the file is damaged or not safetensors; write or fetch it again
    data that are cut
      FormatError: t: the header describes 8 bytes of data, but the file holds 7
      Fix: the file is damaged or not safetensors; write or fetch it again
    another dtype
      FormatError: t: tensor "x" has dtype "F8_E5M2", which is not read
      Fix: convert it to one of F64, F32, F16, BF16, I64, U64, I32, U32, I16, U16, I8, U8, BOOL before saving
    another field
      FormatError: t: tensor "x" has an unknown field "size"
      Fix: the file is damaged or not safetensors; write or fetch it again
    a missing field
      FormatError: t: tensor "x" needs a dtype, a shape and two data_offsets
      Fix: the file is damaged or not safetensors; write or fetch it again
    a name twice
      FormatError: t: the key "x" stands twice in the header
      Fix: the file is damaged or not safetensors; write or fetch it again
    another list
      FormatError: t: the header holds "[]" at character 0, where "{" should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    a number for text
      FormatError: t: the header holds "1}}" at character 21, where "\\"" should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    no colon
      FormatError: t: the header holds "}" at character 4, where ":" should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    text behind the header
      FormatError: t: the header holds "and more of the same" at character 3, where the end of the header should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    an open brace
      FormatError: t: the header holds its end at character 17, where "\\"" should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    an open quote
      FormatError: t: the header holds its end at character 3, where a closing " should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    a broken escape
      FormatError: t: the header holds "\\"\\\\x\\":{}}" at character 1, where a JSON string should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    half a letter
      FormatError: t: the header holds "\\"\\\\ud800\\":{}}" at character 1, where a string of valid Unicode should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    a number with a leading 0
      FormatError: t: the header holds "01]}}" at character 15, where a whole number ≥ 0 should be
      Fix: the file is damaged or not safetensors; write or fetch it again
    a large number
      FormatError: t: the number 9007199254740993 in the header exceeds 2⁵³
      Fix: the file is damaged or not safetensors; write or fetch it again
    tensors that are none
      ArgumentError: safetensors: takes tensors by name; got the number 3
      Fix: give an object, a Map or pairs
    one tensor
      ArgumentError: safetensors: takes tensors by name; got an object with shape, data, toTypedArray
      Fix: give an object, a Map or pairs
    a module
      ArgumentError: safetensors: takes tensors by name; got an object with stateDictionary
      Fix: pass its stateDictionary()
    metadata that are none
      ArgumentError: safetensors: takes metadata by name; got null
      Fix: give an object, a Map or pairs
    a pair that is none
      ArgumentError: safetensors: a pair of name and value is a list; got the number 5.
    two tensors of one name
      ArgumentError: safetensors: the tensor name "x" is given twice
      Fix: rename it
    two texts of one name
      ArgumentError: safetensors: the metadata name "x" is given twice
      Fix: rename it
    the name of the metadata
      ArgumentError: safetensors: the tensor name "__metadata__" is reserved for metadata
      Fix: rename it
    a name that is none
      ArgumentError: safetensors: "5" is not text that UTF-8 can hold (a number, or half a surrogate pair)
      Fix: give names and metadata as strings of valid Unicode
    text that is none
      ArgumentError: safetensors: "1" is not text that UTF-8 can hold (a number, or half a surrogate pair)
      Fix: give names and metadata as strings of valid Unicode
    a tensor that is none
      ArgumentError: safetensors: the data of tensor "x" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float32Array.from(data)
    an array for data
      ArgumentError: safetensors: the data of tensor "x" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float32Array.from(data)
    whole numbers
      DtypeError: safetensors: the data of tensor "x" are neither a Float32Array nor a Float64Array
      Fix: convert them, for example with Float32Array.from(data)
    no shape
      ShapeError: safetensors: tensor "x" of shape undefined has 1 values
      Fix: the product of the dimensions must be the number of values
    a shape that does not fit
      ShapeError: safetensors: tensor "x" of shape [2, 3] has 1 values
      Fix: the product of the dimensions must be the number of values
    "
  `);
});
