/**
 * Matrix product in WebAssembly SIMD: packing, cache blocking and a 4 × 8 register tile, as emitted code
 * (K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008).
 *
 * The order of summation is fixed, whatever the shapes, strides and paths taken: all arithmetic is float32, the
 * terms are cut into blocks of DEPTH; within a block a sum starts at 0 and adds its products, each rounded, in the order
 * of k; the blocks' sums are added in order, the bias last.
 */
import type { Bytes } from "../types.ts";
import {
  Assembler,
  type Body,
  type Callable,
  f32,
  f32x4,
  i32,
  i32x4,
  type Label,
  type Local,
  type Value,
  v128,
} from "./assembler.ts";

/** Terms in a block. A strip of B (8 KiB) and one of A (4 KiB) share the first-level cache. */
export const DEPTH = 256;

// A block of A (128 KiB) and one of B (256 KiB) stay in the second-level cache. Measured at 32 … 1024 with the
// strides of A·B, A·Bᵀ and Aᵀ·B: halving or doubling any of the three sizes changes the speed by 2 % at most.
const ROWS = 128;
const COLUMNS = 256;

// An operand whose lanes lie side by side is read in place if the other has at most this many columns or rows:
// packing it would cost more than it gains ([4×800]·[800×16] is 1.9 times as fast as packed). Beyond, strips that
// jump from row to row miss the caches (Aᵀ·B of size 1024 would run at half speed).
const IN_PLACE = 64;

/**
 * out[i, j] = Σ_k a[i, k] · b[k, j] (+ bias[j]); out and bias contiguous. Addresses are in bytes and multiples of
 * 4, strides in elements (0 and negative ones too); a bias address of 0 means no bias. `scratch` is the address of
 * `scratchBytes(m, n, k)` bytes. `before` terms, a multiple of 256, are in out already, and these are added to them; left out: none.
 * Nothing is checked. Operands may overlap each other, not out or scratch.
 */
export type Matmul = (
  m: number,
  n: number,
  k: number,
  out: number,
  a: number,
  aRowStride: number,
  aColumnStride: number,
  b: number,
  bRowStride: number,
  bColumnStride: number,
  bias: number,
  scratch: number,
  before?: number,
) => void;

/** The product over addresses of `memory`. */
export function createMatmul(memory: WebAssembly.Memory): Matmul {
  const module = new WebAssembly.Module(matmulModule());
  const { exports } = new WebAssembly.Instance(module, { halograd: { memory } });
  return exports.matmul as Matmul;
}

/** The scratch that a product needs, in bytes: a tile, a block of A and a block of B. At most 385 KiB. */
export function scratchBytes(m: number, n: number, k: number): number {
  const depth = Math.min(k, DEPTH);
  const rows = 4 * Math.ceil(Math.min(m, ROWS) / 4);
  const columns = 8 * Math.ceil(Math.min(n, COLUMNS) / 8);
  return TILE_BYTES + 4 * depth * (rows + columns);
}

const TILE_BYTES = 128;

