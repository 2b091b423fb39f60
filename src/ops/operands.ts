/** What users hand to operations, made into tensors of one dtype or refused with the reason. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, DtypeError } from "../basics/errors.ts";
import { type Dtype, Storage } from "../kernels/index.ts";
import { scalarTensor } from "./allocation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/**
 * The operands as tensors of one dtype; numbers become scalars of it.
 *
 * @throws DtypeError when dtypes are mixed or an operand is no tensor and no number
 */
export function operands(where: string, values: readonly TensorLike[]): readonly Tensor[] {
  let dtype: Dtype | undefined;
  let hasNumbers = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") hasNumbers = true;
    else if (!isTensor(value)) throw notAnOperand(where, value);
    else if (dtype === undefined) dtype = value.dtype;
    else if (value.dtype !== dtype) throw mixedDtypes(where, dtype, value.dtype);
  }
  if (!hasNumbers) return values as readonly Tensor[];
  const tensors = new Array<Tensor>(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    tensors[i] = typeof value === "number" ? scalarTensor(value, dtype ?? "float32") : value;
  }
  return tensors;
}

/** A single operand: see `operands`. */
export function operand(where: string, value: TensorLike): Tensor {
  return isTensor(value) ? value : operands(where, [value])[0];
}

/** Whether a value is a tensor: `instanceof` for something that is made by functions. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && (value as Partial<Tensor>).storage instanceof Storage;
}

/**
 * The elements of a list of operands or parameters.
 *
 * @throws ArgumentError for what is no list: a tensor can be iterated over, but is one operand and not its rows
 */
export function listOf<T = Tensor>(where: string, values: Iterable<T>, fix: string): T[] {
  const isList = typeof values === "object" && values !== null && Symbol.iterator in values;
  if (isList && !isTensor(values)) return [...values];
  throw new ArgumentError(where, `takes a list of tensors; got ${describeValue(values)}.`, fix);
}

function notAnOperand(where: string, value: unknown): DtypeError {
  return new DtypeError(
    where,
    `got ${describeValue(value)} where a tensor or number is needed.`,
    "wrap values with tensor(…).",
  );
}

function mixedDtypes(where: string, first: Dtype, other: Dtype): DtypeError {
  return new DtypeError(
    where,
    `operands have dtypes ${first} and ${other}; they must be the same.`,
    `convert one with .to("${first}").`,
  );
}
