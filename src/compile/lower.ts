/**
 * The fourth stage turns statements into instructions over flat memory, the loops, folds and products that the kernels of eager
 * operations are made of. What they cannot do stays a statement, which the host runs.
 */

import { contiguousStrides, sizeOf } from "../basics/shape.ts";
import { type Axes, type Expression, type Expressions, mergeAxes } from "../kernels/index.ts";
import { joinOf, PARTIALS } from "../kernels/wasm/elementwise.ts";
import { isDense, isLowerable } from "./layout.ts";
import {
  type Access,
  type Buffer,
  type DrawStatement,
  isBarrier,
  type KernelStatement,
  type Statement,
  type WorkStatement,
} from "./program.ts";

/** What is run in one go: first what the host does without looking, then instructions, then what it has to look at. */
export interface Phase {
  readonly prelude: readonly (WorkStatement | DrawStatement)[];
  readonly instructions: readonly Step[];
  readonly host: Statement | null;
}

/** One instruction over memory, several that are done block after block, or several that threads share out. */
export type Step = Instruction | Blocks | Tasks;

/** One instruction over memory. */
export type Instruction = Loop | Fold | Product | Fill | Copy | Zero;

/** Where an operand of a loop begins, its step from row to row, and from block to block where it moves on, in elements. */
export interface Place {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly step: number;
  readonly advance?: number;
}

/** Instructions over a batch, done for one block of its rows after the other. */
export interface Blocks {
  readonly kind: "blocks";
  /** Rows in a block, and how many blocks there are. */
  readonly rows: number;
  readonly count: number;
  /** What is done for each block. */
  readonly body: readonly Instruction[];
  /** The same for the rows that are left: one for each of the body, or nothing. */
  readonly rest: readonly Instruction[];
  /** Buffers that are of no use from one block to the next. */
  readonly locals: ReadonlySet<Buffer>;
  /** Whether threads share the blocks out; the rows that are left are one more. */
  readonly isShared: boolean;
  /** Which of the body have to be done in the order of the blocks, whoever does them. */
  readonly ordered: ReadonlySet<number>;
  readonly outputs: readonly Place[];
  readonly operands: readonly Place[];
}

/** Instructions that threads share out: none needs anything of another one. */
export interface Tasks {
  readonly kind: "tasks";
  readonly tasks: readonly Instruction[];
  readonly outputs: readonly Place[];
  readonly operands: readonly Place[];
}

/** Whether threads share a step out. */
export function isShared(step: Step): step is Tasks | (Blocks & { readonly isShared: true }) {
  return step.kind === "tasks" || (step.kind === "blocks" && step.isShared);
}

/** The instructions of a step. */
export function instructionsOf(step: Step): readonly Instruction[] {
  if (step.kind === "blocks") return [...step.body, ...step.rest];
  return step.kind === "tasks" ? step.tasks : [step];
}

/** What part of an instruction's work a block does: how much comes before the first block, and from block to block. */
interface Part {
  readonly done: number;
  readonly advance: number;
}

/** A sweep over rows and columns; bit k of `repeated` says that operand k has one number a row. */
interface Loop {
  readonly kind: "loop";
  readonly expressions: Expressions;
  readonly repeated: number;
  readonly rows: number;
  readonly columns: number;
  readonly outputs: readonly Place[];
  readonly operands: readonly Place[];
  /** Of how many kernels it was made. */
  readonly parts: number;
}

/** A fold of each row, or of each column, into an accumulator in float64, which is divided and rounded at the end. */
export interface Fold {
  readonly kind: "fold";
  readonly expression: Expression;
  readonly initial: number;
  readonly divisor: number;
  readonly over: "rows" | "columns";
  readonly repeated: number;
  readonly rows: number;
  readonly columns: number;
  readonly operands: readonly Place[];
  /** Memory for the accumulators. */
  readonly accumulators: Buffer;
  /** Of a fold in blocks, which only sets its accumulators, only adds to them, or only joins them; left out: does it all. */
  readonly part?: "start" | "add" | "finish";
  readonly outputs: readonly [Place];
}

