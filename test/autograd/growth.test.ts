/** What backward does grows with what went forward: counted at n and at 2n, without asking the clock. */

import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, it, test } from "vitest";
import {
  backwardSteps,
  concat,
  gather,
  grad,
  noGrad,
  normal,
  ones,
  Random,
  type Range,
  stack,
  type Tensor,
  tape,
  tensor,
} from "../../src/index.ts";
import { type Attributes, apply, type Operation, withObserver } from "../../src/ops/operation.ts";

/** How many elements all operations make while `body` runs; views make none, but count as one. */
function elementsMade(body: () => void): number {
  let count = 0;
  const seen = new Set<unknown>();
  withObserver((_operation: Operation, inputs, output, _attributes: Attributes) => {
    const isView = inputs.some(({ storage }) => storage === output.storage);
    if (!isView) seen.add(output.storage);
    count += isView ? 1 : output.size;
  }, body);
  return count;
}

/** How often an array is read while `body` runs. */
function readsOf(holder: { inputs: readonly Tensor[] | null }, body: () => void): number {
  let count = 0;
  holder.inputs = new Proxy(holder.inputs!, {
    get(target, key) {
      count++;
      return Reflect.get(target, key);
    },
  });
  body();
  return count;
}

const leaf = (size: number): Tensor => ones([size, 3], { requiresGrad: true });
const total = (parts: Iterable<Tensor>): Tensor => {
  let sum = tensor(0);
  for (const part of parts) sum = sum.add(part.square().sum());
  return sum;
};
const indices = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

describe("twice as much takes at most twice the work", () => {
  const N = 64;
  test.each<[string, (size: number) => void]>([
    ["of the rows of a loop", (size) => total(leaf(size)).backward()],
    [
      "of the elements that at() takes",
      (size) => {
        const x = ones([size], { requiresGrad: true });
        total(indices(size).map((i) => x.at(i))).backward();
      },
    ],
    [
      "of overlapping windows",
      (size) => {
        const x = leaf(size);
        total(indices(size - 2).map((i) => x.slice([i, i + 3]))).backward();
      },
    ],
    [
      "of single rows by their index",
      (size) => {
        const x = leaf(size);
        total(indices(size).map((i) => x.indexSelect(0, [i]))).backward();
      },
    ],
    [
      "of single elements that gather takes",
      (size) => {
        const x = ones([size], { requiresGrad: true });
        total(indices(size).map((i) => gather(x, 0, tensor([i])))).backward();
      },
    ],
    ["of rows of rows", (size) => total(indices(size).flatMap(() => [...leaf(4)])).backward()],
    [
      "of the rows of a loop, in the second derivative",
      (size) => {
        const gradient = grad((x) => total(x));
        grad((x) => gradient(x).square().sum())(leaf(size).detach());
      },
    ],
    [
      "of the operands of concat, in the second derivative",
      (size) => {
        const f = grad((x) =>
          concat(indices(size).map(() => x))
            .pow(3)
            .sum(),
        );
        grad((x) => f(x).square().sum())(ones([3]));
      },
    ],
    [
      "of the operands of stack",
      (size) => {
        stack(indices(size).map((i) => tensor(i, { requiresGrad: true })))
          .square()
          .sum()
          .backward();
      },
    ],
  ])("%s", (_, run) => {
    expect(elementsMade(() => run(2 * N))).toBeLessThanOrEqual(2.1 * elementsMade(() => run(N)));
  });

  it("of the operands that the rule of concat looks at", () => {
    const reads = (size: number): number => {
      const joined = concat(indices(size).map(() => ones([2], { requiresGrad: true })));
      const loss = joined.sum();
      return readsOf(joined.node!, () => loss.backward());
    };
    expect(reads(128)).toBeLessThanOrEqual(2.1 * reads(64));
  });

  it("of the operands that a rule may read, where something was changed in place meanwhile", () => {
    const product: Operation = {
      name: "product",
      shape: () => [],
      compute: (output, _, inputs) =>
        output.storage.set(
          output.offset,
          inputs.reduce((all, x) => all * x.item(), 1),
        ),
      gradient: (cotangent) => cotangent,
      reads: "inputs",
      examples: [],
    };
    const reads = (size: number): number => {
      const made = apply(
        product,
        indices(size).map(() => tensor(1, { requiresGrad: true })),
        {},
      );
      tensor(1).assign(2);
      return readsOf(made.node!, () => made.backward());
    };
    expect(reads(128)).toBeLessThanOrEqual(2.1 * reads(64));
  });
});

