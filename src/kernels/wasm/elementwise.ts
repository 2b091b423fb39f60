/**
 * Loops and folds over addresses of a WebAssembly memory, in SIMD, each a small module made from an expression.
 * They run over rows × columns; an operand's elements lie side by side along a row, or its row is one number
 * repeated (a column, or a scalar); from row to row every operand has a step of its own, 0 for a repeated row. Other
 * strides are for the caller to make contiguous.
 *
 * An operand is described in a table in the memory: pairs of int32, the address of its first element and the step from
 * row to row, both in bytes; the outputs come first. Nothing is checked. Outside the elements described, nothing is
 * read or written.
 */

import type { Expression, Expressions } from "../arithmetic.ts";
import type { Bytes } from "../types.ts";
import { numbers } from "../typescript/numbers.ts";
import {
  Assembler,
  type Body,
  type Callable,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  type Label,
  type Local,
  type Value,
  v128,
} from "./assembler.ts";
import {
  LaneEmitter,
  LaneGraph,
  type Level,
  laneArithmetic,
  type Node,
  RESCUES,
  type RescueFunctions,
  writeRescues,
} from "./lanes.ts";
import { rescueOf } from "./range.ts";

/**
 * Runs over rows × columns. Bit k of `repeated` says that operand k has one number a row; `table` is the address of the
 * table.
 */
export type LaneKernel = (rows: number, columns: number, table: number, repeated: number) => void;

/**
 * A kernel that stores each result of the expressions. Four elements are read before their results are written, so
 * an output may be the very elements of an operand that is not repeated; any other overlap is undefined.
 */
export function compileLanes(
  memory: WebAssembly.Memory,
  expressions: Expressions,
  operandCount: number,
): LaneKernel {
  const [small, large] = [false, true].map((isLarge) =>
    perPattern((repeated) => instantiate(memory, lanesModule(expressions, operandCount, repeated, isLarge))),
  );
  let seen = 0;
  return (rows, columns, table, repeated) => {
    if (columns >= LEAST_ABREAST) seen += rows * columns;
    (seen > PATIENCE.elements ? large : small)(rows, columns, table, repeated);
  };
}

/**
 * So many elements a kernel computes one vector at a time. Code for several abreast, of the same bits, takes three times as long
 * to write, as long as it then saves with a million elements.
 */
export const PATIENCE: { elements: number } = { elements: 2 ** 20 };
/** So many elements are computed abreast at least. */
const LEAST_ABREAST = 8;

/** Folds of a region into float64 accumulators that the caller has set before. */
export interface LaneFold {
  /**
   * Folds row i into accumulator i; output 0 of the table is the accumulators' address and step. The row is folded
   * first: element j into partial result j mod 8, all in float64. The partial results p join as
   * ((p₀ + p₄) + (p₂ + p₆)) + ((p₁ + p₅) + (p₃ + p₇)), and this joins the accumulator.
   */
  readonly rows: LaneKernel;
  /** Folds column j into accumulator j, row after row; the accumulators lie side by side, their step is not used. */
  readonly columns: LaneKernel;
  /** Joins `count` accumulators, side by side from the address `other` on, to those from `into` on. */
  readonly join: (count: number, into: number, other: number) => void;
  /** The same for two numbers, and the number that changes none. */
  readonly joinNumbers: (a: number, b: number) => number;
  readonly neutral: number;
}

/** How many partial results a row is folded into. */
export const PARTIALS = 8;

/**
 * The kernels of a fold (accumulator first) of the form accumulator ∘ term, where ∘ is +, ×, minimum or maximum; null
 * for any other, whose order cannot be changed. A term is computed in float32; all else in float64, so that the
 * error of a sum is that of its terms and of one last rounding.
 */
export function compileFold(
  memory: WebAssembly.Memory,
  expression: Expression,
  operandCount: number,
): LaneFold | null {
  const parts = foldOf(expression, operandCount, 0);
  if (parts === null) return null;
  const compile = (over: "rows" | "columns") =>
    perPattern((repeated) =>
      instantiate(memory, writeModule(foldFunction(expression, operandCount, repeated, over))),
    );
  const { numbers: joinNumbers, neutral } = parts.join;
  let join: LaneFold["join"] | undefined;
  return {
    rows: compile("rows"),
    columns: compile("columns"),
    join(...call) {
      join ??= instantiate<LaneFold["join"]>(memory, joinModule(parts.join));
      join(...call);
    },
    joinNumbers,
    neutral,
  };
}

