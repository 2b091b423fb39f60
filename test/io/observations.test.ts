/** Measured rotation curves as text: tables of one's own, and SPARC's as they were published. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../src/basics/errors.ts";
import {
  findSparcGalaxy,
  type ObservationOptions,
  type PartColumns,
  type PartOptions,
  parseObservations,
  parseObservedParts,
  parseSparcCurves,
  parseSparcGalaxies,
} from "../../src/io/index.ts";

/** The files of observations/, and what they need to be told. */
const EXAMPLES: [name: string, options?: ObservationOptions][] = [
  ...["comma.csv", "semicolon.csv", "tab.tsv", "blanks.txt", "bars.txt", "sparc_rotmod.dat", "astropy.ecsv"],
  ...["vizier.tsv", "pandas.csv", "pandas.txt", "r-write-table.txt", "3dbarolo.txt", "asymmetric.csv"],
].map((name): [string] => [name]);
EXAMPLES.push(
  ["arcseconds.csv", { distance: 20 }],
  ["other-names.csv", { columns: { radius: "Entfernung", velocity: "Tempo", error: "Fehler" } }],
  ["bare.txt", { columns: { radius: "1", velocity: "2", error: "3" } }],
);

describe("parseObservations", () => {
  it.each([
    "radius,velocity,error\n1,60,5\n2,80,4\n",
    "# by hand\nRadius [kpc],v_obs [km/s],e_vobs\n2,80,4\n1,60,5\n",
    "name,error (km/s),R (kpc),V (km/s)\n7,4,2,80\n8,5,1,60\n",
    "vrot_kms,r_kpc,e_vrot\n60,1,5\n80,2,4\n",
    "R/kpc,V/(km/s),e_V/km s-1\n1,60,5\n2,80,4\n",
    "# R V e\n1,0 60,0 5\n2,0 80,0 4\n",
    "R, V, e\n1, 60, 5\n2, 80, 4\n",
    "|R|V|e|\n|---|---|---|\n|1|60|5|\n|2|80|4|\n",
    "R,V,errV_low,errV_up\n1,60,-4,6\n2,80,-4,4\n",
    "R,V,minus_errV,plus_errV\n1,60,-4,6\n2,80,-4,4\n",
    "R [ kpc ],V [km s⁻¹],e_V ( km / s )\n1,60,5\n2,80,4\n",
    "R / kpc,V / (km/s),e_V / km s-1\n1,60,5\n2,80,4\n",
    "R,V,low__errV,errV - up\n1,60,-4,6\n2,80,-4,4\n",
    'R,V," E_V"," e_V"\n1,60,-4,6\n2,80,-4,4\n',
    "R,V,e_V,n<3\n1,60,5,0\n2,80,4,0\n",
  ])("finds the columns by their names and puts the points in order of radius: %j", (text) => {
    const { radii, velocities, errors } = parseObservations(text, "galaxy.csv");
    expect([...radii]).toEqual([1, 2]);
    expect([...velocities]).toEqual([60, 80]);
    expect([...errors]).toEqual([5, 4]);
  });

  it.each([
    ["radius,velocity\n", /no column "error", only radius, velocity\n/],
    ["R (kpc) [a],V,e_V\n1,60,5\n", /its column "R \(kpc\) \[a\]" is in kpc\) \[a\n/],
    [
      "radius,velocity\n1,60\n",
      /no column "error", only radius, velocity\n.*write the header radius \[kpc\]/,
    ],
    ["0.1,1,10,50\n20,60,90,100\n", /no column "radius".*\n.*a row a point/],
    ["radius [arcsec],velocity,error\n1,2,3\n", /"radius \[arcsec\]" is in arcsec\n.*convert it to kpc/],
    ["radius,velocity [m/s],error\n1,2,3\n", /"velocity \[m\/s\]" is in m\/s/],
    ["radius,velocity,error\n1,60,0\n", /the error of point 1 .* is 0\n.*standard error/],
    ["radius,velocity,error\n0,60,1\n", /the radius of point 1 .* is 0/],
    ["radius,velocity,error\n", /no point follows the header/],
    [
      "R V e_V\n0,5 60.5 5\n",
      /line 2: "0,5" has a decimal comma, but "60\.5" in line 2 a point\n.*with points/,
    ],
    ["R V e_V\n1.000,5 60 5\n", /line 2, column 1 \(R\): "1\.000,5" is not a number/],
    ['radius,velocity,error\n1,"1,060",5\n', /"1,060" is not a number\n.*nothing between thousands/],
    ["radius,velocity,error\n1,fast,1\n", /"fast" is not a number/],
  ])("says what is wrong with %j", (text, message) => {
    expect(() => parseObservations(text, "galaxy.csv")).toThrow(FormatError);
    expect(() => parseObservations(text, "galaxy.csv")).toThrow(message);
    expect(() => parseObservations(text, "galaxy.csv")).toThrow(/\n {2}Fix: \S/);
  });

  const ROTMOD = [
    "# Distance = 13.8 Mpc",
    "# Rad\tVobs\terrV\tVgas\tVdisk\tVbul\tSBdisk\tSBbul\t\t",
    "# kpc\tkm/s\tkm/s\tkm/s\tkm/s\tkm/s\tL/pc^2\tL/pc^2",
    "1.00\t60.0\t5.00\t1\t2\t3\t4\t5",
    "2.00\t80.0\t4.00\t1\t2\t3\t4\t5",
  ];
  const ECSV = [
    "# %ECSV 1.0",
    "# datatype:",
    "# - {name: radius, unit: kpc, datatype: float64}",
    "# - {name: velocity, unit: km / s, datatype: float64}",
    "# - {name: error, unit: 'km s**-1', datatype: float64, description: 'one sigma, name: e'}",
    "radius velocity error",
    "1 60 5",
    "2 80 4",
  ];
  it.each([
    ["a file of SPARC, its names and units in comments", ROTMOD],
    ["ECSV, with blanks between cells", ECSV],
    ["a comment of names with units behind them", ["# no", "# R [kpc]  V (km / s) e_V", "1 60 5", "2 80 4"]],
    ["a comment of names above text", ["# name R V e_V", "A 1 60 5", "B 2 80 4"]],
    ["a row of units", ["radius,velocity,error,band", "kpc,km s^{-1},km.s-1,", "1,60,5,HI", "2,80,4,Halpha"]],
    ["text and nothing in other columns", ["name,radius,velocity,error,note", ",1,60,5,", 'x,2,80,4,"a, b"']],
    ["a distance before the radius", ["distance,radius,velocity,error", "13.8,1,60,5", "13.8,2,80,4"]],
    ["a dispersion before the error", ["radius,velocity,sigma,error", "1,60,11,5", "2,80,12,4"]],
    ["an exact name behind a usual one", ["r,v,e,error,velocity,radius", "9,9,9,5,60,1", "9,9,9,4,80,2"]],
    ...["\t", ";", "|", ",", " "].map((separator): [string, string[]] => [
      `names in a comment, with ${JSON.stringify(separator)} between them`,
      [`# R${separator}V${separator}e_V`, "1 60 5", "2 80 4"],
    ]),
    ["a comment of names above a row of names", ["# a,V,e_V,n", "R,V,e_V,n", "1,60,5,x", "2,80,4,y"]],
    ["a comment of names above a remark", ["# R V e_V", "# of five words and one", "1 60 5", "2 80 4"]],
    ["a remark with another separator, indented", ["  # a; b", "R,V,e_V", "1,60,5", "2,80,4"]],
    ["a remark with an angle bracket", ["# R < 3 kpc", "R,V,e_V", "1,60,5", "2,80,4"]],
    ["a row of units with blanks", ["R,V,e_V", " , km/s ,km/s", "1,60,5", "2,80,4"]],
    ["one radius in the right unit", ["R [arcsec],R [kpc],V,e_V", "15,1,60,5", "30,2,80,4"]],
  ])("reads %s, whatever ends a line", (_, lines) => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const { radii, velocities, errors } = parseObservations(lines.join(end), "galaxy");
      expect([...radii, ...velocities, ...errors]).toEqual([1, 2, 60, 80, 5, 4]);
    }
  });

  it.each([
    ["R,rad,V,e_V\n1,2,3,4\n", /"R" and "rad" could be the radius\n.*call the one that is meant "radius"/],
    ["radius,vobs,vrot,error\n1,2,3,4\n", /"vobs" and "vrot" could be the velocity/],
    ["distance,velocity,error\n1,60,5\n", /"distance" may be the galaxy's distance\n.*call it "radius"/],
    ...["sigma", "sigma_v", "sigv", "disp", "dispersion"].map((name): [string, RegExp] => [
      `radius,velocity,${name}\n1,60,5\n`,
      new RegExp(`"${name}" may be a velocity dispersion`),
    ]),
    ["dist,velocity,error\n1,60,5\n", /"dist" may be the galaxy's distance/],
    ["radius,vsys,error\n1,60,5\n", /"vsys" is a galaxy's systemic velocity\n.*call it "velocity"/],
    ["radius,vlsr,error\n1,60,5\n", /"vlsr" is no velocity of rotation/],
    ["R,V,e_V\nkpc,km/s,km/s,x\n1,60,5\n", /line 2: 4 cells, but there are 3 columns/],
    ...["nan", "Inf", "infinity", "NULL", "none", "n/a", "NA"].map((word): [string, RegExp] => [
      `R,V,e_V\n1,${word},5\n2,80,4\n`,
      new RegExp(`line 2, column 2 \\(V\\): .*\\b${word}\\b`),
    ]),
    ["x,V,e_V\n1,60,5\n", /no column "radius".*\n.*choose columns by --columns radius=…/],
    [ECSV.join("\n").replace("kpc", "pc"), /"radius" is in pc\n.*convert it to kpc/],
    [ROTMOD.join("\n").replace("# kpc\tkm/s", "# kpc\tm/s"), /"Vobs" is in m\/s/],
    ["radius,velocity,error\nkpc,km/s,%\n1,60,5\n", /"error" is in %/],
    ["radius,velocity,error\n1,-60,5\n", /velocity of point 1 .*line 2\) is -60\n.*speed of rotation/],
    ["radius,velocity,error,note\n1,,5,x\n", /line 2, column 2 \(velocity\): the cell is empty/],
    ["radius,velocity,error\n1,60,5\n1,60\n", /line 3: 2 cells, but there are 3 columns/],
    ["1 60 5\n2 80 4\n", /no column "radius", only 1, 60, 5/],
  ])("refuses rather than guesses: %j", (text, message) => {
    expect(() => parseObservations(text, "galaxy")).toThrow(FormatError);
    expect(() => parseObservations(text, "galaxy")).toThrow(message);
    expect(() => parseObservations(text, "galaxy")).toThrow(/\n {2}Fix: \S/);
  });

  it.each(EXAMPLES)("reads the example %s as the galaxy that all examples are of", (name, options) => {
    const text = readFileSync(new URL(`observations/${name}`, import.meta.url), "utf8");
    const { radii, velocities, errors } = parseObservations(text, name, options);
    expect(Array.from(radii, (radius) => Number(radius.toFixed(9)))).toEqual([1, 2, 4]);
    expect([...velocities]).toEqual([60, 80, 95]);
    expect([...errors]).toEqual([5, 4, 6]);
  });

  it("has an example of each kind of table that docs/observations.md lists, and lists each example", () => {
    const page = readFileSync(new URL("../../docs/observations.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/test\/io\/observations\/([\w.-]+)/g)].map(([, name]) => name);
    const files = readdirSync(new URL("observations", import.meta.url));
    expect(EXAMPLES.map(([name]) => name).sort()).toEqual(files.sort());
    expect([...new Set(listed)].sort()).toEqual(files);
  });

  it.each<[string, ObservationOptions, RegExp]>([
    [
      "R [arcsec],V,e_V\n10,60,5\n",
      {},
      /"R \[arcsec\]" is in arcsec\n.*the galaxy's distance in Mpc \(--distance\)/,
    ],
    ["R [kpc],V,e_V\n10,60,5\n", { distance: 3 }, /is in kpc, so that a distance does nothing/],
    ["R [pc],V,e_V\n10,60,5\n", { distance: 3 }, /is in pc\n.*convert it to kpc/],
    ["R,V,e_V\n10,60,5\n", { columns: { velocity: "W" } }, /no column "W", only R, V, e_V/],
    ["R,W,W,e_V\n10,60,5,5\n", { columns: { velocity: "W" } }, /2 of its columns are called "W"/],
    ["R,V,W [m/s],e_V\n10,60,5,5\n", { columns: { velocity: "W" } }, /"W \[m\/s\]" is in m\/s/],
    ["R,V,E_V,e_V,e_V\n10,60,5,5,5\n", {}, /"e_V" and "e_V" could be the error/],
    ["R,V,e_V_plus\n10,60,5\n", {}, /"e_V_plus" is of one side, and the other is missing/],
    ["R,V,e_V_plus,e_V_minus\n10,60,0,0\n", {}, /error of point 1 \("e_V_plus", line 2\) is 0/],
    ["1 60 5\n2 80 4\n", {}, /choose by number: --columns radius=1/],
    [
      "0 60 5\n1 80 4\n",
      { columns: { radius: "1", velocity: "2", error: "3" } },
      /radius of point 1 .* is 0/,
    ],
    ["R V e\n1 60 5 7\n2 80 4 7\n", {}, /line 2: 4 cells, but there are 3 columns/],
    ["R;V;e_V\n1,5;60;5\n2.5;80;4\n", {}, /"1,5" has a decimal comma, but "2\.5" in line 3 a point/],
    ["R,V,e_V\n0,5,60,5\n1,5,80,4\n", {}, /line 2: 4 cells, but there are 3 columns/],
    ["<VOTABLE><R/></VOTABLE>", {}, /XML or HTML, no table of text\n.*CSV or ECSV/],
  ])("refuses %j with %j", (text, options, message) => {
    expect(() => parseObservations(text, "galaxy", options)).toThrow(FormatError);
    expect(() => parseObservations(text, "galaxy", options)).toThrow(message);
    expect(() => parseObservations(text, "galaxy", options)).toThrow(/\n {2}Fix: \S/);
  });

  it.each([
    [ROTMOD.join("\n"), {}, { gas: [1, 1], disc: [2, 2], bulge: [3, 3], distance: 13.8 }],
    [ROTMOD.join("\n"), { distance: 13.8 }, { gas: [1, 1], disc: [2, 2], bulge: [3, 3], distance: 13.8 }],
    ["R [kpc],V,e_V,v_disk\n2,80,4,-9\n1,60,5,7\n", { distance: 3 }, { disc: [7, -9], distance: 3 }],
    [
      "R,V,e_V,Stars,Vgas\n1,60,5,7,2\n2,80,4,9,3\n",
      { columns: { disc: "Stars" } },
      { gas: [2, 3], disc: [7, 9], distance: undefined },
    ],
  ])("reads what gas and stars hold, and the distance, of %j with %j", (text, options, found) => {
    const { radii, velocities, errors, ...parts } = parseObservedParts(text, "galaxy", options);
    expect([...radii, ...velocities, ...errors]).toEqual([1, 2, 60, 80, 5, 4]);
    const lists = Object.entries(parts).map(([name, value]) => [
      name,
      typeof value === "object" ? [...value] : value,
    ]);
    expect(Object.fromEntries(lists)).toEqual(found);
  });

  it("turns angles into kpc by the distance that a comment tells, as by a given one", () => {
    const text = "# Distance: 20 Mpc\n# Mean distance = 9 Mpc\nR [arcsec] V e_V Vdisk\n10 60 5 40\n";
    const turned = "# Mean distance = 9 Mpc\n# DISTANCE = 20Mpc\nR [arcsec] V e_V Vdisk\n10 60 5 40\n";
    expect(parseObservedParts(turned, "galaxy")).toEqual(parseObservedParts(text, "galaxy"));
    const { radii, distance } = parseObservedParts(text, "galaxy");
    expect(distance).toBe(20);
    expect(radii[0]).toBeCloseTo(0.9696, 4);
    expect(parseObservedParts(text.slice(19), "galaxy", { distance: 20 }).radii).toEqual(radii);
  });

  it("takes the first distance of a comment that is finite and above 0, and a given one that is off by rounding", () => {
    const distanceOf = (told: string, distance?: number) => parseObservedParts(`${told}R V e_V Vdisk\n1 60 5 40\n`, "galaxy", { distance }).distance; // biome-ignore format: one line.
    expect(distanceOf("# Distance = 1e999 Mpc\n# Distance = 0 Mpc\n")).toBeUndefined();
    expect(distanceOf("# Distance = 20 Mpcs\n# Distance = 20 kpc\n")).toBeUndefined();
    expect(distanceOf("# Distance = far Mpc\n# distance : 20 mpc.\n# Distance = 30 Mpc\n")).toBe(20);
    expect(distanceOf("# Distance = 20 Mpc\n", 20.00001)).toBe(20.00001);
    for (const given of [20.00003, 19.99997])
      expect(() => distanceOf("# Distance = 20 Mpc\n", given)).toThrow(/for a distance of 20 Mpc/);
  });

  it.each<[string, PartOptions, RegExp]>([
    ["R,V,e_V\n1,60,5\n", {}, /no column of what gas, disc or bulge hold.*\n.*--columns disc=/],
    [
      "R,V,e_V,a,b\n1,60,5,1,1\n",
      { columns: { disc: "a/b" } },
      /no column "a\/b".*\n.*name of a column, or its number/,
    ],
    ["R,V,e_V,Vgas,v_gas\n1,60,5,1,1\n", {}, /"Vgas" and "v_gas" could be the gas/],
    ["R,V,e_V,Vgas\n1,60,5,\n", {}, /line 2, column 4 \(Vgas\): the cell is empty/],
    ["R,V,e_V,Vgas [m/s]\n1,60,5,7\n", {}, /"Vgas \[m\/s\]" is in m\/s/],
    [ROTMOD.join("\n"), { distance: 15 }, /for a distance of 13\.8 Mpc, not 15\n.*give its error alone/],
  ])("refuses to take the parts of %j with %j", (text, options, message) => {
    expect(() => parseObservedParts(text, "galaxy", options)).toThrow(FormatError);
    expect(() => parseObservedParts(text, "galaxy", options)).toThrow(message);
    expect(() => parseObservedParts(text, "galaxy", options)).toThrow(/\n {2}Fix: \S/);
  });

  it.each<[text: string, columns: PartColumns]>([
    ["# Weite [kpc] Tempo Fehler\n1 60 5\n2 80 4\n", { radius: "weite", velocity: "Tempo", error: "Fehler" }],
    ["1,0 60,0 5,0\n2,0 80,0 4,0\n", { radius: "1", velocity: "2", error: "3" }],
    ["R,my speed [km/s],myspeed [m/s],e_V\n1,60,0,5\n2,80,0,4\n", { velocity: "My Speed" }],
    ["A 1 60 5\nB 2 80 4\n", { radius: "2", velocity: "3", error: "4" }],
    ["R,V,up,down\n1,60,4,-6\n2,80,3,-5\n", { error: "up/down" }],
    ["R,V,up/down\n1,60,5\n2,80,4\n", { error: "up/down" }],
  ])("finds the columns of %j that %j chooses", (text, columns) => {
    const { radii, velocities, errors } = parseObservations(text, "galaxy", { columns });
    expect([...radii, ...velocities, ...errors]).toEqual([1, 2, 60, 80, 5, 4]);
  });

  it("takes radii without a unit for arcseconds beside a distance", () => {
    const { radii } = parseObservations("R,V,e_V\n10,60,5\n", "galaxy", { distance: 20 });
    expect(radii[0]).toBeCloseTo(0.9696, 4);
  });

  it("finds a chosen column by its whole name first, then in letters of any size, then without its unit", () => {
    const named = "R,w,W,e_V\n1,50,60,5\n";
    for (const [name, value] of [
      ["w", 50],
      ["W", 60],
    ] as const)
      expect(parseObservations(named, "galaxy", { columns: { velocity: name } }).velocities[0]).toBe(value);
    const text = "R,w [m/s],W [km/s],e_V\n1,50,60,5\n";
    const velocity = (name: string): number =>
      parseObservations(text, "galaxy", { columns: { velocity: name } }).velocities[0];
    expect(velocity("W [km/s]")).toBe(60);
    expect(velocity("w [KM/S]")).toBe(60);
    expect(() => velocity("w [m/s]")).toThrow(/"w \[m\/s\]" is in m\/s/);
    expect(() => velocity("W")).toThrow(/2 of its columns are called "W"/);
  });

  it("refuses options that are none, in its own name", () => {
    expect(() => parseObservations(3 as never, "x")).toThrow(
      /^parseObservations: a table is text; got the number 3/,
    );
    expect(() => parseObservedParts(3 as never, "x")).toThrow(/^parseObservedParts: a table is text/);
    const parse = (options: unknown) => () =>
      parseObservations("r,v,e\n1,60,5", "x", options as ObservationOptions);
    for (const options of [
      { distance: 0 },
      { distance: Infinity },
      { columns: { radius: 1 } },
      { columns: { error: " " } },
      { column: {} },
    ]) {
      expect(parse(options)).toThrow(ArgumentError);
      expect(parse(options)).toThrow(/^parseObservations: .*(?:distance|columns?\b)/);
    }
  });

  test.prop([fc.string()])("reads any text as points or refuses it by a FormatError", (text) => {
    try {
      expect(parseObservations(text, "galaxy.csv").radii.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
  });
});

const RULE = "-".repeat(80);
/** In the format of the published table, with numbers of no galaxy. */
const CURVES = `Title: SPARC\n${RULE}\n  27- 32 F6.2   km/s         Vobs    Observed circular velocity\n${RULE}
A1            4.50   2.00  80.00  4.00  -3.00  40.00   0.00   10.00     0.00 
A1            4.50   1.00  60.00  5.00  -1.50  30.00   1.00   20.00     0.00 
NGC0007      12.5    0.50  20.10  2.00   4.00  10.00   0.00   30.00     0.00 
`;
const GALAXIES = `Title: SPARC\n${RULE}\n  27- 30 F4.1   deg         Inc     Inclination\n${RULE}
         A1 10   4.50  0.26  2 65.0  5.0   0.075   0.003  1.21     7.89  0.47    66.20   0.012  1.21   0.0   0.0   2           Bm03
    NGC0007  4  12.50  7.17  1 29.0  5.0  51.733   0.524  7.23   157.34  5.08  2295.25   3.140 17.67 175.0   3.5   1      Ge04, Bl 99
`;

describe("the tables of SPARC", () => {
  it("give each galaxy's points in order of radius, with the gas's velocity below 0 where it pulls outwards", () => {
    const [first, second] = parseSparcCurves(CURVES, "models.mrt");
    expect(first.name).toBe("A1");
    expect(first.distance).toBe(4.5);
    expect([...first.radii]).toEqual([1, 2]);
    expect([...first.velocities]).toEqual([60, 80]);
    expect([...first.errors]).toEqual([5, 4]);
    expect([...first.gas]).toEqual([-1.5, -3]);
    expect([...first.bulge]).toEqual([1, 0]);
    expect(second.name).toBe("NGC0007");
  });

  it("give distance, inclination, light, gas and quality, whatever the references at the end of a line", () => {
    expect(parseSparcGalaxies(GALAXIES, "galaxies.mrt")).toEqual([
      {
        name: "A1",
        distance: 4.5,
        distanceError: 0.26,
        inclination: 65,
        inclinationError: 5,
        luminosity: 75e6,
        hydrogenMass: 12e6,
        quality: 2,
      },
      expect.objectContaining({ name: "NGC0007", inclination: 29, quality: 1 }),
    ]);
  });

  it("may have any ends of lines, blanks behind their rules, and no line at their end", () => {
    const curve = {
      name: "A",
      distance: 4,
      radii: [2],
      velocities: [80],
      errors: [5],
      gas: [-3],
      disc: [40],
      bulge: [7],
    };
    const lists = (value: unknown) => (typeof value === "object" ? Array.from(value as Float64Array) : value);
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = ["x  Vobs y", `${"-".repeat(20)} `, "", "  A 4 2 80 5 -3 40 7 10 20"].join(end);
      const [found, ...others] = parseSparcCurves(text, "models.mrt");
      expect(others).toEqual([]);
      expect(Object.fromEntries(Object.entries(found).map(([key, value]) => [key, lists(value)]))).toEqual(
        curve,
      );
    }
  });

  it("find a galaxy however its name is written, and tell the nearest when there is none", () => {
    const curves = parseSparcCurves(CURVES, "models.mrt");
    expect(findSparcGalaxy(curves, "ngc 0007", "models.mrt").name).toBe("NGC0007");
    expect(() => findSparcGalaxy(curves, "NGC007", "models.mrt")).toThrow(/did you mean NGC0007/);
    expect(() => findSparcGalaxy(curves, "Malin 1", "models.mrt")).toThrow(/there are A1, …, NGC0007/);
    expect(() => findSparcGalaxy([], "A1", "models.mrt")).toThrow(/needs the galaxies to look in/);
    expect(() => findSparcGalaxy(curves, undefined as never, "models.mrt")).toThrow(/name is text/);
  });

  it.each([
    ["", /not the table of SPARC/],
    [GALAXIES, /not the table of SPARC with a column Vobs/],
    [`Title\n${RULE}\nVobs 1 2 3 4 5 6 7 8 9\n`, /not the table of SPARC with a column Vobs/],
    [`${CURVES}B2 1 2 3\n`, /line 8 has 4 cells, not 10/],
    [CURVES.replace("20.10", "fast"), /line 7: "fast" is no number/],
    [CURVES.replace(" 2.00  80", " 0.00  80"), /line 5: the radius is 0/],
    [CURVES.slice(0, CURVES.indexOf("A1")), /no line follows its header/],
  ])("are refused when damaged", (text, message) => {
    expect(() => parseSparcCurves(text, "models.mrt")).toThrow(FormatError);
    expect(() => parseSparcCurves(text, "models.mrt")).toThrow(message);
    expect(() => parseSparcCurves(text, "models.mrt")).toThrow(/\n {2}Fix: \S/);
  });

  const folder = process.env.HALOGRAD_SPARC ?? "../shared/sparc";
  const published = existsSync(`${folder}/MassModels_Lelli2016c.mrt`);
  it.skipIf(!published)(
    `are read as published${published ? "" : " (skipped: set HALOGRAD_SPARC to the folder with the two files)"}`,
    () => {
      const read = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");
      const curves = parseSparcCurves(read("MassModels_Lelli2016c.mrt"), "models.mrt");
      const galaxies = parseSparcGalaxies(read("SPARC_Lelli2016c.mrt"), "galaxies.mrt");
      expect(curves.map(({ name }) => name).sort()).toEqual(galaxies.map(({ name }) => name).sort());
      expect(curves.length).toBe(175);
      expect(curves.reduce((sum, { radii }) => sum + radii.length, 0)).toBe(3391);
      expect(curves.some(({ gas }) => gas.some((velocity) => velocity < 0))).toBe(true);
      expect(galaxies.filter(({ quality }) => quality === 3).length).toBe(12);
    },
  );
});
