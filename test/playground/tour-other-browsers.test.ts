/** The tour in Firefox and WebKitGTK: no driver, but a program that opens the page in a frame and works through it. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";
import { findMiniBrowser, runInBrowser } from "../runtimes/browser.ts";
import { buildPages, site } from "./browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".build/playground/tour-frame");

const present = {
  firefox: existsSync("/usr/bin/firefox-esr"),
  webkit: existsSync("/usr/bin/Xvfb") && findMiniBrowser() !== undefined,
};

/** Puts every reference solution into its editor, checks it, and posts the verdicts; then an error, and an endless loop. */
const PROGRAM = `
const frame = document.createElement("iframe");
frame.width = 1400;
frame.height = 900;
frame.src = "/site/tour.html";
document.body.append(frame);
const until = async (what, read) => {
  for (let i = 0; i < 3000; i++) {
    const found = frame.contentDocument && read(frame.contentDocument);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain for " + what);
};
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
const failures = [];
await until("the page", (page) => page.querySelector("main h1"));
frame.contentWindow.addEventListener("error", ({ message }) => failures.push(message));
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
  if (!present.firefox && !present.webkit) return;
  requireFreshBuild();
  buildPages();
  rmSync(home, { recursive: true, force: true });
  mkdirSync(join(home, "node_modules/halograd"), { recursive: true });
  cpSync(site, join(home, "site"), { recursive: true });
  cpSync(join(root, "package.json"), join(home, "node_modules/halograd/package.json"));
  writeFileSync(join(home, "program.js"), PROGRAM);
}, 120_000);

test.each(
  (["firefox", "webkit"] as const).filter((browser) => present[browser] || process.env.CI === "true"),
)(
  "%s passes every reference solution, reports the line of an error, and stops an endless loop",
  async (browser) => {
    const [outcome] = await runInBrowser(browser, home, 150_000);
    const { verdicts, error, loop, failures } = outcome as unknown as {
      verdicts: Record<string, string>;
      error: string;
      loop: string;
      failures: string[];
    };
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
