/** Tensors as users meet them: made from values, read, printed, indexed, written; and what each mistake says. */

import { inspect } from "node:util";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  AxisError,
  apply,
  arange,
  binary,
  concat,
  DtypeError,
  eye,
  full,
  grad,
  HalogradError,
  huberLoss,
  indexAdd,
  isTensor,
  layerNorm,
  linear,
  linspace,
  mseLoss,
  noGrad,
  normal,
  type Operation,
  ones,
  onesLike,
  Random,
  ShapeError,
  stack,
  sumTo,
  TapeError,
  type Tensor,
  tensor,
  unary,
  unfold,
  zeros,
  zerosLike,
} from "../../src/index.ts";
import { checkGradients } from "../../src/testing/check.ts";
import { anArray, indices, read } from "../ops/naive.ts";

describe("making tensors", () => {
  test.prop([anArray()])("from nested arrays and back is the identity", ({ shape, values }) => {
    const x = tensor(values);
    // Behind an empty axis nested arrays say nothing of further ones.
    const visible = shape.includes(0) ? shape.slice(0, shape.indexOf(0) + 1) : shape;
    expect(x.shape).toEqual(visible);
    expect(x.toArray()).toEqual(values);
    expect([...x.toTypedArray()]).toEqual(indices(shape).map((index) => read(values, index)));
  });

  it("copies what it is given, and hands out copies", () => {
    const values = new Float32Array([1, 2]);
    const x = tensor(values);
    values[0] = 9;
    x.toTypedArray()[1] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  it("rounds to float32 unless float64 is asked for", () => {
    expect(tensor(0.1).item()).toBe(Math.fround(0.1));
    expect(tensor(0.1, { dtype: "float64" }).item()).toBe(0.1);
    expect(tensor(new Float64Array([0.1])).dtype).toBe("float32");
    expect(tensor(0.1).to("float64").mul(3).dtype).toBe("float64");
  });

  it.each([
    ["zeros", zeros([2]), [0, 0]],
    ["ones", ones([1, 2]), [[1, 1]]],
    ["full", full([2], 7), [7, 7]],
    ["zerosLike", zerosLike(ones([2])), [0, 0]],
    ["onesLike", onesLike(zeros([2])), [1, 1]],
    [
      "eye",
      eye(2),
      [
        [1, 0],
        [0, 1],
      ],
    ],
    ["arange to a stop", arange(3), [0, 1, 2]],
    ["arange with a step", arange(1, 2, 0.25), [1, 1.25, 1.5, 1.75]],
    ["arange backwards", arange(3, 0, -1), [3, 2, 1]],
    ["arange the wrong way", arange(3, 0), []],
    ["linspace", linspace(-1, 1, 5), [-1, -0.5, 0, 0.5, 1]],
    ["linspace of one", linspace(3, 4, 1), [3]],
  ] as const)("%s", (_, x, expected) => {
    expect(x.toArray()).toEqual(expected);
  });

  it("zerosLike and onesLike take over the dtype", () => {
    const double = zeros([1], { dtype: "float64" });
    expect([zerosLike(double).dtype, onesLike(double).dtype]).toEqual(["float64", "float64"]);
  });
});

describe("reading tensors", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it("knows its shape, rank, size and length, and is an instance of Tensor", () => {
    expect([x.shape, x.rank, x.size, x.length]).toEqual([[2, 3], 2, 6, 2]);
    expect(isTensor(x)).toBe(true);
    expect(isTensor({})).toBe(false);
  });

  it("indexes from either end, iterates over rows, and spreads", () => {
    expect(x.at(1, -1).item()).toBe(6);
    expect(x.at(-1).toArray()).toEqual([4, 5, 6]);
    expect([...x].map((row) => row.sum().item())).toEqual([6, 15]);
    const [[, b]] = x;
    expect(b.item()).toBe(2);
  });

  it("indexes as part of a recorded computation", () => {
    const y = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    y.at(1, 0).square().backward();
    expect(y.grad!.toArray()).toEqual([
      [0, 0],
      [6, 0],
    ]);
  });

  it("serialises as nested arrays", () => {
    expect(JSON.stringify({ x })).toBe('{"x":[[1,2,3],[4,5,6]]}');
  });

  it.each([
    ["a scalar", tensor(0.5), "tensor(0.5000)"],
    ["whole numbers", tensor([1, 2, 3]), "tensor([1, 2, 3], shape [3])"],
    [
      "an aligned matrix",
      tensor([
        [1, -20],
        [300, 4],
      ]),
      "tensor([[  1, -20],\n        [300,   4]], shape [2, 2])",
    ],
    ["four decimals", tensor([1.5, -0.25]), "tensor([ 1.5000, -0.2500], shape [2])"],
    ["extreme magnitudes", tensor([1e-7, 1]), "tensor([1.0000e-7, 1.0000e+0], shape [2])"],
    [
      "what is not finite",
      tensor([NaN, Infinity, -Infinity, 0]),
      "tensor([      NaN,  Infinity, -Infinity,         0], shape [4])",
    ],
    ["nothing", zeros([0, 2]), "tensor([], shape [0, 2])"],
    [
      "a view as it is seen",
      x.transpose(),
      "tensor([[1, 4],\n        [2, 5],\n        [3, 6]], shape [3, 2])",
    ],
    ["blocks with a line between", zeros([2, 1, 1]), "tensor([[[0]],\n\n        [[0]]], shape [2, 1, 1])"],
    ["dtype", tensor([1], { dtype: "float64" }), "tensor([1], float64)"],
    ["leaves", tensor(1, { requiresGrad: true }), "tensor(1, requiresGrad)"],
    ["results", tensor(2, { requiresGrad: true }).square(), "tensor(4, from square)"],
    [
      "long axes cut in the middle",
      arange(1000),
      "tensor([0, 1, 2, …, 997, 998, 999], shape [1000])".replace(/(?<=[[ ])\d(?=,)/g, "  $&"),
    ],
  ] as const)("prints %s", (_, value, text) => {
    expect(`${value}`).toBe(text);
  });

  it("prints the same in Node's console, and its shape in a browser's", () => {
    expect(inspect(x)).toBe(`${x}`);
    expect(inspect({ x })).toContain("[[1, 2, 3]");
    const shown = x as unknown as Record<symbol, () => string>;
    expect(shown[Symbol.for("Deno.customInspect")]()).toBe(`${x}`);
    expect(Object.prototype.toString.call(x)).toBe("[object Tensor [2, 3]]");
  });

  it("prints large tensors of many small axes too", () => {
    expect(`${zeros(new Array(18).fill(2))}`).toContain("shape [2, 2,");
  });
});

describe("the text of a tensor", () => {
  test.prop({
    shape: fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(2), fc.constant(1000)), {
      maxLength: 20,
    }),
  })("is short, whatever the shape: no more than its axes ask for", ({ shape }) => {
    // A view of one element takes no memory.
    const x = shape.includes(0)
      ? zeros(shape)
      : zeros([]).expand(shape.reduce((a, b) => a * b, 1) <= 2 ** 31 ? shape : [2]);
    expect(String(x).length).toBeLessThan(40_000);
  });

  it("keeps both ends of long axes, and the first entry of outer ones where there are many", () => {
    expect(String(ones(new Array<number>(20).fill(2))).length).toBeLessThan(10_000);
    expect(String(zeros([1_000_000, 0])).length).toBeLessThan(200);
    expect(String(zeros([0, 2 ** 31]))).toBe("tensor([], shape [0, 2147483648])");
    expect(String(zeros([7, 7, 7])).match(/0/g)).toHaveLength(343);
    const row = "[1, 1, 1, …, 1, 1, 1]";
    const rows = [row, row, row, "…", row, row, row].join(",\n        ");
    expect(String(ones([30, 30]))).toBe(`tensor([${rows}], shape [30, 30])`);
    expect(String(ones(new Array<number>(1000).fill(1))).length).toBeLessThan(10_000);
  });
});

