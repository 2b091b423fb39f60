/** Programs that do what a compiler may overlook, each run compiled and eagerly: both must leave the same bits. */

import { describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../src/compile/index.ts";
import {
  apply,
  detectAnomaly,
  grad,
  isTensor,
  linspace,
  mseLoss,
  noGrad,
  normal,
  type Operation,
  oneHot,
  prod,
  Random,
  type Tensor,
  tensor,
  useBackend,
  zeros,
} from "../../src/index.ts";
import { Dropout, Linear, Sequential } from "../../src/nn/index.ts";
import {
  Adam,
  clipGradNorm,
  clipGradValue,
  Optimizer,
  PlateauScheduler,
  RMSprop,
  Scheduler,
  SGD,
  stepSchedule,
} from "../../src/optim/index.ts";
import { bitsOf } from "./bits.ts";

useBackend("wasm");

type Step = (...given: never[]) => unknown;
type Wrap = <F extends Step>(f: F) => F;

/** Runs a program with its functions compiled and as they are, and compares what it logs. Some can only run eagerly. */
function twins(
  title: string,
  program: (wrap: Wrap, log: (...seen: unknown[]) => void) => void,
  runs: "compiled" | "eagerly" = "compiled",
): void {
  it(title, () => {
    const run = (wrap: Wrap): unknown[] => {
      const seen: unknown[] = [];
      program(wrap, (...values) => seen.push(...values.map(shown)));
      return seen;
    };
    const eager = run((f) => f);
    const compiled: Compiled<never[], unknown>[] = [];
    const wrap: Wrap = (f) => {
      compiled.push(compile(f));
      return compiled.at(-1) as unknown as typeof f;
    };
    expect(run(wrap)).toEqual(eager);
    const didCompile = compiled.some((f) => f.explain().calls.compiled > 0);
    expect(didCompile ? "compiled" : "eagerly", compiled.map((f) => f.explain()).join()).toBe(runs);
  });
}

/** A copy in which tensors are texts. */
function shown(value: unknown): unknown {
  if (isTensor(value)) return bitsOf(value);
  if (Array.isArray(value)) return value.map(shown);
  return value instanceof Map ? [...value].map(shown) : structuredClone(value);
}

/** The name of the error that is thrown; null where none is. */
function thrown(body: () => unknown): string | null {
  try {
    body();
    return null;
  } catch (error) {
    return (error as Error).name;
  }
}

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** An optimiser whose rate is asked for step by step. */
class Plain extends Optimizer {
  readonly #rate: () => number;
  constructor(parameters: Tensor[], rate: (optimizer: Plain) => number) {
    super("Plain", parameters, 0.5);
    this.#rate = () => rate(this);
  }
  protected freshMemory(): Record<string, Tensor> {
    return {};
  }
  protected update(parameter: Tensor, gradient: Tensor): void {
    noGrad(() => parameter.assign(parameter.sub(gradient.mul(this.#rate()))));
  }
}

describe("optimisers of a compiled step", () => {
  for (const make of [
    (w: Tensor) => new Adam([w], { learningRate: 0.1, amsgrad: true }),
    (w: Tensor) => new SGD([w], { learningRate: 0.01, momentum: 0.9 }),
  ])
    twins(
      `continue from the state that is loaded between calls (${make(leaf([1])).constructor.name})`,
      (wrap, log) => {
        const w = leaf([1, 2, 3]);
        const optimizer = make(w);
        const states = [optimizer.stateDictionary()];
        const step = wrap((x: Tensor) => {
          optimizer.zeroGrad();
          w.mul(x).square().sum().backward();
          optimizer.step();
        });
        for (let i = 0; i < 16; i++) {
          step(tensor([1, 2, i / 4]));
          if (i === 3) states.push(optimizer.stateDictionary());
          if (i === 6 || i === 11) optimizer.loadStateDictionary(states.pop()!);
          log(w, optimizer.stateDictionary());
        }
      },
    );

  twins(
    "start anew where each call makes its own",
    (wrap, log) => {
      const w = leaf([1, 2, 3]);
      const step = wrap((x: Tensor) => {
        const optimizer = new Adam([w], { learningRate: 0.1 });
        const scheduler = new Scheduler(optimizer, (step) => 0.1 + step);
        scheduler.step();
        optimizer.zeroGrad();
        w.mul(x).square().sum().backward();
        optimizer.step();
      });
      for (let i = 0; i < 8; i++) {
        step(tensor([1, 2, i]));
        log(w);
      }
    },
    "eagerly",
  );

  twins(
    "take the rate that a scheduler has set just before",
    (wrap, log) => {
      const w = leaf([1, 2, 3]);
      const optimizer = new Plain([w], ({ learningRate }) => learningRate / 10);
      const scheduler = new Scheduler(optimizer, stepSchedule({ from: 0.5, every: 6 }));
      const step = wrap((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).square().sum().backward();
        scheduler.step();
        optimizer.step();
      });
      for (let i = 0; i < 20; i++) {
        step(tensor([1, 2, i / 10]));
        log(w, optimizer.learningRate);
      }
    },
    "eagerly",
  );

  twins(
    "may go by the count of their steps",
    (wrap, log) => {
      const w = leaf([1, 2, 3]);
      const optimizer = new Plain([w], ({ stepCount }) => (stepCount > 5 ? 0.1 : 0.01));
      const step = wrap((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).square().sum().backward();
        optimizer.step();
      });
      for (let i = 0; i < 12; i++) {
        step(tensor([1, 2, i / 10]));
        log(w, optimizer.stepCount);
      }
    },
    "eagerly",
  );
});

describe("a compiled step", () => {
  twins(
    "leaves gradients on the tape where createGraph does",
    (wrap, log) => {
      const w = leaf([1, 2, 3]);
      const step = wrap((x: Tensor) => {
        w.grad = null;
        w.pow(3).mul(x).sum().backward(undefined, { createGraph: true });
      });
      for (let i = 0; i < 5; i++) {
        step(tensor([1, 2, i]));
        const gradient = w.grad!;
        w.grad = null;
        gradient.sum().backward();
        log(w.grad);
      }
    },
    "eagerly",
  );

  twins("changes the gradients in place that their holders know", (wrap, log) => {
    const w = tensor(
      [
        [3, 4],
        [5, 6],
      ],
      { requiresGrad: true },
    );
    const step = wrap(() => void clipGradNorm([w], 1));
    for (let i = 0; i < 6; i++) {
      const held = normal([2, 2], new Random(i));
      w.grad = i < 4 ? held.transpose() : held;
      const own = w.grad;
      step();
      log(held, w.grad, w.grad === own);
    }
  });

  twins("keeps gradients apart that share memory, with each other or a parameter", (wrap, log) => {
    const [a, b] = [leaf([3, 4]), leaf([5, 6])];
    const step = wrap(() => void clipGradNorm([a, b], 1));
    for (let i = 0; i < 8; i++) {
      a.grad = tensor([3, i]);
      b.grad = i === 4 ? a.grad : i === 5 ? b : i === 6 ? a : tensor([i, 1]);
      step();
      log(a, b, a.grad, b.grad);
    }
  });

  twins("takes leaves as arguments, frozen or not, with the gradients that they have", (wrap, log) => {
    const leaves = [leaf([1, 2]), leaf([5, 6])];
    const descend = wrap((w: Tensor, x: Tensor) => {
      w.grad = null;
      w.mul(x).square().sum().backward();
      noGrad(() => w.assign(w.sub(w.grad!.mul(0.1))));
    });
    const look = wrap((w: Tensor) => (w.isFrozen && w.grad !== null ? w.add(w.grad) : w.detach().mul(2)));
    for (let i = 0; i < 8; i++) {
      for (const w of leaves) {
        w.requiresGrad = true;
        descend(w, tensor([1, i]));
        w.requiresGrad = i % 3 === 0;
        log(w, w.grad, look(w));
      }
    }
  });

  twins(
    "reads arrays and collections that it is given as they are in each call",
    (wrap, log) => {
      const [array, map] = [Float32Array.of(1, 2), new Map([["a", tensor([1])]])];
      const step = wrap((values: Float32Array, { named }: { named: Map<string, Tensor> }) =>
        tensor(values).mul(named.get("a")!),
      );
      for (let i = 0; i < 6; i++) {
        log(step(array, { named: map }));
        array[0] = i;
        map.set("a", tensor([i + 2]));
      }
    },
    "eagerly",
  );

  twins("keeps what it knows apart from what its caller does with the results", (wrap, log) => {
    const values = normal([4000], new Random(1)).toTypedArray();
    const step = wrap((x: Tensor) => {
      const constant = tensor(values);
      return { sum: constant.add(x), constant, list: [] as number[], nested: { none: [1] } };
    });
    for (let i = 0; i < 6; i++) {
      const { constant, sum, list, nested } = step(tensor(i));
      log(constant, sum, list, nested);
      constant.requiresGrad = true;
      constant.square().sum().backward();
      new SGD([constant], { learningRate: 0.1 }).step();
      list.push(i);
      nested.none.push(i);
    }
  });

  twins("returns views of its arguments, and objects that know themselves", (wrap, log) => {
    class Ring {
      readonly next = this;
    }
    const ring = new Ring();
    const step = wrap((x: Tensor) => ({ turned: x.transpose(), ring }));
    for (let i = 0; i < 5; i++) {
      const x = normal([2, 3], new Random(i));
      const { turned, ring } = step(x);
      x.assign(x.add(1));
      log(turned, ring.next === ring);
      turned.assign(2);
      log(x);
    }
  });

  twins(
    "changes float64 constants of its own",
    (wrap, log) => {
      const step = wrap((x: Tensor) => {
        const [row, number] = [tensor([1, 2], { dtype: "float64" }), tensor(3.1, { dtype: "float64" })];
        const before = row.mul(number);
        row.assign(x.mul(2));
        number.assign(x.sum());
        return [before, row, number, row.mul(number)];
      });
      for (let i = 0; i < 5; i++) log(step(tensor([1, i + 0.1], { dtype: "float64" })));
    },
    "eagerly",
  );

  twins("has changed its arguments when it throws", (wrap, log) => {
    let calls = 0;
    const step = wrap((x: Tensor) => {
      x.assign(x.mul(2));
      if (++calls === 1) throw new Error("stop");
    });
    for (let i = 0; i < 5; i++) {
      const x = tensor([i + 1]);
      log(
        thrown(() => step(x)),
        x,
      );
    }
  });

  twins("leaves everything as it is when clipping meets a gradient that is not finite", (wrap, log) => {
    const [w, v, before, after] = [leaf([1, 2]), leaf([3, 4]), zeros([3]), zeros([3])];
    const random = new Random(1);
    const optimizer = new Adam([w, v], { learningRate: 0.1 });
    const step = wrap((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      before.assign(y);
      const loss = w
        .mul(x)
        .add(normal([2], random))
        .square()
        .sum();
      loss.backward();
      v.grad = x.mul(3);
      clipGradNorm([w], 1);
      after.assign(y);
      x.assign(3);
      v.grad = x.mul(2);
      optimizer.step();
      return loss.detach().add(normal([], random));
    });
    for (let i = 0; i < 12; i++) {
      const x = tensor([1, i === 4 || i > 8 ? NaN : i]);
      log(
        thrown(() => log(step(x, tensor([i, 2, 3])))),
        x,
      );
      if (i % 3 === 1) log(w, w.grad, v, v.grad, before, after, random.state(), optimizer.stateDictionary());
    }
  });

  for (const early of [true, false])
    twins(
      `leaves everything as it is when a schedule ends, ${early ? "before" : "after"} the update`,
      (wrap, log) => {
        const [w, v, seen] = [leaf([1, 2]), leaf([3, 4]), zeros([2])];
        const random = new Random(1);
        const optimizer = new Adam([w, v], { learningRate: 0.1 });
        const scheduler = new Scheduler(optimizer, (step) => {
          if (step % 5 === 4) throw new Error("the schedule ends");
          return step === 6 ? -1 : 0.1 / (1 + step);
        });
        const step = wrap((x: Tensor) => {
          optimizer.zeroGrad();
          const loss = w
            .mul(x)
            .add(normal([2], random))
            .add(v)
            .square()
            .sum();
          loss.backward();
          if (early) scheduler.step();
          optimizer.step();
          x.assign(3);
          v.grad!.assign(v.grad!.mul(2));
          if (!early) scheduler.step();
          clipGradValue([v], 0.1);
          seen.assign(w.detach());
          return loss.detach().add(normal([], random));
        });
        for (let i = 0; i < 16; i++) {
          const x = tensor([1, i]);
          log(
            thrown(() => log(step(x))),
            x,
          );
          if (i % 3 !== 1) log(w, w.grad, v, v.grad, seen, random.state(), optimizer.stateDictionary());
        }
      },
    );

  twins("leaves everything as it is when an operation or an optimiser of one's own ends it", (wrap, log) => {
    const [w, v, before, after] = [leaf([1, 2]), leaf([3, 4]), zeros([2]), zeros([2])];
    const random = new Random(1);
    let count = 0;
    class Ending extends Adam {
      protected override decay(): { penalty: number; shrink: number } {
        if (++count % 7 === 6) throw new Error("no decay");
        return { penalty: 0, shrink: 1 };
      }
    }
    const positive: Operation = {
      name: "positive",
      shape: ([x]) => x.shape,
      compute(output, _, [x]) {
        const values = x.toTypedArray();
        if (values.some((value) => value < 0)) throw new Error("below 0");
        for (const [i, value] of values.entries()) output.storage.set(i, value);
      },
      gradient: (cotangent) => cotangent,
      reads: "nothing",
      examples: [],
    };
    const optimizer = new Ending([w, v], { learningRate: 0.1 });
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      before.assign(x);
      const loss = apply(positive, [w.mul(x)], {})
        .mul(v)
        .add(normal([2], random))
        .square()
        .sum();
      apply(positive, [x.sub(0.5)], {});
      after.assign(x);
      loss.backward();
      v.grad = x.mul(3);
      optimizer.step();
      after.assign(w.detach());
      return loss;
    });
    for (let i = 0; i < 24; i++) {
      const x = tensor([1, i % 5 === 4 ? -1 : i % 11 === 10 ? 0 : i]);
      log(thrown(() => log(step(x))));
      if (i % 3 !== 1) log(w, w.grad, v, v.grad, before, after, random.state(), optimizer.stateDictionary());
    }
  });

  twins(
    "looks for the first NaN inside as eager code does",
    (wrap, log) => {
      const step = wrap((x: Tensor) => detectAnomaly(() => x.log().sum()));
      for (let i = 4; i >= 0; i--) log(thrown(() => log(step(tensor([1, i])))));
    },
    "eagerly",
  );
});

describe("what two calls in a row do not tell", () => {
  twins("whether the memory of an optimiser is made or found", (wrap, log) => {
    for (const make of [
      (w: Tensor) => new SGD([w], { learningRate: 0.1, momentum: 0.9 }),
      (w: Tensor) => new RMSprop([w], { learningRate: 0.01, momentum: 0.5 }),
      (w: Tensor) => new Adam([w], { learningRate: 0.1, amsgrad: true }),
    ]) {
      const w = leaf([1, 2]);
      const optimizer = make(w);
      const start = optimizer.stateDictionary();
      const step = wrap((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).square().sum().backward();
        optimizer.step();
      });
      for (let i = 0; i < 12; i++) {
        if (i === 1 || i === 6 || i === 7) optimizer.loadStateDictionary(start);
        step(tensor([i, 1]));
        log(w, optimizer.stateDictionary());
      }
    }
  });

  twins(
    "which of two arguments is read",
    (wrap, log) => {
      let turn = 0;
      const step = wrap((x: Tensor, y: Tensor) => (turn++ % 2 === 0 ? x : y).mul(2));
      for (let i = 0; i < 12; i++) log(step(tensor([i]), tensor([-i])));
    },
    "eagerly",
  );

  twins(
    "the shape of what an operation with code of its own gets",
    (wrap, log) => {
      let size = 4;
      const step = wrap((x: Tensor) => {
        size = 10 - size;
        return x.slice([0, size]).argmax(0);
      });
      for (let i = 0; i < 12; i++) log(step(tensor([1, 2, 3, 4, 5, 6 + i])));
    },
    "eagerly",
  );

  twins(
    "attributes that have no names to compare them by",
    (wrap, log) => {
      const holding: Operation<{ readonly view?: DataView; readonly list?: readonly unknown[] }> = {
        name: "holding",
        shape: ([x]) => x.shape,
        compute: (output, _, [x], { view, list }) =>
          output.storage.set(0, x.toTypedArray()[0] * (view?.getUint8(0) ?? list!.length)),
        gradient: (cotangent) => cotangent,
        reads: "nothing",
        examples: [],
      };
      let count = 0;
      const views = wrap((x: Tensor) =>
        apply(holding, [x], { view: new DataView(Uint8Array.of(++count).buffer) }),
      );
      const lists = wrap((x: Tensor) => apply(holding, [x], { list: new Array(++count) }));
      for (let i = 0; i < 12; i++) log(views(tensor([2])), lists(tensor([3])));
    },
    "eagerly",
  );

  twins(
    "numbers that the host draws into an array, and the state of a stream",
    (wrap, log) => {
      const random = new Random(1);
      const buffer = new Float32Array(1);
      const drawing = [
        (x: Tensor) => {
          random.fillUniform(buffer);
          return buffer[0] < 0.5 ? x.mul(2) : x.mul(3);
        },
        (x: Tensor) => {
          random.fillNormal(buffer);
          return buffer[0] < 0 ? x.mul(2) : x.mul(3);
        },
        (x: Tensor) => [x.mul(2), random.state().counter[0]],
        (x: Tensor) => normal([1], random.split(1)[0]).add(x),
      ].map((f) => wrap(f));
      for (let i = 0; i < 12; i++) {
        for (const f of drawing) log(f(tensor([i])), random.state());
        random.uniform();
      }
    },
    "eagerly",
  );

  twins(
    "what is written into the array of a tensor that the call makes",
    (wrap, log) => {
      const steps = [
        (x: Tensor) => {
          const made = zeros([3]);
          const { data } = made;
          data[0] = 1;
          const product = made.mul(x);
          data[0] = 2;
          return [product, made.mul(x)];
        },
        (x: Tensor) => {
          const made = zeros([1]);
          const { data } = made;
          made.assign(x);
          return data[0] > 1 ? x.mul(2) : x.mul(3);
        },
      ].map((f) => wrap(f));
      for (let i = 0; i < 6; i++) for (const step of steps) log(step(tensor([i])));
    },
    "eagerly",
  );

  twins("but an array that is filled before it is read is a constant", (wrap, log) => {
    const step = wrap((x: Tensor) => {
      const made = zeros([3]);
      made.data.set([1, 2, 3]);
      return made.mul(x);
    });
    for (let i = 0; i < 6; i++) log(step(tensor([i])));
  });
});

