/**
 * ONNX files: onnxruntime computes from them what the engine computes, to the accuracy of float32, for every operation, both networks and a
 * step of a sampler, on any number of rows; and what cannot be exported is refused.
 */

import { describe, expect, it, test } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { DenoisingAutoencoder, ResidualDenoiser } from "../../src/diffusion/index.ts";
import {
  apply,
  arange,
  argsort,
  averagePool,
  binary,
  cholesky,
  concat,
  conv1d,
  cumprod,
  einsum,
  eye,
  gather,
  grad,
  indexAdd,
  maskedSelect,
  maxPool,
  normal,
  type Operation,
  oneHot,
  ones,
  pad,
  prod,
  Random,
  relu,
  remainder,
  type Shape,
  scatterAdd,
  solve,
  sort,
  split,
  type Tensor,
  tensor,
  topk,
  unbind,
  unfold,
  uniform,
  zeros,
} from "../../src/index.ts";
import {
  BatchNorm,
  Conv1d,
  Conv2d,
  Dropout,
  Embedding,
  GroupNorm,
  LayerNorm,
  Linear,
  Module,
  SelfAttention,
  Sequential,
  silu,
} from "../../src/nn/index.ts";
import { type Exportable, exportOnnx, type NamedTensors } from "../../src/onnx/index.ts";
import { allCases, drawOperands } from "../ops/records.ts";
import { load } from "./runtime.ts";

/** Off by a few roundings of the largest value at most, since the order of sums is another. */
function expectClose(actual: Tensor, expected: Tensor, tolerance = 2e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  const [got, wanted] = [actual.toTypedArray(), expected.toTypedArray()];
  const scale = Math.max(1, ...wanted.map(Math.abs).filter(Number.isFinite));
  wanted.forEach((value, i) => {
    const isClose = Number.isFinite(value)
      ? Math.abs(value - got[i]) < tolerance * scale
      : Object.is(value, got[i]);
    expect(isClose, `element ${i}: ${got[i]} for ${value}`).toBe(true);
  });
}

/** Exports for one example, and compares with the engine on inputs of several numbers of rows. */
async function expectSame(module: Exportable, ...inputs: NamedTensors[]): Promise<void> {
  const file = await load(exportOnnx(module, inputs[0]));
  for (const given of inputs) {
    const results = await file.run(given);
    const own = (module.forward as (...tensors: Tensor[]) => Tensor | NamedTensors)(...Object.values(given));
    const named = "shape" in own ? { output: own as Tensor } : own;
    expect(Object.keys(results)).toEqual(Object.keys(named));
    for (const [name, value] of Object.entries(named)) expectClose(results[name], value);
  }
}

const random = new Random(11);

/** What has no form, and is refused below. */
const WITHOUT = ["normal", "uniform", "maskedSelect", "solve", "cholesky"];

describe("an operation in onnxruntime", () => {
  for (const [i, example] of allCases.entries()) {
    if (WITHOUT.includes(example.name)) continue;
    test(`${example.title} gives what the engine gives`, async () => {
      const operands = drawOperands(example, random.fork(i));
      // All operands but a scalar, which has no rows, become constants: sizes stay as the example has them.
      const module = { forward: (x: Tensor) => example.call(...operands.with(0, first(x, operands[0]))) };
      const shape = operands[0].shape;
      const given = { x: operands[0].reshape([1, ...shape]) };
      const file = await load(exportOnnx(module, given));
      expectClose((await file.run(given)).output, example.call(...operands));
    });
  }
});

/** The first row of x, which has the shape of the operand whatever the number of rows is. */
function first(x: Tensor, operand: Tensor): Tensor {
  return x.slice([0, 1]).reshape(operand.shape);
}

const rowsOf = (counts: readonly number[], shapes: Readonly<Record<string, Shape>>): NamedTensors[] =>
  counts.map((rows, i) =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        normal([rows, ...shape], random.fork(i).fork(name)),
      ]),
    ),
  );

