/** `halograd decompose`: what it writes for a galaxy and for several, and what it refuses. */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const RULE = "-".repeat(80);

beforeAll(() => {
  const points = [1, 2, 4, 6, 9, 12].map((r) => {
    const speed = 120 * Math.sqrt(r / (r + 2));
    return [r, speed, 4, 5 * Math.sqrt(r), 60 * Math.exp(-r / 9), r < 3 ? 30 : 20, 1, 1];
  });
  const rows = ["X1", "X2"].flatMap((name) =>
    points.map((cells) => [name, 10, ...cells.map((cell) => cell.toFixed(2))].join(" ")),
  );
  writeFileSync(join(home, "models.mrt"), ["ID D R Vobs e_Vobs Vgas Vdisk Vbul", RULE, ...rows].join("\n"));
  const galaxies = ["X1", "X2"].map(
    (name, i) => `${name} 6 10 1 2 ${60 - 40 * i} 3 5.0 0.1 2 100 1.4 1000 2.0 9 110 5 1 Da06`,
  );
  writeFileSync(join(home, "galaxies.mrt"), ["Galaxy T D e_D f_D Inc e_Inc", RULE, ...galaxies].join("\n"));
});

/** The command over both tables, with other options than these. */
const command = (options: Readonly<Record<string, string>> = {}): string[] => [
  "decompose",
  ...Object.entries({
    sparc: "models.mrt",
    galaxies: "galaxies.mrt",
    halo: "nfw,burkert",
    moves: "1000",
    ...options,
  }).flatMap(([name, value]) => [`--${name}`, value]),
];

