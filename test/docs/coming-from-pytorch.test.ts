/** The tables of docs/coming-from-pytorch.md: both columns give the same, where PyTorch is there (Debian: python3-torch). */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as halograd from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import { pythonWith } from "../python.ts";

const page = readFileSync(
  fileURLToPath(new URL("../../docs/coming-from-pytorch.md", import.meta.url)),
  "utf8",
);
const rows = [...page.matchAll(/^\| `(.+)` \| `(.+)` \|$/gm)].map(([, theirs, ours]) => ({ theirs, ours }));
const isRandom = (theirs: string): boolean => theirs.startsWith("torch.rand");
const python = [...page.matchAll(/^```python\n([\s\S]*?)^```/gm)].map(([, code]) => code);

/** PyTorch's answers, and what the training loop prints; undefined where it is not there. */
const answers = askPyTorch();

const random = new halograd.Random(0);
const [x, y] = [halograd.tensor([[1, 2], [3, 5]]), halograd.tensor([[2, 0.5], [1, -1]])]; // biome-ignore format: rows
const scope = { ...halograd, ...nn, random, x, y, v: halograd.tensor([1, -2, 3]) };

describe.each(rows)("$theirs is $ours", ({ theirs, ours }) => {
  const result: unknown = new Function(...Object.keys(scope), `return (${ours});`)(...Object.values(scope));
  const values = halograd.isTensor(result) ? result.toArray() : result;

  test("gives numbers", () => {
    const given = [values].flat(9);
    expect(given).not.toEqual([]);
    for (const value of given) expect(value).toBeTypeOf("number");
  });

  test.skipIf(answers === undefined)("gives what PyTorch gives", () => {
    const expected = answers!.values[rows.findIndex((row) => row.theirs === theirs)];
    expect(shapeOf(values)).toEqual(shapeOf(expected));
    if (isRandom(theirs)) return;
    const [mine, other] = [values, expected].map((value) => [value].flat(9) as number[]);
    for (const [i, value] of mine.entries())
      expect(Math.abs(value - other[i]), `${value} and ${other[i]}`).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(value)),
      );
  });
});

test("there are tables, and no row stands twice", () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(new Set(rows.map(({ theirs }) => theirs)).size).toBe(rows.length);
});

test.skipIf(answers === undefined)("the training loops print the same", () => {
  const claimed = [...page.matchAll(/^(?:print|console\.log)\(.*loss.*(?:#|\/\/) ([\d.]+)$/gm)].map(
    ([, text]) => text,
  );
  expect(claimed).toHaveLength(2);
  expect(claimed).toEqual([answers!.printed, answers!.printed]);
});

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

function askPyTorch(): { values: unknown[]; printed: string } | undefined {
  const interpreter = pythonWith("torch");
  if (interpreter === undefined) {
    console.warn("PyTorch is not installed (Debian: python3-torch): its column is not compared");
    return undefined;
  }
  const script = `import json
${python.join("\n")}
x = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
print(json.dumps([value.tolist() if hasattr(value, "tolist") else value for value in [${rows.map(({ theirs }) => theirs).join(", ")}]]))`;
  const { status, stdout, stderr } = spawnSync(interpreter, ["-W", "ignore", "-c", script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const [printed, values] = stdout.trim().split("\n");
  return { printed, values: JSON.parse(values) };
}