describe("a network in onnxruntime gives what it gives here, on any number of rows", () => {
  test("the autoencoder, with its parameters by name", async () => {
    const network = new DenoisingAutoencoder(new Random(0));
    await expectSame(network, ...rowsOf([1, 2, 7, 100], { x: [50] }));
    const text = new TextDecoder("latin1").decode(exportOnnx(network, zeros([1, 50])));
    for (const [name] of network.namedParameters()) expect(text).toContain(name);
  });

  test.each([0, 2])("the residual network with %i conditions", async (conditions) => {
    const network = new ResidualDenoiser({ features: 10, width: 32, blocks: 2, conditions }, new Random(1));
    const named = rowsOf([1, 5], { x: [10], t: [1], ...(conditions > 0 && { condition: [2], known: [2] }) });
    const inputs = named.map((tensors) => ({ ...tensors, t: tensors.t.sigmoid() }));
    await expectSame(
      { forward: (...given: Parameters<typeof network.forward>) => network.forward(...given) },
      ...inputs,
    );
    await expectSame(network as Exportable, ...inputs);
  });

  test("layers one after another, with an activation inside and normalised rows", async () => {
    const source = new Random(2);
    const module = new Sequential(
      new Linear(4, 8, source),
      silu,
      new LayerNorm(8),
      new Dropout(0.5, source),
      new Linear(8, 2, source),
    );
    await expectSame(module.eval(), ...rowsOf([1, 3], { x: [4] }), ...rowsOf([2], { x: [4] }));
  });

  test("several outputs, reshapes, concatenations, slices and repetitions along the rows", async () => {
    await expectSame(
      {
        forward: (x: Tensor, y: Tensor) => ({
          flat: x.reshape([-1]),
          pairs: x.reshape([x.shape[0], 2, 3]).transpose(),
          both: concat([x, y], 1),
          twice: concat([x, x]),
          columns: x.slice(null, [1, 6, 2]),
          means: x.mean(1, { keepdim: true }).expand(x.shape),
          mean: x.mean(0),
          total: x.sum(),
          same: x,
        }),
      },
      ...rowsOf([2, 5], { x: [6], y: [1] }),
    );
  });

  test("a gradient by a filter alone, of images without rows", async () => {
    const weight = normal([1, 2, 2], random);
    await expectSame(
      { forward: (_: Tensor, y: Tensor) => grad((w: Tensor) => conv1d(y, w).square().sum())(weight) },
      ...[1, 4].map((rows) => ({ x: zeros([rows, 1]), y: normal([3, 2, 5], random) })),
    );
  });

  test("an operand that gives nothing but its shape, places in float64, and slices backwards", async () => {
    const first = binary({ name: "first", value: (_, a) => a });
    const every = (w: Tensor): Tensor => w.slice([0, 5, 2]).square().sum();
    await expectSame(
      {
        forward: (x: Tensor) => ({
          wide: first(x.sum(1, { keepdim: true }), ones([3])),
          same: first(x, ones([4])),
          doubles: x
            .to("float64")
            .mul(grad(every)(x.sum(0).to("float64")).sum())
            .to("float32"),
          back: x.slice(null, [3, 0, -1]),
          all: x.slice(null, [3, null, -1]),
        }),
      },
      ...rowsOf([1, 3], { x: [4] }),
    );
  });

  test("no rows at all", async () => {
    const layer = new Linear(6, 2, new Random(9));
    await expectSame(
      {
        forward: (x: Tensor) => ({
          pairs: x.reshape([x.shape[0], 2, 3]).transpose(),
          twice: concat([x, x]),
          layer: layer.forward(x),
          slope: grad((x: Tensor) => unfold(x, [2], { stride: 2 }).square().sum())(x),
        }),
      },
      ...rowsOf([1, 0], { x: [6] }),
    );
  });

  test("convolutions and pooling, as nodes of ONNX", async () => {
    const source = new Random(5);
    const model = new (class extends Module {
      readonly first = new Conv2d(2, 4, 3, source, { padding: 1 });
      readonly apart = new Conv2d(4, 8, [2, 3], source, { groups: 4, stride: [1, 2], dilation: [2, 1] });
      readonly line = new Conv1d(8, 3, 2, source, { padding: 1, bias: false });

      forward(x: Tensor): Tensor {
        const images = this.apart.forward(maxPool(relu(this.first.forward(x)), [2, 2], { padding: 1 }));
        const halved = averagePool(images, [2, 1], { stride: 1, padding: [1, 0] });
        return this.line.forward(halved.max(3)).reshape([x.shape[0], -1]);
      }
    })();
    await expectSame(model, ...rowsOf([1, 3], { x: [2, 8, 9] }));
    const text = new TextDecoder("latin1").decode(exportOnnx(model, zeros([1, 2, 8, 9])));
    for (const node of ["Conv", "MaxPool", "AveragePool"]) expect(text).toContain(node);
    expect(text).not.toContain("Gather");
  });

  test("windows that ONNX has no node for, and convolutions in float64", async () => {
    await expectSame(
      {
        forward: (x: Tensor) => ({
          spread: averagePool(x, [2, 2], { stride: 1, dilation: 2 }),
          border: maxPool(x, [2], { padding: 2, dilation: 2 }),
          windows: unfold(x, [2, 3], { stride: [2, 1] }),
          doubles: conv1d(x.to("float64"), ones([2, 4, 3], { dtype: "float64" })).to("float32"),
        }),
      },
      ...rowsOf([1, 4], { x: [4, 6] }),
    );
    // Of each kind of window, one axis that ONNX or onnxruntime would take, and one that they would not.
    await expectSame(
      {
        forward: (x: Tensor) => ({
          spread: averagePool(x, [2, 2], { dilation: [1, 2] }),
          border: maxPool(x, [2, 2], { padding: [0, 2], dilation: [1, 2] }),
          even: maxPool(x, [3, 3], { padding: 2 }),
          plain: maxPool(x, [2, 2], { padding: undefined as never, stride: undefined as never }),
        }),
      },
      ...rowsOf([1, 4], { x: [2, 6, 6] }),
    );
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["a convolution", (x) => conv1d(x, ones([1, 2, 2])).square()],
    ["the largest of windows", (x) => maxPool(x, [2]).square()],
    ["means of windows", (x) => averagePool(x, [2]).square()],
    ["a result that looks like its input", (x) => maxPool(x, [1]).square()],
  ])("a gradient through nothing but %s", async (_, energy) => {
    const weight = normal([3, 2, 5], random);
    await expectSame(
      {
        forward: (x: Tensor, y: Tensor) => ({
          slope: grad((x: Tensor) => energy(x).sum())(x),
          still: grad((w: Tensor) => energy(y.mul(w)).sum())(weight),
        }),
      },
      ...[1, 4].map((rows) => ({ x: normal([rows, 2, 5], random), y: normal([3, 2, 5], random) })),
    );
    await expectSame(
      { forward: (_: Tensor, y: Tensor) => grad((w: Tensor) => energy(y.mul(w)).sum())(weight) },
      ...[1, 4].map((rows) => ({ x: zeros([rows, 1]), y: normal([3, 2, 5], random) })),
    );
  });

  test("what is sorted, and the largest with their places", async () => {
    await expectSame(
      {
        forward: (x: Tensor) => {
          const { values, indices } = topk(x, 2, 1);
          return {
            ...{ values, indices, sorted: sort(x), falling: sort(x, 1, { descending: true }) },
            ...{ order: argsort(x, 1, { descending: true }), rows: sort(x, 0), products: cumprod(x, 0) },
          };
        },
      },
      ...rowsOf([1, 3], { x: [5] }),
      { x: tensor([[2, 1, 2, 1, 2], [0, -0, 0, 3, 3]]) }, // biome-ignore format: rows
      { x: tensor([[Number.NaN, 1, 5, -Infinity, Number.NaN]]) },
    );
  });

  test("indices that are inputs or computed", async () => {
    const embedding = new Embedding(7, 3, new Random(6));
    // Of the example, they are valid ones: 0 would not be.
    await expectSame({ forward: (x: Tensor) => embedding.forward(x.sub(10)) }, { x: tensor([[11, 16, 10]]) });
    await expectSame(embedding, { x: tensor([[1, 6, 0]]) }, { x: tensor([[2, 2, 3], [0, 5, 6]]) }); // biome-ignore format: rows
    const given = (rows: number): NamedTensors => ({
      x: normal([rows, 4], random),
      places: tensor(
        Float32Array.from({ length: 2 * rows }, (_, i) => (3 * i) % 4),
        [rows, 2],
      ),
    });
    await expectSame(
      {
        forward: (x: Tensor, places: Tensor) => ({
          chosen: gather(x, 1, places),
          added: scatterAdd(x.slice(null, [0, 2]), 1, places, 5),
          best: gather(x, 1, x.argmax(1, { keepdim: true })),
          columns: x.indexSelect(1, [3, 0]),
          summed: indexAdd(x.transpose().slice([0, 2]), 0, topk(x.sum(0), 2).indices, 5),
        }),
      },
      given(1),
      given(3),
    );
  });

  test("gradients through convolutions, pooling, products and indices", async () => {
    const weight = normal([3, 2, 2], random);
    const energy = (x: Tensor): Tensor => {
      const [places, image] = [x.sum(2).greater(0), x.slice(null, [0, 2])];
      const lines = conv1d(image, weight, undefined, { padding: 1, stride: 2 });
      return maxPool(lines.square(), [2])
        .sum()
        .add(prod(x, 2).square().sum())
        .add(gather(x.sum(2), 1, places).square().sum());
    };
    const filter = (image: Tensor, w: Tensor): Tensor => conv1d(image.unsqueeze(0), w, undefined, { padding: 1 }).square().sum(); // biome-ignore format: one line.
    await expectSame(
      {
        forward: (x: Tensor, image: Tensor) => ({
          slope: grad(energy)(x),
          // Of an input that has no rows, whose parts a constant would hide.
          still: grad((w: Tensor) => filter(image, w))(weight),
        }),
      },
      ...[1, 5].map((rows) => ({ x: normal([rows, 3, 4], random), image: normal([2, 7], random) })),
    );
  });

  test("parts, borders, sums of products, attention and norms", async () => {
    const source = new Random(7);
    const layer = new SelfAttention(4, 2, source);
    const norm = new GroupNorm(2, 4);
    const batchNorm = new BatchNorm(4);
    for (let i = 0; i < 3; i++) batchNorm.forward(normal([5, 4], source));
    batchNorm.eval();
    await expectSame(
      {
        forward: (x: Tensor) => ({
          parts: concat([split(x, [1, 2], 1)[1], unbind(x, 1)[0].unsqueeze(1)], 1),
          padded: pad(x, [[1, 2], [0, 3]], 0.5), // biome-ignore format: one line.
          products: einsum("bij,bkj->bik", x, x),
          attended: layer.forward(x),
          normal: norm.forward(x.transpose()),
          standard: batchNorm.forward(x.reshape([-1, 4])),
          rest: remainder(x, -0.3),
        }),
      },
      ...rowsOf([1, 3], { x: [3, 4] }),
    );
  });

  test("parameters and buffers keep their names", () => {
    const model = new Sequential(new Linear(2, 3, new Random(0)), new BatchNorm(3)).eval();
    const text = Buffer.from(exportOnnx(model, zeros([1, 2]))).toString("latin1");
    for (const name of model.stateDictionary().keys()) expect(text).toContain(name);
  });

  test("weights that are used twice, as they are and turned", async () => {
    const tied = new Linear(4, 3, new Random(8), { bias: false });
    await expectSame(
      {
        forward: (x: Tensor) => tied.forward(x.matmul(tied.weight.transpose()).matmul(tied.weight)),
        namedParameters: () => tied.namedParameters(),
      },
      ...rowsOf([1, 3], { x: [4] }),
    );
  });

  test("rank 3 through a linear layer that is not recorded, with the activation in its kernel", async () => {
    const layer = new Linear(3, 2, new Random(3));
    for (const parameter of layer.parameters()) parameter.requiresGrad = false;
    await expectSame({ forward: (x: Tensor) => layer.forward(x, relu) }, ...rowsOf([2, 3], { x: [4, 3] }));
  });

  test("numbers at the ends of the range, infinities and NaN as here", async () => {
    const values = [
      0,
      -0,
      1e-30,
      -1e-30,
      1e-7,
      -1e-7,
      40,
      -40,
      90,
      -90,
      200,
      -200,
      Infinity,
      -Infinity,
      Number.NaN,
    ];
    const x = tensor(values, [values.length, 1]);
    for (const name of [
      "silu",
      "sigmoid",
      "softplus",
      "expm1",
      "tanh",
      "relu",
      "elu",
      "gelu",
      "abs",
      "sign",
    ] as const) {
      const module = { forward: (x: Tensor) => x[name]() };
      const { output } = await (await load(exportOnnx(module, { x }))).run({ x });
      expectClose(output, module.forward(x));
    }
    const small = tensor([0, 1e-30, 1e-10, 1e-7, 1e-4, 0.5, 3e8, Infinity, -1, -2], [10, 1]);
    const file = await load(exportOnnx({ forward: (x: Tensor) => x.log1p() }, { x: small }));
    const { output } = await file.run({ x: small });
    output.toTypedArray().forEach((value, i) => {
      const wanted = small.log1p().toTypedArray()[i];
      if (!Object.is(value, wanted) && value !== wanted) expect(value / wanted).toBeCloseTo(1, 5);
    });
  });
});

