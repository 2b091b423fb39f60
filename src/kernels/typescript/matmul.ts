/**
 * Matrix product in plain TypeScript, in two forms that give the same bits: `matmul`, packed, blocked and
 * tiled for speed, and `matmulNaive`, the triple loop that it is tested against.
 *
 * The order of summation is fixed: each output element starts a float64 accumulator at 0, adds its products
 * in the order k = 0, 1, …, K−1, then the bias, and is rounded once to the type of the output. The product of
 * two float32 values is exact in float64, so a float32 result carries K roundings of 2⁻⁵³ and one of 2⁻²⁴.
 */
import type { FloatArray } from "../types.ts";

/**
 * A matrix inside a flat array: element (i, j) is `data[offset + i * rowStride + j * columnStride]`.
 * Strides may be 0 (an expanded axis) or negative (a reversed one).
 */
export interface MatrixView {
  readonly data: FloatArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** A vector inside a flat array: element j is `data[offset + j * stride]`. */
export interface VectorView {
  readonly data: FloatArray;
  readonly offset: number;
  readonly stride: number;
}

// The register tile. V8 computes all products of an iteration before it adds them, so a tile of t elements
// wants 2t of the 16 registers of x86-64: 3 × 2 is the largest that does not spill (bench/README.md).
const TILE_ROWS = 3;
const TILE_COLUMNS = 2;

// The output is computed in blocks of BLOCK_ROWS × BLOCK_COLUMNS, BLOCK_DEPTH terms at a time: a strip of A
// (24 KiB) and one of B (16 KiB) share the first-level cache, the block of B (512 KiB) stays in the second.
const BLOCK_ROWS = 240;
const BLOCK_COLUMNS = 64;
const BLOCK_DEPTH = 1024;

// Up to this number of products packing costs more than it gains.
const SMALL = 64;

// Scratch, 657 KiB in all whatever the shapes, so that a call allocates nothing. Float64: the inner loop then
// converts nothing. Constants: the compiler then knows address and length, which makes the loop 1.4 times as
// fast as with arrays that it is handed. The pages of a zeroed array cost nothing before they are used.
const packedA: Float64Array = /* @__PURE__ */ new Float64Array(TILE_ROWS * BLOCK_DEPTH);
const packedB: Float64Array = /* @__PURE__ */ new Float64Array(BLOCK_COLUMNS * BLOCK_DEPTH);
const sums: Float64Array = /* @__PURE__ */ new Float64Array(BLOCK_ROWS * BLOCK_COLUMNS);
const packedBias: Float64Array = /* @__PURE__ */ new Float64Array(BLOCK_COLUMNS);

/**
 * out[i, j] = Σ_k a[i, k] · b[k, j] (+ bias[j]), stored row-major and contiguous from `outOffset`.
 *
 * Both operands are packed, whatever their strides, into strips of float64 that the inner loop reads in
 * sequence (K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3),
 * 2008); a product Aᵀ·B or A·Bᵀ is therefore as fast as A·B. Nothing is checked: shapes and bounds are the
 * caller's. `out` must not overlap an operand. With k = 0 the sums are 0.
 *
 * @param m rows of `a` and `out`
 * @param n columns of `b` and `out`
 * @param k columns of `a`, rows of `b`
 * @example
 * // [1, 2; 3, 4] · [1, 2; 3, 4]ᵀ = [5, 11; 11, 25]
 * const data = new Float32Array([1, 2, 3, 4]);
 * const a = { data, offset: 0, rowStride: 2, columnStride: 1 };
 * const aTransposed = { data, offset: 0, rowStride: 1, columnStride: 2 };
 * const out = new Float32Array(4);
 * matmul(a, aTransposed, out, 0, 2, 2, 2);
 */
export function matmul(
  a: MatrixView,
  b: MatrixView,
  out: FloatArray,
  outOffset: number,
  m: number,
  n: number,
  k: number,
  bias?: VectorView,
): void {
  // A vector operand leaves nothing to reuse.
  if (m === 1 || n === 1 || m * n * k <= SMALL) {
    matmulNaive(a, b, out, outOffset, m, n, k, bias);
    return;
  }
  for (let column = 0; column < n; column += BLOCK_COLUMNS) {
    const columns = Math.min(BLOCK_COLUMNS, n - column);
    if (bias === undefined) packedBias.fill(0);
    else pack(bias.data, bias.offset + column * bias.stride, bias.stride, columns, packedBias, 0, 1);
    for (let row = 0; row < m; row += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, m - row);
      for (let start = 0; start < k; start += BLOCK_DEPTH) {
        addBlock(a, b, row, rows, column, columns, start, Math.min(BLOCK_DEPTH, k - start));
      }
      for (let i = 0; i < rows; i++) {
        storeRow(i * BLOCK_COLUMNS, columns, out, outOffset + (row + i) * n + column);
      }
    }
  }
}

