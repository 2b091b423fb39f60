/**
 * Roofs: what this machine can reach at all, measured in turn with the contenders. For products it is the bare
 * 4 × 8 multiply-then-add microkernel on operands in the first-level cache; for everything that streams, a copy.
 */

import { Assembler, f32x4, i32, v128 } from "../src/kernels/wasm/assembler.ts";
import type { Library, Prepared } from "./contender.ts";
import { filled, type Operation } from "./tasks.ts";

export const roofline: Library = { name: "roof", version: "bare 4 × 8 microkernel; memory copy", operation };

function operation(task: Operation): Prepared | null {
  if (task.kind === "matmul") return { ...microkernel(2 * task.m * task.n * task.k), result: () => [] };
  if (task.kind === "elementwise") return { ...copy(task.rows * task.columns), result: () => [] };
  return null;
}

/** Copies from arrays that do not fit into any cache, in GB/s read and written. */
export function copyBandwidth(): number {
  const size = 2 ** 24;
  const { run } = copy(size);
  const times = Array.from({ length: 8 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return (8 * size) / Math.min(...times) / 1e6;
}

function copy(size: number): Pick<Prepared, "run"> {
  const source = filled(size, 1);
  const target = new Float32Array(size);
  return { run: () => target.set(source) };
}

const DEPTH = 256; // terms: 4 KiB of A and 8 KiB of B stay in the first-level cache
const TILE_FLOPS = 2 * 4 * 8 * DEPTH;
const TILES = 256;

/** Operations in a run of the microkernel. */
export const ROOF_FLOPS = TILE_FLOPS * TILES;

/** Many times the same tile of 4 × 8 sums; its time is scaled to `flops`. */
export function microkernel(flops: number): Pick<Prepared, "run" | "scale"> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer).fill(0.5);
  const assembler = new Assembler();
  assembler.importMemory("bench", "memory");
  assembler.function("run", ["i32", "i32", "i32", "i32"], "none", (body, a, b, out, rounds) => {
    const sums = Array.from({ length: 8 }, () => body.local("v128"));
    const [p, q] = [body.local("i32"), body.local("i32")];
    body.while(rounds, () => {
      for (const sum of sums) body.set(sum, f32x4.const(0));
      body.set(p, a);
      body.set(q, b);
      const end = body.let(i32.add(a, 16 * DEPTH));
      body.while(i32.ne(p, end), () => {
        const columns = [body.let(v128.load(q)), body.let(v128.load(q, 16))];
        for (let row = 0; row < 4; row++) {
          const x = body.let(v128.load32_splat(p, 4 * row));
          columns.forEach((column, j) => {
            const sum = sums[2 * row + j];
            body.set(sum, f32x4.add(sum, f32x4.mul(x, column)));
          });
        }
        body.set(p, i32.add(p, 16));
        body.set(q, i32.add(q, 32));
      });
      sums.forEach((sum, index) => {
        body.store(out, sum, 16 * index);
      });
      body.set(rounds, i32.sub(rounds, 1));
    });
  });
  const module = new WebAssembly.Module(assembler.bytes());
  const { run } = new WebAssembly.Instance(module, { bench: { memory } }).exports as {
    run: (a: number, b: number, out: number, rounds: number) => void;
  };
  return { run: () => run(0, 16 * DEPTH, 48 * DEPTH, TILES), scale: flops / ROOF_FLOPS };
}
