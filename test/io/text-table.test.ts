/** Tables as programs write them: where their cells, names and units are found. */

import { describe, expect, it, test } from "vitest";
import { wordsOf } from "../../src/io/csv.ts";
import { decimalCells, nameOf, plainUnit, readTextTable } from "../../src/io/text-table.ts";

const isName = (cell: string): boolean => /^(?:r|v)$/.test(nameOf(cell));
const read = (lines: readonly string[], isNumbered = false) => {
  const { names, units, rows, comments } = readTextTable(lines.join("\n"), "t", isName, isNumbered);
  return { names, units, rows: rows.map(({ cells }) => cells), comments };
};

test.each([
  ["R [kpc]  V (km / s) e", ["R [kpc]", "V (km / s)", "e"]],
  ["\tR\t \tV ", ["R", "V"]],
  ["[kpc] a", ["[kpc]", "a"]],
  ["x [[a] b] c", ["x [[a] b]", "c"]],
  ["x) y (z w) v", ["x)", "y (z w)", "v"]],
  ["x [y z", ["x [y z"]],
  ['"a b" c "d e"', ["a b", "c", "d e"]],
  ['"a ""b""" "" c', ['a "b"', "", "c"]],
  ['"a"b c', ['"a"b', "c"]],
  ['"open a', ['"open', "a"]],
  ['a " b', ["a", '"', "b"]],
  ['R ("a b") c', ['R ("a b")', "c"]],
  ['R [a "b c"] d', ['R [a "b c"]', "d"]],
  ["", []],
])("the words of %j", (line, words) => {
  expect(wordsOf(line)).toEqual(words);
});

test.each([
  ["radius", "Radius", " radius [kpc]", "RADIUS  (kpc)", "radius(kpc) [a]", "radius [a] (kpc)", "Radius_pc"],
  ["r", "R kpc", "R  kpc", "r_kpc", "R/kpc", "R / kpc", "R/ kpc", "R,kpc", "R_kpc [a]", "r_arcmin", "R deg"],
  ["v", "V/(km/s)", "V / (km/s)", "v_km_s", "v_kms", "V km s-1", "V km s^-1", "V km/s", "v_m_s", "V cm/s"],
  ["rkpc", "Rkpc"],
  ["kpc", "kpc"],
  ["", "[kpc]", "(R)", ""],
])("the name %j of what is written as one of others", (name, ...cells) => {
  for (const cell of cells) expect(nameOf(cell), cell).toBe(name);
});

test.each([
  ["kms-1", "km s^{-1}", "km.s**-1", "KM s⁻¹", "km·s$^{-1}$", "km_s-1"],
  ["km/s", "km / s", " km/s"],
])("the unit %s of what is written as one of others", (unit, ...cells) => {
  for (const cell of cells) expect(plainUnit(cell), cell).toBe(unit);
});

describe("cells lie between", () => {
  it.each([
    ["commas, with tabs behind them", ["R, \tV", "1,\t\t60"]],
    ["commas, beside other signs in quotes", ['R,V,"a;b|c\td"', "1,60,x"]],
    ["semicolons, beside all others", ["R; V;a,\tb|c", "1;60;x"]],
    ["bars, beside tabs", ["R|V|a\tb", "1|60|x"]],
    ["tabs, beside commas", ["R\tV\ta,b", "1\t60\tx"]],
    ["blanks, behind a byte order mark and comments with commas", ["\ufeff# a,b", "", "R V", "1 60"]],
    ["commas, behind indented names with numbers", ["R,V,a1 b", "1,60,x"]],
  ])("%s", (_, lines) => {
    const { names, rows } = read(lines);
    expect(names.slice(0, 2)).toEqual(["R", "V"]);
    expect(rows.map((cells) => cells.slice(0, 2))).toEqual([["1", "60"]]);
  });

  it.each(["1,5 60", "1,5 -60", "1,5  +60", "1,5 .6"])("blanks, in %j with a decimal comma", (line) => {
    expect(read(["# R V", line]).rows).toEqual([line.split(/ +/)]);
  });
});

describe("names", () => {
  it("end with the last that is not empty, and rows with the last cell that is not, or with the names", () => {
    expect(read(["R,V,,", "1,60,,", "2,,,", "3,80,,x", "4"])).toMatchObject({
      names: ["R", "V"],
      rows: [["1", "60"], ["2", ""], ["3", "80", "", "x"], ["4"]], // biome-ignore format: rows
    });
  });

  it("are numbers where they may be, and the first row has one", () => {
    expect(read(["1 a", "2 b"], true)).toMatchObject({ names: ["column 1", "column 2"], rows: [["1", "a"], ["2", "b"]] }); // biome-ignore format: one line.
    expect(read(["1 a", "2 b"]).names).toEqual(["1", "a"]);
    expect(read(["x a", "2 b"], true).names).toEqual(["x", "a"]);
    expect(read(["# R V", "1 2"], true).names).toEqual(["R", "V"]);
    // Between commas, none is a decimal one.
    expect(read(["1,5;a", "2;b"], true).names).toEqual(["column 1", "column 2"]);
    expect(read(['"1,5",a', "2,b"], true).names).toEqual(["1,5", "a"]);
  });

  it("stand in one of the last five comments before the first row, and not below it", () => {
    const remarks = ["# a remark of five words", "# b", "# c", "# d"];
    expect(read(["# R V", ...remarks, "1 60"])).toMatchObject({ names: ["R", "V"], rows: [["1", "60"]] });
    expect(read(["# R V", "", "", "", "", "", "1 60"]).names).toEqual(["R", "V"]);
    expect(read(["# R V", ...remarks, "# e", "1 60", "2 80"]).names).toEqual(["1", "60"]);
    expect(read(["R,V", "1,60", "# a,R,V", "2,80"])).toMatchObject({ names: ["R", "V"], comments: [] });
  });

  it("of a comment may be as many as the cells of a row, with or without the empty ones at its end", () => {
    for (const names of ["R,V", "R,V,a,b", "R, V, ,"])
      expect(read([`# ${names}`, "1,60,,"]).names.slice(0, 2)).toEqual(["R", "V"]);
    expect(read(["# R,V,a", "1,60,,"]).names).toEqual(["1", "60"]);
  });

  it("leave out an index where the rows show it by their quotes, or the header by a blank", () => {
    const names = (...lines: string[]): readonly string[] => read(lines).names;
    expect(names('"R" "V"', '"1" 1 60', '"2" 2 80')).toEqual(["", "R", "V"]);
    expect(names("  R V", "0 1 60")).toEqual(["", "R", "V"]);
    expect(names("  R V", "1 60")).toEqual(["R", "V"]);
    expect(names("  R V", "0 1 60", "1 60")).toEqual(["R", "V"]);
    expect(names("  R V")).toEqual(["R", "V"]);
    expect(names("R V", '"1" 1 60', "2 2 80")).toEqual(["R", "V"]);
  });
});

