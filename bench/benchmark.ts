/**
 * The benchmark: halograd beside its peers, in turn, round after round. `npm run bench -- --help`; bench/README.md
 * explains the figures.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Random } from "halograd";
import { splitDataset } from "halograd/diffusion";
import { rotationCurves, samplePopulation } from "halograd/galaxy";
import { formatCsv } from "halograd/io";
import { chart } from "./chart.ts";
import { type Contender, RemoteContender } from "./contender.ts";
import { PEERS, writeCurves } from "./contenders/peer.ts";
import { goals } from "./goals.ts";
import {
  contenderFile,
  type MainJob,
  ourProgram,
  type Program,
  peerProgram,
  pythonProgram,
  runProgram,
  type StartUp,
} from "./processes.ts";
import { type Results, type Row, type Timing, tables, timing } from "./results.ts";
import { copyBandwidth } from "./roofline.ts";
import { type Measure, measures, SECTIONS, type Section } from "./sections.ts";
import { type Curves, type Digest, fault } from "./tasks.ts";

const HELP = `npm run bench -- [options]

  --quick         few sizes, few rounds: about two minutes
  --only LIST     sections, by commas: ${SECTIONS.join(", ")}
  --rounds N      turns of each contender (default 7; with --quick 3)
  --json FILE     where the numbers go (default bench/results/benchmark.json,
                  which only a whole run writes; else .build/benchmark.json)
  --from FILE     measures nothing: prints and draws the numbers of a file
  --help

Peers are installed by: npm run bench:peers
PyTorch is used where python3 has it (Debian: python3-torch libopenblas0-pthread).`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    json: { type: "string" },
    from: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Contenders whose run takes longer than this (seconds) take part in one round only. */
const SLOW = 0.3;

/** Where a row is several times the work of the one before: whose last run took longer (seconds) is left out. */
const TOO_SLOW = 1;

/** The best times of the last row. */
let lastRow: Row | undefined;

/** Losses of the last of 2001 epochs lie from 0.12 to 0.19 (train) and 0.01 to 0.11 (valid), of 60 up to 0.25. */
const SENSIBLE_LOSS = { short: 0.4, whole: 0.22 };

if (options.help) console.log(HELP);
else if (options.from !== undefined) report(JSON.parse(readFileSync(options.from, "utf8")));
else await run();

async function run(): Promise<void> {
  const { quick } = options;
  const rounds = Number(options.rounds ?? (quick ? 3 : 7));
  const sections = (options.only?.split(",") ?? SECTIONS) as readonly Section[];
  const unknown = sections.filter((section) => !SECTIONS.includes(section));
  if (unknown.length > 0 || !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(
      unknown.length > 0 ? `There is no section ${unknown.join(", ")}.` : "--rounds takes a number.",
    );
    console.error(HELP);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "halograd-bench-"));
  const data = prepareData(folder);
  const { contenders, programs, missing } = await gather(data);
  const rows: Row[] = [];
  try {
    for (const section of sections) {
      for (const measure of measures(section, quick)) {
        progress(`${measure.section}: ${measure.label}`);
        rows.push(await measureRow(measure, contenders, rounds, quick ? 0.02 : 0.05));
      }
      if (section === "start-up") rows.push(...measureStartUp(programs, rounds));
      if (section === "main-job") rows.push(measureMainJob(programs, data, quick));
    }
  } finally {
    progress("");
    for (const contender of contenders) contender.close();
    rmSync(folder, { recursive: true });
  }
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      processor: cpus()[0].model,
      cores: availableParallelism(),
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      copyBandwidth: copyBandwidth(),
    },
    contenders: Object.fromEntries(contenders.map(({ name, version }) => [name, version])),
    missing,
    rounds,
    rows,
  };
  const whole = !quick && options.only === undefined;
  const file = options.json ?? join(ROOT, whole ? "bench/results/benchmark.json" : ".build/benchmark.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
  report(results, whole ? "docs/benchmark.svg" : ".build/benchmark.svg");
  console.log(`\nNumbers: ${file}`);
}

