/** The folder that a command writes into: checked before the work starts, held while it lasts, and filled with whole files of one run. */

import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parentPort } from "node:worker_threads";
import { formatName, shortFloat } from "../io/csv.ts";
import { type FitsColumn, writeFits, writeNpz } from "../io/index.ts";
import {
  ensureOutputFolder,
  FileError,
  lockFolder,
  readBytes,
  readTextFile,
  writeFilesWhole,
} from "../node/files.ts";
import type { Message } from "../node/interruption.ts";
import { oneLine } from "../node/terminal.ts";
import type { Context } from "./context.ts";
import {
  formatProvenance,
  originRows,
  PROVENANCE,
  parseProvenance,
  type Sources,
  sha256Of,
  type Written,
} from "./provenance.ts";

/** The figures of a run, in the order in which the report tells them. */
export const FIGURES = ["curves", "noise", "loss", "predictions", "sampling"] as const;

/** One of them. */
export type FigureName = (typeof FIGURES)[number];

/** The file of a figure in the output folder. */
export function figureFile(figure: FigureName): string {
  return `figures/${figure}.svg`;
}

/** A file's name inside the folder, and its content. */
export type OutputFile = readonly [name: string, content: string | Uint8Array];

/** What a training that was stopped goes on from. It is there until the command has done all that it was to do. */
export const CHECKPOINT = "checkpoint.safetensors";

/** What came of a galaxy, with all that decided it: what work on many galaxies goes on from. */
export const RESULT = "result.json";

/** Where each of several galaxies has its folder. */
export const GALAXIES = "galaxies";

/** What curves are written as: tables of text, or all in one file for NumPy or for TOPCAT and Astropy. */
export type CurveFormat = "csv" | "npz" | "fits";

/**
 * Curves in one file, with what they come from. npz: `radii` in kpc, `curves` [curves, radii] in km/s, and `provenance` as JSON. FITS: a
 * row a curve, whose radii and velocities are vectors, and HISTORY.
 *
 * @param columns further ones, with a value for each curve
 */
export function curveArrays(
  format: Exclude<CurveFormat, "csv">,
  radii: Float64Array,
  curves: readonly (Float32Array | Float64Array)[],
  origin: object,
  columns: readonly (readonly [name: string, column: FitsColumn])[] = [],
): Uint8Array {
  const shape = [curves.length, radii.length];
  const flat = <T extends Float32Array | Float64Array>(
    data: T,
    rowOf: (i: number) => ArrayLike<number>,
  ): T => {
    for (let i = 0; i < curves.length; i++) data.set(rowOf(i), i * radii.length);
    return data;
  };
  const size = curves.length * radii.length;
  const isSingle = curves[0] instanceof Float32Array;
  const data = flat(isSingle ? new Float32Array(size) : new Float64Array(size), (i) => curves[i]);
  if (format === "npz") {
    return writeNpz([
      ["radii", { shape: [radii.length], data: radii }],
      ["curves", { shape, data }],
      ["provenance", JSON.stringify(origin)],
      ...columns,
    ]);
  }
  const radius = { shape, data: flat(new Float64Array(size), () => radii), unit: "kpc" };
  const history = originRows(origin).map((row) => row.join(": "));
  return writeFits([["radius", radius], ["velocity", { shape, data, unit: "km/s" }], ...columns], {
    ...{ name: "CURVES", history },
  });
}

/** Curves that a network made, in the digits of float32, which is all that it has: what is written is read as what it was. */
export function inFloat32(curves: readonly Float64Array[]): Float64Array[] {
  return curves.map((curve) => curve.map((value) => shortFloat(Math.fround(value))));
}

/** A table with texts among its numbers. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [header, ...rows].map((cells) =>
    cells
      .map((cell) => (typeof cell === "number" ? String(Number(cell.toPrecision(7))) : formatName(cell)))
      .join(),
  );
  return `${lines.join("\n")}\n`;
}

/** The files of a run: each list follows from the one before it, and is no longer true when that is replaced. */
const LINKS: readonly (readonly string[])[] = [
  ["population.json", "galaxies.csv", "curves.csv", "curves.npz", "curves.fits"],
  [CHECKPOINT, "loss.csv", "model.safetensors"],
  [
    "model.onnx",
    "model.npz",
    "samples.csv",
    "samples.npz",
    "samples.fits",
    "guided.svg",
    ...FIGURES.map(figureFile),
    "report.html",
  ],
];

/** Where the results go. */
export class OutputFolder {
  readonly path: string;
  /** Names of the files written so far. */
  readonly written: string[] = [];
  /** What an earlier run left: of the same names, or following from what this one replaces. */
  readonly #former: ReadonlySet<string>;
  /** Whether the checkpoint that is there is this command's. */
  #hasCheckpoint: boolean;
  /** Whether what an earlier run left must be what this one writes. */
  readonly #keeps: boolean;
  readonly #sources: Sources;
  /** What other commands have left in the folder, as it was found. */
  readonly #others: readonly Written[];
  /** The digest of each file that was written. */
  readonly #digests = new Map<string, string>();
  /** What provenance.json tells by now; undefined before it is written. */
  #provenance: string | undefined;

