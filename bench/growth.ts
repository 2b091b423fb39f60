/**
 * How time grows with size: everything that takes n of something, at n, 2n and 4n. What takes longer than in proportion
 * is marked: twice as much should take twice as long.
 *
 *     npm run bench:growth                  # all, some minutes
 *     npm run bench:growth -- concat rows   # what has one of these words in its name
 *
 * The operations are read off their declarations, so that a new one is measured as soon as it is declared.
 */

import type { Dice } from "../src/basics/domains.ts";
import {
  arange,
  backendName,
  backwardSteps,
  concat,
  detectAnomaly,
  eye,
  full,
  gather,
  grad,
  linspace,
  listTape,
  noGrad,
  normal,
  ones,
  onesLike,
  Random,
  type Shape,
  stack,
  type Tensor,
  tensor,
  uniform,
  valueAndGrad,
  zeros,
  zerosLike,
} from "../src/index.ts";
import { formatCsv, parseCsv, readSafetensors, writeSafetensors } from "../src/io/index.ts";
import { Linear, type Module, Sequential } from "../src/nn/index.ts";
import { Adam, AdamW, clipGradNorm, SGD, stepSchedule, WeightAverage } from "../src/optim/index.ts";
import { call } from "../src/testing/graph.ts";
import { drawUse, intervalsOf, type Word, words } from "../src/testing/vocabulary.ts";

/** Something of a size: what is to be ready before the clock runs, and what is timed. */
interface Subject {
  readonly name: string;
  prepare(size: number): () => unknown;
}

/** Marked is what grows with a higher power from n to 2n, and from 2n to 4n too: a step that a cache makes is only one. */
const MOST = 1.3;
/** The size n: so large that what is done for each pair weighs more than what is done for each, and less where it takes long. */
const [SMALLEST, LARGEST] = [256, 4096];
const LONG_MS = 100;
/** A subject that seems to grow too fast is measured so often: a busy machine must not accuse it. */
const TRIES = 3;

const leaf = (...shape: number[]): Tensor => normal(shape, new Random(1), { requiresGrad: true });
const times = <T>(size: number, make: (i: number) => T): T[] =>
  Array.from({ length: size }, (_, i) => make(i));
const sumOf = (parts: Iterable<Tensor>): Tensor => {
  let sum = tensor(0);
  for (const part of parts) sum = sum.add(part.square().sum());
  return sum;
};

/** A loss made once, and its backward. */
const backwardOf = (loss: (size: number) => Tensor) => (size: number) => {
  const made = loss(size);
  return () => made.backward(undefined, { retainGraph: true });
};

