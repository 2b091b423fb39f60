/** What a command tells programs: the schema of --json, the log, and the manual. */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dashed } from "../../src/cli/arguments.ts";
import { commands } from "../../src/cli/commands.ts";
import { checkOutput, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();

/** Entries of a log, without the seconds. */
const entries = (name: string): Record<string, unknown>[] =>
  readFileSync(join(home, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const { seconds, ...entry } = JSON.parse(line);
      expect(seconds).toBeGreaterThanOrEqual(0);
      return entry;
    });

// Whatever the tests of this folder print with --json is checked by the schema; here is what they do not print.
describe("the schema of --json", () => {
  test("is printed, and has every command", () => {
    const schema = JSON.parse(succeed(["schema"], home));
    const told = schema.oneOf.flatMap((one: { properties: { command: { const?: string } } }) =>
      one.properties.command.const === undefined ? [] : [one.properties.command.const],
    );
    expect(told.sort()).toEqual([...commands.keys()].sort());
    expect(halograd(["schema", "run"]).code).toBe(2);
  });

  test("holds of what commands print, of errors, and of nothing else", () => {
    succeed(
      ["run", "--count", "20", "--epochs", "3", "--samples", "5", "--steps", "2", "--json", "--quiet"],
      home,
    );
    succeed(["plot", "loss", "--force", "--json", "--quiet"], home);
    succeed(["export", "--json", "--quiet"], home);
    const printed = succeed(["population", "extended", "--json"], home);
    expect(halograd(["export", "--json", "--model", "none"], { cwd: home }).code).toBe(1);
    const wrong = { ...JSON.parse(printed), more: 1 };
    expect(() => checkOutput(JSON.stringify(wrong))).toThrow(/additionalProperties/);
  });
});

describe("--log FILE", () => {
  test("has the losses of every epoch, and how it began and ended, each time that it is given", () => {
    const words = ["train", "--data", "out/curves.csv", "--epochs", "4", "--quiet", "--log", "t/log.jsonl"];
    succeed([...words, "--out", "t"], home);
    const [start, ...rest] = entries("t/log.jsonl");
    expect(start).toMatchObject({
      event: "start",
      command: "train",
      words: expect.arrayContaining(["--epochs"]),
    });
    const losses = readFileSync(join(home, "t/loss.csv"), "utf8").trim().split("\n").slice(1);
    const progress = rest.slice(0, -1);
    expect(progress.map(({ epoch, train, valid }) => [epoch, train, valid].join())).toEqual(losses);
    expect(progress.map(({ event, stage, share }) => [event, stage, share])).toEqual(
      [0.25, 0.5, 0.75, 1].map((share) => ["progress", "training", share]),
    );
    expect(rest.at(-1)).toEqual({ event: "end", complete: true, failures: 0 });
    // A line that a killed process left unfinished is ended first.
    writeFileSync(join(home, "t/log.jsonl"), '{"event":"sta');
    succeed([...words, "--out", "t", "--force"], home);
    const lines = readFileSync(join(home, "t/log.jsonl"), "utf8").split("\n");
    expect(lines[0]).toBe('{"event":"sta');
    expect(lines.slice(1, -1).map((line) => JSON.parse(line).event)).toHaveLength(6);
  });

  test("is not a file that holds something else, nor a folder", () => {
    const words = ["train", "--data", "out/curves.csv", "--epochs", "1", "--out", "u", "--log"];
    const before = readFileSync(join(home, "out/curves.csv"), "utf8");
    expect(halograd([...words, "out/curves.csv"], { cwd: home })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/this is there, and no log\n/),
    });
    expect(readFileSync(join(home, "out/curves.csv"), "utf8")).toBe(before);
    expect(halograd([...words, "out"], { cwd: home }).stderr).toMatch(/this is a folder/);
  });
});

test("the manual has every command and option, and is a page that man reads without a warning", () => {
  const page = succeed(["manual"], home);
  for (const [name, { options }] of commands) {
    expect(page).toContain(`.SS ${name} `);
    for (const key of Object.keys(options))
      expect(page).toContain(`\\-\\-${dashed(key).replaceAll("-", "\\-")}`);
  }
  if (spawnSync("man", ["--version"]).status !== 0) return;
  writeFileSync(join(home, "halograd.1"), page);
  const env = { ...process.env, MANWIDTH: "100", LC_ALL: "C.UTF-8" };
  const read = spawnSync("man", ["--warnings", "-l", "halograd.1"], { cwd: home, encoding: "utf8", env });
  expect(read.stderr).toBe("");
  const plain = execFileSync("col", ["-b"], { input: read.stdout, encoding: "utf8" });
  expect(plain).toContain("--learning-rate X");
});
