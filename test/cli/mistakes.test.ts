/** What users get wrong: words, files and disks. Each ends in one clear message and an exit code, and changes nothing. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nearest } from "../../src/basics/check.ts";
import { Random } from "../../src/basics/random.ts";
import { parseWords, UsageError } from "../../src/cli/arguments.ts";
import { commands, programHelp } from "../../src/cli/commands.ts";
import { DenoisingAutoencoder } from "../../src/diffusion/index.ts";
import { type TensorToWrite, writeSafetensors } from "../../src/io/index.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();

/** Expects one message in the house's form, no stack trace, and the exit code. */
function expectRefusal(words: string[], exitCode: number, message: RegExp, cwd = home): void {
  const { code, stdout, stderr } = halograd(words, { cwd });
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: .+\n {2}Fix: .+\n$/);
}

test("a name of several lines stays on the line of the message, and in its place", () => {
  const name = "no\n  Fix: all is well";
  expectRefusal(["info", name], 1, /^error: no\\n {2}Fix: all is well: no such file/);
  writeFileSync(join(home, "two\nlines.csv"), "0.1,1\n50,60\n");
  expect(succeed(["info", "two\nlines.csv"], home)).toMatch(/^two\\nlines\.csv: curves, 1 rows of 2/);
});

test.each([
  ["train", "--data", "metres.csv", "--epochs", "1"],
  ["train", "--data", "metres.csv", "--network", "residual", "--batches", "1"],
])("curves in m/s are not trained on: halograd %s %s %s %s %s", (...words) => {
  const rows = Array.from({ length: 30 }, (_, i) => `${20_000 + 100 * i},${60_000 + 200 * i}`);
  writeFileSync(join(home, "metres.csv"), `0.1,1\n${rows.join("\n")}\n`);
  const message =
    /metres\.csv: the velocity of curve 1 at 0\.1 kpc is 20000 km\/s, but no galaxy .*\n.*in m\/s/;
  expectRefusal([...words, "--out", "m"], 1, message);
});

