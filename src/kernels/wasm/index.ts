/**
 * The WebAssembly backend: SIMD kernels emitted at run time, for float32. A call finds its operands in linear memory,
 * or copies them in, and leaves its result there until somebody asks for it. Float64 operands run in plain TypeScript instead.
 * Small tensors do not, though copying costs more than it gains there: an element's bits must not depend on how many others it
 * is computed with, such as a sample's on the size of its batch, nor on how they lie. What memory has no room for is computed
 * in parts, to the same bits.
 */

import { type Expression, type Expressions, kernelOf, oncePer } from "../arithmetic.ts";
import { type Backend, type ElementwiseKernel, type Operand, type ReduceKernel, readAs } from "../backend.ts";
import { Storage } from "../storage.ts";
import { typescriptBackend } from "../typescript/index.ts";
import { compileSingle } from "../typescript/loops.ts";
import { type Axes, forEachIndex, mergeAxes, sizeOf } from "../walk.ts";
import { Assembler, f32x4 } from "./assembler.ts";
import { compileFold, compileLanes, type LaneFold, type LaneKernel, PARTIALS } from "./elementwise.ts";
import { createMatmul, DEPTH, type Matmul, scratchBytes } from "./matmul.ts";
import { createMemory, type Memory, SINGLES, SINGLES_TABLE, TABLE } from "./memory.ts";
import { createRandom, type FillRandom, RANDOM_SCRATCH_BYTES } from "./random.ts";
import { roundsOnce } from "./rounding.ts";

/** The backend, with what compiled steps call directly. */
export interface WasmBackend extends Backend {
  readonly memory: Memory;
  /** The product over addresses of the memory. */
  multiply(): Matmul;
  /** The fills of both distributions. */
  random(): { readonly uniform: FillRandom; readonly normal: FillRandom };
}

/**
 * The backend, or null where the platform has no WebAssembly, no SIMD, no memory to give, or forbids code made at run time.
 */
export function createWasmBackend(
  memory: Memory | null = hasSimd() ? createMemory() : null,
): WasmBackend | null {
  if (memory === null) return null;
  // Modules are made when they are first needed: start-up pays for what it uses.
  const multiply = once(() => createMatmul(memory.memory));
  const random = once(() => createRandom(memory.memory));
  const activate = oncePer((activation: Expression) => compileLanes(memory.memory, kernelOf(activation), 1));
  return {
    name: "wasm",
    memory,
    multiply,
    random,
    elementwise: (expressions, count) => elementwise(memory, expressions, count),
    reduce: (fold, count, initial) => reduce(memory, fold, count, initial),
    matmul: (...call) => matmul(memory, multiply, activate, ...call),
    normal: (draw, out) => fill(memory, () => random().normal, "normal", draw, out),
    uniform: (draw, out) => fill(memory, () => random().uniform, "uniform", draw, out),
  };
}

