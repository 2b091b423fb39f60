/** The tape and backward: accumulation, long chains, reuse, what is kept, what is freed, and what is refused. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  apply,
  backwardSteps,
  type Contribution,
  concat,
  DtypeError,
  describeNode,
  enableGrad,
  grad,
  isGradEnabled,
  listTape,
  noGrad,
  type Operation,
  ones,
  Random,
  ShapeError,
  TapeError,
  type Tensor,
  tape,
  tensor,
} from "../../src/index.ts";

const leaf = (values: number | number[] | number[][], dtype: "float32" | "float64" = "float32"): Tensor =>
  tensor(values, { requiresGrad: true, dtype });

describe("backward", () => {
  it("goes through a chain of 100,000 operations without overflowing the stack", () => {
    const x = leaf(1, "float64");
    let y = x;
    for (let i = 0; i < 50_000; i++) y = y.add(1).mul(1 - 2 ** -20);
    y.backward();
    let expected = 1;
    for (let i = 0; i < 50_000; i++) expected *= 1 - 2 ** -20;
    expect(x.grad!.item()).toBe(expected);
    expect(tape(y.add(x))).toHaveLength(3);
  });

  it("takes options alone, of a scalar", () => {
    const x = leaf(3);
    const y = x.square();
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad!.item()).toBe(12);
    const steps = backwardSteps(x.square(), { createGraph: true });
    for (const _ of steps);
    expect(x.grad!.requiresGrad).toBe(true);
    expect(() => leaf([1, 2]).square().backward({ retainGraph: true })).toThrow(/needs a cotangent/);
  });

  it("goes through 10,000 operations a second time to differentiate the gradient", () => {
    const x = leaf(0.5, "float64");
    let y = x;
    for (let i = 0; i < 10_000; i++) y = y.mul(y.detach().sign());
    y.square().backward(undefined, { createGraph: true });
    const first = x.grad!;
    x.grad = null;
    first.backward();
    expect([first.item(), x.grad!.item()]).toEqual([1, 2]);
  });

  it("adds to the gradients that are there, as in PyTorch, and never changes the tensor that was read before", () => {
    const x = leaf([1, 2]);
    x.square().sum().backward();
    const before = x.grad!;
    x.mul(10).sum().backward();
    expect(before.toArray()).toEqual([2, 4]);
    expect(x.grad!.toArray()).toEqual([12, 14]);
  });

  it("adds up all uses of a value: reused leaves, both operands at once, diamonds within diamonds", () => {
    const x = leaf(3);
    x.mul(x).mul(x).backward();
    expect(x.grad!.item()).toBe(27);

    const z = leaf(2);
    let y = z;
    // Each stage doubles the paths: 2^20 of them, walked one node at a time.
    for (let i = 0; i < 20; i++) y = y.mul(0.5).add(y.mul(0.5));
    y.backward();
    expect(z.grad!.item()).toBe(1);
  });

  it("adds up the uses of a scalar where a rule hands the same cotangent to several operands, and keeps what it shows", () => {
    const [p, q] = [tensor(2, { requiresGrad: true }), tensor(3, { requiresGrad: true })];
    const sum = p.add(q).add(p).retainGrad();
    // d/dsum = 1 + q + 2 sum = 18, in three contributions; sum = 7 hands all of it to its operands, which add their own.
    const y = sum.add(sum.mul(q)).add(sum.square()).add(p).add(q);
    const before = y.retainGrad();
    y.backward();
    expect([sum, p, q, before].map((x) => x.grad?.item())).toEqual([18, 37, 18 + 7 + 1, 1]);
    p.add(p).add(p).backward();
    expect([p, q].map((x) => x.grad?.item())).toEqual([40, 26]);
  });

  it("gives leaves that are used together gradients of their own", () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const cotangent = tensor([5, 6]);
    a.add(b).backward(cotangent);
    noGrad(() => a.grad!.assign(0));
    expect(b.grad!.toArray()).toEqual([5, 6]);
    expect(cotangent.toArray()).toEqual([5, 6]);
  });

  it("starts from 1 for a scalar or a single element, and from the cotangent that it is given otherwise", () => {
    const x = leaf([[2]]);
    x.square().backward();
    expect(x.grad!.toArray()).toEqual([[4]]);
    const y = leaf([1, 2, 3]);
    y.square().backward(tensor([1, 0, -1]));
    expect(y.grad!.toArray()).toEqual([2, 0, -6]);
    const z = leaf(4);
    z.backward();
    expect(z.grad!.item()).toBe(1);
  });

  it("leaves leaves alone that the result does not depend on, or only through a detached value", () => {
    const [x, y] = [leaf(2), leaf(3)];
    x.mul(y.detach()).add(y.less(1)).backward();
    expect(x.grad!.item()).toBe(3);
    expect(y.grad).toBeNull();
  });

  it("keeps no gradient for values in between unless they ask for it", () => {
    const x = leaf(2);
    const [kept, dropped] = [x.square().retainGrad(), x.exp()];
    const sum = kept.mul(3).add(dropped);
    sum.backward();
    expect(kept.grad!.item()).toBe(3);
    expect(dropped.grad).toBeNull();
  });

  it("frees the tape, unless it is asked to keep it", () => {
    const x = leaf(2);
    const y = x.square();
    const z = y.mul(3);
    z.backward(undefined, { retainGraph: true });
    z.backward();
    expect(x.grad!.item()).toBe(24);
    expect(() => z.backward()).toThrow(/mul|freed/);
    // A part of the freed tape is freed as well, and the leaf is not.
    expect(() => y.mul(5).backward()).toThrow(TapeError);
    x.mul(5).backward();
    expect(x.grad!.item()).toBe(29);
  });

  it("lets go of operands once it has passed them", () => {
    const x = leaf(2);
    const y = x.square();
    const z = y.exp();
    z.backward();
    expect([y, z].map(({ node }) => node!.inputs)).toEqual([null, null]);
    expect([y, z].map(({ node }) => node!.cotangent)).toEqual([null, null]);
  });

  it("records itself when the gradients are to be differentiated, to any order", () => {
    const x = leaf(2, "float64");
    let derivative = x.square().square().mul(x);
    const derivatives: number[] = [];
    for (let order = 1; order <= 6; order++) {
      x.grad = null;
      derivative.backward(undefined, { createGraph: true });
      derivative = x.grad!;
      derivatives.push(derivative.item());
      if (!derivative.requiresGrad) break;
    }
    expect(derivatives).toEqual([5 * 16, 20 * 8, 60 * 4, 120 * 2, 120]);
  });

  it("differentiates a penalty on the gradient", () => {
    // L = Σ (∂/∂x Σ w x²)² = Σ 4 w² x², so dL/dw = 8 w x².
    const [x, w] = [leaf([1, 2, 3]), leaf([0.5, -1, 2])];
    w.mul(x.square()).sum().backward(undefined, { createGraph: true });
    const penalty = x.grad!.square().sum();
    w.grad = null;
    penalty.backward();
    expect(w.grad!.toArray()).toEqual([4, -32, 144]);
  });
});

describe("memory that backward gives up", () => {
  it("is not that of a sum with one number repeated, which a view of it still needs", () => {
    const x = tensor(
      Float32Array.from({ length: 8 }, (_, i) => i),
      [2, 2, 2],
      { requiresGrad: true },
    );
    const gradientOf = (options?: { createGraph: boolean }): unknown => {
      x.grad = null;
      x.permute([0, 2, 1]).variance().backward(undefined, options);
      return x.grad!.toArray();
    };
    expect(gradientOf()).toEqual(gradientOf({ createGraph: true }));
  });
});

describe("in-place changes", () => {
  it("are noticed in operands and in outputs that a gradient rule reads", () => {
    const x = leaf([1, 2]);
    const square = x.square().sum();
    noGrad(() => x.assign(5));
    expect(() => square.backward()).toThrow(/square: .*changed in place/);

    const y = leaf([1, 2]);
    const e = y.max();
    e.detach().assign(0);
    expect(() => e.backward()).toThrow(/max: .*changed in place/);
  });

  it.each([
    ["inputs", "input"],
    ["output", "output"],
    ["both", "input"],
    ["both", "output"],
    ["nothing", ""],
  ] as const)("are noticed where a rule of one's own reads %s: the %s", (reads, noticed) => {
    for (const changed of ["input", "output"] as const) {
      const x = leaf([1, 2]);
      const y = apply(
        {
          name: "doubled",
          shape: ([x]) => x.shape,
          compute: (output, _, [x]) => output.storage.data.set(x.mul(2).toTypedArray(), output.offset),
          gradient: (cotangent) => cotangent.mul(2),
          reads,
          examples: [],
        },
        [x],
        {},
      );
      const loss = y.sum();
      (changed === "input" ? x : y).detach().assign(5);
      if (changed === noticed || reads === "both")
        expect(() => loss.backward()).toThrow(/doubled: .*changed in place/);
      else {
        loss.backward();
        expect(x.grad!.toArray()).toEqual([2, 2]);
      }
    }
  });

  it("are noticed through any view of the memory", () => {
    const weight = tensor([
      [1, 2],
      [3, 4],
    ]);
    const x = leaf([[1, 1]]);
    const y = x.matmul(weight).sum();
    weight
      .transpose()
      .slice(0)
      .assign(tensor([9, 9]));
    expect(() => y.backward()).toThrow(TapeError);
  });

  it("do no harm to rules that read no values", () => {
    const x = leaf([1, 2]);
    const y = x.add(1).sum();
    noGrad(() => x.assign(7));
    y.backward();
    expect(x.grad!.toArray()).toEqual([1, 1]);
  });

  it("of leaves and of recorded values are refused while operations are recorded", () => {
    const x = leaf([1, 2]);
    expect(() => x.assign(0)).toThrow(/noGrad/);
    expect(() => x.mul(2).assign(0)).toThrow(/detach\(\)\.clone\(\)/);
    expect(() => noGrad(() => x.assign(0))).not.toThrow();
  });
});

describe("recording", () => {
  it("is off inside noGrad, on again inside enableGrad, and back as it was after, errors included", () => {
    const x = leaf(1);
    noGrad(() => {
      expect(isGradEnabled()).toBe(false);
      expect(x.exp().requiresGrad).toBe(false);
      expect(enableGrad(() => x.exp()).requiresGrad).toBe(true);
      expect(isGradEnabled()).toBe(false);
    });
    expect(() =>
      noGrad(() => {
        throw new Error("midway");
      }),
    ).toThrow("midway");
    expect(isGradEnabled()).toBe(true);
  });

  it.each([
    ["noGrad", noGrad],
    ["enableGrad", enableGrad],
  ] as const)("%s refuses async functions, which it could not follow", (_, run) => {
    expect(() => run(async () => 1)).toThrow(ArgumentError);
    expect(() => run(async () => 1)).toThrow(/promise/);
    expect(run(() => null)).toBeNull();
    expect(run(() => undefined)).toBeUndefined();
  });

  it("leaves no trace where no operand requires gradients", () => {
    const y = tensor([1, 2]).exp().sum();
    expect([y.requiresGrad, y.isLeaf, y.node]).toEqual([false, true, null]);
  });

  it("marks leaves and results, and lets only leaves change", () => {
    const x = leaf(1);
    const y = x.exp();
    expect([x.isLeaf, x.requiresGrad, y.isLeaf, y.requiresGrad]).toEqual([true, true, false, true]);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/result of exp/);
    x.requiresGrad = false;
    expect(x.exp().requiresGrad).toBe(false);
    expect([y.detach().requiresGrad, y.clone().requiresGrad]).toEqual([false, true]);
  });
});

describe("the tape", () => {
  it("is listed in the order of recording, with composites named", () => {
    const x = leaf([1, 2, 3]);
    const lines = listTape(x.softmax().mul(2).sum()).split("\n");
    const normalized = lines.map((line) => line.replace(/%\d+/g, "%"));
    expect(normalized).toEqual([
      "% = leaf → [3]",
      "% = softmax/balance(%, constant[1]) → [3]",
      "% = softmax/sub(%, constant[1]) → [3]",
      "% = softmax/exp(%) → [3]",
      "% = softmax/sum(%) → [1]",
      "% = softmax/div(%, %) → [3]",
      "% = mul(%, 2) → [3]",
      "% = sum(%) → []",
    ]);
    const ids = lines.map((line) => Number(line.match(/%(\d+)/)![1]));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it("names a nested composite by its path", () => {
    expect(listTape(leaf([1, 2]).std())).toContain("= std/variance/mean(");
  });

  it("says what was freed", () => {
    const y = leaf(1).exp();
    y.backward();
    expect(describeNode(y.node!)).toMatch(/exp\(freed\)/);
  });

  it("needs something recorded", () => {
    expect(() => listTape(tensor(1))).toThrow(/requiresGrad: true/);
  });
});

describe("backwardSteps", () => {
  /** A random expression of two leaves with shared parts. */
  const aGraph = fc.array(fc.tuple(fc.constantFrom("add", "mul", "sub"), fc.nat(), fc.nat()), {
    minLength: 1,
    maxLength: 12,
  });
  const run = (steps: [string, number, number][], leaves: Tensor[]): Tensor => {
    const values = [...leaves];
    for (const [name, i, j] of steps) {
      const [a, b] = [values[i % values.length], values[j % values.length]];
      values.push(a[name as "add"](b).tanh());
    }
    return values.slice(2).reduce((sum, value) => sum.add(value.sum()), values[0].sum());
  };

  test.prop([aGraph])(
    "adds up to the gradients of backward, bit by bit, one contribution for each use",
    (graph) => {
      const inputs = () => [leaf([0.5, -1]), leaf([[2], [0.25]])];
      const [direct, stepped] = [inputs(), inputs()];
      run(graph, direct).backward();
      const root = run(graph, stepped);
      const nodes = tape(root);
      const uses = nodes.flatMap(({ inputs }) => inputs ?? []).filter(({ node }) => node !== null).length;
      const contributions: Contribution[] = [...backwardSteps(root)];
      expect(contributions).toHaveLength(uses);
      for (const [i, { grad }] of direct.entries())
        expect(stepped[i].grad?.toArray()).toEqual(grad?.toArray());
      // The last total that was told for a leaf is its gradient.
      for (const input of stepped) {
        const last = contributions.findLast(({ target }) => target === input.node);
        expect(last?.total.toArray()).toEqual(input.grad?.toArray());
      }
    },
  );

  it("tells which operation adds what to which operand, from the result backwards", () => {
    const x = leaf(3);
    const y = x.mul(x).add(x);
    const told = [...backwardSteps(y)].map(({ node, index, target, cotangent, contribution, total }) => [
      node.operation!.name,
      index,
      target.operation?.name ?? "leaf",
      cotangent.item(),
      contribution.item(),
      total.item(),
    ]);
    expect(told).toEqual([
      ["add", 0, "mul", 1, 1, 1],
      ["add", 1, "leaf", 1, 1, 1],
      ["mul", 0, "leaf", 1, 3, 4],
      ["mul", 1, "leaf", 1, 3, 7],
    ]);
    expect(x.grad!.item()).toBe(7);
  });

  it("performs each contribution when it is asked for, and no earlier", () => {
    const x = leaf(3);
    const steps = backwardSteps(x.square().exp());
    steps.next();
    expect(x.grad).toBeNull();
    steps.next();
    steps.next();
    expect(x.grad!.item()).toBeCloseTo(6 * Math.exp(9), 1);
  });

  it("refuses to go on where another backward went through the same tape meanwhile", () => {
    const x = leaf(2);
    const y = x.square().exp();
    const options = { retainGraph: true };
    const first = backwardSteps(y, undefined, options);
    first.next();
    const second = backwardSteps(y, undefined, options);
    second.next();
    expect(() => first.next()).toThrow(/another backward pass/);
    expect(() => first.next()).not.toThrow();
    expect([...second]).toHaveLength(1);
    expect(x.grad!.item()).toBeCloseTo(4 * Math.exp(4), 3);
  });

  it.each([1, 2, 3])(
    "refuses to go on after %i steps when backward overtook all or a part of it",
    (steps) => {
      for (const part of [0, 1]) {
        const x = leaf(2);
        const y = x.mul(x);
        const z = y.exp();
        const walk = backwardSteps(z, undefined, { retainGraph: true });
        for (let i = 0; i < steps; i++) walk.next();
        [z, y][part].backward();
        expect(() => walk.next()).toThrow(/^backwardSteps: another backward pass .* \(at (exp|mul|a leaf)\)/);
      }
    },
  );

  it("goes by what was frozen when it began, and changes no gradient before its end", () => {
    for (const isFrozen of [true, false]) {
      const [x, y] = [leaf(2), leaf(3)];
      const root = x.mul(y).add(y);
      y.requiresGrad = !isFrozen;
      const steps = backwardSteps(root);
      steps.next();
      y.requiresGrad = isFrozen;
      const rest = [];
      for (const step of steps) {
        expect([x.grad, y.grad]).toEqual([null, null]);
        rest.push(step);
      }
      expect(rest.filter(({ target }) => target.output === y)).toHaveLength(isFrozen ? 0 : 2);
      expect(x.grad!.item()).toBe(3);
      expect(y.grad?.item()).toBe(isFrozen ? undefined : 3);
    }
  });

  it("can be left early, and backward starts afresh", () => {
    const x = leaf(2);
    const y = x.square().exp();
    for (const _ of backwardSteps(y, undefined, { retainGraph: true })) break;
    y.backward();
    expect(x.grad!.item()).toBeCloseTo(4 * Math.exp(4), 3);
  });
});

