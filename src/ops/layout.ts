/** Operations that only rearrange: reshape, permute, expand, slice. They share memory wherever that is possible. */

import { checkDtype } from "../basics/dtype.ts";
import { AxisError, ShapeError } from "../basics/errors.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkPermutation,
  checkShape,
  contiguousStrides,
  inferShape,
  normalizeAxes,
  normalizeAxis,
  notAShape,
  type Range,
  reshapeStrides,
  resolveRange,
  type Shape,
  type Span,
  sameShape,
  showShape,
} from "../basics/shape.ts";
import type { Dtype } from "../kernels/index.ts";
import { shorthand } from "./composite.ts";
import { sumTo } from "./elementwise-record.ts";
import { operand } from "./operands.ts";
import { apply, neverComputed, type Operation, recordOf } from "./operation.ts";
import { copyElements, takeSpans } from "./spans.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The same elements in another shape, in row-major order; one size may be −1 to be computed.
 * @example reshape(tensor([1, 2, 3, 4]), [2, -1]); // tensor([[1, 2], [3, 4]])
 */
export const reshape: (x: Tensor, shape: Shape) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ shape: Shape }> = {
    name: "reshape",
    shape: ([x], { shape }) => inferShape("reshape", shape, x.size),
    view(x, shape) {
      const strides = reshapeStrides(x.shape, x.strides, shape);
      return strides && { strides, offset: x.offset };
    },
    compute(output, _shape, [x]) {
      copyElements(
        x.shape,
        { storage: output.storage, offset: output.offset, strides: contiguousStrides(x.shape) },
        x,
      );
    },
    gradient: (cotangent, node) => reshape(cotangent, node.inputs![0].shape),
    reads: "nothing",
    examples: [{ shapes: [[2, 6]], attributes: { shape: [3, -1] } }],
    calls: { settings: ["shape of the same size"], required: 1 },
  };
  return recordOf((x: Tensor, shape: Shape, next?: unknown) => {
    const input = operand("reshape", x);
    if (!Array.isArray(shape)) throw notAShape("reshape", shape, next);
    return apply(operation, [input], { shape });
  }, operation);
})();

/** The axes in another order. @example permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3] */
export const permute: (x: Tensor, axes: readonly number[]) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ axes: readonly number[] }> = {
    name: "permute",
    shape: ([x], { axes }) => axes.map((axis) => x.shape[axis]),
    view: (x, _shape, { axes }) => ({ strides: axes.map((axis) => x.strides[axis]), offset: x.offset }),
    compute: neverComputed,
    gradient: (cotangent, { attributes: { axes } }) =>
      permute(
        cotangent,
        axes.map((_, axis) => axes.indexOf(axis)),
      ),
    reads: "nothing",
    examples: [{ shapes: [[2, 3, 4]], attributes: { axes: [2, 0, 1] } }],
    calls: { settings: ["permutation"], required: 1 },
  };
  return recordOf((x: Tensor, axes: readonly number[]) => {
    const input = operand("permute", x);
    return apply(operation, [input], { axes: checkPermutation("permute", axes, input.rank) });
  }, operation);
})();

/** Two axes swapped, by default the last two. @example transpose(tensor([[1, 2], [3, 4]])); // tensor([[1, 3], [2, 4]]) */
export const transpose: (x: Tensor, first?: number, second?: number) => Tensor = shorthand(
  (x: Tensor, first = -2, second = -1) => {
    x = operand("transpose", x);
    const a = normalizeAxis("transpose", first, x.rank);
    const b = normalizeAxis("transpose", second, x.rank);
    return permute(
      x,
      x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
    );
  },
  { settings: ["axis", "axis"] },
);

/**
 * The elements repeated to a broadcast shape without copying. Its gradient is the sum over the repeats.
 * @example expand(tensor([1, 2]), [2, 2]); // tensor([[1, 2], [1, 2]])
 */
export const expand: (x: Tensor, shape: Shape) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ shape: Shape }> = {
    name: "expand",
    shape([x], { shape }) {
      const target = checkShape("expand", shape);
      if (!sameShape(broadcastShapes("expand", x.shape, target), target)) {
        throw new ShapeError(
          "expand",
          `${showShape(x.shape)} cannot be repeated to ${showShape(shape)}: only axes of size 1 grow.`,
          "insert axes of size 1 with unsqueeze() or reshape() first.",
        );
      }
      return target;
    },
    view: (x, shape) => ({ strides: broadcastStrides(x.shape, x.strides, shape), offset: x.offset }),
    compute: neverComputed,
    gradient: (cotangent, node) => sumTo(cotangent, node.inputs![0].shape),
    reads: "nothing",
    examples: [{ shapes: [[2, 1]], attributes: { shape: [3, 2, 4] } }],
    calls: { settings: ["broadcast shape"], required: 1 },
  };
  return recordOf((x: Tensor, shape: Shape, next?: unknown) => {
    const input = operand("expand", x);
    if (!Array.isArray(shape)) throw notAShape("expand", shape, next);
    return apply(operation, [input], { shape });
  }, operation);
})();

/** A new axis of size 1 before the given one. @example unsqueeze(tensor([1, 2]), -1); // tensor([[1], [2]]) */
export const unsqueeze: (x: Tensor, axis: number) => Tensor = shorthand(
  (x: Tensor, axis: number) => {
    x = operand("unsqueeze", x);
    const at = normalizeAxis("unsqueeze", axis, x.rank + 1);
    return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  },
  { settings: ["new axis"], required: 1 },
);

