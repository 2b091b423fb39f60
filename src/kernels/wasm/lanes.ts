/**
 * Expressions read as SIMD lanes: four float32 numbers at a time. `laneArithmetic` turns an expression into a graph
 * of vector instructions in which equal subexpressions are one node, and `LaneEmitter` writes the graph into a
 * function: constants in front of all loops, what is the same for a whole row in front of the inner loop, the rest
 * inside it.
 *
 * exp, log, sin … are built here from +, −, ×, ÷, √ and bit patterns, which every engine rounds alike (no relaxed
 * instruction, no fused multiply-add), on the plan of kernels/math.ts: reduce, polynomial, undo. The polynomials are
 * weighted minimax fits with float32 coefficients. The greatest error is stated at each function, in units in the last
 * place (ulp) of the exact value, measured over every float32 number whose result is not trivial (log beyond 2^±8 and
 * sin and cos above 2²⁰: every 61st; pow: three million pairs). Special values are those of `Math`.
 */

import type { Arithmetic, Expression, Expressions } from "../arithmetic.ts";
import { cos, sin } from "../math.ts";
import {
  type Assembler,
  type Body,
  type Callable,
  f32,
  f32x4,
  f64,
  f64x2,
  i32x4,
  type Local,
  type Value,
  v128,
} from "./assembler.ts";
import { guarded, rescueOfAll } from "./range.ts";

type Vector = Value<"v128">;

/** How often a node is computed: once, once a row, or for every four elements. */
export type Level = 0 | 1 | 2;

/** A vector instruction and its operands (a number is an immediate, such as a shift count). */
export interface Node {
  readonly id: number;
  readonly instruction: (...operands: never[]) => Vector;
  readonly operands: readonly (Node | number)[];
  readonly level: Level;
  /** What takes over in the lanes of operands[0], a mask, from operands[1]; the others are what it takes. */
  readonly rescue?: Rescue;
  /** Whether operands[2] is the value, and operands[1] too but in lanes of operands[0], a mask. */
  readonly isUsual?: true;
  /** The value, if the node is a float32 constant. */
  readonly constant?: number;
}

/** What lanes call for operands that they cannot compute with themselves, one lane at a time. */
export interface Rescue {
  run(...operands: number[]): number;
}

/** For arguments that lanes cannot reduce. */
export const CIRCULAR: Readonly<Record<"sin" | "cos", Rescue>> = { sin: { run: sin }, cos: { run: cos } };

/** Makes nodes; asked twice for the same instruction on the same operands, it gives the same node. */
export class LaneGraph {
  /** What is called for lanes that need it, and how many operands it takes. */
  readonly rescues: Map<Rescue, number> = new Map();
  readonly #nodes: Map<string, Node> = new Map();
  readonly #names: Map<unknown, number> = new Map();

  /** A value that is set from outside by `LaneEmitter.bind`. */
  operand(level: Level): Node {
    return this.#add({ id: this.#nodes.size, instruction: unbound, operands: [], level });
  }

  /** The same float in all lanes. */
  float(value: number): Node {
    // Eight bytes of code, where a vector constant takes 18.
    return this.#constant(`f${bitsOf(value)}`, () => f32x4.splat(value), Math.fround(value));
  }

  int(value: number): Node {
    return this.#constant(`i${value | 0}`, () => i32x4.splat(value | 0));
  }

  double(value: number): Node {
    return this.#constant(`d${value}`, () => f64x2.splat(value));
  }

  /** An instruction of the assembler on nodes. */
  op(instruction: (...operands: never[]) => Vector, ...operands: readonly (Node | number)[]): Node {
    const key = `${this.#name(instruction)}(${operands.map((node) => (typeof node === "number" ? `#${node}` : node.id))})`;
    const levels = operands.map((node) => (typeof node === "number" ? 0 : node.level));
    return (
      this.#nodes.get(key) ??
      this.#add({ id: this.#nodes.size, instruction, operands, level: Math.max(0, ...levels) as Level }, key)
    );
  }

  /** `result`, but what the rescue makes of the operands in lanes of the mask. */
  rescue(rescue: Rescue, mask: Node, result: Node, operands: readonly Node[]): Node {
    this.rescues.set(rescue, operands.length);
    const all = [mask, result, ...operands];
    const key = `${this.#name(rescue)}(${all.map(({ id }) => id)})`;
    const level = Math.max(...all.map((node) => node.level)) as Level;
    return (
      this.#nodes.get(key) ??
      this.#add({ id: this.#nodes.size, instruction: unbound, operands: all, level, rescue }, key)
    );
  }