describe("wrong words end with exit code 2:", () => {
  test.each([
    [[], /halograd: a command is missing/],
    [["rum"], /unknown command "rum"\n.*did you mean halograd run\?/],
    [["--seed", "3"], /the command comes first, not --seed\n.*halograd run --seed …/],
    [["run", "--epoch", "3"], /halograd run: unknown option --epoch\n.*did you mean --epochs\?/],
    [["run", "--learn", "3"], /unknown option --learn\n.*did you mean --learning-rate\?/],
    [["run", "--lr", "0.1"], /unknown option --lr\n.*did you mean --learning-rate\?/],
    [["run", `-${"x".repeat(100_000)}`], /halograd run: unknown option -x{59}…\n/],
    [["run", "-x"], /unknown option -x\n.*halograd run --help/],
    [["run", "--epochs"], /--epochs needs a value: a whole number from 1/],
    [["run", "--epochs", "--force"], /--epochs needs a value/],
    [["run", "--out", "--force"], /--out needs a value: the path of a folder/],
    [["run", "--out="], /--out is "", which is not the path of a folder/],
    [["run", "--epochs", "2.5"], /--epochs is "2\.5", which is not a whole number from 1 to 1000000/],
    [["run", "--epochs", "0x10"], /--epochs is "0x10"/],
    [["run", "--epochs", ""], /--epochs is ""/],
    [["run", "--epochs", "1e9"], /--epochs is "1e9"/],
    [["run", "--count", "4"], /--count is "4", which is not a whole number from 5 to 100000/],
    [["run", "--learning-rate", "-1"], /--learning-rate is "-1", which is not a number above 0/],
    [["run", "--learning-rate", "NaN"], /--learning-rate is "NaN"/],
    [["run", "--seed", "1e99"], /--seed is "1e99"/],
    [["train", "--conditions", "mass"], /--conditions is "mass", which is not a list such as disc-mass,/],
    [["train", "--widths", "32,0"], /--widths is "32,0", which is not a list such as 32,16 of whole numbers/],
    [["train", "--schedule", "step"], /--schedule is "step", which is not one of constant, cosine/],
    [["train", "--conditions", "disc-mass,disc-mass"], /--conditions is "disc-mass,disc-mass"/],
    [
      ["sample", "--condition", "mass=10"],
      /--condition is "mass=10", which is not NAME=X with a NAME of disc-mass, /,
    ],
    [["sample", "--condition", "disc-mass"], /--condition is "disc-mass"/],
    [
      ["sample", "--guide", "slope=1"],
      /--guide is "slope=1", which is not NAME=X with a NAME of flat, peak, points, /,
    ],
    [["sample", "--guide", "constructor=1"], /--guide is "constructor=1"/],
    [["sample", "--guide", "flat=far"], /--guide is "flat=far"/],
    [["sample", "--guide", "points="], /--guide is "points="/],
    [["sample", "--tolerance", "0"], /--tolerance is "0", which is not a number from 0\.01 to 100/],
    [["sample", "--condition", "disc-mass=-1"], /--condition is "disc-mass=-1"/],
    [["sample", "--guidance", "-1"], /--guidance is "-1", which is not a number from 0 to 100/],
    [
      ["run", "--conditions", "disc-mass"],
      /--conditions does nothing without --network residual\n.*add --network residual, or leave --conditions out/,
    ],
    [["train", "--conditions", "disc-mass"], /--conditions does nothing without --network residual/],
    [
      ["run", "--network", "residual", "--epochs", "2001"],
      /--epochs does nothing without --network autoencoder/,
    ],
    [["train", "--network", "residual", "--epochs", "5"], /--epochs does nothing without/],
    [["run", "--batches", "6000"], /--batches does nothing without --network residual/],
    [["train", "--batches", "5"], /--batches does nothing without/],
    [["sample", "--guidance", "2"], /--guidance does nothing without --condition/],
    [["sample", "--tolerance", "2"], /--tolerance does nothing without --guide/],
    [["compare", "a.csv", "b.csv", "--force"], /--force does nothing without --out/],
    [
      ["plot", "loss", "--steps", "5"],
      /--steps does nothing for the figure loss\n.*a figure that needs it: sampling/,
    ],
    [["plot", "curves", "--model", "x"], /--model does nothing for the figure curves/],
    [
      ["sample", "--condition", "disc-mass=10", "--condition", "disc-mass=11"],
      /--condition is given twice, as "disc-mass=10" and "disc-mass=11"\n.*once/,
    ],
    [["sample", "--guide", "flat=10", "--guide=flat=11"], /--guide is given twice/],
    [["run", "--seed", "1", "--seed", "2"], /--seed is given twice, as "1" and "2"/],
    [["run", "--out", "a", "--out", "b"], /--out is given twice/],
    [["run", "--force=yes"], /--force takes no value, but got "yes"/],
    [["run", "fast"], /"fast" is one word too many/],
    [["denoise"], /FILE is missing\n.*halograd denoise FILE/],
    [["info", "a", "b"], /"b" is one word too many/],
    [["plot", "loses"], /"loses" is no FIGURE\n.*did you mean loss\?/],
    [["plot", "nope"], /"nope" is no FIGURE\n.*choose from curves/],
    [["plot", "xyz"], /"xyz" is no FIGURE\n.*curves, noise, loss, predictions, sampling/],
  ])("%j", (words, message) => {
    expectRefusal(words, 2, message);
    expect(readdirSync(home)).not.toContain("out");
  });
});

