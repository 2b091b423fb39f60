/** The package as a user gets it: packed, and installed offline into an empty folder; and npm packages of a private folder. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** Packs the package in `root` and installs it in a new folder, whose path is returned. */
export function installHalograd(root: string): string {
  const home = mkdtempSync(join(tmpdir(), "halograd-installed-"));
  const [{ filename }] = JSON.parse(
    npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", home),
  );
  writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }');
  npm(home, "install", "--offline", "--no-audit", "--no-fund", `./${filename}`);
  return home;
}

/** The options of a check that installs what it needs. */
export function optionsOfCheck() {
  const { values } = parseArgs({
    options: {
      update: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      "no-install": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values;
}

/** Installs what a folder locks, where what is there is something else; `contents` says what that is. */
export function installPackages(folder: string, contents: string): void {
  const versions = (file: string): string => {
    if (!existsSync(join(folder, file))) return "";
    const packages = Object.entries(lockedPackages(join(folder, file))).filter(([path]) => path !== "");
    return packages.map(([path, { version }]) => `${path}@${version}`).join();
  };
  if (versions("node_modules/.package-lock.json") === versions("package-lock.json")) return;
  console.log(`installing ${contents} …`);
  // What the install scripts of binaries would do is to fetch or link them.
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--prefix", folder];
  runInstaller("npm", ["ci", ...flags]);
}

/** The packages of a lock file by their paths. */
export function lockedPackages(file: string): Record<string, { version?: string }> {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** Runs an installer; one that fails leaves what it should install missing, which is reported with the others. */
export function runInstaller(command: string, args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync(command, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) console.log(`${command} ${args[0]} failed`);
}

/** What npm prints. */
export function npm(cwd: string, ...args: string[]): string {
  // What the outer `npm run` says of its own project must not reach the inner one.
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_local_prefix|package|lifecycle)/.test(name),
  );
  return execFileSync("npm", args, {
    cwd,
    env: Object.fromEntries(environment),
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