/** One kernel for each pattern of repeated operands, made when it is first needed. */
function perPattern(make: (repeated: number) => LaneKernel): LaneKernel {
  const kernels = new Map<number, LaneKernel>();
  let last = -1;
  let kernel: LaneKernel;
  return (rows, columns, table, repeated) => {
    // Most calls are of one pattern, and those with single elements are so short that finding it in a map shows.
    if (repeated !== last) {
      kernel = kernels.get(repeated) ?? make(repeated);
      kernels.set(repeated, kernel);
      last = repeated;
    }
    kernel(rows, columns, table, repeated);
  };
}

/** The bytes of a module with one function, `run`, and what it imports beside the memory. */
interface LaneModule {
  readonly bytes: Bytes;
  readonly imports?: Record<string, (...operands: number[]) => number>;
}

function instantiate<Run = LaneKernel>(memory: WebAssembly.Memory, { bytes, imports = {} }: LaneModule): Run {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    halograd: { memory },
    [RESCUES]: imports,
  });
  return instance.exports.run as Run;
}

/** The module of a loop, with vectors abreast where it is for many elements. */
export function lanesModule(
  expressions: Expressions,
  operandCount: number,
  repeated: number,
  isLarge = true,
): LaneModule {
  for (const most of isLarge ? [200, 150, 100, 50] : []) {
    const module = writeModule(lanesFunction(expressions, operandCount, repeated, most));
    if (module.bytes.length < LARGEST) return module;
  }
  return writeModule(lanesFunction(expressions, operandCount, repeated, 0));
}

/** Browsers refuse larger modules, in bytes, on their main thread. */
const LARGEST = 4096;

/** A function of a module, of the parameters of a LaneKernel but the pattern, and the graph that it is written from. */
export interface LaneFunction {
  readonly graph: LaneGraph;
  write(
    body: Body,
    rescues: RescueFunctions,
    rows: Local<"i32">,
    columns: Local<"i32">,
    table: Local<"i32">,
  ): void;
}

/** The loop that stores each result of the expressions. Vectors are computed abreast, up to so many instructions in all. */
export function lanesFunction(
  expressions: Expressions,
  operandCount: number,
  repeated: number,
  mostAbreast: number,
): LaneFunction {
  const graph = new LaneGraph();
  const arithmetic = laneArithmetic(graph);
  const operands = operandsOf(graph, operandCount, repeated);
  const results = expressions(arithmetic, ...operands);
  const write: LaneFunction["write"] = (body, rescues, rows, columns, table) => {
    const emitter = new LaneEmitter(body, results, rescues);
    const read = usedOperands(body, emitter, table, operands, results.length);
    const written = results.map((node, k) => cursor(body, table, k, node));
    // A long chain of instructions waits for itself: several vectors abreast take a third less time in silu, of which
    // four are enough, and registers for no more.
    const size = emitter.size(2);
    const { hasDoubts } = emitter;
    const isShort = size <= SHORT && !hasDoubts;
    const abreast = isShort ? 1 : Math.max(1, Math.min(4, Math.floor(mostAbreast / size)));
    const isWide = mostAbreast > 0 && (abreast > 1 || hasDoubts);
    const vectors = Array.from({ length: isWide ? abreast : 0 }, () =>
      operands.map((operand) => (operand.level === 2 ? graph.operand(2) : operand)),
    );
    const stored = vectors.map((vector) => expressions(arithmetic, ...vector));
    const wide = new LaneEmitter(body, stored.flat(), rescues, emitter);
    emitter.compute(0);
    const left = body.local("i32");
    // Where doubts are frequent, a round that ends in one costs more than it gives: the next ones are left out.
    const resume = body.local("i32");
    const store = (offset: number) => {
      for (const { at, node } of written) body.store(at, emitter.value(node), offset);
    };
    forEachRow(body, rows, [...read, ...written], () => {
      bindRow(emitter, read);
      emitter.compute(1);
      body.set(left, columns);
      if (hasDoubts) body.set(resume, columns);
      const moveOn = (elements: number) => {
        for (const { at } of [...alongRow(read), ...written]) advance(body, at, 4 * elements);
        advance(body, left, -elements);
      };
      // Where there is little to compute, counting takes as long: measured at 16 elements a round, a third less time.
      const stepShort = () =>
        body.while(i32.ge_s(left, 16), () => {
          for (let i = 0; i < 16; i += 4) {
            bindVectors(emitter, read, 4 * i);
            emitter.compute(2);
            store(4 * i);
          }
          moveOn(16);
        });
      /** Stores vectors abreast, up to one of which a lane has to be rescued. */
      const stepWide = (doubtful?: Label) =>
        body.while(i32.ge_s(left, 4 * abreast), () => {
          for (const { node, at } of alongRow(read)) {
            const k = operands.indexOf(node);
            for (const [i, vector] of vectors.entries()) wide.bind(vector[k], v128.load(at, 16 * i));
          }
          wide.compute(2);
          if (doubtful !== undefined) {
            body.if(v128.any_true(wide.doubt), () => {
              body.set(resume, i32.sub(left, 4 * MOST_ALONE));
              body.branch(doubtful);
            });
          }
          for (const [k, { at }] of written.entries())
            for (const [i, nodes] of stored.entries()) body.store(at, wide.value(nodes[k]), 16 * i);
          moveOn(4 * abreast);
        });
      body.loop((again) => {
        if (isShort) stepShort();
        else if (isWide && hasDoubts) body.if(i32.le_s(left, resume), () => body.block(stepWide));
        else if (isWide) stepWide();
        // The next vector by itself, or what is left of one.
        body.if(left, () => {
          const isWhole = body.let(i32.ge_s(left, 4));
          body.if(
            isWhole,
            () => bindVectors(emitter, read, 0),
            () => bindTail(body, emitter, read, left),
          );
          emitter.compute(2);
          body.if(
            isWhole,
            () => {
              store(0);
              moveOn(4);
              body.branch(again);
            },
            () => {
              for (let lane = 0; lane < 3; lane++) {
                body.if(i32.gt_s(left, lane), () => {
                  for (const { at, node } of written)
                    body.store32_lane(at, emitter.value(node), lane, 4 * lane);
                });
              }
            },
          );
        });
      });
    });
  };
  return { graph, write };
}

