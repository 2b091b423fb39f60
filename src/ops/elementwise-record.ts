/**
 * Elementwise operations from expressions. An author writes the value once, in the arithmetic of kernels/arithmetic.ts.
 * From it come the kernel and the gradient rule, which is an elementwise operation in turn: of the cotangent and of what
 * the derivative reads. So gradients have gradients, of any order, and each is one sweep over memory.
 */

import { broadcastShapes, broadcastStrides, notAShape, type Shape, sameShape } from "../basics/shape.ts";
import {
  type Arithmetic,
  backend,
  type ElementwiseKernel,
  type Expression,
  kernelOf,
  type Operand,
} from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { tangentOf } from "./differentiation.ts";
import { operand, operands } from "./operands.ts";
import { apply, forgetful, NO_ATTRIBUTES, type Node, type Operation, OUTPUT, recordOf } from "./operation.ts";
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

/**
 * The record of an elementwise operation. What follows from its expressions is worked out when it is first asked for.
 */
export class ElementwiseOperation implements Operation {
  readonly name: string;
  readonly value: Expression;
  readonly arity: number;
  /** What the author wrote. */
  readonly record: ElementwiseRecord;
  #kernel: ElementwiseKernel | undefined;
  #rules: readonly (GradientRule | null)[] | undefined;
  #isDifferentiable: boolean | undefined;

  constructor(record: ElementwiseRecord, arity: number) {
    this.name = record.name;
    this.value = record.value;
    this.record = record;
    this.arity = arity;
    forgetful.add(this);
  }

  shape(inputs: readonly Tensor[]): Shape {
    let shape = inputs[0].shape;
    for (let i = 1; i < inputs.length; i++) shape = broadcastShapes(this.name, shape, inputs[i].shape);
    return shape;
  }

  compute(output: Operand, shape: Shape, inputs: readonly Tensor[]): void {
    this.#kernel ??= backend.elementwise(kernelOf(this.value), this.arity);
    let operands: readonly Operand[] = inputs;
    for (let i = 0; i < inputs.length && operands === inputs; i++)
      if (!sameShape(inputs[i].shape, shape)) operands = inputs.map((x) => broadcastOperand(x, shape));
    this.#kernel(shape, [output], operands);
  }

  /** One function for all, so that the record of each operation is of the same kind to the compiler. */
  get gradient(): Operation["gradient"] {
    this.#isDifferentiable ??= this.rules.some((rule) => rule !== null);
    return this.#isDifferentiable ? applyElementwiseRule : undefined;
  }

  /** The rule for each operand; null where it has no influence that could be differentiated. */
  get rules(): readonly (GradientRule | null)[] {
    this.#rules ??= Array.from({ length: this.arity }, (_, i) => gradientRule(this.record, this.arity, i));
    return this.#rules;
  }

  get reads(): readonly (readonly number[])[] {
    return this.rules.map((rule) => rule?.reads ?? []);
  }
}

/** The gradient rule of every elementwise operation: its own rule for the operand, summed over what was broadcast. */
function applyElementwiseRule(cotangent: Tensor, node: Node, index: number): Tensor | null {
  const rule = (node.operation as ElementwiseOperation).rules[index];
  if (rule === null) return null;
  const inputs = node.inputs!;
  let contribution = cotangent;
  if (rule.operation !== null) {
    const read = [cotangent];
    for (let i = 0; i < rule.reads.length; i++) {
      const place = rule.reads[i];
      read.push(place === OUTPUT ? node.output : inputs[place]);
    }
    contribution = apply(rule.operation, read, NO_ATTRIBUTES);
  }
  return sumTo(contribution, inputs[index].shape);
}

/** What takes the cotangent of the output to that of an operand. */
interface GradientRule {
  /** Of the cotangent and what it reads; null where the cotangent stays as it is. */
  readonly operation: Operation | null;
  /** The operands that it looks at, and `OUTPUT`. */
  readonly reads: readonly number[];
}

