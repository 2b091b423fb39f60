/**
 * How dist/ is built beside the declarations that tsc writes: the code of a folder of src/ in one file, as Node needs
 * half the time to load ten files that it needs for fifty. The commands of cli/ stay apart, each loaded when it runs.
 */
import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";

const { bin, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries: string[] = [
  bin.halograd,
  ...Object.values<{ default?: string }>(exports).map((entry) => entry.default),
]
  .filter((path) => path !== undefined)
  .map((path) => path.replace(/^(\.\/)?dist\/(.*)\.js$/, "$2"));

/** The folder of src/ that a module lies in; none for what lies in src/ itself. */
const folderOf = (id: string): string | undefined => /\/src\/([a-z]+)\//.exec(id)?.[1];

export default defineConfig({
  logLevel: "warn",
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "neutral",
  external: [/^node:/, "fast-check"],
  preserveEntrySignatures: "allow-extension",
  output: {
    dir: "dist",
    sourcemap: true,
    chunkFileNames: ({ name }) => (name.includes("/") ? "[name].js" : "cli/[name].js"),
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          name: (id) => `${folderOf(id)}/all`,
          test: (id) => ![undefined, "cli"].includes(folderOf(id)),
          debugName: "folder",
        },
      ],
    },
  },
});
