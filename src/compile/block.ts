/**
 * The fifth stage: what runs along the rows of a batch goes through a program in blocks of rows, so that what is between two
 * instructions stays in the caches and takes memory for one block only. Sums over rows are made of the blocks' sums in order: products
 * of 256 terms, as everywhere in the engine, and folds of eight partial results.
 *
 * Threads take blocks in turn. Of a large batch each block's product is summed up beside the others, and added when all blocks before
 * it have been; folds wait for their turn. Sums over a smaller batch are left for after its blocks, when threads share them by what
 * they sum up.
 */

import type { Expressions } from "../kernels/index.ts";
import { PARTIALS } from "../kernels/wasm/elementwise.ts";
import { DEPTH } from "../kernels/wasm/matmul.ts";
import type { Fold, Instruction, Phase, Place, Step } from "./lower.ts";
import type { Buffer, Statement } from "./program.ts";

/**
 * The phases with their batches in blocks; `kept` are the buffers that are read after the call. No buffer has the number `bufferCount` or
 * any above it, before and after.
 */
export function block(
  phases: readonly Phase[],
  kept: ReadonlySet<Buffer>,
  bufferCount: number,
  threads: number,
): { readonly phases: Phase[]; readonly bufferCount: number } {
  const ids = { next: bufferCount };
  const context = { uses: usesOf(phases), kept, ids, threads };
  const inBlocks = phases.map((phase) => ({
    ...phase,
    instructions: blocked(phase.instructions as readonly Instruction[], context),
  }));
  return { phases: inBlocks, bufferCount: ids.next };
}

/** Rows in a block: as many as a product sums up in one go. */
const ROWS = DEPTH;
/** Batches of fewer rows stay in the caches as they are. */
const FEWEST_BLOCKS = 4;
/** Of a batch that is not summed up block by block each thread is to get so many blocks, so that a slower one gets fewer. */
const BLOCKS_EACH = 2;

/**
 * From where on threads share a batch: from so many multiplications, 40 µs of work; and from so many rows they sum up block by block, since
 * what is between the instructions of 2000 rows fills the caches of the machine that this was measured on. Tests set them low.
 */
export const BATCH_LIMITS: { leastWork: number; fewestOrdered: number } = {
  leastWork: 1e6,
  fewestOrdered: 8 * ROWS,
};

/** What is the same for all instructions of a program. */
interface Context {
  readonly uses: ReadonlyMap<Buffer, number>;
  readonly kept: ReadonlySet<Buffer>;
  readonly ids: Ids;
  readonly threads: number;
}

/** The number that the next buffer gets. */
export interface Ids {
  next: number;
}

/** Rows of a batch, how many of them are a block, and whether sums over the batch are made block by block. */
interface Batch {
  readonly rows: number;
  readonly size: number;
  readonly reduces: boolean;
}

/** The instructions of which a longest run is in blocks, and what comes after it again. */
function blocked(instructions: readonly Instruction[], context: Context): Step[] {
  const batch = batchOf(instructions, context);
  if (batch === null) return [...instructions];
  const { rows, reduces } = batch;
  const region = new Region();
  const [before, after] = [new Group(), new Group()];
  for (const instruction of instructions) {
    const isFree = !after.meets(instruction);
    const split = isFree ? splitOf(instruction, rows, context.ids) : null;
    if (split !== null && (reduces || split.reduced === null) && region.takes(split))
      region.add(instruction, split);
    else if (isFree && !region.group.meets(instruction)) before.add(instruction);
    else after.add(instruction);
  }
  const isWorth = region.group.instructions.some(({ kind }) => kind === "product");
  if (region.splits.length < 2 || (!reduces && !isWorth)) return [...instructions];
  const folds = region.splits.flatMap(({ whole }) => (whole === null ? [] : [whole]));
  return [
    ...before.instructions,
    ...folds.map((fold): Fold => ({ ...fold, part: "start" })),
    ...blocksOf(region, batch, context),
    ...folds.map((fold): Fold => ({ ...fold, part: "finish" })),
    ...blocked(after.instructions, context),
  ];
}

