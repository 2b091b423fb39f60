/**
 * Operations that users write, with the mistakes that they can have: `apply`, `unary` to `quaternary`, `evaluate`. The
 * engine's own go without these checks.
 */

import { checkKind, checkNumber, checkOptions, clip, describeValue, isPlainObject } from "../basics/check.ts";
import { checkDtype } from "../basics/dtype.ts";
import { ArgumentError, attributedTo, DtypeError, HalogradError, TapeError } from "../basics/errors.ts";
import { checkShape } from "../basics/shape.ts";
import type { Arithmetic, Expression } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import * as elementwise from "../ops/elementwise-record.ts";
import { ElementwiseOperation, type ElementwiseRecord, type UnaryRecord } from "../ops/elementwise-record.ts";
import { isTensor, listOf, operands } from "../ops/operands.ts";
import {
  type Attributes,
  apply as applyRecord,
  isForgetful,
  isRecording,
  NO_ATTRIBUTES,
  type Operation,
  OUTPUT,
} from "../ops/operation.ts";
import type { Tensor, TensorLike } from "../ops/tensor.ts";

/**
 * Applies an operation, and records it when an operand is being differentiated.
 *
 * ```ts
 * const double: Operation = {
 *   name: "double",
 *   shape: ([x]) => x.shape,
 *   compute(output, _, [x]) {
 *     x.toTypedArray().forEach((value, i) => output.storage.set(i, 2 * value));
 *   },
 *   gradient: (cotangent) => cotangent.mul(2),
 *   reads: "nothing",
 * };
 * apply(double, [tensor([1, 2])], {}); // tensor([2, 4])
 * ```
 *
 * @throws ArgumentError where the record is incomplete, or its functions return what they should not
 * @throws TapeError where an operand is being differentiated, and the record has no gradient rule
 */
export function apply<A extends Attributes>(
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  const record = operation as unknown as Operation;
  if (isForgetful(record)) return applyRecord(record, inputs, attributes);
  const checked = checkedRecord(record);
  const { name } = record;
  const tensors = operands(name, listOf(name, inputs, `write apply(${name}, [x], attributes).`));
  checkReads(record, tensors.length);
  const differentiated = tensors.findIndex(({ node }) => node !== null);
  if (record.gradient === undefined && differentiated >= 0 && isRecording()) {
    throw new TapeError(
      name,
      `has no gradient rule, and operand ${differentiated} is being differentiated: its gradient would be 0.`,
      "write gradient(cotangent, node, index); gradient: () => null says that it stops here.",
    );
  }
  return applyRecord(checked, tensors, attributes);
}

/** What is read wrongly would show where somebody changes a tensor in place. */
function checkReads({ name, reads }: Operation, count: number): void {
  if (typeof reads === "string") return;
  const isPlace = (place: unknown): boolean =>
    Number.isInteger(place) && (place as number) >= OUTPUT && (place as number) < count;
  if (reads.length === count && reads.every((places) => Array.isArray(places) && places.every(isPlace)))
    return;
  throw new ArgumentError(
    name,
    `reads lists for each of the ${count} operands which ones its rule reads; got ${clip(JSON.stringify(reads))}.`,
    `an operand is a number from 0 to ${count - 1}, and the output is ${OUTPUT}; "both" stands for all.`,
  );
}

const checkedRecords = new WeakMap<Operation, Operation>();

