/** Strided kernels against index-by-index loops: the same elements, folded in the same order, to the bit. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Operand } from "../../../src/kernels/backend.ts";
import { Storage } from "../../../src/kernels/storage.ts";
import { elementwise, reduce } from "../../../src/kernels/typescript/elementwise.ts";
import { mergeAxes } from "../../../src/kernels/walk.ts";
import { indices } from "../../ops/naive.ts";

/** An operand of a shape: axes in any order in memory, in steps of either sign, or repeating one element. */
const operandOf = (shape: readonly number[]): fc.Arbitrary<Operand> =>
  fc
    .record({
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      kinds: fc.array(fc.constantFrom("dense", "dense", "reversed", "spread", "repeated"), {
        minLength: shape.length,
        maxLength: shape.length,
      }),
      seed: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ order, kinds, seed }) => {
      const strides = shape.map(() => 0);
      let size = 1;
      let offset = 0;
      for (const axis of order) {
        if (kinds[axis] === "repeated") continue;
        const step = size * (kinds[axis] === "spread" ? 2 : 1);
        strides[axis] = kinds[axis] === "reversed" ? -step : step;
        if (kinds[axis] === "reversed") offset += step * Math.max(0, shape[axis] - 1);
        size = step * Math.max(1, shape[axis]);
      }
      // Values of very different sizes, so that another order of summation shows in the last bits.
      const data = Float32Array.from(
        { length: size + 1 },
        (_, i) => Math.sin(seed + i) * 10 ** ((seed * i) % 9),
      );
      return { storage: Storage.of(data), offset, strides };
    });
const aShape = fc.array(fc.nat({ max: 5 }), { maxLength: 4 });
const read = ({ storage, offset, strides }: Operand, index: readonly number[]): number =>
  storage.data[index.reduce((at, i, axis) => at + i * strides[axis], offset)];

describe("elementwise kernels", () => {
  const inputs = aShape.chain((shape) => fc.tuple(fc.constant(shape), operandOf(shape), operandOf(shape)));
  test.prop([inputs], { numRuns: 300 })(
    "visit every index of operands that lie in memory in any way",
    ([shape, x, y]) => {
      const all = indices(shape);
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      const output = new Float32Array(all.length);
      const kernel = elementwise((m, a, b) => [m.sub(a, m.mul(b, m.constant(2)))], 2);
      kernel(shape, [{ storage: Storage.of(output), offset: 0, strides }], [x, y]);
      expect(output).toEqual(Float32Array.from(all, (index) => read(x, index) - read(y, index) * 2));
    },
  );

  test.prop([inputs])("see as few axes as possible, and none of size 1", ([shape, x]) => {
    const { sizes, steps } = mergeAxes(shape, [x]);
    expect(sizes).not.toContain(1);
    expect(sizes.reduce((a, b) => a * b, 1)).toBe(indices(shape).length);
    for (let axis = 1; axis < sizes.length; axis++) {
      expect(steps[0][axis - 1]).not.toBe(steps[0][axis] * sizes[axis]);
    }
  });
});

describe("reductions", () => {
  const input = aShape.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.nat({ max: shape.length }), operandOf(shape), operandOf(shape)),
  );
  test.prop([input], { numRuns: 500 })(
    "add in float64 in row-major order of the reduced axes, whatever lies dense in memory",
    ([shape, reducedRank, x, y]) => {
      const keptShape = shape.slice(0, shape.length - reducedRank);
      const kept = indices(keptShape);
      const strides = keptShape.map((_, axis) => keptShape.slice(axis + 1).reduce((a, b) => a * b, 1));
      const output = new Float32Array(kept.length + 1);
      const kernel = reduce((m, total, a, b) => m.add(total, m.mul(a, b)), 2, 0.5);
      kernel(shape, reducedRank, { storage: Storage.of(output), offset: 1, strides }, [x, y]);
      const expected = kept.map((index) => {
        let total = 0.5;
        for (const rest of indices(shape.slice(keptShape.length))) {
          total += read(x, [...index, ...rest]) * read(y, [...index, ...rest]);
        }
        return total;
      });
      expect(output).toEqual(Float32Array.of(0, ...expected));
    },
  );
});
