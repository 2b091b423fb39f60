/** Memory stays flat: a short form of 100,000 steps, and functions that come and go. */

import { expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { normal, Random, type Tensor, tensor, useBackend } from "../../src/index.ts";
import { wasmInUse } from "../../src/kernels/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";

useBackend("wasm");

const linearMemory = (): number => wasmInUse()!.memory.memory.buffer.byteLength;

test("many steps take no more memory than few", () => {
  const random = new Random(1);
  const layer = new Linear(3, 2, random);
  const optimizer = new Adam(layer.parameters());
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = layer
      .forward(x.add(normal([4, 3], random)))
      .square()
      .sum();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = tensor([1, 2, 3]);
  const run = (steps: number): number => {
    for (let i = 0; i < steps; i++) step(x);
    return process.memoryUsage().heapUsed;
  };
  run(2000);
  const [pages, before] = [linearMemory(), run(1000)];
  const after = run(10_000);
  expect(linearMemory()).toBe(pages);
  // Garbage that nobody has collected yet comes and goes; 10,000 steps that each kept a kilobyte would show.
  expect(after - before).toBeLessThan(30e6);
  expect(step.explain().calls.compiled).toBeGreaterThan(12_000);
});

test("versions that are forgotten give their memory back", () => {
  const step = compile((x: Tensor) => x.mul(2).add(1));
  const pass = (): number => {
    for (let size = 1; size <= 40; size++)
      for (let i = 0; i < 3; i++) step(normal([1000 * size], new Random(1)));
    return linearMemory();
  };
  const first = pass();
  expect(pass()).toBe(first);
  expect(step.explain().programs.length).toBeLessThanOrEqual(8);
});