describe("halograd decompose", () => {
  test("writes masses, draws and two figures of one galaxy, the same for the same seed and whatever else is asked", () => {
    const told = JSON.parse(succeed([...command({ galaxy: "x 1", out: "one" }), "--json", "--quiet"], home));
    expect(filesIn(join(home, "one"))).toEqual([
      "draws.csv",
      "figures/corner.svg",
      "figures/decomposition.svg",
      "masses.csv",
      "provenance.json",
      "result.json",
    ]);
    const own = filesIn(join(home, "one")).filter((file) => file !== "provenance.json");
    const [{ galaxy, families }] = told.galaxies;
    expect(galaxy).toBe("X1");
    expect(families.map(({ halo }: { halo: string }) => halo).sort()).toEqual(["burkert", "nfw"]);
    expect(families[0].predictiveScore).toBeGreaterThanOrEqual(families[1].predictiveScore);
    const titles = Object.keys(families[0].quantities);
    for (const title of [
      "Υ disc",
      "Υ bulge",
      "distance [Mpc]",
      "inclination [°]",
      "disc stars [M☉]",
      "gas [M☉]",
    ])
      expect(titles).toContain(title);
    const draws = readFileSync(join(home, "one/draws.csv"), "utf8").trim().split("\n");
    expect(draws.length).toBeGreaterThan(1000);
    expect(readFileSync(join(home, "one/masses.csv"), "utf8")).toContain('X1,burkert,"halo, M200 [M☉]",');
    succeed([...command({ out: "many" }), "--quiet"], home);
    const of = (folder: string) =>
      readFileSync(join(home, folder, "masses.csv"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("X1,"));
    expect(of("many")).toEqual(of("one"));
    const inside = (name: string) => own.map((file) => `galaxies/${name}/${file}`);
    expect(filesIn(join(home, "many"))).toEqual([
      "accelerations.csv",
      "figures/accelerations.svg",
      ...inside("X1"),
      ...inside("X2"),
      "masses.csv",
      "provenance.json",
    ]);
    for (const file of own) {
      expect(readFileSync(join(home, "many/galaxies/X1", file), "utf8")).toBe(
        readFileSync(join(home, "one", file), "utf8"),
      );
    }
    // Of the two, one is seen too much from above.
    expect(readFileSync(join(home, "many/figures/accelerations.svg"), "utf8")).toContain(
      "6 points of 1 galaxies",
    );
  });

  test("says what it found, and that the chains had too few moves", () => {
    const { stdout } = halograd(command({ moves: "100", galaxy: "X1", halo: "nfw", out: "short" }), {
      cwd: home,
    });
    expect(stdout).toContain("X1: 6 points");
    expect(stdout).toContain("halo, M200 [M☉]");
    expect(stdout).toMatch(/warning: 1 of 1 posteriors have not converged[\s\S]*--moves/);
  });

  test("takes a rotmod file as the same galaxy of SPARC's tables, and its name from the file's", () => {
    const [, , ...rows] = readFileSync(join(home, "models.mrt"), "utf8").split("\n");
    const points = rows
      .filter((row) => row.startsWith("X1 "))
      .map((row) => row.split(" ").slice(2).join(" "));
    const lines = ["# Distance = 10 Mpc", "# Rad Vobs errV Vgas Vdisk Vbul SBdisk SBbul", ...points];
    writeFileSync(join(home, "X1_rotmod.dat"), lines.join("\n"));
    const words = ["--halo", "nfw", "--moves", "300", "--quiet"];
    const draws = (out: string, ...more: string[]) => {
      succeed(["decompose", ...more, ...words, "--out", out], home);
      return readFileSync(join(home, out, "draws.csv"), "utf8");
    };
    const table = draws("sparc", "--sparc", "models.mrt", "--galaxies", "galaxies.mrt", "--galaxy", "X1");
    expect(draws("both", "X1_rotmod.dat", "--galaxies", "galaxies.mrt")).toBe(table);
    const told = ["--distance-error", "1", "--inclination", "60", "--inclination-error", "3"];
    // What needs the light and the hydrogen of the table is missing; the parameters are the same.
    const own = draws("own", "X1_rotmod.dat", ...told).split("\n");
    const width = own[0].split(",").indexOf("scale of errors") + 1;
    expect(width).toBeGreaterThan(4);
    const cut = (lines: string[]) => lines.map((line) => line.split(",").slice(0, width).join());
    expect(cut(own)).toEqual(cut(table.split("\n")));
    expect(draws("fixed", "X1_rotmod.dat").split("\n")[0]).not.toMatch(/distance|inclination/);
  });

  test.each([
    [["X1_rotmod.dat", "--sparc", "models.mrt"], 2, /files name galaxies, and --sparc names others/],
    [["X1_rotmod.dat", "--inclination-error", "3"], 2, /does nothing without --inclination/],
    [
      ["X1_rotmod.dat", "--inclination", "60", "--galaxies", "galaxies.mrt"],
      2,
      /--inclination is what --galaxies tells/,
    ],
    [["X1_rotmod.dat", "--distance", "12"], 1, /for a distance of 10 Mpc, not 12/],
    [["X9_rotmod.dat", "--galaxies", "galaxies.mrt"], 1, /no galaxy X9 among its 2/],
    [["bare.csv", "--distance-error", "1"], 2, /does not tell the distance/],
    [["nothing.csv"], 1, /no column of what gas, disc or bulge hold/],
  ])("refuses %j", (words, exitCode, message) => {
    cpSync(join(home, "X1_rotmod.dat"), join(home, "X9_rotmod.dat"));
    writeFileSync(join(home, "bare.csv"), "radius,velocity,error,gas\n1,60,5,7\n");
    writeFileSync(join(home, "nothing.csv"), "radius,velocity,error\n1,60,5\n");
    const { code, stderr } = halograd(["decompose", ...words, "--out", "none"], { cwd: home });
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringMatching(message) });
  });

  test("asks for the table of curves", () => {
    const { code, stderr } = halograd(["decompose"], { cwd: home });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/there is no galaxy[\s\S]*--sparc MassModels/),
    });
  });

  test.each([
    ["galaxy", "X9", /X9/],
    ["halo", "isothermal", /pseudo-isothermal/],
    ["sparc", "galaxies.mrt", /galaxies\.mrt/],
    ["disc-ratio", "0", /disc-ratio/],
    ["galaxies", "models.mrt", /models\.mrt/],
  ])("refuses --%s %s", (name, value, told) => {
    const { code, stderr } = halograd(command({ out: "refused", [name]: value }), { cwd: home });
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(told);
  });
});