/** The rows that most of the arithmetic of products runs along; null where it is too little. */
function batchOf(instructions: readonly Instruction[], { threads }: Context): Batch | null {
  const work = new Map<number, number>();
  for (const instruction of instructions) {
    if (instruction.kind !== "product") continue;
    const { m, n, k } = instruction;
    for (const rows of new Set([m, k])) work.set(rows, (work.get(rows) ?? 0) + m * n * k);
  }
  const isEnough = (rows: number, products: number): boolean =>
    rows >= FEWEST_BLOCKS * ROWS ||
    (threads > 1 && rows >= 4 * threads && products >= BATCH_LIMITS.leastWork);
  const [most] = [...work].filter((entry) => isEnough(...entry)).sort(([, a], [, b]) => b - a);
  if (most === undefined) return null;
  const [rows] = most;
  const reduces = threads === 1 || rows >= BATCH_LIMITS.fewestOrdered;
  // Random numbers are drawn in pairs, and products are made of four rows at a time.
  const size = reduces ? ROWS : Math.min(ROWS, 4 * Math.ceil(rows / (4 * BLOCKS_EACH * threads)));
  return { rows, size, reduces };
}

/** Elements of an instruction that go with the rows of a batch. */
interface RowAccess {
  readonly place: Place;
  /** From row to row, in elements. */
  readonly step: number;
  /** How many elements from the first of a row to its last. */
  readonly width: number;
  readonly isWritten: boolean;
}

/** An instruction that can be done in blocks of rows. */
interface Split {
  readonly accesses: readonly RowAccess[];
  /** Read by every block. */
  readonly shared: readonly Place[];
  /** What is summed up over all blocks. */
  readonly reduced: Buffer | null;
  /** A fold whose accumulators are set before the first block, and joined after the last. */
  readonly whole: Fold | null;
  /** The instruction for some rows; `at` gives the place of an access there, `done` is how many rows come before. */
  slice(rows: number, at: (place: Place, step: number) => Place, done: Done): Instruction;
}

/** How many rows are done before a block, and how many more before the next one. */
interface Done {
  readonly done: number;
  readonly advance: number;
}

/** How an instruction divides into blocks of rows; null where it does not. */
export function splitOf(instruction: Instruction, rows: number, ids: Ids): Split | null {
  switch (instruction.kind) {
    case "loop": {
      const split = gridOf(instruction, rows);
      if (split === null) return null;
      const { perRow, isFlat } = split;
      const outputs = instruction.outputs.map((place) =>
        accessOf(place, isFlat ? perRow : place.step, perRow, true),
      );
      if (outputs.some(({ step }) => step <= 0)) return null;
      const operands = operandsOf(instruction, perRow, isFlat);
      if (operands === null) return null;
      return {
        accesses: [...outputs, ...operands.accesses],
        shared: operands.shared,
        reduced: null,
        whole: null,
        slice: (count, at) => ({
          ...instruction,
          ...(isFlat ? { columns: count * perRow } : { rows: count }),
          outputs: outputs.map(({ place, step }) => at(place, step)),
          operands: operands.moved(at),
        }),
      };
    }
    case "fold":
      return splitFold(instruction, rows, ids);
    case "product": {
      const { m, n, k, strides } = instruction;
      const [a, b, ...bias] = instruction.operands;
      const [output] = instruction.outputs;
      const [aRow, aColumn, bRow, bColumn] = strides;
      if (Math.min(...strides) < 0) return null;
      if (m === rows && aRow > 0) {
        return {
          accesses: [accessOf(output, n, n, true), accessOf(a, aRow, (k - 1) * aColumn + 1)],
          shared: [b, ...bias],
          reduced: null,
          whole: null,
          slice: (count, at) => ({
            ...instruction,
            m: count,
            outputs: [at(output, n)],
            operands: [at(a, aRow), b, ...bias],
          }),
        };
      }
      if (k !== rows || bias.length > 0 || aColumn === 0 || bRow === 0) return null;
      return {
        accesses: [accessOf(a, aColumn, (m - 1) * aRow + 1), accessOf(b, bRow, (n - 1) * bColumn + 1)],
        shared: [],
        reduced: output.buffer,
        whole: null,
        slice: (count, at, done) => ({
          ...instruction,
          k: count,
          part: done,
          operands: [at(a, aColumn), at(b, bRow)],
        }),
      };
    }
    case "fill": {
      const perRow = instruction.count / rows;
      if (!Number.isInteger(perRow)) return null;
      const [output] = instruction.outputs;
      return {
        accesses: [accessOf(output, perRow, perRow, true)],
        shared: [],
        reduced: null,
        whole: null,
        slice: (count, at, { done, advance }) => ({
          ...instruction,
          count: count * perRow,
          part: { done: done * perRow, advance: advance * perRow },
          outputs: [at(output, perRow)],
        }),
      };
    }
    default:
      return null;
  }
}