describe("right words:", () => {
  const read = (...words: string[]) => commands.get("run")!.prepare("halograd run", words);
  const grammar = commands.get("run")!;

  test("an option may be given twice with one value, and a seed may be negative", () => {
    const { values } = parseWords("halograd run", ["--seed", "-4", "--seed=-4.0"], grammar);
    expect(values).toMatchObject({ seed: -4, count: 1000, network: "autoencoder", samples: 1000 });
    const words = ["--guide", "flat=10", "--guide", "peak=5", "--guide", "flat=1e1"];
    const { guide } = parseWords("halograd sample", words, commands.get("sample")!).values;
    expect(guide).toEqual({ flat: 10, peak: 5 });
  });

  test("numbers may be written as 1e3", () => {
    expect(parseWords("halograd run", ["--epochs", "1e3"], grammar).values.epochs).toBe(1000);
  });

  test("flags are off unless given", () => {
    expect(read()).toMatchObject({ json: false, quiet: false });
    expect(read("--json", "--quiet")).toMatchObject({ json: true, quiet: true });
  });

  test("what stands behind -- is a file, whatever it looks like", () => {
    const { operands } = parseWords("halograd info", ["--", "--odd.csv"], commands.get("info")!);
    expect(operands).toEqual(["--odd.csv"]);
  });

  test("a suggestion is at most two slips away, and none is better than a wrong one", () => {
    expect(nearest("smaple", ["run", "sample"])).toBe("sample");
    expect(nearest("x", ["run", "sample"])).toBeUndefined();
    expect(nearest("quite-other", ["run", "sample"])).toBeUndefined();
  });

  test("what is refused is a UsageError", () => {
    expect(() => read("--nothing")).toThrow(UsageError);
  });
});

