/** What backward allocates, gives up early, and hands over, seen from outside: by operations and by storages. */

import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  backendName,
  backwardSteps,
  detectAnomaly,
  grad,
  type Operation,
  stack,
  type Tensor,
  tape,
  tensor,
  useBackend,
} from "../../src/index.ts";
import { Storage } from "../../src/kernels/storage.ts";
import { apply, withObserver } from "../../src/ops/operation.ts";

const leaf = (values: number | number[] | number[][]): Tensor => tensor(values, { requiresGrad: true });

/** The operations that some work applies, the memory that it makes, and what it gives up of that. */
function watch(work: () => void): { names: string[]; made: Map<Storage, string>; discarded: Set<Storage> } {
  const names: string[] = [];
  const made = new Map<Storage, string>();
  const discarded = new Set<Storage>();
  const { discard } = Storage.prototype;
  const spy = vi.spyOn(Storage.prototype, "discard").mockImplementation(function (this: Storage) {
    expect(discarded.has(this), "given up twice").toBe(false);
    discarded.add(this);
    discard.call(this);
  });
  try {
    withObserver(({ name }, _, { storage }) => {
      names.push(name);
      made.set(storage, name);
    }, work);
  } finally {
    spy.mockRestore();
  }
  return { names, made, discarded };
}

/** Programs of two leaves with shared parts, views, rows, broadcasts, and rules that hand the cotangent on as it is. Each rule makes one
 * tensor at most: what rules drop on the way is not the walk's. */
const program = fc
  .array(fc.tuple(fc.nat(8), fc.nat(), fc.nat()), { minLength: 1, maxLength: 15 })
  .map((steps) => (): { root: Tensor; leaves: Tensor[] } => {
    const leaves = [
      leaf([
        [0.5, -1],
        [2, 0.25],
      ]),
      leaf([
        [1, 3],
        [-0.5, 0.125],
      ]),
    ];
    const values = [...leaves];
    for (const [kind, i, j] of steps) {
      const [a, b] = [values[i % values.length], values[j % values.length]];
      const results = [
        a.tanh(),
        a.add(b),
        a.mul(b),
        a.transpose(),
        a.add(b.sum([0])),
        a.reshape([4]).reshape([2, 2]),
        a.sub(b).exp(),
        b.add(a.sum()),
        stack([a.at(1).tanh(), a.at(0).mul(b.at(1))]),
      ];
      values.push(results[kind]);
    }
    return { root: values.reduce((sum, value) => sum.add(value.sum()), values[0].sum()), leaves };
  });

