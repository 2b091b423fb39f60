/**
 * Elementwise expressions as formulas, simplified to what a textbook would print: the value of an operation, and its
 * derivative by an operand. An expression is read with terms instead of numbers; see kernels/arithmetic.ts.
 */

import { checkKind } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import type { Expression } from "../kernels/index.ts";
import { numbers } from "../kernels/typescript/numbers.ts";
import { ElementwiseOperation } from "../ops/elementwise-record.ts";
import { type Operation, OUTPUT } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { print, type Style, styles } from "./formula-text.ts";
import { arithmeticOf, evaluateTerm, number, ONE, type Term, variable, ZERO } from "./terms.ts";

/** What is longer than this is an approximation that no textbook prints: asin(x) says more. */
const LONGEST = 50;

/** A formula of named operands, to be printed or evaluated. */
export class Formula {
  readonly #term: Term;
  readonly #names: readonly string[];
  readonly #called: string | undefined;

  /** Formulas come from `valueFormula`, `derivativeFormula` and `formulaOf`. @param called the function, where it has a name */
  constructor(term: Term, names: readonly string[], called?: string) {
    this.#term = term;
    this.#names = names;
    this.#called = called;
  }

  /** As text, such as `σ(x) (1 + x (1 − σ(x)))`; other texts can stand in for the operands, such as their values. */
  toString(operands: readonly string[] = this.#names): string {
    return this.#print(styles.text, operands);
  }

  /** As the inside of a MathML `<math>` element, which browsers typeset. */
  toMathML(operands: readonly string[] = this.#names): string {
    return this.#print(styles.mathML, operands);
  }

