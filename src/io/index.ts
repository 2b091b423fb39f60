/** The public names of `halograd/io`: file formats on strings and bytes, for any runtime. */
export type { CsvTable, Curves, ParseCsvOptions } from "./csv.ts";
export { formatCsv, parseCsv, parseCurves } from "./csv.ts";
export type {
  Named,
  SafetensorsDtype,
  SafetensorsFile,
  SafetensorsTensor,
  TensorToWrite,
} from "./safetensors.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
