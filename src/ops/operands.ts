/** Tensors as operations get and make them: operands of one dtype, and fresh memory. */

import { describeValue, isPlainObject, isTensorLike, setTensorTest } from "../basics/check.ts";
import { ArgumentError, DtypeError } from "../basics/errors.ts";
import { contiguousStrides, type Shape, sizeOf } from "../basics/shape.ts";
import { type Dtype, Storage } from "../kernels/index.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/**
 * The operands as tensors of one dtype; numbers become scalars of it.
 *
 * @param fix what to do about one that is missing
 * @throws DtypeError when dtypes are mixed, ArgumentError for an operand that is no tensor and no number
 */
export function operands(where: string, values: readonly TensorLike[], fix?: string): readonly Tensor[] {
  let dtype: Dtype | undefined;
  let hasNumbers = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") hasNumbers = true;
    else if (!isTensor(value)) throw notAnOperand(where, value, fix);
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

type TensorFactory = (storage: Storage, shape: Shape, strides: readonly number[], offset: number) => Tensor;

/** A tensor over given memory. */
export let makeTensor: TensorFactory;

/** The class of tensors announces itself here; operations stand below it. */
export function setTensorFactory(factory: TensorFactory): void {
  makeTensor = factory;
  setTensorTest(isTensor);
}

const NO_STRIDES: readonly number[] = [];
let temporaries: Storage[] | null = null;

/** A tensor of zeros in memory of its own. */
export function zeroTensor(shape: Shape, dtype: Dtype): Tensor {
  const strides = shape.length === 0 ? NO_STRIDES : contiguousStrides(shape);
  const storage = Storage.allocate(sizeOf(shape), dtype);
  if (temporaries !== null) temporaries.push(storage);
  return makeTensor(storage, shape, strides, 0);
}

/** A scalar that is not recorded. */
export function scalarTensor(value: number, dtype: Dtype): Tensor {
  const tensor = zeroTensor([], dtype);
  tensor.storage.set(0, value);
  return tensor;
}

/**
 * Runs `body` and gives up the memory of all tensors made on the way but the result's. For the engine's own code only, which
 * knows that it keeps none of them, on a tape neither.
 */
export function withoutTemporaries(body: () => Tensor): Tensor {
  const before = temporaries;
  temporaries = [];
  try {
    const result = body();
    for (const storage of temporaries) if (storage !== result.storage) storage.discard();
    before?.push(result.storage);
    return result;
  } finally {
    temporaries = before;
  }
}

export function notAnOperand(where: string, value: unknown, ifMissing?: string): ArgumentError {
  const [what, fix] = foreign(value);
  const isMissing = value === undefined || isPlainObject(value);
  return new ArgumentError(
    where,
    `got ${what} where a tensor or number is needed.`,
    (isMissing && ifMissing) || fix,
  );
}

/** What a value is that is no tensor of this engine, and what to do about it. */
export function foreign(value: unknown): readonly [what: string, fix: string] {
  const what = describeValue(value);
  if (value === undefined || value === null)
    return [what, "is an argument missing, or a name misspelled? x.T is x.transpose() here."];
  if (typeof value === "function") return [what, "call it: f(x)."];
  return [
    what,
    isTensorLike(value) ? "send { shape: x.shape, data: x.toTypedArray() }." : "wrap values with tensor(…).",
  ];
}

function mixedDtypes(where: string, first: Dtype, other: Dtype): DtypeError {
  return new DtypeError(
    where,
    `operands have dtypes ${first} and ${other}; they must be the same.`,
    `convert one with .to("${first}").`,
  );
}
