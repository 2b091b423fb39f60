/** How operands lie in memory, and which kernels can run over addresses. */

import { isContiguous } from "../basics/shape.ts";
import type { Access, KernelStatement } from "./program.ts";

/** Whether elements of a shape lie row by row without gaps. */
export function isDense(shape: readonly number[], { strides }: Pick<Access, "strides">): boolean {
  return isContiguous(shape, strides);
}

/**
 * Whether a kernel runs in WebAssembly. Operands are float32, as results are. A scalar of float64 is rounded on its way in, if it
 * is a number of the host.
 */
export function isLowerable({ call, outputs, operands }: KernelStatement): boolean {
  if ("shape" in call && call.shape.includes(0)) return false;
  if (!outputs.every(({ buffer }) => buffer.dtype === "float32" && buffer.size > 0)) return false;
  const isNumber = ({ buffer: { size, source } }: Access): boolean =>
    call.kind === "elementwise" && size === 1 && (source.kind === "number" || source.kind === "constant");
  return operands.every((operand) => operand.buffer.dtype === "float32" || isNumber(operand));
}