describe("a compiled step follows what is switched outside", () => {
  const [a, b] = [leaf([2, 3]), leaf([4, 5])];
  const steps: Record<string, (x: Tensor) => unknown> = {
    "a list of those that are not frozen": () =>
      noGrad(() => [a, b].filter((p) => p.requiresGrad).map((p) => p.square().sum())),
    "a term of the loss": (x) => {
      a.grad = null;
      let loss = a.mul(x).sum();
      if (b.requiresGrad) loss = loss.add(b.square().sum());
      loss.backward();
      return [loss.detach(), a.grad];
    },
    "what a function asks whether it is frozen": (x) => noGrad(() => (b.isFrozen ? x.mul(2) : x.mul(3))),
    "a gradient of a gradient": (x) => {
      a.grad = null;
      b.grad = null;
      const loss = grad((b: Tensor) => b.pow(3).mul(x).sum())(b)
        .mul(a)
        .sum();
      loss.backward();
      return [a.grad, b.grad];
    },
    "a gradient that can be differentiated": (x) =>
      grad((b: Tensor) => b.mul(x).square().sum())(b).requiresGrad,
  };
  for (const [name, f] of Object.entries(steps))
    twins(name, (wrap, log) => {
      b.requiresGrad = false;
      const step = wrap(f);
      for (let i = 0; i < 12; i++) {
        if (i % 4 === 3) b.requiresGrad = !b.requiresGrad;
        log(step(tensor([i, 1])), b.grad);
        b.grad = null;
      }
      b.requiresGrad = true;
    });

  twins("a leaf that the step makes one, as it is already", (wrap, log) => {
    const w = leaf([1, 2]);
    const step = wrap((x: Tensor) => {
      w.requiresGrad = true;
      return w.detach().mul(x);
    });
    for (let i = 0; i < 9; i++) {
      log(step(tensor([i, 1])), w.requiresGrad);
      if (i % 3 === 2) w.requiresGrad = false;
    }
  });

  twins("an argument that is frozen", (wrap, log) => {
    const step = wrap((w: Tensor) => (w.requiresGrad ? w.detach().mul(2) : w.detach().mul(3)));
    for (let i = 0; i < 9; i++) {
      a.requiresGrad = i % 3 !== 0;
      log(step(a));
    }
    a.requiresGrad = true;
  });

  twins("the mode of a module, which it sets itself", (wrap, log) => {
    const model = new Sequential(new Linear(2, 2, new Random(1)), new Dropout(0.5, new Random(2)));
    const step = wrap((x: Tensor) => {
      model.train();
      const noisy = noGrad(() => model.forward(x));
      model.eval();
      return [noisy, noGrad(() => model.forward(x))];
    });
    const plain = new Linear(2, 2, new Random(3));
    const training = wrap((x: Tensor) => {
      plain.train();
      return noGrad(() => plain.forward(x));
    });
    for (let i = 0; i < 9; i++) {
      const x = tensor([[i, 1]]);
      log(step(x), training(x), model.training, plain.training);
      plain.eval();
    }
  });

  twins("a rate that is lowered where a loss has stopped to fall", (wrap, log) => {
    const optimizer = new SGD([a], { learningRate: 0.1 });
    const plateau = new PlateauScheduler(optimizer, { patience: 2, factor: 0.5 });
    const step = wrap((x: Tensor) => {
      plateau.step(1);
      return x.mul(2);
    });
    for (let i = 0; i < 12; i++) log(step(tensor([i])), optimizer.learningRate, plateau.stateDictionary());
  });
});

