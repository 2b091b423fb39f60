/** The folder that a command writes into: checked before the work starts, held while it lasts, and filled with whole files of one run. */

import { lstatSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parentPort } from "node:worker_threads";
import { ensureOutputFolder, lockFolder, writeFilesWhole } from "../node/files.ts";
import type { Message } from "../node/interruption.ts";
import { oneLine } from "../node/terminal.ts";
import type { Context } from "./context.ts";

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

/** The files of a run: each list follows from the one before it, and is no longer true when that is replaced. */
const LINKS: readonly (readonly string[])[] = [
  ["galaxies.csv", "curves.csv"],
  ["loss.csv", "model.safetensors"],
  ["samples.csv", "guided.svg", ...FIGURES.map(figureFile), "report.html"],
];

/** Where the results go. */
export class OutputFolder {
  readonly path: string;
  /** Names of the files written so far. */
  readonly written: string[] = [];
  /** What an earlier run left: of the same names, or following from what this one replaces. */
  readonly #former: ReadonlySet<string>;

  /**
   * @param options.names every file that the command may write
   * @param options.force whether those that are there may be replaced, and those that follow from them removed
   * @throws FileError when one is there and `force` is not set, the folder cannot be written to, or another process writes into it
   */
  constructor(path: string, options: { readonly names: readonly string[]; readonly force: boolean }) {
    const first = LINKS.findIndex((link) => link.some((name) => options.names.includes(name)));
    const following = first < 0 ? [] : LINKS.slice(first + 1).flat();
    const names = [...new Set([...options.names, ...following])];
    ensureOutputFolder(path, { ...options, names });
    for (const folder of new Set(options.names.map((name) => dirname(name)))) {
      if (folder !== ".") ensureOutputFolder(join(path, folder), { names: [] });
    }
    const lock = lockFolder(path);
    parentPort?.postMessage({ lock } satisfies Message);
    // Once more, now that nobody else can write: another one may have ended between the two.
    ensureOutputFolder(path, { ...options, names });
    this.path = path;
    this.#former = new Set(names.filter((name) => lstatSync(join(path, name), { throwIfNoEntry: false })));
  }

  /**
   * Writes files, all or none. With the first ones, what an earlier run left of the others goes: a model
   * must not lie beside the samples of another one. What has appeared since the work began is neither replaced nor removed.
   */
  write(files: readonly OutputFile[]): void {
    const mine = new Set([...this.#former, ...this.written].map((name) => join(this.path, name)));
    writeFilesWhole(
      files.map(([name, content]) => [join(this.path, name), content]),
      (path) => mine.has(path),
    );
    const isFirst = this.written.length === 0;
    this.written.push(...files.map(([name]) => name));
    if (!isFirst) return;
    for (const name of this.#former) {
      if (!this.written.includes(name)) rmSync(join(this.path, name), { force: true });
    }
  }

  /** The part of `--json` that tells what was written. */
  result(): { folder: string; files: string[] } {
    return { folder: this.path, files: this.written };
  }
}

/**
 * Tells what was written, and after an interruption how to go on.
 *
 * @param goOn what can be done with the files besides starting again, without a full stop
 */
export function tellOutcome(
  { terminal, interruption }: Context,
  { path, written }: OutputFolder,
  complete: boolean,
  goOn?: string,
): void {
  const figures = written.filter((name) => dirname(name) === "figures").map((name) => basename(name, ".svg"));
  const listed = written.filter((name) => dirname(name) !== "figures");
  if (figures.length > 0)
    listed.push(`figures/${figures.length === 1 ? figures[0] : `{${figures.join(",")}}`}.svg`);
  const files = listed.length === 0 ? "nothing" : `${listed.join(", ")} in ${oneLine(join(path, "/"))}`;
  const ways = [goOn, `the same command${written.length === 0 ? "" : " with --force"} starts again`].filter(
    Boolean,
  );
  if (complete) terminal.say(`${terminal.green("wrote")} ${files}`);
  else terminal.print(`Stopped by ${interruption.reason}. Kept: ${files}.\n  Go on: ${ways.join("; ")}.`);
}
