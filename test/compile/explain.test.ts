/** What `explain()` tells: why a function is not compiled, which calls share a version, and what a version does. */

import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import {
  apply,
  normal,
  type Operation,
  ones,
  Random,
  type Tensor,
  tensor,
  unary,
  uniform,
  useBackend,
} from "../../src/index.ts";
import { Adam, clipGradNorm, SGD } from "../../src/optim/index.ts";
import { messagesOf } from "../messages.ts";

useBackend("wasm");

/** An operation that the engine knows nothing about. */
const opaque = (name: string): Operation<{ readonly factors: readonly number[] }> => ({
  name,
  shape: ([x]) => x.shape,
  compute(output, _, [x], { factors: [factor] }) {
    for (const [i, value] of x.toTypedArray().entries()) output.storage.set(i, factor * value);
  },
  gradient: (cotangent) => cotangent,
  reads: "nothing",
  examples: [],
});
const scaled = opaque("scaled");
const other = opaque("other");

const streams = [new Random(1), new Random(2)];

describe("why a function is not compiled", () => {
  const leaves = [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })];
  type F = (x: Tensor, y: Tensor, call: number) => unknown;
  const table: readonly [kind: string, reason: string, f: F][] = [
    [
      "a number",
      "step 0, elementwise: operand 1, which the host makes, differs from call to call (7, then 8): pass a tensor as an argument",
      (x, _, call) => x.mul(call),
    ],
    [
      "numbers",
      "step 1, elementwise: operand 1, which the host makes, differs from call to call (2 numbers, then 2 numbers): pass a tensor as an argument",
      (x, _, call) => x.neg().mul(tensor([1, call])),
    ],
    [
      "a tensor from outside",
      "step 0, elementwise: operand 1 is another tensor in each call: pass it as an argument",
      (x, _, call) => x.mul(leaves[call % 2].detach()),
    ],
    [
      "which argument",
      "step 0, elementwise: operand 0 comes from elsewhere",
      (x, y, call) => (call % 2 === 0 ? x : y).mul(2),
    ],
    [
      "whose gradient",
      "step 0, elementwise: operand 0 is the gradient of another tensor",
      (x, _, call) => leaves[call % 2].grad!.mul(x),
    ],
    [
      "which part of a tensor",
      "step 0, elementwise: operand 0 lies otherwise in memory",
      (x, _, call) => x.at(call % 2).neg(),
    ],
    [
      "what is computed before",
      "step 2, elementwise: operand 0 comes from elsewhere",
      (x, _, call) => [x.neg(), x.exp()][call % 2].square(),
    ],
    [
      "an expression",
      "step 0, elementwise: its expression is another function in each call",
      (x) => unary({ name: "own", value: (m, x) => m.mul(x, x) })(x),
    ],
    [
      "a shape",
      "step 0, reduce: its shape differs from call to call",
      (x, _, call) => x.expand([call + 2, 2]).sum(),
    ],
    [
      "attributes of an operation",
      "step 0, scaled: its attributes differ from call to call",
      (x, _, call) => apply(scaled, [x], { factors: [1, call] }),
    ],
    [
      "their count",
      "step 0, scaled: its attributes differ from call to call",
      (x, _, call) => apply(scaled, [x], { factors: Array(1 + (call % 2)).fill(1) }),
    ],
    [
      "an operation",
      "step 0, scaled: another call has other here",
      (x, _, call) => apply([scaled, other][call % 2], [x], { factors: [1] }),
    ],
    [
      "a count of operands",
      "step 1, scaled: another number of operands",
      (x, y, call) => [x.add(y), apply(scaled, [x, y].slice(call % 2), { factors: [1] })],
    ],
    [
      "a stream",
      "step 0, draw: another stream, or another count",
      (x, _, call) => normal([2], streams[call % 2]).mul(x),
    ],
    [
      "a stream of its own",
      "step 0, draw: another stream, or another count",
      (x) => normal([2], new Random(1)).mul(x),
    ],
    [
      "which of two equal constants",
      "step 1, elementwise: operand 0 comes from elsewhere",
      (x, _, call) => {
        const [one, other] = [tensor([1, 2]), tensor([1, 2])];
        return x.add(one).mul((call % 2 === 0 ? one : other).neg());
      },
    ],
    [
      "a count of random numbers",
      "step 0, draw: another stream, or another count",
      (_, __, call) => normal([1 + 2 * (call % 2)], streams[0]).sum(),
    ],
    [
      "their distribution",
      "step 1, normal: another call has uniform here",
      (_, __, call) => [normal, uniform][call % 2]([2], streams[0]),
    ],
    [
      "an optimiser",
      "step 1, work of the host: another number, or an optimiser or scheduler that each call makes for itself: make it outside",
      (x) => {
        leaves[0].grad = x.mul(1);
        new SGD([leaves[0]], { learningRate: 0.01 }).step();
      },
    ],
    [
      "one step more",
      "step 1, reduce, happens in one call and not in the next",
      (x, _, call) => (call % 2 === 0 ? x.mul(2).sum() : x.mul(2)),
    ],
    [
      "what is returned",
      "it returns another tensor, or leaves other gradients",
      (x, _, call) => [x.neg(), x.exp()][call % 2],
    ],
    ["what is returned beside it", "it returns something else", (x, _, call) => [x.neg(), { call }]],
    [
      "names in a result",
      "it returns something else",
      (x, _, call) => ({ [`n${call}`]: undefined, y: x.neg() }),
    ],
    ["an array of numbers", "it returns something else", (x) => [x.neg(), Float32Array.of(1, 2)]],
    [
      "which gradient is left",
      "it returns another tensor, or leaves other gradients",
      (x, _, call) => {
        leaves[call % 2].grad = x.mul(2);
      },
    ],
  ];

  it.each(table)("%s: it differs from call to call", (_, reason, f) => {
    for (const leaf of leaves) leaf.grad = tensor([1, 1]);
    let call = 0;
    const g = compile((x: Tensor, y: Tensor) => f(x, y, call++));
    for (let i = 0; i < 20; i++) g(tensor([i, 1]), tensor([2, i]));
    const { calls, reason: found, programs } = g.explain();
    expect(found).toBe(`each call differs from the one before: ${reason}`);
    expect({ calls, programs }).toEqual({ calls: { eager: 11, watched: 9, compiled: 0 }, programs: [] });
  });
});

