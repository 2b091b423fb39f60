/** Mistakes at the doors of the engine: each ends in an error of the one family that names operation, rule and fix. */

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  AxisError,
  arange,
  argmax,
  backwardSteps,
  binary,
  concat,
  crossEntropyLoss,
  DtypeError,
  detectAnomaly,
  enableGrad,
  eye,
  full,
  grad,
  HalogradError,
  huberLoss,
  hvp,
  indexAdd,
  jvp,
  layerNorm,
  linspace,
  listTape,
  max,
  mean,
  noGrad,
  normal,
  ones,
  Random,
  ShapeError,
  softmax,
  stack,
  std,
  sum,
  TapeError,
  type Tensor,
  tapeToSvg,
  tensor,
  transpose,
  unary,
  uniform,
  useBackend,
  valueAndGrad,
  vjp,
  where,
  zeros,
  zerosLike,
} from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { checkGradients } from "../../src/testing/check.ts";

const leaf = (values: number | number[]): Tensor => tensor(values, { requiresGrad: true });
/** Handed over as JavaScript would: without the types that refuse it. */
const any = (value: unknown): never => value as never;
/** A function that may be called with anything. */
const js = (f: unknown): ((...values: unknown[]) => unknown) => f as (...values: unknown[]) => unknown;
const a = ones([2, 3]);
const random = new Random(0);
class Private {
  readonly #state = 0;
  get state(): number {
    return this.#state;
  }
}
const scalar = (): Tensor => leaf([1, 2]).square().sum();

type Mistake = [
  what: string,
  call: () => unknown,
  error: abstract new (...rest: never[]) => Error,
  words: RegExp,
];

