/**
 * This checkout against another one, such as the commit before: a training step, a graph of scalars, small layers, and the
 * time from import to the first gradient, interleaved in one run. Both must be built.
 *
 *   node .build/bench/versus.js ../other
 */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { timing } from "./results.ts";

type Library = typeof import("halograd") &
  typeof import("halograd/optim") &
  typeof import("halograd/diffusion");

const ROUNDS = 100;
const own = fileURLToPath(new URL("../../", import.meta.url));
const other = process.argv[2];
if (other === undefined) {
  console.error("Usage: node .build/bench/versus.js FOLDER    (another checkout, built)");
  process.exit(2);
}
const roots = [resolve(other), own];
const load = async (root: string): Promise<Library> => {
  const parts = ["index.js", "optim/index.js", "diffusion/index.js"];
  const modules = await Promise.all(parts.map((part) => import(pathToFileURL(`${root}/dist/${part}`).href)));
  return Object.assign({}, ...modules);
};
const libraries = await Promise.all(roots.map(load));

const tasks: Record<string, (library: Library) => () => void> = {
  "training step": ({ Random, DenoisingAutoencoder, Adam, normal, denoisingLoss }) => {
    const random = new Random(0);
    const model = new DenoisingAutoencoder(random, [50, 32, 16, 4]);
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const data = normal([800, 50], random);
    return () => {
      optimizer.zeroGrad();
      denoisingLoss(model, data, random).backward();
      optimizer.step();
    };
  },
  "graph of 2000 scalars": ({ tensor }) => {
    const [a, b] = [0.3, 0.7].map((value) => tensor(value, { requiresGrad: true }));
    return () => {
      let x = a;
      for (let i = 0; i < 1000; i++) x = x.mul(b).add(a);
      x.backward();
      a.grad = null;
      b.grad = null;
    };
  },
  "layer of 64 × 32": ({ Random, normal }) => {
    const random = new Random(1);
    const x = normal([64, 32], random, { requiresGrad: true });
    const w = normal([32, 32], random, { requiresGrad: true });
    return () => {
      x.matmul(w).silu().square().add(1).sqrt().mean().backward();
      x.grad = null;
      w.grad = null;
    };
  },
};

/** Best and median of the second column over the first. */
function report(name: string, times: readonly [number[], number[]]): void {
  const [before, now] = times.map(timing);
  const ratio = (of: "best" | "median"): string => (now[of] / before[of]).toFixed(3);
  console.log(`${name.padEnd(40)} best ${ratio("best")}   median ${ratio("median")}`);
}

console.log(`${own} over ${roots[0]}, ${ROUNDS} rounds`);
for (const backend of ["wasm", "typescript"] as const) {
  for (const library of libraries) library.useBackend(backend);
  for (const [name, make] of Object.entries(tasks)) {
    const runs = libraries.map(make);
    for (const run of runs) for (let i = 0; i < 50; i++) run();
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const k of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const start = performance.now();
        for (let i = 0; i < 4; i++) runs[k]();
        times[k].push(performance.now() - start);
      }
    }
    report(`${name}, ${backend}`, times);
  }
}
const program = (root: string): string => `const start = performance.now();
  const { silu, tensor } = await import("${pathToFileURL(root).href}/dist/index.js");
  silu(tensor([1, 2], { requiresGrad: true })).sum().backward();
  console.log(performance.now() - start);`;
const times: [number[], number[]] = [[], []];
for (let round = 0; round < ROUNDS / 2; round++) {
  for (const k of round % 2 === 0 ? [0, 1] : [1, 0]) {
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program(roots[k])], {
      encoding: "utf8",
    });
    times[k].push(Number(stdout));
  }
}
report("import to the first gradient", times);
