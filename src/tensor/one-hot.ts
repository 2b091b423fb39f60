/** Class numbers as vectors. */

import { checkCount } from "../basics/check.ts";
import { checkShape, sizeOf } from "../basics/shape.ts";
import { type Indices, listOfIndices, readIndices, wholeNumbers } from "../ops/indices.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { create, type TensorOptions } from "./construction.ts";

/**
 * Vectors that are 1 at the place of a class and 0 elsewhere: [...] → [..., classes]. Labels are a list, or a tensor of any shape.
 * @throws AxisError for a label that is no class
 * @example oneHot([2, 0], 3); // tensor([[0, 0, 1], [1, 0, 0]])
 */
export function oneHot(labels: Indices, classes: number, options?: TensorOptions): Tensor {
  checkCount("oneHot", "the number of classes", classes);
  const list = isTensor(labels)
    ? readIndices("oneHot", labels, classes, 0)
    : wholeNumbers("oneHot", listOfIndices("oneHot", labels), classes, 0);
  const shape = isTensor(labels) ? labels.shape : [list.length];
  return create("oneHot", checkShape("oneHot", [...shape, classes]), options, (data) => {
    for (let i = 0; i < sizeOf(shape); i++) data[i * classes + list[i]] = 1;
  });
}
