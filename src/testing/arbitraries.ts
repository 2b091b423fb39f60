/**
 * What fast-check needs to draw shapes, tensors, views and graphs, and to make failing ones smaller. The library is handed
 * in by who has it, so that nothing here imports it: not at run time, and not in the types either.
 */

import { type Check, checkSettings, count, listOf, numbers, oneOf, optional } from "../basics/check.ts";
import type { Dice } from "../basics/domains.ts";
import { ArgumentError } from "../basics/errors.ts";
import { checkShape, type Shape } from "../basics/shape.ts";
import type { Tensor } from "../ops/tensor.ts";
import {
  drawBroadcastable,
  drawGraph,
  drawShape,
  drawTensor,
  drawView,
  type GraphOptions,
  type ShapeOptions,
  type TensorDrawOptions,
} from "./draw.ts";
import { Graph, showAs, tensorCode } from "./graph.ts";
import {
  smallerBroadcastable,
  smallerGraphs,
  smallerShapes,
  smallerTensors,
  smallerViews,
} from "./shrink.ts";
import { vocabulary } from "./vocabulary.ts";

/**
 * An arbitrary of fast-check, by its shape: what `fc.property` and `test.prop` take. Written out here, so that the types of
 * halograd compile where fast-check is not installed.
 */
export interface Arbitrary<T> {
  /** Draws a value. */
  // biome-ignore lint/suspicious/noExplicitAny: fast-check's own classes, which this file must not name
  generate(random: any, biasFactor: number | undefined): any;
  /** Whether `shrink` can make the value smaller. */
  canShrinkWithoutContext(value: unknown): value is T;
  /** Simpler values. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  shrink(value: T, context?: unknown): any;
  /** Only the values that fulfil a condition. */
  filter(predicate: (value: T) => boolean): Arbitrary<T>;
  /** Each value as a function makes another of it. */
  map<U>(mapper: (value: T) => U, unmapper?: (possible: unknown) => T): Arbitrary<U>;
  /** An arbitrary that depends on a value. */
  chain<U>(chainer: (value: T) => Arbitrary<U>): Arbitrary<U>;
}

/** An arbitrary of fast-check 3, which has two methods more. */
export interface OlderArbitrary<T> extends Arbitrary<T> {
  /** Those values that the predicate holds for. */
  filter(predicate: (value: T) => boolean): OlderArbitrary<T>;
  /** What the mapper makes of each value. */
  map<U>(mapper: (value: T) => U, unmapper?: (possible: unknown) => T): OlderArbitrary<U>;
  /** The values of the arbitrary that is made of each value. */
  chain<U>(chainer: (value: T) => Arbitrary<U>): OlderArbitrary<U>;
  /** The same values, never made smaller. */
  noShrink(): OlderArbitrary<T>;
  /** The same values, drawn without a preference for small ones. */
  noBias(): OlderArbitrary<T>;
}

/** What is used of fast-check 4: `import fc from "fast-check"` fits. */
export interface FastCheck {
  /** The class of arbitraries. */
  readonly Arbitrary: abstract new <T>() => Arbitrary<T>;
  /** A value with what its arbitrary remembers of it. */
  readonly Value: new <T>(
    value: T,
    context: unknown,
  ) => unknown;
  /** A lazy list from an iterator. */
  stream<T>(values: IterableIterator<T>): unknown;
}

/** What is used of fast-check 3. */
export interface OlderFastCheck extends FastCheck {
  /** What all arbitraries extend. */
  readonly Arbitrary: abstract new <T>() => OlderArbitrary<T>;
}

/** Arbitraries of what halograd works with. */
export interface Arbitraries {
  /** Shapes: `[]`, `[3]`, `[2, 1, 4]`. */
  shape(options?: ShapeOptions): Arbitrary<Shape>;
  /** Shapes that broadcast with each other: as many as asked, 2 by default. */
  broadcastableShapes(options?: ShapeOptions & { readonly count?: number }): Arbitrary<readonly Shape[]>;
  /** Float32 tensors, with the interesting floats among their elements. */
  tensor(options?: TensorDrawOptions): Arbitrary<Tensor>;
  /** Tensors that lie in memory otherwise than row by row: transposed, permuted, sliced, expanded, reshaped. */
  view(options?: TensorDrawOptions): Arbitrary<Tensor>;
  /** Whole expressions, `f` and the inputs to call it with, values used more than once among them. */
  graph(options?: GraphOptions): Arbitrary<Graph>;
}

/** The same, as fast-check 3 takes them. */
export type OlderArbitraries = {
  readonly [Name in keyof Arbitraries]: Arbitraries[Name] extends (
    options?: infer Options,
  ) => Arbitrary<infer T>
    ? (options?: Options) => OlderArbitrary<T>
    : never;
};

