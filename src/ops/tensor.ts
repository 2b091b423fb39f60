/**
 * What a tensor is to its users: a view of flat memory, the operations as methods, and its place on the
 * tape. The class behind it stands in tensor/tensor.ts; operations need only this contract.
 */

import type { NestedArray } from "../basics/nested.ts";
import type { Shape } from "../basics/shape.ts";
import type { Dtype, FloatArray, Storage } from "../kernels/index.ts";
import type * as elementwise from "./elementwise.ts";
import type * as indexing from "./indexing.ts";
import type * as layout from "./layout.ts";
import type * as linear from "./linear.ts";
import type * as losses from "./losses.ts";
import type { Node } from "./operation.ts";
import type { FunctionsAsMembers, OtherMembers } from "./other-names.ts";
import type * as reductions from "./reductions.ts";

/** Where a number will do, it is taken as a scalar tensor of the other operand's dtype. */
export type TensorLike = Tensor | number;

/** Operations whose first operand is not what a reader takes the receiver for: functions, and no methods. */
export type FunctionsOnly = "where" | "linearCombination";

/** The operations whose first operand is a tensor, as they hang on it: `silu(x)` is `x.silu()`. */
export type Methods<Functions> = {
  readonly [Name in keyof Functions as Exclude<Name, FunctionsOnly>]: Functions[Name] extends (
    x: never,
    ...rest: infer Rest
  ) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/** An n-dimensional array of floats that remembers how it was computed. */
export interface Tensor
  extends Methods<typeof elementwise>,
    Methods<typeof reductions>,
    Methods<typeof layout>,
    Methods<typeof linear>,
    Methods<typeof losses>,
    Methods<typeof indexing>,
    OtherMembers,
    FunctionsAsMembers {
  /** Sizes of the axes; `[]` for a scalar. */
  readonly shape: Shape;
  /** Elements to step over in `data` for a step along each axis; 0 where an axis repeats one element. */
  readonly strides: readonly number[];
  /** Where in `data` the first element is. */
  readonly offset: number;
  /** The memory, shared with all views of it. */
  readonly storage: Storage;
  /** The flat memory of the storage: for this tensor's own elements in order, use `toTypedArray()`. */
  readonly data: FloatArray;
  /** The type of the elements. */
  readonly dtype: Dtype;
  /** The number of elements. */
  readonly size: number;
  /** The number of axes. */
  readonly rank: number;
  /** The first axis' size; a scalar has none and throws. */
  readonly length: number;

  /** Where this tensor came from on the tape; null when nothing is recorded for it. */
  node: Node | null;
  /**
   * The gradient that backward accumulated here, of this tensor's shape and dtype; null before, and for results unless
   * `retainGrad()` was called.
   */
  grad: Tensor | null;
  /**
   * Whether operations on this tensor are recorded. Set it to true on a leaf to differentiate by it;
   * results of recorded operations have it by themselves, and cannot change it (use `detach()`).
   */
  requiresGrad: boolean;
  /** True for tensors that were not computed by a recorded operation. */
  readonly isLeaf: boolean;
  /** True for a leaf that required gradients and does not now: a parameter that is frozen. */
  readonly isFrozen: boolean;

  /**
   * Adds d(this)/d(leaf) to the `grad` of every leaf that this tensor was computed from; where it throws, to none.
   *
   * @param cotangent what to multiply with, of this tensor's shape; may be left out for a scalar, options or not
   * @param options.retainGraph keep the tape, to go backward through it again (default: createGraph)
   * @param options.createGraph record the backward pass too, to differentiate gradients (default false)
   * @throws TapeError where there is no tape, it was freed, or a value it needs was changed in place
   */
  backward(cotangent?: Tensor, options?: { retainGraph?: boolean; createGraph?: boolean }): void;
  /** The same for a scalar, with options alone: `loss.backward({ retainGraph: true })`. */
  backward(options: { retainGraph?: boolean; createGraph?: boolean }): void;
  /** Makes backward keep the gradient of this value in `grad` although it is not a leaf. Returns this. */
  retainGrad(): Tensor;
  /** The same elements without a past: nothing is differentiated through the result. Shares memory. */
  detach(): Tensor;

  /** The only element as a number. @throws ShapeError when there is not exactly one */
  item(): number;
  /** The elements as nested arrays: a number for a scalar, `number[]` for one axis, and so on. */
  toArray<T extends NestedArray = NestedArray>(): T;
  /** A copy of the elements in row-major order: a Float32Array, or a Float64Array for float64 tensors. */
  toTypedArray<T extends FloatArray = Float32Array>(): T;
  /** The part at the given indices of the first axes (negative ones count from the end), recorded as a slice. */
  at(...indices: number[]): Tensor;
  /** Copies values into this tensor's memory, in place. @throws TapeError when it or they are recorded values */
  assign(values: Tensor | number): Tensor;
  /** Shape and elements as text, long axes shortened. */
  toString(): string;
  /** Text where text is wanted; JavaScript's operators throw an ArgumentError. */
  [Symbol.toPrimitive](hint: string): string;
  /** The parts along the first axis: `for (const row of matrix)`. A scalar cannot be iterated over. */
  [Symbol.iterator](): IterableIterator<Tensor>;
}
