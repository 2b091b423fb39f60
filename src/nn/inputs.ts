/** What layers say of what goes into them: under their own name, and not that of the operation inside. */

import { ShapeError } from "../basics/errors.ts";
import { type Shape, showShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/**
 * An input of the axes that a layer takes, such as `["...", 3]` or `["batch", 3, "height", "width"]`: the number is that of its
 * features, and "..." stands for any axes.
 *
 * @throws ShapeError with the layer that would take the input
 */
export function inputOf(where: string, x: Tensor, takes: readonly (string | number)[]): Tensor {
  x = operand(where, x);
  if (fits(x.shape, takes)) return x;
  const first = takes.findIndex((axis) => typeof axis === "number");
  const given = x.shape.at(takes[0] === "..." ? first - takes.length : first);
  const what = takes.length === first + 1 || takes[first + 1] === "..." ? "features" : "channels";
  throw new ShapeError(
    where,
    `takes [${takes.join(", ")}]; got ${showShape(x.shape)}.`,
    asBatch(x.shape, takes) ??
      (given ? `a ${where} made for ${given} ${what} takes it; this one takes ${takes[first]}.` : undefined),
  );
}

/** Every pass through a layer asks this: no closure, no list. */
function fits(shape: Shape, takes: readonly (string | number)[]): boolean {
  const isOpen = takes[0] === "..." || takes[takes.length - 1] === "...";
  if (isOpen ? shape.length < takes.length - 1 : shape.length !== takes.length) return false;
  const shift = takes[0] === "..." ? shape.length - takes.length : 0;
  for (let i = 0; i < takes.length; i++)
    if (typeof takes[i] === "number" && shape[shift + i] !== takes[i]) return false;
  return true;
}

/** How an input without the axis of a batch, or of the only channel too, gets it. */
function asBatch(shape: Shape, takes: readonly (string | number)[]): string | undefined {
  const missing = takes.filter((axis) => axis !== "...").length - shape.length;
  if (takes[0] !== "batch" || missing <= 0) return undefined;
  if (missing === 1) return "x.unsqueeze(0) is a batch of one.";
  return missing === 2 && takes[1] === 1
    ? `x.reshape(${showShape([1, 1, ...shape])}) is a batch of one.`
    : undefined;
}
