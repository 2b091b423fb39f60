/**
 * Work on measured galaxies: one of them in this thread, several on all cores. Results are kept as they come, each with what it came from,
 * so that the same command can go on where it was stopped.
 */

import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { clip } from "../basics/check.ts";
import { HalogradError } from "../basics/errors.ts";
import type { Progress } from "../curves/index.ts";
import { backendName } from "../kernels/index.ts";
import { FileError, readTextFile } from "../node/files.ts";
import { oneLine } from "../node/terminal.ts";
import { workThrough } from "../node/workers.ts";
import { type Context, follow, type Outcome, type ThreadData } from "./context.ts";
import type { MeasuredGalaxies, MeasuredGalaxy } from "./galaxies.ts";
import { GALAXIES, type OutputFile, OutputFolder, RESULT, tellOutcome } from "./output.ts";
import { sha256Of } from "./provenance.ts";
import { version } from "./version.ts";
import { inOptions } from "./words.ts";

/** What came of a galaxy: files of its own, and a result that JSON can hold. */
export interface Worked<Result> {
  readonly files: readonly OutputFile[];
  readonly result: Result;
}

/** How far the work on a galaxy is. */
export interface WorkStep<Result> extends Progress {
  readonly doing: string;
  /** What would be kept, were it stopped now. */
  readonly sofar?: Worked<Result> | undefined;
}

/** Works on a galaxy. What it comes to depends on nothing but the galaxy, and what the work was made with. */
export type Work<Result> = (galaxy: MeasuredGalaxy) => Generator<WorkStep<Result>, Worked<Result>, void>;

/** The values of the options of all such commands. */
export interface BatchOptions {
  /** Galaxies at the same time; default: as many as there are cores. */
  readonly jobs: number | undefined;
  readonly resume: boolean;
  readonly out: string;
  readonly force: boolean;
}

/** A command over galaxies. */
export interface Batch<Setup, Result> {
  readonly command: string;
  /** What the bar is of, for a single galaxy. */
  readonly title: string;
  readonly options: BatchOptions;
  /** What decides the results, beside the galaxies: kept with each of them, under the names of the options. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** What `work` is made with, in any thread. */
  readonly setup: Setup;
  readonly work: (setup: Setup) => Work<Result>;
  /** Files of each galaxy. */
  readonly names: readonly string[];
  /** Files of all, where there are several. */
  readonly tables: readonly string[];
  tablesOf(results: readonly Result[]): readonly OutputFile[];
  /** Tells what was found. */
  tell(results: readonly Result[]): void;
}

/** Works on all galaxies, and writes what came of them. */
export async function workOn<Setup, Result extends object>(
  { galaxies, refused, isOne }: MeasuredGalaxies,
  batch: Batch<Setup, Result>,
  context: Context,
): Promise<Outcome & { readonly results: readonly Result[] }> {
  const { options, names, tables } = batch;
  const pathOf = ({ folder }: Pick<MeasuredGalaxy, "folder">, name: string): string =>
    isOne ? name : `${GALAXIES}/${folder}/${name}`;
  if (galaxies.length === 0) return { complete: true, failures: refused, results: [], result: {} };
  const results = new Map<MeasuredGalaxy, Result>();
  if (options.resume) {
    for (const galaxy of galaxies) {
      const kept = keptResult<Setup, Result>(pathOf(galaxy, RESULT), galaxy, batch);
      if (kept !== undefined) results.set(galaxy, kept);
    }
  }
  const resumed = results.size;
  const todo = galaxies.filter((galaxy) => !results.has(galaxy));
  // Checks are made here, before there is a folder.
  const steps = isOne && todo.length > 0 ? batch.work(batch.setup)(todo[0]) : undefined;
  const own = new Set(galaxies.map(({ folder }) => folder));
  const foreign = isOne ? [] : foldersIn(join(options.out, GALAXIES)).filter((folder) => !own.has(folder));
  const others = foreign.map((folder) => ({ folder }));
  const output = new OutputFolder(options.out, {
    names: [
      ...(isOne ? [] : tables),
      ...[...todo, ...others].flatMap((galaxy) => [...names, RESULT].map((name) => pathOf(galaxy, name))),
    ],
    sources: context.sources,
    force: options.force,
    mayBeDone: options.resume && others.length === 0,
    isOwn: resumed > 0 && others.length === 0,
  });
  const keep = (galaxy: MeasuredGalaxy, { files, result }: Worked<Result>, isWhole = true): void => {
    const outputs = Object.fromEntries(files.map(([name, content]) => [name, sha256Of(content)]));
    const told = { provenance: provenanceOf(galaxy, batch), outputs, isWhole };
    const text = JSON.stringify({ ...told, ...result }, null, 2);
    // The result comes last: where it is, all files of the galaxy are.
    output.write(
      [...files, [RESULT, `${text}\n`] as const].map(([name, own]) => [pathOf(galaxy, name), own]),
    );
    // As it will be read, so that a job that was stopped tells the same.
    results.set(galaxy, plainResult(text));
  };
  const failures = [...refused];
  let isComplete = true;
  if (steps !== undefined) {
    const { result, last } = follow(steps, batch.title, ({ doing }) => [doing], context);
    const worked = result ?? last?.sofar;
    isComplete = result !== undefined;
    if (worked !== undefined) keep(todo[0], worked, isComplete);
  } else if (todo.length > 0) {
    if (resumed > 0) context.terminal.say(`${resumed} of ${galaxies.length} galaxies were done before`);
    await inThreads(todo, batch, context, { done: resumed, of: galaxies.length }, (galaxy, answer) => {
      const { problem } = answer as HalogradError;
      context.log.write({ event: "galaxy", galaxy: galaxy.name, ...(problem !== undefined && { problem }) });
      // The library does not know names.
      if (answer instanceof Error) failures.push(inWords(galaxy.name, answer));
      else keep(galaxy, answer);
    });
    isComplete = results.size + failures.length === galaxies.length + refused.length;
  }
  const found = galaxies.flatMap((galaxy) => results.get(galaxy) ?? []);
  if (found.length > 0) {
    if (!isOne) output.write(batch.tablesOf(found));
    batch.tell(found);
  }
  const goOn =
    isOne || results.size === 0 ? undefined : "the same command with --resume goes on where it was";
  if (isComplete && todo.length === 0 && isOne)
    context.terminal.say(`${oneLine(options.out)} has it already`);
  else tellOutcome(context, output, isComplete, goOn);
  return {
    complete: isComplete,
    failures,
    results: found,
    result: output.result(),
  };
}

