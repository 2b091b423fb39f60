/** Functions that differentiate functions: every mistake and what is said about it, and the shapes of what they give. */

import { describe, expect, it } from "vitest";
import {
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  noGrad,
  ones,
  perSampleGrad,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  zeros,
} from "../../src/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
/** Calls a function with what its types do not allow. */
const call = (f: unknown, ...given: unknown[]): unknown => (f as (...all: unknown[]) => unknown)(...given);
const sum = (x: Tensor): Tensor => x.square().sum();
const pair = tensor([1, 2]);

it("mistakes with functions of tensors are told in full", () => {
  const weight = tensor([1, 2], { requiresGrad: true });
  expect(
    messagesOf({
      "the gradient at once": () => call(grad, sum, pair),
      "value and gradient at once": () => call(valueAndGrad, sum, pair),
      "each example's gradient at once": () => call(perSampleGrad, sum, pair),
      "a pullback without a place": () => vjp(sum, any(undefined)),
      "a derivative without a place": () => jvp(sum, any(undefined), pair),
      "a product without a place": () => hvp(sum, any(undefined), pair),
      "a derivative of a function alone": () => call(jvp, sum),
      "a product of a function alone": () => call(hvp, sum),
      "a Jacobian without a place": () => jacobian(sum, any(undefined)),
      "a Hessian without a place": () => hessian(sum, any(undefined)),
      "a Jacobian at a list": () => jacobian(sum, any([1, 2])),
      "a Hessian at a number": () => hessian(sum, any(3)),
      "the gradient of no function": () => grad(any(pair)),
      "value and gradient of no function": () => valueAndGrad(any(null)),
      "a pullback of no function": () => vjp(any(3), pair),
      "the gradient of a vector": () => grad((x: Tensor) => x.square())(pair),
      "the Hessian of a vector": () => hessian((x) => x.square(), pair),
      "the gradient of a number": () => grad(any((x: Tensor) => x.sum().item()))(pair),
      "the gradient of a promise": () => grad(any(async (x: Tensor) => x.sum()))(pair),
      "the gradient by a number": () => grad(any(sum))(any(3)),
      "the gradient by a function in a tree": () => grad(any(() => pair.sum()))(any({ a: pair, act: sum })),
      "the gradient of what ignores its argument": () => grad(() => sum(weight))(weight),
      "a cotangent of another shape": () => vjp((x: Tensor) => x.square(), pair)[1](ones([3])),
      "a direction of another shape": () => jvp(sum, pair, ones([3])),
      "a second direction of another shape": () => hvp(sum, pair, ones([3])),
      "batches of other lengths": () => perSampleGrad(any(sum))(pair, any(ones([2, 1])), any(ones([3, 1]))),
      "no batch": () => perSampleGrad(any(sum))(pair),
      "a batch of none": () => perSampleGrad(any(sum))(pair, any(ones([0, 2]))),
      "a batch without an axis": () => perSampleGrad(any(sum))(pair, any(tensor(1))),
      "a batch that is a list": () => perSampleGrad(any(sum))(pair, any([1, 2])),
      "a gradient of another shape": () => {
        weight.grad = ones([3]);
      },
    }),
  ).toMatchInlineSnapshot(`
    "
    the gradient at once
      ArgumentError: grad: takes the function alone.
      Fix: write grad(f)(x).
    value and gradient at once
      ArgumentError: valueAndGrad: takes the function alone.
      Fix: write valueAndGrad(f)(x).
    each example's gradient at once
      ArgumentError: perSampleGrad: takes the function alone.
      Fix: write perSampleGrad(f)(x).
    a pullback without a place
      ArgumentError: vjp: got a function, and nothing to differentiate it by.
      Fix: write vjp(f, x).
    a derivative without a place
      ArgumentError: jvp: expected tensors, or arrays and objects of them; got undefined.
      Fix: wrap values with tensor(…).
    a product without a place
      ArgumentError: hvp: expected tensors, or arrays and objects of them; got undefined.
      Fix: wrap values with tensor(…).
    a derivative of a function alone
      ArgumentError: jvp: got a function, and nothing to differentiate it by.
      Fix: write jvp(f, x, direction).
    a product of a function alone
      ArgumentError: hvp: got a function, and nothing to differentiate it by.
      Fix: write hvp(f, x, direction).
    a Jacobian without a place
      ArgumentError: jacobian: got a function, and nothing to differentiate it by.
      Fix: write jacobian(f, x).
    a Hessian without a place
      ArgumentError: hessian: got a function, and nothing to differentiate it by.
      Fix: write hessian(f, x).
    a Jacobian at a list
      ArgumentError: jacobian: takes a tensor; got an array of 2.
      Fix: wrap values with tensor(…).
    a Hessian at a number
      ArgumentError: hessian: takes a tensor; got the number 3.
      Fix: wrap values with tensor(…).
    the gradient of no function
      ArgumentError: grad: takes a function that returns a tensor; got a tensor of shape [2].
      Fix: write grad((x) => x.square().sum())(x).
    value and gradient of no function
      ArgumentError: valueAndGrad: takes a function that returns a tensor; got null.
      Fix: write valueAndGrad((x) => x.square().sum())(x).
    a pullback of no function
      ArgumentError: vjp: takes a function that returns a tensor; got the number 3.
      Fix: write vjp((x) => x.square().sum(), x).
    the gradient of a vector
      TapeError: grad: the function returned [2], but only a scalar has a gradient.
      Fix: end it with sum() or mean(), or use vjp() with a cotangent.
    the Hessian of a vector
      TapeError: hessian: the function returned [2], but only a scalar has a gradient.
      Fix: end it with sum() or mean(), or use vjp() with a cotangent.
    the gradient of a number
      ArgumentError: grad: the function returned the number 3, not a tensor.
      Fix: return the tensor itself: item() leaves the tape, and an async function returns before it has computed.
    the gradient of a promise
      ArgumentError: grad: the function returned a promise, not a tensor.
      Fix: return the tensor itself: item() leaves the tape, and an async function returns before it has computed.
    the gradient by a number
      ArgumentError: grad: expected tensors, or arrays and objects of them; got the number 3.
      Fix: wrap values with tensor(…).
    the gradient by a function in a tree
      ArgumentError: grad: expected tensors, or arrays and objects of them; got a function.
      Fix: make it a method: a function in a field keeps to the object that it was made for.
    the gradient of what ignores its argument
      TapeError: grad: the function does not use its argument, but the tensors themselves that it is called with.
      Fix: compute with the argument; of a module, functionalCall(module, parameters, x).
    a cotangent of another shape
      ShapeError: vjp: the cotangent [3] does not have the shape of the result, [2].
      Fix: reshape() or expand() it on purpose.
    a direction of another shape
      ShapeError: jvp: the direction must have the structure and shapes of x: [2] against [3].
    a second direction of another shape
      ShapeError: hvp: the direction must have the structure and shapes of x: [2] against [3].
    batches of other lengths
      ShapeError: perSampleGrad: batches have examples along their first axis, one at least and all as many; got [2, 1], [3, 1].
    no batch
      ShapeError: perSampleGrad: batches have examples along their first axis, one at least and all as many; got none.
    a batch of none
      ShapeError: perSampleGrad: batches have examples along their first axis, one at least and all as many; got [0, 2].
    a batch without an axis
      ShapeError: perSampleGrad: batches have examples along their first axis, one at least and all as many; got [].
    a batch that is a list
      ArgumentError: perSampleGrad: takes a tensor; got an array of 2.
      Fix: wrap values with tensor(…).
    a gradient of another shape
      ShapeError: grad: the gradient [3] does not have the shape of the tensor, [2].
      Fix: reshape() or expand() it on purpose.
    "
  `);
});

