/** `halograd evaluate`, `halograd compare` and `run --evaluate`: what they tell apart, and what they refuse. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SCORES } from "../../src/curves/index.ts";
import { formatCsv, parseCurves } from "../../src/io/index.ts";
import { parseSvg } from "../plot/parse-svg.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const real = join("real", "curves.csv");
const fresh = join("fresh", "curves.csv");
interface Told {
  readonly score: string;
  readonly value: number;
  readonly baseline: number;
  readonly pValue: number;
  readonly toldApart: boolean;
}
const scores = (words: readonly string[]): Map<string, Told> => {
  const { code, stdout } = halograd(["evaluate", ...words, "--json"], { cwd: home });
  expect(code).toBe(0);
  const { samples } = JSON.parse(stdout);
  return new Map(samples[0].scores.map((told: Told) => [told.score, told]));
};

beforeAll(() => {
  succeed(["generate", "--seed", "1", "--count", "160", "--out", "real"], home);
  succeed(["generate", "--seed", "2", "--count", "160", "--out", "fresh"], home);
  const { radii, curves } = parseCurves(readFileSync(join(home, fresh), "utf8"), fresh);
  const change = (file: string, by: (velocity: number, i: number) => number): void =>
    writeFileSync(
      join(home, file),
      formatCsv(
        radii,
        curves.map((curve) => curve.map(by)),
      ),
    );
  change("faster.csv", (velocity) => 1.5 * velocity);
  change("rough.csv", (velocity, i) => velocity * (1 + 0.004 * (-1) ** i));
  writeFileSync(join(home, "few.csv"), formatCsv(radii, curves.slice(0, 10)));
  writeFileSync(
    join(home, "scaled.csv"),
    formatCsv(
      radii.map((radius) => 2 * radius),
      curves,
    ),
  );
});

describe("halograd evaluate", () => {
  test("tells fresh curves of the same population apart by no score", () => {
    const found = scores([real, fresh]);
    expect([...found.keys()]).toEqual(SCORES.map(({ title }) => title));
    expect([...found.values()].filter(({ toldApart }) => toldApart)).toEqual([]);
  });

  test("tells curves apart that are half as fast again", () => {
    const found = scores([real, "faster.csv"]);
    for (const name of ["MMD²", "energy distance", "classifier", "1-NN", "coverage"])
      expect(found.get(name), name).toMatchObject({ toldApart: true });
  });

  test("sees a jitter of 0.4 % that distances do not see", () => {
    const found = scores([real, "rough.csv"]);
    expect(found.get("roughness")).toMatchObject({ toldApart: true });
    expect(found.get("physics residual")).toMatchObject({ toldApart: true });
    expect(found.get("MMD²")).toMatchObject({ toldApart: false });
  });

  test("finds samples memorised that are the training curves", () => {
    const memorised = (training: string) =>
      scores([real, fresh, "--training", training]).get("memorised (training)");
    expect(memorised(fresh)).toMatchObject({ value: 1, toldApart: true });
    succeed(["generate", "--seed", "3", "--count", "160", "--out", "other"], home);
    expect(memorised(join("other", "curves.csv"))).toMatchObject({ toldApart: false });
  });

  test("prints a table with a baseline, the same one for the same seed, and writes nothing", () => {
    const before = filesIn(home);
    const words = ["evaluate", real, fresh, "--baseline", join("fresh", "curves.csv"), "--count", "60"];
    const printed = succeed(words, home);
    expect(printed).toMatch(/^score +value +baseline +p$/m);
    expect(printed).toMatch(/^1-NN +0\.\d{3} +0\.\d{3} +\d\.\d{3} {2}(not )?told apart$/m);
    expect(succeed(words, home)).toBe(printed);
    expect(succeed([...words, "--seed", "1"], home)).not.toBe(printed);
    expect(filesIn(home)).toEqual(before);
  });

  test("refuses to test a model on the curves that it was trained on", () => {
    succeed(["train", "--data", real, "--epochs", "1", "--out", "trained", "--quiet"], home);
    const { code, stdout, stderr } = halograd(["evaluate", real, "trained/model.safetensors"], { cwd: home });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /curves\.csv: trained\/model\.safetensors was trained on these curves.*\n.*give fresh/,
    );
    expect(halograd(["evaluate", fresh, "trained/model.safetensors"], { cwd: home }).code).toBe(0);
  });

  test("explains each score in its help, with the source", () => {
    const help = succeed(["evaluate", "--help"], home);
    for (const { title } of SCORES) expect(help).toContain(title);
    expect(help).toContain("arXiv:2002.09797");
  });

  test.each([
    [["few.csv"], "it holds 10 curves, but scores need 20 or more"],
    [["scaled.csv"], "radius 1 is"],
    [["missing.csv"], "missing.csv"],
    [[], "2 files are needed, but 1 given"],
    [[fresh, fresh], "one word too many"],
  ])("refuses %j in one line", (files, words) => {
    const { code, stdout, stderr } = halograd(["evaluate", real, ...files], { cwd: home });
    expect({ code: code === 0, stdout }).toEqual({ code: false, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain("    at ");
  });
});

describe("halograd compare", () => {
  test("sets files side by side, in a table and in a figure", () => {
    const words = ["compare", real, fresh, "faster.csv", "--count", "60", "--out", "compared"];
    const printed = succeed(words, home);
    expect(printed).toMatch(/^score +baseline +curves +faster$/m);
    expect(printed).toMatch(/^1-NN .*\*$/m);
    expect(filesIn(join(home, "compared"))).toEqual([
      ...["provenance.json", "scores.csv", "scores.json", "scores.svg"],
    ]);
    const svg = readFileSync(join(home, "compared", "scores.svg"), "utf8");
    const description = parseSvg(svg).find(({ name }) => name === "desc");
    for (const { title } of SCORES) expect(description?.text).toContain(title);
    expect(halograd(words, { cwd: home }).stderr).toContain("--force");
    const [header, ...rows] = readFileSync(join(home, "compared", "scores.csv"), "utf8")
      .trim()
      .split("\n");
    expect(header).toBe("samples,score,unit,value,baseline,p_value,told_apart");
    const { samples } = JSON.parse(readFileSync(join(home, "compared", "scores.json"), "utf8"));
    expect(rows).toHaveLength(2 * SCORES.length);
    SCORES.forEach(({ title, unit }, i) => {
      for (const [j, name] of ["curves", "faster"].entries()) {
        const { value, baseline, pValue, toldApart } = samples[j].scores[i];
        const quoted = title.includes(",") ? `"${title}"` : title;
        expect(rows[2 * i + j]).toBe([name, quoted, unit, value, baseline, pValue, toldApart ? 1 : 0].join());
      }
    });
  });

  describe("of models", () => {
    beforeAll(() => {
      const words = ["--network", "residual", "--count", "100", "--batches", "60", "--samples", "40"];
      succeed(["run", ...words, "--seed", "3", "--out", "better"], home);
      const [train, data] = [["train", "--epochs", "20"], join("better", "curves.csv")];
      succeed([...train, "--data", data, "--out", "post"], home);
      succeed([...train, "--data", "scaled.csv", "--out", "scaled"], home);
    });

    test("samples what halograd sample would, as many curves as are compared", () => {
      const count = ["--count", "40", "--json"];
      const told = (file: string) => {
        const { code, stdout } = halograd(["evaluate", real, file, ...count], { cwd: home });
        expect(code).toBe(0);
        return JSON.parse(stdout);
      };
      const { curves, samples } = told(join("better", "samples.csv"));
      expect(curves).toBe(40);
      for (const file of ["better", join("better", "model.safetensors")]) {
        const [sampled] = told(file).samples;
        expect(sampled).toEqual({
          file,
          sampled: { sampler: "adams-bashforth", steps: 16, seed: 3 },
          scores: samples[0].scores,
        });
      }
    });

    test("names models by their folders, beside files", () => {
      const words = ["compare", real, "better", join("post", "model.safetensors"), "faster.csv"];
      const printed = succeed([...words, "--count", "30"], home);
      expect(printed).toMatch(/^score +baseline +better +post +faster$/m);
      expect(printed).toMatch(/^30 curves of each file/m);
    });

    test.each([
      ["real", /real: this folder holds no model\.safetensors .*\n.*give real\/curves\.csv/],
      ["scaled", /scaled\/model\.safetensors: radius 1 is/],
      ["nowhere.safetensors", /nowhere\.safetensors: /],
    ])("refuses %s in one line, before it samples", (name, message) => {
      const { code, stdout, stderr } = halograd(["compare", real, "better", name], { cwd: home });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
    });
  });
});

describe("halograd run --evaluate", () => {
  test("compares with galaxies of the same population, whose gas and bulges no disc and halo explain", () => {
    const words = ["run", "--population", "extended", "--count", "60", "--epochs", "10", "--samples", "40"];
    const { code, stdout } = halograd([...words, "--out", "wide", "--evaluate", "--json"], { cwd: home });
    expect(code).toBe(0);
    const { scores, files } = JSON.parse(stdout);
    const physics = scores.find(({ score }: Told) => score === "physics residual");
    expect(physics.baseline).toBeGreaterThan(0.05);
    expect(files).not.toContain("report.html");
  });

  test("adds a section to the report, which says what the scores are", () => {
    const words = ["--count", "60", "--epochs", "10", "--samples", "40"];
    succeed(["run", ...words, "--out", "with", "--evaluate"], home);
    succeed(["run", ...words, "--out", "without"], home);
    const page = (folder: string) => readFileSync(join(home, folder, "report.html"), "utf8");
    for (const { title } of SCORES) expect(page("with")).toContain(title);
    expect(page("with")).toContain("--evaluate");
    expect(page("without")).not.toContain("1-NN");
  });
});
