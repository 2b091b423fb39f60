/** `halograd run` and the parts that it is made of: what they write, and that it is the same every time. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/basics/random.ts";
import { readModel, SAMPLERS, unseenCurves } from "../../src/curves/index.ts";
import {
  eulerSampler,
  FeatureStandardization,
  finish,
  LogPrincipalComponents,
  type ResidualDenoiser,
  splitDataset,
  uniformGrid,
} from "../../src/diffusion/index.ts";
import { logSpacedRadii, rotationCurves } from "../../src/galaxy/index.ts";
import { parseCsv, parseCurves } from "../../src/io/index.ts";
import { normal } from "../../src/ops/random.ts";
import { parseSvg } from "../plot/parse-svg.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const FIGURES = ["curves", "loss", "noise", "predictions", "sampling"];
const small = ["--seed", "7", "--count", "60", "--epochs", "120"];
const home = newFolder();
const bytes = (name: string): Buffer => readFileSync(join(home, name));
const text = (name: string): string => readFileSync(join(home, name), "utf8");
/** What networks make is written in the digits of float32. */
const single = (curve: Float64Array): Float32Array => Float32Array.from(curve);
/** What a command leaves besides provenance.json, which tells how the command was given. */
const contentsOf = (folder: string): string[] =>
  filesIn(join(home, folder)).filter((name) => name !== "provenance.json");
const table = (name: string) => parseCsv(text(name), { source: name });

let printed = "";
beforeAll(() => {
  printed = succeed(["run", ...small, "--samples", "150"], home);
});

describe("halograd run", () => {
  test("writes its files into out/ and nothing else", () => {
    expect(filesIn(home)).toEqual(
      [
        ...["curves.csv", "galaxies.csv", "loss.csv", "model.safetensors", "provenance.json"],
        ...["report.html", "samples.csv"],
        ...FIGURES.map((name) => `figures/${name}.svg`),
      ]
        .map((name) => `out/${name}`)
        .sort(),
    );
  });

  test("prints the losses every 100 epochs and of the last one, as plain lines off a terminal", () => {
    const lines = printed.split("\n").filter((line) => line.startsWith("epoch"));
    const { rows } = table("out/loss.csv");
    expect(lines).toEqual(
      [0, 100, 119].map((epoch) => {
        const [train, valid] = [rows[epoch][1].toFixed(4), rows[epoch][2].toFixed(4)];
        return `epoch ${String(epoch).padStart(3)}  train ${train}  valid ${valid}`;
      }),
    );
    for (const control of ["\r", "\x1b"]) expect(printed).not.toContain(control);
    expect(printed).toContain("report.html");
  });

  test("stores parameters from which the galaxies' curves follow to the bit", () => {
    const { radii, curves } = parseCurves(text("out/curves.csv"), "curves.csv");
    expect(radii).toEqual(logSpacedRadii());
    expect(curves).toHaveLength(60);
    const galaxies = table("out/galaxies.csv").rows.map(
      ([discMass, discScaleLength, haloMass, concentration]) => ({
        discMass,
        discScaleLength,
        haloMass,
        concentration,
      }),
    );
    const { velocities } = rotationCurves(galaxies, radii);
    expect(curves.flatMap((curve) => [...curve])).toEqual([...velocities]);
  });

  test("stores the losses of every epoch, and they fall", () => {
    const { header, rows } = table("out/loss.csv");
    expect(header).toEqual(["epoch", "train", "valid"]);
    expect(rows.map(([epoch]) => epoch)).toEqual(Array.from({ length: 120 }, (_, i) => i));
    expect(rows[119][1]).toBeLessThan(rows[0][1] / 2);
  });

  test("stores a model that knows its radii, its training and the statistics of the training part", () => {
    const model = readModel(bytes("out/model.safetensors"));
    const { radii, curves } = parseCurves(text("out/curves.csv"), "curves.csv");
    expect(model.radii).toEqual(radii);
    const training = { seed: 7, curves: 60, epochs: 120, learningRate: 0.01, population: "standard" };
    expect(model.training).toMatchObject(training);
    expect(model.standardization).toEqual(splitDataset(curves, new Random(7).fork("split")).standardization);
  });

  test("stores the samples in km/s that its model and its seed give", () => {
    const model = readModel(bytes("out/model.safetensors"));
    const { radii, curves } = parseCurves(text("out/samples.csv"), "samples.csv");
    expect(radii).toEqual(model.radii);
    const noise = normal([150, 50], new Random(7).fork("samples"));
    const end = finish(eulerSampler((x) => model.network.forward(x), noise, { grid: uniformGrid(31) }));
    expect(curves.map(single)).toEqual(model.standardization.invert(end).map(single));
  });

  test.each(FIGURES)("draws figures/%s.svg, and shows it in the report", (name) => {
    const svg = text(`out/figures/${name}.svg`);
    expect(() => parseSvg(svg)).not.toThrow();
    expect(text("out/report.html")).toContain(svg);
  });

  test("tells in the report how to repeat it", () => {
    const [command] = /halograd run --seed[^<]*/.exec(text("out/report.html")) ?? [""];
    const words = command.replace("\\\n", "").split(/\s+/).slice(1);
    succeed([...words, "--out", "again"], home);
    for (const name of contentsOf("out")) expect(text(`again/${name}`)).toBe(text(`out/${name}`));
  });

  test("gives other numbers for another seed", () => {
    const words = [
      "run",
      "--seed",
      "8",
      "--count",
      "60",
      "--epochs",
      "5",
      "--samples",
      "5",
      "--out",
      "other",
    ];
    succeed(words, home);
    for (const name of ["curves.csv", "loss.csv", "samples.csv"])
      expect(text(`other/${name}`).split("\n")[1]).not.toBe(text(`out/${name}`).split("\n")[1]);
  });

  test("is what generate, train, sample and plot do one by one", () => {
    const into = ["--out", "parts"];
    succeed(["generate", "--seed", "7", "--count", "60", ...into], home);
    succeed(["train", "--data", "parts/curves.csv", "--seed", "7", "--epochs", "120", ...into], home);
    succeed(["sample", "--model", "parts/model.safetensors", "--count", "150", ...into], home);
    succeed(["plot", "--from", "parts", ...into], home);
    const parts = contentsOf("parts");
    expect([...parts, "report.html"].sort()).toEqual(contentsOf("out"));
    for (const name of parts) expect(text(`parts/${name}`)).toBe(text(`out/${name}`));
  });
});

