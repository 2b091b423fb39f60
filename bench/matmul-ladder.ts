/**
 * The ladder of matmul kernels: from the triple loop to the kernel in use, each rung one idea more than the
 * last, all with the same bits. Prints GFLOP/s for square matrices and for the shapes of the network.
 *
 *     npm run bench:ladder
 *
 * The rungs take turns within one process, so that a noisy machine disturbs all alike; still, only ratios
 * within one run mean anything. bench/README.md explains the figures.
 */
import { type MatrixView, matmul, matmulNaive } from "../src/kernels/typescript/matmul.ts";

type Product = (
  a: MatrixView,
  b: MatrixView,
  out: Float32Array,
  outOffset: number,
  m: number,
  n: number,
  k: number,
) => void;

/** The largest m, n and k measured: the rungs' scratch is made for it. */
const LARGEST = 1024;

const ladder: Record<string, Product> = {
  "i, j, k": matmulNaive,
  "i, k, j": rowByRow,
  packed: packedDots,
  "tile 3 × 2": tiled(3, 2, { constant: false }),
  "constant scratch": tiled(3, 2),
  blocked: matmul,
};

/** Rung 2: the loops in the order i, k, j, so that B and a float64 row of sums are read in sequence. */
function rowByRow(
  a: MatrixView,
  b: MatrixView,
  out: Float32Array,
  outOffset: number,
  m: number,
  n: number,
  k: number,
): void {
  const sums = new Float64Array(n);
  const { data, columnStride } = b;
  for (let i = 0; i < m; i++) {
    sums.fill(0);
    for (let t = 0; t < k; t++) {
      const x = a.data[a.offset + i * a.rowStride + t * a.columnStride];
      let q = b.offset + t * b.rowStride;
      for (let j = 0; j < n; j++) {
        sums[j] += x * data[q];
        q += columnStride;
      }
    }
    for (let j = 0; j < n; j++) out[outOffset + i * n + j] = sums[j];
  }
}

/** Rung 3: rows of A and columns of B first copied to float64, so that the inner loop converts nothing. */
function packedDots(
  a: MatrixView,
  b: MatrixView,
  out: Float32Array,
  outOffset: number,
  m: number,
  n: number,
  k: number,
): void {
  const packedA = new Float64Array(m * k);
  const packedB = new Float64Array(n * k);
  pack(a.data, a.offset, m, a.rowStride, k, a.columnStride, 1, packedA);
  pack(b.data, b.offset, n, b.columnStride, k, b.rowStride, 1, packedB);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      const end = (i + 1) * k;
      for (let p = i * k, q = j * k; p < end; p++, q++) sum += packedA[p] * packedB[q];
      out[outOffset + i * n + j] = sum;
    }
  }
}

/**
 * Rung 4: a tile of `rows` × `columns` sums in registers, so that each element read serves several products.
 * Rung 5: the packed arrays become constants, whose address and length the compiler then knows.
 *
 * The inner loop is written out by a template to compare sizes; for 2 × 1 it reads
 * `a0 = A[p]; a1 = A[p + 1]; b0 = B[q]; c00 += a0 * b0; c10 += a1 * b0`.
 */
function tiled(rows: number, columns: number, { constant = true, float32 = false } = {}): Product {
  const round = float32 ? "Math.fround" : "";
  const list = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => text(index)).join(" ");
  const each = (text: (i: number, j: number) => string) =>
    list(rows, (i) => list(columns, (j) => text(i, j)));
  const size = (LARGEST + rows) * LARGEST; // with room for the surplus lanes of edge tiles
  const [A, B, tile] = new Function(`
    const A = new ${float32 ? "Float32Array" : "Float64Array"}(${size}), B = new A.constructor(${size});
    return [A, B, function (p, q, depth, sums${constant ? "" : ", A, B"}) {
      ${each((i, j) => `let c${i}${j} = ${round}(0);`)}
      const end = (p + depth * ${rows}) | 0;
      for (p |= 0, q |= 0; p < end; p = (p + ${rows}) | 0) {
        ${list(rows, (i) => `const a${i} = A[(p + ${i}) | 0];`)}
        ${list(columns, (j) => `const b${j} = B[(q + ${j}) | 0];`)}
        ${each((i, j) => `c${i}${j} = ${round}(c${i}${j} + ${round}(a${i} * b${j}));`)}
        q = (q + ${columns}) | 0;
      }
      ${each((i, j) => `sums[${i * columns + j}] = c${i}${j};`)}
    }];`)();
  const sums = new Float64Array(rows * columns);
  return (a, b, out, outOffset, m, n, k) => {
    pack(a.data, a.offset, m, a.rowStride, k, a.columnStride, rows, A);
    pack(b.data, b.offset, n, b.columnStride, k, b.rowStride, columns, B);
    for (let i = 0; i < m; i += rows) {
      for (let j = 0; j < n; j += columns) {
        tile(i * k, j * k, k, sums, A, B);
        for (let r = 0; r < rows && i + r < m; r++) {
          for (let c = 0; c < columns && j + c < n; c++) {
            out[outOffset + (i + r) * n + j + c] = sums[r * columns + c];
          }
        }
      }
    }
  };
}

