/**
 * Expressions read as source text, and the text turned into a loop. One shared loop that calls a closure
 * for every element costs about 5 ns an element, since the engine cannot inline a call whose target
 * changes; a loop of its own for each expression costs about 1. Where a content security policy forbids
 * making functions from text, the closure loop runs instead: slower, the same bits.
 */

import type { Arithmetic, Expression, Expressions } from "../arithmetic.ts";
import type { Operand } from "../backend.ts";
import type { FloatArray } from "../types.ts";
import { numbers } from "./numbers.ts";

/**
 * Runs over `count` elements: operand i is read at `start + step * index`; result i is written to
 * `outputs[i]` in the same way. Starts and steps are listed outputs first, then operands.
 */
export type Loop = (
  count: number,
  outputs: readonly FloatArray[],
  operands: readonly FloatArray[],
  starts: ArrayLike<number>,
  steps: ArrayLike<number>,
) => void;

/**
 * The loop that stores each result of `expressions`. Told that the first operand is a number that the first result replaces (a
 * total, of which both steps are 0), it carries this along instead of storing and loading it: a third of the time.
 */
export function compileLoop(expressions: Expressions, operandCount: number, carries = false): Loop {
  const { body, results } = readAsSource(expressions, names("x", operandCount));
  const outputs = results.map((_, i) => `o${i}`);
  const operands = names("a", operandCount);
  const cursors = [...outputs, ...operands];
  const reads = operands.map((name, i) => `x${i} = ${name}[${name}At];`);
  const stores = outputs.map((name, i) => `${name}[${name}At] = ${results[i]};`).join(" ");
  const loop = fromSource(
    "count, outputs, operands, starts, steps",
    `${outputs.map((name, i) => `const ${name} = outputs[${i}];`).join(" ")}
    ${operands.map((name, i) => `const ${name} = operands[${i}];`).join(" ")}
    ${cursors.map(declareCursor).join(" ")}
    ${carries ? `let ${reads[0]}` : ""}
    for (let i = 0; i < count; i++) {
      ${(carries ? reads.slice(1) : reads).map((read) => `const ${read}`).join(" ")}
      ${body}
      ${carries ? `x0 = ${results[0]};` : stores}
      ${(carries ? operands.slice(1) : cursors).map(moveCursor).join(" ")}
    }
    ${carries ? "o0[o0At] = x0;" : ""}`,
  );
  return (loop as Loop | null) ?? closureLoop(expressions, operandCount);
}

/** The same for a single element, without the bookkeeping of a loop: what graphs of scalars are made of. */
export function compileSingle(
  expressions: Expressions,
  operandCount: number,
): (outputs: readonly Operand[], operands: readonly Operand[]) => void {
  const operands = names("x", operandCount);
  const { body, results } = readAsSource(expressions, operands);
  const single = fromSource(
    "outputs, operands",
    `${operands.map((name, i) => `const a${i} = operands[${i}]; const ${name} = a${i}.storage.get(a${i}.offset);`).join(" ")}
    ${body}
    ${results.map((result, i) => `const o${i} = outputs[${i}]; o${i}.storage.set(o${i}.offset, ${result});`).join(" ")}`,
  );
  return (
    (single as ReturnType<typeof compileSingle> | null) ??
    ((outputs, operands) => {
      const values = expressions(numbers, ...operands.map(({ storage, offset }) => storage.get(offset)));
      for (let k = 0; k < outputs.length; k++) outputs[k].storage.set(outputs[k].offset, values[k]);
    })
  );
}

/** An expression as a function of numbers. */
export function compileNumber(
  expression: Expression,
  operandCount: number,
): (...operands: number[]) => number {
  const operands = names("x", operandCount);
  const { body, results } = readAsSource((m, ...values) => [expression(m, ...values)], operands);
  const compute = fromSource(operands.join(), `${body} return ${results[0]};`);
  return (
    (compute as ReturnType<typeof compileNumber> | null) ?? ((...values) => expression(numbers, ...values))
  );
}

/** An expression as statements and the names of its results; a shared subexpression stands once. */
export function readAsSource(
  expressions: Expressions,
  operands: readonly string[],
): { body: string; results: string[] } {
  const statements: string[] = [];
  const known = new Map<string, string>();
  const bind = (text: string): string => {
    let name = known.get(text);
    if (name === undefined) {
      name = `t${known.size}`;
      known.set(text, name);
      statements.push(`const ${name} = ${text};`);
    }
    return name;
  };
  const infix = (sign: string) => (a: string, b: string) => bind(`${a} ${sign} ${b}`);
  const call =
    (name: keyof Arithmetic<number>) =>
    (...operands: string[]) =>
      bind(`${name}(${operands})`);
  const source: Arithmetic<string> = {
    constant: (value) => `(${Object.is(value, -0) ? "-0" : value})`,
    add: infix("+"),
    sub: infix("-"),
    mul: infix("*"),
    div: infix("/"),
    neg: (a) => bind(`-${a}`),
    abs: (a) => bind(`Math.abs(${a})`),
    sqrt: (a) => bind(`Math.sqrt(${a})`),
    maximum: (a, b) => bind(`Math.max(${a}, ${b})`),
    minimum: (a, b) => bind(`Math.min(${a}, ${b})`),
    less: (a, b) => bind(`${a} < ${b} ? 1 : 0`),
    equal: (a, b) => bind(`${a} === ${b} ? 1 : 0`),
    where: (condition, a, b) => bind(`${condition} !== 0 ? ${a} : ${b}`),
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
  const results = expressions(source, ...operands);
  return { body: statements.join(" "), results };
}

/** The function with this text, our own math in scope; null where the platform refuses. */
function fromSource(parameters: string, text: string): unknown {
  try {
    const make = new Function(
      ...Object.keys(numbers),
      `"use strict"; return (${parameters}) => { ${text} };`,
    );
    return make(...Object.values(numbers));
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

/** What compileLoop makes, without making code from text. */
export function closureLoop(expressions: Expressions, operandCount: number): Loop {
  return (count, outputs, operands, starts, steps) => {
    const values = new Array<number>(operandCount);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < operandCount; k++) {
        values[k] = operands[k][starts[outputs.length + k] + i * steps[outputs.length + k]];
      }
      const results = expressions(numbers, ...values);
      for (let k = 0; k < outputs.length; k++) outputs[k][starts[k] + i * steps[k]] = results[k];
    }
  };
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const declareCursor = (name: string, i: number): string =>
  `let ${name}At = starts[${i}] | 0; const ${name}Step = steps[${i}] | 0;`;
const moveCursor = (name: string): string => `${name}At += ${name}Step;`;
