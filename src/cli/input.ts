/** The files that commands read. */

import { type Galaxy, type Model, parseGalaxies, readModel } from "../curves/index.ts";
import { type Curves, parseCurves } from "../io/index.ts";
import { readBytes, readTextFile } from "../node/files.ts";

/** @throws FileError when it cannot be read, FormatError when it is not a model */
export function readModelFile(path: string): Model {
  return readModel(readBytes(path), path);
}

/** @throws FileError when it cannot be read, FormatError when it is no table of curves */
export function readCurves(path: string): Curves {
  return parseCurves(readTextFile(path), path);
}

/** @throws FileError when it cannot be read, FormatError when it is no table of the galaxies of these curves */
export function readGalaxies(path: string, { curves }: Pick<Curves, "curves">): Galaxy[] {
  return parseGalaxies(readTextFile(path), path, curves);
}