/** Whether a small module with one SIMD instruction can be compiled and run here. */
function hasSimd(): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const assembler = new Assembler();
  assembler.function("zero", [], "f32", () => f32x4.extract_lane(f32x4.const(0), 0));
  try {
    return (
      (new WebAssembly.Instance(new WebAssembly.Module(assembler.bytes())).exports.zero as () => number)() ===
      0
    );
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof EvalError) return false;
    throw error;
  }
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function elementwise(memory: Memory, expressions: Expressions, operandCount: number): ElementwiseKernel {
  const plain = typescriptBackend.elementwise(expressions, operandCount);
  let lanes: LaneKernel | undefined;
  let single: ReturnType<typeof compileSingle> | undefined;
  let isPlain: boolean | undefined;
  const kernel: ElementwiseKernel = (shape, outputs, operands) => {
    const size = sizeOf(shape);
    isPlain ??= roundsOnce(expressions, operandCount);
    // What `plain` would do, without asking what it has to: a fifth of the time of a graph of scalars.
    if (size === 1 && isPlain && areFloat32(operands)) {
      single ??= compileSingle(expressions, operandCount);
      single(outputs, operands);
      return;
    }
    const inFloat32 = areFloat32(outputs) && operands.every(isFloat32OrNumber);
    if (!inFloat32 || (isPlain && !areDense(shape, outputs) && areFloat32(operands))) {
      plain(shape, outputs, operands);
      return;
    }
    lanes ??= compileLanes(memory.memory, expressions, operandCount);
    if (size === 1) {
      computeSingle(memory, lanes, outputs, operands);
      return;
    }
    if (!memory.reset((outputs.length + operands.length) * (size * 4 + 16) + 64)) {
      inHalves(shape, [...outputs, ...operands], (part, both) =>
        kernel(part, both.slice(0, outputs.length), both.slice(outputs.length)),
      );
      return;
    }
    const settled = outputs.map((output) =>
      isDense(shape, output) ? settle(memory, output, size, operands) : 0,
    );
    const grid = operands.every((operand) => isDense(shape, operand) || isNumber(operand))
      ? oneRow(size, operands)
      : gridOf(mergeAxes(shape, operands));
    const region = placeRegion(memory, grid, operands);
    const addresses = outputs.map((output, i) => {
      if (settled[i] !== 0) return settled[i];
      // An update in place reads and writes the same elements; any other output gets a place of its own.
      const same = operands.findIndex((operand) => operand.storage === output.storage);
      return same < 0 ? memory.take(size * 4) : region.places[same].address;
    });
    const rowBytes = region.columns * 4;
    writeTable(memory, [...addresses.map((address) => ({ address, step: rowBytes })), ...region.places]);
    lanes(region.rows, region.columns, TABLE, region.repeated);
    outputs.forEach((output, i) => {
      if (settled[i] === 0) copyOut(memory, addresses[i], shape, output);
    });
  };
  return kernel;
}

/** One element, in places that are always there: a third of the time of looking for some. */
function computeSingle(
  memory: Memory,
  lanes: LaneKernel,
  outputs: readonly Operand[],
  operands: readonly Operand[],
): void {
  const { floats } = memory;
  const first = SINGLES >> 2;
  const count = outputs.length;
  for (let i = 0; i < operands.length; i++) {
    const { storage, offset } = operands[i];
    floats[first + count + i] = storage.get(offset);
  }
  lanes(1, 1, SINGLES_TABLE, 0);
  for (let i = 0; i < count; i++) outputs[i].storage.set(outputs[i].offset, floats[first + i]);
}