function gradientRule(record: ElementwiseRecord, arity: number, index: number): GradientRule | null {
  const { name, value, derivatives, chooses = false } = record;
  const derivative = derivatives?.[index];
  const expression = <V>(m: Arithmetic<V>, cotangent: V, ...values: V[]): V | null => {
    // From the operands alone: of an output that was rounded to 0 or ∞ no slope can be read off.
    if (derivative === undefined) return tangentOf(m, value, values.slice(0, arity), index, cotangent);
    if (derivative === 0) return null;
    const slope = typeof derivative === "number" ? m.constant(derivative) : derivative(m, ...values);
    const product = m.mul(cotangent, slope);
    return chooses ? m.where(slope, product, m.constant(0)) : product;
  };
  const [cotangent, ...places] = [0, ...Array.from({ length: arity + 1 }, (_, i) => 1 << i)].map((reads) => ({
    reads,
  }));
  const result = expression(dependence, cotangent, ...places);
  if (result === null) return null;
  if (result === cotangent) return { operation: null, reads: [] };
  const used = [...places.keys()].filter((place) => (result.reads >> place) & 1);
  const rule: Expression = (m, cotangent, ...read) =>
    // Places that the rule does not look at get the cotangent.
    expression(m, cotangent, ...places.map((_, place) => read[used.indexOf(place)] ?? cotangent))!;
  return {
    operation: new ElementwiseOperation({ name: `${name} gradient ${index}`, value: rule }, used.length + 1),
    reads: used.map((place) => (place === arity ? OUTPUT : place)),
  };
}

/** Expressions read for the operands that they depend on, a bit each. */
const dependence: Arithmetic<{ readonly reads: number }> = /* @__PURE__ */ (() => {
  const join = (...parts: { readonly reads: number }[]) => ({
    reads: parts.reduce((all, { reads }) => all | reads, 0),
  });
  const words = Object.fromEntries(Object.keys(numbers).map((word) => [word, join]));
  return { ...words, constant: () => ({ reads: 0 }) } as unknown as Arithmetic<{ readonly reads: number }>;
})();

/** An elementwise operation of one tensor. */
/* @__NO_SIDE_EFFECTS__ */ export function unary(record: UnaryRecord): (x: Tensor) => Tensor {
  return elementwiseFunction(
    1,
    "derivative" in record ? { ...record, derivatives: [record.derivative] } : record,
  );
}

/** What an author writes of an elementwise operation of one tensor. */
export type UnaryRecord = Omit<ElementwiseRecord, "derivatives"> & { readonly derivative?: Derivative };

/** An elementwise operation of two tensors that broadcast; either may be a number. */
/* @__NO_SIDE_EFFECTS__ */ export const binary = (
  record: ElementwiseRecord,
): ((x: TensorLike, y: TensorLike) => Tensor) => elementwiseFunction(2, record);

/** An elementwise operation of three operands that broadcast; what to do about one that is missing. */
/* @__NO_SIDE_EFFECTS__ */ export const ternary = (
  record: ElementwiseRecord,
  ifMissing?: string,
): ((x: TensorLike, y: TensorLike, z: TensorLike) => Tensor) => elementwiseFunction(3, record, ifMissing);

/** An elementwise operation of four operands that broadcast. */
/* @__NO_SIDE_EFFECTS__ */ export const quaternary = (
  record: ElementwiseRecord,
): ((a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => Tensor) => elementwiseFunction(4, record);

function elementwiseFunction(
  arity: number,
  record: ElementwiseRecord,
  ifMissing?: string,
): (...values: TensorLike[]) => Tensor {
  const operation = new ElementwiseOperation(record, arity);
  const { name } = record;
  const call = (given: TensorLike[]): Tensor =>
    apply(operation, operands(name, given, ifMissing), NO_ATTRIBUTES);
  // As many operands as the operation has: [a, b].map(silu) hands over an index and the array as well.
  const byArity = [
    (x: TensorLike) => call([x]),
    (x: TensorLike, y: TensorLike) => call([x, y]),
    (x: TensorLike, y: TensorLike, z: TensorLike) => call([x, y, z]),
    (a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => call([a, x, b, y]),
  ];
  return recordOf(byArity[arity - 1] as (...values: TensorLike[]) => Tensor, operation);
}

/**
 * The sum over the axes along which `shape` was broadcast: the transpose of expanding to it.
 * @example sumTo(ones([2, 3]), [3]); // tensor([2, 2, 2])
 */
export function sumTo(tensor: Tensor, shape: Shape): Tensor {
  tensor = operand("sumTo", tensor);
  if (!Array.isArray(shape)) throw notAShape("sumTo", shape);
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