  /** A value, and what it usually is, in fewer instructions: in all lanes but those of the mask. */
  usually(usual: Node, unless: Node, value: Node): Node {
    const all = [unless, usual, value];
    const key = `usually(${all.map(({ id }) => id)})`;
    const level = Math.max(...all.map((node) => node.level)) as Level;
    return (
      this.#nodes.get(key) ??
      this.#add({ id: this.#nodes.size, instruction: unbound, operands: all, level, isUsual: true }, key)
    );
  }

  #constant(key: string, instruction: () => Vector, constant?: number): Node {
    const node = { id: this.#nodes.size, instruction, operands: [], level: 0 } as const;
    return this.#nodes.get(key) ?? this.#add(constant === undefined ? node : { ...node, constant }, key);
  }

  #add(node: Node, key = `operand ${node.id}`): Node {
    this.#nodes.set(key, node);
    return node;
  }

  #name(instruction: unknown): number {
    const known = this.#names.get(instruction);
    if (known === undefined) this.#names.set(instruction, this.#names.size);
    return known ?? this.#names.size - 1;
  }
}

export interface LaneArithmetic extends Arithmetic<Node> {
  /** ln x for normal positive finite x only. */
  logOfNormal(x: Node): Node;
  /** sin(r + low) for |r| ≤ π/4, low at most half an ulp of r: r + (r³ S(r²) + low), fit error below 2⁻²⁷. */
  sinNear(r: Node, low?: Node): Node;
  /** cos(r + low) for the same: 1 − (r²/2 − (r⁴ C(r²) − r low)), fit error below 2⁻³². */
  cosNear(r: Node, low?: Node): Node;
  /** All ones where the lane's integer is odd, else 0. */
  lowestBit(n: Node): Node;
  /**
   * The same value, of which nobody sees how it was made: what reads the result of another operation must do with it what it
   * would do with a number from memory.
   */
  opaque(x: Node): Node;
  /** The value of an expression, right also where steps on the way leave the range of float32: see range.ts. */
  guarded(expression: Expression, operands: readonly Node[]): Node;
  /** Results of expressions on the operands; where one of the conditions holds, in float64. */
  rescued(
    values: Expressions,
    results: readonly Node[],
    conditions: readonly Node[],
    operands: readonly Node[],
  ): Node[];
}

