/** What people see: lines, colours, and a progress bar where a terminal can redraw it. */

/** The part of a stream that is needed; `isTTY` and `columns` are those of a terminal. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Follows a long loop. */
export interface Progress {
  /**
   * @param share how much is done, from 0 to 1
   * @param text what to show, one line
   * @param milestone whether the line is worth keeping
   */
  update(share: number, text: string, milestone?: boolean): void;
  /** Removes the bar. */
  end(): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Messages of a command on one stream. */
export class Terminal {
  readonly #screen: Screen;
  readonly #quiet: boolean;
  readonly #color: boolean;
  /** Whether a line can be drawn over. */
  readonly #redraws: boolean;
  #barShown = false;

  constructor(screen: Screen, environment: Environment, options: { readonly quiet: boolean }) {
    this.#screen = screen;
    this.#quiet = options.quiet;
    this.#color = hasColor(screen, environment);
    this.#redraws = screen.isTTY === true && environment.TERM !== "dumb";
  }

  /** Prints a line, except with --quiet. */
  say(text: string): void {
    if (!this.#quiet) this.print(text);
  }

  /** Prints a line in any case. */
  print(text: string): void {
    this.clearBar();
    // Own colours stay; what else a text holds of controls comes from files and command lines.
    const parts = this.#color ? text.split(COLOR_CODE) : [text];
    this.#screen.write(`${parts.map((part, i) => (i % 2 === 1 ? part : printable(part))).join("")}\n`);
  }

  /** Emphasis, where there are colours. */
  bold(text: string): string {
    return this.#paint(1, text);
  }
  green(text: string): string {
    return this.#paint(32, text);
  }
  red(text: string): string {
    return this.#paint(31, text);
  }

  /**
   * Starts to follow a loop: on a terminal a line with bar, text and remaining time, redrawn ten times a second; elsewhere a line when ten
   * seconds went by without one. Milestones are lines that stay.
   */
  progress(title: string): Progress {
    const start = performance.now();
    let drawn = start; // what is done within a tenth of a second needs no bar
    let printed = start;
    // What had been done before, by a job that goes on, says nothing of how fast it goes.
    let first: { readonly at: number; readonly share: number } | undefined;
    return {
      update: (share, text, milestone = false) => {
        if (this.#quiet) return;
        const now = performance.now();
        first ??= { at: share > 0.02 ? now : start, share: share > 0.02 ? share : 0 };
        const done = share - first.share;
        // Too early, the guess would only frighten.
        const left = done > 0.02 ? `${duration((((now - first.at) / 1000) * (1 - share)) / done)} left` : "";
        const isLate = !this.#redraws && now - printed > 10_000;
        if (milestone || isLate) {
          const all = [`${title}: ${Math.round(100 * share)} %`, text, left].filter(Boolean).join(", ");
          this.print(milestone ? text : all);
          printed = now;
        }
        if (!this.#redraws || now - drawn < 100) return;
        drawn = now;
        this.#drawBar(title, share, left === "" ? text : `${text}  ${left}`);
      },
      end: () => this.clearBar(),
    };
  }

  #drawBar(heading: string, fraction: number, line: string): void {
    const [title, text] = [heading, line].map((part) => printable(part).replaceAll("\n", " "));
    const width = this.#screen.columns ?? 80;
    const cells = Math.min(24, width - title.length - text.length - 5);
    const full = Math.round(cells * fraction);
    const bar = cells < 4 ? "" : `${this.green("━".repeat(full))}${"─".repeat(cells - full)}  `;
    const room = width - 1 - title.length - 2 - (bar === "" ? 0 : cells + 2);
    this.#screen.write(`\r\x1b[K${title}  ${bar}${text.slice(0, Math.max(0, room))}`); // \x1b[K: to the line's end
    this.#barShown = true;
  }

  /** Removes the bar, before something else writes to the same terminal. */
  clearBar(): void {
    if (this.#barShown) this.#screen.write("\r\x1b[K");
    this.#barShown = false;
  }

  #paint(code: number, text: string): string {
    return this.#color ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** "0.4 s", "12 s", "3 min 20 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Text out of files and from command lines, as it can be shown: control characters (C0 and C1) could move the cursor, change
 * colours or the window's title, and bidirectional ones the order of the words, so they are written as `\u001b`. Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(
    /[^\P{Cc}\n]|\p{Bidi_Control}|[\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the codes
const COLOR_CODE = /(\x1b\[(?:0|1|31|32)m)/;

/** Names of files and galaxies within a line: a line end in one must not begin a line that looks like ours. */
export function oneLine(text: string): string {
  return text.replaceAll("\n", "\\n");
}

/** FORCE_COLOR before NO_COLOR (https://no-color.org), as in Node itself; else by the terminal. */
function hasColor(screen: Screen, { FORCE_COLOR, NO_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return screen.isTTY === true && TERM !== "dumb";
}
