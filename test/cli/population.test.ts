/** Populations as files: printed, edited, generated, trained on, and known by the model. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parametersOf, readModel, writeModel } from "../../src/curves/index.ts";
import { EXTENDED_POPULATION, formatPopulation, STANDARD_POPULATION } from "../../src/galaxy/index.ts";
import { filesIn, halograd, newFolder, succeed } from "./halograd.ts";

const home = newFolder();
const own = { ...EXTENDED_POPULATION, name: "dwarfs", hubbleConstant: 50, discMass: [7, 9] as const };
const read = (name: string) => readFileSync(join(home, name));

beforeAll(() => {
  writeFileSync(join(home, "dwarfs.json"), formatPopulation(own));
});

describe("--population FILE", () => {
  test("prints those that are there, as files that give the same galaxies", () => {
    const text = succeed(["population", "standard"], home);
    expect(text).toBe(formatPopulation(STANDARD_POPULATION));
    writeFileSync(join(home, "same.json"), text);
    succeed(["generate", "--count", "9", "--out", "named", "--quiet"], home);
    succeed(["generate", "--count", "9", "--population", "same.json", "--out", "filed", "--quiet"], home);
    expect(filesIn(join(home, "filed"))).toEqual(["curves.csv", "galaxies.csv", "provenance.json"]);
    for (const name of ["curves.csv", "galaxies.csv"])
      expect(read(`filed/${name}`)).toEqual(read(`named/${name}`));
  });

  test("is written beside the galaxies, and known by what is trained on them", () => {
    const words = ["--population", "dwarfs.json", "--count", "60", "--quiet"];
    succeed(["generate", ...words, "--out", "own"], home);
    expect(read("own/population.json").toString()).toBe(formatPopulation(own));
    succeed(
      ["train", "--data", "own/curves.csv", "--network", "residual", "--batches", "20", "--quiet"],
      home,
    );
    const model = readModel(read("own/model.safetensors"));
    expect(model.training.population).toEqual(own);
    // The description is checked by its digest.
    const bytes = Buffer.from(read("own/model.safetensors"));
    const at = bytes.indexOf('hubbleConstant\\":50');
    bytes.write("6", at + 'hubbleConstant\\":'.length);
    expect(() => readModel(bytes)).toThrow(/population is not the one/);
    // Halo masses are counted as the population counts them.
    const curve = Float64Array.from(model.radii, (r) => 60 * Math.sqrt(r / (r + 1)));
    const points = { radii: model.radii };
    const drawn = { curves: [curve], smoothCurves: [curve], velocitiesAt: () => [curve], effectiveCount: 1 };
    const posterior = { ...drawn, points } as never;
    const [mine, standard] = [model, { radii: model.radii }].map((one) =>
      parametersOf(one, { ...(posterior as object) } as never),
    );
    expect(mine.haloMass[3] / standard.haloMass[3]).toBeGreaterThan(1.1);
    expect(readModel(writeModel(model)).training).toEqual(model.training);
    // Other galaxies in its place take the description away.
    succeed(["generate", "--count", "20", "--out", "own", "--force", "--quiet"], home);
    expect(filesIn(join(home, "own"))).toEqual(["curves.csv", "galaxies.csv", "provenance.json"]);
  });

  test("is run from galaxies to figures, with conditions that its galaxies have", () => {
    const words = ["run", "--population", "dwarfs.json", "--count", "40", "--samples", "20", "--steps", "4"];
    const network = [
      "--network",
      "residual",
      "--batches",
      "20",
      "--conditions",
      "bulge-fraction",
      "--evaluate",
    ];
    succeed([...words, ...network, "--out", "whole", "--quiet"], home);
    expect(filesIn(join(home, "whole"))).toContain("population.json");
    expect(read("whole/galaxies.csv").toString()).toMatch(/^.*gas_mass/);
  });

  test.each([
    ["generate", "extend", 2, /neither a file nor one of standard, extended\n.*did you mean extended/],
    ["population", "wrong.json", 1, /wrong\.json: overdensity is -1\n.*a number from 1 to/],
    ["run", "named.json", 1, /named\.json: name is "extended", which is the name of another/],
  ])("%s refuses %s", (command, file, exitCode, message) => {
    writeFileSync(join(home, "wrong.json"), JSON.stringify({ ...own, overdensity: -1 }));
    writeFileSync(join(home, "named.json"), JSON.stringify({ ...own, name: "extended" }));
    const words = command === "population" ? [file] : ["--population", file, "--out", "none"];
    const { code, stderr } = halograd([command, ...words], { cwd: home });
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringMatching(message) });
  });
});
