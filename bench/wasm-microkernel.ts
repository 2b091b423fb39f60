/**
 * The matrix product in WebAssembly against the bare 4 × 8 microkernel, the roof of what a product by
 * multiply-then-add can reach here: the same inner loop on operands that never leave the first-level cache.
 * Prints GFLOP/s and the share of the roof for square matrices and the network's shapes, in all three forms.
 *
 *     npm run bench:build && node .build/bench/wasm-microkernel.js
 *
 * Contenders take turns within one process, so that a noisy machine disturbs all alike; the best of many
 * rounds counts, and only ratios within one run mean anything.
 */
import { createMatmul, matmulModule, scratchBytes } from "../src/kernels/wasm/matmul.ts";
import { microkernel, ROOF_FLOPS } from "./roofline.ts";

interface Contender {
  name: string;
  flops: number;
  run: () => void;
}

const memory = new WebAssembly.Memory({ initial: 320 });
const matmul = createMatmul(memory);
// Three matrices of up to 1024 × 1024, 4 MiB each, and the scratch behind them.
const [A, B, OUT, SCRATCH] = [64, 64 + 2 ** 22, 64 + 2 ** 23, 64 + 3 * 2 ** 22];
new Float32Array(memory.buffer, 0, SCRATCH / 4).fill(0.5);

type Form = "A·B" | "A·Bᵀ" | "Aᵀ·B";

function product(m: number, n: number, k: number, form: Form): Contender {
  const [aRow, aColumn] = form === "Aᵀ·B" ? [1, m] : [k, 1];
  const [bRow, bColumn] = form === "A·Bᵀ" ? [1, k] : [n, 1];
  return {
    name: `${form} ${m}×${k}·${k}×${n}`,
    flops: 2 * m * n * k,
    run: () => matmul(m, n, k, OUT, A, aRow, aColumn, B, bRow, bColumn, 0, SCRATCH),
  };
}

function contenders(): Contender[] {
  const squares = [16, 32, 64, 128, 256, 512, 1024].flatMap((size) =>
    (["A·B", "A·Bᵀ", "Aᵀ·B"] as const).map((form) => product(size, size, size, form)),
  );
  const widths = [50, 32, 16, 4, 16, 32, 50];
  const layers = widths.slice(1).map((outputs, index) => [widths[index], outputs]);
  return [
    ...squares,
    ...layers.map(([inputs, outputs]) => product(800, outputs, inputs, "A·Bᵀ")), // forward: X·Wᵀ
    ...layers.map(([inputs, outputs]) => product(800, inputs, outputs, "A·B")), // dX = dY·W
    ...layers.map(([inputs, outputs]) => product(outputs, inputs, 800, "Aᵀ·B")), // dW = dYᵀ·X
    product(4, 4, 4, "A·B"),
  ];
}

/** Seconds of one run: `repeats` of them take about a millisecond. */
function time({ run }: Contender, repeats: number): number {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) run();
  return (performance.now() - start) / 1000 / repeats;
}

const ROUNDS = 15;
const roof: Contender = { name: "bare microkernel", flops: ROOF_FLOPS, run: microkernel(ROOF_FLOPS).run };
for (let i = 0; i < 20; i++) roof.run();
console.log(
  `matmul module: ${matmulModule().length} bytes; scratch at 1024: ${scratchBytes(1024, 1024, 1024)}`,
);
console.log("contender                  GFLOP/s best  median   roof best  share (best)  share (median)  µs");
for (const contender of contenders()) {
  const repeats = Math.max(1, Math.round(2e7 / contender.flops / (contender.flops < 1e5 ? 4 : 1)));
  for (let i = 0; i < 3; i++) time(contender, repeats);
  const times: number[] = [];
  const roofs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(time(contender, repeats));
    roofs.push(time(roof, 4));
  }
  times.sort((a, b) => a - b);
  roofs.sort((a, b) => a - b);
  const middle = ROUNDS >> 1;
  const rate = (seconds: number) => contender.flops / seconds / 1e9;
  const roofRate = (seconds: number) => roof.flops / seconds / 1e9;
  const cells = [
    rate(times[0]).toFixed(1).padStart(12),
    rate(times[middle]).toFixed(1).padStart(8),
    roofRate(roofs[0]).toFixed(1).padStart(10),
    `${((100 * rate(times[0])) / roofRate(roofs[0])).toFixed(0)} %`.padStart(12),
    `${((100 * rate(times[middle])) / roofRate(roofs[middle])).toFixed(0)} %`.padStart(14),
    (times[0] * 1e6).toFixed(2).padStart(12),
  ];
  console.log(contender.name.padEnd(26), ...cells);
}