const SHORT = 8;
/** So many vectors are computed one by one after one of them was in doubt. */
const MOST_ALONE = 16;

/** accumulator ∘ term: the instructions of ∘ on doubles, the neutral element, and the term. */
interface LaneFoldParts {
  readonly term: Node;
  readonly join: Join;
  readonly operands: readonly Node[];
}

/** The operation that joins accumulators, on doubles. */
export interface Join {
  readonly vectors: (a: Value<"v128">, b: Value<"v128">) => Value<"v128">;
  readonly scalars: (a: Value<"f64">, b: Value<"f64">) => Value<"f64">;
  readonly numbers: (a: number, b: number) => number;
  readonly neutral: number;
}

const JOINS: ReadonlyMap<unknown, Join> = /* @__PURE__ */ (() =>
  new Map([
    [f32x4.add, { vectors: f64x2.add, scalars: f64.add, numbers: numbers.add, neutral: 0 }],
    [f32x4.mul, { vectors: f64x2.mul, scalars: f64.mul, numbers: numbers.mul, neutral: 1 }],
    [f32x4.min, { vectors: f64x2.min, scalars: f64.min, numbers: numbers.minimum, neutral: Infinity }],
    [f32x4.max, { vectors: f64x2.max, scalars: f64.max, numbers: numbers.maximum, neutral: -Infinity }],
  ]))();

function foldOf(
  expression: Expression,
  operandCount: number,
  repeated: number,
  graph: LaneGraph = new LaneGraph(),
): LaneFoldParts | null {
  const accumulator = graph.operand(2);
  const operands = operandsOf(graph, operandCount, repeated);
  const root = expression(laneArithmetic(graph), accumulator, ...operands);
  const join = JOINS.get(root.instruction);
  if (join === undefined || !root.operands.includes(accumulator)) return null;
  const [a, b] = root.operands as Node[];
  const term = a === accumulator ? b : a;
  return reaches(term, accumulator) ? null : { term, join, operands };
}

function reaches(node: Node, target: Node): boolean {
  return (
    node === target ||
    node.operands.some((operand) => typeof operand !== "number" && reaches(operand, target))
  );
}

