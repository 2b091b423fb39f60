/** The tour in Firefox and WebKitGTK: no driver, but a program that opens the page in a frame and works through it. */
import { beforeAll, expect, test } from "vitest";
import { browsers, prepareFrame, runFrame } from "./frame.ts";

/** Puts every reference solution into its editor, checks it, and posts the verdicts; then an error, and an endless loop. */
const PROGRAM = `
const page = () => frame.contentDocument;
const click = async (place) => (await until(place, (page) => page.querySelector(place))).click();
const ended = (place) =>
  until("the verdict of " + place, (page) => {
    const verdict = page.querySelector(place + " [data-verdict]");
    return verdict?.dataset.verdict !== "running" && verdict;
  });
const write = async (place, code) => {
  const editor = await until("the editor in " + place, (page) => page.querySelector(place + " .cm-content"));
  editor.focus();
  page().execCommand("selectAll");
  page().execCommand("insertText", false, code);
};
await open("tour.html", "main h1");
const verdicts = {};
const lessons = [...page().querySelectorAll(".lessons li a")].map((link) => link.getAttribute("href").slice(1));
for (const lesson of lessons) {
  frame.contentWindow.location.hash = lesson;
  await until(lesson, (page) => page.querySelector('main[data-lesson="' + lesson + '"]'));
  for (const name of [...page().querySelectorAll("[data-exercise]")].map(({ dataset }) => dataset.exercise)) {
    const place = '[data-exercise="' + name + '"] ';
    for (const action of ["solution", "reveal", "take", "check"]) await click(place + "[data-action=" + action + "]");
    verdicts[name] = (await ended(place)).textContent;
  }
}
frame.contentWindow.location.hash = lessons[0];
await until("the first lesson", (page) => page.querySelector("[data-exercise=slope]"));
await write("[data-exercise=slope]", "const a = 1;\\nexport function slope(f, x) { return f(x).nothing.at(0); }");
await new Promise((resolve) => setTimeout(resolve, 200));
await click("[data-exercise=slope] [data-action=check]");
const error = (await ended("[data-exercise=slope]")).textContent;
const cell = ".code:not(.exercise)";
await write(cell, "for (;;) {}");
await new Promise((resolve) => setTimeout(resolve, 200));
await click(cell + " [data-action=run]");
await until("the loop", (page) => page.querySelector(cell + " [data-verdict=running]"));
await new Promise((resolve) => setTimeout(resolve, 500));
await click(cell + " [data-action=run]");
const loop = (await ended(cell)).textContent;
await fetch("/result", { method: "POST", body: JSON.stringify([{ verdicts, error, loop, failures }]) });
`;

beforeAll(() => {
  prepareFrame("tour", PROGRAM, 3000);
}, 300_000);

test.each(browsers)(
  "%s passes every reference solution, reports the line of an error, and stops an endless loop",
  async (browser) => {
    const { verdicts, error, loop, failures } = await runFrame<{
      verdicts: Record<string, string>;
      error: string;
      loop: string;
      failures: string[];
    }>("tour", browser, 150_000);
    expect(failures).toEqual([]);
    const names = Object.keys(verdicts);
    expect(names.length).toBeGreaterThanOrEqual(20);
    expect(verdicts).toEqual(
      Object.fromEntries(names.map((name) => [name, `Right. What imports ${name}.js now gets yours.`])),
    );
    expect(error).toContain("TypeError");
    expect(error).toContain(browser === "webkit" ? "(line 2)" : "slope.js, line 2: ");
    expect(loop).toBe("Stopped.");
  },
  160_000,
);
