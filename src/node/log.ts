/** A log as JSON lines: what a long command does, for programs that watch it or draw it later. */

import { appendFileSync, closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ensureOutputFolder, FileError } from "./files.ts";

/** Appends entries to a file, a line each, with the seconds since the beginning. The file appears with the first one. */
export class Log {
  readonly #path: string | undefined;
  readonly #first: Readonly<Record<string, unknown>>;
  readonly #warn: (error: unknown) => void;
  readonly #start = performance.now();
  #isBegun = false;
  #isBroken = false;
  #told = -Infinity;

  /**
   * @param path default: nothing is logged
   * @param first what the first entry says
   * @param warn told when the log can no longer be written, which stops nothing
   * @throws FileError for a file that is there and no such log
   */
  constructor(
    path: string | undefined,
    first: Readonly<Record<string, unknown>> = {},
    warn: (error: unknown) => void = () => {},
  ) {
    this.#path = path;
    this.#first = first;
    this.#warn = warn;
    const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (path === undefined || found === undefined || (!found.isFile() && !found.isDirectory())) return;
    if (found.isDirectory())
      throw new FileError(path, "EISDIR", "this is a folder, not a file", "name a file in it");
    if (found.size > 0 && byteAt(path, 0) !== "{")
      throw new FileError(path, "EEXIST", "this is there, and no log", "choose another --log");
  }

  /** Whether anything was said. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Says how far something is; without `facts` not more than once a second. */
  progress(stage: string, share: number, facts?: Readonly<Record<string, unknown>>): void {
    const now = performance.now();
    if (facts === undefined && now - this.#told < 1000) return;
    this.#told = now;
    this.write({ event: "progress", stage, share, ...facts });
  }

  /** Adds an entry. */
  write(entry: Readonly<Record<string, unknown>>): void {
    if (this.#path === undefined || this.#isBroken) return;
    try {
      const lines = this.#isBegun ? [entry] : [{ event: "start", ...this.#first }, entry];
      const seconds = Number(((performance.now() - this.#start) / 1000).toFixed(3));
      const text = lines.map((line, i) => this.#line(line, i < lines.length - 1 ? 0 : seconds)).join("");
      if (!this.#isBegun) ensureOutputFolder(dirname(this.#path), { names: [] });
      appendFileSync(this.#path, this.#isBegun ? text : `${lineEndBefore(this.#path)}${text}`);
      this.#isBegun = true;
    } catch (error) {
      this.#isBroken = true;
      this.#warn(error);
    }
  }

  #line({ event, ...entry }: Readonly<Record<string, unknown>>, seconds: number): string {
    const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
    return `${JSON.stringify({ event, seconds, ...entry }, plain)}\n`;
  }
}

/** Ends the line that a process left unfinished when it was killed. */
function lineEndBefore(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() && found.size > 0 && byteAt(path, found.size - 1) !== "\n" ? "\n" : "";
}

function byteAt(path: string, place: number): string {
  const file = openSync(path, "r");
  try {
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, place);
    return String.fromCharCode(byte[0]);
  } finally {
    closeSync(file);
  }
}
