/** All derivatives at once: Jacobians, Hessians, and gradients for each example of a batch. */

import { describeValue, few } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { stack } from "../ops/joining.ts";
import { isTensor, zeroTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { checkAlone, checkGiven, gradientWithValue, pullbackOf, type TensorFunction } from "./functional.ts";
import { type Tree, type TreeOf, treeLeaves, treeWith } from "./tree.ts";

/**
 * The derivatives of every element of f(x) by every element of x: [...result, ...x]. A backward pass for each element of the result.
 * @example jacobian((x) => x.square(), tensor([1, 2])); // tensor([[2, 0], [0, 4]])
 */
export function jacobian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return jacobianOf("jacobian", f, x);
}

function jacobianOf(where: string, f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  checkGiven(where, x);
  checkTensor(where, x);
  const [value, pullback] = pullbackOf(where, f, x);
  const rows = Array.from({ length: value.size }, (_, i) => {
    const cotangent = zeroTensor([value.size], value.dtype);
    cotangent.storage.set(i, 1);
    return pullback(cotangent.reshape(value.shape));
  });
  const shape = [...value.shape, ...x.shape];
  return rows.length === 0 ? zeroTensor(shape, x.dtype) : stack(rows).reshape(shape);
}

/**
 * The second derivatives of a scalar function: [...x, ...x]. `hvp` is its product with one direction, at the cost of two gradients.
 * @example hessian((x) => x.pow(3).sum(), tensor([1, 2])); // tensor([[6, 0], [0, 12]])
 */
export function hessian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const gradient = gradientWithValue("hessian", f as TensorFunction<never, []>);
  return jacobianOf("hessian", (at) => gradient(at as never)[1] as Tensor, x);
}

/**
 * The gradient of a scalar function of parameters and one example, for each example of a batch: what `grad` gives has a first axis
 * more. A forward and a backward pass for each example, one after another.
 *
 * ```ts
 * const loss = (w: Tensor, x: Tensor) => w.mul(x).sum().square();
 * perSampleGrad(loss)(tensor([1, 1]), tensor([[1, 0], [2, 3]])); // tensor([[2, 0], [20, 30]])
 * ```
 *
 * @throws ShapeError where the batches differ in length
 */
export function perSampleGrad<Batches extends Tensor[]>(
  f: (parameters: Tensor, ...example: Batches) => Tensor,
): (parameters: Tensor, ...batches: Batches) => Tensor;
/** The same by every tensor of a tree, such as an object of parameters. */
export function perSampleGrad<T extends object, Batches extends Tensor[]>(
  f: (parameters: T, ...example: Batches) => Tensor,
): (parameters: T & TreeOf<T>, ...batches: Batches) => T;
export function perSampleGrad<Batches extends Tensor[]>(
  f: (parameters: never, ...example: Batches) => Tensor,
  ...more: unknown[]
): (parameters: never, ...batches: Batches) => unknown {
  checkAlone("perSampleGrad", more);
  const gradient = gradientWithValue("perSampleGrad", f);
  return (parameters, ...batches) => {
    const sizes = batches.map((batch) => {
      checkTensor("perSampleGrad", batch);
      return batch.rank === 0 ? -1 : batch.shape[0];
    });
    if (sizes.length === 0 || sizes.some((size) => size < 1 || size !== sizes[0])) {
      throw new ShapeError(
        "perSampleGrad",
        `batches have examples along their first axis, one at least and all as many; got ${few(batches.map(({ shape }) => showShape(shape))) || "none"}.`,
      );
    }
    const each = Array.from({ length: sizes[0] }, (_, i) =>
      treeLeaves(
        "perSampleGrad",
        gradient(parameters, ...(batches.map((batch) => batch.at(i)) as Batches))[1] as Tree,
      ),
    );
    return treeWith(
      parameters as Tree,
      each[0].map((_, leaf) => stack(each.map((leaves) => leaves[leaf]))),
    );
  };
}

function checkTensor(where: string, x: unknown): void {
  if (isTensor(x)) return;
  throw new ArgumentError(where, `takes a tensor; got ${describeValue(x)}.`, "wrap values with tensor(…).");
}
