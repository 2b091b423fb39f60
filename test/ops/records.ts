/** All operations and how to call each in a test, read off the records: who declares an operation is in this list. */

import { Random, type Shape, type Tensor, tape, tensor } from "../../src/index.ts";
import type { CompositeExample } from "../../src/ops/composite.ts";
import * as elementwise from "../../src/ops/elementwise.ts";
import * as indexing from "../../src/ops/indexing.ts";
import * as joining from "../../src/ops/joining.ts";
import * as layout from "../../src/ops/layout.ts";
import * as linear from "../../src/ops/linear.ts";
import * as losses from "../../src/ops/losses.ts";
import { apply, type Example, type Operation } from "../../src/ops/operation.ts";
import * as random from "../../src/ops/random.ts";
import * as reductions from "../../src/ops/reductions.ts";
import * as spans from "../../src/ops/spans.ts";

/** One way to call an operation. */
export interface Case extends Pick<CompositeExample, "shapes" | "intervals" | "kinks" | "call"> {
  readonly name: string;
  readonly title: string;
  /** Null for an operation that is composed of others. */
  readonly operation: Operation | null;
}

type Exported = { operation?: Operation; examples?: readonly CompositeExample[] } & ((
  ...x: never[]
) => Tensor);

const modules = { elementwise, indexing, joining, layout, linear, losses, random, reductions, spans };
const exported = Object.values(modules).flatMap(
  (module) => Object.entries(module) as unknown as [string, Exported][],
);

/** The records of all exported operations. */
export const operations: readonly Operation[] = exported.flatMap(([, f]) =>
  f.operation ? [f.operation] : [],
);

/** Functions that have neither a record nor examples: other spellings of recorded operations, each with a call. */
const spellings: Record<string, CompositeExample["call"]> = {
  transpose: (x) => layout.transpose(x, 0),
  unsqueeze: (x) => layout.unsqueeze(x, 1),
  squeeze: (x) => layout.squeeze(layout.unsqueeze(x, 1)),
  flatten: (x) => layout.flatten(x),
  flip: (x) => layout.flip(x, 1),
  slice: (x) => layout.slice(x, 1, [null, null, -2]),
  contiguous: (x) => layout.contiguous(layout.transpose(x)),
  stack: (x) => joining.stack([x, x], 1),
};
/** Helpers for authors of operations, which are none themselves. */
const helpers = ["copyElements"];

/** Exported functions that nothing in this file knows how to call. */
export const uncovered: readonly string[] = exported
  .filter(([name, f]) => !f.operation && !f.examples && !(name in spellings) && !helpers.includes(name))
  .map(([name]) => name);

export const cases: readonly Case[] = [
  ...operations.flatMap(casesOf),
  ...exported.flatMap(([name, { examples = [] }]) => examples.map((example) => caseOf(name, null, example))),
  ...Object.entries(spellings).map(([name, call]) => caseOf(name, null, { shapes: [[3, 4]], call })),
];

/** Records that no module exports, but that come up when gradients are differentiated. */
export const hidden: readonly Operation[] = [...new Set(cases.flatMap(operationsInGradients))].filter(
  (operation) => !operations.includes(operation),
);

/** Every case there is. */
export const allCases: readonly Case[] = [...cases, ...hidden.flatMap(casesOf)];

/** The cases that a record describes. */
export function casesOf(operation: Operation): Case[] {
  return operation.examples.map((example: Example) =>
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

/** Elements of a case's operand, drawn from its interval and away from its kinks. */
export function drawOperand(example: Case, index: number, shape: Shape, random: Random): Tensor {
  const [low, high] = example.intervals?.[index] ?? [-2, 2];
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
