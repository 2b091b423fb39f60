/**
 * What JSR asks of a package, as far as it can be told without JSR: `deno publish --dry-run` (its rules, types that
 * need no inference), `deno doc --lint` (nothing undocumented), and the program run on the sources, which JSR serves as
 * they are. `npm run check:jsr`.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installRuntimes } from "./runtimes.ts";
import { isInTable, readTable } from "./table.ts";

// This file runs compiled, from .build/test/runtimes/.
const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, "test/runtimes");
const deno = join(folder, "node_modules/@deno/linux-x64-glibc/deno");

installRuntimes(folder);
chmodSync(deno, 0o755); // the package does not declare it as a binary
// A copy, so that nothing but what is published is there: neither the tools' types nor files that git ignores.
const home = mkdtempSync(join(tmpdir(), "halograd-jsr-"));
execFileSync(process.execPath, [join(root, "tools/jsr.js"), home]);
cpSync(join(folder, "program.js"), join(home, "program.js"));
const { name, exports } = JSON.parse(readFileSync(join(home, "jsr.json"), "utf8"));
const entries = Object.values<string>(exports);
const imports = Object.entries(exports).map(([path, file]) => [`halograd${path.slice(1)}`, file]);
writeFileSync(join(home, "imports.json"), JSON.stringify({ imports: Object.fromEntries(imports) }));

const count = { passed: 0, failed: 0 };
try {
  check(`${name} can be published`, () => run("publish", "--dry-run"));
  check("every public name is documented", () => run("doc", "--lint", ...entries));
  check("the sources give README's digests", () => {
    const outcomes = JSON.parse(
      run("run", "--no-prompt", "--no-remote", "--import-map=imports.json", "program.js"),
    );
    const readme = readTable(readFileSync(join(root, "README.md"), "utf8"));
    if (!isInTable(readme, { runtime: "Deno", outcomes })) throw new Error(JSON.stringify(outcomes));
  });
} finally {
  rmSync(home, { recursive: true, force: true });
}
writeFileSync(join(root, ".build/jsr.json"), JSON.stringify(count));
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;

function check(title: string, body: () => void): void {
  try {
    body();
    count.passed++;
    console.log(`✓ ${title}`);
  } catch (error) {
    count.failed++;
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    console.log(`✗ ${title}\n${stdout + stderr || message}`);
  }
}

function run(...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    DENO_DIR: join(home, ".deno"),
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  return execFileSync(deno, args, { cwd: home, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
