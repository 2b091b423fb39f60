/** The backend in use. */

import type { Backend } from "./backend.ts";
import { typescriptBackend } from "./typescript/index.ts";

export type { Arithmetic, Expression, Expressions } from "./arithmetic.ts";
export type { Backend, ElementwiseKernel, Operand, ReduceKernel } from "./backend.ts";
export type { FloatArray } from "./types.ts";

/** The backend that computes all operations. */
export const backend: Backend = typescriptBackend;