function reduce(memory: Memory, fold: Expression, operandCount: number, initial: number): ReduceKernel {
  const plain = typescriptBackend.reduce(fold, operandCount, initial);
  let lanes: LaneFold | null | undefined;
  let isPlain: boolean | undefined;
  const kernel: ReduceKernel = (shape, reducedRank, output, operands, divisor = 1) => {
    const keptRank = shape.length - reducedRank;
    const keptCount = sizeOf(shape.slice(0, keptRank));
    const size = sizeOf(shape);
    isPlain ??= roundsOnce((m, ...values) => [fold(m, ...values)], operandCount + 1);
    if (lanes === undefined && (size !== 1 || !isPlain))
      lanes = compileFold(memory.memory, fold, operandCount);
    // One float64 number, repeated, is to be added in float64.
    const inFloat32 = operands.every(isFloat32OrNumber) && operands.some(isFloat32);
    if (!lanes || !inFloat32 || (size === 1 && isPlain)) {
      plain(shape, reducedRank, output, operands, divisor);
      return;
    }
    const { joinNumbers, neutral } = lanes;
    const store = (totals: Float64Array) => {
      if (initial !== neutral)
        for (let i = 0; i < totals.length; i++) totals[i] = joinNumbers(initial, totals[i]);
      if (divisor !== 1) for (let i = 0; i < totals.length; i++) totals[i] /= divisor;
      if (keptCount === 1) output.storage.set(output.offset, totals[0]);
      else output.storage.data.set(totals, output.offset);
    };
    const byColumns = keptCount > 1 && operands.every((operand) => isColumnMajor(shape, keptRank, operand));
    const count = (byColumns ? PARTIALS : 1) * keptCount;
    const fits = memory.reset(operands.length * (size * 4 + 16) + count * 8 + 64);
    if (!fits && keptCount === 1) {
      store(foldInParts(memory, lanes, shape, operands));
      return;
    }
    if (!fits || (byColumns && keptCount > MOST_COLUMNS)) {
      inHalves(shape, [output, ...operands], (part, [out, ...rest]) =>
        kernel(part, reducedRank, out, rest, divisor),
      );
      return;
    }
    const keptAxes = mergePart(shape, 0, keptRank, operands);
    const reducedAxes = mergePart(shape, keptRank, shape.length, operands);
    const grid = byColumns ? joined(reducedAxes, keptAxes) : joined(keptAxes, reducedAxes);
    const region = placeRegion(memory, grid, operands);
    const totals = memory.take(count * 8);
    const values = memory.doubles.subarray(totals >> 3, (totals >> 3) + count);
    values.fill(neutral, 0, byColumns ? Math.max(1, region.rows) * keptCount : count);
    if (byColumns) {
      foldEights(memory, lanes, region, totals);
      joinPartials(lanes, totals, keptCount, region.rows);
    } else {
      writeTable(memory, [{ address: totals, step: 8 }, ...region.places]);
      lanes.rows(region.rows, region.columns, TABLE, region.repeated);
    }
    store(values.subarray(0, keptCount));
  };
  return kernel;
}

/**
 * Folds row i of a region into accumulators (i mod 8) · columns … of those at `totals`. Rows lie side by side or are one
 * number, so that eight of them are one row of eight times the length.
 */
function foldEights(memory: Memory, lanes: LaneFold, region: Region, totals: number): void {
  const { rows, columns, places, repeated } = region;
  const eights = Math.floor(rows / PARTIALS);
  const run = (first: number, rows: number, columns: number) => {
    const moved = places.map(({ address, step }) => ({
      address: address + first * step,
      step: PARTIALS * step,
    }));
    writeTable(memory, [{ address: totals, step: 0 }, ...moved]);
    lanes.columns(rows, columns, TABLE, repeated);
  };
  run(0, eights, PARTIALS * columns);
  run(PARTIALS * eights, 1, (rows % PARTIALS) * columns);
}

/** Joins eight rows of partial results to the first, in the order of a row; of fewer rows, some results are still neutral. */
function joinPartials({ join }: LaneFold, totals: number, count: number, rows: number): void {
  for (const [to, from] of PAIRS)
    if (from < rows) join(count, totals + to * count * 8, totals + from * count * 8);
}

/** Which of eight accumulators join: the second to the first. */
// biome-ignore format: one after another.
export const PAIRS = [[0, 4], [2, 6], [1, 5], [3, 7], [0, 2], [1, 3], [0, 1]] as const;

/** So many columns at once, that their partial results stay in the second-level cache. */
const MOST_COLUMNS = 4096;

