/** The choice of backend as users make it: kernels trust their callers, so the name is checked here. */

import { type BackendName, useBackend as chooseBackend } from "../kernels/index.ts";
import { describeValue, nearest } from "./check.ts";
import { ArgumentError } from "./errors.ts";

const NAMES: readonly string[] = ["auto", "typescript", "wasm"];

/**
 * Chooses the backend for all operations from now on. "auto", the default, takes WebAssembly where it runs.
 *
 * @returns the name of the backend now in use; asked for "wasm", it is "typescript" where SIMD is missing, or memory for
 *   WebAssembly, which takes 10 GB of address space (see `ulimit -v`)
 * @throws ArgumentError for another name
 */
export function useBackend(name: BackendName | "auto"): BackendName {
  if (NAMES.includes(name)) return chooseBackend(name);
  const near = typeof name === "string" ? nearest(name, NAMES) : undefined;
  throw new ArgumentError(
    "useBackend",
    `there is no backend ${typeof name === "string" ? `"${name}"` : describeValue(name)}.`,
    near === undefined ? `choose from ${NAMES.join(", ")}.` : `did you mean ${near}?`,
  );
}
