/** Tensors by name, as modules and optimisers save and load them. */

import { describeValue, isBuiltIn } from "../basics/check.ts";
import { ArgumentError, attributedTo, DtypeError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import type { FloatArray } from "../kernels/index.ts";
import { foreign, isTensor } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";

/** Values of all parameters by name, detached copies: what is saved and loaded. */
export type StateDictionary = Map<string, Tensor>;

/** A value to load: a tensor, or shape and elements as `readSafetensors` hands them out. */
export type SavedTensor = Tensor | { readonly shape: readonly number[]; readonly data: FloatArray };

/**
 * What is to be loaded, as tensors; all of it is checked before anything is changed.
 *
 * @throws ArgumentError for what is no Map and for values that are no tensors, DtypeError for whole numbers of 64 bits
 */
export function savedTensors(where: string, state: ReadonlyMap<string, SavedTensor>): StateDictionary {
  checkState(where, state);
  return new Map(
    Array.from(state as Map<string, SavedTensor>, ([name, value]) => [name, asTensor(where, name, value)]),
  );
}

/** @throws ArgumentError unless a dictionary is a Map */
export function checkState(where: string, state: unknown): void {
  if (!isBuiltIn(state, "Map")) {
    throw new ArgumentError(
      where,
      `takes a Map of tensors by name; got ${describeValue(state)}.`,
      "give what stateDictionary() returned, or readSafetensors(…).tensors; new Map(Object.entries(…)) converts an object.",
    );
  }
}

/** What the names of a scheduler's state begin with, in a dictionary that it shares with its optimiser. */
export const SCHEDULER = "scheduler.";

/** What does not belong to a scheduler. */
export function withoutScheduler(
  where: string,
  state: ReadonlyMap<string, SavedTensor>,
): ReadonlyMap<string, SavedTensor> {
  checkState(where, state);
  return new Map([...state].filter(([name]) => !name.startsWith(SCHEDULER)));
}

/** One state of several, each under its name: `optimizer.0.first`. */
export function joinedStates(parts: Readonly<Record<string, StateDictionary>>): StateDictionary {
  return new Map(
    Object.entries(parts).flatMap(([part, state]) =>
      Array.from(state, ([name, value]) => [`${part}.${name}`, value] as const),
    ),
  );
}

/** What {@link joinedStates} joined under a name. */
export function partOfState<T>(state: ReadonlyMap<string, T>, part: string): Map<string, T> {
  const prefix = `${part}.`;
  return new Map(
    Array.from(state)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** A random stream's key and counter, as numbers that can be saved. */
export function streamState(random: Random): StateDictionary {
  const { key, counter } = random.state();
  return new Map(Object.entries({ key, counter }).map(([name, words]) => [name, float64(words)]));
}

/** The stream that {@link streamState} saved. @throws ArgumentError for what is none */
export function streamFrom(where: string, state: StateDictionary): Random {
  const words = (name: string): number[] => [...(state.get(name)?.toTypedArray() ?? [])];
  try {
    return Random.fromState({ key: words("key"), counter: words("counter") });
  } catch (error) {
    throw attributedTo(where, error);
  }
}

/** Numbers that keep all of their digits. */
export function float64(values: readonly number[]): Tensor {
  return tensor(values, { dtype: "float64" });
}

function asTensor(where: string, name: string, value: SavedTensor): Tensor {
  if (isTensor(value)) return value;
  const isSaved = typeof value === "object" && value !== null && ArrayBuffer.isView(value.data);
  if (!isSaved) {
    const [what, fix] = foreign(value);
    throw new ArgumentError(where, `${name} is ${what}, not a tensor.`, fix);
  }
  if (/^Big/.test(Object.prototype.toString.call(value.data).slice(8))) {
    throw new DtypeError(
      where,
      `the data of ${name} are ${describeValue(value.data)}.`,
      "convert its elements with Float64Array.from(data, Number).",
    );
  }
  try {
    return tensor(value.data, value.shape, {
      dtype: isBuiltIn(value.data, "Float64Array") ? "float64" : "float32",
    });
  } catch (error) {
    throw attributedTo(`${where}: ${name}`, error);
  }
}
