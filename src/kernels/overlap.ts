/** Updates in place that read the memory which they write, under another layout: no kernel may read what it has written. */

import type { Operand } from "./backend.ts";
import { Storage } from "./storage.ts";

/**
 * The operands of a kernel, with a copy of each that overlaps an output. One that is the output itself, element by element, may
 * stay: an element is read before its result is written.
 */
export function apart(
  shape: readonly number[],
  outputs: readonly Operand[],
  operands: readonly Operand[],
): readonly Operand[] {
  for (let i = 0; i < outputs.length; i++) {
    for (let k = 0; k < operands.length; k++) {
      if (operands[k].storage !== outputs[i].storage || !overlap(shape, outputs[i], operands[k])) continue;
      return apart(shape, outputs, operands.with(k, copyOf(shape, operands[k])));
    }
  }
  return operands;
}

function overlap(shape: readonly number[], output: Operand, operand: Operand): boolean {
  const isSame =
    output.offset === operand.offset &&
    shape.every((size, axis) => size === 1 || output.strides[axis] === operand.strides[axis]);
  if (isSame) return false;
  const [first, last] = extent(shape, output);
  const [from, to] = extent(shape, operand);
  return from <= last && first <= to;
}

/** An operand in memory of its own, which has as little around its elements as possible. */
function copyOf(shape: readonly number[], operand: Operand): Operand {
  const [first, last] = extent(shape, operand);
  return {
    storage: Storage.of(operand.storage.data.slice(first, last + 1)),
    offset: operand.offset - first,
    strides: operand.strides,
  };
}

/** Where the first and the last of its elements lie in memory. */
function extent(shape: readonly number[], { offset, strides }: Operand): [first: number, last: number] {
  let [first, last] = [offset, offset];
  shape.forEach((size, axis) => {
    const step = (size - 1) * strides[axis];
    if (step < 0) first += step;
    else last += step;
  });
  return [first, last];
}
