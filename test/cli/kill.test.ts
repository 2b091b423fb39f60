/**
 * kill −9, power for a process: at any moment of run and train every file that is found is whole, old or new, and what
 * is left aside hinders no later run. HALOGRAD_KILLS=300 kills more often than the suite does.
 */
import { once } from "node:events";
import { cpSync, readFileSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
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
