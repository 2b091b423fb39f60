/** Operations that are written with others. */

import type { Calls } from "../basics/domains.ts";
import { attributedTo } from "../basics/errors.ts";
import type { Shape } from "../basics/shape.ts";
import { operands } from "./operands.ts";
import { withScope } from "./operation.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** How a composite operation can be called in a test: operands of these shapes. */
export interface CompositeExample {
  readonly shapes: readonly Shape[];
  readonly intervals?: readonly (readonly [number, number])[];
  readonly kinks?: readonly number[];
  call(...operands: Tensor[]): Tensor;
}

/**
 * An operation that is written with others; what it records carries its name, and so do errors from inside. It has as many
 * operands as the longest of its examples; those that the shortest leaves out may be undefined. Settings follow.
 */
/* @__NO_SIDE_EFFECTS__ */ export function composite<F extends (...operands: never[]) => Tensor>(
  name: string,
  compose: F,
  examples: readonly CompositeExample[],
  calls: Calls,
): F & { examples: readonly CompositeExample[]; calls: Calls } {
  const counts = examples.map(({ shapes }) => shapes.length);
  const [required, arity] = [Math.min(...counts), Math.max(...counts)];
  const scoped = (...values: never[]): Tensor => {
    try {
      const given = Array.from({ length: arity }, (_, i): TensorLike | undefined => values[i]);
      const isGiven = (value: TensorLike | undefined, i: number): boolean =>
        i < required || value !== undefined;
      const present = operands(name, given.filter(isGiven) as TensorLike[]).values();
      const inputs = given.map((value, i) => (isGiven(value, i) ? present.next().value : undefined));
      const settings = values.slice(arity);
      const call = (): Tensor => withScope(name, () => compose(...(inputs as never[]), ...settings));
      return interceptor === null ? call() : interceptor(name, inputs, settings, call);
    } catch (error) {
      throw attributedTo(name, error);
    }
  };
  return Object.assign(scoped as F, { examples, calls });
}

/** A composite that is computed, and differentiated, in float64, and rounded once at its end. */
export function inFloat64(x: Tensor, compose: (x: Tensor) => Tensor): Tensor {
  return x.dtype === "float64" ? compose(x) : compose(x.to("float64")).to(x.dtype);
}

/** A shorter way to write recorded operations, which has neither a record nor a name on the tape. */
/* @__NO_SIDE_EFFECTS__ */ export function shorthand<F extends (...operands: never[]) => Tensor>(
  f: F,
  calls: Calls,
): F & { calls: Calls } {
  return Object.assign(f, { calls });
}

/** Sees a call of a composite operation before it is composed, and returns what `call` does, or something in its place. */
export type Interceptor = (
  name: string,
  operands: readonly (Tensor | undefined)[],
  settings: readonly unknown[],
  call: () => Tensor,
) => Tensor;

export let interceptor: Interceptor | null = null;

/** Lets `intercept` see every call of a composite operation while `body` runs; null: nobody. */
export function withInterceptor<T>(intercept: Interceptor | null, body: () => T): T {
  const before = interceptor;
  interceptor = intercept;
  try {
    return body();
  } finally {
    interceptor = before;
  }
}
