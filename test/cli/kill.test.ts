/**
 * kill −9, power for a process: at any moment of run and train every file that is found is whole, old or new, what is left aside hinders no
 * later run, and --resume ends with the bytes of a job that was never stopped. HALOGRAD_KILLS=300 kills more often than the suite does.
 */
import { once } from "node:events";
import { cpSync, readFileSync, watch, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseProvenance } from "../../src/cli/provenance.ts";
import { parseCsv, readSafetensors } from "../../src/io/index.ts";
import { parseSvg } from "../plot/parse-svg.ts";
import { filesIn, newFolder, start, succeed } from "./halograd.ts";

const kills = Number(process.env.HALOGRAD_KILLS ?? 24);
const home = newFolder();

/** Two jobs that write the same names with different contents, over each other. */
const jobs = [
  ["run", "--seed", "1", "--count", "20", "--epochs", "20", "--samples", "30", "--steps", "5"],
  ["run", "--seed", "2", "--count", "30", "--epochs", "40", "--samples", "20", "--steps", "5"],
  ["train", "--seed", "3", "--data", "curves.csv", "--epochs", "60"],
];

/** What each job writes when nobody kills it: name → content. */
let whole: Map<string, Buffer>[];
/** How long the longest of them takes, ms. */
let longest = 0;

const contents = (folder: string): Map<string, Buffer> =>
  new Map(filesIn(folder).map((name) => [name, readFileSync(join(folder, name))]));
const isAside = (name: string): boolean =>
  /^\..+\.\d+\.[0-9a-f]{12}\.tmp$/.test(basename(name)) || name === ".halograd.lock";

beforeAll(() => {
  succeed(["generate", "--count", "20", "--out", "data"], home);
  cpSync(join(home, "data/curves.csv"), join(home, "curves.csv"));
  const points = [1, 3, 6, 10].map((r) => `${r} ${100 + 2 * r} 4 ${3 * r} 50 0 1 1`);
  const rows = ["A", "B", "C", "D", "E"].flatMap((name) => points.map((cells) => `${name} 10 ${cells}`));
  writeFileSync(join(home, "models.mrt"), ["ID D R Vobs", "-".repeat(80), ...rows].join("\n"));
  whole = jobs.map((words, i) => {
    const begin = performance.now();
    succeed([...words, "--out", `whole${i}`], home);
    longest = Math.max(longest, performance.now() - begin);
    return contents(join(home, `whole${i}`));
  });
});

test("a job left alone writes tables, models, figures and a page that are complete", () => {
  for (const [name, bytes] of whole.flatMap((files) => [...files])) {
    const text = bytes.toString("utf8");
    if (name.endsWith(".csv")) expect(parseCsv(text, { source: name }).rows.length).toBeGreaterThan(0);
    else if (name.endsWith(".safetensors")) expect(readSafetensors(bytes, name).tensors.size).toBe(12);
    else if (name.endsWith(".json")) expect(parseProvenance(text)).toHaveLength(1);
    else if (name.endsWith(".svg")) expect(parseSvg(text.trim())[0].name).toBe("svg");
    else expect(text).toMatch(/^<!doctype html>.*<\/html>\n$/is);
  }
});

