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
  concat,
  normal,
  type Operation,
  Random,
  relu,
  type Shape,
  type Tensor,
  tensor,
  uniform,
  zeros,
} from "../../src/index.ts";
import { Dropout, LayerNorm, Linear, Module, Sequential, silu } from "../../src/nn/index.ts";
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

/** What has no form yet, by the names of operations and of what is written with them. */
const WITHOUT =
  /^(normal|uniform|maskedSelect|remainder|solve|cholesky|argsort|sort|topk|unfold|fold|conv|.*[pP]ool|recurrence|cumprod|inverse|det|slogdet|logDeterminant|lstsq)/;

describe("an operation in onnxruntime", () => {
  for (const [i, example] of allCases.entries()) {
    if (WITHOUT.test(example.name)) continue;
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
