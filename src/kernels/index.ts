/**
 * The kernels: two backends behind one interface, and the choice between them. WebAssembly SIMD runs where the
 * platform accepts it, plain TypeScript elsewhere, or as asked.
 */

import type { Backend, ElementwiseKernel, ReduceKernel } from "./backend.ts";
import { apart } from "./overlap.ts";
import { typescriptBackend } from "./typescript/index.ts";
import { createWasmBackend, type WasmBackend } from "./wasm/index.ts";
import {
  type ElementwiseCall,
  type FillCall,
  type MatmulCall,
  type ReduceCall,
  runWatched,
  watcher,
} from "./watch.ts";

export {
  type Arithmetic,
  type Expression,
  type Expressions,
  kernelOf,
  oncePer,
  staysInRange,
  updateOf,
} from "./arithmetic.ts";
export { type Backend, type ElementwiseKernel, type Operand, type ReduceKernel, readAs } from "./backend.ts";
export { changes, type Dtype, type Residence, Storage } from "./storage.ts";
export type { Bytes, FloatArray } from "./types.ts";
export type { Draw } from "./typescript/random.ts";
export { type Axes, forEachIndex, mergeAxes } from "./walk.ts";
export {
  changeOnHost,
  conditionOf,
  HostValue,
  onHost,
  readOnHost,
  type Watcher,
  watcher,
  withWatcher,
} from "./watch.ts";

/** The names of the backends. */
export type BackendName = "typescript" | "wasm";

/** Both, by name; WebAssembly is tried when it is first needed, and null where the platform refuses it or has no memory for it. */
const backends: { readonly typescript: Backend; wasm: WasmBackend | null | undefined } = {
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
    const [key] = expression;
    const run = ({ shape, outputs, operands }: ElementwiseCall) =>
      kernelOf()(shape, outputs, apart(shape, outputs, operands));
    return (shape, outputs, operands) => {
      if (watcher !== null) runWatched({ kind: "elementwise", key, shape, outputs, operands, run });
      // A scalar is read whole before it is written.
      else kernelOf()(shape, outputs, shape.length === 0 ? operands : apart(shape, outputs, operands));
    };
  },
  reduce(...fold) {
    const kernelOf = onDemand<ReduceKernel>((backend) => backend.reduce(...fold));
    const run = ({ shape, reducedRank, outputs, operands, divisor }: ReduceCall) =>
      kernelOf()(shape, reducedRank, outputs[0], operands, divisor);
    const [key, , initial] = fold;
    return (shape, reducedRank, output, operands, divisor = 1) => {
      if (watcher === null) kernelOf()(shape, reducedRank, output, operands, divisor);
      else {
        const outputs = [output];
        runWatched({ kind: "reduce", key, initial, shape, reducedRank, divisor, outputs, operands, run });
      }
    };
  },
  matmul(...call) {
    if (watcher === null) inUse().matmul(...call);
    else {
      const [m, n, k, output, a, b, bias, key] = call;
      const operands = bias === undefined ? [a, b] : [a, b, bias];
      runWatched({ kind: "matmul", shape: [m, n, k], key, outputs: [output], operands, run: runMatmul });
    }
  },
  normal: fill("normal"),
  uniform: fill("uniform"),
};

const runMatmul = ({ shape: [m, n, k], outputs, operands: [a, b, bias], key }: MatmulCall): void =>
  inUse().matmul(m, n, k, outputs[0], a, b, bias, key);

/* @__NO_SIDE_EFFECTS__ */ function fill(kind: FillCall["kind"]): Backend["normal"] {
  const run = ({ draw, outputs }: FillCall): void => inUse()[kind](draw, outputs[0].storage);
  return (draw, out) => {
    if (watcher === null) inUse()[kind](draw, out);
    else runWatched({ kind, draw, outputs: [{ storage: out, offset: 0, strides: [1] }], operands: [], run });
  };
}

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

/** The WebAssembly backend where it is in use; null elsewhere. */
export function wasmInUse(): WasmBackend | null {
  return inUse() === backends.wasm ? wasm() : null;
}

function wasm(): WasmBackend | null {
  if (backends.wasm === undefined) backends.wasm = createWasmBackend();
  return backends.wasm;
}
