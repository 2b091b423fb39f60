/** Results that stay in linear memory: found there by what comes next, moved to the heap in time, never wrong. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  apply,
  backendName,
  normal,
  type Operation,
  ones,
  Random,
  type Tensor,
  tensor,
  useBackend,
  zeros,
  zerosLike,
} from "../../../src/index.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import { Memory, SINGLES, SINGLES_TABLE } from "../../../src/kernels/wasm/memory.ts";
import { inPlace } from "../../../src/optim/in-place.ts";
import { Adam } from "../../../src/optim/index.ts";

/** Writes numbers that tell storages apart into the place of a new storage. */
function fill(memory: Memory, size: number, value: number): Storage {
  const storage = Storage.allocate(size, "float32");
  const address = memory.settle(storage);
  memory.floats.fill(value, address >> 2, (address >> 2) + size);
  return storage;
}

describe("the ring of results", () => {
  it("keeps every result readable, however often it comes round", () => {
    const memory = new Memory();
    const sizes = [1000, 33_000, 7, 250, 60_001, 4];
    const storages = Array.from({ length: 3000 }, (_, i) => fill(memory, sizes[i % sizes.length], i + 1));
    expect(memory.memory.buffer.byteLength).toBe(new Memory().memory.buffer.byteLength);
    expect(storages[0].residence).toBeNull();
    expect(storages.at(-1)!.residence).not.toBeNull();
    storages.forEach((storage, i) => {
      expect(storage.data.every((value) => value === i + 1)).toBe(true);
    });
  });

  it("keeps few of many small results, so that they do not hold on to a long past", () => {
    const memory = new Memory();
    const storages = Array.from({ length: 20_000 }, (_, i) => fill(memory, 2, i));
    expect(storages.filter(({ residence }) => residence !== null).length).toBeLessThanOrEqual(4096);
    storages.forEach((storage, i) => {
      expect([...storage.data]).toEqual([i, i]);
    });
  });

  it("has no place for a large result", () => {
    expect(new Memory().settle(Storage.allocate(100_000, "float32"))).toBe(0);
  });

  it("hands the elements over once: whoever holds the array may write into it", () => {
    const memory = new Memory();
    const storage = fill(memory, 100, 1);
    storage.data[3] = 7;
    expect(storage.residence).toBeNull();
    expect(storage.data[3]).toBe(7);
  });

  it("does not save what was discarded, and says so to whoever reads it all the same", () => {
    const memory = new Memory();
    const storage = fill(memory, 100, 1);
    storage.discard();
    for (let i = 0; i < 100; i++) fill(memory, 30_000, i);
    expect(() => storage.data).toThrow("discarded");
    for (const read of [
      () => storage.residence!.address,
      () => storage.residence!.memory,
      () => storage.get(3),
    ])
      expect(read).toThrow(
        /^halograd: elements were read after the engine had discarded them. Please report this.$/,
      );
  });
});

describe("reserved memory", () => {
  it("is given back, joined with what is free beside it, and taken again before more is asked for", () => {
    const memory = new Memory();
    const [a, b, c, d] = [100, 200, 300, 400].map((bytes) => memory.reserve(bytes));
    expect([a % 16, b - a, c - b, d - c]).toEqual([0, 112, 208, 304]);
    // What is free is cut into what is asked for and a rest.
    memory.release(b, 200);
    expect(memory.reserve(48)).toBe(b);
    expect(memory.reserve(160)).toBe(b + 48);
    expect(memory.reserve(16)).toBe(d + 400);
    // Three neighbours, the middle one last, are one.
    memory.release(a, 100);
    memory.release(c, 300);
    memory.release(b, 48);
    memory.release(b + 48, 160);
    expect(memory.reserve(624)).toBe(a);
    expect(memory.reserve(16)).toBe(d + 416);
    // What lies at the end is the end again, with all that is free before it.
    memory.release(d + 416, 16);
    memory.release(a, 624);
    memory.release(d + 400, 16);
    memory.release(d, 400);
    expect(memory.reserve(10_000)).toBe(a);
    expect(memory.take(16)).toBe(a + 10_000);
  });

  it("is refused where there is no more", () => {
    const memory = new Memory(100);
    expect(memory.reserve(100 * 65536)).toBe(0);
    const first = memory.reserve(1_000_000);
    expect(first).toBeGreaterThan(0);
    expect(memory.reserve(10_000_000)).toBe(0);
    expect(memory.reserve(1_000_000)).toBe(first + 1_000_000);
    expect(memory.reset(2_000_000)).toBe(true);
    expect(memory.memory.buffer.byteLength).toBeLessThanOrEqual(100 * 65536);
  });

  it("is not what results or single elements lie in", () => {
    const memory = new Memory();
    const storage = fill(memory, 1000, 3);
    const address = memory.reserve(64);
    memory.floats.fill(7, address >> 2, (address >> 2) + 16);
    expect(storage.data.every((value) => value === 3)).toBe(true);
    // Where elements are, and by how much their addresses grow.
    const table = [...memory.integers.subarray(SINGLES_TABLE >> 2, (SINGLES_TABLE >> 2) + 16)];
    expect(table).toEqual([0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => [SINGLES + 4 * i, 0]));
  });
});

