/** The ratios that halograd holds itself to, judged by one run's best times. */

import { exponentOf, type Results, type Row } from "./results.ts";

const [OURS, PLAIN_TS, ROOF] = ["halograd WASM", "halograd TS", "roof"];
const [COMPILED, TWO_THREADS, PYTORCH] = ["halograd compiled", "halograd two threads", "PyTorch"];
const SCRIPTED = ["plain loops", "tfjs cpu", "tfjs wasm", "jax-js", "deepbox"];

/** A line for each goal that this run can judge; empty when it can judge none. */
export function goals(results: Results): string {
  const section = (name: string): Row[] => results.rows.filter((row) => row.section === name);
  const matmul = (sizes: readonly number[]): Row[] =>
    section("matmul").filter((row) => sizes.includes(Number(row.label.split(" ").at(-1))));
  const large = [256, 512, 1024];
  const labelled = (name: string, label: string): Row[] => section(name).filter((row) => row.label === label);
  const batch = (size: number): Row[] => labelled("batch", `batch ${size}`);
  const [training, sampling] = [section("training"), section("sampling")];
  /** How many times as fast as the best of `others` `name` is, in the row where that is least. */
  const speedup = (rows: readonly Row[], name: string, others: readonly string[]): number =>
    Math.min(...rows.map((row) => bestOf(row, others) / (row.times[name]?.best ?? Number.NaN)));
  const judged: [text: string, value: number, limit: number, atLeast: boolean][] = [
    ["matmul 256…1024, share of the bare microkernel", speedup(matmul(large), OURS, [ROOF]), 0.85, true],
    ["matmul 64, share of the bare microkernel", speedup(matmul([64]), OURS, [ROOF]), 0.6, true],
    [
      "the network's products, share of the bare microkernel",
      speedup(section("layers"), OURS, [ROOF]),
      0.5,
      true,
    ],
    [
      "matmul at every size, against the best JavaScript peer",
      speedup(section("matmul"), OURS, SCRIPTED),
      1,
      true,
    ],
    ["matmul 256…1024, against the best JavaScript peer", speedup(matmul(large), OURS, SCRIPTED), 1.15, true],
    [
      "plain TypeScript matmul, against tfjs cpu",
      speedup(section("matmul"), PLAIN_TS, ["tfjs cpu"]),
      4,
      true,
    ],
    ["plain TypeScript matmul, against deepbox", speedup(section("matmul"), PLAIN_TS, ["deepbox"]), 1, true],
    [
      "plain TypeScript matmul 512, against the naive loop",
      speedup(matmul([512]), PLAIN_TS, ["plain loops"]),
      3,
      true,
    ],
    [
      "scalar graph, µs an operation",
      (section("scalar")[0]?.times[ours(results)]?.best / 300) * 1e6,
      0.3,
      false,
    ],
    ["eager training step, of PyTorch's", 1 / speedup(training, ours(results), [PYTORCH]), 1.2, false],
    ["training step, of PyTorch's", 1 / speedup(training, COMPILED, [PYTORCH]), 0.7, false],
    ["training step, against the best JavaScript peer", speedup(training, COMPILED, SCRIPTED), 9, true],
    ["sampling, of PyTorch's", 1 / speedup(sampling, COMPILED, [PYTORCH]), 1.1, false],
    ["batch 80000, of PyTorch's", 1 / speedup(batch(80_000), COMPILED, [PYTORCH]), 1.3, false],
    ["two threads over one, training step", speedup(training, TWO_THREADS, [COMPILED]), 1.3, true],
    ["two threads over one, sampling", speedup(sampling, TWO_THREADS, [COMPILED]), 1.7, true],
    ["two threads over one, batch 8000", speedup(batch(8000), TWO_THREADS, [COMPILED]), 1.7, true],
    [
      "two threads over one, width 512",
      speedup(labelled("width", "width 512"), TWO_THREADS, [COMPILED]),
      1.7,
      true,
    ],
    ["training step on two threads, of PyTorch's", 1 / speedup(training, TWO_THREADS, [PYTORCH]), 0.5, false],
    ["main job, of PyTorch's", 1 / speedup(section("main-job"), ours(results), [PYTORCH]), 0.6, false],
    [
      "import to first result, ms",
      (section("start-up")[1]?.times[ours(results)]?.best ?? Number.NaN) * 1000,
      40,
      false,
    ],
    ["exponent of the batch", exponentOf(section("batch"), COMPILED) ?? Number.NaN, 1.05, false],
  ];
  return judged
    .filter(([, value]) => Number.isFinite(value) && value > 0)
    .map(([text, value, limit, atLeast]) => {
      const met = atLeast ? value >= limit : value <= limit;
      const goal = `${atLeast ? "at least" : "at most"} ${limit}`;
      return `${met ? "met   " : "MISSED"} ${text.padEnd(58)} ${value.toFixed(2).padStart(7)}  (goal: ${goal})`;
    })
    .join("\n");
}

/** The backend that runs by itself where it can: WebAssembly, else plain TypeScript. */
function ours({ contenders }: Results): string {
  return OURS in contenders ? OURS : PLAIN_TS;
}

function bestOf({ times }: Row, names: readonly string[]): number {
  return Math.min(...names.map((name) => times[name]?.best ?? Infinity));
}
