/**
 * The packed package, installed in an empty folder, with every bundler, test runner, compiler and kind of worker of cells.ts.
 * `npm run test:matrix -- --help`.
 */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installHalograd, installPackages, optionsOfCheck } from "../runtimes/install.ts";
import { debianVersion, installBrowsers, installRuntimes } from "../runtimes/runtimes.ts";
import { compare, GROUPS, type Place, type Row } from "./cells.ts";
import { withTables } from "./tables.ts";

const HELP = `npm run test:matrix -- [options]

  --update        writes the tables of docs/compatibility.md; every cell must have passed
  --only LIST     names of rows, by commas: vite,jest
  --no-install    takes what is there
  --help

A browser that is not installed is skipped; with CI=true in the environment it is a failure.`;

const options = optionsOfCheck();

// This file runs compiled, from .build/test/matrix/.
const root = fileURLToPath(new URL("../../../", import.meta.url));
const tools = join(root, "test/matrix");
const runtimes = join(root, "test/runtimes");
const document = join(root, "docs/compatibility.md");
/** The machine that this is measured on has two processors. */
const AT_ONCE = 2;

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  if (!options["no-install"]) {
    installRuntimes(runtimes);
    installPackages(tools, "bundlers, test runners and compilers: npm packages of 600 MB on disk");
    installBrowsers();
  }
  const wanted = options.only.toLowerCase().split(",");
  const cells = GROUPS.flatMap(({ columns, rows }) =>
    rows.flatMap((row) => columns.map((column) => ({ row, column }))),
  ).filter(({ row }) => wanted.some((part) => `${row.name} ${row.package}`.toLowerCase().includes(part)));
  if (cells.length === 0) throw new Error(`no row is called ${options.only}`);

  const count = { passed: 0, failed: 0, skipped: 0 };
  const place = preparePlace();
  try {
    const queue = [...cells];
    const work = async (): Promise<void> => {
      for (let cell = queue.shift(); cell !== undefined; cell = queue.shift())
        count[await check(cell.row, cell.column, place)]++;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    for (const folder of [place.home, `${place.home}-alone`])
      rmSync(folder, { recursive: true, force: true });
  }
  if (options.update) {
    if (options.only !== "" || count.passed < cells.length)
      throw new Error("docs/compatibility.md is left as it was: not every cell passed");
    writeFileSync(document, withTables(readFileSync(document, "utf8"), root));
  }
  writeFileSync(join(root, ".build/matrix.json"), JSON.stringify(count));
  const end = count.skipped === 0 ? "" : `, ${count.skipped} skipped`;
  console.log(`${count.passed} passed, ${count.failed} failed${end}`);
  process.exitCode = count.failed === 0 ? 0 : 1;
}

/** Tries a cell, and tells at once how it went. */
async function check(row: Row, column: string, place: Place): Promise<"passed" | "failed" | "skipped"> {
  const title = `${[row.name, row.package].filter(Boolean).join(" · ")}: ${column}`;
  const start = performance.now();
  try {
    if (row.debianPackage !== undefined && debianVersion(row.debianPackage) === null) {
      if (!process.env.CI) {
        console.log(`- ${title}: ${row.debianPackage} is not installed`);
        return "skipped";
      }
      throw new Error(`${row.debianPackage} is not installed`);
    }
    const printed = await row.run(column, place);
    if (printed !== undefined) compare(printed, place.expected);
    console.log(`✓ ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return "passed";
  } catch (error) {
    console.log(`✗ ${title}\n${String((error as Error).message ?? error).trim()}`);
    return "failed";
  }
}

/** An empty folder with the package, its program, and links to the tools. */
function preparePlace(): Place {
  const home = installHalograd(root);
  cpSync(join(tools, "program.js"), join(home, "program.js"));
  for (const name of readdirSync(join(tools, "node_modules"))) {
    const link = join(home, "node_modules", name);
    if (!name.startsWith(".") && !existsSync(link)) symlinkSync(join(tools, "node_modules", name), link);
  }
  const script = 'import { results } from "./program.js"; console.log(JSON.stringify(results()));';
  const evaluate = ["--input-type=module", "--eval", script];
  const expected = execFileSync(process.execPath, evaluate, { cwd: home, encoding: "utf8" }).trim();
  return { home, tools, runtimes, expected, typed: typedPrograms() };
}

/** Programs for TypeScript: what the types promise, and an import of every entry point. */
function typedPrograms(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.keys(exports).filter((path) => path !== "./package.json");
  const lines = entries.map((path, i) => `import * as names${i} from "halograd${path.slice(1)}";`);
  return {
    "imports.ts": [...lines, `console.log(${entries.map((_, i) => `names${i}`).join(", ")});`].join("\n"),
    "types.ts": readFileSync(join(root, "test/package/types.ts"), "utf8"),
  };
}
