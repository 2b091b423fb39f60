/**
 * The calls that random graphs are made of. All of it is read off the operations: the intervals of their records, and the
 * `calls` that say how arguments are drawn. A new operation is drawn as soon as it is declared.
 */

import type { Calls, Dice, Domain, Setting } from "../basics/domains.ts";
import { type Shape, sizeOf } from "../basics/shape.ts";
import * as arranging from "../ops/arranging.ts";
import * as classification from "../ops/classification.ts";
import type { CompositeExample } from "../ops/composite.ts";
import * as convolution from "../ops/convolution.ts";
import * as elementwise from "../ops/elementwise.ts";
import { ElementwiseOperation } from "../ops/elementwise-record.ts";
import * as factorization from "../ops/factorization.ts";
import * as gathering from "../ops/gathering.ts";
import * as indexing from "../ops/indexing.ts";
import * as joining from "../ops/joining.ts";
import * as layout from "../ops/layout.ts";
import * as linear from "../ops/linear.ts";
import * as logarithms from "../ops/logarithms.ts";
import * as losses from "../ops/losses.ts";
import * as masks from "../ops/masks.ts";
import * as norms from "../ops/norms.ts";
import { type Example, NO_ATTRIBUTES, type Operation, of } from "../ops/operation.ts";
import * as predicates from "../ops/predicates.ts";
import * as products from "../ops/products.ts";
import * as reductions from "../ops/reductions.ts";
import * as rounding from "../ops/rounding.ts";
import * as sorting from "../ops/sorting.ts";
import type { Tensor } from "../ops/tensor.ts";
import * as trigonometry from "../ops/trigonometry.ts";
import { FUNCTIONS_ONLY } from "../tensor/tensor.ts";

/** Modules whose operations are no methods: a program has those that it imports, and no others. */
const functions = [
  trigonometry,
  logarithms,
  rounding,
  classification,
  predicates,
  products,
  norms,
  joining,
  gathering,
  masks,
  arranging,
  sorting,
  convolution,
  factorization,
];

/** A kind of call. */
export interface Word {
  /** Of the function, and of the method where there is one. */
  readonly name: string;
  readonly f: (...values: never[]) => Tensor;
  /** Whether it is a method of tensors too. */
  readonly isMethod: boolean;
  /** The record; null for what is composed of other operations or spells them differently. */
  readonly operation: Operation | null;
  /** Ways to call what is composed of other operations. */
  readonly examples: readonly CompositeExample[];
  /** How calls are drawn. Null where the operation says that none are, undefined where it says nothing. */
  readonly calls: Calls | null | undefined;
}

/** What a call takes beside its first operand. */
interface Use {
  /** Shapes of the other operands. */
  readonly others: readonly Shape[];
  /** Whether anything that broadcasts against the first operand will do as well. */
  readonly broadcasts: boolean;
  /** The arguments after the tensors. */
  readonly settings: readonly Setting[];
}

/** An open interval: its ends, which may be infinite, are no part of it. */
export type Interval = readonly [low: number, high: number];

type Exported = Word["f"] & {
  readonly operation?: Operation;
  readonly examples?: readonly CompositeExample[];
  readonly calls?: Calls;
};

const wordsOf = (exported: object): Word[] =>
  (Object.entries(exported) as [string, Exported][]).map(([name, f]) => {
    const { operation = null, examples = [] } = f;
    const declared = operation === null ? f.calls : operation.calls;
    const isMethod = !(name in FUNCTIONS_ONLY) && !functions.some((module) => name in module);
    return { name, f, isMethod, operation, examples, calls: declared ?? (operation?.value ? {} : declared) };
  });

/** What gives more than one tensor stands in no expression. */
const { topk: _, ...sortingOfOne } = sorting;