const tables: Record<string, Mistake[]> = {
  "a cotangent that is none": [
    [
      "an option under another name",
      () => scalar().backward(any({ retain_graph: true })),
      ArgumentError,
      /^backward: there is no option "retain_graph"\.\n.*did you mean retainGraph\?/,
    ],
    ["a number", () => scalar().backward(any(1)), ArgumentError, /backward: .*got the number 1\./],
    ["true", () => scalar().backward(any(true)), ArgumentError, /backward: .*got the boolean true/],
    ["null", () => scalar().backward(any(null)), ArgumentError, /backward: .*got null/],
    [
      "an array",
      () =>
        leaf([1, 2])
          .exp()
          .backward(any([1, 1])),
      ArgumentError,
      /got an array of 2\.\n.*tensor\(/,
    ],
    ["a number, stepping", () => [...backwardSteps(scalar(), any(1))], ArgumentError, /^backwardSteps: /],
    ["a number, to a pullback", () => vjp((x) => x.exp(), ones([2]))[1](any(1)), ArgumentError, /^vjp: /],
    [
      "of another shape",
      () => vjp((x) => x.exp(), ones([2]))[1](ones([3])),
      ShapeError,
      /^vjp: .*\[3\].*\[2\]/,
    ],
    [
      "true for options",
      () => scalar().backward(undefined, any(true)),
      ArgumentError,
      /^backward: options are an object; got the boolean true\.\n.*retainGraph, createGraph/,
    ],
    [
      "an option misspelled",
      () => scalar().backward(undefined, any({ retaingraph: true })),
      ArgumentError,
      /no option "retaingraph"\.\n.*did you mean retainGraph\?/,
    ],
    [
      "a gradient that is a number",
      () => {
        leaf([1]).grad = any(0);
      },
      ArgumentError,
      /^grad: the gradient is a tensor of shape \[1\]; got the number 0\.\n.*null/,
    ],
    [
      "a gradient of another shape",
      () => {
        leaf([1, 2]).grad = ones([3, 2]);
      },
      ShapeError,
      /^grad: the gradient \[3, 2\].*\[2\]/,
    ],
    [
      "a gradient of another dtype",
      () => {
        leaf([1]).grad = ones([1], { dtype: "float64" });
      },
      DtypeError,
      /^grad: .*float64.*\n.*\.to\("float32"\)/,
    ],
  ],
  "a shape that is none": [
    [
      "a number",
      () => zeros(any(3)),
      ShapeError,
      /^zeros: a shape is an array of whole numbers; got the number 3\.\n.*zeros\(\[3\]\)/,
    ],
    ["numbers", () => js(zeros)(2, 3), ShapeError, /^zeros: .*the number 2/],
    ["text", () => ones(any("a")), ShapeError, /^ones: .*the text "a"/],
    ["sizes as text", () => zeros(any(["2"])), ShapeError, /^zeros: \["2"\] is not a shape/],
    ["the value in its place", () => full(any(5), any([2])), ShapeError, /^full: .*the number 5/],
    ["a number, to normal", () => normal(any(3), random), ShapeError, /^normal: /],
    ["numbers, to expand", () => js(a.expand).call(a, 2, 2, 3), ShapeError, /^expand: /],
    ["numbers, to reshape", () => js(a.reshape).call(a, 3, 2), ShapeError, /^reshape: /],
    [
      "numbers, to permute",
      () => js(a.permute).call(a, 1, 0),
      AxisError,
      /^permute: .*the number 1\.\n.*permute\(\[1, 0\]\)/,
    ],
    [
      "nothing, to linspace",
      () => js(linspace)(0, 1),
      ArgumentError,
      /^linspace: count is .*undefined|^linspace: count/,
    ],
    ["text, to eye", () => eye(any("2")), ShapeError, /^eye: \["2", "2"\]/],
    [
      "an array in place of a tensor",
      () => zerosLike(any([1, 2])),
      ArgumentError,
      /^zerosLike: got an array of 2/,
    ],
    ["a range too long", () => arange(1e11), ShapeError, /^arange: .*limit/],
    [
      "nested values with a shape",
      () =>
        tensor(
          any([
            [1, 2],
            [3, 4],
          ]),
          [2, 2],
        ),
      ShapeError,
      /flat array.*\n.*leave the shape out/,
    ],
    ["nested values with a flat shape", () => tensor(any([[1], [2]]), [2]), ShapeError, /flat array/],
  ],
  "an axis that is none": [
    [
      "options",
      () => a.sum(any({ keepdim: true })),
      AxisError,
      /^sum: an axis is a whole number; got an object with keepdim\.\n.*after the axis, which may be undefined: \{ keepdim \}/,
    ],
    ["text", () => a.sum(any("0")), AxisError, /^sum: .*the text "0"/],
    ["a tensor", () => max(a, any(a)), AxisError, /^max: .*a tensor of shape \[2, 3\]/],
    ["text, to mean", () => a.mean(any("1")), AxisError, /^mean: .*the text "1"/],
    ["text, to softmax", () => a.softmax(any("0")), AxisError, /^softmax: /],
    ["text, to argmax", () => a.argmax(any("0")), AxisError, /^argmax: /],
    ["two, to argmax", () => a.argmax(any([0, 1])), AxisError, /^argmax: .*an array of 2/],
    ["text, to transpose", () => transpose(a, any("0"), any("1")), AxisError, /^transpose: .*the text "0"/],
  ],
  "an operation is named as it was called": [
    ["softmax", () => a.softmax(2), AxisError, /^softmax: axis 2 is outside/],
    ["softmax of an array", () => softmax(any([1, 2])), ArgumentError, /^softmax: got an array of 2/],
    ["mean of an array", () => mean(any([1, 2])), ArgumentError, /^mean: got an array of 2/],
    ["std", () => ones([1]).std(), ArgumentError, /^std: 1 elements with correction 1/],
    ["at", () => a.at(2), AxisError, /^at: index 2 is outside/],
    ["at a range", () => a.at(any([0, 1])), AxisError, /^at: .*an array of 2\.\n.*slice\(\[0, 1\]\)/],
    ["at true", () => a.at(any(true)), AxisError, /^at: .*the boolean true/],
    [
      "grad of a number",
      () => grad((x: Tensor) => x)(any(3)),
      ArgumentError,
      /^grad: expected tensors.*the number 3/,
    ],
    ["grad of no function", () => grad(any(3)), ArgumentError, /^grad: takes a function/],
    [
      "grad of a Map",
      () => grad((x: Tensor) => x)(any(new Map([["w", a]]))),
      ArgumentError,
      /^grad: .*a Map\.\n.*fromEntries/,
    ],
    [
      "grad of a module",
      () => grad((x: Tensor) => x)(any(new Linear(1, 1, new Random(0)))),
      ArgumentError,
      /^grad: .*a Linear\.\n.*namedParameters\(\).*functionalCall/,
    ],
    [
      "grad of what keeps its state private",
      () => grad((x: Tensor) => x)(any({ w: a, own: new Private() })),
      ArgumentError,
      /^grad: .*a Private\.\n/,
    ],
    [
      "grad of an object with a function",
      () => grad((x: Tensor) => x)(any({ w: a, f: () => a })),
      ArgumentError,
      /^grad: .*a function\.\n.*method/,
    ],
    ["grad of nothing", () => grad((x: Tensor) => x)(any(undefined)), ArgumentError, /^grad: .*undefined/],
    [
      "valueAndGrad of what returns no scalar",
      () => valueAndGrad((x: Tensor) => x)(a),
      TapeError,
      /^valueAndGrad: /,
    ],
    [
      "vjp of what returns a number",
      () =>
        vjp(
          any(() => 5),
          a,
        ),
      ArgumentError,
      /^vjp: the function returned the number 5/,
    ],
    [
      "jvp",
      () =>
        jvp(
          any(() => 5),
          a,
          a,
        ),
      ArgumentError,
      /^jvp: /,
    ],
    [
      "hvp",
      () =>
        hvp(
          any(() => 5),
          a,
          a,
        ),
      ArgumentError,
      /^hvp: /,
    ],
    [
      "a loss with a number",
      () => huberLoss(a, any(0)),
      ShapeError,
      /^huberLoss: prediction \[2, 3\] and target \[\]/,
    ],
    ["layer norm of a scalar", () => layerNorm(any(3)), HalogradError, /^layerNorm: /],
    ["layer norm of null", () => layerNorm(any(null), any(null)), ArgumentError, /^layerNorm: got null/],
    ["cross entropy of labels", () => crossEntropyLoss(a, ones([3])), ShapeError, /^crossEntropyLoss: /],
    ["argmax of an array", () => argmax(any([1])), ArgumentError, /^argmax: /],
    ["transpose of an array", () => transpose(any([1])), ArgumentError, /^transpose: got an array/],
    ["the tape of a number", () => listTape(any(5)), TapeError, /nothing is recorded/],
    ["a drawing of an array", () => tapeToSvg(any([5])), ArgumentError, /^tapeToSvg: got an array/],
    [
      "steps of nothing",
      () => [...(js(backwardSteps)() as Iterable<unknown>)],
      ArgumentError,
      /^backwardSteps: got undefined/,
    ],
  ],
  "a list of tensors that is none": [
    [
      "tensors side by side",
      () => js(concat)(a, a),
      ArgumentError,
      /^concat: takes a list of tensors; got a tensor of shape \[2, 3\]\.\n.*concat\(\[a, b\]\)/,
    ],
    ["one tensor", () => stack(any(a)), ArgumentError, /^stack: takes a list/],
    ["nothing", () => js(concat)(), ArgumentError, /^concat: .*undefined/],
    [
      "tensors in an array of values",
      () => tensor(any([tensor(1), tensor(2)])),
      ArgumentError,
      /values\[0\] is a tensor of shape \[\].*\n.*stack/,
    ],
  ],
  "an index that is none": [
    [
      "a number for a list",
      () => a.indexSelect(1, any(0)),
      ArgumentError,
      /^indexSelect: indices are a list.*the number 0\.\n.*\[0\]/,
    ],
    ["text", () => a.indexSelect(1, any(["1"])), ArgumentError, /^indexSelect: .*the text "1"/],
    [
      "a matrix of indices",
      () => a.indexSelect(1, zeros([1, 2])),
      ShapeError,
      /^indexSelect: indices have one axis; got a tensor of shape \[1, 2\]/,
    ],
    [
      "an object for a range",
      () => a.slice(any({ start: 0 })),
      ArgumentError,
      /^slice: .*an object with start\./,
    ],
    [
      "a size that is not whole",
      () => indexAdd(ones([2]), 0, [0, 0], 1.5),
      ArgumentError,
      /^indexAdd: size.*the number 1\.5/,
    ],
    ["no size", () => js(indexAdd)(ones([2]), 0, [0, 0]), ArgumentError, /^indexAdd: size.*undefined/],
    [
      "a negative size",
      () => indexAdd(zeros([0]), 0, [], -1),
      ArgumentError,
      /^indexAdd: size.*the number -1/,
    ],
    ["an index into nothing", () => indexAdd(ones([1]), 0, [0], 0), AxisError, /axis without entries/],
  ],
  "an option in the wrong form": [
    [
      "keepdim as a flag",
      () => sum(a, 0, any(true)),
      ArgumentError,
      /^sum: options are an object; got the boolean true\.\n.*\{ keepdim: … \}/,
    ],
    ["null", () => sum(a, 0, any(null)), ArgumentError, /^sum: .*null/],
    [
      "other capitals",
      () => sum(a, 0, any({ keepDim: true })),
      ArgumentError,
      /no option "keepDim"\.\n.*keepdim\?/,
    ],
    ["a flag for std", () => std(a, 1, any(false)), ArgumentError, /^std: .*boolean false/],
    [
      "another library's name",
      () => a.variance(0, any({ unbiased: false })),
      ArgumentError,
      /^variance: .*"unbiased"\.\n.*correction, keepdim/,
    ],
    ["argmax with a flag", () => a.argmax(0, any(true)), ArgumentError, /^argmax: /],
    ["zeros with a flag", () => zeros([1], any(true)), ArgumentError, /^zeros: /],
    ["options twice", () => js(tensor)([1], {}, {}), ArgumentError, /^tensor: got options twice/],
    [
      "a range with options in place of numbers",
      () => arange(5, any({ requiresGrad: true })),
      ArgumentError,
      /^arange: .*\n.*options come last/,
    ],
    ["a drawing", () => tapeToSvg(scalar(), any({ down: 1 })), ArgumentError, /^tapeToSvg: /],
    [
      "a check of gradients",
      () => checkGradients((x) => x, [a], any({ orders: 1 })),
      ArgumentError,
      /did you mean order\?/,
    ],
  ],
  "what is no number": [
    [
      "text in a range",
      () => arange(any("1"), any("5")),
      ArgumentError,
      /^arange: start is a number; got the text "1"\.\n.*Number\(/,
    ],
    ["text in a line", () => linspace(any("1"), any("2"), 3), ArgumentError, /^linspace: start/],
    ["no value", () => js(full)([2]), ArgumentError, /^full: value is a number; got undefined/],
    [
      "whole numbers of 64 bits",
      () => tensor(any(new BigInt64Array(2))),
      ArgumentError,
      /^tensor: got a BigInt64Array\.\n.*Number/,
    ],
  ],
  "no stream of random numbers": [
    [
      "left out",
      () => js(normal)([2]),
      ArgumentError,
      /^normal: needs a random stream; got undefined\.\n.*new Random\(0\)/,
    ],
    ["a seed", () => normal([2], any(0)), ArgumentError, /^normal: .*the number 0/],
    ["a function", () => uniform([2], any(Math.random)), ArgumentError, /^uniform: .*a function/],
  ],
  "JavaScript's operators": [
    [
      "times",
      () => (a as unknown as number) * 2,
      ArgumentError,
      /operators.*shape \[2, 3\]\.\n.*x\.mul\(y\)/,
    ],
    ["plus", () => (tensor(1) as unknown as number) + 1, ArgumentError, /operators/],
    ["greater", () => (tensor(3) as unknown as number) > 0, ArgumentError, /operators.*\n.*item\(\)/],
  ],
  "a setting that would not hold": [
    [
      "noGrad without a function",
      () => js(noGrad)(),
      ArgumentError,
      /^noGrad: takes a function; got undefined/,
    ],
    ["detectAnomaly without a function", () => js(detectAnomaly)(), ArgumentError, /^detectAnomaly: /],
    [
      "a generator without gradients",
      () =>
        noGrad(function* () {
          yield 1;
        }),
      ArgumentError,
      /^noGrad: .*generator/,
    ],
    [
      "an async generator under watch",
      () =>
        detectAnomaly(async function* () {
          yield 1;
        }),
      ArgumentError,
      /^detectAnomaly: .*generator/,
    ],
    ["an async function", () => enableGrad(async () => 1), ArgumentError, /^enableGrad: .*promise/],
  ],
  "a record that is incomplete": [
    [
      "one derivative of two",
      () => binary({ name: "b", value: (m, x, y) => m.add(x, y), derivatives: [1] }),
      ArgumentError,
      /^binary\("b"\): needs 2 derivatives.*got 1/,
    ],
    [
      "a derivative in words",
      () => unary({ name: "u", value: (_, x) => x, derivative: any("x") }),
      ArgumentError,
      /^unary\("u"\): a derivative is an expression or a number; got the text "x"/,
    ],
    [
      "no value",
      () => unary({ name: "u", value: any(undefined), derivative: 1 }),
      ArgumentError,
      /value is an expression/,
    ],
  ],
  others: [
    [
      "assigning what is recorded",
      () => zeros([1]).assign(leaf([1]).mul(2)),
      TapeError,
      /^assign: the values are recorded.*\n.*detach\(\)/,
    ],
    [
      "an unknown backend",
      () => useBackend(any("cuda")),
      ArgumentError,
      /^useBackend: there is no backend "cuda"\.\n.*auto, typescript, wasm/,
    ],
    ["nothing to choose from", () => zeros([3, 0]).max(1), ShapeError, /^max: \[3, 0\] has no elements/],
  ],
};

describe.each(Object.entries(tables))("%s", (_, mistakes) => {
  it.each(mistakes)("%s", (_, call, error, words) => {
    let thrown: unknown;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(error);
    expect((thrown as Error).message).toMatch(words);
  });
});

describe("what was wrong in silence:", () => {
  it("a parameter that was frozen in the forward pass gets no gradient, and one frozen after it keeps its own", () => {
    const [x, w] = [leaf(2), leaf(3)];
    w.requiresGrad = false;
    const y = x.mul(w);
    w.requiresGrad = true;
    expect(listTape(y)).not.toContain(`%${w.node!.id}`);
    expect(tapeToSvg(y).match(/leaves: 1/)).not.toBeNull();
    y.backward();
    expect([x.grad!.item(), w.grad]).toEqual([3, null]);

    const z = x.mul(w);
    w.requiresGrad = false;
    w.requiresGrad = true;
    z.backward();
    expect(w.grad!.item()).toBe(2);
  });

  it("a tape names no operand that is not on it", () => {
    const [x, w] = [leaf(2), tensor(3)];
    const y = x.mul(w);
    w.requiresGrad = true;
    expect(listTape(y)).toMatch(/mul\(%\d+, 3\)/);
  });

  const choices: [what: string, make: () => [Tensor[], Tensor], expected: unknown[]][] = [
    [
      "relu",
      () => {
        const x = leaf([-1, 4]);
        return [[x], x.relu()];
      },
      [[0, 0.25]],
    ],
    [
      "clamp",
      () => {
        const x = leaf([-1, 4]);
        return [[x], x.clamp(0, 10)];
      },
      [[0, 0.25]],
    ],
    [
      "maximum",
      () => {
        const x = leaf([-1, 4]);
        return [[x], x.maximum(0)];
      },
      [[0, 0.25]],
    ],
    [
      "minimum",
      () => {
        const [x, y] = [leaf([1, 4]), leaf([0, 9])];
        return [[x, y], x.minimum(y)];
      },
      [
        [0, 0.25],
        [Infinity, 0],
      ],
    ],
    [
      "where",
      () => {
        const [x, y] = [leaf([0]), leaf([5])];
        return [[x, y], where(tensor([1]), x, y)];
      },
      [[Infinity], [0]],
    ],
    [
      "max over an axis",
      () => {
        const x = leaf([0, -3]);
        return [[x], x.max(0)];
      },
      [[Infinity, 0]],
    ],
  ];
  it.each(choices)(
    "%s gives 0, not NaN, to what it did not choose, fused and composed",
    (_, make, expected) => {
      for (const createGraph of [false, true]) {
        const [inputs, chosen] = make();
        chosen.sqrt().sum().backward(undefined, { createGraph });
        expect(inputs.map(({ grad }) => grad!.toArray())).toEqual(expected);
      }
    },
  );

  it("shapes that the user keeps and changes do not change the tensor", () => {
    const shape = [2, 3];
    const made = [
      zeros(shape),
      ones(shape),
      full(shape, 1),
      tensor([1, 2, 3, 4, 5, 6], shape),
      normal(shape, random),
      a.reshape(shape),
      ones([3]).expand(shape),
    ];
    shape[0] = 5;
    for (const x of made) expect(x.shape).toEqual([2, 3]);
  });

  it("clone and a change of dtype are recorded, and carry the gradient back", () => {
    const x = leaf([1, 2]);
    const double = tensor([3, 4], { dtype: "float64", requiresGrad: true });
    x.mul(double.to("float32")).clone().sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 4]);
    expect([double.grad!.dtype, double.grad!.toArray()]).toEqual(["float64", [1, 2]]);
    expect([x.detach().clone().requiresGrad, x.detach().to("float64").requiresGrad]).toEqual([false, false]);
  });

  it("a rejected promise that noGrad refused does not end the process", async () => {
    expect(() =>
      noGrad(async () => {
        throw new Error("later");
      }),
    ).toThrow(ArgumentError);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("options are taken wherever a tensor is made", () => {
    expect((js(tensor)([1, 2], undefined, { requiresGrad: true }) as Tensor).requiresGrad).toBe(true);
    const drawn = normal([2], new Random(1), { requiresGrad: true, dtype: "float64" });
    expect([drawn.requiresGrad, drawn.isLeaf, drawn.dtype]).toEqual([true, true, "float64"]);
    expect(drawn.toArray()).toEqual(normal([2], new Random(1)).toArray());
    expect(uniform([2], random, { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe("what was refused without reason:", () => {
  it("a mask of −∞ under detectAnomaly, as long as no NaN comes of it", () => {
    expect(detectAnomaly(() => tensor([0, -Infinity]).softmax()).toArray()).toEqual([1, 0]);
    expect(() => detectAnomaly(() => tensor([Infinity]).sub(tensor([Infinity])))).toThrow(
      /sub: made NaN of an operand that held Infinity/,
    );
  });

  it("nothing of nothing: reductions without elements and without results", () => {
    expect(zeros([0, 3]).max(1).shape).toEqual([0]);
    expect(zeros([0, 3]).argmax(1).shape).toEqual([0]);
    expect(zeros([3, 0]).softmax().shape).toEqual([3, 0]);
    expect(zeros([0]).logsumexp().item()).toBe(-Infinity);
  });

  it("text of a tensor", () => {
    expect(`${tensor(1)} ${String(tensor(2))} ${[tensor(3)].join()}`).toBe("tensor(1) tensor(2) tensor(3)");
  });
});

describe("what was missing:", () => {
  it.each([1, 1e-30, 1e30])("the norm, of elements of size %d too", (size) => {
    const x = tensor([3 * size, 4 * size]);
    expect(x.norm().item() / size).toBeCloseTo(5, 5);
    expect(
      tensor([
        [3, 4],
        [0, 0],
      ])
        .norm(1, { keepdim: true })
        .toArray(),
    ).toEqual([[5], [0]]);
  });

  it("the gradient of the norm, 0 where it is 0", () => {
    expect(grad((x) => x.norm())(tensor([3, 4])).toArray()).toEqual([0.6, 0.8].map(Math.fround));
    expect(grad((x) => x.norm())(zeros([2])).toArray()).toEqual([0, 0]);
  });

  it("flip, leakyRelu and elu", () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(x.flip().toArray()).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(x.flip(1).toArray()).toEqual([
      [2, 1],
      [4, 3],
    ]);
    expect(tensor([-2, 3]).leakyRelu(0.5).toArray()).toEqual([-1, 3]);
    const [below, above] = tensor([-1, 2], { dtype: "float64" }).elu().toArray<number[]>();
    expect([below, above]).toEqual([expect.closeTo(Math.exp(-1) - 1, 12), 2]);
  });

  it("l1Loss and crossEntropyLoss", () => {
    expect(
      tensor([1, 5])
        .l1Loss(tensor([2, 2]))
        .item(),
    ).toBe(2);
    const logits = tensor(
      [
        [0, 0],
        [1, 3],
      ],
      { dtype: "float64" },
    );
    const target = eye(2, { dtype: "float64" });
    const expected = (Math.log(2) + Math.log(1 + Math.exp(-2))) / 2;
    expect(crossEntropyLoss(logits, target).item()).toBeCloseTo(expected, 12);
  });
});
