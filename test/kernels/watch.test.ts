/** What a watcher is told about kernels: enough to run them again with other operands. */

import { afterEach, expect, it } from "vitest";
import { backend, backendName, type Operand, useBackend, wasmInUse } from "../../src/kernels/index.ts";
import { Storage } from "../../src/kernels/storage.ts";
import { type KernelCall, type Watcher, withWatcher } from "../../src/kernels/watch.ts";

const before = backendName();
afterEach(() => void useBackend(before));

const vector = (...values: number[]): Operand => ({
  storage: Storage.of(Float32Array.from(values)),
  offset: 0,
  strides: [1],
});
const matrix = (...values: number[]): Operand => ({ ...vector(...values), strides: [2, 1] });
const valuesOf = ({ storage }: Operand): number[] => [...storage.data];

/** The calls that are reported, none of which has run. */
function reported(body: () => void): KernelCall[] {
  const calls: KernelCall[] = [];
  withWatcher({ kernel: (call: KernelCall) => void calls.push(call) } as unknown as Watcher, body);
  return calls;
}

it.each(["typescript", "wasm"] as const)("of elementwise kernels, on %s", (name) => {
  useBackend(name);
  const out = vector(0, 0);
  const operands = [vector(1, 2), vector(10, 20)];
  const kernel = backend.elementwise((m, x, y) => [m.sub(x, y)], 2);
  const [call, ...others] = reported(() => kernel([2], [out], operands));
  expect(others).toEqual([]);
  expect(call).toMatchObject({ kind: "elementwise", shape: [2], outputs: [out], operands });
  expect(valuesOf(out)).toEqual([-9, -18]);
  const again = { ...call, outputs: [vector(0, 0)], operands: [operands[1], operands[0]] };
  again.run(again as never);
  expect(valuesOf(again.outputs[0])).toEqual([9, 18]);
  // Into memory that it reads, the other way round: what is read has to be there still.
  const both = Storage.of(Float32Array.of(1, 2, 3));
  const over = {
    ...call,
    outputs: [{ storage: both, offset: 1, strides: [1] }],
    operands: [{ storage: both, offset: 0, strides: [1] }, vector(0.5, 0.5)],
  };
  over.run(over as never);
  expect([...both.data]).toEqual([1, 0.5, 1.5]);
});

it.each(["typescript", "wasm"] as const)("of folds, on %s", (name) => {
  useBackend(name);
  const out = vector(0, 0);
  const operands = [matrix(1, 2, 3, 5)];
  const kernel = backend.reduce((m, total, x) => m.add(total, x), 1, 0);
  const [call] = reported(() => kernel([2, 2], 1, out, operands, 2));
  expect(call).toMatchObject({
    kind: "reduce",
    shape: [2, 2],
    reducedRank: 1,
    divisor: 2,
    initial: 0,
    outputs: [out],
    operands,
  });
  expect(valuesOf(out)).toEqual([1.5, 4]);
  const [plain] = reported(() => kernel([2, 2], 1, out, operands));
  expect(plain).toMatchObject({ divisor: 1 });
  plain.run(plain as never);
  expect(valuesOf(out)).toEqual([3, 8]);
});

it.each(["typescript", "wasm"] as const)("of matrix products, on %s", (name) => {
  useBackend(name);
  const out = matrix(0, 0, 0, 0);
  const [a, b, bias] = [matrix(1, 2, 3, 4), matrix(1, 0, 0, -1), vector(10, 20)];
  const square = (m: { mul(x: never, y: never): never }, x: never): never => m.mul(x, x);
  const [call] = reported(() => backend.matmul(2, 2, 2, out, a, b));
  expect(call).toMatchObject({
    kind: "matmul",
    shape: [2, 2, 2],
    outputs: [out],
    operands: [a, b],
    key: undefined,
  });
  expect(valuesOf(out)).toEqual([1, -2, 3, -4]);
  const [full] = reported(() => backend.matmul(2, 2, 2, out, a, b, bias, square as never));
  expect(full).toMatchObject({ operands: [a, b, bias], key: square });
  expect(valuesOf(out)).toEqual([121, 324, 169, 256]);
  const again = { ...full, outputs: [matrix(0, 0, 0, 0)], operands: [b, a, bias] };
  again.run(again as never);
  expect(valuesOf(again.outputs[0])).toEqual([121, 484, 49, 256]);
});

it.each(["normal", "uniform"] as const)("of %s random numbers", (kind) => {
  useBackend("wasm");
  const draw = { key: [1, 2], counter: [0, 0] } as const;
  const out = Storage.allocate(1000, "float32");
  const [call] = reported(() => backend[kind](draw, out));
  expect(call).toMatchObject({
    kind,
    draw,
    outputs: [{ storage: out, offset: 0, strides: [1] }],
    operands: [],
  });
  const again = Storage.allocate(1000, "float32");
  call.run({ ...call, outputs: [{ storage: again, offset: 0, strides: [1] }] } as never);
  expect(again.data).toEqual(out.data);
  useBackend("typescript");
  const other = Storage.allocate(1000, "float32");
  backend[kind](draw, other);
  // Those that are uniform are the same on both backends.
  const furthest = Math.max(...Array.from(other.data, (value, i) => Math.abs(value - out.data[i])));
  expect(furthest).toBeLessThanOrEqual(kind === "uniform" ? 0 : 1e-6);
  expect(new Set(out.data).size).toBeGreaterThan(990);
});

it("WebAssembly is in use only where it was chosen", () => {
  useBackend("wasm");
  expect(wasmInUse()?.name).toBe("wasm");
  useBackend("typescript");
  expect(wasmInUse()).toBeNull();
});
