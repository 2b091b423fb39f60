/** The entry points of the package, listed once: in `exports` of package.json. Every tool that needs them asks here. */
import { readFileSync } from "node:fs";

/** package.json. */
export const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** What a program can import: the key in `exports` ("./nn"), the name to import ("halograd/nn"), its source. */
export const entryPoints = Object.entries(manifest.exports)
  .filter(([key]) => key !== "./package.json")
  .map(([key, target]) => ({ key, name: manifest.name + key.slice(1), source: sourceOf(target.default) }));

/** The sources of the commands that the package installs. */
export const commands = Object.values(manifest.bin).map(sourceOf);

/** The file of src/ that a file of dist/ is built from. */
function sourceOf(built) {
  return built.replace(/^(\.\/)?dist\/(.*)\.js$/, "src/$2.ts");
}
