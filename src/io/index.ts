/**
 * halograd/io: file formats on strings and bytes, for any runtime.
 *
 * @module
 */

export type { Bytes } from "../kernels/index.ts";
export type { CsvTable, Curves, ParseCsvOptions } from "./csv.ts";
export { formatCsv, parseCsv, parseCurves } from "./csv.ts";
export { type FitsColumn, type FitsOptions, writeFits } from "./fits.ts";
export { type NpzArray, type NpzFile, readNpz, writeNpz } from "./npz.ts";
export {
  type ObservationColumns,
  type ObservationOptions,
  type Observations,
  type ObservedParts,
  type PartColumns,
  type PartOptions,
  parseObservations,
  parseObservedParts,
} from "./observations.ts";
export type {
  Named,
  SafetensorsDtype,
  SafetensorsFile,
  SafetensorsIntegerDtype,
  SafetensorsIntegers,
  SafetensorsIntegerTensor,
  SafetensorsTensor,
  TensorToWrite,
} from "./safetensors.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export {
  findSparcGalaxy,
  parseSparcCurves,
  parseSparcGalaxies,
  type SparcCurve,
  type SparcGalaxy,
} from "./sparc.ts";