const subjects: Subject[] = [
  ...words.filter(({ calls }) => calls).flatMap(ofWord),
  ...Object.entries<Subject["prepare"]>({
    "concat, n vectors": (size) =>
      timed(
        times(size, () => leaf(8)),
        (x) => concat(x),
      ),
    "concat, n vectors: backward": backwardOf((size) => concat(times(size, () => leaf(8))).sum()),
    "concat, n columns: backward": backwardOf((size) =>
      concat(
        times(size, () => leaf(8, 1)),
        1,
      ).sum(),
    ),
    "stack, n scalars": (size) =>
      timed(
        times(size, () => leaf()),
        (x) => stack(x),
      ),
    "stack, n scalars: backward": backwardOf((size) => stack(times(size, () => leaf())).sum()),
    "concat, n vectors: second derivative": (size) => () =>
      grad((x) =>
        grad((y) =>
          concat(times(size, () => y))
            .pow(3)
            .sum(),
        )(x).sum(),
      )(ones([2])),
    to: (size) => timed(leaf(size), (x) => x.to("float64")),

    "tensor(n numbers)": (size) =>
      timed(
        times(size, (i) => i),
        (x) => tensor(x),
      ),
    "tensor(n rows)": (size) =>
      timed(
        times(size, (i) => [i, i]),
        (x) => tensor(x),
      ),
    "tensor(one row of n)": (size) => timed([times(size, (i) => i)], (x) => tensor(x)),
    "tensor(numbers, shape)": (size) =>
      timed(
        times(size, (i) => i),
        (x) => tensor(x, [size, 1]),
      ),
    "tensor(Float32Array)": (size) => timed(new Float32Array(size), (x) => tensor(x)),
    zeros: (size) => () => zeros([size]).data,
    ones: (size) => () => ones([size]),
    full: (size) => () => full([size], 2),
    zerosLike: (size) => timed(leaf(size), (x) => zerosLike(x)),
    onesLike: (size) => timed(leaf(size), (x) => onesLike(x)),
    "eye, n elements": (size) => () => eye(Math.round(Math.sqrt(size))),
    arange: (size) => () => arange(size),
    linspace: (size) => () => linspace(0, 1, size),
    normal: (size) => () => normal([size], new Random(1)),
    uniform: (size) => () => uniform([size], new Random(1)),
    "Random.permutation": (size) => () => new Random(1).permutation(size),

    "for (row of x), n rows": (size) => timed(leaf(size, 8), (x) => [...x]),
    "for (row of x), n rows: backward": backwardOf((size) => sumOf(leaf(size, 8))),
    "for (row of x), n rows: second derivative": (size) => () =>
      grad((x) =>
        grad((y) => sumOf(y))(x)
          .square()
          .sum(),
      )(ones([size, 8])),
    "at(i), n of them: backward": backwardOf((size) => {
      const x = leaf(size);
      return sumOf(times(size, (i) => x.at(i)));
    }),
    "slice, n windows: backward": backwardOf((size) => {
      const x = leaf(size + 4);
      return sumOf(times(size, (i) => x.slice([i, i + 4])));
    }),
    "slice, n columns: backward": backwardOf((size) => {
      const x = leaf(4, size);
      return sumOf(times(size, (i) => x.slice(null, i)));
    }),
    "indexSelect, n single rows: backward": backwardOf((size) => {
      const x = leaf(size, 8);
      return sumOf(times(size, (i) => x.indexSelect(0, [i])));
    }),
    "gather, n single elements: backward": backwardOf((size) => {
      const x = ones([size], { requiresGrad: true });
      return sumOf(times(size, (i) => gather(x, 0, tensor([i]))));
    }),
    "indexSelect, n indices": (size) =>
      timed([leaf(size), times(size, (i) => (i * 7919) % size)] as const, ([x, at]) => x.indexSelect(0, at)),
    "toArray, n numbers": (size) => timed(leaf(size), (x) => x.toArray()),
    "toArray, n rows": (size) => timed(leaf(size, 2), (x) => x.toArray()),
    "toTypedArray of a transpose": (size) => timed(leaf(size, 2).transpose(), (x) => x.toTypedArray()),
    "JSON.stringify": (size) => timed(leaf(size), (x) => JSON.stringify(x)),
    "String, n elements": (size) => timed(leaf(size), String),
    "String, n elements on axes of 2": (size) =>
      timed(ones(times(Math.round(Math.log2(size)), () => 2)), String),
    "String, n / 16 axes of 1": (size) => timed(ones(times(size / 16, () => 1)), String),
    "String, n empty rows": (size) => timed(zeros([size, 0]), String),

    "chain of n operations": (size) => timed(leaf(), (x) => chain(x, size)),
    "chain of n operations: backward": backwardOf((size) => chain(leaf(), size)),
    "chain of n operations: backwardSteps": (size) =>
      timed(chain(leaf(), size), (y) => [...backwardSteps(y, undefined, { retainGraph: true })].length),
    "chain of n operations: listTape": (size) => timed(chain(leaf(), size), listTape),
    "chain of n operations: detectAnomaly": (size) =>
      timed(leaf(), (x) => detectAnomaly(() => chain(x, size))),
    "one leaf used n times: backward": backwardOf((size) => {
      const x = leaf(4);
      return sumOf(times(size, () => x));
    }),
    "frozen and unfrozen in each of n steps": (size) =>
      timed(leaf(4), (x) => {
        for (let i = 0; i < size; i++) {
          x.requiresGrad = false;
          x.requiresGrad = true;
          x.sum().backward();
        }
      }),
    "changed in place n times, n operations: backward": backwardOf((size) => {
      const x = leaf();
      const loss = chain(x, size);
      const other = tensor(0);
      for (let i = 0; i < size; i++) other.assign(i);
      return loss;
    }),
    "gradient by a tree of n tensors": (size) =>
      timed(
        times(size, () => leaf(4)),
        valueAndGrad((tree: Tensor[]) => sumOf(tree)),
      ),

    "SGD, n parameters": (size) => stepOf(size, (x) => new SGD(x, { learningRate: 0.1, momentum: 0.9 })),
    "Adam, n parameters": (size) => stepOf(size, (x) => new Adam(x)),
    "AdamW with amsgrad, n parameters": (size) => stepOf(size, (x) => new AdamW(x, { amsgrad: true })),
    "clipGradNorm, n parameters": (size) => timed(withGradients(size), (x) => clipGradNorm(x, 1e9)),
    "WeightAverage, n parameters": (size) => timed(new WeightAverage(withGradients(size)), (x) => x.update()),
    "optimiser state of n parameters, saved": (size) => timed(stepped(size), (x) => x.stateDictionary()),
    "optimiser state of n parameters, loaded": (size) => {
      const optimizer = stepped(size);
      const state = optimizer.stateDictionary();
      return () => optimizer.loadStateDictionary(state);
    },
    "stepSchedule at step n, and n + 1": (size) => {
      const schedule = stepSchedule({ from: 1, every: 1, factor: 0.999 });
      let step = size;
      return () => times(100, () => schedule(step++));
    },

    "parameters of n layers": (size) => timed(layers(size), (x) => x.parameters()),
    "train() of n layers": (size) => timed(layers(size), (x) => x.train()),
    "state of n layers, saved": (size) => timed(layers(size), (x) => x.stateDictionary()),
    "state of n layers, loaded": (size) => {
      const model = layers(size);
      const state = model.stateDictionary();
      return () => model.loadStateDictionary(state);
    },
    "forward through n layers": (size) => timed(layers(size), (x) => noGrad(() => x.forward(ones([1, 2])))),
    "writeSafetensors, n tensors": (size) =>
      timed(new Map(times(size, (i) => [`${i}`, leaf(4)] as const)), (x) => writeSafetensors(x)),
    "readSafetensors, n tensors": (size) =>
      timed(writeSafetensors(new Map(times(size, (i) => [`${i}`, leaf(4)] as const))), (bytes) =>
        readSafetensors(bytes, "model.safetensors"),
      ),
    "formatCsv, n rows": (size) =>
      timed({ header: ["a", "b"], rows: times(size, (i) => [i, i / 3]) }, ({ header, rows }) =>
        formatCsv(header, rows),
      ),
    "parseCsv, n rows": (size) =>
      timed(`a,b\n${times(size, (i) => `${i},${i}\n`).join("")}`, (text) =>
        parseCsv(text, { source: "table.csv" }),
      ),
  }).map(([name, prepare]) => ({ name, prepare })),
];

