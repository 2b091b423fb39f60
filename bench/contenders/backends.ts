/** The backends of this checkout. */

import * as kernels from "../../src/kernels/index.ts";

export type BackendName = "typescript" | "wasm";

const choose = (kernels as { useBackend?: (name: BackendName) => unknown }).useBackend;

export const BACKENDS: readonly BackendName[] =
  choose === undefined ? ["typescript"] : ["typescript", "wasm"];

/** Makes a backend the one in use. */
export function useBackend(name: BackendName): void {
  choose?.(name);
}
