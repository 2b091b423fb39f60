/** Runs the built command as a user does, in a folder of its own. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { afterAll, expect } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "dist/cli/main.js");

requireFreshBuild();

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NO_COLOR|FORCE_COLOR|NODE_OPTIONS)$/.test(name)),
);

/** Runs `halograd …words` to its end. */
export function halograd(
  words: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly input?: string | undefined;
  } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...environment, ...options.env },
    encoding: "utf8",
    input: options.input,
  });
  if (words.includes("--json") && stdout !== "") checkOutput(stdout);
  return { code: status, stdout, stderr };
}

/** Expects text to be what the schema of `--json` promises. */
export function checkOutput(text: string): void {
  const value = JSON.parse(text);
  // The part for this command alone: what does not fit the others is of no interest.
  isOutput ??= new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(join(root, "src/cli/output.schema.json"), "utf8")),
  );
  expect([isOutput(value), value.command], JSON.stringify(isOutput.errors, null, 1)).toEqual([
    true,
    value.command,
  ]);
}

let isOutput: ValidateFunction | undefined;

/** Runs it and expects it to succeed without a word on stderr. */
export function succeed(words: readonly string[], cwd: string): string {
  const { code, stdout, stderr } = halograd(words, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** Starts it, to be stopped. */
export function start(words: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [main, ...words], { cwd, env: environment });
}

/** A new folder, removed when the tests of the file have ended. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "halograd-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All files below a folder, by name, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