/** Adds the products of terms start … start + depth − 1 to the block of sums; start = 0 begins it. */
function addBlock(
  a: MatrixView,
  b: MatrixView,
  row: number,
  rows: number,
  column: number,
  columns: number,
  start: number,
  depth: number,
): void {
  const aStart = a.offset + start * a.columnStride;
  const bStart = b.offset + start * b.rowStride;
  // An edge tile repeats the last row or column: the surplus sums are never stored.
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    for (let lane = 0; lane < TILE_COLUMNS; lane++) {
      const from = bStart + (column + Math.min(j + lane, columns - 1)) * b.columnStride;
      pack(b.data, from, b.rowStride, depth, packedB, j * depth + lane, TILE_COLUMNS);
    }
  }
  for (let i = 0; i < rows; i += TILE_ROWS) {
    for (let lane = 0; lane < TILE_ROWS; lane++) {
      const from = aStart + (row + Math.min(i + lane, rows - 1)) * a.rowStride;
      pack(a.data, from, a.columnStride, depth, packedA, lane, TILE_ROWS);
    }
    for (let j = 0; j < columns; j += TILE_COLUMNS) {
      addTile(depth, j * depth, i * BLOCK_COLUMNS + j, start === 0);
    }
  }
}

/** Copies `depth` elements, `step` apart, to every `width`-th place of a packed strip. */
function pack(
  source: FloatArray,
  from: number,
  step: number,
  depth: number,
  target: Float64Array,
  to: number,
  width: number,
): void {
  for (let k = 0; k < depth; k++) {
    target[to] = source[from];
    from += step;
    to += width;
  }
}

/** The inner loop: one 3 × 2 tile of sums, held in registers, over a strip of A and a strip of B. */
function addTile(depth: number, bStart: number, tile: number, fresh: boolean): void {
  const row1 = tile + BLOCK_COLUMNS;
  const row2 = row1 + BLOCK_COLUMNS;
  let c00 = 0;
  let c01 = 0;
  let c10 = 0;
  let c11 = 0;
  let c20 = 0;
  let c21 = 0;
  if (!fresh) {
    c00 = sums[tile];
    c01 = sums[tile + 1];
    c10 = sums[row1];
    c11 = sums[row1 + 1];
    c20 = sums[row2];
    c21 = sums[row2 + 1];
  }
  const end = (depth * TILE_ROWS) | 0;
  let q = bStart | 0;
  for (let p = 0; p < end; p = (p + TILE_ROWS) | 0) {
    const a0 = packedA[p];
    const a1 = packedA[(p + 1) | 0];
    const a2 = packedA[(p + 2) | 0];
    const b0 = packedB[q];
    const b1 = packedB[(q + 1) | 0];
    c00 += a0 * b0;
    c10 += a1 * b0;
    c20 += a2 * b0;
    c01 += a0 * b1;
    c11 += a1 * b1;
    c21 += a2 * b1;
    q = (q + TILE_COLUMNS) | 0;
  }
  sums[tile] = c00;
  sums[tile + 1] = c01;
  sums[row1] = c10;
  sums[row1 + 1] = c11;
  sums[row2] = c20;
  sums[row2 + 1] = c21;
}

/** Rounds a row of sums plus bias into the output. No sum is −0, so the 0 of an absent bias changes no bit. */
function storeRow(from: number, columns: number, out: FloatArray, to: number): void {
  for (let j = 0; j < columns; j++) out[to + j] = sums[from + j] + packedBias[j];
}

/** The same as `matmul`, bit for bit, by the textbook's triple loop. */
export function matmulNaive(
  a: MatrixView,
  b: MatrixView,
  out: FloatArray,
  outOffset: number,
  m: number,
  n: number,
  k: number,
  bias?: VectorView,
): void {
  const { data: aData, columnStride: aStep } = a;
  const { data: bData, rowStride: bStep } = b;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let p = a.offset + i * a.rowStride;
      let q = b.offset + j * b.columnStride;
      let sum = 0;
      for (let t = 0; t < k; t++) {
        sum += aData[p] * bData[q];
        p += aStep;
        q += bStep;
      }
      if (bias !== undefined) sum += bias.data[bias.offset + j * bias.stride];
      out[outOffset + i * n + j] = sum;
    }
  }
}
