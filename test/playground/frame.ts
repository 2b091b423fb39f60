/** Pages in Firefox and WebKitGTK: no driver, but a program that opens a page in a frame, uses it, and posts what it shows. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireFreshBuild } from "../fresh-build.ts";
import { findMiniBrowser, runInBrowser } from "../runtimes/browser.ts";
import { buildPages, site } from "./browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const present = {
  firefox: existsSync("/usr/bin/firefox-esr"),
  webkit: existsSync("/usr/bin/Xvfb") && findMiniBrowser() !== undefined,
};

/** The browsers that are here; where the machine is to check everything, all of them must be. */
export const browsers = (["firefox", "webkit"] as const).filter(
  (browser) => present[browser] || process.env.CI === "true",
);

/** What the programs have: the frame, `until` with 20 ms between two looks, and the page's own failures. */
const BEGIN = `
const frame = document.createElement("iframe");
frame.width = 1400;
frame.height = 900;
document.body.append(frame);
const until = async (what, read) => {
  for (let i = 0; i < LOOKS; i++) {
    const found = frame.contentDocument && read(frame.contentDocument);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain for " + what);
};
const failures = [];
/** Opens a page in the frame, and waits for something in it. */
const open = async (name, ready) => {
  frame.src = "/site/" + name;
  await until(name, (page) => page.querySelector(ready));
  frame.contentWindow.addEventListener("error", ({ message }) => failures.push(message));
};
`;

/** Builds the pages, and puts a program beside them that ends by posting an array of one result. */
export function prepareFrame(name: string, program: string, looks: number): void {
  if (!present.firefox && !present.webkit) return;
  requireFreshBuild();
  buildPages();
  const home = homeOf(name);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(join(home, "node_modules/halograd"), { recursive: true });
  cpSync(site, join(home, "site"), { recursive: true });
  cpSync(join(root, "package.json"), join(home, "node_modules/halograd/package.json"));
  writeFileSync(join(home, "program.js"), BEGIN.replace("LOOKS", String(looks)) + program);
}

/** Runs the program of that name, and gives what it posted. */
export async function runFrame<Outcome>(
  name: string,
  browser: (typeof browsers)[number],
  milliseconds: number,
): Promise<Outcome> {
  const [outcome] = await runInBrowser(browser, homeOf(name), milliseconds);
  return outcome as unknown as Outcome;
}

const homeOf = (name: string): string => join(root, ".build/playground", `frame-${name}`);
