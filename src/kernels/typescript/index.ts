/** The plain TypeScript backend: float64 accumulators, readable, works wherever JavaScript runs. */

import { type Expression, oncePer } from "../arithmetic.ts";
import type { Backend } from "../backend.ts";
import { elementwise, reduce } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { normalAt, uniformAt } from "./random.ts";

const activationKernel = oncePer((activation: Expression) => elementwise((m, x) => [activation(m, x)], 1));

export const typescriptBackend: Backend = {
  name: "typescript",
  elementwise,
  reduce,
  matmul(m, n, k, output, a, b, bias, activation) {
    matmul(
      { data: a.storage.data, offset: a.offset, rowStride: a.strides[0], columnStride: a.strides[1] },
      { data: b.storage.data, offset: b.offset, rowStride: b.strides[0], columnStride: b.strides[1] },
      output.storage.data,
      output.offset,
      m,
      n,
      k,
      bias && { data: bias.storage.data, offset: bias.offset, stride: bias.strides[0] },
    );
    if (activation === undefined) return;
    const result = { storage: output.storage, offset: output.offset, strides: [1] };
    activationKernel(activation)([m * n], [result], [result]);
  },
  normal: (draw, out) => normalAt(draw, out.data),
  uniform: (draw, out) => uniformAt(draw, out.data),
};
