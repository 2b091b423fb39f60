/**
 * What a failing example is cut down to. Each function gives simpler values, the boldest cuts first; a runner takes the
 * first that still fails, and asks again. Every cut makes something strictly smaller, so this comes to an end.
 */

import type { Setting } from "../basics/domains.ts";
import { type Shape, sizeOf } from "../basics/shape.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import type { ShapeOptions, TensorDrawOptions } from "./draw.ts";
import { build, call, Graph, type Step } from "./graph.ts";
import { wordOf } from "./vocabulary.ts";

/** Fewer axes, then smaller ones. */
export function* smallerShapes(shape: Shape, options: ShapeOptions = {}): Generator<Shape> {
  const { minRank = 0, minSize = 1 } = options;
  if (shape.length > minRank) {
    yield shape.slice(0, minRank);
    for (const axis of shape.keys()) yield shape.toSpliced(axis, 1);
  }
  for (const [axis, size] of shape.entries()) {
    for (const less of smallerSizes(size, minSize)) yield shape.with(axis, less);
  }
}

/** Cuts that leave the shapes broadcastable: an axis of all of them, or an axis of one. */
export function* smallerBroadcastable(
  shapes: readonly Shape[],
  options: ShapeOptions = {},
): Generator<readonly Shape[]> {
  const { minRank = 0, minSize = 1 } = options;
  const rank = Math.max(...shapes.map(({ length }) => length));
  for (let fromLast = 1; fromLast <= rank; fromLast++) {
    // Axes are counted from the last, as broadcasting does.
    const change = (edit: (shape: Shape, axis: number) => Shape): Shape[] =>
      shapes.map((shape) => (shape.length >= fromLast ? edit(shape, shape.length - fromLast) : shape));
    if (shapes.every(({ length }) => length > minRank || length < fromLast)) {
      yield change((shape, axis) => shape.toSpliced(axis, 1));
    }
    const size = Math.max(...shapes.map((shape) => shape[shape.length - fromLast] ?? 1));
    for (const less of smallerSizes(size, minSize)) {
      yield change((shape, axis) => (shape[axis] === size ? shape.with(axis, less) : shape));
    }
  }
  for (const [i, shape] of shapes.entries()) {
    if (shape.length > minRank) yield shapes.with(i, shape.slice(1));
    for (const [axis, size] of shape.entries()) if (size > 1) yield shapes.with(i, shape.with(axis, 1));
  }
}

/** Less of the tensor, then simpler elements. */
export function* smallerTensors(x: Tensor, options: TensorDrawOptions = {}): Generator<Tensor> {
  if (options.shape === undefined)
    for (const shape of smallerShapes(x.shape, options)) yield partOf(x, shape);
  const elements = x.toTypedArray();
  if (options.shape === undefined && x.size > 1 && (options.minSize ?? 1) <= 1) {
    const least = new Array<number>(options.minRank ?? 0).fill(1);
    for (const element of elements) yield tensor(Float32Array.of(element), least);
  }
  const [low, high] = Array.isArray(options.values)
    ? (options.values as [number, number])
    : [-Infinity, Infinity];
  const isAllowed = (value: number): boolean => value >= low && value <= high;
  for (const fill of [0, 1]) {
    if (isAllowed(fill) && elements.some((value: number) => complexity(value) > fill)) {
      yield tensor(new Float32Array(x.size).fill(fill), x.shape);
    }
  }
  for (const [i, value] of elements.entries()) {
    for (const simpler of simplerNumbers(value)) {
      if (isAllowed(simpler)) yield tensor(elements.with(i, simpler), x.shape);
    }
  }
}

/** Fewer layouts, then a smaller tensor under them. */
export function* smallerViews(view: Graph, options: TensorDrawOptions = {}): Generator<Graph> {
  const anyValues = (): boolean => true;
  const [base] = view.inputs;
  for (const at of view.steps.keys()) {
    const steps = view.steps.toSpliced(at, 1).map((step, i) => ({ ...step, operands: [i - 1] }));
    const without = build(view.inputs, steps, anyValues);
    if (without !== null) yield without;
  }
  for (const [at, step] of view.steps.entries()) {
    for (const settings of simplerSettings(step)) {
      const simpler = build(view.inputs, view.steps.with(at, { ...step, settings }), anyValues);
      if (simpler !== null) yield simpler;
    }
  }
  for (const smaller of smallerTensors(base, options)) {
    const [before, after] = [base.shape, smaller.shape];
    const steps = view.steps.map((step) => ({ ...step, settings: resized(step, before, after) }));
    const cut = build([smaller], steps, anyValues);
    if (cut !== null) yield cut;
  }
}

/** Fewer calls and inputs, then smaller shapes, simpler arguments, simpler numbers. */
export function* smallerGraphs(graph: Graph): Generator<Graph> {
  for (const candidate of cuts(graph)) if (candidate !== null) yield candidate;
}

