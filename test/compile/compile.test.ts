/** What compile promises beside the bits: what it follows, what it watches again, what it refuses. */

import { describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../src/compile/index.ts";
import {
  cumsum,
  detectAnomaly,
  gather,
  noGrad,
  normal,
  ones,
  Random,
  sin,
  sort,
  type Tensor,
  TraceError,
  tensor,
  unary,
  uniform,
  useBackend,
  where,
  zeros,
} from "../../src/index.ts";
import { Dropout, Linear } from "../../src/nn/index.ts";
import { Adam, clipGradNorm, Optimizer, Scheduler, SGD } from "../../src/optim/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

/** Calls until something was compiled. */
function warm<A extends readonly unknown[], R>(step: Compiled<A, R>, ...given: A): Compiled<A, R> {
  for (let i = 0; i < 4; i++) step(...given);
  expect(step.explain().programs.length, String(step.explain())).toBeGreaterThan(0);
  return step;
}

describe("a compiled function", () => {
  it("takes the elements that its arguments have at each call, views and trees of them too", () => {
    const f = ({ x, rest }: { x: Tensor; rest: readonly [Tensor, number] }): Tensor =>
      x.mul(rest[0]).add(rest[1]).sum(0);
    const g = compile(f);
    const wide = normal([6, 8], new Random(1));
    for (let i = 0; i < 6; i++) {
      const given = { x: wide.slice([i % 3, (i % 3) + 2]), rest: [wide.slice([4, 6]).mul(i), 2] } as const;
      expect(bitsOf(g(given))).toBe(bitsOf(f(given)));
    }
    expect(g.explain().calls).toEqual({ eager: 0, watched: 2, compiled: 4 });
  });

  it("computes in float64 what eager operations do where steps leave the range of float32, and no more", () => {
    const f = (x: Tensor, scale: Tensor): Tensor => {
      const leaf = x.detach();
      leaf.requiresGrad = true;
      leaf.gelu().mul(leaf.sigmoid()).backward(scale);
      return leaf.grad!.detach();
    };
    const g = compile(f);
    const x = tensor([-100, 3, -14, 0.5, -95, 1, 2, -90, 4, 0, -20, 7]);
    for (const scale of [1, 1e30, 1e-30, 3e38].map((value) => x.mul(0).add(value)))
      expect(bitsOf(g(x, scale))).toBe(bitsOf(f(x, scale)));
    expect(g.explain().calls.compiled).toBeGreaterThan(0);
  });

  it("takes arguments that lie otherwise in memory for another version", () => {
    const g = compile((x: Tensor) => x.mul(2));
    const x = normal([3, 3], new Random(1));
    for (let i = 0; i < 4; i++) {
      expect(bitsOf(g(x))).toBe(bitsOf(x.mul(2)));
      expect(bitsOf(g(x.transpose()))).toBe(bitsOf(x.transpose().mul(2)));
    }
    expect(g.explain().programs.length).toBe(2);
  });

  it("follows what is assigned to tensors that it reads, however that is done", () => {
    const w = tensor([1, 2]);
    const g = warm(
      compile((x: Tensor) => x.mul(w)),
      tensor([1, 1]),
    );
    w.assign(tensor([3, 4]));
    expect(g(tensor([1, 1])).toArray()).toEqual([3, 4]);
    const { data } = w;
    data[0] = 5;
    expect(g(tensor([1, 1])).toArray()).toEqual([5, 4]);
    data[1] = 6;
    expect(g(tensor([1, 1])).toArray()).toEqual([5, 6]);
  });

  it("changes what others hold: an array, a view, an argument", () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ]);
    const row = w.slice(1);
    const g = warm(
      compile((x: Tensor) => void x.assign(w.assign(w.mul(2)).sum(0))),
      zeros([2]),
    );
    const x = zeros([2]);
    g(x);
    expect(row.toArray()).toEqual([96, 128]);
    expect(x.toArray()).toEqual([128, 192]);
    const { data } = w;
    g(x);
    expect([...data]).toEqual([64, 128, 192, 256]);
  });

  it("keeps apart what it returned: the next call does not change it", () => {
    const g = warm(
      compile((x: Tensor) => [x.add(1), x.add(1).reshape([2, 1])] as const),
      tensor([1, 2]),
    );
    const [a, b] = g(tensor([1, 2]));
    const [c] = g(tensor([5, 6]));
    const eagerly = a.mul(10);
    g(c);
    expect([a.toArray(), b.toArray(), c.toArray(), eagerly.toArray()]).toEqual([
      [2, 3],
      [[2], [3]],
      [6, 7],
      [20, 30],
    ]);
  });

  it("takes its own result as its next argument", () => {
    const f = (x: Tensor): Tensor => x.mul(0.9).add(0.1);
    const g = compile(f);
    let [x, y] = [tensor([1, 2, 3]), tensor([1, 2, 3])];
    for (let i = 0; i < 10; i++) [x, y] = [f(x), g(y)];
    expect(bitsOf(y)).toBe(bitsOf(x));
  });

  it("returns tensors that were there, arguments, numbers and text as they are", () => {
    const w = tensor([1]);
    const g = warm(
      compile((x: Tensor) => ({ w, x, sum: x.add(w), note: "text", none: null })),
      tensor([1]),
    );
    const x = tensor([4]);
    const { sum, ...rest } = g(x);
    expect(rest.w).toBe(w);
    expect(rest.x).toBe(x);
    expect(sum.toArray()).toEqual([5]);
    expect([rest.note, rest.none]).toEqual(["text", null]);
  });

  it("says that the tape of its result is gone, as it is", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const g = compile(() => {
      const loss = w.square().sum();
      loss.backward();
      return loss;
    });
    warm(g);
    const loss = g();
    expect(loss.requiresGrad).toBe(true);
    expect(() => loss.backward()).toThrow("freed");
  });

  it("does what the engine does on the host: operations with code of their own, float64, empty tensors", () => {
    const w = normal([4, 3], new Random(2));
    const f = (x: Tensor): Tensor[] => [
      cumsum(x.mul(w), 0).exp(),
      x.layerNorm().mul(2),
      x.norm(1),
      sin(x.mul(1e10)),
      x.indexSelect(0, [2, 0]).add(1),
      x.slice([0, 0]).sum(0),
      where(x.less(0), x, x.neg()),
      x.argmax(1).mul(2),
      x.to("float64").mul(3).sum(),
    ];
    const g = compile(f);
    for (let i = 0; i < 5; i++) {
      const x = normal([4, 3], new Random(i));
      expect(g(x).map(bitsOf)).toEqual(f(x).map(bitsOf));
    }
    expect(g.explain().calls.compiled, String(g.explain())).toBe(3);
  });

  it("draws from the streams that it draws from, and leaves them where they would be", () => {
    const [one, other] = [new Random(3), new Random(3)];
    const f = (random: Random) => () => [normal([5], random), uniform([3], random)];
    const [eager, g] = [f(one), compile(f(other))];
    for (let i = 0; i < 6; i++) {
      expect(g().map(bitsOf)).toEqual(eager().map(bitsOf));
      expect([other.uniform(), other.state()]).toEqual([one.uniform(), one.state()]);
    }
  });

  it("is watched again where training turns to evaluation, a parameter is frozen, or gradients are switched off", () => {
    const layer = new Linear(3, 2, new Random(1));
    const dropout = new Dropout(0.5, new Random(2));
    const g = compile((x: Tensor) => {
      layer.zeroGrad();
      const y = dropout.forward(layer.forward(x));
      if (layer.bias!.requiresGrad && y.requiresGrad) y.sum().backward();
      return y.detach();
    });
    const x = ones([4, 3]);
    warm(g, x);
    dropout.eval();
    expect(bitsOf(g(x))).toBe(bitsOf(layer.forward(x)));
    warm(g, x);
    expect(layer.bias!.grad).not.toBeNull();
    layer.bias!.requiresGrad = false;
    layer.bias!.grad = null;
    layer.weight.grad = null;
    warm(g, x);
    expect(layer.bias!.grad).toBeNull();
    expect(bitsOf(noGrad(() => g(x)))).toBe(bitsOf(layer.forward(x)));
  });

  it("takes a learning rate that is set between calls, of an optimiser of one's own too", () => {
    class Signs extends Optimizer {
      protected freshMemory(): Record<string, Tensor> {
        return {};
      }
      protected update(parameter: Tensor, gradient: Tensor): void {
        noGrad(() => parameter.assign(parameter.sub(gradient.sign().mul(this.learningRate))));
      }
    }
    const run = (wrap: <F extends () => void>(f: F) => () => void): string => {
      const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([3], { requiresGrad: true })];
      const optimizers = [new Signs("Signs", [a], 0.5), new Adam([b], { learningRate: 0.5 })];
      const step = wrap(() => {
        for (const optimizer of optimizers) optimizer.zeroGrad();
        a.mul(b).sum().backward();
        for (const optimizer of optimizers) optimizer.step();
      });
      for (let i = 0; i < 12; i++) {
        if (i % 5 === 4) for (const optimizer of optimizers) optimizer.learningRate /= 2;
        step();
      }
      return [a, b].map(bitsOf).join();
    };
    expect(run(compile)).toBe(run((f) => f));
  });

  it("moves schedulers on, and clips by norms that it finds", () => {
    const run = (wrap: <F extends (x: Tensor) => Tensor>(f: F) => (x: Tensor) => Tensor): unknown => {
      const w = tensor([1, -2, 3], { requiresGrad: true });
      const optimizer = new SGD([w], { learningRate: 1, momentum: 0.9 });
      const scheduler = new Scheduler(optimizer, (step) => 1 / (1 + step));
      const step = wrap((x) => {
        optimizer.zeroGrad();
        const loss = w.mul(x).square().sum();
        loss.backward();
        clipGradNorm([w], 1);
        optimizer.step();
        scheduler.step();
        return loss;
      });
      const losses = Array.from({ length: 10 }, (_, i) => step(tensor([1, i % 2 ? 1e-3 : 1, 1])).item());
      return [losses, bitsOf(w), bitsOf(w.grad), optimizer.learningRate, optimizer.stepCount];
    };
    expect(run(compile)).toEqual(run((f) => f));
  });

  it("has the numbers of each step for parameters that are not clipped, too", () => {
    const run = (wrap: <F extends (x: Tensor) => void>(f: F) => (x: Tensor) => void): string => {
      const [a, b] = [1, 2].map((value) => tensor([value, -value], { requiresGrad: true }));
      const optimizer = new Adam([a, b], { learningRate: 0.1 });
      const step = wrap((x) => {
        optimizer.zeroGrad();
        a.mul(x).add(b.square().mul(x)).sum().backward();
        clipGradNorm([a], 0.5);
        optimizer.step();
      });
      for (let i = 0; i < 10; i++) step(tensor([1, 1 + i]));
      return [a, b].map(bitsOf).join();
    };
    expect(run(compile)).toBe(run((f) => f));
  });

  it("trains in float64 as well", () => {
    const run = (wrap: <F extends (x: Tensor) => Tensor>(f: F) => (x: Tensor) => Tensor): string => {
      const w = tensor([0.5, -0.25], { requiresGrad: true, dtype: "float64" });
      const optimizer = new Adam([w], { learningRate: 0.1 });
      const step = wrap((x) => {
        optimizer.zeroGrad();
        const wide = x.to("float64");
        const made = ones([2], { dtype: "float64" });
        const loss = wide.mul(w).sub(made).square().sum();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const losses = Array.from({ length: 8 }, (_, i) => bitsOf(step(tensor([1, i]))));
      return [...losses, bitsOf(w), bitsOf(w.grad)].join();
    };
    expect(run(compile)).toBe(run((f) => f));
    const changes = compile(() => noGrad(() => ones([1], { dtype: "float64" }).assign(3)));
    for (let i = 0; i < 4; i++) expect(changes().toArray()).toEqual([3]);
  });

  it("does with the result of another operation what it does with a number from memory", () => {
    const three = unary({ name: "three", value: (m) => m.constant(3) });
    // Inside of one operation, the third power of an expression is two products.
    const f = (x: Tensor): Tensor[] => [x.pow(three(x))];
    const g = compile(f);
    const x = normal([200], new Random(1));
    for (let i = 0; i < 4; i++) expect(g(x).map(bitsOf)).toEqual(f(x).map(bitsOf));
    expect(g.explain().programs[0].fused).toBe(2);
  });

  it("runs inside another one as a part of it", () => {
    const inner = compile((x: Tensor) => x.mul(2));
    const outer = warm(
      compile((x: Tensor) => inner(x).add(1)),
      tensor([1]),
    );
    expect(outer(tensor([4])).toArray()).toEqual([9]);
    expect(inner.explain().calls.watched).toBe(0);
  });

  it("makes operations in eager code around it notice what it changed in place", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const g = warm(compile(() => void noGrad(() => w.assign(w.mul(2)))));
    const loss = w.square().sum();
    g();
    expect(() => loss.backward()).toThrow("changed in place");
  });
});

