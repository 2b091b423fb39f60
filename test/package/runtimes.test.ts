/** One answer: README's digests are what this machine computes, and runtimes that disagree are found out. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Check, judge, missing, type Outcome, tally } from "../runtimes/agreement.ts";
import { isInTable, readTable, report, rowsOf, withTable } from "../runtimes/table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

describe("README's table of digests", () => {
  const table = readTable(readme);

  test("holds what this Node computes; npm run test:runtimes -- --update writes it anew", () => {
    const home = join(root, ".build/runtimes");
    mkdirSync(home, { recursive: true });
    // From here "halograd" is the built package.
    cpSync(join(root, "test/runtimes/program.js"), join(home, "program.js"));
    const printed = execFileSync(process.execPath, [join(home, "program.js")], { encoding: "utf8" });
    const outcomes: Outcome[] = JSON.parse(printed);
    expect(outcomes.map(({ backend }) => backend)).toEqual(["wasm", "typescript"]);
    expect(outcomes).toMatchObject(table[0].outcomes);
  });

  test("is equal in each backend's column", () => {
    for (const { outcomes } of table) expect(outcomes).toEqual(table[0].outcomes);
  });

  test("names every runtime", () => {
    const names = table.map(({ runtime }) => runtime.replace(/(\d+)?[\d.]*$/, "$1"));
    expect(names.map((name) => name.replace(/^(?!Node)(.*) \d+$/, "$1"))).toEqual([
      ...["Node 20", "Node 22", "Node 24", "Node 26", "Deno", "Bun"],
      ...["Chromium", "Chromium without eval", "Firefox", "WebKitGTK"],
    ]);
  });
});

describe("runtimes that", () => {
  const outcome = (backend: string, changed: Partial<Outcome> = {}): Outcome => ({
    ...{ backend, curves: "c", weights: `${backend} w`, samples: `${backend} s`, threads: 1, seconds: 1 },
    ...changed,
  });
  const good = [outcome("wasm"), outcome("typescript")];
  const first = judge("Node 20.0.0", good, []);
  const faults = (checks: readonly Check[]): string[] => checks.map(({ fault }) => fault);

  test("agree are told apart by nothing but their seconds", () => {
    const second = judge("Bun 1.0.0", [outcome("wasm", { seconds: 9 }), outcome("typescript")], first);
    expect(faults([...first, ...second])).toEqual(["", "", "", ""]);
    expect(tally([...first, ...second], true)).toEqual({ passed: 4, failed: 0, skipped: 0 });
  });

  test("differ fail at the first stage that differs, in the backend that differs", () => {
    const off = [outcome("wasm"), outcome("typescript", { weights: "x", samples: "y" })];
    const second = judge("Bun 1.0.0", off, first);
    expect(faults(second)).toEqual(["", "the weights differ from those of Node 20.0.0"]);
    expect(tally([...first, ...second], false)).toEqual({ passed: 3, failed: 1, skipped: 0 });
    expect(report([...first, ...second])).toContain("the weights differ");
  });

  test("break, or leave out a backend, fail", () => {
    expect(faults(judge("Deno 2.0.0", [], first, "TypeError"))).toEqual(["TypeError", "TypeError"]);
    expect(faults(judge("Deno 2.0.0", good.slice(1), first))).toEqual(["no result", ""]);
  });

  test("are missing are shown, skipped where that is allowed, and else failures", () => {
    const checks = [...first, ...missing("Firefox")];
    expect(report(checks)).toMatch(/Firefox +wasm +missing/);
    expect(tally(checks, false)).toEqual({ passed: 2, failed: 0, skipped: 2 });
    expect(tally(checks, true)).toEqual({ passed: 2, failed: 2, skipped: 0 });
    expect(rowsOf(checks).map(({ runtime }) => runtime)).toEqual(["Node 20.0.0"]);
  });

  test("are in README are found whatever their version, but Node by its major one", () => {
    const page = withTable(readme, rowsOf([...first, ...judge("Chromium without eval 1.2", good, [])]));
    const table = readTable(page);
    const isIn = (runtime: string, outcomes = good): boolean => isInTable(table, { runtime, outcomes });
    expect(table).toMatchObject([{ runtime: "Node 20.0.0" }, { runtime: "Chromium without eval 1.2" }]);
    expect(["Node 20.9.1", "Chromium without eval 77"].map((name) => isIn(name))).toEqual([true, true]);
    expect(["Node 22.0.0", "Chromium 77.0", "Bun 1.0.0"].map((name) => isIn(name))).toEqual(
      Array(3).fill(false),
    );
    expect(isIn("Node 20.0.0", [outcome("wasm", { samples: "x" }), good[1]])).toBe(false);
    expect(withTable(page, readTable(page))).toBe(page);
  });

  test("have no table to be in are told so", () => {
    expect(() => readTable("# halograd")).toThrow("README.md needs the lines");
  });
});
