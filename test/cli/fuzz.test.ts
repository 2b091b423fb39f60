/**
 * The command line and the files behind it under fuzzing: words in any order, and files made to do harm. Whatever is
 * refused is refused by an error of the engine, with a message that a terminal can show, in memory that the input allows.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import { type Option, parseWords, UsageError } from "../../src/cli/arguments.ts";
import { commands } from "../../src/cli/commands.ts";
import { info } from "../../src/cli/info.ts";
import { readModel, writeModel } from "../../src/curves/index.ts";
import {
  DenoisingAutoencoder,
  LogPrincipalComponents,
  ResidualDenoiser,
  Standardization,
} from "../../src/diffusion/index.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "../../src/io/index.ts";
import { printable, Terminal } from "../../src/node/terminal.ts";
import { withinMemory } from "../memory.ts";

describe("words", () => {
  const name = fc.constantFrom(...commands.keys());
  const value = fc.oneof(
    fc.constantFrom("0", "1", "5", "31", "2001", "-1", "1e3", "0.5", "1e999", "NaN", "0x10", "", " ", "١"),
    fc.constantFrom(
      "a.csv",
      "../../etc/passwd",
      "/dev/null",
      "loss",
      "curves",
      "los",
      "auto",
      "wasm",
      "--",
      "-",
    ),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "\u001b[2J",
      "x\0y",
      "\ud800",
      "9".repeat(400),
      "x".repeat(20_000),
    ),
    fc.string({ maxLength: 6 }),
  );
  const dashes = fc.constantFrom("-", "--", "--no-", "---");
  const word = (options: string[]): fc.Arbitrary<string[]> =>
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...options), value).map(([o, v]) => [`--${o}`, v]) },
      { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...options), value).map(([o, v]) => [`--${o}=${v}`]) },
      { weight: 2, arbitrary: fc.constantFrom(...options).map((option) => [`--${option}`]) },
      { weight: 2, arbitrary: value.map((text) => [text]) },
      { weight: 1, arbitrary: fc.tuple(dashes, value).map(([d, v]) => [`${d}${v}`]) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...options), fc.nat({ max: 12 }), value)
          .map(([o, at, v]) => [`--${o.slice(0, at)}${v.slice(0, 2)}${o.slice(at + 1)}`]),
      },
    );
  const line = name.chain((command) => {
    const options = Object.keys(commands.get(command)!.options).map((key) =>
      key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    );
    return fc.tuple(fc.constant(command), fc.array(word(options), { maxLength: 6 }));
  });

  test.prop([line], { numRuns: 5000 })(
    "give values that their rules allow, or a UsageError with a short message",
    ([command, groups]) => {
      const grammar = commands.get(command)!;
      const words = groups.flat();
      const size = words.join("").length;
      try {
        const { values, operands } = withinMemory(size, () =>
          parseWords(`halograd ${command}`, words, grammar),
        );
        expect(Object.keys(values)).toEqual(Object.keys(grammar.options));
        for (const [key, option] of Object.entries<Option<unknown>>(grammar.options)) {
          if (values[key] === option.standard || option.placeholder === undefined) continue;
          // A value is one that its own rule takes when it is written out again.
          for (const [text, value] of writtenOut(values[key]))
            expect(option.read(text, option.standard)).toEqual(value);
        }
        for (const operand of operands) expect(words).toContain(operand);
        expect(operands.length).toBeLessThanOrEqual(grammar.operands?.most ?? 0);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        expect(error.message.length).toBeLessThan(700);
      }
    },
  );
});

/** What would be written for a value, and what it should be read as: for each name of a request by itself. */
function writtenOut(value: unknown): [text: string, value: unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[String(value), value]];
  return Object.entries(value).map(([name, number]) => [`${name}=${number}`, { [name]: number }]);
}