/** The function that folds a region, over rows or over columns; the join of a fold and the term are as in `compileFold`. */
export function foldFunction(
  expression: Expression,
  operandCount: number,
  repeated: number,
  over: "rows" | "columns",
): LaneFunction {
  const graph = new LaneGraph();
  const { term, join, operands } = foldOf(expression, operandCount, repeated, graph)!;
  const fold = over === "rows" ? foldRows : foldColumns;
  const rescue = rescueOf(expression);
  // Terms that are computed, and not read, may leave the range of float32.
  const mayLeave = join.neutral === 0 && !operands.includes(term);
  if (mayLeave) graph.rescues.set(rescue, operandCount + 1);
  return {
    graph,
    write(body, rescues, rows, columns, table) {
      const emitter = new LaneEmitter(body, [term], rescues);
      emitter.compute(0);
      const read = usedOperands(body, emitter, table, operands, 1);
      const { run } = rescues.get(rescue) ?? {};
      const foldAlone: FoldAlone | null =
        run === undefined
          ? null
          : (total, count, stepOf) => {
              const left = body.let(count);
              body.while(left, () => {
                const numbers = operands.map((operand) => {
                  const cursor = read.find(({ node }) => node === operand);
                  return cursor === undefined ? f64.const(0) : f64.promote_f32(f32.load(cursor.at));
                });
                body.set(total, run(total, ...numbers));
                for (const cursor of read) advance(body, cursor.at, stepOf(cursor));
                advance(body, left, -1);
              });
            };
      fold(body, emitter, term, join, read, rows, columns, table, foldAlone);
    },
  };
}

/**
 * Folds so many elements, from where the cursors are, into a total one by one in float64: what is done again where terms have
 * left the range of float32, which shows in a total that is not finite, or so small that terms may have been subnormal.
 */
type FoldAlone = (
  total: Local<"f64">,
  count: Local<"i32">,
  stepOf: (cursor: Cursor) => Value<"i32"> | number,
) => void;

const finite = (totals: Value<"v128">): Value<"v128"> => f64x2.lt(f64x2.abs(totals), f64x2.splat(Infinity));

/** How accumulators of a fold join; null where the fold is of another form. */
export function joinOf(expression: Expression, operandCount: number): Join | null {
  return foldOf(expression, operandCount, 0)?.join ?? null;
}

function foldRows(
  body: Body,
  emitter: LaneEmitter,
  term: Node,
  join: Join,
  read: readonly Cursor[],
  rows: Local<"i32">,
  columns: Local<"i32">,
  table: Local<"i32">,
  foldAlone: FoldAlone | null,
): void {
  const out = cursor(body, table, 0, term);
  const neutral = body.let(f64x2.splat(join.neutral));
  const neutralLanes = body.let(f32x4.splat(join.neutral));
  const partial = [0, 1, 2, 3].map(() => body.local("v128"));
  const left = body.local("i32");
  const termAt = (offset: number) => {
    bindVectors(emitter, read, offset);
    emitter.compute(2);
    return emitter.value(term);
  };
  forEachRow(body, rows, [...read, out], () => {
    bindRow(emitter, read);
    emitter.compute(1);
    for (const vector of partial) body.set(vector, neutral);
    body.set(left, columns);
    body.while(i32.ge_s(left, 8), () => {
      joinTerm(body, join, partial.slice(0, 2), termAt(0));
      joinTerm(body, join, partial.slice(2), termAt(16));
      for (const { at } of alongRow(read)) advance(body, at, 32);
      advance(body, left, -8);
    });
    body.if(i32.ge_s(left, 4), () => {
      joinTerm(body, join, partial, termAt(0));
      for (const { at } of alongRow(read)) advance(body, at, 16);
      advance(body, left, -4);
      // What is left goes into the other half. To the sum, which adds pᵢ and pᵢ₊₄ first, their order is one.
      const [a, b, c, d] = partial.map((vector) => body.let(vector));
      for (const [i, vector] of [c, d, a, b].entries()) body.set(partial[i], vector);
    });
    body.if(left, () => {
      bindTail(body, emitter, read, left);
      emitter.compute(2);
      const inside = i32x4.lt_s(i32x4.const(0, 1, 2, 3), i32x4.splat(left));
      const values = v128.bitselect(emitter.value(term), neutralLanes, inside);
      joinTerm(body, join, partial, body.let(values));
    });
    const [a, b, c, d] = partial;
    const pair = body.let(join.vectors(join.vectors(a, c), join.vectors(b, d)));
    const total = body.let(join.scalars(f64x2.extract_lane(pair, 0), f64x2.extract_lane(pair, 1)));
    if (foldAlone !== null) {
      const size = body.let(f64x2.abs(f64x2.splat(total)));
      const least = f64.promote_f32(f32.mul(f32.convert_i32_s(columns), 2 ** -126));
      const isSmall = v128.and(f64x2.lt(size, f64x2.splat(least)), f64x2.gt(size, f64x2.splat(0)));
      body.if(v128.any_true(v128.or(v128.not(finite(size)), isSmall)), () => {
        for (const { at, start } of read) body.set(at, start);
        body.set(total, f64.const(join.neutral));
        foldAlone(total, columns, ({ along }) => (along ? 4 : 0));
      });
    }
    body.store(out.at, join.scalars(f64.load(out.at), total));
  });
}

