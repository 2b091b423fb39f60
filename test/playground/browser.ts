/**
 * Builds the pages, serves them, and opens them in Debian's Chromium. The driver is installed with the pages, and so
 * imported once that is done.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { TYPES } from "../runtimes/browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const site = join(root, ".build/playground/site");
const pages = join(root, "examples/playground");

/** What the tests use of the driver, whose types are installed with it. */
export interface Page {
  goto(address: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  check(selector: string): Promise<void>;
  uncheck(selector: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  inputValue(selector: string): Promise<string>;
  textContent(selector: string): Promise<string | null>;
  waitForSelector(selector: string): Promise<unknown>;
  waitForEvent(event: "download"): Promise<{ path(): Promise<string> }>;
  setInputFiles(selector: string, path: string): Promise<void>;
  evaluate<T, A = undefined>(body: string | ((argument: A) => T), argument?: A): Promise<T>;
  addScriptTag(script: { content: string }): Promise<unknown>;
  on(event: string, listener: (subject: never) => void): void;
  close(): Promise<void>;
  mouse: {
    click(x: number, y: number): Promise<void>;
    move(x: number, y: number): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  keyboard: { press(key: string): Promise<void>; insertText(text: string): Promise<void> };
  context(): Context;
}

export interface Context {
  setOffline(offline: boolean): Promise<void>;
  newPage(): Promise<Page>;
  close(): Promise<void>;
  addInitScript(script: string): Promise<void>;
  newCDPSession(page: Page): Promise<{ send(method: string, options?: object): Promise<unknown> }>;
}

export interface Browser {
  newContext(options?: object): Promise<Context>;
  close(): Promise<void>;
}

/** Whether there is a browser to drive; where the machine is to check everything there must be one. */
export const hasBrowser = existsSync("/usr/bin/chromium") || process.env.CI === "true";

/** Builds the pages where they are older than what they are made of; what they need is installed by that. */
export function buildPages(): void {
  alone(() => {
    const built = statSync(join(site, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    // Not below node_modules: the package is linked there, with this folder in it, and a walk would go round and round.
    const sources = readdirSync(pages, { withFileTypes: true })
      .filter(({ name }) => name !== "node_modules")
      .flatMap((entry) => {
        const path = join(pages, entry.name);
        return entry.isDirectory()
          ? readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))
          : [path];
      });
    const tests = readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name));
    const newest = [...sources, ...tests, join(root, "dist/index.js")].filter(
      (path) => statSync(path).isFile() && statSync(path).mtimeMs > built,
    );
    if (newest.length > 0) run("build");
  });
}

/** Installs what the pages need where it is missing: enough to import their code. */
export function installPages(): void {
  alone(() => run("install"));
}

function run(task: "build" | "install"): void {
  execFileSync(process.execPath, [join(pages, "run.js"), task], { stdio: ["ignore", "inherit", "inherit"] });
}

/** Test files run beside each other: the first one installs and builds, and the others wait for it. */
function alone(work: () => void): void {
  const lock = join(root, ".build/playground-lock");
  mkdirSync(join(root, ".build"), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // One that was left by a run that was stopped does not count.
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (since > 0 && Date.now() - since > 110_000) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The driver's browser, to be closed by the caller. */
export async function launch(): Promise<Browser> {
  const { chromium } = createRequire(join(pages, "package.json"))("playwright-core");
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to be root with one
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}

/** The gzipped bytes of a page of the site: its HTML, and the scripts and styles that it and they name. */
export function sizeOf(page: string): number {
  const files = new Set([join(site, page)]);
  for (const file of files)
    for (const [, name] of readFileSync(file, "utf8").matchAll(/["'`(]([\w./-]+\.(?:js|css))["'`)]/g)) {
      const path = [join(dirname(file), name), join(site, name)].find((path) => existsSync(path));
      if (path !== undefined && !path.endsWith("service-worker.js")) files.add(path);
    }
  return [...files].reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

/** What pages complain of in the console, and what they ask for. */
export class Visits {
  readonly problems: string[] = [];
  readonly requests: string[] = [];

  /** Opens an address in a page that is written down here, and waits for something in it. */
  async open(within: Context, address: string, ready: string): Promise<Page> {
    const page = await within.newPage();
    page.on("console", (message: { type(): string; text(): string }) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(message.text());
    });
    page.on("pageerror", (error: Error) => this.problems.push(String(error)));
    page.on("request", (request: { url(): string }) => this.requests.push(request.url()));
    await page.goto(address);
    await page.waitForSelector(ready);
    return page;
  }

  /** Requests to another host than the one at `address`. */
  requestsBeyond(address: string): string[] {
    return this.requests.filter((url) => !url.startsWith(address) && !/^(blob|data):/.test(url));
  }
}

/** Colours and widths in which each page is looked at. */
export const LOOKS = [
  ["light", 1400],
  ["dark", 1400],
  ["light", 390],
  ["dark", 390],
] as const;

/** A page in such a look, ready for axe. */
export async function openIn(
  browser: Browser,
  [colorScheme, width]: (typeof LOOKS)[number],
  open: (within: Context) => Promise<Page>,
): Promise<Page> {
  const viewport = { width, height: 844 };
  const page = await open(await browser.newContext({ colorScheme, viewport, bypassCSP: true }));
  await page.addScriptTag({
    content: readFileSync(join(pages, "node_modules/axe-core/axe.min.js"), "utf8"),
  });
  return page;
}

/** Expects that axe finds nothing serious in what a page shows now, and that nothing is wider than the screen. */
export async function expectAccessible(page: Page, what?: string): Promise<void> {
  const found = await page.evaluate<{ id: string; nodes: string[] }[]>(
    `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 200)) })))`,
  );
  expect(found, what).toEqual([]);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(beyond, what).toBeLessThanOrEqual(0);
}

/** What comes of code that is made from text in a page: from a timer, as what the driver runs itself is exempt. */
export async function codeFromText(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) =>
        setTimeout(() => {
          try {
            resolve(String(new Function("return 1")()));
          } catch (error) {
            resolve((error as Error).name);
          }
        }),
      ),
  );
}

/** A page that was visited once, opened again without a network. */
export async function openOffline(browser: Browser, open: (within: Context) => Promise<Page>): Promise<Page> {
  const within = await browser.newContext();
  const first = await open(within);
  await first.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await within.setOffline(true);
  return open(within);
}

/** Serves the site below a path that it was not built for. */
export async function serve(): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname.replace(/^\/some\/path\//, "");
    const file = join(site, path === "" ? "index.html" : path);
    if (!file.startsWith(site) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return { server, address: `http://localhost:${(server.address() as AddressInfo).port}/some/path/` };
}
