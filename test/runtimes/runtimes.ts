/**
 * The runtimes that must agree: where each comes from, and how each runs the program. Node, Deno and Bun are npm
 * packages of this folder, the browsers Debian's packages.
 */

import { execFile, spawnSync } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Outcome } from "./agreement.ts";
import { type Browser, runInBrowser } from "./browser.ts";
import { installPackages, runInstaller } from "./install.ts";

/** A runtime as the table names it. */
export interface Runtime {
  readonly name: string;
  /** The version that is installed; null when it is missing. */
  version(): string | null;
  /** Runs program.js in a folder that has the package installed, with both backends. */
  run(home: string): Promise<Outcome[]>;
}

/** Longer than any runtime takes, by a factor of ten on a busy machine. */
const TIMEOUT_MILLISECONDS = 120_000;

/** Debian's packages with a browser, and what the one without a headless mode needs. */
const DEBIAN_PACKAGES = ["chromium", "firefox-esr", "libwebkit2gtk-4.1-0", "xvfb"];

/** All of them, the oldest Node that package.json promises first: the others are compared with it. */
export function runtimes(folder: string): Runtime[] {
  return [
    ...[20, 22, 24, 26].map((major) => commandLine(folder, "Node", `node-${major}`, "bin/node")),
    commandLine(folder, "Deno", "@deno/linux-x64-glibc", "deno", ["run", "--no-prompt", "--no-remote"]),
    commandLine(folder, "Bun", "@oven/bun-linux-x64", "bin/bun", ["--no-install"]),
    inBrowser("Chromium", "chromium", "chromium"),
    inBrowser(
      "Chromium without eval",
      "chromium",
      "chromium",
      "script-src 'self' 'nonce-map' 'wasm-unsafe-eval'",
    ),
    inBrowser("Firefox", "firefox", "firefox-esr"),
    inBrowser("WebKitGTK", "webkit", "libwebkit2gtk-4.1-0"),
  ];
}

/** Installs Node, Deno and Bun. */
export function installRuntimes(folder: string): void {
  installPackages(folder, "Node, Deno and Bun: npm packages of 1 GB on disk");
}

/** Installs the browsers that are missing, or says what would. */
export function installBrowsers(): void {
  const missing = DEBIAN_PACKAGES.filter((name) => debianVersion(name) === null);
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.log(`browsers are missing; as root on Debian: ${command}`);
    return;
  }
  console.log(`${command} …`);
  runInstaller("apt-get", ["update", "-qq"]);
  runInstaller("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing]);
}

function commandLine(
  folder: string,
  name: string,
  packageName: string,
  path: string,
  flags: string[] = [],
): Runtime {
  const home = join(folder, "node_modules", packageName);
  const binary = join(home, path);
  return {
    name,
    version() {
      if (!existsSync(binary)) return null;
      chmodSync(binary, 0o755); // not every package declares its binary as one
      const { status, stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
      return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? null) : null;
    },
    async run(cwd) {
      // Nothing that is set for the Node that runs this program may reach the runtime.
      const env = {
        PATH: process.env.PATH,
        HOME: cwd,
        DENO_DIR: join(cwd, ".deno"),
        DENO_NO_UPDATE_CHECK: "1",
      };
      const { stdout } = await promisify(execFile)(binary, [...flags, "program.js"], {
        cwd,
        env,
        timeout: TIMEOUT_MILLISECONDS,
      });
      return JSON.parse(stdout);
    },
  };
}

function inBrowser(name: string, browser: Browser, debianPackage: string, policy?: string): Runtime {
  return {
    name,
    version: () => debianVersion(debianPackage),
    run: (home) => runInBrowser(browser, home, TIMEOUT_MILLISECONDS, policy),
  };
}

/** The upstream version of an installed Debian package: 156.0.8078.79-1~deb12u1 is 156.0.8078.79. */
export function debianVersion(name: string): string | null {
  const { stdout } = spawnSync("dpkg-query", ["--status", name], { encoding: "utf8" });
  if (!/^Status: .* installed$/m.test(stdout ?? "")) return null;
  return /^Version: (?:\d+:)?(\d+(?:\.\d+)*)/m.exec(stdout)?.[1] ?? null;
}
