/** `halograd infer`: what it writes for a measured galaxy, and what it says where it cannot. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { finish, inferCurves, intervalsOf, parseGalaxies, readModel } from "../../src/curves/index.ts";
import { Random } from "../../src/index.ts";
import { parseCsv, parseCurves, parseObservations } from "../../src/io/index.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const POINTS = "radius [kpc],velocity [km/s],error [km/s]\n2,95,15\n8,140,15\n";

beforeAll(() => {
  succeed(["generate", "--population", "extended", "--count", "400", "--quiet"], home);
  const training = ["train", "--network", "residual", "--batches", "200", "--out", "model", "--quiet"];
  succeed(training, home);
  succeed(["train", "--epochs", "1", "--out", "plain", "--quiet"], home);
  writeFileSync(join(home, "galaxy.csv"), POINTS);
  const table = (points: string): string => `radius,velocity,error\n${points}\n`;
  writeFileSync(join(home, "far.csv"), table("500,100,5"));
  writeFileSync(join(home, "ms.csv"), table("2,95000,15000\n8,140000,15000"));
  writeFileSync(join(home, "exact.csv"), table("2,95,0.001\n8,140,0.001"));
  writeFileSync(join(home, "below.csv"), table("2,-95,15\n8,-140,15"));
  writeFileSync(join(home, "wide.csv"), table("0.05,20,9\n2,95,15\n8,140,15\n80,150,9"));
  writeFileSync(join(home, "copied.csv"), table("2,95,90\n8,140,100\n2,95,90"));
  writeFileSync(join(home, "fast.csv"), table("1,300,5\n5,30,5\n20,5,2"));
  const rotmod = [
    "# Distance = 1 Mpc",
    "# Rad\tVobs\terrV\tVgas",
    "# kpc\tkm/s\tkm/s\tkm/s",
    "2\t95\t15\t1",
    "8\t140\t15\t1",
  ];
  writeFileSync(join(home, "X_rotmod.dat"), rotmod.join("\n"));
  const rule = "-".repeat(80);
  const rows = ["X 1.0 2 95 15 1 0 0 0 0", "X 1.0 8 140 15 1 0 0 0 0"];
  writeFileSync(join(home, "models.mrt"), ["ID D R Vobs e_Vobs", rule, ...rows].join("\n"));
}, 120_000);

const inference = ["infer", "galaxy.csv", "--model", "model/model.safetensors"];

describe("halograd infer", () => {
  test("writes curves, intervals, parameters and a figure, the same for the same seed", () => {
    const told = JSON.parse(succeed([...inference, "--out", "a", "--json", "--quiet"], home));
    expect(filesIn(join(home, "a"))).toEqual([
      "figures/inference.svg",
      "intervals.csv",
      "parameters.csv",
      "posterior.csv",
      "provenance.json",
      "result.json",
    ]);
    const bytes = readFileSync(join(home, "model/model.safetensors"));
    expect(told.model).toMatchObject({
      file: "model/model.safetensors",
      sha256: createHash("sha256").update(bytes).digest("hex"),
      ...{
        population: "extended",
        seed: 0,
        version: JSON.parse(readFileSync("package.json", "utf8")).version,
      },
    });
    expect(told).toMatchObject({ errorSpread: 0.7, deviation: 0.05 });
    expect(told.errorScales).toHaveLength(told.quantiles.length);
    const read = (folder: string, name: string) => readFileSync(join(home, folder, name), "utf8");
    const { radii, curves } = parseCurves(read("a", "posterior.csv"), "posterior.csv");
    expect(curves.length).toBe(told.samples);
    const { rows } = parseCsv(read("a", "intervals.csv"), { source: "intervals.csv" });
    expect(rows.map(([radius]) => radius)).toEqual([...radii]);
    for (const [, ...quantiles] of rows) expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
    // Near the points the curves are where the points are, within their errors and less.
    const near = rows[radii.findIndex((radius) => radius > 8)];
    expect(Math.abs(near[4] - 140)).toBeLessThan(20);
    expect(near[7] - near[1]).toBeLessThan(90);
    expect(parseCsv(read("a", "parameters.csv"), { source: "parameters.csv" }).header).toEqual([
      "quantile",
      "disc_mass [Msun]",
      "disc_scale_length [kpc]",
      "halo_mass [Msun]",
      "concentration",
      "peak_velocity [km/s]",
      "peak_radius [kpc]",
      "mass_within_last_point [Msun]",
    ]);
    succeed([...inference, "--out", "b", "--quiet"], home);
    for (const name of filesIn(join(home, "a"))) expect(read("b", name)).toBe(read("a", name));
  }, 120_000);

  test("gives one galaxy one answer by every route, says what it assumes, and what is left out", () => {
    const words = [
      "infer",
      "--model",
      "model/model.safetensors",
      "--bank",
      "4000",
      "--chains",
      "4",
      "--transitions",
      "8",
    ];
    const answer = (more: string[], out: string, input?: string): string => {
      const {
        code,
        stdout: told,
        stderr,
      } = halograd([...words, ...more, "--out", out], { cwd: home, input });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(told).toMatch(/errors: as stated, up to a common factor.*, by --error-spread/);
      expect(told).toMatch(/errors found {2}\S+ times those stated/);
      expect(told).toContain("deviations from smooth curves: typically 5 % of the velocity, by --deviation");
      return readFileSync(join(home, out, "intervals.csv"), "utf8");
    };
    const own = answer(["galaxy.csv"], "own");
    expect(answer(["X_rotmod.dat"], "rotmod")).toBe(own);
    expect(answer(["--sparc", "models.mrt", "--galaxy", "x"], "sparc")).toBe(own);
    expect(answer(["wide.csv"], "wide")).toBe(own);
    const angles = "a;V;up;down\n20,626480624709636;95;20;10\n82,505922498838540;140;20;10\n";
    const columns = ["--columns", "radius=a,velocity=2", "--columns", "error=up/down"];
    expect(answer(["-", "--distance", "20", ...columns], "piped", angles)).toBe(own);
    const model = readModel(readFileSync(join(home, "model/model.safetensors")));
    const points = parseObservations(POINTS, "galaxy.csv");
    const options = { random: new Random(0), bank: 4000, chains: 4, transitions: 8 };
    const [posterior] = finish(inferCurves(model, [points], options));
    const { rows } = parseCsv(own, { source: "own" });
    expect(rows.map(([, ...quantiles]) => quantiles)).toEqual(intervalsOf(posterior));
    expect(succeed([...words, "wide.csv", "--force", "--out", "wide"], home)).toContain(
      "2 points, 2 left out",
    );
  }, 120_000);

  test("asks no model where a population is the prior, and tells the parameters of its galaxies", () => {
    const command = ["infer", "wide.csv", "--population", "extended", "--quiet"];
    const told = JSON.parse(succeed([...command, "--out", "physical", "--json"], home));
    expect(filesIn(join(home, "physical"))).toEqual([
      "figures/corner.svg",
      "figures/inference.svg",
      "galaxies.csv",
      "intervals.csv",
      "parameters.csv",
      "posterior.csv",
      "provenance.json",
      "result.json",
    ]);
    expect(told).toMatchObject({ population: "extended", points: 4, leftOut: 0, range: [0.05, 80], seed: 0 });
    expect(told).not.toHaveProperty("model");
    expect(told.rHat).toBeLessThanOrEqual(1.01);
    expect(Object.keys(told.parameters)).toHaveLength(10);
    expect(told.logEvidence).toBeLessThan(0);
    const read = (name: string) => readFileSync(join(home, "physical", name), "utf8");
    const { radii, curves } = parseCurves(read("posterior.csv"), "posterior.csv");
    expect([radii[0], radii[radii.length - 1]]).toEqual([0.05, 80]);
    expect(parseGalaxies(read("galaxies.csv"), "galaxies.csv", curves)).toHaveLength(told.samples);
    // A file that says the same is another population only by its name.
    const description = succeed(["population", "extended"], home);
    writeFileSync(join(home, "mine.json"), description.replace('"extended"', '"mine"'));
    const own = ["infer", "wide.csv", "--population", "mine.json", "--quiet", "--out", "mine", "--json"];
    const again = JSON.parse(succeed(own, home));
    expect(again.population).toMatchObject({ name: "mine" });
    expect(readFileSync(join(home, "mine", "posterior.csv"), "utf8")).toBe(read("posterior.csv"));
  }, 60_000);

  test.each([
    [["--bank", "1000"], /--bank: it applies to models only.*\n.*--moves/],
    [["--chains", "8"], /--chains: it applies to models only/],
    [["--model", "model/model.safetensors"], /--population: --model is given too/],
  ])("refuses %s beside a population", (more, problem) => {
    const words = ["infer", "galaxy.csv", "--population", "standard", ...more];
    const { code, stderr } = halograd(words, { cwd: home });
    expect([code, stderr]).toEqual([2, expect.stringMatching(problem)]);
  });

  describe("of several galaxies", () => {
    const small = ["--bank", "400", "--chains", "2", "--transitions", "5"];
    const model = ["--model", "model/model.safetensors"];
    const files = ["galaxy.csv", "below.csv", "wide.csv", "fast.csv", "far.csv"];
    const inferAll = (out: string, ...more: string[]) => {
      const { code, stderr } = halograd(
        ["infer", ...files, ...model, ...small, "--quiet", "--out", out, ...more],
        { cwd: home },
      );
      return { code, stderr, files: filesIn(join(home, out)) };
    };
    const bytesOf = (folder: string, names: readonly string[]) =>
      names.map((name) => readFileSync(join(home, folder, name), "utf8"));

    test("writes a folder for each, as if it were alone, and a table of all, whatever the number of threads", () => {
      const one = inferAll("batch-1", "--jobs", "1");
      expect(one.files.filter((name) => !name.startsWith("galaxies/"))).toEqual([
        ...["provenance.json", "summary.csv"],
      ]);
      // The two that are refused are told of, and stop nobody.
      expect(one.code).toBe(1);
      expect(one.stderr).toMatch(
        /^error: below\.csv: .*is -95\n {2}Fix: .*\nerror: far: no point lies within 0\.1 to 50 kpc.*\n {2}Fix: .*\n$/,
      );
      const three = inferAll("batch-3", "--jobs", "3");
      expect(three).toEqual(one);
      expect(bytesOf("batch-3", three.files)).toEqual(bytesOf("batch-1", one.files));
      const alone = ["infer", "wide.csv", ...model, ...small, "--quiet", "--out", "alone"];
      succeed(alone, home);
      const own = filesIn(join(home, "alone")).filter((name) => name !== "provenance.json");
      expect(one.files.filter((name) => name.startsWith("galaxies/wide/"))).toEqual(
        own.map((name) => `galaxies/wide/${name}`),
      );
      expect(bytesOf("batch-1/galaxies/wide", own)).toEqual(bytesOf("alone", own));
      const [header, ...rows] = bytesOf("batch-1", ["summary.csv"])[0].trim().split("\n");
      expect(rows.map((row) => row.split(",").slice(0, 3))).toEqual([
        ["galaxy", "2", "0"],
        ["wide", "2", "2"],
        ["fast", "3", "0"],
      ]);
      const at = header.split(",").indexOf("peak_velocity [km/s]");
      const { properties } = JSON.parse(bytesOf("alone", ["result.json"])[0]);
      const [, low, , middle, , high] = properties.peakVelocity;
      const short = (value: number) => String(Number(value.toPrecision(7)));
      expect(rows[1].split(",").slice(at, at + 3)).toEqual([middle, low, high].map(short));
    }, 120_000);

    test("goes on with --resume, does again what is missing, and refuses results of other options or galaxies", () => {
      // The one that the test before left, to save the time of another.
      cpSync(join(home, "batch-1"), join(home, "never"), { recursive: true, preserveTimestamps: true });
      const whole = inferAll("never", "--resume");
      const bytes = bytesOf("never", whole.files);
      for (const name of ["galaxies/fast/result.json", "galaxies/fast/posterior.csv", "summary.csv"])
        rmSync(join(home, "never", name));
      const before = statSync(join(home, "never/galaxies/wide/result.json")).mtimeMs;
      expect(inferAll("never").stderr).toMatch(/already there.*\n {2}Fix: give --resume/);
      expect(inferAll("never", "--resume")).toEqual(whole);
      expect(bytesOf("never", whole.files)).toEqual(bytes);
      expect(statSync(join(home, "never/galaxies/wide/result.json")).mtimeMs).toBe(before);
      expect(inferAll("never", "--resume", "--seed", "3").stderr).toMatch(
        /its seed is 0, not 3\n {2}Fix: .*--force/,
      );
      const fewer = ["infer", "galaxy.csv", "wide.csv", ...model, ...small, "--out", "never", "--quiet"];
      expect(halograd([...fewer, "--resume"], { cwd: home }).code).toBe(1);
      succeed([...fewer, "--force"], home);
      expect(existsSync(join(home, "never/galaxies/fast"))).toBe(false);
      expect(bytesOf("never", ["galaxies/wide/posterior.csv"])).toEqual([
        bytes[whole.files.indexOf("galaxies/wide/posterior.csv")],
      ]);
    }, 120_000);

    test.each([
      [["galaxy.csv", "./galaxy.csv"], /two galaxies are called galaxy/],
      [["-", "-"], /- is given twice/],
      [["galaxy.csv", "wide.csv", "--distance", "3"], /--distance is of one galaxy/],
      [["--sparc", "models.mrt", "--columns", "radius=R"], /--columns does nothing with --sparc/],
    ])("refuses %j", (words, message) => {
      const { code, stderr } = halograd(["infer", ...words, ...model], { cwd: home });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
    });
  });

  test("warns of a galaxy that its model has not seen, and says what to do", () => {
    const words = [...inference.with(1, "fast.csv"), "--chains", "4", "--transitions", "8", "--bank", "4000"];
    const told = succeed([...words, "--out", "fast"], home);
    expect(told).toMatch(/warning: the model has hardly seen galaxies like this one.*\n {2}check the units/);
    expect(told).toMatch(
      /R-hat .*should be below 1\.05.*\n {2}give more --transitions or --chains, or a larger --bank/,
    );
    expect(succeed(["info", "model/model.safetensors"], home)).toMatch(/population +"extended"/);
  }, 120_000);

  test("warns of points that are copies, and of errors as wide as the velocities", () => {
    const words = [
      ...inference.with(1, "copied.csv"),
      "--chains",
      "4",
      "--transitions",
      "8",
      "--bank",
      "4000",
    ];
    const told = succeed([...words, "--out", "copied"], home);
    expect(told).toMatch(/warning: the errors are 94\.7 % of the velocities.*\n.*not variances/);
    expect(told).toMatch(/warning: 1 of the points are copies of others.*\n {2}leave copies out/);
  }, 120_000);

  test.each([
    [["infer", "ms.csv", "--model", "model/model.safetensors"], 1, /95000 km\/s, but no galaxy.*\n.*m\/s/],
    [["infer", "exact.csv", "--model", "model/model.safetensors"], 1, /0\.001 km\/s, but no velocity/],
    [["infer", "below.csv", "--model", "model/model.safetensors"], 1, /velocity of point 1 .* is -95/],
    [[...inference, "--r-min", "9"], 1, /no point lies within 9 to 50 kpc: they are at 2 to 8 kpc/],
    [
      [...inference, "--r-min", "9", "--r-max", "5"],
      2,
      /--r-min and --r-max: 9 to 5 kpc: nothing of the model's radii, 0\.1 to 50 kpc, lies in it\n.*the smaller radius first/,
    ],
    [["infer"], 2, /there is no galaxy\n.*halograd infer galaxy\.csv, or give --sparc/],
    [["infer", "--sparc", "x.mrt"], 1, /x\.mrt: no such file/],
    [["infer", "--galaxy", "X"], 2, /--galaxy does nothing without --sparc/],
    [[...inference, "--sparc", "x.mrt"], 2, /files name galaxies, and --sparc names others/],
    [["infer", "no.csv"], 1, /no\.csv/],
    [["infer", "galaxy.csv"], 1, /out\/model\.safetensors.*\n.*--network residual --count 12500/],
    [
      [...inference, "--columns", "radius=R"],
      1,
      /it has no column "R", only radius \[kpc\].*\n.*its number from 1/,
    ],
    [[...inference, "--distance", "3"], 1, /"radius \[kpc\]" is in kpc, so that a distance does nothing/],
    [
      ["infer", "--sparc", "x.mrt", "--galaxy", "X", "--distance", "3"],
      2,
      /--distance is of one galaxy, given as a file/,
    ],
    [
      [...inference, "--columns", "radius=a,radius=b"],
      2,
      /--columns is "radius=a,radius=b", which is not NAME=X/,
    ],
    [
      [...inference, "--error-spread", "3"],
      2,
      /--error-spread is "3", which is not a number from 0, below 3/,
    ],
    [[...inference, "--deviation", "1"], 2, /--deviation is "1", which is not a number from 0, below 1/],
    [
      ["infer", "far.csv", "--model", "model/model.safetensors"],
      1,
      /no point lies within 0\.1 to 50 kpc: it is at 500 kpc\n.*radii are in kpc/,
    ],
    [["infer", "galaxy.csv", "--model", "plain/model.safetensors"], 1, /autoencoder.*\n.*residual/],
  ])("refuses %j in one clear message", (words, exitCode, message) => {
    const { code, stdout, stderr } = halograd(words, { cwd: home });
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
  });
});