async function inThreads<Setup, Result>(
  todo: readonly MeasuredGalaxy[],
  { command, options, setup }: Batch<Setup, Result>,
  { terminal, interruption, log, startThread }: Context,
  { done: before, of }: { readonly done: number; readonly of: number },
  take: (galaxy: MeasuredGalaxy, answer: Worked<Result> | HalogradError) => void,
): Promise<void> {
  const data: ThreadData = { command, backend: backendName(), setup };
  const bar = terminal.progress("galaxies");
  interruption.begin();
  try {
    await workThrough<MeasuredGalaxy, Worked<Result>>(todo, {
      count: options.jobs ?? availableParallelism(),
      start: () => startThread(data),
      interruption,
      tell: (done) => {
        bar.update((before + done) / of, `${before + Math.floor(done)} of ${of}`);
        log.progress("galaxies", (before + done) / of);
      },
      take: (i, answer) => take(todo[i], answer),
    });
  } finally {
    bar.end();
  }
}

/** A mistake of one galaxy among many, in terms of the command line. */
function inWords(name: string, error: HalogradError): HalogradError {
  const { problem, fix } = inOptions(error, {}) as HalogradError;
  return new HalogradError(name, problem, fix);
}

/** What a galaxy's result follows from: the same entries give the same bytes. */
function provenanceOf<Setup, Result>(
  { name, data }: MeasuredGalaxy,
  { command, origin }: Batch<Setup, Result>,
): Record<string, unknown> {
  return { engine: `halograd ${version()}`, backend: backendName(), command, galaxy: name, data, ...origin };
}

/**
 * The result that the same command left; undefined where there is none, or one of work that was stopped.
 *
 * @throws FileError where it is of something else, unless it may be replaced
 */
function keptResult<Setup, Result>(
  name: string,
  galaxy: MeasuredGalaxy,
  batch: Batch<Setup, Result>,
): Result | undefined {
  const path = join(batch.options.out, name);
  if (!existsSync(path)) return undefined;
  let saved: { readonly provenance?: Record<string, unknown>; readonly isWhole?: boolean } = {};
  const text = readTextFile(path);
  try {
    saved = Object(JSON.parse(text));
  } catch {
    // Of another program: it differs in everything.
  }
  const wanted = plain(provenanceOf(galaxy, batch));
  const found = Object(saved.provenance) as Record<string, unknown>;
  const differs = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].filter(
    (key) => JSON.stringify(wanted[key]) !== JSON.stringify(found[key]),
  );
  if (differs.length === 0) return saved.isWhole === true ? plainResult(text) : undefined;
  if (batch.options.force) return undefined;
  const [key] = differs;
  const [was, is] = [found[key], wanted[key]].map((value) => clip(JSON.stringify(value) ?? "not given"));
  throw new FileError(
    path,
    "EEXIST",
    `this is the result of another command: its ${key} is ${was}, not ${is}`,
    "give the options and data that it was begun with, --force as well to begin anew, or another --out",
  );
}

/** As JSON keeps it. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));

function plainResult<Result>(text: string): Result {
  const { provenance, outputs, isWhole, ...result } = JSON.parse(text);
  return result;
}

/** Folders that hold a result. */
function foldersIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path).filter((name) => existsSync(join(path, name, RESULT)));
}
