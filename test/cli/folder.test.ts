/** The folder that a command writes into: held by one command at a time, and one set of files at any time. */
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readModel } from "halograd/curves";
import { describe, expect, test } from "vitest";
import { filesIn, halograd, newFolder, start, succeed } from "./halograd.ts";

const home = newFolder();
const read = (name: string): string => readFileSync(join(home, name), "utf8");
const short = ["--count", "20", "--epochs", "3", "--samples", "5", "--steps", "3"];

/** A training that goes on until it is stopped, once it holds its folder. */
async function training(out: string): Promise<ReturnType<typeof start>> {
  const job = start(["run", "--count", "20", "--epochs", "1000000", "--out", out], home);
  while (!filesIn(home).includes(`${out}/curves.csv`)) await sleep(20);
  return job;
}

describe("a folder", () => {
  test("takes one of two runs at once, the other is told, and the lock goes with its holder", async () => {
    const job = await training("a");
    symlinkSync("a", join(home, "link"));
    for (const out of ["a", "link"]) {
      const { code, stderr } = halograd(["run", ...short, "--force", "--out", out], { cwd: home });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /(a|link): another halograd writes into this folder \(process \d+ on .*\)\n {2}Fix: wait for its end/,
      );
    }
    const ended = once(job, "close");
    job.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    expect(filesIn(join(home, "a"))).not.toContain(".halograd.lock");
    succeed(["run", ...short, "--force", "--out", "a", "--quiet"], home);
  });

  test("keeps a file that appears while a command works, with --force too, and tells", async () => {
    for (const force of [[], ["--force"]]) {
      const out = `b${force.length}`;
      const job = start(["run", "--count", "20", "--epochs", "1000000", "--out", out, ...force], home);
      let stdout = "";
      job.stdout.on("data", (text) => {
        stdout += text;
      });
      while (!stdout.includes("epoch")) await sleep(20); // before the first there is nothing to write
      writeFileSync(join(home, out, "loss.csv"), "mine");
      writeFileSync(join(home, out, "guided.svg"), "mine");
      let stderr = "";
      job.stderr.on("data", (text) => {
        stderr += text;
      });
      const ended = once(job, "close");
      job.kill("SIGINT");
      expect((await ended)[0]).toBe(1);
      expect(stderr).toMatch(/loss\.csv: this appeared after the command had begun, and is not overwritten/);
      for (const name of ["loss.csv", "guided.svg"]) expect(read(`${out}/${name}`)).toBe("mine");
      expect(filesIn(join(home, out))).toEqual([
        ...["checkpoint.safetensors", "curves.csv", "galaxies.csv", "guided.svg", "loss.csv"],
        "provenance.json",
      ]);
    }
  });

  test("never has files that follow from others than its own", () => {
    succeed(["run", ...short, "--out", "c", "--quiet"], home);
    const words = ["train", "--data", "c/curves.csv", "--epochs", "2", "--quiet", "--seed", "5"];
    // The figures and samples of another model count as well.
    expect(halograd(words, { cwd: home }).stderr).toMatch(
      /loss\.csv, model\.safetensors, samples\.csv and 6 more already there/,
    );
    succeed([...words, "--force"], home);
    expect(filesIn(join(home, "c"))).toEqual([
      ...["curves.csv", "galaxies.csv", "loss.csv", "model.safetensors", "provenance.json"],
    ]);
    succeed(["generate", "--count", "5", "--out", "c", "--force", "--quiet"], home);
    expect(filesIn(join(home, "c"))).toEqual(["curves.csv", "galaxies.csv", "provenance.json"]);
  });

  test("gets a model of the widths and the schedule that are asked for", () => {
    succeed(["generate", "--count", "20", "--out", "w", "--quiet"], home);
    const words = [
      "train",
      "--data",
      "w/curves.csv",
      "--widths",
      "12,3",
      "--schedule",
      "cosine",
      "--epochs",
      "2",
    ];
    succeed([...words, "--quiet"], home);
    const { network, training } = readModel(readFileSync(join(home, "w/model.safetensors")));
    expect(network.parameters()[0].shape).toEqual([12, 50]);
    expect(training.schedule).toBe("cosine");
  });

  test("gets what is made of its files, unless --out names another", () => {
    succeed(["generate", "--count", "20", "--out", "d", "--quiet"], home);
    succeed(["train", "--data", "d/curves.csv", "--epochs", "2", "--quiet"], home);
    succeed(["sample", "--model", "d/model.safetensors", "--count", "3", "--quiet"], home);
    succeed(["plot", "loss", "--from", "d", "--quiet"], home);
    succeed(["plot", "curves", "--from", "d", "--out", "e", "--quiet"], home);
    expect(filesIn(join(home, "d"))).toEqual([
      "curves.csv",
      "figures/loss.svg",
      "galaxies.csv",
      "loss.csv",
      "model.safetensors",
      "provenance.json",
      "samples.csv",
    ]);
    expect(filesIn(join(home, "e"))).toEqual(["figures/curves.svg", "provenance.json"]);
    expect(filesIn(home).some((name) => name.startsWith("out/"))).toBe(false);
  });

  test("of another kind than a folder is refused as before", () => {
    mkdirSync(join(home, "f/loss.csv"), { recursive: true });
    expect(halograd(["train", "--data", "d/curves.csv", "--out", "f", "--force"], { cwd: home }).code).toBe(
      1,
    );
  });
});