function foldColumns(
  body: Body,
  emitter: LaneEmitter,
  term: Node,
  join: Join,
  read: readonly Cursor[],
  rows: Local<"i32">,
  columns: Local<"i32">,
  table: Local<"i32">,
  foldAlone: FoldAlone | null,
): void {
  const out = body.local("i32");
  const block = body.local("i32");
  const row = body.local("i32");
  const column = body.local("i32");
  const left = body.local("i32");
  const sums = [0, 1, 2, 3].map(() => body.local("v128"));
  /** Folds the rows of a block into as many accumulators as `vectors` of four columns have. */
  const fold = (vectors: number, bind: (offset: number) => void) => {
    for (const { at, start, along } of read) {
      body.set(at, along ? i32.add(start, i32.shl(column, 2)) : start);
    }
    body.set(row, block);
    body.while(row, () => {
      bindRow(emitter, read);
      emitter.compute(1);
      for (let i = 0; i < vectors; i++) {
        bind(16 * i);
        emitter.compute(2);
        joinTerm(body, join, sums.slice(2 * i, 2 * i + 2), emitter.value(term));
      }
      for (const { at, step } of read) advance(body, at, step);
      advance(body, row, -1);
    });
  };
  /** Stores the accumulators of so many columns, or folds into those that are stored once more. */
  const finish = (used: number, count: Local<"i32"> | number, store: () => void) => {
    if (foldAlone === null) {
      store();
      return;
    }
    const areFinite = sums
      .slice(0, used)
      .map(finite)
      .reduce((a, b) => v128.and(a, b));
    body.if(
      v128.any_true(v128.not(areFinite)),
      () => {
        const [done, to] = [body.let(i32.const(0)), body.let(out)];
        const total = body.local("f64");
        body.while(i32.lt_s(done, count), () => {
          for (const { at, start, along } of read)
            body.set(at, along ? i32.add(start, i32.shl(i32.add(column, done), 2)) : start);
          body.set(total, f64.load(to));
          foldAlone(total, block, ({ step }) => step);
          body.store(to, total);
          advance(body, to, 8);
          advance(body, done, 1);
        });
      },
      store,
    );
  };
  /** The same for whole vectors, with the accumulators loaded and stored. */
  const foldVectors = (vectors: number) =>
    body.while(i32.ge_s(left, 4 * vectors), () => {
      for (let i = 0; i < 2 * vectors; i++) body.set(sums[i], v128.load(out, 16 * i));
      fold(vectors, (offset) => bindVectors(emitter, read, offset));
      finish(2 * vectors, 4 * vectors, () => {
        for (let i = 0; i < 2 * vectors; i++) body.store(out, sums[i], 16 * i);
      });
      advance(body, out, 32 * vectors);
      advance(body, column, 4 * vectors);
      advance(body, left, -4 * vectors);
    });
  body.while(rows, () => {
    // Blocks of rows that stay in the first-level cache while their columns are visited.
    body.set(block, i32.select(rows, ROWS, i32.lt_s(rows, ROWS)));
    body.set(out, i32.load(table));
    body.set(column, 0);
    body.set(left, columns);
    foldVectors(2);
    foldVectors(1);
    body.if(left, () => {
      body.set(sums[0], v128.load64_zero(out));
      for (let lane = 1; lane < 3; lane++) {
        const sum = sums[lane >> 1];
        body.if(i32.gt_s(left, lane), () => body.set(sum, v128.load64_lane(out, sum, lane & 1, 8 * lane)));
      }
      fold(1, () => bindTail(body, emitter, read, left));
      finish(2, left, () => {
        for (let lane = 0; lane < 3; lane++) {
          body.if(i32.gt_s(left, lane), () => body.store64_lane(out, sums[lane >> 1], lane & 1, 8 * lane));
        }
      });
    });
    for (const { start, step } of read) body.set(start, i32.add(start, i32.mul(block, step)));
    body.set(rows, i32.sub(rows, block));
  });
}

const ROWS = 64;

/** The module that joins accumulators. */
function joinModule(join: Join): LaneModule {
  const assembler = new Assembler();
  assembler.importMemory("halograd", "memory");
  writeJoin(assembler, "run", join);
  return { bytes: assembler.bytes() };
}

