/**
 * Terms that simplify as they are built: what a formula is made of. Sums collect like terms, products collect powers, and
 * the logistic function, the normal distribution and signs are recognised.
 */

import type { Arithmetic } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";

/** Functions of a term, by the names of the arithmetic and some more that textbooks have. */
export type FunctionName =
  | "abs"
  | "maximum"
  | "minimum"
  | "exp"
  | "log"
  | "log1p"
  | "expm1"
  | "sin"
  | "cos"
  | "tanh"
  | "erf"
  | "erfc"
  | "pow"
  | "sigmoid"
  | "normalCdf"
  | "normalDensity"
  | "sign";

/** A node of a formula. Terms of one key are equal. */
export type Term = {
  readonly key: string;
  /** How much there is to read. */
  readonly size: number;
  readonly parts: readonly Term[];
} & (
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "variable"; readonly index: number }
  | { readonly kind: "sum" }
  /** The coefficient times each part to its power; the powers are constants. */
  | { readonly kind: "product"; readonly coefficient: number; readonly powers: readonly number[] }
  | { readonly kind: "function"; readonly name: FunctionName }
  /** A comparison or a combination of such, 1 or 0. */
  | { readonly kind: "condition"; readonly sign: "<" | "≤" | "=" | "≠" | "and" | "or" }
  /** The first part is the condition, then what holds where it does, then what holds elsewhere. */
  | { readonly kind: "choice" }
);

/** A term without what follows from it. */
type Draft = Term extends infer T ? (T extends Term ? Omit<T, "key" | "size"> : never) : never;

function make(draft: Draft): Term {
  const { kind, parts, ...rest } = draft;
  const own = Object.values(rest).map((value) =>
    typeof value === "number" ? Number(value.toPrecision(12)) : value,
  );
  const key = `${kind}${own.length > 0 ? `:${own.join(":")}` : ""}(${parts.map((part) => part.key).join()})`;
  const size = parts.reduce((sum, part) => sum + part.size, 1);
  return { ...draft, key, size } as Term;
}

/** The same number for every element. */
export const number = (value: number): Term => make({ kind: "number", value, parts: [] });

/** An operand. */
export const variable = (index: number): Term => make({ kind: "variable", index, parts: [] });

export const ZERO: Term = /* @__PURE__ */ number(0);
export const ONE: Term = /* @__PURE__ */ number(1);

/**
 * Terms as an arithmetic: expressions read with it become formulas.
 *
 * @param decide which way a choice with this condition always goes; undefined where it stays a choice
 */
export function arithmeticOf(decide: (condition: Term) => boolean | undefined): Arithmetic<Term> {
  const call =
    (name: FunctionName) =>
    (...parts: Term[]): Term =>
      apply(name, parts);
  return {
    constant: number,
    add: (a, b) => sum([a, b]),
    sub: (a, b) => sum([a, negated(b)]),
    mul: (a, b) => product([a, b], [1, 1]),
    div: (a, b) => product([a, b], [1, -1]),
    neg: negated,
    abs: call("abs"),
    sqrt: (a) => product([a], [0.5]),
    maximum: call("maximum"),
    minimum: call("minimum"),
    less: (a, b) => compare("<", a, b),
    equal: (a, b) => compare("=", a, b),
    where: (condition, a, b) => {
      const test = truth(condition);
      const decision = test.kind === "number" ? test.value !== 0 : decide(test);
      return decision === undefined ? choice(test, a, b) : decision ? a : b;
    },
    exp: call("exp"),
    log: call("log"),
    log1p: call("log1p"),
    expm1: call("expm1"),
    sin: call("sin"),
    cos: call("cos"),
    tanh: call("tanh"),
    erf: call("erf"),
    erfc: call("erfc"),
    pow: call("pow"),
  };
}