describe("what cannot be compiled", () => {
  const eagerly = (step: Compiled<never[], unknown>, because: RegExp): void => {
    const { calls, reason, programs } = step.explain();
    expect(programs).toEqual([]);
    expect(calls.eager).toBeGreaterThan(0);
    expect(reason).toMatch(because);
  };

  it("runs eagerly where a number of the host differs from call to call", () => {
    let count = 0;
    const g = compile((x: Tensor) => x.mul(++count));
    for (let i = 1; i < 20; i++) expect(g(tensor([1])).toArray()).toEqual([i]);
    eagerly(g as never, /differs from call to call/);
  });

  it("runs eagerly where another tensor is read in each call", () => {
    let state = tensor([1]);
    const g = compile((x: Tensor) => {
      state = state.add(x);
      return state;
    });
    for (let i = 1; i < 20; i++) expect(g(tensor([1])).toArray()).toEqual([1 + i]);
    eagerly(g as never, /another tensor in each call/);
  });

  it("runs eagerly where the result can still be differentiated", () => {
    const w = tensor([2], { requiresGrad: true });
    const g = compile(() => w.square());
    for (let i = 0; i < 5; i++) g().sum().backward();
    expect(w.grad!.toArray()).toEqual([20]);
    eagerly(g as never, /can still be differentiated/);
  });

  it("runs eagerly where the host draws random numbers", () => {
    const random = new Random(1);
    const g = compile((x: Tensor) => (random.uniform() < 2 ? x.mul(2) : x));
    for (let i = 0; i < 5; i++) g(tensor([1]));
    eagerly(g as never, /draws a random number on the host/);
  });

  it("runs eagerly on the TypeScript backend, and while somebody looks for the first NaN", () => {
    const g = compile((x: Tensor) => x.log());
    useBackend("typescript");
    for (let i = 0; i < 5; i++) g(tensor([1]));
    useBackend("wasm");
    eagerly(g as never, /the backend is typescript/);
    warm(g, tensor([1]));
    expect(() => detectAnomaly(() => g(tensor([0])))).toThrow("log");
  });

  it("runs eagerly where arguments share memory", () => {
    const g = warm(
      compile((x: Tensor, y: Tensor) => void x.assign(y.add(x))),
      tensor([1]),
      tensor([2]),
    );
    const x = tensor([3]);
    g(x, x);
    expect(x.toArray()).toEqual([6]);
    expect(g.explain().reason).toMatch(/share memory/);
  });

  it("runs eagerly where indices are tensors, whose elements the host reads", () => {
    const indices = tensor([2, 0]);
    for (const f of [
      (x: Tensor) => gather(x, 0, indices),
      (x: Tensor) => x.indexSelect(0, indices),
      (x: Tensor) => sort(x),
    ]) {
      const g = compile(f);
      for (let i = 0; i < 5; i++) expect(bitsOf(g(tensor([i, -1, 2])))).toBe(bitsOf(f(tensor([i, -1, 2]))));
      eagerly(g as never, /reads the indices of/);
    }
  });

  it("is refused where the function looks at a value, with what to do instead", () => {
    const w = tensor([1, 2]);
    for (const look of [
      (x: Tensor) => x.sum().item(),
      (x: Tensor) => x.toArray(),
      (x: Tensor) => x.mul(2).data[0],
      (x: Tensor) => `${x.mul(2)}`,
      () => w.toTypedArray(),
      (x: Tensor) => x.mul(2).at(0).item() > 0,
    ]) {
      expect(() => compile(look as (x: Tensor) => unknown)(tensor([1, 2]))).toThrow(TraceError);
    }
    expect(() => compile((x: Tensor) => x.sum().item())(tensor([1]))).toThrow(
      /looks at a value.*\n.*where\(…\)/,
    );
  });

  it("is refused where it is no function of this kind", () => {
    expect(() => compile(3 as never)).toThrow("takes a function");
    expect(() => compile(async () => tensor(1))()).toThrow("returned a promise");
    expect(() =>
      compile((x: Tensor) => {
        x.requiresGrad = true;
      })(tensor([1])),
    ).toThrow(TraceError);
    const w = tensor([1]);
    expect(() =>
      compile((x: Tensor) => {
        w.assign(2);
        return x.mul(w);
      })(w),
    ).toThrow(/by another name/);
  });
});

describe("explain()", () => {
  it("tells what was fused, the passes and the memory, as data and as text", () => {
    const g = warm(
      compile((x: Tensor) => x.mul(2).add(1).exp().sum()),
      ones([100]),
    );
    const { programs, calls } = g.explain();
    expect(calls).toEqual({ eager: 0, watched: 2, compiled: 2 });
    const [{ kernels, fused, passes, listing }] = programs;
    expect({ kernels, fused, passes }).toEqual({
      kernels: 4,
      fused: 3,
      passes: { loop: 1, fold: 1, product: 0, fill: 0, copy: 0, zero: 0 },
    });
    expect(listing).toEqual(["loop 1 × 100: 3 kernels, reads 3, writes 1", "fold 1 × 100 over rows"]);
    expect(`${g.explain()}`).toContain("4 kernels in 2 passes");
  });
});
