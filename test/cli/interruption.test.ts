/** Ctrl-C and its like: what was computed is kept, and nothing hangs. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { readModel } from "../../src/curves/index.ts";
import { parseCsv } from "../../src/io/index.ts";
import { filesIn, newFolder, start, succeed } from "./halograd.ts";

const home = newFolder();
const long = ["--count", "100", "--epochs", "1000000"];

/** Starts a job, does something once it prints that the first epoch is done, and waits for its end. */
async function interrupt(
  words: string[],
  act: (job: ReturnType<typeof start>) => void,
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const job = start(words, home);
  let [stdout, stderr] = ["", ""];
  let acted = false;
  job.stderr.on("data", (text) => {
    stderr += text;
  });
  job.stdout.on("data", (text) => {
    stdout += text;
    if (acted || !stdout.includes("epoch")) return;
    acted = true;
    act(job);
  });
  const [code, signal] = await once(job, "close");
  return { code, signal, stdout, stderr };
}

describe("a job that is stopped", () => {
  test("by Ctrl-C while it trains keeps model, losses and figures so far, and says how to go on", async () => {
    const { code, stdout, stderr } = await interrupt(["run", ...long, "--out", "a"], (job) =>
      job.kill("SIGINT"),
    );
    expect(code).toBe(130);
    expect(stderr).toBe("Stopping, and keeping what was computed; once more stops at once.\n");
    expect(filesIn(join(home, "a"))).toEqual([
      ...[
        "checkpoint.safetensors",
        "curves.csv",
        "figures/curves.svg",
        "figures/loss.svg",
        "figures/noise.svg",
        "figures/predictions.svg",
      ],
      ...["galaxies.csv", "loss.csv", "model.safetensors", "provenance.json"],
    ]);
    const { rows } = parseCsv(readFileSync(join(home, "a/loss.csv"), "utf8"), { source: "loss.csv" });
    const { training } = readModel(readFileSync(join(home, "a/model.safetensors")));
    expect(rows).toHaveLength(training.epochs);
    expect(stdout).toContain("Stopped by Ctrl-C. Kept: galaxies.csv");
    const epoch = training.epochs - 1;
    expect(stdout).toContain(
      `Go on: halograd sample --model a/model.safetensors uses the model of epoch ${epoch}; the same command with --resume goes on where it was; the same command with --force`,
    );
    succeed(["sample", "--model", "a/model.safetensors", "--count", "2", "--out", "a"], home);
  });

  test("by SIGTERM ends alike, with the exit code 143", async () => {
    succeed(["generate", "--count", "100", "--out", "b"], home);
    const words = ["train", "--data", "b/curves.csv", "--epochs", "1000000", "--out", "b"];
    const { code, stdout } = await interrupt(words, (job) => job.kill("SIGTERM"));
    expect(code).toBe(143);
    expect(stdout).toContain(
      "Stopped by SIGTERM. Kept: loss.csv, model.safetensors, checkpoint.safetensors, provenance.json in b/",
    );
  });

  test("by a reader that leaves (| head) ends without a word, with the exit code 141", async () => {
    const { code, stderr } = await interrupt(["run", ...long, "--out", "c"], (job) => job.stdout.destroy());
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
    expect(filesIn(join(home, "c"))).toContain("model.safetensors");
  });

  test("takes two signals within a moment for one, as npm doubles each", async () => {
    const { code } = await interrupt(["run", ...long, "--out", "d"], (job) => {
      job.kill("SIGINT");
      setTimeout(() => job.kill("SIGINT"), 20);
    });
    expect(code).toBe(130);
    expect(filesIn(join(home, "d"))).toContain("model.safetensors");
  });

  test("by two signals, or by one before there is anything to keep, ends at once: any command, in a computation or waiting for a file", async () => {
    execFileSync("mkfifo", [join(home, "fifo")]);
    succeed(["generate", "--count", "4000", "--out", "big"], home);
    succeed(["generate", "--count", "4000", "--seed", "1", "--out", "fresh"], home);
    succeed(["train", "--data", "big/curves.csv", "--network", "residual", "--batches", "20"], home);
    writeFileSync(join(home, "galaxy.csv"), "radius,velocity,error\n2,95,15\n8,140,15\n");
    writeFileSync(
      join(home, "models.mrt"),
      `ID D R Vobs\n${"-".repeat(80)}\nX 1 2 95 15 1 40 0 0 0\nX 1 8 140 15 1 50 0 0 0\n`,
    );
    const model = ["--model", "big/model.safetensors"];
    const real = ["fresh/curves.csv", "big/curves.csv", "--count", "2000"];
    const jobs = [
      ["run", ...long, "--out", "f"],
      ["generate", "--count", "100000", "--out", "g"],
      ["population", "fifo"],
      ["train", "--data", "big/curves.csv", "--epochs", "1000000", "--out", "h"],
      ["sample", ...model, "--count", "100000", "--out", "i"],
      ["denoise", "fifo", ...model, "--out", "j"],
      ["infer", "galaxy.csv", ...model, "--bank", "10000000", "--out", "k"],
      ["decompose", "--sparc", "models.mrt", "--moves", "10000000", "--out", "o"],
      ["plot", "curves", "--data", "fifo", "--out", "l"],
      ["plot", "sampling", "--from", "big", "--steps", "10000", "--out", "m"],
      ["evaluate", ...real],
      ["compare", ...real, "big/model.safetensors"],
      ["export", "--model", "fifo", "--out", "n"],
      ["info", "fifo"],
    ];
    expect(new Set(jobs.map(([name]) => name))).toEqual(new Set(commands.keys()));
    for (const words of jobs) {
      const job = start(words, home);
      const ended = once(job, "close");
      await sleep(1500);
      expect({ words, code: job.exitCode }).toEqual({ words, code: null }); // it is at work
      const began = performance.now();
      job.kill("SIGINT");
      await sleep(400);
      job.kill("SIGINT");
      const [code, signal] = await ended;
      expect(code ?? signal).toBe(code === null ? "SIGINT" : 130); // shells tell both as 130
      expect(performance.now() - began).toBeLessThan(3000);
    }
  }, 180_000);

  test("tells a program that reads --json that it is not complete", async () => {
    const job = start(["run", ...long, "--json", "--out", "e"], home);
    let stdout = "";
    job.stdout.on("data", (text) => {
      stdout += text;
    });
    job.stderr.once("data", () => setTimeout(() => job.kill("SIGINT"), 300));
    const [code] = await once(job, "close");
    expect(code).toBe(130);
    const result = JSON.parse(stdout);
    expect(result.complete).toBe(false);
    expect([...result.files].sort()).toEqual(filesIn(join(home, "e")));
  });
});
