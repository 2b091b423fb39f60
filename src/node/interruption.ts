/** What the two threads of the command share: how the one with the signals tells the other that it should stop. */

/** What the program says to the thread that has the streams. */
export type Message =
  | { readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly code: number }
  /** A file to remove at the end, whatever that is. */
  | { readonly lock: string };

/** The reasons to stop early, with their numbers: the exit code is 128 more. */
export const SIGNALS = { SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;

/** Places in the memory that the threads share: the number of the signal, and whether there is anything to keep. */
export const SIGNAL = 0;
export const KEEPS = 1;

/** One Ctrl-C under `npm start` arrives twice, from the terminal and from npm, within milliseconds. */
export const SAME_KEYSTROKE = 300;

/**
 * The wish to stop. While nothing has been computed that could be kept, a signal ends the command at once; from {@link begin} on, a first
 * one is noted here, and loops end between two steps. A second one ends the command at once in any case.
 */
export class Interruption {
  readonly #state: Int32Array;

  constructor(state: Int32Array = new Int32Array(2)) {
    this.#state = state;
  }

  /** From now on there is something to keep. */
  begin(): void {
    Atomics.store(this.#state, KEEPS, 1);
  }

  /** Whether there is something to keep. */
  get hasBegun(): boolean {
    return Atomics.load(this.#state, KEEPS) === 1;
  }

  /** Whether loops should stop. */
  get isNoted(): boolean {
    return Atomics.load(this.#state, SIGNAL) !== 0;
  }

  /** The exit code of a program that stopped early. */
  get exitCode(): number {
    return 128 + (Atomics.load(this.#state, SIGNAL) || SIGNALS.SIGINT);
  }

  /** For messages: "Ctrl-C". */
  get reason(): string {
    const number = Atomics.load(this.#state, SIGNAL);
    const name = Object.entries(SIGNALS).find(([, own]) => own === number)?.[0] ?? "";
    return name === "SIGINT" ? "Ctrl-C" : name;
  }
}
