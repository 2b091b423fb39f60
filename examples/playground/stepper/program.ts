/**
 * Programs: a small part of JavaScript's syntax, parsed by acorn and walked over a list of what is allowed. Nothing is ever
 * evaluated as code, so that a link with a program in it is safe to open.
 */

import {
  type AnyNode,
  type CallExpression,
  type Expression,
  type ModuleDeclaration,
  parse,
  type Statement,
} from "acorn";
import * as halograd from "halograd";
import { HalogradError, isTensor, type Node, Random, type Tensor, tensor } from "halograd";
import type { Place } from "../site/highlight.ts";

/** A mistake in a program, and where it stands. */
export class ProgramError extends Error {
  readonly place: Place;

  constructor(message: string, { start, end }: Place) {
    super(message);
    this.place = { start, end: Math.max(end, start + 1) };
  }
}

/** Elements for leaves, by name, instead of those that the program has. */
export type Values = ReadonlyMap<string, ArrayLike<number>>;

/** What was computed: the tape of `result`, with names for its tensors and places for its nodes. */
export interface Run {
  readonly source: string;
  readonly body: readonly (Statement | ModuleDeclaration)[];
  readonly result: Tensor;
  /** Tensors that have names. */
  readonly names: ReadonlyMap<string, Tensor>;
  /** Leaves that are differentiated, in the order in which they are written. */
  readonly leaves: ReadonlyMap<string, Tensor>;
  /** Where each operation is called. */
  readonly places: ReadonlyMap<Node, Place>;
  /** What expressions that make tensors of numbers have made, for exports. */
  readonly made: ReadonlyMap<AnyNode, Tensor>;
  /** The tensor that each other expression is. */
  readonly tensors: ReadonlyMap<AnyNode, Tensor>;
}

type Value =
  | Tensor
  | number
  | string
  | boolean
  | undefined
  | Random
  | Callable
  | readonly Value[]
  | { [key: string]: Value };
type Callable = (...values: Value[]) => Value;

/** A program may hold this much: enough to learn from, too little to freeze a page. */
const MOST_CALLS = 1000;
const MOST_ELEMENTS = 4096;

/** Functions that compute: whatever of the engine has a record, or says how it is called. */
const OPERATIONS: ReadonlyMap<string, Callable> = new Map(
  Object.entries(halograd as Record<string, unknown>).filter(
    (entry): entry is [string, Callable] =>
      typeof entry[1] === "function" && ("operation" in entry[1] || "calls" in entry[1]),
  ),
);

const MAKERS: ReadonlyMap<string, Callable> = new Map(
  ["tensor", "zeros", "ones", "full", "eye", "arange", "linspace", "normal", "uniform"].map((name) => [
    name,
    (halograd as unknown as Record<string, Callable>)[name],
  ]),
);

/** Methods that are no operations. */
const OTHER_METHODS = ["at", "detach"];

/** The operation behind each operator. */
export const OPERATORS: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "**": "pow",
  "<": "less",
  ">": "greater",
  "<=": "lessEqual",
  ">=": "greaterEqual",
  "==": "equal",
  "===": "equal",
  "!=": "notEqual",
  "!==": "notEqual",
};

/** All names that a program may call. */
export const vocabulary: readonly string[] = [...OPERATIONS.keys(), ...MAKERS.keys()].sort();

/**
 * Runs a program. Leaves whose names are in `values` get these elements instead of those that are written.
 *
 * @throws ProgramError for what is no program, or what the engine refuses
 */
export function runProgram(source: string, values: Values = new Map()): Run {
  try {
    const { body } = parse(source, { ecmaVersion: 2022, sourceType: "module" });
    return new Walker(source, body, values).run();
  } catch (error) {
    if (error instanceof ProgramError) throw error;
    if (error instanceof RangeError)
      throw new ProgramError("This is nested too deeply.", { start: 0, end: source.length });
    if (!(error instanceof SyntaxError)) throw error;
    const { message, pos, raisedAt } = error as SyntaxError & { pos: number; raisedAt: number };
    throw new ProgramError(message.replace(/ \(\d+:\d+\)$/, "."), { start: pos, end: raisedAt });
  }
}