/** A matrix product; strides in elements. */
export interface Product {
  readonly kind: "product";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** The terms of a sum over blocks. */
  readonly part?: Part;
  readonly outputs: readonly [Place];
  /** The factors, and perhaps the bias. */
  readonly operands: readonly Place[];
  readonly strides: readonly [aRow: number, aColumn: number, bRow: number, bColumn: number];
}

/** Random numbers. */
interface Fill {
  readonly kind: "fill";
  readonly distribution: "normal" | "uniform";
  /** Which draw; −1 for the one that is given. */
  readonly draw: number;
  readonly fixed: { readonly key: readonly number[]; readonly counter: readonly number[] };
  readonly count: number;
  /** The numbers of a fill in blocks. */
  readonly part?: Part;
  readonly outputs: readonly [Place];
  readonly operands: readonly [];
}

/** Elements copied from one layout to another. */
interface Copy {
  readonly kind: "copy";
  readonly sizes: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly outputs: readonly [Place];
  readonly operands: readonly [Place];
}

/** A buffer set to zeros. */
interface Zero {
  readonly kind: "zero";
  readonly outputs: readonly [Place];
  readonly operands: readonly [];
}

/** The instructions of a program, phase by phase. No buffer has the number `bufferCount` or any above it, before and after. */
export function lower(
  statements: readonly Statement[],
  bufferCount: number,
): { readonly phases: Phase[]; readonly bufferCount: number } {
  const lowering = new Lowering(bufferCount);
  const phases = lowering.phases(statements);
  return { phases, bufferCount: lowering.bufferCount };
}

class Lowering {
  bufferCount: number;
  #instructions: Instruction[] = [];
  /** Temporaries that have elements. */
  readonly #filled = new Set<Buffer>();

  constructor(bufferCount: number) {
    this.bufferCount = bufferCount;
  }

