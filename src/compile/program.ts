/**
 * What a function does, as data: buffers of memory, and statements that change them in order. A trace writes it down, the next
 * stages make it shorter, and the last one makes WebAssembly of it. `showProgram` prints it at any stage.
 */

import type { Random } from "../basics/random.ts";
import { type Shape, showShape } from "../basics/shape.ts";
import type { Dtype, FloatArray, Storage } from "../kernels/index.ts";
import type { Application, HostWork, KernelCall } from "../kernels/watch.ts";
import type { Tensor } from "../ops/tensor.ts";

/** Flat memory of one dtype. */
export interface Buffer {
  readonly id: number;
  readonly size: number;
  readonly dtype: Dtype;
  /** Where its elements come from at the beginning of a call. */
  readonly source: Source;
}

/** Where the elements of a buffer come from. */
export type Source =
  /** Made in the call: zeros at first. */
  | { readonly kind: "temporary" }
  /** Made by the host in the call, the same each time. */
  | { readonly kind: "constant"; readonly values: FloatArray }
  /** Memory that is there between calls. */
  | { readonly kind: "captured"; readonly storage: Storage }
  /** The memory of an argument, from its first element to its last. */
  | { readonly kind: "argument"; readonly index: number }
  /** The gradient that a tensor has when the call begins. */
  | { readonly kind: "gradient"; readonly of: Tensor }
  /** A number that work of the host returns. */
  | { readonly kind: "number"; readonly work: number; readonly index: number };

/** Whether the caller sees what is written. */
export function isOutside({ source: { kind } }: Buffer): boolean {
  return kind === "captured" || kind === "argument" || kind === "gradient";
}

