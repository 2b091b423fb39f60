/**
 * The third stage makes one sweep over memory of several elementwise kernels of one shape. Each operation still rounds to float32,
 * so that no bit changes; what was written between them only for the next one to read is not written any more.
 */

import { sameShape } from "../basics/shape.ts";
import type { Arithmetic, Expressions } from "../kernels/index.ts";
import type { ElementwiseCall } from "../kernels/watch.ts";
import { isDense, isLowerable } from "./layout.ts";
import {
  type Access,
  type Buffer,
  isBarrier,
  isOutside,
  type KernelStatement,
  type Statement,
} from "./program.ts";

/** Statements of which those that can be one sweep are one; `results` are the buffers that are read after the call. */
export function fuse(statements: readonly Statement[], results: ReadonlySet<Buffer>): Statement[] {
  const groups: Statement[][] = [];
  for (const original of statements) {
    const statement = normalized(original);
    const group = isSweep(statement) ? groupFor(statement, groups) : null;
    if (group === null) groups.push([statement]);
    else group.push(statement);
  }
  const readers = readersOf(groups);
  const merge = new Merger();
  return groups.map((group) => {
    if (group.length === 1) return group[0];
    const isRead = ({ buffer }: Access): boolean =>
      buffer.source.kind !== "temporary" ||
      results.has(buffer) ||
      [...(readers.get(buffer) ?? [])].some((reader) => reader !== group);
    return merge.group(group as Sweep[], isRead);
  });
}

/** A sweep in which steps along axes of size 1, which do not matter, are 0, so that the same access looks the same. */
function normalized(statement: Statement): Statement {
  if (!isSweep(statement)) return statement;
  const { shape } = statement.call;
  const plain = (access: Access): Access => ({
    ...access,
    strides: access.strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride)),
  });
  return { ...statement, outputs: statement.outputs.map(plain), operands: statement.operands.map(plain) };
}

/** A statement that sweeps over memory. */
type Sweep = KernelStatement & { readonly call: ElementwiseCall };

function isSweep(statement: Statement): statement is Sweep {
  if (statement.kind !== "kernel" || statement.call.kind !== "elementwise" || !isLowerable(statement))
    return false;
  const { shape } = statement.call;
  return statement.outputs.every(
    (output) =>
      isDense(shape, output) && (output.buffer.source.kind !== "temporary" || covers(shape, output)),
  );
}

const covers = (shape: readonly number[], { buffer }: Access): boolean =>
  shape.reduce((size, count) => size * count, 1) === buffer.size;

/** The group that a statement can join: everything behind it may as well happen later. */
function groupFor(statement: Sweep, groups: readonly Statement[][]): Statement[] | null {
  for (let i = groups.length - 1; i >= Math.max(0, groups.length - REACH); i--) {
    const group = groups[i];
    const [first] = group;
    if (isSweep(first) && sameShape(first.call.shape, statement.call.shape)) {
      const joins = group.every((member) => isAligned(statement, member));
      if (joins && countOf([...group, statement]) <= MOST_OPERANDS) return group;
    }
    if (group.some((member) => dependsOn(statement, member))) return null;
  }
  return null;
}

/** How far back a statement looks for others. */
const REACH = 64;
/** More operands than this in one loop run out of registers. */
const MOST_OPERANDS = 20;

const countOf = (group: readonly Statement[]): number =>
  new Set(group.flatMap(({ outputs, operands }) => [...outputs, ...operands].map(keyOf))).size;

/** Whether what two sweeps share they touch element by element. */
function isAligned(statement: Sweep, member: Statement): boolean {
  const meets = (a: readonly Access[], b: readonly Access[]): boolean =>
    a.every((one) => b.every((other) => one.buffer !== other.buffer || keyOf(one) === keyOf(other)));
  return (
    meets(statement.operands, member.outputs) &&
    meets(statement.outputs, member.outputs) &&
    meets(statement.outputs, member.operands)
  );
}