describe("units", () => {
  const units = (...lines: string[]): unknown => read(lines).units;

  it("stand behind the names, and count before others", () => {
    expect(units("R [ pc ],V,a,b_kms", "kpc,km/s,x,y", "1,60,,")).toEqual(["pc", "km/s", "x", "kms"]);
    expect(units("R [pc,V (m/s]", "1,60")).toEqual(["pc", "m/s"]);
    expect(units('"R_pc ",V', "1,60")).toEqual(["pc", undefined]);
    expect(units("R [pc] x,V", "1,60")).toEqual(["pc] x", undefined]);
  });

  it.each([
    ["a number with an exponent", "1e0,6e1"],
    ["a number with a sign", "+1,-60"],
    ["a number with a point", ".5,60"],
    ["what is missing", "nan,n/a"],
    ["what is infinite", "Inf,NULL"],
    ["a name", "km/s,R"],
    ["a long word", `${"k".repeat(30)},m`],
    ["nothing", ","],
    ["a cell too many", "kpc,km/s,x"],
  ])("are not taken from a row with %s", (_, row) => {
    expect(read(["R,V", row, "2,80"]).rows).toHaveLength(row === "," ? 1 : 2);
    expect(units("R,V", row, "2,80")).toEqual([undefined, undefined]);
  });

  it("are taken from a row of words, which other columns need not have", () => {
    expect(units("a,R,V", ",kpc,", "x,1,60")).toEqual(["", "kpc", ""]);
    expect(units("a,R,V", "1,kpc,km/s", "x,1,60")).toEqual(["1", "kpc", "km/s"]);
    expect(units("R,V", "nanometer,xnan", "1,60")).toEqual(["nanometer", "xnan"]);
    expect(units("R,V", `${"k".repeat(29)},banana`, "1,60")).toEqual(["k".repeat(29), "banana"]);
    expect(read(["R,V", "kpc", "1,60"])).toMatchObject({ units: ["kpc", undefined], rows: [["1", "60"]] });
    expect(read(["a,R", "x", "1,2"]).rows).toEqual([["x"], ["1", "2"]]);
    expect(units("R,V", "kpc,km/s")).toEqual(["kpc", "km/s"]);
  });

  it("of names in a comment stand in the one below", () => {
    expect(units("# pc m/s", "# R V", "# kpc km/s", "1 60")).toEqual(["kpc", "km/s"]);
    expect(units("# pc m/s", "# R V", "1 60")).toEqual([undefined, undefined]);
    expect(units("# R V", "# kpc 1", "1 60")).toEqual([undefined, undefined]);
    expect(units("# R V", "1 60", "pc m/s")).toEqual([undefined, undefined]);
  });

  it("stand in the header of ECSV, on the line of a name or below it", () => {
    const header = [
      "# - name: R",
      "#   unit",
      "#   unit: !astropy.units.Unit {unit: 'kpc'}",
      "#   unit: pc",
      '# - {name: V, datatype: float64, unit: "km / s", meta: {unit: m}}',
    ];
    expect(units("# %ECSV 1.0", ...header, "R V", "1 60")).toEqual(["kpc", "km / s"]);
    expect(units("# - unit: pc", "#   %ECSV 1.0", ...header, "R V", "1 60")).toEqual(["kpc", "km / s"]);
    expect(units(...header, "R V", "1 60")).toEqual([undefined, undefined]);
  });
});

test("commas before decimals become points where they separate no cells", () => {
  const cells = (...lines: string[]): string[][] =>
    decimalCells(readTextTable(lines.join("\n"), "t", isName, false), [0, 1], "t");
  expect(cells("R;V", '" 1,5 ";,5', "+12,5e-3;-12,34E12")).toEqual([["1.5", ".5"], ["+12.5e-3", "-12.34E12"]]); // biome-ignore format: rows
  for (const cell of ["1,", "x1,5", "1,5x", "1,5e", "1,2,3"])
    expect(cells("R;V", `${cell};1`)).toEqual([[cell, "1"]]);
  expect(cells("R,V", '"1,5",2.5')).toEqual([["1,5", "2.5"]]);
  // A comma in a column that is not read does no harm.
  expect(cells("R;V;a", "1.5;60;1,5")).toEqual([["1.5", "60"]]);
});