/** Elements of a buffer: where the first is, and the steps along the axes. */
export interface Access {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** An access with its shape: a tensor. */
export interface View extends Access {
  readonly shape: Shape;
}

/** One thing that happens. */
export type Statement = KernelStatement | OperationStatement | WorkStatement | DrawStatement;

/** A kernel runs. Its call tells which; the operands of that call are those of the trace and of no use. */
export interface KernelStatement {
  readonly kind: "kernel";
  readonly call: KernelCall;
  readonly outputs: readonly Access[];
  readonly operands: readonly Access[];
  /** Which draw it takes its numbers from, of a kernel that fills; −1 for one that is the same in each call. */
  readonly draw: number;
  /** Of how many kernels it was made; left out for one. */
  readonly parts?: number;
}

/** An operation with code of its own computes. */
export interface OperationStatement extends Barrier {
  readonly kind: "operation";
  readonly operation: Application["operation"];
  readonly attributes: object;
  readonly outputs: readonly [View];
  readonly operands: readonly View[];
}

/** The host works, and reads elements for it. */
export interface WorkStatement extends Barrier {
  readonly kind: "work";
  readonly work: HostWork<Tensor>;
  /** What must be the same in each call. */
  readonly fixed: unknown;
  /** Whether it may throw, as all may that reads; other work is done as early as the order of all work allows. */
  readonly mayThrow: boolean;
  readonly outputs: readonly [];
  readonly operands: readonly View[];
}

/** What may end a call by an error: by then all has happened that comes before it, and nothing that comes after. */
interface Barrier {
  /** The gradients that were replaced by then, which an error leaves behind. */
  readonly gradients: ReadonlyMap<Tensor, View | null>;
  /** How much work of the host comes before. */
  readonly index: number;
}

/** Whether statements must not be moved across another one. */
export function isBarrier(statement: Statement): statement is WorkStatement | OperationStatement {
  return statement.kind === "operation" || (statement.kind === "work" && statement.mayThrow);
}

/** Counter blocks of a stream are reserved. */
export interface DrawStatement {
  readonly kind: "draw";
  readonly random: Random;
  readonly blocks: number;
  readonly index: number;
  readonly outputs: readonly [];
  readonly operands: readonly [];
}

/** The first difference of two programs, in words; null where they do the same. */
export function differenceOf(before: readonly Statement[], after: readonly Statement[]): string | null {
  for (let i = 0; i < Math.min(before.length, after.length); i++) {
    const difference = statementsDiffer(before[i], after[i]);
    if (difference !== null) return `step ${i}, ${nameOf(after[i])}: ${difference}`;
  }
  const place = Math.min(before.length, after.length);
  const more = before[place] ?? after[place];
  return more === undefined
    ? null
    : `step ${place}, ${nameOf(more)}, happens in one call and not in the next`;
}

function statementsDiffer(before: Statement, after: Statement): string | null {
  if (before.kind !== after.kind || nameOf(before) !== nameOf(after))
    return `another call has ${nameOf(before)} here`;
  const places =
    listsDiffer(before.outputs, after.outputs, accessesDiffer) ??
    listsDiffer(before.operands, after.operands, accessesDiffer);
  if (places !== null) return places;
  if (before.kind === "kernel" && after.kind === "kernel") {
    if (before.draw !== after.draw) return "its numbers come from another draw";
    if (before.draw >= 0) return null;
    return callsDiffer(before.call, after.call);
  }
  if (before.kind === "operation" && after.kind === "operation") {
    const isSame = before.operation === after.operation && isEqual(before.attributes, after.attributes);
    return isSame ? null : "its attributes differ from call to call";
  }
  if (before.kind === "work" && after.kind === "work")
    return isEqual(before.fixed, after.fixed)
      ? null
      : "another number, or an optimiser or scheduler that each call makes for itself: make it outside";
  if (before.kind === "draw" && after.kind === "draw")
    return before.random === after.random && before.blocks === after.blocks
      ? null
      : "another stream, or another count";
  return null;
}

function callsDiffer(before: KernelCall, after: KernelCall): string | null {
  const [one, other] = [before, after].map(
    ({ outputs, operands, run, ...rest }) => rest as Readonly<Record<string, unknown>>,
  );
  if (one.key !== other.key) return "its expression is another function in each call";
  const field = Object.keys(one).find((name) => !isEqual(one[name], other[name]));
  return field === undefined ? null : `its ${field} differs from call to call`;
}

function listsDiffer<T>(
  before: readonly T[],
  after: readonly T[],
  differ: (a: T, b: T, place: number) => string | null,
): string | null {
  if (before.length !== after.length) return "another number of operands";
  for (let i = 0; i < before.length; i++) {
    const difference = differ(before[i], after[i], i);
    if (difference !== null) return difference;
  }
  return null;
}

/** How two accesses differ, the place being that of the operand. */
function accessesDiffer(before: Access, after: Access, place: number): string | null {
  const [a, b] = [before.buffer, after.buffer];
  if (
    before.offset !== after.offset ||
    !isEqual(before.strides, after.strides) ||
    !isEqual((before as Partial<View>).shape, (after as Partial<View>).shape) ||
    a.size !== b.size ||
    a.dtype !== b.dtype
  )
    return `operand ${place} lies otherwise in memory`;
  if (a.source.kind === "captured" && b.source.kind === "captured" && a.source.storage !== b.source.storage)
    return `operand ${place} is another tensor in each call: pass it as an argument`;
  if (a.source.kind === "constant" && b.source.kind === "constant") {
    if (isEqual(a.source.values, b.source.values)) return a.id === b.id ? null : "other operands";
    return `operand ${place}, which the host makes, differs from call to call (${shown(a.source.values)}, then ${shown(b.source.values)}): pass a tensor as an argument`;
  }
  if (a.source.kind === "gradient" && b.source.kind === "gradient" && a.source.of !== b.source.of)
    return `operand ${place} is the gradient of another tensor`;
  return a.id === b.id && isEqual(a.source, b.source) ? null : `operand ${place} comes from elsewhere`;
}

const shown = (values: FloatArray): string =>
  values.length === 1 ? `${values[0]}` : `${values.length} numbers`;

/**
 * Whether two values of attributes are the same: numbers, functions, and lists and records of them; typed arrays by their numbers, or
 * by what they are.
 */
export function isEqual(a: unknown, b: unknown, byNumbers = true): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const isList = Array.isArray(a) || (byNumbers && ArrayBuffer.isView(a) && "length" in a);
  if (!isList && Object.getPrototypeOf(a) !== Object.prototype) return false;
  if (isList && (a as unknown[]).length !== (b as unknown[]).length) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return (
    keys.length === others.length &&
    keys.every(
      (key, i) =>
        key === others[i] &&
        isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], byNumbers),
    )
  );
}

/** What a statement does, in a word. */
export function nameOf(statement: Statement): string {
  if (statement.kind === "kernel") return statement.call.kind;
  if (statement.kind === "operation") return statement.operation.name;
  return statement.kind === "work" ? "work of the host" : "draw";
}

/** A program as text, a line for each statement. */
export function showProgram(statements: readonly Statement[]): string {
  return statements.map(showStatement).join("\n");
}

function showStatement(statement: Statement): string {
  const outputs = statement.outputs.map(showAccess).join(", ");
  const operands = statement.operands.map(showAccess).join(", ");
  const shape =
    statement.kind === "kernel" && "shape" in statement.call ? ` ${showShape(statement.call.shape)}` : "";
  return `${outputs}${outputs && " = "}${nameOf(statement)}${shape}(${operands})`;
}

function showAccess({ buffer, offset, strides }: Access): string {
  const names = { temporary: "t", constant: "c", captured: "w", argument: "x", gradient: "g", number: "n" };
  const place = offset === 0 ? "" : `+${offset}`;
  return `${names[buffer.source.kind]}${buffer.id}${place}${strides.length > 0 ? `:${strides.join("·")}` : ""}`;
}
