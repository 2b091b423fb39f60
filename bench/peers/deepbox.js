/** deepbox on its default device: plain TypeScript, eager, computed at once. Needs Node 24. */

import { readFileSync } from "node:fs";
import {
  add,
  addScalar,
  dot,
  exp,
  GradTensor,
  max,
  mul,
  mulScalar,
  noGrad,
  parameter,
  sum,
  swish,
  Tensor,
  transpose,
} from "deepbox/ndarray";
import { Linear, Module, mseLoss, SiLU } from "deepbox/nn";
import { Adam } from "deepbox/optim";
import { rand, randn } from "deepbox/random";
import { batchOf, FEATURES, filled, layersOf } from "../../.build/bench/tasks.js";

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/deepbox/package.json", import.meta.url), "utf8"),
);

export async function load() {
  return { name: "deepbox", version, operation, trainer };
}

export async function firstResult() {
  const x = parameter(array([1, 2, 3, 4], [2, 2]));
  x.matmul(x).tanh().sum().backward();
  return Number(x.grad.data[0]);
}

function array(values, shape) {
  const data = Float32Array.from(values);
  return Tensor.fromTypedArray({ data, shape, dtype: "float32", device: "cpu" });
}

function operation(task) {
  switch (task.kind) {
    case "matmul": {
      const { form, m, n, k } = task;
      const a = form === "AtB" ? transpose(array(filled(m * k, 1), [k, m])) : array(filled(m * k, 1), [m, k]);
      const b = form === "ABt" ? transpose(array(filled(k * n, 2), [n, k])) : array(filled(k * n, 2), [k, n]);
      return computed(() => dot(a, b));
    }
    case "elementwise": {
      const shape = [task.rows, task.columns];
      const a = array(filled(task.rows * task.columns, 1), shape);
      const b = array(filled(task.rows * task.columns, 2), shape);
      const p = parameter(a);
      const silu = new SiLU();
      const run = {
        add: () => add(a, b),
        mul: () => mul(a, b),
        exp: () => exp(a),
        silu: () => swish(a),
        "silu-gradient"() {
          p.zeroGrad();
          silu.forward(p).sum().backward();
          return p.grad;
        },
      };
      return computed(run[task.name]);
    }
    case "reduction": {
      const a = array(filled(task.rows * task.columns, 1), [task.rows, task.columns]);
      const run = {
        sum: () => sum(a),
        "sum of rows": () => sum(a, 1),
        "sum of columns": () => sum(a, 0),
        max: () => max(a),
      };
      return computed(run[task.name]);
    }
    case "normal":
      return computed(() => randn([task.rows, task.columns]));
    case "scalar-graph": {
      const p = parameter(array([0.5], []));
      return computed(() => {
        p.zeroGrad();
        let x = p;
        for (let i = 0; i < task.operations; i += 3) x = x.mul(p).add(p).tanh();
        x.backward();
        return p.grad;
      });
    }
  }
}

function computed(run) {
  return { run, result: () => Array.from(run().data, Number) };
}

class DenoisingAutoencoder extends Module {
  constructor(widths) {
    super();
    this.layers = layersOf(widths).map(([input, output]) => new Linear(input, output));
    this.layers.forEach((layer, i) => {
      this.registerModule(`layer${i}`, layer);
    });
    this.silu = new SiLU();
  }

  forward(noisy) {
    const plus = noisy instanceof GradTensor ? (a, b) => a.add(b) : add;
    const last = this.layers.length - 1;
    const activations = [];
    let x = noisy;
    this.layers.forEach((layer, i) => {
      if (i > this.layers.length / 2) x = plus(x, activations[last - i]);
      x = layer.forward(x);
      if (i < last) x = this.silu.forward(x);
      activations.push(x);
    });
    return x;
  }
}

function trainer(curves, batch, widths) {
  const clean = array(batchOf(curves, batch), [batch, FEATURES]);
  const valid = array(curves.valid, [curves.valid.length / FEATURES, FEATURES]);
  const target = GradTensor.fromTensor(clean, { requiresGrad: false });
  const model = new DenoisingAutoencoder(widths);
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  let samples = null;
  return {
    step() {
      optimizer.zeroGrad();
      const amount = rand([batch, 1]);
      const noisy = add(
        mul(addScalar(mulScalar(amount, -1), 1), clean),
        mul(amount, randn([batch, FEATURES])),
      );
      const loss = mseLoss(model.forward(GradTensor.fromTensor(noisy, { requiresGrad: false })), target);
      loss.backward();
      optimizer.step();
      return Number(loss.data[loss.offset]);
    },
    valid: () => noGrad(() => Number(mseLoss(model.forward(valid), valid).data[0])),
    sample(count, steps) {
      samples = noGrad(() => {
        let x = randn([count, FEATURES]);
        for (let i = 0; i < steps; i++) {
          const m = 1 / (steps - i);
          x = add(mulScalar(x, 1 - m), mulScalar(model.forward(x), m));
        }
        return x;
      });
    },
    samples: () => samples.data,
  };
}
