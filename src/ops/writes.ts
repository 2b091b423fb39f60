/** Changes in place. They are no operations and leave nothing on the tape, but who watches a computation sees them. */

import { AnomalyError } from "../basics/errors.ts";
import { contiguousStrides, showShape } from "../basics/shape.ts";
import { Storage } from "../kernels/index.ts";
import { makeTensor } from "./operands.ts";
import type { Tensor } from "./tensor.ts";

/** Sees a change in place: who made it, what was read (as it was before), and what was written. */
export type WriteObserver = (name: string, read: readonly Tensor[], written: readonly Tensor[]) => void;

let observer: WriteObserver | null = null;

/** Lets `watch` see every change in place while `body` runs. */
export function withWriteObserver<T>(watch: WriteObserver, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** Runs `write`, which reads some tensors and changes others in place. */
export function changeInPlace(
  name: string,
  written: readonly Tensor[],
  read: readonly Tensor[],
  write: () => void,
): void {
  const before = observer === null ? null : read.map(copyOf);
  write();
  for (const { storage } of written) storage.markChanged();
  if (before !== null) observer!(name, before, written);
}

/** Runs `body`, which changes one of many tensors in place: what goes wrong there is reported as of that one. */
export function changing(where: string, which: string, tensor: Tensor, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof AnomalyError)) throw error;
    const writer = error.where === where ? "" : `${error.where} `;
    throw new AnomalyError(
      where,
      `at ${which} of shape ${showShape(tensor.shape)}, ${writer}${error.problem}`,
    );
  }
}

/**
 * Tensors that are read while others are written one after another: a copy of each that shares memory with one of these.
 */
export function apartFrom<T extends Tensor | null>(written: Iterable<Tensor>, read: readonly T[]): T[] {
  const storages = new Set(Array.from(written, ({ storage }) => storage));
  return read.map((x) => (x !== null && storages.has(x.storage) ? (copyOf(x) as T) : x));
}

/** A tensor in memory of its own, which no watcher takes for an operation. */
export function copyOf(x: Tensor): Tensor {
  return makeTensor(Storage.of(x.toTypedArray()), x.shape, contiguousStrides(x.shape), 0);
}
