/**
 * Files for the command line: written whole or not at all, read with errors that say what to do. The formats
 * themselves live in src/io, which knows no file system.
 */

import { constants as bufferConstants } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { clip } from "../basics/check.ts";
import { FormatError, HalogradError } from "../basics/errors.ts";

/** A file or folder that cannot be read or written; `code` is the system's (`"ENOSPC"`), `path` the user's. */
export class FileError extends HalogradError {
  readonly path: string;
  readonly code: string;

  constructor(path: string, code: string, problem: string, fix: string) {
    super(path === "" ? '""' : path, problem, fix);
    this.path = path;
    this.code = code;
  }
}

/**
 * Writes one file whole: a reader, or a machine that dies midway, sees the old file or the new one, never a part.
 * An existing file is replaced; a link is followed; a device or pipe (`/dev/stdout`) is written to directly.
 *
 * @throws FileError when it cannot be written; nothing is left behind and an existing file is unchanged
 */
export function writeFileWhole(path: string, data: string | Uint8Array): void {
  writeFilesWhole([[path, data]]);
}

/**
 * Writes a set of files, each whole: all are first written aside (same folder, `.name.<pid>.<random>.tmp`) and
 * flushed to disk, and only when every one of them is there are they renamed. So a full disk changes nothing at
 * all, and a kill between two renames leaves old and new files, each whole.
 *
 * @param files path and content
 * @param mayReplace whether a file that exists may be replaced; asked when it is written. Default: any
 * @throws FileError when one cannot be written, with code `EEXIST` for one that may not be replaced; nothing is changed then
 */
export function writeFilesWhole(
  files: Iterable<readonly [path: string, data: string | Uint8Array]>,
  mayReplace: (path: string) => boolean = () => true,
): void {
  const staged: { path: string; aside: string; target: string }[] = [];
  const appeared: string[] = [];
  const direct: (readonly [string, string | Uint8Array])[] = [];
  try {
    for (const file of files) {
      const [path, data] = file;
      attempt(path, () => {
        if (path === "") throw fileError(path, "ENOENT"); // else it would be staged in the current folder
        const existing = statSync(path, { throwIfNoEntry: false });
        if (existing?.isDirectory()) throw fileError(path, "EISDIR");
        // Renaming over /dev/null would replace the device by a file.
        if (existing !== undefined && !existing.isFile()) {
          direct.push(file);
          return;
        }
        const target = existing === undefined ? path : realpathSync(path);
        if (staged.some((file) => file.target === target)) throw fileError(path, "EEXIST");
        const [folder, name] = [dirname(target), basename(target)];
        removeLeftovers(folder, name);
        const aside = join(folder, `.${name}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`);
        const descriptor = openSync(aside, "wx", existing?.mode ?? 0o666);
        staged.push({ path, aside, target });
        try {
          writeFileSync(descriptor, data);
          fsyncSync(descriptor);
        } finally {
          closeSync(descriptor);
        }
      });
    }
    for (const [path, data] of direct) attempt(path, () => writeFileSync(path, data));
    // Those that must be new come first, by a link, which fails where there is a file by now: until then all can be taken back.
    const isNew = ({ path }: { readonly path: string }): boolean => !mayReplace(path);
    for (const { path, aside, target } of staged.filter(isNew)) {
      attempt(path, () => linkNew(path, aside, target));
      appeared.push(target);
    }
    for (const { path, aside, target } of staged) {
      attempt(path, () => (isNew({ path }) ? rmSync(aside, { force: true }) : renameSync(aside, target)));
    }
  } catch (error) {
    for (const target of appeared) rmSync(target, { force: true });
    for (const { aside } of staged) {
      try {
        rmSync(aside, { force: true });
      } catch {
        // The first error matters more; the next run removes the leftover.
      }
    }
    throw error;
  }
}

/** Gives a file a name that nothing has. @throws FileError with code `EEXIST` where something has it */
function linkNew(path: string, aside: string, target: string): void {
  try {
    linkSync(aside, target);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // Some file systems have no links: there, looking first is the best there is.
    if (code !== "EEXIST" && !lstatSync(target, { throwIfNoEntry: false })) {
      return void writeFileSync(target, readFileSync(aside), { flag: "wx" });
    }
    throw new FileError(
      path,
      "EEXIST",
      "this appeared after the command had begun, and is not overwritten",
      "move it away, or choose another --out; the same command gives the same results again",
    );
  }
}

/**
 * Holds a folder for this process, so that no other one writes a set of files into it at the same time. What a process that has ended
 * left of a lock is taken over.
 *
 * @returns the lock, a file to remove at the end
 * @throws FileError with code `EBUSY` where a running process holds the folder
 */