class Walker {
  readonly #source: string;
  readonly #body: readonly (Statement | ModuleDeclaration)[];
  readonly #values: Values;
  readonly #names = new Map<string, Tensor>();
  readonly #leaves = new Map<string, Tensor>();
  readonly #places = new Map<Node, Place>();
  readonly #made = new Map<AnyNode, Tensor>();
  readonly #tensors = new Map<AnyNode, Tensor>();
  #calls = 0;

  constructor(source: string, body: readonly (Statement | ModuleDeclaration)[], values: Values) {
    this.#source = source;
    this.#body = body;
    this.#values = values;
  }

  run(): Run {
    let result: Tensor | null = null;
    let last: Place = { start: 0, end: this.#source.length };
    for (const statement of this.#body) {
      if (statement.type === "EmptyStatement") continue;
      last = statement;
      if (statement.type === "VariableDeclaration") {
        for (const { id, init } of statement.declarations) {
          if (id.type !== "Identifier" || !init)
            throw refused(id, "Give each name a value: const y = x * x.");
          result = this.#assign(id.name, init, id);
        }
      } else if (statement.type === "ExpressionStatement") {
        const { expression } = statement;
        if (expression.type === "AssignmentExpression") {
          const { left, right, operator } = expression;
          if (left.type !== "Identifier" || operator !== "=")
            throw refused(left, "Only a name can be given a value, with =.");
          result = this.#assign(left.name, right, left);
        } else {
          const value = this.#evaluate(expression);
          result = isTensor(value) ? value : null;
        }
      } else throw refused(statement, "A program is a list of assignments; the last one is the result.");
    }
    if (result === null)
      throw new ProgramError("The last line computes no tensor: end with the result.", last);
    if (result.node === null)
      throw new ProgramError(
        "Nothing here is differentiated. Give a name numbers, as in x = 3, and compute with it.",
        last,
      );
    if (result.size !== 1)
      throw new ProgramError(
        `The result has shape [${result.shape.join(", ")}], and only a single number has a gradient. Reduce it: add .sum() or .mean().`,
        last,
      );
    return {
      source: this.#source,
      body: this.#body,
      result,
      names: this.#names,
      leaves: this.#leaves,
      places: this.#places,
      made: this.#made,
      tensors: this.#tensors,
    };
  }

  #assign(name: string, init: Expression, place: Place): Tensor | null {
    if (OPERATIONS.has(name) || MAKERS.has(name) || name === "Random" || name === "Math")
      throw new ProgramError(`${name} is a function of the engine: take another name.`, place);
    // A name means one thing, in the graph and in exported code.
    if (this.#names.has(name))
      throw new ProgramError(`${name} has a value already: take another name.`, place);
    let value = this.#evaluate(init);
    if (typeof value === "number" || Array.isArray(value)) {
      const given = value;
      value = this.#checked(init, () => tensor(given as number[], { requiresGrad: true }));
      this.#made.set(init, value as Tensor);
    }
    if (!isTensor(value)) throw new ProgramError(`${name} must be a number, an array or a tensor.`, init);
    const isLeaf =
      value.node !== null && value.node.operation === null && ![...this.#leaves.values()].includes(value);
    if (isLeaf) {
      const elements = this.#values.get(name);
      if (elements !== undefined && elements.length === value.size) {
        value = tensor(elements, value.shape, { requiresGrad: true });
        this.#made.set(init, value);
      }
      this.#leaves.set(name, value);
    }
    this.#names.set(name, value);
    return value;
  }

  #evaluate(node: AnyNode): Value {
    const value = this.#compute(node);
    if (isTensor(value)) this.#tensors.set(node, value);
    return value;
  }

  #compute(node: AnyNode): Value {
    switch (node.type) {
      case "Literal":
        if (["number", "string", "boolean"].includes(typeof node.value)) return node.value as number;
        throw refused(node);
      case "Identifier":
        return this.#lookUp(node.name, node);
      case "ParenthesizedExpression":
        return this.#evaluate(node.expression);
      case "ArrayExpression":
        return node.elements.map((element) => {
          if (element === null || element.type === "SpreadElement") throw refused(element ?? node);
          return this.#evaluate(element);
        });
      case "ObjectExpression":
        return Object.fromEntries(
          node.properties.map((property) => {
            if (property.type !== "Property" || property.computed || property.key.type !== "Identifier")
              throw refused(property);
            if (property.key.name === "__proto__" || property.kind !== "init") throw refused(property);
            return [property.key.name, this.#evaluate(property.value)];
          }),
        );
      case "UnaryExpression": {
        const value = this.#evaluate(node.argument);
        if (node.operator === "+") return value;
        if (node.operator !== "-") throw refused(node);
        return typeof value === "number" ? -value : this.#call("neg", [value], [node.argument], node);
      }
      case "BinaryExpression": {
        const name = OPERATORS[node.operator];
        if (name === undefined || node.left.type === "PrivateIdentifier") throw refused(node);
        const [a, b] = [this.#evaluate(node.left), this.#evaluate(node.right)];
        const result = this.#call(name, [a, b], [node.left, node.right], node);
        return typeof a === "number" && typeof b === "number" ? (result as Tensor).item() : result;
      }
      case "CallExpression":
        return this.#evaluateCall(node);
      case "NewExpression": {
        if (node.callee.type !== "Identifier" || node.callee.name !== "Random")
          throw refused(node, "Only new Random(seed) can be made.");
        const [seed = 0] = node.arguments.map((argument) => this.#evaluate(argument));
        return this.#checked(node, () => new Random(seed as number));
      }
      case "MemberExpression":
        if (
          node.object.type === "Identifier" &&
          node.object.name === "Math" &&
          node.property.type === "Identifier" &&
          !node.computed
        ) {
          if (node.property.name === "PI") return Math.PI;
          if (node.property.name === "E") return Math.E;
        }
        if (node.computed) throw refused(node, "Write x.at(0) for an element or a row.");
        throw refused(node, "A method is called: x.sum().");
      default:
        throw refused(node);
    }
  }

  #evaluateCall(node: CallExpression): Value {
    const { callee } = node;
    const list = node.arguments.map((argument) => {
      if (argument.type === "SpreadElement") throw refused(argument);
      return this.#evaluate(argument);
    });
    if (callee.type === "Identifier") return this.#call(callee.name, list, node.arguments, node, callee);
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
      throw refused(callee);
    const { name } = callee.property;
    if (!OPERATIONS.has(name) && !OTHER_METHODS.includes(name))
      throw new ProgramError(
        `There is no operation ${name}.${suggest(name, [...OPERATIONS.keys(), ...OTHER_METHODS])}`,
        callee.property,
      );
    const value = this.#evaluate(callee.object);
    const receiver =
      Array.isArray(value) || typeof value === "number"
        ? this.#constant(value as number[], callee.object)
        : value;
    if (!isTensor(receiver))
      throw new ProgramError(`Only a tensor has methods such as ${name}.`, callee.object);
    const method = (receiver as unknown as Record<string, Callable | undefined>)[name];
    const known = OPERATIONS.get(name);
    const operands = this.#operands(list, known === undefined ? 0 : operandsOf(known) - 1, node.arguments);
    return this.#checked(node, () => method!.apply(receiver, this.#limited(name, operands, node)));
  }

  /** A function of the engine by its name, with lists of numbers taken as constants where it takes tensors. */
  #call(name: string, list: Value[], nodes: readonly AnyNode[], node: AnyNode, at: Place = node): Value {
    const maker = MAKERS.get(name);
    if (maker !== undefined) {
      const value = this.#checked(node, () => maker(...this.#limited(name, list, node)));
      this.#made.set(node, value as Tensor);
      return value;
    }
    const operation = OPERATIONS.get(name);
    if (operation === undefined)
      throw new ProgramError(`There is no function ${name}.${suggest(name, vocabulary)}`, at);
    const isOperator = node.type !== "CallExpression";
    const operands = this.#operands(list, isOperator ? list.length : operandsOf(operation), nodes);
    return this.#checked(node, () => operation(...this.#limited(name, operands, node)));
  }

  /** Arrays of numbers become constants where operands stand; behind them are settings, such as axes. */
  #operands(list: Value[], count: number, nodes: readonly AnyNode[]): Value[] {
    return list.map((value, i) =>
      i < count && Array.isArray(value) && isNumbers(value)
        ? this.#constant(value as number[], nodes[i])
        : value,
    );
  }