describe("freezing and unfreezing a leaf", () => {
  it("makes no node and leaves no history, however often", () => {
    const x = tensor(3, { requiresGrad: true });
    const { node } = x;
    const before = x.square();
    for (let i = 0; i < 20_000; i++) x.requiresGrad = !x.requiresGrad;
    expect(x.node).toBe(node);
    const after = x.square();
    expect(after.node!.id).toBe(before.node!.id + 1);
    expect(tape(after).map(({ id }) => id)).toEqual([node!.id, after.node!.id]);
    // Fields of a node are all that could remember, and none is a list of events.
    for (const value of Object.values(node!)) if (Array.isArray(value)) expect(value).toHaveLength(0);
  });
});

describe("gradients of parts", () => {
  const index = fc.integer({ min: 0, max: 4 });
  const range: fc.Arbitrary<Range> = fc.oneof(
    index,
    fc.constant(null),
    fc.tuple(index, fc.constant(null), fc.integer({ min: 1, max: 3 })),
    fc.constant([null, null, -1] as const),
  );
  const use = fc.oneof(fc.tuple(range, range), fc.constant(null));

  property.prop({ uses: fc.array(use, { minLength: 1, maxLength: 12 }), seed: fc.nat() })(
    "have the bits of one contribution after the other, whatever overlaps and comes between",
    ({ uses, seed }) => {
      const random = new Random(seed);
      const start = normal([5, 5], random);
      // Products with 0 and −1 give contributions of −0 among them.
      const loss = (x: Tensor): Tensor => {
        let sum = tensor(0);
        for (const [i, ranges] of uses.entries()) {
          const part = ranges === null ? x : x.slice(...ranges);
          sum = sum.add(part.mul(i % 3 === 0 ? -0 : random.fork(i).uniform(-1, 1)).sum());
        }
        return sum;
      };
      const atOnce = start.detach();
      atOnce.requiresGrad = true;
      loss(atOnce).backward();
      const inTurn = start.detach();
      inTurn.requiresGrad = true;
      for (const _ of backwardSteps(loss(inTurn)));
      expect(atOnce.grad!.toTypedArray()).toEqual(inTurn.grad!.toTypedArray());
      const recorded = start.detach();
      recorded.requiresGrad = true;
      loss(recorded).backward(undefined, { createGraph: true });
      expect(recorded.grad!.toTypedArray()).toEqual(inTurn.grad!.toTypedArray());
    },
  );

  it("add up to the same where they were gathered, at regular places and at others", () => {
    const places = [
      [[2, 2], [0, 0]], // regular, backwards
      [[1, 2]], // irregular
      [[0, 0], [0, 0]], // the same twice
      [[1, 1], [2, 2]],
      [[2, 2]],
    ]; // biome-ignore format: one gather a line
    const x = leaf(3);
    const columns = x.shape[1];
    const wanted = new Float64Array(x.size);
    let loss = tensor(0);
    for (const [k, rows] of places.entries()) {
      const index = rows.map((row) => Array.from({ length: columns }, (_, j) => row[j % 2]));
      loss = loss.add(
        gather(x, 0, tensor(index))
          .mul(k + 1)
          .sum(),
      );
      for (const row of index) for (const [j, i] of row.entries()) wanted[i * columns + j] += k + 1;
    }
    loss.backward();
    expect([...x.grad!.toTypedArray()]).toEqual([...wanted]);
  });

  it("may be kept, and change with nothing else", () => {
    const x = leaf(2);
    total(x).backward();
    const kept = x.grad!;
    total(x).backward();
    noGrad(() => x.assign(0));
    expect(kept.toArray()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    expect(x.grad!.toArray()).toEqual([
      [4, 4, 4],
      [4, 4, 4],
    ]);
  });
});
