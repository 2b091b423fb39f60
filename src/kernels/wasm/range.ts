/**
 * Where the range of float32 ends. Lanes compute every step in float32, and a step may leave its range though the result is an
 * ordinary number: e⁻¹⁰⁰ has lost its digits before 1e30 brings it back. An expression is read here for what such a step
 * can do to its result. Lanes where it may cost digits are computed again in float64, as plain TypeScript computes all.
 */

import { type Arithmetic, type Expression, type Expressions, oncePer } from "../arithmetic.ts";
import { compileNumber } from "../typescript/loops.ts";
import { numbers } from "../typescript/numbers.ts";
import { f32x4, v128 } from "./assembler.ts";
import type { LaneArithmetic, LaneGraph, Node, Rescue } from "./lanes.ts";

/** The value of an expression in lanes, guarded as above. */
export function guarded(
  m: LaneArithmetic,
  graph: LaneGraph,
  expression: Expression,
  operands: readonly Node[],
): Node {
  const reading = new Reading(m, graph);
  const result = expression(reading.arithmetic, ...operands.map((node) => reading.operand(node)));
  const doubt = reading.doubtOf(result);
  return doubt === null ? result.node : graph.rescue(rescueOf(expression), doubt, result.node, operands);
}

/** What computes an expression in float64. */
export const rescueOf: (expression: Expression) => Rescue = /* @__PURE__ */ oncePer(
  (expression: Expression): Rescue => {
    let compute: ((...operands: number[]) => number) | undefined;
    return {
      run: (...operands) => {
        compute ??= compileNumber(expression, operands.length);
        return compute(...operands);
      },
    };
  },
);

/** Result k of several, computed in float64 from the operands behind k. */
export const rescueOfAll: (values: Expressions) => Rescue = /* @__PURE__ */ oncePer(
  (values: Expressions): Rescue => {
    const compute: ((...operands: number[]) => number)[] = [];
    return {
      run: (k, ...operands) => {
        compute[k] ??= compileNumber((m, ...x) => values(m, ...x)[k], operands.length);
        return compute[k](...operands);
      },
    };
  },
);

/** A value in lanes, and what is known of its range. */
interface Ranged {
  readonly node: Node;
  /** Where it lies for finite operands; infinite where float32 may have no room for it. */
  readonly low: number;
  readonly high: number;
  /** Where it may be infinite: the least size of what it stands for there. */
  readonly infiniteFrom: number;
  /** By how much it may be off since something on the way was rounded to a subnormal number or 0. */
  readonly error: Loss;
  /** Of −x and |x|: x. */
  readonly negated?: Ranged;
  readonly inside?: Ranged;
  /** Of a < b: both. */
  readonly compared?: readonly [less: Ranged, more: Ranged];
}

/** An error in units of 2⁻¹⁴⁹, the smallest number: the same for all operands, or `factor · lanes + rest`; NaN where all is lost. */
type Loss =
  | number
  | {
      readonly factor: number;
      readonly lanes: Node;
      readonly rest: number;
      /** The lanes are the size of an operand or step: NaN only where that is, and nothing lost. */
      readonly isSize?: boolean;
    };

const LARGEST = 2 ** 128 - 2 ** 104;
/** What rounding to a subnormal number costs at most. */
const HALF = 0.5;
/** Errors up to this are those of any few roundings to subnormal numbers. */
const FEW = 16;
/** Beside a number as large as this, no such error counts, whatever it is multiplied with. */
const LARGE = 2 ** -100;
/** Bounds of a factor up to here are taken for the factor itself. */
const NARROW = 2 ** 12;
/**
 * Errors in lanes are in this unit, far from the numbers that they stand for: with subnormal ones, processors compute a hundred
 * times slower.
 */
const UNIT = 2 ** -100;
/** What makes 2⁻²³ of a result comparable to them. */
const SCALE = UNIT * 2 ** 126;

/** Expressions of one graph, read for their range. */
class Reading {
  readonly arithmetic: Arithmetic<Ranged>;
  readonly #m: LaneArithmetic;
  readonly #graph: LaneGraph;

  constructor(m: LaneArithmetic, graph: LaneGraph) {
    this.#m = m;
    this.#graph = graph;
    this.arithmetic = this.#read();
  }

  /** Any float32 number. */
  operand(node: Node): Ranged {
    return { node, low: -LARGEST, high: LARGEST, infiniteFrom: Infinity, error: 0 };
  }

