/** Which element types there are. */

import type { Dtype } from "../kernels/index.ts";
import { DtypeError } from "./errors.ts";

/** The dtype itself, or an error that lists the two there are. */
export function checkDtype(where: string, dtype: string): Dtype {
  if (dtype === "float32" || dtype === "float64") return dtype;
  throw new DtypeError(where, `unknown dtype "${dtype}".`, 'use "float32" (the default) or "float64".');
}