describe("files", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "halograd-fuzz-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fileWith = (content: string | Uint8Array, name = "hostile.safetensors"): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  const model = (): Uint8Array =>
    writeModel({
      network: new DenoisingAutoencoder(new Random(1), [3, 2]),
      standardization: new Standardization(100, 50),
      radii: Float64Array.of(0.1, 1, 10),
      training: { seed: 0, curves: 100, epochs: 10, learningRate: 0.01 },
    });
  const residual = (): Uint8Array =>
    writeModel({
      network: new ResidualDenoiser({ features: 2, width: 3, blocks: 2, conditions: 2 }, new Random(1)),
      standardization: new LogPrincipalComponents(
        [0, 0, 0],
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
        [1, 1],
      ),
      radii: Float64Array.of(0.1, 1, 10),
      training: { seed: 0, curves: 100, epochs: 10, batches: 10, learningRate: 0.01 },
      conditions: (["disc-mass", "halo-mass"] as const).map((name) => ({
        name,
        mean: 10,
        standardDeviation: 1,
        least: 9,
        greatest: 12,
      })),
    });
  const good = readSafetensors(model(), "model");
  const goodResidual = readSafetensors(residual(), "model");

  // What another program, or a hostile one, may have put where halograd puts JSON.
  const json = fc.oneof(
    fc.json({ maxDepth: 2 }),
    fc.constantFrom(
      "",
      "null",
      "[]",
      "[3]",
      "[3,2]",
      "[3,2,2]",
      "[2,3]",
      "[3,1e9]",
      "[1e9,1e9]",
      "[3,-2]",
      "[null,null]",
      '[{"name":"disc-mass"},{"name":"disc-mass"}]',
      '[{"name":"disc-mass","mean":0,"standard_deviation":0,"least":0,"greatest":0}]',
      "[3,2.5]",
    ),
    fc.constantFrom(
      "0",
      "-1",
      "1e308",
      "1e-320",
      "NaN",
      "true",
      '"linear"',
      '"x"',
      '{"__proto__":1}',
      "[0.1,1,1]",
    ),
    fc.constantFrom(
      "[".repeat(100_000),
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      `[${"1,".repeat(50_000)}1]`,
    ),
  );
  const key = fc.oneof(
    fc.constantFrom(...good.metadata.keys(), ...goodResidual.metadata.keys()),
    fc.constantFrom("__proto__", "../x", "\u001b[2J"),
  );
  const tensorName = fc.oneof(
    fc.constantFrom(...good.tensors.keys(), ...goodResidual.tensors.keys()),
    fc.constantFrom("encoder.1.weight", "__proto__", "encoder.0", "encoder.-1.weight", "../../x", "training"),
  );
  // A dimension of 0 lets the others be anything.
  const dimensions = fc.oneof(
    fc.constantFrom([2, 3], [3, 2], [2], [3], [], [0], [2, 3, 1], [1, 2, 3]),
    fc.constantFrom([2 ** 30, 3, 0], [2 ** 20, 2 ** 20, 0], [0, 2 ** 40], [2 ** 40, 0]),
  );
  const tensor = fc
    .tuple(dimensions, fc.constantFrom(0, 1, -0, 3e38, Number.NaN, Number.POSITIVE_INFINITY), fc.boolean())
    .map(([shape, value, wide]): TensorToWrite => {
      const size = shape.reduce((product, n) => product * n, 1);
      return { shape, data: (wide ? new Float64Array(size) : new Float32Array(size)).fill(value) };
    });
  const change = fc.oneof(
    fc.tuple(key, json).map(([k, text]) => ({ metadata: new Map([[k, text]]) })),
    key.map((k) => ({ without: k })),
    fc.tuple(tensorName, tensor).map(([n, t]) => ({ tensors: new Map([[n, t]]) })),
    tensorName.map((n) => ({ without: n })),
    // A width that the first layer follows.
    fc.constantFrom(2 ** 20, 2 ** 30, 2 ** 40).map((width) => ({
      metadata: new Map([["widths", `[3,${width}]`]]),
      tensors: new Map([["encoder.0.weight", { shape: [width, 3, 0], data: new Float32Array(0) }]]),
    })),
    // More blocks than there are, the last of which is there; and conditions in a weight without rows.
    fc.constantFrom(3, 2 ** 20, 2 ** 40).map((blocks) => ({
      metadata: new Map([["sizes", `{"features":2,"width":3,"blocks":${blocks},"conditions":2}`]]),
      tensors: new Map([[`blocks.${blocks - 1}.first.weight`, { shape: [3, 3], data: new Float32Array(9) }]]),
    })),
    fc.constantFrom(2 ** 20, 2 ** 40).map((conditions) => ({
      metadata: new Map([["sizes", `{"features":2,"width":3,"blocks":2,"conditions":${conditions}}`]]),
      tensors: new Map([
        ["time.weight", { shape: [0, 16], data: new Float32Array(0) }],
        ["condition.weight", { shape: [0, conditions], data: new Float32Array(0) }],
        ["unconditional", { shape: [conditions, 0], data: new Float32Array(0) }],
      ]),
    })),
  );
  const base = fc.constantFrom(good, goodResidual);
  const changed = fc.tuple(base, fc.array(change, { maxLength: 3 })).map(([model, changes]) => {
    const tensors = new Map<string, TensorToWrite>(model.tensors);
    const metadata = new Map(model.metadata);
    for (const part of changes) {
      if ("without" in part) {
        tensors.delete(part.without);
        metadata.delete(part.without);
      }
      if ("metadata" in part) for (const [k, text] of part.metadata) metadata.set(k, text);
      if ("tensors" in part) for (const [n, t] of part.tensors) tensors.set(n, t);
    }
    return writeSafetensors(tensors, metadata);
  });

  test.prop([changed], { numRuns: 2000 })(
    "that say they are models are networks of the size of their weights, or end in a FormatError",
    (bytes) => {
      const path = fileWith(bytes);
      try {
        const { network, radii } = withinMemory(bytes.length, () => readModel(readFileSync(path), path));
        if (network instanceof DenoisingAutoencoder)
          expect(network.encoder[0].weight.shape[1]).toBe(radii.length);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        expect(error.message.length).toBeLessThan(1000);
      }
    },
  );

  /** What `halograd info` prints, or the error that it ends in. */
  const tell = async (path: string, json: boolean): Promise<string> => {
    let text = "";
    const screen = { write: (part: string) => (text += part) };
    const terminal = new Terminal(screen, {}, { quiet: false });
    const { result } = await info({ json }, { terminal }, [path]);
    return json ? JSON.stringify(result, null, 2) : text;
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = /[\0-\x09\x0b-\x1f\x7f-\x9f]/;

  test.prop([changed, fc.boolean()], { numRuns: 500 })(
    "of any content are told of by info, in JSON too, without a control character",
    async (bytes, json) => {
      const text = await tell(fileWith(bytes), json);
      expect(text).not.toMatch(control);
      expect(text.length).toBeLessThan(20_000 + 500 * bytes.length);
    },
  );

  const many = 130_000;
  test.each([
    [
      "more columns than a function has arguments",
      "wide.csv",
      `${Array.from({ length: many }, (_, i) => `c${i}`).join()}\n${"1,".repeat(many - 1)}1\n`,
    ],
    [
      "more tensors than that",
      "many.safetensors",
      writeSafetensors(
        Array.from({ length: many }, (_, i) => [`${i}`, { shape: [0], data: new Float32Array(0) }] as const),
      ),
    ],
    [
      "more metadata than that",
      "talk.safetensors",
      writeSafetensors(
        {},
        Array.from({ length: many }, (_, i) => [`${i}`, ""] as const),
      ),
    ],
    [
      "a name of a megabyte beside a thousand others",
      "name.safetensors",
      writeSafetensors(
        Array.from(
          { length: 1000 },
          (_, i) => ["x".repeat(i === 0 ? 1e6 : 1) + i, { shape: [0], data: new Float32Array(0) }] as const,
        ),
        [["y".repeat(1e6), ""], ...Array.from({ length: 1000 }, (_, i) => [`${i}`, ""] as const)],
      ),
    ],
  ] as [string, string, string | Uint8Array][])(
    "with %s are told of by info in full",
    async (_, name, content) => {
      const path = fileWith(content, name);
      const text = await tell(path, false);
      expect(text.length).toBeLessThan(20_000 + 200 * content.length);
      await tell(path, true);
    },
  );

  test("can send no control character to the terminal by the names in them", () => {
    expect(printable("a\u001b]0;title\u0007\u009b2Jb\n  c\u007f\té")).toBe(
      "a\\u001b]0;title\\u0007\\u009b2Jb\n  c\\u007f\\u0009é",
    );
  });
});