describe("backward", () => {
  const before = backendName();
  // Memory that was given up is gone on this backend, so that a read of it throws.
  beforeAll(() => expect(useBackend("wasm")).toBe("wasm"));
  afterAll(() => void useBackend(before));

  test.prop([program])("gives up what it makes, but not what anyone reads later", (make) => {
    const { root, leaves } = make();
    const values = tape(root).map(({ output }) => [output, output.toArray()] as const);
    const { made, discarded } = watch(() => root.backward());
    const recorded = make();
    recorded.root.backward(undefined, { createGraph: true });
    expect(leaves.map(({ grad }) => grad?.toArray())).toEqual(
      recorded.leaves.map(({ grad }) => grad?.toArray()),
    );
    for (const [output, value] of values) expect(output.toArray()).toEqual(value);
    const gradients = new Set(leaves.map(({ grad }) => grad?.storage));
    const kept = [...made.keys()].filter((storage) => storage.size > 1 && !discarded.has(storage));
    expect(kept.filter((storage) => !gradients.has(storage)).map((s) => made.get(s))).toEqual([]);
  });

  it("gives up nothing where someone else may hold it: a recorded pass, a pass in steps", () => {
    const x = leaf([1, 2]);
    const make = (): Tensor => x.tanh().mul(x).exp().sum();
    expect(watch(() => make().backward()).discarded.size).toBeGreaterThan(0);
    const passes: (() => unknown)[] = [
      () => make().backward(undefined, { createGraph: true }),
      () => [...backwardSteps(make())],
    ];
    for (const pass of passes) expect([...watch(pass).discarded]).toEqual([]);
  });

  it("gives up what it makes under the detector of anomalies as well, which looks at results while they are there", () => {
    const x = leaf([1, 2]);
    const pass = (): void => detectAnomaly(() => x.tanh().mul(x).exp().sum().backward());
    expect(watch(pass).discarded.size).toBeGreaterThan(0);
    expect(() => detectAnomaly(() => x.sub(x).sqrt().mul(3).sum().backward())).toThrow(
      /sqrt: its gradient rule made Infinity/,
    );
  });

  it("leaves the cotangent of a user's rule that returns nothing", () => {
    let kept: Tensor | undefined;
    const spy: Operation = {
      name: "spy",
      shape: ([input]) => input.shape,
      compute: (output, _, [input]) => output.storage.data.set(input.toTypedArray(), output.offset),
      gradient: (cotangent) => {
        kept = cotangent;
        return null;
      },
      reads: "nothing",
      examples: [],
    };
    apply(spy, [leaf([1, 2, 3])], {})
      .mul(3)
      .sum()
      .backward();
    expect(kept!.toArray()).toEqual([3, 3, 3]);
  });

  it("leaves the cotangent that it was given, and what a user's own rule saw and made, as they are", () => {
    const seen: Tensor[] = [];
    const nosy: Operation = {
      name: "nosy",
      shape: ([input]) => input.shape,
      compute: (output, _, [input]) => output.storage.data.set(input.toTypedArray(), output.offset),
      gradient: (cotangent) => {
        const twice = cotangent.mul(2);
        seen.push(cotangent, twice);
        return twice;
      },
      reads: "nothing",
      examples: [],
    };
    const x = leaf([1, 2]);
    const given = tensor([3, 4]).mul(1);
    apply(nosy, [x.tanh().mul(5)], {})
      .mul(7)
      .backward(given);
    expect(given.toArray()).toEqual([3, 4]);
    expect(seen.map((value) => value.toArray())).toEqual([
      [21, 28],
      [42, 56],
    ]);
    // Also where two contributions meet: what the rule made is added up into other memory.
    seen.length = 0;
    const y = x.tanh();
    apply(nosy, [y], {})
      .add(apply(nosy, [y], {}))
      .add(y)
      .sum()
      .backward();
    expect(seen.map((value) => value.toArray())).toEqual(
      Array.from({ length: 4 }, (_, i) => (i % 2 === 0 ? [1, 1] : [2, 2])),
    );
  });

  it("passes by what has no influence: a rule that gives null, and all that lies before it", () => {
    const round: Operation = {
      name: "round",
      shape: ([input]) => input.shape,
      compute: (output, _, [input]) =>
        output.storage.data.set(input.toTypedArray().map(Math.round), output.offset),
      gradient: () => null,
      reads: "nothing",
      examples: [],
    };
    const [x, y] = [leaf([1.25, 2]), leaf([3, 4])];
    const root = (): Tensor => apply(round, [x.exp()], {}).mul(y).sum();
    root().backward();
    expect([x.grad, y.grad?.toArray()]).toEqual([null, [3, 7]]);
    expect(grad((a: Tensor) => apply(round, [a.exp()], {}).mul(y).sum())(x).toArray()).toEqual([0, 0]);
    const names = [...backwardSteps(root())].map(({ node }) => node.operation!.name);
    expect(names).toEqual(["sum", "mul", "mul"]);
  });

  it("adds up the uses of a single number in one place, however many there are", () => {
    const p = leaf(3);
    let y = p.mul(1);
    for (let i = 0; i < 50; i++) y = y.add(p);
    // An observer sees every addition; without one, memory is allocated for the first only.
    const allocate = vi.spyOn(Storage, "allocate");
    y.backward();
    const { length } = allocate.mock.calls;
    allocate.mockRestore();
    expect(p.grad?.item()).toBe(51);
    expect(length).toBeLessThan(10);
  });

  it("hands the memory in which a gradient was added up to the leaf, without a copy", () => {
    const x = leaf([1, 2]);
    const { names } = watch(() => x.tanh().add(x.exp()).sum().backward());
    expect(names).not.toContain("clone");
    const first = x.grad!;
    x.exp().sum().backward();
    // Gradients of a second pass are added in new memory, so the first that was read stays.
    expect(x.grad!.storage).not.toBe(first.storage);
    expect(first.toArray()).not.toEqual(x.grad!.toArray());
  });

  it("keeps the gradient of a value in between, while the walk goes on with it", () => {
    const x = leaf([1, 2]);
    const kept = x.mul(3).retainGrad();
    const again = kept.mul(2);
    again.add(kept).sum().backward();
    expect([kept.grad?.toArray(), x.grad?.toArray()]).toEqual([
      [3, 3],
      [9, 9],
    ]);
  });
});