/** The arithmetic of lanes: its values are nodes of the graph. */
export function laneArithmetic(graph: LaneGraph): LaneArithmetic {
  const c = (value: number) => graph.float(value);
  const binary = (instruction: (a: Vector, b: Vector) => Vector) => (a: Node, b: Node) =>
    graph.op(instruction, a, b);
  const unary = (instruction: (a: Vector) => Vector) => (a: Node) => graph.op(instruction, a);
  const shift = (instruction: (a: Vector, bits: number) => Vector) => (a: Node, bits: number) =>
    graph.op(instruction, a, bits);

  const [add, sub, mul, div] = [f32x4.add, f32x4.sub, f32x4.mul, f32x4.div].map(binary);
  const [pmin, pmax, lt, eq, ne] = [f32x4.pmin, f32x4.pmax, f32x4.lt, f32x4.eq, f32x4.ne].map(binary);
  const [and, andnot, or, xor] = [v128.and, v128.andnot, v128.or, v128.xor].map(binary);
  const [integerAdd, integerSub] = [i32x4.add, i32x4.sub].map(binary);
  const [neg, abs, sqrt, trunc] = [f32x4.neg, f32x4.abs, f32x4.sqrt, f32x4.trunc].map(unary);
  const shl = shift(i32x4.shl);
  const select = (a: Node, b: Node, mask: Node) => graph.op(v128.bitselect, a, b, mask);

  const ONE = c(1);
  const INFINITE = c(Infinity);
  const SIGN = graph.int(0x80000000);
  const EXPONENT = graph.int(0xff800000); // sign and exponent: what is a multiple of 2²³
  const ROUND = c(12582912); // 1.5 · 2²³: adding it rounds to an integer and leaves that in the low bits

  const polynomial = (x: Node, coefficients: readonly number[]) => polynomialOf(graph, x, coefficients);

  const withSignOf = (x: Node, magnitude: Node): Node => or(magnitude, and(x, SIGN));

  /** x = n ln 2 + r, |r| ≤ ln 2 / 2; `rounded` is n + ROUND. LN2_HIGH has 15 bits, so n · LN2_HIGH is exact. */
  const reduceByLn2 = (x: Node) => {
    const rounded = add(mul(x, c(LOG2_E)), ROUND);
    const n = sub(rounded, ROUND);
    const head = sub(x, mul(n, c(LN2_HIGH)));
    const tail = mul(n, c(LN2_LOW));
    return { rounded, head, tail, r: sub(head, tail) };
  };

  /** eʳ − 1 − r for |r| ≤ ln 2 / 2, error below 2⁻²⁸ of eʳ. */
  const expTail = (r: Node): Node => mul(mul(r, r), polynomial(r, EXP));

  /** y · 2ⁿ rounded once: by two factors, as 2ⁿ itself may be out of range. */
  const scale = (y: Node, rounded: Node): Node => {
    const half = and(shl(rounded, 22), EXPONENT); // ⌊n/2⌋ · 2²³
    const rest = integerSub(shl(rounded, 23), half);
    return mul(mul(y, integerAdd(half, ONE)), integerAdd(rest, ONE));
  };

  const onePlus = (r: Node): Node => add(ONE, add(r, expTail(r)));
  const expOfReduced = (r: Node, rounded: Node): Node => scale(onePlus(r), rounded);

  // Error below 1.03 ulp. pmin and pmax keep a NaN that is their first operand; beyond the limits the result is 0 or Infinity.
  const exp = (x: Node): Node => {
    const { r, rounded } = reduceByLn2(pmin(pmax(x, c(-104)), c(89)));
    const value = expOfReduced(r, rounded);
    // Where something else is done far from 0, most results are ordinary numbers: n is added to their exponent.
    return x.isUsual ? graph.usually(ordinaryExp(x), isBeyond(x, 87), value) : value;
  };

  /** e^x for |x| ≤ 87, the same bits. */
  const ordinaryExp = (x: Node): Node => {
    const { r, rounded } = reduceByLn2(x);
    return integerAdd(onePlus(r), shl(rounded, 23));
  };

  /** Where |x| is more than a limit, or x is NaN. */
  const isBeyond = (x: Node, limit: number): Node => graph.op(i32x4.gt_s, abs(x), graph.int(bitsOf(limit)));

  /** x = 2ᵉ m with m in [√½, √2), for x > 0; a subnormal x is multiplied by 2²⁴ first. */
  const splitExponent = (x: Node): { m: Node; e: Node } => {
    const tiny = lt(x, c(SMALLEST_NORMAL));
    const normal = select(mul(x, c(0x1000000)), x, tiny);
    const shifted = exponentOf(normal);
    return { m: integerSub(normal, shifted), e: sub(exponentNumber(shifted), and(tiny, c(24))) };
  };
  const exponentOf = (x: Node): Node => and(integerSub(x, c(Math.SQRT1_2)), EXPONENT);
  const exponentNumber = (shifted: Node): Node =>
    graph.op(f32x4.convert_i32x4_s, graph.op(i32x4.shr_s, shifted, 23));

  /** e ln 2 + ln(1 + f) = e ln 2 + f − f²/2 + f³ L(f), for √½ − 1 ≤ f < √2 − 1; fit error below 2⁻²⁷. */
  const logOfReduced = (f: Node, e: Node): Node => {
    const z = mul(f, f);
    const small = add(mul(mul(z, f), polynomial(f, LOG)), mul(e, c(LN2_LOW)));
    return add(mul(e, c(LN2_HIGH)), sub(f, sub(mul(c(0.5), z), small)));
  };

  /** The logarithm's special values for its argument x: itself if NaN or Infinity, −Infinity at 0, NaN below. */
  const logSpecial = (x: Node, result: Node): Node =>
    or(select(c(-Infinity), select(result, x, lt(x, INFINITE)), eq(x, c(0))), lt(x, c(0)));

  const logOfNormal = (x: Node): Node => {
    const shifted = exponentOf(x);
    return logOfReduced(sub(integerSub(x, shifted), ONE), exponentNumber(shifted));
  };

  // Error below 0.9 ulp.
  const log = (x: Node): Node => {
    const { m, e } = splitExponent(x);
    return logSpecial(x, logOfReduced(sub(m, ONE), e));
  };

  // Error below 1.44 ulp.
  const log1p = (x: Node): Node => {
    const u = add(ONE, x);
    const most = sub(u, ONE);
    const lost = add(sub(ONE, sub(u, most)), sub(x, most)); // 1 + x = u + lost exactly (Knuth's TwoSum)
    const shifted = exponentOf(u);
    // 2⁻ᵉ, which falls to 0 at e = 127, where `lost` has no weight any more
    const power = integerSub(ONE, graph.op(i32x4.min_s, shifted, graph.int(127 << 23)));
    const f = add(sub(integerSub(u, shifted), ONE), mul(lost, power)); // x itself where e = 0
    return withSignOf(x, logSpecial(u, logOfReduced(f, exponentNumber(shifted))));
  };

  // Error below 1.35 ulp. eˣ − 1 = 2ⁿ (1 − 2⁻ⁿ + r + (eʳ − 1 − r)), the two large terms summed without error; halved on
  // the way, as 2¹²⁸ does not exist.
  const expm1 = (x: Node): Node => {
    const { rounded, head, tail, r } = reduceByLn2(pmin(pmax(x, c(-18)), c(89)));
    const w = integerAdd(shl(rounded, 23), c(0.5)); // 2ⁿ⁻¹
    const a = sub(w, c(0.5));
    const b = mul(w, r);
    const s = add(a, b);
    const rest = add(sub(b, sub(s, a)), mul(w, add(expTail(r), sub(sub(head, r), tail))));
    const half = add(s, rest);
    return select(x, add(half, half), lt(abs(x), c(1 / 0x1000000)));
  };

  // Error below 1.28 ulp: below 1 it is x + x³ T(x²), fit error below 2⁻³⁰, above 1 − 2 / (e²ˣ + 1).
  const tanh = (x: Node): Node => {
    const a = abs(x);
    const z = mul(a, a);
    const near = add(a, mul(a, mul(z, polynomial(z, TANH))));
    const far = sub(ONE, div(c(2), add(exp(add(a, a)), ONE)));
    return withSignOf(x, select(near, far, lt(a, ONE)));
  };

  // Error below 1.36 ulp: below 1 it is x + x E(x²), fit error below 2⁻²⁹, above 1 − e^(−x G(x)), below 2⁻²⁸.
  const erf = (x: Node): Node => {
    const a = abs(x);
    const near = add(a, mul(a, polynomial(mul(a, a), ERF)));
    const t = pmin(a, c(4)); // erfc(4) = 1.5e−8
    const far = sub(ONE, exp(neg(mul(t, polynomial(t, ERFC)))));
    return withSignOf(x, select(near, far, lt(a, ONE)));
  };

  // Error below 4 ulp: below ½ it is 1 − erf x, above e^(−x²) E(t) / (1 + 2x) with t = (x − 2) / (x + 2), fit error
  // below 2⁻²⁵. x² = h² + (x − h)(x + h) with 12 bits in h, so that h² is exact.
  const erfc = (x: Node): Node => {
    const a = pmin(abs(x), c(11)); // erfc(10.06) is less than half of the smallest float
    const h = and(a, graph.int(0xfffff000));
    const { rounded, head, tail } = reduceByLn2(neg(mul(h, h)));
    const gaussian = expOfReduced(sub(sub(head, tail), mul(sub(a, h), add(a, h))), rounded);
    const t = div(sub(a, c(2)), add(a, c(2)));
    const far = mul(gaussian, div(polynomial(t, ERFC_SCALED), add(ONE, add(a, a))));
    const z = mul(x, x);
    const near = sub(ONE, add(x, mul(x, polynomial(z, ERF))));
    return select(near, select(sub(c(2), far), far, lt(x, c(0))), lt(abs(x), c(0.5)));
  };

  /** The lower or upper two lanes as doubles, and back. */
  const halves = (x: Node): [Node, Node] => [
    graph.op(f64x2.promote_low_f32x4, x),
    graph.op(f64x2.promote_low_f32x4, graph.op(upperHalf, x)),
  ];
  const demoted = (low: Node, high: Node): Node =>
    graph.op(lowerHalves, graph.op(f32x4.demote_f64x2_zero, low), graph.op(f32x4.demote_f64x2_zero, high));
  const [add2, sub2, mul2, div2] = [f64x2.add, f64x2.sub, f64x2.mul, f64x2.div].map(binary);
  const [pmin2, pmax2] = [f64x2.pmin, f64x2.pmax].map(binary);
  const d = (value: number) => graph.double(value);

  /**
   * |x| = n π/2 + r + low, π/2 in three doubles (Cody and Waite). The first two have 24 bits: their products with
   * n < 2²⁹ are exact, as are the differences, so r is right to more bits than a float32 has; `low` is what it lacks.
   */
  const reduceByHalfPi = (a: Node): { quadrant: Node; r: Node; low: Node } => {
    const parts = halves(a).map((x) => {
      const rounded = add2(mul2(x, d(0.6366197723675814)), d(ROUND_DOUBLE));
      const n = sub2(rounded, d(ROUND_DOUBLE));
      return { rounded, r: HALF_PI.reduce((rest, part) => sub2(rest, mul2(n, d(part))), x) };
    });
    const r = demoted(parts[0].r, parts[1].r);
    const [low, high] = halves(r).map((half, i) => sub2(parts[i].r, half));
    return {
      quadrant: graph.op(evenLanes, parts[0].rounded, parts[1].rounded),
      r,
      low: demoted(low, high),
    };
  };

  const sinNear = (r: Node, low?: Node): Node => {
    const z = mul(r, r);
    const rest = mul(r, mul(z, polynomial(z, SIN)));
    return add(r, low === undefined ? rest : add(rest, low));
  };

  const cosNear = (r: Node, low?: Node): Node => {
    const z = mul(r, r);
    const tail = mul(mul(z, z), polynomial(z, COS));
    const rest = low === undefined ? tail : sub(tail, mul(r, low));
    return sub(ONE, sub(mul(c(0.5), z), rest));
  };

  const lowestBit = (n: Node): Node => graph.op(i32x4.shr_s, shl(n, 31), 31);

  // Error below 1.02 ulp; the low parts are what keeps it from 1.52.
  const circular = (name: "sin" | "cos", x: Node): Node => {
    const a = abs(x);
    const { quadrant, r, low } = reduceByHalfPi(a);
    // cos x = sin(x + π/2)
    const n = name === "cos" ? integerAdd(quadrant, graph.int(1)) : quadrant;
    const flip = and(shl(n, 30), SIGN); // the third and fourth quadrant
    const sign = name === "cos" ? flip : xor(flip, and(x, SIGN));
    const result = xor(select(cosNear(r, low), sinNear(r, low), lowestBit(n)), sign);
    return graph.rescue(CIRCULAR[name], graph.op(f32x4.gt, a, c(RESCUE_ABOVE)), result, [x]);
  };

  // Error below 0.99 ulp.
  const power = (x: Node, y: Node): Node => {
    const a = abs(x);
    const { m, e } = splitExponent(a);
    // ±Infinity here makes the special values of 0 and Infinity come out by themselves
    const exponents = halves(select(c(-Infinity), select(e, a, lt(a, INFINITE)), eq(a, c(0))));
    const ys = halves(y);
    // y log₂ |x| = n + r, in doubles; log₂ m = s Q(s²), s = (m − 1)/(m + 1), fit error below 2⁻³⁷
    const parts = halves(m).map((m, i) => {
      const s = div2(sub2(m, d(1)), add2(m, d(1)));
      const z = mul2(s, s);
      const series = LOG2.slice(0, -1).reduceRight<Node>(
        (sum, coefficient) => add2(mul2(sum, z), d(coefficient)),
        d(LOG2[LOG2.length - 1]),
      );
      const exponent = mul2(ys[i], add2(exponents[i], mul2(s, series)));
      const limited = pmin2(pmax2(exponent, d(-200)), d(200));
      const n = sub2(add2(limited, d(ROUND_DOUBLE)), d(ROUND_DOUBLE));
      return { n, r: mul2(sub2(limited, n), d(Math.LN2)) };
    });
    const n = demoted(parts[0].n, parts[1].n);
    const magnitude = expOfReduced(demoted(parts[0].r, parts[1].r), add(n, ROUND));
    const isFraction = ne(trunc(y), y);
    const half = mul(y, c(0.5));
    const isOdd = andnot(ne(trunc(half), half), isFraction);
    const signed = xor(magnitude, and(and(x, SIGN), isOdd));
    const outside = and(and(lt(x, c(0)), lt(a, INFINITE)), isFraction);
    return select(ONE, or(signed, outside), eq(y, c(0)));
  };

  const POWERS = new Map<number | undefined, (x: Node) => Node>([
    [0, () => ONE],
    [1, (x) => x],
    [2, (x) => mul(x, x)],
    [3, (x) => mul(mul(x, x), x)],
    [-1, (x) => div(ONE, x)],
  ]);

  /** Comparisons are masks inside and 1 or 0 outside; `where` takes the mask. */
  const masks = new Map<Node, Node>();
  const truth = (mask: Node): Node => {
    const value = and(mask, ONE);
    masks.set(value, mask);
    return value;
  };
  const maskOf = (condition: Node): Node => masks.get(condition) ?? ne(condition, c(0));

  /**
   * The exact minimum and maximum take some seven machine instructions for the sake of NaN and −0. With a constant
   * the one-instruction forms do: they keep a NaN in x, and 0 has its cases below.
   */
  const extremum =
    (exact: (a: Node, b: Node) => Node, withConstant: (x: Node, limit: Node) => Node) =>
    (a: Node, b: Node): Node => {
      const [x, limit] = a.constant === undefined ? [a, b] : [b, a];
      return limit.constant === undefined || Number.isNaN(limit.constant)
        ? exact(a, b)
        : withConstant(x, limit);
    };
  const maximum = extremum(
    binary(f32x4.max),
    (x, limit) => (Object.is(limit.constant, 0) ? add(pmax(x, limit), limit) : pmax(x, limit)), // −0 + 0 = 0
  );
  const exactMinimum = binary(f32x4.min);
  const minimum = extremum(exactMinimum, (x, limit) =>
    Object.is(limit.constant, -0) ? exactMinimum(x, limit) : pmin(x, limit),
  );

  const arithmetic: LaneArithmetic = {
    constant: c,
    add,
    sub,
    mul,
    div,
    neg,
    abs,
    sqrt,
    maximum,
    minimum,
    less: (a, b) => truth(lt(a, b)),
    equal: (a, b) => truth(eq(a, b)),
    where: (condition, a, b) => {
      const mask = maskOf(condition);
      // −|x| as the logistic function writes it: one instruction for two.
      if (mask === lt(a, c(0)) && b === neg(a)) return or(a, SIGN);
      const value = Object.is(b.constant, 0) ? and(a, mask) : select(a, b, mask);
      const limit = mask.instruction === f32x4.lt ? (mask.operands[1] as Node).constant : undefined;
      if (limit === undefined || Math.abs(limit) < FAR) return value;
      return limit < 0 ? graph.usually(b, mask, value) : graph.usually(a, graph.op(v128.not, mask), value);
    },
    exp,
    log,
    log1p,
    expm1,
    sin: (x) => circular("sin", x),
    cos: (x) => circular("cos", x),
    tanh,
    erf,
    erfc,
    pow: (x, y) => POWERS.get(y.constant)?.(x) ?? power(x, y),
    logOfNormal,
    sinNear,
    cosNear,
    lowestBit,
    opaque: (x) => graph.op(itself, x),
    guarded: (expression, operands) => guarded(arithmetic, graph, expression, operands),
    rescued: (values, results, conditions, operands) => {
      const mask = conditions.map(maskOf).reduce(or);
      return results.map((result, k) => graph.rescue(rescueOfAll(values), mask, result, [c(k), ...operands]));
    },
  };
  return arithmetic;
}