/** The record with checks around its functions, so that those of the engine need none. */
function checkedRecord(record: Operation): Operation {
  const known = checkedRecords.get(record);
  if (known !== undefined) return known;
  checkComplete(record);
  const { name } = record;
  const checks: Partial<Operation> = {
    shape: (inputs, attributes) => checkShape(name, record.shape(inputs, attributes)),
    ...(record.dtype && { dtype: (attributes) => checkDtype(name, record.dtype!(attributes)) }),
    compute(output, shape, inputs, attributes) {
      const returned: unknown = record.compute(output, shape, inputs, attributes);
      if (describeValue(returned) === "a promise") {
        // Nobody will wait for it; without a handler, a later rejection would end the process.
        (returned as unknown as PromiseLike<unknown>).then(undefined, () => {});
        throw new ArgumentError(
          name,
          "compute is async, and the value is taken when it returns.",
          "await what it needs before apply, and hand it over as attributes.",
        );
      }
      if (returned === undefined || !output.storage.isUntouched) return;
      throw new ArgumentError(
        name,
        `compute returns ${describeValue(returned)}, and stored nothing.`,
        "store the elements: output.storage.set(i, value), or output.storage.data.set(values).",
      );
    },
    gradient:
      record.gradient &&
      ((cotangent, node, index) => {
        const given: unknown = record.gradient!(cotangent, node, index);
        const { dtype } = node.inputs![index];
        if (given === null || (isTensor(given) && given.dtype === dtype)) return given;
        const returned = `its gradient rule returns ${isTensor(given) ? given.dtype : describeValue(given)}`;
        throw new (isTensor(given) ? DtypeError : ArgumentError)(
          name,
          `${returned} for operand ${index}.`,
          Array.isArray(given)
            ? "it is called for each operand, and returns one tensor: that of `index`."
            : `return a tensor of ${dtype}, or null where the operand has no influence.`,
        );
      }),
  };
  // Defined and not assigned: a record may be an object of a class, with accessors of its own.
  const checked: Operation = Object.create(record, Object.getOwnPropertyDescriptors(checks));
  checkedRecords.set(record, checked);
  return checked;
}

const FIELDS: readonly (keyof Operation)[] = [
  "name",
  "shape",
  "compute",
  "value",
  "view",
  "gradient",
  "part",
  "dtype",
  "reads",
  "examples",
  "calls",
];

function checkComplete(record: Operation): void {
  const { name, shape, compute, gradient, reads } = (record ?? {}) as Partial<Operation>;
  const kinds = ["nothing", "inputs", "output", "both"];
  const problem =
    typeof name !== "string" || name === ""
      ? `an operation is a record with a name; got ${describeValue(record)}.`
      : typeof shape !== "function" || typeof compute !== "function"
        ? `the record of ${name} needs the functions shape and compute.`
        : gradient !== undefined && typeof gradient !== "function"
          ? `the gradient of ${name} is a function; got ${describeValue(gradient)}.`
          : !Array.isArray(reads) && !kinds.includes(reads as string)
            ? `the record of ${name} needs reads, which says what its gradient rule reads: ${kinds.join(", ")}, or a list for each operand.`
            : null;
  const fix =
    typeof record !== "function"
      ? 'write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.'
      : describeValue(record) === "a class"
        ? "write an object with its functions, as the example of apply does; they need no class."
        : "give its record: silu.operation.";
  if (problem !== null) throw new ArgumentError("apply", problem, fix);
  // An object of a class of its own may have what it likes beside.
  if (isPlainObject(record)) checkOptions(name!, record, FIELDS);
}

/** An elementwise operation of one tensor. */
/* @__NO_SIDE_EFFECTS__ */ export function unary(record: UnaryRecord): (x: Tensor) => Tensor {
  checkRecord("unary", 1, record);
  return elementwise.unary(record);
}

/** An elementwise operation of two tensors that broadcast; either may be a number. */
/* @__NO_SIDE_EFFECTS__ */ export function binary(
  record: ElementwiseRecord,
): (x: TensorLike, y: TensorLike) => Tensor {
  checkRecord("binary", 2, record);
  return elementwise.binary(record);
}

/** An elementwise operation of three operands that broadcast. */
/* @__NO_SIDE_EFFECTS__ */ export function ternary(
  record: ElementwiseRecord,
): (x: TensorLike, y: TensorLike, z: TensorLike) => Tensor {
  checkRecord("ternary", 3, record);
  return elementwise.ternary(record);
}

/** An elementwise operation of four operands that broadcast. */
/* @__NO_SIDE_EFFECTS__ */ export function quaternary(
  record: ElementwiseRecord,
): (a: TensorLike, x: TensorLike, b: TensorLike, y: TensorLike) => Tensor {
  checkRecord("quaternary", 4, record);
  return elementwise.quaternary(record);
}

