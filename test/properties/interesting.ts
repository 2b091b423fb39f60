/**
 * Elementwise operations where floats are interesting: subnormal, tiny, huge, saturated, equal, far apart. Float32 results are
 * held against float64, and slopes in float64 against differences of the values. First derivatives only: a second one loses
 * digits out there, in the rules (terms that cancel) as in the differences.
 */

import type { Dice } from "../../src/basics/domains.ts";
import { concat, ones, type Random, type Tensor, tensor, zerosLike } from "../../src/index.ts";
import { drawInteresting } from "../../src/testing/draw.ts";
import { errorBound } from "../../src/testing/index.ts";
import type { Case } from "../ops/records.ts";

/** A number that is not what it should be. */
export interface Miss {
  /** Of what: the value, the gradient by an operand, a slope, or a jump. */
  readonly what: string;
  /** The operands, and for a gradient the cotangent. */
  readonly at: readonly number[];
  readonly found: number;
  readonly expected: number;
  /** How far off it may be. */
  readonly allowed: number;
}

const UNIT = 2 ** -24;
const TINY = 2 ** -149;

/** A few steps of a computation that each round to a subnormal number, by half of TINY, and are doubled or halved. */
const FEW = 16 * TINY;

/** Magnitudes that are always tried with both signs: ends of the range, and where e to their power or erf saturates. */
const ANCHORS = [
  ...[
    0,
    TINY,
    5e-40,
    2 ** -126,
    1e-30,
    1e-20,
    1e-15,
    1e-10,
    1e-6,
    1e-3,
    0.03,
    0.5,
    1,
    1.278,
    2,
    3,
    4,
    5,
    6,
    8,
  ],
  ...[9.5, 12, 17.29, 20, 27, 40, 80, 88, 89.5, 95, 104, 150, 200, 700, 710, 750, 1e3, 1e4, 1e6, 1e10, 1e15],
  ...[1e19, 2e19, 1e20, 1e25, 1e30, 1e38, 3.4028234663852886e38],
].flatMap((value) => [Math.fround(value), -Math.fround(value)]);

/** Tiny, ordinary and huge operands of both signs, in all combinations. */
function corners(count: number): number[][] {
  const values = count === 2 ? [1e-30, 1, 1e19, 3e38] : [1, 3e38];
  const signed = values.flatMap((value) => [Math.fround(value), -Math.fround(value)]);
  let points: number[][] = [[]];
  for (let i = 0; i < count; i++)
    points = points.flatMap((point) => signed.map((value) => [...point, value]));
  return points;
}

/** Operands of an elementwise operation, a vector each, from the intervals in which it is defined. */
export function interestingOperands({ shapes, intervals }: Case, random: Random): Tensor[] {
  const dice: Dice = { integer: (low, high) => low + random.integer(high - low + 1) };
  const isInside = (value: number, i: number): boolean => {
    const [low, high] = intervals?.[i] ?? [-Infinity, Infinity];
    return value > low && value < high;
  };
  const isUnary = shapes.length === 1;
  const points = isUnary ? ANCHORS.map((value) => [value]) : corners(shapes.length);
  for (let count = isUnary ? 50 : 120; count > 0; count--) {
    const point: number[] = [];
    for (const i of shapes.keys()) point.push(drawInteresting(dice, point[i - 1] ?? 1, intervals?.[i]));
    points.push(point);
  }
  const inside = points.filter((point) => point.every(isInside));
  return shapes.map((_, i) => tensor(Float32Array.from(inside, (point) => point[i])));
}

/** Values in float32 against float64; `evaluate` runs in float32, on the backend that is asked about. */
export function wrongValues(
  { call, kinks }: Case,
  x: readonly Tensor[],
  evaluate: (call: Case["call"]) => Tensor,
): Miss[] {
  const points = pointsOf(x);
  const { value, bound } = errorBound(call, x);
  const slopes = differentiate(call, toDoubles(x)).gradients.map(numbersOf);
  const bounds = numbersOf(bound);
  const exact = numbersOf(value);
  const allowed = exact.map((expected, k) => allowance(expected, bounds[k], weigh(points[k], slopes, k), 8));
  return missesOf("value", points, numbersOf(evaluate(call)), exact, allowed, kinks);
}

