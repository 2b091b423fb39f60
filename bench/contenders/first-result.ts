/** What halograd's start-up is measured by: the engine imported, a small product and its gradient read out. */

import { tensor, useBackend } from "halograd";

export async function firstResult(backend: string): Promise<number> {
  useBackend(backend === "wasm" ? "wasm" : "typescript");
  const x = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { requiresGrad: true },
  );
  x.matmul(x).tanh().sum().backward();
  return x.grad!.toTypedArray()[0];
}
