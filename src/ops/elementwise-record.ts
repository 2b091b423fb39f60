/**
 * Elementwise operations from expressions. An author writes the value and the derivatives once, in the
 * arithmetic of kernels/arithmetic.ts; from that come the kernel, the fused kernel of the backward pass
 * (cotangent times derivative in one sweep), and, when gradients are to be differentiated again, the same
 * derivative read with tensors for values.
 */

import {
  type Arithmetic,
  backend,
  type Dtype,
  type ElementwiseKernel,
  type Expression,
  type Operand,
  Storage,
} from "../kernels/index.ts";
import { describeValue } from "../tensor/check.ts";
import { ArgumentError, ShapeError, TapeError } from "../tensor/errors.ts";
import { broadcastShapes, broadcastStrides, type Shape, sameShape, showShape } from "../tensor/shape.ts";
import {
  apply,
  type Example,
  isRecording,
  type Operation,
  operands,
  recordOf,
  scalarTensor,
} from "./operation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** The derivative by one operand: an expression of the operands and then the output, or a constant. */
export type Derivative = Expression | 1 | -1 | 0;

/** What an author writes of an elementwise operation. */
export interface ElementwiseRecord {
  /** What the tape and errors call it. */
  readonly name: string;
  /** The value, from the operands. */
  readonly value: Expression;
  /** The derivative by each operand, in order. */
  readonly derivatives: readonly Derivative[];
  /**
   * The operation chooses among its operands, as `where` and `relu` do: a derivative of 0 says "not taken". What was not
   * taken then gets 0 even from an infinite cotangent, where the product 0 · ∞ would be NaN. Default false.
   */
  readonly chooses?: boolean;
  /**
   * The open interval for each operand in which the operation is defined and has a derivative: [0, Infinity] for a
   * logarithm. All finite numbers where not given. Tests draw from all of it.
   */
  readonly intervals?: readonly (readonly [number, number])[];
  /** Operands at which there is no derivative: a kink, a jump, a pole. */
  readonly kinks?: readonly number[];
}

const NO_ATTRIBUTES = {};

/** The record of an elementwise operation with everything that follows from its expressions. */
function elementwiseOperation(record: ElementwiseRecord): Operation {
  const { name, value, derivatives, chooses = false } = record;
  const arity = derivatives.length;
  const fusedGradients = derivatives.map((derivative, i) =>
    typeof derivative === "function"
      ? fusedGradient(`${name} gradient ${i}`, derivative, arity, chooses)
      : null,
  );
  const reads = fusedGradients.reduce((mask, rule) => mask | (rule?.reads ?? 0), 0);
  const readsInputs = (reads & ((1 << arity) - 1)) !== 0;
  const readsOutput = reads >> arity !== 0;
  const common: Operation = {
    ...computation(name, value, arity),
    value,
    saves: readsInputs ? (readsOutput ? "both" : "inputs") : readsOutput ? "output" : "nothing",
    examples: elementwiseExamples(record, arity),
  };
  if (derivatives.every((derivative) => derivative === 0)) return common;
  return {
    ...common,
    gradient(cotangent, node, index) {
      const derivative = derivatives[index];
      const inputs = node.inputs!;
      if (derivative === 0) return null;
      if (derivative === 1) return sumTo(cotangent, inputs[index].shape);
      if (derivative === -1) return sumTo(cotangent.neg(), inputs[index].shape);
      // Recording during backward means createGraph: compose the derivative of operations, so that it can be
      // differentiated again. Otherwise one fused kernel; the two may differ in the last bits.
      const contribution = isRecording()
        ? times(
            tensors(cotangent.dtype),
            cotangent,
            derivative(tensors(cotangent.dtype), ...inputs, node.output),
            chooses,
          )
        : fusedGradients[index]!.apply(cotangent, inputs, node.output);
      return sumTo(contribution, inputs[index].shape);
    },
  };
}

/** cotangent × derivative; of a choice, 0 where the derivative is 0. */
function times<V>(m: Arithmetic<V>, cotangent: V, derivative: V, chooses: boolean): V {
  const product = m.mul(cotangent, derivative);
  return chooses ? m.where(derivative, product, m.constant(0)) : product;
}

/** An elementwise operation of one tensor. */
/* @__NO_SIDE_EFFECTS__ */ export function unary(
  record: Omit<ElementwiseRecord, "derivatives"> & { derivative: Derivative },
): (x: Tensor) => Tensor {
  return elementwiseFunction("unary", 1, { ...record, derivatives: [record.derivative] });
}

/** An elementwise operation of two tensors that broadcast; either may be a number. */
/* @__NO_SIDE_EFFECTS__ */ export const binary = (
  record: ElementwiseRecord,
): ((x: TensorLike, y: TensorLike) => Tensor) => elementwiseFunction("binary", 2, record);