/** Folds all elements of operands that memory has no room for at once. */
function foldInParts(
  memory: Memory,
  lanes: LaneFold,
  shape: readonly number[],
  operands: readonly Operand[],
): Float64Array {
  // The one that the next element goes into is first; to the sum of them all, their order is one up to a rotation.
  const partials = new Float64Array(PARTIALS).fill(lanes.neutral);
  const place = () => {
    const totals = memory.take(8 * PARTIALS);
    const values = memory.doubles.subarray(totals >> 3, (totals >> 3) + PARTIALS);
    values.set(partials);
    return { totals, values };
  };
  const fold = (shape: readonly number[], operands: readonly Operand[]) => {
    const size = sizeOf(shape);
    if (!memory.reset(operands.length * (size * 4 + 16) + 8 * PARTIALS + 64)) {
      inHalves(shape, operands, fold);
      return;
    }
    const row = joined(mergePart(shape, 0, 0, operands), mergePart(shape, 0, shape.length, operands));
    const { places, repeated } = placeRegion(memory, row, operands);
    const rows = places.map(({ address }, i) => ({ address, step: (repeated >>> i) & 1 ? 0 : 4 }));
    const { totals, values } = place();
    foldEights(memory, lanes, { rows: size, columns: 1, places: rows, repeated }, totals);
    const next = size % PARTIALS;
    partials.set([...values.subarray(next), ...values.subarray(0, next)]);
  };
  fold(shape, operands);
  memory.reset(8 * PARTIALS);
  const { totals, values } = place();
  joinPartials(lanes, totals, 1, PARTIALS);
  return values.slice(0, 1);
}

/** Calls `run` for both halves of the first axis that has two. */
function inHalves(
  shape: readonly number[],
  operands: readonly Operand[],
  run: (shape: readonly number[], operands: readonly Operand[]) => void,
): void {
  const axis = shape.findIndex((size) => size > 1);
  const half = Math.floor(shape[axis] / 2);
  const part = (start: number, size: number) =>
    run(
      shape.with(axis, size),
      operands.map(({ storage, offset, strides }) => ({
        storage,
        offset: offset + start * strides[axis],
        strides,
      })),
    );
  part(0, half);
  part(half, shape[axis] - half);
}

type ActivationKernel = (activation: Expression) => LaneKernel;

function matmul(
  memory: Memory,
  multiply: () => Matmul,
  activate: ActivationKernel,
  ...[m, n, k, output, a, b, bias, activation]: Parameters<Backend["matmul"]>
): void {
  if (![output, a, b, bias].every((operand) => operand === undefined || isFloat32(operand))) {
    typescriptBackend.matmul(m, n, k, output, a, b, bias, activation);
    return;
  }
  const fits = memory.reset(
    4 * (spanOf(a.strides, m, k) + spanOf(b.strides, k, n) + m * n + n + 64) + scratchBytes(m, n, k),
  );
  if (!fits) {
    matmulInParts(
      (...call) => matmul(memory, multiply, activate, ...call),
      [m, n, k, output, a, b, bias, activation],
    );
    return;
  }
  const settled = settle(memory, output, m * n, [a, b]);
  const left = placeMatrix(memory, a, m, k);
  const right = placeMatrix(memory, b, k, n);
  let biasAddress = 0;
  if (bias !== undefined) {
    biasAddress = memory.take(4 * n);
    copyStrided(memory, biasAddress, bias.storage, bias.offset, [n], bias.strides);
  }
  const out = settled === 0 ? memory.take(4 * m * n) : settled;
  const scratch = memory.take(0);
  multiply()(
    m,
    n,
    k,
    out,
    left.address,
    left.rowStride,
    left.columnStride,
    right.address,
    right.rowStride,
    right.columnStride,
    biasAddress,
    scratch,
  );
  if (activation !== undefined) {
    const place = { address: out, step: 0 };
    writeTable(memory, [place, place]);
    activate(activation)(1, m * n, TABLE, 0);
  }
  if (settled === 0) memory.read(out, output.storage.data, output.offset, m * n);
}