/** The value in float64. */
export function evaluateTerm(term: Term, values: readonly number[]): number {
  const part = (i: number): number => evaluateTerm(term.parts[i], values);
  switch (term.kind) {
    case "number":
      return term.value;
    case "variable":
      return values[term.index];
    case "sum": {
      // 1 − σ(a) is printed, but has no digits where σ(a) is nearly 1.
      const inner = sigmoidOf(term);
      if (inner !== null) return FUNCTIONS.sigmoid(evaluateTerm(inner, values), 0);
      return term.parts.reduce((total, _, i) => total + part(i), 0);
    }
    case "product":
      return term.parts.reduce((total, _, i) => total * power(part(i), term.powers[i]), term.coefficient);
    case "choice":
      return part(0) !== 0 ? part(1) : part(2);
    case "condition": {
      const [a, b] = [part(0), part(1)];
      const { sign } = term;
      if (sign === "and" || sign === "or") return sign === "and" ? a * b : Math.max(a, b);
      return Number(sign === "<" ? a < b : sign === "≤" ? a <= b : sign === "=" ? a === b : a !== b);
    }
    case "function":
      return FUNCTIONS[term.name](part(0), term.parts.length > 1 ? part(1) : 0);
  }
}

const FUNCTIONS: Record<FunctionName, (a: number, b: number) => number> = {
  ...numbers,
  sigmoid: (a) => 1 / (1 + numbers.exp(-a)),
  normalCdf: (a) => 0.5 * numbers.erfc(-a * Math.SQRT1_2),
  normalDensity: (a) => DENSITY * numbers.exp((-a * a) / 2),
  sign: Math.sign,
};

/** 1/√(2π), the normal density at 0. */
const DENSITY = 0.3989422804014327;

function power(base: number, exponent: number): number {
  return exponent === 1 ? base : exponent === 0.5 ? Math.sqrt(base) : numbers.pow(base, exponent);
}

/** What multiplies a term, and the rest of it. */
export function split(term: Term): [coefficient: number, rest: Term] {
  if (term.kind === "number") return [term.value, ONE];
  if (term.kind !== "product" || term.coefficient === 1) return [1, term];
  return [term.coefficient, rawProduct(1, term.parts, term.powers)];
}

/** −a */
export function negated(term: Term): Term {
  return scaled(term, -1);
}

function scaled(term: Term, by: number): Term {
  return product([number(by), term], [1, 1]);
}

function rawProduct(coefficient: number, parts: readonly Term[], powers: readonly number[]): Term {
  if (parts.length === 0 || coefficient === 0) return number(coefficient);
  if (coefficient === 1 && parts.length === 1 && powers[0] === 1) return parts[0];
  return make({ kind: "product", coefficient, parts, powers });
}

/** A sum with like terms collected. */
function sum(given: readonly Term[]): Term {
  const terms = new Map<string, [number, Term]>();
  for (const term of given.flatMap((term) => (term.kind === "sum" ? term.parts : [term]))) {
    const [coefficient, rest] = split(term);
    const before = terms.get(rest.key)?.[0] ?? 0;
    terms.set(rest.key, [before + coefficient, rest]);
  }
  const parts = [...terms.values()]
    .filter(([coefficient]) => coefficient !== 0)
    .map(([coefficient, rest]) => scaled(rest, coefficient));
  if (parts.length === 0) return ZERO;
  if (parts.length === 1) return parts[0];
  if (parts.length === 2) {
    const [[first, a], [second, b]] = parts.map(split);
    if (second === -1 && b.kind === "condition") {
      if (a === ONE && first === 1) return not(b);
      // 1 where a is positive, −1 where it is negative.
      if (first === 1 && a.kind === "condition" && isBelowZero(b) && isBelowZero(a, 1))
        if (a.parts[1].key === b.parts[0].key) return apply("sign", [b.parts[0]]);
    }
  }
  return make({ kind: "sum", parts });
}

