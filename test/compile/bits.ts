/** Tensors by their bits. */

import type { Tensor } from "../../src/index.ts";

/** The elements in order, −0 told from 0; every NaN is one. */
export function bitsOf(x: Tensor | null): string {
  if (x === null) return "none";
  const values: string[] = [];
  for (const value of x.toTypedArray()) values.push(Object.is(value, -0) ? "-0" : `${value}`);
  return `${x.dtype}[${x.shape}] ${values.join(" ")}`;
}
