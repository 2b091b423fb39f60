/** Applying operations that users write: `apply`, with the mistakes that a record can have. */

import { checkOptions, describeValue, isPlainObject } from "../basics/check.ts";
import { ArgumentError, DtypeError, TapeError } from "../basics/errors.ts";
import { checkShape } from "../basics/shape.ts";
import { isTensor, listOf, operands } from "../ops/operands.ts";
import {
  type Attributes,
  apply as applyRecord,
  isForgetful,
  isRecording,
  type Operation,
} from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";

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
 *   examples: [],
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
  if (typeof record === "object" && record !== null && isForgetful(record))
    return applyRecord(record, inputs, attributes);
  const checked = checkedRecord(record);
  const { name } = record;
  const tensors = operands(name, listOf(name, inputs, `write apply(${name}, [x], attributes).`));
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

const checkedRecords = new WeakMap<Operation, Operation>();

/** The record with checks around its functions, so that those of the engine need none. */
function checkedRecord(record: Operation): Operation {
  const known = typeof record === "object" && record !== null ? checkedRecords.get(record) : undefined;
  if (known !== undefined) return known;
  checkComplete(record);
  const { name } = record;
  const checked: Operation = Object.assign(Object.create(record), {
    shape: (inputs, attributes) => checkShape(name, record.shape(inputs, attributes)),
    compute(output, shape, inputs, attributes) {
      const returned: unknown = record.compute(output, shape, inputs, attributes);
      if (returned === undefined || !output.storage.isUntouched) return;
      throw new ArgumentError(
        name,
        `compute returns ${describeValue(returned)}, and stored nothing.`,
        "store the elements: output.storage.set(i, value), or output.storage.data.set(values).",
      );
    },
  } satisfies Partial<Operation>);
  if (record.gradient !== undefined) {
    Object.assign(checked, {
      gradient(cotangent, node, index) {
        const given: unknown = record.gradient!(cotangent, node, index);
        if (given === null || (isTensor(given) && given.dtype === cotangent.dtype)) return given;
        const returned = `its gradient rule returns ${isTensor(given) ? given.dtype : describeValue(given)}`;
        throw new (isTensor(given) ? DtypeError : ArgumentError)(
          name,
          `${returned} for operand ${index}.`,
          Array.isArray(given)
            ? "it is called for each operand, and returns one tensor: that of `index`."
            : `return a tensor of ${cotangent.dtype}, or null where the operand has no influence.`,
        );
      },
    } satisfies Partial<Operation>);
  }
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
    typeof name !== "string"
      ? `an operation is a record with a name; got ${describeValue(record)}.`
      : typeof shape !== "function" || typeof compute !== "function"
        ? `the record of ${name} needs the functions shape and compute.`
        : gradient !== undefined && typeof gradient !== "function"
          ? `the gradient of ${name} is a function; got ${describeValue(gradient)}.`
          : !Array.isArray(reads) && !kinds.includes(reads as string)
            ? `the record of ${name} needs reads, which says what its gradient rule reads: ${kinds.join(", ")}, or a list for each operand.`
            : null;
  const fix =
    typeof record === "function" ? "give its record: silu.operation." : "see Operation for every field.";
  if (problem !== null) throw new ArgumentError("apply", problem, fix);
  // An object of a class of its own may have what it likes beside.
  if (isPlainObject(record)) checkOptions(name!, record, FIELDS);
}
