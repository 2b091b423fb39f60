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