describe("help", () => {
  test("of the program lists every command, its summary and the exit codes, within 90 columns", () => {
    const help = succeed(["--help"], home);
    expect(help).toBe(`${programHelp()}\n`);
    for (const [name, { summary }] of commands)
      expect(help).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    for (const code of ["0", "1", "2", "130", "143", "141"])
      expect(help).toMatch(new RegExp(`\\b${code}\\b`));
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
  });

  test.each([...commands])("of %s lists every option with its default", (name, { options, summary }) => {
    const help = succeed([name, "--help"], home);
    expect(help).toContain(summary);
    for (const [key, { standard, standardText, placeholder }] of Object.entries(options)) {
      const option = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const usage = placeholder === undefined ? "" : ` ${placeholder}`;
      expect(help).toMatch(new RegExp(`^  --${option}${usage}  +\\S`, "m"));
      if (placeholder !== undefined && standard !== undefined) {
        const entry = help.slice(help.search(new RegExp(`^  --${option} `, "m"))).replace(/\s+/g, " ");
        expect(entry.slice(0, entry.indexOf(")") + 1)).toContain(`(default: ${standardText ?? standard})`);
      }
    }
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
    expect(succeed(["help", name], home)).toBe(help);
    expect(succeed([name, "-h", "--epochs=wrong"], home)).toBe(help);
  });

  test("loads no engine, and the version is the package's", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(succeed(["--version"], home)).toBe(`halograd ${manifest.version}\n`);
    const loaded = (words: string[]): string => {
      const { stderr } = halograd(words, { cwd: home, env: { NODE_DEBUG: "esm" } });
      return stderr;
    };
    expect(loaded(["--help"])).toContain("cli/main.js");
    expect(loaded(["--help"])).not.toMatch(/dist\/(ops|autograd|galaxy|plot)\//);
    expect(loaded(["generate", "--count", "1", "--out", "one"])).toMatch(/dist\/galaxy\//);
  });
});

describe("colours", () => {
  const refused = (env: Record<string, string>): string => halograd(["rum"], { env }).stderr;
  test("appear neither off a terminal nor with NO_COLOR, but with FORCE_COLOR", () => {
    expect(refused({})).not.toContain("\x1b");
    expect(refused({ NO_COLOR: "1" })).not.toContain("\x1b");
    expect(refused({ FORCE_COLOR: "1" })).toContain("\x1b[31merror:\x1b[0m");
  });
});

describe("wrong files end with exit code 1:", () => {
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(home, name), content);
    return name;
  };
  const network = new DenoisingAutoencoder(new Random(1), [3, 2]);
  const weights = new Map<string, TensorToWrite>(
    [...network.namedParameters()].map(([name, { shape, data }]) => [
      name,
      { shape, data: data as Float32Array },
    ]),
  );
  const metadata = {
    format: '"halograd denoising autoencoder, version 1"',
    widths: "[3,2]",
    radii: "[0.1,1,10]",
    mean: "100",
    standard_deviation: "50",
    seed: "0",
    curves: "100",
    epochs: "10",
    learning_rate: "0.01",
  };
  const model = (changes: Record<string, string>, tensors = weights): Uint8Array =>
    writeSafetensors(tensors, { ...metadata, ...changes });
  const without = (key: string): Uint8Array => {
    const { [key as "mean"]: _, ...rest } = metadata;
    return writeSafetensors(weights, rest);
  };
  const good = model({});
  const withTensor = (name: string, shape: number[], value: number): Uint8Array => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
    return model({}, new Map([...weights, [name, { shape, data }]]));
  };

  beforeAll(() => {
    write("good.safetensors", good);
    write("good.csv", "0.1,1,10\n10,100,200\n20,120,210\n");
  });

  test("the model of these tests is one that is accepted, changed by nothing but the case", () => {
    succeed(["sample", "--model", "good.safetensors", "--count", "2", "--out", "fine"], home);
  });

  test.each([
    [
      "cut short",
      good.subarray(0, good.length - 9),
      /the header describes \d+ bytes of data, but the file holds/,
    ],
    ["that is text", "0.1,1,10\n10,100,200\n", /this looks like text, starting with "0\.1,1,10"/],
    ["of another schedule", model({ schedule: '"cosine"' }), /its schedule is "cosine", and only "linear"/],
    ["cut in its header", good.subarray(0, 60), /the header is said to hold/],
    ["empty", "", /0 bytes are too few/],
    [
      "a picture",
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]),
      /the header is said/,
    ],
    [
      "of another program",
      writeSafetensors(weights, { format: "pt" }),
      /not a model of halograd: its format is pt/,
    ],
    ["without metadata", writeSafetensors(weights), /it says nothing about its format/],
    ["of a later version", model({ format: '"halograd denoising autoencoder, version 2"' }), /version 2/],
    ["without a mean", without("mean"), /it says nothing about its mean/],
    ["without its radii", without("radii"), /it says nothing about its radii/],
    ["with a mean that is no number", model({ mean: '"x"' }), /its mean is "x"/],
    ["with broken metadata", model({ seed: "{" }), /its seed is \{/],
    ["with a standard deviation of 0", model({ standard_deviation: "0" }), /its standard_deviation is 0/],
    ["with falling radii", model({ radii: "[3,2,1]" }), /its 3 radii are not 3 growing ones/],
    ["with too few radii", model({ radii: "[1,2]" }), /its 2 radii are not 3 growing ones/],
    [
      "with other widths",
      model({ widths: "[3,4]" }),
      /encoder\.0\.weight has the shape \[2, 3\], not \[4, 3\]/,
    ],
    ["with huge widths", model({ widths: "[3,1e15]" }), /encoder\.0\.weight has the shape/],
    ["with more widths", model({ widths: "[3,2,1]" }), /encoder\.1\.weight is missing/],
    ["with one width", model({ widths: "[3]" }), /its widths are \[3\]/],
    ["with a layer too many", withTensor("extra.weight", [2], 0), /unknown extra\.weight/],
    [
      "with a wrong bias",
      withTensor("encoder.0.bias", [5], 0),
      /encoder\.0\.bias is \[2\], the saved value \[5\]/,
    ],
    [
      "with NaN in its weights",
      withTensor("encoder.0.bias", [2], Number.NaN),
      /encoder\.0\.bias holds values/,
    ],
  ])("a model %s", (_, content, message) => {
    const file = write("bad.safetensors", content);
    expectRefusal(["sample", "--model", file], 1, message);
    expectRefusal(["denoise", "good.csv", "--model", file], 1, message);
    expect(existsSync(join(home, "out"))).toBe(false);
  });

  test("an option that does not fit the model is wrong usage, found before any work", () => {
    const words = ["--model", "good.safetensors", "--out", "unfit"];
    expectRefusal(
      ["denoise", "good.csv", "--noise", "0.2", ...words],
      2,
      /--noise: .*autoencoder.*\n.*leave --noise out/,
    );
    expect(existsSync(join(home, "unfit"))).toBe(false);
  });

  test("a model whose numbers overflow", () => {
    write("wild.safetensors", withTensor("decoder.0.bias", [3], 3e38));
    const words = ["--model", "wild.safetensors", "--out", "wild"];
    expectRefusal(["sample", ...words], 1, /sampling: a velocity that the network gives is no finite number/);
    expect(filesIn(join(home, "wild"))).toEqual([]);
  });

  test.each([
    [
      "with NaN",
      "0.1,1,10\n10,NaN,200\n",
      /bad\.csv: line 2, column 2 \(1\): the value must be finite, not NaN/,
    ],
    ["with a hole", "0.1,1,10\n10,,200\n", /line 2, column 2 \(1\): the cell is empty/],
    ["with words", "0.1,1,10\n10,fast,200\n", /line 2, column 2 \(1\): "fast" is not a number/],
    ["with a short row", "0.1,1,10\n10,100\n", /line 2: 2 cells, but the header has 3/],
    ["with names in the header", "a,b,c\n10,100,200\n", /line 1, column 1 \(radii\): "a" is not a number/],
    ["without curves", "0.1,1,10\n", /no curve follows the radii/],
    ["that is empty", "", /the file is empty/],
    ["that is no text", Uint8Array.of(0xff, 0xfe, 0, 1), /the file is UTF-16 text/],
    ["in m/s", "0.1,1,10\n10000,100000,200000\n", /no galaxy rotates faster than 2000\n.*may be in m\/s/],
    ["whose comment is of m/s", "# v [m/s]\n0.1,1,10\n10,100,200\n", /a comment says .* in m\/s\n.*km\/s/],
    ["at radii in pc", "100 pc,1000 pc\n10,100\n", /line 1, column 1 \(radii\): the radius is in pc\n.*kpc/],
    [
      "at fewer radii",
      "0.1,1\n10,100\n",
      /it has 2 radii from 0\.1 to 1 kpc, but the model .* 3 radii from 0\.1 to 10/,
    ],
    ["at other radii", "0.1,2,10\n10,100,200\n", /radius 2 is 2, not 1\n.*halograd info lists them/],
  ])("curves %s", (_, content, message) => {
    const file = write("bad.csv", content);
    expectRefusal(["denoise", file, "--model", "good.safetensors"], 1, message);
    expect(existsSync(join(home, "out"))).toBe(false);
  });

  test.each([
    ["too few", "0.1,1\n1,2\n3,4\n"],
    ["all the same", `0.1,1\n${"5,5\n".repeat(10)}`],
    ["all the same, and not flat", `0.1,1,2\n${"10,20,30\n".repeat(5)}`],
  ])("curves to train on that are %s", (_, content) => {
    const file = write("bad.csv", content);
    expectRefusal(["train", "--data", file], 1, /bad\.csv: its \d+ curves cannot be trained on/);
    expect(existsSync(join(home, "out"))).toBe(false);
  });

  test.each([
    [["train"], /out\/curves\.csv: no such file.*\n.*halograd run makes it; --data FILE/],
    [["sample"], /out\/model\.safetensors: no such file.*\n.*halograd run makes it; --model FILE/],
    [["plot", "loss"], /out\/loss\.csv: no such file.*\n.*halograd run makes it; --from FOLDER/],
    [["sample", "--model", "no.safetensors"], /no\.safetensors: no such file.*\n.*check the path/],
    [["info", "."], /\.: this is a folder, not a file/],
    [["generate", "--out", "good.csv"], /good\.csv: a part of the path is a file/],
  ])("paths where nothing, or something else, is: %j", (words, message) => {
    expectRefusal(words, 1, message);
    expect(existsSync(join(home, "out"))).toBe(false);
  });

  // Node's own recursive mkdir never ends there.
  test.skipIf(!existsSync("/proc/self"))("a folder that cannot be created", () => {
    expectRefusal(
      ["generate", "--out", "/proc/halograd/out"],
      1,
      /\/proc\/halograd\/out: no folder can be made in \/proc/,
    );
  });

  test.each([
    ["another header", "epoch,loss\n0,1\n", /the header is epoch,loss/],
    ["no epoch", "epoch,train,valid\n", /no epoch follows the header/],
    ["a loss of 0", "epoch,train,valid\n0,1,1\n1,0,1\n", /epoch 1 \(row 2\) has the losses 0 and 1/],
    ["epochs that repeat", "epoch,train,valid\n3,1,1\n3,1,1\n", /epoch 3 \(row 2\)/],
  ])("losses with %s", (_, content, message) => {
    const file = write("bad.csv", content);
    expectRefusal(["plot", "loss", "--loss", file], 1, message);
  });

  test("a file of another kind, for info", () => {
    for (const [name, content] of [
      ["bad.json", '{"a": 1}'],
      ["report.html", "<!doctype html>\n<p>1, 2</p>\n"],
      ["words.txt", "nothing here\nto count\n"],
      ["picture.png", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13])],
    ] as const)
      expectRefusal(["info", write(name, content)], 1, /: this is neither a table, nor safetensors, nor npz/);
  });

  test("a folder where a file is to be written, even with --force", () => {
    mkdirSync(join(home, "busy/curves.csv"), { recursive: true });
    const words = ["generate", "--count", "1", "--out", "busy", "--force"];
    expectRefusal(
      words,
      1,
      /busy\/curves\.csv: this is a folder, where a file is to be written\n.*another --out/,
    );
  });

  test("anything, told as JSON on stdout too where that was asked for", () => {
    const { code, stdout, stderr } = halograd(["sample", "--json"], { cwd: home });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: /);
    expect(JSON.parse(stdout)).toEqual({
      command: "sample",
      complete: false,
      error: {
        where: "out/model.safetensors",
        problem: "no such file or folder",
        fix: "halograd run makes it; --model FILE names another",
      },
    });
  });

  test("parameters of other galaxies than the curves'", () => {
    succeed(["generate", "--count", "3", "--out", "three"], home);
    const words = ["plot", "curves", "--data", "good.csv", "--galaxies", "three/galaxies.csv"];
    expectRefusal(words, 1, /its 3 galaxies do not belong to the 2 curves/);
  });
});