describe("a backward pass that fails half way", () => {
  /** An operation whose gradient rule fails for its second operand. */
  const failing: Operation = {
    name: "failing",
    shape: ([x]) => x.shape,
    compute: (output, _shape, [x]) => output.storage.data.set(x.detach().toTypedArray()),
    gradient(cotangent, _node, index) {
      if (index === 1) throw new Error("no rule");
      return cotangent;
    },
    reads: "nothing",
    examples: [],
  };
  const graph = (): { leaves: Tensor[]; kept: Tensor; root: Tensor } => {
    const leaves = [leaf([1, 2]), leaf([3, 4]), leaf([5, 6])];
    const inner = apply(failing, [leaves[0], leaves[1]], {});
    const kept = leaves[2].mul(inner).retainGrad();
    leaves[2].grad = tensor([10, 20]);
    return { leaves, kept, root: kept.exp().sum() };
  };

  it.each<[string, (root: Tensor) => unknown]>([
    ["backward", (root) => root.backward()],
    ["backward with createGraph", (root) => root.backward(undefined, { createGraph: true })],
    ["backwardSteps", (root) => [...backwardSteps(root)]],
  ])("changes no gradient, and keeps the tape: %s", (_, walk) => {
    const { leaves, kept, root } = graph();
    expect(() => walk(root)).toThrow("no rule");
    expect([kept, ...leaves].map(({ grad }) => grad?.toArray() ?? null)).toEqual([
      null,
      null,
      null,
      [10, 20],
    ]);
    expect(() => walk(root)).toThrow("no rule");
  });

  it("changes none where a rule gives a leaf a gradient of another dtype", () => {
    const [x, y] = [leaf([1]), leaf([2])];
    const precise: Operation = {
      ...failing,
      name: "precise",
      dtype: () => "float64",
      gradient: (cotangent, _node, index) => (index === 0 ? null : cotangent),
    };
    const root = x.to("float64").add(apply(precise, [tensor([0]), y], {}));
    expect(() => root.backward()).toThrow(DtypeError);
    expect([x.grad, y.grad]).toEqual([null, null]);
  });
});

