/** Cotangents and gradients that users hand over. */

import { describeValue, isPlainObject } from "../basics/check.ts";
import { DtypeError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";

/** A cotangent given by a user: a tensor of the shape and dtype of the value that it belongs to. */
export function checkCotangent(where: string, cotangent: unknown, of: Tensor, name = "cotangent"): void {
  if (!isTensor(cotangent)) {
    throw new DtypeError(
      where,
      `the ${name} is a tensor of shape ${showShape(of.shape)}; got ${describeValue(cotangent)}.`,
      name === "gradient"
        ? "null forgets a gradient."
        : isPlainObject(cotangent)
          ? `options come second: ${where}(undefined, { ${Object.keys(cotangent)[0] ?? ""}: … }).`
          : "leave it out for a scalar, or wrap values with tensor(…).",
    );
  }
  if (!sameShape(cotangent.shape, of.shape)) {
    throw new ShapeError(
      where,
      `the ${name} ${showShape(cotangent.shape)} does not have the shape of the ${name === "gradient" ? "tensor" : "result"}, ${showShape(of.shape)}.`,
      "reshape() or expand() it on purpose.",
    );
  }
  if (cotangent.dtype !== of.dtype) {
    throw new DtypeError(
      where,
      `the ${name} is ${cotangent.dtype} and the ${name === "gradient" ? "tensor" : "result"} ${of.dtype}; they must be the same.`,
      `convert it with .to("${of.dtype}").`,
    );
  }
}
