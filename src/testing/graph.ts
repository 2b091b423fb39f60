/**
 * A graph of operations as data: inputs with their values, and calls one after another. It can be evaluated in any
 * dtype on any backend, printed as code to paste, and cut down piece by piece to the smallest one that still fails.
 */

import type { Setting } from "../basics/domains.ts";
import { HalogradError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { listOf } from "../ops/operands.ts";
import type { Tensor } from "../ops/tensor.ts";
import { isAdmissible, wordOf } from "./vocabulary.ts";

/** One call. An operand of 0 or more is the result of that step; −1 is the first input, −2 the second, and so on. */
export interface Step {
  /** The operation that is called: as a method, or as a function where it takes a list, such as concat. */
  readonly name: string;
  /** The tensors that go in, the one whose method it is first. */
  readonly operands: readonly number[];
  /** The arguments after the tensors: axes, shapes, numbers. */
  readonly settings: readonly Setting[];
}

/**
 * A random expression, as the arbitrary `graph` draws it. Printed, it is code to paste.
 *
 * @example
 * const graph = new Graph([tensor([1, 2])], [{ name: "square", operands: [-1], settings: [] }]);
 * graph.f(...graph.inputs); // tensor([1, 4])
 * console.log(graph.toExpression()); // tensor([1, 2], [2]).square()
 */
export class Graph {
  /** Float32 values to call `f` with. */
  readonly inputs: Tensor[];
  /** The calls; the last one gives the result. Without any, the first input is the result. */
  readonly steps: readonly Step[];
  /** The function: hand it `...inputs`, or other tensors of the same shapes, of any dtype. */
  readonly f: (...inputs: Tensor[]) => Tensor;

  /** Of inputs and the steps that compute from them, in order. */
  constructor(inputs: readonly Tensor[], steps: readonly Step[]) {
    this.inputs = listOf("Graph", inputs, "write new Graph([x], steps).");
    this.steps = steps;
    this.f = (...given) => evaluate(given, steps);
    showAs(this, () => this.toString());
  }

  /** The code: a declaration for each input, the function `f`, and its call. */
  toString(): string {
    const names = this.inputs.map((_, i) => `x${i}`);
    const inputs = this.inputs.map((input, i) => `const ${names[i]} = ${tensorCode(input)};\n`).join("");
    const parameters = names.map((name) => `${name}: Tensor`).join(", ");
    return `${inputs}const f = (${parameters}) => ${bodyCode(this.steps)};\nf(${names.join(", ")});`;
  }

  /** The result as one expression, with the inputs' values in their places. */
  toExpression(): string {
    return bodyCode(this.steps, this.inputs.map(tensorCode));
  }
}

/** Makes consoles and fast-check's reports print a value as code. */
export function showAs(value: object, code: () => string): void {
  for (const name of ["fast-check/toStringMethod", "nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(value, Symbol.for(name), { value: code, configurable: true });
  }
}

/** Applies one call to tensors. */
export function call(
  { name, settings }: Pick<Step, "name" | "settings">,
  operands: readonly Tensor[],
): Tensor {
  const { f, calls } = wordOf(name);
  const given: unknown[] = calls?.takesList ? [operands] : [...operands];
  return f(...(given as never[]), ...(settings as never[]));
}

function evaluate(inputs: readonly Tensor[], steps: readonly Step[]): Tensor {
  const results: Tensor[] = [];
  for (const step of steps) {
    results.push(
      call(
        step,
        step.operands.map((at) => (at < 0 ? inputs[-1 - at] : results[at])),
      ),
    );
  }
  return results.at(-1) ?? inputs[0];
}

/**
 * The graph without steps and inputs that its result does not need; null where a call does not fit its operands, or
 * leaves what can be tested: the intervals of the operations' records, and numbers that are not too large.
 */
export function build(
  inputs: readonly Tensor[],
  steps: readonly Step[],
  isAllowed: typeof isAdmissible = isAdmissible,
): Graph | null {
  const needed = neededSteps(steps);
  const places = new Map([...needed].map((at, place) => [at, place]));
  const used = [
    ...new Set([...needed].flatMap((at) => steps[at].operands.filter((operand) => operand < 0))),
  ].sort((a, b) => b - a);
  if (used.length === 0) used.push(-1);
  const graph = new Graph(
    used.map((at) => inputs[-1 - at]),
    [...needed].map((at) => ({
      ...steps[at],
      operands: steps[at].operands.map((operand) =>
        operand < 0 ? -1 - used.indexOf(operand) : places.get(operand)!,
      ),
    })),
  );
  const values: Tensor[] = [];
  const doubles = graph.inputs.map((input) => input.to("float64"));
  for (const step of graph.steps) {
    const operands = step.operands.map((at) => (at < 0 ? doubles[-1 - at] : values[at]));
    const value = attempt(step, operands);
    if (value === null || !isAllowed(step.name, operands, value)) return null;
    values.push(value);
  }
  return graph;
}

/** The result of a call, or null where it does not fit its operands. */
export function attempt(step: Pick<Step, "name" | "settings">, operands: readonly Tensor[]): Tensor | null {
  try {
    return call(step, operands);
  } catch (error) {
    if (error instanceof HalogradError) return null;
    throw error;
  }
}

/** The steps that the last one is computed from, in order. */
function neededSteps(steps: readonly Step[]): Set<number> {
  const needed = new Set(steps.length > 0 ? [steps.length - 1] : []);
  for (const at of needed) for (const operand of steps[at].operands) if (operand >= 0) needed.add(operand);
  return new Set([...needed].sort((a, b) => a - b));
}

/** `tensor([1, 2], [2])`: the same elements again, to the bit. */
export function tensorCode(x: Tensor): string {
  const values = [...x.toTypedArray()].map((value) => (Object.is(value, -0) ? "-0" : `${value}`));
  return x.rank === 0 ? `tensor(${values[0]})` : `tensor([${values.join(", ")}], ${showShape(x.shape)})`;
}

/** Results that are used more than once get a name; the others stand where they are used. */
function bodyCode(steps: readonly Step[], inputs?: readonly string[]): string {
  const uses = new Map<number, number>();
  for (const { operands } of steps) for (const at of operands) uses.set(at, (uses.get(at) ?? 0) + 1);
  const code: string[] = [];
  const lines: string[] = [];
  const nameOf = (at: number): string => (at < 0 ? (inputs?.[-1 - at] ?? `x${-1 - at}`) : code[at]);
  for (const [at, step] of steps.entries()) {
    const operands = step.operands.map(nameOf);
    const settings = step.settings.map(settingCode);
    const { calls, isMethod } = wordOf(step.name);
    const tensors = calls?.takesList ? [`[${operands.join(", ")}]`] : operands;
    const written = isMethod
      ? `${operands[0]}.${step.name}(${[...operands.slice(1), ...settings].join(", ")})`
      : `${step.name}(${[...tensors, ...settings].join(", ")})`;
    if ((uses.get(at) ?? 0) < 2) {
      code.push(written);
      continue;
    }
    code.push(`t${at}`);
    lines.push(`  const t${at} = ${written};\n`);
  }
  const result = steps.length === 0 ? nameOf(-1) : code[steps.length - 1];
  return lines.length === 0 ? result : `{\n${lines.join("")}  return ${result};\n}`;
}

function settingCode(setting: Setting): string {
  if (Array.isArray(setting)) return `[${setting.map(settingCode).join(", ")}]`;
  if (typeof setting === "object" && setting !== null) {
    return `{ ${Object.entries(setting)
      .map(([name, value]) => `${name}: ${settingCode(value)}`)
      .join(", ")} }`;
  }
  return typeof setting === "string" ? JSON.stringify(setting) : `${setting}`;
}
