/** Predictions: what is asked before a step is shown, and what a wrong answer most likely forgot. */

import { type Contribution, derivativeFormula } from "halograd";
import { show } from "../site/numbers.ts";
import { elementsOf, influences } from "./steps.ts";

/** A question about one element of a contribution. */
export interface Question {
  readonly contribution: Contribution;
  readonly element: number;
  /** Asked for the sum so far where something was there before, else for the contribution. */
  readonly asksTotal: boolean;
  readonly answer: number;
}

/** What an answer was. */
export type Mistake =
  | "none"
  | "sign"
  | "factor"
  | "accumulation"
  | "broadcast"
  | "place"
  | "constant"
  | "other";

/** A judgement, in words. */
export interface Verdict {
  readonly mistake: Mistake;
  readonly message: string;
}

/** The question of a step; of a tensor for the element whose contribution is largest, which tells most apart. */
export function questionOf(contribution: Contribution): Question {
  const added = elementsOf(contribution.contribution);
  const element = added.reduce((best, value, i) => (Math.abs(value) > Math.abs(added[best]) ? i : best), 0);
  const asksTotal = contribution.before !== null;
  const answer = asksTotal ? elementsOf(contribution.total)[element] : added[element];
  return { contribution, element, asksTotal, answer };
}

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 0.01 * Math.abs(b) + 1e-6;

/** Wrong answers worth telling apart, most telling first. */
function* mistakes({
  contribution,
  element,
  asksTotal,
  answer,
}: Question): Generator<[number, Mistake, string]> {
  const added = elementsOf(contribution.contribution)[element];
  const before = contribution.before === null ? 0 : elementsOf(contribution.before)[element];
  if (asksTotal) {
    yield [
      added,
      "accumulation",
      `That is what this step adds. ${show(before)} was there before, and contributions add up.`,
    ];
    yield [before, "accumulation", "That is what was there before. This step adds to it."];
    yield [before - added, "sign", "Check the sign of what this step adds."];
  }
  const parts = asksTotal ? [before, 0] : [0];
  yield [-answer, "sign", "Right size, wrong sign."];
  const terms = influences(contribution, element) ?? [];
  const slopes = terms.reduce((sum, { slope }) => sum + slope, 0);
  const given = terms.reduce((sum, { cotangent }) => sum + cotangent, 0);
  for (const base of parts) {
    yield [base - added, "sign", "Right size, wrong sign."];
    if (terms.length > 1) {
      for (const { cotangent, slope } of terms)
        yield [
          base + cotangent * slope,
          "broadcast",
          `That is one term. This element was used in ${terms.length} elements of the result: add all of them.`,
        ];
      yield [
        base + added / terms.length,
        "broadcast",
        "That is the mean of the terms. They are added, not averaged.",
      ];
    }
    yield [
      base + slopes,
      "factor",
      `That is the local derivative. Multiply it by the cotangent, ${show(given)}.`,
    ];
    yield [base + given, "factor", "That is the cotangent. Multiply it by the local derivative."];
    for (const value of elsewhere(contribution, element))
      yield [
        base + value,
        "place",
        "The formula is right, but its value is taken at the wrong place: put in the operands of the operation.",
      ];
    for (const [factor, missing] of [
      [0.5, "2"],
      [2, "½"],
      [1 / 3, "3"],
      [terms.length === 0 ? 0 : 1 / contribution.node.output.size, "the number of elements"],
    ] as const)
      yield [
        base + added * factor,
        "constant",
        `A constant factor is missing or one too many: look for ${missing}.`,
      ];
  }
}

/** Contributions as they would be with the derivative taken elsewhere: at the result, at the other operand, at the cotangent. */
function elsewhere({ node, index, cotangent }: Contribution, element: number): number[] {
  const inputs = node.inputs;
  if (inputs === null || node.output.size !== 1 || element !== 0) return [];
  const formula = derivativeFormula(node.operation!, index);
  if (formula === null) return [];
  const at = inputs.map((input) => elementsOf(input)[0]);
  const [given] = elementsOf(cotangent);
  const places = [
    at.map(() => node.output.item()),
    [...at].reverse(),
    at.with(index, given),
    at.with(index, node.output.item()),
    at.map((value) => -value),
  ];
  return places.map((place) => given * formula.evaluate(...place)).filter(Number.isFinite);
}

/** Judges an answer. */
export function judge(question: Question, given: number): Verdict {
  if (!Number.isFinite(given)) return { mistake: "other", message: "Type a number, such as −0.25." };
  if (isClose(given, question.answer)) return { mistake: "none", message: "Right." };
  for (const [value, mistake, message] of mistakes(question))
    if (!isClose(value, question.answer) && isClose(given, value)) return { mistake, message };
  return {
    mistake: "other",
    message: `Not quite. Local derivative times cotangent${question.asksTotal ? ", plus what was there before" : ""}.`,
  };
}

/** Answers to choose from, the right one among them, in an order that does not tell. */
export function choices(question: Question): number[] {
  const found = [question.answer];
  for (const [value] of mistakes(question)) {
    if (found.length === 4) break;
    if (Number.isFinite(value) && found.every((other) => !isClose(value, other))) found.push(value);
  }
  for (let extra = 2; found.length < 3; extra++) found.push(question.answer * extra + extra - 1);
  return found.sort((a, b) => a - b);
}
