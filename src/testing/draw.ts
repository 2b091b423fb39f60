/** Random shapes, tensors, views and graphs, from dice. What they are made smaller by is in shrink.ts. */

import type { Dice } from "../basics/domains.ts";
import { type Shape, sizeOf } from "../basics/shape.ts";
import type { Tensor } from "../ops/tensor.ts";
import { tensor } from "../tensor/construction.ts";
import { attempt, build, Graph, type Step } from "./graph.ts";
import {
  drawUse,
  type Interval,
  intervalsOf,
  isAdmissible,
  ordinary,
  viewVocabulary,
  vocabulary,
  type Word,
} from "./vocabulary.ts";

/** Limits of drawn shapes. */
export interface ShapeOptions {
  /** The fewest axes. Default 0: scalars are drawn too. */
  readonly minRank?: number;
  /** The most axes. Default 3. */
  readonly maxRank?: number;
  /** The smallest size of an axis. Default 1; with 0, tensors without elements are drawn too. */
  readonly minSize?: number;
  /** The largest size of an axis. Default 4. */
  readonly maxSize?: number;
}

/** How tensors are drawn. */
export interface TensorDrawOptions extends ShapeOptions {
  /** Draw this shape, and keep it when making the tensor smaller. Default: any within the limits. */
  readonly shape?: Shape;
  /**
   * An interval to draw elements from, as multiples of 1/64 where it is wide enough; or "interesting", the default: zeros of both signs,
   * subnormal and huge numbers, any order of magnitude, numbers at which functions saturate, elements that equal their neighbour or
   * lie one unit in the last place beside it.
   */
  readonly values?: "interesting" | readonly [low: number, high: number];
}

/** How graphs are drawn. */
export interface GraphOptions {
  /** The most calls, those that bring operands into an operation's interval not counted. Default 6. */
  readonly maxSteps?: number;
  /** Draw only these operations. Default: all that have gradients. */
  readonly operations?: readonly string[];
}

export function drawShape(dice: Dice, options: ShapeOptions = {}): Shape {
  const {
    minRank = 0,
    maxRank = Math.max(3, minRank),
    minSize = 1,
    maxSize = Math.max(4, minSize),
  } = options;
  return Array.from({ length: dice.integer(minRank, maxRank) }, () => dice.integer(minSize, maxSize));
}

/** Shapes that broadcast to a common one: each lacks some of its first axes, and has size 1 in place of others. */
export function drawBroadcastable(dice: Dice, count: number, options: ShapeOptions = {}): Shape[] {
  const joint = drawShape(dice, options);
  return Array.from({ length: count }, () => drawPartOf(dice, joint, options.minRank));
}

function drawPartOf(dice: Dice, joint: Shape, minRank = 0): Shape {
  const rank = dice.integer(Math.min(minRank, joint.length), joint.length);
  return joint.slice(joint.length - rank).map((size) => (dice.integer(0, 2) === 0 ? 1 : size));
}

export function drawTensor(dice: Dice, options: TensorDrawOptions = {}): Tensor {
  const { shape = drawShape(dice, options), values = "interesting" } = options;
  const elements = new Float32Array(sizeOf(shape));
  for (let i = 0; i < elements.length; i++) {
    elements[i] =
      values === "interesting" ? drawInteresting(dice, elements[i - 1] ?? 1) : drawInside(dice, values);
  }
  return tensor(elements, shape);
}

/** A multiple of 1/64 in the interval; a narrow one is cut into 64 parts. */
function drawInside(dice: Dice, [low, high]: readonly [number, number]): number {
  const [from, to] = [Math.ceil(low * 64), Math.floor(high * 64)];
  if (to - from >= 8) return dice.integer(from, to) / 64;
  return low + ((high - low) * dice.integer(0, 64)) / 64;
}

const EVERYWHERE: Interval = [-Infinity, Infinity];
const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = 3.4028234663852886e38;

/** A float32 from an open interval, from where arithmetic goes wrong; `previous` is what another may equal. */
export function drawInteresting(dice: Dice, previous: number, interval: Interval = EVERYWHERE): number {
  const [low, high] = interval;
  const value = drawAnywhere(dice, previous);
  if (value > low && value < high) return value;
  if (Number.isFinite(high - low)) return drawInside(dice, ordinary(interval));
  const mirrored = Math.fround(low === -Infinity ? high - Math.abs(value) : low + Math.abs(value));
  return mirrored > low && mirrored < high ? mirrored : drawInside(dice, ordinary(interval));
}

function drawAnywhere(dice: Dice, previous: number): number {
  const sign = dice.integer(0, 1) === 0 ? 1 : -1;
  switch (dice.integer(0, 11)) {
    case 0:
      return sign * 0;
    case 1:
      return sign * 2 ** -149 * dice.integer(1, 3);
    case 2:
      return (sign * SMALLEST_NORMAL * dice.integer(1, 2 ** 23)) / 2 ** 23;
    case 3:
      return sign * (dice.integer(0, 1) === 0 ? LARGEST : 1e30 * dice.integer(1, 100_000_000));
    case 4:
      return sign;
    case 5:
      return previous;
    case 6:
      return neighbour(previous, sign);
    case 7:
      return sign * floatOf(dice.integer(1, 254) * 2 ** 23 + dice.integer(0, 2 ** 23 - 1));
    case 8:
      // Where e to their power, and the error function, leave the range of numbers or of digits.
      return sign * dice.integer(3, dice.integer(0, 1) === 0 ? 24 : 1000);
    default:
      return dice.integer(-256, 256) / 64;
  }
}