describe("calls that are watched do what eager ones do", () => {
  twins(
    "where gradients share memory: with each other, with a parameter, with an argument, with a buffer",
    (wrap, log) => {
      const all: ((a: Tensor, b: Tensor, buffer: Tensor, x: Tensor) => () => unknown)[] = [
        (a, b) => {
          a.grad = tensor([1, 2]);
          b.grad = a.grad;
          return () => {
            a.grad!.assign(a.grad!.mul(2));
            b.grad!.assign(b.grad!.mul(2));
          };
        },
        (a) => {
          a.grad = a.detach();
          return () => void clipGradNorm([a], 1);
        },
        (a, b, buffer) => {
          a.grad = buffer.slice([0, 2]);
          b.grad = buffer.slice([2, 4]);
          return () => void clipGradNorm([a, b], 1);
        },
        (a, _, buffer, x) => {
          a.grad = buffer.slice([1, 3]);
          return () => {
            const gradient = a.grad!;
            buffer.slice([0, 2]).assign(x);
            return gradient.mul(2);
          };
        },
      ];
      for (const make of all) {
        const [a, b, buffer, x] = [leaf([3, 4]), leaf([5, 6]), tensor([1, 2, 3, 4]), tensor([7, 8])];
        const step = wrap(make(a, b, buffer, x));
        for (let i = 0; i < 5; i++) log(step(), a, b, buffer, a.grad, b.grad);
      }
    },
    "eagerly",
  );

  twins(
    "where a gradient is on a tape",
    (wrap, log) => {
      const w = leaf([1, 2]);
      const step = wrap((x: Tensor) => {
        const gradient = w.grad!;
        const loss = gradient.square().sum().add(w.mul(x).sum());
        w.grad = null;
        loss.backward();
      });
      for (let i = 0; i < 4; i++) {
        w.grad = null;
        w.pow(3).sum().backward(undefined, { createGraph: true });
        step(tensor([i, 1]));
        log(w.grad);
      }
    },
    "eagerly",
  );

  twins(
    "where they change the lists and objects that they are called with",
    (wrap, log) => {
      const state: Record<string, unknown> & { h: Tensor; steps: Tensor[] } = {
        h: tensor([1]),
        steps: [],
        gone: 1,
      };
      const push = wrap((out: Tensor[], x: Tensor) => void out.push(x, x.mul(2)));
      const advance = wrap((s: typeof state, x: Tensor) => {
        s.h = s.h.mul(0.5).add(x);
        s.steps.push(s.h);
        if (s.steps.length > 2) s.steps.shift();
        s.same = s.steps;
        delete s.gone;
        return s.h;
      });
      for (let i = 0; i < 5; i++) {
        const out: Tensor[] = [];
        const x = tensor([i]);
        push(out, x);
        log(
          out,
          out[0] === x,
          advance(state, x),
          state.h,
          state.steps,
          state.steps.at(-1) === state.h,
          state.same === state.steps,
          "gone" in state,
        );
      }
    },
    "eagerly",
  );

  twins(
    "where arrays have names, and objects symbols",
    (wrap, log) => {
      const name = Symbol("name");
      const first = wrap((list: Tensor[] & { extra?: Tensor }, b: Tensor) =>
        list[0].add(b).add(list.extra ?? 0),
      );
      const second = wrap((x: Tensor) => Object.assign([x.mul(2)], { extra: 3 }));
      const third = wrap((given: { readonly [name]: number }, x: Tensor) => ({
        y: x.mul(given[name]),
        [name]: 5,
      }));
      for (let i = 0; i < 5; i++) {
        const list: Tensor[] & { extra?: Tensor } = [tensor([i])];
        list.extra = tensor([100]);
        const made = second(tensor([i]));
        const told = third({ [name]: i }, tensor([2]));
        log(first(list, tensor([0])), [...made], made.extra, told.y, told[name]);
      }
    },
    "eagerly",
  );
});

