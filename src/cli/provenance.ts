/**
 * Where files come from: the command that wrote them, and SHA-256 digests of what it read and of what it wrote. It stands beside them in
 * provenance.json, and holds no date and nothing of the machine, so that the same command leaves the same bytes.
 */

import { createHash } from "node:crypto";
import { decodeText, readBytes, readInput, sourceOf } from "../node/files.ts";
import { version } from "./version.ts";

/** Its name in the folder of the files. */
export const PROVENANCE = "provenance.json";

/** What files follow from: the same origin gives the same bytes. */
export interface Origin {
  /** As it was given, without options that decide nothing of what is written. */
  readonly command: string;
  /** "halograd 1.2.3" */
  readonly engine: string;
  /** Of a command that computes with tensors. */
  readonly backend?: string;
  /** Of a command that draws random numbers; a bigint is told as text. */
  readonly seed?: number | string;
  /** Each file that was read, as the user called it → its digest. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** What a command has left in a folder. */
export interface Written extends Origin {
  /** Each file, as its name inside the folder → its digest. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** What a command's files come from, the files that it reads among it: they are read through this. */
export class Sources {
  /** What random numbers are drawn from, where that is told: by the command line, or by a model. */
  seed: number | bigint | undefined;
  readonly #command: string;
  readonly #backend: string | undefined;
  readonly #digests = new Map<string, string>();

  constructor(words: readonly string[], backend?: string) {
    this.#command = words.map(quoted).join(" ");
    this.#backend = backend;
  }

  /** As {@link readBytes}. */
  bytes(path: string): Uint8Array {
    return this.#noted(path, readBytes(path));
  }

  /** As `readTextFile`. */
  text(path: string): string {
    return decodeText(this.#noted(path, readInput(path)), path);
  }

  /** The digest of a file that was read. */
  digest(path: string): string {
    return this.#digests.get(sourceOf(path)) ?? "";
  }

  /** As it is known by now. */
  origin(): Origin {
    const { seed } = this;
    return {
      command: this.#command,
      engine: `halograd ${version()}`,
      ...(this.#backend !== undefined && { backend: this.#backend }),
      ...(seed !== undefined && { seed: typeof seed === "bigint" ? String(seed) : seed }),
      inputs: Object.fromEntries(this.#digests),
    };
  }

  #noted(path: string, bytes: Uint8Array): Uint8Array {
    this.#digests.set(sourceOf(path), sha256Of(bytes));
    return bytes;
  }
}

/** SHA-256, in hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:=,+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** An origin for people: a row for each of its parts, and for each file that was read. */
export function originRows(origin: object): [name: string, text: string][] {
  return Object.entries(origin).flatMap(([name, value]): [string, string][] =>
    name === "inputs"
      ? Object.entries(Object(value)).map(([file, digest]) => ["input", `${file} sha256:${digest}`])
      : [[name, typeof value === "string" ? value : JSON.stringify(value)]],
  );
}

const FORMAT = "halograd provenance, version 1";

/** The content of provenance.json. */
export function formatProvenance(commands: readonly Written[]): string {
  return `${JSON.stringify({ format: FORMAT, commands }, null, 2)}\n`;
}

/** What provenance.json tells; undefined for a text of another kind. */
export function parseProvenance(text: string): Written[] | undefined {
  let found: { readonly format?: unknown; readonly commands?: unknown } = {};
  try {
    found = Object(JSON.parse(text));
  } catch {
    // Of another program.
  }
  const { format, commands } = found;
  const isRight = format === FORMAT && Array.isArray(commands) && commands.every(isWritten);
  // Its fields and no others, which could be anything.
  return isRight
    ? commands.map(({ command, engine, backend, seed, inputs, outputs }: Written) => ({
        ...{ command, engine },
        ...(backend !== undefined && { backend }),
        ...(seed !== undefined && { seed }),
        ...{ inputs, outputs },
      }))
    : undefined;
}

function isWritten(value: unknown): boolean {
  const { command, engine, backend = "", seed = 0, inputs, outputs } = Object(value);
  const isText = (one: unknown): boolean => typeof one === "string";
  const isTable = (one: unknown): boolean =>
    typeof one === "object" && one !== null && Object.values(one).every(isText);
  return (
    [command, engine, backend].every(isText) &&
    (isText(seed) || Number.isFinite(seed)) &&
    [inputs, outputs].every(isTable)
  );
}