  /**
   * @param options.names every file that the command may write
   * @param options.sources what they come from
   * @param options.force whether those that are there may be replaced, and those that follow from them removed
   * @param options.resumes whether the command goes on from the checkpoint there, and so with files of its own
   * @param options.isOwn whether what is there is of this very command
   * @param options.mayBeDone whether files may be there without a checkpoint, because the same command was stopped before the first one or
   *   after its end: they are then replaced by the same contents, or by some that go on from them, and by no others
   * @throws FileError when one is there and `force` is not set, the folder cannot be written to, or another process writes into it
   */
  constructor(
    path: string,
    options: {
      readonly names: readonly string[];
      readonly sources: Sources;
      readonly force: boolean;
      readonly resumes?: boolean;
      readonly isOwn?: boolean;
      readonly mayBeDone?: boolean;
    },
  ) {
    const { resumes = false, isOwn = resumes, mayBeDone = false } = options;
    const first = LINKS.findIndex((link) => link.some((name) => options.names.includes(name)));
    const following = first < 0 ? [] : LINKS.slice(first + 1).flat();
    const names = [...new Set([...options.names, ...following])];
    const wanted = { names, force: options.force || isOwn || mayBeDone };
    try {
      ensureOutputFolder(path, wanted);
    } catch (error) {
      if (!(error instanceof FileError && error.code === "EEXIST")) throw error;
      const kept = names.filter((name) => [CHECKPOINT, RESULT].includes(basename(name)));
      if (!kept.some((name) => existsSync(join(path, name)))) throw error;
      const fix = "give --resume to go on with what was stopped, --force to replace it, or another --out";
      throw new FileError(error.path, error.code, error.problem, fix);
    }
    for (const folder of new Set(options.names.map((name) => name.split("/").slice(0, -1)[0]))) {
      if (folder !== undefined) ensureOutputFolder(join(path, folder), { names: [] });
    }
    const lock = lockFolder(path);
    parentPort?.postMessage({ lock } satisfies Message);
    // Once more, now that nobody else can write: another one may have ended between the two.
    ensureOutputFolder(path, wanted);
    this.path = path;
    this.#hasCheckpoint = resumes;
    this.#keeps = mayBeDone && !isOwn && !options.force;
    const isThere = (name: string): boolean =>
      lstatSync(join(path, name), { throwIfNoEntry: false }) !== undefined;
    this.#former = new Set([...names, PROVENANCE].filter(isThere));
    this.#sources = options.sources;
    this.#others = isThere(PROVENANCE) ? othersOf(join(path, PROVENANCE), options.force) : [];
  }