function report(results: Results, picture = ".build/benchmark.svg"): void {
  const text = [tables(results), goals(results)].filter((part) => part !== "").join("\n\n");
  console.log(text);
  if (picture.startsWith("docs/")) {
    const page = join(ROOT, "bench/README.md");
    const parts = /(?<=<!-- results -->\n)[\s\S]*(?=<!-- end of results -->)/;
    writeFileSync(
      page,
      readFileSync(page, "utf8").replace(parts, () => `\n\`\`\`text\n${text}\n\`\`\`\n\n`),
    );
  }
  mkdirSync(dirname(join(ROOT, picture)), { recursive: true });
  writeFileSync(join(ROOT, picture), chart(results));
  console.log(`\nChart: ${picture}`);
}

/** Six digits are enough for a time. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

// ---------------------------------------------------------------------------------------------------------------------
// Data and contenders

interface Data {
  readonly curves: Curves;
  /** All 1000 curves in km/s, as `halograd run` writes them. */
  readonly csv: string;
  /** The standardised curves, as contenders/peer.ts reads them. */
  readonly binary: string;
}

function prepareData(folder: string): Data {
  const { radii, velocities } = rotationCurves(samplePopulation({ random: new Random(0) }));
  const all = Array.from({ length: velocities.length / radii.length }, (_, i) =>
    velocities.subarray(i * radii.length, (i + 1) * radii.length),
  );
  const { train, valid } = splitDataset(all, new Random(0));
  const values = (x: typeof train): Float32Array => Float32Array.from(x.toTypedArray());
  const data = {
    curves: { train: values(train), valid: values(valid) },
    csv: join(folder, "curves.csv"),
    binary: join(folder, "curves.f32"),
  };
  writeFileSync(data.csv, formatCsv(radii, all));
  writeCurves(data.binary, data.curves);
  return data;
}

/** All who can take part, each in a process of its own; who cannot is named with the reason. */
async function gather(data: Data): Promise<{
  contenders: Contender[];
  programs: Program[];
  missing: Record<string, string>;
}> {
  const contenders: Contender[] = [];
  const programs: Program[] = [];
  const missing: Record<string, string> = {};
  const attempt = async (name: string, join: () => unknown): Promise<void> => {
    try {
      await join();
    } catch (error) {
      missing[name] = messageOf(error);
    }
  };
  const node = (command: string, module: string, variant: string): Promise<RemoteContender> =>
    RemoteContender.start(command, [contenderFile("serve.js"), module, variant, data.binary]);
  const here = process.execPath;

  for (const [name, backend] of [
    ["halograd TS", "typescript"],
    ["halograd WASM", "wasm"],
  ] as const) {
    await attempt(name, async () => {
      contenders.push(await node(here, "halograd", backend));
      programs.push(ourProgram(name, backend));
    });
  }
  for (const way of ["compiled", "two threads"])
    await attempt(way, async () => contenders.push(await node(here, "halograd", way)));
  contenders.push(await node(here, "plain", ""));

  const peersInstalled = existsSync(new URL("node_modules", PEERS));
  for (const [name, module, variant, command] of [
    ["tfjs cpu", "tfjs", "cpu", () => here],
    ["tfjs wasm", "tfjs", "wasm", () => here],
    ["jax-js", "jax", "wasm", () => here],
    ["deepbox", "deepbox", "cpu", node24],
  ] as const) {
    await attempt(name, async () => {
      if (!peersInstalled) throw new Error("not installed: npm run bench:peers");
      contenders.push(await node(command(), module, variant));
      programs.push(peerProgram(name, command(), module, variant));
    });
  }
  await attempt("PyTorch", async () => {
    const python = ["python3", "/usr/bin/python3"].find(
      (command) => spawnSync(command, ["-c", "import torch"]).status === 0,
    );
    if (python === undefined) throw new Error("not installed (Debian: python3-torch libopenblas0-pthread)");
    contenders.push(await RemoteContender.start(python, [contenderFile("pytorch.py"), data.binary]));
    programs.push(pythonProgram("PyTorch", python));
  });
  await attempt("roof", async () => contenders.push(await node(here, "roof", "")));
  return { contenders, programs, missing };
}