/** A product that memory has no room for: half of its rows, then of its columns, and of a single one block after block of terms. */
function matmulInParts(multiply: Backend["matmul"], call: Parameters<Backend["matmul"]>): void {
  const [m, n, k, output, a, b, bias, activation] = call;
  if (m > 1) {
    inHalves([m], [readAs(output, { strides: [n] }), a], ([rows], [out, part]) =>
      multiply(rows, n, k, out, part, b, bias, activation),
    );
  } else if (n > 1) {
    const columns = readAs(b, { strides: [b.strides[1]] });
    inHalves(
      [n],
      [readAs(output, { strides: [1] }), columns, bias ?? columns],
      ([size], [out, part, biasPart]) =>
        multiply(1, size, k, out, a, readAs(part, { strides: b.strides }), bias && biasPart, activation),
    );
  } else {
    const part = readAs(output, { storage: Storage.allocate(1, "float32"), offset: 0 });
    let total = 0;
    for (let start = 0; start < k; start += DEPTH) {
      const [left, right] = [a, b].map((x, i) => readAs(x, { offset: x.offset + start * x.strides[1 - i] }));
      multiply(1, 1, Math.min(DEPTH, k - start), part, left, right);
      total = start === 0 ? part.storage.get(0) : Math.fround(total + part.storage.get(0));
    }
    // What is left is bias and activation, of one product with 1.
    const one = readAs(a, { storage: Storage.of(Float32Array.of(1)), offset: 0 });
    part.storage.set(0, total);
    multiply(1, 1, 1, output, part, one, bias, activation);
  }
}

function fill(
  memory: Memory,
  kernel: () => FillRandom,
  name: "normal" | "uniform",
  draw: Parameters<Backend["normal"]>[0],
  out: Storage,
): void {
  if (out.dtype !== "float32") {
    typescriptBackend[name](draw, out);
    return;
  }
  const bytesFor = (size: number) => 4 * size + RANDOM_SCRATCH_BYTES + 64;
  const most = memory.reset(bytesFor(out.size)) ? out.size : FEW;
  const settled = out.isUntouched ? memory.settle(out) : 0;
  const address = settled === 0 ? memory.take(4 * most) : settled;
  const scratch = memory.take(RANDOM_SCRATCH_BYTES);
  const [low, high] = draw.counter;
  for (let start = 0; start < out.size; start += most) {
    const count = Math.min(most, out.size - start);
    kernel()(address, count, draw.key[0], draw.key[1], low + start / 2, high, scratch);
    if (settled === 0) memory.read(address, out.data, start, count);
  }
}

/** So many numbers there is always room for. */
const FEW = 2 ** 16;

/**
 * Where the result goes, if it can stay in memory: into the ring where it is all of a new storage, or over what is
 * there. 0 where it has to be copied out.
 */
function settle(
  memory: Memory,
  { storage, offset }: Operand,
  size: number,
  operands: readonly Operand[],
): number {
  if (storage.isUntouched) {
    const address = storage.size === size ? memory.settle(storage) : 0;
    // What nobody has written is 0, also for a kernel that reads it to write over it.
    if (address !== 0 && operands.some((operand) => operand.storage === storage))
      memory.floats.fill(0, address >> 2, (address >> 2) + size);
    return address;
  }
  const residence = memory.residenceOf(storage);
  return residence === null ? 0 : residence.address + 4 * offset;
}

interface Place {
  readonly address: number;
  /** Bytes from row to row. */
  readonly step: number;
}

/** Operands in memory as rows × columns; bit k of `repeated` says that operand k has one number a row. */
interface Region {
  readonly rows: number;
  readonly columns: number;
  readonly places: readonly Place[];
  readonly repeated: number;
}

/** Elements as rows × columns, and how operands lie. */
interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** Sizes of the axes, and every operand's step along each, in elements. */
  readonly axes: Pick<Axes, "sizes" | "steps">;
  /** [from row to row, from column to column] for each operand, in elements; null when there are more than two axes. */
  readonly steps: readonly (readonly [number, number])[] | null;
}

const ALONG = [1];
const NOWHERE = [0];
const ALONG_ROW = [0, 1] as const;
const REPEATED = [0, 0] as const;

