/** `halograd export`: a model in the format of other programs. */

import { exportModel, type Model, writeModel } from "../curves/index.ts";
import { readSafetensors, writeNpz } from "../io/index.ts";
import type { Context, Outcome } from "./context.ts";
import { readModelFile } from "./input.ts";
import { OutputFolder, tellOutcome } from "./output.ts";

/** The values of the command's options. */
export interface ExportOptions {
  readonly model: string;
  readonly format: "onnx" | "npz";
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function exportFile(values: ExportOptions, context: Context): Outcome {
  const { model } = readModelFile(values.model, context.sources);
  const name = `model.${values.format}`;
  const output = new OutputFolder(values.out, {
    names: [name],
    sources: context.sources,
    force: values.force,
  });
  output.write([[name, values.format === "npz" ? arraysOf(model) : exportModel(model)]]);
  tellOutcome(context, output, true);
  return { complete: true, result: { ...output.result(), format: values.format } };
}

/** What a model's file holds, its metadata as texts. */
function arraysOf(model: Model): Uint8Array {
  const { tensors, metadata } = readSafetensors(writeModel(model), "model");
  return writeNpz([...tensors, ...metadata]);
}