function timed<T>(value: T, run: (value: T) => unknown): () => unknown {
  return () => run(value);
}

function chain(x: Tensor, size: number): Tensor {
  let y = x;
  for (let i = 0; i < size; i++) y = y.mul(0.999);
  return y;
}

function withGradients(size: number): Tensor[] {
  return times(size, () => {
    const x = leaf(4);
    x.grad = ones([4]);
    return x;
  });
}

function stepOf(size: number, optimizer: (parameters: Tensor[]) => { step(): void }): () => void {
  const made = optimizer(withGradients(size));
  return () => made.step();
}

function stepped(size: number): Adam {
  const optimizer = new Adam(withGradients(size));
  optimizer.step();
  return optimizer;
}

function layers(size: number): Module {
  const random = new Random(1);
  return new Sequential(...times(size, () => new Linear(2, 2, random)));
}

/** An operation on [n, 4] and on [4, n], value and gradient, called as it says that it can be. */
function ofWord(word: Word): Subject[] {
  const { name } = word;
  const build = (shape: Shape, seed: number): (() => Tensor) | null => {
    const random = new Random(seed);
    const dice: Dice = { integer: (low, high) => low + random.integer(high - low + 1) };
    const use = drawUse(dice, word, shape);
    if (use === null) return null;
    const intervals = intervalsOf(name);
    const operands = [shape, ...use.others].map((of, i) => {
      const [low, high] = intervals[i] ?? [-2, 2];
      const x = uniform(of, random)
        .mul(high - low)
        .add(low)
        .detach();
      x.requiresGrad = true;
      return x;
    });
    return () => call({ name, settings: use.settings }, operands);
  };
  const shapes: Record<string, (size: number) => Shape> = {
    "[n, 4]": (size) => [size, 4],
    "[4, n]": (size) => [4, size],
  };
  return Object.entries(shapes).flatMap(([title, shape]): Subject[] => {
    // The first seed that it takes; a call that an operation refuses is drawn again.
    const seed = times(100, (i) => i).find((i) => {
      try {
        return [8, 16].every((size) => build(shape(size), i)?.());
      } catch {
        return false;
      }
    });
    if (seed === undefined) return [];
    const value: Subject = { name: `${name} ${title}`, prepare: (size) => build(shape(size), seed)! };
    if (!build(shape(8), seed)!().requiresGrad) return [value];
    const backward = backwardOf((size) => build(shape(size), seed)!().sum());
    return [value, { name: `${name} ${title}: backward`, prepare: backward }];
  });
}

