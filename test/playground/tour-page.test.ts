/** The tour in a browser: its solutions pass there, code can be stopped, and what one has written survives. */
import { existsSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";
import {
  buildPages,
  type Context,
  codeFromText,
  expectAccessible,
  hasBrowser,
  LOOKS,
  launch,
  openIn,
  openOffline,
  type Page,
  serve,
  site,
  Visits,
} from "./browser.ts";

describe.skipIf(!hasBrowser)("the tour", () => {
  let browser: Awaited<ReturnType<typeof launch>>;
  let context: Context;
  let server: Server;
  let address: string;
  let page: Page;
  const visits = new Visits();

  beforeAll(async () => {
    requireFreshBuild();
    buildPages();
    ({ server, address } = await serve());
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await open(context);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  function open(within: Context, hash = ""): Promise<Page> {
    return visits.open(within, `${address}tour.html${hash}`, "main h1");
  }

  /** Follows the link to a lesson. */
  async function read(lesson: string): Promise<void> {
    await page.click(`.lessons a[href="#${lesson}"]`);
    await page.waitForSelector(`main[data-lesson="${lesson}"]`);
  }

  /** Replaces what stands in an editor, by keyboard. */
  async function write(place: string, code: string): Promise<void> {
    await page.click(`${place} .cm-content`);
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(code);
  }

  /** Starts a check or a run, and waits for how it ends. */
  async function verdict(place: string, action: "run" | "check"): Promise<string | null> {
    // That of the run before must not be taken for this one's.
    await page.evaluate(
      (place: string) => document.querySelector(`${place} [data-verdict]`)?.removeAttribute("data-verdict"),
      place,
    );
    await page.click(`${place} [data-action=${action}]`);
    await page.waitForSelector(`${place} [data-verdict]:not([data-verdict=running])`);
    return page.evaluate(
      (place: string) => document.querySelector(`${place} [data-verdict]`)!.getAttribute("data-verdict"),
      place,
    );
  }

  const said = (place: string) => page.textContent(`${place} [data-verdict]`);
  const cell = ".code:not(.exercise):not(.given)";
  const solvedCount = (page: Page) =>
    page.evaluate(() => document.querySelector(".lessons summary")!.textContent!.replace(/.*· /, ""));

  test("what opens the page is at most 200 kB, and checkers are loaded when one is asked for", () => {
    const names = visits.requests
      .map((url) => url.slice(address.length))
      .filter((name) => existsSync(join(site, name)));
    const bytes = [...new Set(names)].reduce(
      (sum, name) => sum + gzipSync(readFileSync(join(site, name))).length,
      0,
    );
    expect(names).toContain("tour.html");
    expect(names.filter((name) => /checks|worker-/.test(name))).toEqual([]);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThanOrEqual(200_000);
  });

  test("the check of a wrong solution says what is wrong, and hints come one by one", async () => {
    const slope = "[data-exercise=slope]";
    await write(slope, "export function slope(f, x) {\n  const h = 1e-5;\n  return f(x + h) - f(x - h);\n}");
    expect(await verdict(slope, "check")).toBe("wrong");
    expect(await said(slope)).toContain("Divide it by how far x moved");
    const hints = () =>
      page.evaluate(() => document.querySelectorAll("[data-exercise=slope] [data-hint]").length);
    for (const count of [1, 2]) {
      await page.click(`${slope} [data-action=hint]`);
      expect(await hints()).toBe(count);
    }
    expect(await page.textContent(`${slope} [data-action=hint]`)).toBe("No more hints");
    expect(await solvedCount(page)).toMatch(/^0 of/);
  });

  test("an error is shown with its line, and underlined there", async () => {
    const slope = "[data-exercise=slope]";
    await write(slope, "export function slope(f, x) {\n  return f(x).nothing.at(0);\n}");
    expect(await verdict(slope, "check")).toBe("wrong");
    expect(await said(slope)).toContain("slope.js, line 2: TypeError");
    expect(
      await page.evaluate(() =>
        [...document.querySelectorAll("[data-exercise=slope] .cm-lintRange-error")]
          .map((part) => part.textContent)
          .join(""),
      ),
    ).toBe("return f(x).nothing.at(0);");
    await write(slope, "export function slope(f, x) {\n  return );\n}");
    expect(await verdict(slope, "check")).toBe("wrong");
    expect(await said(slope)).toContain("slope.js, line 2: Unexpected token");
  });

  test("an endless loop is stopped, and the page goes on", async () => {
    await write(cell, "console.log('before');\nfor (;;) {}");
    await page.click(`${cell} [data-action=run]`);
    await page.waitForSelector(`${cell} [data-verdict=running]`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    expect(await page.textContent(`${cell} [data-action=run]`)).toBe("Stop");
    await page.click(`${cell} [data-action=run]`);
    await page.waitForSelector(`${cell} [data-verdict=stopped]`);
    expect(await said(cell)).toBe("Stopped.");
    await write(cell, "console.log(6 * 7, [1, 'a'], { b: null });");
    expect(await verdict(cell, "run")).toBe("ended");
    expect(await page.textContent(`${cell} [data-printed]`)).toBe('42 [ 1, "a" ] { b: null }');
  });

  test("a loop that prints without end is cut, and can be stopped", async () => {
    await write(cell, "for (let i = 0; ; i++) console.log(i);");
    await page.click(`${cell} [data-action=run]`);
    await page.waitForSelector(`${cell} [data-verdict=running]`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
    await page.click(`${cell} [data-action=run]`);
    await page.waitForSelector(`${cell} [data-verdict=stopped]`);
    const lines = (await page.textContent(`${cell} [data-printed]`))!.split("\n");
    expect(lines.length).toBe(501);
    expect(lines.at(-1)).toBe("… more lines are left out");
  });

  test("an error that a timer throws later is shown, too", async () => {
    await write(cell, "setTimeout(() => { throw new Error('late'); });\nawait new Promise(() => {});");
    expect(await verdict(cell, "run")).toBe("wrong");
    expect(await said(cell)).toContain("late");
  });

  test("the reference solution of every exercise passes in the page, and the last lesson draws a galaxy", async () => {
    const lessons = await page.evaluate(() =>
      [...document.querySelectorAll(".lessons li a")].map((link) => link.getAttribute("href")!.slice(1)),
    );
    expect(lessons.length).toBe(10);
    let count = 0;
    for (const lesson of lessons) {
      await read(lesson);
      const names = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("[data-exercise]")].map(
          ({ dataset }) => dataset.exercise!,
        ),
      );
      expect(names.length).toBeGreaterThanOrEqual(2);
      for (const name of names) {
        const place = `[data-exercise="${name}"]`;
        await page.click(`${place} [data-action=solution]`);
        // It asks first.
        expect(
          await page.evaluate((place: string) => document.querySelector(`${place} .listing`), place),
        ).toBe(null);
        await page.click(`${place} [data-action=reveal]`);
        await page.click(`${place} [data-action=take]`);
        expect([name, await verdict(place, "check"), await said(place)]).toEqual([
          name,
          "right",
          `Right. What imports ${name}.js now gets yours.`,
        ]);
        count++;
        expect(await solvedCount(page)).toMatch(new RegExp(`^${count} of `));
      }
    }
    expect(count).toBeGreaterThanOrEqual(20);
    expect(await solvedCount(page)).toBe(`${count} of ${count} exercises solved`);
    // All that the last piece of code imports is the learner's own by now.
    await page.evaluate(
      (cell: string) => [...document.querySelectorAll(cell)].at(-1)!.setAttribute("data-last", ""),
      cell,
    );
    expect(await page.textContent("[data-last] .imports")).toContain("own");
    expect(await verdict("[data-last]", "run")).toBe("ended");
    expect(await page.textContent("[data-last] [data-printed]")).toMatch(
      /step 500: loss 0\.\d\d\nAt 16\.0 kpc/,
    );
    expect(await page.evaluate(() => document.querySelector<HTMLImageElement>("[data-last] img")!.alt)).toBe(
      "Rotation curves of 5 galaxies",
    );
  }, 120_000);

  test("later lessons import what the learner wrote, or the reference where one asks for it", async () => {
    await read("01-nudging");
    const slope = "[data-exercise=slope]";
    // Right, and told apart by what it prints.
    await write(
      slope,
      "export function slope(f, x) {\n  console.log('mine');\n  return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;\n}",
    );
    expect(await verdict(slope, "check")).toBe("right");
    await page.evaluate(
      (cell: string) =>
        [...document.querySelectorAll(cell)]
          .find((part) => part.textContent!.includes("./slope.js"))!
          .setAttribute("data-user", ""),
      cell,
    );
    expect(await verdict("[data-user]", "run")).toBe("ended");
    expect(await page.textContent("[data-user] [data-printed]")).toBe("mine\n-1.1224\nmine\n0.5000");
    await page.check("input[name=reference]");
    expect(await verdict("[data-user]", "run")).toBe("ended");
    expect(await page.textContent("[data-user] [data-printed]")).toBe("-1.1224\n0.5000");
    await page.uncheck("input[name=reference]");
  });

  test("what was written and solved survives a reload", async () => {
    const before = await solvedCount(page);
    await write("[data-exercise=partials]", "// half done");
    const again = await open(context);
    expect(await solvedCount(again)).toBe(before);
    expect(before).not.toMatch(/^0 /);
    expect(await again.textContent("[data-exercise=partials] .cm-content")).toBe("// half done");
    expect(await again.textContent("[data-exercise=slope] .cm-content")).toContain("mine");
    await again.close();
  });

  test("where the device keeps nothing, it says so and works", async () => {
    const within = await browser.newContext();
    await within.addInitScript(
      "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })",
    );
    const page = await open(within);
    expect(await page.textContent(".lessons details > p")).toContain("keeps nothing");
    await page.click(`${cell} [data-action=run]`);
    await page.waitForSelector(`${cell} [data-verdict=ended]`);
    await within.close();
  });

  test("the keyboard alone edits, checks, asks for hints and turns to the next lesson", async () => {
    const within = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await open(within, "#02-chain-rule");
    const focused = () =>
      page.evaluate(() => {
        const { activeElement } = document;
        return (
          activeElement?.getAttribute("data-action") ??
          activeElement?.getAttribute("aria-label") ??
          activeElement?.textContent ??
          ""
        );
      });
    const tabTo = async (name: string): Promise<void> => {
      for (let i = 0; i < 60 && (await focused()) !== name; i++) await page.keyboard.press("Tab");
      expect(await focused()).toBe(name);
    };
    await tabTo("chain.js");
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(
      "export const chain = (steps, x) => steps.reduce((p, { slope }) => p * slope(x), 1);",
    );
    await page.keyboard.press("Control+Enter");
    await page.waitForSelector("[data-exercise=chain] [data-verdict=wrong]");
    expect(await page.textContent("[data-exercise=chain] [role=status]")).toContain(
      "Take each at its own input",
    );
    await tabTo("check");
    await tabTo("hint");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-exercise=chain] [data-hint='1']");
    await tabTo("3. A class that remembers →");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-exercise=value]");
    expect(await focused()).toBe("3. A class that remembers");
    await within.close();
  });

  test.each(LOOKS)(
    "axe finds nothing serious, %s at %i px, and nothing is wider than the screen",
    async (...look) => {
      const page = await openIn(browser, look, open);
      // With verdicts, hints and a solution in sight.
      await page.click("[data-exercise=slope] [data-action=check]");
      await page.click("[data-exercise=slope] [data-action=hint]");
      await page.click("[data-exercise=slope] [data-action=solution]");
      await page.click("[data-exercise=slope] [data-action=reveal]");
      await page.waitForSelector("[data-exercise=slope] [data-verdict=wrong]");
      for (const lesson of ["01-nudging", "03-value", "05-tensors", "10-galaxy"]) {
        await page.evaluate((hash: string) => {
          location.hash = hash;
        }, lesson);
        await page.waitForSelector(`main[data-lesson="${lesson}"]`);
        await expectAccessible(page, lesson);
      }
      await page.context().close();
    },
  );

  test("the page refuses code from text, which only its worker runs", async () => {
    expect(await codeFromText(page)).toBe("EvalError");
    const { problems } = visits;
    problems.splice(0, Infinity, ...problems.filter((text) => !text.includes("unsafe-eval")));
  });

  test("it opens, runs and checks without a network after the first visit", async () => {
    const second = await openOffline(browser, open);
    await second.click("[data-exercise=slope] [data-action=check]");
    await second.waitForSelector("[data-exercise=slope] [data-verdict=wrong]");
    expect(await second.textContent("[data-exercise=slope] [data-verdict]")).toContain("For f(x) =");
    await second.context().close();
  });

  test("no error reached the console, and no request another host", () => {
    expect(visits.problems).toEqual([]);
    expect(visits.requestsBeyond(address)).toEqual([]);
  });
});
