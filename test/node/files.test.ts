/** src/node/files.ts: files whole or not at all, on full and read-only disks and when the process is killed. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import ts from "typescript";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { FormatError, HalogradError } from "../../src/basics/errors.ts";
import {
  ensureOutputFolder,
  FileError,
  lockFolder,
  readBytes,
  readTextFile,
  writeFilesWhole,
  writeFileWhole,
} from "../../src/node/files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halograd-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The FileError's code; anything else that is thrown fails the test. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error).toBeInstanceOf(HalogradError);
    expect(error.message).toMatch(/^.+: .+\n {2}Fix: .+$/);
    return error.code;
  }
  return "nothing thrown";
}

/** A small file system of its own, when the user may mount one and the platform has tmpfs. */
const mounts: string[] = [];
function mountTmpfs(): string | undefined {
  const point = mkdtempSync(join(tmpdir(), "halograd-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "halograd-test", point], { stdio: "ignore" });
  } catch {
    rmSync(point, { recursive: true });
    return undefined;
  }
  mounts.push(point);
  return point;
}
const small = mountTmpfs();
afterAll(() => {
  for (const point of mounts) {
    execFileSync("umount", [point]);
    rmSync(point, { recursive: true });
  }
});

describe("writing", () => {
  test("creates files with text or bytes, and replaces existing ones, leaving nothing else", () => {
    writeFileWhole(join(folder, "a.csv"), "old");
    writeFilesWhole([
      [join(folder, "a.csv"), "R [kpc] → v\n"],
      [join(folder, "b.bin"), Uint8Array.of(0, 255)],
    ]);
    expect(readTextFile(join(folder, "a.csv"))).toBe("R [kpc] → v\n");
    expect([...readBytes(join(folder, "b.bin"))]).toEqual([0, 255]);
    expect(readdirSync(folder)).toEqual(["a.csv", "b.bin"]);
  });

  test("follows a link and keeps the permissions of the file behind it", () => {
    const target = join(folder, "target");
    writeFileSync(target, "old");
    chmodSync(target, 0o600);
    symlinkSync(target, join(folder, "link"));
    writeFileWhole(join(folder, "link"), "new");
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["link", "target"]);
  });

  test("changes nothing at all when one file of the set cannot be written", () => {
    writeFileWhole(join(folder, "a"), "old");
    mkdirSync(join(folder, "b"));
    const code = codeOf(() =>
      writeFilesWhole([
        [join(folder, "a"), "new"],
        [join(folder, "new"), "new"],
        [join(folder, "b"), "new"],
      ]),
    );
    expect(code).toBe("EISDIR");
    expect(readdirSync(folder)).toEqual(["a", "b"]);
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("old");
  });

  test.each([
    ["ENOENT", (path: string) => join(path, "missing", "x")],
    ["ENOENT", () => ""],
    ["EISDIR", (path: string) => path],
    ["ENOTDIR", (path: string) => join(path, "file", "x")],
    ["ENAMETOOLONG", (path: string) => join(path, "x".repeat(300))],
    ["ELOOP", (path: string) => join(path, "loop", "x")],
    ["ERR_INVALID_ARG_VALUE", (path: string) => join(path, "x\0y")],
  ])("ends in a FileError %s for a path that cannot be, and leaves nothing", (code, pathIn) => {
    writeFileSync(join(folder, "file"), "");
    symlinkSync("loop", join(folder, "loop"));
    expect(codeOf(() => writeFileWhole(pathIn(folder), "data"))).toBe(code);
    expect(readdirSync(folder)).toEqual(["file", "loop"]);
  });

  test("refuses the same file twice in one set", () => {
    const path = join(folder, "x");
    const files = [path, path].map((name): [string, string] => [name, "data"]);
    expect(codeOf(() => writeFilesWhole(files))).toBe("EEXIST");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("replaces no file that must be new, and then writes none of the set", () => {
    for (const name of ["old", "appeared"]) writeFileSync(join(folder, name), name);
    const write = (mayReplace: (path: string) => boolean): void =>
      writeFilesWhole(
        ["new", "old", "appeared", "newer"].map((name) => [join(folder, name), "data"]),
        mayReplace,
      );
    const isOld = (path: string): boolean => path.endsWith("/old");
    expect(codeOf(() => write(isOld))).toBe("EEXIST");
    expect(() => write(isOld)).toThrow("appeared after the command had begun");
    expect(readdirSync(folder)).toEqual(["appeared", "old"]);
    for (const name of ["old", "appeared"]) expect(readFileSync(join(folder, name), "utf8")).toBe(name);
    write((path) => isOld(path) || path.endsWith("/appeared"));
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), "utf8")).toBe("data");
    expect(readdirSync(folder)).toEqual(["appeared", "new", "newer", "old"]);
  });

  test("holds a folder against others that run, and takes over what the dead have left", () => {
    const lock = lockFolder(folder);
    expect(readdirSync(folder)).toEqual([basename(lock)]);
    const gone = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
    for (const left of [`${gone} ${hostname()}\n`, `${process.pid} ${hostname()}\n`, ""]) {
      writeFileSync(lock, left);
      // As a process leaves it that is killed while it takes a lock over.
      writeFileSync(`${lock}.99999999.0123456789ab.tmp`, left);
      expect(lockFolder(folder)).toBe(lock);
      expect(readFileSync(lock, "utf8")).toBe(`${process.pid} ${hostname()}\n`);
      expect(readdirSync(folder)).toEqual([basename(lock)]);
    }
    for (const held of [`1 ${hostname()}\n`, `${gone} another-machine\n`]) {
      writeFileSync(lock, held);
      expect(codeOf(() => lockFolder(folder))).toBe("EBUSY");
      expect(() => lockFolder(folder)).toThrow("another halograd writes into this folder");
      expect(readFileSync(lock, "utf8")).toBe(held);
    }
  });

  test("removes what a killed run left of the file, and only that", () => {
    // The first id has just ended; process 1 lives; our own id stands for an earlier run in a like container.
    const gone = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
    const left = [`.x.${gone}.0123456789ab.tmp`, `.x.${process.pid}.0123456789ab.tmp`];
    const kept = [
      `.x.1.0123456789ab.tmp`,
      `.y.${gone}.0123456789ab.tmp`,
      `.x.${gone}.tmp`,
      `.x.y.${gone}.0123456789ab.tmp`,
    ];
    for (const name of [...left, ...kept]) writeFileSync(join(folder, name), "");
    writeFileWhole(join(folder, "x"), "data");
    expect(readdirSync(folder)).toEqual([...kept, "x"].sort());
  });

  test.skipIf(!existsSync("/dev/full"))("writes to a device itself, never over it", () => {
    expect(codeOf(() => writeFileWhole("/dev/full", "data"))).toBe("ENOSPC");
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
    writeFileWhole("/dev/null", "data");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

// Skipped aloud where no tmpfs can be mounted: that takes root (or CAP_SYS_ADMIN) on Linux.
describe.skipIf(small === undefined)("on a tmpfs of 64 kB (needs the right to mount)", () => {
  const path = (name: string): string => join(small as string, name);

  test("a full disk ends in ENOSPC, keeps the old files and leaves no new ones", () => {
    writeFileWhole(path("a"), "old");
    const big = new Uint8Array(100_000);
    const write = (): void =>
      writeFilesWhole([
        [path("a"), "new"],
        [path("b"), big],
      ]);
    expect(codeOf(write)).toBe("ENOSPC");
    expect(write).toThrow("no space left");
    expect(readdirSync(small as string)).toEqual(["a"]);
    expect(readFileSync(path("a"), "utf8")).toBe("old");
  });

  // Root passes any permission bits, so a read-only mount stands for a folder that cannot be written to.
  test("a read-only folder is refused before the work starts, and when writing", () => {
    writeFileWhole(path("a"), "old");
    execFileSync("mount", ["-o", "remount,ro", small as string]);
    try {
      expect(codeOf(() => ensureOutputFolder(small as string, { names: ["b"] }))).toBe("EROFS");
      expect(codeOf(() => ensureOutputFolder(path("new"), { names: ["b"] }))).toBe("EROFS");
      expect(codeOf(() => writeFileWhole(path("a"), "new"))).toBe("EROFS");
      expect(readFileSync(path("a"), "utf8")).toBe("old");
    } finally {
      execFileSync("mount", ["-o", "remount,rw", small as string]);
    }
  });
});

// Root passes any permission bits; others see what a user sees.
test.skipIf(process.getuid === undefined || process.getuid() === 0)(
  "a folder or file without permission ends in EACCES (not testable as root)",
  () => {
    writeFileSync(join(folder, "secret"), "");
    chmodSync(join(folder, "secret"), 0);
    expect(codeOf(() => readBytes(join(folder, "secret")))).toBe("EACCES");
    chmodSync(folder, 0o500);
    expect(codeOf(() => ensureOutputFolder(folder, { names: ["x"] }))).toBe("EACCES");
    expect(codeOf(() => writeFileWhole(join(folder, "x"), ""))).toBe("EACCES");
    chmodSync(folder, 0o700);
  },
);

describe("a process killed while it writes", () => {
  test("leaves only whole files, and the next run removes its leftovers", async () => {
    // The module as plain JavaScript, since a child process of Node 20 cannot load TypeScript.
    for (const name of ["basics/errors", "basics/check", "node/files"]) {
      const text = readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), "utf8");
      const { outputText } = ts.transpileModule(text, {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2022,
          rewriteRelativeImportExtensions: true,
        },
      });
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, `${name}.js`), outputText);
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const out = join(folder, "out");
    mkdirSync(out);
    writeFileSync(
      join(folder, "child.js"),
      `import { writeFilesWhole } from "./node/files.js";
      for (let i = 0; ; i++) {
        const data = new Uint8Array(4_000_000).fill(i);
        writeFilesWhole([["out/a", data], ["out/b", data]]);
        if (i === 0) console.log("ready");
      }`,
    );
    for (const delay of [3, 8, 21, 55]) {
      const child = spawn(process.execPath, ["child.js"], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      for (const name of ["a", "b"]) {
        const bytes = readFileSync(join(out, name));
        expect(bytes.length).toBe(4_000_000);
        expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      }
    }
    writeFilesWhole(["a", "b"].map((name) => [join(out, name), "data"]));
    expect(readdirSync(out)).toEqual(["a", "b"]);
  }, 30_000);
});

