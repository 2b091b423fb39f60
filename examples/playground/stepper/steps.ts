/** A run as steps: every operation forward, then every contribution backward, and what is known after each. */

import { backwardSteps, type Contribution, type Node, onesLike, type Tensor, tape, tensor } from "halograd";
import { show } from "../site/numbers.ts";
import type { Run } from "./program.ts";

/** One step: an operation is computed, the result gets its cotangent of 1, or a contribution is added. */
export type Step =
  | { readonly kind: "forward"; readonly node: Node }
  | { readonly kind: "seed"; readonly node: Node; readonly cotangent: Tensor }
  | { readonly kind: "backward"; readonly node: Node; readonly contribution: Contribution };

/** A run with its steps. */
export interface Recording {
  readonly run: Run;
  readonly nodes: readonly Node[];
  readonly steps: readonly Step[];
  /** What a node is called: its name in the program, or the operation and its number. */
  readonly nameOf: (value: Tensor) => string;
}

/** Records all steps of a run; forward comes first. */
export function record(run: Run): Recording {
  const nodes = tape(run.result);
  const root = nodes[nodes.length - 1];
  const contributions = [...backwardSteps(run.result, undefined, { retainGraph: true })];
  return {
    run,
    nodes,
    steps: [
      ...nodes.filter(({ operation }) => operation !== null).map((node): Step => ({ kind: "forward", node })),
      { kind: "seed", node: root, cotangent: onesLike(root.output.detach()) },
      ...contributions.map(
        (contribution): Step => ({ kind: "backward", node: contribution.node, contribution }),
      ),
    ],
    nameOf: namesFor(run, nodes),
  };
}

/**
 * The gradient of a leaf as a program of its own, whose backward pass gives second derivatives; of a tensor the sum of its
 * elements. Null where the gradient does not depend on any leaf.
 */
export function recordSecond(run: Run, name: string): Recording | null {
  const leaf = run.leaves.get(name)!.node;
  let gradient: Tensor | null = null;
  for (const { target, total } of backwardSteps(run.result, undefined, { createGraph: true }))
    if (target === leaf) gradient = total;
  if (gradient === null || gradient.node === null) return null;
  const result = gradient.rank === 0 ? gradient : gradient.sum();
  for (const other of run.leaves.values()) other.grad = null;
  const names = new Map([...run.names, [`∂${nameOfResult(run)}/∂${name}`, gradient]]);
  return record({ ...run, result, names });
}

/** What the result is called. */
export function nameOfResult(run: Run): string {
  return [...run.names].find(([, value]) => value === run.result)?.[0] ?? "f";
}

function namesFor(run: Run, nodes: readonly Node[]): (value: Tensor) => string {
  const names = new Map<Tensor, string>([...run.leaves, ...run.names].map(([name, value]) => [value, name]));
  let count = 0;
  for (const { output, operation } of nodes)
    if (!names.has(output) && operation !== null) names.set(output, subscript("v", ++count));
  if (!run.names.has("f") && names.get(run.result)?.startsWith("v")) names.set(run.result, "f");
  return (value) => names.get(value) ?? (value.rank === 0 ? show(value.item()) : "constant");
}

function subscript(letter: string, count: number): string {
  return letter + [...String(count)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}

/** Cotangents after the first `count` steps: what each node has received so far. */
export function cotangentsAfter({ steps }: Recording, count: number): Map<Node, Tensor> {
  const totals = new Map<Node, Tensor>();
  for (const step of steps.slice(0, count)) {
    if (step.kind === "seed") totals.set(step.node, step.cotangent);
    else if (step.kind === "backward") totals.set(step.contribution.target, step.contribution.total);
  }
  return totals;
}

/** Elements in row-major order, whatever the layout. */
export function elementsOf(value: Tensor): number[] {
  return [...value.toTypedArray()];
}

/** One term of a contribution: the cotangent of one element of the result, times the local derivative of that element. */
export interface Influence {
  /** Which element of the result, in row-major order. */
  readonly element: number;
  readonly cotangent: number;
  readonly slope: number;
}

/** Larger local derivatives are not taken apart. */
const MOST_RESULTS = 256;

/**
 * Which elements of the result an element of the operand has influenced, and how much: the gradient rule is asked with a
 * cotangent of 1 for one element after the other. The sum of cotangent · slope is the contribution. Null where the
 * result is too large.
 */
export function influences({ node, index, cotangent }: Contribution, element: number): Influence[] | null {
  const { size, shape, dtype } = node.output;
  if (size > MOST_RESULTS) return null;
  const given = elementsOf(cotangent);
  const found: Influence[] = [];
  for (let i = 0; i < size; i++) {
    const unit = new Float64Array(size);
    unit[i] = 1;
    const slopes = node.operation!.gradient!(tensor(unit, shape, { dtype }), node, index);
    const slope = slopes === null ? 0 : elementsOf(slopes.detach())[element];
    if (slope !== 0) found.push({ element: i, cotangent: given[i], slope });
  }
  return found;
}

/** How an operation was called, in the names of the program. */
export function callOf({ operation, inputs }: Node, nameOf: (value: Tensor) => string): string {
  return `${operation!.name}(${inputs!.map(nameOf).join(", ")})`;
}

/** The first elements of a tensor, in brackets. */
export function listOf(value: Tensor, most: number): string {
  const elements = elementsOf(value);
  return `[${elements.slice(0, most).map(show).join(", ")}${elements.length > most ? ", …" : ""}]`;
}

/** A number as it stands behind an operator. */
export function parenthesised(value: number): string {
  return value < 0 ? `(${show(value)})` : show(value);
}

/** The place of an element: [1, 2]; of a scalar nothing. */
export function placeOf(element: number, shape: readonly number[]): string {
  if (shape.length === 0) return "";
  const indices: number[] = [];
  let rest = element;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${indices.join(", ")}]`;
}

/** The element of an operand that an element of the result was computed from, where the operand was broadcast to its shape. */
export function operandElement(operand: Tensor, shape: readonly number[], element: number): number {
  let [rest, found, step] = [element, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = operand.shape[axis - (shape.length - operand.rank)];
    if (size !== undefined) {
      if (size > 1) found += (rest % shape[axis]) * step;
      step *= size;
    }
    rest = Math.floor(rest / shape[axis]);
  }
  return found;
}

/** Elements of the other operands that an element meets in the contribution: for each operand, in row-major order. */
export function metElements(
  { node, index }: Contribution,
  element: number,
  terms: readonly Influence[],
): Map<number, Set<number>> {
  const { output, operation } = node;
  const inputs = node.inputs!;
  const met = new Map<number, Set<number>>();
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  if (operation!.value !== undefined) {
    inputs.forEach((input, i) => {
      if (input.size > 1 || i !== index)
        met.set(i, new Set(terms.map((term) => operandElement(input, output.shape, term.element))));
    });
  } else if (operation!.name === "matmul" && inputs.every(({ rank }) => rank === 2)) {
    const [[rows, inner], [, columns]] = inputs.map(({ shape }) => shape);
    if (index === 0) met.set(1, new Set(range(columns).map((j) => (element % inner) * columns + j)));
    else met.set(0, new Set(range(rows).map((i) => i * inner + Math.floor(element / columns))));
  } else if (operation!.name === "linear" && index < 2) {
    const other = inputs[1 - index];
    const inner = inputs[index].shape.at(-1)!;
    met.set(1 - index, new Set(range(other.size / inner).map((row) => row * inner + (element % inner))));
  }
  return met;
}
