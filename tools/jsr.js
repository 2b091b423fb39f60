/**
 * `node tools/jsr.js FOLDER` writes what JSR is given into an existing folder: the sources, the licence, the README, and
 * a manifest that follows from package.json. `deno publish` in that folder publishes.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryPoints, manifest } from "./entry-points.js";
import { withAbsoluteLinks } from "./links.js";

const { name, version, license } = manifest;
const folder = process.argv[2];
if (folder === undefined) throw new Error("say which folder takes the package: node tools/jsr.js FOLDER");

const files = ["src", "LICENSE", "README.md"];
const atRoot = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
for (const file of files) cpSync(atRoot(file), join(folder, file), { recursive: true });
writeFileSync(join(folder, "README.md"), withAbsoluteLinks(readFileSync(atRoot("README.md"), "utf8")));
const jsr = {
  name: `@${name}/${name}`,
  version,
  license,
  exports: Object.fromEntries(entryPoints.map(({ key, source }) => [key, `./${source}`])),
  publish: { include: [...files, "jsr.json"], exclude: ["src/cli", "src/node"] },
};
writeFileSync(join(folder, "jsr.json"), `${JSON.stringify(jsr, null, 2)}\n`);