/** Gradients in float32 against float64; `evaluate` runs on the backend that is asked about. */
export function wrongGradients(
  { call, kinks }: Case,
  x: readonly Tensor[],
  cotangent: Tensor,
  evaluate: (gradients: () => readonly Tensor[]) => readonly Tensor[],
): Miss[] {
  const points = pointsOf([...x, cotangent]);
  const composed = (...given: Tensor[]): Tensor =>
    concat(differentiate(call, given.slice(0, -1), given.at(-1), true).gradients);
  const bounds = numbersOf(errorBound(composed, [...x, cotangent]).bound);
  const recorded = differentiate(call, toDoubles(x), cotangent.to("float64"), true);
  return evaluate(() => differentiate(call, x, cotangent).gradients).flatMap((found, i) => {
    const exact = numbersOf(recorded.gradients[i]);
    const slopes = differentiateAgain(recorded, i).map(numbersOf);
    const allowed = exact.map((expected, k) =>
      allowance(expected, 2 * bounds[i * exact.length + k], weigh(points[k], slopes, k), 16),
    );
    return missesOf(`gradient ${i}`, points, numbersOf(found), exact, allowed, kinks);
  });
}

/**
 * How far a float32 result may be off: no further than the roundings of its own steps explain, to first order, and no
 * further than operands explain that are off by a few units. The first alone would excuse 1 + erf(x) at −6, where the steps
 * cancel; the second alone sin(x) at 1e30, where any result is that of an operand nearby.
 */
function allowance(value: number, bound: number, conditioning: number, units: number): number {
  const backward = units * UNIT * (Math.abs(value) + conditioning);
  return Math.min(...[bound, backward].filter((allowed) => !Number.isNaN(allowed))) + FEW;
}

/** Σ |operand · slope| at a point: by how much relative changes of the operands change the result. */
function weigh(point: readonly number[], slopes: readonly Float64Array[], k: number): number {
  return slopes.reduce((sum, slope, i) => sum + Math.abs(point[i] * slope[k]), 0);
}

/** Compares float32 results with float64 ones. What leaves the range of float32 is infinite there. */
function missesOf(
  what: string,
  points: readonly number[][],
  found: Float64Array,
  expected: Float64Array,
  allowed: Float64Array,
  kinks: Case["kinks"] = [],
): Miss[] {
  const isAllowed = (k: number): boolean => {
    if (Number.isNaN(expected[k])) return points[k].some((value) => kinks.includes(value));
    if (!Number.isFinite(expected[k])) return found[k] === expected[k];
    const [low, high] = [expected[k] - allowed[k], expected[k] + allowed[k]].map(Math.fround);
    // Where both infinities are allowed, so is their difference.
    return (found[k] >= low && found[k] <= high) || (low === -Infinity && high === Infinity);
  };
  return points.flatMap((at, k) =>
    isAllowed(k) ? [] : [{ what, at, found: found[k], expected: expected[k], allowed: allowed[k] }],
  );
}

/** ε^(1/3), where truncation and rounding of a central difference are about equal. */
const STEP = 2 ** -17;
const EPSILON = 2 ** -52;
/** Roundings that may add up in a value: what checkGradients counts with. */
const ROUNDINGS = 32;

/**
 * Slopes in float64 against differences of the values in float64, over steps relative to the operand and over absolute ones:
 * log changes on the scale of its operand, cos on that of 1. The tolerance is that of checkGradients: what halving the step
 * changes, and the rounding of the values over the step.
 */