/** Copies `lanes` rows (or columns) into strips of `width`, in which lane follows lane and step follows step. */
function pack(
  source: MatrixView["data"],
  offset: number,
  lanes: number,
  laneStride: number,
  depth: number,
  depthStride: number,
  width: number,
  target: Float32Array | Float64Array,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    let from = offset + lane * laneStride;
    let to = (lane - (lane % width)) * depth + (lane % width);
    for (let t = 0; t < depth; t++) {
      target[to] = source[from];
      from += depthStride;
      to += width;
    }
  }
}

interface Shape {
  name: string;
  m: number;
  n: number;
  k: number;
  aTransposed?: boolean;
  bTransposed?: boolean;
}

const squares: Shape[] = [64, 128, 256, 512, LARGEST].map((size) => ({
  name: "square",
  m: size,
  n: size,
  k: size,
}));

/** The products of a linear layer with weight W [out, in] on a batch of 800: X·Wᵀ, dY·W and dYᵀ·X. */
const layers: Shape[] = [50, 32, 16, 4, 16, 32, 50].flatMap((width, index, widths) => {
  const next = widths[index + 1];
  if (next === undefined) return [];
  return [
    { name: `${width} → ${next}: X·Wᵀ`, m: 800, n: next, k: width, bTransposed: true },
    { name: `${width} → ${next}: dY·W`, m: 800, n: width, k: next },
    { name: `${width} → ${next}: dYᵀ·X`, m: next, n: width, k: 800, aTransposed: true },
  ];
});

printTable("The ladder", ladder, [...squares, ...layers], true);
printTable(
  "Sizes of the register tile",
  Object.fromEntries(
    [
      [1, 1],
      [2, 2],
      [2, 3],
      [3, 2],
      [3, 3],
      [4, 2],
      [4, 3],
      [4, 4],
    ].map(([r, c]) => [`${r} × ${c}`, tiled(r, c)]),
  ),
  squares.slice(0, 4),
  true,
);
printTable(
  "Float32 sums by Math.fround (other bits; not used)",
  {
    "float64 3 × 2": tiled(3, 2),
    "float32 2 × 2": tiled(2, 2, { float32: true }),
    "float32 3 × 2": tiled(3, 2, { float32: true }),
  },
  squares.slice(0, 4),
  false,
);

function printTable(
  title: string,
  products: Record<string, Product>,
  shapes: Shape[],
  sameBits: boolean,
): void {
  const names = Object.keys(products);
  console.log(`\n${title}: GFLOP/s, best (median); the last column is best against best of the first\n`);
  console.log(`| product | m × n × k | ${names.join(" | ")} | gain |`);
  console.log(`|---|---|${"---:|".repeat(names.length + 1)}`);
  for (const shape of shapes) {
    const times = measure(Object.values(products), shape, sameBits);
    const rate = (seconds: number) => (2 * shape.m * shape.n * shape.k) / seconds / 1e9;
    const cells = times.map(({ best, median }) => `${rate(best).toFixed(1)} (${rate(median).toFixed(1)})`);
    const gain = (times[0].best / times[times.length - 1].best).toFixed(1);
    console.log(`| ${shape.name} | ${shape.m} × ${shape.n} × ${shape.k} | ${cells.join(" | ")} | ${gain}× |`);
  }
}

/** Seconds of one call of each product: best and median of at least five turns, about a second in all. */
function measure(products: Product[], shape: Shape, sameBits: boolean): { best: number; median: number }[] {
  const { m, n, k } = shape;
  const a = matrix(m, k, shape.aTransposed);
  const b = matrix(k, n, shape.bTransposed);
  const results = products.map((product) => {
    const out = new Float32Array(m * n);
    product(a, b, out, 0, m, n, k);
    return out;
  });
  if (
    sameBits &&
    results.some((result) => result.some((value, index) => !Object.is(value, results[0][index])))
  ) {
    throw new Error(`The rungs differ for ${m} × ${n} × ${k}.`);
  }
  const callsPerTurn = Math.ceil(4e6 / (m * n * k));
  const times: number[][] = products.map(() => []);
  const deadline = performance.now() + 1000;
  for (let turn = 0; turn < 5 || performance.now() < deadline; turn++) {
    products.forEach((product, index) => {
      const start = performance.now();
      for (let call = 0; call < callsPerTurn; call++) product(a, b, results[index], 0, m, n, k);
      times[index].push((performance.now() - start) / callsPerTurn / 1000);
    });
  }
  return times.map((list) => {
    list.sort((x, y) => x - y);
    return { best: list[0], median: list[list.length >> 1] };
  });
}

/** A matrix of numbers in [−1, 1), stored row by row, or column by column if transposed. */
function matrix(rows: number, columns: number, transposed = false): MatrixView {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 7919) % 2048) / 1024 - 1);
  const [rowStride, columnStride] = transposed ? [1, rows] : [columns, 1];
  return { data, offset: 0, rowStride, columnStride };
}
