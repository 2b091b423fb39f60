/**
 * The calls that random graphs are made of. Elementwise operations come from their records, with their intervals, so a new
 * one is drawn as soon as it is declared. How the arguments of the others are drawn stands in the table below.
 */

import { type Shape, sizeOf } from "../basics/shape.ts";
import * as elementwise from "../ops/elementwise.ts";
import type { Operation } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";

/** An argument that is no tensor: a number, an axis, a shape, a range, options. */
export type Setting = number | null | readonly Setting[] | { readonly [name: string]: boolean };

/** Where random decisions come from. */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
}

/** What a call takes beside its first operand. */
interface Use {
  /** Shapes of the other operands. */
  readonly others: readonly Shape[];
  /** Whether anything that broadcasts against the first operand will do as well. Default false. */
  readonly broadcasts?: boolean;
  /** The arguments after the tensors. */
  readonly settings: readonly Setting[];
}

/** A kind of call. */
export interface Word {
  readonly name: string;
  /** Draws the rest of a call on a first operand of this shape; null where it takes none such. */
  draw(dice: Dice, shape: Shape): Use | null;
}

type Row = Word["draw"];
type Exported = { readonly operation?: Operation };

const just = (...settings: Setting[]): Use => ({ others: [], settings });
const chance = (dice: Dice): boolean => dice.integer(0, 1) === 1;
const pick = <T>(dice: Dice, items: readonly T[]): T => items[dice.integer(0, items.length - 1)];

/** Draws a reduction's axes: all, one, or two, counted from either end. */
const axesAndOptions: Row = (dice, { length: rank }) => {
  const axes = [...Array(rank).keys()].filter(() => chance(dice));
  if (axes.length === 0) return just();
  const given = axes.length === 1 ? axes[0] - (chance(dice) ? rank : 0) : axes;
  return chance(dice) ? just(given, { keepdim: true }) : just(given);
};
const axis: Row = (dice, { length: rank }) => (rank === 0 ? null : just(dice.integer(-rank, rank - 1)));
const nothing: Row = () => just();
const sameShape: Row = (_, shape) => ({ others: [shape], settings: [] });

const reductions: Record<string, Row> = {
  sum: axesAndOptions,
  max: axesAndOptions,
  min: axesAndOptions,
  mean: axesAndOptions,
  variance: axesAndOptions,
  std: axesAndOptions,
  norm: axesAndOptions,
  logsumexp: axesAndOptions,
  softmax: axis,
  logSoftmax: axis,
  cumsum: axis,
  layerNorm: (_, shape) =>
    shape.length === 0 ? null : { others: [shape.slice(-1), shape.slice(-1)], settings: [] },
  mseLoss: sameShape,
  huberLoss: sameShape,
  l1Loss: sameShape,
  crossEntropyLoss: (dice, shape) => (shape.length === 0 ? null : sameShape(dice, shape)),
};

const views: Record<string, Row> = {
  transpose: (dice, { length: rank }) =>
    rank < 2 ? null : chance(dice) ? just() : just(dice.integer(0, rank - 1), dice.integer(-rank, -1)),
  permute: (dice, { length: rank }) => {
    const left = [...Array(rank).keys()];
    return just(left.map(() => left[0]).map(() => left.splice(dice.integer(0, left.length - 1), 1)[0]));
  },
  slice: (dice, shape) =>
    shape.length === 0
      ? null
      : just(
          ...shape.map((size): Setting => {
            const kind = size === 0 ? 0 : dice.integer(0, 4);
            if (kind === 1) return dice.integer(-size, size - 1);
            if (kind === 2) return [null, null, pick(dice, [-2, -1, 2])];
            if (kind === 3) return [dice.integer(0, size - 1), null, dice.integer(1, 2)];
            return null;
          }),
        ),
  expand: (dice, shape) => {
    const grown = shape.map((size) => (size === 1 ? dice.integer(1, 3) : size));
    return just(chance(dice) ? [dice.integer(1, 2), ...grown] : grown);
  },
  reshape: (dice, shape) => {
    const sizes: number[] = [];
    let left = sizeOf(shape);
    if (left === 0) return just([...shape]);
    while (left > 1) {
      const divisors = [...Array(left).keys()].map((i) => i + 1).filter((size) => left % size === 0);
      sizes.push(pick(dice, divisors.slice(1)));
      left /= sizes[sizes.length - 1];
    }
    if (chance(dice)) sizes.splice(dice.integer(0, sizes.length), 0, 1);
    return just(sizes);
  },
};