/** Whether a statement has to come after another one. */
function dependsOn(statement: Statement, earlier: Statement): boolean {
  const shares = (a: readonly Access[], b: readonly Access[]): boolean =>
    a.some((one) => b.some((other) => one.buffer === other.buffer));
  if (isBarrier(earlier)) {
    // The numbers of later works are not there before it.
    const waits = statement.operands.some(
      ({ buffer: { source } }) => source.kind === "number" && source.work >= earlier.index,
    );
    if (waits) return true;
    // Nor may anything have changed that its caller sees, should it throw.
    const seen = new Set([...earlier.gradients.values()].map((gradient) => gradient?.buffer));
    if (statement.outputs.some(({ buffer }) => isOutside(buffer) || seen.has(buffer))) return true;
  }
  return (
    shares(statement.operands, earlier.outputs) ||
    shares(statement.outputs, earlier.outputs) ||
    shares(statement.outputs, earlier.operands)
  );
}

function readersOf(groups: readonly Statement[][]): Map<Buffer, Set<Statement[]>> {
  const readers = new Map<Buffer, Set<Statement[]>>();
  for (const group of groups) {
    for (const { operands } of group) {
      for (const { buffer } of operands) {
        const known = readers.get(buffer) ?? new Set();
        readers.set(buffer, known.add(group));
      }
    }
  }
  return readers;
}

/** An access as text. */
const keyOf = ({ buffer, offset, strides }: Access): string => `${buffer.id}+${offset}:${strides}`;

/** Makes one statement of several; groups that do the same get the same expressions, and thus one loop. */
class Merger {
  readonly #ids = new Map<Expressions, number>();
  readonly #made = new Map<string, Expressions>();

  group(members: readonly Sweep[], isRead: (access: Access) => boolean): KernelStatement {
    const operands = new Map<string, Access>();
    const results = new Map<string, Access>();
    for (const member of members) {
      for (const operand of member.operands) {
        const key = keyOf(operand);
        if (!results.has(key)) operands.set(key, operand);
      }
      for (const output of member.outputs) results.set(keyOf(output), output);
    }
    const written = [...results].filter(([, access]) => isRead(access));
    const names = new Map([...operands.keys()].map((key, i) => [key, `o${i}`]));
    for (const key of results.keys()) if (!names.has(key)) names.set(key, `r${names.size}`);
    const wiring = members.map(
      ({ call, operands, outputs }) =>
        `${this.#idOf(call.key)}(${operands.map((x) => names.get(keyOf(x)))})${outputs.map((x) => names.get(keyOf(x)))}`,
    );
    const signature = `${wiring};${written.map(([key]) => names.get(key))}`;
    const expressions =
      this.#made.get(signature) ??
      merged(
        members,
        [...operands.keys()],
        written.map(([key]) => key),
      );
    this.#made.set(signature, expressions);
    const [{ call }] = members;
    return {
      kind: "kernel",
      call: { ...call, key: expressions, outputs: [], operands: [] },
      outputs: written.map(([, access]) => access),
      operands: [...operands.values()],
      draw: -1,
      parts: members.length,
    };
  }

  #idOf(key: Expressions): number {
    const id = this.#ids.get(key) ?? this.#ids.size;
    this.#ids.set(key, id);
    return id;
  }
}

/** A result as the next operation finds it in memory: a constant, say, is nothing special any more. */
function opaque<V>(m: Arithmetic<V>, value: V): V {
  return "opaque" in m ? (m as Arithmetic<V> & { opaque(value: V): V }).opaque(value) : value;
}

function merged(
  members: readonly Sweep[],
  operands: readonly string[],
  results: readonly string[],
): Expressions {
  const steps = members.map(({ call: { key }, operands, outputs }) => ({
    key,
    from: operands.map(keyOf),
    to: outputs.map(keyOf),
  }));
  return <V>(m: Arithmetic<V>, ...values: V[]): V[] => {
    const known = new Map(operands.map((key, i) => [key, values[i]]));
    for (const { key, from, to } of steps) {
      const made = key(m, ...from.map((name) => known.get(name)!));
      for (const [i, name] of to.entries()) known.set(name, opaque(m, made[i]));
    }
    return results.map((name) => known.get(name)!);
  };
}
