/** The files that commands read. */

import { existsSync } from "node:fs";
import { clip, nearest } from "../basics/check.ts";
import { checkCurves } from "../curves/check.ts";
import {
  type Galaxy,
  type Model,
  POPULATIONS,
  type PopulationChoice,
  parseGalaxies,
  readModel,
} from "../curves/index.ts";
import { checkedPopulation } from "../curves/population.ts";
import { parsePopulation } from "../galaxy/index.ts";
import { type Curves, parseCurves } from "../io/index.ts";
import { sourceOf } from "../node/files.ts";
import { UsageError } from "./arguments.ts";
import type { Sources } from "./provenance.ts";

/** A model, and what `--json` says of it. */
export interface ModelFile {
  readonly model: Model;
  readonly bytes: Uint8Array;
  /** The file, what tells it from any other, and where it comes from. */
  readonly described: Readonly<Record<string, unknown>>;
}

/** @throws FileError when it cannot be read, FormatError when it is not a model */
export function readModelFile(path: string, sources: Sources): ModelFile {
  const bytes = sources.bytes(path);
  const model = readModel(bytes, path);
  const { seed, population = null, data = null, version = null } = model.training;
  const sha256 = sources.digest(path);
  return { model, bytes, described: { file: path, sha256, population, data, seed, version } };
}

/**
 * A population by its name, or out of a file.
 *
 * @throws UsageError where it is neither; FormatError with the field that is wrong
 */
export function readPopulation(choice: string, sources: Sources): PopulationChoice {
  const name = POPULATIONS.find((known) => known === choice);
  if (name !== undefined) return name;
  if (choice !== "-" && !existsSync(choice)) {
    const near = nearest(choice, [...POPULATIONS]);
    const fix = "halograd population standard > mine.json writes a file to edit";
    throw new UsageError(
      "--population",
      `${clip(choice)} is neither a file nor one of ${POPULATIONS.join(", ")}`,
      near === undefined ? fix : `did you mean ${near}? ${fix}`,
    );
  }
  return checkedPopulation(sourceOf(choice), parsePopulation(sources.text(choice), sourceOf(choice)));
}

/** @throws FileError when it cannot be read, FormatError when it is no table of curves of galaxies, km/s */
export function readCurves(path: string, sources: Sources): Curves {
  const curves = parseCurves(sources.text(path), sourceOf(path));
  checkCurves(sourceOf(path), curves);
  return curves;
}

/** @throws FileError when it cannot be read, FormatError when it is no table of the galaxies of these curves */
export function readGalaxies(path: string, { curves }: Pick<Curves, "curves">, sources: Sources): Galaxy[] {
  return parseGalaxies(sources.text(path), sourceOf(path), curves);
}