function* cuts({ inputs, steps }: Graph): Generator<Graph | null> {
  // A part of it.
  if (steps.length > 0) for (const input of inputs) yield new Graph([input], []);
  for (let length = 1; length < steps.length; length++) yield build(inputs, steps.slice(0, length));
  // A step left out, one of its operands in its place.
  for (const [at, { operands }] of steps.entries()) {
    if (at === steps.length - 1) continue;
    for (const operand of new Set(operands)) yield build(inputs, replaced(steps, at, operand));
  }
  // What comes before a step, replaced by its value.
  for (let at = steps.length - 2; at >= 0; at--) {
    const value = new Graph(inputs, steps.slice(0, at + 1)).f(...inputs).clone();
    yield build([...inputs, value], replaced(steps, at, -1 - inputs.length));
  }
  // One input in place of another.
  for (const from of inputs.keys()) {
    for (const to of inputs.keys()) {
      if (from !== to)
        yield build(
          inputs,
          withOperands(steps, (operand) => (operand === -1 - from ? -1 - to : operand)),
        );
    }
  }
  // A size, wherever it occurs, and then a single axis.
  for (const size of new Set(inputs.flatMap(({ shape }) => shape))) {
    for (const less of smallerSizes(size, 1)) {
      const change = (shape: Shape): Shape => shape.map((other) => (other === size ? less : other));
      yield build(
        inputs.map((input) => partOf(input, change(input.shape))),
        steps.map((step) => ({ ...step, settings: resized(step, [size], [less]) })),
      );
    }
  }
  for (const [i, input] of inputs.entries()) {
    for (const shape of smallerShapes(input.shape)) yield build(inputs.with(i, partOf(input, shape)), steps);
  }
  for (const [at, step] of steps.entries()) {
    for (const settings of simplerSettings(step)) yield build(inputs, steps.with(at, { ...step, settings }));
  }
  for (const [i, input] of inputs.entries()) {
    for (const simpler of smallerTensors(input, { shape: input.shape }))
      yield build(inputs.with(i, simpler), steps);
  }
}

/** The steps without one, its uses replaced by another place. */
function replaced(steps: readonly Step[], at: number, by: number): Step[] {
  const moved = (operand: number): number => (operand > at ? operand - 1 : operand);
  return withOperands(steps.toSpliced(at, 1), (operand) => (operand === at ? by : moved(operand)));
}

function withOperands(steps: readonly Step[], change: (operand: number) => number): Step[] {
  return steps.map((step) => ({ ...step, operands: step.operands.map(change) }));
}

/** Arguments left out from the end; ranges of a slice one by one. */
function* simplerSettings({ name, settings }: Step): Generator<readonly Setting[]> {
  const { settings: domains = [], required = 0 } = wordOf(name).calls ?? {};
  if (domains[0] === "ranges") {
    for (const [i, range] of settings.entries()) if (range !== null) yield settings.with(i, null);
  } else {
    for (let length = required; length < settings.length; length++) yield settings.slice(0, length);
  }
}

/** Shapes in the arguments, with sizes changed as those of the operands were. */
function resized({ name, settings }: Step, before: Shape, after: Shape): readonly Setting[] {
  const { settings: domains = [] } = wordOf(name).calls ?? {};
  if (before.length !== after.length) return settings;
  return settings.map((setting, i) =>
    domains[i] === "shape of the same size" || domains[i] === "broadcast shape"
      ? (setting as Shape).map((size) => (before.includes(size) ? after[before.indexOf(size)] : size))
      : setting,
  );
}

/** The first elements, in a shape with fewer axes or smaller ones. */
function partOf(x: Tensor, shape: Shape): Tensor {
  if (shape.length === x.rank) {
    return call({ name: "slice", settings: shape.map((size) => [0, size]) }, [x]).clone();
  }
  return tensor(x.toTypedArray().slice(0, sizeOf(shape)), shape);
}

function smallerSizes(size: number, minSize: number): number[] {
  return [...new Set([minSize, 1, size >> 1, size - 1])].filter((less) => less >= minSize && less < size);
}

/** 0, then 1, then −1, then whole numbers by size, then the rest. */
function complexity(value: number): number {
  if (value === 0) return Object.is(value, -0) ? 0.5 : 0;
  if (!Number.isInteger(value)) return Number.MAX_VALUE;
  return 2 * Math.abs(value) - (value > 0 ? 1 : 0);
}

function simplerNumbers(value: number): number[] {
  const less = value - Math.sign(value);
  const candidates = [0, 1, -1, Math.trunc(value), Math.trunc(value / 2), Math.trunc(less)];
  return [...new Set(candidates)].filter((candidate) => complexity(candidate) < complexity(value));
}
