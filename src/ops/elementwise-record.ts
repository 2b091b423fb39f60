/**
 * Elementwise operations from expressions. An author writes the value once, in the arithmetic of kernels/arithmetic.ts.
 * From it come the kernel, the gradient rule, a fused kernel for that rule (one sweep over memory) and, when gradients are
 * to be differentiated again, the same rule read with tensors for values.
 */

import { describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from "../basics/shape.ts";
import {
  type Arithmetic,
  backend,
  type Dtype,
  type ElementwiseKernel,
  type Expression,
  type Operand,
} from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { tangentOf } from "./differentiation.ts";
import { operands, scalarTensor } from "./operands.ts";
import {
  apply,
  type Example,
  isRecording,
  NO_ATTRIBUTES,
  type Operation,
  OUTPUT,
  on,
  recordOf,
} from "./operation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** The derivative by one operand: an expression of the operands and then the output, or a constant. */
export type Derivative = Expression | number;

/** What an author writes of an elementwise operation. */
export interface ElementwiseRecord {
  /** What the tape and errors call it. */
  readonly name: string;
  /** The value, from the operands. */
  readonly value: Expression;
  /**
   * The derivative by each operand, where the one that follows from the value loses digits, costs measured time, or is not
   * the convention that is meant. A constant 0 stops the gradient.
   */
  readonly derivatives?: readonly (Derivative | undefined)[];
  /**
   * The derivatives choose, as that of `relu` does: 0 says "not taken". What was not taken then gets 0 even from an
   * infinite cotangent, where the product 0 · ∞ would be NaN. Default false.
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

/** The record of an elementwise operation with everything that follows from its expressions. */
function elementwiseOperation(record: ElementwiseRecord, arity: number): Operation {
  const { name, value } = record;
  const rules = Array.from({ length: arity }, (_, index) => gradientRule(record, arity, index));
  const common: Operation = {
    ...computation(name, value, arity),
    value,
    reads: rules.map((rule) => (rule === null || rule === "cotangent" ? [] : rule.reads)),
    examples: elementwiseExamples(record, arity),
  };
  if (rules.every((rule) => rule === null)) return common;
  return {
    ...common,
    gradient(cotangent, node, index) {
      const rule = rules[index];
      const inputs = node.inputs!;
      if (rule === null) return null;
      if (rule === "cotangent") return sumTo(cotangent, inputs[index].shape);
      // Recording during backward means createGraph: compose the rule of operations, so that it can be differentiated
      // again. Otherwise one fused kernel; the two may differ in the last bits.
      const contribution = isRecording()
        ? rule.expression(tensors(cotangent.dtype), cotangent, ...inputs, node.output)
        : rule.fused(cotangent, inputs, node.output);
      return sumTo(contribution, inputs[index].shape);
    },
  };
}

/** What takes the cotangent of the output to that of an operand. */
interface GradientRule {
  /** From the output's cotangent, the operands, and the output. */
  readonly expression: Expression;
  /** The operands that it looks at, and `OUTPUT`. */
  readonly reads: readonly number[];
  /** The expression as one kernel. */
  fused(cotangent: Tensor, inputs: readonly Tensor[], output: Tensor): Tensor;
}

/** The rule for one operand; null where there is no gradient, "cotangent" where it is the cotangent as it is. */
function gradientRule(
  { name, value, derivatives, chooses = false }: ElementwiseRecord,
  arity: number,
  index: number,
): GradientRule | "cotangent" | null {
  const derivative = derivatives?.[index];
  const expression = <V>(m: Arithmetic<V>, cotangent: V, ...values: V[]): V | null => {
    if (derivative === undefined)
      return tangentOf(m, value, values.slice(0, arity), index, cotangent, values[arity]);
    if (derivative === 0) return null;
    const slope = typeof derivative === "number" ? m.constant(derivative) : derivative(m, ...values);
    const product = m.mul(cotangent, slope);
    return chooses ? m.where(slope, product, m.constant(0)) : product;
  };
  const places = Array.from({ length: arity + 1 }, (_, i) => ({ reads: 1 << i }));
  const cotangent = { reads: 0 };
  const result = expression(dependence, cotangent, ...places);
  if (result === null || result === cotangent) return result && "cotangent";
  const used = [...places.keys()].filter((place) => (result.reads >> place) & 1);
  const operation: Operation = {
    ...computation(
      `${name} gradient ${index}`,
      (m, cotangent, ...read) => {
        // Places that the rule does not look at get the cotangent.
        const values = places.map(() => cotangent);
        used.forEach((place, i) => {
          values[place] = read[i];
        });
        return expression(m, cotangent, ...values)!;
      },
      used.length + 1,
    ),
    reads: "nothing",
    examples: [],
  };
  return {
    expression: expression as Expression,
    reads: used.map((place) => (place === arity ? OUTPUT : place)),
    fused(cotangent, inputs, output) {
      const read = [cotangent];
      for (let i = 0; i < used.length; i++) read.push(used[i] === arity ? output : inputs[used[i]]);
      return apply(operation, read, NO_ATTRIBUTES);
    },
  };
}

/** An elementwise operation of one tensor. */
/* @__NO_SIDE_EFFECTS__ */ export function unary(
  record: Omit<ElementwiseRecord, "derivatives"> & { readonly derivative?: Derivative },
): (x: Tensor) => Tensor {
  return elementwiseFunction(
    "unary",
    1,
    "derivative" in record ? { ...record, derivatives: [record.derivative] } : record,
  );
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
  const operation = elementwiseOperation(record, arity);
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
  if (derivatives === undefined) return;
  const count = Array.isArray(derivatives) ? derivatives.length : 0;
  const isDerivative = (given: unknown): boolean =>
    ["function", "number", "undefined"].includes(typeof given);
  const wrong = count === arity ? derivatives.findIndex((derivative) => !isDerivative(derivative)) : -1;
  if (count === arity && wrong < 0) return;
  throw new ArgumentError(
    where,
    wrong < 0
      ? `needs ${arity} derivatives, one for each operand; got ${count}.`
      : `a derivative is an expression or a number; got ${describeValue(derivatives[wrong])}.`,
    "write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.",
  );
}

/** The value of an expression, by recorded operations. @example evaluate((m, x) => m.mul(x, x), tensor(3)); // tensor(9) */
export function evaluate(expression: Expression, ...values: Tensor[]): Tensor {
  return expression(tensors(values[0].dtype), ...values);
}

/**
 * The sum over the axes along which `shape` was broadcast: the transpose of expanding to it.
 * @example sumTo(ones([2, 3]), [3]); // tensor([2, 2, 2])
 */
export function sumTo(tensor: Tensor, shape: Shape): Tensor {
  if (sameShape(tensor.shape, shape)) return tensor;
  const added = tensor.shape.length - shape.length;
  const axes = tensor.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < added || (shape[axis - added] === 1 && tensor.shape[axis] !== 1));
  return tensor.sum(axes).reshape(shape);
}

/** The operand as seen from the (broadcast) shape of the output. */
export function broadcastOperand(tensor: Tensor, shape: Shape): Operand {
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

/** Expressions read for what they depend on: a value is the set of operands in it, a bit each. */
const dependence: Arithmetic<{ readonly reads: number }> = /* @__PURE__ */ arithmeticOf(
  () =>
    (...parts) => ({ reads: parts.reduce((all, { reads }) => all | reads, 0) }),
  () => ({ reads: 0 }),
);

const methods = /* @__PURE__ */ arithmeticOf<Tensor>(
  (word) =>
    (first, ...rest) =>
      (first[word as "add"] as (...rest: Tensor[]) => Tensor)(...rest),
  (value) => scalarTensor(value, "float32"),
);

/** Expressions read as operations on tensors, which are recorded and can be differentiated again. */
function tensors(dtype: Dtype): Arithmetic<Tensor> {
  return { ...methods, constant: (value) => scalarTensor(value, dtype) };
}

/** An arithmetic of which every word is made in the same way. */
function arithmeticOf<V>(
  call: (word: keyof Arithmetic<V>) => (...operands: V[]) => V,
  constant: (value: number) => V,
): Arithmetic<V> {
  const words = Object.keys(numbers) as (keyof Arithmetic<V>)[];
  return {
    ...(Object.fromEntries(words.map((word) => [word, call(word)])) as unknown as Arithmetic<V>),
    constant,
  };
}

function elementwiseExamples(record: ElementwiseRecord, arity: number): Example[] {
  const ways =
    arity === 1
      ? [on([3, 4]), on([]), on([0, 2])]
      : [on([3, 4], [3, 4]), on([2, 1, 4], [3, 1]), on([5], []), on([], [2, 3])];
  return ways.map(({ shapes, attributes }) => ({
    shapes: Array.from({ length: arity }, (_, i) => shapes[i % shapes.length]),
    attributes,
    ...(record.intervals && { intervals: record.intervals }),
    ...(record.kinks && { kinks: record.kinks }),
  }));
}