describe("matrices of derivatives", () => {
  it("have the shape of the result before that of the argument", () => {
    const f = (x: Tensor): Tensor => x.reshape([3, 2]).sum(1);
    expect(jacobian(f, zeros([2, 3])).shape).toEqual([3, 2, 3]);
    expect(jacobian(f, zeros([2, 3])).toArray()).toEqual([
      [
        [1, 1, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 1, 1],
      ],
    ]);
    expect(hessian((x) => x.pow(3).sum(), pair).toArray()).toEqual([
      [6, 0],
      [0, 12],
    ]);
  });

  it("are empty where there is nothing to derive, with their shape", () => {
    expect(jacobian((x) => x.slice([0, 0]), pair).shape).toEqual([0, 2]);
    expect(jacobian((x) => x.mul(2), zeros([0])).shape).toEqual([0, 0]);
  });

  it("keep the dtype of the argument", () => {
    const x = tensor([1, 2], { dtype: "float64" });
    expect([jacobian((y) => y.square(), x).dtype, hessian(sum, x).dtype]).toEqual(["float64", "float64"]);
  });
});

describe("gradients of each example", () => {
  const loss = (w: Tensor, x: Tensor, y: Tensor): Tensor => w.mul(x).sum().sub(y).square();

  it("are those of one example after another, along a first axis", () => {
    const [x, y] = [
      tensor([
        [1, 0],
        [2, 3],
        [0, 1],
      ]),
      tensor([0, 1, 2]),
    ];
    const each = perSampleGrad(loss)(pair, x, y);
    expect(each.shape).toEqual([3, 2]);
    expect(each.toArray()).toEqual(
      [0, 1, 2].map((i) => grad((w: Tensor) => loss(w, x.at(i), y.at(i)))(pair).toArray()),
    );
  });

  it("keep the form of a tree of parameters", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor): Tensor => a.mul(x).add(b).sum();
    const { a, b } = perSampleGrad(f)({ a: tensor(2), b: tensor(1) }, tensor([3, 4]));
    expect([a.toArray(), b.toArray()]).toEqual([
      [3, 4],
      [1, 1],
    ]);
  });
});