  /** A mask of the lanes where the result may be wrong; null where it never is. */
  doubtOf(result: Ranged): Node | null {
    const { node, error } = result;
    const m = this.#m;
    const graph = this.#graph;
    const masks: Node[] = [];
    if (typeof error !== "number" || error > FEW) {
      const { factor, lanes, isSize } =
        typeof error === "number" ? { factor: error, lanes: m.constant(UNIT), isSize: true } : error;
      // What may be off anyway is added, or every 0 were in doubt.
      const least = m.add(m.mul(m.abs(node), m.constant(SCALE / factor)), m.constant((FEW * UNIT) / factor));
      // What is lost is NaN, which is not less than anything.
      masks.push(
        isSize ? graph.op(f32x4.lt, least, lanes) : graph.op(v128.not, graph.op(f32x4.gt, least, lanes)),
      );
    }
    if (result.infiniteFrom < LARGEST) masks.push(this.#isEndless(node));
    return masks.length === 0 ? null : masks.reduce((a, b) => graph.op(v128.or, a, b));
  }

  /** Where lanes are infinite, or no numbers since something before them was. */
  #isEndless(node: Node): Node {
    const ends = this.#graph.op(f32x4.lt, this.#m.abs(node), this.#m.constant(Infinity));
    return this.#graph.op(v128.not, ends);
  }

  /** All is lost in the lanes of a mask. */
  #lost(mask: Node): Loss {
    return lossOf(this.#graph.op(v128.and, mask, this.#m.constant(Number.NaN)));
  }