/** A product with equal factors collected. */
function product(given: readonly Term[], exponents: readonly number[]): Term {
  let coefficient = 1;
  const factors = new Map<string, [Term, number]>();
  let condition: Term = ONE;
  let exponent: Term = ZERO;
  const multiply = (term: Term, by: number): void => {
    if (term.kind === "number") coefficient *= power(term.value, by);
    else if (term.kind === "product" && Number.isInteger(by)) {
      coefficient *= power(term.coefficient, by);
      for (const [i, part] of term.parts.entries()) multiply(part, term.powers[i] * by);
    } else if (term.kind === "condition" && by > 0) condition = logic("and", condition, term);
    else if (term.kind === "function" && term.name === "exp")
      exponent = sum([exponent, scaled(term.parts[0], by)]);
    else if (isOnePlusExp(term) && Number.isInteger(by) && by < 0) {
      // 1/(1 + eᵃ) = σ(−a)
      multiply(sigmoid(negated(term.parts.find((part) => part.kind === "function")!.parts[0])), -by);
    } else factors.set(term.key, [term, (factors.get(term.key)?.[1] ?? 0) + by]);
  };
  for (const [i, term] of given.entries()) multiply(term, exponents[i]);
  // eᵃ σ(−a) = σ(a)
  for (const [key, [factor, times]] of [...factors]) {
    const inner = sigmoidOf(factor);
    if (inner === null || exponent === ZERO) continue;
    for (let count = times; count >= 1; count--) {
      if (exponent.key !== scaled(inner, -count).key) continue;
      exponent = ZERO;
      factors.set(key, [factor, times - count]);
      multiply(sigmoid(negated(inner)), count);
      break;
    }
  }
  if (exponent.key !== ZERO.key) {
    let growth = apply("exp", [exponent]);
    const [half, squared] = split(exponent);
    const ratio = coefficient / DENSITY;
    const isSquare = squared.kind === "product" && squared.parts.length === 1 && squared.powers[0] === 2;
    if (isSquare && isNear(half, -0.5) && isNear(ratio, Math.round(ratio)) && Math.round(ratio) !== 0) {
      growth = apply("normalDensity", [squared.parts[0]]);
      coefficient = Math.round(ratio);
    }
    if (growth.kind === "number") coefficient *= growth.value;
    else factors.set(growth.key, [growth, 1]);
  }
  // ½ erfc(−a/√2) = Φ(a)
  for (const [key, [factor, times]] of [...factors]) {
    if (factor.kind !== "function" || factor.name !== "erfc" || times !== 1) continue;
    const [inner, rest] = split(factor.parts[0]);
    if (!isNear(inner, -Math.SQRT1_2)) continue;
    factors.delete(key);
    const whole = apply("normalCdf", [rest]);
    factors.set(whole.key, [whole, 1]);
    coefficient *= 2;
  }
  if (condition.kind === "number") coefficient *= condition.value;
  else factors.set(condition.key, [condition, 1]);
  const left = [...factors.values()].filter(([, times]) => times !== 0);
  return rawProduct(
    coefficient,
    left.map(([factor]) => factor),
    left.map(([, times]) => times),
  );
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-12 * Math.abs(b);
}

function isOnePlusExp(term: Term): boolean {
  if (term.kind !== "sum" || term.parts.length !== 2) return false;
  return (
    term.parts.some(({ key }) => key === ONE.key) &&
    term.parts.some((part) => part.kind === "function" && part.name === "exp")
  );
}

/** σ(a), of which 1 − σ(−a) is the other way to write it: the one in which a has no minus. */
function sigmoid(a: Term): Term {
  const isNegative = split(a)[0] < 0;
  const positive = make({ kind: "function", name: "sigmoid", parts: [isNegative ? negated(a) : a] });
  return isNegative ? make({ kind: "sum", parts: [ONE, negated(positive)] }) : positive;
}

/** a, of what is σ(a) in either form; else null. */
function sigmoidOf(term: Term): Term | null {
  if (term.kind === "function") return term.name === "sigmoid" ? term.parts[0] : null;
  if (term.kind !== "sum" || term.parts.length !== 2) return null;
  const other = term.parts.find(({ key }) => key !== ONE.key)!;
  const [coefficient, inner] = split(other);
  const isComplement = term.parts[0].key === ONE.key || term.parts[1].key === ONE.key;
  if (!isComplement || coefficient !== -1 || inner.kind !== "function" || inner.name !== "sigmoid")
    return null;
  return negated(inner.parts[0]);
}