/** How rows × columns are the rows of a batch: they are its rows, or one row after the other. */
function gridOf(
  { rows: own, columns }: { readonly rows: number; readonly columns: number },
  rows: number,
): { readonly perRow: number; readonly isFlat: boolean } | null {
  if (own === rows) return { perRow: columns, isFlat: false };
  return own === 1 && columns % rows === 0 ? { perRow: columns / rows, isFlat: true } : null;
}

function splitFold(fold: Fold, rows: number, ids: Ids): Split | null {
  const split = gridOf(fold, rows);
  if (split === null) return null;
  const { perRow, isFlat } = split;
  const operands = operandsOf(fold, perRow, isFlat);
  if (operands === null) return null;
  const { accesses, shared, moved } = operands;
  const [output] = fold.outputs;
  if (fold.over === "rows" && !isFlat) {
    const accumulators = temporary(2 * ROWS, ids);
    return {
      accesses: [accessOf(output, 1, 1, true), ...accesses],
      shared,
      reduced: null,
      whole: null,
      slice: (count, at) => ({
        ...fold,
        rows: count,
        accumulators,
        outputs: [at(output, 1)],
        operands: moved(at),
      }),
    };
  }
  if (fold.over === "columns" && isFlat) return null;
  // One long row is folded as a column of its elements: into the same eight partial results, which wait from block to block.
  if (isFlat && fold.repeated !== 0) return null;
  const whole: Fold = isFlat
    ? {
        ...fold,
        over: "columns",
        rows: fold.columns,
        columns: 1,
        operands: fold.operands.map((place) => ({ ...place, step: 1 })),
        accumulators: temporary(2 * PARTIALS, ids),
      }
    : fold;
  return {
    accesses,
    shared,
    reduced: output.buffer,
    whole,
    slice: (count, at) => ({
      ...whole,
      rows: isFlat ? count * perRow : count,
      part: "add",
      operands: moved(at).map((place) => (isFlat ? { ...place, step: 1 } : place)),
    }),
  };
}

function accessOf(place: Place, step: number, width: number, isWritten = false): RowAccess {
  return { place, step, width, isWritten };
}