describe("writing tensors", () => {
  it("refuses views in which an element has several places, and no others", () => {
    const line = zeros([12]);
    for (const view of [
      line.reshape([3, 4]).transpose().flip(0),
      unfold(line, [2], { stride: 2 }),
      unfold(line, [3], { stride: 3, dilation: 2 }).slice([0, 2]),
      line.reshape([3, 2, 2]).slice([0, 3, 2], null, 1),
      ones([1]).expand([1, 1]),
    ])
      expect(view.assign(1).toArray()).toEqual(ones(view.shape).toArray());
    for (const view of [
      unfold(line, [2]),
      unfold(line, [4], { stride: 3 }),
      ones([1]).expand([2]),
      line.expand([2, 12]),
    ])
      expect(() => view.assign(1)).toThrow(/an element lies in many places/);
  });

  it("assigns numbers in the tensor's own precision, and tensors that broadcast", () => {
    expect(zeros([1], { dtype: "float64" }).assign(0.1).item()).toBe(0.1);
    expect(
      zeros([2, 2])
        .assign(tensor([1, 2]))
        .toArray(),
    ).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("assigns through views, also from a view of the same memory", () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    x.slice(null, 1).assign(0);
    expect(x.toArray()).toEqual([
      [1, 0],
      [3, 0],
    ]);
    const y = arange(4);
    y.assign(y.slice([null, null, -1]));
    expect(y.toArray()).toEqual([3, 2, 1, 0]);
    const z = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(z.assign(z.transpose()).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("detach shares memory, clone does not", () => {
    const x = tensor([1, 2]);
    x.detach().assign(5);
    x.clone().assign(7);
    expect(x.toArray()).toEqual([5, 5]);
  });
});

describe("operations of a user's own", () => {
  it("from an expression: kernel, gradients of all orders and broadcasting follow", () => {
    const softsign = unary({
      name: "softsign",
      value: (m, x) => m.div(x, m.add(m.constant(1), m.abs(x))),
      derivative: (m, x) => {
        const d = m.add(m.constant(1), m.abs(x));
        return m.div(m.constant(1), m.mul(d, d));
      },
    });
    checkGradients(softsign, [tensor([-2, 0.5, 3])], { order: 3 });
    const hypotenuse = binary({
      name: "hypotenuse",
      value: (m, x, y) => m.sqrt(m.add(m.mul(x, x), m.mul(y, y))),
      derivatives: [(m, x, _y, r) => m.div(x, r), (m, _x, y, r) => m.div(y, r)],
    });
    checkGradients(hypotenuse, [tensor([[3], [1]]), tensor([4, -2])], { order: 3 });
    expect(hypotenuse(tensor([3, 5]), tensor([4, 12])).toArray()).toEqual([5, 13]);
  });

  it("from a whole record, through apply", () => {
    const trace: Operation<{ shift: number }> = {
      name: "trace",
      shape([x]) {
        if (x.rank !== 2) throw new ShapeError("trace", "needs a matrix.");
        return [];
      },
      compute(output, _shape, [x], { shift }) {
        for (let i = 0; i < Math.min(...x.shape); i++)
          output.storage.data[output.offset] += x.at(i, i).item();
        output.storage.data[output.offset] += shift;
      },
      gradient: (cotangent, { inputs }) =>
        cotangent.mul(
          eye(inputs![0].shape[0], { dtype: cotangent.dtype }).slice(null, [0, inputs![0].shape[1]]),
        ),
      reads: "nothing",
      examples: [],
    };
    const call = (x: Tensor): Tensor => apply(trace, [x], { shift: 10 });
    expect(
      call(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).item(),
    ).toBe(15);
    expect(grad(call)(ones([2, 2])).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    checkGradients(
      (x) => call(x.square()),
      [
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ],
    );
    expect(() => call(ones([2]))).toThrow(/trace: needs a matrix/);
  });

  it("are told where their gradient rule gives a wrong shape", () => {
    const wrong: Operation = {
      name: "wrong",
      shape: ([x]) => x.shape,
      compute: () => {},
      gradient: (cotangent) => cotangent.sum(),
      reads: "nothing",
      examples: [],
    };
    const x = ones([2], { requiresGrad: true });
    expect(() => apply(wrong, [x], {}).sum().backward()).toThrow(
      /wrong: its gradient rule gives \[\] for operand 0 of shape \[2\]/,
    );
  });
});

/** Every mistake ends in a typed error that says where, what was given, and which rule that breaks. */
describe("a mistake is told where it is made:", () => {
  const a = ones([2, 3]);
  const double = ones([2, 3], { dtype: "float64" });
  const leaf = ones([2], { requiresGrad: true });
  type Mistake = [
    what: string,
    call: () => unknown,
    error: abstract new (...rest: never[]) => Error,
    words: RegExp,
  ];
  const mistakes: Mistake[] = [
    [
      "shapes that do not broadcast",
      () => a.add(ones([2])),
      ShapeError,
      /add: shapes \[2, 3\] and \[2\].*axis -1 has sizes 3 and 2/,
    ],
    ["matrices that do not fit", () => a.matmul(a), ShapeError, /matmul: \[2, 3\] × \[2, 3\].*\n.*transpose/],
    ["the product with a scalar", () => a.matmul(tensor(1)), ShapeError, /matmul: \[2, 3\] × \[\]/],
    [
      "a weight that is transposed",
      () => linear(a, ones([3, 5])),
      ShapeError,
      /linear: x \[2, 3\] and weight \[3, 5\]/,
    ],
    [
      "a bias that does not fit",
      () => linear(a, ones([5, 3]), ones([3])),
      ShapeError,
      /linear: bias \[3\].*\[5\]/,
    ],
    [
      "a loss that would broadcast",
      () => mseLoss(a, ones([3])),
      ShapeError,
      /mseLoss: prediction \[2, 3\] and target \[3\]/,
    ],
    [
      "a loss without width",
      () => huberLoss(a, a, { delta: 0 }),
      ArgumentError,
      /delta must be positive; got the number 0/,
    ],
    [
      "weights of a layer norm that do not fit",
      () => layerNorm(a, ones([2])),
      ShapeError,
      /layerNorm: .*\[2, 3\]; got \[2\]/,
    ],
    ["a shape of another size", () => a.reshape([4]), ShapeError, /reshape: 6 elements.*\[4\]/],
    ["expanding what is not 1", () => a.expand([4, 3]), ShapeError, /expand/],
    ["shrinking by expand", () => a.expand([3]), ShapeError, /expand: \[2, 3\] cannot be repeated to \[3\]/],
    ["squeezing what is not 1", () => a.squeeze(0), AxisError, /squeeze: axis 0 of \[2, 3\] has size 2/],
    [
      "an order of axes that leaves one out",
      () => a.permute([0, 0]),
      AxisError,
      /permute: \[0, 0\].*each is named once/,
    ],
    ["flattening backwards", () => a.flatten(1, 0), AxisError, /axis 1 comes after axis 0/],
    ["too many ranges", () => a.slice(null, null, 0), AxisError, /slice: 3 ranges for the 2 axes/],
    ["an index outside", () => a.slice(2), AxisError, /slice: index 2 is outside axis 0 of \[2, 3\]/],
    ["too many indices", () => a.at(0, 0, 0), AxisError, /at: 3 indices/],
    ["an entry outside", () => a.indexSelect(1, [3]), AxisError, /indexSelect: index 3 .* -3 to 2/],
    [
      "an index that is not whole",
      () => a.indexSelect(1, [0.5]),
      ArgumentError,
      /an index is a whole number; got the number 0\.5/,
    ],
    ["more indices than entries", () => indexAdd(a, 0, [0], 2), AxisError, /1 indices for 2 entries/],
    [
      "joining other shapes",
      () => concat([a, ones([2, 4])]),
      ShapeError,
      /concat: shapes \[2, 3\], \[2, 4\]/,
    ],
    ["joining other ranks", () => concat([a, ones([3])]), ShapeError, /one rank/],
    ["joining nothing", () => concat([]), ArgumentError, /no tensors/],
    ["stacking nothing", () => stack([]), ArgumentError, /no tensors/],
    [
      "stacking other shapes",
      () => stack([a, ones([3])]),
      ShapeError,
      /stack: needs equal shapes; got \[2, 3\] and \[3\]/,
    ],
    ["stacking what are no tensors", () => stack([a, [1] as never]), ArgumentError, /stack: got an array/],
    ["the largest of nothing", () => zeros([0]).max(), ShapeError, /max: \[0\] has no elements/],
    ["the place of the largest of nothing", () => zeros([2, 0]).argmax(1), ShapeError, /no elements/],
    [
      "the variance of one",
      () => ones([1]).variance(),
      ArgumentError,
      /variance: 1 elements with correction 1/,
    ],
    ["two dtypes", () => a.add(double), DtypeError, /add: operands have dtypes float32 and float64/],
    ["an array for a tensor", () => a.add([1, 2] as never), ArgumentError, /add: got an array.*\n.*tensor\(/],
    ["nothing for a tensor", () => a.mul(undefined as never), ArgumentError, /mul: got undefined/],
    ["null for a tensor", () => a.mul(null as never), ArgumentError, /mul: got null/],
    ["an unknown dtype", () => zeros([1], { dtype: "int8" as never }), DtypeError, /"int8".*\n.*float64/],
    [
      "ragged rows deep inside",
      () => tensor([[[1, 2]], [[3]]]),
      ShapeError,
      /ragged: values\[1\]\[0\] has 1/,
    ],
    [
      "no number deep inside",
      () =>
        tensor([
          [1, 2],
          [3, "4" as never],
        ]),
      ArgumentError,
      /values\[1\]\[1\] is the text/,
    ],
    ["ragged rows", () => tensor([[1, 2], [3]]), ShapeError, /ragged: values\[1\] has 1, .*axis 1 have 2/],
    ["rows of other depth", () => tensor([1, [2]] as never), ShapeError, /ragged: values\[1\] is an array/],
    [
      "a number for a row",
      () => tensor([[1], 2] as never),
      ShapeError,
      /ragged: values\[1\] is the number 2/,
    ],
    ["text for a number", () => tensor([1, "2"] as never), ArgumentError, /values\[1\] is the text "2"/],
    ["a hole in an array", () => tensor([1, undefined] as never), ArgumentError, /values\[1\] is undefined/],
    ["text in a flat array", () => tensor([1, "2"] as never, [2]), ArgumentError, /values\[1\] is the text/],
    [
      "values that do not fill the shape",
      () => tensor([1, 2, 3], [2, 2]),
      ShapeError,
      /3 values do not fill the shape \[2, 2\]/,
    ],
    ["a number with a shape", () => tensor(3 as never, [1]), ArgumentError, /flat array/],
    ["a tensor of a tensor", () => tensor(a as never), ArgumentError, /got a tensor.*\n.*clone/],
    ["a sequence that never ends", () => arange(0, 1, 0), ArgumentError, /never ends/],
    ["a negative size", () => zeros([-1]), ShapeError, /\[-1\] is not a shape/],
    [
      "the number of many elements",
      () => a.item(),
      ShapeError,
      /item: \[2, 3\] has 6 elements, not one.*\n.*toArray/,
    ],
    ["the number of none", () => zeros([0]).item(), ShapeError, /0 elements/],
    ["the length of a scalar", () => tensor(1).length, AxisError, /scalar has no length/],
    ["a random shape that is none", () => normal([-2], new Random(1)), ShapeError, /normal: \[-2\]/],
    [
      "assigning what does not broadcast",
      () => zeros([2]).assign(zeros([3])),
      ShapeError,
      /assign: .*\[2\] and \[3\]|assign: .*\[3\] and \[2\]/,
    ],
    [
      "assigning more than fits",
      () => zeros([1]).assign(zeros([2])),
      ShapeError,
      /assign: values of shape \[2\] do not fit into \[1\]/,
    ],
    [
      "writing into repeated elements",
      () => zeros([1]).expand([3]).assign(1),
      ShapeError,
      /assign: .*expand\(\).*\n.*clone/,
    ],
    ["writing into a leaf", () => leaf.assign(0), TapeError, /assign: a leaf.*\n.*noGrad/],
    [
      "writing into a result",
      () =>
        noGrad(() => leaf)
          .mul(2)
          .assign(0),
      TapeError,
      /recorded value/,
    ],
  ];
  it.each(mistakes)("%s", (_, call, error, words) => {
    let thrown: unknown;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(error);
    expect(thrown).toBeInstanceOf(HalogradError);
    expect((thrown as HalogradError).name).toBe((error as { name: string }).name);
    expect((thrown as HalogradError).message).toMatch(words);
  });

  it("sumTo takes axes away again", () => {
    expect(sumTo(ones([2, 3]), [1, 3]).toArray()).toEqual([[2, 2, 2]]);
  });

  test.prop([fc.string(), fc.string()])("the message holds place, problem and fix", (problem, fix) => {
    const error = new HalogradError("here", problem, fix);
    expect(error.message).toBe(`here: ${problem}\n  Fix: ${fix}`);
    expect([error.where, error.name]).toEqual(["here", "HalogradError"]);
  });
});