export function lockFolder(folder: string): string {
  const lock = join(folder, ".halograd.lock");
  const own = `${process.pid} ${hostname()}\n`;
  attempt(lock, () => {
    removeLeftovers(folder, "halograd.lock");
    for (let isFree = false; !isFree; ) {
      try {
        writeFileSync(lock, own, { flag: "wx" });
        isFree = true;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
        removeStaleLock(folder, lock);
      }
    }
  });
  return lock;
}

/** @throws FileError with code `EBUSY` for a lock whose process runs, or is on another machine */
function removeStaleLock(folder: string, lock: string): void {
  const held = (): string => (existsSync(lock) ? readFileSync(lock, "utf8") : "");
  const text = held();
  const [id, host] = text.trim().split(" ");
  const isRunning = host !== hostname() || isOtherProcessAlive(Number(id));
  if (text !== "" && isRunning) {
    throw new FileError(
      folder,
      "EBUSY",
      `another halograd writes into this folder (process ${clip(id)} on ${clip(host ?? "?")})`,
      `wait for its end, or choose another --out; if it has died, remove ${lock}`,
    );
  }
  // Renamed first: two that find the same stale lock must not both remove, the second one the first one's new lock.
  const aside = `${lock}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // gone already: whoever creates it next has it
  }
  if (readFileSync(aside, "utf8") === text) rmSync(aside, { force: true });
  else renameSync(aside, lock);
}

/** Options of {@link ensureOutputFolder}. */
export interface OutputFolderOptions {
  /** The files that the job will write, as names inside the folder. */
  readonly names: readonly string[];
  /** Allow them to be replaced. Default false. */
  readonly force?: boolean;
}

/**
 * Creates the folder of a job's output, parents too, and refuses before the work starts what would fail after it:
 * a folder that cannot be written to, and outputs that already exist.
 *
 * @throws FileError with code `EEXIST` when one of `names` exists and `force` is not set, or the system's code
 * @example
 * ensureOutputFolder("out", { names: ["curves.csv", "galaxies.csv"] });
 */
export function ensureOutputFolder(path: string, { names, force = false }: OutputFolderOptions): void {
  attempt(path, () => {
    const existing = names.filter((name) => lstatSync(join(path, name), { throwIfNoEntry: false }));
    if (existing.length > 0 && !force) {
      const more = existing.length > 3 ? ` and ${existing.length - 3} more` : "";
      throw new FileError(
        path,
        "EEXIST",
        `${existing.slice(0, 3).join(", ")}${more} already there; an existing output is not overwritten by surprise`,
        "give --force to replace it, or another --out",
      );
    }
    for (const name of existing) {
      if (statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory()) {
        throw new FileError(
          join(path, name),
          "EISDIR",
          "this is a folder, where a file is to be written",
          "remove the folder, or choose another --out",
        );
      }
    }
    // Folder by folder: Node's recursive mkdir reports ENOENT on a read-only file system, and below /proc it
    // tries again for ever (Node 20).
    const missing: string[] = [];
    let nearest = resolve(path);
    for (; !existsSync(nearest); nearest = dirname(nearest)) missing.unshift(nearest);
    if (!statSync(nearest).isDirectory()) throw fileError(path, "ENOTDIR");
    accessSync(nearest, constants.W_OK | constants.X_OK);
    try {
      for (const folder of missing) mkdirSync(folder);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      throw new FileError(path, "ENOENT", `no folder can be made in ${nearest}`, "choose another path");
    }
  });
}

/**
 * Reads a whole file.
 *
 * @throws FileError when it is missing, a folder, a device, not permitted …
 */
export function readBytes(path: string): Uint8Array {
  return attempt(path, () => {
    const kind = statSync(path);
    if (kind.isCharacterDevice() || kind.isBlockDevice()) throw fileError(path, "ENODEV");
    return readFileSync(path);
  });
}

/**
 * Reads a whole UTF-8 text file; a byte order mark is dropped. "-" is standard input.
 *
 * @throws FileError as {@link readBytes}
 * @throws FormatError when it is not UTF-8 text, or longer than a JavaScript string can be
 */
export function readTextFile(path: string): string {
  return decodeText(readInput(path), path);
}

/** As {@link readBytes}; "-" is standard input. */
export function readInput(path: string): Uint8Array {
  return path === "-" ? readStandardInput() : readBytes(path);
}

/** The text of {@link readTextFile}, of bytes that were read. */
export function decodeText(bytes: Uint8Array, path: string): string {
  const refuse = (problem: string, fix: string): never => {
    throw new FormatError(sourceOf(path), problem, fix);
  };
  if (bytes.length > bufferConstants.MAX_STRING_LENGTH)
    refuse(`${bytes.length} bytes are too many for one text`, "split the file");
  const foreign = encodingOf(bytes);
  if (foreign !== undefined) refuse(...foreign);
  return new TextDecoder("utf-8").decode(bytes);
}

/** What to call a file in messages. */
export function sourceOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** To the end of the stream, which may be a pipe that its writer fills slowly. */
function readStandardInput(): Uint8Array {
  return attempt("-", () => {
    const parts: Uint8Array[] = [];
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (;;) {
      const part = new Uint8Array(65_536);
      try {
        const count = readSync(0, part);
        if (count === 0) return Buffer.concat(parts);
        parts.push(part.subarray(0, count));
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : "";
        if (code === "EOF") return Buffer.concat(parts);
        // A pipe that another program has set not to wait: nothing is there yet.
        if (code !== "EAGAIN") throw error;
        Atomics.wait(pause, 0, 0, 20);
      }
    }
  });
}

/** What bytes are that are no text in UTF-8, and what to do about it; undefined where they are. */
function encodingOf(bytes: Uint8Array): [problem: string, fix: string] | undefined {
  const starts = (...first: number[]): boolean => first.every((byte, i) => bytes[i] === byte);
  const convert = (from: string): string => `convert it: iconv -f ${from} -t UTF-8 FILE > NEW`;
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return ["the file is UTF-16 text", convert("UTF-16")];
  if (starts(0x1f, 0x8b)) return ["the file is compressed by gzip", "unpack it: gunzip -k FILE"];
  if (starts(0x50, 0x4b, 3, 4))
    return ["the file is a zip archive or a spreadsheet", "save the table as CSV"];
  const head = bytes.subarray(0, 1024);
  const zerosAt = (parity: number): number => head.filter((byte, i) => byte === 0 && i % 2 === parity).length;
  if (4 * zerosAt(1) > head.length) return ["the file is UTF-16 text", convert("UTF-16LE")];
  if (4 * zerosAt(0) > head.length) return ["the file is UTF-16 text", convert("UTF-16BE")];
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    // Text of one byte a letter has no control characters but ends of lines, tabs and form feeds.
    const isText = bytes.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
    return isText
      ? ["the file is not UTF-8 text, but Latin-1 or a code page like it", convert("ISO-8859-1")]
      : ["the file is not UTF-8 text", "save it as UTF-8, or check that it is the right file"];
  }
}

/** What the system's codes mean for the user: the problem, and what to do. */
const meanings: Readonly<Record<string, readonly [problem: string, fix: string]>> = {
  ENOENT: ["no such file or folder", "check the path; a relative one starts at the current folder"],
  EACCES: ["permission denied", "change its permissions, or choose another path"],
  EPERM: ["the system does not permit this", "change its permissions, or choose another path"],
  EROFS: ["the file system is read-only", "choose a path on another one"],
  ENOSPC: ["no space left on the disk", "free some space, or choose another path"],
  EDQUOT: ["your disk quota is used up", "free some space, or choose another path"],
  EFBIG: ["the file would be larger than the file system allows", "choose a path on another one"],
  ENOTDIR: ["a part of the path is a file, not a folder", "remove that file, or choose another path"],
  EISDIR: ["this is a folder, not a file", "give the path of a file"],
  EEXIST: ["something else already has this name", "remove it, or choose another path"],
  ENODEV: ["this is a device, not a file", "give the path of a file"],
  EMFILE: ["too many files are open in this process", "raise the limit with ulimit -n"],
  ENFILE: ["too many files are open on this machine", "close some programs"],
  ELOOP: ["the links in this path go in a circle", "correct the links"],
  ENAMETOOLONG: ["the name is too long", "choose a shorter one"],
  EIO: ["the disk reports an error", "check the disk, or choose another path"],
  EBUSY: ["another program is using this", "close it and try again"],
  ERR_FS_FILE_TOO_LARGE: ["the file is too large to read whole", "split the file"],
  ERR_INVALID_ARG_VALUE: ["the path holds a zero byte", "correct the path"],
};

function fileError(path: string, code: string): FileError {
  const [problem, fix] = meanings[code] ?? [`the system refuses (${code})`, "try another path"];
  return new FileError(path, code, problem, fix);
}

/** Runs file work on `path` and turns the system's errors into FileErrors; a bug stays what it is. */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof HalogradError || !(error instanceof Error) || !("code" in error)) throw error;
    throw fileError(path, String(error.code));
  }
}

/**
 * Removes what a killed run left of this file. An aside with our own process id is one too: writing is
 * synchronous, so none of ours is under way here, and in containers every run may have the same id.
 */
function removeLeftovers(folder: string, name: string): void {
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(`.${name}.`)) continue;
    const id = /^(\d{1,10})\.[0-9a-f]{12}\.tmp$/.exec(entry.slice(name.length + 2))?.[1];
    if (id !== undefined && !isOtherProcessAlive(Number(id))) rmSync(join(folder, entry), { force: true });
  }
}

function isOtherProcessAlive(id: number): boolean {
  if (id === process.pid) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
