/** The same page in Firefox and WebKitGTK: no driver, but a program that opens the page in a frame and uses it. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "halograd";
import { beforeAll, expect, test } from "vitest";
import { presets } from "../../examples/playground/stepper/presets.ts";
import { requireFreshBuild } from "../fresh-build.ts";
import { findMiniBrowser, runInBrowser } from "../runtimes/browser.ts";
import { buildPages, site } from "./browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".build/playground/frame");

const present = {
  firefox: existsSync("/usr/bin/firefox-esr"),
  webkit: existsSync("/usr/bin/Xvfb") && findMiniBrowser() !== undefined,
};

/** Steps every program to its end and posts what the page shows as the gradients of its leaves. */
const PROGRAM = `
const frame = document.createElement("iframe");
frame.width = 1400;
frame.height = 900;
frame.src = "/site/index.html";
document.body.append(frame);
const until = async (what, read) => {
  for (let i = 0; i < 1500; i++) {
    const found = frame.contentDocument && read(frame.contentDocument);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain for " + what);
};
const failures = [];
await until("the page", (page) => page.querySelector(".graph svg"));
frame.contentWindow.addEventListener("error", ({ message }) => failures.push(message));
const shown = {};
const titles = [...frame.contentDocument.querySelectorAll("select[name=preset] option")].map(({ value }) => value);
for (const title of titles) {
  const page = frame.contentDocument;
  const select = page.querySelector("select[name=preset]");
  select.value = title;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  const slider = await until("the start", (page) => {
    const slider = page.querySelector("input[name=step]");
    return page.querySelector("select[name=preset]").value === title && slider.value === "0" && slider;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  page.body.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
  await until("the end", () => slider.value === slider.max && slider.value !== "0");
  shown[title] = {};
  for (const name of [...page.querySelectorAll(".box.leaf")].map((box) => box.dataset.name)) {
    page.querySelector('[data-name="' + name + '"]').dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const story = await until(name, (page) => page.querySelector('[data-story="' + name + '"]'));
    shown[title][name] = [...story.querySelectorAll("figure:nth-of-type(2) .number")].map((cell) => cell.textContent);
  }
}
await fetch("/result", { method: "POST", body: JSON.stringify([{ shown, failures }]) });
`;

beforeAll(() => {
  if (!present.firefox && !present.webkit) return;
  requireFreshBuild();
  useBackend("typescript");
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
  "%s shows the engine's gradients at the end of every program",
  async (browser) => {
    // Imported here: it needs what the build has installed.
    const { runProgram } = await import("../../examples/playground/stepper/program.ts");
    const { record, elementsOf } = await import("../../examples/playground/stepper/steps.ts");
    const { show } = await import("../../examples/playground/site/numbers.ts");
    const [outcome] = await runInBrowser(browser, home, 100_000);
    const { shown, failures } = outcome as unknown as {
      shown: Record<string, Record<string, string[]>>;
      failures: string[];
    };
    expect(failures).toEqual([]);
    for (const { title, source } of presets) {
      const run = runProgram(source);
      record(run);
      const expected = [...run.leaves].map(([name, leaf]) => [name, elementsOf(leaf.grad!).map(show)]);
      expect(shown[title]).toEqual(Object.fromEntries(expected));
    }
  },
  120_000,
);
