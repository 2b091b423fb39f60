/**
 * The WebAssembly backend: SIMD kernels emitted at run time, for float32. A call copies its operands into linear
 * memory and its result out. Single numbers, float64 operands, and what does not fit into memory run in plain
 * TypeScript instead. Small tensors do not, though copying costs more than it gains there: an element's bits must not
 * depend on how many others it is computed with, such as a sample's on the size of its batch.
 */

import type { Expression, Expressions } from "../arithmetic.ts";
import type { Backend, ElementwiseKernel, Operand, ReduceKernel } from "../backend.ts";
import { type Axes, forEachIndex, mergeAxes } from "../typescript/elementwise.ts";
import { typescriptBackend } from "../typescript/index.ts";
import { Assembler, f32x4 } from "./assembler.ts";
import { compileFold, compileLanes, type LaneFold, type LaneKernel } from "./elementwise.ts";
import { createMatmul, type Matmul, scratchBytes } from "./matmul.ts";
import { Memory, TABLE } from "./memory.ts";
import { createRandom, type FillRandom, RANDOM_SCRATCH_BYTES } from "./random.ts";

/** The backend, or null where the platform has no WebAssembly, no SIMD, or forbids code made at run time. */
export function createWasmBackend(): Backend | null {
  if (!hasSimd()) return null;
  const memory = new Memory();
  // Modules are made when they are first needed: start-up pays for what it uses.
  const multiply = once(() => createMatmul(memory.memory));
  const random = once(() => createRandom(memory.memory));
  return {
    name: "wasm",
    elementwise: (expressions, count) => elementwise(memory, expressions, count),
    reduce: (fold, count, initial) => reduce(memory, fold, count, initial),
    matmul: (m, n, k, output, a, b, bias) => matmul(memory, multiply, m, n, k, output, a, b, bias),
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
  return (shape, outputs, operands) => {
    const size = sizeOf(shape);
    if (size === 1 || !outputs.every((output) => isFloat32(output) && isDense(shape, output))) {
      plain(shape, outputs, operands);
      return;
    }
    const region = placeRegion(
      memory,
      gridOf(mergeAxes(shape, operands)),
      operands,
      size * 4 * outputs.length,
    );
    if (region === null) {
      plain(shape, outputs, operands);
      return;
    }
    const addresses = outputs.map((output) => {
      // An update in place reads and writes the same elements; any other output gets a place of its own.
      const same = operands.findIndex((operand) => operand.data === output.data);
      return same < 0 ? memory.take(size * 4) : region.places[same].address;
    });
    const rowBytes = region.columns * 4;
    writeTable(memory, [...addresses.map((address) => ({ address, step: rowBytes })), ...region.places]);
    lanes ??= compileLanes(memory.memory, expressions, operandCount);
    lanes(region.rows, region.columns, TABLE, region.repeated);
    outputs.forEach((output, i) => {
      memory.read(addresses[i], output.data, output.offset, size);
    });
  };
}

function reduce(memory: Memory, fold: Expression, operandCount: number, initial: number): ReduceKernel {
  const plain = typescriptBackend.reduce(fold, operandCount, initial);
  let lanes: LaneFold | null | undefined;
  return (shape, reducedRank, output, operands) => {
    const keptRank = shape.length - reducedRank;
    const keptCount = sizeOf(shape.slice(0, keptRank));
    const size = sizeOf(shape);
    lanes ??= size === 1 ? undefined : compileFold(memory.memory, fold, operandCount);
    if (size === 1 || !lanes) {
      plain(shape, reducedRank, output, operands);
      return;
    }
    const byColumns = keptCount > 1 && operands.every((operand) => isColumnMajor(shape, keptRank, operand));
    const keptAxes = mergePart(shape, 0, keptRank, operands);
    const reducedAxes = mergePart(shape, keptRank, shape.length, operands);
    const grid = byColumns ? joined(reducedAxes, keptAxes) : joined(keptAxes, reducedAxes);
    const region = placeRegion(memory, grid, operands, keptCount * 8);
    if (region === null) {
      plain(shape, reducedRank, output, operands);
      return;
    }
    const totals = memory.take(keptCount * 8);
    const first = totals >> 3;
    memory.doubles.fill(initial, first, first + keptCount);
    writeTable(memory, [{ address: totals, step: 8 }, ...region.places]);
    (byColumns ? lanes.columns : lanes.rows)(region.rows, region.columns, TABLE, region.repeated);
    output.data.set(memory.doubles.subarray(first, first + keptCount), output.offset);
  };
}

function matmul(
  memory: Memory,
  multiply: () => Matmul,
  m: number,
  n: number,
  k: number,
  output: Operand,
  a: Operand,
  b: Operand,
  bias?: Operand,
): void {
  const fits =
    m * n * k > 1 &&
    [output, a, b, bias].every((operand) => operand === undefined || isFloat32(operand)) &&
    memory.reset(4 * (spanOf(a, m, k) + spanOf(b, k, n) + m * n + n + 64) + scratchBytes(m, n, k));
  if (!fits) {
    typescriptBackend.matmul(m, n, k, output, a, b, bias);
    return;
  }
  const left = placeMatrix(memory, a, m, k);
  const right = placeMatrix(memory, b, k, n);
  let biasAddress = 0;
  if (bias !== undefined) {
    biasAddress = memory.take(4 * n);
    copyStrided(memory, biasAddress, bias, [n]);
  }
  const out = memory.take(4 * m * n);
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
  memory.read(out, output.data, output.offset, m * n);
}

function fill(
  memory: Memory,
  kernel: () => FillRandom,
  name: "normal" | "uniform",
  draw: Parameters<Backend["normal"]>[0],
  out: Operand["data"],
): void {
  if (!(out instanceof Float32Array) || !memory.reset(4 * out.length + RANDOM_SCRATCH_BYTES + 64)) {
    typescriptBackend[name](draw, out);
    return;
  }
  const address = memory.take(4 * out.length);
  const scratch = memory.take(RANDOM_SCRATCH_BYTES);
  kernel()(address, out.length, draw.key[0], draw.key[1], draw.counter[0], draw.counter[1], scratch);
  memory.read(address, out, 0, out.length);
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

/** Elements as rows × columns, and how operands lie: steps along rows and columns where there are no other axes. */
interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly axes: Axes;
  /** [from row to row, from column to column] for each operand, in elements; null when there are more than two axes. */
  readonly steps: readonly (readonly [number, number])[] | null;
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
      starts: rowAxes.starts,
      steps: rowAxes.steps.map((steps, i) => [...steps, ...columnAxes.steps[i]]),
    },
    steps: isPlain ? rowAxes.steps.map((steps, i) => [steps[0] ?? 0, columnAxes.steps[i][0] ?? 0]) : null,
  };
}

