/** Completion: every command and option is in the scripts of all shells, and bash completes with them. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dashed } from "../../src/cli/arguments.ts";
import { commands } from "../../src/cli/commands.ts";
import { halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();

test("the scripts know every command and option, and another shell is refused", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = succeed(["completion", shell], home);
    for (const [name, { options }] of commands) {
      expect(script).toContain(name);
      for (const key of Object.keys(options)) {
        expect(script).toContain(shell === "fish" ? `-l ${dashed(key)} ` : `--${dashed(key)}`);
      }
    }
  }
  expect(halograd(["completion", "csh"]).code).toBe(2);
  expect(succeed(["train", "--version"], home)).toBe(succeed(["--version"], home));
});

test("bash completes commands, options of a command, and words", () => {
  writeFileSync(join(home, "script"), succeed(["completion", "bash"], home));
  const completed = (...words: string[]): string[] => {
    const program = `. ./script; COMP_WORDS=(halograd "$@"); COMP_CWORD=$#; _halograd; echo "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", program, "bash", ...words], { cwd: home, encoding: "utf8" })
      .trim()
      .split(" ");
  };
  expect(completed("tr")).toEqual(["train"]);
  expect(completed("train", "--res")).toEqual(["--resume"]);
  expect(completed("plot", "pred")).toEqual(["predictions"]);
  expect(completed("generate", "--re")).toEqual([""]);
});