/** The float32 that has these bits. */
function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}

/** The float32 one unit in the last place away from zero (or towards it). */
function neighbour(value: number, sign: number): number {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  bits[0] += value === 0 ? 1 : sign;
  return Number.isFinite(float[0]) ? float[0] : value;
}

/** A graph of layouts of one tensor: what a view is made of. */
export function drawView(dice: Dice, options: TensorDrawOptions = {}): Graph {
  // A scalar has no other layout.
  const base = drawTensor(dice, { minRank: 1, ...options });
  const steps: Step[] = [];
  let value = base;
  for (let left = dice.integer(1, 3); left > 0; left--) {
    const word = pickWord(dice, viewVocabulary);
    const use = drawUse(dice, word, value.shape);
    if (use === null) continue;
    const step = { name: word.name, operands: [steps.length - 1], settings: use.settings };
    const next = attempt(step, [value]);
    if (next === null || next.size > 256) continue;
    steps.push(step);
    value = next;
  }
  return new Graph([base], steps);
}

const DRAWN: readonly [number, number] = [-2, 2];

export function drawGraph(dice: Dice, options: GraphOptions = {}): Graph {
  const { maxSteps = 6, operations } = options;
  const words =
    operations === undefined
      ? vocabulary
      : [vocabulary.flat().filter(({ name }) => operations.includes(name))];
  const growing = new GrowingGraph(dice);
  growing.input(drawShape(dice, { maxSize: 3 }));
  for (let left = dice.integer(1, maxSteps); left > 0; left--) {
    for (let attempts = 0; attempts < 10; attempts++) if (growing.grow(pickWord(dice, words))) break;
  }
  return build(growing.inputs, growing.steps) ?? new Graph(growing.inputs.slice(0, 1), []);
}

function pickWord(dice: Dice, words: readonly (readonly Word[])[]): Word {
  const group = words[dice.integer(0, words.length - 1)];
  return group[dice.integer(0, group.length - 1)];
}

/** A graph to which calls are added, with the float64 values of all that is there. */
class GrowingGraph {
  readonly inputs: Tensor[] = [];
  readonly steps: Step[] = [];
  readonly #values: Tensor[] = [];
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** A new input; returns its place. */
  input(shape: Shape): number {
    return -this.inputs.push(drawTensor(this.#dice, { shape, values: DRAWN }));
  }

  /** Adds a call of the word; false, with everything as it was, where none fits. */
  grow(word: Word): boolean {
    const [inputCount, stepCount] = [this.inputs.length, this.steps.length];
    const first = this.#pickOperand();
    const use = drawUse(this.#dice, word, this.#value(first).shape);
    if (use !== null) {
      const others = use.others.map((shape) => this.#operandOf(shape, use.broadcasts));
      const intervals = intervalsOf(word.name);
      const operands = [first, ...others].map((at, i) => this.#brought(at, intervals[i] ?? null));
      if (this.#add({ name: word.name, operands, settings: use.settings })) return true;
    }
    this.inputs.length = inputCount;
    this.steps.length = stepCount;
    this.#values.length = stepCount;
    return false;
  }

  #value(at: number): Tensor {
    return at < 0 ? this.inputs[-1 - at].to("float64") : this.#values[at];
  }

  #add(step: Step): boolean {
    const operands = step.operands.map((at) => this.#value(at));
    const value = attempt(step, operands);
    if (value === null || value.size === 0 || !isAdmissible(step.name, operands, value)) return false;
    this.steps.push(step);
    this.#values.push(value);
    return true;
  }

  /** Mostly the newest result, so that chains grow; else anything there is. */
  #pickOperand(): number {
    const { steps, inputs } = this;
    if (steps.length > 0 && this.#dice.integer(0, 2) > 0) return steps.length - 1;
    return this.#dice.integer(-inputs.length, steps.length - 1);
  }

  /** Something there is that fits, which makes for values used several times; else a new input. */
  #operandOf(shape: Shape, broadcasts: boolean): number {
    const fits = [...Array(this.inputs.length + this.steps.length).keys()]
      .map((at) => at - this.inputs.length)
      .filter((at) => {
        const other = this.#value(at).shape;
        const [short, long] = other.length < shape.length ? [other, shape] : [shape, other];
        const missing = long.length - short.length;
        return broadcasts
          ? short.every(
              (size, axis) => size === long[missing + axis] || size === 1 || long[missing + axis] === 1,
            )
          : missing === 0 && short.every((size, axis) => size === long[axis]);
      });
    if (fits.length > 0 && this.#dice.integer(0, 1) === 0)
      return fits[this.#dice.integer(0, fits.length - 1)];
    return this.input(broadcasts ? drawPartOf(this.#dice, shape) : shape);
  }

  /** The operand itself, where it is inside the interval; else brought there smoothly. */
  #brought(at: number, interval: Interval | null): number {
    if (interval === null) return at;
    const [low, high] = interval;
    const isInside = this.#value(at)
      .toTypedArray()
      .every((value: number) => value >= low && value <= high);
    if (isInside) return at;
    // Multiples of 1/64 well inside, so that rounding does not lead out again.
    const [from, to] = [(Math.ceil(low * 64) + 1) / 64, (Math.floor(high * 64) - 1) / 64];
    this.#add({ name: "sigmoid", operands: [at], settings: [] });
    this.#add({ name: "mul", operands: [this.steps.length - 1], settings: [to - from] });
    this.#add({ name: "add", operands: [this.steps.length - 1], settings: [from] });
    return this.steps.length - 1;
  }
}
