/** src/node/terminal.ts and interruption.ts: what a terminal is sent, and what a file is. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Interruption, KEEPS, SIGNAL, SIGNALS } from "../../src/node/interruption.ts";
import { duration, Terminal } from "../../src/node/terminal.ts";

function screen(columns?: number) {
  const texts: string[] = [];
  return {
    texts,
    write: (text: string) => texts.push(text),
    ...(columns !== undefined && { isTTY: true, columns }),
  };
}

/** What is left to see after returns and erasures. */
function visible(texts: readonly string[]): string[] {
  const all = texts.join("").replaceAll("\x1b[32m", "").replaceAll("\x1b[0m", "");
  return all.split("\n").map((line) => line.split("\r\x1b[K").at(-1)!);
}

const loud = { quiet: false };
afterEach(() => vi.useRealTimers());

describe("a terminal", () => {
  /** 200 of 1000 epochs in 2 seconds, one each 10 ms. */
  function train(columns: number, environment = {}): string[] {
    vi.useFakeTimers();
    const { texts, ...tty } = screen(columns);
    const terminal = new Terminal(tty, environment, loud);
    const progress = terminal.progress("training");
    for (let epoch = 0; epoch < 200; epoch++) {
      vi.advanceTimersByTime(10);
      progress.update((epoch + 1) / 1000, `epoch ${epoch}  train 0.1234`, epoch % 100 === 0);
    }
    texts.push("|end|");
    progress.end();
    terminal.say("done");
    return texts;
  }

  test("redraws one line about ten times a second, with bar, text and remaining time", () => {
    const texts = train(100);
    const frames = texts.slice(0, texts.indexOf("|end|")).filter((text) => text.includes("─"));
    expect(frames).toHaveLength(20);
    expect(visible(frames)).toEqual([
      `training  ${"━".repeat(5)}${"─".repeat(19)}  epoch 199  train 0.1234  8.0 s left`,
    ]);
  });

  test("takes the remaining time of a job that goes on from what it did itself", () => {
    vi.useFakeTimers();
    const { texts, ...tty } = screen(100);
    const progress = new Terminal(tty, {}, loud).progress("galaxies");
    for (let done = 100; done <= 110; done++) {
      vi.advanceTimersByTime(1000);
      progress.update(done / 200, `${done} of 200`);
    }
    expect(visible(texts)[0]).toMatch(/ {2}110 of 200 {2}1 min 30 s left$/);
  });

  test("is left with the milestones as plain lines: the bar is gone before the next one", () => {
    const left = ["epoch 0  train 0.1234", "epoch 100  train 0.1234", "done", ""];
    expect(visible(train(100).filter((text) => text !== "|end|"))).toEqual(left);
  });

  test("guesses no remaining time from the first steps, and hears of a long work without a cursor every ten seconds", () => {
    vi.useFakeTimers();
    const { texts, ...tty } = screen(100);
    const file = screen();
    for (const [stream, share] of [
      [tty, 0.001],
      [file, 0.5],
    ] as const) {
      const progress = new Terminal(stream, {}, loud).progress("posterior");
      for (let second = 0; second < 25; second++) {
        vi.advanceTimersByTime(1000);
        progress.update(share, `${second} tried`);
      }
    }
    expect(texts.join("")).not.toContain("left");
    expect(file.texts).toEqual(["posterior: 50 %, 10 tried\n", "posterior: 50 %, 21 tried\n"]);
  });

  test("shows controls of files and names as text, on lines as in the bar", () => {
    for (const environment of [{}, { FORCE_COLOR: "1" }]) {
      vi.useFakeTimers();
      const { texts, ...tty } = screen(100);
      const terminal = new Terminal(tty, environment, loud);
      const progress = terminal.progress("a\x1b]0;b");
      vi.advanceTimersByTime(1000);
      progress.update(0.5, "x\u009b2Jy\u202ez");
      terminal.say(`${terminal.green("wrote")} a\x1b[2J\u0085\u2067`);
      const all = ["\r\x1b[K", "\x1b[0m", "\x1b[32m"].reduce(
        (text, own) => text.replaceAll(own, ""),
        texts.join(""),
      );
      expect(all).toContain("x\\u009b2Jy\\u202ez");
      expect(all).toContain("wrote a\\u001b[2J\\u0085\\u2067\n");
      expect(all.replaceAll("\n", "")).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    }
  });

  test.each([20, 40, 60, 80])("of %d columns is never written past its end", (columns) => {
    for (const frame of train(columns)) {
      if (frame.includes("\n")) continue; // a line that stays wraps
      expect(visible([frame])[0].length).toBeLessThan(columns);
    }
  });

  test("without a cursor (TERM=dumb) gets the milestones as lines", () => {
    const lines = ["epoch 0  train 0.1234", "epoch 100  train 0.1234", "done"];
    expect(train(100, { TERM: "dumb" }).join("")).toBe(`${lines[0]}\n${lines[1]}\n|end|${lines[2]}\n`);
  });
});

test("a file gets the milestones as lines, and with --quiet nothing", () => {
  for (const quiet of [false, true]) {
    const file = screen();
    const terminal = new Terminal(file, {}, { quiet });
    const progress = terminal.progress("training");
    progress.update(0.1, "first", true);
    progress.update(0.2, "second");
    progress.end();
    terminal.say("done");
    expect(file.texts.join("")).toBe(quiet ? "" : "first\ndone\n");
  }
});

test.each([
  [true, {}, true],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [true, { FORCE_COLOR: "0" }, false],
  [false, {}, false],
  [false, { FORCE_COLOR: "1" }, true],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
])("with isTTY = %s and %j, colours are used: %s", (isTTY, environment, expected) => {
  const terminal = new Terminal({ isTTY, write: () => true }, environment, loud);
  expect(terminal.red("x")).toBe(expected ? "\x1b[31mx\x1b[0m" : "x");
});

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [59.4, "59 s"],
  [59.6, "1 min 0 s"],
  [200, "3 min 20 s"],
])("%d seconds read %s", (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});

test("an interruption is seen once it is noted, and its first reason counts", () => {
  const state = new Int32Array(2);
  const interruption = new Interruption(state);
  expect([interruption.isNoted, state[KEEPS]]).toEqual([false, 0]);
  interruption.begin();
  expect(state[KEEPS]).toBe(1);
  state[SIGNAL] = SIGNALS.SIGTERM;
  expect([interruption.isNoted, interruption.exitCode, interruption.reason]).toEqual([true, 143, "SIGTERM"]);
});