  /** The value in float64, where the operands have these values. */
  evaluate(...values: number[]): number {
    return evaluateTerm(this.#term, values);
  }

  #print(style: Style, operands: readonly string[]): string {
    const names = this.#names.map((name, i) => operands[i] ?? name);
    const isLong = () => print(this.#term, styles.text, (i) => this.#names[i]).length > LONGEST;
    if (this.#called !== undefined && isLong())
      return style.apply(style.name(this.#called), names.map(style.name).join(style.operator(",")));
    return print(this.#term, style, (index) => names[index]);
  }
}

/**
 * The formula of an expression. An operand is a name, or a number that is put in before the formula is simplified.
 *
 * Choices that change no value are left out: they keep digits or prevent an overflow, as in most expressions of
 * `src/ops/elementwise.ts`, and say nothing about the function.
 * @example String(formulaOf((m, x, y) => m.div(m.mul(x, y), y), "x", "y")); // x
 */
export function formulaOf(expression: Expression, ...operands: (string | number)[]): Formula {
  checkKind(
    "formulaOf",
    "an expression",
    expression,
    "function",
    "write (m, x) => …; of an operation, valueFormula(silu).",
  );
  return formula(expression, operands);
}

function formula(expression: Expression, operands: readonly (string | number)[], called?: string): Formula {
  const inputs = operands.map((operand, i) => (typeof operand === "number" ? number(operand) : variable(i)));
  return new Formula(simplest(expression, inputs), operands.map(String), called);
}

/** An operation: the function that applies it, such as `silu` or one of your own, or its record, as nodes have it. */
export type Described = Operation | ((...operands: never[]) => Tensor);

/**
 * The value of an elementwise operation as a formula; null for an operation of another kind.
 * @example String(valueFormula(sigmoid, ["z"])); // σ(z)
 */
export function valueFormula(
  operation: Described,
  operands: readonly (string | number)[] = NAMES,
): Formula | null {
  const record = elementwise(operation);
  return record && formula(record.value, given("valueFormula", record, operands), record.name);
}

/**
 * The local derivative of an elementwise operation by operand `index`, read off its gradient rule, as a formula of the
 * operands; null for an operation of another kind.
 * @example String(derivativeFormula(silu, 0)); // σ(x) (1 + x (1 − σ(x)))
 */
export function derivativeFormula(
  operation: Described,
  index = 0,
  operands: readonly (string | number)[] = NAMES,
): Formula | null {
  const record = elementwise(operation);
  if (record === null) return null;
  const names = given("derivativeFormula", record, operands);
  const rule = record.rules[index];
  if (rule === undefined)
    throw new ArgumentError("derivativeFormula", `${record.name} has no operand ${index}.`);
  if (rule === null) return new Formula(ZERO, names.map(String));
  const { reads } = rule;
  if (rule.operation === null) return new Formula(ONE, names.map(String));
  const gradient = rule.operation.value!;
  // The output that a rule reads is itself a formula of the operands.
  const derivative: Expression = (m, ...values) => {
    const read = reads.map((place) => (place === OUTPUT ? record.value(m, ...values) : values[place]));
    return gradient(m, m.constant(1), ...read);
  };
  return formulaOf(derivative, ...names);
}

function elementwise(described: Described): ElementwiseOperation | null {
  const record =
    typeof described === "function" && "operation" in described ? described.operation : described;
  return record instanceof ElementwiseOperation ? record : null;
}

const NAMES = ["x", "y", "z", "w"];

function given(
  where: string,
  { name, arity }: ElementwiseOperation,
  operands: readonly (string | number)[],
): readonly (string | number)[] {
  if (operands === NAMES) return NAMES.slice(0, arity);
  if (operands.length === arity) return operands;
  throw new ArgumentError(where, `${name} has ${arity} operands; got ${operands.length} names.`);
}

/** More choices than this are left as they are: each may be kept, or decided in two ways. */
const MOST_CHOICES = 4;

/** The shortest term with the values of the expression, among those that decide some of its choices once and for all. */
function simplest(expression: Expression, operands: readonly Term[]): Term {
  const conditions = new Map<string, Term>();
  const whole = expression(
    arithmeticOf((condition) => {
      conditions.set(condition.key, condition);
      return undefined;
    }),
    ...operands,
  );
  const keys = [...conditions.keys()];
  if (keys.length === 0 || keys.length > MOST_CHOICES) return whole;
  const samples = samplesFor(operands, [...conditions.values()]);
  const expected = samples.map((values) =>
    expression(
      numbers,
      ...operands.map((operand, i) => (operand.kind === "number" ? operand.value : values[i])),
    ),
  );
  let decisions: (boolean | undefined)[][] = [[]];
  for (let i = 0; i < keys.length; i++)
    decisions = decisions.flatMap((made) => [undefined, true, false].map((decision) => [...made, decision]));
  const candidates = decisions.map((made) => {
    const decided = new Map(keys.map((key, i) => [key, made[i]]));
    return expression(
      arithmeticOf(({ key }) => decided.get(key)),
      ...operands,
    );
  });
  candidates.sort((a, b) => a.size - b.size);
  return candidates.find((candidate) => agrees(candidate, samples, expected)) ?? whole;
}

/** Whether a term has the expected values, where those are finite. It may leave holes, such as 0 · ∞, which a choice fills. */
function agrees(term: Term, samples: readonly number[][], expected: readonly number[]): boolean {
  let [same, holes] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(expected[i])) continue;
    const value = evaluateTerm(term, samples[i]);
    if (!Number.isFinite(value)) holes++;
    else if (Math.abs(value - expected[i]) > 1e-9 * Math.abs(expected[i]) + 1e-15) return false;
    else same++;
  }
  return same > 4 * holes;
}

/** Operands on both sides of everything that the conditions compare with. */
function samplesFor(operands: readonly Term[], conditions: readonly Term[]): number[][] {
  const distinct = new Set([0.3, -0.7, 1.4, -2.6, 0, 0.75, -0.3, 2.6, -1.4, 5, -5]);
  const visit = (term: Term): void => {
    if (term.kind === "number") {
      const { value } = term;
      for (const near of [value - 0.2, value + 0.2, 0.9 * value, 1.1 * value, 1.6 * value])
        distinct.add(near).add(-near);
    }
    for (const part of term.parts) visit(part);
  };
  for (const condition of conditions) visit(condition);
  const values = [...distinct];
  const count = values.length;
  // Each value with each other one, as far as there are two operands; the others take turns.
  return Array.from({ length: operands.length < 2 ? count : count * count }, (_, i) =>
    operands.map((_, k) => values[(k === 0 ? i : Math.floor(i / count) * (2 * k - 1) + (k - 1) * i) % count]),
  );
}