/**
 * c₀ + c₁ x + c₂ x² + …. From five coefficients on, the even and the odd powers are summed apart by Horner's rule: a
 * chain of half the length, which takes log and erf 8 % less time.
 */
function polynomialOf(graph: LaneGraph, x: Node, coefficients: readonly number[]): Node {
  if (coefficients.length >= 5) {
    const square = graph.op(f32x4.mul, x, x);
    const [even, odd] = [0, 1].map((parity) =>
      polynomialOf(
        graph,
        square,
        coefficients.filter((_, i) => i % 2 === parity),
      ),
    );
    return graph.op(f32x4.add, even, graph.op(f32x4.mul, x, odd));
  }
  const last = graph.float(coefficients[coefficients.length - 1]);
  return coefficients
    .slice(0, -1)
    .reduceRight(
      (sum, coefficient) => graph.op(f32x4.add, graph.op(f32x4.mul, sum, x), graph.float(coefficient)),
      last,
    );
}

/** Writes the nodes that `results` need into a function body, each level when it is called for. */
export class LaneEmitter {
  readonly #body: Body;
  readonly #rescue: RescueFunctions;
  readonly #beside: LaneEmitter | null;
  #doubt: Local<"v128"> | null = null;
  /** The masks that are in it. */
  readonly #doubts: Set<Node> = new Set();
  readonly #order: Node[] = []; // operands before what uses them
  readonly #uses: Map<Node, number> = new Map();
  readonly #usedAbove: Set<Node> = new Set(); // by a node of a higher level, or as a result
  readonly #locals: Map<Node, Local<"v128">> = new Map();
  readonly #computed: Set<Node> = new Set();

