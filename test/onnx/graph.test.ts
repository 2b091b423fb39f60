/** What stands in ONNX files: no node that does nothing, and none twice. That they compute what the engine does is tested beside this. */

import { describe, expect, it } from "vitest";
import {
  argsort,
  averagePool,
  concat,
  conv1d,
  cumsum,
  gather,
  maxPool,
  ones,
  Random,
  remainder,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { type Exportable, exportOnnx, type NamedTensors } from "../../src/onnx/index.ts";
import { readModel } from "./read-model.ts";

const textOf = (forward: Exportable["forward"], example: Tensor | NamedTensors = zeros([1, 2])): string =>
  readModel(exportOnnx({ forward }, example));

describe("a file", () => {
  it("has inputs, parameters, outputs and texts by their names, and the same node and constant once", () => {
    const parameters = { weight: tensor([1, 2]), unused: tensor([3]) };
    const model = {
      namedParameters: () => Object.entries(parameters),
      forward: (x: Tensor, y: Tensor) => {
        const scaled = () => x.mul(parameters.weight).add(0.5);
        return { square: scaled().mul(scaled()), flat: x.reshape([-1]), half: y.mul(0.5), same: y };
      },
    };
    const example = { x: zeros([7, 2]), y: zeros([3, 1]) };
    const metadata = { seed: "0", made: "by hand" };
    expect(readModel(exportOnnx(model, example, { metadata }))).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      seed: 0
      made: by hand
      halograd
      in x: float32 [batch, 2]
      in y: float32 [3, 1]
      weight: float32 [2] = 1, 2
      v2: float32 [] = 0.5
      v6: int64 [1] = 2
      v1 = Mul(x, weight)
      v3 = Add(v1, v2)
      v4 = Mul(v3, v3)
      v5 = Shape(x) start=0 end=1
      v7 = Mul(v5, v6)
      v8 = Concat(v7) axis=0
      v9 = Reshape(x, v8) allowzero=1
      v10 = Mul(y, v2)
      square = Identity(v4)
      flat = Identity(v9)
      half = Identity(v10)
      same = Identity(y)
      out square: float32 [batch, 2]
      out flat: float32 [2*batch]
      out half: float32 [3, 1]
      out same: float32 [3, 1]
      "
    `);
    expect(exportOnnx(model, { ...example, x: zeros([0, 2]) }, { metadata })).toEqual(
      exportOnnx(model, example, { metadata }),
    );
  });

  it("calls an input and an output that have no name so", () => {
    expect(textOf((x: Tensor) => x.neg())).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in input: float32 [batch, 2]
      v1 = Neg(input)
      output = Identity(v1)
      out output: float32 [batch, 2]
      "
    `);
  });

  it("keeps float64, in inputs with and without rows, constants and outputs", () => {
    const example = { x: zeros([1, 2], { dtype: "float64" }), y: zeros([3], { dtype: "float64" }) };
    expect(textOf((x: Tensor, y: Tensor) => x.add(y.sum()).add(0.1), example)).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in x: float64 [batch, 2]
      in y: float64 [3]
      v0: int64 [1] = 0
      v4: float64 [] = 0.1
      v1 = ReduceSum(y, v0) keepdims=0 noop_with_empty_axes=1
      v3 = Add(x, v1)
      v5 = Add(v3, v4)
      output = Identity(v5)
      out output: float64 [batch, 2]
      "
    `);
  });

  it("has no node for what changes nothing", () => {
    expect(
      textOf((x: Tensor) => ({
        whole: x.slice(null, [0, 2]),
        vector: x.sum(1).permute([0]),
        copy: x.clone(),
        turned: x.indexSelect(1, tensor([1, 0])),
      })),
    ).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in input: float32 [batch, 2]
      v0: int64 [1] = 1
      v2: int64 [2] = 1, 0
      v1 = ReduceSum(input, v0) keepdims=0 noop_with_empty_axes=1
      v3 = Gather(input, v2) axis=1
      whole = Identity(input)
      vector = Identity(v1)
      copy = Identity(input)
      turned = Identity(v3)
      out whole: float32 [batch, 2]
      out vector: float32 [batch]
      out copy: float32 [batch, 2]
      out turned: float32 [batch, 2]
      "
    `);
  });

  it("takes names of its own that nothing else has", () => {
    expect(textOf((x: Tensor) => ({ v1: x.add(1) }), { v0: zeros([1, 2]) })).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in v0: float32 [batch, 2]
      v2: float32 [] = 1
      v3 = Add(v0, v2)
      v1 = Identity(v3)
      out v1: float32 [batch, 2]
      "
    `);
  });

  it("tells −0 from 0 among its constants, shapes and types from each other, and NaN from nothing", () => {
    expect(
      textOf((x: Tensor) => ({
        a: x
          .add(tensor([0, 0]))
          .add(tensor([0, -0]))
          .add(tensor([[0, 0]])),
        b: x.add(tensor([Number.NaN, Infinity])),
      })),
    ).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in input: float32 [batch, 2]
      v0: float32 [2] = 0, 0
      v3: float32 [2] = 0, -0
      v5: float32 [1, 2] = 0, 0
      v7: float32 [2] = NaN, Infinity
      v2 = Add(input, v0)
      v4 = Add(v2, v3)
      v6 = Add(v4, v5)
      v8 = Add(input, v7)
      a = Identity(v6)
      b = Identity(v8)
      out a: float32 [batch, 2]
      out b: float32 [batch, 2]
      "
    `);
  });
});

