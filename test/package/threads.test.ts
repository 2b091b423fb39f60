/** Threads of the package as it is installed: bundled in any form, and in programs that end without a word about them. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { beforeAll, expect, test } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";

beforeAll(requireFreshBuild);

const home = join(fileURLToPath(new URL("../..", import.meta.url)), ".build/threads");

/** Calls a function until two threads are there, and prints what it gave and how many there were. */
const PROGRAM = `
import { normal, Random } from "halograd";
import { compile } from "halograd/compile";
const random = new Random(0);
const [x, weights] = [normal([3000, 32], random), normal([32, 32], random)];
const eager = () => x.matmul(weights).silu().sum();
const compiled = compile(eager, { threads: 2 });
const threads = () => compiled.explain().programs[0]?.threads;
const call = () => {
  const isEqual = compiled().item() === eager().item();
  if (!isEqual) console.log("another sum");
  else if (threads() === 2) console.log("two threads");
  else setTimeout(call, 5);
};
call();
`;

test.each(["as it is", "esm", "cjs", "iife"] as const)(
  "two threads start, and the program ends by itself: %s",
  async (format) => {
    mkdirSync(home, { recursive: true });
    const input = join(home, "program.js");
    writeFileSync(input, PROGRAM);
    let file = input;
    if (format !== "as it is") {
      const build = await rolldown({ input, platform: "neutral", logLevel: "silent" });
      const { output } = await build.generate({ format, minify: true });
      await build.close();
      file = join(home, `bundle-${format}.${format === "esm" ? "mjs" : "cjs"}`);
      writeFileSync(file, output[0].code);
    }
    expect(execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 60_000 })).toBe(
      "two threads\n",
    );
  },
);
