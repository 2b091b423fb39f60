#!/usr/bin/env node
/**
 * The halograd command. This thread has the streams and the signals; the program runs in another one, so that it can compute, or wait
 * for a file, without a pause, and a signal is still heard at once.
 */

import { rmSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { Interruption, type Message, SAME_KEYSTROKE, SIGNAL, SIGNALS } from "../node/interruption.ts";

const [major, minor] = process.versions.node.split(".").map(Number);
if (!isMainThread) {
  await (workerData.command === undefined ? import("./program.ts") : import("./worker.ts")).then(
    ({ start }) => start(),
  );
} else if (major > 20 || (major === 20 && minor >= 19)) {
  host();
} else {
  // What an older Node lacks is missed when it is called, in the middle of a job.
  process.stderr.write(`error: halograd needs Node 20.19 or newer, and this is ${process.versions.node}\n`);
  process.stderr.write("  Fix: install a newer Node, from nodejs.org or with the packages of your system\n");
  process.exitCode = 1;
}

/** Runs the program: shows what it says, and tells it when it should stop. */
function host(): void {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const { stdout, stderr } = process;
  const screens = [stdout, stderr].map(({ isTTY, columns }) => ({ isTTY, columns }));
  const argv = process.argv.slice(2);
  const program = import.meta.url;
  const worker = new Worker(new URL(program), { argv, workerData: { state, screens, program } });
  const locks: string[] = [];
  const unlock = (): void => {
    for (const lock of locks) rmSync(lock, { force: true });
  };
  let code = 1;
  worker.on("message", (message: Message) => {
    if ("text" in message) process[message.stream].write(message.text);
    else if ("lock" in message) locks.push(message.lock);
    else code = message.code;
  });
  worker.on("error", (error: Error) => stderr.write(`error: ${error.message}\n  Fix: give less at once\n`));
  worker.on("exit", () => {
    unlock();
    process.exitCode ??= code;
  });
  const interruption = new Interruption(state);
  let noted = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!interruption.isNoted && interruption.hasBegun) {
        Atomics.store(state, SIGNAL, SIGNALS[signal]);
        noted = performance.now();
        const line = stdout.isTTY ? "\r\x1b[K" : "";
        stderr.write(`${line}Stopping, and keeping what was computed; once more stops at once.\n`);
      } else if (performance.now() - noted > SAME_KEYSTROKE) {
        unlock();
        // Not process.exit, which would wait for the other thread, and that perhaps for a file.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
    });
  }
  // Errors of the streams come as events: `| head` closes ours early, and a file behind `>` can fill a disk.
  stderr.on("error", () => {});
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" && interruption.hasBegun) {
      Atomics.compareExchange(state, SIGNAL, 0, SIGNALS.SIGPIPE);
    } else if (error.code === "EPIPE") {
      unlock();
      process.exit(128 + SIGNALS.SIGPIPE);
    } else if (process.exitCode !== 1) {
      process.exitCode = 1;
      stderr.write(`error: stdout cannot be written to (${error.code})\n`);
    }
  });
}
