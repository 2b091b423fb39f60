/** Kernels that write into memory which they read under another layout, on both backends, against copies. */

import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect, it } from "vitest";
import { backend, backendName, type Operand, Storage, useBackend } from "../../src/kernels/index.ts";
import { apart } from "../../src/kernels/overlap.ts";

const before = backendName();
afterAll(() => useBackend(before));

const SIZE = 60;
/** Places of the elements, in row-major order. */
const placesOf = ([rows, columns]: readonly number[], { offset, strides }: Operand): number[] =>
  Array.from(
    { length: rows * columns },
    (_, i) => offset + Math.floor(i / columns) * strides[0] + (i % columns) * strides[1],
  );

const step = fc.integer({ min: -7, max: 7 });
const layout = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })),
  offsets: fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1), fc.nat(SIZE - 1)),
  steps: fc.array(fc.tuple(step, step), { minLength: 3, maxLength: 3 }),
});

describe.each(["typescript", "wasm"] as const)("an update in place on the backend %s", (name) => {
  const kernel = backend.elementwise((m, p, x, y) => [m.sub(m.mul(p, x), y)], 3);

  test.prop([layout], { numRuns: 300 })(
    "reads nothing that it has written, however operands overlap",
    (drawn) => {
      useBackend(name);
      const { shape, offsets, steps } = drawn;
      const storage = Storage.of(Float32Array.from({ length: SIZE }, (_, i) => i + 1));
      // The output in any dense order, as parameters are.
      const [outer, inner] = steps[0][0] > 0 ? [shape[1], 1] : [1, shape[0]];
      const output = { storage, offset: offsets[0] % (SIZE - shape[0] * shape[1]), strides: [outer, inner] };
      const operands = [1, 2].map((i) => ({ storage, offset: offsets[i], strides: steps[i] }));
      fc.pre(
        operands.every((operand) => placesOf(shape, operand).every((place) => place >= 0 && place < SIZE)),
      );
      const values = storage.data.slice();
      const [p, x, y] = [output, ...operands].map((operand) => placesOf(shape, operand));
      const expected = values.slice();
      p.forEach((place, i) => {
        expected[place] = values[place] * values[x[i]] - values[y[i]];
      });
      kernel(shape, [output], [output, ...operands]);
      expect(storage.data).toEqual(expected);
    },
  );
});

describe("operands", () => {
  const storage = Storage.of(new Float32Array(1000));
  const at = (offset: number, ...strides: number[]): Operand => ({ storage, offset, strides });

  it.each<[string, Operand]>([
    ["are the output itself", at(3, 1)],
    ["lie beside it", at(103, 1)],
    ["lie beside it, from their end", at(999, -1)],
  ])("that %s are not copied", (_, operand) => {
    expect(apart([100], [at(3, 1)], [operand])).toEqual([operand]);
    expect(apart([100], [at(3, 1)], [operand])[0].storage).toBe(storage);
  });

  it("that overlap are, with as little around them as possible", () => {
    const [copy] = apart([100], [at(3, 1)], [at(102, -1)]);
    expect(copy.storage).not.toBe(storage);
    expect([copy.storage.size, copy.offset]).toEqual([100, 99]);
  });
});