describe("the output folder", () => {
  const names = ["curves.csv", "galaxies.csv", "loss.csv", "model.safetensors", "samples.csv"];

  test("is created with its parents, or taken as it is when none of the outputs is there", () => {
    const path = join(folder, "deep", "out");
    ensureOutputFolder(path, { names });
    writeFileSync(join(path, "notes.txt"), "");
    ensureOutputFolder(path, { names });
    expect(readdirSync(path)).toEqual(["notes.txt"]);
  });

  test("is refused when it holds an output, links to nowhere included, unless force is given", () => {
    for (const name of names.slice(1)) symlinkSync("nowhere", join(folder, name));
    const refused = (): void => ensureOutputFolder(folder, { names });
    expect(codeOf(refused)).toBe("EEXIST");
    expect(refused).toThrow("galaxies.csv, loss.csv, model.safetensors and 1 more already there");
    expect(refused).toThrow("not overwritten by surprise");
    expect(refused).toThrow("--force");
    expect(refused).toThrow("another --out");
    ensureOutputFolder(folder, { names, force: true });
  });

  test("cannot be a file, below a file, or hold a folder in the place of an output", () => {
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "loss.csv"));
    expect(codeOf(() => ensureOutputFolder(join(folder, "file"), { names }))).toBe("ENOTDIR");
    expect(codeOf(() => ensureOutputFolder(join(folder, "file", "out"), { names }))).toBe("ENOTDIR");
    expect(codeOf(() => ensureOutputFolder(folder, { names, force: true }))).toBe("EISDIR");
  });
});