  /**
   * What is lost where an operand is infinite, of a function that has the same value for all of at least this size: of what it
   * stands for may be less, as of x · y / y, and the value looks like any other.
   */
  #swallowed(operand: Ranged, size: number): Loss {
    return operand.infiniteFrom < size ? this.#lost(this.#isEndless(operand.node)) : 0;
  }

  /** An error as lanes, in `UNIT`. */
  #lanes(error: Loss): Node {
    const m = this.#m;
    if (typeof error === "number") return m.constant(error * UNIT);
    const { factor, lanes, rest } = error;
    const scaled = factor === 1 ? lanes : m.mul(lanes, m.constant(factor));
    return rest === 0 ? scaled : m.add(scaled, m.constant(rest * UNIT));
  }

  #sum(a: Loss, b: Loss): Loss {
    if (typeof a === "number") {
      if (typeof b === "number") return a + b;
      return { ...b, rest: b.rest + a };
    }
    if (typeof b === "number") return this.#sum(b, a);
    return lossOf(this.#m.add(this.#lanes(a), this.#lanes(b)));
  }

  #larger(a: Loss, b: Loss): Loss {
    if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
    return lossOf(this.#m.maximum(this.#lanes(a), this.#lanes(b)));
  }

  /** What the error of a factor is in the product with another. */
  #passed(factor: Ranged, other: Ranged): Loss {
    const { error } = factor;
    if (isCertain(factor)) return 0;
    const most = mostOf(other);
    if (typeof error === "number" && most <= NARROW) return error * most;
    if (most <= 1) return error;
    const size = this.#m.abs(other.node);
    // |x| of 2¹²⁸ is 2²⁸ in the unit.
    if (typeof error === "number") return { factor: error * UNIT, lanes: size, rest: 0, isSize: true };
    return lossOf(this.#m.mul(this.#lanes(error), size));
  }

  /** The product of the errors of two factors, which may both have become 0. Two that are the same everywhere are too small to count. */
  #ofBoth(a: Ranged, b: Ranged): Loss {
    if (typeof a.error === "number") return typeof b.error === "number" ? 0 : this.#ofBoth(b, a);
    if (isCertain(b)) return 0;
    const size = this.#m.mul(this.#lanes(a.error), this.#m.constant(1 / (UNIT * 2 ** 149)));
    return lossOf(this.#m.mul(size, this.#lanes(b.error)));
  }

  /** An error divided by a number. */
  #over(error: Loss, divisor: Ranged): Loss {
    if (error === 0) return 0;
    const least = leastOf(divisor);
    if (least >= 1) return error;
    if (typeof error === "number" && error / least <= NARROW) return error / least;
    return lossOf(this.#m.div(this.#lanes(error), this.#m.abs(divisor.node)));
  }

  /** What is lost where an error is more of a value than rounding is: what is divided by it, or a power of it. */
  #relative(of: Ranged): Loss {
    const { node, error } = of;
    if (isCertain(of)) return 0;
    const size = this.#m.mul(this.#m.abs(node), this.#m.constant(SCALE));
    return this.#lost(this.#graph.op(v128.not, this.#graph.op(f32x4.ge, size, this.#lanes(error))));
  }

  #read(): Arithmetic<Ranged> {
    const m = this.#m;
    const value = (
      node: Node,
      [low, high]: readonly [number, number],
      error: Loss,
      infiniteFrom = LARGEST,
    ): Ranged => {
      const ends = { low: beyond(low), high: beyond(high) };
      const isBounded = ends.low > -Infinity && ends.high < Infinity;
      return { node, ...ends, error, infiniteFrom: isBounded ? Infinity : Math.min(infiniteFrom, LARGEST) };
    };
    const sumOrDifference =
      (name: "add" | "sub") =>
      (a: Ranged, b: Ranged): Ranged => {
        const infiniteFrom = Math.min(less(a.infiniteFrom, mostOf(b)), less(b.infiniteFrom, mostOf(a)));
        return value(
          m[name](a.node, b.node),
          corners(numbers[name], a, b),
          sum(a.error, b.error),
          infiniteFrom,
        );
      };
    const extremum =
      (name: "maximum" | "minimum") =>
      (a: Ranged, b: Ranged): Ranged => {
        const error = this.#sum(this.#larger(a.error, b.error), compared(a, b));
        const infiniteFrom = Math.min(a.infiniteFrom, b.infiniteFrom);
        return value(m[name](a.node, b.node), corners(numbers[name], a, b), error, infiniteFrom);
      };
    /** A function that grows, and passes errors on as they are. All of at least `enough` is alike to it. */
    const growing =
      (name: "expm1" | "tanh" | "sqrt", enough: number) =>
      (a: Ranged): Ranged => {
        const error = this.#sum(a.error, this.#swallowed(a, enough));
        const ends = [numbers[name](a.low), numbers[name](a.high)] as const;
        return value(m[name](a.node), ends, error, numbers[name](a.infiniteFrom));
      };
    /** A function with values between two numbers, which enlarges errors at most so often. */
    const between =
      (
        name: "sin" | "cos" | "erf" | "erfc" | "log1p",
        low: number,
        high: number,
        slope: number,
        enough: number,
      ) =>
      (a: Ranged): Ranged => {
        const { error } = a;
        const passed =
          typeof error === "number"
            ? slope * error
            : { factor: slope * error.factor, lanes: error.lanes, rest: slope * error.rest };
        return value(m[name](a.node), [low, high], this.#sum(passed, this.#swallowed(a, enough)));
      };
    /** What is lost where two are compared. */
    const compared = (a: Ranged, b: Ranged): Loss =>
      this.#sum(
        this.#swallowed(a, Math.min(mostOf(b), LARGEST)),
        this.#swallowed(b, Math.min(mostOf(a), LARGEST)),
      );
    const sum = (...losses: readonly Loss[]): Loss => losses.reduce((a, b) => this.#sum(a, b));
    return {
      // NaN widens no interval: it stays what it is.
      constant: (number) => ({
        ...value(m.constant(number), [number || 0, number || 0], 0),
        infiniteFrom: Infinity,
      }),
      add: sumOrDifference("add"),
      sub: sumOrDifference("sub"),
      maximum: extremum("maximum"),
      minimum: extremum("minimum"),
      mul: (a, b) => {
        const error = sum(this.#passed(a, b), this.#passed(b, a), this.#ofBoth(a, b), HALF);
        const infiniteFrom = Math.min(times(a.infiniteFrom, leastOf(b)), times(b.infiniteFrom, leastOf(a)));
        return value(m.mul(a.node, b.node), corners(numbers.mul, a, b), error, infiniteFrom);
      },
      div: (a, b) => {
        const ends = leastOf(b) > 0 ? corners(numbers.div, a, b) : EVERYWHERE;
        const lost = sum(this.#relative(b), this.#swallowed(b, Infinity));
        const error = sum(this.#over(a.error, b), HALF, lost);
        return value(m.div(a.node, b.node), ends, error, times(a.infiniteFrom, 1 / mostOf(b)));
      },
      neg: (a) => ({ ...value(m.neg(a.node), [-a.high, -a.low], a.error, a.infiniteFrom), negated: a }),
      abs: (a) => ({ ...value(m.abs(a.node), [leastOf(a), mostOf(a)], a.error, a.infiniteFrom), inside: a }),
      sqrt: (a) => {
        const root = growing("sqrt", 0)({ ...a, low: Math.max(a.low, 0) });
        return { ...root, error: this.#over(a.error, root) };
      },
      less: (a, b) => ({ ...value(m.less(a.node, b.node), [0, 1], compared(a, b)), compared: [a, b] }),
      equal: (a, b) => value(m.equal(a.node, b.node), [0, 1], compared(a, b)),
      where: (condition, a, b) => {
        const [yes, no] = refined(condition, a, b);
        const error =
          typeof a.error === "number" && typeof b.error === "number"
            ? Math.max(a.error, b.error)
            : lossOf(m.where(condition.node, this.#lanes(a.error), this.#lanes(b.error)));
        const ends = [Math.min(yes.low, no.low), Math.max(yes.high, no.high)] as const;
        const node = m.where(condition.node, a.node, b.node);
        return value(node, ends, sum(error, condition.error), Math.min(a.infiniteFrom, b.infiniteFrom));
      },
      exp: (a) => {
        const ends = [numbers.exp(a.low), numbers.exp(a.high)] as const;
        const power = value(m.exp(a.node), ends, 0, numbers.exp(a.infiniteFrom));
        const passed = typeof a.error === "number" ? 0 : this.#passed(a, power);
        return { ...power, error: sum(passed, a.low < -87 ? HALF : 0, this.#swallowed(a, 104)) };
      },
      expm1: growing("expm1", 104),
      log: (a) => value(m.log(a.node), [-104, 89], sum(this.#relative(a), this.#swallowed(a, Infinity))),
      log1p: between("log1p", -104, 89, 1, Infinity),
      sin: between("sin", -1, 1, 1, Infinity),
      cos: between("cos", -1, 1, 1, Infinity),
      tanh: growing("tanh", 10),
      erf: between("erf", -1, 1, 2, 5),
      erfc: (a) => {
        const { error } = between("erfc", 0, 2, 2, 11)(a);
        return value(m.erfc(a.node), [0, 2], typeof error === "number" ? (a.high > 9 ? HALF : 0) : error);
      },
      pow: (a, b) => {
        const lost = sum(this.#swallowed(a, Infinity), this.#swallowed(b, Infinity));
        return value(m.pow(a.node, b.node), EVERYWHERE, sum(this.#relative(a), HALF, lost));
      },
    };
  }
}

const EVERYWHERE = [-Infinity, Infinity] as const;

/** Lanes of an error that is `UNIT` of them. */
const lossOf = (lanes: Node): Loss => ({ factor: 1, lanes, rest: 0 });

/** Infinite where float32 has no number so large. */
const beyond = (end: number): number => (Math.abs(end) > LARGEST ? Math.sign(end) * Infinity : end);

/** The least that a value may be, by its size, and the most. */
const leastOf = ({ low, high }: Ranged): number => Math.max(0, low, -high);
const mostOf = ({ low, high }: Ranged): number => Math.max(-low, high);

/** Whether the error of a value is nothing beside it. */
const isCertain = (of: Ranged): boolean =>
  of.error === 0 || (typeof of.error === "number" && leastOf(of) >= LARGE);

/** What is infinite from `end` on, where it is made smaller by a term or a factor; nothing is where `end` is infinite. */
const less = (end: number, term: number): number => (end === Infinity ? end : Math.max(0, end - term));
const times = (end: number, factor: number): number => (end === Infinity ? end : end * factor || 0);

/** Where a function of two values lies that has no extremum inside. */
function corners(f: (a: number, b: number) => number, a: Ranged, b: Ranged): readonly [number, number] {
  const ends = [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
  // 0 · ∞, of numbers that are finite
  const found = ends.map((end) => (Number.isNaN(end) ? 0 : end));
  return [Math.min(...found), Math.max(...found)];
}

/** What a condition says of a value that is taken where it holds, and of one that is taken elsewhere. */
function refined({ compared }: Ranged, yes: Ranged, no: Ranged): readonly [Ranged, Ranged] {
  if (compared === undefined) return [yes, no];
  const [less, more] = compared;
  return [
    below(atLeast(yes, more, less.low), less, more.high),
    below(atLeast(no, less, more.low), more, less.high),
  ];
}

/** A value, if `known` is at most `end`. */
function below(value: Ranged, known: Ranged, end: number): Ranged {
  if (value.node === known.node) return { ...value, high: Math.min(value.high, end) };
  if (value.negated?.node === known.node) return { ...value, low: Math.max(value.low, -end) };
  if (value.node !== known.inside?.node) return value;
  return { ...value, low: Math.max(value.low, -end), high: Math.min(value.high, end) };
}

/** A value, if `known` is at least `end`. */
function atLeast(value: Ranged, known: Ranged, end: number): Ranged {
  if (value.node === known.node) return { ...value, low: Math.max(value.low, end) };
  if (value.negated?.node === known.node) return { ...value, high: Math.min(value.high, -end) };
  return value;
}