  #constant(values: number | number[], node: AnyNode): Tensor {
    const value = this.#checked(node, () => tensor(values as number[]));
    this.#made.set(node, value);
    return value;
  }

  /** Settings such as shapes and counts are checked before the engine reserves memory for them. */
  #limited(name: string, list: Value[], node: AnyNode): Value[] {
    const settings = list.flat(3).filter((value) => typeof value === "number");
    const isSize = [
      "zeros",
      "ones",
      "eye",
      "normal",
      "uniform",
      "expand",
      "reshape",
      "indexAdd",
      "linspace",
    ].includes(name);
    let product = 1;
    for (const size of isSize ? settings : []) if (size > 1) product *= size;
    if (name === "eye") product *= product;
    if (name === "arange") {
      const [start = 0, stop = 0, step = 1] = settings;
      product = settings.length === 1 ? start : (stop - start) / step;
    }
    if (name === "full" && Array.isArray(list[0]))
      product = (list[0] as number[]).reduce((all, size) => all * size, 1);
    if (product > MOST_ELEMENTS) throw tooMany(node);
    return list;
  }

  /** Runs a part of the engine: its errors become mistakes in the program, and what it recorded gets its place. */
  #checked<T extends Value>(node: AnyNode, compute: () => T): T {
    if (++this.#calls > MOST_CALLS) throw new ProgramError(`A program may make ${MOST_CALLS} calls.`, node);
    let value: T;
    try {
      value = compute();
    } catch (error) {
      if (error instanceof ProgramError) throw error;
      if (error instanceof HalogradError) throw new ProgramError(error.message, node);
      throw new ProgramError(
        error instanceof RangeError ? "This needs more memory than there is." : String(error),
        node,
      );
    }
    if (isTensor(value)) {
      if (value.size > MOST_ELEMENTS) throw tooMany(node);
      if (value.node !== null) {
        const waiting = [value.node];
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          if (this.#places.has(next)) continue;
          this.#places.set(next, { start: node.start, end: node.end });
          for (const source of next.sources) if (source !== null) waiting.push(source);
        }
      }
    }
    return value;
  }

  #lookUp(name: string, place: Place): Value {
    const value = this.#names.get(name) ?? OPERATIONS.get(name);
    if (value !== undefined) return value;
    if (name === "undefined") return undefined;
    if (name === "Infinity") return Infinity;
    throw new ProgramError(`${name} has no value here.${suggest(name, [...this.#names.keys()])}`, place);
  }
}