export function wrongSlopes({ call, intervals, kinks = [] }: Case, x: readonly Tensor[]): Miss[] {
  const points = pointsOf(x);
  const doubles = toDoubles(x);
  const recorded = differentiate(call, doubles, undefined, true);
  const values = numbersOf(recorded.output);
  const slopes = recorded.gradients.map(numbersOf);
  return doubles.flatMap((operand, i): Miss[] => {
    const what = `slope ${i}`;
    const bends = numbersOf(differentiateAgain(recorded, i)[i]);
    const middle = numbersOf(operand);
    const [low, high] = intervals?.[i] ?? [-Infinity, Infinity];
    const misses = points.flatMap((at, k): Miss[] =>
      Number.isNaN(slopes[i][k]) && !at.some((value) => kinks.includes(value))
        ? [{ what, at, found: NaN, expected: NaN, allowed: 0 }]
        : [],
    );
    const steps = [
      (value: number) => Math.abs(value),
      () => 1,
      (value: number) => Math.max(1, Math.abs(value)),
    ];
    for (const scale of steps) {
      const step = middle.map((value, k) => {
        // Not over the end of the interval, a kink, or another operand, where a choice may turn.
        const barriers = [low, high, ...kinks, ...points[k].filter((other) => other !== value)];
        return Math.min(STEP * scale(value), ...barriers.map((end) => Math.abs(value - end) / 2));
      });
      const moved = [-1, -0.5, 0.5, 1].map((part) => middle.map((value, k) => value + part * step[k]));
      const around = moved.map((place) =>
        numbersOf(call(...doubles.with(i, tensor(place, operand.shape, { dtype: "float64" })))),
      );
      for (const [k, at] of points.entries()) {
        const [a, b, c, d, e] = [moved[0][k], moved[1][k], middle[k], moved[2][k], moved[3][k]];
        const [fa, fb, fc, fd, fe] = [around[0][k], around[1][k], values[k], around[2][k], around[3][k]];
        const found = slopes[i][k];
        if (![fa, fb, fc, fd, fe, found].every(Number.isFinite) || !(b < c && c < d)) continue;
        const [wide, narrow] = [(fe - fa) / (e - a), (fd - fb) / (d - b)];
        // Where the slope itself changes much within the step, as that of sin at 1e30, a difference says nothing.
        const change = (e - a) * Math.abs(bends[k]);
        if (change > 0.1 * Math.max(Math.abs(found), Math.abs(narrow))) continue;
        const magnitude = weigh(at, slopes, k) + Math.max(...[fa, fb, fc, fd, fe].map(Math.abs));
        const rounding = (ROUNDINGS * (EPSILON * magnitude + Number.MIN_VALUE)) / (d - b) + Number.MIN_VALUE;
        const [left, right] = [(fc - fb) / (c - b), (fd - fc) / (d - c)];
        // As in checkGradients: F(x+h) − 2F(x) + F(x−h) falls with h² where F is smooth, and at a tie with h.
        const bend = (fe - fc) / (e - c) - (fc - fa) / (c - a);
        const roughness = Math.abs(bend - 2 * (right - left)) + Math.abs(wide - narrow);
        const size = Math.abs(wide) + Math.abs(narrow) + Math.abs(right - left);
        const isBetween =
          found >= Math.min(left, right, 0) - rounding && found <= Math.max(left, right, 0) + rounding;
        if (roughness > 1e-3 * size + 8 * rounding && isBetween) continue;
        const expected = (4 * narrow - wide) / 3;
        const allowed = Math.abs(wide - narrow) + rounding;
        if (!(Math.abs(found - expected) <= allowed)) misses.push({ what, at, found, expected, allowed });
      }
    }
    return misses;
  });
}

/**
 * Jumps of a function of one operand, in float64: a value that is off beyond some operand, with slopes that are right. Each
 * interval between powers of 2 and halfway is halved down to neighbouring floats, towards what the slope does not explain.
 */
