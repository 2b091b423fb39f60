/**
 * Runs the program in a browser: a page on localhost loads the package file by file through an import map, without
 * a bundler, and posts what it computed. So no driver is needed, only a process that opens a page.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Outcome } from "./agreement.ts";

/** What can be started. */
export type Browser = "chromium" | "firefox" | "webkit";

/**
 * Opens the page and waits for what it posts.
 *
 * @param home a folder with program.js and the installed package
 * @param policy a Content-Security-Policy for the page; its scripts have the nonce "map"
 */
export async function runInBrowser(
  browser: Browser,
  home: string,
  timeout: number,
  policy?: string,
): Promise<Outcome[]> {
  const posted = new EventEmitter();
  posted.on("error", () => {}); // also when nobody waits any more
  const answered = once(posted, "answer", { signal: AbortSignal.timeout(timeout) });
  answered.catch(() => {}); // it may be refused before it is waited for
  const server = createServer(async (request, response) => {
    if (request.url === "/result") {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end();
      posted.emit("answer", Buffer.concat(parts).toString());
      return;
    }
    const isPage = request.url === "/";
    const path = join(home, normalize(decodeURI(request.url ?? "/")));
    if (!isPage && !statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = isPage ? "text/html" : TYPES[extname(path)];
    response.writeHead(200, {
      "Content-Type": `${type}; charset=utf-8`,
      // Without these there is no shared memory.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      ...(policy && { "Content-Security-Policy": policy }),
    });
    response.end(isPage ? page(home) : readFileSync(path));
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const profile = join(home, `.${browser}`);
  mkdirSync(profile, { recursive: true });
  const processes: ChildProcess[] = [];
  try {
    for await (const process of start[browser](address, profile)) {
      process.on("error", (error) => posted.emit("error", error));
      process.on("exit", () =>
        posted.emit("error", new Error(`${process.spawnfile} ended without an answer`)),
      );
      processes.unshift(process);
    }
    const answer = JSON.parse((await answered)[0]);
    if (!Array.isArray(answer)) throw new Error(answer.error);
    return answer;
  } finally {
    for (const process of processes) await stop(process);
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Content types of files, by the ends of their names. */
export const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
};

/** The page: the package's entry points by name, then the program; what goes wrong is posted too. */
function page(home: string): string {
  const folder = "/node_modules/halograd";
  const { exports } = JSON.parse(readFileSync(join(home, folder, "package.json"), "utf8"));
  const imports: Record<string, string> = {};
  for (const [path, target] of Object.entries<{ default?: string }>(exports))
    if (target.default) imports[`halograd${path.slice(1)}`] = folder + target.default.slice(1);
  return `<!doctype html>
<title>halograd</title>
<link rel="icon" href="data:,">
<script nonce="map" type="importmap">${JSON.stringify({ imports })}</script>
<script nonce="map" type="module">
  const fail = (error) => fetch("/result", { method: "POST", body: JSON.stringify({ error: String(error?.stack ?? error) }) });
  import("/program.js").catch(fail);
</script>`;
}

/** WebKitGTK's own small browser, below the folder of the machine's architecture; undefined where it is not installed. */
export function findMiniBrowser(): string | undefined {
  const libraries = "/usr/lib";
  return readdirSync(libraries)
    .map((architecture) => join(libraries, architecture, "webkit2gtk-4.1/MiniBrowser"))
    .find((path) => existsSync(path));
}

/** How each browser is started, and what before it. */
const start: Record<Browser, (address: string, profile: string) => AsyncGenerator<ChildProcess>> = {
  async *chromium(address, profile) {
    const flags = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    flags.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
    if (process.getuid?.() === 0) flags.push("--no-sandbox"); // Chromium refuses to be root with one
    yield launch("chromium", [...flags, `--user-data-dir=${profile}`, address], { HOME: profile });
  },

  async *firefox(address, profile) {
    const preferences = {
      "app.update.enabled": false,
      "browser.shell.checkDefaultBrowser": false,
      "browser.startup.homepage_override.mstone": "ignore",
      "datareporting.policy.dataSubmissionEnabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "toolkit.telemetry.enabled": false,
    };
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
    );
    writeFileSync(join(profile, "user.js"), lines.join("\n"));
    yield launch("firefox-esr", ["--headless", "--no-remote", "--profile", profile, address], {
      HOME: profile,
    });
  },

  // It has no headless mode: it gets a screen that nobody sees.
  async *webkit(address, profile) {
    const binary = findMiniBrowser();
    if (binary === undefined) throw new Error("libwebkit2gtk-4.1-0 has no MiniBrowser");
    const screen = launch("Xvfb", ["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"], {});
    yield screen;
    const [number] = await once(screen.stdout!, "data");
    yield launch(binary, ["--private", address], { HOME: profile, DISPLAY: `:${String(number).trim()}` });
  },
};

/** A process that leads a group of its own, so that its helpers end with it. */
function launch(command: string, args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(command, args, {
    detached: true,
    env: { PATH: process.env.PATH, LANG: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.resume();
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
