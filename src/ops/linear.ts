/** Matrix products: matmul with batches and vectors, and the linear layer's x Wᵀ + b in one kernel. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { broadcastShapes, broadcastStrides, type Shape, showShape, sizeOf } from "../basics/shape.ts";
import { backend, type Expression, forEachIndex, type Operand } from "../kernels/index.ts";
import { sumTo } from "./elementwise-record.ts";
import { operands } from "./operands.ts";
import { apply, isRecording, type Operation, of, recordOf } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The matrix product by NumPy's rules: the last two axes are multiplied, axes before them broadcast, and a
 * vector counts as a row on the left and as a column on the right, its axis left out of the result. On wasm, products of float32
 * are added up in float32: one beyond 3.4e38 is infinite, also where others would have brought the sum back.
 *
 * With Y = A B: the cotangent of A is Ȳ Bᵀ and that of B is Aᵀ Ȳ (both from dY = dA B + A dB, and
 * ⟨Ȳ, dA B⟩ = ⟨Ȳ Bᵀ, dA⟩); where a batch axis was broadcast, summed over it.
 *
 * @throws ShapeError when the inner sizes differ or an operand is a scalar
 * @example matmul(tensor([[1, 2]]), tensor([[3], [4]])); // tensor([[11]])
 */
export const matmul: (a: Tensor, b: Tensor) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation = {
    name: "matmul",
    shape([a, b]) {
      const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
      return [...batch, a.shape[a.rank - 2], b.shape[b.rank - 1]];
    },
    compute(output, shape, [a, b]) {
      const batch = shape.slice(0, -2);
      const [m, n] = shape.slice(-2);
      const k = a.shape[a.rank - 1];
      const left = { storage: a.storage, offset: a.offset, strides: a.strides.slice(-2) };
      const right = { storage: b.storage, offset: b.offset, strides: b.strides.slice(-2) };
      if (batch.length === 0) {
        backend.matmul(m, n, k, output, left, right);
        return;
      }
      const starts = [output.offset, a.offset, b.offset];
      const steps = [output, a, b].map(({ strides }, i) => {
        const own = i === 0 ? batch : (i === 1 ? a : b).shape.slice(0, -2);
        return broadcastStrides(own, strides.slice(0, -2), batch);
      });
      forEachIndex({ sizes: batch, starts, steps }, ([to, from, other]) => {
        const target = { storage: output.storage, offset: to, strides: output.strides.slice(-2) };
        backend.matmul(m, n, k, target, { ...left, offset: from }, { ...right, offset: other });
      });
    },
    gradient(cotangent, node, index) {
      const [a, b] = node.inputs!;
      return index === 0
        ? sumTo(matmul(cotangent, b.transpose()), a.shape)
        : sumTo(matmul(a.transpose(), cotangent), b.shape);
    },
    reads: [[1], [0]],
    examples: [
      { shapes: of([3, 4], [4, 5]), attributes: {} },
      { shapes: of([2, 1, 3, 4], [5, 4, 2]), attributes: {} },
      { shapes: of([1, 1], [1, 1]), attributes: {} },
      { shapes: of([2, 0], [0, 3]), attributes: {} },
    ],
    calls: {
      others: (shape, _, dice) => {
        const inner = shape.at(-1) ?? 1;
        const batch = shape.slice(0, -2).map((size) => (dice.integer(0, 1) === 1 ? size : 1));
        return [dice.integer(0, 1) === 1 ? [inner] : [...batch, inner, dice.integer(1, 3)]];
      },
    },
  };
  return recordOf((a: Tensor, b: Tensor) => {
    [a, b] = operands("matmul", [a, b]);
    const isScalar = a.rank === 0 || b.rank === 0;
    if (isScalar || a.shape[a.rank - 1] !== b.shape[Math.max(b.rank - 2, 0)])
      throw mismatch(a.shape, b.shape);
    if (a.rank > 1 && b.rank > 1) return apply(operation, [a, b], {});
    const product = apply(
      operation,
      [a.rank === 1 ? a.unsqueeze(0) : a, b.rank === 1 ? b.unsqueeze(1) : b],
      {},
    );
    const dropped = [...(a.rank === 1 ? [-2] : []), ...(b.rank === 1 ? [-1] : [])];
    return product.squeeze(dropped);
  }, operation);
})();

/** An activation function, such as `silu`. */
export type Activation = (x: Tensor) => Tensor;