/** Everything as one row, where operands are dense or one number. */
function oneRow(size: number, operands: readonly Operand[]): Grid {
  const axes = { sizes: [size], steps: operands.map((operand) => (isNumber(operand) ? NOWHERE : ALONG)) };
  return { rows: 1, columns: size, axes, steps: axes.steps.map((s) => (s === ALONG ? ALONG_ROW : REPEATED)) };
}

/** The last axis as columns; with more than two axes, one long row. */
function gridOf(axes: Axes): Grid {
  const { sizes, steps } = axes;
  if (sizes.length > 2) return { rows: 1, columns: sizeOf(sizes), axes, steps: null };
  const [rows, columns] = sizes.length === 2 ? sizes : [1, sizeOf(sizes)];
  return {
    rows,
    columns,
    axes,
    steps: steps.map((step) => (step.length === 2 ? [step[0], step[1]] : [0, step[0]])),
  };
}

/** Some axes as rows, others as columns. */
function joined(rowAxes: Axes, columnAxes: Axes): Grid {
  const isPlain = rowAxes.sizes.length <= 1 && columnAxes.sizes.length <= 1;
  return {
    rows: sizeOf(rowAxes.sizes),
    columns: sizeOf(columnAxes.sizes),
    axes: {
      sizes: [...rowAxes.sizes, ...columnAxes.sizes],
      steps: rowAxes.steps.map((steps, i) => [...steps, ...columnAxes.steps[i]]),
    },
    steps: isPlain ? rowAxes.steps.map((steps, i) => [steps[0] ?? 0, columnAxes.steps[i][0] ?? 0]) : null,
  };
}

function mergePart(shape: readonly number[], from: number, to: number, operands: readonly Operand[]): Axes {
  return mergeAxes(
    shape.slice(from, to),
    operands.map(({ storage, offset, strides }) => ({ storage, offset, strides: strides.slice(from, to) })),
  );
}

/** Finds or copies operands: dense and repeated rows as they are, anything else element by element. */
function placeRegion(memory: Memory, grid: Grid, operands: readonly Operand[]): Region {
  const { rows, columns, axes, steps } = grid;
  let repeated = 0;
  const places = operands.map(({ storage, offset }, i): Place => {
    const [outer, inner] = steps?.[i] ?? REPEATED;
    if (steps === null ? axes.steps[i].every((step) => step === 0) : outer === 0 && inner === 0) {
      const address = memory.take(4);
      copyStrided(memory, address, storage, offset, [1], NOWHERE);
      repeated |= 1 << i;
      return { address, step: 0 };
    }
    if (inner === 1 && (outer === columns || rows === 1)) {
      return { address: place(memory, storage, offset, rows * columns), step: columns * 4 };
    }
    if (inner === 1 && outer === 0) return { address: place(memory, storage, offset, columns), step: 0 };
    if (steps !== null && inner === 0) {
      const address = memory.take(rows * 4);
      copyStrided(memory, address, storage, offset, [rows], [outer]);
      repeated |= 1 << i;
      return { address, step: 4 };
    }
    const address = memory.take(rows * columns * 4);
    copyStrided(memory, address, storage, offset, axes.sizes, axes.steps[i]);
    return { address, step: columns * 4 };
  });
  return { rows, columns, places, repeated };
}

/** The address of `count` elements side by side: where they are, or of a copy. */
function place(memory: Memory, storage: Storage, offset: number, count: number): number {
  const residence = memory.residenceOf(storage);
  if (residence !== null) return residence.address + 4 * offset;
  const address = memory.take(4 * count);
  memory.write(address, storage.data, offset, count);
  return address;
}

function writeTable(memory: Memory, places: readonly Place[]): void {
  const { integers } = memory;
  places.forEach(({ address, step }, i) => {
    integers[(TABLE >> 2) + 2 * i] = address;
    integers[(TABLE >> 2) + 2 * i + 1] = step;
  });
}