/** What a run takes of the processor in milliseconds, the least of three samples: other programs do not count. */
function taken(run: () => unknown): number {
  let best = Infinity;
  let runs = 1;
  for (let sample = 0; sample < 3; ) {
    const start = process.cpuUsage();
    for (let i = 0; i < runs; i++) run();
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1000;
    // As many runs in a sample as the clock can tell apart.
    if (ms < 5 && runs < 2 ** 12) runs *= 2;
    else {
      best = Math.min(best, ms / runs);
      sample = ms > 1000 ? 3 : sample + 1;
    }
  }
  return best;
}

/** Times at n, 2n and 4n, the power of n that they grow with, and whether that is too high. */
function measure({ prepare }: Subject): { size: number; ms: number[]; power: number; isAbove: boolean } {
  let size = SMALLEST;
  while (size < LARGEST && taken(prepare(size)) < LONG_MS) size *= 4;
  let ms = [Infinity, Infinity, Infinity];
  let isAbove = true;
  for (let tries = 0; tries < TRIES && isAbove; tries++) {
    ms = ms.map((before, i) => Math.min(before, taken(prepare(2 ** i * size))));
    isAbove = Math.min(ms[1] / ms[0], ms[2] / ms[1]) > 2 ** MOST;
  }
  return { size, ms, power: Math.log2(ms[2] / ms[0]) / 2, isAbove };
}

const wanted = process.argv.slice(2);
const chosen = subjects.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word.toLowerCase())),
);
const width = Math.max(...chosen.map(({ name }) => name.length));
console.log(`${backendName()}, milliseconds of the processor\n`);
console.log(`${"".padEnd(width)}       n   t(n)  t(2n)  t(4n)  power`);
let above = 0;
for (const subject of chosen) {
  const { size, ms, power, isAbove } = measure(subject);
  if (isAbove) above++;
  const cells = ms.map((time) => time.toFixed(time < 0.1 ? 3 : time < 10 ? 2 : 0).padStart(7));
  const mark = isAbove ? "  more than linear" : "";
  console.log(
    `${subject.name.padEnd(width)}${String(size).padStart(8)}${cells.join("")}${power.toFixed(2).padStart(7)}${mark}`,
  );
}
console.log(`\n${above} of ${chosen.length} grow faster than in proportion.`);