/** The bytes of the module, for a memory that threads share where it says of how many pages at most. */
export function matmulModule(sharedPages = 0): Bytes {
  const assembler = new Assembler();
  assembler.importMemory("halograd", "memory", 0, sharedPages);
  const pack = writePack(assembler);
  const wide = writeSweep(assembler, "$wide", 2);
  const narrow = writeSweep(assembler, "$narrow", 1);

  assembler.function(
    "matmul",
    integers(13),
    "none",
    (body, m, n, k, out, a, aRow, aColumn, b, bRow, bColumn, bias, scratch, before) => {
      body.if(i32.or(i32.eqz(m), i32.eqz(n)), () => body.return());
      for (const stride of [aRow, aColumn, bRow, bColumn]) body.set(stride, i32.shl(stride, 2));
      const outRow = body.let(i32.shl(n, 2));

      // Where the strips are: in the operand, or packed in scratch behind the tile.
      const sideBySide = (laneStride: Value<"i32">, lanes: Value<"i32">, uses: Value<"i32">) => {
        const wholeVectors = i32.eqz(i32.and(lanes, 3));
        return i32.and(i32.and(i32.eq(laneStride, 4), wholeVectors), i32.le_s(uses, IN_PLACE));
      };
      const aInPlace = body.let(i32.or(sideBySide(aRow, m, n), i32.le_s(n, 4)));
      // A strip of B ends where its pointer has come to, which has to move.
      const bInPlace = body.let(i32.and(sideBySide(bColumn, n, m), i32.ne(bRow, 0)));
      const aLane = body.let(i32.select(aRow, 4, aInPlace));
      const aStep = body.let(i32.select(aColumn, 16, aInPlace));
      const bStep = body.let(i32.select(bRow, 32, bInPlace));
      const packedA = body.let(i32.add(scratch, TILE_BYTES));
      const [aStrips, aStripStride, bStrips, bStrip, bStripStride] = locals(body, 5);

      const [column, columns, start, depth, row, rows, j, width, corner, tileBias] = locals(body, 10);
      blocks(body, column, n, COLUMNS, columns, () => {
        blocks(body, start, k, DEPTH, depth, () => {
          body.set(aStripStride, i32.shl(i32.select(aRow, i32.shl(depth, 2), aInPlace), 2));
          body.set(bStripStride, i32.select(32, i32.shl(depth, 5), bInPlace));
          body.set(bStrips, i32.add(b, i32.add(i32.mul(start, bRow), i32.mul(column, bColumn))));
          body.if(i32.eqz(bInPlace), () => {
            const source = body.let(bStrips);
            const packedABytes = i32.mul(i32.shl(depth, 2), roundUp(least(m, ROWS), 4));
            body.set(bStrips, i32.add(packedA, packedABytes));
            body.do(pack(source, bColumn, bRow, columns, depth, bStrips, 32));
          });
          blocks(body, row, m, ROWS, rows, () => {
            body.set(aStrips, i32.add(a, i32.add(i32.mul(row, aRow), i32.mul(start, aColumn))));
            body.if(i32.eqz(aInPlace), () => {
              body.do(pack(aStrips, aRow, aColumn, rows, depth, packedA, 16));
              body.set(aStrips, packedA);
            });
            body.set(bStrip, bStrips);
            body.set(corner, i32.add(out, i32.add(i32.mul(row, outRow), i32.shl(column, 2))));
            // The bias joins the last block of terms.
            const last = i32.and(i32.ne(bias, 0), i32.ge_s(i32.add(start, DEPTH), k));
            body.set(tileBias, i32.select(i32.add(bias, i32.shl(column, 2)), 0, last));
            blocks(body, j, columns, 8, width, () => {
              const sweep = (by: typeof wide) => {
                const aPlace = [aStrips, aStripStride, aLane, aStep] as const;
                const outPlace = [corner, outRow, rows, width] as const;
                const added = i32.add(before, start);
                body.do(by(...aPlace, bStrip, bStep, depth, ...outPlace, added, tileBias, scratch));
              };
              body.if(
                i32.gt_s(width, 4),
                () => sweep(wide),
                () => sweep(narrow),
              );
              body.set(bStrip, i32.add(bStrip, bStripStride));
              body.set(corner, i32.add(corner, 32));
              body.if(tileBias, () => body.set(tileBias, i32.add(tileBias, 32)));
            });
          });
        });
      });
    },
  );
  return assembler.bytes();
}

/** Cuts 0 … `total` into blocks: `write` runs once for each, at least once; `size` is the size of the block. */
function blocks(
  body: Body,
  start: Local<"i32">,
  total: Value<"i32">,
  most: number,
  size: Local<"i32">,
  write: () => void,
): void {
  body.set(start, 0);
  body.loop((again) => {
    body.set(size, least(i32.sub(total, start), most));
    write();
    body.set(start, i32.add(start, most));
    body.branchIf(again, i32.lt_s(start, total));
  });
}

function least(a: Value<"i32">, b: number | Value<"i32">): Value<"i32"> {
  return i32.select(a, b, i32.lt_s(a, b));
}

function roundUp(a: Value<"i32">, multiple: number): Value<"i32"> {
  return i32.and(i32.add(a, multiple - 1), -multiple);
}

/** Moves a pointer or counter. */
function advance(body: Body, local: Local<"i32">, by: Value<"i32"> | number): void {
  body.set(local, i32.add(local, by));
}