/** The operands of a loop or a fold that go with the rows, and those that do not. */
function operandsOf(
  { operands, repeated }: { readonly operands: readonly Place[]; readonly repeated: number },
  perRow: number,
  isFlat: boolean,
): {
  readonly accesses: readonly RowAccess[];
  readonly shared: readonly Place[];
  readonly moved: (at: (place: Place, step: number) => Place) => Place[];
} | null {
  const steps = operands.map(({ step }, i) => {
    if ((repeated >>> i) & 1) return isFlat ? 0 : step;
    return isFlat ? perRow : step;
  });
  if (steps.some((step) => step < 0)) return null;
  const width = (i: number): number => ((repeated >>> i) & 1 ? 1 : perRow);
  return {
    accesses: operands.flatMap((place, i) => (steps[i] > 0 ? [accessOf(place, steps[i], width(i))] : [])),
    shared: operands.filter((_, i) => steps[i] === 0),
    moved: (at) => operands.map((place, i) => (steps[i] > 0 ? at(place, steps[i]) : place)),
  };
}

/** Instructions in order, by what they read and write. */
export class Group {
  readonly instructions: Instruction[] = [];
  readonly #read = new Set<Buffer>();
  readonly #written = new Set<Buffer>();

  add(instruction: Instruction): void {
    this.instructions.push(instruction);
    for (const { buffer } of instruction.operands) this.#read.add(buffer);
    for (const { buffer } of instruction.outputs) this.#written.add(buffer);
  }

