/** Serves or builds the pages: `node run.js serve` or `build`. Installs what they need when it is missing; `install` does no more. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;

/** Runs a command to its end, and ends with it where it fails. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: here,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const installed = join(here, "node_modules/.package-lock.json");
const lock = join(here, "package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log(
    `installing what the pages need, ${Object.keys(JSON.parse(readFileSync(lock, "utf8")).packages).length - 1} packages`,
  );
  run("npm", ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]);
}
// The package of this repository under its name. As a dependency it would put its own tools into the lock file.
const engine = join(here, "node_modules/halograd");
if (!existsSync(engine)) symlinkSync(join(here, "../.."), engine, "junction");
const vite = join(here, "node_modules/vite/bin/vite.js");
if (process.argv[2] === "build") {
  run(process.execPath, [join(here, "../../node_modules/typescript/bin/tsc"), "-p", here]);
  run(process.execPath, [vite, "build", "--logLevel", "warn"], { NODE_ENV: "production" });
  console.log("built .build/playground/site: any static host serves it, from any path");
} else if (process.argv[2] === "serve") run(process.execPath, [vite]);