/**
 * Packs lanes (rows of A or columns of B) into strips of `step` / 4 lanes: a step of k holds its lanes side by
 * side, in `step` bytes. Lanes that are missing in a group of four repeat the last one; what comes of them is never
 * stored.
 */
function writePack(assembler: Assembler): Callable<Integers<7>, "none"> {
  const packFour = writePackFour(assembler);
  return assembler.function(
    "$pack",
    integers(7),
    "none",
    (body, source, laneStride, depthStride, lanes, depth, target, step) => {
      const restOfStrip = body.let(i32.mul(i32.sub(depth, 1), step));
      const stripEnd = body.let(i32.add(target, step));
      body.while(i32.gt_s(lanes, 0), () => {
        body.do(packFour(source, laneStride, depthStride, lanes, depth, target, step));
        advance(body, source, i32.shl(laneStride, 2));
        advance(body, lanes, -4);
        advance(body, target, 16);
        body.if(i32.eq(target, stripEnd), () => {
          advance(body, target, restOfStrip);
          body.set(stripEnd, i32.add(target, step));
        });
      });
    },
  );
}

/** Packs four lanes, or the first `lanes` if they are fewer. */
function writePackFour(assembler: Assembler): Callable<Integers<7>, "none"> {
  return assembler.function(
    "$packFour",
    integers(7),
    "none",
    (body, source, laneStride, depthStride, lanes, depth, target, step) => {
      // Lanes side by side: copy.
      body.if(i32.and(i32.eq(laneStride, 4), i32.ge_s(lanes, 4)), () => {
        body.while(depth, () => {
          body.store(target, v128.load(source));
          advance(body, source, depthStride);
          advance(body, target, step);
          advance(body, depth, -1);
        });
        body.return();
      });
      const pointers = fourLanes(body, source, laneStride, lanes);
      // Lanes contiguous: transpose 4 × 4 at a time.
      body.if(i32.eq(depthStride, 4), () => {
        body.while(i32.ge_s(depth, 4), () => {
          for (const vector of transpose(body, pointers)) {
            body.store(target, vector);
            advance(body, target, step);
          }
          for (const pointer of pointers) advance(body, pointer, 16);
          advance(body, depth, -4);
        });
      });
      // Any strides, and what the transposes left: gather.
      body.while(depth, () => {
        let vector = v128.load32_zero(pointers[0]);
        for (let lane = 1; lane < 4; lane++) vector = v128.load32_lane(pointers[lane], vector, lane);
        body.store(target, vector);
        advance(body, target, step);
        for (const pointer of pointers) advance(body, pointer, depthStride);
        advance(body, depth, -1);
      });
    },
  );
}

/** Pointers to four lanes; lanes that do not exist repeat the last one. */
function fourLanes(
  body: Body,
  first: Value<"i32">,
  laneStride: Value<"i32">,
  lanes: Value<"i32">,
): Local<"i32">[] {
  const pointers = [body.let(first)];
  for (let lane = 1; lane < 4; lane++) {
    const stride = i32.select(laneStride, 0, i32.gt_s(lanes, lane));
    pointers.push(body.let(i32.add(pointers[lane - 1], stride)));
  }
  return pointers;
}

/** The columns of the 4 × 4 matrix whose rows the pointers point at. */
function transpose(body: Body, pointers: readonly Value<"i32">[]): Value<"v128">[] {
  const low = (x: Value<"v128">, y: Value<"v128">) => body.let(i32x4.shuffle(x, y, [0, 4, 1, 5]));
  const high = (x: Value<"v128">, y: Value<"v128">) => body.let(i32x4.shuffle(x, y, [2, 6, 3, 7]));
  const [a, b, c, d] = pointers.map((pointer) => body.let(v128.load(pointer)));
  const [acLow, bdLow, acHigh, bdHigh] = [low(a, c), low(b, d), high(a, c), high(b, d)];
  return [low(acLow, bdLow), high(acLow, bdLow), low(acHigh, bdHigh), high(acHigh, bdHigh)];
}

/**
 * Multiplies a block of A by one strip of B, a tile of 4 rows and `vectors` × 4 columns at a time, its sums in
 * registers. 4 × 8 is for strips of B with more than 4 columns. 4 × 4 is for the others; it reads A through
 * four pointers, so that an A that is used only once need not be packed.
 */