export function jumps({ call, intervals, kinks = [] }: Case): Miss[] {
  const [low, high] = intervals?.[0] ?? [-Infinity, Infinity];
  const places = Array.from({ length: 2 * 253 }, (_, i) => 2 ** (-126 + (i >> 1)) * (i % 2 === 0 ? 1 : 1.5));
  const ends = [1, -1]
    .flatMap((sign) => places.slice(1).map((end, i) => [sign * places[i], sign * end]))
    .filter((pair) => pair.every((end) => end > low && end < high && !kinks.includes(end)));
  const evaluate = (at: readonly number[]): { value: Float64Array; slope: Float64Array } => {
    const { output, gradients } = differentiate(call, [
      tensor(Float64Array.from(at), [at.length], { dtype: "float64" }),
    ]);
    return { value: numbersOf(output), slope: numbersOf(gradients[0]) };
  };
  interface Place {
    readonly at: number;
    readonly value: number;
    readonly slope: number;
  }
  const placesAt = (at: readonly number[]): Place[] => {
    const { value, slope } = evaluate(at);
    return at.map((place, k) => ({ at: place, value: value[k], slope: slope[k] }));
  };
  const unexplained = (a: Place, b: Place): number =>
    Math.abs(b.value - a.value - ((b.at - a.at) * (a.slope + b.slope)) / 2);
  let [from, to] = [0, 1].map((side) => placesAt(ends.map((pair) => pair[side])));
  // 52 bits lie between a power of 2 and halfway to the next.
  for (let bit = 0; bit < 52; bit++) {
    const between = placesAt(from.map((a, k) => a.at + (to[k].at - a.at) / 2));
    const takesFirst = between.map((m, k) => unexplained(from[k], m) > unexplained(m, to[k]));
    [from, to] = [
      from.map((a, k) => (takesFirst[k] ? a : between[k])),
      to.map((b, k) => (takesFirst[k] ? between[k] : b)),
    ];
  }
  return from.flatMap((a, k): Miss[] => {
    const b = to[k];
    const weight = [a, b].reduce(
      (sum, { at, value, slope }) => sum + Math.abs(value) + Math.abs(at * slope),
      0,
    );
    const allowed = ROUNDINGS * EPSILON * weight + Number.MIN_VALUE;
    if (!Number.isFinite(weight) || Math.abs(b.value - a.value) <= allowed) return [];
    return [{ what: "jump", at: [a.at, b.at], found: b.value, expected: a.value, allowed }];
  });
}

const numbersOf = (x: Tensor): Float64Array => Float64Array.from(x.toTypedArray());
const toDoubles = (x: readonly Tensor[]): Tensor[] => x.map((operand) => operand.to("float64"));

/** The operands of each element. */
function pointsOf(x: readonly Tensor[]): number[][] {
  const columns = x.map(numbersOf);
  return [...columns[0].keys()].map((k) => columns.map((column) => column[k]));
}

interface Differentiated {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** By each operand; recorded on request. */
  readonly gradients: readonly Tensor[];
}

function differentiate(
  call: Case["call"],
  x: readonly Tensor[],
  cotangent?: Tensor,
  createGraph = false,
): Differentiated {
  const inputs = x.map(leafOf);
  const output = call(...inputs);
  const given = cotangent?.to(output.dtype) ?? ones(output.shape, { dtype: output.dtype });
  if (output.requiresGrad) output.backward(given, { createGraph });
  return { inputs, output, gradients: inputs.map((input) => input.grad ?? zerosLike(input)) };
}

/** The derivatives of gradient `i`, which was recorded, by each operand. */
function differentiateAgain({ inputs, gradients }: Differentiated, i: number): Tensor[] {
  for (const input of inputs) input.grad = null;
  const gradient = gradients[i];
  if (gradient.requiresGrad)
    gradient.backward(ones(gradient.shape, { dtype: gradient.dtype }), { retainGraph: true });
  return inputs.map((input) => input.grad ?? zerosLike(input));
}

function leafOf(x: Tensor): Tensor {
  const leaf = x.detach();
  leaf.requiresGrad = true;
  return leaf;
}