describe("existing output", () => {
  test("is refused at once, and stays as it is", () => {
    mkdirSync(join(home, "kept"));
    writeFileSync(join(home, "kept/samples.csv"), "mine");
    const { code, stdout, stderr } = halograd(["run", "--out", "kept"], { cwd: home });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: kept: samples\.csv already there.*\n {2}Fix: give --force .*\n$/);
    expect(filesIn(join(home, "kept"))).toEqual(["samples.csv"]);
    expect(text("kept/samples.csv")).toBe("mine");
  });

  test("is replaced with --force, except what is not ours", () => {
    mkdirSync(join(home, "old/figures"), { recursive: true });
    for (const name of ["curves.csv", "report.html", "figures/loss.svg", "notes.txt"])
      writeFileSync(join(home, "old", name), "old");
    succeed(["run", ...small, "--samples", "150", "--out", "old", "--force"], home);
    expect(filesIn(join(home, "old"))).toEqual([...filesIn(join(home, "out")), "notes.txt"].sort());
    expect(text("old/notes.txt")).toBe("old");
    expect(text("old/report.html")).toBe(text("out/report.html"));
  });

  test("of another run does not stay beside a job that failed after its first files", () => {
    mkdirSync(join(home, "stale"));
    for (const name of ["samples.csv", "report.html"]) writeFileSync(join(home, "stale", name), "old");
    const words = ["run", "--count", "60", "--learning-rate", "1000", "--out", "stale", "--force"];
    const { code, stderr } = halograd(words, { cwd: home });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: training: .*diverged\n {2}Fix: give a --learning-rate below 1000\n$/);
    expect(filesIn(join(home, "stale"))).toEqual(["curves.csv", "galaxies.csv", "provenance.json"]);
  });
});

describe("halograd sample", () => {
  test("gives the same first curves whatever the count", () => {
    const words = ["sample", "--model", "out/model.safetensors", "--count", "3", "--out", "few"];
    succeed(words, home);
    expect(text("few/samples.csv").split("\n").slice(0, 4)).toEqual(
      text("out/samples.csv").split("\n").slice(0, 4),
    );
  });

  test("gives others for another seed or number of steps", () => {
    const words = ["sample", "--model", "out/model.safetensors", "--count", "3", "--force", "--out", "few"];
    const of = (...more: string[]): string => {
      succeed([...words, ...more], home);
      return text("few/samples.csv");
    };
    expect(new Set([of(), of("--seed", "8"), of("--steps", "5")]).size).toBe(3);
  });
});

