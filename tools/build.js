/**
 * The code in dist/, for which `npm run build` lets tsc write the declarations: a folder of src/ makes one file, since
 * Node loads ten files in half the time of fifty. The commands of cli/ stay apart, as each is loaded when it runs.
 */
import { rmSync } from "node:fs";
import { rolldown } from "rolldown";
import { commands, entryPoints } from "./entry-points.js";

const sources = [...commands, ...entryPoints.map(({ source }) => source)];
/** The folder of src/ that a module lies in; none for what lies in src/ itself, and for cli/. */
const folderOf = (id) => /\/src\/(?!cli\/)([a-z]+)\//.exec(id)?.[1];

rmSync("dist", { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(sources.map((source) => [source.replace(/^src\/(.*)\.ts$/, "$1"), source])),
  platform: "neutral",
  external: [/^node:/, "fast-check"],
  preserveEntrySignatures: "allow-extension",
  experimental: { nativeMagicString: true },
  plugins: [{ name: "short-throws", renderChunk: shortThrows }],
});
await bundle.write({
  dir: "dist",
  sourcemap: true,
  // The lines stay as they are after the plugin; what nobody imports is left out all the same.
  minify: false,
  // Doc comments stand in the declarations and in src/: without them an import takes a tenth less.
  comments: { annotation: true, jsdoc: false, legal: false },
  // src/ is in the package, beside the maps that refer to it: a second copy would be 1.2 MB.
  sourcemapExcludeSources: true,
  chunkFileNames: ({ name }) => (name.includes("/") ? "[name].js" : "cli/[name].js"),
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      // What help texts list stands apart, so that they load nothing else.
      { name: "curves/names", test: /\/src\/(curves|galaxy)\/names\.ts$/, priority: 1 },
      { debugName: "folder", name: (id) => `${folderOf(id)}/all`, test: (id) => folderOf(id) !== undefined },
    ],
  },
});
await bundle.close();

/** Breaks the line where an error is made: Node prints it above the message, and the message's own text is in it. */
function shortThrows(code, _chunk, _options, { magicString }) {
  for (const { 0: made, index } of code.matchAll(/\b(?:throw|return) new \w+Error\((?=.{60})/g))
    magicString.appendRight(index + made.length, "\n\t\t");
  return { code: magicString };
}