test(
  `${kills} kills at random moments leave no half-written file, and nothing that hinders the next run`,
  async () => {
    const out = join(home, "out");
    succeed([...jobs[0], "--out", "out"], home);
    const counts = { killed: 0, writing: 0 };
    for (let round = 0; counts.killed < kills; round++) {
      const job = start([...jobs[round % jobs.length], "--force", "--out", "out"], home);
      const ended = once(job, "exit");
      // Files are written in a few moments of the job, so every second kill waits for one: when an aside appears.
      const watchers = [out, join(out, "figures")].map((folder) =>
        watch(folder, (_, name) => {
          if (round % 2 === 1 && name?.endsWith(".tmp"))
            setTimeout(() => job.kill("SIGKILL"), 4 * Math.random());
        }),
      );
      const timer = setTimeout(
        () => job.kill("SIGKILL"),
        (round % 2 === 0 ? 1 : 2) * longest * Math.random(),
      );
      const [code, signal] = await ended;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      if (signal === null)
        expect(code).toBe(0); // it was done before its moment came
      else counts.killed++;
      const found = contents(out);
      if ([...found.keys()].some((name) => isAside(name) && name.includes(`.${job.pid}.`))) counts.writing++;
      for (const [name, bytes] of found) {
        if (isAside(name)) continue;
        if (name === "checkpoint.safetensors") {
          expect(readSafetensors(bytes, name).metadata.get("done")).toBeDefined();
          continue;
        }
        if (name === "provenance.json") {
          // Files of several jobs may be there. What it tells is of each, or says that it is not.
          expect(parseProvenance(bytes.toString("utf8")), `after kill ${counts.killed}`).toBeDefined();
          continue;
        }
        const isWhole = whole.some((files) => files.get(name)?.equals(bytes));
        expect(isWhole, `${name} after kill ${counts.killed}`).toBe(true);
      }
    }
    if (process.env.HALOGRAD_KILLS !== undefined) {
      console.log(`${counts.killed} kills; after ${counts.writing} of them an unfinished aside was left`);
    }
    succeed([...jobs[0], "--force", "--out", "out"], home);
    expect(contents(out)).toEqual(whole[0]);
  },
  600_000 + 10_000 * kills,
);

const often = ["--checkpoint", "0"];
/** Jobs that go on: both networks, one with conditions, and work on many galaxies. */
const resumed = [
  ["run", "--count", "30", "--epochs", "150", "--samples", "20", "--steps", "5", ...often],
  ["decompose", "--sparc", "models.mrt", "--halo", "nfw", "--moves", "300", "--jobs", "2"],
  [
    ...[
      "train",
      "--data",
      "data/curves.csv",
      "--network",
      "residual",
      "--batches",
      "200",
      "--widths",
      "16,16",
    ],
    ...often,
  ],
  ["train", "--data", "data/curves.csv", "--epochs", "200", "--backend", "typescript", ...often],
  [
    ...["run", "--network", "residual", "--count", "60", "--batches", "80", "--conditions", "disc-mass"],
    ...["--samples", "20", "--steps", "5", "--seed", "4", ...often],
  ],
];

/** Each takes a second or two, so that the suite makes do with fewer. */
const stops = process.env.HALOGRAD_KILLS === undefined ? 6 : kills;

test(
  `${stops} kills at random moments, and as many resumptions, end with the bytes of jobs that were never stopped`,
  async () => {
    const counts = { killed: 0, resumed: 0 };
    for (let round = 0; counts.killed < stops; round++) {
      const words = [...resumed[round % resumed.length], "--resume"];
      const [never, out] = [join(home, `never${round}`), join(home, `often${round}`)];
      const begin = performance.now();
      succeed([...words, "--out", never], home);
      const time = performance.now() - begin;
      for (let isDone = false; !isDone; ) {
        const job = start([...words, "--out", out], home);
        let [stdout, stderr] = ["", ""];
        job.stdout.on("data", (text) => {
          stdout += text;
        });
        job.stderr.on("data", (text) => {
          stderr += text;
        });
        const ended = once(job, "close");
        // Every third one is a Ctrl-C, which keeps more.
        const kind = Math.random() < 1 / 3 ? "SIGINT" : "SIGKILL";
        const timer = setTimeout(() => job.kill(kind), 1.2 * time * Math.random());
        const [code, signal] = await ended;
        clearTimeout(timer);
        if (/resumed|were done before/.test(stdout)) counts.resumed++;
        isDone = code === 0;
        if (isDone) continue;
        expect([signal ?? code], stderr).toContain(
          kind === "SIGKILL" ? kind : signal === null ? 130 : "SIGINT",
        );
        counts.killed++;
      }
      const found = [...contents(out)].filter(([name]) => !isAside(name));
      expect(new Map(found), words.join(" ")).toEqual(contents(never));
    }
    if (process.env.HALOGRAD_KILLS !== undefined) {
      console.log(`${counts.killed} kills; ${counts.resumed} jobs went on from a checkpoint`);
    }
  },
  600_000 + 10_000 * stops,
);
