/** The plain TypeScript backend: float64 accumulators, readable, works wherever JavaScript runs. */

import type { Backend } from "../backend.ts";
import { elementwise, reduce } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { normalAt, uniformAt } from "./random.ts";

export const typescriptBackend: Backend = {
  name: "typescript",
  elementwise,
  reduce,
  matmul: (m, n, k, output, a, b, bias) =>
    matmul(
      { data: a.data, offset: a.offset, rowStride: a.strides[0], columnStride: a.strides[1] },
      { data: b.data, offset: b.offset, rowStride: b.strides[0], columnStride: b.strides[1] },
      output.data,
      output.offset,
      m,
      n,
      k,
      bias && { data: bias.data, offset: bias.offset, stride: bias.strides[0] },
    ),
  normal: normalAt,
  uniform: uniformAt,
};
