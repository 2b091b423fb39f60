/**
 * What is measured: the tasks as plain data (so that they travel to other processes), their inputs, and the digest
 * by which every contender's result is compared with the others' before it is timed.
 */

/** Which operand of a product lies transposed in memory: "ABt" takes B as [n, k], "AtB" takes A as [k, m]. */
export type Form = "AB" | "ABt" | "AtB";

/** One operation on inputs of `inputs()`. */
export type Operation =
  /** [m, k] × [k, n] */
  | {
      readonly kind: "matmul";
      readonly form: Form;
      readonly m: number;
      readonly n: number;
      readonly k: number;
    }
  /** On [rows, columns]. "silu-gradient" is silu, its sum, and the gradient of that. */
  | {
      readonly kind: "elementwise";
      readonly name: "add" | "mul" | "exp" | "silu" | "silu-gradient";
      readonly rows: number;
      readonly columns: number;
    }
  /** Over all of [rows, columns], or over one axis of it. */
  | {
      readonly kind: "reduction";
      readonly name: "sum" | "sum of rows" | "sum of columns" | "max";
      readonly rows: number;
      readonly columns: number;
    }
  | { readonly kind: "normal"; readonly rows: number; readonly columns: number }
  /** x ← tanh(x · p + p) again and again on scalars, and the gradient for p. `operations` is a multiple of 3. */
  | { readonly kind: "scalar-graph"; readonly operations: number };

/** Something that a trained network does; `widths` run from the input to the bottleneck. */
export type NetworkTask =
  /**
   * One step of the main job: noise, forward, backward, Adam with learning rate 0.01; the loss is read. `trial` steps
   * are taken first, and judged by their loss when they are TRIAL_STEPS.
   */
  | {
      readonly kind: "training-step";
      readonly batch: number;
      readonly widths: readonly number[];
      readonly trial: number;
    }
  /** Curves from noise, in `steps` evaluations of the network. */
  | {
      readonly kind: "sampling";
      readonly curves: number;
      readonly steps: number;
      readonly widths: readonly number[];
    };

export type Task = Operation | NetworkTask;

/** The curves of the main job, standardised: train [800, 50], then valid [200, 50]. */
export interface Curves {
  readonly train: Float32Array;
  readonly valid: Float32Array;
}

export const FEATURES = 50;
export const WIDTHS: readonly number[] = [50, 32, 16, 4];

/** The layers [in, out] of the autoencoder with these widths. */
export function layersOf(widths: readonly number[]): [number, number][] {
  const encoder = widths.slice(1).map((out, i): [number, number] => [widths[i], out]);
  return [...encoder, ...encoder.toReversed().map(([a, b]): [number, number] => [b, a])];
}

/** Numbers in [-1, 1] that every language computes to the same bits: contenders/pytorch.py has the same line. */
export function filled(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => ((i * 37 + seed * 17) % 101) / 50 - 1);
}

/** The training part, repeated (or cut) to `batch` curves. */
export function batchOf({ train }: Curves, batch: number): Float32Array {
  const curves = new Float32Array(batch * FEATURES);
  for (let at = 0; at < curves.length; at += train.length) {
    curves.set(train.subarray(0, Math.min(train.length, curves.length - at)), at);
  }
  return curves;
}

/** What is compared of a result: its size, a weighted sum that tells its order, and its moments. */
export interface Digest {
  readonly count: number;
  readonly weighted: number;
  readonly magnitude: number;
  readonly mean: number;
  readonly deviation: number;
}

export function digestOf(values: ArrayLike<number>): Digest {
  let [weighted, magnitude, sum, squares] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    weighted += values[i] * (((i * 7) % 13) - 6);
    magnitude += 6 * Math.abs(values[i]);
    sum += values[i];
    squares += values[i] * values[i];
  }
  const mean = sum / values.length;
  return {
    count: values.length,
    weighted,
    magnitude,
    mean,
    deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)),
  };
}

/** How many training steps a contender takes before its loss is looked at, and how many losses are averaged. */
export const TRIAL_STEPS = 80;
export const TRIAL_TAIL = 20;

/** What is wrong with a result, or null. `reference` is the digest of another contender's result. */
export function fault(task: Task, result: Digest, reference: Digest | undefined): string | null {
  const { count, weighted, mean, deviation } = result;
  if (![weighted, mean, deviation].every(Number.isFinite)) return "the result is not finite";
  switch (task.kind) {
    case "normal":
      // 40,000 draws: the mean is within 0.005 of 0 and the deviation within 0.0035 of 1, at one sigma.
      if (count !== task.rows * task.columns) return `${count} draws instead of ${task.rows * task.columns}`;
      return Math.abs(mean) > 0.03 || Math.abs(deviation - 1) > 0.02
        ? `draws have mean ${mean.toFixed(3)} and deviation ${deviation.toFixed(3)}`
        : null;
    case "sampling":
      return count === task.curves * FEATURES ? null : `${count} values instead of ${task.curves * FEATURES}`;
    case "training-step":
      // Losses start at about 1 (deepbox, with another initialisation, higher); after 80 steps runs of all
      // contenders lie from 0.17 to 0.3.
      return task.trial < TRIAL_STEPS || mean < 0.4
        ? null
        : `the loss after ${task.trial} steps is ${mean.toFixed(3)}`;
    default: {
      if (reference === undefined) return null;
      // Float32 sums of 40,000 terms that nearly cancel: up to 5e-4. A wrong operation or transposition is off by
      // far more.
      const off = Math.abs(weighted - reference.weighted) / reference.magnitude;
      return count === reference.count && off < 2e-3
        ? null
        : `the result differs from the others' by ${off.toExponential(1)}`;
    }
  }
}