describe("what no later call may repeat", () => {
  const [leaf, twin] = [tensor([1, 2], { requiresGrad: true }), tensor([5, 6], { requiresGrad: true })];
  const outside = tensor([3, 4]);
  const shared = ones([2]);
  const table: readonly [what: string, reason: string, f: (x: Tensor) => unknown][] = [
    ["a number that the host draws", "draws a random number on the host", (x) => x.mul(streams[0].uniform())],
    [
      "numbers that the host draws into an array",
      "draws random numbers on the host, or asks for the state of a stream",
      (x) => {
        streams[0].fillNormal(new Float32Array(2));
        return x.neg();
      },
    ],
    [
      "the state of a stream",
      "draws random numbers on the host, or asks for the state of a stream",
      (x) => [x.neg(), streams[0].state()],
    ],
    [
      "a leaf that is made one",
      "starts or stops to differentiate by a tensor from outside",
      (x) => {
        outside.requiresGrad = true;
        return x.neg();
      },
    ],
    [
      "a gradient on a tape",
      "leaves a gradient that can still be differentiated: detach it",
      (x) => {
        leaf.grad = leaf.mul(x);
        return x.neg();
      },
    ],
    [
      "gradients that share memory",
      "uses a gradient that shares memory with another tensor",
      (x) => leaf.grad!.mul(twin.grad!).add(x),
    ],
  ];
  it.each(table)("%s", (_, reason, f) => {
    outside.requiresGrad = false;
    leaf.grad = shared.slice([0, 2]);
    twin.grad = shared;
    outside.grad = null;
    const g = compile(f);
    for (let i = 0; i < 3; i++) {
      g(tensor([1, i]));
      outside.requiresGrad = false;
    }
    expect(g.explain().reason).toBe(reason);
    expect(g.explain().calls.compiled).toBe(0);
  });

  it("an argument's gradient, or whether it has one, is refused where it is set", () => {
    expect(
      messagesOf({
        "a gradient": () =>
          compile((x: Tensor) => {
            x.grad = ones([2]);
          })(ones([2])),
        "requiring gradients": () =>
          compile((x: Tensor) => {
            x.requiresGrad = true;
          })(ones([2])),
      }),
    ).toMatchInlineSnapshot(`
      "
      a gradient
        TraceError: compile: the function sets grad of an argument, which it knows by a copy while it is being traced.
        Fix: set it before the call, or use x.detach() inside.
      requiring gradients
        TraceError: compile: the function sets requiresGrad of an argument, which it knows by a copy while it is being traced.
        Fix: set it before the call, or use x.detach() inside.
      "
    `);
  });
});