/**
 * Arbitraries for a fast-check that you hand in. A failing example is made as small as it gets, and printed as code.
 *
 * ```ts no-run
 * import fc from "fast-check";
 * import { arbitraries, checkGradients } from "halograd/testing";
 *
 * const { graph } = arbitraries(fc);
 * fc.assert(fc.property(graph(), ({ f, inputs }) => void checkGradients(f, inputs)));
 * ```
 *
 * @throws ArgumentError when what is handed in is not fast-check 3 or 4; and each arbitrary for options that it does not have, or
 * that nothing fulfils
 */
export function arbitraries(fc: OlderFastCheck): OlderArbitraries;
/** The same with fast-check 4. */
export function arbitraries(fc: FastCheck): Arbitraries;
export function arbitraries(fc: FastCheck): Arbitraries {
  if (
    typeof fc?.Arbitrary !== "function" ||
    typeof fc.Value !== "function" ||
    typeof fc.stream !== "function"
  ) {
    throw new ArgumentError(
      "arbitraries",
      "needs fast-check itself, version 3 or 4.",
      'import fc from "fast-check", and hand fc over.',
    );
  }

  class Drawn<T> extends fc.Arbitrary<T> {
    readonly #draw: (dice: Dice) => T;
    readonly #smaller: (value: T) => Iterable<T>;

    constructor(draw: (dice: Dice) => T, smaller: (value: T) => Iterable<T>) {
      super();
      this.#draw = draw;
      this.#smaller = smaller;
    }
    override generate(random: { nextInt(low: number, high: number): number }): unknown {
      return new fc.Value(this.#draw({ integer: (low, high) => random.nextInt(low, high) }), undefined);
    }
    override canShrinkWithoutContext(_value: unknown): _value is T {
      return true;
    }
    override shrink(value: T): unknown {
      return fc.stream(valuesOf(fc, this.#smaller(value)));
    }
  }

  /** Tensors from graphs, which remember what they are made of. */
  const made = new WeakMap<Tensor, Graph>();
  const result = (graph: Graph): Tensor => {
    const value = graph.f(...graph.inputs);
    showAs(value, () => graph.toExpression());
    made.set(value, graph);
    return value;
  };
  const shown = (value: Tensor): Tensor => {
    showAs(value, () => tensorCode(value));
    return value;
  };

  return {
    shape: (options) => {
      checkDrawing("shape", options);
      return new Drawn(
        (dice) => drawShape(dice, options),
        (shape) => smallerShapes(shape, options),
      );
    },
    broadcastableShapes: (options) => {
      checkDrawing("broadcastableShapes", options, { count: optional(count(1)) });
      const { count: wanted = 2, ...limits } = options ?? {};
      return new Drawn<readonly Shape[]>(
        (dice) => drawBroadcastable(dice, wanted, limits),
        (shapes) => smallerBroadcastable(shapes, limits),
      );
    },
    tensor: (options) => {
      checkDrawing("tensor", options, OF_TENSORS);
      return new Drawn(
        (dice) => shown(drawTensor(dice, options)),
        (value) => mapped(smallerTensors(value, options), shown),
      );
    },
    view: (options) => {
      checkDrawing("view", options, OF_TENSORS);
      return new Drawn(
        (dice) => result(drawView(dice, options)),
        (value) => mapped(smallerViews(made.get(value) ?? new Graph([value], []), options), result),
      );
    },
    graph: (options) => {
      checkSettings("graph", options, OF_GRAPHS);
      return new Drawn((dice) => drawGraph(dice, options), smallerGraphs);
    },
  };
}

const LIMITS: Readonly<Record<string, Check>> = {
  minRank: optional(count(0)),
  maxRank: optional(count(0)),
  minSize: optional(count(0)),
  maxSize: optional(count(0)),
};

const OF_TENSORS: Readonly<Record<string, Check>> = {
  shape: optional((where, _, shape) => checkShape(where, shape as Shape)),
  values(where, name, values) {
    if (values === undefined || values === "interesting") return;
    numbers(where, name, values);
    const [low, high, ...rest] = values as readonly number[];
    if (!(low <= high && rest.length === 0))
      throw new ArgumentError(where, `values lie between two numbers, the smaller first; got [${values}].`);
  },
};

const OF_GRAPHS: Readonly<Record<string, Check>> = {
  maxSteps: optional(count(1)),
  operations: optional(listOf(oneOf(vocabulary.flat().map(({ name }) => name)))),
};

function checkDrawing(
  where: string,
  options: ShapeOptions = {},
  more: Readonly<Record<string, Check>> = {},
): void {
  checkSettings(where, options, { ...LIMITS, ...more });
  const { minRank = 0, maxRank = Infinity, minSize = 1, maxSize = Infinity } = options;
  for (const [name, least, most] of [
    ["Rank", minRank, maxRank],
    ["Size", minSize, maxSize],
  ])
    if (least > most) throw new ArgumentError(where, `min${name} is ${least}, but max${name} is ${most}.`);
}

function* valuesOf<T>(fc: FastCheck, values: Iterable<T>): Generator<unknown> {
  for (const value of values) yield new fc.Value(value, undefined);
}

function* mapped<T, U>(values: Iterable<T>, map: (value: T) => U): Generator<U> {
  for (const value of values) yield map(value);
}