/** An elementwise operation of three operands that broadcast. */
/* @__NO_SIDE_EFFECTS__ */ export const ternary = (
  record: ElementwiseRecord,
): ((x: TensorLike, y: TensorLike, z: TensorLike) => Tensor) => elementwiseFunction("ternary", 3, record);

/** An elementwise operation of four operands that broadcast. */
/* @__NO_SIDE_EFFECTS__ */ export const quaternary = (
  record: ElementwiseRecord,
): ((a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => Tensor) =>
  elementwiseFunction("quaternary", 4, record);

function elementwiseFunction(
  kind: string,
  arity: number,
  record: ElementwiseRecord,
): (...values: TensorLike[]) => Tensor {
  checkRecord(kind, arity, record);
  const operation = elementwiseOperation(record);
  const { name } = record;
  const call = (given: TensorLike[]): Tensor => apply(operation, operands(name, given), NO_ATTRIBUTES);
  // As many operands as the operation has: [a, b].map(silu) hands over an index and the array as well.
  const byArity = [
    (x: TensorLike) => call([x]),
    (x: TensorLike, y: TensorLike) => call([x, y]),
    (x: TensorLike, y: TensorLike, z: TensorLike) => call([x, y, z]),
    (a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => call([a, x, b, y]),
  ];
  return recordOf(byArity[arity - 1] as (...values: TensorLike[]) => Tensor, operation);
}

/** What would show at the first use of a value or a gradient only is refused where the record is written. */
function checkRecord(kind: string, arity: number, { name, value, derivatives }: ElementwiseRecord): void {
  const where = `${kind}("${name}")`;
  if (typeof value !== "function") {
    throw new ArgumentError(
      where,
      `value is an expression; got ${describeValue(value)}.`,
      "write (m, x) => …",
    );
  }
  const count = Array.isArray(derivatives) ? derivatives.length : 0;
  const wrong = count === arity ? derivatives.findIndex((derivative) => !isDerivative(derivative)) : -1;
  if (count === arity && wrong < 0) return;
  throw new ArgumentError(
    where,
    wrong < 0
      ? `needs ${arity} derivatives, one for each operand; got ${count}.`
      : `a derivative is an expression, or 0, 1 or -1; got ${describeValue(derivatives[wrong])}.`,
    "write (m, x) => …; 0 stops the gradient.",
  );
}

function isDerivative(value: unknown): value is Derivative {
  return typeof value === "function" || value === 0 || value === 1 || value === -1;
}

/** The value of an expression, computed with recorded operations: `evaluate((m, t) => m.cos(t), t)`. */
export function evaluate(expression: Expression, ...values: Tensor[]): Tensor {
  return expression(tensors(values[0].dtype), ...values);
}

/**
 * An update in place: result k of `values` is written into operand k. It is how optimisers step: not
 * differentiable, and refused for values whose computation is on a tape. Numbers go in as float64.
 */
export function inPlace(record: {
  readonly name: string;
  /** How many of the first operands are written. */
  readonly writes: number;
  readonly values: <V>(m: Arithmetic<V>, ...operands: V[]) => V[];
}): (...operands: TensorLike[]) => void {
  const { name, writes, values } = record;
  let kernel: ElementwiseKernel | undefined;
  return (...given) => {
    const targets = given.slice(0, writes) as Tensor[];
    const { shape } = targets[0];
    for (const target of targets) checkWritable(name, target);
    const operandsOf = given.map((value, k): Operand => {
      if (typeof value === "number")
        return { storage: Storage.of(Float64Array.of(value)), offset: 0, strides: shape.map(() => 0) };
      const fits =
        sameShape(value.shape, shape) ||
        (k >= writes && sameShape(broadcastShapes(name, value.shape, shape), shape));
      if (!fits)
        throw new ShapeError(
          name,
          `operand ${k} of shape ${showShape(value.shape)} does not fit the updated ${showShape(shape)}.`,
        );
      return broadcastOperand(value, shape);
    });
    kernel ??= backend.elementwise(values, given.length);
    kernel(shape, targets, operandsOf);
    for (const target of targets) target.storage.version++;
  };
}

/** @throws TapeError where writing into the tensor would falsify what the tape knows of it, or what it shares */
export function checkWritable(where: string, tensor: Tensor): void {
  if (tensor.size > 0 && tensor.shape.some((size, axis) => size > 1 && tensor.strides[axis] === 0)) {
    throw new ShapeError(
      where,
      "an expanded tensor holds the same element in many places.",
      "clone() it first.",
    );
  }
  if (tensor.node === null || (tensor.isLeaf && !isRecording())) return;
  throw new TapeError(
    where,
    tensor.isLeaf
      ? "a leaf that requires gradients cannot be changed in place while operations are recorded."
      : "a recorded value cannot be changed in place: its past would no longer explain it.",
    tensor.isLeaf ? "wrap the change in noGrad(() => …)." : "change a detach().clone() of it.",
  );
}

/** The sum over the axes along which `shape` was broadcast: the transpose of expanding to it. */
export function sumTo(tensor: Tensor, shape: Shape): Tensor {
  if (sameShape(tensor.shape, shape)) return tensor;
  const added = tensor.shape.length - shape.length;
  const axes = tensor.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < added || (shape[axis - added] === 1 && tensor.shape[axis] !== 1));
  return tensor.sum(axes).reshape(shape);
}

/** The operand as seen from the (broadcast) shape of the output. */
function broadcastOperand(tensor: Tensor, shape: Shape): Operand {
  if (sameShape(tensor.shape, shape)) return tensor;
  return {
    storage: tensor.storage,
    offset: tensor.offset,
    strides: broadcastStrides(tensor.shape, tensor.strides, shape),
  };
}

function broadcastOperands(inputs: readonly Tensor[], shape: Shape): readonly Operand[] {
  for (let i = 0; i < inputs.length; i++) {
    if (!sameShape(inputs[i].shape, shape)) return inputs.map((input) => broadcastOperand(input, shape));
  }
  return inputs;
}

/** The part of a record that computes: broadcast the operands, run the expression's kernel. */
function computation(
  name: string,
  value: Expression,
  arity: number,
): Pick<Operation, "name" | "shape" | "compute"> {
  let kernel: ElementwiseKernel | undefined;
  return {
    name,
    shape(inputs) {
      let shape = inputs[0].shape;
      for (let i = 1; i < inputs.length; i++) shape = broadcastShapes(name, shape, inputs[i].shape);
      return shape;
    },
    compute(output, shape, inputs) {
      kernel ??= backend.elementwise((m, ...values) => [value(m, ...values)], arity);
      kernel(shape, [output], broadcastOperands(inputs, shape));
    },
  };
}

/** cotangent × derivative as an operation of its own, of only those values that the derivative reads. */
function fusedGradient(name: string, derivative: Expression, arity: number, chooses: boolean) {
  const reads = derivative(dependence, ...Array.from({ length: arity + 1 }, (_, i) => 1 << i));
  const used = Array.from({ length: arity + 1 }, (_, i) => i).filter((i) => (reads >> i) & 1);
  const operation: Operation = {
    ...computation(
      name,
      (m, cotangent, ...usedValues) => {
        // Places that the derivative does not read get the cotangent: it never looks at them.
        const values = Array.from({ length: arity + 1 }, () => cotangent);
        used.forEach((place, i) => {
          values[place] = usedValues[i];
        });
        return times(m, cotangent, derivative(m, ...values), chooses);
      },
      used.length + 1,
    ),
    saves: "nothing",
    examples: [],
  };
  return {
    reads,
    apply(cotangent: Tensor, inputs: readonly Tensor[], output: Tensor): Tensor {
      const read = [cotangent];
      for (let i = 0; i < used.length; i++) read.push(used[i] === arity ? output : inputs[used[i]]);
      return apply(operation, read, NO_ATTRIBUTES);
    },
  };
}

const NAMES = [
  "add",
  "sub",
  "mul",
  "div",
  "neg",
  "abs",
  "sqrt",
  "maximum",
  "minimum",
  "less",
  "equal",
  "where",
  "exp",
  "log",
  "log1p",
  "expm1",
  "sin",
  "cos",
  "tanh",
  "erf",
  "pow",
] as const satisfies readonly (keyof Arithmetic<unknown>)[];

/** Expressions read for what they depend on: a value is the set of operands in it, a bit each. */
const dependence = {
  constant: () => 0,
  ...Object.fromEntries(
    NAMES.map((name) => [name, (...masks: number[]) => masks.reduce((all, mask) => all | mask, 0)]),
  ),
} as unknown as Arithmetic<number>;

/** Expressions read as operations on tensors, which are recorded and can be differentiated again. */
function tensors(dtype: Dtype): Arithmetic<Tensor> {
  return {
    ...tensorMethods,
    constant: (value: number) => scalarTensor(value, dtype),
  } as Arithmetic<Tensor>;
}

const tensorMethods = Object.fromEntries(
  NAMES.map((name) => [
    name,
    (first: Tensor, ...rest: Tensor[]) => (first[name] as (...rest: Tensor[]) => Tensor)(...rest),
  ]),
);

function elementwiseExamples(record: ElementwiseRecord, arity: number): Example[] {
  const shapes: Shape[][] =
    arity === 1
      ? [[[3, 4]], [[]], [[0, 2]]]
      : [
          [
            [3, 4],
            [3, 4],
          ],
          [
            [2, 1, 4],
            [3, 1],
          ],
          [[5], []],
          [[], [2, 3]],
        ];
  return shapes.map((first) => ({
    shapes: Array.from({ length: arity }, (_, i) => first[i % first.length]),
    attributes: NO_ATTRIBUTES,
    ...(record.intervals && { intervals: record.intervals }),
    ...(record.kinks && { kinks: record.kinks }),
  }));
}