/**
 * The value of an expression, by an operation that is made once for each function: one that is written anew in a loop is
 * compiled anew.
 * @example evaluate((m, x) => m.mul(x, x), tensor(3)); // tensor(9)
 */
export function evaluate(expression: Expression, ...values: TensorLike[]): Tensor {
  let operation = evaluations.get(expression);
  if (operation?.arity !== values.length) {
    checkExpression("evaluate", "the expression", expression, values.length);
    operation = new ElementwiseOperation({ name: "evaluate", value: expression }, values.length);
    evaluations.set(expression, operation);
  }
  return applyRecord(operation, operands("evaluate", values), NO_ATTRIBUTES);
}

const evaluations = /* @__PURE__ */ new WeakMap<Expression, ElementwiseOperation>();

/** What would show at the first use of a value or a gradient only is refused where the record is written. */
function checkRecord(kind: string, arity: number, record: ElementwiseRecord | UnaryRecord): void {
  checkKind(kind, "a record", record, "object", `write ${kind}({ name: "mine", value: (m, x) => … }).`);
  const { name, value } = record;
  const where = `${kind}("${String(name)}")`;
  if (typeof name !== "string") throw new ArgumentError(kind, `needs a name; got ${describeValue(name)}.`);
  if (typeof value !== "function") {
    throw new ArgumentError(
      where,
      `value is an expression; got ${describeValue(value)}.`,
      "write (m, x) => …",
    );
  }
  const slopes = arity === 1 ? "derivative" : "derivatives";
  checkOptions(where, record, ["name", "value", slopes, "chooses", "intervals", "kinks"]);
  checkExpression(where, "value", value, arity);
  const { derivatives } =
    "derivative" in record ? { derivatives: [record.derivative] } : (record as ElementwiseRecord);
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
  const conditions = new Set<unknown>();
  try {
    const values = Array.from({ length: count }, () => new Placeholder());
    result = expression(readingOf(conditions), ...values);
  } catch (error) {
    if (error instanceof HalogradError) throw attributedTo(where, error);
    const words = Object.keys(numbers).join(", ");
    throw new ArgumentError(where, `${what} throws ${error}.`, `the words of the arithmetic are ${words}.`);
  }
  conditions.delete(result);
  if (result instanceof Placeholder && conditions.size > 0) {
    throw new ArgumentError(
      where,
      `${what} compares values, and nothing uses what m.less or m.equal gives.`,
      "choose with m.where(condition, a, b): JavaScript's if and ? see no elements, and always take the first way.",
    );
  }
  if (result instanceof Placeholder) return;
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

/** An operand of an expression that is only read for its mistakes. */
class Placeholder {
  [Symbol.toPrimitive](): never {
    throw new ArgumentError(
      "expression",
      "JavaScript's operators (+, *, > …) and Math do not compute with the operands of an expression.",
      "write m.add(x, y), m.mul(x, x), m.less(x, y), m.exp(x).",
    );
  }
}

/** Expressions read for what is not made of the words of the arithmetic, and for the conditions that nothing has used yet. */
function readingOf(conditions: Set<unknown>): Arithmetic<Placeholder> {
  const check =
    (word: string, length: number) =>
    (...parts: unknown[]): Placeholder => {
      const wrong = parts.findIndex((part) => !(part instanceof Placeholder));
      if (parts.length === length && wrong < 0) {
        for (const part of parts) conditions.delete(part);
        const value = new Placeholder();
        if (word === "less" || word === "equal") conditions.add(value);
        return value;
      }
      throw new ArgumentError(
        "expression",
        wrong < 0
          ? `m.${word} takes ${length} values; got ${parts.length}.`
          : `m.${word} takes values of the arithmetic; got ${describeValue(parts[wrong])} in place ${wrong + 1}.`,
        fixFor(parts[wrong]),
      );
    };
  const constant = (value: unknown): Placeholder => {
    checkNumber("expression", "a constant", value);
    return new Placeholder();
  };
  const words = Object.entries(numbers).map(([word, { length }]) => [word, check(word, length)]);
  return { ...Object.fromEntries(words), constant };
}
