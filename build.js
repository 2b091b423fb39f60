/**
 * The code in dist/, for which `npm run build` lets tsc write the declarations: a folder of src/ makes one file, since
 * Node loads ten files in half the time of fifty. The commands of cli/ stay apart, as each is loaded when it runs.
 */
import { readFileSync, rmSync } from "node:fs";
import { rolldown } from "rolldown";

const { bin, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = [bin.halograd, ...Object.values(exports).flatMap((entry) => entry.default ?? [])].map(
  (path) => path.replace(/^(\.\/)?dist\/(.*)\.js$/, "$2"),
);
/** The folder of src/ that a module lies in; none for what lies in src/ itself, and for cli/. */
const folderOf = (id) => /\/src\/(?!cli\/)([a-z]+)\//.exec(id)?.[1];

rmSync("dist", { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "neutral",
  external: [/^node:/, "fast-check"],
  preserveEntrySignatures: "allow-extension",
});
await bundle.write({
  dir: "dist",
  sourcemap: true,
  chunkFileNames: ({ name }) => (name.includes("/") ? "[name].js" : "cli/[name].js"),
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      // What help texts list stands apart, so that they load nothing else.
      { name: "curves/names", test: /\/src\/curves\/names\.ts$/, priority: 1 },
      { debugName: "folder", name: (id) => `${folderOf(id)}/all`, test: (id) => folderOf(id) !== undefined },
    ],
  },
});
await bundle.close();
