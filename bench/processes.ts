/**
 * What is measured as whole processes: start-up, and the main job from start to finish. Who can take part is the same
 * as in the other measures.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { singleThread } from "./contender.ts";
import { PEERS } from "./contenders/peer.ts";

/** What contenders/start-up.ts prints. */
export interface StartUp {
  readonly importMilliseconds: number;
  readonly firstMilliseconds: number;
  /** The gradient that was computed: the same for all. */
  readonly value: number;
}

/** What contenders/main-job.ts and its twins print. */
export interface MainJob {
  readonly name: string;
  readonly stepMilliseconds: number;
  readonly sampleMilliseconds: number;
  /** The losses of the last epoch. */
  readonly train: number;
  readonly valid: number;
}

/** A contender as a process. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly startUp: readonly string[];
  /** From the files of curves and the number of epochs to the arguments. */
  readonly mainJob: (csv: string, binary: string, epochs: string) => readonly string[];
}

/** A file next to the compiled or, for Python, the written contenders. */
export function contenderFile(name: string): string {
  const base = name.endsWith(".py")
    ? new URL("../contenders/", PEERS)
    : new URL("contenders/", import.meta.url);
  return fileURLToPath(new URL(name, base));
}

export function ourProgram(name: string, backend: string): Program {
  return {
    name,
    command: process.execPath,
    startUp: [contenderFile("start-up.js"), "halograd", backend],
    mainJob: (csv, _, epochs) => [contenderFile("main-job.js"), csv, epochs, backend],
  };
}

export function peerProgram(name: string, node: string, module: string, variant: string): Program {
  return {
    name,
    command: node,
    startUp: [contenderFile("start-up.js"), module, variant],
    mainJob: (_, binary, epochs) => [contenderFile("peer-main-job.js"), module, variant, binary, epochs],
  };
}

export function pythonProgram(name: string, python: string): Program {
  return {
    name,
    command: python,
    startUp: [contenderFile("pytorch.py"), "--first"],
    mainJob: (csv, _, epochs) => [contenderFile("main_job.py"), csv, epochs],
  };
}

/** Runs a process to its end: what it printed as JSON, and the seconds from start to finish. */
export function runProgram<T>(command: string, args: readonly string[]): { outcome: T; seconds: number } {
  const start = performance.now();
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8", env: singleThread() });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1) ?? `ended with status ${status}`);
  return { outcome: JSON.parse(stdout.trim().split("\n").at(-1)!), seconds };
}