describe("halograd denoise", () => {
  test("writes what the network makes of each curve, in km/s at the file's radii", () => {
    const model = readModel(bytes("out/model.safetensors"));
    const { curves } = parseCurves(text("out/curves.csv"), "curves.csv");
    // Radii as a table would print them: rounded.
    const rounded = Array.from(model.radii, (radius) => radius.toPrecision(4));
    const rows = curves.map((curve) => [...curve].map((v, i) => v + (i % 2 === 0 ? 20 : -20)));
    writeFileSync(join(home, "noisy.csv"), `${[rounded, ...rows].map((row) => row.join()).join("\n")}\n`);
    const words = ["denoise", "noisy.csv", "--model", "out/model.safetensors", "--out", "clean"];
    expect(succeed(words, home)).toContain("60 curves");
    const denoised = parseCurves(text("clean/denoised.csv"), "denoised.csv");
    expect([...denoised.radii]).toEqual(rounded.map(Number));
    const expected = model.network.forward(model.standardization.apply(rows));
    expect(denoised.curves.map(single)).toEqual(model.standardization.invert(expected).map(single));
  });
});

describe("halograd plot", () => {
  test("draws only the figures that are asked for, from files anywhere", () => {
    const model = ["--model", "out/model.safetensors"];
    succeed(["plot", "loss", "--loss", "out/loss.csv", ...model, "--out", "some"], home);
    succeed(["plot", "curves", "--data", "out/samples.csv", "--out", "some"], home);
    expect(contentsOf("some")).toEqual(["figures/curves.svg", "figures/loss.svg"]);
    expect(text("some/figures/loss.svg")).toBe(text("out/figures/loss.svg"));
    expect(text("out/figures/loss.svg")).toContain("validation (clean input)");
    // Without the model nobody knows what the validation's input was.
    succeed(["plot", "loss", "--loss", "out/loss.csv", "--out", "some", "--force"], home);
    expect(text("some/figures/loss.svg")).not.toContain("validation (");
    expect(text("some/figures/curves.svg")).toContain("150 galaxies");
  });

  test("shows predictions of curves that the model was not trained on: the part kept back, or all of other data", () => {
    const model = readModel(bytes("out/model.safetensors"));
    const data = parseCurves(text("out/curves.csv"), "curves.csv");
    const { valid } = splitDataset(data.curves, new Random(7).fork("split"));
    expect(unseenCurves(model, data, "curves.csv").toArray()).toEqual(valid.toArray());
    const other = { ...data, curves: data.curves.map((curve) => curve.map((velocity) => 2 * velocity)) };
    expect(unseenCurves(model, other, "other.csv").shape).toEqual([60, 50]);
  });

  test("needs no more than two curves", () => {
    writeFileSync(join(home, "two.csv"), text("out/curves.csv").split("\n").slice(0, 3).join("\n"));
    const words = ["plot", "predictions", "--data", "two.csv", "--model", "out/model.safetensors"];
    succeed([...words, "--out", "two"], home);
    expect(text("two/figures/predictions.svg")).toContain("for 2 galaxies");
  });
});

