/**
 * The kernels: two backends behind one interface, and the choice between them. WebAssembly SIMD runs where the
 * platform accepts it, plain TypeScript elsewhere, or as asked.
 */

import type { Backend, ElementwiseKernel, ReduceKernel } from "./backend.ts";
import { apart } from "./overlap.ts";
import { typescriptBackend } from "./typescript/index.ts";
import { createWasmBackend } from "./wasm/index.ts";

export { type Arithmetic, type Expression, type Expressions, oncePer } from "./arithmetic.ts";
export type { Backend, ElementwiseKernel, Operand, ReduceKernel } from "./backend.ts";
export { changes, type Dtype, type Residence, Storage } from "./storage.ts";
export type { FloatArray } from "./types.ts";
export type { Draw } from "./typescript/random.ts";
export { type Axes, forEachIndex, mergeAxes } from "./walk.ts";

/** The names of the backends. */
export type BackendName = "typescript" | "wasm";

/** Both, by name; WebAssembly is tried when it is first needed, and null where the platform refuses it or has no memory for it. */
const backends: { readonly typescript: Backend; wasm: Backend | null | undefined } = {
  typescript: typescriptBackend,
  wasm: undefined,
};
let chosen: Backend | undefined;

/**
 * Chooses the backend for all operations from now on. "auto", the default, takes WebAssembly where it runs.
 *
 * @returns the name of the backend now in use; asked for "wasm", it is "typescript" where SIMD or memory for it is missing
 */
export function useBackend(name: BackendName | "auto"): BackendName {
  chosen = (name !== "typescript" && wasm()) || typescriptBackend;
  return backendName();
}

/** The name of the backend in use. */
export function backendName(): BackendName {
  return inUse().name;
}

/** What operations call: each call goes to the backend in use at that moment. */
export const backend: Omit<Backend, "name"> = {
  elementwise(...expression) {
    const kernelOf = onDemand<ElementwiseKernel>((backend) => backend.elementwise(...expression));
    return (shape, outputs, operands) =>
      // A scalar is read whole before it is written.
      kernelOf()(shape, outputs, shape.length === 0 ? operands : apart(shape, outputs, operands));
  },
  reduce(...fold) {
    const kernelOf = onDemand<ReduceKernel>((backend) => backend.reduce(...fold));
    return (shape, reducedRank, output, operands) => kernelOf()(shape, reducedRank, output, operands);
  },
  matmul: (...call) => inUse().matmul(...call),
  normal: (...call) => inUse().normal(...call),
  uniform: (...call) => inUse().uniform(...call),
};

/** A kernel of the backend in use, made for each backend when it is first called. */
function onDemand<K>(make: (backend: Backend) => K): () => K {
  let madeFor: Backend | undefined;
  let kernel: K | undefined;
  const made = new Map<Backend, K>();
  return () => {
    const current = inUse();
    if (current !== madeFor) {
      kernel = made.get(current) ?? make(current);
      made.set(current, kernel);
      madeFor = current;
    }
    return kernel!;
  };
}

function inUse(): Backend {
  chosen ??= wasm() ?? typescriptBackend;
  return chosen;
}

function wasm(): Backend | null {
  if (backends.wasm === undefined) backends.wasm = createWasmBackend();
  return backends.wasm;
}
