/** The operation that CONTRIBUTING.md adds: its diff applies, and everything it promises follows from it. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { root } from "./modules.ts";

const home = join(root, ".build/new-operation");
const diff = /```diff\n(.*?)```/s.exec(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"))?.[1] ?? "";
const name = /^\+ *name: "(\w+)"/m.exec(diff)?.[1] as string;

beforeAll(() => {
  rmSync(home, { recursive: true, force: true });
  const tests = [
    ...["messages.ts", "ops/messages.test.ts", "ops/records.ts", "ops/records.test.ts", "testing"],
    ...["interesting.ts", "kept-seeds.ts", "known-faults.ts", "laws.ts", "laws.test.ts"].map(
      (file) => `properties/${file}`,
    ),
  ];
  for (const path of ["src", ...tests.map((file) => `test/${file}`), "tsconfig.json"])
    cpSync(join(root, path), join(home, path), { recursive: true });
  // Without one, that of the project would be used.
  writeFileSync(join(home, "vitest.config.js"), "export default { test: { testTimeout: 60_000 } };");
  apply(diff, home);
  const use = `
    import { expect, test } from "vitest";
    import { grad, ${name}, tensor } from "../src/index.ts";
    test("${name} is a function and a method, on the tape and with a gradient", () => {
      const x = tensor([3], { requiresGrad: true });
      expect(x.${name}().item()).toBe(${name}(x).item());
      expect(x.${name}().node?.operation?.name).toBe("${name}");
      expect(grad((x) => ${name}(x).sum())(tensor([-1, 1, 3])).toArray()).toEqual([0, 2, 6]);
    });`;
  writeFileSync(join(home, "test/use.test.ts"), use);
});

test("the diff adds one record in one file", () => {
  expect(diff.match(/^\+\+\+ /gm)).toHaveLength(1);
  expect(diff.match(/^-(?!-- )/gm)).toBeNull();
});

test("what it adds compiles, as function and as method", () => {
  expect(tool("typescript/bin/tsc", "-p", "tsconfig.json")).toBe("");
});

test("the tests that follow from a record hold for it", () => {
  const titles = titlesOf("-t", name);
  expect(titles("failed")).toEqual([]);
  for (const part of [
    "to second order",
    "transposed",
    "recording the backward pass",
    "batch",
    "tiny, huge and saturated",
    "jump",
    "broadcasting",
    "function and a method",
  ])
    expect(titles("passed")).toContainEqual(expect.stringContaining(part));
});

test("the tests of all operations hold without an edit to any of them", () => {
  const titles = titlesOf("test/ops", "test/testing");
  expect(titles("failed")).toEqual([]);
  expect(titles("passed").length).toBeGreaterThan(500);
  // A suite of its own, beside others on the same two cores.
}, 240_000);

/** Runs tests of the copy: the titles of those that passed, or failed. */
function titlesOf(...args: string[]): (status: string) => string[] {
  const report = JSON.parse(tool("vitest/vitest.mjs", "run", "--reporter=json", ...args));
  const results: { fullName: string; status: string }[] = report.testResults.flatMap(
    ({ assertionResults }: { assertionResults: unknown[] }) => assertionResults,
  );
  return (status) => results.filter((result) => result.status === status).map(({ fullName }) => fullName);
}

/** Applies a unified diff, as `git apply` would: hunks whose counts are right, each at the one place it fits. */
function apply(text: string, folder: string): void {
  const [, target, hunks] = /^--- a\/.*\n\+\+\+ b\/(.*)\n([\s\S]*)$/.exec(text) as unknown as string[];
  const file = join(folder, target);
  let content = readFileSync(file, "utf8");
  for (const [, oldCount, newCount, body] of hunks.matchAll(
    /^@@ -\d+,(\d+) \+\d+,(\d+) @@\n(.*?)(?=^@@|$(?![\s\S]))/gms,
  )) {
    const lines = body.replace(/\n$/, "").split("\n");
    const without = (mark: string): string[] =>
      lines.filter((line) => line[0] !== mark).map((line) => line.slice(1));
    const [before, after] = [without("+"), without("-")];
    expect([before.length, after.length]).toEqual([Number(oldCount), Number(newCount)]);
    const parts = content.split(before.join("\n"));
    expect(parts, `${target} has the lines around the change once`).toHaveLength(2);
    content = parts.join(after.join("\n"));
  }
  writeFileSync(file, content);
}

/** Runs a tool of the project in the copy, and returns what it prints, whether it is content or not. */
function tool(script: string, ...args: string[]): string {
  const environment = Object.entries(process.env).filter(([key]) => !/^VITEST|^NODE_ENV$/.test(key));
  try {
    return execFileSync(process.execPath, [join(root, "node_modules", script), ...args], {
      cwd: home,
      env: Object.fromEntries(environment),
      encoding: "utf8",
      maxBuffer: 1e8, // a report names every test of every operation
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
