/** Modules as functions of their parameters, for what differentiates functions. */

import { describeValue, few, isPlainObject, synchronous } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { describeModule, fieldsOf, isSaved, Module, savedOf } from "./module.ts";

/**
 * The output of a module with other tensors for its parameters, by the names of `namedParameters()`: what `grad`, `perSampleGrad`,
 * `hvp` and `checkGradients` take is a function of tensors. Those that are not named stay as they are. Buffers can be named too.
 * The module has its own ones again when this returns or throws.
 *
 * ```ts
 * const layer = new Linear(2, 1, new Random(0));
 * const loss = (p: Record<string, Tensor>, x: Tensor) => functionalCall(layer, p, x).sum();
 * const own = Object.fromEntries(layer.namedParameters());
 * perSampleGrad(loss)(own, tensor([[1, 2], [3, 4]])).weight; // tensor([[[1, 2]], [[3, 4]]])
 * ```
 *
 * @param parameters tensors of the parameters' shapes, of any dtype that the inputs have too
 * @throws ArgumentError for a name that nothing has, for a `forward` that is async or a generator, whose rest would run with the
 *   module's own tensors, for parameters in what is frozen and for what is no tensor, ShapeError where a shape differs
 */
export function functionalCall<Inputs extends unknown[], Output>(
  module: Module<Inputs, Output>,
  parameters: Readonly<Record<string, Tensor>>,
  ...inputs: Inputs
): Output {
  const where = "functionalCall";
  if (!(module instanceof Module))
    throw new ArgumentError(where, `takes a module first; got ${describeModule(module)}.`);
  const names = new Map(savedOf(module).map(([name, own]) => [own, name]));
  const known = new Set(names.values());
  const unknown = isPlainObject(parameters)
    ? Object.keys(parameters).filter((name) => !known.has(name))
    : null;
  if (unknown === null || unknown.length > 0) {
    throw new ArgumentError(
      where,
      unknown === null
        ? `parameters are an object of tensors by name; got ${describeValue(parameters)}.`
        : `the module has no ${few(unknown)}, but ${few([...known])}.`,
      "give Object.fromEntries(module.namedParameters()), or part of it, with other tensors.",
    );
  }
  const own = [...fieldsOf(module)].filter(({ value }) => isSaved(value));
  // A shared parameter lies in several fields, and is named once.
  const others = own.map(({ value }) => {
    const name = names.get(value as Tensor)!;
    const { [name]: other = value as Tensor } = parameters;
    if (!isTensor(other)) throw new ArgumentError(where, `${name} is a tensor; got ${describeValue(other)}.`);
    const { shape } = value as Tensor;
    if (!sameShape(other.shape, shape))
      throw new ShapeError(where, `${name} is ${showShape(shape)}; got ${showShape(other.shape)}.`);
    return other;
  });
  const putAll = (values: readonly unknown[]): void => {
    for (const [i, { put }] of own.entries()) put(values[i]);
    for (const settle of new Set(own.map(({ settle }) => settle))) settle?.();
  };
  try {
    putAll(others);
    return synchronous(where, () => module.forward(...inputs));
  } finally {
    putAll(own.map(({ value }) => value));
  }
}
