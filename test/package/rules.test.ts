/** The rules of the house bite: code that breaks a layer or uses an unspecified function is refused. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "halograd-rules-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

/** Runs a tool of the project on the files in `home` and returns what it prints. */
function tool(path: string, ...args: string[]): string {
  const script = join(root, "node_modules", path);
  return spawnSync(process.execPath, [script, ...args], { cwd: home, encoding: "utf8", maxBuffer: 1e8 })
    .stdout;
}

describe("layering", () => {
  const allowed = [
    ["cli/main.ts", "plot/index.ts"],
    ["cli/main.ts", "node/files.ts"],
    ["cli/main.ts", "node:fs"],
    ["node/files.ts", "node:fs"],
    ["diffusion/schedule.ts", "nn/index.ts"],
    ["nn/linear.ts", "kernels/wasm/matmul.ts"],
    ["galaxy/halo.ts", "basics/random.ts"],
    ["metrics/classifier.ts", "nn/index.ts"],
    ["curves/model.ts", "diffusion/index.ts"],
    ["curves/model.ts", "plot/index.ts"],
    ["cli/main.ts", "curves/index.ts"],
  ] as const;
  const refused = [
    ["kernels/a.ts", "basics/errors.ts", "kernels-imports-down-only"],
    ["basics/a.ts", "ops/a.ts", "basics-imports-down-only"],
    ["autograd/a.ts", "optim/a.ts", "autograd-imports-down-only"],
    ["metrics/a.ts", "galaxy/a.ts", "metrics-imports-down-only"],
    ["optim/a.ts", "io/a.ts", "optim-imports-down-only"],
    ["autograd/b.ts", "testing/a.ts", "autograd-imports-down-only"],
    ["nn/a.ts", "diffusion/a.ts", "nn-imports-down-only"],
    ["diffusion/a.ts", "galaxy/a.ts", "diffusion-imports-down-only"],
    ["diffusion/b.ts", "plot/a.ts", "plot-for-cli-and-curves-only"],
    ["node/a.ts", "cli/a.ts", "node-imports-down-only"],
    ["ops/b.ts", "index.ts", "ops-imports-down-only"],
    ["galaxy/b.ts", "basics/storage.ts", "galaxy-knows-no-tensors"],
    ["index.ts", "diffusion/a.ts", "engine-alone"],
    ["index.ts", "metrics/a.ts", "engine-alone"],
    ["index.ts", "curves/a.ts", "engine-alone"],
    ["curves/a.ts", "node/a.ts", "curves-imports-down-only"],
    ["plot/a.ts", "metrics/b.ts", "plot-imports-down-only"],
    ["curves/b.ts", "node:fs", "platform-neutral"],
    ["undrawn/a.ts", "basics/errors.ts", "known-folders-only"],
    ["io/b.ts", "node:path", "platform-neutral"],
    ["io/c.ts", "typescript", "no-packages"],
    ["testing/b.ts", "fast-check", "no-packages"],
    ["cli/b.ts", "no-such-package", "no-packages"],
  ] as const;
  // A circle of values, and one that a type-only import closes.
  const circles = [
    ["ops/c.ts", "ops/d.ts", "import"],
    ["ops/d.ts", "ops/c.ts", "import"],
    ["ops/e.ts", "ops/f.ts", "import"],
    ["ops/f.ts", "ops/e.ts", "import type"],
  ] as const;
  let broken: string[];

  beforeAll(() => {
    const lines: Record<string, string[]> = {};
    for (const [from, to, keyword] of [...allowed, ...refused, ...circles]) {
      const isFile = to.endsWith(".ts");
      const specifier = isFile ? `./${"../".repeat(from.split("/").length - 1)}${to}` : to;
      lines[from] ??= [];
      lines[from].push(`${keyword === "import type" ? keyword : "import"} x from "${specifier}";`);
      if (isFile) lines[to] ??= [];
    }
    for (const [path, imports] of Object.entries(lines)) write(`src/${path}`, imports.join("\n"));
    write("tsconfig.json", "{}");
    const config = join(root, "tools/layers.js");
    const json = tool(
      "dependency-cruiser/bin/dependency-cruise.mjs",
      "--config",
      config,
      "--output-type",
      "json",
      "src",
    );
    const { violations } = JSON.parse(json).summary as {
      violations: { from: string; to: string; rule: { name: string } }[];
    };
    broken = violations.map(({ from, to, rule }) => `${from} > ${to}: ${rule.name}`);
  });

  const rulesBrokenBy = (from: string, to: string): string[] => {
    const edge = `src/${from} > ${to.endsWith(".ts") ? "src/" : ""}${to.replace("node:", "")}: `;
    return broken
      .filter((violation) => violation.startsWith(edge))
      .map((violation) => violation.slice(edge.length));
  };

  test.each(allowed)("%s may import %s", (from, to) => {
    expect(rulesBrokenBy(from, to)).toEqual([]);
  });

  test.each(refused)("%s may not import %s: %s", (from, to, rule) => {
    expect(rulesBrokenBy(from, to)).toContain(rule);
  });

  test("files import each other in a circle only when a type-only import closes it", () => {
    expect(rulesBrokenBy("ops/c.ts", "ops/d.ts")).toEqual(["no-cycles"]);
    expect(rulesBrokenBy("ops/e.ts", "ops/f.ts")).toEqual([]);
  });
});