  phases(statements: readonly Statement[]): Phase[] {
    const phases: Phase[] = [];
    let next: (WorkStatement | DrawStatement)[] = [];
    // Work that cannot throw is done as early as the order of all work allows: a sweep that needs its numbers may have moved.
    let prelude = next;
    const close = (host: Statement | null): void => {
      phases.push({ prelude: next, instructions: this.#instructions, host });
      next = [];
      if (host !== null && isBarrier(host)) prelude = next;
      this.#instructions = [];
    };
    for (const statement of statements) {
      if (statement.kind === "draw" || (statement.kind === "work" && !isBarrier(statement))) {
        prelude.push(statement);
      } else if (statement.kind === "kernel" && this.#lowered(statement)) {
        for (const { buffer } of statement.outputs) this.#filled.add(buffer);
      } else {
        for (const { buffer } of statement.outputs) this.#filled.add(buffer);
        close(statement);
      }
    }
    close(null);
    return phases;
  }

  /** Writes the instructions of a kernel; false where there are none. */
  #lowered(statement: KernelStatement): boolean {
    if (!isLowerable(statement)) return false;
    const { call, outputs } = statement;
    switch (call.kind) {
      case "elementwise":
        for (const output of outputs) this.#clear(output, call.shape);
        this.#sweep(call.key, call.shape, outputs, statement.operands, statement.parts);
        return true;
      case "reduce":
        return this.#fold(statement, call);
      case "matmul":
        return this.#product(statement, call.shape);
      default: {
        const [{ buffer }] = outputs;
        const output: Place = { buffer, offset: 0, step: 0 };
        const { draw } = statement;
        const { size: count } = buffer;
        this.#instructions.push({
          kind: "fill",
          distribution: call.kind,
          draw,
          fixed: call.draw,
          count,
          outputs: [output],
          operands: [],
        });
        return true;
      }
    }
  }

  /** Sets a temporary to zeros that is written for the first time, and not as a whole. */
  #clear(output: Access, shape: readonly number[]): void {
    const { buffer } = output;
    if (buffer.source.kind !== "temporary" || this.#filled.has(buffer)) return;
    this.#filled.add(buffer);
    if (isDense(shape, output) && sizeOf(shape) === buffer.size) return;
    this.#instructions.push({ kind: "zero", outputs: [{ buffer, offset: 0, step: 0 }], operands: [] });
  }

  #sweep(
    expressions: Expressions,
    shape: readonly number[],
    outputs: readonly Access[],
    operands: readonly Access[],
    parts = 1,
  ): void {
    // No loop reads what it has written: an operand that overlaps an output, and is not the same element by element, is copied.
    const apart = operands.map((operand) =>
      outputs.some((output) => output.buffer === operand.buffer && !isSame(shape, output, operand))
        ? this.#gathered(shape, operand)
        : operand,
    );
    const axes = mergeAxes(shape, [...outputs, ...apart]);
    if (axes.sizes.length > 2) {
      const dense = apart.map((operand) =>
        isDense(shape, operand) || isScalar(shape, operand) ? operand : this.#gathered(shape, operand),
      );
      const targets = outputs.map((output) =>
        isDense(shape, output) ? output : this.#temporary(sizeOf(shape), shape),
      );
      this.#sweep(expressions, shape, targets, dense, parts);
      for (const [i, output] of outputs.entries())
        if (targets[i] !== output) this.#copy(shape, targets[i], output);
      return;
    }
    const { sizes, steps } = axes;
    const [rows, columns] = sizes.length === 2 ? sizes : [1, sizes[0] ?? 1];
    const grid = [rows, columns];
    const scattered: [Access, Access][] = [];
    const placeOf = (access: Access, i: number): { place: Place; isRepeated: boolean } => {
      const [outer, inner] = steps[i].length === 2 ? steps[i] : [0, steps[i][0] ?? 1];
      const { buffer, offset } = access;
      const isRepeated = inner === 0;
      if (isRepeated || inner === 1) return { place: { buffer, offset, step: outer }, isRepeated };
      const isOutput = i < outputs.length;
      const moved = { buffer, offset, strides: [outer, inner] };
      const dense = isOutput ? this.#temporary(rows * columns, grid) : this.#gathered(grid, moved);
      if (isOutput) scattered.push([dense, moved]);
      return { place: { buffer: dense.buffer, offset: 0, step: columns }, isRepeated: false };
    };
    const places = [...outputs, ...apart].map(placeOf);
    const read = places.slice(outputs.length);
    this.#instructions.push({
      kind: "loop",
      expressions,
      repeated: maskOf(read),
      rows,
      columns,
      outputs: places.slice(0, outputs.length).map(({ place }) => place),
      operands: read.map(({ place }) => place),
      parts,
    });
    for (const [from, to] of scattered) this.#copy(grid, from, to);
  }

  #fold(statement: KernelStatement, call: Extract<KernelStatement["call"], { kind: "reduce" }>): boolean {
    const { shape, reducedRank, key, initial, divisor } = call;
    const join = joinOf(key, statement.operands.length);
    if (join === null) return false;
    const keptRank = shape.length - reducedRank;
    const [kept, reduced] = [shape.slice(0, keptRank), shape.slice(keptRank)];
    const [keptCount, reducedCount] = [sizeOf(kept), sizeOf(reduced)];
    const partOf = (operands: readonly Access[], from: number, to: number): Axes =>
      mergeAxes(
        shape.slice(from, to),
        operands.map(({ offset, strides }) => ({ offset, strides: strides.slice(from, to) })),
      );
    let { operands } = statement;
    let [outer, inner] = [partOf(operands, 0, keptRank), partOf(operands, keptRank, shape.length)];
    const isPlain = (): boolean => outer.sizes.length <= 1 && inner.sizes.length <= 1;
    const stepsOf = (i: number): [outer: number, inner: number] => [
      outer.steps[i][0] ?? 0,
      inner.steps[i][0] ?? 1,
    ];
    const byColumns =
      isPlain() &&
      keptCount > 1 &&
      keptCount <= MOST_COLUMNS &&
      operands.every((_, i) => stepsOf(i)[0] === 1 && stepsOf(i)[1] === keptCount);
    if (!byColumns) {
      operands = operands.map((operand, i) =>
        isPlain() && stepsOf(i)[1] <= 1 && stepsOf(i)[1] >= 0 ? operand : this.#gathered(shape, operand),
      );
      [outer, inner] = [partOf(operands, 0, keptRank), partOf(operands, keptRank, shape.length)];
      if (!isPlain()) {
        operands = operands.map((operand) => this.#gathered(shape, operand));
        [outer, inner] = [partOf(operands, 0, keptRank), partOf(operands, keptRank, shape.length)];
      }
    }
    const [output] = statement.outputs;
    this.#clear(output, kept);
    const places = operands.map(({ buffer, offset }, i) => {
      const [out, along] = stepsOf(i);
      return {
        place: { buffer, offset, step: byColumns ? keptCount : out },
        isRepeated: !byColumns && along === 0,
      };
    });
    const count = (byColumns ? PARTIALS : 1) * keptCount;
    this.#instructions.push({
      kind: "fold",
      expression: key,
      initial,
      divisor,
      over: byColumns ? "columns" : "rows",
      repeated: maskOf(places),
      rows: byColumns ? reducedCount : keptCount,
      columns: byColumns ? keptCount : reducedCount,
      operands: places.map(({ place }) => place),
      accumulators: this.#buffer(2 * count),
      outputs: [{ buffer: output.buffer, offset: output.offset, step: 0 }],
    });
    return true;
  }

  #product(statement: KernelStatement, [m, n, k]: readonly [number, number, number]): boolean {
    const [a, b, bias] = statement.operands;
    const [output] = statement.outputs;
    this.#clear(output, [m, n]);
    const operands =
      bias === undefined
        ? [a, b]
        : [a, b, n === 1 || bias.strides[0] === 1 ? bias : this.#gathered([n], bias)];
    this.#instructions.push({
      kind: "product",
      m,
      n,
      k,
      outputs: [{ buffer: output.buffer, offset: output.offset, step: 0 }],
      operands: operands.map(({ buffer, offset }) => ({ buffer, offset, step: 0 })),
      strides: [a.strides[0], a.strides[1], b.strides[0], b.strides[1]],
    });
    return true;
  }

  /** The elements of an access in a temporary of their own, side by side. */
  #gathered(shape: readonly number[], access: Access): Access {
    const dense = this.#temporary(sizeOf(shape), shape);
    this.#copy(shape, access, dense);
    return dense;
  }

  #copy(shape: readonly number[], from: Access, to: Access): void {
    const { sizes, steps } = mergeAxes(shape, [from, to]);
    this.#instructions.push({
      kind: "copy",
      sizes,
      from: steps[0],
      to: steps[1],
      outputs: [{ buffer: to.buffer, offset: to.offset, step: 0 }],
      operands: [{ buffer: from.buffer, offset: from.offset, step: 0 }],
    });
  }

  #temporary(size: number, shape: readonly number[]): Access {
    return { buffer: this.#buffer(size), offset: 0, strides: contiguousStrides(shape) };
  }

  #buffer(size: number): Buffer {
    return { id: this.bufferCount++, size, dtype: "float32", source: { kind: "temporary" } };
  }
}

/** So many columns at once, that their partial results stay in the second-level cache. */
const MOST_COLUMNS = 4096;

const maskOf = (places: readonly { readonly isRepeated: boolean }[]): number =>
  places.reduce((mask, { isRepeated }, i) => (isRepeated ? mask | (1 << i) : mask), 0);

const isScalar = (shape: readonly number[], { strides }: Access): boolean =>
  shape.every((size, axis) => size === 1 || strides[axis] === 0);

const isSame = (shape: readonly number[], a: Access, b: Access): boolean =>
  a.offset === b.offset && shape.every((size, axis) => size === 1 || a.strides[axis] === b.strides[axis]);
