/** Every program in examples/ runs on the built package and prints something. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, type Module, root, run } from "./modules.ts";

const files = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));
const modules: Module[] = await compile(
  "examples",
  files.map((name) => {
    const file = `examples/${name}`;
    return { file, line: 1, code: readFileSync(join(root, file), "utf8"), run: true };
  }),
);

describe.concurrent("the program", () => {
  test.each(files.map((file, i) => [file, modules[i] as Module] as const))(
    "examples/%s compiles against the package and prints its result",
    async (_, module) => {
      expect(module.errors).toEqual([]);
      expect((await run(module.script)).trim()).not.toBe("");
    },
    // They share the cores, and one of them trains and samples for half a minute.
    240_000,
  );
});
