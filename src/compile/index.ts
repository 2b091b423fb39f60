/**
 * `halograd/compile`: a training step, or any other function of tensors, as one piece of WebAssembly.
 *
 * @module
 */

export { type Compiled, type CompileOptions, compile } from "./compile.ts";
export type { Explanation, ProgramExplanation } from "./explain.ts";
