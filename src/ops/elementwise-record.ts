/**
 * Elementwise operations from expressions. An author writes the value once, in the arithmetic of kernels/arithmetic.ts.
 * From it come the kernel, the gradient rule, a fused kernel for that rule (one sweep over memory) and, when gradients are
 * to be differentiated again, the same rule read with tensors for values.
 */

import { checkNumber, checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError, attributedTo, HalogradError } from "../basics/errors.ts";
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
  type Node,
  type Operation,
  OUTPUT,
  of,
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

/** The record of an elementwise operation. What follows from its expressions is worked out when it is first asked for. */
class ElementwiseOperation implements Operation {
  readonly name: string;
  readonly value: Expression;
  readonly shape: Operation["shape"];
  readonly compute: Operation["compute"];
  readonly #record: ElementwiseRecord;
  readonly #arity: number;
  #rules: readonly (GradientRule | "cotangent" | null)[] | undefined;
  #isDifferentiable: boolean | undefined;
  #examples: readonly Example[] | undefined;

  constructor(record: ElementwiseRecord, arity: number) {
    this.name = record.name;
    this.value = record.value;
    ({ shape: this.shape, compute: this.compute } = computation(record.name, record.value, arity));
    this.#record = record;
    this.#arity = arity;
  }

  /** One function for all, so that the record of each operation is of the same kind to the compiler. */
  get gradient(): Operation["gradient"] {
    this.#isDifferentiable ??= this.rules.some((rule) => rule !== null);
    return this.#isDifferentiable ? applyElementwiseRule : undefined;
  }

  get reads(): readonly (readonly number[])[] {
    return this.rules.map((rule) => (rule === null || rule === "cotangent" ? [] : rule.reads));
  }

  get examples(): readonly Example[] {
    this.#examples ??= elementwiseExamples(this.#record, this.#arity);
    return this.#examples;
  }

  get rules(): readonly (GradientRule | "cotangent" | null)[] {
    this.#rules ??= Array.from({ length: this.#arity }, (_, i) => gradientRule(this.#record, this.#arity, i));
    return this.#rules;
  }
}