const modules = [
  { ...elementwise, ...trigonometry, ...logarithms, ...rounding },
  { ...reductions, ...losses, ...classification, ...predicates, ...products, ...norms },
  { ...layout, ...joining, ...indexing, ...gathering, ...masks, ...arranging, ...sortingOfOne },
  { ...linear, ...convolution, ...factorization },
].map(wordsOf);

/** Everything that the modules of operations export. */
export const words: readonly Word[] = modules.flat();

const byName = new Map(words.map((word) => [word.name, word]));

/** What is called by a name. */
export const wordOf = (name: string): Word => byName.get(name)!;

/** How an operation can be called in a test: what is declared, or of an elementwise one what follows from its record. */
export function examplesOf({
  operation,
  examples,
}: Pick<Word, "operation" | "examples">): readonly (Example | CompositeExample)[] {
  return operation === null ? examples : examplesOfRecord(operation);
}

/** The same for a record. The same list each time, so that an example can be found again. */
export function examplesOfRecord(operation: Operation): readonly Example[] {
  if (!(operation instanceof ElementwiseOperation)) return operation.examples ?? [];
  const known = elementwiseExamples.get(operation);
  if (known !== undefined) return known;
  const { arity, record } = operation;
  const { intervals, kinks } = record;
  const ways =
    arity === 1
      ? [of([3, 4]), of([]), of([0, 2])]
      : [of([3, 4], [3, 4]), of([2, 1, 4], [3, 1]), of([5], []), of([], [2, 3])];
  const made = ways.map((shapes) => ({
    shapes: Array.from({ length: arity }, (_, i) => shapes[i % shapes.length]),
    attributes: NO_ATTRIBUTES,
    ...(intervals && { intervals }),
    ...(kinks && { kinks }),
  }));
  elementwiseExamples.set(operation, made);
  return made;
}

const elementwiseExamples = /* @__PURE__ */ new WeakMap<Operation, readonly Example[]>();

const arityOf = ({ operation, examples }: Word): number =>
  examplesOf({ operation, examples })[0]?.shapes.length ?? 1;

const [ofElements, ...others] = modules.map((group) =>
  group.filter(({ calls, operation }) => calls && (operation === null || operation.gradient !== undefined)),
);

/** The calls that have a gradient, in groups that are equally likely. */
export const vocabulary: readonly (readonly Word[])[] = [
  ofElements.filter((word) => arityOf(word) === 1),
  ofElements.filter((word) => arityOf(word) > 1),
  ...others,
];

/** The calls that lay the same elements out differently. */
export const viewVocabulary: readonly (readonly Word[])[] = [
  ["transpose", "permute", "slice", "expand", "reshape"].map(wordOf),
];

const chance = (dice: Dice): boolean => dice.integer(0, 1) === 1;
const pick = <T>(dice: Dice, items: readonly T[]): T => items[dice.integer(0, items.length - 1)];

/** Draws the rest of a call on a first operand of this shape; null where it takes none such. */
export function drawUse(dice: Dice, word: Word, shape: Shape): Use | null {
  const { settings: domains = [], required = 0, others } = word.calls!;
  const settings: Setting[] = [];
  for (const domain of domains.slice(0, dice.integer(required, domains.length))) {
    if (domain === "ranges") {
      settings.push(...shape.map((size) => drawRange(dice, size)));
      break;
    }
    const setting = drawSetting(dice, domain, shape, settings);
    if (setting === undefined && settings.length < required) return null;
    settings.push(setting);
  }
  while (settings.length > 0 && settings.at(-1) === undefined) settings.pop();
  const broadcasts = others === undefined && word.operation?.value !== undefined;
  const shapes = others
    ? others(shape, settings, dice)
    : Array.from({ length: arityOf(word) - 1 }, () => shape);
  return shapes && { others: shapes, broadcasts, settings };
}

