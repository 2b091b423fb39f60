/** The flat memory behind tensors: shared by all views of it, and counting its in-place changes. */

import type { FloatArray } from "../kernels/types.ts";
import { DtypeError } from "./errors.ts";

/** The element types: float32 is for work, float64 for the shadow evaluation that checks it. */
export type Dtype = "float32" | "float64";

/** Flat memory. Every tensor is a view of one. */
export class Storage {
  readonly data: FloatArray;
  /** Grows with every in-place change, so that backward can tell that a value it saved is gone. */
  version = 0;

  constructor(data: FloatArray) {
    this.data = data;
  }

  /** The element type. */
  get dtype(): Dtype {
    return this.data instanceof Float32Array ? "float32" : "float64";
  }

  /** Zero-filled memory for `size` elements. */
  static allocate(size: number, dtype: Dtype): Storage {
    return new Storage(dtype === "float32" ? new Float32Array(size) : new Float64Array(size));
  }
}

/** The dtype itself, or an error that lists the two there are. */
export function checkDtype(where: string, dtype: string): Dtype {
  if (dtype === "float32" || dtype === "float64") return dtype;
  throw new DtypeError(where, `unknown dtype "${dtype}".`, 'use "float32" (the default) or "float64".');
}