function writeSweep(assembler: Assembler, name: string, vectors: 1 | 2): Callable<Integers<14>, "none"> {
  return assembler.function(
    name,
    integers(14),
    "none",
    // biome-ignore format: by operand.
    (
      body, aStrip, aStripStride, aLane, aStep, bStrip, bStep, depth,
      out, outRow, rows, width, add, bias, scratch,
    ) => {
      const b = Array.from({ length: vectors }, () => body.local("v128"));
      const sums = Array.from({ length: 4 }, () => b.map(() => body.local("v128")));
      const [bPointer, rowOut] = locals(body, 2);
      const bEnd = body.let(i32.add(bStrip, i32.mul(depth, bStep)));

      body.loop((nextTile) => {
        for (const sum of sums.flat()) body.set(sum, f32x4.const(0));
        const lanes = vectors === 1 ? fourLanes(body, aStrip, aLane, rows) : [body.let(aStrip)];
        body.set(bPointer, bStrip);
        const addTerms = (nextTerm: Label): void => {
          for (const [j, vector] of b.entries()) body.set(vector, v128.load(bPointer, 16 * j));
          sums.forEach((row, i) => {
            const a = body.let(
              vectors === 1 ? v128.load32_splat(lanes[i]) : v128.load32_splat(lanes[0], 4 * i),
            );
            for (const [j, sum] of row.entries()) body.set(sum, f32x4.add(sum, f32x4.mul(a, b[j])));
          });
          for (const lane of lanes) advance(body, lane, aStep);
          advance(body, bPointer, bStep);
          body.branchIf(nextTerm, i32.ne(bPointer, bEnd));
        };
        body.if(depth, () => body.loop(addTerms));
        body.if(i32.and(i32.ge_s(rows, 4), i32.eq(width, 4 * vectors)), storeTile, storeEdge);
        advance(body, aStrip, aStripStride);
        advance(body, out, i32.shl(outRow, 2));
        advance(body, rows, -4);
        body.branchIf(nextTile, i32.gt_s(rows, 0));
      });

      function storeTile(): void {
        body.if(add, () =>
          eachSum((sum, j) => body.set(sum, f32x4.add(v128.load(rowOut, 16 * j), sum))),
        );
        body.if(bias, () => {
          for (const [j, vector] of b.entries()) body.set(vector, v128.load(bias, 16 * j));
          eachSum((sum, j) => body.set(sum, f32x4.add(sum, b[j])));
        });
        eachSum((sum, j) => body.store(rowOut, sum, 16 * j));
      }

      function eachSum(write: (sum: Local<"v128">, j: number) => void): void {
        body.set(rowOut, out);
        for (const row of sums) {
          row.forEach(write);
          advance(body, rowOut, outRow);
        }
      }

      // A tile that sticks out over the edge: through scratch, from which only what is inside is taken.
      function storeEdge(): void {
        for (const [index, sum] of sums.flat().entries()) body.store(scratch, sum, 16 * index);
        const [row, column, end] = locals(body, 3);
        const tileRow = body.let(scratch);
        body.set(row, least(rows, 4));
        body.set(end, i32.shl(width, 2));
        body.set(rowOut, out);
        body.while(row, () => {
          body.set(column, 0);
          body.while(i32.lt_s(column, end), () => {
            const to = body.let(i32.add(rowOut, column));
            const sum = body.let(f32.load(i32.add(tileRow, column)));
            body.if(add, () => body.set(sum, f32.add(f32.load(to), sum)));
            body.if(bias, () => body.set(sum, f32.add(sum, f32.load(i32.add(bias, column)))));
            body.store(to, sum);
            advance(body, column, 4);
          });
          advance(body, tileRow, 16 * vectors);
          advance(body, rowOut, outRow);
          advance(body, row, -1);
        });
      }
    },
  );
}

/** `count` parameter types. */
type Integers<N extends number, T extends "i32"[] = []> = T["length"] extends N
  ? readonly [...T]
  : Integers<N, [...T, "i32"]>;

function integers<N extends number>(count: N): Integers<N> {
  return Array.from({ length: count }, () => "i32") as unknown as Integers<N>;
}

function locals(body: Body, count: number): Local<"i32">[] {
  return Array.from({ length: count }, () => body.local("i32"));
}