twins("arguments that a library has looked at are changed in place all the same", (wrap, log) => {
  const increase = wrap((x: Tensor) => void x.assign(x.add(1)));
  const advance = wrap((h: Tensor) => {
    h.assign(h.add(1));
    return h.mul(2);
  });
  let h = tensor([1]);
  for (let i = 0; i < 6; i++) {
    const rows = tensor([10, 20, 30]);
    increase(noGrad(() => rows.at(2)));
    increase(noGrad(() => rows.slice([0, 2])));
    h = advance(h);
    log(rows, h);
  }
});

twins("results that are views of parts of arguments are changed with them", (wrap, log) => {
  const step = wrap((x: Tensor) => [x.at(1), x.transpose(), x, x.flip(0).slice([0, 1])]);
  for (let i = 0; i < 6; i++) {
    const rows = normal([4, 3], new Random(i));
    for (const part of [rows.slice([1, 4]), rows.slice([3, 0, -1]), rows.slice(null, [1, 3]).transpose()]) {
      const results = step(part);
      log(results);
      results[0].assign(i);
      log(rows, results);
    }
  }
});

twins(
  "vectors of labels that are read",
  (wrap, log) => {
    const step = wrap((labels: Tensor, x: Tensor) => oneHot(labels, 3).mul(x));
    for (let i = 0; i < 5; i++) log(step(tensor([i % 3, 1]), tensor([1, 2, 3])));
  },
  "eagerly",
);

