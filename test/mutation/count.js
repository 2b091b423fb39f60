/** One process of a count: the tests of a plan, and then its changes, one after another. See run.js. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";
import { instrument } from "./instrument.js";

const { paths, tests, backend, provided } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { sources } = await instrument(paths);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const vitest = await startVitest(
  "test",
  [],
  {
    config: false,
    include: tests,
    provide: { mutation: provided },
    setupFiles: `test/backends/${backend}.ts`,
    runner: here("runner.js"),
    pool: "forks",
    // One process and one copy of the code for all files: the tests stay there for the loop.
    isolate: false,
    fileParallelism: false,
    testTimeout: 0,
    hookTimeout: 0,
    silent: true,
    reporters: ["default"],
    watch: false,
    update: false,
  },
  {
    resolve: { alias: { "@fast-check/vitest": here("property.ts") } },
    plugins: [{ name: "changes", enforce: "pre", load: (id) => sources.get(id) }],
  },
);
await vitest.close();