describe("settings of nodes", () => {
  it("of windows", () => {
    const forward = (x: Tensor) => ({
      convolved: conv1d(x, ones([4, 1, 3]), undefined, { stride: 2, padding: 1, dilation: 2, groups: 2 }),
      largest: maxPool(x, [3], { stride: 1, padding: 2, dilation: 2 }),
      mean: averagePool(x, [2], { padding: 1 }),
    });
    expect(textOf(forward, zeros([1, 2, 8]))).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in input: float32 [batch, 2, 8]
      v0: float32 [4, 1, 3] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
      v1 = Conv(input, v0) kernel_shape=[3] strides=[2] pads=[1,1] dilations=[2] group=2
      v2 = MaxPool(input) kernel_shape=[3] strides=[1] pads=[2,2] dilations=[2]
      v3 = AveragePool(input) kernel_shape=[2] strides=[2] pads=[1,1] count_include_pad=1
      convolved = Identity(v1)
      largest = Identity(v2)
      mean = Identity(v3)
      out convolved: float32 [batch, 4, 3]
      out largest: float32 [batch, 2, 8]
      out mean: float32 [batch, 2, 5]
      "
    `);
  });

  it("of axes and orders", () => {
    expect(
      textOf((x: Tensor) => ({
        kept: x.sum(1, { keepdim: true }),
        dropped: x.max(0),
        place: x.argmax(1),
        sums: cumsum(x, 1),
        joined: concat([x, x], 1),
        turned: x.transpose(),
        order: argsort(x, 1),
        rest: remainder(x, 2).greater(0),
        chosen: gather(x, 1, x.argmin(1, { keepdim: true })),
        part: x.slice(null, 1),
        reversed: x.flip(1),
      })),
    ).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in input: float32 [batch, 2]
      v0: int64 [1] = 1
      v2: int64 [1] = 0
      v6: int64 [] = 1
      v10: float32 [] = Infinity
      v13: int64 [1] = 2
      v17: float32 [] = 2
      v20: float32 [] = 0
      v27: float32 [] = -0
      v47: int64 [1] = -2147483648
      v48: int64 [1] = -1
      v1 = ReduceSum(input, v0) keepdims=1 noop_with_empty_axes=1
      v3 = ReduceMax(input, v2) keepdims=0 noop_with_empty_axes=1
      v4 = ArgMax(input) axis=1 keepdims=0
      v5 = Cast(v4) to=1
      v7 = CumSum(input, v6)
      v8 = Concat(input, input) axis=1
      v9 = Transpose(input) perm=[1,0]
      v11 = IsNaN(input)
      v12 = Where(v11, v10, input)
      v15, v14 = TopK(v12, v13) axis=1 largest=0 sorted=1
      v16 = Cast(v14) to=1
      v19 = Mod(input, v17) fmod=1
      v21 = Less(v19, v20)
      v22 = Cast(v21) to=1
      v23 = Less(v17, v20)
      v24 = Cast(v23) to=1
      v25 = Equal(v22, v24)
      v26 = Cast(v25) to=1
      v28 = Cast(v24) to=9
      v29 = Where(v28, v27, v20)
      v30 = Equal(v19, v20)
      v31 = Cast(v30) to=1
      v32 = Add(v19, v17)
      v33 = Cast(v26) to=9
      v34 = Where(v33, v19, v32)
      v35 = Cast(v31) to=9
      v36 = Where(v35, v29, v34)
      v37 = Less(v20, v36)
      v38 = Cast(v37) to=1
      v39 = ArgMin(input) axis=1 keepdims=1
      v40 = Cast(v39) to=1
      v41 = Cast(v40) to=7
      v42 = GatherElements(input, v41) axis=1
      v43 = Slice(input, v0, v13, v0, v0)
      v44 = Shape(input) start=0 end=1
      v45 = Concat(v44) axis=0
      v46 = Reshape(v43, v45) allowzero=1
      v49 = Slice(input, v0, v47, v0, v48)
      kept = Identity(v1)
      dropped = Identity(v3)
      place = Identity(v5)
      sums = Identity(v7)
      joined = Identity(v8)
      turned = Identity(v9)
      order = Identity(v16)
      rest = Identity(v38)
      chosen = Identity(v42)
      part = Identity(v46)
      reversed = Identity(v49)
      out kept: float32 [batch, 1]
      out dropped: float32 [2]
      out place: float32 [batch]
      out sums: float32 [batch, 2]
      out joined: float32 [batch, 4]
      out turned: float32 [2, batch]
      out order: float32 [batch, 2]
      out rest: float32 [batch, 2]
      out chosen: float32 [batch, 1]
      out part: float32 [batch]
      out reversed: float32 [batch, 2]
      "
    `);
  });

  it("of a linear layer, for rows and for lists of rows", () => {
    const layer = new Linear(2, 1, new Random(0));
    for (const parameter of layer.parameters()) parameter.requiresGrad = false;
    layer.weight.assign(2);
    layer.bias?.assign(1);
    const forward = (x: Tensor, y: Tensor) => ({ one: layer.forward(x), two: layer.forward(y) });
    expect(textOf(forward, { x: zeros([1, 2]), y: zeros([1, 3, 2]) })).toMatchInlineSnapshot(`
      "
      version 8 of halograd, operators "" 18
      halograd
      in x: float32 [batch, 2]
      in y: float32 [batch, 3, 2]
      v0: float32 [1, 2] = 2, 2
      v1: float32 [1] = 1
      v2 = Transpose(v0) perm=[1,0]
      v4 = Gemm(x, v0, v1) transB=1
      v11 = MatMul(y, v2)
      v12 = Add(v11, v1)
      one = Identity(v4)
      two = Identity(v12)
      out one: float32 [batch, 1]
      out two: float32 [batch, 3, 1]
      "
    `);
  });
});
