/** The program behind the halograd command: finds the command to call, and turns what comes back into messages and an exit code. */

import { parentPort, Worker, workerData } from "node:worker_threads";
import { clip, nearest } from "../basics/check.ts";
import { HalogradError } from "../basics/errors.ts";
import { Interruption, type Message } from "../node/interruption.ts";
import { Log } from "../node/log.ts";
import { oneLine, Terminal } from "../node/terminal.ts";
import { commandHelp, UsageError } from "./arguments.ts";
import { commands, EXIT_CODES, programHelp } from "./commands.ts";
import { completionScript, SHELLS } from "./completion.ts";
import type { ThreadData } from "./context.ts";
import { manualPage } from "./manual.ts";
import { outputSchema, version } from "./version.ts";

/** Sends to the thread that has the streams. */
const send = (message: Message): void => parentPort?.postMessage(message);

const { state, screens, program } = workerData as {
  state: Int32Array;
  program: string;
  screens: { isTTY?: boolean; columns?: number }[];
};
const interruption = new Interruption(state);
const [stdout, stderr] = (["stdout", "stderr"] as const).map((stream, i) => ({
  ...screens[i],
  write: (text: string) => send({ stream, text }),
}));
const errors = new Terminal(stderr, process.env, { quiet: false });

/** Runs the command of the command line, and sends its exit code. */
export async function start(): Promise<void> {
  const words = process.argv.slice(2);
  try {
    send({ code: await main(words) });
  } catch (error) {
    send({ code: error instanceof UsageError ? 2 : 1 });
    if (error instanceof HalogradError) {
      printError(error);
      if (words.includes("--json")) {
        const told = { command: words[0], complete: false, error: plainError(error) };
        new Terminal(stdout, {}, { quiet: false }).print(JSON.stringify(told, null, 2));
      }
      return;
    }
    errors.print(error instanceof Error ? (error.stack ?? error.message) : String(error));
    errors.print(`${errors.red("This is a bug in halograd.")} Please report it, with the lines above and:`);
    errors.print(`  halograd ${words.map(clip).join(" ")} (halograd ${version()}, Node ${process.version})`);
  }
}

function printError({ where, problem, fix }: HalogradError): void {
  errors.print(`${errors.red("error:")} ${oneLine(`${where}: ${problem}`)}`);
  if (fix !== undefined) errors.print(`  Fix: ${oneLine(fix)}`);
}

/** As --json tells it. */
const plainError = ({ where, problem, fix }: HalogradError) => ({ where, problem, fix: fix ?? null });

/** A thread beside this one, which ends with it. */
const startThread = (data: ThreadData): Worker =>
  new Worker(new URL(program), { workerData: { state, ...data } });

/** What is printed of the program itself. */
const PRINTED: Readonly<Record<string, (words: readonly string[]) => string>> = {
  __proto__: null as never,
  completion: (words) => {
    const shell = SHELLS.find((known) => known === words[0]);
    if (shell !== undefined && words.length === 1) return completionScript(shell, commands);
    const fix = `write halograd completion ${SHELLS.join("|")}`;
    throw new UsageError("halograd completion", "one shell is needed", fix);
  },
  manual: (words) => {
    requireNone("halograd manual", words);
    return manualPage(commands, version());
  },
  schema: (words) => {
    requireNone("halograd schema", words);
    return outputSchema();
  },
};

function requireNone(where: string, words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(where, `"${clip(words[0])}" is one word too many`);
}

/** @returns the exit code */
async function main(words: readonly string[]): Promise<number> {
  const out = new Terminal(stdout, process.env, { quiet: false });
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
  const print = PRINTED[name];
  if (print !== undefined) {
    out.print(print(rest).trimEnd());
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
  if (rest.length === 1 && rest[0] === "--version") {
    out.print(`halograd ${version()}`);
    return 0;
  }
  const { json, quiet, log: path, start } = command.prepare(where, rest);
  const terminal = new Terminal(json ? stderr : stdout, process.env, { quiet });
  const first = { command: name, words: rest, engine: `halograd ${version()}` };
  const log = new Log(path, first, (error) => errors.print(`warning: the log ends here: ${String(error)}`));
  const {
    complete,
    result,
    failures = [],
  } = await start({ terminal, interruption, log, startThread }).catch((error) => {
    if (log.isBegun) log.write({ event: "error", ...(error instanceof HalogradError && plainError(error)) });
    throw error;
  });
  if (log.isBegun) log.write({ event: "end", complete, failures: failures.length });
  if (json) {
    // The seed of a forked stream is a bigint, which JSON has not.
    const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
    const failed = failures.length > 0 && { failures: failures.map(plainError) };
    out.print(JSON.stringify({ command: name, complete, ...result, ...failed }, plain, 2));
  }
  for (const failure of failures) printError(failure);
  return complete ? (failures.length > 0 ? 1 : 0) : interruption.exitCode;
}