  /**
   * Of what the results need. Given one for a single vector, it computes vectors `abreast` in the same loop: what is the same for
   * a row is taken from there, and instructions come in the order of their distance from the operands, so that results of
   * equal form take turns and none waits for its own last instruction. It computes what values usually are, and no element is
   * rescued then, but `doubt` tells that one has to be: a loop that calls no function keeps its values in registers, and
   * takes half of the time.
   */
  constructor(
    body: Body,
    results: readonly Node[],
    rescue: RescueFunctions = new Map(),
    beside: LaneEmitter | null = null,
  ) {
    this.#body = body;
    this.#rescue = rescue;
    this.#beside = beside;
    for (const result of results) {
      this.#visit(result);
      this.#usedAbove.add(result);
    }
    if (beside === null) return;
    const distances = new Map<Node | number, number>();
    for (const node of this.#order)
      distances.set(
        node,
        1 + Math.max(0, ...this.#needsOf(node).map((operand) => distances.get(operand) ?? 0)),
      );
    this.#order.sort((a, b) => distances.get(a)! - distances.get(b)!);
  }

  /** Whether the results need a node at all. */
  needs(node: Node): boolean {
    return this.#uses.has(node);
  }

  /** The number of instructions on a level. */
  size(level: Level): number {
    return this.#order.filter((node) => node.level === level && node.instruction !== unbound).length;
  }

  /** Whether results are only right where `doubt` is 0. */
  get hasDoubts(): boolean {
    return this.#order.some((node) => node.level === 2 && isDoubtful(node));
  }

  /** Lanes whose results have to be rescued, of the last computation of level 2. */
  get doubt(): Local<"v128"> {
    return this.#doubt!;
  }

  /** Sets an operand. */
  bind(node: Node, value: Vector): void {
    this.#assign(node, value);
  }

  /** Computes all of a level that higher levels and results need. */
  compute(level: Level): void {
    const nodes = this.#order.filter(
      (node) => node.level === level && (node.instruction !== unbound || isDoubtful(node)),
    );
    for (const node of nodes) this.#computed.delete(node); // by an earlier call
    for (const node of nodes) {
      if (this.#beside !== null && isDoubtful(node)) this.#computeDoubtful(node);
      else if (node.rescue !== undefined) this.#computeRescue(node, node.rescue);
      else if (this.#beside !== null || this.#uses.get(node)! > 1 || this.#usedAbove.has(node)) {
        this.#assign(node, this.#expression(node));
      }
    }
  }

  /** The value of an operand or of a result that has been computed. */
  value(node: Node): Local<"v128"> {
    const local = this.#locals.get(node);
    if (local === undefined && this.#beside !== null && node.level < 2) return this.#beside.value(node);
    if (local === undefined) throw new Error("lanes: a value is used before it is computed");
    return local;
  }

  #visit(node: Node): void {
    if (this.#beside !== null && node.level < 2) {
      this.#beside.#visit(node);
      this.#beside.#usedAbove.add(node);
      return;
    }
    const uses = this.#uses.get(node);
    this.#uses.set(node, (uses ?? 0) + 1);
    if (uses !== undefined) return;
    for (const operand of this.#needsOf(node)) {
      if (typeof operand === "number") continue;
      this.#visit(operand);
      if (operand.level < node.level) this.#usedAbove.add(operand);
    }
    this.#order.push(node);
  }

  /** The operands that a node is computed from here. */
  #needsOf({ operands, isUsual }: Node): readonly (Node | number)[] {
    if (!isUsual) return operands;
    return this.#beside === null ? operands.slice(2) : operands.slice(0, 2);
  }

  #computeRescue(node: Node, rescue: Rescue): void {
    const [doubt, result, ...operands] = (node.operands as Node[]).map((operand) => this.#operand(operand));
    const mask = this.#body.let(doubt);
    const local = this.#assign(node, result);
    this.#body.if(v128.any_true(mask), () =>
      this.#body.set(local, this.#rescue.get(rescue)!.replace(mask, local, ...operands)),
    );
  }

