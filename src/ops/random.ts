/**
 * Random tensors. A draw names its place in a stream (key and counter), so it is an operation like any other:
 * it can be listed, run again, and compiled. The stream is always passed in.
 */

import { checkRandom, type Random } from "../basics/random.ts";
import { checkShape, type Shape, sizeOf } from "../basics/shape.ts";
import { backend, type Draw, type Storage } from "../kernels/index.ts";
import { apply, type Operation, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

interface DrawAttributes {
  readonly shape: Shape;
  readonly draw: Draw;
}

/** Standard normal numbers of a shape, N(0, 1), from a stream. */
export const normal: (shape: Shape, random: Random) => Tensor = drawing("normal", (draw, out) =>
  backend.normal(draw, out),
);

/** Uniform numbers in [0, 1) of a shape, multiples of 2⁻²⁴, from a stream. */
export const uniform: (shape: Shape, random: Random) => Tensor = drawing("uniform", (draw, out) =>
  backend.uniform(draw, out),
);

/* @__NO_SIDE_EFFECTS__ */ function drawing(
  name: string,
  fill: (draw: Draw, out: Storage) => void,
): (shape: Shape, random: Random) => Tensor {
  const operation: Operation<DrawAttributes> = {
    name,
    shape: (_, { shape }) => shape,
    compute: (output, _shape, _inputs, { draw }) => fill(draw, output.storage),
    reads: "nothing",
    examples: [],
  };
  // A block of the generator gives two numbers.
  return recordOf((shape: Shape, random: Random) => {
    const checked = checkShape(name, shape, random);
    checkRandom(name, random);
    return apply(operation, [], { shape: checked, draw: random.draw(Math.ceil(sizeOf(checked) / 2)) });
  }, operation);
}