/** A Node that is new enough for deepbox: this one, or the one that is installed with the peers. */
function node24(): string {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 13)) return process.execPath;
  const installed = fileURLToPath(new URL("node_modules/node-24/bin/node", PEERS));
  if (!existsSync(installed))
    throw new Error("needs Node 24.13 or newer (installed with the peers on Linux, x64)");
  return installed;
}

// ---------------------------------------------------------------------------------------------------------------------
// Measuring

async function measureRow(
  { task, ...rest }: Measure,
  contenders: readonly Contender[],
  rounds: number,
  seconds: number,
): Promise<Row> {
  const faults: Record<string, string> = {};
  const taking: Contender[] = [];
  let reference: Digest | undefined;
  for (const contender of contenders) {
    const grows = /^(batch|width)$/.test(rest.section) && lastRow?.section === rest.section;
    if (grows && !((lastRow?.times[contender.name]?.best ?? Infinity) < TOO_SLOW)) {
      if (contender.name in lastRow!.times) faults[contender.name] = "left out from here on: too slow";
      continue;
    }
    try {
      const digest = await contender.prepare(task);
      if (digest === null) continue;
      const wrong = contender.name === "roof" ? null : fault(task, digest, reference);
      if (wrong !== null) throw new Error(wrong);
      reference ??= digest;
      taking.push(contender);
    } catch (error) {
      faults[contender.name] = messageOf(error);
      await contender.release();
    }
  }
  const samples = new Map<Contender, number[]>(taking.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, times] of samples) {
      if (Math.min(...times) > SLOW && times.length > 0) continue;
      times.push(...(await contender.sample(seconds)));
    }
  }
  const times: Record<string, Timing> = {};
  for (const [contender, all] of samples) {
    times[contender.name] = timing(all);
    await contender.release();
  }
  lastRow = { ...rest, times, faults };
  return lastRow;
}

function measureStartUp(programs: readonly Program[], rounds: number): Row[] {
  const samples = { imported: new Map<string, number[]>(), first: new Map<string, number[]>() };
  const faults: Record<string, string> = {};
  for (let round = 0; round < rounds; round++) {
    for (const { name, command, startUp } of programs) {
      progress(`start-up: ${name}`);
      try {
        const { outcome } = runProgram<StartUp>(command, startUp);
        add(samples.imported, name, outcome.importMilliseconds / 1000);
        add(samples.first, name, outcome.firstMilliseconds / 1000);
      } catch (error) {
        faults[name] = messageOf(error);
      }
    }
  }
  const common = { section: "start-up", unit: "ms", work: 1, faults } as const;
  return [
    { ...common, label: "import", times: timings(samples.imported) },
    { ...common, label: "import to first gradient", times: timings(samples.first), faults: {} },
  ];
}

function measureMainJob(programs: readonly Program[], { csv, binary }: Data, quick: boolean): Row {
  const epochs = quick ? 60 : 2001;
  const samples = new Map<string, number[]>();
  const faults: Record<string, string> = {};
  // The two that the goals compare take three turns; a minute and more of the others is not worth repeating.
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const { name, command, mainJob } of programs) {
      if (round > 0 && !/^(halograd|PyTorch)/.test(name)) continue;
      progress(`main job: ${name}`);
      try {
        const { outcome, seconds } = runProgram<MainJob>(command, mainJob(csv, binary, String(epochs)));
        const limit = quick ? SENSIBLE_LOSS.short : SENSIBLE_LOSS.whole;
        if (!(outcome.train < limit && outcome.valid < limit)) {
          throw new Error(`losses of ${outcome.train.toFixed(3)} and ${outcome.valid.toFixed(3)} at the end`);
        }
        add(samples, name, seconds);
      } catch (error) {
        faults[name] = messageOf(error);
      }
    }
  }
  const label = `${epochs} epochs, 5 samples`;
  return { section: "main-job", label, unit: "s", work: 1, times: timings(samples), faults };
}

function add(samples: Map<string, number[]>, name: string, value: number): void {
  samples.set(name, [...(samples.get(name) ?? []), value]);
}

function timings(samples: ReadonlyMap<string, readonly number[]>): Record<string, Timing> {
  return Object.fromEntries([...samples].map(([name, times]) => [name, timing(times)]));
}
