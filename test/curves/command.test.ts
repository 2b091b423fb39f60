/** The command and the library are one: the same settings give the same bytes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type ConditionName,
  finish,
  formatGalaxies,
  generatePopulation,
  NETWORKS,
  sampleCurves,
  trainModel,
  writeModel,
} from "../../src/curves/index.ts";
import { backendName, Random } from "../../src/index.ts";
import { formatCsv } from "../../src/io/index.ts";
import { newFolder, succeed } from "../cli/halograd.ts";

const home = newFolder();
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(join(home, name)));
const text = (name: string): string => readFileSync(join(home, name), "utf8");

describe.each(NETWORKS)("halograd run --network %s", (network) => {
  const conditions: ConditionName[] = network === "residual" ? ["disc-mass"] : [];
  beforeAll(() => {
    const length = network === "residual" ? ["--batches", "30"] : ["--epochs", "10"];
    const words = ["--seed", "-5", "--count", "60", ...length, "--samples", "5"];
    const more = ["--network", network, "--steps", "6", "--backend", backendName(), "--out", network];
    const told = conditions.length > 0 ? ["--conditions", conditions.join()] : [];
    succeed(["run", ...words, ...more, ...told], home);
  });

  it("writes what the library computes with the stream of its seed", () => {
    const random = new Random(-5);
    const population = finish(generatePopulation({ count: 60, random }));
    expect(text(`${network}/galaxies.csv`)).toBe(formatGalaxies(population.galaxies));
    expect(text(`${network}/curves.csv`)).toBe(formatCsv(population.radii, population.curves));
    const length = network === "residual" ? { batches: 30 } : { epochs: 10 };
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const settings = { network, conditions, ...length, random, version };
    const { model } = finish(trainModel(population, settings));
    expect(writeModel(model)).toEqual(bytes(`${network}/model.safetensors`));
    const samples = finish(sampleCurves(model, { count: 5, steps: 6, random }));
    const single = samples.map((curve) => Float32Array.from(curve));
    expect(text(`${network}/samples.csv`)).toBe(formatCsv(model.radii, single));
  });
});
