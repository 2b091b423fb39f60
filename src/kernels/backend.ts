/**
 * What a backend computes: the interface that plain TypeScript and WebAssembly both implement, and the
 * choice of the one in use. Kernels know nothing of tensors: they see flat arrays and strides.
 */

import type { Expression, Expressions } from "./arithmetic.ts";
import type { Storage } from "./storage.ts";
import type { Draw } from "./typescript/random.ts";

/** Elements of flat memory: element (i, j, …) is `storage.data[offset + i * strides[0] + j * strides[1] + …]`. */
export interface Operand {
  /** The flat memory. */
  readonly storage: Storage;
  /** Where the first element is. */
  readonly offset: number;
  /** Elements to step over for a step along each axis; 0 repeats. */
  readonly strides: readonly number[];
}

/**
 * The same memory with another beginning or other strides. `{ ...operand }` would not do: a tensor that a library compared
 * hides its memory from whatever lists fields.
 */
export function readAs({ storage, offset, strides }: Operand, changes: Partial<Operand>): Operand {
  return { storage, offset, strides, ...changes };
}

/** Computes results for every index of `shape`; result k is stored in `outputs[k]`. */
export type ElementwiseKernel = (
  shape: readonly number[],
  outputs: readonly Operand[],
  operands: readonly Operand[],
) => void;

/**
 * Folds over the last `reducedRank` axes of `shape` for every index of the others; `output` is contiguous.
 * Elements are taken in row-major order of the reduced axes. Results are divided by `divisor` before they are rounded.
 */
export type ReduceKernel = (
  shape: readonly number[],
  reducedRank: number,
  output: Operand,
  operands: readonly Operand[],
  divisor?: number,
) => void;

/** A backend. Each has one fixed answer for the same operands; the two differ in the last bits. */
export interface Backend {
  readonly name: "typescript" | "wasm";
  /** A kernel that stores each result of the expressions. */
  elementwise(expressions: Expressions, operandCount: number): ElementwiseKernel;
  /** A kernel that folds from `initial`; the accumulator is the first operand of `fold`. */
  reduce(fold: Expression, operandCount: number, initial: number): ReduceKernel;
  /**
   * out[i, j] = f(Σ_k a[i, k] · b[k, j] (+ bias[j])); out [m, n] is contiguous, a [m, k] and b [k, n] strided. Without
   * `activation`, f changes nothing; with it, it is applied before the result leaves the kernel's memory.
   */
  matmul(
    m: number,
    n: number,
    k: number,
    output: Operand,
    a: Operand,
    b: Operand,
    bias?: Operand,
    activation?: Expression,
  ): void;
  /** Fills all of `out` with standard normal numbers from a reservation. */
  normal(draw: Draw, out: Storage): void;
  /** Fills all of `out` with uniform numbers in [0, 1) from a reservation. */
  uniform(draw: Draw, out: Storage): void;
}
