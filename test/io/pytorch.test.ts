/** The script that loads the reference network into PyTorch, where that is installed. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { denoiseCurves, finish, generatePopulation, trainModel, writeModel } from "../../src/curves/index.ts";
import { Random } from "../../src/index.ts";
import { formatCsv } from "../../src/io/index.ts";
import { pythonWith } from "../python.ts";

const python = pythonWith("torch");

test.skipIf(python === undefined)("PyTorch denoises curves as the engine does", () => {
  const random = new Random(1);
  const galaxies = finish(generatePopulation({ count: 20, random }));
  const { model } = finish(trainModel(galaxies, { epochs: 30, random }));
  const folder = mkdtempSync(join(tmpdir(), "halograd-torch-"));
  const path = join(folder, "model.safetensors");
  writeFileSync(path, writeModel(model));
  const input = formatCsv(galaxies.radii, galaxies.curves);
  const { stdout } = spawnSync(python!, ["examples/pytorch.py", path], { input, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const denoised: number[][] = JSON.parse(stdout);
  denoiseCurves(model, galaxies).forEach((curve, i) => {
    curve.forEach((velocity, j) => {
      // km/s: a network that is hardly trained gives velocities next to 0 too, of which a ratio would say nothing.
      expect(denoised[i][j]).toBeCloseTo(velocity, 3);
    });
  });
});
