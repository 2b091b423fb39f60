/** Time on hostile text: every parser and every search for a name is linear, which twice the text shows. */
import { describe, expect, test } from "vitest";
import { nearest } from "../../src/basics/check.ts";
import { FormatError, HalogradError } from "../../src/basics/errors.ts";
import { parseWords } from "../../src/cli/arguments.ts";
import { commands } from "../../src/cli/commands.ts";
import { parseGalaxies } from "../../src/curves/index.ts";
import {
  findSparcGalaxy,
  parseCsv,
  parseCurves,
  parseObservations,
  parseSparcCurves,
  parseSparcGalaxies,
  readSafetensors,
} from "../../src/io/index.ts";
import { isFigure, label } from "../../src/plot/svg.ts";
import { leastTime } from "../least-time.ts";

const RULE = `Vobs Inc\n${"-".repeat(80)}\n`;
const safetensors = (header: string): Uint8Array => {
  const bytes = new TextEncoder().encode(`12345678${header}`);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  return bytes;
};

/** What reads text. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  parseCsv: (text) => parseCsv(text, { source: "x" }),
  parseCurves: (text) => parseCurves(text, "x"),
  parseGalaxies: (text) => parseGalaxies(text, "x"),
  parseObservations: (text) => parseObservations(text, "x"),
  parseSparcCurves: (text) => parseSparcCurves(RULE + text, "x"),
  parseSparcGalaxies: (text) => parseSparcGalaxies(RULE + text, "x"),
  readSafetensors: (text) => readSafetensors(safetensors(text), "x"),
  "a word of the command line": (text) => parseWords("run", [text], commands.get("run")!),
  "a number of the command line": (text) => parseWords("run", ["--count", text], commands.get("run")!),
  "a pair of the command line": (text) =>
    parseWords("sample", ["--condition", text], commands.get("sample")!),
  "a label of a figure": (text) => label(0, 0, text),
  "a figure for a page": isFigure,
  "a figure's content": (text) => isFigure(`<svg role="img"><title>${text}`),
  "the nearest of two names": (text) => nearest(`${text}a`, [`${text}b`, `b${text}`]),
  "the nearest galaxy": (text) => findSparcGalaxy([{ name: text } as never], `${text}a`, "x"),
};

/** Texts of n characters on which backtracking, or looking again from each place, takes n² steps. */
const texts: Readonly<Record<string, (n: number) => string>> = {
  quotes: (n) => '"'.repeat(n + 1),
  "doubled quotes in one open cell": (n) => `"${'""'.repeat(n / 2)}`,
  commas: (n) => ",".repeat(n),
  digits: (n) => "1".repeat(n),
  "digits and a letter": (n) => `a\n${"1".repeat(n)}x`,
  "rows of digits": (n) => `N 1 2 3 4 5 6 7 8 ${"9".repeat(n)}x`,
  "an almost number": (n) => `a\n1${".1e".repeat(n / 3)}`,
  newlines: (n) => `a\n${"\n".repeat(n)}1`,
  returns: (n) => `"${"\r".repeat(n)}`,
  "newlines in a quoted cell": (n) => `"${"\n".repeat(n)}"x`,
  spaces: (n) => `a\n${" ".repeat(n)}x${" ".repeat(n)}x`,
  comments: (n) => "#\n".repeat(n / 2),
  names: (n) => `${Array.from({ length: n / 8 }, (_, i) => i).join()}\n1`,
  brackets: (n) => `radius,${"(".repeat(n)}\n1,2`,
  "brackets apart": (n) => `radius ${"( ".repeat(n / 2)}\n1 2`,
  "fields of ECSV": (n) => `# %ECSV\n#${"{name:".repeat(n / 6)}\na b`,
  "an option": (n) => `--${"a".repeat(n)}`,
  "pairs without an end": (n) => "disc-mass=".repeat(n / 10),
  "raised without an end": (n) => "^{".repeat(n / 2),
  "lowered without an end": (n) => "_{".repeat(n / 2),
  "attributes of one element": (n) => `<svg${' role="img"'.repeat(n / 11)}`,
  elements: (n) => "<g>".repeat(n / 3),
  braces: (n) => `{"a":${"[".repeat(n)}`,
};

const leastOf = (read: (text: string) => unknown, text: string): number =>
  leastTime(() => {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof HalogradError)) throw error;
      expect(error.message.length).toBeLessThan(700);
    }
  });

describe.each(Object.keys(texts))("%s", (name) => {
  test.each(Object.keys(readers))("cost %s twice the time when there are twice as many", (reader) => {
    // Where 80,000 characters take seconds, that is a square.
    const least = (size: number): number => leastOf(readers[reader], texts[name](size));
    expect(least(80_000)).toBeLessThan(100 + 3 * least(40_000));
  });
});

test("comments above a measured curve cost in proportion as well, where no line ends in \\r", () => {
  // A square of this many lines takes some seconds, a pass a tenth of one.
  const least = (lines: number): number =>
    leastOf(readers.parseObservations, `${"#\n".repeat(lines)}radius,velocity,error\n1,60,5\n`);
  expect(least(800_000)).toBeLessThan(100 + 3 * least(400_000));
});

test.each<[what: string, header: (n: number) => string]>([
  [
    "tensors",
    (n) =>
      `{${Array.from({ length: n / 64 }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}`,
  ],
  ["dimensions", (n) => `{"x":{"dtype":"F32","shape":[${"1,".repeat(n / 2)}1],"data_offsets":[0,0]}}`],
  ["digits", (n) => `{"x":{"dtype":"F32","shape":[${"9".repeat(n)}],"data_offsets":[0,0]}}`],
  ["backslashes", (n) => `{"${"\\\\".repeat(n / 2)}`],
  ["spaces", (n) => `{${" ".repeat(n)}`],
  ["letters in a name", (n) => `{"${"x".repeat(n)}":0}`],
])(
  "safetensors of many %s are refused with a short message, in twice the time when there are twice as many",
  (_, header) => {
    const least = (n: number): number => {
      const bytes = safetensors(header(n));
      return leastTime(() => {
        expect(() => readSafetensors(bytes, "x")).toThrow(FormatError);
        expect(() => readSafetensors(bytes, "x")).toThrow(/^.{1,500}$/s);
      });
    };
    expect(least(2_000_000)).toBeLessThan(100 + 3 * least(1_000_000));
  },
);