function mergePart(shape: readonly number[], from: number, to: number, operands: readonly Operand[]): Axes {
  return mergeAxes(
    shape.slice(from, to),
    operands.map(({ data, offset, strides }) => ({ data, offset, strides: strides.slice(from, to) })),
  );
}

/** Copies operands in: dense and repeated rows as they are, anything else element by element. Null: does not fit. */
function placeRegion(
  memory: Memory,
  grid: Grid,
  operands: readonly Operand[],
  outputBytes: number,
): Region | null {
  const { rows, columns, axes, steps } = grid;
  const size = rows * columns;
  if (!operands.every((operand) => isFloat32(operand) || isNumber(operand))) return null;
  if (!memory.reset(operands.length * (size * 4 + 16) + outputBytes + 64)) return null;
  let repeated = 0;
  const places = operands.map((operand, i): Place => {
    const { data, offset } = operand;
    if (axes.steps[i].every((step) => step === 0)) {
      const address = memory.take(4);
      memory.floats[address >> 2] = data[offset];
      repeated |= 1 << i;
      return { address, step: 0 };
    }
    const [outer, inner] = steps?.[i] ?? [0, 0];
    if (inner === 1 && (outer === columns || rows === 1)) {
      const address = memory.take(size * 4);
      memory.write(address, data, offset, size);
      return { address, step: columns * 4 };
    }
    if (inner === 1 && outer === 0) {
      const address = memory.take(columns * 4);
      memory.write(address, data, offset, columns);
      return { address, step: 0 };
    }
    if (steps !== null && inner === 0) {
      const address = memory.take(rows * 4);
      copyStrided(memory, address, { data, offset, strides: [outer] }, [rows]);
      repeated |= 1 << i;
      return { address, step: 4 };
    }
    const address = memory.take(size * 4);
    copyStrided(memory, address, { data, offset, strides: axes.steps[i] }, axes.sizes);
    return { address, step: columns * 4 };
  });
  return { rows, columns, places, repeated };
}

