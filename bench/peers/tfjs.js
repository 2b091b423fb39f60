/** TensorFlow.js in eager mode, on its "cpu" or "wasm" backend. Both compute at once, so nothing needs forcing. */

import { createRequire } from "node:module";
import { dirname } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { batchOf, FEATURES, filled, layersOf } from "../../.build/bench/tasks.js";

const require = createRequire(import.meta.url);

export async function load(backend) {
  await register(backend);
  return {
    name: `tfjs ${backend}`,
    version: tf.version.tfjs,
    activate: () => tf.setBackend(backend),
    operation,
    trainer,
  };
}

export async function firstResult(backend) {
  await register(backend);
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  return tf
    .grad((x) => tf.sum(tf.tanh(tf.matMul(x, x))))(x)
    .dataSync()[0];
}

async function register(backend) {
  tf.enableProdMode();
  if (backend === "wasm") {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend "${backend}" here`);
}

function operation(task) {
  switch (task.kind) {
    case "matmul": {
      const { form, m, n, k } = task;
      const [transposeA, transposeB] = [form === "AtB", form === "ABt"];
      const a = tf.tensor2d(filled(m * k, 1), transposeA ? [k, m] : [m, k]);
      const b = tf.tensor2d(filled(k * n, 2), transposeB ? [n, k] : [k, n]);
      return computed([a, b], () => tf.matMul(a, b, transposeA, transposeB));
    }
    case "elementwise": {
      const { rows, columns, name } = task;
      const a = tf.tensor2d(filled(rows * columns, 1), [rows, columns]);
      const b = tf.tensor2d(filled(rows * columns, 2), [rows, columns]);
      const run = {
        add: () => tf.add(a, b),
        mul: () => tf.mul(a, b),
        exp: () => tf.exp(a),
        silu: () => tf.tidy(() => silu(a)),
        "silu-gradient": () => tf.tidy(() => gradient(a)),
      };
      const gradient = tf.grad((x) => tf.sum(silu(x)));
      return computed([a, b], run[name]);
    }
    case "reduction": {
      const { rows, columns, name } = task;
      const a = tf.tensor2d(filled(rows * columns, 1), [rows, columns]);
      const run = {
        sum: () => tf.sum(a),
        "sum of rows": () => tf.sum(a, 1),
        "sum of columns": () => tf.sum(a, 0),
        max: () => tf.max(a),
      };
      return computed([a], run[name]);
    }
    case "normal":
      return computed([], () => tf.randomNormal([task.rows, task.columns]));
    case "scalar-graph": {
      const start = tf.scalar(0.5);
      const gradient = tf.grad((p) => {
        let x = p;
        for (let i = 0; i < task.operations; i += 3) x = tf.tanh(tf.add(tf.mul(x, p), p));
        return x;
      });
      return computed([start], () => tf.tidy(() => gradient(start)));
    }
  }
}

function computed(inputs, compute) {
  return {
    run: () => compute().dispose(),
    result() {
      const y = compute();
      const values = y.dataSync();
      y.dispose();
      return values;
    },
    dispose: () => tf.dispose(inputs),
  };
}

function silu(x) {
  return tf.mul(x, tf.sigmoid(x));
}

function trainer(curves, batch, widths) {
  const clean = tf.tensor2d(batchOf(curves, batch), [batch, FEATURES]);
  const valid = tf.tensor2d(curves.valid, [curves.valid.length / FEATURES, FEATURES]);
  const layers = layersOf(widths).map(([input, output]) => {
    const bound = 1 / Math.sqrt(input);
    return {
      kernel: tf.variable(tf.randomUniform([input, output], -bound, bound)),
      bias: tf.variable(tf.randomUniform([output], -bound, bound)),
    };
  });
  const half = layers.length / 2;
  const variables = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const optimizer = tf.train.adam(0.01);
  let samples = null;

  const forward = (noisy) => {
    const activations = [];
    let x = noisy;
    layers.forEach(({ kernel, bias }, i) => {
      if (i > half) x = tf.add(x, activations[layers.length - 1 - i]);
      x = tf.fused.matMul({ a: x, b: kernel, bias });
      if (i < layers.length - 1) x = silu(x);
      activations.push(x);
    });
    return x;
  };
  const meanSquare = (x, target) => tf.mean(tf.squaredDifference(x, target));

  return {
    step() {
      const loss = tf.tidy(() => {
        const amount = tf.randomUniform([batch, 1]);
        const noise = tf.randomNormal([batch, FEATURES]);
        const noisy = tf.add(tf.mul(tf.sub(1, amount), clean), tf.mul(amount, noise));
        return optimizer.minimize(() => meanSquare(forward(noisy), clean), true, variables);
      });
      const value = loss.dataSync()[0];
      loss.dispose();
      return value;
    },
    valid: () => tf.tidy(() => meanSquare(forward(valid), valid).dataSync()[0]),
    sample(count, steps) {
      samples?.dispose();
      samples = tf.tidy(() => {
        let x = tf.randomNormal([count, FEATURES]);
        for (let i = 0; i < steps; i++) {
          const m = 1 / (steps - i);
          x = tf.tidy(() => tf.add(tf.mul(x, 1 - m), tf.mul(forward(x), m)));
        }
        return x;
      });
    },
    samples: () => samples.dataSync(),
    dispose() {
      tf.dispose([clean, valid, samples, ...variables]);
      optimizer.dispose();
    },
  };
}
