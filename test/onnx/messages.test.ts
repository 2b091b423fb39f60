/** What the export says of what has no ONNX form, in full. */

import { expect, it } from "vitest";
import {
  apply,
  arange,
  averagePool,
  cholesky,
  concat,
  conv1d,
  eye,
  grad,
  indexAdd,
  maxPool,
  type Operation,
  oneHot,
  ones,
  Random,
  solve,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { Dropout } from "../../src/nn/index.ts";
import { exportOnnx } from "../../src/onnx/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const x = zeros([1, 2]);
const of =
  (forward: (...inputs: Tensor[]) => unknown, example: unknown = x) =>
  () =>
    exportOnnx({ forward: forward as never }, any(example));
/** A function that does one thing on few rows, and another on many. */
const either = (few: (x: Tensor) => unknown, many: (x: Tensor) => unknown, example: unknown = x) =>
  of((x) => (x.shape[0] < 3 ? few(x) : many(x)), example);
const same = (x: Tensor): Tensor => x;

it("says what is no module, no example and no result", () => {
  expect(
    messagesOf({
      "no module": () => exportOnnx(any(undefined), x),
      "a function": () => exportOnnx(any(same), x),
      "an option that is none": () => exportOnnx({ forward: same }, x, any({ version: 18 })),
      "no example": of(same, null),
      "an example that is text": of(same, "x"),
      "an example of nothing": of(same, {}),
      "an example with a number": of(same, { x, y: 3 }),
      "no result": of(() => undefined),
      "a result with text": of((x) => ({ x, y: "x" })),
      "names that are equal": of((x) => ({ x: x.neg() }), { x }),
    }),
  ).toMatchInlineSnapshot(`
    "
    no module
      ArgumentError: exportOnnx: takes a module; got undefined.
      Fix: give an object with a function forward(x).
    a function
      ArgumentError: exportOnnx: takes a module; got a function.
      Fix: give an object with a function forward(x).
    an option that is none
      ArgumentError: exportOnnx: there is no option "version".
      Fix: the options are metadata.
    no example
      ArgumentError: exportOnnx: the example input is null, neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    an example that is text
      ArgumentError: exportOnnx: the example input is the text "x", neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    an example of nothing
      ArgumentError: exportOnnx: the example input is an object with no keys, neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    an example with a number
      ArgumentError: exportOnnx: the example input is the number 3, neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    no result
      ArgumentError: exportOnnx: the result is undefined, neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    a result with text
      ArgumentError: exportOnnx: the result is the text "x", neither a tensor nor tensors by name.
      Fix: give zeros([1, features]), or { x: zeros([1, features]), … }.
    names that are equal
      ArgumentError: exportOnnx: two of inputs, outputs and parameters are called x.
      Fix: give each a name of its own.
    "
  `);
});

it("says what depends on the number of rows", () => {
  const [list, cube] = [tensor([1, 2]), zeros([1, 2, 2])];
  const two = { x, y: zeros([5]) };
  expect(
    messagesOf({
      "a size that is no multiple of it": of((x) => concat([x, ones([2, 2])])),
      "a size that shrinks with it": of((x) => x.sum(0).expand([6 / x.shape[0], 2])),
      "less for more": either((x) => x.neg(), same),
      "more for more": either(same, (x) => x.neg()),
      "more for more, which nobody uses": either(same, (x) => x.neg() && x),
      "another operation": either(
        (x) => x.neg(),
        (x) => x.abs(),
      ),
      "operands in another order": either(
        (x) => x.add(x.neg().sub(x)),
        (x) => x.add(x.sub(x.neg())),
      ),
      "more operands": either(
        (x) => concat([x, x], 1),
        (x) => concat([x, x, x], 1),
      ),
      "an input for a constant": either(
        (x) => x.add(list),
        (x) => x.add(x),
      ),
      "a constant for an input": either(
        (x) => x.add(x),
        (x) => x.add(list),
      ),
      "another result": either(
        (x) => ({ a: x, b: x.neg() }),
        (x) => ({ a: x.neg(), b: x.neg() }),
      ),
      "a result of another name": either(
        (x) => ({ a: x }),
        (x) => ({ b: x }),
      ),
      "more results": either(
        (x) => ({ a: x }),
        (x) => ({ a: x, b: x }),
      ),
      "fewer results": either(
        (x) => ({ a: x, b: x }),
        (x) => ({ a: x }),
      ),
      "another axis": either(
        (x) => x.sum(1),
        (x) => x.sum(2),
        cube,
      ),
      "another constant": of((x) => x.add(x.shape[0])),
      "a constant of another shape": of((x) => x.add(arange(x.shape[0]).unsqueeze(1))),
      "a constant with another sign of 0": either(
        (x) => x.add(0),
        (x) => x.add(-0),
      ),
      "another slice": of((x) => x.slice(-1)),
      "a slice up to another place": of((x) => x.slice([0, x.shape[0] - 1])),
      "rows in reverse": of((x) => x.flip(0)),
      "every other row": of((x) => x.slice([0, x.shape[0], 2])),
      "a slice of another input": of((x, y) => y.slice([0, x.shape[0]]), two),
    }),
  ).toMatchInlineSnapshot(`
    "
    a size that is no multiple of it
      ArgumentError: exportOnnx: a size is no multiple of the number of rows.
      Fix: keep rows apart: one row in, one row out.
    a size that shrinks with it
      ArgumentError: exportOnnx: a size is no multiple of the number of rows.
      Fix: keep rows apart: one row in, one row out.
    less for more
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    more for more
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    more for more, which nobody uses
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    another operation
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    operands in another order
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    more operands
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    an input for a constant
      ArgumentError: exportOnnx: a constant depends on the number of rows.
      Fix: compute it from the input, as in x.sum(1).mul(0), or keep rows apart.
    a constant for an input
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    another result
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    a result of another name
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    more results
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    fewer results
      ArgumentError: exportOnnx: the function does something else for another number of rows.
      Fix: keep rows apart: one row in, one row out.
    another axis
      ArgumentError: exportOnnx: an axis, index or setting depends on the number of rows.
      Fix: keep rows apart: one row in, one row out.
    another constant
      ArgumentError: exportOnnx: a constant depends on the number of rows.
      Fix: compute it from the input, as in x.sum(1).mul(0), or keep rows apart.
    a constant of another shape
      ArgumentError: exportOnnx: a constant depends on the number of rows.
      Fix: compute it from the input, as in x.sum(1).mul(0), or keep rows apart.
    a constant with another sign of 0
      ArgumentError: exportOnnx: a constant depends on the number of rows.
      Fix: compute it from the input, as in x.sum(1).mul(0), or keep rows apart.
    another slice
      ArgumentError: exportOnnx: a slice depends on the number of rows.
      Fix: slice rows outside of the function.
    a slice up to another place
      ArgumentError: exportOnnx: a slice depends on the number of rows.
      Fix: slice rows outside of the function.
    rows in reverse
      ArgumentError: exportOnnx: a slice depends on the number of rows.
      Fix: slice rows outside of the function.
    every other row
      ArgumentError: exportOnnx: a slice depends on the number of rows.
      Fix: slice rows outside of the function.
    a slice of another input
      ArgumentError: exportOnnx: a slice depends on the number of rows.
      Fix: slice rows outside of the function.
    "
  `);
});

it("says what a graph has no node for", () => {
  const random = new Random(0);
  const own = (name: string): Operation => ({
    name,
    shape: ([x]) => x.shape,
    compute: (output, _, [x]) => output.storage.set(0, x.storage.get(0)),
    gradient: (cotangent) => cotangent,
    reads: "nothing",
    examples: [],
  });
  expect(
    messagesOf({
      "a value": of((x) => (x.sum().item() > 0 ? x : x.neg())),
      "a value that an operation gave": of((x) => x.mul(x.neg().sum().item())),
      "a value inside of a convolution": of(
        (x) => {
          const y = conv1d(x, ones([1, 2, 1]));
          return y.mul(y.sum().item());
        },
        zeros([1, 2, 3]),
      ),
      "indices that nothing is chosen by": of((x) => {
        expect(() => indexAdd(x, 1, x.sum().unsqueeze(0), 5)).toThrow(/1 indices for 2 entries/);
        return x;
      }),
      "classes of a value": of((x) => oneHot(x.greater(0), 2)),
      "a filter of two axes": of((x) => conv1d(x, ones([2, 2])), zeros([1, 2, 3])),
      "windows of no size": of((x) => maxPool(x, any(undefined)), zeros([1, 2, 3])),
      "windows of another dilation": of((x) => averagePool(x, [2], { dilation: 0.5 }), zeros([1, 2, 3])),
      "windows of other padding": of((x) => maxPool(x, [2], { padding: any("1") }), zeros([1, 2, 3])),
      "a change in place": of((x) => x.assign(1)),
      "a random number on the host": of((x) => x.add(random.uniform())),
      "random numbers": of((x) => new Dropout(0.5, random).forward(x)),
      equations: of((x) => solve(eye(2), x.sum(0).expand([2, 2]))),
      factors: of((x) => cholesky(x.transpose().matmul(x).add(eye(2)))),
      ...Object.fromEntries(
        ["own", "sum", "toString"]
          .map(own)
          .map((operation) => [
            `an operation of a user, which is called ${operation.name}`,
            of((x) => apply(operation, [x], {})),
          ]),
      ),
      "a gradient put in every other column of many rows": of((x) =>
        grad((x: Tensor) => x.slice(null, [0, 2, 2]).square().sum())(x),
      ),
    }),
  ).toMatchInlineSnapshot(`
    "
    a value
      ArgumentError: exportOnnx: the function looks at values that depend on its inputs.
      Fix: choose with where(), which a graph can do.
    a value that an operation gave
      ArgumentError: exportOnnx: the function looks at values that depend on its inputs.
      Fix: choose with where(), which a graph can do.
    a value inside of a convolution
      ArgumentError: exportOnnx: the function looks at values that depend on its inputs.
      Fix: choose with where(), which a graph can do.
    indices that nothing is chosen by
      ArgumentError: exportOnnx: the function reads the indices of indexAdd on the host.
      Fix: choose with where(), which a graph can do.
    classes of a value
      ArgumentError: exportOnnx: the function reads the indices of oneHot on the host.
      Fix: choose with where(), which a graph can do.
    a filter of two axes
      ShapeError: conv1d: x [2, 2, 3] and weight [2, 2] do not fit: x is [batch, in, length], the weight [out, in, size].
    windows of no size
      ArgumentError: maxPool: the sizes of a window are a list, one for each of the last axes of [2, 2, 3]; got undefined.
      Fix: write [3] for one axis, [3, 3] for images.
    windows of another dilation
      ArgumentError: averagePool: dilation is a whole number of at least 1, or one for each of 1 axes; got the number 0.5.
    windows of other padding
      ArgumentError: maxPool: padding is a whole number of at least 0, or one for each of 1 axes; got the text "1".
    a change in place
      ArgumentError: exportOnnx: assign changes a tensor in place, which a graph cannot.
      Fix: compute a new tensor.
    a random number on the host
      ArgumentError: exportOnnx: the function draws a random number on the host.
      Fix: make it an input.
    random numbers
      ArgumentError: exportOnnx: random numbers are drawn, and those of ONNX are others.
      Fix: make the noise an input; of a module with Dropout, call eval() first.
    equations
      ArgumentError: exportOnnx: the operation solve has no ONNX form: ONNX has no systems of linear equations.
      Fix: compute it outside, and make the result an input.
    factors
      ArgumentError: exportOnnx: the operation cholesky has no ONNX form: ONNX has no factors of matrices.
      Fix: compute it outside, and make the result an input.
    an operation of a user, which is called own
      ArgumentError: exportOnnx: the operation own has no ONNX form.
      Fix: write it as an expression, with unary() to quaternary(), or with operations that have one.
    an operation of a user, which is called sum
      ArgumentError: exportOnnx: the operation sum has no ONNX form.
      Fix: write it as an expression, with unary() to quaternary(), or with operations that have one.
    an operation of a user, which is called toString
      ArgumentError: exportOnnx: the operation toString has no ONNX form.
      Fix: write it as an expression, with unary() to quaternary(), or with operations that have one.
    a gradient put in every other column of many rows
      ArgumentError: exportOnnx: a part of a tensor is put in a place that depends on the number of rows, which has no ONNX form.
      Fix: write it with concat() or where().
    "
  `);
});

it("calls a function once that throws an error of its own, and hands it on", () => {
  let calls = 0;
  const fail = () => {
    calls++;
    throw new RangeError("mine");
  };
  expect(of(fail)).toThrow(new RangeError("mine"));
  expect(calls).toBe(1);
});

it("exports what reads values that do not depend on inputs", () => {
  const text = exportOnnx(
    { forward: (x: Tensor) => x.add(oneHot(tensor([1]), 2)).mul(tensor([3]).item()) },
    x,
  );
  expect(text).toEqual(exportOnnx({ forward: (x: Tensor) => x.add(tensor([[0, 1]])).mul(3) }, x));
});