const layouts: Record<string, Row> = {
  ...views,
  unsqueeze: (dice, { length: rank }) => just(dice.integer(-rank - 1, rank)),
  squeeze: nothing,
  flatten: nothing,
  contiguous: nothing,
  clone: nothing,
  flip: (dice, shape) => (chance(dice) ? just() : axis(dice, shape)),
  indexSelect: (dice, shape) => {
    if (sizeOf(shape) === 0 || shape.length === 0) return null;
    const at = dice.integer(0, shape.length - 1);
    const indices = Array.from({ length: dice.integer(1, 3) }, () => dice.integer(-shape[at], shape[at] - 1));
    return just(at, indices);
  },
  indexAdd: (dice, shape) => {
    if (shape.length === 0) return null;
    const at = dice.integer(0, shape.length - 1);
    const size = dice.integer(1, 3);
    return just(
      at,
      Array.from({ length: shape[at] }, () => dice.integer(-size, size - 1)),
      size,
    );
  },
  concat: (dice, shape) => {
    if (shape.length === 0) return null;
    const at = dice.integer(0, shape.length - 1);
    return { others: [shape.with(at, dice.integer(1, 2))], settings: [at] };
  },
  stack: (dice, shape) => ({ others: [shape], settings: [dice.integer(0, shape.length)] }),
};

/** Elementwise, with a number beside the tensor. */
const scaled: Record<string, Row> = {
  leakyRelu: (dice) => (chance(dice) ? just() : just(0.25)),
};

const products: Record<string, Row> = {
  matmul: (dice, shape) => {
    if (shape.length === 0) return null;
    const inner = shape[shape.length - 1];
    if (chance(dice)) return { others: [[inner]], settings: [] };
    const batch = shape.slice(0, -2).map((size) => (chance(dice) ? size : 1));
    return { others: [[...batch, inner, dice.integer(1, 3)]], settings: [] };
  },
  linear: (dice, shape) => {
    if (shape.length === 0) return null;
    const out = dice.integer(1, 3);
    return { others: [[out, shape[shape.length - 1]], [out]], settings: [] };
  },
};

const recordOf = new Map(
  (Object.entries(elementwise) as unknown as [string, Exported][]).flatMap(([name, { operation }]) =>
    operation === undefined ? [] : [[name, operation]],
  ),
);

/** Elementwise operations that have a gradient, of one operand and of several. */
const [unaryWords, manyWords] = [(arity: number) => arity === 1, (arity: number) => arity > 1].map(
  (isWanted) =>
    [...recordOf].flatMap(([name, { gradient, examples }]): Word[] => {
      const arity = examples[0].shapes.length;
      if (gradient === undefined || !isWanted(arity)) return [];
      return [
        {
          name,
          draw: (_, shape) => ({
            others: Array.from({ length: arity - 1 }, () => shape),
            broadcasts: true,
            settings: [],
          }),
        },
      ];
    }),
);

const wordsOf = (rows: Record<string, Row>): Word[] =>
  Object.entries(rows).map(([name, draw]) => ({ name, draw }));

/** The calls, in groups that are equally likely. */
export const vocabulary: readonly (readonly Word[])[] = [
  [...unaryWords, ...wordsOf(scaled)],
  manyWords,
  wordsOf(reductions),
  wordsOf(layouts),
  wordsOf(products),
];

/** The calls that lay the same elements out differently. */
export const viewVocabulary: readonly (readonly Word[])[] = [wordsOf(views)];

/** Whether a call's arguments can be left out, from the end. */
export function hasOptionalSettings(name: string): boolean {
  return name in reductions || name === "transpose" || name === "flip" || name === "leakyRelu";
}

/** The intervals that an operation's record tests it on, one for each operand; null where any number will do. */
export function intervalsOf(name: string): readonly (readonly [number, number])[] | null {
  return recordOf.get(name)?.examples[0].intervals ?? null;
}

const LARGEST = 64;

/** Whether operands and result of a call are what it can be tested on: inside the record's intervals, and not too large. */
export function isAdmissible(name: string, operands: readonly Tensor[], result: Tensor): boolean {
  const intervals = intervalsOf(name);
  const isInside = operands.every((operand, i) => {
    const [low, high] = intervals?.[i] ?? [-LARGEST, LARGEST];
    return operand.toTypedArray().every((value: number) => value >= low && value <= high);
  });
  // The root of a sum of squares has no slope at 0, and bends ever more towards it.
  const lowest = name === "std" || name === "norm" ? 0.1 : -LARGEST;
  return (
    isInside &&
    result.size <= LARGEST &&
    result.toTypedArray().every((value: number) => value >= lowest && value <= LARGEST)
  );
}
