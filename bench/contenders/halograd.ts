/** halograd, by its public API, on either backend, and with compiled steps on one thread and two. */

import { type BackendName, mseLoss, noGrad, normal, Random, type Tensor, tensor, useBackend } from "halograd";
import { compile } from "halograd/compile";
import { DenoisingAutoencoder, denoisingLoss, eulerSampler, finish, uniformGrid } from "halograd/diffusion";
import { Adam } from "halograd/optim";
import type { Library, Prepared, Trainer } from "../contender.ts";
import { batchOf, type Curves, FEATURES, filled, type Operation } from "../tasks.ts";

/**
 * By variant: a backend, or "compiled" and "two threads", which are WebAssembly with compiled steps.
 *
 * @throws Error where the backend does not run here
 */
export function halograd(variant: string): Library {
  const threads = { compiled: 1, "two threads": 2 }[variant];
  const backend = threads === undefined ? variant : "wasm";
  if (useBackend(backend as BackendName) !== backend) throw new Error("this runtime has no WebAssembly SIMD");
  if (threads !== undefined) {
    return {
      name: `halograd ${variant}`,
      version: "this checkout",
      trainer: (...given) => trainer(...given, (f) => compile(f, { threads })),
    };
  }
  return {
    name: backend === "wasm" ? "halograd WASM" : "halograd TS",
    version: "this checkout",
    operation,
    trainer,
  };
}

function operation(task: Operation): Prepared {
  switch (task.kind) {
    case "matmul": {
      const { form, m, n, k } = task;
      const a = form === "AtB" ? input(k, m, 1).transpose() : input(m, k, 1);
      const b = form === "ABt" ? input(n, k, 2).transpose() : input(k, n, 2);
      return computed(() => a.matmul(b));
    }
    case "elementwise": {
      const a = input(task.rows, task.columns, 1);
      const b = input(task.rows, task.columns, 2);
      switch (task.name) {
        case "add":
          return computed(() => a.add(b));
        case "mul":
          return computed(() => a.mul(b));
        case "exp":
          return computed(() => a.exp());
        case "silu":
          return computed(() => a.silu());
        case "silu-gradient":
          return gradient(input(task.rows, task.columns, 1, true), (x) => x.silu().sum());
      }
      break;
    }
    case "reduction": {
      const a = input(task.rows, task.columns, 1);
      switch (task.name) {
        case "sum":
          return computed(() => a.sum());
        case "sum of rows":
          return computed(() => a.sum(1));
        case "sum of columns":
          return computed(() => a.sum(0));
        case "max":
          return computed(() => a.max());
      }
      break;
    }
    case "normal": {
      const random = new Random(0);
      return computed(() => normal([task.rows, task.columns], random));
    }
    case "scalar-graph":
      return gradient(tensor(0.5, { requiresGrad: true }), (p) => {
        let x = p;
        for (let i = 0; i < task.operations; i += 3) x = x.mul(p).add(p).tanh();
        return x;
      });
  }
}

function input(rows: number, columns: number, seed: number, requiresGrad = false): Tensor {
  return tensor(filled(rows * columns, seed), [rows, columns], { requiresGrad });
}

function computed(run: () => Tensor): Prepared {
  return { run, result: () => run().toTypedArray() };
}

/** The gradient of `loss`, forward pass included. */
function gradient(x: Tensor, loss: (x: Tensor) => Tensor): Prepared {
  const run = (): Tensor => {
    x.grad = null;
    loss(x).backward();
    return x.grad!;
  };
  return computed(run);
}

function trainer(
  curves: Curves,
  batch: number,
  widths: readonly number[],
  wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor = (f) => f,
): Trainer {
  const random = new Random(0);
  const clean = tensor(batchOf(curves, batch), [batch, FEATURES]);
  const valid = tensor(curves.valid, [curves.valid.length / FEATURES, FEATURES]);
  const model = new DenoisingAutoencoder(random.fork("weights"), widths);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const step = wrap((x) => {
    optimizer.zeroGrad();
    const loss = denoisingLoss(model, x, random);
    loss.backward();
    optimizer.step();
    return loss;
  });
  let samples: Tensor;
  const samplers = new Map<number, (noise: Tensor) => Tensor>();
  return {
    step: () => step(clean).item(),
    valid: () => noGrad(() => mseLoss(model.forward(valid), valid)).item(),
    sample(count, steps) {
      const sample =
        samplers.get(steps) ??
        wrap((noise) => finish(eulerSampler((x) => model.forward(x), noise, { grid: uniformGrid(steps) })));
      samplers.set(steps, sample);
      samples = sample(normal([count, FEATURES], random));
    },
    samples: () => samples.toTypedArray(),
  };
}