/** The function (count, into, other) that joins accumulators. */
export function writeJoin(
  assembler: Assembler,
  name: string,
  join: Join,
): Callable<readonly ["i32", "i32", "i32"], "none"> {
  return assembler.function(name, ["i32", "i32", "i32"], "none", (body, count, into, other) => {
    body.while(i32.ge_s(count, 2), () => {
      body.store(into, join.vectors(v128.load(into), v128.load(other)));
      advance(body, into, 16);
      advance(body, other, 16);
      advance(body, count, -2);
    });
    body.if(count, () => body.store(into, join.scalars(f64.load(into), f64.load(other))));
  });
}

/** Joins four float32 terms, as doubles, to the first two of `sums`. */
function joinTerm(body: Body, join: Join, sums: readonly Local<"v128">[], term: Local<"v128">): void {
  const upper = i32x4.shuffle(term, term, [2, 3, 2, 3]);
  body.set(sums[0], join.vectors(sums[0], f64x2.promote_low_f32x4(term)));
  body.set(sums[1], join.vectors(sums[1], f64x2.promote_low_f32x4(upper)));
}

// Operands and rows.

/** Where an operand or output is read or written. */
interface Cursor {
  readonly node: Node;
  /** The first element of the row, and the step to the next one. */
  readonly start: Local<"i32">;
  readonly step: Local<"i32">;
  /** The element that is next. */
  readonly at: Local<"i32">;
  /** Whether elements lie along the row; otherwise it is one number. */
  readonly along: boolean;
}

function operandsOf(graph: LaneGraph, count: number, repeated: number): Node[] {
  return Array.from({ length: count }, (_, k) => graph.operand(((repeated >>> k) & 1 ? 1 : 2) as Level));
}

/** The cursors of those operands that the results depend on. */
function usedOperands(
  body: Body,
  emitter: LaneEmitter,
  table: Local<"i32">,
  operands: readonly Node[],
  outputs: number,
): Cursor[] {
  return operands.flatMap((node, k) => (emitter.needs(node) ? [cursor(body, table, outputs + k, node)] : []));
}

function cursor(body: Body, table: Local<"i32">, entry: number, node: Node): Cursor {
  const start = body.let(i32.load(table, 8 * entry));
  const step = body.let(i32.load(table, 8 * entry + 4));
  return { node, start, step, at: body.local("i32"), along: node.level === 2 };
}

function alongRow(cursors: readonly Cursor[]): readonly Cursor[] {
  return cursors.filter(({ along }) => along);
}

function forEachRow(body: Body, rows: Local<"i32">, cursors: readonly Cursor[], write: () => void): void {
  body.while(rows, () => {
    for (const { at, start } of cursors) body.set(at, start);
    write();
    for (const { start, step } of cursors) advance(body, start, step);
    advance(body, rows, -1);
  });
}

/** Reads the operands that are one number a row. */
function bindRow(emitter: LaneEmitter, read: readonly Cursor[]): void {
  for (const { node, at, along } of read) if (!along) emitter.bind(node, v128.load32_splat(at));
}

/** Reads four elements of each operand along the row. */
function bindVectors(emitter: LaneEmitter, read: readonly Cursor[], offset: number): void {
  for (const { node, at } of alongRow(read)) emitter.bind(node, v128.load(at, offset));
}

/** Reads the last 1 to 3 elements of the row, and zeros. */
function bindTail(body: Body, emitter: LaneEmitter, read: readonly Cursor[], left: Local<"i32">): void {
  const operands = alongRow(read);
  for (const { node, at } of operands) emitter.bind(node, v128.load32_zero(at));
  for (let lane = 1; lane < 3; lane++) {
    body.if(i32.gt_s(left, lane), () => {
      for (const { node, at } of operands) {
        emitter.bind(node, v128.load32_lane(at, emitter.value(node), lane, 4 * lane));
      }
    });
  }
}

function advance(body: Body, local: Local<"i32">, by: Value<"i32"> | number): void {
  body.set(local, i32.add(local, by));
}

/** A module with one function, `run`, of the parameters of a LaneKernel. */
function writeModule({ graph, write }: LaneFunction): LaneModule {
  const assembler = new Assembler();
  assembler.importMemory("halograd", "memory");
  const { functions, imports } = writeRescues(assembler, graph.rescues);
  assembler.function("run", ["i32", "i32", "i32", "i32"], "none", (body, rows, columns, table) =>
    write(body, functions, rows, columns, table),
  );
  return { bytes: assembler.bytes(), imports };
}
