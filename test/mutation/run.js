/**
 * `npm run test:mutation -- tensor galaxy`: changes the code of a folder in every small way that StrykerJS knows, one
 * at a time, and counts the changes that the folder's tests notice. A report a folder lands in .build/mutation/.
 * `tensor/shape.ts` takes one file, `tensor/shape.ts:10-40` some of its lines; `--one-in 5` takes every fifth change.
 */
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";

/** The tests that are run against the mutants of a folder, nearest first. */
const TESTS = {
  tensor: ["tensor"],
  autograd: ["autograd"],
  ops: ["ops", "autograd", "properties"],
  kernels: ["kernels", "tensor", "ops"],
  nn: ["nn"],
  optim: ["optim"],
  diffusion: ["diffusion"],
  galaxy: ["galaxy"],
  metrics: ["metrics"],
};

const { values, positionals } = parseArgs({
  options: { "one-in": { type: "string", default: "1" } },
  allowPositionals: true,
});
process.env.MUTATION_ONE_IN = values["one-in"];
const backend = process.env.MUTATION_BACKEND;
const folders = positionals.length === 0 ? Object.keys(TESTS) : positionals;
for (const name of folders) {
  const [folder] = name.split("/");
  if (!(folder in TESTS)) throw new Error(`choose from ${Object.keys(TESTS).join(", ")}, not ${name}`);
  process.env.MUTATION_TESTS = TESTS[folder].join();
  // The kernels in WebAssembly fall back to those in TypeScript, but not the other way round.
  process.env.MUTATION_BACKEND = backend ?? (folder === "kernels" ? "wasm" : "typescript");
  await new Stryker({
    testRunner: "suite",
    plugins: ["runner.js", "sample.js"].map((name) => new URL(name, import.meta.url).href),
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    mutate: [/\.ts(:|$)/.test(name) ? `src/${name}` : `src/${name}/**/*.ts`],
    reporters: ["clear-text", "json", "progress-append-only"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: `.build/mutation/${name.replaceAll(/[/:]/g, ".")}.json` },
    tempDirName: ".build/stryker",
    ignorePatterns: ["/dist", "/out", "/bench", "/docs", "/examples"],
    // What runs when a module is loaded meets every test, which takes minutes a change in these folders.
    ignoreStatic: ["kernels", "diffusion"].includes(folder),
    concurrency: 1,
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 15,
    checkers: ["sample"],
  }).runMutationTest();
}
