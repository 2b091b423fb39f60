/** Runs ONNX files with onnxruntime, a program of others that has nothing of this engine. */
import * as runtime from "onnxruntime-web";
import { type Shape, type Tensor, tensor } from "../../src/index.ts";
import type { NamedTensors } from "../../src/onnx/index.ts";

runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = "error";

/** A file that was loaded. */
export interface Loaded {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Runs it. Returns its outputs by name. */
  run(inputs: NamedTensors): Promise<Record<string, Tensor>>;
}

/** Loads a file, with every optimisation that onnxruntime has. */
export async function load(bytes: Uint8Array): Promise<Loaded> {
  const session = await runtime.InferenceSession.create(bytes);
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(inputs) {
      const given = Object.entries(inputs)
        .filter(([name]) => session.inputNames.includes(name))
        .map(([name, value]) => [name, toRuntime(value)] as const);
      const results = await session.run(Object.fromEntries(given));
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromRuntime(value)]));
    },
  };
}

function toRuntime(value: Tensor): runtime.Tensor {
  return new runtime.Tensor(value.dtype, value.toTypedArray() as Float32Array, value.shape as number[]);
}

function fromRuntime({ data, dims, type }: runtime.Tensor): Tensor {
  return tensor(data as Float32Array, dims as Shape, { dtype: type as "float32" });
}