  #computeDoubtful(node: Node): void {
    const [mask, result] = node.operands as Node[];
    if (!this.#doubts.has(mask)) {
      const before = this.#doubt;
      this.#doubt ??= this.#body.local("v128");
      const doubt = this.#operand(mask);
      this.#body.set(this.#doubt, before === null ? doubt : v128.or(before, doubt));
      this.#doubts.add(mask);
    }
    this.#assign(node, this.#operand(result));
  }

  /** The code of a node; operands that are used once are written in place. */
  #expression(node: Node): Vector {
    if (node.isUsual) return this.#operand(node.operands[2] as Node);
    const operands = node.operands.map((operand) =>
      typeof operand === "number" ? operand : this.#operand(operand),
    );
    return node.instruction(...(operands as never[]));
  }

  #operand(node: Node): Vector {
    if (this.#computed.has(node)) return this.value(node);
    return node.level < 2 && this.#beside !== null ? this.#beside.#operand(node) : this.#expression(node);
  }

  #assign(node: Node, value: Vector): Local<"v128"> {
    const local = this.#locals.get(node) ?? this.#body.local("v128");
    this.#locals.set(node, local);
    this.#computed.add(node);
    this.#body.set(local, value);
    return local;
  }
}

/** Rescues as functions of numbers, and (mask, result, …operands) that replace the lanes of result that the mask chooses. */
export type RescueFunctions = ReadonlyMap<
  Rescue,
  { readonly run: Callable<readonly "f64"[], "f64">; readonly replace: Callable<readonly "v128"[], "v128"> }
