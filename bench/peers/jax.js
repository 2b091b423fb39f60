/**
 * jax-js on its WebAssembly backend, every function jitted. It computes lazily: `blockUntilReady` forces results
 * without copying them. A function owns its arguments; `.ref` keeps one for later use.
 */

import { readFileSync } from "node:fs";
import {
  blockUntilReady,
  defaultDevice,
  grad,
  init,
  jit,
  nn,
  numpy as np,
  random,
  valueAndGrad,
} from "@jax-js/jax";
import { batchOf, FEATURES, filled, layersOf } from "../../.build/bench/tasks.js";

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"),
);

export async function load() {
  await init("wasm");
  defaultDevice("wasm");
  return { name: "jax-js", version, operation, trainer };
}

export async function firstResult() {
  await init("wasm");
  const x = array([1, 2, 3, 4], [2, 2]);
  return grad((x) => np.sum(np.tanh(np.matmul(x.ref, x))))(x).dataSync()[0];
}

function array(values, shape) {
  return np.array(Float32Array.from(values)).reshape(shape);
}

function operation(task) {
  switch (task.kind) {
    case "matmul": {
      const { form, m, n, k } = task;
      const a = array(filled(m * k, 1), form === "AtB" ? [k, m] : [m, k]);
      const b = array(filled(k * n, 2), form === "ABt" ? [n, k] : [k, n]);
      const product = {
        AB: (a, b) => np.matmul(a, b),
        ABt: (a, b) => np.matmul(a, np.matrixTranspose(b)),
        AtB: (a, b) => np.matmul(np.matrixTranspose(a), b),
      }[form];
      return computed(jit(product), a, b);
    }
    case "elementwise": {
      const shape = [task.rows, task.columns];
      const a = array(filled(shape[0] * shape[1], 1), shape);
      const b = array(filled(shape[0] * shape[1], 2), shape);
      switch (task.name) {
        case "add":
          return computed(
            jit((a, b) => np.add(a, b)),
            a,
            b,
          );
        case "mul":
          return computed(
            jit((a, b) => np.multiply(a, b)),
            a,
            b,
          );
        case "exp":
          return computed(
            jit((a) => np.exp(a)),
            a,
          );
        case "silu":
          return computed(
            jit((a) => nn.silu(a)),
            a,
          );
        case "silu-gradient":
          return computed(jit(grad((x) => np.sum(nn.silu(x)))), a);
      }
      break;
    }
    case "reduction": {
      const a = array(filled(task.rows * task.columns, 1), [task.rows, task.columns]);
      const fold = {
        sum: (a) => np.sum(a),
        "sum of rows": (a) => np.sum(a, 1),
        "sum of columns": (a) => np.sum(a, 0),
        max: (a) => np.max(a),
      };
      return computed(jit(fold[task.name]), a);
    }
    case "normal": {
      let draws = 0;
      const draw = jit((seed) => random.normal(random.key(seed), [task.rows, task.columns]));
      const next = () => draw(np.array(draws++, { dtype: np.uint32 }));
      return forced(next, () => draw.dispose());
    }
    case "scalar-graph": {
      const chain = (p) => {
        let x = p.ref;
        for (let i = 0; i < task.operations; i += 3) x = np.tanh(np.add(np.multiply(x, p.ref), p.ref));
        p.dispose();
        return x;
      };
      // Not jitted: its compiler recurses through the whole chain and overflows the stack.
      return computed(Object.assign(grad(chain), { dispose() {} }), np.array(0.5));
    }
  }
}

function computed(compute, ...inputs) {
  return forced(
    () => compute(...inputs.map((input) => input.ref)),
    () => {
      for (const input of inputs) input.dispose();
      compute.dispose();
    },
  );
}

function forced(compute, dispose) {
  return {
    asynchronous: true,
    async run() {
      const y = compute();
      await y.blockUntilReady();
      y.dispose();
    },
    result: () => compute().data(),
    dispose,
  };
}