  /** Whether the order of an instruction and of these matters. */
  meets({ outputs, operands }: Instruction): boolean {
    return (
      outputs.some(({ buffer }) => this.#read.has(buffer) || this.#written.has(buffer)) ||
      operands.some(({ buffer }) => this.#written.has(buffer))
    );
  }
}

/** Instructions whose blocks can follow each other: none needs more of another one than the same rows. */
class Region {
  readonly group = new Group();
  readonly splits: Split[] = [];
  readonly accesses = new Map<Buffer, RowAccess[]>();
  readonly #shared = new Set<Buffer>();
  readonly #reduced = new Set<Buffer>();

  takes({ accesses, shared, reduced }: Split): boolean {
    const isRead = (buffer: Buffer): boolean => this.accesses.has(buffer) || this.#shared.has(buffer);
    if (reduced !== null && (isRead(reduced) || this.#reduced.has(reduced))) return false;
    const own = new Set(accesses.filter(({ isWritten }) => isWritten).map(({ place }) => place.buffer));
    if (reduced !== null && accesses.some(({ place }) => place.buffer === reduced)) return false;
    for (const { buffer } of shared)
      if (own.has(buffer) || buffer === reduced || this.#reduced.has(buffer) || this.#isWritten(buffer))
        return false;
    return accesses.every((access) => {
      const { buffer } = access.place;
      if (this.#reduced.has(buffer) || (access.isWritten && this.#shared.has(buffer))) return false;
      const others = [
        ...(this.accesses.get(buffer) ?? []),
        ...accesses.filter(({ place }) => place.buffer === buffer),
      ];
      return others.every((other) => (!other.isWritten && !access.isWritten) || areSameRows(other, access));
    });
  }

  add(instruction: Instruction, split: Split): void {
    this.group.add(instruction);
    this.splits.push(split);
    for (const access of split.accesses) {
      const { buffer } = access.place;
      this.accesses.set(buffer, [...(this.accesses.get(buffer) ?? []), access]);
    }
    for (const { buffer } of split.shared) this.#shared.add(buffer);
    if (split.reduced !== null) this.#reduced.add(split.reduced);
  }

  #isWritten(buffer: Buffer): boolean {
    return (this.accesses.get(buffer) ?? []).some(({ isWritten }) => isWritten);
  }
}

/** Whether row i of one access touches nothing of another row of the other. */
function areSameRows(a: RowAccess, b: RowAccess): boolean {
  const rowOf = ({ place, step }: RowAccess): number => Math.floor(place.offset / step);
  const isInside = ({ place, step, width }: RowAccess): boolean => (place.offset % step) + width <= step;
  return a.step === b.step && rowOf(a) === rowOf(b) && isInside(a) && isInside(b);
}

/** For each buffer that nobody outside of a region uses, one that holds the rows of a block. */
function localsOf(
  { accesses }: Region,
  { rows, size }: Batch,
  { uses, kept, ids }: Context,
): Map<Buffer, Buffer> {
  const locals = new Map<Buffer, Buffer>();
  for (const [buffer, own] of accesses) {
    const [{ step }] = own;
    const isLocal =
      buffer.source.kind === "temporary" &&
      !kept.has(buffer) &&
      own.some(({ isWritten }) => isWritten) &&
      own.length === uses.get(buffer) &&
      buffer.size === rows * step;
    if (isLocal) locals.set(buffer, temporary(size * step, ids));
  }
  return locals;
}

/** The blocks of a region, and what has to be there before. */
function blocksOf(region: Region, batch: Batch, context: Context): Step[] {
  const { rows, size } = batch;
  const isShared = context.threads > 1;
  const locals = localsOf(region, batch, context);
  const own = new Set(locals.values());
  const before: Instruction[] = [];
  const ordered = new Set<number>();
  const [body, rest]: Instruction[][] = [[], []];
  const count = Math.floor(rows / size);
  const done = count * size;
  const local = (place: Place): Place | null => {
    const buffer = locals.get(place.buffer);
    return buffer === undefined ? null : { ...place, buffer };
  };
  for (const { slice, reduced } of region.splits) {
    const whole = slice(size, (place, step) => local(place) ?? { ...place, advance: size * step }, {
      done: 0,
      advance: size,
    });
    const left =
      done < rows &&
      slice(rows - done, (place, step) => local(place) ?? { ...place, offset: place.offset + done * step }, {
        done,
        advance: 0,
      });
    if (whole.kind === "fold" && whole.part === undefined) own.add(whole.accumulators);
    if (isShared && reduced !== null && whole.kind === "product") {
      const [sum] = whole.outputs;
      const partial: Place = { buffer: temporary(whole.m * whole.n, context.ids), offset: 0, step: 0 };
      own.add(partial.buffer);
      const apart = (product: Instruction): Instruction[] => {
        const { part, ...alone } = product as typeof whole;
        return [{ ...alone, outputs: [partial] }, sweepOf(SUM, whole.m * whole.n, sum, [sum, partial])];
      };
      // Each block's sum starts at 0 too, so it is never −0, and 0 and it are it.
      before.push(sweepOf(NOTHING, whole.m * whole.n, sum, []));
      body.push(...apart(whole));
      if (left) rest.push(...apart(left));
      ordered.add(body.length - 1);
    } else {
      body.push(whole);
      if (left) rest.push(left);
      if (isShared && reduced !== null) ordered.add(body.length - 1);
    }
  }
  const blocks: Step = {
    kind: "blocks",
    rows: size,
    count,
    body,
    rest,
    locals: own,
    isShared,
    ordered,
    outputs: body.flatMap(({ outputs }) => [...outputs]),
    operands: body.flatMap(({ operands }) => [...operands]),
  };
  return [...before, blocks];
}

const NOTHING: Expressions = (m) => [m.constant(0)];
const SUM: Expressions = (m, sum, more) => [m.add(sum, more)];

function sweepOf(
  expressions: Expressions,
  columns: number,
  output: Place,
  operands: readonly Place[],
): Instruction {
  return { kind: "loop", expressions, repeated: 0, rows: 1, columns, outputs: [output], operands, parts: 1 };
}

export function temporary(size: number, ids: Ids): Buffer {
  return { id: ids.next++, size, dtype: "float32", source: { kind: "temporary" } };
}

/** How often each buffer is named in a program. */
function usesOf(phases: readonly Phase[]): Map<Buffer, number> {
  const uses = new Map<Buffer, number>();
  for (const { prelude, instructions, host } of phases) {
    const steps: readonly (Step | Statement)[] = [
      ...prelude,
      ...instructions,
      ...(host === null ? [] : [host]),
    ];
    for (const { outputs, operands } of steps)
      for (const { buffer } of [...outputs, ...operands]) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  }
  return uses;
}