describe("deterministic mathematics", () => {
  const refused = [
    ...[
      "exp",
      "log",
      "log1p",
      "expm1",
      "log10",
      "log2",
      "pow",
      "cbrt",
      "hypot",
      "random",
      "sin",
      "cos",
      "tan",
    ],
    ...["sinh", "cosh", "tanh", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh"],
  ].map((name) => `export const a = Math.${name}(1, 2);`);
  refused.push(
    "export const a = x ** 2;",
    "export const a = 2 ** x;",
    "export const a = 2 ** 0.5;",
    "export const a = 12 ** 3;",
    "x.y **= 3;",
    "const { exp } = Math;",
    "export const a = [1].map(Math.sin);",
    'export const a = Math["log"](2);',
    "export const a = globalThis.Math.sin(2);",
    "export const a = Math.max(1, f(Math.exp(2)).sqrt());",
  );
  const allowed = [
    ...["abs", "ceil", "clz32", "floor", "fround", "imul", "max", "min", "round", "sign", "sqrt", "trunc"],
  ].map((name) => `export const a = Math.${name}(1, 2);`);
  allowed.push(
    "x = Math.PI * 2; /* a ** b, or **= */",
    "x = 5 * 2 ** -24 + 2 ** 32;",
    "x = 2n ** 64n;",
    "export const a = Mathematics.exp(1);",
  );
  let complaints: Set<string>;

  beforeAll(() => {
    cpSync(join(root, "tools"), join(home, "tools"), { recursive: true });
    for (const folder of ["src/ops", "test"]) write(`${folder}/math.ts`, [...refused, ...allowed].join("\n"));
    const flags = [
      "--config-path=tools/lint.json",
      "--vcs-enabled=false",
      "--reporter=github",
      "--max-diagnostics=none",
    ];
    const printed = tool("@biomejs/biome/bin/biome", "lint", ...flags, "src/ops/math.ts", "test/math.ts");
    const pattern = /file=(.*?),line=(\d+),.*(not specified to the bit|Write Math\.name)/g;
    complaints = new Set(
      [...printed.matchAll(pattern)].map(([, file, line]) => `${file?.slice(-11)}:${line}`),
    );
  });

  test.each(refused.map((code, i) => [code, i + 1]))("%s is refused in src/", (_, line) => {
    expect(complaints).toContain(`ops/math.ts:${line}`);
  });

  test("a written-out power of two, which is allowed, is exact on this runtime", () => {
    let expected = Number.MIN_VALUE;
    for (let exponent = -1074; exponent <= 1023; exponent++, expected *= 2)
      expect([exponent, Function(`return 2 ** ${exponent};`)()]).toEqual([exponent, expected]);
    expect(expected).toBe(Infinity);
  });

  test("what the language specifies to the bit is allowed, and tests may use the rest", () => {
    expect(complaints.size).toBe(refused.length);
  });
});