it("what changes again and again is not compiled any more", () => {
  const w = tensor([1, 2], { requiresGrad: true });
  const f = compile((x: Tensor) => (w.requiresGrad ? x.neg() : x.exp()));
  for (let i = 0; i < 40; i++) {
    w.requiresGrad = Math.floor(i / 3) % 2 === 0;
    f(ones([2]));
  }
  // Each state has its program.
  expect(f.explain().calls).toEqual({ eager: 0, watched: 4, compiled: 36 });
  const leaves = Array.from({ length: 20 }, (_, i) => tensor([i], { requiresGrad: true }));
  const h = compile((x: Tensor) => leaves.reduce((sum, leaf) => sum.add(leaf.requiresGrad ? 1 : 2), x));
  for (let i = 0; i < 20; i++) {
    for (let k = 0; k < 3; k++) h(ones([2]));
    leaves[i].requiresGrad = false;
  }
  expect(h.explain().reason).toBe("what it depends on changes again and again");
});

describe("a platform that makes no module of a program", () => {
  const { Module } = WebAssembly;
  const withModules = (make: () => never, body: () => void): void => {
    try {
      Object.assign(WebAssembly, { Module: function Refused(): never { return make(); } }); // biome-ignore format: one line.
      body();
    } finally {
      Object.assign(WebAssembly, { Module });
    }
  };
  const f = (x: Tensor): Tensor => x.mul(3).add(1).tanh();
  // Kernels of the eager calls are there before.
  f(ones([5]));

  it.each([WebAssembly.CompileError, EvalError, RangeError])(
    "is told, and runs it eagerly: %o",
    (Refusal) => {
      const g = compile(f);
      withModules(
        () => {
          throw new Refusal("it is too large");
        },
        () => {
          for (let i = 0; i < 4; i++) expect(g(ones([5]).mul(i))).toEqual(f(ones([5]).mul(i)));
        },
      );
      expect(g.explain().reason).toBe("the platform refuses its module: it is too large");
      expect(g.explain().calls.compiled).toBe(0);
    },
  );

  it("may have any other fault, which is shown", () => {
    const g = compile(f);
    withModules(
      () => {
        throw new TypeError("a fault");
      },
      () => {
        expect(() => [1, 2, 3].map((i) => g(ones([5]).mul(i)))).toThrow("a fault");
      },
    );
  });
});

it("statements tell where in memory an operand begins", () => {
  const f = compile((x: Tensor) => x.slice([1, 3]).neg().add(x.at(2)));
  for (let i = 0; i < 3; i++) f(ones([4, 3]));
  expect(f.explain().programs[0].statements.traced).toMatchInlineSnapshot(`
    "t1:3·1 = elementwise [2, 3](x0+3:3·1)
    t2:3·1 = elementwise [2, 3](t1:3·1, x0+6:0·1)"
  `);
});