>;

/** The name of a module's imports that `writeRescues` asks for. */
export const RESCUES = "rescues";

/** Imports what graphs need and writes a function around each; call it after other imports. */
export function writeRescues(
  assembler: Assembler,
  rescues: ReadonlyMap<Rescue, number>,
): { readonly functions: RescueFunctions; readonly imports: Record<string, Rescue["run"]> } {
  const needed = [...rescues].map(([rescue, count], i) => {
    const parameters = Array.from({ length: count }, () => "f64" as const);
    return { rescue, count, run: assembler.importFunction(RESCUES, `${i}`, parameters, "f64") };
  });
  const functions = needed.map(({ rescue, count, run }, i) => {
    const parameters = Array.from({ length: count + 2 }, () => "v128" as const);
    const replace = assembler.function(
      `$rescue${i}`,
      parameters,
      "v128",
      (body, mask, result, ...operands) => {
        for (let lane = 0; lane < 4; lane++) {
          body.if(i32x4.extract_lane(mask, lane), () => {
            const values = operands.map((x) => f64.promote_f32(f32x4.extract_lane(x, lane)));
            body.set(result, f32x4.replace_lane(result, lane, f32.demote_f64(run(...values))));
          });
        }
        return result;
      },
    );
    return [rescue, { run, replace }] as const;
  });
  const imports = needed.map(({ rescue }, i) => [`${i}`, (...x: number[]) => rescue.run(...x)] as const);
  return { functions: new Map(functions), imports: Object.fromEntries(imports) };
}