/** The gradient rule of every elementwise operation: its own rule for the operand, summed over what was broadcast. */
function applyElementwiseRule(cotangent: Tensor, node: Node, index: number): Tensor | null {
  const rule = (node.operation as ElementwiseOperation).rules[index];
  const inputs = node.inputs!;
  if (rule === null) return null;
  if (rule === "cotangent") return sumTo(cotangent, inputs[index].shape);
  // Recording during backward means createGraph: compose the rule of operations, so that it can be differentiated
  // again. Otherwise one fused kernel; the two may differ in the last bits.
  const contribution = isRecording()
    ? rule.expression(tensors(cotangent.dtype), cotangent, ...inputs, node.output)
    : rule.fused(cotangent, inputs, node.output);
  return sumTo(contribution, inputs[index].shape);
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
    // From the operands alone: of an output that was rounded to 0 or ∞ no slope can be read off.
    if (derivative === undefined) return tangentOf(m, value, values.slice(0, arity), index, cotangent);
    if (derivative === 0) return null;
    const slope = typeof derivative === "number" ? m.constant(derivative) : derivative(m, ...values);
    const product = m.mul(cotangent, slope);
    return chooses ? m.where(slope, product, m.constant(0)) : product;
  };
  const places = operandsOf(arity + 1);
  const cotangent = new Dependence(0);
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
  return elementwiseFunction("unary", 1, record);
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
  given: ElementwiseRecord & { readonly derivative?: Derivative },
): (...values: TensorLike[]) => Tensor {
  const record =
    arity === 1 && given.derivative !== undefined ? { ...given, derivatives: [given.derivative] } : given;
  checkRecord(kind, arity, record, given);
  const operation = new ElementwiseOperation(record, arity);
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
function checkRecord(
  kind: string,
  arity: number,
  { name, value, derivatives }: ElementwiseRecord,
  given: object,
): void {
  const where = `${kind}("${name}")`;
  if (typeof name !== "string") throw new ArgumentError(kind, `needs a name; got ${describeValue(name)}.`);
  if (typeof value !== "function") {
    throw new ArgumentError(
      where,
      `value is an expression; got ${describeValue(value)}.`,
      "write (m, x) => …",
    );
  }
  const slopes = arity === 1 ? "derivative" : "derivatives";
  checkOptions(where, given, ["name", "value", slopes, "chooses", "intervals", "kinks"]);
  checkExpression(where, "value", value, arity);
  if (derivatives === undefined) return;
  const count = Array.isArray(derivatives) ? derivatives.length : 0;
  const isDerivative = (given: unknown): boolean =>
    ["function", "number", "undefined"].includes(typeof given);
  const wrong = count === arity ? derivatives.findIndex((derivative) => !isDerivative(derivative)) : -1;
  if (count === arity && wrong < 0) {
    for (const derivative of derivatives)
      if (typeof derivative === "function") checkExpression(where, "a derivative", derivative, arity + 1);
    return;
  }
  throw new ArgumentError(
    where,
    wrong < 0
      ? `needs ${arity} derivatives, one for each operand; got ${count}.`
      : `a derivative is an expression or a number; got ${describeValue(derivatives[wrong])}.`,
    "write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.",
  );
}

/** Reads an expression once, to refuse what is not made of the words of the arithmetic alone. */
function checkExpression(where: string, what: string, expression: Expression, count: number): void {
  let result: unknown;
  try {
    result = expression(dependence, ...operandsOf(count));
  } catch (error) {
    if (error instanceof HalogradError) throw attributedTo(where, error);
    const words = Object.keys(dependence).join(", ");
    throw new ArgumentError(where, `${what} throws ${error}.`, `the words of the arithmetic are ${words}.`);
  }
  if (result instanceof Dependence) return;
  throw new ArgumentError(
    where,
    `${what} returns ${describeValue(result)}, not a value of the arithmetic.`,
    result === undefined ? "a function in braces needs a return." : fixFor(result),
  );
}

function fixFor(value: unknown): string {
  return typeof value === "number"
    ? `write m.constant(${value}).`
    : "an expression is made of its operands and m.constant(…), with the words of m.";
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

/** A value for what it depends on: the set of operands in it, a bit each. */
class Dependence {
  readonly reads: number;
  constructor(reads: number) {
    this.reads = reads;
  }
  [Symbol.toPrimitive](): never {
    throw new ArgumentError(
      "expression",
      "JavaScript's operators (+, *, > …) and Math do not compute with the operands of an expression.",
      "write m.add(x, y), m.mul(x, x), m.less(x, y), m.exp(x).",
    );
  }
}

const operandsOf = (count: number): Dependence[] =>
  Array.from({ length: count }, (_, i) => new Dependence(1 << i));

/** Expressions read for what they depend on. Every record's are read so once, which is where mistakes show. */
const dependence: Arithmetic<Dependence> = /* @__PURE__ */ arithmeticOf<Dependence>(
  (word) =>
    (...parts) => {
      const { length } = numbers[word];
      const wrong = parts.findIndex((part) => !(part instanceof Dependence));
      if (parts.length === length && wrong < 0)
        return new Dependence(parts.reduce((all, { reads }) => all | reads, 0));
      throw new ArgumentError(
        "expression",
        wrong < 0
          ? `m.${word} takes ${length} values; got ${parts.length}.`
          : `m.${word} takes values of the arithmetic; got ${describeValue(parts[wrong])} in place ${wrong + 1}.`,
        fixFor(parts[wrong]),
      );
    },
  (value) => {
    checkNumber("expression", "a constant", value);
    return new Dependence(0);
  },
);

const methods = /* @__PURE__ */ arithmeticOf<Tensor>(
  (word) =>
    (first, ...rest) =>
      word === "where"
        ? choice(first, rest[0], rest[1])
        : (first[word as "add"] as (...rest: Tensor[]) => Tensor)(...rest),
  (value) => scalarTensor(value, "float32"),
);

/** The operation `where`, which is no method: nobody could tell whether the receiver is the condition. */
export const choice: (condition: TensorLike, x: TensorLike, y: TensorLike) => Tensor =
  /* @__PURE__ */ ternary({
    name: "where",
    value: (m, condition, x, y) => m.where(condition, x, y),
  });

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
      ? [of([3, 4]), of([]), of([0, 2])]
      : [of([3, 4], [3, 4]), of([2, 1, 4], [3, 1]), of([5], []), of([], [2, 3])];
  return ways.map((shapes) => ({
    shapes: Array.from({ length: arity }, (_, i) => shapes[i % shapes.length]),
    attributes: NO_ATTRIBUTES,
    ...(record.intervals && { intervals: record.intervals }),
    ...(record.kinks && { kinks: record.kinks }),
  }));
}
