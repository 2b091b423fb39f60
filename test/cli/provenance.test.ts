/** provenance.json: what each file in a folder comes from, true of the files that are there, and the same bytes for the same command. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  formatProvenance,
  originRows,
  parseProvenance,
  Sources,
  type Written,
} from "../../src/cli/provenance.ts";
import { readNpz } from "../../src/io/index.ts";
import { readFits } from "../io/read-fits.ts";
import { checkOutput, filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const text = (name: string): string => readFileSync(join(home, name), "utf8");
const sha256 = (name: string): string =>
  createHash("sha256")
    .update(readFileSync(join(home, name)))
    .digest("hex");
const told = (folder: string): Written[] => parseProvenance(text(`${folder}/provenance.json`))!;
const quietly = (...words: string[]): string => succeed([...words, "--quiet"], home);

beforeAll(() => {
  quietly("generate", "--count", "20", "--seed=-7", "--out", "a");
  quietly("train", "--data", "a/curves.csv", "--network", "residual", "--batches", "5", "--seed", "3");
  quietly("sample", "--model", "a/model.safetensors", "--count", "4", "--threads", "1");
  quietly("plot", "--from", "a", "curves", "sampling");
});

describe("provenance.json", () => {
  test("has an entry for each command, with the digests of all that was read and is there", () => {
    const engine = `halograd ${JSON.parse(readFileSync("package.json", "utf8")).version}`;
    const backend = expect.stringMatching(/^(wasm|typescript)$/);
    const digests = (...names: string[]) => Object.fromEntries(names.map((name) => [name, sha256(name)]));
    const outputs = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, sha256(`a/${name}`)]));
    expect(told("a")).toEqual([
      {
        command: "halograd generate --count 20 --seed=-7",
        ...{ engine, seed: -7, inputs: {}, outputs: outputs("curves.csv", "galaxies.csv") },
      },
      {
        command: "halograd train --data a/curves.csv --network residual --batches 5 --seed 3",
        ...{ engine, backend, seed: 3, inputs: digests("a/curves.csv", "a/galaxies.csv") },
        outputs: outputs("loss.csv", "model.safetensors"),
      },
      {
        command: "halograd sample --model a/model.safetensors --count 4",
        ...{ engine, backend, seed: 3, inputs: digests("a/model.safetensors") },
        outputs: outputs("samples.csv"),
      },
      {
        command: "halograd plot --from a curves sampling",
        ...{
          engine,
          backend,
          seed: 3,
          inputs: digests("a/curves.csv", "a/galaxies.csv", "a/model.safetensors"),
        },
        outputs: outputs("figures/curves.svg", "figures/sampling.svg"),
      },
    ]);
    expect(text("a/provenance.json")).not.toContain(home);
  });

  test("is the same for the same command, whatever decides nothing", () => {
    const words = ["sample", "--model", "a/model.safetensors", "--count", "4"];
    const rest = ["--threads", "2", "--json", "--quiet", "--out", "b", "--force"];
    succeed([...words, ...rest], home);
    expect(told("b")).toEqual([told("a")[2]]);
    quietly(...words, "--steps", "5", "--out", "b", "--force");
    expect(told("b")).toHaveLength(1);
    expect(told("b")[0].command).toMatch(/--steps 5$/);
  });

  test("tells of no file that has gone, or was replaced", () => {
    mkdirSync(join(home, "c"));
    for (const name of [
      "curves.csv",
      "galaxies.csv",
      "model.safetensors",
      "loss.csv",
      "samples.csv",
      "provenance.json",
    ])
      copyFileSync(join(home, "a", name), join(home, "c", name));
    rmSync(join(home, "c/galaxies.csv"));
    quietly("denoise", "a/curves.csv", "--model", "a/model.safetensors", "--out", "c");
    const commands = (): string[] => told("c").map(({ command }) => command.split(" ")[1]);
    expect(commands()).toEqual(["generate", "train", "sample", "denoise"]);
    expect(Object.keys(told("c")[0].outputs)).toEqual(["curves.csv"]);
    quietly("train", "--data", "c/curves.csv", "--epochs", "2", "--force");
    expect(commands()).toEqual(["generate", "denoise", "train"]);
  });

  test("of another program is kept, unless it may be replaced", () => {
    mkdirSync(join(home, "d"));
    writeFileSync(join(home, "d/provenance.json"), "{}");
    const words = ["generate", "--count", "2", "--out", "d"];
    const { code, stderr } = halograd(words, { cwd: home });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: d\/provenance\.json: this is there, and not .*\n {2}Fix: .*--force/);
    expect(filesIn(join(home, "d"))).toEqual(["provenance.json"]);
    expect(text("d/provenance.json")).toBe("{}");
    quietly(...words, "--force");
    expect(told("d")).toHaveLength(1);
  });

  test("tells a command that a shell takes as it was given", () => {
    const words = ["halograd", "x y", "it's", "", "$HOME", "--points=a b", "Größe", "*", "-5"];
    const { command } = new Sources(words).origin();
    const taken = execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" });
    expect(taken.split("\n").slice(0, -1)).toEqual(words);
  });

  test("is read as it is written, and nothing else is taken for it", () => {
    const list: Written[] = [
      { command: "c", engine: "e", seed: "9007199254740993", inputs: { ["__proto__"]: "x" }, outputs: {} },
    ];
    expect(parseProvenance(formatProvenance(list))).toEqual(list);
    for (const other of [
      "not JSON",
      "null",
      "[]",
      '{"format":"halograd provenance, version 2","commands":[]}',
    ])
      expect(parseProvenance(other)).toBeUndefined();
    for (const wrong of [{ seed: null }, { inputs: null }, { outputs: { a: 1 } }, { engine: 5 }])
      expect(parseProvenance(formatProvenance([{ ...list[0], ...wrong } as never]))).toBeUndefined();
  });
});

describe("halograd info", () => {
  const info = (file: string) => {
    const { stdout } = halograd(["info", file, "--json"], { cwd: home });
    checkOutput(stdout);
    return JSON.parse(stdout);
  };

  test("shows where a table, a model and a figure come from", () => {
    expect(info("a/samples.csv")).toMatchObject({ kind: "curves", provenance: { seed: 3 } });
    expect(info("a/model.safetensors").provenance.command).toMatch(/^halograd train/);
    expect(info("a/figures/curves.svg")).toMatchObject({
      kind: "file",
      provenance: { engine: told("a")[0].engine },
    });
    const printed = succeed(["info", "samples.csv"], join(home, "a"));
    expect(info("a/provenance.json")).toMatchObject({ kind: "provenance", commands: told("a") });
    expect(succeed(["info", "a/provenance.json"], home)).toMatch(
      /^samples\.csv\n {2}command +halograd sample/m,
    );
    expect(printed).toMatch(/^from, as provenance\.json tells:\n {2}command +halograd sample --model/m);
    expect(printed.replace(/\s+/g, " ")).toContain(
      `input a/model.safetensors sha256:${sha256("a/model.safetensors")}`,
    );
  });

  test("says so where the file has changed since, and where nothing is known", () => {
    appendFileSync(join(home, "d.csv"), "0.1,1\n1,2\n");
    expect(info("d.csv").provenance).toBeNull();
    quietly("generate", "--count", "2", "--out", "e");
    appendFileSync(join(home, "e/curves.csv"), "\n");
    expect(info("e/curves.csv").provenance).toBeNull();
    expect(succeed(["info", "e/curves.csv"], home)).toMatch(
      /provenance\.json tells of another file of this name/,
    );
  });

  test("of one of many galaxies shows what its result tells", () => {
    const rows = [1, 3, 6, 10].map((r) => `${r} ${100 + 2 * r} 4 ${3 * r} 50 0`).join("\n");
    for (const name of ["X", "Y"])
      writeFileSync(join(home, `${name}.txt`), `# Rad Vobs errV Vgas Vdisk Vbul\n${rows}\n`);
    const words = [
      "decompose",
      "X.txt",
      "Y.txt",
      "--halo",
      "nfw",
      "--moves",
      "100",
      "--out",
      "many",
      "--quiet",
    ];
    succeed(words, home);
    expect(info("many/galaxies/X/masses.csv").provenance).toMatchObject({
      ...{ command: "decompose", galaxy: "X", data: [{ file: "X.txt", sha256: sha256("X.txt") }] },
    });
    expect(info("many/galaxies/X/figures/corner.svg").provenance.galaxy).toBe("X");
    expect(info("many/masses.csv").provenance.inputs).toEqual({
      "X.txt": sha256("X.txt"),
      "Y.txt": sha256("Y.txt"),
    });
    expect(succeed(["info", "many/galaxies/X/masses.csv"], home)).toContain("from, as result.json tells:");
  });
});

test("npz and FITS files hold it too, since they travel alone, and the same curves", () => {
  for (const words of [
    ["generate", "--count", "2"],
    ["sample", "--model", "a/model.safetensors", "--count", "2"],
  ]) {
    const name = words[0] === "sample" ? "samples" : "curves";
    for (const format of ["npz", "fits"]) quietly(...words, "--format", format, "--out", `f/${format}`);
    const { arrays, texts } = readNpz(readFileSync(join(home, `f/npz/${name}.npz`)), name);
    const table = readFits(readFileSync(join(home, `f/fits/${name}.fits`)));
    const originOf = (folder: string): object => {
      const { outputs, ...origin } = told(folder).find(({ outputs }) =>
        Object.keys(outputs)[0].startsWith(name),
      )!;
      return origin;
    };
    expect(JSON.parse(texts.get("provenance")!)).toMatchObject(originOf("f/npz"));
    const lines = originRows(originOf("f/fits")).map((row) => row.join(": "));
    expect(table.history.join("")).toContain(lines.join(""));
    const [radius, velocity, ...others] = table.columns;
    expect([radius.unit, velocity.unit]).toEqual(["kpc", "km/s"]);
    for (const row of radius.rows) expect(row).toEqual([...arrays.get("radii")!.data]);
    expect(velocity.rows.flat()).toEqual([...arrays.get("curves")!.data]);
    expect(velocity.size).toBe(name === "samples" ? 4 : 8);
    for (const { name, rows } of others) expect(rows.flat()).toEqual([...arrays.get(String(name))!.data]);
    expect(others.map(({ unit }) => unit)).toEqual(
      name === "samples" ? [] : ["solMass", "kpc", "solMass", undefined],
    );
    const file = join(home, `f/fits/${name}.fits`);
    const [{ rows, columns }] = JSON.parse(succeed(["info", file, "--json"], home)).tables;
    expect(rows).toBe(2);
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(table.columns.map(({ name }) => name));
    expect(columns[1]).toMatchObject({ form: name === "samples" ? "50E" : "50D", unit: "km/s" });
    expect(succeed(["info", file], home)).toMatch(/velocity +50[DE], km\/s/);
    const bytes = readFileSync(file);
    for (const [length, problem] of [
      [bytes.length - 2800, /ends within its data/],
      [3000, /header has no END/],
      [bytes.length, /header has NAXIS2 = 1E400/],
      [bytes.length, /header has no TFORM\d/],
    ] as const) {
      const damaged = Buffer.from(bytes.subarray(0, length));
      if (problem.source.includes("1E400"))
        damaged.write("1E400", damaged.indexOf("NAXIS2") + 10 + 15, "latin1");
      if (problem.source.includes("TFORM"))
        damaged.write("999", damaged.indexOf("TFIELDS") + 10 + 17, "latin1");
      writeFileSync(join(home, "cut.fits"), damaged);
      const { code, stderr } = halograd(["info", "cut.fits"], { cwd: home });
      expect([code, stderr]).toEqual([1, expect.stringMatching(problem)]);
    }
  }
});