describe("what has no ONNX form is refused, with what to do", () => {
  class Own extends Module {
    forward(x: Tensor): Tensor {
      return x.sum().item() > 0 ? x : x.neg();
    }
  }
  const source = new Random(0);
  const own: Operation = {
    name: "own",
    shape: ([x]) => x.shape,
    compute: (output, _, [x]) => output.storage.set(0, x.storage.get(0)),
    gradient: (cotangent) => cotangent,
    reads: "nothing",
    examples: [],
  };
  const refused: [string, Exportable, RegExp][] = [
    ["a look at a value", new Own(), /looks at values that depend on its inputs/],
    ["toArray", { forward: (x: Tensor) => tensor(x.toArray() as number[][]) }, /looks at values/],
    ["random numbers", { forward: (x: Tensor) => x.add(uniform([1], source)) }, /random numbers are drawn/],
    ["dropout while training", new Dropout(0.5, source), /call eval\(\) first/],
    ["a change in place", { forward: (x: Tensor) => x.assign(1) }, /changes a tensor in place/],
    [
      "a constant of the rows",
      { forward: (x: Tensor) => x.add(arange(x.shape[0]).unsqueeze(1)) },
      /constant depends on the number of rows/,
    ],
    [
      "a number of the rows",
      { forward: (x: Tensor) => x.sum(0).div(x.shape[0]) },
      /constant depends on the number of rows/,
    ],
    ["the last row", { forward: (x: Tensor) => x.slice(-1) }, /slice depends on the number of rows/],
    ["rows in reverse", { forward: (x: Tensor) => x.flip(0) }, /slice depends on the number of rows/],
    [
      "more for more rows",
      { forward: (x: Tensor) => (x.shape[0] > 2 ? x.neg() : x) },
      /something else for another number of rows/,
    ],
    ["a result that is none", { forward: () => 3 as never }, /the result is the number 3, neither a tensor/],
    ["no module", {} as never, /takes a module; got/],
    ["as many as a mask has", { forward: (x: Tensor) => maskedSelect(x, x.greater(0)) }, /looks at values/],
    [
      "equations",
      { forward: (x: Tensor) => solve(eye(2), x.sum(0).expand([2, 2])) },
      /solve has no ONNX form: ONNX has no systems/,
    ],
    [
      "factors",
      { forward: (x: Tensor) => cholesky(x.transpose().matmul(x).add(eye(2))) },
      /cholesky has no ONNX form/,
    ],
    [
      "vectors of classes",
      { forward: (x: Tensor) => oneHot(x.greater(0), 2).sum(2) },
      /reads the indices of oneHot/,
    ],
    [
      "an operation with code of its own",
      { forward: (x: Tensor) => apply(own, [x], {}) },
      /the operation own has no ONNX form/,
    ],
  ];
  it.each(refused)("%s", (_, module, message) => {
    const call = () => exportOnnx(module, normal([2, 2], new Random(1)));
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });

  it("names of inputs, outputs and parameters that are equal", () => {
    expect(() => exportOnnx({ forward: (x: Tensor) => ({ x: x.neg() }) }, { x: zeros([1, 2]) })).toThrow(
      /called x/,
    );
    expect(() => exportOnnx({ forward: (x: Tensor) => x }, {} as never)).toThrow(/the example input is/);
    expect(() => exportOnnx({ forward: (x: Tensor) => x }, zeros([1]), { wrong: 1 } as never)).toThrow(
      ArgumentError,
    );
  });
});

test("the bytes depend on nothing but the module and the metadata, which they hold", () => {
  const network = new DenoisingAutoencoder(new Random(0), [5, 2]);
  const bytes = exportOnnx(network, normal([4, 5], new Random(1)), { metadata: { seed: "7" } });
  expect(exportOnnx(network, zeros([1, 5]), { metadata: { seed: "7" } })).toEqual(bytes);
  expect(new TextDecoder("latin1").decode(bytes)).toContain("seed\x12\x017");
});
