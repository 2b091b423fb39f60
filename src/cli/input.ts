/** The files that commands read. */

import { createHash } from "node:crypto";
import { checkCurves } from "../curves/check.ts";
import { type Galaxy, type Model, parseGalaxies, readModel } from "../curves/index.ts";
import { type Curves, parseCurves } from "../io/index.ts";
import { readBytes, readTextFile, sourceOf } from "../node/files.ts";

/** @throws FileError when it cannot be read, FormatError when it is not a model */
export function readModelFile(path: string): Model {
  return readModel(readBytes(path), path);
}

/** What `--json` says of a model: the file that it was read from, what tells it from any other, and where it comes from. */
export function describeModel(path: string, { training }: Model): Readonly<Record<string, unknown>> {
  const { seed, population, data, version } = training;
  const sha256 = createHash("sha256").update(readBytes(path)).digest("hex");
  return {
    file: path,
    sha256,
    population: population ?? null,
    data: data ?? null,
    seed,
    version: version ?? null,
  };
}

/** @throws FileError when it cannot be read, FormatError when it is no table of curves of galaxies, km/s */
export function readCurves(path: string): Curves {
  const curves = parseCurves(readTextFile(path), sourceOf(path));
  checkCurves(sourceOf(path), curves);
  return curves;
}

/** @throws FileError when it cannot be read, FormatError when it is no table of the galaxies of these curves */
export function readGalaxies(path: string, { curves }: Pick<Curves, "curves">): Galaxy[] {
  return parseGalaxies(readTextFile(path), sourceOf(path), curves);
}
