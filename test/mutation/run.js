/**
 * `npm run test:mutation -- tensor galaxy`: changes the code of a folder in every small way that StrykerJS knows, one
 * at a time, and counts the changes that the folder's tests notice. `tensor/shape.ts` takes one file,
 * `tensor/shape.ts:10-40` some of its lines; `--shard 2/29` takes every 29th change, from the second on.
 *
 * A folder's report lands in .build/mutation/FOLDER.json, and the next run starts from it: it tests what is not in there, and
 * what survived tests that have changed since. So a folder can be counted shard by shard, over days, or on several machines
 * whose reports are put beside each other as FOLDER.*.json. `--table` adds the reports up, for CONTRIBUTING.md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { table } from "./table.js";

/** The tests that are run against the mutants of a folder, nearest first. What runs in processes of its own is not counted. */
const TESTS = {
  basics: ["basics", "tensor", "ops", "autograd"],
  kernels: ["kernels", "tensor", "ops"],
  ops: ["ops", "autograd"],
  autograd: ["autograd", "tensor", "testing"],
  tensor: ["tensor", "autograd", "ops"],
  testing: ["testing"],
  diagram: ["diagram"],
  optim: ["optim"],
  io: ["io"],
  nn: ["nn"],
  diffusion: ["diffusion"],
  galaxy: ["galaxy"],
  metrics: ["metrics"],
  plot: ["plot"],
  curves: ["curves"],
};

/** Files whose own tests take minutes a mutant: neither they nor these tests count. */
const SLOW = {
  curves: [
    "checkpoint",
    "galaxy-inference",
    "inference",
    "observed-curve",
    "posterior",
    "scores",
    "training",
  ],
};

const { values, positionals } = parseArgs({
  options: { shard: { type: "string", default: "1/1" }, table: { type: "boolean", default: false } },
  allowPositionals: true,
});
const folders = positionals.length === 0 ? Object.keys(TESTS) : positionals;
const folderOf = (name) => name.split("/")[0];
const strange = folders.find((name) => !(folderOf(name) in TESTS));
if (strange !== undefined) throw new Error(`choose from ${Object.keys(TESTS).join(", ")}, not ${strange}`);
const [part, parts] = values.shard.split("/").map(Number);
if (!(part >= 1 && part <= parts)) throw new Error(`--shard is ${values.shard}, but must be like 2/29`);

if (values.table) console.log(table(".build/mutation", folders));
else for (const name of folders) await count(name);

async function count(name) {
  const folder = folderOf(name);
  const report = `.build/mutation/${folder}.json`;
  forgetUntested(report);
  process.env.MUTATION_SHARD = values.shard;
  process.env.MUTATION_TESTS = TESTS[folder].join();
  const slow = SLOW[folder] ?? [];
  process.env.MUTATION_SLOW = slow.map((file) => `test/${folder}/${file}.test.ts`).join();
  // The kernels in WebAssembly fall back to those in TypeScript, but not the other way round.
  process.env.MUTATION_BACKEND = folder === "kernels" ? "wasm" : "typescript";
  await new Stryker({
    testRunner: "suite",
    plugins: ["runner.js", "shard.js"].map((name) => new URL(name, import.meta.url).href),
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    mutate: [
      /\.ts(:|$)/.test(name) ? `src/${name}` : `src/${name}/**/*.ts`,
      ...slow.map((file) => `!src/${folder}/${file}.ts`),
    ],
    incremental: true,
    incrementalFile: report,
    reporters: ["clear-text", "progress-append-only"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    tempDirName: ".build/stryker",
    ignorePatterns: ["/dist", "/out", "/bench", "/examples"],
    // What runs when a module is loaded meets every test, which takes minutes a change outside of these folders.
    ignoreStatic: !["autograd", "testing", "diagram", "optim", "nn", "metrics"].includes(folder),
    concurrency: 1,
    timeoutMS: 8_000,
    // What only waits for a busy processor is not to count as noticed.
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 30,
    checkers: ["shard"],
  }).runMutationTest();
}

/** Takes the changes of other shards out of a report, or the next run would take them for tested. */
function forgetUntested(path) {
  if (!existsSync(path)) return;
  const report = JSON.parse(readFileSync(path, "utf8"));
  for (const file of Object.values(report.files))
    file.mutants = file.mutants.filter(({ status }) => status !== "CompileError");
  writeFileSync(path, JSON.stringify(report));
}
