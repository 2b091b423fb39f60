/** Files, exports and tools that nothing uses, by knip: where programs start, and what is looked at. */
import { commands, entryPoints } from "./entry-points.js";

export default {
  entry: [
    ...commands,
    ...entryPoints.map(({ source }) => source),
    "bench/*.ts",
    "bench/contenders/*.ts",
    "examples/*.ts",
    "tools/*.js",
    "test/runtimes/{run,jsr}.ts",
    "test/matrix/run.ts",
    "test/package/types.ts",
    "test/mutation/{count,runner}.js",
    "test/mutation/property.ts",
  ],
  project: [
    "{src,test,bench,examples}/**/*.ts",
    "{tools,test/mutation}/*.js",
    "!bench/peers/**",
    "!examples/playground/**",
  ],
  ignoreBinaries: ["col", "dpkg-query", "man", "mkfifo", "mount", "umount"],
};