function trainer(curves, batch, widths) {
  const clean = array(batchOf(curves, batch), [batch, FEATURES]);
  const valid = array(curves.valid, [curves.valid.length / FEATURES, FEATURES]);
  let parameters = layersOf(widths).flatMap(([input, output]) => {
    const bound = 1 / Math.sqrt(input);
    const draw = (size) => Array.from({ length: size }, () => (2 * Math.random() - 1) * bound);
    return [array(draw(input * output), [input, output]), array(draw(output), [output])];
  });
  let first = parameters.map((p) => np.zeros(p.shape));
  let second = parameters.map((p) => np.zeros(p.shape));
  let steps = 0;
  let samples = null;

  const linear = (x, weight, bias) => np.add(np.matmul(x, weight), bias);
  /** Three layers down and three up, as everywhere. */
  const forward = (p, x) => {
    const wide = nn.silu(linear(x, p[0], p[1]));
    const narrow = nn.silu(linear(wide.ref, p[2], p[3]));
    const code = nn.silu(linear(narrow.ref, p[4], p[5]));
    const up = nn.silu(linear(code, p[6], p[7]));
    const wider = nn.silu(linear(np.add(up, narrow), p[8], p[9]));
    return linear(np.add(wider, wide), p[10], p[11]);
  };
  const lossOf = (p, noisy, target) => np.mean(np.square(np.subtract(forward(p, noisy), target)));

  const step = jit((p, first, second, rate, correction, seed, clean) => {
    const amount = random.uniform(random.key(np.multiply(seed.ref, np.array(2, { dtype: np.uint32 }))), [
      batch,
      1,
    ]);
    const noiseSeed = np.add(
      np.multiply(seed, np.array(2, { dtype: np.uint32 })),
      np.array(1, { dtype: np.uint32 }),
    );
    const noise = random.normal(random.key(noiseSeed), [batch, FEATURES]);
    const kept = np.multiply(np.subtract(1, amount.ref), clean.ref);
    const noisy = np.add(kept, np.multiply(amount, noise));
    const [loss, gradient] = valueAndGrad(lossOf)(
      p.map((x) => x.ref),
      noisy,
      clean,
    );
    const nextFirst = first.map((m, i) => np.add(np.multiply(m, 0.9), np.multiply(gradient[i].ref, 0.1)));
    const nextSecond = second.map((v, i) =>
      np.add(np.multiply(v, 0.999), np.multiply(np.square(gradient[i]), 0.001)),
    );
    const next = p.map((x, i) => {
      const scale = np.add(np.multiply(np.sqrt(nextSecond[i].ref), correction.ref), 1e-8);
      return np.subtract(x, np.divide(np.multiply(nextFirst[i].ref, rate.ref), scale));
    });
    rate.dispose();
    correction.dispose();
    return [next, nextFirst, nextSecond, loss];
  });
  const validLoss = jit((p, valid) => lossOf(p, valid.ref, valid));
  const denoise = jit((p, x, m) =>
    np.add(np.multiply(x.ref, np.subtract(1, m.ref)), np.multiply(forward(p, x), m)),
  );
  const draw = jit((seed, like) => random.normal(random.key(seed), like.shape));
  const refs = (arrays) => arrays.map((a) => a.ref);

  return {
    asynchronous: true,
    async step() {
      steps++;
      const rate = np.array(0.01 / (1 - 0.9 ** steps));
      const correction = np.array(1 / Math.sqrt(1 - 0.999 ** steps));
      const seed = np.array(steps, { dtype: np.uint32 });
      const [p, m, v, loss] = step(parameters, first, second, rate, correction, seed, clean.ref);
      [parameters, first, second] = [p, m, v];
      await blockUntilReady(parameters);
      return (await loss.data())[0];
    },
    valid: async () => (await validLoss(refs(parameters), valid.ref).data())[0],
    async sample(count, stepCount) {
      samples?.dispose();
      let x = draw(np.array(steps + 1000000, { dtype: np.uint32 }), np.zeros([count, FEATURES]));
      for (let i = 0; i < stepCount; i++) x = denoise(refs(parameters), x, np.array(1 / (stepCount - i)));
      samples = x;
      await samples.blockUntilReady();
    },
    samples: () => samples.ref.data(),
    dispose() {
      for (const x of [...parameters, ...first, ...second, clean, valid]) x.dispose();
      samples?.dispose();
      for (const f of [step, validLoss, denoise, draw]) f.dispose();
    },
  };
}