twins("products of any size", (wrap, log) => {
  const w = leaf([1e30, 1e30, 1e-30, 1e-28]);
  const step = wrap((x: Tensor) => {
    w.grad = null;
    const y = prod(w.mul(x));
    y.backward();
    return y;
  });
  for (let i = 1; i < 6; i++) log(step(tensor([i, 1, 1, i])), w.grad);
});

twins("what is read backwards, beside itself and after a step that changes it", (wrap, log) => {
  const w = leaf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const optimizer = new Adam([w], { learningRate: 0.1 });
  const step = wrap((x: Tensor) => {
    optimizer.zeroGrad();
    w.mul(x).square().sum().backward();
    const before = w.detach().mul(2);
    optimizer.step();
    const after = w.detach();
    const twice = after.mul(2);
    return [before, after.flip().mul(x), twice.add(twice.flip()), before.add(twice.flip())];
  });
  for (let i = 0; i < 8; i++) log(step(linspace(i, i + 1, 9)), w);
});

twins("sums over what is repeated, along it and across", (wrap, log) => {
  const step = wrap((x: Tensor) => {
    const [column, row] = [x.reshape([4, 1]).expand([4, 8]), x.expand([6, 4])];
    return [
      column.sum(1),
      column.sum(0),
      row.sum(1),
      row.sum(0),
      column.max(1),
      mseLoss(row, x.expand([6, 4]).neg()),
    ];
  });
  for (let i = 0; i < 6; i++) log(step(tensor([0.1, i, 3, -i / 7])));
});

