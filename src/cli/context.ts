/** What every command is given, and what it returns. */

import type { Worker } from "node:worker_threads";
import type { HalogradError } from "../basics/errors.ts";
import type { Progress } from "../curves/index.ts";
import type { Interruption } from "../node/interruption.ts";
import type { Log } from "../node/log.ts";
import type { Terminal } from "../node/terminal.ts";
import type { Sources } from "./provenance.ts";

/** Where a command writes its messages, how it learns that it should stop, and what it reads files through. */
export interface Context extends Surroundings {
  /** What its files come from. */
  readonly sources: Sources;
}

/** What is the same for any command. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
  /** What --log asks for. */
  readonly log: Log;
  /** Starts a thread that works on galaxies. */
  startThread(data: ThreadData): Worker;
}

/** What a thread beside the program's works with. */
export interface ThreadData {
  readonly command: string;
  readonly backend: string;
  /** Whatever the command's work is made with; it is copied. */
  readonly setup: unknown;
}

/** How a command ended. */
export interface Outcome {
  /** False when the user stopped it before the end. */
  readonly complete: boolean;
  /** What could not be done of it, while the rest was. */
  readonly failures?: readonly HalogradError[];
  /** What `--json` prints. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** What long work came to: its result at its end, and the last step that it yielded. */
export interface Followed<Step, Result> {
  readonly result?: Result;
  readonly last?: Step;
}

/**
 * Drives long work with a progress bar, until its end or until the user stops it.
 *
 * @param tell the line beside the bar, whether it is worth keeping, and facts that the log has of each step
 */
export function follow<Step extends Progress, Result>(
  work: Generator<Step, Result, void>,
  title: string,
  tell: (
    step: Step,
  ) => readonly [text: string, milestone?: boolean, facts?: Readonly<Record<string, unknown>>],
  { terminal, interruption, log }: Context,
): Followed<Step, Result> {
  interruption.begin();
  const bar = terminal.progress(title);
  let last: Step | undefined;
  const sofar = () => (last === undefined ? {} : { last });
  try {
    while (!interruption.isNoted) {
      const step = work.next();
      if (step.done) return { ...sofar(), result: step.value };
      last = step.value;
      const [text, milestone, facts] = tell(last);
      const share = last.done / last.total;
      bar.update(share, text, milestone);
      log.progress(title, share, facts);
    }
    work.return(undefined as Result); // what a training does at its end, it does now
    return sofar();
  } finally {
    bar.end();
  }
}
