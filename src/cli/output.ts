/** The folder that a command writes into: checked before the work starts, and filled with whole files of one run. */

import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureOutputFolder, writeFilesWhole } from "../node/files.ts";
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

/** Where the results go. */
export class OutputFolder {
  readonly path: string;
  /** Names of the files written so far. */
  readonly written: string[] = [];
  readonly #names: readonly string[];

  /**
   * @param options.names every file that the command may write
   * @param options.force whether those that are there may be replaced
   * @throws FileError when one is there and `force` is not set, or the folder cannot be written to
   */
  constructor(path: string, options: { readonly names: readonly string[]; readonly force: boolean }) {
    ensureOutputFolder(path, options);
    for (const folder of new Set(options.names.map((name) => dirname(name)))) {
      if (folder !== ".") ensureOutputFolder(join(path, folder), { names: [] });
    }
    this.path = path;
    this.#names = options.names;
  }

  /**
   * Writes files, all or none. With the first ones, what an earlier run left of the others goes: a model
   * must not lie beside the samples of another one.
   */
  write(files: readonly OutputFile[]): void {
    writeFilesWhole(files.map(([name, content]) => [join(this.path, name), content]));
    const isFirst = this.written.length === 0;
    this.written.push(...files.map(([name]) => name));
    if (!isFirst) return;
    for (const name of this.#names) {
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
  const files = listed.length === 0 ? "nothing" : `${listed.join(", ")} in ${join(path, "/")}`;
  const ways = [goOn, `the same command${written.length === 0 ? "" : " with --force"} starts again`].filter(
    Boolean,
  );
  if (complete) terminal.say(`${terminal.green("wrote")} ${files}`);
  else terminal.print(`Stopped by ${interruption.reason}. Kept: ${files}.\n  Go on: ${ways.join("; ")}.`);
}