twins("float64 constants that become float32", (wrap, log) => {
  const constants = tensor([0.1, 0.2, 1e-3], { dtype: "float64" });
  const step = wrap((x: Tensor) => x.mul(constants.to("float32")).add(constants.sum().to("float32")));
  for (let i = 0; i < 6; i++) log(step(tensor([1, i, 3])));
});

twins("parameters of float64, with noise of their own and a rate that falls", (wrap, log) => {
  const float64 = { dtype: "float64" } as const;
  const w = tensor([1, 2, 3], { ...float64, requiresGrad: true });
  const random = new Random(3);
  const optimizer = new Adam([w], { learningRate: 0.1, weightDecay: 0.01 });
  const plain = new SGD([w], { learningRate: 0.01, momentum: 0.5 });
  const factors = tensor([0.1, 0.2, 0.3], float64);
  // What optimisers remember is there before: float64 numbers that a call makes and changes keep it from being compiled.
  w.grad = w.detach().neg();
  optimizer.step();
  plain.step();
  const step = wrap((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = w
      .mul(x)
      .add(normal([3], random, float64))
      .mul(factors)
      .square()
      .sum();
    loss.backward();
    optimizer.step();
    plain.step();
    return [loss, normal([2], random, float64)];
  });
  for (let i = 0; i < 8; i++) {
    log(step(tensor([1, i, 2], float64)), w);
    optimizer.learningRate *= 0.9;
  }
});

