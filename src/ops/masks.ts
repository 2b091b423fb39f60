/** Elements that a mask of zeros and other numbers chooses, as comparisons make it. */

import { checkNumber } from "../basics/check.ts";
import { ShapeError } from "../basics/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../basics/shape.ts";
import { composite } from "./composite.ts";
import { where } from "./elementwise.ts";
import { of } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/**
 * `value` where the mask is not 0, else x. The mask broadcasts to the shape of x. The gradient where x is replaced is 0.
 * @example maskedFill(tensor([1, 2, 3]), tensor([0, 1, 0]), -Infinity); // tensor([1, -Infinity, 3])
 */
export const maskedFill: (x: Tensor, mask: Tensor, value: number) => Tensor = composite(
  "maskedFill",
  (x: Tensor, mask: Tensor, value: number) => {
    checkNumber("maskedFill", "value", value);
    checkMask("maskedFill", x.shape, mask.shape);
    return where(mask, value, x);
  },
  [{ shapes: of([3, 4], [3, 4]), kinks: [0], call: (x, mask) => maskedFill(x, mask.greater(0), 0.5) }],
  { settings: [[0.5, -1]], required: 1, others: (shape) => [shape.slice(1)] },
);

/**
 * The elements of x where the mask is not 0, in row-major order, as one axis. The mask broadcasts to the shape of x.
 *
 * How many there are depends on the mask's values, which a function that is compiled cannot look at: there, `where` keeps the
 * shape.
 * @example maskedSelect(tensor([1, 2, 3]), tensor([1, 0, 1])); // tensor([1, 3])
 */
export const maskedSelect: (x: Tensor, mask: Tensor) => Tensor = composite(
  "maskedSelect",
  (x: Tensor, mask: Tensor) => {
    checkMask("maskedSelect", x.shape, mask.shape);
    const chosen = mask.detach().expand(x.shape).toTypedArray();
    const places = [...chosen.keys()].filter((i) => chosen[i] !== 0);
    return x.reshape([-1]).indexSelect(0, places);
  },
  [{ shapes: of([3, 4], [3, 4]), kinks: [0], call: (x, mask) => maskedSelect(x, mask.greater(0)) }],
  // The shape of the result depends on values.
  { others: () => null },
);

function checkMask(name: string, shape: Shape, mask: Shape): void {
  if (sameShape(broadcastShapes(name, mask, shape), shape)) return;
  throw new ShapeError(
    name,
    `a mask of shape ${showShape(mask)} has more elements than ${showShape(shape)}.`,
    "expand the tensor first, or give a mask that broadcasts to its shape.",
  );
}
