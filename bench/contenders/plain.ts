/** Loops as one writes them by hand, without a library: what any library has to beat. */

import { matmulNaive } from "../../src/kernels/typescript/matmul.ts";
import type { Library, Prepared } from "../contender.ts";
import { filled, type Operation } from "../tasks.ts";

export const plain: Library = {
  name: "plain loops",
  version: `Node ${process.versions.node}`,
  operation,
};

function operation(task: Operation): Prepared | null {
  switch (task.kind) {
    case "matmul": {
      const { form, m, n, k } = task;
      const out = new Float32Array(m * n);
      const [aRow, aColumn] = form === "AtB" ? [1, m] : [k, 1];
      const [bRow, bColumn] = form === "ABt" ? [1, k] : [n, 1];
      const a = { data: filled(m * k, 1), offset: 0, rowStride: aRow, columnStride: aColumn };
      const b = { data: filled(k * n, 2), offset: 0, rowStride: bRow, columnStride: bColumn };
      return stored(out, () => matmulNaive(a, b, out, 0, m, n, k));
    }
    case "elementwise": {
      const size = task.rows * task.columns;
      const [a, b, out] = [filled(size, 1), filled(size, 2), new Float32Array(size)];
      return stored(out, loops[task.name](a, b, out));
    }
    case "reduction": {
      const values = filled(task.rows * task.columns, 1);
      const out = new Float32Array(
        { "sum of rows": task.rows, "sum of columns": task.columns, sum: 1, max: 1 }[task.name],
      );
      return stored(out, folds[task.name](values, out, task.columns));
    }
    case "normal": {
      const out = new Float32Array(task.rows * task.columns);
      return stored(out, () => {
        for (let i = 0; i < out.length; i += 2) {
          const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
          const angle = 2 * Math.PI * Math.random();
          out[i] = radius * Math.cos(angle);
          out[i + 1] = radius * Math.sin(angle);
        }
      });
    }
    case "scalar-graph": {
      const out = new Float32Array(1);
      return stored(out, () => {
        const p = new Value(0.5);
        let x = p;
        for (let i = 0; i < task.operations; i += 3) x = x.mul(p).add(p).tanh();
        x.backward();
        out[0] = p.gradient;
      });
    }
  }
}

function stored(out: Float32Array, run: () => void): Prepared {
  return {
    run,
    result() {
      run();
      return out;
    },
  };
}

type Loop = (a: Float32Array, b: Float32Array, out: Float32Array) => () => void;

const loops: Record<Extract<Operation, { kind: "elementwise" }>["name"], Loop> = {
  add: (a, b, out) => () => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
  },
  mul: (a, b, out) => () => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  },
  exp: (a, _, out) => () => {
    for (let i = 0; i < out.length; i++) out[i] = Math.exp(a[i]);
  },
  silu: (a, _, out) => () => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] / (1 + Math.exp(-a[i]));
  },
  "silu-gradient": (a, value, out) => {
    let sum = 0;
    return () => {
      for (let i = 0; i < out.length; i++) {
        const sigmoid = 1 / (1 + Math.exp(-a[i]));
        value[i] = a[i] * sigmoid;
        sum += value[i];
        out[i] = sigmoid + value[i] * (1 - sigmoid);
      }
      return sum;
    };
  },
};

type Fold = (values: Float32Array, out: Float32Array, columns: number) => () => void;

const folds: Record<Extract<Operation, { kind: "reduction" }>["name"], Fold> = {
  sum: (values, out) => () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i];
    out[0] = sum;
  },
  "sum of rows": (values, out, columns) => () => {
    for (let row = 0; row < out.length; row++) {
      let sum = 0;
      for (let i = row * columns; i < (row + 1) * columns; i++) sum += values[i];
      out[row] = sum;
    }
  },
  "sum of columns": (values, out, columns) => {
    const sums = new Float64Array(columns);
    return () => {
      sums.fill(0);
      for (let i = 0; i < values.length; i += columns) {
        for (let column = 0; column < columns; column++) sums[column] += values[i + column];
      }
      out.set(sums);
    };
  },
  max: (values, out) => () => {
    let max = -Infinity;
    for (let i = 0; i < values.length; i++) if (values[i] > max) max = values[i];
    out[0] = max;
  },
};

/** Reverse mode by closures on numbers, as in micrograd: the least that a graph of scalars costs in JavaScript. */
class Value {
  readonly value: number;
  readonly #before: Value | null;
  readonly #spread: (gradient: number) => void;
  gradient = 0;

  /** `before` is the newest operand: the order of making is the order of the pass. */
  constructor(value: number, before: Value | null = null, spread: (gradient: number) => void = () => {}) {
    this.value = value;
    this.#before = before;
    this.#spread = spread;
  }

  mul(other: Value): Value {
    return new Value(this.value * other.value, this, (gradient) => {
      this.gradient += gradient * other.value;
      other.gradient += gradient * this.value;
    });
  }

  add(other: Value): Value {
    return new Value(this.value + other.value, this, (gradient) => {
      this.gradient += gradient;
      other.gradient += gradient;
    });
  }

  tanh(): Value {
    const value = Math.tanh(this.value);
    return new Value(value, this, (gradient) => {
      this.gradient += gradient * (1 - value * value);
    });
  }

  backward(): void {
    this.gradient = 1;
    for (let at: Value | null = this; at !== null; at = at.#before) at.#spread(at.gradient);
  }
}
