/** Driving long work: to its end, in steps between which the event loop breathes, and not to its end. */

import { describe, expect, it } from "vitest";
import { breathing, finish } from "../../src/diffusion/index.ts";

/** Counts to three, and notes how it ended. */
function* counting(ended: string[]): Generator<number, string, void> {
  try {
    for (let i = 1; i <= 3; i++) yield i;
    ended.push("at its end");
    return "done";
  } finally {
    ended.push("cleaned up");
  }
}

/** Yields after `milliseconds` of work each. */
function* slow(steps: number, milliseconds: number): Generator<number, void, void> {
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    while (performance.now() - start < milliseconds);
    yield i;
  }
}

describe("finish", () => {
  it("returns what the work returns, after all of it", () => {
    const ended: string[] = [];
    expect(finish(counting(ended))).toBe("done");
    expect(ended).toEqual(["at its end", "cleaned up"]);
  });

  it("lets errors of the work through", () => {
    const failing = (function* (): Generator<number, void, void> {
      yield 1;
      throw new RangeError("no");
    })();
    expect(() => finish(failing)).toThrow(RangeError);
  });
});

describe("breathing", () => {
  it("yields and returns the same", async () => {
    const work = breathing(counting([]));
    const seen: unknown[] = [];
    for (;;) {
      const { done, value } = await work.next();
      seen.push(value);
      if (done) break;
    }
    expect(seen).toEqual([1, 2, 3, "done"]);
  });

  it("lets other tasks run while the work goes on", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    let before = 0;
    for await (const i of breathing(slow(10, 30))) if (i === 9) before = ticks;
    clearInterval(timer);
    expect(before).toBeGreaterThanOrEqual(2);
  });

  it("ends the work when its loop is left, so that it can clean up", async () => {
    const ended: string[] = [];
    for await (const i of breathing(counting(ended))) if (i === 2) break;
    expect(ended).toEqual(["cleaned up"]);
  });
});