/** A value from a domain; undefined where the argument is to be left out. */
function drawSetting(dice: Dice, domain: Domain, shape: Shape, before: readonly Setting[]): Setting {
  const rank = shape.length;
  if (typeof domain === "function") return domain(dice, shape, before);
  switch (domain) {
    case "axis":
      return rank === 0 ? undefined : dice.integer(-rank, rank - 1);
    case "axes": {
      const axes = [...shape.keys()].filter(() => chance(dice));
      if (axes.length === 0) return undefined;
      return axes.length === 1 ? axes[0] - (chance(dice) ? rank : 0) : axes;
    }
    case "new axis":
      return dice.integer(-rank - 1, rank);
    case "permutation": {
      const left = [...shape.keys()];
      return shape.map(() => left.splice(dice.integer(0, left.length - 1), 1)[0]);
    }
    case "broadcast shape": {
      const grown = shape.map((size) => (size === 1 ? dice.integer(1, 3) : size));
      return chance(dice) ? [dice.integer(1, 2), ...grown] : grown;
    }
    case "shape of the same size":
      return drawFactors(dice, shape);
    case "ranges":
      return undefined;
  }
  if (isList(domain)) return pick(dice, domain);
  const options = Object.entries(domain).flatMap(([name, values]): [string, Setting][] => {
    const at = dice.integer(0, values.length);
    return at === 0 ? [] : [[name, values[at - 1]]];
  });
  return options.length === 0 ? undefined : Object.fromEntries(options);
}

const isList = (domain: object): domain is readonly Setting[] => Array.isArray(domain);

function drawRange(dice: Dice, size: number): Setting {
  const kind = size === 0 ? 0 : dice.integer(0, 4);
  if (kind === 1) return dice.integer(-size, size - 1);
  if (kind === 2) return [null, null, pick(dice, [-2, -1, 2])];
  if (kind === 3) return [dice.integer(0, size - 1), null, dice.integer(1, 2)];
  return null;
}

function drawFactors(dice: Dice, shape: Shape): Shape {
  const sizes: number[] = [];
  let left = sizeOf(shape);
  if (left === 0) return shape;
  while (left > 1) {
    const divisors = [...Array(left).keys()].map((i) => i + 1).filter((size) => left % size === 0);
    sizes.push(pick(dice, divisors.slice(1)));
    left /= sizes[sizes.length - 1];
  }
  if (chance(dice)) sizes.splice(dice.integer(0, sizes.length), 0, 1);
  return sizes;
}

/**
 * Where numbers of ordinary size lie in an interval, away from its ends: [-2, 2] where it has none. Differences of second
 * derivatives have digits there, and float32 has range to spare.
 */
export function ordinary([low, high]: Interval): Interval {
  if (low === -Infinity && high === Infinity) return [-2, 2];
  if (high === Infinity) return [low + 0.3, low + 3];
  if (low === -Infinity) return [high - 3, high - 0.3];
  return [low + 0.1 * (high - low), high - 0.1 * (high - low)];
}

/** Where operands of a call are of ordinary size, one interval for each; null where any number will do. */
export function intervalsOf(name: string): readonly (Interval | null)[] {
  const intervals = examplesOf(wordOf(name))[0]?.intervals ?? [];
  return intervals.map((interval) => (interval.some(Number.isFinite) ? ordinary(interval) : null));
}

const LARGEST = 64;

/** Whether operands and result of a call are what it can be tested on: of ordinary size for the operation, and not too large. */
export function isAdmissible(name: string, operands: readonly Tensor[], result: Tensor): boolean {
  const intervals = intervalsOf(name);
  const isInside = operands.every((operand, i) => {
    const [low, high] = intervals[i] ?? [-LARGEST, LARGEST];
    return operand.toTypedArray().every((value: number) => value >= low && value <= high);
  });
  const lowest = wordOf(name).calls?.lowest ?? -LARGEST;
  return (
    isInside &&
    result.size <= LARGEST &&
    result.toTypedArray().every((value: number) => value >= lowest && value <= LARGEST)
  );
}