describe("reading", () => {
  test.each([
    ["ENOENT", "missing"],
    ["EISDIR", "."],
    ["ENOTDIR", "file/x"],
    ["ELOOP", "loop"],
    ["ERR_INVALID_ARG_VALUE", "x\0y"],
  ])("ends in a FileError %s for %s", (code, name) => {
    writeFileSync(join(folder, "file"), "");
    symlinkSync("loop", join(folder, "loop"));
    expect(codeOf(() => readBytes(join(folder, name)))).toBe(code);
    expect(codeOf(() => readTextFile(join(folder, name)))).toBe(code);
  });

  test.skipIf(!existsSync("/dev/zero"))("refuses a device, which may never end", () => {
    expect(codeOf(() => readBytes("/dev/zero"))).toBe("ENODEV");
  });

  test.each([
    ["UTF-16 with a mark", Buffer.from("\ufeffR,V\n", "utf16le"), /is UTF-16 text\n.*iconv -f UTF-16 /],
    ["UTF-16 without", Buffer.from("R,V\n1,60\n", "utf16le"), /is UTF-16 text\n.*iconv -f UTF-16LE /],
    ["UTF-16, big end first", Buffer.from("R,V\n1,60\n", "utf16le").swap16(), /UTF-16 text\n.*-f UTF-16BE /],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /compressed by gzip\n.*gunzip/],
    ["a spreadsheet", Uint8Array.of(0x50, 0x4b, 3, 4, 20), /a zip archive or a spreadsheet\n.*CSV/],
    ["bytes of no text", Uint8Array.of(0x72, 0xe9, 1, 2), /not UTF-8 text\n.*right file/],
  ])("names what a file is that is no UTF-8 text: %s", (name, bytes, message) => {
    writeFileSync(join(folder, name), bytes);
    expect(() => readTextFile(join(folder, name))).toThrow(FormatError);
    expect(() => readTextFile(join(folder, name))).toThrow(message);
  });

  test("refuses text that is not UTF-8, and drops a byte order mark", () => {
    writeFileSync(join(folder, "latin1"), Uint8Array.of(0x72, 0xe9));
    expect(() => readTextFile(join(folder, "latin1"))).toThrow(FormatError);
    expect(() => readTextFile(join(folder, "latin1"))).toThrow(
      /not UTF-8 text, but Latin-1.*\n.*iconv -f ISO-8859-1/,
    );
    writeFileSync(join(folder, "mark"), "\ufeffR");
    expect(readTextFile(join(folder, "mark"))).toBe("R");
  });
});