describe("halograd info", () => {
  test.each([
    ["out/curves.csv", /^out\/curves\.csv: curves, 60 rows of 50: .* from 0\.1 to 50 kpc$/m],
    ["out/galaxies.csv", /^out\/galaxies\.csv: galaxies, 60 rows of 4$/m],
    ["out/loss.csv", /^out\/loss\.csv: losses, 120 rows of 3$/m],
    [
      "out/model.safetensors",
      /^ {2}encoder\.0\.weight {2}F32 \[32, 50\] +-?[\d.]+ +-?[\d.]+ +[\d.]+ +[\d.]+$/m,
    ],
  ])("tells what %s holds", (file, expected) => {
    const told = succeed(["info", file], home);
    expect(told).toMatch(expected);
    for (const line of told.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
  });

  test("with --json tells it once, metadata as values; with --quiet the result all the same", () => {
    const { stdout, stderr } = halograd(["info", "out/model.safetensors", "--json"], { cwd: home });
    expect(stderr).toBe("");
    const { format, metadata } = JSON.parse(stdout);
    expect(format).toBe("halograd denoising autoencoder, version 1");
    expect(metadata).toMatchObject({ widths: [50, 32, 16, 4], seed: 7, schedule: "linear" });
    expect(succeed(["info", "out/loss.csv", "--quiet"], home)).toContain("losses, 120 rows");
  });

  test("computes the statistics that it tells", () => {
    writeFileSync(join(home, "numbers.csv"), "a,b\n1,10\n2,10\n6,10\n");
    const { columns, kind } = JSON.parse(stdoutOf(["info", "numbers.csv", "--json"]));
    expect(kind).toBe("table");
    expect(columns).toEqual([
      { name: "a", least: 1, mean: 3, standardDeviation: Math.sqrt(7), greatest: 6 },
      { name: "b", least: 10, mean: 10, standardDeviation: 0, greatest: 10 },
    ]);
  });
});

test("the version, by any of its names, and a single figure without braces", () => {
  expect(new Set(["--version", "-V", "-v"].map((word) => succeed([word], home))).size).toBe(1);
  expect(succeed(["plot", "loss", "--from", "out", "--out", "one"], home)).toMatch(
    /wrote figures\/loss\.svg, provenance\.json in/,
  );
});

describe("--json and --quiet", () => {
  const into = (folder: string): string[] => ["--out", folder, "--force"];

  test("--json prints one document on stdout, and messages on stderr", () => {
    const { code, stdout, stderr } = halograd(["run", ...small, "--json", ...into("json")], { cwd: home });
    expect(code).toBe(0);
    expect(stderr).toContain("epoch 100");
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      command: "run",
      complete: true,
      folder: "json",
      seed: 7,
      galaxies: 60,
      epochs: 120,
      samples: 1000,
    });
    expect([...result.files].sort()).toEqual(filesIn(join(home, "json")));
    const last = table("json/loss.csv").rows[119];
    expect(result.loss).toEqual({ train: last[1], valid: last[2] });
    expect(Object.keys(result.seconds)).toEqual(["generate", "train", "sample", "plot"]);
    expect(result.predictionErrors.map(({ amount }: { amount: number }) => amount)).toEqual([
      0.1, 0.2, 0.5, 0.7, 0.9,
    ]);
    for (const { amount, noisy, prediction } of result.predictionErrors) {
      expect(noisy).toBeGreaterThan(amount * 50);
      if (amount >= 0.5) expect(prediction).toBeLessThan(noisy);
    }
  });

  test.each([
    ["generate", "--count", "5"],
    ["train", "--data", "out/curves.csv", "--epochs", "3"],
    ["sample", "--model", "out/model.safetensors", "--count", "2"],
    ["denoise", "out/curves.csv", "--model", "out/model.safetensors"],
    ["plot", "loss", "--from", "out"],
  ])("--quiet --json leaves nothing but the document of %s", (command, ...words) => {
    const all = [command, ...words, "--quiet", "--json", ...into("quiet")];
    const { complete, files } = JSON.parse(stdoutOf(all));
    expect(complete).toBe(true);
    expect(filesIn(join(home, "quiet"))).toEqual(expect.arrayContaining(files));
  });

  test("--quiet alone prints nothing", () => {
    expect(succeed(["generate", "--count", "5", "--quiet", ...into("quiet")], home)).toBe("");
  });
});

/** The stdout of a command whose messages go to stderr. */
function stdoutOf(words: string[]): string {
  const { code, stdout } = halograd(words, { cwd: home });
  expect(code).toBe(0);
  return stdout;
}

