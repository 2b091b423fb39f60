/**
 * `npm run test:mutation -- tensor galaxy`: changes the code of a folder in every small way that StrykerJS knows, one at a
 * time, and counts the changes that the folder's tests notice; what survives is listed. `tensor/shape.ts` takes one file, `--shard
 * 2/29` every 29th change, from the second on, `--jobs 1` one processor.
 *
 * What was found lands in .build/mutation/FOLDER.json. The next run starts from it: it tests what is not in there, what
 * survived, and all changes of a file that is another one now. `--fresh` forgets it, `--table` only shows it, for CONTRIBUTING.md.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { instrument } from "./instrument.js";

/** What the paths of the tests begin with that are run against the changes of a folder. What runs in processes of its own is not counted. */
const TESTS = {
  basics: ["basics", "tensor", "ops/messages", "nn/", "optim/", "autograd/", "metrics", "index"],
  kernels: [
    "kernels",
    "properties/rows",
    "ops/golden",
    "ops/records",
    "ops/digits",
    "optim/range",
    "properties/special",
  ],
  ops: ["ops", "autograd", "properties/special"],
  autograd: ["autograd", "tensor", "ops/learner", "ops/messages"],
  tensor: ["tensor", "autograd", "ops/messages"],
  compile: ["compile"],
  testing: ["testing", "tensor/compar"],
  diagram: ["diagram"],
  optim: ["optim", "nn", "ops/learner"],
  io: ["io"],
  nn: ["nn", "ops/learner", "optim/messages"],
  onnx: ["onnx"],
  diffusion: ["diffusion", "index"],
  galaxy: ["galaxy", "index"],
  metrics: ["metrics", "index"],
  plot: ["plot", "index"],
  curves: ["curves", "index"],
};

/** They load a second copy of the package, measure time, run PyTorch or the command. */
const LEFT_OUT = ["tensor/realms", "io/linear", "io/pytorch", "curves/command"].map(
  (name) => `test/${name}.test.ts`,
);

/** A process that has told nothing for so long is in a change that never ends. */
const SILENCE = 180_000;

