#!/usr/bin/env node
/** The halograd command: finds the command to call, and turns what comes back into messages and an exit code. */

import { clip, nearest } from "../basics/check.ts";
import { HalogradError } from "../basics/errors.ts";
import { commandHelp, UsageError } from "./arguments.ts";
import { commands, EXIT_CODES, programHelp } from "./commands.ts";
import { Interruption } from "./context.ts";
import { printable, Terminal } from "./terminal.ts";
import { version } from "./version.ts";

const errors = new Terminal(process.stderr, process.env, { quiet: false });
const interruption = new Interruption();

// Errors of the streams themselves come as events: `| head` closes ours early, and a file behind `>` can fill a disk.
process.stderr.on("error", () => {});
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return interruption.note("SIGPIPE");
  if (process.exitCode === 1) return;
  process.exitCode = 1;
  errors.print(`${errors.red("error:")} stdout cannot be written to (${error.code})`);
});

try {
  const code = await main(process.argv.slice(2));
  process.exitCode ??= code;
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  if (error instanceof HalogradError) {
    errors.print(`${errors.red("error:")} ${printable(error.message)}`);
    const words = process.argv.slice(2);
    if (words.includes("--json")) {
      const { where, problem, fix = null } = error;
      const told = { command: words[0], complete: false, error: { where, problem, fix } };
      process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    }
  } else {
    const trace = error instanceof Error ? error.stack : String(error);
    errors.print(
      `${trace}\n${errors.red("This is a bug in halograd.")} Please report it, with the lines above and:`,
    );
    errors.print(
      `  halograd ${process.argv.slice(2).map(clip).join(" ")} (halograd ${version()}, Node ${process.version})`,
    );
  }
}

/** @returns the exit code */
async function main(words: readonly string[]): Promise<number> {
  const out = new Terminal(process.stdout, process.env, { quiet: false });
  const [name, ...rest] = words[0] === "help" ? [...words.slice(1), "--help"] : words;
  if (name === undefined)
    throw new UsageError("halograd", "a command is missing", "halograd --help lists them");
  if (name === "--help" || name === "-h") {
    out.print(programHelp());
    return 0;
  }
  if (["--version", "-V", "-v"].includes(name)) {
    out.print(`halograd ${version()}`);
    return 0;
  }
  const command = commands.get(name);
  if (command === undefined) {
    const near = nearest(name, [...commands.keys()]);
    throw name.startsWith("-")
      ? new UsageError(
          "halograd",
          `the command comes first, not ${clip(name)}`,
          `write halograd run ${clip(name)} …`,
        )
      : new UsageError(
          "halograd",
          `unknown command "${clip(name)}"`,
          near === undefined ? "halograd --help lists what there is" : `did you mean halograd ${near}?`,
        );
  }
  const where = `halograd ${name}`;
  if (rest.includes("--help") || rest.includes("-h")) {
    out.print(`${commandHelp(where, command)}\n\n${EXIT_CODES}`);
    return 0;
  }
  const { json, quiet, start } = command.prepare(where, rest);
  const terminal = new Terminal(json ? process.stderr : process.stdout, process.env, { quiet });
  interruption.listen(() => {
    terminal.clearBar();
    errors.print("Stopping, and keeping what was computed; once more stops at once.");
  });
  const { complete, result } = await start({ terminal, interruption });
  if (json) {
    // The seed of a forked stream is a bigint, which JSON has not.
    const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
    out.print(JSON.stringify({ command: name, complete, ...result }, plain, 2));
  }
  return complete ? 0 : interruption.exitCode;
}
