/** What the registries are given: a package whose page has working links, and a changelog that names the version. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

// Tools are plain JavaScript, without types.
const { withAbsoluteLinks } = await import("../../tools/links.js" as string);
const { changelogFaults, writePackage } = await import("../../tools/release.js" as string);
const root = fileURLToPath(new URL("../..", import.meta.url));

test("links of the published README lead to files that exist in the repository, and none is relative", () => {
  const published = withAbsoluteLinks(readFileSync(join(root, "README.md"), "utf8"));
  const targets: string[] = [...published.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const own = targets.flatMap(
    (target) => /\/OWNER\/halograd\/(?:blob\/)?v[\d.]+\/([^#]+)/.exec(target)?.[1] ?? [],
  );
  expect(own.length).toBeGreaterThan(20);
  for (const path of own) expect(existsSync(join(root, path)), path).toBe(true);
  for (const target of targets) expect(target).toMatch(/^(https:\/\/|#)/);
  expect(own).toEqual(expect.arrayContaining(["docs/sampling.svg", "docs/stepper.png", "CHANGELOG.md"]));
});

test("a link around an image becomes absolute inside and outside", () => {
  expect(withAbsoluteLinks("[![A graph](docs/a.png)](docs/a.md#top) [b](#c)")).toMatch(
    /^\[!\[A graph\]\(https:\/\/raw\.githubusercontent\.com\/\S+\/docs\/a\.png\)\]\(https:\/\/github\.com\/\S+\/blob\/v\S+\/docs\/a\.md#top\) \[b\]\(#c\)$/,
  );
});

test("the published manifest has the pages of the repository, and no tools", () => {
  const folder = mkdtempSync(join(tmpdir(), "halograd-release-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writePackage(folder);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  expect(manifest.homepage).toMatch(/^https:\/\/github\.com\/[^/]+\/halograd#readme$/);
  expect(manifest.bugs).toMatch(/\/halograd\/issues$/);
  expect(manifest).not.toHaveProperty("devDependencies");
  expect(manifest).not.toHaveProperty("scripts");
  for (const { default: file } of Object.values<{ default?: string }>(manifest.exports))
    if (file) expect(existsSync(join(folder, file)), file).toBe(true);
});

test("a changelog that does not name the version, its day or its changes is found out", () => {
  const good = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-31\n\n- More.\n";
  expect(changelogFaults(good, "1.2.0")).toEqual([]);
  expect(changelogFaults(good, "1.3.0")).toEqual(["CHANGELOG.md has no section for 1.3.0"]);
  expect(changelogFaults(good.replace(" - 2027-01-31", ""), "1.2.0")).toHaveLength(1);
  expect(changelogFaults(good.replace("- More.", ""), "1.2.0")).toHaveLength(1);
  expect(changelogFaults(good.replace("d]\n", "d]\n\n- Even more.\n"), "1.2.0")).toHaveLength(1);
});
