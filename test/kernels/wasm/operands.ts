/** Operands and outputs of a lane kernel in a memory, for tests. */

import type { Expressions } from "../../../src/kernels/index.ts";
import { numbers } from "../../../src/kernels/typescript/numbers.ts";

/** Contiguous operands in one memory with outputs of the same length behind them, and the table of all. */
export function tensorOperands(
  expressions: Expressions,
  operands: readonly Float32Array[],
): { memory: WebAssembly.Memory; outputs: Float32Array[]; table: number } {
  const outputCount = expressions(numbers, ...operands.map(() => 1)).length;
  const { length } = operands[0];
  const arrays = outputCount + operands.length;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((256 + 4 * length * arrays) / 65536) });
  const views = Array.from(
    { length: arrays },
    (_, k) => new Float32Array(memory.buffer, 256 + 4 * length * k, length),
  );
  operands.forEach((operand, k) => {
    views[outputCount + k].set(operand);
  });
  new Int32Array(memory.buffer).set(views.flatMap((view) => [view.byteOffset, 0]));
  return { memory, outputs: views.slice(0, outputCount), table: 0 };
}
