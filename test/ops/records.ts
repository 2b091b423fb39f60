/** All operations and how to call each in a test, read off the records: who declares an operation is in this list. */

import type { Dice } from "../../src/basics/domains.ts";
import { Random, type Shape, type Tensor, tape, tensor } from "../../src/index.ts";
import type { CompositeExample } from "../../src/ops/composite.ts";
import { apply, type Example, type Operation } from "../../src/ops/operation.ts";
import * as random from "../../src/ops/random.ts";
import * as spans from "../../src/ops/spans.ts";
import { call } from "../../src/testing/graph.ts";
import { drawUse, examplesOfRecord, ordinary, type Word, words } from "../../src/testing/vocabulary.ts";

/** One way to call an operation. */
export interface Case extends Pick<CompositeExample, "shapes" | "intervals" | "kinks" | "call"> {
  readonly name: string;
  readonly title: string;
  /** Null for an operation that is composed of others. */
  readonly operation: Operation | null;
}

/** The records of all exported operations. */
export const operations: readonly Operation[] = [
  ...words.map(({ operation }) => operation),
  ...[random, spans].flatMap(Object.values).map((f: { operation?: Operation }) => f.operation ?? null),
].filter((operation) => operation !== null);

/** Exported functions that say neither what record they have nor how they are called. */
export const uncovered: readonly string[] = words
  .filter(({ operation, calls }) => operation === null && !calls)
  .map(({ name }) => name);

export const cases: readonly Case[] = [
  ...operations.flatMap(casesOf),
  ...words.flatMap(({ name, examples }) => examples.map((example) => caseOf(name, null, example))),
  ...words.filter(({ operation, examples }) => operation === null && examples.length === 0).flatMap(spelled),
];

/**
 * Records that no module exports, but that come up when gradients are differentiated. Of an elementwise operation the gradient
 * is one, and tested as its derivatives of higher order.
 */
export const hidden: readonly Operation[] = [...new Set(cases.flatMap(operationsInGradients))].filter(
  (operation) => !operations.includes(operation) && operation.value === undefined,
);

/** Every case there is. */
export const allCases: readonly Case[] = [...cases, ...hidden.flatMap(casesOf)];

/** The cases that a record describes. */
export function casesOf(operation: Operation): Case[] {
  return examplesOfRecord(operation).map((example: Example) =>
    caseOf(operation.name, operation, {
      ...example,
      call: (...operands) => apply(operation, operands, example.attributes),
    }),
  );
}

function caseOf(name: string, operation: Operation | null, example: CompositeExample): Case {
  const attributes = operation && (example as unknown as Example).attributes;
  const shapes = example.shapes.map((shape) => `[${shape}]`).join(" ");
  const settings = attributes && Object.keys(attributes).length > 0 ? ` ${JSON.stringify(attributes)}` : "";
  return { ...example, name, operation, title: `${name} ${shapes}${settings}` };
}

/** Three calls of another shorthand of recorded operations, as its domains say, on a matrix and on one with a single row. */
function spelled(word: Word): Case[] {
  const stream = new Random(7);
  const dice: Dice = { integer: (low, high) => low + stream.integer(high - low + 1) };
  const drawn = [
    [3, 4],
    [3, 4],
    [1, 3],
  ].flatMap((shape): Case[] => {
    const use = drawUse(dice, word, shape);
    if (use === null) return [];
    const { others, settings } = use;
    const title = `${word.name} ${[shape, ...others].map((of) => `[${of}]`).join(" ")} ${JSON.stringify(settings)}`;
    return [
      {
        name: word.name,
        title,
        operation: null,
        shapes: [shape, ...others],
        call: (...operands: Tensor[]) => call({ name: word.name, settings }, operands),
      },
    ];
  });
  return [...new Map(drawn.map((example) => [example.title, example])).values()];
}

/** Elements of a case's operand, of ordinary size for it and away from its kinks. */
export function drawOperand(example: Case, index: number, shape: Shape, random: Random): Tensor {
  const [low, high] = ordinary(example.intervals?.[index] ?? [-Infinity, Infinity]);
  const draw = (): number => {
    for (;;) {
      const value = random.uniform(low, high);
      if (!example.kinks?.some((kink) => Math.abs(value - kink) < 0.05)) return value;
    }
  };
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(Float32Array.from({ length: size }, draw), shape);
}
/** A case's operands, contiguous. */
export function drawOperands(example: Case, random: Random): Tensor[] {
  return example.shapes.map((shape, i) => drawOperand(example, i, shape, random));
}

/** The operations on the tape of a case's gradients, of first and of second order. */
function operationsInGradients(example: Case): Operation[] {
  const inputs = drawOperands(example, new Random(1));
  for (const input of inputs) input.requiresGrad = true;
  let total = example
    .call(...inputs)
    .square()
    .sum();
  const found: Operation[] = [];
  for (let order = 1; order <= 2 && total.requiresGrad; order++) {
    for (const input of inputs) input.grad = null;
    total.backward(undefined, { createGraph: true });
    const recorded = inputs.flatMap(({ grad }) => (grad?.requiresGrad ? [grad] : []));
    for (const gradient of recorded)
      for (const { operation } of tape(gradient)) if (operation) found.push(operation);
    if (recorded.length === 0) break;
    total = recorded.map((gradient) => gradient.square().sum()).reduce((a, b) => a.add(b));
  }
  return found;
}
