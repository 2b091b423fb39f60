/** What every command is given, and what it returns. */

import { setImmediate } from "node:timers/promises";
import type { Progress } from "../curves/index.ts";
import type { Terminal } from "./terminal.ts";

/** Where a command writes its messages, and how it learns that it should stop. */
export interface Context {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
}

/** How a command ended. */
export interface Outcome {
  /** False when the user stopped it before the end. */
  readonly complete: boolean;
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
 * @param total of the work
 * @param tell the line beside the bar, and whether it is worth keeping where nothing can be redrawn
 */
export async function follow<Step extends Progress, Result>(
  work: Generator<Step, Result, void>,
  title: string,
  total: number,
  tell: (step: Step) => readonly [text: string, milestone?: boolean],
  { terminal, interruption }: Context,
): Promise<Followed<Step, Result>> {
  const bar = terminal.progress(title, total);
  let last: Step | undefined;
  const sofar = () => (last === undefined ? {} : { last });
  try {
    while (!(await interruption.breathe())) {
      const step = work.next();
      if (step.done) return { ...sofar(), result: step.value };
      last = step.value;
      bar.update(last.done || total / 1000, ...tell(last));
    }
    work.return(undefined as Result); // what a training does at its end, it does now
    return sofar();
  } finally {
    bar.end();
  }
}

/** The reasons to stop early, with their numbers: the exit code is 128 more. */
const SIGNALS = { SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNALS;

/**
 * The wish to stop, seen by long loops that call `breathe` often. A first signal is only noted, so that the loop can
 * keep what it computed; a second one ends the program at once, which is safe because files are written
 * synchronously: no signal is seen in the middle.
 */
export class Interruption {
  #signal: Signal | undefined;
  #noted = 0;
  #lastBreath: number = performance.now();

  /** Notes signals from now on. @param onFirst called once, to tell the user */
  listen(onFirst: () => void): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (this.#signal === undefined) {
          this.note(signal);
          onFirst();
        } else if (performance.now() - this.#noted > SAME_KEYSTROKE) {
          process.exit(128 + SIGNALS[signal]);
        }
      });
    }
  }

  /** Notes a reason to stop; the first one counts. */
  note(signal: Signal): void {
    this.#signal ??= signal;
    this.#noted = performance.now();
  }

  /**
   * Lets the event loop see signals, at most every 50 ms. That takes 4 µs, and a call 0.2 µs: below 0.02 % of training.
   *
   * @returns true when the loop should stop
   */
  async breathe(): Promise<boolean> {
    if (performance.now() - this.#lastBreath > 50) {
      await setImmediate();
      this.#lastBreath = performance.now();
    }
    return this.#signal !== undefined;
  }

  /** The exit code of a program that stopped early. */
  get exitCode(): number {
    return 128 + (this.#signal === undefined ? SIGNALS.SIGINT : SIGNALS[this.#signal]);
  }

  /** For messages: "Ctrl-C". */
  get reason(): string {
    return this.#signal === "SIGINT" ? "Ctrl-C" : (this.#signal ?? "");
  }
}

/** One Ctrl-C under `npm start` arrives twice, from the terminal and from npm, within milliseconds. */
const SAME_KEYSTROKE = 300;