describe("calls share a version", () => {
  /** How many versions three rounds of calls make, one call for each argument. */
  const versionsOf = (...values: unknown[]): number => {
    const f = compile((x: Tensor, _: unknown) => x.neg());
    for (let i = 0; i < 3; i++) for (const value of values) f(tensor([1]), value);
    return f.explain().programs.length;
  };
  class Own {}
  const [one, symbol] = [new Own(), Symbol("one")];
  const f = (): void => {};

  it.each([
    ["text", ["a", "a"]],
    ["numbers", [0.5, 0.5]],
    ["the same object", [one, one]],
    ["the same symbol", [symbol, symbol]],
    ["the same function", [f, f]],
    [
      "arrays",
      [
        [1, ["a"]],
        [1, ["a"]],
      ],
    ],
    [
      "objects",
      [
        { a: 1, b: {} },
        { a: 1, b: {} },
      ],
    ],
    ["tensors of other elements", [tensor([1, 2]), tensor([3, 4])]],
  ])("that have %s in common", (_, values) => {
    expect(versionsOf(...values)).toBe(1);
  });

  it.each([
    ["1, a text, true, a bigint", [1, "1", true, "true", 1n]],
    ["0 of both signs, undefined and null", [0, -0, undefined, null, "null"]],
    ["other objects of a class", [one, new Own()]],
    ["symbols of the same name", [symbol, Symbol("one")]],
    ["functions", [f, (): void => {}]],
    ["an array and its elements apart", [[1, 2], [[1], 2], [[1, 2]], "1,2", "[1,2]"]],
    ["names, and values that look like them", [{ a: "b" }, { a: 'b"' }, { b: "a" }, { 'a":"b': 1 }]],
    ["shapes and layouts", [ones([2, 3]), ones([3, 2]), ones([3, 2]).transpose(), ones([6])]],
    ["dtypes", [tensor([1]), tensor([1], { dtype: "float64" })]],
    ["leaves", [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true }), tensor([1])]],
  ])("but not those with other %s", (_, values) => {
    expect(versionsOf(...values)).toBe(values.length);
  });

  it.each([
    ["a Map", new Map()],
    ["a Set", new Set()],
    ["a Date", new Date(0)],
    ["an ArrayBuffer", new ArrayBuffer(8)],
    ["a Float32Array", new Float32Array(2)],
    ["a DataView", new DataView(new ArrayBuffer(8))],
  ])("and none has %s, which may change", (_, value) => {
    for (const argument of [value, [1, value], { a: { b: value } }]) {
      const g = compile((x: Tensor, _: unknown) => x.neg());
      for (let i = 0; i < 4; i++) g(tensor([1]), argument);
      expect(g.explain().calls.compiled).toBe(0);
      expect(g.explain().reason).toMatch(
        /^is called with an? .*, which may change: pass tensors, numbers, arrays and plain objects$/,
      );
    }
  });
});

