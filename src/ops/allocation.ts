/** How operations get their tensors: a view of given memory, or memory of its own, with the engine's scratch given up early. */

import { contiguousStrides, type Shape, sizeOf } from "../basics/shape.ts";
import { type Dtype, Storage } from "../kernels/index.ts";
import { withRecording } from "./recording.ts";
import type { Tensor } from "./tensor.ts";

type TensorFactory = (storage: Storage, shape: Shape, strides: readonly number[], offset: number) => Tensor;

/** A tensor over given memory. */
export let makeTensor: TensorFactory;

/** The class of tensors announces itself here; operations stand below it. */
export function setTensorFactory(factory: TensorFactory): void {
  makeTensor = factory;
}

const NO_STRIDES: readonly number[] = [];
let temporaries: Storage[] | null = null;

/** A tensor of zeros in memory of its own. */
export function zeroTensor(shape: Shape, dtype: Dtype): Tensor {
  const strides = shape.length === 0 ? NO_STRIDES : contiguousStrides(shape);
  const storage = Storage.allocate(sizeOf(shape), dtype);
  if (temporaries !== null) temporaries.push(storage);
  return makeTensor(storage, shape, strides, 0);
}

/** A scalar that is not recorded. */
export function scalarTensor(value: number, dtype: Dtype): Tensor {
  const tensor = zeroTensor([], dtype);
  tensor.storage.set(0, value);
  return tensor;
}

/**
 * Runs `body` without recording and gives up the memory of all tensors made on the way but the result's. For the
 * engine's own code only, which knows that it keeps none of them.
 */
export function withoutTemporaries(body: () => Tensor): Tensor {
  const before = temporaries;
  temporaries = [];
  try {
    const result = withRecording(false, body);
    for (const storage of temporaries) if (storage !== result.storage) storage.discard();
    before?.push(result.storage);
    return result;
  } finally {
    temporaries = before;
  }
}