describe("backward refuses", () => {
  const x = leaf([1, 2]);
  const cases: [
    what: string,
    call: () => unknown,
    error: abstract new (...rest: never[]) => Error,
    words: RegExp,
  ][] = [
    [
      "results of more than one element without a cotangent",
      () => x.exp().backward(),
      TapeError,
      /\[2\] needs a cotangent/,
    ],
    ["cotangents of another shape", () => x.exp().backward(ones([3])), ShapeError, /\[3\].*\[2\]/],
    [
      "cotangents of another dtype",
      () => x.exp().backward(ones([2], { dtype: "float64" })),
      DtypeError,
      /float64.*float32/,
    ],
    ["what was never recorded", () => tensor(1).exp().backward(), TapeError, /nothing is recorded/],
    ["what was computed inside noGrad", () => noGrad(() => x.sum()).backward(), TapeError, /noGrad/],
    [
      "to keep the gradient of what is not recorded",
      () => tensor(1).retainGrad(),
      TapeError,
      /nothing is recorded/,
    ],
    ["functions that return no scalar", () => grad((x: Tensor) => x.exp())(x), TapeError, /\[2\]/],
  ];
  it.each(cases)("%s", (_, call, error, words) => {
    expect(call).toThrow(error);
    expect(call).toThrow(words);
  });

  it("nothing else: parts of one tape can be walked in any order with retainGraph", () => {
    const random = new Random(1);
    const y = x.mul(random.uniform());
    const [a, b] = [y.exp().sum(), concat([y, y]).sum()];
    x.grad = null;
    a.backward(undefined, { retainGraph: true });
    b.backward();
    expect(x.grad!.shape).toEqual([2]);
  });
});