/** Without axes of size 1: the given ones, or all. @example squeeze(tensor([[1, 2]]), 0); // tensor([1, 2]) */
export const squeeze: (x: Tensor, axes?: number | readonly number[]) => Tensor = shorthand(
  (x: Tensor, axes?: number | readonly number[]) => {
    x = operand("squeeze", x);
    const dropped = normalizeAxes("squeeze", axes, x.rank).filter((axis) => {
      if (x.shape[axis] === 1) return true;
      if (axes === undefined) return false;
      throw new AxisError(
        "squeeze",
        `axis ${axis} of ${showShape(x.shape)} has size ${x.shape[axis]}; only size 1 can go.`,
      );
    });
    return reshape(
      x,
      x.shape.filter((_, axis) => !dropped.includes(axis)),
    );
  },
  { settings: [(_, shape) => [...shape.keys()].filter((axis) => shape[axis] === 1)] },
);

/** The axes from `first` to `last` as one. @example flatten(zeros([2, 3, 4]), 1).shape; // [2, 12] */
export const flatten: (x: Tensor, first?: number, last?: number) => Tensor = shorthand(
  (x: Tensor, first = 0, last = -1) => {
    x = operand("flatten", x);
    if (x.rank === 0) return reshape(x, [1]);
    const from = normalizeAxis("flatten", first, x.rank);
    const to = normalizeAxis("flatten", last, x.rank);
    if (from > to) throw new AxisError("flatten", `axis ${first} comes after axis ${last}.`);
    return reshape(x, [
      ...x.shape.slice(0, from),
      x.shape.slice(from, to + 1).reduce((a, b) => a * b, 1),
      ...x.shape.slice(to + 1),
    ]);
  },
  { settings: ["axis", "axis"] },
);

/**
 * A part, by one range for each axis: `null` takes all, a number takes that index and drops the axis, and
 * `[start, stop, step]` works as in Python, negative indices and steps included.
 *
 * `x.slice([1, 4], [null, null, 2])` is rows 1 to 3 and every other column.
 * @example slice(tensor([[1, 2, 3], [4, 5, 6]]), 1, [null, null, 2]); // tensor([4, 6])
 */
export const slice: (x: Tensor, ...ranges: Range[]) => Tensor = shorthand(
  (x: Tensor, ...ranges: Range[]) => {
    x = operand("slice", x);
    if (ranges.length > x.rank) {
      throw new AxisError(
        "slice",
        `${ranges.length} ranges for the ${x.rank} axes of ${showShape(x.shape)}.`,
        ranges.length < 4 && ranges.every((range) => typeof range === "number")
          ? `${showShape(ranges)} is one range, from start to end.`
          : undefined,
      );
    }
    const spans = x.shape.map((size, axis): Span => {
      const range = ranges[axis];
      if (typeof range !== "number") return resolveRange("slice", range, size);
      if (!Number.isInteger(range) || range < -size || range >= size) {
        throw new AxisError(
          "slice",
          Number.isInteger(range)
            ? `index ${range} is outside axis ${axis} of ${showShape(x.shape)}.`
            : `an index is a whole number; got ${range}.`,
        );
      }
      return { start: range < 0 ? range + size : range, step: 1, count: 1 };
    });
    const part = takeSpans(x, spans);
    const kept = part.shape.filter((_, axis) => typeof ranges[axis] !== "number");
    return kept.length === part.rank ? part : reshape(part, kept);
  },
  { settings: ["ranges"], required: 1 },
);

/**
 * The elements in reverse order along axes (all by default).
 * @example flip(tensor([[1, 2], [3, 4]]), 0); // tensor([[3, 4], [1, 2]])
 */
export const flip: (x: Tensor, axes?: number | readonly number[]) => Tensor = shorthand(
  (x: Tensor, axes?: number | readonly number[]) => {
    const input = operand("flip", x);
    const reversed = normalizeAxes("flip", axes, input.rank);
    return slice(
      input,
      ...input.shape.map((_, i) => (reversed.includes(i) ? ([null, null, -1] as const) : null)),
    );
  },
  { settings: ["axes"] },
);

/** The same elements in memory of their own, row-major without gaps; the tensor itself if it is that already. */
export const contiguous: (x: Tensor) => Tensor = shorthand((x: Tensor) => {
  x = operand("contiguous", x);
  return sameShape(x.strides, contiguousStrides(x.shape)) ? x : clone(x);
}, {});

/** A copy in memory of its own, recorded: the gradient passes through. `detach().clone()` is one without a past. */
export const clone: (x: Tensor) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation = {
    name: "clone",
    shape: ([x]) => x.shape,
    compute: (output, shape, [x]) => copyElements(shape, output, x),
    gradient: (cotangent) => cotangent,
    reads: "nothing",
    examples: [{ shapes: [[2, 3]], attributes: {} }],
    calls: {},
  };
  return recordOf((x: Tensor) => apply(operation, [operand("clone", x)], {}), operation);
})();

/**
 * A copy in another dtype (or the same), recorded: the gradient is converted back.
 * @example to(tensor(1), "float64").dtype; // "float64"
 */
export const to: (x: Tensor, dtype: Dtype) => Tensor = /* @__PURE__ */ (() => {
  const operation: Operation<{ dtype: Dtype }> = {
    name: "to",
    shape: ([x]) => x.shape,
    dtype: ({ dtype }) => dtype,
    compute: (output, shape, [x]) => copyElements(shape, output, x),
    gradient: (cotangent, node) => to(cotangent, node.inputs![0].dtype),
    reads: "nothing",
    examples: [{ shapes: [[2, 3]], attributes: { dtype: "float64" } }],
    // The dtypes of operands are equal, so that a copy of another cannot meet the rest.
    calls: null,
  };
  return recordOf(
    (x: Tensor, dtype: Dtype) => apply(operation, [operand("to", x)], { dtype: checkDtype("to", dtype) }),
    operation,
  );
})();