/** A matrix in memory: as it lies there when it is there or its elements are close together, else copied row by row. */
function placeMatrix(
  memory: Memory,
  { storage, offset, strides }: Operand,
  rows: number,
  columns: number,
): { address: number; rowStride: number; columnStride: number } {
  const [rowStride, columnStride] = strides;
  const residence = memory.residenceOf(storage);
  if (residence !== null) return { address: residence.address + 4 * offset, rowStride, columnStride };
  const count = spanOf(strides, rows, columns);
  if (count > rows * columns) {
    const address = memory.take(4 * count);
    copyStrided(memory, address, storage, offset, [rows, columns], strides);
    return { address, rowStride: columns, columnStride: 1 };
  }
  const before = Math.min(0, (rows - 1) * rowStride) + Math.min(0, (columns - 1) * columnStride);
  const address = place(memory, storage, offset + before, count);
  return { address: address - 4 * before, rowStride, columnStride };
}

/** How many elements lie between the first and the last of a matrix in memory; one more than it has if that is too many. */
function spanOf([rowStride, columnStride]: readonly number[], rows: number, columns: number): number {
  const span = Math.abs((rows - 1) * rowStride) + Math.abs((columns - 1) * columnStride) + 1;
  return Math.min(span, rows * columns + 1);
}

/** Copies elements of any strides side by side. */
function copyStrided(
  memory: Memory,
  address: number,
  storage: Storage,
  offset: number,
  sizes: readonly number[],
  strides: readonly number[],
): void {
  const { floats } = memory;
  const residence = memory.residenceOf(storage);
  const source = residence === null ? storage.data : floats;
  const first = residence === null ? offset : offset + (residence.address >> 2);
  let at = address >> 2;
  const last = sizes.length - 1;
  const count = sizes[last];
  const step = strides[last];
  forEachIndex(
    { sizes, starts: [first], steps: [strides] },
    ([start]) => {
      if (step === 1) floats.set(source.subarray(start, start + count), at);
      else for (let i = 0; i < count; i++) floats[at + i] = source[start + i * step];
      at += count;
    },
    last,
  );
}

/** Copies a result out, to any strides. */
function copyOut(memory: Memory, address: number, shape: readonly number[], output: Operand): void {
  const { data } = output.storage;
  if (isDense(shape, output)) {
    memory.read(address, data, output.offset, sizeOf(shape));
    return;
  }
  const { floats } = memory;
  let at = address >> 2;
  forEachIndex({ sizes: shape, starts: [output.offset], steps: [output.strides] }, ([to]) => {
    data[to] = floats[at++];
  });
}

/** Whether the kept axes are dense and closer together in memory than the reduced ones: folds then read row after row. */
function isColumnMajor(
  shape: readonly number[],
  keptRank: number,
  { storage, offset, strides }: Operand,
): boolean {
  const kept = { storage, offset, strides: strides.slice(0, keptRank) };
  const innermost = (from: number, to: number): number => {
    for (let axis = to - 1; axis >= from; axis--) if (shape[axis] !== 1) return Math.abs(strides[axis]);
    return 0;
  };
  return (
    isDense(shape.slice(0, keptRank), kept) && innermost(keptRank, shape.length) > innermost(0, keptRank)
  );
}

const isFloat32 = ({ storage }: Operand): boolean => storage.dtype === "float32";
/** One element, repeated: a scalar, or a number, which is given in float64. */
const isNumber = ({ storage }: Operand): boolean => storage.size === 1;
const areDense = (shape: readonly number[], outputs: readonly Operand[]): boolean =>
  outputs.every((output) => isDense(shape, output));
/** A loop, and not `every`, which would be a sixth of an operation of scalars. */
function areFloat32(operands: readonly Operand[]): boolean {
  for (let i = 0; i < operands.length; i++) if (operands[i].storage.dtype !== "float32") return false;
  return true;
}
const isFloat32OrNumber = (operand: Operand): boolean => isFloat32(operand) || isNumber(operand);

function isDense(shape: readonly number[], { strides }: Operand): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis];
  }
  return true;
}