describe("directions", () => {
  it("are those of the tensors of their names, in whatever order", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => a.mul(b.square());
    const x = { a: tensor([1, 2]), b: tensor([3, 4]) };
    const [da, db] = [tensor([1, 0]), tensor([0, 1])];
    const derivative = jvp(f, x, { a: da, b: db })[1].toArray();
    expect(derivative).toEqual([9, 16]);
    expect(jvp(f, x, { b: db, a: da })[1].toArray()).toEqual(derivative);
    const product = hvp((at: typeof x) => f(at).sum(), x, { b: db, a: da });
    expect([product.a.toArray(), product.b.toArray()]).toEqual([
      [0, 8],
      [6, 4],
    ]);
  });

  it.each([
    [{ x: tensor([1]), y: tensor([2]) }, "a [1], b [1] against x [1], y [1]"],
    [{ a: tensor([1]) }, "a [1], b [1] against a [1]"],
    [{ a: null, b: tensor([1]), c: tensor([2]) }, "a [1], b [1] against b [1], c [1]"],
    [[tensor([1]), tensor([2])], "a [1], b [1] against 0 [1], 1 [1]"],
    [{ a: tensor([1, 2]), b: tensor([2]) }, "a [1], b [1] against a [2], b [1]"],
    [{ a: { inner: tensor([1]) }, b: tensor([2]) }, "a [1], b [1] against a.inner [1], b [1]"],
  ])("of other names are refused", (direction, shown) => {
    const x = { a: tensor([1]), b: tensor([2]) };
    for (const [name, call] of [
      ["jvp", () => jvp(({ a, b }: typeof x) => a.mul(b), x, direction as never)],
      ["hvp", () => hvp(({ a, b }: typeof x) => a.mul(b).sum(), x, direction as never)],
    ] as const)
      expect(call).toThrow(`${name}: the direction must have the structure and shapes of x: ${shown}.`);
  });

  it("can be differentiated by, and leave nothing on the tape where nothing is", () => {
    const square = (x: Tensor): Tensor => x.square();
    const x = tensor([1, 2]);
    expect(grad((v: Tensor) => jvp(square, x, v)[1].sum())(tensor([1, 1])).toArray()).toEqual([2, 4]);
    expect(jacobian((v: Tensor) => jvp(square, x, v)[1], tensor([1, 1])).toArray()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    const v = tensor([1, 1], { requiresGrad: true });
    jvp(square, x, v)[1].sum().backward();
    expect(v.grad!.toArray()).toEqual([2, 4]);
    expect(jvp(square, x, tensor([1, 1]))[1].requiresGrad).toBe(false);
    expect(noGrad(() => jvp(square, x, v)[1]).requiresGrad).toBe(false);
  });
});
