/** What arguments a function takes, declared beside it, so that tests can draw calls of it. */

import type { Shape } from "./shape.ts";

/** An argument that is no tensor: a number, an axis, a shape, a range, options. Undefined is one that is left out. */
export type Setting =
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Setting[]
  | { readonly [name: string]: Setting };

/** Where random decisions come from. */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
}

/**
 * The values that an argument may take. A list holds them all, and options have such a list each. What depends on the
 * shape of the first operand has a name: an axis, counted from either end; axes, one or several or left out; the place of a new
 * axis; an order of all axes; ranges, one argument for each axis; a shape of the same size; a shape to broadcast to.
 * A function draws anything else, from that shape and the arguments before.
 */
export type Domain =
  | "axis"
  | "axes"
  | "new axis"
  | "permutation"
  | "ranges"
  | "shape of the same size"
  | "broadcast shape"
  | readonly Setting[]
  | { readonly [option: string]: readonly Setting[] }
  | ((dice: Dice, shape: Shape, before: readonly Setting[]) => Setting);

/** How calls are drawn, on a first operand of any shape. A call that the operation refuses is drawn again. */
export interface Calls {
  /** The domains of the arguments after the tensors. */
  readonly settings?: readonly Domain[];
  /** How many of them a call needs; others are left out at times, from the end. Default 0. */
  readonly required?: number;
  /** Shapes of the operands after the first; null where none fit. */
  others?(shape: Shape, settings: readonly Setting[], dice: Dice): readonly Shape[] | null;
  /** Whether the tensors go in as one list. Default false. */
  readonly takesList?: boolean;
  /** Results below are drawn again: there the function bends too sharply to be compared with differences. */
  readonly lowest?: number;
}