function writeTable(memory: Memory, places: readonly Place[]): void {
  const { integers } = memory;
  places.forEach(({ address, step }, i) => {
    integers[(TABLE >> 2) + 2 * i] = address;
    integers[(TABLE >> 2) + 2 * i + 1] = step;
  });
}

/** A matrix in memory: as it lies there when its elements are close together, else copied row by row. */
function placeMatrix(
  memory: Memory,
  operand: Operand,
  rows: number,
  columns: number,
): { address: number; rowStride: number; columnStride: number } {
  const [rowStride, columnStride] = operand.strides;
  const count = spanOf(operand, rows, columns);
  const address = memory.take(4 * count);
  if (count > rows * columns) {
    copyStrided(memory, address, operand, [rows, columns]);
    return { address, rowStride: columns, columnStride: 1 };
  }
  const before = Math.min(0, (rows - 1) * rowStride) + Math.min(0, (columns - 1) * columnStride);
  memory.write(address, operand.data, operand.offset + before, count);
  return { address: address - 4 * before, rowStride, columnStride };
}

/** How many elements lie between the first and the last of a matrix in memory; one more than it has if that is too many. */
function spanOf({ strides: [rowStride, columnStride] }: Operand, rows: number, columns: number): number {
  const span = Math.abs((rows - 1) * rowStride) + Math.abs((columns - 1) * columnStride) + 1;
  return Math.min(span, rows * columns + 1);
}

/** Copies elements of any strides side by side. */
function copyStrided(memory: Memory, address: number, operand: Operand, sizes: readonly number[]): void {
  const { floats } = memory;
  const { data } = operand;
  let at = address >> 2;
  const last = sizes.length - 1;
  const count = sizes[last];
  const step = operand.strides[last];
  const axes: Axes = { sizes, starts: [operand.offset], steps: [operand.strides] };
  forEachIndex(axes, last, ([start]) => {
    for (let i = 0; i < count; i++) floats[at++] = data[start + i * step];
  });
}

/** Whether the kept axes are dense and closer together in memory than the reduced ones: folds then read row after row. */
function isColumnMajor(
  shape: readonly number[],
  keptRank: number,
  { data, offset, strides }: Operand,
): boolean {
  const kept = { data, offset, strides: strides.slice(0, keptRank) };
  const innermost = (from: number, to: number): number => {
    for (let axis = to - 1; axis >= from; axis--) if (shape[axis] !== 1) return Math.abs(strides[axis]);
    return 0;
  };
  return (
    isDense(shape.slice(0, keptRank), kept) && innermost(keptRank, shape.length) > innermost(0, keptRank)
  );
}

const isFloat32 = ({ data }: Operand): boolean => data instanceof Float32Array;
/** A number given as such: one float64 element, repeated. */
const isNumber = ({ data }: Operand): boolean => data.length === 1;

function isDense(shape: readonly number[], { strides }: Operand): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis];
  }
  return true;
}

function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}
