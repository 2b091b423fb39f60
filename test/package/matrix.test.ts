/** The matrix of tools: docs/compatibility.md shows what it tries, and a tool that computes something else is found out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compare } from "../matrix/cells.ts";
import { readTables, tables } from "../matrix/tables.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("docs/compatibility.md has the tools and versions that are tried; npm run test:matrix -- --update writes them", () => {
  const page = readFileSync(join(root, "docs/compatibility.md"), "utf8");
  expect(readTables(page)).toBe(tables(root));
});

describe("what a tool's program printed", () => {
  const expected = JSON.stringify({ typescript: "1 2", wasm: "3 4" });
  const refused = (printed: string) => () => compare(printed, expected);

  test("is accepted with the results of Node, with less than all backends, and among other lines", () => {
    for (const printed of [expected, '{"typescript":"1 2"}', `warning\n  ${expected}\ndone`])
      expect(refused(printed), printed).not.toThrow();
  });

  test("is refused with another result, with none, and without plain TypeScript, which runs everywhere", () => {
    expect(refused('{"typescript":"1 2","wasm":"3 5"}')).toThrow("wasm computed 3 5, and on Node 3 4");
    for (const printed of ["", "done", '{"wasm":"3 4"}'])
      expect(refused(printed), printed).toThrow("no result");
  });
});