describe("a scalar", () => {
  it("is a number until somebody asks for its array, then lives there", () => {
    const storage = Storage.allocate(1, "float32");
    storage.set(0, -0);
    expect(storage.get(0)).toBe(-0);
    expect(storage.data[0]).toBe(-0);
    storage.data[0] = 0.5;
    expect(storage.get(0)).toBe(0.5);
    storage.set(0, 0.1);
    expect(storage.data[0]).toBe(Math.fround(0.1));
  });

  it("is rounded to its dtype", () => {
    const [single, double] = (["float32", "float64"] as const).map((dtype) => Storage.allocate(1, dtype));
    single.set(0, 0.1);
    double.set(0, 0.1);
    expect([single.get(0), double.get(0)]).toEqual([Math.fround(0.1), 0.1]);
  });
});

describe("tensors on the wasm backend", () => {
  const before = backendName();
  beforeAll(() => expect(useBackend("wasm")).toBe("wasm"));
  afterAll(() => void useBackend(before));

  const churn = (): void => {
    const x = normal([100, 300], new Random(1));
    for (let i = 0; i < 60; i++) x.mul(i).add(x).exp();
  };

  it("keep their values while thousands of others are computed", () => {
    const x = normal([50, 40], new Random(0));
    const held = [x.mul(2), x.transpose().add(1), x.matmul(x.transpose()), x.slice([1, 40, 3]).exp()];
    const copies = held.map((tensor) => tensor.clone().toTypedArray());
    const again = [x.mul(2), x.transpose().add(1), x.matmul(x.transpose()), x.slice([1, 40, 3]).exp()];
    churn();
    again.forEach((tensor, i) => {
      expect(tensor.toTypedArray()).toEqual(copies[i]);
    });
  });

  it("see what a user writes into data by hand, before and after it was used", () => {
    const y = tensor([1, 2, 3]).mul(2);
    const first = y.add(1);
    y.data[0] = 10;
    expect(y.add(1).toArray()).toEqual([11, 5, 7]);
    expect(first.toArray()).toEqual([3, 5, 7]);
    y.data[1] = 20;
    expect(y.add(1).toArray()).toEqual([11, 21, 7]);
  });

  it("are zeros where nobody has written them, also for who changes them in place", () => {
    churn();
    const weight = zeros([64], { requiresGrad: true });
    weight.grad = ones([64]);
    const average = zerosLike(weight);
    // Reads and writes the weight and two moments that nothing has touched.
    new Adam([weight], { learningRate: 0.5, amsgrad: true }).step();
    expect(weight.toArray()).toEqual(new Array(64).fill(Math.fround(-0.5 / (1 + 1e-8))));
    inPlace({ name: "test", writes: 1, values: (m, x, y) => [m.add(x, y)] })(average, ones([64]));
    expect(average.toArray()).toEqual(new Array(64).fill(1));
  });

  it("can be changed in place where they are", () => {
    const x = normal([64], new Random(2));
    const y = x.mul(3);
    y.assign(x);
    expect(y.add(0).toTypedArray()).toEqual(x.toTypedArray());
    y.slice([8, 16]).assign(5);
    expect([...y.toTypedArray().subarray(7, 17)]).toEqual([
      x.toTypedArray()[7],
      ...new Array(8).fill(5),
      x.toTypedArray()[16],
    ]);
  });

  it("keep the cotangents that a user's own gradient rule puts aside", () => {
    const aside: Tensor[] = [];
    const operation: Operation = {
      name: "watched",
      shape: ([x]) => x.shape,
      compute: (output, _shape, [x]) => output.storage.data.set(x.toTypedArray(), output.offset),
      gradient(cotangent) {
        const contribution = cotangent.mul(2);
        aside.push(cotangent, contribution);
        return contribution;
      },
      reads: "nothing",
      examples: [],
    };
    const x = normal([30, 30], new Random(3));
    x.requiresGrad = true;
    apply(operation, [x.mul(2)], {})
      .square()
      .sum()
      .backward();
    churn();
    const [cotangent, contribution] = aside;
    expect(cotangent.toTypedArray()).toEqual(x.detach().mul(4).toTypedArray());
    expect(contribution.toTypedArray()).toEqual(x.detach().mul(8).toTypedArray());
    expect(x.grad!.toTypedArray()).toEqual(x.detach().mul(16).toTypedArray());
  });

  it("have gradients of their own where several leaves share a cotangent", () => {
    const [a, b] = [4, 5].map((seed) => normal([20, 20], new Random(seed)));
    a.requiresGrad = true;
    b.requiresGrad = true;
    const seed = normal([20, 20], new Random(6));
    a.add(b).backward(seed.mul(1));
    expect(a.grad!.storage).not.toBe(b.grad!.storage);
    churn();
    expect(a.grad!.toTypedArray()).toEqual(seed.toTypedArray());
    expect(b.grad!.toTypedArray()).toEqual(seed.toTypedArray());
  });
});
