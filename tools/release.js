/**
 * `npm run release` checks that a version can be published, and stops before it would be: a clean tree, the changelog, what
 * npm is given (`npm publish --provenance --dry-run`) and what JSR is given (`deno publish --dry-run`). With `-- --publish`
 * it publishes to npm, as the workflow does for a tag.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { manifest } from "./entry-points.js";
import { isPlaceholder, repository, withAbsoluteLinks } from "./links.js";

const root = fileURLToPath(new URL("..", import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) release(process.argv.includes("--publish"));

/** Writes what npm is given into an existing folder: the built package, with links that work on its page. */
export function writePackage(folder) {
  for (const file of [...manifest.files, "LICENSE"])
    cpSync(join(root, file), join(folder, file), { recursive: true });
  const readme = readFileSync(join(root, "README.md"), "utf8");
  writeFileSync(join(folder, "README.md"), withAbsoluteLinks(readme));
  const { scripts: _, devDependencies: __, ...published } = manifest;
  const pages = { homepage: `${repository}#readme`, bugs: `${repository}/issues` };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ ...published, ...pages }, null, 2)}\n`);
}

/** What the changelog lacks before a version may be published; empty when nothing. */
export function changelogFaults(changelog, version) {
  const section = changelog.split(/^## /m).find((part) => part.startsWith(`[${version}]`));
  const unreleased = changelog.split(/^## /m).find((part) => part.startsWith("[Unreleased]"));
  return [
    section === undefined && `CHANGELOG.md has no section for ${version}`,
    section !== undefined &&
      !/^\[.*\] - \d{4}-\d\d-\d\d\n/.test(section) &&
      `its section for ${version} has no date`,
    section !== undefined && !/^- /m.test(section) && `its section for ${version} is empty`,
    unreleased !== undefined && /^- /m.test(unreleased) && "changes stand under Unreleased: name the version",
  ].filter((fault) => fault !== false);
}

function release(isMeant) {
  const faults = changelogFaults(readFileSync(join(root, "CHANGELOG.md"), "utf8"), manifest.version);
  if (isPlaceholder) faults.push(`repository in package.json is a placeholder: ${repository}`);
  if (run("git", ["status", "--porcelain"], "pipe") !== "") faults.push("the working tree is not clean");
  for (const fault of faults) console.log(`✗ ${fault}`);
  if (isMeant && faults.length > 0) process.exit(1);

  const folder = mkdtempSync(join(tmpdir(), "halograd-release-"));
  try {
    run("npm", ["run", "build"]);
    writePackage(folder);
    run("npm", ["publish", folder, "--provenance", "--access", "public", ...(isMeant ? [] : ["--dry-run"])]);
    run("npm", ["run", "check:jsr"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    faults.length === 0 ? `${manifest.version} can be published` : "not to be published yet, see above",
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function run(command, args, output = "inherit") {
  return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", output, "inherit"] });
}
