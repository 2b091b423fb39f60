/** src/cli/terminal.ts and context.ts: what a terminal is sent, and what a file is. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Interruption } from "../../src/cli/context.ts";
import { duration, Terminal } from "../../src/cli/terminal.ts";

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
    const progress = terminal.progress("training", 1000);
    for (let epoch = 0; epoch < 200; epoch++) {
      vi.advanceTimersByTime(10);
      progress.update(epoch + 1, `epoch ${epoch}  train 0.1234`, epoch % 100 === 0);
    }
    texts.push("|end|");
    progress.end();
    terminal.say("done");
    return texts;
  }

  test("redraws one line about ten times a second, with bar, text and remaining time", () => {
    const texts = train(100);
    const frames = texts.slice(0, texts.indexOf("|end|"));
    expect(frames).toHaveLength(20);
    expect(visible(frames)).toEqual([
      `training  ${"━".repeat(5)}${"─".repeat(19)}  epoch 199  train 0.1234  8.0 s left`,
    ]);
  });

  test("is left with plain lines: the bar is gone before the next one", () => {
    expect(visible(train(100).filter((text) => text !== "|end|"))).toEqual(["done", ""]);
  });

  test.each([20, 40, 60, 80])("of %d columns is never written past its end", (columns) => {
    for (const frame of train(columns)) expect(visible([frame])[0].length).toBeLessThan(columns);
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
    const progress = terminal.progress("training", 10);
    progress.update(1, "first", true);
    progress.update(2, "second");
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

describe("an interruption", () => {
  test("is seen by a loop that breathes, and its first reason counts", async () => {
    const interruption = new Interruption();
    expect(await interruption.breathe()).toBe(false);
    interruption.note("SIGTERM");
    interruption.note("SIGINT");
    expect(await interruption.breathe()).toBe(true);
    expect([interruption.exitCode, interruption.reason]).toEqual([143, "SIGTERM"]);
  });

  test("ends the program at once when a second signal follows the first, but not on its echo", () => {
    vi.useFakeTimers();
    const handlers = new Map<string | symbol, () => void>();
    const on = vi.spyOn(process, "on").mockImplementation((name, handler) => {
      handlers.set(name, handler as () => void);
      return process;
    });
    const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as never);
    const told = vi.fn();
    const interruption = new Interruption();
    interruption.listen(told);
    on.mockRestore();
    handlers.get("SIGINT")!();
    vi.advanceTimersByTime(50);
    handlers.get("SIGINT")!();
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(500);
    handlers.get("SIGTERM")!();
    expect(exit).toHaveBeenCalledExactlyOnceWith(143);
    expect(told).toHaveBeenCalledOnce();
    exit.mockRestore();
  });

  test("lets the event loop run within a twentieth of a second or so", async () => {
    const interruption = new Interruption();
    let ran = 0;
    const timer = sleep(1).then(() => ran++);
    const start = performance.now();
    while (ran === 0 && performance.now() - start < 2000) await interruption.breathe();
    await timer;
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