const small = mountTmpfs();
afterAll(() => {
  if (small === undefined) return;
  execFileSync("umount", [small]);
  rmSync(small, { recursive: true });
});

describe("a full disk", () => {
  test.skipIf(small === undefined)("leaves the whole files that fitted, and not a byte of the next", () => {
    const words = ["run", "--count", "20", "--epochs", "5", "--samples", "5", "--quiet", "--out", small!];
    expectRefusal(words, 1, /no space left on the disk/);
    // Parameters and curves fitted, 20 kB; the figures did not. The checkpoint stays until all is done.
    expect(filesIn(small!)).toEqual([
      ...["checkpoint.safetensors", "curves.csv", "galaxies.csv"],
      ...["loss.csv", "model.safetensors", "provenance.json", "samples.csv"],
    ]);
    expect(readFileSync(join(small!, "curves.csv"), "utf8").split("\n")).toHaveLength(22);
  });

  test.skipIf(!existsSync("/dev/full"))("behind > is told once, and no one takes it for success", () => {
    const shell = `"$0" "$1" info good.csv > /dev/full`;
    const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
    writeFileSync(join(home, "good.csv"), "0.1,1\n1,2\n");
    const attempt = () =>
      execFileSync("sh", ["-c", shell, process.execPath, main], {
        cwd: home,
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(attempt).toThrow(/error: stdout cannot be written to \(ENOSPC\)\n$/);
  });
});

/** 176 kB of disk, where the user may mount one. */
function mountTmpfs(): string | undefined {
  const point = mkdtempSync(join(tmpdir(), "halograd-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=176k", "halograd-test", point], { stdio: "ignore" });
    return point;
  } catch {
    rmSync(point, { recursive: true });
    return undefined;
  }
}
