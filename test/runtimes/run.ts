/**
 * One answer, shown: the packed package, installed in an empty folder, runs the same program on every runtime with both
 * backends, and all digests of a backend must be equal. `npm run test:runtimes -- --help`.
 */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Check, judge, missing, tally } from "./agreement.ts";
import { installHalograd, optionsOfCheck } from "./install.ts";
import { installBrowsers, installRuntimes, type Runtime, runtimes } from "./runtimes.ts";
import { isInTable, readTable, report, rowsOf, withTable } from "./table.ts";

const HELP = `npm run test:runtimes -- [options]

  --update        writes the table into README.md; all runtimes must have run and agree
  --only LIST     names, by commas: chromium,node
  --no-install    takes what is there
  --help

A missing runtime is skipped; with CI=true in the environment it is a failure.`;

const options = optionsOfCheck();

// This file runs compiled, from .build/test/runtimes/.
const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, "test/runtimes");
const readmeFile = join(root, "README.md");

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  if (!options["no-install"]) {
    installRuntimes(folder);
    installBrowsers();
  }
  const wanted = options.only.toLowerCase().split(",");
  const chosen = runtimes(folder).filter(({ name }) =>
    wanted.some((part) => name.toLowerCase().includes(part)),
  );
  if (chosen.length === 0) throw new Error(`no runtime is called ${options.only}`);
  const home = installHalograd(root);
  cpSync(join(folder, "program.js"), join(home, "program.js"));
  const checks: Check[] = [];
  try {
    for (const runtime of chosen) checks.push(...(await check(runtime, home, checks)));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  console.log(`\n${report(checks)}\n`);

  const count = tally(checks, Boolean(process.env.CI));
  const readme = readFileSync(readmeFile, "utf8");
  const rows = rowsOf(checks);
  if (options.update) {
    if (options.only !== "" || count.passed < checks.length)
      throw new Error("README.md is left as it was: not every runtime ran and agreed");
    writeFileSync(readmeFile, withTable(readme, rows));
  } else if (rows.length > 0 && rows.every((row) => isInTable(readTable(readme), row))) {
    count.passed++;
  } else if (rows.length > 0) {
    count.failed++;
    console.log("README.md has other digests. Write these with: npm run test:runtimes -- --update\n");
  }
  writeFileSync(join(root, ".build/runtimes.json"), JSON.stringify(count));
  const end = count.skipped === 0 ? "" : `, ${count.skipped} skipped`;
  console.log(`${count.passed} passed, ${count.failed} failed${end}`);
  process.exitCode = count.failed === 0 ? 0 : 1;
}

/** Runs a runtime, and tells at once how it went. */
async function check(runtime: Runtime, home: string, before: readonly Check[]): Promise<Check[]> {
  const version = runtime.version();
  const name = version === null ? runtime.name : `${runtime.name} ${version}`;
  let checks: Check[];
  try {
    checks = version === null ? missing(name) : judge(name, await runtime.run(home), before);
  } catch (error) {
    checks = judge(name, [], before, String((error as Error).message ?? error).trim());
  }
  for (const { backend, fault, outcome } of checks) {
    const end = fault || `${outcome!.seconds.toFixed(1)} s`;
    console.log(`${fault === "" ? "✓" : "✗"} ${name}, ${backend}: ${end}`);
  }
  return checks;
}
