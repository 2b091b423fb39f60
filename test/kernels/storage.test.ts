/** Memory that cannot be had, or is gone: said in words, where an array would read as undefined. */

import { describe, expect, it } from "vitest";
import { tensor } from "../../src/index.ts";
import { Storage } from "../../src/kernels/storage.ts";

describe("memory", () => {
  it("that cannot be had is refused with its size", () => {
    expect(() => Storage.allocate(2 ** 45, "float32").data).toThrow(
      /no memory for 35184372088832 elements of float32, 140737.5 GB\.\n {2}Fix: work in batches/,
    );
  });

  it("that was transferred is not read as nothing", () => {
    const x = tensor([1, 2, 3]);
    const { buffer } = x.data;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const read of [() => x.toArray(), () => x.sum().item(), () => x.max().item(), () => x.add(1).item()])
      expect(read).toThrow(/memory of 3 elements was transferred.*\n {2}Fix: transfer a copy/);
  });
});

describe("storing an element", () => {
  it("changes that one, also where all were still zeros", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const storage = Storage.allocate(3, dtype);
      expect(storage.isUntouched).toBe(true);
      storage.set(0, 5);
      storage.set(2, 0.1);
      expect([...storage.data]).toEqual([5, 0, dtype === "float32" ? Math.fround(0.1) : 0.1]);
      expect(storage.isUntouched).toBe(false);
    }
  });

  it.each([
    [1, 1],
    [1, -1],
    [1, 0.5],
    [1, NaN],
    [3, 3],
    [3, -1],
    [3, 1.5],
    [3, 2 ** 32],
  ])("of %i there are has no place %d", (size, index) => {
    for (const storage of [Storage.allocate(size, "float32"), Storage.of(new Float64Array(size))])
      expect(() => storage.set(index, 1)).toThrow(
        `halograd: there is no element ${index} of ${size} to store, which count from 0.`,
      );
  });
});