/** How many tensors an operation takes; none of those that take a list. */
function operandsOf(operation: Callable): number {
  const {
    operation: record,
    examples,
    calls,
  } = operation as Partial<{
    operation: halograd.Operation;
    examples: readonly { shapes: readonly unknown[] }[];
    calls: halograd.Calls;
  }>;
  if ((record?.calls ?? calls)?.takesList) return 0;
  // Beside the arithmetic, the expression of an elementwise operation takes its operands.
  const ofElements = (record?.value?.length ?? 2) - 1;
  const ofExamples = (record?.examples ?? examples ?? []).map(({ shapes }) => shapes.length);
  return Math.max(1, ofElements, ...ofExamples);
}

function isNumbers(value: Value): boolean {
  return Array.isArray(value) ? value.every(isNumbers) : typeof value === "number";
}

function tooMany(place: Place): ProgramError {
  return new ProgramError(
    `Tensors here have at most ${MOST_ELEMENTS} elements, so that one can look at them.`,
    place,
  );
}

function refused(
  place: Place,
  fix = "Programs have names, numbers, arrays, + − * / **, and calls of operations.",
): ProgramError {
  return new ProgramError(`This is not part of the language of this page. ${fix}`, place);
}

/** The name that was probably meant. */
function suggest(name: string, known: readonly string[]): string {
  let [best, least] = ["", Math.min(3, name.length / 2)];
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best === "" ? "" : ` Did you mean ${best}?`;
}

/** How many letters differ (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++)
      next.push(Math.min(row[k] + 1, next[k - 1] + 1, row[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
