/** `halograd infer`: what it writes for a measured galaxy, and what it says where it cannot. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseCsv, parseCurves } from "../../src/io/index.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const POINTS = "radius [kpc],velocity [km/s],error [km/s]\n2,95,15\n8,140,15\n";

beforeAll(() => {
  succeed(["generate", "--population", "extended", "--count", "400", "--quiet"], home);
  const training = ["train", "--network", "residual", "--batches", "200", "--out", "model", "--quiet"];
  succeed(training, home);
  succeed(["train", "--epochs", "1", "--out", "plain", "--quiet"], home);
  writeFileSync(join(home, "galaxy.csv"), POINTS);
  writeFileSync(join(home, "far.csv"), "radius,velocity,error\n500,100,5\n");
}, 120_000);

const inference = ["infer", "--data", "galaxy.csv", "--model", "model/model.safetensors"];

describe("halograd infer", () => {
  test("writes curves, intervals, parameters and a figure, the same for the same seed", () => {
    const told = JSON.parse(succeed([...inference, "--out", "a", "--json", "--quiet"], home));
    expect(filesIn(join(home, "a"))).toEqual([
      "figures/inference.svg",
      "intervals.csv",
      "parameters.csv",
      "posterior.csv",
    ]);
    const read = (folder: string, name: string) => readFileSync(join(home, folder, name), "utf8");
    const { radii, curves } = parseCurves(read("a", "posterior.csv"), "posterior.csv");
    expect(curves.length).toBe(told.samples);
    const { rows } = parseCsv(read("a", "intervals.csv"), { source: "intervals.csv" });
    expect(rows.map(([radius]) => radius)).toEqual([...radii]);
    for (const [, ...quantiles] of rows) expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
    // Near the points the curves are where the points are, within their errors and less.
    const near = rows[radii.findIndex((radius) => radius > 8)];
    expect(Math.abs(near[4] - 140)).toBeLessThan(20);
    expect(near[7] - near[1]).toBeLessThan(75);
    expect(parseCsv(read("a", "parameters.csv"), { source: "parameters.csv" }).header).toEqual([
      "quantile",
      "disc_mass [Msun]",
      "disc_scale_length [kpc]",
      "halo_mass [Msun]",
      "concentration",
    ]);
    succeed([...inference, "--out", "b", "--quiet"], home);
    for (const name of filesIn(join(home, "a"))) expect(read("b", name)).toBe(read("a", name));
  }, 120_000);

  test.each([
    [["infer"], 2, /there is no galaxy\n.*--data galaxy\.csv, or --sparc/],
    [["infer", "--sparc", "x.mrt"], 2, /--sparc holds many galaxies\n.*--galaxy NGC2403/],
    [[...inference, "--sparc", "x.mrt"], 2, /--data names one galaxy, --sparc another/],
    [["infer", "--data", "no.csv"], 1, /no\.csv/],
    [["infer", "--data", "galaxy.csv"], 1, /out\/model\.safetensors.*\n.*--network residual --count 12500/],
    [[...inference, "--deviation", "1"], 2, /--deviation is "1", which is not a number from 0, below 1/],
    [["infer", "--data", "far.csv", "--model", "model/model.safetensors"], 1, /at 500 kpc.*0\.1 to 50 kpc/],
    [["infer", "--data", "galaxy.csv", "--model", "plain/model.safetensors"], 1, /autoencoder.*\n.*residual/],
  ])("refuses %j in one clear message", (words, exitCode, message) => {
    const { code, stdout, stderr } = halograd(words, { cwd: home });
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
  });
});