describe("--network residual", () => {
  const words = ["--network", "residual", "--seed", "7", "--count", "60", "--batches", "40"];
  beforeAll(() => {
    succeed(["run", ...words, "--samples", "20", "--out", "residual"], home);
  });

  test("writes the same files, the report included", () => {
    expect(filesIn(join(home, "residual"))).toEqual(filesIn(join(home, "out")));
  });

  test.each(SAMPLERS)("tells in the report of --sampler %s how to repeat it, to the byte", (sampler) => {
    const into = (folder: string) => ["--out", folder, "--force"];
    const more = ["--samples", "4", "--steps", "4", "--sampler", sampler, "--conditions", "disc-mass"];
    succeed(["run", ...words, ...more, ...into("told-of")], home);
    const [command] = /halograd run --seed[^<]*/.exec(text("told-of/report.html")) ?? [""];
    succeed([...command.replace("\\\n", "").split(/\s+/).slice(1), ...into("told-again")], home);
    for (const name of contentsOf("told-of"))
      expect(text(`told-again/${name}`)).toBe(text(`told-of/${name}`));
  });

  test("is what generate, train, sample and plot do one by one", () => {
    const into = ["--out", "residual-parts"];
    succeed(["generate", "--seed", "7", "--count", "60", ...into], home);
    const training = ["--network", "residual", "--seed", "7", "--batches", "40"];
    succeed(["train", "--data", "residual-parts/curves.csv", ...training, ...into], home);
    succeed(["sample", "--model", "residual-parts/model.safetensors", "--count", "20", ...into], home);
    succeed(["plot", "--from", "residual-parts", ...into], home);
    const parts = contentsOf("residual-parts");
    expect([...parts, "report.html"].sort()).toEqual(contentsOf("residual"));
    for (const name of parts) expect(text(`residual-parts/${name}`)).toBe(text(`residual/${name}`));
  });

  test("stores a model that knows its representation and its training", () => {
    const model = readModel(bytes("residual/model.safetensors"));
    const { curves } = parseCurves(text("residual/curves.csv"), "curves.csv");
    const represent = (rows: readonly ArrayLike<number>[]) => LogPrincipalComponents.of(rows);
    const split = splitDataset(curves, new Random(7).fork("split"), { represent });
    expect(model.standardization).toEqual(split.standardization);
    const training = { seed: 7, curves: 60, epochs: 40, batches: 40, learningRate: 0.004 };
    expect(model.training).toMatchObject({ ...training, population: "standard" });
    expect(unseenCurves(model, { radii: model.radii, curves }, "curves.csv").toArray()).toEqual(
      split.valid.toArray(),
    );
  });

  test.each(SAMPLERS)("samples positive curves with --sampler %s, the same for every count", (sampler) => {
    const of = (count: number): string[] => {
      const model = ["--model", "residual/model.safetensors", "--sampler", sampler, "--steps", "6"];
      succeed(["sample", ...model, "--count", `${count}`, "--out", "sampled", "--force"], home);
      return text("sampled/samples.csv").trim().split("\n");
    };
    const few = of(2);
    expect(of(3).slice(0, 3)).toEqual(few);
    for (const row of few.slice(1))
      for (const velocity of row.split(",")) expect(Number(velocity)).toBeGreaterThan(0);
  });

  test("denoises by the amount of noise that it is told", () => {
    const of = (noise: string): string => {
      const model = ["--model", "residual/model.safetensors", "--noise", noise];
      succeed(["denoise", "residual/curves.csv", ...model, "--out", "denoised", "--force"], home);
      return text("denoised/denoised.csv");
    };
    expect(of("0.1")).not.toBe(of("0.5"));
  });

  test("refuses curves without a logarithm, naming the first", () => {
    writeFileSync(join(home, "zero.csv"), text("residual/curves.csv").replace(/\n[\d.]+/, "\n0"));
    const train = halograd(["train", "--network", "residual", "--data", "zero.csv", "--out", "none"], {
      cwd: home,
    });
    expect(train.code).toBe(1);
    expect(train.stderr).toMatch(/curve 1 has velocities that are not above 0.*\n.*--network autoencoder/);
    const model = ["--model", "residual/model.safetensors", "--out", "none"];
    expect(halograd(["denoise", "zero.csv", ...model], { cwd: home }).stderr).toMatch(
      /curve 1 has velocities/,
    );
  });

  describe("with --conditions", () => {
    const told = ["--conditions", "halo-mass,disc-mass"];
    const model = ["--model", "told/model.safetensors", "--count", "4", "--force", "--out", "asked"];
    const sampled = (...words: string[]): string => {
      succeed(["sample", ...model, ...words], home);
      return text("asked/samples.csv");
    };
    beforeAll(() => {
      succeed(["run", ...words, ...told, "--samples", "4", "--out", "told"], home);
    });

    test("run is what generate, train and sample do one by one", () => {
      const training = ["--network", "residual", "--seed", "7", "--batches", "40", ...told];
      succeed(["train", "--data", "residual/curves.csv", ...training, "--out", "told-train"], home);
      expect(text("told-train/model.safetensors")).toBe(text("told/model.safetensors"));
      expect(sampled()).toBe(text("told/samples.csv"));
      const galaxies = ["--galaxies", "told/galaxies.csv"];
      succeed(["train", "--data", "told/curves.csv", ...galaxies, ...training, "--out", "told-2"], home);
      expect(text("told-2/model.safetensors")).toBe(text("told/model.safetensors"));
    });

    test("the model holds the mean, spread and range of each property over its training part", () => {
      const { rows } = parseCsv(text("told/galaxies.csv"), { source: "galaxies.csv" });
      const represent = (part: readonly ArrayLike<number>[]) => FeatureStandardization.of(part);
      const logs = rows.map((row) => [Math.log10(row[2]), Math.log10(row[0])]);
      const { standardization, train } = splitDataset(logs, new Random(7).fork("split"), { represent });
      const { conditions, network } = readModel(bytes("told/model.safetensors"));
      expect(conditions!.map(({ name }) => name)).toEqual(["halo-mass", "disc-mass"]);
      conditions!.forEach(({ mean, standardDeviation, least, greatest }, i) => {
        const values = standardization.invert(train).map((row) => row[i]);
        expect(mean).toBeCloseTo(standardization.means[i], 10);
        expect(standardDeviation).toBeCloseTo(standardization.standardDeviations[i], 10);
        expect([least, greatest]).toEqual([Math.min(...values), Math.max(...values)]);
      });
      expect((network as ResidualDenoiser).sizes.conditions).toBe(2);
      expect(succeed(["info", "told/model.safetensors"], home)).toMatch(
        /conditions +log10 halo-mass: 1\d\.\d\d ± 0\.\d\d, from 1\d\.\d\d to 1\d\.\d\d;/,
      );
    });

    test("samples follow what is asked for, by name and in any order, and how much it counts", () => {
      const heavy = sampled("--condition", "halo-mass=12.5", "--condition", "disc-mass=11");
      expect(heavy).not.toBe(sampled());
      expect(sampled("--condition", "disc-mass=11", "--condition=halo-mass=12.5")).toBe(heavy);
      expect(sampled("--condition", "disc-mass=11")).not.toBe(heavy);
      const asked = ["--condition", "disc-mass=11", "--condition", "halo-mass=12.5"];
      expect(sampled(...asked, "--guidance", "1")).toBe(heavy);
      expect(sampled(...asked, "--guidance", "2")).not.toBe(heavy);
      expect(sampled(...asked, "--guidance", "0")).toBe(sampled());
    });

    test.each([
      [
        ["sample", "--model", "told/model.safetensors", "--condition", "concentration=9"],
        /not trained with the condition concentration, but with halo-mass, disc-mass\n.*--conditions halo-mass,disc-mass,concentration/,
      ],
      [
        ["sample", "--model", "residual/model.safetensors", "--condition", "disc-mass=9.5"],
        /not trained with the condition disc-mass, but with none\n.*--network residual --conditions disc-mass/,
      ],
      [
        ["sample", "--model", "told/model.safetensors", "--condition", "disc-mass=3e10"],
        /the model has seen disc-mass from 9\.\d\d to 1[12]\.\d\d only, as log10 .*\n.*write disc-mass=10\.48/,
      ],
      [
        ["sample", "--model", "told/model.safetensors", "--condition", "disc-mass=13"],
        /the model has seen disc-mass from .*\n.*give a value within/,
      ],
      [
        ["sample", "--model", "told/model.safetensors", "--guidance", "2"],
        /--guidance does nothing without --condition\n.*add --condition/,
      ],
      [
        ["train", "--data", "told/samples.csv", "--network", "residual", "--conditions", "disc-mass"],
        /galaxies\.csv: its 60 galaxies do not belong to the 4 curves/,
      ],
    ])("refuses %j", (line, message) => {
      const { code, stderr } = halograd([...line, "--out", "refused"], { cwd: home });
      // What is wrong is an option where the message begins with one, else a file.
      expect(code).toBe(/^error: (--|halograd)/.test(stderr) ? 2 : 1);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
    });
  });

  describe("with --guide", () => {
    const model = ["--model", "residual/model.safetensors", "--count", "20", "--force", "--out", "wished"];
    const curvesOf = (...words: string[]): Float64Array[] => {
      succeed(["sample", ...model, ...words], home);
      return [...parseCurves(text("wished/samples.csv"), "samples.csv").curves];
    };
    const median = (values: readonly number[]): number =>
      values.toSorted((a, b) => a - b)[values.length >> 1];
    const radii = logSpacedRadii();
    const points = "radius,velocity,error\n3,150,4\n40,130,4\n";
    beforeAll(() => {
      writeFileSync(join(home, "points.csv"), points);
      writeFileSync(join(home, "outside.csv"), `${points}80,100,5\n`);
      writeFileSync(join(home, "negative.csv"), points.replace("150", "-150"));
      writeFileSync(join(home, "errorless.csv"), "radius,velocity\n3,150\n");
    });

    test("samples are flatter, fastest nearer, and nearer to the points than without", () => {
      const wishes: [wish: string, off: (curve: Float64Array) => number][] = [
        [
          "flat=10",
          (curve) => {
            const logs = [...curve].filter((_, i) => radii[i] >= 10).map(Math.log);
            return Math.max(...logs) - Math.min(...logs);
          },
        ],
        ["peak=5", (curve) => Math.abs(Math.log(radii[curve.indexOf(Math.max(...curve))] / 5))],
        ["points=points.csv", (curve) => Math.abs(curve[radii.findIndex((radius) => radius > 3)] - 150)],
      ];
      const plain = curvesOf();
      for (const [wish, off] of wishes) {
        const [before, after] = [plain, curvesOf("--guide", wish)].map((list) => median(list.map(off)));
        expect(after, wish).toBeLessThan(before / 2);
      }
    });

    test("wishes add up, less tolerance brings them nearer, and what is off is told", () => {
      const offs = (...words: string[]): number[] => {
        const { code, stdout } = halograd(["sample", ...model, ...words, "--json"], { cwd: home });
        expect(code).toBe(0);
        const { wishes, tolerance } = JSON.parse(stdout);
        return wishes.map(({ medianOff }: { medianOff: number }) => medianOff * tolerance);
      };
      const both = ["--guide", "points=points.csv", "--guide", "flat=20"];
      const [flat, near] = offs(...both);
      expect(flat).not.toBe(offs("--guide", "flat=20")[0]);
      const nearer = offs(...both, "--tolerance", "0.2");
      expect(nearer[0]).toBeLessThan(flat);
      expect(nearer[1]).toBeLessThan(near);
      expect(succeed(["sample", ...model, "--guide", "peak=5", "--tolerance", "0.5"], home)).toMatch(
        /^peak=5: off by \d+\.\d\d tolerances in the median \(one is 5 % of the radius\)/m,
      );
    });

    test("draws the curves and what was wished, and goes with a condition", () => {
      succeed(["run", ...words, "--conditions", "disc-mass", "--samples", "4", "--out", "asked-2"], home);
      const line = ["sample", "--model", "asked-2/model.safetensors", "--count", "3", "--out", "drawn"];
      const wish = ["--guide", "points=points.csv", "--guide", "peak=8"];
      succeed([...line, "--condition", "disc-mass=10.5", ...wish], home);
      expect(contentsOf("drawn")).toEqual(["guided.svg", "samples.csv"]);
      const texts = parseSvg(text("drawn/guided.svg")).map(({ text }) => text);
      for (const entry of ["fastest at 8 kpc", "wished points"]) expect(texts.join(" ")).toContain(entry);
      const asked = text("drawn/samples.csv");
      succeed([...line, ...wish, "--force"], home);
      expect(text("drawn/samples.csv")).not.toBe(asked);
      succeed([...line, "--force"], home);
      expect(contentsOf("drawn")).toEqual(["samples.csv"]);
    });

    test.each([
      [["--guide", "flat=60"], /--guide flat=60: .* no curve in the model's radii, 0\.1 to 50 kpc/],
      [["--guide", "peak=0.01"], /--guide peak=0\.01: it is outside of the model's radii/],
      [["--guide", "points=outside.csv"], /outside\.csv: it has a point at 80 kpc, outside/],
      [["--guide", "points=negative.csv"], /negative\.csv: the velocity of point 1 .* is -150/],
      [["--guide", "points=errorless.csv"], /errorless\.csv: it has no column "error"/],
      [["--guide", "points=nowhere.csv"], /nowhere\.csv: /],
      [["--tolerance", "2"], /--tolerance does nothing without --guide/],
      [
        ["--guide", "flat=10", "--model", "out/model.safetensors"],
        /not told the amount of noise.*\n.*--network residual/,
      ],
    ])("refuses %j", (line, message) => {
      const own = line.includes("--model") ? [] : model.slice(0, 2);
      const { code, stderr } = halograd(["sample", ...own, ...line, "--out", "refused"], { cwd: home });
      expect(code).toBe(/^error: (--|halograd)/.test(stderr) ? 2 : 1);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
    });
  });

  describe("--population extended", () => {
    const told = ["--conditions", "bulge-fraction,disc-mass"];
    beforeAll(() => {
      succeed(
        ["run", ...words, ...told, "--population", "extended", "--samples", "4", "--out", "wide"],
        home,
      );
    });

    test("run is what generate and train do one by one", () => {
      succeed(
        ["generate", "--population", "extended", "--seed", "7", "--count", "60", "--out", "wide-2"],
        home,
      );
      const training = ["--network", "residual", "--seed", "7", "--batches", "40", ...told];
      succeed(["train", "--data", "wide-2/curves.csv", ...training, "--out", "wide-2"], home);
      for (const name of ["galaxies.csv", "curves.csv", "model.safetensors"])
        expect(text(`wide-2/${name}`)).toBe(text(`wide/${name}`));
      expect(succeed(["info", "wide/galaxies.csv"], home)).toMatch(/: galaxies, 60 rows of 10$/m);
    });

    test("the model is told which part of the stars is in the bulge, and samples follow it", () => {
      const { header, rows } = parseCsv(text("wide/galaxies.csv"), { source: "galaxies.csv" });
      const [disc, bulge] = ["disc_mass [Msun]", "bulge_mass [Msun]"].map((name) => header.indexOf(name));
      const logs = rows.map((row) => [Math.log10(row[bulge] / (row[disc] + row[bulge]))]);
      const represent = (part: readonly ArrayLike<number>[]) => FeatureStandardization.of(part);
      const { standardization } = splitDataset(logs, new Random(7).fork("split"), { represent });
      const { conditions } = readModel(bytes("wide/model.safetensors"));
      expect(conditions!.map(({ name }) => name)).toEqual(["bulge-fraction", "disc-mass"]);
      expect(conditions![0].mean).toBeCloseTo(standardization.means[0], 10);
      expect(conditions![0].greatest).toBeLessThan(Math.log10(0.5));
      const sampled = (fraction: number): string => {
        const model = ["--model", "wide/model.safetensors", "--count", "2", "--force", "--out", "asked"];
        succeed(["sample", ...model, "--condition", `bulge-fraction=${fraction}`], home);
        return text("asked/samples.csv");
      };
      expect(sampled(0.3)).not.toBe(sampled(0.03));
    });

    test.each([
      [
        ["run", "--network", "residual", "--conditions", "bulge-fraction"],
        2,
        /no bulge.*\n.*--population extended/,
      ],
      [
        ["train", "--data", "residual/curves.csv", "--network", "residual", "--conditions", "bulge-fraction"],
        2,
        /galaxy 1 has no bulge.*\n.*--population extended/,
      ],
      [
        ["sample", "--model", "wide/model.safetensors", "--condition", "bulge-fraction=30"],
        2,
        /has seen bulge-fraction from 0\.00\d+ to 0\.[45]\d* only\n/,
      ],
    ])("refuses %j", (line, status, message) => {
      const { code, stderr } = halograd([...line, "--out", "refused"], { cwd: home });
      expect(code).toBe(status);
      expect(stderr).toMatch(message);
    });
  });

  test("refuses a file whose weights are not those of its sizes", () => {
    const bytes = readFileSync(join(home, "residual/model.safetensors"));
    const broken = Buffer.from(
      bytes.toString("latin1").replace('\\"width\\":128', '\\"width\\":129'),
      "latin1",
    );
    writeFileSync(join(home, "broken.safetensors"), broken);
    const { code, stderr } = halograd(["sample", "--model", "broken.safetensors"], { cwd: home });
    expect(code).toBe(1);
    expect(stderr).toMatch(/input\.weight has the shape \[128, 10\], not \[129, 10\]/);
  });
});