describe("the report", () => {
  it("lists every pass of a training step, and what the host does between them", () => {
    const random = new Random(1);
    const w = normal([8, 4], random);
    w.requiresGrad = true;
    const optimizer = new Adam([w]);
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const noisy = x.add(normal(x.shape, random));
      const loss = apply(scaled, [noisy.matmul(w).silu()], { factors: [2] })
        .square()
        .mean();
      loss.backward();
      clipGradNorm([w], 1);
      optimizer.step();
      return [loss.detach(), x.transpose().reshape([-1])];
    });
    for (let i = 0; i < 4; i++) step(ones([5, 8]));
    expect(`${step.explain()}`).toMatchInlineSnapshot(`
      "1 calls compiled, 3 watched, 0 eager
      14 kernels in 14 passes: 7 loops (4 kernels fused), 1 folds, 2 products, 1 fills
      6.0 kB reserved, 0.5 kB of it for temporaries of 0.9 kB
        normal numbers: 40
        loop 1 × 40: 1 kernel, reads 2, writes 1
        product [5, 8] × [8, 4]
        loop 1 × 20: 1 kernel, reads 1, writes 1
        host: scaled
        loop 1 × 20: 1 kernel, reads 1, writes 1
        fold 1 × 20 over rows
        loop 1 × 1: 1 kernel, reads 2, writes 1
        loop 1 × 20: 2 kernels, reads 3, writes 1
        product [8, 5] × [5, 4]
        host: work of the host
        loop 1 × 32: 2 kernels, reads 16, writes 4
        copy 8 × 5
        loop 8 × 5: 1 kernel, reads 1, writes 1"
    `);
    expect(step.explain().programs[0].onHost).toMatchInlineSnapshot(`
      [
        "scaled",
        "work of the host",
        "work of the host",
        "work of the host",
      ]
    `);
    expect(step.explain().programs[0].statements.fused).toMatchInlineSnapshot(`
      "draw()
      t0:1 = normal()
      t2:8·1 = elementwise [5, 8](x1:8·1, t0:8·1)
      t4:4·1 = matmul [5, 4, 8](t2:8·1, w3:4·1)
      t5:4·1 = elementwise [5, 4](t4:4·1)
      t6:4·1 = scaled(t5:4·1)
      t7:4·1 = elementwise [5, 4](t6:4·1)
      t8 = reduce [5, 4](t7:4·1)
      t11 = elementwise [](c9, c10)
      t13:4·1 = elementwise [5, 4](t11:0·0, t6:4·1, t4:4·1)
      t14:4·1 = matmul [8, 4, 5](t2:1·8, t13:4·1)
      work of the host(t14:4·1)
      t14:4·1, w3:4·1, w18:4·1, w19:4·1 = elementwise [8, 4](t14:4·1, n15:0·0, n16:0·0, n17:0·0, w3:4·1, w18:4·1, w19:4·1, n20:0·0, n21:0·0, n22:0·0, n23:0·0, n24:0·0, n25:0·0, n26:0·0, n27:0·0, n28:0·0)
      work of the host()
      work of the host()
      t29:5·1 = elementwise [8, 5](x1:1·8)"
    `);
  });

  it("tells where rows go through memory in blocks", () => {
    const [w, v] = [normal([64, 64], new Random(1)), normal([64, 8], new Random(2))];
    const f = compile((x: Tensor) => {
      const loss = x.matmul(w).silu().matmul(v);
      return [loss.sum(0), loss, normal([5002, 8], streams[0]).mul(x.sum(1, { keepdim: true }))];
    });
    for (let i = 0; i < 3; i++) f(ones([5002, 64]));
    expect(`${f.explain()}`).toMatchInlineSnapshot(`
      "1 calls compiled, 2 watched, 0 eager
      7 kernels in 10 passes: 2 loops (0 kernels fused), 2 folds, 2 products, 1 fills
      1800.2 kB reserved, 131.6 kB of it for temporaries of 142.8 kB
        set the accumulators of a fold
        19 times for 256 rows, and for those that are left:
          product [256, 64] × [64, 64]
          loop 1 × 16384: 1 kernel, reads 1, writes 1
          product [256, 64] × [64, 8]
          fold 256 × 8 over columns
          normal numbers: 2048
          fold 256 × 64 over rows
          loop 256 × 8: 1 kernel, reads 2, writes 1
        join the accumulators of a fold"
    `);
  });

  it("tells why calls ran eagerly", () => {
    let count = 0;
    const f = compile((x: Tensor) => x.mul(count++));
    for (let i = 0; i < 12; i++) f(ones([2]));
    expect(`${f.explain()}`).toMatchInlineSnapshot(`
      "0 calls compiled, 9 watched, 3 eager
      ran eagerly: each call differs from the one before: step 0, elementwise: operand 1, which the host makes, differs from call to call (7, then 8): pass a tensor as an argument"
    `);
  });
});