  /**
   * Writes files, all or none. With the first ones, what an earlier run left of the others goes: a model
   * must not lie beside the samples of another one. What has appeared since the work began is neither replaced nor removed.
   */
  write(files: readonly OutputFile[]): void {
    const isFirst = this.written.length === 0;
    // Those of galaxies have their result beside them, which tells it.
    const listed = files.filter(([name]) => !name.startsWith(`${GALAXIES}/`));
    for (const [name, content] of listed) this.#digests.set(name, sha256Of(content));
    const provenance = isFirst || listed.length > 0 ? this.#told() : this.#provenance;
    const isNews = provenance !== undefined && provenance !== this.#provenance;
    // It comes last: what it tells of is there.
    this.#write(isNews ? [...files, [PROVENANCE, provenance]] : files);
    this.#provenance = provenance;
    this.written.push(...files.map(([name]) => name));
    if (!isFirst || this.#keeps) return;
    for (const name of this.#former) {
      if (this.files.includes(name)) continue;
      rmSync(join(this.path, name), { force: true });
      // Folders of galaxies that are none of this command's.
      for (
        let folder = dirname(name);
        folder.includes("/") || folder.startsWith(GALAXIES);
        folder = dirname(folder)
      ) {
        if (readdirSync(join(this.path, folder)).length > 0) break;
        rmdirSync(join(this.path, folder));
      }
    }
  }

  /** What provenance.json is to tell: of this command's files, and of others' that stay; undefined where there are none. */
  #told(): string | undefined {
    const isGone = (name: string): boolean =>
      this.#digests.has(name) || (this.#former.has(name) && !this.#keeps);
    const commands = new Map<string, Written>();
    const add = (written: Written, outputs: (readonly [name: string, digest: string])[]): void => {
      const { outputs: _, ...origin } = written;
      const key = JSON.stringify(origin);
      const before = Object.entries(commands.get(key)?.outputs ?? {});
      // The same command, before it was stopped, is one with this one, which comes last.
      commands.delete(key);
      const all = [...before, ...outputs].sort(([a], [b]) => (a < b ? -1 : 1));
      if (all.length > 0) commands.set(key, { ...origin, outputs: Object.fromEntries(all) });
    };
    for (const other of this.#others) {
      add(
        other,
        Object.entries(other.outputs).filter(([name]) => !isGone(name) && existsSync(join(this.path, name))),
      );
    }
    add({ ...this.#sources.origin(), outputs: {} }, [...this.#digests]);
    return commands.size > 0 ? formatProvenance([...commands.values()]) : undefined;
  }

  /** Writes a checkpoint. What an earlier run left of other files stays until there is something in its place. */
  writeCheckpoint(bytes: Uint8Array): void {
    this.#write([[CHECKPOINT, bytes]]);
    this.#hasCheckpoint = true;
  }

  /** Removes the checkpoint: there is nothing left to go on with. */
  removeCheckpoint(): void {
    if (this.#hasCheckpoint) rmSync(join(this.path, CHECKPOINT), { force: true });
    this.#hasCheckpoint = false;
  }

  /** @throws FileError for files that are there with other contents, and not just the first part of them */
  #requireOwn(files: readonly OutputFile[]): void {
    for (const [name, content] of files) {
      if (!this.#former.has(name) || this.files.includes(name) || [CHECKPOINT, PROVENANCE].includes(name))
        continue;
      const path = join(this.path, name);
      const found = Buffer.from(readBytes(path));
      if (found.equals(Buffer.from(content as string).subarray(0, found.length))) continue;
      const fix = "give the options that it was begun with, --force to replace it, or another --out";
      throw new FileError(path, "EEXIST", "this is not what the same command would have left here", fix);
    }
  }

  /** Names of what this command has written, or had written before it was stopped and goes on from. */
  get files(): readonly string[] {
    const told = this.#provenance === undefined ? [] : [PROVENANCE];
    return [...this.written, ...told, ...(this.#hasCheckpoint ? [CHECKPOINT] : [])];
  }

  /** Whether there is something to go on from. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint;
  }

  /** The part of `--json` that tells what was written. */
  result(): { folder: string; files: readonly string[] } {
    return { folder: this.path, files: this.files };
  }

  /** What has appeared since the work began is not replaced. */
  #write(files: readonly OutputFile[]): void {
    if (this.#keeps) this.#requireOwn(files);
    for (const folder of new Set(files.map(([name]) => dirname(name))))
      ensureOutputFolder(join(this.path, folder), { names: [] });
    const mine = new Set([...this.#former, ...this.files].map((name) => join(this.path, name)));
    writeFilesWhole(
      files.map(([name, content]) => [join(this.path, name), content]),
      (path) => mine.has(path),
    );
  }
}

/** @throws FileError where it is of something else, and may not be replaced */
function othersOf(path: string, force: boolean): readonly Written[] {
  // A link that leads nowhere is of something else too.
  const found = existsSync(path) ? parseProvenance(readTextFile(path)) : undefined;
  if (found !== undefined || force) return found ?? [];
  const fix = "move it away, give --force to replace it, or another --out";
  throw new FileError(path, "EEXIST", "this is there, and not what halograd tells of its files", fix);
}

/**
 * Tells what was written, and after an interruption how to go on.
 *
 * @param goOn what can be done with the files besides starting again, without a full stop
 */
export function tellOutcome(
  { terminal, interruption }: Context,
  { path, files: written, hasCheckpoint }: OutputFolder,
  complete: boolean,
  goOn?: string,
): void {
  const figures = written.filter((name) => dirname(name) === "figures").map((name) => basename(name, ".svg"));
  const listed = written.filter((name) => dirname(name) === "." && name !== PROVENANCE);
  // Folders of galaxies, whose files have the same names in each.
  const inside = written.map((name) => name.split("/")).filter(([folder]) => folder === GALAXIES);
  const folders = new Set(inside.map(([, folder]) => folder));
  if (folders.size > 0) listed.push(`${GALAXIES}/ (${folders.size})`);
  if (figures.length > 0)
    listed.push(`figures/${figures.length === 1 ? figures[0] : `{${figures.join(",")}}`}.svg`);
  if (written.includes(PROVENANCE)) listed.push(PROVENANCE);
  const files = listed.length === 0 ? "nothing" : `${listed.join(", ")} in ${oneLine(join(path, "/"))}`;
  const again = written.length === 0 ? " starts again" : " with --force starts again";
  const ways = [
    goOn,
    hasCheckpoint && "the same command with --resume goes on where it was",
    `the same command${again}`,
  ].filter(Boolean);
  if (complete) terminal.say(`${terminal.green("wrote")} ${files}`);
  else terminal.print(`Stopped by ${interruption.reason}. Kept: ${files}.\n  Go on: ${ways.join("; ")}.`);
}
