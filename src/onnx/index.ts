/**
 * halograd/onnx: models as ONNX files, for engines that run on graphics processors and clusters.
 *
 * @module
 */

export { type Exportable, type ExportOptions, exportOnnx, type NamedTensors } from "./export.ts";