function apply(name: FunctionName, parts: readonly Term[]): Term {
  const [a, b] = parts;
  const values = parts.flatMap((part) => (part.kind === "number" ? [part.value] : []));
  if (values.length === parts.length) {
    const value = FUNCTIONS[name](values[0], values[1]);
    if (Number.isFinite(value)) return number(value);
  }
  switch (name) {
    case "pow":
      if (b.kind === "number") return product([a], [b.value]);
      break;
    case "abs":
    case "normalDensity":
      if (split(a)[0] < 0) return apply(name, [negated(a)]);
      break;
    case "expm1":
      return sum([apply("exp", [a]), number(-1)]);
    case "log1p":
      return apply("log", [sum([ONE, a])]);
    case "maximum":
    case "minimum":
      if (isTruth(a) && isTruth(b)) return logic(name === "maximum" ? "or" : "and", a, b);
      if (a.key === b.key) return a;
      break;
  }
  return make({ kind: "function", name, parts });
}

// ---- conditions

function compare(sign: "<" | "≤" | "=" | "≠", a: Term, b: Term): Term {
  const term = make({ kind: "condition", sign, parts: [a, b] });
  return a.kind === "number" && b.kind === "number" ? number(evaluateTerm(term, [])) : term;
}

/** Whether a term is 1 or 0. */
function isTruth(term: Term): boolean {
  return term.kind === "condition" || (term.kind === "number" && (term.value === 0 || term.value === 1));
}

/** What holds where a term is not 0. */
function truth(term: Term): Term {
  return isTruth(term) || term.kind === "number" ? term : compare("≠", term, ZERO);
}

function not(term: Term): Term {
  if (term.kind === "number") return number(1 - term.value);
  if (term.kind !== "condition") return compare("=", term, ZERO);
  const [a, b] = term.parts;
  switch (term.sign) {
    case "and":
      return logic("or", not(a), not(b));
    case "or":
      return logic("and", not(a), not(b));
    case "<":
      return compare("≤", b, a);
    case "≤":
      return compare("<", b, a);
    default:
      return compare(term.sign === "=" ? "≠" : "=", a, b);
  }
}

function logic(sign: "and" | "or", a: Term, b: Term): Term {
  const neutral = sign === "and" ? 1 : 0;
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    if (one.kind === "number") return one.value === neutral ? other : one;
  }
  if (a.key === b.key) return a;
  if (sign === "or" && a.kind === "condition" && b.kind === "condition" && a.sign === "<" && b.sign === "=") {
    const [sides, others] = [a, b].map(({ parts }) => parts.map(({ key }) => key).sort());
    if (sides.join() === others.join()) return compare("≤", a.parts[0], a.parts[1]);
  }
  return make({ kind: "condition", sign, parts: [a, b] });
}

/** Whether a condition is a < 0, or 0 < a where `side` is 1. */
function isBelowZero(term: Term, side = 0): boolean {
  return term.kind === "condition" && term.sign === "<" && term.parts[1 - side].key === ZERO.key;
}

function choice(condition: Term, a: Term, b: Term): Term {
  if (a.key === b.key) return a;
  if (isTruth(a) && isTruth(b))
    return logic("or", logic("and", condition, a), logic("and", not(condition), b));
  if (b.key === ZERO.key && condition.key === truth(a).key) return a;
  if (isBelowZero(condition)) {
    const [inner] = condition.parts;
    if (a.key === negated(b).key) {
      if (b.key === inner.key) return apply("abs", [inner]);
      if (a.key === inner.key) return negated(apply("abs", [inner]));
    }
    // −1 below, 0 at and 1 above 0.
    const isNowhere =
      b.kind === "condition" && b.sign === "≠" && b.parts.some(({ key }) => key === inner.key);
    if (a.key === number(-1).key && isNowhere && b.parts.some(({ key }) => key === ZERO.key))
      return apply("sign", [inner]);
  }
  return make({ kind: "choice", parts: [condition, a, b] });
}
