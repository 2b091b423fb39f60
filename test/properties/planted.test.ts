/**
 * Mistakes planted on purpose, each in an operation that no law knows of: the laws must see them, and docs/testing.md says
 * which law sees which.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { binary, type Example, type Operation, type Tensor, unary } from "../../src/index.ts";
import { examplesOfRecord } from "../../src/testing/vocabulary.ts";
import { type Case, casesOf } from "../ops/records.ts";
import { brokenLaws } from "./laws.ts";

const recordOf = (f: unknown): Operation => (f as { operation: Operation }).operation;
const matrix: Example = { shapes: [[3, 4]], attributes: {} };

/** A record of our own: sin x, unless told otherwise. */
const sine = (changes: Partial<Operation>): Operation => ({
  name: "planted",
  shape: ([x]) => x.shape,
  compute: (output, _shape, [x]) => output.storage.data.set(x.detach().sin().toTypedArray(), output.offset),
  gradient: (cotangent, { inputs }) => cotangent.mul(inputs![0].cos()),
  reads: "inputs",
  examples: [matrix],
  ...changes,
});

const product = recordOf(
  binary({ name: "planted", value: (m, x, y) => m.mul(x, y), derivatives: [(_, _x, y) => y, (_, x) => x] }),
);

const remembered = new WeakMap<Tensor, Tensor>();

const planted: Record<string, Operation> = {
  "a sign": recordOf(
    unary({ name: "planted", value: (m, x) => m.sin(x), derivative: (m, x) => m.neg(m.cos(x)) }),
  ),
  "a sum over a broadcast axis that is missing": {
    name: "planted",
    shape: (...given) => product.shape(...given),
    compute: (...given) => product.compute(...given),
    ...(product.value && { value: product.value }),
    reads: product.reads,
    examples: examplesOfRecord(product),
    // The right shape, but of the first entry along the axis, not of all.
    gradient(cotangent, { inputs }, index) {
      const all = cotangent.mul(inputs![1 - index]);
      const { shape } = inputs![index];
      const added = all.rank - shape.length;
      const ranges = all.shape.map((size, axis) =>
        axis < added ? 0 : size !== 1 && shape[axis - added] === 1 ? ([0, 1] as const) : null,
      );
      return all.slice(...ranges);
    },
  },
  "a transposed view that is read as contiguous": sine({
    compute(output, _shape, [x]) {
      const flat = x.detach().storage.data.slice(x.offset, x.offset + x.size);
      output.storage.data.set(flat.map(Math.sin), output.offset);
    },
  }),
  "a value used twice that receives one contribution": sine({
    gradient(cotangent, { inputs }) {
      const [x] = inputs!;
      if (!remembered.has(x)) remembered.set(x, cotangent.mul(x.cos()));
      return remembered.get(x)!;
    },
  }),
  "a second order": sine({
    gradient: (cotangent, { inputs }) => cotangent.mul(inputs![0].detach().cos()),
  }),
  "a value at −200": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.add(m.mul(m.constant(2), x), m.less(x, m.constant(-150))),
      derivative: (m) => m.constant(2),
    }),
  ),
  "a slope at −200": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.mul(m.constant(2), x),
      derivative: (m, x) => m.where(m.less(x, m.constant(-150)), m.constant(1.99), m.constant(2)),
    }),
  ),
  "a value at 1e-20": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.sub(m.exp(x), m.constant(1)),
      derivative: (m, x) => m.exp(x),
    }),
  ),
  "a slope at 1e-20": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.sin(x),
      derivative: (m, x) => m.where(m.less(m.abs(x), m.constant(1e-15)), m.constant(0.99), m.cos(x)),
    }),
  ),
  "a value at 1e30": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.where(m.less(m.constant(1e25), x), m.mul(m.constant(1.01), x), x),
      derivative: (m) => m.constant(1),
    }),
  ),
  "a slope at 1e30": recordOf(
    unary({
      name: "planted",
      value: (m, x) => m.mul(m.constant(2), x),
      derivative: (m, x) => m.where(m.less(m.constant(1e25), x), m.constant(1.99), m.constant(2)),
    }),
  ),
};

/** The laws that each breaks. */
const caughtBy: Record<string, string[]> = {};
for (const [name, operation] of Object.entries(planted)) {
  caughtBy[name] = [...new Set(casesOf(operation).flatMap((example: Case) => brokenLaws(example)))];
}

describe("the laws see", () => {
  it.each(Object.keys(planted))("%s, planted in an operation that they do not know", (name) => {
    expect(caughtBy[name]).not.toEqual([]);
  });

  it("nothing wrong in the same operations without a mistake", () => {
    const twice = unary({
      name: "planted",
      value: (m, x) => m.mul(m.constant(2), x),
      derivative: (m) => m.constant(2),
    });
    const plain = unary({ name: "planted", value: (m, x) => m.sin(x), derivative: (m, x) => m.cos(x) });
    for (const operation of [sine({}), product, recordOf(twice), recordOf(plain)]) {
      expect(casesOf(operation).flatMap(brokenLaws)).toEqual([]);
    }
  });

  it("what docs/testing.md says they do", () => {
    const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");
    for (const [name, broken] of Object.entries(caughtBy)) {
      const line = page.split("\n").find((row) => row.startsWith(`| ${name} `));
      expect(line?.split("|")[2].trim().split(", ")).toEqual(broken);
    }
  });
});