twins("float32 and float64 side by side, and what the host computes between them", (wrap, log) => {
  const w = leaf([1, 2, 3]);
  const optimizer = new Adam([w], { learningRate: 0.1 });
  const constants = tensor([0.5, 0.25, 2]);
  const step = wrap((x: Tensor) => {
    optimizer.zeroGrad();
    const sums = w
      .mul(x)
      .cumsum(0)
      .mul(constants.cumsum(0))
      .sub(tensor([1, 2, 3]).cumsum(0));
    const loss = sums.to("float64").square().sum().to("float32").add(sums.layerNorm().sum());
    loss.backward();
    optimizer.step();
    return [loss, sums];
  });
  for (let i = 0; i < 8; i++) log(step(tensor([1, i, 2])), w);
});

twins("float64 constants that the call makes, as float32 and added up", (wrap, log) => {
  const step = wrap((x: Tensor) => {
    const [row, one] = [tensor([0.1, 0.2, 1e-3], { dtype: "float64" }), tensor([0.7], { dtype: "float64" })];
    const wide = x.to("float64").mul(row).add(one);
    return [
      x.mul(row.to("float32")),
      row.sum().to("float32").mul(x),
      one.sum(),
      wide,
      wide.to("float32").neg(),
    ];
  });
  for (let i = 0; i < 6; i++) log(step(tensor([1, i, 3])));
});