function unbound(): never {
  throw new Error("lanes: an operand is used before it is bound");
}

/** Whether a node has no instruction, but is operands[1] in all lanes but those of operands[0]. */
const isDoubtful = ({ instruction, operands }: Node): boolean =>
  instruction === unbound && operands.length > 0;
const itself = (a: Vector): Vector => a;
const upperHalf = (a: Vector): Vector => i32x4.shuffle(a, a, [2, 3, 2, 3]);
const lowerHalves = (a: Vector, b: Vector): Vector => i32x4.shuffle(a, b, [0, 1, 4, 5]);
const evenLanes = (a: Vector, b: Vector): Vector => i32x4.shuffle(a, b, [0, 2, 4, 6]);

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}

/** Numbers are seldom beyond a limit that is as far from 0. */
const FAR = 64;
/** sin and cos of larger numbers are taken from math.ts, one at a time; n of the reduction stays below 2²⁹. */
const RESCUE_ABOVE = 0x20000000;

const SMALLEST_NORMAL = 1.1754943508222875e-38;
const ROUND_DOUBLE = 6755399441055744; // 1.5 · 2⁵²
const LOG2_E = Math.LOG2E;
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = 1.42860676533018e-6;
const HALF_PI = [1.570796251296997, 7.549789771132964e-8, 1.837589179357618e-15];

// biome-ignore format: one function a line.
const EXP = [0.5, 0.16666533052921295, 0.04166724905371666, 0.008367626927793026, 0.0013863202184438705];
const LOG = [
  0.3333333134651184, -0.2500082850456238, 0.20001263916492462, -0.1662309318780899, 0.14200688898563385,
  -0.13161885738372803, 0.12770389020442963, -0.07641006261110306,
];
const TANH = [
  -0.333333283662796, 0.13333174586296082, -0.0539507158100605, 0.021774355322122574, -0.008571075275540352,
  0.0030481270514428616, -0.0008212084067054093, 0.00011621051089605317,
];
const ERF = [
  0.12837916612625122, -0.3761262595653534, 0.11283578723669052, -0.026853347197175026, 0.005187162198126316,
  -0.0007997853099368513, 7.806903158780187e-5,
];
/** −ln erfc(t) / t for 1 ≤ t ≤ 4, fitted for the error of erf. */
const ERFC = [
  1.128480076789856, 0.635831356048584, 0.10511629283428192, -0.022798558697104454, 0.003186976769939065,
  -0.00021064704924356192,
];
const ERFC_SCALED = [
  1.2769783735275269, -0.09276360273361206, -0.16602972149848938, 0.1640431135892868, -0.054226744920015335,
  -0.007952519692480564, 0.008728690445423126, 0.0009579061297699809, -0.001362615148536861,
];
const SIN = [-0.16666653752326965, 0.008332106284797192, -0.00019507874094415456];
const COS = [0.04166664555668831, -0.0013887308305129409, 2.443210905767046e-5];
const LOG2 = [
  2.885390081790266, 0.9617966731153197, 0.5770836287686902, 0.41167004828552106, 0.3407803857216914,
];