/**
 * f(x Wᵀ + b) along the last axis: [..., in] × [out, in] (+ [out]) → [..., out]; f is the activation, if there is one.
 *
 * An activation that is an elementwise operation is applied inside the kernel where nothing is recorded; else it is
 * another operation, with the same bits.
 *
 * With Y = X Wᵀ + b: X̄ = Ȳ W, W̄ = Ȳᵀ X, b̄ = Σ Ȳ over all but the last axis. One kernel does product
 * and bias, since a pass of its own for the bias costs more than the product saves on narrow layers.
 * @example linear(tensor([1, 2]), tensor([[3, 4]]), tensor([5]), relu); // tensor([16])
 */
export const linear: (x: Tensor, weight: Tensor, bias?: Tensor, activation?: Activation) => Tensor =
  /* @__PURE__ */ (() => {
    const operation: Operation<{ activation?: Expression }> = {
      name: "linear",
      shape([x, weight, bias]) {
        const [out, features] = weight.shape;
        if (weight.rank !== 2 || x.rank === 0 || x.shape[x.rank - 1] !== features) {
          throw new ShapeError(
            "linear",
            `x ${showShape(x.shape)} and weight ${showShape(weight.shape)} do not fit: weight is [out, in], and the last axis of x is in.`,
            weight.rank === 2 && x.shape[x.rank - 1] === out ? "transpose the weight." : undefined,
          );
        }
        if (bias !== undefined && (bias.rank !== 1 || bias.shape[0] !== out)) {
          throw new ShapeError(
            "linear",
            `bias ${showShape(bias.shape)} does not fit weight ${showShape(weight.shape)}: it is [${out}].`,
          );
        }
        return [...x.shape.slice(0, -1), out];
      },
      compute(output, _shape, [x, weight, bias], { activation }) {
        const rows = x.rank === 2 ? x : x.reshape([sizeOf(x.shape.slice(0, -1)), x.shape[x.rank - 1]]);
        const [out, features] = weight.shape;
        const columns: Operand = {
          storage: weight.storage,
          offset: weight.offset,
          strides: [weight.strides[1], weight.strides[0]],
        };
        backend.matmul(rows.shape[0], out, features, output, rows, columns, bias, activation);
      },
      gradient(cotangent, node, index) {
        const [x, weight] = node.inputs!;
        if (index === 0) return matmul(cotangent, weight);
        const [out, features] = weight.shape;
        const count = sizeOf(x.shape.slice(0, -1));
        const rows = cotangent.reshape([count, out]);
        if (index === 1) return matmul(rows.transpose(), x.reshape([count, features]));
        return rows.sum(0);
      },
      reads: [[1], [0], []],
      examples: [
        { shapes: of([5, 4], [3, 4], [3]), attributes: {} },
        { shapes: of([2, 3, 4], [2, 4]), attributes: {} },
      ],
      calls: {
        others: (shape, _, dice) => {
          const out = dice.integer(1, 3);
          return [[out, shape.at(-1) ?? 1], [out]];
        },
      },
    };
    return recordOf((x: Tensor, weight: Tensor, bias?: Tensor, activation?: Activation) => {
      const inputs = operands("linear", bias ? [x, weight, bias] : [x, weight]);
      if (activation === undefined) return apply(operation, inputs, {});
      if (typeof activation !== "function") {
        throw new ArgumentError(
          "linear",
          `an activation is a function of a tensor; got ${describeValue(activation)}.`,
          "pass one such as silu, or leave it out.",
        );
      }
      const { value } = (activation as Partial<ReturnType<typeof recordOf>>).operation ?? {};
      if (
        value === undefined ||
        value.length > 2 ||
        (isRecording() && inputs.some(({ node }) => node !== null))
      ) {
        return activation(apply(operation, inputs, {}));
      }
      return apply(operation, inputs, { activation: value });
    }, operation);
  })();

function mismatch(a: Shape, b: Shape): ShapeError {
  const transposed = b.length > 1 && a[a.length - 1] === b[b.length - 1];
  return new ShapeError(
    "matmul",
    `${showShape(a)} × ${showShape(b)}: ${a.at(-1) ?? "no"} columns on the left, ${b.at(-2) ?? b[0] ?? "no"} rows on the right.`,
    transposed
      ? "transpose the right operand: a.matmul(b.transpose())."
      : "transpose() or reshape() one, or mul() element by element.",
  );
}