const { values, positionals } = parseArgs({
  options: {
    shard: { type: "string", default: "1/1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    fresh: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const names = positionals.length === 0 ? Object.keys(TESTS) : positionals;
const folderOf = (name) => name.split("/")[0];
const strange = names.find((name) => !(folderOf(name) in TESTS));
if (strange !== undefined) throw new Error(`choose from ${Object.keys(TESTS).join(", ")}, not ${strange}`);
const [part, parts] = values.shard.split("/").map(Number);
if (!(part >= 1 && part <= parts)) throw new Error(`--shard is ${values.shard}, but must be like 2/29`);

// An exit ends the processes too.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
const rows = [];
for (const name of names) rows.push(await count(name));
console.log(["| folder | changes | tested | noticed |", "| --- | ---: | ---: | ---: |", ...rows].join("\n"));

/** Counts a folder or one file of it; returns its row of the table. */
async function count(name) {
  const folder = folderOf(name);
  const { changes } = await instrument(filesBelow(`src/${folder}`, ".ts"));
  const path = `.build/mutation/${folder}.json`;
  const known = values.fresh || !existsSync(path) ? {} : JSON.parse(readFileSync(path, "utf8"));
  const outcomes = new Map(changes.filter(({ key }) => key in known).map(({ id, key }) => [id, known[key]]));
  const save = () => {
    const found = changes.filter(({ id }) => outcomes.has(id)).map(({ id, key }) => [key, outcomes.get(id)]);
    mkdirSync(".build/mutation", { recursive: true });
    writeFileSync(path, JSON.stringify(Object.fromEntries(found)));
  };
  const asked = changes.filter(
    ({ id, path }) => id % parts === part % parts && path.startsWith(`src/${name}`),
  );
  const left = asked.filter(({ id }) => !isNoticed(outcomes.get(id))).map(({ id }) => id);
  if (!values.table && left.length > 0) {
    process.once("exit", save);
    const jobs = Math.min(Number(values.jobs), left.length);
    const shares = Array.from({ length: jobs }, (_, job) => left.filter((_, at) => at % jobs === job));
    let done = 0;
    const tell = (id, outcome) => {
      outcomes.set(id, outcome);
      if (++done % 50 === 0 || done === left.length) {
        console.error(`${folder}: ${done} of ${left.length}, ${noticedOf(outcomes).text} noticed`);
        save();
      }
    };
    await Promise.all(shares.map((ids, job) => work(folder, job, ids, tell)));
    process.off("exit", save);
    save();
    const survivors = asked.filter(
      ({ id }) => outcomes.get(id) === "survived" || outcomes.get(id) === "unmet",
    );
    for (const { id, path, line, before, replacement } of survivors)
      console.log(`${path}:${line} ${outcomes.get(id)}: ${short(before)} → ${short(replacement)}`);
  }
  const { tested, text } = noticedOf(outcomes);
  return `| \`${folder}\` | ${changes.length} | ${tested} | ${text} |`;
}

/** Lets one process after another work on changes until each has its outcome: some changes end the process. */
async function work(folder, job, ids, tell) {
  const directory = `.build/mutation/${folder}.${job}`;
  mkdirSync(directory, { recursive: true });
  const [plan, outcomes] = [`${directory}/plan.json`, `${directory}/outcomes.jsonl`];
  const tests = filesBelow("test", ".test.ts").filter(
    (path) => TESTS[folder].some((start) => path.startsWith(`test/${start}`)) && !LEFT_OUT.includes(path),
  );
  const left = new Set(ids);
  const undecided = new Set();
  while (left.size > 0) {
    writeFileSync(outcomes, "");
    const content = {
      paths: filesBelow(`src/${folder}`, ".ts"),
      tests,
      // The kernels in WebAssembly fall back to those in TypeScript, but not the other way round.
      backend: folder === "kernels" ? "wasm" : "typescript",
      provided: {
        files: tests.length,
        changes: [...left].filter((id) => !undecided.has(id)),
        undecided: [...undecided],
        outcomes,
      },
    };
    writeFileSync(plan, JSON.stringify(content));
    let started;
    let isRunning = false;
    const output = await run(plan, outcomes, ({ id, outcome, test }) => {
      isRunning = true;
      if (outcome === "started") started = id;
      else if (outcome === "undecided") undecided.add(id);
      else if (id < 0) console.error(`${folder}: takes too long to be run for each change: ${test}`);
      else {
        left.delete(id);
        undecided.delete(id);
        tell(id, outcome);
      }
    });
    if (!isRunning) throw new Error(`the tests of ${folder} do not run:\n${output.slice(-4000)}`);
    if (!left.delete(started)) continue;
    undecided.delete(started);
    tell(started, "endless");
  }
}

/** Runs count.js until it ends or is silent for long, and hands on what it finds. Resolves to what it printed. */
async function run(plan, outcomes, take) {
  const child = spawn(process.execPath, ["test/mutation/count.js", plan], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const add = (text) => {
    output += text;
  };
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  const stop = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {}
  };
  process.once("exit", stop);
  let ended = false;
  const end = new Promise((resolve) => child.once("close", resolve)).then(() => {
    ended = true;
  });
  let taken = 0;
  for (let last = false; !last; last = ended) {
    await Promise.race([end, sleep(2_000)]);
    const text = readFileSync(outcomes, "utf8").slice(taken);
    const lines = text.slice(0, text.lastIndexOf("\n") + 1);
    for (const line of lines.split("\n").filter(Boolean)) take(JSON.parse(line));
    taken += lines.length;
    // Before the first change, the tests are run as they are, which tells nothing.
    if (taken > 0 && Date.now() - statSync(outcomes).mtimeMs > SILENCE) stop();
  }
  stop();
  process.off("exit", stop);
  return output;
}

function isNoticed(outcome) {
  return outcome === "noticed" || outcome === "endless";
}

function noticedOf(outcomes) {
  const counted = [...outcomes.values()].filter((outcome) => outcome !== "on loading");
  const noticed = counted.filter(isNoticed).length;
  return {
    tested: counted.length,
    text: counted.length === 0 ? "" : `${((100 * noticed) / counted.length).toFixed(1)} %`,
  };
}

function filesBelow(directory, end) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => `${directory}/${name}`);
}

function short(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 97)}…` : line;
}