twins(
  "the gradient that a leaf has is returned as it is, and in parts",
  (wrap, log) => {
    const w = leaf([1, 2, 3]);
    const step = wrap((x: Tensor) => [w.grad!, w.grad!.slice([1, 3]), w.grad!.mul(x)]);
    for (let i = 0; i < 8; i++) {
      w.grad ??= tensor([1, 2, 3]);
      w.grad.assign(tensor([i, 2, 3]));
      const [whole, part, product] = step(tensor([1, i, 2]));
      log(whole === w.grad, whole, part, product);
    }
  },
  "eagerly",
);

twins("parts of float64 tensors as arguments, which it changes or only reads", (wrap, log) => {
  const step = wrap((x: Tensor, y: Tensor) => {
    y.assign(y.mul(x).add(1));
    return [x.mul(2), y.sum()];
  });
  for (let i = 0; i < 8; i++) {
    const [xs, ys] = [linspace(i, 1, 6, { dtype: "float64" }), linspace(0, i, 8, { dtype: "float64" })];
    log(step(xs.slice([2, 5]), ys.slice([1, 7, 2])), xs, ys);
  }
});

twins("a gradient that is only read is not changed", (wrap, log) => {
  const [w, v] = [leaf([1, 2]), leaf([3, 4])];
  const step = wrap((x: Tensor) => w.grad!.mul(x).sum());
  for (let i = 0; i < 6; i++) {
    v.grad = null;
    w.grad = tensor([i, 2]);
    const loss = w.grad.mul(v).sum();
    log(step(tensor([1, i])));
    loss.backward();
    log(v.grad);
  }
});

twins("the same tensor twice in a result is one, and an array from outside is itself", (wrap, log) => {
  const grid = Float32Array.of(1, 2);
  const step = wrap((x: Tensor) => {
    const y = x.mul(2);
    return { pair: [y, y], grid };
  });
  for (let i = 0; i < 6; i++) {
    const made = step(tensor([i]));
    log(made.pair[0] === made.pair[1], made.pair, made.grid === grid, made.grid);
    grid[0] = i;
  }
});

twins(
  "arrays of numbers that each call makes are new ones",
  (wrap, log) => {
    const step = wrap((x: Tensor) => ({ y: x.mul(2), grid: Float32Array.of(1, 2) }));
    for (let i = 0; i < 12; i++) {
      const { y, grid } = step(tensor([i]));
      log(y, grid);
      if (i > 2) grid[0] = 99;
    }
  },
  "eagerly",
);

it("an argument that refers to itself is handed on as it is", () => {
  interface Ring {
    readonly x: Tensor;
    ring?: Ring;
  }
  const ring: Ring = { x: tensor([1, 2]) };
  ring.ring = ring;
  const twice = compile((ring: Ring) => ring.ring!.x.mul(2));
  for (let i = 0; i < 3; i++) expect(twice(ring).toArray()).toEqual([2, 4]);
  expect(twice.explain().reason).toBe("is called with an object that refers to itself");
});

it("a result that refers to itself is refused", () => {
  const ring: unknown[] = [];
  ring.push(ring);
  expect(() => compile((x: Tensor) => [x.mul(2), ring])(tensor([1]))).toThrow(
    /^compile: the function returns an object that refers to itself/,
  );
});
